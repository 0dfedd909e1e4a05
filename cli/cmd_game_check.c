/* longplay game check GAME: what is wrong in a game folder and where; where nothing is, what it offers, and what becomes of it when it
 * is played. */
#include "cli/cli.h"
#include "cli/cmd_game.h"
#include "cli/pictures.h"

#include "env/game.h"
#include "env/game_check.h"
#include "env/game_trial.h"
#include "view/viewer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name, *sheet, *noop;
    int64_t episodes, decisions, seed;
    int n_name;
    bool json;
} arguments;

typedef struct {
    bool json;
    cJSON *errors, *notes;
} listener;

static void say(void *context, bool is_error, const char *line) {
    listener *l = context;
    if (l->json) cJSON_AddItemToArray(is_error ? l->errors : l->notes, cJSON_CreateString(line));
    else printf("%s%s\n", is_error ? "wrong: " : "note: ", line);
}

static void add_names(cJSON *o, const char *key, int n, const lp_game *game, const char *(*name)(const lp_game *, int)) {
    cJSON *list = cJSON_AddArrayToObject(o, key);
    for (int i = 0; i < n; i++) cJSON_AddItemToArray(list, cJSON_CreateString(name(game, i)));
}

static void print_names(const char *key, int n, const lp_game *game, const char *(*name)(const lp_game *, int)) {
    printf("%-11s", key);
    for (int i = 0; i < n; i++) printf("%s%s", i ? ", " : "", name(game, i));
    printf("%s\n", n ? "" : "none");
}

static const char *knob_name(const lp_game *game, int index) { return lp_game_knob(game, index)->name; }

static const char *ends(const lp_game *game) {
    bool win = lp_game_can_win(game), loss = lp_game_can_lose(game);
    if (!lp_game_can_end(game)) return "never end: no win, no loss, no time limit";
    if (lp_game_is_endless(game)) return "end won; one that is not won never ends: eval and train ask for a time limit";
    return win && loss ? "end won or lost"
           : win       ? "end won or at the time limit"
           : loss      ? "end lost; no win"
                       : "end at the time limit; no win";
}

/* What a game that has no mistakes offers. */
static void offer(const lp_game *game, cJSON *o) {
    if (o) {
        cJSON_AddStringToObject(o, "system", lp_system_name(lp_game_system(game)));
        add_names(o, "variables", lp_game_n_variables(game), game, lp_game_variable_name);
        add_names(o, "actions", lp_game_n_actions(game), game, lp_game_action_name);
        add_names(o, "knobs", lp_game_n_knobs(game), game, knob_name);
        cJSON_AddBoolToObject(o, "can_win", lp_game_can_win(game));
        cJSON_AddBoolToObject(o, "can_lose", lp_game_can_lose(game));
        cJSON_AddBoolToObject(o, "is_endless", lp_game_is_endless(game));
        cJSON_AddBoolToObject(o, "has_reward", lp_game_has_reward(game));
        return;
    }
    printf("%s: a %s game\n", lp_game_name(game), lp_system_name(lp_game_system(game)));
    print_names("variables", lp_game_n_variables(game), game, lp_game_variable_name);
    print_names("actions", lp_game_n_actions(game), game, lp_game_action_name);
    print_names("knobs", lp_game_n_knobs(game), game, knob_name);
    printf("%-11s%s%s\n", "episodes", ends(game), lp_game_has_reward(game) ? "; scenario.json rewards" : "");
}

/* ---- what becomes of it ---- */

