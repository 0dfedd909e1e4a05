/* The curriculum of a training: how hard the next episode is. It starts easy and becomes harder when enough is won.
 *
 *     lp_curriculum_open(&curriculum, game, &config, &err);
 *     lp_curriculum_draw(&curriculum, &rng, false, knobs); // the knobs of an episode
 *     lp_curriculum_count(&curriculum, won);               // how an episode of the main task ended
 *     lp_curriculum_advance(&curriculum);                  // once a rollout
 *
 * What is made harder: the knobs of `knobs`, one after the other and each by one at a time, then the knob "horizon",
 * by a factor. Before both, where episodes begin at moments of demonstrations (lp_curriculum_begin_late), the distance from their ends
 * grows by that factor, up to power-on. An episode's horizon is drawn from the shortest there is to the present longest, or is the longest (`draw`); each other
 * knob is the present hardest in half of the episodes, and drawn from the first to it in the others. The twin, which asks for no memory, may be
 * played at all levels from the start (`twin`), so that what a harder one looks like is known before it comes. Curricula touch training alone.
 */
#ifndef LP_TRAIN_CURRICULUM_H
#define LP_TRAIN_CURRICULUM_H

#include "base/rng.h"
#include "env/game.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum { LP_CURRICULUM_UNIFORM, LP_CURRICULUM_LONGEST } lp_curriculum_horizons;
typedef enum { LP_CURRICULUM_LEVEL, LP_CURRICULUM_ALL } lp_curriculum_twins;

typedef struct {
    char knobs[128]; /* "n=1..4 speed=3..1 doors=4": from the first to the last, up or down; another stays 4; "": all at their defaults */
    int64_t start, end; /* longest horizon at first and in the end, decisions */
    int64_t draw;       /* lp_curriculum_horizons */
    int64_t twin;       /* lp_curriculum_twins */
    int64_t before_end; /* of demonstrations, decisions at first */
    double patience;    /* an episode that began before a demonstration's end is lost after so many times what was left */
    double grow;        /* factor by which it grows */
    double win_rate;    /* over the last `episodes` episodes, at which it becomes harder */
    double back;        /* and below which it becomes easier again; 0: never */
    int64_t episodes;
} lp_curriculum_config;

typedef struct {
    int index; /* of the knob, in the game */
    int64_t first, last;
} lp_knob_range;

typedef struct {
    const lp_game *game; /* borrowed */
    lp_curriculum_config config;
    int horizon_knob; /* -1: the game has none */
    int n_ranges;
    lp_knob_range ranges[LP_MAX_KNOBS];
    int64_t before_end,
        longest; /* the present distance; the longest demonstration's, 0: none are begun from. Checkpoints have it beside what guides left (train_guide.c) */
    uint8_t *recent; /* [config.episodes] owned; a ring of outcomes at the present level */
    /* the present level; as bytes it is what a checkpoint keeps, with the ring */
    struct {
        int64_t horizon, hardest[LP_MAX_KNOBS]; /* of each range */
        int64_t n_recent, recent_at, recent_wins;
    } now;
} lp_curriculum;

/* LP_BAD_INPUT: an unknown knob, a value out of its range, an end before its start, back above win_rate. */
lp_status lp_curriculum_open(lp_curriculum *out, const lp_game *game, const lp_curriculum_config *config, lp_err *err);
/* Episodes begin at moments of demonstrations, of which the longest has so many decisions. */
void lp_curriculum_begin_late(lp_curriculum *curriculum, int64_t longest);
void lp_curriculum_close(lp_curriculum *curriculum);
/* knobs [lp_game_n_knobs]; the caller makes a twin's of them (lp_game_twin_knobs) */
void lp_curriculum_draw(const lp_curriculum *curriculum, lp_rng *rng, bool twin, int64_t *knobs);
void lp_curriculum_count(lp_curriculum *curriculum, bool won);
/* A level harder, or easier, if the win rate says so. */
void lp_curriculum_advance(lp_curriculum *curriculum);
/* Wins of the last episodes at this level, 0 to 1; NaN before any. */
double lp_curriculum_win_rate(const lp_curriculum *curriculum);
/* The hardest knobs that this curriculum comes to, with the game's own horizon unless the curriculum ends below it. */
void lp_curriculum_goal(const lp_curriculum *curriculum, int64_t *knobs);
/* "horizon 16 n 3": the present level, into out. */
void lp_curriculum_describe(const lp_curriculum *curriculum, char *out, size_t size_bytes);

size_t lp_curriculum_save_size(const lp_curriculum *curriculum);
void lp_curriculum_save(const lp_curriculum *curriculum, void *out);
/* data of save_size bytes. LP_BAD_INPUT and an unchanged curriculum when they cannot be of this one. */
lp_status lp_curriculum_load(lp_curriculum *curriculum, const void *data, lp_err *err);

#endif
