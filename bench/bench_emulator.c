/* Emulation speed, measured in pairs. See bench_emulator.h.
 *
 * All ways play the same frames with the same keys, so in each slice they do the same work; at the end, the plain
 * machine's RAM is compared with that of the fast ones. The skipping one's is not: it is not exact. */
#include "bench/bench_emulator.h"

#include "base/log.h"
#include "base/rng.h"
#include "emulator/baseline.h"
#include "env/vec.h"

#include <stdlib.h>
#include <string.h>

enum {
    MAX_SLICES = 4096,
    WARM_UP_FRAMES = 60,
    RAM_START = 0xC000,
    RAM_END = 0xD000,
    N_ENVS = LP_BENCH_POOL_ENVS,
    SIDE = LP_BENCH_POOL_SIDE
};
static const double SLICE_S =
    0.002; /* of the baseline: short against most disturbances (the pool plays it for each environment), long against the clock */

typedef enum { PLAIN, SKIPPING, FAST, NO_DRAW, POOL, POOL_2, N_WAYS } way;
typedef enum { SAVE, LOAD, HASH, N_CALLS } call;
typedef enum { POOL_TO_FAST, POOL_TO_SKIPPING, THREADS, N_PAIRS } pair;

typedef struct {
    lp_baseline *plain, *skipping;
    lp_emu *fast, *no_draw;
    lp_game *game;
    lp_vec *pool, *pool_2;
    uint8_t observations[N_ENVS][SIDE * SIDE];
    float rewards[N_ENVS];
    uint8_t ends[N_ENVS];
    unsigned char *state;
    int frame_skip, decisions; /* a slice's */
    uint64_t slice;
    double *speeds[N_WAYS], *ratios[N_WAYS], *pairs[N_PAIRS], *calls[N_CALLS];
} bench;

/* The action of a decision, of a bare ROM's 1 to 8: a function of its number, so that each way can go through a slice by itself. */
static int action_at(uint64_t decision) {
    lp_rng rng = lp_rng_make(1, decision / 8);
    return 1 + (int)lp_rng_below(&rng, 8);
}

static uint16_t keys_at(const bench *b, uint64_t decision) { return lp_game_action_keys(b->game, action_at(decision)); }

static void run_baseline(const bench *b, lp_baseline *baseline, uint64_t first) {
    for (int d = 0; d < b->decisions; d++) lp_baseline_step(baseline, keys_at(b, first + (uint64_t)d), b->frame_skip);
}

static void run_emu(const bench *b, lp_emu *emu, uint64_t first) {
    for (int d = 0; d < b->decisions; d++) lp_emu_step(emu, keys_at(b, first + (uint64_t)d), b->frame_skip);
}

static void run_pool(bench *b, lp_vec *pool, uint64_t first) {
    lp_vec_out out = {.observations = b->observations, .rewards = b->rewards, .ends = b->ends};
    for (int d = 0; d < b->decisions; d++) {
        int32_t actions[N_ENVS];
        for (int e = 0; e < N_ENVS; e++) actions[e] = action_at(first + (uint64_t)d);
        lp_vec_step(pool, actions, &out, NULL);
    }
}

