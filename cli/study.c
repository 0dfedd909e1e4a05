#include "cli/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static lp_status no_memory(lp_err *err) { return lp_fail(err, LP_FAILED, "out of memory"); }

static lp_estimate unknown(void) { return (lp_estimate){NAN, {NAN, NAN}}; }

/* ---- a task of a method ---- */

static void mean_of(const lp_scores *s, void *context, double *out) {
    (void)context;
    *out = lp_scores_mean(s);
}

/* Of the trainings' win rates. */
static lp_status estimate_mean(lp_estimate *out, const double *rates, int n, lp_err *err) {
    lp_scores scores = {.n_tasks = 1, .n_runs = &n, .score = rates};
    *out = unknown();
    if (!n) return LP_OK;
    out->value = lp_scores_mean(&scores);
    return n < LP_STUDY_MIN_SEEDS ? LP_OK : lp_bootstrap(&scores, 1, mean_of, NULL, &out->interval, 1, err);
}

/* The rates that there are, by seed; returns how many. */
static int rates_of(const lp_findings *f, int method, int task, double *out) {
    int n = 0;
    for (int k = 0; k < f->n_seeds; k++)
        if (!isnan(*lp_found_rate(f, method, task, k))) out[n++] = *lp_found_rate(f, method, task, k);
    return n;
}

static lp_status estimate_tasks(lp_study *s, lp_err *err) {
    const lp_findings *f = &s->found;
    lp_status status = LP_OK;
    double *rates = malloc((size_t)f->n_seeds * sizeof *rates);
    size_t n = (size_t)f->n_methods * (size_t)f->n_tasks;
    s->won = malloc(n * sizeof *s->won), s->runs = malloc(n * sizeof *s->runs);
    if (!rates || !s->won || !s->runs) status = no_memory(err);
    for (int m = 0; m < f->n_methods && !status; m++)
        for (int t = 0; t < f->n_tasks && !status; t++) {
            int at = m * f->n_tasks + t;
            s->runs[at] = rates_of(f, m, t, rates);
            status = estimate_mean(&s->won[at], rates, s->runs[at], err);
        }
    free(rates);
    return status;
}

/* ---- what is compared ---- */

/* Methods that have half of the tasks, and the tasks that all of these have. */
static void choose(lp_study *s) {
    const lp_findings *f = &s->found;
    for (int m = 0; m < f->n_methods; m++) {
        int n = 0;
        for (int t = 0; t < f->n_tasks; t++) n += s->runs[m * f->n_tasks + t] > 0;
        if (2 * n >= f->n_tasks && n) s->compared[s->n_compared++].method = m;
    }
    for (int t = 0; t < f->n_tasks && s->n_compared; t++) {
        bool all = true;
        for (int i = 0; i < s->n_compared; i++) all = all && s->runs[s->compared[i].method * f->n_tasks + t];
        if (all) s->tasks[s->n_tasks++] = t;
    }
    if (!s->n_tasks) s->n_compared = 0;
}

/* Do two tasks have scores of the same trainings? */
static bool same_trainings(const lp_findings *f, int method, int a, int b) {
    bool same = !strcmp(f->tasks[a].game, f->tasks[b].game);
    for (int k = 0; k < f->n_seeds && same; k++) same = isnan(*lp_found_rate(f, method, a, k)) == isnan(*lp_found_rate(f, method, b, k));
    return same;
}

