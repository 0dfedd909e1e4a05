/* A suite: games, knobs, seeds and how many episodes, in one file, so that what is compared is the same wherever it is run.
 *
 *     {"title": "one cue, three delays",
 *      "seed": 1, "episodes": 200,
 *      "games": [{"game": "cue", "knobs": {"doors": 4, "horizon": [64, 1000, 10000]}},
 *                {"game": "../my-games/maze", "knobs": {"n": [3, 4]}, "episodes": 50, "policy": "maze4.safetensors"}]}
 *
 * `game` is what lp_game_open takes; a path is seen from the suite's folder, and so is `policy`. A knob's value may be a list: a row for each of
 * its values; the lists of one game go together and are equally long. Knobs that are not named have their defaults. Episode i
 * of every row has evaluation seed lp_game_eval_seed(seed, i).
 *
 *     lp_suite *suite;
 *     lp_suite_open(&suite, "memory", &err);          // a shipped suite's name, or a .json file
 *     for (int i = 0; i < lp_suite_n_rows(suite); i++) evaluate(lp_suite_row_at(suite, i));
 *     lp_suite_close(suite);
 */
#ifndef LP_EVALS_SUITE_H
#define LP_EVALS_SUITE_H

#include "evals/eval.h"

typedef struct lp_suite lp_suite;

enum { LP_SUITE_MAX_GAMES = 256, LP_SUITE_MAX_ROWS = LP_EVAL_MAX_ROWS };

/* All of it is the suite's, until it is closed. */
typedef struct {
    const lp_game *game;
    const char *name;     /* the game's */
    const char *label;    /* the name, and the knobs that the suite varies, but for horizon: "map n=3" */
    const int64_t *knobs; /* [lp_game_n_knobs] */
    int64_t episodes;
    uint64_t seed;
    const char *policy; /* the weights that it is played with, a path; NULL: those that the game ships */
} lp_suite_row;

/* Is this a suite and not a game: a name that ends in .json, or a shipped suite's? */
bool lp_is_suite(const char *name_or_path);
/* Opens every game of it, so that whatever is wrong is told before anything is played. LP_BAD_INPUT names file and field: an unknown
 * game, a game's file or ROM that is refused, an unknown knob or a value out of its range, a field that is not known. */
lp_status lp_suite_open(lp_suite **out, const char *name_or_path, lp_err *err);
void lp_suite_close(lp_suite *suite);

const char *lp_suite_title(const lp_suite *suite); /* "" without one */
int lp_suite_n_rows(const lp_suite *suite);
const lp_suite_row *lp_suite_row_at(const lp_suite *suite, int index);

#endif
