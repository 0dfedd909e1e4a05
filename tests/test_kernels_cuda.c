/* The CUDA twins against the CPU's kernels on fresh random inputs, odd sizes included; NaN fails. On a card; without one, or in a
 * build without CUDA, it says "skipped". The same file and the same kernels, compiled for the CPU, are the test kernels_on_cpu (see
 * cuda_on_cpu/cuda_runtime.h), which needs no card. The seed is printed; LONGPLAY_SEED gives another. */
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
int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_twins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
#else
#include "bench/bench_cuda.h"
#include "bench/bench_task.h"
#include "kernels/sample.h"
#include "tests/seed.h"

static lp_rng rng;
static lp_cuda_blas *blas;

static void check(int error) {
    if (error) fail_msg("CUDA: %s", lp_cuda_error(error));
}

/* An array on both sides. All of a test's are freed at its end. */
typedef struct {
    void *host, *device;
    size_t size_bytes;
} both;
static both taken[64];
static int n_taken;

static both take(size_t size_bytes) {
    both b = {calloc(size_bytes + 8, 1), NULL, size_bytes};
    check(lp_cuda_alloc(&b.device, size_bytes + 8));
    assert_true(n_taken < 64);
    return taken[n_taken++] = b;
}

static void put(both b) { check(lp_cuda_to_device(b.device, b.host, b.size_bytes, NULL)); }

static both floats(size_t n) {
    both b = take(n * sizeof(float));
    for (size_t i = 0; i < n; i++) ((float *)b.host)[i] = lp_rng_normal(&rng);
    put(b);
    return b;
}

static both bytes(size_t n, uint32_t below) {
    both b = take(n);
    for (size_t i = 0; i < n; i++) ((uint8_t *)b.host)[i] = (uint8_t)lp_rng_below(&rng, below);
    put(b);
    return b;
}

static int release(void **state) {
    (void)state;
    while (n_taken) {
        both b = taken[--n_taken];
        free(b.host);
        lp_cuda_free(b.device);
    }
    return 0;
}

/* scale: how large the sums are that a number is made of. */
static void expect(both b, const float *want, double scale, const char *what) {
    size_t n = b.size_bytes / sizeof(float);
    float *got = malloc(b.size_bytes + 1);
    check(lp_cuda_to_host(got, b.device, b.size_bytes, NULL));
    for (size_t i = 0; i < n; i++)
        if (!(fabs((double)got[i] - want[i]) <= 1e-5 * (scale + fabs(want[i]))))
            fail_msg("%s[%zu of %zu]: %.9g, CPU %.9g", what, i, n, got[i], want[i]);
    free(got);
}
#define EXPECT(b, scale) expect(b, (b).host, scale, #b)

static void test_pointwise(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 257, 20003};
    for (int k = 0; k < 3; k++, release(NULL)) {
        size_t n = sizes[k];
        both x = floats(n), y = floats(n), sum = floats(n), raw = bytes(n, 256), unpacked = floats(n);
        check(lp_cuda_relu(x.device, n, NULL));
        lp_k_relu(x.host, n);
        EXPECT(x, 1);
        check(lp_cuda_relu_backward(y.device, x.device, n, NULL));
        lp_k_relu_backward(y.host, x.host, n);
        EXPECT(y, 1);
        check(lp_cuda_add(sum.device, x.device, y.device, n, NULL));
        for (size_t i = 0; i < n; i++) ((float *)sum.host)[i] = ((float *)x.host)[i] + ((float *)y.host)[i];
        EXPECT(sum, 1);
        check(lp_cuda_from_bytes(unpacked.device, raw.device, n, NULL));
        lp_k_from_bytes(unpacked.host, raw.host, n);
        EXPECT(unpacked, 1);
    }
}

static void test_squares(void **state) {
    (void)state;
    static const int sizes[][2] = {{0, 3}, {1, 1}, {7, 5}, {1025, 32}, {300, 128}};
    for (int k = 0; k < 5; k++, release(NULL)) {
        const int n = sizes[k][0], dim = sizes[k][1];
        both x = floats((size_t)(n * dim)), u = floats((size_t)dim), out = floats((size_t)n), du = floats((size_t)dim),
             dx = floats((size_t)(n * dim));
        check(lp_cuda_squares_backward_weight(du.device, out.device, x.device, n, dim, NULL));
        check(lp_cuda_squares_backward_input(dx.device, out.device, x.device, u.device, n, dim, NULL));
        check(lp_cuda_squares(out.device, x.device, u.device, n, dim, NULL));
        lp_k_squares_backward_weight(du.host, out.host, x.host, n, dim);
        lp_k_squares_backward_input(dx.host, out.host, x.host, u.host, n, dim);
        lp_k_squares(out.host, x.host, u.host, n, dim);
        EXPECT(du, n);
        EXPECT(dx, 4);
        EXPECT(out, dim);
    }
}

