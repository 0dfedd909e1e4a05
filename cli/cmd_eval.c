/* longplay eval: win rates with intervals, one row a game, or one a row of a suite. */
#include "cli/cli.h"

#include "base/log.h"
#include "base/stop.h"
#include "cli/rows.h"
#include "evals/episodes.h"
#include "evals/row_json.h"
#include "players/guest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *games, *policy, *model, *memory, *device, *noop, *out, *set[LP_MAX_LIST], *settings[LP_MAX_LIST],
        *chat_settings[LP_MAX_LIST];
    int n_games, n_set, n_settings, n_chat_settings;
    int64_t episodes, seed, time_limit, threads, k; /* episodes 0, seed -1: not given */
    bool sample, greedy, milestones, json;
} arguments;

/* A row of the table, all that it needs to be evaluated. */
typedef struct {
    const lp_named_row *named;
    char policy[768]; /* its file's name, or the player's */
    uint64_t digest;  /* of the policy; 0: none */
    lp_mem_config memory;
    bool sample;
    lp_eval_row result;
    char *outcomes; /* owned; a letter an episode, of result */
} row;

/* What the command names: every game and suite is opened, and every row tried, before anything is played. */
typedef struct {
    const arguments *a;
    lp_named named;
    int n_rows, n_played;
    row *rows;         /* [n_rows], owned */
    lp_episodes *file; /* owned; NULL: none */
    bool cut;          /* by a signal, or an error: the last of n_played rows may be of fewer episodes */
} table;

/* In all: of each seed k. */
static int64_t episodes_of(const arguments *a, const row *r) { return a->k * (a->episodes ? a->episodes : r->named->what.episodes); }

static uint64_t seed_of(const arguments *a, const row *r) { return a->seed >= 0 ? (uint64_t)a->seed : r->named->what.seed; }

/* Everything about a row but threads and places. chosen's policy is the caller's to close, also after a failure. */
static lp_status prepare(const arguments *a, const row *r, lp_chosen_policy *chosen, lp_eval_config *config, lp_err *err) {
    *config = (lp_eval_config){
        .knobs = r->named->knobs, .episodes = episodes_of(a, r), .tries = a->k, .seed = seed_of(a, r), .time_limit = a->time_limit};
    const lp_mem_given memory = {a->memory, a->settings, a->n_settings};
    char given[sizeof chosen->name];
    const bool chats = a->n_chat_settings || (a->policy && !strcmp(a->policy, "chat"));
    lp_status status = chats ? lp_guest_give(given, sizeof given, a->policy, a->chat_settings, a->n_chat_settings, err) : LP_OK;
    *chosen = (lp_chosen_policy){0};
    if (!status) status = lp_row_player(chosen, config, &r->named->what, chats ? given : a->policy, &memory, err);
    config->sample = !a->greedy && (a->sample || config->sample);
    if (status || a->k == 1) return status;
    if (config->episodes > LP_EVAL_MAX_EPISODES)
        return lp_fail(err, LP_BAD_INPUT, "--k %lld: of so many seeds, more than %d episodes", (long long)a->k, LP_EVAL_MAX_EPISODES);
    if ((config->player == LP_PLAYER_POLICY && !config->sample) || config->player == LP_PLAYER_ORACLE)
        return lp_fail(err, LP_BAD_INPUT, "--k: the tries of one that draws nothing are all the same: --sample");
    return LP_OK;
}

static lp_status prepare_row(const arguments *a, row *r, lp_err *err) {
    lp_chosen_policy chosen;
    lp_eval_config config;
    lp_status status = prepare(a, r, &chosen, &config, err);
    if (!status && chosen.policy) r->digest = lp_policy_digest(chosen.policy);
    snprintf(r->policy, sizeof r->policy, "%s", lp_row_policy_name(&chosen));
    r->memory = config.memory;
    r->sample = config.sample;
    lp_policy_close(chosen.policy);
    return status;
}

static lp_status open_all(table *t, lp_err *err) {
    const arguments *a = t->a;
    lp_status status = lp_named_open(&t->named, a->games, a->model, a->noop, a->set, a->n_set, err);
    if (status) return status;
    if (!(t->rows = calloc((size_t)t->named.n_rows, sizeof *t->rows))) return lp_fail(err, LP_FAILED, "out of memory");
    for (; t->n_rows < t->named.n_rows && !status; t->n_rows++) {
        t->rows[t->n_rows].named = &t->named.rows[t->n_rows];
        status = prepare_row(a, &t->rows[t->n_rows], err);
    }
    return status;
}

static void close_all(table *t) {
    for (int i = 0; i < t->n_rows; i++) free(t->rows[i].outcomes);
    free(t->rows);
    lp_named_close(&t->named);
}

