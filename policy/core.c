/* The recurrent core: a stage of the network with a state of its own. Without one g is f, and all of this does nothing.
 * cuda_core.c is the same on a card. */
#include "policy/model.h"

#include <string.h>

core_sizes core_sizes_of(const lp_policy_config *s) {
    const int h = s->hidden;
    switch (s->core) {
    case LP_CORE_GRU: return (core_sizes){.x = 3 * h, .h = 3 * h, .gate = 3 * h, .state = h};
    case LP_CORE_MINGRU: return (core_sizes){.x = 2 * h, .gate = h, .state = h};
    default: return (core_sizes){0};
    }
}

void model_core(const lp_policy *p, activations *a, const float *state, const uint8_t *end, int segments, int steps) {
    const int hidden = p->shape.hidden, n = segments * steps;
    if (p->shape.core == LP_CORE_NONE) return;
    lp_k_linear(a->core_x, a->f, param(p, P_CORE_X_W), param(p, P_CORE_X_B), n, hidden, p->core.x, 0);
    if (p->shape.core == LP_CORE_GRU)
        lp_k_gru(a->h, a->gate, a->core_h, a->prev, a->core_x, param(p, P_CORE_H_W), param(p, P_CORE_H_B), state, end, segments, steps,
                 hidden);
    else lp_k_mingru(a->h, a->gate, a->prev, a->core_x, state, end, segments, steps, hidden);
    for (size_t i = 0; i < (size_t)n * hidden; i++) a->g[i] = a->f[i] + a->h[i];
}

void model_core_backward(const lp_policy *p, activations *d, const activations *a, const uint8_t *end, int segments, int steps,
                         float *gradient) {
    const int hidden = p->shape.hidden, n = segments * steps, x = p->core.x, h = p->core.h;
    if (p->shape.core == LP_CORE_NONE) return;
    if (p->shape.core == LP_CORE_GRU) {
        lp_k_gru_backward(d->core_x, d->core_h, d->prev, d->g, a->gate, a->core_h, a->prev, param(p, P_CORE_H_W), end, segments, steps,
                          hidden);
        lp_k_linear_backward_weight(grad(p, gradient, P_CORE_H_W), grad(p, gradient, P_CORE_H_B), d->core_h, a->prev, n, hidden, h);
    } else {
        lp_k_mingru_backward(d->core_x, d->prev, d->g, a->gate, a->core_x, a->prev, end, segments, steps, hidden);
    }
    lp_k_linear_backward_weight(grad(p, gradient, P_CORE_X_W), grad(p, gradient, P_CORE_X_B), d->core_x, a->f, n, hidden, x);
    memcpy(d->f, d->g, (size_t)n * hidden * sizeof(float));
    lp_k_linear_backward_input(d->f, d->core_x, param(p, P_CORE_X_W), n, hidden, x, 1);
}
