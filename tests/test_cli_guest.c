/* A program as a player: what it is told, that it is listened to, that a run which is killed asks nothing twice and ends as an unbroken one. */
#include "tests/cli_support.h"

#include "base/hash.h"
#include "base/rng.h"

#include <cjson/cJSON.h>

/* ---- the player: this program itself, called with "player" ---- */

/* What it does hangs on all that it is told but the pictures, so that what it was told shows in what it did. */
static void answer(const char *line) {
    static const char *const actions[] = {"none", "left", "Right", "UP", "DOWN"};
    cJSON *told = cJSON_Parse(line), *a = cJSON_CreateObject();
    const char *picture = cJSON_GetStringValue(cJSON_GetObjectItem(told, "picture"));
    if (!picture || strncmp(picture, "iVBORw0KGgo", 11)) exit(3); /* how a PNG begins */
    cJSON_DeleteItemFromObject(told, "picture");
    const char *happened = cJSON_GetStringValue(cJSON_GetObjectItem(told, "happened"));
    char *text = cJSON_PrintUnformatted(told);
    uint64_t hash = lp_hash64(text, strlen(text));
    char remember[64];
    snprintf(remember, sizeof remember, "I was at %d.", cJSON_GetObjectItem(told, "step")->valueint);
    cJSON_AddItemToObject(a, "action", hash % 2 ? cJSON_CreateString(actions[hash / 2 % 5]) : cJSON_CreateNumber((double)(hash / 2 % 5)));
    cJSON_AddNumberToObject(a, "importance", *happened ? 2 : (double)(hash % 100) / 100);
    if (hash % 3) cJSON_AddStringToObject(a, "text", remember);
    cJSON_AddStringToObject(a, "thought", "Where am I?");
    char *said = cJSON_PrintUnformatted(a);
    puts(said);
    fflush(stdout);
    free(said), free(text);
    cJSON_Delete(told), cJSON_Delete(a);
}

static int player(void) {
    char *line = NULL;
    size_t room = 0;
    const bool known = getline(&line, &room, stdin) >= 0 && strstr(line, "\"actions\":[\"none\",\"LEFT\",\"RIGHT\",\"UP\",\"DOWN\"]");
    while (known && getline(&line, &room, stdin) >= 0) {
        if (getenv("LONGPLAY_TEST_ASKED")) { /* who was asked what, over all of them */
            FILE *f = fopen(getenv("LONGPLAY_TEST_ASKED"), "a");
            fprintf(f, "%s", strchr(line, ':'));
            fclose(f);
        }
        answer(line);
    }
    free(line);
    return known ? 0 : 4;
}

/* root/NAME: a program that does that. */
static void put_program(const char *name, const char *script) {
    put(at(name), script, strlen(script));
    assert_int_equal(chmod(at(name), 0755), 0);
}

static int setup(void **state) {
    char self[PATH_MAX], script[PATH_MAX + 64];
    if (make_root(state)) return -1;
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0) return -1;
    self[n] = 0;
    snprintf(script, sizeof script, "#!/bin/sh\nexec '%s' player\n", self);
    put_program("player", script);
    return 0;
}

/* ---- tests ---- */

#define GAME "cue --policy process:%/player --headless --set horizon=40 --episodes 4 --seed 3"

static char *text_of(const char *name) {
    lp_blob file;
    lp_err err;
    if (lp_file_read(&file, at(name), 64 << 20, &err)) fail_msg("%s", err.message);
    char *text = malloc(file.size_bytes + 1);
    memcpy(text, file.data, file.size_bytes);
    text[file.size_bytes] = 0;
    lp_blob_free(&file);
    return text;
}

static void expect_same_files(const char *one, const char *other) {
    char *a = text_of(one), *b = text_of(other);
    if (strcmp(a, b)) fail_msg("%s and %s differ", one, other);
    free(a), free(b);
}

