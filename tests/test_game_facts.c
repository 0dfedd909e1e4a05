/* The game facts: its digits and its lock to the decision, optimum and floor, that nothing tells a digit once it is gone from the
 * board, that frames are clean, and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { ROOM = 1, CORRIDOR, LOCK, END };
enum { NONE, UP, DOWN, RIGHT };
enum { ROOM_DECISIONS = 4, LOCK_DECISIONS = 64, MAX_ROOMS = 16, MAX_BASE = 10, SIGNS = 16 };

static char knobs[200];
static int n_rooms, base, horizon; /* of knobs */

static int setup(void **state) {
    (void)state;
    return gs_open("facts");
}

static void set_knobs(int rooms, int b, int h, int keep) {
    n_rooms = rooms, base = b, horizon = h;
    snprintf(knobs, sizeof knobs, "F=%d,base=%d,horizon=%d,keep=%d", rooms, b, h, keep);
}

static void reset(lp_env *e, uint64_t seed) { gs_reset(e, seed, knobs); }

static int64_t value(lp_env *e, const char *name) { return gs_value(e, name); }

/* To the lock. */
static void walk(lp_env *e) {
    while (value(e, "phase") < LOCK) assert_int_equal(lp_env_step(e, NONE), LP_RUNNING);
}

/* Turns the lock to a digit and confirms it. */
static lp_outcome enter(lp_env *e, int64_t digit) {
    while (value(e, "dial") != digit) assert_int_equal(lp_env_step(e, UP), LP_RUNNING);
    return lp_env_step(e, RIGHT);
}

/* A part of the screen: the board's sign, the board's digit, the lock's window. */
enum { SIGN, DIGIT, WINDOW };
static uint64_t picture(lp_env *e, int which) {
    static const int x[] = {48, 80, 64}, y[] = {16, 16, 88};
    uint64_t hash = 0;
    for (int row = y[which]; row < y[which] + 32; row++)
        hash = hash * 31 + lp_hash64(gs_frame(e) + row * GS_WIDTH + x[which], sizeof(uint32_t) * 32);
    return hash;
}

/* ---- the plan, written again ---- */
static int digit_of(uint32_t seed, int room) {
    return (int)((gs_mix(seed ^ (0x2545F491u + (uint32_t)room * 0x01000193u)) >> 8) % (uint32_t)base);
}

static void shuffle(uint32_t *x, uint8_t *list, int n) {
    for (int i = 0; i < MAX_ROOMS; i++) list[i] = (uint8_t)i;
    for (int i = n - 1; i > 0; i--) {
        *x ^= *x << 13, *x ^= *x >> 17, *x ^= *x << 5;
        int at = (int)((*x >> 16) % (uint32_t)(i + 1));
        uint8_t kept = list[i];
        list[i] = list[at], list[at] = kept;
    }
}

static void signs_of(uint32_t seed, uint8_t signs[SIGNS], uint8_t order[MAX_ROOMS]) {
    uint32_t x = gs_mix(seed ^ 0x165667B1) | 1;
    shuffle(&x, signs, SIGNS);
    shuffle(&x, order, n_rooms);
}

static void test_plan(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(3, 0);
    for (int t = 0; t < gs_number(200, 4000); t++) {
        set_knobs(1 + (int)lp_rng_below(&rng, MAX_ROOMS), 2 + (int)lp_rng_below(&rng, 9), 1, 0);
        uint64_t seed = t % 2 ? lp_game_train_seed(2, (uint64_t)t) : lp_game_eval_seed(2, (uint64_t)t);
        uint8_t signs[SIGNS], order[MAX_ROOMS];
        reset(gs_env, seed);
        signs_of((uint32_t)seed, signs, order);
        int used = 0, asked = 0;
        for (int i = 0; i < n_rooms; i++) {
            assert_int_equal(gs_value_of(gs_env, "digit_", i), digit_of((uint32_t)seed, i));
            assert_int_equal(gs_value_of(gs_env, "sign_", i), signs[i]);
            assert_int_equal(gs_value_of(gs_env, "order_", i), order[i]);
            used |= 1 << signs[i], asked |= 1 << order[i];
        }
        assert_true(__builtin_popcount((unsigned)used) == n_rooms && asked == (1 << n_rooms) - 1);
        assert_int_equal(value(gs_env, "scenery"), gs_scenery_of((uint32_t)seed));
    }
}

