/* longplay game check GAME: what is wrong in a game folder and where; or, where nothing is, what it offers. */
#include "cli/cli.h"
#include "cli/cmd_game.h"

#include "base/file.h"
#include "env/game.h"
#include "env/game_check.h"

#include <stdio.h>
#include <string.h>

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
    printf("%s: good; a %s game\n", lp_game_name(game), lp_system_name(lp_game_system(game)));
    print_names("variables", lp_game_n_variables(game), game, lp_game_variable_name);
    print_names("actions", lp_game_n_actions(game), game, lp_game_action_name);
    print_names("knobs", lp_game_n_knobs(game), game, knob_name);
    printf("%-11s%s%s\n", "episodes", ends(game), lp_game_has_reward(game) ? "; scenario.json rewards" : "");
}

int lp_game_cmd_check(int argc, char **argv) {
    const char *name = NULL;
    int n = 0;
    listener l = {0};
    const lp_option options[] = {{.name = "json", .help = "print one JSON object", .flag = &l.json}};
    const lp_usage usage = {
        .name = "game check",
        .arguments = "GAME",
        .summary = "Goes through all files of a game folder and says everything that is wrong, with file and field; exit 1 then.\n"
                   "Where nothing is wrong it says what the game offers.",
        .example = "longplay game check games/tetris",
        .options = options,
        .n_options = 1,
        .min_positional = 1,
        .max_positional = 1,
        .positional = &name,
        .n_positional = &n};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_game *game = NULL;
    lp_err err;
    if (strchr(name, '/') && !lp_file_exists(name)) {
        lp_fail(&err, LP_BAD_INPUT, "%s: no such folder or file", name);
        return lp_report(LP_BAD_INPUT, &err);
    }
    l.errors = cJSON_CreateArray();
    l.notes = cJSON_CreateArray();
    int n_errors = lp_game_check(name, say, &l);
    cJSON *o = l.json ? cJSON_CreateObject() : NULL;
    if (o) cJSON_AddStringToObject(o, "game", name);
    if (o) cJSON_AddBoolToObject(o, "good", n_errors == 0);
    if (!n_errors && !lp_game_open(&game, name, &err)) offer(game, o);
    lp_game_close(game);
    if (!o) {
        if (n_errors) printf("%s: %d mistake%s\n", name, n_errors, n_errors == 1 ? "" : "s");
        cJSON_Delete(l.errors);
        cJSON_Delete(l.notes);
        return n_errors ? 1 : 0;
    }
    cJSON_AddItemToObject(o, "errors", l.errors);
    cJSON_AddItemToObject(o, "notes", l.notes);
    code = lp_print_json(o);
    return n_errors ? 1 : code;
}
