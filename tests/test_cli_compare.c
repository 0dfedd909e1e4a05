/* longplay compare, as it is typed: its verdicts and exit codes, results in the place of players, that what it prints and writes says one
 * thing, and one line and exit 2 for what is wrong. */
#include "tests/cli_support.h"

#include <cjson/cJSON.h>

static cJSON *json_of(result r, int code) {
    const char *end = NULL;
    cJSON *o = cJSON_ParseWithOpts(r.out, &end, 0);
    if (r.code != code || !o || strcmp(end, "\n")) fail_msg("exit %d (want %d), out '%s', err '%s'", r.code, code, r.out, r.err);
    assert_int_equal((int)cJSON_GetNumberValue(cJSON_GetObjectItem(o, "exit_code")), code);
    return o;
}

static const cJSON *row(const cJSON *o, int i) { return cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), i); }
static double number(const cJSON *o, const char *name) {
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);
    if (!cJSON_IsNumber(item)) fail_msg("no number %s", name);
    return item->valuedouble;
}
static const char *text(const cJSON *o, const char *name) { return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name)); }

static char *content(const char *name) {
    static lp_blob blob;
    lp_err err;
    lp_blob_free(&blob);
    if (lp_file_read(&blob, at(name), 1 << 20, &err)) fail_msg("%s", err.message);
    return (char *)blob.data;
}

static int times(const char *in, const char *what) {
    int n = 0;
    for (; (in = strstr(in, what)); in++) n++;
    return n;
}

/* JUnit says what the exit code says. */
static void check_junit(const char *name, int code) {
    const char *junit = content(name);
    int failures = times(junit, "<failure"), errors = times(junit, "<error"), skipped = times(junit, "<skipped"), n[4];
    assert_int_equal(
        sscanf(strstr(junit, "tests="), "tests=\"%d\" failures=\"%d\" errors=\"%d\" skipped=\"%d\"", &n[0], &n[1], &n[2], &n[3]), 4);
    assert_true(n[0] == times(junit, "<testcase") && n[1] == failures && n[2] == errors && n[3] == skipped);
    assert_int_equal(code, errors ? 2 : failures ? 1 : skipped ? 3 : 0);
}

