/* Training that encodes what is remembered again (train.reencode): what comes of it is what the actor makes of the very frames, actions and
 * states that the items were made of; learning computes the same as acting did; a card gives the same but for rounding; checkpoints that
 * say otherwise are refused. Built a second time with the CPU that stands in for a card (on_cpu). */
#include "base/config.h"
#include "base/file.h"
#include "base/hash.h"
#include "tests/training_support.h"

#include <lz4.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ALL = 1 << 20 };
static char folder[PATH_MAX], path[PATH_MAX];

/* Episodes outlive several segments, memories a few merges of their summaries. */
static lp_train_config small(int core, int64_t reencode) {
    lp_train_config c;
    lp_config_defaults(&c, lp_train_settings(), lp_n_train_settings());
    c.envs = 10, c.steps = 12, c.curriculum.start = 40, c.curriculum.end = 60, c.curriculum.episodes = 5, c.hidden = 16, c.dim = 8;
    c.ppo.epochs = 2, c.ppo.minibatches = 4;
    c.core = core, c.reencode = reencode;
    c.join = LP_JOIN_HEAD; /* the other is whitened between the first rollout and what is learned from it */
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_tree, .setting = {4, 2, 2, 4}});
    return c;
}

/* The action table starts with zeros, and others: away from there, so that all of it matters. */
static void stir(lp_train *t) {
    lp_rng rng = lp_rng_make(11, 0);
    lp_err err;
    for (size_t i = 0; i < lp_policy_n_parameters(t->policy); i++) lp_policy_parameters(t->policy)[i] += 0.1f * lp_rng_normal(&rng);
    if (lp_policy_changed(t->policy, &err)) fail_msg("%s", err.message);
}

static int context_of(const player *p, lp_mem_context_view *out) {
    size_t n = (size_t)lp_mem_steps(p->seat.mem) + 1;
    *out = (lp_mem_context_view){malloc(n * (size_t)p->seat.dim * sizeof(float)), malloc(n * sizeof(float)), malloc(n * sizeof(int32_t)),
                                 malloc(n * sizeof(int64_t))};
    return lp_mem_context(p->seat.mem, NULL, out);
}

static void free_context(lp_mem_context_view *c) { free(c->vector), free(c->salience), free(c->level), free(c->step); }

/* Weights that do not change make of everything what it was: whatever was kept of it is right, wherever the memory moved it. */
static void test_same_weights_same_memory(void **state) {
    (void)state;
    static const lp_mem_config memories[] = {{.arch = &lp_mem_tree, .setting = {4, 2, 2, 4}},
                                             {.arch = &lp_mem_tree, .setting = {3, 3, 3, -1}},
                                             {.arch = &lp_mem_full, .setting = {50}},
                                             {.arch = &lp_mem_window, .setting = {7}}};
    for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
        for (int core = LP_CORE_NONE; core < LP_CORES; core++) {
            lp_train_config c = small(core, 0);
            c.ppo.rate = 0;
            lp_mem_choose(&c.memory, &memories[m]);
            lp_train *without = open_train(&c, LP_DEVICE_CPU, 1);
            c.reencode = m % 2 ? 3 : ALL;
            lp_train *with = open_train(&c, LP_DEVICE_CPU, 1);
            int encoded = 0;
            stir(without), stir(with);
            for (int i = 0; i < 8; i++) {
                update(without, 1), update(with, 1);
                for (int e = 0; e < c.envs; e++) {
                    lp_mem_context_view a, b;
                    int n = context_of(&without->players[e], &a);
                    assert_int_equal(context_of(&with->players[e], &b), n);
                    assert_memory_equal(a.vector, b.vector, (size_t)n * (size_t)c.dim * sizeof(float));
                    assert_memory_equal(a.salience, b.salience, (size_t)n * sizeof(float));
                    assert_memory_equal(a.step, b.step, (size_t)n * sizeof(int64_t));
                    free_context(&a), free_context(&b);
                    int n_again = lp_learner_segment(with->learner, e)->n_again;
                    assert_true(n_again <= with->max_again);
                    encoded += n_again;
                }
            }
            assert_true(encoded > 100);
            lp_train_close(without), lp_train_close(with);
        }
    }
}

