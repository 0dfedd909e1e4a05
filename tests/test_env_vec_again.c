/* The pool begun again without being opened anew (another seed, other knobs), and the last observations of episodes that are followed
 * in the same step, against the pool that shows them before it goes on. */
#include "env/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N = 4, STEPS = 50, SIDE = 24, STACK = 3, BYTES = STACK * SIDE * SIDE };

typedef struct {
    lp_vec *vec;
    lp_vec_out out;
    uint8_t observations[N][BYTES], finals[N][BYTES], ends[N];
    float rewards[N];
} pool;

static lp_game *cue;

static int setup(void **state) {
    (void)state;
    return lp_game_open(&cue, "cue", NULL);
}

static int teardown(void **state) {
    (void)state;
    lp_game_close(cue);
    return 0;
}

static const char *const SHORT = "horizon=3", *const LONG = "horizon=9";

static const int64_t *knobs_with(const char *assignment) {
    static int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(cue, knobs);
    assert_int_equal(lp_game_set_knob(cue, knobs, assignment, NULL), LP_OK);
    return knobs;
}

static void open_pool(pool *p, lp_autoreset autoreset, uint64_t seed, const char *knob) {
    *p = (pool){.out = {p->observations, p->rewards, p->ends, p->finals}};
    lp_err err = {{0}};
    lp_vec_config config = {.n_envs = N,
                            .n_threads = 2,
                            .width = SIDE,
                            .height = SIDE,
                            .stack = STACK,
                            .autoreset = autoreset,
                            .seed = seed,
                            .knobs = knobs_with(knob)};
    if (lp_vec_open(&p->vec, cue, &config, &err)) fail_msg("%s", err.message);
}

static int32_t action_of(int e, int64_t decision) { return (int32_t)((e + 3 * decision) % lp_game_n_actions(cue)); }

/* Both from a reset on: the same at every step. */
static void expect_same(pool *a, pool *b) {
    int32_t actions[N];
    int n_ends = 0;
    lp_vec_reset(a->vec, &a->out, NULL);
    lp_vec_reset(b->vec, &b->out, NULL);
    for (int step = 0; step < STEPS; step++) {
        for (int e = 0; e < N; e++) {
            assert_int_equal(lp_vec_seed_of(a->vec, e), lp_vec_seed_of(b->vec, e));
            assert_int_equal(lp_vec_episode_of(a->vec, e), lp_vec_episode_of(b->vec, e));
            actions[e] = action_of(e, step);
            n_ends += a->ends[e] != LP_RUNNING;
        }
        assert_memory_equal(a->observations, b->observations, sizeof a->observations);
        assert_memory_equal(a->ends, b->ends, sizeof a->ends);
        lp_vec_step(a->vec, actions, &a->out, NULL);
        lp_vec_step(b->vec, actions, &b->out, NULL);
    }
    assert_true(n_ends > N);
}

static void test_begun_again(void **state) {
    (void)state;
    static pool used, fresh;
    int32_t actions[N] = {1, 2, 3, 4};
    lp_err err = {{0}};
    open_pool(&used, LP_AUTORESET_SAME_STEP, 1, SHORT);
    lp_vec_reset(used.vec, &used.out, NULL);
    for (int i = 0; i < 20; i++) lp_vec_step(used.vec, actions, &used.out, NULL);
    lp_vec_set_seed(used.vec, 2);
    assert_int_equal(lp_vec_set_knobs(used.vec, knobs_with(LONG), &err), LP_OK);
    open_pool(&fresh, LP_AUTORESET_SAME_STEP, 2, LONG);
    expect_same(&used, &fresh);
    lp_vec_close(fresh.vec);

    int64_t wrong[LP_MAX_KNOBS];
    memcpy(wrong, knobs_with(SHORT), sizeof wrong);
    wrong[lp_game_find_knob(cue, "doors")] = 5;
    assert_int_equal(lp_vec_set_knobs(used.vec, wrong, &err), LP_BAD_INPUT);
    assert_string_equal(err.message, "cue: doors: 5 is not 2 to 4");
    lp_vec_set_seed(used.vec, 2);
    open_pool(&fresh, LP_AUTORESET_SAME_STEP, 2, LONG);
    expect_same(&used, &fresh); /* the horizon has not changed either */
    lp_vec_close(fresh.vec);
    lp_vec_close(used.vec);
}

/* A pool with LP_AUTORESET_OFF is stepped beside it; where an episode ends, both begin the next one. */
static void test_finals(void **state) {
    (void)state;
    static pool same, off;
    static uint8_t before[N][BYTES];
    int32_t actions[N];
    int n_ends = 0;
    open_pool(&same, LP_AUTORESET_SAME_STEP, 3, SHORT);
    open_pool(&off, LP_AUTORESET_OFF, 3, SHORT);
    lp_vec_reset(same.vec, &same.out, NULL);
    lp_vec_reset(off.vec, &off.out, NULL);
    for (int step = 0; step < STEPS; step++) {
        for (int e = 0; e < N; e++) actions[e] = action_of(e, step);
        memset(same.finals, 0xa5, sizeof same.finals);
        lp_vec_step(same.vec, actions, &same.out, NULL);
        lp_vec_step(off.vec, actions, &off.out, NULL);
        memset(before, 0xa5, sizeof before);
        for (int e = 0; e < N; e++) {
            assert_int_equal(same.ends[e], off.ends[e]);
            if (off.ends[e] == LP_RUNNING) continue;
            memcpy(before[e], off.observations[e], BYTES);
            lp_vec_reset_one(off.vec, e, lp_vec_seed_of(same.vec, e), NULL, &off.out, NULL);
            n_ends++;
        }
        assert_memory_equal(same.finals, before, sizeof before);
        assert_memory_equal(same.observations, off.observations, sizeof off.observations);
    }
    assert_true(n_ends > N);
    lp_vec_close(same.vec);
    lp_vec_close(off.vec);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_begun_again), cmocka_unit_test(test_finals)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
