/* longplay play --chat and stream --chat, with a real server: a vote changes a knob of the next episode and the run verifies, a mark becomes a clip, and
 * what cannot be is refused. */
#include "tests/irc_support.h"

#include "harness/run.h"

#include <cjson/cJSON.h>

static pid_t play(const char *command, const char *environment, int out, int err) {
    char arguments[512];
    snprintf(arguments, sizeof arguments,
             "%s cue --policy random --run %%/run --headless --speed max --set horizon=30 --chat irc://longplay@127.0.0.1:%d/games "
             "--chat-vote knob:doors=2..4 --chat-vote knob:when=0,1",
             command, chat_port);
    return start(arguments, environment, out, err);
}

/* A number of run.json's chat. */
static double chat_number(const char *name) {
    lp_blob blob = {0};
    double value = -1;
    if (lp_file_read(&blob, at("run/run.json"), 1 << 16, NULL)) return value;
    cJSON *o = cJSON_ParseWithLength((const char *)blob.data, blob.size_bytes),
          *n = cJSON_GetObjectItem(cJSON_GetObjectItem(o, "chat"), name);
    if (cJSON_IsNumber(n)) value = n->valuedouble;
    if (cJSON_IsBool(n)) value = cJSON_IsTrue(n);
    cJSON_Delete(o);
    lp_blob_free(&blob);
    return value;
}

static void until(const char *name, double value) {
    const double end_s = lp_now_s() + LONG_S;
    while (chat_number(name) < value && lp_now_s() < end_s) usleep(20000);
    assert_true(chat_number(name) >= value);
}

/* In a run that may still be going on. */
static void until_found(const char *words, const char *says) {
    const double end_s = lp_now_s() + LONG_S;
    result r = longplay("memory %%/run search %s", words);
    for (; !r.code && !strstr(r.out, says) && lp_now_s() < end_s; usleep(100000)) r = longplay("memory %%/run search %s", words);
    if (r.code || !strstr(r.out, says)) fail_msg("%s: exit %d: %s%s", words, r.code, r.out, r.err);
}

static void test_play(void **state) {
    (void)state;
    if (!has_ngircd()) skip();
    const pid_t server = start_ngircd(NULL);
    person anna = join("anna", "#games");
    int out = scratch_file(), err = scratch_file();
    const pid_t child = play("play", NULL, out, err);
    until("connected", 1);
    say(&anna, "#games", "!vote doors 4");
    wait_for(&anna, "chosen for the next episode: doors=4", NULL, 0);
    say(&anna, "#games", "!clip zebra");
    wait_for(&anna, "@anna the moment is marked", NULL, 0);
    wait_for(&anna, "PRIVMSG #games :episode ", NULL, 0); /* told unasked */
    say(&anna, "#games", "!stats");
    wait_for(&anna, "@anna cue: episode ", NULL, 0);
    until("asked", 3);
    assert_true(chat_number("votes") == 1 && chat_number("answered") == 2 && chat_number("told") >= 2);
    assert_true(chat_number("dropped") > 10); /* it plays more episodes than can be told */
    until_found("viewers chose", "the viewers chose doors=4");
    until_found("clip zebra", "clip by anna: zebra");
    kill(child, SIGTERM);
    result r = finish(child, out, err);
    if (r.code) fail_msg("exit %d: %s", r.code, r.err);
    r = longplay("replay %%/run --verify");
    if (r.code || !strstr(r.out, "verified: ")) fail_msg("exit %d: %s", r.code, r.err);
    lp_blob blob = {0};
    assert_int_equal(lp_file_read(&blob, at("run/viewers.txt"), 1 << 16, NULL), LP_OK);
    int n = 0;
    for (size_t i = 0; i < blob.size_bytes; i++) n += blob.data[i] == 10;
    assert_int_equal(n, 2);
    lp_blob_free(&blob);
    stop_ngircd(server);
    close(anna.fd);
}

