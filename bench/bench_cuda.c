/* The benchmark of the CUDA twins. A call is timed as one of many in a graph, by events around its run, and goes through several sets of
 * arrays in turn, so that a large cache does not pass for memory. */
#include "bench/bench_cuda.h"

#include "bench/bench_task.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SETS = 8, MAX_CALLS = 128, MIN_RUNS = 5, MAX_RUNS = 100, SQUARE = 4096, SMALL_SQUARE = 96 };
static const double all_sets_bytes = 256e6, graph_us = 1000;
static const size_t copy_bytes = (size_t)512 << 20, small_copy_bytes = (size_t)1 << 20;

/* ---- times ---- */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* What is timed: a call, on one of several sets of arrays. */
typedef struct {
    int (*call)(const lp_task *t);
    lp_task set[MAX_SETS];
    int n_sets;
    bool small; /* as few calls as will do */
} timed;

static int capture(lp_cuda_graph **graph, const timed *what, int calls) {
    void *stream = what->set[0].stream;
    int error = lp_cuda_graph_begin(stream), failed = 0;
    if (error) return error;
    for (int i = 0; i < calls && !failed; i++) failed = what->call(&what->set[i % what->n_sets]);
    error = lp_cuda_graph_end(graph, stream);
    return failed ? failed : error;
}

/* The median time of a call, in graphs of `calls`, for about seconds. */
static int time_graph(double *us, const timed *what, int calls, double seconds) {
    void *stream = what->set[0].stream, *from = NULL, *to = NULL;
    lp_cuda_graph *graph = NULL;
    double runs[MAX_RUNS], spent = 0;
    int n = 0, error = capture(&graph, what, calls);
    if (!error) error = lp_cuda_event_open(&from);
    if (!error) error = lp_cuda_event_open(&to);
    if (!error) error = lp_cuda_graph_run(graph, stream); /* the first warms up */
    while (!error && n < MAX_RUNS && (n < (what->small ? 1 : MIN_RUNS) || spent < seconds * 1e6)) {
        error = lp_cuda_event_record(from, stream);
        if (!error) error = lp_cuda_graph_run(graph, stream);
        if (!error) error = lp_cuda_event_record(to, stream);
        if (!error) error = lp_cuda_event_us(&runs[n], from, to);
        if (!error) spent += runs[n++];
    }
    if (!error) error = lp_cuda_wait(stream);
    qsort(runs, (size_t)n, sizeof *runs, by_size);
    *us = n ? runs[n / 2] / calls : 0;
    lp_cuda_event_close(to);
    lp_cuda_event_close(from);
    lp_cuda_graph_close(graph);
    return error;
}

/* As many calls a graph as take graph_us. */
static int time_calls(double *us, const timed *what, double seconds) {
    int error = time_graph(us, what, what->n_sets, 0), calls = what->n_sets;
    if (error || what->small) return error;
    while (calls < MAX_CALLS && calls * *us < graph_us) calls += what->n_sets;
    return time_graph(us, what, calls, seconds);
}

/* Copies of t's arrays, until they are too many for a cache or for the card. */
static void add_sets(timed *what, const lp_task *t) {
    double size = 0;
    what->set[0] = *t;
    what->n_sets = 1;
    for (int k = 0; k < t->n_arrays; k++) size += (double)t->array[k].size_bytes;
    while (what->n_sets < (what->small ? 2 : MAX_SETS) && what->n_sets * size < all_sets_bytes) {
        lp_task *set = &what->set[what->n_sets];
        int failed = 0;
        *set = *t;
        for (int k = 0; k < t->n_arrays; k++) set->array[k].host = set->array[k].device = NULL;
        for (int k = 0; k < t->n_arrays && !failed; k++) {
            lp_task_array *a = &set->array[k];
            failed = lp_cuda_alloc(&a->device, a->size_bytes + !a->size_bytes);
            if (!failed) failed = lp_cuda_copy(a->device, t->array[k].device, a->size_bytes, t->stream);
        }
        if (failed) {
            lp_task_close(set);
            return;
        }
        what->n_sets++;
    }
}

static lp_status time_task(lp_bench_cuda_row *row, const lp_bench_cuda_result *card, const lp_twin *twin, const lp_task *t, double seconds,
                           bool small, lp_err *err) {
    timed *what = calloc(1, sizeof *what);
    if (!what) return lp_fail(err, LP_FAILED, "bench kernels: out of memory");
    what->call = twin->card;
    what->small = small;
    add_sets(what, t);
    int error = time_calls(&row->us, what, seconds);
    for (int s = 1; s < what->n_sets; s++) lp_task_close(&what->set[s]);
    free(what);
    if (error) return lp_task_failed(err, twin->name, t->shape, error);
    row->gb_per_s = t->bytes / row->us / 1e3;
    row->gflops = t->flops / row->us / 1e3;
    row->of_copy = row->gb_per_s / card->copy_gb_per_s;
    row->of_matrix = row->gflops / (twin->bf16 ? card->bf16_gflops : card->matrix_gflops);
    return LP_OK;
}

/* ---- what the card can do at best ---- */

