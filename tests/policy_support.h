/* A small network, and random segments with every kind of context row for it to learn from. */
#ifndef LP_TESTS_POLICY_SUPPORT_H
#define LP_TESTS_POLICY_SUPPORT_H

#include "base/rng.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <string.h>

enum { ENVS = 3, STEPS = 7, CONTEXT = 9, AGAIN = 3 };
/* core, join and order are each test's */
static lp_policy_config shape = {.width = 28, .height = 24, .n_actions = 3, .dim = 5, .hidden = 16, .heads = 2, .n_levels = 3, .n_ages = 4};
/* Networks that differ in their stages: each core; what was read joined as sight; and asked for by order, too, with a salience of squares; and that
 * is no bias, in an attention as sharp among many. */
enum { NETWORKS = LP_CORES + 3 };
static inline void use_network(int i) {
    shape.core = i < LP_CORES ? i : LP_CORE_NONE;
    shape.join = i >= LP_CORES;
    shape.order = i > LP_CORES;
    shape.salience = i > LP_CORES;
    shape.bias = shape.softmax = i > LP_CORES + 1;
}
static const lp_ppo_config ppo = {.gamma = 0.99,
                                  .lambda = 0.95,
                                  .clip = 0.2,
                                  .value_weight = 0.5,
                                  .entropy_weight = 0.01,
                                  .attention_weight = 0.02,
                                  .rate = 1e-3,
                                  .beta2 = 0.999,
                                  .max_grad_norm = 0.5,
                                  .epochs = 2,
                                  .minibatches = 2};

/* The first and the fifth are new altogether, the third is as the one before, the others differ from it in a spot. */
static inline void next_frame(uint8_t *pixels, int t, lp_rng *rng) {
    int frame = shape.width * shape.height, y = (int)lp_rng_below(rng, 20), x = (int)lp_rng_below(rng, 22);
    if (t % 4) memcpy(pixels, pixels - frame, (size_t)frame);
    for (int i = 0; i < frame; i++) {
        bool spot = i / shape.width / 4 == y / 4 && i % shape.width / 5 == x / 5;
        if (t % 4 == 0 || (t != 2 && spot)) pixels[i] = (uint8_t)lp_rng_below(rng, 256);
    }
}

/* Random rollouts: old items, some of them encoded again, items of the segment itself, empty contexts, episode ends. */
static inline void fill(lp_learner *learner, const lp_policy *policy, lp_rng *rng) {
    const int state = lp_policy_state_floats(policy);
    for (int e = 0; e < ENVS; e++) {
        lp_segment *g = lp_learner_segment(learner, e);
        g->n_old = e == 1 ? 0 : CONTEXT - e;
        for (int i = 0; i < state; i++) g->state[i] = 0.5f * lp_rng_normal(rng);
        for (int i = 0; i < g->n_old * shape.dim; i++) g->old_vector[i] = lp_rng_normal(rng);
        for (int i = 0; i < g->n_old; i++) g->old_salience[i] = lp_rng_normal(rng);
        g->n_again = e;
        for (int i = 0; i < g->n_again; i++) {
            next_frame(g->again_pixels + i * shape.width * shape.height, i, rng);
            g->again_action[i] = (int)lp_rng_below(rng, 4) - 1;
            for (int k = 0; k < state; k++) g->again_state[i * state + k] = 0.5f * lp_rng_normal(rng);
        }
        for (int t = 0; t < STEPS; t++) next_frame(g->pixels + t * shape.width * shape.height, t, rng);
        for (int t = 0; t < STEPS; t++) {
            g->last_action[t] = (int)lp_rng_below(rng, 4) - 1;
            g->action[t] = (int)lp_rng_below(rng, 3);
            g->logp[t] = -1.1f + 0.05f * lp_rng_normal(rng);
            g->reward[t] = lp_rng_normal(rng);
            g->value[t] = lp_rng_normal(rng);
            g->end[t] = lp_rng_below(rng, 4) == 0;
            g->n_items[t] = 0;
            int n_own = 0, n_old = 0, n_again = 0; /* no item comes twice */
            for (int j = 0; j < CONTEXT && t != 2; j++) {
                bool own = n_own < t && (n_old == g->n_old || lp_rng_below(rng, 2));
                if (!own && n_old == g->n_old) break;
                int k = g->n_items[t]++;
                if (own) g->row[t * CONTEXT + k] = CONTEXT + AGAIN + t - 1 - n_own++;
                else g->row[t * CONTEXT + k] = n_again < g->n_again ? CONTEXT + n_again++ : n_old++;
                g->level[t * CONTEXT + k] = (uint8_t)lp_rng_below(rng, 3);
                g->age[t * CONTEXT + k] = (uint8_t)lp_rng_below(rng, 4);
            }
        }
        g->value[STEPS] = lp_rng_normal(rng);
    }
}

/* An update of which one environment's part is not finite fails, and leaves all as it was: mended, the learner goes on as one that
 * never diverged, which ends with these weights. */
static inline void diverge(lp_policy *policy, lp_learner *learner, int env, uint64_t mended) {
    lp_pool *pool = lp_pool_open(1);
    lp_err err;
    lp_update_stats stats;
    uint64_t before = lp_policy_digest(policy);
    size_t size = lp_learner_save_size(learner);
    unsigned char *saved = malloc(size), *after = malloc(size);
    float *logp = lp_learner_segment(learner, env)->logp, good = *logp;
    assert_int_equal(lp_learner_save(learner, saved, &err), LP_OK);
    *logp = NAN;
    assert_int_equal(lp_learner_update(learner, pool, 1.0, &stats, &err), LP_FAILED);
    assert_non_null(strstr(err.message, "diverged"));
    assert_int_equal(lp_learner_save(learner, after, &err), LP_OK);
    assert_memory_equal(saved, after, size);
    assert_true(lp_policy_digest(policy) == before);
    *logp = good;
    assert_int_equal(lp_learner_update(learner, pool, 1.0, &stats, &err), LP_OK);
    assert_true(!mended || lp_policy_digest(policy) == mended);
    free(saved), free(after);
    lp_pool_close(pool);
}

#endif
