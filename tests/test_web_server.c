/* The web page's server over real sockets: what it answers, what it refuses, who is dropped, and that it outlives whatever is sent.
 *
 * The bad requests print their seed; LONGPLAY_TEST_SEED=N takes another one. */
#include "web/web.h"

#include "base/file.h"
#include "base/rng.h"
#include "emulator/emulator.h"
#include "tests/seed.h"

#include <arpa/inet.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { LONG_MS = 120000, MAX_BYTES = 1 << 20 };

static lp_web *web;
static char got[MAX_BYTES]; /* the last answer */

/* ---- the other end ---- */

static int dial(void) {
    unsigned port;
    assert_int_equal(sscanf(lp_web_url(web), "http://127.0.0.1:%u/", &port), 1);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && !connect(fd, (struct sockaddr *)&to, sizeof to));
    return fd;
}

static void say(int fd, const void *data, size_t size) {
    for (size_t sent = 0; sent < size;) {
        ssize_t n = send(fd, (const char *)data + sent, size - sent, MSG_NOSIGNAL);
        if (n <= 0) return; /* it has closed already: what it answered is there to be read */
        sent += (size_t)n;
    }
}

/* More of what comes, from got + at on; false: it has ended. */
static bool hear(int fd, size_t *at) {
    struct pollfd p = {fd, POLLIN, 0};
    assert_int_equal(poll(&p, 1, LONG_MS), 1);
    assert_true(*at + 1 < sizeof got);
    ssize_t n = recv(fd, got + *at, sizeof got - 1 - *at, 0);
    if (n <= 0) return false;
    *at += (size_t)n;
    got[*at] = 0;
    return true;
}

/* Its status, or 0 where nothing is answered; got has all of it. */
static int ask_raw(const void *request, size_t size) {
    int fd = dial(), status = 0;
    size_t at = 0;
    got[0] = 0;
    say(fd, request, size);
    while (hear(fd, &at)) {
    }
    close(fd);
    return sscanf(got, "HTTP/1.1 %d", &status) == 1 ? status : 0;
}

__attribute__((format(printf, 1, 2))) static int ask(const char *format, ...) {
    char request[4096];
    va_list list;
    va_start(list, format);
    vsnprintf(request, sizeof request, format, list);
    va_end(list);
    return ask_raw(request, strlen(request));
}

static int get(const char *path) { return ask("GET %s HTTP/1.1\r\nHost: 127.0.0.1:8600\r\n\r\n", path); }

static const char *body(void) {
    const char *at = strstr(got, "\r\n\r\n");
    assert_non_null(at);
    return at + 4;
}

/* ---- something to show ---- */

static uint32_t frame[160 * 144];

static lp_view moment(int64_t decision) {
    static const char *const names[] = {"LEFT", "A+B"};
    static const float probabilities[] = {0.25f, 0.75f}, values[] = {-1, 0.5f, NAN};
    static const lp_view_variable variables[] = {{"lives", 3, 7}};
    for (int i = 0; i < 160 * 144; i++)
        frame[i] = (uint32_t)lp_mix64((uint64_t)decision << 32 | (uint64_t)i) & 0xffffff; /* hard to compress */
    static const lp_view_model model = {4, 1234, 0.25, 1, 2, 3, 5, 6, 3, 2, 0};
    static const lp_view_line lines[] = {{"goal", "out"}, {"caf\xe9 ", NULL}};
    lp_view v = {.title = "A \"title\" </script>",
                 .game = "cue",
                 .policy = "caf\xe9 \xe2\x98\x85", /* not UTF-8, and UTF-8 */
                 .memory = "tree",
                 .frame = frame,
                 .frame_width = 160,
                 .frame_height = 144,
                 .n_actions = 2,
                 .chosen = 1,
                 .action_names = names,
                 .action_probabilities = probabilities,
                 .value_history = values,
                 .n_values = 3,
                 .n_levels = 2,
                 .level_counts = {5, 20},
                 .level_weights = {0, 0.5f},
                 .items_seen = 99,
                 .thought = "Left?",
                 .thinks = true,
                 .model = &model,
                 .n_lines = 2,
                 .lines = lines,
                 .n_reads = 1,
                 .reads = {{12, 1, 0.5f, "the sign"}},
                 .n_events = 1,
                 .events = {{2, 1.5, "a bell\nrings", true}},
                 .n_splits = 1,
                 .splits = {{"bell", NAN, 3}},
                 .n_results = 1,
                 .results = {{1, 10, 2.5, LP_VIEW_LOST}},
                 .n_keys = 2,
                 .keys = {LP_KEY_A | LP_KEY_UP, 0},
                 .all_keys = LP_KEY_A | LP_KEY_UP,
                 .n_variables = 1,
                 .variables = variables,
                 .losses = 1,
                 .episode = 2,
                 .decisions = decision,
                 .can_win = true,
                 .can_end = true,
                 .banner = LP_VIEW_LOST,
                 .played_s = 61,
                 .real_s = NAN};
    return v;
}

