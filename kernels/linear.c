/* Linear maps: many rows on OpenBLAS, few by themselves. A BLAS puts its operands in another order first, which at few rows takes longer
 * than the products. */
#include "kernels/kernels.h"
#include "base/simd.h"

#include <assert.h>
#include <cblas.h>
#include <string.h>

enum { AT_ONCE = 4 };

/* y[r o] += x_r . w, each sum as lp_dot's; i a multiple of its lanes. */
static inline __attribute__((always_inline)) void add_dots(float *y, const float *x, const float *w, int i, int o) {
    lp_eight low[AT_ONCE] = {{0}}, high[AT_ONCE] = {{0}};
    for (int k = 0; k < i; k += LP_LANES) {
        const lp_eight w0 = LP_EIGHT(w + k), w1 = LP_EIGHT(w + k + 8);
        for (int r = 0; r < AT_ONCE; r++) {
            low[r] += LP_EIGHT(x + (size_t)r * i + k) * w0;
            high[r] += LP_EIGHT(x + (size_t)r * i + k + 8) * w1;
        }
    }
    for (int r = 0; r < AT_ONCE; r++) y[(size_t)r * o] += lp_add_lanes(&low[r], &high[r]);
}

/* y += x w^T */
LP_CLONES static void add_few(float *restrict y, const float *restrict x, const float *restrict w, int n, int i, int o) {
    for (int j = 0; j < o; j++, w += i) {
        int r = 0;
        for (; i % LP_LANES == 0 && r + AT_ONCE <= n; r += AT_ONCE) add_dots(y + (size_t)r * o + j, x + (size_t)r * i, w, i, o);
        for (; r < n; r++) y[(size_t)r * o + j] += lp_dot(x + (size_t)r * i, w, i);
    }
}

void lp_k_linear(float *y, const float *x, const float *w, const float *b, int n, int i, int o, int accumulate) {
    assert(n >= 0 && i > 0 && o > 0);
    if (!n) return;
    for (int r = 0; r < n && b; r++) {
        if (accumulate) lp_axpy(y + (size_t)r * o, 1.0f, b, o);
        else memcpy(y + (size_t)r * o, b, (size_t)o * sizeof *b);
    }
    const bool adds = accumulate || b, few = n <= LP_FEW_ROWS;
    if (few && !adds) memset(y, 0, (size_t)n * o * sizeof *y);
    if (few) add_few(y, x, w, n, i, o);
    else cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, o, i, 1.0f, x, i, w, i, adds ? 1.0f : 0.0f, y, o);
}

/* ---- packed [i][o]: what an input weighs lies together, and is skipped where the input is 0, as most are after a relu ---- */

enum { MOST_INPUTS = 12288, MOST_PACKED = 1 << 21 /* floats */, VECTORS = 8, STRIP = 8 * VECTORS, NARROW = 16 };

bool lp_k_linear_packs(int i, int o) { return o % NARROW == 0 && i <= MOST_INPUTS && (int64_t)i * o <= MOST_PACKED; }

void lp_k_linear_pack(float *packed, const float *w, int i, int o) {
    for (int j = 0; j < o; j++)
        for (int k = 0; k < i; k++) packed[(size_t)k * o + j] = w[(size_t)j * i + k];
}

/* y = b + the sum over n inputs, 8 * vectors outputs that stay in registers. */
static inline __attribute__((always_inline)) void add_inputs(float *y, const float *x, const int32_t *input, int n, const float *w,
                                                             const float *b, int o, const int vectors) {
    lp_eight sum[VECTORS];
    for (int v = 0; v < vectors; v++) sum[v] = LP_EIGHT(b + 8 * v);
    for (int k = 0; k < n; k++) {
        const float *weight = w + (size_t)input[k] * o, value = x[input[k]];
        for (int v = 0; v < vectors; v++) sum[v] += LP_EIGHT(weight + 8 * v) * value;
    }
    for (int v = 0; v < vectors; v++) memcpy(y + 8 * v, &sum[v], sizeof sum[v]);
}

LP_CLONES void lp_k_linear_packed(float *y, const float *x, const float *packed, const float *b, int n, int i, int o) {
    int32_t input[MOST_INPUTS];
    for (int r = 0; r < n; r++, x += i, y += o) {
        int some = 0, j = 0;
        for (int k = 0; k < i; k++) {
            input[some] = k;
            some += x[k] != 0;
        }
        for (; j + STRIP <= o; j += STRIP) add_inputs(y + j, x, input, some, packed + j, b + j, o, VECTORS);
        for (; j < o; j += NARROW) add_inputs(y + j, x, input, some, packed + j, b + j, o, NARROW / 8);
    }
}

LP_CLONES static void add_rows(float *restrict sum, const float *restrict x, int n, int o) {
    for (int r = 0; r < n; r++)
        for (int j = 0; j < o; j++) sum[j] += x[(size_t)r * o + j];
}

void lp_k_linear_backward_weight(float *dw, float *db, const float *dy, const float *x, int n, int i, int o) {
    assert(n >= 0 && i > 0 && o > 0);
    if (!n) return;
    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, o, i, n, 1.0f, dy, o, x, i, 1.0f, dw, i);
    if (db) add_rows(db, dy, n, o);
}

void lp_k_linear_backward_input(float *dx, const float *dy, const float *w, int n, int i, int o, int accumulate) {
    assert(n >= 0 && i > 0 && o > 0);
    if (!n) return;
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, i, o, 1.0f, dy, o, w, i, accumulate ? 1.0f : 0.0f, dx, i);
}
