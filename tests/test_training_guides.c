/* Training from demonstrations: guides do what they tell; a start has the machine and the memory that the policy has who was there; learning computes
 * the same as acting did, whatever began in a segment; all of it is exact over threads and interruptions; imitation imitates; demonstrations
 * and checkpoints that are wrong are refused. Built a second time with the CPU that stands in for a card (on_cpu). */
#include "base/config.h"
#include "base/file.h"
#include "base/hash.h"
#include "harness/demo.h"
#include "tests/training_support.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
enum { DEMOS = 12, EXACT_UPDATES = 12, EXACT_EVERY = 5, FORGED = 20 }; /* slow */
#else
enum { DEMOS = 12, EXACT_UPDATES = 24, EXACT_EVERY = 7, FORGED = 60 };
#endif
static char folder[PATH_MAX], path[PATH_MAX], demos_path[PATH_MAX];

static lp_train_config small(int64_t start) {
    lp_train_config c;
    lp_config_defaults(&c, lp_train_settings(), lp_n_train_settings());
    c.envs = 10, c.steps = 12, c.curriculum.start = 40, c.curriculum.end = 60, c.curriculum.episodes = 5, c.hidden = 16, c.dim = 8;
    c.ppo.epochs = 2, c.ppo.minibatches = 4;
    c.reencode = 3, c.guides = 0.5, c.start = start, c.curriculum.before_end = 5, c.ppo.clone_weight = 0.5;
    c.join = LP_JOIN_HEAD; /* the other is whitened between the first rollout and what is learned from it */
    snprintf(c.demos, sizeof c.demos, "%s", demos_path);
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_tree, .setting = {4, 2, 2, 4}});
    return c;
}

/* What a guide did is what the demonstrations say, from its first decision on, whichever came after which; nobody else was told once there are
 * starts and what they followed is over. */
static void test_guides_follow(void **state) {
    (void)state;
    lp_train_config c = small(TRAIN_START_DEMO);
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    lp_demos *file;
    lp_err err;
    assert_int_equal(lp_demos_read(&file, demos_path, &err), LP_OK);
    int followed = 0, told = 0, free_ones = 0, n_guides = 0;
    for (int i = 0; i < 30; i++) {
        int demo[16], n_starts = t->n_starts;
        int64_t at[16];
        for (int e = 0; e < c.envs; e++) demo[e] = t->players[e].demo, at[e] = lp_env_steps(t->players[e].seat.env);
        update(t, 1);
        for (int e = 0; e < c.envs; e++) {
            const player *p = &t->players[e];
            const lp_segment *g = lp_learner_segment(t->learner, e);
            n_guides += !i && p->guide;
            for (int s = 0; s < c.steps; s++) {
                told += g->logp[s] == LP_TOLD;
                if (!p->guide) {
                    if (n_starts && demo[e] < 0) assert_true(g->logp[s] <= 0), free_ones++;
                    continue;
                }
                assert_true(g->logp[s] == LP_TOLD);
                if (demo[e] < 0) continue; /* the segment's second demonstration: which one is not known here */
                assert_int_equal(lp_game_action_keys(game, g->action[s]), file->demo[demo[e]].keys[at[e]]);
                followed++;
                assert_int_equal(g->end[s], ++at[e] == file->demo[demo[e]].n_decisions);
                if (g->end[s]) assert_true(g->reward[s] == 1), demo[e] = -1;
            }
        }
    }
    assert_int_equal(n_guides, 4); /* half of the eight that are no twins */
    assert_true(followed > 500 && free_ones > 500 && told > followed);
    lp_demos_close(file);
    lp_train_close(t);
}

