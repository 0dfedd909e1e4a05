/* longplay bench learn: PPO updates from random segments of the shapes that training has. No game is played: this is the learner alone. */
#include "bench/bench.h"

#include "base/arena.h"
#include "base/log.h"
#include "base/number.h"
#include "base/rng.h"
#include "policy/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    lp_ppo_config ppo;
    int envs, steps, context, again;
} rollout_shape;

static int by_row(const void *a, const void *b) { return *(const int32_t *)a - *(const int32_t *)b; }

/* A segment of random frames, actions and rewards. A decision reads as many items as there are room and items for, old ones, of which some
 * are encoded again, and the segment's own, none of them twice; every 16th reads nothing, every fourth environment has no old items.
 * rows [context + steps]: scratch. */
static void fill(lp_segment *g, int env, const lp_policy_config *s, const rollout_shape *r, int state, int *rows, lp_rng *rng) {
    const int C = r->context;
    const size_t frame = (size_t)(s->width * s->height);
    g->n_old = env % 4 == 1 ? 0 : C;
    g->n_again = g->n_old ? r->again : 0;
    for (size_t i = 0; i < (size_t)g->n_again * frame; i++) g->again_pixels[i] = (uint8_t)lp_rng_u64(rng);
    for (int i = 0; i < g->n_again * state; i++) g->again_state[i] = 0.5f * lp_rng_normal(rng);
    for (int i = 0; i < g->n_again; i++) g->again_action[i] = (int)lp_rng_below(rng, (uint32_t)s->n_actions + 1) - 1;
    for (size_t i = 0; i < (size_t)r->steps * frame; i++) g->pixels[i] = (uint8_t)lp_rng_u64(rng);
    for (int i = 0; i < state; i++) g->state[i] = 0.5f * lp_rng_normal(rng);
    for (size_t i = 0; i < (size_t)g->n_old * (size_t)s->dim; i++) g->old_vector[i] = lp_rng_normal(rng);
    for (int i = 0; i < g->n_old; i++) g->old_salience[i] = lp_rng_normal(rng), rows[i] = i < g->n_again ? C + i : i;
    for (int t = 0; t < r->steps; t++) {
        const int there = g->n_old + t;
        g->last_action[t] = (int)lp_rng_below(rng, (uint32_t)s->n_actions + 1) - 1;
        g->action[t] = (int)lp_rng_below(rng, (uint32_t)s->n_actions);
        g->logp[t] = -logf((float)s->n_actions) + 0.05f * lp_rng_normal(rng);
        g->value[t] = 0.1f * lp_rng_normal(rng);
        g->end[t] = lp_rng_below(rng, 64) == 0;
        g->reward[t] = g->end[t] ? (float)lp_rng_below(rng, 2) * 2 - 1 : 0;
        g->n_items[t] = t % 16 == 15 ? 0 : there < C ? there : C;
        for (int j = 0; j < g->n_items[t]; j++) {
            int k = j + (int)lp_rng_below(rng, (uint32_t)(there - j)), one = rows[k];
            size_t at = (size_t)t * (size_t)C + (size_t)j;
            rows[k] = rows[j];
            g->row[at] = rows[j] = one;
            g->level[at] = (uint8_t)lp_rng_below(rng, (uint32_t)s->n_levels);
            g->age[at] = (uint8_t)lp_rng_below(rng, (uint32_t)s->n_ages);
        }
        rows[there] = C + r->again + t;
        qsort(g->row + (size_t)t * (size_t)C, (size_t)g->n_items[t], sizeof *g->row, by_row); /* the oldest first, as a context is */
    }
    g->value[r->steps] = 0.1f * lp_rng_normal(rng);
}

static lp_status fill_all(lp_learner *learner, const lp_policy *policy, const rollout_shape *r, lp_err *err) {
    int *rows = malloc((size_t)(r->context + r->steps) * sizeof *rows);
    if (!rows) return lp_fail(err, LP_FAILED, "out of memory");
    lp_rng rng = lp_rng_make(1, 6);
    for (int e = 0; e < r->envs; e++)
        fill(lp_learner_segment(learner, e), e, lp_policy_shape(policy), r, lp_policy_state_floats(policy), rows, &rng);
    free(rows);
    return LP_OK;
}

