/* longplay stream: a run that does not end. Two processes: this one stays, and has window, page and stream (stage.h); the other is
 * `longplay play --run DIR --resume --go-on --headless`, and is started again whenever it crashes, is killed or hangs. A run depends on its
 * config alone, so it ends as the unbroken one.
 *
 * The player gives a sign of life some ten times a second over the relay (relay.h): silence is a hang, an end its death. What it takes to
 * start is no silence: a large run is checked first, one of another core is played again. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "base/stop.h"
#include "cli/stage.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANG_S = 30, KEEP_PART = 10, OWN_ARGUMENTS = 24, POLL_MS = 15 };
#define GOOD_S 10.0 /* who played so long is started again at once; else the pauses grow from the first to the most */
#define FIRST_PAUSE_S 0.2
#define MOST_PAUSE_S 5.0
#define MOST_UNHEARD_S 60.0 /* of one that never came to play */

typedef struct {
    const char *run, *keep, *rest[LP_MAX_LIST];
    int n_rest;
    int64_t hang_s;
    bool headless;
    lp_stage_options stage;
} arguments;

typedef struct {
    pid_t pid;
    double heard_s; /* 0: not yet */
    double asked_s; /* when it was asked to end; 0: it was not */
    bool hung;
} player;

/* ---- the player ---- */

/* A tenth of what is free where the run will be, as --keep takes it: where that is less than it takes, that. */
static const char *tenth(const char *run, char out[32]) {
    char folder[PATH_MAX];
    struct statvfs v = {0};
    snprintf(folder, sizeof folder, "%s", run);
    while (statvfs(folder, &v) && strcmp(folder, ".") && strcmp(folder, "/")) lp_folder_of(folder, folder);
    snprintf(out, 32, "%.0f", fmax(LP_LEAST_KEEP, (double)v.f_bavail * (double)v.f_frsize / KEEP_PART));
    return out;
}

typedef struct {
    char *argv[LP_MAX_LIST + OWN_ARGUMENTS], keep[32];
} command_line;

/* As a new player is to be started: made before the fork, after which little may be done. */
static void make_command(command_line *c, const arguments *a) {
    static const char flag[] = "";
    const bool there = lp_file_exists(a->run);
    const lp_look *look = &a->stage.look; /* of a picture of the end */
    const char *const own[] = {
        "--title", a->stage.title, "--layout",   look->layout, "--size",   look->size,
        "--theme", look->theme,    "--run",      a->run,       "--keep",   a->keep ? a->keep : there ? NULL : tenth(a->run, c->keep),
        "--go-on", flag,           "--headless", flag,         "--resume", there ? flag : NULL};
    const char *const first[] = {"longplay", "play", "--speed", "1", "--episodes", "0"};
    int n = 0;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) c->argv[n++] = (char *)first[i];
    for (int i = 0; i < a->n_rest; i++) c->argv[n++] = (char *)a->rest[i];
    for (size_t i = 0; i < sizeof own / sizeof *own; i += 2) {
        if (own[i + 1]) c->argv[n++] = (char *)own[i];
        if (own[i + 1] && own[i + 1] != flag) c->argv[n++] = (char *)own[i + 1];
    }
    c->argv[n] = NULL;
}

static lp_status start(player *p, lp_stage *stage, const arguments *a, lp_err *err) {
    command_line c;
    *p = (player){.pid = -1};
    make_command(&c, a);
    lp_status status = lp_relay_connect(stage->relay, err);
    if (status) return status;
    const pid_t parent = getpid();
    fflush(NULL);
    p->pid = fork();
    if (!p->pid) {
        lp_relay_hand_down(stage->relay);
        setpgid(0, 0); /* Ctrl-C asks us, and we ask it, once */
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        if (getppid() == parent) execv("/proc/self/exe", c.argv);
        _exit(127);
    }
    lp_relay_begun(stage->relay);
    if (p->pid < 0) return lp_fail(err, LP_FAILED, "cannot start the player: %s", strerror(errno));
    lp_stage_begin(stage);
    return LP_OK;
}