/* Each method's scores: scores and scratch of them all, then what has an entry a task. */
static lp_status gather(lp_study *s, lp_err *err) {
    size_t tasks = (size_t)s->n_tasks, scores = tasks * (size_t)s->found.n_seeds;
    size_t bytes = 2 * scores * sizeof(double) + 2 * tasks * sizeof(int);
    char *at = s->room = malloc((size_t)s->n_compared * bytes + 1);
    if (!at) return no_memory(err);
    for (int i = 0; i < s->n_compared; i++, at += bytes) {
        lp_compared *c = &s->compared[i];
        double *score = (double *)(void *)at;
        int *n_runs = (int *)(void *)(score + 2 * scores), *stratum = n_runs + tasks, n = 0;
        c->scores = (lp_scores){.n_tasks = s->n_tasks, .n_runs = n_runs, .stratum = stratum, .score = score, .scratch = score + scores};
        c->fewest_runs = s->found.n_seeds;
        for (int t = 0; t < s->n_tasks; t++) {
            n_runs[t] = rates_of(&s->found, c->method, s->tasks[t], score + n);
            n += n_runs[t];
            stratum[t] = t && same_trainings(&s->found, c->method, s->tasks[t - 1], s->tasks[t]) ? stratum[t - 1] : t;
            if (n_runs[t] < c->fewest_runs) c->fewest_runs = n_runs[t];
        }
    }
    return LP_OK;
}

/* ---- statistics ---- */

static void aggregates(const lp_scores *scores, void *context, double *out) {
    const lp_study *s = context;
    out[LP_IQM] = lp_scores_iqm(scores);
    out[LP_MEDIAN] = lp_scores_median(scores);
    out[LP_MEAN] = lp_scores_mean(scores);
    out[LP_GAP] = lp_scores_gap(scores, s->target);
    for (int k = 0; k < LP_STUDY_CUTS; k++) out[LP_AGGREGATES + k] = lp_scores_above(scores, k / (LP_STUDY_CUTS - 1.0));
}

static lp_status estimate_aggregates(lp_study *s, lp_compared *c, lp_err *err) {
    enum { N = LP_AGGREGATES + LP_STUDY_CUTS };
    double values[N];
    lp_interval intervals[N];
    for (int k = 0; k < N; k++) intervals[k] = unknown().interval;
    aggregates(&c->scores, s, values);
    lp_status status = LP_OK;
    if (c->fewest_runs >= LP_STUDY_MIN_SEEDS) status = lp_bootstrap(&c->scores, 1, aggregates, s, intervals, N, err);
    for (int k = 0; k < N; k++)
        *(k < LP_AGGREGATES ? &c->aggregate[k] : &c->profile[k - LP_AGGREGATES]) = (lp_estimate){values[k], intervals[k]};
    return status;
}

static void improvement(const lp_scores *scores, void *context, double *out) {
    (void)context;
    *out = lp_scores_improvement(&scores[0], &scores[1]);
}

static lp_status estimate_pairs(lp_study *s, lp_err *err) {
    lp_status status = LP_OK;
    for (int a = 0; a < s->n_compared && !status; a++)
        for (int b = 0; b <= a && !status; b++) {
            const lp_compared *x = &s->compared[a], *y = &s->compared[b];
            const lp_scores both[2] = {x->scores, y->scores};
            lp_estimate *e = &s->improvement[a * s->n_compared + b];
            *e = unknown();
            if (a == b) continue;
            improvement(both, NULL, &e->value);
            if (x->fewest_runs >= LP_STUDY_MIN_SEEDS && y->fewest_runs >= LP_STUDY_MIN_SEEDS)
                status = lp_bootstrap(both, 2, improvement, NULL, &e->interval, 1, err);
            s->improvement[b * s->n_compared + a] = (lp_estimate){1 - e->value, {1 - e->interval.high, 1 - e->interval.low}};
        }
    return status;
}

/* ---- horizons ---- */

int lp_study_next_panel(const lp_study *s, int task) {
    const lp_task *tasks = s->found.tasks;
    int next = task + 1;
    while (next < s->found.n_tasks && !strcmp(tasks[task].panel, tasks[next].panel)) next++;
    return next;
}

int64_t lp_study_longest(const lp_study *s, int method, int task, bool *ends) {
    int64_t longest = 0;
    int end = lp_study_next_panel(s, task);
    *ends = false;
    for (int t = task; t < end; t++) {
        if (!(lp_study_won(s, method, t)->value >= s->target)) continue;
        longest = s->found.tasks[t].horizon;
        *ends = t == end - 1;
    }
    return longest;
}

