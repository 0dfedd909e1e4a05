/* The policies that ship with the games, each at the knobs and the horizon that it was trained for, on unseen seeds from power-on.
 * LONGPLAY_THOROUGH=1 plays 500 episodes instead of a few. */
#include "tests/cli_support.h"

#include <cjson/cJSON.h>

/* at_least: a share that a policy of the rate that its README tells falls below in one of a thousand runs of this many episodes. */
static void expect_wins(const char *game, const char *knobs, double at_least) {
#ifdef __SANITIZE_ADDRESS__
    int episodes = 12;
#else
    int episodes = getenv("LONGPLAY_THOROUGH") ? 500 : 200;
#endif
    char arguments[256] = "", *rest, list[128];
    snprintf(list, sizeof list, "%s", knobs);
    for (char *knob = strtok_r(list, " ", &rest); knob; knob = strtok_r(NULL, " ", &rest))
        snprintf(arguments + strlen(arguments), sizeof arguments - strlen(arguments), " --set %s", knob);
    result r = longplay("eval %s%s --seed 21 --episodes %d --json", game, arguments, episodes);
    cJSON *o = cJSON_Parse(r.out);
    if (r.code || !o) fail_msg("exit %d, out '%s', err '%s'", r.code, r.out, r.err);
    int wins = cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), 0), "wins")->valueint;
    print_message("%s %s: %d of %d\n", game, knobs, wins, episodes);
    if (wins < at_least * episodes - (episodes < 200))
        fail_msg("%s wins %d of %d, less than %.0f %%", game, wins, episodes, 100 * at_least);
    cJSON_Delete(o);
}

static void test_catch(void **state) {
    (void)state;
    expect_wins("catch", "speed=1", 0.94);
}

static void test_locks(void **state) {
    (void)state;
    expect_wins("locks", "n=16", 0.94);
}

static void test_cue(void **state) {
    (void)state;
    expect_wins("cue", "doors=4 horizon=64", 0.94);
    expect_wins("cue", "doors=2 horizon=64", 0.94);
}

static void test_order(void **state) {
    (void)state;
    expect_wins("order", "n=4 horizon=16", 0.94);
    expect_wins("order", "n=4 horizon=256", 0.94);
}

static void test_map(void **state) {
    (void)state;
    expect_wins("map", "n=4 horizon=4", 0.94);
    expect_wins("map", "n=4 horizon=64", 0.94);
}

static void test_keydoor(void **state) {
    (void)state;
    expect_wins("keydoor", "keys=4 horizon=16", 0.94);
}

static void test_rule(void **state) {
    (void)state;
    expect_wins("rule", "S=3 episodes=3 horizon=4", 0.94);
    expect_wins("rule", "S=3 episodes=3 horizon=64", 0.94);
}

static void test_count(void **state) {
    (void)state;
    expect_wins("count", "flashes=16 horizon=16", 0.88);
}

static void test_facts(void **state) {
    (void)state;
    expect_wins("facts", "F=4 base=4 horizon=16", 0.94);
    expect_wins("facts", "F=16 base=4 horizon=16", 0.93);
}

static void test_lures(void **state) {
    (void)state;
    expect_wins("lures", "pairs=4 lures=4 rewrites=2 doors=4 horizon=16", 0.82);
    expect_wins("lures", "pairs=16 lures=4 rewrites=2 doors=4 horizon=256", 0.84);
}

static void hash_of(result r, char *out) {
    cJSON *o = cJSON_Parse(r.out);
    if (r.code || !o) fail_msg("exit %d, out '%s', err '%s'", r.code, r.out, r.err);
    snprintf(out, 32, "%s", cJSON_GetObjectItem(o, "state_hash")->valuestring);
    cJSON_Delete(o);
}

/* A policy that draws its actions: stopped and resumed, it plays as if it had never stopped. */
static void test_resumes(void **state) {
    (void)state;
    char whole[32], parts[32], other[32];
    hash_of(longplay("play rule --set S=3 --decisions 150 --headless --run %%/whole --json"), whole);
    hash_of(longplay("play rule --set S=3 --decisions 61 --headless --run %%/parts --json"), other);
    hash_of(longplay("play --run %%/parts --resume --decisions 150 --headless --json"), parts);
    assert_string_equal(whole, parts);
    assert_string_not_equal(whole, other);
    hash_of(longplay("play rule --set S=3 --decisions 150 --seed 2 --headless --run %%/other --json"), other);
    assert_string_not_equal(whole, other);
    assert_int_equal(longplay("replay %%/parts --verify").code, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cue),   cmocka_unit_test(test_catch),  cmocka_unit_test(test_locks),
                                       cmocka_unit_test(test_order), cmocka_unit_test(test_map),    cmocka_unit_test(test_keydoor),
                                       cmocka_unit_test(test_rule),  cmocka_unit_test(test_count),  cmocka_unit_test(test_facts),
                                       cmocka_unit_test(test_lures), cmocka_unit_test(test_resumes)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
