/* What happens and what is done: events, splits, results, buttons. */
#include "view/view_paint.h"

#include "emulator/emulator.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static int least_of(int a, int b) { return a < b ? a : b; }

/* ---- events ---- */

enum { TIME_PX = 78, MARK_PX = 16, EVENT_LINES = 3 };

/* A milestone's mark. */
static void diamond(lp_painter *p, int x, int y, int size, uint32_t ink) {
    for (int i = 0; i < size; i++) {
        float reach = (float)(i < size / 2 ? i : size - 1 - i) + 0.5f, middle = (float)y + (float)size / 2;
        lp_paint_column(p, x + i, middle - reach, middle + reach, ink, 1);
    }
}

static int n_events(const lp_view *view) {
    return view->n_events < 0 ? 0 : view->n_events > LP_VIEW_MAX_EVENTS ? LP_VIEW_MAX_EVENTS : view->n_events;
}

void lp_view_events(lp_painter *p, lp_rect r, const lp_view *view) {
    lp_rect in = lp_view_panel(p, r, "Events", p->ink[LP_INK_LIVE]);
    int y = in.y, bottom = in.y + in.h;
    for (int i = 0; i < n_events(view) && y + LP_ROW_PX <= bottom; i++) {
        const lp_view_event *e = &view->events[i];
        char text[LP_FORMAT_SIZE], time[2 * LP_FORMAT_SIZE];
        bool older = e->episode != view->events[0].episode;
        if (older && e->episode != view->events[i - 1].episode) { /* a line that says so, above one of it */
            if (y + 2 * LP_ROW_PX > bottom) break;
            snprintf(time, sizeof time, "episode %s", lp_format_count(text, e->episode));
            int w = lp_paint_text(p, (lp_rect){in.x, y, in.w, LP_ROW_PX}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], time) + 10;
            lp_paint_fill(p, (lp_rect){in.x + w, y + LP_ROW_PX / 2, in.w - w, 1}, p->ink[LP_INK_TRACK]);
            y += LP_ROW_PX;
        }
        lp_rect row = {in.x + TIME_PX + MARK_PX, y, in.w - TIME_PX - MARK_PX, LP_ROW_PX};
        uint32_t ink = p->ink[older ? LP_INK_DIM : LP_INK_TEXT];
        int lines = (bottom - y) / LP_ROW_PX;
        lp_paint_text(p, (lp_rect){in.x, y, TIME_PX - 10, LP_ROW_PX}, LP_FACE_BODY, LP_RIGHT, p->ink[LP_INK_DIM],
                      lp_format_clock(text, e->at_s));
        if (e->milestone) diamond(p, row.x - MARK_PX, y + 7, 11, p->ink[older ? LP_INK_ASLEEP : LP_INK_MEMORY]);
        const char *what = e->text && *e->text ? e->text : " ";
        y += LP_ROW_PX *
             lp_paint_paragraph(p, row, lines < EVENT_LINES ? lines : EVENT_LINES, i ? LP_FACE_BODY : LP_FACE_BOLD, ink, what, true);
    }
}

/* ---- splits ---- */

enum { SPLIT_GAP = 12 };

static int n_splits(const lp_view *view) {
    return view->n_splits < 0 ? 0 : view->n_splits > LP_VIEW_MAX_SPLITS ? LP_VIEW_MAX_SPLITS : view->n_splits;
}

static bool is_compared(const lp_view_split *s) { return isfinite(s->at_s) && isfinite(s->best_s); }

static void split_row(lp_painter *p, lp_rect row, const lp_view_split *s, bool newest, int time_px, int diff_px) {
    char text[LP_FORMAT_SIZE];
    bool reached = isfinite(s->at_s);
    lp_face_id face = newest ? LP_FACE_BOLD : LP_FACE_BODY;
    uint32_t ink = p->ink[reached ? LP_INK_TEXT : LP_INK_DIM];
    lp_rect time = {row.x + row.w - time_px, row.y, time_px, row.h};
    lp_rect diff = {time.x - SPLIT_GAP - diff_px, row.y, diff_px, row.h};
    lp_paint_text(p, (lp_rect){row.x, row.y, diff.x - row.x - 6, row.h}, face, LP_LEFT, ink, s->name ? s->name : "");
    lp_paint_text(p, time, face, LP_RIGHT, ink, lp_format_split(text, reached ? s->at_s : s->best_s));
    if (!is_compared(s)) return;
    double ahead = s->at_s - s->best_s;
    lp_paint_text(p, diff, face, LP_RIGHT, p->ink[ahead <= 0 ? LP_INK_LIVE : LP_INK_LOSS], lp_format_ahead(text, ahead));
}

