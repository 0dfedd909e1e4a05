/* SQLite's default VFS with a write that can be made to fail, so that full disks and crashes inside a transaction are
 * tested for the database as they are for our own files. */
#include "memory/store_sqlite.h"

#include "base/file.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

static sqlite3_vfs vfs;
static sqlite3_vfs *real;
/* The default's method tables, one for databases and one for their logs, and copies of them with our write. */
static struct {
    const sqlite3_io_methods *original;
    sqlite3_io_methods ours;
} tables[4];
static int (*real_write)(sqlite3_file *, const void *, int, sqlite3_int64); /* the same in each */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int faulty_write(sqlite3_file *file, const void *data, int size, sqlite3_int64 offset) {
    if (lp_fault.armed && size > lp_fault.bytes_left) {
        int allowed = lp_fault.bytes_left > 0 ? (int)lp_fault.bytes_left : 0;
        if (allowed) real_write(file, data, allowed, offset); /* a torn write */
        lp_fault.bytes_left = 0;
        if (lp_fault.crash) _exit(137);
        return SQLITE_FULL;
    }
    if (lp_fault.armed) lp_fault.bytes_left -= size;
    return real_write(file, data, size, offset);
}

static int faulty_open(sqlite3_vfs *self, const char *name, sqlite3_file *file, int flags, int *out_flags) {
    (void)self;
    int code = real->xOpen(real, name, file, flags, out_flags);
    if (code != SQLITE_OK || !file->pMethods) return code;
    pthread_mutex_lock(&lock);
    if (!real_write) real_write = file->pMethods->xWrite;
    for (size_t i = 0; i < sizeof tables / sizeof *tables && file->pMethods->xWrite == real_write; i++) {
        if (!tables[i].original) {
            tables[i].original = file->pMethods;
            tables[i].ours = *file->pMethods;
            tables[i].ours.xWrite = faulty_write;
        }
        if (tables[i].original == file->pMethods) file->pMethods = &tables[i].ours;
    }
    pthread_mutex_unlock(&lock);
    return code;
}

const char *store_vfs(void) {
    pthread_mutex_lock(&lock);
    if (!real && (real = sqlite3_vfs_find(NULL))) {
        vfs = *real;
        vfs.zName = "longplay";
        vfs.pNext = NULL;
        vfs.xOpen = faulty_open;
        sqlite3_vfs_register(&vfs, 0);
    }
    pthread_mutex_unlock(&lock);
    return real ? vfs.zName : NULL;
}
