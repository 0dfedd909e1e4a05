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

static void plan_lstm(lp_task *t) { /* 1 y, 2 next, 3 gate, 4 last, 5 prev, 6 w, 7 state */
    const size_t n = rows(t), h = hidden(t);
    const double sums = (double)h;
    plan(t);
    lp_task_out(t, n * h, sums), lp_task_out(t, n * 2 * h, sums), lp_task_out(t, n * 4 * h, sums), lp_task_out(t, n * h, sums),
        lp_task_out(t, n * 2 * h, sums);
    inputs_about(t, 4 * h * h, 0, 1 / (float)h), lp_task_in(t, segments(t) * 2 * h);
    t->bytes = 4.0 * (double)h * (14.0 * (double)n + 4.0 * (double)h);
    t->flops = 8.0 * (double)n * (double)h * (double)h;
}
static int card_lstm(const lp_task *t) {
    return lp_cuda_lstm(t->blas, LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), LP_D(6), LP_D(7), end_there(t), t->d[0], t->d[1], t->d[2]);
}
static void cpu_lstm(const lp_task *t) {
    lp_k_lstm(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), LP_F(6), LP_F(7), end_here(t), t->d[0], t->d[1], t->d[2]);
}

static void plan_lstm_backward(lp_task *t) { /* 1 dx, 2 carry, 3 dy, 4 gate, 5 next, 6 prev, 7 w */
    const size_t n = rows(t), h = hidden(t);
    plan(t);
    lp_task_out(t, n * 4 * h, (double)h), lp_task_in(t, segments(t) * 2 * h), lp_task_in(t, n * h);
    inputs_about(t, n * 4 * h, 0.5f, 0.2f), lp_task_in(t, n * 2 * h), lp_task_in(t, n * 2 * h);
    inputs_about(t, 4 * h * h, 0, 1 / (float)h);
    t->bytes = 4.0 * (double)h * (13.0 * (double)n + 4.0 * (double)h);
    t->flops = 8.0 * (double)n * (double)h * (double)h;
}
static int card_lstm_backward(const lp_task *t) {
    return lp_cuda_lstm_backward(t->blas, LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), LP_D(6), LP_D(7), end_there(t), t->d[0], t->d[1],
                                 t->d[2]);
}
static void cpu_lstm_backward(const lp_task *t) {
    lp_k_lstm_backward(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), LP_F(6), LP_F(7), end_here(t), t->d[0], t->d[1], t->d[2]);
}

/* nu, theta, gamma_log as they are at first, or thereabouts. */
static void add_lambda(lp_task *t) {
    float *lambda = lp_task_in(t, 3 * hidden(t));
    for (size_t j = 0; j < 3 * hidden(t) && lambda; j++) lambda[j] = (j < hidden(t) ? -3 : j < 2 * hidden(t) ? -2 : -1) + 0.5f * lambda[j];
}

static void plan_lru(lp_task *t) { /* 1 next, 2 prev, 3 x, 4 lambda, 5 state */
    const size_t n = rows(t), h = hidden(t);
    plan(t);
    lp_task_out(t, n * 2 * h, 20), lp_task_out(t, n * 2 * h, 20), lp_task_in(t, n * 2 * h), add_lambda(t),
        lp_task_in(t, segments(t) * 2 * h);
    t->bytes = 24.0 * (double)(n * h), t->flops = 12.0 * (double)(n * h);
}
static int card_lru(const lp_task *t) {
    return lp_cuda_lru(LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), end_there(t), t->d[0], t->d[1], t->d[2], t->stream);
}
static void cpu_lru(const lp_task *t) { lp_k_lru(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), end_here(t), t->d[0], t->d[1], t->d[2]); }

