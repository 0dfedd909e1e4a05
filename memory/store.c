/* The store: opening, writing, committing.
 *
 * Invariants: rows and checkpoint change in one transaction only. The first failure of a writer is final: it rolls back,
 * every later row is ignored, every later commit reports it; so the file never has a gap. A reader's statements are always
 * reset before control returns to the caller, because an open one would keep the -wal file from being reused. */
#include "memory/store_impl.h"

#include "base/contract.h"
#include "base/file.h"
#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <float.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "vectors are stored as they lie in memory");

enum { WRITER_WAITS_MS = 30000, READER_WAITS_MS = 5000, BEGIN_WAITS_MS = 50 }; /* for someone else's lock, as of a sqlite3 shell */
enum { WORDS_ITEM = 0, WORDS_SUMMARY = 1, WORDS_EVENT = 2 };                   /* kinds in the rowids of words: 4 * row + kind */

static const char *const statements[LP_N_SQL] = {
    [LP_SQL_META] = "INSERT INTO meta VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
    [LP_SQL_ENCODER] = "INSERT OR IGNORE INTO encoders(digest) VALUES(?1)",
    [LP_SQL_EPISODE_BEGIN] = "INSERT INTO episodes(episode, seed, first_decision) VALUES(?1, ?2, ?3)",
    [LP_SQL_EPISODE_END] = "UPDATE episodes SET result = ?2, n_decisions = ?3 WHERE episode = ?1",
    [LP_SQL_ITEM] = "INSERT INTO items(decision, episode, step, action, salience, encoder, text, vector)"
                    " VALUES(?1, ?2, ?3, ?4, ?5, nullif(?6, 0), ?7, ?8)",
    [LP_SQL_ITEM_TEXT] = "SELECT text FROM items WHERE episode = ?1 AND step = ?2",
    [LP_SQL_SUMMARY] = "INSERT INTO summaries(episode, level, idx, first_step, last_step, parent_level, parent_idx, text)"
                       " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    [LP_SQL_SUMMARY_ITEM] = "INSERT INTO summary_items VALUES(?1, ?2)",
    [LP_SQL_EVENT] = "INSERT INTO events(episode, step, decision, name, text, milestone) VALUES(?1, ?2, ?3, ?4, ?5,"
                     " NOT EXISTS(SELECT 1 FROM events WHERE name = ?4 AND milestone = 1))",
    [LP_SQL_METRIC] = "INSERT OR REPLACE INTO metrics(decision, name, value) VALUES(?1, ?2, ?3)",
    [LP_SQL_CHECKPOINT] = "INSERT INTO checkpoint VALUES(1, ?1) ON CONFLICT(id) DO UPDATE SET data = excluded.data",
    [LP_SQL_WORDS] = "INSERT INTO words(rowid, text) VALUES(?1, ?2)",
};

/* ---- errors, statements, buffers ---- */

lp_status lp_store_fail(const lp_store *store, int rc, lp_err *err) {
    char says[200]; /* SQLite quotes what it stumbles over */
    snprintf(says, sizeof says, "%s", sqlite3_errmsg(store->db));
    switch (rc & 0xff) {
    case SQLITE_NOTADB: return lp_fail(err, LP_BAD_INPUT, "%s: not a Longplay database", store->path);
    case SQLITE_CORRUPT: return lp_fail(err, LP_BAD_INPUT, "%s: damaged or cut short: %s", store->path, says);
    case SQLITE_ERROR: return lp_fail(err, LP_BAD_INPUT, "%s: damaged: %s", store->path, says); /* our SQL does not fit it */
    case SQLITE_CONSTRAINT: return lp_fail(err, LP_FAILED, "%s: a row contradicts those before it: %s", store->path, says);
    case SQLITE_READONLY: return lp_fail(err, LP_BAD_INPUT, "%s: not writable", store->path);
    case SQLITE_CANTOPEN:
        if (lp_errno_status(sqlite3_system_errno(store->db)) == LP_FAILED)
            return lp_fail(err, LP_FAILED, "%s: cannot open it: %s", store->path, strerror(sqlite3_system_errno(store->db)));
        return lp_fail(err, LP_BAD_INPUT, "%s: cannot open it and what SQLite keeps beside it", store->path);
    case SQLITE_BUSY: return lp_fail(err, LP_FAILED, "%s: another program keeps it locked", store->path);
    case SQLITE_FULL: return lp_fail(err, LP_FAILED, "%s: cannot write: %s", store->path, strerror(ENOSPC));
    default: return lp_fail(err, LP_FAILED, "%s: %s", store->path, says);
    }
}

