/* The words of IRC: addresses, lines that are hostile, text that may be sent, limits, votes. No network. */
#include "base/log.h"
#include "base/rng.h"
#include "base/utf8.h"
#include "irc/irc_limit.h"
#include "irc/irc_votes.h"
#include "irc/irc_line.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void test_addresses(void **state) {
    (void)state;
    lp_irc_address a;
    lp_err err;
    assert_int_equal(lp_irc_address_read(&a, "irc://example.org/games", &err), LP_OK);
    assert_false(a.tls);
    assert_int_equal(a.port, 6667);
    assert_string_equal(a.nick, "longplay");
    assert_string_equal(a.host, "example.org");
    assert_string_equal(a.channel, "#games");
    assert_int_equal(lp_irc_address_read(&a, "ircs://me_2@[::1]:7000/%23games", &err), LP_OK);
    assert_true(a.tls);
    assert_int_equal(a.port, 7000);
    assert_string_equal(a.nick, "me_2");
    assert_string_equal(a.host, "[::1]");
    assert_string_equal(a.channel, "#games");
    assert_int_equal(lp_irc_address_read(&a, "IRC://h:1/&local", &err), LP_OK);
    assert_string_equal(a.channel, "&local");
    static const char *const bad[] = {"",
                                      "irc",
                                      "irc://",
                                      "http://h/c",
                                      "irc:h/c",
                                      "irc://h",
                                      "irc://h/",
                                      "irc:///c",
                                      "irc://h:0/c",
                                      "irc://h:65536/c",
                                      "irc://h:6667x/c",
                                      "irc://h:/c",
                                      "irc://me:secret@h/c",
                                      "irc://2me@h/c",
                                      "irc://m e@h/c",
                                      "irc://@h/c",
                                      "irc://h/a,b",
                                      "irc://h/a b",
                                      "irc://h/a\r\nQUIT",
                                      "irc://h\r\n/a",
                                      "irc://[::1/c",
                                      "irc://h/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (lp_irc_address_read(&a, bad[i], &err) != LP_BAD_INPUT) fail_msg("'%s' is taken", bad[i]);
        if (strstr(err.message, "secret") || strchr(err.message, '\n')) fail_msg("'%s' says: %s", bad[i], err.message);
    }
}

/* All lines of text, each with a bar behind it. */
static void read_lines(const char *text, size_t n, char *out) {
    static lp_irc_reader r;
    r = (lp_irc_reader){.n = 0};
    *out = 0;
    for (size_t i = 0; i < n; i++)
        if (lp_irc_take(&r, text[i])) strcat(strcat(out, r.line), "|");
}

static void test_lines(void **state) {
    (void)state;
    static char text[3 * LP_IRC_READ_BYTES], out[4 * LP_IRC_READ_BYTES];
    read_lines("a\r\nb\n\r\nc", 8, out);
    assert_string_equal(out, "a|b||");
    read_lines("a\0b\r\n", 5, out);
    assert_string_equal(out, "a b|");
    memset(text, 'x', sizeof text);
    text[LP_IRC_READ_BYTES + 700] = '\n';
    memcpy(text + LP_IRC_READ_BYTES + 701, "ok\r\n", 4);
    read_lines(text, LP_IRC_READ_BYTES + 705, out); /* what is too long is left out whole */
    assert_string_equal(out, "ok|");
    text[LP_IRC_READ_BYTES - 1] = '\n';
    read_lines(text, LP_IRC_READ_BYTES, out);
    assert_int_equal(strlen(out), LP_IRC_READ_BYTES);
}

static lp_irc_message parse(const char *line) {
    static char copy[LP_IRC_READ_BYTES];
    lp_irc_message m;
    snprintf(copy, sizeof copy, "%s", line);
    if (!lp_irc_parse(&m, copy)) m.command = NULL;
    return m;
}

