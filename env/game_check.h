/* Everything that is wrong with a game folder, and what is worth knowing about it: longplay game check DIR.
 *
 *     static void say(void *context, bool is_error, const char *line) { printf("%s%s\n", is_error ? "" : "note: ", line); }
 *     lp_status status = lp_game_check("my-game", say, NULL, &n_errors, &err);
 *
 * lp_game_open stops a user at the first mistake; this goes through all the files and tells them all. */
#ifndef LP_ENV_GAME_CHECK_H
#define LP_ENV_GAME_CHECK_H

#include "base/status.h"

#include <stdbool.h>

/* Reads the folder (or shipped game, or ROM: whatever lp_game_open takes) and calls say for each mistake and, with
 * is_error false, for each thing that is no mistake but likely matters: no win, no audit, a default_state that is not used,
 * ... A line names file and field, has no newline, and is valid during the call. A mistake may come with others that it
 * causes. *n_errors: how many were said; lp_game_open takes the folder just when it is 0. Fails as lp_game_open where there is no game
 * folder to go through, and says nothing then. */
lp_status lp_game_check(const char *dir, void (*say)(void *context, bool is_error, const char *line), void *context, int *n_errors,
                        lp_err *err);

#endif