static double time_way(bench *b, way w) {
    uint64_t first = b->slice * (uint64_t)b->decisions;
    double start = lp_now_s();
    switch (w) {
    case PLAIN: run_baseline(b, b->plain, first); break;
    case SKIPPING: run_baseline(b, b->skipping, first); break;
    case FAST: run_emu(b, b->fast, first); break;
    case NO_DRAW: run_emu(b, b->no_draw, first); break;
    case POOL: run_pool(b, b->pool, first); break;
    default: run_pool(b, b->pool_2, first); break;
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
    for (int w = 0; w < N_WAYS; w++) b->speeds[w][at] = (w >= POOL ? N_ENVS : 1) * frames / seconds[w];
    for (int w = 0; w < N_WAYS; w++) b->ratios[w][at] = b->speeds[w][at] / b->speeds[PLAIN][at];
    b->pairs[POOL_TO_FAST][at] = b->speeds[POOL][at] / b->speeds[FAST][at];
    b->pairs[POOL_TO_SKIPPING][at] = b->speeds[POOL][at] / b->speeds[SKIPPING][at];
    b->pairs[THREADS][at] = b->speeds[POOL_2][at] / b->speeds[POOL][at];
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

static lp_status open_pool(bench *b, lp_vec **pool, int n_threads, lp_err *err) {
    lp_vec_config config = {.n_envs = N_ENVS, .n_threads = n_threads, .width = SIDE, .height = SIDE, .frame_skip = b->frame_skip};
    lp_status status = lp_vec_open(pool, b->game, &config, err);
    if (!status) status = lp_vec_reset(*pool, &(lp_vec_out){.observations = b->observations, .rewards = b->rewards, .ends = b->ends}, err);
    return status;
}

static lp_status open_bench(bench *b, const void *rom, size_t size_bytes, lp_err *err) {
    static const lp_emu_config no_draw = {.no_draw = true};
    lp_status status = lp_game_open_rom(&b->game, "bench", rom, size_bytes, err);
    if (!status) status = lp_emu_open(&b->fast, rom, size_bytes, NULL, err);
    if (!status) status = lp_emu_open(&b->no_draw, rom, size_bytes, &no_draw, err);
    if (!status) status = lp_baseline_open(&b->plain, rom, size_bytes, false, err);
    if (!status) status = lp_baseline_open(&b->skipping, rom, size_bytes, true, err);
    if (!status) status = open_pool(b, &b->pool, 1, err);
    if (!status) status = open_pool(b, &b->pool_2, 2, err);
    if (status) return status;
    bool complete = (b->state = malloc(lp_emu_state_size(b->fast)));
    for (int i = 0; i < N_WAYS; i++) {
        complete = (b->speeds[i] = calloc(MAX_SLICES, sizeof(double))) && complete;
        complete = (b->ratios[i] = calloc(MAX_SLICES, sizeof(double))) && complete;
    }
    for (int i = 0; i < N_PAIRS; i++) complete = (b->pairs[i] = calloc(MAX_SLICES, sizeof(double))) && complete;
    for (int i = 0; i < N_CALLS; i++) complete = (b->calls[i] = calloc(MAX_SLICES, sizeof(double))) && complete;
    return complete ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
}

static void close_bench(bench *b) {
    lp_vec_close(b->pool);
    lp_vec_close(b->pool_2);
    lp_emu_close(b->fast);
    lp_emu_close(b->no_draw);
    lp_baseline_close(b->plain);
    lp_baseline_close(b->skipping);
    lp_game_close(b->game);
    free(b->state);
    for (int i = 0; i < N_WAYS; i++) free(b->speeds[i]), free(b->ratios[i]);
    for (int i = 0; i < N_PAIRS; i++) free(b->pairs[i]);
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
    if (lp_emu_hash(b->no_draw) != hash) return false;
    for (int e = 0; e < N_ENVS; e++)
        if (lp_emu_hash(lp_env_emu(lp_vec_env(b->pool, e))) != hash || lp_emu_hash(lp_env_emu(lp_vec_env(b->pool_2, e))) != hash)
            return false;
    if (lp_emu_system(b->fast) == LP_SYSTEM_GBA) return true; /* its work RAM is elsewhere; GB covers the comparison */
    for (uint32_t a = RAM_START; a < RAM_END; a++)
        if (lp_baseline_read8(b->plain, a) != lp_emu_read8(b->fast, a)) return false;
    return true;
}

lp_status lp_bench_emulator(lp_bench_emulator_result *out, const void *rom, size_t size_bytes, int frame_skip, double seconds,
                            lp_err *err) {
    memset(out, 0, sizeof *out);
    if (frame_skip < 1) return lp_fail(err, LP_BAD_INPUT, "frame_skip %d is not above 0", frame_skip);
    if (!(seconds > 0)) return lp_fail(err, LP_BAD_INPUT, "seconds %g is not above 0", seconds);
    bench *b = calloc(1, sizeof *b);
    if (!b) return lp_fail(err, LP_FAILED, "out of memory");
    b->frame_skip = frame_skip;
    lp_status status = open_bench(b, rom, size_bytes, err);
    if (!status) {
        double end = lp_now_s() + seconds;
        choose_slice(b);
        while (!status && out->n_slices < MAX_SLICES && (!out->n_slices || lp_now_s() < end)) status = run_slice(b, out->n_slices++, err);
    }
    if (!status && !same_machines(b)) status = lp_fail(err, LP_FAILED, "plain and fast emulation ended in different machines");
    if (!status) {
        lp_bench_speed *speeds[N_WAYS] = {&out->plain, &out->skipping, &out->fast, &out->no_draw, &out->pool, &out->pool_2};
        for (int w = 0; w < N_WAYS; w++)
            *speeds[w] = (lp_bench_speed){median(b->speeds[w], out->n_slices), median(b->ratios[w], out->n_slices)};
        out->pool_to_fast = median(b->pairs[POOL_TO_FAST], out->n_slices);
        out->pool_to_skipping = median(b->pairs[POOL_TO_SKIPPING], out->n_slices);
        out->threads_2_to_1 = median(b->pairs[THREADS], out->n_slices);
        out->state_save_us = median(b->calls[SAVE], out->n_slices);
        out->state_load_us = median(b->calls[LOAD], out->n_slices);
        out->hash_us = median(b->calls[HASH], out->n_slices);
        out->state_bytes = lp_emu_state_size(b->fast);
        out->n_frames = (uint64_t)out->n_slices * (uint64_t)(b->decisions * frame_skip);
    }
    close_bench(b);
    free(b);
    return status;
}