/* Variables, and the picture as a file, where it asks for them; the run keeps that. */
static void test_asked_for(void **state) {
    (void)state;
    char script[4 * PATH_MAX];
    snprintf(script, sizeof script,
             "#!/bin/sh\nread -r l\nwhile read -r l; do echo \"$l\" >> %s/told; p=${l#*picture_path\\\":\\\"}; p=${p%%%%\\\"*}; [ -f "
             "\"$p\" ] && cp \"$p\" %s/seen.png && "
             "echo \"$p\" > %s/path\necho '{\"action\":0}'; done\n",
             root, root, root);
    put_program("asks", script);
#define ASKS "play cue --headless --set horizon=40 --set doors=3 --policy process:%/asks "
    result r = run_with(NULL, ASKS "--process.variables=doors,horizon --process.picture=path --run %/asks_run --decisions 3");
    if (r.code) fail_msg("%s", r.err);
    char *told = text_of("told"), *seen = text_of("seen.png"), *path = text_of("path");
    assert_int_equal(lines(told), 3);
    assert_non_null(strstr(told, "\"variables\":{\"doors\":3,\"horizon\":40}"));
    assert_null(strstr(told, "\"picture\":"));
    assert_memory_equal(seen, "\x89PNG\r\n\x1a\n", 8);
    path[strcspn(path, "\n")] = 0;
    assert_false(lp_file_exists(path)); /* it goes with its player */
    free(told), free(seen), free(path);
    unlink(at("told"));
    r = run_with(NULL, "play --headless --resume --run %/asks_run --decisions 5");
    if (r.code) fail_msg("%s", r.err);
    told = text_of("told");
    assert_int_equal(lines(told), 2);
    assert_non_null(strstr(told, "\"variables\":{\"doors\":3,\"horizon\":40}"));
    free(told);
    unlink(at("told"));
    r = run_with(NULL, ASKS "--process.picture=none --decisions 2");
    told = text_of("told");
    assert_true(!r.code && !strstr(told, "picture") && !strstr(told, "variables"));
    free(told);
    expect_run(2, NULL, "--process.variables: cue has no variable 'luck'", ASKS "--process.variables=doors,luck");
    expect_run(2, NULL, "--process.picture: process.picture = 'big': must be one of base64|path|none", ASKS "--process.picture=big");
    expect_run(2, NULL, "--process.flavour: unknown setting", ASKS "--process.flavour=3");
    expect_run(2, NULL, "only a program has such settings", "play cue --headless --policy random --process.picture=none");
    expect_run(2, NULL, "of a program there are", ASKS "--chat.url=x");
}

/* A run that stopped between two episodes goes on with how the one before ended. */
static void test_told_the_end(void **state) {
    (void)state;
    char asked[PATH_MAX + 40];
    snprintf(asked, sizeof asked, "LONGPLAY_TEST_ASKED=%s", at("between"));
    for (int episodes = 1; episodes <= 3; episodes++) {
        char play[128];
        snprintf(play, sizeof play,
                 "play cue --policy process:%%/player --headless --set horizon=10 --run %%/between_run --resume --episodes %d", episodes);
        if (run_with(asked, play).code) fail_msg("%s", play);
    }
    char *text = text_of("between");
    int told = 0;
    for (const char *at = text; (at = strstr(at, "\"step\":0,")); at++) told += !strncmp(at, "\"step\":0,\"ended\":", 17);
    free(text);
    assert_int_equal(told, 2);
}