static void test_embed(void **state) {
    (void)state;
    enum { N = 77, ROWS = 5, DIM = 19 };
    both y = floats(N * DIM), table = floats(ROWS * DIM), index = take(N * sizeof(int32_t)), dtable = floats(ROWS * DIM);
    int32_t *rows = index.host;
    for (int r = 0; r < N; r++) rows[r] = (int32_t)lp_rng_below(&rng, ROWS + 1) - 1;
    put(index);
    check(lp_cuda_embed_backward(dtable.device, y.device, index.device, N, ROWS, DIM, NULL));
    for (int i = 0; i < N * DIM; i++)
        if (rows[i / DIM] >= 0) ((float *)dtable.host)[rows[i / DIM] * DIM + i % DIM] += ((float *)y.host)[i];
    EXPECT(dtable, 10);
    check(lp_cuda_embed(y.device, table.device, index.device, N, DIM, NULL));
    for (int i = 0; i < N * DIM; i++) ((float *)y.host)[i] = rows[i / DIM] < 0 ? 0 : ((float *)table.host)[rows[i / DIM] * DIM + i % DIM];
    EXPECT(y, 1);
}

static void test_rows(void **state) {
    (void)state;
    enum { N = 9, FROM = 13, SLOTS = 5 };
    static const int dims[] = {1, 7, 32};
    for (int k = 0; k < 3; k++, release(NULL)) {
        int dim = dims[k];
        both table = floats((size_t)(N * SLOTS * dim)), from = floats((size_t)(FROM * dim)), to = floats((size_t)(N * dim)),
             index = take(N * sizeof(int32_t));
        int32_t *at = index.host;
        for (int r = 0; r < N; r++) at[r] = (int32_t)lp_rng_below(&rng, FROM);
        put(index);
        check(lp_cuda_gather(to.device, from.device, index.device, N, (size_t)dim * sizeof(float), NULL));
        for (int i = 0; i < N * dim; i++) ((float *)to.host)[i] = ((float *)from.host)[at[i / dim] * dim + i % dim];
        EXPECT(to, 0);
        for (int r = 0; r < N; r++) at[r] = (int32_t)lp_rng_below(&rng, SLOTS + 1) - 1;
        put(index);
        check(lp_cuda_scatter(table.device, from.device, index.device, N, SLOTS, dim, NULL));
        for (int i = 0; i < N * dim; i++)
            if (at[i / dim] >= 0) ((float *)table.host)[(i / dim * SLOTS + at[i / dim]) * dim + i % dim] = ((float *)from.host)[i];
        EXPECT(table, 0);
    }
}

/* A captured graph does nothing until it is run, and then what its calls would have done, each time. */
static void test_graph(void **state) {
    (void)state;
    enum { N = 1000, TIMES = 3 };
    both x = floats(N), y = take(N * sizeof(float));
    void *stream, *pinned, *from, *to;
    lp_cuda_graph *graph;
    double us;
    put(y);
    check(lp_cuda_stream_open(&stream, 0));
    check(lp_cuda_alloc_pinned(&pinned, N * sizeof(float)));
    check(lp_cuda_event_open(&from));
    check(lp_cuda_event_open(&to));
    memcpy(pinned, x.host, N * sizeof(float));
    check(lp_cuda_wait(NULL)); /* x and y are there */
    check(lp_cuda_graph_begin(stream));
    check(lp_cuda_to_device(x.device, pinned, N * sizeof(float), stream));
    check(lp_cuda_add(y.device, y.device, x.device, N, stream));
    check(lp_cuda_graph_end(&graph, stream));
    EXPECT(y, 0);
    check(lp_cuda_event_record(from, stream));
    for (int t = 0; t < TIMES; t++) check(lp_cuda_graph_run(graph, stream));
    check(lp_cuda_event_record(to, stream));
    check(lp_cuda_event_us(&us, from, to));
    assert_true(us >= 0);
    check(lp_cuda_from_device(pinned, y.device, N * sizeof(float), stream));
    check(lp_cuda_wait(stream));
    for (int i = 0; i < N; i++) {
        float sum = 0;
        for (int t = 0; t < TIMES; t++) sum += ((float *)x.host)[i];
        assert_true(((float *)pinned)[i] == sum);
    }
    lp_cuda_graph_close(graph);
    lp_cuda_event_close(from);
    lp_cuda_event_close(to);
    lp_cuda_free_pinned(pinned);
    lp_cuda_stream_close(stream);
}

