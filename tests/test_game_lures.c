/* The game lures: its plan, its rules to the decision, optimum and floor, that nothing tells the answer after the last showing, that
 * frames are clean, and that the committed ROM is what its source builds. */
#include "tests/small_game_support.h"

enum { SHOW = 1, CORRIDOR, DOORS, END };
enum { NONE, LEFT, RIGHT, UP, DOWN };
enum { SHOW_DECISIONS = 4, DOOR_DECISIONS = 64, FEW = 6, FAMILIES = 16, ITEMS = 32, MAX_SHOWS = 48 };

static char knobs[200];

static int setup(void **state) {
    (void)state;
    gs_block_end = 0xC130;
    return gs_open("lures");
}

__attribute__((format(printf, 1, 2))) static void set_knobs(const char *format, ...) {
    va_list list;
    va_start(list, format);
    vsnprintf(knobs, sizeof knobs, format, list);
    va_end(list);
}

/* Any knobs, half of the time of the first six couples alone. */
static void set_any(lp_rng *rng) {
    bool few = lp_rng_below(rng, 2);
    uint32_t most = few ? FEW : FAMILIES, rewrites = few ? 4 : 16;
    set_knobs("horizon=%d,pairs=%d,lures=%d,rewrites=%d,doors=%d", 1 + (int)lp_rng_below(rng, 50), 1 + (int)lp_rng_below(rng, most),
              (int)lp_rng_below(rng, most + 1), (int)lp_rng_below(rng, rewrites + 1), 2 + (int)lp_rng_below(rng, 3));
}

static void reset(lp_env *e, uint64_t seed) { gs_reset(e, seed, knobs); }

/* Waits until the doors are there. */
static void walk(lp_env *e) {
    while (gs_value(e, "phase") < DOORS) assert_int_equal(lp_env_step(e, NONE), LP_RUNNING);
}

/* A part of the screen. */
static uint64_t picture(lp_env *e, int x, int y, int width, int height) {
    uint64_t hash = 0;
    for (int row = y; row < y + height; row++)
        hash = hash * 31 + lp_hash64(gs_frame(e) + row * GS_WIDTH + x, sizeof(uint32_t) * (size_t)width);
    return hash;
}

static uint64_t item_picture(lp_env *e) { return picture(e, 48, 16, 32, 32); }

static uint64_t symbol_picture(lp_env *e) { return picture(e, 80, 24, 24, 24); }

/* Are the counts as even as those of a fair die (chi squared, less than once in 1,000; Wilson and Hilferty 1931)? */
static bool are_even(const int *counts, int n) {
    double total = 0, chi = 0;
    for (int i = 0; i < n; i++) total += counts[i];
    for (int i = 0; i < n; i++) chi += (counts[i] - total / n) * (counts[i] - total / n) / (total / n);
    return (cbrt(chi / (n - 1)) - (1 - 2.0 / (9 * (n - 1)))) / sqrt(2.0 / (9 * (n - 1))) < 3.1;
}

/* ---- the plan ---- */

/* The source's, written again: what is asked, which needs the order of the couples. */
static uint32_t asked_of(uint32_t seed, int n_pairs, int n_lures) {
    uint32_t x = gs_mix(seed ^ 0x165667B1) | 1, halves = 0;
    int n = n_pairs > FEW || n_lures > FEW ? FAMILIES : FEW;
    uint8_t family[FAMILIES];
    for (int i = 0; i < n; i++) family[i] = (uint8_t)i;
    for (int i = n; i >= 1; i--) { /* first the halves, then the order */
        x ^= x << 13, x ^= x >> 17, x ^= x << 5;
        if (i == n) {
            halves = x;
            continue;
        }
        int at = (int)((x >> 16) % (uint32_t)(i + 1));
        uint8_t kept = family[i];
        family[i] = family[at], family[at] = kept;
    }
    uint32_t pair = gs_mix(seed ^ 0x27220A95) % (uint32_t)n_pairs;
    return family[pair] * 2u + (halves >> pair & 1);
}

static uint32_t answer_of(uint32_t seed, int n_doors) { return gs_mix(seed ^ 0x2545F491) % (uint32_t)n_doors; }

