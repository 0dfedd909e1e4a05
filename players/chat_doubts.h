/* Wrong memories are the known disease of who lives by notes: where what is remembered contradicts itself. Text in and out.
 *
 * A text of the memory is about a line of the notebook where it has its key and a colon: "door: left". What is behind it, up to a semicolon, is
 * what it says of it. The line LP_CHAT_GOAL is left out: a goal may change. */
#ifndef LP_PLAYERS_CHAT_DOUBTS_H
#define LP_PLAYERS_CHAT_DOUBTS_H

#include "players/chat_words.h"

#define LP_CHAT_GOAL "goal" /* the key of the line that says what it wants */

/* Puts what contradicts itself, side by side, into out: of each key the notebook's line and what else is said of it, the newest of each; "": nothing
 * does. Returns of how many keys; *hash tells which, and what is said of them. */
int lp_chat_contradictions(char *out, size_t room, uint64_t *hash, const lp_moment *moment, const lp_chat_notebook *notebook);
/* NULL: there is none. */
const char *lp_chat_goal(const lp_chat_notebook *notebook);

#endif
