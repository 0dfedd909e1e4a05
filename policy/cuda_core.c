/* The recurrent core on a card: core.c there. */
#include "policy/cuda_parts.h"

static int delta_heads(const lp_policy *p) { return p->core.y / LP_DELTA_DIM; }

static int recur(cuda_model *m, activations *a, const float *state, const uint8_t *end, int segments, int steps) {
    const lp_policy *p = m->p;
    const int hidden = p->shape.hidden;
    const float *w = cuda_weight(m, P_CORE_H_W);
    switch (p->shape.core) {
    case LP_CORE_GRU:
        return lp_cuda_gru(m->blas, a->next, a->gate, a->u, a->prev, a->core_x, w, cuda_weight(m, P_CORE_H_B), state, end, segments, steps,
                           hidden);
    case LP_CORE_MINGRU: return lp_cuda_mingru(a->next, a->gate, a->prev, a->core_x, state, end, segments, steps, hidden, m->stream);
    case LP_CORE_LSTM: return lp_cuda_lstm(m->blas, a->y, a->next, a->core_x, a->last, a->prev, w, state, end, segments, steps, hidden);
    case LP_CORE_LRU:
        return lp_cuda_lru(a->next, a->prev, a->core_x, cuda_weight(m, P_CORE_LAMBDA), state, end, segments, steps, hidden, m->stream);
    case LP_CORE_DELTA: return lp_cuda_delta(a->y, a->next, a->prev, a->core_x, state, end, segments, steps, delta_heads(p), m->stream);
    default: return 0;
    }
}

void cuda_core(cuda_model *m, activations *a, const float *state, const uint8_t *end, int segments, int steps) {
    const lp_policy *p = m->p;
    const core_sizes *c = &p->core;
    const int hidden = p->shape.hidden, n = segments * steps;
    const size_t all = (size_t)n * (size_t)hidden;
    if (p->shape.core == LP_CORE_NONE) return;
    CUDA_DO(m, lp_cuda_linear(m->blas, a->core_x, a->f, cuda_weight(m, P_CORE_X_W), c->x_bias ? cuda_weight(m, P_CORE_X_B) : NULL, n,
                              hidden, c->x, LP_CUDA_SET));
    CUDA_DO(m, recur(m, a, state, end, segments, steps));
    if (c->out) {
        CUDA_DO(m, lp_cuda_copy(a->g, a->f, all * sizeof(float), m->stream));
        CUDA_DO(m, lp_cuda_linear(m->blas, a->g, a->y, cuda_weight(m, P_CORE_OUT), NULL, n, c->out, hidden, LP_CUDA_ADD));
    } else {
        CUDA_DO(m, lp_cuda_add(a->g, a->f, a->y, all, m->stream));
    }
}

static int recur_backward(cuda_model *m, activations *d, const float *dy, const activations *a, const uint8_t *end, int segments, int steps,
                          float *gradient) {
    const lp_policy *p = m->p;
    const int hidden = p->shape.hidden;
    const float *w = cuda_weight(m, P_CORE_H_W);
    switch (p->shape.core) {
    case LP_CORE_GRU:
        return lp_cuda_gru_backward(m->blas, d->core_x, d->u, d->prev, dy, a->gate, a->u, a->prev, w, end, segments, steps, hidden);
    case LP_CORE_MINGRU:
        return lp_cuda_mingru_backward(d->core_x, dy, a->gate, a->core_x, a->prev, end, segments, steps, hidden, m->stream);
    case LP_CORE_LSTM:
        return lp_cuda_lstm_backward(m->blas, d->core_x, d->prev, dy, a->core_x, a->next, a->prev, w, end, segments, steps, hidden);
    case LP_CORE_LRU:
        return lp_cuda_lru_backward(d->core_x, cuda_into(m, gradient, P_CORE_LAMBDA), dy, a->core_x, a->prev, cuda_weight(m, P_CORE_LAMBDA),
                                    end, segments, steps, hidden, m->stream);
    case LP_CORE_DELTA: return lp_cuda_delta_backward(d->core_x, dy, a->core_x, a->prev, end, segments, steps, delta_heads(p), m->stream);
    default: return 0;
    }
}

void cuda_core_backward(cuda_model *m, activations *d, const activations *a, const uint8_t *end, int segments, int steps, float *gradient) {
    const lp_policy *p = m->p;
    const core_sizes *c = &p->core;
    const int hidden = p->shape.hidden, n = segments * steps;
    if (p->shape.core == LP_CORE_NONE) return;
    if (c->out) {
        cuda_weight_back(m, gradient, P_CORE_OUT, P_COUNT, d->g, a->y, n, c->out, hidden);
        cuda_input_back(m, d->y, d->g, P_CORE_OUT, n, c->out, hidden, LP_CUDA_SET);
    }
    CUDA_DO(m, recur_backward(m, d, c->out ? d->y : d->g, a, end, segments, steps, gradient));
    if (c->h)
        cuda_weight_back(m, gradient, P_CORE_H_W, c->h_bias ? P_CORE_H_B : P_COUNT, c->u ? d->u : d->core_x, c->last ? a->last : a->prev, n,
                         hidden, c->h);
    cuda_weight_back(m, gradient, P_CORE_X_W, c->x_bias ? P_CORE_X_B : P_COUNT, d->core_x, a->f, n, hidden, c->x);
    CUDA_DO(m, lp_cuda_copy(d->f, d->g, (size_t)n * (size_t)hidden * sizeof(float), m->stream));
    cuda_input_back(m, d->f, d->core_x, P_CORE_X_W, n, hidden, c->x, LP_CUDA_ADD);
}
