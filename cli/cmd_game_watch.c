/* longplay game watch GAME: a person plays in the window, and sees what the game's setup makes of the RAM.
 *
 * It is a run whose policy is human: with --run it is recorded like any other, and can be verified, resumed and learned from.
 */
#include "cli/cli.h"
#include "cli/cmd_game.h"

#include "base/log.h"
#include "cli/watch.h"
#include "harness/keyboard.h"
#include "harness/run.h"
#include "harness/sheet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESULT_S 2.0

typedef struct {
    const char *game, *run, *only, *speed, *shot, *set[LP_MAX_LIST];
    int n_game, n_set;
    int64_t episodes, decisions, seed;
    bool json;
    lp_look look;
} arguments;

typedef struct {
    lp_game *game; /* owned */
    lp_run_config config;
    lp_run *run; /* owned */
    lp_sheet sheet;
    lp_watch watch;
    bool json;
} session;

static void show(void *context, lp_view *view) {
    session *s = context;
    lp_run_view(s->run, view);
    view->human = true;
    view->sheet = lp_sheet_view(&s->sheet);
}

static void on_frame(void *context) {
    session *s = context;
    lp_watch_frame(&s->watch, show, s);
}

static void on_line(void *context, const char *line) {
    const session *s = context;
    if (s->json) return;
    printf("%s\n", line);
    fflush(stdout);
}

static void note(session *s, lp_outcome outcome) {
    lp_sheet_note(&s->sheet, lp_run_seat(s->run)->env, lp_run_counts(s->run).decisions, outcome, on_line, s);
}

static lp_status settle(session *s, const arguments *a, lp_err *err) {
    int64_t knobs[LP_MAX_KNOBS];
    lp_run_config_init(&s->config);
    snprintf(s->config.policy, sizeof s->config.policy, "human");
    lp_mem_choose(&s->config.memory, &(lp_mem_config){.arch = &lp_mem_none});
    s->config.episodes = a->episodes;
    s->config.decisions = a->decisions;
    s->config.seed = a->seed;
    lp_status status = lp_game_open(&s->game, a->game, err);
    if (!status) status = lp_lasting_game(s->config.game, sizeof s->config.game, a->game, err);
    if (!status) lp_game_default_knobs(s->game, knobs);
    for (int i = 0; i < a->n_set && !status; i++) status = lp_game_set_knob(s->game, knobs, a->set[i], err);
    if (!status) lp_run_config_knobs(&s->config, s->game, knobs);
    if (!status) status = lp_sheet_open(&s->sheet, s->game, a->only, err);
    if (!status && !lp_window_available())
        status = lp_fail(err, LP_BAD_INPUT, "game watch: a person plays in a window, and there is no display here");
    if (!status && a->run) status = lp_run_make(a->run, s->game, NULL, &s->config, err);
    return status;
}

static lp_status play(session *s, lp_err *err) {
    lp_status status = LP_OK;
    lp_watch *watch = &s->watch;
    lp_env *env = lp_run_seat(s->run)->env;
    double frames = lp_game_frame_skip(s->game);
    while (!status && !watch->quit && !lp_run_done(s->run)) {
        status = lp_run_think(s->run, err);
        if (!status && !lp_env_steps(env)) note(s, LP_RUNNING); /* what the reset did */
        if (!status) status = lp_watch_turn(watch, lp_watch_wants_frames(watch) ? 1 : frames, show, s, err);
        if (!status) lp_run_choose(s->run, lp_keyboard_action(s->game, lp_window_buttons(watch->window)));
        lp_env_on_frame(env, lp_watch_wants_frames(watch) ? on_frame : NULL, s);
        if (!status) status = lp_run_take(s->run, err);
        if (!status) note(s, lp_run_outcome(s->run));
        if (!status && watch->speed && lp_run_outcome(s->run)) status = lp_watch_turn(watch, RESULT_S * LP_EMU_FRAMES_PER_S, show, s, err);
    }
    lp_env_on_frame(env, NULL, NULL);
    return status ? status : lp_run_end(s->run, err);
}

