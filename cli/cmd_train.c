/* longplay train: a training run from the command line, with progress, a log, checkpoints and a final evaluation. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/stop.h"
#include "evals/eval.h"
#include "train/train.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOG_EVERY_UPDATES = 5, CHECKPOINT_S = 60 };

typedef struct {
    const char *game, *config, *model, *out, *device, *noop, *memory, *settings[LP_MAX_LIST];
    int n_game, n_settings;
    double minutes;
    int64_t threads, eval_episodes;
    bool resume, overwrite, json;
} arguments;

static void settings_help(void) {
    printf("\nsettings, in an .ini file or as --section.key=value (default):\n");
    for (int i = 0; i < lp_n_train_settings(); i++) {
        const lp_setting *s = &lp_train_settings()[i];
        lp_train_config defaults;
        char value[64];
        lp_config_defaults(&defaults, lp_train_settings(), lp_n_train_settings());
        if (s->type == LP_SET_FLOAT) snprintf(value, sizeof value, "%g", s->initial);
        else lp_config_value(&defaults, s, value, sizeof value);
        printf("  %-22s %s (%s)\n", s->name, s->help, value);
    }
    printf("\nGAME's own train.ini, if it ships one, comes first; then --config; then the settings given here.\n"
           "Ctrl-C (or SIGTERM, SIGHUP) saves when the present update is done, and exits with 128 + the signal; --resume goes on.\n");
}

/* before: what is not said is as it was before there was such a setting. */
static lp_status read_config(lp_train_config *config, const arguments *a, const lp_game *game, bool before, lp_err *err) {
    lp_config_defaults(config, lp_train_settings(), lp_n_train_settings());
    if (before) lp_train_before(config);
    lp_status status = LP_OK;
    char own[PATH_MAX];
    if (lp_game_dir(game) && lp_file_exists(lp_path_join(own, sizeof own, lp_game_dir(game), "train.ini")))
        status = lp_config_read(config, sizeof *config, lp_train_settings(), lp_n_train_settings(), own, err);
    if (!status && a->config) status = lp_config_read(config, sizeof *config, lp_train_settings(), lp_n_train_settings(), a->config, err);
    for (int i = 0; i < a->n_settings && !status; i++) {
        char name[128];
        const char *equals = strchr(a->settings[i], '=');
        if (!strncmp(a->settings[i], "memory.", 7)) continue;
        snprintf(name, sizeof name, "%.*s", (int)(equals - a->settings[i]), a->settings[i]);
        status = lp_config_set(config, lp_train_settings(), lp_n_train_settings(), name, equals + 1, err);
    }
    lp_mem_config memory = lp_mem_chosen(&config->memory, 1);
    if (!status) status = lp_mem_give(&memory, &(lp_mem_given){a->memory, a->settings, a->n_settings}, err);
    if (!status) lp_mem_choose(&config->memory, &memory);
    if (before) lp_mem_before(&config->memory, false); /* of another architecture than the file's, they were not said either */
    return status;
}

/* A training under way, and the files that it writes. */
typedef struct {
    const arguments *a;
    const lp_game *game;
    lp_train_config config;
    lp_train *train; /* owned */
    FILE *log;       /* owned; locked, so that one training at a time writes these files */
    char out[PATH_MAX], checkpoint[PATH_MAX], log_path[PATH_MAX];
    double start_s, saved_s;
    int64_t start_decisions;
} session;

static lp_status name_files(session *s, lp_err *err) {
    char name[128];
    snprintf(name, sizeof name, "%s.safetensors", lp_game_name(s->game));
    const char *out = s->a->out ? s->a->out : name;
    if (snprintf(s->log_path, sizeof s->log_path, "%s.log", out) >= (int)sizeof s->log_path - 8)
        return lp_fail(err, LP_BAD_INPUT, "--out %.80s...: path too long", out);
    snprintf(s->out, sizeof s->out, "%s", out);
    snprintf(s->checkpoint, sizeof s->checkpoint, "%s.train", out);
    lp_status status = lp_file_check_writable(s->out, NULL, err);
    return status ? status : lp_file_check_writable(s->checkpoint, NULL, err);
}

