/* Twins that a network's layers are made of. Bytes are each input read once and each output written once, in the formulas of
 * kernels.h; sizes that are timed are those of acting and learning with the base network. */
#include "bench/bench_task.h"

#include <string.h>

/* ---- each element by itself: d = n (rows), and what a row is made of ---- */

static void plan_from_bytes(lp_task *t) {
    const size_t n = (size_t)t->d[0];
    lp_task_bytes(t, n, 256), lp_task_out(t, n, 1);
    t->bytes = 5.0 * (double)n;
    LP_SHAPE("%zu", n);
}
static int card_from_bytes(const lp_task *t) { return lp_cuda_from_bytes(LP_D(1), LP_D(0), (size_t)t->d[0], t->stream); }
static void cpu_from_bytes(const lp_task *t) { lp_k_from_bytes(LP_H(1), LP_H(0), (size_t)t->d[0]); }

static void plan_observe(lp_task *t) {
    const int *d = t->d;
    lp_task_bytes(t, (size_t)d[0] * (size_t)(d[1] / 4 * d[2]), 256), lp_task_out(t, (size_t)d[0] * (size_t)(d[3] * d[4]), 1);
    t->bytes = (double)d[0] * (d[1] * d[2] / 4.0 + 4.0 * d[3] * d[4]);
    LP_SHAPE("%d x %dx%d -> %dx%d", d[0], d[1], d[2], d[3], d[4]);
}
static int card_observe(const lp_task *t) {
    return lp_cuda_observe_shades(LP_D(1), LP_D(0), t->d[0], t->d[1], t->d[2], t->d[3], t->d[4], t->stream);
}
static void cpu_observe(const lp_task *t) { lp_k_observe_shades(LP_H(1), LP_H(0), t->d[0], t->d[1], t->d[2], t->d[3], t->d[4]); }

static void plan_relu(lp_task *t) {
    const size_t n = (size_t)t->d[0];
    lp_task_out(t, n, 0);
    t->bytes = 8.0 * (double)n;
    LP_SHAPE("%zu", n);
}
static int card_relu(const lp_task *t) { return lp_cuda_relu(LP_D(0), (size_t)t->d[0], t->stream); }
static void cpu_relu(const lp_task *t) { lp_k_relu(LP_H(0), (size_t)t->d[0]); }

static void plan_relu_backward(lp_task *t) {
    const size_t n = (size_t)t->d[0];
    lp_task_out(t, n, 0), lp_task_in(t, n);
    t->bytes = 12.0 * (double)n;
    LP_SHAPE("%zu", n);
}
static int card_relu_backward(const lp_task *t) { return lp_cuda_relu_backward(LP_D(0), LP_D(1), (size_t)t->d[0], t->stream); }
static void cpu_relu_backward(const lp_task *t) { lp_k_relu_backward(LP_H(0), LP_H(1), (size_t)t->d[0]); }

static void plan_add(lp_task *t) {
    const size_t n = (size_t)t->d[0];
    lp_task_out(t, n, 1), lp_task_in(t, n), lp_task_in(t, n);
    t->bytes = 12.0 * (double)n;
    t->flops = (double)n;
    LP_SHAPE("%zu", n);
}
static int card_add(const lp_task *t) { return lp_cuda_add(LP_D(0), LP_D(1), LP_D(2), (size_t)t->d[0], t->stream); }
static void cpu_add(const lp_task *t) {
    for (int i = 0; i < t->d[0]; i++) LP_F(0)[i] = LP_F(1)[i] + LP_F(2)[i];
}

/* d = n, dim, rows of the table; -1: no row */
static void plan_embed(lp_task *t) {
    const size_t n = (size_t)t->d[0], dim = (size_t)t->d[1], rows = (size_t)t->d[2];
    lp_task_out(t, n * dim, 0), lp_task_in(t, rows * dim), lp_task_ints(t, n, -1, (int)rows + 1, LP_GIVEN);
    t->bytes = 4.0 * (double)(n * dim + rows * dim + n);
    LP_SHAPE("%zu of %zux%zu", n, rows, dim);
}
static int card_embed(const lp_task *t) { return lp_cuda_embed(LP_D(0), LP_D(1), LP_D(2), t->d[0], t->d[1], t->stream); }
static void cpu_embed(const lp_task *t) {
    const int dim = t->d[1], *row = LP_H(2);
    for (int r = 0; r < t->d[0]; r++)
        for (int j = 0; j < dim; j++) LP_F(0)[r * dim + j] = row[r] < 0 ? 0 : LP_F(1)[row[r] * dim + j];
}