/* Wilson and Hilferty 1931: how many standard deviations above what a fair die of n sides would give. */
static double unevenness(const int *count, int n) {
    double total = 0, chi = 0;
    for (int i = 0; i < n; i++) total += count[i];
    for (int i = 0; i < n; i++) chi += (count[i] - total / n) * (count[i] - total / n) / (total / n);
    return (cbrt(chi / (n - 1)) - (1 - 2.0 / (9 * (n - 1)))) / sqrt(2.0 / (9 * (n - 1)));
}

/* All base^F combinations are equally common in either set of seeds (chi squared, less than once in 1,000), also those of the
 * seeds that ask for the last room first. */
static void test_even(void **state) {
    (void)state;
    static const struct { int rooms, base; } kinds[] = {{1, 2}, {2, 2}, {8, 2}, {1, 10}, {3, 10}, {4, 4}, {5, 3}, {12, 2}, {16, 2}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
        for (int set = 0; set < 2; set++) {
            set_knobs(kinds[k].rooms, kinds[k].base, 1, 0);
            int n = (int)(pow(base, n_rooms) + 0.5), *count = calloc(2 * (size_t)n, sizeof *count);
            for (uint64_t i = 0; i < 120000; i++) {
                uint32_t seed = (uint32_t)(set ? lp_game_train_seed(6, i) : lp_game_eval_seed(6, i));
                uint8_t signs[SIGNS], order[MAX_ROOMS];
                int all = 0;
                for (int room = 0; room < n_rooms; room++) all = all * base + digit_of(seed, room);
                signs_of(seed, signs, order);
                count[all]++;
                if (order[0] == n_rooms - 1) count[n + all]++;
            }
            for (int part = 0; part < 2; part++)
                if (unevenness(count + part * n, n) > 3.3) fail_msg("F %d, base %d, part %d: uneven", n_rooms, base, part);
            free(count);
        }
}

/* Of 16 rooms no two tell of each other: all pairs of digits are equally common (once in 30,000 for each of 240 tables). */
static void test_even_pairs(void **state) {
    (void)state;
    set_knobs(16, 10, 1, 0);
    for (int set = 0; set < 2; set++) {
        static int count[MAX_ROOMS][MAX_ROOMS][MAX_BASE * MAX_BASE];
        memset(count, 0, sizeof count);
        for (uint64_t i = 0; i < 30000; i++) {
            uint32_t seed = (uint32_t)(set ? lp_game_train_seed(6, i) : lp_game_eval_seed(6, i));
            int digits[MAX_ROOMS];
            for (int a = 0; a < MAX_ROOMS; a++) {
                digits[a] = digit_of(seed, a);
                for (int b = 0; b < a; b++) count[a][b][digits[a] * base + digits[b]]++;
            }
        }
        for (int a = 0; a < MAX_ROOMS; a++)
            for (int b = 0; b < a; b++)
                if (unevenness(count[a][b], base * base) > 4) fail_msg("rooms %d and %d: uneven", b, a);
    }
}

/* ---- optimum and floor ---- */
static void test_oracle(void **state) {
    (void)state;
    static const struct {
        int rooms, base, horizon, keep;
    } kinds[] = {{2, 2, 1, 0}, {4, 4, 16, 0}, {3, 5, 64, 0}, {8, 10, 2, 0}, {8, 10, 2, 1}, {16, 10, 2, 0}, {16, 10, 1, 1}, {16, 4, 16, 0}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        set_knobs(kinds[k].rooms, kinds[k].base, kinds[k].horizon, kinds[k].keep);
        gs_oracle_wins(knobs, gs_number(16, 1008));
        reset(gs_env, 2);
        while (!lp_env_step(gs_env, gs_oracle(gs_env))) {
        }
        assert_true(lp_env_steps(gs_env) <= n_rooms * (ROOM_DECISIONS + horizon + base / 2 + 1));
    }
}

static void test_random(void **state) {
    (void)state;
    static const struct { int rooms, base; } kinds[] = {{1, 2}, {2, 2}, {2, 3}, {1, 10}, {9, 2}, {16, 10}};
    int n = gs_number(240, 10000);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        char what[40];
        set_knobs(kinds[k].rooms, kinds[k].base, 1, 0);
        snprintf(what, sizeof what, "F %d, base %d", n_rooms, base);
        gs_expect_rate(what, gs_play(knobs, gs_random, n, true, 11), n, pow(base, -n_rooms));
    }
}

