/* The game catch: its rules to the decision, that a player who knows no more than the present frame wins at every speed, that
 * random buttons win as often as is documented, and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { FALLS = 1, LANDS, NEXT, END };
enum { NONE, LEFT, RIGHT };
enum { APPLES = 8, LANES = 8, BASKET_LAST = 5, FALL = 96 };
enum { BASKET = 0xC0C9, LANE = 0xC0C0, MISSED = 0xC0CC };

static int setup(void **state) {
    (void)state;
    return gs_open("catch");
}

static const char *at_speed(int speed) {
    static const char *const knobs[] = {"speed=1", "speed=2", "speed=3", "speed=4"};
    return knobs[speed - 1];
}

/* Looks at where the sprites are, and at nothing else. */
static int reactive(lp_env *e, lp_rng *rng) {
    (void)rng;
    lp_emu *emu = lp_env_emu(e);
    int apple = lp_emu_read8(emu, 0xFE01), basket = lp_emu_read8(emu, 0xFE09) + 16, y = lp_emu_read8(emu, 0xFE00);
    if (y >= 144) return NONE; /* nothing falls */
    return apple < basket ? LEFT : apple > basket ? RIGHT : NONE;
}

static void test_optimum(void **state) {
    (void)state;
    for (int speed = 1; speed <= 4; speed++) {
        int n = gs_number(speed < 3 ? 16 : 48, 1008);
        gs_oracle_wins(at_speed(speed), n);
        int wins = gs_play(at_speed(speed), reactive, n, true, 8);
        print_message("speed %d: a reactive player wins %d of %d\n", speed, wins, n);
        assert_int_equal(wins, n);
    }
}

/* Wherever the basket is it covers three of eight lanes: who does not look catches 3 of 8 apples, each by itself, at any speed. */
static void test_random(void **state) {
    (void)state;
    double rate = (28 * pow(3, 6) * pow(5, 2) + 8 * pow(3, 7) * 5 + pow(3, 8)) / pow(8, 8); /* six, seven, eight of eight: 0.0360 */
    for (int speed = 1; speed <= 4; speed++) {
        int n = gs_number(speed == 1 ? 192 : 400, 10000);
        gs_expect_rate(at_speed(speed), gs_play(at_speed(speed), gs_random, n, speed % 2, 11), n, rate);
    }
}

/* ---- the rules, to the decision ---- */
static void test_fall_counts(void **state) {
    (void)state;
    for (int speed = 1; speed <= 4; speed++) {
        gs_reset(gs_env, (uint64_t)speed, at_speed(speed));
        for (int apple = 0; apple < APPLES; apple++) {
            for (int d = 0; d < FALL / 4 / speed; d++) {
                assert_int_equal(gs_value(gs_env, "phase"), d || !apple ? FALLS : NEXT);
                assert_int_equal(gs_value(gs_env, "apple"), apple);
                assert_int_equal(lp_env_step(gs_env, gs_oracle(gs_env)), apple == 7 && d == FALL / 4 / speed - 1 ? LP_WIN : LP_RUNNING);
            }
            assert_int_equal(gs_value(gs_env, "caught"), apple + 1);
            if (apple < 7) lp_env_step(gs_env, NONE);
        }
        assert_int_equal(lp_env_steps(gs_env), APPLES * (FALL / 4 / speed) + 7);
    }
}

/* What is seen at the end of a decision is where the game says that it is. */
static void test_places(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(3, 0);
    for (int speed = 1; speed <= 4; speed++) {
        gs_reset(gs_env, 77, at_speed(speed));
        for (int64_t basket = gs_value(gs_env, "basket"), outcome = 0; !outcome;) {
            int action = (int)lp_rng_below(&rng, 3);
            outcome = lp_env_step(gs_env, action);
            basket += action == LEFT ? -(basket > 0) : action == RIGHT ? basket < BASKET_LAST : 0;
            assert_int_equal(gs_value(gs_env, "basket"), basket);
            lp_emu *emu = lp_env_emu(gs_env);
            for (int i = 0; i < 6; i++) assert_int_equal(lp_emu_read8(emu, 0xFE09 + 4 * (uint32_t)i), 16 + 16 * basket + 8 + 8 * i);
            if (gs_value(gs_env, "phase") != FALLS) continue;
            assert_int_equal(lp_emu_read8(emu, 0xFE00), 16 + 4 + gs_value(gs_env, "fallen"));
            assert_int_equal(lp_emu_read8(emu, 0xFE01), 8 + 16 + 16 * gs_value_of(gs_env, "lane", 1 + (int)gs_value(gs_env, "apple")));
        }
    }
}

/* Plays with the basket at a fixed distance from the apple's lane. */
static void at_offset(int lane, int basket, bool caught) {
    gs_reset(gs_env, 5, "speed=4");
    lp_emu_write8(lp_env_emu(gs_env), LANE, (uint8_t)lane);
    for (int d = 0; d < FALL / 16; d++) {
        int64_t now = gs_value(gs_env, "basket");
        lp_env_step(gs_env, now < basket ? RIGHT : now > basket ? LEFT : NONE);
    }
    assert_int_equal(gs_value(gs_env, "caught"), caught);
    assert_int_equal(gs_value(gs_env, "missed"), !caught);
}