/* All that a row's episodes depend on, but for the machine. */
static void add_settings(cJSON *o, const arguments *a, const row *r) {
    (void)lp_row_add_played(o, r->named->what.game, r->named->knobs, seed_of(a, r), a->time_limit);
    if (a->k > 1) cJSON_AddNumberToObject(o, "k", (double)a->k);
    lp_row_add_player(o, r->policy, r->digest, r->sample, &r->memory);
}

static cJSON *settings_json(const arguments *a, const row *r) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "game", lp_game_name(r->named->what.game));
    add_settings(o, a, r);
    cJSON_AddNumberToObject(o, "episodes", (double)episodes_of(a, r));
    const char *names[LP_MAX_MILESTONES];
    int n = lp_game_milestones(r->named->what.game, names);
    if (n) cJSON_AddItemToObject(o, "milestones", cJSON_CreateStringArray(names, n));
    return o;
}

static lp_status open_file(table *t, lp_err *err) {
    lp_device device;
    lp_status status = lp_device_find(&device, t->a->device, err);
    if (status) return status;
    cJSON *head = cJSON_CreateObject();
    cJSON_AddStringToObject(head, "longplay", "evaluation");
    cJSON_AddNumberToObject(head, "version", 1);
    cJSON_AddStringToObject(head, "core", lp_emu_core_version());
    cJSON_AddStringToObject(head, "device", device == LP_DEVICE_CUDA ? "cuda" : "cpu");
    cJSON *rows = cJSON_AddArrayToObject(head, "rows");
    for (int i = 0; i < t->n_rows; i++) cJSON_AddItemToArray(rows, settings_json(t->a, &t->rows[i]));
    status = lp_episodes_open(&t->file, t->a->out, head, err);
    cJSON_Delete(head);
    return status;
}

/* A letter an episode, in their order. */
static char *letters_of(const lp_eval_episode *episodes, int64_t n) {
    char *out = malloc((size_t)n + 1);
    if (!out) return NULL;
    for (int64_t i = 0; i < n; i++) out[i] = "-WLT"[episodes[i].outcome];
    out[n] = 0;
    return out;
}

static lp_status evaluate(const table *t, row *r, lp_err *err) {
    lp_chosen_policy chosen;
    lp_eval_config config;
    char label[256];
    int index = (int)(r - t->rows);
    lp_eval_episode *own = NULL;
    int64_t *reached = NULL;
    const char *names[LP_MAX_MILESTONES];
    lp_status status = prepare(t->a, r, &chosen, &config, err);
    if (!status && chosen.policy && lp_policy_digest(chosen.policy) != r->digest)
        status = lp_fail(err, LP_FAILED, "%s: has changed since this evaluation began", chosen.name);
    if (!status) status = lp_use_device(chosen.policy, r->named->what.game, t->a->device, err);
    snprintf(label, sizeof label, "%s", r->named->what.label);
    if (t->n_rows > 1) snprintf(label, sizeof label, "%s (%d of %d)", r->named->what.label, index + 1, t->n_rows);
    config.n_threads = (int)t->a->threads;
    config.progress = true;
    config.label = label;
    if (!t->file && t->a->json && !status) {
        int n = lp_game_milestones(r->named->what.game, names);
        config.results = own = calloc((size_t)config.episodes, sizeof *own);
        if (n) config.reached = reached = calloc((size_t)config.episodes * (size_t)n, sizeof *reached);
        if (!own || (n && !reached)) status = lp_fail(err, LP_FAILED, "out of memory");
    }
    if (t->file) {
        config.results = lp_episodes_row(t->file, index);
        config.reached = lp_episodes_reached(t->file, index);
        config.on_episode = lp_episodes_add;
        config.context = lp_episodes_at(t->file, index);
    }
    if (!status) status = lp_eval(r->named->what.game, &config, &r->result, err);
    if (t->a->json && r->result.episodes && !(r->outcomes = letters_of(config.results, r->result.episodes)) && !status)
        status = lp_fail(err, LP_FAILED, "out of memory");
    free(own), free(reached);
    lp_policy_close(chosen.policy);
    return status;
}

/* What the memory read over all decisions; null where episodes of a file were played before that was counted. */
static void add_read(cJSON *o, const row *r) {
    const double item_bytes = (double)(r->memory.dim + 1) * sizeof(float), items = (double)r->result.items_read;
    cJSON_AddItemToObject(o, "items_read", items < 0 ? cJSON_CreateNull() : cJSON_CreateNumber(items));
    cJSON_AddItemToObject(o, "bytes_read", items < 0 ? cJSON_CreateNull() : cJSON_CreateNumber(items * item_bytes));
}

