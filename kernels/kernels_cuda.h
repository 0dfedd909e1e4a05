/* The CUDA twins: the operations of kernels.h on device pointers, in a stream (a cudaStream_t passed as void*, so that C
 * code needs no CUDA header). Formulas, shapes, bytes and flops are those of kernels.h; where a twin takes a whole batch or keeps its
 * numbers on the card, its comment says how. Each returns 0 or a cudaError_t. Calls only enqueue work: nothing here allocates,
 * synchronises or looks at what is on the card, so any row of calls can be captured in a graph. The same calls give the same bits on the same card:
 * sums are taken in a fixed order, without atomics. Built where LP_CUDA is on.
 *
 * Tolerance against the CPU: |difference| <= 1e-5 (1 + sum of the absolute products), as in kernels.h; with bf16 operands 1e-2 of it. */
#ifndef LP_KERNELS_KERNELS_CUDA_H
#define LP_KERNELS_KERNELS_CUDA_H

#include "kernels/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* NULL: a device can be used. Else why none can: "no CUDA-capable device is detected", "CUDA driver version is insufficient ...". */
const char *lp_cuda_missing(void);
/* The device in words: name, compute capability, memory, driver. Returns text. */
const char *lp_cuda_describe(char *text, size_t size_bytes);
/* "no CUDA-capable device is detected" and the like, for an error that a call returned. */
const char *lp_cuda_error(int error);
enum { LP_CUDA_OUT_OF_MEMORY = 2 }; /* cudaErrorMemoryAllocation */
/* Bytes of the device's memory. */
int lp_cuda_memory(size_t *free_bytes, size_t *total_bytes);

/* After a failure *pointer is NULL, and no later call returns that failure. */
int lp_cuda_alloc(void **pointer, size_t size_bytes);
void lp_cuda_free(void *pointer);
/* Memory of the host that copies reach without a stop on the way. */
int lp_cuda_alloc_pinned(void **pointer, size_t size_bytes);
void lp_cuda_free_pinned(void *pointer);
/* Makes memory that is there already such memory, until unpinned. */
int lp_cuda_pin(void *pointer, size_t size_bytes);
void lp_cuda_unpin(void *pointer);

/* urgent: what is enqueued goes before that of other streams wherever the card has to choose. */
int lp_cuda_stream_open(void **stream, int urgent);
void lp_cuda_stream_close(void *stream);
/* Until all that was enqueued is done. Errors of what ran come out here. */
int lp_cuda_wait(void *stream);
/* Copies and fills are enqueued too. Memory of the host that is not pinned may be used again on return, but a graph has only what is. */
int lp_cuda_to_device(void *device, const void *host, size_t size_bytes, void *stream);
int lp_cuda_from_device(void *host, const void *device, size_t size_bytes, void *stream);
int lp_cuda_copy(void *to, const void *from, size_t size_bytes, void *stream);
/* rows of row_bytes each, to_stride and from_stride bytes apart. */
int lp_cuda_copy_rows(void *to, size_t to_stride, const void *from, size_t from_stride, size_t row_bytes, size_t rows, void *stream);
int lp_cuda_zero(void *device, size_t size_bytes, void *stream);
/* Waits for the stream, so that host holds the result on return. */
int lp_cuda_to_host(void *host, const void *device, size_t size_bytes, void *stream);

/* What is enqueued in stream between begin and end is not run, but becomes a graph, which is then enqueued as one. */
typedef struct lp_cuda_graph lp_cuda_graph;
int lp_cuda_graph_begin(void *stream);
int lp_cuda_graph_end(lp_cuda_graph **graph, void *stream); /* on failure *graph is NULL */
int lp_cuda_graph_run(lp_cuda_graph *graph, void *stream);
void lp_cuda_graph_close(lp_cuda_graph *graph);

/* A point in a stream, to take times between. */
int lp_cuda_event_open(void **event);
int lp_cuda_event_record(void *event, void *stream);
int lp_cuda_event_us(double *us, void *from, void *to); /* waits for `to` */
void lp_cuda_event_close(void *event);

