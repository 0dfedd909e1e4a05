/* Exploring a game without a policy: an archive of the moments that were reached, each by the shortest way that was found from power-on
 * (Ecoffet et al. 2021, First return, then explore).
 *
 *     lp_explore *x;
 *     lp_explore_open(&x, game, &config, n_threads, &err);
 *     while (!lp_explore_done(x) && ...) lp_explore_round(x, &err);
 *     lp_explore_save(x, "lantern.archive", &err);            // lp_explore_load goes on exactly
 *     lp_explore_wins(x)                                      // demonstrations
 *     lp_explore_close(x);
 *
 * Moments that look alike are one cell: by a coarse picture, by some of the game's variables, or by what a policy makes of them. A round chooses cells, those that were seen least before others, loads
 * their machines, and goes on from each at random, or in part as a policy would; what is new, or was reached in fewer decisions, is kept. One episode is explored, that of a
 * training seed, so what is won is a demonstration. What comes of it depends on game, config and the number of rounds, not on threads or
 * interruptions.
 */
#ifndef LP_EXPLORE_EXPLORE_H
#define LP_EXPLORE_EXPLORE_H

#include "base/config.h"
#include "env/game.h"
#include "saves/demos.h"

typedef struct {
    int64_t seed;                  /* of the choices */
    int64_t episode;               /* lp_game_train_seed(seed, episode) is explored */
    char cells[512];               /* "picture", "item", or what else env/cells.h takes */
    int64_t columns, rows, shades; /* of the coarse picture */
    int64_t bits;                  /* of the item: the signs of its first numbers */
    char policy[512];              /* weights of a policy that leads, and whose items can be cells; "": none */
    double lead;                   /* probability that a decision is the policy's */
    int64_t length;                /* decisions of a try */
    double stay;                   /* probability that a decision does what the one before did */
    int64_t tries;                 /* of a round */
    int64_t wins;                  /* that are looked for, each shorter than the one before */
    int64_t megabytes;           /* that machines may take; then those of the cells that were seen most go, which are then not begun from */
    int64_t knobs[LP_MAX_KNOBS]; /* no setting: the game's defaults, or what was asked for */
} lp_explore_config;

/* All but the knobs; section explore. */
const lp_setting *lp_explore_settings(void);
int lp_n_explore_settings(void);

typedef struct {
    int64_t rounds, decisions;       /* so far */
    int64_t cells, without, deepest; /* reached; of these without a machine; decisions of the farthest */
    int64_t wins, shortest;          /* found; decisions of the shortest, 0: none */
    int64_t machine_bytes;
} lp_explore_stats;

typedef struct lp_explore lp_explore;
/* game is borrowed. LP_BAD_INPUT: it cannot be won, an unknown variable, settings that do not fit, weights of another game's shape. */
lp_status lp_explore_open(lp_explore **out, const lp_game *game, const lp_explore_config *config, int n_threads, lp_err *err);
void lp_explore_close(lp_explore *x); /* NULL is fine */
/* One round of config.tries tries. LP_FAILED: out of memory; x is good for closing only. */
lp_status lp_explore_round(lp_explore *x, lp_err *err);
/* As many wins as were asked for. */
bool lp_explore_done(const lp_explore *x);
lp_explore_stats lp_explore_now(const lp_explore *x);
/* What was won, each by the way that it was found; owned by x. */
const lp_demos *lp_explore_wins(const lp_explore *x);
/* One atomic file. */
lp_status lp_explore_save(const lp_explore *x, const char *path, lp_err *err);
/* Into a fresh x. LP_BAD_INPUT: damaged, or of another game or config, but for config.wins and megabytes. */
lp_status lp_explore_load(lp_explore *x, const char *path, lp_err *err);
/* Frames of up to n cells, the first reached and evenly on from there to the last, grey as the game's observation, into out [n][height][width]; returns how many.
 * For a picture of what was reached. Cells whose machine is gone are passed over. */
int lp_explore_views(const lp_explore *x, uint8_t *out, int n, lp_err *err);

#endif
