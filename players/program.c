#include "players/program.h"

#include "base/log.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CLOSES_S 2.0
enum { PIECE = 65536 };

struct lp_program {
    char *command; /* owned */
    pid_t pid;
    int in, out; /* of the program: we write to `in` and read from `out` */
    char *heard; /* owned; [room], of which `used` bytes have come and `taken` were given out as the last line */
    size_t room, used, taken;
    bool mute; /* it closed its standard output */
};

/* After the fork: system calls alone. */
static void become(const char *command, int in, int out) {
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL), signal(SIGINT, SIG_DFL), signal(SIGTERM, SIG_DFL), signal(SIGHUP, SIG_DFL);
    setpgid(0, 0); /* ours to kill as a whole; and a Ctrl-C is for us alone, who then close it */
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0) _exit(126);
    execl("/bin/sh", "sh", "-c", command, (char *)NULL);
    _exit(126);
}

lp_status lp_program_open(lp_program **out, const char *command, lp_err *err) {
    lp_program *p = *out = NULL;
    int to[2] = {-1, -1}, from[2] = {-1, -1};
    if (!(p = calloc(1, sizeof *p)) || !(p->command = strdup(command))) {
        free(p);
        return lp_fail(err, LP_FAILED, "out of memory");
    }
    signal(SIGPIPE, SIG_IGN);
    bool started = !pipe2(to, O_CLOEXEC) && !pipe2(from, O_CLOEXEC) && (p->pid = fork()) >= 0;
    if (started && !p->pid) become(command, to[0], from[1]);
    int reason = errno;
    if (to[0] >= 0) close(to[0]);
    if (from[1] >= 0) close(from[1]);
    p->in = to[1], p->out = from[0];
    if (!started) {
        p->pid = 0;
        lp_program_close(p);
        return lp_fail(err, LP_FAILED, "process:%s: cannot start a process: %s", command, strerror(reason));
    }
    fcntl(p->in, F_SETFL, O_NONBLOCK), fcntl(p->out, F_SETFL, O_NONBLOCK);
    *out = p;
    return LP_OK;
}

/* Waits for its end, and takes note of it. */
static int reap(lp_program *p) {
    int status = 0;
    const double until = lp_now_s() + CLOSES_S;
    while (waitpid(p->pid, &status, WNOHANG) != p->pid) {
        if (lp_now_s() > until) kill(-p->pid, SIGKILL);
        usleep(1000);
    }
    kill(-p->pid, SIGKILL); /* what it started */
    p->pid = 0;
    return status;
}

void lp_program_close(lp_program *p) {
    if (!p) return;
    if (p->in >= 0) close(p->in);
    if (p->out >= 0) close(p->out);
    if (p->pid > 0) (void)reap(p);
    free(p->heard);
    free(p->command);
    free(p);
}

static lp_status ended(lp_program *p, lp_err *err) {
    if (!p->pid) return lp_fail(err, LP_FAILED, "process:%s: has ended", p->command);
    close(p->in);
    p->in = -1;
    int status = reap(p);
    if (WIFSIGNALED(status))
        return lp_fail(err, LP_FAILED, "process:%s: was ended by signal %d (%s) without an answer", p->command, WTERMSIG(status),
                       strsignal(WTERMSIG(status)));
    return lp_fail(err, LP_FAILED, "process:%s: ended with exit code %d without an answer", p->command, WEXITSTATUS(status));
}

/* Takes what there is to read. */
static lp_status take(lp_program *p, lp_err *err) {
    for (;;) {
        if (p->used + PIECE > p->room) {
            char *larger = realloc(p->heard, p->room = 2 * p->room + PIECE);
            if (!larger) return lp_fail(err, LP_FAILED, "process:%s: out of memory for an answer", p->command);
            p->heard = larger;
        }
        ssize_t n = read(p->out, p->heard + p->used, PIECE);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return LP_OK;
        if (n <= 0) return p->mute = true, LP_OK;
        p->used += (size_t)n;
        if (p->used - p->taken > LP_PROGRAM_MAX_LINE && !memchr(p->heard + p->taken, '\n', p->used - p->taken))
            return lp_fail(err, LP_FAILED, "process:%s: answers with more than %d bytes in a line", p->command, LP_PROGRAM_MAX_LINE);
    }
}

lp_status lp_program_say(lp_program *p, const char *line, lp_err *err) {
    const size_t size = strlen(line);
    lp_status status = p->pid ? LP_OK : ended(p, err);
    for (size_t sent = 0; sent < size + 1 && !status;) {
        struct pollfd ends[2] = {{.fd = p->in, .events = POLLOUT}, {.fd = p->mute ? -1 : p->out, .events = POLLIN}};
        if (poll(ends, 2, -1) < 0) status = lp_stop_check(err);
        else if (ends[1].revents) status = take(p, err);
        if (status || !ends[0].revents) continue;
        ssize_t n = sent < size ? write(p->in, line + sent, size - sent) : write(p->in, "\n", 1);
        if (n > 0) sent += (size_t)n;
        else if (errno != EAGAIN && errno != EINTR) status = ended(p, err);
    }
    return status;
}

lp_status lp_program_hear(lp_program *p, int timeout_ms, char **line, lp_err *err) {
    *line = NULL;
    if (p->taken) memmove(p->heard, p->heard + p->taken, p->used -= p->taken);
    p->taken = 0;
    const double until = lp_now_s() + timeout_ms / 1000.0;
    for (bool first = true;; first = false) {
        char *end = p->used ? memchr(p->heard, '\n', p->used) : NULL;
        if (end) {
            *end = 0;
            p->taken = (size_t)(end - p->heard) + 1;
            *line = p->heard;
            return LP_OK;
        }
        if (p->mute || !p->pid) return ended(p, err);
        const double left_s = until - lp_now_s();
        if (left_s <= 0 && !first) return LP_OK;
        struct pollfd at = {.fd = p->out, .events = POLLIN};
        if (poll(&at, 1, left_s > 0 ? (int)(left_s * 1000) + 1 : 0) < 0) return LP_OK; /* a signal: the caller looks what it asks for */
        lp_status status = at.revents ? take(p, err) : LP_OK;
        if (status) return status;
    }
}
