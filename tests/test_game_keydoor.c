/* The game keydoor: its rules to the decision, optimum and floor, that nothing tells the symbol once it is wiped, nor the key once it
 * is taken, that coins are of no consequence, that frames are clean, and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { SHOW = 1, PAUSE, KEYS, CORRIDOR, DOOR, END };
enum { NONE, LEFT, RIGHT, UP, DOWN, A };
enum { BEFORE_KEYS = 8, SHOW_DECISIONS = 4, KEY_DECISIONS = 64 };

static int setup(void **state) {
    (void)state;
    return gs_open("keydoor");
}

static const char *knobs_of(int64_t horizon, int keys, int keep) {
    static char text[80];
    snprintf(text, sizeof text, "horizon=%lld,keys=%d,keep=%d", (long long)horizon, keys, keep);
    return text;
}

static uint32_t answer_of(uint32_t seed, int keys) { return gs_mix(seed ^ 0x2545f491) % (uint32_t)keys; }

static void wait_for(lp_env *e, int phase) {
    while (gs_value(e, "phase") < phase) assert_int_equal(lp_env_step(e, NONE), LP_RUNNING);
}

static int right_key(lp_env *e) { return LEFT + (int)gs_value(e, "place"); }

/* ---- optimum and floor ---- */
static void test_oracle(void **state) {
    (void)state;
    for (int keys = 2; keys <= 4; keys++) {
        gs_oracle_wins(knobs_of(1, keys, 0), gs_number(96, 1008));
        gs_oracle_wins(knobs_of(16, keys, keys % 2), gs_number(32, 1008));
        gs_oracle_wins(knobs_of(256, keys, 0), gs_number(16, 1008));
    }
}

static void test_random(void **state) {
    (void)state;
    int n = gs_number(480, 10000);
    for (int keys = 2; keys <= 4; keys++) {
        char what[40];
        snprintf(what, sizeof what, "%d keys", keys);
        gs_expect_rate(what, gs_play(knobs_of(1, keys, keys == 3), gs_random, n, keys % 2, 11), n, 1.0 / keys);
    }
}

/* Which symbol, in which place: neither is commoner than another, in either set of seeds; so neither always the same direction, nor
 * always the same symbol, wins more. The symbol is the game's hash written again; places are the game's. */
static void test_even(void **state) {
    (void)state;
    enum { MANY = 100000, FEW = 300 };
    for (int set = 0; set < 2; set++)
        for (int keys = 2; keys <= 4; keys++) {
            int answers[4] = {0}, places[4] = {0};
            for (uint64_t i = 0; i < MANY; i++) {
                uint32_t seed = (uint32_t)(set ? lp_game_train_seed(3, i) : lp_game_eval_seed(3, i)), answer = answer_of(seed, keys);
                answers[answer]++;
                if (i >= FEW) continue;
                gs_reset(gs_env, seed, knobs_of(1, keys, 0));
                int64_t place = gs_value(gs_env, "place");
                assert_int_equal(gs_value(gs_env, "answer"), answer);
                assert_int_equal(gs_value(gs_env, "scenery"), gs_scenery_of(seed));
                assert_int_equal(gs_value_of(gs_env, "order", (int)place), answer);
                int seen = 0;
                for (int k = 0; k < keys; k++) seen |= 1 << gs_value_of(gs_env, "order", k);
                assert_int_equal(seen, (1 << keys) - 1);
                places[place]++;
            }
            for (int k = 0; k < keys; k++) {
                double p = 1.0 / keys;
                assert_true(fabs(answers[k] - MANY * p) < 3.5 * sqrt(MANY * p * (1 - p)));
                assert_true(fabs(places[k] - FEW * p) < 3.5 * sqrt(FEW * p * (1 - p)));
            }
        }
}

