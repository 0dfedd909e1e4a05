/* SQLite's own file layer with one thing added: writes honour lp_fault (base/file.h), so that a full disk and a crash
 * at any byte of the database can be tried. Everything else goes straight through. */
#include "memory/store_impl.h"

#include "base/file.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

/* The real file stands behind ours in the same allocation, which SQLite makes (szOsFile). */
typedef struct {
    sqlite3_file ours;
    sqlite3_file real[];
} file;

#define REAL(f) (((file *)(f))->real)
#define CALL(f, method, ...) REAL(f)->pMethods->method(REAL(f), ##__VA_ARGS__)

static int vfs_write(sqlite3_file *f, const void *data, int n, sqlite3_int64 at) {
    bool fails;
    size_t allowed = lp_fault_allows((size_t)n, &fails);
    if (!fails) return CALL(f, xWrite, data, n, at);
    if (allowed) CALL(f, xWrite, data, (int)allowed, at);
    if (lp_fault.crash) _exit(137);
    return lp_fault.error == ENOSPC ? SQLITE_FULL : SQLITE_IOERR_WRITE;
}

static int vfs_close(sqlite3_file *f) { return CALL(f, xClose); }
static int vfs_read(sqlite3_file *f, void *data, int n, sqlite3_int64 at) { return CALL(f, xRead, data, n, at); }
static int vfs_truncate(sqlite3_file *f, sqlite3_int64 size) { return CALL(f, xTruncate, size); }
static int vfs_sync(sqlite3_file *f, int flags) { return CALL(f, xSync, flags); }
static int vfs_size(sqlite3_file *f, sqlite3_int64 *size) { return CALL(f, xFileSize, size); }
static int vfs_lock(sqlite3_file *f, int level) { return CALL(f, xLock, level); }
static int vfs_unlock(sqlite3_file *f, int level) { return CALL(f, xUnlock, level); }
static int vfs_reserved(sqlite3_file *f, int *out) { return CALL(f, xCheckReservedLock, out); }
static int vfs_control(sqlite3_file *f, int op, void *argument) { return CALL(f, xFileControl, op, argument); }
static int vfs_sector(sqlite3_file *f) { return CALL(f, xSectorSize); }
static int vfs_traits(sqlite3_file *f) { return CALL(f, xDeviceCharacteristics); }
static int vfs_shm_map(sqlite3_file *f, int region, int size, int extend, void volatile **out) {
    return CALL(f, xShmMap, region, size, extend, out);
}
static int vfs_shm_lock(sqlite3_file *f, int offset, int n, int flags) { return CALL(f, xShmLock, offset, n, flags); }
static void vfs_shm_barrier(sqlite3_file *f) { CALL(f, xShmBarrier); }
static int vfs_shm_unmap(sqlite3_file *f, int delete) { return CALL(f, xShmUnmap, delete); }

static const sqlite3_io_methods methods = {/* version 2: no memory-mapped reading, so that every access comes through here */
                                           2,          vfs_close,   vfs_read,     vfs_write,       vfs_truncate,  vfs_sync,
                                           vfs_size,   vfs_lock,    vfs_unlock,   vfs_reserved,    vfs_control,   vfs_sector,
                                           vfs_traits, vfs_shm_map, vfs_shm_lock, vfs_shm_barrier, vfs_shm_unmap, NULL,
                                           NULL};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags) {
    sqlite3_vfs *real = vfs->pAppData;
    REAL(f)->pMethods = NULL;
    int rc = real->xOpen(real, name, REAL(f), flags, out_flags);
    f->pMethods = REAL(f)->pMethods ? &methods : NULL;
    return rc;
}

const char *lp_store_vfs(void) {
    static sqlite3_vfs ours; /* SQLite's registry keeps it; set once, under SQLite's lock */
    sqlite3_initialize();
    sqlite3_mutex *mutex = sqlite3_mutex_alloc(SQLITE_MUTEX_STATIC_APP1);
    sqlite3_mutex_enter(mutex);
    sqlite3_vfs *real = ours.zName ? NULL : sqlite3_vfs_find(NULL);
    if (real) { /* else SQLite cannot start for want of memory, and whoever opens with our name is told so */
        ours = *real;
        ours.zName = "longplay";
        ours.pNext = NULL;
        ours.pAppData = real;
        ours.szOsFile = (int)offsetof(file, real) + real->szOsFile;
        ours.xOpen = vfs_open;
        sqlite3_vfs_register(&ours, 0);
    }
    sqlite3_mutex_leave(mutex);
    return "longplay";
}
