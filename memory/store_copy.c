/* Copying a store, also while it is being written: SQLite's backup, within one snapshot. */
#include "memory/store_impl.h"

#include "base/file.h"
#include "base/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { STEP_PAGES = 4096 }; /* between looks whether to stop */

/* What SQLite keeps beside a database goes with it. */
static void remove_copy(const char *path) {
    static const char *const also[] = {"", "-journal", "-wal", "-shm"};
    char name[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof also / sizeof *also; i++) {
        snprintf(name, sizeof name, "%s%s", path, also[i]);
        unlink(name);
    }
}

/* The copy's failures are told of by its own connection. */
static lp_status failed(sqlite3 *copy, const char *path, lp_err *err) {
    lp_store named = {.db = copy};
    snprintf(named.path, sizeof named.path, "%s", path);
    return copy ? lp_store_fail(&named, sqlite3_extended_errcode(copy), err) : lp_fail(err, LP_FAILED, "%s: out of memory", path);
}

/* The reader's transaction is the snapshot: between two steps someone may write. */
static lp_status copy_pages(lp_store *store, sqlite3 *copy, lp_err *err) {
    lp_status status = LP_OK;
    int rc = sqlite3_exec(store->db, "BEGIN; SELECT count(*) FROM sqlite_schema", NULL, NULL, NULL);
    if (rc != SQLITE_OK) status = lp_store_fail(store, rc, err);
    sqlite3_backup *backup = status ? NULL : sqlite3_backup_init(copy, "main", store->db, "main");
    while (backup && !status && sqlite3_backup_step(backup, STEP_PAGES) == SQLITE_OK) status = lp_stop_check(err);
    if (backup) sqlite3_backup_finish(backup); /* leaves its failure, also of the step, in copy */
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

lp_status lp_store_copy(lp_store *store, const char *path, lp_err *err) {
    sqlite3 *copy = NULL;
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return lp_fail(err, lp_errno_status(errno), "%s: cannot create: %s", path, strerror(errno));
    close(fd);
    lp_status status = LP_OK;
    if (sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, lp_store_vfs())) status = failed(copy, path, err);
    else status = copy_pages(store, copy, err);
    if (!status && sqlite3_errcode(copy) != SQLITE_OK) status = failed(copy, path, err);
    sqlite3_close(copy);
    if (status) remove_copy(path);
    return status;
}
