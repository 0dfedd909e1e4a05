#include "experiment/spec.h"

#include "base/config.h"
#include "base/number.h"
#include "env/json.h"
#include "evals/eval.h"
#include "train/train.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    lp_spec *spec;
    lp_train_config *scratch; /* values are tried in it */
    char last[96];            /* the entry before this one: inih tells a continued line as its key once more */
} reader;

static lp_status add_value(lp_axis *axis, const char *value, size_t length, lp_err *err) {
    if (axis->n == LP_SPEC_MAX_VALUES) return lp_fail(err, LP_BAD_INPUT, "%s: more than %d values", axis->name, LP_SPEC_MAX_VALUES);
    char **more = realloc(axis->values, (size_t)(axis->n + 1) * sizeof *more), *copy = strndup(value, length);
    if (more) axis->values = more;
    if (!more || !copy) return free(copy), lp_fail(err, LP_FAILED, "out of memory");
    axis->values[axis->n++] = copy;
    return LP_OK;
}

/* "1..5" stands for its numbers. */
static lp_status add_item(lp_axis *axis, const char *value, size_t length, lp_err *err) {
    char text[64], number[32];
    long long first, last;
    int end = -1;
    if (length < sizeof text) {
        snprintf(text, sizeof text, "%.*s", (int)length, value);
        if (sscanf(text, "%lld..%lld%n", &first, &last, &end) < 2 || end != (int)length) end = -1;
    }
    if (end < 0) return add_value(axis, value, length, err);
    if (last < first || last - first >= LP_SPEC_MAX_VALUES)
        return lp_fail(err, LP_BAD_INPUT, "%s = %s: not from less to more, or more than %d values", axis->name, text, LP_SPEC_MAX_VALUES);
    lp_status status = LP_OK;
    for (long long v = first; v <= last && !status; v++)
        status = add_value(axis, number, (size_t)snprintf(number, sizeof number, "%lld", v), err);
    return status;
}

/* "a, b" */
static lp_status add_list(lp_axis *axis, const char *text, lp_err *err) {
    lp_status status = LP_OK;
    for (const char *at = text; !status;) {
        at += strspn(at, " ");
        size_t length = strcspn(at, ","), whole = length;
        while (length && at[length - 1] == ' ') length--;
        if (!length && at[whole] == ',') return lp_fail(err, LP_BAD_INPUT, "%s = %s: a comma too many", axis->name, text);
        if (length || !axis->n) status = add_item(axis, at, length, err);
        if (!at[whole]) break;
        at += whole + 1;
        if (!*(at + strspn(at, " "))) break; /* it goes on in the next line, or ends with a comma */
    }
    return status;
}

static lp_axis *named(lp_axis *axes, int *n, const char *name) {
    if (*n == LP_SPEC_MAX_AXES) return NULL;
    lp_axis *axis = &axes[(*n)++];
    snprintf(axis->name, sizeof axis->name, "%s", name);
    return axis;
}

static bool is_setting(const char *name) {
    for (int i = 0; i < lp_n_train_settings(); i++)
        if (!strcmp(lp_train_settings()[i].name, name)) return true;
    return false;
}

static lp_axis *find(lp_axis *axes, int n, const char *name) {
    for (int i = 0; i < n; i++)
        if (!strcmp(axes[i].name, name)) return &axes[i];
    return NULL;
}

/* The list that a name stands for; it may be new. NULL: it is none of those that are lists. */
static lp_axis *list_of(lp_spec *s, const char *name) {
    static const struct {
        const char *name;
        size_t at;
    } own[] = {{"experiment.game", offsetof(lp_spec, games)},
               {"evaluate.memory", offsetof(lp_spec, memories)},
               {"evaluate.keep_weights", offsetof(lp_spec, keep)}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        lp_axis *axis = (lp_axis *)((char *)s + own[i].at);
        if (!strcmp(name, own[i].name)) return snprintf(axis->name, sizeof axis->name, "%s", name), axis;
    }
    if (!strncmp(name, "knobs.", 6)) {
        lp_axis *axis = find(s->knobs, s->n_knobs, name + 6);
        return axis ? axis : named(s->knobs, &s->n_knobs, name + 6);
    }
    if (!is_setting(name)) return NULL;
    lp_axis *axis = find(s->axes, s->n_axes, name);
    return axis ? axis : named(s->axes, &s->n_axes, name);
}

static lp_status take_number(lp_spec *s, const char *name, const char *value, bool *taken, lp_err *err) {
    const struct {
        const char *name;
        int64_t *to;
        double min, max;
    } own[] = {{"evaluate.seed", &s->seed, 0, 4294967295.0},
               {"evaluate.episodes", &s->episodes, 1, LP_EVAL_MAX_EPISODES},
               {"evaluate.every", &s->every, 1, 1e15},
               {"evaluate.interim_episodes", &s->interim_episodes, 1, LP_EVAL_MAX_EPISODES}};
    *taken = false;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        double v;
        if (strcmp(name, own[i].name)) continue;
        *taken = true;
        if (!lp_parse_double(value, &v) || v != floor(v) || v < own[i].min || v > own[i].max)
            return lp_fail(err, LP_BAD_INPUT, "%s = %s: must be a whole number, %.0f to %.0f", name, value, own[i].min, own[i].max);
        *own[i].to = (int64_t)v;
    }
    return LP_OK;
}

