/* How far back a game makes its player look: the shortest window with which a perfect reader wins. Of episodes that are played well it is
 * measured at which decision what a button depends on was last in sight; the largest distance is what the formula says, in the suite `memory`
 * and at other knobs, and what games/suites/README.md says of both. */
#include "tests/sights_support.h"

#include "evals/suite.h"

/* ---- the formulas ---- */

static int64_t knob(const char *name) { return gs_value(gs_env, name); }

static bool comes_late(void) { return knob("when") && knob("horizon") >= 6; } /* below there is no slot for the sign */

static int64_t cue_window(void) { return knob("horizon") + (comes_late() ? -4 : 1); }
static int64_t keydoor_window(void) { return 5; }
static int64_t map_window(void) { return knob("horizon") + knob("n") - 1; }
static int64_t order_window(void) { return knob("horizon") + 3 * knob("n") - 2; }
static int64_t count_window(void) { return knob("horizon") + 3 * knob("flashes") - 2; }
static int64_t lures_window(void) { return knob("horizon") + 4 * (knob("pairs") + knob("lures") + knob("rewrites")) - 3; }
static int64_t rule_window(void) { return (knob("episodes") - 1) * (knob("horizon") + 8) + 11 * knob("S") - 10; }
static int64_t facts_window(void) { return knob("F") * (knob("horizon") + 5 + knob("base") / 2) - 4; }

/* ---- the seeds that ask for all of it, as their plans say at the start ---- */

static bool any_is_worst(void) { return true; }
static bool cue_is_worst(void) { /* the sign's slot is drawn later, from the scenery */
    return !comes_late() || gs_mix((uint32_t)knob("scenery") + 0x27220000) % ((uint32_t)(knob("horizon") - 1) / 5) == 0;
}
static bool map_is_worst(void) { return gs_value_of(gs_env, "safe", (int)knob("n")) > 0; }
static bool count_is_worst(void) { return knob("picture") == 0; }

static bool lures_is_worst(void) {
    for (int i = 0; i < knob("shows"); i++)
        if ((gs_value_of(gs_env, "show_item_", i) == knob("asked")) != (i == 0)) return false;
    return true;
}

static bool rule_is_worst(void) {
    const int64_t first = knob("lesson1"), last = gs_value_of(gs_env, "exam", (int)knob("S"));
    return first == last && knob("lesson2") == first && knob("lesson3") == first;
}

/* So many digits, all of them half a turn away: of more than these it is written into the block, as hardly any seed has it. */
static bool facts_is_worst(void) {
    const int F = (int)knob("F"), far = (int)knob("base") / 2;
    if (F > 4) {
        for (int i = 0; i < F; i++) {
            lp_emu_write8(lp_env_emu(gs_env), 0xC0D0 + (uint32_t)i, (uint8_t)far);
            lp_emu_write8(lp_env_emu(gs_env), 0xC0F0 + (uint32_t)i, (uint8_t)(F - 1 - i));
        }
        return true;
    }
    for (int i = 0; i < F; i++)
        if (gs_value_of(gs_env, "digit_", i) != far) return false;
    return gs_value_of(gs_env, "order_", F - 1) == 0;
}

static const struct {
    const char *game, *formula;
    int64_t (*window)(void);
    bool (*is_worst)(void);
} families[] = {
    {"cue", "horizon + 1", cue_window, cue_is_worst},
    {"keydoor", "5", keydoor_window, any_is_worst},
    {"map", "horizon + n - 1", map_window, map_is_worst},
    {"order", "horizon + 3 n - 2", order_window, any_is_worst},
    {"count", "horizon + 3 flashes - 2", count_window, count_is_worst},
    {"lures", "horizon + 4 (pairs + lures + rewrites) - 3", lures_window, lures_is_worst},
    {"rule", "(episodes - 1) (horizon + 8) + 11 S - 10", rule_window, rule_is_worst},
    {"facts", "F (horizon + 5 + base / 2) - 4", facts_window, facts_is_worst},
};
enum { N_FAMILIES = sizeof families / sizeof *families, N_ANY = 12 };

static episode seen;

/* The largest distance from a decision back to what it depends on. */
static int look_back(void) {
    int most = 0;
    for (int i = 0; i < seen.n_needs; i++) {
        int t = seen.needs[i].step - 1;
        while (t >= 0 && seen.fact[t] != seen.needs[i].fact) t--;
        assert_true(t >= 0);
        if (seen.needs[i].step - t > most) most = seen.needs[i].step - t;
    }
    return most;
}

