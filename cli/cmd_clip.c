/* longplay clip: a moment of a recorded run as a video. It finds the decision; longplay replay does the rest. */
#include "cli/cli.h"

#include "cli/watch.h"
#include "harness/run.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define SECONDS 30.0
#define BEFORE (2.0 / 3) /* of the seconds: what led to it */

typedef struct {
    const char *run, *event, *out, *game;
    int n_run;
    int64_t decision; /* -1: not given */
    double seconds;
    bool json;
    lp_look look;
    lp_film_options film;
} arguments;

static void note_decision(void *context, const lp_store_row *row) { *(int64_t *)context = row->decision; }

/* The first decision and the one after the last. */
static lp_status find(const arguments *a, int64_t *from, int64_t *to, lp_err *err) {
    lp_store *store = NULL;
    lp_game *game = NULL;
    lp_run_config config;
    lp_run_totals totals = {0};
    bool playing;
    int64_t at = a->decision;
    lp_status status = lp_run_config_read(&config, a->run, err);
    if (!status) status = lp_run_look(&store, a->run, &totals, &playing, err);
    if (!status && a->event) status = lp_store_search(store, a->event, 1, note_decision, &at, err);
    if (!status && at < 0) status = lp_fail(err, LP_BAD_INPUT, "%s: nothing in it has the words '%s'", a->run, a->event);
    if (!status && at >= totals.decisions)
        status = lp_fail(err, LP_BAD_INPUT, "--decision %lld: the run has %lld decisions", (long long)at, (long long)totals.decisions);
    if (!status) status = lp_run_game(&game, &config, a->game, err);
    if (!status) {
        double per_s = LP_EMU_FRAMES_PER_S / lp_game_frame_skip(game);
        int64_t n = (int64_t)fmax(1, round(a->seconds * per_s));
        *to = at + 1 + (int64_t)round((double)n * (1 - BEFORE));
        if (*to > totals.decisions) *to = totals.decisions;
        *from = *to > n ? *to - n : 0;
        if (*from + n > *to && *from + n <= totals.decisions) *to = *from + n; /* near the run's beginning: what comes after, instead */
    }
    lp_game_close(game);
    lp_store_close(store);
    return status;
}

static int replay(const arguments *a, int64_t from, int64_t to) {
    char numbers[4][24];
    const char *argv[32] = {"replay", a->run, "--headless", "--from", numbers[0], "--to", numbers[1], "--video", a->out};
    int argc = 9;
    const struct {
        const char *name, *value;
    } given[] = {{"--game", a->game},
                 {"--layout", a->look.layout},
                 {"--size", a->look.size},
                 {"--theme", a->look.theme},
                 {"--fps", a->film.fps ? numbers[2] : NULL},
                 {"--kbit", a->film.kbit_per_s ? numbers[3] : NULL}};
    const int64_t values[] = {from, to, a->film.fps, a->film.kbit_per_s};
    for (int i = 0; i < 4; i++) snprintf(numbers[i], sizeof numbers[i], "%lld", (long long)values[i]);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        if (given[i].value) argv[argc++] = given[i].name, argv[argc++] = given[i].value;
    if (a->json) argv[argc++] = "--json";
    return lp_cmd_replay(argc, (char **)argv);
}

static void more_help(void) {
    printf("\nWORDS: as for longplay memory RUN search, in quotes where there are several; the moment that matches best. Two thirds of the "
           "clip lead to the\n"
           "moment. Where an episode ends in it, the end stands still for two seconds more.\n");
}

int lp_cmd_clip(int argc, char **argv) {
    arguments a = {.decision = -1, .seconds = SECONDS};
    const lp_option options[] = {
        {.name = "event", .value = "WORDS", .help = "what happened", .text = &a.event},
        {.name = "decision", .value = "N", .help = "or when", .number = &a.decision, .min = 0, .max = 1e15},
        {.name = "seconds", .value = "N", .help = "how long, in the console's time (30)", .real = &a.seconds, .min = 0.1, .max = 1e6},
        LP_CLI_FILM("out", a.film),
        {.name = "game", .value = "GAME|ROM", .help = "where the ROM is now, if it was moved", .text = &a.game},
        LP_CLI_LOOK(a.look),
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "clip",
                            .arguments = "RUN",
                            .summary = "Makes a video of a moment of a recorded run, with sound.",
                            .example = "longplay clip runs/first --event \"sign circle\" --seconds 20 -o sign.mp4",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 1,
                            .max_positional = 1,
                            .positional = &a.run,
                            .n_positional = &a.n_run,
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    int64_t from = 0, to = 0;
    lp_status status = LP_OK;
    if (!a.event == (a.decision < 0)) status = lp_fail(&err, LP_BAD_INPUT, "clip: needs --event WORDS or --decision N, one of them");
    else if (!a.film.record) status = lp_fail(&err, LP_BAD_INPUT, "clip: needs -o FILE.mkv or FILE.mp4");
    if (!status) status = find(&a, &from, &to, &err);
    a.out = a.film.record;
    return status ? lp_report(status, &err) : replay(&a, from, to);
}
