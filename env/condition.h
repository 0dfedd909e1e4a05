/* Conditions on variables, in stable-retro's grammar: {"condition": "all" or "any" (the default), "variables": {NAME: {"op": OP,
 * "reference": N, "measurement": "absolute" or "delta"}}, "nodes": {LABEL: condition}}.
 *
 * An operator makes a number of a number: the comparisons 0 or 1, "sign" -1, 0 or 1, none the number itself. A test holds
 * when that is above 0. */
#ifndef LP_ENV_CONDITION_H
#define LP_ENV_CONDITION_H

#include "env/variable.h"

typedef enum {
    LP_OP_NONE,
    LP_OP_ZERO,
    LP_OP_NONZERO,
    LP_OP_POSITIVE,
    LP_OP_NEGATIVE,
    LP_OP_SIGN,
    LP_OP_EQUAL,
    LP_OP_NEGATIVE_EQUAL,
    LP_OP_NOT_EQUAL,
    LP_OP_LESS,
    LP_OP_GREATER,
    LP_OP_LESS_EQUAL,
    LP_OP_GREATER_EQUAL
} lp_op;

/* What is looked at, and how: of a test, and of a term of a reward. */
typedef struct {
    int variable; /* index */
    lp_op op;
    bool delta;
    int64_t reference;
} lp_measure;

/* A flat tree: a group's children follow it; `span` is the number of entries it takes, itself included. */
typedef struct {
    bool is_group, all;
    int span;
    lp_measure test;
} lp_condition_node;

typedef struct {
    lp_condition_node *nodes; /* owned; n 0: never true */
    int n;
} lp_condition;

/* What a name in a condition may mean. */
typedef struct {
    const lp_variable *variables;
    int n;
    /* longplay.json: an absent op or reference, an unknown field, an empty group are mistakes. Else, as in stable-retro's own files:
     * no op is the value itself, no reference 0; an empty "all" always holds, an empty "any" never. */
    bool strict;
} lp_names;

/* The op, reference and measurement of item; is_delta: what an absent measurement means. where: the item's. */
bool lp_measure_parse(lp_measure *out, const cJSON *item, bool is_delta, const lp_names *names, const lp_place *where, lp_findings *r);
/* now, before: the variables' values at this decision and the one before. */
int64_t lp_measure_value(const lp_measure *m, const int64_t *now, const int64_t *before);
int64_t lp_op_apply(lp_op op, int64_t reference, int64_t value);
/* LP_OP_NONE: there is no operator of that name. Those from LP_OP_EQUAL on compare with the reference. */
lp_op lp_op_named(const char *name);

/* item NULL: never true. After a mistake *out is empty. */
bool lp_condition_parse(lp_condition *out, const cJSON *item, const lp_names *names, const lp_place *where, lp_findings *r);
void lp_condition_free(lp_condition *c);
bool lp_condition_holds(const lp_condition *c, const int64_t *now, const int64_t *before);

#endif
