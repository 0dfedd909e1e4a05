/* An agent that plays by itself: who started us calls tools over standard input and output, by the Model Context Protocol (JSON-RPC 2.0, a line a
 * message; docs/players.md). From opening on standard output is for that alone: what else is printed goes to standard error.
 *
 *     lp_mcp_open(&mcp, game, &err);
 *     lp_mcp_ask(mcp, &moment, &err);
 *     while (!answered && !status) status = lp_mcp_hear(mcp, 50, &answered, &answer, &err);
 *     lp_mcp_close(mcp);
 *
 * One thread at a time; one of them in a process. */
#ifndef LP_PLAYERS_MCP_H
#define LP_PLAYERS_MCP_H

#include "players/words.h"

typedef struct lp_mcp lp_mcp;

enum { LP_MCP_MAX_LINE = 4 << 20 /* bytes of a message */ };

/* game is borrowed. */
lp_status lp_mcp_open(lp_mcp **out, const lp_game *game, lp_err *err);
void lp_mcp_close(lp_mcp *mcp); /* NULL is fine */
/* Where keys were pressed to their end, or something happened, the call that pressed them is answered with the moment. */
/* As lp_chat_sent; what is sent waits until it is asked for. */
bool lp_mcp_sent(const lp_mcp *mcp, const lp_moment *moment, bool *sent);
lp_status lp_mcp_ask(lp_mcp *mcp, const lp_moment *moment, lp_err *err);
/* Answers calls until one presses keys. At the end of the input it asks us to stop (lp_stop_ask). */
lp_status lp_mcp_hear(lp_mcp *mcp, int timeout_ms, bool *answered, lp_answer *answer, lp_err *err);

#endif
