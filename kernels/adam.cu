/* The optimizer's step, with everything it needs to know on the card: the gradient's norm, whether it is finite, and the step's
 * number; so that a whole update can be one graph. */
#include "kernels/cuda.cuh"

enum { PARTS = 1024 };

size_t lp_cuda_adam_state_bytes(void) { return sizeof(lp_cuda_adam_state) + PARTS * sizeof(double); }

static __global__ void __launch_bounds__(LP_BLOCK) sum_squares_parts(double *part, const float *x, size_t n) {
    __shared__ double shared[LP_BLOCK / LP_WARP];
    double sum = 0;
    LP_FOR_EACH(i, n) sum += (double)x[i] * x[i];
    sum = lp_block_reduce<LP_BLOCK>(sum, false, shared);
    if (threadIdx.x == 0) part[blockIdx.x] = sum;
}

/* A warp adds the parts up, and makes of the sum what the step needs. */
static __global__ void prepare(lp_cuda_adam_state *state, const double *part, int n_parts, lp_adam s, float max_norm) {
    double sum = 0;
    for (int p = threadIdx.x; p < n_parts; p += LP_WARP) sum += part[p];
    for (int k = LP_WARP / 2; k; k >>= 1) sum += __shfl_xor_sync(~0u, sum, k);
    if (threadIdx.x) return;
    double norm = sqrt(sum);
    state->norm = norm;
    state->finite = norm - norm == 0;
    if (!state->finite) state->n_refused++;
    else state->step++;
    state->scale = norm > max_norm ? (float)(max_norm / norm) : 1.0f;
    state->fix1 = (float)(1.0 / (1.0 - pow((double)s.beta1, (double)state->step)));
    state->fix2 = (float)(1.0 / (1.0 - pow((double)s.beta2, (double)state->step)));
}

static __global__ void adam(float *w, float *m, float *v, const float *g, size_t n, const lp_cuda_adam_state *state, lp_adam s) {
    if (!state->finite) return;
    const float scale = state->scale, fix1 = state->fix1, fix2 = state->fix2, rate = s.rate * state->rate_scale;
    LP_FOR_EACH(i, n) {
        float gi = g[i] * scale;
        float mi = m[i] = s.beta1 * m[i] + (1 - s.beta1) * gi;
        float vi = v[i] = s.beta2 * v[i] + (1 - s.beta2) * gi * gi;
        w[i] -= rate * (mi * fix1) / (sqrtf(vi * fix2) + s.epsilon);
    }
}

int lp_cuda_adam(float *w, float *m, float *v, const float *g, size_t n, lp_cuda_adam_state *state, const lp_adam *s, float max_norm,
                 void *stream) {
    if (!n) return cudaSuccess;
    unsigned blocks = lp_blocks(n) < PARTS ? lp_blocks(n) : PARTS;
    double *part = (double *)(state + 1);
    LP_LAUNCH(sum_squares_parts, blocks, LP_BLOCK, stream, part, g, n);
    LP_LAUNCH(prepare, 1, LP_WARP, stream, state, part, (int)blocks, *s, max_norm);
    LP_LAUNCH(adam, lp_blocks(n), LP_BLOCK, stream, w, m, v, g, n, state, *s);
    return cudaGetLastError();
}
