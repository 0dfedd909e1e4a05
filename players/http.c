#include "players/http.h"

#include "base/log.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lp_http {
    CURL *easy;                 /* owned */
    CURLM *multi;               /* owned */
    struct curl_slist *headers; /* owned */
    bool on_its_way, too_much;
    char *body; /* owned; [room], `used` of it and a 0 behind */
    size_t room, used;
    char error[CURL_ERROR_SIZE];
};

static size_t take(const char *data, size_t one, size_t n, void *context) {
    (void)one;
    lp_http *h = context;
    if (h->used + n > LP_HTTP_MAX_BODY) return h->too_much = true, 0;
    if (h->used + n + 1 > h->room) {
        char *larger = realloc(h->body, 2 * (h->used + n + 1));
        if (!larger) return 0;
        h->body = larger;
        h->room = 2 * (h->used + n + 1);
    }
    memcpy(h->body + h->used, data, n);
    h->body[h->used += n] = 0;
    return n;
}

static bool add_header(lp_http *h, const char *line) {
    struct curl_slist *longer = curl_slist_append(h->headers, line);
    if (longer) h->headers = longer;
    return longer != NULL;
}

static bool add_key(lp_http *h, const char *key) {
    char *line = NULL;
    const bool added = asprintf(&line, "Authorization: Bearer %s", key) > 0 && add_header(h, line);
    free(line);
    return added;
}

lp_status lp_http_open(lp_http **out, const char *url, const char *key, int timeout_s, lp_err *err) {
    lp_http *h = *out = calloc(1, sizeof *h);
    const bool opened = h && !curl_global_init(CURL_GLOBAL_DEFAULT) && (h->body = calloc(1, 1)) && (h->easy = curl_easy_init()) &&
                        (h->multi = curl_multi_init()) && add_header(h, "Content-Type: application/json") && (!key || add_key(h, key));
    if (!opened) {
        lp_http_close(h);
        *out = NULL;
        return lp_fail(err, LP_FAILED, "%s: out of memory", url);
    }
    h->room = 1;
    curl_easy_setopt(h->easy, CURLOPT_URL, url);
    curl_easy_setopt(h->easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, h->headers);
    curl_easy_setopt(h->easy, CURLOPT_TIMEOUT, (long)timeout_s);
    curl_easy_setopt(h->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(h->easy, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(h->easy, CURLOPT_WRITEDATA, h);
    curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, h->error);
    return LP_OK;
}

static void give_up(lp_http *h) {
    if (h->on_its_way) curl_multi_remove_handle(h->multi, h->easy);
    h->on_its_way = false;
}

void lp_http_close(lp_http *h) {
    if (!h) return;
    give_up(h);
    if (h->easy) curl_easy_cleanup(h->easy);
    if (h->multi) curl_multi_cleanup(h->multi);
    curl_slist_free_all(h->headers);
    free(h->body);
    free(h);
}

lp_status lp_http_post(lp_http *h, const char *json, lp_err *err) {
    give_up(h);
    h->body[h->used = 0] = h->error[0] = 0;
    h->too_much = false;
    if (curl_easy_setopt(h->easy, CURLOPT_COPYPOSTFIELDS, json) || curl_multi_add_handle(h->multi, h->easy))
        return lp_fail(err, LP_FAILED, "out of memory for a request of %zu bytes", strlen(json));
    h->on_its_way = true;
    return LP_OK;
}

static void end(lp_http *h, CURLcode result, lp_http_reply *reply) {
    long code = 0;
    curl_off_t wait_s = 0;
    curl_easy_getinfo(h->easy, CURLINFO_RESPONSE_CODE, &code);
    curl_easy_getinfo(h->easy, CURLINFO_RETRY_AFTER, &wait_s);
    give_up(h);
    *reply =
        (lp_http_reply){.done = true, .code = result ? 0 : (int)code, .body = h->body, .size = h->used, .retry_after_s = (double)wait_s};
    if (h->too_much) snprintf(reply->why, sizeof reply->why, "answers with more than %d bytes", LP_HTTP_MAX_BODY);
    else if (result) snprintf(reply->why, sizeof reply->why, "%s", *h->error ? h->error : curl_easy_strerror(result));
}

void lp_http_look(lp_http *h, int timeout_ms, lp_http_reply *reply) {
    const double until = lp_now_s() + timeout_ms / 1000.0;
    *reply = (lp_http_reply){0};
    for (bool first = true; h->on_its_way; first = false) {
        int running, left;
        curl_multi_perform(h->multi, &running);
        const CURLMsg *message = curl_multi_info_read(h->multi, &left);
        if (message && message->msg == CURLMSG_DONE) {
            end(h, message->data.result, reply);
            return;
        }
        const double left_s = until - lp_now_s();
        *reply = (lp_http_reply){.body = h->body, .size = h->used};
        if (left_s <= 0 && !first) return;
        curl_multi_poll(h->multi, NULL, 0, left_s > 0 ? (int)(left_s * 1000) + 1 : 0, NULL);
    }
}