/* ---- learning ---- */

static int by_decisions(const void *a, const void *b) {
    const lp_curve_point *x = a, *y = b;
    int order = strcmp(x->game, y->game);
    if (!order) order = (x->variant > y->variant) - (x->variant < y->variant);
    if (!order) order = (x->decisions > y->decisions) - (x->decisions < y->decisions);
    return order ? order : (x->seed > y->seed) - (x->seed < y->seed);
}

static bool same_point(const lp_curve_point *a, const lp_curve_point *b) {
    return !strcmp(a->game, b->game) && a->variant == b->variant && a->decisions == b->decisions;
}

static lp_status estimate_learning(lp_study *s, lp_err *err) {
    lp_findings *f = &s->found;
    lp_status status = LP_OK;
    double *rates = malloc(((size_t)f->n_points + 1) * sizeof *rates);
    s->learned = malloc(((size_t)f->n_points + 1) * sizeof *s->learned);
    if (!rates || !s->learned) status = no_memory(err);
    if (!status && f->n_points) qsort(f->points, (size_t)f->n_points, sizeof *f->points, by_decisions);
    for (int i = 0, end; i < f->n_points && !status; i = end) {
        const lp_curve_point *p = &f->points[i];
        for (end = i; end < f->n_points && same_point(p, &f->points[end]); end++) rates[end - i] = f->points[end].win_rate;
        lp_learned *one = &s->learned[s->n_learned++];
        *one = (lp_learned){.game = p->game, .variant = p->variant, .n = end - i, .decisions = p->decisions};
        status = estimate_mean(&one->won, rates, end - i, err);
    }
    free(rates);
    return status;
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int lp_study_learned(const lp_study *s, const char *game, int variant, int *n_reached, double *decisions) {
    const lp_findings *f = &s->found;
    int n = 0;
    *n_reached = 0;
    for (int k = 0; k < f->n_seeds; k++) {
        bool there = false;
        double first = INFINITY;
        for (int i = 0; i < f->n_points; i++) {
            const lp_curve_point *p = &f->points[i];
            if (p->variant != variant || p->seed != f->seeds[k] || strcmp(p->game, game)) continue;
            there = true;
            if (p->win_rate >= s->target && (double)p->decisions < first) first = (double)p->decisions;
        }
        if (there) s->firsts[n++] = first;
        *n_reached += there && isfinite(first);
    }
    qsort(s->firsts, (size_t)n, sizeof *s->firsts, by_size);
    *decisions = n ? (s->firsts[(n - 1) / 2] + s->firsts[n / 2]) / 2 : NAN;
    return n;
}

/* ---- all of it ---- */

lp_status lp_study_open(lp_study *s, const char *path, lp_err *err) {
    lp_status status = lp_findings_read(&s->found, path, err);
    if (!status) status = estimate_tasks(s, err);
    if (status) return status;
    size_t n = (size_t)s->found.n_methods;
    s->compared = calloc(n + 1, sizeof *s->compared);
    s->tasks = calloc((size_t)s->found.n_tasks + 1, sizeof *s->tasks);
    s->firsts = calloc((size_t)s->found.n_seeds + 1, sizeof *s->firsts);
    if (!s->compared || !s->tasks || !s->firsts) return no_memory(err);
    choose(s);
    status = gather(s, err);
    for (int i = 0; i < s->n_compared && !status; i++) status = estimate_aggregates(s, &s->compared[i], err);
    s->improvement = calloc((size_t)s->n_compared * (size_t)s->n_compared + 1, sizeof *s->improvement);
    if (!s->improvement) return no_memory(err);
    if (!status) status = estimate_pairs(s, err);
    if (!status) status = estimate_learning(s, err);
    return status;
}

void lp_study_close(lp_study *s) {
    free(s->won), free(s->runs), free(s->tasks), free(s->compared), free(s->improvement), free(s->learned), free(s->room), free(s->firsts);
    lp_findings_free(&s->found);
}
