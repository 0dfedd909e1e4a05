/* What a chat model is asked for when it writes a summary, and what it says: each of its lines with the IDs that it comes from. JSON in and out;
 * no network, no files. */
#ifndef LP_PLAYERS_CHAT_SUMMARY_H
#define LP_PLAYERS_CHAT_SUMMARY_H

#include "players/chat_setup.h"
#include "players/words.h"

#include <cjson/cJSON.h>

/* The question as text. The caller's to free; NULL: out of memory. */
char *lp_chat_summary_question(const lp_writing *writing, const lp_game *game);
/* The caller's to delete. */
cJSON *lp_chat_summary_request(const lp_chat_setup *setup, const char *question);
/* Judges a line of chat.jsonl, its "message" or "gave_up": out has the text and its sources, or why it is refused. */
void lp_chat_summary_judge(lp_written *out, const lp_chat_setup *setup, const lp_writing *writing, const cJSON *line);

#endif
