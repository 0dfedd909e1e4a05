#include "players/chat_log.h"

#include "base/file.h"
#include "base/journal.h"

#include <limits.h>
#include <stdlib.h>

struct lp_chat_log {
    lp_journal *journal;
    cJSON *next; /* owned; the journal's line, parsed; NULL: not yet */
    void (*see)(void *context, const cJSON *line);
    void *context;
};

static int64_t number_of(const cJSON *line, const char *key) {
    const cJSON *n = cJSON_GetObjectItem(line, key);
    return cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble < 1e15 ? (int64_t)n->valuedouble : -1;
}

static bool is_reply(const cJSON *line) {
    return number_of(line, "episode") >= 0 && number_of(line, "step") >= 0 && cJSON_IsString(cJSON_GetObjectItem(line, "question")) &&
           (number_of(line, "left_out") > 0 || cJSON_IsObject(cJSON_GetObjectItem(line, "message")) ||
            cJSON_IsString(cJSON_GetObjectItem(line, "gave_up")));
}

static bool see(void *context, const char *text) {
    const lp_chat_log *log = context;
    cJSON *line = cJSON_Parse(text);
    const bool good = is_reply(line);
    if (good) log->see(log->context, line);
    cJSON_Delete(line);
    return good;
}

lp_status lp_chat_log_open(lp_chat_log **out, const char *folder, void (*each)(void *context, const cJSON *line), void *context,
                           lp_err *err) {
    char path[PATH_MAX];
    lp_chat_log *log = *out = NULL;
    if (!(log = calloc(1, sizeof *log))) return lp_fail(err, LP_FAILED, "out of memory");
    log->see = each;
    log->context = context;
    lp_status status = lp_journal_open(&log->journal, lp_path_join(path, sizeof path, folder, "chat.jsonl"), "a reply", see, log, err);
    if (status) lp_chat_log_close(log);
    else *out = log;
    return status;
}

void lp_chat_log_close(lp_chat_log *log) {
    if (!log) return;
    lp_journal_close(log->journal);
    cJSON_Delete(log->next);
    free(log);
}

cJSON *lp_chat_log_next(lp_chat_log *log, int64_t episode, int64_t step) {
    if (!log->next && lp_journal_line(log->journal)) {
        log->next = cJSON_Parse(lp_journal_line(log->journal));
        lp_journal_step(log->journal);
    }
    if (!log->next) return NULL;
    const int64_t e = number_of(log->next, "episode"), s = number_of(log->next, "step");
    if (e > episode || (e == episode && s > step)) return NULL;
    cJSON *line = log->next;
    log->next = NULL;
    return line;
}

lp_status lp_chat_log_add(lp_chat_log *log, const cJSON *line, lp_err *err) {
    char *json = cJSON_PrintUnformatted(line);
    lp_status status = json ? lp_journal_add(log->journal, json, err) : lp_fail(err, LP_FAILED, "out of memory");
    cJSON_free(json);
    return status;
}
