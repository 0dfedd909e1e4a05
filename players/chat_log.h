/* chat.jsonl of a run: each reply of a chat model, a line each, written down before it is acted on. docs/formats.md has its fields.
 *
 * One thread at a time; one process, which has the run's lock. */
#ifndef LP_PLAYERS_CHAT_LOG_H
#define LP_PLAYERS_CHAT_LOG_H

#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdint.h>

typedef struct lp_chat_log lp_chat_log;

/* Has see called with each line that is there, then stands before the first; a last line that was cut off is taken away. LP_BAD_INPUT: another line is no reply. */
lp_status lp_chat_log_open(lp_chat_log **out, const char *folder, void (*see)(void *context, const cJSON *line), void *context,
                           lp_err *err);
void lp_chat_log_close(lp_chat_log *log); /* NULL is fine */
/* The next line that was there when it was opened, if it is of that moment or an earlier one; the caller's to delete. NULL: there is none. */
cJSON *lp_chat_log_next(lp_chat_log *log, int64_t episode, int64_t step);
lp_status lp_chat_log_add(lp_chat_log *log, const cJSON *line, lp_err *err);

#endif
