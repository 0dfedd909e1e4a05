/* The game count: what is shown, its rules to the decision, optimum and floor, that nothing tells the count once the last picture is
 * gone, that frames are clean, and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { SHOW = 1, CORRIDOR, DOORS, END };
enum { NONE, LEFT, RIGHT, UP, DOWN };
enum { EACH = 3, SHOWN = 2, DOOR_DECISIONS = 64, LAMP = 0, PICTURES = 4 };

static int setup(void **state) {
    (void)state;
    return gs_open("count");
}

static const char *knobs_of(int64_t horizon, int flashes, int keep) {
    static char text[80];
    snprintf(text, sizeof text, "horizon=%lld,flashes=%d,keep=%d", (long long)horizon, flashes, keep);
    return text;
}

/* The game's plan, written again. */
static int answer_of(uint32_t seed) { return (int)(gs_mix(seed ^ 0x2545f491) >> 8 & 3); }

static int lamps_of(uint32_t seed, int flashes) {
    int answer = answer_of(seed), counts = (flashes - answer) / 4 + 1;
    return answer + 4 * (int)((gs_mix(seed ^ 0x27220a95) >> 8 & 0xffff) % (uint32_t)counts);
}

static void plan_of(uint32_t seed, int flashes, int *pictures) {
    uint32_t x = gs_mix(seed ^ 0x165667b1) | 1;
    int lamps = lamps_of(seed, flashes);
    for (int left = flashes; left; left--) {
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        bool is_lamp = (int)((x >> 16) % (uint32_t)left) < lamps;
        lamps -= is_lamp;
        *pictures++ = is_lamp ? LAMP : 1 + (int)((x & 0xffff) % 3);
    }
}

static void wait_for(lp_env *e, int phase) {
    while (gs_value(e, "phase") < phase) assert_int_equal(lp_env_step(e, NONE), LP_RUNNING);
}

/* ---- optimum and floor ---- */
static void test_oracle(void **state) {
    (void)state;
    for (int flashes = 4; flashes <= 32; flashes += flashes == 4 ? 5 : 23) {
        gs_oracle_wins(knobs_of(1, flashes, 0), gs_number(flashes > 9 ? 16 : 48, 1008));
        gs_oracle_wins(knobs_of(16, flashes, flashes == 9), gs_number(16, 1008));
        gs_oracle_wins(knobs_of(256, flashes, 0), gs_number(16, 1008));
    }
}

static void test_random(void **state) {
    (void)state;
    static const int flashes[3] = {4, 7, 32};
    for (int k = 0; k < 3; k++) {
        int n = gs_number(k == 2 ? 160 : 480, 10000);
        char what[40];
        snprintf(what, sizeof what, "%d pictures", flashes[k]);
        gs_expect_rate(what, gs_play(knobs_of(1, flashes[k], k == 1), gs_random, n, k % 2, 11), n, 0.25);
    }
}

/* Every remainder is as common as another in either set of seeds, and where there are several counts with it, each of those. */
static void test_even(void **state) {
    (void)state;
    enum { MANY = 100000 };
    for (int set = 0; set < 2; set++)
        for (int flashes = 4; flashes <= 32; flashes += 7) {
            int answers[4] = {0}, counts[33] = {0};
            for (uint64_t i = 0; i < MANY; i++) {
                uint32_t seed = (uint32_t)(set ? lp_game_train_seed(3, i) : lp_game_eval_seed(3, i));
                answers[answer_of(seed)]++, counts[lamps_of(seed, flashes)]++;
            }
            for (int a = 0; a < 4; a++) assert_true(fabs(answers[a] - MANY / 4.0) < 3.9 * sqrt(MANY * 3 / 16.0));
            for (int c = 0; c <= flashes; c++) {
                double p = 0.25 / ((flashes - c % 4) / 4 + 1);
                assert_true(fabs(counts[c] - MANY * p) < 4.5 * sqrt(MANY * p * (1 - p)));
            }
        }
}