/* The last ones reached, and some of those to come. */
void lp_view_splits(lp_painter *p, lp_rect r, const lp_view *view) {
    char text[LP_FORMAT_SIZE];
    lp_rect in = lp_view_panel(p, r, "Splits", p->ink[LP_INK_MEMORY]);
    int n = n_splits(view), rows = in.h / LP_ROW_PX, reached = 0, time_px = 0, diff_px = 0;
    for (int i = 0; i < n; i++) {
        const lp_view_split *s = &view->splits[i];
        reached += isfinite(s->at_s);
        int time = lp_paint_text_width(p, LP_FACE_BOLD, lp_format_split(text, isfinite(s->at_s) ? s->at_s : s->best_s));
        int diff = is_compared(s) ? lp_paint_text_width(p, LP_FACE_BOLD, lp_format_ahead(text, s->at_s - s->best_s)) : 0;
        if (time > time_px) time_px = time;
        if (diff > diff_px) diff_px = diff;
    }
    if (diff_px) lp_view_panel_note(p, r, "Splits", p->ink[LP_INK_DIM], "to the best");
    int coming = n - reached, ahead = coming < rows / 3 ? coming : rows / 3, first = reached + ahead - rows;
    if (first < 0) first = 0;
    for (int i = 0; i < rows && first + i < n; i++)
        split_row(p, (lp_rect){in.x, in.y + i * LP_ROW_PX, in.w, LP_ROW_PX}, &view->splits[first + i], first + i == reached - 1, time_px,
                  diff_px);
}

/* ---- results ---- */

enum { PITCH = 14, MARKS_H = 22 };

static int n_results(const lp_view *view) {
    return view->n_results < 0 ? 0 : view->n_results > LP_VIEW_MAX_RESULTS ? LP_VIEW_MAX_RESULTS : view->n_results;
}

/* Full height for a win, low for a loss, hollow for what ran out of time. */
static void result_mark(lp_painter *p, int x, int y, lp_view_end end) {
    enum { W = PITCH - 4, H = MARKS_H - 6 };
    if (end == LP_VIEW_WON) lp_paint_fill(p, (lp_rect){x, y, W, H}, p->ink[LP_INK_LIVE]);
    else if (end == LP_VIEW_LOST) lp_paint_fill(p, (lp_rect){x, y + H - 6, W, 6}, p->ink[LP_INK_LOSS]);
    else {
        lp_paint_fill(p, (lp_rect){x, y + H - 8, W, 8}, p->ink[LP_INK_DIM]);
        lp_paint_fill(p, (lp_rect){x + 2, y + H - 6, W - 4, 4}, p->ink[LP_INK_PANEL]);
    }
}

static const char *end_word(const lp_view_result *result) {
    static const char *const words[] = {"running", "won", "lost", "out of time"};
    return words[result->end > LP_VIEW_TIMED_OUT ? LP_VIEW_RUNNING : result->end];
}

static lp_face_id result_face(int i) { return i ? LP_FACE_BODY : LP_FACE_BOLD; } /* the newest stands out */

static const char *result_number(lp_painter *p, char out[LP_FORMAT_SIZE + 2], const lp_view_result *result, lp_face_id face) {
    char text[LP_FORMAT_SIZE];
    snprintf(out, LP_FORMAT_SIZE + 2, "#%s", lp_format_fitting(p, text, face, result->episode, 70));
    return out;
}

