/* What a game's setup reads out of RAM: the variables that a run shows beside the rest, and the sheet for people who make a setup, with
 * variables, outcome and events, which stands where an agent's mind would. */
#include "view/view_paint.h"

#include <stdio.h>

enum { RECENT = 15, MARK_PX = 14, COLUMN_GAP = 28, EVENT_ROWS = LP_VIEW_MAX_EVENTS };

/* Name left, value right; one that changed a moment ago has a square before it and stands out. */
static void variable(lp_painter *p, lp_rect r, const lp_view_variable *v) {
    char text[LP_FORMAT_SIZE];
    bool recent = v->age >= 0 && v->age < RECENT;
    snprintf(text, sizeof text, "%lld", (long long)v->value);
    if (recent) lp_paint_fill(p, (lp_rect){r.x, r.y + (r.h - 8) / 2, 8, 8}, p->ink[LP_INK_MEMORY]);
    int w = lp_paint_text_width(p, recent ? LP_FACE_BOLD : LP_FACE_BODY, text), room = r.w - MARK_PX;
    if (w > room * 3 / 5) w = room * 3 / 5;
    lp_paint_text(p, (lp_rect){r.x + MARK_PX, r.y, room - w - 8, r.h}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], v->name);
    lp_paint_text(p, (lp_rect){r.x + r.w - w, r.y, w, r.h}, recent ? LP_FACE_BOLD : LP_FACE_BODY, LP_RIGHT,
                  recent ? p->ink[LP_INK_MEMORY] : p->ink[LP_INK_TEXT], text);
}

/* In up to two columns; where there are too many, those that changed last (latest) or the first ones. */
static void variables(lp_painter *p, lp_rect in, const lp_view_variable *all, int n_all, bool latest) {
    char text[LP_FORMAT_SIZE];
    int rows = in.h / LP_ROW_PX, columns = n_all > rows ? 2 : 1, room = rows * columns;
    int w = (in.w - COLUMN_GAP * (columns - 1)) / columns, n = n_all <= room || latest ? n_all : room - 1, at = 0;
    int64_t oldest = INT64_MAX; /* that is shown, and how many as old as it */
    for (int drop = latest ? n_all - room : 0, ties = 0; drop > 0 && oldest > 0; drop = ties) {
        int64_t age = -1;
        for (int i = 0; i < n_all; i++)
            if (all[i].age < oldest && all[i].age > age) age = all[i].age;
        for (int i = ties = 0; i < n_all; i++) ties += all[i].age == age;
        ties = drop - ties;
        oldest = age;
    }
    for (int i = 0; i < n_all && at < room; i++) {
        if (i < n && latest && all[i].age >= oldest) continue;
        lp_rect cell = {in.x + at / rows * (w + COLUMN_GAP), in.y + at % rows * LP_ROW_PX, w, LP_ROW_PX};
        at++;
        if (i < n) {
            variable(p, cell, &all[i]);
            continue;
        }
        snprintf(text, sizeof text, "%d others", n_all - n);
        lp_paint_text(p, cell, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], text);
        return;
    }
}

void lp_view_variables(lp_painter *p, lp_rect r, const lp_view *view) {
    variables(p, lp_view_panel(p, r, "Variables", p->ink[LP_INK_MEMORY]), view->variables, view->n_variables, true);
}

static void sheet_variables(lp_painter *p, lp_rect r, const lp_view *view) {
    const lp_view_sheet *s = view->sheet;
    lp_rect in = lp_view_panel(p, r, s->titles[0] ? s->titles[0] : "Variables", p->ink[LP_INK_MEMORY]);
    if (s->n_variables > 0) variables(p, in, s->variables, s->n_variables, false);
    else
        lp_paint_text(p, (lp_rect){in.x, in.y, in.w, LP_ROW_PX}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM],
                      "none in data.json yet: longplay game ram finds them");
}

static void sheet_outcome(lp_painter *p, lp_rect r, const lp_view *view) {
    const char *title = view->sheet->titles[1];
    lp_rect in = lp_view_panel(p, r, title ? title : "Outcome", p->ink[LP_INK_POLICY]);
    bool named = view->chosen >= 0 && view->chosen < view->n_actions && view->action_names && view->action_names[view->chosen];
    const char *pressed = named ? view->action_names[view->chosen] : "none";
    int half = in.w * 55 / 100;
    lp_paint_text(p, (lp_rect){in.x, in.y, half - 8, LP_ROW_PX}, view->sheet->ended ? LP_FACE_BOLD : LP_FACE_BODY, LP_LEFT,
                  view->sheet->won     ? p->ink[LP_INK_LIVE]
                  : view->sheet->ended ? p->ink[LP_INK_LOSS]
                                       : p->ink[LP_INK_TEXT],
                  view->sheet->outcome);
    int w = lp_paint_text_width(p, LP_FACE_BODY, "pressed") + 10;
    lp_paint_text(p, (lp_rect){in.x + half, in.y, w, LP_ROW_PX}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], "pressed");
    lp_paint_text(p, (lp_rect){in.x + half + w, in.y, in.w - half - w, LP_ROW_PX}, LP_FACE_BOLD, LP_LEFT, p->ink[LP_INK_TEXT], pressed);
}

static void sheet_events(lp_painter *p, lp_rect r, const lp_view *view) {
    const lp_view_sheet *s = view->sheet;
    lp_rect in = lp_view_panel(p, r, s->titles[2] ? s->titles[2] : "Events", p->ink[LP_INK_LIVE]);
    int rows = in.h / LP_ROW_PX;
    if (rows > EVENT_ROWS) rows = EVENT_ROWS;
    if (s->n_events <= 0) lp_paint_text(p, (lp_rect){in.x, in.y, in.w, LP_ROW_PX}, LP_FACE_BODY, LP_LEFT, p->ink[LP_INK_DIM], "none yet");
    for (int i = 0; i < s->n_events && i < rows; i++)
        lp_paint_text(p, (lp_rect){in.x, in.y + i * LP_ROW_PX, in.w, LP_ROW_PX}, i ? LP_FACE_BODY : LP_FACE_BOLD, LP_LEFT,
                      i ? p->ink[LP_INK_DIM] : p->ink[LP_INK_TEXT], s->events[i]);
}

/* Where not all of it has room, the outcome comes first, then variables. */
void lp_view_draw_sheet(lp_painter *p, lp_rect r, const lp_view *view) {
    enum { VARIABLES_H = 324, OUTCOME_H = 70, LEAST_H = LP_PANEL_FRAME + LP_ROW_PX, GAP = 8 };
    int room = r.h - OUTCOME_H - GAP, most = room - LEAST_H - GAP, h = most < VARIABLES_H ? most : VARIABLES_H; /* h: of the variables */
    if (h < LEAST_H) h = room;
    if (h >= LEAST_H) {
        sheet_variables(p, (lp_rect){r.x, r.y, r.w, h}, view);
        r = (lp_rect){r.x, r.y + h + GAP, r.w, r.h - h - GAP};
    }
    if (r.h < OUTCOME_H) return;
    sheet_outcome(p, (lp_rect){r.x, r.y, r.w, OUTCOME_H}, view);
    r = (lp_rect){r.x, r.y + OUTCOME_H + GAP, r.w, r.h - OUTCOME_H - GAP};
    if (r.h >= LEAST_H) sheet_events(p, r, view);
}