/* With weights that stay, the memory of a start is that of the policy who did what the demonstration says up to there. */
static void test_starts_remember(void **state) {
    (void)state;
    lp_train_config c = small(TRAIN_START_DEMO);
    c.ppo.rate = 0;
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    lp_mem_config memory = t->memory;
    lp_seat alone;
    lp_actor *actor;
    lp_err err;
    assert_int_equal(lp_seat_open(&alone, game, &memory, t->policy, NULL, &err), LP_OK);
    assert_int_equal(lp_actor_open(&actor, t->policy, TRAIN_GROUP, t->max_context, &err), LP_OK);
    update(t, 20);
    assert_true(t->n_starts >= 8);
    lp_demos *file;
    assert_int_equal(lp_demos_read(&file, demos_path, &err), LP_OK);
    player *p = NULL;
    for (int e = 0; e < c.envs && !p; e++)
        if (!t->players[e].twin && !t->players[e].guide) p = &t->players[e];
    for (int i = 0; i < t->n_starts; i++) {
        const train_start *s = t->starts[i];
        const lp_demo *demo = &file->demo[s->demo];
        p->drawn[0].start = s, p->drawn[0].again_from = p->drawn[0].again_to = 0;
        assert_int_equal(guide_begin(t, p, lp_learner_segment(t->learner, (int)(p - t->players)), 0, &err), LP_OK);
        assert_int_equal(lp_env_steps(p->seat.env), demo->n_decisions - s->left);
        assert_int_equal(lp_mem_steps(p->seat.mem), demo->n_decisions - s->left);
        assert_int_equal(lp_seat_begin(&alone, demo->seed, demo->knobs, 0, &err), LP_OK);
        for (int64_t k = 0; k < demo->n_decisions - s->left; k++) {
            lp_observation o;
            lp_decision d;
            int action = 0;
            lp_seat_look(&alone, &o);
            assert_int_equal(lp_actor_run(actor, 1, &o, &d, &err), LP_OK);
            while (lp_game_action_keys(game, action) != demo->keys[k]) action++;
            assert_int_equal(lp_seat_take(&alone, &d, action), LP_RUNNING);
        }
        size_t bytes = lp_mem_save_size(alone.mem);
        unsigned char *a = malloc(bytes), *b = malloc(bytes);
        assert_int_equal(lp_mem_save_size(p->seat.mem), bytes);
        lp_mem_save(alone.mem, a), lp_mem_save(p->seat.mem, b);
        assert_memory_equal(a, b, bytes);
        assert_true(lp_emu_hash(lp_env_emu(alone.env)) == lp_emu_hash(lp_env_emu(p->seat.env)));
        assert_int_equal(alone.last_action, p->seat.last_action);
        free(a), free(b);
    }
    lp_demos_close(file);
    lp_actor_close(actor);
    lp_seat_close(&alone);
    lp_train_close(t);
}

/* Before the weights change, learning gives each drawn action the probability that it had, also of episodes that began from a start within
 * the segment, or went on from one. */
static void check_reads_the_same(lp_device device) {
    lp_train_config c = small(TRAIN_START_DEMO);
    c.ppo.epochs = c.ppo.minibatches = 1;
    c.ppo.rate = 0.02; /* so that it soon matters what is read, and by which weights it was encoded */
    if (device == LP_DEVICE_CUDA) c.envs = 5, c.steps = 8;
    lp_train *t = open_train(&c, device, 1);
    int late = 0, drawn = 0;
    for (int i = 0; i < 20; i++) {
        lp_train_stats s = update(t, 1);
        for (int e = 0; e < c.envs; e++) late += t->players[e].drawn[0].start && t->players[e].n_ended;
        drawn += s.learning.told < 1;
        if (!(fabs(s.learning.kl) < 1e-7 && s.learning.clip_fraction == 0)) fail_msg("update %d: a KL of %g", i, s.learning.kl);
        assert_true(s.learning.told > 0);
    }
    assert_true(late > (device == LP_DEVICE_CUDA ? 1 : 20) && drawn > 10);
    lp_train_close(t);
}

static void test_reads_the_same(void **state) {
    (void)state;
    check_reads_the_same(LP_DEVICE_CPU);
}

static void test_reads_the_same_cuda(void **state) {
    (void)state;
    if (lp_device_missing()) {
        print_message("%s\n", lp_device_missing());
        skip();
    }
    check_reads_the_same(LP_DEVICE_CUDA);
}

