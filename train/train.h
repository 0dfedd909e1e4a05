/* A training run: many environments, rollouts, PPO, a curriculum, checkpoints.
 *
 *     lp_train_config config;
 *     lp_config_defaults(&config, lp_train_settings(), lp_n_train_settings());
 *     lp_train *train;
 *     lp_train_open(&train, game, &config, LP_DEVICE_CPU, n_threads, &err);
 *     while (!lp_train_done(train)) lp_train_update(train, &stats, &err);
 *     lp_train_save(train, "cue.train", &err);       // resumes exactly
 *     lp_train_write_policy(train, "cue.safetensors", &err);
 *     lp_train_close(train);
 *
 * The course of a training depends on the game, the config, its seed and the device only: not on time, threads or interruptions. A
 * checkpoint made on one device goes on on another.
 */
#ifndef LP_TRAIN_TRAIN_H
#define LP_TRAIN_TRAIN_H

#include "base/config.h"
#include "train/curriculum.h"
#include "memory/settings.h"
#include "policy/policy.h"

#include <stdbool.h>
#include <stdint.h>

enum { TRAIN_START_POWER_ON, TRAIN_START_DEMO };

typedef struct {
    /* [train] */
    int64_t seed, decisions, envs, steps, overlap, time_limit, reencode;
    double twin, guides, follow, teach, lead;
    char demos[512], from[512];
    int64_t start; /* TRAIN_START_... */
    lp_curriculum_config curriculum;
    /* [policy] */
    int64_t act, precision, size, core, join, order, salience, bias, softmax, dim, hidden, heads, levels, ages;
    /* [memory] */
    lp_mem_choice memory;
    /* [ppo] */
    lp_ppo_config ppo;
    double final_rate;
    /* [bonus] */
    double bonus_milestone, bonus_count, bonus_novelty;
    char bonus_cells[512];
} lp_train_config;

const lp_setting *lp_train_settings(void);
int lp_n_train_settings(void);
/* A setting's value as weights and logs tell it to whoever has them: of a file its name alone, without the folder. */
void lp_train_value(const lp_train_config *config, const lp_setting *setting, char *out, size_t size_bytes);
/* Of settings that a checkpoint may be older than: what was before there were any, the memory's too; and defaults that were others. */
void lp_train_before(lp_train_config *config);

/* Of one update. */
typedef struct {
    int64_t update, decisions;        /* so far */
    char level[128];                  /* the curriculum's, as lp_curriculum_describe tells it */
    int64_t episodes, wins;           /* of the main task that ended in this update */
    int64_t twin_episodes, twin_wins; /* of the twin */
    double win_rate;                  /* over the curriculum's last `episodes` episodes; NaN before any */
    double bonus;                     /* mean of its decisions, without wins and losses; 0 without bonuses */
    lp_update_stats learning;         /* where updates overlap with rollouts, that of the update before; zeros at first */
    double rollout_s, learn_s;        /* wall time of the two halves; learning that overlaps counts where it was waited for */
    double emulate_s, memory_s;       /* thread time inside the rollout */
    double forward_s;                 /* likewise; on a GPU: how long the host waited for it */
} lp_train_stats;

typedef struct lp_train lp_train;
/* game is borrowed. LP_BAD_INPUT: a game without a win rate (lp_game_has_win_rate), settings that do not fit. */
lp_status lp_train_open(lp_train **out, const lp_game *game, const lp_train_config *config, lp_device device, int n_threads, lp_err *err);
void lp_train_close(lp_train *train);
/* One rollout of envs x steps decisions and one PPO update. */
lp_status lp_train_update(lp_train *train, lp_train_stats *stats, lp_err *err);
int lp_train_done(const lp_train *train);
/* The policy decides by all that was learned, also by an update that overlapped. Not before a checkpoint, which would not be exact. */
lp_status lp_train_finish(lp_train *train, lp_err *err);
int64_t lp_train_decisions(const lp_train *train); /* so far, over all resumptions */
int lp_train_threads(const lp_train *train);
const lp_policy *lp_train_policy(const lp_train *train);
/* Of every setting but train.decisions, and of how the game is played, but not of its ROM; settings that a later version adds change nothing. */
uint64_t lp_train_hash(const lp_train_config *config, const lp_game *game);
/* What it is trained for, to judge it by: lp_curriculum_goal's knobs. */
void lp_train_goal(const lp_train *train, int64_t *knobs);
/* The memory and the network that config asks for; the game says the observation and the actions. */
lp_policy_config lp_train_shape(const lp_train_config *config, const lp_game *game);
lp_mem_config lp_train_memory(const lp_train_config *config, const lp_game *game);
/* The policy as a weight file, whose notes tell the game, `trained_decisions` and every setting. */
lp_status lp_train_write_policy(const lp_train *train, const char *path, lp_err *err);
/* Everything needed to go on exactly, as one atomic file. */
lp_status lp_train_save(lp_train *train, const char *path, lp_err *err);
/* LP_BAD_INPUT and an unusable train when the file is damaged or of another game or config. Only `decisions` may differ: a
 * training goes on for longer than was meant, its learning rate that of the longer one. Where it was made on another version of the
 * emulation core, every environment begins its next episode, which a warning says: from there on it is another course. */
lp_status lp_train_load(lp_train *train, const char *path, lp_err *err);
/* Asked before anything is opened: is there a checkpoint, and of these settings? One that is older than a setting is of that which
 * lp_train_before gives. */
bool lp_train_made_with(const char *path, const lp_train_config *config, const lp_game *game);

#endif
