/* The network itself: parameters, forward, backward. Internal to policy/. */
#ifndef LP_POLICY_MODEL_H
#define LP_POLICY_MODEL_H

#include "kernels/kernels.h"
#include "policy/policy.h"

/* Every tensor of the network, in the order of the flat parameter array. */
typedef enum {
    P_CONV1_W, P_CONV1_B, P_CONV2_W, P_CONV2_B, P_FEATURES_W, P_FEATURES_B, P_ACTION, P_ITEM_W, P_ITEM_B,
    P_SALIENCE_W, P_SALIENCE_B, P_QUERY_W, P_QUERY_B, P_LEVEL_KEY, P_AGE_KEY, P_HEAD_FEATURE, P_HEAD_READ, P_HEAD_B,
    P_POLICY_W, P_POLICY_B, P_VALUE_W, P_VALUE_B, P_COUNT,
} param_id;

typedef struct {
    const char *name;
    int rank, shape[4];
    size_t offset, size; /* floats */
} param_info;

struct lp_policy {
    lp_policy_config shape;
    lp_conv conv1, conv2;
    int flat; /* floats of conv2's output */
    param_info info[P_COUNT];
    size_t n_parameters;
    float *parameters; /* [n_parameters] owned */
    void *notes;       /* cJSON object or NULL, owned (weights.c) */
};

/* Activations of n rows; all carved from one allocation. */
typedef struct {
    float *x;        /* [n][height * width] */
    float *c1;       /* [n][conv1 oh * ow * oc] */
    float *c2;       /* [n][flat] */
    float *f;        /* [n][hidden] */
    float *item;     /* [n][dim], with room for `extra` rows before it (old items of a segment) */
    float *salience; /* [n] likewise */
    float *q;        /* [n][heads * dim] */
    float *read;     /* [n][heads * dim] */
    float *z;        /* [n][hidden] */
    float *logit;    /* [n][n_actions] */
    float *value;    /* [n] */
} activations;

size_t activations_floats(const lp_policy *p, int n, int extra);
/* Carves from memory, which has activations_floats(p, n, extra) floats and is 64-byte aligned. */
void activations_carve(activations *a, const lp_policy *p, int n, int extra, float *memory);
size_t model_scratch_floats(const lp_policy *p);

static inline const float *param(const lp_policy *p, param_id id) { return p->parameters + p->info[id].offset; }
static inline float *grad(const lp_policy *p, float *gradient, param_id id) { return gradient + p->info[id].offset; }

/* a->x (from lp_k_from_bytes) -> item, salience, q. last_action [n], -1: none yet. The matrix products run over
 * rows >= n rows, whatever the ones after n hold: a BLAS may round a row differently for another number of rows, so a
 * caller whose n varies keeps rows fixed and gets the same bits. model_decide likewise. */
void model_encode(const lp_policy *p, activations *a, const int32_t *last_action, int n, int rows, float *scratch);
/* read, f -> logit, value */
void model_decide(const lp_policy *p, activations *a, int n);
lp_read model_read(const lp_policy *p, const float *item, const float *salience);

/* Backward, with gradients of activations in d (same shapes as a). gradient [n_parameters] accumulates. */
/* d->logit, d->value -> d->read, d->f */
void model_decide_backward(const lp_policy *p, activations *d, const activations *a, int n, float *gradient);
/* d->item, d->salience, d->q, d->f -> gradient; clobbers d */
void model_encode_backward(const lp_policy *p, activations *d, const activations *a, const int32_t *last_action, int n,
                           float *scratch, float *gradient);

#endif
