/* The way back of the memory read. What an item is owed by the decisions that read it, and a key by all, is summed by the one who
 * writes it, in the order of decisions:
 *   1. a block a (decision, head): what each of its scores is owed, their sums by key, the query's gradient
 *   2. a block some items of a table: goes through the table's decisions for those that read them
 *   3. a block a part of all decisions: the gradients of the keys, whose parts are then added */
#include "kernels/read.cuh"

enum { MAX_DIM = LP_CUDA_READ_MAX_DIM, WARPS = LP_BLOCK / LP_WARP, ITEMS = 2 * WARPS, COLUMNS = MAX_DIM / LP_WARP, PARTS = 128 };

/* The arguments of lp_cuda_read_backward; dscore, score [batch][heads][max_items], by_key [batch][heads][n_keys]. */
typedef struct {
    float *dq, *dorder, *ditem, *dsalience, *dscore, *score, *by_key;
    const float *dout, *weight, *q, *order, *extra_dsalience;
    const int32_t *index, *count;
    const uint8_t *level, *age;
    int max_items, per_table, table_rows;
    float entropy_scale;
    const float *fade;
    double *entropy; /* [batch][heads] */
} backward_data;

/* From dscore [n], of the sums that the second softmax is over, to that of the scores; dorder [2]. place [n]. shared [LP_BLOCK]. */
static __device__ void order_backward(float *dscore, float *dorder, const float *place, const float *order, int n, float *shared) {
    const float linear = order[0], square = order[1];
    float dlinear = 0, dsquare = 0, mean = 0, older = 0, all;
    for (int first = 0; first < n; first += LP_BLOCK, older += all) {
        const int j = first + (int)threadIdx.x;
        const float at = j < n ? place[j] : 0, d = j < n ? dscore[j] : 0;
        const float before = lp_block_before(d * (linear + 2 * square * at), &all, shared);
        if (j >= n) continue;
        const float owed = ((j ? place[j - 1] : 1) - at) * (older + before); /* the item's part moves the places of all that are older */
        dlinear += d * at, dsquare += d * at * at, mean += owed;
        dscore[j] = d + owed;
    }
    dlinear = lp_block_reduce<LP_BLOCK>(dlinear, false, shared);
    dsquare = lp_block_reduce<LP_BLOCK>(dsquare, false, shared);
    mean = lp_block_reduce<LP_BLOCK>(mean, false, shared);
    if (threadIdx.x == 0) dorder[0] = dlinear, dorder[1] = dsquare;
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) dscore[j] -= ((j ? place[j - 1] : 1) - place[j]) * mean;
    __syncthreads();
}

