/* Statistics of win rates. */
#ifndef LP_EVALS_STATS_H
#define LP_EVALS_STATS_H

#include <stdint.h>

/* The Wilson score interval of a proportion (Wilson 1927): wins of n trials; z = 1.96 for 95 %, 2.576 for 99 %.
 * n = 0 gives [0, 1]. */
void lp_wilson(int64_t wins, int64_t n, double z, double *low, double *high);

/* The chance that one of k tries wins, when of n >= k that were tried `wins` did: the unbiased estimator 1 - C(n - wins, k) / C(n, k) (Chen et al.
 * 2021). */
double lp_pass_at(int64_t n, int64_t wins, int64_t k);

#endif
