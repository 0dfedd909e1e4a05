/* longplay train: a training run from the command line, with progress, a log, checkpoints and a final evaluation. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/log.h"
#include "evals/eval.h"
#include "train/train.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOG_EVERY_UPDATES = 5, CHECKPOINT_S = 60 };

typedef struct {
    const char *game, *config, *out, *device, *settings[LP_MAX_LIST];
    int n_game, n_settings;
    double minutes;
    int64_t threads, eval_episodes;
    bool resume, json;
} arguments;

static volatile sig_atomic_t interrupted;
static void on_signal(int signal_number) {
    (void)signal_number;
    interrupted = 1;
}

static void settings_help(void) {
    printf("\nsettings, in an .ini file or as --section.key=value (default):\n");
    for (int i = 0; i < lp_n_train_settings; i++) {
        const lp_setting *s = &lp_train_settings[i];
        lp_train_config defaults;
        char value[64];
        lp_config_defaults(&defaults, lp_train_settings, lp_n_train_settings);
        if (s->type == LP_SET_FLOAT) snprintf(value, sizeof value, "%g", s->initial);
        else lp_config_value(&defaults, s, value, sizeof value);
        printf("  %-22s %s (%s)\n", s->name, s->help, value);
    }
    printf("\nGAME's own train.ini, if it ships one, comes first; then --config; then the settings given here.\n");
}

static lp_status read_config(lp_train_config *config, const arguments *a, const lp_game *game, lp_err *err) {
    lp_config_defaults(config, lp_train_settings, lp_n_train_settings);
    lp_status status = LP_OK;
    char own[PATH_MAX];
    if (lp_game_dir(game) && lp_file_exists(lp_path_join(own, sizeof own, lp_game_dir(game), "train.ini")))
        status = lp_config_read(config, sizeof *config, lp_train_settings, lp_n_train_settings, own, err);
    if (!status && a->config) status = lp_config_read(config, sizeof *config, lp_train_settings, lp_n_train_settings, a->config, err);
    for (int i = 0; i < a->n_settings && !status; i++) {
        char name[128];
        const char *equals = strchr(a->settings[i], '=');
        snprintf(name, sizeof name, "%.*s", (int)(equals - a->settings[i]), a->settings[i]);
        status = lp_config_set(config, lp_train_settings, lp_n_train_settings, name, equals + 1, err);
    }
    return status;
}

static lp_status write_policy(const lp_train *train, const lp_game *game, const lp_train_config *config, const lp_train_stats *stats,
                              const char *path, lp_err *err) {
    lp_policy_note notes[64] = {{"game", lp_game_name(game)}};
    char values[64][64];
    int n = 1;
    snprintf(values[n], sizeof *values, "%lld", (long long)stats->decisions);
    notes[n] = (lp_policy_note){"trained_decisions", values[n]}, n++;
    for (int i = 0; i < lp_n_train_settings && n < 64; i++, n++) {
        lp_config_value(config, &lp_train_settings[i], values[n], sizeof *values);
        notes[n] = (lp_policy_note){lp_train_settings[i].name, values[n]};
    }
    return lp_policy_write(lp_train_policy(train), path, notes, n, err);
}

typedef struct {
    double start_s, limit_s, last_checkpoint_s;
    int64_t start_decisions;
    FILE *log;
    char checkpoint[PATH_MAX];
} clock_state;

static void show(const clock_state *c, const lp_train_config *config, const lp_train_stats *s) {
    double elapsed = lp_now_s() - c->start_s, rate = (double)(s->decisions - c->start_decisions) / elapsed;
    double left = (double)(config->decisions - s->decisions) / rate;
    if (c->limit_s - elapsed < left) left = c->limit_s - elapsed;
    if (left < 0) left = 0;
    lp_progress("wins %5.1f %%  %s  %lld decisions  %.0f decisions/s  %d:%02d left", 100 * s->win_rate, s->level, (long long)s->decisions,
                rate, (int)left / 60, (int)left % 60);
    if (c->log && s->update % LOG_EVERY_UPDATES == 0) {
        fprintf(c->log,
                "update %lld decisions %lld %s win_rate %.4f episodes %lld wins %lld twin_episodes %lld twin_wins %lld "
                "policy_loss %.5f value_loss %.5f entropy %.4f kl %.5f clip %.4f grad %.4f rollout_s %.2f learn_s %.2f\n",
                (long long)s->update, (long long)s->decisions, s->level, s->win_rate, (long long)s->episodes, (long long)s->wins,
                (long long)s->twin_episodes, (long long)s->twin_wins, s->learning.policy_loss, s->learning.value_loss, s->learning.entropy,
                s->learning.kl, s->learning.clip_fraction, s->learning.grad_norm, s->rollout_s, s->learn_s);
        fflush(c->log);
    }
}

static lp_status run(lp_train *train, const lp_game *game, const lp_train_config *config, const char *out, clock_state *c,
                     lp_train_stats *stats, lp_err *err) {
    lp_status status = LP_OK;
    while (!status && !lp_train_done(train) && !interrupted && lp_now_s() - c->start_s < c->limit_s) {
        int64_t before = stats->decisions;
        status = lp_train_update(train, stats, err);
        if (status) break;
        if (!before) c->start_decisions = stats->decisions - config->envs * config->steps;
        show(c, config, stats);
        if (lp_now_s() - c->last_checkpoint_s < CHECKPOINT_S) continue;
        status = lp_train_save(train, c->checkpoint, err);
        if (!status) status = write_policy(train, game, config, stats, out, err);
        c->last_checkpoint_s = lp_now_s();
    }
    lp_progress_end();
    if (!status) status = lp_train_save(train, c->checkpoint, err);
    if (!status) status = write_policy(train, game, config, stats, out, err);
    return status;
}

/* goal: the knobs that it was judged at, "horizon=16 n=4", of goal_bytes. */
static lp_status judge(const lp_train *train, const lp_game *game, const lp_train_config *config, int64_t episodes, int threads,
                       lp_eval_row *row, char *goal, size_t goal_bytes, lp_err *err) {
    int64_t knobs[LP_MAX_KNOBS];
    lp_train_goal(train, knobs);
    snprintf(goal, goal_bytes, "%s", lp_game_n_knobs(game) ? "" : "its one setting");
    for (int k = 0; k < lp_game_n_knobs(game); k++)
        snprintf(goal + strlen(goal), goal_bytes - strlen(goal), "%s%s=%lld", k ? " " : "", lp_game_knob(game, k)->name,
                 (long long)knobs[k]);
    lp_eval_config eval = {.player = LP_PLAYER_POLICY,
                           .sample = config->act == 1,
                           .policy = lp_train_policy(train),
                           .memory = lp_train_memory(config, game),
                           .knobs = knobs,
                           .episodes = episodes,
                           .seed = 1,
                           .time_limit = config->time_limit,
                           .n_threads = threads,
                           .progress = true};
    return lp_eval(game, &eval, row, err);
}

