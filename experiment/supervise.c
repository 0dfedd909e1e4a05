#include "experiment/supervise.h"

#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"
#include "base/stop.h"
#include "experiment/jobs.h"

#include <cjson/cJSON.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_JOBS = 1024 };
#define LOOK_S 0.05
#define SHOW_S 1.0
#define IMPORT_S 30.0

typedef struct {
    lp_job job;
    lp_plan_cell *cell;
    lp_plan_evaluation *evaluation; /* NULL: it is trained */
    double start_s, win_rate;
    int64_t begun, now; /* decisions, or episodes */
} place;

typedef struct {
    lp_plan *plan;
    lp_db *db;
    const lp_experiment_config *config;
    place *places; /* [config->jobs] */
    double shown_s, imported_s;
    double train_s, eval_s; /* that jobs which are over took, and what they did */
    int64_t trained, played;
} run;

lp_experiment_count lp_experiment_counts(const lp_plan *p) {
    lp_experiment_count n = {.trainings = p->n_cells, .evaluations = p->n_evaluations};
    for (int i = 0; i < p->n_cells; i++) n.trained += p->cells[i].status == LP_DONE, n.failed += p->cells[i].status == LP_BROKEN;
    for (int i = 0; i < p->n_evaluations; i++)
        n.played += p->evaluations[i].status == LP_DONE, n.failed += p->evaluations[i].status == LP_BROKEN;
    return n;
}

/* ---- command lines ---- */

typedef struct {
    char *words[LP_JOB_MAX_WORDS]; /* owned */
    int n;
    bool full;
} command;

__attribute__((format(printf, 2, 3))) static void add(command *c, const char *format, ...) {
    va_list values;
    char *word = NULL;
    va_start(values, format);
    if (c->n == LP_JOB_MAX_WORDS || vasprintf(&word, format, values) < 0) c->full = true;
    else c->words[c->n++] = word;
    va_end(values);
}

static lp_status start(const run *r, place *p, command *c, lp_err *err) {
    if (r->config->device) add(c, "--device=%s", r->config->device);
    add(c, "--threads=%d", r->config->threads);
    lp_status status = c->full ? lp_fail(err, LP_FAILED, "out of memory") : lp_job_start(&p->job, (const char *const *)c->words, c->n, err);
    for (int i = 0; i < c->n; i++) free(c->words[i]);
    p->start_s = lp_now_s();
    return status;
}

static lp_status write_settings(const lp_plan_cell *cell, const char *path, lp_err *err) {
    int n = lp_config_print(&cell->config, lp_train_settings(), lp_n_train_settings(), NULL, 0);
    char *text = malloc((size_t)n + 1);
    if (!text) return lp_fail(err, LP_FAILED, "out of memory");
    lp_config_print(&cell->config, lp_train_settings(), lp_n_train_settings(), text, (size_t)n + 1);
    lp_status status = lp_file_write_atomic(path, text, (size_t)n, err);
    free(text);
    return status;
}

static lp_status train(const run *r, place *p, lp_plan_cell *cell, lp_err *err) {
    const lp_plan *plan = r->plan;
    char settings[PATH_MAX], weights[PATH_MAX], checkpoint[PATH_MAX];
    command c = {.n = 0};
    lp_db_path(r->db, cell, NULL, ".ini", settings);
    lp_db_path(r->db, cell, NULL, ".safetensors", weights);
    lp_db_path(r->db, cell, NULL, ".safetensors.train", checkpoint);
    lp_status status = write_settings(cell, settings, err);
    if (status) return status;
    add(&c, "train"), add(&c, "%s", plan->games[cell->game].folder);
    add(&c, "--config=%s", settings), add(&c, "--out=%s", weights);
    add(&c, "--eval-episodes=%lld", (long long)plan->spec.interim_episodes);
    if (plan->spec.every) add(&c, "--eval-every=%lld", (long long)plan->spec.every);
    if (*plan->keep) add(&c, "--keep-weights=%s", plan->keep);
    add(&c, lp_file_exists(checkpoint) ? "--resume" : "--overwrite");
    *p = (place){.cell = cell, .begun = -1};
    cell->status = LP_BUSY;
    return start(r, p, &c, err);
}

