/* The viewer: every picture keeps the rules of view/view_paint.h whatever it is given, in every layout and size.
 *
 * The random views print their seed; LONGPLAY_TEST_SEED=N takes another one. */
#include "tests/seed.h"
#include "tests/view_support.h"

/* ---- odd views ---- */

static int64_t odd_count(lp_rng *rng) {
    static const int64_t odd[] = {0, 1, -1, 999, 1000, 123456789, INT64_MAX, INT64_MIN};
    return odd[lp_rng_below(rng, 8)];
}

static double odd_number(lp_rng *rng) {
    static const double odd[] = {0, -0.0, 1, -1, 0.5, 1e-9, 1e38, -1e38, NAN, INFINITY, -INFINITY, 0.999};
    return odd[lp_rng_below(rng, 12)];
}

static const char *odd_text(lp_rng *rng) {
    static char very_long[20001];
    memset(very_long, 'W', 20000);
    const char *const odd[] = {NULL,
                               "",
                               "a",
                               " ",
                               "caf\xc3\xa9 \xe2\x98\x85 \xe6\x98\x9f",
                               "\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90",
                               "cut \xe2\x82",
                               "tab\tand\nnewline\x01",
                               "the corridor goes on; a tree, two clouds, a fence, a tree again and then a door",
                               very_long,
                               "\xcc\x81\xcc\x81\xcc\x81",
                               "\xf0\x9f\x8e\xae game"};
    return odd[lp_rng_below(rng, sizeof odd / sizeof *odd)];
}

static const lp_view *odd_view(lp_rng *rng) {
    static const int sizes[][2] = {{160, 144}, {240, 160}, {256, 224}, {0, 5}, {1, 200}};
    const int *size = sizes[lp_rng_below(rng, 5)];
    lp_view *v = ordinary(size[0], size[1]);
    if (lp_rng_below(rng, 8) == 0) v->frame = NULL;
    v->game = odd_text(rng), v->policy = odd_text(rng), v->memory = odd_text(rng);
    v->last_written = odd_text(rng), v->status = odd_text(rng);
    v->mode = (lp_view_mode)(lp_rng_below(rng, 4));
    v->recovered = odd_text(rng), v->title = odd_text(rng);
    v->can_win = lp_rng_below(rng, 2), v->can_end = lp_rng_below(rng, 2);
    v->banner = (lp_view_end)lp_rng_below(rng, 5);
    v->n_actions = (int)lp_rng_below(rng, 34) - 1;
    if (v->n_actions > 32) v->n_actions = 32;
    v->chosen = (int)lp_rng_below(rng, 40) - 3;
    for (int i = 0; i < 32; i++) {
        made.names[i] = odd_text(rng);
        made.probabilities[i] = (float)odd_number(rng);
    }
    if (lp_rng_below(rng, 8) == 0) v->action_names = NULL;
    if (lp_rng_below(rng, 8) == 0) v->action_probabilities = NULL;
    v->n_values = (int)lp_rng_below(rng, 1000) - 5;
    for (int i = 0; i < 1000; i++) made.values[i] = (float)odd_number(rng);
    if (lp_rng_below(rng, 8) == 0) v->value_history = NULL;
    v->n_levels = (int)lp_rng_below(rng, 22) - 2;
    for (int i = 0; i < LP_VIEW_MAX_LEVELS; i++) {
        static const int odd[] = {0, 1, 16, 31, 999, 123456, INT_MAX, -4};
        v->level_counts[i] = odd[lp_rng_below(rng, 8)];
        v->level_weights[i] = (float)odd_number(rng);
    }
    v->n_reads = (int)lp_rng_below(rng, 12) - 1;
    for (int i = 0; i < LP_VIEW_MAX_READS; i++)
        v->reads[i] = (lp_view_read){odd_count(rng), (int)lp_rng_below(rng, 20) - 1, (float)odd_number(rng), odd_text(rng)};
    int64_t *counts[] = {&v->items_seen, &v->wins, &v->losses, &v->timeouts, &v->episode, &v->decisions, &v->episode_decisions};
    for (int i = 0; i < 7; i++) *counts[i] = odd_count(rng);
    v->n_events = (int)lp_rng_below(rng, LP_VIEW_MAX_EVENTS + 3) - 1;
    for (int i = 0; i < LP_VIEW_MAX_EVENTS; i++)
        v->events[i] = (lp_view_event){odd_count(rng), odd_number(rng), odd_text(rng), lp_rng_below(rng, 2)};
    v->n_splits = (int)lp_rng_below(rng, LP_VIEW_MAX_SPLITS + 3) - 1;
    for (int i = 0; i < LP_VIEW_MAX_SPLITS; i++) v->splits[i] = (lp_view_split){odd_text(rng), odd_number(rng), odd_number(rng)};
    v->n_results = (int)lp_rng_below(rng, LP_VIEW_MAX_RESULTS + 3) - 1;
    for (int i = 0; i < LP_VIEW_MAX_RESULTS; i++)
        v->results[i] = (lp_view_result){odd_count(rng), odd_count(rng), odd_number(rng), (lp_view_end)lp_rng_below(rng, 5)};
    v->n_keys = (int)lp_rng_below(rng, LP_VIEW_MAX_KEYS + 3) - 1;
    for (int i = 0; i < LP_VIEW_MAX_KEYS; i++) v->keys[i] = (uint16_t)(lp_rng_below(rng, 3) ? lp_rng_below(rng, 4) : lp_rng_u64(rng));
    v->all_keys = (uint16_t)lp_rng_u64(rng);
    for (int i = 0; i < 40; i++) made.variables[i] = (lp_view_variable){"a_variable", odd_count(rng), odd_count(rng)};
    v->variables = made.variables;
    v->n_variables = (int)lp_rng_below(rng, 42) - 1;
    if (v->n_variables > 40) v->n_variables = 40;
    v->thought = odd_text(rng);
    v->thinks = v->thought && lp_rng_below(rng, 2);
    made.model = (lp_view_model){odd_count(rng), odd_count(rng), odd_number(rng), odd_count(rng), odd_count(rng), odd_count(rng),
                                 odd_count(rng), odd_count(rng), odd_count(rng),  odd_count(rng), odd_count(rng)};
    if (lp_rng_below(rng, 2)) v->model = &made.model;
    v->n_lines = (int)lp_rng_below(rng, LP_VIEW_MAX_EVENTS + 2) - 1;
    for (int i = 0; i < LP_VIEW_MAX_EVENTS; i++)
        made.lines[i] = (lp_view_line){lp_rng_below(rng, 4) ? odd_text(rng) : LP_VIEW_GOAL, odd_text(rng)};
    v->lines = lp_rng_below(rng, 8) ? made.lines : NULL;
    v->episode_s = odd_number(rng);
    v->played_s = odd_number(rng), v->real_s = odd_number(rng), v->decisions_per_s = odd_number(rng);
    v->speed = (int)lp_rng_below(rng, 3) * 2 - 1;
    return v;
}

