/* A journal: a file of lines, each written whole before what it tells is acted on, so that whoever is killed finds it again.
 *
 *     lp_journal_open(&journal, "run/answers.jsonl", "an answer", see, context, &err);
 *     for (const char *line; (line = lp_journal_line(journal)) && ...; lp_journal_step(journal)) ...      // what was known
 *     lp_journal_add(journal, line, &err);
 *
 * Nothing is made before the first line is added. One thread at a time; one process.
 */
#ifndef LP_BASE_JOURNAL_H
#define LP_BASE_JOURNAL_H

#include "base/status.h"

#include <stdbool.h>

typedef struct lp_journal lp_journal;

/* Has see called with each line, without its end, and then stands at the first; a last line that was cut off is taken away. LP_BAD_INPUT,
 * "PATH:N: not WHAT": see (NULL: takes any) says so of a line. */
lp_status lp_journal_open(lp_journal **out, const char *path, const char *what, bool (*see)(void *context, const char *line), void *context,
                          lp_err *err);
void lp_journal_close(lp_journal *journal); /* NULL is fine */
/* The line where it stands, of those that were there when it was opened; NULL: all are read. Valid until the next step. */
const char *lp_journal_line(const lp_journal *journal);
void lp_journal_step(lp_journal *journal);
/* A line without its end. LP_FAILED: the file is as it was before. */
lp_status lp_journal_add(lp_journal *journal, const char *line, lp_err *err);

#endif
