#include "players/chat_table.h"

#include "base/file.h"
#include "env/json.h"
#include "players/chat_setup.h"

#include <limits.h>
#include <string.h>
#include <strings.h>

enum { MOST = 3600 /* decisions of a step */ };

int lp_chat_action(const lp_game *game, const char *name) {
    for (int a = 0; name && a < lp_game_n_actions(game); a++)
        if (!strcasecmp(name, lp_game_action_name(game, a))) return a;
    return -1;
}

const lp_chat_tool *lp_chat_table_find(const lp_chat_table *table, const char *name, size_t length) {
    for (int i = 0; table && i < table->n; i++)
        if (strlen(table->tool[i].name) == length && !memcmp(table->tool[i].name, name, length)) return &table->tool[i];
    return NULL;
}

/* As endpoints take them. */
static bool is_name(const char *text) {
    return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")] == 0;
}

/* Where it is none: that is told. */
static bool is_object(const cJSON *item, const lp_place *where, lp_findings *r) {
    if (!cJSON_IsObject(item)) lp_report_error(r, where, "must be an object");
    return cJSON_IsObject(item);
}

static int parameter_of(const lp_chat_tool *t, const char *name) {
    for (int i = 0; i < t->n_parameters; i++)
        if (!strcmp(t->parameter[i].name, name)) return i;
    return -1;
}

/* A number, or the name of a parameter. */
static void read_amount(lp_chat_amount *out, const lp_chat_tool *t, const cJSON *object, const char *key, int64_t min, int64_t max,
                        const int64_t *initial, const lp_place *where, lp_findings *r) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    const lp_place at = lp_place_field(where, key);
    out->parameter = name ? parameter_of(t, name) : -1;
    if (name && out->parameter < 0) lp_report_error(r, &at, "'%.40s' is no parameter of the tool", name);
    if (!name) lp_json_int(object, key, min, max, initial, &out->number, where, r);
}

static void read_press(lp_chat_step *s, const lp_game *game, const cJSON *press, const lp_place *where, lp_findings *r) {
    const cJSON *one = cJSON_IsArray(press) ? press->child : press;
    if (!one || (cJSON_IsArray(press) && cJSON_GetArraySize(press) > LP_CHAT_TABLE_PARTS)) {
        lp_report_error(r, where, "must be an action, or a list of at most %d", LP_CHAT_TABLE_PARTS);
        return;
    }
    for (; one; one = cJSON_IsArray(press) ? one->next : NULL) {
        const char *name = cJSON_GetStringValue(one);
        const int action = lp_chat_action(game, name);
        if (action < 0) lp_report_error(r, where, "there is no action '%.40s'", name ? name : "");
        else s->action[s->n_actions++] = (uint8_t)action;
    }
}

static void read_until(lp_chat_step *s, const lp_chat_tool *t, const lp_game *game, const cJSON *until, const lp_place *where,
                       lp_findings *r) {
    char variable[64], op[32];
    const lp_place at_variable = lp_place_field(where, "variable"), at_op = lp_place_field(where, "op");
    lp_json_known(until, "variable|op|reference", true, where, r);
    lp_json_text(until, "variable", variable, sizeof variable, where, r);
    lp_json_text(until, "op", op, sizeof op, where, r);
    s->variable = -1;
    for (int i = 0; i < lp_game_n_variables(game); i++)
        if (!strcmp(lp_game_variable_name(game, i), variable)) s->variable = i;
    if (s->variable < 0) lp_report_error(r, &at_variable, "'%.40s' is not in data.json", variable);
    s->op = lp_op_named(op);
    if (s->op < LP_OP_EQUAL) lp_report_error(r, &at_op, "'%.30s' is no comparison, such as equal or less-than", op);
    const int64_t exact = (int64_t)1 << LP_JSON_EXACT_BITS;
    read_amount(&s->reference, t, until, "reference", -exact, exact, NULL, where, r);
}

