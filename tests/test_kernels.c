/* Every kernel against a direct, double-precision reading of its formula, and every backward pass against central
 * differences of that reference; odd sizes, tails, zero rows, NaN. The seed is printed; LONGPLAY_SEED gives another. */
#include "base/rng.h"
#include "kernels/kernels.h"
#include "tests/seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static lp_rng rng;

static float *random_floats(size_t n) {
    float *x = malloc((n + 1) * sizeof *x);
    for (size_t i = 0; i < n; i++) x[i] = lp_rng_normal(&rng);
    return x;
}

/* |got - want| within the kernels' stated tolerance for a sum of magnitude `scale`; NaN fails. */
static void close_to(double got, double want, double scale, const char *what, size_t at) {
    if (!(fabs(got - want) <= 1e-5 * (1 + scale))) fail_msg("%s[%zu]: %.9g, expected %.9g", what, at, got, want);
}

/* Weights in another order: the same map, and rows' bits are their own. */
static void test_linear_packed(void **state) {
    (void)state;
    static const int sizes[][3] = {{0, 8, 16}, {1, 8, 16}, {5, 32, 48}, {8, 136, 32}, {13, 64, 128}, {67, 1792, 128}};
    assert_false(lp_k_linear_packs(8, 24));
    assert_false(lp_k_linear_packs(1 << 14, 16));
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int n = sizes[k][0], in = sizes[k][1], out = sizes[k][2];
        float *x = random_floats((size_t)n * in), *w = random_floats((size_t)out * in), *b = random_floats((size_t)out);
        float *y = random_floats((size_t)n * out), *alone = random_floats((size_t)out), *packed = random_floats((size_t)out * in);
        assert_true(lp_k_linear_packs(in, out));
        lp_k_linear_pack(packed, w, in, out);
        lp_k_linear_packed(y, x, packed, b, n, in, out);
        for (int r = 0; r < n; r++) {
            for (int o = 0; o < out; o++) {
                double sum = b[o], size = 0;
                for (int i = 0; i < in; i++) sum += (double)x[r * in + i] * w[o * in + i], size += fabs(x[r * in + i] * w[o * in + i]);
                close_to(y[r * out + o], sum, size, "packed", (size_t)(r * out + o));
            }
            lp_k_linear_packed(alone, x + (size_t)r * in, packed, b, 1, in, out);
            assert_memory_equal(alone, y + (size_t)r * out, (size_t)out * sizeof *y);
        }
        free(x), free(w), free(b), free(y), free(alone), free(packed);
    }
}

static void test_linear(void **state) {
    (void)state;
    static const int sizes[][3] = {{0, 3, 2}, {1, 1, 1}, {1, 7, 5}, {5, 33, 17}, {64, 64, 16}, {13, 129, 31}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        int n = sizes[k][0], in = sizes[k][1], out = sizes[k][2];
        float *x = random_floats((size_t)n * in), *w = random_floats((size_t)out * in), *b = random_floats((size_t)out);
        float *y = random_floats((size_t)n * out), *dy = random_floats((size_t)n * out), *dx = random_floats((size_t)n * in);
        float *dw = random_floats((size_t)out * in), *db = random_floats((size_t)out);
        for (int accumulate = 0; accumulate < 2; accumulate++) {
            float *old = malloc(((size_t)n * out + 1) * sizeof *old);
            memcpy(old, y, (size_t)n * out * sizeof *y);
            lp_k_linear(y, x, w, b, n, in, out, accumulate);
            for (int r = 0; r < n; r++)
                for (int o = 0; o < out; o++) {
                    double sum = b[o] + (accumulate ? old[r * out + o] : 0), size = 0;
                    for (int i = 0; i < in; i++) sum += (double)x[r * in + i] * w[o * in + i], size += fabs(x[r * in + i] * w[o * in + i]);
                    close_to(y[r * out + o], sum, size, "linear", (size_t)(r * out + o));
                }
            free(old);
        }
        float *dw0 = malloc((size_t)out * in * sizeof *dw), *db0 = malloc((size_t)out * sizeof *db);
        memcpy(dw0, dw, (size_t)out * in * sizeof *dw), memcpy(db0, db, (size_t)out * sizeof *db);
        lp_k_linear_backward_weight(dw, db, dy, x, n, in, out);
        lp_k_linear_backward_input(dx, dy, w, n, in, out, 0);
        for (int o = 0; o < out; o++) {
            double sum = db0[o], size = 0;
            for (int r = 0; r < n; r++) sum += dy[r * out + o], size += fabs(dy[r * out + o]);
            close_to(db[o], sum, size, "db", (size_t)o);
            for (int i = 0; i < in; i++) {
                sum = dw0[o * in + i], size = 0;
                for (int r = 0; r < n; r++) sum += (double)dy[r * out + o] * x[r * in + i], size += fabs(dy[r * out + o] * x[r * in + i]);
                close_to(dw[o * in + i], sum, size, "dw", (size_t)(o * in + i));
            }
        }
        for (int r = 0; r < n; r++)
            for (int i = 0; i < in; i++) {
                double sum = 0, size = 0;
                for (int o = 0; o < out; o++) sum += (double)dy[r * out + o] * w[o * in + i], size += fabs(dy[r * out + o] * w[o * in + i]);
                close_to(dx[r * in + i], sum, size, "dx", (size_t)(r * in + i));
            }
        free(x), free(w), free(b), free(y), free(dy), free(dx), free(dw), free(db), free(dw0), free(db0);
    }
}

