/* Paired wins: p-values and intervals against the literature and an independent computation, against each other, and, by enumerating every
 * table that can come out, against what they promise. */
#include "evals/paired.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void close_to(double value, double expected, double tolerance, const char *what) {
    if (!(fabs(value - expected) <= tolerance)) fail_msg("%s: %.12g, not %.12g", what, value, expected);
}

static double choose_log(int n, int k) { return lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0); }

/* P(X >= k) of a binomial is a beta's distribution function. */
static void test_beta(void **state) {
    (void)state;
    static const int sizes[] = {1, 2, 7, 40, 1000};
    for (int s = 0; s < 5; s++)
        for (int q = 1; q < 10; q++) {
            double tail = 0, p = q / 10.0;
            for (int k = sizes[s]; k >= 1; k--) {
                tail += exp(choose_log(sizes[s], k) + k * log(p) + (sizes[s] - k) * log1p(-p));
                close_to(lp_beta_cdf(p, k, sizes[s] - k + 1), tail, 1e-11, "beta");
            }
        }
    close_to(lp_beta_cdf(0.5, 5e6, 5e6), 0.5, 1e-7, "large");
    assert_true(lp_beta_cdf(0, 2, 3) == 0 && lp_beta_cdf(1, 2, 3) == 1);
}

/* {50, 12, 2}: Armitage and Berry 1994, p. 127 (p = 0.0129). {1600, 150, 86}: Agresti 1990, p. 350 (R's mcnemar.exact: 3.716e-05). All
 * intervals and the p-values at -0.02: Fay and Lumbard's formula by SciPy's beta, quad and brentq. */
static void test_known(void **state) {
    (void)state;
    static const struct {
        lp_pairs pairs;
        double p, low, high, p_margin;
    } known[] = {
        {{50, 12, 2}, 0.01293945312, -0.35498850, -0.03614714, 0.02791037},
        {{50, 2, 12}, 0.01293945312, 0.03614714, 0.35498850, 0.00607300},
        {{200, 15, 3}, 0.007537841797, -0.10872141, -0.01399143, 0.10097607},
        {{1600, 150, 86}, 3.71593614e-05, -0.05943813, -0.02059820, 0.04305203},
        {{20, 0, 0}, 1, -0.16843347, 0.16843347, 1},
        {{20, 0, 20}, 1.907348633e-06, 0.62090549, 1, 0.00000127},
        {{20, 7, 13}, 0.2631759644, -0.18437707, 0.69218159, 0.22663788},
        {{200, 30, 10}, 0.002221433773, -0.16628486, -0.03353246, 0.01598800},
        {{100, 1, 0}, 1, -0.05445939, 0.02951305, 0.80654342},
        {{10000, 400, 300}, 0.0001784763145, -0.01529583, -0.00471665, 0.00020502},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        double low, high;
        lp_paired_interval(&known[i].pairs, 0.05, &low, &high);
        close_to(lp_paired_p(&known[i].pairs, 0) / known[i].p, 1, 1e-9, "p");
        close_to(low, known[i].low, 2e-8, "low");
        close_to(high, known[i].high, 2e-8, "high");
        close_to(lp_paired_p(&known[i].pairs, -0.02), known[i].p_margin, 2e-8, "p at the margin");
    }
    double low, high;
    lp_paired_interval(&(lp_pairs){0, 0, 0}, 0.05, &low, &high);
    assert_true(low == -1 && high == 1 && lp_paired_p(&(lp_pairs){0, 0, 0}, 0) == 1);
}

/* An interval excludes a difference if and only if its p is below alpha, at 0 exactly; both ways mirror each other. */
static void test_one_rule(void **state) {
    (void)state;
    static const double alphas[] = {0.05, 0.01, 0.05 / 28};
    for (int n = 1; n <= 24; n += n < 8 ? 1 : 4)
        for (int lost = 0; lost <= n; lost++)
            for (int gained = 0; gained + lost <= n; gained++) {
                const lp_pairs pairs = {n, lost, gained}, other = {n, gained, lost};
                double low, high, other_low, other_high, a = alphas[(lost + gained) % 3];
                lp_paired_interval(&pairs, a, &low, &high);
                lp_paired_interval(&other, a, &other_low, &other_high);
                assert_true(low == -other_high && high == -other_low);
                assert_true((lp_paired_p(&pairs, 0) < a) == (low > 0 || high < 0));
                assert_true(low <= (double)(gained - lost) / n && high >= (double)(gained - lost) / n);
                if (low > -1) close_to(lp_paired_p_more(&pairs, low), a / 2, 1e-9, "p at the lower end");
                lp_sequential_interval(&pairs, a, a, &low, &high);
                assert_true((lp_sequential_p_less(&pairs, 0) < a) == (high < 0) && (lp_sequential_p_more(&pairs, 0) < a) == (low > 0));
                if (low > -1) close_to(lp_sequential_p_more(&pairs, low), a, 1e-9, "sequential p at the lower end");
            }
}

