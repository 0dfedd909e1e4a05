#include "view/snapshot.h"

#include "base/limits.h"

#include <string.h>

/* ---- what a view points to ---- */

/* What becomes of an array of so many bytes, or of a text; NULL: it is not there. */
typedef struct {
    const void *(*array)(lp_snapshot *s, const void *array, size_t size_bytes);
    const char *(*text)(lp_snapshot *s, const char *text);
} change;

static int at_most(int n, int most) { return n < 0 ? 0 : n < most ? n : most; }

static size_t n_pixels(const lp_view *v) {
    bool fits = v->frame_width > 0 && v->frame_height > 0 && v->frame_width <= LP_SNAPSHOT_PIXELS / v->frame_height;
    return fits ? (size_t)v->frame_width * (size_t)v->frame_height : 0;
}

static void change_arrays(lp_snapshot *s, const change *to) {
    lp_view *v = &s->view;
    v->n_reads = at_most(v->n_reads, LP_VIEW_MAX_READS);
    v->n_events = at_most(v->n_events, LP_VIEW_MAX_EVENTS);
    v->n_splits = at_most(v->n_splits, LP_VIEW_MAX_SPLITS);
    v->n_results = at_most(v->n_results, LP_VIEW_MAX_RESULTS);
    v->n_keys = at_most(v->n_keys, LP_VIEW_MAX_KEYS);
    v->n_levels = at_most(v->n_levels, LP_VIEW_MAX_LEVELS);
    v->n_actions = at_most(v->n_actions, LP_MAX_ACTIONS);
    v->n_values = at_most(v->n_values, LP_VIEW_HISTORY);
    v->n_variables = at_most(v->n_variables, LP_SNAPSHOT_BYTES);
    v->n_lines = at_most(v->n_lines, LP_SNAPSHOT_BYTES);
    v->frame = to->array(s, v->frame, n_pixels(v) * sizeof *v->frame);
    v->value_history = to->array(s, v->value_history, (size_t)v->n_values * sizeof *v->value_history);
    v->action_names = to->array(s, v->action_names, (size_t)v->n_actions * sizeof *v->action_names);
    v->action_probabilities = to->array(s, v->action_probabilities, (size_t)v->n_actions * sizeof *v->action_probabilities);
    v->variables = to->array(s, v->variables, (size_t)v->n_variables * sizeof *v->variables);
    v->model = to->array(s, v->model, sizeof *v->model);
    v->lines = to->array(s, v->lines, (size_t)v->n_lines * sizeof *v->lines);
    if (!v->lines) v->n_lines = 0;
    if (!v->value_history) v->n_values = 0;
    if (!v->action_names || !v->action_probabilities) v->n_actions = 0;
    if (!v->variables) v->n_variables = 0;
    v->sheet = NULL;
}

/* After the arrays, which are the snapshot's own by now. */
static void change_texts(lp_snapshot *s, const change *to) {
    lp_view *v = &s->view;
    const char **names = (const char **)v->action_names;
    lp_view_variable *variables = (lp_view_variable *)v->variables;
    lp_view_line *lines = (lp_view_line *)v->lines;
    const char **const texts[] = {&v->title,        &v->game,    &v->policy, &v->memory, &v->recovered,
                                  &v->last_written, &v->thought, &v->status, &v->note};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) *texts[i] = to->text(s, *texts[i]);
    for (int i = 0; i < v->n_reads; i++) v->reads[i].text = to->text(s, v->reads[i].text);
    for (int i = 0; i < v->n_events; i++) v->events[i].text = to->text(s, v->events[i].text);
    for (int i = 0; i < v->n_splits; i++) v->splits[i].name = to->text(s, v->splits[i].name);
    for (int i = 0; i < v->n_actions; i++) names[i] = to->text(s, names[i]);
    for (int i = 0; i < v->n_lines; i++) lines[i].key = to->text(s, lines[i].key), lines[i].text = to->text(s, lines[i].text);
    for (int i = 0; i < v->n_variables; i++) variables[i].name = to->text(s, variables[i].name);
}

/* ---- copying ---- */

static char *room(lp_snapshot *s, size_t size_bytes, size_t align) {
    size_t at = (s->n_bytes + align - 1) / align * align;
    if (at >= sizeof s->data || size_bytes >= sizeof s->data - at) return NULL; /* one byte stays for the 0 */
    s->n_bytes = at + size_bytes;
    return s->data + at;
}

static const void *keep_array(lp_snapshot *s, const void *array, size_t size_bytes) {
    char *kept = array && size_bytes ? room(s, size_bytes, 16) : NULL;
    return kept ? memcpy(kept, array, size_bytes) : NULL;
}

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

static const char *keep_text(lp_snapshot *s, const char *text) {
    if (!text) return NULL;
    char *kept = room(s, strlen(text) + 1, 1);
    if (!kept) return "";
    strcpy(kept, text);
    for (char *c = kept; *c;) {
        size_t n = character((const unsigned char *)c);
        if (!n) *c = '?', n = 1;
        c += n;
    }
    return kept;
}

void lp_snapshot_copy(lp_snapshot *out, const lp_view *view) {
    static const change keep = {keep_array, keep_text};
    int too_many = view->n_values - LP_VIEW_HISTORY; /* of which the newest are kept */
    out->view = *view;
    out->begin = out->data;
    out->n_bytes = 0;
    if (view->value_history && too_many > 0) out->view.value_history += too_many;
    change_arrays(out, &keep);
    change_texts(out, &keep);
    out->data[out->n_bytes] = 0;
}

size_t lp_snapshot_bytes(const lp_snapshot *s) { return offsetof(lp_snapshot, data) + s->n_bytes + 1; }

/* ---- arriving ---- */

static const void *move_array(lp_snapshot *s, const void *array, size_t size_bytes) {
    size_t at = (uintptr_t)array - (uintptr_t)s->begin;
    return array && size_bytes && at % 16 == 0 && at < s->n_bytes && size_bytes <= s->n_bytes - at ? s->data + at : NULL;
}

static const char *move_text(lp_snapshot *s, const char *text) {
    size_t at = (uintptr_t)text - (uintptr_t)s->begin;
    return !text ? NULL : at < s->n_bytes ? s->data + at : "";
}

void lp_snapshot_arrive(lp_snapshot *s) {
    static const change move = {move_array, move_text};
    if (s->n_bytes >= sizeof s->data) s->n_bytes = sizeof s->data - 1;
    s->data[s->n_bytes] = 0;
    change_arrays(s, &move);
    change_texts(s, &move);
    s->begin = s->data;
}
