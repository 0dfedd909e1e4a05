/* A memory that is read by the policy's query, knn, in training and in play. Rollouts record what was read, so that training computes the
 * same again; threads, interruptions, kills and replays change nothing. And memories that do what none may. */
#include "base/config.h"
#include "evals/eval.h"
#include "memory/arch.h"
#include "tests/run_support.h"
#include "train/train.h"

#include <math.h>

/* ---- architectures: full, shown in other ways; their context is small, as is knn's ---- */

enum { SHOWN = 4 };

static int show(const lp_mem *m, const lp_mem_context_view *out, bool (*shows)(int64_t step, int64_t n_steps)) {
    static _Thread_local float vector[1024 * 8], salience[1024];
    static _Thread_local int32_t level[1024];
    static _Thread_local int64_t step[1024];
    const int held = lp_mem_full.context(m, NULL, &(lp_mem_context_view){vector, salience, level, step}), dim = m->config.dim;
    int n = 0;
    for (int i = 0; i < held; i++) {
        if (!shows(step[i], m->n_steps)) continue;
        memcpy(out->vector + n * dim, vector + i * dim, (size_t)dim * sizeof(float));
        out->salience[n] = salience[i], out->level[n] = level[i], out->step[n++] = step[i];
    }
    return n;
}

/* One that breaks the rule: what it left out comes back, and it does not say so. */
static bool is_last_or_first(int64_t step, int64_t n_steps) { return n_steps % 5 || n_steps < 40 ? step >= n_steps - SHOWN : step < SHOWN; }
static int forgetful_context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    (void)query;
    return show(m, out, is_last_or_first);
}
static int shown(const lp_mem_config *c, int64_t n_steps) {
    (void)c;
    return n_steps < SHOWN ? (int)n_steps : SHOWN;
}
static lp_mem_arch untrue, backwards; /* made in main */
/* One whose contexts are not in order of step: everything, the newest first. */
static int newest_first(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    const int n = lp_mem_full.context(m, query, out), dim = m->config.dim;
    for (int i = 0, j = n - 1; i < j; i++, j--) {
        for (int d = 0; d < dim; d++) {
            const float x = out->vector[i * dim + d];
            out->vector[i * dim + d] = out->vector[j * dim + d];
            out->vector[j * dim + d] = x;
        }
        const float salience = out->salience[i];
        out->salience[i] = out->salience[j], out->salience[j] = salience;
        out->step[i] = m->n_steps - 1 - i, out->step[j] = m->n_steps - 1 - j;
    }
    return n;
}
static void renew_newest_first(lp_mem *m, const float *vector, const float *salience) {
    static _Thread_local float vectors[1024 * 8], saliences[1024];
    const int n = lp_mem_full.max_context(&m->config, m->n_steps), dim = m->config.dim;
    for (int i = 0; i < n; i++) {
        memcpy(vectors + (n - 1 - i) * dim, vector + i * dim, (size_t)dim * sizeof(float));
        saliences[n - 1 - i] = salience[i];
    }
    lp_mem_full.renew(m, vectors, saliences);
}
const lp_mem_arch *const lp_mem_archs[] = {&lp_mem_none, &lp_mem_window, &lp_mem_tree, &lp_mem_full,
                                           &lp_mem_knn,  &untrue,        &backwards,   NULL};

/* ---- training ---- */

static lp_game *game;

static lp_train_config small(const lp_mem_arch *arch) {
    lp_train_config c;
    lp_config_defaults(&c, lp_train_settings(), lp_n_train_settings());
    c.envs = 10, c.steps = 24, c.curriculum.start = 40, c.curriculum.end = 60, c.curriculum.episodes = 5, c.hidden = 16, c.dim = 8;
    c.ppo.epochs = 2, c.ppo.minibatches = 4;
    lp_mem_config memory = {.arch = arch};
    if (arch == &lp_mem_knn) memory.setting[0] = 3, memory.setting[1] = 1, memory.setting[2] = 512;
    else memory.setting[0] = 512;
    lp_mem_choose(&c.memory, &memory);
    c.reencode = 0;
    c.join = LP_JOIN_HEAD; /* the other is whitened between the first rollout and what is learned from it */
    return c;
}

