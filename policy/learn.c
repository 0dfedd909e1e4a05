/* Learning: PPO over whole segments.
 *
 * A segment is one environment's unbroken run of decisions; its items depend on its own frames only, so segments are the unit of
 * parallel work. Each minibatch is cut into N_SHARDS fixed shards with a gradient of their own, added up in order: the
 * result does not depend on which thread ran what. Items made inside a segment are recomputed, and what later decisions
 * read of them flows back into their vectors and saliences; older items are constants, and so is the core's state before
 * the segment. */
#include "policy/model.h"

#include "base/arena.h"
#include "base/hash.h"
#include "base/rng.h"

#include <assert.h>
#include <stdbool.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_SHARDS = 8 };

typedef struct { /* one worker's room for one segment */
    activations a, d;
    model_eyes eyes;
    float *scratch; /* the eyes' */
    float *weight;  /* [n_steps][heads * max_context] */
} workspace;

struct lp_learner {
    lp_policy *policy; /* borrowed */
    lp_ppo_config config;
    int n_envs, n_steps, max_context, n_workers;
    lp_arena arena;
    lp_segment *segments;  /* [n_envs] */
    float *advantage, *target; /* [n_envs][n_steps] */
    workspace *work;       /* [n_workers] */
    float *shard_gradient; /* [N_SHARDS][n_parameters] */
    lp_ppo_sums shard_sums[N_SHARDS];
    float *m, *v, *backup; /* [n_parameters] Adam's moments; the weights before an update */
    int64_t adam_step;
    lp_rng rng;            /* shuffles environments into minibatches */
    int *order;            /* [n_envs] */
    /* the minibatch being worked on */
    const int *batch;
    int batch_size;
    lp_ppo ppo;
};

static size_t lay_out(lp_learner *l, bool carve) {
    const lp_policy_config *s = &l->policy->shape;
    size_t E = (size_t)l->n_envs, T = (size_t)l->n_steps, C = (size_t)l->max_context, P = l->policy->n_parameters;
    size_t used = 0, f = sizeof(float);
#define TAKE(field, bytes)                                                     \
    do {                                                                       \
        size_t size_ = (bytes);                                                \
        used += lp_arena_need(size_);                                          \
        if (carve) field = lp_arena_take(&l->arena, size_);                    \
    } while (0)
    TAKE(l->segments, E * sizeof *l->segments);
    for (size_t e = 0; e < E; e++) {
        lp_segment none, *g = carve ? &l->segments[e] : &none;
        TAKE(g->pixels, T * s->width * s->height);
        TAKE(g->last_action, T * sizeof(int32_t));
        TAKE(g->action, T * sizeof(int32_t));
        TAKE(g->logp, T * f);
        TAKE(g->value, (T + 1) * f);
        TAKE(g->reward, T * f);
        TAKE(g->end, T);
        TAKE(g->n_items, T * sizeof(int32_t));
        TAKE(g->row, T * C * sizeof(int32_t));
        TAKE(g->level, T * C);
        TAKE(g->age, T * C);
        TAKE(g->state, (size_t)lp_policy_state_floats(l->policy) * f);
        TAKE(g->old_vector, C * s->dim * f);
        TAKE(g->old_salience, C * f);
        TAKE(g->old_step, C * sizeof(int64_t));
    }
    TAKE(l->advantage, E * T * f);
    TAKE(l->target, E * T * f);
    TAKE(l->work, (size_t)l->n_workers * sizeof *l->work);
    for (int w = 0; w < l->n_workers; w++) {
        workspace none, *k = carve ? &l->work[w] : &none;
        size_t floats = activations_floats(l->policy, l->n_steps, l->max_context);
        float *at = NULL;
        TAKE(at, floats * f);
        if (carve) activations_carve(&k->a, l->policy, l->n_steps, l->max_context, at);
        TAKE(at, floats * f);
        if (carve) activations_carve(&k->d, l->policy, l->n_steps, l->max_context, at);
        TAKE(k->scratch, model_scratch_floats(l->policy) * f);
        TAKE(k->weight, T * s->heads * C * f);
    }
    TAKE(l->shard_gradient, N_SHARDS * P * f);
    TAKE(l->m, P * f);
    TAKE(l->v, P * f);
    TAKE(l->backup, P * f);
    TAKE(l->order, E * sizeof *l->order);
#undef TAKE
    return used;
}

