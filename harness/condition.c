/* Variables and conditions: parsing, reading, judging. See condition.h for the grammar. */
#include "harness/condition.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 512, MAX_DEPTH = 16 };

/* Between where and a field: "longplay.json: frame_skip", "longplay.json: knobs.horizon.min". */
static char joint(const char *where) {
    size_t n = strlen(where);
    return n && where[n - 1] == ':' ? ' ' : '.';
}

lp_status lp_json_int(const cJSON *object, const char *key, int64_t min, int64_t max, const int64_t *initial, int64_t *out,
                      const char *where, lp_err *err) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (!item && initial) {
        *out = *initial;
        return LP_OK;
    }
    if (!cJSON_IsNumber(item) || item->valuedouble != floor(item->valuedouble) || item->valuedouble < (double)min ||
        item->valuedouble > (double)max)
        return lp_fail(err, LP_BAD_INPUT, "%s%c%s: must be a whole number, %lld to %lld", where, joint(where), key, (long long)min, (long long)max);
    *out = (int64_t)item->valuedouble;
    return LP_OK;
}

lp_status lp_json_object(const cJSON *object, const char *key, const cJSON **out, const char *where, lp_err *err) {
    *out = cJSON_GetObjectItemCaseSensitive(object, key);
    if (*out && !cJSON_IsObject(*out)) return lp_fail(err, LP_BAD_INPUT, "%s%c%s: must be an object", where, joint(where), key);
    return LP_OK;
}

lp_status lp_json_list(const cJSON *object, const char *key, int max, const cJSON **out, const char *where, lp_err *err) {
    *out = cJSON_GetObjectItemCaseSensitive(object, key);
    if (*out && (!cJSON_IsArray(*out) || cJSON_GetArraySize(*out) > max))
        return lp_fail(err, LP_BAD_INPUT, "%s%c%s: must be a list of at most %d", where, joint(where), key, max);
    return LP_OK;
}

lp_status lp_json_text(const cJSON *object, const char *key, char *out, size_t size, const char *where, lp_err *err) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    if (item && (!cJSON_IsString(item) || strlen(item->valuestring) >= size))
        return lp_fail(err, LP_BAD_INPUT, "%s%c%s: must be a text of at most %zu bytes", where, joint(where), key, size - 1);
    snprintf(out, size, "%s", item ? item->valuestring : "");
    return LP_OK;
}

lp_status lp_json_known(const cJSON *object, const char *known, const char *where, lp_err *err) {
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        size_t length = strlen(item->string);
        bool found = false;
        for (const char *k = known; k; k = strchr(k, '|') ? strchr(k, '|') + 1 : NULL)
            found |= strcspn(k, "|") == length && !memcmp(k, item->string, length);
        if (!found) return lp_fail(err, LP_BAD_INPUT, "%s%c%.40s: unknown field (known: %s)", where, joint(where), item->string, known);
    }
    return LP_OK;
}

lp_status lp_variable_parse(lp_variable *out, const char *name, const cJSON *item, const char *known, const char *where, lp_err *err) {
    if (!cJSON_IsObject(item)) return lp_fail(err, LP_BAD_INPUT, "%s: must be an object with address and type", where);
    if (strlen(name) >= LP_NAME_BYTES) return lp_fail(err, LP_BAD_INPUT, "%s: name is longer than %d bytes", where, LP_NAME_BYTES - 1);
    int64_t address;
    lp_status status = lp_json_int(item, "address", 0, 0xffffffff, NULL, &address, where, err);
    if (status) return status;
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "type"));
    if (!type || strlen(type) != 3 || !strchr("|<>", type[0]) || !strchr("uid", type[1]) || type[2] < '1' || type[2] > '8')
        return lp_fail(err, LP_BAD_INPUT, "%s.type: '%.20s' is not one of the types read here: | < or >, then u i or d, then 1 to 8 bytes", where,
                       type ? type : "");
    if ((status = lp_json_known(item, known, where, err))) return status;
    *out = (lp_variable){.address = (uint32_t)address, .order = type[0], .kind = type[1], .width_bytes = type[2] - '0'};
    snprintf(out->name, sizeof out->name, "%s", name);
    return LP_OK;
}

int64_t lp_variable_read(const lp_variable *v, lp_emu *emu) {
    uint64_t value = 0;
    for (int i = 0; i < v->width_bytes; i++) { /* most significant byte first */
        uint8_t byte = lp_emu_read8(emu, v->address + (uint32_t)(v->order == '>' ? i : v->width_bytes - 1 - i));
        value = v->kind == 'd' ? value * 100 + (uint64_t)(byte >> 4) * 10 + (byte & 15) : value << 8 | byte;
    }
    int bits = 8 * v->width_bytes;
    if (v->kind == 'i' && bits < 64 && value >> (bits - 1)) value |= ~(uint64_t)0 << bits;
    return (int64_t)value;
}

void lp_variable_write(const lp_variable *v, lp_emu *emu, int64_t value, void (*poke)(void *, uint32_t, uint8_t), void *context) {
    for (int i = 0; i < v->width_bytes; i++) {
        uint32_t address = v->address + (uint32_t)(v->order == '>' ? v->width_bytes - 1 - i : i);
        uint8_t byte = (uint8_t)((uint64_t)value >> (8 * i));
        lp_emu_write8(emu, address, byte);
        if (poke) poke(context, address, byte);
    }
}

static const char *const op_names[] = {"zero", "nonzero", "positive", "negative", "equal", "not-equal", "less-than", "greater-than",
                                       "less-or-equal", "greater-or-equal"};

