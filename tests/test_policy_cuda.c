/* Acting and learning on a card against the CPU: the same decisions, losses, gradients and weights but for rounding, on every core; the
 * same bits every time; what a card remembers of a row is what its player has. Runs on a card, and in the on_cpu build on a CPU that stands in for
 * one; skips elsewhere. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "kernels/kernels.h"
#include "policy_support.h"

static void need_card(void) {
    if (!lp_device_missing()) return;
    print_message("%s\n", lp_device_missing());
    skip();
}

static void check(lp_status status, const lp_err *err) {
    if (status) fail_msg("%s", err->message);
}

static lp_policy *make(lp_device device) {
    lp_policy *policy;
    lp_err err;
    check(lp_policy_open(&policy, &shape, 7, &err), &err);
    lp_rng rng = lp_rng_make(11, 0);
    for (size_t i = 0; i < lp_policy_n_parameters(policy); i++) lp_policy_parameters(policy)[i] += 0.1f * lp_rng_normal(&rng);
    check(lp_policy_move(policy, device, false, &err), &err);
    assert_int_equal(lp_policy_device(policy), device);
    return policy;
}

static void near(float got, float want, const char *what, int row, int t) {
    if (!(fabsf(got - want) <= 1e-4f * (1 + fabsf(want))))
        fail_msg("%s of row %d, decision %d: %.8g on the card, %.8g on the CPU", what, row, t, got, want);
}

/* ---- acting ---- */

enum { ROWS = 3, KEPT = 6, DECISIONS = 40 };

/* A player with a memory like a tree's: the last items, and a few of the older ones that may drop out at any time. */
typedef struct {
    float vector[(KEPT + 1) * 8], salience[KEPT + 1], state[512]; /* [n][dim] */
    int32_t level[KEPT + 1];
    int64_t step[KEPT + 1], now;
    int n;
    uint64_t episode;
    uint8_t pixels[28 * 24];
} player;

static void begin(player *p, uint64_t episode) { *p = (player){.episode = episode}; }

static lp_observation look(player *p, lp_rng *rng) {
    for (size_t i = 0; i < sizeof p->pixels; i++) p->pixels[i] = (uint8_t)lp_rng_below(rng, 256);
    return (lp_observation){.pixels = p->pixels,
                            .last_action = (int)(p->now % 4) - 1,
                            .n_items = p->n,
                            .vector = p->vector,
                            .salience = p->salience,
                            .level = p->level,
                            .step = p->step,
                            .now = p->now,
                            .state = p->state,
                            .seed = p->episode * 7,
                            .episode = p->episode};
}

/* The item that the decision gave goes in; when there is no room, one that chance picks goes out, and others move to a higher level. */
static void remember(player *p, const lp_decision *d, int n_state, lp_rng *rng) {
    size_t dim = (size_t)shape.dim;
    if (p->n == KEPT) {
        int out = (int)lp_rng_below(rng, KEPT);
        for (int i = out; i + 1 < KEPT; i++) {
            memcpy(p->vector + (size_t)i * dim, p->vector + (size_t)(i + 1) * dim, dim * sizeof(float));
            p->salience[i] = p->salience[i + 1], p->level[i] = p->level[i + 1], p->step[i] = p->step[i + 1];
        }
        p->level[0] = 1;
        p->n--;
    }
    memcpy(p->vector + (size_t)p->n * dim, d->item, dim * sizeof(float));
    p->salience[p->n] = d->salience, p->level[p->n] = 0, p->step[p->n] = p->now++;
    p->n++;
    if (n_state) memcpy(p->state, d->state, (size_t)n_state * sizeof(float));
}

static void same_decision(const lp_decision *got, const lp_decision *want, int n_state, int row, int t) {
    for (int i = 0; i < shape.n_actions; i++) near(got->logit[i], want->logit[i], "logit", row, t);
    near(got->value, want->value, "value", row, t);
    near(got->salience, want->salience, "salience", row, t);
    near(got->logp, want->logp, "logp", row, t);
    for (int i = 0; i < shape.dim; i++) near(got->item[i], want->item[i], "item", row, t);
    for (int i = 0; i < n_state; i++) near(got->state[i], want->state[i], "state", row, t);
    assert_int_equal(got->action, want->action); /* drawn by the same number; a border within rounding is one in thousands */
}

