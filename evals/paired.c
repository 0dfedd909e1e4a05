/* See paired.h for what is computed. With B ~ Beta and T ~ Beta the "confidence distributions" of gained / (lost + gained) and of
 * (lost + gained) / n, as Clopper and Pearson's intervals have them, D = T (2 B - 1): the p-value of D <= d is P(T (2 B - 1) <= d) with
 * B ~ Beta(gained, lost + 1), and T the one that makes it larger: Beta(m + 1, n - m) for d < 0, Beta(m, n - m + 1) for d >= 0. */
#include "evals/paired.h"

#include "base/contract.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

enum { BISECTIONS = 44, PANELS = 24, NODES = 8, BETS = 64 };
static const double TAIL = 1e-13; /* of T that is left out */

/* ---- the incomplete beta function ---- */

/* Its continued fraction, by Lentz's method (Numerical Recipes, 6.4). */
static double fraction(double x, double a, double b) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1), h;
    if (fabs(d) < tiny) d = tiny;
    h = d = 1 / d;
    for (int m = 1; m < 1000000; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        for (int k = 0; k < 2; k++) {
            double term = k ? odd : even;
            d = 1 + term * d;
            c = 1 + term / c;
            if (fabs(d) < tiny) d = tiny;
            if (fabs(c) < tiny) c = tiny;
            d = 1 / d;
            h *= d * c;
        }
        if (fabs(d * c - 1) < 1e-15) break;
    }
    return h;
}

static double log_beta(double a, double b) {
    int sign; /* lgamma writes to a global */
    return lgamma_r(a, &sign) + lgamma_r(b, &sign) - lgamma_r(a + b, &sign);
}

double lp_beta_cdf(double x, double a, double b) {
    LP_CHECK(a > 0 && b > 0);
    if (!(x > 0)) return 0;
    if (x >= 1) return 1;
    double front = exp(a * log(x) + b * log1p(-x) - log_beta(a, b));
    return x < (a + 1) / (a + b + 2) ? front * fraction(x, a, b) / a : 1 - front * fraction(1 - x, b, a) / b;
}

static double beta_density(double x, double a, double b) { return exp((a - 1) * log(x) + (b - 1) * log1p(-x) - log_beta(a, b)); }

/* Where the distribution function is q. */
static double beta_quantile(double q, double a, double b) {
    double low = 0, high = 1;
    for (int i = 0; i < BISECTIONS; i++) {
        double x = (low + high) / 2;
        *(lp_beta_cdf(x, a, b) < q ? &low : &high) = x;
    }
    return (low + high) / 2;
}

/* ---- Fay and Lumbard ---- */

/* P(B <= (1 + d / t) / 2); gained 0: B is 0. */
static double given_rate(const lp_pairs *pairs, double d, double t) {
    double x = (1 + d / t) / 2;
    if (!pairs->gained) return x >= 0;
    return lp_beta_cdf(x, (double)pairs->gained, (double)pairs->lost + 1);
}

/* The mean of given_rate over T ~ Beta(a, b), by Gauss and Legendre in panels over all of T but its tails, from where d / t is within -1
 * and 1: nearer to 0 it is 0 for d < 0, 1 for d > 0. */
static double over_rates(const lp_pairs *pairs, double d, double a, double b) {
    static const double node[NODES / 2] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363},
                                     weight[NODES / 2] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763};
    double from = fmax(beta_quantile(TAIL, a, b), fabs(d)), to = beta_quantile(1 - TAIL, a, b), sum = d > 0 ? lp_beta_cdf(d, a, b) : 0;
    double half = (to - from) / (2 * PANELS);
    for (int i = 0; i < PANELS && half > 0; i++)
        for (int k = 0; k < NODES; k++) {
            double t = from + (2 * i + 1 + node[k / 2] * (k % 2 ? 1 : -1)) * half;
            sum += weight[k / 2] * half * beta_density(t, a, b) * given_rate(pairs, d, t);
        }
    return fmin(1, sum);
}

double lp_paired_p_more(const lp_pairs *pairs, double d) {
    LP_CHECK(pairs->lost >= 0 && pairs->gained >= 0 && pairs->lost + pairs->gained <= pairs->n);
    double m = (double)(pairs->lost + pairs->gained), n = (double)pairs->n;
    if (n == 0 || !pairs->gained) { /* then B is 0, and D = -T */
        if (d >= 0 || m == n) return 1;
        return 1 - lp_beta_cdf(-d, m + 1, n - m);
    }
    if (d == 0) return given_rate(pairs, 0, 1);
    if (d > 0) return over_rates(pairs, d, m, n - m + 1);
    return m == n ? given_rate(pairs, d, 1) : over_rates(pairs, d, m + 1, n - m);
}

