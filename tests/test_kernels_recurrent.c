/* Every recurrent core over whole segments, with ends in the middle: forward against its formulas in double precision, the way back
 * against central differences of those, from every step to every input and weight; a step after an end is a first step, to the bit.
 * The seed is printed; LONGPLAY_TEST_SEED gives another. */
#include "base/rng.h"
#include "kernels/kernels.h"
#include "tests/seed.h"

#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static lp_rng rng;

enum { MOST = 32768, MOST_STATE = 8192 };

/* What goes in and what comes out of one core; not all have all of it. Rows are [segment][step]. */
typedef struct {
    int segments, steps, hidden;
    const uint8_t *end;
    float x[MOST], w[MOST], b[MOST_STATE], state[MOST_STATE], dy[MOST];
    float y[MOST], next[MOST], prev[MOST], u[MOST], gate[MOST], last[MOST];
    float dx[MOST], dw[MOST], db[MOST_STATE], du[MOST], carry[MOST_STATE];
} room;

typedef struct {
    const char *name;
    /* floats of a row: what goes in, the state, what comes out; of the weights and biases; all for a number of hidden units */
    int (*x)(int), (*state)(int), (*y)(int), (*w)(int), (*b)(int);
    void (*forward)(room *r);
    void (*backward)(room *r);
    /* one step in double precision: state [state] comes in and goes out; y [y] */
    void (*step)(double *y, double *state, const float *x, const room *r);
} core;

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static int none(int h) { return 0 * h; }
static int one(int h) { return h; }
static int two(int h) { return 2 * h; }
static int three(int h) { return 3 * h; }
static int four(int h) { return 4 * h; }
static int three_squares(int h) { return 3 * h * h; }
static int four_squares(int h) { return 4 * h * h; }

/* ---- gru ---- */

static void gru_forward(room *r) {
    lp_k_gru(r->next, r->gate, r->u, r->prev, r->x, r->w, r->b, r->state, r->end, r->segments, r->steps, r->hidden);
    memcpy(r->y, r->next, sizeof r->y);
}
static void gru_backward(room *r) {
    lp_k_gru_backward(r->dx, r->du, r->carry, r->dy, r->gate, r->u, r->prev, r->w, r->end, r->segments, r->steps, r->hidden);
    lp_k_linear_backward_weight(r->dw, r->db, r->du, r->prev, r->segments * r->steps, r->hidden, 3 * r->hidden);
}
static void gru_step(double *y, double *state, const float *x, const room *r) {
    const int h = r->hidden;
    double u[64];
    for (int i = 0; i < 3 * h; i++) {
        u[i] = r->b[i];
        for (int j = 0; j < h; j++) u[i] += r->w[i * h + j] * state[j];
    }
    for (int j = 0; j < h; j++) {
        double z = sigmoid(x[h + j] + u[h + j]), c = tanh(x[2 * h + j] + sigmoid(x[j] + u[j]) * u[2 * h + j]);
        y[j] = z * state[j] + (1 - z) * c;
    }
    for (int j = 0; j < h; j++) state[j] = y[j];
}

/* ---- mingru ---- */

static void mingru_forward(room *r) {
    lp_k_mingru(r->next, r->gate, r->prev, r->x, r->state, r->end, r->segments, r->steps, r->hidden);
    memcpy(r->y, r->next, sizeof r->y);
}
static void mingru_backward(room *r) {
    lp_k_mingru_backward(r->dx, r->carry, r->dy, r->gate, r->x, r->prev, r->end, r->segments, r->steps, r->hidden);
}
static void mingru_step(double *y, double *state, const float *x, const room *r) {
    for (int j = 0; j < r->hidden; j++) {
        double z = sigmoid(x[j]);
        y[j] = state[j] = z * state[j] + (1 - z) * x[r->hidden + j];
    }
}

/* ---- lstm ---- */

