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
    const char *file, *out, *csv, *device, *match, *settings[LP_MAX_LIST];
    int n_file, n_settings;
    int64_t jobs, threads;
    bool json, plan;
} arguments;

/* ---- what is printed ---- */

static const char results[] =
    "SELECT game, variant, memory, replace(replace(replace(trim(knobs, '{}'), '\"', ''), ':', '='), ',', ' '), seeds, episodes, wins,"
    " mean, lowest, highest, decisions, floor FROM results";

static void print_row(void *context, int n, const char *const *c) {
    bool *first = context;
    (void)n;
    if (*first) printf("%-10s %-16s %5s %8s %6s %15s  %s\n", "game", "memory", "seeds", "episodes", "won", "worst and best", "what");
    *first = false;
    printf("%-10s %-16s %5s %8s %4.1f %% %5.1f to %5.1f %%  %s%s%s", c[0], c[2], c[4], c[5], 100 * atof(c[7]), 100 * atof(c[8]),
           100 * atof(c[9]), c[1], *c[1] && *c[3] ? ", " : "", c[3]);
    if (c[11]) printf("; floor %.1f %%", 100 * atof(c[11]));
    printf("; after %s decisions\n", c[10]);
}

static void add_row(void *context, int n, const char *const *c) {
    static const char *const names[] = {"game", "variant", "memory", "knobs",   "seeds",     "episodes",
                                        "wins", "mean",    "lowest", "highest", "decisions", "floor"};
    cJSON *o = cJSON_CreateObject();
    for (int i = 0; i < n; i++) {
        if (i < 4) cJSON_AddStringToObject(o, names[i], c[i] ? c[i] : "");
        else cJSON_AddItemToObject(o, names[i], c[i] ? cJSON_CreateNumber(atof(c[i])) : cJSON_CreateNull());
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

/* ---- what would be done ---- */

/* The number of cells that are like this one but for the seed; 0: an earlier one was. */
static int seeds_like(const lp_plan *plan, int index) {
    const lp_plan_cell *c = &plan->cells[index];
    int n = 0;
    for (int i = 0; i < plan->n_cells; i++) {
        if (plan->cells[i].game != c->game || strcmp(plan->cells[i].variant, c->variant)) continue;
        if (i < index) return 0;
        n++;
    }
    return n;
}

static cJSON *plan_json(const lp_plan *plan) {
    cJSON *o = cJSON_CreateObject(), *cells = cJSON_AddArrayToObject(o, "variants");
    double decisions = 0, episodes = 0;
    bool known = true;
    for (int i = 0; i < plan->n_cells; i++) {
        const lp_plan_cell *c = &plan->cells[i];
        int seeds = seeds_like(plan, i);
        decisions += (double)c->config.decisions;
        if (!seeds) continue;
        cJSON *one = cJSON_CreateObject();
        cJSON_AddItemToArray(cells, one);
        cJSON_AddStringToObject(one, "game", lp_game_name(plan->games[c->game].game));
        cJSON_AddStringToObject(one, "variant", c->variant);
        cJSON_AddNumberToObject(one, "seeds", seeds);
        cJSON_AddNumberToObject(one, "decisions", (double)c->config.decisions);
        cJSON_AddNumberToObject(one, "hidden", c->cost.hidden);
        cJSON_AddNumberToObject(one, "parameters", (double)c->cost.parameters);
        cJSON_AddNumberToObject(one, "flops", c->cost.flops + c->cost.flops_per_item * c->context_items);
        cJSON_AddNumberToObject(one, "context_items", c->context_items);
        cJSON_AddNumberToObject(one, "memory_bytes", (double)c->memory_bytes);
        cJSON_AddNumberToObject(one, "training_bytes", (double)c->bytes);
    }
    for (int i = 0; i < plan->n_evaluations; i++) known &= plan->evaluations[i].n > 0, episodes += (double)plan->evaluations[i].n;
    cJSON_AddNumberToObject(o, "trainings", plan->n_cells);
    cJSON_AddNumberToObject(o, "decisions", decisions);
    cJSON_AddNumberToObject(o, "evaluations", plan->n_evaluations);
    cJSON_AddItemToObject(o, "episodes", known ? cJSON_CreateNumber(episodes) : cJSON_CreateNull());
    cJSON_AddNumberToObject(o, "floors", plan->spec.floor ? plan->n_rows : 0);
    return o;
}

static double number(const cJSON *o, const char *key) { return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(o, key)); }

static void print_plan(const cJSON *o) {
    const cJSON *one;
    printf("%-10s %5s %11s %6s %11s %9s %10s %9s  %s\n", "game", "seeds", "decisions", "hidden", "parameters", "MFLOPs", "context",
           "memory", "what");
    cJSON_ArrayForEach(one, cJSON_GetObjectItemCaseSensitive(o, "variants")) {
        printf("%-10s %5.0f %11.0f %6.0f %11.0f %9.2f %10.0f %6.0f kB  %s\n", cJSON_GetObjectItemCaseSensitive(one, "game")->valuestring,
               number(one, "seeds"), number(one, "decisions"), number(one, "hidden"), number(one, "parameters"), number(one, "flops") / 1e6,
               number(one, "context_items"), number(one, "memory_bytes") / 1e3,
               cJSON_GetObjectItemCaseSensitive(one, "variant")->valuestring);
    }
    printf("%.0f trainings of %.0f decisions, %.0f evaluations", number(o, "trainings"), number(o, "decisions"), number(o, "evaluations"));
    if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(o, "episodes"))) printf(" of %.0f episodes", number(o, "episodes"));
    printf(", %.0f floors; nothing was done\n", number(o, "floors"));
}

