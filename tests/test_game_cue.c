/* The game cue: its rules to the decision, its floor and its optimum, that nothing tells the answer once the sign is
 * blank, that frames are clean, and that the committed ROM is what its source builds. */
#include "base/file.h"
#include "base/hash.h"
#include "base/rng.h"
#include "harness/game.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { SIGN, CORRIDOR = 2, DOORS, END }; /* phase, from 1 */
enum { WIDTH = 160, HEIGHT = 144, CUE_DECISIONS = 4, DOOR_DECISIONS = 64 };
enum { NONE, LEFT, RIGHT, UP, DOWN };
#define FOLDER LP_SOURCE_DIR "/evals/games/cue"

static lp_game *game;
static lp_env *env, *twin;
static int horizon_knob, doors_knob;

static int setup(void **state) {
    (void)state;
    lp_err err;
    if (lp_game_open(&game, FOLDER, &err) || lp_env_open(&env, game, NULL, &err) || lp_env_open(&twin, game, NULL, &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    horizon_knob = lp_game_find_knob(game, "horizon");
    doors_knob = lp_game_find_knob(game, "doors");
    return horizon_knob < 0 || doors_knob < 0;
}

static int teardown(void **state) {
    (void)state;
    lp_env_close(env), lp_env_close(twin);
    lp_game_close(game);
    return 0;
}

static int64_t value(lp_env *e, const char *name) {
    int64_t v;
    assert_true(lp_env_variable(e, name, &v));
    return v;
}

static void reset(lp_env *e, uint64_t seed, int64_t horizon, int doors, bool keep_cue) {
    int64_t knobs[LP_MAX_KNOBS];
    lp_err err;
    lp_game_default_knobs(game, knobs);
    if (keep_cue) assert_true(lp_game_twin_knobs(game, knobs));
    knobs[horizon_knob] = horizon, knobs[doors_knob] = doors;
    assert_int_equal(lp_env_reset(e, seed, knobs, 0, &err), LP_OK);
}

/* Waits until the doors are there. */
static void walk(lp_env *e) {
    while (value(e, "phase") < DOORS) assert_int_equal(lp_env_step(e, NONE), LP_RUNNING);
}

static const uint32_t *frame(lp_env *e) {
    int width, height;
    const uint32_t *pixels = lp_emu_frame(lp_env_emu(e), &width, &height);
    assert_true(width == WIDTH && height == HEIGHT);
    return pixels;
}

static uint64_t frame_hash(lp_env *e, int first_row, int n_rows) {
    return lp_hash64(frame(e) + first_row * WIDTH, sizeof(uint32_t) * WIDTH * (size_t)n_rows);
}

/* The game's own hash, written again. */
static uint32_t mix(uint32_t h) {
    h ^= h >> 16;
    h *= 0x85ebca6b;
    h ^= h >> 13;
    h *= 0xc2b2ae35;
    return h ^ h >> 16;
}

static uint32_t answer_of(uint32_t seed, int doors) {
    return mix(seed ^ 0x2545f491) % (uint32_t)doors;
}

static uint32_t scenery_of(uint32_t seed) {
    return mix(seed ^ 0x9e3779b9) >> 16;
}

/* ---- the optimum ---- */
static void oracle_wins(int64_t horizon, int doors, int n) {
    for (int i = 0; i < n; i++) {
        lp_outcome outcome = LP_RUNNING;
        lp_err err;
        int action;
        reset(env, lp_game_eval_seed(5, (uint64_t)i), horizon, doors, false);
        while (outcome == LP_RUNNING) {
            assert_int_equal(lp_env_oracle(env, &action, &err), LP_OK);
            outcome = lp_env_step(env, action);
        }
        assert_int_equal(outcome, LP_WIN);
        assert_int_equal(lp_env_steps(env), CUE_DECISIONS + horizon + 1);
        assert_int_equal(value(env, "walked"), horizon);
    }
}

static void test_oracle(void **state) {
    (void)state;
    for (int doors = 2; doors <= 4; doors++) {
        oracle_wins(1, doors, 300);
        oracle_wins(64, doors, 40);
        oracle_wins(1000, doors, 4);
    }
}

/* ---- the floor ---- */
static void test_random(void **state) {
    (void)state;
    enum { N = 600 };
    for (int doors = 2; doors <= 4; doors++) {
        lp_rng rng = lp_rng_make(11, (uint64_t)doors);
        int wins = 0;
        for (int i = 0; i < N; i++) {
            lp_outcome outcome = LP_RUNNING;
            reset(env, lp_game_eval_seed(7, (uint64_t)i), 1, doors, false);
            while (outcome == LP_RUNNING) outcome = lp_env_step(env, (int)lp_rng_below(&rng, 5));
            wins += outcome == LP_WIN;
        }
        double p = 1.0 / doors, half = 2.576 * sqrt(p * (1 - p) / N), rate = (double)wins / N;
        print_message("random player, %d doors: %.3f, expected %.3f +- %.3f (99 %%)\n", doors, rate, p, half);
        assert_true(rate > p - half && rate < p + half);
    }
}

/* A player without memory does best by always taking the commonest door: no door is commoner, in either set of seeds.
 * Counted with the game's hash written again, which is compared with the game first. */
static void test_answers_are_even(void **state) {
    (void)state;
    enum { N = 100000 };
    for (int set = 0; set < 2; set++)
        for (int doors = 2; doors <= 4; doors++) {
            int count[4] = {0};
            for (uint64_t i = 0; i < N; i++) {
                uint64_t seed = set ? lp_game_train_seed(3, i) : lp_game_eval_seed(3, i);
                uint32_t answer = answer_of((uint32_t)seed, doors);
                count[answer]++;
                if (i >= 50) continue;
                reset(env, seed, 1, doors, false);
                assert_int_equal(value(env, "answer"), answer);
                assert_int_equal(value(env, "scenery"), scenery_of((uint32_t)seed));
            }
            double p = 1.0 / doors, half = 3.5 * sqrt(N * p * (1 - p));
            for (int d = 0; d < doors; d++) assert_true(fabs(count[d] - N * p) < half);
        }
}

/* ---- the rules, to the decision ---- */
static void test_horizon_counts(void **state) {
    (void)state;
    static const int64_t horizons[] = {1, 2, 3, 31, 32, 33, 64, 255, 256, 257, 600};
    for (size_t h = 0; h < sizeof horizons / sizeof *horizons; h++) {
        reset(env, 40 + h, horizons[h], 2 + (int)h % 3, false);
        for (int64_t d = 0; d <= CUE_DECISIONS + horizons[h]; d++) {
            int64_t phase = d < CUE_DECISIONS ? SIGN + 1 : d < CUE_DECISIONS + horizons[h] ? CORRIDOR : DOORS;
            assert_int_equal(value(env, "phase"), phase);
            assert_int_equal(value(env, "decisions"), d);
            lp_env_step(env, NONE);
        }
    }
}

static void test_longest_horizon(void **state) {
    (void)state;
    reset(env, 9, 2000000, 4, false);
    for (int i = 0; i < 6; i++) lp_env_step(env, NONE);
    assert_int_equal(value(env, "walked"), 2);
    const int64_t walked = 2000000 - 10;
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(env), 0xC0B8 + (uint32_t)i, (uint8_t)(walked >> (8 * i)));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(value(env, "phase"), CORRIDOR);
        lp_env_step(env, NONE);
    }
    assert_int_equal(value(env, "phase"), DOORS);
    assert_int_equal(value(env, "walked"), 2000000);
}

