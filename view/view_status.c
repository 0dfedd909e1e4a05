/* The frame around the two pictures: names and badges above, counters below, the keys and the status line at the bottom. */
#include "view/view_paint.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>

lp_rect lp_view_panel(lp_painter *p, lp_rect r, const char *title, uint32_t ink) {
    lp_paint_round(p, r, 8, p->ink[LP_INK_PANEL]);
    lp_paint_text(p, (lp_rect){r.x + LP_PANEL_PAD, r.y + 3, r.w - 2 * LP_PANEL_PAD, LP_TITLE_PX}, LP_FACE_BOLD, LP_LEFT, ink, title);
    return (lp_rect){r.x + LP_PANEL_PAD, r.y + LP_TITLE_PX + 4, r.w - 2 * LP_PANEL_PAD, r.h - LP_PANEL_FRAME};
}

void lp_view_panel_note(lp_painter *p, lp_rect r, const char *title, uint32_t ink, const char *note) {
    int w = lp_paint_text_width(p, LP_FACE_BOLD, title) + 12, room = r.w - 2 * LP_PANEL_PAD - w;
    if (lp_paint_text_width(p, LP_FACE_BODY, note) > room) return; /* it is worth less than its words cut */
    lp_paint_text(p, (lp_rect){r.x + LP_PANEL_PAD + w, r.y + 3, room, LP_TITLE_PX}, LP_FACE_BODY, LP_RIGHT, ink, note);
}

/* With half as many counters where episodes do not end, one row less. */
static int counter_rows(int width, const lp_view *view) {
    const int n = width >= LP_WIDE_PX ? 1 : width >= LP_NARROW_PX ? 2 : 3;
    return n > 1 && !view->can_end ? n - 1 : n;
}

int lp_view_strip_height(lp_strip_id strip, int width, const lp_view *view) {
    switch (strip) {
    case LP_STRIP_HEADER: return width >= LP_WIDE_PX ? 38 : 66; /* narrow: the names below */
    case LP_STRIP_COUNTERS: return 52 * counter_rows(width, view);
    case LP_STRIP_KEYS:
    default: return 30;
    }
}

/* ---- header ---- */

typedef enum { SIGN_DOT, SIGN_RING, SIGN_PLAY, SIGN_PAUSE } badge_sign;

static void sign(lp_painter *p, lp_rect r, badge_sign kind, uint32_t ink, uint32_t under) {
    if (kind == SIGN_DOT || kind == SIGN_RING) lp_paint_round(p, r, r.w / 2, ink);
    if (kind == SIGN_RING) lp_paint_round(p, (lp_rect){r.x + 3, r.y + 3, r.w - 6, r.h - 6}, (r.w - 6) / 2, under);
    if (kind == SIGN_PLAY)
        for (int i = 0; i < r.w; i++) lp_paint_column(p, r.x + i, (float)r.y + (float)i / 2, (float)(r.y + r.h) - (float)i / 2, ink, 1);
    if (kind == SIGN_PAUSE) {
        lp_paint_fill(p, (lp_rect){r.x, r.y, r.w / 3 + 1, r.h}, ink);
        lp_paint_fill(p, (lp_rect){r.x + r.w - r.w / 3 - 1, r.y, r.w / 3 + 1, r.h}, ink);
    }
}

/* A pill whose right edge is at right; returns the x where the next one, to its left, ends. */
static int badge(lp_painter *p, int right, lp_rect row, const char *text, badge_sign kind, uint32_t ground) {
    enum { SIGN_PX = 12, PAD = 12, GAP = 8 };
    int w = lp_paint_text_width(p, LP_FACE_BOLD, text) + 2 * PAD + SIGN_PX + GAP;
    if (w > row.w / 2) w = row.w / 2;
    lp_rect r = {right - w, row.y + (row.h - 30) / 2, w, 30};
    lp_paint_round(p, r, 15, ground);
    sign(p, (lp_rect){r.x + PAD, r.y + (r.h - SIGN_PX) / 2, SIGN_PX, SIGN_PX}, kind, p->ink[LP_INK_GROUND], ground);
    lp_paint_text(p, (lp_rect){r.x + PAD + SIGN_PX + GAP, r.y, w - 2 * PAD - SIGN_PX - GAP, r.h}, LP_FACE_BOLD, LP_LEFT,
                  p->ink[LP_INK_GROUND], text);
    return r.x - 8;
}

