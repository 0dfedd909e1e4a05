/* Opening, what is asked for, reading. Rows of a cell change in one transaction with its status. */
#include "experiment/db_impl.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAITS_MS = 30000 }; /* for someone else's lock, as of a sqlite3 shell */

/* ---- statements ---- */

lp_status lp_db_fail(const lp_db *db, lp_err *err) {
    int rc = sqlite3_errcode(db->db) & 0xff;
    bool bad = rc == SQLITE_NOTADB || rc == SQLITE_CORRUPT || rc == SQLITE_READONLY || rc == SQLITE_CANTOPEN;
    return lp_fail(err, bad ? LP_BAD_INPUT : LP_FAILED, "%s: %s", db->path, sqlite3_errmsg(db->db));
}

static lp_status prepare(lp_db *db, sqlite3_stmt **out, lp_err *err, const char *sql, const char *types, va_list values) {
    int rc = sqlite3_prepare_v2(db->db, sql, -1, out, NULL);
    for (int i = 1; types[i - 1] && rc == SQLITE_OK; i++) {
        if (types[i - 1] == 'i') rc = sqlite3_bind_int64(*out, i, va_arg(values, int64_t));
        else if (types[i - 1] == 'd') rc = sqlite3_bind_double(*out, i, va_arg(values, double));
        else rc = sqlite3_bind_text(*out, i, va_arg(values, const char *), -1, SQLITE_STATIC);
    }
    if (rc == SQLITE_OK) return LP_OK;
    lp_status status = lp_db_fail(db, err);
    sqlite3_finalize(*out);
    *out = NULL;
    return status;
}

lp_status lp_db_prepare(lp_db *db, sqlite3_stmt **out, lp_err *err, const char *sql, const char *types, ...) {
    va_list values;
    va_start(values, types);
    lp_status status = prepare(db, out, err, sql, types, values);
    va_end(values);
    return status;
}

lp_status lp_db_run(lp_db *db, lp_err *err, const char *sql, const char *types, ...) {
    va_list values;
    sqlite3_stmt *statement;
    va_start(values, types);
    lp_status status = prepare(db, &statement, err, sql, types, values);
    va_end(values);
    int rc = SQLITE_DONE;
    while (!status && (rc = sqlite3_step(statement)) == SQLITE_ROW) continue;
    if (!status && rc != SQLITE_DONE) status = lp_db_fail(db, err);
    sqlite3_finalize(statement);
    return status;
}

lp_status lp_db_begin(lp_db *db, lp_err *err) { return lp_db_run(db, err, "BEGIN IMMEDIATE", ""); }