/* ---- each element by itself ---- */
int lp_cuda_from_bytes(float *y, const uint8_t *x, size_t n, void *stream);
int lp_cuda_observe_shades(float *y, const uint8_t *shades, int n, int in_w, int in_h, int out_w, int out_h, void *stream);
int lp_cuda_relu(float *y, size_t n, void *stream);
int lp_cuda_relu_backward(float *dy, const float *y, size_t n, void *stream);
/* y = a + b; y may be either. bytes 12 n. */
int lp_cuda_add(float *y, const float *a, const float *b, size_t n, void *stream);
/* y[r] = table[index[r]], 0 where index[r] < 0: y [n][dim], table [rows][dim], rows <= 65535. The way back accumulates; flops n rows
 * dim. */
int lp_cuda_embed(float *y, const float *table, const int32_t *index, int n, int dim, void *stream);
int lp_cuda_embed_backward(float *dtable, const float *dy, const int32_t *index, int n, int rows, int dim, void *stream);
/* to[i] = from[index[i]] for n rows of row_bytes each; index on the card. bytes 2 n row_bytes. */
int lp_cuda_gather(void *to, const void *from, const int32_t *index, int n, size_t row_bytes, void *stream);
/* table[r][slot[r]] = from[r] where slot[r] >= 0: table [n][slots][dim], from [n][dim]. bytes 8 n dim. */
int lp_cuda_scatter(float *table, const float *from, const int32_t *slot, int n, int slots, int dim, void *stream);

/* ---- matrix products: cuBLAS in the stream it was opened for; its 32 MiB of workspace are allocated then ---- */
typedef struct lp_cuda_blas lp_cuda_blas;
enum { LP_CUDA_MAX_WIDE = 16384 };                           /* outputs of a linear map that has a bias */
enum { LP_CUDA_FEW = 16 };                                   /* rows that need no cuBLAS */
enum { LP_CUDA_SET = 0, LP_CUDA_ADD = 1, LP_CUDA_RELU = 2 }; /* how: y = or y +=; and then max(y, 0) */
/* bf16: operands are rounded to bfloat16 on their way into the tensor cores, sums stay float32. One thread at a time. */
int lp_cuda_blas_open(lp_cuda_blas **out, int bf16, void *stream);
void lp_cuda_blas_close(lp_cuda_blas *blas);
void *lp_cuda_blas_stream(const lp_cuda_blas *blas);
/* One launch for n <= LP_CUDA_FEW, in float32 whatever bf16 says: each weight is read once, 16 bytes at a time where w, x and both their
 * rows are so aligned, and a row's bits depend on that row, i and this alignment alone, not on n. More rows are a product and, where
 * there is a bias or a relu, a pass over y; a row's bits may then depend on n. */
int lp_cuda_linear(lp_cuda_blas *blas, float *y, const float *x, const float *w, const float *b, int n, int i, int o, int how);
int lp_cuda_linear_backward_weight(lp_cuda_blas *blas, float *dw, float *db, const float *dy, const float *x, int n, int i, int o);
int lp_cuda_linear_backward_input(lp_cuda_blas *blas, float *dx, const float *dy, const float *w, int n, int i, int o, int accumulate);
/* The same for rows that lie y_stride, x_stride floats apart. */
int lp_cuda_linear_strided(lp_cuda_blas *blas, float *y, int y_stride, const float *x, int x_stride, const float *w, const float *b, int n,
                           int i, int o, int how);
int lp_cuda_linear_backward_input_strided(lp_cuda_blas *blas, float *dx, int dx_stride, const float *dy, int dy_stride, const float *w,
                                          int n, int i, int o, int accumulate);
/* 1 to LP_CUDA_MAX_MAPS maps of n rows each, o >= 1, none of which needs another's result: together one launch where the rows are few and
 * the maps alike in alignment. Each gives the bits that lp_cuda_linear gives. */
