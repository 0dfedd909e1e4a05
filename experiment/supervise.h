/* Runs what of an experiment is not done yet: floors, trainings, then what is evaluated of each, as many at once as asked for, each a process. */
#ifndef LP_EXPERIMENT_SUPERVISE_H
#define LP_EXPERIMENT_SUPERVISE_H

#include "experiment/db.h"

typedef struct {
    int jobs, threads;  /* at once; of each */
    const char *device; /* NULL: the default */
} lp_experiment_config;

typedef struct {
    int trained, trainings, played, evaluations; /* done, and of how many */
    int failed;                                  /* of both, and of floors */
} lp_experiment_count;

lp_experiment_count lp_experiment_counts(const lp_plan *plan);
/* Until all is done or has failed, or a signal asks for the end (base/stop.h), which the jobs are then told and waited for. Progress goes to
 * stderr. Failures of jobs are in the database, and LP_OK; LP_FAILED: the database, or processes, fail. */
lp_status lp_experiment_run(lp_plan *plan, lp_db *db, const lp_experiment_config *config, lp_err *err);

#endif
