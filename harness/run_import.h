/* A run that is taken over from a movie instead of played by a policy: its operations are done on the machine, verified where
 * the movie has hashes, and recorded into a run folder that a replay can show and verify.
 *
 *     lp_import *import;
 *     lp_import_open(&import, "runs/tas", game, &config, frame_skip, &err);
 *     while (... an operation ...) lp_import_op(import, &op, &err);
 *     lp_import_keep(import, &err);                 // the folder appears, whole
 *     lp_import_close(import);                      // without keep: nothing is left
 */
#ifndef LP_HARNESS_RUN_IMPORT_H
#define LP_HARNESS_RUN_IMPORT_H

#include "harness/run.h"
#include "saves/movie.h"

typedef struct lp_import lp_import;

/* config: game, seed, hash_every and state_every are the caller's; what else a run needs is filled in. game is borrowed.
 * LP_BAD_INPUT when there is something at folder already. */
lp_status lp_import_open(lp_import **out, const char *folder, const lp_game *game, lp_run_config *config, uint32_t frame_skip, lp_err *err);
/* The first operation must be a reset; states are ignored. LP_FAILED: a hash differs from the machine's, and the message says at
 * which decision. */
lp_status lp_import_op(lp_import *import, const lp_movie_op *op, lp_err *err);
/* Wins and losses are the game's, where it declares any; an episode that the next power-on cuts off counts as a timeout. */
lp_run_totals lp_import_counts(lp_import *import);
bool lp_import_can_win(const lp_import *import); /* does the game declare a win? */
/* Records where the machine is and makes the folder. LP_FAILED: a full disk, ... Nothing but close may follow. */
lp_status lp_import_keep(lp_import *import, lp_err *err);
void lp_import_close(lp_import *import); /* NULL is fine */

#endif