/* Killed again and again it ends as one that was not: the same machine, the same answers, each asked for once. */
static void test_killed(void **state) {
    (void)state;
    result whole = run_with(NULL, "play " GAME " --run %/whole --json"), r;
    if (whole.code) fail_msg("%s", whole.err);
    char asked[PATH_MAX + 32];
    snprintf(asked, sizeof asked, "LONGPLAY_TEST_ASKED=%s", at("asked"));
    lp_rng rng = lp_rng_make(test_seed(), 1);
    int kills = 0;
    for (;; kills++) {
        int out = scratch_file(), err = scratch_file();
        pid_t child = start("play " GAME " --run %/parts --resume --json", asked, out, err);
        if (kills < 12) {
            usleep(30000 + lp_rng_below(&rng, 300000));
            kill(child, kills % 4 == 3 ? SIGTERM : SIGKILL);
        }
        r = finish(child, out, err);
        if (!r.code && strstr(r.out, "\"finished\":true")) break;
        if (r.code && r.code != -SIGKILL && r.code != -SIGTERM) fail_msg("exit %d, %s", r.code, r.err);
    }
    cJSON *a = cJSON_Parse(whole.out), *b = cJSON_Parse(r.out);
    static const char *const fields[] = {"episodes", "wins", "losses", "decisions", "frames", "state_hash"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!cJSON_Compare(cJSON_GetObjectItem(a, fields[i]), cJSON_GetObjectItem(b, fields[i]), true)) fail_msg("%s differs", fields[i]);
    const int decisions = cJSON_GetObjectItem(a, "decisions")->valueint;
    cJSON_Delete(a), cJSON_Delete(b);
    expect_same_files("whole/answers.jsonl", "parts/answers.jsonl");
    char *text = text_of("whole/answers.jsonl");
    assert_int_equal(lines(text), decisions);
    assert_non_null(strstr(text, "\"thought\":\"Where am I?\""));
    free(text);
    /* each sitting may have been killed between a question and its answer, and then asks once more */
    text = text_of("asked");
    assert_in_range(lines(text), decisions, decisions + kills);
    free(text);
    if ((r = longplay("replay %%/parts --verify")).code) fail_msg("%s", r.err);
    if ((r = longplay("memory %%/parts search sign")).code) fail_msg("%s", r.err);
    if ((r = longplay("copy %%/parts %%/copy")).code) fail_msg("%s", r.err);
    expect_same_files("copy/answers.jsonl", "parts/answers.jsonl");
}

/* An evaluation does not hang on threads; its first episode is that of a run of the same seed. */
static void test_eval(void **state) {
    (void)state;
    result r = longplay("play cue --policy process:%%/player --headless --set horizon=40 --episodes 1 --seed 3 --json");
    if (r.code) fail_msg("%s", r.err);
    cJSON *played = cJSON_Parse(r.out), *o[3];
    for (int i = 0; i < 3; i++) {
        r = longplay("eval cue --policy process:%%/player --set horizon=40 --episodes %d --seed 3 --threads %d --json", i ? 7 : 1,
                     i ? i : 1);
        if (r.code) fail_msg("%s", r.err);
        o[i] = cJSON_Parse(r.out);
    }
    static const char *const fields[] = {"episodes", "wins", "losses", "decisions", "context_items_max", "items_read", "outcomes"};
    const cJSON *first = cJSON_GetArrayItem(cJSON_GetObjectItem(o[0], "games"), 0);
    assert_true(cJSON_Compare(cJSON_GetObjectItem(played, "decisions"), cJSON_GetObjectItem(first, "decisions"), true));
    assert_true(cJSON_Compare(cJSON_GetObjectItem(played, "wins"), cJSON_GetObjectItem(first, "wins"), true));
    const cJSON *one = cJSON_GetArrayItem(cJSON_GetObjectItem(o[1], "games"), 0),
                *two = cJSON_GetArrayItem(cJSON_GetObjectItem(o[2], "games"), 0);
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!cJSON_Compare(cJSON_GetObjectItem(one, fields[i]), cJSON_GetObjectItem(two, fields[i]), true))
            fail_msg("%s differs", fields[i]);
    assert_int_equal(cJSON_GetObjectItem(one, "episodes")->valueint, 7);
    for (int i = 0; i < 3; i++) cJSON_Delete(o[i]);
    cJSON_Delete(played);
}

/* What it remembers it is told again, through the tree; of a memory of nothing it is told nothing. */
static void test_remembers(void **state) {
    (void)state;
    static const char *const memories[][2] = {{"tree", "0"}, {"none", "5"}};
    put_program("waits", "#!/bin/sh\nread hello\n"
                         "while read line; do\n"
                         "  case $line in *\"the bell\"*) ;; *'\"step\":0,'*) ;; *) exit 5;; esac\n"
                         "  case $line in *'\"step\":0,'*) i=9; t='Heard the bell.';; *) i=0; t=;; esac\n"
                         "  echo \"{\\\"action\\\":\\\"none\\\",\\\"importance\\\":$i,\\\"text\\\":\\\"$t\\\"}\"\n"
                         "done\n");
    for (int i = 0; i < 2; i++) {
        result r = longplay("play cue --policy process:%%/waits --headless --set horizon=300 --decisions 250 --memory %s", memories[i][0]);
        char says[64];
        snprintf(says, sizeof says, "ended with exit code %s without an answer", memories[i][1]);
        if (i) expect_refused(r, 1, says, memories[i][0]);
        else if (r.code) fail_msg("%s", r.err);
    }
}

