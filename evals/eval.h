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

enum { LP_EVAL_GROUP = 8 /* environments that a thread plays at once on a CPU */ };
enum { LP_EVAL_MAX_EPISODES = 10000000, LP_EVAL_MAX_ROWS = 1024 /* of a suite, of a file */ };

typedef struct {
    int64_t decisions;
    int context_items_max; /* the largest context that any of them saw */
    int64_t items_read;    /* by the memory, over all decisions (lp_seat.n_read); -1: not known, it was played before that was counted */
    lp_outcome outcome;    /* LP_RUNNING: not played yet */
} lp_eval_episode;

typedef struct {
    lp_player player;
    const lp_policy *policy; /* LP_PLAYER_POLICY only; borrowed */
    const char *guest;       /* LP_PLAYER_GUEST only: "process:COMMAND"; borrowed */
    bool sample;             /* draw actions from the policy's distribution; false: the most probable */
    lp_mem_config memory;
    const int64_t *knobs; /* [lp_game_n_knobs]; borrowed */
    int64_t episodes;     /* in all */
    int64_t tries;        /* of each seed, episodes i * tries to i * tries + tries - 1, that differ in what is drawn; 0 and 1: one */
    uint64_t seed;
    int64_t time_limit; /* decisions an episode; 0: the game's own */
    int n_threads;      /* 0: one a processor */
    bool progress;      /* a live line on stderr */
    const char *label;  /* what it calls this; NULL: the game's name */
    /* [episodes], borrowed: those that are known already are not played again, and the others are filled in. NULL: none is known. */
    lp_eval_episode *results;
    /* [episodes][lp_game_milestones], borrowed, of the same: the decision that each was first reached at, LP_NEVER, or LP_UNKNOWN. NULL where
     * results are: nothing of them is told. */
    int64_t *reached;
    /* Told of each episode that was played, from any thread, one at a time; NULL: nobody is. What it returns but LP_OK ends the evaluation. */
    lp_status (*on_episode)(void *context, int64_t index, const lp_eval_episode *episode, lp_err *err);
    void *context;
} lp_eval_config;

enum { LP_NEVER = -1, LP_UNKNOWN = -2 /* it was played before they were counted */, LP_MAX_PASS_AT = 25 };

typedef struct {
    const char *name; /* the game's */
    int64_t episodes; /* that reached it */
    double median;    /* decision that they first did at */
} lp_eval_milestone;

typedef struct {
    int64_t horizon;  /* the knob of that name, or 0 */
    int64_t episodes; /* fewer than asked for: a signal ended it */
    int64_t wins, losses, timeouts, decisions;
    double win_rate, ci95[2], decisions_per_s;
    double joules;         /* that the whole machine used meanwhile (base/energy.h); NaN: it does not tell */
    int context_items_max; /* the largest context that any decision saw */
    int64_t items_read;    /* by the memory, over all decisions; -1: not known of every episode */
    int n_milestones;      /* -1: not known of every episode */
    lp_eval_milestone milestones[LP_MAX_MILESTONES];
    /* With several tries, of seeds that were tried so often: the chance that one of 1, 2, 4 ... and of all tries wins (lp_pass_at). */
    int n_pass_at;
    int64_t pass_of[LP_MAX_PASS_AT];
    double pass_at[LP_MAX_PASS_AT];
} lp_eval_row;

/* Fills in row's n_pass_at, pass_of and pass_at from episodes of so many tries a seed, of which row->episodes are over. */
void lp_eval_tries(const lp_eval_episode *results, int64_t tries, lp_eval_row *row);
/* A signal that asks for the end (base/stop.h) ends it too, with LP_OK. The row is then of the episodes before the first that was not
 * over, and so what that many episodes give: the ones that are over first are the short ones, which are not like the others.
 * LP_BAD_INPUT: a policy whose shape is not the game's, an oracle where there is none. */
lp_status lp_eval(const lp_game *game, const lp_eval_config *config, lp_eval_row *row, lp_err *err);

#endif
