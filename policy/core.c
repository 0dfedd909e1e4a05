/* The recurrent core: a stage of the network with a state of its own. Without one g is f, and all of this does nothing.
 * cuda_core.c is the same on a card. */
#include "policy/model.h"

#include <math.h>
#include <string.h>

static int delta_heads(const lp_policy *p) { return p->core.y / LP_DELTA_DIM; }

core_sizes core_sizes_of(const lp_policy_config *s) {
    const int h = s->hidden, heads = (h + LP_DELTA_DIM - 1) / LP_DELTA_DIM, square = LP_DELTA_DIM * LP_DELTA_DIM;
    switch (s->core) {
    case LP_CORE_GRU: return (core_sizes){.x = 3 * h, .x_bias = 3 * h, .h = 3 * h, .h_bias = 3 * h, .u = 3 * h, .gate = 3 * h, .state = h};
    case LP_CORE_MINGRU: return (core_sizes){.x = 2 * h, .x_bias = 2 * h, .gate = h, .state = h};
    case LP_CORE_LSTM: return (core_sizes){.x = 4 * h, .x_bias = 4 * h, .h = 4 * h, .last = h, .y = h, .state = 2 * h};
    case LP_CORE_LRU: return (core_sizes){.x = 2 * h, .lambda = h, .out = 2 * h, .state = 2 * h, .products = 6 * h};
    case LP_CORE_DELTA:
        return (core_sizes){.x = lp_delta_wide(heads),
                            .x_bias = lp_delta_wide(heads),
                            .out = heads * LP_DELTA_DIM,
                            .y = heads * LP_DELTA_DIM,
                            .state = heads * square,
                            .products = 3 * heads * square};
    default: return (core_sizes){0};
    }
}

/* lambda evenly over a ring near the unit circle, of slow turns, as Orvieto et al. 2023 have it for long sequences (section 3.4); and gamma so that
 * what goes in again and again does not grow. */
static void init_lambda(lp_policy *p, lp_rng *rng) {
    const float least = 0.9f, most = 0.999f, turn = 0.314159265f;
    const int n = p->core.lambda;
    float *nu = p->parameters + p->info[P_CORE_LAMBDA].offset, *theta = nu + n, *gamma = theta + n;
    for (int j = 0; j < n; j++) {
        const float size2 = least * least + (most * most - least * least) * lp_rng_float(rng);
        nu[j] = logf(-0.5f * logf(size2));
        theta[j] = logf(turn * (1.0f - lp_rng_float(rng)));
        gamma[j] = 0.5f * logf(1.0f - size2);
    }
}

/* A gate keeps the state at first, so that what is seen once can be learned from much later. */
static void init_gate(lp_policy *p, int from, int n, float bias) {
    for (int j = from; j < from + n; j++) p->parameters[p->info[P_CORE_X_B].offset + (size_t)j] = bias;
}

void core_init(lp_policy *p, lp_rng *rng) {
    const int h = p->shape.hidden;
    init_weight(p, P_CORE_X_W, 1.0f, rng);
    init_weight(p, P_CORE_H_W, 1.0f, rng);
    init_weight(p, P_CORE_OUT, 1.0f, rng);
    switch (p->shape.core) {
    case LP_CORE_GRU: init_gate(p, h, h, 1); break;
    case LP_CORE_MINGRU: init_gate(p, 0, h, 1); break;
    case LP_CORE_LSTM: init_gate(p, h, h, 1); break;
    case LP_CORE_LRU: init_lambda(p, rng); break;
    case LP_CORE_DELTA: init_gate(p, 3 * p->core.y, delta_heads(p), -1); break;
    default: break;
    }
}

static void recur(const lp_policy *p, activations *a, const float *state, const uint8_t *end, int segments, int steps) {
    const int hidden = p->shape.hidden;
    const float *w = param(p, P_CORE_H_W);
    switch (p->shape.core) {
    case LP_CORE_GRU:
        lp_k_gru(a->next, a->gate, a->u, a->prev, a->core_x, w, param(p, P_CORE_H_B), state, end, segments, steps, hidden);
        break;
    case LP_CORE_MINGRU: lp_k_mingru(a->next, a->gate, a->prev, a->core_x, state, end, segments, steps, hidden); break;
    case LP_CORE_LSTM: lp_k_lstm(a->y, a->next, a->core_x, a->last, a->prev, w, state, end, segments, steps, hidden); break;
    case LP_CORE_LRU: lp_k_lru(a->next, a->prev, a->core_x, param(p, P_CORE_LAMBDA), state, end, segments, steps, hidden); break;
    case LP_CORE_DELTA: lp_k_delta(a->y, a->next, a->prev, a->core_x, state, end, segments, steps, delta_heads(p)); break;
    default: break;
    }
}

