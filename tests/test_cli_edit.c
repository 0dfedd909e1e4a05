/* A person corrects what a guest remembers, while it plays and afterwards; what is handed over outlives a kill. */
#include "tests/cli_support.h"

#include <cjson/cJSON.h>

/* It writes down what it is told, waits while root/hold is there, and remembers its first decision. */
static int setup(void **state) {
    char script[2048];
    if (make_root(state)) return -1;
    snprintf(script, sizeof script,
             "#!/bin/sh\nread hello\n"
             "while read line; do\n"
             "  echo \"$line\" >> %s/told\n"
             "  while [ -e %s/hold ]; do sleep 0.02; done\n"
             "  case $line in\n"
             "    *'\"step\":0,'*) echo '{\"action\":\"none\",\"importance\":9,\"text\":\"Turn left.\"}';;\n"
             "    *) echo '{\"action\":\"none\"}';;\n"
             "  esac\n"
             "done\n",
             root, root);
    put(at("player"), script, strlen(script));
    return chmod(at("player"), 0755);
}

#define PLAY "play cue --policy process:%/player --headless --set horizon=300 --run %/r --resume --decisions "

static void expect(int code, const char *says, const char *arguments) {
    result r = run_with(NULL, arguments);
    if (r.code != code || !strstr(code ? r.err : r.out, says)) fail_msg("%s: exit %d, '%s', '%s'", arguments, r.code, r.out, r.err);
}

static cJSON *shown(const char *arguments) {
    result r = run_with(NULL, arguments);
    if (r.code) fail_msg("%s: exit %d, %s", arguments, r.code, r.err);
    cJSON *o = cJSON_Parse(r.out);
    assert_non_null(o);
    return o;
}

static const char *text_in(const cJSON *o, const char *list, int i, const char *key) {
    return cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(o, list), i), key));
}

static int number_in(const cJSON *o, const char *list, int i, const char *key) {
    const cJSON *n = cJSON_GetObjectItem(cJSON_GetArrayItem(cJSON_GetObjectItem(o, list), i), key);
    assert_true(cJSON_IsNumber(n));
    return n->valueint;
}

/* What it was told for the nth time, from 1, once it was; the caller's to free. */
static char *told(int nth) {
    for (int tries = 0; tries < 6000; tries++, usleep(10000)) {
        lp_blob all;
        if (lp_file_read(&all, at("told"), 64 << 20, NULL)) continue;
        char *line = (char *)all.data;
        for (int i = 1; line && i < nth; i++) line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL;
        char *end = line ? strchr(line, '\n') : NULL, *copy = end ? strndup(line, (size_t)(end - line)) : NULL;
        lp_blob_free(&all);
        if (copy) return copy;
    }
    fail_msg("it was not told %d times", nth);
    return NULL;
}

static void expect_told(int nth, const char *says, const char * not ) {
    char *line = told(nth);
    if ((says && !strstr(line, says)) || (not &&strstr(line, not ))) fail_msg("%d: '%.400s'", nth, line);
    free(line);
}

static pid_t start_held(const char *arguments, int nth) {
    put(at("hold"), "", 0);
    const pid_t child = start(arguments, NULL, -1, -1);
    free(told(nth));
    return child;
}

static void test_while_it_plays(void **state) {
    (void)state;
    expect(0, "20 decisions", PLAY "20");
    expect_told(20, "Turn left.", NULL);
    /* handed over, and killed before it is taken up: who goes on takes it up */
    pid_t child = start_held(PLAY "40", 21);
    expect(0, "handed over", "memory %/r edit e1s0 Turn right. --by anna");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    expect(0, "Turn left.", "memory %/r show e1s0");
    unlink(at("hold"));
    expect(0, "40 decisions", PLAY "40");
    expect_told(21, "Turn left.", "Turn right.");
    expect_told(22, "Turn right.", "Turn left.");
    cJSON *o = shown("memory %/r show e1s0 --json");
    assert_string_equal(text_in(o, "rows", 0, "text"), "Turn right.");
    assert_string_equal(text_in(o, "edits", 0, "by"), "anna");
    assert_non_null(strstr(text_in(o, "edits", 0, "before"), "Turn left."));
    assert_int_equal(number_in(o, "edits", 0, "decision"), 20);
    cJSON_Delete(o);
    /* taken up by the very process that plays */
    child = start_held(PLAY "60", 42);
    expect(0, "handed over", "memory %/r delete e1s0");
    unlink(at("hold"));
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    expect_told(42, "Turn right.", NULL);
    expect_told(43, NULL, "Turn");
    expect(0, "nothing with 'Turn'", "memory %/r search Turn");
    expect(0, "nothing with 'sign'", "memory %/r search sign"); /* the event of that item, too */
    expect(0, "verified", "replay %/r --verify");
}

static void test_afterwards(void **state) {
    (void)state;
    expect(0, "80 decisions", PLAY "80");
    expect(0, "E1S0 is corrected", "memory %/r edit E1S0 Turn up.");
    expect(0, "e1s0", "memory %/r search up");
    expect(0, "Turn up.", "memory %/r tree"); /* the summaries that keep it */
    expect(0, "nothing with 'left'", "memory %/r search left");
    expect(0, "e1s40 is corrected", "memory %/r edit e1s40 Nothing here.");
    expect(0, "Nothing here.", "memory %/r show e1s40"); /* it had none */
    expect(0, "", "copy %/r %/copy");
    expect(0, "e1s0 is corrected", "memory %/copy edit e1s0 Turn down.");
    cJSON *o = shown("memory %/copy show e1s0 --json");
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(o, "edits")), 2);
    assert_string_equal(text_in(o, "edits", 1, "before"), "Turn up.");
    cJSON_Delete(o);
    expect(0, "82 decisions", PLAY "82");
    expect_told(82, "Turn up.", "Turn left.");
    expect(0, "verified", "replay %/r --verify");
}

static void test_wrong(void **state) {
    (void)state;
    char text[700];
    expect(0, "40 decisions", PLAY "40");
    expect(2, "wants an ID and a text", "memory %/r edit e1s0");
    expect(2, "wants one ID", "memory %/r delete e1s0 e1s1");
    expect(2, "there is no e1s99", "memory %/r delete e1s99");
    expect(2, "is not an ID", "memory %/r delete here");
    expect(2, "e1L1.0 is made of the texts of its items", "memory %/r edit e1L1.0 x");
    expect(2, "not UTF-8 from byte 1", "memory %/r edit e1s0 x\xff");
    snprintf(text, sizeof text, "memory %%/r edit e1s0 %0600d", 0);
    expect(2, "600 bytes", text);
    assert_false(lp_file_exists(at("r/edits.txt")));
    expect(0, "", "play cue --policy random --headless --set horizon=20 --episodes 1 --run %/random");
    expect(2, "random remembers no texts", "memory %/random delete e1s0");
    expect(2, "nowhere", "memory %/nowhere delete e1s0");
    /* what is no edit is said and left; a line that was cut off is taken away by who edits next */
    snprintf(text, sizeof text, "nonsense\n1\te7s7\tanna\tx\n1\te1s0\tanna\tcut o");
    put(at("r/edits.txt"), text, strlen(text));
    result r = run_with(NULL, "memory %/r edit e1s0 Turn up.");
    if (r.code || !strstr(r.err, "edits.txt:1: not an edit") || !strstr(r.err, "edits.txt:2: there is no e7s7") || lines(r.err) != 2)
        fail_msg("exit %d, '%s'", r.code, r.err);
    expect(0, "Turn up.", "memory %/r show e1s0");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_while_it_plays), TEST(test_afterwards), TEST(test_wrong)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