static void begin(uint64_t seed, const int64_t *knobs) {
    lp_err err;
    assert_int_equal(lp_env_reset(gs_env, seed, knobs, 0, &err), LP_OK);
}

static int measured(int family) {
    assert_int_equal(sight_play(sighted_game_of(families[family].game), gs_env, &seen), LP_WIN);
    return look_back();
}

/* Of the game that is open, whose knobs these are. Returns the window. */
static int64_t expect_window(int family, const int64_t *knobs) {
    int i = 0;
    begin(lp_game_eval_seed(1, 0), knobs);
    const int64_t window = families[family].window();
    for (; i < gs_number(2, N_ANY); i++) {
        begin(lp_game_eval_seed(1, (uint64_t)i), knobs);
        assert_in_range(measured(family), 0, window);
    }
    do begin(lp_game_eval_seed(1, (uint64_t)i++), knobs);
    while (!families[family].is_worst() && i < 40000);
    assert_int_equal(measured(family), window);
    return window;
}

static int family_of(const char *game) {
    int f = 0;
    while (f < N_FAMILIES && strcmp(families[f].game, game)) f++;
    return f;
}

/* ---- the suite, and its page ---- */

/* The page's row of a game in the suite: the window's formula, and what it makes at the suite's lengths. */
static void expect_on_page(const char *page, const char *formula, const char *windows) {
    char cells[300];
    snprintf(cells, sizeof cells, "| %s | %s |", formula, windows);
    if (!strstr(page, cells)) fail_msg("games/suites/README.md has no '%s'", cells);
}