/* Where the words begin in rows w wide: after a third, or further left where a word would be cut, but after every number. */
static int words_from(lp_painter *p, int w, const lp_view_result *results, int n) {
    char text[LP_FORMAT_SIZE + 2];
    int from = w / 3, least = 0;
    for (int i = 0; i < n; i++) {
        int number = lp_paint_text_width(p, result_face(i), result_number(p, text, &results[i], result_face(i))) + 6;
        int clock = lp_paint_text_width(p, result_face(i), lp_format_clock(text, results[i].seconds)) + 8;
        int most = w - clock - lp_paint_text_width(p, result_face(i), end_word(&results[i]));
        if (most < from) from = most;
        if (number > least) least = number;
    }
    return from > least ? from : least < w / 3 ? least : w / 3;
}

static void result_row(lp_painter *p, lp_rect row, int words, const lp_view_result *result, lp_face_id face) {
    char text[LP_FORMAT_SIZE], number[LP_FORMAT_SIZE + 2];
    lp_format_clock(text, result->seconds);
    int clock_w = lp_paint_text_width(p, face, text), clock_x = row.x + row.w - clock_w; /* the clock is never cut */
    lp_paint_text(p, (lp_rect){row.x, row.y, words - 6, row.h}, face, LP_LEFT, p->ink[LP_INK_DIM], result_number(p, number, result, face));
    lp_paint_text(p, (lp_rect){row.x + words, row.y, clock_x - 8 - row.x - words, row.h}, face, LP_LEFT,
                  p->ink[result->end == LP_VIEW_WON    ? LP_INK_LIVE
                         : result->end == LP_VIEW_LOST ? LP_INK_LOSS
                                                       : LP_INK_DIM],
                  end_word(result));
    lp_paint_text(p, (lp_rect){clock_x, row.y, clock_w, row.h}, face, LP_RIGHT, p->ink[LP_INK_TEXT], text);
}

void lp_view_results(lp_painter *p, lp_rect r, const lp_view *view) {
    lp_rect in = lp_view_panel(p, r, "Episodes", p->ink[LP_INK_LIVE]);
    int n = n_results(view), marks = in.w / PITCH < n ? in.w / PITCH : n, won = 0;
    for (int i = 0; i < marks; i++) { /* the newest right */
        result_mark(p, in.x + (marks - 1 - i) * PITCH, in.y + 2, view->results[i].end);
        won += view->results[i].end == LP_VIEW_WON;
    }
    char text[LP_FORMAT_SIZE];
    snprintf(text, sizeof text, "%d of %d won", won, marks);
    lp_view_panel_note(p, r, "Episodes", p->ink[LP_INK_DIM], text);
    int rows = least_of((in.h - MARKS_H) / LP_ROW_PX, n), words = words_from(p, in.w, view->results, rows);
    for (int i = 0; i < rows; i++)
        result_row(p, (lp_rect){in.x, in.y + MARKS_H + i * LP_ROW_PX, in.w, LP_ROW_PX}, words, &view->results[i], result_face(i));
}

/* ---- buttons ---- */

enum { LANE_NAME_PX = 74 };
static const struct {
    uint16_t key;
    const char *name, *sign; /* sign: in combinations */
} lanes[] = {
    {LP_KEY_UP, "Up", "\xe2\x86\x91"},
    {LP_KEY_DOWN, "Down", "\xe2\x86\x93"},
    {LP_KEY_LEFT, "Left", "\xe2\x86\x90"},
    {LP_KEY_RIGHT, "Right", "\xe2\x86\x92"},
    {LP_KEY_A, "A", "A"},
    {LP_KEY_B, "B", "B"},
    {LP_KEY_L, "L", "L"},
    {LP_KEY_R, "R", "R"},
    {LP_KEY_START, "Start", "Start"},
    {LP_KEY_SELECT, "Select", "Select"},
};
enum { N_LANES = sizeof lanes / sizeof *lanes };

static int n_keys(const lp_view *view) { return view->n_keys < 0 ? 0 : view->n_keys > LP_VIEW_MAX_KEYS ? LP_VIEW_MAX_KEYS : view->n_keys; }

