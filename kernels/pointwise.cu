/* Operations on each element by itself: one element a thread, bound by memory bandwidth. */
#include "kernels/cuda.cuh"

static __global__ void from_bytes(float *y, const uint8_t *x, size_t n) {
    LP_FOR_EACH(i, n) y[i] = (float)x[i] / 255.0f - 0.5f;
}

static __global__ void relu(float *y, size_t n) {
    LP_FOR_EACH(i, n) y[i] = y[i] < 0.0f ? 0.0f : y[i];
}

static __global__ void relu_backward(float *dy, const float *y, size_t n) {
    LP_FOR_EACH(i, n) dy[i] = y[i] <= 0.0f ? 0.0f : dy[i];
}

static __global__ void add(float *y, const float *a, const float *b, size_t n) {
    LP_FOR_EACH(i, n) y[i] = a[i] + b[i];
}

static __global__ void embed(float *y, const float *table, const int32_t *index, size_t n, int dim) {
    LP_FOR_EACH(i, n) {
        int row = index[i / dim];
        if (row >= 0) y[i] += table[(size_t)row * dim + i % dim];
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

int lp_cuda_from_bytes(float *y, const uint8_t *x, size_t n, void *stream) {
    if (n) LP_LAUNCH(from_bytes, lp_blocks(n), LP_BLOCK, stream, y, x, n);
    return cudaGetLastError();
}

int lp_cuda_relu(float *y, size_t n, void *stream) {
    if (n) LP_LAUNCH(relu, lp_blocks(n), LP_BLOCK, stream, y, n);
    return cudaGetLastError();
}

int lp_cuda_relu_backward(float *dy, const float *y, size_t n, void *stream) {
    if (n) LP_LAUNCH(relu_backward, lp_blocks(n), LP_BLOCK, stream, dy, y, n);
    return cudaGetLastError();
}

int lp_cuda_add(float *y, const float *a, const float *b, size_t n, void *stream) {
    if (n) LP_LAUNCH(add, lp_blocks(n), LP_BLOCK, stream, y, a, b, n);
    return cudaGetLastError();
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