/* Both decide at every step, each from what it made itself until then is the same but for rounding; the players follow the card. Rows come
 * and go, episodes end, and now and then a player changes rows. */
static void act(const lp_policy *card, const lp_policy *cpu) {
    lp_actor *on_card, *on_cpu;
    lp_err err;
    lp_rng rng = lp_rng_make(5, shape.core);
    const int n_state = lp_policy_state_floats(card);
    static player players[ROWS + 1];
    lp_observation o[ROWS];
    lp_decision got[ROWS], want[ROWS];
    check(lp_actor_open(&on_card, card, ROWS, KEPT, &err), &err);
    check(lp_actor_open(&on_cpu, cpu, ROWS, KEPT, &err), &err);
    for (int i = 0; i < ROWS; i++) begin(&players[i], (uint64_t)i + 1);
    uint64_t episodes = ROWS;
    for (int t = 0; t < DECISIONS; t++) {
        int n = t % 7 == 3 ? 2 : ROWS;
        if (t % 11 == 10) begin(&players[t % ROWS], ++episodes);
        if (t % 13 == 12) players[ROWS] = players[0], players[0] = players[1], players[1] = players[ROWS];
        if (t % 17 == 16) players[2].episode = ++episodes; /* as after loading a state: the card must not trust what it has */
        for (int i = 0; i < n; i++) o[i] = look(&players[i], &rng);
        check(lp_actor_run(on_card, n, o, got, &err), &err);
        check(lp_actor_run(on_cpu, n, o, want, &err), &err);
        for (int i = 0; i < n; i++) {
            same_decision(&got[i], &want[i], n_state, i, t);
            const float *there = lp_actor_attention(on_card, i), *here = lp_actor_attention(on_cpu, i);
            for (int k = 0; k < shape.heads * o[i].n_items; k++) near(there[k], here[k], "attention", i, t);
        }
        for (int i = 0; i < n; i++) remember(&players[i], &got[i], n_state, &rng);
    }
    lp_actor_close(on_card);
    lp_actor_close(on_cpu);
}

static void test_acting(void **state) {
    (void)state;
    need_card();
    for (int network = 0; network < NETWORKS; network++) {
        use_network(network);
        lp_policy *card = make(LP_DEVICE_CUDA), *cpu = make(LP_DEVICE_CPU);
        act(card, cpu);
        /* other weights: the graph of an actor opened before reads them too */
        lp_err err;
        for (size_t i = 0; i < lp_policy_n_parameters(cpu); i++)
            lp_policy_parameters(cpu)[i] *= 0.9f, lp_policy_parameters(card)[i] *= 0.9f;
        check(lp_policy_changed(card, &err), &err);
        check(lp_policy_changed(cpu, &err), &err);
        act(card, cpu);
        lp_policy_close(card);
        lp_policy_close(cpu);
    }
    use_network(0);
}

/* ---- learning ---- */

static void test_gradient(void **state) {
    (void)state;
    need_card();
    for (int network = 0; network < NETWORKS; network++) {
        use_network(network);
        lp_policy *policies[2] = {make(LP_DEVICE_CPU), make(LP_DEVICE_CUDA)};
        size_t n = lp_policy_n_parameters(policies[0]);
        float *gradient[2] = {malloc(n * sizeof(float)), malloc(n * sizeof(float))};
        double loss[2], largest = 0;
        lp_pool *pool = lp_pool_open(1);
        lp_err err;
        for (int k = 0; k < 2; k++) {
            lp_learner *learner;
            lp_rng rng = lp_rng_make(3, 3);
            lp_ppo_config taught = ppo;
            taught.salience_weight = network % 2 || shape.bias ? 0.7 : 0;
            taught.attention_weight = network % 2 ? 0 : 0.7;
            check(lp_learner_open(&learner, policies[k], &taught, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, 1, &err), &err);
            fill(learner, policies[k], &rng);
            check(lp_learner_gradient(learner, pool, gradient[k], &loss[k], &err), &err);
            lp_learner_close(learner);
        }
        assert_true(fabs(loss[0] - loss[1]) < 1e-5);
        for (size_t i = 0; i < n; i++) {
            double error = fabs((double)gradient[1][i] - gradient[0][i]);
            if (!(error <= 2e-5 + 1e-4 * fabs(gradient[0][i])))
                fail_msg("core %d, parameter %zu of %zu: %g on the card, %g on the CPU", shape.core, i, n, gradient[1][i], gradient[0][i]);
            largest = error > largest ? error : largest;
        }
        print_message("core %s: %zu parameters, largest difference %.2g\n", lp_policy_core_name(shape.core), n, largest);
        lp_pool_close(pool);
        for (int k = 0; k < 2; k++) free(gradient[k]), lp_policy_close(policies[k]);
    }
    use_network(0);
}

