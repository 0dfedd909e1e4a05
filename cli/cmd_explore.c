/* longplay explore: finds ways through a game without a policy, and keeps them as demonstrations. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/log.h"
#include "base/stop.h"
#include "base/terminal.h"
#include "explore/explore.h"
#include "harness/demo.h"
#include "view/viewer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAVE_S = 60, SAY_S = 2, MAP_COLUMNS = 8, MAP_CELLS = 64 };

typedef struct {
    const char *positional[1], *out, *demos, *map, *config, *knobs[LP_MAX_LIST], *settings[LP_MAX_LIST];
    int n_positional, n_knobs, n_settings;
    double minutes;
    int64_t decisions, threads, episodes;
    bool json;
} arguments;

/* Of several episodes. */
typedef struct {
    int64_t won, there, decisions; /* there: in the file of demonstrations already, and not explored */
    double seconds;
} tally;

static void print_settings(void) {
    lp_explore_config initial;
    printf("\nSettings (default):\n");
    lp_config_defaults(&initial, lp_explore_settings(), lp_n_explore_settings());
    for (const lp_setting *s = lp_explore_settings(); s < lp_explore_settings() + lp_n_explore_settings(); s++) {
        char value[LP_SETTING_BYTES];
        lp_config_value(&initial, s, value, sizeof value);
        printf("  %-18s %s (%s)\n", s->name, s->help, *value ? value : "picture");
    }
}

static lp_status read_config(const arguments *a, const lp_game *game, lp_explore_config *config, lp_err *err) {
    const lp_setting *table = lp_explore_settings();
    const int n = lp_n_explore_settings();
    lp_status status = LP_OK;
    memset(config, 0, sizeof *config);
    lp_config_defaults(config, table, n);
    if (a->config) status = lp_config_read(config, sizeof *config, table, n, a->config, err);
    for (int i = 0; i < a->n_settings && !status; i++) {
        char name[128];
        const char *equals = strchr(a->settings[i], '=');
        snprintf(name, sizeof name, "%.*s", (int)(equals - a->settings[i]), a->settings[i]);
        status = lp_config_set(config, table, n, name, equals + 1, err);
    }
    lp_game_default_knobs(game, config->knobs);
    for (int i = 0; i < a->n_knobs && !status; i++) status = lp_game_set_knob(game, config->knobs, a->knobs[i], err);
    return status;
}

/* Asked before the work: can wins go there, and is there one of this episode? */
static lp_status check_demos(const arguments *a, const lp_game *game, const lp_explore_config *config, bool *there, lp_err *err) {
    lp_demos *file = NULL;
    lp_status status = a->demos ? lp_demos_open(&file, a->demos, game, err) : LP_OK;
    const uint64_t seed = lp_game_train_seed((uint64_t)config->seed, (uint64_t)config->episode);
    *there = false;
    for (int i = 0; file && i < file->n; i++)
        *there |= file->demo[i].seed == seed && !memcmp(file->demo[i].knobs, config->knobs, file->about.n_knobs * sizeof *config->knobs);
    lp_demos_close(file);
    return status;
}

/* The wins go into the file of demonstrations, where they are not there yet. */
static lp_status write_demos(const arguments *a, const lp_game *game, const lp_explore *x, lp_err *err) {
    const lp_demos *wins = lp_explore_wins(x);
    lp_demos *file = NULL;
    lp_demos_count count = {0};
    if (!a->demos || !wins->n) return LP_OK;
    lp_status status = lp_demos_open(&file, a->demos, game, err);
    for (int i = 0; i < wins->n && !status; i++) status = lp_demos_take(file, &wins->demo[i], &count, err);
    if (!status && count.added) status = lp_demos_write(file, a->demos, err);
    lp_demos_close(file);
    return status;
}

/* What was reached, in the order of its discovery, as one picture. */
static lp_status write_map(const arguments *a, const lp_game *game, const lp_explore *x, lp_err *err) {
    int width, height;
    lp_game_observation(game, &width, &height);
    const int sheet_width = MAP_COLUMNS * width, sheet_height = MAP_CELLS / MAP_COLUMNS * height;
    uint8_t *views = malloc((size_t)MAP_CELLS * (size_t)width * (size_t)height);
    uint32_t *sheet = calloc((size_t)sheet_width * (size_t)sheet_height, sizeof *sheet);
    const int n = views && sheet ? lp_explore_views(x, views, MAP_CELLS, err) : 0;
    lp_status status = n ? LP_OK : lp_fail(err, LP_FAILED, "%s: out of memory for the picture", a->map);
    for (int i = 0; i < n; i++)
        for (int y = 0; y < height; y++)
            for (int at = 0; at < width; at++) {
                const uint32_t grey = views[((size_t)i * (size_t)height + (size_t)y) * (size_t)width + (size_t)at];
                const size_t row = (size_t)(i / MAP_COLUMNS * height + y);
                sheet[row * (size_t)sheet_width + (size_t)(i % MAP_COLUMNS * width + at)] = grey * 0x010101u;
            }
    const int used = (n + MAP_COLUMNS - 1) / MAP_COLUMNS * height;
    if (!status) status = lp_png_write(a->map, sheet, sheet_width, used, err);
    free(views);
    free(sheet);
    return status;
}

