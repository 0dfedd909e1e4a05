/* The learner's gradient against finite differences, on random segments with every kind of context row; PPO's
 * determinism over threads; its state saved and loaded. */
#include <math.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/hash.h"
#include "policy/model.h"
#include "policy_support.h"

#ifdef __SANITIZE_ADDRESS__
enum { STRIDE = 121 }; /* from one checked parameter to the next: slow, and the release build checks more */
#else
enum { STRIDE = 11 };
#endif

static void make(lp_policy **policy, lp_learner **learner, int workers) {
    lp_err err;
    assert_int_equal(lp_policy_open(policy, &shape, 7, &err), LP_OK);
    lp_rng rng = lp_rng_make(11, 0);
    /* biases, keys and the action table start at zero, the policy head near it: move all of it away from there */
    for (size_t i = 0; i < lp_policy_n_parameters(*policy); i++) lp_policy_parameters(*policy)[i] += 0.1f * lp_rng_normal(&rng);
    assert_int_equal(lp_learner_open(learner, *policy, &ppo, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, workers, &err), LP_OK);
    fill(*learner, *policy, &rng);
}

static void check_gradient(void) {
    lp_policy *policy;
    lp_learner *learner;
    lp_pool *pool = lp_pool_open(1);
    make(&policy, &learner, 1);
    size_t n = lp_policy_n_parameters(policy);
    float *gradient = malloc(n * sizeof *gradient), *ignored = malloc(n * sizeof *ignored), *w = lp_policy_parameters(policy);
    lp_err err;
    double loss, up, down;
    assert_int_equal(lp_learner_gradient(learner, pool, gradient, &loss, &err), LP_OK);
    int checked = 0, wrong = 0;
    for (size_t i = 0; i < n; i += i < 2000 ? 37 : STRIDE) {
        float old = w[i], h = 2e-3f;
        w[i] = old + h;
        lp_learner_gradient(learner, pool, ignored, &up, &err);
        w[i] = old - h;
        lp_learner_gradient(learner, pool, ignored, &down, &err);
        w[i] = old;
        double slope = (up - down) / (2.0 * h), error = fabs(slope - gradient[i]);
        checked++;
        /* a relu's kink between the two points spoils a few differences; a wrong formula spoils nearly all */
        if (!(error <= 2e-3 + 0.03 * fabs(slope)))
            wrong++, print_message("parameter %zu: gradient %g, difference %g\n", i, gradient[i], slope);
    }
    print_message("core %s, joined as %s, order by %s: %d parameters checked, %d differ\n", lp_policy_core_name(shape.core),
                  lp_policy_join_name(shape.join), lp_policy_order_name(shape.order), checked, wrong);
    assert_true(checked > 100);
    assert_true(wrong * 50 <= checked);
    free(gradient), free(ignored);
    lp_learner_close(learner);
    lp_policy_close(policy);
    lp_pool_close(pool);
}

static void test_gradient(void **state) {
    (void)state;
    for (int i = 0; i < NETWORKS; i++) {
        use_network(i);
        check_gradient();
    }
    use_network(0);
}

/* What teaches salience reaches the weights that make items and their salience, and no others: what attention is does not learn from it.
 * Old constants' saliences are those of the weights of now. */