/* ---- the rules ---- */

/* Whatever there is to tell: no panel lies on another or on the game, and no room is left over. */
static void panels_fill_the_window(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed_or(20260708), 0);
    for (int i = 0; i < 300; i++) {
        const lp_view *view = odd_view(&rng);
        lp_placing placing;
        lp_layout_place(&placing, painter, &painter->layout, view);
        int bottom = 0, telling = 0, in_side = 0;
        for (int k = 0; k < placing.n_panels; k++) {
            lp_rect r = placing.panels[k].r;
            assert_false(overlap(r, placing.game));
            assert_true(r.x >= 16 && r.y >= GAME_Y && r.x + r.w <= W - 16 && r.y + r.h <= 622);
            assert_true(lp_panel_kinds[placing.panels[k].id].tells(view));
            for (int other = 0; other < k; other++) {
                assert_false(overlap(r, placing.panels[other].r));
                assert_int_not_equal(placing.panels[k].id, placing.panels[other].id);
            }
            if (r.x < placing.side.x) continue;
            in_side++;
            if (r.y + r.h > bottom) bottom = r.y + r.h;
        }
        for (int k = 0; k < LP_N_PANELS; k++) telling += lp_panel_kinds[k].tells(view);
        assert_true((in_side > 0) == (telling > 0));
        if (in_side) assert_int_equal(bottom, placing.side.y + placing.side.h);
    }
}

static void any_view_keeps_the_rules(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed_or(20240607), 0);
    for (int i = 0; i < 120; i++) draw(odd_view(&rng));
    for (int i = 0; i < 60; i++) {
        lp_view view = *odd_view(&rng);
        view.human = i % 2;
        view.sheet = made_sheet((int)lp_rng_below(&rng, 60), &rng);
        draw(&view);
    }
    draw(&(lp_view){0});
}

static void any_look_keeps_the_rules(void **state) {
    (void)state;
    static const char *const layouts[] = {"full", "game", "panels", "vertical"};
    static const char *const sizes[] = {"640x480", "1920x1080", "1080x1920", "480x640", "777x1333", NULL};
    lp_rng rng = lp_rng_make(test_seed_or(20261129), 0);
    lp_painter *usual = painter;
    for (int i = 0; i < 4 * 6; i++) {
        lp_err err;
        if (lp_painter_open(&painter, &(lp_look){.layout = layouts[i % 4], .size = sizes[i / 4]}, &err)) fail_msg("%s", err.message);
        for (int k = 0; k < 6; k++) {
            lp_view view = *odd_view(&rng);
            view.human = lp_rng_below(&rng, 2);
            if (k > 3) view.sheet = made_sheet((int)lp_rng_below(&rng, 60), &rng);
            draw(&view);
        }
        lp_painter_close(painter);
    }
    painter = usual;
}

