/* The linear recurrent unit over whole segments: a scan each way, and then sums over all rows for what lambda is owed. */
#include "kernels/lru.h"
#include "kernels/recurrent.cuh"

struct lru_cell {
    typedef lp_complex V;
    enum { BACK = 0 };
    float *next, *prev;
    const float *x, *lambda, *state;
    int hidden;
    lp_lru_unit unit;
    __device__ lp_complex begin(size_t segment, int j) {
        unit = lp_lru_unit_of(lambda, j, hidden);
        return {state[segment * 2 * hidden + j], state[segment * 2 * hidden + hidden + j]};
    }
    __device__ void map(lp_complex *a, lp_complex *b, size_t row, int j) const {
        const size_t at = row * 2 * hidden + j;
        *a = {unit.re, unit.im}, *b = {unit.gain * x[at], unit.gain * x[at + hidden]};
    }
    __device__ void put(size_t row, int j, lp_complex, lp_complex before, lp_complex after) const {
        const size_t at = row * 2 * hidden + j;
        prev[at] = before.re, prev[at + hidden] = before.im;
        next[at] = after.re, next[at + hidden] = after.im;
    }
};

/* Its state is what the step before is owed. */
struct lru_back {
    typedef lp_complex V;
    enum { BACK = 1 };
    float *dx;
    const float *dnext, *lambda;
    int hidden;
    lp_lru_unit unit;
    __device__ lp_complex begin(size_t, int j) {
        unit = lp_lru_unit_of(lambda, j, hidden);
        return {0.0f, 0.0f};
    }
    __device__ void map(lp_complex *a, lp_complex *b, size_t row, int j) const {
        const size_t at = row * 2 * hidden + j;
        *a = {unit.re, -unit.im}, *b = lp_times(*a, lp_complex{dnext[at], dnext[at + hidden]});
    }
    __device__ void put(size_t row, int j, lp_complex, lp_complex before, lp_complex) const {
        const size_t at = row * 2 * hidden + j;
        dx[at] = unit.gain * (dnext[at] + before.re), dx[at + hidden] = unit.gain * (dnext[at + hidden] + before.im);
    }
};

enum { SUM_ROWS = 16 };

/* dlambda from dx = gamma d, whose sums are taken with prev and with x. */
static __global__ void __launch_bounds__(SUM_ROWS *LP_WARP)
    sum_rows(float *dlambda, const float *dx, const float *x, const float *prev, const float *lambda, size_t rows, int hidden) {
    __shared__ float shared[3][SUM_ROWS][LP_WARP];
    const int lane = threadIdx.x % LP_WARP, group = threadIdx.x / LP_WARP, j = (int)blockIdx.x * LP_WARP + lane;
    float re = 0, im = 0, gain = 0;
    for (size_t row = group; row < rows && j < hidden; row += SUM_ROWS) {
        const size_t r = row * 2 * hidden + j, i = r + hidden;
        re += dx[r] * prev[r] + dx[i] * prev[i];
        im += dx[i] * prev[r] - dx[r] * prev[i];
        gain += dx[r] * x[r] + dx[i] * x[i];
    }
    shared[0][group][lane] = re, shared[1][group][lane] = im, shared[2][group][lane] = gain;
    __syncthreads();
    if (group || j >= hidden) return;
    for (int k = 1; k < SUM_ROWS; k++) re += shared[0][k][lane], im += shared[1][k][lane], gain += shared[2][k][lane];
    const lp_lru_unit u = lp_lru_unit_of(lambda, j, hidden);
    const float scale = u.gain > 0 ? 1.0f / u.gain : 0.0f;
    dlambda[j] -= u.decay * scale * (u.re * re + u.im * im);
    dlambda[hidden + j] += u.phase * scale * (u.re * im - u.im * re);
    dlambda[2 * hidden + j] += gain;
}

int lp_cuda_lru(float *next, float *prev, const float *x, const float *lambda, const float *state, const uint8_t *end, int segments,
                int steps, int hidden, void *stream) {
    const lru_cell cell = {next, prev, x, lambda, state, hidden, {0, 0, 0, 0, 0}};
    return lp_scan(cell, end, segments, steps, hidden, stream);
}

int lp_cuda_lru_backward(float *dx, float *dlambda, const float *dnext, const float *x, const float *prev, const float *lambda,
                         const uint8_t *end, int segments, int steps, int hidden, void *stream) {
    const lru_back cell = {dx, dnext, lambda, hidden, {0, 0, 0, 0, 0}};
    const size_t rows = (size_t)segments * steps;
    const int error = lp_scan(cell, end, segments, steps, hidden, stream);
    if (rows && !error)
        LP_LAUNCH(sum_rows, (unsigned)((hidden + LP_WARP - 1) / LP_WARP), SUM_ROWS * LP_WARP, stream, dlambda, dx, x, prev, lambda, rows,
                  hidden);
    return error ? error : cudaGetLastError();
}
