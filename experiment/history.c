#include "experiment/history.h"

#include "base/file.h"
#include "evals/results.h"
#include "experiment/db_impl.h"
#include "experiment/findings.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { APPLICATION_ID = 0x4c4f4849 }; /* "LOHI" */

/* The comments stand inside the statements, so that `.schema` in the sqlite3 shell shows them. */
static const char schema[] = "PRAGMA application_id = 1280264265;\n"
                             "PRAGMA user_version = 1;\n"
                             "CREATE TABLE versions(\n"
                             "  n INTEGER PRIMARY KEY, -- 1, 2, ... as they were added\n"
                             "  version TEXT NOT NULL UNIQUE,\n"
                             "  added TEXT NOT NULL -- when, UTC\n"
                             ");\n"
                             "CREATE TABLE results(\n"
                             "  n INTEGER NOT NULL REFERENCES versions,\n"
                             "  game TEXT NOT NULL,\n"
                             "  knobs TEXT NOT NULL, -- as JSON\n"
                             "  horizon INTEGER, -- of these; NULL: the game has none\n"
                             "  method TEXT NOT NULL, -- of an experiment: variant and memory; '' of an evaluation\n"
                             "  training INTEGER NOT NULL, -- of an experiment: train.seed; 0 of an evaluation\n"
                             "  played TEXT NOT NULL, -- as JSON: what has to be the same for episodes to compare one by one\n"
                             "  outcomes TEXT NOT NULL, -- a letter an episode: W, L, T (timeout)\n"
                             "  PRIMARY KEY(n, game, knobs, method, training)\n"
                             ") WITHOUT ROWID;\n"
                             "CREATE VIEW rates AS -- win rates by version\n"
                             "  SELECT version, game, horizon, knobs, method, training, length(outcomes) AS episodes, "
                             "length(replace(replace(outcomes, 'L', ''), 'T', "
                             "'')) AS wins,\n"
                             "    1.0 * length(replace(replace(outcomes, 'L', ''), 'T', '')) / length(outcomes) AS win_rate\n"
                             "  FROM results JOIN versions USING(n) ORDER BY game, knobs, method, training, n;\n";

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

static lp_status open_history(lp_db *db, const char *path, bool make, lp_err *err) {
    int64_t n_tables = 0, id = 0, version = 0;
    *db = (lp_db){.lock_fd = -1};
    if (snprintf(db->path, sizeof db->path, "%s", path) >= (int)sizeof db->path - 64)
        return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", path);
    if (!make && !lp_file_exists(path)) return lp_fail(err, LP_BAD_INPUT, "%s: there is none: longplay history add makes it", path);
    int how = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (make ? SQLITE_OPEN_CREATE : 0);
    if (sqlite3_open_v2(path, &db->db, how, NULL) != SQLITE_OK) return lp_db_fail(db, err);
    sqlite3_db_config(db->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_busy_timeout(db->db, 30000);
    lp_status status = make ? lp_db_begin(db, err) : lp_db_run(db, err, "BEGIN", "");
    if (!status) status = number(db, "SELECT count(*) FROM sqlite_schema", &n_tables, err);
    if (!status && !n_tables && make) return sqlite3_exec(db->db, schema, NULL, NULL, NULL) != SQLITE_OK ? lp_db_fail(db, err) : LP_OK;
    if (!status) status = number(db, "PRAGMA application_id", &id, err);
    if (!status) status = number(db, "PRAGMA user_version", &version, err);
    if (!status && id != APPLICATION_ID) return lp_fail(err, LP_BAD_INPUT, "%s: not a history of results", path);
    if (!status && version != LP_HISTORY_VERSION)
        return lp_fail(err, LP_BAD_INPUT, "%s: of version %lld, this program knows %d", path, (long long)version, LP_HISTORY_VERSION);
    return status;
}

/* ---- adding ---- */

typedef struct {
    lp_db *db;
    int64_t version;
    const char *name;
    int n;
} addition;

static lp_status add_row(addition *a, const char *game, const char *knobs, int64_t horizon, const char *method, int64_t training,
                         const char *played, const char *outcomes, lp_err *err) {
    if (a->n == LP_GATE_MAX_ROWS) return lp_fail(err, LP_BAD_INPUT, "more than %d rows", LP_GATE_MAX_ROWS);
    a->n++;
    lp_err why;
    lp_status status = lp_db_run(a->db, &why, "INSERT INTO results VALUES(?1, ?2, ?3, iif(?4 < 0, NULL, ?4), ?5, ?6, ?7, ?8)", "ittititt",
                                 a->version, game, knobs, horizon, method, training, played, outcomes);
    if (status && (sqlite3_errcode(a->db->db) & 0xff) == SQLITE_CONSTRAINT)
        return lp_fail(err, LP_BAD_INPUT, "version '%.64s' has a result of %.64s %.160s%s%.64s already", a->name, game, knobs,
                       *method ? ", " : "", method);
    if (status) return lp_fail(err, status, "%s", why.message);
    return LP_OK;
}

/* What has to be the same, of a row of an evaluation. */
static cJSON *played_of(const cJSON *row) {
    static const char *const fields[] = {"rom", "model", "noop", "seed", "time_limit", "k"};
    cJSON *o = cJSON_CreateObject();
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        cJSON *field = cJSON_GetObjectItemCaseSensitive(row, fields[i]);
        if (field) cJSON_AddItemToObject(o, fields[i], cJSON_Duplicate(field, true));
    }
    return o;
}

