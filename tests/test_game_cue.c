/* The game cue: its rules to the decision, its floor and its optimum, that nothing tells the answer once the sign is
 * blank, that frames are clean, and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { SIGN, CORRIDOR = 2, DOORS, END }; /* phase, from 1 */
enum { CUE_DECISIONS = 4, DOOR_DECISIONS = 64 };
enum { NONE, LEFT, RIGHT, UP, DOWN };

static int setup(void **state) {
    (void)state;
    return gs_open("cue");
}

static void reset(lp_env *e, uint64_t seed, int64_t horizon, int doors, bool keep_cue) {
    char knobs[60];
    snprintf(knobs, sizeof knobs, "horizon=%lld,doors=%d,keep_cue=%d", (long long)horizon, doors, keep_cue);
    gs_reset(e, seed, knobs);
}

/* Waits until the doors are there. */
static void walk(lp_env *e) {
    while (gs_value(e, "phase") < DOORS) assert_int_equal(lp_env_step(e, NONE), LP_RUNNING);
}

static uint32_t answer_of(uint32_t seed, int doors) { return gs_mix(seed ^ 0x2545f491) % (uint32_t)doors; }

/* ---- optimum and floor ---- */
static void test_oracle(void **state) {
    (void)state;
    static const char *const knobs[] = {"doors=2,horizon=1", "doors=3,horizon=64", "doors=4,horizon=1000", "doors=4,horizon=64,keep_cue=1"};
    for (int k = 0; k < 4; k++) gs_oracle_wins(knobs[k], gs_number(32, 1008));
    reset(gs_env, 8, 64, 2, false);
    while (lp_env_step(gs_env, gs_oracle(gs_env)) == LP_RUNNING) {
    }
    assert_int_equal(lp_env_steps(gs_env), CUE_DECISIONS + 64 + 1);
    assert_int_equal(gs_value(gs_env, "walked"), 64);
}

static void test_random(void **state) {
    (void)state;
    for (int doors = 2; doors <= 4; doors++) {
        char knobs[40];
        int n = gs_number(608, 10000);
        snprintf(knobs, sizeof knobs, "doors=%d,horizon=1", doors);
        gs_expect_rate(knobs, gs_play(knobs, gs_random, n, doors % 2, 11), n, 1.0 / doors);
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
                reset(gs_env, seed, 1, doors, false);
                assert_int_equal(gs_value(gs_env, "answer"), answer);
                assert_int_equal(gs_value(gs_env, "scenery"), gs_scenery_of((uint32_t)seed));
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
        reset(gs_env, 40 + h, horizons[h], 2 + (int)h % 3, false);
        for (int64_t d = 0; d <= CUE_DECISIONS + horizons[h]; d++) {
            int64_t phase = d < CUE_DECISIONS ? SIGN + 1 : d < CUE_DECISIONS + horizons[h] ? CORRIDOR : DOORS;
            assert_int_equal(gs_value(gs_env, "phase"), phase);
            assert_int_equal(gs_value(gs_env, "decisions"), d);
            lp_env_step(gs_env, NONE);
        }
    }
}

static void test_longest_horizon(void **state) {
    (void)state;
    reset(gs_env, 9, 2000000, 4, false);
    for (int i = 0; i < 6; i++) lp_env_step(gs_env, NONE);
    assert_int_equal(gs_value(gs_env, "walked"), 2);
    const int64_t walked = 2000000 - 10;
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(gs_env), 0xC0B8 + (uint32_t)i, (uint8_t)(walked >> (8 * i)));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(gs_value(gs_env, "phase"), CORRIDOR);
        lp_env_step(gs_env, NONE);
    }
    assert_int_equal(gs_value(gs_env, "phase"), DOORS);
    assert_int_equal(gs_value(gs_env, "walked"), 2000000);
}

