/* Twins of pointwise.c and adam.c: one element a thread, grid-stride, bound by memory bandwidth. */
#include "kernels/kernels_cuda.h"

#include <cuda_runtime.h>
#include <math.h>

enum { BLOCK = 256, MAX_BLOCKS = 4096 };

static unsigned blocks(size_t n) {
    size_t b = (n + BLOCK - 1) / BLOCK;
    return (unsigned)(b < MAX_BLOCKS ? b : MAX_BLOCKS);
}

#define FOR_EACH(i, n) for (size_t i = blockIdx.x * (size_t)BLOCK + threadIdx.x; i < (n); i += (size_t)gridDim.x * BLOCK)

static __global__ void from_bytes(float *y, const uint8_t *x, size_t n) {
    FOR_EACH(i, n) y[i] = (float)x[i] / 255.0f - 0.5f;
}

static __global__ void relu(float *y, size_t n) {
    FOR_EACH(i, n) y[i] = y[i] < 0.0f ? 0.0f : y[i];
}

static __global__ void relu_backward(float *dy, const float *y, size_t n) {
    FOR_EACH(i, n) dy[i] = y[i] <= 0.0f ? 0.0f : dy[i];
}

static __global__ void adam(float *w, float *m, float *v, const float *g, size_t n, float fix1, float fix2, float grad_scale,
                            lp_adam s) {
    FOR_EACH(i, n) {
        float gi = g[i] * grad_scale;
        float mi = m[i] = s.beta1 * m[i] + (1 - s.beta1) * gi;
        float vi = v[i] = s.beta2 * v[i] + (1 - s.beta2) * gi * gi;
        w[i] -= s.rate * (mi * fix1) / (sqrtf(vi * fix2) + s.epsilon);
    }
}

int lp_cuda_from_bytes(float *y, const uint8_t *x, size_t n, void *stream) {
    if (n) from_bytes<<<blocks(n), BLOCK, 0, (cudaStream_t)stream>>>(y, x, n);
    return cudaGetLastError();
}

int lp_cuda_relu(float *y, size_t n, void *stream) {
    if (n) relu<<<blocks(n), BLOCK, 0, (cudaStream_t)stream>>>(y, n);
    return cudaGetLastError();
}

int lp_cuda_relu_backward(float *dy, const float *y, size_t n, void *stream) {
    if (n) relu_backward<<<blocks(n), BLOCK, 0, (cudaStream_t)stream>>>(dy, y, n);
    return cudaGetLastError();
}

int lp_cuda_adam(float *w, float *m, float *v, const float *g, size_t n, int64_t t, float grad_scale, const lp_adam *s,
                 void *stream) {
    float fix1 = (float)(1.0 / (1.0 - pow(s->beta1, (double)t))), fix2 = (float)(1.0 / (1.0 - pow(s->beta2, (double)t)));
    if (n) adam<<<blocks(n), BLOCK, 0, (cudaStream_t)stream>>>(w, m, v, g, n, fix1, fix2, grad_scale, *s);
    return cudaGetLastError();
}
