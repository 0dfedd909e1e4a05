/* A block takes ROWS rows and OUTS outputs of one map, its threads share the inner dimension: each sums what it meets of it, then the
 * lanes of a warp, then the warps. V is float4 where everything is aligned for it, else float. */
#include "kernels/few.cuh"

static __device__ inline float multiply_add(float a, float b, float sum) { return fmaf(a, b, sum); }

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

template <typename FROM> struct few_map {
    FROM from;
    const float *w, *b;
    float *y;
    int y_stride, i, o, how;
    int threads, blocks; /* of a block, where more may be, to no end; of the grid */
};
template <typename FROM> struct few_maps { few_map<FROM> map[LP_CUDA_MAX_MAPS]; };

template <int ROWS, int OUTS, typename V, typename FROM>
static __global__ void __launch_bounds__(LP_BLOCK) few(const __grid_constant__ few_maps<FROM> all, int n) {
    enum { WIDE = sizeof(V) / sizeof(float), ALL = ROWS * OUTS, PART = ALL < LP_WARP ? ALL : LP_WARP, LANES = LP_WARP / PART };
    __shared__ float shared[LP_BLOCK / LP_WARP][ALL];
    int block = blockIdx.x, which = 0;
    while (block >= all.map[which].blocks) block -= all.map[which++].blocks;
    const few_map<FROM> &m = all.map[which];
    const int i = m.i, o = m.o, groups = (o + OUTS - 1) / OUTS, row0 = block / groups * ROWS, out0 = block % groups * OUTS;
    const int warp = (int)threadIdx.x / LP_WARP, lane = (int)threadIdx.x % LP_WARP;
    const float *row[ROWS], *out[OUTS]; /* past the end the last one again: summed, not kept */
    float sum[ALL];
#pragma unroll
    for (int r = 0; r < ROWS; r++) row[r] = m.from.x + m.from.row(row0 + r < n ? row0 + r : n - 1);
#pragma unroll
    for (int g = 0; g < OUTS; g++) out[g] = m.w + (size_t)(out0 + g < o ? out0 + g : o - 1) * i;
#pragma unroll
    for (int at = 0; at < ALL; at++) sum[at] = 0;
#pragma unroll 2
    for (int k = (int)threadIdx.x * WIDE; k < i; k += m.threads * WIDE) {
        const size_t element = m.from.element(k);
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
        float *to = m.y + (size_t)r * m.y_stride + g, total = m.b ? m.b[g] : 0;
        for (int k = 0; k < m.threads / LP_WARP; k++) total += shared[k][at];
        if (m.how & LP_CUDA_ADD) total += *to;
        *to = m.how & LP_CUDA_RELU ? lp_above_zero(total) : total;
    }
}

/* A fixed number for a map, so that its bits do not depend on what is launched with it. */
static int threads_for(int i) {
    int threads = LP_WARP;
    while (threads < LP_BLOCK && threads * 4 < i) threads *= 2;
    return threads;
}

template <int ROWS, int OUTS, typename FROM> static int launch(few_maps<FROM> all, int n_maps, int n, bool wide, void *stream) {
    size_t blocks = 0;
    int threads = 0;
    for (int k = 0; k < n_maps; k++) {
        few_map<FROM> *m = &all.map[k];
        const size_t mine = (size_t)((n + ROWS - 1) / ROWS) * (size_t)((m->o + OUTS - 1) / OUTS);
        if ((blocks += mine) > INT32_MAX) return cudaErrorInvalidValue;
        m->blocks = (int)mine;
        m->threads = threads_for(m->i);
        if (threads < m->threads) threads = m->threads;
    }
    if (wide) LP_LAUNCH((few<ROWS, OUTS, float4, FROM>), (unsigned)blocks, threads, stream, all, n);
    else LP_LAUNCH((few<ROWS, OUTS, float, FROM>), (unsigned)blocks, threads, stream, all, n);
    return cudaGetLastError();
}

static int launch_rows(const few_maps<matrix_rows> &all, int n_maps, int n, bool wide, void *stream) {
    if (n <= 1) return launch<1, 4>(all, n_maps, n, wide, stream);
    if (n <= 2) return launch<2, 4>(all, n_maps, n, wide, stream);
    if (n <= 4) return launch<4, 4>(all, n_maps, n, wide, stream);
    if (n <= 8) return launch<8, 4>(all, n_maps, n, wide, stream);
    return launch<16, 4>(all, n_maps, n, wide, stream);
}

static bool is_wide(const float *x, int x_stride, const float *w, int i) { return lp_aligned(x, w) && x_stride % 4 == 0 && i % 4 == 0; }

int lp_cuda_few_linear(float *y, int y_stride, const float *x, int x_stride, const float *w, const float *b, int n, int i, int o, int how,
                       void *stream) {
    const few_maps<matrix_rows> all = {{{{x, (size_t)x_stride}, w, b, y, y_stride, i, o, how, 0, 0}}};
    return launch_rows(all, 1, n, is_wide(x, x_stride, w, i), stream);
}

int lp_cuda_few_maps(const lp_cuda_map *map, int n_maps, int n, void *stream) {
    few_maps<matrix_rows> all = {};
    int n_wide = 0, error = cudaSuccess;
    for (int k = 0; k < n_maps; k++) {
        const lp_cuda_map *m = &map[k];
        all.map[k] = {{m->x, (size_t)m->i}, m->w, m->b, m->y, m->o, m->i, m->o, m->how, 0, 0};
        n_wide += is_wide(m->x, m->i, m->w, m->i);
    }
    if (n_wide == 0 || n_wide == n_maps) return launch_rows(all, n_maps, n, n_wide > 0, stream);
    for (int k = 0; k < n_maps && !error; k++)
        error = lp_cuda_few_linear(map[k].y, map[k].o, map[k].x, map[k].i, map[k].w, map[k].b, n, map[k].i, map[k].o, map[k].how, stream);
    return error;
}

int lp_cuda_few_conv(float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *s, int relu, void *stream) {
    const int pixels = lp_conv_oh(s) * lp_conv_ow(s), run = s->k * s->c;
    const few_maps<patch_rows> all = {
        {{{x, *s, lp_conv_ow(s), pixels}, weight, bias, y, s->oc, run * s->k, s->oc, relu ? LP_CUDA_RELU : LP_CUDA_SET, 0, 0}}};
    const bool wide = lp_aligned(x, weight) && run % 4 == 0 && s->stride * s->c % 4 == 0 && s->w * s->c % 4 == 0;
    return launch<8, 8>(all, 1, n * pixels, wide, stream);
}
