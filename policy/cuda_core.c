/* The recurrent core on a card: core.c there. */
#include "policy/cuda_parts.h"

void cuda_core(cuda_model *m, activations *a, const float *state, const uint8_t *end, int segments, int steps) {
    const lp_policy *p = m->p;
    int hidden = p->shape.hidden, n = segments * steps;
    if (p->shape.core == LP_CORE_NONE) return;
    CUDA_DO(m, lp_cuda_linear(m->blas, a->core_x, a->f, cuda_weight(m, P_CORE_X_W), cuda_weight(m, P_CORE_X_B), n, hidden, p->core.x,
                              LP_CUDA_SET));
    if (p->shape.core == LP_CORE_GRU)
        CUDA_DO(m, lp_cuda_gru(m->blas, a->h, a->gate, a->core_h, a->prev, a->core_x, cuda_weight(m, P_CORE_H_W),
                               cuda_weight(m, P_CORE_H_B), state, end, segments, steps, hidden));
    else CUDA_DO(m, lp_cuda_mingru(a->h, a->gate, a->prev, a->core_x, state, end, segments, steps, hidden, m->stream));
    CUDA_DO(m, lp_cuda_add(a->g, a->f, a->h, (size_t)n * hidden, m->stream));
}

void cuda_core_backward(cuda_model *m, activations *d, const activations *a, const uint8_t *end, int segments, int steps, float *gradient) {
    const lp_policy *p = m->p;
    int hidden = p->shape.hidden, n = segments * steps;
    if (p->shape.core == LP_CORE_NONE) return;
    if (p->shape.core == LP_CORE_GRU) {
        CUDA_DO(m, lp_cuda_gru_backward(m->blas, d->core_x, d->core_h, d->prev, d->g, a->gate, a->core_h, a->prev,
                                        cuda_weight(m, P_CORE_H_W), end, segments, steps, hidden));
        cuda_weight_back(m, gradient, P_CORE_H_W, P_CORE_H_B, d->core_h, a->prev, n, hidden, p->core.h);
    } else {
        CUDA_DO(m, lp_cuda_mingru_backward(d->core_x, d->g, a->gate, a->core_x, a->prev, end, segments, steps, hidden, m->stream));
    }
    cuda_weight_back(m, gradient, P_CORE_X_W, P_CORE_X_B, d->core_x, a->f, n, hidden, p->core.x);
    CUDA_DO(m, lp_cuda_copy(d->f, d->g, (size_t)n * hidden * sizeof(float), m->stream));
    cuda_input_back(m, d->f, d->core_x, P_CORE_X_W, n, hidden, p->core.x, LP_CUDA_ADD);
}