lp_status lp_learner_open(lp_learner **out, lp_policy *policy, const lp_ppo_config *config, int n_envs, int n_steps,
                          int max_context, int n_workers, lp_err *err) {
    *out = NULL;
    if (n_envs < 1 || n_steps < 1 || max_context < 1 || n_workers < 1)
        return lp_fail(err, LP_BAD_INPUT, "learner: environments, steps, context and workers must be at least 1");
    lp_learner *l = calloc(1, sizeof *l);
    if (!l) return lp_fail(err, LP_FAILED, "learner: out of memory");
    l->policy = policy;
    l->config = *config;
    l->n_envs = n_envs, l->n_steps = n_steps, l->max_context = max_context, l->n_workers = n_workers;
    l->rng = lp_rng_make(0, 2);
    size_t need = lay_out(l, false);
    if (lp_arena_open(&l->arena, need)) {
        free(l);
        return lp_fail(err, LP_FAILED, "learner: out of memory (%zu bytes)", need);
    }
    lay_out(l, true);
    for (int e = 0; e < n_envs; e++) l->order[e] = e;
    *out = l;
    return LP_OK;
}

void lp_learner_close(lp_learner *l) {
    if (!l) return;
    lp_arena_close(&l->arena);
    free(l);
}

lp_segment *lp_learner_segment(lp_learner *l, int env) {
    assert(env >= 0 && env < l->n_envs);
    return &l->segments[env];
}

/* The forward pass of one segment; the item table is [max_context old rows][n_steps own rows]. */
static void forward(lp_learner *l, workspace *w, const lp_segment *g) {
    const lp_policy *p = l->policy;
    const lp_policy_config *s = &p->shape;
    int T = l->n_steps, C = l->max_context;
    size_t read = (size_t)s->heads * s->dim;
    float *items = w->a.item - (size_t)C * s->dim, *saliences = w->a.salience - C;
    model_eyes_open(&w->eyes, p, w->scratch);
    model_see_sequence(p, &w->a, &w->eyes, g->pixels, T);
    model_encode(p, &w->a, g->last_action, T, T);
    model_core_sequence(p, &w->a, g->state, g->end, T);
    model_remember(p, &w->a, T);
    memcpy(items, g->old_vector, (size_t)g->n_old * s->dim * sizeof(float));
    memcpy(saliences, g->old_salience, (size_t)g->n_old * sizeof(float));
    lp_read r = model_read(p, items, saliences);
    for (int t = 0; t < T; t++)
        lp_k_read(w->a.read + (size_t)t * read, w->weight + (size_t)t * s->heads * C, &r, w->a.q + (size_t)t * read,
                  g->row + (size_t)t * C, g->level + (size_t)t * C, g->age + (size_t)t * C, g->n_items[t]);
    model_decide(p, &w->a, T);
}

static void backward(lp_learner *l, workspace *w, const lp_segment *g, float *gradient) {
    const lp_policy *p = l->policy;
    const lp_policy_config *s = &p->shape;
    int T = l->n_steps, C = l->max_context;
    size_t read = (size_t)s->heads * s->dim;
    float *ditems = w->d.item - (size_t)C * s->dim, *dsaliences = w->d.salience - C;
    model_decide_backward(p, &w->d, &w->a, T, gradient);
    memset(ditems, 0, (size_t)(C + T) * s->dim * sizeof(float));
    memset(dsaliences, 0, (size_t)(C + T) * sizeof(float));
    lp_read r = model_read(p, w->a.item - (size_t)C * s->dim, w->a.salience - C);
    for (int t = 0; t < T; t++)
        lp_k_read_backward(w->d.q + (size_t)t * read, ditems, dsaliences, grad(p, gradient, P_LEVEL_KEY),
                           grad(p, gradient, P_AGE_KEY), w->d.read + (size_t)t * read, w->weight + (size_t)t * s->heads * C,
                           &r, w->a.q + (size_t)t * read, g->row + (size_t)t * C, g->level + (size_t)t * C,
                           g->age + (size_t)t * C, g->n_items[t]);
    model_remember_backward(p, &w->d, &w->a, T, gradient);
    model_core_backward(p, &w->d, &w->a, g->end, T, gradient);
    model_encode_backward(p, &w->d, &w->a, g->last_action, T, gradient);
    model_see_backward(p, &w->d, &w->a, &w->eyes, g->pixels, T, gradient);
}

