/* The benchmark of the memory: architectures in RAM first, then the store. Both halves work in steps and look at the clock
 * between them, so that a slow machine gets fewer rows, not a longer wait. */
#include "bench/bench_memory.h"

#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "memory/store.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DIM = 32, HEADS = 2, BATCH = 1024, BATCHES_A_SLICE = 4, SINGLES_A_SLICE = 256, MAX_SLICES = 256, SEARCHES = 15 };
static const int64_t MOST = 10000000; /* items */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *x, int n) {
    qsort(x, (size_t)n, sizeof *x, by_size);
    return n ? x[n / 2] : 0;
}

/* ---- in RAM ---- */

typedef struct {
    lp_mem *mem;
    const lp_mem_arch *arch;
    lp_mem_context_view view;
    float *vector; /* [256][DIM], so that appending copies from somewhere else each time */
    lp_rng rng;
} bench;

static lp_status open_bench(bench *b, const lp_mem_config *config, lp_err *err) {
    size_t n = (size_t)lp_mem_max_context_at(config, MOST);
    *b = (bench){.arch = config->arch, .rng = lp_rng_make(1, 2)};
    lp_status status = lp_mem_open(&b->mem, config, err);
    if (status) return status;
    b->view = (lp_mem_context_view){malloc(n * DIM * sizeof(float)), malloc(n * sizeof(float)), malloc(n * sizeof(int32_t)),
                                    malloc(n * sizeof(int64_t))};
    b->vector = malloc(256 * DIM * sizeof(float));
    if (!b->view.vector || !b->view.salience || !b->view.level || !b->view.step || !b->vector)
        return lp_fail(err, LP_FAILED, "bench: no RAM for a context of %zu items", n);
    for (int i = 0; i < 256 * DIM; i++) b->vector[i] = lp_rng_float(&b->rng);
    return LP_OK;
}

static void close_bench(bench *b) {
    lp_mem_close(b->mem);
    free(b->view.vector), free(b->view.salience), free(b->view.level), free(b->view.step), free(b->vector);
}

/* One context, in microseconds: the median of up to 32 groups. */
static double time_context(bench *b, int *n_items, int64_t *n_read, double until) {
    const lp_mem_query query = {HEADS, b->vector, NULL, false};
    double us[32], start = lp_now_s();
    int n = 0;
    *n_items = lp_mem_context(b->mem, &query, &b->view); /* warms up, and tells how many make a group that a clock can time */
    double once = lp_now_s() - start;
    int group = once < 1e-4 ? 100 : 1;
    for (; n < 32 && (n < 3 || lp_now_s() < until); n++) {
        start = lp_now_s();
        for (int i = 0; i < group; i++) *n_items = lp_mem_context(b->mem, &query, &b->view);
        us[n] = 1e6 * (lp_now_s() - start) / group;
    }
    *n_read = 0;
    lp_mem_context(b->mem, &(lp_mem_query){HEADS, b->vector, n_read, false}, &b->view);
    if (!lp_mem_wants_query(b->arch)) *n_read = *n_items;
    return median(us, n);
}

static lp_status bench_ram(lp_bench_memory_result *r, const lp_mem_config *config, double until, lp_err *err) {
    bench b;
    lp_status status = open_bench(&b, config, err);
    int64_t done = 0;
    double spent = 0;
    for (int64_t target = 1000; !status && target <= MOST && r->n_ram < LP_BENCH_RAM_ROWS; target *= 10) {
        int64_t from = done;
        double start = lp_now_s();
        for (; done < target && (done % 4096 || lp_now_s() < until); done++)
            lp_mem_append(b.mem, b.vector + (done & 255) * DIM, lp_rng_float(&b.rng));
        spent = lp_now_s() - start;
        if (done < target) break; /* no time */
        lp_bench_ram_row *row = &r->ram[r->n_ram++];
        *row = (lp_bench_ram_row){.arch = config->arch,
                                  .n_items = done,
                                  .appends_per_s = (double)(done - from) / spent,
                                  .mem_bytes = (double)lp_mem_bytes(b.mem)};
        row->context_us = time_context(&b, &row->context_items, &row->items_read, until);
    }
    close_bench(&b);
    return status;
}

/* ---- the store ---- */

typedef struct {
    lp_store *store;
    int64_t decisions, texts;
    float vector[DIM];
} writer;

static void write_row(writer *w) {
    char text[64];
    int64_t t = w->decisions++;
    bool has_text = t % 16 == 0;
    if (has_text) snprintf(text, sizeof text, "found the lamp in room number%lld", (long long)w->texts++);
    w->vector[t % DIM] = (float)t;
    lp_store_item(w->store, 1, t, t, 0, (float)(t % 100), w->vector, DIM, has_text ? text : NULL);
}

