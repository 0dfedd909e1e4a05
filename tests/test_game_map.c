/* The game map: its rules to the decision, its floor and its optimum, that who remembers always wins, that nothing tells which
 * tiles gave way or how often one fell, that frames are whole, and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { BRIDGE = 1, CLIMB, END };
enum { NONE, UP, RIGHT, DOWN };
enum { MAX_COLUMNS = 12, WAIT_DECISIONS = 64 };

static int setup(void **state) {
    (void)state;
    return gs_open("map");
}

/* The seed's safe tiles, written again. */
static void safe_of(uint32_t seed, int safe[MAX_COLUMNS]) {
    uint32_t x = gs_mix(seed ^ 0x2545f491) | 1;
    for (int c = 0; c < MAX_COLUMNS; c++) {
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        safe[c] = (int)((x >> 16) * 3 >> 16);
    }
}

static int wrong_action(lp_env *e) { return UP + (int)(gs_value(e, "answer") + 1) % 3; }

/* ---- optimum and floor ---- */
static void test_oracle(void **state) {
    (void)state;
    int n = gs_number(64, 1008);
    gs_oracle_wins("n=1", n), gs_oracle_wins("n=2,horizon=100", n), gs_oracle_wins("n=3,keep=1", n);
    gs_oracle_wins("n=7", n), gs_oracle_wins("n=8,horizon=1000000", n), gs_oracle_wins("n=12", n);
    gs_reset(gs_env, 6, "n=12");
    for (int d = 1; d <= 12; d++) assert_int_equal(lp_env_step(gs_env, gs_oracle(gs_env)), d < 12 ? LP_RUNNING : LP_WIN);
}

static double floor_of(int n) { return 1 - pow(1 - pow(3, -n), 2 * n + 1); }

static void test_random(void **state) {
    (void)state;
    static const char *const knobs[] = {"n=1,horizon=1", "n=2,horizon=1", "n=3,horizon=1", "n=2,horizon=9"};
    static const int columns[] = {1, 2, 3, 2};
    for (int k = 0; k < 4; k++) {
        int n = gs_number(400, 10000);
        gs_expect_rate(knobs[k], gs_play(knobs[k], gs_random, n, k % 2, 11), n, floor_of(columns[k]));
    }
}

/* Who remembers what gave way, and looks at nothing else, wins always; who tries the tiles in the unluckiest order, too. */
static void test_memory_wins(void **state) {
    (void)state;
    for (int unlucky = 0; unlucky < 2; unlucky++)
        for (int n = 1; n <= 12; n++)
            for (uint64_t seed = 0; seed < 6; seed++) {
                char knobs[40];
                int gone[MAX_COLUMNS] = {0}, falls = 0; /* gone: bits */
                lp_outcome outcome = LP_RUNNING;
                snprintf(knobs, sizeof knobs, "n=%d,horizon=1", n);
                gs_reset(gs_env, lp_game_eval_seed(3, seed), knobs);
                for (int column = 0; outcome == LP_RUNNING;) {
                    int row = 0;
                    while (gone[column] >> row & 1 || (unlucky && gone[column] != 3 && gone[column] != 5 && gone[column] != 6 &&
                                                       row == gs_value_of(gs_env, "safe", column + 1)))
                        row++;
                    outcome = lp_env_step(gs_env, UP + row);
                    if (gs_value(gs_env, "phase") == CLIMB) {
                        gone[column] |= 1 << row, falls++, column = 0;
                        outcome = lp_env_step(gs_env, NONE);
                    } else {
                        column++;
                    }
                }
                assert_int_equal(outcome, LP_WIN);
                assert_int_equal(gs_value(gs_env, "falls"), falls);
                if (unlucky) assert_int_equal(falls, 2 * n);
            }
}

