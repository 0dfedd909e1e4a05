/* How a chat model is asked: an .ini file, "chat:FILE" as --policy gives it, and settings that go before it, "chat:FILE --chat.KEY=VALUE ..."; either may be
 * missing. docs/players.md has the settings. */
#ifndef LP_PLAYERS_CHAT_SETUP_H
#define LP_PLAYERS_CHAT_SETUP_H

#include "players/chat_table.h"

#include <stdint.h>

typedef enum { LP_SEES_BOTH, LP_SEES_PIXELS, LP_SEES_TEXT } lp_chat_sees;
typedef enum { LP_MEANWHILE_NONE, LP_MEANWHILE_HOLD } lp_chat_meanwhile;
typedef enum { LP_SUMMARIES_SELECT, LP_SUMMARIES_WRITE } lp_chat_summaries;

typedef struct {
    char from[512];             /* the file, or what else messages call the settings */
    char url[512];              /* of the endpoint, "http://127.0.0.1:8080/v1": /chat/completions is added */
    char model[128];            /* as the endpoint calls it */
    char key[64];               /* the environment variable that holds the key; "": none is sent */
    char prompt[512];           /* a file: the system text; "": chat.md of the game's folder, or one that knows no game */
    char variables[1024];       /* names of the game's that each question tells, with commas between; "": none */
    char prices[512];           /* a file with the prices of models (chat_prices.h); "": price_in and so on */
    char tools[256];            /* that it may call, with commas between; "": all */
    const lp_chat_table *table; /* of the game's own tools, borrowed, set by who opens the game; NULL: none */
    int64_t sees;               /* lp_chat_sees */
    int64_t summaries;          /* lp_chat_summaries */
    int64_t scale;              /* of the picture, times */
    int64_t grid;               /* console pixels between the lines painted on it; 0: none */
    int64_t turns;              /* that are sent again, without their pictures */
    int64_t context_tokens, answer_tokens;
    int64_t rounds;   /* requests in a turn, where the model looks things up before it plays */
    int64_t sequence; /* decisions that a turn may press at most */
    int64_t goal;     /* turns without an event after which it is asked whether its goal still holds; 0: never */
    int64_t idle;     /* decisions that pass without a key where no answer could be had */
    int64_t timeout_s, retries;
    double pause_s;        /* before the first retry; twice as long before each further one */
    int64_t budget_tokens; /* of the whole run, in and out; 0: no limit */
    double price_in, price_cached,
        price_out;      /* of a million tokens: sent, of those what the endpoint had cached (-1: the same), answered */
    double budget_cost; /* that the whole run may cost; 0: no limit */
    double realtime;    /* the console's own speed so many times, at which it goes on while an answer is waited for; 0: it stands still */
    int64_t meanwhile;  /* lp_chat_meanwhile */
    double temperature; /* below 0: the endpoint's */
    int64_t stream;     /* bool: answers are asked for in pieces, as they come */
} lp_chat_setup;

/* Tokens of a request, as the endpoint says; cached: how many of those sent it did not have to read again. */
typedef struct {
    int64_t in, cached, out;
} lp_chat_usage;

/* given: what follows "chat:". LP_BAD_INPUT: file, line and what is wrong. */
lp_status lp_chat_setup_read(lp_chat_setup *out, const char *given, lp_err *err);
/* Where " --chat.KEY=VALUE ..." begins in what follows "chat:"; its end: there are none. */
const char *lp_chat_given_settings(const char *given);
/* The index of the variable that *names begins with, which is moved behind it; -1: there are no more; -2: the game has none of that name, which
 * *names is left at. */
int lp_chat_variable(const char **names, const lp_game *game);
/* LP_BAD_INPUT: the game has no variable of one of the names. */
lp_status lp_chat_check_variables(const char *names, const lp_game *game, lp_err *err);
/* Is it one of those that every game has? */
bool lp_chat_is_tool(const char *name, size_t length);
/* LP_BAD_INPUT: chat.tools names one that neither all games nor this one's table have. */
lp_status lp_chat_check_tools(const lp_chat_setup *setup, lp_err *err);
bool lp_chat_allows(const lp_chat_setup *setup, const char *tool);
double lp_chat_cost(const lp_chat_setup *setup, const lp_chat_usage *tokens); /* in the prices' currency */

#endif
