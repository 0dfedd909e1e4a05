/* What the store's two halves share. Internal to memory/. */
#ifndef LP_MEMORY_STORE_SQLITE_H
#define LP_MEMORY_STORE_SQLITE_H

#include "memory/store.h"

#include <limits.h>
#include <sqlite3.h>

enum { Q_META, Q_BEGIN, Q_END, Q_ITEM, Q_WORDS, Q_SUMMARY, Q_SUMMARY_TEXT, Q_SUMMARY_ITEM, Q_EVENT, Q_METRIC, Q_CHECKPOINT, N_QUERIES };

struct lp_store {
    char path[PATH_MAX];
    sqlite3 *db;
    int lock_fd; /* holds the run's lock; -1 for a reader */
    bool in_transaction;
    int64_t n_commits;
    sqlite3_stmt *query[N_QUERIES]; /* writers only */
    void *checkpoint;               /* the last one read; owned */
    lp_status status;               /* sticks until the next commit reports it */
    lp_err err;
};

/* Turns SQLite's last error into one line; a disk that is full or fails is LP_FAILED, a bad file LP_BAD_INPUT. */
lp_status store_error(lp_store *store, lp_err *err);
/* The VFS that honours lp_fault (base/file.h): SQLite's own, but for writes. Its name, or NULL for the default. */
const char *store_vfs(void);

#endif