static lp_status save(session *s, lp_err *err) {
    lp_status status = lp_train_save(s->train, s->checkpoint, err);
    if (!status) status = lp_train_write_policy(s->train, s->out, err);
    s->saved_s = lp_now_s();
    return status;
}

/* What is replaced, or written on, must be a training's. */
static lp_status check_kinds(const session *s, lp_err *err) {
    static const lp_file_kind checkpoint = {"a training's checkpoint", {"LPLTRN"}}, log = {"a training's log", {"update ", "evaluated: "}};
    lp_status status = lp_policy_check_writable(s->out, err);
    if (!status) status = lp_file_check_writable(s->checkpoint, &checkpoint, err);
    return status ? status : lp_file_check_writable(s->log_path, &log, err);
}

/* Goes on from the checkpoint, or writes the first: from here on nothing is lost of a killed training. */
static lp_status begin(session *s, lp_err *err) {
    if (s->a->resume) {
        lp_status status = lp_train_load(s->train, s->checkpoint, err);
        return status ? status : check_kinds(s, err);
    }
    struct stat log;
    if (fstat(fileno(s->log), &log)) return lp_fail(err, LP_FAILED, "%s: %s", s->log_path, strerror(errno));
    const char *old = lp_file_exists(s->out) ? s->out : lp_file_exists(s->checkpoint) ? s->checkpoint : log.st_size ? s->log_path : NULL;
    if (old && !s->a->overwrite)
        return lp_fail(err, LP_BAD_INPUT, "%s: is there already: --resume goes on with it, --overwrite begins anew", old);
    lp_status status = check_kinds(s, err);
    if (status) return status;
    if (ftruncate(fileno(s->log), 0)) return lp_fail(err, LP_FAILED, "%s: cannot write: %s", s->log_path, strerror(errno));
    return save(s, err);
}

/* Takes the log, and with it all the files; a log that was made for nothing goes again. */
static lp_status open_files(session *s, lp_err *err) {
    int fd;
    bool made;
    lp_status status = lp_lock_open(&fd, &made, s->log_path, "is training this", err);
    if (status) return status;
    if (!(s->log = fdopen(fd, "a"))) {
        close(fd);
        status = lp_fail(err, LP_FAILED, "%s: cannot write: %s", s->log_path, strerror(errno));
    }
    if (!status) status = begin(s, err);
    if (status && made) unlink(s->log_path);
    return status;
}

static void show(const session *s, const lp_train_stats *now) {
    double elapsed = lp_now_s() - s->start_s, rate = (double)(now->decisions - s->start_decisions) / elapsed;
    double left = (double)(s->config.decisions - now->decisions) / rate;
    if (s->a->minutes * 60 - elapsed < left) left = s->a->minutes * 60 - elapsed;
    char text[LP_DURATION_BYTES];
    lp_progress("wins %5.1f %%  %s  %lld decisions  %.0f decisions/s  %s left", 100 * now->win_rate, now->level, (long long)now->decisions,
                rate, lp_duration(left, text));
    if (now->update % LOG_EVERY_UPDATES) return;
    fprintf(s->log,
            "update %lld decisions %lld %s win_rate %.4f episodes %lld wins %lld twin_episodes %lld twin_wins %lld "
            "policy_loss %.5f value_loss %.5f entropy %.4f kl %.5f clip %.4f salience_loss %.5f attention_entropy %.4f grad %.4f rollout_s "
            "%.2f learn_s %.2f\n",
            (long long)now->update, (long long)now->decisions, now->level, now->win_rate, (long long)now->episodes, (long long)now->wins,
            (long long)now->twin_episodes, (long long)now->twin_wins, now->learning.policy_loss, now->learning.value_loss,
            now->learning.entropy, now->learning.kl, now->learning.clip_fraction, now->learning.salience_loss,
            now->learning.attention_entropy, now->learning.grad_norm, now->rollout_s, now->learn_s);
    fflush(s->log);
}