/* What the board will show is what the knobs say, and the last symbol of what is asked is the answer. */
static void test_plan(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(3, 0);
    for (int t = 0; t < gs_number(300, 4000); t++) {
        set_any(&rng);
        uint64_t seed = t % 2 ? lp_game_train_seed(2, (uint64_t)t) : lp_game_eval_seed(2, (uint64_t)t);
        reset(gs_env, seed);
        int n = (int)gs_value(gs_env, "shows"), times[ITEMS] = {0}, last[ITEMS], n_items = 0, n_again = 0, n_likes = 0;
        int64_t pairs = gs_value(gs_env, "pairs"), lures = gs_value(gs_env, "lures"), doors = gs_value(gs_env, "doors");
        assert_int_equal(n, pairs + lures + gs_value(gs_env, "rewrites"));
        for (int i = 0; i < n; i++) {
            int64_t item = gs_value_of(gs_env, "show_item_", i), symbol = gs_value_of(gs_env, "show_symbol_", i);
            assert_true(item >= 0 && item < (pairs > FEW || lures > FEW ? ITEMS : 2 * FEW) && symbol >= 0 && symbol < doors);
            if (times[item]) assert_int_not_equal(symbol, last[item]); /* another door than before */
            times[item]++, last[item] = (int)symbol;
        }
        for (int item = 0; item < ITEMS; item++) {
            n_items += times[item] > 0, n_again += times[item] > 1;
            n_likes += times[item] && times[item ^ 1];
        }
        int64_t asked = gs_value(gs_env, "asked");
        assert_int_equal(n_items, pairs + lures);
        assert_int_equal(n_likes, 2 * (pairs < lures ? pairs : lures)); /* the lures look like the pairs */
        assert_true(n_again <= gs_value(gs_env, "rewrites") && (n_again > 0) == (gs_value(gs_env, "rewrites") > 0) && times[asked]);
        assert_int_equal(last[asked], gs_value(gs_env, "answer"));
        assert_int_equal(asked, asked_of((uint32_t)seed, (int)pairs, (int)lures));
        assert_int_equal(gs_value(gs_env, "answer"), answer_of((uint32_t)seed, (int)doors));
        assert_int_equal(gs_value(gs_env, "scenery"), gs_scenery_of((uint32_t)seed));
    }
}

/* Any of the pairs is asked, shown again or not, and a lure never: with 2 pairs and 2 lures the one shown again is asked half of the
 * time; over seeds, each of the things that there are is asked as often as another, and with each answer as often. */
static void test_even(void **state) {
    (void)state;
    enum { N = 600, MANY = 120000 };
    int again[2] = {0};
    set_knobs("horizon=1,pairs=2,lures=2,rewrites=1");
    for (uint64_t i = 0; i < N; i++) {
        reset(gs_env, lp_game_eval_seed(4, i));
        int64_t asked = gs_value(gs_env, "asked");
        int n = 0;
        for (int s = 0; s < 5; s++) n += gs_value_of(gs_env, "show_item_", s) == asked;
        again[n - 1]++;
    }
    assert_true(are_even(again, 2));
    static const struct { int pairs, lures, things; } kinds[] = {{4, 4, 2 * FEW}, {16, 16, ITEMS}, {2, 7, ITEMS}};
    for (int k = 0; k < 3; k++)
        for (int set = 0; set < 2; set++)
            for (int doors = 2; doors <= 4; doors++) {
                int count[ITEMS * 4] = {0}, answers[4] = {0};
                for (uint64_t i = 0; i < MANY; i++) {
                    uint32_t seed = (uint32_t)(set ? lp_game_train_seed(6, i) : lp_game_eval_seed(6, i)), answer = answer_of(seed, doors);
                    count[asked_of(seed, kinds[k].pairs, kinds[k].lures) * (uint32_t)doors + answer]++, answers[answer]++;
                }
                assert_true(are_even(count, kinds[k].things * doors) && are_even(answers, doors));
            }
}

