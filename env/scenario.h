/* stable-retro's scenario.json: when an episode is done, what a step is rewarded with, which part of the screen and which
 * combinations of buttons there are.
 *
 *     {"done": condition,
 *      "reward": {"variables": {"score": {"reward": 1.0, "penalty": 0.5}}, "time": {"reward": -0.01}},
 *      "crop": [0, 16, 160, 128], "actions": [[[], ["LEFT"], ["RIGHT"]], [[], ["A"]]]}
 *
 * "rewards" is a list of rewards, one a player. Lua scripts are refused. Internal to harness/. */
#ifndef LP_ENV_SCENARIO_H
#define LP_ENV_SCENARIO_H

#include "env/condition.h"

enum { LP_MAX_PLAYERS = 2 };

/* The measured number, in single precision, times `reward` where it is above 0 and times `penalty` where it is below. */
typedef struct {
    lp_measure measure;
    float reward, penalty;
} lp_reward_term;

typedef struct {
    lp_reward_term *terms; /* owned */
    int n;
    float time; /* every step's */
} lp_reward;

typedef struct {
    lp_condition done;
    lp_reward rewards[LP_MAX_PLAYERS];
    bool has_crop;
    int crop_x, crop_y, crop_width, crop_height; /* width or height 0, or one that does not fit: to the screen's edge */
    const cJSON *actions;                        /* of root: a list, or NULL */
} lp_scenario;

/* Reads all but the actions, which buttons.h reads. Reports mistakes; *out is then good to free. */
void lp_scenario_parse(lp_scenario *out, const cJSON *root, const lp_names *names, const lp_place *file, lp_findings *r);
void lp_scenario_free(lp_scenario *s);
/* As in lp_measure_value. Terms are summed in double precision (stable-retro: in single, in no order of the file's). */
double lp_reward_value(const lp_reward *reward, const int64_t *now, const int64_t *before);

#endif
