#include "evals/aggregate.h"

#include "base/rng.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int n_scores(const lp_scores *s) {
    int n = 0;
    for (int t = 0; t < s->n_tasks; t++) n += s->n_runs[t];
    return n;
}

/* ---- statistics ---- */

double lp_scores_iqm(const lp_scores *s) {
    int n = n_scores(s), cut = n / 4;
    double sum = 0;
    memcpy(s->scratch, s->score, (size_t)n * sizeof *s->scratch);
    qsort(s->scratch, (size_t)n, sizeof *s->scratch, by_size);
    for (int i = cut; i < n - cut; i++) sum += s->scratch[i];
    return sum / (n - 2 * cut);
}

double lp_scores_median(const lp_scores *s) {
    const double *at = s->score;
    for (int t = 0; t < s->n_tasks; at += s->n_runs[t++]) {
        double sum = 0;
        for (int r = 0; r < s->n_runs[t]; r++) sum += at[r];
        s->scratch[t] = sum / s->n_runs[t];
    }
    qsort(s->scratch, (size_t)s->n_tasks, sizeof *s->scratch, by_size);
    return (s->scratch[(s->n_tasks - 1) / 2] + s->scratch[s->n_tasks / 2]) / 2;
}

static double itself(double score, double unused) { return (void)unused, score; }
static double lacking(double score, double target) { return score < target ? target - score : 0; }
static double above(double score, double limit) { return score > limit; }

/* Over tasks, of the means of a function of the scores of each. */
static double mean_of(const lp_scores *s, double (*f)(double, double), double by) {
    const double *at = s->score;
    double all = 0;
    for (int t = 0; t < s->n_tasks; at += s->n_runs[t++]) {
        double sum = 0;
        for (int r = 0; r < s->n_runs[t]; r++) sum += f(at[r], by);
        all += sum / s->n_runs[t];
    }
    return all / s->n_tasks;
}

double lp_scores_mean(const lp_scores *s) { return mean_of(s, itself, 0); }
double lp_scores_gap(const lp_scores *s, double target) { return mean_of(s, lacking, target); }
double lp_scores_above(const lp_scores *s, double score) { return mean_of(s, above, score); }

double lp_scores_improvement(const lp_scores *a, const lp_scores *b) {
    const double *x = a->score, *y = b->score;
    double all = 0;
    for (int t = 0; t < a->n_tasks; x += a->n_runs[t], y += b->n_runs[t], t++) {
        double sum = 0;
        for (int i = 0; i < a->n_runs[t]; i++)
            for (int k = 0; k < b->n_runs[t]; k++) sum += x[i] > y[k] ? 1 : x[i] == y[k] ? 0.5 : 0;
        all += sum / (a->n_runs[t] * b->n_runs[t]);
    }
    return all / a->n_tasks;
}

/* ---- intervals ---- */

static void resample(const lp_scores *s, double *out, lp_rng *rng) {
    const double *from = s->score;
    for (int t = 0, end; t < s->n_tasks; t = end) {
        int n = s->n_runs[t];
        for (end = t + 1; end < s->n_tasks && s->stratum && s->stratum[end] == s->stratum[t];) end++;
        for (int r = 0; r < n; r++) {
            uint32_t drawn = lp_rng_below(rng, (uint32_t)n);
            for (int k = 0; k < end - t; k++) out[k * n + r] = from[k * n + (int)drawn];
        }
        out += (end - t) * n, from += (end - t) * n;
    }
}

/* Of n sorted values, between two of them linearly. */
static double percentile(const double *sorted, int n, double part) {
    double at = part * (n - 1);
    int below = (int)floor(at);
    return below + 1 < n ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]) : sorted[n - 1];
}

enum { MAX_SAMPLES = 2 };

lp_status lp_bootstrap(const lp_scores *samples, int n_samples, lp_statistic statistic, void *context, lp_interval *out, int n_out,
                       lp_err *err) {
    lp_scores drawn[MAX_SAMPLES];
    double *room[MAX_SAMPLES] = {NULL}, *values = malloc((size_t)n_out * (LP_RESAMPLES + 1) * sizeof *values);
    bool whole = values && n_samples <= MAX_SAMPLES;
    for (int i = 0; i < n_samples && whole; i++) {
        int n = n_scores(&samples[i]);
        drawn[i] = samples[i];
        room[i] = malloc((2 * (size_t)n + 1) * sizeof *room[i]);
        whole = room[i];
        drawn[i].score = room[i], drawn[i].scratch = room[i] + (whole ? n : 0);
    }
    lp_rng rng = lp_rng_make(1, 0);
    double *one = values ? values + (size_t)n_out * LP_RESAMPLES : NULL;
    for (int r = 0; r < LP_RESAMPLES && whole; r++) {
        for (int i = 0; i < n_samples; i++) resample(&samples[i], room[i], &rng);
        statistic(drawn, context, one);
        for (int k = 0; k < n_out; k++) values[(size_t)k * LP_RESAMPLES + (size_t)r] = one[k];
    }
    for (int k = 0; k < n_out && whole; k++) {
        double *v = values + (size_t)k * LP_RESAMPLES;
        qsort(v, LP_RESAMPLES, sizeof *v, by_size);
        out[k] = (lp_interval){percentile(v, LP_RESAMPLES, 0.025), percentile(v, LP_RESAMPLES, 0.975)};
    }
    for (int i = 0; i < MAX_SAMPLES; i++) free(room[i]);
    free(values);
    return whole ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
}
