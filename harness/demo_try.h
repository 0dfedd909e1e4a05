/* From how far before the end of a demonstration does a policy win? It sees and remembers the demonstration's past as if it had played it, and
 * goes on by itself from there.
 *
 *     lp_demo_trial *trial;
 *     lp_demo_trial_open(&trial, game, policy, &memory, &err);
 *     lp_demo_try(trial, &demo, before_end, n, tries, &err);
 *     lp_demo_trial_close(trial);
 */
#ifndef LP_HARNESS_DEMO_TRY_H
#define LP_HARNESS_DEMO_TRY_H

#include "env/game.h"
#include "memory/memory.h"
#include "policy/policy.h"
#include "saves/demos.h"

typedef struct {
    int outcome;       /* lp_outcome; LP_TIMEOUT: patience ended; LP_RUNNING: the demonstration is shorter than that */
    int64_t decisions; /* that the policy made */
    char last[160];    /* the last event on the way; "": there was none */
} lp_demo_tried;

typedef struct lp_demo_trial lp_demo_trial;
/* All are borrowed. Acts as the policy is meant to (lp_policy_samples). LP_BAD_INPUT: the policy does not fit the game. */
lp_status lp_demo_trial_open(lp_demo_trial **out, const lp_game *game, const lp_policy *policy, const lp_mem_config *memory, lp_err *err);
void lp_demo_trial_close(lp_demo_trial *trial); /* NULL is fine */
/* before_end [n] decisions, tried [n]. An attempt that takes `patience` times its distance, and 64 decisions, is lost. Stops between decisions where asked to (base/stop.h).
 * LP_BAD_INPUT: the demonstration's keys are no actions of the game, or it ends early. */
lp_status lp_demo_try(lp_demo_trial *trial, const lp_demo *demo, const int64_t *before_end, int n, double patience, lp_demo_tried *tried,
                      lp_err *err);

#endif