enum { LP_CUDA_MAX_MAPS = 4 };
typedef struct {
    float *y;
    const float *x, *w, *b;
    int i, o, how;
} lp_cuda_map;
int lp_cuda_linear_maps(lp_cuda_blas *blas, const lp_cuda_map *map, int n_maps, int n);

/* relu 1: y = max(y, 0) at once. Where n oh ow k k c oc <= 2^26 it is one launch without scratch, in float32, and an image's bits do
 * not depend on n. Else `images` at once go through scratch, of lp_cuda_conv_scratch floats. The way back as in lp_k_conv_backward. */
size_t lp_cuda_conv_scratch(const lp_conv *shape, int images);
int lp_cuda_conv(lp_cuda_blas *blas, float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *shape,
                 float *scratch, int images, int relu);
int lp_cuda_conv_backward(lp_cuda_blas *blas, float *dx, float *dweight, float *dbias, const float *dy, const float *x, const float *weight,
                          int n, const lp_conv *shape, float *scratch, int images);

/* ---- recurrent cores; what is a scan (mingru, lru) goes through a segment in parts side by side, and needs no carry ---- */
int lp_cuda_gru(lp_cuda_blas *blas, float *h, float *gate, float *u, float *prev, const float *x, const float *w, const float *b,
                const float *state, const uint8_t *end, int segments, int steps, int hidden);
int lp_cuda_gru_backward(lp_cuda_blas *blas, float *dx, float *du, float *carry, const float *dh, const float *gate, const float *u,
                         const float *prev, const float *w, const uint8_t *end, int segments, int steps, int hidden);
int lp_cuda_mingru(float *h, float *gate, float *prev, const float *x, const float *state, const uint8_t *end, int segments, int steps,
                   int hidden, void *stream);
int lp_cuda_mingru_backward(float *dx, const float *dh, const float *gate, const float *x, const float *prev, const uint8_t *end,
                            int segments, int steps, int hidden, void *stream);
int lp_cuda_lstm(lp_cuda_blas *blas, float *y, float *next, float *gate, float *last, float *prev, const float *w, const float *state,
                 const uint8_t *end, int segments, int steps, int hidden);
int lp_cuda_lstm_backward(lp_cuda_blas *blas, float *dx, float *carry, const float *dy, const float *gate, const float *next,
                          const float *prev, const float *w, const uint8_t *end, int segments, int steps, int hidden);
int lp_cuda_lru(float *next, float *prev, const float *x, const float *lambda, const float *state, const uint8_t *end, int segments,
                int steps, int hidden, void *stream);
int lp_cuda_lru_backward(float *dx, float *dlambda, const float *dnext, const float *x, const float *prev, const float *lambda,
                         const uint8_t *end, int segments, int steps, int hidden, void *stream);
int lp_cuda_delta(float *y, float *next, float *prev, const float *x, const float *state, const uint8_t *end, int segments, int steps,
                  int heads, void *stream);
int lp_cuda_delta_backward(float *dx, const float *dy, const float *x, const float *prev, const uint8_t *end, int segments, int steps,
                           int heads, void *stream);

/* ---- the memory read of a batch: decision b reads count[b] <= max_items items ----
 * q, out [batch][heads][dim]; order [batch][heads][2] or NULL; weight [batch][heads][max_items]; index, level, age [batch][max_items]; dim <= LP_CUDA_READ_MAX_DIM.
 * Decisions b with the same b / per_table share a table: table_rows rows of r->item and r->salience, to which index counts. */
enum { LP_CUDA_READ_MAX_DIM = 128 };
int lp_cuda_read(float *out, float *weight, const lp_read *r, const float *q, const float *order, const int32_t *index,
                 const uint8_t *level, const uint8_t *age, const int32_t *count, int batch, int max_items, int per_table, int table_rows,
                 void *stream);
