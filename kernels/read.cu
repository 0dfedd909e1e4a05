/* Twin of read.c for a batch. Forward: one block a (decision, head); products LANES threads an item, the softmax over the block, then
 * the weighted sum, one dimension of every so many items a thread. Backward: one block a table of items, which goes through its
 * decisions one after the other, since they add to the same items; within a decision no item comes twice. */
#include "kernels/cuda.cuh"

enum { LANES = 8, GROUPS = LP_BLOCK / LANES, MAX_DIM = LP_CUDA_READ_MAX_DIM, BACK = LP_BLOCK };

/* The products of a query with all keys, which items share, and with each item: into key and score. */
static __device__ inline void multiply_query(float *key, float *score, const float *query, const lp_read &r, const float *item, const int32_t *rows,
                                             int n) {
    const int group = threadIdx.x / LANES, lane = threadIdx.x % LANES, dim = r.dim, n_keys = r.n_levels + r.n_ages;
#pragma unroll 2
    for (int first = 0; first < n_keys + n; first += GROUPS) {
        const int k = first + group;
        const float *x = r.level_key; /* past the end anything: all of a warp add */
        if (k < r.n_levels) x += k * dim;
        else if (k < n_keys) x = r.age_key + (k - r.n_levels) * dim;
        else if (k < n_keys + n) x = item + (size_t)rows[k - n_keys] * dim;
        float dot = 0;
#pragma unroll 8
        for (int d = lane; d < dim; d += LANES) dot += query[d] * x[d];
        for (int mask = LANES / 2; mask; mask >>= 1) dot += __shfl_xor_sync(~0u, dot, mask);
        if (lane) continue;
        if (k < n_keys) key[k] = dot;
        else if (k < n_keys + n) score[k - n_keys] = dot;
    }
}

static __global__ void __launch_bounds__(LP_BLOCK) read_items(float *out, float *weight, lp_read r, const float *q, const int32_t *index,
                                                              const uint8_t *level, const uint8_t *age, const int32_t *count, int max_items,
                                                              int per_table, int table_rows) {
    __shared__ float query[MAX_DIM], key[2 * LP_READ_MAX_KEYS], part[LP_BLOCK], shared[LP_BLOCK / LP_WARP];
    const int b = blockIdx.x, h = blockIdx.y, n = count[b], dim = r.dim, parts = LP_BLOCK / dim;
    const size_t row = (size_t)b * r.heads + h, table = (size_t)(b / per_table) * table_rows;
    const float *item = r.item + table * dim, *salience = r.salience + table;
    float *w = weight + row * max_items;
    const int32_t *rows = index + (size_t)b * max_items;
    const uint8_t *levels = level + (size_t)b * max_items, *ages = age + (size_t)b * max_items;
    for (int d = threadIdx.x; d < dim; d += LP_BLOCK) query[d] = q[row * dim + d];
    __syncthreads();
    multiply_query(key, w, query, r, item, rows, n);
    __syncthreads();
    float top = -INFINITY, sum = 0;
    const float scale = 1.0f / sqrtf((float)dim);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) {
        w[j] = (w[j] + key[levels[j]] + key[r.n_levels + ages[j]]) * scale + salience[rows[j]];
        top = fmaxf(top, w[j]);
    }
    top = lp_block_reduce<LP_BLOCK>(top, true, shared);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) sum += w[j] = expf(w[j] - top);
    sum = lp_block_reduce<LP_BLOCK>(sum, false, shared);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) w[j] /= sum;
    __syncthreads();
    const int d = threadIdx.x % dim, p = threadIdx.x / dim;
    float total = 0;
#pragma unroll 8
    for (int j = p; j < n && p < parts; j += parts) total += w[j] * item[(size_t)rows[j] * dim + d];
    part[threadIdx.x] = total;
    __syncthreads();
    if (p) return;
    for (int k = 1; k < parts; k++) total += part[k * dim + d];
    out[row * dim + d] = total;
}

/* What one block of the way back works on. */
typedef struct {
    float *dq, *ditem, *dsalience, *dscore, *dkey;
    const float *dout, *weight, *q;
    const int32_t *index, *count;
    const uint8_t *level, *age;
    int max_items, per_table, table_rows;
} backward_data;