/* ---- the rules, to the decision ---- */

/* The pictures are the plan's, each for 2 decisions and a blank; the count is of the lamps that were on the screen. */
static void test_decisions(void **state) {
    (void)state;
    static const int64_t horizons[] = {1, 2, 3, 31, 32, 33, 255, 256, 257, 9, 10, 11};
    uint64_t seen[PICTURES] = {0}, blank = 0;
    for (size_t h = 0; h < sizeof horizons / sizeof *horizons; h++) {
        int flashes = h == 11 ? 32 : 4 + 2 * (int)h, pictures[32], counted = 0;
        uint32_t seed = (uint32_t)(h % 2 ? lp_game_train_seed(2, h) : lp_game_eval_seed(2, h));
        plan_of(seed, flashes, pictures);
        gs_reset(gs_env, seed, knobs_of(horizons[h], flashes, h % 2));
        assert_int_equal(gs_value(gs_env, "answer"), answer_of(seed));
        assert_int_equal(gs_value(gs_env, "scenery"), gs_scenery_of(seed));
        int64_t corridor = EACH * flashes - 1, doors = corridor + horizons[h];
        for (int64_t d = 0; d <= doors; d++) {
            int picture = d < corridor && d % EACH < SHOWN ? pictures[d / EACH] : 255;
            assert_int_equal(gs_value(gs_env, "phase"), d < corridor ? SHOW : d < doors ? CORRIDOR : DOORS);
            assert_int_equal(gs_value(gs_env, "decisions"), d);
            assert_int_equal(gs_value(gs_env, "walked"), d < corridor ? 0 : d - corridor);
            assert_int_equal(gs_value(gs_env, "picture"), picture);
            counted += picture == LAMP && d % EACH == 0;
            assert_int_equal(gs_value(gs_env, "counted"), counted);
            if (h % 2 == 0 && d < doors) {
                uint64_t now = gs_frame_hash(gs_env, 0, GS_SPLIT), *same = picture == 255 ? &blank : &seen[picture];
                if (!*same) *same = now;
                assert_true(*same == now);
            }
            lp_env_step(gs_env, d < doors ? (int)d % 5 : LEFT + counted % 4); /* keys before the doors do nothing */
        }
        assert_int_equal(gs_value(gs_env, "result"), 1);
        assert_int_equal(counted, gs_value(gs_env, "lamps"));
    }
    for (int a = 0; a < PICTURES; a++) {
        assert_true(seen[a] && seen[a] != blank);
        for (int b = 0; b < a; b++) assert_true(seen[a] != seen[b]);
    }
}

static void test_longest_horizon(void **state) {
    (void)state;
    gs_reset(gs_env, 9, knobs_of(2000000, 4, 0));
    wait_for(gs_env, CORRIDOR);
    const int64_t walked = 2000000 - 10;
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(gs_env), 0xC0B8 + (uint32_t)i, (uint8_t)(walked >> (8 * i)));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(gs_value(gs_env, "phase"), CORRIDOR);
        lp_env_step(gs_env, UP);
    }
    assert_int_equal(gs_value(gs_env, "phase"), DOORS);
}

static void test_choices(void **state) {
    (void)state;
    for (int action = LEFT; action <= DOWN; action++)
        for (uint64_t seed = 0; seed < 8; seed++) {
            gs_reset(gs_env, seed, knobs_of(3, 5, 0));
            wait_for(gs_env, DOORS);
            bool wins = gs_value(gs_env, "counted") % 4 == action - LEFT;
            assert_int_equal(lp_env_step(gs_env, action), wins ? LP_WIN : LP_LOSS);
            assert_int_equal(gs_value(gs_env, "choice"), action - LEFT);
            assert_int_equal(gs_value(gs_env, "opened"), action - LEFT + 1); /* the number on the door */
        }
}

