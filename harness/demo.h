/* Demonstrations of a game (saves/demos.h): made by its oracle, taken from recorded runs, checked by playing them again. */
#ifndef LP_HARNESS_DEMO_H
#define LP_HARNESS_DEMO_H

#include "env/game.h"
#include "saves/demos.h"

/* What a file of this game's demonstrations is of. */
lp_demos_about lp_demo_about(const lp_game *game);
/* LP_BAD_INPUT: they are of another ROM, console, number of frames a decision or of knobs, or of other idle frames. */
lp_status lp_demos_fit(const lp_demos *demos, const lp_game *game, lp_err *err);
/* The file of this game's demonstrations as it is, or a new one; asked before the work that ends in it. LP_BAD_INPUT: of another game, damaged, or it
 * cannot be written. */
lp_status lp_demos_open(lp_demos **out, const char *path, const lp_game *game, lp_err *err);
/* The game's actions that hold the keys of each decision, into actions [n_decisions]. LP_BAD_INPUT: the game has no such action. */
lp_status lp_demo_actions(const lp_demo *demo, const lp_game *game, int16_t *actions, lp_err *err);
/* Plays the episode with env's oracle up to its end, or max_decisions; *out is one whose outcome is 0 then. out->keys is malloc'd and the
 * caller's. LP_BAD_INPUT: the game has no oracle. */
lp_status lp_demo_of_oracle(lp_demo *out, lp_env *env, const lp_game *game, uint64_t seed, const int64_t *knobs, int64_t max_decisions,
                            lp_err *err);
/* Plays it in env. LP_BAD_INPUT: it ends otherwise than it did, which the message says. */
lp_status lp_demo_check(const lp_demo *demo, lp_env *env, const lp_game *game, lp_err *err);

typedef struct {
    int64_t added, there, not_won, decisions; /* episodes; of the added: decisions */
} lp_demos_count;
/* Adds demo if it was won and is not there yet, and counts. LP_FAILED: out of memory. */
lp_status lp_demos_take(lp_demos *demos, const lp_demo *demo, lp_demos_count *count, lp_err *err);
/* The same of all episodes of a recorded run that ended, each played again in env (demo_run.c). LP_BAD_INPUT: not a run of this game and console, an
 * episode that comes to another end, or, in a game that has a seed, one of an evaluation seed. */
lp_status lp_demos_of_run(lp_demos *demos, const char *run, lp_env *env, const lp_game *game, lp_demos_count *count, lp_err *err);

#endif
