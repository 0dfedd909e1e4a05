/* longplay memory RUN diff: what it says was remembered at a moment is what the player was told then. */
#include "tests/cli_support.h"

#include <cjson/cJSON.h>

/* Writes down what it is told, and remembers each decision, some more than others. */
static int setup(void **state) {
    char script[1024];
    if (make_root(state)) return -1;
    snprintf(script, sizeof script,
             "#!/bin/sh\nread hello\nwhile read line; do\n"
             "  echo \"$line\" >> %s/told\n"
             "  s=${line#*\\\"step\\\":}; s=${s%%%%,*}\n"
             "  echo \"{\\\"action\\\":\\\"none\\\",\\\"importance\\\":$((s * 7 %% 13)),\\\"text\\\":\\\"say $s\\\"}\"\n"
             "done\n",
             root);
    put(at("player"), script, strlen(script));
    return chmod(at("player"), 0755);
}

static cJSON *diff(const char *words) {
    char arguments[256];
    snprintf(arguments, sizeof arguments, "memory %%/%s --json", words);
    result r = run_with(NULL, arguments);
    if (r.code) fail_msg("%s: exit %d, %s", arguments, r.code, r.err);
    cJSON *o = cJSON_Parse(r.out);
    assert_non_null(o);
    return o;
}

static const char *text_in(const cJSON *o, const char *key) { return cJSON_GetStringValue(cJSON_GetObjectItem(o, key)); }

/* The node of an ID; NULL: it is not among them. */
static const cJSON *node(const cJSON *o, const char *id) {
    const cJSON *one;
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(o, "nodes")) if (!strcmp(text_in(one, "id"), id)) return one;
    return NULL;
}

/* What the player was told before that decision of the first episode, and no more. */
static void expect_told(const char *told, const char *name, int decision) {
    char words[64], id[32];
    for (int i = 0; i < decision; i++) told = strchr(told, '\n') + 1;
    cJSON *moment = cJSON_ParseWithLength(told, strcspn(told, "\n"));
    const cJSON *one, *memory = cJSON_GetObjectItem(moment, "memory");
    snprintf(words, sizeof words, "%s diff 0 %d", name, decision);
    cJSON *o = diff(words);
    cJSON_ArrayForEach(one, memory) {
        snprintf(id, sizeof id, "e1s%d", decision - cJSON_GetObjectItem(one, "age")->valueint);
        const cJSON *said = node(o, id);
        if (!said) fail_msg("%s: %s is not there", words, id);
        assert_string_equal(text_in(said, "what"), "new");
        assert_string_equal(text_in(said, "text"), text_in(one, "text"));
    }
    assert_true(cJSON_GetArraySize(memory) > 0);
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "nodes")), cJSON_GetArraySize(memory));
    cJSON_Delete(moment), cJSON_Delete(o);
}

static void test_told(void **state) {
    (void)state;
    static const char *const memories[] = {"tree --memory.window=4 --memory.chunk=4 --memory.slots=2 --memory.fan=2",
                                           "window --memory.window=7", "flat --memory.window=4 --memory.items=5",
                                           "reservoir --memory.window=4 --memory.items=6", "full"};
    for (size_t m = 0; m < sizeof memories / sizeof *memories; m++) {
        char name[16], arguments[256];
        snprintf(name, sizeof name, "run%zu", m);
        snprintf(arguments, sizeof arguments,
                 "play cue --policy process:%%/player --headless --set horizon=90 --run %%/%s --decisions 80 --memory %s", name,
                 memories[m]);
        (void)unlink(at("told"));
        result r = run_with(NULL, arguments);
        if (r.code) fail_msg("%s: %s", arguments, r.err);
        lp_blob told;
        assert_int_equal(lp_file_read(&told, at("told"), 64 << 20, NULL), LP_OK);
        for (int decision = 1; decision < 80; decision += 13) expect_told((const char *)told.data, name, decision);
        lp_blob_free(&told);
    }
}

static void expect(int code, const char *says, const char *arguments) {
    result r = run_with(NULL, arguments);
    if (r.code != code || !strstr(code ? r.err : r.out, says)) fail_msg("%s: exit %d, '%s', '%s'", arguments, r.code, r.out, r.err);
}

/* New, gone and changed, of one run and of two. */
static void test_differs(void **state) {
    (void)state;
    expect(0, "", "copy %/run1 %/other"); /* the last seven are remembered */
    expect(0, "is corrected", "memory %/other edit e1s77 say nothing");
    cJSON *o = diff("run1 diff 40 43");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "nodes")), 6);
    assert_string_equal(text_in(node(o, "e1s33"), "what"), "gone");
    assert_string_equal(text_in(node(o, "e1s33"), "before"), "say 33");
    assert_null(text_in(node(o, "e1s33"), "text"));
    assert_string_equal(text_in(node(o, "e1s42"), "what"), "new");
    cJSON_Delete(o);
    expect(0, "0 new, 0 changed, 0 gone", "memory %/run1 diff 43 43");
    expect(0, "0 new, 0 changed, 0 gone", "memory %/run1 diff 80");
    expect(0, "changed  e1s77          say nothing; was: say 77\n", "memory %/run1 diff %/other");
    expect(0, "0 new, 1 changed, 0 gone; from decision 80 of ", "memory %/run1 diff %/other");
    expect(0, "0 new, 0 changed, 0 gone", "memory %/run1 diff %/other 79"); /* it was not told so yet */
    expect(0, "7 new, 0 changed, 0 gone", "memory %/other diff 0");
}

static void test_bad_input(void **state) {
    (void)state;
    expect(2, "has no decision 81 yet, it has come to 80", "memory %/run1 diff 0 81");
    expect(2, "no/run.db", "memory %/run1 diff %/no");
    expect(2, "'x' is no decision", "memory %/run1 diff %/run2 x");
    expect(2, "'x' is no decision (another run comes before it)", "memory %/run1 diff 4 x");
    expect(2, "memory diff: wants", "memory %/run1 diff");
    put(at("run4/chat.jsonl"), "{\"episode\":1}\n", 14);
    expect(2, "chat.jsonl:1: not a reply", "memory %/run4 diff 5");
    put(at("run4/chat.jsonl"), "{\"epi", 5); /* which still comes */
    expect(0, "0 changed", "memory %/run4 diff 5");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_told), cmocka_unit_test(test_differs), cmocka_unit_test(test_bad_input)};
    return cmocka_run_group_tests(tests, setup, remove_root);
}
