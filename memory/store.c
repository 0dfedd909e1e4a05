/* Opening and writing the store. One transaction is open between two commits; each row is one prepared statement. */
#include "memory/store_sqlite.h"

#include "base/file.h"
#include "memory/store_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { BUSY_MS = 5000, WAL_CHECKPOINT_EVERY = 64 };

static const char *const query_text[N_QUERIES] = {
    [Q_META] = "INSERT OR REPLACE INTO meta VALUES (?, ?)",
    [Q_BEGIN] = "INSERT INTO episodes (episode, seed, first_decision) VALUES (?, ?, ?)",
    [Q_END] = "UPDATE episodes SET result = ?2, n_decisions = ?3 WHERE episode = ?1",
    [Q_ITEM] = "INSERT INTO items (episode, step, decision, action, salience, vector, text) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [Q_WORDS] = "INSERT INTO item_words (rowid, text) VALUES (?, ?)",
    [Q_SUMMARY] = "INSERT INTO summaries (episode, level, idx, first_step, last_step, parent_idx, n_items) VALUES (?, ?, ?, ?, ?, ?, ?)",
    [Q_SUMMARY_TEXT] = "UPDATE summaries SET text = (SELECT group_concat(i.text, '; ') FROM summary_items AS k JOIN items AS i "
                       "ON i.episode = summaries.episode AND i.step = k.step WHERE k.summary = summaries.id AND i.text IS NOT NULL) WHERE id = ?",
    [Q_SUMMARY_ITEM] = "INSERT INTO summary_items VALUES (?, ?)",
    [Q_EVENT] = "INSERT INTO events (episode, step, decision, name, text) VALUES (?, ?, ?, ?, ?)",
    [Q_METRIC] = "INSERT INTO metrics VALUES (?, ?, ?)",
    [Q_CHECKPOINT] = "INSERT OR REPLACE INTO checkpoint VALUES (1, ?)",
};
lp_status store_error(lp_store *store, lp_err *err) {
    int code = sqlite3_errcode(store->db) & 0xff;
    bool bad_file = code == SQLITE_NOTADB || code == SQLITE_CORRUPT || code == SQLITE_CANTOPEN || code == SQLITE_ERROR || code == SQLITE_READONLY ||
                    code == SQLITE_PERM;
    const char *what = code == SQLITE_FULL ? "cannot write: No space left on device" : code == SQLITE_NOTADB ? "not a Longplay database" : sqlite3_errmsg(store->db);
    return lp_fail(err, bad_file ? LP_BAD_INPUT : LP_FAILED, "%s: %s", store->path, what);
}

static lp_status run_sql(lp_store *store, const char *sql, lp_err *err) {
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? LP_OK : store_error(store, err);
}

static lp_status pragma_number(lp_store *store, const char *sql, int64_t *value, lp_err *err) {
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &q, NULL) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW) {
        lp_status status = store_error(store, err);
        sqlite3_finalize(q);
        return status;
    }
    *value = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return LP_OK;
}

static lp_store *new_store(const char *path, lp_err *err) {
    lp_store *store = calloc(1, sizeof *store);
    if (!store) {
        lp_fail(err, LP_FAILED, "%s: out of memory", path);
        return NULL;
    }
    store->lock_fd = -1;
    snprintf(store->path, sizeof store->path, "%s", path);
    return store;
}

static lp_status open_db(lp_store *store, int flags, lp_err *err) {
    if (sqlite3_open_v2(store->path, &store->db, flags, store_vfs()) != SQLITE_OK)
        return store->db ? store_error(store, err) : lp_fail(err, LP_FAILED, "%s: out of memory", store->path);
    sqlite3_busy_timeout(store->db, BUSY_MS);
    return LP_OK;
}

/* The lock is on the file itself and goes with the process, however that ends. SQLite's own locks are of another kind. */
static lp_status take_lock(lp_store *store, int flags, lp_err *err) {
    store->lock_fd = open(store->path, flags | O_CLOEXEC, 0666);
    if (store->lock_fd < 0) return lp_fail(err, LP_BAD_INPUT, "%s: %s", store->path, strerror(errno));
    if (flock(store->lock_fd, LOCK_EX | LOCK_NB)) return lp_fail(err, LP_BAD_INPUT, "%s: another process is writing this run", store->path);
    return LP_OK;
}