/* Every choice at every number of doors; keys for doors that are not there, and keys before the doors, do nothing. */
static void test_choices(void **state) {
    (void)state;
    for (int doors = 2; doors <= 4; doors++)
        for (int action = LEFT; action <= DOWN; action++)
            for (uint64_t seed = 0; seed < 6; seed++) {
                reset(gs_env, seed, 3, doors, false);
                while (gs_value(gs_env, "phase") < DOORS) assert_int_equal(lp_env_step(gs_env, action), LP_RUNNING);
                bool wins = gs_value(gs_env, "answer") == action - LEFT, is_there = action - LEFT < doors;
                assert_int_equal(lp_env_step(gs_env, action), !is_there ? LP_RUNNING : wins ? LP_WIN : LP_LOSS);
                assert_int_equal(gs_value(gs_env, "choice"), is_there ? action - LEFT : 255);
                assert_int_equal(gs_value(gs_env, "opened"), is_there ? action - LEFT + 1 : 0);
            }
}

static void test_doors_close(void **state) {
    (void)state;
    reset(gs_env, 3, 5, 2, false);
    walk(gs_env);
    for (int i = 0; i < DOOR_DECISIONS - 1; i++) assert_int_equal(lp_env_step(gs_env, i % 2 ? NONE : UP), LP_RUNNING);
    assert_int_equal(lp_env_step(gs_env, NONE), LP_LOSS);
    const lp_event *events;
    assert_int_equal(lp_env_events(gs_env, &events), 1);
    assert_string_equal(events->text, "The doors closed: lost.");
    uint64_t end = gs_frame_hash(gs_env, 0, GS_HEIGHT);
    for (int i = 0; i < 50; i++) assert_int_equal(lp_env_step(gs_env, 1 + i % 4), LP_LOSS);
    assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == end); /* the end screen stays */
}

static void test_outcome_is_seen(void **state) {
    (void)state;
    uint64_t seen[2] = {0};
    for (int wrong = 0; wrong < 2; wrong++) {
        reset(gs_env, 21, 2, 2, false);
        walk(gs_env);
        uint64_t before = gs_frame_hash(gs_env, 0, GS_HEIGHT);
        lp_env_step(gs_env, LEFT + (int)(gs_value(gs_env, "answer") ^ wrong));
        seen[wrong] = gs_frame_hash(gs_env, 0, 72);
        assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) != before);
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
            reset(gs_env, seed, 6, 4, keep);
            int64_t answer = gs_value(gs_env, "answer");
            if (!shown[answer]) shown[answer] = gs_frame_hash(gs_env, 0, 72);
            for (int d = 0; gs_value(gs_env, "phase") <= DOORS && d <= CUE_DECISIONS + 8; d++) {
                uint64_t now = gs_frame_hash(gs_env, 0, 72);
                if (d == CUE_DECISIONS && !keep && !blank) blank = now;
                assert_true(now == (keep || d < CUE_DECISIONS ? shown[answer] : blank));
                lp_env_step(gs_env, NONE);
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
    enum { TOP = 72, ROWS = GS_HEIGHT - TOP };
    static uint32_t last[ROWS * GS_WIDTH];
    reset(gs_env, 77, 400, 2, false);
    for (int i = 0; i < CUE_DECISIONS; i++) lp_env_step(gs_env, NONE);
    for (int i = 0; i < 380; i++) {
        memcpy(last, gs_frame(gs_env) + TOP * GS_WIDTH, sizeof last);
        lp_env_step(gs_env, NONE);
        const uint32_t *now = gs_frame(gs_env) + TOP * GS_WIDTH;
        for (int y = 0; y < ROWS; y++) {
            assert_memory_equal(now + y * GS_WIDTH, last + y * GS_WIDTH + 8, 32 * sizeof *now);
            assert_memory_equal(now + y * GS_WIDTH + 64, last + y * GS_WIDTH + 72, (GS_WIDTH - 72) * sizeof *now);
        }
    }
}

/* ---- honesty ---- */