char *lp_store_room(lp_store_buffer *buffer, size_t size_bytes) {
    size_t need = buffer->used_bytes + size_bytes;
    if (need > buffer->size_bytes || !buffer->data) {
        char *larger = realloc(buffer->data, 2 * need + 256);
        if (!larger) return NULL;
        buffer->data = larger;
        buffer->size_bytes = 2 * need + 256;
    }
    return buffer->data + buffer->used_bytes;
}

static int bind(sqlite3_stmt *statement, const char *types, va_list values) {
    int rc = SQLITE_OK;
    for (int i = 1; types[i - 1] && rc == SQLITE_OK; i++) {
        const void *data;
        switch (types[i - 1]) {
        case 'i': rc = sqlite3_bind_int64(statement, i, va_arg(values, int64_t)); break;
        case 'd': rc = sqlite3_bind_double(statement, i, va_arg(values, double)); break;
        case 't': rc = sqlite3_bind_text(statement, i, va_arg(values, const char *), -1, SQLITE_STATIC); break;
        default: data = va_arg(values, const void *); rc = sqlite3_bind_blob64(statement, i, data, va_arg(values, size_t), SQLITE_STATIC);
        }
    }
    return rc;
}

lp_status lp_store_prepare(lp_store *store, sqlite3_stmt **out, lp_err *err, const char *sql, const char *types, ...) {
    va_list values;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);
    va_start(values, types);
    if (rc == SQLITE_OK) rc = bind(*out, types, values);
    va_end(values);
    if (rc == SQLITE_OK) return LP_OK;
    lp_status status = lp_store_fail(store, rc, err);
    sqlite3_finalize(*out);
    *out = NULL;
    return status;
}

lp_status lp_store_step(lp_store *store, sqlite3_stmt *statement, bool *row, lp_err *err) {
    int rc = sqlite3_step(statement);
    *row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? LP_OK : lp_store_fail(store, rc, err);
}

static lp_status execute(lp_store *store, const char *sql, lp_err *err) {
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK ? LP_OK : lp_store_fail(store, rc, err);
}

lp_status lp_store_number(lp_store *store, int64_t *out, lp_err *err, const char *sql, const char *types, ...) {
    va_list values;
    sqlite3_stmt *statement = NULL;
    bool row = false;
    int rc = sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL);
    va_start(values, types);
    if (rc == SQLITE_OK) rc = bind(statement, types, values);
    va_end(values);
    lp_status status = rc == SQLITE_OK ? lp_store_step(store, statement, &row, err) : lp_store_fail(store, rc, err);
    *out = row ? sqlite3_column_int64(statement, 0) : 0;
    sqlite3_finalize(statement);
    return status;
}

/* ---- opening ---- */

