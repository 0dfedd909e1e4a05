/* Loading of a game folder's JSON files into an lp_game. Internal to harness/.
 *
 * Each reports what is wrong and goes on. g's system and defaults are set before; the order is data, scenario, longplay. */
#ifndef LP_ENV_GAME_LOAD_H
#define LP_ENV_GAME_LOAD_H

#include "env/game_impl.h"

void lp_game_load_metadata(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r); /* metadata.json */
void lp_game_load_data(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r);     /* data.json */
void lp_game_load_scenario(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r); /* scenario.json */
void lp_game_load_longplay(lp_game *g, const cJSON *root, const lp_place *file, lp_findings *r); /* longplay.json; root NULL: none */
/* All of a folder: the ROM, the files above. g is zeros. */
void lp_game_load_folder(lp_game *g, const char *folder, lp_findings *r);
/* Does lp_game_open take this as a folder? Its path into folder[size], PATH_MAX. */
bool lp_game_is_folder(const char *name_or_path, char *folder, size_t size);

#endif
