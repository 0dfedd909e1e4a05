/* Advantages and the PPO loss. */
#include "kernels/kernels.h"

#include "base/limits.h"

#include <assert.h>
#include <math.h>

void lp_k_gae(float *advantage, float *target, const float *reward, const float *value, const uint8_t *end, const float *logp, int n,
              float gamma, float lambda) {
    float next = 0.0f;
    for (int t = n - 1; t >= 0; t--) {
        float alive = end[t] ? 0.0f : 1.0f;
        float delta = reward[t] + gamma * alive * value[t + 1] - value[t];
        advantage[t] = next = delta + gamma * lambda * alive * next;
        target[t] = advantage[t] + value[t];
        if (logp[t] == LP_TOLD) advantage[t] = 1.0f;
    }
}

void lp_k_ppo(float *dlogit, float *dvalue, lp_ppo_sums *sums, const float *logit, const float *value, const int32_t *action,
              const float *old_logp, const float *advantage, const float *target, int n, int n_actions, const lp_ppo *s) {
    assert(n_actions <= LP_MAX_ACTIONS);
    for (int r = 0; r < n; r++) {
        const float *z = logit + (size_t)r * n_actions;
        float *dz = dlogit + (size_t)r * n_actions, logp[LP_MAX_ACTIONS], top = -INFINITY, sum = 0.0f, entropy = 0.0f;
        for (int a = 0; a < n_actions; a++) top = z[a] > top ? z[a] : top;
        for (int a = 0; a < n_actions; a++) sum += expf(z[a] - top);
        float log_sum = top + logf(sum);
        for (int a = 0; a < n_actions; a++) {
            logp[a] = z[a] - log_sum;
            entropy -= expf(logp[a]) * logp[a];
        }
        if (old_logp[r] == LP_TOLD) {
            for (int a = 0; a < n_actions; a++) dz[a] = s->scale * s->clone_weight * (expf(logp[a]) - (a == action[r]));
            dvalue[r] = 0;
            sums->clone_loss -= logp[action[r]];
            sums->told++;
            continue;
        }
        float log_ratio = logp[action[r]] - old_logp[r], ratio = expf(log_ratio), A = advantage[r];
        float clipped = ratio < 1 - s->clip ? 1 - s->clip : ratio > 1 + s->clip ? 1 + s->clip : ratio;
        int inside = ratio * A <= clipped * A; /* the unclipped term is the smaller: its gradient flows */
        float dlogp = inside ? -ratio * A : 0.0f, error = value[r] - target[r];
        for (int a = 0; a < n_actions; a++) {
            float p = expf(logp[a]);
            dz[a] = s->scale * (dlogp * ((a == action[r]) - p) + s->entropy_weight * p * (logp[a] + entropy));
        }
        dvalue[r] = s->scale * s->value_weight * error;
        sums->policy_loss -= inside ? ratio * A : clipped * A;
        sums->value_loss += 0.5f * error * error;
        sums->entropy += entropy;
        sums->kl += ratio - 1.0f - log_ratio;
        sums->clipped += clipped != ratio;
    }
}
