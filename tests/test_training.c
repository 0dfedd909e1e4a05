/* Training and evaluation on the shipped game: a training interrupted and resumed, or run on other threads, gives the
 * same weights, bit for bit; damaged checkpoints are refused; evaluation does not depend on threads; and it learns. */
#include "base/config.h"
#include "base/file.h"
#include "base/hash.h"
#include "evals/eval.h"
#include "evals/stats.h"
#include "train/train.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[PATH_MAX], path[PATH_MAX];
static lp_game *game;

static int setup(void **state) {
    (void)state;
    lp_err err;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "checkpoint");
    if (lp_game_open(&game, "cue", &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    lp_game_close(game);
    unlink(path);
    return rmdir(folder);
}

/* Small enough for a sanitizer, large enough that episodes and memory outlive a segment. */
static lp_train_config small(void) {
    lp_train_config c;
    lp_config_defaults(&c, lp_train_settings(), lp_n_train_settings());
    c.envs = 10, c.steps = 24, c.curriculum.start = 40, c.curriculum.end = 60, c.curriculum.episodes = 5, c.hidden = 16, c.dim = 8;
    c.ppo.epochs = 2, c.ppo.minibatches = 4;
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_tree, .setting = {4, 2, 2, 4}});
    return c;
}

static uint64_t train(const lp_train_config *config, int threads, int updates, int interrupt_after, lp_train_stats *stats) {
    lp_err err;
    lp_train *t;
    if (lp_train_open(&t, game, config, LP_DEVICE_CPU, threads, &err)) fail_msg("%s", err.message);
    for (int i = 0; i < updates; i++) {
        if (i == interrupt_after) {
            assert_int_equal(lp_train_save(t, path, &err), LP_OK);
            lp_train_close(t);
            assert_int_equal(lp_train_open(&t, game, config, LP_DEVICE_CPU, threads, &err), LP_OK);
            if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
        }
        if (lp_train_update(t, stats, &err)) fail_msg("%s", err.message);
    }
    uint64_t digest = lp_policy_digest(lp_train_policy(t));
    lp_train_close(t);
    return digest;
}

/* Returns what n updates give, whatever the threads and wherever it was interrupted: after 1, 1 + every, ... of them. */
static uint64_t exact(lp_train_config c, int n, int every) {
    lp_train_stats a, b;
    uint64_t whole = train(&c, 1, n, -1, &a);
    assert_true(a.decisions == n * c.envs * c.steps && a.update == n);
    assert_true(whole == train(&c, 2, n, -1, &b));
    for (int i = 1; i < n; i += every) {
        assert_true(whole == train(&c, 2, n, i, &b));
        assert_true(!strcmp(a.level, b.level) && a.wins == b.wins && a.episodes == b.episodes);
        assert_true(a.learning.policy_loss == b.learning.policy_loss);
    }
    c.seed++;
    assert_true(whole != train(&c, 1, n, -1, &b));
    return whole;
}

#ifdef __SANITIZE_ADDRESS__
enum { UPDATES = 3, PAST_UPDATES = 4, LAST_CORE = LP_CORE_GRU }; /* slow */
#else
enum { UPDATES = 5, PAST_UPDATES = 8, LAST_CORE = LP_CORES - 1 };
#endif

static void test_exact(void **state) {
    (void)state;
    lp_train_config c = small();
    for (c.core = LP_CORE_NONE; c.core <= LAST_CORE; c.core++) exact(c, UPDATES, c.core == LP_CORE_NONE ? 1 : 2);
}

/* With what is remembered encoded again, of episodes that outlive several segments: a part of it; and all, without a core and with one. */
static void test_exact_reencode(void **state) {
    (void)state;
    lp_train_config c = small();
    c.steps = 12;
    for (c.core = LP_CORE_NONE; c.core <= LAST_CORE; c.core++) {
        lp_train_stats stats;
        c.reencode = 0;
        uint64_t none = train(&c, 1, PAST_UPDATES, -1, &stats);
        c.reencode = 3;
        uint64_t some = exact(c, PAST_UPDATES, 5);
        assert_true(none != some);
        if (c.core > LP_CORE_GRU) continue;
        c.reencode = 1 << 20;
        uint64_t all = exact(c, PAST_UPDATES, 5);
        assert_true(some != all && none != all);
    }
}