static lp_status check_identity(lp_store *store, lp_err *err) {
    int64_t id = 0, version = 0, tables = 0;
    lp_status status = pragma_number(store, "PRAGMA application_id", &id, err);
    if (!status) status = pragma_number(store, "PRAGMA user_version", &version, err);
    if (!status) status = pragma_number(store, "SELECT count(*) FROM sqlite_master WHERE name IN ('meta', 'items', 'checkpoint')", &tables, err);
    if (status) return status;
    if (id != STORE_APPLICATION_ID || tables != 3) return lp_fail(err, LP_BAD_INPUT, "%s: not a Longplay database", store->path);
    if (version > STORE_VERSION)
        return lp_fail(err, LP_BAD_INPUT, "%s: made by a newer Longplay (schema %lld, this one knows %d)", store->path, (long long)version, STORE_VERSION);
    return LP_OK;
}

static lp_status prepare_writer(lp_store *store, lp_err *err) {
    lp_status status = run_sql(store, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0;", err);
    for (int i = 0; i < N_QUERIES && !status; i++)
        if (sqlite3_prepare_v3(store->db, query_text[i], -1, SQLITE_PREPARE_PERSISTENT, &store->query[i], NULL) != SQLITE_OK) status = store_error(store, err);
    return status;
}

lp_status lp_store_create(lp_store **out, const char *path, lp_err *err) {
    *out = NULL;
    lp_store *store = new_store(path, err);
    if (!store) return LP_FAILED;
    char sql[128];
    snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d;", STORE_APPLICATION_ID, STORE_VERSION);
    lp_status status = take_lock(store, O_RDWR | O_CREAT | O_EXCL, err);
    bool created = status == LP_OK;
    if (!status) status = open_db(store, SQLITE_OPEN_READWRITE, err);
    if (!status) status = run_sql(store, "BEGIN", err);
    if (!status) status = run_sql(store, sql, err);
    if (!status) status = run_sql(store, store_schema, err);
    if (!status) status = run_sql(store, "COMMIT", err);
    if (!status) status = prepare_writer(store, err);
    if (status) {
        lp_store_close(store);
        if (created) unlink(path);
        return status;
    }
    *out = store;
    return LP_OK;
}

lp_status lp_store_open(lp_store **out, const char *path, lp_err *err) {
    *out = NULL;
    lp_store *store = new_store(path, err);
    if (!store) return LP_FAILED;
    lp_status status = take_lock(store, O_RDWR, err);
    if (!status) status = open_db(store, SQLITE_OPEN_READWRITE, err);
    if (!status) status = check_identity(store, err);
    if (!status) status = prepare_writer(store, err);
    if (status) lp_store_close(store);
    else *out = store;
    return status;
}

lp_status lp_store_open_reader(lp_store **out, const char *path, lp_err *err) {
    *out = NULL;
    if (!lp_file_exists(path)) return lp_fail(err, LP_BAD_INPUT, "%s: %s", path, strerror(errno));
    lp_store *store = new_store(path, err);
    if (!store) return LP_FAILED;
    lp_status status = open_db(store, SQLITE_OPEN_READONLY, err);
    if (!status) status = check_identity(store, err);
    if (status) lp_store_close(store);
    else *out = store;
    return status;
}

void lp_store_close(lp_store *store) {
    if (!store) return;
    for (int i = 0; i < N_QUERIES; i++) sqlite3_finalize(store->query[i]);
    if (store->in_transaction) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_close(store->db);
    if (store->lock_fd >= 0) close(store->lock_fd);
    free(store->checkpoint);
    free(store);
}

/* ---- writing ---- */

/* A statement ready to be bound, inside a transaction; NULL after an error. */
static sqlite3_stmt *begin_row(lp_store *store, int query) {
    if (!store->status && !store->in_transaction) {
        store->status = run_sql(store, "BEGIN IMMEDIATE", &store->err);
        store->in_transaction = store->status == LP_OK;
    }
    return store->status ? NULL : store->query[query];
}

static void end_row(lp_store *store, sqlite3_stmt *q) {
    if (sqlite3_step(q) != SQLITE_DONE && !store->status) store->status = store_error(store, &store->err);
    sqlite3_reset(q);
}

static void bind_text(sqlite3_stmt *q, int i, const char *text) {
    if (text) sqlite3_bind_text(q, i, text, -1, SQLITE_STATIC);
    else sqlite3_bind_null(q, i);
}

void lp_store_meta(lp_store *store, const char *key, const char *value) {
    sqlite3_stmt *q = begin_row(store, Q_META);
    if (!q) return;
    bind_text(q, 1, key);
    bind_text(q, 2, value);
    end_row(store, q);
}

void lp_store_episode_begin(lp_store *store, int64_t episode, uint64_t seed, int64_t first_decision) {
    sqlite3_stmt *q = begin_row(store, Q_BEGIN);
    if (!q) return;
    sqlite3_bind_int64(q, 1, episode);
    sqlite3_bind_int64(q, 2, (int64_t)seed);
    sqlite3_bind_int64(q, 3, first_decision);
    end_row(store, q);
}

void lp_store_episode_end(lp_store *store, int64_t episode, const char *result, int64_t n_decisions) {
    sqlite3_stmt *q = begin_row(store, Q_END);
    if (!q) return;
    sqlite3_bind_int64(q, 1, episode);
    bind_text(q, 2, result);
    sqlite3_bind_int64(q, 3, n_decisions);
    end_row(store, q);
}

void lp_store_item(lp_store *store, int64_t episode, int64_t step, int64_t decision, int action, float salience, const float *vector,
                   int dim, const char *text) {
    sqlite3_stmt *q = begin_row(store, Q_ITEM);
    if (!q) return;
    sqlite3_bind_int64(q, 1, episode);
    sqlite3_bind_int64(q, 2, step);
    sqlite3_bind_int64(q, 3, decision);
    sqlite3_bind_int(q, 4, action);
    sqlite3_bind_double(q, 5, salience == salience ? salience : 0); /* SQLite has no NaN */
    if (vector) sqlite3_bind_blob(q, 6, vector, dim * (int)sizeof *vector, SQLITE_STATIC);
    else sqlite3_bind_null(q, 6);
    bind_text(q, 7, text);
    end_row(store, q);
    if (!text || !(q = begin_row(store, Q_WORDS))) return;
    sqlite3_bind_int64(q, 1, decision);
    bind_text(q, 2, text);
    end_row(store, q);
}

void lp_store_summary(lp_store *store, int64_t episode, const lp_mem_summary *s, int fan) {
    sqlite3_stmt *q = begin_row(store, Q_SUMMARY);
    if (!q) return;
    const int64_t values[] = {episode, s->level, s->index, s->first, s->last, s->index / fan, s->n_items};
    for (int i = 0; i < 7; i++) sqlite3_bind_int64(q, i + 1, values[i]);
    end_row(store, q);
    int64_t id = sqlite3_last_insert_rowid(store->db);
    for (int i = 0; i < s->n_items && (q = begin_row(store, Q_SUMMARY_ITEM)); i++) {
        sqlite3_bind_int64(q, 1, id);
        sqlite3_bind_int64(q, 2, s->steps[i]);
        end_row(store, q);
    }
    if (!(q = begin_row(store, Q_SUMMARY_TEXT))) return;
    sqlite3_bind_int64(q, 1, id);
    end_row(store, q);
}

void lp_store_event(lp_store *store, int64_t episode, int64_t step, int64_t decision, const char *name, const char *text) {
    sqlite3_stmt *q = begin_row(store, Q_EVENT);
    if (!q) return;
    sqlite3_bind_int64(q, 1, episode);
    sqlite3_bind_int64(q, 2, step);
    sqlite3_bind_int64(q, 3, decision);
    bind_text(q, 4, name);
    bind_text(q, 5, text);
    end_row(store, q);
}

void lp_store_metric(lp_store *store, int64_t decision, const char *name, double value) {
    sqlite3_stmt *q = begin_row(store, Q_METRIC);
    if (!q || value != value) return;
    sqlite3_bind_int64(q, 1, decision);
    bind_text(q, 2, name);
    sqlite3_bind_double(q, 3, value);
    end_row(store, q);
}

lp_status lp_store_commit(lp_store *store, const void *checkpoint, size_t size_bytes, lp_err *err) {
    sqlite3_stmt *q = begin_row(store, Q_CHECKPOINT);
    if (q) {
        sqlite3_bind_blob64(q, 1, checkpoint, size_bytes, SQLITE_STATIC);
        end_row(store, q);
    }
    if (!store->status) store->status = run_sql(store, "COMMIT", &store->err);
    if (store->status) {
        lp_status status = lp_fail(err, store->status, "%s", store->err.message);
        if (store->in_transaction) sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
        store->in_transaction = false;
        store->status = LP_OK;
        return status;
    }
    store->in_transaction = false;
    /* a reader that stays open may hold this back; it is made up for later */
    if (++store->n_commits % WAL_CHECKPOINT_EVERY == 0) sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return LP_OK;
}
