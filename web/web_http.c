/* Requests and their answers, by libmicrohttpd, all on the server's thread. A connection is for one request: what it has not sent, or not
 * taken, when it is due ends it. */
#include "web/web_parts.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define REQUEST_S 10 /* for a request to come */
#define ANSWER_S 30  /* for an answer to go */
#define THINK_S 120  /* for what takes long to be known */
enum {
    CONNECTION_BYTES = 16 << 10, /* a request's line and headers fit in less, or are refused */
    SEND_BYTES = 64 << 10,       /* that the system keeps for who is slow: what it shows then is not old */
};

/* ---- connections ---- */

static void on_connection(void *context, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode what) {
    lp_web *web = context;
    lp_web_peer *peer = *socket_context;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){SEND_BYTES}, sizeof(int));
        *socket_context = peer = calloc(1, sizeof *peer);
        if (!peer) {
            shutdown(fd, SHUT_RDWR);
            return;
        }
        *peer = (lp_web_peer){.next = web->peers, .link = &web->peers, .fd = fd, .due_s = lp_now_s() + REQUEST_S};
        if (peer->next) peer->next->link = &peer->next;
        web->peers = peer;
    } else if (peer) {
        *peer->link = peer->next;
        if (peer->next) peer->next->link = peer->link;
        free(peer);
        *socket_context = NULL;
    }
}

void lp_web_sweep(lp_web *web, double now) {
    for (lp_web_peer *peer = web->peers; peer; peer = peer->next)
        if (now > peer->due_s) { /* the library sees its end, and closes it; what was not taken is forgotten */
            setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &(struct linger){1, 0}, sizeof(struct linger));
            shutdown(peer->fd, SHUT_RDWR);
        }
}

/* ---- answers ---- */

typedef struct {
    struct MHD_Response *response; /* NULL: no memory */
    unsigned code;
} answer;

static answer copied(unsigned code, const char *type, const void *data, size_t size) {
    answer a = {MHD_create_response_from_buffer(size, (void *)data, MHD_RESPMEM_MUST_COPY), code};
    if (a.response) MHD_add_response_header(a.response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    return a;
}

/* Deletes object. */
static answer json(unsigned code, cJSON *object) {
    char *text = object ? cJSON_PrintUnformatted(object) : NULL;
    answer a = text ? copied(code, "application/json", text, strlen(text)) : (answer){NULL, code};
    free(text);
    cJSON_Delete(object);
    return a;
}

static answer refusal(unsigned code, const char *why) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "error", why);
    return json(code, o);
}

static answer page(const lp_web_file *file, const char *type) {
    answer a = {MHD_create_response_from_buffer(file->size_bytes, (void *)file->data, MHD_RESPMEM_PERSISTENT), MHD_HTTP_OK};
    if (a.response) MHD_add_response_header(a.response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    return a;
}

static answer panels(lp_web *web, const char *name) {
    lp_web_take(web);
    cJSON *all = lp_web_panels(&web->front->view);
    if (!*name) return json(MHD_HTTP_OK, all);
    cJSON *one = cJSON_DetachItemFromObjectCaseSensitive(all, name);
    cJSON_Delete(all);
    return one ? json(MHD_HTTP_OK, one) : refusal(MHD_HTTP_NOT_FOUND, "no such panel");
}

static answer picture(lp_web *web) {
    bool is_new;
    lp_web_take(web);
    if (!lp_web_picture(web, &is_new)) return refusal(MHD_HTTP_NOT_FOUND, "no picture yet");
    return copied(MHD_HTTP_OK, "image/png", web->png, web->png_bytes);
}

static const char *parameter(struct MHD_Connection *connection, const char *name) {
    return MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, name);
}