static lp_status add_result(addition *a, const lp_result *row, lp_err *err) {
    cJSON *o = played_of(row->json);
    const cJSON *knobs = cJSON_GetObjectItemCaseSensitive(row->json, "knobs"),
                *horizon = cJSON_GetObjectItemCaseSensitive(knobs, "horizon");
    char *played = cJSON_PrintUnformatted(o), *text = cJSON_PrintUnformatted(knobs), *outcomes = calloc((size_t)row->n + 1, 1);
    lp_status status = played && text && outcomes ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    for (int64_t i = 0; i < row->n && !status; i++)
        outcomes[i] = row->episodes[i].outcome == LP_WIN ? 'W' : row->episodes[i].outcome == LP_LOSS ? 'L' : 'T';
    if (!status) status = add_row(a, row->game, text, horizon ? (int64_t)horizon->valuedouble : -1, "", 0, played, outcomes, err);
    cJSON_free(played), cJSON_free(text), free(outcomes);
    cJSON_Delete(o);
    return status;
}

static lp_status add_results(addition *a, const lp_results *results, lp_err *err) {
    lp_status status = LP_OK;
    for (int i = 0; i < lp_results_n_rows(results) && !status; i++) status = add_result(a, lp_results_row(results, i), err);
    return status;
}

static lp_status add_experiment(addition *a, lp_db *from, lp_err *err) {
    static const char sql[] =
        "SELECT game, knobs, horizon, trim(variant || ', ' || e.memory, ', '), c.seed, json_object('rom', rom, 'seed', e.seed),"
        " (SELECT group_concat(upper(substr(outcome, 1, 1)), '') FROM (SELECT outcome FROM episodes p WHERE p.evaluation = e.evaluation"
        " ORDER BY episode))"
        " FROM evaluations e JOIN cells c USING(cell) WHERE e.asked AND c.asked AND e.kind = 'test' AND e.status = 'done'";
    sqlite3_stmt *s;
    int rc = SQLITE_DONE;
    lp_status status = lp_db_prepare(from, &s, err, sql, "");
    if (status) return status;
    while (!status && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        const char *text[7];
        for (int i = 0; i < 7; i++) text[i] = (const char *)sqlite3_column_text(s, i) ? (const char *)sqlite3_column_text(s, i) : "";
        status = add_row(a, text[0], text[1], *text[2] ? sqlite3_column_int64(s, 2) : -1, text[3], sqlite3_column_int64(s, 4), text[5],
                         text[6], err);
    }
    if (!status && rc != SQLITE_DONE) status = lp_db_fail(from, err);
    sqlite3_finalize(s);
    if (!status && !a->n) status = lp_fail(err, LP_BAD_INPUT, "%s: no evaluation is done yet", from->path);
    return status;
}

static lp_status find_version(addition *a, lp_err *err) {
    sqlite3_stmt *s;
    lp_status status = lp_db_run(a->db, err, "INSERT OR IGNORE INTO versions(version, added) VALUES(?1, datetime('now'))", "t", a->name);
    if (!status) status = lp_db_prepare(a->db, &s, err, "SELECT n FROM versions WHERE version = ?1", "t", a->name);
    if (status) return status;
    if (sqlite3_step(s) == SQLITE_ROW) a->version = sqlite3_column_int64(s, 0);
    else status = lp_db_fail(a->db, err);
    sqlite3_finalize(s);
    return status;
}