double lp_paired_p_less(const lp_pairs *pairs, double d) {
    const lp_pairs other = {pairs->n, pairs->gained, pairs->lost};
    return lp_paired_p_more(&other, -d);
}

double lp_paired_p(const lp_pairs *pairs, double d) { return fmin(1, 2 * fmin(lp_paired_p_less(pairs, d), lp_paired_p_more(pairs, d))); }

/* The largest d for which p(d), which grows with d, is less than alpha. */
static double lower_end(double (*p)(const lp_pairs *, double), const lp_pairs *pairs, double alpha) {
    double low = -1, high = 1;
    if (p(pairs, 0) < alpha) low = 0;
    else high = 0;
    for (int i = 0; i < BISECTIONS; i++) {
        double d = (low + high) / 2;
        *(p(pairs, d) < alpha ? &low : &high) = d;
    }
    return low;
}

static void interval(double (*more)(const lp_pairs *, double), const lp_pairs *pairs, double alpha_low, double alpha_high, double *low,
                     double *high) {
    const lp_pairs other = {pairs->n, pairs->gained, pairs->lost};
    *low = lower_end(more, pairs, alpha_low);
    *high = -lower_end(more, &other, alpha_high);
}

void lp_paired_interval(const lp_pairs *pairs, double alpha, double *low, double *high) {
    interval(lp_paired_p_more, pairs, alpha / 2, alpha / 2, low, high);
}

/* ---- sequential ---- */

double lp_sequential_p_more(const lp_pairs *pairs, double d) {
    double wealth[BETS], most = -INFINITY, sum = 0, same = (double)(pairs->n - pairs->lost - pairs->gained);
    if (d >= 1) return 1;
    if (d <= -1) return pairs->lost == pairs->n ? 1 : 0; /* a bet without limit, which only losing every pair loses */
    for (int i = 0; i < BETS; i++) { /* a pair's factor is 1 + bet (its difference - d), above 0 for each of -1, 0 and 1 */
        double bet = (i + 0.5) / BETS / (1 + d);
        wealth[i] = same * log1p(-bet * d) + (double)pairs->gained * log1p(bet * (1 - d)) + (double)pairs->lost * log1p(-bet * (1 + d));
        most = fmax(most, wealth[i]);
    }
    for (int i = 0; i < BETS; i++) sum += exp(wealth[i] - most);
    return fmin(1, exp(log(BETS) - most - log(sum)));
}

double lp_sequential_p_less(const lp_pairs *pairs, double d) {
    const lp_pairs other = {pairs->n, pairs->gained, pairs->lost};
    return lp_sequential_p_more(&other, -d);
}

void lp_sequential_interval(const lp_pairs *pairs, double alpha_low, double alpha_high, double *low, double *high) {
    interval(lp_sequential_p_more, pairs, alpha_low, alpha_high, low, high);
}

/* ---- several hypotheses ---- */

typedef struct {
    double p;
    int index;
} ranked;

static int by_p(const void *a, const void *b) {
    const ranked *x = a, *y = b;
    return x->p < y->p ? -1 : x->p > y->p ? 1 : x->index - y->index;
}

void lp_holm(const double *p, int n, double alpha, double *adjusted, double *level) {
    LP_CHECK(n >= 0 && n <= LP_HOLM_MAX);
    ranked order[LP_HOLM_MAX];
    double at_least = 0;
    int stopped = -1; /* the rank of the first that is not rejected */
    for (int i = 0; i < n; i++) order[i] = (ranked){p[i], i};
    qsort(order, (size_t)n, sizeof *order, by_p);
    for (int i = 0; i < n; i++) {
        at_least = fmax(at_least, fmin(1, (n - i) * order[i].p));
        if (stopped < 0 && !(order[i].p < alpha / (n - i))) stopped = i;
        bool below = at_least < alpha; /* rounding must not say otherwise */
        adjusted[order[i].index] = below == (stopped < 0) ? at_least : stopped < 0 ? nextafter(alpha, 0) : alpha;
        level[order[i].index] = alpha / (n - (stopped < 0 ? i : stopped));
    }
}