static __global__ void __launch_bounds__(LP_BLOCK) scores_backward(backward_data p, lp_read r) {
    __shared__ float dh[MAX_DIM], sums[2 * LP_READ_MAX_KEYS], shared[LP_BLOCK];
    __shared__ double shared_entropy[LP_BLOCK / LP_WARP];
    const int dim = r.dim, n_keys = r.n_levels + r.n_ages, n = p.count[blockIdx.x];
    const size_t row = (size_t)blockIdx.x * r.heads + blockIdx.y, from = (size_t)blockIdx.x * p.max_items;
    const float *item = r.item + (size_t)(blockIdx.x / p.per_table) * p.table_rows * dim, *w = p.weight + row * p.max_items;
    float *dscore = p.dscore + row * p.max_items, mean = 0;
    for (int d = threadIdx.x; d < dim; d += LP_BLOCK) dh[d] = p.dout[row * dim + d];
    __syncthreads();
    lp_read_multiply(dscore, NULL, dh, r, item, p.index + from, n);
    __syncthreads();
    if (p.entropy_scale != 0) {
        const float scale = p.entropy_scale * (p.fade ? *p.fade : 1);
        double own = 0;
        for (int j = threadIdx.x; j < n; j += LP_BLOCK) {
            const float log_w = logf(w[j] + 1e-20f);
            dscore[j] += scale * log_w;
            own -= (double)(w[j] * log_w);
        }
        own = lp_block_reduce<LP_BLOCK>(own, false, shared_entropy);
        if (threadIdx.x == 0) p.entropy[row] = own;
    }
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) mean += w[j] * dscore[j];
    mean = lp_block_reduce<LP_BLOCK>(mean, false, shared);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) dscore[j] = w[j] * (dscore[j] - mean);
    __syncthreads();
    if (p.order) {
        float *score = p.score + row * p.max_items;
        for (int d = threadIdx.x; d < dim; d += LP_BLOCK) dh[d] = p.q[row * dim + d];
        __syncthreads();
        lp_read_scores(score, sums, dh, r, (size_t)(blockIdx.x / p.per_table) * p.table_rows, p.index + from, p.level + from, p.age + from,
                       n);
        lp_read_places(score, n, NULL, shared);
        order_backward(dscore, p.dorder + 2 * row, score, p.order + 2 * row, n, shared);
    }
    const float sharpness = lp_read_sharpness(&r, n);
    for (int j = threadIdx.x; j < n; j += LP_BLOCK) dscore[j] *= sharpness;
    __syncthreads();
    for (int k = threadIdx.x; k < n_keys; k += LP_BLOCK) {
        const uint8_t *key = (k < r.n_levels ? p.level : p.age) + from, mine = (uint8_t)(k < r.n_levels ? k : k - r.n_levels);
        float sum = 0;
#pragma unroll 4
        for (int j = 0; j < n; j++) sum += key[j] == mine ? dscore[j] : 0;
        sums[k] = p.by_key[row * n_keys + k] = sum;
    }
    float total = lp_read_sum(dscore, item, p.index + from, n, dim, shared); /* its barrier makes sums visible */
    const int d = threadIdx.x;
    if (d >= dim) return;
    for (int k = 0; k < n_keys; k++) total += sums[k] * (k < r.n_levels ? r.level_key[k * dim + d] : r.age_key[(k - r.n_levels) * dim + d]);
    p.dq[row * dim + d] = total / sqrtf((float)dim);
}

static __global__ void __launch_bounds__(LP_BLOCK) items_backward(backward_data p, lp_read r) {
    __shared__ int32_t place[WARPS][ITEMS]; /* of each item in the context of WARPS decisions; -1: not in it */
    const int dim = r.dim, warp = threadIdx.x / LP_WARP, lane = threadIdx.x % LP_WARP, row0 = blockIdx.y * ITEMS;
    const float scale = 1.0f / sqrtf((float)dim);
    float sum[ITEMS / WARPS][COLUMNS] = {{0}}, salience[ITEMS / WARPS] = {0};
    for (int first = 0; first < p.per_table; first += WARPS) {
        const int left = p.per_table - first < WARPS ? p.per_table - first : WARPS;
        const size_t b0 = (size_t)blockIdx.x * p.per_table + first;
        __syncthreads();
        if (threadIdx.x < WARPS * ITEMS) place[threadIdx.x / ITEMS][threadIdx.x % ITEMS] = -1;
        __syncthreads();
        for (int j = lane, n = warp < left ? p.count[b0 + warp] : 0; j < n; j += LP_WARP) {
            const int i = p.index[(b0 + warp) * p.max_items + j] - row0;
            if (i >= 0 && i < ITEMS) place[warp][i] = j;
        }
        __syncthreads();
        for (int at = 0; at < left * r.heads; at++) {
            const size_t row = b0 * r.heads + at;
            float dh[COLUMNS], query[COLUMNS];
#pragma unroll
            for (int c = 0; c < COLUMNS; c++) {
                const int d = c * LP_WARP + lane;
                dh[c] = d < dim ? p.dout[row * dim + d] : 0;
                query[c] = d < dim ? p.q[row * dim + d] * scale : 0;
            }
#pragma unroll
            for (int i = 0; i < ITEMS / WARPS; i++) {
                const int j = place[at / r.heads][warp * (ITEMS / WARPS) + i];
                if (j < 0) continue;
                const float w = p.weight[row * p.max_items + j], s = p.dscore[row * p.max_items + j];
                if (r.salience) salience[i] += s;
                if (p.extra_dsalience && at % r.heads == 0) salience[i] += p.extra_dsalience[row / r.heads * p.max_items + j];
#pragma unroll
                for (int c = 0; c < COLUMNS; c++) sum[i][c] += w * dh[c] + s * query[c];
            }
        }
    }
#pragma unroll
    for (int i = 0; i < ITEMS / WARPS; i++) {
        const int item = row0 + warp * (ITEMS / WARPS) + i;
        if (item >= p.table_rows) continue;
        const size_t at = (size_t)blockIdx.x * p.table_rows + item;
#pragma unroll
        for (int c = 0; c < COLUMNS; c++)
            if (c * LP_WARP + lane < dim) p.ditem[at * dim + c * LP_WARP + lane] += sum[i][c];
        if (lane == 0) p.dsalience[at] += salience[i];
    }
}