/* Over every table of n pairs whose parts are drawn with these probabilities: calls f with its probability. */
static double mean_over(int n, double lost, double gained, double (*f)(const lp_pairs *, double), double d) {
    double sum = 0, same = 1 - lost - gained;
    for (int b = 0; b <= n; b++)
        for (int c = 0; b + c <= n; c++) {
            if ((b && lost == 0) || (c && gained == 0) || (b + c < n && same <= 0)) continue;
            double log_p = choose_log(n, b) + choose_log(n - b, c) + (b ? b * log(lost) : 0) + (c ? c * log(gained) : 0) +
                           (b + c < n ? (n - b - c) * log(same) : 0);
            sum += exp(log_p) * f(&(lp_pairs){n, b, c}, d);
        }
    return sum;
}

static double rejects(const lp_pairs *pairs, double d) { return lp_paired_p(pairs, d) < 0.05; }

/* The true difference is rejected with probability alpha at most, wherever it is. */
static void test_coverage(void **state) {
    (void)state;
    double most = 0;
    for (int n = 5; n <= 25; n += 10)
        for (int i = 0; i <= 10; i++)
            for (int k = 0; i + k <= 10; k++) {
                double lost = i / 10.0, gained = k / 10.0, rate = mean_over(n, lost, gained, rejects, gained - lost);
                if (rate > most) most = rate;
                if (!(rate <= 0.05)) fail_msg("n %d lost %g gained %g: %.4f", n, lost, gained, rate);
            }
    print_message("the true difference is rejected in at most %.4f\n", most);
}

/* The probability that the true difference is ever rejected, looked at after each of up to LOOKS pairs: exactly, pair by pair. */
static void test_any_length(void **state) {
    (void)state;
#ifdef __SANITIZE_ADDRESS__
    enum { LOOKS = 40, SIDE = LOOKS + 1 };
#else
    enum { LOOKS = 150, SIDE = LOOKS + 1 };
#endif
    static const double players[][2] = {{0, 0}, {0.0475, 0.0475}, {0.25, 0.25}, {0.5, 0.5}, {0.1, 0.05}, {0.05, 0}, {0.3, 0.5}};
    double(*now)[SIDE] = calloc(SIDE, sizeof *now), (*next)[SIDE] = calloc(SIDE, sizeof *next);
    assert_true(now && next);
    for (size_t i = 0; i < sizeof players / sizeof *players; i++)
        for (int more = 0; more < 2; more++) {
            double lost = players[i][0], gained = players[i][1], d = gained - lost, rejected = 0;
            memset(now, 0, SIDE * sizeof *now);
            now[0][0] = 1;
            for (int n = 1; n <= LOOKS; n++) {
                memset(next, 0, SIDE * sizeof *next);
                for (int b = 0; b < n; b++)
                    for (int c = 0; b + c < n; c++) {
                        next[b][c] += now[b][c] * (1 - lost - gained);
                        next[b + 1][c] += now[b][c] * lost;
                        next[b][c + 1] += now[b][c] * gained;
                    }
                for (int b = 0; b <= n; b++)
                    for (int c = 0; b + c <= n; c++) {
                        const lp_pairs pairs = {n, b, c};
                        if (next[b][c] < 1e-9) continue; /* in all less than 0.0001 */
                        if ((more ? lp_sequential_p_more(&pairs, d) : lp_sequential_p_less(&pairs, d)) >= 0.05) continue;
                        rejected += next[b][c];
                        next[b][c] = 0;
                    }
                double(*swap)[SIDE] = now;
                now = next;
                next = swap;
            }
            print_message("lost %g gained %g: ever rejected, as %s: %.4f\n", lost, gained, more ? "more" : "less", rejected);
            if (!(rejected <= 0.0499)) fail_msg("lost %g gained %g: %.4f", lost, gained, rejected);
        }
    free(now);
    free(next);
}

/* Holm 1979, and R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02 */
static void test_holm(void **state) {
    (void)state;
    static const double p[] = {0.01, 0.04, 0.03, 0.005}, expected[] = {0.03, 0.06, 0.06, 0.02};
    double adjusted[4], level[4];
    lp_holm(p, 4, 0.05, adjusted, level);
    for (int i = 0; i < 4; i++) close_to(adjusted[i], expected[i], 1e-15, "holm");
    close_to(level[3], 0.05 / 4, 1e-15, "level of the first");
    close_to(level[0], 0.05 / 3, 1e-15, "level of the second");
    close_to(level[1], 0.05 / 2, 1e-15, "level of what was not rejected");
    close_to(level[2], 0.05 / 2, 1e-15, "level of what was not rejected");
    srand(1);
    for (int i = 0; i < 20000; i++) { /* one rule, also where p is at the edge */
        double many[9], alpha = i % 2 ? 0.05 : 0.1;
        int n = 1 + i % 9;
        for (int k = 0; k < n; k++) many[k] = k % 2 ? alpha / (1 + rand() % n) : rand() / (double)RAND_MAX * 0.2;
        double a[9], l[9];
        lp_holm(many, n, alpha, a, l);
        for (int k = 0; k < n; k++) assert_true((a[k] < alpha) == (many[k] < l[k]));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_beta),     cmocka_unit_test(test_known),      cmocka_unit_test(test_one_rule),
                                       cmocka_unit_test(test_coverage), cmocka_unit_test(test_any_length), cmocka_unit_test(test_holm)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
