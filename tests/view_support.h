/* What the tests of pictures share: a picture is checked through the text probe (sizes, places, contrast, words) and through its pixels. */
#ifndef LP_TESTS_VIEW_SUPPORT_H
#define LP_TESTS_VIEW_SUPPORT_H

#include "view/view_paint.h"

#include "base/rng.h"
#include "emulator/emulator.h"

#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = LP_VIEW_WIDTH, H = LP_VIEW_HEIGHT, MAX_CALLS = 256, GAME_X = 16, GAME_Y = 46 };

/* ---- what was drawn ---- */

typedef struct {
    lp_text_call call;
    char text[64];
} drawn_text;

typedef struct {
    const lp_painter *painter;
    drawn_text texts[MAX_CALLS];
    int n;
    double least_contrast;
    int palest; /* the text that has it */
} record;

static inline void on_text(void *context, const lp_text_call *call) {
    record *r = context;
    lp_rect b = call->box;
    assert_true(r->n < MAX_CALLS);
    r->texts[r->n].call = *call;
    snprintf(r->texts[r->n++].text, sizeof r->texts[0].text, "%s", call->text);
    if (b.x < 0 || b.y < 0 || b.w < 0 || b.x + b.w > r->painter->width || b.y + b.h > r->painter->height)
        fail_msg("'%.40s' at %d, %d is outside of %dx%d", call->text, b.x, b.y, r->painter->width, r->painter->height);
    uint32_t last = 0;
    for (int y = b.y; y < b.y + b.h; y++) {
        for (int x = b.x; x < b.x + b.w; x++) {
            uint32_t under = r->painter->canvas[y * r->painter->width + x];
            if (under == last) continue;
            last = under;
            double c = lp_theme_contrast(call->ink, under);
            if (c >= r->least_contrast) continue;
            r->least_contrast = c;
            r->palest = r->n - 1;
        }
    }
}

static inline bool overlap(lp_rect a, lp_rect b) { return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h; }

static lp_painter *painter; /* opened once for all tests */
static record drawn;

/* Draws and checks the rules that hold for every picture. */
static inline const uint32_t *draw(const lp_view *view) {
    drawn.painter = painter;
    drawn.n = 0;
    drawn.least_contrast = 21;
    painter->probe = on_text;
    painter->probe_context = &drawn;
    const uint32_t *pixels = lp_view_draw(painter, view);
    painter->probe = NULL;
    if (painter->layout.game == LP_GAME_LEFT) assert_true(drawn.n >= painter->width / 64);
    lp_rect palest = drawn.texts[drawn.palest].call.box;
    if (drawn.least_contrast < LP_LEAST_CONTRAST)
        fail_msg("'%s' at %d, %d of %dx%d has a contrast of %.2f", drawn.texts[drawn.palest].text, palest.x, palest.y, painter->width,
                 painter->height, drawn.least_contrast);
    for (int i = 0; i < drawn.n; i++) {
        const drawn_text *a = &drawn.texts[i];
        if (a->call.px < 18 || a->call.box.h < 18) fail_msg("'%s' is %d px high", a->text, a->call.px);
        for (int k = 0; k < i; k++)
            if (overlap(a->call.box, drawn.texts[k].call.box))
                fail_msg("%d x %d: '%s' overlaps '%s'", painter->width, painter->height, a->text, drawn.texts[k].text);
    }
    for (int i = 0; i < painter->width * painter->height; i++) assert_int_equal(pixels[i] >> 24, 0xff);
    return pixels;
}

static inline const drawn_text *find_text(const char *text) {
    for (int i = 0; i < drawn.n; i++)
        if (!strcmp(drawn.texts[i].text, text)) return &drawn.texts[i];
    return NULL;
}

static inline int count_ink(const uint32_t *pixels, lp_rect r, uint32_t ink) {
    int n = 0;
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) n += pixels[y * W + x] == (0xff000000u | ink);
    return n;
}

/* The smallest rectangle around an ink inside r; w is 0 when there is none. */
static inline lp_rect ink_box(const uint32_t *pixels, lp_rect r, uint32_t ink) {
    int left = INT_MAX, right = -1, top = INT_MAX, bottom = -1;
    for (int y = r.y; y < r.y + r.h; y++) {
        for (int x = r.x; x < r.x + r.w; x++) {
            if (pixels[y * W + x] != (0xff000000u | ink)) continue;
            if (x < left) left = x;
            if (x > right) right = x;
            if (y < top) top = y;
            bottom = y;
        }
    }
    return right < 0 ? (lp_rect){0} : (lp_rect){left, top, right - left + 1, bottom - top + 1};
}

