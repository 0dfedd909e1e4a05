/* CUDA on a CPU, enough of it to run the kernels of kernels/ without a card: tests include it in cuda_runtime.h's place.
 *
 * A block's threads are fibers that run one after the other, each until it comes to a barrier or a shuffle; blocks follow each
 * other. So it shows wrong indices, wrong sums, reads of what was never written and, with the address sanitizer, accesses out of
 * bounds; a barrier that a part of a block does not come to ends the program. It does not show races between barriers, nor time.
 * "Device memory" is malloc's, a stream is nothing, and whatever is enqueued is done at once, or kept while a graph is captured.
 * Threads take turns. */
#ifndef LP_CUDA_ON_CPU_H
#define LP_CUDA_ON_CPU_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <functional>
#include <tuple>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __shared__ static
#define __launch_bounds__(...)
#define __grid_constant__

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x_ = 1, unsigned y_ = 1, unsigned z_ = 1) : x(x_), y(y_), z(z_) {}
};
extern dim3 threadIdx, blockIdx, blockDim, gridDim;

/* Whatever is enqueued: done now, or later by the graph that is being captured. */
void cuda_on_cpu_enqueue(std::function<void()> work);
/* Runs body once for every thread of every block. */
void cuda_on_cpu_run(const void *kernel, dim3 grid, dim3 block, const std::function<void()> &body);
template <typename... P, typename... A> void cuda_on_cpu_launch(dim3 grid, dim3 block, void (*kernel)(P...), A... args) {
    std::tuple<P...> given((P)args...);
    cuda_on_cpu_enqueue([=]() { cuda_on_cpu_run((const void *)kernel, grid, block, [&]() { std::apply(kernel, given); }); });
}
void cuda_on_cpu_barrier(bool warp);
extern unsigned char cuda_on_cpu_lanes[2][1024][8], cuda_on_cpu_turn[1024]; /* what each thread brings to a shuffle */
#define LP_LAUNCH(kernel, grid, block, stream, ...) ((void)(stream), cuda_on_cpu_launch(grid, block, kernel, __VA_ARGS__))

static inline void __syncthreads() { cuda_on_cpu_barrier(false); }
static inline void __syncwarp() { cuda_on_cpu_barrier(true); }

/* Two sets of lanes in turn: none is written again before all have read it. */
template <typename T> T cuda_on_cpu_shuffle(T x, unsigned lane) {
    static_assert(sizeof(T) <= 8, "too wide for a lane");
    const unsigned self = threadIdx.x, turn = cuda_on_cpu_turn[self] ^= 1;
    memcpy(cuda_on_cpu_lanes[turn][self], &x, sizeof x);
    cuda_on_cpu_barrier(true);
    memcpy(&x, cuda_on_cpu_lanes[turn][self / 32 * 32 + lane % 32], sizeof x);
    return x;
}
template <typename T> T __shfl_xor_sync(unsigned, T x, int mask) { return cuda_on_cpu_shuffle(x, threadIdx.x % 32 ^ (unsigned)mask); }
template <typename T> T __shfl_sync(unsigned, T x, int lane) { return cuda_on_cpu_shuffle(x, (unsigned)lane); }
static inline float rsqrtf(float x) { return 1.0f / sqrtf(x); }
static inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)((uint64_t)a * b >> 32); }
template <typename T> T __ldg(const T *p) { return *p; }

struct alignas(16) uint4 {
    unsigned x, y, z, w;
};
struct alignas(16) float4 {
    float x, y, z, w;
};
static inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }
typedef int cudaError_t;
typedef struct cuda_on_cpu_stream *cudaStream_t;
typedef std::vector<std::function<void()>> *cudaGraph_t, *cudaGraphExec_t;
typedef struct cuda_on_cpu_event *cudaEvent_t;
struct cudaDeviceProp {
    char name[256];
    int major, minor;
    size_t totalGlobalMem;
};
enum { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2, cudaErrorUnknown = 999 };
enum { cudaMemcpyHostToDevice, cudaMemcpyDeviceToHost, cudaMemcpyDeviceToDevice, cudaStreamNonBlocking, cudaStreamCaptureModeThreadLocal, cudaHostRegisterDefault };
static inline cudaError_t cudaGetLastError() { return 0; }
static inline const char *cudaGetErrorString(cudaError_t error) { return error == cudaErrorMemoryAllocation ? "out of memory" : "an error of CUDA on a CPU"; }
static inline cudaError_t cudaGetDeviceCount(int *n) { *n = 1; return 0; }
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *d, int);
static inline cudaError_t cudaDriverGetVersion(int *version) { *version = 13000; return 0; }
/* "Device memory" ends at CUDA_ON_CPU_MIB, so that tests meet its end. */
cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes);
cudaError_t cudaMalloc(void **p, size_t n);
template <typename T> cudaError_t cudaMalloc(T **p, size_t n) { return cudaMalloc((void **)p, n); }
cudaError_t cudaFree(void *p);
static inline cudaError_t cudaMallocHost(void **p, size_t n) { *p = malloc(n ? n : 1); return *p ? 0 : cudaErrorMemoryAllocation; }
static inline cudaError_t cudaFreeHost(void *p) { free(p); return 0; }
static inline cudaError_t cudaHostRegister(void *, size_t, unsigned) { return 0; }
static inline cudaError_t cudaHostUnregister(void *) { return 0; }
static inline cudaError_t cudaStreamCreateWithFlags(cudaStream_t *s, int) { *s = (cudaStream_t)malloc(1); return *s ? 0 : cudaErrorMemoryAllocation; }
static inline cudaError_t cudaStreamDestroy(cudaStream_t s) { free(s); return 0; }
static inline cudaError_t cudaStreamSynchronize(cudaStream_t) { return 0; }
static inline cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, int, cudaStream_t) {
    cuda_on_cpu_enqueue([=]() { if (n) memcpy(to, from, n); });
    return 0;
}
static inline cudaError_t cudaMemcpy2DAsync(void *to, size_t to_stride, const void *from, size_t from_stride, size_t n, size_t rows, int, cudaStream_t) {
    if (n > to_stride || n > from_stride) return cudaErrorInvalidValue;
    cuda_on_cpu_enqueue([=]() {
        for (size_t r = 0; r < rows; r++) memcpy((char *)to + r * to_stride, (const char *)from + r * from_stride, n);
    });
    return 0;
}
static inline cudaError_t cudaMemsetAsync(void *to, int value, size_t n, cudaStream_t) {
    cuda_on_cpu_enqueue([=]() { memset(to, value, n); });
    return 0;
}
cudaError_t cudaStreamBeginCapture(cudaStream_t, int);
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *made, cudaGraph_t graph, unsigned);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph);
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t);
cudaError_t cudaEventCreate(cudaEvent_t *event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t);
static inline cudaError_t cudaEventSynchronize(cudaEvent_t) { return 0; }
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to);
cudaError_t cudaEventDestroy(cudaEvent_t event);

#endif
