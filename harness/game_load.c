/* Reads longplay.json, field by field; every mistake is one line with file and field. */
#include "harness/game_load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const key_names[LP_N_KEYS] = {"A", "B", "SELECT", "START", "RIGHT", "LEFT", "UP", "DOWN", "R", "L"};
static const int64_t zero = 0;

static lp_status parse_keys(const lp_game *g, const cJSON *list, uint16_t *keys, const char *where, lp_err *err) {
    int n_keys = g->system == LP_SYSTEM_GBA ? LP_N_KEYS : 8; /* L and R are the GBA's */
    *keys = 0;
    if (list && !cJSON_IsArray(list)) return lp_fail(err, LP_BAD_INPUT, "%s: must be a list of button names", where);
    const cJSON *item;
    cJSON_ArrayForEach(item, list) {
        int found = -1;
        for (int k = 0; k < n_keys && cJSON_IsString(item); k++)
            if (!strcmp(item->valuestring, key_names[k])) found = k;
        if (found < 0)
            return lp_fail(err, LP_BAD_INPUT, "%s: unknown button '%.20s' (%s)", where, cJSON_IsString(item) ? item->valuestring : "", lp_system_name(g->system));
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
    snprintf(where, sizeof where, "%s buttons", file);
    int n = cJSON_GetArraySize(list);
    if (!list) return LP_OK;
    if (!cJSON_IsArray(list) || n < 2 || n > LP_MAX_ACTIONS)
        return lp_fail(err, LP_BAD_INPUT, "%s: must be a list of 2 to %d actions, each a list of buttons", where, LP_MAX_ACTIONS);
    g->n_actions = 0;
    cJSON_ArrayForEach(item, list) {
        int a = g->n_actions++;
        if (!cJSON_IsArray(item)) return lp_fail(err, LP_BAD_INPUT, "%s[%d]: must be a list of button names", where, a);
        lp_status status = parse_keys(g, item, &g->action_keys[a], where, err);
        if (status) return status;
        lp_keys_name(g->action_keys[a], g->action_names[a], sizeof g->action_names[a]);
    }
    g->idle_action = 0;
    for (int a = g->n_actions - 1; a >= 0; a--)
        if (!g->action_keys[a]) g->idle_action = a;
    return LP_OK;
}

static lp_status load_boot(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *list, *item;
    char where[600];
    lp_status status = lp_json_list(root, "boot", LP_MAX_BOOT, &list, file, err);
    if (status) return status;
    bool pokes = false;
    cJSON_ArrayForEach(item, list) {
        snprintf(where, sizeof where, "%s boot[%d]", file, g->n_boot);
        lp_boot_step *step = &g->boot[g->n_boot++];
        const cJSON *poke = cJSON_GetObjectItemCaseSensitive(item, "poke");
        if (!cJSON_IsObject(item)) return lp_fail(err, LP_BAD_INPUT, "%s: must be an object", where);
        if (poke && !cJSON_IsBool(poke)) return lp_fail(err, LP_BAD_INPUT, "%s.poke: must be true or false", where);
        *step = (lp_boot_step){.poke = cJSON_IsTrue(poke)};
        pokes |= step->poke;
        int64_t frames;
        if ((status = lp_json_known(item, "keys|frames|poke", where, err))) return status;
        status = parse_keys(g, cJSON_GetObjectItemCaseSensitive(item, "keys"), &step->keys, where, err);
        if (!status) status = lp_json_int(item, "frames", step->poke ? 0 : 1, 100000, step->poke ? &zero : NULL, &frames, where, err);
        if (status) return status;
        step->n_frames = (uint32_t)frames;
    }
    if (!pokes && (g->n_knobs || g->has_seed))
        return lp_fail(err, LP_BAD_INPUT, "%s boot: no step has \"poke\": true, so knobs and seed would never be written", file);
    return LP_OK;
}

static lp_status load_knob(lp_game *g, const cJSON *item, const char *file, lp_err *err) {
    char where[700];
    snprintf(where, sizeof where, "%s knobs.%.40s", file, item->string);
    if (g->n_knobs == LP_MAX_KNOBS) return lp_fail(err, LP_BAD_INPUT, "%s: more than %d knobs", where, LP_MAX_KNOBS);
    lp_knob *k = &g->knobs[g->n_knobs];
    lp_variable *v = &g->knob_variables[g->n_knobs];
    if (strlen(item->string) >= sizeof k->name || !*item->string || strpbrk(item->string, "= ,"))
        return lp_fail(err, LP_BAD_INPUT, "%s: a knob's name has 1 to %zu bytes, no '=', ',' or space", where, sizeof k->name - 1);
    if (lp_game_find_knob(g, item->string) >= 0) return lp_fail(err, LP_BAD_INPUT, "%s: declared twice", where);
    lp_status status = lp_variable_parse(v, item->string, item, "help|address|type|default|min|max", where, err);
    if (!status && (v->kind != 'u' || v->width_bytes > 4))
        status = lp_fail(err, LP_BAD_INPUT, "%s.type: a knob is unsigned, 1 to 4 bytes", where);
    if (status) return status;
    int64_t top = ((int64_t)1 << (8 * v->width_bytes)) - 1;
    snprintf(k->name, sizeof k->name, "%s", item->string);
    k->address = v->address;
    k->width_bytes = v->width_bytes;
    status = lp_json_text(item, "help", k->help, sizeof k->help, where, err);
    if (!status) status = lp_json_int(item, "min", 0, top, &zero, &k->min, where, err);
    if (!status) status = lp_json_int(item, "max", k->min, top, &top, &k->max, where, err);
    if (!status) status = lp_json_int(item, "default", k->min, k->max, NULL, &k->initial, where, err);
    g->n_knobs += !status;
    return status;
}

static lp_status load_knobs(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *item, *knobs, *seed, *twin;
    char where[600];
    lp_status status = lp_json_object(root, "knobs", &knobs, file, err);
    if (!status) status = lp_json_object(root, "seed", &seed, file, err);
    if (!status) status = lp_json_object(root, "twin", &twin, file, err);
    if (status) return status;
    cJSON_ArrayForEach(item, knobs) {
        if ((status = load_knob(g, item, file, err))) return status;
    }
    snprintf(where, sizeof where, "%s seed", file);
    g->has_seed = seed != NULL;
    if (seed && (status = lp_variable_parse(&g->seed, "seed", seed, "address|type", where, err))) return status;
    if (seed && g->seed.kind != 'u') return lp_fail(err, LP_BAD_INPUT, "%s.type: a seed is unsigned", where);
    snprintf(where, sizeof where, "%s twin", file);
    cJSON_ArrayForEach(item, twin) {
        int k = lp_game_find_knob(g, item->string);
        if (k < 0) return lp_fail(err, LP_BAD_INPUT, "%s: '%.40s' is not a knob", where, item->string);
        status = lp_json_int(twin, item->string, g->knobs[k].min, g->knobs[k].max, NULL, &g->twin[k], where, err);
        if (status) return status;
        g->has_twin = g->is_twin_knob[k] = true;
    }
    return LP_OK;
}

static lp_status load_time_limit(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *limit = cJSON_GetObjectItemCaseSensitive(root, "time_limit");
    char where[600];
    snprintf(where, sizeof where, "%s time_limit", file);
    g->time_limit_knob = -1;
    if (!cJSON_IsObject(limit)) return lp_json_int(root, "time_limit", 0, (int64_t)1 << 40, &zero, &g->time_limit, file, err);
    const char *knob = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(limit, "knob"));
    if ((g->time_limit_knob = knob ? lp_game_find_knob(g, knob) : -1) < 0)
        return lp_fail(err, LP_BAD_INPUT, "%s.knob: '%.40s' is not a knob", where, knob ? knob : "");
    lp_status status = lp_json_known(limit, "knob|plus", where, err);
    if (status) return status;
    return lp_json_int(limit, "plus", 0, (int64_t)1 << 40, &zero, &g->time_limit_plus, where, err);
}