/* Rows a second, in transactions of size rows. */
static lp_status time_rows(writer *w, int transactions, int size, double *rows_per_s, lp_err *err) {
    double start = lp_now_s();
    lp_status status = LP_OK;
    for (int i = 0; i < transactions && !status; i++) {
        for (int k = 0; k < size; k++) write_row(w);
        status = lp_store_commit(w->store, NULL, 0, err);
    }
    *rows_per_s = transactions * size / (lp_now_s() - start);
    return status;
}

static void ignore(void *context, const lp_store_row *row) { *(int64_t *)context += row->level; }

static lp_status time_search(lp_store *store, const char *words, double *ms, lp_err *err) {
    double took[SEARCHES];
    int64_t sum = 0;
    lp_status status = LP_OK;
    for (int i = 0; i < SEARCHES && !status; i++) {
        double start = lp_now_s();
        status = lp_store_search(store, words, 20, ignore, &sum, err);
        took[i] = 1e3 * (lp_now_s() - start);
    }
    *ms = median(took, SEARCHES);
    return status;
}

static lp_status bench_store(lp_bench_memory_result *r, const char *path, double until, lp_err *err) {
    writer w = {0};
    double batched[MAX_SLICES], single[MAX_SLICES], ratio[MAX_SLICES];
    char rare[32];
    int n = 0;
    lp_status status = lp_store_create(&w.store, path, err);
    if (status) return status;
    lp_store_episode_begin(w.store, 1, 1, 0);
    status = lp_store_commit(w.store, NULL, 0, err);
    for (; !status && n < MAX_SLICES && (n < 3 || lp_now_s() < until); n++) {
        status = time_rows(&w, BATCHES_A_SLICE, BATCH, &batched[n], err);
        if (!status) status = time_rows(&w, SINGLES_A_SLICE, 1, &single[n], err);
        ratio[n] = batched[n] / single[n];
    }
    r->row_bytes = DIM * (int)sizeof(float) + 40 / 16;
    r->batch = BATCH;
    r->n_rows = w.decisions, r->n_texts = w.texts;
    snprintf(rare, sizeof rare, "number%lld", (long long)w.texts / 2);
    if (!status) status = time_search(w.store, rare, &r->rare_search_ms, err);
    if (!status) status = time_search(w.store, "lamp", &r->common_search_ms, err);
    lp_store_close(w.store);
    if (!status) r->batched_rows_per_s = median(batched, n), r->single_rows_per_s = median(single, n), r->ratio = median(ratio, n);
    return status;
}

/* Every architecture, or the one that is given. */
static lp_status bench_all(lp_bench_memory_result *out, const lp_mem_given *given, double until, lp_err *err) {
    bool one = given && (given->arch || given->n_settings);
    lp_mem_config config = {.arch = &lp_mem_tree, .dim = DIM};
    if (one) {
        lp_status status = lp_mem_give(&config, given, err);
        return status ? status : bench_ram(out, &config, until, err);
    }
    int n = 0;
    while (lp_mem_archs[n]) n++;
    double start = lp_now_s();
    lp_status status = LP_OK;
    for (int i = 0; i < n && !status; i++) {
        config.arch = lp_mem_archs[i];
        status = bench_ram(out, &config, start + (until - start) * (i + 1) / n, err);
    }
    return status;
}

lp_status lp_bench_memory(lp_bench_memory_result *out, const lp_mem_given *given, const char *folder, double max_seconds, lp_err *err) {
    char own[PATH_MAX - 16], path[PATH_MAX];
    lp_status status = LP_OK;
    memset(out, 0, sizeof *out);
    out->dim = DIM;
    if (!(max_seconds > 0)) return lp_fail(err, LP_BAD_INPUT, "bench: %g seconds, must be above 0", max_seconds);
    double start = lp_now_s();
    if ((status = bench_all(out, given, start + max_seconds / 2, err))) return status;
    if (!folder) folder = getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir;
    if (snprintf(own, sizeof own, "%s/longplay-bench-XXXXXX", folder) >= (int)sizeof own || !mkdtemp(own))
        return lp_fail(err, lp_errno_status(errno), "%.300s: cannot make a folder in it: %s", folder, strerror(errno));
    snprintf(path, sizeof path, "%s/run.db", own);
    status = bench_store(out, path, start + max_seconds, err);
    static const char *const also[] = {"-wal", "-shm", ""}; /* a full disk may keep SQLite from removing them */
    for (int i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s/run.db%s", own, also[i]);
        unlink(path);
    }
    if (rmdir(own) && !status) status = lp_fail(err, LP_FAILED, "%s: cannot remove: %s", own, strerror(errno));
    return status;
}