/* No tile is commoner, in either set of seeds; the game's tiles are those that are counted. */
static void test_tiles_are_even(void **state) {
    (void)state;
    enum { N = 100000 };
    for (int set = 0; set < 2; set++) {
        int count[MAX_COLUMNS][3] = {{0}}, pairs[9] = {0};
        for (uint64_t i = 0; i < N; i++) {
            uint64_t seed = set ? lp_game_train_seed(3, i) : lp_game_eval_seed(3, i);
            int safe[MAX_COLUMNS];
            safe_of((uint32_t)seed, safe);
            for (int c = 0; c < MAX_COLUMNS; c++) count[c][safe[c]]++;
            pairs[3 * safe[0] + safe[1]]++;
            if (i >= 40) continue;
            gs_reset(gs_env, seed, "");
            for (int c = 0; c < MAX_COLUMNS; c++) assert_int_equal(gs_value_of(gs_env, "safe", c + 1), safe[c]);
            assert_int_equal(gs_value(gs_env, "scenery"), gs_scenery_of((uint32_t)seed));
        }
        for (int c = 0; c < MAX_COLUMNS; c++)
            for (int row = 0; row < 3; row++) assert_true(fabs(count[c][row] - N / 3.0) < 3.5 * sqrt(N * 2 / 9.0));
        for (int p = 0; p < 9; p++) assert_true(fabs(pairs[p] - N / 9.0) < 3.5 * sqrt(N * 8 / 81.0));
    }
}

/* ---- the rules, to the decision ---- */
static void test_horizon_counts(void **state) {
    (void)state;
    static const int horizons[] = {1, 2, 3, 4, 31, 32, 33, 255, 256, 257, 600};
    for (size_t h = 0; h < sizeof horizons / sizeof *horizons; h++) {
        char knobs[40];
        snprintf(knobs, sizeof knobs, "n=4,horizon=%d", horizons[h]);
        gs_reset(gs_env, h, knobs);
        for (int fall = 1; fall <= 2; fall++) {
            lp_env_step(gs_env, gs_oracle(gs_env));
            assert_int_equal(gs_value(gs_env, "column"), 1);
            lp_env_step(gs_env, wrong_action(gs_env));
            for (int d = 0; d < horizons[h]; d++) {
                assert_int_equal(gs_value(gs_env, "phase"), CLIMB);
                assert_int_equal(gs_value(gs_env, "walked"), d);
                assert_int_equal(lp_env_step(gs_env, d % 4), LP_RUNNING); /* keys do nothing */
            }
            assert_int_equal(gs_value(gs_env, "phase"), BRIDGE);
            assert_int_equal(gs_value(gs_env, "column"), 0);
            assert_int_equal(gs_value(gs_env, "falls"), fall);
        }
    }
    gs_reset(gs_env, 9, "horizon=1000000");
    lp_env_step(gs_env, wrong_action(gs_env));
    lp_env_step(gs_env, NONE);
    const int64_t walked = 1000000 - 5;
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(gs_env), 0xC0B8 + (uint32_t)i, (uint8_t)(walked >> (8 * i)));
    for (int i = 0; i < 5; i++) {
        assert_int_equal(gs_value(gs_env, "phase"), CLIMB);
        lp_env_step(gs_env, NONE);
    }
    assert_int_equal(gs_value(gs_env, "phase"), BRIDGE);
}

/* 2n falls do not lose, one more does. */
static void test_falls(void **state) {
    (void)state;
    for (int n = 1; n <= 12; n++) {
        char knobs[40];
        snprintf(knobs, sizeof knobs, "n=%d,horizon=1", n);
        gs_reset(gs_env, (uint64_t)n, knobs);
        for (int fall = 1; fall <= 2 * n; fall++) {
            assert_int_equal(lp_env_step(gs_env, wrong_action(gs_env)), LP_RUNNING);
            assert_int_equal(lp_env_step(gs_env, NONE), LP_RUNNING);
        }
        assert_int_equal(lp_env_step(gs_env, wrong_action(gs_env)), LP_LOSS);
        uint64_t end = gs_frame_hash(gs_env, 0, GS_HEIGHT);
        for (int i = 0; i < 20; i++) assert_int_equal(lp_env_step(gs_env, i % 4), LP_LOSS);
        assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == end); /* the end stays */
    }
}

