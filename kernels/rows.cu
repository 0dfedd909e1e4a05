/* Rows of tables: looked up, gathered, scattered. */
#include "kernels/cuda.cuh"

static __global__ void embed(float *y, const float *table, const int32_t *index, size_t n, int dim) {
    LP_FOR_EACH(i, n) {
        int row = index[i / dim];
        y[i] = row < 0 ? 0.0f : table[(size_t)row * dim + i % dim];
    }
}

/* A thread a number of the table, which goes through all rows in order: no two threads add to one place. */
static __global__ void embed_backward(float *dtable, const float *dy, const int32_t *index, int n, int rows, int dim) {
    LP_FOR_EACH(i, (size_t)rows * dim) {
        int row = (int)(i / dim), d = (int)(i % dim);
        float sum = 0;
        for (int r = 0; r < n; r++)
            if (index[r] == row) sum += dy[(size_t)r * dim + d];
        dtable[i] += sum;
    }
}

/* n: all the units of sizeof(T) */
template <typename T> static __global__ void gather(T *to, const T *from, const int32_t *index, size_t n, size_t units) {
    LP_FOR_EACH(i, n) to[i] = from[(size_t)index[i / units] * units + i % units];
}

static __global__ void scatter(float *table, const float *from, const int32_t *slot, size_t n, int slots, int dim) {
    LP_FOR_EACH(i, n) {
        size_t row = i / dim;
        if (slot[row] >= 0) table[(row * slots + (size_t)slot[row]) * dim + i % dim] = from[i];
    }
}

int lp_cuda_embed(float *y, const float *table, const int32_t *index, int n, int dim, void *stream) {
    size_t all = (size_t)n * dim;
    if (n) LP_LAUNCH(embed, lp_blocks(all), LP_BLOCK, stream, y, table, index, all, dim);
    return cudaGetLastError();
}

int lp_cuda_embed_backward(float *dtable, const float *dy, const int32_t *index, int n, int rows, int dim, void *stream) {
    if (n) LP_LAUNCH(embed_backward, lp_blocks((size_t)rows * dim), LP_BLOCK, stream, dtable, dy, index, n, rows, dim);
    return cudaGetLastError();
}

int lp_cuda_gather(void *to, const void *from, const int32_t *index, int n, size_t row_bytes, void *stream) {
    if (!n || !row_bytes) return cudaSuccess;
    if (((uintptr_t)to | (uintptr_t)from | row_bytes) % sizeof(uint4) == 0) {
        size_t units = row_bytes / sizeof(uint4), all = (size_t)n * units;
        LP_LAUNCH(gather<uint4>, lp_blocks(all), LP_BLOCK, stream, (uint4 *)to, (const uint4 *)from, index, all, units);
    } else {
        size_t all = (size_t)n * row_bytes;
        LP_LAUNCH(gather<unsigned char>, lp_blocks(all), LP_BLOCK, stream, (unsigned char *)to, (const unsigned char *)from, index, all, row_bytes);
    }
    return cudaGetLastError();
}

int lp_cuda_scatter(float *table, const float *from, const int32_t *slot, int n, int slots, int dim, void *stream) {
    size_t all = (size_t)n * dim;
    if (n) LP_LAUNCH(scatter, lp_blocks(all), LP_BLOCK, stream, table, from, slot, all, slots, dim);
    return cudaGetLastError();
}