static void shard_job(void *context, int shard, int worker) {
    lp_learner *l = context;
    workspace *w = &l->work[worker];
    float *gradient = l->shard_gradient + (size_t)shard * l->policy->n_parameters;
    memset(gradient, 0, l->policy->n_parameters * sizeof *gradient);
    l->shard_sums[shard] = (lp_ppo_sums){0};
    for (int i = shard; i < l->batch_size; i += N_SHARDS) {
        size_t at = (size_t)l->batch[i] * l->n_steps;
        const lp_segment *g = &l->segments[l->batch[i]];
        forward(l, w, g);
        lp_k_ppo(w->d.logit, w->d.value, &l->shard_sums[shard], w->a.logit, w->a.value, g->action, g->logp,
                 l->advantage + at, l->target + at, l->n_steps, l->policy->shape.n_actions, &l->ppo);
        backward(l, w, g, gradient);
    }
}

/* The gradient of one minibatch, in shard 0's array; returns the sums of its losses. */
static lp_ppo_sums minibatch(lp_learner *l, lp_pool *pool, const int *batch, int size) {
    size_t P = l->policy->n_parameters;
    l->batch = batch;
    l->batch_size = size;
    l->ppo = (lp_ppo){(float)l->config.clip, (float)l->config.value_weight, (float)l->config.entropy_weight,
                      1.0f / ((float)size * (float)l->n_steps)};
    lp_pool_run(pool, N_SHARDS, shard_job, l);
    lp_ppo_sums total = l->shard_sums[0];
    for (int s = 1; s < N_SHARDS; s++) {
        const float *g = l->shard_gradient + (size_t)s * P;
        for (size_t i = 0; i < P; i++) l->shard_gradient[i] += g[i];
        total.policy_loss += l->shard_sums[s].policy_loss;
        total.value_loss += l->shard_sums[s].value_loss;
        total.entropy += l->shard_sums[s].entropy;
        total.kl += l->shard_sums[s].kl;
        total.clipped += l->shard_sums[s].clipped;
    }
    return total;
}

static void advantages(lp_learner *l, bool normalise) {
    size_t n = (size_t)l->n_envs * l->n_steps;
    for (int e = 0; e < l->n_envs; e++) {
        const lp_segment *g = &l->segments[e];
        size_t at = (size_t)e * l->n_steps;
        lp_k_gae(l->advantage + at, l->target + at, g->reward, g->value, g->end, l->n_steps, (float)l->config.gamma,
                 (float)l->config.lambda);
    }
    if (!normalise) return;
    double sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += l->advantage[i];
    double mean = sum / (double)n;
    for (size_t i = 0; i < n; i++) squares += (l->advantage[i] - mean) * (l->advantage[i] - mean);
    float scale = (float)(1.0 / (sqrt(squares / (double)n) + 1e-8));
    for (size_t i = 0; i < n; i++) l->advantage[i] = (l->advantage[i] - (float)mean) * scale;
}

static void shuffle(lp_learner *l) {
    for (int i = l->n_envs - 1; i > 0; i--) {
        int j = (int)lp_rng_below(&l->rng, (uint32_t)i + 1), t = l->order[i];
        l->order[i] = l->order[j];
        l->order[j] = t;
    }
}