static lp_status train_game(const arguments *a, const lp_game *game, cJSON **result, lp_err *err) {
    lp_train_config config;
    lp_train_stats stats = {0};
    lp_train *train = NULL;
    clock_state c = {.start_s = lp_now_s(), .limit_s = a->minutes * 60, .last_checkpoint_s = lp_now_s()};
    char out[PATH_MAX], log_path[PATH_MAX];
    if (a->out) snprintf(out, sizeof out, "%s", a->out);
    else snprintf(out, sizeof out, "%s.safetensors", lp_game_name(game));
    snprintf(c.checkpoint, sizeof c.checkpoint, "%.*s.train", PATH_MAX - 10, out);
    snprintf(log_path, sizeof log_path, "%.*s.log", PATH_MAX - 10, out);
    lp_device device;
    lp_status status = read_config(&config, a, game, err);
    if (!status) status = lp_device_find(&device, a->device, err);
    if (!status) status = lp_train_open(&train, game, &config, device, (int)a->threads, err);
    if (!status && a->resume) status = lp_train_load(train, c.checkpoint, err);
    if (status) goto done;
    if (!(c.log = fopen(log_path, a->resume ? "a" : "w"))) {
        status = lp_fail(err, LP_BAD_INPUT, "%s: cannot write: %s", log_path, strerror(errno));
        goto done;
    }
    status = run(train, game, &config, out, &c, &stats, err);
    lp_eval_row row = {0};
    double minutes = (lp_now_s() - c.start_s) / 60;
    char goal[256];
    if (!status) status = lp_train_finish(train, err);
    if (!status) status = judge(train, game, &config, a->eval_episodes, (int)a->threads, &row, goal, sizeof goal, err);
    if (status) goto done;
    fprintf(c.log, "evaluated: %lld wins of %lld at %s, after %.1f minutes\n", (long long)row.wins, (long long)row.episodes, goal, minutes);
    fprintf(stderr, "%s: %lld of %lld episodes won (%.1f to %.1f %%) at %s after %.1f minutes; weights in %s\n", lp_game_name(game),
            (long long)row.wins, (long long)row.episodes, 100 * row.ci95[0], 100 * row.ci95[1], goal, minutes, out);
    *result = cJSON_CreateObject();
    cJSON_AddNumberToObject(*result, "minutes", minutes);
    cJSON_AddNumberToObject(*result, "decisions", (double)stats.decisions);
    cJSON_AddNumberToObject(*result, "win_rate", row.win_rate);
    cJSON_AddStringToObject(*result, "out", out);
    cJSON_AddNumberToObject(*result, "horizon", (double)row.horizon);
    cJSON_AddBoolToObject(*result, "finished", lp_train_done(train));
done:
    if (c.log) fclose(c.log);
    lp_train_close(train);
    return status;
}

