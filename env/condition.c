/* Conditions: parsing and judging. See condition.h. */
#include "env/condition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_NODES = 1024, MAX_DEPTH = 16 };

static const char *const op_names[] = {
    "",          "zero",      "nonzero",      "positive",      "negative",        "sign", "equal", "negative-equal",
    "not-equal", "less-than", "greater-than", "less-or-equal", "greater-or-equal"};
enum { N_OPS = sizeof op_names / sizeof *op_names };

int64_t lp_op_apply(lp_op op, int64_t reference, int64_t value) {
    switch (op) {
    case LP_OP_ZERO: return value == 0;
    case LP_OP_NONZERO: return value != 0;
    case LP_OP_POSITIVE: return value > 0;
    case LP_OP_NEGATIVE: return value < 0;
    case LP_OP_SIGN: return (value > 0) - (value < 0);
    case LP_OP_EQUAL: return value == reference;
    case LP_OP_NEGATIVE_EQUAL: return value == -reference;
    case LP_OP_NOT_EQUAL: return value != reference;
    case LP_OP_LESS: return value < reference;
    case LP_OP_GREATER: return value > reference;
    case LP_OP_LESS_EQUAL: return value <= reference;
    case LP_OP_GREATER_EQUAL: return value >= reference;
    default: return value;
    }
}

int64_t lp_measure_value(const lp_measure *m, const int64_t *now, const int64_t *before) {
    uint64_t change = (uint64_t)now[m->variable] - (uint64_t)before[m->variable]; /* unsigned: 8-byte values may wrap */
    return lp_op_apply(m->op, m->reference, m->delta ? (int64_t)change : now[m->variable]);
}

lp_op lp_op_named(const char *name) {
    int i = N_OPS - 1;
    while (i > 0 && strcmp(name, op_names[i]) != 0) i--;
    return (lp_op)i;
}

static bool parse_op(lp_op *out, const cJSON *item, bool strict, const lp_place *where, lp_findings *r) {
    const cJSON *field = cJSON_GetObjectItemCaseSensitive(item, "op");
    const char *op = cJSON_GetStringValue(field);
    *out = op ? lp_op_named(op) : LP_OP_NONE;
    if (!field && !strict) return true;
    if (*out) return true;
    const lp_place at = lp_place_field(where, "op");
    lp_report_error(r, &at, op ? "unknown operator '%.40s'" : "must be an operator's name%s", op ? op : "");
    return false;
}

static bool parse_reference(int64_t *out, const cJSON *item, bool needed, bool strict, const lp_place *where, lp_findings *r) {
    const cJSON *field = cJSON_GetObjectItemCaseSensitive(item, "reference");
    const int64_t limit = (int64_t)1 << LP_JSON_EXACT_BITS, zero = 0;
    if (!strict && cJSON_IsNumber(field) && fabs(field->valuedouble) <= (double)limit && field->valuedouble != trunc(field->valuedouble)) {
        const lp_place at = lp_place_field(where, "reference");
        *out = (int64_t)field->valuedouble;
        lp_report_note(r, &at, "%g counts as %lld, as it does in stable-retro", field->valuedouble, (long long)*out);
        return true;
    }
    return lp_json_int(item, "reference", -limit, limit, needed && strict ? NULL : &zero, out, where, r);
}

bool lp_measure_parse(lp_measure *out, const cJSON *item, bool is_delta, const lp_names *names, const lp_place *where, lp_findings *r) {
    *out = (lp_measure){.delta = is_delta};
    if (!cJSON_IsObject(item)) {
        lp_report_error(r, where, "must be an object");
        return false;
    }
    bool good = parse_op(&out->op, item, names->strict, where, r);
    good &= parse_reference(&out->reference, item, out->op >= LP_OP_EQUAL, names->strict, where, r);
    const cJSON *measurement = cJSON_GetObjectItemCaseSensitive(item, "measurement");
    const char *kind = cJSON_GetStringValue(measurement);
    if (kind) out->delta = !strcmp(kind, "delta");
    if (measurement && (!kind || (strcmp(kind, "absolute") && strcmp(kind, "delta")))) {
        const lp_place at = lp_place_field(where, "measurement");
        lp_report_error(r, &at, "must be absolute or delta");
        good = false;
    }
    return good;
}

/* ---- parsing a tree ---- */

typedef struct {
    lp_condition_node nodes[MAX_NODES];
    int n;
    bool full; /* said once */
    const lp_names *names;
    lp_findings *report;
} parser;

