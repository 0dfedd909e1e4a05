/* The viewer: a picture shows what it was given. */
#include "tests/view_support.h"

/* ---- the game ---- */

static void check_multiple(int w, int h, int scale) {
    const uint32_t *pixels = draw(ordinary(w, h));
    int column = w * scale > 640 ? w * scale : 640, x0 = GAME_X + (column - w * scale) / 2;
    for (int y = 0; y < h * scale; y++) {
        for (int x = 0; x < w * scale; x++) {
            uint32_t c = made.frame[y / scale * w + x / scale];
            uint32_t want = 0xff000000u | (c & 0xff) << 16 | (c & 0xff00) | c >> 16;
            if (pixels[(GAME_Y + y) * W + x0 + x] != want) fail_msg("%d x %d: pixel %d, %d is not the game's", w, h, x, y);
        }
    }
    lp_rect game = {x0, GAME_Y, w * scale, h * scale};
    for (int i = 0; i < drawn.n; i++) assert_false(overlap(drawn.texts[i].call.box, game));
}

static void game_at_whole_multiples(void **state) {
    (void)state;
    check_multiple(160, 144, 4);
    check_multiple(240, 160, 3);
    check_multiple(256, 224, 2);
    check_multiple(1, 1, 576);
    check_multiple(250, 7, 2);
}

static void game_missing_or_too_large(void **state) {
    (void)state;
    lp_view *view = ordinary(160, 144);
    view->frame = NULL;
    draw(view);
    assert_non_null(find_text("no picture"));
    view = ordinary(-3, 10);
    draw(view);
    assert_non_null(find_text("no picture"));
    uint32_t *large = malloc(2000 * 900 * sizeof *large);
    assert_non_null(large);
    for (int i = 0; i < 2000 * 900; i++) large[i] = (uint32_t)i;
    view = ordinary(2000, 900);
    view->frame = large;
    const uint32_t *pixels = draw(view);
    assert_int_equal(pixels[(GAME_Y + 2) * W + GAME_X + 5] & 0xff, 4005 >> 16 & 0xff);
    assert_int_equal(pixels[(GAME_Y + 2) * W + GAME_X + 5] >> 16 & 0xff, 4005 & 0xff);
    free(large);
}

/* ---- badges, actions, value ---- */

static void badges_tell_the_mode(void **state) {
    (void)state;
    static const char *const words[] = {"LIVE", "REPLAY", "PAUSED"};
    enum { HEADER = GAME_Y * W };
    static uint32_t header[3][HEADER];
    for (int mode = 0; mode < 3; mode++) {
        lp_view *view = ordinary(160, 144);
        view->mode = (lp_view_mode)mode;
        memcpy(header[mode], draw(view), sizeof header[mode]);
        for (int k = 0; k < 3; k++) assert_int_equal(find_text(words[k]) != NULL, k == mode);
        for (int other = 0; other < mode; other++) assert_memory_not_equal(header[mode], header[other], sizeof header[0]);
    }
    lp_view *view = ordinary(160, 144);
    view->recovered = "RECOVERED 14:03, after 12 s";
    draw(view);
    assert_non_null(find_text("LIVE"));
    assert_non_null(find_text("RECOVERED 14:03, after 12 s"));
    assert_non_null(find_text("Longplay"));
    view->title = "my stream";
    draw(view);
    assert_non_null(find_text("my stream"));
    assert_null(find_text("Longplay"));
}

static void chosen_action_is_highlighted(void **state) {
    (void)state;
    int before = 0;
    for (int chosen = 0; chosen < 6; chosen++) {
        lp_view *view = ordinary(160, 144);
        view->n_actions = 6;
        view->chosen = chosen;
        lp_rect box = ink_box(draw(view), whole, painter->ink[LP_INK_CHOSEN]);
        const drawn_text *name = find_text(made.names[chosen]);
        assert_true(box.w > 200 && box.h < 30 && box.y > before);
        assert_non_null(name);
        assert_true(name->call.box.y >= box.y - 2 && name->call.box.y < box.y + 6);
        before = box.y;
    }
    lp_view *view = ordinary(160, 144);
    view->chosen = -1;
    assert_int_equal(ink_box(draw(view), whole, painter->ink[LP_INK_CHOSEN]).w, 0);
}

