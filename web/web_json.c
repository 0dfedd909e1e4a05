/* A moment as JSON, a member for each panel; docs/web.md says what each has. */
#include "web/web_parts.h"

#include <math.h>

static cJSON *add_object(cJSON *in, const char *name) { return cJSON_AddObjectToObject(in, name); }

static void add_text(cJSON *in, const char *name, const char *text) {
    if (text) cJSON_AddStringToObject(in, name, text);
    else cJSON_AddNullToObject(in, name);
}

/* What nobody knows (NaN) is null. */
static cJSON *real(double value) { return isfinite(value) ? cJSON_CreateNumber(round(value * 1e4) / 1e4) : cJSON_CreateNull(); }
static void add_real(cJSON *in, const char *name, double value) { cJSON_AddItemToObject(in, name, real(value)); }
static void add_count(cJSON *in, const char *name, int64_t value) { cJSON_AddNumberToObject(in, name, (double)value); }

/* An object at the end of a list. */
static cJSON *add_row(cJSON *list) {
    cJSON *row = cJSON_CreateObject();
    cJSON_AddItemToArray(list, row);
    return row;
}

static const char *end_name(lp_view_end end) {
    static const char *const names[] = {NULL, "win", "loss", "timeout"};
    return end > LP_VIEW_RUNNING && end <= LP_VIEW_TIMED_OUT ? names[end] : NULL;
}

static void add_run(cJSON *all, const lp_view *v) {
    static const char *const modes[] = {"live", "replay", "paused"};
    cJSON *o = add_object(all, "run");
    add_text(o, "title", v->title);
    add_text(o, "game", v->game);
    add_text(o, "policy", v->policy);
    add_text(o, "memory", v->memory);
    add_text(o, "mode", modes[v->mode]);
    add_text(o, "recovered", v->recovered);
    add_text(o, "status", v->status);
    add_text(o, "note", v->note);
    add_count(o, "speed", v->speed);
    add_real(o, "decisions_per_s", v->decisions_per_s);
}

static void add_clocks(cJSON *all, const lp_view *v) {
    cJSON *o = add_object(all, "clocks");
    add_count(o, "decisions", v->decisions);
    add_count(o, "episode_decisions", v->episode_decisions);
    add_real(o, "episode_s", v->episode_s);
    add_real(o, "played_s", v->played_s);
    add_real(o, "real_s", v->real_s);
}

static void add_results(cJSON *all, const lp_view *v) {
    cJSON *o = add_object(all, "results");
    cJSON_AddBoolToObject(o, "can_win", v->can_win);
    cJSON_AddBoolToObject(o, "can_end", v->can_end);
    add_count(o, "episode", v->episode);
    add_count(o, "wins", v->wins);
    add_count(o, "losses", v->losses);
    add_count(o, "timeouts", v->timeouts);
    add_text(o, "banner", end_name(v->banner));
    cJSON *list = cJSON_AddArrayToObject(o, "last");
    for (int i = 0; i < v->n_results; i++) {
        cJSON *row = add_row(list);
        add_count(row, "episode", v->results[i].episode);
        add_text(row, "end", end_name(v->results[i].end));
        add_count(row, "decisions", v->results[i].decisions);
        add_real(row, "seconds", v->results[i].seconds);
    }
}

static void add_action(cJSON *all, const lp_view *v) {
    cJSON *o = add_object(all, "action"), *list = cJSON_AddArrayToObject(o, "actions");
    cJSON_AddBoolToObject(o, "human", v->human);
    add_text(o, "chosen", v->chosen >= 0 && v->chosen < v->n_actions ? v->action_names[v->chosen] : NULL);
    for (int i = 0; i < v->n_actions; i++) {
        cJSON *row = add_row(list);
        add_text(row, "name", v->action_names[i]);
        add_real(row, "probability", v->action_probabilities[i]);
    }
}

static void add_thought(cJSON *all, const lp_view *v) {
    cJSON *o = add_object(all, "thought");
    add_text(o, "text", v->thought);
    cJSON_AddBoolToObject(o, "thinks", v->thinks);
}

static void add_notebook(cJSON *all, const lp_view *v) {
    cJSON *list = cJSON_AddArrayToObject(add_object(all, "notebook"), "lines");
    for (int i = 0; i < v->n_lines; i++) {
        cJSON *row = add_row(list);
        add_text(row, "key", v->lines[i].key);
        add_text(row, "text", v->lines[i].text);
    }
}