/* Floats of scratch that the way back needs. */
size_t lp_cuda_read_scratch(const lp_read *r, int batch, int max_items, int per_table);
/* As lp_k_read_backward for every decision; within one decision no item may come twice. extra_dsalience [batch][max_items]: what
 * its items' saliences are owed besides; NULL: nothing. *entropy accumulates what the CPU's returns; *fade, on the card, multiplies entropy_scale (NULL: 1). */
int lp_cuda_read_backward(float *dq, float *dorder, float *ditem, float *dsalience, float *dlevel_key, float *dage_key, const float *dout,
                          const float *weight, const float *extra_dsalience, const lp_read *r, const float *q, const float *order,
                          const int32_t *index, const uint8_t *level, const uint8_t *age, const int32_t *count, int batch, int max_items,
                          int per_table, int table_rows, float entropy_scale, const float *fade, double *entropy, float *scratch,
                          void *stream);
/* *sum += x[0] + ... + x[n - 1], always in the same order */
int lp_cuda_add_up(double *sum, const double *x, int n, void *stream);

int lp_cuda_squares(float *out, const float *x, const float *u, int n, int dim, void *stream);
int lp_cuda_squares_backward_weight(float *du, const float *dout, const float *x, int n, int dim, void *stream);
int lp_cuda_squares_backward_input(float *dx, const float *dout, const float *x, const float *u, int n, int dim, void *stream);

/* As lp_k_importance and, for every decision, lp_k_salience_loss: what each item's salience is owed into extra_dsalience, for
 * lp_cuda_read_backward; *loss accumulates. scratch [batch]. */
int lp_cuda_importance(float *weight, const float *logit, const float *unread, const float *advantage, int n, int n_actions, void *stream);
int lp_cuda_salience_loss(float *extra_dsalience, double *loss, const float *salience, const float *weight, const int32_t *index,
                          const int32_t *count, const float *importance, int batch, int heads, int max_items, int per_table, int table_rows,
                          float even, float scale, double *scratch, void *stream);

/* ---- acting and learning ---- */
int lp_cuda_sample(int32_t *action, float *logp, const float *logit, int n, int n_actions, const uint64_t *seed, const uint64_t *count,
                   void *stream);
/* As lp_k_gae for envs environments: all [envs][n], value [envs][n + 1]. */
int lp_cuda_gae(float *advantage, float *target, const float *reward, const float *value, const uint8_t *end, const float *logp, int envs,
                int n, float gamma, float lambda, void *stream);
/* x = (x - mean) / (standard deviation + 1e-8), in place, of those x alone whose logp is not LP_TOLD. */
int lp_cuda_normalise(float *x, const float *logp, size_t n, void *stream);
/* As lp_k_ppo, with a clone_weight of *fade, which lies on the card, times that of the settings; sums lie on the card and accumulate; scratch of
 * lp_cuda_ppo_scratch_bytes. */
size_t lp_cuda_ppo_scratch_bytes(void);
int lp_cuda_ppo(float *dlogit, float *dvalue, lp_ppo_sums *sums, const float *logit, const float *value, const int32_t *action,
                const float *old_logp, const float *advantage, const float *target, int n, int n_actions, const lp_ppo *settings,
                const float *fade, void *scratch, void *stream);
/* Adam with the gradient's global norm clipped to max_norm. What it counts lies on the card, at the start of lp_cuda_adam_state_bytes
 * bytes; the caller sets them to zero once, and rate_scale (a factor on the rate) before each use. A gradient that is not finite changes
 * nothing but n_refused. */
typedef struct {
    double norm;             /* of the last gradient, before clipping */
    int64_t step, n_refused; /* steps taken; gradients refused */
    float scale, fix1, fix2, rate_scale;
    int32_t finite, unused;
} lp_cuda_adam_state;
size_t lp_cuda_adam_state_bytes(void);
int lp_cuda_adam(float *w, float *m, float *v, const float *g, size_t n, lp_cuda_adam_state *state, const lp_adam *settings, float max_norm,
                 void *stream);

#ifdef __cplusplus
}
#endif

#endif
