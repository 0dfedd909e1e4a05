/* Two small networks, inputs - HIDDEN - OUT with a ReLU between: one stays as it was drawn, the other learns to say the same. Inputs are
 * standardised by what was seen so far, and cut off at CUT. See novelty.h. */
#include "train/novelty.h"

#include "base/floats.h"
#include "base/rng.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HIDDEN = 64, OUT = 32, BATCH = 64, CUT = 5 };
static const float RATE = 1e-3f, BETA1 = 0.9f, BETA2 = 0.999f;

/* [inputs + 1][HIDDEN], the last row the bias; then [HIDDEN + 1][OUT]. */
struct novelty {
    int inputs;
    size_t n_weights;
    float *target;           /* [n_weights] */
    float *weights, *m, *v;  /* [n_weights] those that learn, and Adam's moments */
    float *gradient, *scale; /* [n_weights]; [2][inputs] mean, and 1 / standard deviation */
    double *sums;            /* [3 + 2 inputs] pictures, their errors' squares, Adam's steps; of each input sum and sum of squares */
};

static size_t layer(int from, int to) { return ((size_t)from + 1) * (size_t)to; }

/* By He et al. (2015). */
static void draw(float *w, int from, int to, lp_rng *rng) {
    const float width = sqrtf(6.0f / (float)from);
    for (int i = 0; i < from * to; i++) w[i] = (2 * lp_rng_float(rng) - 1) * width;
}

lp_status novelty_open(novelty **out, int inputs, uint64_t seed, lp_err *err) {
    novelty *n = calloc(1, sizeof *n);
    *out = n;
    if (!n) return lp_fail(err, LP_FAILED, "out of memory");
    lp_rng rng = lp_rng_make(seed, 77);
    n->inputs = inputs;
    n->n_weights = layer(inputs, HIDDEN) + layer(HIDDEN, OUT);
    float **parts[] = {&n->target, &n->weights, &n->m, &n->v, &n->gradient};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!(*parts[i] = calloc(n->n_weights, sizeof(float)))) return lp_fail(err, LP_FAILED, "out of memory");
    n->scale = calloc(2 * (size_t)inputs, sizeof *n->scale);
    n->sums = calloc(3 + 2 * (size_t)inputs, sizeof *n->sums);
    if (!n->scale || !n->sums) return lp_fail(err, LP_FAILED, "out of memory");
    float *both[] = {n->target, n->weights};
    for (int i = 0; i < 2; i++) {
        draw(both[i], inputs, HIDDEN, &rng);
        draw(both[i] + layer(inputs, HIDDEN), HIDDEN, OUT, &rng);
    }
    return LP_OK;
}

void novelty_close(novelty *n) {
    if (!n) return;
    free(n->target), free(n->weights), free(n->m), free(n->v), free(n->gradient), free(n->scale), free(n->sums);
    free(n);
}

/* out [to] = w's bias + in [from] * w */
static void forward(const float *w, const float *in, int from, int to, float *out) {
    memcpy(out, w + (size_t)from * (size_t)to, (size_t)to * sizeof *out);
    for (int i = 0; i < from; i++, w += to)
        for (int o = 0; o < to; o++) out[o] += in[i] * w[o];
}

static void run(const novelty *n, const float *w, const float *in, float hidden[HIDDEN], float out[OUT]) {
    forward(w, in, n->inputs, HIDDEN, hidden);
    for (int h = 0; h < HIDDEN; h++) hidden[h] = fmaxf(hidden[h], 0);
    forward(w + layer(n->inputs, HIDDEN), hidden, HIDDEN, OUT, out);
}

static void standardise(const novelty *n, const uint8_t *picture, float *in) {
    for (int i = 0; i < n->inputs; i++) {
        const float x = ((float)picture[i] - n->scale[i]) * n->scale[n->inputs + i];
        in[i] = fminf(fmaxf(x, -CUT), CUT);
    }
}

/* difference [OUT]: what was said less what is so; returns the mean square. */
static float error_of(const novelty *n, const float *in, float hidden[HIDDEN], float difference[OUT]) {
    float other[HIDDEN], truth[OUT], sum = 0;
    run(n, n->target, in, other, truth);
    run(n, n->weights, in, hidden, difference);
    for (int o = 0; o < OUT; o++) {
        difference[o] -= truth[o];
        sum += difference[o] * difference[o];
    }
    return sum / OUT;
}

float novelty_of(const novelty *n, const uint8_t *picture) {
    float in[NOVELTY_MAX_INPUTS], hidden[HIDDEN], difference[OUT];
    if (n->sums[0] == 0) return 0;
    standardise(n, picture, in);
    return error_of(n, in, hidden, difference) / (float)sqrt(n->sums[1] / n->sums[0] + 1e-12);
}