static int n_lanes(const lp_view *view) {
    int n = 0;
    for (int i = 0; i < N_LANES; i++) n += (view->all_keys & lanes[i].key) != 0;
    return n;
}

/* A button held over decisions is one bar; the newest decision is at the right end. */
static void lane(lp_painter *p, lp_rect r, const lp_view *view, int which) {
    int n = n_keys(view), end = r.x + r.w, h = r.h > 120 ? 48 : r.h > 60 ? r.h * 2 / 5 : r.h > 40 ? 24 : r.h > 26 ? 16 : r.h - 9;
    lp_rect track = {r.x + LANE_NAME_PX, r.y + (r.h - h) / 2, r.w - LANE_NAME_PX, h};
    bool now = n > 0 && view->keys[n - 1] & lanes[which].key;
    lp_paint_text(p, (lp_rect){r.x, r.y, LANE_NAME_PX - 8, r.h}, now ? LP_FACE_BOLD : LP_FACE_BODY, LP_LEFT,
                  p->ink[now ? LP_INK_TEXT : LP_INK_DIM], lanes[which].name);
    lp_paint_fill(p, (lp_rect){track.x, track.y + h / 2, track.w, 1}, p->ink[LP_INK_TRACK]);
    for (int i = 0, from; i < n; i++) {
        for (from = i; i < n && view->keys[i] & lanes[which].key; i++) continue;
        if (i == from) continue;
        int x = end - (n - from) * track.w / LP_VIEW_MAX_KEYS, right = end - (n - i) * track.w / LP_VIEW_MAX_KEYS;
        lp_paint_round(p, (lp_rect){x + 1, track.y, right - x - 1, h}, 2, p->ink[i == n ? LP_INK_POLICY : LP_INK_MUTED_BAR]);
    }
}

static void name_keys(char out[LP_FORMAT_SIZE], uint16_t keys) {
    size_t used = 0;
    out[0] = 0;
    for (int i = 0; i < N_LANES && used + 12 < LP_FORMAT_SIZE; i++)
        if (keys & lanes[i].key) used += (size_t)snprintf(out + used, LP_FORMAT_SIZE - used, "%s%s", used ? " " : "", lanes[i].sign);
    if (!used) snprintf(out, LP_FORMAT_SIZE, "\xe2\x80\x93");
}

/* Where the lanes do not fit: caps, the newest at the right, and for how many decisions each. */
static void caps(lp_painter *p, lp_rect r, const lp_view *view) {
    int right = r.x + r.w;
    for (int end = n_keys(view); end > 0;) {
        char name[LP_FORMAT_SIZE], times[LP_FORMAT_SIZE] = "";
        int from = end - 1;
        while (from > 0 && view->keys[from - 1] == view->keys[end - 1]) from--;
        bool whole = from > 0 || n_keys(view) < LP_VIEW_MAX_KEYS; /* else it began earlier */
        name_keys(name, view->keys[end - 1]);
        if (end - from > 1) snprintf(times, sizeof times, " \xc3\x97%d%s", end - from, whole ? "" : "+");
        int name_w = lp_paint_text_width(p, LP_FACE_BOLD, name), times_w = *times ? lp_paint_text_width(p, LP_FACE_BODY, times) : 0;
        int cap = name_w + 16 > 28 ? name_w + 16 : 28, w = cap + times_w;
        if (right - w < r.x) return;
        bool newest = end == n_keys(view);
        lp_paint_round(p, (lp_rect){right - w, r.y, cap, r.h}, 5, p->ink[newest ? LP_INK_CHOSEN : LP_INK_TRACK]);
        lp_paint_text(p, (lp_rect){right - w, r.y, cap, r.h}, LP_FACE_BOLD, LP_CENTRE, p->ink[LP_INK_TEXT], name);
        if (times_w) lp_paint_text(p, (lp_rect){right - times_w, r.y, times_w, r.h}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], times);
        right -= w + 10;
        end = from;
    }
}

