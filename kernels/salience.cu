/* Twins of salience.c: squares; how much reading changes, a decision a thread; salience's loss, a block a decision. */
#include "kernels/cuda.cuh"

#include "base/limits.h"

static __global__ void squares(float *out, const float *x, const float *u, size_t n, int dim) {
    LP_FOR_EACH(r, n) {
        float sum = 0;
        for (int d = 0; d < dim; d++) sum += u[d] * x[r * dim + d] * x[r * dim + d];
        out[r] += sum;
    }
}

/* A block a column. */
static __global__ void __launch_bounds__(LP_BLOCK) squares_backward_weight(float *du, const float *dout, const float *x, int n, int dim) {
    __shared__ float shared[LP_BLOCK / LP_WARP];
    float own = 0;
    for (int r = threadIdx.x; r < n; r += LP_BLOCK) {
        const float at = x[(size_t)r * dim + blockIdx.x];
        own += dout[r] * at * at;
    }
    own = lp_block_reduce<LP_BLOCK>(own, false, shared);
    if (threadIdx.x == 0) du[blockIdx.x] += own;
}

static __global__ void squares_backward_input(float *dx, const float *dout, const float *x, const float *u, size_t n, int dim) {
    LP_FOR_EACH(i, n) dx[i] += 2 * dout[i / dim] * u[i % dim] * x[i];
}

static __global__ void read_importance(float *weight, const float *logit, const float *unread, const float *advantage, size_t n,
                                       int n_actions) {
    LP_FOR_EACH(r, n) {
        const float *z[2] = {logit + r * n_actions, unread + r * n_actions};
        float top[2] = {-INFINITY, -INFINITY}, sum[2] = {0, 0}, kl = 0;
        for (int k = 0; k < 2; k++) {
            for (int a = 0; a < n_actions; a++) top[k] = fmaxf(top[k], z[k][a]);
            for (int a = 0; a < n_actions; a++) sum[k] += expf(z[k][a] - top[k]);
        }
        for (int a = 0; a < n_actions; a++) {
            const float p = expf(z[0][a] - top[0]) / sum[0], q = expf(z[1][a] - top[1]) / sum[1];
            kl += p * logf((p + 1e-8f) / (q + 1e-8f));
        }
        weight[r] = (kl < 0 ? 0 : kl < 1 ? kl : 1) * advantage[r] * advantage[r];
    }
}

static __global__ void __launch_bounds__(LP_BLOCK)
    salience_loss(float *extra_dsalience, double *loss, const float *salience, const float *weight, const int32_t *index,
                  const int32_t *count, const float *importance, int heads, int max_items, int per_table, int table_rows, float even,
                  float scale) {
    __shared__ float shared[LP_BLOCK / LP_WARP];
    __shared__ double shared_loss[LP_BLOCK / LP_WARP];
    const int b = blockIdx.x, n = count[b];
    const float *s = salience + (size_t)(b / per_table) * table_rows, *w = weight + (size_t)b * heads * max_items;
    const int32_t *row = index + (size_t)b * max_items;
    float *d = extra_dsalience + (size_t)b * max_items, top = -INFINITY, sum = 0, mass = 0;
    double own = 0;
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) {
        top = fmaxf(top, s[row[j]]);
        d[j] = 0;
        for (int h = 0; h < heads; h++) d[j] += fmaxf(w[(size_t)h * max_items + j] - even / (float)n, 0);
        mass += d[j];
    }
    top = lp_block_reduce<LP_BLOCK>(top, true, shared);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) sum += expf(s[row[j]] - top);
    sum = lp_block_reduce<LP_BLOCK>(sum, false, shared);
    mass = lp_block_reduce<LP_BLOCK>(mass, false, shared);
    const float log_sum = top + logf(sum);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) {
        const float log_p = s[row[j]] - log_sum, read = d[j];
        d[j] = scale * importance[b] * (mass * expf(log_p) - read);
        own -= (double)importance[b] * read * log_p;
    }
    own = lp_block_reduce<LP_BLOCK>(own, false, shared_loss);
    if (threadIdx.x == 0) loss[b] = own;
}

static __global__ void __launch_bounds__(LP_BLOCK) add_up(double *sum, const double *x, int n) {
    __shared__ double shared[LP_BLOCK / LP_WARP];
    double own = 0;
    for (int b = threadIdx.x; b < n; b += LP_BLOCK) own += x[b];
    own = lp_block_reduce<LP_BLOCK>(own, false, shared);
    if (threadIdx.x == 0) *sum += own;
}

int lp_cuda_squares(float *out, const float *x, const float *u, int n, int dim, void *stream) {
    if (n) LP_LAUNCH(squares, lp_blocks((size_t)n), LP_BLOCK, stream, out, x, u, (size_t)n, dim);
    return cudaGetLastError();
}

int lp_cuda_squares_backward_weight(float *du, const float *dout, const float *x, int n, int dim, void *stream) {
    LP_LAUNCH(squares_backward_weight, (unsigned)dim, LP_BLOCK, stream, du, dout, x, n, dim);
    return cudaGetLastError();
}

int lp_cuda_squares_backward_input(float *dx, const float *dout, const float *x, const float *u, int n, int dim, void *stream) {
    const size_t size = (size_t)n * (size_t)dim;
    if (size) LP_LAUNCH(squares_backward_input, lp_blocks(size), LP_BLOCK, stream, dx, dout, x, u, size, dim);
    return cudaGetLastError();
}

int lp_cuda_add_up(double *sum, const double *x, int n, void *stream) {
    LP_LAUNCH(add_up, 1, LP_BLOCK, stream, sum, x, n);
    return cudaGetLastError();
}

int lp_cuda_importance(float *weight, const float *logit, const float *unread, const float *advantage, int n, int n_actions, void *stream) {
    if (n) LP_LAUNCH(read_importance, lp_blocks((size_t)n), LP_BLOCK, stream, weight, logit, unread, advantage, (size_t)n, n_actions);
    return cudaGetLastError();
}

int lp_cuda_salience_loss(float *extra_dsalience, double *loss, const float *salience, const float *weight, const int32_t *index,
                          const int32_t *count, const float *importance, int batch, int heads, int max_items, int per_table, int table_rows,
                          float even, float scale, double *scratch, void *stream) {
    if (batch < 1) return cudaSuccess;
    LP_LAUNCH(salience_loss, (unsigned)batch, LP_BLOCK, stream, extra_dsalience, scratch, salience, weight, index, count, importance, heads,
              max_items, per_table, table_rows, even, scale);
    return lp_cuda_add_up(loss, scratch, batch, stream);
}