/* The definition of a convolution, one output at a time. */
static double conv_at(const float *x, const float *w, const float *b, const lp_conv *s, int n, int y, int c, int oc, double *size) {
    double sum = b[oc];
    *size = fabs(sum);
    for (int i = 0; i < s->k; i++)
        for (int j = 0; j < s->k; j++)
            for (int ch = 0; ch < s->c; ch++) {
                double p = (double)x[((n * s->h + y * s->stride + i) * s->w + c * s->stride + j) * s->c + ch] *
                           w[((oc * s->k + i) * s->k + j) * s->c + ch];
                sum += p, *size += fabs(p);
            }
    return sum;
}

static void test_conv(void **state) {
    (void)state;
    static const lp_conv shapes[] = {{8, 8, 1, 8, 4, 3},     {9, 13, 2, 3, 2, 5},    {7, 6, 3, 4, 1, 2},  {20, 17, 1, 8, 4, 16},
                                     {12, 18, 16, 4, 2, 32}, {11, 15, 16, 4, 2, 16}, {6, 7, 8, 4, 1, 48}, {9, 10, 2, 4, 3, 64}};
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        const lp_conv *s = &shapes[k];
        int n = 3, oh = lp_conv_oh(s), ow = lp_conv_ow(s);
        size_t in = (size_t)n * s->h * s->w * s->c, out = (size_t)n * oh * ow * s->oc, weights = (size_t)s->oc * s->k * s->k * s->c;
        float *x = random_floats(in), *w = random_floats(weights), *b = random_floats((size_t)s->oc), *y = random_floats(out);
        float *dy = random_floats(out), *dx = random_floats(in), *dw = calloc(weights, sizeof *dw), *db = calloc((size_t)s->oc, sizeof *db);
        float *scratch = malloc(lp_k_conv_scratch(s) * sizeof *scratch);
        lp_k_conv(y, x, w, b, n, s, scratch);
        double *rx = calloc(in, sizeof *rx), *rw = calloc(weights, sizeof *rw), *rb = calloc((size_t)s->oc, sizeof *rb);
        size_t at = 0;
        for (int i = 0; i < n; i++)
            for (int r = 0; r < oh; r++)
                for (int c = 0; c < ow; c++)
                    for (int oc = 0; oc < s->oc; oc++, at++) {
                        double size, want = conv_at(x, w, b, s, i, r, c, oc, &size);
                        close_to(y[at], want, size, "conv", at);
                        rb[oc] += dy[at];
                        for (int a = 0; a < s->k; a++) /* the adjoint, term by term */
                            for (int e = 0; e < s->k; e++)
                                for (int ch = 0; ch < s->c; ch++) {
                                    int xi = ((i * s->h + r * s->stride + a) * s->w + c * s->stride + e) * s->c + ch;
                                    int wi = ((oc * s->k + a) * s->k + e) * s->c + ch;
                                    rx[xi] += (double)dy[at] * w[wi];
                                    rw[wi] += (double)dy[at] * x[xi];
                                }
                    }
        lp_k_conv_backward(dx, dw, db, dy, x, w, n, s, scratch);
        for (size_t i = 0; i < in; i++) close_to(dx[i], rx[i], 100, "conv dx", i);
        for (size_t i = 0; i < weights; i++) close_to(dw[i], rw[i], 100, "conv dw", i);
        for (int i = 0; i < s->oc; i++) close_to(db[i], rb[i], 100, "conv db", (size_t)i);
        free(x), free(w), free(b), free(y), free(dy), free(dx), free(dw), free(db), free(scratch), free(rx), free(rw), free(rb);
    }
}

