/* Gated recurrent cores over whole segments: of a gru, a step of all segments is one product and one cell; a mingru is a scan. */
#include "kernels/recurrent.cuh"

static __global__ void set_prev(float *prev, const float *next, const float *state, const uint8_t *end, size_t n, int t, int steps,
                                int width) {
    LP_FOR_EACH(i, n) {
        const size_t row = i / width * steps + t, at = row * width + i % width;
        prev[at] = lp_after_end(end, row, t) ? 0.0f : t ? next[at - width] : state[i];
    }
}

void lp_cuda_set_prev(float *prev, const float *next, const float *state, const uint8_t *end, int segments, int t, int steps, int width,
                      void *stream) {
    const size_t n = (size_t)segments * width;
    LP_LAUNCH(set_prev, lp_blocks(n), LP_BLOCK, stream, prev, next, state, end, n, t, steps, width);
}

static __global__ void gru(float *h, float *gate, const float *x, const float *u, const float *prev, size_t n, int t, int steps,
                           int hidden) {
    LP_FOR_EACH(i, n) {
        size_t row = i / hidden * steps + t, at = row * 3 * hidden + i % hidden, one = row * hidden + i % hidden;
        float r = lp_sigmoid(x[at] + u[at]), z = lp_sigmoid(x[at + hidden] + u[at + hidden]),
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

int lp_cuda_gru(lp_cuda_blas *blas, float *h, float *gate, float *u, float *prev, const float *x, const float *w, const float *b,
                const float *state, const uint8_t *end, int segments, int steps, int hidden) {
    size_t n = (size_t)segments * hidden;
    int error = cudaSuccess;
    void *stream = lp_cuda_blas_stream(blas);
    for (int t = 0; t < steps && n && !error; t++) {
        lp_cuda_set_prev(prev, h, state, end, segments, t, steps, hidden, stream);
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
        if (t)
            error = lp_cuda_linear_backward_input_strided(blas, carry, hidden, du + (size_t)t * 3 * hidden, steps * 3 * hidden, w, segments,
                                                          hidden, 3 * hidden, 1);
    }
    return error ? error : cudaGetLastError();
}

struct mingru_cell {
    typedef float V;
    enum { BACK = 0 };
    float *h, *gate, *prev;
    const float *x, *state;
    int hidden;
    __device__ float begin(size_t segment, int j) { return state[segment * hidden + j]; }
    __device__ void map(float *a, float *b, size_t row, int j) const {
        const size_t at = row * 2 * hidden + j;
        *a = lp_sigmoid(x[at]), *b = (1.0f - *a) * x[at + hidden];
    }
    __device__ void put(size_t row, int j, float a, float before, float after) const {
        const size_t one = row * hidden + j;
        gate[one] = a, prev[one] = before, h[one] = after;
    }
};

/* Its state is what the step before is owed. */
struct mingru_back {
    typedef float V;
    enum { BACK = 1 };
    float *dx;
    const float *dh, *gate, *x, *prev;
    int hidden;
    __device__ float begin(size_t, int) { return 0.0f; }
    __device__ void map(float *a, float *b, size_t row, int j) const {
        const size_t one = row * hidden + j;
        *a = gate[one], *b = gate[one] * dh[one];
    }
    __device__ void put(size_t row, int j, float z, float before, float) const {
        const size_t one = row * hidden + j, at = row * 2 * hidden + j;
        const float d = dh[one] + before;
        dx[at] = d * (prev[one] - x[at + hidden]) * z * (1.0f - z);
        dx[at + hidden] = d * (1.0f - z);
    }
};

int lp_cuda_mingru(float *h, float *gate, float *prev, const float *x, const float *state, const uint8_t *end, int segments, int steps,
                   int hidden, void *stream) {
    const mingru_cell cell = {h, gate, prev, x, state, hidden};
    return lp_scan(cell, end, segments, steps, hidden, stream);
}

int lp_cuda_mingru_backward(float *dx, const float *dh, const float *gate, const float *x, const float *prev, const uint8_t *end,
                            int segments, int steps, int hidden, void *stream) {
    const mingru_back cell = {dx, dh, gate, x, prev, hidden};
    return lp_scan(cell, end, segments, steps, hidden, stream);
}