/* Every choice at every number of doors; keys for doors that are not there, and keys before the doors, do nothing. */
static void test_choices(void **state) {
    (void)state;
    for (int doors = 2; doors <= 4; doors++)
        for (int action = LEFT; action <= DOWN; action++)
            for (uint64_t seed = 0; seed < 6; seed++) {
                reset(env, seed, 3, doors, false);
                while (value(env, "phase") < DOORS) assert_int_equal(lp_env_step(env, action), LP_RUNNING);
                bool wins = value(env, "answer") == action - LEFT, is_there = action - LEFT < doors;
                assert_int_equal(lp_env_step(env, action), !is_there ? LP_RUNNING : wins ? LP_WIN : LP_LOSS);
                assert_int_equal(value(env, "choice"), is_there ? action - LEFT : 255);
                assert_int_equal(value(env, "opened"), is_there ? action - LEFT + 1 : 0);
            }
}

static void test_doors_close(void **state) {
    (void)state;
    reset(env, 3, 5, 2, false);
    walk(env);
    for (int i = 0; i < DOOR_DECISIONS - 1; i++) assert_int_equal(lp_env_step(env, i % 2 ? NONE : UP), LP_RUNNING);
    assert_int_equal(lp_env_step(env, NONE), LP_LOSS);
    const lp_event *events;
    assert_int_equal(lp_env_events(env, &events), 1);
    assert_string_equal(events->text, "The doors closed: lost.");
    uint64_t end = frame_hash(env, 0, HEIGHT);
    for (int i = 0; i < 50; i++) assert_int_equal(lp_env_step(env, 1 + i % 4), LP_LOSS);
    assert_true(frame_hash(env, 0, HEIGHT) == end); /* the end screen stays */
}

