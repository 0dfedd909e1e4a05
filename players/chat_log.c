#include "players/chat_log.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lp_chat_log {
    char path[PATH_MAX];
    int fd;      /* to append to */
    FILE *read;  /* what was there; NULL: all of it is read */
    cJSON *next; /* owned; read and not yet given out */
    char *line;  /* owned, for getline */
    size_t room;
};

static int64_t number_of(const cJSON *line, const char *key) {
    const cJSON *n = cJSON_GetObjectItem(line, key);
    return cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble < 1e15 ? (int64_t)n->valuedouble : -1;
}

static bool is_reply(const cJSON *line) {
    return number_of(line, "episode") >= 0 && number_of(line, "step") >= 0 && cJSON_IsString(cJSON_GetObjectItem(line, "question")) &&
           (cJSON_IsObject(cJSON_GetObjectItem(line, "message")) || cJSON_IsString(cJSON_GetObjectItem(line, "gave_up")));
}

static lp_status look_through(lp_chat_log *log, void (*see)(void *, const cJSON *), void *context, lp_err *err) {
    off_t whole = 0;
    ssize_t n;
    for (int number = 1; (n = getline(&log->line, &log->room, log->read)) > 0 && log->line[n - 1] == '\n'; number++, whole += n) {
        cJSON *line = cJSON_Parse(log->line);
        const bool good = is_reply(line);
        if (good) see(context, line);
        cJSON_Delete(line);
        if (!good) return lp_fail(err, LP_BAD_INPUT, "%s:%d: not a reply", log->path, number);
    }
    if (n > 0 && ftruncate(log->fd, whole)) return lp_fail(err, LP_FAILED, "%s: cannot write: %s", log->path, strerror(errno));
    rewind(log->read);
    return LP_OK;
}

lp_status lp_chat_log_open(lp_chat_log **out, const char *folder, void (*see)(void *context, const cJSON *line), void *context,
                           lp_err *err) {
    lp_chat_log *log = *out = NULL;
    if (!(log = calloc(1, sizeof *log))) return lp_fail(err, LP_FAILED, "out of memory");
    lp_path_join(log->path, sizeof log->path, folder, "chat.jsonl");
    log->fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    log->read = log->fd < 0 ? NULL : fopen(log->path, "re");
    lp_status status = LP_OK;
    if (!log->read) status = lp_fail(err, lp_errno_status(errno), "%s: cannot write: %s", log->path, strerror(errno));
    if (!status) status = look_through(log, see, context, err);
    if (status) lp_chat_log_close(log);
    else *out = log;
    return status;
}

void lp_chat_log_close(lp_chat_log *log) {
    if (!log) return;
    if (log->fd >= 0) close(log->fd);
    if (log->read) fclose(log->read);
    cJSON_Delete(log->next);
    free(log->line);
    free(log);
}

cJSON *lp_chat_log_next(lp_chat_log *log, int64_t episode, int64_t step) {
    if (!log->next && log->read) {
        if (getline(&log->line, &log->room, log->read) > 0) log->next = cJSON_Parse(log->line);
        if (!log->next) fclose(log->read), log->read = NULL;
    }
    if (!log->next) return NULL;
    const int64_t e = number_of(log->next, "episode"), s = number_of(log->next, "step");
    if (e > episode || (e == episode && s > step)) return NULL;
    cJSON *line = log->next;
    log->next = NULL;
    return line;
}

lp_status lp_chat_log_add(lp_chat_log *log, const cJSON *line, lp_err *err) {
    char *json = cJSON_PrintUnformatted(line), *text = NULL;
    const int n = json ? asprintf(&text, "%s\n", json) : -1;
    cJSON_free(json);
    if (n < 0) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = lp_write_all(log->fd, text, (size_t)n, log->path, err);
    free(text);
    return status;
}
