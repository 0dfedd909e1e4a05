/* What the agent is about to do, and what it expects: the actions with their probabilities, the value over time. */
#include "view/view_paint.h"

#include <math.h>
#include <stdio.h>

enum { MAX_SHOWN = 32, Y_LABEL_PX = 36 };

/* ---- actions ---- */

static float probability(const lp_view *view, int action) { return view->action_probabilities ? view->action_probabilities[action] : NAN; }

static const char *action_name(const lp_view *view, int action, char out[LP_FORMAT_SIZE]) {
    const char *name = view->action_names ? view->action_names[action] : NULL;
    if (name && *name) return name;
    snprintf(out, LP_FORMAT_SIZE, "action %d", action);
    return out;
}

/* Up to room actions: all of them in their own order, or the likeliest first; the chosen one is always among them. */
static int pick_actions(const lp_view *view, int room, int shown[MAX_SHOWN]) {
    int n = 0;
    if (room > MAX_SHOWN) room = MAX_SHOWN;
    if (view->n_actions <= room) {
        for (int a = 0; a < view->n_actions; a++) shown[n++] = a;
        return n;
    }
    bool chosen_in = view->chosen < 0 || view->chosen >= view->n_actions;
    for (int a = 0; a < view->n_actions; a++) {
        int at = n;
        while (at > 0 && !(probability(view, shown[at - 1]) >= probability(view, a)) && isfinite(probability(view, a))) at--;
        if (at >= room) continue;
        if (n < room) n++;
        for (int i = n - 1; i > at; i--) shown[i] = shown[i - 1];
        shown[at] = a;
    }
    for (int i = 0; i < n; i++) chosen_in |= shown[i] == view->chosen;
    if (!chosen_in && n > 0) shown[n - 1] = view->chosen;
    return n;
}

/* The mark of the chosen action: a triangle that points at its name. */
static void triangle(lp_painter *p, int x, int y, int h, uint32_t ink) {
    for (int i = 0; i < h / 2 + 1; i++) lp_paint_column(p, x + i, (float)y + (float)i, (float)(y + h) - (float)i, ink, 1);
}

static void action_row(lp_painter *p, lp_rect r, const lp_view *view, int action, int name_px) {
    char text[LP_FORMAT_SIZE];
    bool chosen = action == view->chosen;
    enum { MARK = 16, PERCENT = 74, GAP = 8 };
    if (chosen) {
        lp_paint_round(p, (lp_rect){r.x - 6, r.y, r.w + 12, r.h}, 5, p->ink[LP_INK_CHOSEN]);
        triangle(p, r.x, r.y + (r.h - 12) / 2, 12, p->ink[LP_INK_POLICY]);
    }
    lp_rect name = {r.x + MARK, r.y, name_px, r.h};
    lp_paint_text(p, name, chosen ? LP_FACE_BOLD : LP_FACE_BODY, LP_LEFT, chosen ? p->ink[LP_INK_TEXT] : p->ink[LP_INK_DIM],
                  action_name(view, action, text));
    int bar_x = name.x + name_px + GAP;
    lp_paint_bar(p, (lp_rect){bar_x, r.y + (r.h - 12) / 2, r.x + r.w - PERCENT - bar_x, 12}, probability(view, action),
                 chosen ? p->ink[LP_INK_POLICY] : p->ink[LP_INK_MUTED_BAR]);
    lp_format_percent(text, probability(view, action));
    lp_paint_text(p, (lp_rect){r.x + r.w - PERCENT + GAP, r.y, PERCENT - GAP, r.h}, chosen ? LP_FACE_BOLD : LP_FACE_BODY, LP_RIGHT,
                  p->ink[LP_INK_TEXT], text);
}

