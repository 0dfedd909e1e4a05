/* A training's log, OUT.log: JSON Lines.
 *
 *     {"longplay": "training", "version": 1, "game": "cue", ..., "settings": {"train.seed": "1", ...}}
 *     {"update": 1, "decisions": 8192, "level": {"horizon": 4}, "win_rate": 0.31, ..., "wall_s": 2.1, "cpu_s": 4.0}
 *     {"evaluation": "interim", "decisions": 40960, ..., "outcomes": "WLW", "lengths": [68, 70, 12]}
 *     {"evaluation": "final", ...}
 *
 * The first line, the head, says what is trained. What a killed training had written after its checkpoint is cut off when it goes on, so that
 * in the end the log is that of an unbroken one, but for times.
 */
#ifndef LP_CLI_TRAIN_LOG_H
#define LP_CLI_TRAIN_LOG_H

#include "evals/eval.h"
#include "train/train.h"

#include <limits.h>

typedef struct {
    int fd;               /* owned; locked, so that one training at a time writes these files; 0: not open */
    bool made;            /* by open */
    bool evaluated;       /* the last line is an evaluation */
    double wall_s, cpu_s; /* of all updates so far, over all resumptions */
    double best;          /* win rate of the best evaluation so far, likewise; below 0: there was none */
    double joules;        /* likewise, the whole machine's; NaN: not known of all */
    char path[PATH_MAX];
} lp_train_log;

/* path must be set. Made where it is not there. LP_BAD_INPUT: another training writes it. */
lp_status lp_train_log_open(lp_train_log *log, lp_err *err);
void lp_train_log_close(lp_train_log *log);
/* Can what is there be replaced? LP_BAD_INPUT: it is no training's log. */
lp_status lp_train_log_check(const lp_train_log *log, lp_err *err);
/* Empties it and writes the head. */
lp_status lp_train_log_begin(lp_train_log *log, const lp_game *game, const lp_train_config *config, lp_err *err);
/* Goes on at a checkpoint of so many decisions; what was written after it is cut off, and final evaluations are. */
lp_status lp_train_log_resume(lp_train_log *log, const lp_game *game, const lp_train_config *config, int64_t decisions, lp_err *err);
lp_status lp_train_log_update(lp_train_log *log, const lp_train_stats *stats, lp_err *err);
/* episodes: [row->episodes]. */
lp_status lp_train_log_evaluation(lp_train_log *log, bool final, int64_t decisions, const lp_game *game, const lp_eval_config *config,
                                  const lp_eval_row *row, lp_err *err);
/* On the disk, before the checkpoint that stands for it. */
lp_status lp_train_log_sync(const lp_train_log *log, lp_err *err);

#endif
