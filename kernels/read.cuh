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

static inline bool lp_read_bad_shape(const lp_read *r, int max_items, int per_table) {
    return r->dim > LP_CUDA_READ_MAX_DIM || r->heads > LP_READ_MAX_HEADS || r->n_levels > LP_READ_MAX_KEYS ||
           r->n_ages > LP_READ_MAX_KEYS || max_items < 1 || per_table < 1;
}

#endif
