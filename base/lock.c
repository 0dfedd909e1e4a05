#include "base/lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

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

lp_status lp_lock(int fd, const char *path, const char *does, lp_err *err) {
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) return LP_OK;
    if (errno != EWOULDBLOCK) return lp_fail(err, LP_FAILED, "%s: cannot lock: %s", path, strerror(errno));
    int pid = holder(fd);
    if (pid <= 0) return lp_fail(err, LP_BAD_INPUT, "%s: another process %s", path, does);
    return lp_fail(err, LP_BAD_INPUT, "%s: another process (pid %d) %s", path, pid, does);
}
