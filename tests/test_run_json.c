/* run.json: whole at any moment, in step with the run, and of no weight to it. */
#include "tests/run_support.h"

#include <cjson/cJSON.h>

#define PLAY "play cue --policy random --headless --run %/run --resume "

/* NULL: not there (yet). What is there must be one whole object. */
static cJSON *read_json(const char *folder) {
    char path[PATH_MAX];
    lp_blob blob = {0};
    if (lp_file_read(&blob, lp_path_join(path, sizeof path, folder, "run.json"), 1 << 16, NULL)) return NULL;
    cJSON *o = cJSON_Parse((const char *)blob.data);
    if (!o) fail_msg("run.json is '%s'", (const char *)blob.data);
    lp_blob_free(&blob);
    return o;
}

static double number_of(const cJSON *o, const char *name) {
    const cJSON *n = cJSON_GetObjectItem(o, name);
    if (!cJSON_IsNumber(n)) fail_msg("run.json has no number '%s'", name);
    return n->valuedouble;
}

static void expect_text(const cJSON *o, const char *name, const char *text) {
    assert_string_equal(cJSON_GetStringValue(cJSON_GetObjectItem(o, name)), text);
}

static void test_end(void **state) {
    (void)state;
    result r = run_with(NULL, PLAY "--episodes 3 --set horizon=20 --json");
    cJSON *said = cJSON_Parse(r.out), *o = read_json(at("run"));
    assert_int_equal(r.code, 0);
    assert_true(said && o);
    expect_text(o, "longplay", "run");
    expect_text(o, "state", "ended");
    expect_text(o, "game", "cue");
    expect_text(o, "policy", "random");
    assert_true(number_of(o, "decision") == number_of(said, "decisions") && number_of(o, "decision") >= 60);
    assert_true(number_of(o, "wins") == number_of(said, "wins"));
    assert_true(number_of(o, "wins") + number_of(o, "losses") + number_of(o, "timeouts") == 3);
    assert_true(cJSON_IsNull(cJSON_GetObjectItem(o, "recovered")));
    cJSON_Delete(said);
    cJSON_Delete(o);
}

/* Read as fast as it goes while it is replaced: never torn, and the run's decisions rise. */
static void test_while_playing(void **state) {
    (void)state;
    int out = scratch_file(), err = scratch_file(), changes = 0;
    pid_t child = start(PLAY "--episodes 0 --decisions 0", NULL, out, err);
    double decision = -1;
    for (int i = 0; changes < 3 && i < 600000; i++, usleep(100)) {
        cJSON *o = read_json(at("run"));
        if (!o) continue;
        expect_text(o, "state", "playing");
        assert_true(number_of(o, "pid") == child);
        changes += number_of(o, "decision") > decision;
        assert_true(number_of(o, "decision") >= decision);
        decision = number_of(o, "decision");
        cJSON_Delete(o);
    }
    assert_int_equal(changes, 3);
    kill(child, SIGKILL);
    assert_int_equal(finish(child, out, err).code, -SIGKILL);
    cJSON *o = read_json(at("run"));
    expect_text(o, "state", "playing"); /* a kill leaves what was, with the time that it was */
    assert_true(number_of(o, "updated") > 1.6e9);
    cJSON_Delete(o);
    char more[256];
    snprintf(more, sizeof more, "%s--decisions %.0f", PLAY, decision + 10000);
    assert_int_equal(run_with(NULL, more).code, 0);
    o = read_json(at("run"));
    assert_non_null(strstr(cJSON_GetStringValue(cJSON_GetObjectItem(o, "recovered")), "RECOVERED"));
    cJSON_Delete(o);
}

/* Where it cannot be written, the run is none the worse. */
static void test_in_the_way(void **state) {
    (void)state;
    assert_int_equal(run_with(NULL, PLAY "--decisions 100").code, 0);
    assert_int_equal(unlink(at("run/run.json")), 0);
    assert_int_equal(mkdir(at("run/run.json"), 0777), 0);
    result r = run_with(NULL, PLAY "--decisions 300");
    assert_int_equal(r.code, 0);
    assert_string_equal(r.err, "");
    assert_int_equal(longplay("replay %%/run --verify").code, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_end), TEST(test_while_playing), TEST(test_in_the_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
