/* What the agent remembers: its memory level by level, what was written last, and which items it is reading now.
 *
 * The picture of the memory is a timeline: the highest level, which reaches furthest back, on the left, raw items on the right.
 * A square is an item of the context, or a fixed number of them where they are too many (it says so). The bar
 * under a level is the part of the attention that rests on it; its squares glow with it.
 */
#include "view/view_paint.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { LEAST_PITCH = 6, MOST_PITCH = 12, CAPTION_PX = 74, LEAST_LEVEL_PX = 24 };

static int n_levels(const lp_view *view) {
    return view->n_levels < 0 ? 0 : view->n_levels > LP_VIEW_MAX_LEVELS ? LP_VIEW_MAX_LEVELS : view->n_levels;
}

static int n_reads(const lp_view *view) {
    return view->n_reads < 0 ? 0 : view->n_reads > LP_VIEW_MAX_READS ? LP_VIEW_MAX_READS : view->n_reads;
}

static int level_count(const lp_view *view, int level) { return view->level_counts[level] > 0 ? view->level_counts[level] : 0; }

/* How a level's squares are set: the largest pitch at which each level fits, one square an item where that is possible. */
typedef struct {
    int pitch, columns, rows, items; /* items a square */
} grid;

static grid fit_grid(const lp_view *view, int w, int h) {
    int most = 0;
    for (int level = 0; level < n_levels(view); level++)
        if (level_count(view, level) > most) most = level_count(view, level);
    grid g = {.items = 1};
    for (g.pitch = MOST_PITCH;; g.pitch--) {
        g.columns = w / g.pitch;
        g.rows = h / g.pitch;
        if (g.columns * g.rows >= most || g.pitch == LEAST_PITCH) break;
    }
    if (g.columns * g.rows < 1) return (grid){.pitch = LEAST_PITCH, .items = INT_MAX};
    while (most / g.items + (most % g.items != 0) > g.columns * g.rows) g.items = g.items < 1 << 29 ? g.items * 2 : most;
    return g;
}

static void squares(lp_painter *p, lp_rect r, const grid *g, int count, uint32_t ink) {
    if (!g->columns) return;
    int n = count / g->items + (count % g->items != 0), used = n < g->columns ? n : g->columns, side = g->pitch - 2;
    int x = r.x + (r.w - used * g->pitch + 2) / 2, y = r.y + r.h - side;
    for (int i = 0; i < n; i++) lp_paint_fill(p, (lp_rect){x + i % g->columns * g->pitch, y - i / g->columns * g->pitch, side, side}, ink);
}

static void level_column(lp_painter *p, lp_rect r, const lp_view *view, int level, const grid *g) {
    char text[LP_FORMAT_SIZE];
    int line = lp_paint_line_height(p, LP_FACE_BODY), count = level_count(view, level);
    lp_rect top = {r.x, r.y, r.w, line}, bottom = {r.x, r.y + r.h - line, r.w, line};
    lp_format_fitting(p, text, LP_FACE_BODY, count, r.w - 4);
    lp_paint_text(p, top, LP_FACE_BODY, LP_CENTRE, p->ink[LP_INK_TEXT], text);
    const float attention = view->level_weights[level];
    squares(p, (lp_rect){r.x, top.y + line, r.w, bottom.y - 10 - top.y - line}, g, count,
            lp_paint_mix(p->ink[LP_INK_ASLEEP], p->ink[LP_INK_MEMORY], sqrtf(attention)));
    lp_paint_bar(p, (lp_rect){r.x + 4, bottom.y - 7, r.w - 8, 5}, attention, p->ink[LP_INK_MEMORY]);
    if (level == 0) snprintf(text, sizeof text, "raw");
    else snprintf(text, sizeof text, "%d", level);
    lp_paint_text(p, bottom, LP_FACE_BODY, LP_CENTRE, p->ink[LP_INK_DIM], text);
}

/* The levels that are shown, those of the lately seen, and the width of each: a lone one has it all, a new one seldom moves the others. */
static int shown_levels(const lp_view *view, int picture_w, int *w) {
    int n = n_levels(view), most = (picture_w - CAPTION_PX) / LEAST_LEVEL_PX;
    if (n > most) n = most;
    *w = (picture_w - CAPTION_PX) / (n < 2 ? 1 : n < 5 ? 4 : n < 9 ? 8 : n);
    return n;
}

