/* A moment that stays: a copy of a view with all that it points to, in one piece, so that whoever made the view can go on, and the copy can
 * be read by another thread or, once its bytes are there, by another process.
 *
 *     lp_snapshot_copy(snapshot, &view);
 *     memcpy(there, snapshot, lp_snapshot_bytes(snapshot));      // shared memory, a pipe, ...
 *     lp_snapshot_arrive(there);                                 // from here on there->view can be read
 */
#ifndef LP_VIEW_SNAPSHOT_H
#define LP_VIEW_SNAPSHOT_H

#include "view/viewer.h"

#include "emulator/emulator.h"

enum { LP_SNAPSHOT_BYTES = 320 << 10, LP_SNAPSHOT_PIXELS = LP_EMU_MAX_WIDTH * LP_EMU_MAX_HEIGHT };

typedef struct {
    lp_view view;      /* its pointers lead into data; without a sheet; texts are UTF-8. What found no room is not there, a text "" */
    uint64_t number;   /* its owner's */
    const char *begin; /* where data was when they were made */
    size_t n_bytes;
    _Alignas(16) char data[LP_SNAPSHOT_BYTES]; /* n_bytes of it, and a 0 */
} lp_snapshot;

/* out->number stays as it was. */
void lp_snapshot_copy(lp_snapshot *out, const lp_view *view);
/* As many of its first bytes are all of it. */
size_t lp_snapshot_bytes(const lp_snapshot *snapshot);
/* Its bytes were copied to here. What leads out of them, as in one that was written by a program gone wrong, is not there from now on. */
void lp_snapshot_arrive(lp_snapshot *snapshot);

#endif
