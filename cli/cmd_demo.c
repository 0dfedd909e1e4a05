/* longplay demo: demonstrations to train from (train.demos): made by a game's oracle, taken from runs, listed, checked by playing them again, and
 * tried: try_demos.c. */
#include "cli/cli.h"
#include "cli/try_demos.h"

#include "base/file.h"
#include "base/log.h"
#include "base/pool.h"
#include "base/stop.h"
#include "harness/demo.h"
#include "harness/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *positional[LP_MAX_LIST], *knobs[LP_MAX_LIST], *policy, *memory, *settings[LP_MAX_LIST], *before_end;
    int n_positional, n_knobs, n_settings;
    int64_t episodes, seed, max_decisions, threads;
    double patience;
    bool json;
} arguments;

/* ---- many at once: a job an episode ---- */

typedef struct {
    const lp_game *game;
    lp_env **env; /* [threads] owned */
    lp_pool *pool;
    uint64_t seed;
    const int64_t *knobs;
    int64_t max_decisions;
    lp_demo *demo; /* [n] made or checked */
    lp_err *error; /* [n] */
    lp_status *status;
} crew;

static lp_status crew_open(crew *c, const lp_game *game, int n, int64_t threads, lp_err *err) {
    c->game = game;
    c->pool = lp_pool_open((int)threads);
    if (!c->pool) return lp_fail(err, LP_FAILED, "cannot start threads");
    c->env = calloc((size_t)lp_pool_threads(c->pool), sizeof(lp_env *));
    c->error = calloc((size_t)n + 1, sizeof *c->error);
    c->status = calloc((size_t)n + 1, sizeof *c->status);
    lp_status status = c->env && c->error && c->status ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    for (int i = 0; i < lp_pool_threads(c->pool) && !status; i++) status = lp_env_open(&c->env[i], game, NULL, err);
    return status;
}

static void crew_close(crew *c) {
    for (int i = 0; c->env && i < lp_pool_threads(c->pool); i++) lp_env_close(c->env[i]);
    free(c->env);
    free(c->error);
    free(c->status);
    lp_pool_close(c->pool);
}

static void make_job(void *context, int i, int worker) {
    crew *c = context;
    if (lp_stop_asked()) return;
    c->status[i] = lp_demo_of_oracle(&c->demo[i], c->env[worker], c->game, lp_game_train_seed(c->seed, (uint64_t)i), c->knobs,
                                     c->max_decisions, &c->error[i]);
}

static void check_job(void *context, int i, int worker) {
    crew *c = context;
    if (!lp_stop_asked()) c->status[i] = lp_demo_check(&c->demo[i], c->env[worker], c->game, &c->error[i]);
}

/* ---- make ---- */

static lp_status knobs_of(const arguments *a, const lp_game *game, int64_t *knobs, lp_err *err) {
    lp_status status = LP_OK;
    lp_game_default_knobs(game, knobs);
    for (int i = 0; i < a->n_knobs && !status; i++) status = lp_game_set_knob(game, knobs, a->knobs[i], err);
    return status;
}

static int say(const arguments *a, const lp_demos_count *n) {
    if (a->json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddStringToObject(o, "file", a->positional[1]);
        cJSON_AddNumberToObject(o, "added", (double)n->added);
        cJSON_AddNumberToObject(o, "there_already", (double)n->there);
        cJSON_AddNumberToObject(o, "not_won", (double)n->not_won);
        cJSON_AddNumberToObject(o, "decisions", (double)n->decisions);
        return lp_print_json(o);
    }
    printf("%s: %lld demonstrations added, %lld decisions; %lld were there already, %lld not won\n", a->positional[1], (long long)n->added,
           (long long)n->decisions, (long long)n->there, (long long)n->not_won);
    return 0;
}