/* Larger pictures are the same ones, sharper: the same texts, none cut. */
static void text_grows_with_the_picture(void **state) {
    (void)state;
    static const char *const sizes[] = {"1280x720", "1920x1080", "2560x1440", "3200x1800"};
    static char texts[4][MAX_CALLS][64];
    lp_painter *usual = painter;
    for (int s = 0; s < 4; s++) {
        lp_err err;
        if (lp_painter_open(&painter, &(lp_look){.size = sizes[s]}, &err)) fail_msg("%s", err.message);
        draw(ordinary(160, 144));
        assert_true(drawn.n > 40 && find_text("policy"));
        assert_int_equal(find_text("policy")->call.px, 18 * painter->height / 720);
        for (int i = 0; i < drawn.n; i++) {
            if (drawn.texts[i].call.shortened) fail_msg("%s: '%s' is cut", sizes[s], drawn.texts[i].text);
            memcpy(texts[s][i], drawn.texts[i].text, 64);
            assert_string_equal(texts[s][i], texts[0][i]);
        }
        lp_painter_close(painter);
    }
    painter = usual;
}

/* What was written last has a second line where the squares leave room for it, and only there. */
static void what_was_written_is_not_cut(void **state) {
    (void)state;
    static const char text[] = "Asked for the colour of the door behind the bridge, and answered what the old fisher had said of it.";
    int times_cut = 0;
    for (int items = 30; items < 1000; items += 10) {
        int n_cut = 0;
        lp_view *view = ordinary(160, 144);
        view->last_written = text;
        view->n_levels = 1;
        view->level_counts[0] = items;
        draw(view);
        for (int i = 0; i < drawn.n; i++) n_cut += drawn.texts[i].call.shortened;
        assert_true(n_cut == 0 || (n_cut == 1 && items > 100));
        times_cut += n_cut;
    }
    assert_in_range(times_cut, 1, 50);
}

/* Counters have as many rows as their words need, in the smallest pictures, too. */
static void counters_are_not_cut(void **state) {
    (void)state;
    static const char *const words[] = {"Wins",   "Losses",    "Timeouts",    "Win rate",  "Episode", "In episode", "Episode time",
                                        "Played", "Decisions", "Decisions/s", "Real time", "Speed",   "max"};
    static const char *const sizes[] = {"480x640", "640x480", "720x1280", "960x540", "1280x720"};
    lp_painter *usual = painter;
    for (int i = 0; i < 5 * 4; i++) {
        lp_err err;
        if (lp_painter_open(&painter, &(lp_look){.size = sizes[i % 5], .layout = "vertical"}, &err)) fail_msg("%s", err.message);
        lp_view view = *ordinary(160, 144);
        view.can_end = i / 10;
        view.can_win = view.can_end;
        view.timeouts = i / 5 % 2 && i % 5 != 1; /* there it is one too many */
        view.played_s = view.real_s = 60;
        view.speed = 0;
        draw(&view);
        for (size_t k = 0; k < sizeof words / sizeof *words; k++) {
            const bool of_episodes = k < 7, wanted = of_episodes ? view.can_end && (k != 2 || view.timeouts) : true;
            if (wanted && (!find_text(words[k]) || find_text(words[k])->call.shortened))
                fail_msg("%s: '%s' is cut", sizes[i % 5], words[k]);
        }
        lp_painter_close(painter);
    }
    painter = usual;
}

/* A note is seen in every layout; what is only beside the keys is not. */
static void notes_are_seen_everywhere(void **state) {
    (void)state;
    static const char *const layouts[] = {"full", "game", "panels", "vertical"};
    lp_painter *usual = painter;
    for (int i = 0; i < 4; i++) {
        lp_err err;
        if (lp_painter_open(&painter, &(lp_look){.layout = layouts[i]}, &err)) fail_msg("%s", err.message);
        lp_view *view = ordinary(160, 144);
        draw(view);
        assert_int_equal(find_text("horizon 1000") != NULL, i == 0);
        view->note = "picture in longplay-1.png";
        painter->probe = on_text;
        drawn.n = 0;
        lp_view_draw(painter, view);
        assert_non_null(find_text(view->note));
        assert_null(find_text("horizon 1000"));
        lp_painter_close(painter);
    }
    painter = usual;
}

static void pictures_leave_nothing_behind(void **state) {
    (void)state;
    static uint32_t first[W * H];
    memcpy(first, draw(ordinary(160, 144)), sizeof first);
    lp_rng rng = lp_rng_make(3, 0);
    for (int i = 0; i < 5; i++) draw(odd_view(&rng));
    assert_memory_equal(first, draw(ordinary(160, 144)), sizeof first);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(panels_fill_the_window),      cmocka_unit_test(any_view_keeps_the_rules),
        cmocka_unit_test(any_look_keeps_the_rules),    cmocka_unit_test(text_grows_with_the_picture),
        cmocka_unit_test(what_was_written_is_not_cut), cmocka_unit_test(counters_are_not_cut),
        cmocka_unit_test(notes_are_seen_everywhere),   cmocka_unit_test(pictures_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
