/* Reads longplay.json, field by field; every mistake is one line with file and field. */
#include "harness/game_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const key_names[LP_N_KEYS] = {"A", "B", "SELECT", "START", "RIGHT", "LEFT", "UP", "DOWN", "R", "L"};
static const int64_t zero = 0;

static lp_status parse_keys(const cJSON *list, uint16_t *keys, const char *where, lp_err *err) {
    *keys = 0;
    if (list && !cJSON_IsArray(list)) return lp_fail(err, LP_BAD_INPUT, "%s: must be a list of button names", where);
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        int found = -1;
        for (int k = 0; k < LP_N_KEYS && cJSON_IsString(item); k++)
            if (!strcmp(item->valuestring, key_names[k])) found = k;
        if (found < 0)
            return lp_fail(err, LP_BAD_INPUT, "%s: unknown button '%.20s'", where, cJSON_IsString(item) ? item->valuestring : "");
        *keys |= (uint16_t)(1 << found);
    }
    return LP_OK;
}

void lp_keys_name(uint16_t keys, char *out, size_t size) {
    size_t n = 0;
    snprintf(out, size, "%s", keys ? "" : "none");
    for (int k = 0; k < LP_N_KEYS; k++)
        if (keys >> k & 1 && n < size) n += (size_t)snprintf(out + n, size - n, "%s%s", n ? "+" : "", key_names[k]);
}

static lp_status load_buttons(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "buttons"), *item;
    char where[600];
    snprintf(where, sizeof where, "%s: buttons", file);
    int n = cJSON_GetArraySize(list);
    if (!list) return LP_OK;
    if (!cJSON_IsArray(list) || n < 2 || n > LP_MAX_ACTIONS)
        return lp_fail(err, LP_BAD_INPUT, "%s: must be a list of 2 to %d actions, each a list of buttons", where, LP_MAX_ACTIONS);
    g->n_actions = 0;
    cJSON_ArrayForEach(item, list) {
        int a = g->n_actions++;
        if (!cJSON_IsArray(item)) return lp_fail(err, LP_BAD_INPUT, "%s[%d]: must be a list of button names", where, a);
        lp_status status = parse_keys(item, &g->action_keys[a], where, err);
        if (status) return status;
        lp_keys_name(g->action_keys[a], g->action_names[a], sizeof g->action_names[a]);
    }
    return LP_OK;
}

static lp_status load_boot(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(root, "boot"), *item;
    char where[600];
    snprintf(where, sizeof where, "%s: boot", file);
    if (list && (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > LP_MAX_BOOT))
        return lp_fail(err, LP_BAD_INPUT, "%s: must be a list of at most %d steps", where, LP_MAX_BOOT);
    cJSON_ArrayForEach(item, list) {
        lp_boot_step *step = &g->boot[g->n_boot++];
        *step = (lp_boot_step){.poke = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "poke"))};
        int64_t frames;
        lp_status status = parse_keys(cJSON_GetObjectItemCaseSensitive(item, "keys"), &step->keys, where, err);
        if (!status) status = lp_json_int(item, "frames", step->poke ? 0 : 1, 100000, step->poke ? &zero : NULL, &frames, where, err);
        if (status) return status;
        step->n_frames = (uint32_t)frames;
    }
    return LP_OK;
}

static lp_status load_knob(lp_game *g, const cJSON *item, const char *file, lp_err *err) {
    char where[700];
    snprintf(where, sizeof where, "%s: knobs.%.40s", file, item->string);
    if (g->n_knobs == LP_MAX_KNOBS) return lp_fail(err, LP_BAD_INPUT, "%s: more than %d knobs", where, LP_MAX_KNOBS);
    lp_knob *k = &g->knobs[g->n_knobs];
    lp_variable *v = &g->knob_variables[g->n_knobs++];
    lp_status status = lp_variable_parse(v, item->string, item, where, err);
    if (!status && (v->kind != 'u' || v->width_bytes > 4))
        status = lp_fail(err, LP_BAD_INPUT, "%s.type: a knob is unsigned, 1 to 4 bytes", where);
    if (status) return status;
    int64_t top = ((int64_t)1 << (8 * v->width_bytes)) - 1;
    snprintf(k->name, sizeof k->name, "%s", item->string);
    const char *help = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "help"));
    snprintf(k->help, sizeof k->help, "%s", help ? help : "");
    k->address = v->address;
    k->width_bytes = v->width_bytes;
    status = lp_json_int(item, "min", 0, top, &zero, &k->min, where, err);
    if (!status) status = lp_json_int(item, "max", k->min, top, &top, &k->max, where, err);
    if (!status) status = lp_json_int(item, "default", k->min, k->max, NULL, &k->initial, where, err);
    return status;
}

