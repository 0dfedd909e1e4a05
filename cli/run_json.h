/* run.json: what goes on in a run, for other programs, as the window shows it. It lies beside the run's files and is replaced whole once a
 * second; nothing depends on it. docs/formats.md has the fields. One thread.
 *
 *     lp_run_json_open(&json, "runs/tuesday");
 *     if (lp_run_json_due(&json)) lp_run_json_write(&json, &view, "playing");
 */
#ifndef LP_CLI_RUN_JSON_H
#define LP_CLI_RUN_JSON_H

#include "irc/irc.h"
#include "view/viewer.h"

#include <limits.h>

typedef struct {
    char path[PATH_MAX]; /* "": not written */
    double written_s;
} lp_run_json;

void lp_run_json_open(lp_run_json *j, const char *folder); /* NULL: never written */
bool lp_run_json_due(const lp_run_json *j);
/* chat: NULL: there is none. state: "playing", "paused", "ended". What cannot be written is not worth a word: the next second brings another. */
void lp_run_json_write(lp_run_json *j, const lp_view *view, const lp_irc_state *chat, const char *state);

#endif