static int badges(lp_painter *p, lp_rect row, const lp_view *view) {
    int right = row.x + row.w;
    switch (view->mode) {
    case LP_VIEW_REPLAY: right = badge(p, right, row, "REPLAY", SIGN_PLAY, p->ink[LP_INK_REPLAY]); break;
    case LP_VIEW_PAUSED: right = badge(p, right, row, "PAUSED", SIGN_PAUSE, p->ink[LP_INK_DIM]); break;
    case LP_VIEW_LIVE:
    default: right = badge(p, right, row, "LIVE", SIGN_DOT, p->ink[LP_INK_LIVE]); break;
    }
    if (view->recovered) right = badge(p, right, row, view->recovered, SIGN_RING, p->ink[LP_INK_MEMORY]);
    return right;
}

/* "label name" from x, at most to limit; returns where the next one starts. */
static int named(lp_painter *p, int x, int limit, lp_rect row, const char *label, const char *name) {
    if (!name || !*name) return x;
    int label_w = lp_paint_text_width(p, LP_FACE_BODY, label);
    if (x + label_w + 8 + 40 > limit) return x;
    lp_paint_text(p, (lp_rect){x, row.y, label_w, row.h}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], label);
    x += label_w + 8;
    return x + 24 + lp_paint_text(p, (lp_rect){x, row.y, limit - x, row.h}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_TEXT], name);
}

void lp_view_header(lp_painter *p, lp_rect r, const lp_view *view) {
    bool two = r.h > lp_view_strip_height(LP_STRIP_HEADER, INT_MAX, view);
    if (two) r.h = lp_view_strip_height(LP_STRIP_HEADER, INT_MAX, view);
    int limit = badges(p, r, view) - 16;
    lp_rect brand = {r.x, r.y, two ? limit - r.x : (limit - r.x) / 2, r.h};
    int x = r.x + 28 + lp_paint_text(p, brand, LP_FACE_BRAND, LP_LEFT, p->ink[LP_INK_TEXT], view->title ? view->title : "Longplay");
    if (two) {
        x = r.x;
        limit = r.x + r.w;
        r.y += r.h;
        r.h = lp_view_strip_height(LP_STRIP_HEADER, 0, view) - r.h;
    }
    int each = (limit - x) / 3; /* a long name may use the room that those before it left */
    x = named(p, x, x + each, r, "game", view->game);
    x = named(p, x, limit - each > x ? limit - each : limit, r, "policy", view->policy);
    named(p, x, limit, r, "memory", view->memory);
}

/* ---- counters ---- */

typedef struct {
    const char *label;
    const char *text; /* instead of count */
    int64_t count;
    double seconds; /* instead of both, where clock is set */
    int share;      /* of the width */
    lp_ink_id ink;
    bool shown;
    bool clock;
    bool moved; /* it has just gone up by one */
} counter;

/* Rounds to a count; 0 for NaN, the nearer end for what does not fit. */
static int64_t rounded(double value) {
    if (!(value > 0)) return 0;
    return value < 9e18 ? (int64_t)llround(value) : INT64_MAX;
}