/* Every {name} in an event's text is a variable. */
static lp_status check_template(const lp_game *g, const char *text, const char *where, lp_err *err) {
    for (const char *open = strchr(text, '{'); open; open = strchr(open + 1, '{')) {
        const char *close = strchr(open, '}');
        int length = close ? (int)(close - open) - 1 : -1;
        bool found = false;
        for (int i = 0; i < g->n_variables && close; i++)
            found |= (int)strlen(g->variables[i].name) == length && !memcmp(g->variables[i].name, open + 1, (size_t)length);
        if (!found) return lp_fail(err, LP_BAD_INPUT, "%s.text: '%.40s' names no variable of data.json", where, open);
    }
    return LP_OK;
}

static lp_status load_events(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *item, *list;
    char where[600], when[640];
    lp_status status = lp_json_list(root, "events", LP_MAX_EVENTS, &list, file, err);
    cJSON_ArrayForEach(item, list) {
        if (status) return status;
        snprintf(where, sizeof where, "%s events[%d]", file, g->n_events);
        snprintf(when, sizeof when, "%s.when", where);
        if (!cJSON_IsObject(item)) return lp_fail(err, LP_BAD_INPUT, "%s: must be an object", where);
        lp_event_rule *e = &g->events[g->n_events++];
        const cJSON *milestone = cJSON_GetObjectItemCaseSensitive(item, "milestone");
        const cJSON *condition = cJSON_GetObjectItemCaseSensitive(item, "when");
        if (milestone && !cJSON_IsBool(milestone)) return lp_fail(err, LP_BAD_INPUT, "%s.milestone: must be true or false", where);
        e->milestone = cJSON_IsTrue(milestone);
        status = lp_json_known(item, "name|when|text|milestone", where, err);
        if (!status) status = lp_json_text(item, "name", e->name, sizeof e->name, where, err);
        if (!status) status = lp_json_text(item, "text", e->text, sizeof e->text, where, err);
        if (!status && !*e->name) status = lp_fail(err, LP_BAD_INPUT, "%s.name: missing", where);
        if (!status && !condition) status = lp_fail(err, LP_BAD_INPUT, "%s: missing", when);
        if (!status) status = check_template(g, e->text, where, err);
        if (!status) status = lp_condition_parse(&e->when, condition, g->variables, g->n_variables, when, err);
    }
    return status;
}