static void lstm_forward(room *r) {
    memcpy(r->gate, r->x, sizeof r->gate);
    lp_k_lstm(r->y, r->next, r->gate, r->last, r->prev, r->w, r->state, r->end, r->segments, r->steps, r->hidden);
}
static void lstm_backward(room *r) {
    lp_k_lstm_backward(r->dx, r->carry, r->dy, r->gate, r->next, r->prev, r->w, r->end, r->segments, r->steps, r->hidden);
    lp_k_linear_backward_weight(r->dw, NULL, r->dx, r->last, r->segments * r->steps, r->hidden, 4 * r->hidden);
}
static void lstm_step(double *y, double *state, const float *x, const room *r) {
    const int h = r->hidden;
    double u[64];
    for (int i = 0; i < 4 * h; i++) {
        u[i] = x[i];
        for (int j = 0; j < h; j++) u[i] += r->w[i * h + j] * state[j];
    }
    for (int j = 0; j < h; j++) {
        state[h + j] = sigmoid(u[h + j]) * state[h + j] + sigmoid(u[j]) * tanh(u[2 * h + j]);
        y[j] = sigmoid(u[3 * h + j]) * tanh(state[h + j]);
    }
    for (int j = 0; j < h; j++) state[j] = y[j];
}

/* ---- lru: what it gives is its state, real parts and imaginary ones; w is lambda ---- */

static void lru_forward(room *r) {
    lp_k_lru(r->next, r->prev, r->x, r->w, r->state, r->end, r->segments, r->steps, r->hidden);
    memcpy(r->y, r->next, sizeof r->y);
}
static void lru_backward(room *r) { lp_k_lru_backward(r->dx, r->dw, r->dy, r->x, r->prev, r->w, r->end, r->segments, r->steps, r->hidden); }
static void lru_step(double *y, double *state, const float *x, const room *r) {
    const int h = r->hidden;
    for (int j = 0; j < h; j++) {
        const double complex lambda = cexp(-exp(r->w[j]) + I * exp(r->w[h + j]));
        const double complex next = lambda * (state[j] + I * state[h + j]) + exp(r->w[2 * h + j]) * (x[j] + I * x[h + j]);
        y[j] = state[j] = creal(next), y[h + j] = state[h + j] = cimag(next);
    }
}

/* ---- delta: its "hidden" are its heads ---- */

enum { D = LP_DELTA_DIM };
static int delta_square(int heads) { return heads * D * D; }
static int delta_y(int heads) { return heads * D; }
static void delta_forward(room *r) { lp_k_delta(r->y, r->next, r->prev, r->x, r->state, r->end, r->segments, r->steps, r->hidden); }
static void delta_backward(room *r) {
    lp_k_delta_backward(r->dx, r->carry, r->dy, r->x, r->prev, r->end, r->segments, r->steps, r->hidden);
}
static void delta_step(double *y, double *state, const float *x, const room *r) {
    const int heads = r->hidden;
    for (int h = 0; h < heads; h++) {
        const float *k = x + h * D, *v = x + (heads + h) * D, *q = x + (2 * heads + h) * D;
        double *s = state + h * D * D, k2 = (double)LP_DELTA_TINY, q2 = (double)LP_DELTA_TINY, beta = sigmoid(x[3 * heads * D + h]);
        for (int j = 0; j < D; j++) k2 += (double)k[j] * k[j], q2 += (double)q[j] * q[j];
        for (int i = 0; i < D; i++) {
            double held = 0, read = 0;
            for (int j = 0; j < D; j++) held += s[i * D + j] * k[j] / sqrt(k2);
            for (int j = 0; j < D; j++) {
                s[i * D + j] += beta * (v[i] - held) * k[j] / sqrt(k2);
                read += s[i * D + j] * q[j] / sqrt(q2);
            }
            y[h * D + i] = read;
        }
    }
}

