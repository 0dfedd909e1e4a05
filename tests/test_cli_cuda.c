/* --device on the command line: training, playing, evaluating and measuring on a card, from one device to another, and a card that is
 * full. With a card, or with the CPU that stands in for one (on_cpu); elsewhere only what is said without one. */
#include "cli_support.h"

#include <cjson/cJSON.h>

#define SMALL                                                                                                                              \
    "--train.envs=3 --train.steps=4 --policy.hidden=16 --policy.dim=8 --train.reencode=4 --curriculum.start=1 --curriculum.end=1 "         \
    "--eval-episodes 1 --json"

static result say(result r, const char *what) {
    if (r.code) fail_msg("%s: exit %d, '%s'", what, r.code, r.err);
    return r;
}

static double number(const char *json, const char *name) {
    cJSON *o = cJSON_Parse(json);
    const cJSON *v = cJSON_GetObjectItem(o, name);
    if (!v && cJSON_GetObjectItem(o, "games")) v = cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), 0), name);
    if (!cJSON_IsNumber(v)) fail_msg("no %s in '%s'", name, json);
    double value = v->valuedouble;
    cJSON_Delete(o);
    return value;
}

/* Whether there is a card; what is refused without one. */
static bool card(void) {
    result r = say(longplay("info"), "info");
    if (strstr(r.out, "compute capability")) return true;
    expect_refused(longplay("train cue --device cuda --out %%/none.safetensors"), 2, "--device cuda: ", "train");
    expect_refused(longplay("play cue --device cuda"), 2, "--device cuda: ", "play");
    expect_refused(longplay("eval cue --device cuda"), 2, "--device cuda: ", "eval");
    expect_refused(longplay("bench learn --device cuda"), 2, "--device cuda: ", "bench");
    assert_false(lp_file_exists(at("none.safetensors")));
    return false;
}

static uint64_t digest(const char *name) {
    lp_err err;
    lp_policy *policy;
    if (lp_policy_read(&policy, at(name), &err)) fail_msg("%s", err.message);
    uint64_t d = lp_policy_digest(policy);
    lp_policy_close(policy);
    return d;
}

/* A training on a card gives the same weights every time, goes on on a CPU, and from there on the card again. */
static void test_train(void **state) {
    (void)state;
    if (!card()) skip();
    for (int i = 1; i <= 2; i++)
        say(longplay("train cue --device cuda --threads %d --train.decisions=24 --out %%/%d.safetensors " SMALL, i, i), "train");
    assert_true(digest("1.safetensors") == digest("2.safetensors"));
    result r = say(longplay("train cue --device cpu --resume --train.decisions=36 --out %%/1.safetensors " SMALL), "resume on the CPU");
    assert_true(number(r.out, "decisions") == 36);
    r = say(longplay("train cue --device cuda --resume --train.decisions=48 --policy.precision=float32 --out %%/1.safetensors " SMALL),
            "resume on the card");
    assert_true(number(r.out, "decisions") == 48);
    say(longplay(
            "train cue --device cuda --train.decisions=12 --policy.core=gru --policy.precision=bfloat16 --out %%/gru.safetensors " SMALL),
        "gru");
}

/* Rollouts beside updates are played by older weights: another training, but an exact one, also when it stops and goes on. */
static void test_overlap(void **state) {
    (void)state;
    if (!card()) skip();
#define TRAIN "train cue --device cuda --ppo.final_rate=1 --train.overlap=%s --train.decisions=%d --out %%/%s.safetensors %s " SMALL
    say(longplay(TRAIN, "no", 48, "apart", ""), "train");
    say(longplay(TRAIN, "yes", 48, "whole", ""), "overlap");
    say(longplay(TRAIN, "yes", 24, "halves", ""), "overlap, a half");
    say(longplay(TRAIN, "yes", 48, "halves", "--resume"), "overlap, resumed");
    assert_true(digest("whole.safetensors") == digest("halves.safetensors"));
    assert_true(digest("whole.safetensors") != digest("apart.safetensors"));
    result r = say(longplay("train cue --device cpu --resume --ppo.final_rate=1 --train.overlap=yes --train.decisions=60 --out "
                            "%%/halves.safetensors " SMALL),
                   "on the CPU");
    assert_true(number(r.out, "decisions") == 60);
    expect_refused(longplay(TRAIN, "no", 60, "halves", "--resume"), 2, "other settings", "another setting");
}

/* What a trained policy does is the same on both, and a run goes on wherever it was left. */
static void test_play(void **state) {
    (void)state;
    if (!card()) skip();
    write_policy(at("p.safetensors"), 3);
    result there =
        say(longplay("eval cue --policy %%/p.safetensors --device cuda --sample --set horizon=9 --episodes 4 --json"), "eval on the card");
    result here = say(longplay("eval cue --policy %%/p.safetensors --device cpu --sample --set horizon=9 --episodes 4 --json"), "eval");
    assert_true(number(there.out, "wins") == number(here.out, "wins"));
    assert_true(number(there.out, "context_items_max") == number(here.out, "context_items_max"));
    say(longplay("play cue --policy %%/p.safetensors --set horizon=50 --headless --device cuda --decisions 10 --run %%/run --json"),
        "play on the card");
    say(longplay("play --resume --headless --device cpu --decisions 25 --run %%/run --json"), "resume on the CPU");
    result r = say(longplay("play --resume --headless --device cuda --decisions 35 --run %%/run --json"), "resume on the card");
    assert_true(number(r.out, "decisions") == 35);
    say(longplay("replay %%/run --verify"), "replay");
    say(longplay("bench policy --device cuda --policy %%/p.safetensors --batch 2 --context 5 --seconds 0.1 --json"), "bench policy");
    say(longplay("bench learn --device cuda --policy %%/p.safetensors --envs 2 --steps 4 --context 5 --reencode 2 --updates 1 --json"),
        "bench learn");
    say(longplay("bench train --device cuda --envs 2 --steps 4 --updates 1 --overlap --json"), "bench train");
}

/* Only the stand-in has a card of a size that a test can choose. */
static void test_full(void **state) {
    (void)state;
    if (!card() || !strstr(longplay("info").out, "CUDA on a CPU")) skip();
    say(longplay("train cue --device cuda --train.decisions=12 --out %%/full.safetensors " SMALL), "train");
    lp_blob before, after;
    lp_err err;
    assert_int_equal(lp_file_read(&before, at("full.safetensors.train"), 1 << 30, &err), LP_OK);
    expect_refused(run_with("CUDA_ON_CPU_MIB=40", "train cue --device cuda --resume --train.decisions=24 --out %/full.safetensors " SMALL),
                   1, "out of GPU memory: ", "a full card");
    expect_refused(run_with("CUDA_ON_CPU_MIB=1", "eval cue --device cuda --policy %/full.safetensors"), 1,
                   "out of GPU memory: ", "a fuller card");
    assert_int_equal(lp_file_read(&after, at("full.safetensors.train"), 1 << 30, &err), LP_OK);
    assert_true(before.size_bytes == after.size_bytes && !memcmp(before.data, after.data, before.size_bytes));
    lp_blob_free(&before);
    lp_blob_free(&after);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_train), cmocka_unit_test(test_overlap), cmocka_unit_test(test_play),
                                       cmocka_unit_test(test_full)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
