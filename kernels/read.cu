/* Twin of read.c: one block of 128 threads a (decision, head). Scores one item a warp, the softmax over the block, then
 * the weighted sum one dimension a thread. */
#include "kernels/kernels_cuda.h"

#include <cuda_runtime.h>

enum { BLOCK = 128, WARPS = BLOCK / 32, MAX_DIM = 128 };

static __device__ float warp_sum(float x) {
    for (int k = 16; k; k >>= 1) x += __shfl_xor_sync(~0u, x, k);
    return x;
}

/* The sum (or the largest) of x over the block, in every thread. */
static __device__ float block_reduce(float x, bool largest, float *shared) {
    for (int k = 16; k; k >>= 1) {
        float y = __shfl_xor_sync(~0u, x, k);
        x = largest ? fmaxf(x, y) : x + y;
    }
    __syncthreads();
    if (threadIdx.x % 32 == 0) shared[threadIdx.x / 32] = x;
    __syncthreads();
    x = shared[0];
    for (int w = 1; w < WARPS; w++) x = largest ? fmaxf(x, shared[w]) : x + shared[w];
    return x;
}

static __global__ void __launch_bounds__(BLOCK) read_items(float *out, float *weight, lp_read r, const float *q, const int32_t *index,
                                                           const uint8_t *level, const uint8_t *age, const int32_t *count,
                                                           int max_items) {
    __shared__ float query[MAX_DIM], shared[WARPS];
    const int b = blockIdx.x, h = blockIdx.y, n = count[b], dim = r.dim, lane = threadIdx.x % 32;
    const size_t row = (size_t)b * r.heads + h;
    float *w = weight + row * max_items;
    const int32_t *rows = index + (size_t)b * max_items;
    const uint8_t *levels = level + (size_t)b * max_items, *ages = age + (size_t)b * max_items;
    for (int d = threadIdx.x; d < dim; d += BLOCK) query[d] = q[row * dim + d];
    __syncthreads();
    float top = -INFINITY, sum = 0;
    const float scale = rsqrtf((float)dim);
    for (int j = threadIdx.x / 32; j < n; j += WARPS) {
        const float *x = r.item + (size_t)rows[j] * dim, *l = r.level_key + levels[j] * dim, *a = r.age_key + ages[j] * dim;
        float dot = 0;
        for (int d = lane; d < dim; d += 32) dot += query[d] * (x[d] + l[d] + a[d]);
        dot = warp_sum(dot) * scale + r.salience[rows[j]];
        if (lane == 0) w[j] = dot;
        top = fmaxf(top, dot);
    }
    top = block_reduce(top, true, shared); /* its barrier also makes every score visible */
    for (int j = threadIdx.x; j < n; j += BLOCK) sum += w[j] = expf(w[j] - top);
    sum = block_reduce(sum, false, shared);
    for (int j = threadIdx.x; j < n; j += BLOCK) w[j] /= sum;
    __syncthreads();
    for (int d = threadIdx.x; d < dim; d += BLOCK) {
        float total = 0;
        for (int j = 0; j < n; j++) total += w[j] * r.item[(size_t)rows[j] * dim + d];
        out[row * dim + d] = total;
    }
}

int lp_cuda_read(float *out, float *weight, const lp_read *r, const float *q, const int32_t *index, const uint8_t *level,
                 const uint8_t *age, const int32_t *count, int batch, int max_items, void *stream) {
    if (r->dim > MAX_DIM || r->heads > LP_READ_MAX_HEADS || max_items < 1) return cudaErrorInvalidValue;
    if (batch > 0)
        read_items<<<dim3(batch, r->heads), BLOCK, 0, (cudaStream_t)stream>>>(out, weight, *r, q, index, level, age, count, max_items);
    return cudaGetLastError();
}
