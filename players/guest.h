/* A guest: a player that is no network of ours, who is told of each moment in words and answers in words.
 *
 *     lp_guest *guest;
 *     lp_guest_open(&guest, "process:python3 player.py", game, NULL, &err);
 *     lp_guest_ask(guest, &moment, &err);
 *     while (!answered && !status) status = lp_guest_hear(guest, 50, &answered, &answer, &err);
 *     lp_guest_close(guest);
 *
 * One thread at a time. */
#ifndef LP_PLAYERS_GUEST_H
#define LP_PLAYERS_GUEST_H

#include "players/chat.h"

typedef struct lp_guest lp_guest;

#define LP_GUEST_PROCESS "process:"
#define LP_GUEST_CHAT "chat:"
#define LP_GUEST_MCP "mcp" /* whoever started us plays, over standard input and output */

/* Whether --policy names a guest: "process:COMMAND", "process: --process.KEY=VALUE ... COMMAND", "chat:FILE", "chat: --chat.KEY=VALUE ...", "mcp". */
bool lp_is_guest(const char *policy);
bool lp_guest_chats(const char *policy);
/* LP_BAD_INPUT: "process:" without a command, "chat:" with what does not say whom to ask. */
lp_status lp_guest_check(const char *policy, lp_err *err);
/* The policy with settings "chat.KEY=VALUE" that go before those that it has; policy may be "chat", and NULL, where there are none. A program has settings "process.KEY=VALUE". LP_BAD_INPUT: it is no such
 * model, or all that is too long. */
lp_status lp_guest_give(char *out, size_t room, const char *policy, const char *const *settings, int n, lp_err *err);
/* The policy with its file, if it has one, as a path that is found from any folder. */
lp_status lp_guest_lasting(char *out, size_t room, const char *policy, lp_err *err);
/* Are both the same chat model's file, whatever the settings before it? */
bool lp_guest_same(const char *policy, const char *other);
/* A few words for who watches: a path without its folders, of one that is given by settings its model. */
const char *lp_guest_shown(char *out, size_t room, const char *policy);
/* game is borrowed. folder: of the recorded run, where a chat model's replies are kept; NULL: it is not recorded. */
lp_status lp_guest_open(lp_guest **out, const char *policy, const lp_game *game, const char *folder, lp_err *err);
void lp_guest_close(lp_guest *guest); /* NULL is fine */
/* What a chat model did so far; false: it is none. */
bool lp_guest_count(const lp_guest *guest, lp_chat_counts *counts);
/* The same for a window (players/chat.h). */
bool lp_guest_show(const lp_guest *guest, lp_view_model *model, lp_view_line lines[LP_NOTEBOOK], int *n_lines);
/* What it says while it is asked, as far as it has come (players/chat.h); NULL: nothing. */
const char *lp_guest_saying(const lp_guest *guest);
/* Tells it of the moment. */
lp_status lp_guest_ask(lp_guest *guest, const lp_moment *moment, lp_err *err);
/* After that: which of the moment's notes it is sent, sent [n_notes]; false: it is asked nothing, its answer to an earlier moment holds. */
bool lp_guest_sent(const lp_guest *guest, const lp_moment *moment, bool *sent);
/* Does it write its summaries? Then these two, before it is asked of the next moment (players/chat.h). */
bool lp_guest_writes(const lp_guest *guest);
lp_status lp_guest_summarise(lp_guest *guest, const lp_writing *writing, lp_err *err);
lp_status lp_guest_hear_summary(lp_guest *guest, int timeout_ms, bool *answered, lp_written *written, lp_err *err);
/* Waits up to timeout_ms for the answer to what was asked last. LP_FAILED: it is gone, or its answer is none; the message says what it said. */
lp_status lp_guest_hear(lp_guest *guest, int timeout_ms, bool *answered, lp_answer *answer, lp_err *err);

#endif
