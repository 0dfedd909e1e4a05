/* The cells of recurrent cores, element by element; the products before them are lp_k_linear's. */
#include "kernels/kernels.h"
#include "base/simd.h"

#include <math.h>

static float sigmoid(float x) { return 1.0f / (1.0f + expf(-x)); }

void lp_k_gru(float *h, float *gate, const float *x, const float *u, const float *prev, int n, int hidden) {
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

LP_CLONES void lp_k_gru_backward(float *restrict dx, float *restrict du, float *restrict dprev, const float *restrict dh,
                                 const float *restrict gate, const float *restrict u, const float *restrict prev, int n, int hidden) {
    for (int i = 0; i < n;
         i++, dh += hidden, dprev += hidden, prev += hidden, gate += 3 * hidden, u += 3 * hidden, dx += 3 * hidden, du += 3 * hidden) {
        for (int j = 0; j < hidden; j++) {
            float r = gate[j], z = gate[hidden + j], c = gate[2 * hidden + j];
            float dc = dh[j] * (1.0f - z) * (1.0f - c * c), dz = dh[j] * (prev[j] - c) * z * (1.0f - z);
            dx[2 * hidden + j] = dc;
            du[2 * hidden + j] = dc * r;
            dx[hidden + j] = du[hidden + j] = dz;
            dx[j] = du[j] = dc * u[2 * hidden + j] * r * (1.0f - r);
            dprev[j] = dh[j] * z;
        }
    }
}

void lp_k_mingru(float *h, float *gate, const float *x, const float *prev, int n, int hidden) {
    for (int i = 0; i < n; i++, h += hidden, prev += hidden, gate += hidden, x += 2 * hidden)
        for (int j = 0; j < hidden; j++) {
            gate[j] = sigmoid(x[j]);
            h[j] = gate[j] * prev[j] + (1.0f - gate[j]) * x[hidden + j];
        }
}

LP_CLONES void lp_k_mingru_backward(float *restrict dx, float *restrict dprev, const float *restrict dh, const float *restrict gate,
                                    const float *restrict x, const float *restrict prev, int n, int hidden) {
    for (int i = 0; i < n; i++, dh += hidden, dprev += hidden, prev += hidden, gate += hidden, x += 2 * hidden, dx += 2 * hidden)
        for (int j = 0; j < hidden; j++) {
            float z = gate[j];
            dx[j] = dh[j] * (prev[j] - x[hidden + j]) * z * (1.0f - z);
            dx[hidden + j] = dh[j] * (1.0f - z);
            dprev[j] = dh[j] * z;
        }
}
