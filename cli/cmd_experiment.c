/* longplay experiment: a matrix of trainings and evaluations, all of it in one database. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/stop.h"
#include "experiment/supervise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    const char *file, *out, *csv, *device;
    int n_file;
    int64_t jobs, threads;
    bool json;
} arguments;

/* ---- what is printed ---- */

static const char results[] =
    "SELECT game, variant, memory, replace(replace(replace(trim(knobs, '{}'), '\"', ''), ':', '='), ',', ' '), seeds, episodes, wins,"
    " mean, lowest, highest FROM results";

static void print_row(void *context, int n, const char *const *c) {
    bool *first = context;
    (void)n;
    if (*first) printf("%-10s %-16s %5s %8s %6s %15s  %s\n", "game", "memory", "seeds", "episodes", "won", "worst and best", "what");
    *first = false;
    printf("%-10s %-16s %5s %8s %4.1f %% %5.1f to %5.1f %%  %s%s%s\n", c[0], c[2], c[4], c[5], 100 * atof(c[7]), 100 * atof(c[8]),
           100 * atof(c[9]), c[1], *c[1] && *c[3] ? ", " : "", c[3]);
}

static void add_row(void *context, int n, const char *const *c) {
    static const char *const names[] = {"game", "variant", "memory", "knobs", "seeds", "episodes", "wins", "mean", "lowest", "highest"};
    cJSON *o = cJSON_CreateObject();
    for (int i = 0; i < n; i++) {
        if (i < 4) cJSON_AddStringToObject(o, names[i], c[i] ? c[i] : "");
        else cJSON_AddNumberToObject(o, names[i], c[i] ? atof(c[i]) : 0);
    }
    cJSON_AddItemToArray(context, o);
}

static lp_status print_text(lp_db *db, const lp_plan *plan, const char *folder, lp_err *err) {
    bool first = true;
    lp_experiment_count n = lp_experiment_counts(plan);
    lp_status status = lp_db_rows(db, results, print_row, &first, err);
    printf("%s%d of %d trainings, %d of %d evaluations done, %d failed; in %s/experiment.db\n", first ? "" : "\n", n.trained, n.trainings,
           n.played, n.evaluations, n.failed, folder);
    return status;
}

static lp_status print_object(lp_db *db, const lp_plan *plan, const char *folder, int *code, lp_err *err) {
    lp_experiment_count n = lp_experiment_counts(plan);
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "folder", folder);
    cJSON_AddNumberToObject(o, "trainings", n.trainings);
    cJSON_AddNumberToObject(o, "trained", n.trained);
    cJSON_AddNumberToObject(o, "evaluations", n.evaluations);
    cJSON_AddNumberToObject(o, "played", n.played);
    cJSON_AddNumberToObject(o, "failed", n.failed);
    cJSON_AddBoolToObject(o, "finished", n.trained == n.trainings && n.played == n.evaluations);
    lp_status status = lp_db_rows(db, results, add_row, cJSON_AddArrayToObject(o, "results"), err);
    if (status) cJSON_Delete(o);
    else if (lp_print_json(o)) *code = 1;
    return status;
}

/* ---- the command ---- */

/* The file's name without its ending, in the present folder. */
static void default_folder(const char *file, char *out, size_t size_bytes) {
    const char *slash = strrchr(file, '/'), *name = slash ? slash + 1 : file, *dot = strrchr(name, '.');
    snprintf(out, size_bytes, "%.*s", dot && dot > name ? (int)(dot - name) : (int)strlen(name), name);
    if (!dot || dot == name) snprintf(out + strlen(out), size_bytes - strlen(out), ".out");
}

static lp_status run(const arguments *a, const char *folder, int *code, lp_err *err) {
    lp_plan plan = {0};
    lp_db *db = NULL;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    const lp_experiment_config config = {.jobs = a->jobs ? (int)a->jobs : (int)processors, .threads = (int)a->threads, .device = a->device};
    lp_status status = lp_plan_open(&plan, a->file, err);
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%.*s/experiment.db", PATH_MAX - 64, folder);
    if (!status) lp_stop_catch();
    if (!status && !lp_file_exists(path)) status = lp_plan_measure(&plan, config.threads, err); /* what is refused leaves nothing */
    if (!status) status = lp_db_open(&db, folder, &plan, err);
    if (!status) status = lp_plan_measure(&plan, config.threads, err);
    if (!status) status = lp_experiment_run(&plan, db, &config, err);
    if (!status) status = a->json ? print_object(db, &plan, folder, code, err) : print_text(db, &plan, folder, err);
    if (!status && lp_experiment_counts(&plan).failed) *code = 1;
    if (!status && lp_stop_asked()) *code = 128 + lp_stop_asked();
    lp_db_close(db);
    lp_plan_close(&plan);
    return status;
}

static lp_status print_csv(const arguments *a, const char *folder, lp_err *err) {
    lp_db *db;
    lp_status status = lp_db_open_reader(&db, folder, err);
    if (!status) status = lp_db_csv(db, a->csv, stdout, err);
    lp_db_close(db);
    return status;
}

static void more_help(void) {
    printf(
        "\nFILE is an .ini (or the same as .json) of train's settings, each of which may have several values: every combination is a "
        "cell.\n"
        "  [experiment] game = cue, map or suite = NAME    [knobs] horizon = 64, 1000    [train] seed = 1..5    [memory] arch = none, "
        "tree\n"
        "  [evaluate] memory = own, full   episodes = 200   seed = 1   every = 100000   interim_episodes = 50   keep_weights = 0, 40000\n"
        "Stopped or killed, the same command goes on; what is done is not done again, also when FILE grows. What failed is tried again.\n"
        "docs/experiments.md tells more. Exit: 0 all is done, 1 something failed, 2 bad input, 128 + a signal's number.\n");
}

int lp_cmd_experiment(int argc, char **argv) {
    arguments a = {.threads = 1};
    const lp_option options[] = {
        {.name = "out",
         .value = "DIR",
         .help = "where experiment.db, weights and logs are (FILE's name without its ending)",
         .text = &a.out},
        {.name = "jobs", .value = "N", .help = "so many at once (one a processor)", .number = &a.jobs, .min = 1, .max = 1024},
        {.name = "threads",
         .value = "N",
         .help = "each with so many threads (1); no result depends on it",
         .number = &a.threads,
         .min = 1,
         .max = 1024},
        {.name = "device", .value = "cpu|cuda|auto", .help = "where the networks run", .text = &a.device},
        {.name = "csv", .value = "NAME", .help = "print this table or view of experiment.db as CSV, and do nothing else", .text = &a.csv},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {
        .name = "experiment",
        .arguments = "FILE.ini|FILE.json",
        .summary =
            "Trains and evaluates a matrix of games, memories, networks, seeds, any settings. Each cell is a process; all that comes of\n"
            "it is in one SQLite file, an episode a row.",
        .example = "longplay experiment memory.ini --jobs 2",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .min_positional = 1,
        .max_positional = 1,
        .positional = &a.file,
        .n_positional = &a.n_file,
        .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    char folder[PATH_MAX];
    lp_err err = {{0}};
    if (a.out) snprintf(folder, sizeof folder, "%s", a.out);
    else default_folder(a.file, folder, sizeof folder);
    code = 0;
    lp_status status = a.csv ? print_csv(&a, folder, &err) : run(&a, folder, &code, &err);
    return status ? lp_report(status, &err) : code;
}
