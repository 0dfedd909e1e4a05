/* Bonuses: each brings what it says and ends bring wins and losses alone; novelty wears off where it was learned; all of it is exact over
 * threads and interruptions; checkpoints that are wrong are refused. */
#include "base/config.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "train/novelty.h"
#include "tests/training_support.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ENVS = 6, STEPS = 20, HORIZON = 33 };
static char path[PATH_MAX];

/* Sixteen locks, which nobody opens by chance, in episodes that end within a segment. */
static lp_train_config small(void) {
    lp_train_config c;
    lp_config_defaults(&c, lp_train_settings(), lp_n_train_settings());
    c.envs = ENVS, c.steps = STEPS, c.curriculum.start = c.curriculum.end = HORIZON, c.curriculum.draw = 1, c.hidden = 16, c.dim = 8;
    c.ppo.epochs = 1, c.ppo.minibatches = 2;
    snprintf(c.curriculum.knobs, sizeof c.curriculum.knobs, "n=16");
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_tree, .setting = {4, 2, 2, 4}});
    return c;
}

static int64_t value(const player *p, const char *name) {
    int64_t v;
    assert_true(lp_env_variable(p->seat.env, name, &v));
    return v;
}

/* Each lock that is open for the first time in the episode brings one; an end -1, as all of these are lost. */
static void test_milestones(void **state) {
    (void)state;
    lp_train_config c = small();
    c.bonus_milestone = 0.5;
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    double sum[ENVS] = {0}, all = 0, told = 0;
    int ends = 0, most = 0;
    for (int i = 0; i < 40; i++) {
        told += update(t, 1).bonus * ENVS * STEPS;
        for (int e = 0; e < ENVS; e++) {
            const lp_segment *g = lp_learner_segment(t->learner, e);
            for (int s = 0; s < STEPS; s++) {
                if (g->end[s]) {
                    assert_true(g->reward[s] == -1);
                    sum[e] = 0, ends++;
                } else {
                    assert_true(g->reward[s] == 0 || g->reward[s] == 0.5f);
                    sum[e] += g->reward[s], all += g->reward[s];
                }
            }
            const int best = (int)value(&t->players[e], "best");
            assert_float_equal(sum[e], 0.5 * best, 1e-9);
            most = best > most ? best : most;
        }
    }
    assert_float_equal(told, all, 1e-6);
    assert_true(ends > 100 && most >= 3);
    lp_train_close(t);
}

/* In a cell that is always the same the k-th decision brings 1 / sqrt(k); in cells by a variable, what its course says. */
static void test_counts(void **state) {
    (void)state;
    for (int by_value = 0; by_value < 2; by_value++) {
        lp_train_config c = small();
        c.bonus_count = 2;
        snprintf(c.bonus_cells, sizeof c.bonus_cells, by_value ? "decisions/5" : "phase");
        lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
        int64_t at[ENVS] = {0};
        for (int i = 0; i < 6; i++) {
            update(t, 1);
            for (int e = 0; e < ENVS; e++) {
                const lp_segment *g = lp_learner_segment(t->learner, e);
                for (int s = 0; s < STEPS; s++) {
                    const int64_t k = ++at[e], visits = by_value ? (k < 5 ? k : k % 5 + 1) : k;
                    if (g->end[s]) assert_true(g->reward[s] == -1), at[e] = 0;
                    else assert_float_equal(g->reward[s], 2 / sqrt((double)visits), 1e-6);
                }
            }
        }
        lp_train_close(t);
    }
}

/* Before anything was learned nothing is new; then everything is, and less and less. */
static void test_novelty(void **state) {
    (void)state;
    lp_train_config c = small();
    c.bonus_novelty = 1;
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 2);
    assert_true(update(t, 1).bonus == 0);
    const double early = update(t, 3).bonus, late = update(t, 60).bonus;
    print_message("novelty after 4 updates %.3f, after 64 %.3f\n", early, late);
    assert_true(early > 0.05 && late < early / 2);
    for (int e = 0; e < ENVS; e++) {
        const lp_segment *g = lp_learner_segment(t->learner, e);
        for (int s = 0; s < STEPS; s++) assert_true(g->end[s] ? g->reward[s] == -1 : g->reward[s] > 0);
    }
    lp_train_close(t);
}