static void read_step(lp_chat_tool *t, const lp_game *game, const cJSON *item, const lp_place *where, lp_findings *r) {
    lp_chat_step *s = &t->step[t->n_steps++];
    const cJSON *until;
    const int64_t once = 1;
    const lp_place at_press = lp_place_field(where, "press"), at_until = lp_place_field(where, "until");
    if (!is_object(item, where, r)) return;
    lp_json_known(item, "press|times|until|most", true, where, r);
    read_press(s, game, cJSON_GetObjectItemCaseSensitive(item, "press"), &at_press, r);
    lp_json_object(item, "until", &until, where, r);
    s->until = until != NULL;
    if (until) read_until(s, t, game, until, &at_until, r);
    read_amount(&s->times, t, item, until ? "most" : "times", 1, MOST, until ? NULL : &once, where, r);
    if (cJSON_GetObjectItemCaseSensitive(item, until ? "times" : "most"))
        lp_report_error(r, where, until ? "has until, so its times are its most" : "has no until, so its most are its times");
}

static void read_parameter(lp_chat_tool *t, const cJSON *item, const lp_place *where, lp_findings *r) {
    const int i = t->n_parameters;
    if (i == LP_CHAT_TABLE_PARAMETERS || strlen(item->string) >= LP_CHAT_TABLE_NAME || !is_name(item->string)) {
        lp_report_error(r, where, "at most %d parameters, named by up to %d letters, digits, _ or -", LP_CHAT_TABLE_PARAMETERS,
                        LP_CHAT_TABLE_NAME - 1);
        return;
    }
    const int64_t exact = (int64_t)1 << LP_JSON_EXACT_BITS;
    if (!is_object(item, where, r)) return;
    strcpy(t->parameter[i].name, item->string);
    lp_json_known(item, "description|min|max", true, where, r);
    lp_json_text(item, "description", t->parameter[i].description, sizeof t->parameter[i].description, where, r);
    lp_json_int(item, "min", -exact, exact, NULL, &t->parameter[i].min, where, r);
    lp_json_int(item, "max", t->parameter[i].min, exact, NULL, &t->parameter[i].max, where, r);
    t->n_parameters++;
}

static void read_tool(lp_chat_table *table, const lp_game *game, const cJSON *item, const lp_place *where, lp_findings *r) {
    lp_chat_tool *t = &table->tool[table->n];
    const cJSON *parameters, *steps, *one;
    const lp_place at_name = lp_place_field(where, "name"), at_steps = lp_place_field(where, "steps"),
                   at_parameters = lp_place_field(where, "parameters");
    if (!is_object(item, where, r)) return;
    lp_json_known(item, "name|description|parameters|steps", true, where, r);
    lp_json_text(item, "name", t->name, sizeof t->name, where, r);
    if (!is_name(t->name)) lp_report_error(r, &at_name, "must be up to %d letters, digits, _ or -", LP_CHAT_TABLE_NAME - 1);
    else if (lp_chat_is_tool(t->name, strlen(t->name)) || lp_chat_table_find(table, t->name, strlen(t->name)))
        lp_report_error(r, &at_name, "there is a tool '%s' already", t->name);
    lp_json_text(item, "description", t->description, sizeof t->description, where, r);
    lp_json_object(item, "parameters", &parameters, where, r);
    cJSON_ArrayForEach(one, parameters) {
        const lp_place at = lp_place_field(&at_parameters, one->string);
        read_parameter(t, one, &at, r);
    }
    lp_json_list(item, "steps", LP_CHAT_TABLE_PARTS, &steps, where, r);
    if (!steps || !steps->child) lp_report_error(r, &at_steps, "there are none");
    cJSON_ArrayForEach(one, steps) {
        const lp_place at = lp_place_item(&at_steps, t->n_steps);
        read_step(t, game, one, &at, r);
    }
    table->n++;
}

lp_status lp_chat_table_read(lp_chat_table *out, const lp_game *game, lp_err *err) {
    char path[PATH_MAX];
    cJSON *root = NULL;
    const cJSON *tools, *one;
    lp_findings report = {.err = err};
    memset(out, 0, sizeof *out);
    if (!lp_game_dir(game) || !lp_file_exists(lp_path_join(path, sizeof path, lp_game_dir(game), "tools.json"))) return LP_OK;
    lp_json_read(&root, path, &report);
    if (!root) return report.status;
    const lp_place file = lp_place_file(path), at_tools = lp_place_field(&file, "tools");
    lp_json_known(root, "tools", true, &file, &report);
    lp_json_list(root, "tools", LP_CHAT_TABLE_TOOLS, &tools, &file, &report);
    cJSON_ArrayForEach(one, tools) {
        const lp_place at = lp_place_item(&at_tools, out->n);
        read_tool(out, game, one, &at, &report);
    }
    cJSON_Delete(root);
    return report.status;
}