static void publish(int64_t decision) {
    lp_view v = moment(decision);
    lp_web_publish(web, &v);
}

static int open_web(void **state) {
    (void)state;
    lp_err err;
    if (!lp_web_open(&web, &(lp_web_config){.address = "127.0.0.1:0"}, &err)) return 0;
    fprintf(stderr, "%s\n", err.message);
    return -1;
}

static int close_web(void **state) {
    (void)state;
    lp_web_close(web);
    web = NULL;
    return 0;
}

/* ---- what it answers ---- */

static void test_nothing_yet(void **state) {
    (void)state;
    assert_int_equal(get("/"), 200);
    assert_non_null(strstr(body(), "<!doctype html>"));
    assert_non_null(strstr(got, "Content-Security-Policy: default-src 'none'"));
    assert_int_equal(get("/page.js"), 200);
    assert_int_equal(get("/page.css"), 200);
    assert_int_equal(get("/picture.png"), 404);
    assert_int_equal(get("/api/panels"), 200);
    assert_non_null(strstr(body(), "\"game\":null"));
}

static void test_panels(void **state) {
    static const char *const expected[][2] = {
        {"run", "{\"title\":\"A \\\"title\\\" </script>\",\"game\":\"cue\",\"policy\":\"caf? \xe2\x98\x85\",\"memory\":\"tree\",\"mode\":"
                "\"live\",\"recovered\":null,\"status\":null,\"note\":null,\"speed\":0,\"decisions_per_s\":0}"},
        {"clocks", "{\"decisions\":7,\"episode_decisions\":0,\"episode_s\":0,\"played_s\":61,\"real_s\":null}"},
        {"results", "{\"can_win\":true,\"can_end\":true,\"episode\":2,\"wins\":0,\"losses\":1,\"timeouts\":0,\"banner\":\"loss\",\"last\":["
                    "{\"episode\":1,\"end\":\"loss\",\"decisions\":10,\"seconds\":2.5}]}"},
        {"action", "{\"actions\":[{\"name\":\"LEFT\",\"probability\":0.25},{\"name\":\"A+B\",\"probability\":0.75}],\"human\":false,"
                   "\"chosen\":\"A+B\"}"},
        {"value", "{\"history\":[-1,0.5,null]}"},
        {"memory", "{\"levels\":[5,20],\"weights\":[0,0.5],\"items_seen\":99,\"last_written\":null}"},
        {"thought", "{\"text\":\"Left?\",\"thinks\":true}"},
        {"notebook", "{\"lines\":[{\"key\":\"goal\",\"text\":\"out\"},{\"key\":\"caf? \",\"text\":null}]}"},
        {"model", "{\"plays\":true,\"replies\":4,\"tokens\":1234,\"cost\":0.25,\"failed\":1,\"faults\":2,\"given_up\":3,\"repeats\":5,"
                  "\"repeating\":6,\"turns\":3,\"milestones\":2,\"wins\":0}"},
        {"reading", "{\"reads\":[{\"age\":12,\"level\":1,\"weight\":0.5,\"text\":\"the sign\"}]}"},
        {"events", "{\"events\":[{\"episode\":2,\"at_s\":1.5,\"text\":\"a bell\\nrings\",\"milestone\":true}]}"},
        {"splits", "{\"splits\":[{\"name\":\"bell\",\"at_s\":null,\"best_s\":3}]}"},
        {"buttons", "{\"all\":[\"A\",\"UP\"],\"pressed\":[[\"A\",\"UP\"],[]]}"},
        {"variables", "{\"variables\":[{\"name\":\"lives\",\"value\":3,\"age\":7}]}"},
    };
    (void)state;
    publish(7);
    assert_int_equal(get("/api/panels"), 200);
    cJSON *all = cJSON_Parse(body());
    assert_int_equal(cJSON_GetArraySize(all), sizeof expected / sizeof *expected);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        char path[64];
        snprintf(path, sizeof path, "/api/panels/%s", expected[i][0]);
        assert_int_equal(get(path), 200);
        assert_string_equal(body(), expected[i][1]);
        char *same = cJSON_PrintUnformatted(cJSON_GetObjectItem(all, expected[i][0]));
        assert_string_equal(same, expected[i][1]);
        free(same);
    }
    cJSON_Delete(all);
    assert_int_equal(get("/api/panels/Run"), 404);
    assert_int_equal(get("/api/panels/run/"), 404);
}

