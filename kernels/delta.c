/* The fast weights of the delta rule over whole segments, as kernels.h says. */
#include "kernels/kernels.h"
#include "base/simd.h"
#include "kernels/recurrent.h"

#include <assert.h>
#include <math.h>

enum { D = LP_DELTA_DIM, SQUARE = D * D };

/* x / |x|; returns 1 / |x|. */
static inline __attribute__((always_inline)) float unit(float *restrict out, const float *restrict x) {
    const float scale = 1.0f / sqrtf(lp_dot(x, x, D) + LP_DELTA_TINY);
    for (int j = 0; j < D; j++) out[j] = scale * x[j];
    return scale;
}

/* out = S x */
static inline __attribute__((always_inline)) void times(float *restrict out, const float *restrict s, const float *restrict x) {
    for (int i = 0; i < D; i++) out[i] = lp_dot(s + i * D, x, D);
}

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

/* One row: all heads. */
LP_CLONES static void step(float *restrict y, float *restrict next, const float *restrict prev, const float *restrict x, int heads) {
    for (int h = 0; h < heads; h++) {
        const float *s = prev + h * SQUARE, *value = x + (heads + h) * D, beta = sigmoid(x[3 * heads * D + h]);
        float *out = next + h * SQUARE, key[D], query[D], held[D];
        unit(key, x + h * D), unit(query, x + (2 * heads + h) * D);
        times(held, s, key);
        for (int i = 0; i < D; i++)
            for (int j = 0; j < D; j++) out[i * D + j] = s[i * D + j] + beta * (value[i] - held[i]) * key[j];
        times(y + h * D, out, query);
    }
}

void lp_k_delta(float *y, float *next, float *prev, const float *x, const float *state, const uint8_t *end, int segments, int steps,
                int heads) {
    const lp_segments s = {segments, steps, end};
    const size_t floats = (size_t)heads * SQUARE, wide = (size_t)lp_delta_wide(heads);
    const int n = lp_at_once(&s);
    assert(segments >= 0 && steps > 0 && heads > 0);
    for (size_t row = 0; row < lp_segments_rows(&s); row += (size_t)n) {
        lp_state_before(prev, next, state, &s, row, floats);
        for (size_t r = row; r < row + (size_t)n; r++)
            step(y + r * (size_t)heads * D, next + r * floats, prev + r * floats, x + r * wide, heads);
    }
}

/* dx of out = unit(x), given dout; scale as unit returned it. */
static inline __attribute__((always_inline)) void unit_backward(float *restrict dx, const float *restrict dout, const float *restrict out,
                                                                float scale) {
    const float along = lp_dot(out, dout, D);
    for (int j = 0; j < D; j++) dx[j] = scale * (dout[j] - along * out[j]);
}

/* back: what the state after is owed; and then, in its place, what the state before is. */
LP_CLONES static void step_backward(float *restrict dx, float *restrict back, const float *restrict dy, const float *restrict x,
                                    const float *restrict prev, int heads) {
    for (int h = 0; h < heads; h++) {
        const float *s = prev + h * SQUARE, *value = x + (heads + h) * D, *dout = dy + h * D, beta = sigmoid(x[3 * heads * D + h]);
        float *ds = back + h * SQUARE, key[D], query[D], miss[D], dkey[D] = {0}, dquery[D] = {0}, dmiss[D], dbeta = 0;
        const float key_scale = unit(key, x + h * D), query_scale = unit(query, x + (2 * heads + h) * D);
        times(miss, s, key);
        for (int i = 0; i < D; i++) miss[i] = value[i] - miss[i];
        for (int i = 0; i < D; i++) {
            for (int j = 0; j < D; j++) {
                dquery[j] += dout[i] * (s[i * D + j] + beta * miss[i] * key[j]);
                ds[i * D + j] += dout[i] * query[j];
            }
            const float dwritten = lp_dot(ds + i * D, key, D); /* of beta miss */
            dbeta += dwritten * miss[i];
            dmiss[i] = beta * dwritten;
            for (int j = 0; j < D; j++) {
                dkey[j] += beta * miss[i] * ds[i * D + j] - dmiss[i] * s[i * D + j];
                ds[i * D + j] -= dmiss[i] * key[j];
            }
        }
        unit_backward(dx + h * D, dkey, key, key_scale);
        for (int i = 0; i < D; i++) dx[(heads + h) * D + i] = dmiss[i];
        unit_backward(dx + (2 * heads + h) * D, dquery, query, query_scale);
        dx[3 * heads * D + h] = dbeta * beta * (1.0f - beta);
    }
}

void lp_k_delta_backward(float *dx, float *carry, const float *dy, const float *x, const float *prev, const uint8_t *end, int segments,
                         int steps, int heads) {
    const lp_segments s = {segments, steps, end};
    const size_t floats = (size_t)heads * SQUARE, wide = (size_t)lp_delta_wide(heads);
    const int n = lp_at_once(&s);
    for (size_t row = lp_segments_rows(&s); row > 0;) {
        row -= (size_t)n;
        float *back = lp_carry_of(carry, &s, row, floats);
        for (size_t r = 0; r < (size_t)n; r++)
            step_backward(dx + (row + r) * wide, back + r * floats, dy + (row + r) * (size_t)heads * D, x + (row + r) * wide,
                          prev + (row + r) * floats, heads);
    }
}
