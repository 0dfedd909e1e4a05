/* Locks that keep a file to one writer. */
#ifndef LP_BASE_LOCK_H
#define LP_BASE_LOCK_H

#include "base/status.h"

#include <stdbool.h>

/* Locks the open file against other processes. The system releases it when fd is closed, or the process ends, however it ends.
 * LP_BAD_INPUT: another process has it, "PATH: another process (pid 7) DOES", e.g. "is writing this run". */
lp_status lp_lock(int fd, const char *path, const char *does, lp_err *err);
/* Whether a process that we can see has the lock of the file at path, without touching it. */
bool lp_is_locked(const char *path);

/* Opens a file to append to, makes it where it is not there (*made), and locks it. After a failure *fd is -1 and nothing was made. */
lp_status lp_lock_open(int *fd, bool *made, const char *path, const char *does, lp_err *err);

#endif