/* A file that is not ours, or was made to harm, is no more than data. */
static void settle(lp_store *store) {
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(store->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_exec(store->db, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY", NULL, NULL, NULL);
    sqlite3_busy_timeout(store->db, READER_WAITS_MS);
}

static lp_status check_path(const char *path, lp_err *err) {
    if (strlen(path) < sizeof((lp_store *)0)->path - 8) return LP_OK; /* room for "-wal" */
    return lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", path);
}

static lp_status connect(lp_store **out, const char *path, lp_err *err) {
    lp_store *store = *out = NULL;
    struct stat st;
    if (check_path(path, err)) return LP_BAD_INPUT;
    if (stat(path, &st)) return lp_fail(err, lp_errno_status(errno), "%s: %s", path, strerror(errno));
    if (!S_ISREG(st.st_mode)) return lp_fail(err, LP_BAD_INPUT, "%s: not a regular file", path);
    if (!(store = calloc(1, sizeof *store))) return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    store->lock_fd = -1;
    store->n_levels = -1;
    strcpy(store->path, path);
    /* READWRITE for readers too: only so can SQLite share the -shm file, and clean it up; it falls back by itself */
    int rc = sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, lp_store_vfs());
    if (rc != SQLITE_OK) {
        lp_status status = store->db ? lp_store_fail(store, rc, err) : lp_fail(err, LP_FAILED, "%s: out of memory", path);
        lp_store_close(store);
        return status;
    }
    settle(store);
    *out = store;
    return LP_OK;
}

/* Opens the database again as a file that nothing can write to now. Reading a run of another user, or from a medium that is
 * read-only, SQLite cannot make the -shm file it wants; but then nobody can be writing either. */
static int connect_immutable(lp_store *store) {
    char uri[3 * PATH_MAX + 32];
    int n = sprintf(uri, "file:");
    for (const char *c = store->path; *c; c++) n += sprintf(uri + n, strchr("?#%", *c) ? "%%%02x" : "%c", (unsigned char)*c);
    sprintf(uri + n, "?immutable=1");
    sqlite3_close(store->db);
    store->db = NULL;
    int rc = sqlite3_open_v2(uri, &store->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX, lp_store_vfs());
    if (rc == SQLITE_OK) settle(store);
    return rc;
}

/* Whether there are commits that the -wal file has and the database not yet. */
static bool has_log(lp_store *store) {
    struct stat st;
    return stat(sqlite3_filename_wal(sqlite3_db_filename(store->db, "main")), &st) == 0 && st.st_size > 0;
}

/* SQLite sees a missing page, but takes what is missing of the last one for zeros. While there is a log, the file may
 * be shorter than the database. The order of the looks matters: the file never shrinks, and is whole once the log is empty. */
static lp_status check_length(lp_store *store, lp_err *err) {
    struct stat file;
    int64_t n_pages = 0, page_bytes = 0;
    lp_status status = lp_store_number(store, &n_pages, err, "PRAGMA page_count", "");
    if (!status) status = lp_store_number(store, &page_bytes, err, "PRAGMA page_size", "");
    if (status) return status;
    if (has_log(store) || stat(store->path, &file) || file.st_size >= n_pages * page_bytes) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "%s: cut short: %lld bytes of %lld", store->path, (long long)file.st_size,
                   (long long)(n_pages * page_bytes));
}

void lp_store_leave(lp_store *store) { sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL); }

/* A log that nobody is writing was left by a kill, or is part of a copy made while the run went on, whose files may be of two moments. */
static lp_status check_log(lp_store *store, lp_err *err) {
    if (!has_log(store) || lp_is_locked(sqlite3_filename_wal(sqlite3_db_filename(store->db, "main")))) return LP_OK;
    lp_status status = lp_store_check(store, err);
    if (status) lp_store_leave(store);
    return status;
}

static lp_status check_identity(lp_store *store, lp_err *err) {
    int64_t id, schema;
    lp_status status = lp_store_number(store, &id, err, "PRAGMA application_id", "");
    if (!status && id != LP_STORE_APPLICATION_ID) return lp_fail(err, LP_BAD_INPUT, "%s: not a Longplay database", store->path);
    if (!status) status = lp_store_number(store, &schema, err, "PRAGMA user_version", "");
    if (!status && (schema < LP_STORE_SCHEMA || schema > LP_STORE_SCHEMA_TEXTS))
        return lp_fail(err, LP_BAD_INPUT, "%s: of schema %lld, this build reads %d to %d", store->path, (long long)schema, LP_STORE_SCHEMA,
                       LP_STORE_SCHEMA_TEXTS);
    if (!status) status = check_length(store, err);
    return status ? status : check_log(store, err);
}

