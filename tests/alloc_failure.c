/* See alloc_failure.h. An allocation belongs to the file that its caller's code lies in. */
#include "tests/alloc_failure.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static alloc_failure_plan *plan;

__attribute__((constructor)) static void map_plan(void) {
    const char *path = getenv("LONGPLAY_ALLOC_FAILURE");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at = fd >= 0 ? mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (fd >= 0) close(fd);
    if (at != MAP_FAILED) plan = at;
}

static bool fails(void *caller) {
    struct dl_find_object object;
    if (!plan || _dl_find_object(caller, &object)) return false;
    const char *name = object.dlfo_link_map->l_name;
    if (plan->from[0] ? !strstr(name, plan->from) : *name != 0) return false;
    int64_t n = atomic_fetch_add(&plan->count, 1) + 1;
    if (!plan->fail_at || n < plan->fail_at || n >= plan->fail_at + plan->n_fail) return false;
    atomic_fetch_add(&plan->failed, 1);
    errno = ENOMEM;
    return true;
}

/* The next allocator in line: libc's, or a sanitizer's. */
#define NEXT(name, ...)                                                                                                                    \
    static __typeof__(&name) next;                                                                                                         \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name);                                                                          \
    return fails(__builtin_return_address(0)) ? NULL : next(__VA_ARGS__)

void *malloc(size_t size) { NEXT(malloc, size); }
void *calloc(size_t n, size_t size) { NEXT(calloc, n, size); }
void *realloc(void *old, size_t size) { NEXT(realloc, old, size); }
void *aligned_alloc(size_t alignment, size_t size) { NEXT(aligned_alloc, alignment, size); }
int posix_memalign(void **out, size_t alignment, size_t size) {
    static __typeof__(&posix_memalign) next;
    if (!next) next = (__typeof__(&posix_memalign))dlsym(RTLD_NEXT, "posix_memalign");
    return fails(__builtin_return_address(0)) ? ENOMEM : next(out, alignment, size);
}