static lp_status load_names(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *item, *value, *all;
    lp_status status = lp_json_object(root, "names", &all, file, err);
    if (status) return status;
    cJSON_ArrayForEach(item, all) {
        lp_value_names *names = &g->names[g->n_names];
        if (g->n_names == LP_MAX_NAMES || !cJSON_IsArray(item) || cJSON_GetArraySize(item) > LP_MAX_NAME_VALUES)
            return lp_fail(err, LP_BAD_INPUT, "%s names: at most %d lists of at most %d names", file, LP_MAX_NAMES, LP_MAX_NAME_VALUES);
        *names = (lp_value_names){.variable = -1};
        for (int i = 0; i < g->n_variables; i++)
            if (!strcmp(g->variables[i].name, item->string)) names->variable = i;
        if (names->variable < 0) return lp_fail(err, LP_BAD_INPUT, "%s names.%.40s: not in data.json", file, item->string);
        cJSON_ArrayForEach(value, item) {
            if (!cJSON_IsString(value) || strlen(value->valuestring) >= sizeof names->value[0])
                return lp_fail(err, LP_BAD_INPUT, "%s names.%.40s: must hold texts of at most %zu bytes", file, item->string,
                               sizeof names->value[0] - 1);
            snprintf(names->value[names->n++], sizeof names->value[0], "%s", value->valuestring);
        }
        g->n_names++;
    }
    return LP_OK;
}

static lp_status load_oracle(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *item, *list;
    char where[600];
    lp_status status = lp_json_list(root, "oracle", LP_MAX_ORACLE, &list, file, err);
    if (status) return status;
    cJSON_ArrayForEach(item, list) {
        snprintf(where, sizeof where, "%s oracle[%d]", file, g->n_oracle);
        if (!cJSON_IsObject(item)) return lp_fail(err, LP_BAD_INPUT, "%s: must be an object", where);
        if ((status = lp_json_known(item, "when|action", where, err))) return status;
        lp_oracle_rule *rule = &g->oracle[g->n_oracle++];
        const char *action = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "action"));
        rule->action = -1;
        for (int a = 0; a < g->n_actions && action; a++)
            if (!strcmp(action, g->action_names[a])) rule->action = a;
        if (rule->action < 0) return lp_fail(err, LP_BAD_INPUT, "%s.action: '%.40s' is not one of the actions", where, action ? action : "");
        const cJSON *when = cJSON_GetObjectItemCaseSensitive(item, "when");
        if (!when) return lp_fail(err, LP_BAD_INPUT, "%s.when: missing", where);
        status = lp_condition_parse(&rule->when, when, g->variables, g->n_variables, where, err);
        if (status) return status;
    }
    return LP_OK;
}

