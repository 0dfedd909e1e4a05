/* The game order: its rules to the decision, optimum and floor, that nothing tells what is still to be given, that frames are clean,
 * and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { SHOW = 1, CORRIDOR, ASK, END };
enum { NONE, LEFT, RIGHT, UP, DOWN };
enum { EACH = 3, SHOWN = 2, TICK = 2, ASK_DECISIONS = 64, MOST = 8 };

static int setup(void **state) {
    (void)state;
    return gs_open("order");
}

static const char *knobs_of(int64_t horizon, int n, int keep) {
    static char text[80];
    snprintf(text, sizeof text, "horizon=%lld,n=%d,keep=%d", (long long)horizon, n, keep);
    return text;
}

static int arrow_of(uint32_t seed, int which) { return (int)(gs_mix(seed ^ 0x2545f491) >> (8 + 2 * which) & 3); }

static void wait_for(lp_env *e, int phase) {
    while (gs_value(e, "phase") < phase) assert_int_equal(lp_env_step(e, NONE), LP_RUNNING);
}

/* Gives one arrow and waits until the next may be given. */
static lp_outcome give(lp_env *e, int arrow) {
    lp_outcome outcome = lp_env_step(e, LEFT + arrow);
    while (outcome == LP_RUNNING && gs_value(e, "tick")) outcome = lp_env_step(e, LEFT + (arrow + 1) % 4); /* which does nothing */
    return outcome;
}

/* ---- optimum and floor ---- */
static void test_oracle(void **state) {
    (void)state;
    for (int n = 1; n <= 8; n += n == 1 ? 2 : 5) {
        gs_oracle_wins(knobs_of(1, n, 0), gs_number(64, 1008));
        gs_oracle_wins(knobs_of(16, n, n == 3), gs_number(32, 1008));
        gs_oracle_wins(knobs_of(256, n, 0), gs_number(16, 1008));
    }
}

static void test_random(void **state) {
    (void)state;
    for (int n = 1; n <= 4; n++) {
        int episodes = gs_number(n == 1 ? 480 : 800, 10000);
        char what[40];
        snprintf(what, sizeof what, "%d arrows", n);
        gs_expect_rate(what, gs_play(knobs_of(1, n, n == 2), gs_random, episodes, n % 2, 11), episodes, pow(4, -n));
    }
}

/* Every arrow is as common as another in each place, and after each other one, in either set of seeds: so no fixed answer wins more than
 * 4^-n. The arrows are the seed's hash written again, compared with the game's. */
static void test_even(void **state) {
    (void)state;
    enum { MANY = 100000, FEW = 60 };
    for (int set = 0; set < 2; set++) {
        int count[MOST][4] = {{0}}, pairs[16] = {0};
        for (uint64_t i = 0; i < MANY; i++) {
            uint32_t seed = (uint32_t)(set ? lp_game_train_seed(3, i) : lp_game_eval_seed(3, i));
            for (int k = 0; k < MOST; k++) count[k][arrow_of(seed, k)]++;
            pairs[arrow_of(seed, 0) * 4 + arrow_of(seed, 1)]++;
            if (i >= FEW) continue;
            gs_reset(gs_env, seed, "n=8");
            for (int k = 0; k < MOST; k++) assert_int_equal(gs_value_of(gs_env, "sequence", k), arrow_of(seed, k));
            assert_int_equal(gs_value(gs_env, "scenery"), gs_scenery_of(seed));
        }
        for (int k = 0; k < MOST; k++)
            for (int a = 0; a < 4; a++) assert_true(fabs(count[k][a] - MANY / 4.0) < 3.9 * sqrt(MANY * 3 / 16.0));
        for (int a = 0; a < 16; a++) assert_true(fabs(pairs[a] - MANY / 16.0) < 3.9 * sqrt(MANY * 15 / 256.0));
    }
}

/* ---- the rules, to the decision ---- */
static void test_decisions(void **state) {
    (void)state;
    static const int64_t horizons[] = {1, 2, 3, 31, 32, 33, 255, 256, 257};
    for (size_t h = 0; h < sizeof horizons / sizeof *horizons; h++) {
        int n = 1 + (int)h % 8;
        uint32_t seed = (uint32_t)(40 + h);
        gs_reset(gs_env, seed, knobs_of(horizons[h], n, h % 2));
        int64_t corridor = EACH * n - 1, ask = corridor + horizons[h], end = ask + EACH * (n - 1) + 1;
        for (int64_t d = 0; d < end; d++) {
            assert_int_equal(gs_value(gs_env, "phase"), d < corridor ? SHOW : d < ask ? CORRIDOR : ASK);
            assert_int_equal(gs_value(gs_env, "decisions"), d);
            assert_int_equal(gs_value(gs_env, "walked"), d < corridor ? 0 : d < ask ? d - corridor : horizons[h]);
            assert_int_equal(gs_value(gs_env, "arrow"), d < corridor && d % EACH < SHOWN ? arrow_of(seed, (int)d / EACH) : 255);
            bool answers = d >= ask && (d - ask) % EACH == 0;
            int action = answers ? LEFT + arrow_of(seed, (int)(d - ask) / EACH) : (int)d % 5; /* else keys do nothing */
            assert_int_equal(lp_env_step(gs_env, action), d + 1 < end ? LP_RUNNING : LP_WIN);
            if (d >= ask) assert_int_equal(gs_value(gs_env, "given"), (d - ask) / EACH + 1);
        }
    }
}