static lp_condition_node *next_node(parser *p, const lp_place *where) {
    if (p->n < MAX_NODES) return &p->nodes[p->n++];
    p->full = true;
    lp_report_error(p->report, where, "more than %d tests and nodes", MAX_NODES);
    return NULL;
}

static bool parse_test(parser *p, const cJSON *item, const lp_place *where) {
    lp_condition_node *node = next_node(p, where);
    if (!node) return false;
    *node = (lp_condition_node){.span = 1};
    bool good = lp_measure_parse(&node->test, item, false, p->names, where, p->report);
    if (cJSON_IsObject(item)) good &= lp_json_known(item, "op|reference|measurement", p->names->strict, where, p->report);
    node->test.variable = lp_variable_find(p->names->variables, p->names->n, item->string);
    if (node->test.variable >= 0) return good;
    lp_report_error(p->report, where, "variable '%.40s' is not in data.json", item->string);
    return false;
}

static bool parse_kind(bool *all, const cJSON *item, const lp_place *where, lp_findings *r) {
    const cJSON *kind = cJSON_GetObjectItemCaseSensitive(item, "condition");
    const char *text = cJSON_GetStringValue(kind);
    *all = text && !strcmp(text, "all");
    if (!kind || *all || (text && !strcmp(text, "any"))) return true;
    const lp_place at = lp_place_field(where, "condition");
    lp_report_error(r, &at, "must be all or any");
    return false;
}

static bool parse_group(parser *p, int depth, const cJSON *item, const lp_place *where) {
    const cJSON *child, *tests, *groups;
    lp_findings *r = p->report;
    if (!cJSON_IsObject(item)) return lp_report_error(r, where, "must be an object with variables or nodes"), false;
    if (depth > MAX_DEPTH) return lp_report_error(r, where, "nested deeper than %d", MAX_DEPTH), false;
    int self = p->n;
    lp_condition_node *node = next_node(p, where);
    if (!node) return false;
    *node = (lp_condition_node){.is_group = true};
    bool good = parse_kind(&node->all, item, where, r);
    good &= lp_json_known(item, p->names->strict ? "condition|variables|nodes" : "condition|variables|nodes|script", p->names->strict,
                          where, r);
    good &= lp_json_object(item, "variables", &tests, where, r);
    good &= lp_json_object(item, "nodes", &groups, where, r);
    if (good && p->names->strict && !cJSON_GetArraySize(tests) && !cJSON_GetArraySize(groups))
        return lp_report_error(r, where, "holds neither variables nor nodes"), false;
    const lp_place in_tests = lp_place_field(where, "variables"), in_groups = lp_place_field(where, "nodes");
    cJSON_ArrayForEach(child, tests) {
        const lp_place at = lp_place_field(&in_tests, child->string);
        good &= parse_test(p, child, &at);
        if (p->full) return false;
    }
    cJSON_ArrayForEach(child, groups) {
        const lp_place at = lp_place_field(&in_groups, child->string);
        good &= parse_group(p, depth + 1, child, &at);
        if (p->full) return false;
    }
    p->nodes[self].span = p->n - self;
    return good;
}

bool lp_condition_parse(lp_condition *out, const cJSON *item, const lp_names *names, const lp_place *where, lp_findings *r) {
    *out = (lp_condition){0};
    if (!item) return true;
    parser *p = calloc(1, sizeof *p);
    if (!p) return lp_report_out_of_memory(r, where), false;
    p->names = names;
    p->report = r;
    bool good = parse_group(p, 0, item, where);
    bool is_never = p->n == 1 && !p->nodes[0].all;
    if (good && !is_never) {
        out->nodes = malloc((size_t)p->n * sizeof *out->nodes);
        if (out->nodes) memcpy(out->nodes, p->nodes, (size_t)p->n * sizeof *out->nodes), out->n = p->n;
        else good = false, lp_report_out_of_memory(r, where);
    }
    free(p);
    return good;
}

void lp_condition_free(lp_condition *c) {
    free(c->nodes);
    *c = (lp_condition){0};
}

static bool node_holds(const lp_condition_node *node, const int64_t *now, const int64_t *before) {
    if (!node->is_group) return lp_measure_value(&node->test, now, before) > 0;
    for (int i = 1; i < node->span; i += node[i].span)
        if (node_holds(node + i, now, before) != node->all) return !node->all;
    return node->all;
}

bool lp_condition_holds(const lp_condition *c, const int64_t *now, const int64_t *before) {
    return c->n && node_holds(c->nodes, now, before);
}
