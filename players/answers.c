#include "players/answers.h"

#include "base/file.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct lp_answers {
    const lp_game *game; /* borrowed */
    char path[PATH_MAX];
    int fd;     /* to append to */
    FILE *read; /* at the next known answer; NULL: there is none left */
    char *line; /* owned, for getline */
    size_t room;
};

/* The decision that a line is of; -1: it is none. */
static int64_t decision_of(const char *line) {
    long long decision;
    return sscanf(line, "{\"decision\":%lld,", &decision) == 1 && decision >= 0 ? decision : -1;
}

/* Stands at the first of decision `from` or later; takes a cut last line away. */
static lp_status find(lp_answers *a, int64_t from, lp_err *err) {
    off_t whole = 0, start = -1;
    ssize_t n;
    for (int number = 1; (n = getline(&a->line, &a->room, a->read)) > 0 && a->line[n - 1] == '\n'; number++, whole += n) {
        const int64_t decision = decision_of(a->line);
        if (decision < 0) return lp_fail(err, LP_BAD_INPUT, "%s:%d: not an answer", a->path, number);
        if (start < 0 && decision >= from) start = whole;
    }
    if (n > 0 && ftruncate(a->fd, whole)) return lp_fail(err, LP_FAILED, "%s: cannot write: %s", a->path, strerror(errno));
    if (fseeko(a->read, start < 0 ? whole : start, SEEK_SET)) return lp_fail(err, LP_FAILED, "%s: %s", a->path, strerror(errno));
    return LP_OK;
}

lp_status lp_answers_open(lp_answers **out, const char *folder, const lp_game *game, int64_t from, lp_err *err) {
    lp_answers *a = *out = NULL;
    if (!(a = calloc(1, sizeof *a))) return lp_fail(err, LP_FAILED, "out of memory");
    a->game = game;
    lp_path_join(a->path, sizeof a->path, folder, "answers.jsonl");
    a->fd = open(a->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    a->read = a->fd < 0 ? NULL : fopen(a->path, "re");
    lp_status status = LP_OK;
    if (!a->read) status = lp_fail(err, lp_errno_status(errno), "%s: cannot write: %s", a->path, strerror(errno));
    if (!status) status = find(a, from, err);
    if (status) lp_answers_close(a);
    else *out = a;
    return status;
}

void lp_answers_close(lp_answers *a) {
    if (!a) return;
    if (a->fd >= 0) close(a->fd);
    if (a->read) fclose(a->read);
    free(a->line);
    free(a);
}

bool lp_answers_at(lp_answers *a, int64_t decision, lp_answer *answer) {
    if (!a->read) return false;
    ssize_t n = getline(&a->line, &a->room, a->read);
    const bool known = n > 0 && decision_of(a->line) == decision;
    if (known && !lp_answer_read(answer, a->game, a->line, NULL)) return true;
    fclose(a->read); /* what comes after has to be asked for */
    a->read = NULL;
    return false;
}

lp_status lp_answers_add(lp_answers *a, int64_t decision, const lp_answer *answer, lp_err *err) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "decision", (double)decision);
    cJSON_AddStringToObject(o, "action", lp_game_action_name(a->game, answer->action));
    cJSON_AddNumberToObject(o, "importance", answer->importance);
    if (*answer->text) cJSON_AddStringToObject(o, "text", answer->text);
    if (*answer->thought) cJSON_AddStringToObject(o, "thought", answer->thought);
    char *json = cJSON_PrintUnformatted(o), *line = NULL;
    cJSON_Delete(o);
    int n = json ? asprintf(&line, "%s\n", json) : -1;
    cJSON_free(json);
    if (n < 0) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = lp_write_all(a->fd, line, (size_t)n, a->path, err);
    free(line);
    return status;
}
