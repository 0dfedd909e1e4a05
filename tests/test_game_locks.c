/* The game locks: its rules to the decision, that a win is as rare as is documented, that no lever is right more often than another, that
 * who knows the emblems' levers and nothing else wins, and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { LOCKS = 1, END };
enum { NONE, LEFT, RIGHT, UP, DOWN };
enum { MAX_LOCKS = 16, EMBLEMS = 8, LIT = 0xC0C0 };

static const int obeys[EMBLEMS] = {UP, LEFT, DOWN, RIGHT, RIGHT, DOWN, LEFT, UP};

static int setup(void **state) {
    (void)state;
    return gs_open("locks");
}

static const char *knobs_of(int n, int64_t horizon) {
    static char text[80];
    snprintf(text, sizeof text, "n=%d,horizon=%lld", n, (long long)horizon);
    return text;
}

static int by_emblem(lp_env *e, lp_rng *rng) {
    (void)rng;
    return obeys[gs_value(e, "emblem")];
}

static int wrong_lever(lp_env *e) { return LEFT + (gs_oracle(e) - LEFT + 1) % 4; }

/* ---- optimum and floor ---- */
static void test_optimum(void **state) {
    (void)state;
    for (int n = 1; n <= MAX_LOCKS; n += 5) {
        gs_oracle_wins(knobs_of(n, n), gs_number(16, 1008));
        assert_int_equal(gs_play(knobs_of(n, n), by_emblem, 16, true, 8), 16);
    }
}

/* Of five buttons one opens a lock, one waits, three spring all shut. */
static double floor_of(int n, int horizon) {
    double p[MAX_LOCKS + 1] = {1};
    for (int d = 0; d < horizon; d++) {
        double next[MAX_LOCKS + 1] = {0};
        next[n] = p[n];
        for (int lit = 0; lit < n; lit++) next[lit + 1] += p[lit] / 5, next[lit] += p[lit] / 5, next[0] += p[lit] * 3 / 5;
        memcpy(p, next, sizeof p);
    }
    return p[n];
}

static void test_random(void **state) {
    (void)state;
    static const int cases[][2] = {{1, 1}, {2, 16}, {3, 64}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int n = gs_number(480, 10000), locks = cases[i][0], horizon = cases[i][1];
        gs_expect_rate(knobs_of(locks, horizon), gs_play(knobs_of(locks, horizon), gs_random, n, i % 2, 11), n, floor_of(locks, horizon));
    }
}

/* A win takes 5 (4^n - 1) / 3 decisions of random buttons: the mean is the sum, over all d, of the chance not to have won by d. */
static void test_how_rare(void **state) {
    (void)state;
    for (int n = 1; n <= 3; n++) {
        double mean = 0;
        for (int d = 0; d < 3000; d++) mean += 1 - floor_of(n, d);
        assert_float_equal(mean, 5 * (pow(4, n) - 1) / 3, 0.01);
    }
}

/* ---- the rules, to the decision ---- */
static void test_decisions(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(3, 0);
    for (int n = 1; n <= MAX_LOCKS; n++) {
        int64_t horizon = 5 + 3 * n, lit = 0, best = 0, pulls = 0, wrong = 0;
        gs_reset(gs_env, 40 + (uint64_t)n, knobs_of(n, horizon));
        for (int64_t d = 1;; d++) {
            assert_int_equal(gs_value(gs_env, "emblem"), gs_value_of(gs_env, "emblem", (int)lit));
            int right = obeys[gs_value(gs_env, "emblem")], action = lp_rng_below(&rng, 5) ? right : (int)lp_rng_below(&rng, 5);
            assert_int_equal(gs_oracle(gs_env), right);
            lp_outcome outcome = lp_env_step(gs_env, action);
            pulls += action != NONE;
            wrong += action != NONE && action != right;
            lit = action == right ? lit + 1 : action == NONE ? lit : 0;
            best = lit > best ? lit : best;
            assert_int_equal(gs_value(gs_env, "lit"), lit);
            assert_int_equal(gs_value(gs_env, "best"), best);
            assert_int_equal(gs_value(gs_env, "pulls"), pulls);
            assert_int_equal(gs_value(gs_env, "wrong"), wrong);
            assert_int_equal(outcome, lit == n ? LP_WIN : d == horizon ? LP_LOSS : LP_RUNNING);
            assert_int_equal(gs_value(gs_env, "phase"), outcome ? END : LOCKS);
            if (outcome) break;
        }
        uint64_t end = gs_frame_hash(gs_env, 0, GS_HEIGHT);
        for (int i = 0; i < 20; i++) lp_env_step(gs_env, i % 5);
        assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == end);
        assert_int_equal(gs_value(gs_env, "pulls"), pulls);
    }
}

/* How many lamps burn on the screen: in the middle of a lamp that does it is white. */
static int lamps_burning(int n) {
    const uint32_t *pixels = gs_frame(gs_env);
    int burning = 0;
    for (int lock = 0; lock < n; lock++) {
        uint32_t middle = pixels[(GS_SPLIT + 8 + 4) * GS_WIDTH + 8 * ((20 - n) / 2 + lock) + 4];
        burning += (middle & 0xFF) > 0xC0;
    }
    return burning;
}