static grid picture_grid(lp_painter *p, const lp_view *view, int level_w, int picture_h) {
    return fit_grid(view, level_w - 4, picture_h - 2 * lp_paint_line_height(p, LP_FACE_BODY) - 12);
}

static void picture(lp_painter *p, lp_rect r, const lp_view *view) {
    int w, n = shown_levels(view, r.w, &w), line = lp_paint_line_height(p, LP_FACE_BODY);
    if (n < 1) return;
    grid g = picture_grid(p, view, w, r.h);
    for (int level = 0; level < n; level++) level_column(p, (lp_rect){r.x + r.w - (level + 1) * w, r.y, w, r.h}, view, level, &g);
    lp_rect caption = {r.x, r.y, CAPTION_PX - 6, line};
    lp_paint_text(p, caption, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], "items");
    caption.y = r.y + r.h - line;
    lp_paint_text(p, caption, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], "level");
    if (g.items > 1) {
        char text[LP_FORMAT_SIZE + 8], count[LP_FORMAT_SIZE];
        int side = g.pitch - 2;
        caption.y = r.y + (r.h - line) / 2 - 4;
        lp_paint_fill(p, (lp_rect){caption.x, caption.y + (line - side) / 2 + 1, side, side}, p->ink[LP_INK_MEMORY]);
        snprintf(text, sizeof text, "= %s", lp_format_compact(count, g.items));
        lp_paint_text(p, (lp_rect){caption.x + 12, caption.y, caption.w - 12, line}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], text);
    }
}

/* What was written last has a second line where it needs one and no square is lost for it. */
static int written_lines(lp_painter *p, lp_rect in, const lp_view *view) {
    int w, line = lp_paint_line_height(p, LP_FACE_BODY);
    const char *text = view->last_written;
    if (!text || lp_paint_text_width(p, LP_FACE_BODY, text) <= in.w - CAPTION_PX || shown_levels(view, in.w, &w) < 1) return 1;
    grid one = picture_grid(p, view, w, in.h - line - 4), two = picture_grid(p, view, w, in.h - 2 * line - 4);
    return two.items == one.items ? 2 : 1;
}

void lp_view_levels(lp_painter *p, lp_rect r, const lp_view *view) {
    char seen[LP_FORMAT_SIZE], kept[LP_FORMAT_SIZE], text[3 * LP_FORMAT_SIZE];
    lp_rect in = lp_view_panel(p, r, "Memory", p->ink[LP_INK_MEMORY]);
    lp_rect row = {in.x, in.y, in.w, LP_ROW_PX};
    if (n_levels(view) == 0) {
        bool empty = view->memory && strcmp(view->memory, "none"); /* there is one, with nothing in it yet */
        lp_paint_text(p, row, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM],
                      empty ? "nothing yet" : "none: each decision sees the present picture only");
        return;
    }
    int64_t sum = 0;
    for (int level = 0; level < n_levels(view); level++) sum += level_count(view, level);
    int title = lp_paint_text_width(p, LP_FACE_BOLD, "Memory") + 12, line = lp_paint_line_height(p, LP_FACE_BODY);
    snprintf(text, sizeof text, "%s seen \xe2\x86\x92 %s kept", lp_format_count(seen, view->items_seen), lp_format_count(kept, sum));
    lp_paint_text(p, (lp_rect){in.x + title, r.y + 3, in.w - title, LP_TITLE_PX}, LP_FACE_BODY, LP_RIGHT, p->ink[LP_INK_TEXT], text);
    bool nothing = !view->last_written || !*view->last_written;
    int lines = written_lines(p, in, view);
    picture(p, (lp_rect){in.x, in.y, in.w, in.h - lines * line - 4}, view);
    row = (lp_rect){in.x, in.y + in.h - lines * line, CAPTION_PX, line};
    lp_paint_text(p, row, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], "wrote");
    row = (lp_rect){in.x + CAPTION_PX, row.y, in.w - CAPTION_PX, lines * line};
    lp_paint_paragraph(p, row, lines, LP_FACE_BODY, nothing ? p->ink[LP_INK_DIM] : p->ink[LP_INK_TEXT],
                       nothing ? "an item without text" : view->last_written, true);
}

/* ---- reading now ---- */

enum { BAR_PX = 64, SHARE_PX = 58, TEXT_X = BAR_PX + SHARE_PX + 14, LEVEL_PX = 40 };

