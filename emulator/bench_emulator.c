/* Emulation speed, measured in pairs. See bench_emulator.h.
 *
 * The baseline is libmgba as its documentation uses it and nothing of Longplay: core, video buffer, ROM, reset,
 * runFrame. Nobody takes the sound out of its buffers, which spares the baseline the resampler once they are full.
 * All ways play the same frames with the same keys, so in each slice they do the same work; at the end, the plain
 * core's RAM is compared with that of the fast ones. */
#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba-util/vfs.h>

#include "base/log.h"
#include "base/pool.h"
#include "base/rng.h"
#include "emulator/bench_emulator.h"
#include "emulator/emulator.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SLICES = 4096, WARM_UP_FRAMES = 60, RAM_START = 0xC000, RAM_END = 0xD000 };
static const double SLICE_S = 0.02; /* of the baseline: short against most disturbances, long against the clock */

typedef enum { PLAIN, FAST, NO_DRAW, THREADS, N_WAYS } way;
typedef enum { SAVE, LOAD, HASH, N_CALLS } call;

typedef struct {
    struct mCore *core;
    uint32_t *pixels;
    lp_emu *fast, *no_draw, *pair[2];
    lp_pool *pool;
    unsigned char *state;
    int frame_skip, decisions; /* a slice's */
    uint64_t slice;
    double *speeds[N_WAYS], *ratios[N_WAYS], *calls[N_CALLS];
} bench;

/* The keys of a decision: a function of its number, so that each way can go through a slice by itself. */
static uint16_t keys_at(uint64_t decision) {
    lp_rng rng = lp_rng_make(1, decision / 8);
    return (uint16_t)(1u << lp_rng_below(&rng, 8));
}

static void run_plain(const bench *b, uint64_t first) {
    for (int d = 0; d < b->decisions; d++) {
        b->core->setKeys(b->core, keys_at(first + (uint64_t)d));
        for (int f = 0; f < b->frame_skip; f++) b->core->runFrame(b->core);
    }
}

static void run_emu(const bench *b, lp_emu *emu, uint64_t first) {
    for (int d = 0; d < b->decisions; d++) lp_emu_step(emu, keys_at(first + (uint64_t)d), b->frame_skip);
}

static void run_one_of_pair(void *context, int index, int worker) {
    const bench *b = context;
    (void)worker;
    run_emu(b, b->pair[index], b->slice * (uint64_t)b->decisions);
}

static double time_way(bench *b, way w) {
    uint64_t first = b->slice * (uint64_t)b->decisions;
    double start = lp_now_s();
    switch (w) {
    case PLAIN: run_plain(b, first); break;
    case FAST: run_emu(b, b->fast, first); break;
    case NO_DRAW: run_emu(b, b->no_draw, first); break;
    default: lp_pool_run(b->pool, 2, run_one_of_pair, b); break;
    }
    double elapsed = lp_now_s() - start;
    return elapsed > 0 ? elapsed : 1e-9;
}

static lp_status time_calls(bench *b, int at, lp_err *err) {
    double t0 = lp_now_s();
    lp_emu_state_save(b->fast, b->state);
    double t1 = lp_now_s();
    lp_status status = lp_emu_state_load(b->fast, b->state, lp_emu_state_size(b->fast), err);
    double t2 = lp_now_s();
    volatile uint64_t hash = lp_emu_hash(b->fast);
    (void)hash;
    b->calls[SAVE][at] = 1e6 * (t1 - t0);
    b->calls[LOAD][at] = 1e6 * (t2 - t1);
    b->calls[HASH][at] = 1e6 * (lp_now_s() - t2);
    return status;
}

/* One slice of each way; the order turns, so that none always follows the same other. */
static lp_status run_slice(bench *b, int at, lp_err *err) {
    double seconds[N_WAYS];
    for (int i = 0; i < N_WAYS; i++) {
        way w = (way)((i + (int)b->slice) % N_WAYS);
        seconds[w] = time_way(b, w);
    }
    int frames = b->decisions * b->frame_skip;
    for (int w = 0; w < N_WAYS; w++) b->speeds[w][at] = (w == THREADS ? 2 : 1) * frames / seconds[w];
    for (int w = 0; w < N_WAYS; w++) b->ratios[w][at] = b->speeds[w][at] / b->speeds[PLAIN][at];
    b->slice++;
    return time_calls(b, at, err);
}

