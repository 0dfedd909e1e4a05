#include "players/chat_stream.h"

#include "players/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fields of a message that are texts; models that think before they speak do so in the others. */
static const char *const said_names[LP_STREAM_SAID] = {"content", "reasoning_content", "reasoning"};

/* ---- texts that grow ---- */

static bool grow(lp_growing *g, const char *more) {
    const size_t n = strlen(more);
    if (g->used + n + 1 > g->room) {
        char *larger = realloc(g->text, 2 * (g->used + n + 1));
        if (!larger) return false;
        g->text = larger;
        g->room = 2 * (g->used + n + 1);
    }
    memcpy(g->text + g->used, more, n + 1);
    g->used += n;
    return true;
}

static void empty(lp_growing *g) {
    g->used = 0;
    if (g->text) g->text[0] = 0;
}

static void add_field(cJSON *o, const char *name, const lp_growing *g) {
    if (g->used) cJSON_AddStringToObject(o, name, g->text);
}

/* ---- pieces ---- */

static void grow_by(lp_chat_stream *s, lp_growing *g, const cJSON *piece) {
    const char *more = cJSON_GetStringValue(piece);
    if (more && !grow(g, more)) snprintf(s->bad, sizeof s->bad, "out of memory for an answer");
}

/* Which call a piece is of: by its index, where it has one; else one with an ID is a new one. -1: of none that can be. */
static int call_of(const lp_chat_stream *s, const cJSON *piece) {
    const cJSON *index = cJSON_GetObjectItem(piece, "index");
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItem(piece, "id"));
    const double at = cJSON_IsNumber(index) ? index->valuedouble : id && *id ? s->n_calls : s->n_calls - 1;
    return at >= 0 && at <= s->n_calls && at < LP_STREAM_CALLS ? (int)at : -1;
}

static void take_call(lp_chat_stream *s, const cJSON *piece) {
    const cJSON *function = cJSON_GetObjectItem(piece, "function");
    const int at = call_of(s, piece);
    if (at < 0) {
        snprintf(s->bad, sizeof s->bad, "a piece of the stream is of no call of a tool that there is");
        return;
    }
    if (at == s->n_calls) s->n_calls++;
    if (!s->calls[at].id.used) grow_by(s, &s->calls[at].id, cJSON_GetObjectItem(piece, "id")); /* some say it with each piece */
    if (!s->calls[at].name.used) grow_by(s, &s->calls[at].name, cJSON_GetObjectItem(function, "name"));
    grow_by(s, &s->calls[at].arguments, cJSON_GetObjectItem(function, "arguments"));
}

static void keep(cJSON **kept, cJSON *o, const char *name) {
    if (!cJSON_IsObject(cJSON_GetObjectItem(o, name))) return;
    cJSON_Delete(*kept);
    *kept = cJSON_DetachItemFromObject(o, name);
}

static void take_piece(lp_chat_stream *s, const char *text, size_t size) {
    cJSON *o = cJSON_ParseWithLength(text, size);
    const cJSON *choice = cJSON_GetArrayItem(cJSON_GetObjectItem(o, "choices"), 0), *delta = cJSON_GetObjectItem(choice, "delta"), *one;
    if (!cJSON_IsObject(o))
        snprintf(s->bad, sizeof s->bad, "a piece of the stream is no JSON object: '%.*s'", size < 80 ? (int)size : 80, text);
    for (int i = 0; i < LP_STREAM_SAID; i++) grow_by(s, &s->said[i], cJSON_GetObjectItem(delta, said_names[i]));
    cJSON_ArrayForEach(one, cJSON_GetObjectItem(delta, "tool_calls")) if (!*s->bad) take_call(s, one);
    s->done |= cJSON_IsString(cJSON_GetObjectItem(choice, "finish_reason"));
    keep(&s->usage, o, "usage");
    keep(&s->error, o, "error");
    cJSON_Delete(o);
}

/* Is it a line of a stream? */
static bool is_field(const char *line, size_t n) {
    static const char *const fields[] = {"data:", "event:", "id:", "retry:", ":"};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (n >= strlen(fields[i]) && !memcmp(line, fields[i], strlen(fields[i]))) return true;
    return false;
}

