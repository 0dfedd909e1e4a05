/* An answer that comes in pieces: server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), each a piece of a chat
 * completion, put together as they come.
 *
 *     lp_chat_stream_begin(&stream);
 *     lp_chat_stream_look(&stream, body, size);                     // again and again, with all that has come so far
 *     if (stream.in_pieces) status = lp_chat_stream_end(&stream, &whole, &err);
 *     lp_chat_stream_free(&stream);
 *
 * JSON in and out; no network, no files. */
#ifndef LP_PLAYERS_CHAT_STREAM_H
#define LP_PLAYERS_CHAT_STREAM_H

#include "base/status.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

enum { LP_STREAM_CALLS = 64 /* of tools, in an answer */, LP_STREAM_SAID = 3 };

/* A text that grows; NULL: nothing has come. */
typedef struct {
    char *text; /* owned */
    size_t used, room;
} lp_growing;

/* Zeroed before its first use; begin keeps the room that there is. */
typedef struct {
    size_t read, looked; /* of the body: lines that were read, bytes that have no further line end */
    bool judged, in_pieces;
    bool done;                       /* the last piece came */
    lp_growing said[LP_STREAM_SAID]; /* what it says, what it thinks before */
    struct {
        lp_growing id, name, arguments;
    } calls[LP_STREAM_CALLS];
    int n_calls;
    cJSON *usage, *error; /* owned; NULL: none came */
    char bad[256];        /* "", or why it is no stream of a completion */
    char *whole;          /* owned; what end gave */
} lp_chat_stream;

void lp_chat_stream_free(lp_chat_stream *stream);
void lp_chat_stream_begin(lp_chat_stream *stream);
/* body: size bytes, which begin as they did at the last look. Where the first line is none of a stream, the answer is a whole one: in_pieces stays
 * false. */
void lp_chat_stream_look(lp_chat_stream *stream, const char *body, size_t size);
/* What it has said so far, of a long text its end; NULL: nothing yet. Valid until the next look. */
const char *lp_chat_stream_saying(const lp_chat_stream *stream);
/* No more comes: the answer as a completion that comes whole has it, valid until the next begin. LP_BAD_INPUT: it was cut, or a piece is none. */
lp_status lp_chat_stream_end(lp_chat_stream *stream, const char **body, lp_err *err);

#endif