static void test_outcome_is_seen(void **state) {
    (void)state;
    uint64_t seen[2] = {0};
    for (int wrong = 0; wrong < 2; wrong++) {
        reset(env, 21, 2, 2, false);
        walk(env);
        uint64_t before = frame_hash(env, 0, HEIGHT);
        lp_env_step(env, LEFT + (int)(value(env, "answer") ^ wrong));
        seen[wrong] = frame_hash(env, 0, 72);
        assert_true(frame_hash(env, 0, HEIGHT) != before);
    }
    assert_true(seen[0] != seen[1]);
}

/* ---- what the player sees ---- */

/* The sign shows each symbol by a picture of its own for 4 decisions, and then nothing; the twin shows it to the end. */
static void test_sign(void **state) {
    (void)state;
    uint64_t shown[4] = {0}, blank = 0;
    for (uint64_t seed = 0; seed < 60; seed++)
        for (int keep = 0; keep < 2; keep++) {
            reset(env, seed, 6, 4, keep);
            int64_t answer = value(env, "answer");
            if (!shown[answer]) shown[answer] = frame_hash(env, 0, 72);
            for (int d = 0; value(env, "phase") <= DOORS && d <= CUE_DECISIONS + 8; d++) {
                uint64_t now = frame_hash(env, 0, 72);
                if (d == CUE_DECISIONS && !keep && !blank) blank = now;
                assert_true(now == (keep || d < CUE_DECISIONS ? shown[answer] : blank));
                lp_env_step(env, NONE);
            }
        }
    for (int a = 0; a < 4; a++) {
        assert_true(shown[a] && shown[a] != blank);
        for (int b = 0; b < a; b++) assert_true(shown[a] != shown[b]);
    }
}

/* One tile a decision: each frame of the corridor is the one before, 8 pixels on, but for the hero (columns 32 to 63). */
static void test_frames_are_clean(void **state) {
    (void)state;
    enum { TOP = 72, ROWS = HEIGHT - TOP };
    static uint32_t last[ROWS * WIDTH];
    reset(env, 77, 400, 2, false);
    for (int i = 0; i < CUE_DECISIONS; i++) lp_env_step(env, NONE);
    for (int i = 0; i < 380; i++) {
        memcpy(last, frame(env) + TOP * WIDTH, sizeof last);
        lp_env_step(env, NONE);
        const uint32_t *now = frame(env) + TOP * WIDTH;
        for (int y = 0; y < ROWS; y++) {
            assert_memory_equal(now + y * WIDTH, last + y * WIDTH + 8, 32 * sizeof *now);
            assert_memory_equal(now + y * WIDTH + 64, last + y * WIDTH + 72, (WIDTH - 72) * sizeof *now);
        }
    }
}

/* ---- honesty ---- */

/* Every byte that is not work RAM, and every pixel, is the same. */
static void assert_same_outside_ram(void) {
    static const struct { uint32_t from, to; } regions[] = {{0x8000, 0xA000}, {0xFE00, 0xFEA0}, {0xFF00, 0x10000}};
    assert_memory_equal(frame(env), frame(twin), WIDTH * HEIGHT * sizeof(uint32_t));
    for (size_t r = 0; r < sizeof regions / sizeof *regions; r++)
        for (uint32_t at = regions[r].from; at < regions[r].to; at++)
            if (lp_emu_read8(lp_env_emu(env), at) != lp_emu_read8(lp_env_emu(twin), at)) fail_msg("%04x tells the answer", at);
}

/* In work RAM only the seed and the answer differ (C0A8 to C0AB, C0B1). */
static void assert_same_ram(void) {
    for (uint32_t at = 0xC000; at < 0xDF00; at++) /* above: the stack's leftovers of the set-up */
        if (lp_emu_read8(lp_env_emu(env), at) != lp_emu_read8(lp_env_emu(twin), at) && !(at >= 0xC0A8 && at <= 0xC0AB) && at != 0xC0B1)
            fail_msg("%04x tells the answer", at);
}

/* Two seeds with the same scenery and different answers: from the blank sign to the doors nothing differs, at any
 * decision, whatever keys are pressed. Since every scenery has such pairs, nothing can tell the answer. */