static void bars_show_probability(void **state) {
    (void)state;
    int width[3];
    for (int i = 0; i < 3; i++) {
        lp_view *view = ordinary(160, 144);
        made.probabilities[4] = (float)i * 0.4f + 0.2f;
        lp_rect row = ink_box(draw(view), whole, painter->ink[LP_INK_CHOSEN]);
        row.x += 22; /* past the triangle */
        row.w -= 22;
        width[i] = ink_box(painter->canvas, row, painter->ink[LP_INK_POLICY]).w;
        assert_non_null(find_text(i == 0 ? "20%" : i == 1 ? "60%" : "100%"));
    }
    assert_in_range(width[1], 3 * width[0] - 4, 3 * width[0] + 4);
    assert_in_range(width[2], 5 * width[0] - 6, 5 * width[0] + 6);
}

static void many_actions_show_the_likeliest(void **state) {
    (void)state;
    static char names[32][8];
    for (int gba = 0; gba < 2; gba++) {
        lp_view *view = ordinary(gba ? 240 : 160, gba ? 160 : 144);
        for (int i = 0; i < 32; i++) {
            snprintf(names[i], sizeof names[i], "k%02d", i);
            made.names[i] = names[i];
            made.probabilities[i] = 0.001f * (float)(i % 7);
        }
        made.probabilities[17] = 0.5f;
        made.probabilities[30] = 0.3f;
        view->n_actions = 32;
        view->chosen = 0; /* the least likely */
        draw(view);
        assert_non_null(find_text("k00"));
        assert_non_null(find_text("k17"));
        assert_non_null(find_text("k30"));
        assert_true(find_text("k17")->call.box.y < find_text("k30")->call.box.y);
        assert_null(find_text("k07"));
        assert_non_null(find_text(gba ? "19 others" : "26 others"));
    }
}

/* All are shown in the room that their panel asks for, which is that of their rows. */
static void few_actions_take_little_room(void **state) {
    (void)state;
    for (int n = 2; n <= 10; n++) {
        lp_view *view = ordinary(160, 144);
        view->n_values = view->n_levels = view->n_reads = 0; /* alone in its row, with two panels that take what is left */
        view->memory = "none";
        view->n_events = view->n_keys = 1;
        view->n_actions = n;
        int rows = n > 5 ? (n + 1) / 2 : n, asks = lp_panel_kinds[LP_PANEL_ACTION].height(painter, view, 596, true);
        assert_int_equal(asks, LP_PANEL_FRAME + rows * LP_ROW_PX);
        draw(view);
        for (int i = 0; i < n; i++) assert_non_null(find_text(made.names[i]));
        assert_int_equal(find_text("Events")->call.box.y - find_text("Next action")->call.box.y, asks + 8);
    }
}

/* The curve's own ink inside the value panel; the title and the current value stand above it. */
static lp_rect curve(const lp_view *view) {
    const uint32_t *pixels = draw(view);
    const drawn_text *one = find_text("+1"), *now = find_text("now");
    assert_true(one && now);
    int x = one->call.box.x + one->call.box.w + 2, y = one->call.box.y - 2;
    return ink_box(pixels, (lp_rect){x, y, now->call.box.x + now->call.box.w - x, now->call.box.y - y}, painter->ink[LP_INK_POLICY]);
}

static void value_chart_follows_the_values(void **state) {
    (void)state;
    lp_view *view = ordinary(160, 144);
    for (int i = 0; i < 5000; i++) made.values[i] = -1;
    lp_rect low = curve(view);
    assert_true(low.h > 0 && low.h <= 4 && low.w > 200);
    assert_non_null(find_text("\xe2\x88\x92"
                              "1.00"));
    for (int i = 0; i < 5000; i++) made.values[i] = 3; /* as high as the chart goes */
    lp_rect high = curve(view);
    assert_true(high.h <= 4 && high.y < low.y - 100);
    for (int i = 0; i < 5000; i++) made.values[i] = -1;
    made.values[2500] = 1; /* one of 5000 on some 240 columns is not lost */
    view->n_values = 5000;
    lp_rect spike = curve(view);
    assert_true(spike.y <= high.y + 1 && spike.y + spike.h >= low.y + low.h - 1);
    for (int i = 0; i < 512; i++) made.values[i] = i < 256 ? NAN : 0;
    view->n_values = 512;
    lp_rect half = curve(view);
    assert_in_range(half.w, low.w / 2 - 3, low.w / 2 + 3);
    view->n_values = 1;
    made.values[0] = 0.25f;
    draw(view);
    assert_non_null(find_text("+0.25"));
}