/* Who always confirms 0 is right as often, too. */
static int confirm(lp_env *e, lp_rng *rng) {
    (void)e, (void)rng;
    return RIGHT;
}

static void test_fixed(void **state) {
    (void)state;
    int n = gs_number(240, 10000);
    set_knobs(2, 2, 1, 0);
    gs_expect_rate("always 0", gs_play(knobs, confirm, n, true, 12), n, 0.25);
}

/* ---- the rules, to the decision ---- */

/* The game's next decision begins in the next frame: this one's work was done within its four. */
static void assert_on_time(void) {
    static uint8_t kept[1 << 20];
    lp_err err;
    size_t size = lp_env_save_size(gs_env);
    uint8_t decisions = lp_emu_read8(lp_env_emu(gs_env), 0xC0B4);
    assert_true(size <= sizeof kept);
    lp_env_save(gs_env, kept);
    lp_emu_step(lp_env_emu(gs_env), 0, 1);
    assert_int_equal(lp_emu_read8(lp_env_emu(gs_env), 0xC0B4), (uint8_t)(decisions + 1));
    assert_int_equal(lp_env_load(gs_env, kept, size, &err), LP_OK);
}

static void test_decisions(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(7, 0);
    for (int t = 0; t < 24; t++) {
        set_knobs(t % 3 ? 1 + t % MAX_ROOMS : MAX_ROOMS, t % 2 ? 10 : 2 + t % 9, 1 + (int)lp_rng_below(&rng, 40), 0);
        reset(gs_env, lp_game_eval_seed(9, (uint64_t)t));
        for (int d = 0; d < n_rooms * (ROOM_DECISIONS + horizon); d++) {
            int room = d / (ROOM_DECISIONS + horizon), phase = d % (ROOM_DECISIONS + horizon) < ROOM_DECISIONS ? ROOM : CORRIDOR;
            assert_int_equal(value(gs_env, "phase"), phase);
            assert_int_equal(value(gs_env, "decisions"), d);
            assert_int_equal(value(gs_env, "room"), room);
            assert_int_equal(value(gs_env, "sign"), phase == ROOM ? gs_value_of(gs_env, "sign_", room) : 255);
            assert_int_equal(value(gs_env, "digit"), phase == ROOM ? gs_value_of(gs_env, "digit_", room) : 255);
            assert_int_equal(lp_env_step(gs_env, (int)lp_rng_below(&rng, 4)), LP_RUNNING); /* keys do nothing yet */
            assert_on_time();
        }
        assert_int_equal(value(gs_env, "phase"), LOCK);
        assert_int_equal(value(gs_env, "walked"), n_rooms * horizon);
        for (int i = 0; i < n_rooms; i++) {
            int room = (int)gs_value_of(gs_env, "order_", i);
            assert_int_equal(value(gs_env, "sign"), gs_value_of(gs_env, "sign_", room));
            assert_int_equal(value(gs_env, "dial"), 0);
            assert_int_equal(value(gs_env, "confirmed"), i);
            assert_int_equal(enter(gs_env, gs_value_of(gs_env, "digit_", room)), i + 1 < n_rooms ? LP_RUNNING : LP_WIN);
            if (i + 1 < n_rooms) assert_on_time();
        }
    }
}

/* UP and DOWN go round; a wrong digit loses wherever it comes; the window shows each digit by a picture of its own. */
static void test_lock(void **state) {
    (void)state;
    for (int b = 2; b <= MAX_BASE; b++) {
        uint64_t seen[MAX_BASE] = {0};
        set_knobs(2, b, 2, 0);
        reset(gs_env, (uint64_t)b);
        walk(gs_env);
        for (int turn = 1; turn <= 2 * b; turn++) {
            lp_env_step(gs_env, UP);
            assert_int_equal(value(gs_env, "dial"), turn % b);
            if (!seen[turn % b]) seen[turn % b] = picture(gs_env, WINDOW);
            assert_true(seen[turn % b] == picture(gs_env, WINDOW));
        }
        for (int turn = 1; turn <= 2 * b; turn++) {
            lp_env_step(gs_env, DOWN);
            assert_int_equal(value(gs_env, "dial"), (2 * b - turn) % b);
            assert_true(seen[(2 * b - turn) % b] == picture(gs_env, WINDOW));
        }
        for (int i = 0; i < b; i++)
            for (int j = 0; j < i; j++) assert_true(seen[i] != seen[j]);
    }
    for (int wrong_at = 0; wrong_at < 4; wrong_at++)
        for (uint64_t seed = 0; seed < 5; seed++) {
            set_knobs(4, 3, 2, 0);
            reset(gs_env, seed);
            walk(gs_env);
            for (int i = 0; i <= wrong_at; i++)
                assert_int_equal(enter(gs_env, (value(gs_env, "answer") + (i == wrong_at ? 1 + (int)seed % 2 : 0)) % 3),
                                 i < wrong_at ? LP_RUNNING : LP_LOSS);
            uint64_t end = gs_frame_hash(gs_env, 0, GS_HEIGHT);
            for (int i = 0; i < 20; i++) assert_int_equal(lp_env_step(gs_env, i % 4), LP_LOSS);
            assert_true(gs_frame_hash(gs_env, 0, GS_HEIGHT) == end);
        }
}

