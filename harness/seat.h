/* A seat: one environment, its memory, and what the policy needs to see of both. Acting, evaluating and training all
 * play through it, so that a policy meets the same world in each.
 *
 *     lp_seat_begin(&seat, &err, ...);
 *     lp_seat_look(&seat, &observation);            // observe and recall
 *     lp_actor_run(actor, 1, &observation, &decision, &err);
 *     int action = lp_decision_action(&decision, n_actions, greedy);
 *     lp_outcome outcome = lp_seat_take(&seat, &decision, action);   // remember and step
 *
 * One thread at a time; different seats are independent. After open nothing allocates.
 */
#ifndef LP_HARNESS_SEAT_H
#define LP_HARNESS_SEAT_H

#include "base/rng.h"
#include "env/game.h"
#include "memory/memory.h"
#include "policy/policy.h"

typedef struct {
    lp_env *env; /* owned */
    lp_mem *mem; /* owned */
    int dim, n_items, n_actions, heads;
    uint8_t *pixels;             /* the current observation: [height][width] grey, or the packed screen */
    bool packed;                 /* for a policy that packs frames (lp_policy_packs_frames) */
    bool asks;                   /* the memory makes its context for the policy's query, when the policy decides */
    bool biased;                 /* attention's scores have salience in them */
    lp_mem_context_view context; /* the current context, n_items long; of a memory that asks, of the last decision */
    int64_t n_read; /* items whose vectors were read for it: of a memory that asks, also those that it looked at and left out */
    int last_action;
    int state_floats;
    float *state;           /* [state_floats] the policy's, from decision to decision; NULL without a recurrent core */
    uint64_t seed, episode; /* of the running episode, as lp_observation has them */
    lp_rng rng;             /* a random player's; restarted from the episode's seed */
} lp_seat;

/* Does the policy fit the game: its observation, its actions? LP_BAD_INPUT says what does not. */
lp_status lp_policy_fits(const lp_policy *policy, const lp_game *game, lp_err *err);
/* policy: who will sit here, whom the game fits and whose items the memory holds (dim), or LP_BAD_INPUT; NULL: nobody. emu NULL:
 * defaults. On failure the seat is closed. */
lp_status lp_seat_open(lp_seat *seat, const lp_game *game, const lp_mem_config *memory, const lp_policy *policy, const lp_emu_config *emu,
                       lp_err *err);
void lp_seat_close(lp_seat *seat);
/* A new episode: power-on, an empty memory, a state of zeros. */
lp_status lp_seat_begin(lp_seat *seat, uint64_t seed, const int64_t *knobs, int64_t time_limit, lp_err *err);
/* At the start of an episode: the draws of its try number `index`, of the policy's actions or a random player's; 0: those that begin gave. All else
 * is the same. */
void lp_seat_try(lp_seat *seat, uint64_t index);
/* Fills observation from the frame and the memory; its pointers are valid until the next look. Where the memory asks for the query, the
 * context comes with the decision: seat->n_items and context have it then. */
void lp_seat_look(lp_seat *seat, lp_observation *observation);
/* Remembers the decision's item and state, then runs the action. decision NULL (no policy): nothing is remembered. */
lp_outcome lp_seat_take(lp_seat *seat, const lp_decision *decision, int action);

/* The vectors and saliences of seat->context, which the caller has changed, take the place of the memory's (lp_mem_renew). */
void lp_seat_renew(lp_seat *seat);

/* The policy's state by itself, for a replay, whose machine and memory are another's to run: zeros, and what a decision left. */
void lp_seat_clear_state(lp_seat *seat);
void lp_seat_keep_state(lp_seat *seat, const lp_decision *decision);

/* Machine, memory and RNG as bytes, for checkpoints. */
size_t lp_seat_save_size(const lp_seat *seat);
void lp_seat_save(const lp_seat *seat, void *out);
/* LP_BAD_INPUT when they are damaged or of another game or memory; the seat must then begin an episode, or load again. */
lp_status lp_seat_load(lp_seat *seat, const void *data, size_t size_bytes, lp_err *err);
/* A saved seat with env in the place of its own environment, whose machine may be of another core's version: *out is malloc'd.
 * LP_FAILED where env is not, in all but the machine, where the saved one is. */
lp_status lp_seat_graft(void **out, size_t *out_bytes, const void *data, size_t size_bytes, lp_env *env, lp_err *err);

#endif