static void test_verdicts(void **state) {
    (void)state;
    static const struct {
        const char *arguments;
        int code;
    } cases[] = {{"shipped shipped --games cue --episodes 20", 0},
                 {"shipped random --games cue,catch --episodes 20", 1},
                 {"random shipped --games cue --episodes 20", 0},
                 {"shipped shipped --games cue --episodes 4", 3}, /* 4 lost would be p = 0.125 */
                 {"shipped shipped --games cue --episodes 20 --margin 0.02", 3},
                 {"shipped shipped --games cue --episodes 20 --margin 0.3", 0},
                 {"shipped random --games cue --episodes 60 --margin 0.02", 1},
                 {"shipped random --games cue --sprt", 1},
                 {"shipped shipped --games cue --sprt --margin 0.2", 0},
                 {"shipped shipped --games cue --sprt --episodes 16", 3},
                 {LP_SOURCE_DIR "/games/suites/quick.results.json random --episodes 12", 1}, /* what the test `shipped` would see */
                 {"oracle random --games cue --set doors=4 --set horizon=2 --episodes 40", 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cJSON *o =
            json_of(longplay("compare %s --json --junit %%/j.xml --html %%/h.html --markdown %%/m.md", cases[i].arguments), cases[i].code);
        const cJSON *first = row(o, 0), *interval = cJSON_GetObjectItem(first, "interval"), *margin = cJSON_GetObjectItem(o, "margin");
        double low = cJSON_GetArrayItem(interval, 0)->valuedouble, high = cJSON_GetArrayItem(interval, 1)->valuedouble;
        bool plain = cJSON_IsNull(margin), sequential = !strcmp(text(o, "rule"), "sequential");
        double judged = plain || sequential ? 0 : -margin->valuedouble;
        check_junit("j.xml", cases[i].code);
        assert_true(low <= number(first, "difference") && high >= number(first, "difference"));
        assert_true((high < judged) == !strcmp(text(first, "verdict"), "regression"));
        assert_true((number(first, "p") < number(first, "level")) == (number(first, "p_holm") < number(o, "alpha")));
        assert_int_equal(times(content("h.html"), "<tr class"),
                         cJSON_GetArraySize(cJSON_GetObjectItem(o, "games")) + cJSON_HasObjectItem(o, "all"));
        assert_null(strstr(content("h.html"), "http"));
        assert_non_null(strstr(content("m.md"), text(first, "verdict")));
        cJSON_Delete(o);
    }
    result r = longplay("compare shipped random --games cue,catch --episodes 20");
    assert_int_equal(r.code, 1);
    assert_int_equal(lines(r.out), 4 + 1 + 3 + 2); /* the rows and their sum, what they cost, the sentence */
    assert_non_null(
        strstr(r.out, "\nregression: of 2 rows 2 worse, all together worse, by McNemar's exact test, alpha 0.05, Holm over 3\n"));
}

/* Players, or what eval kept of them in either form: the same pairs. What is no win is in the denominator. */
static void test_results(void **state) {
    (void)state;
    static const char *const baselines[] = {"shipped", "%/a.jsonl", "%/a.json"}, *const candidates[] = {"random", "%/b.jsonl", "%/b.json"};
    double lost[9], gained[9];
    const char *set = "cue,map --set horizon=5 --episodes 30";
    assert_int_equal(longplay("eval %s --out %%/a.jsonl", set).code, 0);
    assert_int_equal(longplay("eval %s --out %%/b.jsonl --policy random", set).code, 0);
    result a = longplay("eval %s --json", set), b = longplay("eval %s --json --policy random", set);
    put(at("a.json"), a.out, strlen(a.out));
    put(at("b.json"), b.out, strlen(b.out));
    for (int i = 0; i < 9; i++) {
        bool played = i % 3 == 0 && i / 3 == 0;
        cJSON *o = json_of(
            longplay("compare %s %s %s%s --json", baselines[i / 3], candidates[i % 3], played ? "--games " : "", played ? set : ""), 1);
        const cJSON *first = row(o, 0);
        lost[i] = number(first, "lost");
        gained[i] = number(first, "gained");
        assert_true(number(first, "episodes") == 30 && lost[i] == lost[0] && gained[i] == gained[0] && lost[0] > 5);
        assert_true(number(cJSON_GetObjectItem(first, "baseline"), "wins") - number(cJSON_GetObjectItem(first, "candidate"), "wins") ==
                    lost[0] - gained[0]);
        assert_int_equal(cJSON_IsNumber(cJSON_GetObjectItem(cJSON_GetObjectItem(first, "candidate"), "decisions_per_s")), i % 3 == 0);
        cJSON_Delete(o);
    }
    cJSON *o = json_of(longplay("compare %%/a.jsonl %%/b.json --sprt --json"), 1); /* in sequence, of what is there */
    assert_true(number(row(o, 0), "episodes") == 16);
    cJSON_Delete(o);
    o = json_of(longplay("compare shipped shipped --games cue --episodes 12 --time-limit 9 --json"), 0);
    assert_true(number(row(o, 0), "episodes") == 12 && number(cJSON_GetObjectItem(row(o, 0), "candidate"), "timeouts") == 12);
    cJSON_Delete(o);
}

/* A row that cannot be run: neither won nor lost, and the others are played. */
static void test_not_run(void **state) {
    (void)state;
    mkdir(at("weights"), 0777);
    write_policy(at("weights/cue.safetensors"), 1);
    result r = longplay("compare shipped %%/weights --games cue,catch --episodes 30 --junit %%/j.xml");
    assert_int_equal(r.code, 2);
    assert_non_null(strstr(r.out, "regression")); /* told, and still no verdict on the whole */
    assert_non_null(strstr(r.out, "weights: has no catch.safetensors\n"));
    assert_non_null(strstr(r.out, "\nerror: of 2 rows 1 worse, 1 not run,"));
    assert_non_null(strstr(r.err, "longplay: 1 of 2 rows could not be run\n"));
    check_junit("j.xml", 2);
    cJSON *o = json_of(longplay("compare shipped %%/weights --games cue,catch --episodes 30 --json"), 2);
    assert_string_equal(text(row(o, 1), "verdict"), "error");
    assert_string_equal(text(cJSON_GetObjectItem(o, "all"), "verdict"), "error");
    assert_false(cJSON_HasObjectItem(row(o, 1), "lost"));
    cJSON_Delete(o);
    char *gone = content("a.json"), *name;
    while ((name = strstr(gone, "\"map\""))) memcpy(name, "\"mop\"", 5);
    put(at("gone.json"), gone, strlen(gone));
    r = longplay("compare %%/gone.json shipped --junit %%/j.xml");
    assert_int_equal(r.code, 2);
    assert_non_null(strstr(r.out, "error: 'mop' is neither"));
    check_junit("j.xml", 2);
}

/* A suite says which weights each game has; a folder has them by that name. */
static void test_suite(void **state) {
    (void)state;
    const char *suite =
        "{\"episodes\": 30, \"games\": [{\"game\": \"cue\", \"knobs\": {\"horizon\": [1, 2]}, \"policy\": \"weights/cue.safetensors\"}]}";
    put(at("s.json"), suite, strlen(suite));
    cJSON *o = json_of(longplay("compare oracle shipped --games %%/s.json --json"), 1),
          *same = json_of(longplay("compare oracle %%/weights --games %%/s.json --json"), 1);
    for (int i = 0; i < 2; i++)
        assert_true(number(row(o, i), "lost") == number(row(same, i), "lost") && number(row(o, i), "horizon") == i + 1);
    cJSON_Delete(o);
    cJSON_Delete(same);
    result shipped = longplay("eval cue --json --episodes 1"), named = longplay("eval %%/s.json --json --episodes 1");
    const char *digest = strstr(shipped.out, "\"policy_digest\""), *other = strstr(named.out, "\"policy_digest\"");
    assert_true(digest && other && strncmp(digest, other, 30)); /* eval plays them too */
}

static void refused(const char *arguments, const char *says) { expect_refused(run_with(NULL, arguments), 2, says, arguments); }

static void test_refused(void **state) {
    (void)state;
    assert_int_equal(longplay("eval cue --set horizon=5 --episodes 9 --out %%/other.jsonl --policy random --seed 2").code, 0);
    put(at("note.md"), "mine\n", 5);
    refused("compare %/a.jsonl %/other.jsonl", "a.jsonl has 2 rows, ");
    refused("compare %/other.jsonl %/a.jsonl --games cue --set horizon=5 --seed 2", "a.jsonl: row 0, cue: seed is 1 there, 2 here");
    refused("compare %/a.jsonl random --games cue --set horizon=6", "knobs.horizon is 5 there, 6 here");
    refused("compare %/a.jsonl random --games catch", "rom is");
    refused("compare %/a.jsonl %/b.jsonl --episodes 31", "a.jsonl: row 0, cue: has 30 episodes, not 31");
    refused("compare %/a.jsonl %/b.jsonl --seed 1", "what is played is what");
    refused("compare %/none.safetensors random --junit %/j.xml", "none.safetensors: no such file");
    check_junit("j.xml", 2);
    assert_non_null(strstr(content("j.xml"), "none.safetensors: no such file"));
    refused("compare shipped random --games nosuch", "'nosuch' is neither");
    refused("compare shipped oracle --games cue --markdown %/note.md", "note.md: is not a report");
    refused("compare %/weights/cue.safetensors random --games catch", "actions");
    refused("compare shipped random --games cue --sprt --margin 0", "--sprt needs a drop");
    refused("compare shipped random --games cue --alpha 0.7", "--alpha must be");
    refused("compare shipped", "needs BASELINE CANDIDATE");
    put(at("bad.json"), "{\"games\": [{\"game\": \"cue\"}]}", 28);
    refused("compare %/bad.json shipped", "bad.json: row 0: has no game, or no knobs");
    put(at("cut.jsonl"), content("a.jsonl"), strlen(content("a.jsonl")) - 3);
    refused("compare %/cut.jsonl random", "holds 29 of its 30 episodes");
    char *other = content("a.json"), *rom = strstr(other, "\"rom\":\"");
    rom[7] ^= 1;
    put(at("rom.json"), other, strlen(other));
    refused("compare %/rom.json random", "rom.json: row 0, cue: rom is");
}

static void test_stopped(void **state) {
    (void)state;
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("compare oracle random --games cue --set horizon=100000 --episodes 1000", NULL, out, err);
    wait_until_it_catches(child);
    kill(child, SIGTERM);
    result r = finish(child, out, err);
    assert_int_equal(r.code, 128 + SIGTERM);
    assert_string_equal(r.out, "");
    r = run_with("LONGPLAY_FAULT_BYTES=10", "compare shipped random --games cue --episodes 20 --junit %/full.xml");
    assert_int_equal(r.code, 2); /* a full disk is no regression */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_verdicts), cmocka_unit_test(test_results), cmocka_unit_test(test_not_run),
                                       cmocka_unit_test(test_suite),    cmocka_unit_test(test_refused), cmocka_unit_test(test_stopped)};
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
