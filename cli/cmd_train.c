/* longplay train: a training run from the command line, with progress, a log, checkpoints and a final evaluation. */
#include "cli/cli.h"

#include "base/energy.h"
#include "base/file.h"
#include "base/log.h"
#include "base/number.h"
#include "base/stop.h"
#include "cli/train_log.h"
#include "evals/episodes.h"
#include "train/doubts.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { CHECKPOINT_S = 60, MAX_KEPT = 64, EVAL_SEED = 1 };

typedef struct {
    const char *game, *config, *from, *model, *out, *device, *noop, *memory, *keep_weights, *settings[LP_MAX_LIST];
    int n_game, n_settings;
    double minutes;
    int64_t threads, eval_episodes, eval_every;
    bool keep_best, resume, overwrite, json;
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
    if (!status && a->from) status = lp_config_set(config, lp_train_settings(), lp_n_train_settings(), "train.from", a->from, err);
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
    lp_train_log log;
    lp_train_doubts doubts;
    char out[PATH_MAX], checkpoint[PATH_MAX];
    double start_s, saved_s;
    int64_t start_decisions;
    int n_keep;
    int64_t keep[MAX_KEPT]; /* decisions after which the weights are kept */
} session;

static lp_status name_files(session *s, lp_err *err) {
    char name[128];
    snprintf(name, sizeof name, "%s.safetensors", lp_game_name(s->game));
    const char *out = s->a->out ? s->a->out : name;
    if (snprintf(s->log.path, sizeof s->log.path, "%s.log", out) >= (int)sizeof s->log.path - 32)
        return lp_fail(err, LP_BAD_INPUT, "--out %.80s...: path too long", out);
    snprintf(s->out, sizeof s->out, "%s", out);
    snprintf(s->checkpoint, sizeof s->checkpoint, "%s.train", out);
    lp_status status = lp_file_check_writable(s->out, NULL, err);
    return status ? status : lp_file_check_writable(s->checkpoint, NULL, err);
}

/* OUT with a word before its ending, cue.best.safetensors. */
static char *beside(const session *s, const char *word, char path[PATH_MAX]) {
    static const char ending[] = ".safetensors";
    size_t n = strlen(s->out), has = n > sizeof ending && !strcmp(s->out + n - strlen(ending), ending) ? strlen(ending) : 0;
    snprintf(path, PATH_MAX, "%.*s.%s%s", (int)(n - has), s->out, word, has ? ending : "");
    return path;
}

/* With the decisions, cue.40000.safetensors. */
static char *kept_path(const session *s, int64_t decisions, char path[PATH_MAX]) {
    char word[24];
    snprintf(word, sizeof word, "%lld", (long long)decisions);
    return beside(s, word, path);
}

/* "0,40000" */
static lp_status read_keep(session *s, lp_err *err) {
    char text[1024], *save = NULL;
    if (!s->a->keep_weights) return LP_OK;
    bool fits = snprintf(text, sizeof text, "%s", s->a->keep_weights) < (int)sizeof text;
    for (char *one = strtok_r(text, ",", &save); one && fits; one = strtok_r(NULL, ",", &save)) {
        double v;
        if (s->n_keep == MAX_KEPT) fits = false;
        else if (!lp_parse_double(one, &v) || v != floor(v) || v < 0 || v > 1e15)
            return lp_fail(err, LP_BAD_INPUT, "--keep-weights '%.40s': must be whole numbers, as 0,40000", one);
        else s->keep[s->n_keep++] = (int64_t)v;
    }
    return fits ? LP_OK : lp_fail(err, LP_BAD_INPUT, "--keep-weights: more than %d", MAX_KEPT);
}

static lp_status save(session *s, lp_err *err) {
    lp_status status = lp_train_log_sync(&s->log, err);
    if (!status) status = lp_train_save(s->train, s->checkpoint, err);
    if (!status) status = lp_train_write_policy(s->train, s->out, err);
    s->saved_s = lp_now_s();
    return status;
}

