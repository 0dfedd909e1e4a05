/* What the recurrent cores share on a card: how segments are gone through. Rows are [segment][step].
 *
 * Where a step's state is a linear map of the one before, h = a h + b, whose a and b do not look at the state, nothing has to wait for the step
 * before: lp_scan cuts a segment into parts that go side by side, each of which is such a map itself, and then sends each through once more
 * from what stands before it. The way back is such a recurrence too, from the last step to the first. */
#ifndef LP_KERNELS_RECURRENT_CUH
#define LP_KERNELS_RECURRENT_CUH

#include "kernels/cuda.cuh"

static __device__ inline float lp_sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

/* Before step t of a segment stands not what the step before gave, but zeros. */
static __device__ inline bool lp_after_end(const uint8_t *end, size_t row, int t) { return t && end && end[row - 1]; }

/* prev of step t for all segments, `width` floats each: zeros after an end, else the state given or that after the step before. */
void lp_cuda_set_prev(float *prev, const float *next, const float *state, const uint8_t *end, int segments, int t, int steps, int width,
                      void *stream);

struct lp_complex {
    float re, im;
};
static __device__ inline lp_complex lp_plus(lp_complex a, lp_complex b) { return {a.re + b.re, a.im + b.im}; }
static __device__ inline float lp_times(float a, float b) { return a * b; }
static __device__ inline lp_complex lp_times(lp_complex a, lp_complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
static __device__ inline void lp_set(float *x, float value) { *x = value; }
static __device__ inline void lp_set(lp_complex *x, float value) { *x = {value, 0.0f}; }

enum { LP_SCAN_PARTS = LP_BLOCK / LP_WARP };

/* Unit j of all segments. A cell has the type V of a state, whether it goes BACK, and
 *     V begin(size_t segment, int j)                                    the state before the first step; called once
 *     void map(V *a, V *b, size_t row, int j)                           a step
 *     void put(size_t row, int j, V a, V before, V after)               what comes of it */
template <typename Cell>
static __global__ void __launch_bounds__(LP_BLOCK) lp_scan_units(Cell cell, const uint8_t *end, int steps, int units) {
    typedef typename Cell::V V;
    __shared__ V shared_a[LP_SCAN_PARTS][LP_WARP], shared_b[LP_SCAN_PARTS][LP_WARP];
    const int lane = threadIdx.x % LP_WARP, part = threadIdx.x / LP_WARP, j = (int)blockIdx.y * LP_WARP + lane;
    const int from = part * steps / LP_SCAN_PARTS, to = (part + 1) * steps / LP_SCAN_PARTS;
    const size_t first = (size_t)blockIdx.x * steps;
    V state, a, b, step_a, step_b, zero;
    lp_set(&a, 1), lp_set(&b, 0), lp_set(&zero, 0);
    if (j < units) state = cell.begin(blockIdx.x, j);
    for (int k = from; k < to && j < units; k++) {
        const int t = Cell::BACK ? steps - 1 - k : k;
        const size_t row = first + t;
        if (Cell::BACK ? end && end[row] : lp_after_end(end, row, t)) a = b = zero;
        cell.map(&step_a, &step_b, row, j);
        a = lp_times(step_a, a), b = lp_plus(lp_times(step_a, b), step_b);
    }
    shared_a[part][lane] = a, shared_b[part][lane] = b;
    __syncthreads();
    if (j >= units) return;
    for (int p = 0; p < part; p++) state = lp_plus(lp_times(shared_a[p][lane], state), shared_b[p][lane]);
    for (int k = from; k < to; k++) {
        const int t = Cell::BACK ? steps - 1 - k : k;
        const size_t row = first + t;
        if (Cell::BACK ? end && end[row] : lp_after_end(end, row, t)) state = zero;
        cell.map(&step_a, &step_b, row, j);
        const V after = lp_plus(lp_times(step_a, state), step_b);
        cell.put(row, j, step_a, state, after);
        state = after;
    }
}

template <typename Cell> static int lp_scan(const Cell &cell, const uint8_t *end, int segments, int steps, int units, void *stream) {
    if (segments && steps)
        LP_LAUNCH(lp_scan_units<Cell>, dim3((unsigned)segments, (unsigned)((units + LP_WARP - 1) / LP_WARP)), LP_BLOCK, stream, cell, end,
                  steps, units);
    return cudaGetLastError();
}

#endif