void lp_view_buttons(lp_painter *p, lp_rect r, const lp_view *view) {
    lp_rect in = lp_view_panel(p, r, "Buttons", p->ink[LP_INK_POLICY]);
    int n = n_lanes(view), at = 0;
    lp_view_panel_note(p, r, "Buttons", p->ink[LP_INK_DIM], "the last 60 decisions");
    if (!n || in.h / n < lp_paint_line_height(p, LP_FACE_BODY)) {
        caps(p, (lp_rect){in.x, in.y + (in.h - 28) / 2, in.w, 28}, view);
        return;
    }
    for (int i = 0; i < N_LANES; i++)
        if (view->all_keys & lanes[i].key) lane(p, (lp_rect){in.x, in.y + in.h / n * at++, in.w, in.h / n}, view, i);
}

/* ---- what they need ---- */

static int rows_px(int rows) { return LP_PANEL_FRAME + rows * LP_ROW_PX; }
static bool remembers(const lp_view *view) {
    return view->n_levels > 0 || (view->n_values > 0 && view->memory && strcmp(view->memory, "none"));
}

static bool has_actions(const lp_view *view) { return view->n_actions > 0 && !view->human; }
static int actions_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p;
    const int rows = width >= 464 && view->n_actions > 5 ? (view->n_actions + 1) / 2 : view->n_actions; /* where it is wide, two columns */
    return rows_px(least_of(rows, least ? 5 : 10));
}

static bool reads(const lp_view *view) { return remembers(view) && !view->thought; }

static bool has_values(const lp_view *view) { return view->n_values > 0; }
static int value_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p, (void)view, (void)width;
    return least ? 80 : 208;
}

static int memory_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p, (void)view, (void)width;
    return least ? 160 : 190;
}

static int reading_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p, (void)view, (void)width;
    return rows_px(least ? 3 : 7);
}

static bool has_events(const lp_view *view) { return view->n_events > 0; }
static int events_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p, (void)view, (void)width;
    return rows_px(least ? 4 : 8);
}

static bool has_splits(const lp_view *view) { return view->n_splits > 0; }
static int splits_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p, (void)width;
    return rows_px(least_of(n_splits(view), least ? 3 : 12));
}

static bool has_results(const lp_view *view) { return view->n_results > 0; }
static int results_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p, (void)view, (void)width;
    return MARKS_H + rows_px(least ? 1 : 4);
}

static bool has_keys(const lp_view *view) { return view->n_keys > 0; }
static int buttons_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p, (void)width;
    return LP_PANEL_FRAME + (least ? 30 : n_lanes(view) * 24);
}

static bool has_variables(const lp_view *view) { return view->n_variables > 0; }
static int variables_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p, (void)width;
    return rows_px(least_of((view->n_variables + 1) / 2, least ? 3 : 8));
}

const lp_panel_kind lp_panel_kinds[LP_N_PANELS] = {
    [LP_PANEL_ACTION] = {"action", has_actions, actions_height, lp_view_actions, 0},
    [LP_PANEL_THOUGHT] = {"thought", lp_view_has_thought, lp_view_thought_height, lp_view_thought, 2},
    [LP_PANEL_NOTEBOOK] = {"notebook", lp_view_has_model, lp_view_notebook_height, lp_view_notebook, 1},
    [LP_PANEL_MODEL] = {"model", lp_view_has_model, lp_view_model_height, lp_view_model_counts, 0},
    [LP_PANEL_VALUE] = {"value", has_values, value_height, lp_view_value, 0},
    [LP_PANEL_MEMORY] = {"memory", remembers, memory_height, lp_view_levels, 0},
    [LP_PANEL_READING] = {"reading", reads, reading_height, lp_view_reads, 0},
    [LP_PANEL_EVENTS] = {"events", has_events, events_height, lp_view_events, 3},
    [LP_PANEL_SPLITS] = {"splits", has_splits, splits_height, lp_view_splits, 0},
    [LP_PANEL_RESULTS] = {"results", has_results, results_height, lp_view_results, 0},
    [LP_PANEL_BUTTONS] = {"buttons", has_keys, buttons_height, lp_view_buttons, 2},
    [LP_PANEL_VARIABLES] = {"variables", has_variables, variables_height, lp_view_variables, 1},
};