static void other_actions(lp_painter *p, lp_rect r, const lp_view *view, const int *shown, int n_shown) {
    char share[LP_FORMAT_SIZE], text[LP_FORMAT_SIZE * 2];
    double rest = 1;
    for (int i = 0; i < n_shown; i++) rest -= probability(view, shown[i]);
    snprintf(text, sizeof text, "%d others", view->n_actions - n_shown);
    if (isfinite(rest) && rest >= 0.01) snprintf(share, sizeof share, "%s", lp_format_percent(text + LP_FORMAT_SIZE, rest));
    else lp_format_percent(share, isfinite(rest) ? (rest > 1e-6 ? 1e-6 : 0) : NAN);
    lp_paint_text(p, (lp_rect){r.x + 16, r.y, r.w - 16 - 70, r.h}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], text);
    lp_paint_text(p, (lp_rect){r.x + r.w - 62, r.y, 62, r.h}, LP_FACE_BODY, LP_RIGHT, p->ink[LP_INK_DIM], share);
}

void lp_view_actions(lp_painter *p, lp_rect r, const lp_view *view) {
    lp_rect in = lp_view_panel(p, r, "Next action", p->ink[LP_INK_POLICY]);
    if (view->n_actions <= 0) {
        lp_paint_text(p, (lp_rect){in.x, in.y, in.w, LP_ROW_PX}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], "no actions");
        return;
    }
    int rows = in.h / LP_ROW_PX, columns = in.w >= 440 && view->n_actions > rows ? 2 : 1;
    int room = rows * columns;
    bool others = view->n_actions > room;
    int shown[MAX_SHOWN];
    int n = pick_actions(view, others ? room - 1 : room, shown);
    int gap = 28, w = (in.w - gap * (columns - 1)) / columns, name_px = 0;
    for (int i = 0; i < n; i++) {
        char text[LP_FORMAT_SIZE];
        int name_w = lp_paint_text_width(p, LP_FACE_BOLD, action_name(view, shown[i], text));
        if (name_w > name_px) name_px = name_w;
    }
    int each = columns == 1 ? rows : (n + others + 1) / 2; /* in a column */
    if (name_px < 70) name_px = 70;
    if (name_px > w * 2 / 5) name_px = w * 2 / 5;
    for (int i = 0; i < n + others; i++) {
        lp_rect row = {in.x + i / each * (w + gap), in.y + i % each * LP_ROW_PX, w, LP_ROW_PX};
        if (i < n) action_row(p, row, view, shown[i], name_px);
        else other_actions(p, row, view, shown, n);
    }
}

/* ---- value ---- */

/* The history at a fractional index; NaN outside it and beside a NaN. */
static float value_at(const lp_view *view, float index) {
    if (!(index >= 0) || index > (float)(view->n_values - 1)) return NAN;
    int i = (int)index;
    float part = index - (float)i, a = view->value_history[i];
    if (part == 0 || i + 1 >= view->n_values) return a;
    return a + (view->value_history[i + 1] - a) * part;
}

static void widen(float value, float *low, float *high) {
    if (!isfinite(value)) return;
    if (value > 1) value = 1;
    if (value < -1) value = -1;
    if (!(*low <= value)) *low = value;
    if (!(*high >= value)) *high = value;
}

/* One column of the chart: the span of the values between two fractional indices, none lost however many they are. */
static void chart_column(lp_painter *p, lp_rect r, int column, const lp_view *view, float from, float to) {
    float low = NAN, high = NAN;
    widen(value_at(view, from), &low, &high);
    widen(value_at(view, to), &low, &high);
    for (int i = (int)ceilf(from > 0 ? from : 0); (float)i <= to && i < view->n_values; i++) widen(view->value_history[i], &low, &high);
    if (!isfinite(low)) return;
    float half = (float)(r.h - 1) / 2, middle = (float)r.y + half + 0.5f;
    float top = middle - high * half, bottom = middle - low * half;
    float inner = high > 0 ? top : bottom; /* the shade reaches from the zero line to the curve */
    if (inner < middle) lp_paint_column(p, r.x + column, inner, middle, p->ink[LP_INK_POLICY], 0.20f);
    else lp_paint_column(p, r.x + column, middle, inner, p->ink[LP_INK_POLICY], 0.20f);
    lp_paint_column(p, r.x + column, top - 1.2f, bottom + 1.2f, p->ink[LP_INK_POLICY], 1);
}

