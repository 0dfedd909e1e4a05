/* What the tests of the games share, tried out on cue: who reads RAM wins, random buttons win as often as doors say, the probe sees
 * what is in sight and nothing when it is gone, pairs of seeds differ in nothing, every start takes the same time. */
#include "tests/small_game_support.h"

enum { CORRIDOR = 2, DOORS, SIGN_DECISIONS = 4, DOORS_KNOB = 4 };

static int setup(void **state) {
    (void)state;
    return gs_open("cue");
}

static uint32_t answer_of(uint32_t seed) { return gs_mix(seed ^ 0x2545f491) % DOORS_KNOB; }

static bool differ(uint32_t a, uint32_t b) { return answer_of(a) != answer_of(b); }

static void test_players(void **state) {
    (void)state;
    int n = gs_number(160, 10000);
    gs_oracle_wins("doors=4,horizon=3", 48);
    gs_expect_rate("4 doors", gs_play("doors=4,horizon=1", gs_random, n, true, 11), n, 0.25);
}

static void test_nothing_tells(void **state) {
    (void)state;
    uint32_t i = 0, a, b;
    for (int pair = 0; pair < 6; pair++) {
        gs_pair(&i, differ, &a, &b);
        gs_reset(gs_env, a, "doors=4,horizon=9"), gs_reset(gs_other, b, "doors=4,horizon=9");
        assert_int_equal(gs_value(gs_env, "answer"), answer_of(a));
        assert_true(gs_frame_hash(gs_env, 0, GS_SPLIT) != gs_frame_hash(gs_other, 0, GS_SPLIT));
        for (int d = 0; d < SIGN_DECISIONS + 10; d++) {
            if (d >= SIGN_DECISIONS) gs_assert_same();
            lp_env_step(gs_env, 0), lp_env_step(gs_other, 0);
        }
    }
}

static void test_probe(void **state) {
    (void)state;
    for (int in_sight = 0; in_sight < 2; in_sight++) {
        gs_probe probe;
        gs_probe_open(&probe, 240, DOORS_KNOB);
        for (uint64_t i = 0; i < 240; i++) {
            gs_reset(gs_env, lp_game_eval_seed(9, i), "doors=4,horizon=2");
            if (!in_sight)
                while (gs_value(gs_env, "phase") < DOORS) lp_env_step(gs_env, 0);
            gs_probe_add(&probe, gs_env, (int)gs_value(gs_env, "answer"));
        }
        gs_expect_probe(in_sight ? "on the sign" : "at the doors", &probe, in_sight);
    }
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"horizon=1", "doors=4,keep_cue=1"};
    gs_same_start(knobs, 2, 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_players),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_start),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