static int copy_array(const lp_task *t) { return lp_cuda_copy(t->array[0].device, t->array[1].device, t->array[0].size_bytes, t->stream); }

static int square_product(const lp_task *t) {
    return lp_cuda_linear(t->blas, t->array[0].device, t->array[1].device, t->array[2].device, NULL, t->d[0], t->d[0], t->d[0],
                          LP_CUDA_SET);
}

/* The time of a call on n arrays of size_bytes, which hold uniform numbers; t has all but the arrays. */
static int best(double *us, int (*call)(const lp_task *), lp_task t, int n, size_t size_bytes, double seconds, bool small) {
    timed *what = calloc(1, sizeof *what);
    float *numbers = lp_task_in(&t, size_bytes / sizeof *numbers); /* the first is the host's as well */
    int error = !what || !numbers ? 2 : 0;
    for (int k = 0; k < n && !error; k++) {
        if (k) t.array[t.n_arrays++] = (lp_task_array){.size_bytes = size_bytes};
        error = lp_cuda_alloc(&t.array[k].device, size_bytes);
        if (!error) error = lp_cuda_to_device(t.array[k].device, numbers, size_bytes, t.stream);
    }
    if (!error) *what = (timed){.call = call, .set = {t}, .n_sets = 1, .small = small};
    if (!error) error = time_calls(us, what, seconds);
    lp_cuda_wait(t.stream);
    lp_task_close(&t);
    free(what);
    return error;
}

static lp_status measure_card(lp_bench_cuda_result *out, lp_cuda_blas *const *blas, void *stream, double seconds, bool small, lp_err *err) {
    const int side = small ? SMALL_SQUARE : SQUARE;
    const size_t copied = small ? small_copy_bytes : copy_bytes;
    const double flops = 2.0 * side * side * side;
    double copy_us, us[2];
    int error = best(&copy_us, copy_array, (lp_task){.stream = stream, .rng = lp_rng_make(1, 1)}, 2, copied, seconds, small);
    for (int bf16 = 0; bf16 < 2 && !error; bf16++)
        error = best(&us[bf16], square_product, (lp_task){.d = {side}, .blas = blas[bf16], .stream = stream, .rng = lp_rng_make(1, 2)}, 3,
                     (size_t)side * (size_t)side * sizeof(float), seconds, small);
    if (error) return lp_task_failed(err, "what the card can do", "", error);
    out->copy_gb_per_s = 2 * (double)copied / copy_us / 1e3;
    out->matrix_gflops = flops / us[0] / 1e3;
    out->bf16_gflops = flops / us[1] / 1e3;
    return LP_OK;
}

/* ---- all ---- */

static lp_status bench_twin(lp_bench_cuda_result *out, const lp_twin *twin, lp_cuda_blas *const *blas, void *stream, lp_rng rng,
                            double seconds, bool small, lp_err *err) {
    lp_bench_cuda_row row = {.us = 0};
    const int *sizes[5];
    int n = 0;
    lp_status status = LP_OK;
    while (n < 4 && twin->checked[n][0]) sizes[n] = twin->checked[n], n++;
    if (!small) sizes[n++] = twin->timed;
    snprintf(row.name, sizeof row.name, "%s", twin->name);
    for (int k = 0; k < n && !status; k++) {
        lp_task t = {.blas = blas[twin->bf16], .stream = stream, .rng = rng};
        status = lp_task_check(&t, &row.error, twin, sizes[k], err);
        snprintf(row.shape, sizeof row.shape, "%s", t.shape);
        row.n_checked += !status;
        if (!status && k == n - 1) status = time_task(&row, out, twin, &t, seconds, small, err);
        rng = t.rng;
        lp_task_close(&t);
    }
    if (!status) out->row[out->n_rows++] = row;
    return status;
}

lp_status lp_bench_cuda(lp_bench_cuda_result *out, uint64_t seed, double max_seconds, bool small, lp_err *err) {
    void *stream = NULL;
    lp_cuda_blas *blas[2] = {NULL, NULL};
    int n = 0;
    while (lp_twin_at(n)) n++;
    const double seconds = max_seconds / (n + 3);
    *out = (lp_bench_cuda_result){.n_rows = 0};
    lp_status status = lp_k_init(1, err);
    if (status) return status;
    lp_cuda_describe(out->device, sizeof out->device);
    int error = lp_cuda_stream_open(&stream, 0);
    for (int bf16 = 0; bf16 < 2 && !error; bf16++) error = lp_cuda_blas_open(&blas[bf16], bf16, stream);
    status = error ? lp_task_failed(err, "opening", "the card", error) : LP_OK;
    if (!status) status = measure_card(out, blas, stream, seconds, small, err);
    const bool there = !status;
    for (int k = 0; there && k < n; k++) { /* the first failure is told, the others still run */
        lp_status now = bench_twin(out, lp_twin_at(k), blas, stream, lp_rng_make(seed, (uint64_t)k), seconds, small, status ? NULL : err);
        if (!status) status = now;
    }
    for (int bf16 = 0; bf16 < 2; bf16++) lp_cuda_blas_close(blas[bf16]);
    lp_cuda_stream_close(stream);
    return status;
}