static void test_observe(void **state) {
    (void)state;
    static const int sizes[][4] = {{160, 144, 80, 72}, {160, 144, 84, 84}, {160, 144, 160, 144}, {12, 7, 5, 3}, {8, 8, 1, 1}};
    for (int k = 0; k < 5; k++, release(NULL)) {
        const int *s = sizes[k], n = 2;
        both shades = bytes((size_t)(n * s[0] / 4 * s[1]), 256), y = floats((size_t)(n * s[2] * s[3]));
        check(lp_cuda_observe_shades(y.device, shades.device, n, s[0], s[1], s[2], s[3], NULL));
        lp_k_observe_shades(y.host, shades.host, n, s[0], s[1], s[2], s[3]);
        EXPECT(y, 1);
    }
}

static void test_linear(void **state) {
    (void)state;
    static const int sizes[][3] = {{0, 3, 2}, {1, 1, 1}, {5, 33, 17}, {700, 64, 48}, {13, 129, 300}};
    for (int k = 0; k < 5; k++, release(NULL)) {
        int n = sizes[k][0], i = sizes[k][1], o = sizes[k][2];
        both x = floats((size_t)(n * i)), w = floats((size_t)(i * o)), b = floats((size_t)o), y = floats((size_t)(n * o)),
             dy = floats((size_t)(n * o));
        both dx = floats((size_t)(n * i)), dw = floats((size_t)(i * o)), db = floats((size_t)o);
        for (int how = 0; how <= (LP_CUDA_ADD | LP_CUDA_RELU); how++) {
            int accumulate = how & LP_CUDA_ADD;
            check(lp_cuda_linear(blas, y.device, x.device, w.device, k % 2 ? b.device : NULL, n, i, o, how));
            lp_k_linear(y.host, x.host, w.host, k % 2 ? b.host : NULL, n, i, o, accumulate);
            if (how & LP_CUDA_RELU) lp_k_relu(y.host, (size_t)(n * o));
            EXPECT(y, i);
            check(lp_cuda_linear_backward_input(blas, dx.device, dy.device, w.device, n, i, o, accumulate));
            lp_k_linear_backward_input(dx.host, dy.host, w.host, n, i, o, accumulate);
            EXPECT(dx, o);
        }
        check(lp_cuda_linear_backward_weight(blas, dw.device, db.device, dy.device, x.device, n, i, o));
        lp_k_linear_backward_weight(dw.host, db.host, dy.host, x.host, n, i, o);
        EXPECT(dw, n);
        EXPECT(db, n);
    }
}

/* Rows as acting has them: the maps of nano and base, odd ones, and ones that are not aligned; each how. */
static void test_linear_few(void **state) {
    (void)state;
    static const struct {
        int n, i, o, off, gap;
    } sizes[] = {
        {1, 1344, 128, 0, 0}, {2, 128, 128, 0, 0},  {3, 32, 1, 0, 0},   {1, 7168, 1024, 0, 0}, {16, 1024, 64, 0, 0},
        {7, 1024, 260, 0, 0}, {4, 256, 1024, 0, 0}, {9, 1024, 1, 1, 0}, {16, 130, 7, 0, 0},    {5, 100, 9, 2, 3},
        {12, 5, 3, 0, 1},     {17, 100, 9, 1, 4},   {1, 1, 1, 3, 0},
    };
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++, release(NULL)) {
        const int n = sizes[k].n, i = sizes[k].i, o = sizes[k].o, off = sizes[k].off, x_stride = i + sizes[k].gap,
                  y_stride = o + sizes[k].gap;
        both x = floats((size_t)(n * x_stride)), w = floats((size_t)(i * o + off)), b = floats((size_t)o),
             y = floats((size_t)(n * y_stride));
        for (int how = 0; how <= (LP_CUDA_ADD | LP_CUDA_RELU); how++) {
            const float *bias = (how + k) % 3 ? b.host : NULL;
            check(lp_cuda_linear_strided(blas, y.device, y_stride, x.device, x_stride, (float *)w.device + off, bias ? b.device : NULL, n,
                                         i, o, how));
            for (int r = 0; r < n; r++) {
                float *row = (float *)y.host + r * y_stride;
                lp_k_linear(row, (float *)x.host + r * x_stride, (float *)w.host + off, bias, 1, i, o, how & LP_CUDA_ADD);
                if (how & LP_CUDA_RELU) lp_k_relu(row, (size_t)o);
            }
            EXPECT(y, i * 2); /* what lies between the rows is as it was */
        }
    }
}