static void test_pointwise(void **state) {
    (void)state;
    uint8_t bytes[259];
    float y[259], dy[259];
    for (int i = 0; i < 259; i++) bytes[i] = (uint8_t)i;
    lp_k_from_bytes(y, bytes, 259);
    for (int i = 0; i < 259; i++) close_to(y[i], bytes[i] / 255.0 - 0.5, 0, "from_bytes", (size_t)i);
    for (int i = 0; i < 259; i++) y[i] = (float)(i - 100), dy[i] = 1;
    y[7] = NAN;
    lp_k_relu(y, 259);
    lp_k_relu_backward(dy, y, 259);
    for (int i = 0; i < 259; i++) {
        if (i == 7) assert_true(isnan(y[i]));
        else assert_true(y[i] == (i > 100 ? (float)(i - 100) : 0.0f) && dy[i] == (i > 100 ? 1.0f : 0.0f));
    }
    float p[4] = {1000, 1001, -1000, 999}; /* must not overflow */
    lp_k_softmax(p, p, 4);
    double sum = exp(-1) + 1 + exp(-2);
    close_to(p[0], exp(-1) / sum, 0, "softmax", 0);
    close_to(p[1], 1 / sum, 0, "softmax", 1);
    close_to(p[2], 0, 0, "softmax", 2);
}

enum { HEADS = 2, DIM = 19, LEVELS = 3, AGES = 4, ROWS = 11, ITEMS = 9 };

/* sum(dout * read) by the formula, in double precision. */
static double read_loss(double *entropy, float *const *t, bool biased, bool scalable, bool ordered, const float *dout, const int32_t *index,
                        const uint8_t *level, const uint8_t *age, int n) {
    const float *q = t[0], *item = t[1], *salience = t[2], *lk = t[3], *ak = t[4], *order = t[5];
    double total = 0;
    *entropy = 0;
    for (int h = 0; h < HEADS; h++) {
        double score[ITEMS], part[ITEMS], place = 0, sum = 0;
        for (int j = 0; j < n; j++) {
            score[j] = 0;
            for (int d = 0; d < DIM; d++)
                score[j] += (double)q[h * DIM + d] * ((double)item[index[j] * DIM + d] + lk[level[j] * DIM + d] + ak[age[j] * DIM + d]);
            score[j] = (score[j] / sqrt(DIM) + (biased ? salience[index[j]] : 0)) * (scalable ? log(n) / log(64) : 1);
            sum += part[j] = exp(score[j]);
        }
        for (int j = n - 1; ordered && j >= 0; place += part[j--] / sum)
            score[j] += order[2 * h] * place + order[2 * h + 1] * place * place;
        sum = 0;
        for (int j = 0; j < n; j++) sum += score[j] = exp(score[j]);
        for (int j = 0; j < n; j++) *entropy -= score[j] / sum * log(score[j] / sum);
        for (int j = 0; j < n; j++)
            for (int d = 0; d < DIM; d++) total += (double)dout[h * DIM + d] * score[j] / sum * item[index[j] * DIM + d];
    }
    return total;
}

