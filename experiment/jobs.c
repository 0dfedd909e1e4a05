#include "experiment/jobs.h"

#include "base/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* After the fork: system calls alone. */
static void become(char *const *argv, int out, pid_t parent) {
    int in = open("/dev/null", O_RDONLY);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGHUP, SIG_DFL), signal(SIGINT, SIG_DFL), signal(SIGTERM, SIG_DFL);
    setsid();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent || in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(126);
    execv("/proc/self/exe", argv);
    _exit(126);
}

lp_status lp_job_start(lp_job *job, const char *const *words, int n_words, lp_err *err) {
    char *argv[LP_JOB_MAX_WORDS + 2] = {(char *)"longplay"};
    LP_CHECK(n_words <= LP_JOB_MAX_WORDS);
    for (int i = 0; i < n_words; i++) argv[i + 1] = (char *)words[i];
    *job = (lp_job){.out = memfd_create("longplay-job", MFD_CLOEXEC)};
    pid_t parent = getpid(), child = job->out < 0 ? -1 : fork();
    if (!child) become(argv, job->out, parent);
    if (child > 0) return job->pid = child, LP_OK;
    if (job->out >= 0) close(job->out);
    return lp_fail(err, LP_FAILED, "cannot start a process: %s", strerror(errno));
}

/* The last line that is not empty. */
static void read_last(lp_job *job) {
    char text[2048];
    off_t end = lseek(job->out, 0, SEEK_END), from = end > (off_t)sizeof text - 1 ? end - (off_t)sizeof text + 1 : 0;
    ssize_t n = pread(job->out, text, sizeof text - 1, from);
    close(job->out);
    while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' ')) n--;
    text[n > 0 ? n : 0] = 0;
    const char *line = strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text;
    if (!strncmp(line, "longplay: ", 10)) line += 10;
    size_t length = strlen(line) < sizeof job->said - 1 ? strlen(line) : sizeof job->said - 1;
    memcpy(job->said, line, length);
    job->said[length] = 0;
}

bool lp_job_running(lp_job *job) {
    int status;
    if (!job->pid) return false;
    if (waitpid(job->pid, &status, WNOHANG) != job->pid) return true;
    job->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    job->pid = 0;
    read_last(job);
    return false;
}

void lp_job_stop(const lp_job *job) {
    if (job->pid) kill(job->pid, SIGTERM);
}
