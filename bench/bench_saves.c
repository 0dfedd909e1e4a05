/* The benchmark of the movie. A slice writes one movie of a few MB, states first, then decisions, reads it and removes it; slices
 * go on until the time is up, so that a slow machine does fewer of them. Copying in RAM is timed beside the states. */
#include "bench/bench_saves.h"

#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "saves/movie_format.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { STATE_BYTES = 71680, STATES = 64, DECISIONS = 1 << 18, HASH_EVERY = 64, SEEKS = 16, MAX_SLICES = 256, SPOTS = 48, COUNTERS = 400 };

enum {
    MEMCPY_US,
    DELTA_US,
    KEYFRAME_US,
    RATIO,
    DELTA_BYTES,
    KEYFRAME_BYTES,
    CHANGED,
    DECISIONS_PER_S,
    DECISION_BYTES,
    SYNC_MS,
    READ_PER_S,
    SEEK_US,
    RESUME_MS,
    N_FIGURES
};

typedef struct {
    unsigned char state[STATE_BYTES], before[STATE_BYTES], copies[2][STATE_BYTES];
    uint32_t spots[SPOTS]; /* where the machine is busy: sprites, stack, a row of the tile map, ... */
    lp_rng rng;
    char path[PATH_MAX];
    double figures[N_FIGURES][MAX_SLICES];
    int n;
} bench;

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, int n) {
    qsort(x, (size_t)n, sizeof *x, by_size);
    return n ? x[n / 2] : 0;
}

/* ---- a machine that is not one ---- */

/* Like a console's memory: a quarter of tiles (any bytes, many of them twice), tables that count, much that is zero. */
static void make_state(bench *b) {
    for (int i = 0; i < STATE_BYTES; i++) {
        int part = i * 8 / STATE_BYTES;
        b->state[i] = part == 0   ? (unsigned char)lp_rng_u64(&b->rng)
                      : part == 1 ? b->state[i - STATE_BYTES / 8]
                      : part == 2 ? (unsigned char)(i / 7)
                                  : 0;
    }
    for (int i = 0; i < SPOTS; i++) b->spots[i] = lp_rng_below(&b->rng, STATE_BYTES - 64);
}

/* A second later: 40 of the busy spots have 8 to 47 other bytes, and 100 of the counters that lie anywhere went on. */
static void change_state(bench *b) {
    for (int k = 0; k < 40; k++) {
        uint32_t at = b->spots[lp_rng_below(&b->rng, SPOTS)], n = 8 + lp_rng_below(&b->rng, 40);
        for (uint32_t i = 0; i < n; i++) b->state[at + i] = (unsigned char)lp_rng_u64(&b->rng);
    }
    for (int k = 0; k < 100; k++) b->state[lp_rng_below(&b->rng, COUNTERS) * (STATE_BYTES / COUNTERS)]++;
}

/* ---- one slice ---- */

static double file_bytes(const bench *b) {
    struct stat st;
    return stat(b->path, &st) ? 0 : (double)st.st_size;
}

static double microseconds_since(double start) { return 1e6 * (lp_now_s() - start); }

/* States, each with one decision before it; copies of as many states in RAM, in turns. */
static void time_states(bench *b, lp_movie_writer *w) {
    double us[2] = {0}, bytes[2] = {0}, copy_us = 0, changed = 0;
    int n[2] = {0};
    for (int s = 0; s < STATES; s++) {
        memcpy(b->before, b->state, STATE_BYTES);
        change_state(b);
        for (int i = 0; i < STATE_BYTES; i++) changed += b->before[i] != b->state[i];
        double start = lp_now_s();
        memcpy(b->copies[s % 2], b->state, STATE_BYTES);
        copy_us += microseconds_since(start);
        lp_movie_decision(w, 0);
        double size = file_bytes(b);
        start = lp_now_s();
        lp_movie_state(w, b->state, STATE_BYTES);
        int keyframe = s % KEYFRAME_EVERY == 0;
        us[keyframe] += microseconds_since(start);
        bytes[keyframe] += file_bytes(b) - size;
        n[keyframe]++;
    }
    b->figures[MEMCPY_US][b->n] = copy_us / STATES;
    b->figures[DELTA_US][b->n] = us[0] / n[0];
    b->figures[KEYFRAME_US][b->n] = us[1] / n[1];
    b->figures[RATIO][b->n] = us[0] / n[0] / (copy_us / STATES);
    b->figures[DELTA_BYTES][b->n] = bytes[0] / n[0];
    b->figures[KEYFRAME_BYTES][b->n] = bytes[1] / n[1];
    b->figures[CHANGED][b->n] = 100 * changed / STATES / STATE_BYTES;
}