/* After the weights changed: to the bit what an actor encodes from what the items were made of; of the others nothing changes; none of these
 * was more salient. */
static void test_renewed_by_new_weights(void **state) {
    (void)state;
    for (int core = LP_CORE_NONE; core < LP_CORES; core++) {
        lp_train_config c = small(core, 5);
        lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
        lp_actor *fresh;
        lp_decision scratch[TRAIN_GROUP], d;
        lp_err err;
        int renewed = 0, left = 0;
        size_t one = (size_t)c.dim * sizeof(float), frame = lp_policy_frame_bytes(t->policy),
               floats = (size_t)lp_policy_state_floats(t->policy);
        if (lp_actor_open(&fresh, t->policy, TRAIN_GROUP, t->max_context, &err)) fail_msg("%s", err.message);
        for (int i = 0; i < 6; i++) {
            update(t, 1);
            for (int e = 0; e < c.envs; e++) {
                lp_mem_context_view before, after;
                lp_segment *g = lp_learner_segment(t->learner, e);
                int n = context_of(&t->players[e], &before), at = 0;
                g->n_again = 0;
                if (past_renew(t, e, t->actors[0], scratch, TRAIN_GROUP, &err)) fail_msg("%s", err.message);
                assert_int_equal(context_of(&t->players[e], &after), n);
                assert_int_equal(g->n_again, n < 5 ? n : 5);
                float least = INFINITY;
                for (int k = 0, j = 0; k < g->n_again; k++, j++) {
                    while (before.step[j] != g->again_step[k]) j++;
                    least = before.salience[j] < least ? before.salience[j] : least;
                }
                for (int j = 0; j < n; j++) {
                    if (at == g->n_again || g->again_step[at] != before.step[j]) {
                        assert_memory_equal(after.vector + j * c.dim, before.vector + j * c.dim, one);
                        assert_true(after.salience[j] == before.salience[j] && before.salience[j] <= least);
                        left++;
                        continue;
                    }
                    lp_observation o = {.pixels = g->again_pixels + (size_t)at * frame,
                                        .last_action = g->again_action[at],
                                        .state = g->again_state + (size_t)at * floats};
                    assert_int_equal(lp_actor_run(fresh, 1, &o, &d, &err), LP_OK);
                    assert_memory_equal(after.vector + j * c.dim, d.item, one);
                    assert_memory_equal(&after.salience[j], &d.salience, sizeof d.salience);
                    renewed += memcmp(before.vector + j * c.dim, d.item, one) != 0;
                    at++;
                }
                assert_int_equal(at, g->n_again);
                free_context(&before), free_context(&after);
            }
        }
        print_message("core %s: %d vectors changed, %d items were left\n", lp_policy_core_name(core), renewed, left);
        assert_true(renewed > 100 && left > 100);
        lp_actor_close(fresh);
        lp_train_close(t);
    }
}

/* Learning computes each decision again. Before the weights change, that gives its probability as it was. */
static void check_reads_the_same(lp_train_config c, lp_device device) {
    c.ppo.epochs = c.ppo.minibatches = 1;
    c.ppo.rate = 0.02; /* so that it soon matters what is read, and by which weights it was encoded */
    lp_train *t = open_train(&c, device, 1);
    for (int i = 0; i < 10; i++) {
        lp_train_stats s = update(t, 1);
        if (!(fabs(s.learning.kl) < 1e-7 && s.learning.clip_fraction == 0))
            fail_msg("core %s, update %d: a KL of %g", lp_policy_core_name((int)c.core), i, s.learning.kl);
    }
    lp_train_close(t);
}

static void test_reads_the_same(void **state) {
    (void)state;
    for (int core = LP_CORE_NONE; core < LP_CORES; core++) check_reads_the_same(small(core, 3), LP_DEVICE_CPU);
}

/* ---- on a card ---- */

/* As small as it can be: the stand-in is slow. Each half has an environment whose row of the actor encodes none of its own items. */
static lp_train_config tiny(int core) {
    lp_train_config c = small(core, 1);
    c.envs = 4, c.steps = 6, c.curriculum.start = 20, c.curriculum.end = 30;
    return c;
}

