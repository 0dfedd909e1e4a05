/* answers.jsonl of a run whose player is a guest: each answer, written down before it is acted on, so that after a kill nobody is asked again
 * for what was answered. docs/formats.md has its lines.
 *
 *     lp_answers_open(&answers, folder, checkpoint.decisions, &err);
 *     if (!lp_answers_at(answers, decision, &answer)) ..., lp_answers_add(answers, decision, &answer, &err);
 *
 * One thread at a time; one process, which has the run's lock. */
#ifndef LP_PLAYERS_ANSWERS_H
#define LP_PLAYERS_ANSWERS_H

#include "players/words.h"

typedef struct lp_answers lp_answers;

/* Reads those from decision `from` on; a last line that was cut off is taken away. LP_BAD_INPUT: another line is none. */
lp_status lp_answers_open(lp_answers **out, const char *folder, const lp_game *game, int64_t from, lp_err *err);
void lp_answers_close(lp_answers *answers); /* NULL is fine */
/* That of a decision, if it is known; asked for in their order. */
bool lp_answers_at(lp_answers *answers, int64_t decision, lp_answer *answer);
lp_status lp_answers_add(lp_answers *answers, int64_t decision, const lp_answer *answer, lp_err *err);

#endif
