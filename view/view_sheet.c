/* What a game's setup reads out of RAM, for people who make it: variables, the outcome, events. Stands where an agent's mind would. */
#include "view/view_paint.h"

#include <stdio.h>

enum { RECENT = 15, MARK_PX = 14, COLUMN_GAP = 28, EVENT_ROWS = LP_VIEW_MAX_EVENTS };

/* Name left, value right; one that changed a moment ago has a square before it and stands out. */
static void variable(lp_painter *p, lp_rect r, const lp_view_variable *v) {
    char text[LP_FORMAT_SIZE];
    bool recent = v->age >= 0 && v->age < RECENT;
    snprintf(text, sizeof text, "%lld", (long long)v->value);
    if (recent) lp_paint_fill(p, (lp_rect){r.x, r.y + (r.h - 8) / 2, 8, 8}, LP_INK_MEMORY);
    int w = lp_paint_text_width(p, recent ? LP_FACE_BOLD : LP_FACE_BODY, text), room = r.w - MARK_PX;
    if (w > room * 3 / 5) w = room * 3 / 5;
    lp_paint_text(p, (lp_rect){r.x + MARK_PX, r.y, room - w - 8, r.h}, LP_FACE_BODY, LP_LEFT, LP_INK_DIM, v->name);
    lp_paint_text(p, (lp_rect){r.x + r.w - w, r.y, w, r.h}, recent ? LP_FACE_BOLD : LP_FACE_BODY, LP_RIGHT,
                  recent ? LP_INK_MEMORY : LP_INK_TEXT, text);
}

void lp_view_variables(lp_painter *p, lp_rect r, const lp_view *view) {
    const lp_view_sheet *s = view->sheet;
    char text[LP_FORMAT_SIZE];
    lp_rect in = lp_view_panel(p, r, s->titles[0] ? s->titles[0] : "Variables", LP_INK_MEMORY);
    int rows = in.h / LP_ROW_PX, columns = s->n_variables > rows ? 2 : 1, room = rows * columns;
    int w = (in.w - COLUMN_GAP * (columns - 1)) / columns, n = s->n_variables <= room ? s->n_variables : room - 1;
    if (s->n_variables <= 0)
        lp_paint_text(p, (lp_rect){in.x, in.y, in.w, LP_ROW_PX}, LP_FACE_BODY, LP_LEFT, LP_INK_DIM,
                      "none in data.json yet: longplay game ram finds them");
    for (int i = 0; i < n || (i == n && n < s->n_variables); i++) {
        lp_rect cell = {in.x + i / rows * (w + COLUMN_GAP), in.y + i % rows * LP_ROW_PX, w, LP_ROW_PX};
        snprintf(text, sizeof text, "%d others", s->n_variables - n);
        if (i < n) variable(p, cell, &s->variables[i]);
        else lp_paint_text(p, cell, LP_FACE_BODY, LP_LEFT, LP_INK_DIM, text);
    }
}

void lp_view_outcome(lp_painter *p, lp_rect r, const lp_view *view) {
    const char *title = view->sheet->titles[1];
    lp_rect in = lp_view_panel(p, r, title ? title : "Outcome", LP_INK_POLICY);
    bool named = view->chosen >= 0 && view->chosen < view->n_actions && view->action_names && view->action_names[view->chosen];
    const char *pressed = named ? view->action_names[view->chosen] : "none";
    int half = in.w * 55 / 100;
    lp_paint_text(p, (lp_rect){in.x, in.y, half - 8, LP_ROW_PX}, view->sheet->ended ? LP_FACE_BOLD : LP_FACE_BODY, LP_LEFT,
                  view->sheet->won     ? LP_INK_LIVE
                  : view->sheet->ended ? LP_INK_LOSS
                                       : LP_INK_TEXT,
                  view->sheet->outcome);
    int w = lp_paint_text_width(p, LP_FACE_BODY, "pressed") + 10;
    lp_paint_text(p, (lp_rect){in.x + half, in.y, w, LP_ROW_PX}, LP_FACE_BODY, LP_LEFT, LP_INK_DIM, "pressed");
    lp_paint_text(p, (lp_rect){in.x + half + w, in.y, in.w - half - w, LP_ROW_PX}, LP_FACE_BOLD, LP_LEFT, LP_INK_TEXT, pressed);
}

void lp_view_events(lp_painter *p, lp_rect r, const lp_view *view) {
    const lp_view_sheet *s = view->sheet;
    lp_rect in = lp_view_panel(p, r, s->titles[2] ? s->titles[2] : "Events", LP_INK_LIVE);
    int rows = in.h / LP_ROW_PX;
    if (rows > EVENT_ROWS) rows = EVENT_ROWS;
    if (s->n_events <= 0) lp_paint_text(p, (lp_rect){in.x, in.y, in.w, LP_ROW_PX}, LP_FACE_BODY, LP_LEFT, LP_INK_DIM, "none yet");
    for (int i = 0; i < s->n_events && i < rows; i++)
        lp_paint_text(p, (lp_rect){in.x, in.y + i * LP_ROW_PX, in.w, LP_ROW_PX}, i ? LP_FACE_BODY : LP_FACE_BOLD, LP_LEFT,
                      i ? LP_INK_DIM : LP_INK_TEXT, s->events[i]);
}
