/* Twin of read.c for a batch: one block a (decision, head), products, the softmax, the weighted sum. The way back is in
 * read_backward.cu. */
#include "kernels/read.cuh"

static __global__ void __launch_bounds__(LP_BLOCK)
    read_items(float *out, float *weight, lp_read r, const float *q, const float *order, const int32_t *index, const uint8_t *level,
               const uint8_t *age, const int32_t *count, int max_items, int per_table, int table_rows) {
    __shared__ float query[LP_CUDA_READ_MAX_DIM], key[2 * LP_READ_MAX_KEYS], shared[LP_BLOCK];
    const int b = blockIdx.x, h = blockIdx.y, n = count[b], dim = r.dim;
    const size_t row = (size_t)b * r.heads + h, table = (size_t)(b / per_table) * table_rows;
    const float *item = r.item + table * dim;
    float *w = weight + row * max_items;
    const int32_t *rows = index + (size_t)b * max_items;
    for (int d = threadIdx.x; d < dim; d += LP_BLOCK) query[d] = q[row * dim + d];
    __syncthreads();
    lp_read_scores(w, key, query, r, table, rows, level + (size_t)b * max_items, age + (size_t)b * max_items, n);
    if (order) lp_read_places(w, n, order + 2 * row, shared);
    float top = -INFINITY, sum = 0;
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) top = fmaxf(top, w[j]);
    top = lp_block_reduce<LP_BLOCK>(top, true, shared);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) sum += w[j] = expf(w[j] - top);
    sum = lp_block_reduce<LP_BLOCK>(sum, false, shared);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) w[j] /= sum;
    __syncthreads();
    const float total = lp_read_sum(w, item, rows, n, dim, shared);
    if ((int)threadIdx.x < dim) out[row * dim + threadIdx.x] = total;
}

int lp_cuda_read(float *out, float *weight, const lp_read *r, const float *q, const float *order, const int32_t *index,
                 const uint8_t *level, const uint8_t *age, const int32_t *count, int batch, int max_items, int per_table, int table_rows,
                 void *stream) {
    if (lp_read_bad_shape(r, max_items, per_table)) return cudaErrorInvalidValue;
    if (batch > 0)
        LP_LAUNCH(read_items, dim3((unsigned)batch, (unsigned)r->heads), LP_BLOCK, stream, out, weight, *r, q, order, index, level, age,
                  count, max_items, per_table, table_rows);
    return cudaGetLastError();
}
