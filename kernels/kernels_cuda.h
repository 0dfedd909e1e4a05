/* The CUDA twins: the operations of kernels.h on device pointers, in a stream (a cudaStream_t passed as void*, so that C
 * code needs no CUDA header). Formulas, shapes and tolerances are those of kernels.h; each returns 0 or a cudaError_t.
 * Calls only enqueue work; nothing here allocates or synchronises. Built where LP_CUDA is on. */
#ifndef LP_KERNELS_KERNELS_CUDA_H
#define LP_KERNELS_KERNELS_CUDA_H

#include "kernels/kernels.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Devices that can be used; 0 without a driver or a card. */
int lp_cuda_devices(void);
/* "no CUDA-capable device is detected" and the like, for an error that a call returned. */
const char *lp_cuda_error(int error);

int lp_cuda_alloc(void **pointer, size_t size_bytes);
void lp_cuda_free(void *pointer);
int lp_cuda_to_device(void *device, const void *host, size_t size_bytes, void *stream);
/* Waits for the stream, so that host holds the result on return. */
int lp_cuda_to_host(void *host, const void *device, size_t size_bytes, void *stream);

int lp_cuda_from_bytes(float *y, const uint8_t *x, size_t n, void *stream);
int lp_cuda_relu(float *y, size_t n, void *stream);
int lp_cuda_relu_backward(float *dy, const float *y, size_t n, void *stream);
int lp_cuda_adam(float *w, float *m, float *v, const float *g, size_t n, int64_t t, float grad_scale,
                 const lp_adam *settings, void *stream);
/* A batch of memory reads: decision b reads count[b] <= max_items items. q, out [batch][heads][dim];
 * weight [batch][heads][max_items]; index, level, age [batch][max_items]; dim <= 128. */
int lp_cuda_read(float *out, float *weight, const lp_read *r, const float *q, const int32_t *index, const uint8_t *level,
                 const uint8_t *age, const int32_t *count, int batch, int max_items, void *stream);

#ifdef __cplusplus
}
#endif

#endif