static lp_status play(const run *r, place *p, lp_plan_evaluation *e, lp_err *err) {
    const lp_plan *plan = r->plan;
    const lp_plan_row *row = &plan->rows[e->row];
    const lp_plan_memory *memory = &plan->memories[e->memory];
    const lp_game *game = plan->games[row->game].game;
    lp_plan_cell *cell = &r->plan->cells[e->cell];
    char weights[PATH_MAX], out[PATH_MAX];
    command c = {.n = 0};
    lp_db_path(r->db, cell, NULL, ".safetensors", weights);
    lp_db_path(r->db, cell, e, ".jsonl", out);
    add(&c, "eval"), add(&c, "%s", plan->games[row->game].folder);
    add(&c, "--policy=%s", weights), add(&c, "--out=%s", out);
    add(&c, "--seed=%llu", (unsigned long long)row->seed), add(&c, "--episodes=%lld", (long long)row->episodes);
    if (cell->config.time_limit) add(&c, "--time-limit=%lld", (long long)cell->config.time_limit);
    for (int i = 0; i < memory->n_words; i++) add(&c, "%s", memory->words[i]);
    for (int k = 0; k < lp_game_n_knobs(game); k++) add(&c, "--set=%s=%lld", lp_game_knob(game, k)->name, (long long)row->knobs[k]);
    *p = (place){.cell = cell, .evaluation = e, .begun = -1};
    e->status = LP_BUSY;
    return start(r, p, &c, err);
}

/* ---- what comes next ---- */

static int64_t bytes_in_use(const run *r) {
    int64_t bytes = 0;
    for (int i = 0; i < r->config->jobs; i++)
        if (r->places[i].job.pid && !r->places[i].evaluation) bytes += r->places[i].cell->bytes;
    return bytes;
}

/* What a killed run left running goes on until it has saved: it holds its files for so long. */
static bool is_held(const run *r, const lp_plan_cell *cell, const lp_plan_evaluation *e) {
    char path[PATH_MAX];
    lp_db_path(r->db, cell, e, e ? ".jsonl" : ".safetensors.log", path);
    return lp_is_locked(path);
}

/* Evaluations first, so that what was begun is done. *any: something waits, though it cannot be started now. */
static lp_status start_next(run *r, place *p, bool *any, lp_err *err) {
    lp_plan *plan = r->plan;
    *any = false;
    for (int i = 0; i < plan->n_evaluations; i++) {
        lp_plan_evaluation *e = &plan->evaluations[i];
        if (e->status != LP_WAITING || plan->cells[e->cell].status != LP_DONE) continue;
        *any = true;
        if (!is_held(r, &plan->cells[e->cell], e)) return play(r, p, e, err);
    }
    const int64_t there = lp_plan_machine_bytes(), used = bytes_in_use(r);
    for (int i = 0; i < plan->n_cells; i++) {
        lp_plan_cell *cell = &plan->cells[i];
        if (cell->status != LP_WAITING) continue;
        *any = true;
        if ((!used || used + cell->bytes <= there) && !is_held(r, cell, NULL)) return train(r, p, cell, err);
    }
    return LP_OK;
}

/* A job is over. One that was told to stop goes on with the next run. */
static lp_status take(run *r, place *p, bool told, lp_err *err) {
    char why[512];
    double took = lp_now_s() - p->start_s;
    lp_err inner = {{0}};
    lp_status status = LP_OK;
    lp_plan_status *at = p->evaluation ? &p->evaluation->status : &p->cell->status;
    if (!p->job.code && !p->evaluation) status = lp_db_trained(r->db, r->plan, p->cell, &inner);
    if (!p->job.code && p->evaluation) status = lp_db_played(r->db, r->plan, p->evaluation, &inner);
    if (!p->job.code && !status) {
        if (p->evaluation) r->eval_s += took, r->played++;
        else if (p->begun >= 0) r->train_s += took, r->trained += p->cell->config.decisions - p->begun;
        return LP_OK;
    }
    *at = LP_WAITING;
    if (told && p->job.code) return p->evaluation ? LP_OK : lp_db_log(r->db, r->plan, p->cell, err);
    if (status) snprintf(why, sizeof why, "%s", inner.message);
    else if (p->job.code < 0) snprintf(why, sizeof why, "killed by signal %d", -p->job.code);
    else snprintf(why, sizeof why, "exit %d: %s", p->job.code, p->job.said);
    lp_warn("%s%s%s seed %lld%s failed: %s", lp_game_name(r->plan->games[p->cell->game].game), *p->cell->variant ? " " : "",
            p->cell->variant, (long long)p->cell->config.seed, p->evaluation ? ", evaluation" : "", why);
    return lp_db_failed(r->db, p->cell, p->evaluation, why, err);
}

