/* The optimizer's step. */
#include "kernels/kernels.h"
#include "base/simd.h"

#include <math.h>

double lp_k_sum_squares(const float *x, size_t n) {
    double sum = 0;
    for (size_t i = 0; i < n; i++) sum += (double)x[i] * x[i];
    return sum;
}

LP_CLONES void lp_k_adam(float *restrict w, float *restrict m, float *restrict v, const float *restrict g, size_t n, int64_t t,
                         float grad_scale, const lp_adam *s) {
    const float b1 = s->beta1, b2 = s->beta2, epsilon = s->epsilon;
    const float fix1 = (float)(1.0 / (1.0 - pow(b1, (double)t))), fix2 = (float)(1.0 / (1.0 - pow(b2, (double)t)));
    const float rate = s->rate;
    for (size_t i = 0; i < n; i++) {
        float gi = g[i] * grad_scale;
        m[i] = b1 * m[i] + (1 - b1) * gi;
        v[i] = b2 * v[i] + (1 - b2) * gi * gi;
        w[i] -= rate * (m[i] * fix1) / (sqrtf(v[i] * fix2) + epsilon);
    }
}
