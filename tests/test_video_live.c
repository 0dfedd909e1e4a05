/* A stream: what a server gets (nginx, on loopback), killed and started again in the middle; one that is not there; a pace that is uneven. */
#include "video/video.h"

#include "base/log.h"
#include "tests/video_support.h"

#include <arpa/inet.h>
#include <ftw.h>
#include <glob.h>
#include <math.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MODULE "/usr/lib/nginx/modules/ngx_rtmp_module.so"
#define FRAME_S (1 / 59.7275)
enum { W = 128, H = 64, LONG_S = 120 };

static char folder[256], url[128];
static uint32_t pixels[W * H];
static int port;

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int remove_folder(void **state) {
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void choose_port(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    port = ntohs(address.sin_port);
    close(fd);
    snprintf(url, sizeof url, "rtmp://127.0.0.1:%d/live/secret", port);
}

static bool has_nginx(void) {
    if (!access("/usr/sbin/nginx", X_OK) && !access(MODULE, R_OK)) return has_ffmpeg();
    print_message("skipped: no nginx with RTMP here (Debian: nginx-light, libnginx-mod-rtmp)\n");
    return false;
}

/* It keeps each stream that it gets in a file of its own. */
static pid_t start_nginx(void) {
    char conf[300], prefix[300];
    snprintf(conf, sizeof conf, "%s/nginx.conf", folder);
    snprintf(prefix, sizeof prefix, "%s/", folder);
    FILE *f = fopen(conf, "w");
    assert_non_null(f);
    fprintf(f,
            "load_module " MODULE ";\nuser root;\ndaemon off;\nmaster_process off;\npid nginx.pid;\nerror_log error.log;\nevents {}\n"
            "rtmp { server { listen 127.0.0.1:%d; application live { live on; record all; record_path %s; record_unique on; } } }\n",
            port, folder);
    assert_int_equal(fclose(f), 0);
    pid_t child = fork();
    if (child) return child;
    if (!freopen("/dev/null", "w", stderr)) _exit(126);
    execl("/usr/sbin/nginx", "nginx", "-p", prefix, "-e", "error.log", "-c", conf, NULL);
    _exit(126);
}

static void stop_nginx(pid_t nginx) {
    kill(nginx, SIGKILL);
    waitpid(nginx, NULL, 0);
}

/* An agent at speed 1: frame by frame, with counters, in real time. */
typedef struct {
    lp_video *video;
    int n;
    double start_s;
} agent;

static void play_frame(agent *a) {
    int16_t pairs[2 * 804] = {0};
    double wait_s = a->start_s + a->n * FRAME_S - lp_now_s();
    if (wait_s > 0) nanosleep(&(struct timespec){0, (long)(wait_s * 1e9)}, NULL);
    paint_counter(pixels, W, a->n++ % (1 << COUNTER_BITS));
    lp_video_put(a->video, pixels, pairs, 804);
}

static void play_until(agent *a, bool connected, int more_frames) {
    double end_s = lp_now_s() + LONG_S;
    while (lp_video_look(a->video).connected != connected) {
        if (lp_now_s() > end_s) fail_msg("not %s in time", connected ? "connected" : "lost");
        play_frame(a);
    }
    for (int i = 0; i < more_frames; i++) play_frame(a);
}

/* In what the server kept: how many frames were seen, and how many of the counters between the first and the last were not. */
static void check_kept(const char *path, int *n_seen, int *n_missing) {
    static int counters[MAX_FRAMES];
    int n = read_counters(path, W, H, counters), longest = 0, still = 0;
    *n_seen = n, *n_missing = 0;
    assert_true(n > 60);
    for (int i = 1; i < n; i++) {
        int step = counters[i] - counters[i - 1];
        if (step < 0) fail_msg("%s: %d after %d", path, counters[i], counters[i - 1]);
        if (step > 1) *n_missing += step - 1;
        still = step ? 0 : still + 1;
        if (still > longest) longest = still;
    }
    print_message("%s: %d frames, %d to %d; %d missing; at most %d the same\n", path, n, counters[0], counters[n - 1], *n_missing, longest);
}

static void test_server_killed(void **state) {
    (void)state;
    glob_t kept;
    lp_err err;
    char pattern[300];
    if (!has_nginx()) skip();
    choose_port();
    pid_t nginx = start_nginx();
    agent a = {.start_s = lp_now_s()};
    if (lp_video_open(&a.video, &(lp_video_config){.target = url, .width = W, .height = H, .fps = 60, .live = true}, &err))
        fail_msg("%s", err.message);
    play_until(&a, true, 240);
    stop_nginx(nginx);
    play_until(&a, false, 120);
    lp_video_state lost = lp_video_look(a.video);
    assert_true(lost.missed_s > 1 && lost.losses >= 1);
    nginx = start_nginx();
    play_until(&a, true, 240);
    lp_video_state s = lp_video_look(a.video);
    print_message("%d losses, %.1f s missed, %lld frames sent of %d\n", s.losses, s.missed_s, (long long)s.frames, a.n);
    assert_int_equal(lp_video_close(a.video, NULL), LP_OK);
    usleep(500000);
    stop_nginx(nginx);
    snprintf(pattern, sizeof pattern, "%s/secret*.flv", folder);
    assert_int_equal(glob(pattern, 0, NULL, &kept), 0);
    assert_in_range(kept.gl_pathc, 2, 20);
    int n_seen = 0, n_missing = 0;
    for (size_t i = 0; i < kept.gl_pathc; i++) {
        int seen, missing;
        check_kept(kept.gl_pathv[i], &seen, &missing);
        n_seen += seen, n_missing += missing;
    }
    globfree(&kept);
    assert_true(n_seen > 360);
    assert_true(n_missing * 10 <= n_seen); /* none, but where the machine stalls */
}

/* Nobody there: who puts is not held up, and closing does not wait for it. */
static void test_nobody(void **state) {
    (void)state;
    lp_err err;
    choose_port();
    agent a = {.start_s = lp_now_s()};
    if (lp_video_open(&a.video, &(lp_video_config){.target = url, .width = W, .height = H, .fps = 30, .live = true}, &err))
        fail_msg("%s", err.message);
    double end_s = lp_now_s() + LONG_S;
    while (lp_video_look(a.video).losses < 2 && lp_now_s() < end_s) play_frame(&a); /* after one second it is tried again */
    lp_video_state s = lp_video_look(a.video);
    assert_false(s.connected);
    assert_int_equal(s.losses, 2);
    assert_int_equal(s.frames, 0);
    assert_true(s.again_s > 0 && s.again_s <= 2 && s.missed_s > 0.5);
    assert_int_equal(lp_video_close(a.video, NULL), LP_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_server_killed),
        cmocka_unit_test(test_nobody),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