/* ---- --save ---- */

/* What a segment holds, of all environments one after the other. */
enum { N_FIELDS = 14 };
static void list_fields(lp_tensor tensor[N_FIELDS], size_t offset[N_FIELDS], const lp_policy *p, const rollout_shape *r) {
    const lp_policy_config *s = lp_policy_shape(p);
    const int E = r->envs, T = r->steps, C = r->context;
    const struct {
        lp_tensor tensor;
        size_t offset;
    } fields[N_FIELDS] = {
        {{"in.last_action", "I32", 2, {E, T}, NULL}, offsetof(lp_segment, last_action)},
        {{"in.action", "I32", 2, {E, T}, NULL}, offsetof(lp_segment, action)},
        {{"in.count", "I32", 2, {E, T}, NULL}, offsetof(lp_segment, n_items)},
        {{"in.row", "I32", 3, {E, T, C}, NULL}, offsetof(lp_segment, row)},
        {{"in.logp", "F32", 2, {E, T}, NULL}, offsetof(lp_segment, logp)},
        {{"in.value", "F32", 2, {E, T + 1}, NULL}, offsetof(lp_segment, value)},
        {{"in.reward", "F32", 2, {E, T}, NULL}, offsetof(lp_segment, reward)},
        {{"in.state", "F32", 2, {E, lp_policy_state_floats(p)}, NULL}, offsetof(lp_segment, state)},
        {{"in.items", "F32", 3, {E, C, s->dim}, NULL}, offsetof(lp_segment, old_vector)},
        {{"in.salience", "F32", 2, {E, C}, NULL}, offsetof(lp_segment, old_salience)},
        {{"in.end", "U8", 2, {E, T}, NULL}, offsetof(lp_segment, end)},
        {{"in.level", "U8", 3, {E, T, C}, NULL}, offsetof(lp_segment, level)},
        {{"in.age", "U8", 3, {E, T, C}, NULL}, offsetof(lp_segment, age)},
        {{"in.pixels", "U8", 4, {E, T, s->height, s->width}, NULL}, offsetof(lp_segment, pixels)},
    };
    for (int i = 0; i < N_FIELDS; i++) tensor[i] = fields[i].tensor, offset[i] = fields[i].offset;
}

/* The rollout, the weights and the gradient at them, with the settings of the loss as notes. */
static lp_status save(lp_learner *learner, lp_pool *pool, const lp_policy *p, const rollout_shape *r, const char *path, lp_err *err) {
    const lp_ppo_config *c = &r->ppo;
    lp_tensor tensors[N_FIELDS + 1];
    size_t offset[N_FIELDS], n_parameters = lp_policy_n_parameters(p), need = lp_arena_need(n_parameters * sizeof(float));
    lp_arena arena;
    list_fields(tensors, offset, p, r);
    for (int i = 0; i < N_FIELDS; i++) need += lp_arena_need(lp_tensor_bytes(&tensors[i]));
    if (lp_arena_open(&arena, need)) return lp_fail(err, LP_FAILED, "%s: out of memory (%zu bytes)", path, need);
    for (int i = 0; i < N_FIELDS; i++) {
        size_t bytes = lp_tensor_bytes(&tensors[i]) / (size_t)r->envs;
        char *all = lp_arena_take(&arena, bytes * (size_t)r->envs);
        tensors[i].data = all;
        for (int e = 0; e < r->envs && bytes; e++) {
            void *one;
            memcpy(&one, (char *)lp_learner_segment(learner, e) + offset[i], sizeof one);
            memcpy(all + bytes * (size_t)e, one, bytes);
        }
    }
    float *gradient = lp_arena_take(&arena, n_parameters * sizeof *gradient);
    tensors[N_FIELDS] = (lp_tensor){"out.gradient", "F32", 1, {(int)n_parameters}, gradient};
    double loss;
    lp_status status = lp_learner_gradient(learner, pool, gradient, &loss, err);
    const struct {
        const char *key;
        double value;
    } settings[] = {
        {"loss", loss},
        {"gamma", c->gamma},
        {"lambda", c->lambda},
        {"clip", c->clip},
        {"value_weight", c->value_weight},
        {"entropy_weight", c->entropy_weight},
        {"rate", c->rate},
        {"beta2", c->beta2},
        {"max_grad_norm", c->max_grad_norm},
        {"epochs", (double)c->epochs},
        {"minibatches", (double)c->minibatches},
    };
    enum { N = sizeof settings / sizeof *settings };
    lp_policy_note notes[N];
    char text[N][32];
    for (int i = 0; i < N; i++) {
        lp_print_double(text[i], sizeof *text, settings[i].value);
        notes[i] = (lp_policy_note){settings[i].key, text[i]};
    }
    if (!status) status = lp_policy_write_with(p, path, notes, N, tensors, N_FIELDS + 1, err);
    lp_arena_close(&arena);
    return status;
}