static lp_status parse_test(lp_condition_node *out, const cJSON *item, const lp_variable *variables, int n_variables, const char *where,
                            lp_err *err) {
    *out = (lp_condition_node){.span = 1, .variable = -1};
    for (int i = 0; i < n_variables; i++)
        if (!strcmp(variables[i].name, item->string)) out->variable = i;
    if (out->variable < 0) return lp_fail(err, LP_BAD_INPUT, "%s: variable '%.40s' is not in data.json", where, item->string);
    const char *op = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "op"));
    int found = -1;
    for (int i = 0; op && i < (int)(sizeof op_names / sizeof *op_names); i++)
        if (!strcmp(op, op_names[i])) found = i;
    if (found < 0) return lp_fail(err, LP_BAD_INPUT, "%s.%.40s.op: unknown operator '%.40s'", where, item->string, op ? op : "");
    lp_status status = lp_json_known(item, "op|reference|measurement", where, err);
    if (status) return status;
    out->op = (lp_op)found;
    const cJSON *measurement = cJSON_GetObjectItemCaseSensitive(item, "measurement");
    const char *kind = cJSON_GetStringValue(measurement);
    if (measurement && (!kind || (strcmp(kind, "absolute") && strcmp(kind, "delta"))))
        return lp_fail(err, LP_BAD_INPUT, "%s.%.40s.measurement: must be absolute or delta", where, item->string);
    out->delta = kind && !strcmp(kind, "delta");
    const int64_t zero = 0;
    return lp_json_int(item, "reference", -((int64_t)1 << 53), (int64_t)1 << 53, found <= LP_OP_NEGATIVE ? &zero : NULL, &out->reference, where, err);
}

static lp_status parse_group(lp_condition_node *nodes, int *n, int depth, const cJSON *item, const lp_variable *variables, int n_variables,
                             const char *where, lp_err *err) {
    if (!cJSON_IsObject(item)) return lp_fail(err, LP_BAD_INPUT, "%s: must be an object with variables or nodes", where);
    if (depth > MAX_DEPTH) return lp_fail(err, LP_BAD_INPUT, "%s: nested deeper than %d", where, MAX_DEPTH);
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(item, "condition"), *child, *tests, *groups;
    const char *text = cJSON_GetStringValue(kind);
    if (kind && (!text || (strcmp(text, "all") && strcmp(text, "any"))))
        return lp_fail(err, LP_BAD_INPUT, "%s.condition: must be all or any", where);
    lp_status status = lp_json_known(item, "condition|variables|nodes", where, err);
    if (!status) status = lp_json_object(item, "variables", &tests, where, err);
    if (!status) status = lp_json_object(item, "nodes", &groups, where, err);
    if (status) return status;
    if (!cJSON_GetArraySize(tests) && !cJSON_GetArraySize(groups))
        return lp_fail(err, LP_BAD_INPUT, "%s: holds neither variables nor nodes", where);
    int self = (*n)++;
    nodes[self] = (lp_condition_node){.is_group = true, .all = text && !strcmp(text, "all")};
    cJSON_ArrayForEach(child, tests) {
        if (*n >= MAX_NODES - 1) return lp_fail(err, LP_BAD_INPUT, "%s: more than %d tests", where, MAX_NODES);
        if ((status = parse_test(&nodes[(*n)++], child, variables, n_variables, where, err))) return status;
    }
    cJSON_ArrayForEach(child, groups) {
        if (*n >= MAX_NODES - 1) return lp_fail(err, LP_BAD_INPUT, "%s: more than %d tests", where, MAX_NODES);
        if ((status = parse_group(nodes, n, depth + 1, child, variables, n_variables, where, err))) return status;
    }
    nodes[self].span = *n - self;
    return LP_OK;
}

lp_status lp_condition_parse(lp_condition *out, const cJSON *item, const lp_variable *variables, int n_variables, const char *where,
                             lp_err *err) {
    *out = (lp_condition){0};
    if (!item) return LP_OK;
    lp_condition_node *nodes = calloc(MAX_NODES, sizeof *nodes);
    if (!nodes) return lp_fail(err, LP_FAILED, "%s: out of memory", where);
    int n = 0;
    lp_status status = parse_group(nodes, &n, 0, item, variables, n_variables, where, err);
    if (status) {
        free(nodes);
        return status;
    }
    lp_condition_node *fit = realloc(nodes, (size_t)n * sizeof *nodes);
    *out = (lp_condition){fit ? fit : nodes, n};
    return LP_OK;
}

void lp_condition_free(lp_condition *c) {
    free(c->nodes);
    *c = (lp_condition){0};
}

static bool test_holds(const lp_condition_node *t, const int64_t *now, const int64_t *before) {
    uint64_t change = (uint64_t)now[t->variable] - (uint64_t)before[t->variable]; /* unsigned: 8-byte values may wrap */
    int64_t x = t->delta ? (int64_t)change : now[t->variable], r = t->reference;
    switch (t->op) {
    case LP_OP_ZERO: return x == 0;
    case LP_OP_NONZERO: return x != 0;
    case LP_OP_POSITIVE: return x > 0;
    case LP_OP_NEGATIVE: return x < 0;
    case LP_OP_EQUAL: return x == r;
    case LP_OP_NOT_EQUAL: return x != r;
    case LP_OP_LESS: return x < r;
    case LP_OP_GREATER: return x > r;
    case LP_OP_LESS_EQUAL: return x <= r;
    default: return x >= r;
    }
}

static bool node_holds(const lp_condition_node *node, const int64_t *now, const int64_t *before) {
    if (!node->is_group) return test_holds(node, now, before);
    for (int i = 1; i < node->span; i += node[i].span)
        if (node_holds(node + i, now, before) != node->all) return !node->all;
    return node->all;
}

bool lp_condition_holds(const lp_condition *c, const int64_t *now, const int64_t *before) {
    return c->n && node_holds(c->nodes, now, before);
}