/* A lamp for each open lock; the lever that was pulled is down for one decision. */
static void test_what_is_seen(void **state) {
    (void)state;
    for (int n = 1; n <= MAX_LOCKS; n += 3) {
        gs_reset(gs_env, 9, knobs_of(n, 100));
        uint64_t first = gs_frame_hash(gs_env, 0, GS_HEIGHT);
        assert_int_equal(lamps_burning(n), 0);
        lp_env_step(gs_env, NONE);
        assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == first);
        for (int lock = 1; lock < n; lock++) {
            assert_int_equal(lp_env_step(gs_env, gs_oracle(gs_env)), LP_RUNNING);
            assert_int_equal(lamps_burning(n), lock);
        }
        lp_env_step(gs_env, wrong_lever(gs_env));
        assert_int_equal(lamps_burning(n), 0);
        assert_true(gs_frame_hash(gs_env, GS_SPLIT, GS_SPLIT) != first); /* the lever */
        lp_env_step(gs_env, NONE);
        assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == first);
    }
}

static void test_longest_horizon(void **state) {
    (void)state;
    gs_reset(gs_env, 9, knobs_of(2, 1000000));
    const uint32_t decisions = 1000000 - 3;
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(gs_env), 0xC0B4 + (uint32_t)i, (uint8_t)(decisions >> (8 * i)));
    for (int i = 0; i < 2; i++) assert_int_equal(lp_env_step(gs_env, NONE), LP_RUNNING);
    assert_int_equal(lp_env_step(gs_env, NONE), LP_LOSS);
}

static void test_events(void **state) {
    (void)state;
    const lp_event *events;
    gs_reset(gs_env, 5, knobs_of(3, 20));
    assert_int_equal(lp_env_events(gs_env, &events), 0);
    for (int lock = 1; lock <= 2; lock++) {
        lp_env_step(gs_env, gs_oracle(gs_env));
        assert_int_equal(lp_env_events(gs_env, &events), 1);
        assert_true(events->milestone && events->name[5] == '0' + lock);
    }
    lp_env_step(gs_env, wrong_lever(gs_env));
    assert_int_equal(lp_env_events(gs_env, &events), 1);
    assert_non_null(strstr(events->text, "all locks spring shut."));
    for (int lock = 1; lock <= 3; lock++) lp_env_step(gs_env, gs_oracle(gs_env));
    assert_int_equal(lp_env_events(gs_env, &events), 2);
    assert_string_equal(events[1].text, "All 3 locks are open: won.");
}

/* Whoever forges the count of open locks does not win: the lamps tell. */
static void test_audit(void **state) {
    (void)state;
    gs_reset(gs_env, 40, knobs_of(8, 20));
    lp_emu_write8(lp_env_emu(gs_env), LIT, 7);
    lp_outcome outcome = lp_env_step(gs_env, gs_oracle(gs_env));
    for (int i = 0; i < 20 && outcome == LP_RUNNING && gs_value(gs_env, "lit") != 8; i++) {
        lp_emu_write8(lp_env_emu(gs_env), LIT, 7);
        outcome = lp_env_step(gs_env, LEFT + i % 4);
    }
    assert_int_equal(gs_value(gs_env, "result"), LP_WIN);
    assert_int_equal(outcome, LP_LOSS);
}

/* Each of eight emblems is as common in each lock as another, in either set of seeds, whatever the one before. */
static void test_emblems_are_even(void **state) {
    (void)state;
    enum { N = 20000 };
    for (int set = 0; set < 2; set++) {
        int count[EMBLEMS] = {0}, pairs[EMBLEMS][EMBLEMS] = {{0}};
        for (uint64_t i = 0; i < N; i++) {
            uint32_t seed = (uint32_t)(set ? lp_game_train_seed(3, i) : lp_game_eval_seed(3, i)), x = gs_mix(seed ^ 0x2545f491) | 1,
                     last = EMBLEMS;
            for (int lock = 0; lock < MAX_LOCKS; lock++) {
                x ^= x << 13, x ^= x >> 17, x ^= x << 5;
                uint32_t emblem = x >> 24 & 7;
                count[emblem]++;
                if (last < EMBLEMS) pairs[last][emblem]++;
                last = emblem;
                if (i >= 40) continue;
                if (lock == 0) gs_reset(gs_env, seed, "");
                assert_int_equal(gs_value_of(gs_env, "emblem", lock), emblem);
            }
        }
        for (int a = 0; a < EMBLEMS; a++) {
            assert_true(fabs(count[a] - N * 2.0) < 3.5 * sqrt(N * 2.0 * 7 / 8));
            for (int b = 0; b < EMBLEMS; b++) assert_true(fabs(pairs[a][b] - N * 15 / 64.0) < 4.5 * sqrt(N * 15 / 64.0));
        }
    }
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"n=1,horizon=2", "n=4,horizon=64", "n=16,horizon=1000"};
    gs_same_start(knobs, 3, gs_number(30, 500));
}

static void test_header(void **state) {
    (void)state;
    gs_header("LOCKS");
}

static void test_rebuilt(void **state) {
    (void)state;
    gs_rebuilt();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimum),   cmocka_unit_test(test_random),       cmocka_unit_test(test_how_rare),
        cmocka_unit_test(test_decisions), cmocka_unit_test(test_what_is_seen), cmocka_unit_test(test_longest_horizon),
        cmocka_unit_test(test_events),    cmocka_unit_test(test_audit),        cmocka_unit_test(test_emblems_are_even),
        cmocka_unit_test(test_start),     cmocka_unit_test(test_header),       cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
