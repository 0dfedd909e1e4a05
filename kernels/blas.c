/* OpenBLAS kept to one thread, and to memory that is there. It takes a buffer for each thread that multiplies, and where there is no
 * address space for one it asks again and again, for ever: as it is loaded, for threads of its own, and in the first product. */
#include "kernels/kernels.h"

#include <cblas.h>
#include <pthread.h>
#include <sys/mman.h>

/* A buffer has 128 MB; address space only, until it is used. More threads at once than MAX_HELD take theirs when they need them. */
enum { BUFFER_BYTES = 130 << 20, MAX_HELD = 64 };

/* Of OpenBLAS, not in its headers. The first, what OPENBLAS_NUM_THREADS says, it asks while it is loaded, before main: ours stands in for it,
 * so that no threads are started at all. The other two take and give back a buffer. */
int openblas_num_threads_env(void);
int openblas_num_threads_env(void) { return 1; }
__attribute__((weak)) void *blas_memory_alloc(int);
__attribute__((weak)) void blas_memory_free(void *);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int n_buffers;

static lp_status reserve(int n, lp_err *err) {
    void *held[MAX_HELD];
    if (n > MAX_HELD) n = MAX_HELD;
    if (n <= n_buffers) return LP_OK;
    size_t need = (size_t)(n - n_buffers) * BUFFER_BYTES;
    void *room = mmap(NULL, need, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (room == MAP_FAILED) return lp_fail(err, LP_FAILED, "out of memory: no room for %zu MB that matrix products need", need >> 20);
    munmap(room, need);
    bool can_hold = blas_memory_alloc && blas_memory_free; /* else the first products take them */
    for (int i = 0; i < n && can_hold; i++) held[i] = blas_memory_alloc(0);
    for (int i = 0; i < n && can_hold; i++) blas_memory_free(held[i]);
    n_buffers = n;
    return LP_OK;
}

lp_status lp_k_init(int n_threads, lp_err *err) {
    pthread_mutex_lock(&lock);
    openblas_set_num_threads(1);
    lp_status status = reserve(n_threads, err);
    pthread_mutex_unlock(&lock);
    return status;
}