static void test_doors_close(void **state) {
    (void)state;
    gs_reset(gs_env, 3, knobs_of(5, 4, 0));
    wait_for(gs_env, DOORS);
    for (int i = 0; i < DOOR_DECISIONS - 1; i++) assert_int_equal(lp_env_step(gs_env, NONE), LP_RUNNING);
    assert_int_equal(lp_env_step(gs_env, NONE), LP_LOSS);
    const lp_event *events;
    assert_int_equal(lp_env_events(gs_env, &events), 1);
    assert_string_equal(events->text, "The doors closed: lost.");
    uint64_t end = gs_frame_hash(gs_env, 0, GS_HEIGHT);
    for (int i = 0; i < 50; i++) assert_int_equal(lp_env_step(gs_env, 1 + i % 4), LP_LOSS);
    assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == end);
}

/* The twin's wall: at the doors one picture for each remainder. */
static void test_twin(void **state) {
    (void)state;
    uint64_t seen[4] = {0};
    for (uint32_t seed = 0; seed < 30; seed++) {
        gs_reset(gs_env, seed, knobs_of(2, 9, 1));
        wait_for(gs_env, DOORS);
        uint64_t now = gs_frame_hash(gs_env, 0, GS_HEIGHT), *same = &seen[gs_value(gs_env, "counted") % 4];
        if (!*same) *same = now;
        assert_true(*same == now);
    }
    for (int a = 0; a < 4; a++)
        for (int b = 0; b < a; b++) assert_true(seen[a] && seen[a] != seen[b]);
}

/* One tile a decision, but for the hero (columns 32 to 63). */
static void test_frames_are_clean(void **state) {
    (void)state;
    static uint32_t last[GS_WIDTH * GS_HEIGHT];
    gs_reset(gs_env, 77, knobs_of(400, 4, 0));
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
static bool differ(uint32_t a, uint32_t b) { return answer_of(a) != answer_of(b); }

/* Two seeds with the same scenery and different counts: from the last blank to the doors nothing differs, at any decision. */
static void test_nothing_tells(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(23, 0);
    uint32_t i = 0, a, b;
    for (int pair = 0; pair < gs_number(20, 200); pair++) {
        int flashes = 4 + pair % 29;
        int64_t horizon = 1 + (int64_t)lp_rng_below(&rng, 40), blank = EACH * flashes - 1;
        bool differed = false;
        gs_pair(&i, differ, &a, &b);
        gs_reset(gs_env, a, knobs_of(horizon, flashes, 0)), gs_reset(gs_other, b, knobs_of(horizon, flashes, 0));
        for (int64_t d = 0; d <= blank + horizon + 2; d++) {
            if (d >= blank) gs_assert_same();
            else differed = differed || gs_frame_hash(gs_env, 0, GS_SPLIT) != gs_frame_hash(gs_other, 0, GS_SPLIT);
            int action = d < blank + horizon ? (int)lp_rng_below(&rng, 5) : NONE;
            lp_env_step(gs_env, action), lp_env_step(gs_other, action);
        }
        assert_true(differed); /* the test can tell */
    }
}

static void test_probe(void **state) {
    (void)state;
    int n = gs_number(300, 1500);
    for (int what = 0; what < 2; what++) {
        gs_probe probe;
        gs_probe_open(&probe, n, 4);
        for (int i = 0; i < n; i++) {
            gs_reset(gs_env, lp_game_train_seed(9, (uint64_t)i), knobs_of(3, 4, !what));
            wait_for(gs_env, DOORS);
            gs_probe_add(&probe, gs_env, (int)gs_value(gs_env, "answer"));
        }
        gs_expect_probe(what ? "at the doors" : "on the twin's wall", &probe, !what);
    }
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"horizon=1,flashes=4", "horizon=2000000,flashes=32", "flashes=7,keep=1"};
    gs_same_start(knobs, 3, 40);
}

static void test_header(void **state) {
    (void)state;
    gs_header("COUNT");
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
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_doors_close),
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