static void test_messages(void **state) {
    (void)state;
    lp_irc_message m = parse(":anna!~a@host PRIVMSG #games :!memory the bell :)");
    assert_string_equal(m.nick, "anna");
    assert_string_equal(m.command, "PRIVMSG");
    assert_int_equal(m.n_params, 2);
    assert_string_equal(m.param[0], "#games");
    assert_string_equal(m.param[1], "!memory the bell :)");
    m = parse("@badge-info=;color=#FF :anna!a@b  PRIVMSG   #games   word");
    assert_string_equal(m.nick, "anna");
    assert_int_equal(m.n_params, 2);
    assert_string_equal(m.param[1], "word");
    m = parse("PING :tmi.twitch.tv");
    assert_string_equal(m.nick, "");
    assert_string_equal(m.param[0], "tmi.twitch.tv");
    m = parse("A 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17");
    assert_int_equal(m.n_params, LP_IRC_PARAMS);
    assert_string_equal(m.param[LP_IRC_PARAMS - 1], "15 16 17");
    m = parse(":\x02"
              "an\xff"
              "na\x1b[31mlonger-than-any-name-may-be-on-any-server PRIVMSG");
    assert_int_equal(m.n_params, 0);
    assert_string_equal(m.nick, "an\xef\xbf\xbd"
                                "na [31mlonger-than-any-nam");
    static const char *const none[] = {"", " ", ":", ":a", ":a!b@c ", "@tags", "@tags :a", "@ : "};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        if (parse(none[i]).command) fail_msg("'%s' is taken", none[i]);
}

static void expect_clean(const char *text, const char *want) {
    char out[200];
    const size_t n = lp_irc_clean(out, sizeof out, text);
    if (strcmp(out, want) || n != strlen(want)) fail_msg("'%s' became '%s', want '%s'", text, out, want);
}

static void test_clean(void **state) {
    (void)state;
    expect_clean("plain \xe2\x82\xac \xf0\x9f\x98\x80", "plain \xe2\x82\xac \xf0\x9f\x98\x80");
    expect_clean("\x02"
                 "bold\x0f \x1ditalic\x1d \x1funder\x16reverse\x1e\x11",
                 "bold italic underreverse");
    expect_clean("\x03"
                 "04,12red\x03 \x03"
                 "4,x \x03,5 \x04"
                 "FF0000,00ff00hex\x04z",
                 "red ,x ,5 hexz");
    expect_clean("a\r\nQUIT\tb", "a  QUIT b");
    expect_clean("esc \x1b[2J bell \x07 del \x7f c1 \xc2\x9b", "esc  [2J bell   del  c1 ");
    expect_clean("\xe2\x80\xaeleft\xe2\x81\xa6", "left");
    expect_clean("cut \xe2\x82", "cut \xef\xbf\xbd\xef\xbf\xbd");
    expect_clean("\xc0\xaf \xed\xa0\x80 \xff", "\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd \xef\xbf\xbd");
    expect_clean("\x03", "");
    char out[6];
    assert_int_equal(lp_irc_clean(out, sizeof out, "abc\xe2\x82\xac"), 3); /* at the end of a character */
    assert_int_equal(lp_irc_clean(out, sizeof out, "ab\xe2\x82\xac\xe2\x82\xac"), 5);
    assert_int_equal(lp_irc_clean(out, 1, "abc"), 0);
}

/* Whatever bytes come in: what goes out is one line of UTF-8 that fits. */
static void test_any(void **state) {
    (void)state;
    const char *given = getenv("LONGPLAY_TEST_SEED");
    const uint64_t seed = given ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
    print_message("seed %llu (LONGPLAY_TEST_SEED repeats it)\n", (unsigned long long)seed);
    lp_rng rng = lp_rng_make(seed, 1);
    for (int i = 0; i < 20000; i++) {
        char text[1200], line[LP_IRC_BYTES + 1], channel[64] = "#games", nick[LP_IRC_NICK_BYTES] = "longplay_";
        const size_t n = lp_rng_below(&rng, sizeof text);
        for (size_t k = 0; k < n; k++) text[k] = (char)(1 + lp_rng_below(&rng, i % 2 ? 255 : 40));
        text[n] = 0;
        const size_t size = lp_irc_privmsg(line, nick, channel, text);
        assert_int_equal(strlen(line), size);
        assert_true(size + strlen(":longplay_!1234567890@ ") + 63 <= LP_IRC_BYTES);
        assert_memory_equal(line, "PRIVMSG #games :", 16);
        assert_string_equal(line + size - 2, "\r\n");
        for (size_t k = 0; k < size - 2;) {
            uint32_t c = 0;
            const int length = lp_utf8_decode((unsigned char *)line + k, size - 2 - k, &c);
            if (length <= 0 || c < ' ' || lp_utf8_is_obeyed(c)) fail_msg("byte %zu of '%s'", k, line);
            k += (size_t)length;
        }
        lp_irc_message m;
        if (lp_irc_parse(&m, text)) assert_true(strlen(m.nick) < sizeof m.nick && m.n_params <= LP_IRC_PARAMS);
    }
}

