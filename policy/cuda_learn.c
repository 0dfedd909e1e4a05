/* Learning on a card: the rollout goes over once; advantages, every minibatch's way there and back, and every step of Adam follow as one
 * graph, without the host looking; then the weights and what the losses were come back. A minibatch goes through in chunks of whole segments,
 * so that memory is bounded; their gradients add up. What is learned is a copy of the weights that actors read, until it is published. */
#include "policy/cuda_parts.h"
#include "policy/learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_ROWS = 4096, IMAGES = 256 };

/* What one minibatch leaves. */
typedef struct {
    lp_ppo_sums sums;
    double norm;
    int64_t n_refused; /* gradients that were not finite, so far */
} minibatch_result;

struct cuda_learner {
    const lp_learner *l; /* borrowed */
    cuda_model m;
    int chunk;   /* segments at once */
    void *room;  /* owned */
    bool pinned; /* the learner's arena; where that may not be, copies take a stop on the way */
    learner_array arrays[LEARNER_ARRAYS];
    unsigned char *rollout[LEARNER_CARD_ARRAYS], *part[LEARNER_CARD_ARRAYS]; /* of all environments; of the chunk's */
    float *advantage, *target, *part_advantage, *part_target;
    int32_t *orders;                            /* [epochs][n_envs] */
    activations a, d;                           /* [chunk * n_steps] */
    activations again_a, again_d;               /* [chunk * max_again] */
    float *item, *salience, *ditem, *dsalience; /* [chunk][max_old constants, max_again, n_steps] tables */
    float *weight;                              /* [chunk * n_steps][heads][max_context] */
    float *read_scratch;
    /* where salience is taught */
    float *importance;             /* [chunk * n_steps] */
    float *extra_dsalience;        /* [chunk * n_steps][max_context] */
    float *old_salience;           /* [chunk][max_old] */
    double *losses;                /* [chunk * n_steps] */
    float *w, *gradient, *m1, *m2; /* arrays of parameters */
    float *old_m1, *old_m2;        /* the moments before an update, likewise */
    lp_cuda_adam_state *adam;
    lp_ppo_sums *sums;
    void *ppo_scratch;
    minibatch_result *results, *host_results; /* [epochs * parts]; the host's pinned */
    lp_cuda_adam_state *host_adam;            /* pinned: what Adam starts from */
    bool began;                               /* libraries set themselves up at their first use, so the first update is none */
    lp_cuda_graph *graph;                     /* of an update */
};

static void *array(const cuda_learner *c, unsigned char *const *arrays, size_t field) {
    for (int i = 0; i < LEARNER_CARD_ARRAYS; i++)
        if (c->arrays[i].field == field) return arrays[i];
    return NULL;
}
#define ROLLOUT(name) array(c, c->rollout, offsetof(lp_segment, name))
#define PART(name) array(c, c->part, offsetof(lp_segment, name))

/* Of a segment's table of items. */
static int table_rows(const lp_learner *l) { return l->max_old + l->max_again + l->n_steps; }

static size_t n_results(const lp_learner *l) { return (size_t)l->config.epochs * (size_t)learner_parts(l); }