/* The part of the episodes that reached each, and when; null where episodes of a file were played before that was noted. */
static void add_milestones(cJSON *o, const lp_eval_row *result) {
    if (result->n_milestones < 0) cJSON_AddNullToObject(o, "milestones");
    cJSON *list = result->n_milestones > 0 ? cJSON_AddArrayToObject(o, "milestones") : NULL;
    for (int i = 0; i < result->n_milestones; i++) {
        const lp_eval_milestone *m = &result->milestones[i];
        cJSON *one = cJSON_CreateObject();
        cJSON_AddStringToObject(one, "name", m->name);
        cJSON_AddNumberToObject(one, "episodes", (double)m->episodes);
        cJSON_AddNumberToObject(one, "part", (double)m->episodes / (double)result->episodes);
        cJSON_AddItemToObject(one, "median_decision", m->episodes ? cJSON_CreateNumber(m->median) : cJSON_CreateNull());
        cJSON_AddItemToArray(list, one);
    }
}

/* Of several tries: by how many, the chance that one of them wins. */
static void add_pass_at(cJSON *o, const lp_eval_row *result) {
    cJSON *list = result->n_pass_at ? cJSON_AddObjectToObject(o, "pass_at") : NULL;
    for (int i = 0; i < result->n_pass_at; i++) {
        char name[24];
        snprintf(name, sizeof name, "%lld", (long long)result->pass_of[i]);
        cJSON_AddNumberToObject(list, name, result->pass_at[i]);
    }
}

static cJSON *row_json(const arguments *a, const row *r) {
    const lp_eval_row *result = &r->result;
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "game", r->named->what.name);
    cJSON_AddNumberToObject(o, "horizon", (double)result->horizon);
    cJSON_AddNumberToObject(o, "episodes", (double)result->episodes);
    cJSON_AddNumberToObject(o, "wins", (double)result->wins);
    cJSON_AddNumberToObject(o, "losses", (double)result->losses);
    cJSON_AddNumberToObject(o, "timeouts", (double)result->timeouts);
    cJSON_AddNumberToObject(o, "win_rate", result->win_rate);
    cJSON_AddItemToObject(o, "ci95", cJSON_CreateDoubleArray(result->ci95, 2));
    cJSON_AddNumberToObject(o, "decisions_per_s", result->decisions_per_s);
    if (isfinite(result->joules)) cJSON_AddNumberToObject(o, "joules", result->joules);
    cJSON_AddNumberToObject(o, "context_items_max", result->context_items_max);
    cJSON_AddNumberToObject(o, "decisions", (double)result->decisions);
    add_read(o, r);
    cJSON_AddBoolToObject(o, "finished", result->episodes == episodes_of(a, r));
    add_settings(o, a, r);
    add_milestones(o, result);
    add_pass_at(o, result);
    if (r->outcomes) cJSON_AddStringToObject(o, "outcomes", r->outcomes);
    return o;
}

static int print_json(const table *t) {
    cJSON *o = cJSON_CreateObject(), *rows = cJSON_AddArrayToObject(o, "games");
    for (int i = 0; i < t->n_played; i++) cJSON_AddItemToArray(rows, row_json(t->a, &t->rows[i]));
    cJSON_AddBoolToObject(o, "finished", !t->cut);
    return lp_print_json(o);
}

static void print_more(const lp_eval_row *result, bool milestones) {
    for (int i = 0; i < result->n_pass_at; i++)
        printf("%s%.1f %% of %lld", i ? ", " : "  a win in any: ", 100 * result->pass_at[i], (long long)result->pass_of[i]);
    if (result->n_pass_at) printf("\n");
    if (milestones && result->n_milestones < 0) printf("  milestones: not known of every episode\n");
    for (int i = 0; i < result->n_milestones && milestones; i++) {
        const lp_eval_milestone *m = &result->milestones[i];
        if (!m->episodes) continue;
        printf("  %-24s %5.1f %%  at decision %.10g\n", m->name, 100 * (double)m->episodes / (double)result->episodes, m->median);
    }
}

static void print_row(const row *r, bool first, bool milestones) {
    const lp_eval_row *result = &r->result;
    if (first)
        printf("%-16s %9s %8s %6s %6s %8s %7s %15s %11s %7s\n", "game", "horizon", "episodes", "wins", "losses", "timeouts", "won",
               "95 % interval", "decisions/s", "context");
    printf("%-16s %9lld %8lld %6lld %6lld %8lld %5.1f %% %5.1f to %5.1f %% %11.0f %7d\n", r->named->what.label, (long long)result->horizon,
           (long long)result->episodes, (long long)result->wins, (long long)result->losses, (long long)result->timeouts,
           100 * result->win_rate, 100 * result->ci95[0], 100 * result->ci95[1], result->decisions_per_s, result->context_items_max);
    print_more(result, milestones);
    fflush(stdout);
}