lp_status lp_history_add(const char *path, const char *from, const char *version, int *n, lp_err *err) {
    lp_results *results = NULL;
    lp_db *experiment = NULL, db = {.lock_fd = -1};
    addition a = {.db = &db, .name = version};
    lp_status status = lp_is_results(from) ? lp_results_open(&results, from, err) : lp_db_open_reader(&experiment, from, err);
    if (!status && (!*version || strlen(version) > 127)) status = lp_fail(err, LP_BAD_INPUT, "--version: must have 1 to 127 bytes");
    if (!status) status = lp_file_check_writable(path, NULL, err);
    bool made = !lp_file_exists(path);
    if (!status) status = open_history(&db, path, true, err);
    if (!status) status = find_version(&a, err);
    if (!status) status = results ? add_results(&a, results, err) : add_experiment(&a, experiment, err);
    if (db.db) {
        status = lp_db_end(&db, status, err);
        sqlite3_close(db.db);
        if (status && made) (void)remove(path); /* nothing is in it */
    }
    lp_results_close(results);
    lp_db_close(experiment);
    *n = a.n;
    return status;
}

/* ---- reading ---- */

/* A result as it was read; rows of the table are made of these. */
typedef struct {
    lp_task task;
    char method[360], played[512];
    int64_t training;
    int version, row;
    char *outcomes; /* owned */
} result;

typedef struct {
    int n;
    result *all; /* [n], owned */
} collection;

static int by_row(const void *a, const void *b) {
    const result *x = a, *y = b;
    int order = strcmp(x->task.game, y->task.game);
    if (!order) order = strcmp(x->task.panel, y->task.panel);
    if (!order) order = (x->task.horizon > y->task.horizon) - (x->task.horizon < y->task.horizon);
    if (!order) order = strcmp(x->task.knobs, y->task.knobs);
    if (!order) order = strcmp(x->method, y->method);
    if (!order) order = (x->training > y->training) - (x->training < y->training);
    return order ? order : (x->version > y->version) - (x->version < y->version);
}

static bool same_row(const result *a, const result *b) {
    return !strcmp(a->task.game, b->task.game) && !strcmp(a->task.knobs, b->task.knobs) && !strcmp(a->method, b->method) &&
           a->training == b->training;
}

static lp_status read_versions(lp_history *h, lp_db *db, int64_t **numbers, lp_err *err) {
    int64_t n = 0;
    sqlite3_stmt *s;
    lp_status status = number(db, "SELECT count(*) FROM versions", &n, err);
    if (status) return status;
    if (n < 1 || n > 100000) return lp_fail(err, LP_BAD_INPUT, "%s: holds no version", db->path);
    h->versions = calloc((size_t)n, sizeof *h->versions), *numbers = calloc((size_t)n, sizeof **numbers);
    if (!h->versions || !*numbers) return lp_fail(err, LP_FAILED, "out of memory");
    if ((status = lp_db_prepare(db, &s, err, "SELECT n, version FROM versions ORDER BY n", ""))) return status;
    while (h->n_versions < n && sqlite3_step(s) == SQLITE_ROW) {
        (*numbers)[h->n_versions] = sqlite3_column_int64(s, 0);
        snprintf(h->versions[h->n_versions++], sizeof *h->versions, "%s", (const char *)sqlite3_column_text(s, 1));
    }
    sqlite3_finalize(s);
    return LP_OK;
}

static bool take(result *r, sqlite3_stmt *s) {
    const char *text[8];
    for (int i = 0; i < 8; i++) text[i] = (const char *)sqlite3_column_text(s, i) ? (const char *)sqlite3_column_text(s, i) : "";
    *r = (result){.training = sqlite3_column_int64(s, 4), .outcomes = strdup(text[6])};
    r->task.horizon = *text[2] ? sqlite3_column_int64(s, 2) : -1;
    snprintf(r->task.game, sizeof r->task.game, "%s", text[0]);
    snprintf(r->task.knobs, sizeof r->task.knobs, "%s", text[1]);
    snprintf(r->method, sizeof r->method, "%s", text[3]);
    snprintf(r->played, sizeof r->played, "%s", text[5]);
    return r->outcomes;
}

static lp_status read_results(lp_history *h, lp_db *db, const int64_t *numbers, collection *c, lp_err *err) {
    int64_t n = 0;
    sqlite3_stmt *s;
    int rc = SQLITE_DONE, version = 0;
    lp_status status = number(db, "SELECT count(*) FROM results", &n, err);
    if (status) return status;
    if (n < 1 || n > 10000000) return lp_fail(err, LP_BAD_INPUT, "%s: holds no result", db->path);
    if (!(c->all = calloc((size_t)n, sizeof *c->all))) return lp_fail(err, LP_FAILED, "out of memory");
    if ((status =
             lp_db_prepare(db, &s, err, "SELECT game, knobs, horizon, method, training, played, outcomes, n FROM results ORDER BY n", "")))
        return status;
    while (c->n < n && !status && (rc = sqlite3_step(s)) == SQLITE_ROW) {
        if (!take(&c->all[c->n++], s)) status = lp_fail(err, LP_FAILED, "out of memory");
        while (version < h->n_versions && numbers[version] < sqlite3_column_int64(s, 7)) version++;
        if (version == h->n_versions) status = lp_fail(err, LP_BAD_INPUT, "%s: a result of no version", db->path);
        c->all[c->n - 1].version = version;
    }
    if (!status && rc != SQLITE_ROW && rc != SQLITE_DONE) status = lp_db_fail(db, err);
    sqlite3_finalize(s);
    return status;
}

