/* How fast emulation is, against a plain mGBA loop over the same frames: the core of `longplay bench emulator`.
 *
 *     lp_bench_emulator_result r;
 *     if (lp_bench_emulator(&r, rom.data, rom.size_bytes, 4, 10, &err)) ...
 *     printf("%.0f frames/s, %.2f x plain\n", r.pool.frames_per_s, r.pool.ratio);
 */
#ifndef LP_BENCH_BENCH_EMULATOR_H
#define LP_BENCH_BENCH_EMULATOR_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { LP_BENCH_POOL_ENVS = 32, LP_BENCH_POOL_SIDE = 84 };

typedef struct {
    double frames_per_s; /* median over the slices */
    double ratio;        /* to plain: median over the slices of this one's speed / plain's in the same slice */
} lp_bench_speed;

typedef struct {
    lp_bench_speed plain;    /* mCore's runFrame in a loop, every frame drawn and sampled into its sound buffer; ratio 1 */
    lp_bench_speed skipping; /* the same, a decision's last frame drawn and sound sampled hardly ever: what people do by hand, not exact */
    lp_bench_speed fast;     /* lp_emu_step, the last frame of each decision drawn */
    lp_bench_speed no_draw;  /* lp_emu_step, nothing drawn */
    lp_bench_speed pool;     /* the pool of LP_BENCH_POOL_ENVS environments on one thread: observation (grey, 84x84), reward, end */
    lp_bench_speed pool_2;   /* on two threads */
    double pool_to_fast, pool_to_skipping, threads_2_to_1; /* pool / fast, pool / skipping, pool_2 / pool: medians of the slices' ratios */
    int n_slices;
    uint64_t n_frames;                            /* that plain ran; each of the others ran the same ones (the pools: each environment) */
    double state_save_us, state_load_us, hash_us; /* one call, median over the slices */
    size_t state_bytes;
} lp_bench_emulator_result;

/* Plays the ROM for about seconds with random keys, which change every few decisions of frame_skip frames. Short slices
 * of each way follow each other, all over the same frames of the game, so that what else the machine does hits all alike.
 * LP_BAD_INPUT: not a ROM, or frame_skip or seconds not above 0. LP_FAILED: no memory, no threads, or the ways ended in
 * different machines. Thread-safe; uses the calling thread and one more. */
lp_status lp_bench_emulator(lp_bench_emulator_result *out, const void *rom, size_t size_bytes, int frame_skip, double seconds, lp_err *err);

#endif