static const core cores[] = {
    {"gru", three, one, one, three_squares, three, gru_forward, gru_backward, gru_step},
    {"mingru", two, one, one, none, none, mingru_forward, mingru_backward, mingru_step},
    {"lstm", four, two, one, four_squares, none, lstm_forward, lstm_backward, lstm_step},
    {"lru", two, two, two, three, none, lru_forward, lru_backward, lru_step},
    {"delta", lp_delta_wide, delta_square, delta_y, none, none, delta_forward, delta_backward, delta_step},
};
enum { CORES = sizeof cores / sizeof *cores };

/* ---- what holds for all ---- */

static void draw(float *x, int n, float scale) {
    assert_in_range(n, 0, MOST);
    for (int i = 0; i < n; i++) x[i] = scale * lp_rng_normal(&rng);
}

static room *make(const core *c, int segments, int steps, int hidden, const uint8_t *end) {
    room *r = calloc(1, sizeof *r);
    const int rows = segments * steps;
    *r = (room){.segments = segments, .steps = steps, .hidden = hidden, .end = end};
    draw(r->x, rows * c->x(hidden), 1), draw(r->w, c->w(hidden), 0.5f), draw(r->b, c->b(hidden), 0.5f);
    draw(r->state, segments * c->state(hidden), 0.5f), draw(r->dy, rows * c->y(hidden), 1);
    memset(r->carry, 0x7f, sizeof r->carry); /* scratch may hold anything */
    return r;
}

/* The sum of dy y by the reference; y and states too, where asked for. */
static double reference(const core *c, const room *r, double *y, double *next) {
    const int n_state = c->state(r->hidden), n_y = c->y(r->hidden), n_x = c->x(r->hidden);
    double state[MOST_STATE], out[MOST_STATE], sum = 0;
    for (int row = 0; row < r->segments * r->steps; row++) {
        const bool first = row % r->steps == 0;
        for (int i = 0; i < n_state && first; i++) state[i] = r->state[row / r->steps * n_state + i];
        for (int i = 0; i < n_state && !first && r->end && r->end[row - 1]; i++) state[i] = 0;
        c->step(out, state, r->x + row * n_x, r);
        for (int i = 0; i < n_y; i++) sum += r->dy[row * n_y + i] * out[i];
        if (y) memcpy(y + row * n_y, out, (size_t)n_y * sizeof *y);
        if (next) memcpy(next + row * n_state, state, (size_t)n_state * sizeof *next);
    }
    return sum;
}

static void same(const char *name, const char *what, const float *got, const double *want, int n) {
    for (int i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= 1e-5 * (4 + fabs(want[i]))))
            fail_msg("%s, %s %d: %.8g, expected %.8g", name, what, i, got[i], want[i]);
}

/* gradient of the reference by each of x's n numbers */
static void slopes(const core *c, room *r, const char *what, float *x, const float *gradient, int n) {
    for (int i = 0; i < n; i++) {
        const float keep = x[i], up = keep + 1.0f / 256, down = keep - 1.0f / 256;
        x[i] = up;
        double above = reference(c, r, NULL, NULL);
        x[i] = down;
        double below = reference(c, r, NULL, NULL);
        x[i] = keep;
        double want = (above - below) / ((double)up - down);
        if (!(fabs(gradient[i] - want) <= 1e-3 * (1 + fabs(want))))
            fail_msg("%s, gradient of %s %d: %g, expected %g", c->name, what, i, gradient[i], want);
    }
}

static const struct { int segments, steps, hidden; } shapes[] = {{0, 1, 3}, {1, 1, 1}, {5, 1, 4}, {1, 9, 5}, {3, 6, 3}};