lp_status lp_learner_update(lp_learner *l, lp_pool *pool, double rate_scale, lp_update_stats *stats, lp_err *err) {
    assert(lp_pool_threads(pool) <= l->n_workers);
    lp_policy *p = l->policy;
    size_t P = p->n_parameters;
    int parts = (int)(l->config.minibatches < l->n_envs ? l->config.minibatches : l->n_envs), n_updates = 0;
    lp_adam adam = {(float)(l->config.rate * rate_scale), 0.9f, (float)l->config.beta2, 1e-5f};
    *stats = (lp_update_stats){0};
    memcpy(l->backup, p->parameters, P * sizeof(float));
    advantages(l, true);
    for (int epoch = 0; epoch < l->config.epochs; epoch++) {
        shuffle(l);
        for (int part = 0; part < parts; part++, n_updates++) {
            int from = part * l->n_envs / parts, to = (part + 1) * l->n_envs / parts;
            lp_ppo_sums sums = minibatch(l, pool, l->order + from, to - from);
            double rows = (double)(to - from) * l->n_steps, norm = sqrt(lp_k_sum_squares(l->shard_gradient, P));
            if (!isfinite(norm) || !isfinite(sums.policy_loss) || !isfinite(sums.value_loss)) {
                memcpy(p->parameters, l->backup, P * sizeof(float));
                return lp_fail(err, LP_FAILED, "learning diverged: loss or gradient is not finite (lower ppo.rate)");
            }
            float scale = norm > l->config.max_grad_norm ? (float)(l->config.max_grad_norm / norm) : 1.0f;
            lp_k_adam(p->parameters, l->m, l->v, l->shard_gradient, P, ++l->adam_step, scale, &adam);
            stats->policy_loss += sums.policy_loss / rows;
            stats->value_loss += sums.value_loss / rows;
            stats->entropy += sums.entropy / rows;
            stats->kl += sums.kl / rows;
            stats->clip_fraction += sums.clipped / rows;
            stats->grad_norm += norm;
        }
    }
    double *means[] = {&stats->policy_loss, &stats->value_loss, &stats->entropy, &stats->kl, &stats->clip_fraction, &stats->grad_norm};
    for (size_t i = 0; i < sizeof means / sizeof *means; i++) *means[i] /= n_updates;
    return LP_OK;
}

double lp_learner_gradient(lp_learner *l, lp_pool *pool, float *gradient) {
    advantages(l, false);
    for (int e = 0; e < l->n_envs; e++) l->order[e] = e;
    lp_ppo_sums sums = minibatch(l, pool, l->order, l->n_envs);
    memcpy(gradient, l->shard_gradient, l->policy->n_parameters * sizeof *gradient);
    return l->ppo.scale * (sums.policy_loss + l->config.value_weight * sums.value_loss - l->config.entropy_weight * sums.entropy);
}

/* Saved: header, order, m, v. */
typedef struct {
    uint64_t magic, hash; /* of everything after it */
    uint64_t n_parameters, n_envs;
    int64_t adam_step;
    lp_rng rng;
} saved_header;
static const uint64_t SAVED_MAGIC = 0x31304e524c504cu; /* "LPLRN01" */

size_t lp_learner_save_size(const lp_learner *l) {
    return sizeof(saved_header) + (size_t)l->n_envs * sizeof *l->order + 2 * l->policy->n_parameters * sizeof(float);
}

void lp_learner_save(const lp_learner *l, void *out) {
    size_t order = (size_t)l->n_envs * sizeof *l->order, moments = l->policy->n_parameters * sizeof(float);
    unsigned char *at = (unsigned char *)out + sizeof(saved_header);
    memcpy(at, l->order, order);
    memcpy(at + order, l->m, moments);
    memcpy(at + order + moments, l->v, moments);
    saved_header h = {SAVED_MAGIC, 0, l->policy->n_parameters, (uint64_t)l->n_envs, l->adam_step, l->rng};
    memcpy(out, &h, sizeof h);
    h.hash = lp_hash64((unsigned char *)out + 16, lp_learner_save_size(l) - 16);
    memcpy(out, &h, sizeof h);
}

lp_status lp_learner_load(lp_learner *l, const void *data, size_t size_bytes, lp_err *err) {
    saved_header h;
    if (size_bytes != lp_learner_save_size(l)) return lp_fail(err, LP_BAD_INPUT, "optimizer state: wrong size");
    memcpy(&h, data, sizeof h);
    if (h.magic != SAVED_MAGIC || h.n_parameters != l->policy->n_parameters || h.n_envs != (uint64_t)l->n_envs ||
        h.hash != lp_hash64((const unsigned char *)data + 16, size_bytes - 16))
        return lp_fail(err, LP_BAD_INPUT, "optimizer state: damaged or of another network");
    size_t order = (size_t)l->n_envs * sizeof *l->order, moments = l->policy->n_parameters * sizeof(float);
    const unsigned char *at = (const unsigned char *)data + sizeof h;
    memcpy(l->order, at, order);
    memcpy(l->m, at + order, moments);
    memcpy(l->v, at + order + moments, moments);
    l->adam_step = h.adam_step;
    l->rng = h.rng;
    return LP_OK;
}
