/* Who plays in words: the thought, as it grows; a chat model's goal and notebook; what it took, and how it went. */
#include "view/view_paint.h"

#include <stdio.h>
#include <string.h>

/* ---- the thought ---- */

bool lp_view_has_thought(const lp_view *view) { return view->thought != NULL; }

int lp_view_thought_height(lp_painter *p, const lp_view *view, int width, bool least) {
    const lp_rect box = {0, 0, width - 2 * LP_PANEL_PAD, 1000};
    int lines = lp_paint_paragraph(p, box, least ? 4 : 8, LP_FACE_BODY, 0, view->thought, false);
    if (view->thinks) lines = least ? 4 : 8; /* it will have them */
    return LP_PANEL_FRAME + (lines > 2 ? lines : 2) * LP_ROW_PX;
}

void lp_view_thought(lp_painter *p, lp_rect r, const lp_view *view) {
    lp_rect in = lp_view_panel(p, r, "Thought", p->ink[LP_INK_LIVE]);
    const bool nothing = !view->thought || !*view->thought;
    const int lines = in.h / LP_ROW_PX;
    if (view->thinks && !nothing) {
        lp_view_panel_note(p, r, "Thought", p->ink[LP_INK_DIM], "thinking");
        lp_paint_newest(p, in, lines, LP_FACE_BODY, p->ink[LP_INK_TEXT], view->thought);
    } else
        lp_paint_paragraph(p, in, lines, LP_FACE_BODY, nothing ? p->ink[LP_INK_DIM] : p->ink[LP_INK_TEXT],
                           nothing ? "it said nothing" : view->thought, true);
}

/* ---- the notebook ---- */

enum { GOAL_LINES = 2, LEAST_LINES = 3, MOST_LINES = 8, LINE_TEXT = 640 };

bool lp_view_has_model(const lp_view *view) { return view->model != NULL; }

static int n_lines(const lp_view *view) { return view->lines && view->n_lines > 0 ? view->n_lines : 0; }

/* NULL: it has none. */
static const char *goal_of(const lp_view *view) {
    for (int i = 0; i < n_lines(view); i++)
        if (view->lines[i].key && !strcmp(view->lines[i].key, LP_VIEW_GOAL)) return view->lines[i].text ? view->lines[i].text : "";
    return NULL;
}

int lp_view_notebook_height(lp_painter *p, const lp_view *view, int width, bool least) {
    (void)p, (void)width;
    const int lines = n_lines(view) + (goal_of(view) ? 1 : 0), most = least ? LEAST_LINES : MOST_LINES;
    return LP_PANEL_FRAME + (lines > most ? most : lines > 2 ? lines : 2) * LP_ROW_PX;
}

void lp_view_notebook(lp_painter *p, lp_rect r, const lp_view *view) {
    lp_rect in = lp_view_panel(p, r, "Notebook", p->ink[LP_INK_MEMORY]);
    const char *goal = goal_of(view);
    int y = in.y, room = in.h / LP_ROW_PX;
    if (!n_lines(view) && room)
        lp_paint_text(p, (lp_rect){in.x, y, in.w, LP_ROW_PX}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], "nothing is written yet");
    if (goal && room) {
        const int lines =
            lp_paint_paragraph(p, in, room < GOAL_LINES ? room : GOAL_LINES, LP_FACE_BOLD, p->ink[LP_INK_TEXT], *goal ? goal : " ", true);
        y += lines * LP_ROW_PX, room -= lines;
    }
    for (int i = 0; i < n_lines(view) && room > 0; i++) {
        const lp_view_line *line = &view->lines[i];
        char text[LINE_TEXT];
        if (!line->key || !strcmp(line->key, LP_VIEW_GOAL)) continue;
        const lp_rect row = {in.x, y, in.w, LP_ROW_PX};
        snprintf(text, sizeof text, "%s:", line->key);
        const int w = lp_paint_text(p, (lp_rect){row.x, row.y, row.w / 2, row.h}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], text) + 8;
        lp_paint_text(p, (lp_rect){row.x + w, row.y, row.w - w, row.h}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_TEXT],
                      line->text ? line->text : "");
        y += LP_ROW_PX, room--;
    }
}

/* ---- what it took ---- */

enum { COUNTS = 11 };

typedef struct {
    const char *name;
    bool shown;
    lp_ink_id ink;
    char text[LP_FORMAT_SIZE];
} count_row;

/* Those that are shown, the most important first; returns how many. */
static int counts_of(count_row out[COUNTS], const lp_view_model *m) {
    const struct {
        const char *name;
        int64_t n; /* of which one costs its part, where it is a cost */
        bool shown;
        lp_ink_id ink;
    } all[] = {{"the same again", m->repeating, m->repeating > 0, LP_INK_LOSS},
               {"tokens", m->tokens, true, LP_INK_TEXT},
               {"cost", 1, m->cost > 0, LP_INK_TEXT},
               {"a win cost", m->wins, m->cost > 0 && m->wins > 0, LP_INK_TEXT},
               {"replies", m->replies, true, LP_INK_TEXT},
               {"repeats", m->repeats, true, LP_INK_TEXT},
               {"faults", m->faults, true, LP_INK_TEXT},
               {"a milestone cost", m->milestones, m->cost > 0 && m->milestones > 0, LP_INK_TEXT},
               {"a turn cost", m->turns, m->cost > 0 && m->turns > 0, LP_INK_TEXT},
               {"failed", m->failed, m->failed > 0, LP_INK_TEXT},
               {"given up", m->given_up, m->given_up > 0, LP_INK_TEXT}};
    int n = 0;
    for (int i = 0; i < COUNTS; i++) {
        if (!all[i].shown) continue;
        out[n].name = all[i].name;
        out[n].ink = all[i].ink;
        const double cost = m->cost / (double)(all[i].n ? all[i].n : 1);
        if (strstr(all[i].name, "cost")) snprintf(out[n].text, LP_FORMAT_SIZE, cost < 0.1 ? "%.4f" : "%.2f", cost < 1e9 ? cost : 1e9);
        else lp_format_compact(out[n].text, all[i].n);
        n++;
    }
    return n;
}

int lp_view_model_height(lp_painter *p, const lp_view *view, int width, bool least) {
    count_row rows[COUNTS];
    (void)p, (void)width;
    const int n = counts_of(rows, view->model);
    return LP_PANEL_FRAME + (least ? 3 : n) * LP_ROW_PX;
}

void lp_view_model_counts(lp_painter *p, lp_rect r, const lp_view *view) {
    count_row rows[COUNTS];
    lp_rect in = lp_view_panel(p, r, "Model", p->ink[LP_INK_POLICY]);
    const int n = counts_of(rows, view->model);
    for (int i = 0; i < n && i < in.h / LP_ROW_PX; i++) {
        const lp_rect row = {in.x, in.y + i * LP_ROW_PX, in.w, LP_ROW_PX};
        const int w = lp_paint_text_width(p, LP_FACE_BODY, rows[i].text);
        lp_paint_text(p, (lp_rect){row.x, row.y, row.w - w - 8, row.h}, LP_FACE_BODY, LP_LEFT,
                      p->ink[rows[i].ink == LP_INK_TEXT ? LP_INK_DIM : rows[i].ink], rows[i].name);
        lp_paint_text(p, (lp_rect){row.x + row.w - w, row.y, w, row.h}, LP_FACE_BODY, LP_RIGHT, p->ink[rows[i].ink], rows[i].text);
    }
}