static void test_suite(void **state) {
    (void)state;
    lp_suite *suite;
    lp_blob page;
    lp_err err;
    if (lp_suite_open(&suite, LP_SOURCE_DIR "/games/suites/memory.json", &err)) fail_msg("%s", err.message);
    if (lp_file_read(&page, LP_SOURCE_DIR "/games/suites/README.md", 1 << 20, &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_suite_n_rows(suite) % 3, 0);
    for (int r = 0; r < lp_suite_n_rows(suite); r += 3) {
        const lp_suite_row *row = lp_suite_row_at(suite, r);
        const int family = family_of(row->name);
        char windows[100] = "";
        assert_int_equal(gs_open(row->name), 0);
        if (family == N_FAMILIES) {
            assert_string_equal(row->name, "catch"); /* the frame of now is enough: test_game_catch */
            expect_on_page((const char *)page.data, "0", "0, 0, 0");
        } else {
            for (int i = 0; i < 3; i++) {
                const int64_t window = expect_window(family, lp_suite_row_at(suite, r + i)->knobs);
                snprintf(windows + strlen(windows), sizeof windows - strlen(windows), "%s%lld", i ? ", " : "", (long long)window);
            }
            expect_on_page((const char *)page.data, family == 0 && comes_late() ? "horizon - 4" : families[family].formula, windows);
        }
        gs_close(NULL);
    }
    lp_blob_free(&page);
    lp_suite_close(suite);
}

static void test_other_knobs(void **state) {
    (void)state;
    static const char *const others[][2] = {
        {"cue", "horizon=1"},
        {"cue", "horizon=5,when=1,decoys=9"}, /* no slot: the sign comes first */
        {"cue", "horizon=6,when=1"},
        {"cue", "horizon=37,doors=3,decoys=100"},
        {"cue", "horizon=37,doors=3,when=1,decoys=100"},
        {"keydoor", "horizon=1,keys=2"},
        {"keydoor", "horizon=100,keys=3"},
        {"map", "horizon=1,n=1"},
        {"map", "horizon=9,n=12"},
        {"order", "horizon=1,n=1"},
        {"order", "horizon=7,n=8"},
        {"count", "horizon=1,flashes=4"},
        {"count", "horizon=20,flashes=32"},
        {"lures", ""},
        {"lures", "horizon=9,pairs=1,lures=2,rewrites=0"},
        {"lures", "horizon=9,pairs=7,lures=16,rewrites=16"},
        {"rule", "horizon=5,S=1,episodes=1"},
        {"rule", "horizon=5,S=2,episodes=8"},
        {"rule", "horizon=1,S=4,episodes=2"},
        {"facts", "horizon=3,F=1,base=10"},
        {"facts", "horizon=3,F=2,base=7"},
        {"facts", "horizon=3,F=3,base=4"},
        {"facts", "horizon=3,F=4,base=2"},
        {"facts", "horizon=3,F=16,base=9"},
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        int64_t knobs[LP_MAX_KNOBS];
        assert_int_equal(gs_open(others[i][0]), 0);
        gs_knobs(knobs, others[i][1]);
        expect_window(family_of(others[i][0]), knobs);
        gs_close(NULL);
    }
}

/* ---- what the measure rests on ---- */

/* What RAM says is in sight is on the screen: frames that differ in it are never the same, on the board alone where the game has one. */
static void test_sights_are_seen(void **state) {
    (void)state;
    static const struct {
        const char *game, *knobs;
        int n_rows;
    } shown[] = {{"cue", "doors=4,when=1,decoys=16,horizon=130", GS_SPLIT},
                 {"keydoor", "keys=4", GS_SPLIT},
                 {"map", "n=6", GS_HEIGHT},
                 {"order", "n=8", GS_SPLIT},
                 {"count", "flashes=32", GS_SPLIT},
                 {"lures", "pairs=8,lures=8,rewrites=4,doors=4", GS_SPLIT},
                 {"rule", "S=4", GS_HEIGHT},
                 {"facts", "F=16,base=10", GS_SPLIT}};
    static uint64_t picture[MAX_STEPS];
    for (size_t g = 0; g < sizeof shown / sizeof *shown; g++) {
        const sighted_game *game = sighted_game_of(shown[g].game);
        assert_int_equal(gs_open(game->name), 0);
        for (uint64_t seed = 0; seed < 4; seed++) {
            lp_outcome outcome = LP_RUNNING;
            int n_shown = 0;
            gs_reset(gs_env, lp_game_eval_seed(2, seed), shown[g].knobs);
            sight_begin(&seen);
            while (!outcome) {
                picture[seen.n_steps] = gs_frame_hash(gs_env, 0, shown[g].n_rows);
                outcome = sight_step(game, gs_env, &seen);
            }
            for (int a = 0; a < seen.n_steps; a++) {
                n_shown += seen.look[a] >= 0;
                for (int b = 0; b < a; b++)
                    if (picture[a] == picture[b] && seen.look[a] != seen.look[b])
                        fail_msg("%s, seed %d: decisions %d and %d look the same", game->name, (int)seed, b, a);
            }
            assert_true(n_shown > 0);
        }
        gs_close(NULL);
    }
}

/* map's player with this window wins; with one less it falls at the last column as often as it may. */
static void test_map_player(void **state) {
    (void)state;
    assert_int_equal(gs_open("map"), 0);
    const sighted_game *map = sighted_game_of("map");
    for (uint64_t seed = 0; seed < 30; seed++) {
        char knobs[40];
        snprintf(knobs, sizeof knobs, "n=%d,horizon=%d", 1 + (int)seed % 6, 1 + (int)seed % 4);
        gs_reset(gs_env, seed, knobs);
        const bool is_worst = map_is_worst();
        seen.reach = (int)map_window();
        assert_int_equal(sight_play(map, gs_env, &seen), LP_WIN);
        gs_reset(gs_env, seed, knobs);
        if (--seen.reach) assert_int_equal(sight_play(map, gs_env, &seen), is_worst ? LP_LOSS : LP_WIN);
    }
    seen.reach = 0;
    gs_close(NULL);
}

/* What is not counted: who holds the right door's button down from the sign on needs no memory but his last action. */
static void test_buttons_remember(void **state) {
    (void)state;
    static const struct {
        const char *game, *knobs;
    } held[] = {{"cue", "doors=4,horizon=4096"}, {"cue", "doors=4,when=1,decoys=16,horizon=1024"}, {"keydoor", "keys=4"}};
    for (size_t i = 0; i < sizeof held / sizeof *held; i++) {
        const bool is_cue = !strcmp(held[i].game, "cue");
        assert_int_equal(gs_open(held[i].game), 0);
        for (uint64_t seed = 0; seed < 8; seed++) {
            lp_outcome outcome = LP_RUNNING;
            int last = 0;
            gs_reset(gs_env, lp_game_eval_seed(3, seed), held[i].knobs);
            while (!outcome) {
                if (is_cue ? knob("shown") == 1 : knob("phase") == 1) last = 1 + (int)knob("answer"); /* a symbol's button */
                int action = last;
                if (!is_cue && knob("phase") == 3) /* the keys lie there, each under its symbol */
                    for (int place = 0; place < 4; place++)
                        if (gs_value_of(gs_env, "order", place) == last - 1) action = 1 + place;
                outcome = lp_env_step(gs_env, action);
            }
            assert_int_equal(outcome, LP_WIN);
        }
        gs_close(NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suite),      cmocka_unit_test(test_other_knobs),      cmocka_unit_test(test_sights_are_seen),
        cmocka_unit_test(test_map_player), cmocka_unit_test(test_buttons_remember),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
