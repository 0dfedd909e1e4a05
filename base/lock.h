/* Locks that keep a file to one writer. */
#ifndef LP_BASE_LOCK_H
#define LP_BASE_LOCK_H

#include "base/status.h"

/* Locks the open file against other processes. The system releases it when fd is closed, or the process ends, however it ends.
 * LP_BAD_INPUT: another process has it, "PATH: another process (pid 7) DOES", e.g. "is writing this run". */
lp_status lp_lock(int fd, const char *path, const char *does, lp_err *err);

#endif
