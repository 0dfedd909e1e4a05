/* A training's log, the evaluations on the way, the weights that are kept: the same however often it is killed, and without any effect. */
#include "tests/cli_support.h"

#include "base/rng.h"

#include <cjson/cJSON.h>
#include <sys/stat.h>

/* Quick updates; the learning rate does not hang on how long it is. */
#define SMALL                                                                                                                              \
    " --train.envs=4 --train.steps=16 --policy.hidden=16 --policy.dim=8 --ppo.final_rate=1 --threads 1 --eval-episodes 6"                  \
    " --train.decisions=4000"
#define ASKED " --eval-every 500 --keep-weights 0,320,4000 --keep-best"

static char *read_text(const char *name) {
    lp_blob file;
    lp_err err;
    if (lp_file_read(&file, at(name), 64 << 20, &err)) fail_msg("%s", err.message);
    return (char *)file.data; /* ends with a 0 */
}

static uint64_t digest(const char *name) {
    lp_policy *policy;
    lp_err err;
    if (lp_policy_read(&policy, at(name), &err)) fail_msg("%s", err.message);
    uint64_t found = lp_policy_digest(policy);
    lp_policy_close(policy);
    return found;
}

/* The log without its times. */
static char *without_times(const char *name) {
    static const char *const times[] = {"wall_s", "cpu_s", "joules", "rollout_s", "learn_s"};
    char *text = read_text(name), *out = calloc(1, strlen(text) + 1), *save = NULL;
    assert_non_null(out);
    assert_true(*text && text[strlen(text) - 1] == '\n');
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        cJSON *o = cJSON_Parse(line);
        if (!cJSON_IsObject(o)) fail_msg("not JSON: %s", line);
        for (size_t i = 0; i < 5; i++) cJSON_DeleteItemFromObject(o, times[i]);
        char *plain = cJSON_PrintUnformatted(o);
        strcat(out, plain), strcat(out, "\n");
        cJSON_free(plain);
        cJSON_Delete(o);
    }
    free(text);
    return out;
}

static void expect_same_logs(const char *one, const char *other) {
    char *a = without_times(one), *b = without_times(other);
    if (strcmp(a, b)) fail_msg("%s:\n%s\n%s:\n%s", one, a, other, b);
    free(a), free(b);
}

static int count(const char *name, const char *what) {
    char *text = read_text(name);
    int n = 0;
    for (const char *found = text; (found = strstr(found, what)); found++) n++;
    free(text);
    return n;
}

