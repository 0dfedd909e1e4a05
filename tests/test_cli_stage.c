/* longplay stream: what the process that stays has outlives the player: the window, the page's connections, the video that a server gets. */
#include "tests/stream_support.h"
#include "tests/video_support.h"

#include <arpa/inet.h>
#include <math.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#define PLAYS "cue --policy %/p.safetensors --set horizon=40 --episodes 8"
enum { KILLS = 4, FPS = 30, LIVE_BYTES = 1 << 23 };

static int listen_here(int *port) {
    struct sockaddr_in at_ = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at_;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && !bind(fd, (struct sockaddr *)&at_, size) && !listen(fd, 4));
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at_, &size), 0);
    *port = ntohs(at_.sin_port);
    return fd;
}

/* A server for one connection, whose bytes are kept in path: who comes a second time finds nobody. */
static pid_t serve_once(const char *path, int *port) {
    char bytes[65536];
    int listener = listen_here(port);
    pid_t child = fork();
    if (child) return close(listener), child;
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* should a test fail */
    int fd = accept(listener, NULL, NULL), file = open(path, O_WRONLY | O_CREAT, 0666);
    close(listener);
    for (ssize_t n; (n = recv(fd, bytes, sizeof bytes, 0)) > 0;)
        if (write(file, bytes, (size_t)n) != n) _exit(1);
    _exit(0);
}

/* The page's port, once err tells it. */
static int page_port(int err) {
    int port = 0;
    for (int i = 0; i < 6000 && !port; i++, usleep(20000)) {
        char text[4096] = "";
        if (pread(err, text, sizeof text - 1, 0) <= 0) continue;
        const char *at_ = strstr(text, "the page is at http://127.0.0.1:");
        if (at_ && strchr(at_, '\n')) sscanf(at_, "the page is at http://127.0.0.1:%d/", &port);
    }
    assert_true(port > 0);
    return port;
}

/* Who follows the page: one connection. */
static struct {
    int fd;
    size_t n;
    char text[LIVE_BYTES];
} live;

static void follow(int port) {
    static const char request[] = "GET /live?pictures=0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    live.n = 0;
    live.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(live.fd >= 0 && !connect(live.fd, (struct sockaddr *)&to, sizeof to));
    assert_int_equal(send(live.fd, request, strlen(request), MSG_NOSIGNAL), strlen(request));
}

/* False: the connection has ended. */
static bool hear(int flags) {
    assert_true(live.n + 1 < sizeof live.text);
    ssize_t n = recv(live.fd, live.text + live.n, sizeof live.text - 1 - live.n, flags);
    if (n > 0) live.n += (size_t)n;
    live.text[live.n] = 0;
    return n > 0 || (n < 0 && errno == EAGAIN);
}

/* Of what the server got, every picture comes 1 / FPS s after the last. Returns how many there are. */
static int check_steady(const char *path) {
    char command[PATH_MAX + 160];
    double at_s, last_s = NAN;
    int n = 0;
    snprintf(command, sizeof command, "ffprobe -v error -select_streams v -show_entries packet=pts_time -of csv=p=0 '%s'", path);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    for (char line[64]; fgets(line, sizeof line, pipe);) {
        if (sscanf(line, "%lf", &at_s) != 1) continue;
        if (n++ && fabs(at_s - last_s - 1.0 / FPS) > 0.002) fail_msg("%s: a picture at %.3f s after one at %.3f s", path, at_s, last_s);
        last_s = at_s;
    }
    (void)pclose(pipe);
    return n;
}

/* Who goes on from there has recovered. */
static void wait_for_checkpoint(void) {
    lp_run_totals totals = {0};
    bool playing;
    for (int i = 0; i < 6000 && (lp_run_peek(at("run"), &totals, &playing, NULL) || !totals.decisions); i++) usleep(20000);
    assert_true(totals.decisions > 0);
}

