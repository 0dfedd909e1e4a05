/* longplay copy: a run as it was at its last checkpoint, copied while it may go on. */
#include "cli/cli.h"

#include "base/stop.h"
#include "harness/run.h"

#include <stdio.h>

int lp_cmd_copy(int argc, char **argv) {
    const char *folders[2] = {NULL, NULL};
    int n_folders = 0;
    bool json = false;
    const lp_option options[] = {{.name = "json", .help = "print one JSON object", .flag = &json}};
    const lp_usage usage = {
        .name = "copy",
        .arguments = "RUN DIR",
        .summary = "Copies a run into a new folder, as it was at its last checkpoint, also while it goes on. The copy is a run of its\n"
                   "own: resumed, it comes to the same end.",
        .example = "longplay copy runs/first backup/first",
        .options = options,
        .n_options = 1,
        .min_positional = 2,
        .max_positional = 2,
        .positional = folders,
        .n_positional = &n_folders};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    lp_run_totals t;
    lp_stop_catch();
    lp_status status = lp_run_copy(folders[0], folders[1], &t, &err);
    if (status) {
        code = lp_report(status, &err);
        return lp_stop_asked() ? 128 + lp_stop_asked() : code;
    }
    if (json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "run", folders[0]);
        cJSON_AddStringToObject(o, "copy", folders[1]);
        cJSON_AddNumberToObject(o, "episodes", (double)t.episodes);
        cJSON_AddNumberToObject(o, "decisions", (double)t.decisions);
        return lp_print_json(o);
    }
    printf("%s: a copy of %s after %lld decisions, in episode %lld\n", folders[1], folders[0], (long long)t.decisions,
           (long long)t.episodes + 1);
    return 0;
}