int lp_cmd_train(int argc, char **argv) {
    arguments a = {.minutes = 1e6, .eval_episodes = 200};
    const lp_option options[] = {
        {.name = "config", .value = "FILE", .help = "settings in an .ini file", .text = &a.config},
        {.name = "minutes", .value = "M", .help = "stop after M minutes (--resume goes on)", .real = &a.minutes, .min = 0, .max = 1e6},
        {.name = "out", .value = "FILE", .help = "where the weights go (GAME.safetensors)", .text = &a.out},
        {.name = "resume", .help = "go on from OUT.train, exactly; train.decisions may be more than before", .flag = &a.resume},
        {.name = "eval-episodes",
         .value = "N",
         .help = "episodes of the final evaluation (200)",
         .number = &a.eval_episodes,
         .min = 1,
         .max = 1e9},
        {.name = "threads",
         .value = "N",
         .help = "threads (one a processor); no result depends on it",
         .number = &a.threads,
         .min = 0,
         .max = 1024},
        {.name = "device", .value = "cpu|cuda|auto", .help = "where the network runs", .text = &a.device},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "train",
                            .arguments = "GAME",
                            .summary = "Trains a policy from win (+1) and loss (-1) alone, from pixels. "
                                       "Progress goes to stderr, a log to OUT.log, a checkpoint to OUT.train.",
                            .example = "longplay train cue --minutes 15 --out my.safetensors --ppo.epochs=3",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 1,
                            .max_positional = 1,
                            .positional = &a.game,
                            .n_positional = &a.n_game,
                            .settings = a.settings,
                            .n_settings = &a.n_settings,
                            .more_help = settings_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    lp_game *game = NULL;
    cJSON *result = NULL;
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    lp_status status = lp_use_device(NULL, NULL, a.device, &err);
    if (!status) status = lp_game_open(&game, a.game, &err);
    if (!status) status = train_game(&a, game, &result, &err);
    lp_game_close(game);
    if (status) return lp_report(status, &err);
    if (a.json) return lp_print_json(result);
    cJSON_Delete(result);
    return 0;
}