static size_t lay_out(cuda_learner *c, void *base) {
    const lp_learner *l = c->l;
    const lp_policy *p = l->policy;
    const lp_policy_config *s = &p->shape;
    size_t E = (size_t)l->n_envs, T = (size_t)l->n_steps, A = (size_t)l->max_again, C = (size_t)l->max_context, S = (size_t)c->chunk,
           f = sizeof(float);
    size_t floats = activations_floats(p, (int)(S * (A + T)), 0), table = S * (size_t)table_rows(l), parameters = p->card->n_parameters * f;
    cuda_room room = {base, 0};
    for (int i = 0; i < LEARNER_CARD_ARRAYS; i++) {
        c->rollout[i] = cuda_take(&room, E * c->arrays[i].bytes);
        c->part[i] = cuda_take(&room, S * c->arrays[i].bytes);
    }
    c->advantage = cuda_take(&room, E * T * f), c->target = cuda_take(&room, E * T * f);
    c->part_advantage = cuda_take(&room, S * T * f), c->part_target = cuda_take(&room, S * T * f);
    c->orders = cuda_take(&room, (size_t)l->config.epochs * E * sizeof(int32_t));
    float *a = cuda_take(&room, floats * f), *d = cuda_take(&room, floats * f);
    if (base) activations_carve(&c->a, p, (int)(S * (A + T)), 0, a), activations_carve(&c->d, p, (int)(S * (A + T)), 0, d);
    if (base) c->again_a = activations_from(c->a, p, (int)(S * T)), c->again_d = activations_from(c->d, p, (int)(S * T));
    c->item = cuda_take(&room, table * s->dim * f), c->ditem = cuda_take(&room, table * s->dim * f);
    c->salience = cuda_take(&room, table * f), c->dsalience = cuda_take(&room, table * f);
    c->weight = cuda_take(&room, S * T * s->heads * C * f);
    lp_read r = {.heads = s->heads, .dim = s->dim, .n_levels = s->n_levels, .n_ages = s->n_ages};
    c->read_scratch = cuda_take(&room, lp_cuda_read_scratch(&r, (int)(S * T), (int)C, (int)T) * f);
    if (l->config.salience_weight > 0) {
        c->importance = cuda_take(&room, S * T * f), c->losses = cuda_take(&room, S * T * sizeof(double));
        c->extra_dsalience = cuda_take(&room, S * T * C * f), c->old_salience = cuda_take(&room, S * (size_t)l->max_old * f);
    }
    c->w = cuda_take(&room, parameters), c->gradient = cuda_take(&room, parameters);
    c->m1 = cuda_take(&room, parameters), c->m2 = cuda_take(&room, parameters);
    c->old_m1 = cuda_take(&room, parameters), c->old_m2 = cuda_take(&room, parameters);
    c->adam = cuda_take(&room, lp_cuda_adam_state_bytes());
    c->sums = cuda_take(&room, sizeof *c->sums);
    c->ppo_scratch = cuda_take(&room, lp_cuda_ppo_scratch_bytes());
    c->results = cuda_take(&room, n_results(l) * sizeof *c->results);
    c->m.images = (int)(S * T < IMAGES ? S * T : IMAGES);
    c->m.scratch = cuda_take(&room, cuda_model_scratch(p, c->m.images) * f);
    return room.used;
}

lp_status cuda_learner_open(cuda_learner **out, const lp_learner *l, lp_err *err) {
    cuda_learner *c = calloc(1, sizeof *c);
    if (!c) return lp_fail(err, LP_FAILED, "learner: out of memory");
    c->l = l;
    learner_arrays(l, c->arrays);
    int most = (l->n_envs + learner_parts(l) - 1) / learner_parts(l);
    int rows = l->n_steps + l->max_again;
    c->chunk = CHUNK_ROWS / rows < 1 ? 1 : CHUNK_ROWS / rows;
    if (c->chunk > most) c->chunk = most;
    lp_status status = cuda_model_open(&c->m, l->policy, false, err);
    size_t bytes = lay_out(c, NULL);
    if (!status) status = cuda_alloc(&c->room, bytes, "learning", err);
    if (!status) {
        lay_out(c, c->room);
        c->m.parameters = c->w;
        int error = lp_cuda_alloc_pinned((void **)&c->host_results, n_results(l) * sizeof *c->host_results);
        if (!error) error = lp_cuda_alloc_pinned((void **)&c->host_adam, sizeof *c->host_adam);
        c->pinned = !error && !lp_cuda_pin(l->arena.base, l->arena.size_bytes);
        if (!error) error = lp_cuda_zero(c->room, bytes, c->m.stream);
        if (!error) error = lp_cuda_wait(c->m.stream);
        if (error) status = cuda_failed(error, "learning", err);
    }
    if (status) cuda_learner_close(c);
    else *out = c;
    return status;
}

void cuda_learner_close(cuda_learner *c) {
    if (!c) return;
    if (c->m.stream) lp_cuda_wait(c->m.stream);
    lp_cuda_graph_close(c->graph);
    if (c->pinned) lp_cuda_unpin(c->l->arena.base);
    cuda_model_close(&c->m);
    lp_cuda_free(c->room);
    lp_cuda_free_pinned(c->host_results);
    lp_cuda_free_pinned(c->host_adam);
    free(c);
}

