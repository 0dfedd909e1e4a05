/* The lock that keeps a run to one writer: flock on the -wal file.
 *
 * Why there: SQLite keeps its own fcntl locks on the database and the -shm file, and closing any other descriptor of those
 * files would drop them; the -wal file it never locks. The file exists, and stays the same file, for as long as any
 * connection is open, and SQLite removes it with the last: so the lock leaves nothing behind. The system releases it when
 * the process ends, however it ends. */
#include "memory/store_impl.h"

#include "base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

lp_status lp_store_lock(lp_store *store, lp_err *err) {
    const char *path = sqlite3_filename_wal(sqlite3_db_filename(store->db, "main")); /* beside what a link leads to */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return lp_fail(err, LP_FAILED, "%s: cannot open: %s", path, strerror(errno));
    lp_status status = lp_lock(fd, store->path, "is writing this run", err);
    if (status) close(fd);
    else store->lock_fd = fd;
    return status;
}
