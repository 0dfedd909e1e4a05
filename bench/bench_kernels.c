/* longplay bench kernels: the products and convolutions of training a nano network on the CPU, 80x72 pixels, 512 decisions at once; and
 * where there is a card, every CUDA twin at the sizes of a base network, after it has agreed with the CPU. */
#include "bench/bench.h"

#include "base/log.h"
#include "base/rng.h"
#include "kernels/kernels.h"
#ifdef LP_CUDA
#include "bench/bench_cuda.h"
#include "kernels/kernels_cuda.h"
#endif

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- the CPU ---- */

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

static lp_status cpu_rows(const lp_bench_arguments *a, cJSON *rows, lp_err *err) {
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
    buffers b = {calloc(floats, 4), calloc(floats, 4), calloc((size_t)IN * OUT, 4), calloc((size_t)IN * OUT, 4),
                 calloc(lp_k_conv_scratch(&conv1), 4)};
    lp_status status = b.x && b.y && b.w && b.g && b.scratch ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    if (!status) status = lp_k_init(1, err);
    for (size_t i = 0; i < floats && !status; i++) b.x[i] = b.y[i] = lp_rng_normal(&rng);
    for (size_t i = 0; i < (size_t)IN * OUT && !status; i++) b.w[i] = lp_rng_normal(&rng);
    for (int i = 0; i < N_KERNELS && !status; i++) {
        double us = 1e6 * lp_bench_time(kernels[i].run, &b, a->seconds / N_KERNELS);
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "kernel", kernels[i].name);
        cJSON_AddStringToObject(row, "shape", kernels[i].shape);
        cJSON_AddNumberToObject(row, "us", us);
        cJSON_AddNumberToObject(row, "gflops", kernels[i].flops / us / 1e3);
        cJSON_AddNumberToObject(row, "gb_per_s", kernels[i].bytes / us / 1e3);
        cJSON_AddItemToArray(rows, row);
    }
    free(b.x), free(b.y), free(b.w), free(b.g), free(b.scratch);
    return status;
}

/* ---- a card ---- */

#ifdef LP_CUDA
static void add_card(cJSON *cuda, cJSON *rows, const lp_bench_cuda_result *r, uint64_t seed) {
    cJSON_AddStringToObject(cuda, "device", r->device);
    cJSON_AddNumberToObject(cuda, "seed", (double)seed);
    cJSON_AddNumberToObject(cuda, "copy_gb_per_s", r->copy_gb_per_s);
    cJSON_AddNumberToObject(cuda, "matrix_gflops", r->matrix_gflops);
    cJSON_AddNumberToObject(cuda, "bf16_matrix_gflops", r->bf16_gflops);
    for (int i = 0; i < r->n_rows; i++) {
        const lp_bench_cuda_row *k = &r->row[i];
        cJSON *row = cJSON_CreateObject();
        cJSON_AddStringToObject(row, "kernel", k->name);
        cJSON_AddStringToObject(row, "shape", k->shape);
        cJSON_AddNumberToObject(row, "us", k->us);
        cJSON_AddNumberToObject(row, "gflops", k->gflops);
        cJSON_AddNumberToObject(row, "gb_per_s", k->gb_per_s);
        cJSON_AddNumberToObject(row, "of_copy_percent", 100 * k->of_copy);
        cJSON_AddNumberToObject(row, "of_matrix_percent", 100 * k->of_matrix);
        cJSON_AddNumberToObject(row, "error_percent", 100 * k->error);
        cJSON_AddItemToArray(rows, row);
    }
    cJSON_AddItemToObject(cuda, "kernels", rows);
}

static lp_status card_rows(const lp_bench_arguments *a, cJSON *cuda, lp_err *err) {
    if (lp_cuda_missing()) {
        cJSON_AddStringToObject(cuda, "skipped", "no GPU here");
        return LP_OK;
    }
    lp_bench_cuda_result *r = malloc(sizeof *r);
    if (!r) return lp_fail(err, LP_FAILED, "out of memory");
    const uint64_t seed = (uint64_t)time(NULL);
    lp_status status = lp_bench_cuda(r, seed, a->seconds, false, err);
    cJSON *rows = cJSON_CreateArray();
    add_card(cuda, rows, r, seed);
    if (!a->json) {
        printf("\nCUDA twins on %s, each after it has agreed with the CPU (inputs of seed %llu), the largest difference in parts of the "
               "tolerance\n"
               "this card copies %.0f GB/s and multiplies %.0f Gflop/s in float32, %.0f with bf16 operands\n",
               r->device, (unsigned long long)seed, r->copy_gb_per_s, r->matrix_gflops, r->bf16_gflops);
        lp_bench_print(rows);
    }
    free(r);
    return status;
}
#else
static lp_status card_rows(const lp_bench_arguments *a, cJSON *cuda, lp_err *err) {
    (void)a, (void)err;
    cJSON_AddStringToObject(cuda, "skipped", "built without CUDA");
    return LP_OK;
}
#endif

lp_status lp_bench_kernels(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    cJSON *rows = cJSON_AddArrayToObject(o, "kernels"), *cuda = cJSON_AddObjectToObject(o, "cuda");
    lp_status status = cpu_rows(a, rows, err);
    if (!status && !a->json) printf("kernels on the CPU, one thread\n"), lp_bench_print(rows);
    if (!status) status = card_rows(a, cuda, err);
    const cJSON *skipped = cJSON_GetObjectItem(cuda, "skipped");
    if (skipped && !a->json) printf("\nCUDA twins: skipped, %s\n", skipped->valuestring);
    return status;
}