static void check_salience_is_taught(void) {
    lp_policy *policy;
    lp_learner *learner;
    lp_err err;
    lp_pool *pool = lp_pool_open(1);
    double loss;
    make(&policy, &learner, 1);
    size_t n = lp_policy_n_parameters(policy);
    float *gradient[3];
    for (int k = 0; k < 3; k++) {
        lp_learner_close(learner);
        lp_ppo_config taught = ppo;
        taught.salience_weight = k ? 1 : 0;
        assert_int_equal(lp_learner_open(&learner, policy, &taught, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, 1, &err), LP_OK);
        lp_rng rng = lp_rng_make(11, 0);
        fill(learner, policy, &rng);
        for (int e = 0; e < ENVS; e++) {
            lp_segment *g = lp_learner_segment(learner, e);
            model_salience(policy, g->old_salience, g->old_vector, g->n_old);
            if (k == 2) g->old_salience[0] += 1; /* nobody looks at it */
        }
        gradient[k] = malloc(n * sizeof(float));
        lp_learner_gradient(learner, pool, gradient[k], &loss, &err);
    }
    assert_memory_equal(gradient[1], gradient[2], n * sizeof(float));
    for (int id = 0; id < P_COUNT; id++) {
        const param_info *t = &policy->info[id];
        double moved = 0;
        for (size_t i = t->offset; i < t->offset + t->size; i++) moved += fabs((double)gradient[1][i] - gradient[0][i]);
        bool reached = id <= P_ACTION || (id >= P_ITEM_W && id <= P_SALIENCE_W) || id == P_SALIENCE_SQUARE ||
                       (id == P_SALIENCE_B && !shape.bias); /* b: of old constants, which it moves now */
        if (t->size && reached && !(moved > 1e-6)) fail_msg("%s is not reached", t->name);
        if (!reached && !(moved < 1e-6)) fail_msg("%s is moved by %g", t->name, moved);
    }
    for (int k = 0; k < 3; k++) free(gradient[k]);
    lp_learner_close(learner);
    lp_policy_close(policy);
    lp_pool_close(pool);
}

static void test_salience_is_taught(void **state) {
    (void)state;
    for (int i = 0; i < NETWORKS; i++) {
        use_network(i);
        if (shape.core != LP_CORE_NONE) continue; /* which would be reached, too */
        check_salience_is_taught();
    }
    use_network(0);
}

static uint64_t digest_after(int workers, int updates, bool reload) {
    lp_policy *policy;
    lp_learner *learner;
    lp_err err;
    lp_update_stats stats;
    lp_pool *pool = lp_pool_open(workers);
    make(&policy, &learner, workers);
    for (int i = 0; i < updates; i++) {
        if (reload && i == 1) {
            size_t size = lp_learner_save_size(learner);
            unsigned char *saved = malloc(size);
            assert_int_equal(lp_learner_save(learner, saved, &err), LP_OK);
            lp_learner_close(learner);
            assert_int_equal(lp_learner_open(&learner, policy, &ppo, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, workers, &err), LP_OK);
            lp_rng rng = lp_rng_make(11, 0);
            for (size_t k = 0; k < lp_policy_n_parameters(policy); k++) lp_rng_normal(&rng);
            fill(learner, policy, &rng);
            saved[size / 2] ^= 1;
            assert_int_equal(lp_learner_load(learner, saved, size, &err), LP_BAD_INPUT);
            saved[size / 2] ^= 1;
            assert_int_equal(lp_learner_load(learner, saved, size - 1, &err), LP_BAD_INPUT);
            assert_int_equal(lp_learner_load(learner, saved, size, &err), LP_OK);
            free(saved);
        }
        assert_int_equal(lp_learner_update(learner, pool, 1.0, &stats, &err), LP_OK);
        assert_true(isfinite(stats.policy_loss) && stats.grad_norm > 0);
    }
    uint64_t digest = lp_policy_digest(policy);
    lp_learner_close(learner);
    lp_policy_close(policy);
    lp_pool_close(pool);
    return digest;
}

static void test_deterministic(void **state) {
    (void)state;
    for (int network = 0; network < NETWORKS; network++) {
        use_network(network);
        uint64_t one = digest_after(1, 3, false);
        assert_true(one == digest_after(2, 3, false));
        assert_true(one == digest_after(4, 3, false));
        assert_true(one == digest_after(2, 3, true));
        assert_true(one != digest_after(1, 2, false));
    }
    use_network(0);
}

/* What acting gives decision by decision, with the state handed on, is what learning computes from the whole segment: the
 * probability ratio of an unchanged policy is 1. */
