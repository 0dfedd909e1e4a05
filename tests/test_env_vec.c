/* The pool of environments against single environments, over kinds of observation, threads, groups and autoresets. */
#include "base/hash.h"
#include "base/rng.h"
#include "env/observation.h"
#include "env/vec.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { N = 5, STEPS = 60, TIME_LIMIT = 25 };
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

static int64_t short_knobs[LP_MAX_KNOBS];

static lp_vec_config config_of(lp_obs_kind kind, lp_autoreset autoreset) {
    lp_game_default_knobs(cue, short_knobs);
    lp_game_set_knob(cue, short_knobs, "horizon=6", NULL);
    return (lp_vec_config){
        .n_envs = N, .observation = kind, .autoreset = autoreset, .seed = 11, .knobs = short_knobs, .time_limit = TIME_LIMIT};
}

static int32_t action_of(int e, int step) {
    lp_rng rng = lp_rng_make(5, (uint64_t)(step * N + e));
    return (int32_t)lp_rng_below(&rng, (uint32_t)lp_game_n_actions(cue));
}

/* Hash of all that a pool gives out over STEPS steps; groups take turns. */
static uint64_t play(lp_vec_config config, int threads, int groups) {
    lp_vec *vec;
    lp_err err = {{0}};
    config.n_threads = threads;
    config.n_groups = groups;
    if (lp_vec_open(&vec, cue, &config, &err)) fail_msg("%s", err.message);
    assert_int_equal(lp_vec_n_threads(vec), threads);
    size_t bytes = lp_vec_observation_bytes(vec);
    uint8_t *observations = calloc(N, bytes + 1), ends[N];
    float rewards[N];
    int32_t actions[N];
    lp_vec_out out = {.observations = observations, .rewards = rewards, .ends = ends};
    lp_vec_reset(vec, &out, NULL);
    uint64_t hash = lp_hash64(observations, N * bytes);
    for (int step = 0; step < STEPS; step++) {
        for (int e = 0; e < N; e++) actions[e] = action_of(e, step);
        for (int g = 0; g < groups; g++) { /* one stays under way while the next is received */
            lp_vec_send(vec, g, actions, &out);
            if (g > 0) lp_vec_recv(vec, g - 1, NULL);
        }
        lp_vec_recv(vec, groups - 1, NULL);
        uint64_t parts[4] = {hash, lp_hash64(observations, N * bytes), lp_hash64(rewards, sizeof rewards), lp_hash64(ends, sizeof ends)};
        hash = lp_hash64(parts, sizeof parts);
    }
    for (int e = 0; e < N; e++)
        hash ^= lp_emu_hash(lp_env_emu(lp_vec_env(vec, e))) + lp_vec_seed_of(vec, e) + (uint64_t)lp_vec_episode_of(vec, e);
    lp_vec_close(vec);
    free(observations);
    return hash;
}

static void test_threads(void **state) {
    (void)state;
    for (int kind = 0; kind <= LP_OBS_NONE; kind++) {
        lp_vec_config config = config_of((lp_obs_kind)kind, (lp_autoreset)(kind % 3));
        if (kind != LP_OBS_SHADES) config.width = 33, config.height = 40;
        config.stack = 1 + kind;
        uint64_t one = play(config, 1, 1);
        assert_true(one == play(config, 2, 1));
        assert_true(one == play(config, 3, 2));
        assert_true(one == play(config, 2, 5));
        config.seed++;
        assert_true(one != play(config, 1, 1));
    }
}