/* ---- memory ---- */

static void memory_squares_count_the_items(void **state) {
    (void)state;
    lp_view *view = ordinary(160, 144);
    memset(view->level_weights, 0, sizeof view->level_weights); /* nothing glows */
    int n = count_ink(draw(view), whole, painter->ink[LP_INK_ASLEEP]),
        side = ink_box(painter->canvas, whole, painter->ink[LP_INK_ASLEEP]).h;
    for (side = 4; side <= 10 && side * side * 40 != n; side++) continue;
    assert_in_range(side, 4, 10);
    assert_non_null(find_text("48,213 seen \xe2\x86\x92 40 kept"));
    assert_true(find_text("20")->call.box.x > find_text("16")->call.box.x); /* raw stands right, older left */
    lp_rect caption = find_text("items")->call.box, oldest = find_text("2")->call.box;
    assert_true(oldest.x - caption.x < (W - 16 - caption.x) / 2); /* three levels take more than half of the width */
    view->n_levels = 1;
    view->level_counts[0] = 16384;
    n = count_ink(draw(view), whole, painter->ink[LP_INK_ASLEEP]);
    assert_int_equal(n, 4 * 4 * 16384 / 32);
    assert_non_null(find_text("= 32"));
}

static void attention_lights_its_level(void **state) {
    (void)state;
    lp_view *view = ordinary(160, 144);
    view->level_weights[0] = 0;
    view->level_weights[2] = 1;
    draw(view);
    lp_rect label = find_text("2")->call.box, above = {label.x - 20, label.y - 40, label.w + 40, 38};
    if (!label.w) fail();
    assert_true(count_ink(painter->canvas, above, painter->ink[LP_INK_MEMORY]) > 100);
    assert_int_equal(count_ink(painter->canvas, above, painter->ink[LP_INK_ASLEEP]), 0);
    view->level_weights[0] = 1;
    view->level_weights[2] = 0;
    draw(view);
    assert_int_equal(count_ink(painter->canvas, above, painter->ink[LP_INK_MEMORY]), 0);
    assert_true(count_ink(painter->canvas, above, painter->ink[LP_INK_ASLEEP]) > 50);
}

static void reads_stand_strongest_first(void **state) {
    (void)state;
    lp_view *view = ordinary(160, 144);
    draw(view);
    const drawn_text *first = find_text("the star was shown"), *second = find_text("door 2");
    assert_true(first && second && first->call.box.y < second->call.box.y);
    assert_false(first->call.shortened);
    assert_non_null(find_text("1,024 decisions ago, kept by level 2"));
    assert_non_null(find_text("62%"));
    assert_non_null(find_text("no text"));
    int y = first->call.box.y, x = find_text("Reading now")->call.box.x;
    int wide = ink_box(painter->canvas, (lp_rect){x, y, 70, 20}, painter->ink[LP_INK_MEMORY]).w;
    int narrow = ink_box(painter->canvas, (lp_rect){x, second->call.box.y, 70, 20}, painter->ink[LP_INK_MEMORY]).w;
    assert_in_range(wide * 100, narrow * 270, narrow * 350);
    view->reads[0].age = 1;
    view->reads[0].level = 0;
    draw(view);
    assert_non_null(find_text("1 decision ago, a raw item"));
    view->n_levels = view->n_reads = 0;
    draw(view);
    assert_non_null(find_text("nothing yet"));
    view->memory = "none"; /* nothing to tell, and so no place */
    draw(view);
    assert_null(find_text("Memory"));
    assert_null(find_text("Reading now"));
}

/* ---- what happened, and what is done ---- */

