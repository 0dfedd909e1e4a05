/* What a game is made of. Internal to harness/: game.c fills it, env.c plays it. */
#ifndef LP_ENV_GAME_IMPL_H
#define LP_ENV_GAME_IMPL_H

#include "base/file.h"
#include "env/game.h"
#include "env/scenario.h"

enum { LP_MAX_EVENTS = 64, LP_MAX_BOOT = 64, LP_MAX_ORACLE = 64, LP_MAX_NAMES = 16, LP_MAX_NAME_VALUES = 64 };

typedef struct {
    char name[LP_NAME_BYTES], text[160]; /* text: a template with {variable} */
    bool milestone;
    lp_condition when;
} lp_event_rule;

typedef struct {
    bool poke; /* knobs and seed are written here */
    bool noop; /* the idle frames go by here, not after boot */
    uint16_t keys;
    uint32_t n_frames;
} lp_boot_step;

typedef struct {
    int action;
    lp_condition when;
} lp_oracle_rule;

typedef struct { /* what a variable's values are called in texts */
    int variable, n;
    char value[LP_MAX_NAME_VALUES][24];
} lp_value_names;

struct lp_game {
    char name[64], dir[512], title[160], licence[40], floor[80], origin[200], place[160];
    bool is_folder, has_longplay; /* has_longplay: a longplay.json */
    lp_blob rom;
    lp_system system;
    lp_model model, own_model; /* never LP_MODEL_AUTO */
    int frame_skip, width, height;
    int n_actions;
    uint16_t action_keys[LP_MAX_ACTIONS];
    char action_names[LP_MAX_ACTIONS][48];
    int idle_action; /* the one that presses nothing, or the first */
    int n_variables;
    lp_variable variables[LP_MAX_VARIABLES];
    int n_knobs;
    lp_knob knobs[LP_MAX_KNOBS];
    lp_variable knob_variables[LP_MAX_KNOBS];
    bool has_twin, is_twin_knob[LP_MAX_KNOBS];
    int64_t twin[LP_MAX_KNOBS];
    bool has_seed;
    lp_variable seed;
    int64_t time_limit, time_limit_plus; /* time_limit_plus is added to knob time_limit_knob */
    int time_limit_knob;                 /* -1: time_limit holds */
    lp_noop noop;
    bool boot_waits; /* a boot step says where its idle frames go by */
    int n_boot;
    lp_boot_step boot[LP_MAX_BOOT];
    lp_condition win, loss, audit;
    lp_reward rewards[LP_MAX_PLAYERS];
    int crop_x, crop_y, crop_width, crop_height; /* within the screen */
    char default_state[80];                      /* metadata.json's; never used */
    int n_events;
    lp_event_rule events[LP_MAX_EVENTS];
    int n_oracle;
    lp_oracle_rule oracle[LP_MAX_ORACLE];
    int n_names;
    lp_value_names names[LP_MAX_NAMES];
};

/* What win, audit and loss say of a decision, with the variables at its end and at the one before. denied (may be NULL): set when
 * the audit does not confirm a win, which then counts as a loss. */
lp_outcome lp_game_judge(const lp_game *game, const int64_t *now, const int64_t *before, bool *denied);

#endif