static void need_card(void) {
    if (!lp_device_missing()) return;
    print_message("%s\n", lp_device_missing());
    skip();
}

static void test_reads_the_same_cuda(void **state) {
    (void)state;
    need_card();
    check_reads_the_same(tiny(LP_CORE_NONE), LP_DEVICE_CUDA);
}

/* The same training but for rounding, which goes on on the other device as on its own. */
static void test_agrees_cuda(void **state) {
    (void)state;
    need_card();
    for (int core = LP_CORE_NONE; core <= LP_CORE_GRU; core++) {
        lp_train_config c = tiny(core);
        enum { RUNS = 4 };
        float *weights[RUNS + 1];
        lp_err err;
        for (int k = 0; k < RUNS; k++) { /* first and then: CPU CPU, CPU card, card CPU, card card */
            lp_train *t = open_train(&c, k / 2 ? LP_DEVICE_CUDA : LP_DEVICE_CPU, 1);
            size_t bytes = lp_policy_n_parameters(t->policy) * sizeof(float);
            if (!k) memcpy(weights[RUNS] = malloc(bytes), lp_policy_parameters(t->policy), bytes);
            update(t, 4);
            if (lp_train_save(t, path, &err)) fail_msg("%s", err.message);
            lp_train_close(t);
            t = open_train(&c, k % 2 ? LP_DEVICE_CUDA : LP_DEVICE_CPU, 1);
            if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
            update(t, 2);
            memcpy(weights[k] = malloc(bytes), lp_policy_parameters(t->policy), bytes);
            double moved = 0, apart = 0;
            for (size_t i = 0; i < bytes / sizeof(float); i++)
                moved += fabs((double)weights[0][i] - weights[RUNS][i]), apart += fabs((double)weights[k][i] - weights[0][i]);
            print_message("core %s, run %d: moved by %g, %g apart\n", lp_policy_core_name(core), k, moved, apart);
            if (!(apart < 1e-3 * moved)) fail_msg("core %s, run %d: moved by %g, %g apart", lp_policy_core_name(core), k, moved, apart);
            lp_train_close(t);
        }
        for (int k = 0; k <= RUNS; k++) free(weights[k]);
    }
}

/* ---- checkpoints ---- */

/* The file with `block` in the place of its last size_was bytes, and its hash right. */
static void write_forged(const lp_blob *file, size_t size_was, const void *block, size_t size) {
    size_t head = file->size_bytes - size_was;
    unsigned char *forged = malloc(head + size);
    lp_err err;
    memcpy(forged, file->data, head);
    if (size) memcpy(forged + head, block, size);
    uint64_t hash = lp_hash64(forged + 16, head + size - 16);
    memcpy(forged + 8, &hash, sizeof hash);
    assert_int_equal(lp_file_write_atomic(path, forged, head + size, &err), LP_OK);
    free(forged);
}

/* What n records are saved as. */
static size_t pack(unsigned char *out, const void *records, int n_bytes) {
    uint64_t packed = (uint64_t)LZ4_compress_default(records, (char *)out + sizeof packed, n_bytes, LZ4_compressBound(n_bytes));
    memcpy(out, &packed, sizeof packed);
    return sizeof packed + packed;
}

