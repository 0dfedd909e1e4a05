/* CUDA on a CPU, enough of it to run the kernels of kernels/ without a card: tests include it in cuda_runtime.h's place.
 *
 * A block's threads are fibers that run one after the other, each until it comes to a barrier or a shuffle; blocks follow each
 * other. So it shows wrong indices, wrong sums, reads of what was never written and, with the address sanitizer, accesses out of
 * bounds; a barrier that a part of a block does not come to ends the program. It does not show races between barriers, nor time.
 * "Device memory" is malloc's, a stream is nothing, and whatever is enqueued is done at once. One thread at a time. */
#ifndef LP_CUDA_ON_CPU_H
#define LP_CUDA_ON_CPU_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <functional>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
extern dim3 threadIdx, blockIdx, blockDim, gridDim;

/* Runs body once for every thread of every block. */
void cuda_on_cpu_launch(dim3 grid, dim3 block, const std::function<void()> &body);
void cuda_on_cpu_barrier(bool warp);
extern unsigned char cuda_on_cpu_lanes[1024][8]; /* what each thread brings to a shuffle */
#define LP_LAUNCH(kernel, grid, block, stream, ...) ((void)(stream), cuda_on_cpu_launch(grid, block, [&]() { kernel(__VA_ARGS__); }))

static inline void __syncthreads() { cuda_on_cpu_barrier(false); }
static inline void __syncwarp() { cuda_on_cpu_barrier(true); }

template <typename T> T cuda_on_cpu_shuffle(T x, unsigned lane) {
    static_assert(sizeof(T) <= 8, "too wide for a lane");
    unsigned self = threadIdx.x;
    memcpy(cuda_on_cpu_lanes[self], &x, sizeof x);
    cuda_on_cpu_barrier(true);
    memcpy(&x, cuda_on_cpu_lanes[self / 32 * 32 + lane % 32], sizeof x);
    cuda_on_cpu_barrier(true);
    return x;
}
template <typename T> T __shfl_xor_sync(unsigned, T x, int mask) { return cuda_on_cpu_shuffle(x, threadIdx.x % 32 ^ (unsigned)mask); }
template <typename T> T __shfl_sync(unsigned, T x, int lane) { return cuda_on_cpu_shuffle(x, (unsigned)lane); }
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
template <typename T> T __ldg(const T *p) { return *p; }

typedef int cudaError_t;
typedef void *cudaStream_t;
enum { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2, cudaErrorUnknown = 999 };
enum { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice };
static inline cudaError_t cudaGetLastError() { return 0; }
static inline const char *cudaGetErrorString(cudaError_t) { return "an error of CUDA on a CPU"; }
static inline cudaError_t cudaGetDeviceCount(int *n) { *n = 1; return 0; }
static inline cudaError_t cudaMalloc(void **p, size_t n) { *p = malloc(n ? n : 1); return *p ? 0 : cudaErrorMemoryAllocation; }
static inline cudaError_t cudaFree(void *p) { free(p); return 0; }
static inline cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, int, cudaStream_t) { memcpy(to, from, n); return 0; }
static inline cudaError_t cudaMemsetAsync(void *to, int value, size_t n, cudaStream_t) { memset(to, value, n); return 0; }
static inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return 0; }

#endif