static void draw_counter(lp_painter *p, lp_rect r, const counter *c) {
    char text[LP_FORMAT_SIZE];
    int line = lp_paint_line_height(p, LP_FACE_BODY), high = lp_paint_line_height(p, LP_FACE_FIGURE);
    if (c->moved) lp_paint_round(p, (lp_rect){r.x - 6, r.y + 2, r.w + 6, r.h - 4}, 6, p->ink[LP_INK_CHOSEN]);
    lp_paint_text(p, (lp_rect){r.x, r.y + 2, r.w, line}, LP_FACE_BODY, LP_LEFT, p->ink[c->ink], c->label);
    const char *value = c->text;
    if (c->clock) value = lp_format_fitting_time(p, text, LP_FACE_FIGURE, c->seconds, r.w);
    else if (!value) value = lp_format_fitting(p, text, LP_FACE_FIGURE, c->count, r.w);
    lp_rect row = {r.x, r.y + 2 + line, r.w, high};
    int w = lp_paint_text(p, row, LP_FACE_FIGURE, LP_LEFT, p->ink[LP_INK_TEXT], value) + 4;
    if (!c->moved || w + lp_paint_text_width(p, LP_FACE_FIGURE, "+1") > r.w - 4) return;
    lp_paint_text(p, (lp_rect){row.x + w, row.y, row.w - 4 - w, high}, LP_FACE_FIGURE, LP_RIGHT, p->ink[c->ink], "+1");
}

static void counter_row(lp_painter *p, lp_rect r, const counter *counters, int n) {
    int total = 0, before = 0;
    for (int i = 0; i < n; i++) total += counters[i].shown ? counters[i].share : 0;
    for (int i = 0; i < n; i++) {
        if (!counters[i].shown) continue;
        int inner = r.w - LP_PANEL_PAD, x = r.x + LP_PANEL_PAD + before * inner / total;
        draw_counter(p, (lp_rect){x, r.y, counters[i].share * inner / total - 10, r.h}, &counters[i]);
        before += counters[i].share;
    }
}

void lp_view_counters(lp_painter *p, lp_rect r, const lp_view *view) {
    char speed[LP_FORMAT_SIZE], rate[LP_FORMAT_SIZE], time[LP_FORMAT_SIZE];
    double ended = (double)view->wins + (double)view->losses + (double)view->timeouts;
    bool end = view->can_end;
    if (view->speed > 0) snprintf(speed, sizeof speed, "%d\xc3\x97", view->speed);
    else snprintf(speed, sizeof speed, "max");
    lp_format_clock(time, view->episode_s);
    lp_format_percent(rate, ended > 0 ? (double)view->wins / ended : NAN);
    const counter counters[] = {
        {.shown = view->can_win,
         .label = "Wins",
         .share = 84,
         .ink = LP_INK_LIVE,
         .count = view->wins,
         .moved = view->banner == LP_VIEW_WON},
        {.shown = end, .label = "Losses", .share = 84, .ink = LP_INK_LOSS, .count = view->losses, .moved = view->banner == LP_VIEW_LOST},
        {.shown = end && view->timeouts,
         .label = "Timeouts",
         .share = 102,
         .ink = LP_INK_DIM,
         .count = view->timeouts,
         .moved = view->banner == LP_VIEW_TIMED_OUT},
        {.shown = view->can_win, .label = "Win rate", .share = 98, .ink = LP_INK_DIM, .text = rate},
        {.shown = end, .label = "Episode", .share = 90, .ink = LP_INK_DIM, .count = view->episode},
        {.shown = end, .label = "In episode", .share = 112, .ink = LP_INK_DIM, .count = view->episode_decisions},
        {.shown = end, .label = "Episode time", .share = 136, .ink = LP_INK_DIM, .text = time},
        {.shown = true, .label = "Decisions", .share = 152, .ink = LP_INK_DIM, .count = view->decisions},
        {.shown = true, .label = "Decisions/s", .share = 126, .ink = LP_INK_DIM, .count = rounded(view->decisions_per_s)},
        {.shown = isfinite(view->played_s), .label = "Played", .share = 136, .ink = LP_INK_DIM, .clock = true, .seconds = view->played_s},
        {.shown = isfinite(view->real_s), .label = "Real time", .share = 136, .ink = LP_INK_DIM, .clock = true, .seconds = view->real_s},
        {.shown = true, .label = "Speed", .share = 70, .ink = LP_INK_DIM, .text = speed},
    };
    enum { N = sizeof counters / sizeof *counters };
    int first = 0, total = 0, before = 0; /* first: of those in the row */
    for (int i = 0; i < N; i++) total += counters[i].shown ? counters[i].share : 0;
    lp_paint_round(p, r, 8, p->ink[LP_INK_PANEL]);
    int row = lp_view_strip_height(LP_STRIP_COUNTERS, INT_MAX, view), n_rows = total <= r.w ? 1 : r.h / row;
    r.y += (r.h - n_rows * row) / 2;
    for (int k = 0; k < n_rows; k++) {
        int next = first;
        for (; next < N; next++) {
            int share = counters[next].shown ? counters[next].share : 0;
            if (k < n_rows - 1 && before + share / 2 >= total * (k + 1) / n_rows) break;
            before += share;
        }
        counter_row(p, (lp_rect){r.x, r.y + k * row, r.w, row}, counters + first, next - first);
        first = next;
    }
}