static void take_line(lp_chat_stream *s, const char *line, size_t n) {
    if (n && line[n - 1] == '\r') n--;
    if (!n) return;
    if (!s->judged) s->judged = true, s->in_pieces = is_field(line, n);
    if (!s->in_pieces || *s->bad || n < 5 || memcmp(line, "data:", 5) != 0) return;
    line += 5, n -= 5;
    if (n && *line == ' ') line++, n--;
    if (n == 6 && !memcmp(line, "[DONE]", 6)) s->done = true;
    else take_piece(s, line, n);
}

/* ---- in the header's order ---- */

void lp_chat_stream_begin(lp_chat_stream *s) {
    s->read = s->looked = 0;
    s->judged = s->in_pieces = s->done = false;
    for (int i = 0; i < LP_STREAM_SAID; i++) empty(&s->said[i]);
    for (int i = 0; i < s->n_calls; i++) empty(&s->calls[i].id), empty(&s->calls[i].name), empty(&s->calls[i].arguments);
    s->n_calls = 0;
    cJSON_Delete(s->usage), cJSON_Delete(s->error);
    s->usage = s->error = NULL;
    s->bad[0] = 0;
    cJSON_free(s->whole);
    s->whole = NULL;
}

void lp_chat_stream_free(lp_chat_stream *s) {
    lp_chat_stream_begin(s);
    for (int i = 0; i < LP_STREAM_SAID; i++) free(s->said[i].text);
    for (int i = 0; i < LP_STREAM_CALLS; i++) free(s->calls[i].id.text), free(s->calls[i].name.text), free(s->calls[i].arguments.text);
}

void lp_chat_stream_look(lp_chat_stream *s, const char *body, size_t size) {
    const char *end;
    while ((!s->judged || s->in_pieces) && s->looked < size && (end = memchr(body + s->looked, '\n', size - s->looked))) {
        take_line(s, body + s->read, (size_t)(end - body) - s->read);
        s->read = s->looked = (size_t)(end - body) + 1;
    }
    s->looked = size;
}

const char *lp_chat_stream_saying(const lp_chat_stream *s) {
    int i = 0;
    while (i < LP_STREAM_SAID && !s->said[i].used) i++;
    if (i == LP_STREAM_SAID) return NULL;
    const char *text = s->said[i].text;
    if (s->said[i].used >= LP_ANSWER_THOUGHT) text += s->said[i].used - LP_ANSWER_THOUGHT + 1;
    while (((unsigned char)*text & 0xc0) == 0x80) text++;
    return text;
}

static char *whole_text(const lp_chat_stream *s) {
    cJSON *o = cJSON_CreateObject(), *choice = cJSON_CreateObject(), *message = cJSON_AddObjectToObject(choice, "message");
    cJSON_AddItemToArray(cJSON_AddArrayToObject(o, "choices"), choice);
    cJSON_AddStringToObject(message, "role", "assistant");
    if (s->said[0].used) cJSON_AddStringToObject(message, said_names[0], s->said[0].text);
    else cJSON_AddNullToObject(message, said_names[0]);
    for (int i = 1; i < LP_STREAM_SAID; i++) add_field(message, said_names[i], &s->said[i]);
    cJSON *calls = s->n_calls ? cJSON_AddArrayToObject(message, "tool_calls") : NULL;
    for (int i = 0; i < s->n_calls; i++) {
        cJSON *call = cJSON_CreateObject();
        cJSON_AddItemToArray(calls, call);
        add_field(call, "id", &s->calls[i].id);
        cJSON_AddStringToObject(call, "type", "function");
        cJSON *function = cJSON_AddObjectToObject(call, "function");
        add_field(function, "name", &s->calls[i].name);
        cJSON_AddStringToObject(function, "arguments", s->calls[i].arguments.used ? s->calls[i].arguments.text : "");
    }
    if (s->usage) cJSON_AddItemReferenceToObject(o, "usage", s->usage);
    if (s->error) cJSON_AddItemReferenceToObject(o, "error", s->error);
    char *text = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    return text;
}

lp_status lp_chat_stream_end(lp_chat_stream *s, const char **body, lp_err *err) {
    if (*s->bad) return lp_fail(err, LP_BAD_INPUT, "%s", s->bad);
    if (!s->done && !s->error) return lp_fail(err, LP_BAD_INPUT, "the stream was cut after %zu bytes", s->looked);
    cJSON_free(s->whole);
    *body = s->whole = whole_text(s);
    return *body ? LP_OK : lp_fail(err, LP_FAILED, "out of memory for an answer");
}