/* ---- the rules, to the decision ---- */
static void test_decisions(void **state) {
    (void)state;
    static const int64_t horizons[] = {1, 2, 3, 31, 32, 33, 255, 256, 257, 600};
    for (size_t h = 0; h < sizeof horizons / sizeof *horizons; h++) {
        gs_reset(gs_env, 40 + h, knobs_of(horizons[h], 2 + (int)h % 3, h % 2));
        int64_t wait = (int64_t)h % 5, taken = BEFORE_KEYS + wait + 1, door = taken + horizons[h];
        for (int64_t d = 0; d <= door; d++) {
            int64_t phase = d < SHOW_DECISIONS ? SHOW : d < BEFORE_KEYS ? PAUSE : d < taken ? KEYS : d < door ? CORRIDOR : DOOR;
            assert_int_equal(gs_value(gs_env, "phase"), phase);
            assert_int_equal(gs_value(gs_env, "decisions"), d);
            assert_int_equal(gs_value(gs_env, "walked"), d < taken ? 0 : d - taken);
            lp_outcome outcome = lp_env_step(gs_env, d == taken - 1 ? right_key(gs_env) : phase == KEYS ? A : (int)d % 6);
            assert_int_equal(outcome, d < door ? LP_RUNNING : LP_WIN);
        }
    }
}

static void test_longest_horizon(void **state) {
    (void)state;
    gs_reset(gs_env, 9, knobs_of(2000000, 4, 0));
    wait_for(gs_env, KEYS);
    lp_env_step(gs_env, right_key(gs_env));
    for (int i = 0; i < 2; i++) lp_env_step(gs_env, NONE);
    const int64_t walked = 2000000 - 10;
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(gs_env), 0xC0B8 + (uint32_t)i, (uint8_t)(walked >> (8 * i)));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(gs_value(gs_env, "phase"), CORRIDOR);
        lp_env_step(gs_env, A);
    }
    assert_int_equal(gs_value(gs_env, "phase"), DOOR);
    assert_int_equal(lp_env_step(gs_env, NONE), LP_WIN);
}

/* Every choice at every number of keys; directions where no key lies, and A, take none. The symbol seen on the plate is the key's. */
static void test_choices(void **state) {
    (void)state;
    for (int keys = 2; keys <= 4; keys++)
        for (int action = LEFT; action <= A; action++)
            for (uint64_t seed = 0; seed < 6; seed++) {
                gs_reset(gs_env, seed, knobs_of(3, keys, 0));
                wait_for(gs_env, KEYS);
                bool wins = right_key(gs_env) == action, is_there = action - LEFT < keys;
                assert_int_equal(lp_env_step(gs_env, action), LP_RUNNING);
                assert_int_equal(gs_value(gs_env, "phase"), is_there ? CORRIDOR : KEYS);
                int64_t symbol = is_there ? gs_value_of(gs_env, "order", action - LEFT) : 255;
                assert_int_equal(gs_value(gs_env, "choice"), symbol);
                assert_int_equal(gs_value(gs_env, "opened"), is_there ? symbol + 1 : 0);
                assert_int_equal(gs_value(gs_env, "took"), is_there ? action - LEFT : 255);
                if (!is_there) continue;
                for (int d = 0; d < 3; d++) assert_int_equal(lp_env_step(gs_env, LEFT + (d + action) % 4), LP_RUNNING); /* too late */
                assert_int_equal(lp_env_step(gs_env, NONE), wins ? LP_WIN : LP_LOSS);
            }
}

static void test_no_key(void **state) {
    (void)state;
    gs_reset(gs_env, 3, knobs_of(5, 2, 0));
    wait_for(gs_env, KEYS);
    for (int i = 0; i < KEY_DECISIONS - 1; i++) assert_int_equal(lp_env_step(gs_env, i % 2 ? NONE : UP), LP_RUNNING);
    assert_int_equal(lp_env_step(gs_env, NONE), LP_LOSS);
    const lp_event *events;
    assert_int_equal(lp_env_events(gs_env, &events), 1);
    assert_string_equal(events->text, "No key was taken: lost.");
    uint64_t end = gs_frame_hash(gs_env, 0, GS_HEIGHT);
    for (int i = 0; i < 50; i++) assert_int_equal(lp_env_step(gs_env, 1 + i % 5), LP_LOSS);
    assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == end);
}

