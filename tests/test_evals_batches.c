/* An episode's result is its own: with how many others it is decided in a batch, in which order and on how many threads it is played, does not
 * tell. */
#include "evals/eval.h"
#include "harness/choose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { EPISODES = 11, DOORS = 4 };

typedef struct {
    lp_game *game;
    lp_policy *policy;
    lp_eval_config config;
    int64_t knobs[LP_MAX_KNOBS];
} evaluation;

/* Random weights, whose draws win some doors and lose others. */
static void open_evaluation(evaluation *e) {
    lp_err err;
    if (lp_game_open(&e->game, "cue", &err)) fail_msg("%s", err.message);
    lp_policy_config shape = {.n_actions = lp_game_n_actions(e->game)};
    lp_game_observation(e->game, &shape.width, &shape.height);
    if (lp_policy_open(&e->policy, &shape, 3, &err) || lp_choose_memory(&e->config.memory, e->policy, NULL, &err))
        fail_msg("%s", err.message);
    lp_game_default_knobs(e->game, e->knobs);
    e->knobs[lp_game_find_knob(e->game, "doors")] = DOORS;
    e->knobs[lp_game_find_knob(e->game, "horizon")] = 40;
    e->config.player = LP_PLAYER_POLICY;
    e->config.policy = e->policy;
    e->config.sample = true;
    e->config.knobs = e->knobs;
    e->config.episodes = EPISODES;
    e->config.seed = 5;
}

static void play(evaluation *e, int threads, lp_eval_episode *results) {
    lp_eval_row row;
    lp_err err;
    e->config.n_threads = threads;
    e->config.results = results;
    if (lp_eval(e->game, &e->config, &row, &err)) fail_msg("%s", err.message);
}

static void expect(const lp_eval_episode *got, const lp_eval_episode *want, const char *how, int number) {
    for (int i = 0; i < EPISODES; i++)
        if (got[i].outcome != want[i].outcome || got[i].decisions != want[i].decisions || got[i].items_read != want[i].items_read ||
            got[i].context_items_max != want[i].context_items_max)
            fail_msg("%s %d: episode %d is another", how, number, i);
}

static void test_episodes_are_their_own(void **state) {
    (void)state;
    evaluation e = {0};
    lp_eval_episode together[EPISODES] = {0};
    open_evaluation(&e);
    play(&e, 1, together);
    int wins = 0;
    for (int i = 0; i < EPISODES; i++) wins += together[i].outcome == LP_WIN;
    assert_true(wins > 0 && wins < EPISODES);
    for (int threads = 2; threads <= EPISODES; threads += 3) {
        lp_eval_episode spread[EPISODES] = {0};
        play(&e, threads, spread);
        expect(spread, together, "threads", threads);
    }
    for (int at_once = 1; at_once <= 3; at_once++) { /* the last first */
        lp_eval_episode alone[EPISODES], known[EPISODES];
        for (int i = 0; i < EPISODES; i++) known[i].outcome = LP_WIN;
        for (int from = EPISODES; from > 0;) {
            const int n = from < at_once ? from : at_once;
            from -= n;
            memset(known + from, 0, (size_t)n * sizeof *known);
            play(&e, 1, known);
            memcpy(alone + from, known + from, (size_t)n * sizeof *known);
        }
        expect(alone, together, "at once", at_once);
    }
    lp_policy_close(e.policy);
    lp_game_close(e.game);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_episodes_are_their_own)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
