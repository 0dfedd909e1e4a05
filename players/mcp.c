#include "players/mcp.h"

#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "players/chat_words.h"
#include "players/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 65536 };
static const char PROTOCOL[] = "2025-03-26"; /* of the client's versions any is taken: what is used here is in all of them */
static const char INSTRUCTIONS[] =
    "A video game. It stands still between two calls. Look, press keys, remember what will matter later: you are told "
    "what you remembered, and nothing else of what is past.";

struct lp_mcp {
    const lp_game *game; /* borrowed */
    lp_chat_setup setup;
    int out;     /* what was standard output */
    char *heard; /* owned; [room], of which `used` bytes have come */
    size_t room, used;
    bool ended;     /* the input is over */
    cJSON *pressed; /* owned; the id of the call whose keys are being pressed, or NULL */
    lp_chat_plan plan;
    int at; /* which of the plan's presses comes next */
    bool answered;
    /* the moment */
    const lp_library *library; /* borrowed until it is answered */
    int64_t episode, step;
    char *text, *picture; /* owned */
};

lp_status lp_mcp_open(lp_mcp **out, const lp_game *game, lp_err *err) {
    lp_mcp *m = *out = calloc(1, sizeof *m);
    if (!m) return lp_fail(err, LP_FAILED, "out of memory");
    m->game = game;
    m->setup = (lp_chat_setup){.scale = 2, .context_tokens = 2000, .sequence = 600};
    signal(SIGPIPE, SIG_IGN);
    fflush(stdout);
    m->out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (m->out < 0 || dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
        lp_mcp_close(m);
        *out = NULL;
        return lp_fail(err, LP_FAILED, "standard output: %s", strerror(errno));
    }
    return LP_OK;
}

static lp_status send_result(lp_mcp *m, cJSON *id, const char *text, bool look, bool fault, lp_err *err);

void lp_mcp_close(lp_mcp *m) {
    if (!m) return;
    if (m->pressed) (void)send_result(m, m->pressed, "The run is over.", false, false, NULL);
    if (m->out >= 0) close(m->out);
    free(m->heard), free(m->text), free(m->picture);
    free(m);
}

/* ---- answers ---- */

/* id, and result or error, are given up to it. */
static lp_status send_message(lp_mcp *m, cJSON *id, const char *what, cJSON *value, lp_err *err) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "jsonrpc", "2.0");
    cJSON_AddItemToObject(o, "id", id ? id : cJSON_CreateNull());
    cJSON_AddItemToObject(o, what, value);
    char *json = cJSON_PrintUnformatted(o), *line = NULL;
    const int n = json ? asprintf(&line, "%s\n", json) : -1;
    cJSON_Delete(o);
    cJSON_free(json);
    lp_status status = n < 0 ? lp_fail(err, LP_FAILED, "out of memory") : lp_write_all(m->out, line, (size_t)n, "standard output", err);
    free(line);
    return status;
}

static lp_status send_error(lp_mcp *m, cJSON *id, int code, const char *message, lp_err *err) {
    cJSON *e = cJSON_CreateObject();
    cJSON_AddNumberToObject(e, "code", code);
    cJSON_AddStringToObject(e, "message", message);
    return send_message(m, id, "error", e, err);
}

/* A call's result: a text, and the screen with it or not. */
static lp_status send_result(lp_mcp *m, cJSON *id, const char *text, bool look, bool fault, lp_err *err) {
    cJSON *r = cJSON_CreateObject(), *content = cJSON_AddArrayToObject(r, "content"), *part = cJSON_CreateObject();
    cJSON_AddStringToObject(part, "type", "text");
    cJSON_AddStringToObject(part, "text", text);
    cJSON_AddItemToArray(content, part);
    if (look && m->picture) {
        part = cJSON_CreateObject();
        cJSON_AddStringToObject(part, "type", "image");
        cJSON_AddStringToObject(part, "data", m->picture);
        cJSON_AddStringToObject(part, "mimeType", "image/png");
        cJSON_AddItemToArray(content, part);
    }
    if (fault) cJSON_AddTrueToObject(r, "isError");
    return send_message(m, id, "result", r, err);
}

