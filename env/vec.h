/* Many environments of one game on a few threads.
 *
 *     lp_vec *vec;
 *     lp_vec_open(&vec, game, &(lp_vec_config){.n_envs = 256, .width = 84, .height = 84, .stack = 4}, &err);
 *     lp_vec_out out = {.observations = observations, .rewards = rewards, .ends = ends}; // the caller's arrays, [n_envs] each
 *     lp_vec_reset(vec, &out, &err);
 *     for (;;) lp_vec_step(vec, actions, &out, &err);               // or in groups: one emulates while the policy computes the other:
 *         lp_vec_send(vec, 0, actions, &out), lp_vec_recv(vec, 1, &err), ... , lp_vec_send(vec, 1, actions, &out), lp_vec_recv(vec, 0, &err);
 *
 * What comes out depends on the game, the configuration and the actions alone, not on the number of threads. Observations
 * are written straight into the caller's arrays; frames in between are neither drawn nor sampled; a reset loads a state.
 * After lp_vec_open nothing allocates, and no lock is held while an environment runs. One thread calls; the others are inside.
 */
#ifndef LP_ENV_VEC_H
#define LP_ENV_VEC_H

#include "env/game.h"

typedef enum {
    LP_OBS_GREY,   /* uint8 [stack][height][width]: grey, area-averaged */
    LP_OBS_RGB,    /* uint8 [stack][height][width][3]: red, green, blue, area-averaged */
    LP_OBS_SHADES, /* uint8 [stack][height][width / 4]: the screen itself, two bits a pixel, leftmost in the lowest bits, 0 black to
                      3 white; for the original Game Boy, which has four shades */
    LP_OBS_RAM,    /* int64 [n_variables]: data.json's variables, in its order */
    LP_OBS_NONE,   /* nothing; nothing is drawn either */
} lp_obs_kind;

/* What happens to an environment whose episode has ended. Gymnasium's terms. */
typedef enum {
    LP_AUTORESET_SAME_STEP, /* it starts its next episode at once: the observation is that episode's first */
    LP_AUTORESET_NEXT_STEP, /* the observation is the episode's last; the next step ignores its action, and starts the next episode */
    LP_AUTORESET_OFF,       /* it stands still until lp_vec_reset_one: reward 0, the same end again */
} lp_autoreset;

enum { LP_VEC_MAX_STACK = 16 };

typedef struct {
    int n_envs;    /* 0: 1 */
    int n_threads; /* 0: one a processor */
    int n_groups;  /* of adjacent environments, as equal as they can be; 0: 1 */
    lp_obs_kind observation;
    int width,
        height; /* up to the screen's (cropped, where scenario.json says so); 0: for grey the game's own observation, else the screen's */
    int stack;  /* the last frames, oldest first; 0: 1. An episode's first observation is repeated */
    lp_autoreset autoreset;
    bool scenario_reward; /* false: 1 for a win, -1 for a loss or timeout; true: what scenario.json says, player 1's */
    bool evaluation;      /* episodes' seeds: false: of the training set; true: of the evaluation set */
    uint64_t seed;        /* environment e's episode i has lp_game_train_seed(seed, i * n_envs + e), or ..eval_seed */
    const int64_t *knobs; /* [lp_game_n_knobs], copied; NULL: defaults */
    int64_t time_limit;   /* decisions; 0: the game's own */
    int frame_skip;       /* frames a decision; 0: the game's own */
    lp_emu_config emulator;
} lp_vec_config;

/* The caller's arrays, one entry an environment; each may be NULL. A group's part of them belongs to the pool from send to recv. */
typedef struct {
    void *observations; /* [n_envs][lp_vec_observation_bytes] */
    float *rewards;     /* [n_envs] of this step */
    uint8_t *ends;      /* [n_envs] lp_outcome of an episode that this step ended, or LP_RUNNING */
    void *finals;       /* [n_envs][lp_vec_observation_bytes] for LP_AUTORESET_SAME_STEP: the last observation of an episode that
                           this step ended; the other entries are left as they are */
} lp_vec_out;

typedef struct lp_vec lp_vec;

/* game is borrowed. LP_BAD_INPUT: a setting out of range, or one that the game's console cannot do. */
lp_status lp_vec_open(lp_vec **out, const lp_game *game, const lp_vec_config *config, lp_err *err);
/* Waits for what was sent. */
void lp_vec_close(lp_vec *vec);

int lp_vec_n_envs(const lp_vec *vec);
int lp_vec_n_threads(const lp_vec *vec);
/* A group's environments are first to first + count - 1. */
void lp_vec_group(const lp_vec *vec, int group, int *first, int *count);
size_t lp_vec_observation_bytes(const lp_vec *vec); /* of one environment */
/* The picture's size: [height][width] pixels. 0, 0 for RAM and none. */
void lp_vec_observation_size(const lp_vec *vec, int *width, int *height);
/* Environment e, to look at its events, variables and frame, or to save it; only while its group is not sent. Loading
 * into it, or stepping it, is the caller's to get right. */
lp_env *lp_vec_env(lp_vec *vec, int e);
uint64_t lp_vec_seed_of(const lp_vec *vec, int e);   /* the seed of its current episode */
int64_t lp_vec_episode_of(const lp_vec *vec, int e); /* its number, from 0 */

/* The episodes from the next lp_vec_reset on, which must follow, are of this seed, from number 0 again. Nothing may be sent. */
void lp_vec_set_seed(lp_vec *vec, uint64_t seed);
/* Each environment's episodes from its next one on have these knobs [lp_game_n_knobs], copied. LP_BAD_INPUT and nothing changed: one is
 * out of range. Nothing may be sent. */
lp_status lp_vec_set_knobs(lp_vec *vec, const int64_t *knobs, lp_err *err);

/* An environment whose episode could not begin stands still, and its entries in the caller's arrays stay as they were, until a reset of
 * it succeeds; whatever waits for it returns what was wrong, and the others go on. */

/* Every environment starts its next episode (the first, after open); writes the observations, zero rewards, LP_RUNNING.
 * Nothing may be sent. */
lp_status lp_vec_reset(lp_vec *vec, const lp_vec_out *out, lp_err *err);
/* One environment starts an episode with this seed and these knobs (within their ranges; NULL: the configuration's). Its group must not be sent. */
lp_status lp_vec_reset_one(lp_vec *vec, int e, uint64_t seed, const int64_t *knobs, const lp_vec_out *out, lp_err *err);

/* Starts one decision of each environment of the group; actions [n_envs] (the group's part is read), copied. The group
 * must have been received, and the pool been reset once. An action out of range is a mistake of the caller's. */
void lp_vec_send(lp_vec *vec, int group, const int32_t *actions, const lp_vec_out *out);
/* Waits until the group's decisions are done; the calling thread helps. */
lp_status lp_vec_recv(lp_vec *vec, int group, lp_err *err);
/* send and recv of every group. */
lp_status lp_vec_step(lp_vec *vec, const int32_t *actions, const lp_vec_out *out, lp_err *err);

#endif
