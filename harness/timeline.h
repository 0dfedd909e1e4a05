/* What happened in a run, as the window tells it: events, milestones as splits, results, the buttons of the last decisions, variables.
 *
 *     lp_timeline_open(&t, game);
 *     lp_timeline_follow(&t, store, decisions, &err);   // resumed, or replayed: what the store has up to there
 *     lp_timeline_begin(&t, episode);                   // live: at each reset,
 *     lp_timeline_note(&t, env, decision);              // after the reset and after every step,
 *     lp_timeline_press(&t, keys);                      // every decision,
 *     lp_timeline_end(&t, episode, outcome, decisions); // and at the end, after its events
 *     lp_timeline_view(&t, step, &view);
 *
 * Times are decisions of the episode, shown as the time that they take on the console. It influences nothing. After open nothing allocates.
 */
#ifndef LP_HARNESS_TIMELINE_H
#define LP_HARNESS_TIMELINE_H

#include "env/game.h"
#include "memory/store.h"
#include "view/viewer.h"

typedef struct {
    int64_t step[LP_MAX_MILESTONES]; /* when each milestone was first reached; -1: not */
    int n_reached;
    bool won;
    int64_t steps; /* of the episode, once it ended; else of the last milestone */
} lp_splits;

typedef struct {
    const lp_game *game; /* borrowed */
    int n_milestones;
    const char *milestones[LP_MAX_MILESTONES];
    lp_splits now, best;
    int64_t n_reached; /* milestones in the episodes before now */
    int64_t episode;   /* that now belongs to; 0: none yet */
    struct {
        int64_t episode, step;
        bool milestone;
        char text[256];
    } events[LP_VIEW_MAX_EVENTS]; /* a ring */
    int64_t n_events;             /* ever */
    lp_view_result results[LP_VIEW_MAX_RESULTS];
    int64_t n_results;
    uint16_t keys[LP_VIEW_MAX_KEYS], all_keys; /* a ring; every button that an action presses */
    int64_t n_keys;
    int64_t values[LP_MAX_VARIABLES], changed[LP_MAX_VARIABLES]; /* the decision; -1: never */
    lp_view_variable shown[LP_MAX_VARIABLES];
    int64_t decision; /* of the last note */
    bool fresh;       /* nothing of this episode was noted yet */
    lp_store_cursor cursor;
    bool ended_won; /* following: how the episode ends, or will have */
    int64_t ended_after;
} lp_timeline;

void lp_timeline_open(lp_timeline *t, const lp_game *game);
void lp_timeline_begin(lp_timeline *t, int64_t episode);
void lp_timeline_note(lp_timeline *t, lp_env *env, int64_t decision);
/* An event that is not the game's. */
void lp_timeline_add(lp_timeline *t, int64_t step, const char *name, const char *text);
void lp_timeline_press(lp_timeline *t, uint16_t keys);
void lp_timeline_end(lp_timeline *t, int64_t episode, lp_outcome outcome, int64_t n_decisions);
/* Milestones reached in all, an episode's each once. */
int64_t lp_timeline_milestones(const lp_timeline *t);
/* Everything in the store up to decision that an earlier call has not had. */
lp_status lp_timeline_follow(lp_timeline *t, lp_store *store, int64_t decision, lp_err *err);
/* Fills events, splits, results, keys, variables and the episode's time, of which step decisions were taken; valid until the next call. */
void lp_timeline_view(lp_timeline *t, int64_t step, lp_view *view);

#endif
