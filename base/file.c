#include "base/file.h"

#include "base/contract.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

lp_fault_plan lp_fault;

void lp_blob_free(lp_blob *blob) {
    free(blob->data);
    *blob = (lp_blob){0};
}

lp_status lp_errno_status(int error) {
    switch (error) {
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case EIO: return LP_FAILED;
    default: return LP_BAD_INPUT;
    }
}

lp_status lp_file_open(int *fd, const char *path, lp_err *err) {
    struct stat st;
    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make us wait */
    if (*fd < 0) return lp_fail(err, lp_errno_status(errno), "%s: %s", path, strerror(errno));
    if (!fstat(*fd, &st) && S_ISREG(st.st_mode)) return LP_OK;
    close(*fd);
    *fd = -1;
    return lp_fail(err, LP_BAD_INPUT, "%s: not a regular file", path);
}

lp_status lp_file_read(lp_blob *out, const char *path, size_t max_bytes, lp_err *err) {
    *out = (lp_blob){0};
    struct stat st;
    int fd;
    lp_status status = lp_file_open(&fd, path, err);
    if (status) return status;
    if (fstat(fd, &st)) {
        status = lp_fail(err, lp_errno_status(errno), "%s: %s", path, strerror(errno));
        goto done;
    }
    if ((uint64_t)st.st_size > max_bytes) {
        status = lp_fail(err, LP_BAD_INPUT, "%s: %lld bytes, more than the %zu allowed", path, (long long)st.st_size, max_bytes);
        goto done;
    }
    size_t size = (size_t)st.st_size, got = 0;
    out->data = malloc(size + 1);
    if (!out->data) {
        status = lp_fail(err, LP_FAILED, "%s: no memory for %zu bytes", path, size);
        goto done;
    }
    while (got < size) {
        ssize_t n = read(fd, out->data + got, size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            status = lp_fail(err, lp_errno_status(errno), "%s: %s", path, strerror(errno));
            goto done;
        }
        if (n == 0) break; /* it shrank while we read */
        got += (size_t)n;
    }
    out->data[got] = 0;
    out->size_bytes = got;
done:
    close(fd);
    if (status) lp_blob_free(out);
    return status;
}

size_t lp_fault_allows(size_t size_bytes, bool *fails) {
    *fails = false;
    if (!lp_fault.armed) return size_bytes;
    if ((int64_t)size_bytes <= lp_fault.bytes_left) {
        lp_fault.bytes_left -= (int64_t)size_bytes;
        return size_bytes;
    }
    size_t allowed = lp_fault.bytes_left > 0 ? (size_t)lp_fault.bytes_left : 0;
    lp_fault.bytes_left = 0;
    *fails = true;
    return allowed;
}

lp_status lp_write_all(int fd, const void *data, size_t size_bytes, const char *path, lp_err *err) {
    bool fault;
    size_t allowed = lp_fault_allows(size_bytes, &fault), done = 0;
    while (done < allowed) {
        ssize_t n = write(fd, (const char *)data + done, allowed - done);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return lp_fail(err, LP_FAILED, "%s: cannot write: %s", path, strerror(errno));
        done += (size_t)n;
    }
    if (fault && lp_fault.crash) _exit(137);
    if (fault) return lp_fail(err, LP_FAILED, "%s: cannot write: %s", path, strerror(lp_fault.error));
    return LP_OK;
}

/* ---- temporaries ---- */

void lp_folder_of(char out[PATH_MAX], const char *path) {
    if (out != path) snprintf(out, PATH_MAX, "%s", path);
    char *slash = strrchr(out, '/');
    if (!slash) snprintf(out, PATH_MAX, ".");
    else if (slash == out) slash[1] = 0;
    else *slash = 0;
}

void lp_sync_folder(const char *folder) {
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

static lp_status name_temporary(char out[PATH_MAX], const char *path, long pid, unsigned number, lp_err *err) {
    int n = snprintf(out, PATH_MAX, "%s.%ld.%u.tmp", path, pid, number);
    return n < PATH_MAX ? LP_OK : lp_fail(err, LP_BAD_INPUT, "%.80s...: path too long", path);
}

lp_status lp_temporary_path(char out[PATH_MAX], const char *path, lp_err *err) {
    static atomic_uint count; /* threads may write at once */
    return name_temporary(out, path, getpid(), atomic_fetch_add(&count, 1), err);
}

/* Whether rest, what follows a name in a folder, is ".PID.N.tmp" of a process that is no more. */
static bool is_left(const char *rest) {
    char *end;
    if (rest[0] != '.' || !isdigit((unsigned char)rest[1])) return false;
    long pid = strtol(rest + 1, &end, 10);
    if (end[0] == '.' && isdigit((unsigned char)end[1])) (void)strtol(end + 1, &end, 10);
    return !strcmp(end, ".tmp") && pid > 0 && pid <= INT_MAX && kill((pid_t)pid, 0) && errno == ESRCH;
}

void lp_temporary_sweep(const char *path, void (*remove)(const char *left)) {
    char folder[PATH_MAX], left[PATH_MAX];
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    lp_folder_of(folder, path);
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir));)
        if (!strncmp(d->d_name, name, length) && is_left(d->d_name + length) && strlen(folder) + strlen(d->d_name) + 2 < sizeof left)
            remove(lp_path_join(left, sizeof left, folder, d->d_name));
    if (dir) closedir(dir);
}

