/* How fast a run is recorded: the core of `longplay bench saves`.
 *
 *     lp_bench_saves_result r;
 *     if (lp_bench_saves(&r, NULL, 5, &err)) ...
 *     printf("a delta: %.1f us, %.0f bytes\n", r.delta_us, r.delta_bytes);
 */
#ifndef LP_BENCH_BENCH_SAVES_H
#define LP_BENCH_BENCH_SAVES_H

#include "base/status.h"

typedef struct {
    int state_bytes;        /* of the synthetic machine state, as large as a Game Boy's */
    double changed_percent; /* of its bytes, from one state to the next */
    double memcpy_us;       /* copying a state in RAM, what a recorder without compression would do at least */
    double delta_us;        /* lp_movie_state: XOR, lz4, checksum, write() to the file; keyframes are one in 16 */
    double keyframe_us;
    double ratio;                       /* delta_us / memcpy_us */
    double delta_bytes, keyframe_bytes; /* in the file */
    double decisions_per_s;             /* lp_movie_decision, and a hash after every 64, written to the file but not synced */
    double bytes_per_decision;
    double sync_ms; /* lp_movie_sync: the disk's fsync */
    double read_decisions_per_s;
    double seek_us;                      /* to a random decision, with its state */
    double resume_ms;                    /* opening a movie of n_decisions decisions and n_states states to go on */
    int n_decisions, n_states, n_slices; /* each slice writes, reads and removes one movie; the figures are medians over slices */
} lp_bench_saves_result;

/* Runs for about max_seconds, on movies in a new folder in folder (NULL: where temporary files go), which it removes.
 * LP_BAD_INPUT: max_seconds not above 0, no such folder. LP_FAILED: no memory, no room. */
lp_status lp_bench_saves(lp_bench_saves_result *out, const char *folder, double max_seconds, lp_err *err);

#endif