static lp_status make(const arguments *a, const lp_game *game, lp_demos_count *count, lp_err *err) {
    const char *path = a->positional[1];
    const int n = (int)a->episodes;
    int64_t knobs[LP_MAX_KNOBS];
    crew c = {.seed = (uint64_t)a->seed, .knobs = knobs, .max_decisions = a->max_decisions, .demo = calloc((size_t)n, sizeof *c.demo)};
    lp_demos *demos = NULL;
    lp_status status = c.demo ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    if (!status && !lp_game_has_oracle(game))
        status = lp_fail(err, LP_BAD_INPUT, "%s: has no oracle (longplay.json: oracle)", a->positional[2]);
    if (!status) status = knobs_of(a, game, knobs, err);
    if (!status) status = lp_demos_open(&demos, path, game, err);
    if (!status) status = crew_open(&c, game, n, a->threads, err);
    if (!status) {
        lp_pool_run(c.pool, n, make_job, &c);
        if (lp_stop_asked()) status = lp_fail(err, LP_FAILED, "%s: nothing was added: stopped", path);
    }
    for (int i = 0; i < n && !status; i++)
        status = c.status[i] ? lp_fail(err, c.status[i], "%s", c.error[i].message) : lp_demos_take(demos, &c.demo[i], count, err);
    if (!status) status = lp_demos_write(demos, path, err);
    for (int i = 0; c.demo && i < n; i++) free(c.demo[i].keys);
    if (c.pool) crew_close(&c);
    free(c.demo);
    lp_demos_close(demos);
    return status;
}

static int run_make(const arguments *a, const lp_game *game, lp_err *err) {
    lp_demos_count count = {0};
    lp_status status = make(a, game, &count, err);
    return status ? lp_report(status, err) : say(a, &count);
}

/* ---- add ---- */

static int run_add(const arguments *a, lp_err *err) {
    lp_run_config config;
    lp_game *game = NULL;
    lp_env *env = NULL;
    lp_demos *demos = NULL;
    lp_demos_count count = {0};
    lp_status status = LP_OK;
    for (int i = 2; i < a->n_positional && !status; i++) {
        status = lp_run_config_read(&config, a->positional[i], err);
        if (!status && !game) { /* the first run's; the others must be of the same */
            status = lp_run_game(&game, &config, NULL, err);
            if (!status) status = lp_demos_open(&demos, a->positional[1], game, err);
            if (!status) status = lp_env_open(&env, game, NULL, err);
        }
        if (!status) status = lp_demos_of_run(demos, a->positional[i], env, game, &count, err);
    }
    if (!status) status = lp_demos_write(demos, a->positional[1], err);
    lp_env_close(env);
    lp_demos_close(demos);
    lp_game_close(game);
    return status ? lp_report(status, err) : say(a, &count);
}

/* ---- list ---- */

static cJSON *one_json(const lp_demo *d) {
    cJSON *o = cJSON_CreateObject();
    cJSON_AddNumberToObject(o, "seed", (double)d->seed);
    cJSON_AddStringToObject(o, "outcome", lp_outcome_name((lp_outcome)d->outcome));
    cJSON_AddNumberToObject(o, "decisions", (double)d->n_decisions);
    cJSON_AddStringToObject(o, "source", d->source);
    return o;
}

static int list(const arguments *a, const lp_demos *demos) {
    int64_t decisions = 0;
    if (a->json) {
        cJSON *o = cJSON_CreateObject(), *all = cJSON_AddArrayToObject(o, "demonstrations");
        cJSON_AddStringToObject(o, "game", demos->about.game);
        for (int i = 0; i < demos->n; i++) cJSON_AddItemToArray(all, one_json(&demos->demo[i]));
        return lp_print_json(o);
    }
    for (int i = 0; i < demos->n; i++) {
        const lp_demo *d = &demos->demo[i];
        printf("%6d  seed %-10llu  %-7s  %8lld decisions  %s\n", i + 1, (unsigned long long)d->seed,
               lp_outcome_name((lp_outcome)d->outcome), (long long)d->n_decisions, d->source);
        decisions += d->n_decisions;
    }
    printf("%s: %d demonstrations, %lld decisions\n", demos->about.game, demos->n, (long long)decisions);
    return 0;
}

/* ---- check ---- */

static int check(const arguments *a, lp_demos *demos, const lp_game *game, lp_err *err) {
    crew c = {.demo = demos->demo};
    int differ = 0;
    lp_status status = lp_demos_fit(demos, game, err);
    if (status) return lp_report(lp_fail_prefix(err, status, "%s", a->positional[1]), err);
    status = crew_open(&c, game, demos->n, a->threads, err);
    if (!status) lp_pool_run(c.pool, demos->n, check_job, &c);
    const int signal = lp_stop_asked();
    for (int i = 0; i < demos->n && !status && !signal; i++)
        if (c.status[i]) {
            fprintf(stderr, "longplay: %s: demonstration %d: %s\n", a->positional[1], i + 1, c.error[i].message);
            differ++;
        }
    if (c.pool) crew_close(&c);
    if (status) return lp_report(status, err);
    if (signal) return 128 + signal;
    if (a->json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddNumberToObject(o, "demonstrations", demos->n);
        cJSON_AddNumberToObject(o, "differ", differ);
        const int code = lp_print_json(o);
        return code ? code : differ != 0;
    }
    printf("%s: %d of %d demonstrations come to the same end, with the same machine\n", a->positional[1], demos->n - differ, demos->n);
    return differ != 0;
}

