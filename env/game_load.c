/* Reads longplay.json, field by field. See game_load.h. */
#include "env/buttons.h"
#include "env/cells.h"
#include "env/game_load.h"

#include <string.h>

static const int64_t zero = 0;

static lp_names names_of(const lp_game *g) { return (lp_names){g->variables, g->n_variables, true}; }

static void load_boot(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *list, *item;
    const lp_place where = lp_place_field(file, "boot");
    bool pokes = false;
    lp_json_list(root, "boot", LP_MAX_BOOT, &list, file, r);
    cJSON_ArrayForEach(item, list) {
        const lp_place at = lp_place_item(&where, g->n_boot), at_keys = lp_place_field(&at, "keys");
        lp_boot_step *step = &g->boot[g->n_boot++];
        *step = (lp_boot_step){0};
        if (!cJSON_IsObject(item)) {
            lp_report_error(r, &at, "must be an object");
            continue;
        }
        int64_t frames;
        lp_json_known(item, "keys|frames|poke|noop", true, &at, r);
        lp_json_bool(item, "poke", &step->poke, &at, r);
        lp_json_bool(item, "noop", &step->noop, &at, r);
        lp_keys_parse(&step->keys, cJSON_GetObjectItemCaseSensitive(item, "keys"), g->system, &at_keys, r);
        const bool may_be_none = step->poke || step->noop;
        lp_json_int(item, "frames", may_be_none ? 0 : 1, 100000, may_be_none ? &zero : NULL, &frames, &at, r);
        step->n_frames = (uint32_t)frames;
        pokes |= step->poke;
        const lp_place at_noop = lp_place_field(&at, "noop");
        if (step->noop && g->boot_waits) lp_report_error(r, &at_noop, "the idle frames go by at one step, and an earlier one says so");
        g->boot_waits |= step->noop;
    }
    if (!pokes && (g->n_knobs || g->has_seed))
        lp_report_error(r, &where, "no step has \"poke\": true, so knobs and seed would never be written");
}

static bool idle_frames(const cJSON *item, int32_t *out) {
    if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= LP_MAX_NOOP_FRAMES)) return false;
    *out = (int32_t)item->valuedouble;
    return (double)*out == item->valuedouble;
}

static void load_start(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *start, *noop;
    const lp_place where = lp_place_field(file, "start"), at = lp_place_field(&where, "noop");
    lp_json_object(root, "start", &start, file, r);
    lp_json_known(start, "noop", true, &where, r);
    if (!lp_json_list(start, "noop", 2, &noop, &where, r) || !noop) return;
    bool good = idle_frames(cJSON_GetArrayItem(noop, 0), &g->noop.min) && idle_frames(cJSON_GetArrayItem(noop, 1), &g->noop.max);
    if (!good || g->noop.min > g->noop.max)
        lp_report_error(r, &at, "must be [MIN, MAX] idle frames, 0 to %d, such as [0, %d]", LP_MAX_NOOP_FRAMES, LP_NOOP_FRAMES);
}

/* Seeds and knobs are written there. */
static void refuse_rom(const lp_game *g, const lp_variable *v, const lp_place *where, lp_findings *r) {
    const lp_place at = lp_place_field(where, "address");
    if (!g->rom.data) return; /* of what console, then? */
    if (lp_game_is_rom(g, v->address) || lp_game_is_rom(g, v->address + (uint32_t)v->width_bytes - 1))
        lp_report_error(r, &at, "0x%04X is in ROM, where a poke stores nothing", v->address);
}

