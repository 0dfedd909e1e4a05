/* Operations on each element by itself: one element a thread, bound by memory bandwidth. */
#include "kernels/cuda.cuh"

static __global__ void from_bytes(float *y, const uint8_t *x, size_t n) { LP_FOR_EACH(i, n) y[i] = (float)x[i] / 255.0f - 0.5f; }

static __global__ void relu(float *y, size_t n) { LP_FOR_EACH(i, n) y[i] = y[i] < 0.0f ? 0.0f : y[i]; }

static __global__ void relu_backward(float *dy, const float *y, size_t n) { LP_FOR_EACH(i, n) dy[i] = y[i] <= 0.0f ? 0.0f : dy[i]; }

static __global__ void add(float *y, const float *a, const float *b, size_t n) { LP_FOR_EACH(i, n) y[i] = a[i] + b[i]; }

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