/* What goes wrong with a player is told in one line, and nothing is lost. */
static void test_wrong(void **state) {
    (void)state;
    static const char *const bad[][3] = {
        {"read a; read b", "ended with exit code 0 without an answer", "ends"},
        {"exit 7", "ended with exit code 7 without an answer", "fails"},
        {"read a; read b; echo hello", "is not a JSON object: 'hello'", "no JSON"},
        {"read a; read b; echo [1]", "is not a JSON object: '[1]'", "no object"},
        {"read a; read b; echo '{\"text\":\"a\"}'", "has no \"action\"", "no action"},
        {"read a; read b; echo '{\"action\":\"JUMP\"}'", "cue has no action \"JUMP\"", "an action of another game"},
        {"read a; read b; echo '{\"action\":5}'", "cue has no action 5", "one too many"},
        {"read a; read b; echo '{\"action\":1.5}'", "cue has no action 1.5", "half an action"},
        {"read a; read b; echo '{\"action\":0,\"text\":7}'", "\"text\" is not a text", "a number as text"},
        {"read a; read b; echo '{\"action\":0,\"importance\":\"high\"}'", "\"importance\" is not a number", "a text as number"},
        {"read a; read b; echo '{\"action\":0,\"importance\":1e99}'", "\"importance\" is not between", "too important"},
        {"read a; read b; head -c 5000000 /dev/zero | tr '\\0' a; sleep 9", "more than 4194304 bytes in a line", "too much"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char script[256], name[16];
        snprintf(script, sizeof script, "#!/bin/sh\n%s\n", bad[i][0]);
        snprintf(name, sizeof name, "bad%zu", i);
        put_program(name, script);
        expect_refused(longplay("play cue --policy process:%%/%s --headless", name), 1, bad[i][1], bad[i][2]);
        expect_refused(longplay("eval cue --policy process:%%/%s --episodes 2 --threads 2", name), 1, bad[i][1], bad[i][2]);
    }
    expect_refused(longplay("play cue --policy process: --headless"), 2, "a command for the shell", "no command");
    expect_refused(longplay("eval cue --policy process: --episodes 1"), 2, "a command for the shell", "no command");
    expect_refused(longplay("play cue --policy process:%%/player --headless --memory knn"), 2, "query", "a memory that asks");
    result r = run_with(NULL, "play " GAME " --run %/r --decisions 20");
    if (r.code) fail_msg("%s", r.err);
    expect_refused(longplay("play --run %%/r --resume --policy process:%%/bad0"), 2, "cannot change", "another player");
    static const char damaged[] = "{\"decision\":0,\"action\":\"UP\"}\nnonsense\n";
    put(at("r/answers.jsonl"), damaged, sizeof damaged - 1);
    expect_refused(longplay("play --run %%/r --resume --decisions 30"), 2, "r/answers.jsonl:2: not an answer", "damaged answers");
}

/* One that stops reading, and one that talks while it is told, keep nobody waiting for ever. */
static void test_slow(void **state) {
    (void)state;
    put_program("deaf", "#!/bin/sh\nexec sleep 1000\n");
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("play cue --policy process:%/deaf --headless --run %/slow", NULL, out, err);
    wait_until_it_catches(child);
    usleep(300000);
    kill(child, SIGTERM);
    result r = finish(child, out, err);
    if (r.code || !strstr(r.out, "--resume goes on")) fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, remove_root)
int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "player")) return player();
    const struct CMUnitTest tests[] = {TEST(test_asked_for), TEST(test_told_the_end), TEST(test_killed), TEST(test_eval),
                                       TEST(test_remembers), TEST(test_wrong),        TEST(test_slow)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
