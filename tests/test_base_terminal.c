/* What may reach a terminal: the rule, whatever the pieces, and the streams of a program that has it. */
#include "base/log.h"
#include "base/status.h"
#include "base/terminal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static const struct {
    const char *in, *out;
} rule[] = {
    {"plain text,\twith a tab\n", "plain text,\twith a tab\n"},
    {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8e\xae", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x8e\xae"}, /* letters of 2, 3, 4 bytes */
    {"\x1b]0;title\x07\x1b[2J\r\x7f", "\\u001b]0;title\\u0007\\u001b[2J\\u000d\\u007f"},
    {"\xc2\x9b"
     "31m\xc2\x85",
     "\\u009b31m\\u0085"}, /* C1, which some terminals obey */
    {"a\xe2\x80\xae"
     "b\xe2\x81\xa7"
     "c\xd8\x9c",
     "a\\u202eb\\u2067c\\u061c"},                     /* right to left */
    {"\x9b\xff\xc0\xaf\xed\xa0\x80\xf4\x90\x80\x80|", /* bytes that are no UTF-8: bare, overlong, a surrogate, too large */
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
     "|"},
    {"\xe2\x82|\xf0\x9f\x8e|", "\xef\xbf\xbd\xef\xbf\xbd|\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd|"}, /* cut off within */
};
enum { N = sizeof rule / sizeof *rule };

static void same_in_any_pieces(void **state) {
    (void)state;
    for (int i = 0; i < N; i++)
        for (size_t piece = 1; piece < 9; piece++) {
            char out[LP_TERMINAL_ROOM(64)];
            lp_terminal_rest rest = {{0}, 0};
            size_t used = 0, n = strlen(rule[i].in);
            for (size_t at = 0; at < n; at += piece)
                used += lp_terminal_clean(&rest, rule[i].in + at, n - at < piece ? n - at : piece, out + used);
            out[used] = 0;
            assert_string_equal(out, rule[i].out);
        }
}

static void messages_are_one_line(void **state) {
    (void)state;
    lp_err err;
    lp_fail(&err, LP_FAILED, "%s: first\nsecond", "a\x1b[31m");
    assert_string_equal(err.message, "a\\u001b[31m: first second");
    lp_fail_prefix(&err, LP_FAILED, "%s", "b\r");
    assert_string_equal(err.message, "b\\u000d: a\\u001b[31m: first second");
    char small[8];
    lp_terminal_line(small, sizeof small, "abcd\x1b");
    assert_string_equal(small, "abcd"); /* no half of an escape */
}

static void streams(void **state) {
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    if (!child) {
        dup2(ends[1], 1), dup2(ends[1], 2);
        lp_terminal_guard();
        printf("%s|", rule[2].in);
        fputs("\xe2\x80", stdout), putchar('\xae'), puts("");
        fflush(stdout);
        lp_warn("%s", "one\ntwo\x1b");
        fprintf(stderr, "%s\n", rule[3].in);
        printf("at the end\n");
        exit(0);
    }
    close(ends[1]);
    char out[1024] = "";
    size_t used = 0;
    for (ssize_t n; (n = read(ends[0], out + used, sizeof out - 1 - used)) > 0;) used += (size_t)n;
    close(ends[0]);
    int status;
    waitpid(child, &status, 0);
    char want[1024];
    snprintf(want, sizeof want, "%s|\\u202e\nlongplay: one two\\u001b\n%s\nat the end\n", rule[2].out, rule[3].out);
    assert_string_equal(out, want);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_in_any_pieces),
        cmocka_unit_test(messages_are_one_line),
        cmocka_unit_test(streams),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