static cJSON *trial_json(const lp_trial *t) {
    cJSON *o = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(o, "episodes");
    for (int i = 0; i < t->n_episodes; i++) {
        const lp_trial_episode *e = &t->episodes[i];
        cJSON *one = cJSON_CreateObject();
        cJSON_AddNumberToObject(one, "seed", (double)e->seed);
        cJSON_AddStringToObject(one, "outcome", lp_outcome_name(e->outcome));
        cJSON_AddNumberToObject(one, "decisions", (double)e->decisions);
        cJSON_AddItemToArray(list, one);
    }
    cJSON_AddNumberToObject(o, "courses", t->n_courses);
    return o;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* "7 won after 69 to 71 decisions (median 70)" for each way to end. */
static void print_trial(const lp_trial *t) {
    static const char *const words[] = {[LP_WIN] = "won", [LP_LOSS] = "lost", [LP_TIMEOUT] = "timed out", [LP_RUNNING] = "broken off"};
    static const lp_outcome order[] = {LP_WIN, LP_LOSS, LP_TIMEOUT, LP_RUNNING};
    const char *between = "";
    printf("%-11s%d episode%s: ", "at random", t->n_episodes, t->n_episodes == 1 ? "" : "s");
    for (int k = 0; k < 4; k++) {
        int64_t decisions[LP_TRIAL_MAX_EPISODES];
        int n = 0;
        for (int i = 0; i < t->n_episodes; i++)
            if (t->episodes[i].outcome == order[k]) decisions[n++] = t->episodes[i].decisions;
        if (!n) continue;
        qsort(decisions, (size_t)n, sizeof *decisions, ascending);
        printf("%s%d %s after ", between, n, words[order[k]]);
        if (decisions[0] == decisions[n - 1]) printf("%lld decision%s", (long long)decisions[0], decisions[0] == 1 ? "" : "s");
        else
            printf("%lld to %lld decisions (median %lld)", (long long)decisions[0], (long long)decisions[n - 1],
                   (long long)decisions[n / 2]);
        between = ", ";
    }
    printf("\n%-11s%d different course%s in %d episode%s when all press the same buttons\n", "", t->n_courses, t->n_courses == 1 ? "" : "s",
           t->n_episodes, t->n_episodes == 1 ? "" : "s");
}

/* Adds to *n_errors. */
static lp_status try_game(const arguments *a, const lp_game *game, listener *l, cJSON *o, int *n_errors, lp_err *err) {
    lp_trial *trial;
    lp_trial_config config = {.seed = (uint64_t)a->seed, .n_episodes = (int)a->episodes, .max_decisions = a->decisions};
    lp_status status = lp_trial_open(&trial, game, &config, say, l, err);
    if (status) return status;
    *n_errors += trial->n_errors;
    if (o) cJSON_AddItemToObject(o, "trial", trial_json(trial));
    else print_trial(trial);
    if (a->sheet) status = lp_contact_sheet_write(a->sheet, trial, err);
    if (!status && a->sheet && !o) printf("%-11sin %s, how the episodes ended\n", "pictures", a->sheet);
    lp_trial_close(trial);
    return status;
}

static lp_status check(const arguments *a, listener *l, cJSON *o, int *n_errors, lp_err *err) {
    lp_game *game = NULL;
    lp_status status = LP_OK;
    if (a->sheet && (status = lp_png_check_writable(a->sheet, err))) return status;
    status = lp_game_check(a->name, say, l, n_errors, err);
    if (status || *n_errors) return status;
    status = lp_game_open(&game, a->name, err);
    if (!status && a->noop) status = lp_game_set_noop(game, a->noop, err);
    if (!status) {
        offer(game, o);
        status = try_game(a, game, l, o, n_errors, err);
    }
    lp_game_close(game);
    return status;
}

static int report(const arguments *a, listener *l, cJSON *o, int n_errors) {
    if (!o) {
        if (n_errors) printf("%s: %d mistake%s\n", a->name, n_errors, n_errors == 1 ? "" : "s");
        else printf("%s: good\n", a->name);
        return n_errors ? 1 : 0;
    }
    cJSON_AddBoolToObject(o, "good", n_errors == 0);
    cJSON_AddItemToObject(o, "errors", l->errors);
    cJSON_AddItemToObject(o, "notes", l->notes);
    l->errors = l->notes = NULL;
    int code = lp_print_json(o);
    return n_errors ? 1 : code;
}

static void more_help(void) {
    printf("\nPlayed are episodes of a player who presses anything, the same for the same --seed; longplay play GAME --policy random "
           "--seed N\n"
           "shows them. An outcome that is true at the start of every episode is a mistake, and so is a seed or a knob that does not "
           "arrive.\n");
}

int lp_game_cmd_check(int argc, char **argv) {
    arguments a = {.seed = 1};
    const lp_option options[] = {
        {.name = "sheet", .value = "FILE.png", .help = "write a picture of how each episode ended, all on one sheet", .text = &a.sheet},
        {.name = "episodes",
         .value = "N",
         .help = "episodes to play (16; 1 where none ends)",
         .number = &a.episodes,
         .min = 1,
         .max = LP_TRIAL_MAX_EPISODES},
        {.name = "decisions",
         .value = "N",
         .help = "after which an episode is broken off (1000)",
         .number = &a.decisions,
         .min = 1,
         .max = 1e9},
        {.name = "seed", .value = "N", .help = "which episodes (1)", .number = &a.seed, .min = 0, .max = 4294967295.0},
        {.name = "noop",
         .value = "MIN:MAX",
         .help = "idle frames before the first decision, drawn from the seed (the game's own)",
         .text = &a.noop},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {
        .name = "game check",
        .arguments = "GAME",
        .summary = "Goes through all files of a game folder and says everything that is wrong, with file and field; exit 1 then.\n"
                   "Where nothing is wrong it says what the game offers, and plays it at random for a few seconds at most.",
        .example = "longplay game check games/tetris --sheet ends.png",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .min_positional = 1,
        .max_positional = 1,
        .positional = &a.name,
        .n_positional = &a.n_name,
        .more_help = more_help};
    int code = lp_parse(&usage, argc, argv), n_errors = 0;
    if (code >= 0) return code;
    lp_err err;
    listener l = {a.json, cJSON_CreateArray(), cJSON_CreateArray()};
    cJSON *o = a.json ? cJSON_CreateObject() : NULL;
    if (o) cJSON_AddStringToObject(o, "game", a.name);
    lp_status status = check(&a, &l, o, &n_errors, &err);
    if (status) cJSON_Delete(o);
    code = status ? lp_report(status, &err) : report(&a, &l, o, n_errors);
    cJSON_Delete(l.errors);
    cJSON_Delete(l.notes);
    return code;
}