/* A row's bits do not depend on the rows beside it. */
static void test_row_alone(void **state) {
    (void)state;
    enum { N = LP_CUDA_FEW, O = 6 };
    static const int widths[] = {3, 64, 1000};
    for (int k = 0; k < 3; k++, release(NULL)) {
        const int i = widths[k];
        both x = floats((size_t)(N * i)), w = floats((size_t)(i * O)), b = floats(O), y = floats(N * O);
        for (int n = 1; n <= N; n++) {
            check(lp_cuda_linear(blas, y.device, x.device, w.device, b.device, n, i, O, LP_CUDA_SET));
            if (n == 1) check(lp_cuda_to_host(y.host, y.device, O * sizeof(float), NULL));
            float got[O];
            check(lp_cuda_to_host(got, y.device, sizeof got, NULL));
            assert_memory_equal(got, y.host, sizeof got);
        }
    }
}

/* Maps together give the bits of each alone. */
static void test_maps(void **state) {
    (void)state;
    static const struct {
        int n, i[3], o[3];
    } sizes[] = {
        {1, {1024, 64, 256}, {9, 1, 64}}, {3, {64, 64, 1000}, {5, 8, 1}}, {7, {64, 33, 130}, {5, 9, 1}}, {20, {64, 33, 8}, {5, 8, 2}}};
    for (int k = 0; k < 4; k++, release(NULL)) {
        const int n = sizes[k].n;
        lp_cuda_map map[3];
        both alone[3], together[3];
        for (int m = 0; m < 3; m++) {
            const int i = sizes[k].i[m], o = sizes[k].o[m];
            both x = floats((size_t)(n * i)), w = floats((size_t)(i * o)), b = floats((size_t)o);
            alone[m] = floats((size_t)(n * o)), together[m] = take((size_t)(n * o) * sizeof(float));
            memcpy(together[m].host, alone[m].host, together[m].size_bytes);
            put(together[m]);
            map[m] = (lp_cuda_map){together[m].device, x.device, w.device, m == 1 ? NULL : b.device, i, o, (k + m) % 4};
            check(lp_cuda_linear(blas, alone[m].device, x.device, w.device, map[m].b, n, i, o, map[m].how));
        }
        check(lp_cuda_linear_maps(blas, map, 3, n));
        for (int m = 0; m < 3; m++) {
            check(lp_cuda_to_host(alone[m].host, alone[m].device, alone[m].size_bytes, NULL));
            check(lp_cuda_to_host(together[m].host, together[m].device, together[m].size_bytes, NULL));
            assert_memory_equal(together[m].host, alone[m].host, alone[m].size_bytes);
        }
    }
}

static void test_conv(void **state) {
    (void)state;
    /* nano's and base's (but for outputs) among them; the last two are too much work for the kernel of a few images */
    static const lp_conv shapes[] = {{8, 8, 1, 8, 4, 3},     {9, 13, 2, 3, 2, 5},   {20, 17, 1, 8, 4, 16},
                                     {12, 18, 16, 4, 2, 32}, {10, 9, 3, 3, 1, 4},   {72, 80, 1, 8, 4, 16},
                                     {17, 19, 64, 4, 2, 20}, {72, 80, 1, 8, 4, 64}, {14, 17, 64, 4, 2, 252}};
    static const int many[] = {5, 5, 5, 5, 5, 1, 1, 51, 9};
    for (int k = 0; k < 9; k++, release(NULL)) {
        const lp_conv *s = &shapes[k];
        const int n = many[k], images = 2 + n / 8;
        size_t in = (size_t)(n * s->h * s->w * s->c), out = (size_t)(n * lp_conv_oh(s) * lp_conv_ow(s) * s->oc),
               weights = (size_t)(s->oc * s->k * s->k * s->c);
        both x = floats(in), w = floats(weights), b = floats((size_t)s->oc), y = floats(out), dy = floats(out), dx = floats(in),
             dw = floats(weights), db = floats((size_t)s->oc);
        both scratch = take((lp_cuda_conv_scratch(s, images) + lp_k_conv_scratch(s)) * sizeof(float));
        check(lp_cuda_conv(blas, y.device, x.device, w.device, b.device, n, s, scratch.device, images, k % 2));
        lp_k_conv(y.host, x.host, w.host, b.host, n, s, scratch.host);
        if (k % 2) lp_k_relu(y.host, out);
        EXPECT(y, s->k * s->k * s->c);
        if (n * s->oc > 1000) continue; /* the way back does not know of few and many */
        check(lp_cuda_conv_backward(blas, dx.device, dw.device, db.device, dy.device, x.device, w.device, n, s, scratch.device, images));
        lp_k_conv_backward(dx.host, dw.host, db.host, dy.host, x.host, w.host, n, s, scratch.host);
        EXPECT(dx, 100);
        EXPECT(dw, 500);
        EXPECT(db, 500);
    }
}

