/* A block takes ROWS rows and OUTS outputs, its threads share the inner dimension: each sums what it meets of it, then the lanes of a
 * warp, then the warps. V is float4 where everything is aligned for it, else float. */
#include "kernels/few.cuh"

static __device__ inline float multiply_add(float a, float b, float sum) {
    return fmaf(a, b, sum);
}

static __device__ inline float multiply_add(float4 a, float4 b, float sum) {
    return fmaf(a.w, b.w, fmaf(a.z, b.z, fmaf(a.y, b.y, fmaf(a.x, b.x, sum))));
}

/* Where element k of a row lies: at row + k of a matrix; of a patch, in the image that it is a patch of. */
struct matrix_rows {
    const float *x;
    size_t stride;
    __device__ size_t row(int r) const { return r * stride; }
    __device__ size_t element(int k) const { return k; }
};

struct patch_rows {
    const float *x;
    lp_conv s;
    int ow, pixels;
    __device__ size_t row(int r) const {
        int p = r % pixels;
        return (((size_t)(r / pixels) * s.h + p / ow * s.stride) * s.w + p % ow * s.stride) * s.c;
    }
    __device__ size_t element(int k) const { return (size_t)(k / (s.k * s.c)) * s.w * s.c + k % (s.k * s.c); }
};

/* The sums over a warp of v[0] to v[N - 1], N <= 32 a power of two: lane l has that of v[l / (32 / N)]. Each exchange halves what a
 * lane is still to sum, and takes the halves of a warp together in the order in which lp_warp_sum does. */
template <int N, int MASK = LP_WARP / 2> static __device__ inline float sum_lanes(float *v) {
    const bool upper = threadIdx.x & MASK;
    if constexpr (N == 1) v[0] += __shfl_xor_sync(~0u, v[0], MASK);
#pragma unroll
    for (int k = 0; k < N / 2; k++) {
        const float keep = upper ? v[k + N / 2] : v[k], give = upper ? v[k] : v[k + N / 2];
        v[k] = keep + __shfl_xor_sync(~0u, give, MASK);
    }
    if constexpr (MASK > 1) return sum_lanes<(N > 1 ? N / 2 : 1), MASK / 2>(v);
    return v[0];
}

template <int ROWS, int OUTS, typename V, typename FROM>
static __global__ void __launch_bounds__(LP_BLOCK)
few(float *y, int y_stride, FROM from, const float *w, const float *b, int n, int i, int o, int how) {
    enum { WIDE = sizeof(V) / sizeof(float), ALL = ROWS * OUTS, PART = ALL < LP_WARP ? ALL : LP_WARP, LANES = LP_WARP / PART };
    __shared__ float shared[LP_BLOCK / LP_WARP][ALL];
    const int groups = (o + OUTS - 1) / OUTS, row0 = (int)blockIdx.x / groups * ROWS, out0 = (int)blockIdx.x % groups * OUTS;
    const int warp = (int)threadIdx.x / LP_WARP, lane = (int)threadIdx.x % LP_WARP;
    const float *row[ROWS], *out[OUTS]; /* past the end the last one again: summed, not kept */
    float sum[ALL];
#pragma unroll
    for (int r = 0; r < ROWS; r++) row[r] = from.x + from.row(row0 + r < n ? row0 + r : n - 1);
#pragma unroll
    for (int g = 0; g < OUTS; g++) out[g] = w + (size_t)(out0 + g < o ? out0 + g : o - 1) * i;
#pragma unroll
    for (int at = 0; at < ALL; at++) sum[at] = 0;
#pragma unroll 2
    for (int k = (int)threadIdx.x * WIDE; k < i; k += (int)blockDim.x * WIDE) {
        const size_t element = from.element(k);
        V weight[OUTS];
#pragma unroll
        for (int g = 0; g < OUTS; g++) weight[g] = __ldg((const V *)(out[g] + k));
#pragma unroll
        for (int r = 0; r < ROWS; r++) {
            const V x = __ldg((const V *)(row[r] + element));
#pragma unroll
            for (int g = 0; g < OUTS; g++) sum[r * OUTS + g] = multiply_add(x, weight[g], sum[r * OUTS + g]);
        }
    }
#pragma unroll
    for (int at = 0; at < ALL; at += PART) {
        const float total = sum_lanes<PART>(sum + at);
        if (lane % LANES == 0) shared[warp][at + lane / LANES] = total;
    }
    __syncthreads();
    for (int at = (int)threadIdx.x; at < ALL; at += (int)blockDim.x) {
        const int r = row0 + at / OUTS, g = out0 + at % OUTS;
        if (r >= n || g >= o) continue;
        float *to = y + (size_t)r * y_stride + g, total = b ? b[g] : 0;
        for (int k = 0; k < (int)blockDim.x / LP_WARP; k++) total += shared[k][at];
        if (how & LP_CUDA_ADD) total += *to;
        *to = how & LP_CUDA_RELU ? lp_above_zero(total) : total;
    }
}

template <int ROWS, int OUTS, typename FROM>
static int launch(float *y, int y_stride, FROM from, const float *w, const float *b, int n, int i, int o, int how, bool wide, void *stream) {
    const size_t blocks = (size_t)((n + ROWS - 1) / ROWS) * (size_t)((o + OUTS - 1) / OUTS);
    int threads = LP_WARP;
    while (threads < LP_BLOCK && threads * 4 < i) threads *= 2;
    if (blocks > INT32_MAX) return cudaErrorInvalidValue;
    if (wide) LP_LAUNCH((few<ROWS, OUTS, float4, FROM>), (unsigned)blocks, threads, stream, y, y_stride, from, w, b, n, i, o, how);
    else LP_LAUNCH((few<ROWS, OUTS, float, FROM>), (unsigned)blocks, threads, stream, y, y_stride, from, w, b, n, i, o, how);
    return cudaGetLastError();
}

int lp_cuda_few_linear(float *y, int y_stride, const float *x, int x_stride, const float *w, const float *b, int n, int i, int o, int how,
                       void *stream) {
    const matrix_rows from = {x, (size_t)x_stride};
    const bool wide = lp_aligned(x, w) && x_stride % 4 == 0 && i % 4 == 0;
    if (n <= 1) return launch<1, 4>(y, y_stride, from, w, b, n, i, o, how, wide, stream);
    if (n <= 2) return launch<2, 4>(y, y_stride, from, w, b, n, i, o, how, wide, stream);
    if (n <= 4) return launch<4, 4>(y, y_stride, from, w, b, n, i, o, how, wide, stream);
    if (n <= 8) return launch<8, 4>(y, y_stride, from, w, b, n, i, o, how, wide, stream);
    return launch<16, 4>(y, y_stride, from, w, b, n, i, o, how, wide, stream);
}

int lp_cuda_few_conv(float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *s, int relu, void *stream) {
    const int pixels = lp_conv_oh(s) * lp_conv_ow(s), run = s->k * s->c;
    const patch_rows from = {x, *s, lp_conv_ow(s), pixels};
    const bool wide = lp_aligned(x, weight) && run % 4 == 0 && s->stride * s->c % 4 == 0 && s->w * s->c % 4 == 0;
    return launch<8, 8>(y, s->oc, from, weight, bias, n * pixels, run * s->k, s->oc, relu ? LP_CUDA_RELU : LP_CUDA_SET, wide, stream);
}