static void load_knob(lp_game *g, const cJSON *item, const lp_place *where, lp_findings *r) {
    if (g->n_knobs == LP_MAX_KNOBS) {
        lp_report_error(r, where, "more than %d knobs", LP_MAX_KNOBS);
        return;
    }
    lp_knob *k = &g->knobs[g->n_knobs];
    lp_variable *v = &g->knob_variables[g->n_knobs];
    if (strlen(item->string) >= sizeof k->name || !*item->string || strpbrk(item->string, "= ,"))
        lp_report_error(r, where, "a knob's name has 1 to %zu bytes, no '=', ',' or space", sizeof k->name - 1);
    if (!lp_variable_parse(v, item->string, item, g->system, "help|address|type|default|min|max", true, where, r)) return;
    if (v->kind != 'u' || v->width_bytes > 4) {
        const lp_place at = lp_place_field(where, "type");
        lp_report_error(r, &at, "a knob is unsigned, 1 to 4 bytes");
        return;
    }
    refuse_rom(g, v, where, r);
    int64_t top = ((int64_t)1 << (8 * v->width_bytes)) - 1;
    memcpy(k->name, v->name, sizeof k->name - 1);
    k->address = v->address;
    k->width_bytes = v->width_bytes;
    lp_json_text(item, "help", k->help, sizeof k->help, where, r);
    lp_json_int(item, "min", 0, top, &zero, &k->min, where, r);
    lp_json_int(item, "max", k->min, top, &top, &k->max, where, r);
    lp_json_int(item, "default", k->min, k->max, NULL, &k->initial, where, r);
    g->n_knobs++;
}

static void load_knobs(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *item, *knobs, *seed, *twin;
    const lp_place in_knobs = lp_place_field(file, "knobs"), at_seed = lp_place_field(file, "seed"), in_twin = lp_place_field(file, "twin");
    lp_json_object(root, "knobs", &knobs, file, r);
    lp_json_object(root, "seed", &seed, file, r);
    lp_json_object(root, "twin", &twin, file, r);
    cJSON_ArrayForEach(item, knobs) {
        const lp_place at = lp_place_field(&in_knobs, item->string);
        load_knob(g, item, &at, r);
    }
    g->has_seed = seed != NULL;
    if (seed && lp_variable_parse(&g->seed, "seed", seed, g->system, "address|type", true, &at_seed, r)) {
        const lp_place at = lp_place_field(&at_seed, "type");
        if (g->seed.kind != 'u') lp_report_error(r, &at, "a seed is unsigned");
        refuse_rom(g, &g->seed, &at_seed, r);
    }
    cJSON_ArrayForEach(item, twin) {
        int k = lp_game_find_knob(g, item->string);
        if (k < 0) {
            lp_report_error(r, &in_twin, "'%.40s' is not a knob", item->string);
            continue;
        }
        lp_json_int(twin, item->string, g->knobs[k].min, g->knobs[k].max, NULL, &g->twin[k], &in_twin, r);
        g->has_twin = g->is_twin_knob[k] = true;
    }
}

static void load_time_limit(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *limit = cJSON_GetObjectItemCaseSensitive(root, "time_limit");
    const lp_place where = lp_place_field(file, "time_limit");
    if (!cJSON_IsObject(limit)) {
        lp_json_int(root, "time_limit", 0, (int64_t)1 << 40, &zero, &g->time_limit, file, r);
        return;
    }
    const char *knob = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(limit, "knob"));
    if ((g->time_limit_knob = knob ? lp_game_find_knob(g, knob) : -1) < 0) {
        const lp_place at = lp_place_field(&where, "knob");
        lp_report_error(r, &at, "'%.40s' is not a knob", knob ? knob : "");
    }
    lp_json_known(limit, "knob|plus", true, &where, r);
    lp_json_int(limit, "plus", 0, (int64_t)1 << 40, &zero, &g->time_limit_plus, &where, r);
}

/* Every {name} in an event's text is a variable. */
static void check_template(const lp_game *g, const char *text, const lp_place *where, lp_findings *r) {
    for (const char *open = strchr(text, '{'); open; open = strchr(open + 1, '{')) {
        const char *close = strchr(open, '}');
        int length = close ? (int)(close - open) - 1 : -1;
        bool found = false;
        for (int i = 0; i < g->n_variables && close; i++)
            found |= (int)strlen(g->variables[i].name) == length && !memcmp(g->variables[i].name, open + 1, (size_t)length);
        const lp_place at = lp_place_field(where, "text");
        if (!found) lp_report_error(r, &at, "'%.40s' names no variable of data.json", open);
    }
}