static void test_picture(void **state) {
    (void)state;
    unsigned char *png;
    size_t size;
    uint32_t swapped[160 * 144];
    publish(3);
    assert_int_equal(get("/picture.png"), 200);
    for (int i = 0; i < 160 * 144; i++) swapped[i] = (frame[i] & 0xff) << 16 | (frame[i] & 0xff00) | frame[i] >> 16;
    assert_int_equal(lp_png_encode(&png, &size, swapped, 160, 144, NULL), LP_OK);
    assert_memory_equal(body(), png, size);
    free(png);
}

/* Reads until text has come; returns bytes so far. */
static size_t hear_until(int fd, size_t at, const char *text) {
    while (!strstr(got, text)) assert_true(hear(fd, &at));
    return at;
}

static void test_live(void **state) {
    (void)state;
    publish(1000001);
    int fd = dial(), panels = dial();
    say(fd, "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n", 40);
    got[0] = 0;
    size_t at = hear_until(fd, 0, "event: panels\ndata: {\"run\":");
    at = hear_until(fd, at, "event: picture\ndata: iVBORw0KGgo");
    at = hear_until(fd, at, "\"decisions\":1000001");
    assert_non_null(strstr(got, "text/event-stream"));
    assert_true(lp_web_wants(web) || !lp_web_wants(web)); /* may be asked at any time */
    publish(1000002);
    hear_until(fd, at, "\"decisions\":1000002");
    /* without pictures */
    say(panels, "GET /live?pictures=0 HTTP/1.1\r\nHost: localhost\r\n\r\n", 51);
    got[0] = 0;
    at = hear_until(panels, 0, "\"decisions\":1000002");
    publish(1000003);
    hear_until(panels, at, "\"decisions\":1000003");
    assert_null(strstr(got, "event: picture"));
    /* both hear that it ends */
    close_web(NULL);
    at = 0;
    while (hear(panels, &at)) {
    }
    close(fd), close(panels);
    assert_int_equal(open_web(NULL), 0);
}

/* A viewer who takes nothing costs nobody anything: others go on, and it is dropped in the end. */
static void test_slow_viewer(void **state) {
    (void)state;
    int slow = dial(), small = 4096;
    assert_int_equal(setsockopt(slow, SOL_SOCKET, SO_RCVBUF, &small, sizeof small), 0);
    say(slow, "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n", 40);
    int fd = dial();
    say(fd, "GET /live HTTP/1.1\r\nHost: localhost\r\n\r\n", 40);
    for (int64_t i = 1; i < 40; i++) { /* each seen by who listens */
        char decisions[64];
        size_t at = 0;
        publish(2000000 + i);
        snprintf(decisions, sizeof decisions, "\"decisions\":%lld", 2000000 + (long long)i);
        got[0] = 0;
        hear_until(fd, at, decisions);
    }
    close(fd);
    struct pollfd p = {slow, POLLHUP | POLLRDHUP, 0}; /* its end, behind what lies in the buffers */
    for (int64_t i = 0; poll(&p, 1, 100) == 0; i++) {
        publish(3000000 + i);
        assert_true(i < LONG_MS / 100);
    }
    close(slow);
}

