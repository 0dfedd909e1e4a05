/* One task: its arrays are drawn, the twin and the CPU's kernel run on them, and what they wrote is compared. */
#include "bench/bench_task.h"

#include "base/contract.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- arrays ---- */

void *lp_task_add(lp_task *t, size_t size_bytes, lp_compared as, double scale) {
    LP_CHECK(t->n_arrays < LP_TASK_ARRAYS);
    lp_task_array *a = &t->array[t->n_arrays++];
    *a = (lp_task_array){calloc(size_bytes + 1, 1), NULL, size_bytes, as, scale};
    if (!a->host) t->out_of_memory = true, a->size_bytes = 0;
    return a->host;
}

/* Two numbers a draw. */
float *lp_task_floats(lp_task *t, size_t n, lp_compared as, double scale) {
    float *x = lp_task_add(t, n * sizeof *x, as, scale);
    for (size_t i = 0; i < n && x; i += 2) {
        const uint64_t draw = lp_rng_u64(&t->rng);
        x[i] = (float)(int32_t)draw * 8.0655e-10f;
        if (i + 1 < n) x[i + 1] = (float)(int32_t)(draw >> 32) * 8.0655e-10f;
    }
    return x;
}

uint8_t *lp_task_bytes(lp_task *t, size_t n, uint32_t below) {
    uint8_t *x = lp_task_add(t, n, LP_GIVEN, 0);
    for (size_t i = 0; i < n && x; i++) x[i] = (uint8_t)lp_rng_below(&t->rng, below);
    return x;
}

int32_t *lp_task_ints(lp_task *t, size_t n, int least, int range, lp_compared as) {
    int32_t *x = lp_task_add(t, n * sizeof *x, as, 0);
    for (size_t i = 0; i < n && x; i++) x[i] = least + (int32_t)lp_rng_below(&t->rng, (uint32_t)range);
    return x;
}

uint8_t *lp_task_ends(lp_task *t, size_t n) {
    uint8_t *x = lp_task_bytes(t, n, 5);
    for (size_t i = 0; i < n && x; i++) x[i] = x[i] == 0;
    return x;
}

lp_status lp_task_failed(lp_err *err, const char *what, const char *shape, int error) {
    return lp_fail(err, LP_FAILED, "bench kernels: %s %s: CUDA: %s", what, shape, lp_cuda_error(error));
}

const lp_twin *lp_twin_at(int k) {
    const struct {
        const lp_twin *table;
        int n;
    } tables[] = {
        {lp_twins_of_layers, lp_n_twins_of_layers}, {lp_twins_of_cores, lp_n_twins_of_cores}, {lp_twins_of_steps, lp_n_twins_of_steps}};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; k -= tables[i++].n)
        if (k < tables[i].n) return &tables[i].table[k];
    return NULL;
}

/* ---- both sides ---- */

void lp_task_close(lp_task *t) {
    for (int k = 0; k < t->n_arrays; k++) {
        free(t->array[k].host);
        lp_cuda_free(t->array[k].device);
    }
    t->n_arrays = 0;
}

static int upload(lp_task *t) {
    int error = 0;
    for (int k = 0; k < t->n_arrays && !error; k++) {
        lp_task_array *a = &t->array[k];
        error = lp_cuda_alloc(&a->device, a->size_bytes + !a->size_bytes);
        if (!error) error = lp_cuda_to_device(a->device, a->host, a->size_bytes, t->stream);
    }
    return error ? error : lp_cuda_wait(t->stream);
}

/* The largest difference in parts of the tolerance, and where; a NaN is beyond any. */
static double compare(const lp_task_array *a, const void *got, double tolerance, size_t *at) {
    double worst = 0;
    const size_t n = a->as == LP_DOUBLES ? a->size_bytes / sizeof(double) : a->size_bytes / sizeof(float);
    for (size_t i = 0; i < n; i++) {
        double want, is, off;
        if (a->as == LP_INTS) want = ((const int32_t *)a->host)[i], is = ((const int32_t *)got)[i], off = is == want ? 0 : INFINITY;
        else {
            want = a->as == LP_FLOATS ? (double)((const float *)a->host)[i] : ((const double *)a->host)[i];
            is = a->as == LP_FLOATS ? (double)((const float *)got)[i] : ((const double *)got)[i];
            off = is == want ? 0 : fabs(is - want) / (tolerance * (a->scale + fabs(want)));
        }
        if (off <= worst) continue;
        *at = i;
        if (isnan(off)) return INFINITY;
        worst = off;
    }
    return worst;
}

static double number(const lp_task_array *a, const void *from, size_t i) {
    return a->as == LP_INTS     ? ((const int32_t *)from)[i]
           : a->as == LP_FLOATS ? (double)((const float *)from)[i]
                                : ((const double *)from)[i];
}

static lp_status compare_all(lp_task *t, double *error, const lp_twin *twin, void **got, lp_err *err) {
    int failed = 0;
    for (int k = 0; k < t->n_arrays && !failed; k++) {
        const lp_task_array *a = &t->array[k];
        if (a->as == LP_GIVEN) continue;
        if (!(got[k] = malloc(a->size_bytes))) return lp_fail(err, LP_FAILED, "bench kernels: %s %s: out of memory", twin->name, t->shape);
        failed = lp_cuda_to_host(got[k], a->device, a->size_bytes, t->stream);
    }
    if (failed) return lp_task_failed(err, twin->name, t->shape, failed);
    if (twin->settle) twin->settle(t, got);
    for (int k = 0; k < t->n_arrays; k++) {
        const lp_task_array *a = &t->array[k];
        size_t at = 0;
        const double worst = a->as == LP_GIVEN ? 0 : compare(a, got[k], twin->bf16 ? 1e-2 : 1e-5, &at);
        if (worst > 1)
            return lp_fail(err, LP_FAILED, "bench kernels: %s %s: array %d[%zu] is %.9g, on the CPU %.9g", twin->name, t->shape, k, at,
                           number(a, got[k], at), number(a, a->host, at));
        if (worst > *error) *error = worst;
    }
    return LP_OK;
}

lp_status lp_task_check(lp_task *t, double *error, const lp_twin *twin, const int *d, lp_err *err) {
    void *got[LP_TASK_ARRAYS] = {NULL};
    memcpy(t->d, d, sizeof t->d);
    twin->plan(t);
    if (t->out_of_memory) return lp_fail(err, LP_FAILED, "bench kernels: %s %s: out of memory", twin->name, t->shape);
    int failed = upload(t);
    if (!failed) failed = twin->card(t);
    if (!failed) failed = lp_cuda_wait(t->stream);
    if (failed) return lp_task_failed(err, twin->name, t->shape, failed);
    twin->cpu(t);
    lp_status status = compare_all(t, error, twin, got, err);
    for (int k = 0; k < LP_TASK_ARRAYS; k++) free(got[k]);
    return status;
}