/* What is replaced, or written on, must be a training's. */
static lp_status check_kinds(const session *s, lp_err *err) {
    static const lp_file_kind checkpoint = {"a training's checkpoint", {"LPLTRN"}};
    char path[PATH_MAX];
    lp_status status = lp_policy_check_writable(s->out, err);
    for (int i = 0; i < s->n_keep && !status; i++) status = lp_policy_check_writable(kept_path(s, s->keep[i], path), err);
    if (!status && s->a->keep_best) status = lp_policy_check_writable(beside(s, "best", path), err);
    if (!status) status = lp_file_check_writable(s->checkpoint, &checkpoint, err);
    return status ? status : lp_train_log_check(&s->log, err);
}

/* Goes on from the checkpoint, or writes the first: from here on nothing is lost of a killed training. */
static lp_status begin(session *s, lp_err *err) {
    if (s->a->resume) {
        lp_status status = lp_train_load(s->train, s->checkpoint, err);
        if (!status) status = check_kinds(s, err);
        return status ? status : lp_train_log_resume(&s->log, s->game, &s->config, lp_train_decisions(s->train), err);
    }
    struct stat log;
    if (fstat(s->log.fd, &log)) return lp_fail(err, LP_FAILED, "%s: %s", s->log.path, strerror(errno));
    const char *old = lp_file_exists(s->out) ? s->out : lp_file_exists(s->checkpoint) ? s->checkpoint : log.st_size ? s->log.path : NULL;
    if (old && !s->a->overwrite)
        return lp_fail(err, LP_BAD_INPUT, "%s: is there already: --resume goes on with it, --overwrite begins anew", old);
    lp_status status = check_kinds(s, err);
    if (!status) status = save(s, err);
    return status ? status : lp_train_log_begin(&s->log, s->game, &s->config, err);
}

/* Takes the log, and with it all the files; a log that was made for nothing goes again. */
static lp_status open_files(session *s, lp_err *err) {
    lp_status status = lp_train_log_open(&s->log, err);
    lp_energy energy;
    lp_energy_open(&energy);
    if (!energy.n) s->log.joules = NAN;
    if (!status) status = begin(s, err);
    if (status && s->log.made) unlink(s->log.path);
    return status;
}

static void show(const session *s, const lp_train_stats *now) {
    double elapsed = lp_now_s() - s->start_s, rate = (double)(now->decisions - s->start_decisions) / elapsed;
    double left = (double)(s->config.decisions - now->decisions) / rate;
    if (s->a->minutes * 60 - elapsed < left) left = s->a->minutes * 60 - elapsed;
    char text[LP_DURATION_BYTES];
    lp_progress("wins %5.1f %%  %s  %lld decisions  %.0f decisions/s  %s left", 100 * now->win_rate, now->level, (long long)now->decisions,
                rate, lp_duration(left, text));
}

