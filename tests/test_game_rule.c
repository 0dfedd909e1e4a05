/* The game rule: its lesson, nights and exam to the decision, its floor and its optimum, that nothing tells the rule once the
 * lesson is over, that pictures are whole, and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { LESSON = 1, SHOWN, NIGHT, WALK, EXAM, NEXT, END };
enum { NONE, LEFT, RIGHT, UP, DOWN };
enum { MAX_SYMBOLS = 4, WAIT_DECISIONS = 64, NIGHT_DECISIONS = 8 };

static int setup(void **state) {
    (void)state;
    return gs_open("rule");
}

/* What a symbol means, written again. */
static int means(uint32_t seed, int symbol) { return (int)(gs_mix(seed ^ 0x2545f491) >> (2 * symbol) & 3); }

static int wrong_action(lp_env *e) { return LEFT + (int)(gs_value(e, "answer") + 1) % 4; }

/* Goes on by the oracle until the phase is there. */
static void until(lp_env *e, int phase) {
    while (gs_value(e, "phase") != phase) assert_int_equal(lp_env_step(e, gs_oracle(e)), LP_RUNNING);
}

/* ---- optimum and floor ---- */
static void test_oracle(void **state) {
    (void)state;
    int n = gs_number(16, 1008);
    gs_oracle_wins("S=1,horizon=1", n), gs_oracle_wins("S=2", n), gs_oracle_wins("S=3,episodes=4,keep=1", n);
    gs_oracle_wins("S=4,episodes=8,horizon=10", n), gs_oracle_wins("S=4,episodes=1", n), gs_oracle_wins("S=1,horizon=100", n);
}

static void test_random(void **state) {
    (void)state;
    static const char *const knobs[] = {"S=1,episodes=1", "S=2,horizon=1", "S=3,episodes=1", "S=1,horizon=9"};
    static const int symbols[] = {1, 2, 3, 1};
    for (int k = 0; k < 4; k++) {
        int n = gs_number(400, 10000);
        gs_expect_rate(knobs[k], gs_play(knobs[k], gs_random, n, k % 2, 11), n, pow(4, -symbols[k]));
    }
}

/* Every button of every symbol, and every pair of meanings, is as common, in either set of seeds; the game's are those counted. */
static void test_rules_are_even(void **state) {
    (void)state;
    enum { N = 100000 };
    for (int set = 0; set < 2; set++) {
        int count[256] = {0};
        for (uint64_t i = 0; i < N; i++) {
            uint32_t seed = (uint32_t)(set ? lp_game_train_seed(3, i) : lp_game_eval_seed(3, i));
            count[gs_mix(seed ^ 0x2545f491) & 255]++;
            if (i >= 40) continue;
            gs_reset(gs_env, seed, "S=4");
            for (int s = 0; s < MAX_SYMBOLS; s++) assert_int_equal(gs_value_of(gs_env, "means", s), means(seed, s));
            assert_int_equal(gs_value(gs_env, "scenery"), gs_scenery_of(seed));
        }
        for (int rule = 0; rule < 256; rule++) assert_true(fabs(count[rule] - N / 256.0) < 4.5 * sqrt(N / 256.0)); /* of 512 */
    }
}

/* ---- the rules, to the decision ---- */

/* Every symbol is asked three times in the lesson and once in the exam, in orders that vary. */
static void test_orders(void **state) {
    (void)state;
    for (int n = 1; n <= MAX_SYMBOLS; n++) {
        int first[2][MAX_SYMBOLS] = {{0}};
        for (uint64_t seed = 0; seed < 60; seed++) {
            char knobs[20];
            int asked[2][MAX_SYMBOLS] = {{0}};
            snprintf(knobs, sizeof knobs, "S=%d", n);
            gs_reset(gs_env, seed, knobs);
            for (int i = 1; i <= 3 * n; i++) asked[0][gs_value_of(gs_env, "lesson", i)]++;
            for (int i = 1; i <= n; i++) asked[1][gs_value_of(gs_env, "exam", i)]++;
            for (int s = 0; s < MAX_SYMBOLS; s++) assert_true(asked[0][s] == 3 * (s < n) && asked[1][s] == (s < n));
            first[0][gs_value(gs_env, "lesson1")]++, first[1][gs_value(gs_env, "exam1")]++;
        }
        for (int s = 0; s < n; s++) assert_true(first[0][s] > 60 / n / 3 && first[1][s] > 60 / n / 3);
    }
}