/* ---- packed screens: what the card makes of them is what the CPU makes of the grey frames they stand for ---- */

enum { SCREEN_W = 56, SCREEN_H = 48, FRAME = 28 * 24 }; /* a packed screen has as many bytes as a grey frame */

static void to_grey(uint8_t *frame) {
    float y[FRAME];
    lp_k_observe_shades(y, frame, 1, SCREEN_W, SCREEN_H, shape.width, shape.height);
    for (int i = 0; i < FRAME; i++) frame[i] = (uint8_t)lrintf((y[i] + 0.5f) * 255);
}

static void test_packed_frames(void **state) {
    (void)state;
    need_card();
    lp_policy *policies[2] = {make(LP_DEVICE_CPU), make(LP_DEVICE_CUDA)};
    size_t n = lp_policy_n_parameters(policies[0]);
    float *gradient[2] = {malloc(n * sizeof(float)), malloc(n * sizeof(float))};
    lp_decision d[2];
    lp_actor *actors[2];
    double loss[2];
    lp_pool *pool = lp_pool_open(1);
    lp_err err;
    for (int k = 0; k < 2; k++) {
        lp_learner *learner;
        lp_rng rng = lp_rng_make(3, 3);
        lp_policy_pack_frames(policies[k], SCREEN_W, SCREEN_H);
        assert_int_equal(lp_policy_packs_frames(policies[k]), k);
        assert_int_equal(lp_policy_frame_bytes(policies[k]), FRAME);
        check(lp_actor_open(&actors[k], policies[k], 1, 1, &err), &err);
        check(lp_learner_open(&learner, policies[k], &ppo, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, 1, &err), &err);
        fill(learner, policies[k], &rng);
        for (int e = 0; e < ENVS && !k; e++) {
            lp_segment *g = lp_learner_segment(learner, e);
            for (int t = 0; t < STEPS; t++) to_grey(g->pixels + t * FRAME);
            for (int i = 0; i < g->n_again; i++) to_grey(g->again_pixels + i * FRAME);
        }
        lp_observation o = {.pixels = lp_learner_segment(learner, 0)->pixels, .last_action = -1, .episode = 1};
        check(lp_actor_run(actors[k], 1, &o, &d[k], &err), &err);
        check(lp_learner_gradient(learner, pool, gradient[k], &loss[k], &err), &err);
        for (int i = 0; k && i < shape.dim; i++) near(d[1].item[i], d[0].item[i], "item", 0, 0);
        near(d[k].logit[0], d[0].logit[0], "logit", 0, 0);
        lp_learner_close(learner);
    }
    assert_true(fabs(loss[0] - loss[1]) < 1e-5);
    for (size_t i = 0; i < n; i++) assert_true(fabs((double)gradient[1][i] - gradient[0][i]) <= 2e-5 + 1e-4 * fabs(gradient[0][i]));
    lp_pool_close(pool);
    for (int k = 0; k < 2; k++) free(gradient[k]), lp_actor_close(actors[k]), lp_policy_close(policies[k]);
}

/* A few updates; in the middle the optimizer's state is saved, and loaded by a learner on `then`. */
static void updates(float *weights, lp_device first, lp_device then, lp_update_stats *last) {
    lp_policy *policy = make(first);
    lp_learner *learner;
    lp_err err;
    lp_pool *pool = lp_pool_open(1);
    for (int half = 0; half < 2; half++) {
        lp_rng rng = lp_rng_make(3, (uint64_t)half);
        check(lp_learner_open(&learner, policy, &ppo, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, 1, &err), &err);
        size_t size = lp_learner_save_size(learner);
        static unsigned char *saved;
        if (half) check(lp_learner_load(learner, saved, size, &err), &err), free(saved);
        for (int i = 0; i < 2; i++) {
            fill(learner, policy, &rng);
            check(lp_learner_update(learner, pool, 1.0, last, &err), &err);
        }
        if (!half) check(lp_learner_save(learner, saved = malloc(size), &err), &err);
        lp_learner_close(learner);
        if (!half && first != then) check(lp_policy_move(policy, then, false, &err), &err);
    }
    memcpy(weights, lp_policy_parameters(policy), lp_policy_n_parameters(policy) * sizeof *weights);
    lp_policy_close(policy);
    lp_pool_close(pool);
}