static double cpu_s(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + 1e-6 * (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static lp_status update(session *s, lp_err *err) {
    lp_train_stats stats;
    double from_s = lp_now_s(), from_cpu_s = cpu_s();
    lp_energy energy;
    lp_energy_open(&energy);
    lp_status status = lp_train_update(s->train, &stats, err);
    if (status) return status;
    s->log.wall_s += lp_now_s() - from_s;
    s->log.cpu_s += cpu_s() - from_cpu_s;
    s->log.joules += lp_energy_read(&energy);
    show(s, &stats);
    char doubt[LP_DOUBT_BYTES];
    if (lp_train_doubt(&s->doubts, &stats, lp_game_n_actions(s->game), doubt)) lp_warn("%s", doubt);
    return lp_train_log_update(&s->log, &stats, err);
}

/* Of the same evaluation, or a new one: what another training left under this name goes. */
static lp_status open_episodes(const session *s, const char *path, int64_t decisions, lp_episodes **out, lp_err *err) {
    static const lp_file_kind kind = {"an evaluation", {"{\"longplay\":\"evaluation\""}};
    char text[256];
    snprintf(text, sizeof text,
             "{\"longplay\":\"evaluation\",\"version\":1,\"rows\":[{\"policy_digest\":\"%016llx\",\"decisions\":%lld,\"episodes\":%lld}]}",
             (unsigned long long)lp_policy_digest(lp_train_policy(s->train)), (long long)decisions, (long long)s->a->eval_episodes);
    cJSON *head = cJSON_Parse(text);
    if (!head) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = lp_file_check_writable(path, &kind, err);
    if (!status && (status = lp_episodes_open(out, path, head, err)) == LP_BAD_INPUT) {
        unlink(path);
        status = lp_episodes_open(out, path, head, err);
    }
    cJSON_Delete(head);
    return status;
}

/* Where it is judged: at its goal, on seeds that no training uses. Each episode is kept in a file until all are over, so that a kill loses none. */
static lp_status judge(session *s, bool final, lp_eval_row *row, lp_err *err) {
    int64_t knobs[LP_MAX_KNOBS], decisions = lp_train_decisions(s->train);
    char label[128], path[PATH_MAX], kept[PATH_MAX];
    lp_train_goal(s->train, knobs);
    lp_eval_config eval = {.player = LP_PLAYER_POLICY,
                           .sample = s->config.act == 1,
                           .policy = lp_train_policy(s->train),
                           .memory = lp_train_memory(&s->config, s->game),
                           .knobs = knobs,
                           .episodes = s->a->eval_episodes,
                           .seed = EVAL_SEED,
                           .time_limit = s->config.time_limit,
                           .n_threads = (int)s->a->threads,
                           .progress = true,
                           .label = label,
                           .on_episode = lp_episodes_add};
    lp_episodes *file = NULL;
    snprintf(label, sizeof label, "%s after %lld decisions", lp_game_name(s->game), (long long)decisions);
    snprintf(path, sizeof path, "%.*s.%lld.eval", PATH_MAX - 32, s->out, (long long)decisions);
    lp_status status = save(s, err);
    if (!status && final) status = lp_train_finish(s->train, err);
    if (!status) status = open_episodes(s, path, decisions, &file, err);
    if (status) return status;
    eval.results = lp_episodes_row(file, 0);
    eval.context = lp_episodes_at(file, 0);
    status = lp_eval(s->game, &eval, row, err);
    bool whole = !status && row->episodes == s->a->eval_episodes;
    /* before the log says so, so that a killed training has both, or neither */
    if (whole && s->a->keep_best && row->win_rate > s->log.best) status = lp_train_write_policy(s->train, beside(s, "best", kept), err);
    if (whole && !status) status = lp_train_log_evaluation(&s->log, final, decisions, s->game, &eval, row, err);
    lp_status closed = lp_episodes_close(file, status ? NULL : err);
    if (whole && !status) unlink(path);
    return status ? status : closed;
}

/* What is due after so many decisions, of which the last update made `made`; 0: none did yet. */
static lp_status keep_weights(session *s, int64_t decisions, int64_t made, lp_err *err) {
    char path[PATH_MAX];
    lp_status status = LP_OK;
    for (int i = 0; i < s->n_keep && !status; i++)
        if (s->keep[i] <= decisions && s->keep[i] > decisions - made)
            status = lp_train_write_policy(s->train, kept_path(s, s->keep[i], path), err);
    return status;
}

static bool is_due(const session *s, int64_t decisions, int64_t made) {
    int64_t every = s->a->eval_every;
    return every && !lp_train_done(s->train) && (!decisions || decisions / every > (decisions - made) / every);
}

static lp_status on_the_way(session *s, bool evaluated, lp_err *err) {
    int64_t decisions = lp_train_decisions(s->train), made = s->config.envs * s->config.steps;
    lp_eval_row row;
    lp_status status = keep_weights(s, decisions, made, err);
    return status || evaluated || !is_due(s, decisions, made) ? status : judge(s, false, &row, err);
}

static lp_status run(session *s, lp_err *err) {
    s->start_decisions = lp_train_decisions(s->train);
    lp_status status = on_the_way(s, s->log.evaluated, err);
    while (!status && !lp_train_done(s->train) && !lp_stop_asked() && lp_now_s() - s->start_s < s->a->minutes * 60) {
        status = update(s, err);
        if (!status) status = on_the_way(s, false, err);
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

static lp_status conclude(session *s, double minutes, lp_eval_row *row, lp_err *err) {
    int64_t knobs[LP_MAX_KNOBS];
    char goal[256];
    lp_train_goal(s->train, knobs);
    describe_goal(s, knobs, goal, sizeof goal);
    lp_status status = judge(s, true, row, err);
    if (status) return status;
    fprintf(stderr, "%s: %lld of %lld episodes won (%.1f to %.1f %%) at %s after %.1f minutes%s; weights in %s\n", lp_game_name(s->game),
            (long long)row->wins, (long long)row->episodes, 100 * row->ci95[0], 100 * row->ci95[1], goal, minutes,
            row->episodes < s->a->eval_episodes ? ", cut short" : "", s->out);
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
    if (!status) status = read_keep(s, err);
    if (!status) status = settle(s, err);
    for (int i = 0; i < s->n_keep && !status; i++)
        if (s->keep[i] > s->config.decisions)
            status = lp_fail(err, LP_BAD_INPUT, "--keep-weights %lld: train.decisions is %lld", (long long)s->keep[i],
                             (long long)s->config.decisions);
    if (!status) status = lp_device_find(&device, s->a->device, err);
    if (!status) status = lp_train_open(&s->train, s->game, &s->config, device, (int)s->a->threads, err);
    if (status) return status;
    lp_stop_catch();
    status = open_files(s, err);
    if (!status && lp_game_start_note(s->game, note, sizeof note)) lp_warn("%s", note);
    if (!status) status = run(s, err);
    double minutes = (lp_now_s() - s->start_s) / 60;
    if (!status && !lp_stop_asked()) status = conclude(s, minutes, &row, err);
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
        {.name = "from", .value = "FILE", .help = "weights to begin with: those of its tensors that fit (train.from)", .text = &a.from},
        {.name = "config", .value = "FILE", .help = "settings in an .ini file", .text = &a.config},
        {.name = "model", .value = LP_MODEL_CHOICES, .help = "the console that it is played on (the game's own)", .text = &a.model},
        {.name = "minutes", .value = "M", .help = "stop after M minutes (--resume goes on)", .real = &a.minutes, .min = 0, .max = 1e6},
        {.name = "out", .value = "FILE", .help = "where the weights go (GAME.safetensors)", .text = &a.out},
        {.name = "resume", .help = "go on from OUT.train, exactly; train.decisions may be more than before", .flag = &a.resume},
        {.name = "overwrite", .help = "begin anew over the training that OUT holds", .flag = &a.overwrite},
        {.name = "eval-episodes",
         .value = "N",
         .help = "episodes of each evaluation (200)",
         .number = &a.eval_episodes,
         .min = 1,
         .max = LP_EVAL_MAX_EPISODES},
        {.name = "eval-every",
         .value = "N",
         .help = "evaluate before the first decision, and each time N more were trained for (in the end alone)",
         .number = &a.eval_every,
         .min = 1,
         .max = 1e15},
        {.name = "keep-best",
         .help = "keep the weights of the best evaluation, with --eval-every, as OUT.best.safetensors",
         .flag = &a.keep_best},
        {.name = "keep-weights",
         .value = "N[,N...]",
         .help = "keep the weights after N decisions (0: untrained) beside OUT, as cue.N.safetensors",
         .text = &a.keep_weights},
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
                                       "Progress goes to stderr, a log to OUT.log (a line of JSON an update), a checkpoint to OUT.train.",
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
    lp_train_log_close(&s.log);
    lp_train_close(s.train);
    lp_game_close(game);
    if (status) return lp_report(status, &err);
    if (a.json && lp_print_json(result)) return 1;
    if (!a.json) cJSON_Delete(result);
    return code;
}