static const lp_rect whole = {0, 0, W, H};

/* ---- made-up views ---- */

typedef struct {
    lp_view view;
    uint32_t frame[256 * 256];
    float values[5000], probabilities[LP_VIEW_HISTORY];
    const char *names[32];
    lp_view_variable variables[40];
    lp_view_model model;
    lp_view_line lines[LP_VIEW_MAX_EVENTS];
} scene;

static scene made; /* large */

static inline lp_view *ordinary(int frame_width, int frame_height) {
    static const char *const names[] = {"A", "B", "Start", "Select", "Up", "Down", "Left", "Right", "Wait"};
    memset(&made, 0, sizeof made);
    lp_rng rng = lp_rng_make(7, 0);
    for (int i = 0; i < 256 * 256; i++) made.frame[i] = lp_rng_below(&rng, 1 << 24);
    for (int i = 0; i < 32; i++) made.names[i] = i < 9 ? names[i] : "combination";
    for (int i = 0; i < 9; i++) made.probabilities[i] = i == 4 ? 0.6f : 0.05f;
    for (int i = 0; i < 512; i++) made.values[i] = 0.5f * sinf((float)i / 40);
    made.view = (lp_view){.game = "cue",
                          .policy = "cue.safetensors",
                          .memory = "tree",
                          .frame = made.frame,
                          .frame_width = frame_width,
                          .frame_height = frame_height,
                          .n_actions = 9,
                          .chosen = 4,
                          .action_names = made.names,
                          .action_probabilities = made.probabilities,
                          .value_history = made.values,
                          .n_values = 512,
                          .n_levels = 3,
                          .level_counts = {20, 16, 4},
                          .level_weights = {0.3f, 0, 0.62f},
                          .items_seen = 48213,
                          .last_written = "door 1",
                          .n_reads = 3,
                          .reads = {{1024, 2, 0.62f, "the star was shown"}, {12, 0, 0.2f, "door 2"}, {1, 0, 0.1f, NULL}},
                          .wins = 1204,
                          .losses = 37,
                          .timeouts = 2,
                          .episode = 1244,
                          .decisions = 12482112,
                          .episode_decisions = 48213,
                          .can_win = true,
                          .can_end = true,
                          .played_s = 93784,
                          .real_s = NAN,
                          .decisions_per_s = 1284.3,
                          .speed = 4,
                          .status = "horizon 1000"};
    return &made.view;
}

static inline int setup(void **state) {
    (void)state;
    lp_err err;
    if (!lp_painter_open(&painter, NULL, &err)) return 0;
    print_error("%s\n", err.message);
    return -1;
}

static inline int teardown(void **state) {
    (void)state;
    lp_painter_close(painter);
    return 0;
}

static inline lp_view_sheet *made_sheet(int n_variables, lp_rng *rng) {
    static lp_view_variable variables[256];
    static char names[256][48];
    static lp_view_sheet sheet;
    static const char *const outcomes[] = {"running", "win", "running (no outcome set)"};
    sheet = (lp_view_sheet){.n_variables = n_variables,
                            .variables = variables,
                            .outcome = outcomes[lp_rng_below(rng, 3)],
                            .ended = lp_rng_below(rng, 2),
                            .won = lp_rng_below(rng, 2),
                            .n_events = (int)lp_rng_below(rng, LP_VIEW_MAX_EVENTS + 1)};
    for (int i = 0; i < n_variables; i++) {
        snprintf(names[i], sizeof names[i], "%s %d", lp_rng_below(rng, 4) ? "var" : "a variable with a rather long name", i);
        variables[i] =
            (lp_view_variable){names[i], lp_rng_below(rng, 3) ? (int64_t)lp_rng_u64(rng) : i, (int64_t)lp_rng_below(rng, 40) - 1};
    }
    for (int i = 0; i < sheet.n_events; i++)
        sheet.events[i] = i % 2 ? "123456: Something happened, and then something else happened that takes long to tell" : "7: it begins";
    return &sheet;
}

#endif
