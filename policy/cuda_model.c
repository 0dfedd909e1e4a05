/* The network's stages on a card, each way: those of model.c, for many rows at once. */
#include "policy/cuda_parts.h"

static size_t floats_of(const lp_conv *c) { return (size_t)lp_conv_oh(c) * lp_conv_ow(c) * c->oc; }

size_t cuda_model_scratch(const lp_policy *p, int images) {
    size_t one = lp_cuda_conv_scratch(&p->conv1, images), two = lp_cuda_conv_scratch(&p->conv2, images);
    return one > two ? one : two;
}

lp_status cuda_model_open(cuda_model *m, const lp_policy *p, bool urgent, lp_err *err) {
    *m = (cuda_model){.p = p, .card = p->card, .parameters = p->card->parameters};
    int error = lp_cuda_stream_open(&m->stream, urgent);
    if (!error) error = lp_cuda_blas_open(&m->blas, p->card->bf16, m->stream);
    return error ? cuda_failed(error, "cuBLAS", err) : LP_OK;
}

void cuda_model_close(cuda_model *m) {
    lp_cuda_blas_close(m->blas);
    lp_cuda_stream_close(m->stream);
}

lp_read cuda_read(const cuda_model *m, const cuda_context *c) {
    const lp_policy_config *s = &m->p->shape;
    return (lp_read){s->heads,
                     s->dim,
                     s->n_levels,
                     s->n_ages,
                     cuda_weight(m, P_LEVEL_KEY),
                     cuda_weight(m, P_AGE_KEY),
                     c->item,
                     s->bias == LP_BIAS_SALIENCE ? c->salience : NULL,
                     s->softmax == LP_SOFTMAX_SCALABLE};
}

void cuda_see(cuda_model *m, activations *a, const uint8_t *pixels, const int32_t *last_action, int n) {
    const lp_policy *p = m->p;
    const lp_policy_config *s = &p->shape;
    if (p->packed_width)
        CUDA_DO(m, lp_cuda_observe_shades(a->x, pixels, n, p->packed_width, p->packed_height, s->width, s->height, m->stream));
    else CUDA_DO(m, lp_cuda_from_bytes(a->x, pixels, (size_t)n * s->height * s->width, m->stream));
    CUDA_DO(m, lp_cuda_conv(m->blas, a->c1, a->x, cuda_weight(m, P_CONV1_W), cuda_weight(m, P_CONV1_B), n, &p->conv1, m->scratch, m->images,
                            1));
    CUDA_DO(m, lp_cuda_conv(m->blas, a->c2, a->c1, cuda_weight(m, P_CONV2_W), cuda_weight(m, P_CONV2_B), n, &p->conv2, m->scratch,
                            m->images, 1));
    CUDA_DO(m, lp_cuda_embed(a->f, cuda_weight(m, P_ACTION), last_action, n, s->hidden, m->stream));
    CUDA_DO(m, lp_cuda_linear(m->blas, a->f, a->c2, cuda_weight(m, P_FEATURES_W), cuda_weight(m, P_FEATURES_B), n, p->flat, s->hidden,
                              LP_CUDA_ADD | LP_CUDA_RELU));
}

void cuda_salience(cuda_model *m, float *salience, const float *item, int n) {
    CUDA_DO(m, lp_cuda_linear(m->blas, salience, item, cuda_weight(m, P_SALIENCE_W), cuda_weight(m, P_SALIENCE_B), n, m->p->shape.dim, 1,
                              LP_CUDA_SET));
    if (m->p->shape.salience) CUDA_DO(m, lp_cuda_squares(salience, item, cuda_weight(m, P_SALIENCE_SQUARE), n, m->p->shape.dim, m->stream));
}

void cuda_item(cuda_model *m, activations *a, int n) {
    const lp_policy_config *s = &m->p->shape;
    CUDA_DO(m,
            lp_cuda_linear(m->blas, a->item, a->g, cuda_weight(m, P_ITEM_W), cuda_weight(m, P_ITEM_B), n, s->hidden, s->dim, LP_CUDA_SET));
    cuda_salience(m, a->salience, a->item, n);
}

