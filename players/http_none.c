/* What stands in for http.c where Longplay is built without libcurl (-DLP_CHAT=OFF): a chat model is refused. */
#include "players/http.h"

#include "base/contract.h"

lp_status lp_http_open(lp_http **out, const char *url, const char *key, int timeout_s, lp_err *err) {
    (void)key, (void)timeout_s;
    *out = NULL;
    return lp_fail(err, LP_BAD_INPUT, "%s: this longplay was built without libcurl (LP_CHAT=OFF): it asks no chat model", url);
}

void lp_http_close(lp_http *http) { LP_CHECK(!http); /* none can be had */ }

lp_status lp_http_post(lp_http *http, const char *json, lp_err *err) {
    (void)json, (void)err;
    LP_CHECK(http);
    return LP_OK;
}

void lp_http_look(lp_http *http, int timeout_ms, lp_http_reply *reply) {
    (void)timeout_ms, (void)reply;
    LP_CHECK(http);
}
