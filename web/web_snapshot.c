/* A copy of a view, so that the player can go on. */
#include "web/web_parts.h"

#include <string.h>

/* Bytes of the UTF-8 character at text; 0: it is none. */
static size_t character(const unsigned char *text) {
    size_t n = text[0] < 0x80                      ? 1
               : text[0] >= 0xc2 && text[0] < 0xe0 ? 2
               : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
               : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                   : 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xc0) != 0x80) return 0;
    return n;
}

static const char *keep(lp_web_snapshot *out, const char *text) {
    if (!text) return NULL;
    if (out->n_texts + strlen(text) >= sizeof out->texts) return "";
    char *kept = out->texts + out->n_texts, *to = kept;
    while (*text) {
        size_t n = character((const unsigned char *)text);
        if (n) memcpy(to, text, n);
        else *to = '?', n = 1;
        text += n;
        to += n;
    }
    *to++ = 0;
    out->n_texts = (size_t)(to - out->texts);
    return kept;
}

static int at_most(int n, int most) { return n < 0 ? 0 : n < most ? n : most; }

void lp_web_copy(lp_web_snapshot *out, const lp_view *view) {
    lp_view *v = &out->view;
    *v = *view;
    out->n_texts = 0;
    v->sheet = NULL;
    const char **const texts[] = {&v->title,        &v->game,    &v->policy, &v->memory, &v->recovered,
                                  &v->last_written, &v->thought, &v->status, &v->note};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = keep(out, *texts[i]);
    v->n_reads = at_most(v->n_reads, LP_VIEW_MAX_READS);
    v->n_events = at_most(v->n_events, LP_VIEW_MAX_EVENTS);
    v->n_splits = at_most(v->n_splits, LP_VIEW_MAX_SPLITS);
    v->n_results = at_most(v->n_results, LP_VIEW_MAX_RESULTS);
    v->n_keys = at_most(v->n_keys, LP_VIEW_MAX_KEYS);
    v->n_levels = at_most(v->n_levels, LP_VIEW_MAX_LEVELS);
    for (int i = 0; i < v->n_reads; i++) v->reads[i].text = keep(out, v->reads[i].text);
    for (int i = 0; i < v->n_events; i++) v->events[i].text = keep(out, v->events[i].text);
    for (int i = 0; i < v->n_splits; i++) v->splits[i].name = keep(out, v->splits[i].name);

    v->n_actions = at_most(v->n_actions, LP_MAX_ACTIONS);
    for (int i = 0; i < v->n_actions; i++) {
        out->names[i] = keep(out, view->action_names[i]);
        out->probabilities[i] = view->action_probabilities[i];
    }
    v->action_names = out->names;
    v->action_probabilities = out->probabilities;
    v->n_values = at_most(v->n_values, LP_VIEW_HISTORY);
    for (int i = 0; i < v->n_values; i++) out->values[i] = view->value_history[view->n_values - v->n_values + i];
    v->value_history = out->values;
    v->n_variables = at_most(v->n_variables, LP_WEB_MAX_VARIABLES);
    for (int i = 0; i < v->n_variables; i++)
        out->variables[i] = (lp_view_variable){keep(out, view->variables[i].name), view->variables[i].value, view->variables[i].age};
    v->variables = out->variables;

    v->frame = NULL;
    if (!view->frame || view->frame_width <= 0 || view->frame_height <= 0 || view->frame_width > LP_WEB_MAX_PIXELS / view->frame_height)
        return;
    lp_frame_pixels(out->frame, view->frame, (size_t)view->frame_width * (size_t)view->frame_height);
    v->frame = out->frame;
}