/* Begun with weights it begins with all of them, and items are not whitened again; interrupted it goes on from the checkpoint. */
static void test_from(void **state) {
    (void)state;
    lp_train_config c = small();
    lp_train *t;
    lp_train_stats stats;
    lp_err err;
    char weights[PATH_MAX];
    lp_path_join(weights, sizeof weights, folder, "weights.safetensors");
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_OK);
    assert_int_equal(lp_train_update(t, &stats, &err), LP_OK);
    assert_int_equal(lp_train_write_policy(t, weights, &err), LP_OK);
    const uint64_t digest = lp_policy_digest(lp_train_policy(t));
    lp_train_close(t);
    snprintf(c.from, sizeof c.from, "%s", weights);
    c.seed++;
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_OK);
    assert_true(lp_policy_digest(lp_train_policy(t)) == digest);
    lp_train_close(t);
    c.ppo.rate = 0;
    assert_true(train(&c, 1, 2, -1, &stats) == digest);
    c.ppo.rate = 1e-3;
    exact(c, 3, 1);
    c.hidden = 24;
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_OK); /* the eyes fit */
    lp_train_close(t);
    unlink(weights);
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "train.from: "));
}

/* Four episodes of which so many are won, and the level after them. */
static void expect_level(lp_curriculum *c, int wins, const char *level) {
    char text[64];
    for (int i = 0; i < 4; i++) lp_curriculum_count(c, i < wins);
    lp_curriculum_advance(c);
    lp_curriculum_describe(c, text, sizeof text);
    assert_string_equal(text, level);
}

/* Where too few are won it goes back by the way that it came, to the first level and no farther. */
static void test_curriculum_back(void **state) {
    (void)state;
    lp_err err;
    lp_curriculum c;
    const lp_curriculum_config config = {
        .knobs = "doors=2..4", .start = 3, .end = 8, .grow = 2, .win_rate = 0.75, .back = 0.5, .episodes = 4};
    static const char *const levels[] = {"horizon 3 doors 2", "horizon 3 doors 3", "horizon 3 doors 4", "horizon 7 doors 4",
                                         "horizon 8 doors 4"};
    assert_int_equal(lp_curriculum_open(&c, game, &config, &err), LP_OK);
    for (int i = 0; i < 5; i++) expect_level(&c, i ? 3 : 2, levels[i]); /* half of them are not too few */
    expect_level(&c, 4, levels[4]);
    for (int i = 3; i >= 0; i--) expect_level(&c, 1, levels[i]);
    expect_level(&c, 0, levels[0]);
    expect_level(&c, 3, levels[1]);
    lp_curriculum_close(&c);
    lp_curriculum_config bad = config;
    bad.back = 0.8;
    assert_int_equal(lp_curriculum_open(&c, game, &bad, &err), LP_BAD_INPUT);
    assert_string_equal(err.message, "curriculum.back (0.8) is above curriculum.win_rate (0.75)");
}

