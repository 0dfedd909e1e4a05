/* CUDA on a CPU, enough of it to run the kernels of kernels/ without a card: tests include it in cuda_runtime.h's place.
 *
 * A block's threads are fibers that run one after the other, each until it comes to a barrier or a shuffle; blocks follow each
 * other. So it shows wrong indices, wrong sums, reads of what was never written and, with the address sanitizer, accesses out of
 * bounds; a barrier that a part of a block does not come to ends the program. "Device memory" is malloc's; whatever is enqueued is done
 * at once, or kept while a graph is captured. It does not show time.
 *
 * With CUDA_ON_CPU_LATE=1 in the environment, a stream's work is done as late as a card may do it: when somebody waits for it; and blocks, and
 * threads between two barriers, run in the opposite order. What is right in both ways does not count on an order that a card does not
 * promise: a missing barrier, threads or blocks that need each other's results, a host that reads or writes again too early, streams that do
 * not wait for each other, all give other numbers in one of the two. */
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

typedef struct cuda_on_cpu_stream *cudaStream_t;
/* Whatever is enqueued: done now or when the stream is waited for, or later by the graph that is being captured. */
void cuda_on_cpu_enqueue(cudaStream_t stream, std::function<void()> work);
/* Runs body once for every thread of every block. */
void cuda_on_cpu_run(const void *kernel, dim3 grid, dim3 block, const std::function<void()> &body);
template <typename... P, typename... A>
void cuda_on_cpu_launch(dim3 grid, dim3 block, cudaStream_t stream, void (*kernel)(P...), A... args) {
    std::tuple<P...> given((P)args...);
    cuda_on_cpu_enqueue(stream, [=]() { cuda_on_cpu_run((const void *)kernel, grid, block, [&]() { std::apply(kernel, given); }); });
}
void cuda_on_cpu_barrier(bool warp);
extern unsigned char cuda_on_cpu_lanes[2][1024][8], cuda_on_cpu_turn[1024]; /* what each thread brings to a shuffle */
#define LP_LAUNCH(kernel, grid, block, stream, ...) cuda_on_cpu_launch(grid, block, (cudaStream_t)(stream), kernel, __VA_ARGS__)

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
typedef std::vector<std::function<void()>> *cudaGraph_t, *cudaGraphExec_t;
typedef struct cuda_on_cpu_event *cudaEvent_t;
struct cudaDeviceProp {
    char name[256];
    int major, minor;
    size_t totalGlobalMem;
};
enum { cudaSuccess = 0, cudaErrorInvalidValue = 1, cudaErrorMemoryAllocation = 2, cudaErrorUnknown = 999 };
enum {
    cudaMemcpyHostToDevice,
    cudaMemcpyDeviceToHost,
    cudaMemcpyDeviceToDevice,
    cudaStreamNonBlocking,
    cudaStreamCaptureModeThreadLocal,
    cudaHostRegisterDefault
};
static inline cudaError_t cudaGetLastError() { return 0; }
static inline const char *cudaGetErrorString(cudaError_t error) {
    return error == cudaErrorMemoryAllocation ? "out of memory" : "an error of CUDA on a CPU";
}
static inline cudaError_t cudaGetDeviceCount(int *n) {
    *n = 1;
    return 0;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp *d, int);
static inline cudaError_t cudaDriverGetVersion(int *version) {
    *version = 13000;
    return 0;
}
/* "Device memory" ends at CUDA_ON_CPU_MIB, so that tests meet its end. */
cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *total_bytes);
cudaError_t cudaMalloc(void **p, size_t n);
template <typename T> cudaError_t cudaMalloc(T **p, size_t n) { return cudaMalloc((void **)p, n); }
cudaError_t cudaFree(void *p);
cudaError_t cudaMallocHost(void **p, size_t n);
cudaError_t cudaFreeHost(void *p);
cudaError_t cudaHostRegister(void *p, size_t n, unsigned);
cudaError_t cudaHostUnregister(void *p);
static inline cudaError_t cudaDeviceGetStreamPriorityRange(int *least, int *greatest) {
    *least = 0, *greatest = -5;
    return 0;
}
cudaError_t cudaStreamCreateWithPriority(cudaStream_t *s, unsigned, int);
cudaError_t cudaStreamDestroy(cudaStream_t s);
cudaError_t cudaStreamSynchronize(cudaStream_t s);
/* As on a card, memory of the host that is not pinned is read before the call returns, and written before it returns; a graph takes none. */
cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t n, int kind, cudaStream_t s);
/* On the card. */
cudaError_t cudaMemcpy2DAsync(void *to, size_t to_stride, const void *from, size_t from_stride, size_t n, size_t rows, int kind,
                              cudaStream_t s);
cudaError_t cudaMemsetAsync(void *to, int value, size_t n, cudaStream_t s);
cudaError_t cudaStreamBeginCapture(cudaStream_t, int);
cudaError_t cudaStreamEndCapture(cudaStream_t, cudaGraph_t *graph);
cudaError_t cudaGraphInstantiate(cudaGraphExec_t *made, cudaGraph_t graph, unsigned);
cudaError_t cudaGraphDestroy(cudaGraph_t graph);
cudaError_t cudaGraphExecDestroy(cudaGraphExec_t graph);
cudaError_t cudaGraphLaunch(cudaGraphExec_t graph, cudaStream_t);
cudaError_t cudaEventCreate(cudaEvent_t *event);
cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t);
cudaError_t cudaEventSynchronize(cudaEvent_t event);
cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t from, cudaEvent_t to);
cudaError_t cudaEventDestroy(cudaEvent_t event);

#endif