/* ---- optimum and floor ---- */
static void test_oracle(void **state) {
    (void)state;
    static const struct {
        int horizon, pairs, lures, rewrites, keep;
    } kinds[] = {{1, 4, 3, 2, 0},    {16, 4, 3, 2, 0},    {128, 4, 3, 2, 0}, {16, 4, 3, 2, 1},
                 {1, 16, 16, 16, 0}, {16, 16, 16, 16, 1}, {64, 16, 4, 2, 0}};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        set_knobs("horizon=%d,pairs=%d,lures=%d,rewrites=%d,doors=4,keep=%d", kinds[k].horizon, kinds[k].pairs, kinds[k].lures,
                  kinds[k].rewrites, kinds[k].keep);
        gs_oracle_wins(knobs, gs_number(16, 1008));
        reset(gs_env, 2);
        while (!lp_env_step(gs_env, gs_oracle(gs_env))) {
        }
        assert_int_equal(lp_env_steps(gs_env),
                         SHOW_DECISIONS * (kinds[k].pairs + kinds[k].lures + kinds[k].rewrites) + kinds[k].horizon + 1);
    }
}

static void test_random(void **state) {
    (void)state;
    int n = gs_number(240, 10000);
    for (int doors = 2; doors <= 4; doors++)
        for (int keep = 0; keep < gs_number(1, 2); keep++) {
            char what[40];
            set_knobs("horizon=1,pairs=2,lures=1,rewrites=1,doors=%d,keep=%d", doors, keep);
            snprintf(what, sizeof what, "%d doors, keep %d", doors, keep);
            gs_expect_rate(what, gs_play(knobs, gs_random, n, true, 11), n, 1.0 / doors);
        }
    set_knobs("horizon=1,pairs=16,lures=16,rewrites=16,doors=3");
    gs_expect_rate("most of all", gs_play(knobs, gs_random, n, true, 11), n, 1.0 / 3);
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
    for (int t = 0; t < 30; t++) {
        set_any(&rng);
        reset(gs_env, lp_game_eval_seed(9, (uint64_t)t));
        int64_t shows = gs_value(gs_env, "shows"), horizon = gs_value(gs_env, "horizon");
        for (int64_t d = 0; d <= SHOW_DECISIONS * shows + horizon; d++) {
            int64_t phase = d < SHOW_DECISIONS * shows ? SHOW : d < SHOW_DECISIONS * shows + horizon ? CORRIDOR : DOORS;
            assert_int_equal(gs_value(gs_env, "phase"), phase);
            assert_int_equal(gs_value(gs_env, "decisions"), d);
            assert_int_equal(gs_value(gs_env, "item"), phase == SHOW ? gs_value_of(gs_env, "show_item_", (int)d / SHOW_DECISIONS) : 255);
            assert_int_equal(gs_value(gs_env, "symbol"),
                             phase == SHOW ? gs_value_of(gs_env, "show_symbol_", (int)d / SHOW_DECISIONS) : 255);
            lp_env_step(gs_env, phase == DOORS ? NONE : (int)lp_rng_below(&rng, 5)); /* keys before the doors do nothing */
            assert_on_time();
        }
    }
}

static void test_longest_horizon(void **state) {
    (void)state;
    set_knobs("horizon=2000000,pairs=1,lures=0,rewrites=0");
    reset(gs_env, 9);
    for (int i = 0; i < SHOW_DECISIONS + 2; i++) lp_env_step(gs_env, NONE);
    assert_int_equal(gs_value(gs_env, "walked"), 2);
    const int64_t walked = 2000000 - 10;
    for (int i = 0; i < 4; i++) lp_emu_write8(lp_env_emu(gs_env), 0xC0B8 + (uint32_t)i, (uint8_t)(walked >> (8 * i)));
    for (int i = 0; i < 10; i++) {
        assert_int_equal(gs_value(gs_env, "phase"), CORRIDOR);
        lp_env_step(gs_env, NONE);
    }
    assert_int_equal(gs_value(gs_env, "phase"), DOORS);
}

