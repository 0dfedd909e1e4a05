/* The policy that ships remembers, because of its memory: it wins far beyond what its window holds; the same weights
 * without memory, or with a window, guess; with the symbol kept in sight they need none. Unseen seeds, from power-on.
 * The README's larger figures come from `longplay eval`. */
#include "evals/eval.h"
#include "evals/stats.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static lp_game *game;
enum { DOORS = 4 };
static lp_policy *policy;

static int setup(void **state) {
    (void)state;
    char path[PATH_MAX];
    lp_err err;
    if (lp_game_open(&game, "cue", &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    snprintf(path, sizeof path, "%s/cue.safetensors", lp_game_dir(game));
    if (lp_policy_read(&policy, path, &err)) {
        print_error("%s\n", err.message);
        return -1;
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    lp_policy_close(policy);
    lp_game_close(game);
    return 0;
}

static lp_eval_row play(const lp_mem_arch *arch, int64_t horizon, bool twin, int64_t episodes) {
    int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(game, knobs);
    knobs[lp_game_find_knob(game, "horizon")] = horizon;
    knobs[lp_game_find_knob(game, "doors")] = DOORS;
    if (twin) assert_true(lp_game_twin_knobs(game, knobs));
    lp_eval_config c = {.player = LP_PLAYER_POLICY,
                        .policy = policy,
                        .memory = {.arch = arch, .dim = lp_policy_shape(policy)->dim},
                        .knobs = knobs,
                        .episodes = episodes,
                        .seed = 77};
    lp_eval_row row;
    lp_err err;
    if (arch == &lp_mem_tree) assert_int_equal(lp_mem_set(&c.memory, "unlike", -1, &err), LP_OK); /* as its notes mean */
    if (lp_eval(game, &c, &row, &err)) fail_msg("%s", err.message);
    print_message("memory %s, horizon %lld%s: %lld of %lld won, %d items\n", lp_mem_arch_name(arch), (long long)horizon,
                  twin ? ", twin" : "", (long long)row.wins, (long long)row.episodes, row.context_items_max);
    assert_int_equal(row.episodes, episodes);
    return row;
}

static void test_remembers(void **state) {
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    lp_eval_row row = play(&lp_mem_tree, 100, false, 10);
#else
    lp_eval_row row = play(&lp_mem_tree, 1000, false, 20);
#endif
    assert_true(row.win_rate >= 0.9);
    assert_true(row.context_items_max <= 200);
}

static void test_memory_is_why(void **state) {
    (void)state;
    double low, high;
    const lp_mem_arch *const short_lived[] = {&lp_mem_none, &lp_mem_window};
    for (int i = 0; i < 2; i++) {
        lp_eval_row row = play(short_lived[i], 40, false, 100);
        lp_wilson(row.wins, row.episodes, 2.576, &low, &high);
        assert_true(low <= 1.0 / DOORS && high >= 1.0 / DOORS); /* the floor */
    }
    assert_true(play(&lp_mem_full, 40, false, 20).win_rate >= 0.9);
    assert_true(play(&lp_mem_none, 40, true, 20).win_rate >= 0.9);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_remembers), cmocka_unit_test(test_memory_is_why)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