static void test_longest_horizon(void **state) {
    (void)state;
    gs_reset(gs_env, 9, knobs_of(2000000, 1, 0));
    wait_for(gs_env, CORRIDOR);
    const int64_t walked = 2000000 - 10;
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(gs_env), 0xC0B8 + (uint32_t)i, (uint8_t)(walked >> (8 * i)));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(gs_value(gs_env, "phase"), CORRIDOR);
        lp_env_step(gs_env, UP);
    }
    assert_int_equal(gs_value(gs_env, "phase"), ASK);
}

/* The first wrong arrow loses, wherever it is; the audit's witness says nothing but for a whole right sequence. */
static void test_wrong(void **state) {
    (void)state;
    for (int n = 1; n <= 8; n++)
        for (int wrong = 0; wrong <= n; wrong++) {
            uint32_t seed = (uint32_t)(n * 100 + wrong);
            gs_reset(gs_env, seed, knobs_of(1 + wrong, n, n % 2));
            wait_for(gs_env, ASK);
            for (int k = 0; k < n && k <= wrong; k++) {
                lp_outcome outcome = give(gs_env, (arrow_of(seed, k) + (k == wrong ? 1 + n % 3 : 0)) % 4);
                assert_int_equal(outcome, k == wrong ? LP_LOSS : k == n - 1 ? LP_WIN : LP_RUNNING);
            }
            assert_int_equal(gs_value(gs_env, "opened"), wrong == n);
            assert_int_equal(gs_value(gs_env, "given"), wrong);
        }
}

static void test_no_answer(void **state) {
    (void)state;
    for (int given = 0; given < 2; given++) {
        gs_reset(gs_env, 3, knobs_of(5, 2, 0));
        wait_for(gs_env, ASK);
        if (given) give(gs_env, arrow_of(3, 0));
        for (int i = 0; i < ASK_DECISIONS - 1; i++) assert_int_equal(lp_env_step(gs_env, NONE), LP_RUNNING);
        assert_int_equal(lp_env_step(gs_env, NONE), LP_LOSS);
        const lp_event *events;
        assert_int_equal(lp_env_events(gs_env, &events), 1);
        assert_string_equal(events->text, "No answer came: lost.");
        uint64_t end = gs_frame_hash(gs_env, 0, GS_HEIGHT);
        for (int i = 0; i < 50; i++) assert_int_equal(lp_env_step(gs_env, 1 + i % 4), LP_LOSS);
        assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == end);
    }
}

/* ---- what the player sees ---- */

/* The upper part: an arrow of its own for each, for 2 decisions, then the same blank. */
static void test_board(void **state) {
    (void)state;
    uint64_t shown[4] = {0}, blank = 0, question = 0, tick = 0;
    for (uint32_t seed = 0; seed < 30; seed++) {
        gs_reset(gs_env, seed, knobs_of(4, 4, 0));
        for (int d = 0; d < EACH * 4 + 4; d++) {
            uint64_t now = gs_frame_hash(gs_env, 8, 48);
            int arrow = arrow_of(seed, d / EACH);
            uint64_t *seen = d >= EACH * 4 + 3 ? &question : d < EACH * 4 && d % EACH < SHOWN ? &shown[arrow] : &blank;
            if (!*seen) *seen = now;
            assert_true(*seen == now);
            lp_env_step(gs_env, d == EACH * 4 + 3 ? LEFT + arrow_of(seed, 0) : NONE);
        }
        assert_int_equal(gs_value(gs_env, "given"), 1);
        tick = gs_frame_hash(gs_env, 8, 48);
        assert_true(tick != question);
    }
    assert_true(blank && question && question != blank);
    for (int a = 0; a < 4; a++) {
        assert_true(shown[a] && shown[a] != blank && shown[a] != question);
        for (int b = 0; b < a; b++) assert_true(shown[a] != shown[b]);
    }
}

