/* The lock that keeps a run to one writer: flock on the -wal file.
 *
 * Why there: SQLite keeps its own fcntl locks on the database and the -shm file, and closing any other descriptor of those
 * files would drop them; the -wal file it never locks. The file exists, and stays the same file, for as long as any
 * connection is open, and SQLite removes it with the last: so the lock leaves nothing behind. The system releases it when
 * the process ends, however it ends. */
#include "memory/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* The process that holds the flock on fd's file, as Linux tells; 0: unknown. A line of /proc/locks reads
 * "1: FLOCK  ADVISORY  WRITE 22659 fe:00:10955723 0 EOF": pid, device, inode. */
static int holder(int fd) {
    struct stat st;
    char line[256];
    int found = 0;
    FILE *locks = fopen("/proc/locks", "re");
    if (!locks || fstat(fd, &st)) st.st_ino = 0;
    while (locks && st.st_ino && !found && fgets(line, sizeof line, locks)) {
        int pid;
        unsigned long long inode;
        if (sscanf(line, "%*d: FLOCK %*s WRITE %d %*x:%*x:%llu", &pid, &inode) == 2 && inode == st.st_ino) found = pid;
    }
    if (locks) fclose(locks);
    return found;
}

lp_status lp_store_lock(lp_store *store, lp_err *err) {
    const char *path = sqlite3_filename_wal(sqlite3_db_filename(store->db, "main")); /* beside what a link leads to */
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return lp_fail(err, LP_FAILED, "%s: cannot open: %s", path, strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        store->lock_fd = fd;
        return LP_OK;
    }
    lp_status status = LP_FAILED;
    int pid = errno == EWOULDBLOCK ? holder(fd) : 0;
    if (pid > 0) status = lp_fail(err, LP_BAD_INPUT, "%s: another process (pid %d) is writing this run", store->path, pid);
    else if (errno == EWOULDBLOCK) status = lp_fail(err, LP_BAD_INPUT, "%s: another process is writing this run", store->path);
    else lp_fail(err, status, "%s: cannot lock: %s", path, strerror(errno));
    close(fd);
    return status;
}