static void remove_file(const char *path) { unlink(path); }

static lp_status replace(const char *path, const void *data, size_t size_bytes, bool lasting, lp_err *err) {
    char temporary[PATH_MAX], folder[PATH_MAX];
    lp_temporary_sweep(path, remove_file);
    lp_status status = lp_temporary_path(temporary, path, err);
    if (status) return status;
    int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return lp_fail(err, LP_FAILED, "%s: cannot create: %s", path, strerror(errno));
    status = lp_write_all(fd, data, size_bytes, path, err);
    if (!status && lasting && fsync(fd)) status = lp_fail(err, LP_FAILED, "%s: cannot write: %s", path, strerror(errno));
    if (close(fd) && !status) status = lp_fail(err, LP_FAILED, "%s: cannot write: %s", path, strerror(errno));
    if (!status && rename(temporary, path)) status = lp_fail(err, LP_FAILED, "%s: cannot replace: %s", path, strerror(errno));
    if (status) unlink(temporary);
    else if (lasting) lp_folder_of(folder, path), lp_sync_folder(folder);
    return status;
}

lp_status lp_file_write_atomic(const char *path, const void *data, size_t size_bytes, lp_err *err) {
    return replace(path, data, size_bytes, true, err);
}

lp_status lp_file_replace(const char *path, const void *data, size_t size_bytes, lp_err *err) {
    return replace(path, data, size_bytes, false, err);
}

lp_status lp_file_in_place(int fd, const char *path, lp_err *err) {
    struct stat open, there;
    if (!fstat(fd, &open) && !stat(path, &there) && open.st_dev == there.st_dev && open.st_ino == there.st_ino) return LP_OK;
    return lp_fail(err, LP_FAILED, "%s: was moved or removed while it was written", path);
}

bool lp_file_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

static lp_status cannot_write(const char *path, lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "%s: cannot write: %s", path, strerror(errno));
}

static lp_status check_kind(const char *path, const lp_file_kind *kind, lp_err *err) {
    char begin[32];
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return errno == ENOENT ? LP_OK : cannot_write(path, err);
    ssize_t n = pread(fd, begin, sizeof begin, 0);
    close(fd);
    if (n < 0) return cannot_write(path, err);
    for (int i = 0; i < 2 && kind->begin[i]; i++) {
        size_t length = strlen(kind->begin[i]);
        if ((size_t)n >= length && !memcmp(begin, kind->begin[i], length)) return LP_OK;
    }
    return n ? lp_fail(err, LP_BAD_INPUT, "%s: is not %s: it is not overwritten", path, kind->name) : LP_OK;
}

lp_status lp_file_check_writable(const char *path, const lp_file_kind *kind, lp_err *err) {
    char folder[PATH_MAX], temporary[PATH_MAX];
    struct stat st;
    bool has_folder = strchr(path, '/');
    if (snprintf(folder, sizeof folder, "%s%s", has_folder ? "" : "./", path) >= (int)sizeof folder)
        return lp_fail(err, LP_BAD_INPUT, "%s: path too long", path);
    strrchr(folder, '/')[1] = 0; /* with its slash: what is no folder then fails */
    if (!*path || path[strlen(path) - 1] == '/') return lp_fail(err, LP_BAD_INPUT, "'%s': cannot write: not the name of a file", path);
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) return lp_fail(err, LP_BAD_INPUT, "%s: cannot write: not a regular file", path);
    if (access(folder, W_OK | X_OK)) return cannot_write(path, err);
    lp_status status = name_temporary(temporary, path, INT_MAX, UINT_MAX, err); /* the longest that there can be */
    if (status) return status;
    if (access(temporary, F_OK) && errno == ENAMETOOLONG) return cannot_write(path, err);
    return kind ? check_kind(path, kind, err) : LP_OK;
}

lp_status lp_make_dirs(const char *path, lp_err *err) {
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) return lp_fail(err, LP_BAD_INPUT, "%s: path too long", path);
    for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash) *slash = 0;
        if (mkdir(part, 0777) && errno != EEXIST)
            return lp_fail(err, lp_errno_status(errno), "%s: cannot create folder: %s", part, strerror(errno));
        if (!slash) break;
        *slash = '/';
    }
    struct stat st;
    if (stat(path, &st) || !S_ISDIR(st.st_mode)) return lp_fail(err, LP_BAD_INPUT, "%s: not a folder", path);
    return LP_OK;
}

char *lp_path_join(char *out, size_t size, const char *folder, const char *name) {
    int n = snprintf(out, size, "%s/%s", folder, name);
    LP_CHECK(n >= 0 && (size_t)n < size);
    return out;
}