/* 64 decisions without a confirmation lose; a confirmation gives as many again. */
static void test_waiting(void **state) {
    (void)state;
    set_knobs(2, 2, 1, 0);
    reset(gs_env, 3);
    walk(gs_env);
    for (int i = 0; i < LOCK_DECISIONS - 2; i++) assert_int_equal(lp_env_step(gs_env, i % 3), LP_RUNNING);
    assert_int_equal(enter(gs_env, value(gs_env, "answer")), LP_RUNNING);
    for (int i = 0; i < LOCK_DECISIONS - 1; i++) assert_int_equal(lp_env_step(gs_env, i % 3), LP_RUNNING);
    assert_int_equal(lp_env_step(gs_env, NONE), LP_LOSS);
    const lp_event *events;
    assert_int_equal(lp_env_events(gs_env, &events), 1);
    assert_string_equal(events->text, "The lock waited long enough: lost.");
}

static void test_longest_horizon(void **state) {
    (void)state;
    set_knobs(1, 2, 2000000, 0);
    reset(gs_env, 9);
    for (int i = 0; i < ROOM_DECISIONS + 1; i++) lp_env_step(gs_env, NONE);
    assert_int_equal(value(gs_env, "left"), 2000000 - 1);
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(gs_env), 0xC0C0 + (uint32_t)i, i ? 0 : 10);
    for (int i = 0; i < 10; i++) {
        assert_int_equal(value(gs_env, "phase"), CORRIDOR);
        lp_env_step(gs_env, NONE);
    }
    assert_int_equal(value(gs_env, "phase"), LOCK);
}

/* A win that the rooms do not bear out is none: with the first room's digit changed in RAM while its question stands, the asked one wins nothing. */
static void test_audit(void **state) {
    (void)state;
    set_knobs(1, 4, 2, 0);
    for (uint64_t seed = 0; seed < 10; seed++)
        for (int changed = 0; changed < 2; changed++) {
            reset(gs_env, seed);
            walk(gs_env);
            int64_t digit = value(gs_env, "answer");
            if (changed) lp_emu_write8(lp_env_emu(gs_env), 0xC0D0, (uint8_t)(digit ^ 1));
            assert_int_equal(enter(gs_env, digit), changed ? LP_LOSS : LP_WIN);
            assert_int_equal(value(gs_env, "result"), 1); /* the game's own opinion */
        }
}

/* ---- what the player sees ---- */

/* Signs and digits have pictures of their own, for four decisions; then nothing; at the lock the sign with the question mark, or in
 * the twin with its digit. */
