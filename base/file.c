#include "base/file.h"

#include "base/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

lp_status lp_file_read(lp_blob *out, const char *path, size_t max_bytes, lp_err *err) {
    *out = (lp_blob){0};
    lp_status status = LP_OK;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return lp_fail(err, LP_BAD_INPUT, "%s: %s", path, strerror(errno));
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        status = lp_fail(err, LP_BAD_INPUT, "%s: not a regular file", path);
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
            status = lp_fail(err, LP_BAD_INPUT, "%s: %s", path, strerror(errno));
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

static void sync_folder_of(const char *path) {
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (slash == folder) slash[1] = 0;
    else if (slash) *slash = 0;
    int fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
}

lp_status lp_file_write_atomic(const char *path, const void *data, size_t size_bytes, lp_err *err) {
    char temporary[PATH_MAX];
    if (snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid()) >= (int)sizeof temporary)
        return lp_fail(err, LP_BAD_INPUT, "%s: path too long", path);
    int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return lp_fail(err, LP_FAILED, "%s: cannot create: %s", path, strerror(errno));
    lp_status status = lp_write_all(fd, data, size_bytes, path, err);
    if (!status && fsync(fd)) status = lp_fail(err, LP_FAILED, "%s: cannot write: %s", path, strerror(errno));
    if (close(fd) && !status) status = lp_fail(err, LP_FAILED, "%s: cannot write: %s", path, strerror(errno));
    if (!status && rename(temporary, path)) status = lp_fail(err, LP_FAILED, "%s: cannot replace: %s", path, strerror(errno));
    if (status) unlink(temporary);
    else sync_folder_of(path);
    return status;
}

bool lp_file_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0;
}

lp_status lp_file_check_writable(const char *path, lp_err *err) {
    char folder[PATH_MAX];
    struct stat st;
    bool has_folder = strchr(path, '/');
    if (snprintf(folder, sizeof folder, "%s%s", has_folder ? "" : "./", path) >= (int)sizeof folder)
        return lp_fail(err, LP_BAD_INPUT, "%s: path too long", path);
    strrchr(folder, '/')[1] = 0; /* with its slash: what is no folder then fails */
    if (!*path || path[strlen(path) - 1] == '/') return lp_fail(err, LP_BAD_INPUT, "'%s': cannot write: not the name of a file", path);
    if (!stat(path, &st) && !S_ISREG(st.st_mode)) return lp_fail(err, LP_BAD_INPUT, "%s: cannot write: not a regular file", path);
    if (access(folder, W_OK | X_OK)) return lp_fail(err, LP_BAD_INPUT, "%s: cannot write: %s", path, strerror(errno));
    return LP_OK;
}

lp_status lp_make_dirs(const char *path, lp_err *err) {
    char part[PATH_MAX];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part) return lp_fail(err, LP_BAD_INPUT, "%s: path too long", path);
    for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash) *slash = 0;
        if (mkdir(part, 0777) && errno != EEXIST) return lp_fail(err, LP_BAD_INPUT, "%s: cannot create folder: %s", part, strerror(errno));
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