/* ---- requests ---- */

static void add_tool(cJSON *tools, const char *name, const char *does, cJSON *schema) {
    cJSON *t = cJSON_CreateObject();
    cJSON_AddStringToObject(t, "name", name);
    cJSON_AddStringToObject(t, "description", does);
    cJSON_AddItemToObject(t, "inputSchema", schema ? schema : cJSON_Parse("{\"type\":\"object\",\"properties\":{}}"));
    cJSON_AddItemToArray(tools, t);
}

/* Those of chat models but the notebook, which an agent has itself; and two that look. */
static cJSON *list_tools(const lp_mcp *m) {
    cJSON *r = cJSON_CreateObject(), *tools = cJSON_AddArrayToObject(r, "tools"), *all = lp_chat_tools(&m->setup, m->game), *one;
    add_tool(tools, "look", "Shows the screen, what happened, and what you remember.", NULL);
    add_tool(tools, "state", "Says which episode and decision it is, as JSON.", NULL);
    cJSON_ArrayForEach(one, all) {
        cJSON *f = cJSON_GetObjectItem(one, "function");
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(f, "name"));
        if (!strcmp(name, "note")) continue;
        add_tool(tools, name, cJSON_GetStringValue(cJSON_GetObjectItem(f, "description")), cJSON_DetachItemFromObject(f, "parameters"));
    }
    cJSON_Delete(all);
    return r;
}

static cJSON *introduce(const cJSON *params) {
    cJSON *r = cJSON_CreateObject();
    const char *version = cJSON_GetStringValue(cJSON_GetObjectItem(params, "protocolVersion"));
    cJSON_AddStringToObject(r, "protocolVersion", version ? version : PROTOCOL);
    cJSON_AddObjectToObject(cJSON_AddObjectToObject(r, "capabilities"), "tools");
    cJSON *who = cJSON_AddObjectToObject(r, "serverInfo");
    cJSON_AddStringToObject(who, "name", "longplay");
    cJSON_AddStringToObject(who, "version", LP_VERSION);
    cJSON_AddStringToObject(r, "instructions", INSTRUCTIONS);
    return r;
}

static lp_status send_state(lp_mcp *m, cJSON *id, lp_err *err) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "game", lp_game_name(m->game));
    cJSON_AddNumberToObject(o, "episode", (double)m->episode);
    cJSON_AddNumberToObject(o, "decision", (double)m->step);
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    lp_status status = send_result(m, id, text ? text : "{}", false, false, err);
    cJSON_free(text);
    return status;
}

static lp_status call_tool(lp_mcp *m, cJSON *id, const cJSON *params, lp_err *err) {
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(params, "name"));
    const cJSON *given = cJSON_GetObjectItem(params, "arguments");
    if (name && !strcmp(name, "look")) return send_result(m, id, m->text, true, false, err);
    if (name && !strcmp(name, "state")) return send_state(m, id, err);
    lp_chat_notebook none = {0};
    char result[LP_CHAT_RESULT];
    const int faults = m->plan.faults;
    cJSON *arguments = given ? cJSON_Duplicate(given, true) : cJSON_CreateObject();
    lp_chat_call(&m->plan, &none, name && !strcmp(name, "note") ? "" : name, arguments, &m->setup, m->game, m->library, result);
    cJSON_Delete(arguments);
    m->answered = m->plan.n_presses > 0;
    if (!m->answered) return send_result(m, id, result, false, m->plan.faults > faults, err);
    m->pressed = id;
    return LP_OK;
}

static lp_status serve(lp_mcp *m, const char *line, lp_err *err) {
    cJSON *o = cJSON_Parse(line);
    const char *method = cJSON_GetStringValue(cJSON_GetObjectItem(o, "method"));
    const cJSON *params = cJSON_GetObjectItem(o, "params");
    cJSON *id = cJSON_DetachItemFromObject(o, "id");
    lp_status status = LP_OK;
    if (!o) status = send_error(m, NULL, -32700, "not JSON", err);
    else if (!method) status = send_error(m, id, -32600, "no request", err);
    else if (!id) (void)0; /* a notification */
    else if (!strcmp(method, "initialize")) status = send_message(m, id, "result", introduce(params), err);
    else if (!strcmp(method, "ping")) status = send_message(m, id, "result", cJSON_CreateObject(), err);
    else if (!strcmp(method, "tools/list")) status = send_message(m, id, "result", list_tools(m), err);
    else if (!strcmp(method, "tools/call")) status = call_tool(m, id, params, err);
    else status = send_error(m, id, -32601, "no such method", err);
    cJSON_Delete(o);
    return status;
}

