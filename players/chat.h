/* A chat model as a player: a turn is asked of an endpoint that speaks OpenAI's chat completions, and ends with keys for some decisions
 * (docs/players.md).
 *
 *     lp_chat_open(&chat, "chat.ini", game, folder, &err);
 *     lp_chat_ask(chat, &moment, &err);
 *     while (!answered && !status) status = lp_chat_hear(chat, 50, &answered, &answer, &err);
 *     lp_chat_close(chat);
 *
 * What it knows of the past, its notebook and the last turns, comes from the replies alone, and in a recorded run these are in chat.jsonl before
 * they are acted on: one that is opened again knows what it knew. One thread at a time. */
#ifndef LP_PLAYERS_CHAT_H
#define LP_PLAYERS_CHAT_H

#include "players/words.h"
#include "view/viewer.h"

typedef struct lp_chat lp_chat;

/* Over the whole run, its earlier sittings too. */
typedef struct {
    int64_t turns; /* in which it was asked; of the last its episode and step */
    int64_t turn_episode, turn_step;
    int64_t replies, tokens; /* in and out */
    double cost;             /* of these, at the prices of their time */
    int64_t faults;          /* in them: calls of tools that were none */
    int64_t failed;          /* requests that came to nothing before them: no answer, a cut one, none that is a completion */
    int64_t given_up;        /* turns for which no answer could be had */
    int64_t repeats;         /* turns in which it was told that it repeats itself */
    int64_t summaries;       /* that it wrote */
    int64_t contradictions;  /* turns in which it was told that what it remembers contradicts itself */
    int64_t goals;           /* turns in which it was asked whether its goal still holds */
} lp_chat_counts;

/* given: what follows "chat:" (chat_setup.h). folder: of the recorded run, or NULL. game is borrowed. LP_BAD_INPUT: a setting, the prompt or the key is missing or wrong, or chat.jsonl
 * is damaged. */
lp_status lp_chat_open(lp_chat **out, const char *given, const lp_game *game, const char *folder, lp_err *err);
void lp_chat_close(lp_chat *chat); /* NULL is fine */
lp_chat_counts lp_chat_count(const lp_chat *chat);
/* What it says in the turn that it is asked for, as far as it has come; NULL: nothing yet, or it has answered. Valid until the next call on chat. */
const char *lp_chat_saying(const lp_chat *chat);
/* The same for a window, and the notebook, of which it returns how many lines there are; borrowed until the next call on chat. */
int lp_chat_show(const lp_chat *chat, lp_view_model *model, lp_view_line lines[LP_NOTEBOOK]);
lp_status lp_chat_ask(lp_chat *chat, const lp_moment *moment, lp_err *err);
/* After that: which of the moment's notes it is sent, sent [n_notes]; false: it is asked nothing, what it pressed is not over. */
bool lp_chat_sent(const lp_chat *chat, const lp_moment *moment, bool *sent);
/* LP_FAILED: at the first request there is nobody, or who is there refuses it; the budget is used up; or what was said cannot be written down.
 * Faults after the first answer are tried again, then passed by without a key. */
lp_status lp_chat_hear(lp_chat *chat, int timeout_ms, bool *answered, lp_answer *answer, lp_err *err);
/* Does it write its summaries (chat.summaries = write)? */
bool lp_chat_writes(const lp_chat *chat);
/* Before a moment is asked of: has a summary written; writing is borrowed until it is answered, by hear_summary in the place of hear. One that is
 * refused, or could not be had, says why. */
lp_status lp_chat_summarise(lp_chat *chat, const lp_writing *writing, lp_err *err);
lp_status lp_chat_hear_summary(lp_chat *chat, int timeout_ms, bool *answered, lp_written *written, lp_err *err);

#endif
