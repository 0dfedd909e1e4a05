/* The network itself: parameters, forward, backward. Internal to policy/. */
#ifndef LP_POLICY_MODEL_H
#define LP_POLICY_MODEL_H

#include "base/rng.h"
#include "kernels/frames.h"
#include "kernels/kernels.h"
#include "policy/policy.h"

/* Every tensor of the network, in the order of the flat parameter array. */
typedef enum {
    // clang-format off
    P_CONV1_W, P_CONV1_B, P_CONV2_W, P_CONV2_B, P_FEATURES_W, P_FEATURES_B, P_ACTION,
    P_CORE_X_W, P_CORE_X_B, P_CORE_H_W, P_CORE_H_B, P_CORE_LAMBDA, P_CORE_OUT, P_ITEM_W, P_ITEM_B,
    P_SALIENCE_W, P_SALIENCE_B, P_SALIENCE_SQUARE, P_QUERY_W, P_QUERY_B, P_ORDER_W, P_ORDER_B, P_LEVEL_KEY, P_AGE_KEY, P_HEAD_FEATURE, P_HEAD_READ, P_HEAD_B,
    P_POLICY_W, P_POLICY_B, P_VALUE_W, P_VALUE_B, P_COUNT,
    // clang-format on
} param_id;

typedef struct {
    const char *name;
    int rank, shape[4];
    size_t offset, size; /* floats; size 0: this network has no such tensor */
} param_info;

/* A recurrent core's tensors, and what it has of a row, floats; all 0 without one. */
typedef struct {
    int x, h;           /* outputs of core.x [x][hidden], what the frame says, and of core.h [h][hidden], what the state says */
    int x_bias, h_bias; /* as many, or 0: it has none */
    int lambda;         /* columns of core.lambda [3][lambda] */
    int out;            /* columns of core.out [hidden][out], through which y comes out; 0: it comes out as it is */
    int u, gate, last;  /* kept for the way back */
    int y, state;       /* what it gives, y 0: the state after; what is handed on from row to row */
    int products;       /* multiply-adds of a row besides these tensors' */
} core_sizes;

struct lp_policy {
    lp_policy_config shape;
    core_sizes core;
    lp_conv conv1, conv2;
    int flat; /* floats of conv2's output */
    param_info info[P_COUNT];
    size_t n_parameters;
    float *parameters;               /* [n_parameters] owned */
    uint64_t version;                /* of the parameters: counts their changes */
    void *notes;                     /* cJSON object or NULL, owned (weights.c) */
    struct lp_cuda_card *card;       /* where it is on a GPU too, owned; NULL: on the CPU alone */
    int packed_width, packed_height; /* of the screens that come to the card; 0: it is grey frames that come */
};

/* Activations of n rows; all carved from one allocation. */
typedef struct {
    float *x;  /* [n][height * width] */
    float *c1; /* [n][conv1 oh * ow * oc] */
    float *c2; /* [n][flat] */
    float *f;  /* [n][hidden] */
    float *g;  /* [n][hidden]; f itself without a core */
    /* the core's, where there is one */
    float *core_x, *u, *gate, *last; /* [n][core.x], [n][core.u] and so on */
    float *prev, *next;              /* [n][core.state] the state before and after */
    float *y;                        /* [n][core.y] what it gives; may be next */
    float *item;                     /* [n][dim], with room for `extra` rows before it (those of a segment that are constants) */
    float *salience;                 /* [n] likewise */
    float *q;                        /* [n][heads * dim] */
    float *order;                    /* [n][heads * 2] which of those that match; NULL: this network cannot say */
    float *read;                     /* [n][heads * dim] */
    float *joined;                   /* [n][hidden] what the head looks at: g and what was read, or g itself where that joins in the head */
    float *z;                        /* [n][hidden] */
    float *logit;                    /* [n][n_actions] */
    float *value;                    /* [n] */
} activations;

core_sizes core_sizes_of(const lp_policy_config *shape);

/* Random weights of normal distribution, standard deviation gain / sqrt(fan in) (He et al. 2015 for relu: gain sqrt 2). */
void init_weight(lp_policy *p, param_id id, float gain, lp_rng *rng);
/* Of the core's tensors. */
void core_init(lp_policy *p, lp_rng *rng);

/* lp_policy_open in two steps: the shapes, then room for their parameters, all 0. */
lp_status model_open(lp_policy **out, const lp_policy_config *config, lp_err *err);
lp_status model_allocate(lp_policy *p, lp_err *err);