static answer follow(lp_web *web, struct MHD_Connection *connection, lp_web_peer *peer) {
    const char *pictures = parameter(connection, "pictures");
    answer a = {lp_web_follow(web, connection, peer, !pictures || strcmp(pictures, "0") != 0), MHD_HTTP_OK};
    if (a.response) MHD_add_response_header(a.response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
    return a;
}

static answer route(lp_web *web, struct MHD_Connection *connection, lp_web_peer *peer, const char *path) {
    if (!strcmp(path, "/")) return page(&lp_web_page_html, "text/html; charset=utf-8");
    if (!strcmp(path, "/page.css")) return page(&lp_web_page_css, "text/css; charset=utf-8");
    if (!strcmp(path, "/browse.js")) return page(&lp_web_browse_js, "text/javascript; charset=utf-8");
    if (!strcmp(path, "/page.js")) return page(&lp_web_page_js, "text/javascript; charset=utf-8");
    if (!strcmp(path, "/live")) return follow(web, connection, peer);
    if (!strcmp(path, "/picture.png")) return picture(web);
    if (!strcmp(path, "/api/panels")) return panels(web, "");
    if (!strncmp(path, "/api/panels/", 12)) return panels(web, path + 12);
    return refusal(MHD_HTTP_NOT_FOUND, "nothing is there");
}

/* ---- what a desk is asked ---- */

/* A whole number of at least 0; missing: as given. */
static bool read_number(struct MHD_Connection *connection, const char *name, int64_t *out) {
    const char *text = parameter(connection, name);
    if (!text) return true;
    *out = strtoll(text, NULL, 10);
    return *text && strlen(text) < 17 && strspn(text, "0123456789") == strlen(text);
}

static bool read_text(struct MHD_Connection *connection, const char *name, char out[], size_t size) {
    const char *text = parameter(connection, name);
    if (text && strlen(text) < size) memcpy(out, text, strlen(text) + 1);
    return !text || strlen(text) < size;
}

/* Whether path is for a desk; q then has the question, unless *wrong says what is wrong with it. */
static bool read_question(struct MHD_Connection *connection, const char *path, lp_web_question *q, const char **wrong) {
    static const struct {
        const char *path, *text;
        bool wanted; /* text must be there */
    } questions[] = {
        [LP_WEB_TREE] = {"/api/tree", "id", false},       [LP_WEB_ITEM] = {"/api/item", "id", true},
        [LP_WEB_SEARCH] = {"/api/search", "words", true}, [LP_WEB_PAST] = {"/api/past", "", false},
        [LP_WEB_MOMENT] = {"/api/moment.png", "", false},
    };
    int i = 0;
    while (i <= LP_WEB_MOMENT && strcmp(questions[i].path, path) != 0) i++;
    if (i > LP_WEB_MOMENT) return false;
    q->what = (lp_web_what)i;
    q->number = q->what == LP_WEB_TREE ? 0 : -1;
    q->episode = -1;
    const char *number = q->what == LP_WEB_TREE ? "episode" : "decision";
    if (!read_number(connection, number, &q->number) || !read_number(connection, "episode", &q->episode) ||
        (q->what == LP_WEB_MOMENT && (q->number < 0 || q->episode < 0)))
        *wrong = q->what == LP_WEB_MOMENT ? "wants decision=N&episode=N" : "episode must be a number";
    if (!read_text(connection, questions[i].text, q->text, sizeof q->text) || (questions[i].wanted && !*q->text))
        *wrong = q->what == LP_WEB_SEARCH ? "wants words=..., of fewer than 512 bytes" : "wants id=..., as e3s120 or e3L2.5";
    return true;
}

/* Asks, and puts the connection to sleep; the request comes up again when there is an answer. An answer at once: it could not be asked. */
static answer ask(lp_web *web, struct MHD_Connection *connection, lp_web_peer *peer, const lp_web_question *q, void **request) {
    if (!web->run) return refusal(MHD_HTTP_NOT_FOUND, "this run is not recorded (--run DIR does it)");
    lp_web_ask *a = calloc(1, sizeof *a);
    if (!a) return (answer){NULL, 0};
    *a = (lp_web_ask){.next = web->asks, .link = &web->asks, .connection = connection, .question = *q};
    a->question.run = web->run;
    a->question.game = web->game;
    a->question.closing = &web->closing;
    if (!lp_web_desk_ask(q->what == LP_WEB_MOMENT ? &web->moments : &web->memory, a)) {
        free(a);
        return refusal(MHD_HTTP_SERVICE_UNAVAILABLE, "too many ask at once");
    }
    if (a->next) a->next->link = &a->next;
    web->asks = a;
    *request = a;
    a->asleep = true;
    peer->due_s = lp_now_s() + THINK_S;
    MHD_suspend_connection(connection);
    return (answer){NULL, 0};
}

static answer answered(const lp_web_ask *a) {
    if (!a->data) return refusal(a->code, a->why.message);
    return copied(a->code, a->question.what == LP_WEB_MOMENT ? "image/png" : "application/json", a->data, a->size_bytes);
}

void lp_web_resume(lp_web *web, bool all) {
    for (lp_web_ask *a = web->asks; a; a = a->next) {
        if (!a->asleep || (!all && !atomic_load(&a->done))) continue;
        a->asleep = false;
        MHD_resume_connection(a->connection);
    }
}

static void on_completed(void *context, struct MHD_Connection *connection, void **request, enum MHD_RequestTerminationCode how) {
    lp_web_ask *a = *request;
    (void)context, (void)connection, (void)how;
    if (!a) return;
    *a->link = a->next;
    if (a->next) a->next->link = a->link;
    free(a->data);
    free(a);
    *request = NULL;
}

/* ---- requests ---- */

static bool knows_password(const lp_web *web, struct MHD_Connection *connection) {
    char *password = NULL, *user = MHD_basic_auth_get_username_password(connection, &password);
    bool knows = password && lp_web_same(web->password, password);
    MHD_free(password);
    MHD_free(user);
    return knows;
}

static void add_headers(struct MHD_Response *response) {
    static const char *const headers[][2] = {
        {MHD_HTTP_HEADER_CONNECTION, "close"},
        {MHD_HTTP_HEADER_CACHE_CONTROL, "no-store"},
        {"X-Content-Type-Options", "nosniff"},
        {"Referrer-Policy", "no-referrer"},
        {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
                                    "base-uri 'none'; form-action 'none'"},
    };
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) MHD_add_response_header(response, headers[i][0], headers[i][1]);
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path, const char *method,
                                  const char *version, const char *body, size_t *body_bytes, void **request) {
    lp_web *web = context;
    lp_web_peer *peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    lp_web_question question = {.text = ""};
    const char *wrong = NULL;
    (void)version, (void)body, (void)body_bytes;
    if (!peer) return MHD_NO;
    peer->due_s = lp_now_s() + ANSWER_S;
    bool stranger = !*request && web->password && !knows_password(web, connection);
    answer a;
    if (*request) a = answered(*request);
    else if (!web->password && !lp_web_own_host(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_HOST)))
        a = refusal(MHD_HTTP_FORBIDDEN, "the Host header must be localhost or an IP address (with --web-password any)");
    else if (stranger) a = refusal(MHD_HTTP_UNAUTHORIZED, "a password is wanted; any user name");
    else if (strcmp(method, MHD_HTTP_METHOD_GET) != 0) a = refusal(MHD_HTTP_METHOD_NOT_ALLOWED, "this server only shows: GET");
    else if (!read_question(connection, path, &question, &wrong)) a = route(web, connection, peer, path);
    else if (wrong) a = refusal(MHD_HTTP_BAD_REQUEST, wrong);
    else a = ask(web, connection, peer, &question, request);
    if (!a.response) return *request ? MHD_YES : MHD_NO;
    add_headers(a.response);
    enum MHD_Result queued = stranger ? MHD_queue_basic_auth_fail_response(connection, "Longplay", a.response)
                                      : MHD_queue_response(connection, a.code, a.response);
    MHD_destroy_response(a.response);
    return queued;
}

lp_status lp_web_start(lp_web *web, lp_err *err) {
    web->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, web, MHD_OPTION_LISTEN_SOCKET,
                                   web->fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)LP_WEB_CONNECTIONS, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                   (size_t)CONNECTION_BYTES, MHD_OPTION_NOTIFY_CONNECTION, on_connection, web, MHD_OPTION_NOTIFY_COMPLETED,
                                   on_completed, web, MHD_OPTION_END);
    return web->daemon ? LP_OK : lp_fail(err, LP_FAILED, "--web: the server does not start");
}