static lp_status run(session *s, lp_err *err) {
    lp_status status = LP_OK;
    s->start_decisions = lp_train_decisions(s->train);
    while (!status && !lp_train_done(s->train) && !lp_stop_asked() && lp_now_s() - s->start_s < s->a->minutes * 60) {
        lp_train_stats stats;
        status = lp_train_update(s->train, &stats, err);
        if (!status) show(s, &stats);
        if (!status && lp_now_s() - s->saved_s >= CHECKPOINT_S) status = save(s, err);
    }
    lp_progress_end();
    return status ? status : save(s, err);
}

/* goal: the knobs that it is judged at, "horizon=16 n=4", of goal_bytes. */
static void describe_goal(const session *s, const int64_t *knobs, char *goal, size_t goal_bytes) {
    int n = lp_game_n_knobs(s->game);
    snprintf(goal, goal_bytes, "%s", n ? "" : "its one setting");
    for (int k = 0; k < n; k++)
        snprintf(goal + strlen(goal), goal_bytes - strlen(goal), "%s%s=%lld", k ? " " : "", lp_game_knob(s->game, k)->name,
                 (long long)knobs[k]);
}

static lp_status judge(session *s, double minutes, lp_eval_row *row, lp_err *err) {
    int64_t knobs[LP_MAX_KNOBS];
    char goal[256];
    lp_train_goal(s->train, knobs);
    describe_goal(s, knobs, goal, sizeof goal);
    lp_eval_config eval = {.player = LP_PLAYER_POLICY,
                           .sample = s->config.act == 1,
                           .policy = lp_train_policy(s->train),
                           .memory = lp_train_memory(&s->config, s->game),
                           .knobs = knobs,
                           .episodes = s->a->eval_episodes,
                           .seed = 1,
                           .time_limit = s->config.time_limit,
                           .n_threads = (int)s->a->threads,
                           .progress = true};
    lp_status status = lp_train_finish(s->train, err);
    if (!status) status = lp_eval(s->game, &eval, row, err);
    if (status) return status;
    const char *cut = row->episodes < s->a->eval_episodes ? ", cut short" : "";
    fprintf(s->log, "evaluated: %lld wins of %lld at %s, after %.1f minutes%s\n", (long long)row->wins, (long long)row->episodes, goal,
            minutes, cut);
    fprintf(stderr, "%s: %lld of %lld episodes won (%.1f to %.1f %%) at %s after %.1f minutes%s; weights in %s\n", lp_game_name(s->game),
            (long long)row->wins, (long long)row->episodes, 100 * row->ci95[0], 100 * row->ci95[1], goal, minutes, cut, s->out);
    return LP_OK;
}

static cJSON *result_json(const session *s, double minutes, const lp_eval_row *row) {
    int64_t knobs[LP_MAX_KNOBS];
    int horizon = lp_game_find_knob(s->game, "horizon");
    cJSON *o = cJSON_CreateObject();
    lp_train_goal(s->train, knobs);
    cJSON_AddNumberToObject(o, "minutes", minutes);
    cJSON_AddNumberToObject(o, "decisions", (double)lp_train_decisions(s->train));
    if (row->episodes) cJSON_AddNumberToObject(o, "win_rate", row->win_rate);
    else cJSON_AddNullToObject(o, "win_rate"); /* stopped before it was judged */
    cJSON_AddNumberToObject(o, "episodes", (double)row->episodes);
    cJSON_AddStringToObject(o, "out", s->out);
    cJSON_AddNumberToObject(o, "horizon", horizon >= 0 ? (double)knobs[horizon] : 0);
    cJSON_AddBoolToObject(o, "finished", lp_train_done(s->train));
    return o;
}

