/* What makes two moments of a game the same: cells, for exploring (explore/) and for counting where an episode was (train/).
 *
 *     lp_cells cells;
 *     lp_cells_parse(&cells, game, "room,x/4,y/4", 16, 12, 4, &err);      // or "picture"
 *     if (!cells.n_terms) lp_env_observe(env, view);
 *     uint64_t key = lp_cells_key(&cells, game, env, view);
 */
#ifndef LP_ENV_CELLS_H
#define LP_ENV_CELLS_H

#include "env/game.h"

enum { LP_CELLS_MAX_TERMS = 16, LP_CELLS_MAX_SIDE = 64 };

typedef struct {
    int n_terms; /* 0: by a coarse picture */
    struct {
        int variable;
        int64_t divisor;
    } terms[LP_CELLS_MAX_TERMS];
    int columns, rows, shades; /* of the coarse picture */
} lp_cells;

/* text: "picture", or names of variables, separated by commas, each also "name/8": divided, rounded down. columns, rows: at most LP_CELLS_MAX_SIDE; shades: 2 to 256. LP_BAD_INPUT: an
 * unknown variable, more columns or rows than the observation's pixels. */
lp_status lp_cells_parse(lp_cells *out, const lp_game *game, const char *text, int columns, int rows, int shades, lp_err *err);
/* The hash of the cell that env is in now. view: its observation, needed where n_terms is 0; else NULL will do. */
uint64_t lp_cells_key(const lp_cells *cells, const lp_game *game, const lp_env *env, const uint8_t *view);

/* The coarse picture of view, an observation: the means of its parts in so many shades, into out [rows][columns]. */
void lp_cells_picture(const lp_cells *cells, const lp_game *game, const uint8_t *view, uint8_t *out);

#endif
