/* The fast weights of the delta rule over whole segments. A row of a head's weights knows of the other rows only by the key, the query and, on
 * the way back, what those are owed: a thread has one row of one head in registers and goes through the segment's steps. */
#include "kernels/recurrent.cuh"

enum { D = LP_DELTA_DIM, SQUARE = D * D, HEADS = LP_BLOCK / D /* of a block */ };

static __device__ inline float dot(const float *a, const float *b) {
    float sum = 0;
#pragma unroll
    for (int j = 0; j < D; j++) sum += a[j] * b[j];
    return sum;
}

/* x / |x|; returns 1 / |x|. */
static __device__ inline float unit(float *out, const float *x) {
    float in[D];
#pragma unroll
    for (int j = 0; j < D; j++) in[j] = x[j];
    const float scale = 1.0f / sqrtf(dot(in, in) + LP_DELTA_TINY);
#pragma unroll
    for (int j = 0; j < D; j++) out[j] = scale * in[j];
    return scale;
}

static __global__ void __launch_bounds__(LP_BLOCK)
    delta(float *y, float *next, float *prev, const float *x, const float *state, const uint8_t *end, size_t n, int steps, int heads) {
    const size_t which = blockIdx.x * (size_t)HEADS + threadIdx.x / D, segment = which / heads;
    const int h = (int)(which % heads), i = threadIdx.x % D, wide = lp_delta_wide(heads);
    float s[D], key[D], query[D];
    if (which >= n) return;
#pragma unroll
    for (int j = 0; j < D; j++) s[j] = state[which * SQUARE + i * D + j];
    for (int t = 0; t < steps; t++) {
        const size_t row = segment * steps + t, at = (row * heads + h) * SQUARE + i * D;
        const float *in = x + row * wide;
        const bool clear = lp_after_end(end, row, t);
#pragma unroll
        for (int j = 0; j < D; j++) prev[at + j] = s[j] = clear ? 0.0f : s[j];
        unit(key, in + h * D), unit(query, in + (2 * heads + h) * D);
        const float written = lp_sigmoid(in[3 * heads * D + h]) * (in[(heads + h) * D + i] - dot(s, key));
#pragma unroll
        for (int j = 0; j < D; j++) next[at + j] = s[j] = s[j] + written * key[j];
        y[(row * heads + h) * D + i] = dot(s, query);
    }
}

/* Over the D threads of a head, in each of them. */
static __device__ inline float sum_of_rows(float x) {
    for (int k = D / 2; k; k >>= 1) x += __shfl_xor_sync(~0u, x, k);
    return x;
}

/* A thread gathers what row i of the weights owes to key, query and beta; then what all rows owe to their i-th number. Threads beyond the last
 * head do the last one's work again, since a warp meets as a whole, and keep it to themselves. */
static __global__ void __launch_bounds__(LP_BLOCK)
    delta_backward(float *dx, const float *dy, const float *x, const float *prev, const uint8_t *end, size_t n, int steps, int heads) {
    __shared__ float to_key[HEADS][D][D + 1], to_query[HEADS][D][D + 1];
    const int slot = threadIdx.x / D, i = threadIdx.x % D, wide = lp_delta_wide(heads);
    const size_t asked = blockIdx.x * (size_t)HEADS + slot, which = asked < n ? asked : n - 1, segment = which / heads;
    const int h = (int)(which % heads);
    float s[D], ds[D], key[D], query[D];
#pragma unroll
    for (int j = 0; j < D; j++) ds[j] = 0.0f;
    for (int t = steps - 1; t >= 0; t--) {
        const size_t row = segment * steps + t;
        const float *in = x + row * wide;
        const float beta = lp_sigmoid(in[3 * heads * D + h]), dout = dy[(row * heads + h) * D + i];
        float *out = dx + row * wide;
        const float key_scale = unit(key, in + h * D), query_scale = unit(query, in + (2 * heads + h) * D);
#pragma unroll
        for (int j = 0; j < D; j++) s[j] = prev[(row * heads + h) * SQUARE + i * D + j];
        const float miss = in[(heads + h) * D + i] - dot(s, key);
#pragma unroll
        for (int j = 0; j < D; j++) {
            to_query[slot][i][j] = dout * (s[j] + beta * miss * key[j]);
            ds[j] = (end && end[row] ? 0.0f : ds[j]) + dout * query[j];
        }
        const float dwritten = dot(ds, key), dmiss = beta * dwritten;
#pragma unroll
        for (int j = 0; j < D; j++) {
            to_key[slot][i][j] = beta * miss * ds[j] - dmiss * s[j];
            ds[j] -= dmiss * key[j];
        }
        __syncwarp();
        float dkey = 0, dquery = 0;
        for (int k = 0; k < D; k++) dkey += to_key[slot][k][i], dquery += to_query[slot][k][i];
        const float own_key = key_scale * in[h * D + i], own_query = query_scale * in[(2 * heads + h) * D + i];
        const float key_along = sum_of_rows(own_key * dkey), query_along = sum_of_rows(own_query * dquery);
        const float dbeta = sum_of_rows(dwritten * miss);
        if (asked < n) {
            out[h * D + i] = key_scale * (dkey - key_along * own_key);
            out[(heads + h) * D + i] = dmiss;
            out[(2 * heads + h) * D + i] = query_scale * (dquery - query_along * own_query);
            if (!i) out[3 * heads * D + h] = dbeta * beta * (1.0f - beta);
        }
        __syncwarp();
    }
}

static unsigned blocks(size_t n) { return (unsigned)((n + HEADS - 1) / HEADS); }

int lp_cuda_delta(float *y, float *next, float *prev, const float *x, const float *state, const uint8_t *end, int segments, int steps,
                  int heads, void *stream) {
    const size_t n = (size_t)segments * heads;
    if (n) LP_LAUNCH(delta, blocks(n), LP_BLOCK, stream, y, next, prev, x, state, end, n, steps, heads);
    return cudaGetLastError();
}

int lp_cuda_delta_backward(float *dx, const float *dy, const float *x, const float *prev, const uint8_t *end, int segments, int steps,
                           int heads, void *stream) {
    const size_t n = (size_t)segments * heads;
    if (n) LP_LAUNCH(delta_backward, blocks(n), LP_BLOCK, stream, dx, dy, x, prev, end, n, steps, heads);
    return cudaGetLastError();
}
