/* Learning: PPO over whole segments. What is the same on every device: the segments, the order of the minibatches, what is saved. */
#include "policy/learner.h"

#include "base/contract.h"
#include "base/floats.h"
#include "base/hash.h"

#include <stdlib.h>
#include <string.h>

void learner_arrays(const lp_learner *l, learner_array out[LEARNER_ARRAYS]) {
    const lp_policy_config *s = &l->policy->shape;
    size_t T = (size_t)l->n_steps, C = (size_t)l->max_context, O = (size_t)l->max_old, A = (size_t)l->max_again, f = sizeof(float);
    const learner_array all[LEARNER_ARRAYS] = {
        {offsetof(lp_segment, pixels), T * lp_policy_frame_bytes(l->policy)},
        {offsetof(lp_segment, last_action), T * sizeof(int32_t)},
        {offsetof(lp_segment, action), T * sizeof(int32_t)},
        {offsetof(lp_segment, logp), T * f},
        {offsetof(lp_segment, value), (T + 1) * f},
        {offsetof(lp_segment, reward), T * f},
        {offsetof(lp_segment, end), T},
        {offsetof(lp_segment, n_items), T * sizeof(int32_t)},
        {offsetof(lp_segment, row), T * C * sizeof(int32_t)},
        {offsetof(lp_segment, level), T * C},
        {offsetof(lp_segment, age), T * C},
        {offsetof(lp_segment, state), (size_t)lp_policy_state_floats(l->policy) * f},
        {offsetof(lp_segment, old_vector), O * s->dim * f},
        {offsetof(lp_segment, old_salience), O * f},
        {offsetof(lp_segment, again_pixels), A * lp_policy_frame_bytes(l->policy)},
        {offsetof(lp_segment, again_action), A * sizeof(int32_t)},
        {offsetof(lp_segment, again_state), A * (size_t)lp_policy_state_floats(l->policy) * f},
        {offsetof(lp_segment, old_step), O * sizeof(int64_t)},
        {offsetof(lp_segment, again_step), A * sizeof(int64_t)},
    };
    memcpy(out, all, sizeof all);
}

/* Bytes of it all; carved from the arena, where it is open. */
static size_t lay_out(lp_learner *l, bool carve) {
    learner_array arrays[LEARNER_ARRAYS];
    size_t E = (size_t)l->n_envs, order = E * sizeof *l->order, orders = (size_t)l->config.epochs * order;
    size_t used = lp_arena_need(E * sizeof *l->segments) + 2 * lp_arena_need(order) + lp_arena_need(orders);
    if (carve) {
        l->segments = lp_arena_take(&l->arena, E * sizeof *l->segments);
        l->order = lp_arena_take(&l->arena, order);
        l->before.order = lp_arena_take(&l->arena, order);
        l->orders = lp_arena_take(&l->arena, orders);
    }
    learner_arrays(l, arrays);
    for (int a = 0; a < LEARNER_ARRAYS; a++) {
        used += lp_arena_need(E * arrays[a].bytes);
        unsigned char *at = carve ? lp_arena_take(&l->arena, E * arrays[a].bytes) : NULL;
        for (size_t e = 0; carve && e < E; e++, at += arrays[a].bytes)
            memcpy((unsigned char *)&l->segments[e] + arrays[a].field, &at, sizeof at);
    }
    return used;
}

lp_status lp_learner_open(lp_learner **out, lp_policy *policy, const lp_ppo_config *config, int n_envs, int n_steps, int max_context,
                          int max_old, int max_again, int n_workers, lp_err *err) {
    *out = NULL;
    if (n_envs < 1 || n_steps < 1 || max_context < 1 || max_old < 1 || max_again < 0 || n_workers < 1)
        return lp_fail(err, LP_BAD_INPUT, "learner: environments, steps, context and workers must be at least 1, others 0");
    lp_learner *l = calloc(1, sizeof *l);
    if (!l) return lp_fail(err, LP_FAILED, "learner: out of memory");
    l->policy = policy;
    l->config = *config;
    l->n_envs = n_envs, l->n_steps = n_steps, l->max_context = max_context, l->max_old = max_old, l->max_again = max_again;
    l->rng = lp_rng_make(0, 2);
    size_t need = lay_out(l, false);
    if (lp_arena_open(&l->arena, need)) {
        free(l);
        return lp_fail(err, LP_FAILED, "learner: out of memory (%zu bytes)", need);
    }
    lay_out(l, true);
    for (int e = 0; e < n_envs; e++) l->order[e] = e;
    lp_status status = policy->card ? cuda_learner_open(&l->card, l, err) : cpu_learner_open(&l->cpu, l, n_workers, err);
    if (status) lp_learner_close(l);
    else *out = l;
    return status;
}

