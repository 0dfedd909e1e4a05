/* A memory that is read by the policy's query: it keeps everything, and shows the few items that the query scores highest. Rollouts record
 * what was read, so that training computes the same again; threads, interruptions, kills and replays change nothing. */
#include "base/config.h"
#include "evals/eval.h"
#include "memory/arch.h"
#include "tests/run_support.h"
#include "train/train.h"

#include <math.h>
#include <stdatomic.h>

/* ---- the architecture: `most` items that fit the query best, oldest first; without a query the last ones ---- */

enum { MOST, CAPACITY }; /* its settings */

typedef struct {
    float *vector, *salience; /* [capacity][dim], [capacity]: item t is at t */
} nearest;

static atomic_llong asked, asked_without; /* how often it was asked for a context */

static size_t size(const lp_mem_config *c) {
    size_t n = (size_t)c->setting[CAPACITY];
    return lp_arena_need(sizeof(nearest)) + lp_arena_need(n * (size_t)c->dim * sizeof(float)) + lp_arena_need(n * sizeof(float));
}

static void *open_nearest(const lp_mem_config *c, lp_arena *arena) {
    size_t n = (size_t)c->setting[CAPACITY];
    nearest *x = lp_arena_take(arena, sizeof *x);
    x->vector = lp_arena_take(arena, n * (size_t)c->dim * sizeof(float));
    x->salience = lp_arena_take(arena, n * sizeof(float));
    return x;
}

static int held(const lp_mem_config *c, int64_t n_steps) { return n_steps < c->setting[CAPACITY] ? (int)n_steps : c->setting[CAPACITY]; }

static void append(lp_mem *m, const float *vector, float salience) { /* what comes once it is full is lost */
    nearest *x = m->state;
    size_t dim = (size_t)m->config.dim;
    if (m->n_steps >= m->config.setting[CAPACITY]) return;
    memcpy(x->vector + (size_t)m->n_steps * dim, vector, dim * sizeof *vector);
    x->salience[m->n_steps] = salience;
}

/* The best head's score; without a query the newest are the best. */
static float score(const lp_mem *m, const lp_mem_query *query, int i) {
    const nearest *x = m->state;
    float best = query ? -INFINITY : (float)i;
    for (int h = 0; query && h < query->heads; h++) {
        float sum = 0;
        for (int d = 0; d < m->config.dim; d++) sum += query->q[h * m->config.dim + d] * x->vector[i * m->config.dim + d];
        sum = sum / sqrtf((float)m->config.dim) + x->salience[i];
        if (sum > best) best = sum;
    }
    return best;
}

static int max_context(const lp_mem_config *c, int64_t n_steps) {
    int n = held(c, n_steps);
    return n < c->setting[MOST] ? n : c->setting[MOST];
}

static int context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    const nearest *x = m->state;
    int n = held(&m->config, m->n_steps), most = max_context(&m->config, m->n_steps), n_shown = 0;
    float scores[1024];
    atomic_fetch_add(query ? &asked : &asked_without, 1);
    for (int i = 0; i < n; i++) scores[i] = score(m, query, i);
    for (int i = 0; i < n; i++) {
        int better = 0;
        for (int k = 0; k < n; k++) better += scores[k] > scores[i] || (scores[k] == scores[i] && k < i);
        if (better >= most) continue;
        memcpy(out->vector + n_shown * m->config.dim, x->vector + i * m->config.dim, (size_t)m->config.dim * sizeof(float));
        out->salience[n_shown] = x->salience[i];
        out->level[n_shown] = 0;
        out->step[n_shown++] = i;
    }
    return n_shown;
}

static size_t save_size(const lp_mem *m, int64_t n_steps) {
    return (size_t)held(&m->config, n_steps) * ((size_t)m->config.dim + 1) * sizeof(float);
}

static void save(const lp_mem *m, unsigned char *out) {
    const nearest *x = m->state;
    size_t n = (size_t)held(&m->config, m->n_steps), vectors = n * (size_t)m->config.dim * sizeof(float);
    memcpy(out, x->vector, vectors);
    memcpy(out + vectors, x->salience, n * sizeof(float));
}

static bool load(lp_mem *m, int64_t n_steps, const unsigned char *data) {
    nearest *x = m->state;
    size_t n = (size_t)held(&m->config, n_steps), vectors = n * (size_t)m->config.dim * sizeof(float);
    memcpy(x->vector, data, vectors);
    memcpy(x->salience, data + vectors, n * sizeof(float));
    return true;
}

#define NEAREST                                                                                                                            \
    .help = "a test's",                                                                                                                    \
    .settings = {{.name = "most", .help = "items shown", .initial = 4, .min = 1, .max = 16},                                               \
                 {.name = "capacity", .help = "items kept", .initial = 512, .min = 1, .max = 1024}},                                       \
    .size = size, .open = open_nearest, .append = append, .save_size = save_size, .save = save, .load = load