static uint64_t train(const lp_train_config *c, int threads, int n, int interrupt_after, char level[128]) {
    lp_train *t = open_train(c, LP_DEVICE_CPU, threads);
    lp_err err;
    for (int i = 0; i < n; i++) {
        if (i == interrupt_after) {
            if (lp_train_save(t, path, &err)) fail_msg("%s", err.message);
            lp_train_close(t);
            t = open_train(c, LP_DEVICE_CPU, threads);
            if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
        }
        lp_train_stats s = update(t, 1);
        memcpy(level, s.level, sizeof s.level);
    }
    uint64_t digest = lp_policy_digest(lp_train_policy(t));
    lp_train_close(t);
    return digest;
}

static void test_exact(void **state) {
    (void)state;
    for (int64_t start = TRAIN_START_POWER_ON; start <= TRAIN_START_DEMO; start++) {
        lp_train_config c = small(start);
        char level[128], again[128];
        c.curriculum.win_rate = 0.2; /* so that the distance grows */
        c.follow = 0.3;
        uint64_t whole = train(&c, 1, EXACT_UPDATES, -1, level);
        if (start == TRAIN_START_DEMO) assert_true(!strncmp(level, "before_end ", 11) && atoi(level + 11) > 5);
        assert_true(whole == train(&c, 2, EXACT_UPDATES, -1, again) && !strcmp(level, again));
        for (int at = 1; at < EXACT_UPDATES; at += EXACT_EVERY)
            assert_true(whole == train(&c, 2, EXACT_UPDATES, at, again) && !strcmp(level, again));
        c.ppo.clone_weight = 0;
        assert_true(whole != train(&c, 1, EXACT_UPDATES, -1, again));
    }
}

/* All environments are guides, and do what demonstrations tell: soon the policy would, too. */
static void test_imitates(void **state) {
    (void)state;
    lp_train_config c = small(TRAIN_START_POWER_ON);
    c.twin = 0, c.guides = 1, c.ppo.clone_weight = 1, c.ppo.rate = 0.003;
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    const double before = update(t, 1).learning.clone_loss, after = update(t, 60).learning.clone_loss;
    print_message("clone loss %g, then %g\n", before, after);
    assert_true(before > 0.5 && after < 0.1);
    lp_train_close(t);
}

/* train.follow: so many of the episodes that begin at starts go the demonstration's way, to its win; whichever does is told from its beginning on. */
static void test_follow(void **state) {
    (void)state;
    for (int halves = 0; halves <= 2; halves++) {
        lp_train_config c = small(TRAIN_START_DEMO);
        c.follow = halves / 2.0;
        lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
        int told = 0, free_ones = 0;
        for (int i = 0; !t->n_starts || i < 60; i++) {
            const bool may = t->n_starts > 0;
            update(t, 1);
            for (int e = 0; e < c.envs; e++) {
                const player *p = &t->players[e];
                const lp_segment *g = lp_learner_segment(t->learner, e);
                for (int s = 1; s < c.steps && may && !p->guide && !p->twin; s++) {
                    const bool is = g->logp[s] == LP_TOLD, was = g->logp[s - 1] == LP_TOLD;
                    if (is && g->end[s]) assert_true(g->reward[s] == 1);
                    if (g->end[s - 1]) told += is, free_ones += !is;
                    else assert_int_equal(is, was);
                }
            }
        }
        print_message("follow %.1f: %d told, %d free\n", c.follow, told, free_ones);
        assert_true(told + free_ones > 100);
        assert_true(halves == 1 ? told > free_ones / 2 && free_ones > told / 2 : halves ? !free_ones : !told);
        lp_train_close(t);
    }
}

/* ---- what is refused ---- */

static void expect_refused(const lp_train_config *c, const char *why) {
    lp_train *t;
    lp_err err;
    assert_int_equal(lp_train_open(&t, game, c, LP_DEVICE_CPU, 1, &err), LP_BAD_INPUT);
    if (!strstr(err.message, why)) fail_msg("%s: not %s", err.message, why);
}

