/* A run's files within a budget of bytes (config.ini's keep): where they take more, items are dropped with each checkpoint, until they do not.
 * Inputs, hashes, summaries, events and results stay whatever they take. Nothing that is played depends on it. */
#include "harness/run_parts.h"

#include "base/log.h"
#include "base/number.h"
#include "memory/arch.h"

#include <sys/statvfs.h>

enum { PARTS = 16, AT_ONCE = 2048, MAX_STATE_BYTES = 64 << 20 };
#define LOW_SHARE 0.05 /* of the disk that is free: worth a warning */

/* Machine states are a cache, and lie further and further apart: they never take more. */
uint64_t lp_run_state_budget(const lp_run_config *config) {
    uint64_t part = (uint64_t)config->keep / PARTS;
    return config->keep && part < MAX_STATE_BYTES ? part : MAX_STATE_BYTES;
}

static void look_at_disk(lp_run *run) {
    struct statvfs v;
    char left[LP_BYTES_BYTES];
    lp_view_disk *d = &run->disk;
    if (fstatvfs(run->lock_fd, &v)) return;
    bool was_low = d->low;
    d->free_bytes = (double)v.f_bavail * (double)v.f_frsize;
    d->low = d->free_bytes < LOW_SHARE * (double)v.f_blocks * (double)v.f_frsize;
    if (d->low && !was_low) lp_warn("the disk has only %s left", lp_print_bytes(left, d->free_bytes));
}

void lp_run_keep_within(lp_run *run) {
    lp_store_bytes b;
    lp_view_disk *d = &run->disk;
    const int64_t keep = run->config.keep, unsaved = run->head.decisions - run->saved_decisions;
    char text[LP_BYTES_BYTES];
    look_at_disk(run);
    if (lp_store_used(run->store, &b, NULL)) return; /* what is wrong comes with the commit */
    const int64_t taken = b.file - b.free + b.log + (int64_t)run->head.movie_offset;
    d->run_bytes = (double)(taken + b.free);
    d->keep_bytes = (double)keep;
    if (!keep) return;
    bool was_full = d->full, over = taken > keep - keep / PARTS;
    bool dropped = over && lp_store_drop(run->store, unsaved > AT_ONCE / 2 ? 2 * unsaved : AT_ONCE, run->mind.arch->new_summaries != NULL);
    lp_store_shrink(run->store);
    d->full = over && !dropped && taken > keep;
    if (d->full && !was_full)
        lp_warn("the run takes %s, more than it is to keep, and nothing is left to drop", lp_print_bytes(text, d->run_bytes));
}