/* In the block, too, only the seed and the answer differ (C0A8 to C0AB, C0B1). */
static void assert_same(void) {
    gs_assert_same();
    for (uint32_t at = 0xC0A0; at < 0xC100; at++)
        if (lp_emu_read8(lp_env_emu(gs_env), at) != lp_emu_read8(lp_env_emu(gs_other), at) && !(at >= 0xC0A8 && at <= 0xC0AB) &&
            at != 0xC0B1)
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
        uint32_t seed = (uint32_t)lp_game_train_seed(1, i), scenery = gs_scenery_of(seed), other = first[scenery];
        int doors = 2 + (int)i % 3;
        first[scenery] = seed;
        if (!other || answer_of(seed, doors) == answer_of(other, doors) || n_pairs[doors] == 10) continue;
        n_pairs[doors]++;
        int64_t horizon = 1 + (int64_t)lp_rng_below(&rng, 40);
        reset(gs_env, seed, horizon, doors, false), reset(gs_other, other, horizon, doors, false);
        assert_int_equal(gs_value(gs_env, "answer"), answer_of(seed, doors));
        assert_int_equal(gs_value(gs_env, "scenery"), scenery);
        assert_int_equal(gs_value(gs_other, "scenery"), scenery);
        for (int64_t d = 0; d <= CUE_DECISIONS + horizon + 2; d++) {
            if (d >= CUE_DECISIONS) assert_same();
            else assert_true(gs_frame_hash(gs_env, 0, 72) != gs_frame_hash(gs_other, 0, 72)); /* the test can tell */
            int action = d < CUE_DECISIONS + horizon ? (int)lp_rng_below(&rng, 5) : NONE;
            lp_env_step(gs_env, action), lp_env_step(gs_other, action);
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
            reset(gs_env, lp_game_train_seed(2, i), 1 + (int64_t)i % 9, doors, false);
            walk(gs_env);
            if (!seen) seen = gs_frame_hash(gs_env, 0, GS_HEIGHT);
            assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == seen);
        }
    }
}

/* The corridors differ, and do not repeat within sight. */
static void test_scenery_varies(void **state) {
    (void)state;
    uint64_t seen[100];
    int n_same = 0;
    for (uint64_t i = 0; i < 100; i++) {
        reset(gs_env, lp_game_train_seed(2, i), 60, 2, false);
        for (int d = 0; d < 50; d++) lp_env_step(gs_env, NONE);
        seen[i] = gs_frame_hash(gs_env, 72, 72);
        for (uint64_t j = 0; j < i; j++) n_same += seen[j] == seen[i];
    }
    assert_true(n_same < 20); /* of 4,950 pairs */
}

/* At the doors: is the answer in the frame? */
static void probe(int doors, bool in_sight) {
    int n = gs_number(300, 3000);
    char what[40];
    gs_probe p;
    snprintf(what, sizeof what, "doors=%d,keep_cue=%d", doors, in_sight);
    gs_probe_open(&p, n, doors);
    for (int i = 0; i < n; i++) {
        reset(gs_env, lp_game_train_seed(6, (uint64_t)i), 3, doors, in_sight);
        walk(gs_env);
        gs_probe_add(&p, gs_env, (int)gs_value(gs_env, "answer"));
    }
    gs_expect_probe(what, &p, in_sight);
}

static void test_probe(void **state) {
    (void)state;
    probe(2, false), probe(4, false), probe(4, true);
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"horizon=1", "doors=4,horizon=2000000", "doors=3,keep_cue=1"};
    gs_same_start(knobs, 3, gs_number(30, 500));
}

static void test_header(void **state) {
    (void)state;
    gs_header("CUE");
}

static void test_rebuilt(void **state) {
    (void)state;
    gs_rebuilt();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),           cmocka_unit_test(test_random),          cmocka_unit_test(test_answers_are_even),
        cmocka_unit_test(test_horizon_counts),   cmocka_unit_test(test_longest_horizon), cmocka_unit_test(test_choices),
        cmocka_unit_test(test_doors_close),      cmocka_unit_test(test_outcome_is_seen), cmocka_unit_test(test_sign),
        cmocka_unit_test(test_frames_are_clean), cmocka_unit_test(test_nothing_tells),   cmocka_unit_test(test_doors_look_the_same),
        cmocka_unit_test(test_scenery_varies),   cmocka_unit_test(test_probe),           cmocka_unit_test(test_start),
        cmocka_unit_test(test_header),           cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
