/* The actions of a game, from lists of button names. Internal to harness/.
 *
 * "buttons" (longplay.json) is a list of actions, each a list of buttons. "actions" (scenario.json, longplay.json) is
 * stable-retro's: a list of groups, each a list of lists of buttons; an action takes one from each group. */
#ifndef LP_ENV_BUTTONS_H
#define LP_ENV_BUTTONS_H

#include "env/game_impl.h"

void lp_keys_name(uint16_t keys, char *out, size_t size); /* "none", "LEFT", "A+RIGHT" */
/* A list of button names, or NULL, which is none. */
bool lp_keys_parse(uint16_t *out, const cJSON *list, lp_system system, const lp_place *where, lp_findings *r);
/* Set g's actions; where: the list's. */
void lp_game_load_buttons(lp_game *g, const cJSON *list, const lp_place *where, lp_findings *r);
void lp_game_load_actions(lp_game *g, const cJSON *list, const lp_place *where, lp_findings *r);
/* Every single button of the console, and none. */
void lp_game_default_buttons(lp_game *g);

#endif