static void test_basket_is_three_lanes_wide(void **state) {
    (void)state;
    for (int lane = 0; lane < LANES; lane++)
        for (int basket = 0; basket <= BASKET_LAST; basket++) at_offset(lane, basket, lane >= basket && lane < basket + 3);
}

/* From the far end, and only once the apple is in sight, the basket is there in time. */
static void test_reachable(void **state) {
    (void)state;
    for (int speed = 1; speed <= 4; speed++)
        for (int right = 0; right < 2; right++) {
            gs_reset(gs_env, 5, at_speed(speed));
            lp_emu_write8(lp_env_emu(gs_env), LANE, right ? 0 : LANES - 1);
            lp_emu_write8(lp_env_emu(gs_env), LANE + 1, right ? LANES - 1 : 0);
            while (gs_value(gs_env, "apple") == 0) lp_env_step(gs_env, gs_value(gs_env, "phase") == FALLS ? right ? LEFT : RIGHT : NONE);
            assert_int_equal(gs_value(gs_env, "basket"), right ? 0 : BASKET_LAST);
            while (gs_value(gs_env, "phase") != LANDS) lp_env_step(gs_env, gs_value(gs_env, "phase") == FALLS ? gs_oracle(gs_env) : NONE);
            assert_int_equal(gs_value(gs_env, "caught"), 2);
        }
}

/* Two missed apples do not lose, the third does at once. */
static void test_misses(void **state) {
    (void)state;
    for (int n_missed = 0; n_missed <= 3; n_missed++) {
        lp_outcome outcome = LP_RUNNING;
        gs_reset(gs_env, 40, "speed=3");
        while (outcome == LP_RUNNING) {
            int under = gs_oracle(gs_env);
            if (gs_value(gs_env, "missed") < n_missed) { /* away from it */
                int64_t lane = gs_value_of(gs_env, "lane", 1 + (int)gs_value(gs_env, "apple"));
                under = lane < 4 ? RIGHT : LEFT;
            }
            outcome = lp_env_step(gs_env, under);
        }
        assert_int_equal(gs_value(gs_env, "missed"), n_missed);
        assert_int_equal(outcome, n_missed < 3 ? LP_WIN : LP_LOSS);
        assert_int_equal(gs_value(gs_env, "caught"), n_missed < 3 ? APPLES - n_missed : 0);
        assert_int_equal(gs_value(gs_env, "opened"), gs_value(gs_env, "caught"));
        uint64_t end = gs_frame_hash(gs_env, 0, GS_HEIGHT);
        for (int i = 0; i < 20; i++) assert_int_equal(lp_env_step(gs_env, i % 3), outcome);
        assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == end);
    }
}

/* Whoever forges the count of misses does not win: the board's tally tells. */
static void test_audit(void **state) {
    (void)state;
    lp_outcome outcome = LP_RUNNING;
    gs_reset(gs_env, 40, "speed=4");
    while (outcome == LP_RUNNING) {
        lp_emu_write8(lp_env_emu(gs_env), MISSED, 0);
        outcome = lp_env_step(gs_env, NONE);
    }
    assert_int_equal(gs_value(gs_env, "result"), LP_WIN);
    assert_int_equal(outcome, LP_LOSS);
}

/* The lanes are even over both sets of seeds, and one says nothing about the next. */
static void test_lanes_are_even(void **state) {
    (void)state;
    enum { N = 20000 };
    for (int set = 0; set < 2; set++) {
        int count[LANES] = {0}, same = 0;
        for (uint64_t i = 0; i < N; i++) {
            uint32_t seed = (uint32_t)(set ? lp_game_train_seed(3, i) : lp_game_eval_seed(3, i)), x = gs_mix(seed ^ 0x2545f491) | 1,
                     last = LANES;
            for (int apple = 1; apple <= APPLES; apple++) {
                x ^= x << 13, x ^= x >> 17, x ^= x << 5;
                uint32_t lane = x >> 24 & 7;
                count[lane]++, same += lane == last;
                last = lane;
                if (i >= 40) continue;
                if (apple == 1) gs_reset(gs_env, seed, "");
                assert_int_equal(gs_value_of(gs_env, "lane", apple), lane);
            }
        }
        for (int lane = 0; lane < LANES; lane++) assert_true(fabs((double)count[lane] - N) < 3.5 * sqrt(N * 7 / 8.0));
        assert_true(fabs(same - N * 7 / 8.0) < 3.5 * sqrt(N * 49 / 64.0));
    }
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"speed=1", "speed=4"};
    gs_same_start(knobs, 2, gs_number(30, 500));
}

static void test_header(void **state) {
    (void)state;
    gs_header("CATCH");
}

static void test_rebuilt(void **state) {
    (void)state;
    gs_rebuilt();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimum),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_fall_counts),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_basket_is_three_lanes_wide),
        cmocka_unit_test(test_reachable),
        cmocka_unit_test(test_misses),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_lanes_are_even),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