static __global__ void __launch_bounds__(BACK) read_items_backward(backward_data p, lp_read r) {
    __shared__ float query[MAX_DIM], dh[MAX_DIM], shared[BACK / LP_WARP];
    const int dim = r.dim, lane = threadIdx.x % LP_WARP, n_keys = r.n_levels + r.n_ages;
    const size_t table = (size_t)blockIdx.x * p.table_rows;
    const float *item = r.item + table * dim, scale = 1.0f / sqrtf((float)dim);
    float *ditem = p.ditem + table * dim, *dsalience = p.dsalience + table, *dkey = p.dkey + (size_t)blockIdx.x * n_keys * dim;
    for (int k = threadIdx.x; k < n_keys * dim; k += BACK) dkey[k] = 0;
    for (int th = 0; th < p.per_table * r.heads; th++) {
        const size_t b = (size_t)blockIdx.x * p.per_table + th / r.heads, row = b * r.heads + th % r.heads;
        const int n = p.count[b];
        const int32_t *rows = p.index + b * p.max_items;
        const uint8_t *level = p.level + b * p.max_items, *age = p.age + b * p.max_items;
        const float *w = p.weight + row * p.max_items;
        float *dscore = p.dscore + row * p.max_items, mean = 0;
        __syncthreads(); /* the decision before is done with query and dh */
        for (int d = threadIdx.x; d < dim; d += BACK) query[d] = p.q[row * dim + d], dh[d] = p.dout[row * dim + d];
        __syncthreads();
        for (int j = threadIdx.x / LP_WARP; j < n; j += BACK / LP_WARP) {
            float dot = 0;
            for (int d = lane; d < dim; d += LP_WARP) dot += dh[d] * item[(size_t)rows[j] * dim + d];
            dot = lp_warp_sum(dot);
            if (lane == 0) {
                dscore[j] = dot;
                mean += w[j] * dot;
            }
        }
        mean = lp_block_reduce<BACK>(mean, false, shared);
        for (int j = threadIdx.x; j < n; j += BACK) {
            dscore[j] = w[j] * (dscore[j] - mean);
            dsalience[rows[j]] += dscore[j];
        }
        __syncthreads();
        for (int d = threadIdx.x; d < dim; d += BACK) {
            float sum = 0;
            for (int j = 0; j < n; j++)
                sum += dscore[j] * (item[(size_t)rows[j] * dim + d] + r.level_key[level[j] * dim + d] + r.age_key[age[j] * dim + d]);
            p.dq[row * dim + d] = sum * scale;
        }
        for (int i = threadIdx.x; i < n * dim; i += BACK) {
            int j = i / dim, d = i % dim;
            ditem[(size_t)rows[j] * dim + d] += w[j] * dh[d] + dscore[j] * scale * query[d];
        }
        for (int k = threadIdx.x; k < n_keys; k += BACK) { /* a thread a key */
            float sum = 0;
            for (int j = 0; j < n; j++)
                if (k < r.n_levels ? level[j] == k : age[j] == k - r.n_levels) sum += dscore[j];
            for (int d = 0; d < dim && sum != 0; d++) dkey[k * dim + d] += sum * scale * query[d];
        }
    }
}

static __global__ void add_keys(float *dlevel_key, float *dage_key, const float *dkey, int tables, int level_floats, int age_floats) {
    LP_FOR_EACH(i, (size_t)(level_floats + age_floats)) {
        float sum = 0;
        for (int t = 0; t < tables; t++) sum += dkey[(size_t)t * (level_floats + age_floats) + i];
        if (i < (size_t)level_floats) dlevel_key[i] += sum;
        else dage_key[i - level_floats] += sum;
    }
}

static int bad_shape(const lp_read *r, int max_items, int per_table) {
    return r->dim > MAX_DIM || r->heads > LP_READ_MAX_HEADS || r->n_levels > LP_READ_MAX_KEYS || r->n_ages > LP_READ_MAX_KEYS || max_items < 1 ||
           per_table < 1;
}

int lp_cuda_read(float *out, float *weight, const lp_read *r, const float *q, const int32_t *index, const uint8_t *level, const uint8_t *age,
                 const int32_t *count, int batch, int max_items, int per_table, int table_rows, void *stream) {
    if (bad_shape(r, max_items, per_table)) return cudaErrorInvalidValue;
    if (batch > 0)
        LP_LAUNCH(read_items, dim3((unsigned)batch, (unsigned)r->heads), LP_BLOCK, stream, out, weight, *r, q, index, level, age, count, max_items,
                  per_table, table_rows);
    return cudaGetLastError();
}

size_t lp_cuda_read_scratch(const lp_read *r, int batch, int max_items, int per_table) {
    return (size_t)batch * r->heads * max_items + (size_t)(batch / per_table) * (r->n_levels + r->n_ages) * r->dim;
}

int lp_cuda_read_backward(float *dq, float *ditem, float *dsalience, float *dlevel_key, float *dage_key, const float *dout, const float *weight,
                          const lp_read *r, const float *q, const int32_t *index, const uint8_t *level, const uint8_t *age, const int32_t *count,
                          int batch, int max_items, int per_table, int table_rows, float *scratch, void *stream) {
    if (bad_shape(r, max_items, per_table) || batch % per_table) return cudaErrorInvalidValue;
    if (!batch) return cudaSuccess;
    float *dkey = scratch + (size_t)batch * r->heads * max_items;
    backward_data p = {dq, ditem, dsalience, scratch, dkey, dout, weight, q, index, count, level, age, max_items, per_table, table_rows};
    int tables = batch / per_table, levels = r->n_levels * r->dim, ages = r->n_ages * r->dim;
    LP_LAUNCH(read_items_backward, (unsigned)tables, BACK, stream, p, *r);
    LP_LAUNCH(add_keys, lp_blocks((size_t)(levels + ages)), LP_BLOCK, stream, dlevel_key, dage_key, dkey, tables, levels, ages);
    return cudaGetLastError();
}