static void test_wrong_demonstrations(void **state) {
    (void)state;
    lp_train_config c = small(TRAIN_START_DEMO);
    lp_demos *file;
    lp_err err;
    snprintf(c.demos, sizeof c.demos, "%s", path);
    unlink(path);
    expect_refused(&c, "No such file");
    c.core = LP_CORE_GRU;
    expect_refused(&c, "not with policy.core = gru");
    c.core = LP_CORE_NONE;
    c.demos[0] = 0;
    expect_refused(&c, "train.demos names no file");
    snprintf(c.demos, sizeof c.demos, "%s", path);
    assert_int_equal(lp_demos_read(&file, demos_path, &err), LP_OK);
    file->about.rom_hash ^= 1;
    assert_int_equal(lp_demos_write(file, path, &err), LP_OK);
    expect_refused(&c, "with another ROM");
    file->about.rom_hash ^= 1;
    file->demo[3].keys[2] = LP_KEY_SELECT | LP_KEY_START;
    assert_int_equal(lp_demos_write(file, path, &err), LP_OK);
    expect_refused(&c, "demonstration 4: decision 2 holds keys 0xc");
    c.time_limit = 3;
    expect_refused(&c, "more than train.time_limit");
    c.time_limit = 0;
    const int n = file->n;
    file->n = 0;
    assert_int_equal(lp_demos_write(file, path, &err), LP_OK);
    expect_refused(&c, "has no demonstrations");
    file->n = n;
    for (int i = 0; i < n; i++) /* one that comes to no end is noticed when it is followed */
        for (int k = 0; k < file->demo[i].n_decisions; k++) file->demo[i].keys[k] = 0;
    assert_int_equal(lp_demos_write(file, path, &err), LP_OK);
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    lp_train_stats stats;
    lp_status status = LP_OK;
    for (int i = 0; i < 12 && !status; i++) status = lp_train_update(t, &stats, &err);
    assert_int_not_equal(status, LP_OK);
    assert_non_null(strstr(err.message, "comes to another end than it did"));
    lp_train_close(t);
    lp_demos_close(file);
}

/* The file with its hash right. */
static void put_sealed(lp_blob *file) {
    lp_err err;
    const uint64_t hash = lp_hash64(file->data + 16, file->size_bytes - 16);
    memcpy(file->data + 8, &hash, sizeof hash);
    assert_int_equal(lp_file_write_atomic(path, file->data, file->size_bytes, &err), LP_OK);
}

/* Hashes are right; what is said of the guides is not. Most changes are refused, none is a fault. */
static void test_forged_checkpoints(void **state) {
    (void)state;
    lp_train_config c = small(TRAIN_START_DEMO);
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    lp_blob file;
    lp_err err;
    update(t, 16);
    assert_true(t->n_starts > 4);
    const size_t guides = guides_save_bound(t);
    if (lp_train_save(t, path, &err) || lp_file_read(&file, path, 1 << 28, &err)) fail_msg("%s", err.message);
    const size_t from = file.size_bytes - guides;
    int refused = 0, tried = 0;
    for (size_t at = from; at < file.size_bytes; at += at < from + 400 ? 720 / FORGED : guides / FORGED) {
        file.data[at] ^= 0x80;
        put_sealed(&file);
        lp_train *other = open_train(&c, LP_DEVICE_CPU, 1);
        lp_status status = lp_train_load(other, path, &err);
        tried++, refused += status == LP_BAD_INPUT;
        if (at < from + 8) assert_non_null(strstr(err.message, "was made with other demonstrations"));
        lp_train_close(other);
        file.data[at] ^= 0x80;
    }
    print_message("%d of %d refused\n", refused, tried);
    assert_true(refused > tried / 2);
    lp_blob_free(&file);
    lp_train_close(t);
}

