/* Do a game's pokes, its seed and its knobs, arrive? Internal to env/. */
#ifndef LP_ENV_POKE_CHECK_H
#define LP_ENV_POKE_CHECK_H

#include "env/game.h"
#include "env/json.h"

/* Reports each seed or knob that reads back as something else than was written (cartridge RAM that is not switched on, a register),
 * and each that the game overwrites before it is of any effect. Fails only for want of memory. */
lp_status lp_check_pokes(const lp_game *game, lp_findings *r, lp_err *err);

#endif
