/* The chat and a real server: joining, questions and answers, a flood, a server that is killed, TLS. */
#include "irc/irc.h"
#include "memory/store.h"
#include "tests/irc_support.h"

static char url[128];

static lp_irc *open_chat(const lp_irc_ballot *ballots, int n) {
    lp_irc *chat = NULL;
    lp_err err;
    snprintf(url, sizeof url, "irc://longplay@127.0.0.1:%d/games", chat_port);
    if (lp_irc_open(&chat, &(lp_irc_config){.address = url, .run = root, .ballots = ballots, .n_ballots = n}, &err))
        fail_msg("%s", err.message);
    return chat;
}

static void until_connected(lp_irc *chat, bool connected) {
    const double end_s = lp_now_s() + LONG_S;
    while (lp_irc_look(chat).connected != connected && lp_now_s() < end_s) usleep(10000);
    assert_int_equal(lp_irc_look(chat).connected, connected);
}

static void make_memory(void) {
    lp_store *store;
    lp_err err;
    if (lp_store_create(&store, at("run.db"), &err)) fail_msg("%s", err.message);
    lp_store_episode_begin(store, 1, 5, 0);
    lp_store_item(store, 1, 0, 0, 0, 1, NULL, 0,
                  "A \x02"
                  "bell\x02 rings\x0f\r\nQUIT");
    if (lp_store_commit(store, NULL, 0, &err)) fail_msg("%s", err.message);
    lp_store_close(store);
}

static void test_answers(void **state) {
    (void)state;
    static const lp_irc_ballot doors = {"doors", 3, {2, 3, 4}};
    char line[LP_IRC_READ_BYTES], text[LP_IRC_TEXT_BYTES], knobs[64];
    if (!has_ngircd()) skip();
    pid_t server = start_ngircd(NULL);
    make_memory();
    person anna = join("anna", "#games"), ben = join("ben", "#games"), carl = join("carl", "#games");
    lp_irc *chat = open_chat(&doors, 1);
    until_connected(chat, true);
    lp_irc_tell(chat, "episode 3");
    say(&anna, "#games", "hello !stats");
    say(&anna, "#games", "!stats");
    wait_for(&anna, " PRIVMSG ", line, sizeof line);
    assert_non_null(strstr(line, " PRIVMSG #games :@anna episode 3"));
    say(&anna, "#games", "!MEMORY  bell");
    wait_for(&anna, "@anna", line, sizeof line);
    if (!strstr(line, ":@anna decision 0 (e1s0): A bell rings  QUIT")) fail_msg("%s", line);
    say(&anna, "#games", "!memory whistle \xff\xfe\"*");
    wait_for(&anna, "I remember nothing of it", NULL, 0);
    say(&ben, "#games", "!vote 3");
    say(&anna, "longplay", "!stats"); /* not in the channel: not answered */
    say(&ben, "#games", "!vote 9");
    wait_for(&ben, "@ben !vote N: doors 2 (0), 3 (1), 4 (0)", NULL, 0);
    assert_true(lp_irc_elect(chat, knobs, sizeof knobs));
    assert_string_equal(knobs, "doors=3");
    say(&ben, "#games", "!clip what a \x02jump\x02");
    wait_for(&ben, "@ben the moment is marked", NULL, 0);
    assert_true(lp_irc_mark(chat, text));
    assert_string_equal(text, "clip by ben: what a jump");
    assert_false(lp_irc_mark(chat, text));
    say(&carl, "#games", "!memory");
    wait_for(&carl, "@carl !memory WORDS", NULL, 0);
    lp_irc_say(chat, "episode 3: won\r\nQUIT :gone");
    wait_for(&carl, "episode 3: won  QUIT :gone", NULL, 0);
    const lp_irc_state s = lp_irc_look(chat);
    assert_int_equal(s.asked, 7);
    assert_int_equal(s.answered, 6);
    assert_int_equal(s.votes, 1);
    assert_int_equal(s.told, 1);
    assert_int_equal(s.dropped + s.losses, 0);
    lp_irc_close(chat);
    wait_for(&carl, " QUIT ", line, sizeof line);
    assert_non_null(strstr(line, ":longplay!"));
    stop_ngircd(server);
    close(anna.fd), close(ben.fd), close(carl.fd);
}

