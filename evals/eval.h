/* Evaluation: episodes from power-on, on seeds never trained on, with fixed knobs.
 *
 * The result depends on game, knobs, policy, memory and seed only: not on time or threads.
 */
#ifndef LP_EVALS_EVAL_H
#define LP_EVALS_EVAL_H

#include "harness/choose.h"
#include "memory/memory.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    lp_player player;
    const lp_policy *policy; /* LP_PLAYER_POLICY only; borrowed */
    bool sample;             /* draw actions from the policy's distribution; false: the most probable */
    lp_mem_config memory;
    const int64_t *knobs; /* [lp_game_n_knobs]; borrowed */
    int64_t episodes;
    uint64_t seed;
    int64_t time_limit; /* decisions an episode; 0: the game's own */
    int n_threads;      /* 0: one a processor */
    bool progress;      /* a live line on stderr */
} lp_eval_config;

typedef struct {
    int64_t horizon; /* the knob of that name, or 0 */
    int64_t episodes, wins, losses, timeouts, decisions;
    double win_rate, ci95[2], decisions_per_s;
    int context_items_max; /* the largest context that any decision saw */
} lp_eval_row;

/* LP_BAD_INPUT: a policy whose shape is not the game's, an oracle where there is none. */
lp_status lp_eval(const lp_game *game, const lp_eval_config *config, lp_eval_row *row, lp_err *err);

#endif