static void plan_embed_backward(lp_task *t) {
    const size_t n = (size_t)t->d[0], dim = (size_t)t->d[1], rows = (size_t)t->d[2];
    lp_task_out(t, rows * dim, (double)n), lp_task_in(t, n * dim), lp_task_ints(t, n, -1, (int)rows + 1, LP_GIVEN);
    t->bytes = 4.0 * (double)(n * dim + 2 * rows * dim + n);
    t->flops = (double)(n * rows * dim);
    LP_SHAPE("%zu to %zux%zu", n, rows, dim);
}
static int card_embed_backward(const lp_task *t) {
    return lp_cuda_embed_backward(LP_D(0), LP_D(1), LP_D(2), t->d[0], t->d[2], t->d[1], t->stream);
}
static void cpu_embed_backward(const lp_task *t) {
    const int dim = t->d[1], *row = LP_H(2);
    for (int r = 0; r < t->d[0]; r++)
        for (int j = 0; j < dim && row[r] >= 0; j++) LP_F(0)[row[r] * dim + j] += LP_F(1)[r * dim + j];
}

static void plan_gather(lp_task *t) {
    const size_t n = (size_t)t->d[0], dim = (size_t)t->d[1], rows = (size_t)t->d[2];
    lp_task_out(t, n * dim, 0), lp_task_in(t, rows * dim), lp_task_ints(t, n, 0, (int)rows, LP_GIVEN);
    t->bytes = 8.0 * (double)(n * dim);
    LP_SHAPE("%zu of %zux%zu", n, rows, dim);
}
static int card_gather(const lp_task *t) {
    return lp_cuda_gather(LP_D(0), LP_D(1), LP_D(2), t->d[0], (size_t)t->d[1] * sizeof(float), t->stream);
}
static void cpu_gather(const lp_task *t) {
    const size_t dim = (size_t)t->d[1];
    for (int r = 0; r < t->d[0]; r++)
        memcpy(LP_F(0) + (size_t)r * dim, LP_F(1) + (size_t)((int32_t *)LP_H(2))[r] * dim, dim * sizeof(float));
}

static void plan_scatter(lp_task *t) { /* d = n, dim, slots */
    const size_t n = (size_t)t->d[0], dim = (size_t)t->d[1], slots = (size_t)t->d[2];
    lp_task_out(t, n * slots * dim, 0), lp_task_in(t, n * dim), lp_task_ints(t, n, -1, (int)slots + 1, LP_GIVEN);
    t->bytes = 8.0 * (double)(n * dim);
    LP_SHAPE("%zu to %zux%zu", n, slots, dim);
}
static int card_scatter(const lp_task *t) { return lp_cuda_scatter(LP_D(0), LP_D(1), LP_D(2), t->d[0], t->d[2], t->d[1], t->stream); }
static void cpu_scatter(const lp_task *t) {
    const size_t dim = (size_t)t->d[1], slots = (size_t)t->d[2];
    const int32_t *slot = LP_H(2);
    for (size_t r = 0; r < (size_t)t->d[0]; r++)
        if (slot[r] >= 0) memcpy(LP_F(0) + (r * slots + (size_t)slot[r]) * dim, LP_F(1) + r * dim, dim * sizeof(float));
}

/* ---- linear: d = n, i, o, how (the way back: accumulate) ---- */

static void linear_costs(lp_task *t) {
    const double n = t->d[0], i = t->d[1], o = t->d[2];
    t->bytes = 4 * (n * i + o * i + n * o);
    t->flops = 2 * n * i * o;
    LP_SHAPE("%dx%d -> %d", t->d[0], t->d[1], t->d[2]);
}

static void plan_linear(lp_task *t) {
    const size_t n = (size_t)t->d[0], i = (size_t)t->d[1], o = (size_t)t->d[2];
    lp_task_out(t, n * o, (double)i), lp_task_in(t, n * i), lp_task_in(t, o * i), lp_task_in(t, o);
    linear_costs(t);
}
static int card_linear(const lp_task *t) {
    return lp_cuda_linear(t->blas, LP_D(0), LP_D(1), LP_D(2), LP_D(3), t->d[0], t->d[1], t->d[2], t->d[3]);
}
static void cpu_linear(const lp_task *t) {
    lp_k_linear(LP_H(0), LP_H(1), LP_H(2), LP_H(3), t->d[0], t->d[1], t->d[2], t->d[3] & LP_CUDA_ADD);
    if (t->d[3] & LP_CUDA_RELU) lp_k_relu(LP_H(0), (size_t)t->d[0] * (size_t)t->d[2]);
}

static void plan_linear_weight(lp_task *t) {
    const size_t n = (size_t)t->d[0], i = (size_t)t->d[1], o = (size_t)t->d[2];
    lp_task_out(t, o * i, (double)n), lp_task_out(t, o, (double)n), lp_task_in(t, n * o), lp_task_in(t, n * i);
    linear_costs(t);
}
static int card_linear_weight(const lp_task *t) {
    return lp_cuda_linear_backward_weight(t->blas, LP_D(0), LP_D(1), LP_D(2), LP_D(3), t->d[0], t->d[1], t->d[2]);
}
static void cpu_linear_weight(const lp_task *t) {
    lp_k_linear_backward_weight(LP_H(0), LP_H(1), LP_H(2), LP_H(3), t->d[0], t->d[1], t->d[2]);
}

