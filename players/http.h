/* A request to a server at a time, which nobody has to wait for (libcurl).
 *
 *     lp_http_open(&http, "http://127.0.0.1:8080/v1/chat/completions", key, 120, &err);
 *     lp_http_post(http, json, &err);
 *     while (!reply.done) lp_http_look(http, 50, &reply);      // reply.body grows
 *     lp_http_close(http);
 *
 * One thread at a time. */
#ifndef LP_PLAYERS_HTTP_H
#define LP_PLAYERS_HTTP_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct lp_http lp_http;

enum { LP_HTTP_MAX_BODY = 16 << 20 /* bytes that an answer may have */ };

typedef struct {
    bool done;
    int code;             /* of HTTP; 0: there was no answer, or no whole one, and why says why */
    const char *body;     /* text, of one that is not done what has come so far; valid until the next look, post or close */
    size_t size;          /* of it, without the 0 behind */
    double retry_after_s; /* as the server asks for; 0: it does not */
    char why[256];
} lp_http_reply;

/* key: for "Authorization: Bearer", or NULL; it is in no message. timeout_s: of a request as a whole. */
lp_status lp_http_open(lp_http **out, const char *url, const char *key, int timeout_s, lp_err *err);
void lp_http_close(lp_http *http); /* NULL is fine; gives up what is on its way */
/* json is copied. What was on its way is given up. */
lp_status lp_http_post(lp_http *http, const char *json, lp_err *err);
/* Waits up to timeout_ms for the answer to what was posted last. */
void lp_http_look(lp_http *http, int timeout_ms, lp_http_reply *reply);

#endif