static void test_limits(void **state) {
    (void)state;
    static lp_irc_users users;
    char nick[32];
    lp_irc_bucket b = lp_irc_bucket_make(2, 0.5, 100);
    assert_true(lp_irc_bucket_take(&b, 100) && lp_irc_bucket_take(&b, 100));
    assert_false(lp_irc_bucket_take(&b, 101));
    assert_true(lp_irc_bucket_take(&b, 102));
    assert_true(lp_irc_bucket_left(&b, 1000) == 2);
    for (int i = 0; i < 2; i++) assert_true(lp_irc_users_take(&users, i ? "ANNA" : "anna", 2, 0.1, 10));
    assert_false(lp_irc_users_take(&users, "Anna", 2, 0.1, 10));
    assert_true(lp_irc_users_take(&users, "ben", 2, 0.1, 10));
    for (int i = 0; i < 10 * LP_IRC_USERS; i++) { /* of so many the first are forgotten, and nothing else happens */
        snprintf(nick, sizeof nick, "user%d", i);
        assert_true(lp_irc_users_take(&users, nick, 2, 0.1, 11 + i));
    }
    assert_true(lp_irc_users_take(&users, "user5", 2, 0.1, 11) && lp_irc_users_take(&users, "user5", 2, 0.1, 11));
    assert_false(lp_irc_users_take(&users, "user5", 2, 0.1, 11));
}

static void test_votes(void **state) {
    (void)state;
    static lp_irc_votes v;
    static const lp_irc_ballot ballots[] = {{"doors", 3, {2, 3, 4}}, {"when", 2, {0, 1}}};
    char out[64], nick[32];
    v.ballots = ballots;
    v.n_ballots = 2;
    assert_int_equal(lp_irc_votes_find(&v, "WHEN"), 1);
    assert_int_equal(lp_irc_votes_find(&v, NULL), -1); /* which of them? */
    assert_int_equal(lp_irc_votes_find(&v, "other"), -1);
    assert_false(lp_irc_votes_end(&v, out, sizeof out));
    assert_true(lp_irc_votes_cast(&v, "anna", 0, 4));
    assert_true(lp_irc_votes_cast(&v, "Anna", 0, 3)); /* another mind, the same voice */
    assert_true(lp_irc_votes_cast(&v, "ben", 0, 4));
    assert_true(lp_irc_votes_cast(&v, "carl", 0, 4));
    assert_false(lp_irc_votes_cast(&v, "carl", 0, 5));
    assert_true(lp_irc_votes_end(&v, out, sizeof out));
    assert_string_equal(out, "doors=4");
    assert_false(lp_irc_votes_end(&v, out, sizeof out));                                    /* begun anew */
    assert_true(lp_irc_votes_cast(&v, "anna", 0, 4) && lp_irc_votes_cast(&v, "ben", 0, 3)); /* as many: the first */
    assert_true(lp_irc_votes_cast(&v, "anna", 1, 1));
    assert_true(lp_irc_votes_end(&v, out, sizeof out));
    assert_string_equal(out, "doors=3 when=1");
    for (int i = 0; i < LP_IRC_VOTERS + 100; i++) {
        snprintf(nick, sizeof nick, "user%d", i);
        assert_int_equal(lp_irc_votes_cast(&v, nick, 0, 2), i < LP_IRC_VOTERS);
    }
    assert_true(lp_irc_votes_cast(&v, "user7", 0, 3)); /* who has a voice keeps it */
    assert_int_equal(v.count[0][0], LP_IRC_VOTERS - 1);
    assert_true(lp_irc_votes_end(&v, out, sizeof out));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses), cmocka_unit_test(test_lines), cmocka_unit_test(test_messages),
                                       cmocka_unit_test(test_clean),     cmocka_unit_test(test_any),   cmocka_unit_test(test_limits),
                                       cmocka_unit_test(test_votes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
