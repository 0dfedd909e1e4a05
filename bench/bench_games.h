/* How fast the games play in the pool, beside a ROM that waits in a busy loop: the second table of `longplay bench emulator`.
 *
 *     lp_bench_game rows[16];
 *     if (lp_bench_games(rows, names, 10, "busy", 5, &err)) ...
 *     printf("%s %.0f frames/s, %.2f x a busy loop\n", names[0], rows[0].frames_per_s, rows[0].to_busy);
 */
#ifndef LP_BENCH_BENCH_GAMES_H
#define LP_BENCH_BENCH_GAMES_H

#include "base/status.h"

enum { LP_BENCH_GAMES_ENVS = 8 };

typedef struct {
    double frames_per_s; /* of the pool on one thread: median over the slices */
    double to_busy;      /* median over the slices of this one's speed / the busy ROM's in the same slice */
} lp_bench_game;

/* Plays n games and `busy` in turns for about seconds: pools of LP_BENCH_GAMES_ENVS environments on one thread, each game's own observation
 * and frame_skip, default knobs, random actions, an episode after the other. out [n]. LP_BAD_INPUT: not a game. LP_FAILED: no memory. */
lp_status lp_bench_games(lp_bench_game *out, const char *const *names, int n, const char *busy, double seconds, lp_err *err);

#endif