static lp_status load_knobs(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *item, *seed = cJSON_GetObjectItemCaseSensitive(root, "seed"), *twin = cJSON_GetObjectItemCaseSensitive(root, "twin");
    char where[600];
    lp_status status = LP_OK;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "knobs")) {
        if (!item->string) return lp_fail(err, LP_BAD_INPUT, "%s: knobs: must be an object", file);
        if ((status = load_knob(g, item, file, err))) return status;
    }
    snprintf(where, sizeof where, "%s: seed", file);
    g->has_seed = seed != NULL;
    if (seed && (status = lp_variable_parse(&g->seed, "seed", seed, where, err))) return status;
    snprintf(where, sizeof where, "%s: twin", file);
    cJSON_ArrayForEach(item, twin) {
        int k = item->string ? lp_game_find_knob(g, item->string) : -1;
        if (k < 0) return lp_fail(err, LP_BAD_INPUT, "%s: '%.40s' is not a knob", where, item->string ? item->string : "");
        status = lp_json_int(twin, item->string, g->knobs[k].min, g->knobs[k].max, NULL, &g->twin[k], where, err);
        if (status) return status;
        g->has_twin = g->is_twin_knob[k] = true;
    }
    return LP_OK;
}

static lp_status load_time_limit(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *limit = cJSON_GetObjectItemCaseSensitive(root, "time_limit");
    char where[600];
    snprintf(where, sizeof where, "%s: time_limit", file);
    g->time_limit_knob = -1;
    if (!cJSON_IsObject(limit)) return lp_json_int(root, "time_limit", 0, (int64_t)1 << 40, &zero, &g->time_limit, file, err);
    const char *knob = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(limit, "knob"));
    if ((g->time_limit_knob = knob ? lp_game_find_knob(g, knob) : -1) < 0)
        return lp_fail(err, LP_BAD_INPUT, "%s.knob: '%.40s' is not a knob", where, knob ? knob : "");
    return lp_json_int(limit, "plus", 0, (int64_t)1 << 40, &zero, &g->time_limit_plus, where, err);
}

static lp_status load_events(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *item, *list = cJSON_GetObjectItemCaseSensitive(root, "events");
    char where[600];
    if (list && (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > LP_MAX_EVENTS))
        return lp_fail(err, LP_BAD_INPUT, "%s: events: must be a list of at most %d", file, LP_MAX_EVENTS);
    cJSON_ArrayForEach(item, list) {
        snprintf(where, sizeof where, "%s: events[%d]", file, g->n_events);
        lp_event_rule *e = &g->events[g->n_events++];
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "text"));
        if (!name || !*name || strlen(name) >= sizeof e->name) return lp_fail(err, LP_BAD_INPUT, "%s.name: missing or too long", where);
        if (!text || strlen(text) >= sizeof e->text) return lp_fail(err, LP_BAD_INPUT, "%s.text: missing or longer than 159 bytes", where);
        snprintf(e->name, sizeof e->name, "%s", name);
        snprintf(e->text, sizeof e->text, "%s", text);
        e->milestone = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(item, "milestone"));
        const cJSON *when = cJSON_GetObjectItemCaseSensitive(item, "when");
        if (!when) return lp_fail(err, LP_BAD_INPUT, "%s.when: missing", where);
        lp_status status = lp_condition_parse(&e->when, when, g->variables, g->n_variables, where, err);
        if (status) return status;
    }
    return LP_OK;
}

static lp_status load_names(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *item, *value;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(root, "names")) {
        lp_value_names *names = &g->names[g->n_names];
        if (g->n_names == LP_MAX_NAMES || !item->string || !cJSON_IsArray(item) || cJSON_GetArraySize(item) > LP_MAX_NAME_VALUES)
            return lp_fail(err, LP_BAD_INPUT, "%s: names: at most %d lists of at most %d names", file, LP_MAX_NAMES, LP_MAX_NAME_VALUES);
        *names = (lp_value_names){.variable = -1};
        for (int i = 0; i < g->n_variables; i++)
            if (!strcmp(g->variables[i].name, item->string)) names->variable = i;
        if (names->variable < 0) return lp_fail(err, LP_BAD_INPUT, "%s: names.%.40s: not in data.json", file, item->string);
        cJSON_ArrayForEach(value, item) {
            if (!cJSON_IsString(value)) return lp_fail(err, LP_BAD_INPUT, "%s: names.%.40s: must hold texts", file, item->string);
            snprintf(names->value[names->n++], sizeof names->value[0], "%s", value->valuestring);
        }
        g->n_names++;
    }
    return LP_OK;
}