static void test_acting_agrees(void **state) {
    (void)state;
    for (int network = 0; network < NETWORKS; network++) {
        use_network(network);
        lp_policy *policy;
        lp_learner *learner;
        lp_actor *actor;
        lp_err err;
        make(&policy, &learner, 1);
        assert_int_equal(lp_actor_open(&actor, policy, ENVS, CONTEXT, &err), LP_OK);
        const int n_state = lp_policy_state_floats(policy);
        assert_int_equal(n_state > 0, shape.core != LP_CORE_NONE);
        const size_t pixels = (size_t)shape.width * (size_t)shape.height;
        float *now = calloc((size_t)n_state + 1, sizeof *now);
        for (int e = 0; e < ENVS; e++) {
            lp_segment *g = lp_learner_segment(learner, e);
            memcpy(now, n_state ? g->state : now, (size_t)n_state * sizeof *now);
            for (int t = 0; t < STEPS; t++) {
                lp_decision d;
                g->n_items[t] = 0;
                lp_actor_run(actor, 1,
                             &(lp_observation){.pixels = g->pixels + (size_t)t * pixels, .last_action = g->last_action[t], .state = now},
                             &d, NULL);
                float p[LP_MAX_ACTIONS], sum = 0;
                for (int i = 0; i < shape.n_actions; i++) sum += p[i] = expf(d.logit[i]);
                g->logp[t] = logf(p[g->action[t]] / sum);
                for (int j = 0; j < n_state; j++) now[j] = g->end[t] ? 0 : d.state[j];
            }
        }
        lp_pool *pool = lp_pool_open(1);
        lp_ppo_config once = ppo;
        once.epochs = once.minibatches = 1;
        lp_learner *judge;
        assert_int_equal(lp_learner_open(&judge, policy, &once, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, 1, &err), LP_OK);
        for (int e = 0; e < ENVS; e++) {
            lp_segment *from = lp_learner_segment(learner, e), *to = lp_learner_segment(judge, e);
            memcpy(to->pixels, from->pixels, STEPS * pixels);
            memcpy(to->last_action, from->last_action, STEPS * sizeof *to->last_action),
                memcpy(to->action, from->action, STEPS * sizeof *to->action);
            memcpy(to->logp, from->logp, STEPS * sizeof *to->logp), memcpy(to->value, from->value, (STEPS + 1) * sizeof *to->value);
            memcpy(to->reward, from->reward, STEPS * sizeof *to->reward), memcpy(to->end, from->end, STEPS);
            if (n_state) memcpy(to->state, from->state, (size_t)n_state * sizeof *to->state);
        }
        lp_update_stats stats;
        assert_int_equal(lp_learner_update(judge, pool, 1.0, &stats, &err), LP_OK);
        if (!(stats.kl < 1e-7)) fail_msg("core %s: the two differ by a KL of %g", lp_policy_core_name(shape.core), stats.kl);
        free(now);
        lp_pool_close(pool);
        lp_actor_close(actor);
        lp_learner_close(judge);
        lp_learner_close(learner);
        lp_policy_close(policy);
    }
    use_network(0);
}

/* What is read a million decisions later is nothing that training did not show: beyond the last of the ages told apart, only the order of
 * the items matters, and that it does. */
static void test_far_is_in_range(void **state) {
    (void)state;
    lp_policy *policy;
    lp_learner *learner;
    lp_actor *actor;
    lp_err err;
    use_network(NETWORKS - 1);
    make(&policy, &learner, 1);
    assert_int_equal(lp_actor_open(&actor, policy, 1, CONTEXT, &err), LP_OK);
    const int64_t last = (int64_t)1 << (shape.n_ages - 1);
    const float *vector = lp_learner_segment(learner, 0)->old_vector;
    float turned[CONTEXT * 8], salience[CONTEXT] = {0}, logit[3][LP_MAX_ACTIONS];
    int32_t level[CONTEXT] = {0};
    for (int j = 0; j < CONTEXT; j++)
        memcpy(turned + j * shape.dim, vector + (CONTEXT - 1 - j) * shape.dim, (size_t)shape.dim * sizeof(float));
    for (int k = 0; k < 3; k++) { /* near, far, far in the opposite order */
        int64_t step[CONTEXT], now = last + CONTEXT;
        lp_decision d;
        if (k) now *= 1000000;
        for (int j = 0; j < CONTEXT; j++) step[j] = k ? j * 100000 : j;
        lp_observation o = {.pixels = lp_learner_segment(learner, 0)->pixels,
                            .last_action = -1,
                            .n_items = CONTEXT,
                            .vector = k < 2 ? vector : turned,
                            .salience = salience,
                            .level = level,
                            .step = step,
                            .now = now};
        assert_int_equal(lp_actor_run(actor, 1, &o, &d, &err), LP_OK);
        memcpy(logit[k], d.logit, (size_t)shape.n_actions * sizeof(float));
    }
    assert_memory_equal(logit[0], logit[1], (size_t)shape.n_actions * sizeof(float));
    assert_true(fabs((double)logit[1][0] - logit[2][0]) > 1e-4);
    lp_actor_close(actor);
    lp_learner_close(learner);
    lp_policy_close(policy);
    use_network(0);
}

