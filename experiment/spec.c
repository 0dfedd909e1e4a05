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

/* The axis of that name and game in a list, which it is added to where it is not there; NULL: there is no room. */
static lp_axis *axis_in(lp_axis *axes, int *n, const char *name, const char *game) {
    for (int i = 0; i < *n; i++)
        if (!strcmp(axes[i].name, name) && !strcmp(axes[i].game, game)) return &axes[i];
    if (*n == LP_SPEC_MAX_AXES) return NULL;
    lp_axis *axis = &axes[(*n)++];
    snprintf(axis->name, sizeof axis->name, "%s", name);
    snprintf(axis->game, sizeof axis->game, "%s", game);
    return axis;
}

static bool is_setting(const char *name) {
    for (int i = 0; i < lp_n_train_settings(); i++)
        if (!strcmp(lp_train_settings()[i].name, name)) return true;
    return false;
}

/* The list that a name stands for; it may be new. NULL: it is none of those that are lists. */
static lp_axis *list_of(lp_spec *s, const char *name) {
    static const struct {
        const char *name;
        size_t at;
    } own[] = {{"experiment.game", offsetof(lp_spec, games)},
               {"experiment.only", offsetof(lp_spec, only)},
               {"evaluate.memory", offsetof(lp_spec, memories)},
               {"evaluate.weights", offsetof(lp_spec, weights)},
               {"evaluate.keep_weights", offsetof(lp_spec, keep)}};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
        lp_axis *axis = (lp_axis *)((char *)s + own[i].at);
        if (!strcmp(name, own[i].name)) return snprintf(axis->name, sizeof axis->name, "%s", name), axis;
    }
    char game[64] = "";
    const char *dot = strchr(name, '.'), *rest = dot && strchr(dot + 1, '.') ? dot + 1 : name;
    if (rest != name && (size_t)(dot - name) >= sizeof game) return NULL;
    if (rest != name) snprintf(game, sizeof game, "%.*s", (int)(dot - name), name);
    if (!strncmp(rest, "knobs.", 6)) return axis_in(s->knobs, &s->n_knobs, rest + 6, game);
    return is_setting(rest) ? axis_in(s->axes, &s->n_axes, rest, game) : NULL;
}

/* ---- what has one value ---- */

