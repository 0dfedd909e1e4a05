/* The mind of a recorded run, called up again for a replay: its policy looks at the replayed frames, and its memory is filled with the
 * items that the run's store holds. What is shown is what was thought; what the machine does comes from the movie alone. */
#ifndef LP_CLI_RECALL_H
#define LP_CLI_RECALL_H

#include "harness/run.h"
#include "harness/run_mind.h"
#include "memory/store.h"

typedef struct {
    lp_mind mind;
    lp_policy *policy;    /* owned; NULL: random, oracle, a guest, or its weights are gone or others now */
    lp_store *store;      /* borrowed */
    bool remembers;       /* whoever played left items, and somebody watches */
    bool asleep;          /* nobody watches: nothing is thought or remembered */
    bool lost;            /* the store lacks items of this episode: the memory is not shown until the next */
    lp_run_config config; /* the run's */
    int64_t episode, step;
} recall;

/* Opens the seat in any case; its machine is the replay's. recall is zeroed storage. asleep: for verifying. */
lp_status recall_open(recall *r, const lp_game *game, const lp_run_config *config, lp_store *store, bool draw, bool asleep, lp_err *err);
void recall_close(recall *r);
/* A new episode begins. */
void recall_reset(recall *r, int64_t episode);
/* The replay starts at decision, in the middle of episode: remembers its items up to there. Returns the episode's first decision. */
int64_t recall_at(recall *r, int64_t episode, int64_t decision);
/* What was thought before the keys were pressed. */
void recall_think(recall *r, uint16_t keys);
/* The decision has been taken: its item is remembered. */
void recall_keep(recall *r);

#endif