/* Listens until it ends, shows what comes, and ends it where it is silent too long or we are to stop. *status is what waitpid says. */
static lp_status attend(player *p, lp_stage *stage, const arguments *a, int *status, lp_err *err) {
    lp_status failed = LP_OK;
    for (bool alive = true, heard; alive;) {
        alive = lp_relay_wait(stage->relay, POLL_MS, &heard);
        if (!failed) failed = lp_stage_turn(stage, alive, err);
        const double now = lp_now_s();
        if (heard) p->heard_s = now;
        if ((failed || lp_stop_asked() || lp_stage_closed(stage)) && !p->asked_s) kill(p->pid, SIGTERM), p->asked_s = now;
        const double since_s = p->heard_s > p->asked_s ? p->heard_s : p->asked_s;
        if (since_s > 0 && now - since_s > (double)a->hang_s && !p->hung) kill(p->pid, SIGKILL), p->hung = true;
    }
    while (waitpid(p->pid, status, 0) < 0 && errno == EINTR) continue;
    lp_relay_part(stage->relay);
    return failed;
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

static lp_status wait_s(double seconds, lp_stage *stage, lp_err *err) {
    lp_status status = LP_OK;
    for (const double end = lp_now_s() + seconds; lp_now_s() < end && !status && !lp_stop_asked() && !lp_stage_closed(stage);) {
        status = lp_stage_turn(stage, false, err);
        usleep(POLL_MS * 1000);
    }
    return status;
}

/* *code is to be ours. Of a player, exit code 0 is the run's end; 2 is for the user to put right. */
static lp_status supervise(const arguments *a, lp_stage *stage, int *code, lp_err *err) {
    double pause_s = 0;
    *code = 0;
    for (int n = 1;; n++) {
        player p;
        int ended = 0;
        const double started_s = lp_now_s();
        lp_status status = start(&p, stage, a, err);
        if (!status) status = attend(&p, stage, a, &ended, err);
        if (status) return status;
        const bool over = WIFEXITED(ended) && (WEXITSTATUS(ended) == 0 || WEXITSTATUS(ended) == 2);
        if (over || p.asked_s) return *code = WIFEXITED(ended) ? WEXITSTATUS(ended) : 1, LP_OK;
        const bool good = p.heard_s && lp_now_s() - started_s > GOOD_S;
        const double most = p.heard_s ? MOST_PAUSE_S : MOST_UNHEARD_S;
        pause_s = good ? 0 : pause_s ? 2 * pause_s : FIRST_PAUSE_S;
        if (pause_s > most) pause_s = most;
        tell(&p, ended, n, pause_s, a->hang_s);
        status = wait_s(pause_s, stage, err);
        if (status || lp_stop_asked() || lp_stage_closed(stage)) return status;
    }
}

static void more_help(void) {
    printf("\nThe other options are those of longplay play, which does the playing: see longplay play --help. --speed is 1 where none is "
           "given.\n"
           "The same command line starts a stream and goes on with it.\n");
}

int lp_cmd_stream(int argc, char **argv) {
    arguments a = {.hang_s = HANG_S, .stage.film.volume = 100};
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
        {.name = "title", .value = "TEXT", .help = "the window's, and in the picture (the game and the run)", .text = &a.stage.title},
        {.name = "headless", .help = "no window, also where there is a display", .flag = &a.headless},
        LP_CLI_LOOK(a.stage.look),
        LP_CLI_WEB(a.stage.web),
        LP_CLI_VOLUME(a.stage.film),
        LP_CLI_STREAM(a.stage.film),
        LP_CLI_RATE(a.stage.film),
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
            return lp_report(lp_fail(&err, LP_BAD_INPUT,
                                     "stream: --record would be a file without end; longplay replay %s --video makes one of the run",
                                     a.run),
                             &err);
    lp_stop_catch();
    lp_stage stage;
    a.stage.run = a.run;
    a.stage.window = !a.headless && lp_window_available();
    lp_status status = lp_stage_open(&stage, &a.stage, &err);
    if (!status) status = supervise(&a, &stage, &code, &err);
    lp_stage_close(&stage);
    return status ? lp_report(status, &err) : code;
}