/* What was given by hand; --match is short for one of the settings. */
static lp_status open_plan(lp_plan *plan, const arguments *a, lp_err *err) {
    const char *entries[LP_MAX_LIST + 1];
    char match[64];
    lp_spec_given given = {entries, a->n_settings};
    memcpy(entries, a->settings, (size_t)a->n_settings * sizeof *entries);
    snprintf(match, sizeof match, "experiment.match=%.40s", a->match ? a->match : "");
    if (a->match) entries[given.n++] = match;
    return lp_plan_open(plan, a->file, &given, err);
}

static lp_status plan_only(const arguments *a, int *code, lp_err *err) {
    lp_plan plan = {0};
    lp_status status = open_plan(&plan, a, err);
    if (!status) status = lp_plan_measure(&plan, (int)a->threads, err);
    cJSON *o = status ? NULL : plan_json(&plan);
    lp_plan_close(&plan);
    if (status) return status;
    if (a->json) return lp_print_json(o) ? (*code = 1, LP_OK) : LP_OK;
    print_plan(o);
    cJSON_Delete(o);
    return LP_OK;
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
    lp_status status = open_plan(&plan, a, err);
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
        "  [experiment] design = all|one-at-a-time   only = policy.core=none, memory.arch=tree   match = parameters\n"
        "  [evaluate] memory = own, full   weights = 0, 10%%, 100%%   episodes = 200   seed = 1   k = 16   act = own|sample|greedy\n"
        "             floor = 200   decisions = 200000   min_episodes = 10   every = 100000   interim_episodes = 50   keep_weights = 0, "
        "40000\n"
        "  [lures.train] seed = 1..10      of one game, in the place of what the others have\n"
        "--SECTION.KEY=LIST takes the place of what FILE says of it, so that it can be tried in small: --train.decisions=1000\n"
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
        {.name = "match",
         .value = "none|parameters",
         .help = "size the networks alike, by their width (experiment.match)",
         .text = &a.match},
        {.name = "plan", .help = "say what would be done and what each network and memory costs, and do nothing", .flag = &a.plan},
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
        .settings = a.settings,
        .n_settings = &a.n_settings,
        .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    char folder[PATH_MAX];
    lp_err err = {{0}};
    if (a.out) snprintf(folder, sizeof folder, "%s", a.out);
    else default_folder(a.file, folder, sizeof folder);
    code = 0;
    lp_status status = a.csv ? print_csv(&a, folder, &err) : a.plan ? plan_only(&a, &code, &err) : run(&a, folder, &code, &err);
    return status ? lp_report(status, &err) : code;
}