/* Takes what there is to read, and waits for it. */
static lp_status take(lp_mcp *m, int timeout_ms, lp_err *err) {
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&in, 1, timeout_ms) <= 0) return LP_OK;
    if (m->used + PIECE > m->room) {
        char *larger = realloc(m->heard, m->room = 2 * m->room + PIECE);
        if (!larger) return lp_fail(err, LP_FAILED, "out of memory for a message");
        m->heard = larger;
    }
    const ssize_t n = read(STDIN_FILENO, m->heard + m->used, PIECE);
    if (n < 0 && (errno == EINTR || errno == EAGAIN)) return LP_OK;
    if (n > 0) m->used += (size_t)n;
    m->ended = n <= 0;
    if (m->ended) lp_stop_ask();
    if (m->used > LP_MCP_MAX_LINE && !memchr(m->heard, '\n', m->used))
        return lp_fail(err, LP_FAILED, "standard input: a message of more than %d bytes", LP_MCP_MAX_LINE);
    return LP_OK;
}

lp_status lp_mcp_ask(lp_mcp *m, const lp_moment *moment, lp_err *err) {
    m->library = moment->library;
    m->episode = moment->episode, m->step = moment->step;
    m->answered = m->at > 0 && m->at < m->plan.n_presses && !*moment->happened && !moment->before;
    if (m->answered) return LP_OK;
    char question[LP_CHAT_QUESTION];
    lp_chat_question(question, &m->setup, m->game, moment);
    char *memory = lp_chat_memory(&m->setup, moment, &(lp_chat_notebook){0});
    free(m->text), free(m->picture);
    m->text = NULL;
    m->picture = moment->frame ? lp_picture_base64(moment->frame, moment->width, moment->height, (int)m->setup.scale, 0) : NULL;
    if (!memory || asprintf(&m->text, "%s\n%s", question, memory) < 0) m->text = NULL;
    free(memory);
    if (!m->text) return lp_fail(err, LP_FAILED, "out of memory");
    cJSON *id = m->pressed;
    char *text = NULL;
    const int n = m->plan.n_presses, done = m->at;
    m->pressed = NULL;
    memset(&m->plan, 0, sizeof m->plan);
    m->at = 0;
    if (!id) return LP_OK;
    if (asprintf(&text, "Pressed %d of %d. %s", done, n, m->text) < 0) text = NULL;
    lp_status status = text ? send_result(m, id, text, true, false, err) : lp_fail(err, LP_FAILED, "out of memory");
    free(text);
    return status;
}

bool lp_mcp_sent(const lp_mcp *m, const lp_moment *moment, bool *sent) {
    if (!m->answered) lp_chat_choose_notes(sent, moment, &m->setup);
    return !m->answered;
}

lp_status lp_mcp_hear(lp_mcp *m, int timeout_ms, bool *answered, lp_answer *answer, lp_err *err) {
    lp_status status = LP_OK;
    for (char *end; !status && !m->answered && m->used && (end = memchr(m->heard, '\n', m->used));) {
        *end = 0;
        status = serve(m, m->heard, err);
        m->used -= (size_t)(end + 1 - m->heard);
        memmove(m->heard, end + 1, m->used);
    }
    if (!status && !m->answered && !m->ended) status = take(m, timeout_ms, err);
    *answered = !status && m->answered;
    if (!*answered) return status;
    memset(answer, 0, sizeof *answer);
    answer->action = m->plan.press[m->at];
    if (!m->at++) {
        answer->importance = m->plan.importance;
        lp_text_cut(answer->text, sizeof answer->text, m->plan.text);
    }
    return LP_OK;
}
