/* Rows of tables: looked up, gathered, scattered. */
#include "kernels/cuda.cuh"

enum { COLUMNS = LP_WARP, GROUPS = LP_BLOCK / COLUMNS };

static __global__ void embed(float *y, const float *table, const int32_t *index, size_t n, int dim) {
    LP_FOR_EACH(i, n) {
        int d;
        const int row = index[lp_divide(i, dim, &d)];
        y[i] = row < 0 ? 0.0f : table[(size_t)row * dim + d];
    }
}

/* A block some columns of one row of the table, whose groups share the n rows; always the same in the same order. */
static __global__ void __launch_bounds__(LP_BLOCK) embed_backward(float *dtable, const float *dy, const int32_t *index, int n, int dim) {
    __shared__ float shared[GROUPS][COLUMNS];
    const int group = threadIdx.x / COLUMNS, column = threadIdx.x % COLUMNS, d = blockIdx.x * COLUMNS + column, row = blockIdx.y;
    float sum = 0;
#pragma unroll 8
    for (int r = group; r < n; r += GROUPS)
        if (d < dim && index[r] == row) sum += dy[(size_t)r * dim + d];
    shared[group][column] = sum;
    __syncthreads();
    if (group || d >= dim) return;
    for (int k = 1; k < GROUPS; k++) sum += shared[k][column];
    dtable[(size_t)row * dim + d] += sum;
}

/* n: all the units of sizeof(T) */
template <typename T> static __global__ void gather(T *to, const T *from, const int32_t *index, size_t n, int units) {
    LP_FOR_EACH(i, n) {
        int at;
        const size_t row = lp_divide(i, units, &at);
        to[i] = from[(size_t)index[row] * units + at];
    }
}

static __global__ void scatter(float *table, const float *from, const int32_t *slot, size_t n, int slots, int dim) {
    LP_FOR_EACH(i, n) {
        int d;
        const size_t row = lp_divide(i, dim, &d);
        if (slot[row] >= 0) table[(row * slots + (size_t)slot[row]) * dim + d] = from[i];
    }
}

int lp_cuda_embed(float *y, const float *table, const int32_t *index, int n, int dim, void *stream) {
    size_t all = (size_t)n * dim;
    if (n) LP_LAUNCH(embed, lp_blocks(all), LP_BLOCK, stream, y, table, index, all, dim);
    return cudaGetLastError();
}

int lp_cuda_embed_backward(float *dtable, const float *dy, const int32_t *index, int n, int rows, int dim, void *stream) {
    if (rows > 65535) return cudaErrorInvalidValue;
    if (n && rows)
        LP_LAUNCH(embed_backward, dim3((unsigned)((dim + COLUMNS - 1) / COLUMNS), (unsigned)rows), LP_BLOCK, stream, dtable, dy, index, n,
                  dim);
    return cudaGetLastError();
}

int lp_cuda_gather(void *to, const void *from, const int32_t *index, int n, size_t row_bytes, void *stream) {
    if (!n || !row_bytes) return cudaSuccess;
    if (row_bytes > INT32_MAX) return cudaErrorInvalidValue;
    if (((uintptr_t)to | (uintptr_t)from | row_bytes) % sizeof(uint4) == 0) {
        size_t units = row_bytes / sizeof(uint4), all = (size_t)n * units;
        LP_LAUNCH(gather<uint4>, lp_blocks(all), LP_BLOCK, stream, (uint4 *)to, (const uint4 *)from, index, all, (int)units);
    } else {
        size_t all = (size_t)n * row_bytes;
        LP_LAUNCH(gather<unsigned char>, lp_blocks(all), LP_BLOCK, stream, (unsigned char *)to, (const unsigned char *)from, index, all,
                  (int)row_bytes);
    }
    return cudaGetLastError();
}

int lp_cuda_scatter(float *table, const float *from, const int32_t *slot, int n, int slots, int dim, void *stream) {
    size_t all = (size_t)n * dim;
    if (n) LP_LAUNCH(scatter, lp_blocks(all), LP_BLOCK, stream, table, from, slot, all, slots, dim);
    return cudaGetLastError();
}