static void read_twice(bool biased, bool ordered, int tables, int per_table, int heads, int dim, int max_items) {
    enum { EXTRA = 3, LEVELS = 3, AGES = 5 };
    const int batch = tables * per_table, rows = max_items + EXTRA;
    const size_t items = (size_t)(batch * max_items), q_size = (size_t)(batch * heads * dim);
    both q = floats(q_size), item = floats((size_t)(tables * rows * dim)), salience = floats((size_t)(tables * rows)),
         level_key = floats((size_t)(LEVELS * dim)), age_key = floats((size_t)(AGES * dim));
    both index = take(items * sizeof(int32_t)), count = take((size_t)batch * sizeof(int32_t)), level = bytes(items, LEVELS),
         age = bytes(items, AGES);
    for (int b = 0; b < batch; b++) {
        ((int32_t *)count.host)[b] = b == 0 ? 0 : 1 + (int32_t)lp_rng_below(&rng, (uint32_t)max_items);
        int32_t *row = (int32_t *)index.host + b * max_items; /* different rows of the table, in any order */
        int first = (int)lp_rng_below(&rng, (uint32_t)rows);
        for (int j = 0; j < max_items; j++) row[j] = (first + j * (rows % 2 ? 2 : 1)) % rows;
    }
    put(index), put(count);
    float *on_cpu = malloc(2 * (size_t)max_items * sizeof *on_cpu);
    const size_t order_size = (size_t)(batch * heads * 2);
    both order = floats(order_size), dorder = floats(order_size);
    float *on_host = ordered ? order.host : NULL, *on_the_card = ordered ? order.device : NULL;
    both out = floats(q_size), weight = floats(items * (size_t)heads), dout = floats(q_size), dq = floats(q_size),
         ditem = floats((size_t)(tables * rows * dim));
    both dsalience = floats((size_t)(tables * rows)), dlevel_key = floats((size_t)(LEVELS * dim)), dage_key = floats((size_t)(AGES * dim));
    const lp_read on_card = {heads,  dim, LEVELS, AGES, level_key.device, age_key.device, item.device, biased ? salience.device : NULL,
                             !biased};
    both scratch = take(lp_cuda_read_scratch(&on_card, batch, max_items, per_table) * sizeof(float));
    check(lp_cuda_read(out.device, weight.device, &on_card, q.device, on_the_card, index.device, level.device, age.device, count.device,
                       batch, max_items, per_table, rows, NULL));
    both importance = floats((size_t)batch), extra_dsalience = floats(items), losses = take((size_t)batch * sizeof(double)),
         loss = take(sizeof(double));
    both entropy = take(sizeof(double)), fade = take(sizeof(float));
    *(double *)loss.host = *(double *)entropy.host = 0.5;
    *(float *)fade.host = 0.5f;
    put(loss), put(entropy), put(fade);
    check(lp_cuda_salience_loss(extra_dsalience.device, loss.device, salience.device, weight.device, index.device, count.device,
                                importance.device, batch, heads, max_items, per_table, rows, !biased, 0.7f, losses.device, NULL));
    check(lp_cuda_read_backward(dq.device, dorder.device, ditem.device, dsalience.device, dlevel_key.device, dage_key.device, dout.device,
                                weight.device, extra_dsalience.device, &on_card, q.device, on_the_card, index.device, level.device,
                                age.device, count.device, batch, max_items, per_table, rows, 0.6f, fade.device, entropy.device,
                                scratch.device, NULL));
    for (int b = 0; b < batch; b++) {
        const size_t table = (size_t)(b / per_table * rows), at = (size_t)(b * heads * dim), from = (size_t)(b * max_items);
        const lp_read r = {heads,
                           dim,
                           LEVELS,
                           AGES,
                           level_key.host,
                           age_key.host,
                           (float *)item.host + table * (size_t)dim,
                           biased ? (float *)salience.host + table : NULL,
                           !biased};
        const int n = ((int32_t *)count.host)[b];
        const float *at_order = on_host ? on_host + b * heads * 2 : NULL;
        lp_k_read((float *)out.host + at, weight.host, &r, (float *)q.host + at, at_order, (int32_t *)index.host + from,
                  (uint8_t *)level.host + from, (uint8_t *)age.host + from, n);
        *(double *)entropy.host += lp_k_read_backward(
            (float *)dq.host + at, (float *)dorder.host + b * heads * 2, (float *)ditem.host + table * (size_t)dim,
            (float *)dsalience.host + table, dlevel_key.host, dage_key.host, (float *)dout.host + at, weight.host, &r, (float *)q.host + at,
            at_order, (int32_t *)index.host + from, (uint8_t *)level.host + from, (uint8_t *)age.host + from, n, 0.3f, on_cpu);
        *(double *)loss.host += lp_k_salience_loss((float *)dsalience.host + table, (float *)salience.host + table, weight.host,
                                                   (int32_t *)index.host + from, n, heads, !biased, ((float *)importance.host)[b], 0.7f);
    }
    double sum;
    check(lp_cuda_to_host(&sum, loss.device, sizeof sum, NULL));
    if (!(fabs(sum - *(double *)loss.host) <= 1e-5 * (1 + fabs(sum)) * batch)) fail_msg("loss %g, not %g", sum, *(double *)loss.host);
    check(lp_cuda_to_host(&sum, entropy.device, sizeof sum, NULL));
    if (!(fabs(sum - *(double *)entropy.host) <= 1e-5 * (1 + fabs(sum)) * batch))
        fail_msg("entropy %g, not %g", sum, *(double *)entropy.host);
    EXPECT(out, dim);
    EXPECT(dq, dim * 4);
    if (ordered) EXPECT(dorder, dim * 4);
    EXPECT(ditem, dim * 4);
    EXPECT(dsalience, dim * 4);
    EXPECT(dlevel_key, dim * 20);
    EXPECT(dage_key, dim * 20);
    free(on_cpu);
    release(NULL);
}