/* ---- what it refuses ---- */

static void test_refused(void **state) {
    (void)state;
    publish(1);
    assert_int_equal(get("/nothing"), 404);
    static const char *const outside[] = {"/../web/web.h", "/..%2f..%2fetc/passwd", "//etc/passwd", "/%2e%2e/page.js", "/page.js/../.."};
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        int status = get(outside[i]);
        if (status != 404 && status != 400) fail_msg("%s: %d", outside[i], status);
    }
    assert_int_equal(ask("POST /api/panels HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\n\r\nabc"), 405);
    assert_int_equal(ask("DELETE / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), 405);
    assert_int_equal(ask("HEAD /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), 405);
    static const char *const hosts[] = {"localhost", "localhost:8600", "127.0.0.1", "192.168.1.2:80", "[::1]:8600"};
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) assert_int_equal(ask("GET / HTTP/1.1\r\nHost: %s\r\n\r\n", hosts[i]), 200);
    static const char *const strangers[] = {"evil.example", "localhost.evil.example", "127.0.0.1.nip.io:8600", "[evil]", "127.1", ""};
    for (size_t i = 0; i < sizeof strangers / sizeof *strangers; i++)
        if (ask("GET / HTTP/1.1\r\nHost: %s\r\n\r\n", strangers[i]) != 403) fail_msg("%s is let in", strangers[i]);
    assert_int_not_equal(ask("GET / HTTP/1.0\r\n\r\n"), 200); /* without one */
}

static void test_huge(void **state) {
    (void)state;
    static char request[300000];
    publish(1);
    for (int kind = 0; kind < 3; kind++) { /* a long path, a long header, many headers */
        size_t n = (size_t)snprintf(request, sizeof request, kind ? "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" : "GET /");
        while (n + 64 < sizeof request) n += (size_t)snprintf(request + n, sizeof request - n, kind == 2 ? "X-%zu: y\r\n" : "x%zu", n);
        n += (size_t)snprintf(request + n, sizeof request - n, kind ? "\r\n\r\n" : " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
        int status = ask_raw(request, n);
        if (status == 200 || status >= 500) fail_msg("kind %d: %d", kind, status);
        assert_int_equal(get("/api/panels"), 200);
    }
}

/* Who never finishes the request is dropped; meanwhile others are served. */
static void test_unfinished(void **state) {
    (void)state;
    int fds[20];
    size_t at = 0;
    for (int i = 0; i < 20; i++) {
        fds[i] = dial();
        say(fds[i], "GET / HTTP/1.1\r\nHost:", (size_t)i);
    }
    assert_int_equal(get("/"), 200);
    for (int i = 0; i < 20; i++) {
        for (int64_t n = 0; poll(&(struct pollfd){fds[i], POLLIN, 0}, 1, 100) == 0; n++) {
            say(fds[i], i % 2 ? "X" : "", (size_t)(i % 2)); /* half of them go on, slowly */
            assert_true(n < LONG_MS / 100);
        }
        at = 0;
        while (hear(fds[i], &at)) {
        }
        close(fds[i]);
    }
}

/* Requests with bytes changed, cut, doubled: whatever it answers, it answers the next one, too. */
static void test_garbage(void **state) {
    static const char *const good[] = {
        "GET /api/panels?x=%41&y HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n",
        "POST /live HTTP/1.1\r\nHost: [::1]\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "GET /picture.png HTTP/1.0\r\nHost: localhost\r\nAuthorization: Basic OmFiYw==\r\nContent-Length: 5\r\n\r\nabcde"};
    (void)state;
    lp_rng rng;
    rng = lp_rng_make(test_seed(), 0);
    publish(1);
    for (int i = 0; i < 600; i++) {
        char request[1024];
        size_t n = 0;
        const char *base = good[lp_rng_below(&rng, 3)];
        for (const char *c = base; *c && n + 8 < sizeof request; c++) {
            uint32_t what = lp_rng_below(&rng, 60);
            if (what == 0) request[n++] = (char)lp_rng_below(&rng, 256);
            else if (what == 1) n += (size_t)snprintf(request + n, 8, "%c%c%c", *c, *c, *c);
            else if (what != 2) request[n++] = *c;
        }
        int fd = dial();
        say(fd, request, lp_rng_below(&rng, 4) ? n : lp_rng_below(&rng, (uint32_t)n + 1));
        if (lp_rng_below(&rng, 2)) shutdown(fd, SHUT_WR);
        close(fd);
    }
    assert_int_equal(get("/api/panels"), 200);
}

static void test_password(void **state) {
    (void)state;
    char path[PATH_MAX];
    lp_err err;
    snprintf(path, sizeof path, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, "sesame open\r\nnot this", 21) == 21);
    close(fd);
    close_web(NULL);
    assert_int_equal(lp_web_open(&web, &(lp_web_config){.address = "127.0.0.1:0", .password_file = path}, &err), LP_OK);
    publish(1);
    assert_int_equal(get("/"), 401);
    assert_non_null(strstr(got, "WWW-Authenticate: Basic"));
    assert_int_equal(get("/live"), 401);
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic eDpzZXNhbWUgb3BlbjE=\r\n\r\n"),
                     401);                                                                                        /* x:sesame open1 */
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Basic eDpzZXNhbWU=\r\n\r\n"), 401); /* x:sesame */
    assert_int_equal(ask("GET / HTTP/1.1\r\nHost: my.example\r\nAuthorization: Basic eDpzZXNhbWUgb3Blbg==\r\n\r\n"), 200);
    assert_int_equal(truncate(path, 7), 0);
    lp_web *other;
    assert_int_equal(lp_web_open(&other, &(lp_web_config){.address = "127.0.0.1:0", .password_file = path}, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "at least 8 characters"));
    unlink(path);
    assert_int_equal(lp_web_open(&other, &(lp_web_config){.address = "127.0.0.1:0", .password_file = path}, &err), LP_BAD_INPUT);
    close_web(NULL);
    assert_int_equal(open_web(NULL), 0);
}

static void test_addresses(void **state) {
    (void)state;
    static const char *const wrong[] = {
        "", "8600", ":8600", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "example.org:80", "::1:8600", "[::1]", "[::1:1"};
    lp_err err;
    lp_web *other;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(lp_web_open(&other, &(lp_web_config){.address = wrong[i]}, &err), LP_BAD_INPUT);
        if (!strstr(err.message, "must be ADDRESS:PORT")) fail_msg("%s: %s", wrong[i], err.message);
        assert_null(other);
    }
    assert_int_equal(lp_web_open(&other, &(lp_web_config){.address = "0.0.0.0:0"}, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "--web-password FILE"));
    char taken[64];
    snprintf(taken, sizeof taken, "localhost:%s", strrchr(lp_web_url(web), ':') + 1);
    taken[strlen(taken) - 1] = 0; /* the slash */
    assert_int_equal(lp_web_open(&other, &(lp_web_config){.address = taken}, &err), LP_FAILED);
    assert_non_null(strstr(err.message, "in use"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_yet), cmocka_unit_test(test_panels),      cmocka_unit_test(test_picture),
        cmocka_unit_test(test_live),        cmocka_unit_test(test_refused),     cmocka_unit_test(test_huge),
        cmocka_unit_test(test_garbage),     cmocka_unit_test(test_password),    cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_unfinished),  cmocka_unit_test(test_slow_viewer),
    };
    return cmocka_run_group_tests(tests, open_web, close_web);
}
