/* longplay eval: win rates with intervals, one row a game, or one a row of a suite. */
#include "cli/cli.h"

#include "base/log.h"
#include "evals/eval.h"
#include "evals/suite.h"

#include <stdio.h>
#include <string.h>

enum { EPISODES = 200, SEED = 1 };

typedef struct {
    const char *games, *policy, *model, *memory, *device, *noop, *set[LP_MAX_LIST], *settings[LP_MAX_LIST];
    int n_games, n_set, n_settings;
    int64_t episodes, seed, time_limit, threads; /* episodes 0, seed -1: not given */
    bool sample, greedy, json;
} arguments;

/* What is given on the command line goes before what the suite says. */
static lp_status choose_knobs(const arguments *a, const lp_suite_row *what, int64_t *knobs, lp_err *err) {
    lp_status status = LP_OK;
    memcpy(knobs, what->knobs, (size_t)lp_game_n_knobs(what->game) * sizeof *knobs);
    for (int i = 0; i < a->n_set && !status; i++) status = lp_game_set_knob(what->game, knobs, a->set[i], err);
    return status;
}

static lp_status evaluate(const arguments *a, const lp_suite_row *what, const int64_t *knobs, lp_eval_row *row, lp_err *err) {
    lp_chosen_policy chosen = {0};
    lp_eval_config config = {.knobs = knobs,
                             .episodes = a->episodes ? a->episodes : what->episodes,
                             .seed = a->seed >= 0 ? (uint64_t)a->seed : what->seed,
                             .time_limit = a->time_limit,
                             .n_threads = (int)a->threads,
                             .progress = true};
    const lp_mem_given memory = {a->memory, a->settings, a->n_settings};
    lp_status status = lp_choose_policy(&chosen, what->game, a->policy, err);
    if (!status) status = lp_choose_memory(&config.memory, chosen.policy, &memory, err);
    if (!status) status = lp_use_device(chosen.policy, what->game, a->device, err);
    if (!status) {
        config.player = (lp_player)chosen.player;
        config.policy = chosen.policy;
        config.sample = !a->greedy && (a->sample || (chosen.policy && lp_policy_samples(chosen.policy)));
        status = lp_eval(what->game, &config, row, err);
    }
    lp_policy_close(chosen.policy);
    return status;
}

static cJSON *row_json(const lp_suite_row *what, const int64_t *knobs, const lp_eval_row *r) {
    cJSON *o = cJSON_CreateObject(), *k;
    cJSON_AddStringToObject(o, "game", what->name);
    cJSON_AddNumberToObject(o, "horizon", (double)r->horizon);
    cJSON_AddNumberToObject(o, "episodes", (double)r->episodes);
    cJSON_AddNumberToObject(o, "wins", (double)r->wins);
    cJSON_AddNumberToObject(o, "losses", (double)r->losses);
    cJSON_AddNumberToObject(o, "timeouts", (double)r->timeouts);
    cJSON_AddNumberToObject(o, "win_rate", r->win_rate);
    cJSON_AddItemToObject(o, "ci95", cJSON_CreateDoubleArray(r->ci95, 2));
    cJSON_AddNumberToObject(o, "decisions_per_s", r->decisions_per_s);
    cJSON_AddNumberToObject(o, "context_items_max", r->context_items_max);
    lp_noop noop = lp_game_noop(what->game);
    cJSON_AddItemToObject(o, "noop", cJSON_CreateIntArray((const int[]){noop.min, noop.max}, 2));
    k = cJSON_AddObjectToObject(o, "knobs");
    for (int i = 0; i < lp_game_n_knobs(what->game); i++) cJSON_AddNumberToObject(k, lp_game_knob(what->game, i)->name, (double)knobs[i]);
    return o;
}

static void print_row(const char *label, const lp_eval_row *r, bool first) {
    if (first)
        printf("%-16s %9s %8s %6s %6s %8s %7s %15s %11s %7s\n", "game", "horizon", "episodes", "wins", "losses", "timeouts", "won",
               "95 % interval", "decisions/s", "context");
    printf("%-16s %9lld %8lld %6lld %6lld %8lld %5.1f %% %5.1f to %5.1f %% %11.0f %7d\n", label, (long long)r->horizon,
           (long long)r->episodes, (long long)r->wins, (long long)r->losses, (long long)r->timeouts, 100 * r->win_rate, 100 * r->ci95[0],
           100 * r->ci95[1], r->decisions_per_s, r->context_items_max);
    fflush(stdout);
}

/* One row: evaluated, kept in rows, and printed unless all is printed as JSON. */
static lp_status eval_row(const arguments *a, const lp_suite_row *what, cJSON *rows, lp_err *err) {
    int64_t knobs[LP_MAX_KNOBS];
    lp_eval_row row;
    char note[256];
    lp_status status = choose_knobs(a, what, knobs, err);
    if (!status) status = evaluate(a, what, knobs, &row, err);
    if (status) return status;
    if (lp_game_start_note(what->game, note, sizeof note)) lp_warn("%s", note);
    if (!a->json) print_row(what->label, &row, !cJSON_GetArraySize(rows));
    cJSON_AddItemToArray(rows, row_json(what, knobs, &row));
    return LP_OK;
}