static void send_rollout(cuda_learner *c) {
    const lp_learner *l = c->l;
    cuda_model *m = &c->m;
    for (int i = 0; i < LEARNER_CARD_ARRAYS; i++) {
        const void *from; /* the first environment's, which the others' follow */
        memcpy(&from, (const char *)l->segments + c->arrays[i].field, sizeof from);
        CUDA_DO(m, lp_cuda_to_device(c->rollout[i], from, (size_t)l->n_envs * c->arrays[i].bytes, m->stream));
    }
}

static void advantages(cuda_learner *c) {
    const lp_learner *l = c->l;
    cuda_model *m = &c->m;
    CUDA_DO(m, lp_cuda_gae(c->advantage, c->target, ROLLOUT(reward), ROLLOUT(value), ROLLOUT(end), ROLLOUT(logp), l->n_envs, l->n_steps,
                           (float)l->config.gamma, (float)l->config.lambda, m->stream));
}

static void gather(cuda_learner *c, const int32_t *order, int n) {
    cuda_model *m = &c->m;
    size_t steps = (size_t)c->l->n_steps * sizeof(float);
    for (int i = 0; i < LEARNER_CARD_ARRAYS; i++)
        CUDA_DO(m, lp_cuda_gather(c->part[i], c->rollout[i], order, n, c->arrays[i].bytes, m->stream));
    CUDA_DO(m, lp_cuda_gather(c->part_advantage, c->advantage, order, n, steps, m->stream));
    CUDA_DO(m, lp_cuda_gather(c->part_target, c->target, order, n, steps, m->stream));
}

/* Of every segment's table, rows [from, from + n) of `width` floats: those of x [segments][n][width] go in, or come out. */
static void put_rows(cuda_learner *c, float *table, const float *x, int from, int n, int width, int segments) {
    cuda_model *m = &c->m;
    size_t one = (size_t)width * sizeof(float), stride = (size_t)table_rows(c->l) * one, bytes = (size_t)n * one;
    CUDA_DO(m, lp_cuda_copy_rows(table + (size_t)from * (size_t)width, stride, x, bytes, bytes, (size_t)segments, m->stream));
}

static void take_rows(cuda_learner *c, float *x, const float *table, int from, int n, int width, int segments) {
    cuda_model *m = &c->m;
    size_t one = (size_t)width * sizeof(float), stride = (size_t)table_rows(c->l) * one, bytes = (size_t)n * one;
    CUDA_DO(m, lp_cuda_copy_rows(x, bytes, table + (size_t)from * (size_t)width, stride, bytes, (size_t)segments, m->stream));
}

/* The items from before the gathered segments that are encoded again, from what they were made of. Rows that a segment has no use for hold
 * something finite; no context reads them, so their gradients are 0. */
static void encode_again(cuda_learner *c, int segments) {
    cuda_model *m = &c->m;
    activations *a = &c->again_a;
    int O = c->l->max_old, A = c->l->max_again, dim = m->p->shape.dim, n = segments * A;
    if (!n) return;
    cuda_see(m, a, PART(again_pixels), PART(again_action), n);
    cuda_core(m, a, PART(again_state), NULL, n, 1);
    cuda_item(m, a, n);
    put_rows(c, c->item, a->item, O, A, dim, segments);
    put_rows(c, c->salience, a->salience, O, A, 1, segments);
}

static void encode_again_backward(cuda_learner *c, int segments) {
    cuda_model *m = &c->m;
    activations *a = &c->again_a, *d = &c->again_d;
    int O = c->l->max_old, A = c->l->max_again, dim = m->p->shape.dim, n = segments * A;
    if (!n) return;
    take_rows(c, d->item, c->ditem, O, A, dim, segments);
    take_rows(c, d->salience, c->dsalience, O, A, 1, segments);
    CUDA_DO(m, lp_cuda_zero(d->g, (size_t)n * (size_t)m->p->shape.hidden * sizeof(float), m->stream));
    cuda_item_backward(m, d, a, n, c->gradient);
    cuda_core_backward(m, d, a, NULL, n, 1, c->gradient);
    cuda_see_backward(m, d, a, PART(again_action), n, c->gradient);
}