static void test_board(void **state) {
    (void)state;
    uint64_t sign_seen[SIGNS] = {0}, digit_seen[MAX_BASE] = {0}, blank[2] = {0}, question = 0;
    for (uint64_t seed = 0; seed < 40; seed++)
        for (int keep = 0; keep < 2; keep++) {
            set_knobs(seed % 2 ? MAX_ROOMS : 6, 10, 2, keep);
            reset(gs_env, seed);
            while (value(gs_env, "phase") < LOCK) {
                int64_t sign = value(gs_env, "sign"), digit = value(gs_env, "digit");
                uint64_t *at_sign = sign < SIGNS ? &sign_seen[sign] : &blank[0],
                         *at_digit = digit < MAX_BASE ? &digit_seen[digit] : &blank[1];
                if (!*at_sign) *at_sign = picture(gs_env, SIGN);
                if (!*at_digit) *at_digit = picture(gs_env, DIGIT);
                assert_true(*at_sign == picture(gs_env, SIGN) && *at_digit == picture(gs_env, DIGIT));
                lp_env_step(gs_env, NONE);
            }
            while (value(gs_env, "phase") == LOCK) {
                assert_true(picture(gs_env, SIGN) == sign_seen[value(gs_env, "sign")]);
                if (!question) question = picture(gs_env, DIGIT);
                assert_true(picture(gs_env, DIGIT) == (keep ? digit_seen[value(gs_env, "answer")] : question));
                lp_env_step(gs_env, gs_oracle(gs_env));
            }
        }
    for (int a = 0; a < SIGNS; a++)
        for (int b = 0; b < a; b++) assert_true(sign_seen[a] && sign_seen[b] && sign_seen[a] != sign_seen[b] && sign_seen[a] != blank[0]);
    for (int a = 0; a < MAX_BASE; a++)
        for (int b = 0; b < a; b++)
            assert_true(digit_seen[a] && digit_seen[b] && digit_seen[a] != digit_seen[b] && digit_seen[a] != blank[1]);
    for (int a = 0; a < MAX_BASE; a++) assert_true(digit_seen[a] != question);
}

/* One tile a decision, or none in a room: each frame is the one before, 8 pixels on, but for the hero (columns 32 to 63). */
static void test_frames_are_clean(void **state) {
    (void)state;
    enum { TOP = GS_SPLIT, ROWS = GS_HEIGHT - TOP };
    static uint32_t last[ROWS * GS_WIDTH];
    set_knobs(MAX_ROOMS, 2, 40, 0);
    reset(gs_env, 77);
    for (int i = 0; i < MAX_ROOMS * 44 - 2; i++) {
        memcpy(last, gs_frame(gs_env) + TOP * GS_WIDTH, sizeof last);
        int before = (int)value(gs_env, "phase");
        lp_env_step(gs_env, NONE);
        int by = before == CORRIDOR ? 8 : 0;
        const uint32_t *now = gs_frame(gs_env) + TOP * GS_WIDTH;
        for (int y = 0; y < ROWS; y++) {
            assert_memory_equal(now + y * GS_WIDTH, last + y * GS_WIDTH + by, 32 * sizeof *now);
            assert_memory_equal(now + y * GS_WIDTH + 64, last + y * GS_WIDTH + 64 + by, (GS_WIDTH - 72) * sizeof *now);
        }
    }
}

/* ---- honesty ---- */

/* Two seeds with the same scenery, signs and order that differ in the first room's digit, or in both: once both digits that differ are
 * gone nothing differs, whatever keys are pressed, while the lock is dialled too. */
static void test_nothing_tells(void **state) {
    (void)state;
    enum { KINDS = 65536 * SIGNS * (SIGNS - 1) * 2 };
    uint32_t *first = calloc(KINDS, sizeof *first); /* a seed with this scenery, these two signs, and this order, or 0 */
    lp_rng rng = lp_rng_make(23, 0);
    int n_pairs = 0, n_first = 0, wanted = gs_number(24, 200);
    set_knobs(2, 3, 5, 0);
    for (uint32_t i = 1; i < 1500000 && n_pairs < wanted; i++) {
        uint32_t seed = (uint32_t)lp_game_train_seed(1, i);
        uint8_t signs[SIGNS], order[MAX_ROOMS];
        signs_of(seed, signs, order);
        uint32_t second = signs[1] - (signs[1] > signs[0]),
                 kind = ((gs_scenery_of(seed) * SIGNS + signs[0]) * (SIGNS - 1) + second) * 2 + order[0], other = first[kind];
        first[kind] = seed;
        bool differ[2] = {other && digit_of(seed, 0) != digit_of(other, 0), other && digit_of(seed, 1) != digit_of(other, 1)};
        if (!differ[0]) continue;
        n_pairs++, n_first += !differ[1];
        int gone = differ[1] ? 2 * ROOM_DECISIONS + horizon : ROOM_DECISIONS;
        reset(gs_env, seed), reset(gs_other, other);
        assert_int_not_equal(gs_value_of(gs_env, "digit_", 0), gs_value_of(gs_other, "digit_", 0));
        for (int d = 0; d < 2 * (ROOM_DECISIONS + horizon) + 8; d++) {
            if (d >= gone) gs_assert_same();
            int action = (int)lp_rng_below(&rng, d < 2 * (ROOM_DECISIONS + horizon) ? 4 : 3);
            lp_env_step(gs_env, action), lp_env_step(gs_other, action);
        }
        assert_int_equal(value(gs_env, "phase"), LOCK);
    }
    free(first);
    print_message("%d pairs of seeds, %d of them with the same second digit\n", n_pairs, n_first);
    assert_true(n_pairs == wanted && n_first > 0 && n_first < n_pairs);
}

