#include "base/lock.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WAITS_MS = 2000 }; /* for a lock without an owner */

/* The living process that holds the flock on fd's file, as Linux tells; 0: unknown. A line of /proc/locks reads
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
    return found && (!kill(found, 0) || errno == EPERM) ? found : 0;
}

/* A process that dies right after a fork leaves its lock to the child until that has become another program: a lock without an owner is
 * waited for. */
lp_status lp_lock(int fd, const char *path, const char *does, lp_err *err) {
    for (int ms = 0; flock(fd, LOCK_EX | LOCK_NB); ms++) {
        if (errno != EWOULDBLOCK) return lp_fail(err, LP_FAILED, "%s: cannot lock: %s", path, strerror(errno));
        int pid = holder(fd);
        if (pid > 0) return lp_fail(err, LP_BAD_INPUT, "%s: another process (pid %d) %s", path, pid, does);
        if (ms >= WAITS_MS) return lp_fail(err, LP_BAD_INPUT, "%s: another process %s", path, does);
        usleep(1000);
    }
    return LP_OK;
}

lp_status lp_lock_open(int *fd, bool *made, const char *path, const char *does, lp_err *err) {
    enum { HOW = O_RDWR | O_APPEND | O_CLOEXEC };
    *fd = open(path, HOW | O_CREAT | O_EXCL, 0666);
    *made = *fd >= 0;
    if (*fd < 0 && errno == EEXIST) *fd = open(path, HOW);
    if (*fd < 0) return lp_fail(err, lp_errno_status(errno), "%s: cannot write: %s", path, strerror(errno));
    struct stat st;
    bool regular = !fstat(*fd, &st) && S_ISREG(st.st_mode); /* a pipe would take what fits, and then wait for ever */
    lp_status status = regular ? lp_lock(*fd, path, does, err) : lp_fail(err, LP_BAD_INPUT, "%s: not a regular file", path);
    if (!status) return LP_OK;
    close(*fd);
    *fd = -1;
    *made = false; /* whoever has the lock uses it */
    return status;
}

bool lp_is_locked(const char *path) {
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool locked = fd >= 0 && holder(fd) > 0;
    if (fd >= 0) close(fd);
    return locked;
}