/* The gathered segments' way there and back, added to gradient and sums. */
static void chunk(cuda_learner *c, int segments, const lp_ppo *ppo) {
    const lp_learner *l = c->l;
    const lp_policy_config *s = &l->policy->shape;
    cuda_model *m = &c->m;
    activations *a = &c->a, *d = &c->d;
    int T = l->n_steps, C = l->max_context, O = l->max_old, own = O + l->max_again, rows = table_rows(l), n = segments * T;
    size_t table = (size_t)segments * (size_t)rows * sizeof(float);
    const cuda_context context = {PART(row), PART(n_items), PART(level), PART(age), c->item, c->salience, c->weight, C, T, rows};
    const bool taught = l->config.salience_weight > 0;
    encode_again(c, segments);
    cuda_see(m, a, PART(pixels), PART(last_action), n);
    cuda_core(m, a, PART(state), PART(end), segments, T);
    cuda_remember(m, a, n);
    put_rows(c, c->item, PART(old_vector), 0, O, s->dim, segments);
    if (taught) cuda_salience(m, c->old_salience, PART(old_vector), segments * O);
    put_rows(c, c->salience, taught ? c->old_salience : PART(old_salience), 0, O, 1, segments);
    put_rows(c, c->item, a->item, own, T, s->dim, segments);
    put_rows(c, c->salience, a->salience, own, T, 1, segments);
    cuda_recall(m, a, &context, n);
    cuda_decide(m, a, n);
    if (taught) cuda_decide_without_memory(m, d, a, n);
    if (taught) CUDA_DO(m, lp_cuda_importance(c->importance, a->logit, d->logit, c->part_advantage, n, s->n_actions, m->stream));
    CUDA_DO(m, lp_cuda_ppo(d->logit, d->value, c->sums, a->logit, a->value, PART(action), PART(logp), c->part_advantage, c->part_target, n,
                           s->n_actions, ppo, &c->adam->rate_scale, c->ppo_scratch, m->stream));
    cuda_decide_backward(m, d, a, n, c->gradient);
    CUDA_DO(m, lp_cuda_zero(c->ditem, table * (size_t)s->dim, m->stream));
    CUDA_DO(m, lp_cuda_zero(c->dsalience, table, m->stream));
    if (taught)
        CUDA_DO(m, lp_cuda_salience_loss(c->extra_dsalience, &c->sums->salience_loss, c->salience, c->weight, PART(row), PART(n_items),
                                         c->importance, n, s->heads, C, T, rows, learner_even(l),
                                         (float)l->config.salience_weight * ppo->scale, c->losses, m->stream));
    cuda_recall_backward(m, d, a, &context, taught ? c->extra_dsalience : NULL, c->ditem, c->dsalience, n, c->gradient,
                         (float)l->config.attention_weight * ppo->scale, &c->adam->rate_scale, &c->sums->attention_entropy,
                         c->read_scratch);
    take_rows(c, d->item, c->ditem, own, T, s->dim, segments);
    take_rows(c, d->salience, c->dsalience, own, T, 1, segments);
    if (taught) {
        take_rows(c, c->old_salience, c->dsalience, 0, O, 1, segments);
        cuda_salience_backward(m, c->old_salience, PART(old_vector), segments * O, c->gradient);
    }
    cuda_remember_backward(m, d, a, n, c->gradient);
    cuda_core_backward(m, d, a, PART(end), segments, T, c->gradient);
    cuda_see_backward(m, d, a, PART(last_action), n, c->gradient);
    encode_again_backward(c, segments);
}