static lp_status save(const arguments *a, const lp_game *game, const lp_explore *x, lp_err *err) {
    lp_status status = a->out ? lp_explore_save(x, a->out, err) : LP_OK;
    if (!status) status = write_demos(a, game, x, err);
    return status;
}

static void say_progress(const lp_explore_stats *s, double rate) {
    lp_progress("%lld cells, %lld decisions deep  %lld decisions  %.0f decisions/s  %lld MB  %lld wins", (long long)s->cells,
                (long long)s->deepest, (long long)s->decisions, rate, (long long)(s->machine_bytes / 1000000), (long long)s->wins);
}

static lp_status go(const arguments *a, const lp_game *game, lp_explore *x, double *seconds, lp_err *err) {
    const double began = lp_now_s();
    const int64_t before = lp_explore_now(x).decisions;
    double said = began, saved = began;
    lp_status status = LP_OK;
    while (!status && !lp_stop_asked() && !lp_explore_done(x) && (!a->decisions || lp_explore_now(x).decisions < a->decisions) &&
           (!(a->minutes > 0) || lp_now_s() - began < 60 * a->minutes)) {
        status = lp_explore_round(x, err);
        const double now = lp_now_s();
        if (!status && now - said > SAY_S) {
            const lp_explore_stats s = lp_explore_now(x);
            say_progress(&s, (double)(s.decisions - before) / (now - began));
            said = now;
        }
        if (!status && now - saved > SAVE_S) {
            status = save(a, game, x, err);
            saved = lp_now_s();
        }
    }
    *seconds = lp_now_s() - began;
    if (!status) status = save(a, game, x, err);
    if (!status && a->map) status = write_map(a, game, x, err);
    return status;
}

static int tell(const arguments *a, const lp_explore_stats *s, int64_t before, double seconds) {
    const double rate = seconds > 0 ? (double)(s->decisions - before) / seconds : 0;
    if (a->json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddNumberToObject(o, "rounds", (double)s->rounds);
        cJSON_AddNumberToObject(o, "decisions", (double)s->decisions);
        cJSON_AddNumberToObject(o, "cells", (double)s->cells);
        cJSON_AddNumberToObject(o, "deepest", (double)s->deepest);
        cJSON_AddNumberToObject(o, "wins", (double)s->wins);
        cJSON_AddNumberToObject(o, "shortest", (double)s->shortest);
        cJSON_AddNumberToObject(o, "machine_bytes", (double)s->machine_bytes);
        cJSON_AddNumberToObject(o, "decisions_per_s", rate);
        return lp_print_json(o);
    }
    printf("%lld cells, the farthest %lld decisions from power-on; %lld decisions, %.0f decisions/s; ", (long long)s->cells,
           (long long)s->deepest, (long long)s->decisions, rate);
    if (s->wins) printf("%lld wins, the shortest of %lld decisions\n", (long long)s->wins, (long long)s->shortest);
    else printf("no win\n");
    return 0;
}

static int tell_all(const arguments *a, const tally *t) {
    const double rate = t->seconds > 0 ? (double)t->decisions / t->seconds : 0;
    if (a->json) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddNumberToObject(o, "episodes", (double)a->episodes);
        cJSON_AddNumberToObject(o, "won", (double)t->won);
        cJSON_AddNumberToObject(o, "there", (double)t->there);
        cJSON_AddNumberToObject(o, "decisions", (double)t->decisions);
        cJSON_AddNumberToObject(o, "decisions_per_s", rate);
        return lp_print_json(o);
    }
    printf("%lld of %lld episodes won", (long long)t->won, (long long)(a->episodes - t->there));
    if (t->there) printf(", %lld were there already", (long long)t->there);
    printf("; %lld decisions, %.0f decisions/s\n", (long long)t->decisions, rate);
    return 0;
}

