/* Items that tell frames apart before anything is learned.
 *
 * Of what random eyes see nearly all is what all frames have in common, and a query that looks for what looks alike finds what lies
 * furthest out. The map of items is therefore begun from frames: with m the mean of their features f, V, e the first dim eigenvectors and
 * eigenvalues of their covariance and r 2 / dim of its trace,
 *
 *     item = (f - m) V^T / sqrt(e + r)          whitened (r: directions that carry nothing are not blown up)
 *
 * head.read is the way back, V sqrt(e + r), a part from each head; the first head's query is what would be stored now, SHARPNESS times, so
 * that it looks for what looks like what is seen. The other heads look for something else, or all would learn the same. */
#include "policy/learner.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const float SHARPNESS = 4;
enum { ITERATIONS = 40 };

/* Features of one segment's frames, [n_steps][hidden] into f. */
static void features(const lp_learner *l, const lp_segment *g, activations *a, model_eyes *eyes, uint8_t *grey, float *f) {
    const lp_policy *p = l->policy;
    const size_t T = (size_t)l->n_steps, pixels = (size_t)p->shape.width * p->shape.height;
    if (p->packed_width) {
        lp_k_observe_shades(a->x, g->pixels, l->n_steps, p->packed_width, p->packed_height, p->shape.width, p->shape.height);
        for (size_t i = 0; i < T * pixels; i++) grey[i] = (uint8_t)lrintf((a->x[i] + 0.5f) * 255);
    }
    model_see_sequence(p, a, eyes, p->packed_width ? grey : g->pixels, l->n_steps);
    model_encode(p, a, NULL, g->last_action, l->n_steps, l->n_steps);
    memcpy(f, a->f, T * (size_t)p->shape.hidden * sizeof *f);
}

static void centre(float *f, float *mean, int n, int h) {
    for (int j = 0; j < h; j++) {
        double sum = 0;
        for (int i = 0; i < n; i++) sum += f[(size_t)i * h + j];
        mean[j] = (float)(sum / n);
        for (int i = 0; i < n; i++) f[(size_t)i * h + j] -= mean[j];
    }
}

static double dot(const float *a, const float *b, int n) {
    double sum = 0;
    for (int i = 0; i < n; i++) sum += (double)a[i] * b[i];
    return sum;
}

/* Gram-Schmidt, modified; rows q [k][h]. A row that is nothing but those before it becomes 0. */
static void orthonormalise(float *q, int k, int h) {
    for (int i = 0; i < k; i++) {
        float *row = q + (size_t)i * h;
        for (int j = 0; j < i; j++) {
            const float *other = q + (size_t)j * h;
            const float along = (float)dot(row, other, h);
            for (int c = 0; c < h; c++) row[c] -= along * other[c];
        }
        const double norm = sqrt(dot(row, row, h));
        for (int c = 0; c < h; c++) row[c] = norm > 0 ? (float)(row[c] / norm) : 0;
    }
}

/* The first k eigenvectors of c [h][h], as rows of q [k][h], which they are sought from, by orthogonal iteration; their eigenvalues. */
static void eigen(float *q, float *value, float *scratch, const float *c, int k, int h) {
    orthonormalise(q, k, h);
    for (int i = 0; i < ITERATIONS; i++) {
        lp_k_linear(scratch, q, c, NULL, k, h, h, 0);
        memcpy(q, scratch, (size_t)k * h * sizeof *q);
        orthonormalise(q, k, h);
    }
    lp_k_linear(scratch, q, c, NULL, k, h, h, 0);
    for (int i = 0; i < k; i++) value[i] = (float)fmax(0, dot(q + (size_t)i * h, scratch + (size_t)i * h, h));
}

static void set_weights(lp_policy *p, const float *q, const float *value, const float *mean, float ridge, int k) {
    const lp_policy_config *s = &p->shape;
    const int h = s->hidden, read = s->heads * s->dim;
    float *item = p->parameters + p->info[P_ITEM_W].offset, *bias = p->parameters + p->info[P_ITEM_B].offset;
    float *query = p->parameters + p->info[P_QUERY_W].offset, *query_bias = p->parameters + p->info[P_QUERY_B].offset;
    float *back = p->parameters + p->info[P_HEAD_READ].offset;
    for (int i = 0; i < k; i++) {
        const float *v = q + (size_t)i * h, wide = sqrtf(value[i] + ridge);
        for (int j = 0; j < h; j++) {
            item[(size_t)i * h + j] = v[j] / wide;
            query[(size_t)i * h + j] = SHARPNESS * v[j] / wide;
            for (int head = 0; head < s->heads; head++) back[(size_t)j * read + head * s->dim + i] = v[j] * wide / (float)s->heads;
        }
        bias[i] = (float)(-dot(v, mean, h) / wide);
        query_bias[i] = SHARPNESS * bias[i];
    }
}

lp_status lp_learner_whiten(lp_learner *l, lp_err *err) {
    lp_policy *p = l->policy;
    const int h = p->shape.hidden, k = p->shape.dim < h ? p->shape.dim : h, n = l->n_envs * l->n_steps;
    const size_t H = (size_t)h, K = (size_t)k, pixels = (size_t)p->shape.width * p->shape.height * (size_t)l->n_steps;
    const size_t floats[] = {activations_floats(p, l->n_steps, 0), model_scratch_floats(p), (size_t)n * H, H, H * H, K * H, K * H, K};
    enum { PARTS = sizeof floats / sizeof *floats };
    float *part[PARTS], trace = 0;
    lp_arena arena;
    size_t need = lp_arena_need(pixels);
    for (int i = 0; i < PARTS; i++) need += lp_arena_need(floats[i] * sizeof(float));
    if (lp_arena_open(&arena, need)) return lp_fail(err, LP_FAILED, "policy: out of memory (%zu bytes)", need);
    uint8_t *grey = lp_arena_take(&arena, pixels);
    for (int i = 0; i < PARTS; i++) part[i] = lp_arena_take(&arena, floats[i] * sizeof(float));
    float *f = part[2], *mean = part[3], *c = part[4], *q = part[5], *value = part[7];
    activations a;
    model_eyes eyes;
    activations_carve(&a, p, l->n_steps, 0, part[0]);
    model_eyes_open(&eyes, p, part[1]);
    for (int e = 0; e < l->n_envs; e++) features(l, &l->segments[e], &a, &eyes, grey, f + (size_t)e * (size_t)l->n_steps * H);
    centre(f, mean, n, h);
    lp_k_linear_backward_weight(c, NULL, f, f, n, h, h);
    for (size_t i = 0; i < H * H; i++) c[i] /= (float)n;
    for (int j = 0; j < h; j++) trace += c[(size_t)j * H + (size_t)j];
    memcpy(q, param(p, P_ITEM_W), K * H * sizeof *q);
    eigen(q, value, part[6], c, k, h);
    if (trace > 0) set_weights(p, q, value, mean, 2 * trace / (float)k, k);
    lp_arena_close(&arena);
    return lp_policy_changed(p, err);
}
