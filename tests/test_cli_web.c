/* longplay play and replay --web: the page shows what is played, and what is played does not depend on it. */
#include "tests/cli_support.h"

#include <arpa/inet.h>
#include <sys/socket.h>

/* Starts with --web; returns the port that it tells. */
static int start_web(const char *arguments, pid_t *child) {
    static int told = -1; /* stays open, so that it can go on telling */
    char line[512] = "";
    int fds[2], port = 0;
    if (told >= 0) close(told);
    size_t n = 0;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    *child = start(arguments, NULL, open("/dev/null", O_WRONLY | O_CLOEXEC), fds[1]);
    close(fds[1]);
    while (!port && n + 1 < sizeof line && read(fds[0], line + n, 1) == 1) {
        line[++n] = 0;
        if (line[n - 1] == '/') sscanf(line, "longplay: the page is at http://127.0.0.1:%d/", &port);
    }
    told = fds[0];
    if (!port) fail_msg("%s: %s", arguments, line);
    return port;
}

/* What the page answers; NULL: it is gone. Valid until the next call. */
static const char *get(int port, const char *path) {
    static char answer[1 << 18];
    char request[256];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t n = 0;
    ssize_t got = 0;
    assert_true(fd >= 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to)) return close(fd), NULL;
    snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", path);
    (void)send(fd, request, strlen(request), MSG_NOSIGNAL);
    while (n + 1 < sizeof answer && (got = recv(fd, answer + n, sizeof answer - 1 - n, 0)) > 0) n += (size_t)got;
    answer[n] = 0;
    close(fd);
    return n ? answer : NULL;
}

static void wait_for(int port, const char *path, const char *text) {
    for (int i = 0; i < 1200; i++) {
        const char *answer = get(port, path);
        if (answer && strstr(answer, text)) return;
        usleep(100000);
    }
    fail_msg("%s never has '%s'", path, text);
}

static const char *hash_of(const char *json) { return strstr(json, "\"state_hash\""); }

static void test_play(void **state) {
    (void)state;
    pid_t child;
    int port = start_web("play lantern --policy oracle --web 127.0.0.1:0", &child), status;
    wait_for(port, "/api/panels/run", "\"game\":\"lantern\"");
    wait_for(port, "/api/panels/events", "A long night begins");
    wait_for(port, "/picture.png", "PNG");
    kill(child, SIGTERM); /* it goes on until it is told to stop */
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_null(get(port, "/"));
}

/* Watched all the time, at both paces: the same machine. */
static void test_same_bits(void **state) {
    (void)state;
    result alone = longplay("play cue --set horizon=40 --decisions 60 --seed 5 --json");
    assert_int_equal(alone.code, 0);
    static const char *const paces[] = {"1", "max"};
    for (int i = 0; i < 2; i++) {
        char arguments[160], text[128];
        pid_t child;
        int status;
        snprintf(arguments, sizeof arguments,
                 "play cue --set horizon=40 --decisions 60 --seed 5 --run %%/watched%d --speed %s --web 127.0.0.1:0", i, paces[i]);
        int port = start_web(arguments, &child);
        while (get(port, "/picture.png") && get(port, "/api/panels")) {
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        result again = longplay("play --run %%/watched%d --resume --json", i);
        assert_int_equal(again.code, 0);
        snprintf(text, sizeof text, "%.32s", hash_of(again.out));
        assert_non_null(strstr(alone.out, text));
    }
}

static void test_replay(void **state) {
    (void)state;
    pid_t child;
    int status;
    assert_int_equal(longplay("play cue --decisions 300 --run %%/r --seed 5").code, 0);
    int port = start_web("replay %/r --web 127.0.0.1:0", &child);
    wait_for(port, "/api/panels/run", "\"mode\":\"replay\"");
    kill(child, SIGTERM);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void test_refused(void **state) {
    (void)state;
    expect_refused(longplay("play cue --web nowhere --run %%/refused"), 2, "must be ADDRESS:PORT", "a word");
    expect_refused(longplay("play cue --web 0.0.0.0:0 --run %%/refused"), 2, "--web-password FILE", "open to all");
    expect_refused(longplay("play cue --web 127.0.0.1:0 --web-password %%/none --run %%/refused"), 2, "--web-password", "no such file");
    expect_refused(longplay("play cue --web-password %%/none --run %%/refused"), 2, "needs --web", "a password for nothing");
    assert_false(lp_file_exists(at("refused")));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_play),
        cmocka_unit_test(test_same_bits),
        cmocka_unit_test(test_replay),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
