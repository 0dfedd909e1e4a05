/* Twins of the recurrent cores. d = segments, steps, hidden, and 1 where no episode ends, which a call is told by NULL; bytes and flops as
 * kernels.h has them. */
#include "bench/bench_task.h"

enum { END = 0 }; /* the first array of each: [segments][steps] */

static size_t segments(const lp_task *t) { return (size_t)t->d[0]; }
static size_t rows(const lp_task *t) { return (size_t)t->d[0] * (size_t)t->d[1]; }
static size_t hidden(const lp_task *t) { return (size_t)t->d[2]; }
static const uint8_t *end_here(const lp_task *t) { return t->d[3] ? NULL : LP_H(END); }
static const uint8_t *end_there(const lp_task *t) { return t->d[3] ? NULL : LP_D(END); }

static void plan(lp_task *t) {
    lp_task_ends(t, rows(t));
    LP_SHAPE("%d x %d, hidden %d", t->d[0], t->d[1], t->d[2]);
}
/* Numbers of mean `mean`: gates, or weights that make no state grow from step to step. */
static void inputs_about(lp_task *t, size_t n, float mean, float scale) {
    float *x = lp_task_in(t, n);
    for (size_t i = 0; i < n && x; i++) x[i] = mean + scale * x[i];
}

static void plan_gru(lp_task *t) { /* 1 h, 2 gate, 3 u, 4 prev, 5 x, 6 w, 7 b, 8 state */
    const size_t n = rows(t), h = hidden(t);
    const double sums = (double)h;
    plan(t);
    lp_task_out(t, n * h, sums), lp_task_out(t, n * 3 * h, sums), lp_task_out(t, n * 3 * h, sums), lp_task_out(t, n * h, sums);
    lp_task_in(t, n * 3 * h), inputs_about(t, 3 * h * h, 0, 1 / (float)h), lp_task_in(t, 3 * h), lp_task_in(t, segments(t) * h);
    t->bytes = 4.0 * (double)h * (11.0 * (double)n + 3.0 * (double)h);
    t->flops = 6.0 * (double)n * (double)h * (double)h;
}
static int card_gru(const lp_task *t) {
    return lp_cuda_gru(t->blas, LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), LP_D(6), LP_D(7), LP_D(8), end_there(t), t->d[0], t->d[1],
                       t->d[2]);
}
static void cpu_gru(const lp_task *t) {
    lp_k_gru(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), LP_F(6), LP_F(7), LP_F(8), end_here(t), t->d[0], t->d[1], t->d[2]);
}

static void plan_gru_backward(lp_task *t) { /* 1 dx, 2 du, 3 carry, 4 dh, 5 gate, 6 u, 7 prev, 8 w */
    const size_t n = rows(t), h = hidden(t);
    plan(t);
    lp_task_out(t, n * 3 * h, (double)h), lp_task_out(t, n * 3 * h, (double)h), lp_task_in(t, segments(t) * h);
    lp_task_in(t, n * h), inputs_about(t, n * 3 * h, 0.5f, 0.2f), lp_task_in(t, n * 3 * h), lp_task_in(t, n * h);
    inputs_about(t, 3 * h * h, 0, 1 / (float)h);
    t->bytes = 4.0 * (double)h * (14.0 * (double)n + 3.0 * (double)h);
    t->flops = 6.0 * (double)n * (double)h * (double)h;
}
static int card_gru_backward(const lp_task *t) {
    return lp_cuda_gru_backward(t->blas, LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), LP_D(6), LP_D(7), LP_D(8), end_there(t), t->d[0],
                                t->d[1], t->d[2]);
}
static void cpu_gru_backward(const lp_task *t) {
    lp_k_gru_backward(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), LP_F(6), LP_F(7), LP_F(8), end_here(t), t->d[0], t->d[1], t->d[2]);
}

static void plan_mingru(lp_task *t) { /* 1 h, 2 gate, 3 prev, 4 x, 5 state */
    const size_t n = rows(t), h = hidden(t);
    plan(t);
    lp_task_out(t, n * h, 4), lp_task_out(t, n * h, 4), lp_task_out(t, n * h, 4), lp_task_in(t, n * 2 * h), lp_task_in(t, segments(t) * h);
    t->bytes = 4.0 * 5 * (double)(n * h);
}
static int card_mingru(const lp_task *t) {
    return lp_cuda_mingru(LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), end_there(t), t->d[0], t->d[1], t->d[2], t->stream);
}
static void cpu_mingru(const lp_task *t) {
    lp_k_mingru(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), end_here(t), t->d[0], t->d[1], t->d[2]);
}

static void plan_mingru_backward(lp_task *t) { /* 1 dx, 2 the CPU's carry, 3 dh, 4 gate, 5 x, 6 prev */
    const size_t n = rows(t), h = hidden(t);
    plan(t);
    lp_task_out(t, n * 2 * h, 8), lp_task_in(t, segments(t) * h), lp_task_in(t, n * h), inputs_about(t, n * h, 0.5f, 0.2f),
        lp_task_in(t, n * 2 * h), lp_task_in(t, n * h);
    t->bytes = 4.0 * 7 * (double)(n * h);
}
static int card_mingru_backward(const lp_task *t) {
    return lp_cuda_mingru_backward(LP_D(1), LP_D(3), LP_D(4), LP_D(5), LP_D(6), end_there(t), t->d[0], t->d[1], t->d[2], t->stream);
}
static void cpu_mingru_backward(const lp_task *t) {
    lp_k_mingru_backward(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), LP_F(6), end_here(t), t->d[0], t->d[1], t->d[2]);
}

#define ODD                                                                                                                                \
    {                                                                                                                                      \
        {3, 6, 21}, {1, 1, 1, 1}, {2, 3, 64, 1}, { 4, 1, 5 }                                                                               \
    }

// clang-format off
const lp_twin lp_twins_of_cores[] = {
    {"gru", 0, plan_gru, card_gru, cpu_gru, NULL, {64, 4, 1024}, ODD},
    {"gru backward", 0, plan_gru_backward, card_gru_backward, cpu_gru_backward, NULL, {64, 4, 1024}, ODD},
    {"mingru", 0, plan_mingru, card_mingru, cpu_mingru, NULL, {64, 64, 1024}, ODD},
    {"mingru backward", 0, plan_mingru_backward, card_mingru_backward, cpu_mingru_backward, NULL, {64, 64, 1024}, ODD},
};
// clang-format on
const int lp_n_twins_of_cores = sizeof lp_twins_of_cores / sizeof *lp_twins_of_cores;
