/* longplay memory: looks into the memory of a run. */
#include "cli/cli.h"

#include "base/file.h"
#include "memory/store.h"

#include <limits.h>
#include <stdio.h>

int lp_cmd_memory(int argc, char **argv) {
    const char *run = NULL;
    int n_run = 0;
    bool json = false;
    const lp_option options[] = {{.name = "json", .help = "print one JSON object", .flag = &json}};
    const lp_usage usage = {.name = "memory", .arguments = "RUN", .summary = "Checks the database of a run.",
                            .example = "longplay memory runs/cue", .options = options, .n_options = 1, .min_positional = 1,
                            .max_positional = 1, .positional = &run, .n_positional = &n_run};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    lp_store *store = NULL;
    char path[PATH_MAX];
    lp_status status = lp_store_open_reader(&store, lp_path_join(path, sizeof path, run, "run.db"), &err);
    if (!status) status = lp_store_check(store, &err);
    lp_store_close(store);
    if (status) return lp_report(status, &err);
    if (!json) {
        printf("%s is sound\n", path);
        return 0;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddBoolToObject(o, "sound", true);
    return lp_print_json(o);
}