static void test_read(void **state) {
    (void)state;
    for (int i = 0; i < 4; i++) {
        const bool biased = i & 1, ordered = i & 2;
        read_twice(biased, ordered, 2, 1, 1, 1, 1);
        read_twice(biased, ordered, 2, 3, 2, 32, 40);
        read_twice(biased, ordered, 1, 2, 4, 100, 133);
        read_twice(biased, ordered, 1, 2, 4, 64, 136);
        read_twice(biased, ordered, 2, 19, 3, 33, 21);
        read_twice(biased, ordered, 1, 1, 1, 128, 70);
        read_twice(biased, ordered, 1, 2, 2, 8, 600);
    }
}

static void test_sample(void **state) {
    (void)state;
    enum { N = 300, ACTIONS = 7 };
    both logit = floats(N * ACTIONS), action = take(N * sizeof(int32_t)), logp = take(N * sizeof(float));
    both seed = bytes(N * sizeof(uint64_t), 256), count = bytes(N * sizeof(uint64_t), 256);
    check(lp_cuda_sample(action.device, logp.device, logit.device, N, ACTIONS, seed.device, count.device, NULL));
    lp_k_sample(action.host, logp.host, logit.host, N, ACTIONS, seed.host, count.host);
    int32_t got[N];
    check(lp_cuda_to_host(got, action.device, sizeof got, NULL));
    int differ = 0, seen[ACTIONS] = {0};
    for (int r = 0; r < N; r++) differ += got[r] != ((int32_t *)action.host)[r], seen[got[r]]++;
    if (differ > 1) fail_msg("%d of %d draws differ", differ, N); /* one may lie within a rounding of two actions' border */
    for (int a = 0; a < ACTIONS; a++) assert_true(seen[a] > 5);
    if (!differ) EXPECT(logp, 1);
}