/* Names of all tasks, rows, and where each result is in the table. */
static bool make_rows(lp_history *h, collection *c) {
    lp_task *tasks = calloc((size_t)c->n + 1, sizeof *tasks);
    h->rows = calloc((size_t)c->n + 1, sizeof *h->rows);
    bool whole = tasks && h->rows;
    for (int i = 0; i < c->n && whole; i++) tasks[i] = c->all[i].task;
    whole = whole && lp_name_tasks(tasks, c->n);
    for (int i = 0; i < c->n && whole; i++) c->all[i].task = tasks[i];
    if (whole) qsort(c->all, (size_t)c->n, sizeof *c->all, by_row);
    for (int i = 0; i < c->n && whole; i++) {
        result *r = &c->all[i];
        if (!i || !same_row(r, r - 1)) {
            lp_history_row *row = &h->rows[h->n_rows++];
            snprintf(row->game, sizeof row->game, "%s", r->task.game);
            int used = snprintf(row->name, sizeof row->name, "%s", r->task.name);
            if (*r->method)
                snprintf(row->name + used, sizeof row->name - (size_t)used, "; %.180s, seed %lld", r->method, (long long)r->training);
        }
        r->row = h->n_rows - 1;
    }
    free(tasks);
    h->cells = whole ? calloc((size_t)h->n_rows * (size_t)h->n_versions + 1, sizeof *h->cells) : NULL;
    return h->cells;
}

/* A result against the last version before it that played the row. */
static void pair(lp_history_cell *cell, const result *r, const result *before) {
    for (const char *o = r->outcomes; *o; o++) cell->n++, cell->wins += *o == 'W';
    cell->before = -1;
    if (!before) return;
    cell->other = strcmp(r->played, before->played) != 0;
    if (cell->other) return;
    cell->before = before->version;
    lp_pairs *p = &cell->gate.pairs;
    for (const char *now = r->outcomes, *then = before->outcomes; *now && *then; now++, then++, p->n++) {
        p->lost += *then == 'W' && *now != 'W';
        p->gained += *now == 'W' && *then != 'W';
    }
}

static lp_status judge(lp_history *h, lp_err *err) {
    lp_gate gate = {.alpha = 0.05, .margin = -1};
    lp_gate_row rows[LP_GATE_MAX_ROWS], all;
    for (int v = 0; v < h->n_versions; v++) {
        int n = 0;
        for (int r = 0; r < h->n_rows; r++) {
            const lp_history_cell *cell = lp_history_at(h, r, v);
            if (!cell->n || cell->before < 0) continue;
            if (n == LP_GATE_MAX_ROWS) return lp_fail(err, LP_BAD_INPUT, "version %s: more than %d rows", h->versions[v], LP_GATE_MAX_ROWS);
            rows[n++] = cell->gate;
        }
        lp_gate_judge(&gate, rows, n, &all);
        for (int r = 0, i = 0; r < h->n_rows; r++) {
            lp_history_cell *cell = &h->cells[r * h->n_versions + v];
            if (cell->n && cell->before >= 0) cell->gate = rows[i++];
        }
    }
    return LP_OK;
}

lp_status lp_history_read(lp_history *h, const char *path, lp_err *err) {
    lp_db db;
    collection c = {0};
    int64_t *numbers = NULL;
    *h = (lp_history){0};
    lp_status status = open_history(&db, path, false, err);
    if (!status) status = read_versions(h, &db, &numbers, err);
    if (!status) status = read_results(h, &db, numbers, &c, err);
    if (!status && !make_rows(h, &c)) status = lp_fail(err, LP_BAD_INPUT, "%s: knobs that are not JSON, or out of memory", path);
    for (int i = 0; i < c.n && !status; i++) {
        const result *r = &c.all[i];
        pair(&h->cells[r->row * h->n_versions + r->version], r, i && same_row(r, r - 1) ? r - 1 : NULL);
    }
    if (!status) status = judge(h, err);
    for (int i = 0; i < c.n; i++) free(c.all[i].outcomes);
    free(c.all), free(numbers);
    sqlite3_close(db.db);
    return status;
}

void lp_history_free(lp_history *h) {
    free(h->versions), free(h->rows), free(h->cells);
    *h = (lp_history){0};
}