/* Of many rooms no two seeds share the plan, so here one seed is played twice, and in one of the two a room's digit is overwritten in
 * the block before it is shown. But for the four decisions that show it nothing differs, to the question for it and while it is dialled. */
static void test_nothing_tells_of_many(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(29, 0);
    int n = gs_number(32, 320);
    for (int t = 0; t < n; t++) {
        set_knobs(t % 2 ? MAX_ROOMS : 9 + t / 2 % 7, t % 3 ? 10 : 2, 1 + (int)lp_rng_below(&rng, 12), 0);
        uint64_t seed = lp_game_train_seed(3, (uint64_t)t);
        int room = 1 + (int)lp_rng_below(&rng, (uint32_t)n_rooms - 1);
        reset(gs_env, seed), reset(gs_other, seed);
        int64_t digit = gs_value_of(gs_env, "digit_", room);
        lp_emu_write8(lp_env_emu(gs_other), 0xC0D0 + (uint32_t)room,
                      (uint8_t)((digit + 1 + lp_rng_below(&rng, (uint32_t)base - 1)) % base));
        while (value(gs_env, "phase") < LOCK || gs_value_of(gs_env, "order_", (int)value(gs_env, "confirmed")) != room) {
            if (value(gs_env, "phase") != ROOM || value(gs_env, "room") != room) gs_assert_same();
            int action = value(gs_env, "phase") < LOCK ? (int)lp_rng_below(&rng, 4) : gs_oracle(gs_env);
            assert_int_equal(lp_env_step(gs_env, action), LP_RUNNING);
            lp_env_step(gs_other, action);
        }
        for (int d = 0; d < 12; d++) {
            gs_assert_same();
            int action = (int)lp_rng_below(&rng, 3);
            lp_env_step(gs_env, action), lp_env_step(gs_other, action);
        }
        assert_int_not_equal(value(gs_env, "answer"), value(gs_other, "answer"));
    }
}

/* A linear probe finds the first digit in the last corridor or at the lock no better than chance; in the twin it finds the one asked for. */
static void test_probe(void **state) {
    (void)state;
    static const char *const where[] = {"in the corridor", "at the lock", "in the twin"};
    int n = gs_number(240, 1500);
    for (int look = 0; look < 3; look++) {
        gs_probe probe;
        gs_probe_open(&probe, n, 2);
        set_knobs(2, 2, 6, look == 2);
        for (int i = 0; i < n; i++) {
            reset(gs_env, lp_game_train_seed(8, (uint64_t)i));
            for (int d = 0; d < 2 * ROOM_DECISIONS + 6 + (look ? 6 : 1 + i % 5); d++) lp_env_step(gs_env, NONE);
            assert_int_equal(value(gs_env, "phase"), look ? LOCK : CORRIDOR);
            gs_probe_add(&probe, gs_env, (int)(look ? value(gs_env, "answer") : gs_value_of(gs_env, "digit_", 0)));
        }
        gs_expect_probe(where[look], &probe, look == 2);
    }
}

static void test_start(void **state) {
    (void)state;
    static const char *const some[] = {"",
                                       "F=1,base=2,horizon=1",
                                       "F=8,base=10,horizon=2000000",
                                       "F=5,base=7,keep=1",
                                       "F=16,base=10,horizon=2000000",
                                       "F=9,base=3,horizon=1"};
    gs_same_start(some, 6, gs_number(30, 600));
}

static void test_header(void **state) {
    (void)state;
    gs_header("FACTS");
}

static void test_rebuilt(void **state) {
    (void)state;
    gs_rebuilt();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_even),
        cmocka_unit_test(test_even_pairs),
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_fixed),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_waiting),
        cmocka_unit_test(test_longest_horizon),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_board),
        cmocka_unit_test(test_frames_are_clean),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_nothing_tells_of_many),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