static void expect_phase(int phase, int decisions, bool press) {
    for (int d = 0; d < decisions; d++) {
        assert_int_equal(gs_value(gs_env, "phase"), phase);
        assert_int_equal(lp_env_step(gs_env, press ? 1 + d % 4 : NONE), LP_RUNNING);
    }
}

/* Lesson, nights, exam: how long each takes; keys do nothing where nothing is asked. */
static void test_counts(void **state) {
    (void)state;
    static const int horizons[] = {1, 2, 5, 31, 32, 33, 255, 256, 257};
    for (int k = 0; k < 9; k++) {
        char knobs[60];
        int n = 1 + k % 4, nights = k % 3 ? k % 8 : 0;
        snprintf(knobs, sizeof knobs, "S=%d,episodes=%d,horizon=%d", n, nights + 1, horizons[k]);
        gs_reset(gs_env, (uint64_t)k, knobs);
        for (int item = 1; item <= 3 * n; item++) {
            int symbol = (int)gs_value_of(gs_env, "lesson", item);
            expect_phase(LESSON, item % 3, false); /* it waits */
            assert_int_equal(gs_value(gs_env, "symbol"), symbol);
            assert_int_equal(gs_value(gs_env, "answer"), means((uint32_t)k, symbol));
            assert_int_equal(lp_env_step(gs_env, item % 2 ? gs_oracle(gs_env) : wrong_action(gs_env)), LP_RUNNING);
            assert_int_equal(gs_value(gs_env, "correct"), item % 2);
            expect_phase(SHOWN, 2, item == 2);
        }
        for (int night = 1; night <= nights; night++) {
            assert_int_equal(gs_value(gs_env, "night"), night);
            expect_phase(NIGHT, NIGHT_DECISIONS, true);
            expect_phase(WALK, horizons[k], true);
        }
        assert_int_equal(gs_value(gs_env, "walked"), nights * horizons[k]);
        for (int item = 1; item <= n; item++) {
            expect_phase(EXAM, item % 3, false);
            assert_int_equal(gs_value(gs_env, "symbol"), gs_value_of(gs_env, "exam", item));
            assert_int_equal(lp_env_step(gs_env, gs_oracle(gs_env)), item < n ? LP_RUNNING : LP_WIN);
            if (item < n) expect_phase(NEXT, 1, true);
        }
    }
    gs_reset(gs_env, 9, "horizon=1000000");
    until(gs_env, WALK);
    const int64_t steps = 1000000 - 5;
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(gs_env), 0xC0DC + (uint32_t)i, (uint8_t)(steps >> (8 * i)));
    expect_phase(WALK, 5, false);
    assert_int_equal(gs_value(gs_env, "phase"), EXAM);
}

/* All must be right: one wrong answer anywhere loses, and only at the end; what was wrong in the lesson does not count. */
static void test_exam(void **state) {
    (void)state;
    for (int wrong = 0; wrong <= 4; wrong++) {
        gs_reset(gs_env, 17, "S=4,horizon=1");
        while (gs_value(gs_env, "phase") != EXAM) lp_env_step(gs_env, gs_value(gs_env, "phase") == LESSON ? wrong_action(gs_env) : NONE);
        for (int item = 1; item <= 4; item++) {
            lp_outcome outcome = lp_env_step(gs_env, item == wrong ? wrong_action(gs_env) : gs_oracle(gs_env));
            assert_int_equal(outcome, item < 4 ? LP_RUNNING : wrong ? LP_LOSS : LP_WIN);
            if (item < 4) lp_env_step(gs_env, NONE);
        }
        assert_int_equal(gs_value(gs_env, "opened"), 4 - (wrong > 0));
        uint64_t end = gs_frame_hash(gs_env, 0, GS_HEIGHT);
        for (int i = 0; i < 20; i++) assert_int_equal(lp_env_step(gs_env, i % 5), wrong ? LP_LOSS : LP_WIN);
        assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == end);
    }
}

