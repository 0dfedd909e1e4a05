/* What both directions of the memory read do, a block of LP_BLOCK threads for one decision's head. */
#ifndef LP_KERNELS_READ_CUH
#define LP_KERNELS_READ_CUH

#include "kernels/cuda.cuh"

enum { LP_READ_LANES = 8 }; /* threads that multiply with one item */

/* product[j] = v . item[rows[j]] for n items; and key[k] = v . (each level's key, then each age's) where key is not NULL. v shared [dim]. */
static __device__ inline void lp_read_multiply(float *product, float *key, const float *v, const lp_read &r, const float *item,
                                               const int32_t *rows, int n) {
    const int group = threadIdx.x / LP_READ_LANES, lane = threadIdx.x % LP_READ_LANES, dim = r.dim,
              n_keys = key ? r.n_levels + r.n_ages : 0;
#pragma unroll 2
    for (int first = 0; first < n_keys + n; first += LP_BLOCK / LP_READ_LANES) {
        const int k = first + group;
        const float *x = r.level_key; /* past the end anything: all of a warp add */
        if (k >= n_keys && k < n_keys + n) x = item + (size_t)rows[k - n_keys] * dim;
        else if (k < n_keys) x = k < r.n_levels ? r.level_key + k * dim : r.age_key + (k - r.n_levels) * dim;
        float dot = 0;
#pragma unroll 8
        for (int d = lane; d < dim; d += LP_READ_LANES) dot += v[d] * x[d];
        for (int mask = LP_READ_LANES / 2; mask; mask >>= 1) dot += __shfl_xor_sync(~0u, dot, mask);
        if (lane) continue;
        if (k < n_keys) key[k] = dot;
        else if (k < n_keys + n) product[k - n_keys] = dot;
    }
}

/* score[j] of n items, by the formula of lp_read; v shared [dim], the query; key shared [2 * LP_READ_MAX_KEYS]; the table begins at row
 * `table`. */
static __device__ inline void lp_read_scores(float *score, float *key, const float *v, const lp_read &r, size_t table, const int32_t *rows,
                                             const uint8_t *level, const uint8_t *age, int n) {
    const float *salience = r.salience ? r.salience + table : NULL;
    const float scale = 1.0f / sqrtf((float)r.dim), sharpness = lp_read_sharpness(&r, n);
    lp_read_multiply(score, key, v, r, r.item + table * r.dim, rows, n);
    __syncthreads();
    for (int j = threadIdx.x; j < n; j += LP_BLOCK)
        score[j] = ((score[j] + key[level[j]] + key[r.n_levels + age[j]]) * scale + (salience ? salience[rows[j]] : 0)) * sharpness;
    __syncthreads();
}

/* Thread d < dim: the sum over n items of weight[j] item[rows[j]][d]. shared [LP_BLOCK]. */
static __device__ inline float lp_read_sum(const float *weight, const float *item, const int32_t *rows, int n, int dim, float *shared) {
    const int d = threadIdx.x % dim, first = threadIdx.x / dim, parts = LP_BLOCK / dim;
    float sum = 0;
#pragma unroll 8
    for (int j = first; j < n && first < parts; j += parts) sum += weight[j] * item[(size_t)rows[j] * dim + d];
    shared[threadIdx.x] = sum;
    __syncthreads();
    for (int k = 1; k < parts && first == 0; k++) sum += shared[k * dim + d];
    return sum;
}

/* x summed over the threads before this one, in the order of threads; *all: over all of them. shared [LP_BLOCK]. */
static __device__ inline float lp_block_before(float x, float *all, float *shared) {
    const int i = threadIdx.x;
    float sum = x;
    for (int step = 1; step < LP_BLOCK; step *= 2) {
        __syncthreads();
        shared[i] = sum;
        __syncthreads();
        if (i >= step) sum += shared[i - step];
    }
    __syncthreads();
    shared[i] = sum;
    __syncthreads();
    *all = shared[LP_BLOCK - 1];
    const float before = i ? shared[i - 1] : 0;
    __syncthreads();
    return before;
}

/* The place of each item, the part of softmax(score [n]) that is on those after it: instead of the score, or its parabola added to it.
 * shared [LP_BLOCK]. */
static __device__ inline void lp_read_places(float *score, int n, const float *parabola, float *shared) {
    float top = -INFINITY, sum = 0, newer = 0, all;
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) top = fmaxf(top, score[j]);
    top = lp_block_reduce<LP_BLOCK>(top, true, shared);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) sum += expf(score[j] - top);
    sum = lp_block_reduce<LP_BLOCK>(sum, false, shared);
    for (int first = n - 1; first >= 0; first -= LP_BLOCK, newer += all) {
        const int j = first - (int)threadIdx.x;
        const float before = lp_block_before(j >= 0 ? expf(score[j] - top) / sum : 0, &all, shared);
        const float place = newer + before;
        if (j >= 0) score[j] = parabola ? score[j] + (parabola[0] + parabola[1] * place) * place : place;
    }
    __syncthreads();
}

static inline bool lp_read_bad_shape(const lp_read *r, int max_items, int per_table) {
    return r->dim > LP_CUDA_READ_MAX_DIM || r->heads > LP_READ_MAX_HEADS || r->n_levels > LP_READ_MAX_KEYS ||
           r->n_ages > LP_READ_MAX_KEYS || max_items < 1 || per_table < 1;
}

#endif
