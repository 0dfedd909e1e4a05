/* Salience: its squares; and what teaches it, to predict which items will be read, by decisions weighted by how much reading changes them. */
#include "kernels/kernels.h"

#include "base/limits.h"
#include "base/simd.h"

#include <assert.h>
#include <math.h>

LP_CLONES void lp_k_squares(float *out, const float *x, const float *u, int n, int dim) {
    for (int r = 0; r < n; r++, x += dim) {
        float sum = 0;
        for (int d = 0; d < dim; d++) sum += u[d] * x[d] * x[d];
        out[r] += sum;
    }
}

LP_CLONES void lp_k_squares_backward_weight(float *du, const float *dout, const float *x, int n, int dim) {
    for (int r = 0; r < n; r++, x += dim)
        for (int d = 0; d < dim; d++) du[d] += dout[r] * x[d] * x[d];
}

LP_CLONES void lp_k_squares_backward_input(float *dx, const float *dout, const float *x, const float *u, int n, int dim) {
    for (int r = 0; r < n; r++, x += dim, dx += dim)
        for (int d = 0; d < dim; d++) dx[d] += 2 * dout[r] * u[d] * x[d];
}

void lp_k_importance(float *weight, const float *logit, const float *unread, const float *advantage, int n, int n_actions) {
    assert(n_actions <= LP_MAX_ACTIONS);
    for (int r = 0; r < n; r++) {
        const float *z = logit + (size_t)r * n_actions, *b = unread + (size_t)r * n_actions;
        float p[LP_MAX_ACTIONS], unread_p[LP_MAX_ACTIONS], kl = 0;
        lp_k_softmax(p, z, n_actions);
        lp_k_softmax(unread_p, b, n_actions);
        for (int a = 0; a < n_actions; a++) kl += p[a] * logf((p[a] + 1e-8f) / (unread_p[a] + 1e-8f));
        weight[r] = (kl < 0 ? 0 : kl < 1 ? kl : 1) * advantage[r] * advantage[r];
    }
}

/* What counts of a weight: what is beyond `even` of an even part. */
static float beyond(float weight, float even, int n) { return fmaxf(weight - even / (float)n, 0); }

double lp_k_salience_loss(float *dsalience, const float *salience, const float *weight, const int32_t *index, int n, int heads, float even,
                          float importance, float scale) {
    float top = -INFINITY, sum = 0, mass = 0;
    double loss = 0;
    for (int j = 0; j < n; j++) top = fmaxf(top, salience[index[j]]);
    for (int j = 0; j < n; j++) sum += expf(salience[index[j]] - top);
    for (int j = 0; j < heads * n; j++) mass += beyond(weight[j], even, n);
    const float log_sum = top + logf(sum);
    for (int j = 0; j < n; j++) {
        float log_p = salience[index[j]] - log_sum, read = 0;
        for (int h = 0; h < heads; h++) read += beyond(weight[h * n + j], even, n);
        dsalience[index[j]] += scale * importance * (mass * expf(log_p) - read);
        loss -= (double)importance * read * log_p;
    }
    return loss;
}
