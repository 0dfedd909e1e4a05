/* What train.c and train_rollout.c share. Internal to them. */
#ifndef LP_TRAIN_TRAIN_PARTS_H
#define LP_TRAIN_TRAIN_PARTS_H

#include "harness/seat.h"
#include "train/train.h"

enum { TRAIN_GROUP = 8, TRAIN_HALVES = 2 };

typedef struct {
    lp_seat seat;
    int twin;
    uint64_t n_episodes;    /* begun; counts the training seeds used */
    int64_t episode_offset; /* segment step of the running episode's step 0; negative when it began earlier */
    lp_rng rng;             /* draws the horizon */
    /* of this rollout */
    int n_ended;
    uint8_t *ended; /* [steps] an episode's outcome: 1 a win, 0 not */
    double emulate_s, memory_s, forward_s;
    lp_err error; /* none: empty */
} player;

struct lp_train {
    const lp_game *game;
    lp_train_config config;
    lp_mem_config memory;
    int max_context, max_old; /* items that a decision reads; those from before its segment that a segment does */
    lp_pool *pool;
    lp_policy *policy;
    lp_learner *learner;
    int n_actors, n_halves;
    lp_actor **actors;          /* [n_actors] */
    player *players;            /* [envs] */
    lp_decision *decisions_now; /* [envs] on a card */
    bool overlaps, pending;     /* updates overlap with rollouts; one is not published yet */
    /* progress, all of it saved */
    int64_t update, decisions;
    lp_curriculum curriculum;
};

lp_status train_begin_episode(lp_train *t, player *p, lp_err *err);
/* steps decisions of every environment, into the learner's segments. forward_s: time that acting took, in all threads; on a card, that the
 * host waited for it. */
lp_status train_rollout(lp_train *t, double *forward_s, lp_err *err);

#endif
