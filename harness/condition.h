/* RAM variables and conditions on them, in stable-retro's grammar (data.json, scenario.json).
 *
 * A variable: {"address": 49327, "type": "<u2"}: byte order (| < >), kind (u unsigned, i signed, d binary-coded decimal), bytes.
 * A condition: {"condition": "all" or "any" (the default), "variables": {NAME: {"op": OP, "reference": N, "measurement":
 * "absolute" or "delta"}}, "nodes": {LABEL: condition}}. Internal to harness/. */
#ifndef LP_HARNESS_CONDITION_H
#define LP_HARNESS_CONDITION_H

#include "base/status.h"
#include "emulator/emulator.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

enum { LP_NAME_BYTES = 40 };

typedef struct {
    char name[LP_NAME_BYTES];
    uint32_t address;
    char order, kind;
    int width_bytes; /* 1 to 8 */
} lp_variable;

typedef enum { LP_OP_ZERO, LP_OP_NONZERO, LP_OP_POSITIVE, LP_OP_NEGATIVE, LP_OP_EQUAL, LP_OP_NOT_EQUAL, LP_OP_LESS, LP_OP_GREATER,
               LP_OP_LESS_EQUAL, LP_OP_GREATER_EQUAL } lp_op;

/* A flat tree: a group's children follow it; `span` is the number of entries it takes, itself included. */
typedef struct {
    bool is_group, all;
    int span;
    int variable; /* test: index */
    lp_op op;
    bool delta;
    int64_t reference;
} lp_condition_node;

typedef struct {
    lp_condition_node *nodes; /* owned; n 0: never true */
    int n;
} lp_condition;

/* where: "longplay.json: field", for messages; known: the fields that item may have, as lp_json_known takes them. */
lp_status lp_variable_parse(lp_variable *out, const char *name, const cJSON *item, const char *known, const char *where, lp_err *err);
int64_t lp_variable_read(const lp_variable *v, lp_emu *emu);
void lp_variable_write(const lp_variable *v, lp_emu *emu, int64_t value, void (*poke)(void *context, uint32_t address, uint8_t value),
                       void *context);
lp_status lp_condition_parse(lp_condition *out, const cJSON *item, const lp_variable *variables, int n_variables, const char *where,
                             lp_err *err);
void lp_condition_free(lp_condition *c);
/* now, before: the variables' values at this decision and the one before. */
bool lp_condition_holds(const lp_condition *c, const int64_t *now, const int64_t *before);

/* JSON fields with clear messages; where: "longplay.json:", or deeper "longplay.json: knobs.horizon". An absent field is taken as initial, or, where that is NULL, refused. */
lp_status lp_json_int(const cJSON *object, const char *key, int64_t min, int64_t max, const int64_t *initial, int64_t *out, const char *where,
                      lp_err *err);
/* The field as an object (or list); *out NULL when it is absent. */
lp_status lp_json_object(const cJSON *object, const char *key, const cJSON **out, const char *where, lp_err *err);
lp_status lp_json_list(const cJSON *object, const char *key, int max, const cJSON **out, const char *where, lp_err *err);
/* The text into out; "" when it is absent. */
lp_status lp_json_text(const cJSON *object, const char *key, char *out, size_t size, const char *where, lp_err *err);
/* Refuses a field that is not among known, names separated by '|': a misspelt field must not pass for an absent one. */
lp_status lp_json_known(const cJSON *object, const char *known, const char *where, lp_err *err);

#endif
