/* What the tests of longplay stream share: its player, as run.json of root/run tells. */
#ifndef LP_TESTS_STREAM_SUPPORT_H
#define LP_TESTS_STREAM_SUPPORT_H

#include "tests/run_support.h"

#include <cjson/cJSON.h>

static inline double number_in_json(const char *name) {
    lp_blob blob = {0};
    double value = -1;
    if (lp_file_read(&blob, at("run/run.json"), 1 << 16, NULL)) return value;
    cJSON *o = cJSON_Parse((const char *)blob.data);
    if (cJSON_IsNumber(cJSON_GetObjectItem(o, name))) value = cJSON_GetObjectItem(o, name)->valuedouble;
    cJSON_Delete(o);
    lp_blob_free(&blob);
    return value;
}

/* The player's number, once another than before tells that it plays; 0: the stream ended first. */
static inline pid_t next_player(pid_t before, pid_t stream) {
    for (int i = 0; i < 60000; i++, usleep(2000)) {
        siginfo_t ended = {0};
        pid_t pid = (pid_t)number_in_json("pid");
        if (pid > 0 && pid != before) return pid;
        if (!waitid(P_PID, (id_t)stream, &ended, WEXITED | WNOHANG | WNOWAIT) && ended.si_pid == stream) return 0;
    }
    fail_msg("no player");
    return 0;
}

#endif