static void check_read(bool biased, bool scalable, bool ordered, float bonus) {
    enum { N = 6 };
    float *t[] = {random_floats(HEADS * DIM),  random_floats(ROWS * DIM), random_floats(ROWS),
                  random_floats(LEVELS * DIM), random_floats(AGES * DIM), random_floats(HEADS * 2)};
    const int sizes[] = {HEADS * DIM, ROWS * DIM, ROWS, LEVELS * DIM, AGES * DIM, HEADS * 2};
    float *dout = random_floats(HEADS * DIM), out[HEADS * DIM], weight[HEADS * ITEMS], scratch[2 * ITEMS], *d[N],
          *order = ordered ? t[5] : NULL;
    int32_t index[ITEMS];
    uint8_t level[ITEMS], age[ITEMS];
    for (int j = 0; j < ITEMS; j++) { /* rows repeat: their gradients must add up */
        index[j] = (int32_t)lp_rng_below(&rng, ROWS), level[j] = (uint8_t)lp_rng_below(&rng, LEVELS),
        age[j] = (uint8_t)lp_rng_below(&rng, AGES);
    }
    lp_read r = {HEADS, DIM, LEVELS, AGES, t[3], t[4], t[1], biased ? t[2] : NULL, scalable};
    for (int n = 0; n <= ITEMS; n += n < 2 ? 1 : ITEMS - 2) {
        lp_k_read(out, weight, &r, t[0], order, index, level, age, n);
        double got = 0, h_now = 0, want = n ? read_loss(&h_now, t, biased, scalable, ordered, dout, index, level, age, n) : 0;
        for (int i = 0; i < HEADS * DIM; i++) got += (double)dout[i] * out[i];
        close_to(got, want, 100, "read", (size_t)n);
        for (int i = 0; i < N; i++) d[i] = calloc((size_t)sizes[i], sizeof(float));
        double entropy =
            lp_k_read_backward(d[0], d[5], d[1], d[2], d[3], d[4], dout, weight, &r, t[0], order, index, level, age, n, bonus, scratch);
        close_to(entropy, bonus > 0 ? h_now : 0, 100, "attention's entropy", (size_t)n);
        for (int i = 0; i < N && n; i++)
            for (int k = 0; k < sizes[i]; k++) {
                float old = t[i][k], h = 1.0f / 64;
                t[i][k] = old + h;
                double h_up, h_down, up = read_loss(&h_up, t, biased, scalable, ordered, dout, index, level, age, n);
                t[i][k] = old - h;
                double down = read_loss(&h_down, t, biased, scalable, ordered, dout, index, level, age, n),
                       slope = (up - down - bonus * (h_up - h_down)) / (2 * h);
                t[i][k] = old;
                if (!(fabs(d[i][k] - slope) <= 2e-3 * (1 + fabs(slope))))
                    fail_msg("read backward, input %d[%d]: %g, expected %g", i, k, d[i][k], slope);
            }
        for (int i = 0; i < N; i++) free(d[i]);
    }
    for (int i = 0; i < N; i++) free(t[i]);
    free(dout);
}

static void test_read(void **state) {
    (void)state;
    for (int i = 0; i < 16; i++) check_read(i & 1, i & 8, i & 2, i & 4 ? 0.7f : 0);
}

static void test_squares(void **state) {
    (void)state;
    static const int sizes[][2] = {{0, 3}, {1, 1}, {7, 5}, {33, 32}, {9, 67}};
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
        const int n = sizes[k][0], dim = sizes[k][1];
        const size_t size = (size_t)n * (size_t)dim;
        float *x = random_floats(size), *u = random_floats((size_t)dim), *out = random_floats((size_t)n), *was = random_floats((size_t)n);
        float *du = random_floats((size_t)dim), *dx = random_floats(size), *du_was = malloc((size_t)dim * sizeof *du),
              *dx_was = malloc((size + 1) * sizeof *dx);
        memcpy(was, out, (size_t)n * sizeof *out);
        memcpy(du_was, du, (size_t)dim * sizeof *du), memcpy(dx_was, dx, size * sizeof *dx);
        lp_k_squares(out, x, u, n, dim);
        lp_k_squares_backward_weight(du, was, x, n, dim); /* any numbers will do as what out is owed */
        lp_k_squares_backward_input(dx, was, x, u, n, dim);
        for (int r = 0; r < n; r++) {
            double sum = was[r], magnitude = fabs(was[r]);
            for (int d = 0; d < dim; d++) {
                double at = x[r * dim + d];
                sum += u[d] * at * at, magnitude += fabs(u[d] * at * at);
                close_to(dx[r * dim + d], dx_was[r * dim + d] + 2.0 * was[r] * u[d] * at, 10, "dx", (size_t)(r * dim + d));
            }
            close_to(out[r], sum, magnitude, "squares", (size_t)r);
        }
        for (int d = 0; d < dim; d++) {
            double sum = du_was[d], magnitude = fabs(du_was[d]);
            for (int r = 0; r < n; r++) {
                double part = was[r] * pow(x[r * dim + d], 2);
                sum += part, magnitude += fabs(part);
            }
            close_to(du[d], sum, magnitude, "du", (size_t)d);
        }
        free(x), free(u), free(out), free(was), free(du), free(dx), free(du_was), free(dx_was);
    }
}

static double salience_loss_of(const float *salience, const float *weight, const int32_t *index, int n, int heads, double even) {
    double sum = 0, loss = 0;
    for (int j = 0; j < n; j++) sum += exp(salience[index[j]]);
    for (int h = 0; h < heads; h++)
        for (int j = 0; j < n; j++) loss -= fmax(weight[h * n + j] - even / n, 0) * (salience[index[j]] - log(sum));
    return loss;
}