static void test_updates(void **state) {
    (void)state;
    need_card();
    for (int network = 0; network < NETWORKS; network++) {
        use_network(network);
        static const lp_device devices[][2] = {{LP_DEVICE_CPU, LP_DEVICE_CPU},
                                               {LP_DEVICE_CUDA, LP_DEVICE_CUDA},
                                               {LP_DEVICE_CUDA, LP_DEVICE_CUDA},
                                               {LP_DEVICE_CPU, LP_DEVICE_CUDA},
                                               {LP_DEVICE_CUDA, LP_DEVICE_CPU}};
        enum { RUNS = sizeof devices / sizeof *devices };
        lp_policy *policy = make(LP_DEVICE_CPU);
        size_t n = lp_policy_n_parameters(policy), bytes = n * sizeof(float);
        float *start = malloc(bytes), *weights[RUNS];
        lp_update_stats stats[RUNS];
        memcpy(start, lp_policy_parameters(policy), bytes);
        for (int k = 0; k < RUNS; k++) updates(weights[k] = malloc(bytes), devices[k][0], devices[k][1], &stats[k]);
        assert_memory_equal(weights[1], weights[2], bytes); /* the same card, the same bits */
        for (int k = 1; k < RUNS; k++) {
            double moved = 0, apart = 0;
            for (size_t i = 0; i < n; i++)
                moved += fabs((double)weights[0][i] - start[i]), apart += fabs((double)weights[k][i] - weights[0][i]);
            if (!(apart < 0.01 * moved))
                fail_msg("core %d, run %d: moved by %g, %g apart", shape.core, k, moved / (double)n, apart / (double)n);
            assert_true(fabs(stats[k].policy_loss - stats[0].policy_loss) < 1e-3 && fabs(stats[k].entropy - stats[0].entropy) < 1e-3);
            assert_true(fabs(stats[k].grad_norm - stats[0].grad_norm) < 1e-2 * stats[0].grad_norm);
        }
        for (int k = 0; k < RUNS; k++) free(weights[k]);
        free(start);
        lp_policy_close(policy);
    }
    use_network(0);
}

static lp_decision decide(lp_actor *actor) {
    static uint8_t pixels[FRAME];
    lp_observation o = {.pixels = pixels, .last_action = 1, .episode = 1};
    lp_decision d;
    lp_err err;
    for (int i = 0; i < FRAME; i++) pixels[i] = (uint8_t)(i * 37);
    check(lp_actor_run(actor, 1, &o, &d, &err), &err);
    return d;
}

/* In three steps what comes out is the same, whatever becomes of the segments after the start, and actors have it from publish on. */
static void test_learning_beside_acting(void **state) {
    (void)state;
    need_card();
    lp_policy *policies[2] = {make(LP_DEVICE_CUDA), make(LP_DEVICE_CUDA)};
    lp_learner *learners[2];
    lp_actor *actors[2];
    lp_update_stats stats[2], again;
    lp_err err;
    lp_pool *pool = lp_pool_open(1);
    size_t bytes = lp_policy_n_parameters(policies[0]) * sizeof(float);
    for (int k = 0; k < 2; k++) {
        check(lp_learner_open(&learners[k], policies[k], &ppo, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, 1, &err), &err);
        check(lp_actor_open(&actors[k], policies[k], 1, 1, &err), &err);
    }
    float *acting = malloc(bytes);
    for (uint64_t i = 0; i < 4; i++) {
        lp_decision before = decide(actors[1]);
        for (int k = 0; k < 2; k++) {
            lp_rng rng = lp_rng_make(3, i);
            fill(learners[k], policies[k], &rng);
        }
        check(lp_learner_update(learners[0], pool, 0.5, &stats[0], &err), &err);
        check(lp_learner_start(learners[1], pool, 0.5, &err), &err);
        lp_rng other = lp_rng_make(4, i);
        fill(learners[1], policies[1], &other);
        lp_decision d = decide(actors[1]);
        assert_memory_equal(d.logit, before.logit, sizeof(float) * (size_t)shape.n_actions);
        check(lp_learner_wait(learners[1], &stats[1], &err), &err);
        check(lp_learner_wait(learners[1], &again, &err), &err);
        assert_memory_equal(&stats[0], &stats[1], sizeof *stats);
        assert_memory_equal(&again, &stats[1], sizeof again);
        d = decide(actors[1]);
        assert_memory_equal(d.logit, before.logit, sizeof(float) * (size_t)shape.n_actions);
        check(lp_policy_acting(policies[1], acting, &err), &err);
        assert_memory_not_equal(acting, lp_policy_parameters(policies[1]), bytes);
        check(lp_learner_publish(learners[1], &err), &err);
        check(lp_policy_acting(policies[1], acting, &err), &err);
        assert_memory_equal(acting, lp_policy_parameters(policies[1]), bytes);
        assert_memory_equal(acting, lp_policy_parameters(policies[0]), bytes);
        d = decide(actors[1]), before = decide(actors[0]);
        assert_memory_equal(d.logit, before.logit, sizeof(float) * (size_t)shape.n_actions);
    }
    free(acting);
    for (int k = 0; k < 2; k++) lp_actor_close(actors[k]), lp_learner_close(learners[k]), lp_policy_close(policies[k]);
    lp_pool_close(pool);
}

