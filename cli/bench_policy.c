#include "cli/bench.h"

#include "base/log.h"
#include "base/rng.h"
#include "kernels/kernels.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BATCH = 64, MAX_CONTEXT = 1024, SLICES_MAX = 64 };

/* Calls run(context) in slices for seconds; returns the median time of a call, in seconds. */
static double time_calls(void (*run)(void *), void *context, double seconds) {
    double slices[SLICES_MAX], start_s = lp_now_s();
    int n = 0;
    run(context);
    while (n < SLICES_MAX && (n < 3 || lp_now_s() - start_s < seconds)) {
        double slice_s = lp_now_s();
        int calls = 0;
        do run(context), calls++;
        while (lp_now_s() - slice_s < seconds / SLICES_MAX);
        slices[n++] = (lp_now_s() - slice_s) / calls;
    }
    return lp_bench_median(slices, n);
}

/* ---- policy ---- */

typedef struct {
    lp_actor *actor;
    lp_observation in[MAX_BATCH];
    lp_decision out[MAX_BATCH];
    int n;
    lp_status status; /* of the last run that failed */
    lp_err err;
} decisions;

static void decide(void *context) {
    decisions *d = context;
    lp_status status = lp_actor_run(d->actor, d->n, d->in, d->out, &d->err);
    if (status) d->status = status;
}

static lp_status policy_rows(const lp_policy *policy, double seconds, cJSON *rows, lp_err *err) {
    static const int batches[] = {1, 8, MAX_BATCH}, contexts[] = {0, 128, MAX_CONTEXT};
    const lp_policy_config *s = lp_policy_shape(policy);
    lp_rng rng = lp_rng_make(1, 3);
    size_t n_pixels = (size_t)s->width * (size_t)s->height, n_floats = (size_t)MAX_CONTEXT * (size_t)s->dim;
    uint8_t *pixels = malloc(n_pixels);
    float *vector = malloc(n_floats * sizeof *vector), *salience = calloc(MAX_CONTEXT, sizeof *salience);
    float *state = calloc((size_t)lp_policy_state_floats(policy) + 1, sizeof *state);
    int32_t *level = calloc(MAX_CONTEXT, sizeof *level);
    int64_t *step = calloc(MAX_CONTEXT, sizeof *step);
    decisions *d = calloc(1, sizeof *d);
    lp_status status = pixels && vector && salience && state && level && step && d ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    for (size_t i = 0; i < n_pixels && !status; i++) pixels[i] = (uint8_t)lp_rng_u64(&rng);
    for (size_t i = 0; i < n_floats && !status; i++) vector[i] = lp_rng_normal(&rng);
    for (int b = 0; b < 3 && !status; b++) {
        status = lp_actor_open(&d->actor, policy, batches[b], MAX_CONTEXT, err);
        for (int k = 0; k < 3 && !status; k++) {
            d->n = batches[b];
            for (int i = 0; i < d->n; i++)
                d->in[i] = (lp_observation){pixels, -1, contexts[k], vector, salience, level, step, MAX_CONTEXT, state, 1, 1};
            double us = 1e6 * time_calls(decide, d, seconds / 9) / d->n;
            if (d->status) status = lp_fail(err, d->status, "%s", d->err.message);
            cJSON *row = cJSON_CreateObject();
            cJSON_AddNumberToObject(row, "batch", d->n);
            cJSON_AddNumberToObject(row, "context_items", contexts[k]);
            cJSON_AddNumberToObject(row, "us_per_decision", us);
            cJSON_AddNumberToObject(row, "decisions_per_s", 1e6 / us);
            cJSON_AddNumberToObject(row, "gflops", lp_policy_flops(policy, contexts[k]) / us / 1e3);
            cJSON_AddItemToArray(rows, row);
        }
        if (d) lp_actor_close(d->actor), d->actor = NULL;
    }
    free(pixels), free(vector), free(salience), free(state), free(level), free(step), free(d);
    return status;
}