static void check_salience_loss(float even) {
    const float h = 1e-3f, importance = 0.8f, scale = 0.3f;
    float *salience = random_floats(ROWS), *weight = random_floats(HEADS * ITEMS), d[ROWS];
    int32_t index[ITEMS];
    for (int j = 0; j < ITEMS; j++) index[j] = (int32_t)lp_rng_below(&rng, ROWS);
    for (int n = 0; n <= ITEMS; n += n < 2 ? 1 : ITEMS - 2) {
        for (int i = 0; i < ROWS; i++) d[i] = 2; /* it accumulates */
        close_to(lp_k_salience_loss(d, salience, weight, index, n, HEADS, even, importance, scale),
                 n ? importance * salience_loss_of(salience, weight, index, n, HEADS, even) : 0, 100, "salience loss", (size_t)n);
        for (int i = 0; i < ROWS; i++) {
            float was = salience[i];
            salience[i] = was + h;
            double up = salience_loss_of(salience, weight, index, n, HEADS, even);
            salience[i] = was - h;
            double slope = (up - salience_loss_of(salience, weight, index, n, HEADS, even)) / (2 * h);
            salience[i] = was;
            if (!(fabs(d[i] - 2 - (n ? scale * importance * slope : 0)) < 1e-3)) fail_msg("salience %d: %g, slope %g", i, d[i] - 2, slope);
        }
    }
    free(salience), free(weight);
}

static void test_salience_loss(void **state) {
    (void)state;
    check_salience_loss(0), check_salience_loss(1);
    enum { N = 50, A = 4 };
    float *logit = random_floats(N * A), *unread = random_floats(N * A), *advantage = random_floats(N), got[N];
    for (int a = 0; a < A; a++) unread[a] = logit[a];
    lp_k_importance(got, logit, unread, advantage, N, A);
    for (int r = 0; r < N; r++) {
        double kl = 0, sum[2] = {0, 0};
        for (int a = 0; a < A; a++) sum[0] += exp(logit[r * A + a]), sum[1] += exp(unread[r * A + a]);
        for (int a = 0; a < A; a++)
            kl += exp(logit[r * A + a]) / sum[0] * (logit[r * A + a] - log(sum[0]) - unread[r * A + a] + log(sum[1]));
        close_to(got[r], fmin(kl, 1) * advantage[r] * advantage[r], 10, "importance", (size_t)r);
    }
    free(logit), free(unread), free(advantage);
}

static void test_gae(void **state) {
    (void)state;
    enum { N = 6 };
    const float reward[N] = {0, 0, 1, 0, -1, 0}, value[N + 1] = {0.1f, 0.2f, 0.3f, -0.1f, -0.2f, 0.5f, 0.7f};
    const uint8_t end[N] = {0, 0, 1, 0, 1, 0};
    const float logp[N] = {-1, LP_TOLD, -1, -1, LP_TOLD, 0};
    float a[N], target[N];
    lp_k_gae(a, target, reward, value, end, logp, N, 0.9f, 0.8f);
    for (int t = 0; t < N; t++) { /* the sum of discounted deltas, up to the episode's end */
        double want = 0, factor = 1;
        for (int s = t; s < N; s++) {
            want += factor * (reward[s] + (end[s] ? 0 : 0.9 * value[s + 1]) - value[s]);
            factor *= 0.9 * 0.8;
            if (end[s]) break;
        }
        close_to(a[t], logp[t] == LP_TOLD ? 1 : want, 1, "gae", (size_t)t);
        close_to(target[t], want + value[t], 1, "target", (size_t)t);
    }
}

/* Below what is clipped (-1), above it (1), or between. */
static int ppo_side(const float *z, int action, float old, int n, const lp_ppo *s) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += exp(z[i]);
    double ratio = exp(z[action] - log(sum) - old);
    if (old == LP_TOLD) return 0;
    return (ratio > 1 + s->clip) - (ratio < 1 - s->clip);
}