/* ---- how far it is ---- */

/* The end of a file; NULL: none, or no memory. The caller's to free. */
static char *tail_of(const char *path, size_t bytes) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd < 0 ? NULL : malloc(bytes + 1);
    off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    ssize_t n = text ? pread(fd, text, bytes, end > (off_t)bytes ? end - (off_t)bytes : 0) : -1;
    if (fd >= 0) close(fd);
    if (n < 0) return free(text), NULL;
    text[n] = 0;
    return text;
}

/* Decisions and win rate of the last update that the log has to its end. */
static void look_at_log(const run *r, place *p) {
    char path[PATH_MAX];
    lp_db_path(r->db, p->cell, NULL, ".safetensors.log", path);
    char *text = tail_of(path, 16384), *line = NULL;
    for (char *at = text; at && (at = strstr(at, "\n{\"update\"")); at++)
        if (strchr(at + 1, '\n')) line = at + 1;
    cJSON *o = line ? cJSON_ParseWithLength(line, strcspn(line, "\n")) : NULL;
    const cJSON *decisions = cJSON_GetObjectItemCaseSensitive(o, "decisions"), *wins = cJSON_GetObjectItemCaseSensitive(o, "win_rate");
    if (cJSON_IsNumber(decisions)) p->now = (int64_t)decisions->valuedouble;
    p->win_rate = cJSON_IsNumber(wins) ? wins->valuedouble : 0;
    cJSON_Delete(o);
    free(text);
}

static void look_at_episodes(const run *r, place *p) {
    char path[PATH_MAX];
    lp_blob file = {0};
    lp_db_path(r->db, p->cell, p->evaluation, ".jsonl", path);
    if (lp_file_exists(path) && !lp_file_read(&file, path, (size_t)1 << 26, NULL)) {
        p->now = -1; /* the head */
        for (size_t i = 0; i < file.size_bytes; i++) p->now += file.data[i] == '\n';
        if (p->now < 0) p->now = 0;
    }
    lp_blob_free(&file);
}

/* Seconds that are left, by what the jobs so far took; below 0: nothing is known yet. */
static double left_s(const run *r) {
    double train_s = r->train_s, trained = (double)r->trained, to_train = 0, to_play = 0, now = lp_now_s();
    for (int i = 0; i < r->plan->n_cells; i++)
        if (r->plan->cells[i].status == LP_WAITING) to_train += (double)r->plan->cells[i].config.decisions;
    for (int i = 0; i < r->plan->n_evaluations; i++) to_play += r->plan->evaluations[i].status <= LP_BUSY;
    for (int i = 0; i < r->config->jobs; i++) {
        const place *p = &r->places[i];
        if (!p->job.pid || p->evaluation) continue;
        to_train += (double)(p->cell->config.decisions - p->now);
        if (p->begun >= 0) train_s += now - p->start_s, trained += (double)(p->now - p->begun);
    }
    if ((to_train > 0 && trained <= 0) || (to_play > 0 && !r->played && to_train <= 0)) return -1;
    double seconds = to_train > 0 ? to_train / trained * train_s : 0;
    if (r->played) seconds += to_play * r->eval_s / (double)r->played;
    return seconds / r->config->jobs;
}