/* An actor skips what did not change in a row since its last run: no decision may tell, nor miss a change of the weights. */
static void test_no_trace_of_the_run_before(void **state) {
    (void)state;
    enum { ROWS = 3, FRAMES = 12 };
    lp_policy *policy;
    lp_actor *actor, *fresh;
    lp_err err;
    shape.core = LP_CORE_NONE;
    assert_int_equal(lp_policy_open(&policy, &shape, 7, &err), LP_OK);
    assert_int_equal(lp_actor_open(&actor, policy, ROWS, CONTEXT, &err), LP_OK);
    size_t frame = (size_t)shape.width * (size_t)shape.height, n_parameters = lp_policy_n_parameters(policy);
    uint8_t *pixels = malloc(FRAMES * frame);
    lp_rng rng = lp_rng_make(5, 5);
    for (int t = 0; t < FRAMES; t++) next_frame(pixels + (size_t)t * frame, t, &rng);
    for (int t = 0; t + ROWS <= FRAMES; t++) {
        if (t == 5 || t == 8) { /* of the first convolution; of all */
            for (size_t i = 0, every = t == 5 ? n_parameters : 1; i + 17 < n_parameters; i += every)
                lp_policy_parameters(policy)[i + 17] += 0.25f;
            assert_int_equal(lp_policy_changed(policy, &err), LP_OK);
        }
        lp_observation o[ROWS];
        lp_decision d[ROWS], alone[ROWS];
        int n = 1 + t % ROWS; /* rows that sit a run out */
        for (int i = 0; i < n; i++)
            o[i] = (lp_observation){.pixels = pixels + (size_t)(t + (t % 2 ? i : n - 1 - i)) * frame, .last_action = -1};
        assert_int_equal(lp_actor_open(&fresh, policy, ROWS, CONTEXT, &err), LP_OK);
        assert_int_equal(lp_actor_run(actor, n, o, d, &err), LP_OK);
        assert_int_equal(lp_actor_run(fresh, n, o, alone, &err), LP_OK);
        for (int i = 0; i < n; i++) {
            assert_memory_equal(d[i].logit, alone[i].logit, (size_t)shape.n_actions * sizeof(float));
            assert_memory_equal(d[i].item, alone[i].item, (size_t)shape.dim * sizeof(float));
        }
        lp_actor_close(fresh);
    }
    lp_actor_close(actor);
    lp_policy_close(policy);
    free(pixels);
}