/* A as the coin comes by picks it up, else not; whoever picks up all or none wins alike. */
static void test_coins(void **state) {
    (void)state;
    int most = 0;
    for (uint64_t seed = 0; seed < 8; seed++)
        for (int always = 0; always < 2; always++) {
            lp_outcome outcome = LP_RUNNING;
            gs_reset(gs_env, lp_game_eval_seed(8, seed), knobs_of(200, 4, 0));
            wait_for(gs_env, KEYS);
            lp_env_step(gs_env, right_key(gs_env));
            while (outcome == LP_RUNNING) {
                int64_t coin = gs_value(gs_env, "coin"), coins = gs_value(gs_env, "coins");
                outcome = lp_env_step(gs_env, always ? A : NONE);
                bool picks = always && coin >= 40 && coin <= 64 && gs_value(gs_env, "phase") == CORRIDOR;
                assert_int_equal(gs_value(gs_env, "coins") - coins, picks);
                lp_emu *emu = lp_env_emu(gs_env);
                if (outcome == LP_RUNNING) assert_int_equal(lp_emu_read8(emu, 0xFE0C) != 0, picks); /* the clink */
                if (gs_value(gs_env, "coin")) assert_int_equal(lp_emu_read8(emu, 0xFE09), gs_value(gs_env, "coin"));
            }
            assert_int_equal(outcome, LP_WIN);
            if (always && gs_value(gs_env, "coins") > most) most = (int)gs_value(gs_env, "coins");
        }
    print_message("at most %d coins in 200 decisions\n", most);
    assert_true(most >= 3 && most <= 40);
}

/* ---- what the player sees ---- */

/* The board shows each symbol by a picture of its own for 4 decisions (the twin until the key is taken), then the pocket for one,
 * the same for every key, then nothing. */
static void test_board(void **state) {
    (void)state;
    uint64_t shown[4] = {0}, blank = 0, pocket = 0;
    for (uint64_t seed = 0; seed < 60; seed++)
        for (int keep = 0; keep < 2; keep++) {
            gs_reset(gs_env, seed, knobs_of(6, 4, keep));
            int64_t answer = gs_value(gs_env, "answer");
            if (!shown[answer]) shown[answer] = gs_frame_hash(gs_env, 0, GS_SPLIT);
            for (int d = 0; d < BEFORE_KEYS + 7; d++) {
                uint64_t now = gs_frame_hash(gs_env, 0, GS_SPLIT);
                if (!blank && !keep && d == SHOW_DECISIONS) blank = now;
                if (!pocket && d == BEFORE_KEYS + 1) pocket = now;
                bool cue = d < SHOW_DECISIONS || (keep && d <= BEFORE_KEYS);
                assert_true(now == (cue ? shown[answer] : d == BEFORE_KEYS + 1 ? pocket : blank));
                lp_env_step(gs_env, d == BEFORE_KEYS ? LEFT + (int)(seed % 4) : NONE);
            }
        }
    assert_true(pocket != blank);
    for (int a = 0; a < 4; a++) {
        assert_true(shown[a] && shown[a] != blank && shown[a] != pocket);
        for (int b = 0; b < a; b++) assert_true(shown[a] != shown[b]);
    }
}

/* The corridor moves by a tile a decision, and coins with it: compared above the coins, and in their rows beside the hero. */
static void test_frames_are_clean(void **state) {
    (void)state;
    enum { ROWS = 122 - GS_SPLIT };
    static uint32_t last[GS_WIDTH * GS_HEIGHT];
    gs_reset(gs_env, 77, knobs_of(400, 2, 0));
    wait_for(gs_env, KEYS);
    lp_env_step(gs_env, LEFT);
    lp_env_step(gs_env, NONE);
    for (int i = 0; i < 380; i++) {
        memcpy(last, gs_frame(gs_env), sizeof last);
        int64_t coin = gs_value(gs_env, "coin");
        lp_env_step(gs_env, NONE);
        bool moved = coin && gs_value(gs_env, "coin");
        if (moved) assert_int_equal(gs_value(gs_env, "coin"), coin - 8);
        for (int y = GS_SPLIT; y < (moved ? GS_HEIGHT : 122); y++) {
            const uint32_t *now = gs_frame(gs_env) + y * GS_WIDTH, *before = last + y * GS_WIDTH;
            if (y < GS_SPLIT + ROWS - 2) assert_memory_equal(now, before + 8, (GS_WIDTH - 8) * sizeof *now);
            else assert_memory_equal(now + 64, before + 72, (GS_WIDTH - 72) * sizeof *now);
        }
    }
}