static void milestones_stand_with_their_time(void **state) {
    (void)state;
    static const char long_one[] =
        "The miller says: the lighthouse's first wheel must show seven, and the second whatever the innkeeper's clock tells.";
    lp_view *view = ordinary(160, 144);
    view->memory = "none";
    view->n_levels = view->n_values = view->n_reads = 0;
    view->n_events = 3;
    view->events[0] = (lp_view_event){7, 754.9, long_one, true};
    view->events[1] = (lp_view_event){7, 3, "It begins.", false};
    view->events[2] = (lp_view_event){6, 3723, "Won.", true};
    const uint32_t *pixels = draw(view);
    assert_non_null(find_text("12:34"));
    assert_non_null(find_text("1:02:03"));
    assert_non_null(find_text("episode 6"));
    assert_null(find_text(long_one)); /* on lines of its own, none cut */
    for (int i = 0; i < drawn.n; i++) assert_false(drawn.texts[i].call.shortened);
    static const char *const texts[] = {"12:34", "0:03", "1:02:03"};
    static const bool marked[] = {true, false, true};
    for (int i = 0; i < 3; i++) { /* a mark beside its time */
        lp_rect time = find_text(texts[i])->call.box, mark = {time.x + time.w + 8, time.y, 18, time.h};
        int n = count_ink(pixels, mark, painter->ink[LP_INK_MEMORY]) + count_ink(pixels, mark, painter->ink[LP_INK_ASLEEP]);
        assert_true(marked[i] == (n > 30));
    }
}

/* However many lines there are room for, no other episode is named with nothing under its name. */
static void no_episode_is_named_alone(void **state) {
    (void)state;
    static char texts[LP_VIEW_MAX_EVENTS][16];
    int named = 0, unnamed = 0;
    for (int first = 1; first < LP_VIEW_MAX_EVENTS; first++) {
        lp_view *view = ordinary(240, 160);
        view->n_events = LP_VIEW_MAX_EVENTS;
        view->n_levels = view->n_values = view->n_reads = 0;
        view->memory = "none";
        for (int i = 0; i < LP_VIEW_MAX_EVENTS; i++) {
            snprintf(texts[i], sizeof texts[i], "event %d", i);
            view->events[i] = (lp_view_event){i < first ? 7 : 6, 30 - i, texts[i], false};
        }
        draw(view);
        if (find_text("episode 6")) assert_non_null(find_text(texts[first]));
        find_text("episode 6") ? named++ : unnamed++;
    }
    assert_true(named > 0 && unnamed > 0);
}

static void splits_tell_the_difference(void **state) {
    (void)state;
    lp_view *view = ordinary(160, 144);
    view->n_splits = 5;
    view->splits[0] = (lp_view_split){"sword", 61, 64.2};
    view->splits[1] = (lp_view_split){"shield", 300, 225};
    view->splits[2] = (lp_view_split){"bow", 310, NAN};
    view->splits[3] = (lp_view_split){"castle", NAN, 400};
    view->splits[4] = (lp_view_split){"dragon", NAN, 59.96};
    view->n_results = 2;
    view->results[0] = (lp_view_result){12, 500, 33.3, LP_VIEW_LOST};
    view->results[1] = (lp_view_result){11, 500, 75, LP_VIEW_WON};
    view->n_reads = view->n_levels = view->n_values = 0;
    draw(view);
    static const char *const there[] = {"\xe2\x88\x92"
                                        "3.2",
                                        "1:01",
                                        "0:59.9",
                                        "+1:15",
                                        "5:00",
                                        "5:10",
                                        "6:40",
                                        "to the best",
                                        "#12",
                                        "lost",
                                        "0:33",
                                        "1 of 2 won"};
    for (size_t i = 0; i < sizeof there / sizeof *there; i++)
        if (!find_text(there[i])) fail_msg("%s is not there", there[i]);
    assert_true(find_text("+1:15")->call.ink == painter->ink[LP_INK_LOSS] && find_text("bow")->call.ink == painter->ink[LP_INK_TEXT]);
    assert_int_equal(find_text("castle")->call.ink, painter->ink[LP_INK_DIM]); /* yet to come */
}

/* In the narrowest panel, too. */
static void results_are_words_in_full(void **state) {
    (void)state;
    lp_view *view = ordinary(240, 160);
    view->n_splits = 1;
    view->splits[0] = (lp_view_split){"sword", 61, 64.2};
    view->n_results = 4;
    for (int i = 0; i < 4; i++) view->results[i] = (lp_view_result){95 - i, 60, 4, (lp_view_end)(LP_VIEW_TIMED_OUT - i % 3)};
    draw(view);
    const drawn_text *time = find_text("out of time");
    assert_true(time && !time->call.shortened && find_text("#95") && !find_text("#95")->call.shortened);
    assert_true(time->call.box.x - find_text("#95")->call.box.x < 150); /* narrow, or nothing is tried */
}