static lp_status load_encoder(lp_store *store, lp_err *err) {
    return lp_store_number(store, &store->encoder, err,
                           "SELECT id FROM encoders WHERE digest = (SELECT value FROM meta WHERE key = 'policy_digest')", "");
}

/* Prepares for writing, which shows whether all tables are there, and takes the lock. */
static lp_status begin_writing(lp_store *store, lp_err *err) {
    lp_status status = LP_OK;
    sqlite3_busy_timeout(store->db, WRITER_WAITS_MS);
    for (int i = 0; i < LP_N_SQL && !status; i++) {
        int rc = sqlite3_prepare_v3(store->db, statements[i], -1, SQLITE_PREPARE_PERSISTENT, &store->sql[i], NULL);
        if (rc != SQLITE_OK) status = lp_store_fail(store, rc, err);
    }
    if (!status)
        status = execute(store,
                         "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = OFF;"
                         "PRAGMA cache_size = -16000; PRAGMA journal_size_limit = 16777216;"
                         "SELECT count(*) FROM sqlite_schema",
                         err); /* reading opens the -wal file */
    return status ? status : lp_store_lock(store, err);
}

static lp_status finish_open(lp_store **out, lp_store *store, lp_status status) {
    if (status) lp_store_close(store);
    *out = status ? NULL : store;
    return status;
}

lp_status lp_store_create(lp_store **out, const char *path, lp_err *err) {
    lp_store *store = *out = NULL;
    if (check_path(path, err)) return LP_BAD_INPUT;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return lp_fail(err, lp_errno_status(errno), "%s: cannot create: %s", path, strerror(errno));
    close(fd);
    lp_status status = connect(&store, path, err);
    if (!status)
        status = execute(store, "PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE",
                         err);
    if (!status) status = execute(store, lp_store_schema, err);
    if (!status) status = execute(store, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", err);
    if (!status) status = begin_writing(store, err);
    status = finish_open(out, store, status);
    if (status) {
        static const char *const also[] = {"", "-journal", "-wal", "-shm"};
        char name[PATH_MAX + 8];
        for (int i = 0; i < 4; i++) {
            snprintf(name, sizeof name, "%s%s", path, also[i]);
            unlink(name);
        }
    }
    return status;
}

lp_status lp_store_open(lp_store **out, const char *path, lp_err *err) {
    lp_store *store = *out = NULL;
    lp_status status = connect(&store, path, err);
    if (!status) status = check_identity(store, err);
    if (!status && sqlite3_db_readonly(store->db, "main")) status = lp_fail(err, LP_BAD_INPUT, "%s: not writable", path);
    if (!status) status = begin_writing(store, err);
    if (!status) status = load_encoder(store, err);
    return finish_open(out, store, status);
}

lp_status lp_store_open_reader(lp_store **out, const char *path, lp_err *err) {
    lp_store *store = *out = NULL;
    int64_t n;
    lp_status status = connect(&store, path, err);
    if (status) return status;
    status = check_identity(store, err);
    int rc = status ? sqlite3_errcode(store->db) : SQLITE_OK;
    if ((rc == SQLITE_CANTOPEN || rc == SQLITE_READONLY) && !has_log(store) && connect_immutable(store) == SQLITE_OK)
        status = check_identity(store, err);
    if (!status) status = execute(store, "PRAGMA query_only = ON", err);
    /* that the tables are there: */
    if (!status)
        status = lp_store_number(store, &n, err,
                                 "SELECT * FROM meta, encoders, episodes, items, summaries, summary_items, events, metrics,"
                                 " checkpoint, words LIMIT 0",
                                 "");
    return finish_open(out, store, status);
}

void lp_store_close(lp_store *store) {
    if (!store) return;
    for (int i = 0; i < LP_N_SQL; i++) sqlite3_finalize(store->sql[i]);
    sqlite3_close(store->db); /* rolls back */
    if (store->lock_fd >= 0) close(store->lock_fd);
    free(store->texts.data), free(store->blob.data);
    free(store);
}

/* ---- writing ---- */

void lp_store_break(lp_store *store, lp_status status, const lp_err *err) {
    if (store->status) return;
    store->status = status;
    store->error = *err;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL); /* fails where SQLite has rolled back already */
    store->writing = false;
}

