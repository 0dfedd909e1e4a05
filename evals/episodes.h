/* The episodes of an evaluation in a file, so that it can be stopped, go on, and be read by anything: JSON Lines.
 *
 *     {"longplay": "evaluation", "version": 1, ..., "rows": [{"game": "cue", "episodes": 200, ...}, ...]}
 *     {"row": 0, "episode": 17, "outcome": "win", "decisions": 68, "context_items": 12, "items_read": 740}
 *     ...
 *
 * A row of a game with milestones names them ("milestones": ["won", "lost"]), and its lines have the decision at which each was first reached, or
 * null, in that order ("reached": [68, null]).
 * The first line, the head, says what is evaluated: all that a result depends on. Each episode is written when it is over; a file that
 * has them all has them in order, so that the same evaluation is the same file, whatever it was stopped by.
 *
 *     lp_episodes *file;
 *     lp_episodes_open(&file, "cue.jsonl", head, &err);          // a new one, or what of the same evaluation is there
 *     lp_eval_config config = {..., .results = lp_episodes_row(file, 0), .on_episode = lp_episodes_add, .context = lp_episodes_at(file, 0)};
 *     lp_episodes_close(file, &err);
 */
#ifndef LP_EVALS_EPISODES_H
#define LP_EVALS_EPISODES_H

#include "evals/eval.h"

#include <cjson/cJSON.h>

typedef struct lp_episodes lp_episodes;

/* head: an object whose "rows" are objects with a number "episodes"; borrowed. A last line that was cut short is cut off. LP_BAD_INPUT:
 * the file is of another evaluation, the message says in what, or another process writes it; it is as it was. */
lp_status lp_episodes_open(lp_episodes **out, const char *path, const cJSON *head, lp_err *err);
/* One that is there, to look at; nobody else is kept from writing it. *head: its first line, the caller's to delete. Whoever adds to it
 * fails. LP_BAD_INPUT: no evaluation, of another version, damaged. */
lp_status lp_episodes_read(lp_episodes **out, cJSON **head, const char *path, lp_err *err);
/* LP_FAILED: what was added is not all on the disk. */
lp_status lp_episodes_close(lp_episodes *file, lp_err *err);

/* The row's results and its place in the file, for lp_eval_config; the file's. */
lp_eval_episode *lp_episodes_row(lp_episodes *file, int row);
/* [episodes][milestones], for lp_eval_config; NULL: the row names none. */
int64_t *lp_episodes_reached(lp_episodes *file, int row);
void *lp_episodes_at(lp_episodes *file, int row);
/* The episode must be in the row's results, and reached. */
lp_status lp_episodes_add(void *at, int64_t index, const lp_eval_episode *episode, lp_err *err);

#endif