lp_status lp_bench_policy(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    lp_game *game = NULL;
    lp_policy *policy = NULL;
    char path[512];
    lp_status status = lp_game_open(&game, a->n_positional > 1 ? a->positional[1] : "cue", err);
    if (!status && lp_shipped_policy(game, path, sizeof path)) {
        status = lp_policy_read(&policy, path, err);
    } else if (!status) {
        lp_policy_config shape = {.n_actions = lp_game_n_actions(game)};
        lp_game_observation(game, &shape.width, &shape.height);
        status = lp_policy_open(&policy, &shape, 1, err);
    }
    if (!status) status = policy_rows(policy, a->seconds, cJSON_AddArrayToObject(o, "policy"), err);
    if (!status && !a->json) {
        printf("one decision of the network of %s, %zu parameters, one thread\n", lp_game_name(game), lp_policy_n_parameters(policy));
        lp_bench_print(cJSON_GetObjectItem(o, "policy"));
    }
    lp_policy_close(policy);
    lp_game_close(game);
    return status;
}

/* ---- kernels: the products and convolutions of training on 80x72 pixels, 512 decisions at once ---- */

enum { N = 512, IN = 1344, OUT = 128 };

typedef struct {
    float *x, *y, *w, *g, *scratch;
} buffers;

static const lp_conv conv1 = {.h = 72, .w = 80, .c = 1, .k = 8, .stride = 4, .oc = 16};

static void linear(void *context) {
    buffers *b = context;
    lp_k_linear(b->y, b->x, b->w, NULL, N, IN, OUT, 0);
}
static void linear_weight(void *context) {
    buffers *b = context;
    lp_k_linear_backward_weight(b->g, NULL, b->y, b->x, N, IN, OUT);
}
static void linear_input(void *context) {
    buffers *b = context;
    lp_k_linear_backward_input(b->x, b->y, b->w, N, IN, OUT, 0);
}
static void conv(void *context) {
    buffers *b = context;
    lp_k_conv(b->y, b->x, b->w, NULL, N / 8, &conv1, b->scratch);
}
static void relu(void *context) {
    buffers *b = context;
    lp_k_relu(b->y, (size_t)N * IN);
}

lp_status lp_bench_kernels(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    double product = 2.0 * N * IN * OUT, product_bytes = 4.0 * ((double)N * IN + (double)OUT * IN + (double)N * OUT);
    double patches = N / 8.0 * lp_conv_oh(&conv1) * lp_conv_ow(&conv1);
    const struct {
        const char *name, *shape;
        void (*run)(void *);
        double flops, bytes;
    } kernels[] = {
        {"linear", "512x1344 -> 128", linear, product, product_bytes},
        {"linear backward, weight", "512x1344 -> 128", linear_weight, product, product_bytes},
        {"linear backward, input", "512x1344 -> 128", linear_input, product, product_bytes},
        {"conv 8x8/4", "64 x 80x72 -> 16", conv, 2 * patches * 64 * conv1.oc, 4 * (N / 8.0 * 80 * 72 + patches * conv1.oc)},
        {"relu", "688128", relu, (double)N * IN, 8.0 * N * IN},
    };
    enum { N_KERNELS = sizeof kernels / sizeof *kernels };
    size_t floats = (size_t)N * IN;
    lp_rng rng = lp_rng_make(1, 4);
    buffers b = {calloc(floats, 4), calloc(floats, 4), calloc((size_t)IN * OUT, 4), calloc((size_t)IN * OUT, 4), calloc(lp_k_conv_scratch(&conv1), 4)};
    lp_status status = b.x && b.y && b.w && b.g && b.scratch ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    cJSON *rows = cJSON_AddArrayToObject(o, "kernels");
    lp_k_init();
    for (size_t i = 0; i < floats && !status; i++) b.x[i] = b.y[i] = lp_rng_normal(&rng);
    for (size_t i = 0; i < (size_t)IN * OUT && !status; i++) b.w[i] = lp_rng_normal(&rng);
    for (int i = 0; i < N_KERNELS && !status; i++) {
        double us = 1e6 * time_calls(kernels[i].run, &b, a->seconds / N_KERNELS);
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "kernel", kernels[i].name);
        cJSON_AddStringToObject(row, "shape", kernels[i].shape);
        cJSON_AddNumberToObject(row, "us", us);
        cJSON_AddNumberToObject(row, "gflops", kernels[i].flops / us / 1e3);
        cJSON_AddNumberToObject(row, "gb_per_s", kernels[i].bytes / us / 1e3);
        cJSON_AddItemToArray(rows, row);
    }
    if (!status && !a->json) printf("kernels on the CPU, one thread\n"), lp_bench_print(rows);
    free(b.x), free(b.y), free(b.w), free(b.g), free(b.scratch);
    return status;
}