static void test_outlives_the_player(void **state) {
    (void)state;
    char arguments[512];
    int port, out = scratch_file(), err = scratch_file(), status = 0;
    pid_t plays = 0;
    if (!has_ffmpeg()) skip();
    write_policy(at("p.safetensors"), 5);
    result whole = run_with(NULL, "play " PLAYS " --headless --run %/whole");
    if (whole.code) fail_msg("%s", whole.err);

    pid_t server = serve_once(at("live.ts"), &port);
    snprintf(arguments, sizeof arguments,
             "stream %s --speed 4 --headless --run %%/run --web 127.0.0.1:0 --size 640x480 --fps %d --stream tcp://127.0.0.1:%d", PLAYS,
             FPS, port);
    const double start_s = lp_now_s();
    pid_t stream = start(arguments, NULL, out, err);
    follow(page_port(err));
    for (int i = 0; i < KILLS; i++) {
        plays = next_player(plays, stream);
        if (!plays) fail_msg("it ended before kill %d", i + 1);
        if (i < KILLS - 1) usleep(300000);
        else wait_for_checkpoint();
        assert_int_equal(kill(plays, SIGKILL), 0);
        while (hear(MSG_DONTWAIT) && errno != EAGAIN) errno = 0;
        if (i) continue;
        for (const size_t before = live.n; !strstr(live.text + before, "\"decisions\"");) assert_true(hear(0)); /* the same goes on */
    }
    while (hear(0)) continue;
    close(live.fd);
    const double lasted_s = lp_now_s() - start_s;
    result r = finish(stream, out, err);
    if (r.code) fail_msg("exit %d: %s", r.code, r.err);
    assert_int_equal(waitpid(server, &status, 0), server);
    assert_int_equal(status, 0);
    assert_null(strstr(r.err, "trying again"));
    assert_non_null(strstr(live.text, "\"recovered\":\"RESTARTING\""));
    assert_non_null(strstr(live.text, "\"recovered\":\"RECOVERED"));
    int n = check_steady(at("live.ts"));
    print_message("%d pictures, %.1f s of %.1f s\n", n, (double)n / FPS, lasted_s);
    assert_true(n >= FPS); /* a machine that is too slow for more leaves some out at the encoder */
    expect_same_run(at("whole"), at("run"));
}

/* ---- the window ---- */

static pid_t start_screen(char name[16]) {
    int fds[2];
    char line[16] = "";
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (!child) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(fds[1], 3);
        if (!freopen("/dev/null", "w", stderr)) _exit(126);
        execlp("Xvfb", "Xvfb", "-displayfd", "3", "-screen", "0", "1400x900x24", NULL);
        _exit(126);
    }
    close(fds[1]);
    for (size_t n = 0; n + 1 < sizeof line && read(fds[0], line + n, 1) == 1 && line[n] != '\n';) line[++n] = 0;
    close(fds[0]);
    line[strcspn(line, "\n")] = 0;
    snprintf(name, 16, ":%.12s", line);
    return child;
}

/* What X tells of the window whose title begins with "cue, ": its number and the process that it is of. False: there is none. */
static bool find_window(const char *screen, char id[32], int *owner) {
    char command[256], line[512];
    *id = 0, *owner = 0;
    snprintf(command, sizeof command, "DISPLAY=%s xwininfo -root -tree", screen);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    while (fgets(line, sizeof line, pipe))
        if (strstr(line, "\"cue, ")) sscanf(line, "%31s", id);
    (void)pclose(pipe);
    if (!*id) return false;
    snprintf(command, sizeof command, "DISPLAY=%s xprop -id %s _NET_WM_PID", screen, id);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    if (!fgets(line, sizeof line, pipe) || sscanf(line, "_NET_WM_PID(CARDINAL) = %d", owner) != 1) *owner = 0;
    (void)pclose(pipe);
    return true;
}

static void test_window_stays(void **state) {
    (void)state;
    char screen[16], environment[96], id[32], first[32];
    int owner, out = scratch_file(), err = scratch_file();
    if (system("which Xvfb xwininfo xprop >/dev/null 2>&1")) {
        print_message("skipped: no Xvfb, xwininfo or xprop here (Debian: xvfb, x11-utils)\n");
        skip();
    }
    write_policy(at("p.safetensors"), 5);
    pid_t x = start_screen(screen);
    /* libraries of X keep something to the end, and are unloaded by then */
    snprintf(environment, sizeof environment, "DISPLAY=%s SDL_AUDIODRIVER=dummy ASAN_OPTIONS=detect_leaks=0", screen);
    pid_t stream = start("stream cue --policy %/p.safetensors --run %/run", environment, out, err), plays = next_player(0, stream);
    assert_true(plays > 0);
    for (int i = 0; i < 600; i++) { /* SDL makes the window anew when it chooses how to draw: the one that stays is meant */
        const bool found = find_window(screen, first, &owner) && owner == stream;
        usleep(200000);
        if (found && find_window(screen, id, &owner) && !strcmp(id, first)) break;
    }
    assert_int_equal(owner, stream);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(kill(plays, SIGKILL), 0);
        plays = next_player(plays, stream);
        assert_true(plays > 0);
        assert_true(find_window(screen, id, &owner));
        assert_string_equal(id, first);
        assert_int_equal(owner, stream);
    }
    kill(stream, SIGTERM);
    result r = finish(stream, out, err);
    if (r.code) fail_msg("exit %d: %s", r.code, r.err);
    kill(x, SIGTERM);
    waitpid(x, NULL, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_outlives_the_player), TEST(test_window_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