static void test_waiting_loses(void **state) {
    (void)state;
    gs_reset(gs_env, 3, "n=3");
    for (int column = 0; column < 2; column++) {
        for (int i = 0; i < WAIT_DECISIONS - 1; i++) assert_int_equal(lp_env_step(gs_env, NONE), LP_RUNNING);
        if (!column) assert_int_equal(lp_env_step(gs_env, gs_oracle(gs_env)), LP_RUNNING); /* and it begins again */
    }
    assert_int_equal(lp_env_step(gs_env, NONE), LP_LOSS);
    const lp_event *events;
    assert_int_equal(lp_env_events(gs_env, &events), 1);
    assert_string_equal(events->text, "Waited too long before the bridge: lost.");
}

/* A win needs the hero on the far ledge, and every tile that he stepped on to be the seed's. */
static void test_audit(void **state) {
    (void)state;
    gs_reset(gs_env, 8, "n=3");
    lp_env_step(gs_env, gs_oracle(gs_env)), lp_env_step(gs_env, gs_oracle(gs_env));
    lp_emu_write8(lp_env_emu(gs_env), 0xC0B1, (uint8_t)((gs_value(gs_env, "answer") + 1) % 3)); /* another tile is called safe */
    assert_int_equal(lp_env_step(gs_env, UP + lp_emu_read8(lp_env_emu(gs_env), 0xC0B1)), LP_LOSS);
    assert_int_equal(gs_value(gs_env, "result"), LP_WIN);
    assert_int_equal(gs_value(gs_env, "held"), 2);
}

/* ---- what the player sees ---- */
static void test_falls_are_seen(void **state) {
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        gs_reset(gs_env, 12, keep ? "n=2,keep=1" : "n=2");
        uint64_t whole = gs_frame_hash(gs_env, 0, GS_HEIGHT), held, gone;
        lp_env_step(gs_env, gs_oracle(gs_env));
        held = gs_frame_hash(gs_env, 0, GS_HEIGHT);
        lp_env_step(gs_env, wrong_action(gs_env));
        gone = gs_frame_hash(gs_env, 0, GS_HEIGHT);
        assert_true(whole != held && held != gone && gone != whole);
        while (gs_value(gs_env, "phase") == CLIMB) lp_env_step(gs_env, NONE);
        assert_true((gs_frame_hash(gs_env, 0, GS_HEIGHT) == whole) == !keep); /* the twin shows what happened */
    }
}

/* In the cave each frame is the one before, 8 pixels on, but for the hero (columns 32 to 63), round and round. */
static void test_frames_are_clean(void **state) {
    (void)state;
    enum { ROWS = GS_HEIGHT - GS_SPLIT };
    static uint32_t last[ROWS * GS_WIDTH];
    for (uint64_t seed = 0; seed < 12; seed++) {
        gs_reset(gs_env, seed, "horizon=500");
        lp_env_step(gs_env, wrong_action(gs_env)), lp_env_step(gs_env, NONE);
        for (int i = 0; i < 70; i++) {
            memcpy(last, gs_frame(gs_env) + GS_SPLIT * GS_WIDTH, sizeof last);
            lp_env_step(gs_env, NONE);
            const uint32_t *now = gs_frame(gs_env) + GS_SPLIT * GS_WIDTH;
            for (int y = 0; y < ROWS; y++) {
                assert_memory_equal(now + y * GS_WIDTH, last + y * GS_WIDTH + 8, 32 * sizeof *now);
                assert_memory_equal(now + y * GS_WIDTH + 64, last + y * GS_WIDTH + 72, (GS_WIDTH - 72) * sizeof *now);
            }
        }
    }
}

/* Nothing moves on while the player waits: what the last frame of a decision shows is whole. */
static void test_pictures_are_whole(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(31, 0);
    for (int i = 0; i < 60; i++) {
        char knobs[40];
        snprintf(knobs, sizeof knobs, "n=%d,keep=%d,horizon=2", 1 + i % 12, i % 2);
        gs_reset(gs_env, (uint64_t)i, knobs);
        for (int d = 0; d < 40; d++) {
            lp_outcome outcome = lp_env_step(gs_env, (int)lp_rng_below(&rng, 3) ? gs_oracle(gs_env) : gs_random(gs_env, &rng));
            if (gs_value(gs_env, "phase") == CLIMB) continue;
            uint64_t seen = gs_frame_hash(gs_env, 0, GS_HEIGHT);
            lp_env_step(gs_env, NONE);
            assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == seen);
            if (outcome) break;
        }
    }
}