/* part[p][k][d] = the sum over the p-th part of n rows of by_key[k] q[d] / sqrt(dim) */
static __global__ void __launch_bounds__(LP_BLOCK)
    keys_backward(float *part, const float *by_key, const float *q, size_t n, int n_keys, int dim) {
    const size_t from = n * blockIdx.x / PARTS, to = n * (blockIdx.x + 1) / PARTS;
    const float scale = 1.0f / sqrtf((float)dim);
    for (int i = threadIdx.x; i < n_keys * dim; i += LP_BLOCK) {
        const int k = i / dim, d = i % dim;
        float sum = 0;
#pragma unroll 8
        for (size_t row = from; row < to; row++) sum += by_key[row * n_keys + k] * q[row * dim + d];
        part[(size_t)blockIdx.x * n_keys * dim + i] = sum * scale;
    }
}

static __global__ void add_keys(float *dlevel_key, float *dage_key, const float *part, int level_floats, int age_floats) {
    LP_FOR_EACH(i, (size_t)(level_floats + age_floats)) {
        float sum = 0;
        for (int k = 0; k < PARTS; k++) sum += part[(size_t)k * (level_floats + age_floats) + i];
        if (i < (size_t)level_floats) dlevel_key[i] += sum;
        else dage_key[i - level_floats] += sum;
    }
}

size_t lp_cuda_read_scratch(const lp_read *r, int batch, int max_items, int per_table) {
    (void)per_table;
    const size_t n_keys = (size_t)(r->n_levels + r->n_ages);
    return (size_t)batch * r->heads * (2 * max_items + n_keys + sizeof(double) / sizeof(float)) + PARTS * n_keys * r->dim;
}

int lp_cuda_read_backward(float *dq, float *dorder, float *ditem, float *dsalience, float *dlevel_key, float *dage_key, const float *dout,
                          const float *weight, const float *extra_dsalience, const lp_read *r, const float *q, const float *order,
                          const int32_t *index, const uint8_t *level, const uint8_t *age, const int32_t *count, int batch, int max_items,
                          int per_table, int table_rows, float entropy_scale, const float *fade, double *entropy, float *scratch,
                          void *stream) {
    if (lp_read_bad_shape(r, max_items, per_table) || batch % per_table || table_rows / ITEMS >= 65535) return cudaErrorInvalidValue;
    if (batch < 1 || table_rows < 1) return cudaSuccess;
    const int tables = batch / per_table, levels = r->n_levels * r->dim, ages = r->n_ages * r->dim, n_keys = r->n_levels + r->n_ages;
    const size_t rows = (size_t)batch * r->heads;
    double *entropies = (double *)scratch;
    float *dscore = scratch + 2 * rows, *score = dscore + rows * max_items, *by_key = score + rows * max_items,
          *part = by_key + rows * n_keys;
    const backward_data p = {dq,        dorder,    ditem,      dsalience,       dscore, score,    by_key, dout,
                             weight,    q,         order,      extra_dsalience, index,  count,    level,  age,
                             max_items, per_table, table_rows, entropy_scale,   fade,   entropies};
    LP_LAUNCH(scores_backward, dim3((unsigned)batch, (unsigned)r->heads), LP_BLOCK, stream, p, *r);
    LP_LAUNCH(items_backward, dim3((unsigned)tables, (unsigned)((table_rows + ITEMS - 1) / ITEMS)), LP_BLOCK, stream, p, *r);
    LP_LAUNCH(keys_backward, PARTS, LP_BLOCK, stream, part, by_key, q, rows, n_keys, r->dim);
    LP_LAUNCH(add_keys, lp_blocks((size_t)(levels + ages)), LP_BLOCK, stream, dlevel_key, dage_key, part, levels, ages);
    if (entropy_scale != 0) return lp_cuda_add_up(entropy, entropies, (int)rows, stream);
    return cudaGetLastError();
}