/* Knobs become harder one after the other, then the horizon; what is drawn stays within the level; bad ones are refused. */
static void test_curriculum(void **state) {
    (void)state;
    lp_err err;
    lp_curriculum c, again;
    lp_curriculum_config config = {.knobs = "doors=2..4", .start = 3, .end = 8, .grow = 2, .win_rate = 0.75, .episodes = 4};
    assert_int_equal(lp_curriculum_open(&c, game, &config, &err), LP_OK);
    assert_int_equal(lp_curriculum_open(&again, game, &config, &err), LP_OK);
    static const char *const levels[] = {"horizon 3 doors 2", "horizon 3 doors 3", "horizon 3 doors 4",
                                         "horizon 7 doors 4", "horizon 8 doors 4", "horizon 8 doors 4"};
    const int horizon = lp_game_find_knob(game, "horizon"), doors = lp_game_find_knob(game, "doors");
    lp_rng rng = lp_rng_make(1, 1);
    for (int level = 0; level < 6; level++) {
        char text[64], saved[512];
        lp_curriculum_describe(&c, text, sizeof text);
        assert_string_equal(text, levels[level]);
        int64_t knobs[LP_MAX_KNOBS], seen_doors[5] = {0}, seen_horizon[9] = {0};
        for (int i = 0; i < 400; i++) {
            lp_curriculum_draw(&c, &rng, i % 2, knobs);
            assert_in_range(knobs[doors], 2, c.now.hardest[0]);
            assert_in_range(knobs[horizon], 1, c.now.horizon);
            seen_doors[knobs[doors]]++, seen_horizon[knobs[horizon]]++;
        }
        for (int64_t h = 1; h <= c.now.horizon; h++) assert_true(seen_horizon[h] > 10);
        assert_true(seen_doors[c.now.hardest[0]] >= 200 && seen_doors[2] > 20);
        c.config.twin = LP_CURRICULUM_ALL; /* the twin has all of them at any level, alike; the game itself has not */
        memset(seen_doors, 0, sizeof seen_doors);
        for (int i = 0; i < 600; i++) {
            lp_curriculum_draw(&c, &rng, i % 2, knobs);
            assert_in_range(knobs[doors], 2, i % 2 ? 4 : c.now.hardest[0]);
            assert_in_range(knobs[horizon], 1, c.now.horizon);
            if (i % 2) seen_doors[knobs[doors]]++;
        }
        for (int d = 2; d <= 4; d++) assert_in_range(seen_doors[d], 60, 140);
        c.config.twin = LP_CURRICULUM_LEVEL;
        for (int i = 0; i < 4; i++) { /* three of four are enough, and only the last four count */
            lp_curriculum_count(&c, false);
            lp_curriculum_advance(&c);
        }
        for (int i = 0; i < 3; i++) lp_curriculum_count(&c, true);
        assert_true(lp_curriculum_win_rate(&c) == 0.75);
        assert_true(lp_curriculum_save_size(&c) <= sizeof saved);
        lp_curriculum_save(&c, saved);
        assert_int_equal(lp_curriculum_load(&again, saved, &err), LP_OK);
        lp_curriculum_advance(&c), lp_curriculum_advance(&again);
        assert_memory_equal(&c.now, &again.now, sizeof c.now);
        memset(saved, 0xff, 8);
        assert_int_equal(lp_curriculum_load(&again, saved, &err), LP_BAD_INPUT);
        assert_memory_equal(&c.now, &again.now, sizeof c.now);
    }
    int64_t knobs[LP_MAX_KNOBS];
    lp_curriculum_goal(&c, knobs);
    assert_true(knobs[doors] == 4 && knobs[horizon] == 8);
    lp_curriculum_close(&c), lp_curriculum_close(&again);
    snprintf(config.knobs, sizeof config.knobs, "doors=4..2"); /* downwards */
    assert_int_equal(lp_curriculum_open(&c, game, &config, &err), LP_OK);
    for (int level = 4; level >= 2; level--) {
        for (int i = 0; i < 50; i++) {
            lp_curriculum_draw(&c, &rng, i % 2, knobs);
            assert_in_range(knobs[doors], level, 4);
        }
        assert_true(c.now.hardest[0] == level);
        for (int i = 0; i < 4; i++) lp_curriculum_count(&c, true);
        lp_curriculum_advance(&c);
    }
    assert_true(c.now.hardest[0] == 2 && c.now.horizon == 7);
    lp_curriculum_close(&c);
    config.draw = LP_CURRICULUM_LONGEST; /* no short ones */
    assert_int_equal(lp_curriculum_open(&c, game, &config, &err), LP_OK);
    for (int i = 0; i < 50; i++) {
        lp_curriculum_draw(&c, &rng, false, knobs);
        assert_true(knobs[horizon] == 3);
    }
    lp_curriculum_close(&c);
    static const char *const bad[] = {"door=2",     "doors",      "doors=",          "doors=2..", "doors=2..5",
                                      "doors=1..2", "doors=3..1", "doors=2 doors=3", "horizon=4", "doors=2x"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        snprintf(config.knobs, sizeof config.knobs, "%s", bad[i]);
        assert_int_equal(lp_curriculum_open(&c, game, &config, &err), LP_BAD_INPUT);
        assert_non_null(strstr(err.message, "curriculum.knobs"));
    }
}