/* A decision among eight, in any place, is the one that its observation gets alone. */
static void test_rows_are_their_own(void **state) {
    (void)state;
    enum { ROWS = 8 };
    for (int network = 0; network < NETWORKS; network++) {
        use_network(network);
        lp_policy *policy;
        lp_actor *actor, *alone;
        lp_err err;
        lp_rng rng = lp_rng_make(9, 9);
        assert_int_equal(lp_policy_open(&policy, &shape, 7, &err), LP_OK);
        assert_int_equal(lp_actor_open(&actor, policy, ROWS, CONTEXT, &err), LP_OK);
        assert_int_equal(lp_actor_open(&alone, policy, 1, CONTEXT, &err), LP_OK);
        const size_t n_state = (size_t)lp_policy_state_floats(policy), frame = (size_t)shape.width * (size_t)shape.height;
        uint8_t *pixels = malloc(ROWS * frame);
        float *before = malloc((ROWS * n_state + 1) * sizeof *before), vector[CONTEXT * 8], salience[CONTEXT];
        for (int t = 0; t < ROWS; t++) next_frame(pixels + (size_t)t * frame, t, &rng);
        for (size_t i = 0; i < ROWS * n_state; i++) before[i] = lp_rng_normal(&rng);
        for (int i = 0; i < CONTEXT * 8; i++) vector[i] = lp_rng_normal(&rng);
        for (int i = 0; i < CONTEXT; i++) salience[i] = lp_rng_normal(&rng);
        int32_t level[CONTEXT] = {0};
        int64_t step[CONTEXT] = {0};
        lp_observation o[ROWS];
        lp_decision d[ROWS], one;
        for (int i = 0; i < ROWS; i++)
            o[i] = (lp_observation){.pixels = pixels + (size_t)i * frame,
                                    .last_action = i % 4 - 1,
                                    .n_items = i,
                                    .vector = vector,
                                    .salience = salience,
                                    .level = level,
                                    .step = step,
                                    .now = 1 + i,
                                    .state = before + (size_t)i * n_state};
        for (int n = ROWS; n > 0; n -= 3) {
            assert_int_equal(lp_actor_run(actor, n, o + ROWS - n, d, &err), LP_OK);
            for (int i = 0; i < n; i++) {
                assert_int_equal(lp_actor_run(alone, 1, &o[ROWS - n + i], &one, &err), LP_OK);
                assert_memory_equal(d[i].logit, one.logit, (size_t)shape.n_actions * sizeof(float));
                assert_memory_equal(d[i].item, one.item, (size_t)shape.dim * sizeof(float));
                if (n_state) assert_memory_equal(d[i].state, one.state, n_state * sizeof(float));
                assert_true(d[i].value == one.value && d[i].salience == one.salience);
            }
        }
        free(pixels), free(before);
        lp_actor_close(alone);
        lp_actor_close(actor);
        lp_policy_close(policy);
    }
    use_network(0);
}

static void test_divergence_is_refused(void **state) {
    (void)state;
    uint64_t mended = digest_after(1, 2, false);
    for (int env = 0; env < ENVS; env++) { /* whose minibatch comes first, or after others that were learned from */
        lp_policy *policy;
        lp_learner *learner;
        lp_err err;
        lp_update_stats stats;
        lp_pool *pool = lp_pool_open(1);
        make(&policy, &learner, 1);
        assert_int_equal(lp_learner_update(learner, pool, 1.0, &stats, &err), LP_OK);
        diverge(policy, learner, env, mended);
        lp_learner_close(learner);
        lp_policy_close(policy);
        lp_pool_close(pool);
    }
}

/* The hash is right, what it covers is not. A saved learner: 16 bytes, parameters, environments, Adam's step, the shuffle's RNG, the
 * order, the moments. */
static void test_forged_state_is_refused(void **state) {
    (void)state;
    enum { STEP = 32, ORDER = 48, MOMENTS = ORDER + ENVS * 4 };
    lp_policy *policy;
    lp_learner *learner;
    lp_err err;
    make(&policy, &learner, 1);
    size_t size = lp_learner_save_size(learner), P = lp_policy_n_parameters(policy);
    const struct {
        size_t at;
        uint32_t value;
    } forged[] = {{ORDER, ENVS},
                  {ORDER, UINT32_MAX},
                  {ORDER, 1},
                  {STEP + 4, 0x80000000},
                  {STEP + 4, 0x7fffffff},
                  {MOMENTS, 0x7fc00000},              /* NaN */
                  {MOMENTS + 4 * P - 4, 0x7f800000},  /* infinity */
                  {MOMENTS + 8 * P - 4, 0xbf800000}}; /* a mean of squares of -1 */
    unsigned char *saved = malloc(size), *copy = malloc(size);
    assert_int_equal(lp_learner_save(learner, saved, &err), LP_OK);
    for (size_t i = 0; i < sizeof forged / sizeof *forged; i++) {
        memcpy(copy, saved, size);
        memcpy(copy + forged[i].at, &forged[i].value, 4);
        uint64_t hash = lp_hash64(copy + 16, size - 16);
        memcpy(copy + 8, &hash, sizeof hash);
        assert_int_equal(lp_learner_load(learner, copy, size, &err), LP_BAD_INPUT);
        assert_non_null(strstr(err.message, "contradicts"));
    }
    assert_int_equal(lp_learner_load(learner, saved, size, &err), LP_OK);
    free(saved), free(copy);
    lp_learner_close(learner);
    lp_policy_close(policy);
}