static void broken(lp_store *store, int rc) {
    lp_err err;
    lp_status status = lp_store_fail(store, rc, &err);
    lp_store_break(store, status == LP_BAD_INPUT && (rc & 0xff) == SQLITE_ERROR ? LP_FAILED : status, &err);
}

bool lp_store_ready(lp_store *store) {
    LP_CHECK(store->sql[0]); /* not a reader */
    if (store->status || store->writing) return !store->status;
    int rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    if (rc == SQLITE_OK) store->writing = true;
    else broken(store, rc);
    return store->writing;
}

lp_status lp_store_raise_schema(lp_store *store, int schema, lp_err *err) {
    int64_t now;
    char sql[48];
    lp_status status = lp_store_number(store, &now, err, "PRAGMA user_version", "");
    snprintf(sql, sizeof sql, "PRAGMA user_version = %d", schema);
    return status || now >= schema ? status : execute(store, sql, err);
}

void lp_store_rewind(lp_store *store) {
    if (store->writing) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    store->writing = false;
    store->status = LP_OK;
}

lp_status lp_store_begin(lp_store *store, bool *locked, lp_err *err) {
    *locked = false;
    if (!store->status && !store->writing) {
        sqlite3_busy_timeout(store->db, BEGIN_WAITS_MS);
        int rc = sqlite3_exec(store->db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        sqlite3_busy_timeout(store->db, WRITER_WAITS_MS);
        *locked = (rc & 0xff) == SQLITE_BUSY;
        store->writing = rc == SQLITE_OK;
        if (*locked) (void)lp_store_fail(store, rc, err);
        else if (rc != SQLITE_OK) broken(store, rc);
    }
    return store->status ? lp_fail(err, store->status, "%s", store->error.message) : LP_OK;
}

/* Runs a prepared statement with the values bound. Returns whether it went well; the first failure is kept. */
static bool run(lp_store *store, lp_store_sql which, const char *types, ...) {
    va_list values;
    sqlite3_stmt *statement = store->sql[which];
    if (!lp_store_ready(store)) return false;
    va_start(values, types);
    int rc = bind(statement, types, values);
    va_end(values);
    if (rc == SQLITE_OK) rc = sqlite3_step(statement);
    bool good = rc == SQLITE_DONE;
    if (!good) broken(store, rc); /* before the reset, while the message is there */
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return good;
}

static void index_words(lp_store *store, int kind, int64_t row, const char *text) {
    if (text && *text) run(store, LP_SQL_WORDS, "it", 4 * row + kind, text);
}

static void refuse(lp_store *store, const char *what, int64_t value) {
    lp_err err;
    lp_store_break(store, lp_fail(&err, LP_FAILED, "%s: %s %lld", store->path, what, (long long)value), &err);
}

void lp_store_meta(lp_store *store, const char *key, const char *value) {
    if (!run(store, LP_SQL_META, "tt", key, value) || strcmp(key, "policy_digest")) return;
    run(store, LP_SQL_ENCODER, "t", value);
    lp_err err;
    if (!store->status && load_encoder(store, &err)) lp_store_break(store, LP_FAILED, &err);
}

void lp_store_episode_begin(lp_store *store, int64_t episode, uint64_t seed, int64_t first_decision) {
    run(store, LP_SQL_EPISODE_BEGIN, "iii", episode, (int64_t)seed, first_decision);
}

void lp_store_episode_end(lp_store *store, int64_t episode, const char *result, int64_t n_decisions) {
    if (run(store, LP_SQL_EPISODE_END, "iti", episode, result, n_decisions) && sqlite3_changes(store->db) != 1)
        refuse(store, "no such episode to end:", episode);
}

void lp_store_item(lp_store *store, int64_t episode, int64_t step, int64_t decision, int action, float salience, const float *vector,
                   int dim, const char *text) {
    double s = (double)lp_mem_salience(salience);
    if (text && !*text) text = NULL;
    if (run(store, LP_SQL_ITEM, "iiiiditb", decision, episode, step, (int64_t)action, s, store->encoder, text, (const void *)vector,
            (size_t)dim * sizeof *vector))
        index_words(store, WORDS_ITEM, decision, text);
}

/* Appends the text of the item at step, if it has one, to store->texts. */
static void gather_text(lp_store *store, int64_t episode, int64_t step) {
    sqlite3_stmt *statement = store->sql[LP_SQL_ITEM_TEXT];
    if (!lp_store_ready(store)) return;
    sqlite3_bind_int64(statement, 1, episode);
    sqlite3_bind_int64(statement, 2, step);
    int rc = sqlite3_step(statement);
    const char *text = rc == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE) broken(store, rc);
    if (text) {
        lp_store_buffer *texts = &store->texts;
        size_t length = strlen(text);
        char *at = lp_store_room(texts, length + 3);
        if (at) texts->used_bytes += (size_t)sprintf(at, "%s%s", texts->used_bytes ? "; " : "", text);
        else refuse(store, "no RAM for the text of episode", episode);
    }
    sqlite3_reset(statement);
    if (rc == SQLITE_DONE) refuse(store, "a summary keeps an item that is not there: step", step);
}