static void buttons_are_bars_of_time(void **state) {
    (void)state;
    lp_view *view = ordinary(160, 144);
    view->memory = "none";
    view->n_levels = view->n_values = view->n_reads = 0;
    view->n_actions = 0;
    view->all_keys = LP_KEY_A | LP_KEY_LEFT;
    view->n_keys = 60;
    for (int i = 0; i < 60; i++) view->keys[i] = i >= 50 ? LP_KEY_A : i < 30 ? LP_KEY_LEFT : 0;
    const uint32_t *pixels = draw(view);
    lp_rect a = find_text("A")->call.box, left = find_text("Left")->call.box;
    assert_null(find_text("Start")); /* a button that the game has no use for */
    lp_rect lane_a = {a.x + 40, a.y, W - 16 - a.x - 40, a.h}, lane_left = {a.x + 40, left.y, lane_a.w, left.h};
    int held = ink_box(pixels, lane_a, painter->ink[LP_INK_POLICY]).w, was = ink_box(pixels, lane_left, painter->ink[LP_INK_MUTED_BAR]).w;
    assert_in_range(was, held * 3 - 5, held * 3 + 5);
    lp_rect bar = ink_box(pixels, lane_a, painter->ink[LP_INK_POLICY]);
    assert_in_range(bar.x + bar.w, W - 16 - 12 - 1, W - 16 - 12); /* now is at the right end */
    int title = find_text("Buttons")->call.box.y + 30, middle = (left.y + a.y + a.h) / 2, bottom = 622;
    assert_in_range(middle, (title + bottom) / 2 - 12, (title + bottom) / 2 + 12); /* over all of the panel */
}

/* ---- the clocks, and an episode's end ---- */

static void clocks_that_are_known(void **state) {
    (void)state;
    lp_view *view = ordinary(160, 144);
    view->episode_s = 3725;
    view->played_s = 3 * 3600;
    view->real_s = 11 * 86400 + 3600;
    draw(view);
    assert_non_null(find_text("1:02:05"));
    assert_non_null(find_text("03:00:00"));
    assert_non_null(find_text("11d 01:00")); /* without the seconds, rather than cut */
    view->played_s = view->real_s = NAN;
    view->can_win = view->can_end = false;
    draw(view);
    static const char *const absent[] = {"Played", "Real time", "Wins", "Losses", "Win rate", "Episode time"};
    for (int i = 0; i < 6; i++) assert_null(find_text(absent[i]));
    assert_non_null(find_text("Decisions"));
}

static void an_end_is_seen(void **state) {
    (void)state;
    static const char *const words[] = {NULL, "WON", "LOST", "OUT OF TIME"};
    static uint32_t before[W * H];
    for (int end = 0; end <= LP_VIEW_TIMED_OUT; end++) {
        lp_view *view = ordinary(160, 144);
        view->n_values = 0; /* whose scale says +1 */
        view->wins = 12;
        view->timeouts = 2;
        view->n_results = 1;
        view->results[0] = (lp_view_result){1243, 205, 13.7, (lp_view_end)end};
        if (!end) memcpy(before, draw(view), sizeof before);
        view->banner = (lp_view_end)end;
        const uint32_t *pixels = draw(view);
        for (int k = 1; k <= LP_VIEW_TIMED_OUT; k++) assert_true((k == end) == (find_text(words[k]) != NULL));
        assert_true((end > 0) == (find_text("+1") != NULL));
        if (!end) continue;
        assert_true(find_text(words[end])->call.box.h >= 46 && find_text("episode 1,243, 0:13"));
        lp_rect title = find_text(words[end])->call.box;
        int changed_top = 0, changed_middle = 0;
        for (int x = GAME_X; x < GAME_X + 640; x++) {
            changed_top += pixels[(GAME_Y + 100) * W + x] != before[(GAME_Y + 100) * W + x];
            changed_middle += pixels[(title.y + 2) * W + x] != before[(title.y + 2) * W + x];
        }
        assert_int_equal(changed_top, 0); /* the rest of the game stays in sight */
        assert_true(changed_middle > 600);
    }
}

