#include "emulator/jit_space.h"

#if defined(__linux__)

#include <sys/mman.h>
#include <unistd.h>

bool lp_jit_space_open(lp_jit_space *space, size_t size_bytes) {
    int fd = memfd_create("longplay-jit", MFD_CLOEXEC);
    if (fd < 0) return false;
    void *to = MAP_FAILED, *runs = MAP_FAILED;
    if (!ftruncate(fd, (off_t)size_bytes)) {
        to = mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        runs = mmap(NULL, size_bytes, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    }
    close(fd);
    *space = (lp_jit_space){.to = to, .runs = runs, .size = size_bytes};
    if (to != MAP_FAILED && runs != MAP_FAILED) return true;
    if (to != MAP_FAILED) munmap(to, size_bytes);
    if (runs != MAP_FAILED) munmap(runs, size_bytes);
    return false;
}

void lp_jit_space_close(lp_jit_space *space) {
    munmap(space->to, space->size);
    munmap((void *)space->runs, space->size);
}

#else

bool lp_jit_space_open(lp_jit_space *space, size_t size_bytes) {
    (void)space, (void)size_bytes;
    return false;
}
void lp_jit_space_close(lp_jit_space *space) { (void)space; }

#endif