/* ---- footer ---- */

static int key_cap_width(lp_painter *p, const char *key) {
    int w = lp_paint_text_width(p, LP_FACE_BODY, key) + 14;
    return w > 26 ? w : 26;
}

/* A key's cap with its letter; returns the x after it. */
static int key_cap(lp_painter *p, int x, lp_rect row, const char *key) {
    int w = key_cap_width(p, key);
    lp_paint_round(p, (lp_rect){x, row.y + (row.h - 26) / 2, w, 26}, 5, p->ink[LP_INK_TRACK]);
    lp_paint_text(p, (lp_rect){x, row.y, w, row.h}, LP_FACE_BODY, LP_CENTRE, p->ink[LP_INK_TEXT], key);
    return x + w + 6;
}

typedef struct {
    const char *keys[4];
    const char *what;
} legend_entry;

static int legend_width(lp_painter *p, const legend_entry *e) {
    int w = lp_paint_text_width(p, LP_FACE_BODY, e->what);
    for (int k = 0; e->keys[k]; k++) w += key_cap_width(p, e->keys[k]) + 6;
    return w;
}

void lp_view_footer(lp_painter *p, lp_rect r, const lp_view *view) {
    static const legend_entry viewer[] = {{{"Space"}, "pause"}, {{"S"}, "step"}, {{"1", "4", "M"}, "speed"}, {{"P"}, "shot"},
                                          {{"F"}, "full"},      {{"Q"}, "quit"}, {{"+", "-", "V"}, "sound"}, {{NULL}, NULL}};
    static const legend_entry player[] = {{{"\xe2\x86\x90\xe2\x86\x91\xe2\x86\x93\xe2\x86\x92"}, ""},
                                          {{"X"}, "A"},
                                          {{"Z"}, "B"},
                                          {{"Enter"}, "START"},
                                          {{"Backspace"}, "SELECT"},
                                          {{"A", "S"}, "L R"},
                                          {{"Space"}, "pause"},
                                          {{"N"}, "step"},
                                          {{"P"}, "shot"},
                                          {{"F"}, "full"},
                                          {{"Q"}, "quit"},
                                          {{NULL}, NULL}};
    const char *status = view->note && *view->note ? view->note : view->status;
    int used = r.x, x = used, words = status && *status ? lp_paint_text_width(p, LP_FACE_BODY, status) + 6 : 0;
    int end = r.x + r.w - (words < r.w * 2 / 3 ? words : r.w * 2 / 3); /* keys are the first to go */
    for (const legend_entry *e = view->human ? player : viewer; e->what; e++) {
        if (x + legend_width(p, e) > end) break;
        for (int k = 0; e->keys[k]; k++) x = key_cap(p, x, r, e->keys[k]);
        lp_rect box = {x, r.y, r.x + r.w - x, r.h};
        used = x + lp_paint_text(p, box, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], e->what);
        x = used + (view->human ? 12 : 18);
    }
    used += 6;
    if (words) lp_paint_text(p, (lp_rect){used, r.y, r.x + r.w - used, r.h}, LP_FACE_BODY, LP_RIGHT, p->ink[LP_INK_TEXT], status);
}