static void add_model(cJSON *all, const lp_view *v) {
    cJSON *o = add_object(all, "model");
    const lp_view_model *m = v->model;
    cJSON_AddBoolToObject(o, "plays", m != NULL);
    if (!m) return;
    add_count(o, "replies", m->replies);
    add_count(o, "tokens", m->tokens);
    add_real(o, "cost", m->cost);
    add_count(o, "failed", m->failed);
    add_count(o, "faults", m->faults);
    add_count(o, "given_up", m->given_up);
    add_count(o, "repeats", m->repeats);
    add_count(o, "repeating", m->repeating);
    add_count(o, "turns", m->turns);
    add_count(o, "milestones", m->milestones);
    add_count(o, "wins", m->wins);
}

static void add_value(cJSON *all, const lp_view *v) {
    cJSON *list = cJSON_AddArrayToObject(add_object(all, "value"), "history");
    for (int i = 0; i < v->n_values; i++) cJSON_AddItemToArray(list, real(v->value_history[i]));
}

static void add_memory(cJSON *all, const lp_view *v) {
    cJSON *o = add_object(all, "memory"), *list = cJSON_AddArrayToObject(o, "levels");
    for (int i = 0; i < v->n_levels; i++) cJSON_AddItemToArray(list, cJSON_CreateNumber(v->level_counts[i]));
    list = cJSON_AddArrayToObject(o, "weights");
    for (int i = 0; i < v->n_levels; i++) cJSON_AddItemToArray(list, real(v->level_weights[i]));
    add_count(o, "items_seen", v->items_seen);
    add_text(o, "last_written", v->last_written);
}

static void add_reading(cJSON *all, const lp_view *v) {
    cJSON *list = cJSON_AddArrayToObject(add_object(all, "reading"), "reads");
    for (int i = 0; i < v->n_reads; i++) {
        cJSON *row = add_row(list);
        add_count(row, "age", v->reads[i].age);
        add_count(row, "level", v->reads[i].level);
        add_real(row, "weight", v->reads[i].weight);
        add_text(row, "text", v->reads[i].text);
    }
}

static void add_events(cJSON *all, const lp_view *v) {
    cJSON *list = cJSON_AddArrayToObject(add_object(all, "events"), "events");
    for (int i = 0; i < v->n_events; i++) {
        cJSON *row = add_row(list);
        add_count(row, "episode", v->events[i].episode);
        add_real(row, "at_s", v->events[i].at_s);
        add_text(row, "text", v->events[i].text);
        cJSON_AddBoolToObject(row, "milestone", v->events[i].milestone);
    }
}

static void add_splits(cJSON *all, const lp_view *v) {
    cJSON *list = cJSON_AddArrayToObject(add_object(all, "splits"), "splits");
    for (int i = 0; i < v->n_splits; i++) {
        cJSON *row = add_row(list);
        add_text(row, "name", v->splits[i].name);
        add_real(row, "at_s", v->splits[i].at_s);
        add_real(row, "best_s", v->splits[i].best_s);
    }
}

static cJSON *keys(uint16_t pressed) {
    static const char *const names[LP_N_KEYS] = {"A", "B", "SELECT", "START", "RIGHT", "LEFT", "UP", "DOWN", "R", "L"};
    cJSON *list = cJSON_CreateArray();
    for (int i = 0; i < LP_N_KEYS; i++)
        if (pressed & 1 << i) cJSON_AddItemToArray(list, cJSON_CreateStringReference(names[i]));
    return list;
}

static void add_buttons(cJSON *all, const lp_view *v) {
    cJSON *o = add_object(all, "buttons");
    cJSON_AddItemToObject(o, "all", keys(v->all_keys));
    cJSON *list = cJSON_AddArrayToObject(o, "pressed");
    for (int i = 0; i < v->n_keys; i++) cJSON_AddItemToArray(list, keys(v->keys[i]));
}

static void add_variables(cJSON *all, const lp_view *v) {
    cJSON *list = cJSON_AddArrayToObject(add_object(all, "variables"), "variables");
    for (int i = 0; i < v->n_variables; i++) {
        cJSON *row = add_row(list);
        add_text(row, "name", v->variables[i].name);
        add_count(row, "value", v->variables[i].value);
        add_count(row, "age", v->variables[i].age);
    }
}

cJSON *lp_web_panels(const lp_view *v) {
    static void (*const add[])(cJSON * all, const lp_view *v) = {add_run,      add_clocks, add_results, add_action,   add_thought,
                                                                 add_notebook, add_model,  add_value,   add_memory,   add_reading,
                                                                 add_events,   add_splits, add_buttons, add_variables};
    cJSON *all = cJSON_CreateObject();
    for (size_t i = 0; all && i < sizeof add / sizeof *add; i++) add[i](all, v);
    return all;
}
