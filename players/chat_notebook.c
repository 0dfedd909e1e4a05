#include "players/chat_notebook.h"

#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Does what a line says. *later: it is of that moment, or one behind it. False: it is no reply. */
static bool take(lp_chat_notebook *book, const char *text, int64_t episode, int64_t step, bool *later) {
    cJSON *line = cJSON_Parse(text);
    const cJSON *e = cJSON_GetObjectItem(line, "episode"), *s = cJSON_GetObjectItem(line, "step");
    const bool good = cJSON_IsNumber(e) && cJSON_IsNumber(s);
    *later = good && (e->valuedouble > (double)episode || (e->valuedouble == (double)episode && s->valuedouble >= (double)step));
    if (good && !*later && !cJSON_GetObjectItem(line, "summary"))
        lp_chat_note(book, cJSON_GetObjectItem(line, "message"), cJSON_GetObjectItem(line, "results"));
    cJSON_Delete(line);
    return good;
}

lp_status lp_chat_notebook_read(lp_chat_notebook *out, const char *folder, int64_t episode, int64_t step, lp_err *err) {
    char path[PATH_MAX], *text = NULL;
    size_t room = 0;
    ssize_t n;
    bool later = false;
    lp_status status = LP_OK;
    memset(out, 0, sizeof *out);
    FILE *f = fopen(lp_path_join(path, sizeof path, folder, "chat.jsonl"), "re");
    if (!f) return errno == ENOENT ? LP_OK : lp_fail(err, LP_BAD_INPUT, "%s: cannot be read: %s", path, strerror(errno));
    for (long long line = 1; !later && !status && (n = getline(&text, &room, f)) > 0 && text[n - 1] == '\n';
         line++) /* a last one may still come */
        if (!take(out, text, episode, step, &later)) status = lp_fail(err, LP_BAD_INPUT, "%s:%lld: not a reply", path, line);
    if (!status && ferror(f)) status = lp_fail(err, LP_FAILED, "%s: cannot be read: %s", path, strerror(errno));
    free(text);
    fclose(f);
    return status;
}