void lp_store_summary(lp_store *store, int64_t episode, const lp_mem_summary *summary) {
    const lp_mem_summary *s = summary;
    store->texts.used_bytes = 0;
    for (int i = 0; i < s->n_items; i++) gather_text(store, episode, s->steps[i]);
    const char *text = store->texts.used_bytes ? store->texts.data : NULL;
    if (!run(store, LP_SQL_SUMMARY, "iiiiiiit", episode, (int64_t)s->level, s->index, s->first, s->last, (int64_t)s->level + 1, s->parent,
             text))
        return;
    int64_t id = sqlite3_last_insert_rowid(store->db);
    if (store->n_levels >= 0 && s->level > store->n_levels) store->n_levels = s->level;
    for (int i = 0; i < s->n_items; i++) run(store, LP_SQL_SUMMARY_ITEM, "ii", id, s->steps[i]);
    index_words(store, WORDS_SUMMARY, id, text);
}

void lp_store_event(lp_store *store, int64_t episode, int64_t step, int64_t decision, const char *name, const char *text) {
    if (run(store, LP_SQL_EVENT, "iiitt", episode, step, decision, name, text))
        index_words(store, WORDS_EVENT, sqlite3_last_insert_rowid(store->db), text);
}

void lp_store_metric(lp_store *store, int64_t decision, const char *name, double value) {
    run(store, LP_SQL_METRIC, "itd", decision, name, value);
}

lp_status lp_store_in_place(lp_store *store, lp_err *err) {
    int moved = 0;
    if (!store->status) sqlite3_file_control(store->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
    if (moved) store->status = lp_fail(&store->error, LP_FAILED, "%s: was moved or removed while it was written", store->path);
    if (!store->status)
        store->status = lp_file_in_place(store->lock_fd, sqlite3_filename_wal(sqlite3_db_filename(store->db, "main")), &store->error);
    return store->status ? lp_fail(err, store->status, "%s", store->error.message) : LP_OK;
}

lp_status lp_store_commit(lp_store *store, const void *checkpoint, size_t size_bytes, lp_err *err) {
    if (checkpoint) run(store, LP_SQL_CHECKPOINT, "b", checkpoint, size_bytes);
    if (!store->status && store->writing) {
        int rc = sqlite3_exec(store->db, "COMMIT", NULL, NULL, NULL); /* copies from the -wal file every 1,000 pages */
        if (rc == SQLITE_OK) store->writing = false;
        else broken(store, rc);
    }
    return lp_store_in_place(store, err);
}