static void test_checkpoints_refused(void **state) {
    (void)state;
    lp_train_config c = small(), other;
    c.reencode = 3;
    other = c;
    lp_err err;
    lp_train *t;
    lp_train_stats stats;
    lp_blob file;
    train(&c, 1, 2, 1, &stats);
    assert_int_equal(lp_file_read(&file, path, 1 << 28, &err), LP_OK);
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_OK);
    for (size_t n = 0; n < file.size_bytes; n = n < 200 ? n + 1 : 2 * n) {
        assert_int_equal(lp_file_write_atomic(path, file.data, n, &err), LP_OK);
        assert_int_equal(lp_train_load(t, path, &err), LP_BAD_INPUT);
        assert_non_null(strstr(err.message, path));
    }
    for (size_t i = 0; i < file.size_bytes; i = i < 300 ? i + 1 : i + i / 3) {
        file.data[i] ^= 4;
        assert_int_equal(lp_file_write_atomic(path, file.data, file.size_bytes, &err), LP_OK);
        assert_int_equal(lp_train_load(t, path, &err), LP_BAD_INPUT);
        file.data[i] ^= 4;
    }
    lp_train_close(t);
    assert_int_equal(lp_file_write_atomic(path, file.data, file.size_bytes, &err), LP_OK);
    other.ppo.rate *= 2;
    assert_int_equal(lp_train_open(&t, game, &other, LP_DEVICE_CPU, 1, &err), LP_OK);
    assert_int_equal(lp_train_load(t, path, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "other settings"));
    lp_train_close(t);
    other = c;
    other.reencode = 0;
    assert_int_equal(lp_train_open(&t, game, &other, LP_DEVICE_CPU, 1, &err), LP_OK);
    assert_int_equal(lp_train_load(t, path, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "other settings"));
    lp_train_close(t);
    other = c;
    other.decisions *= 2; /* how long is nothing that a checkpoint hangs on */
    assert_int_equal(lp_train_open(&t, game, &other, LP_DEVICE_CPU, 1, &err), LP_OK);
    if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_train_update(t, &stats, &err), LP_OK);
    assert_int_equal(stats.update, 2);
    lp_train_close(t);
    lp_blob_free(&file);
    other = small();
    other.curriculum.end = other.curriculum.start - 1;
    assert_int_equal(lp_train_open(&t, game, &other, LP_DEVICE_CPU, 1, &err), LP_BAD_INPUT);
}

/* A checkpoint's hash of settings, as it has always been made: of names and values that are not what they were at first. */
static uint64_t hash_of_before(const lp_train_config *c) {
    lp_train_config initial;
    uint64_t hash = 0;
    lp_config_defaults(&initial, lp_train_settings(), lp_n_train_settings());
    lp_train_before(&initial);
    for (const lp_setting *s = lp_train_settings(); s < lp_train_settings() + lp_n_train_settings(); s++) {
        char value[LP_SETTING_BYTES], usual[LP_SETTING_BYTES];
        lp_config_value(c, s, value, sizeof value);
        lp_config_value(&initial, s, usual, sizeof usual);
        if (strcmp(s->name, "train.decisions") && strcmp(value, usual))
            hash = lp_hash64_seed(value, strlen(value), lp_hash64_seed(s->name, strlen(s->name), hash));
    }
    return hash;
}

