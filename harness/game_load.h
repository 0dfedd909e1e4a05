/* Loading of a game folder's JSON files into an lp_game. Internal to harness/. */
#ifndef LP_HARNESS_GAME_LOAD_H
#define LP_HARNESS_GAME_LOAD_H

#include "harness/game_impl.h"

/* file: the path and a colon, for messages. On failure g holds what was read so far; the caller closes it. */
lp_status lp_game_load_data(lp_game *g, const cJSON *root, const char *file, lp_err *err);     /* data.json */
lp_status lp_game_load_longplay(lp_game *g, const cJSON *root, const char *file, lp_err *err); /* longplay.json */
lp_status lp_game_load_scenario(lp_game *g, const cJSON *root, const char *file, lp_err *err); /* scenario.json, last */
void lp_keys_name(uint16_t keys, char *out, size_t size); /* "none", "LEFT", "A+RIGHT" */

#endif