static uint64_t train(const lp_train_config *config, int threads, int interrupt_after, lp_train_stats *stats) {
    lp_err err;
    lp_train *t;
    if (lp_train_open(&t, game, config, LP_DEVICE_CPU, threads, &err)) fail_msg("%s", err.message);
    for (int i = 0; i < 4; i++) {
        if (i == interrupt_after) {
            assert_int_equal(lp_train_save(t, at("t.train"), &err), LP_OK);
            lp_train_close(t);
            assert_int_equal(lp_train_open(&t, game, config, LP_DEVICE_CPU, threads, &err), LP_OK);
            if (lp_train_load(t, at("t.train"), &err)) fail_msg("%s", err.message);
        }
        if (lp_train_update(t, stats, &err)) fail_msg("%s", err.message);
    }
    uint64_t digest = lp_policy_digest(lp_train_policy(t));
    lp_train_close(t);
    return digest;
}

static void test_trains_exactly(void **state) {
    (void)state;
    lp_train_config c = small(&lp_mem_knn);
    lp_train_stats a, b;
    uint64_t whole = train(&c, 1, -1, &a);
    assert_true(whole == train(&c, 2, -1, &b));
    for (int i = 1; i < 4; i++) assert_true(whole == train(&c, 2, i, &b));
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_window});
    assert_true(whole != train(&c, 1, -1, &b));
}

/* Learning computes each decision again from what was recorded. Before the weights change, that gives its probability as it was. */
static void test_reads_the_same_again(void **state) {
    (void)state;
    lp_train_config c = small(&lp_mem_knn);
    c.ppo.epochs = c.ppo.minibatches = 1;
    c.ppo.rate = 0.02; /* so that it soon matters what is read */
    lp_err err;
    lp_train *t;
    lp_train_stats stats;
    if (lp_train_open(&t, game, &c, LP_DEVICE_CPU, 0, &err)) fail_msg("%s", err.message);
    for (int i = 0; i < 10; i++) {
        if (lp_train_update(t, &stats, &err)) fail_msg("%s", err.message);
        assert_true(fabs(stats.learning.kl) < 1e-7 && stats.learning.clip_fraction == 0); /* 1e-8; of other items 1e-6 to 5e-5 */
    }
    lp_train_close(t);
}

/* An item that comes back where the architecture says that none does is an error in one line, not a row of another item. */
static void test_rule_is_kept(void **state) {
    (void)state;
    lp_train_config c = small(&untrue);
    c.curriculum.start = c.curriculum.end = 2000; /* long enough */
    c.steps = 64;
    c.envs = 2;
    lp_err err;
    lp_train *t;
    lp_train_stats stats;
    lp_status status = LP_OK;
    if (lp_train_open(&t, game, &c, LP_DEVICE_CPU, 0, &err)) fail_msg("%s", err.message);
    for (int i = 0; i < 4 && !status; i++) status = lp_train_update(t, &stats, &err);
    assert_int_equal(status, LP_FAILED);
    assert_non_null(strstr(err.message, "memory untrue: item 0 came back into a context that had left it out"));
    lp_train_close(t);
}

/* What is chosen for a query is more than a context shows, and is not encoded again. */
static void test_is_not_encoded_again(void **state) {
    (void)state;
    lp_train_config c = small(&lp_mem_knn);
    c.reencode = 4;
    lp_err err;
    lp_train *t;
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_BAD_INPUT);
    assert_string_equal(err.message, "memory knn: its items cannot be encoded again: train.reencode = 0");
}

