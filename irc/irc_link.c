/* libcurl looks names up, connects, and speaks TLS; from there on it carries bytes (CURLOPT_CONNECT_ONLY). */
#include "irc/irc_link.h"

#include <curl/curl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CONNECT_S = 15, QUEUE_BYTES = 16 << 10, PIECES = 16 /* of what comes, in one turn */ };

struct lp_irc_link {
    CURL *curl; /* owned */
    curl_socket_t socket;
    lp_irc_reader reader;
    size_t n_queued;
    bool full;
    char queue[QUEUE_BYTES];
};

static int on_progress(void *context, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d) {
    (void)a, (void)b, (void)c, (void)d;
    return atomic_load((const atomic_bool *)context); /* not 0: no more */
}

lp_status lp_irc_link_open(lp_irc_link **out, const lp_irc_address *a, const atomic_bool *closing, lp_err *err) {
    char url[sizeof a->host + 32], why[CURL_ERROR_SIZE] = "";
    lp_irc_link *link = *out = calloc(1, sizeof *link);
    if (!link || !(link->curl = curl_easy_init())) {
        free(link);
        *out = NULL;
        return lp_fail(err, LP_FAILED, "out of memory");
    }
    CURL *curl = link->curl;
    snprintf(url, sizeof url, "http%s://%s:%d", a->tls ? "s" : "", a->host, a->port);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* closing waits for no name to be looked up */
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
    curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, (void *)closing);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
    if (getenv("SSL_CERT_FILE")) curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("SSL_CERT_FILE"));
    CURLcode code = curl_easy_perform(curl);
    if (!code) code = curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &link->socket);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    if (!code) return LP_OK;
    lp_irc_link_close(link);
    *out = NULL;
    return lp_fail(err, LP_FAILED, "%s", *why ? why : curl_easy_strerror(code));
}

void lp_irc_link_close(lp_irc_link *link) {
    if (!link) return;
    curl_easy_cleanup(link->curl);
    free(link);
}

void lp_irc_link_put(lp_irc_link *link, const char *line, size_t n) {
    link->full |= n > sizeof link->queue - link->n_queued;
    if (link->full) return;
    memcpy(link->queue + link->n_queued, line, n);
    link->n_queued += n;
}

static CURLcode send_queue(lp_irc_link *link) {
    size_t sent = 0;
    CURLcode code = link->n_queued ? curl_easy_send(link->curl, link->queue, link->n_queued, &sent) : CURLE_OK;
    memmove(link->queue, link->queue + sent, link->n_queued - sent);
    link->n_queued -= sent;
    return code == CURLE_AGAIN ? CURLE_OK : code;
}

/* Until there is nothing, as what TLS has read already no poll tells of; *more: there may be. */
static CURLcode receive(lp_irc_link *link, void (*visit)(void *context, char *line), void *context, bool *more) {
    char piece[4096];
    for (int i = 0; i < PIECES; i++) {
        size_t n = 0;
        CURLcode code = curl_easy_recv(link->curl, piece, sizeof piece, &n);
        *more = code == CURLE_OK;
        if (code == CURLE_AGAIN) return CURLE_OK;
        if (code || !n) return code ? code : CURLE_GOT_NOTHING;
        for (size_t k = 0; k < n; k++)
            if (lp_irc_take(&link->reader, piece[k])) visit(context, link->reader.line);
    }
    return CURLE_OK;
}

lp_status lp_irc_link_turn(lp_irc_link *link, int timeout_ms, void (*visit)(void *context, char *line), void *context, lp_err *err) {
    bool more = false;
    CURLcode code = send_queue(link);
    if (!code) code = receive(link, visit, context, &more);
    if (link->full) return lp_fail(err, LP_FAILED, "the server takes nothing of what is sent");
    if (code)
        return lp_fail(err, LP_FAILED, "%s", code == CURLE_GOT_NOTHING ? "the server has ended the connection" : curl_easy_strerror(code));
    struct pollfd f = {.fd = link->socket, .events = (short)(POLLIN | (link->n_queued ? POLLOUT : 0))};
    if (!more) (void)poll(&f, 1, timeout_ms);
    return LP_OK;
}