static void test_choices(void **state) {
    (void)state;
    for (int doors = 2; doors <= 4; doors++)
        for (int action = LEFT; action <= DOWN; action++)
            for (uint64_t seed = 0; seed < 6; seed++) {
                set_knobs("horizon=3,doors=%d,rewrites=2", doors);
                reset(gs_env, seed);
                walk(gs_env);
                bool wins = gs_value(gs_env, "answer") == action - LEFT, is_there = action - LEFT < doors;
                assert_int_equal(lp_env_step(gs_env, action), !is_there ? LP_RUNNING : wins ? LP_WIN : LP_LOSS);
                assert_int_equal(gs_value(gs_env, "choice"), is_there ? action - LEFT : 255);
                assert_int_equal(gs_value(gs_env, "opened"), is_there ? action - LEFT + 1 : 0);
                assert_int_equal(gs_value(gs_env, "due"), is_there ? gs_value(gs_env, "answer") + 1 : 0); /* as the showings say */
            }
}

static void test_doors_close(void **state) {
    (void)state;
    set_knobs("horizon=5");
    reset(gs_env, 3);
    walk(gs_env);
    for (int i = 0; i < DOOR_DECISIONS - 1; i++) assert_int_equal(lp_env_step(gs_env, i % 2 ? NONE : UP), LP_RUNNING);
    assert_int_equal(lp_env_step(gs_env, NONE), LP_LOSS);
    const lp_event *events;
    assert_int_equal(lp_env_events(gs_env, &events), 1);
    assert_string_equal(events->text, "The doors closed: lost.");
    uint64_t end = picture(gs_env, 0, 0, GS_WIDTH, GS_HEIGHT);
    for (int i = 0; i < 50; i++) assert_int_equal(lp_env_step(gs_env, 1 + i % 4), LP_LOSS);
    assert_true(picture(gs_env, 0, 0, GS_WIDTH, GS_HEIGHT) == end);
}

/* A win that what was shown does not bear out is none: with the plan's symbols changed in RAM, the oracle's door loses. */
static void test_audit(void **state) {
    (void)state;
    set_knobs("horizon=2");
    for (uint64_t seed = 0; seed < 10; seed++)
        for (int changed = 0; changed < 2; changed++) {
            reset(gs_env, seed);
            walk(gs_env);
            for (uint32_t i = 0; i < MAX_SHOWS && changed; i++)
                lp_emu_write8(lp_env_emu(gs_env), 0xC100 + i, lp_emu_read8(lp_env_emu(gs_env), 0xC100 + i) ^ 1);
            assert_int_equal(lp_env_step(gs_env, gs_oracle(gs_env)), changed ? LP_LOSS : LP_WIN);
        }
}

/* ---- what the player sees ---- */

/* Each thing and each symbol has a picture of its own, which stands for all four decisions; then nothing; at the doors the thing
 * that is asked, with the question mark, or in the twin its symbol. */
static void test_board(void **state) {
    (void)state;
    uint64_t item_seen[ITEMS] = {0}, symbol_seen[4] = {0}, blank[2] = {0}, question = 0;
    for (uint64_t seed = 0; seed < 60; seed++)
        for (int keep = 0; keep < 2; keep++) {
            set_knobs("horizon=3,pairs=%d,lures=%d,rewrites=2,doors=4,keep=%d", seed % 3 ? 5 : 16, seed % 3 ? 4 : 16, keep);
            reset(gs_env, seed);
            while (gs_value(gs_env, "phase") < DOORS) {
                int64_t item = gs_value(gs_env, "item"), symbol = gs_value(gs_env, "symbol");
                uint64_t *at_item = item < ITEMS ? &item_seen[item] : &blank[0], *at_symbol = symbol < 4 ? &symbol_seen[symbol] : &blank[1];
                if (!*at_item) *at_item = item_picture(gs_env);
                if (!*at_symbol) *at_symbol = symbol_picture(gs_env);
                assert_true(*at_item == item_picture(gs_env) && *at_symbol == symbol_picture(gs_env));
                lp_env_step(gs_env, NONE);
            }
            assert_true(item_picture(gs_env) == item_seen[gs_value(gs_env, "asked")]);
            if (!keep && !question) question = symbol_picture(gs_env);
            assert_true(symbol_picture(gs_env) == (keep ? symbol_seen[gs_value(gs_env, "answer")] : question));
        }
    for (int a = 0; a < ITEMS; a++) {
        assert_true(item_seen[a] && item_seen[a] != blank[0]);
        for (int b = 0; b < a; b++) assert_true(item_seen[a] != item_seen[b]);
    }
    for (int a = 0; a < 4; a++) {
        assert_true(symbol_seen[a] && symbol_seen[a] != blank[1] && symbol_seen[a] != question);
        for (int b = 0; b < a; b++) assert_true(symbol_seen[a] != symbol_seen[b]);
    }
}

