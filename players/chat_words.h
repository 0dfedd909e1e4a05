/* What a chat model is sent and what it says, in the words of OpenAI's chat completions with tools. JSON in and out; no network, no files.
 *
 * A turn is a question, one or more replies, and to each call of a tool in them a result. It ends with keys to press. */
#ifndef LP_PLAYERS_CHAT_WORDS_H
#define LP_PLAYERS_CHAT_WORDS_H

#include "players/chat_setup.h"
#include "players/words.h"

#include <cjson/cJSON.h>

enum { LP_CHAT_LOOPS = 16, LP_CHAT_KEY = 64, LP_CHAT_NOTE = 512, LP_CHAT_PRESSES = 3600, LP_CHAT_QUESTION = 2048, LP_CHAT_RESULT = 2048 };

enum { LP_CHAT_BYTES_A_TOKEN = 4 }; /* an estimate, before anyone has counted, and where nobody does */

/* The notebook: few texts by key, always in sight, written over. */
typedef struct {
    int n;
    char key[LP_NOTEBOOK][LP_CHAT_KEY], text[LP_NOTEBOOK][LP_CHAT_NOTE];
} lp_chat_notebook;

/* What the replies of a turn come to. */
typedef struct {
    int n_presses;
    uint8_t press[LP_CHAT_PRESSES]; /* actions, one a decision */
    int n_loops;
    struct {
        int from, to; /* presses that are left out as soon as it holds */
        int variable;
        lp_op op;
        int64_t reference;
    } loop[LP_CHAT_LOOPS]; /* in their order */
    double importance;
    char text[LP_ANSWER_TEXT], thought[LP_ANSWER_THOUGHT];
    int faults; /* calls that were none: counted, and told to the model */
    char fault[256];
} lp_chat_plan;

/* The short text of a moment, which stays in the conversation. */
void lp_chat_question(char out[LP_CHAT_QUESTION], const lp_chat_setup *setup, const lp_game *game, const lp_moment *moment);
/* Whether such a text tells of something that happened. */
bool lp_chat_happened(const char *question);
/* Which of the notes, kept [n_notes], have room within setup's tokens: the oldest of the lowest level go first. */
void lp_chat_choose_notes(bool *kept, const lp_moment *moment, const lp_chat_setup *setup);
/* Memory and notebook as text, the memory within setup's tokens. The caller's to free; NULL: out of memory. */
char *lp_chat_memory(const lp_chat_setup *setup, const lp_moment *moment, const lp_chat_notebook *notebook);
/* The tools, {"type": "function", "function": {"name", "description", "parameters"}} each. The caller's to delete. */
cJSON *lp_chat_tools(const lp_chat_setup *setup, const lp_game *game);
/* Does what one call says, to plan and notebook; result: what came of it, in words. Where it is no call, plan->faults counts it. library may be NULL. */
void lp_chat_call(lp_chat_plan *plan, lp_chat_notebook *notebook, const char *name, const cJSON *arguments, const lp_chat_setup *setup,
                  const lp_game *game, const lp_library *library, char result[LP_CHAT_RESULT]);
/* Does what its calls of note say, to notebook alone; results: what came of each call of the message. */
void lp_chat_note(lp_chat_notebook *notebook, const cJSON *message, const cJSON *results);
/* A request. prompt: the system text; past: arrays of messages, oldest turn first; now: the messages of this turn, the question first. The caller's
 * to delete; NULL: out of memory. */
cJSON *lp_chat_request(const lp_chat_setup *setup, const lp_game *game, const char *prompt, cJSON *const *past, int n_past,
                       const cJSON *now, const lp_moment *moment, const lp_chat_notebook *notebook);
/* The message of an answer, which the caller deletes, and its tokens. LP_BAD_INPUT: it is none; the message says what it is. */
lp_status lp_chat_reply(cJSON **message, lp_chat_usage *usage, const char *body, lp_err *err);
/* Does what the message's calls say, to plan and notebook, and adds message and results to now. results: from a log, an array of texts in
 * their order, or NULL: they are made, with library. */
void lp_chat_follow(lp_chat_plan *plan, lp_chat_notebook *notebook, cJSON *now, const cJSON *message, const lp_chat_setup *setup,
                    const lp_game *game, const lp_library *library, const cJSON *results);

#endif