void cuda_remember(cuda_model *m, activations *a, int n) {
    const lp_policy_config *s = &m->p->shape;
    const lp_cuda_map maps[] = {
        {a->item, a->g, cuda_weight(m, P_ITEM_W), cuda_weight(m, P_ITEM_B), s->hidden, s->dim, LP_CUDA_SET},
        {a->q, a->g, cuda_weight(m, P_QUERY_W), cuda_weight(m, P_QUERY_B), s->hidden, s->heads * s->dim, LP_CUDA_SET},
        {a->order, a->g, cuda_weight(m, P_ORDER_W), cuda_weight(m, P_ORDER_B), s->hidden, s->heads * 2, LP_CUDA_SET},
    };
    CUDA_DO(m, lp_cuda_linear_maps(m->blas, maps, a->order ? 3 : 2, n));
    cuda_salience(m, a->salience, a->item, n);
}

void cuda_recall(cuda_model *m, activations *a, const cuda_context *c, int n) {
    lp_read r = cuda_read(m, c);
    CUDA_DO(m, lp_cuda_read(a->read, c->weight, &r, a->q, a->order, c->index, c->level, c->age, c->count, n, c->max_items, c->per_table,
                            c->rows, m->stream));
}

void cuda_decide_without_memory(cuda_model *m, activations *out, const activations *a, int n) {
    int h = m->p->shape.hidden;
    CUDA_DO(m, lp_cuda_linear(m->blas, out->z, a->g, cuda_weight(m, P_HEAD_FEATURE), cuda_weight(m, P_HEAD_B), n, h, h,
                              LP_CUDA_SET | LP_CUDA_RELU));
    CUDA_DO(m, lp_cuda_linear(m->blas, out->logit, out->z, cuda_weight(m, P_POLICY_W), cuda_weight(m, P_POLICY_B), n, h,
                              m->p->shape.n_actions, LP_CUDA_SET));
}

void cuda_decide(cuda_model *m, activations *a, int n) {
    const lp_policy_config *s = &m->p->shape;
    bool sight = s->join == LP_JOIN_SIGHT;
    if (sight) CUDA_DO(m, lp_cuda_copy(a->joined, a->g, (size_t)n * s->hidden * sizeof(float), m->stream));
    CUDA_DO(m, lp_cuda_linear(m->blas, sight ? a->joined : a->z, a->read, cuda_weight(m, P_HEAD_READ), NULL, n, s->heads * s->dim,
                              s->hidden, sight ? LP_CUDA_ADD : LP_CUDA_SET));
    CUDA_DO(m, lp_cuda_linear(m->blas, a->z, a->joined, cuda_weight(m, P_HEAD_FEATURE), cuda_weight(m, P_HEAD_B), n, s->hidden, s->hidden,
                              (sight ? LP_CUDA_SET : LP_CUDA_ADD) | LP_CUDA_RELU));
    const lp_cuda_map both[] = {
        {a->logit, a->z, cuda_weight(m, P_POLICY_W), cuda_weight(m, P_POLICY_B), s->hidden, s->n_actions, LP_CUDA_SET},
        {a->value, a->z, cuda_weight(m, P_VALUE_W), cuda_weight(m, P_VALUE_B), s->hidden, 1, LP_CUDA_SET},
    };
    CUDA_DO(m, lp_cuda_linear_maps(m->blas, both, 2, n));
}

/* ---- the way back ---- */

void cuda_decide_backward(cuda_model *m, activations *d, const activations *a, int n, float *gradient) {
    const lp_policy_config *s = &m->p->shape;
    int h = s->hidden, read = s->heads * s->dim;
    cuda_weight_back(m, gradient, P_POLICY_W, P_POLICY_B, d->logit, a->z, n, h, s->n_actions);
    cuda_weight_back(m, gradient, P_VALUE_W, P_VALUE_B, d->value, a->z, n, h, 1);
    cuda_input_back(m, d->z, d->logit, P_POLICY_W, n, h, s->n_actions, LP_CUDA_SET);
    cuda_input_back(m, d->z, d->value, P_VALUE_W, n, h, 1, LP_CUDA_ADD);
    CUDA_DO(m, lp_cuda_relu_backward(d->z, a->z, (size_t)n * h, m->stream));
    cuda_weight_back(m, gradient, P_HEAD_FEATURE, P_HEAD_B, d->z, a->joined, n, h, h);
    cuda_input_back(m, d->g, d->z, P_HEAD_FEATURE, n, h, h, LP_CUDA_SET);
    const float *joins = s->join == LP_JOIN_SIGHT ? d->g : d->z;
    cuda_weight_back(m, gradient, P_HEAD_READ, P_COUNT, joins, a->read, n, read, h);
    cuda_input_back(m, d->read, joins, P_HEAD_READ, n, read, h, LP_CUDA_SET);
}