/* One tile a decision: each frame of the corridor is the one before, 8 pixels on, but for the hero (columns 32 to 63). */
static void test_frames_are_clean(void **state) {
    (void)state;
    enum { TOP = 72, ROWS = GS_HEIGHT - TOP };
    static uint32_t last[ROWS * GS_WIDTH];
    set_knobs("horizon=300");
    reset(gs_env, 77);
    while (gs_value(gs_env, "phase") < CORRIDOR) lp_env_step(gs_env, NONE);
    for (int i = 0; i < 280; i++) {
        memcpy(last, gs_frame(gs_env) + TOP * GS_WIDTH, sizeof last);
        lp_env_step(gs_env, NONE);
        const uint32_t *now = gs_frame(gs_env) + TOP * GS_WIDTH;
        for (int y = 0; y < ROWS; y++) {
            assert_memory_equal(now + y * GS_WIDTH, last + y * GS_WIDTH + 8, 32 * sizeof *now);
            assert_memory_equal(now + y * GS_WIDTH + 64, last + y * GS_WIDTH + 72, (GS_WIDTH - 72) * sizeof *now);
        }
    }
}

static void test_events(void **state) {
    (void)state;
    set_knobs("horizon=2,pairs=1,lures=0,rewrites=1,doors=2");
    const lp_event *events;
    char text[4][80];
    reset(gs_env, 4);
    assert_int_equal(lp_env_events(gs_env, &events), 1);
    snprintf(text[0], sizeof text[0], "%s", events->text);
    for (int i = 0; i < SHOW_DECISIONS; i++) lp_env_step(gs_env, NONE);
    assert_int_equal(lp_env_events(gs_env, &events), 1);
    snprintf(text[1], sizeof text[1], "%s", events->text);
    assert_non_null(strstr(text[0], "The board shows: "));
    assert_non_null(strstr(text[1], ", now "));
    assert_true(!strncmp(text[0], text[1], strcspn(text[0], ","))); /* the same thing */
}

/* ---- honesty ---- */

/* Two seeds with the same scenery, the same thing asked and different answers: from the last showing's end to the choice nothing
 * differs, whatever keys are pressed. */
static void nothing_tells(int pairs, int lures, int rewrites) {
    enum { KINDS = 65536 * ITEMS };
    uint32_t *first = calloc(KINDS, sizeof *first); /* a seed with this scenery and thing, or 0 */
    lp_rng rng = lp_rng_make(23, 0);
    int n_pairs = 0, wanted = gs_number(16, 200), shown = SHOW_DECISIONS * (pairs + lures + rewrites);
    for (uint32_t i = 1; i < 800000 && n_pairs < wanted; i++) {
        uint32_t seed = (uint32_t)lp_game_train_seed(1, i), kind = gs_scenery_of(seed) * ITEMS + asked_of(seed, pairs, lures),
                 other = first[kind];
        int doors = 2 + n_pairs % 3, horizon = 1 + (int)lp_rng_below(&rng, 40);
        first[kind] = seed;
        if (!other || answer_of(seed, doors) == answer_of(other, doors)) continue;
        n_pairs++;
        set_knobs("horizon=%d,pairs=%d,lures=%d,rewrites=%d,doors=%d", horizon, pairs, lures, rewrites, doors);
        reset(gs_env, seed), reset(gs_other, other);
        assert_int_equal(gs_value(gs_env, "asked"), gs_value(gs_other, "asked"));
        assert_int_not_equal(gs_value(gs_env, "answer"), gs_value(gs_other, "answer"));
        for (int d = 0; d <= shown + horizon + 2; d++) {
            if (d >= shown) gs_assert_same();
            int action = d < shown + horizon ? (int)lp_rng_below(&rng, 5) : NONE;
            lp_env_step(gs_env, action), lp_env_step(gs_other, action);
        }
    }
    free(first);
    print_message("%d pairs of seeds\n", n_pairs);
    assert_int_equal(n_pairs, wanted);
}

