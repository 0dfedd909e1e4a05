/* Twin of sample.c: one decision a thread. */
#include "kernels/cuda.cuh"
#include "kernels/sample.h"

static __global__ void sample(int32_t *action, float *logp, const float *logit, size_t n, int n_actions, uint64_t seed, uint64_t first_stream,
                              const uint64_t *count) {
    LP_FOR_EACH(r, n) {
        const float *z = logit + r * n_actions;
        float top = -INFINITY, sum = 0.0f, at = lp_philox_float(seed, first_stream + r, *count);
        for (int a = 0; a < n_actions; a++) top = fmaxf(top, z[a]);
        for (int a = 0; a < n_actions; a++) sum += expf(z[a] - top);
        int chosen = 0;
        at *= sum;
        while (chosen < n_actions - 1 && at >= expf(z[chosen] - top)) at -= expf(z[chosen++] - top);
        action[r] = chosen;
        logp[r] = z[chosen] - top - logf(sum);
    }
}

int lp_cuda_sample(int32_t *action, float *logp, const float *logit, int n, int n_actions, uint64_t seed, uint64_t first_stream,
                   const uint64_t *count, void *stream) {
    if (n > 0) LP_LAUNCH(sample, lp_blocks((size_t)n), LP_BLOCK, stream, action, logp, logit, (size_t)n, n_actions, seed, first_stream, count);
    return cudaGetLastError();
}