/* The hashes are right; what is said of the last environment's memory is not. */
static void test_forged_checkpoints_refused(void **state) {
    (void)state;
    lp_train_config c = small(LP_CORE_GRU, 3);
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    lp_blob file;
    lp_err err;
    do update(t, 1);
    while (t->players[c.envs - 1].past.n < 3);
    if (lp_train_save(t, path, &err) || lp_file_read(&file, path, 1 << 28, &err)) fail_msg("%s", err.message);
    const past *last = &t->players[c.envs - 1].past;
    int one = (int)(4 + sizeof(float) * (size_t)lp_policy_state_floats(t->policy) + lp_policy_frame_bytes(t->policy) + 3) / 4 * 4,
        n = last->n;
    unsigned char *records = calloc((size_t)(n + 1), (size_t)one), *block = malloc(past_save_bound(t, last) + (size_t)(2 * one));
    memcpy(records, last->record, (size_t)(n * one));
    size_t was = pack(block, records, n * one);
    assert_memory_equal(block, file.data + file.size_bytes - was, was);
    const struct {
        int at;
        uint32_t value;
    } words[] = {{0, (uint32_t)-2}, {0, 1000}, {one, (uint32_t)t->players->seat.n_actions}, {4, 0x7fc00000}, {one + 8, 0xff800000}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        memcpy(records + words[i].at, &words[i].value, 4);
        write_forged(&file, was, block, pack(block, records, n * one));
        if (lp_train_load(t, path, &err) != LP_BAD_INPUT) fail_msg("forged word %zu was taken", i);
        assert_non_null(strstr(err.message, path));
        LZ4_decompress_safe((char *)file.data + file.size_bytes - was + 8, (char *)records, (int)was - 8, n * one);
    }
    static const int sizes[] = {0, 1, -1};
    for (int i = 0; i < 3; i++) { /* no records, one more, one fewer */
        int records_now = sizes[i] ? n + sizes[i] : 0;
        write_forged(&file, was, block, pack(block, records, records_now * one));
        assert_int_equal(lp_train_load(t, path, &err), LP_BAD_INPUT);
    }
    pack(block, records, n * one);
    const uint64_t claims[] = {0, 1, was - 9, was - 7, (uint64_t)1 << 31, UINT64_MAX, UINT64_MAX - 7};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        memcpy(block, &claims[i], sizeof *claims);
        write_forged(&file, was, block, was);
        if (lp_train_load(t, path, &err) != LP_BAD_INPUT) fail_msg("a block of %llu bytes was taken", (unsigned long long)claims[i]);
    }
    for (size_t cut = 0; cut < 16 && cut < was; cut++) {
        write_forged(&file, was, file.data + file.size_bytes - was, cut);
        assert_int_equal(lp_train_load(t, path, &err), LP_BAD_INPUT);
    }
    write_forged(&file, was, block, pack(block, records, n * one));
    if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
    update(t, 1);
    free(records), free(block);
    lp_blob_free(&file);
    lp_train_close(t);
}

/* Of another version of the emulation core: episodes begin anew, with nothing remembered; what was kept of the others is passed over. */
static void test_other_core(void **state) {
    (void)state;
    lp_train_config c = small(LP_CORE_NONE, 3);
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    lp_blob file;
    lp_err err;
    update(t, 3);
    if (lp_train_save(t, path, &err) || lp_file_read(&file, path, 1 << 28, &err)) fail_msg("%s", err.message);
    file.data[32] ^= 1; /* docs/formats.md: the core's hash */
    write_forged(&file, 0, NULL, 0);
    if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
    for (int e = 0; e < c.envs; e++) assert_int_equal(t->players[e].past.n, 0);
    update(t, 3);
    lp_blob_free(&file);
    lp_train_close(t);
}

/* More than a checkpoint's block can hold is refused before anything is asked of the memory. */
static void test_too_large(void **state) {
    (void)state;
    lp_train_config c = small(LP_CORE_NONE, 3);
    lp_train *t;
    lp_err err;
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_full, .setting = {500000}});
    c.envs = 1, c.steps = 2;
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "train.reencode: "));
}

static int setup(void **state) {
    (void)state;
    lp_err err;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "checkpoint");
    return lp_game_open(&game, "cue", &err);
}

static int teardown(void **state) {
    (void)state;
    lp_game_close(game);
    unlink(path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_weights_same_memory),
        cmocka_unit_test(test_renewed_by_new_weights),
        cmocka_unit_test(test_reads_the_same),
        cmocka_unit_test(test_reads_the_same_cuda),
        cmocka_unit_test(test_agrees_cuda),
        cmocka_unit_test(test_forged_checkpoints_refused),
        cmocka_unit_test(test_other_core),
        cmocka_unit_test(test_too_large),
    };
#ifdef LP_CUDA
    cmocka_set_test_filter("*_cuda"); /* the others are run without a card */
#endif
    return cmocka_run_group_tests(tests, setup, teardown);
}
