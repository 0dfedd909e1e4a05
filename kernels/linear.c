/* Linear maps on OpenBLAS. */
#include "kernels/kernels.h"
#include "base/simd.h"
#include "kernels/conv_direct.h"

#include <assert.h>
#include <cblas.h>
#include <string.h>

void lp_k_linear(float *y, const float *x, const float *w, const float *b, int n, int i, int o, int accumulate) {
    assert(n >= 0 && i > 0 && o > 0);
    if (!n) return;
    float beta = accumulate ? 1.0f : 0.0f;
    if (b && !accumulate) {
        for (int r = 0; r < n; r++) memcpy(y + (size_t)r * o, b, (size_t)o * sizeof *b);
        beta = 1.0f;
    } else if (b) {
        for (int r = 0; r < n; r++) lp_axpy(y + (size_t)r * o, 1.0f, b, o);
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, o, i, 1.0f, x, i, w, i, beta, y, o);
}

/* ---- packed: a convolution whose pixels are the rows ---- */

enum { PACKED_ROWS = 8, MOST_PACKED = 1 << 20 /* floats */ };

static lp_conv as_conv(int rows, int i, int o) { return (lp_conv){.h = rows, .w = 1, .c = i, .k = 1, .stride = 1, .oc = o}; }

bool lp_k_linear_packs(int i, int o) {
    lp_conv shape = as_conv(1, i, o);
    return lp_conv_is_direct(&shape) && (int64_t)i * o <= MOST_PACKED;
}

void lp_k_linear_pack(float *packed, const float *w, int i, int o) {
    lp_conv shape = as_conv(1, i, o);
    lp_conv_direct_pack(packed, w, &shape);
}

void lp_k_linear_packed(float *y, const float *x, const float *packed, const float *b, int n, int i, int o) {
    static const int32_t rows[PACKED_ROWS] = {0, 1, 2, 3, 4, 5, 6, 7};
    lp_conv shape = as_conv(PACKED_ROWS, i, o);
    for (int r = 0; r < n; r += PACKED_ROWS)
        lp_conv_direct_image(y + (size_t)r * o, x + (size_t)r * i, packed, b, &shape, rows, n - r < PACKED_ROWS ? n - r : PACKED_ROWS,
                             false);
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