/* in's part of the gradient of the mean square. */
static void add_gradient(novelty *n, const float *in, const float hidden[HIDDEN], const float difference[OUT]) {
    const float *w2 = n->weights + layer(n->inputs, HIDDEN);
    float *g1 = n->gradient, *g2 = n->gradient + layer(n->inputs, HIDDEN), back[HIDDEN] = {0};
    for (int h = 0; h < HIDDEN; h++) {
        if (hidden[h] <= 0) continue;
        for (int o = 0; o < OUT; o++) {
            g2[h * OUT + o] += hidden[h] * difference[o];
            back[h] += w2[h * OUT + o] * difference[o];
        }
    }
    for (int o = 0; o < OUT; o++) g2[HIDDEN * OUT + o] += difference[o];
    for (int i = 0; i <= n->inputs; i++)
        for (int h = 0; h < HIDDEN; h++) g1[i * HIDDEN + h] += (i < n->inputs ? in[i] : 1) * back[h];
}

static void step(novelty *n, int count) {
    const double t = ++n->sums[2];
    const float rate = RATE * (float)(sqrt(1 - pow(BETA2, t)) / (1 - pow(BETA1, t))), part = 2.0f / (float)(count * OUT);
    for (size_t i = 0; i < n->n_weights; i++) {
        const float g = n->gradient[i] * part;
        n->m[i] = BETA1 * n->m[i] + (1 - BETA1) * g;
        n->v[i] = BETA2 * n->v[i] + (1 - BETA2) * g * g;
        n->weights[i] -= rate * n->m[i] / (sqrtf(n->v[i]) + 1e-8f);
        n->gradient[i] = 0;
    }
}

/* Mean and deviation of what was seen so far. */
static void rescale(novelty *n) {
    for (int i = 0; i < n->inputs; i++) {
        const double mean = n->sums[3 + 2 * i] / n->sums[0], square = n->sums[4 + 2 * i] / n->sums[0];
        n->scale[i] = (float)mean;
        n->scale[n->inputs + i] = (float)(1 / sqrt(fmax(square - mean * mean, 1)));
    }
}

void novelty_learn(novelty *n, const uint8_t *pictures, int64_t count) {
    float in[NOVELTY_MAX_INPUTS], hidden[HIDDEN], difference[OUT];
    for (int64_t k = 0; k < count; k++)
        for (int i = 0; i < n->inputs; i++) {
            const double x = pictures[k * n->inputs + i];
            n->sums[3 + 2 * i] += x;
            n->sums[4 + 2 * i] += x * x;
        }
    n->sums[0] += (double)count;
    rescale(n);
    for (int64_t k = 0; k < count; k++) {
        standardise(n, pictures + k * n->inputs, in);
        const float error = error_of(n, in, hidden, difference);
        n->sums[1] += (double)error * error;
        add_gradient(n, in, hidden, difference);
        if ((k + 1) % BATCH == 0 || k + 1 == count) step(n, (int)(k % BATCH) + 1);
    }
}

size_t novelty_save_size(const novelty *n) { return 3 * n->n_weights * sizeof(float) + (3 + 2 * (size_t)n->inputs) * sizeof(double); }

void novelty_save(const novelty *n, unsigned char *out) {
    const size_t bytes = n->n_weights * sizeof(float);
    memcpy(out, n->weights, bytes), memcpy(out + bytes, n->m, bytes), memcpy(out + 2 * bytes, n->v, bytes);
    memcpy(out + 3 * bytes, n->sums, (3 + 2 * (size_t)n->inputs) * sizeof(double));
}

lp_status novelty_load(novelty *n, const unsigned char *data, lp_err *err) {
    const size_t bytes = n->n_weights * sizeof(float), n_sums = 3 + 2 * (size_t)n->inputs;
    if (!lp_floats_finite(data, 2 * n->n_weights) || !lp_floats_from(data + 2 * bytes, n->n_weights, 0))
        return lp_fail(err, LP_BAD_INPUT, "novelty: a NaN or an infinity");
    memcpy(n->sums, data + 3 * bytes, n_sums * sizeof(double));
    for (size_t i = 0; i < n_sums; i++)
        if (!isfinite(n->sums[i]) || n->sums[i] < 0) return lp_fail(err, LP_BAD_INPUT, "novelty: a count that is none");
    memcpy(n->weights, data, bytes), memcpy(n->m, data + bytes, bytes), memcpy(n->v, data + 2 * bytes, bytes);
    if (n->sums[0] > 0) rescale(n);
    return LP_OK;
}