/* The player is killed: it comes back into the channel, and the run goes on with what was chosen. */
static void test_stream(void **state) {
    (void)state;
    if (!has_ngircd()) skip();
    chat_port = 0;
    chat_password = "secret";
    const pid_t server = start_ngircd(NULL);
    person anna = join("anna", "#games");
    int out = scratch_file(), err = scratch_file();
    char line[LP_IRC_READ_BYTES], environment[64] = "LONGPLAY_CHAT_PASSWORD=secret";
    const pid_t child = play("stream", environment, out, err);
    until("connected", 1);
    say(&anna, "#games", "!vote when 1");
    wait_for(&anna, "chosen for the next episode: when=1", NULL, 0);
    lp_blob blob = {0};
    assert_int_equal(lp_file_read(&blob, at("run/run.json"), 1 << 16, NULL), LP_OK);
    cJSON *o = cJSON_ParseWithLength((const char *)blob.data, blob.size_bytes);
    const pid_t player = (pid_t)cJSON_GetObjectItem(o, "pid")->valuedouble;
    cJSON_Delete(o);
    lp_blob_free(&blob);
    snprintf(line, sizeof line, "/proc/%d/environ", (int)player); /* nobody can read it there */
    assert_int_equal(lp_file_read(&blob, line, 1 << 20, NULL), LP_OK);
    assert_null(memmem(blob.data, blob.size_bytes, "secret", 6));
    lp_blob_free(&blob);
    kill(player, SIGKILL);
    wait_for(&anna, " QUIT ", NULL, 0);
    wait_for(&anna, " JOIN ", NULL, 0);
    say(&anna, "#games", "!vote doors 3");
    wait_for(&anna, "chosen for the next episode: doors=3", NULL, 0);
    until_found("viewers chose doors", "the viewers chose doors=3");
    kill(child, SIGTERM);
    result r = finish(child, out, err);
    if (r.code || strstr(r.err, "secret")) fail_msg("exit %d: %s", r.code, r.err);
    r = longplay("replay %%/run --verify");
    if (r.code || !strstr(r.out, "verified: ")) fail_msg("exit %d: %s", r.code, r.err);
    chat_password = NULL;
    stop_ngircd(server);
    close(anna.fd);
}

static void test_refused(void **state) {
    (void)state;
    static const struct {
        const char *options, *says;
    } bad[] = {{"--chat http://h/c", "not an address of IRC"},
               {"--chat irc://me:hush@h/c", "LONGPLAY_CHAT_PASSWORD"},
               {"--chat-vote knob:doors=2..4", "needs --chat"},
               {"--chat irc://h/c --chat-vote game:cue,order", "a run is of one game"},
               {"--chat irc://h/c --chat-vote doors=2..4", "must be knob:"},
               {"--chat irc://h/c --chat-vote knob:doors", "must be knob:"},
               {"--chat irc://h/c --chat-vote knob:dors=2..4", "dors"},
               {"--chat irc://h/c --chat-vote knob:doors=2..400", "doors must be between"},
               {"--chat irc://h/c --chat-vote knob:doors=4..2", "like 2..4 or 1,2,4"},
               {"--chat irc://h/c --chat-vote knob:doors=2,", "like 2..4 or 1,2,4"},
               {"--chat irc://h/c --chat-vote knob:doors=2x", "like 2..4 or 1,2,4"},
               {"--chat irc://h/c --chat-vote knob:doors=2..3,4", "like 2..4 or 1,2,4"},
               {"--chat irc://h/c --chat-vote knob:horizon=1..1000", "too many values"},
               {"--chat irc://h/c --chat-vote knob:doors=2..3 --chat-vote knob:doors=4", "a vote on it already"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        result r = longplay("play cue --headless --run %%/r %s", bad[i].options);
        expect_refused(r, 2, bad[i].says, bad[i].options);
        assert_null(strstr(r.err, "hush"));
        assert_false(lp_file_exists(at("r")));
    }
    result r = run_with("LONGPLAY_CHAT_PASSWORD=a\rQUIT", "play cue --headless --run %/r --chat irc://h/c");
    expect_refused(r, 2, "a password has no spaces", "two lines");
    assert_false(lp_file_exists(at("r")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_play), TEST(test_stream), TEST(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
