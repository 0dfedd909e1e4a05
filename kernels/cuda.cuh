/* What the CUDA twins share. Kernels are launched by LP_LAUNCH, so that the same sources also compile for a CPU, where tests run
 * them without a card (tests/cuda_on_cpu). */
#ifndef LP_KERNELS_CUDA_CUH
#define LP_KERNELS_CUDA_CUH

#include "kernels/kernels_cuda.h"

#include <cuda_runtime.h>
#include <math.h>

#ifdef __CUDACC__
#define LP_LAUNCH(kernel, grid, block, stream, ...) kernel<<<grid, block, 0, (cudaStream_t)(stream)>>>(__VA_ARGS__)
#endif

enum { LP_BLOCK = 256, LP_WARP = 32, LP_MAX_BLOCKS = 4096 };

/* Blocks of LP_BLOCK threads for n elements, each thread taking several where there are very many. */
static inline unsigned lp_blocks(size_t n) {
    size_t b = (n + LP_BLOCK - 1) / LP_BLOCK;
    return (unsigned)(b < LP_MAX_BLOCKS ? b : LP_MAX_BLOCKS);
}
#define LP_FOR_EACH(i, n) for (size_t i = blockIdx.x * (size_t)LP_BLOCK + threadIdx.x; i < (n); i += (size_t)gridDim.x * LP_BLOCK)

/* i / by and what is left of it; by 32 bits where that will do, since a card divides 64 many times slower. */
static __device__ inline size_t lp_divide(size_t i, int by, int *rest) {
    const size_t quotient = i <= UINT32_MAX ? (uint32_t)i / (uint32_t)by : i / (size_t)by;
    *rest = (int)(i - quotient * (size_t)by);
    return quotient;
}

/* Kernels that move memory take a float or, where everything is aligned for it, four at a time. */
static __device__ inline float lp_plus(float a, float b) { return a + b; }
static __device__ inline float4 lp_plus(float4 a, float4 b) { return make_float4(a.x + b.x, a.y + b.y, a.z + b.z, a.w + b.w); }
static __device__ inline float lp_above_zero(float x) { return x < 0 ? 0 : x; } /* a NaN stays */
static __device__ inline float4 lp_above_zero(float4 v) {
    return make_float4(lp_above_zero(v.x), lp_above_zero(v.y), lp_above_zero(v.z), lp_above_zero(v.w));
}
static inline bool lp_aligned(const void *a, const void *b) { return ((uintptr_t)a | (uintptr_t)b) % sizeof(float4) == 0; }

static __device__ inline float lp_warp_sum(float x) {
    for (int k = LP_WARP / 2; k; k >>= 1) x += __shfl_xor_sync(~0u, x, k);
    return x;
}

/* The sum (or the largest) of x over a block of THREADS, in every thread; always in the same order. shared [THREADS / 32]. */
template <int THREADS, typename T> static __device__ inline T lp_block_reduce(T x, bool largest, T *shared) {
    for (int k = LP_WARP / 2; k; k >>= 1) {
        T y = __shfl_xor_sync(~0u, x, k);
        x = largest ? (x > y ? x : y) : x + y;
    }
    __syncthreads();
    if (threadIdx.x % LP_WARP == 0) shared[threadIdx.x / LP_WARP] = x;
    __syncthreads();
    x = shared[0];
    for (int w = 1; w < THREADS / LP_WARP; w++) x = largest ? (x > shared[w] ? x : shared[w]) : x + shared[w];
    return x;
}

#endif
