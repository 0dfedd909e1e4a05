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
    lp_plan_cell *cell;             /* NULL: random buttons play the row `floor` */
    lp_plan_evaluation *evaluation; /* NULL: the cell is trained */
    int floor;
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
    for (int i = 0; i < p->n_rows; i++) n.failed += p->rows[i].floor == LP_BROKEN;
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
    if (*cell->keep) add(&c, "--keep-weights=%s", cell->keep);
    add(&c, lp_file_exists(checkpoint) ? "--resume" : "--overwrite");
    *p = (place){.cell = cell, .begun = -1};
    cell->status = LP_BUSY;
    return start(r, p, &c, err);
}

/* What evaluations and floors have in common. */
static void add_row(command *c, const lp_plan *plan, const lp_plan_row *row, int64_t seeds) {
    const lp_game *game = plan->games[row->game].game;
    add(c, "eval"), add(c, "%s", plan->games[row->game].folder);
    add(c, "--seed=%llu", (unsigned long long)row->seed), add(c, "--episodes=%lld", (long long)seeds);
    for (int k = 0; k < lp_game_n_knobs(game); k++) add(c, "--set=%s=%lld", lp_game_knob(game, k)->name, (long long)row->knobs[k]);
}

static lp_status play(const run *r, place *p, lp_plan_evaluation *e, lp_err *err) {
    static const char *const acts[] = {NULL, "--sample", "--greedy"};
    const lp_plan *plan = r->plan;
    const lp_plan_row *row = &plan->rows[e->row];
    const lp_plan_memory *memory = &plan->memories[e->memory];
    lp_plan_cell *cell = &r->plan->cells[e->cell];
    char weights[PATH_MAX], out[PATH_MAX], ending[64] = ".safetensors";
    command c = {.n = 0};
    if (e->weights != LP_WEIGHTS_END) snprintf(ending, sizeof ending, ".%lld.safetensors", (long long)e->weights);
    lp_db_path(r->db, cell, NULL, ending, weights);
    lp_db_path(r->db, cell, e, ".jsonl", out);
    add_row(&c, plan, row, e->n / plan->spec.tries);
    add(&c, "--policy=%s", weights), add(&c, "--out=%s", out);
    if (plan->spec.tries > 1) add(&c, "--k=%lld", (long long)plan->spec.tries);
    if (acts[plan->spec.act]) add(&c, "%s", acts[plan->spec.act]);
    if (cell->config.time_limit) add(&c, "--time-limit=%lld", (long long)cell->config.time_limit);
    for (int i = 0; i < memory->n_words; i++) add(&c, "%s", memory->words[i]);
    *p = (place){.cell = cell, .evaluation = e, .begun = -1};
    e->status = LP_BUSY;
    return start(r, p, &c, err);
}

static lp_status play_floor(const run *r, place *p, int index, lp_err *err) {
    lp_plan_row *row = &r->plan->rows[index];
    char out[PATH_MAX];
    command c = {.n = 0};
    lp_db_floor_path(r->db, row, out);
    add_row(&c, r->plan, row, r->plan->spec.floor);
    add(&c, "--policy=random"), add(&c, "--out=%s", out);
    *p = (place){.floor = index, .begun = -1};
    row->floor = LP_BUSY;
    return start(r, p, &c, err);
}

/* ---- what comes next ---- */

static int64_t bytes_in_use(const run *r) {
    int64_t bytes = 0;
    for (int i = 0; i < r->config->jobs; i++) {
        const place *p = &r->places[i];
        if (p->job.pid && p->cell) bytes += p->evaluation ? p->evaluation->bytes : p->cell->bytes;
    }
    return bytes;
}

/* What a killed run left running goes on until it has saved: it holds its files for so long. */
static bool is_held(const run *r, const lp_plan_cell *cell, const lp_plan_evaluation *e) {
    char path[PATH_MAX];
    lp_db_path(r->db, cell, e, e ? ".jsonl" : ".safetensors.log", path);
    return lp_is_locked(path);
}

static bool is_floor_held(const run *r, int row) {
    char path[PATH_MAX];
    lp_db_floor_path(r->db, &r->plan->rows[row], path);
    return lp_is_locked(path);
}

/* Floors first, on which others hang; evaluations before trainings, so that what was begun is done. *any: something waits, though it cannot be
 * started now. */
static lp_status start_next(run *r, place *p, bool *any, lp_err *err) {
    lp_plan *plan = r->plan;
    const int64_t there = lp_plan_machine_bytes(), used = bytes_in_use(r);
    *any = false;
    for (int i = 0; i < plan->n_rows; i++) {
        if (plan->rows[i].floor != LP_WAITING) continue;
        *any = true;
        if (!is_floor_held(r, i)) return play_floor(r, p, i, err);
    }
    for (int i = 0; i < plan->n_evaluations; i++) {
        lp_plan_evaluation *e = &plan->evaluations[i];
        if (e->status != LP_WAITING || plan->cells[e->cell].status != LP_DONE) continue;
        *any = true;
        if (e->n && (!used || used + e->bytes <= there) && !is_held(r, &plan->cells[e->cell], e)) return play(r, p, e, err);
    }
    for (int i = 0; i < plan->n_cells; i++) {
        lp_plan_cell *cell = &plan->cells[i];
        if (cell->status != LP_WAITING) continue;
        *any = true;
        if ((!used || used + cell->bytes <= there) && !is_held(r, cell, NULL)) return train(r, p, cell, err);
    }
    return LP_OK;
}