static void test_waiting_loses(void **state) {
    (void)state;
    const lp_event *events;
    for (int exam = 0; exam < 2; exam++) {
        gs_reset(gs_env, 3, "S=1");
        if (exam) until(gs_env, EXAM);
        for (int i = 0; i < WAIT_DECISIONS - 1; i++) assert_int_equal(lp_env_step(gs_env, NONE), LP_RUNNING);
        assert_int_equal(lp_env_step(gs_env, NONE), LP_LOSS);
        assert_int_equal(lp_env_events(gs_env, &events), 1);
        assert_non_null(strstr(events->text, "No answer to the circle: lost."));
    }
}

/* Whoever changes the rule in RAM does not win by it: the seed tells. */
static void test_audit(void **state) {
    (void)state;
    gs_reset(gs_env, 17, "S=1,episodes=1");
    until(gs_env, EXAM);
    int other = (int)(gs_value(gs_env, "answer") + 1) % 4;
    lp_emu_write8(lp_env_emu(gs_env), 0xC0C0, (uint8_t)other);
    assert_int_equal(lp_env_step(gs_env, LEFT + other), LP_LOSS);
    assert_int_equal(gs_value(gs_env, "result"), LP_WIN);
}

/* ---- what the player sees ---- */

/* The same picture for the same symbol, answer and verdict, another for any other; the exam shows no verdict. */
static void test_lesson_is_seen(void **state) {
    (void)state;
    uint64_t asked[4] = {0}, shown[4][4][2] = {{{0}}}, examined[4] = {0};
    for (uint64_t seed = 0; seed < 40; seed++) {
        gs_reset(gs_env, seed, "S=4,episodes=1");
        while (gs_value(gs_env, "phase") < NIGHT) {
            int64_t symbol = gs_value(gs_env, "symbol"), answer = gs_value(gs_env, "answer"), correct = gs_value(gs_env, "correct");
            uint64_t now = gs_frame_hash(gs_env, 0, GS_HEIGHT),
                     *at = gs_value(gs_env, "phase") == SHOWN ? &shown[symbol][answer][correct] : &asked[symbol];
            assert_true(!*at || *at == now);
            *at = now;
            lp_env_step(gs_env, seed % 2 ? gs_oracle(gs_env) : gs_value(gs_env, "phase") == LESSON ? wrong_action(gs_env) : NONE);
        }
        while (gs_value(gs_env, "phase") < END) {
            int64_t symbol = gs_value(gs_env, "symbol");
            if (gs_value(gs_env, "phase") == EXAM) {
                uint64_t now = gs_frame_hash(gs_env, 0, GS_HEIGHT);
                assert_true(!examined[symbol] || examined[symbol] == now); /* whatever was answered before */
                examined[symbol] = now;
            }
            lp_env_step(gs_env, (int)(1 + seed % 4));
        }
    }
    uint64_t all[40];
    int n = 0;
    for (int s = 0; s < 4; s++) {
        all[n++] = asked[s], all[n++] = examined[s];
        for (int a = 0; a < 4; a++) all[n++] = shown[s][a][0], all[n++] = shown[s][a][1];
    }
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++) assert_true(all[i] && all[i] != all[j]);
}

/* Nothing is drawn any more while a question waits, in the middle of a verdict, or at the end. */
static void test_pictures_are_whole(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(31, 0);
    for (int i = 0; i < 30; i++) {
        char knobs[40];
        lp_outcome outcome = LP_RUNNING;
        snprintf(knobs, sizeof knobs, "S=%d,keep=%d,horizon=2", 1 + i % 4, i / 4 % 2);
        gs_reset(gs_env, (uint64_t)i, knobs);
        while (outcome == LP_RUNNING) {
            int64_t phase = gs_value(gs_env, "phase"), waited = gs_value(gs_env, "waited");
            outcome = lp_env_step(gs_env, phase == LESSON || phase == EXAM ? 1 + (int)lp_rng_below(&rng, 4) : NONE);
            phase = gs_value(gs_env, "phase");
            waited = gs_value(gs_env, "waited");
            if (phase != LESSON && phase != EXAM && phase != END && !(phase == SHOWN && !waited)) continue;
            uint64_t seen = gs_frame_hash(gs_env, 0, GS_HEIGHT);
            lp_env_step(gs_env, NONE);
            assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == seen);
        }
    }
}