static const char *level_name(char out[LP_FORMAT_SIZE], const char *before, int level) {
    if (level <= 0) return "raw";
    snprintf(out, LP_FORMAT_SIZE, "%s%d", before, level);
    return out;
}

static void read_share(lp_painter *p, lp_rect r, const lp_view_read *read, lp_face_id face) {
    char text[LP_FORMAT_SIZE];
    lp_paint_bar(p, (lp_rect){r.x, r.y + (LP_ROW_PX - 12) / 2, BAR_PX, 12}, read->weight, p->ink[LP_INK_MEMORY]);
    lp_paint_text(p, (lp_rect){r.x + BAR_PX, r.y, SHARE_PX, r.h}, face, LP_RIGHT, p->ink[LP_INK_TEXT],
                  lp_format_percent(text, read->weight));
}

static void read_text(lp_painter *p, lp_rect r, const lp_view_read *read, lp_face_id face) {
    bool nothing = !read->text || !*read->text;
    lp_paint_text(p, r, nothing ? LP_FACE_BODY : face, LP_LEFT, nothing ? p->ink[LP_INK_DIM] : p->ink[LP_INK_TEXT],
                  nothing ? "no text" : read->text);
}

/* The strongest: its text in full width, its age and level in words on a line of their own. */
static void strongest_read(lp_painter *p, lp_rect row, const lp_view_read *read) {
    char age[LP_FORMAT_SIZE], level[LP_FORMAT_SIZE], text[3 * LP_FORMAT_SIZE];
    lp_rect right = {row.x + TEXT_X, row.y, row.w - TEXT_X, row.h};
    read_share(p, row, read, LP_FACE_BOLD);
    read_text(p, right, read, LP_FACE_BOLD);
    snprintf(text, sizeof text, "%s decision%s ago, %s", lp_format_count(age, read->age), read->age == 1 ? "" : "s",
             read->level <= 0 ? "a raw item" : level_name(level, "kept by level ", read->level));
    right.y += LP_ROW_PX;
    lp_paint_text(p, right, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], text);
}

static void read_row(lp_painter *p, lp_rect row, const lp_view_read *read, int age_px) {
    char text[LP_FORMAT_SIZE];
    int age_x = row.x + row.w - age_px, level_x = age_x - LEVEL_PX;
    read_share(p, row, read, LP_FACE_BODY);
    read_text(p, (lp_rect){row.x + TEXT_X, row.y, level_x - 10 - row.x - TEXT_X, row.h}, read, LP_FACE_BODY);
    lp_paint_text(p, (lp_rect){level_x, row.y, LEVEL_PX, row.h}, LP_FACE_BODY, LP_RIGHT, p->ink[LP_INK_DIM],
                  level_name(text, "L", read->level));
    lp_format_fitting(p, text, LP_FACE_BODY, read->age, age_px - 12);
    lp_paint_text(p, (lp_rect){age_x, row.y, age_px, row.h}, LP_FACE_BODY, LP_RIGHT, p->ink[LP_INK_TEXT], text);
}

void lp_view_reads(lp_painter *p, lp_rect r, const lp_view *view) {
    static const char heading[] = "decisions ago";
    lp_rect in = lp_view_panel(p, r, "Reading now", p->ink[LP_INK_MEMORY]);
    lp_rect row = {in.x, in.y, in.w, LP_ROW_PX};
    if (n_reads(view) == 0) {
        lp_paint_text(p, row, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], "nothing");
        return;
    }
    strongest_read(p, row, &view->reads[0]);
    if (n_reads(view) == 1) return;
    lp_paint_text(p, (lp_rect){in.x + in.w / 2, r.y + 3, in.w - in.w / 2, LP_TITLE_PX}, LP_FACE_BODY, LP_RIGHT, p->ink[LP_INK_DIM],
                  heading);
    int most = in.w / 4, age_px = 0, shown = in.h / LP_ROW_PX - 1;
    if (shown > n_reads(view)) shown = n_reads(view);
    for (int i = 1; i < shown; i++) {
        char text[LP_FORMAT_SIZE];
        int w = lp_paint_text_width(p, LP_FACE_BODY, lp_format_fitting(p, text, LP_FACE_BODY, view->reads[i].age, most - 12)) + 12;
        if (w > age_px) age_px = w;
    }
    for (int i = 1; i < shown; i++) {
        row.y = in.y + (i + 1) * LP_ROW_PX;
        read_row(p, row, &view->reads[i], age_px);
    }
}
