#include "kernels/sample.h"

#include <math.h>

void lp_k_sample(int32_t *action, float *logp, const float *logit, int n, int n_actions, const uint64_t *seed, const uint64_t *count) {
    for (int r = 0; r < n; r++, logit += n_actions) {
        float top = -INFINITY, sum = 0.0f, at = lp_philox_float(seed[r], 0, count[r]);
        for (int a = 0; a < n_actions; a++) top = logit[a] > top ? logit[a] : top;
        int chosen = 0, last = 0; /* the last that is possible at all: rounding must not go past it */
        for (int a = 0; a < n_actions; a++) {
            const float p = expf(logit[a] - top);
            sum += p;
            if (p > 0) last = a;
        }
        at *= sum;
        while (chosen < last && at >= expf(logit[chosen] - top)) at -= expf(logit[chosen++] - top);
        action[r] = chosen;
        logp[r] = logit[chosen] - top - logf(sum);
    }
}
