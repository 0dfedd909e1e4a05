/* A policy in a try: it says what it would do, and what it makes of the moment. It has no memory, and its core's state begins with the try.
 *
 *     leader *l;
 *     leader_open(&l, policy, &err);
 *     leader_begin(l, seed);                      // a try
 *     leader_look(l, env, view, &err);            // l->action, l->decision.item
 *     leader_took(l, action);                     // whoever chose it
 */
#ifndef LP_EXPLORE_LEADER_H
#define LP_EXPLORE_LEADER_H

#include "env/game.h"
#include "policy/policy.h"

typedef struct {
    lp_actor *actor;
    const lp_policy *policy;
    uint64_t seed;
    int64_t now; /* looks of this try */
    int last_action;
    float *state; /* NULL without a core */
    lp_decision decision;
} leader;

/* policy is borrowed. LP_FAILED: out of memory; *out is good for closing. */
lp_status leader_open(leader **out, const lp_policy *policy, lp_err *err);
void leader_close(leader *l); /* NULL is fine */
/* What is drawn hangs on seed and the number of the look. */
void leader_begin(leader *l, uint64_t seed);
/* l->decision of the moment that env is in; its action is drawn. view: room for an observation. */
lp_status leader_look(leader *l, lp_env *env, uint8_t *view, lp_err *err);
void leader_took(leader *l, int action);
/* A number of at most 64 bits for the last look: the signs of so many of the item's numbers. */
uint64_t leader_key(const leader *l, int bits);

#endif