/* ---- the command ---- */

static lp_status time_updates(lp_learner *learner, lp_pool *pool, double *update_s, int64_t n, lp_update_stats *stats, lp_err *err) {
    lp_status status = LP_OK;
    for (int64_t i = -2; i < n && !status; i++) { /* caches and libraries, then a GPU's graph */
        double start_s = lp_now_s();
        status = lp_learner_update(learner, pool, 1.0, stats, err);
        if (i >= 0) update_s[i] = lp_now_s() - start_s;
    }
    return status;
}

static void add_row(cJSON *o, const char *what, const lp_policy *policy, const rollout_shape *r, double update_s,
                    const lp_update_stats *stats, bool json) {
    const double samples = (double)r->envs * r->steps;
    const struct {
        const char *name;
        double value;
    } rows[] = {
        {"envs", r->envs},
        {"steps", r->steps},
        {"context_items", r->context},
        {"reencode", r->again},
        {"epochs", (double)r->ppo.epochs},
        {"minibatches", (double)r->ppo.minibatches},
        {"parameters", (double)lp_policy_n_parameters(policy)},
        {"update_ms", 1e3 * update_s},
        {"samples_per_s", samples / update_s},
        {"grad_norm", stats->grad_norm},
    };
    cJSON *row = cJSON_AddObjectToObject(o, "learn");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) cJSON_AddNumberToObject(row, rows[i].name, rows[i].value);
    if (json) return;
    printf("PPO updates of the network of %s; a sample is one decision of the rollout, which every epoch sees\n", what);
    lp_bench_print(row);
}

lp_status lp_bench_learn(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    lp_train_config config;
    lp_policy *policy = NULL;
    lp_learner *learner = NULL;
    lp_update_stats stats;
    char what[640];
    lp_status status = lp_bench_settings(&config, a, err);
    rollout_shape r = {config.ppo, (int)config.envs, (int)config.steps, a->context < 0 ? 128 : (int)a->context, (int)config.reencode};
    if (!status && r.again > r.context) status = lp_fail(err, LP_BAD_INPUT, "--reencode %d: a context has %d items", r.again, r.context);
    if (!status && r.again && a->save) status = lp_fail(err, LP_BAD_INPUT, "--save: not with --reencode");
    if (!status) status = lp_bench_network(&policy, what, sizeof what, a, err);
    lp_pool *pool = lp_pool_open(0);
    double *update_s = malloc((size_t)a->updates * sizeof *update_s);
    if (!status && (!pool || !update_s)) status = lp_fail(err, LP_FAILED, "out of memory or threads");
    if (!status)
        status = lp_learner_open(&learner, policy, &r.ppo, r.envs, r.steps, r.context, r.context, r.again, lp_pool_threads(pool), err);
    if (!status) status = fill_all(learner, policy, &r, err);
    if (!status && a->save) status = save(learner, pool, policy, &r, a->save, err);
    if (!status) status = time_updates(learner, pool, update_s, a->updates, &stats, err);
    if (!status) add_row(o, what, policy, &r, lp_bench_median(update_s, (int)a->updates), &stats, a->json);
    lp_learner_close(learner);
    lp_pool_close(pool);
    lp_policy_close(policy);
    free(update_s);
    return status;
}