void lp_learner_close(lp_learner *l) {
    if (!l) return;
    cpu_learner_close(l->cpu);
    cuda_learner_close(l->card);
    lp_arena_close(&l->arena);
    free(l);
}

lp_segment *lp_learner_segment(lp_learner *l, int env) {
    LP_CHECK(env >= 0 && env < l->n_envs);
    return &l->segments[env];
}

int learner_parts(const lp_learner *l) { return (int)(l->config.minibatches < l->n_envs ? l->config.minibatches : l->n_envs); }

lp_status learner_diverged(lp_err *err) {
    return lp_fail(err, LP_FAILED, "learning diverged: loss or gradient is not finite (lower ppo.rate)");
}

void learner_add(lp_update_stats *stats, const lp_ppo_sums *sums, double rows, double grad_norm) {
    stats->policy_loss += sums->policy_loss / rows;
    stats->value_loss += sums->value_loss / rows;
    stats->entropy += sums->entropy / rows;
    stats->kl += sums->kl / rows;
    stats->clip_fraction += sums->clipped / rows;
    stats->salience_loss += sums->salience_loss / rows;
    stats->attention_entropy += sums->attention_entropy / rows;
    stats->grad_norm += grad_norm;
    stats->told += sums->told / rows;
    stats->clone_loss += sums->clone_loss / rows;
}

static void shuffle(lp_learner *l) {
    for (int i = l->n_envs - 1; i > 0; i--) {
        int j = (int)lp_rng_below(&l->rng, (uint32_t)i + 1), t = (int)l->order[i];
        l->order[i] = l->order[j];
        l->order[j] = t;
    }
}

static void remember(lp_learner *l) {
    l->before.rng = l->rng;
    l->before.adam_step = l->adam_step;
    memcpy(l->before.order, l->order, (size_t)l->n_envs * sizeof *l->order);
}

static void undo(lp_learner *l) {
    l->rng = l->before.rng;
    l->adam_step = l->before.adam_step;
    memcpy(l->order, l->before.order, (size_t)l->n_envs * sizeof *l->order);
}

lp_status lp_learner_start(lp_learner *l, lp_pool *pool, double rate_scale, lp_err *err) {
    LP_CHECK(!l->under_way);
    l->stats = (lp_update_stats){0};
    remember(l);
    for (int64_t epoch = 0; epoch < l->config.epochs; epoch++) {
        shuffle(l);
        memcpy(l->orders + epoch * l->n_envs, l->order, (size_t)l->n_envs * sizeof *l->order);
    }
    lp_status status =
        l->card ? cuda_learner_start(l->card, l, rate_scale, err) : cpu_learner_update(l->cpu, l, pool, rate_scale, &l->stats, err);
    l->under_way = !status;
    l->policy->version++;
    if (status) undo(l);
    return status;
}

lp_status lp_learner_wait(lp_learner *l, lp_update_stats *stats, lp_err *err) {
    lp_status status = l->under_way && l->card ? cuda_learner_wait(l->card, l, &l->stats, err) : LP_OK;
    lp_update_stats *s = &l->stats;
    double *means[] = {&s->policy_loss,   &s->value_loss,        &s->entropy,   &s->kl,   &s->clip_fraction,
                       &s->salience_loss, &s->attention_entropy, &s->grad_norm, &s->told, &s->clone_loss};
    enum { OWN = 5 }; /* the first of them are of what was not told */
    if (l->under_way) {
        for (size_t i = 0; i < sizeof means / sizeof *means; i++) *means[i] /= (double)l->config.epochs * learner_parts(l);
        for (size_t i = 0; i < OWN && s->told < 1; i++) *means[i] /= 1 - s->told;
        if (s->told > 0) s->clone_loss /= s->told;
    }
    l->under_way = false;
    *stats = *s;
    if (status) undo(l);
    return status;
}

lp_status lp_learner_publish(lp_learner *l, lp_err *err) {
    LP_CHECK(!l->under_way);
    return l->card ? cuda_learner_publish(l->card, err) : LP_OK;
}

