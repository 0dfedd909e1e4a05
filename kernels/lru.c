/* The linear recurrent unit over whole segments, as kernels.h says. Units do not know of each other: a block of them goes through all rows,
 * so that what they multiply with is computed once. */
#include "kernels/lru.h"
#include "base/simd.h"
#include "kernels/recurrent.h"

#include <assert.h>

enum { BLOCK = 64 };
typedef struct {
    int n;
    float re[BLOCK], im[BLOCK], gain[BLOCK], decay[BLOCK], phase[BLOCK];
} units;

static units units_of(const float *lambda, int from, int hidden) {
    units u = {.n = hidden - from < BLOCK ? hidden - from : BLOCK};
    for (int j = 0; j < u.n; j++) {
        const lp_lru_unit one = lp_lru_unit_of(lambda, from + j, hidden);
        u.re[j] = one.re, u.im[j] = one.im, u.gain[j] = one.gain, u.decay[j] = one.decay, u.phase[j] = one.phase;
    }
    return u;
}

/* All arrays begin at the block's first unit; the imaginary parts lie `hidden` further on. */
LP_CLONES static void forward(float *next, float *prev, const float *x, const units *u, const float *state, const lp_segments *s,
                              int hidden) {
    float re[BLOCK], im[BLOCK];
    for (size_t row = 0; row < lp_segments_rows(s); row++, next += 2 * hidden, prev += 2 * hidden, x += 2 * hidden) {
        const bool first = lp_is_first(s, row), zero = !first && lp_is_last(s, row - 1);
        const float *given = state + row / (size_t)s->steps * 2 * (size_t)hidden;
        for (int j = 0; j < u->n; j++) {
            const float r = first ? given[j] : zero ? 0 : re[j], i = first ? given[hidden + j] : zero ? 0 : im[j];
            re[j] = u->re[j] * r - u->im[j] * i + u->gain[j] * x[j];
            im[j] = u->im[j] * r + u->re[j] * i + u->gain[j] * x[hidden + j];
            prev[j] = r, prev[hidden + j] = i;
            next[j] = re[j], next[hidden + j] = im[j];
        }
    }
}

void lp_k_lru(float *next, float *prev, const float *x, const float *lambda, const float *state, const uint8_t *end, int segments,
              int steps, int hidden) {
    const lp_segments s = {segments, steps, end};
    assert(segments >= 0 && steps > 0 && hidden > 0);
    for (int j = 0; j < hidden; j += BLOCK) {
        const units u = units_of(lambda, j, hidden);
        forward(next + j, prev + j, x + j, &u, state + j, &s, hidden);
    }
}

/* What lambda and gamma are owed. */
typedef struct {
    float re[BLOCK], im[BLOCK], gain[BLOCK];
} owed;

LP_CLONES static void backward(float *dx, owed *sum, const float *dnext, const float *x, const float *prev, const units *u,
                               const lp_segments *s, int hidden) {
    float re[BLOCK], im[BLOCK]; /* what the state after is owed by the rows after */
    const size_t wide = 2 * (size_t)hidden;
    for (size_t row = lp_segments_rows(s); row-- > 0;) {
        const bool last = lp_is_last(s, row);
        const size_t at = row * wide;
        for (int j = 0; j < u->n; j++) {
            const size_t r = at + (size_t)j, i = r + (size_t)hidden;
            const float dr = dnext[r] + (last ? 0 : re[j]), di = dnext[i] + (last ? 0 : im[j]);
            dx[r] = u->gain[j] * dr, dx[i] = u->gain[j] * di;
            sum->re[j] += dr * prev[r] + di * prev[i];
            sum->im[j] += di * prev[r] - dr * prev[i];
            sum->gain[j] += dr * x[r] + di * x[i];
            re[j] = u->re[j] * dr + u->im[j] * di;
            im[j] = u->re[j] * di - u->im[j] * dr;
        }
    }
}

void lp_k_lru_backward(float *dx, float *dlambda, const float *dnext, const float *x, const float *prev, const float *lambda,
                       const uint8_t *end, int segments, int steps, int hidden) {
    const lp_segments s = {segments, steps, end};
    for (int from = 0; from < hidden; from += BLOCK) {
        const units u = units_of(lambda, from, hidden);
        owed sum = {{0}, {0}, {0}};
        backward(dx + from, &sum, dnext + from, x + from, prev + from, &u, &s, hidden);
        for (int j = 0; j < u.n; j++) {
            dlambda[from + j] -= u.decay[j] * (u.re[j] * sum.re[j] + u.im[j] * sum.im[j]);
            dlambda[hidden + from + j] += u.phase[j] * (u.re[j] * sum.im[j] - u.im[j] * sum.re[j]);
            dlambda[2 * hidden + from + j] += u.gain[j] * sum.gain[j];
        }
    }
}
