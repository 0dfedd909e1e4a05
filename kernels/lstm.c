/* The LSTM over whole segments, as kernels.h says. */
#include "kernels/kernels.h"
#include "base/simd.h"
#include "kernels/recurrent.h"

#include <assert.h>
#include <math.h>

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

static void lstm(float *y, float *next, float *gate, const float *prev, int n, int hidden) {
    for (int k = 0; k < n; k++, y += hidden, next += 2 * hidden, prev += 2 * hidden, gate += 4 * hidden) {
        float *i = gate, *f = gate + hidden, *g = gate + 2 * hidden, *o = gate + 3 * hidden, *cell = next + hidden;
        for (int j = 0; j < hidden; j++) {
            i[j] = sigmoid(i[j]), f[j] = sigmoid(f[j]), g[j] = tanhf(g[j]), o[j] = sigmoid(o[j]);
            cell[j] = f[j] * prev[hidden + j] + i[j] * g[j];
            y[j] = next[j] = o[j] * tanhf(cell[j]);
        }
    }
}

void lp_k_lstm(float *y, float *next, float *gate, float *last, float *prev, const float *w, const float *state, const uint8_t *end,
               int segments, int steps, int hidden) {
    const lp_segments s = {segments, steps, end};
    const size_t h = (size_t)hidden;
    const int n = lp_at_once(&s);
    assert(segments >= 0 && steps > 0 && hidden > 0);
    for (size_t row = 0; row < lp_segments_rows(&s); row += (size_t)n) {
        lp_state_before(prev, next, state, &s, row, 2 * h);
        for (size_t r = row; r < row + (size_t)n; r++) memcpy(last + r * h, prev + r * 2 * h, h * sizeof *last);
        lp_k_linear(gate + row * 4 * h, last + row * h, w, NULL, n, hidden, 4 * hidden, 1);
        lstm(y + row * h, next + row * 2 * h, gate + row * 4 * h, prev + row * 2 * h, n, hidden);
    }
}

/* back: what the state after is owed; and then, in the cell's place, what the cell before is. */
static void lstm_backward(float *dx, float *back, const float *dy, const float *gate, const float *next, const float *prev, int n,
                          int hidden) {
    for (int k = 0; k < n;
         k++, dy += hidden, back += 2 * hidden, next += 2 * hidden, prev += 2 * hidden, gate += 4 * hidden, dx += 4 * hidden) {
        for (int j = 0; j < hidden; j++) {
            float i = gate[j], f = gate[hidden + j], g = gate[2 * hidden + j], o = gate[3 * hidden + j];
            float c = tanhf(next[hidden + j]), d = dy[j] + back[j], dc = back[hidden + j] + d * o * (1.0f - c * c);
            dx[j] = dc * g * i * (1.0f - i);
            dx[hidden + j] = dc * prev[hidden + j] * f * (1.0f - f);
            dx[2 * hidden + j] = dc * i * (1.0f - g * g);
            dx[3 * hidden + j] = d * c * o * (1.0f - o);
            back[hidden + j] = dc * f;
        }
    }
}

void lp_k_lstm_backward(float *dx, float *carry, const float *dy, const float *gate, const float *next, const float *prev, const float *w,
                        const uint8_t *end, int segments, int steps, int hidden) {
    const lp_segments s = {segments, steps, end};
    const size_t h = (size_t)hidden;
    const int n = lp_at_once(&s);
    for (size_t row = lp_segments_rows(&s); row > 0;) {
        row -= (size_t)n;
        float *back = lp_carry_of(carry, &s, row, 2 * h);
        lstm_backward(dx + row * 4 * h, back, dy + row * h, gate + row * 4 * h, next + row * 2 * h, prev + row * 2 * h, n, hidden);
        if (!lp_is_first(&s, row)) lp_k_linear_backward_input(back, dx + row * 4 * h, w, n, hidden, 4 * hidden, 0);
    }
}
