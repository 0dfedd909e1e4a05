/* The recurrent core: a stage of the network with a state of its own. Without one g is f, and all of this does nothing. */
#include "policy/model.h"

#include <stdbool.h>
#include <string.h>

/* rows [from, from + n): core_x is there, prev is there -> h */
static void cell(const lp_policy *p, activations *a, int from, int n) {
    int hidden = p->shape.hidden;
    size_t one = (size_t)from * hidden;
    if (p->shape.core == LP_CORE_GRU) {
        lp_k_linear(a->core_h + 3 * one, a->prev + one, param(p, P_CORE_H_W), param(p, P_CORE_H_B), n, hidden, 3 * hidden, 0);
        lp_k_gru(a->h + one, a->gate + 3 * one, a->core_x + 3 * one, a->core_h + 3 * one, a->prev + one, n, hidden);
    } else {
        lp_k_mingru(a->h + one, a->gate + one, a->core_x + 2 * one, a->prev + one, n, hidden);
    }
}

static void begin(const lp_policy *p, activations *a, int rows) {
    int hidden = p->shape.hidden;
    lp_k_linear(a->core_x, a->f, param(p, P_CORE_X_W), param(p, P_CORE_X_B), rows, hidden, core_gates(p) * hidden, 0);
}

static void finish(const lp_policy *p, activations *a, int rows) {
    for (size_t i = 0; i < (size_t)rows * p->shape.hidden; i++) a->g[i] = a->f[i] + a->h[i];
}

void model_core(const lp_policy *p, activations *a, int rows) {
    if (p->shape.core == LP_CORE_NONE) return;
    begin(p, a, rows);
    cell(p, a, 0, rows);
    finish(p, a, rows);
}

void model_core_sequence(const lp_policy *p, activations *a, const float *state, const uint8_t *end, int n) {
    if (p->shape.core == LP_CORE_NONE) return;
    size_t hidden = (size_t)p->shape.hidden;
    begin(p, a, n);
    for (int t = 0; t < n; t++) {
        float *prev = a->prev + (size_t)t * hidden;
        if (t && end[t - 1]) memset(prev, 0, hidden * sizeof *prev);
        else memcpy(prev, t ? a->h + (size_t)(t - 1) * hidden : state, hidden * sizeof *prev);
        cell(p, a, t, 1);
    }
    finish(p, a, n);
}

void model_core_backward(const lp_policy *p, activations *d, const activations *a, const uint8_t *end, int n, float *gradient) {
    if (p->shape.core == LP_CORE_NONE) return;
    const int hidden = p->shape.hidden, gates = core_gates(p);
    const bool gru = p->shape.core == LP_CORE_GRU;
    memcpy(d->h, d->g, (size_t)n * hidden * sizeof(float));
    for (int t = n - 1; t >= 0; t--) {
        size_t one = (size_t)t * hidden;
        float *dprev = d->prev + one;
        if (gru) {
            lp_k_gru_backward(d->core_x + 3 * one, d->core_h + 3 * one, dprev, d->h + one, a->gate + 3 * one, a->core_h + 3 * one,
                              a->prev + one, 1, hidden);
            lp_k_linear_backward_input(dprev, d->core_h + 3 * one, param(p, P_CORE_H_W), 1, hidden, 3 * hidden, 1);
        } else {
            lp_k_mingru_backward(d->core_x + 2 * one, dprev, d->h + one, a->gate + one, a->core_x + 2 * one, a->prev + one, 1, hidden);
        }
        for (int j = 0; end && t && !end[t - 1] && j < hidden; j++) d->h[one - (size_t)hidden + (size_t)j] += dprev[j];
    }
    if (gru)
        lp_k_linear_backward_weight(grad(p, gradient, P_CORE_H_W), grad(p, gradient, P_CORE_H_B), d->core_h, a->prev, n, hidden,
                                    3 * hidden);
    lp_k_linear_backward_weight(grad(p, gradient, P_CORE_X_W), grad(p, gradient, P_CORE_X_B), d->core_x, a->f, n, hidden, gates * hidden);
    memcpy(d->f, d->g, (size_t)n * hidden * sizeof(float));
    lp_k_linear_backward_input(d->f, d->core_x, param(p, P_CORE_X_W), n, hidden, gates * hidden, 1);
}
