/* Gated recurrent cores over whole segments, as kernels.h says. */
#include "kernels/kernels.h"
#include "base/simd.h"
#include "kernels/recurrent.h"

#include <assert.h>
#include <math.h>

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

static void gru(float *h, float *gate, const float *x, const float *u, const float *prev, int n, int hidden) {
    for (int i = 0; i < n; i++, h += hidden, prev += hidden, gate += 3 * hidden, x += 3 * hidden, u += 3 * hidden) {
        float *r = gate, *z = gate + hidden, *c = gate + 2 * hidden;
        for (int j = 0; j < hidden; j++) {
            r[j] = sigmoid(x[j] + u[j]);
            z[j] = sigmoid(x[hidden + j] + u[hidden + j]);
            c[j] = tanhf(x[2 * hidden + j] + r[j] * u[2 * hidden + j]);
            h[j] = z[j] * prev[j] + (1.0f - z[j]) * c[j];
        }
    }
}

void lp_k_gru(float *h, float *gate, float *u, float *prev, const float *x, const float *w, const float *b, const float *state,
              const uint8_t *end, int segments, int steps, int hidden) {
    const lp_segments s = {segments, steps, end};
    const size_t wide = 3 * (size_t)hidden, one = (size_t)hidden;
    const int n = lp_at_once(&s);
    assert(segments >= 0 && steps > 0 && hidden > 0);
    for (size_t row = 0; row < lp_segments_rows(&s); row += (size_t)n) {
        lp_state_before(prev, h, state, &s, row, one);
        lp_k_linear(u + row * wide, prev + row * one, w, b, n, hidden, 3 * hidden, 0);
        gru(h + row * one, gate + row * wide, x + row * wide, u + row * wide, prev + row * one, n, hidden);
    }
}

/* back: what the state after is owed; and then, in its place, what the state before is by the direct path. */
LP_CLONES static void gru_backward(float *restrict dx, float *restrict du, float *restrict back, const float *restrict dh,
                                   const float *restrict gate, const float *restrict u, const float *restrict prev, int n, int hidden) {
    for (int i = 0; i < n;
         i++, dh += hidden, back += hidden, prev += hidden, gate += 3 * hidden, u += 3 * hidden, dx += 3 * hidden, du += 3 * hidden) {
        for (int j = 0; j < hidden; j++) {
            float r = gate[j], z = gate[hidden + j], c = gate[2 * hidden + j], d = dh[j] + back[j];
            float dc = d * (1.0f - z) * (1.0f - c * c), dz = d * (prev[j] - c) * z * (1.0f - z);
            dx[2 * hidden + j] = dc;
            du[2 * hidden + j] = dc * r;
            dx[hidden + j] = du[hidden + j] = dz;
            dx[j] = du[j] = dc * u[2 * hidden + j] * r * (1.0f - r);
            back[j] = d * z;
        }
    }
}

void lp_k_gru_backward(float *dx, float *du, float *carry, const float *dh, const float *gate, const float *u, const float *prev,
                       const float *w, const uint8_t *end, int segments, int steps, int hidden) {
    const lp_segments s = {segments, steps, end};
    const size_t wide = 3 * (size_t)hidden, one = (size_t)hidden;
    const int n = lp_at_once(&s);
    for (size_t row = lp_segments_rows(&s); row > 0;) {
        row -= (size_t)n;
        float *back = lp_carry_of(carry, &s, row, one);
        gru_backward(dx + row * wide, du + row * wide, back, dh + row * one, gate + row * wide, u + row * wide, prev + row * one, n,
                     hidden);
        if (!lp_is_first(&s, row)) lp_k_linear_backward_input(back, du + row * wide, w, n, hidden, 3 * hidden, 1);
    }
}

static void mingru(float *h, float *gate, const float *x, const float *prev, int n, int hidden) {
    for (int i = 0; i < n; i++, h += hidden, prev += hidden, gate += hidden, x += 2 * hidden)
        for (int j = 0; j < hidden; j++) {
            gate[j] = sigmoid(x[j]);
            h[j] = gate[j] * prev[j] + (1.0f - gate[j]) * x[hidden + j];
        }
}

void lp_k_mingru(float *h, float *gate, float *prev, const float *x, const float *state, const uint8_t *end, int segments, int steps,
                 int hidden) {
    const lp_segments s = {segments, steps, end};
    const size_t one = (size_t)hidden;
    const int n = lp_at_once(&s);
    assert(segments >= 0 && steps > 0 && hidden > 0);
    for (size_t row = 0; row < lp_segments_rows(&s); row += (size_t)n) {
        lp_state_before(prev, h, state, &s, row, one);
        mingru(h + row * one, gate + row * one, x + row * 2 * one, prev + row * one, n, hidden);
    }
}

LP_CLONES static void mingru_backward(float *restrict dx, float *restrict back, const float *restrict dh, const float *restrict gate,
                                      const float *restrict x, const float *restrict prev, int n, int hidden) {
    for (int i = 0; i < n; i++, dh += hidden, back += hidden, prev += hidden, gate += hidden, x += 2 * hidden, dx += 2 * hidden)
        for (int j = 0; j < hidden; j++) {
            float z = gate[j], d = dh[j] + back[j];
            dx[j] = d * (prev[j] - x[hidden + j]) * z * (1.0f - z);
            dx[hidden + j] = d * (1.0f - z);
            back[j] = d * z;
        }
}

void lp_k_mingru_backward(float *dx, float *carry, const float *dh, const float *gate, const float *x, const float *prev,
                          const uint8_t *end, int segments, int steps, int hidden) {
    const lp_segments s = {segments, steps, end};
    const size_t one = (size_t)hidden;
    const int n = lp_at_once(&s);
    for (size_t row = lp_segments_rows(&s); row > 0;) {
        row -= (size_t)n;
        mingru_backward(dx + row * 2 * one, lp_carry_of(carry, &s, row, one), dh + row * one, gate + row * one, x + row * 2 * one,
                        prev + row * one, n, hidden);
    }
}
