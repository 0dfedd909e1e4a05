/* Programs of our own that run beside this one, each a process, so that one that crashes takes nobody along.
 *
 *     lp_job job;
 *     lp_job_start(&job, words, n_words, &err);
 *     while (lp_job_running(&job)) ...
 *     if (job.code) fprintf(stderr, "%s\n", job.said);
 *
 * A job has its own session, so that a Ctrl-C reaches it from us alone, and gets SIGTERM when we end, however we end. One thread.
 */
#ifndef LP_EXPERIMENT_JOBS_H
#define LP_EXPERIMENT_JOBS_H

#include "base/status.h"

#include <stdbool.h>
#include <sys/types.h>

enum { LP_JOB_MAX_WORDS = 128 };

typedef struct {
    pid_t pid;      /* 0: none is running */
    int out;        /* what it prints, a file without a name */
    int code;       /* once it is over: its exit code, or minus the signal that ended it */
    char said[400]; /* and the last line that it printed */
} lp_job;

/* longplay words..., this very program. */
lp_status lp_job_start(lp_job *job, const char *const *words, int n_words, lp_err *err);
bool lp_job_running(lp_job *job);
void lp_job_stop(const lp_job *job); /* SIGTERM; it is still to be waited for */

#endif