static lp_status eval_suite(const arguments *a, const char *name, cJSON *rows, lp_err *err) {
    lp_suite *suite;
    int64_t knobs[LP_MAX_KNOBS];
    if (a->model) return lp_fail(err, LP_BAD_INPUT, "--model: the games of %s are played on consoles of their own", name);
    if (a->noop) return lp_fail(err, LP_BAD_INPUT, "--noop: the games of the suite %s start as they say", name);
    lp_status status = lp_suite_open(&suite, name, err);
    if (status) return status;
    int n = lp_suite_n_rows(suite);
    for (int i = 0; i < n && !status; i++) status = choose_knobs(a, lp_suite_row_at(suite, i), knobs, err); /* before anything is played */
    for (int i = 0; i < n && !status; i++) status = eval_row(a, lp_suite_row_at(suite, i), rows, err);
    lp_suite_close(suite);
    return status;
}

static lp_status eval_game(const arguments *a, const char *name, cJSON *rows, lp_err *err) {
    lp_game *game = NULL;
    int64_t knobs[LP_MAX_KNOBS];
    lp_status status = lp_game_open(&game, name, err);
    if (!status) status = lp_choose_model(game, a->model, err);
    if (!status && a->noop) status = lp_game_set_noop(game, a->noop, err);
    if (!status) lp_game_default_knobs(game, knobs);
    if (!status) status = eval_row(a, &(lp_suite_row){game, name, name, knobs, EPISODES, SEED}, rows, err);
    lp_game_close(game);
    return status;
}

int lp_cmd_eval(int argc, char **argv) {
    arguments a = {.seed = -1};
    const lp_option options[] = {
        {.name = "policy", .value = "FILE|random|oracle", .help = "who plays (the game's shipped policy)", .text = &a.policy},
        {.name = "episodes",
         .value = "N",
         .help = "episodes of each game (200, or the suite's)",
         .number = &a.episodes,
         .min = 1,
         .max = 1e9},
        {.name = "seed",
         .value = "N",
         .help = "which evaluation seeds (1, or the suite's)",
         .number = &a.seed,
         .min = 0,
         .max = 4294967295.0},
        {.name = "set", .value = "KNOB=N", .help = "a knob of the game; may be repeated", .list = a.set, .n_list = &a.n_set},
        {.name = "model", .value = LP_MODEL_CHOICES, .help = "the console that it is played on (the game's own)", .text = &a.model},
        {.name = "noop",
         .value = "MIN:MAX",
         .help = "idle frames before the first decision, drawn from the seed (the game's own)",
         .text = &a.noop},
        LP_CLI_MEMORY(&a.memory),
        {.name = "time-limit",
         .value = "N",
         .help = "decisions after which an episode counts as a timeout (0: the game's own)",
         .number = &a.time_limit,
         .min = 0,
         .max = 1e12},
        {.name = "sample", .help = "draw actions from the policy's distribution (the policy's own way)", .flag = &a.sample},
        {.name = "greedy", .help = "take the most probable action", .flag = &a.greedy},
        {.name = "threads",
         .value = "N",
         .help = "threads (one a processor); no result depends on it",
         .number = &a.threads,
         .min = 0,
         .max = 1024},
        {.name = "device", .value = "cpu|cuda|auto", .help = "where the network runs", .text = &a.device},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "eval",
                            .arguments = "GAME|SUITE[,...]",
                            .summary = "Plays episodes from power-on on seeds that training never uses, "
                                       "and reports the win rate with its 95 % Wilson interval.\n"
                                       "A suite is a .json file, or a name in games/suites (memory): games and knobs, a row each.",
                            .example = "longplay eval cue --set horizon=1000 --episodes 200 --json",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 1,
                            .max_positional = 1,
                            .positional = &a.games,
                            .n_positional = &a.n_games,
                            LP_CLI_MEMORY_SETTINGS(a)};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    lp_status status = lp_use_device(NULL, NULL, a.device, &err);
    cJSON *result = cJSON_CreateObject(), *rows = cJSON_AddArrayToObject(result, "games");
    char list[1024];
    if (!status && snprintf(list, sizeof list, "%s", a.games) >= (int)sizeof list)
        status = lp_fail(&err, LP_BAD_INPUT, "too many games named");
    char *save = NULL;
    for (char *name = status ? NULL : strtok_r(list, ",", &save); name && !status; name = strtok_r(NULL, ",", &save))
        status = lp_is_suite(name) ? eval_suite(&a, name, rows, &err) : eval_game(&a, name, rows, &err);
    if (!status && a.json) return lp_print_json(result);
    cJSON_Delete(result);
    return lp_report(status, &err);
}