lp_status lp_db_end(lp_db *db, lp_status status, lp_err *err) {
    if (!status) status = lp_db_run(db, err, "COMMIT", "");
    if (status && !sqlite3_get_autocommit(db->db)) sqlite3_exec(db->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* ---- what is asked for ---- */

static void setting_of(const lp_plan_cell *c, const char *name, char *out, size_t size_bytes) {
    for (int i = 0; i < lp_n_train_settings(); i++)
        if (!strcmp(lp_train_settings()[i].name, name)) lp_config_value(&c->config, &lp_train_settings()[i], out, size_bytes);
}

static lp_status add_cell(lp_db *db, const lp_plan *p, const lp_plan_cell *c, lp_err *err) {
    char core[LP_SETTING_BYTES], size[LP_SETTING_BYTES], arch[LP_SETTING_BYTES], value[LP_SETTING_BYTES], rom[24];
    size_t rom_bytes;
    const lp_game *game = p->games[c->game].game;
    const void *data = lp_game_rom(game, &rom_bytes);
    snprintf(rom, sizeof rom, "%016llx", (unsigned long long)lp_hash64(data, rom_bytes));
    setting_of(c, "policy.core", core, sizeof core);
    setting_of(c, "policy.size", size, sizeof size);
    setting_of(c, "memory.arch", arch, sizeof arch);
    lp_status status =
        lp_db_run(db, err,
                  "INSERT INTO cells(cell, asked, game, variant, memory, core, size, seed, rom, status, hidden, parameters, flops,"
                  " flops_bare, flops_item, item_bytes, full_context, memory_bytes)"
                  " VALUES(?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'waiting', ?9, ?10, ?11 + ?12 * ?14, ?11, ?12, ?13, ?14, ?15)"
                  " ON CONFLICT(cell) DO UPDATE SET asked = 1,"
                  " variant = excluded.variant, status = iif(status = 'done', 'done', 'waiting'), error = NULL",
                  "ttttttitiiddiii", c->id, lp_game_name(game), c->variant, arch, core, size, c->config.seed, rom, (int64_t)c->cost.hidden,
                  (int64_t)c->cost.parameters, c->cost.flops, c->cost.flops_per_item, (int64_t)(c->cost.dim + 1) * (int64_t)sizeof(float),
                  (int64_t)c->context_items, c->memory_bytes);
    for (int i = 0; i < lp_n_train_settings() && !status; i++) {
        const lp_setting *s = &lp_train_settings()[i];
        if (!lp_mem_row_used(&c->config.memory, s->name)) continue;
        lp_config_value(&c->config, s, value, sizeof value);
        status = lp_db_run(db, err, "INSERT OR IGNORE INTO settings VALUES(?1, ?2, ?3)", "ttt", c->id, s->name, value);
    }
    return status;
}

static void knobs_json(const lp_plan *p, const lp_plan_row *row, char *out, size_t size_bytes) {
    const lp_game *game = p->games[row->game].game;
    size_t used = (size_t)snprintf(out, size_bytes, "{");
    for (int k = 0; k < lp_game_n_knobs(game) && used < size_bytes; k++)
        used += (size_t)snprintf(out + used, size_bytes - used, "%s\"%s\":%lld", k ? "," : "", lp_game_knob(game, k)->name,
                                 (long long)row->knobs[k]);
    if (used < size_bytes) snprintf(out + used, size_bytes - used, "}");
}

/* -1: the game has none. */
static int64_t horizon_of(const lp_plan *p, const lp_plan_row *row) {
    int horizon = lp_game_find_knob(p->games[row->game].game, "horizon");
    return horizon < 0 ? -1 : row->knobs[horizon];
}

static lp_status add_floor(lp_db *db, const lp_plan *p, const lp_plan_row *row, lp_err *err) {
    char knobs[2048];
    knobs_json(p, row, knobs, sizeof knobs);
    return lp_db_run(db, err,
                     "INSERT INTO floors(floor, asked, game, knobs, horizon, seed, n, status)"
                     " VALUES(?1, 1, ?2, ?3, iif(?4 < 0, NULL, ?4), ?5, ?6, 'waiting') ON CONFLICT(floor) DO UPDATE SET"
                     " asked = 1, status = iif(status = 'done', 'done', 'waiting'), error = NULL",
                     "ittiii", row->floor_id, lp_game_name(p->games[row->game].game), knobs, horizon_of(p, row), (int64_t)row->seed,
                     p->spec.floor);
}

static lp_status add_evaluation(lp_db *db, const lp_plan *p, const lp_plan_evaluation *e, lp_err *err) {
    static const char *const acts[] = {"own", "sample", "greedy"};
    const lp_plan_row *row = &p->rows[e->row];
    char knobs[2048];
    knobs_json(p, row, knobs, sizeof knobs);
    return lp_db_run(db, err,
                     "INSERT INTO evaluations(evaluation, cell, asked, kind, memory, knobs, horizon, seed, n, status, tries, act,"
                     " memory_bytes, decisions)"
                     " VALUES(?1, ?2, 1, 'test', ?3, ?4, iif(?5 < 0, NULL, ?5), ?6, ?7, 'waiting', ?8, ?9, ?10, iif(?11 < 0, NULL, ?11))"
                     " ON CONFLICT(evaluation) DO UPDATE SET"
                     " asked = 1, status = iif(status = 'done' AND n = excluded.n, 'done', 'waiting'), error = NULL, n = excluded.n",
                     "itttiiiitii", e->id, p->cells[e->cell].id, p->memories[e->memory].label, knobs, horizon_of(p, row),
                     (int64_t)row->seed, e->n, p->spec.tries, acts[p->spec.act], e->memory_bytes, e->weights);
}

/* What is known of a row's floor says how many episodes its evaluations have. */
static lp_status ask_floor(lp_db *db, lp_plan *p, int index, lp_err *err) {
    lp_plan_row *row = &p->rows[index];
    sqlite3_stmt *s;
    lp_status status = add_floor(db, p, row, err);
    if (!status)
        status =
            lp_db_prepare(db, &s, err, "SELECT n, played_decisions FROM floors WHERE floor = ?1 AND status = 'done'", "i", row->floor_id);
    if (status) return status;
    int rc = sqlite3_step(s);
    row->floor = rc == SQLITE_ROW ? LP_DONE : LP_WAITING;
    if (rc == SQLITE_ROW) lp_plan_size(p, index, sqlite3_column_int64(s, 0), sqlite3_column_int64(s, 1));
    else if (rc != SQLITE_DONE) status = lp_db_fail(db, err);
    sqlite3_finalize(s);
    return status;
}

static lp_status status_of(lp_db *db, const char *sql, const char *types, const void *key, int64_t id, lp_plan_status *out, lp_err *err) {
    sqlite3_stmt *s;
    lp_status status = *types == 't' ? lp_db_prepare(db, &s, err, sql, types, key) : lp_db_prepare(db, &s, err, sql, types, id);
    if (status) return status;
    int rc = sqlite3_step(s);
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(s, 0) : NULL;
    *out = text && !strcmp(text, "done") ? LP_DONE : LP_WAITING;
    if (!text) status = lp_db_fail(db, err);
    sqlite3_finalize(s);
    return status;
}

static lp_status ask(lp_db *db, lp_plan *p, lp_err *err) {
    lp_status status = lp_db_begin(db, err);
    if (!status) status = lp_db_run(db, err, "UPDATE cells SET asked = 0", "");
    if (!status) status = lp_db_run(db, err, "UPDATE evaluations SET asked = 0 WHERE kind = 'test'", "");
    if (!status) status = lp_db_run(db, err, "UPDATE floors SET asked = 0", "");
    for (int i = 0; i < p->n_rows && !status && p->spec.floor; i++) status = ask_floor(db, p, i, err);
    for (int i = 0; i < p->n_cells && !status; i++) status = add_cell(db, p, &p->cells[i], err);
    for (int i = 0; i < p->n_evaluations && !status; i++) status = add_evaluation(db, p, &p->evaluations[i], err);
    if (!status)
        status = lp_db_run(db, err,
                           "DELETE FROM episodes WHERE evaluation IN"
                           " (SELECT evaluation FROM evaluations WHERE kind = 'test' AND status <> 'done')",
                           "");
    if (!status)
        status = lp_db_run(db, err,
                           "DELETE FROM milestones WHERE evaluation IN (SELECT evaluation FROM evaluations WHERE status <> 'done')", "");
    if (!status)
        status =
            lp_db_run(db, err, "DELETE FROM pass_at WHERE evaluation IN (SELECT evaluation FROM evaluations WHERE status <> 'done')", "");
    status = lp_db_end(db, status, err);
    for (int i = 0; i < p->n_cells && !status; i++)
        status = status_of(db, "SELECT status FROM cells WHERE cell = ?1", "t", p->cells[i].id, 0, &p->cells[i].status, err);
    for (int i = 0; i < p->n_evaluations && !status; i++)
        status = status_of(db, "SELECT status FROM evaluations WHERE evaluation = ?1", "i", NULL, p->evaluations[i].id,
                           &p->evaluations[i].status, err);
    return status;
}

/* ---- opening ---- */

static lp_status number(lp_db *db, const char *sql, int64_t *out, lp_err *err) {
    sqlite3_stmt *s;
    lp_status status = lp_db_prepare(db, &s, err, sql, "");
    if (status) return status;
    if (sqlite3_step(s) == SQLITE_ROW) *out = sqlite3_column_int64(s, 0);
    else status = lp_db_fail(db, err);
    sqlite3_finalize(s);
    return status;
}

static lp_status check_version(lp_db *db, lp_err *err) {
    int64_t id = 0, version = 0;
    lp_status status = number(db, "PRAGMA application_id", &id, err);
    if (!status) status = number(db, "PRAGMA user_version", &version, err);
    if (status) return status;
    if (id != LP_DB_APPLICATION_ID) return lp_fail(err, LP_BAD_INPUT, "%s: not an experiment's database", db->path);
    if (version != LP_DB_VERSION)
        return lp_fail(err, LP_BAD_INPUT, "%s: of version %lld, this program knows %d", db->path, (long long)version, LP_DB_VERSION);
    return LP_OK;
}

static lp_status connect(lp_db **out, const char *folder, bool write, lp_err *err) {
    lp_db *db = *out = calloc(1, sizeof *db);
    if (!db) return lp_fail(err, LP_FAILED, "out of memory");
    db->lock_fd = -1;
    struct stat st;
    bool is_file = !write && !stat(folder, &st) && S_ISREG(st.st_mode);
    if (snprintf(db->path, sizeof db->path, is_file ? "%s" : "%s/experiment.db", folder) >= (int)sizeof db->path - 64)
        return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", folder);
    if (is_file) lp_folder_of(db->folder, folder);
    else snprintf(db->folder, sizeof db->folder, "%s", folder);
    if (write) {
        if ((db->lock_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
            return lp_fail(err, lp_errno_status(errno), "%s: %s", folder, strerror(errno));
        lp_status status = lp_lock(db->lock_fd, folder, "runs this experiment", err);
        if (status) return status;
    } else if (!lp_file_exists(db->path)) {
        return lp_fail(err, LP_BAD_INPUT, "%s: there is none: the experiment was not begun", db->path);
    }
    int how = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
    if (sqlite3_open_v2(db->path, &db->db, how | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK) return lp_db_fail(db, err);
    sqlite3_db_config(db->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_busy_timeout(db->db, WAITS_MS);
    return LP_OK;
}

static lp_status finish(lp_db **out, lp_status status) {
    if (!status) return LP_OK;
    lp_db_close(*out);
    *out = NULL;
    return status;
}

lp_status lp_db_open(lp_db **out, const char *folder, lp_plan *plan, lp_err *err) {
    int64_t n_tables = 0;
    *out = NULL;
    lp_status status = lp_make_dirs(folder, err);
    if (!status) status = connect(out, folder, true, err);
    lp_db *db = *out;
    if (!status) status = number(db, "SELECT count(*) FROM sqlite_schema", &n_tables, err);
    if (!status && n_tables) status = check_version(db, err);
    if (!status) /* what was committed is on the disk: files that it stands for go then */
        status = lp_db_run(db, err, "PRAGMA journal_mode = WAL", "");
    if (!status) status = lp_db_run(db, err, "PRAGMA synchronous = FULL", "");
    if (!status && !n_tables) {
        status = lp_db_begin(db, err);
        if (!status && sqlite3_exec(db->db, lp_db_schema, NULL, NULL, NULL) != SQLITE_OK) status = lp_db_fail(db, err);
        status = lp_db_end(db, status, err);
    }
    if (!status) status = ask(db, plan, err);
    return finish(out, status);
}

lp_status lp_db_open_reader(lp_db **out, const char *folder, lp_err *err) {
    lp_status status = connect(out, folder, false, err);
    if (!status) status = check_version(*out, err);
    if (!status) status = lp_db_run(*out, err, "PRAGMA query_only = ON", "");
    return finish(out, status);
}

void lp_db_close(lp_db *db) {
    if (!db) return;
    sqlite3_close(db->db);
    if (db->lock_fd >= 0) close(db->lock_fd);
    free(db);
}

void lp_db_path(const lp_db *db, const lp_plan_cell *c, const lp_plan_evaluation *e, const char *ending, char out[PATH_MAX]) {
    char middle[64] = "";
    if (e) snprintf(middle, sizeof middle, ".%016llx.%lld", (unsigned long long)e->id, (long long)e->n);
    snprintf(out, PATH_MAX, "%.*s/%s%s%s", PATH_MAX - 128, db->folder, c->id, middle, ending);
}

void lp_db_floor_path(const lp_db *db, const lp_plan_row *row, char out[PATH_MAX]) {
    snprintf(out, PATH_MAX, "%.*s/floor.%016llx.jsonl", PATH_MAX - 128, db->folder, (unsigned long long)row->floor_id);
}

/* ---- reading ---- */

static void csv_field(const char *text, FILE *out) {
    bool quote = text && strpbrk(text, ",\"\r\n");
    if (quote) fputc('"', out);
    for (; text && *text; text++) {
        if (*text == '"') fputc('"', out);
        fputc(*text, out);
    }
    if (quote) fputc('"', out);
}

static lp_status names_of(lp_db *db, char *out, size_t size_bytes, lp_err *err) {
    sqlite3_stmt *s;
    lp_status status =
        lp_db_prepare(db, &s, err, "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY type DESC, name", "");
    size_t used = 0;
    *out = 0;
    while (!status && sqlite3_step(s) == SQLITE_ROW && used < size_bytes)
        used += (size_t)snprintf(out + used, size_bytes - used, "%s%s", used ? ", " : "", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(status ? NULL : s);
    return status;
}

lp_status lp_db_csv(lp_db *db, const char *name, FILE *out, lp_err *err) {
    sqlite3_stmt *s;
    int64_t there = 0;
    char names[512], sql[128];
    lp_status status =
        lp_db_prepare(db, &s, err, "SELECT count(*) FROM sqlite_schema WHERE name = ?1 AND type IN ('table', 'view')", "t", name);
    if (status) return status;
    if (sqlite3_step(s) == SQLITE_ROW) there = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    if (!there && !(status = names_of(db, names, sizeof names, err)))
        status = lp_fail(err, LP_BAD_INPUT, "%s: no table or view '%.64s': %s", db->path, name, names);
    if (status) return status;
    snprintf(sql, sizeof sql, "SELECT * FROM \"%.64s\"", name); /* a name that there is has no quotes */
    if ((status = lp_db_prepare(db, &s, err, sql, ""))) return status;
    int n = sqlite3_column_count(s), rc;
    for (int i = 0; i < n; i++) fprintf(out, "%s%s", i ? "," : "", sqlite3_column_name(s, i));
    fputc('\n', out);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        for (int i = 0; i < n; i++) {
            if (i) fputc(',', out);
            csv_field((const char *)sqlite3_column_text(s, i), out);
        }
        fputc('\n', out);
    }
    if (rc != SQLITE_DONE) status = lp_db_fail(db, err);
    sqlite3_finalize(s);
    return status;
}

lp_status lp_db_rows(lp_db *db, const char *sql, void (*say)(void *context, int n, const char *const *columns), void *context,
                     lp_err *err) {
    sqlite3_stmt *s;
    const char *columns[32];
    int rc;
    lp_status status = lp_db_prepare(db, &s, err, sql, "");
    if (status) return status;
    int n = sqlite3_column_count(s) < 32 ? sqlite3_column_count(s) : 32;
    while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
        for (int i = 0; i < n; i++) columns[i] = (const char *)sqlite3_column_text(s, i);
        say(context, n, columns);
    }
    if (rc != SQLITE_DONE) status = lp_db_fail(db, err);
    sqlite3_finalize(s);
    return status;
}
