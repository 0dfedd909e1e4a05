/* What an experiment found, as statistics and pictures want it.
 *
 *     lp_findings found;
 *     lp_findings_read(&found, "memories/experiment.db", &err);      // or the folder
 *     double rate = *lp_found_rate(&found, method, task, seed);
 *     lp_findings_free(&found);
 */
#ifndef LP_EXPERIMENT_FINDINGS_H
#define LP_EXPERIMENT_FINDINGS_H

#include "base/status.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* A way to train and to remember: a variant of the file, played with a memory. What is not known is NaN. */
typedef struct {
    char variant[256], memory[96];               /* as in experiment.db; "own": the memory that it was trained with */
    char name[384], trained[256];                /* for people: "arch=tree core=gru, with full", unlike all others'; "arch=tree core=gru" */
    int n_trainings, n_trained;                  /* asked for; done */
    double parameters, decisions, cpu_s, wall_s; /* of a training, in the mean */
    double joules;                               /* likewise, of the whole machine, where it told them of each training */
    double items;                                /* read in a decision, in the mean of all tests */
    double context_items;                        /* the largest context that was seen */
    double flops, read_bytes;                    /* of a decision that reads so many items: its products, and its weights and items */
    double memory_bytes;                         /* of one environment */
    bool no_weights;                             /* there are none beside the database: these are not known */
} lp_method;

/* A game with its knobs. */
typedef struct {
    char game[128], knobs[2048];
    char panel[256]; /* the game, and the knobs that set it apart from its others, but for horizon: "facts F=4" */
    char name[288];  /* that, and the horizon: "facts F=4, 128" */
    int64_t horizon; /* -1: it has none */
} lp_task;

/* A held-out evaluation on the way of a training, or at its end. */
typedef struct {
    int variant; /* the first method of it */
    char game[128];
    int64_t seed, decisions;
    double win_rate;
} lp_curve_point;

typedef struct {
    char path[PATH_MAX], folder[PATH_MAX]; /* the database; where weights are */
    int n_methods, n_tasks, n_seeds;
    lp_method *methods; /* [n_methods], owned, as all of these */
    lp_task *tasks;     /* [n_tasks], those of a game and then of a panel side by side, by horizon */
    int64_t *seeds;     /* [n_seeds], of trainings */
    double *rates;      /* [n_methods][n_tasks][n_seeds] */
    int n_points;
    lp_curve_point *points; /* [n_points], by game, method, seed, decisions */
    int n_failed;
    char (*failed)[512];          /* [n_failed], a line each */
    int n_evaluations, n_waiting; /* asked for; neither done nor failed */
} lp_findings;

/* LP_BAD_INPUT: no database of an experiment, of another version, damaged, or without any result; nothing is changed. */
lp_status lp_findings_read(lp_findings *out, const char *path, lp_err *err);
void lp_findings_free(lp_findings *found); /* also after a failure */
/* The win rate of the training of that seed; NaN: there is none. */
double *lp_found_rate(const lp_findings *found, int method, int task, int seed);

/* Fills in panel and name of tasks [n] whose games, knobs and horizons are known. False: no memory, or knobs that are not JSON. */
bool lp_name_tasks(lp_task *tasks, int n);

#endif
