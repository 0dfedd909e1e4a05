/* longplay stream: a run that does not end. Two processes: this one stays, the other is `longplay play --run DIR --resume --go-on`, and is
 * started again whenever it crashes, is killed or hangs. A run depends on its config alone, so it ends as the unbroken one.
 *
 * The player sends a byte some ten times a second through a socket that it inherits (its number is in LONGPLAY_HEARTBEAT): silence is a
 * hang, an end of file its death. What it takes to start is no silence: a large run is checked first, one of another core is played again. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "base/stop.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANG_S = 30, KEEP_PART = 10, LAST_ARGUMENTS = 16, POLL_MS = 100 };
#define GOOD_S 10.0 /* who played so long is started again at once; else the pauses grow from the first to the most */
#define FIRST_PAUSE_S 0.2
#define MOST_PAUSE_S 5.0
#define MOST_UNHEARD_S 60.0 /* of one that never came to play */

typedef struct {
    const char *run, *keep, *rest[LP_MAX_LIST];
    int n_rest;
    int64_t hang_s;
} arguments;

typedef struct {
    pid_t pid;
    int heart;      /* our end */
    double heard_s; /* 0: not yet */
    double asked_s; /* when it was asked to end; 0: it was not */
    bool hung;
} player;

/* ---- the player ---- */

/* A tenth of what is free where the run will be, as --keep takes it. */
static const char *tenth(const char *run, char out[32]) {
    char folder[PATH_MAX];
    struct statvfs v = {0};
    snprintf(folder, sizeof folder, "%s", run);
    while (statvfs(folder, &v) && strcmp(folder, ".") && strcmp(folder, "/")) lp_folder_of(folder, folder);
    snprintf(out, 32, "%.0f", (double)v.f_bavail * (double)v.f_frsize / KEEP_PART);
    return out;
}

/* Never returns. */
static void become_player(const arguments *a, int heart, pid_t parent) {
    char *argv[LP_MAX_LIST + LAST_ARGUMENTS], number[16], keep[32];
    int n = 0;
    const bool there = lp_file_exists(a->run);
    const char *const first[] = {"longplay", "play", "--speed", "1", "--episodes", "0", NULL}, *const last[] = {"--run", a->run, "--go-on",
                                                                                                                there ? "--resume" : NULL,
                                                                                                                NULL};
    for (int i = 0; first[i]; i++) argv[n++] = (char *)first[i];
    for (int i = 0; i < a->n_rest; i++) argv[n++] = (char *)a->rest[i];
    for (int i = 0; last[i]; i++) argv[n++] = (char *)last[i];
    if (a->keep || !there) argv[n++] = (char *)"--keep", argv[n++] = (char *)(a->keep ? a->keep : tenth(a->run, keep));
    argv[n] = NULL;
    snprintf(number, sizeof number, "%d", heart);
    setenv("LONGPLAY_HEARTBEAT", number, 1);
    setpgid(0, 0); /* Ctrl-C asks us, and we ask it, once */
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() == parent) execv("/proc/self/exe", argv);
    _exit(127);
}

static lp_status start(player *p, const arguments *a, lp_err *err) {
    int ends[2];
    *p = (player){.pid = -1};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
        return lp_fail(err, LP_FAILED, "cannot start the player: %s", strerror(errno));
    const pid_t parent = getpid();
    fflush(NULL);
    p->pid = fork();
    if (!p->pid) {
        int heart = dup(ends[1]); /* this one is inherited */
        become_player(a, heart, parent);
    }
    close(ends[1]);
    p->heart = ends[0];
    if (p->pid > 0) return LP_OK;
    close(ends[0]);
    return lp_fail(err, LP_FAILED, "cannot start the player: %s", strerror(errno));
}

