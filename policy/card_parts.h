/* What the card*.c files share: memory on the card, and the network's stages there. */
#ifndef LP_POLICY_CARD_PARTS_H
#define LP_POLICY_CARD_PARTS_H

#include "kernels/kernels_cuda.h"
#include "policy/card.h"

struct lp_card {
    size_t offset[P_COUNT]; /* of each tensor in the card's arrays of parameters, floats: multiples of 64, so that all are aligned */
    size_t n_parameters;    /* of such an array, with what lies between the tensors, which is zero */
    float *parameters;      /* on the card: those that actors read */
    bool bf16;
    void *pinned;           /* the host's parameters, where they are */
};

/* ---- memory: asked for in one piece, carved twice: to count, and for real ---- */
typedef struct {
    unsigned char *base; /* NULL: only counts */
    size_t used;
} card_room;
void *card_take(card_room *room, size_t bytes);
/* "out of GPU memory: NAME asks for ..." */
lp_status card_alloc(void **out, size_t bytes, const char *name, lp_err *err);
lp_status card_failed(int error, const char *name, lp_err *err);

/* ---- arrays of parameters: the host's have no gaps, the card's do ---- */
int card_parameters_to(const lp_card *card, const lp_policy *p, float *device, const void *host, void *stream);
int card_parameters_from(const lp_card *card, const lp_policy *p, void *host, const float *device, void *stream); /* enqueued */

/* ---- the network's stages on n rows; a and d are activations on the card. The first error stays in m->error ---- */
typedef struct {
    const lp_policy *p;
    const lp_card *card;
    const float *parameters; /* an array of them on the card */
    lp_cuda_blas *blas;
    void *stream;
    float *scratch; /* card_model_scratch floats */
    int images;     /* that a convolution takes at once */
    int error;
} card_model;

/* Decisions [n] and where they read: decision b in table b / per_table. */
typedef struct {
    const int32_t *index, *count; /* [n][max_items], [n] */
    const uint8_t *level, *age;   /* [n][max_items] */
    float *item, *salience;       /* [tables][rows][dim], [tables][rows] */
    float *weight;                /* [n][heads][max_items] */
    int max_items, per_table, rows;
} card_context;

/* After an error nothing more is enqueued. */
#define CARD_DO(m, call)                                                                                                                               \
    do {                                                                                                                                               \
        if (!(m)->error) (m)->error = (call);                                                                                                          \
    } while (0)

size_t card_model_scratch(const lp_policy *p, int images);
lp_status card_model_open(card_model *m, const lp_policy *p, bool urgent, lp_err *err);
void card_model_close(card_model *m);
lp_read card_read(const card_model *m, const card_context *c);

void card_see(card_model *m, activations *a, const uint8_t *pixels, const int32_t *last_action, int n);
/* f -> g; steps rows follow each other in each of the segments. end NULL: none ends. */
void card_core(card_model *m, activations *a, const float *state, const uint8_t *end, int segments, int steps);
void card_remember(card_model *m, activations *a, int n);
void card_recall(card_model *m, activations *a, const card_context *c, int n);
void card_decide(card_model *m, activations *a, int n);

/* The way back; gradient is an array of parameters that accumulates. */
void card_decide_backward(card_model *m, activations *d, const activations *a, int n, float *gradient);
/* scratch: lp_cuda_read_scratch floats. ditem, dsalience: the tables' gradients, zeroed before. */
void card_recall_backward(card_model *m, activations *d, const activations *a, const card_context *c, float *ditem, float *dsalience, int n,
                          float *gradient, float *scratch);
void card_remember_backward(card_model *m, activations *d, const activations *a, int n, float *gradient);
void card_core_backward(card_model *m, activations *d, const activations *a, const uint8_t *end, int segments, int steps, float *gradient);
void card_see_backward(card_model *m, activations *d, const activations *a, const int32_t *last_action, int n, float *gradient);

#endif