static void test_divergence_is_refused(void **state) {
    (void)state;
    need_card();
    lp_policy *policy = make(LP_DEVICE_CUDA);
    lp_learner *learner;
    lp_err err;
    lp_update_stats stats;
    lp_rng rng = lp_rng_make(3, 3);
    lp_pool *pool = lp_pool_open(1);
    check(lp_learner_open(&learner, policy, &ppo, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, 1, &err), &err);
    fill(learner, policy, &rng);
    check(lp_learner_update(learner, pool, 1.0, &stats, &err), &err);
    for (int env = 0; env < ENVS; env++) diverge(policy, learner, env, 0);
    lp_learner_close(learner);
    lp_policy_close(policy);
    lp_pool_close(pool);
}

/* More than the card has: a message with what was asked and what is free, and nothing is lost. */
static void test_out_of_memory(void **state) {
    (void)state;
    need_card();
    lp_policy *policy = make(LP_DEVICE_CUDA);
    lp_learner *learner;
    lp_actor *actor;
    lp_err err;
    enum { MANY = 1 << 20 };
    assert_int_equal(lp_actor_open(&actor, policy, MANY, 1 << 16, &err), LP_FAILED);
    print_message("%s\n", err.message);
    assert_non_null(strstr(err.message, "out of GPU memory: acting asks for "));
    assert_non_null(strstr(err.message, " are free"));
    check(lp_learner_open(&learner, policy, &ppo, ENVS, STEPS, CONTEXT, CONTEXT, AGAIN, 1, &err), &err);
    lp_learner_close(learner);
    lp_policy_close(policy);
}

static void test_devices(void **state) {
    (void)state;
    lp_device device;
    lp_err err;
    char text[256];
    assert_int_equal(lp_device_find(&device, "cpu", &err), LP_OK);
    assert_int_equal(device, LP_DEVICE_CPU);
    assert_string_equal(lp_device_describe(LP_DEVICE_CPU, text, sizeof text), "cpu");
    assert_int_equal(lp_device_find(&device, "tpu", &err), LP_BAD_INPUT);
    assert_int_equal(lp_device_find(&device, "auto", &err), LP_OK);
    assert_int_equal(device, lp_device_missing() ? LP_DEVICE_CPU : LP_DEVICE_CUDA);
    assert_int_equal(lp_device_find(&device, "cuda", &err), lp_device_missing() ? LP_BAD_INPUT : LP_OK);
    if (lp_device_missing()) assert_non_null(strstr(err.message, lp_device_missing()));
    else print_message("%s\n", lp_device_describe(LP_DEVICE_CUDA, text, sizeof text));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_devices),
        cmocka_unit_test(test_acting),
        cmocka_unit_test(test_gradient),
        cmocka_unit_test(test_packed_frames),
        cmocka_unit_test(test_updates),
        cmocka_unit_test(test_learning_beside_acting),
        cmocka_unit_test(test_divergence_is_refused),
        cmocka_unit_test(test_out_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