static void plan_linear_input(lp_task *t) {
    const size_t n = (size_t)t->d[0], i = (size_t)t->d[1], o = (size_t)t->d[2];
    lp_task_out(t, n * i, (double)o), lp_task_in(t, n * o), lp_task_in(t, o * i);
    linear_costs(t);
}
static int card_linear_input(const lp_task *t) {
    return lp_cuda_linear_backward_input(t->blas, LP_D(0), LP_D(1), LP_D(2), t->d[0], t->d[1], t->d[2], t->d[3]);
}
static void cpu_linear_input(const lp_task *t) {
    lp_k_linear_backward_input(LP_H(0), LP_H(1), LP_H(2), t->d[0], t->d[1], t->d[2], t->d[3]);
}

/* ---- convolutions: d = n, and an lp_conv but for its oc's place: h, w, c, oc, kind. kind 0: 8x8 at every fourth, 1: 4x4 at every second ---- */

static lp_conv conv_of(const lp_task *t) { return (lp_conv){t->d[1], t->d[2], t->d[3], t->d[5] ? 4 : 8, t->d[5] ? 2 : 4, t->d[4]}; }

/* Images that go through scratch at once. */
static int at_once(const lp_task *t) { return t->d[0] < 64 ? (t->d[0] + 1) / 2 : 64; }

static void conv_arrays(lp_task *t, bool back) {
    const lp_conv s = conv_of(t);
    const size_t n = (size_t)t->d[0], x = n * (size_t)(s.h * s.w * s.c), y = n * (size_t)(lp_conv_oh(&s) * lp_conv_ow(&s) * s.oc);
    const size_t w = (size_t)(s.oc * s.k * s.k * s.c), scratch = lp_cuda_conv_scratch(&s, at_once(t)) + lp_k_conv_scratch(&s);
    const double taps = s.k * s.k * s.c, rows = (double)y / s.oc;
    if (back)
        lp_task_out(t, x, taps), lp_task_out(t, w, rows), lp_task_out(t, (size_t)s.oc, rows), lp_task_in(t, y), lp_task_in(t, x),
            lp_task_in(t, w);
    else lp_task_out(t, y, taps), lp_task_in(t, x), lp_task_in(t, w), lp_task_in(t, (size_t)s.oc);
    lp_task_in(t, scratch);
    t->bytes = 4 * (back ? 2.0 * (double)x + 3.0 * (double)w + (double)y : (double)(x + y + w));
    t->flops = (back ? 4 : 2) * (double)y * taps;
    LP_SHAPE("%d x %dx%dx%d -> %d", t->d[0], s.w, s.h, s.c, s.oc);
}

static void plan_conv(lp_task *t) { conv_arrays(t, false); }
static int card_conv(const lp_task *t) {
    const lp_conv s = conv_of(t);
    return lp_cuda_conv(t->blas, LP_D(0), LP_D(1), LP_D(2), LP_D(3), t->d[0], &s, LP_D(4), at_once(t), 1);
}
static void cpu_conv(const lp_task *t) {
    const lp_conv s = conv_of(t);
    lp_k_conv(LP_H(0), LP_H(1), LP_H(2), LP_H(3), t->d[0], &s, LP_H(4));
    lp_k_relu(LP_H(0), t->array[0].size_bytes / sizeof(float));
}

static void plan_conv_backward(lp_task *t) { conv_arrays(t, true); }
static int card_conv_backward(const lp_task *t) {
    const lp_conv s = conv_of(t);
    return lp_cuda_conv_backward(t->blas, LP_D(0), LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), t->d[0], &s, LP_D(6), at_once(t));
}
static void cpu_conv_backward(const lp_task *t) {
    const lp_conv s = conv_of(t);
    lp_k_conv_backward(LP_H(0), LP_H(1), LP_H(2), LP_H(3), LP_H(4), LP_H(5), t->d[0], &s, LP_H(6));
}

/* ---- the table ---- */

// clang-format off
#define CONV1(n) {n, 72, 80, 1, 64, 0}
#define CONV2(n) {n, 17, 19, 64, 128, 1}
#define ODD_LINEAR {{5, 33, 17, 3}, {1, 130, 7, 1}, {16, 64, 9, 2}, {77, 129, 30, 3}}
#define ODD_CONV {{3, 20, 17, 1, 6, 0}, {2, 11, 9, 3, 5, 1}, {1, 8, 8, 2, 16, 0}}