/* frame_skip and observation, which is no larger than the console's screen. */
static lp_status load_observation(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *observation;
    const int64_t skip = g->frame_skip, width = g->width, height = g->height;
    bool is_gba = g->system == LP_SYSTEM_GBA;
    int64_t value;
    char where[600];
    snprintf(where, sizeof where, "%s observation", file);
    lp_status status = lp_json_int(root, "frame_skip", 1, 600, &skip, &value, file, err);
    if (status) return status;
    g->frame_skip = (int)value;
    if ((status = lp_json_object(root, "observation", &observation, file, err))) return status;
    if ((status = lp_json_known(observation, "width|height", where, err))) return status;
    if ((status = lp_json_int(observation, "width", 8, is_gba ? 240 : 160, &width, &value, where, err))) return status;
    g->width = (int)value;
    if ((status = lp_json_int(observation, "height", 8, is_gba ? 160 : 144, &height, &value, where, err))) return status;
    g->height = (int)value;
    return LP_OK;
}

lp_status lp_game_load_longplay(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    char where[600];
    lp_status status = lp_json_known(root,
                                     "rom|title|licence|floor|frame_skip|observation|buttons|boot|seed|knobs|twin|time_limit|win|loss|"
                                     "audit|names|events|oracle", file, err);
    if (!status) status = lp_json_text(root, "title", g->title, sizeof g->title, file, err);
    if (!status) status = lp_json_text(root, "licence", g->licence, sizeof g->licence, file, err);
    if (!status) status = lp_json_text(root, "floor", g->floor, sizeof g->floor, file, err);
    if (!status) status = load_observation(g, root, file, err);
    if (status) return status;
    const struct { const char *key; lp_condition *out; } conditions[] = {{"win", &g->win}, {"loss", &g->loss}, {"audit", &g->audit}};
    for (int i = 0; i < 3; i++) {
        snprintf(where, sizeof where, "%s %s", file, conditions[i].key);
        status = lp_condition_parse(conditions[i].out, cJSON_GetObjectItemCaseSensitive(root, conditions[i].key), g->variables, g->n_variables, where, err);
        if (status) return status;
    }
    if (!status) status = load_buttons(g, root, file, err);
    if (!status) status = load_knobs(g, root, file, err);
    if (!status) status = load_boot(g, root, file, err);
    if (!status) status = load_time_limit(g, root, file, err);
    if (!status) status = load_names(g, root, file, err);
    if (!status) status = load_events(g, root, file, err);
    if (!status) status = load_oracle(g, root, file, err);
    return status;
}

lp_status lp_game_load_data(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *info = cJSON_GetObjectItemCaseSensitive(root, "info"), *item;
    char where[600];
    if (!cJSON_IsObject(info)) return lp_fail(err, LP_BAD_INPUT, "%s info: must be an object of variables", file);
    cJSON_ArrayForEach(item, info) {
        snprintf(where, sizeof where, "%s info.%.40s", file, item->string);
        for (int i = 0; i < g->n_variables; i++)
            if (!strcmp(g->variables[i].name, item->string)) return lp_fail(err, LP_BAD_INPUT, "%s: declared twice", where);
        if (g->n_variables == LP_MAX_VARIABLES) return lp_fail(err, LP_BAD_INPUT, "%s: more than %d variables", where, LP_MAX_VARIABLES);
        lp_status status = lp_variable_parse(&g->variables[g->n_variables++], item->string, item, "address|type", where, err);
        if (status) return status;
    }
    return LP_OK;
}

/* Of scenario.json only "done" is used, as the loss condition of a game whose longplay.json has none: an episode that is
 * done and not won is lost. Its rewards are not: the only reward here is whether the game was won. */
lp_status lp_game_load_scenario(lp_game *g, const cJSON *root, const char *file, lp_err *err) {
    const cJSON *done;
    char where[600];
    snprintf(where, sizeof where, "%s done", file);
    lp_status status = lp_json_object(root, "done", &done, file, err);
    lp_condition loss = {0};
    if (!status) status = lp_condition_parse(&loss, done, g->variables, g->n_variables, where, err);
    if (status || g->loss.n) lp_condition_free(&loss);
    else g->loss = loss;
    return status;
}
