/* What the tests of chat models share: an endpoint of our own (chat_server.py), and set-ups that ask it. */
#ifndef LP_TESTS_CHAT_SUPPORT_H
#define LP_TESTS_CHAT_SUPPORT_H

#include "tests/cli_support.h"

#include <cjson/cJSON.h>

static pid_t server;
static char url[64];

static inline int start_server(void) {
    unlink(at("port"));
    server = fork();
    if (!server) {
        execlp("python3", "python3", LP_SOURCE_DIR "/tests/chat_server.py", root, (char *)NULL);
        _exit(127);
    }
    for (int i = 0; i < 6000 && !lp_file_exists(at("port")); i++) usleep(10000);
    lp_blob port;
    if (lp_file_read(&port, at("port"), 16, NULL)) return -1;
    snprintf(url, sizeof url, "http://127.0.0.1:%s/v1", (char *)port.data);
    lp_blob_free(&port);
    return 0;
}

static inline void stop_server(void) {
    kill(server, SIGKILL);
    waitpid(server, NULL, 0);
}

static inline int setup(void **state) { return make_root(state) || start_server() ? -1 : 0; }

static inline int teardown(void **state) {
    stop_server();
    return remove_root(state);
}

static inline void put_text(const char *name, const char *text) { put(at(name), text, strlen(text)); }

/* root/NAME.ini: asks for that model; more: further lines. */
static inline void put_setup(const char *name, const char *model, const char *more) {
    char text[1024], file[64];
    snprintf(text, sizeof text, "[chat]\nurl = %s\nmodel = %s\npause_s = 0.01\n%s", url, model, more);
    snprintf(file, sizeof file, "%s.ini", name);
    put_text(file, text);
}

static inline cJSON *json_of(result r) {
    if (r.code) fail_msg("exit %d: %s", r.code, r.err);
    cJSON *o = cJSON_Parse(r.out);
    assert_non_null(o);
    return o;
}

static inline int number(const cJSON *o, const char *key) {
    const cJSON *n = cJSON_GetObjectItem(o, key);
    if (!cJSON_IsNumber(n)) fail_msg("no %s", key);
    return n->valueint;
}

static inline int64_t bytes_of(const char *name) {
    struct stat s;
    return stat(at(name), &s) ? 0 : (int64_t)s.st_size;
}

static inline char *text_of(const char *name) {
    lp_blob file;
    lp_err err;
    if (lp_file_read(&file, at(name), 1 << 30, &err)) fail_msg("%s", err.message);
    return (char *)file.data; /* a 0 follows it */
}

/* Of an evaluation of one game. */
static inline int wins_of(const char *arguments) {
    cJSON *o = json_of(run_with(NULL, arguments));
    const int wins = number(cJSON_GetArrayItem(cJSON_GetObjectItem(o, "games"), 0), "wins");
    cJSON_Delete(o);
    return wins;
}

static inline int count(const char *text, const char *what) {
    int n = 0;
    while ((text = strstr(text, what))) n++, text++;
    return n;
}

#endif
