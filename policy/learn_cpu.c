/* Learning on a CPU.
 *
 * A segment is one environment's unbroken run of decisions; its items depend on its own frames only, so segments are the unit of
 * parallel work. Each minibatch is cut into N_SHARDS fixed shards with a gradient of their own, added up in order: the
 * result does not depend on which thread ran what. Items made inside a segment are recomputed, and what later decisions
 * read of them flows back into their vectors and saliences; so it is with older ones that are encoded again. Other older items are
 * constants, and so is the core's state before the segment and before each item that is encoded again. */
#include "policy/learner.h"

#include "base/contract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_SHARDS = 8 };

typedef struct { /* one worker's room for one segment */
    /* [max_again], and right behind them [n_steps]; their items are one table: [max_old] constants, [max_again], [n_steps] */
    activations again_a, again_d, a, d;
    model_eyes eyes;
    float *scratch;    /* the eyes' */
    float *weight;     /* [n_steps][heads * max_context] */
    float *importance; /* [n_steps] */
    float *read;       /* [2][max_context] scratch */
} workspace;

struct cpu_learner {
    const lp_learner *l; /* borrowed */
    lp_arena arena;
    int n_workers;
    float *advantage, *target; /* [n_envs][n_steps] */
    workspace *work;           /* [n_workers] */
    float *shard_gradient;     /* [N_SHARDS][n_parameters] */
    lp_ppo_sums shard_sums[N_SHARDS];
    float *m, *v;                 /* [n_parameters] Adam's moments */
    float *old_w, *old_m, *old_v; /* [n_parameters] before an update: the weights, the moments */
    /* the minibatch being worked on */
    const int32_t *batch;
    int batch_size;
    lp_ppo ppo;
    float attention_weight, clone_weight;
};

static size_t lay_out(cpu_learner *c, bool carve) {
    const lp_learner *l = c->l;
    const lp_policy_config *s = &l->policy->shape;
    size_t E = (size_t)l->n_envs, T = (size_t)l->n_steps, C = (size_t)l->max_context, P = l->policy->n_parameters;
    size_t used = 0, f = sizeof(float);
#define TAKE(field, bytes)                                                                                                                 \
    do {                                                                                                                                   \
        size_t size_ = (bytes);                                                                                                            \
        used += lp_arena_need(size_);                                                                                                      \
        if (carve) field = lp_arena_take(&c->arena, size_);                                                                                \
    } while (0)
    TAKE(c->advantage, E * T * f);
    TAKE(c->target, E * T * f);
    TAKE(c->work, (size_t)c->n_workers * sizeof *c->work);
    for (int w = 0; w < c->n_workers; w++) {
        workspace none, *k = carve ? &c->work[w] : &none;
        int rows = l->max_again + l->n_steps;
        size_t floats = activations_floats(l->policy, rows, l->max_old);
        float *at = NULL;
        TAKE(at, floats * f);
        if (carve) activations_carve(&k->again_a, l->policy, rows, l->max_old, at);
        TAKE(at, floats * f);
        if (carve) activations_carve(&k->again_d, l->policy, rows, l->max_old, at);
        if (carve)
            k->a = activations_from(k->again_a, l->policy, l->max_again), k->d = activations_from(k->again_d, l->policy, l->max_again);
        TAKE(k->scratch, model_scratch_floats(l->policy) * f);
        TAKE(k->weight, T * s->heads * C * f);
        TAKE(k->importance, T * f);
        TAKE(k->read, 2 * C * f);
    }
    TAKE(c->shard_gradient, N_SHARDS * P * f);
    TAKE(c->m, P * f);
    TAKE(c->v, P * f);
    TAKE(c->old_w, P * f);
    TAKE(c->old_m, P * f);
    TAKE(c->old_v, P * f);
#undef TAKE
    return used;
}

lp_status cpu_learner_open(cpu_learner **out, const lp_learner *l, int n_workers, lp_err *err) {
    lp_status status = lp_policy_threads(n_workers, err);
    if (status) return status;
    cpu_learner *c = calloc(1, sizeof *c);
    if (!c) return lp_fail(err, LP_FAILED, "learner: out of memory");
    c->l = l;
    c->n_workers = n_workers;
    size_t need = lay_out(c, false);
    if (lp_arena_open(&c->arena, need)) {
        free(c);
        return lp_fail(err, LP_FAILED, "learner: out of memory (%zu bytes)", need);
    }
    lay_out(c, true);
    *out = c;
    return LP_OK;
}

