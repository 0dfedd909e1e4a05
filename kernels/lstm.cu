/* The LSTM over whole segments: a step of all segments is one product and one cell. */
#include "kernels/recurrent.cuh"

static __global__ void lstm(float *y, float *next, float *gate, float *last, const float *prev, size_t n, int t, int steps, int hidden) {
    LP_FOR_EACH(k, n) {
        const int j = (int)(k % hidden);
        const size_t row = k / hidden * steps + t, at = row * 4 * hidden + j, state = row * 2 * hidden + j;
        const float i = lp_sigmoid(gate[at]), f = lp_sigmoid(gate[at + hidden]), g = tanhf(gate[at + 2 * hidden]),
                    o = lp_sigmoid(gate[at + 3 * hidden]), c = f * prev[state + hidden] + i * g;
        gate[at] = i, gate[at + hidden] = f, gate[at + 2 * hidden] = g, gate[at + 3 * hidden] = o;
        last[row * hidden + j] = prev[state];
        next[state + hidden] = c;
        y[row * hidden + j] = next[state] = o * tanhf(c);
    }
}

/* carry [segments][2 hidden]: what the step after gave to this step's state; comes out as what the cell before is owed. */
static __global__ void lstm_backward(float *dx, float *carry, const float *dy, const float *gate, const float *next, const float *prev,
                                     const uint8_t *end, size_t n, int t, int steps, int hidden) {
    LP_FOR_EACH(k, n) {
        const int j = (int)(k % hidden);
        const size_t segment = k / hidden, row = segment * steps + t, at = row * 4 * hidden + j, state = row * 2 * hidden + j;
        float *back = carry + segment * 2 * hidden + j;
        const bool last = t == steps - 1 || (end && end[row]);
        const float i = gate[at], f = gate[at + hidden], g = gate[at + 2 * hidden], o = gate[at + 3 * hidden];
        const float c = tanhf(next[state + hidden]), d = dy[row * hidden + j] + (last ? 0.0f : back[0]);
        const float dc = (last ? 0.0f : back[hidden]) + d * o * (1.0f - c * c);
        dx[at] = dc * g * i * (1.0f - i);
        dx[at + hidden] = dc * prev[state + hidden] * f * (1.0f - f);
        dx[at + 2 * hidden] = dc * i * (1.0f - g * g);
        dx[at + 3 * hidden] = d * c * o * (1.0f - o);
        back[hidden] = dc * f;
    }
}

int lp_cuda_lstm(lp_cuda_blas *blas, float *y, float *next, float *gate, float *last, float *prev, const float *w, const float *state,
                 const uint8_t *end, int segments, int steps, int hidden) {
    const size_t n = (size_t)segments * hidden;
    int error = cudaSuccess;
    void *stream = lp_cuda_blas_stream(blas);
    for (int t = 0; t < steps && n && !error; t++) {
        lp_cuda_set_prev(prev, next, state, end, segments, t, steps, 2 * hidden, stream);
        error = lp_cuda_linear_strided(blas, gate + (size_t)t * 4 * hidden, steps * 4 * hidden, prev + (size_t)t * 2 * hidden,
                                       steps * 2 * hidden, w, NULL, segments, hidden, 4 * hidden, LP_CUDA_ADD);
        LP_LAUNCH(lstm, lp_blocks(n), LP_BLOCK, stream, y, next, gate, last, prev, n, t, steps, hidden);
    }
    return error ? error : cudaGetLastError();
}

int lp_cuda_lstm_backward(lp_cuda_blas *blas, float *dx, float *carry, const float *dy, const float *gate, const float *next,
                          const float *prev, const float *w, const uint8_t *end, int segments, int steps, int hidden) {
    const size_t n = (size_t)segments * hidden;
    int error = cudaSuccess;
    for (int t = steps - 1; t >= 0 && n && !error; t--) {
        LP_LAUNCH(lstm_backward, lp_blocks(n), LP_BLOCK, lp_cuda_blas_stream(blas), dx, carry, dy, gate, next, prev, end, n, t, steps,
                  hidden);
        if (t)
            error = lp_cuda_linear_backward_input_strided(blas, carry, 2 * hidden, dx + (size_t)t * 4 * hidden, steps * 4 * hidden, w,
                                                          segments, hidden, 4 * hidden, LP_CUDA_SET);
    }
    return error ? error : cudaGetLastError();
}
