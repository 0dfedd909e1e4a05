/* Statistics over trainings and tasks: against rliable on the same scores, against what is known by hand. */
#include "evals/aggregate.h"

#include "tests/rliable_table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

enum { MAX_TASKS = 16, MAX_SCORES = 128, N_CUTS = 4 };

static void close_to(double value, double expected, double tolerance, const char *what) {
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%s: %.12g, not %.12g (+- %g)", what, value, expected, tolerance);
}

/* As many runs in each task. */
static lp_scores square(int n_tasks, int n_runs, const double *score, const int *stratum, int *room, double *scratch) {
    for (int t = 0; t < n_tasks; t++) room[t] = n_runs;
    return (lp_scores){.n_tasks = n_tasks, .n_runs = room, .stratum = stratum, .score = score, .scratch = scratch};
}

static void all_of_one(const lp_scores *s, void *context, double *out) {
    (void)context;
    out[0] = lp_scores_iqm(s), out[1] = lp_scores_median(s), out[2] = lp_scores_mean(s), out[3] = lp_scores_gap(s, rliable_target);
    for (int i = 0; i < N_CUTS; i++) out[4 + i] = lp_scores_above(s, rliable_cuts[i]);
}

static void improvement(const lp_scores *s, void *context, double *out) {
    (void)context;
    *out = lp_scores_improvement(&s[0], &s[1]);
}

/* Points agree to rounding. Ends are percentiles of resamples: with LP_RESAMPLES of ours and 10,000 of rliable's (2,000 for the probability
 * of improvement) they differ, as 0.025 quantiles of a normal distribution do, by a standard error of 0.012 (0.018) of the interval's
 * width; four of these are allowed, and a step where a statistic has but few values. */
static void test_rliable(void **state) {
    (void)state;
    static const char *const names[] = {"iqm", "median", "mean", "gap", "profile", "profile", "profile", "profile", "improvement"};
    for (size_t i = 0; i < sizeof rliable_cases / sizeof *rliable_cases; i++) {
        const rliable_case *c = &rliable_cases[i];
        int runs_a[MAX_TASKS], runs_b[MAX_TASKS];
        double scratch[2][MAX_SCORES], point[9];
        lp_interval interval[9];
        lp_scores both[2] = {square(c->n_tasks, c->n_a, c->a, NULL, runs_a, scratch[0]),
                             square(c->n_tasks, c->n_b, c->b, NULL, runs_b, scratch[1])};
        all_of_one(both, NULL, point);
        improvement(both, NULL, point + 8);
        assert_int_equal(lp_bootstrap(both, 1, all_of_one, NULL, interval, 8, NULL), LP_OK);
        assert_int_equal(lp_bootstrap(both, 2, improvement, NULL, interval + 8, 1, NULL), LP_OK);
        for (int k = 0; k < 9; k++) {
            double width = c->high[k] - c->low[k], step = k < 4 ? 1e-12 : k < 8 ? 1.001 / (c->n_tasks * c->n_a) : 1e-12;
            double tolerance = (k < 8 ? 0.048 : 0.072) * width + step;
            close_to(point[k], c->point[k], 1e-12, names[k]);
            close_to(interval[k].low, c->low[k], tolerance, names[k]);
            close_to(interval[k].high, c->high[k], tolerance, names[k]);
        }
    }
}

/* Runs that are missing in a task: a task weighs what it weighs, whatever the number of its runs. */
static void test_ragged(void **state) {
    (void)state;
    double scratch[5];
    lp_scores s = {.n_tasks = 2, .n_runs = (int[]){4, 1}, .score = (double[]){0, 0, 0, 1, 1}, .scratch = scratch};
    close_to(lp_scores_mean(&s), 0.625, 1e-15, "mean");
    close_to(lp_scores_median(&s), 0.625, 1e-15, "median");
    close_to(lp_scores_gap(&s, 0.5), 0.1875, 1e-15, "gap");
    close_to(lp_scores_above(&s, 0.5), 0.625, 1e-15, "above");
    close_to(lp_scores_iqm(&s), 1.0 / 3, 1e-15, "iqm"); /* 0 | 0 0 1 | 1 */
    lp_scores t = {.n_tasks = 2, .n_runs = (int[]){1, 2}, .score = (double[]){0.5, 1, 0}, .scratch = scratch};
    close_to(lp_scores_improvement(&s, &t), (0.25 + 0.75) / 2, 1e-15, "improvement");
    close_to(lp_scores_improvement(&s, &t) + lp_scores_improvement(&t, &s), 1, 1e-15, "either way");
}

static void mean_alone(const lp_scores *s, void *context, double *out) {
    (void)context;
    *out = lp_scores_mean(s);
}

/* Four tasks that the same trainings won alike tell no more than one of them; four that other trainings won halve the interval. */
static void test_strata(void **state) {
    (void)state;
    static const double once[] = {0.1, 0.9, 0.4, 0.6, 0.3, 0.8};
    double four[24], scratch[24];
    int runs[4], one_stratum[] = {7, 7, 7, 7};
    lp_interval alone, together, apart;
    for (int i = 0; i < 24; i++) four[i] = once[i % 6];
    lp_scores s = square(1, 6, once, NULL, runs, scratch);
    assert_int_equal(lp_bootstrap(&s, 1, mean_alone, NULL, &alone, 1, NULL), LP_OK);
    s = square(4, 6, four, one_stratum, runs, scratch);
    assert_int_equal(lp_bootstrap(&s, 1, mean_alone, NULL, &together, 1, NULL), LP_OK);
    s = square(4, 6, four, NULL, runs, scratch);
    assert_int_equal(lp_bootstrap(&s, 1, mean_alone, NULL, &apart, 1, NULL), LP_OK);
    close_to(together.low, alone.low, 1e-12, "low");
    close_to(together.high, alone.high, 1e-12, "high");
    close_to((apart.high - apart.low) / (alone.high - alone.low), 0.5, 0.05, "width of four apart");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rliable), cmocka_unit_test(test_ragged), cmocka_unit_test(test_strata)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
