/* Files: whole reads, atomic writes, and a switch that makes them fail for tests.
 *
 *     lp_blob rom = {0};
 *     if (lp_file_read(&rom, "game.gb", 32 << 20, &err)) ...      // LP_BAD_INPUT: missing, a folder, too large
 *     lp_blob_free(&rom);
 *
 * Faults: every write that Longplay makes itself goes through lp_write_all, which honours lp_fault. A test sets
 * lp_fault.bytes_left to let that many more bytes through and then fail with lp_fault.error (a full disk), or
 * lp_fault.crash to end the process there instead, as SIGKILL would. The environment variable
 * LONGPLAY_FAULT_BYTES=N does the same (with ENOSPC) for the program as a whole.
 */
#ifndef LP_BASE_FILE_H
#define LP_BASE_FILE_H

#include "base/status.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    unsigned char *data; /* owned; one more byte, always 0, follows the content */
    size_t size_bytes;
} lp_blob;

void lp_blob_free(lp_blob *blob);

/* What a failed system call says: LP_FAILED where the machine is at its end (no descriptors, no memory, a full or failing disk),
 * LP_BAD_INPUT where the path is at fault. */
lp_status lp_errno_status(int error);

/* Opens a regular file for reading; what is none, as a pipe, is refused without waiting for it. On failure *fd is -1. */
lp_status lp_file_open(int *fd, const char *path, lp_err *err);
/* Reads a regular file whole. On failure out is empty. */
lp_status lp_file_read(lp_blob *out, const char *path, size_t max_bytes, lp_err *err);

/* Writes path as one atomic step: a temporary beside it, fsync, rename, fsync of the folder. After a failure or a
 * crash anywhere path holds its old content (or is absent, as before), and no temporary of ours is left by a failure; one that
 * a crash left goes with the next write. */
lp_status lp_file_write_atomic(const char *path, const void *data, size_t size_bytes, lp_err *err);
/* The same without fsync, for what is worth nothing after a crash of the machine: then path may be empty. */
lp_status lp_file_replace(const char *path, const void *data, size_t size_bytes, lp_err *err);

/* Writes all bytes to fd, retrying short writes. LP_FAILED with path and the system's reason. */
lp_status lp_write_all(int fd, const void *data, size_t size_bytes, const char *path, lp_err *err);

/* For what else is made whole under another name and then renamed: a name beside path that nobody else uses, path.PID.N.tmp. */
lp_status lp_temporary_path(char out[PATH_MAX], const char *path, lp_err *err);
/* Has remove called for what was left under such names of path by processes that are no more. */
void lp_temporary_sweep(const char *path, void (*remove)(const char *left));
/* The folder that path lies in; path may be out. */
void lp_folder_of(char out[PATH_MAX], const char *path);
/* Makes what was created and renamed in folder last; no error where the file system has no such thing. */
void lp_sync_folder(const char *folder);

/* Whether path still leads to the file that fd has open. LP_FAILED: it was moved or removed, and what is written goes where nobody looks. */
lp_status lp_file_in_place(int fd, const char *path, lp_err *err);

bool lp_file_exists(const char *path);
/* A kind of file: what it is called, "a picture (PNG)", and what a file of it begins with, the second or NULL. */
typedef struct {
    const char *name, *begin[2];
} lp_file_kind;
/* Asked before work that ends in a file: can path be written, or replaced? What is there already must be empty or of this kind; NULL: the
 * caller sees to that. LP_BAD_INPUT says why not; nothing is made. */
lp_status lp_file_check_writable(const char *path, const lp_file_kind *kind, lp_err *err);
/* Creates the folder and its parents. */
lp_status lp_make_dirs(const char *path, lp_err *err);
/* Joins with '/', into out[size], where it must fit: who takes a path from outside checks its length first. Returns out. */
char *lp_path_join(char *out, size_t size, const char *folder, const char *name);

typedef struct {
    bool armed;
    bool crash;         /* _exit(137) instead of failing */
    int64_t bytes_left; /* bytes that still succeed */
    int error;          /* errno of the failure, e.g. ENOSPC */
} lp_fault_plan;
extern lp_fault_plan lp_fault; /* the one global; written by tests and at start-up only */
/* For a writer that cannot use lp_write_all (a library's): how many of the next size_bytes the plan lets through. *fails: the
 * write must then fail with lp_fault.error, or end the process where lp_fault.crash says so. */
size_t lp_fault_allows(size_t size_bytes, bool *fails);

#endif