/* The gradient of n environments, and the sums of their losses. */
static void minibatch(cuda_learner *c, const int32_t *order, int n) {
    const lp_learner *l = c->l;
    cuda_model *m = &c->m;
    const lp_ppo ppo = {(float)l->config.clip, (float)l->config.value_weight, (float)l->config.entropy_weight,
                        1.0f / ((float)n * (float)l->n_steps), (float)l->config.clone_weight};
    CUDA_DO(m, lp_cuda_zero(c->gradient, l->policy->card->n_parameters * sizeof(float), m->stream));
    CUDA_DO(m, lp_cuda_zero(c->sums, sizeof *c->sums, m->stream));
    for (int at = 0; at < n; at += c->chunk) {
        int now = n - at < c->chunk ? n - at : c->chunk;
        gather(c, order + at, now);
        chunk(c, now, &ppo);
    }
}

static size_t parameter_bytes(const cuda_learner *c) { return c->l->policy->card->n_parameters * sizeof(float); }

/* From the rollout and the weights on the card to the new weights and what became of each minibatch. */
static int enqueue(cuda_learner *c) {
    const lp_learner *l = c->l;
    cuda_model *m = &c->m;
    const lp_adam adam = {(float)l->config.rate, 0.9f, (float)l->config.beta2, 1e-5f};
    int parts = learner_parts(l), n = (int)n_results(l);
    advantages(c);
    CUDA_DO(m, lp_cuda_normalise(c->advantage, ROLLOUT(logp), (size_t)l->n_envs * (size_t)l->n_steps, m->stream));
    for (int i = 0; i < n; i++) {
        int from, to;
        learner_part(l, i % parts, parts, &from, &to);
        minibatch(c, c->orders + (size_t)(i / parts) * (size_t)l->n_envs + from, to - from);
        CUDA_DO(m, lp_cuda_adam(c->w, c->m1, c->m2, c->gradient, l->policy->card->n_parameters, c->adam, &adam,
                                (float)l->config.max_grad_norm, m->stream));
        CUDA_DO(m, lp_cuda_copy(&c->results[i].sums, c->sums, sizeof *c->sums, m->stream));
        CUDA_DO(m, lp_cuda_copy(&c->results[i].norm, &c->adam->norm, sizeof(double), m->stream));
        CUDA_DO(m, lp_cuda_copy(&c->results[i].n_refused, &c->adam->n_refused, sizeof(int64_t), m->stream));
    }
    CUDA_DO(m, lp_cuda_from_device(c->host_results, c->results, (size_t)n * sizeof *c->results, m->stream));
    return m->error;
}

static int capture(cuda_learner *c) {
    int error = lp_cuda_graph_begin(c->m.stream);
    if (error) return error;
    int captured = enqueue(c);
    error = lp_cuda_graph_end(&c->graph, c->m.stream);
    return captured ? captured : error;
}

lp_status cuda_learner_start(cuda_learner *c, lp_learner *l, double rate_scale, lp_err *err) {
    lp_policy *p = l->policy;
    cuda_model *m = &c->m;
    *c->host_adam = (lp_cuda_adam_state){.step = l->adam_step, .rate_scale = (float)rate_scale};
    m->error = lp_cuda_copy(c->w, p->card->parameters, parameter_bytes(c), m->stream);
    CUDA_DO(m, lp_cuda_copy(c->old_m1, c->m1, parameter_bytes(c), m->stream));
    CUDA_DO(m, lp_cuda_copy(c->old_m2, c->m2, parameter_bytes(c), m->stream));
    CUDA_DO(m, lp_cuda_to_device(c->adam, c->host_adam, sizeof *c->host_adam, m->stream));
    CUDA_DO(m, lp_cuda_to_device(c->orders, l->orders, (size_t)l->config.epochs * (size_t)l->n_envs * sizeof(int32_t), m->stream));
    send_rollout(c);
    CUDA_DO(m, lp_cuda_wait(m->stream)); /* from here on the caller may write to it */
    if (!c->began) CUDA_DO(m, enqueue(c));
    else if (!c->graph) CUDA_DO(m, capture(c));
    if (c->began) CUDA_DO(m, lp_cuda_graph_run(c->graph, m->stream));
    CUDA_DO(m, cuda_parameters_from(p->card, p, p->parameters, c->w, m->stream));
    c->began = true;
    return m->error ? cuda_failed(m->error, "learning", err) : LP_OK;
}

