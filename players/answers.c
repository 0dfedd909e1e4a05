#include "players/answers.h"

#include "base/file.h"
#include "base/journal.h"

#include <cjson/cJSON.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lp_answers {
    const lp_game *game; /* borrowed */
    lp_journal *journal; /* at the next known answer */
    bool asks;           /* what comes has to be asked for, whatever is known */
};

/* The decision that a line is of; -1: it is none. */
static int64_t decision_of(const char *line) {
    long long decision;
    return sscanf(line, "{\"decision\":%lld,", &decision) == 1 && decision >= 0 ? decision : -1;
}

static bool is_answer(void *context, const char *line) {
    (void)context;
    return decision_of(line) >= 0;
}

lp_status lp_answers_open(lp_answers **out, const char *folder, const lp_game *game, int64_t from, lp_err *err) {
    char path[PATH_MAX];
    const char *line;
    lp_answers *a = *out = NULL;
    if (!(a = calloc(1, sizeof *a))) return lp_fail(err, LP_FAILED, "out of memory");
    a->game = game;
    lp_status status =
        lp_journal_open(&a->journal, lp_path_join(path, sizeof path, folder, "answers.jsonl"), "an answer", is_answer, NULL, err);
    while (!status && (line = lp_journal_line(a->journal)) && decision_of(line) < from) lp_journal_step(a->journal);
    if (status) lp_answers_close(a);
    else *out = a;
    return status;
}

void lp_answers_close(lp_answers *a) {
    if (!a) return;
    lp_journal_close(a->journal);
    free(a);
}

bool lp_answers_at(lp_answers *a, int64_t decision, lp_answer *answer) {
    const char *line = a->asks ? NULL : lp_journal_line(a->journal);
    a->asks = !line || decision_of(line) != decision || lp_answer_read(answer, a->game, line, NULL);
    if (!a->asks) lp_journal_step(a->journal);
    return !a->asks;
}

lp_status lp_answers_add(lp_answers *a, int64_t decision, const lp_answer *answer, lp_err *err) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "decision", (double)decision);
    cJSON_AddStringToObject(o, "action", lp_game_action_name(a->game, answer->action));
    cJSON_AddNumberToObject(o, "importance", answer->importance);
    if (*answer->text) cJSON_AddStringToObject(o, "text", answer->text);
    if (*answer->thought) cJSON_AddStringToObject(o, "thought", answer->thought);
    char *json = cJSON_PrintUnformatted(o);
    cJSON_Delete(o);
    lp_status status = json ? lp_journal_add(a->journal, json, err) : lp_fail(err, LP_FAILED, "out of memory");
    cJSON_free(json);
    return status;
}
