#include "players/chat_setup.h"

#include "base/config.h"
#include "players/chat_prices.h"
#include "players/picture.h"

#include <stdio.h>
#include <string.h>

#define TEXT(name, help, field)                                                                                                            \
    { "chat." name, help, LP_SET_TEXT, offsetof(lp_chat_setup, field), 0, 0, sizeof((lp_chat_setup *)0)->field, NULL }
#define INT(name, help, initial, min, max)                                                                                                 \
    { "chat." #name, help, LP_SET_INT, offsetof(lp_chat_setup, name), initial, min, max, NULL }
#define FLOAT(name, help)                                                                                                                  \
    { "chat." #name, help, LP_SET_FLOAT, offsetof(lp_chat_setup, name), 0, 0, 1e9, NULL }
static const lp_setting table[] = {
    TEXT("url", "of the endpoint, http://HOST:PORT/v1", url),
    TEXT("model", "as the endpoint calls it", model),
    TEXT("key", "the environment variable that holds the key", key),
    TEXT("prompt", "a file with the system text; chat.md in the game's folder, if there is one", prompt),
    TEXT("variables", "of the game that are told in each turn, with commas between", variables),
    TEXT("prices", "a file, a line a model: its name, and of a million tokens in, cached, out", prices),
    TEXT("tools", "that it may call, with commas between; all", tools),
    {"chat.sees", "the screen, events and named things, or both", LP_SET_CHOICE, offsetof(lp_chat_setup, sees), LP_SEES_BOTH, 0, 0,
     "both|pixels|text"},
    {"chat.summaries", "made of the items that they keep, or written by the model", LP_SET_CHOICE, offsetof(lp_chat_setup, summaries),
     LP_SUMMARIES_SELECT, 0, 0, "select|write"},
    INT(scale, "how many times the picture is enlarged", 2, 1, 8),
    INT(grid, "pixels of the console between the lines of a grid with numbers, painted on the picture; 0: none", 0, 0, 128),
    INT(turns, "that are sent again", 8, 0, 200),
    INT(context_tokens, "that the memory's context may take, four bytes for one", 2000, 0, 1e6),
    INT(answer_tokens, "that an answer may have", 1000, 1, 1e6),
    INT(rounds, "requests in a turn", 4, 1, 50),
    INT(sequence, "decisions that a turn may press", 120, 1, 3600),
    INT(goal, "turns without an event after which it is asked whether its goal still holds; 0: never", 20, 0, 1e6),
    INT(idle, "decisions that pass where no answer could be had", 8, 1, 3600),
    INT(timeout_s, "seconds that a request may take", 120, 1, 86400),
    INT(retries, "of a request, with growing pauses", 5, 0, 1000),
    {"chat.pause_s", "seconds before the first retry, doubled by each", LP_SET_FLOAT, offsetof(lp_chat_setup, pause_s), 1, 0.001, 3600,
     NULL},
    INT(budget_tokens, "of the whole run, in and out; 0: no limit", 0, 0, 1e15),
    FLOAT(price_in, "of a million tokens that it is sent"),
    {"chat.price_cached", "of a million of those that the endpoint had cached; -1: as the others", LP_SET_FLOAT,
     offsetof(lp_chat_setup, price_cached), -1, -1, 1e9, NULL},
    FLOAT(price_out, "of a million tokens that it answers"),
    FLOAT(budget_cost, "that the whole run may cost, in the prices' currency; 0: no limit"),
    {"chat.stream", "answers are read as they come, where the endpoint has that", LP_SET_CHOICE, offsetof(lp_chat_setup, stream), 1, 0, 0,
     "no|yes"},
    {"chat.realtime", "the console's speed, at which it goes on while an answer is waited for; 0: it stands still", LP_SET_FLOAT,
     offsetof(lp_chat_setup, realtime), 0, 0, 100, NULL},
    {"chat.meanwhile", "what is pressed then: nothing, or what was pressed last", LP_SET_CHOICE, offsetof(lp_chat_setup, meanwhile),
     LP_MEANWHILE_NONE, 0, 0, "none|hold"},
    {"chat.temperature", "below 0: the endpoint's", LP_SET_FLOAT, offsetof(lp_chat_setup, temperature), -1, -1, 2, NULL},
};
enum { N = sizeof table / sizeof *table };

/* Does the list have it? */
static bool has(const char *names, const char *name, size_t n) {
    for (const char *at = names + strspn(names, ", "); *at; at += strspn(at, ", ")) {
        const size_t length = strcspn(at, ", ");
        if (length == n && !memcmp(at, name, n)) return true;
        at += length;
    }
    return false;
}

bool lp_chat_allows(const lp_chat_setup *s, const char *tool) { return !s->tools[0] || has(s->tools, tool, strlen(tool)); }

bool lp_chat_is_tool(const char *name, size_t length) { return has("press, wait, remember, note, recall, open", name, length); }

lp_status lp_chat_check_tools(const lp_chat_setup *s, lp_err *err) {
    bool plays = !s->tools[0];
    for (const char *at = s->tools + strspn(s->tools, ", "); *at; at += strspn(at, ", ")) {
        const size_t n = strcspn(at, ", ");
        const bool own = lp_chat_table_find(s->table, at, n) != NULL;
        if (!own && !lp_chat_is_tool(at, n))
            return lp_fail(err, LP_BAD_INPUT, "%s: chat.tools: there is no tool '%.*s'", s->from, (int)n, at);
        plays |= own || has("press, wait", at, n);
        at += n;
    }
    return plays ? LP_OK
                 : lp_fail(err, LP_BAD_INPUT, "%s: chat.tools: neither press nor wait is one of them, and no turn would end", s->from);
}

static const char GIVEN[] = " --chat."; /* between two settings */

const char *lp_chat_given_settings(const char *given) {
    const char *at = strstr(given, GIVEN);
    return at ? at : given + strlen(given);
}

/* " --chat.KEY=VALUE" and more of them. */
static lp_status set_given(lp_chat_setup *s, const char *given, lp_err *err) {
    lp_status status = LP_OK;
    for (const char *at = given, *end; *at && !status; at = end) {
        char one[LP_SETTING_BYTES];
        at += strlen(" --");
        end = lp_chat_given_settings(at);
        if (end - at >= (int)sizeof one) return lp_fail(err, LP_BAD_INPUT, "--%.40s...: too long", at);
        snprintf(one, sizeof one, "%.*s", (int)(end - at), at);
        char *value = strchr(one, '=');
        if (!value) return lp_fail(err, LP_BAD_INPUT, "--%s needs =VALUE", one);
        *value++ = 0;
        if ((status = lp_config_set(s, table, N, one, value, err))) lp_fail_prefix(err, status, "--%s", one);
    }
    return status;
}

lp_status lp_chat_setup_read(lp_chat_setup *out, const char *given, lp_err *err) {
    lp_chat_setup s;
    const char *settings = lp_chat_given_settings(given), *path = s.from;
    const int length = (int)(settings - given);
    memset(&s, 0, sizeof s);
    lp_config_defaults(&s, table, N);
    if (length >= (int)sizeof s.from) return lp_fail(err, LP_BAD_INPUT, "chat:%.40s...: too long", given);
    snprintf(s.from, sizeof s.from, "%.*s", length, given);
    lp_status status = length ? lp_config_read(&s, sizeof s, table, N, path, err) : LP_OK;
    if (!status) status = set_given(&s, settings, err);
    if (status) return status;
    if (!length) snprintf(s.from, sizeof s.from, "--policy chat");
    if (strncmp(s.url, "http://", 7) && strncmp(s.url, "https://", 8))
        return lp_fail(err, LP_BAD_INPUT, "%s: chat.url: '%s' is not like http://127.0.0.1:8080/v1", path, s.url);
    if (s.grid && s.grid < LP_GRID_LEAST) return lp_fail(err, LP_BAD_INPUT, "%s: chat.grid: %d pixels or more, or 0", path, LP_GRID_LEAST);
    if (s.realtime > 0 && s.summaries == LP_SUMMARIES_WRITE)
        return lp_fail(
            err, LP_BAD_INPUT,
            "%s: chat.realtime: a model that writes its summaries (chat.summaries) is asked for those while the console stands still",
            path);
    if (!*s.model) return lp_fail(err, LP_BAD_INPUT, "%s: chat.model is missing", path);
    if (*s.prices && (s.price_in > 0 || s.price_out > 0 || s.price_cached >= 0))
        return lp_fail(err, LP_BAD_INPUT, "%s: chat.prices: has the prices already, without chat.price_in and the like", path);
    if (*s.prices && (status = lp_chat_prices_read(&s, err))) return lp_fail_prefix(err, status, "%s: chat.prices", path);
    if (s.budget_cost > 0 && s.price_in <= 0 && s.price_out <= 0)
        return lp_fail(err, LP_BAD_INPUT,
                       "%s: chat.budget_cost: nothing costs anything without chat.prices, chat.price_in or chat.price_out", path);
    *out = s;
    return LP_OK;
}

int lp_chat_variable(const char **names, const lp_game *game) {
    const char *at = *names + strspn(*names, ", ");
    const size_t n = strcspn(at, ", ");
    int found = n ? -2 : -1;
    for (int i = 0; n && i < lp_game_n_variables(game); i++) {
        const char *name = lp_game_variable_name(game, i);
        if (!strncmp(name, at, n) && !name[n]) found = i;
    }
    *names = found == -2 ? at : at + n;
    return found;
}

lp_status lp_chat_check_variables(const char *names, const lp_game *game, lp_err *err) {
    int found;
    do found = lp_chat_variable(&names, game);
    while (found >= 0);
    if (found == -1) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "%s has no variable '%.*s'", lp_game_name(game), (int)strcspn(names, ", "), names);
}

double lp_chat_cost(const lp_chat_setup *s, const lp_chat_usage *tokens) {
    const double cached = s->price_cached < 0 ? s->price_in : s->price_cached;
    return ((double)(tokens->in - tokens->cached) * s->price_in + (double)tokens->cached * cached + (double)tokens->out * s->price_out) /
           1e6;
}