void cpu_learner_close(cpu_learner *c) {
    if (!c) return;
    lp_arena_close(&c->arena);
    free(c);
}

/* The items from before the segment that are encoded again, from what they were made of. */
static void encode_again(const lp_policy *p, workspace *w, const lp_segment *g) {
    activations *a = &w->again_a;
    int n = g->n_again;
    if (!n) return;
    model_see_sequence(p, a, &w->eyes, g->again_pixels, n);
    model_encode(p, a, NULL, g->again_action, n, n);
    model_core(p, a, g->again_state, NULL, n, 1);
    model_item(p, a, n);
}

static void encode_again_backward(const lp_policy *p, workspace *w, const lp_segment *g, float *gradient) {
    activations *a = &w->again_a, *d = &w->again_d;
    int n = g->n_again;
    if (!n) return;
    memset(d->g, 0, (size_t)n * (size_t)p->shape.hidden * sizeof(float));
    model_item_backward(p, d, a, n, gradient);
    model_core_backward(p, d, a, NULL, n, 1, gradient);
    model_encode_backward(p, d, a, g->again_action, n, gradient);
    model_see_backward(p, d, a, &w->eyes, g->again_pixels, n, gradient);
}

/* The forward pass of one segment. */
static void forward(const lp_learner *l, workspace *w, const lp_segment *g) {
    const lp_policy *p = l->policy;
    const lp_policy_config *s = &p->shape;
    int T = l->n_steps, C = l->max_context, O = l->max_old;
    size_t read = (size_t)s->heads * s->dim;
    float *items = w->again_a.item - (size_t)O * s->dim, *saliences = w->again_a.salience - O;
    model_eyes_open(&w->eyes, p, w->scratch);
    encode_again(p, w, g);
    model_see_sequence(p, &w->a, &w->eyes, g->pixels, T);
    model_encode(p, &w->a, NULL, g->last_action, T, T);
    model_core(p, &w->a, g->state, g->end, 1, T);
    model_remember(p, &w->a, T);
    memcpy(items, g->old_vector, (size_t)g->n_old * s->dim * sizeof(float));
    if (l->config.salience_weight > 0) model_salience(p, saliences, items, g->n_old); /* of constant vectors: it learns all the same */
    else memcpy(saliences, g->old_salience, (size_t)g->n_old * sizeof(float));
    lp_read r = model_read(p, items, saliences);
    for (int t = 0; t < T; t++)
        lp_k_read(w->a.read + (size_t)t * read, w->weight + (size_t)t * s->heads * C, &r, w->a.q + (size_t)t * read,
                  model_order(p, w->a.order, t), g->row + (size_t)t * C, g->level + (size_t)t * C, g->age + (size_t)t * C, g->n_items[t]);
    model_decide(p, &w->a, T);
}

/* How much reading changes each decision, and how much hangs on it. Clobbers d's z and logits. */
static void weigh(const lp_learner *l, workspace *w, const float *advantage) {
    model_decide_without_memory(l->policy, &w->d, &w->a, l->n_steps);
    lp_k_importance(w->importance, w->a.logit, w->d.logit, advantage, l->n_steps, l->policy->shape.n_actions);
}

/* Salience's own loss, added to the gradients of the table's saliences. */
static double salience_loss(const lp_learner *l, workspace *w, const lp_segment *g, float scale) {
    int C = l->max_context, heads = l->policy->shape.heads;
    double loss = 0;
    for (int t = 0; t < l->n_steps; t++)
        loss += lp_k_salience_loss(w->again_d.salience - l->max_old, w->again_a.salience - l->max_old, w->weight + (size_t)t * heads * C,
                                   g->row + (size_t)t * C, g->n_items[t], heads, learner_even(l), w->importance[t], scale);
    return loss;
}

