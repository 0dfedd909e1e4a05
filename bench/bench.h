/* What the files of `longplay bench` share. A bench adds its rows to o; a bench of one table can have it printed by lp_bench_print. */
#ifndef LP_BENCH_BENCH_H
#define LP_BENCH_BENCH_H

#include "train/train.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const char **positional; /* [n_positional] of the command line; [0] names the bench */
    int n_positional;
    double seconds;
    int64_t updates;
    bool json, overlap;
    /* of a network; NULL and -1: not given */
    lp_mem_given memory;
    const char *policy, *size, *core, *device, *precision, *batch, *save;
    int64_t context, envs, steps, minibatches, epochs, reencode, horizon;
} lp_bench_arguments;

/* One decision of a network, at several batch and context sizes. */
lp_status lp_bench_policy(const lp_bench_arguments *a, cJSON *o, lp_err *err);
/* Updates from random segments, without any emulator. */
lp_status lp_bench_learn(const lp_bench_arguments *a, cJSON *o, lp_err *err);
/* Updates of a training, with the emulator. */
lp_status lp_bench_train(const lp_bench_arguments *a, cJSON *o, lp_err *err);
/* The network's kernels on the CPU at the sizes that training cue has, and their twins on a card. */
lp_status lp_bench_kernels(const lp_bench_arguments *a, cJSON *o, lp_err *err);

/* Training's settings: the defaults, with what a gives in their place. */
lp_status lp_bench_settings(lp_train_config *out, const lp_bench_arguments *a, lp_err *err);
/* The network that a names: of its file; or with random weights, for the game; or that game's shipped policy. what: for people. */
lp_status lp_bench_network(lp_policy **out, char *what, size_t what_bytes, const lp_bench_arguments *a, lp_err *err);

/* Calls run(context) in slices for seconds; returns the median time of a call, in seconds. */
double lp_bench_time(void (*run)(void *), void *context, double seconds);

/* Prints an array of objects with the same members as a table; an object as name and value lines. */
void lp_bench_print(const cJSON *rows);
/* The median of n values, which it sorts. n > 0. */
double lp_bench_median(double *values, int n);

#endif