/* Two people write as fast as the server takes it; a third is answered all the same. */
static void test_flood(void **state) {
    (void)state;
    char line[LP_IRC_READ_BYTES];
    if (!has_ngircd()) skip();
    chat_port = 0;
    pid_t server = start_ngircd(NULL);
    person anna = join("anna", "#games"), ben = join("ben", "#games"), carl = join("carl", "#games");
    lp_irc *chat = open_chat(NULL, 0);
    until_connected(chat, true);
    enum { N = 1500 };
    for (int i = 0; i < N; i++) {
        say(&anna, "#games", "!stats !stats !stats");
        say(&ben, "#games",
            i % 2 ? "!memory bell bell bell"
                  : "\x01"
                    "ACTION floods\x01");
    }
    const double end_s = lp_now_s() + LONG_S;
    while (lp_irc_look(chat).asked < N + N / 2 && lp_now_s() < end_s) usleep(10000);
    lp_irc_state s = lp_irc_look(chat);
    assert_int_equal(s.asked, N + N / 2); /* nothing is lost, nothing else is heard */
    assert_int_equal(s.asked, s.answered + s.dropped);
    if (s.answered > 100) fail_msg("%lld answers", (long long)s.answered);
    assert_true(s.answered >= 3);
    say(&carl, "#games", "!help");
    wait_for(&carl, "@carl", line, sizeof line);
    for (int i = 0; i < 10; i++) lp_irc_say(chat, i < 9 ? "older" : "the newest");
    wait_for(&carl, "the newest", NULL, 0);
    assert_true(lp_irc_look(chat).dropped > s.dropped);
    assert_true(lp_irc_look(chat).connected);
    lp_irc_close(chat);
    stop_ngircd(server);
    close(anna.fd), close(ben.fd), close(carl.fd);
}

/* The server dies and comes back; its name is taken there meanwhile. */
static void test_again(void **state) {
    (void)state;
    if (!has_ngircd()) skip();
    chat_port = 0;
    pid_t server = start_ngircd(NULL);
    lp_irc *chat = open_chat(NULL, 0);
    until_connected(chat, true);
    stop_ngircd(server);
    until_connected(chat, false);
    const double start_s = lp_now_s();
    const int losses = lp_irc_look(chat).losses;
    while (lp_irc_look(chat).losses < losses + 2 && lp_now_s() < start_s + LONG_S) usleep(10000);
    assert_true(lp_now_s() - start_s > 2.5); /* after 1 s, after 2 s */
    server = start_ngircd(NULL);
    person anna = join("longplay", "#games");
    until_connected(chat, true);
    say(&anna, "#games", "!help");
    wait_for(&anna, ":longplay_!", NULL, 0);
    lp_irc_close(chat);
    stop_ngircd(server);
    close(anna.fd);
}

/* Nobody listens; and who listens says nothing: closing does not wait for it. */
static void test_nobody(void **state) {
    (void)state;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    for (int silent = 0; silent < 2; silent++) {
        lp_err err;
        lp_irc *chat;
        if (silent) assert_int_equal(listen(fd, 1), 0);
        snprintf(url, sizeof url, "irc%s://127.0.0.1:%d/games", silent ? "s" : "", ntohs(address.sin_port));
        if (lp_irc_open(&chat, &(lp_irc_config){.address = url}, &err)) fail_msg("%s", err.message);
        const double end_s = lp_now_s() + LONG_S;
        while (!silent && lp_irc_look(chat).losses < 1 && lp_now_s() < end_s) usleep(10000);
        if (silent) usleep(200000); /* it is within TLS's greetings */
        assert_false(lp_irc_look(chat).connected);
        lp_irc_close(chat);
    }
    close(fd);
}

static void test_tls(void **state) {
    (void)state;
    char command[4 * PATH_MAX], more[4 * PATH_MAX], line[LP_IRC_READ_BYTES];
    lp_err err;
    lp_irc *chat;
    if (!has_ngircd()) skip();
    snprintf(command, sizeof command,
             "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 "
             "-keyout %s/key.pem -out %s/cert.pem 2>/dev/null",
             root, root);
    if (system(command)) { /* NOLINT(*-system): our own words */
        print_message("skipped: no openssl here\n");
        skip();
    }
    chat_port = 0;
    const int tls_port = free_port();
    snprintf(more, sizeof more, "[SSL]\nCertFile = %s/cert.pem\nKeyFile = %s/key.pem\nPorts = %d\n", root, root, tls_port);
    chat_password = "secret";
    pid_t server = start_ngircd(more);
    person anna = join("anna", "#games");
    snprintf(url, sizeof url, "ircs://longplay@127.0.0.1:%d/games", tls_port);
    unsetenv("SSL_CERT_FILE");
    if (lp_irc_open(&chat, &(lp_irc_config){.address = url, .password = "secret"}, &err)) fail_msg("%s", err.message);
    const double end_s = lp_now_s() + LONG_S; /* who signed it is not trusted */
    while (lp_irc_look(chat).losses < 1 && lp_now_s() < end_s) usleep(10000);
    assert_false(lp_irc_look(chat).connected);
    lp_irc_close(chat);
    setenv("SSL_CERT_FILE", at("cert.pem"), 1);
    if (lp_irc_open(&chat, &(lp_irc_config){.address = url, .password = "secret"}, &err)) fail_msg("%s", err.message);
    until_connected(chat, true);
    say(&anna, "#games", "!help");
    wait_for(&anna, "@anna", line, sizeof line);
    assert_non_null(strstr(line, "!memory WORDS, !stats, !clip"));
    lp_irc_close(chat);
    unsetenv("SSL_CERT_FILE");
    chat_password = NULL;
    stop_ngircd(server);
    close(anna.fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_answers), TEST(test_flood), TEST(test_again), TEST(test_nobody), TEST(test_tls)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