/* Each frame of the corridor is the one before, 8 pixels on, but for the hero (columns 32 to 63). */
static void test_corridor_is_clean(void **state) {
    (void)state;
    enum { ROWS = GS_HEIGHT - GS_SPLIT };
    static uint32_t last[ROWS * GS_WIDTH];
    gs_reset(gs_env, 77, "S=1,horizon=400");
    until(gs_env, WALK);
    for (int i = 0; i < 200; i++) {
        memcpy(last, gs_frame(gs_env) + GS_SPLIT * GS_WIDTH, sizeof last);
        lp_env_step(gs_env, NONE);
        const uint32_t *now = gs_frame(gs_env) + GS_SPLIT * GS_WIDTH;
        for (int y = 0; y < ROWS; y++) {
            assert_memory_equal(now + y * GS_WIDTH, last + y * GS_WIDTH + 8, 32 * sizeof *now);
            assert_memory_equal(now + y * GS_WIDTH + 64, last + y * GS_WIDTH + 72, (GS_WIDTH - 72) * sizeof *now);
        }
    }
}

/* ---- honesty ---- */
static bool differ(uint32_t a, uint32_t b) { return (gs_mix(a ^ 0x2545f491) ^ gs_mix(b ^ 0x2545f491)) & 3; }

/* Two seeds with the same scenery and different rules, one taught by right and one by wrong answers: the same from the night on to the last question of the exam,
 * whatever is answered there. */
static void test_nothing_tells(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(23, 0);
    uint32_t i = 0, a, b;
    for (int pair = 0; pair < 20; pair++) {
        char knobs[60];
        int n = 1 + pair % 4;
        bool was_asked = false;
        snprintf(knobs, sizeof knobs, "S=%d,episodes=%d,horizon=%d", n, 1 + pair / 4 % 3, 1 + pair % 7);
        gs_pair(&i, differ, &a, &b);
        gs_reset(gs_env, a, knobs), gs_reset(gs_other, b, knobs);
        gs_assert_same(); /* before the first answer */
        while (gs_value(gs_env, "phase") <= SHOWN) {
            bool asks = gs_value(gs_env, "phase") == LESSON, differs = gs_value(gs_env, "answer") != gs_value(gs_other, "answer");
            lp_env_step(gs_env, asks ? gs_oracle(gs_env) : NONE), lp_env_step(gs_other, asks ? wrong_action(gs_other) : NONE);
            if (asks && differs)
                assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) != gs_frame_hash(gs_other, 0, GS_HEIGHT)); /* the test can tell */
            was_asked |= asks && differs;
        }
        assert_true(was_asked);
        while (gs_value(gs_env, "phase") != END) {
            gs_assert_same();
            bool exam = gs_value(gs_env, "phase") == EXAM;
            lp_env_step(gs_env, exam ? 1 + (int)lp_rng_below(&rng, 4) : NONE),
                lp_env_step(gs_other, exam ? 1 + (int)lp_rng_below(&rng, 4) : NONE);
        }
    }
}

/* The first question of the exam: is its answer in the frame? */
static void probe(const char *knobs, bool in_sight) {
    int n = gs_number(300, 3000);
    gs_probe p;
    gs_probe_open(&p, n, 4);
    for (int i = 0; i < n; i++) {
        gs_reset(gs_env, lp_game_train_seed(6, (uint64_t)i), knobs);
        while (gs_value(gs_env, "phase") != EXAM) lp_env_step(gs_env, 1 + i % 4);
        gs_probe_add(&p, gs_env, (int)gs_value(gs_env, "answer"));
    }
    gs_expect_probe(knobs, &p, in_sight);
}

static void test_probe(void **state) {
    (void)state;
    probe("S=1,horizon=3", false), probe("S=2,horizon=1", false), probe("S=1,horizon=3,keep=1", true);
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"S=1", "S=4,episodes=8,horizon=1000000", "S=3,keep=1,episodes=1", "S=2"};
    gs_same_start(knobs, 4, gs_number(30, 500));
}

static void test_header(void **state) {
    (void)state;
    gs_header("RULE");
}

static void test_rebuilt(void **state) {
    (void)state;
    gs_rebuilt();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_rules_are_even),
        cmocka_unit_test(test_orders),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_exam),
        cmocka_unit_test(test_waiting_loses),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_lesson_is_seen),
        cmocka_unit_test(test_pictures_are_whole),
        cmocka_unit_test(test_corridor_is_clean),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
