/* The sheet: what a game's setup reads out of RAM, followed decision by decision for the window (lp_view_sheet).
 *
 *     lp_sheet_open(&sheet, game, "lives,score", &err);         // NULL: every variable
 *     lp_sheet_note(&sheet, env, decision, outcome, NULL, NULL); // after the reset (decision 0, LP_RUNNING) and after every step
 *     view->sheet = lp_sheet_view(&sheet);
 */
#ifndef LP_HARNESS_SHEET_H
#define LP_HARNESS_SHEET_H

#include "env/game.h"
#include "view/viewer.h"

typedef struct {
    const lp_game *game; /* borrowed */
    int n_shown, shown[LP_MAX_VARIABLES];
    int64_t changed[LP_MAX_VARIABLES]; /* the decision; -1: never */
    lp_view_variable variables[LP_MAX_VARIABLES];
    int64_t decision, n_notes;
    char events[LP_VIEW_MAX_EVENTS][280]; /* a ring */
    int64_t n_events;                     /* ever */
    char outcome[96];
    lp_view_sheet view;
} lp_sheet;

/* only: names of variables separated by commas, or NULL. LP_BAD_INPUT: one that data.json has not. */
lp_status lp_sheet_open(lp_sheet *sheet, const lp_game *game, const char *only, lp_err *err);
/* decision counts on through episodes. An event's line goes to on_line, too, which may be NULL. */
void lp_sheet_note(lp_sheet *sheet, lp_env *env, int64_t decision, lp_outcome outcome, void (*on_line)(void *context, const char *line),
                   void *context);
/* Valid until the next note. */
const lp_view_sheet *lp_sheet_view(lp_sheet *sheet);

#endif
