#include "evals/stats.h"

#include <math.h>

void lp_wilson(int64_t wins, int64_t n, double z, double *low, double *high) {
    *low = 0, *high = 1;
    if (n <= 0) return;
    double p = (double)wins / (double)n, zz = z * z / (double)n;
    double centre = p + zz / 2, half = z * sqrt(p * (1 - p) / (double)n + zz / (4 * (double)n)), scale = 1 / (1 + zz);
    *low = wins == 0 ? 0 : (centre - half) * scale;
    *high = wins == n ? 1 : (centre + half) * scale;
}

double lp_pass_at(int64_t n, int64_t wins, int64_t k) {
    if (n - wins < k) return 1;
    double none = 1;
    for (int64_t i = n - wins + 1; i <= n; i++) none *= 1 - (double)k / (double)i;
    return 1 - none;
}