static void print_what(void) {
    printf("\nmake FILE GAME    plays GAME's oracle on training seeds, and adds what it wins to FILE\n"
           "add FILE RUN...   adds the won episodes of recorded runs (play --run RUN --training-seeds), played again\n"
           "list FILE         what is in it\n"
           "check FILE GAME   plays all of it again: the same ends, the same machines (exit code 1: not all)\n"
           "try FILE GAME     from how far before their ends a policy wins, that remembers what came before as if it had played it\n");
}

int lp_cmd_demo(int argc, char **argv) {
    arguments a = {.episodes = 100, .seed = 1, .max_decisions = LP_DEMO_MAX_DECISIONS, .patience = 4};
    const lp_option options[] = {
        {.name = "episodes",
         .value = "N",
         .help = "make: episodes to play; try: demonstrations, the first ones (100)",
         .number = &a.episodes,
         .min = 1,
         .max = 1000000},
        {.name = "seed", .value = "N", .help = "make: of the training seeds that are played (1)", .number = &a.seed, .max = 4294967295.0},
        {.name = "set", .value = "KNOB=N", .help = "make: a knob's value", .list = a.knobs, .n_list = &a.n_knobs},
        {.name = "max-decisions",
         .value = "N",
         .help = "make: an episode that is longer is given up",
         .number = &a.max_decisions,
         .min = 1,
         .max = LP_DEMO_MAX_DECISIONS},
        {.name = "policy", .value = "FILE", .help = "try: weights (the game's own)", .text = &a.policy},
        {.name = "memory", .value = "ARCH", .help = "try: another memory than it was trained with", .text = &a.memory},
        {.name = "before-end",
         .value = "N,N,...",
         .help = "try: from so many decisions before the end (8, 16, 32 ...)",
         .text = &a.before_end},
        {.name = "patience",
         .value = "X",
         .help = "try: lost after X times what the demonstration had left, and 64 decisions (4)",
         .real = &a.patience,
         .min = 1,
         .max = 1e6},
        {.name = "threads", .value = "N", .help = "0: one a processor (0)", .number = &a.threads, .max = 1024},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "demo",
                            .arguments = "make|add|list|check|try FILE [GAME|RUN...]",
                            .summary = "Demonstrations to train from: episodes that somebody won, in one file.",
                            .example = "longplay demo make lantern.demos lantern --episodes 200",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 2,
                            .max_positional = LP_MAX_LIST,
                            .positional = a.positional,
                            .n_positional = &a.n_positional,
                            .settings = a.settings,
                            .n_settings = &a.n_settings,
                            .section = "memory.",
                            .section_help = "try: the memory's settings",
                            .more_help = print_what};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    const bool makes = !strcmp(a.positional[0], "make"), adds = !strcmp(a.positional[0], "add"), lists = !strcmp(a.positional[0], "list"),
               checks = !strcmp(a.positional[0], "check"), tries = !strcmp(a.positional[0], "try");
    lp_status status = LP_OK;
    if (!makes && !adds && !lists && !checks && !tries)
        status = lp_fail(&err, LP_BAD_INPUT, "demo %s: make, add, list, check or try", a.positional[0]);
    else if (adds ? a.n_positional < 3 : a.n_positional != (lists ? 2 : 3))
        status = lp_fail(&err, LP_BAD_INPUT, "demo %s: takes a file%s", a.positional[0], lists ? "" : adds ? " and runs" : " and a game");
    lp_game *game = NULL;
    lp_demos *demos = NULL;
    lp_stop_catch();
    if (!status && !lists && !adds) status = lp_game_open(&game, a.positional[2], &err);
    if (!status && !makes && !adds) status = lp_demos_read(&demos, a.positional[1], &err);
    const lp_try_demos_options trying = {a.policy,       a.before_end, {a.memory, a.settings, a.n_settings}, a.episodes, a.patience,
                                         (int)a.threads, a.json};
    if (status) code = lp_report(status, &err);
    else if (tries) code = lp_try_demos(&trying, demos, a.positional[1], game, &err);
    else code = makes ? run_make(&a, game, &err) : adds ? run_add(&a, &err) : lists ? list(&a, demos) : check(&a, demos, game, &err);
    lp_demos_close(demos);
    lp_game_close(game);
    return code;
}