static void backward(const lp_learner *l, workspace *w, const lp_segment *g, float *gradient, const cpu_learner *c, lp_ppo_sums *sums) {
    const lp_policy *p = l->policy;
    const lp_policy_config *s = &p->shape;
    int T = l->n_steps, C = l->max_context, O = l->max_old;
    size_t read = (size_t)s->heads * s->dim, rows = (size_t)(O + l->max_again + T);
    float *ditems = w->again_d.item - (size_t)O * s->dim, *dsaliences = w->again_d.salience - O;
    model_decide_backward(p, &w->d, &w->a, T, gradient);
    memset(ditems, 0, rows * s->dim * sizeof(float));
    memset(dsaliences, 0, rows * sizeof(float));
    lp_read r = model_read(p, w->again_a.item - (size_t)O * s->dim, w->again_a.salience - O);
    for (int t = 0; t < T; t++)
        sums->attention_entropy +=
            lp_k_read_backward(w->d.q + (size_t)t * read, model_order(p, w->d.order, t), ditems, dsaliences, grad(p, gradient, P_LEVEL_KEY),
                               grad(p, gradient, P_AGE_KEY), w->d.read + (size_t)t * read, w->weight + (size_t)t * s->heads * C, &r,
                               w->a.q + (size_t)t * read, model_order(p, w->a.order, t), g->row + (size_t)t * C, g->level + (size_t)t * C,
                               g->age + (size_t)t * C, g->n_items[t], c->attention_weight * c->ppo.scale, w->read);
    if (l->config.salience_weight > 0) {
        sums->salience_loss += salience_loss(l, w, g, (float)l->config.salience_weight * c->ppo.scale);
        model_salience_backward(p, dsaliences, r.item, g->n_old, gradient);
    }
    model_remember_backward(p, &w->d, &w->a, T, gradient);
    model_core_backward(p, &w->d, &w->a, g->end, 1, T, gradient);
    model_encode_backward(p, &w->d, &w->a, g->last_action, T, gradient);
    model_see_backward(p, &w->d, &w->a, &w->eyes, g->pixels, T, gradient);
    encode_again_backward(p, w, g, gradient);
}

static void shard_job(void *context, int shard, int worker) {
    cpu_learner *c = context;
    const lp_learner *l = c->l;
    workspace *w = &c->work[worker];
    float *gradient = c->shard_gradient + (size_t)shard * l->policy->n_parameters;
    memset(gradient, 0, l->policy->n_parameters * sizeof *gradient);
    lp_ppo_sums *sums = &c->shard_sums[shard];
    *sums = (lp_ppo_sums){0};
    for (int i = shard; i < c->batch_size; i += N_SHARDS) {
        size_t at = (size_t)c->batch[i] * l->n_steps;
        const lp_segment *g = &l->segments[c->batch[i]];
        forward(l, w, g);
        if (l->config.salience_weight > 0) weigh(l, w, c->advantage + at);
        lp_k_ppo(w->d.logit, w->d.value, sums, w->a.logit, w->a.value, g->action, g->logp, c->advantage + at, c->target + at, l->n_steps,
                 l->policy->shape.n_actions, &c->ppo);
        backward(l, w, g, gradient, c, sums);
    }
}

/* The gradient of one minibatch, in shard 0's array; returns the sums of its losses. */
static lp_ppo_sums minibatch(cpu_learner *c, lp_pool *pool, const int32_t *batch, int size) {
    const lp_learner *l = c->l;
    size_t P = l->policy->n_parameters;
    c->batch = batch;
    c->batch_size = size;
    c->ppo = (lp_ppo){(float)l->config.clip, (float)l->config.value_weight, (float)l->config.entropy_weight,
                      1.0f / ((float)size * (float)l->n_steps), c->clone_weight};
    lp_pool_run(pool, N_SHARDS, shard_job, c);
    lp_ppo_sums total = c->shard_sums[0];
    for (int s = 1; s < N_SHARDS; s++) {
        const float *g = c->shard_gradient + (size_t)s * P;
        for (size_t i = 0; i < P; i++) c->shard_gradient[i] += g[i];
        total.policy_loss += c->shard_sums[s].policy_loss;
        total.value_loss += c->shard_sums[s].value_loss;
        total.entropy += c->shard_sums[s].entropy;
        total.kl += c->shard_sums[s].kl;
        total.clipped += c->shard_sums[s].clipped;
        total.clone_loss += c->shard_sums[s].clone_loss;
        total.told += c->shard_sums[s].told;
        total.salience_loss += c->shard_sums[s].salience_loss;
        total.attention_entropy += c->shard_sums[s].attention_entropy;
    }
    return total;
}

