/* longplay report, in three files: study.c has the numbers of an experiment, study_page.c writes them down, study_figures.c draws them;
 * cmd_report.c has the options. */
#ifndef LP_CLI_STUDY_H
#define LP_CLI_STUDY_H

#include "cli/document.h"
#include "evals/aggregate.h"
#include "experiment/findings.h"

#include <cjson/cJSON.h>

/* A value and its 95 % interval; without one (fewer than LP_STUDY_MIN_SEEDS trainings) its ends are NaN. */
typedef struct {
    double value;
    lp_interval interval;
} lp_estimate;

enum { LP_STUDY_MIN_SEEDS = 3, LP_STUDY_CUTS = 51 };
typedef enum { LP_IQM, LP_MEDIAN, LP_MEAN, LP_GAP, LP_AGGREGATES } lp_aggregate;

/* A method that is compared, over the tasks that all of these have. */
typedef struct {
    int method; /* of found */
    lp_scores scores;
    int fewest_runs; /* of its tasks */
    lp_estimate aggregate[LP_AGGREGATES], profile[LP_STUDY_CUTS];
} lp_compared;

/* A point of a learning curve: the mean over trainings. */
typedef struct {
    const char *game;
    int variant, n; /* the first method of it; trainings */
    int64_t decisions;
    lp_estimate won;
} lp_learned;

typedef struct {
    double target; /* the win rate that is aimed at */
    double price;  /* of a CPU hour; NaN: not given */
    lp_findings found;
    lp_estimate *won; /* [found.n_methods][found.n_tasks], over trainings; value NaN: none */
    int *runs;        /* [found.n_methods][found.n_tasks] trainings behind it */
    int n_tasks;      /* compared over: */
    int *tasks;       /* [n_tasks] of found */
    int n_compared;
    lp_compared *compared;    /* [n_compared] */
    lp_estimate *improvement; /* [n_compared][n_compared]: that the first is better than the second */
    int n_learned;
    lp_learned *learned; /* [n_learned], those of a game and then a variant side by side, by decisions */
    void *room;          /* of scores */
    double *firsts;      /* [found.n_seeds], for lp_study_learned */
} lp_study;

/* target and price are set. */
lp_status lp_study_open(lp_study *study, const char *path, lp_err *err);
void lp_study_close(lp_study *study); /* also after a failure */

static inline const lp_estimate *lp_study_won(const lp_study *s, int method, int task) { return &s->won[method * s->found.n_tasks + task]; }
/* The longest horizon of the panel, which begins with that task, that is won at the target; 0: none. *ends: there is no longer one. */
int64_t lp_study_longest(const lp_study *s, int method, int task, bool *ends);
/* The first task of the panel after that in which `task` is; n_tasks at the end. */
int lp_study_next_panel(const lp_study *s, int task);
/* Of a variant's trainings in a game: how many won the target on the way, and the decisions that the median of all took to it (INFINITY: more
 * than half did not). Returns the number of trainings. */
int lp_study_learned(const lp_study *s, const char *game, int variant, int *n_reached, double *decisions);

/* A figure: its name for files, what it shows, its script for gnuplot. */
typedef struct {
    char name[64], says[512], *script, *svg; /* the last two owned */
    size_t svg_bytes;
    int width, height;
    enum { LP_FIGURE_AGGREGATES, LP_FIGURE_PROFILES, LP_FIGURE_HORIZON, LP_FIGURE_LEARNING, LP_FIGURE_COST } kind;
} lp_figure;
typedef struct {
    int n;
    lp_figure *figures; /* [n], owned */
} lp_figures;
/* Draws all that there is to draw, as SVG. */
lp_status lp_study_draw(lp_figures *out, const lp_study *study, lp_err *err);
void lp_figures_free(lp_figures *figures); /* also after a failure */

/* folder: where the figures lie beside the Markdown, as it has to name it; NULL: nowhere. */
void lp_study_write(lp_document *d, const lp_study *study, const lp_figures *figures, const char *folder);
cJSON *lp_study_json(const lp_study *study);
void lp_study_print(const lp_study *study);

#endif