/* Nor is what comes in another order than that of its steps; without that it trains. */
static void test_order_is_kept(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        lp_train_config c = small(&backwards);
        lp_err err;
        lp_train *t;
        lp_train_stats stats;
        lp_status status = LP_OK;
        c.reencode = k ? 4 : 0;
        if (lp_train_open(&t, game, &c, LP_DEVICE_CPU, 0, &err)) fail_msg("%s", err.message);
        for (int i = 0; i < 4 && !status; i++) status = lp_train_update(t, &stats, &err);
        assert_int_equal(status, k ? LP_FAILED : LP_OK);
        if (k) assert_non_null(strstr(err.message, "is not in order of step, or came back"));
        lp_train_close(t);
    }
}

/* A card decides in one go and cannot stop to ask: one line says so. Only where there is one, or a stand-in. */
static void test_cuda_refuses(void **state) {
    (void)state;
    if (lp_device_missing()) skip();
    lp_train_config c = small(&lp_mem_knn);
    lp_err err;
    lp_train *t;
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CUDA, 1, &err), LP_BAD_INPUT);
    assert_string_equal(err.message, "memory knn reads by the policy's query, which a GPU does not give: --device cpu");
}

/* ---- playing ---- */

static void test_evaluates(void **state) {
    (void)state;
    lp_policy *policy = random_policy(game, LP_CORE_NONE, 5);
    int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(game, knobs);
    knobs[lp_game_find_knob(game, "horizon")] = 20;
    lp_eval_config c = {.player = LP_PLAYER_POLICY,
                        .policy = policy,
                        .sample = true,
                        .memory = {&lp_mem_knn, lp_policy_shape(policy)->dim, {3, 2}},
                        .knobs = knobs,
                        .episodes = 20,
                        .seed = 4,
                        .n_threads = 1};
    lp_eval_row one, row;
    lp_err err;
    assert_int_equal(lp_eval(game, &c, &one, &err), LP_OK);
    assert_int_equal(one.context_items_max, 5);
    assert_true(one.items_read > 5 * one.decisions); /* it looks at all that it holds */
    c.n_threads = 3;
    assert_int_equal(lp_eval(game, &c, &row, &err), LP_OK);
    assert_true(row.wins == one.wins && row.decisions == one.decisions && row.context_items_max == 5 && row.items_read == one.items_read);
    lp_policy_close(policy);
}

/* A run that stopped in between and went on equals one that did not, row for row. */
static void test_resumes(void **state) {
    (void)state;
    lp_err err;
    player p;
    open_player(&p, true, 60, 0);
    lp_mem_choose(&p.config.memory, &(lp_mem_config){.arch = &lp_mem_knn, .setting = {4, 2}});
    p.config.decisions = 150;
    if (play_run(&p, at("whole"), 0, &err)) fail_msg("%s", err.message);
    for (p.config.decisions = 30; p.config.decisions <= 150; p.config.decisions += 30) {
        if (p.config.decisions > 30 && lp_run_config_write(&p.config, at("parts"), &err)) fail_msg("%s", err.message);
        if (play_run(&p, at("parts"), 0, &err)) fail_msg("%s", err.message);
        if (p.config.decisions == 30 && lp_run_config_read(&p.config, at("parts"), &err)) fail_msg("%s", err.message);
    }
    expect_same_run(at("whole"), at("parts"));
    close_player(&p);
}

static int setup(void **state) {
    lp_err err;
    return make_root(state) || lp_game_open(&game, "cue", &err);
}

static int teardown(void **state) {
    lp_game_close(game);
    return remove_root(state);
}

int main(void) {
    untrue = backwards = lp_mem_full;
    untrue.name = "untrue", untrue.context = forgetful_context, untrue.max_context = shown, untrue.levels = NULL;
    backwards.name = "backwards", backwards.context = newest_first, backwards.renew = renew_newest_first;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_trains_exactly),
                                       cmocka_unit_test(test_reads_the_same_again),
                                       cmocka_unit_test(test_rule_is_kept),
                                       cmocka_unit_test(test_cuda_refuses),
                                       cmocka_unit_test(test_is_not_encoded_again),
                                       cmocka_unit_test(test_order_is_kept),
                                       cmocka_unit_test(test_evaluates),
                                       cmocka_unit_test(test_resumes)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