/* ---- honesty ---- */
static bool differ4(uint32_t a, uint32_t b) {
    return answer_of(a, 4) != answer_of(b, 4) && answer_of(a, 2) != answer_of(b, 2) && answer_of(a, 3) != answer_of(b, 3);
}

/* Two seeds with the same scenery and different symbols, which take different keys: from the wiped board to the door nothing
 * differs at any decision, whatever else is pressed. */
static void test_nothing_tells(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(23, 0);
    uint32_t i = 0, a, b;
    for (int pair = 0; pair < gs_number(24, 200); pair++) {
        int keys = 2 + pair % 3;
        int64_t horizon = 1 + (int64_t)lp_rng_below(&rng, 40);
        gs_pair(&i, differ4, &a, &b);
        gs_reset(gs_env, a, knobs_of(horizon, keys, 0)), gs_reset(gs_other, b, knobs_of(horizon, keys, 0));
        for (int64_t d = 0; d <= BEFORE_KEYS + 1 + horizon; d++) {
            if (d >= SHOW_DECISIONS) gs_assert_same();
            else assert_true(gs_frame_hash(gs_env, 0, GS_SPLIT) != gs_frame_hash(gs_other, 0, GS_SPLIT)); /* the test can tell */
            int any = (int)lp_rng_below(&rng, 6), shift = pair % 2; /* both take the right one, or both a wrong one */
            bool takes = d == BEFORE_KEYS;
            lp_env_step(gs_env, takes ? LEFT + (right_key(gs_env) - LEFT + shift) % keys : any);
            lp_env_step(gs_other, takes ? LEFT + (right_key(gs_other) - LEFT + 2 * shift) % keys : any);
        }
    }
}

/* What the board showed, before the keys; which key was taken, and whether it was the right one, at the door. */
static void test_probe(void **state) {
    (void)state;
    int n = gs_number(240, 1500);
    for (int what = 0; what < 4; what++) {
        static const char *const names[] = {"symbol in sight", "symbol before the keys", "key at the door", "right or wrong at the door"};
        gs_probe probe;
        gs_probe_open(&probe, n, what == 3 ? 2 : 4);
        for (int i = 0; i < n; i++) {
            gs_reset(gs_env, lp_game_train_seed(9, (uint64_t)i), knobs_of(4, 4, 0));
            int64_t answer = gs_value(gs_env, "answer");
            if (what == 1) wait_for(gs_env, KEYS);
            if (what >= 2) {
                wait_for(gs_env, KEYS);
                lp_env_step(gs_env, i % 2 ? right_key(gs_env) : LEFT + (right_key(gs_env) - LEFT + 1 + i / 2 % 3) % 4);
                wait_for(gs_env, DOOR);
            }
            gs_probe_add(&probe, gs_env,
                         (int)(what < 2    ? answer
                               : what == 2 ? gs_value(gs_env, "choice")
                                           : gs_value(gs_env, "choice") == answer));
        }
        gs_expect_probe(names[what], &probe, what == 0);
    }
}

static void test_start(void **state) {
    (void)state;
    static const char *const knobs[] = {"horizon=1", "horizon=2000000,keys=4", "keys=3,keep=1"};
    gs_same_start(knobs, 3, 60);
}

static void test_header(void **state) {
    (void)state;
    gs_header("KEYDOOR");
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
        cmocka_unit_test(test_no_key),
        cmocka_unit_test(test_coins),
        cmocka_unit_test(test_board),
        cmocka_unit_test(test_frames_are_clean),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
