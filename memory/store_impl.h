/* What the store's files share: the handle, errors, statements. Nothing outside memory/store*.c includes SQLite. */
#ifndef LP_MEMORY_STORE_IMPL_H
#define LP_MEMORY_STORE_IMPL_H

#include "memory/store.h"

#include <limits.h>
#include <sqlite3.h>

enum {
    LP_STORE_APPLICATION_ID = 0x4c4f4e50, /* bytes 68 to 71 of the file: "LONP" */
    LP_STORE_SCHEMA = 1,                  /* user_version of a new file */
    LP_STORE_SCHEMA_DROPPED = 2,          /* of one that items were dropped from (store_drop.c) */
    LP_STORE_SCHEMA_TEXTS = 3,            /* of one with the tables of store_written.c; a build reads up to this one */
};
extern const char lp_store_schema[];

/* Statements a writer keeps prepared. */
typedef enum {
    LP_SQL_META,
    LP_SQL_ENCODER,
    LP_SQL_EPISODE_BEGIN,
    LP_SQL_EPISODE_END,
    LP_SQL_ITEM,
    LP_SQL_ITEM_TEXT,
    LP_SQL_SUMMARY,
    LP_SQL_SUMMARY_ITEM,
    LP_SQL_EVENT,
    LP_SQL_METRIC,
    LP_SQL_CHECKPOINT,
    LP_SQL_WORDS,
    LP_N_SQL
} lp_store_sql;

/* A buffer that grows and is used again: rows do not allocate, except for one larger than all before. */
typedef struct {
    char *data;
    size_t size_bytes, used_bytes;
} lp_store_buffer;

struct lp_store {
    sqlite3 *db;
    char path[PATH_MAX];
    sqlite3_stmt *sql[LP_N_SQL]; /* writer only */
    int lock_fd;                 /* writer only; else -1 */
    bool writing;                /* rows are waiting for a commit */
    lp_status status;            /* writer: the first failure since it was opened; nothing more is written after it */
    lp_err error;
    int64_t encoder;       /* of items to come; 0: unknown */
    int64_t n_levels;      /* of the summaries there are; -1: not looked up yet */
    lp_store_buffer texts; /* of the row being written, or the words searched for */
    lp_store_buffer blob;  /* the checkpoint or vector read last */
};

/* The shim of store_vfs.c, registered with SQLite. */
const char *lp_store_vfs(void);
/* The run's lock, see store_lock.c: store->lock_fd is set, or LP_BAD_INPUT. */
lp_status lp_store_lock(lp_store *store, lp_err *err);

/* Says in one line what rc, a failure of SQLite's, means for the file. */
lp_status lp_store_fail(const lp_store *store, int rc, lp_err *err);
/* Prepares a statement and binds its parameters: types has one letter each, i int64_t, d double, t const char * or NULL,
 * b const void * and size_t. Bound data must stay until the statement is reset. *out is NULL after a failure. */
lp_status lp_store_prepare(lp_store *store, sqlite3_stmt **out, lp_err *err, const char *sql, const char *types, ...);
/* The first number of the first row; 0: none, or NULL. */
lp_status lp_store_number(lp_store *store, int64_t *out, lp_err *err, const char *sql, const char *types, ...);
/* False when the store is broken; else a transaction is open. */
bool lp_store_ready(lp_store *store);
/* A writer's failure, which is final unless there was one before: nothing since the last commit stays. */
void lp_store_break(lp_store *store, lp_status status, const lp_err *err);
/* Steps: LP_OK with *row telling whether there is one. */
lp_status lp_store_step(lp_store *store, sqlite3_stmt *statement, bool *row, lp_err *err);
/* user_version becomes at least this, with the next commit. */
lp_status lp_store_raise_schema(lp_store *store, int schema, lp_err *err);
/* The tables edits and written, and whether they are there. */
lp_status lp_store_make_texts(lp_store *store, lp_err *err);
lp_status lp_store_has_texts(lp_store *store, int64_t *has, lp_err *err);
/* Another text for a summary, by its row; NULL: none. */
lp_status lp_store_set_summary(lp_store *store, int64_t summary, const char *text, lp_err *err);
/* IDs, "e3s120" (level 0, its step) and "e3L2.5"; false: it is none. */
bool lp_store_parse_id(const char *id, int64_t *episode, int64_t *level, int64_t *index);
char *lp_store_print_id(char *out, size_t size, int64_t episode, int64_t level, int64_t index);
/* Room for size_bytes more after what the buffer holds, which may move. NULL: no RAM. */
char *lp_store_room(lp_store_buffer *buffer, size_t size_bytes);

#endif
