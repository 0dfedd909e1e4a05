/* Twin of sample.c: one decision a thread. */
#include "kernels/cuda.cuh"
#include "kernels/sample.h"

static __global__ void sample(int32_t *action, float *logp, const float *logit, size_t n, int n_actions, const uint64_t *seed,
                              const uint64_t *count) {
    LP_FOR_EACH(r, n) {
        const float *z = logit + r * n_actions;
        float top = -INFINITY, sum = 0.0f, at = lp_philox_float(seed[r], 0, count[r]);
        for (int a = 0; a < n_actions; a++) top = fmaxf(top, z[a]);
        int chosen = 0, last = 0; /* the last that is possible at all: rounding must not go past it */
        for (int a = 0; a < n_actions; a++) {
            const float p = expf(z[a] - top);
            sum += p;
            if (p > 0) last = a;
        }
        at *= sum;
        while (chosen < last && at >= expf(z[chosen] - top)) at -= expf(z[chosen++] - top);
        action[r] = chosen;
        logp[r] = z[chosen] - top - logf(sum);
    }
}

int lp_cuda_sample(int32_t *action, float *logp, const float *logit, int n, int n_actions, const uint64_t *seed, const uint64_t *count,
                   void *stream) {
    if (n > 0) LP_LAUNCH(sample, lp_blocks((size_t)n), LP_BLOCK, stream, action, logp, logit, (size_t)n, n_actions, seed, count);
    return cudaGetLastError();
}