lp_status lp_learner_update(lp_learner *l, lp_pool *pool, double rate_scale, lp_update_stats *stats, lp_err *err) {
    *stats = (lp_update_stats){0};
    lp_status status = lp_learner_start(l, pool, rate_scale, err);
    if (!status) status = lp_learner_wait(l, stats, err);
    return status ? status : lp_learner_publish(l, err);
}

lp_status lp_learner_gradient(lp_learner *l, lp_pool *pool, float *gradient, double *loss, lp_err *err) {
    LP_CHECK(!l->under_way);
    for (int e = 0; e < l->n_envs; e++) l->order[e] = e;
    if (l->card) return cuda_learner_gradient(l->card, l, gradient, loss, err);
    *loss = cpu_learner_gradient(l->cpu, l, pool, gradient);
    return LP_OK;
}

/* Saved: header, order, m, v. */
typedef struct {
    uint64_t magic, hash; /* of everything after it */
    uint64_t n_parameters, n_envs;
    int64_t adam_step;
    lp_rng rng;
} saved_header;
static const uint64_t SAVED_MAGIC = 0x31304e524c504cu; /* "LPLRN01" */
static const int64_t MAX_STEPS = (int64_t)1 << 62;     /* more are no count, and would overflow it */

size_t lp_learner_save_size(const lp_learner *l) {
    return sizeof(saved_header) + (size_t)l->n_envs * sizeof *l->order + 2 * l->policy->n_parameters * sizeof(float);
}

lp_status lp_learner_save(const lp_learner *l, void *out, lp_err *err) {
    size_t order = (size_t)l->n_envs * sizeof *l->order, P = l->policy->n_parameters;
    unsigned char *at = (unsigned char *)out + sizeof(saved_header);
    unsigned char *m = at + order, *v = m + P * sizeof(float);
    lp_status status = LP_OK;
    LP_CHECK(!l->under_way);
    memcpy(at, l->order, order);
    if (l->card) status = cuda_learner_moments(l->card, m, v, err);
    else cpu_learner_moments(l->cpu, m, v);
    saved_header h = {SAVED_MAGIC, 0, P, (uint64_t)l->n_envs, l->adam_step, l->rng};
    memcpy(out, &h, sizeof h);
    h.hash = lp_hash64((unsigned char *)out + 16, lp_learner_save_size(l) - 16);
    memcpy(out, &h, sizeof h);
    return status;
}

/* Every environment once. seen [n] is scratch. */
static bool is_order(const unsigned char *order, int n, int32_t *seen) {
    memset(seen, 0, (size_t)n * sizeof *seen);
    for (int i = 0; i < n; i++) {
        int32_t e;
        memcpy(&e, order + (size_t)i * sizeof e, sizeof e);
        if (e < 0 || e >= n || seen[e]++) return false;
    }
    return true;
}

lp_status lp_learner_load(lp_learner *l, const void *data, size_t size_bytes, lp_err *err) {
    saved_header h;
    size_t P = l->policy->n_parameters;
    LP_CHECK(!l->under_way);
    if (size_bytes != lp_learner_save_size(l)) return lp_fail(err, LP_BAD_INPUT, "optimizer state: wrong size");
    memcpy(&h, data, sizeof h);
    if (h.magic != SAVED_MAGIC || h.n_parameters != P || h.n_envs != (uint64_t)l->n_envs ||
        h.hash != lp_hash64((const unsigned char *)data + 16, size_bytes - 16))
        return lp_fail(err, LP_BAD_INPUT, "optimizer state: damaged or of another network");
    size_t order = (size_t)l->n_envs * sizeof *l->order;
    const unsigned char *at = (const unsigned char *)data + sizeof h;
    const unsigned char *m = at + order, *v = m + P * sizeof(float);
    if (h.adam_step < 0 || h.adam_step > MAX_STEPS || !is_order(at, l->n_envs, l->orders) || !lp_floats_finite(m, P) ||
        !lp_floats_from(v, P, 0))
        return lp_fail(err, LP_BAD_INPUT, "optimizer state: contradicts itself");
    memcpy(l->order, at, order);
    l->adam_step = h.adam_step;
    l->rng = h.rng;
    if (l->card) return cuda_learner_set_moments(l->card, l, m, v, err);
    cpu_learner_set_moments(l->cpu, m, v);
    return LP_OK;
}