/* One value, or in an .ini several; first: the name was not there before. */
static lp_status take(reader *r, const char *name, const char *value, bool is_list, bool first, lp_err *err) {
    lp_spec *s = r->spec;
    bool taken;
    lp_status status = take_number(s, name, value, &taken, err);
    if (status || taken) return status;
    if (!strcmp(name, "experiment.suite")) {
        if (snprintf(s->suite, sizeof s->suite, "%s", value) >= (int)sizeof s->suite)
            return lp_fail(err, LP_BAD_INPUT, "%s: path too long", name);
        return LP_OK;
    }
    lp_axis *axis = list_of(s, name);
    if (!axis) return lp_fail(err, LP_BAD_INPUT, "unknown setting '%s'", name);
    if (first && axis->n) return lp_fail(err, LP_BAD_INPUT, "%s: is there twice", name);
    int before = axis->n;
    status = is_list ? add_list(axis, value, err) : add_item(axis, value, strlen(value), err);
    for (int i = before; i < axis->n && !status && is_setting(name); i++)
        status = lp_config_set(r->scratch, lp_train_settings(), lp_n_train_settings(), name, axis->values[i], err);
    return status;
}

static lp_status take_ini(void *context, const char *name, const char *value, lp_err *err) {
    reader *r = context;
    bool first = strcmp(r->last, name) != 0;
    snprintf(r->last, sizeof r->last, "%s", name);
    return take(r, name, value, true, first, err);
}

/* ---- JSON ---- */

static lp_status take_item(reader *r, const char *name, const cJSON *item, bool first, lp_err *err) {
    char number[40];
    const char *text = cJSON_GetStringValue(item);
    if (cJSON_IsNumber(item)) {
        if (item->valuedouble == floor(item->valuedouble) && fabs(item->valuedouble) < 1e15)
            snprintf(number, sizeof number, "%.0f", item->valuedouble);
        else lp_print_double(number, sizeof number, item->valuedouble);
        text = number;
    }
    return text ? take(r, name, text, false, first, err)
                : lp_fail(err, LP_BAD_INPUT, "%s: must be a text, a number, or a list of them", name);
}

static lp_status take_json(reader *r, const cJSON *root, const char *path, lp_err *err) {
    const cJSON *section, *entry, *item;
    lp_status status = LP_OK;
    cJSON_ArrayForEach(section, root) {
        if (!cJSON_IsObject(section)) return lp_fail(err, LP_BAD_INPUT, "%s: %s: must be an object", path, section->string);
        cJSON_ArrayForEach(entry, section) {
            char name[160];
            bool first = true;
            snprintf(name, sizeof name, "%s.%s", section->string, entry->string);
            if (!cJSON_IsArray(entry)) status = take_item(r, name, entry, true, err);
            else cJSON_ArrayForEach(item, entry) {
                    if (!status) status = take_item(r, name, item, first, err);
                    first = false;
                }
            if (status) return lp_fail_prefix(err, status, "%s", path);
        }
    }
    return LP_OK;
}

static lp_status read_file(reader *r, const char *path, lp_err *err) {
    size_t n = strlen(path);
    if (n < 5 || strcmp(path + n - 5, ".json")) return lp_config_entries(path, take_ini, r, err);
    cJSON *root = NULL;
    lp_findings findings = {.err = err};
    lp_status status = lp_json_read(&root, path, &findings);
    if (!status) status = take_json(r, root, path, err);
    cJSON_Delete(root);
    return status;
}

/* What only the whole file tells. */
static lp_status check(const lp_spec *s, const char *path, lp_err *err) {
    if (!*s->suite && !s->games.n) return lp_fail(err, LP_BAD_INPUT, "%s: names no game: experiment.game, or experiment.suite", path);
    if (*s->suite && s->n_knobs) return lp_fail(err, LP_BAD_INPUT, "%s: knobs.%s: the knobs are the suite's", path, s->knobs[0].name);
    int n = 1;
    for (int i = 0; i < s->n_knobs; i++) {
        if (s->knobs[i].n > 1 && n > 1 && s->knobs[i].n != n)
            return lp_fail(err, LP_BAD_INPUT, "%s: knobs.%s has %d values, another knob %d", path, s->knobs[i].name, s->knobs[i].n, n);
        if (s->knobs[i].n > 1) n = s->knobs[i].n;
    }
    for (int i = 0; i < s->keep.n; i++) {
        double v;
        if (!lp_parse_double(s->keep.values[i], &v) || v != floor(v) || v < 0)
            return lp_fail(err, LP_BAD_INPUT, "%s: evaluate.keep_weights = %s: not a whole number", path, s->keep.values[i]);
    }
    return LP_OK;
}

lp_status lp_spec_read(lp_spec *s, const char *path, lp_err *err) {
    lp_train_config scratch;
    lp_config_defaults(&scratch, lp_train_settings(), lp_n_train_settings());
    *s = (lp_spec){.seed = -1, .interim_episodes = 50};
    const char *slash = strrchr(path, '/');
    if (strlen(path) >= sizeof s->folder) return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", path);
    snprintf(s->folder, sizeof s->folder, "%.*s", slash ? (int)(slash + 1 - path) : 0, path);
    lp_status status = read_file(&(reader){s, &scratch, ""}, path, err);
    return status ? status : check(s, path, err);
}

static void free_axis(lp_axis *axis) {
    for (int i = 0; i < axis->n; i++) free(axis->values[i]);
    free(axis->values);
}

void lp_spec_free(lp_spec *s) {
    for (int i = 0; i < s->n_axes; i++) free_axis(&s->axes[i]);
    for (int i = 0; i < s->n_knobs; i++) free_axis(&s->knobs[i]);
    free_axis(&s->games), free_axis(&s->memories), free_axis(&s->keep);
}
