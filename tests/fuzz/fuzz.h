/* What the fuzz targets share: a file of given bytes that lies in memory only. A target is one function that libFuzzer calls
 * with bytes; nothing it does with them may crash, hang, leak or trip a sanitizer. See run.sh. */
#ifndef LP_TESTS_FUZZ_H
#define LP_TESTS_FUZZ_H

#include "base/file.h"
#include "base/hash.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The path of a file with these bytes, for parsers that take a path; one at a time, always the same. */
static inline const char *fuzz_file(const uint8_t *data, size_t size) {
    static int fd = -1;
    static char path[64];
    if (fd < 0) {
        fd = memfd_create("fuzz", 0);
        if (fd < 0) abort();
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    if (ftruncate(fd, 0) || pwrite(fd, data, size, 0) != (ssize_t)size) abort();
    return path;
}

/* A file of its own for what writes to a path, or looks at its end; returns a descriptor. The caller removes it. */
static inline int fuzz_temporary(char *path, size_t size, const char *end) {
    snprintf(path, size, "%s/longplay-fuzz-XXXXXX%s", access("/dev/shm", W_OK) ? P_tmpdir : "/dev/shm", end);
    int fd = mkstemps(path, (int)strlen(end));
    if (fd < 0) abort();
    return fd;
}

static inline void fuzz_write(const char *path, const void *data, size_t size) {
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file)) abort();
}

/* Bytes of a valid thing. A hole in it is not changed: a machine's state, whose own hash another target puts right. */
typedef struct {
    uint8_t *data;
    size_t bytes, hole_at, hole_bytes;
} fuzz_target;

/* Changes bytes: records of a 4-byte offset and a value. */
static inline void fuzz_patch(const fuzz_target *t, const uint8_t *data, size_t size) {
    for (; size >= 5; data += 5, size -= 5) {
        uint32_t offset;
        memcpy(&offset, data, sizeof offset);
        size_t at = offset % (t->bytes - t->hole_bytes);
        t->data[at < t->hole_at ? at : at + t->hole_bytes] = data[4];
    }
}

/* Puts a hash right: that at data + 8, of everything after it, as all of ours have it. */
static inline void fuzz_seal(uint8_t *data, size_t bytes) {
    uint64_t hash = lp_hash64(data + 16, bytes - 16);
    memcpy(data + 8, &hash, sizeof hash);
}

/* For what a target needs to start with. */
static inline void fuzz_must(lp_status status, const lp_err *err) {
    if (!status) return;
    fprintf(stderr, "%s\n", err->message);
    abort();
}

static inline lp_blob fuzz_read(const char *path) {
    lp_blob blob;
    lp_err err;
    fuzz_must(lp_file_read(&blob, path, 64 << 20, &err), &err);
    return blob;
}

#endif
