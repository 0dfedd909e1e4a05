/* Two players on the same seeds: is one worse? Statistics of paired wins.
 *
 * Of n pairs of episodes the baseline alone won `lost`, the candidate alone `gained`; in the others both did, or neither. The difference
 * is that of the win rates, (gained - lost) / n, and D is the true one.
 *
 *     lp_pairs pairs = {200, 15, 3};
 *     double p = lp_paired_p(&pairs, 0), low, high;               // McNemar's exact test, two-sided
 *     lp_paired_interval(&pairs, 0.05, &low, &high);        // excludes 0 if and only if p < 0.05
 *
 * The test at D = 0 is McNemar's, exact: given lost + gained, lost is binomial with 1/2 (McNemar 1947; Fay, Biostatistics 11, 2010:
 * "Two-sided exact tests and matching confidence intervals"). At other D, and for the interval, it is Fay and Lumbard's (Statistics in Medicine
 * 40, 2021, "Confidence intervals for difference in proportions for matched pairs compatible with exact McNemar's or sign tests"; R:
 * exact2x2::mcnemarExactDP). Tango's score interval (Statistics in Medicine 17, 1998) is a little shorter, but belongs to another test: it can
 * exclude 0 where McNemar's exact p does not, and a gate must not say two things. Everything here is pure and can be called by any thread. */
#ifndef LP_EVALS_PAIRED_H
#define LP_EVALS_PAIRED_H

#include <stdint.h>

typedef struct {
    int64_t n, lost, gained; /* lost + gained <= n */
} lp_pairs;

/* The distribution function of Beta(a, b) at x, which is also 1 - that of a binomial: a, b > 0. Relative error below 1e-11 for
 * a + b up to 1,000, 1e-7 for 10^7. */
double lp_beta_cdf(double x, double a, double b);

/* One-sided p-values of: D >= d (evidence for less), D <= d (evidence for more). -1 <= d <= 1. */
double lp_paired_p_less(const lp_pairs *pairs, double d);
double lp_paired_p_more(const lp_pairs *pairs, double d);
/* Two-sided: D = d. */
double lp_paired_p(const lp_pairs *pairs, double d);
/* The interval of those d whose p is alpha or more. n = 0 gives [-1, 1]. */
void lp_paired_interval(const lp_pairs *pairs, double alpha, double *low, double *high);

/* The same for who looks at the results as often as he likes and stops when he likes. Each one-sided p is 1 / wealth, where the wealth is that of
 * a player who bets on every pair against D >= d (or D <= d), averaged over 64 sizes of bet: a sequential probability ratio test (Wald, Annals
 * of Mathematical Statistics 16, 1945) mixed over alternatives (Robbins, ibid. 41, 1970). It is a supermartingale if the hypothesis is true, so that
 * it ever reaches 1 / alpha with probability alpha at most (Ville 1939), at every length and whatever part of the pairs differs; Waudby-Smith and
 * Ramdas (JRSS B 86, 2024) have it for bounded means. Fishtest's generalised SPRT (Van den Bergh's notes on its trinomial and pentanomial) takes up to a
 * third fewer pairs, but its error rates hold for many pairs, nearly for few, and it has no interval. */
double lp_sequential_p_less(const lp_pairs *pairs, double d);
double lp_sequential_p_more(const lp_pairs *pairs, double d);
/* The d that neither excludes, the first at alpha_high, the second at alpha_low: each end holds at every length with its own alpha. */
void lp_sequential_interval(const lp_pairs *pairs, double alpha_low, double alpha_high, double *low, double *high);

/* Holm's correction for n hypotheses (Holm, Scandinavian Journal of Statistics 6, 1979): the probability that any true one is rejected is alpha
 * at most. adjusted [n]: p-values to be compared with alpha. level [n]: the level at which each was judged, so that adjusted < alpha if
 * and only if p < level: it is rejected. What was not was judged at the level at which the procedure stopped. n <= LP_HOLM_MAX. */
enum { LP_HOLM_MAX = 1025 };
void lp_holm(const double *p, int n, double alpha, double *adjusted, double *level);

#endif
