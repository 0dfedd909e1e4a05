/* Where games and their files are. For harness/ and evals/. */
#ifndef LP_ENV_GAME_FIND_H
#define LP_ENV_GAME_FIND_H

#include <stdbool.h>
#include <stddef.h>

bool lp_is_folder(const char *path);
/* Does the folder hold longplay.json, or one of stable-retro's files? */
bool lp_is_game_folder(const char *path);
/* A shipped game's folder, or a shipped ROM, by name. */
bool lp_find_shipped(const char *name, char *out, size_t size);
bool lp_find_shipped_rom(const char *name, char *out, size_t size);
/* A shipped suite's file (evals/suite.h), by name: they stand among the games too. */
bool lp_find_suite(const char *name, char *out, size_t size);
/* The path of a game's file: in its folder or, as in stable-retro's data, where folder is experimental/NAME or contrib/NAME and
 * lacks it, in stable/NAME. False, and the path in folder, when there is none. */
bool lp_find_game_file(const char *folder, const char *name, char *out, size_t size);
/* The .state files in the folder: how many, and the first by name. */
int lp_find_states(const char *folder, char *first, size_t size);

#endif