size_t activations_floats(const lp_policy *p, int n, int extra);
/* Carves from memory, which has activations_floats(p, n, extra) floats and is 64-byte aligned. */
void activations_carve(activations *a, const lp_policy *p, int n, int extra, float *memory);
/* The same rows, from `row` on. */
activations activations_from(activations a, const lp_policy *p, int row);
size_t model_scratch_floats(const lp_policy *p);

static inline const float *param(const lp_policy *p, param_id id) { return p->parameters + p->info[id].offset; }
static inline float *grad(const lp_policy *p, float *gradient, param_id id) { return gradient + p->info[id].offset; }

/* The eyes: pixels -> c1, c2, both after relu, skipping what did not change since the frame before where the shapes allow it. */
typedef struct {
    bool skips;
    lp_frames frames;
    float *scratch;
} model_eyes;
/* Once, and after every change of the weights. scratch has model_scratch_floats(p) and is the eyes' from now on. */
void model_eyes_open(model_eyes *eyes, const lp_policy *p, float *scratch);
/* One frame into row `row`; before: the pixels that the row holds the activations of, NULL for none. */
void model_see(const lp_policy *p, activations *a, model_eyes *eyes, int row, const uint8_t *pixels, const uint8_t *before);
/* n frames that follow each other, into rows 0 to n - 1; pixels [n][height * width]. */
void model_see_sequence(const lp_policy *p, activations *a, model_eyes *eyes, const uint8_t *pixels, int n);

/* c2 -> f. features: their weights packed, or NULL; last_action [n], -1: none yet. The matrix products run over rows >= n rows, whatever the ones after n hold:
 * a BLAS may round a row differently for another number of rows, so a caller whose n varies keeps rows fixed and gets the
 * same bits. The others likewise. */
void model_encode(const lp_policy *p, activations *a, const float *features, const int32_t *last_action, int n, int rows);
/* f -> g, prev, next of `segments` sequences of `steps` rows each. The first row of each comes after its state [segments][core.state], which
 * may be a->prev where steps is 1; the others after the row before, but after zeros where that has an end; end NULL: none has. */
void model_core(const lp_policy *p, activations *a, const float *state, const uint8_t *end, int segments, int steps);
/* g -> item, salience; and q */
void model_item(const lp_policy *p, activations *a, int rows);
void model_remember(const lp_policy *p, activations *a, int rows);
/* items [n][dim] -> saliences [n], which model_item gives as well; the way back is for the weights alone */
void model_salience(const lp_policy *p, float *salience, const float *item, int n);
void model_salience_backward(const lp_policy *p, const float *dsalience, const float *item, int n, float *gradient);
/* read, g -> logit, value */
void model_decide(const lp_policy *p, activations *a, int n);
/* a->g -> out's z and logit, as if nothing had been read */
void model_decide_without_memory(const lp_policy *p, activations *out, const activations *a, int n);
/* Of row `row`; NULL where the network has no order. */
static inline float *model_order(const lp_policy *p, float *order, int row) {
    return order ? order + (size_t)row * 2 * (size_t)p->shape.heads : NULL;
}
lp_read model_read(const lp_policy *p, const float *item, const float *salience);

/* Backward, with gradients of activations in d (same shapes as a). gradient [n_parameters] accumulates. */
/* d->logit, d->value -> d->read, d->g */
void model_decide_backward(const lp_policy *p, activations *d, const activations *a, int n, float *gradient);
/* d->item, d->salience, d->g -> d->g; and d->q */
void model_item_backward(const lp_policy *p, activations *d, const activations *a, int n, float *gradient);
void model_remember_backward(const lp_policy *p, activations *d, const activations *a, int n, float *gradient);
/* d->g -> d->f */
void model_core_backward(const lp_policy *p, activations *d, const activations *a, const uint8_t *end, int segments, int steps,
                         float *gradient);
/* d->f -> d->c2, before relu; clobbers d->f */
void model_encode_backward(const lp_policy *p, activations *d, const activations *a, const int32_t *last_action, int n, float *gradient);
/* d->c2 -> gradient, of model_see_sequence; clobbers d */
void model_see_backward(const lp_policy *p, activations *d, const activations *a, model_eyes *eyes, const uint8_t *pixels, int n,
                        float *gradient);

#endif
