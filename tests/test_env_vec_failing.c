/* A pool whose environments cannot all begin their episode: who waits is told, and the others go on. */
#include "env/vec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { N_ENVS = 4, N_GROUPS = 2, BAD = 2 };

static bool failing;
static lp_env *bad; /* whose resets fail then */

/* The linker puts these in the way of the pool (tests/CMakeLists.txt). */
lp_status __real_lp_env_reset(lp_env *env, uint64_t seed, const int64_t *knobs, int64_t time_limit, lp_err *err);
lp_status __wrap_lp_env_reset(lp_env *env, uint64_t seed, const int64_t *knobs, int64_t time_limit, lp_err *err);
lp_status __wrap_lp_env_reset(lp_env *env, uint64_t seed, const int64_t *knobs, int64_t time_limit, lp_err *err) {
    return failing && env == bad ? lp_fail(err, LP_FAILED, "no more paper") : __real_lp_env_reset(env, seed, knobs, time_limit, err);
}

typedef struct {
    lp_game *game;
    lp_vec *vec;
    float rewards[N_ENVS];
    uint8_t ends[N_ENVS];
    lp_vec_out out;
} pool;

static const int32_t actions[N_ENVS] = {0};

static void open_pool(pool *p, lp_autoreset autoreset) {
    lp_err err;
    const lp_vec_config config = {
        .n_envs = N_ENVS, .n_groups = N_GROUPS, .n_threads = 2, .observation = LP_OBS_NONE, .autoreset = autoreset, .time_limit = 2};
    if (lp_game_open(&p->game, "cue", &err) || lp_vec_open(&p->vec, p->game, &config, &err)) fail_msg("%s", err.message);
    memset(p->ends, 0xEE, sizeof p->ends);
    p->out = (lp_vec_out){.rewards = p->rewards, .ends = p->ends};
    bad = lp_vec_env(p->vec, BAD);
}

static void close_pool(pool *p) {
    lp_vec_close(p->vec);
    lp_game_close(p->game);
    failing = false;
}

static void expect(lp_status status, const lp_err *err, const char *says) {
    if (status != (says ? LP_FAILED : LP_OK) || (says && strcmp(err->message, says))) fail_msg("status %d, %s", status, err->message);
}

static void test_reset(void **state) {
    (void)state;
    pool p;
    lp_err err = {{0}};
    open_pool(&p, LP_AUTORESET_OFF);
    failing = true;
    expect(lp_vec_reset(p.vec, &p.out, &err), &err, "environment 2: no more paper");
    for (int e = 0; e < N_ENVS; e++) assert_int_equal(p.ends[e], e == BAD ? 0xEE : LP_RUNNING);
    expect(lp_vec_step(p.vec, actions, &p.out, &err), &err, "environment 2: its last reset failed");
    for (int e = 0; e < N_ENVS; e++) assert_int_equal(lp_env_steps(lp_vec_env(p.vec, e)), e != BAD);
    lp_vec_send(p.vec, 0, actions, &p.out);
    expect(lp_vec_recv(p.vec, 0, &err), &err, NULL); /* the other group knows nothing of it */
    expect(lp_vec_reset_one(p.vec, BAD, 7, NULL, &p.out, &err), &err, "environment 2: no more paper");
    failing = false;
    expect(lp_vec_reset_one(p.vec, BAD, 7, NULL, &p.out, &err), &err, NULL);
    expect(lp_vec_step(p.vec, actions, &p.out, &err), &err, NULL);
    assert_int_equal(lp_env_steps(bad), 1);
    expect(lp_vec_reset(p.vec, &p.out, NULL), &err, NULL);
    close_pool(&p);
}

static void test_autoreset(void **state) {
    (void)state;
    pool p;
    lp_err err = {{0}};
    open_pool(&p, LP_AUTORESET_SAME_STEP);
    expect(lp_vec_reset(p.vec, &p.out, &err), &err, NULL);
    expect(lp_vec_step(p.vec, actions, &p.out, &err), &err, NULL);
    failing = true; /* the time limit ends all episodes */
    expect(lp_vec_step(p.vec, actions, &p.out, &err), &err, "environment 2: no more paper");
    for (int e = 0; e < N_ENVS; e++) assert_int_equal(p.ends[e], e == BAD ? LP_RUNNING : LP_TIMEOUT);
    expect(lp_vec_step(p.vec, actions, &p.out, &err), &err, "environment 2: its last reset failed");
    close_pool(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reset), cmocka_unit_test(test_autoreset)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