/* asked.best.safetensors is what a training gives that ends at the first of the best evaluations. */
static void check_best(void) {
    char *log = read_text("asked.safetensors.log"), *save = NULL, arguments[512];
    double best = -1, decisions = 0;
    for (char *line = strtok_r(log, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        cJSON *o = cJSON_Parse(line);
        const cJSON *rate = cJSON_GetObjectItem(o, "win_rate");
        if (cJSON_GetObjectItem(o, "evaluation") && rate->valuedouble > best)
            best = rate->valuedouble, decisions = cJSON_GetObjectItem(o, "decisions")->valuedouble;
        cJSON_Delete(o);
    }
    free(log);
    assert_true(best >= 0);
    if (decisions < 1) { /* before it began */
        assert_true(digest("asked.best.safetensors") == digest("asked.0.safetensors"));
        return;
    }
    snprintf(arguments, sizeof arguments, "train cue --out %%/ended" SMALL " --train.decisions=%.0f", decisions);
    const result r = run_with(NULL, arguments);
    if (r.code) fail_msg("%s", r.err);
    assert_true(digest("ended") == digest("asked.best.safetensors"));
}

/* What is asked for on the way changes nothing of what is learned; weights that are kept are those of a training that ended there. */
static void test_changes_nothing(void **state) {
    (void)state;
    result r = longplay("train cue --out %%/plain.safetensors" SMALL);
    if (r.code) fail_msg("%s", r.err);
    if ((r = longplay("train cue --out %%/asked.safetensors" SMALL ASKED)).code) fail_msg("%s", r.err);
    assert_true(digest("plain.safetensors") == digest("asked.safetensors"));
    assert_true(digest("asked.4000.safetensors") == digest("asked.safetensors"));
    assert_true(digest("asked.0.safetensors") != digest("asked.320.safetensors"));
    if ((r = longplay("train cue --out %%/short" SMALL " --train.decisions=320")).code) fail_msg("%s", r.err);
    assert_true(digest("short") == digest("asked.320.safetensors"));
    assert_int_equal(count("asked.safetensors.log", "\"update\":"), 63);
    assert_int_equal(count("asked.safetensors.log", "\"evaluation\":\"interim\""), 8); /* at 0, 512, 1024, 1536, 2048, 2560, 3008, 3520 */
    assert_int_equal(count("asked.safetensors.log", "\"evaluation\":\"final\""), 1);
    assert_int_equal(count("plain.safetensors.log", "\"evaluation\""), 1);
    assert_false(lp_file_exists(at("plain.best.safetensors")));
    check_best();
}

/* Where the machine tells what it used: of each line, and of an evaluation; elsewhere of none. The counter stands still here. */
static void test_joules(void **state) {
    (void)state;
    mkdir(at("cap"), 0755);
    setenv("LONGPLAY_POWERCAP", at("cap"), 1);
    for (int told = 0; told < 2; told++) {
        if (told) put_energy_counter("cap");
        result r = longplay("train cue --overwrite --out %%/told" SMALL " --train.decisions=320 --eval-every 320");
        if (r.code) fail_msg("%s", r.err);
        assert_int_equal(count("told.log", "\"joules\":0.000}"), told ? count("told.log", "\"wall_s\"") : 0);
        assert_int_equal(count("told.log", "joules"), told ? count("told.log", "\"wall_s\"") : 0);
        if ((r = longplay("eval cue --episodes 1 --set horizon=2 --json")).code) fail_msg("%s", r.err);
        assert_int_equal(strstr(r.out, "\"joules\":0,") != NULL, told);
    }
    unsetenv("LONGPLAY_POWERCAP");
}

/* Killed, stopped, cut off, it ends with the same log, the same weights, nothing beside them. */
static void test_killed(void **state) {
    (void)state;
    result r = longplay("train cue --out %%/whole" SMALL ASKED);
    if (r.code) fail_msg("%s", r.err);
    lp_rng rng = lp_rng_make(test_seed(), 1);
    int code = 1;
    for (int i = 0; code; i++) {
        int out = scratch_file(), err = scratch_file(), signal = i % 3 ? SIGKILL : SIGTERM;
        const char *how = lp_file_exists(at("parts.train")) ? "train cue --resume --out %/parts" SMALL ASKED
                                                            : "train cue --overwrite --out %/parts" SMALL ASKED;
        pid_t child = start(how, NULL, out, err);
        if (i < 12) {
            usleep(20000 + lp_rng_below(&rng, 400000));
            kill(child, signal);
        }
        r = finish(child, out, err);
        code = r.code;
        if (code && code != -SIGKILL && code != -SIGTERM && code != 128 + SIGTERM) fail_msg("%d: exit %d, %s", i, code, r.err);
    }
    expect_same_logs("whole.log", "parts.log");
    static const char *const weights[] = {"", ".0", ".320", ".4000", ".best"};
    for (size_t i = 0; i < 5; i++) {
        char one[32], other[32];
        snprintf(one, sizeof one, "whole%s", weights[i]);
        snprintf(other, sizeof other, "parts%s", weights[i]);
        assert_true(digest(one) == digest(other));
    }
}

/* An evaluation that was killed goes on with the episodes that it has; those of another training under its name do not count. */
static void test_evaluation_goes_on(void **state) {
    (void)state;
    result r = longplay("train cue --out %%/w --minutes 0" SMALL);
    if (r.code) fail_msg("%s", r.err);
    char *log = read_text("w.log");
    assert_int_equal(count("w.log", "\"outcomes\""), 1);
    static const char other[] =
        "{\"longplay\":\"evaluation\",\"version\":1,\"rows\":[{\"policy_digest\":\"0\",\"decisions\":0,\"episodes\":6}]}\n"
        "{\"row\":0,\"episode\":0,\"outcome\":\"win\",\"decisions\":7,\"context_items\":1}\n";
    put(at("w.0.eval"), other, sizeof other - 1);
    if ((r = longplay("train cue --out %%/w --minutes 0 --resume" SMALL)).code) fail_msg("%s", r.err);
    char *again = read_text("w.log");
    assert_string_equal(log, again);
    assert_false(lp_file_exists(at("w.0.eval")));
    put(at("w.0.eval"), "my thesis", 9);
    expect_refused(longplay("train cue --out %%/w --minutes 0 --resume --json" SMALL), 2, "w.0.eval: is not an evaluation",
                   "somebody's file");
    free(log), free(again);
}

static void test_wrong(void **state) {
    (void)state;
    expect_refused(longplay("train cue --out %%/w --keep-weights 5000" SMALL), 2, "train.decisions is 4000", "more than it trains for");
    expect_refused(longplay("train cue --out %%/w --keep-weights 1,x" SMALL), 2, "'x': must be whole numbers", "no number");
    expect_refused(longplay("train cue --out %%/w --keep-weights -1" SMALL), 2, "must be whole numbers", "below 0");
    expect_refused(longplay("train cue --out %%/w --eval-every 0" SMALL), 2, "eval-every", "never");
    put(at("w.320"), "my thesis", 9);
    expect_refused(longplay("train cue --out %%/w --keep-weights 320" SMALL), 2, "w.320: is not a weight file", "over a file");
    assert_int_equal(unlink(at("w.320")), 0);
    assert_int_equal(longplay("train cue --out %%/w" SMALL).code, 0);
    char *log = read_text("w.log");
    size_t head = (size_t)(strchr(log, '\n') - log) + 1;
    char *other = calloc(1, head + 32);
    assert_non_null(other);
    memcpy(other, log, head);
    strcat(other, "{\"update\":5}\n");
    put(at("w.log"), other, strlen(other));
    free(other);
    expect_refused(longplay("train cue --out %%/w --resume" SMALL), 2, "not a line of a training's log", "a line of something else");
    put(at("w.log"), "update 5 decisions 320\n", 23);
    expect_refused(longplay("train cue --out %%/w --resume" SMALL), 2, "move it away", "a log of before");
    put(at("w.log"), log, strlen(log) - 20); /* torn */
    assert_int_equal(longplay("train cue --out %%/w --resume" SMALL).code, 0);
    put(at("whole"), log, strlen(log));
    expect_same_logs("whole", "w.log");
    assert_int_equal(unlink(at("w.log")), 0);
    assert_int_equal(longplay("train cue --out %%/w --resume" SMALL).code, 0);
    assert_int_equal(count("w.log", "\n"), 2);
    free(log);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_changes_nothing), TEST(test_joules), TEST(test_killed), TEST(test_evaluation_goes_on),
                                       TEST(test_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