static void plan_lru_backward(lp_task *t) { /* 1 dx, 2 dlambda, 3 dnext, 4 x, 5 prev, 6 lambda */
    const size_t n = rows(t), h = hidden(t);
    plan(t);
    lp_task_out(t, n * 2 * h, 40), lp_task_out(t, 3 * h, 40.0 * (double)n);
    lp_task_in(t, n * 2 * h), lp_task_in(t, n * 2 * h), lp_task_in(t, n * 2 * h), add_lambda(t);
    t->bytes = 32.0 * (double)(n * h), t->flops = 36.0 * (double)(n * h);
}
static int card_lru_backward(const lp_task *t) {
    return lp_cuda_lru_backward(LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), LP_D(6), end_there(t), t->d[0], t->d[1], t->d[2], t->stream);
}
static void cpu_lru_backward(const lp_task *t) {
    lp_k_lru_backward(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), LP_F(6), end_here(t), t->d[0], t->d[1], t->d[2]);
}

/* d[2] counts heads. */
static size_t delta_y(const lp_task *t) { return rows(t) * hidden(t) * LP_DELTA_DIM; }
static size_t delta_x(const lp_task *t) { return rows(t) * (size_t)lp_delta_wide(t->d[2]); }

static void plan_delta(lp_task *t) { /* 1 y, 2 next, 3 prev, 4 x, 5 state */
    const size_t square = LP_DELTA_DIM * LP_DELTA_DIM, s = rows(t) * hidden(t) * square;
    plan(t);
    LP_SHAPE("%d x %d, %d heads", t->d[0], t->d[1], t->d[2]);
    lp_task_out(t, delta_y(t), 40), lp_task_out(t, s, 40), lp_task_out(t, s, 40), lp_task_in(t, delta_x(t)),
        lp_task_in(t, segments(t) * hidden(t) * square);
    t->bytes = 4.0 * (double)(2 * s + delta_x(t) + delta_y(t)), t->flops = 6.0 * (double)s;
}
static int card_delta(const lp_task *t) {
    return lp_cuda_delta(LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), end_there(t), t->d[0], t->d[1], t->d[2], t->stream);
}
static void cpu_delta(const lp_task *t) { lp_k_delta(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), end_here(t), t->d[0], t->d[1], t->d[2]); }

static void plan_delta_backward(lp_task *t) { /* 1 dx, 2 the CPU's carry, 3 dy, 4 x, 5 prev */
    const size_t square = LP_DELTA_DIM * LP_DELTA_DIM, s = rows(t) * hidden(t) * square;
    plan(t);
    LP_SHAPE("%d x %d, %d heads", t->d[0], t->d[1], t->d[2]);
    lp_task_out(t, delta_x(t), 200), lp_task_in(t, segments(t) * hidden(t) * square), lp_task_in(t, delta_y(t)), lp_task_in(t, delta_x(t)),
        lp_task_in(t, s);
    t->bytes = 4.0 * (double)(s + 2 * delta_x(t) + delta_y(t)), t->flops = 16.0 * (double)s;
}
static int card_delta_backward(const lp_task *t) {
    return lp_cuda_delta_backward(LP_D(1), LP_D(3), LP_D(4), LP_D(5), end_there(t), t->d[0], t->d[1], t->d[2], t->stream);
}
static void cpu_delta_backward(const lp_task *t) {
    lp_k_delta_backward(LP_F(1), LP_F(2), LP_F(3), LP_F(4), LP_F(5), end_here(t), t->d[0], t->d[1], t->d[2]);
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
    {"lstm", 0, plan_lstm, card_lstm, cpu_lstm, NULL, {64, 4, 1024}, ODD},
    {"lstm backward", 0, plan_lstm_backward, card_lstm_backward, cpu_lstm_backward, NULL, {64, 4, 1024}, ODD},
    {"lru", 0, plan_lru, card_lru, cpu_lru, NULL, {64, 64, 1024}, ODD},
    {"lru backward", 0, plan_lru_backward, card_lru_backward, cpu_lru_backward, NULL, {64, 64, 1024}, ODD},
    {"delta", 0, plan_delta, card_delta, cpu_delta, NULL, {64, 16, 64}, ODD},
    {"delta backward", 0, plan_delta_backward, card_delta_backward, cpu_delta_backward, NULL, {64, 16, 64}, ODD},
};
// clang-format on
const int lp_n_twins_of_cores = sizeof lp_twins_of_cores / sizeof *lp_twins_of_cores;
