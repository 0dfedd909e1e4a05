/* Twins of ppo.c: advantages one environment a thread, the loss one decision a thread. Sums over many are taken in double, in parts
 * of a fixed order. */
#include "kernels/cuda.cuh"

enum { PARTS = 256, N_SUMS = 7 };

static __global__ void gae(float *advantage, float *target, const float *reward, const float *value, const uint8_t *end, const float *logp,
                           int envs, int n, float gamma, float lambda) {
    LP_FOR_EACH(e, (size_t)envs) {
        const size_t at = e * n;
        const float *v = value + e * (n + 1);
        float next = 0.0f;
        for (int t = n - 1; t >= 0; t--) {
            float alive = end[at + t] ? 0.0f : 1.0f, delta = reward[at + t] + gamma * alive * v[t + 1] - v[t];
            advantage[at + t] = next = delta + gamma * lambda * alive * next;
            target[at + t] = next + v[t];
            if (logp[at + t] == LP_TOLD) advantage[at + t] = 1.0f;
        }
    }
}

/* One block: the mean, then the deviation, then the numbers themselves. */
static __global__ void __launch_bounds__(LP_BLOCK) normalise(float *x, const float *logp, size_t n) {
    __shared__ double shared[LP_BLOCK / LP_WARP];
    double sum = 0, squares = 0, count = 0;
    for (size_t i = threadIdx.x; i < n; i += LP_BLOCK)
        if (logp[i] != LP_TOLD) sum += x[i], count++;
    count = fmax(lp_block_reduce<LP_BLOCK>(count, false, shared), 1.0);
    const double mean = lp_block_reduce<LP_BLOCK>(sum, false, shared) / count;
    for (size_t i = threadIdx.x; i < n; i += LP_BLOCK)
        if (logp[i] != LP_TOLD) squares += (x[i] - mean) * (x[i] - mean);
    squares = lp_block_reduce<LP_BLOCK>(squares, false, shared);
    const float scale = (float)(1.0 / (sqrt(squares / count) + 1e-8)), middle = (float)mean;
    for (size_t i = threadIdx.x; i < n; i += LP_BLOCK)
        if (logp[i] != LP_TOLD) x[i] = (x[i] - middle) * scale;
}

static __global__ void __launch_bounds__(LP_BLOCK)
    ppo(float *dlogit, float *dvalue, double *part, const float *logit, const float *value, const int32_t *action, const float *old_logp,
        const float *advantage, const float *target, int n, int n_actions, lp_ppo s, const float *fade) {
    __shared__ double shared[LP_BLOCK / LP_WARP];
    double sums[N_SUMS] = {0};
    LP_FOR_EACH(r, (size_t)n) {
        const float *z = logit + r * n_actions;
        float *dz = dlogit + r * n_actions, top = -INFINITY, total = 0.0f, entropy = 0.0f;
        for (int a = 0; a < n_actions; a++) top = fmaxf(top, z[a]);
        for (int a = 0; a < n_actions; a++) total += expf(z[a] - top);
        const float log_sum = top + logf(total);
        if (old_logp[r] == LP_TOLD) {
            const float weight = s.scale * s.clone_weight * *fade;
            for (int a = 0; a < n_actions; a++) dz[a] = weight * (expf(z[a] - log_sum) - (a == action[r] ? 1.0f : 0.0f));
            dvalue[r] = 0.0f;
            sums[5] -= z[action[r]] - log_sum;
            sums[6] += 1;
            continue;
        }
        for (int a = 0; a < n_actions; a++) entropy -= expf(z[a] - log_sum) * (z[a] - log_sum);
        const float log_ratio = z[action[r]] - log_sum - old_logp[r], ratio = expf(log_ratio), A = advantage[r];
        const float clipped = ratio < 1 - s.clip ? 1 - s.clip : ratio > 1 + s.clip ? 1 + s.clip : ratio;
        const bool inside = ratio * A <= clipped * A;
        const float dlogp = inside ? -ratio * A : 0.0f, error = value[r] - target[r];
        for (int a = 0; a < n_actions; a++) {
            const float logp = z[a] - log_sum, p = expf(logp);
            dz[a] = s.scale * (dlogp * ((a == action[r] ? 1.0f : 0.0f) - p) + s.entropy_weight * p * (logp + entropy));
        }
        dvalue[r] = s.scale * s.value_weight * error;
        sums[0] -= inside ? ratio * A : clipped * A;
        sums[1] += 0.5f * error * error;
        sums[2] += entropy;
        sums[3] += ratio - 1.0f - log_ratio;
        sums[4] += clipped != ratio;
    }
    for (int k = 0; k < N_SUMS; k++) {
        const double sum = lp_block_reduce<LP_BLOCK>(sums[k], false, shared);
        if (threadIdx.x == 0) part[blockIdx.x * N_SUMS + k] = sum;
    }
}

static __global__ void add_sums(double *sums, const double *part, int n_parts) {
    if (threadIdx.x >= N_SUMS) return;
    double sum = 0;
    for (int p = 0; p < n_parts; p++) sum += part[p * N_SUMS + (int)threadIdx.x];
    sums[threadIdx.x] += sum;
}

int lp_cuda_gae(float *advantage, float *target, const float *reward, const float *value, const uint8_t *end, const float *logp, int envs,
                int n, float gamma, float lambda, void *stream) {
    if (envs && n)
        LP_LAUNCH(gae, lp_blocks((size_t)envs), LP_BLOCK, stream, advantage, target, reward, value, end, logp, envs, n, gamma, lambda);
    return cudaGetLastError();
}

int lp_cuda_normalise(float *x, const float *logp, size_t n, void *stream) {
    if (n) LP_LAUNCH(normalise, 1, LP_BLOCK, stream, x, logp, n);
    return cudaGetLastError();
}

size_t lp_cuda_ppo_scratch_bytes(void) { return PARTS * N_SUMS * sizeof(double); }

int lp_cuda_ppo(float *dlogit, float *dvalue, lp_ppo_sums *sums, const float *logit, const float *value, const int32_t *action,
                const float *old_logp, const float *advantage, const float *target, int n, int n_actions, const lp_ppo *settings,
                const float *fade, void *scratch, void *stream) {
    if (n < 1) return cudaSuccess;
    const unsigned blocks = lp_blocks((size_t)n) < PARTS ? lp_blocks((size_t)n) : PARTS;
    LP_LAUNCH(ppo, blocks, LP_BLOCK, stream, dlogit, dvalue, (double *)scratch, logit, value, action, old_logp, advantage, target, n,
              n_actions, *settings, fade);
    LP_LAUNCH(add_sums, 1, LP_WARP, stream, (double *)sums, (const double *)scratch, (int)blocks);
    return cudaGetLastError();
}