static lp_status take_number(lp_spec *s, const char *name, const char *value, bool *taken, lp_err *err) {
    const struct {
        const char *name;
        int64_t *to;
        double min, max;
    } own[] = {{"evaluate.seed", &s->seed, 0, 4294967295.0},
               {"evaluate.episodes", &s->episodes, 1, LP_EVAL_MAX_EPISODES},
               {"evaluate.k", &s->tries, 1, LP_EVAL_MAX_EPISODES},
               {"evaluate.floor", &s->floor, 1, LP_EVAL_MAX_EPISODES},
               {"evaluate.decisions", &s->max_decisions, 1, 1e15},
               {"evaluate.min_episodes", &s->min_episodes, 1, LP_EVAL_MAX_EPISODES},
               {"evaluate.every", &s->every, 1, 1e15},
               {"evaluate.interim_episodes", &s->interim_episodes, 1, LP_EVAL_MAX_EPISODES}};
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

static lp_status choose(int *out, const char *name, const char *value, const char *const *choices, lp_err *err) {
    char list[128] = "";
    for (int i = 0; choices[i]; i++) {
        size_t used = strlen(list);
        if (!strcmp(value, choices[i])) return *out = i, LP_OK;
        snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", choices[i]);
    }
    return lp_fail(err, LP_BAD_INPUT, "%s = %.60s: must be one of %s", name, value, list);
}

static const char *const designs[] = {"all", "one-at-a-time", NULL}, *const matches[] = {"none", "parameters", NULL},
                         *const acts[] = {"own", "sample", "greedy", NULL};

static lp_status take_word(lp_spec *s, const char *name, const char *value, bool *taken, lp_err *err) {
    *taken = true;
    if (!strcmp(name, "experiment.design")) return choose(&s->design, name, value, designs, err);
    if (!strcmp(name, "experiment.match")) return choose(&s->match, name, value, matches, err);
    if (!strcmp(name, "evaluate.act")) return choose(&s->act, name, value, acts, err);
    if (!strcmp(name, "experiment.suite")) {
        if (snprintf(s->suite, sizeof s->suite, "%s", value) < (int)sizeof s->suite) return LP_OK;
        return lp_fail(err, LP_BAD_INPUT, "%s: path too long", name);
    }
    *taken = false;
    return LP_OK;
}

/* One value, or in an .ini several; first: the name was not there before. */
static lp_status take(reader *r, const char *name, const char *value, bool is_list, bool first, lp_err *err) {
    lp_spec *s = r->spec;
    bool taken;
    lp_status status = take_word(s, name, value, &taken, err);
    if (!status && !taken) status = take_number(s, name, value, &taken, err);
    if (status || taken) return status;
    lp_axis *axis = list_of(s, name);
    if (!axis) return lp_fail(err, LP_BAD_INPUT, "unknown setting '%s'", name);
    if (first && axis->n) return lp_fail(err, LP_BAD_INPUT, "%s: is there twice", name);
    int before = axis->n;
    status = is_list ? add_list(axis, value, err) : add_item(axis, value, strlen(value), err);
    for (int i = before; i < axis->n && !status && is_setting(axis->name); i++)
        status = lp_config_set(r->scratch, lp_train_settings(), lp_n_train_settings(), axis->name, axis->values[i], err);
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

/* A section, or a game's sections in one: {"lures": {"train": {"seed": 1}}}. before: "lures.", "". */
static lp_status take_section(reader *r, const cJSON *section, const char *before, lp_err *err) {
    const cJSON *entry, *item;
    char name[160];
    lp_status status = LP_OK;
    cJSON_ArrayForEach(entry, section) {
        bool first = true;
        if (snprintf(name, sizeof name, "%s%s", before, entry->string) >= (int)sizeof name - 1)
            return lp_fail(err, LP_BAD_INPUT, "%.60s...: name too long", name);
        if (cJSON_IsObject(entry)) status = take_section(r, entry, strcat(name, "."), err);
        else if (!*before) status = lp_fail(err, LP_BAD_INPUT, "%s: must be an object", name);
        else if (!cJSON_IsArray(entry)) status = take_item(r, name, entry, true, err);
        else cJSON_ArrayForEach(item, entry) {
                if (!status) status = take_item(r, name, item, first, err);
                first = false;
            }
        if (status) return status;
    }
    return LP_OK;
}

static lp_status read_file(reader *r, const char *path, lp_err *err) {
    size_t n = strlen(path);
    if (n < 5 || strcmp(path + n - 5, ".json")) return lp_config_entries(path, take_ini, r, err);
    cJSON *root = NULL;
    lp_findings findings = {.err = err};
    lp_status status = lp_json_read(&root, path, &findings);
    if (!status && (status = take_section(r, root, "", err))) status = lp_fail_prefix(err, status, "%s", path);
    cJSON_Delete(root);
    return status;
}

/* ---- what was given by hand ---- */

static void free_axis(lp_axis *axis) {
    for (int i = 0; i < axis->n; i++) free(axis->values[i]);
    free(axis->values);
    axis->values = NULL, axis->n = 0;
}

static bool among(const lp_axis *axis, const char *value) {
    for (int i = 0; i < axis->n; i++)
        if (!strcmp(axis->values[i], value)) return true;
    return false;
}

/* Takes those out of a list that are of one game: of this name (NULL: any), and of none of these games (NULL: any). */
static void drop(lp_axis *axes, int *n, const char *name, const lp_axis *games) {
    int kept = 0;
    for (int i = 0; i < *n; i++) {
        bool goes = *axes[i].game && (!name || !strcmp(axes[i].name, name)) && (!games || !among(games, axes[i].game));
        if (goes) free_axis(&axes[i]);
        else axes[kept++] = axes[i];
    }
    for (int i = kept; i < *n; i++) axes[i] = (lp_axis){.n = 0};
    *n = kept;
}

static lp_status take_given(reader *r, const char *given, lp_err *err) {
    const char *value = strchr(given, '=');
    char name[160];
    if (!value || value - given >= (long)sizeof name) return lp_fail(err, LP_BAD_INPUT, "--%.60s: must be --SECTION.KEY=VALUE", given);
    snprintf(name, sizeof name, "%.*s", (int)(value - given), given);
    lp_spec *s = r->spec;
    drop(s->axes, &s->n_axes, name, NULL);
    if (!strncmp(name, "knobs.", 6)) drop(s->knobs, &s->n_knobs, name + 6, NULL);
    lp_axis *axis = list_of(s, name);
    if (axis) free_axis(axis);
    lp_status status = take(r, name, value + 1, true, true, err);
    if (axis == &s->games) drop(s->axes, &s->n_axes, NULL, axis), drop(s->knobs, &s->n_knobs, NULL, axis);
    return status ? lp_fail_prefix(err, status, "--%s", name) : LP_OK;
}

/* ---- what only the whole file tells ---- */

/* "40000"; with parts also "10%" of all. */
static bool is_decisions(const char *text, bool parts) {
    char number[64];
    double v;
    size_t n = strlen(text);
    bool part = parts && n && text[n - 1] == '%';
    if (n >= sizeof number) return false;
    snprintf(number, sizeof number, "%.*s", (int)(n - part), text);
    return lp_parse_double(number, &v) && v >= 0 && (part ? v <= 100 : v == floor(v) && v <= 1e15);
}

static lp_status check(lp_spec *s, const char *path, lp_err *err) {
    if (!*s->suite && !s->games.n) return lp_fail(err, LP_BAD_INPUT, "%s: names no game: experiment.game, or experiment.suite", path);
    if (*s->suite && s->n_knobs) return lp_fail(err, LP_BAD_INPUT, "%s: knobs.%s: the knobs are the suite's", path, s->knobs[0].name);
    for (int i = 0; i < s->keep.n; i++)
        if (!is_decisions(s->keep.values[i], false))
            return lp_fail(err, LP_BAD_INPUT, "%s: evaluate.keep_weights = %s: not a whole number", path, s->keep.values[i]);
    for (int i = 0; i < s->weights.n; i++)
        if (!is_decisions(s->weights.values[i], true))
            return lp_fail(err, LP_BAD_INPUT,
                           "%s: evaluate.weights = %s: not a whole number of decisions, nor a part of all, 0 %% to 100 %%", path,
                           s->weights.values[i]);
    if (s->tries > 1 && s->act == LP_ACT_GREEDY)
        return lp_fail(err, LP_BAD_INPUT, "%s: evaluate.k: the tries of a greedy policy are all the same: evaluate.act = sample", path);
    if (s->max_decisions && !s->floor) s->floor = s->min_episodes; /* the row's length has to be known */
    return LP_OK;
}

lp_status lp_spec_read(lp_spec *s, const char *path, const lp_spec_given *given, lp_err *err) {
    lp_train_config scratch;
    lp_config_defaults(&scratch, lp_train_settings(), lp_n_train_settings());
    *s = (lp_spec){.seed = -1, .interim_episodes = 50, .tries = 1, .min_episodes = 10};
    const char *slash = strrchr(path, '/');
    if (strlen(path) >= sizeof s->folder) return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", path);
    snprintf(s->folder, sizeof s->folder, "%.*s", slash ? (int)(slash + 1 - path) : 0, path);
    reader r = {s, &scratch, ""};
    lp_status status = read_file(&r, path, err);
    for (int i = 0; given && i < given->n && !status; i++) status = take_given(&r, given->entries[i], err);
    return status ? status : check(s, path, err);
}

void lp_spec_free(lp_spec *s) {
    for (int i = 0; i < s->n_axes; i++) free_axis(&s->axes[i]);
    for (int i = 0; i < s->n_knobs; i++) free_axis(&s->knobs[i]);
    free_axis(&s->games), free_axis(&s->memories), free_axis(&s->keep), free_axis(&s->weights), free_axis(&s->only);
}