static const lp_mem_arch lp_mem_nearest = {.name = "nearest", .wants_query = true, .context = context, .max_context = max_context, NEAREST};
/* One that breaks the rule: what it left out comes back (its best are others when saliences change), and it does not say so. */
static int forgetful_context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    int n = context(m, query, out);
    if (m->n_steps % 5 || m->n_steps < 40) return n;
    return context(m, &(lp_mem_query){0}, out); /* nothing fits better than anything: the oldest */
}
static const lp_mem_arch lp_mem_untrue = {.name = "untrue", .context = forgetful_context, .max_context = max_context, NEAREST};
/* One whose contexts are not in order of step: everything, the newest first. */
static int newest_first(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    const nearest *x = m->state;
    const int n = held(&m->config, m->n_steps), dim = m->config.dim;
    (void)query;
    for (int i = 0; i < n; i++) {
        memcpy(out->vector + i * dim, x->vector + (n - 1 - i) * dim, (size_t)dim * sizeof(float));
        out->salience[i] = x->salience[n - 1 - i], out->level[i] = 0, out->step[i] = n - 1 - i;
    }
    return n;
}
static void renew_newest_first(lp_mem *m, const float *vector, const float *salience) {
    nearest *x = m->state;
    const int n = held(&m->config, m->n_steps), dim = m->config.dim;
    for (int i = 0; i < n; i++) {
        memcpy(x->vector + (n - 1 - i) * dim, vector + i * dim, (size_t)dim * sizeof(float));
        x->salience[n - 1 - i] = salience[i];
    }
}
static const lp_mem_arch lp_mem_backwards = {
    .name = "backwards", .context = newest_first, .renew = renew_newest_first, .max_context = held, NEAREST};
const lp_mem_arch *const lp_mem_archs[] = {&lp_mem_none,    &lp_mem_window, &lp_mem_tree,      &lp_mem_full,
                                           &lp_mem_nearest, &lp_mem_untrue, &lp_mem_backwards, NULL};

/* ---- training ---- */

static lp_game *game;

static lp_train_config small(const lp_mem_arch *arch) {
    lp_train_config c;
    lp_config_defaults(&c, lp_train_settings(), lp_n_train_settings());
    c.envs = 10, c.steps = 24, c.curriculum.start = 40, c.curriculum.end = 60, c.curriculum.episodes = 5, c.hidden = 16, c.dim = 8;
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = arch, .setting = {4, 512}});
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
    lp_train_config c = small(&lp_mem_nearest);
    lp_train_stats a, b;
    asked = asked_without = 0;
    uint64_t whole = train(&c, 1, -1, &a);
    assert_true(asked > 500 && asked_without == 0);
    assert_true(whole == train(&c, 2, -1, &b));
    for (int i = 1; i < 4; i++) assert_true(whole == train(&c, 2, i, &b));
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_window});
    assert_true(whole != train(&c, 1, -1, &b));
}

/* Learning computes each decision again from what was recorded. Before the weights change, that gives its probability as it was. */
static void test_reads_the_same_again(void **state) {
    (void)state;
    lp_train_config c = small(&lp_mem_nearest);
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
    lp_train_config c = small(&lp_mem_untrue);
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
    lp_train_config c = small(&lp_mem_nearest);
    c.reencode = 4;
    lp_err err;
    lp_train *t;
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CPU, 1, &err), LP_BAD_INPUT);
    assert_string_equal(err.message, "memory nearest: its items cannot be encoded again: train.reencode = 0");
}

/* Nor is what comes in another order than that of its steps; without that it trains. */
static void test_order_is_kept(void **state) {
    (void)state;
    for (int k = 0; k < 2; k++) {
        lp_train_config c = small(&lp_mem_backwards);
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
    lp_train_config c = small(&lp_mem_nearest);
    lp_err err;
    lp_train *t;
    assert_int_equal(lp_train_open(&t, game, &c, LP_DEVICE_CUDA, 1, &err), LP_BAD_INPUT);
    assert_string_equal(err.message, "memory nearest reads by the policy's query, which a GPU does not give: --device cpu");
}

/* ---- playing ---- */

static void test_evaluates(void **state) {
    (void)state;
    lp_policy *policy = random_policy(game, 5);
    int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(game, knobs);
    knobs[lp_game_find_knob(game, "horizon")] = 20;
    lp_eval_config c = {.player = LP_PLAYER_POLICY,
                        .policy = policy,
                        .sample = true,
                        .memory = {&lp_mem_nearest, lp_policy_shape(policy)->dim, {5}},
                        .knobs = knobs,
                        .episodes = 20,
                        .seed = 4,
                        .n_threads = 1};
    lp_eval_row one, row;
    lp_err err;
    assert_int_equal(lp_eval(game, &c, &one, &err), LP_OK);
    assert_int_equal(one.context_items_max, 5);
    c.n_threads = 3;
    assert_int_equal(lp_eval(game, &c, &row, &err), LP_OK);
    assert_true(row.wins == one.wins && row.decisions == one.decisions && row.context_items_max == 5);
    lp_policy_close(policy);
}

/* A run that stopped in between and went on equals one that did not, row for row. */
static void test_resumes(void **state) {
    (void)state;
    lp_err err;
    player p;
    open_player(&p, true, 60, 0);
    lp_mem_choose(&p.config.memory, &(lp_mem_config){.arch = &lp_mem_nearest, .setting = {6}});
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
