/* Statistics of the scores of several trainings in several tasks, and their intervals: as Agarwal et al. 2021 (Deep Reinforcement Learning at the
 * Edge of the Statistical Precipice) recommend, and as their library, rliable, computes them.
 *
 *     lp_scores scores = {.n_tasks = 2, .n_runs = (int[]){3, 3}, .score = (double[]){0.9, 1, 0.8, 0.5, 0.7, 0.6},
 *                         .scratch = (double[6]){0}};
 *     double iqm = lp_scores_iqm(&scores);
 *
 * Any thread may call, with scores of its own; the same scores give the same bits. */
#ifndef LP_EVALS_AGGREGATE_H
#define LP_EVALS_AGGREGATE_H

#include "base/status.h"

typedef struct {
    int n_tasks;         /* 1 or more */
    const int *n_runs;   /* [n_tasks], each 1 or more */
    const int *stratum;  /* [n_tasks]: tasks of one stratum stand side by side and have as many runs; run k of each is the same training.
                            NULL: each task is a stratum, as in rliable */
    const double *score; /* [sum of n_runs], the runs of a task side by side, tasks in order */
    double *scratch;     /* [sum of n_runs], written by iqm and median */
} lp_scores;

/* Of all scores together: the mean without the lowest and the highest quarter (of n / 4 each, rounded down). */
double lp_scores_iqm(const lp_scores *scores);
/* Over tasks, of the means of each. */
double lp_scores_median(const lp_scores *scores);
double lp_scores_mean(const lp_scores *scores);
/* How much is lacking to `target`, where what is above it does not make up for what is below; over tasks, of the means of each. */
double lp_scores_gap(const lp_scores *scores, double target);
/* Which part of the scores is above `score`: a performance profile at one point. Over tasks, of the means of each. */
double lp_scores_above(const lp_scores *scores, double score);
/* That a training of a is better than one of b, a tie counting half: over tasks, of the means of each (Mann and Whitney's U over the number of
 * pairs). Both have the same tasks. */
double lp_scores_improvement(const lp_scores *a, const lp_scores *b);

/* 95 % intervals of statistics, by the stratified bootstrap: in each of LP_RESAMPLES resamples every stratum has as many of its runs as it has, drawn
 * with replacement; the ends are percentiles. samples [n_samples, 1 or 2], each resampled by itself. statistic fills in out [n_out] from [n_samples]
 * resampled scores. */
enum { LP_RESAMPLES = 5000 };
typedef struct {
    double low, high;
} lp_interval;
typedef void (*lp_statistic)(const lp_scores *samples, void *context, double *out);
lp_status lp_bootstrap(const lp_scores *samples, int n_samples, lp_statistic statistic, void *context, lp_interval *out, int n_out,
                       lp_err *err);

#endif
