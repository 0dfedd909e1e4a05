#include "explore/leader.h"

#include <stdlib.h>
#include <string.h>

lp_status leader_open(leader **out, const lp_policy *policy, lp_err *err) {
    const size_t floats = (size_t)lp_policy_state_floats(policy);
    leader *l = *out = calloc(1, sizeof *l);
    if (!l || (floats && !(l->state = calloc(floats, sizeof *l->state)))) return lp_fail(err, LP_FAILED, "out of memory");
    l->policy = policy;
    return lp_actor_open(&l->actor, policy, 1, 1, err);
}

void leader_close(leader *l) {
    if (!l) return;
    lp_actor_close(l->actor);
    free(l->state);
    free(l);
}

void leader_begin(leader *l, uint64_t seed) {
    l->seed = seed;
    l->now = 0;
    l->last_action = -1;
    if (l->state) memset(l->state, 0, (size_t)lp_policy_state_floats(l->policy) * sizeof *l->state);
}

lp_status leader_look(leader *l, lp_env *env, uint8_t *view, lp_err *err) {
    const lp_observation o = {
        .pixels = view, .last_action = l->last_action, .now = l->now++, .state = l->state, .seed = l->seed, .episode = 1};
    lp_env_observe(env, view);
    lp_status status = lp_actor_run(l->actor, 1, &o, &l->decision, err);
    if (!status && l->state) memcpy(l->state, l->decision.state, (size_t)lp_policy_state_floats(l->policy) * sizeof *l->state);
    return status;
}

void leader_took(leader *l, int action) { l->last_action = action; }

uint64_t leader_key(const leader *l, int bits) {
    uint64_t key = 0;
    for (int i = 0; i < bits; i++) key = key << 1 | (l->decision.item[i] > 0);
    return key;
}
