/* What the files of the database share. Internal to them. */
#ifndef LP_EXPERIMENT_DB_IMPL_H
#define LP_EXPERIMENT_DB_IMPL_H

#include "experiment/db.h"

#include <sqlite3.h>

enum { LP_DB_APPLICATION_ID = 0x4c4f4558 }; /* "LOEX" */
extern const char lp_db_schema[];

struct lp_db {
    sqlite3 *db;
    int lock_fd; /* the folder; -1: a reader */
    char folder[PATH_MAX], path[PATH_MAX];
};

/* One line on a failure of SQLite's. */
lp_status lp_db_fail(const lp_db *db, lp_err *err);
/* Prepares and binds: a letter of types each: i int64_t, d double (NaN: NULL), t const char * or NULL. Bound texts must stay. */
lp_status lp_db_prepare(lp_db *db, sqlite3_stmt **out, lp_err *err, const char *sql, const char *types, ...);
/* The same, done at once. */
lp_status lp_db_run(lp_db *db, lp_err *err, const char *sql, const char *types, ...);
lp_status lp_db_begin(lp_db *db, lp_err *err);
/* Commits, or with a status rolls back and returns it. */
lp_status lp_db_end(lp_db *db, lp_status status, lp_err *err);

#endif