/* Each environment of the pool, step by step, against one of its own. */
static void test_against_envs(void **state) {
    (void)state;
    enum { STACK = 3, SIDE = 84, FRAME = SIDE * SIDE };
    for (int autoreset = 0; autoreset <= LP_AUTORESET_OFF; autoreset++) {
        lp_vec_config config = config_of(LP_OBS_GREY, (lp_autoreset)autoreset);
        config.width = config.height = SIDE, config.stack = STACK, config.n_threads = 2;
        lp_vec *vec;
        lp_env *env[N];
        assert_int_equal(lp_vec_open(&vec, cue, &config, NULL), LP_OK);
        static uint8_t observations[N][STACK][FRAME], expected[N][STACK][FRAME];
        uint8_t ends[N], waiting[N] = {0};
        float rewards[N];
        int32_t actions[N];
        uint64_t episode[N] = {0};
        int n_ends = 0;
        lp_vec_out out = {.observations = observations, .rewards = rewards, .ends = ends};
        lp_vec_reset(vec, &out, NULL);
        for (int step = -1; step < STEPS; step++) {
            for (int e = 0; e < N; e++) actions[e] = action_of(e, step);
            if (step >= 0) lp_vec_step(vec, actions, &out, NULL);
            for (int e = 0; e < N; e++) {
                lp_outcome outcome = LP_RUNNING, shown = LP_RUNNING;
                bool begin = step < 0;
                float reward = 0;
                if (begin) {
                    assert_int_equal(lp_env_open(&env[e], cue, NULL, NULL), LP_OK);
                } else if (waiting[e]) {
                    begin = autoreset == LP_AUTORESET_NEXT_STEP;
                    shown = begin ? LP_RUNNING : (lp_outcome)waiting[e];
                } else {
                    shown = outcome = lp_env_step(env[e], actions[e]);
                    reward = outcome == LP_RUNNING ? 0 : outcome == LP_WIN ? 1 : -1;
                    begin = outcome != LP_RUNNING && autoreset == LP_AUTORESET_SAME_STEP;
                    n_ends += outcome != LP_RUNNING;
                }
                bool still = waiting[e] && autoreset == LP_AUTORESET_OFF;
                waiting[e] = begin ? 0 : outcome != LP_RUNNING ? (uint8_t)outcome : waiting[e];
                if (begin) {
                    uint64_t seed = lp_game_train_seed(config.seed, episode[e]++ * N + (uint64_t)e);
                    assert_int_equal(lp_vec_seed_of(vec, e), seed);
                    assert_int_equal(lp_env_reset(env[e], seed, short_knobs, TIME_LIMIT, NULL), LP_OK);
                }
                int w, h;
                const uint32_t *frame = lp_emu_frame(lp_env_emu(env[e]), &w, &h);
                if (!still)
                    for (int i = begin ? 0 : STACK - 1; i < STACK; i++) {
                        if (!begin) memmove(expected[e][0], expected[e][1], (STACK - 1) * FRAME);
                        lp_observe_grey(expected[e][i], SIDE, SIDE, frame, w, w, h);
                    }
                assert_int_equal(lp_emu_hash(lp_env_emu(lp_vec_env(vec, e))), lp_emu_hash(lp_env_emu(env[e])));
                assert_memory_equal(observations[e], expected[e], sizeof expected[e]);
                assert_true(rewards[e] == reward && ends[e] == shown);
            }
        }
        assert_true(n_ends >= N);
        for (int e = 0; e < N; e++) lp_env_close(env[e]);
        lp_vec_close(vec);
    }
}

static void test_kinds(void **state) {
    (void)state;
    lp_vec *vec;
    static uint8_t shades[N][144 * 40], rgb[N][144 * 160 * 3];
    int64_t ram[N][LP_MAX_VARIABLES];
    uint8_t ends[N];
    int w, h;
    lp_vec_config config = config_of(LP_OBS_SHADES, LP_AUTORESET_OFF);
    assert_int_equal(lp_vec_open(&vec, cue, &config, NULL), LP_OK);
    lp_vec_observation_size(vec, &w, &h);
    assert_true(w == 160 && h == 144 && lp_vec_observation_bytes(vec) == sizeof shades[0]);
    lp_vec_reset(vec, &(lp_vec_out){.observations = shades}, NULL);
    for (int e = 0; e < N; e++) {
        const uint32_t *frame = lp_emu_frame(lp_env_emu(lp_vec_env(vec, e)), &w, &h);
        for (int i = 0; i < 160 * 144; i++) assert_int_equal(shades[e][i / 4] >> 2 * (i % 4) & 3, (frame[i] & 255) / 64);
    }
    lp_vec_close(vec);

    config.observation = LP_OBS_RGB;
    assert_int_equal(lp_vec_open(&vec, cue, &config, NULL), LP_OK);
    assert_int_equal(lp_vec_observation_bytes(vec), sizeof rgb[0]);
    lp_vec_reset(vec, &(lp_vec_out){.observations = rgb}, NULL);
    const uint32_t *frame = lp_emu_frame(lp_env_emu(lp_vec_env(vec, N - 1)), &w, &h);
    for (int i = 0; i < 160 * 144; i++) assert_true((frame[i] >> 8 & 255) == rgb[N - 1][3 * i + 1]);
    lp_vec_close(vec);

    config.observation = LP_OBS_RAM;
    assert_int_equal(lp_vec_open(&vec, cue, &config, NULL), LP_OK);
    int n = lp_game_n_variables(cue), answer = -1;
    for (int i = 0; i < n; i++)
        if (!strcmp(lp_game_variable_name(cue, i), "seed")) answer = i;
    assert_true(answer >= 0 && lp_vec_observation_bytes(vec) == (size_t)n * sizeof(int64_t));
    int64_t *packed = &ram[0][0];
    lp_vec_reset(vec, &(lp_vec_out){.observations = packed, .ends = ends}, NULL);
    for (int e = 0; e < N; e++) assert_int_equal(packed[e * n + answer], lp_vec_seed_of(vec, e));
    lp_vec_reset_one(vec, 2, 77, NULL, &(lp_vec_out){.observations = packed, .ends = ends}, NULL);
    assert_true(packed[2 * n + answer] == 77 && lp_vec_seed_of(vec, 2) == 77 && lp_vec_episode_of(vec, 2) == 1 && ends[2] == LP_RUNNING);
    lp_vec_close(vec);
}