static void test_nothing_tells(void **state) {
    (void)state;
    static uint32_t first[65536]; /* a seed with this scenery, or 0 */
    lp_rng rng = lp_rng_make(23, 0);
    int n_pairs[5] = {0};
    memset(first, 0, sizeof first);
    for (uint32_t i = 1; i < 40000 && n_pairs[2] + n_pairs[3] + n_pairs[4] < 30; i++) {
        uint32_t seed = (uint32_t)lp_game_train_seed(1, i), scenery = scenery_of(seed), other = first[scenery];
        int doors = 2 + (int)i % 3;
        first[scenery] = seed;
        if (!other || answer_of(seed, doors) == answer_of(other, doors) || n_pairs[doors] == 10) continue;
        n_pairs[doors]++;
        int64_t horizon = 1 + (int64_t)lp_rng_below(&rng, 40);
        reset(env, seed, horizon, doors, false), reset(twin, other, horizon, doors, false);
        assert_int_equal(value(env, "answer"), answer_of(seed, doors));
        assert_int_equal(value(env, "scenery"), scenery);
        assert_int_equal(value(twin, "scenery"), scenery);
        for (int64_t d = 0; d <= CUE_DECISIONS + horizon + 2; d++) {
            if (d >= CUE_DECISIONS) assert_same_outside_ram(), assert_same_ram();
            else assert_true(frame_hash(env, 0, 72) != frame_hash(twin, 0, 72)); /* the test can tell */
            int action = d < CUE_DECISIONS + horizon ? (int)lp_rng_below(&rng, 5) : NONE;
            lp_env_step(env, action), lp_env_step(twin, action);
        }
    }
    print_message("%d, %d, %d pairs of seeds at 2, 3, 4 doors\n", n_pairs[2], n_pairs[3], n_pairs[4]);
    assert_int_equal(n_pairs[2] + n_pairs[3] + n_pairs[4], 30);
}

/* At the doors one picture, whatever the seed. */
static void test_doors_look_the_same(void **state) {
    (void)state;
    for (int doors = 2; doors <= 4; doors++) {
        uint64_t seen = 0;
        for (uint64_t i = 0; i < 100; i++) {
            reset(env, lp_game_train_seed(2, i), 1 + (int64_t)i % 9, doors, false);
            walk(env);
            if (!seen) seen = frame_hash(env, 0, HEIGHT);
            assert_true(frame_hash(env, 0, HEIGHT) == seen);
        }
    }
}

/* The corridors differ, and do not repeat within sight. */
static void test_scenery_varies(void **state) {
    (void)state;
    uint64_t seen[100];
    int n_same = 0;
    for (uint64_t i = 0; i < 100; i++) {
        reset(env, lp_game_train_seed(2, i), 60, 2, false);
        for (int d = 0; d < 50; d++) lp_env_step(env, NONE);
        seen[i] = frame_hash(env, 72, 72);
        for (uint64_t j = 0; j < i; j++) n_same += seen[j] == seen[i];
    }
    assert_true(n_same < 20); /* of 4,950 pairs */
}

/* ---- the ROM ---- */
static void test_header(void **state) {
    (void)state;
    size_t size;
    const uint8_t *rom = lp_game_rom(game, &size);
    assert_int_equal(size, 32768);
    uint8_t header = 0;
    for (int i = 0x134; i <= 0x14C; i++) header = (uint8_t)(header - rom[i] - 1);
    assert_int_equal(header, rom[0x14D]);
    uint16_t sum = 0;
    for (size_t i = 0; i < size; i++) sum = (uint16_t)(sum + (i == 0x14E || i == 0x14F ? 0 : rom[i]));
    assert_int_equal(sum, rom[0x14E] << 8 | rom[0x14F]);
    assert_string_equal(lp_emu_title(lp_env_emu(env)), "CUE");
    assert_int_equal(lp_emu_system(lp_env_emu(env)), LP_SYSTEM_GB);
}

static void test_rebuilt(void **state) {
    (void)state;
    if (system("sdcc --version 2>/dev/null | grep -q 'sm83.* 4\\.2\\.0 '")) {
        print_message("SDCC 4.2.0 is not here: the ROM was not rebuilt\n");
        skip();
    }
    char folder[PATH_MAX], path[PATH_MAX], command[2 * PATH_MAX];
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "make -s -C '%s' OUT='%s' '%s/cue.gb'", FOLDER, folder, folder);
    assert_int_equal(system(command), 0);
    lp_blob built;
    lp_err err;
    assert_int_equal(lp_file_read(&built, lp_path_join(path, sizeof path, folder, "cue.gb"), 1 << 20, &err), LP_OK);
    size_t size;
    const void *rom = lp_game_rom(game, &size);
    assert_int_equal(built.size_bytes, size);
    assert_memory_equal(built.data, rom, size);
    lp_blob_free(&built);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_answers_are_even),
        cmocka_unit_test(test_horizon_counts),
        cmocka_unit_test(test_longest_horizon),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_doors_close),
        cmocka_unit_test(test_outcome_is_seen),
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_frames_are_clean),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_doors_look_the_same),
        cmocka_unit_test(test_scenery_varies),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