void cuda_salience_backward(cuda_model *m, const float *dsalience, const float *item, int n, float *gradient) {
    cuda_weight_back(m, gradient, P_SALIENCE_W, P_SALIENCE_B, dsalience, item, n, m->p->shape.dim, 1);
    if (m->p->shape.salience)
        CUDA_DO(m,
                lp_cuda_squares_backward_weight(cuda_into(m, gradient, P_SALIENCE_SQUARE), dsalience, item, n, m->p->shape.dim, m->stream));
}

void cuda_recall_backward(cuda_model *m, activations *d, const activations *a, const cuda_context *c, const float *extra_dsalience,
                          float *ditem, float *dsalience, int n, float *gradient, float entropy_scale, const float *fade, double *entropy,
                          float *scratch) {
    lp_read r = cuda_read(m, c);
    CUDA_DO(m,
            lp_cuda_read_backward(d->q, d->order, ditem, dsalience, cuda_into(m, gradient, P_LEVEL_KEY), cuda_into(m, gradient, P_AGE_KEY),
                                  d->read, c->weight, extra_dsalience, &r, a->q, a->order, c->index, c->level, c->age, c->count, n,
                                  c->max_items, c->per_table, c->rows, entropy_scale, fade, entropy, scratch, m->stream));
}

void cuda_item_backward(cuda_model *m, activations *d, const activations *a, int n, float *gradient) {
    int h = m->p->shape.hidden, dim = m->p->shape.dim;
    cuda_salience_backward(m, d->salience, a->item, n, gradient);
    cuda_input_back(m, d->item, d->salience, P_SALIENCE_W, n, dim, 1, LP_CUDA_ADD);
    if (m->p->shape.salience)
        CUDA_DO(m, lp_cuda_squares_backward_input(d->item, d->salience, a->item, cuda_weight(m, P_SALIENCE_SQUARE), n, dim, m->stream));
    cuda_weight_back(m, gradient, P_ITEM_W, P_ITEM_B, d->item, a->g, n, h, dim);
    cuda_input_back(m, d->g, d->item, P_ITEM_W, n, h, dim, LP_CUDA_ADD);
}

void cuda_remember_backward(cuda_model *m, activations *d, const activations *a, int n, float *gradient) {
    int h = m->p->shape.hidden, read = m->p->shape.heads * m->p->shape.dim;
    cuda_weight_back(m, gradient, P_QUERY_W, P_QUERY_B, d->q, a->g, n, h, read);
    cuda_input_back(m, d->g, d->q, P_QUERY_W, n, h, read, LP_CUDA_ADD);
    if (a->order) {
        cuda_weight_back(m, gradient, P_ORDER_W, P_ORDER_B, d->order, a->g, n, h, 2 * m->p->shape.heads);
        cuda_input_back(m, d->g, d->order, P_ORDER_W, n, h, 2 * m->p->shape.heads, LP_CUDA_ADD);
    }
    cuda_item_backward(m, d, a, n, gradient);
}

void cuda_see_backward(cuda_model *m, activations *d, const activations *a, const int32_t *last_action, int n, float *gradient) {
    const lp_policy *p = m->p;
    int h = p->shape.hidden;
    CUDA_DO(m, lp_cuda_relu_backward(d->f, a->f, (size_t)n * h, m->stream));
    CUDA_DO(m, lp_cuda_embed_backward(cuda_into(m, gradient, P_ACTION), d->f, last_action, n, p->shape.n_actions, h, m->stream));
    cuda_weight_back(m, gradient, P_FEATURES_W, P_FEATURES_B, d->f, a->c2, n, p->flat, h);
    cuda_input_back(m, d->c2, d->f, P_FEATURES_W, n, p->flat, h, LP_CUDA_SET);
    CUDA_DO(m, lp_cuda_relu_backward(d->c2, a->c2, (size_t)n * (size_t)p->flat, m->stream));
    CUDA_DO(m, lp_cuda_conv_backward(m->blas, d->c1, cuda_into(m, gradient, P_CONV2_W), cuda_into(m, gradient, P_CONV2_B), d->c2, a->c1,
                                     cuda_weight(m, P_CONV2_W), n, &p->conv2, m->scratch, m->images));
    CUDA_DO(m, lp_cuda_relu_backward(d->c1, a->c1, (size_t)n * floats_of(&p->conv1), m->stream));
    CUDA_DO(m, lp_cuda_conv_backward(m->blas, NULL, cuda_into(m, gradient, P_CONV1_W), cuda_into(m, gradient, P_CONV1_B), d->c1, a->x,
                                     cuda_weight(m, P_CONV1_W), n, &p->conv1, m->scratch, m->images));
}