/* Beside the keys, a line has its room before they have theirs. */
static void the_line_beside_the_keys_is_whole(void **state) {
    (void)state;
    static const char *const lines[] = {"horizon 64, doors 4, episode ended: loss", "horizon 1000", "x"};
    for (int human = 0; human < 2; human++) {
        for (int i = 0; i < 3; i++) {
            lp_view *view = ordinary(160, 144);
            view->human = human;
            view->status = lines[i];
            draw(view);
            assert_true(find_text(lines[i]) && !find_text(lines[i])->call.shortened);
            assert_non_null(find_text(human ? "Backspace" : "Space"));
        }
        lp_view *view = ordinary(160, 144);
        view->human = human;
        view->note =
            "a note that is far longer than all the width, for it says at length what it is about, and then it says the same again, "
            "and once more for those who have not read it yet";
        draw(view);
        assert_non_null(find_text(human ? "X" : "Space")); /* some keys stay */
    }
}

/* ---- the sheet ---- */

static void sheet_shows_every_variable(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(3, 0);
    for (int n = 0; n <= 22; n++) {
        lp_view view = *ordinary(n % 2 ? 160 : 240, n % 2 ? 144 : 160);
        view.human = true;
        view.sheet = made_sheet(n, &rng);
        draw(&view);
        for (int i = 0; i < n; i++) {
            char value[32];
            snprintf(value, sizeof value, "%lld", (long long)view.sheet->variables[i].value);
            if (!find_text(view.sheet->variables[i].name) || !find_text(value))
                fail_msg("%d: %s = %s is not shown", n, view.sheet->variables[i].name, value);
        }
        assert_non_null(find_text(view.sheet->outcome));
        if (view.sheet->n_events) assert_non_null(find_text(view.sheet->events[0]));
        assert_true((n == 0) == (find_text("none in data.json yet: longplay game ram finds them") != NULL));
        assert_null(find_text("Value")); /* it takes their place */
        assert_non_null(find_text("Backspace"));
    }
    lp_view view = *ordinary(160, 144);
    view.sheet = made_sheet(100, &rng);
    draw(&view);
    assert_non_null(find_text("79 others"));
}

/* A variable that has just changed differs by a mark and by weight, not by colour alone. */
static void changed_variables_are_marked(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(3, 0);
    lp_view_variable one = {"lives", 3, -1};
    lp_view view = *ordinary(160, 144);
    lp_view_sheet *sheet = made_sheet(0, &rng);
    view.sheet = sheet;
    sheet->n_variables = 1;
    sheet->variables = &one;
    sheet->n_events = 0;
    static const int64_t ages[] = {-1, 0, 14, 15};
    static const bool marked[] = {false, true, true, false};
    for (int i = 0; i < 4; i++) {
        one.age = ages[i];
        const uint32_t *pixels = draw(&view);
        const drawn_text *name = find_text("lives");
        assert_non_null(name);
        lp_rect before = {name->call.box.x - 14, name->call.box.y, 12, name->call.box.h};
        assert_int_equal(count_ink(pixels, before, painter->ink[LP_INK_MEMORY]), marked[i] ? 64 : 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(game_at_whole_multiples),
        cmocka_unit_test(game_missing_or_too_large),
        cmocka_unit_test(badges_tell_the_mode),
        cmocka_unit_test(chosen_action_is_highlighted),
        cmocka_unit_test(bars_show_probability),
        cmocka_unit_test(many_actions_show_the_likeliest),
        cmocka_unit_test(few_actions_take_little_room),
        cmocka_unit_test(value_chart_follows_the_values),
        cmocka_unit_test(memory_squares_count_the_items),
        cmocka_unit_test(attention_lights_its_level),
        cmocka_unit_test(reads_stand_strongest_first),
        cmocka_unit_test(milestones_stand_with_their_time),
        cmocka_unit_test(no_episode_is_named_alone),
        cmocka_unit_test(splits_tell_the_difference),
        cmocka_unit_test(results_are_words_in_full),
        cmocka_unit_test(buttons_are_bars_of_time),
        cmocka_unit_test(clocks_that_are_known),
        cmocka_unit_test(an_end_is_seen),
        cmocka_unit_test(the_line_beside_the_keys_is_whole),
        cmocka_unit_test(sheet_shows_every_variable),
        cmocka_unit_test(changed_variables_are_marked),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