/* What was trained before there was a setting is what lp_train_before says, and another thing than the default. */
static void test_before(void **state) {
    (void)state;
    for (const lp_mem_arch *const *arch = lp_mem_archs; *arch; arch++) {
        lp_err err;
        lp_train *t;
        lp_blob file;
        uint64_t hash;
        lp_train_config usual = small(), before;
        lp_config_set(&usual, lp_train_settings(), lp_n_train_settings(), "memory.arch", lp_mem_arch_name(*arch), &err);
        lp_config_set(&usual, lp_train_settings(), lp_n_train_settings(), "memory.unlike", "6", &err);
        before = usual;
        lp_train_before(&before);
        assert_false(lp_train_made_with(folder, &before, game));
        assert_int_equal(lp_train_open(&t, game, &before, LP_DEVICE_CPU, 1, &err), LP_OK);
        assert_int_equal(lp_train_save(t, path, &err), LP_OK);
        lp_train_close(t);
        assert_int_equal(lp_file_read(&file, path, 1 << 28, &err), LP_OK);
        memcpy(&hash, file.data + 16, sizeof hash);
        assert_true(hash == hash_of_before(&before));
        assert_true(lp_train_made_with(path, &before, game));
        assert_false(lp_train_made_with(path, &usual, game));
        assert_int_equal(lp_file_write_atomic(path, file.data, 63, &err), LP_OK);
        assert_false(lp_train_made_with(path, &before, game));
        lp_blob_free(&file);
    }
}

/* The hash is right, what it covers is not. */
static void test_forged_checkpoints_refused(void **state) {
    (void)state;
    enum { UPDATE = 48, DECISIONS = 56, CURRICULUM = 64, N_RECENT = CURRICULUM + 8 + 8 * LP_MAX_KNOBS, RING = N_RECENT + 3 * 8 };
    lp_train_config c = small();
    const struct {
        size_t at;
        int64_t value;
    } forged[] = {{UPDATE, -1},
                  {DECISIONS, -1},
                  {DECISIONS, INT64_MAX},
                  {CURRICULUM, 61},
                  {N_RECENT, 6},
                  {N_RECENT + 8, 5},
                  {N_RECENT + 16, 5},
                  {RING, 2},
                  {RING + 5, 0x7fc00000},                                  /* the first weight: NaN */
                  {RING + 5 + 4, 0x7f800000},                              /* the second: infinity */
                  {RING + 5 + 8, (int64_t)((uint64_t)0xff800000u << 32)}}; /* the fourth */
    lp_err err;
    lp_train *t;
    lp_train_stats stats;
    lp_blob file, copy = {0};
    train(&c, 1, 2, 1, &stats);
    assert_int_equal(lp_file_read(&file, path, 1 << 28, &err), LP_OK);
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_OK);
    copy.data = malloc(file.size_bytes);
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        memcpy(copy.data, file.data, file.size_bytes);
        memcpy(copy.data + forged[i].at, &forged[i].value, 8);
        uint64_t hash = lp_hash64(copy.data + 16, file.size_bytes - 16);
        memcpy(copy.data + 8, &hash, sizeof hash);
        assert_int_equal(lp_file_write_atomic(path, copy.data, file.size_bytes, &err), LP_OK);
        if (lp_train_load(t, path, &err) != LP_BAD_INPUT) fail_msg("forgery %zu was taken", i);
    }
    lp_train_close(t);
    lp_blob_free(&file), lp_blob_free(&copy);
}

/* Of another version of the emulation core: its machines are of no use, all that was learned is. */
static void test_other_core(void **state) {
    (void)state;
    lp_err err;
    lp_train *t;
    lp_blob file;
    lp_train_stats stats;
    lp_train_config c = small();
    train(&c, 1, 2, 1, &stats);
    if (lp_file_read(&file, path, 1 << 28, &err)) fail_msg("%s", err.message);
    file.data[32] ^= 1;                      /* docs/formats.md: the core's hash */
    file.data[file.size_bytes - 20000] ^= 1; /* the last environment's machine or memory: not looked at */
    uint64_t hash = lp_hash64(file.data + 16, file.size_bytes - 16);
    memcpy(file.data + 8, &hash, sizeof hash);
    assert_int_equal(lp_file_write_atomic(path, file.data, file.size_bytes, &err), LP_OK);
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_OK);
    if (lp_train_load(t, path, &err)) fail_msg("%s", err.message);
    if (lp_train_update(t, &stats, &err)) fail_msg("%s", err.message);
    assert_int_equal(stats.update, 2);
    lp_train_close(t);
    lp_blob_free(&file);
}