static int compare_doubles(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, int n) {
    qsort(values, (size_t)n, sizeof *values, compare_doubles);
    return n % 2 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

static lp_status open_plain(bench *b, const void *rom, size_t size_bytes, bool is_gba, lp_err *err) {
    b->core = mCoreCreate(is_gba ? mPLATFORM_GBA : mPLATFORM_GB);
    b->pixels = calloc(256 * 224, sizeof *b->pixels); /* the largest: a Super Game Boy with its border */
    if (!b->core || !b->pixels || !b->core->init(b->core)) return lp_fail(err, LP_FAILED, "out of memory");
    mCoreInitConfig(b->core, NULL);
    b->core->rtc.override = RTC_FIXED;
    b->core->setVideoBuffer(b->core, (color_t *)b->pixels, 256);
    struct VFile *file = VFileFromConstMemory(rom, size_bytes);
    if (!file || !b->core->loadROM(b->core, file)) return lp_fail(err, LP_BAD_INPUT, "the emulation core refuses this ROM");
    b->core->reset(b->core);
    return LP_OK;
}

static lp_status open_bench(bench *b, const void *rom, size_t size_bytes, lp_err *err) {
    static const lp_emu_config no_draw = {.no_draw = true};
    lp_status status = lp_emu_open(&b->fast, rom, size_bytes, NULL, err);
    if (!status) status = lp_emu_open(&b->no_draw, rom, size_bytes, &no_draw, err);
    for (int i = 0; i < 2 && !status; i++) status = lp_emu_open(&b->pair[i], rom, size_bytes, NULL, err);
    if (!status) status = open_plain(b, rom, size_bytes, lp_emu_system(b->fast) == LP_SYSTEM_GBA, err);
    if (status) return status;
    b->pool = lp_pool_open(2);
    b->state = malloc(lp_emu_state_size(b->fast));
    bool complete = b->pool && b->state;
    for (int i = 0; i < N_WAYS; i++) {
        complete = (b->speeds[i] = calloc(MAX_SLICES, sizeof(double))) && complete;
        complete = (b->ratios[i] = calloc(MAX_SLICES, sizeof(double))) && complete;
    }
    for (int i = 0; i < N_CALLS; i++) complete = (b->calls[i] = calloc(MAX_SLICES, sizeof(double))) && complete;
    return complete ? LP_OK : lp_fail(err, LP_FAILED, "out of memory or threads");
}

static void close_bench(bench *b) {
    lp_emu_close(b->fast);
    lp_emu_close(b->no_draw);
    lp_emu_close(b->pair[0]);
    lp_emu_close(b->pair[1]);
    if (b->core) {
        mCoreConfigDeinit(&b->core->config);
        b->core->deinit(b->core);
    }
    free(b->pixels);
    if (b->pool) lp_pool_close(b->pool);
    free(b->state);
    for (int i = 0; i < N_WAYS; i++) free(b->speeds[i]), free(b->ratios[i]);
    for (int i = 0; i < N_CALLS; i++) free(b->calls[i]);
}

/* Warms up, and chooses how many decisions make a slice. */
static void choose_slice(bench *b) {
    b->decisions = (WARM_UP_FRAMES + b->frame_skip - 1) / b->frame_skip;
    double seconds = 0;
    for (int w = 0; w < N_WAYS; w++) {
        double elapsed = time_way(b, (way)w);
        if (w == PLAIN) seconds = elapsed;
    }
    double wanted = SLICE_S / (seconds / b->decisions);
    uint64_t done = (uint64_t)b->decisions;
    b->decisions = wanted < 1 ? 1 : wanted > 10000 ? 10000 : (int)wanted;
    b->slice = 1 + done / (uint64_t)b->decisions; /* past the warm-up, so that no decision's keys come twice */
}

static bool same_machines(const bench *b) {
    uint64_t hash = lp_emu_hash(b->fast);
    if (lp_emu_hash(b->no_draw) != hash || lp_emu_hash(b->pair[0]) != hash || lp_emu_hash(b->pair[1]) != hash) return false;
    if (lp_emu_system(b->fast) == LP_SYSTEM_GBA) return true; /* its work RAM is elsewhere; GB covers the comparison */
    for (uint32_t a = RAM_START; a < RAM_END; a++)
        if (b->core->rawRead8(b->core, a, -1) != lp_emu_read8(b->fast, a)) return false;
    return true;
}

lp_status lp_bench_emulator(lp_bench_emulator_result *out, const void *rom, size_t size_bytes, int frame_skip, double seconds, lp_err *err) {
    memset(out, 0, sizeof *out);
    if (frame_skip < 1) return lp_fail(err, LP_BAD_INPUT, "frame_skip %d is not above 0", frame_skip);
    if (!(seconds > 0)) return lp_fail(err, LP_BAD_INPUT, "seconds %g is not above 0", seconds);
    bench b = {.frame_skip = frame_skip};
    lp_status status = open_bench(&b, rom, size_bytes, err);
    if (!status) {
        double end = lp_now_s() + seconds;
        choose_slice(&b);
        while (!status && out->n_slices < MAX_SLICES && (!out->n_slices || lp_now_s() < end)) status = run_slice(&b, out->n_slices++, err);
    }
    if (!status && !same_machines(&b)) status = lp_fail(err, LP_FAILED, "plain and fast emulation ended in different machines");
    if (!status) {
        lp_bench_speed *speeds[N_WAYS] = {&out->plain, &out->fast, &out->no_draw, &out->threads};
        for (int w = 0; w < N_WAYS; w++)
            *speeds[w] = (lp_bench_speed){median(b.speeds[w], out->n_slices), median(b.ratios[w], out->n_slices)};
        out->state_save_us = median(b.calls[SAVE], out->n_slices);
        out->state_load_us = median(b.calls[LOAD], out->n_slices);
        out->hash_us = median(b.calls[HASH], out->n_slices);
        out->state_bytes = lp_emu_state_size(b.fast);
        out->n_frames = (uint64_t)out->n_slices * (uint64_t)(b.decisions * frame_skip);
    }
    close_bench(&b);
    return status;
}
