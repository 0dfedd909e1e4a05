/* What becomes of a game when it is played: longplay game check, after the files were found good (game_check.h).
 *
 *     lp_trial *trial;
 *     lp_trial_open(&trial, game, &(lp_trial_config){0}, say, context, &err);
 *     for (int i = 0; i < trial->n_episodes; i++) ... trial->episodes[i].decisions ...
 *     lp_trial_close(trial);
 *
 * First the pokes: does a seed or a knob that is written arrive, and stay long enough for the game to see it? Then episodes of a
 * player who presses anything: are they over before they begin, do they end, does any differ from the others?
 */
#ifndef LP_ENV_GAME_TRIAL_H
#define LP_ENV_GAME_TRIAL_H

#include "env/game.h"

enum { LP_TRIAL_EPISODES = 16, LP_TRIAL_MAX_EPISODES = 64, LP_TRIAL_DECISIONS = 1000 };

typedef struct {
    uint64_t seed;         /* episode i is episode i of longplay play --policy random --seed SEED */
    int n_episodes;        /* 0: LP_TRIAL_EPISODES, or 1 of a game whose episodes do not end; up to LP_TRIAL_MAX_EPISODES */
    int64_t max_decisions; /* after which an episode is broken off; 0: LP_TRIAL_DECISIONS */
    double max_s;          /* after as long, no further episode begins; 0: 20 */
} lp_trial_config;

typedef struct {
    uint64_t seed;
    lp_outcome outcome; /* LP_RUNNING: broken off */
    int64_t decisions;
} lp_trial_episode;

typedef struct {
    int n_episodes;
    lp_trial_episode episodes[LP_TRIAL_MAX_EPISODES];
    /* How many of the episodes go a way of their own when the same buttons are pressed in all: told apart by the variables, or,
     * where there are none, by the picture. */
    int n_courses;
    int n_errors; /* said */
    int width, height;
    uint32_t *pictures; /* [n_episodes][height][width] of their ends, as lp_emu_frame's; owned */
} lp_trial;

/* Plays, and calls say as lp_game_check does: with is_error for a poke that does not arrive and for an outcome that is true at the
 * start of every episode. LP_FAILED: out of memory; *out is then NULL. */
lp_status lp_trial_open(lp_trial **out, const lp_game *game, const lp_trial_config *config,
                        void (*say)(void *context, bool is_error, const char *line), void *context, lp_err *err);
void lp_trial_close(lp_trial *trial); /* NULL is fine */

#endif
