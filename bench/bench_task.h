/* What bench_cuda.c checks and times: every twin, its sizes, its arrays, and how it is called on either side. Internal to kernels/. */
#ifndef LP_BENCH_BENCH_TASK_H
#define LP_BENCH_BENCH_TASK_H

#include "base/rng.h"
#include "base/status.h"
#include "kernels/kernels_cuda.h"

#include <stdbool.h>
#include <stdio.h>

typedef enum { LP_GIVEN, LP_FLOATS, LP_INTS, LP_DOUBLES } lp_compared; /* LP_GIVEN: an input or scratch, not compared */
typedef struct {
    void *host, *device; /* the same at first */
    size_t size_bytes;
    lp_compared as;
    double scale; /* how large the sums are that a number is made of: the tolerance is 1e-5 (scale + |number|) */
} lp_task_array;

enum { LP_TASK_ARRAYS = 20, LP_TASK_SIZES = 6 };
typedef struct {
    lp_task_array array[LP_TASK_ARRAYS];
    int n_arrays;
    int d[LP_TASK_SIZES];
    double bytes, flops; /* by the contract */
    char shape[40];
    lp_cuda_blas *blas;
    void *stream;
    lp_rng rng;
    bool out_of_memory;
} lp_task;

typedef struct {
    const char *name;
    bool bf16;                     /* operands; 1e-2 for the 1e-5 above */
    void (*plan)(lp_task *t);      /* draws the host's arrays; says bytes, flops and shape */
    int (*card)(const lp_task *t); /* enqueues the twin */
    void (*cpu)(const lp_task *t);
    void (*settle)(lp_task *t, void *const *got);        /* or NULL: takes the card's word where both are right */
    int timed[LP_TASK_SIZES], checked[4][LP_TASK_SIZES]; /* checked: up to one that begins with 0 */
} lp_twin;

/* Every twin: those of a network's layers, and those of cores, memory reads, acting and learning. */
extern const lp_twin lp_twins_of_layers[], lp_twins_of_cores[], lp_twins_of_steps[];
extern const int lp_n_twins_of_layers, lp_n_twins_of_cores, lp_n_twins_of_steps;
const lp_twin *lp_twin_at(int k); /* all of them, one after the other; NULL after the last */

/* Arrays of a task, drawn; for a plan. They return the host's, NULL where memory is short (then out_of_memory is set). */
void *lp_task_add(lp_task *t, size_t size_bytes, lp_compared as, double scale);    /* zeros */
float *lp_task_floats(lp_task *t, size_t n, lp_compared as, double scale);         /* uniform, of mean 0 and variance 1 */
int32_t *lp_task_ints(lp_task *t, size_t n, int least, int range, lp_compared as); /* least to least + range - 1 */
uint8_t *lp_task_bytes(lp_task *t, size_t n, uint32_t below);
uint8_t *lp_task_ends(lp_task *t, size_t n); /* 1 for one in five, else 0 */
static inline float *lp_task_in(lp_task *t, size_t n) { return lp_task_floats(t, n, LP_GIVEN, 0); }
static inline float *lp_task_out(lp_task *t, size_t n, double scale) { return lp_task_floats(t, n, LP_FLOATS, scale); }

/* Array k of task t: the host's, the card's, the host's floats. */
#define LP_H(k) (t->array[k].host)
#define LP_D(k) (t->array[k].device)
#define LP_F(k) ((float *)t->array[k].host)
#define LP_SHAPE(...) snprintf(t->shape, sizeof t->shape, __VA_ARGS__)

/* Draws the arrays of a task for twin, runs it on both sides and compares. *error: the largest difference in parts of the tolerance.
 * The task stays open, for timing; lp_task_close in any case. */
lp_status lp_task_check(lp_task *t, double *error, const lp_twin *twin, const int *d, lp_err *err);
void lp_task_close(lp_task *t);
/* LP_FAILED, with what a call on a card returned. */
lp_status lp_task_failed(lp_err *err, const char *what, const char *shape, int error);

#endif
