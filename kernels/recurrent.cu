/* Recurrent cores over whole segments. Rows are [segment][step]; a step of all segments is one product and one cell. */
#include "kernels/cuda.cuh"

static __device__ float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

/* The state before a segment's step t: the given one at its start, zeros after an end, else the one after step t - 1. */
static __device__ float state_before(const float *h, const float *state, const uint8_t *end, size_t segment, int t, int steps, int hidden,
                                     int j) {
    if (t == 0) return state[segment * hidden + j];
    return end && end[segment * steps + t - 1] ? 0.0f : h[(segment * steps + t - 1) * hidden + j];
}

static __global__ void set_prev(float *prev, const float *h, const float *state, const uint8_t *end, size_t n, int t, int steps,
                                int hidden) {
    LP_FOR_EACH(i, n) {
        size_t segment = i / hidden;
        int j = (int)(i % hidden);
        prev[(segment * steps + t) * hidden + j] = state_before(h, state, end, segment, t, steps, hidden, j);
    }
}

static __global__ void gru(float *h, float *gate, const float *x, const float *u, const float *prev, size_t n, int t, int steps,
                           int hidden) {
    LP_FOR_EACH(i, n) {
        size_t row = i / hidden * steps + t, at = row * 3 * hidden + i % hidden, one = row * hidden + i % hidden;
        float r = sigmoid(x[at] + u[at]), z = sigmoid(x[at + hidden] + u[at + hidden]),
              c = tanhf(x[at + 2 * hidden] + r * u[at + 2 * hidden]);
        gate[at] = r, gate[at + hidden] = z, gate[at + 2 * hidden] = c;
        h[one] = z * prev[one] + (1.0f - z) * c;
    }
}

/* carry [segments][hidden]: what the step after gave to this step's state; comes out as the direct path to the step before, unless
 * an episode ended there. */
static __global__ void gru_backward(float *dx, float *du, float *carry, const float *dh, const float *gate, const float *u,
                                    const float *prev, const uint8_t *end, size_t n, int t, int steps, int hidden) {
    LP_FOR_EACH(i, n) {
        size_t row = i / hidden * steps + t, at = row * 3 * hidden + i % hidden, one = row * hidden + i % hidden;
        float after = t == steps - 1 || (end && end[row]) ? 0.0f : carry[i], d = dh[one] + after;
        float r = gate[at], z = gate[at + hidden], c = gate[at + 2 * hidden];
        float dc = d * (1.0f - z) * (1.0f - c * c), dz = d * (prev[one] - c) * z * (1.0f - z);
        dx[at + 2 * hidden] = dc;
        du[at + 2 * hidden] = dc * r;
        dx[at + hidden] = du[at + hidden] = dz;
        dx[at] = du[at] = dc * u[at + 2 * hidden] * r * (1.0f - r);
        carry[i] = d * z;
    }
}

/* No product between the steps: a thread goes through all of a segment's. */
static __global__ void mingru(float *h, float *gate, float *prev, const float *x, const float *state, const uint8_t *end, size_t n,
                              int steps, int hidden) {
    LP_FOR_EACH(i, n) {
        size_t segment = i / hidden;
        int j = (int)(i % hidden);
        for (int t = 0; t < steps; t++) {
            size_t row = segment * steps + t, one = row * hidden + j, at = row * 2 * hidden + j;
            float before = prev[one] = state_before(h, state, end, segment, t, steps, hidden, j), z = gate[one] = sigmoid(x[at]);
            h[one] = z * before + (1.0f - z) * x[at + hidden];
        }
    }
}

static __global__ void mingru_backward(float *dx, const float *dh, const float *gate, const float *x, const float *prev, const uint8_t *end,
                                       size_t n, int steps, int hidden) {
    LP_FOR_EACH(i, n) {
        float after = 0;
        for (int t = steps - 1; t >= 0; t--) {
            size_t row = i / hidden * steps + t, one = row * hidden + i % hidden, at = row * 2 * hidden + i % hidden;
            float d = dh[one] + (end && end[row] ? 0.0f : after), z = gate[one];
            dx[at] = d * (prev[one] - x[at + hidden]) * z * (1.0f - z);
            dx[at + hidden] = d * (1.0f - z);
            after = d * z;
        }
    }
}

int lp_cuda_gru(lp_cuda_blas *blas, float *h, float *gate, float *u, float *prev, const float *x, const float *w, const float *b,
                const float *state, const uint8_t *end, int segments, int steps, int hidden) {
    size_t n = (size_t)segments * hidden;
    int error = cudaSuccess;
    void *stream = lp_cuda_blas_stream(blas);
    for (int t = 0; t < steps && n && !error; t++) {
        LP_LAUNCH(set_prev, lp_blocks(n), LP_BLOCK, stream, prev, h, state, end, n, t, steps, hidden);
        error = lp_cuda_linear_strided(blas, u + (size_t)t * 3 * hidden, steps * 3 * hidden, prev + (size_t)t * hidden, steps * hidden, w,
                                       b, segments, hidden, 3 * hidden, 0);
        LP_LAUNCH(gru, lp_blocks(n), LP_BLOCK, stream, h, gate, x, u, prev, n, t, steps, hidden);
    }
    return error ? error : cudaGetLastError();
}

int lp_cuda_gru_backward(lp_cuda_blas *blas, float *dx, float *du, float *carry, const float *dh, const float *gate, const float *u,
                         const float *prev, const float *w, const uint8_t *end, int segments, int steps, int hidden) {
    size_t n = (size_t)segments * hidden;
    int error = cudaSuccess;
    for (int t = steps - 1; t >= 0 && n && !error; t--) {
        LP_LAUNCH(gru_backward, lp_blocks(n), LP_BLOCK, lp_cuda_blas_stream(blas), dx, du, carry, dh, gate, u, prev, end, n, t, steps,
                  hidden);
        error = lp_cuda_linear_backward_input_strided(blas, carry, hidden, du + (size_t)t * 3 * hidden, steps * 3 * hidden, w, segments,
                                                      hidden, 3 * hidden, 1);
    }
    return error ? error : cudaGetLastError();
}

int lp_cuda_mingru(float *h, float *gate, float *prev, const float *x, const float *state, const uint8_t *end, int segments, int steps,
                   int hidden, void *stream) {
    size_t n = (size_t)segments * hidden;
    if (n) LP_LAUNCH(mingru, lp_blocks(n), LP_BLOCK, stream, h, gate, prev, x, state, end, n, steps, hidden);
    return cudaGetLastError();
}

int lp_cuda_mingru_backward(float *dx, const float *dh, const float *gate, const float *x, const float *prev, const uint8_t *end,
                            int segments, int steps, int hidden, void *stream) {
    size_t n = (size_t)segments * hidden;
    if (n) LP_LAUNCH(mingru_backward, lp_blocks(n), LP_BLOCK, stream, dx, dh, gate, x, prev, end, n, steps, hidden);
    return cudaGetLastError();
}
