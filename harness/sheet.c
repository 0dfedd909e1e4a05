/* Variables, outcome and events as they come. See sheet.h. */
#include "harness/sheet.h"

#include <stdio.h>
#include <string.h>

static int find(const lp_game *game, const char *name, size_t length) {
    for (int i = 0; i < lp_game_n_variables(game); i++)
        if (strlen(lp_game_variable_name(game, i)) == length && !memcmp(lp_game_variable_name(game, i), name, length)) return i;
    return -1;
}

lp_status lp_sheet_open(lp_sheet *sheet, const lp_game *game, const char *only, lp_err *err) {
    memset(sheet, 0, sizeof *sheet);
    sheet->game = game;
    for (int i = 0; i < lp_game_n_variables(game) && !only; i++) sheet->shown[sheet->n_shown++] = i;
    for (const char *name = only; name; name = strchr(name, ',') ? strchr(name, ',') + 1 : NULL) {
        size_t length = strcspn(name, ",");
        int i = find(game, name, length);
        if (i < 0) return lp_fail(err, LP_BAD_INPUT, "'%.*s' is no variable of %s", (int)length, name, lp_game_name(game));
        if (sheet->n_shown == LP_MAX_VARIABLES) return lp_fail(err, LP_BAD_INPUT, "more than %d variables to show", LP_MAX_VARIABLES);
        sheet->shown[sheet->n_shown++] = i;
    }
    for (int k = 0; k < sheet->n_shown; k++) sheet->variables[k] = (lp_view_variable){lp_game_variable_name(game, sheet->shown[k]), 0, -1};
    snprintf(sheet->outcome, sizeof sheet->outcome, "running");
    return LP_OK;
}

static void add_line(lp_sheet *sheet, int64_t decision, const char *what, void (*on_line)(void *, const char *), void *context) {
    char *line = sheet->events[sheet->n_events++ % LP_VIEW_MAX_EVENTS];
    snprintf(line, sizeof sheet->events[0], "%lld: %s", (long long)decision, what);
    if (on_line) on_line(context, line);
}

void lp_sheet_note(lp_sheet *sheet, lp_env *env, int64_t decision, lp_outcome outcome, void (*on_line)(void *, const char *),
                   void *context) {
    const int64_t *now = lp_env_variables(env);
    const lp_event *events;
    char text[128];
    for (int k = 0; k < sheet->n_shown; k++) {
        lp_view_variable *v = &sheet->variables[k];
        bool first = sheet->n_notes == 0;
        if (first || v->value != now[sheet->shown[k]]) sheet->changed[k] = first ? -1 : decision;
        v->value = now[sheet->shown[k]];
    }
    sheet->n_notes++;
    sheet->decision = decision;
    int n = lp_env_events(env, &events);
    for (int i = 0; i < n; i++) add_line(sheet, decision, *events[i].text ? events[i].text : events[i].name, on_line, context);
    snprintf(sheet->outcome, sizeof sheet->outcome, "%s%s", lp_outcome_name(outcome),
             outcome || lp_game_can_end(sheet->game) ? "" : " (no outcome set)");
    sheet->view.ended = outcome != LP_RUNNING;
    sheet->view.won = outcome == LP_WIN;
    if (!outcome) return;
    snprintf(text, sizeof text, "the episode ends: %s, after %lld decisions", lp_outcome_name(outcome), (long long)lp_env_steps(env));
    add_line(sheet, decision, text, on_line, context);
}

const lp_view_sheet *lp_sheet_view(lp_sheet *sheet) {
    lp_view_sheet *v = &sheet->view;
    v->n_variables = sheet->n_shown;
    v->variables = sheet->variables;
    v->outcome = sheet->outcome;
    v->n_events = sheet->n_events < LP_VIEW_MAX_EVENTS ? (int)sheet->n_events : LP_VIEW_MAX_EVENTS;
    for (int k = 0; k < sheet->n_shown; k++) sheet->variables[k].age = sheet->changed[k] < 0 ? -1 : sheet->decision - sheet->changed[k];
    for (int i = 0; i < v->n_events; i++) v->events[i] = sheet->events[(sheet->n_events - 1 - i) % LP_VIEW_MAX_EVENTS];
    return v;
}