static int print_result(session *s, const arguments *a) {
    lp_run_totals t = lp_run_counts(s->run);
    const int64_t *values = lp_env_variables(lp_run_seat(s->run)->env);
    if (!a->json) {
        printf("%lld decisions, %lld episodes: %lld won, %lld lost, %lld timed out\n", (long long)t.decisions, (long long)t.episodes,
               (long long)t.wins, (long long)t.losses, (long long)t.timeouts);
        if (a->run) printf("recorded in %s; longplay replay %s --verify checks it\n", a->run, a->run);
        if (a->shot) printf("picture in %s\n", a->shot);
        return 0;
    }
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "game", lp_game_name(s->game));
    if (a->run) cJSON_AddStringToObject(o, "run", a->run);
    else cJSON_AddNullToObject(o, "run");
    cJSON_AddNumberToObject(o, "episodes", (double)t.episodes);
    cJSON_AddNumberToObject(o, "wins", (double)t.wins);
    cJSON_AddNumberToObject(o, "losses", (double)t.losses);
    cJSON_AddNumberToObject(o, "timeouts", (double)t.timeouts);
    cJSON_AddNumberToObject(o, "decisions", (double)t.decisions);
    cJSON_AddNumberToObject(o, "frames", (double)t.frames);
    cJSON *variables = cJSON_AddObjectToObject(o, "variables");
    for (int i = 0; i < lp_game_n_variables(s->game); i++)
        cJSON_AddNumberToObject(variables, lp_game_variable_name(s->game, i), (double)values[i]);
    if (a->shot) cJSON_AddStringToObject(o, "shot", a->shot);
    return lp_print_json(o);
}

static int watch_session(session *s, const arguments *a) {
    lp_err err = {{0}};
    lp_watch_options options = {.window = true, .speed = 1, .frames_per_s = LP_EMU_FRAMES_PER_S, .player = true};
    options.name = a->game;
    lp_status status = a->speed ? lp_watch_speed(a->speed, &options.speed, &err) : LP_OK;
    s->json = a->json;
    options.look = a->look;
    if (!status) status = lp_watch_check(&options, a->shot, &err);
    if (!status) status = settle(s, a, &err);
    if (!status) status = lp_run_open(&s->run, a->run, s->game, NULL, &s->config, &err);
    if (!status) status = lp_watch_open(&s->watch, &options, &err);
    if (!status) status = play(s, &err);
    if (!status && a->shot) status = lp_watch_shot(&s->watch, a->shot, show, s, &err);
    lp_watch_close(&s->watch);
    return status ? lp_report(status, &err) : print_result(s, a);
}

static void more_help(void) {
    printf("\nKeys: " LP_KEYBOARD_HELP
           ".\nSPACE pauses, N steps a decision, 1 4 M set the speed, P takes a picture, F fills the screen, Q quits.\n"
           "The buttons you hold become the action that presses the most of them (longplay.json: buttons).\n"
           "A variable that has just changed is marked. Events are printed, too, as they come.\n");
}

int lp_game_cmd_watch(int argc, char **argv) {
    arguments a = {.seed = 1};
    const lp_option options[] = {
        {.name = "run", .value = "DIR", .help = "record what you play into a new run folder: a demonstration", .text = &a.run},
        {.name = "only", .value = "NAME[,NAME...]", .help = "show these variables (all)", .text = &a.only},
        {.name = "set", .value = "KNOB=N", .help = "a knob of the game; may be repeated", .list = a.set, .n_list = &a.n_set},
        {.name = "seed", .value = "N", .help = "of the run (1)", .number = &a.seed, .min = 0, .max = 4294967295.0},
        {.name = "episodes", .value = "N", .help = "stop after N episodes; 0: no limit (0)", .number = &a.episodes, .min = 0, .max = 1e15},
        {.name = "decisions",
         .value = "N",
         .help = "stop after N decisions; 0: no limit (0)",
         .number = &a.decisions,
         .min = 0,
         .max = 1e15},
        {.name = "speed", .value = "1|4|max", .help = "pace (1)", .text = &a.speed},
        LP_CLI_LOOK(a.look),
        {.name = "shot", .value = "FILE.png", .help = "write a picture of the end", .text = &a.shot},
        {.name = "json", .help = "print one JSON object at the end", .flag = &a.json},
    };
    const lp_usage usage = {.name = "game watch",
                            .arguments = "GAME",
                            .summary =
                                "You play in the window; beside the game stand its variables, win or loss, and events, as they come.",
                            .example = "longplay game watch games/tetris --run runs/demonstration",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 1,
                            .max_positional = 1,
                            .positional = &a.game,
                            .n_positional = &a.n_game,
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    session *s = calloc(1, sizeof *s);
    if (!s) {
        fprintf(stderr, "longplay: out of memory\n");
        return 1;
    }
    code = watch_session(s, &a);
    lp_run_close(s->run);
    lp_game_close(s->game);
    free(s);
    return code;
}