/* Decisions as a policy makes them that is fond of the key it holds: three in four go on with it, the others take any of eight. */
static lp_status time_decisions(bench *b, lp_movie_writer *w, uint64_t *offset, lp_err *err) {
    lp_status status = lp_movie_sync(w, offset, err);
    if (status) return status;
    double from = (double)*offset, start = lp_now_s();
    uint16_t keys = 0;
    lp_movie_reset(w);
    for (int d = 0; d < DECISIONS; d++) {
        uint32_t chance = lp_rng_below(&b->rng, 32);
        if (chance < 8) keys = (uint16_t)(1 << chance);
        lp_movie_decision(w, keys);
        if (d % HASH_EVERY == 0) lp_movie_hash(w, lp_rng_u64(&b->rng));
    }
    b->figures[DECISIONS_PER_S][b->n] = DECISIONS / (lp_now_s() - start);
    start = lp_now_s();
    status = lp_movie_sync(w, offset, err);
    b->figures[SYNC_MS][b->n] = 1e3 * (lp_now_s() - start);
    b->figures[DECISION_BYTES][b->n] = ((double)*offset - from) / DECISIONS;
    return status;
}

static lp_status time_reading(bench *b, lp_err *err) {
    lp_movie *m;
    lp_movie_op op;
    bool end = false;
    lp_status status = lp_movie_open(&m, b->path, err);
    if (status) return status;
    double start = lp_now_s();
    for (int i = 0; i < SEEKS && !status; i++) {
        status = lp_movie_seek(m, 1 + lp_rng_below(&b->rng, STATES - 1), err);
        if (!status) status = lp_movie_next(m, &op, &end, err);
    }
    b->figures[SEEK_US][b->n] = microseconds_since(start) / SEEKS;
    if (!status) status = lp_movie_seek(m, STATES, err); /* the reset after the states */
    start = lp_now_s();
    while (!status && !end) status = lp_movie_next(m, &op, &end, err);
    b->figures[READ_PER_S][b->n] = DECISIONS / (lp_now_s() - start);
    lp_movie_read_close(m);
    return status;
}

static lp_status slice(bench *b, lp_err *err) {
    const lp_movie_header header = {.core_version = "none", .game = "benchmark", .frame_skip = 4, .state_size_bytes = STATE_BYTES};
    const lp_movie_config config = {.state_spacing = 1};
    lp_movie_writer *w = NULL;
    uint64_t offset;
    lp_status status = lp_movie_create(&w, b->path, &header, &config, err);
    if (!status) {
        time_states(b, w);
        status = time_decisions(b, w, &offset, err);
    }
    lp_movie_close(w);
    if (!status) status = time_reading(b, err);
    double start = lp_now_s();
    if (!status) {
        status = lp_movie_resume(&w, b->path, &header, offset, &config, err);
        b->figures[RESUME_MS][b->n] = 1e3 * (lp_now_s() - start);
        lp_movie_close(w);
    }
    unlink(b->path);
    b->n++;
    return status;
}

/* ---- the whole ---- */

static void sum_up(bench *b, lp_bench_saves_result *out) {
    double m[N_FIGURES];
    for (int f = 0; f < N_FIGURES; f++) m[f] = median(b->figures[f], b->n);
    *out = (lp_bench_saves_result){
        .state_bytes = STATE_BYTES,
        .changed_percent = m[CHANGED],
        .memcpy_us = m[MEMCPY_US],
        .delta_us = m[DELTA_US],
        .keyframe_us = m[KEYFRAME_US],
        .ratio = m[RATIO],
        .delta_bytes = m[DELTA_BYTES],
        .keyframe_bytes = m[KEYFRAME_BYTES],
        .decisions_per_s = m[DECISIONS_PER_S],
        .bytes_per_decision = m[DECISION_BYTES],
        .sync_ms = m[SYNC_MS],
        .read_decisions_per_s = m[READ_PER_S],
        .seek_us = m[SEEK_US],
        .resume_ms = m[RESUME_MS],
        .n_decisions = DECISIONS + STATES,
        .n_states = STATES,
        .n_slices = b->n,
    };
}

lp_status lp_bench_saves(lp_bench_saves_result *out, const char *folder, double max_seconds, lp_err *err) {
    char own[PATH_MAX - 16];
    memset(out, 0, sizeof *out);
    if (!(max_seconds > 0)) return lp_fail(err, LP_BAD_INPUT, "bench: %g seconds, must be above 0", max_seconds);
    double start = lp_now_s();
    if (!folder) folder = getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir;
    bench *b = calloc(1, sizeof *b);
    if (!b) return lp_fail(err, LP_FAILED, "bench: out of memory");
    lp_status status = LP_OK;
    if (snprintf(own, sizeof own, "%s/longplay-bench-XXXXXX", folder) >= (int)sizeof own || !mkdtemp(own)) {
        status = lp_fail(err, lp_errno_status(errno), "%.300s: cannot make a folder in it: %s", folder, strerror(errno));
        goto done;
    }
    snprintf(b->path, sizeof b->path, "%s/movie.lpm", own);
    b->rng = lp_rng_make(1, 2);
    make_state(b);
    while (!status && b->n < MAX_SLICES && (b->n < 3 || lp_now_s() - start < max_seconds)) status = slice(b, err);
    rmdir(own);
    if (!status) sum_up(b, out);
done:
    free(b);
    return status;
}
