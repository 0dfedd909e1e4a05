/* A run that goes on where it cannot be recorded (a full disk, another program's lock), and is recorded again when it can.
 *
 * A run must have no gap. So nothing is patched: the one that is shown goes on in memory; once its files can be written again, they are
 * opened where the last checkpoint left them, and a second run plays from there, beside the first and faster. What is played depends on the
 * config alone, so it does the same, and when it has come to where the first is, that takes the files over. A kill in between loses nothing either:
 * the resumed run plays it all again.
 *
 *     lp_pursuit p = {.retry_s = 5};
 *     status = lp_run_take(run, &err);
 *     if (status) lp_pursuit_begin(&p, run, &err), status = LP_OK;
 *     if (!lp_run_recorded(run)) lp_pursue(&p, run, &err);            // between decisions
 *     lp_pursuit_close(&p, run);                                       // before the run is closed
 */
#ifndef LP_HARNESS_PURSUIT_H
#define LP_HARNESS_PURSUIT_H

#include "harness/run.h"

typedef struct {
    double retry_s; /* between attempts; the caller's */
    lp_run *again;  /* the second run, owned; NULL: it cannot be recorded */
    double tried_s, turned_s;
    char note[192]; /* for the window, while it is not recorded */
} lp_pursuit;

/* Of a run that no person plays. why: what kept it from being recorded. */
void lp_pursuit_begin(lp_pursuit *p, lp_run *run, const lp_err *why);
/* Does a part of the work, in a quarter of the time. When the second one is as far, run is recorded again. LP_FAILED: it cannot be recorded still, and err says why. */
lp_status lp_pursue(lp_pursuit *p, lp_run *run, lp_err *err);
void lp_pursuit_close(lp_pursuit *p, lp_run *run);

#endif