/* The twin's wall: which arrow is next can be seen at every question, as the first that still hangs there. */
static void test_twin(void **state) {
    (void)state;
    uint64_t pictures[4] = {0};
    static const int columns[4] = {1, 4, 14, 17};
    for (uint32_t seed = 0; seed < 12; seed++) {
        gs_reset(gs_env, seed, knobs_of(5, 8, 1));
        wait_for(gs_env, ASK);
        for (int k = 0; k < 8; k++) {
            uint64_t picture = 0;
            for (int y = 0; y < 16; y++)
                picture = picture * 31 +
                          lp_hash64(gs_frame(gs_env) + ((k < 4 ? 8 : 40) + y) * GS_WIDTH + columns[k & 3] * 8, 16 * sizeof(uint32_t));
            uint64_t *seen = &pictures[arrow_of(seed, k)];
            if (!*seen) *seen = picture;
            assert_true(*seen == picture);
            give(gs_env, arrow_of(seed, k));
        }
    }
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < a; b++) assert_true(pictures[a] != pictures[b]);
}

/* One tile a decision, but for the hero (columns 32 to 63). */
static void test_frames_are_clean(void **state) {
    (void)state;
    static uint32_t last[GS_WIDTH * GS_HEIGHT];
    gs_reset(gs_env, 77, knobs_of(400, 2, 0));
    wait_for(gs_env, CORRIDOR);
    for (int i = 0; i < 380; i++) {
        memcpy(last, gs_frame(gs_env), sizeof last);
        lp_env_step(gs_env, NONE);
        for (int y = GS_SPLIT; y < GS_HEIGHT; y++) {
            const uint32_t *now = gs_frame(gs_env) + y * GS_WIDTH, *before = last + y * GS_WIDTH;
            assert_memory_equal(now, before + 8, 32 * sizeof *now);
            assert_memory_equal(now + 64, before + 72, (GS_WIDTH - 72) * sizeof *now);
        }
    }
}

/* ---- honesty ---- */
static bool differ_after_first(uint32_t a, uint32_t b) { return arrow_of(a, 0) == arrow_of(b, 0) && arrow_of(a, 1) != arrow_of(b, 1); }

/* Two seeds with the same scenery and the same first arrow: from the last blank on nothing differs, at any decision, until the
 * first was given and the second is asked for. */
static void test_nothing_tells(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(23, 0);
    uint32_t i = 0, a, b;
    for (int pair = 0; pair < gs_number(24, 200); pair++) {
        int n = 2 + pair % 7;
        int64_t horizon = 1 + (int64_t)lp_rng_below(&rng, 40), blank = EACH * n - 1, ask = blank + horizon;
        gs_pair(&i, differ_after_first, &a, &b);
        gs_reset(gs_env, a, knobs_of(horizon, n, 0)), gs_reset(gs_other, b, knobs_of(horizon, n, 0));
        for (int64_t d = 0; d <= ask + EACH + 5; d++) {
            if (d >= blank) gs_assert_same();
            else if (d == EACH)
                assert_true(gs_frame_hash(gs_env, 0, GS_SPLIT) != gs_frame_hash(gs_other, 0, GS_SPLIT)); /* the test can tell */
            int action = d < ask || (d > ask && d < ask + EACH) ? (int)lp_rng_below(&rng, 5) : d == ask ? LEFT + arrow_of(a, 0) : NONE;
            lp_env_step(gs_env, action), lp_env_step(gs_other, action);
        }
        assert_int_equal(gs_value(gs_env, "given"), 1);
    }
}

static void test_probe(void **state) {
    (void)state;
    int n = gs_number(300, 1500);
    for (int what = 0; what < 3; what++) {
        static const char *const names[] = {"first arrow in sight", "first arrow at the question", "third arrow after two were given"};
        gs_probe probe;
        gs_probe_open(&probe, n, 4);
        for (int i = 0; i < n; i++) {
            uint32_t seed = (uint32_t)lp_game_train_seed(9, (uint64_t)i);
            gs_reset(gs_env, seed, knobs_of(2, 4, 0));
            if (what) wait_for(gs_env, ASK);
            if (what == 2) give(gs_env, arrow_of(seed, 0)), give(gs_env, arrow_of(seed, 1));
            gs_probe_add(&probe, gs_env, arrow_of(seed, what == 2 ? 2 : 0));
        }
        gs_expect_probe(names[what], &probe, what == 0);
    }
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"horizon=1,n=1", "horizon=2000000,n=8", "n=8,keep=1"};
    gs_same_start(knobs, 3, 40);
}

static void test_header(void **state) {
    (void)state;
    gs_header("ORDER");
}

static void test_rebuilt(void **state) {
    (void)state;
    gs_rebuilt();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_even),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_longest_horizon),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_no_answer),
        cmocka_unit_test(test_board),
        cmocka_unit_test(test_twin),
        cmocka_unit_test(test_frames_are_clean),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
