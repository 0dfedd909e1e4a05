/* Saved optimizers: by the first byte as they are, or a valid one with bytes changed, sealed. Refused, or learned on with. */
#include "policy/policy.h"
#include "tests/fuzz/fuzz.h"

static lp_policy *policy;
static lp_learner *learner;
static lp_pool *pool;
static float *weights;
static uint8_t *valid, *bad;
static size_t bytes;

static void start(void) {
    static const lp_policy_config shape = {
        .width = 20, .height = 20, .n_actions = 2, .dim = 1, .hidden = 1, .heads = 1, .n_levels = 1, .n_ages = 1};
    static const lp_ppo_config ppo = {.gamma = 0.9,
                                      .lambda = 0.9,
                                      .clip = 0.2,
                                      .value_weight = 0.5,
                                      .entropy_weight = 0.01,
                                      .rate = 1e-3,
                                      .beta2 = 0.9,
                                      .max_grad_norm = 0.5,
                                      .epochs = 2,
                                      .minibatches = 2};
    lp_err err;
    pool = lp_pool_open(1);
    if (!pool) abort();
    fuzz_must(lp_policy_open(&policy, &shape, 1, &err), &err);
    fuzz_must(lp_learner_open(&learner, policy, &ppo, 3, 2, 1, 1, 0, 1, &err), &err);
    bytes = lp_learner_save_size(learner);
    valid = malloc(bytes), bad = malloc(bytes);
    fuzz_must(lp_learner_save(learner, valid, &err), &err);
    size_t floats = lp_policy_n_parameters(policy) * sizeof(float);
    weights = malloc(floats);
    memcpy(weights, lp_policy_parameters(policy), floats);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_err err;
    lp_update_stats stats;
    if (!policy) start();
    if (!size) return 0;
    if (data[0] & 1) {
        memcpy(bad, valid, bytes);
        fuzz_patch(&(fuzz_target){.data = bad, .bytes = bytes}, data + 1, size - 1);
        fuzz_seal(bad, bytes);
    }
    if (lp_learner_load(learner, data[0] & 1 ? bad : data + 1, data[0] & 1 ? bytes : size - 1, &err)) return 0;
    (void)lp_learner_update(learner, pool, 1.0, &stats, &err); /* may diverge */
    if (lp_learner_load(learner, valid, bytes, &err)) abort();
    memcpy(lp_policy_parameters(policy), weights, lp_policy_n_parameters(policy) * sizeof(float));
    if (lp_policy_changed(policy, &err)) abort();
    return 0;
}