static void test_nothing_tells(void **state) {
    (void)state;
    nothing_tells(3, 2, 2);
    nothing_tells(16, 4, 2);
    nothing_tells(16, 16, 16);
}

/* What the shipped policy was trained on goes on as it was: up to 6 pairs, lures and 4 rewrites, every decision's frame is that of the ROM of then. */
static void test_as_before(void **state) {
    (void)state;
    static const char *const some[] = {"", "horizon=1,pairs=1,lures=0,rewrites=0", "pairs=4,lures=4,rewrites=2,doors=4",
                                       "horizon=5,pairs=6,lures=6,rewrites=4,doors=3",
                                       "horizon=2,pairs=3,lures=5,rewrites=1,doors=4,keep=1"};
    lp_rng rng = lp_rng_make(31, 0);
    uint64_t hash = 0;
    for (int t = 0; t < 60; t++) {
        lp_outcome outcome = LP_RUNNING;
        set_knobs("%s", some[t % 5]);
        reset(gs_env, lp_game_train_seed(12, (uint64_t)t));
        while (!outcome) {
            hash = hash * 31 + picture(gs_env, 0, 0, GS_WIDTH, GS_HEIGHT);
            outcome = lp_env_step(gs_env, t % 2 ? gs_oracle(gs_env) : (int)lp_rng_below(&rng, 5));
        }
        hash = hash * 31 + picture(gs_env, 0, 0, GS_WIDTH, GS_HEIGHT) + outcome;
    }
    assert_true(hash == 0xe8cc12db9bd33fcd);
}

/* A linear probe finds the answer in the corridor or at the doors no better than chance; in the twin it finds it. */
static void test_probe(void **state) {
    (void)state;
    static const char *const where[] = {"in the corridor", "at the doors", "in the twin", "at the doors, of many"};
    int n = gs_number(240, 1500);
    for (int look = 0; look < 4; look++) {
        gs_probe probe;
        gs_probe_open(&probe, n, 2);
        if (look < 3) set_knobs("horizon=12,pairs=2,lures=1,rewrites=1,keep=%d", look == 2);
        else set_knobs("horizon=12,pairs=16,lures=16,rewrites=16");
        for (int i = 0; i < n; i++) {
            reset(gs_env, lp_game_train_seed(8, (uint64_t)i));
            for (int d = 0; d < SHOW_DECISIONS * (look < 3 ? 4 : 48) + (look ? 12 : 1 + i % 10); d++) lp_env_step(gs_env, NONE);
            assert_int_equal(gs_value(gs_env, "phase"), look ? DOORS : CORRIDOR);
            gs_probe_add(&probe, gs_env, (int)gs_value(gs_env, "answer"));
        }
        gs_expect_probe(where[look], &probe, look == 2);
    }
}

static void test_start(void **state) {
    (void)state;
    static const char *const some[] = {"",
                                       "pairs=1,lures=0,rewrites=0,doors=2,horizon=1",
                                       "pairs=6,lures=6,rewrites=4,doors=4,horizon=2000000",
                                       "pairs=1,lures=6,rewrites=4,doors=3",
                                       "pairs=6,lures=0,rewrites=4,doors=4,keep=1",
                                       "pairs=16,lures=16,rewrites=16,doors=4,horizon=2000000",
                                       "pairs=16,lures=16,rewrites=16,doors=3",
                                       "pairs=7,lures=0,rewrites=16,doors=2"};
    gs_same_start(some, 8, gs_number(30, 600));
}

static void test_header(void **state) {
    (void)state;
    gs_header("LURES");
}

static void test_rebuilt(void **state) {
    (void)state;
    gs_rebuilt();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),
        cmocka_unit_test(test_even),
        cmocka_unit_test(test_oracle),
        cmocka_unit_test(test_random),
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_longest_horizon),
        cmocka_unit_test(test_choices),
        cmocka_unit_test(test_doors_close),
        cmocka_unit_test(test_audit),
        cmocka_unit_test(test_board),
        cmocka_unit_test(test_frames_are_clean),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_nothing_tells),
        cmocka_unit_test(test_as_before),
        cmocka_unit_test(test_probe),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_header),
        cmocka_unit_test(test_rebuilt),
    };
    return cmocka_run_group_tests(tests, setup, gs_close);
}