static double ppo_loss(const float *z, float v, int action, float old, float A, float target, int n, const lp_ppo *s) {
    double sum = 0, entropy = 0;
    for (int i = 0; i < n; i++) sum += exp(z[i]);
    for (int i = 0; i < n; i++) entropy -= exp(z[i]) / sum * (z[i] - log(sum));
    double ratio = exp(z[action] - log(sum) - old), clipped = fmin(fmax(ratio, 1 - s->clip), 1 + s->clip);
    if (old == LP_TOLD) return s->scale * s->clone_weight * (log(sum) - z[action]);
    return s->scale * (-fmin(ratio * A, clipped * A) + s->value_weight * 0.5 * (v - target) * (v - target) - s->entropy_weight * entropy);
}

static void test_ppo(void **state) {
    (void)state;
    enum { N = 200, A = 5 };
    const lp_ppo s = {0.2f, 0.7f, 0.05f, 0.3f, 1.7f};
    float *z = random_floats(N * A), *v = random_floats(N), *old = random_floats(N), *advantage = random_floats(N),
          *target = random_floats(N);
    float dz[N * A], dv[N];
    int32_t action[N];
    lp_ppo_sums sums = {0};
    double want = 0;
    for (int r = 0; r < N; r++) action[r] = (int32_t)lp_rng_below(&rng, A), old[r] = r % 4 ? -1.6f + 0.3f * old[r] : LP_TOLD;
    lp_k_ppo(dz, dv, &sums, z, v, action, old, advantage, target, N, A, &s);
    int clipped = 0;
    for (int r = 0; r < N; r++) {
        want += ppo_loss(z + r * A, v[r], action[r], old[r], advantage[r], target[r], A, &s);
        for (int i = 0; i < A; i++) {
            float keep = z[r * A + i], h = 1.0f / 256;
            z[r * A + i] = keep + h;
            double up = ppo_loss(z + r * A, v[r], action[r], old[r], advantage[r], target[r], A, &s);
            int up_side = ppo_side(z + r * A, action[r], old[r], A, &s);
            z[r * A + i] = keep - h;
            double down = ppo_loss(z + r * A, v[r], action[r], old[r], advantage[r], target[r], A, &s);
            int down_side = ppo_side(z + r * A, action[r], old[r], A, &s);
            z[r * A + i] = keep;
            double slope = (up - down) / (2 * h);
            if (up_side != down_side) clipped++; /* a corner is between: left out, and counted */
            else if (!(fabs(dz[r * A + i] - slope) <= 1e-3 * (1 + fabs(slope))))
                fail_msg("ppo dlogit %d,%d: %g, expected %g", r, i, dz[r * A + i], slope);
        }
        close_to(dv[r], r % 4 ? s.scale * s.value_weight * (v[r] - target[r]) : 0, 1, "ppo dvalue", (size_t)r);
    }
    assert_true(clipped < N / 4);
    close_to(s.scale *
                 (sums.policy_loss + s.value_weight * sums.value_loss - s.entropy_weight * sums.entropy + s.clone_weight * sums.clone_loss),
             want, 100, "ppo loss", 0);
    assert_true(sums.told == N / 4);
    assert_true(sums.clipped > 0 && sums.clipped < N && sums.kl > 0);
    free(z), free(v), free(old), free(advantage), free(target);
}

static void test_adam(void **state) {
    (void)state;
    const lp_adam s = {0.01f, 0.9f, 0.999f, 1e-5f};
    float w = 1, m = 0, v = 0;
    double rw = 1, rm = 0, rv = 0;
    for (int t = 1; t <= 100; t++) {
        float g = lp_rng_normal(&rng);
        lp_k_adam(&w, &m, &v, &g, 1, t, 0.5f, &s);
        double h = 0.5 * g;
        rm = 0.9f * rm + (1 - 0.9f) * h, rv = 0.999f * rv + (1 - 0.999f) * h * h;
        rw -= 0.01f * (rm / (1 - pow(0.9f, t))) / (sqrt(rv / (1 - pow(0.999f, t))) + 1e-5f);
        close_to(w, rw, 10, "adam", (size_t)t);
    }
    float x[3] = {3, -4, 12};
    assert_true(lp_k_sum_squares(x, 3) == 169);
}

int main(void) {
    rng = lp_rng_make(test_seed_or(20261123), 0);
    if (lp_k_init(1, NULL)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_linear),        cmocka_unit_test(test_linear_packed), cmocka_unit_test(test_conv),
        cmocka_unit_test(test_pointwise),     cmocka_unit_test(test_read),          cmocka_unit_test(test_squares),
        cmocka_unit_test(test_salience_loss), cmocka_unit_test(test_gae),           cmocka_unit_test(test_ppo),
        cmocka_unit_test(test_adam),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
