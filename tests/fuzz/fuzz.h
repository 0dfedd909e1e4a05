/* What the fuzz targets share: a file of given bytes that lies in memory only. A target is one function that libFuzzer calls
 * with bytes; nothing it does with them may crash, hang, leak or trip a sanitizer. See run.sh. */
#ifndef LP_TESTS_FUZZ_H
#define LP_TESTS_FUZZ_H

#include "base/file.h"

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

/* Changes bytes of a valid thing: records of a 4-byte offset and a value.. */
static inline void fuzz_patch(uint8_t *target, size_t bytes, const uint8_t *data, size_t size) {
    for (; size >= 5; data += 5, size -= 5) {
        uint32_t offset;
        memcpy(&offset, data, sizeof offset);
        target[offset % bytes] = data[4];
    }
}

static inline lp_blob fuzz_read(const char *path) {
    lp_blob blob;
    lp_err err;
    if (lp_file_read(&blob, path, 64 << 20, &err)) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    return blob;
}

#endif