static void chart(lp_painter *p, lp_rect r, const lp_view *view) {
    static const char *const labels[] = {"+1", "0",
                                         "\xe2\x88\x92"
                                         "1"};
    lp_rect plot = {r.x + Y_LABEL_PX, r.y, r.w - Y_LABEL_PX, r.h};
    int line = lp_paint_line_height(p, LP_FACE_BODY);
    for (int i = 0; i < 3; i++) {
        int y = plot.y + i * (plot.h - 1) / 2;
        lp_paint_fill(p, (lp_rect){plot.x, y, plot.w, 1}, p->ink[LP_INK_TRACK]);
        int text_y = i == 0 ? plot.y - 3 : i == 1 ? y - line / 2 : plot.y + plot.h - line + 3;
        lp_paint_text(p, (lp_rect){r.x, text_y, Y_LABEL_PX - 8, line}, LP_FACE_BODY, LP_RIGHT, p->ink[LP_INK_DIM], labels[i]);
    }
    if (!view->value_history || view->n_values <= 0 || plot.w < 2) return;
    int span = view->n_values > LP_VIEW_HISTORY ? view->n_values : LP_VIEW_HISTORY;
    float step = (float)(span - 1) / (float)(plot.w - 1), newest = (float)(view->n_values - 1);
    for (int column = 0; column < plot.w; column++) {
        float to = newest - (float)(plot.w - 1 - column) * step;
        if (to >= 0) chart_column(p, plot, column, view, to - step, to);
    }
}

void lp_view_value(lp_painter *p, lp_rect r, const lp_view *view) {
    char text[LP_FORMAT_SIZE], span[LP_FORMAT_SIZE + 16], count[LP_FORMAT_SIZE];
    int n = view->value_history && view->n_values > 0 ? view->n_values : 0;
    lp_format_signed(text, n > 0 ? view->value_history[n - 1] : NAN);
    lp_format_compact(count, n > LP_VIEW_HISTORY ? n : LP_VIEW_HISTORY);
    lp_rect in = lp_view_panel(p, r, "Value", p->ink[LP_INK_POLICY]);
    int line = lp_paint_line_height(p, LP_FACE_BODY);
    if (in.h >= 110) {
        lp_paint_text(p, (lp_rect){in.x + 80, r.y + 3, in.w - 80, LP_TITLE_PX}, LP_FACE_FIGURE, LP_RIGHT, p->ink[LP_INK_TEXT], text);
        chart(p, (lp_rect){in.x, in.y + 6, in.w, in.h - line - 10}, view);
        lp_rect axis = {in.x + Y_LABEL_PX, in.y + in.h - line, in.w - Y_LABEL_PX, line};
        snprintf(span, sizeof span, "%s decisions ago", count);
        lp_paint_text(p, (lp_rect){axis.x, axis.y, axis.w - 46, line}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], span);
        lp_paint_text(p, axis, LP_FACE_BODY, LP_RIGHT, p->ink[LP_INK_DIM], "now");
        return;
    }
    /* Low and wide: the figures stand left of the chart. */
    enum { SIDE = 120 };
    snprintf(span, sizeof span, "last %s", count);
    lp_paint_text(p, (lp_rect){in.x, in.y - 2, SIDE, 26}, LP_FACE_FIGURE, LP_LEFT, p->ink[LP_INK_TEXT], text);
    lp_paint_text(p, (lp_rect){in.x, in.y + 24, SIDE, line}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], span);
    chart(p, (lp_rect){in.x + SIDE, r.y + 10, in.w - SIDE, r.h - 20}, view);
}