static void load_events(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *item, *list;
    const lp_place where = lp_place_field(file, "events");
    const lp_names names = names_of(g);
    lp_json_list(root, "events", LP_MAX_EVENTS, &list, file, r);
    cJSON_ArrayForEach(item, list) {
        const lp_place at = lp_place_item(&where, g->n_events), at_when = lp_place_field(&at, "when"),
                       at_name = lp_place_field(&at, "name");
        lp_event_rule *e = &g->events[g->n_events++];
        const cJSON *condition = cJSON_GetObjectItemCaseSensitive(item, "when");
        if (!cJSON_IsObject(item)) {
            lp_report_error(r, &at, "must be an object");
            continue;
        }
        lp_json_known(item, "name|when|text|milestone", true, &at, r);
        lp_json_bool(item, "milestone", &e->milestone, &at, r);
        bool good = lp_json_text(item, "name", e->name, sizeof e->name, &at, r);
        if (good && !*e->name) lp_report_error(r, &at_name, "missing");
        if (lp_json_text(item, "text", e->text, sizeof e->text, &at, r)) check_template(g, e->text, &at, r);
        if (!condition) lp_report_error(r, &at_when, "missing");
        lp_condition_parse(&e->when, condition, &names, &at_when, r);
    }
}

static void load_names(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *item, *value, *all;
    const lp_place where = lp_place_field(file, "names");
    lp_json_object(root, "names", &all, file, r);
    cJSON_ArrayForEach(item, all) {
        const lp_place at = lp_place_field(&where, item->string);
        if (g->n_names == LP_MAX_NAMES) {
            lp_report_error(r, &at, "more than %d lists of names", LP_MAX_NAMES);
            return;
        }
        lp_value_names *names = &g->names[g->n_names++];
        *names = (lp_value_names){.variable = lp_variable_find(g->variables, g->n_variables, item->string)};
        if (names->variable < 0) lp_report_error(r, &at, "not in data.json");
        if (!cJSON_IsArray(item) || cJSON_GetArraySize(item) > LP_MAX_NAME_VALUES) {
            lp_report_error(r, &at, "must be a list of at most %d names", LP_MAX_NAME_VALUES);
            continue;
        }
        cJSON_ArrayForEach(value, item) {
            size_t size = sizeof names->value[0];
            const lp_place at_value = lp_place_item(&at, names->n);
            bool good = cJSON_IsString(value) && strlen(value->valuestring) < size;
            if (!good) lp_report_error(r, &at_value, "must be a text of at most %zu bytes", size - 1);
            else strcpy(names->value[names->n], value->valuestring);
            names->n++;
        }
    }
}

static void load_oracle(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *item, *list;
    const lp_place where = lp_place_field(file, "oracle");
    const lp_names names = names_of(g);
    lp_json_list(root, "oracle", LP_MAX_ORACLE, &list, file, r);
    cJSON_ArrayForEach(item, list) {
        const lp_place at = lp_place_item(&where, g->n_oracle), at_when = lp_place_field(&at, "when"),
                       at_action = lp_place_field(&at, "action");
        lp_oracle_rule *rule = &g->oracle[g->n_oracle++];
        if (!cJSON_IsObject(item)) {
            lp_report_error(r, &at, "must be an object");
            continue;
        }
        const char *action = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "action"));
        const cJSON *when = cJSON_GetObjectItemCaseSensitive(item, "when");
        lp_json_known(item, "when|action", true, &at, r);
        rule->action = -1;
        for (int a = 0; a < g->n_actions && action; a++)
            if (rule->action < 0 && !strcmp(action, g->action_names[a])) rule->action = a;
        if (rule->action < 0) lp_report_error(r, &at_action, "'%.40s' is not one of the actions", action ? action : "");
        if (!when) lp_report_error(r, &at_when, "missing");
        lp_condition_parse(&rule->when, when, &names, &at_when, r);
    }
}