/* Listens until it ends, and ends it where it is silent too long or we are to stop. Returns what waitpid says. */
static int attend(player *p, const arguments *a) {
    char bytes[64];
    int status = 0;
    for (;;) {
        struct pollfd f = {.fd = p->heart, .events = POLLIN};
        const int ready = poll(&f, 1, POLL_MS);
        const double now = lp_now_s();
        const ssize_t n = ready > 0 ? read(p->heart, bytes, sizeof bytes) : -1;
        if (n > 0) p->heard_s = now;
        if (lp_stop_asked() && !p->asked_s) kill(p->pid, SIGTERM), p->asked_s = now;
        const double since_s = p->heard_s > p->asked_s ? p->heard_s : p->asked_s;
        if (since_s > 0 && now - since_s > (double)a->hang_s && !p->hung) kill(p->pid, SIGKILL), p->hung = true;
        if (n == 0) break; /* it has let go of the socket: it is dead, or about to be */
    }
    while (waitpid(p->pid, &status, 0) < 0 && errno == EINTR) continue;
    close(p->heart);
    return status;
}

/* ---- starting it again ---- */

static void tell(const player *p, int status, int n, double pause_s, int64_t hang_s) {
    char how[64], when[64] = "";
    if (p->hung) snprintf(how, sizeof how, "hung for %lld s", (long long)hang_s);
    else if (WIFSIGNALED(status)) snprintf(how, sizeof how, "was ended by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
    else snprintf(how, sizeof how, "ended with exit code %d", WEXITSTATUS(status));
    if (pause_s >= 1) snprintf(when, sizeof when, " in %.0f s", pause_s);
    lp_warn("the player %s: it is started again%s (%d)", how, when, n);
}

static void wait_s(double seconds) {
    for (const double end = lp_now_s() + seconds; lp_now_s() < end && !lp_stop_asked();) usleep(POLL_MS * 1000);
}

/* Exit code 0 is the run's end; 2 is for the user to put right. */
static int supervise(const arguments *a, lp_err *err) {
    double pause_s = 0;
    for (int n = 1;; n++) {
        player p;
        const double started_s = lp_now_s();
        lp_status failed = start(&p, a, err);
        if (failed) return lp_report(failed, err);
        const int status = attend(&p, a);
        const bool over = WIFEXITED(status) && (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 2);
        if (over || p.asked_s) return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
        const bool good = p.heard_s && lp_now_s() - started_s > GOOD_S;
        const double most = p.heard_s ? MOST_PAUSE_S : MOST_UNHEARD_S;
        pause_s = good ? 0 : pause_s ? 2 * pause_s : FIRST_PAUSE_S;
        if (pause_s > most) pause_s = most;
        tell(&p, status, n, pause_s, a->hang_s);
        wait_s(pause_s);
        if (lp_stop_asked()) return 0;
    }
}

static void more_help(void) {
    printf("\nThe other options are those of longplay play, which does the playing: see longplay play --help. --speed is 1 where none is "
           "given.\n"
           "The same command line starts a stream and goes on with it.\n");
}

int lp_cmd_stream(int argc, char **argv) {
    arguments a = {.hang_s = HANG_S};
    const lp_option options[] = {
        {.name = "run", .value = "DIR", .help = "the run's folder: made, or gone on with", .text = &a.run},
        {.name = "keep",
         .value = "SIZE",
         .help = "the run's files take at most as much (a new run: a tenth of the free disk)",
         .text = &a.keep},
        {.name = "hang",
         .value = "S",
         .help = "after so many seconds without a decision the player is started again (30)",
         .number = &a.hang_s,
         .min = 1,
         .max = 86400},
    };
    const lp_usage usage = {.name = "stream",
                            .arguments = "[GAME|ROM] --run DIR",
                            .summary =
                                "Plays a recorded run that does not end: the player is started again when it crashes, is killed or hangs.",
                            .example = "longplay stream cue --run runs/month --keep 20GB",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .rest = a.rest,
                            .n_rest = &a.n_rest,
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    if (!a.run) return lp_report(lp_fail(&err, LP_BAD_INPUT, "stream needs --run DIR"), &err);
    for (int i = 0; i < a.n_rest; i++)
        if (!strcmp(a.rest[i], "--record") || !strncmp(a.rest[i], "--record=", strlen("--record=")))
            return lp_report(
                lp_fail(&err, LP_BAD_INPUT,
                        "stream: --record would begin its file again with each player; longplay replay %s --video makes one of the run",
                        a.run),
                &err);
    lp_stop_catch();
    return supervise(&a, &err);
}
