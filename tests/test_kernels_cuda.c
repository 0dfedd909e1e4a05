/* The CUDA twins against the CPU's kernels on fresh random inputs. Without a GPU, or in a build without CUDA: skipped. */
#include "base/rng.h"
#include "kernels/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#ifndef LP_CUDA
static void test_twins(void **state) {
    (void)state;
    print_message("skipped: built without CUDA\n");
    skip();
}
#else
#include "kernels/kernels_cuda.h"

static lp_rng rng;

static void check(int error) {
    if (error) fail_msg("CUDA: %s", lp_cuda_error(error));
}

static void *device_copy(const void *host, size_t size) {
    void *p = NULL;
    check(lp_cuda_alloc(&p, size));
    check(lp_cuda_to_device(p, host, size, NULL));
    return p;
}

static void close_to(const float *got, const float *want, size_t n, const char *what) {
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(got[i] - want[i]) <= 1e-5f * (1 + fabsf(want[i])))) fail_msg("%s[%zu]: %.9g, CPU %.9g", what, i, got[i], want[i]);
}

static void test_pointwise(size_t n) {
    float *x = malloc(n * sizeof *x), *y = malloc(n * sizeof *y), *got = malloc(n * sizeof *got), *t[4];
    uint8_t *bytes = malloc(n);
    for (size_t i = 0; i < n; i++) x[i] = lp_rng_normal(&rng), y[i] = lp_rng_normal(&rng), bytes[i] = (uint8_t)lp_rng_u64(&rng);
    void *dx = device_copy(x, n * sizeof *x), *dy = device_copy(y, n * sizeof *y), *db = device_copy(bytes, n);
    check(lp_cuda_relu(dx, n, NULL));
    check(lp_cuda_relu_backward(dy, dx, n, NULL));
    lp_k_relu(x, n);
    lp_k_relu_backward(y, x, n);
    check(lp_cuda_to_host(got, dx, n * sizeof *got, NULL));
    close_to(got, x, n, "relu");
    check(lp_cuda_to_host(got, dy, n * sizeof *got, NULL));
    close_to(got, y, n, "relu_backward");
    check(lp_cuda_from_bytes(dx, db, n, NULL));
    lp_k_from_bytes(x, bytes, n);
    check(lp_cuda_to_host(got, dx, n * sizeof *got, NULL));
    close_to(got, x, n, "from_bytes");
    void *d[4];
    for (int k = 0; k < 4; k++) {
        t[k] = malloc(n * sizeof **t);
        for (size_t i = 0; i < n; i++) t[k][i] = k == 2 ? fabsf(lp_rng_normal(&rng)) : lp_rng_normal(&rng);
        d[k] = device_copy(t[k], n * sizeof **t);
    }
    const lp_adam s = {1e-3f, 0.9f, 0.999f, 1e-5f};
    lp_k_adam(t[0], t[1], t[2], t[3], n, 3, 0.5f, &s);
    check(lp_cuda_adam(d[0], d[1], d[2], d[3], n, 3, 0.5f, &s, NULL));
    for (int k = 0; k < 4; k++) {
        check(lp_cuda_to_host(got, d[k], n * sizeof *got, NULL));
        close_to(got, t[k], n, "adam");
        free(t[k]), lp_cuda_free(d[k]);
    }
    free(x), free(y), free(got), free(bytes);
    lp_cuda_free(dx), lp_cuda_free(dy), lp_cuda_free(db);
}

static float *random_on_both(size_t n, void **device) {
    float *x = malloc(n * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = lp_rng_normal(&rng);
    *device = device_copy(x, n * sizeof *x);
    return x;
}

static void test_read(int batch, int heads, int dim, int max_items) {
    enum { ROWS = 37, LEVELS = 3, AGES = 5 };
    void *d[5], *dout, *dweight;
    size_t q_size = (size_t)batch * heads * dim, items = (size_t)batch * max_items;
    float *q = random_on_both(q_size, &d[0]), *item = random_on_both((size_t)ROWS * dim, &d[1]), *salience = random_on_both(ROWS, &d[2]);
    float *lk = random_on_both((size_t)LEVELS * dim, &d[3]), *ak = random_on_both((size_t)AGES * dim, &d[4]);
    int32_t *index = malloc(items * sizeof *index), *count = malloc((size_t)batch * sizeof *count);
    uint8_t *level = malloc(items), *age = malloc(items);
    for (size_t i = 0; i < items; i++)
        index[i] = (int32_t)lp_rng_below(&rng, ROWS), level[i] = (uint8_t)lp_rng_below(&rng, LEVELS), age[i] = (uint8_t)lp_rng_below(&rng, AGES);
    for (int b = 0; b < batch; b++) count[b] = b == 0 ? 0 : 1 + (int32_t)lp_rng_below(&rng, (uint32_t)max_items);
    void *di = device_copy(index, items * sizeof *index), *dl = device_copy(level, items), *da = device_copy(age, items);
    void *dc = device_copy(count, (size_t)batch * sizeof *count);
    check(lp_cuda_alloc(&dout, q_size * sizeof(float)));
    check(lp_cuda_alloc(&dweight, items * (size_t)heads * sizeof(float)));
    lp_read r = {heads, dim, LEVELS, AGES, lk, ak, item, salience}, dr = {heads, dim, LEVELS, AGES, d[3], d[4], d[1], d[2]};
    check(lp_cuda_read(dout, dweight, &dr, d[0], di, dl, da, dc, batch, max_items, NULL));
    float *out = malloc(q_size * sizeof *out), *got = malloc(q_size * sizeof *got), *weight = malloc((size_t)heads * max_items * sizeof *weight);
    for (int b = 0; b < batch; b++)
        lp_k_read(out + (size_t)b * heads * dim, weight, &r, q + (size_t)b * heads * dim, index + (size_t)b * max_items,
                  level + (size_t)b * max_items, age + (size_t)b * max_items, count[b]);
    check(lp_cuda_to_host(got, dout, q_size * sizeof *got, NULL));
    close_to(got, out, q_size, "read");
    for (int k = 0; k < 5; k++) lp_cuda_free(d[k]);
    lp_cuda_free(di), lp_cuda_free(dl), lp_cuda_free(da), lp_cuda_free(dc), lp_cuda_free(dout), lp_cuda_free(dweight);
    free(q), free(item), free(salience), free(lk), free(ak), free(index), free(count), free(level), free(age), free(out), free(got), free(weight);
}

static void test_twins(void **state) {
    (void)state;
    if (!lp_cuda_devices()) {
        print_message("skipped: no GPU here\n");
        skip();
    }
    rng = lp_rng_make(20261123, 0);
    test_pointwise(1);
    test_pointwise(1000003);
    test_read(1, 1, 1, 1);
    test_read(7, 2, 32, 140);
    test_read(3, 4, 100, 333);
}
#endif

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_twins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