static void say_place(const run *r, const place *p, FILE *out) {
    const lp_plan *plan = r->plan;
    char knobs[512];
    fprintf(out, "  %s%s%s seed %lld: ", lp_game_name(plan->games[p->cell->game].game), *p->cell->variant ? " " : "", p->cell->variant,
            (long long)p->cell->config.seed);
    if (p->evaluation) {
        lp_plan_knobs(plan, &plan->rows[p->evaluation->row], "", knobs, sizeof knobs);
        fprintf(out, "memory %s, %lld of %lld episodes, %s\n", plan->memories[p->evaluation->memory].label, (long long)p->now,
                (long long)p->evaluation->n, knobs);
    } else {
        double seconds = lp_now_s() - p->start_s;
        fprintf(out, "%lld of %lld decisions, wins %.0f %%, %.0f decisions/s\n", (long long)p->now, (long long)p->cell->config.decisions,
                100 * p->win_rate, p->begun < 0 ? 0 : (double)(p->now - p->begun) / seconds);
    }
}

static void show(run *r) {
    char *text = NULL, duration[LP_DURATION_BYTES];
    size_t size;
    for (int i = 0; i < r->config->jobs; i++) {
        place *p = &r->places[i];
        if (!p->job.pid) continue;
        if (p->evaluation) look_at_episodes(r, p);
        else look_at_log(r, p);
        if (p->begun < 0) p->begun = p->now;
    }
    FILE *out = open_memstream(&text, &size);
    if (!out) return;
    lp_experiment_count n = lp_experiment_counts(r->plan);
    double left = left_s(r);
    fprintf(out, "%d of %d trainings, %d of %d evaluations", n.trained, n.trainings, n.played, n.evaluations);
    if (n.failed) fprintf(out, ", %d failed", n.failed);
    if (left >= 0) fprintf(out, ", %s left", lp_duration(left, duration));
    fputc('\n', out);
    for (int i = 0; i < r->config->jobs; i++)
        if (r->places[i].job.pid) say_place(r, &r->places[i], out);
    if (!fclose(out)) lp_progress_block(text);
    free(text);
}

/* ---- the run ---- */

static lp_status import_running(run *r, lp_err *err) {
    lp_status status = LP_OK;
    for (int i = 0; i < r->config->jobs && !status; i++)
        if (r->places[i].job.pid && !r->places[i].evaluation) status = lp_db_log(r->db, r->plan, r->places[i].cell, err);
    r->imported_s = lp_now_s();
    return status;
}

/* Takes what is over, starts what comes next unless told. *n_running: what runs then, or waits. */
static lp_status look(run *r, bool told, int *n_running, lp_err *err) {
    lp_status status = LP_OK;
    *n_running = 0;
    for (int i = 0; i < r->config->jobs && !status; i++) {
        place *p = &r->places[i];
        bool any = false;
        if (p->job.pid && !lp_job_running(&p->job)) status = take(r, p, told, err);
        if (!status && !p->job.pid && !told) status = start_next(r, p, &any, err);
        *n_running += p->job.pid || any;
    }
    return status;
}

/* Tells all that run to stop, and waits for them. */
static lp_status stop(run *r, lp_status status, lp_err *err) {
    int n = 1;
    for (int i = 0; i < r->config->jobs; i++) lp_job_stop(&r->places[i].job);
    for (; n; usleep((useconds_t)(LOOK_S * 1e6))) {
        n = 0;
        for (int i = 0; i < r->config->jobs; i++) {
            place *p = &r->places[i];
            if (!p->job.pid) continue;
            if (lp_job_running(&p->job)) n++;
            else if (!status) status = take(r, p, true, err);
        }
    }
    return status;
}

lp_status lp_experiment_run(lp_plan *plan, lp_db *db, const lp_experiment_config *config, lp_err *err) {
    run r = {.plan = plan, .db = db, .config = config, .imported_s = lp_now_s()};
    int n = 1;
    if (!(r.places = calloc((size_t)config->jobs, sizeof *r.places))) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = LP_OK;
    while (!status && !lp_stop_asked()) {
        status = look(&r, false, &n, err);
        if (status || !n) break;
        if (lp_now_s() - r.shown_s >= SHOW_S) show(&r), r.shown_s = lp_now_s();
        if (lp_now_s() - r.imported_s >= IMPORT_S) status = import_running(&r, err);
        usleep((useconds_t)(LOOK_S * 1e6));
    }
    lp_progress_end();
    status = stop(&r, status, err);
    free(r.places);
    return status;
}