static void test_learning(void **state) {
    (void)state;
    enum { ENVS = 5, STEPS = 61, N = ENVS * STEPS, ACTIONS = 5 };
    both reward = floats(N), value = floats(ENVS * (STEPS + 1)), end = bytes(N, 5), advantage = floats(N), target = floats(N);
    both old = floats(N);
    float *told = old.host;
    for (int i = 0; i < N; i++) ((uint8_t *)end.host)[i] = ((uint8_t *)end.host)[i] == 0;
    for (int i = 0; i < N; i++) told[i] = i % 7 ? -1.6f + 0.3f * told[i] : LP_TOLD;
    put(end), put(old);
    check(
        lp_cuda_gae(advantage.device, target.device, reward.device, value.device, end.device, old.device, ENVS, STEPS, 0.99f, 0.95f, NULL));
    for (int e = 0; e < ENVS; e++)
        lp_k_gae((float *)advantage.host + e * STEPS, (float *)target.host + e * STEPS, (float *)reward.host + e * STEPS,
                 (float *)value.host + e * (STEPS + 1), (uint8_t *)end.host + e * STEPS, told + e * STEPS, STEPS, 0.99f, 0.95f);
    EXPECT(advantage, 20);
    EXPECT(target, 20);
    double sum = 0, squares = 0, count = 0;
    float *a = advantage.host;
    for (int i = 0; i < N; i++) count += told[i] != LP_TOLD, sum += told[i] != LP_TOLD ? a[i] : 0;
    for (int i = 0; i < N; i++) squares += told[i] != LP_TOLD ? (a[i] - sum / count) * (a[i] - sum / count) : 0;
    for (int i = 0; i < N; i++)
        if (told[i] != LP_TOLD) a[i] = (float)((a[i] - sum / count) / (sqrt(squares / count) + 1e-8));
    check(lp_cuda_normalise(advantage.device, old.device, N, NULL));
    EXPECT(advantage, 20);
    lp_ppo s = {0.2f, 0.7f, 0.05f, 0.3f, 1.7f};
    const float fade = 0.5f;
    both faded = floats(1);
    *(float *)faded.host = fade;
    both z = floats(N * ACTIONS), v = floats(N), action = take(N * sizeof(int32_t)), dz = floats(N * ACTIONS), dv = floats(N);
    both sums = take(sizeof(lp_ppo_sums)), scratch = take(lp_cuda_ppo_scratch_bytes());
    for (int i = 0; i < N; i++) ((int32_t *)action.host)[i] = (int32_t)lp_rng_below(&rng, ACTIONS);
    put(action), put(sums), put(advantage), put(target), put(faded);
    check(lp_cuda_ppo(dz.device, dv.device, sums.device, z.device, v.device, action.device, old.device, advantage.device, target.device, N,
                      ACTIONS, &s, faded.device, scratch.device, NULL));
    s.clone_weight *= fade;
    lp_k_ppo(dz.host, dv.host, sums.host, z.host, v.host, action.host, old.host, advantage.host, target.host, N, ACTIONS, &s);
    EXPECT(dz, 5);
    EXPECT(dv, 5);
    double got[7], *want = sums.host;
    check(lp_cuda_to_host(got, sums.device, sizeof got, NULL));
    for (int k = 0; k < 7; k++)
        if (!(fabs(got[k] - want[k]) <= 1e-5 * N)) fail_msg("ppo sum %d: %g, CPU %g", k, got[k], want[k]);
}

static void test_adam(void **state) {
    (void)state;
    static const size_t sizes[] = {1, 5003};
    const lp_adam s = {1e-2f, 0.9f, 0.999f, 1e-5f};
    for (int k = 0; k < 2; k++, release(NULL)) {
        size_t n = sizes[k];
        both w = floats(n), m = take(n * sizeof(float)), v = take(n * sizeof(float)), kept = take(lp_cuda_adam_state_bytes());
        lp_cuda_adam_state *a = kept.host;
        a->rate_scale = 0.5f;
        put(m), put(v), put(kept);
        for (int t = 1; t <= 4; t++) {
            both g = floats(n);
            const int bad = t == 3; /* a gradient with an infinity is refused, and changes nothing */
            if (bad) ((float *)g.host)[n / 2] = INFINITY, put(g);
            check(lp_cuda_adam(w.device, m.device, v.device, g.device, n, kept.device, &s, 0.5f, NULL));
            if (bad) continue;
            double norm = sqrt(lp_k_sum_squares(g.host, n));
            lp_adam halved = s;
            halved.rate *= 0.5f;
            lp_k_adam(w.host, m.host, v.host, g.host, n, t > 3 ? t - 1 : t, norm > 0.5 ? (float)(0.5 / norm) : 1.0f, &halved);
            EXPECT(w, 1);
            EXPECT(m, 1);
            EXPECT(v, 1);
        }
        check(lp_cuda_to_host(a, kept.device, sizeof *a, NULL));
        assert_true(a->step == 3 && a->n_refused == 1 && a->finite == 1);
    }
}