static void advantages(cpu_learner *c, bool normalise) {
    const lp_learner *l = c->l;
    size_t n = (size_t)l->n_envs * l->n_steps;
    for (int e = 0; e < l->n_envs; e++) {
        const lp_segment *g = &l->segments[e];
        size_t at = (size_t)e * l->n_steps;
        lp_k_gae(c->advantage + at, c->target + at, g->reward, g->value, g->end, g->logp, l->n_steps, (float)l->config.gamma,
                 (float)l->config.lambda);
    }
    if (!normalise) return;
    const float *logp = l->segments->logp; /* one environment's after the other's */
    double sum = 0, squares = 0, count = 0;
    for (size_t i = 0; i < n; i++)
        if (logp[i] != LP_TOLD) sum += c->advantage[i], count++;
    double mean = sum / fmax(count, 1);
    for (size_t i = 0; i < n; i++)
        if (logp[i] != LP_TOLD) squares += (c->advantage[i] - mean) * (c->advantage[i] - mean);
    float scale = (float)(1.0 / (sqrt(squares / fmax(count, 1)) + 1e-8));
    for (size_t i = 0; i < n; i++)
        if (logp[i] != LP_TOLD) c->advantage[i] = (c->advantage[i] - (float)mean) * scale;
}

static void copy_all(float *w, float *m, float *v, const float *from_w, const float *from_m, const float *from_v, size_t n) {
    memcpy(w, from_w, n * sizeof *w);
    memcpy(m, from_m, n * sizeof *m);
    memcpy(v, from_v, n * sizeof *v);
}

lp_status cpu_learner_update(cpu_learner *c, lp_learner *l, lp_pool *pool, double rate_scale, lp_update_stats *stats, lp_err *err) {
    LP_CHECK(lp_pool_threads(pool) <= c->n_workers);
    lp_policy *p = l->policy;
    size_t P = p->n_parameters;
    int parts = learner_parts(l);
    lp_adam adam = {(float)(l->config.rate * rate_scale), 0.9f, (float)l->config.beta2, 1e-5f};
    copy_all(c->old_w, c->old_m, c->old_v, p->parameters, c->m, c->v, P);
    advantages(c, true);
    c->attention_weight = (float)(l->config.attention_weight * rate_scale);
    c->clone_weight = (float)(l->config.clone_weight * rate_scale);
    for (int at = 0; at < (int)l->config.epochs * parts; at++) {
        int from, to;
        learner_part(l, at % parts, parts, &from, &to);
        lp_ppo_sums sums = minibatch(c, pool, l->orders + (size_t)(at / parts) * l->n_envs + from, to - from);
        double norm = sqrt(lp_k_sum_squares(c->shard_gradient, P));
        if (!isfinite(norm) || !isfinite(learner_loss(l, &sums))) {
            copy_all(p->parameters, c->m, c->v, c->old_w, c->old_m, c->old_v, P);
            return learner_diverged(err);
        }
        float scale = norm > l->config.max_grad_norm ? (float)(l->config.max_grad_norm / norm) : 1.0f;
        lp_k_adam(p->parameters, c->m, c->v, c->shard_gradient, P, ++l->adam_step, scale, &adam);
        learner_add(stats, &sums, (double)(to - from) * l->n_steps, norm);
    }
    return LP_OK;
}

double cpu_learner_gradient(cpu_learner *c, lp_learner *l, lp_pool *pool, float *gradient) {
    advantages(c, false);
    c->attention_weight = (float)l->config.attention_weight;
    c->clone_weight = (float)l->config.clone_weight;
    lp_ppo_sums sums = minibatch(c, pool, l->order, l->n_envs);
    memcpy(gradient, c->shard_gradient, l->policy->n_parameters * sizeof *gradient);
    return c->ppo.scale * learner_loss(l, &sums);
}

void cpu_learner_moments(const cpu_learner *c, void *m, void *v) {
    size_t bytes = c->l->policy->n_parameters * sizeof(float);
    memcpy(m, c->m, bytes);
    memcpy(v, c->v, bytes);
}

void cpu_learner_set_moments(cpu_learner *c, const void *m, const void *v) {
    size_t bytes = c->l->policy->n_parameters * sizeof(float);
    memcpy(c->m, m, bytes);
    memcpy(c->v, v, bytes);
}