/* frame_skip and observation, which is no larger than the part of the screen it is taken from. */
static void load_observation(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *observation;
    const lp_place where = lp_place_field(file, "observation");
    int64_t skip = g->frame_skip, width = g->width, height = g->height;
    lp_json_int(root, "frame_skip", 1, 600, &skip, &skip, file, r);
    lp_json_object(root, "observation", &observation, file, r);
    lp_json_known(observation, "width|height", true, &where, r);
    lp_json_int(observation, "width", 8, g->crop_width, &width, &width, &where, r);
    lp_json_int(observation, "height", 8, g->crop_height, &height, &height, &where, r);
    g->frame_skip = skip ? (int)skip : 1; /* 0 was reported */
    g->width = (int)width, g->height = (int)height;
}

static void load_actions(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *buttons = cJSON_GetObjectItemCaseSensitive(root, "buttons"), *actions = cJSON_GetObjectItemCaseSensitive(root, "actions");
    const lp_place at_buttons = lp_place_field(file, "buttons"), at_actions = lp_place_field(file, "actions");
    if (buttons && actions) lp_report_error(r, &at_actions, "cannot stand beside buttons");
    if (buttons) lp_game_load_buttons(g, buttons, &at_buttons, r);
    else if (actions) lp_game_load_actions(g, actions, &at_actions, r);
}

static void load_place(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const lp_place at = lp_place_field(file, "place");
    lp_cells cells;
    lp_err err;
    if (lp_json_text(root, "place", g->place, sizeof g->place, file, r) && *g->place && lp_cells_parse(&cells, g, g->place, 0, 0, 0, &err))
        lp_report_error(r, &at, "must be variables of data.json, NAME or NAME/N, with commas between");
}

/* What people bring from stable-retro and look for here. */
static void refuse_state(const cJSON *root, const lp_place *file, lp_findings *r) {
    static const char *const fields[] = {"state", "states", "default_state"};
    for (int i = 0; i < 3; i++) {
        const lp_place at = lp_place_field(file, fields[i]);
        if (cJSON_GetObjectItemCaseSensitive(root, fields[i]))
            lp_report_error(r, &at, "save states of other emulator cores cannot be loaded; write the keys from power-on to there as boot");
    }
}

static void load_model(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(root, "model");
    const lp_place at = lp_place_field(file, "model");
    lp_model model;
    lp_err err;
    if (!item) return;
    if (!cJSON_IsString(item)) lp_report_error(r, &at, "must be a text");
    else if (lp_model_parse(&model, item->valuestring, &err)) lp_report_error(r, &at, "%s", err.message);
    else if (g->rom.data && lp_game_set_model(g, model, &err)) lp_report_error(r, &at, "%s", err.message);
}

void lp_game_load_longplay(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r) {
    const lp_names names = names_of(g);
    const struct {
        const char *key;
        lp_condition *out;
    } conditions[] = {{"win", &g->win}, {"loss", &g->loss}, {"audit", &g->audit}};
    if (!root) return;
    refuse_state(root, file, r);
    load_model(g, root, file, r);
    lp_json_known(
        root,
        "rom|origin|model|title|licence|floor|frame_skip|observation|buttons|actions|boot|start|seed|knobs|twin|time_limit|win|loss|"
        "audit|names|events|oracle|place|state|states|default_state",
        true, file, r);
    lp_json_text(root, "title", g->title, sizeof g->title, file, r);
    lp_json_text(root, "licence", g->licence, sizeof g->licence, file, r);
    lp_json_text(root, "floor", g->floor, sizeof g->floor, file, r);
    lp_json_text(root, "origin", g->origin, sizeof g->origin, file, r);
    load_observation(g, root, file, r);
    for (int i = 0; i < 3; i++) {
        const lp_place at = lp_place_field(file, conditions[i].key);
        const cJSON *condition = cJSON_GetObjectItemCaseSensitive(root, conditions[i].key);
        if (!condition) continue;
        lp_condition_free(conditions[i].out); /* scenario.json's done */
        lp_condition_parse(conditions[i].out, condition, &names, &at, r);
    }
    load_actions(g, root, file, r);
    load_knobs(g, root, file, r);
    load_boot(g, root, file, r);
    load_start(g, root, file, r);
    load_time_limit(g, root, file, r);
    load_names(g, root, file, r);
    load_events(g, root, file, r);
    load_oracle(g, root, file, r);
    load_place(g, root, file, r);
}