/* Of another version of the emulation core: no start is of use, and everybody begins anew, guides at a demonstration's beginning. */
static void test_other_core(void **state) {
    (void)state;
    lp_train_config c = small(TRAIN_START_DEMO);
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    lp_blob file;
    lp_err err;
    update(t, 16);
    if (lp_train_save(t, path, &err) || lp_file_read(&file, path, 1 << 28, &err)) fail_msg("%s", err.message);
    lp_train_close(t);
    file.data[32] ^= 1; /* docs/formats.md: the core's hash */
    put_sealed(&file);
    lp_blob_free(&file);
    t = open_train(&c, LP_DEVICE_CPU, 1);
    if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
    assert_int_equal(t->n_starts, 0);
    for (int e = 0; e < c.envs; e++) assert_int_equal(t->players[e].demo >= 0, !t->players[e].twin);
    update(t, 12); /* each demonstration that is followed comes to its end, or it would say so */
    assert_true(t->n_starts > 0);
    lp_train_close(t);
}

/* Towards power-on, then the knobs, then the horizon; and back by the same way. */
static void test_curriculum(void **state) {
    (void)state;
    static const char *const levels[] = {"before_end 5 horizon 8 doors 2",  "before_end 8 horizon 8 doors 2",
                                         "before_end 12 horizon 8 doors 2", "before_end 13 horizon 8 doors 2",
                                         "before_end 13 horizon 8 doors 3", "before_end 13 horizon 9 doors 3"};
    enum { LEVELS = sizeof levels / sizeof *levels };
    lp_curriculum_config config = {
        .knobs = "doors=2..3", .start = 8, .end = 9, .before_end = 5, .grow = 1.4, .win_rate = 0.5, .back = 0.3, .episodes = 2};
    lp_curriculum c;
    lp_err err;
    char text[64];
    assert_int_equal(lp_curriculum_open(&c, game, &config, &err), LP_OK);
    lp_curriculum_begin_late(&c, 13);
    for (int i = 0; i < 2 * LEVELS; i++) {
        const int level = i < LEVELS ? i : 2 * LEVELS - 1 - i;
        lp_curriculum_describe(&c, text, sizeof text);
        assert_string_equal(text, levels[level]);
        for (int k = 0; k < 2; k++) lp_curriculum_count(&c, i < LEVELS - 1);
        if (i != LEVELS - 1) lp_curriculum_advance(&c);
    }
    lp_curriculum_close(&c);
}

static int setup(void **state) {
    (void)state;
    lp_err err;
    lp_env *env = NULL;
    lp_demos *file = NULL;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "checkpoint");
    lp_path_join(demos_path, sizeof demos_path, folder, "cue.demos");
    if (lp_game_open(&game, "cue", &err) || lp_env_open(&env, game, NULL, &err)) return -1;
    lp_demos_about about = lp_demo_about(game);
    lp_status status = lp_demos_new(&file, &about, &err);
    for (int i = 0; i < DEMOS && !status; i++) {
        int64_t knobs[LP_MAX_KNOBS];
        lp_demo demo;
        lp_game_default_knobs(game, knobs);
        knobs[lp_game_find_knob(game, "horizon")] = 8 + 2 * i;
        status = lp_demo_of_oracle(&demo, env, game, lp_game_train_seed(5, (uint64_t)i), knobs, 1000, &err);
        if (!status) status = lp_demos_add(file, &demo, &err);
        free(demo.keys);
    }
    if (!status) status = lp_demos_write(file, demos_path, &err);
    lp_demos_close(file);
    lp_env_close(env);
    return status ? -1 : 0;
}

static int teardown(void **state) {
    (void)state;
    lp_game_close(game);
    unlink(path);
    unlink(demos_path);
    return rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_guides_follow),
        cmocka_unit_test(test_starts_remember),
        cmocka_unit_test(test_reads_the_same),
        cmocka_unit_test(test_reads_the_same_cuda),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_imitates),
        cmocka_unit_test(test_follow),
        cmocka_unit_test(test_wrong_demonstrations),
        cmocka_unit_test(test_forged_checkpoints),
        cmocka_unit_test(test_curriculum),
        cmocka_unit_test(test_other_core),
    };
#ifdef LP_CUDA
    cmocka_set_test_filter("*_cuda"); /* the others are run without a card */
#endif
    return cmocka_run_group_tests(tests, setup, teardown);
}