/* "cue memory.arch=tree seed 3", "cue, random buttons" */
static const char *name_of(const lp_plan *plan, const place *p, char *out, size_t size_bytes) {
    const lp_plan_cell *cell = p->cell;
    if (!cell) snprintf(out, size_bytes, "%s, random buttons", lp_game_name(plan->games[plan->rows[p->floor].game].game));
    else
        snprintf(out, size_bytes, "%s%s%s seed %lld", lp_game_name(plan->games[cell->game].game), *cell->variant ? " " : "", cell->variant,
                 (long long)cell->config.seed);
    return out;
}

static lp_status take_result(run *r, place *p, lp_err *err) {
    if (!p->cell) return lp_db_floored(r->db, r->plan, p->floor, err);
    if (p->evaluation) return lp_db_played(r->db, r->plan, p->evaluation, err);
    return lp_db_trained(r->db, r->plan, p->cell, err);
}

/* A job is over. One that was told to stop goes on with the next run. */
static lp_status take(run *r, place *p, bool told, lp_err *err) {
    char why[512], name[512];
    double took = lp_now_s() - p->start_s;
    lp_err inner = {{0}};
    lp_status status = p->job.code ? LP_OK : take_result(r, p, &inner);
    bool is_training = p->cell && !p->evaluation;
    if (!p->job.code && !status) {
        if (p->evaluation) r->eval_s += took, r->played++;
        if (is_training && p->begun >= 0) r->train_s += took, r->trained += p->cell->config.decisions - p->begun;
        return LP_OK;
    }
    if (told && p->job.code) { /* it waits for the next run */
        *(!p->cell ? &r->plan->rows[p->floor].floor : p->evaluation ? &p->evaluation->status : &p->cell->status) = LP_WAITING;
        return is_training ? lp_db_log(r->db, r->plan, p->cell, err) : LP_OK;
    }
    if (status) snprintf(why, sizeof why, "%s", inner.message);
    else if (p->job.code < 0) snprintf(why, sizeof why, "killed by signal %d", -p->job.code);
    else snprintf(why, sizeof why, "exit %d: %s", p->job.code, p->job.said);
    lp_warn("%s%s failed: %s", name_of(r->plan, p, name, sizeof name), p->evaluation ? ", evaluation" : "", why);
    if (!p->cell) return lp_db_floor_failed(r->db, r->plan, p->floor, why, err);
    if (p->evaluation) return lp_db_evaluation_failed(r->db, p->evaluation, why, err);
    return lp_db_training_failed(r->db, p->cell, why, err);
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
    if (p->cell) lp_db_path(r->db, p->cell, p->evaluation, ".jsonl", path);
    else lp_db_floor_path(r->db, &r->plan->rows[p->floor], path);
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
        if (!p->job.pid || !p->cell || p->evaluation) continue;
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
    char knobs[512], name[512];
    const lp_plan_row *row = &plan->rows[p->evaluation ? p->evaluation->row : p->floor];
    fprintf(out, "  %s: ", name_of(plan, p, name, sizeof name));
    if (p->cell && !p->evaluation) {
        double seconds = lp_now_s() - p->start_s;
        fprintf(out, "%lld of %lld decisions, wins %.0f %%, %.0f decisions/s\n", (long long)p->now, (long long)p->cell->config.decisions,
                100 * p->win_rate, p->begun < 0 ? 0 : (double)(p->now - p->begun) / seconds);
        return;
    }
    lp_plan_knobs(plan, row, "", knobs, sizeof knobs);
    if (p->evaluation) fprintf(out, "memory %s, ", plan->memories[p->evaluation->memory].label);
    if (p->evaluation && p->evaluation->weights != LP_WEIGHTS_END)
        fprintf(out, "after %lld decisions, ", (long long)p->evaluation->weights);
    fprintf(out, "%lld of %lld episodes, %s\n", (long long)p->now, (long long)(p->evaluation ? p->evaluation->n : plan->spec.floor), knobs);
}

static void show(run *r) {
    char *text = NULL, duration[LP_DURATION_BYTES];
    size_t size;
    for (int i = 0; i < r->config->jobs; i++) {
        place *p = &r->places[i];
        if (!p->job.pid) continue;
        if (!p->cell || p->evaluation) look_at_episodes(r, p);
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
        if (r->places[i].job.pid && r->places[i].cell && !r->places[i].evaluation)
            status = lp_db_log(r->db, r->plan, r->places[i].cell, err);
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