const lp_twin lp_twins_of_layers[] = {
    {"from bytes", 0, plan_from_bytes, card_from_bytes, cpu_from_bytes, NULL, {4096 * 5760}, {{1}, {20003}}},
    {"observe shades", 0, plan_observe, card_observe, cpu_observe, NULL, {4096, 160, 144, 80, 72}, {{2, 160, 144, 84, 84}, {3, 12, 7, 5, 3}, {1, 8, 8, 1, 1}}},
    {"relu", 0, plan_relu, card_relu, cpu_relu, NULL, {4096 * 7168}, {{1}, {20003}}},
    {"relu backward", 0, plan_relu_backward, card_relu_backward, cpu_relu_backward, NULL, {4096 * 7168}, {{1}, {20003}}},
    {"add", 0, plan_add, card_add, cpu_add, NULL, {4096 * 7168}, {{1}, {20003}}},
    {"embed", 0, plan_embed, card_embed, cpu_embed, NULL, {8192, 1024, 9}, {{77, 19, 5}, {1, 1, 1}}},
    {"embed backward", 0, plan_embed_backward, card_embed_backward, cpu_embed_backward, NULL, {8192, 1024, 9}, {{77, 19, 5}, {1, 1, 1}}},
    {"gather", 0, plan_gather, card_gather, cpu_gather, NULL, {8192, 1024, 8192}, {{9, 7, 13}, {1, 1, 1}}},
    {"scatter", 0, plan_scatter, card_scatter, cpu_scatter, NULL, {4096, 64, 139}, {{9, 7, 5}, {1, 1, 1}}},
    {"linear", 0, plan_linear, card_linear, cpu_linear, NULL, {1, 7168, 1024, 2}, ODD_LINEAR},
    {"linear", 0, plan_linear, card_linear, cpu_linear, NULL, {1, 1024, 1024, 3}, ODD_LINEAR},
    {"linear", 0, plan_linear, card_linear, cpu_linear, NULL, {16, 7168, 1024, 2}, ODD_LINEAR},
    {"linear", 0, plan_linear, card_linear, cpu_linear, NULL, {64, 7168, 1024, 2}, ODD_LINEAR},
    {"linear", 0, plan_linear, card_linear, cpu_linear, NULL, {2048, 7168, 1024, 2}, ODD_LINEAR},
    {"linear, bf16", 1, plan_linear, card_linear, cpu_linear, NULL, {64, 7168, 1024, 2}, ODD_LINEAR},
    {"linear, bf16", 1, plan_linear, card_linear, cpu_linear, NULL, {2048, 7168, 1024, 2}, ODD_LINEAR},
    {"linear weight", 0, plan_linear_weight, card_linear_weight, cpu_linear_weight, NULL, {2048, 7168, 1024}, ODD_LINEAR},
    {"linear weight, bf16", 1, plan_linear_weight, card_linear_weight, cpu_linear_weight, NULL, {2048, 7168, 1024}, ODD_LINEAR},
    {"linear input", 0, plan_linear_input, card_linear_input, cpu_linear_input, NULL, {2048, 7168, 1024, 0}, {{5, 33, 17, 1}, {77, 129, 30, 0}}},
    {"linear input, bf16", 1, plan_linear_input, card_linear_input, cpu_linear_input, NULL, {2048, 7168, 1024, 0}, {{5, 33, 17, 1}, {77, 129, 30, 0}}},
    {"conv", 0, plan_conv, card_conv, cpu_conv, NULL, CONV1(1), ODD_CONV},
    {"conv", 0, plan_conv, card_conv, cpu_conv, NULL, CONV1(64), ODD_CONV},
    {"conv", 0, plan_conv, card_conv, cpu_conv, NULL, CONV1(1024), ODD_CONV},
    {"conv", 0, plan_conv, card_conv, cpu_conv, NULL, CONV2(1), ODD_CONV},
    {"conv", 0, plan_conv, card_conv, cpu_conv, NULL, CONV2(64), ODD_CONV},
    {"conv", 0, plan_conv, card_conv, cpu_conv, NULL, CONV2(1024), ODD_CONV},
    {"conv, bf16", 1, plan_conv, card_conv, cpu_conv, NULL, CONV2(1024), ODD_CONV},
    {"conv backward", 0, plan_conv_backward, card_conv_backward, cpu_conv_backward, NULL, CONV1(512), ODD_CONV},
    {"conv backward", 0, plan_conv_backward, card_conv_backward, cpu_conv_backward, NULL, CONV2(512), ODD_CONV},
    {"conv backward, bf16", 1, plan_conv_backward, card_conv_backward, cpu_conv_backward, NULL, CONV2(512), ODD_CONV},
};
// clang-format on
const int lp_n_twins_of_layers = sizeof lp_twins_of_layers / sizeof *lp_twins_of_layers;