/* ---- honesty ---- */
static bool differ(uint32_t a, uint32_t b) {
    int sa[MAX_COLUMNS], sb[MAX_COLUMNS];
    safe_of(a, sa), safe_of(b, sb);
    return memcmp(sa, sb, 2 * sizeof *sa);
}

/* Falls so many times, each time after so many steps that held, and is on the bridge again. */
static void fall(lp_env *e, int times, int held) {
    while (times--) {
        for (int i = 0; i < held; i++) lp_env_step(e, gs_oracle(e));
        lp_env_step(e, wrong_action(e));
        while (gs_value(e, "phase") == CLIMB) lp_env_step(e, NONE);
    }
}

/* Two seeds with the same scenery and different tiles, who fell at other places another number of times (and waited until as
 * much time was gone), are the same at the bridge, and on the way back from their next fall. */
static void test_nothing_tells(void **state) {
    (void)state;
    uint32_t i = 0, a, b;
    for (int pair = 0; pair < 24; pair++) {
        char knobs[60];
        int n = 2 + pair % 11, horizon = 2 + pair % 5;
        snprintf(knobs, sizeof knobs, "n=%d,horizon=%d", n, horizon);
        gs_pair(&i, differ, &a, &b);
        gs_reset(gs_env, a, knobs), gs_reset(gs_other, b, knobs);
        gs_assert_same(); /* before the first step */
        fall(gs_env, 1 + pair % 3, pair % 2), fall(gs_other, pair % 4, (pair + 1) % 2);
        while (gs_value(gs_env, "decisions") < gs_value(gs_other, "decisions")) lp_env_step(gs_env, NONE);
        while (gs_value(gs_other, "decisions") < gs_value(gs_env, "decisions")) lp_env_step(gs_other, NONE);
        gs_assert_same();
        lp_env_step(gs_env, wrong_action(gs_env)), lp_env_step(gs_other, wrong_action(gs_other));
        for (int d = 0; d < horizon; d++) {
            lp_env_step(gs_env, d % 4), lp_env_step(gs_other, (d + pair) % 4);
            gs_assert_same();
        }
    }
}

static void probe(const char *knobs, bool in_sight) {
    int n = gs_number(450, 3000);
    gs_probe p;
    gs_probe_open(&p, n, 3);
    for (int i = 0; i < n; i++) {
        gs_reset(gs_env, lp_game_train_seed(6, (uint64_t)i), knobs);
        lp_env_step(gs_env, 1 + i % 3);
        if (gs_value(gs_env, "phase") != CLIMB)
            lp_env_step(gs_env, 1 + (int)gs_value(gs_env, "safe2")), lp_env_step(gs_env, 1 + (int)(gs_value(gs_env, "safe3") + 1) % 3);
        for (int d = 0; gs_value(gs_env, "phase") == CLIMB && d < 9; d++) lp_env_step(gs_env, NONE);
        gs_probe_add(&p, gs_env, (int)gs_value(gs_env, "safe1"));
    }
    gs_expect_probe(knobs, &p, in_sight);
}

static void test_probe(void **state) {
    (void)state;
    probe("n=3,horizon=3", false), probe("n=3,horizon=30", false), probe("n=3,horizon=3,keep=1", true);
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"n=1", "n=12,horizon=1000000", "n=8,keep=1", "n=3"};
    gs_same_start(knobs, 4, gs_number(30, 500));
}

static void test_header(void **state) {
    (void)state;
    gs_header("MAP");
}

static void test_rebuilt(void **state) {
    (void)state;
    gs_rebuilt();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_memory_wins),
        cmocka_unit_test(test_tiles_are_even),
        cmocka_unit_test(test_horizon_counts),
        cmocka_unit_test(test_falls),
        cmocka_unit_test(test_waiting_loses),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_falls_are_seen),
        cmocka_unit_test(test_frames_are_clean),
        cmocka_unit_test(test_pictures_are_whole),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