static void test_formulas(void **state) {
    (void)state;
    static double y[MOST], next[MOST];
    for (const core *c = cores; c < cores + CORES; c++)
        for (size_t k = 0; k < 2 * sizeof shapes / sizeof *shapes; k++) {
            const int segments = shapes[k / 2].segments, steps = shapes[k / 2].steps, hidden = shapes[k / 2].hidden,
                      rows = segments * steps;
            uint8_t end[64];
            for (int i = 0; i < rows; i++) end[i] = lp_rng_below(&rng, 3) == 0;
            room *r = make(c, segments, steps, hidden, k % 2 ? end : NULL);
            c->forward(r);
            reference(c, r, y, next);
            same(c->name, "output", r->y, y, rows * c->y(hidden));
            same(c->name, "state", r->next, next, rows * c->state(hidden));
            c->backward(r);
            slopes(c, r, "input", r->x, r->dx, rows * c->x(hidden));
            slopes(c, r, "weight", r->w, r->dw, c->w(hidden));
            slopes(c, r, "bias", r->b, r->db, c->b(hidden));
            free(r);
        }
}

/* Whatever was before it: of the state, of the rows before, and of what the next episode owes them. */
static void test_an_end_is_a_wall(void **state) {
    (void)state;
    enum { STEPS = 8, AT = 3, HIDDEN = 5 }; /* the episode ends with step AT */
    for (const core *c = cores; c < cores + CORES; c++) {
        const int n_x = c->x(HIDDEN), n_y = c->y(HIDDEN), n_state = c->state(HIDDEN);
        const uint8_t end[STEPS] = {[AT] = 1};
        room *whole = make(c, 1, STEPS, HIDDEN, end), *parts[2];
        c->forward(whole), c->backward(whole);
        for (int k = 0; k < 2; k++) {
            const int from = k ? AT + 1 : 0, steps = k ? STEPS - AT - 1 : AT + 1;
            room *r = parts[k] = make(c, 1, steps, HIDDEN, NULL);
            memcpy(r->w, whole->w, sizeof r->w), memcpy(r->b, whole->b, sizeof r->b);
            memcpy(r->x, whole->x + from * n_x, sizeof *r->x * (size_t)(steps * n_x));
            memcpy(r->dy, whole->dy + from * n_y, sizeof *r->dy * (size_t)(steps * n_y));
            for (int i = 0; i < n_state; i++) r->state[i] = k ? 0 : whole->state[i];
            c->forward(r), c->backward(r);
            assert_memory_equal(r->y, whole->y + from * n_y, sizeof *r->y * (size_t)(steps * n_y));
            assert_memory_equal(r->next, whole->next + from * n_state, sizeof *r->next * (size_t)(steps * n_state));
            assert_memory_equal(r->dx, whole->dx + from * n_x, sizeof *r->dx * (size_t)(steps * n_x));
        }
        for (int k = 0; k < 2; k++) free(parts[k]);
        free(whole);
    }
}

/* A step at a time, with the state handed on, is the segment at once; the state may come in where prev goes. */
static void test_step_by_step(void **state) {
    (void)state;
    enum { STEPS = 7, HIDDEN = 5 };
    for (const core *c = cores; c < cores + CORES; c++) {
        const int n_x = c->x(HIDDEN), n_y = c->y(HIDDEN), n_state = c->state(HIDDEN);
        room *whole = make(c, 1, STEPS, HIDDEN, NULL), *r = make(c, 1, 1, HIDDEN, NULL);
        memcpy(r->w, whole->w, sizeof r->w), memcpy(r->b, whole->b, sizeof r->b);
        memcpy(r->state, whole->state, sizeof r->state);
        c->forward(whole);
        for (int t = 0; t < STEPS; t++) {
            memcpy(r->x, whole->x + t * n_x, sizeof *r->x * (size_t)n_x);
            c->forward(r);
            assert_memory_equal(r->y, whole->y + t * n_y, sizeof *r->y * (size_t)n_y);
            memcpy(r->state, r->next, sizeof *r->state * (size_t)n_state);
        }
        free(whole), free(r);
    }
}

int main(void) {
    rng = lp_rng_make(test_seed_or(20261128), 0);
    if (lp_k_init(1, NULL)) return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_formulas), cmocka_unit_test(test_an_end_is_a_wall),
                                       cmocka_unit_test(test_step_by_step)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