/* A map of items that was begun from frames: those of these frames have no mean and no correlations, none is wider than 1, the first head's
 * query is four times what would be stored, and reading is the way back. */
static void test_whitened(void **state) {
    (void)state;
    enum { N = ENVS * STEPS };
    use_network(LP_CORES);
    const int dim = shape.dim, h = shape.hidden, frame = shape.width * shape.height;
    lp_policy *policy;
    lp_learner *learner;
    lp_actor *actor;
    lp_err err;
    make(&policy, &learner, 1);
    assert_int_equal(lp_learner_whiten(learner, &err), LP_OK);
    assert_int_equal(lp_actor_open(&actor, policy, 1, CONTEXT, &err), LP_OK);
    float z[N][8];
    for (int i = 0; i < N; i++) {
        const lp_segment *g = lp_learner_segment(learner, i / STEPS);
        lp_decision d;
        lp_actor_run(actor, 1, &(lp_observation){.pixels = g->pixels + i % STEPS * frame, .last_action = g->last_action[i % STEPS]}, &d,
                     NULL);
        memcpy(z[i], d.item, (size_t)dim * sizeof(float));
    }
    double wide = 1;
    for (int a = 0; a < dim; a++) {
        for (int b = a; b < dim; b++) {
            double mean = 0, both = 0;
            for (int i = 0; i < N; i++) mean += z[i][a] / N, both += (double)z[i][a] * z[i][b] / N;
            assert_true(fabs(mean) < 1e-4);
            if (a != b) assert_true(fabs(both) < 0.03);
            else assert_true(both > 0.01 && both < wide + 0.03); /* the first is the widest */
            if (a == b) wide = both;
        }
    }
    const float *item = param(policy, P_ITEM_W), *query = param(policy, P_QUERY_W), *back = param(policy, P_HEAD_READ);
    for (int i = 0; i < dim * h; i++) assert_float_equal(query[i], 4 * item[i], 1e-6);
    for (int a = 0; a < dim; a++) {
        for (int b = 0; b < shape.heads * dim; b++) {
            double there_and_back = 0;
            for (int j = 0; j < h; j++) there_and_back += (double)item[a * h + j] * back[j * shape.heads * dim + b];
            assert_float_equal(there_and_back, a == b % dim ? 1.0 / shape.heads : 0, 1e-4);
        }
    }
    const uint64_t before = lp_policy_digest(policy);
    for (int e = 0; e < ENVS; e++) { /* frames that are all alike tell nothing */
        lp_segment *g = lp_learner_segment(learner, e);
        memset(g->pixels, 0, (size_t)STEPS * (size_t)frame);
        memset(g->last_action, 0xff, STEPS * sizeof *g->last_action);
    }
    assert_int_equal(lp_learner_whiten(learner, &err), LP_OK);
    assert_true(lp_policy_digest(policy) == before);
    lp_actor_close(actor);
    lp_learner_close(learner);
    lp_policy_close(policy);
    use_network(0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_salience_is_taught),
        cmocka_unit_test(test_deterministic),
        cmocka_unit_test(test_acting_agrees),
        cmocka_unit_test(test_far_is_in_range),
        cmocka_unit_test(test_no_trace_of_the_run_before),
        cmocka_unit_test(test_rows_are_their_own),
        cmocka_unit_test(test_divergence_is_refused),
        cmocka_unit_test(test_forged_state_is_refused),
        cmocka_unit_test(test_whitened),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