/* One episode; *code is what to exit with if it is the only one. */
static lp_status explore(const arguments *a, const lp_game *game, const lp_explore_config *config, tally *t, int *code, lp_err *err) {
    lp_explore *x = NULL;
    double seconds = 0;
    lp_status status = lp_explore_open(&x, game, config, (int)a->threads, err);
    if (!status && a->out && lp_file_exists(a->out)) status = lp_explore_load(x, a->out, err);
    const int64_t before = status ? 0 : lp_explore_now(x).decisions;
    if (!status) status = go(a, game, x, &seconds, err);
    if (!status) {
        const lp_explore_stats s = lp_explore_now(x);
        t->won += s.wins > 0;
        t->decisions += s.decisions - before;
        t->seconds += seconds;
        if (a->episodes == 1) *code = tell(a, &s, before, seconds);
    }
    lp_explore_close(x);
    return status;
}

/* One after the other; those of which there is a demonstration are passed by. */
static lp_status explore_all(const arguments *a, const lp_game *game, lp_explore_config *config, tally *t, lp_err *err) {
    lp_status status = LP_OK;
    for (int64_t i = 0; i < a->episodes && !status && !lp_stop_asked(); i++, config->episode++) {
        bool there;
        int code;
        status = check_demos(a, game, config, &there, err);
        if (there) t->there++;
        else if (!status) status = explore(a, game, config, t, &code, err);
        if (!status)
            lp_progress("%lld of %lld episodes, %lld won  %lld decisions", (long long)(i + 1), (long long)a->episodes, (long long)t->won,
                        (long long)t->decisions);
    }
    return status;
}

static int run(const arguments *a, lp_err *err) {
    lp_game *game = NULL;
    lp_explore_config config;
    tally t = {0};
    bool there;
    int code = 0;
    lp_status status = lp_game_open(&game, a->positional[0], err);
    if (!status) status = read_config(a, game, &config, err);
    if (!status && a->out) status = lp_file_check_writable(a->out, NULL, err);
    if (!status) status = check_demos(a, game, &config, &there, err);
    if (!status && a->map) status = lp_png_check_writable(a->map, err);
    if (!status) {
        lp_stop_catch();
        status = a->episodes > 1 ? explore_all(a, game, &config, &t, err) : explore(a, game, &config, &t, &code, err);
    }
    if (!status && a->episodes > 1) code = tell_all(a, &t);
    if (status) code = lp_report(status, err);
    else if (!code) code = lp_stop_asked() ? 128 + lp_stop_asked() : t.won + t.there < a->episodes;
    lp_game_close(game);
    return code;
}

int lp_cmd_explore(int argc, char **argv) {
    arguments a = {.episodes = 1};
    const lp_option options[] = {
        {.name = "out", .value = "FILE", .help = "the archive; where it is there already, the exploration goes on", .text = &a.out},
        {.name = "demos", .value = "FILE", .help = "wins are added to it as demonstrations (train.demos)", .text = &a.demos},
        {.name = "map", .value = "FILE.png", .help = "a picture of what was reached", .text = &a.map},
        {.name = "episodes",
         .value = "N",
         .help = "so many, one after the other from explore.episode on, but those that --demos has (1)",
         .number = &a.episodes,
         .min = 1,
         .max = 1e6},
        {.name = "minutes", .value = "M", .help = "of an episode at most so long", .real = &a.minutes, .min = 0, .max = 1e6},
        {.name = "decisions",
         .value = "N",
         .help = "of an episode at most so many, all sittings together",
         .number = &a.decisions,
         .min = 1,
         .max = 1e15},
        {.name = "set", .value = "KNOB=N", .help = "a knob's value", .list = a.knobs, .n_list = &a.n_knobs},
        {.name = "config", .value = "FILE", .help = "settings in an .ini file", .text = &a.config},
        {.name = "threads", .value = "N", .help = "0: one a processor (0)", .number = &a.threads, .max = 1024},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {
        .name = "explore",
        .arguments = "GAME",
        .summary = "Finds ways through a game without a policy, from power-on to a win: an archive of what was reached, from which\n"
                   "it goes on at random. Exit code 1: no win was found, or not in all episodes.",
        .example = "longplay explore cue --minutes 1 --out cue.archive --demos cue.demos",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .min_positional = 1,
        .max_positional = 1,
        .positional = a.positional,
        .n_positional = &a.n_positional,
        .settings = a.settings,
        .n_settings = &a.n_settings,
        .section = "explore.",
        .section_help = "a setting",
        .more_help = print_settings};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    if (!(a.minutes > 0) && !a.decisions) {
        lp_fail(&err, LP_BAD_INPUT, "explore: for how long? --minutes M or --decisions N");
        return lp_report(LP_BAD_INPUT, &err);
    }
    if (a.episodes > 1 && (a.out || a.map)) {
        lp_fail(&err, LP_BAD_INPUT, "explore: --%s is of one episode: without --episodes", a.out ? "out" : "map");
        return lp_report(LP_BAD_INPUT, &err);
    }
    return run(&a, &err);
}
