/* How fast the CUDA twins are on this card, after each has agreed with the CPU: the core of `longplay bench kernels`.
 *
 *     lp_bench_cuda_result r;
 *     if (lp_bench_cuda(&r, seed, 5, false, &err)) ...
 *     for (int i = 0; i < r.n_rows; i++) printf("%s %s: %.1f us\n", r.row[i].name, r.row[i].shape, r.row[i].us);
 *
 * Built where LP_CUDA is on. */
#ifndef LP_BENCH_BENCH_CUDA_H
#define LP_BENCH_BENCH_CUDA_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

enum { LP_BENCH_CUDA_ROWS = 64 };

typedef struct {
    char name[32], shape[40];
    double us;                 /* a call within a graph; median */
    double gb_per_s, gflops;   /* by the bytes and flops of kernels.h */
    double of_copy, of_matrix; /* their part of what this card copies, and multiplies with such operands */
    double error;              /* the largest difference to the CPU, in parts of the tolerance */
    int n_checked;             /* sizes that agreed */
} lp_bench_cuda_row;

typedef struct {
    char device[160];
    double copy_gb_per_s;              /* read and written, of a large copy on the card */
    double matrix_gflops, bf16_gflops; /* of a large product: float32 operands, bfloat16 operands */
    lp_bench_cuda_row row[LP_BENCH_CUDA_ROWS];
    int n_rows; /* twins that agreed; all of them if LP_OK */
} lp_bench_cuda_result;

/* Checks each twin on inputs drawn from seed, at odd sizes and at the one it is timed at, then times it; max_seconds is shared among
 * all twins. small: at odd sizes alone, to test the benchmark itself. There must be a card. LP_FAILED: a twin disagrees (the others were
 * still measured), or the card fails or has no room. */
lp_status lp_bench_cuda(lp_bench_cuda_result *out, uint64_t seed, double max_seconds, bool small, lp_err *err);

#endif