/* The settings; a checkpoint from before there were some of them goes on as it was, unless they are said. */
static lp_status settle(session *s, lp_err *err) {
    lp_train_config older;
    lp_status status = read_config(&s->config, s->a, s->game, false, err);
    if (status || !s->a->resume || lp_train_made_with(s->checkpoint, &s->config, s->game)) return status;
    status = read_config(&older, s->a, s->game, true, err);
    if (!status && lp_train_made_with(s->checkpoint, &older, s->game)) s->config = older;
    return status;
}

/* *result: the JSON object, or NULL where the training failed. *code: the exit code of one that did not. */
static lp_status train_session(session *s, cJSON **result, int *code, lp_err *err) {
    lp_device device;
    lp_eval_row row = {0};
    char note[256];
    lp_status status = name_files(s, err);
    if (!status) status = settle(s, err);
    if (!status) status = lp_device_find(&device, s->a->device, err);
    if (!status) status = lp_train_open(&s->train, s->game, &s->config, device, (int)s->a->threads, err);
    if (status) return status;
    lp_stop_catch();
    status = open_files(s, err);
    if (!status && lp_game_start_note(s->game, note, sizeof note)) lp_warn("%s", note);
    if (!status) status = run(s, err);
    double minutes = (lp_now_s() - s->start_s) / 60;
    if (!status && !lp_stop_asked()) status = judge(s, minutes, &row, err);
    if (status) return status;
    if (row.episodes < s->a->eval_episodes) {
        fprintf(stderr, "%s: stopped after %lld decisions; --resume goes on\n", s->out, (long long)lp_train_decisions(s->train));
        *code = 128 + lp_stop_asked();
    }
    *result = result_json(s, minutes, &row);
    return LP_OK;
}

int lp_cmd_train(int argc, char **argv) {
    arguments a = {.minutes = 1e6, .eval_episodes = 200};
    const lp_option options[] = {
        {.name = "config", .value = "FILE", .help = "settings in an .ini file", .text = &a.config},
        {.name = "model", .value = LP_MODEL_CHOICES, .help = "the console that it is played on (the game's own)", .text = &a.model},
        {.name = "minutes", .value = "M", .help = "stop after M minutes (--resume goes on)", .real = &a.minutes, .min = 0, .max = 1e6},
        {.name = "out", .value = "FILE", .help = "where the weights go (GAME.safetensors)", .text = &a.out},
        {.name = "resume", .help = "go on from OUT.train, exactly; train.decisions may be more than before", .flag = &a.resume},
        {.name = "overwrite", .help = "begin anew over the training that OUT holds", .flag = &a.overwrite},
        {.name = "eval-episodes",
         .value = "N",
         .help = "episodes of the final evaluation (200)",
         .number = &a.eval_episodes,
         .min = 1,
         .max = LP_EVAL_MAX_EPISODES},
        {.name = "threads",
         .value = "N",
         .help = "threads (one a processor); no result depends on it",
         .number = &a.threads,
         .min = 0,
         .max = 1024},
        {.name = "noop",
         .value = "MIN:MAX",
         .help = "idle frames before the first decision, drawn from the seed (the game's own)",
         .text = &a.noop},
        {.name = "memory", .value = lp_mem_arch_choices(), .help = "memory architecture (memory.arch)", .text = &a.memory},
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
    session s = {.a = &a, .start_s = lp_now_s(), .saved_s = lp_now_s()};
    lp_status status = a.resume && a.overwrite ? lp_fail(&err, LP_BAD_INPUT, "--resume or --overwrite, not both") : LP_OK;
    if (!status) status = lp_use_device(NULL, NULL, a.device, &err);
    if (!status) status = lp_game_open(&game, a.game, &err);
    if (!status) status = lp_choose_model(game, a.model, &err);
    if (!status && a.noop) status = lp_game_set_noop(game, a.noop, &err);
    s.game = game;
    code = 0;
    if (!status) status = train_session(&s, &result, &code, &err);
    if (s.log) fclose(s.log);
    lp_train_close(s.train);
    lp_game_close(game);
    if (status) return lp_report(status, &err);
    if (a.json && lp_print_json(result)) return 1;
    if (!a.json) cJSON_Delete(result);
    return code;
}
