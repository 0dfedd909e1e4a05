/* What the cuda*.c files share: memory on the card, and the network's stages there. */
#ifndef LP_POLICY_CUDA_PARTS_H
#define LP_POLICY_CUDA_PARTS_H

#include "kernels/kernels_cuda.h"
#include "policy/cuda.h"

struct lp_cuda_card {
    size_t offset[P_COUNT]; /* of each tensor in the card's arrays of parameters, floats: multiples of 64, so that all are aligned */
    size_t n_parameters;    /* of such an array, with what lies between the tensors, which is zero */
    float *parameters;      /* on the card: those that actors read */
    bool bf16;
    void *pinned; /* the host's parameters, where they are */
};

/* ---- memory: asked for in one piece, carved twice: to count, and for real ---- */
typedef struct {
    unsigned char *base; /* NULL: only counts */
    size_t used;
} cuda_room;
void *cuda_take(cuda_room *room, size_t bytes);
/* "out of GPU memory: NAME asks for ..." */
lp_status cuda_alloc(void **out, size_t bytes, const char *name, lp_err *err);
lp_status cuda_failed(int error, const char *name, lp_err *err);

/* ---- arrays of parameters: the host's have no gaps, the card's do ---- */
int cuda_parameters_to(const lp_cuda_card *card, const lp_policy *p, float *device, const void *host, void *stream);
int cuda_parameters_from(const lp_cuda_card *card, const lp_policy *p, void *host, const float *device, void *stream); /* enqueued */

/* ---- the network's stages on n rows; a and d are activations on the card. The first error stays in m->error ---- */
typedef struct {
    const lp_policy *p;
    const lp_cuda_card *card;
    const float *parameters; /* an array of them on the card */
    lp_cuda_blas *blas;
    void *stream;
    float *scratch; /* cuda_model_scratch floats */
    int images;     /* that a convolution takes at once */
    int error;
} cuda_model;

/* Decisions [n] and where they read: decision b in table b / per_table. */
typedef struct {
    const int32_t *index, *count; /* [n][max_items], [n] */
    const uint8_t *level, *age;   /* [n][max_items] */
    float *item, *salience;       /* [tables][rows][dim], [tables][rows] */
    float *weight;                /* [n][heads][max_items] */
    int max_items, per_table, rows;
} cuda_context;

/* After an error nothing more is enqueued. */
#define CUDA_DO(m, call)                                                                                                                   \
    do {                                                                                                                                   \
        if (!(m)->error) (m)->error = (call);                                                                                              \
    } while (0)

static inline const float *cuda_weight(const cuda_model *m, param_id id) { return m->parameters + m->card->offset[id]; }
static inline float *cuda_into(const cuda_model *m, float *gradient, param_id id) { return gradient + m->card->offset[id]; }
/* dw, db of y = x w^T + b; bias P_COUNT: there is none. */
static inline void cuda_weight_back(cuda_model *m, float *gradient, param_id w, param_id b, const float *dy, const float *x, int n, int i,
                                    int o) {
    CUDA_DO(m, lp_cuda_linear_backward_weight(m->blas, cuda_into(m, gradient, w), b == P_COUNT ? NULL : cuda_into(m, gradient, b), dy, x, n,
                                              i, o));
}
static inline void cuda_input_back(cuda_model *m, float *dx, const float *dy, param_id w, int n, int i, int o, int how) {
    CUDA_DO(m, lp_cuda_linear_backward_input(m->blas, dx, dy, cuda_weight(m, w), n, i, o, how));
}

size_t cuda_model_scratch(const lp_policy *p, int images);
lp_status cuda_model_open(cuda_model *m, const lp_policy *p, bool urgent, lp_err *err);
void cuda_model_close(cuda_model *m);
lp_read cuda_read(const cuda_model *m, const cuda_context *c);

void cuda_see(cuda_model *m, activations *a, const uint8_t *pixels, const int32_t *last_action, int n);
/* f -> g; steps rows follow each other in each of the segments. end NULL: none ends. */
void cuda_core(cuda_model *m, activations *a, const float *state, const uint8_t *end, int segments, int steps);
/* g -> item, salience; and q */
void cuda_item(cuda_model *m, activations *a, int n);
void cuda_remember(cuda_model *m, activations *a, int n);
void cuda_recall(cuda_model *m, activations *a, const cuda_context *c, int n);
void cuda_decide(cuda_model *m, activations *a, int n);
/* As model_decide_without_memory, model_salience. */
void cuda_decide_without_memory(cuda_model *m, activations *out, const activations *a, int n);
void cuda_salience(cuda_model *m, float *salience, const float *item, int n);
void cuda_salience_backward(cuda_model *m, const float *dsalience, const float *item, int n, float *gradient);

/* The way back; gradient is an array of parameters that accumulates. */
void cuda_decide_backward(cuda_model *m, activations *d, const activations *a, int n, float *gradient);
/* scratch: lp_cuda_read_scratch floats. ditem, dsalience: the tables' gradients, zeroed before. extra_dsalience:
 * lp_cuda_salience_loss's, or NULL. */
void cuda_recall_backward(cuda_model *m, activations *d, const activations *a, const cuda_context *c, const float *extra_dsalience,
                          float *ditem, float *dsalience, int n, float *gradient, float entropy_scale, const float *fade, double *entropy,
                          float *scratch);
void cuda_item_backward(cuda_model *m, activations *d, const activations *a, int n, float *gradient);
void cuda_remember_backward(cuda_model *m, activations *d, const activations *a, int n, float *gradient);
void cuda_core_backward(cuda_model *m, activations *d, const activations *a, const uint8_t *end, int segments, int steps, float *gradient);
void cuda_see_backward(cuda_model *m, activations *d, const activations *a, const int32_t *last_action, int n, float *gradient);

#endif