static lp_status load_oracle(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *item, *list = cJSON_GetObjectItemCaseSensitive(root, "oracle");
    char where[600];
    if (list && (!cJSON_IsArray(list) || cJSON_GetArraySize(list) > LP_MAX_ORACLE))
        return lp_fail(err, LP_BAD_INPUT, "%s: oracle: must be a list of at most %d rules", file, LP_MAX_ORACLE);
    cJSON_ArrayForEach(item, list) {
        snprintf(where, sizeof where, "%s: oracle[%d]", file, g->n_oracle);
        lp_oracle_rule *rule = &g->oracle[g->n_oracle++];
        const char *action = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "action"));
        rule->action = -1;
        for (int a = 0; a < g->n_actions && action; a++)
            if (!strcmp(action, g->action_names[a])) rule->action = a;
        if (rule->action < 0) return lp_fail(err, LP_BAD_INPUT, "%s.action: '%.40s' is not one of the actions", where, action ? action : "");
        lp_status status = lp_condition_parse(&rule->when, cJSON_GetObjectItemCaseSensitive(item, "when"), g->variables, g->n_variables, where, err);
        if (status) return status;
    }
    return LP_OK;
}

static void copy_text(char *out, size_t size, const cJSON *root, const char *key) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(root, key));
    snprintf(out, size, "%s", text ? text : "");
}

lp_status lp_game_load_longplay(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    copy_text(g->title, sizeof g->title, root, "title");
    copy_text(g->licence, sizeof g->licence, root, "licence");
    copy_text(g->floor, sizeof g->floor, root, "floor");
    const cJSON *observation = cJSON_GetObjectItemCaseSensitive(root, "observation");
    const int64_t skip = g->frame_skip, width = g->width, height = g->height;
    int64_t value;
    char where[600];
    lp_status status = lp_json_int(root, "frame_skip", 1, 600, &skip, &value, file, err);
    if (status) return status;
    g->frame_skip = (int)value;
    snprintf(where, sizeof where, "%s: observation", file);
    if ((status = lp_json_int(observation, "width", 20, LP_EMU_MAX_WIDTH, &width, &value, where, err))) return status;
    g->width = (int)value;
    if ((status = lp_json_int(observation, "height", 20, LP_EMU_MAX_HEIGHT, &height, &value, where, err))) return status;
    g->height = (int)value;
    const struct { const char *key; lp_condition *out; } conditions[] = {{"win", &g->win}, {"loss", &g->loss}, {"audit", &g->audit}};
    for (int i = 0; i < 3; i++) {
        snprintf(where, sizeof where, "%s: %s", file, conditions[i].key);
        status = lp_condition_parse(conditions[i].out, cJSON_GetObjectItemCaseSensitive(root, conditions[i].key), g->variables, g->n_variables, where, err);
        if (status) return status;
    }
    if (!status) status = load_buttons(g, root, file, err);
    if (!status) status = load_boot(g, root, file, err);
    if (!status) status = load_knobs(g, root, file, err);
    if (!status) status = load_time_limit(g, root, file, err);
    if (!status) status = load_names(g, root, file, err);
    if (!status) status = load_events(g, root, file, err);
    if (!status) status = load_oracle(g, root, file, err);
    return status;
}

lp_status lp_game_load_data(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *info = cJSON_GetObjectItemCaseSensitive(root, "info"), *item;
    char where[600];
    if (!cJSON_IsObject(info)) return lp_fail(err, LP_BAD_INPUT, "%s: info: must be an object of variables", file);
    cJSON_ArrayForEach(item, info) {
        snprintf(where, sizeof where, "%s: info.%.40s", file, item->string);
        if (g->n_variables == LP_MAX_VARIABLES) return lp_fail(err, LP_BAD_INPUT, "%s: more than %d variables", where, LP_MAX_VARIABLES);
        lp_status status = lp_variable_parse(&g->variables[g->n_variables++], item->string, item, where, err);
        if (status) return status;
    }
    return LP_OK;
}