/* Of two kinds of pictures that it never saw apart, the one that it learned is no longer new. */
static void test_what_is_new(void **state) {
    (void)state;
    enum { INPUTS = 60, N = 64 };
    uint8_t seen[N][INPUTS], other[N][INPUTS];
    double known = 0, unknown = 0, before = 0;
    novelty *n;
    lp_err err;
    lp_rng rng = lp_rng_make(4, 0);
    assert_int_equal(novelty_open(&n, INPUTS, 9, &err), LP_OK);
    for (int k = 0; k < N; k++)
        for (int i = 0; i < INPUTS; i++) {
            seen[k][i] = (uint8_t)(lp_rng_below(&rng, 60) + (i % 2 ? 180 : 0));
            other[k][i] = (uint8_t)(lp_rng_below(&rng, 60) + (i % 2 ? 0 : 180));
        }
    assert_true(novelty_of(n, seen[0]) == 0);
    novelty_learn(n, seen[0], N);
    for (int k = 0; k < N; k++) before += novelty_of(n, seen[k]);
    for (int i = 0; i < 400; i++) novelty_learn(n, seen[0], N);
    for (int k = 0; k < N; k++) known += novelty_of(n, seen[k]), unknown += novelty_of(n, other[k]);
    print_message("as new as %.3f at first, known %.3f, unknown %.3f\n", before / N, known / N, unknown / N);
    assert_true(known < before / 5 && unknown > 5 * known);

    unsigned char *saved = malloc(novelty_save_size(n));
    novelty_save(n, saved);
    novelty *again;
    assert_int_equal(novelty_open(&again, INPUTS, 9, &err), LP_OK);
    assert_int_equal(novelty_load(again, saved, &err), LP_OK);
    novelty_learn(n, other[0], N), novelty_learn(again, other[0], N);
    for (int k = 0; k < N; k++) assert_true(novelty_of(n, other[k]) == novelty_of(again, other[k]));
    const float nan_value = NAN;
    memcpy(saved + 40, &nan_value, 4);
    assert_int_equal(novelty_load(again, saved, &err), LP_BAD_INPUT);
    free(saved);
    novelty_close(n), novelty_close(again);
}

static lp_train_config with_all(void) {
    lp_train_config c = small();
    c.bonus_milestone = 0.2, c.bonus_count = 0.1, c.bonus_novelty = 0.05;
    return c;
}

/* On two threads, and stopped and gone on with after any update, it is the same training. */
static void test_exact(void **state) {
    (void)state;
    const lp_train_config c = with_all();
    lp_blob unbroken, broken;
    lp_err err;
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    update(t, 12);
    if (lp_train_save(t, path, &err) || lp_file_read(&unbroken, path, 1 << 28, &err)) fail_msg("%s", err.message);
    lp_train_close(t);
    t = open_train(&c, LP_DEVICE_CPU, 2);
    for (int i = 0; i < 12; i += 4) {
        update(t, 4);
        if (lp_train_save(t, path, &err)) fail_msg("%s", err.message);
        lp_train_close(t);
        t = open_train(&c, LP_DEVICE_CPU, 2);
        if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
    }
    if (lp_train_save(t, path, &err) || lp_file_read(&broken, path, 1 << 28, &err)) fail_msg("%s", err.message);
    assert_int_equal(unbroken.size_bytes, broken.size_bytes);
    assert_memory_equal(unbroken.data, broken.data, broken.size_bytes);
    lp_blob_free(&unbroken), lp_blob_free(&broken);
    lp_train_close(t);
}

/* Hashes are right; what is said of the bonuses is cut short, or wrong. */
static void test_forged_checkpoints(void **state) {
    (void)state;
    const lp_train_config c = with_all();
    lp_train *t = open_train(&c, LP_DEVICE_CPU, 1);
    lp_blob file;
    lp_err err;
    update(t, 3);
    const size_t bonuses = bonuses_save_size(t);
    if (lp_train_save(t, path, &err) || lp_file_read(&file, path, 1 << 28, &err)) fail_msg("%s", err.message);
    const size_t from = file.size_bytes - bonuses;
    const struct {
        size_t at, cut;
        uint8_t flip;
    } cases[] = {
        {from + 10, 0, 0x80},           /* more visits than there can be */
        {from + 8, 0, 0x01},            /* one more, or fewer: what follows is shifted */
        {from, 1, 0},                   /* the last byte */
        {from, bonuses, 0},             /* all of them */
        {file.size_bytes - 1, 0, 0x80}, /* a sum that is below nothing */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t size = file.size_bytes - cases[i].cut;
        file.data[cases[i].at < size ? cases[i].at : 0] ^= cases[i].flip;
        const uint64_t hash = lp_hash64(file.data + 16, size - 16);
        memcpy(file.data + 8, &hash, sizeof hash);
        assert_int_equal(lp_file_write_atomic(path, file.data, size, &err), LP_OK);
        lp_train *other = open_train(&c, LP_DEVICE_CPU, 1);
        if (lp_train_load(other, path, &err) != LP_BAD_INPUT) fail_msg("forgery %zu is taken", i);
        lp_train_close(other);
        file.data[cases[i].at < size ? cases[i].at : 0] ^= cases[i].flip;
    }
    lp_blob_free(&file);
    lp_train_close(t);
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *cells, *why;
    } bad[] = {{"nothing", "bonus.cells: 'nothing': locks has no such variable"},
               {"lit/0", "'lit/0': not NAME/N"},
               {",", "picture, or variables"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lp_train_config c = with_all();
        lp_train *t;
        lp_err err;
        snprintf(c.bonus_cells, sizeof c.bonus_cells, "%s", bad[i].cells);
        assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_BAD_INPUT);
        if (!strstr(err.message, bad[i].why)) fail_msg("%s", err.message);
    }
}

static int setup(void **state) {
    (void)state;
    lp_err err;
    snprintf(path, sizeof path, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    const int fd = mkstemp(path);
    return fd < 0 || close(fd) || lp_game_open(&game, "locks", &err) ? -1 : 0;
}

static int teardown(void **state) {
    (void)state;
    lp_game_close(game);
    return unlink(path);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_milestones),  cmocka_unit_test(test_counts), cmocka_unit_test(test_novelty),
        cmocka_unit_test(test_what_is_new), cmocka_unit_test(test_exact),  cmocka_unit_test(test_forged_checkpoints),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