/* The benchmark: every twin agrees and has its time, at small sizes. */
static void test_bench(void **state) {
    (void)state;
    lp_bench_cuda_result r;
    lp_err err = {{0}};
    if (lp_bench_cuda(&r, lp_rng_u64(&rng), 0.01, true, &err)) fail_msg("%s", err.message);
    assert_true(r.n_rows > 0 && lp_twin_at(r.n_rows - 1) && !lp_twin_at(r.n_rows));
    assert_true(strlen(r.device) > 5 && r.copy_gb_per_s > 0 && r.matrix_gflops > 0 && r.bf16_gflops > 0);
    for (int k = 0; k < r.n_rows; k++) {
        const lp_bench_cuda_row *row = &r.row[k];
        assert_true(row->n_checked >= 2 && row->error <= 1 && row->us > 0 && row->gb_per_s > 0 && row->of_copy > 0);
    }
}

static int do_nothing(const lp_task *t) {
    (void)t;
    return 0;
}
static void (*right)(const lp_task *t);
static void off_at_the_end(const lp_task *t) {
    right(t);
    ((float *)t->array[0].host)[t->d[0] - 1] += 1e-3f;
}
static void not_a_number(const lp_task *t) {
    right(t);
    ((float *)t->array[0].host)[0] = NAN;
}

/* What does nothing, what is a little off and what is no number must all be told. */
static void test_bench_catches(void **state) {
    (void)state;
    const lp_twin *add = NULL;
    for (int k = 0; k < lp_n_twins_of_layers; k++)
        if (!strcmp(lp_twins_of_layers[k].name, "add")) add = &lp_twins_of_layers[k];
    assert_non_null(add);
    right = add->cpu;
    lp_twin twins[4] = {*add, *add, *add, *add};
    twins[1].card = do_nothing, twins[2].cpu = off_at_the_end, twins[3].cpu = not_a_number;
    for (int k = 0; k < 4; k++) {
        lp_task t = {.blas = blas, .rng = rng};
        lp_err err = {{0}};
        double error = 0;
        lp_status status = lp_task_check(&t, &error, &twins[k], add->checked[1], &err);
        lp_task_close(&t);
        assert_int_equal(status, k ? LP_FAILED : LP_OK);
        if (k) assert_non_null(strstr(err.message, "add 20003"));
    }
}

static int open_card(void **state) {
    (void)state;
    rng = lp_rng_make(test_seed_or(20261123), 0);
    if (lp_k_init(1, NULL)) return -1;
    check(lp_cuda_blas_open(&blas, 0, NULL));
    return 0;
}

static int close_card(void **state) {
    (void)state;
    lp_cuda_blas_close(blas);
    return 0;
}

static void test_no_card(void **state) {
    (void)state;
    print_message("skipped: no GPU here\n");
    skip();
}

int main(void) {
    const struct CMUnitTest none[] = {cmocka_unit_test(test_no_card)};
    if (lp_cuda_missing()) return cmocka_run_group_tests(none, NULL, NULL);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_pointwise, release),
        cmocka_unit_test_teardown(test_squares, release),
        cmocka_unit_test_teardown(test_embed, release),
        cmocka_unit_test_teardown(test_rows, release),
        cmocka_unit_test_teardown(test_graph, release),
        cmocka_unit_test_teardown(test_observe, release),
        cmocka_unit_test_teardown(test_linear, release),
        cmocka_unit_test_teardown(test_linear_few, release),
        cmocka_unit_test_teardown(test_row_alone, release),
        cmocka_unit_test_teardown(test_maps, release),
        cmocka_unit_test_teardown(test_conv, release),
        cmocka_unit_test_teardown(test_read, release),
        cmocka_unit_test_teardown(test_sample, release),
        cmocka_unit_test_teardown(test_learning, release),
        cmocka_unit_test_teardown(test_adam, release),
        cmocka_unit_test(test_bench),
        cmocka_unit_test(test_bench_catches),
    };
    return cmocka_run_group_tests(tests, open_card, close_card);
}
#endif