static void print_cut(const table *t) {
    const row *last = t->n_played ? &t->rows[t->n_played - 1] : NULL;
    bool cut = last && last->result.episodes < episodes_of(t->a, last);
    printf("cut short: %d of %d rows", t->n_played - cut, t->n_rows);
    if (cut) printf(", and %lld of %lld episodes of the next", (long long)last->result.episodes, (long long)episodes_of(t->a, last));
    printf("%s\n", t->file ? "; the same command goes on" : "");
}

/* All rows, printed as they come unless all is printed as JSON. */
static lp_status evaluate_all(table *t, lp_err *err) {
    lp_status status = LP_OK;
    char note[256];
    lp_stop_catch();
    for (int i = 0; i < t->n_rows && !t->cut; i++) {
        row *r = &t->rows[i];
        bool same_game = i && r->named->what.game == r[-1].named->what.game;
        if (!same_game && lp_game_start_note(r->named->what.game, note, sizeof note)) lp_warn("%s", note);
        status = evaluate(t, r, err);
        t->cut = status || r->result.episodes < episodes_of(t->a, r) || (lp_stop_asked() && i + 1 < t->n_rows);
        if (!r->result.episodes) break;
        t->n_played++;
        if (!t->a->json) print_row(r, i == 0, t->a->milestones);
    }
    return status;
}

static void more_help(void) {
    printf("\nCtrl-C (or SIGTERM, SIGHUP) prints the rows so far, the last of them of fewer episodes, and exits with 128 + the signal.\n"
           "With --out the same command goes on from there, also after a kill; other settings are refused.\n");
}

int lp_cmd_eval(int argc, char **argv) {
    arguments a = {.seed = -1, .k = 1};
    const lp_option options[] = {
        {.name = "policy",
         .value = "FILE|random|oracle|process:COMMAND|chat|chat:FILE",
         .help = "who plays (the game's shipped policy)",
         .text = &a.policy},
        {.name = "episodes",
         .value = "N",
         .help = "episodes of each game (200, or the suite's)",
         .number = &a.episodes,
         .min = 1,
         .max = LP_EVAL_MAX_EPISODES},
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
        {.name = "k",
         .value = "N",
         .help = "try each seed N times, with other draws, and tell how often one of 1, 2, 4 ... N tries wins (1)",
         .number = &a.k,
         .min = 1,
         .max = 1 << 20},
        {.name = "milestones",
         .help = "tell which part of the episodes reached each milestone, and the median decision",
         .flag = &a.milestones},
        {.name = "greedy", .help = "take the most probable action", .flag = &a.greedy},
        {.name = "threads",
         .value = "N",
         .help = "threads (one a processor); no result depends on it",
         .number = &a.threads,
         .min = 0,
         .max = 1024},
        {.name = "out",
         .value = "FILE",
         .help = "keep each episode there, a line of JSON; what it holds of this evaluation is not played again",
         .text = &a.out},
        {.name = "device", .value = "cpu|cuda|auto", .help = "where the network runs", .text = &a.device},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "eval",
                            .arguments = "GAME|SUITE[,...]",
                            .summary = "Plays episodes from power-on on seeds that training never uses, "
                                       "and reports the win rate with its 95 % Wilson interval.\n"
                                       "A suite is a .json file, or a name in games/suites (memory): games and knobs, a row each.",
                            .example = "longplay eval cue --set horizon=1000 --episodes 200 --out cue.jsonl",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 1,
                            .max_positional = 1,
                            .positional = &a.games,
                            .n_positional = &a.n_games,
                            LP_CLI_MEMORY_SETTINGS(a),
                            LP_CLI_CHAT_SETTINGS(a),
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    table t = {.a = &a};
    lp_status status = a.sample && a.greedy ? lp_fail(&err, LP_BAD_INPUT, "--sample or --greedy, not both") : LP_OK;
    if (!status) status = lp_use_device(NULL, NULL, a.device, &err);
    if (!status) status = open_all(&t, &err);
    if (!status && a.out) status = open_file(&t, &err);
    if (!status) status = evaluate_all(&t, &err);
    lp_status closed = lp_episodes_close(t.file, status ? NULL : &err);
    if (!status) status = closed;
    if (status) code = lp_report(status, &err);
    else code = t.cut ? 128 + lp_stop_asked() : 0;
    if (a.json && (!status || t.n_played) && print_json(&t)) code = 1;
    if (!a.json && !status && t.cut) print_cut(&t);
    close_all(&t);
    return code;
}