static void test_evaluation(void **state) {
    (void)state;
    lp_err err;
    lp_policy *policy;
    int64_t knobs[LP_MAX_KNOBS];
    lp_policy_config shape = {.n_actions = lp_game_n_actions(game)};
    lp_game_observation(game, &shape.width, &shape.height);
    assert_int_equal(lp_policy_open(&policy, &shape, 3, &err), LP_OK);
    lp_game_default_knobs(game, knobs);
    knobs[lp_game_find_knob(game, "horizon")] = 7;
    lp_eval_config c = {.player = LP_PLAYER_POLICY,
                        .policy = policy,
                        .sample = true,
                        .memory = {.arch = &lp_mem_tree, .dim = 32},
                        .knobs = knobs,
                        .episodes = 30,
                        .seed = 4};
    lp_eval_row one, row;
    c.n_threads = 1;
    assert_int_equal(lp_eval(game, &c, &one, &err), LP_OK);
    assert_int_equal(one.episodes, 30);
    assert_int_equal(one.wins + one.losses + one.timeouts, 30);
    for (c.n_threads = 2; c.n_threads < 5; c.n_threads++) {
        assert_int_equal(lp_eval(game, &c, &row, &err), LP_OK);
        assert_true(row.wins == one.wins && row.decisions == one.decisions && row.context_items_max == one.context_items_max);
    }
    c.player = LP_PLAYER_ORACLE, c.time_limit = 3;
    assert_int_equal(lp_eval(game, &c, &row, &err), LP_OK);
    assert_int_equal(row.timeouts, 30);
    lp_policy_close(policy);
    shape.n_actions++;
    assert_int_equal(lp_policy_open(&policy, &shape, 3, &err), LP_OK);
    c.player = LP_PLAYER_POLICY, c.policy = policy;
    assert_int_equal(lp_eval(game, &c, &row, &err), LP_BAD_INPUT);
    lp_policy_close(policy);
}

static void test_wilson(void **state) {
    (void)state;
    double low, high;
    lp_wilson(81, 263, 1.959964, &low, &high); /* Newcombe 1998, table I: 0.2553 to 0.3662 */
    assert_true(fabs(low - 0.2553) < 1e-4 && fabs(high - 0.3662) < 1e-4);
    lp_wilson(0, 20, 1.959964, &low, &high); /* the same: 0 to 0.1611 */
    assert_true(low == 0 && fabs(high - 0.1611) < 1e-4);
    lp_wilson(0, 0, 1.96, &low, &high);
    assert_true(low == 0 && high == 1);
}

/* From random weights: a corridor of up to 4 decisions, in at most 100,000 decisions. Chance of 80 % wins by guessing: none. */
static void test_learns(void **state) {
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    print_message("skipped: too slow under a sanitizer\n");
    skip();
#endif
    lp_train_config c;
    lp_err err;
    lp_train *t;
    lp_train_stats stats = {0};
    lp_config_defaults(&c, lp_train_settings(), lp_n_train_settings());
    c.curriculum.end = c.curriculum.start;
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 0, &err), LP_OK);
    while (stats.decisions < 100000 && !(stats.win_rate >= 0.8))
        if (lp_train_update(t, &stats, &err)) fail_msg("%s", err.message);
    print_message("%.1f %% wins after %lld decisions\n", 100 * stats.win_rate, (long long)stats.decisions);
    assert_true(stats.win_rate >= 0.8);
    lp_train_close(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_from),
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_exact_reencode),
        cmocka_unit_test(test_curriculum),
        cmocka_unit_test(test_curriculum_back),
        cmocka_unit_test(test_checkpoints_refused),
        cmocka_unit_test(test_before),
        cmocka_unit_test(test_evaluation),
        cmocka_unit_test(test_wilson),
        cmocka_unit_test(test_learns),
        cmocka_unit_test(test_forged_checkpoints_refused),
        cmocka_unit_test(test_other_core),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
