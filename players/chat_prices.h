/* A table of what models cost, a line each, and # begins a comment:
 *
 *     # model          in   cached   out      of a million tokens
 *     qwen2.5-vl:7b    0.4  0.1      1.6
 */
#ifndef LP_PLAYERS_CHAT_PRICES_H
#define LP_PLAYERS_CHAT_PRICES_H

#include "players/chat_setup.h"

/* The prices of the setup's model, from the file that it names. LP_BAD_INPUT, and nothing changed: a line is none, a model stands there twice, or this one
 * does not. */
lp_status lp_chat_prices_read(lp_chat_setup *setup, lp_err *err);

#endif
