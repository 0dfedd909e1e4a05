/* The notebook of a chat model as it was, from its chat.jsonl, which may be written meanwhile. */
#ifndef LP_PLAYERS_CHAT_NOTEBOOK_H
#define LP_PLAYERS_CHAT_NOTEBOOK_H

#include "players/chat_words.h"

/* Before the turn of that moment was asked for. A run whose player has no notebook has an empty one. LP_BAD_INPUT: a line is no reply. */
lp_status lp_chat_notebook_read(lp_chat_notebook *out, const char *folder, int64_t episode, int64_t step, lp_err *err);

#endif