void model_core(const lp_policy *p, activations *a, const float *state, const uint8_t *end, int segments, int steps) {
    const int hidden = p->shape.hidden, n = segments * steps;
    const core_sizes *c = &p->core;
    if (p->shape.core == LP_CORE_NONE) return;
    lp_k_linear(a->core_x, a->f, param(p, P_CORE_X_W), c->x_bias ? param(p, P_CORE_X_B) : NULL, n, hidden, c->x, 0);
    recur(p, a, state, end, segments, steps);
    if (c->out) {
        memcpy(a->g, a->f, (size_t)n * hidden * sizeof(float));
        lp_k_linear(a->g, a->y, param(p, P_CORE_OUT), NULL, n, c->out, hidden, 1);
    } else {
        for (size_t i = 0; i < (size_t)n * hidden; i++) a->g[i] = a->f[i] + a->y[i];
    }
}

/* dy -> d->core_x, d->u; and what only the core knows the gradient of */
static void recur_backward(const lp_policy *p, activations *d, const float *dy, const activations *a, const uint8_t *end, int segments,
                           int steps, float *gradient) {
    const int hidden = p->shape.hidden;
    const float *w = param(p, P_CORE_H_W);
    switch (p->shape.core) {
    case LP_CORE_GRU: lp_k_gru_backward(d->core_x, d->u, d->prev, dy, a->gate, a->u, a->prev, w, end, segments, steps, hidden); break;
    case LP_CORE_MINGRU: lp_k_mingru_backward(d->core_x, d->prev, dy, a->gate, a->core_x, a->prev, end, segments, steps, hidden); break;
    case LP_CORE_LSTM: lp_k_lstm_backward(d->core_x, d->prev, dy, a->core_x, a->next, a->prev, w, end, segments, steps, hidden); break;
    case LP_CORE_LRU:
        lp_k_lru_backward(d->core_x, grad(p, gradient, P_CORE_LAMBDA), dy, a->core_x, a->prev, param(p, P_CORE_LAMBDA), end, segments,
                          steps, hidden);
        break;
    case LP_CORE_DELTA: lp_k_delta_backward(d->core_x, d->prev, dy, a->core_x, a->prev, end, segments, steps, delta_heads(p)); break;
    default: break;
    }
}

void model_core_backward(const lp_policy *p, activations *d, const activations *a, const uint8_t *end, int segments, int steps,
                         float *gradient) {
    const int hidden = p->shape.hidden, n = segments * steps;
    const core_sizes *c = &p->core;
    if (p->shape.core == LP_CORE_NONE) return;
    if (c->out) {
        lp_k_linear_backward_weight(grad(p, gradient, P_CORE_OUT), NULL, d->g, a->y, n, c->out, hidden);
        lp_k_linear_backward_input(d->y, d->g, param(p, P_CORE_OUT), n, c->out, hidden, 0);
    }
    recur_backward(p, d, c->out ? d->y : d->g, a, end, segments, steps, gradient);
    if (c->h)
        lp_k_linear_backward_weight(grad(p, gradient, P_CORE_H_W), c->h_bias ? grad(p, gradient, P_CORE_H_B) : NULL,
                                    c->u ? d->u : d->core_x, c->last ? a->last : a->prev, n, hidden, c->h);
    lp_k_linear_backward_weight(grad(p, gradient, P_CORE_X_W), c->x_bias ? grad(p, gradient, P_CORE_X_B) : NULL, d->core_x, a->f, n, hidden,
                                c->x);
    memcpy(d->f, d->g, (size_t)n * hidden * sizeof(float));
    lp_k_linear_backward_input(d->f, d->core_x, param(p, P_CORE_X_W), n, hidden, c->x, 1);
}