static void refuse(lp_vec_config config, const char *words) {
    lp_vec *vec = NULL;
    lp_err err = {{0}};
    assert_int_equal(lp_vec_open(&vec, cue, &config, &err), LP_BAD_INPUT);
    assert_null(vec);
    if (!strstr(err.message, words)) fail_msg("'%s' does not say '%s'", err.message, words);
}

static void test_refusals(void **state) {
    (void)state;
    int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(cue, knobs);
    knobs[0] = -1;
    refuse((lp_vec_config){.n_envs = -1}, "n_envs");
    refuse((lp_vec_config){.n_envs = 2, .n_groups = 3}, "n_groups");
    refuse((lp_vec_config){.n_threads = -2}, "n_threads");
    refuse((lp_vec_config){.stack = 17}, "stack");
    refuse((lp_vec_config){.width = 161}, "width");
    refuse((lp_vec_config){.height = -1}, "height");
    refuse((lp_vec_config){.observation = LP_OBS_SHADES, .width = 80, .height = 72}, "two bits");
    refuse((lp_vec_config){.observation = (lp_obs_kind)9}, "observation");
    refuse((lp_vec_config){.knobs = knobs}, lp_game_knob(cue, 0)->name);
    refuse((lp_vec_config){.scenario_reward = true}, "reward");
    refuse((lp_vec_config){.time_limit = -1}, "time_limit");
    refuse((lp_vec_config){.frame_skip = 601}, "frame_skip");
}

/* Many at once; closing waits for what is under way. */
static void test_many(void **state) {
    (void)state;
    enum { MANY = 256 };
    lp_vec *vec;
    lp_vec_config config = {.n_envs = MANY, .n_groups = 2, .observation = LP_OBS_SHADES, .evaluation = true};
    assert_int_equal(lp_vec_open(&vec, cue, &config, NULL), LP_OK);
    uint8_t *observations = malloc(MANY * lp_vec_observation_bytes(vec));
    int32_t actions[MANY] = {0};
    lp_vec_out out = {.observations = observations};
    lp_vec_reset(vec, &out, NULL);
    for (int e = 1; e < MANY; e++) assert_true(lp_vec_seed_of(vec, e) % 2 == 0 && lp_vec_seed_of(vec, e) != lp_vec_seed_of(vec, e - 1));
    lp_vec_step(vec, actions, &out, NULL);
    lp_vec_send(vec, 1, actions, &out);
    lp_vec_close(vec);
    free(observations);
}

static void break_contract(int which) {
    lp_vec *vec;
    int first, count;
    int32_t actions[N] = {0};
    lp_vec_out out = {0};
    lp_vec_config config = config_of(LP_OBS_NONE, LP_AUTORESET_SAME_STEP);
    if (lp_vec_open(&vec, cue, &config, NULL)) return;
    if (which != 0) lp_vec_reset(vec, &out, NULL);
    if (which == 1) actions[1] = lp_game_n_actions(cue);
    if (which == 2) lp_vec_recv(vec, 0, NULL);
    if (which == 3) lp_vec_group(vec, 1, &first, &count);
    if (which == 4) lp_vec_env(vec, N);
    lp_vec_send(vec, 0, actions, &out);
    if (which == 5) lp_vec_send(vec, 0, actions, &out);
    if (which == 6) lp_vec_reset(vec, &out, NULL);
    if (which == 7) lp_env_step(lp_vec_env(vec, 0), -1);
    if (which == 8) lp_vec_reset_one(vec, 1, 1, NULL, &out, NULL);
}

/* A caller's mistake ends the process, in every build, instead of writing where it should not. */
static void test_contracts(void **state) {
    (void)state;
    for (int which = 0; which < 9; which++) {
        int status;
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child) {
            freopen("/dev/null", "w", stderr);
            break_contract(which);
            _exit(0);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT) fail_msg("contract %d: went on", which);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_threads),  cmocka_unit_test(test_against_envs), cmocka_unit_test(test_kinds),
                                       cmocka_unit_test(test_refusals), cmocka_unit_test(test_contracts),    cmocka_unit_test(test_many)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