lp_status cuda_learner_wait(cuda_learner *c, lp_learner *l, lp_update_stats *stats, lp_err *err) {
    lp_policy *p = l->policy;
    cuda_model *m = &c->m;
    int parts = learner_parts(l), n = (int)n_results(l);
    if ((m->error = lp_cuda_wait(m->stream))) return cuda_failed(m->error, "learning", err);
    bool diverged = c->host_results[n - 1].n_refused > 0;
    for (int i = 0; i < n; i++) {
        const minibatch_result *r = &c->host_results[i];
        int from, to;
        learner_part(l, i % parts, parts, &from, &to);
        diverged |= !isfinite(learner_loss(l, &r->sums));
        learner_add(stats, &r->sums, (double)(to - from) * l->n_steps, r->norm);
    }
    l->adam_step += n - c->host_results[n - 1].n_refused;
    if (!diverged) return LP_OK;
    CUDA_DO(m, lp_cuda_copy(c->w, p->card->parameters, parameter_bytes(c), m->stream));
    CUDA_DO(m, lp_cuda_copy(c->m1, c->old_m1, parameter_bytes(c), m->stream));
    CUDA_DO(m, lp_cuda_copy(c->m2, c->old_m2, parameter_bytes(c), m->stream));
    CUDA_DO(m, cuda_parameters_from(p->card, p, p->parameters, c->w, m->stream));
    CUDA_DO(m, lp_cuda_wait(m->stream));
    return m->error ? cuda_failed(m->error, "learning", err) : learner_diverged(err);
}

lp_status cuda_learner_publish(cuda_learner *c, lp_err *err) {
    int error = lp_cuda_copy(c->l->policy->card->parameters, c->w, parameter_bytes(c), c->m.stream);
    if (!error) error = lp_cuda_wait(c->m.stream);
    return error ? cuda_failed(error, "the weights", err) : LP_OK;
}

lp_status cuda_learner_gradient(cuda_learner *c, lp_learner *l, float *gradient, double *loss, lp_err *err) {
    cuda_model *m = &c->m;
    lp_ppo_sums sums = {0};
    *c->host_adam = (lp_cuda_adam_state){.rate_scale = 1};
    m->error = lp_cuda_copy(c->w, l->policy->card->parameters, parameter_bytes(c), m->stream);
    CUDA_DO(m, lp_cuda_to_device(c->adam, c->host_adam, sizeof *c->host_adam, m->stream));
    CUDA_DO(m, lp_cuda_to_device(c->orders, l->order, (size_t)l->n_envs * sizeof(int32_t), m->stream));
    send_rollout(c);
    advantages(c);
    minibatch(c, c->orders, l->n_envs);
    CUDA_DO(m, cuda_parameters_from(l->policy->card, l->policy, gradient, c->gradient, m->stream));
    CUDA_DO(m, lp_cuda_to_host(&sums, c->sums, sizeof sums, m->stream));
    *loss = learner_loss(l, &sums) / ((double)l->n_envs * l->n_steps);
    return m->error ? cuda_failed(m->error, "learning", err) : LP_OK;
}

lp_status cuda_learner_moments(const cuda_learner *c, void *m, void *v, lp_err *err) {
    const lp_policy *p = c->l->policy;
    int error = cuda_parameters_from(p->card, p, m, c->m1, c->m.stream);
    if (!error) error = cuda_parameters_from(p->card, p, v, c->m2, c->m.stream);
    if (!error) error = lp_cuda_wait(c->m.stream);
    return error ? cuda_failed(error, "the optimizer's state", err) : LP_OK;
}

lp_status cuda_learner_set_moments(cuda_learner *c, const lp_learner *l, const void *m, const void *v, lp_err *err) {
    const lp_policy *p = l->policy;
    int error = cuda_parameters_to(p->card, p, c->w, p->parameters, c->m.stream);
    if (!error) error = cuda_parameters_to(p->card, p, c->m1, m, c->m.stream);
    if (!error) error = cuda_parameters_to(p->card, p, c->m2, v, c->m.stream);
    if (!error) error = lp_cuda_wait(c->m.stream);
    return error ? cuda_failed(error, "the optimizer's state", err) : LP_OK;
}
