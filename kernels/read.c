/* The memory read. Keys of levels and ages are shared by many items, so their products with the query are taken once. */
#include "kernels/kernels.h"
#include "base/simd.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum { LINEAR, SQUARE }; /* a head's two numbers of order */

/* Scores of a head to softmax over them, as p = exp(score - top) / sum. */
typedef struct {
    float top, sum;
} mass;

static mass mass_of(const float *score, int n) {
    mass m = {-INFINITY, 0};
    for (int j = 0; j < n; j++) m.top = fmaxf(m.top, score[j]);
    for (int j = 0; j < n; j++) m.sum += expf(score[j] - m.top);
    return m;
}

static float part(const mass *m, float score) { return expf(score - m->top) / m->sum; }

LP_CLONES static void scores(float *score, const lp_read *r, const float *q, const int32_t *index, const uint8_t *level, const uint8_t *age,
                             int n) {
    const int dim = r->dim;
    const float scale = 1.0f / sqrtf((float)dim), sharpness = lp_read_sharpness(r, n);
    float by_level[LP_READ_MAX_KEYS], by_age[LP_READ_MAX_KEYS];
    for (int l = 0; l < r->n_levels; l++) by_level[l] = lp_dot(q, r->level_key + (size_t)l * dim, dim);
    for (int a = 0; a < r->n_ages; a++) by_age[a] = lp_dot(q, r->age_key + (size_t)a * dim, dim);
    for (int j = 0; j < n; j++) {
        size_t row = index ? (size_t)index[j] : (size_t)j;
        score[j] = (lp_dot(q, r->item + row * dim, dim) + by_level[level[j]] + by_age[age[j]]) * scale;
        score[j] = (score[j] + (r->salience ? r->salience[row] : 0)) * sharpness;
    }
}

static void add_order(float *score, const float *order, int n) {
    mass m = mass_of(score, n);
    float place = 0;
    for (int j = n - 1; j >= 0; j--) {
        float p = part(&m, score[j]);
        score[j] += (order[LINEAR] + order[SQUARE] * place) * place;
        place += p;
    }
}

LP_CLONES void lp_k_read(float *out, float *weight, const lp_read *r, const float *q, const float *order, const int32_t *index,
                         const uint8_t *level, const uint8_t *age, int n) {
    assert(r->heads <= LP_READ_MAX_HEADS && r->n_levels <= LP_READ_MAX_KEYS && r->n_ages <= LP_READ_MAX_KEYS);
    const int dim = r->dim;
    memset(out, 0, (size_t)r->heads * dim * sizeof *out);
    if (!n) return;
    for (int h = 0; h < r->heads; h++) {
        float *score = weight + (size_t)h * n;
        scores(score, r, q + (size_t)h * dim, index, level, age, n);
        if (order) add_order(score, order + (size_t)2 * h, n);
        lp_k_softmax(score, score, n);
        for (int j = 0; j < n; j++) {
            size_t row = index ? (size_t)index[j] : (size_t)j;
            lp_axpy(out + (size_t)h * dim, score[j], r->item + row * dim, dim);
        }
    }
}

/* Of a head: dscore [n], of the sums that the second softmax is over, to that of the scores; dorder [2]. score [n] is theirs; it becomes
 * the places. */
static void order_backward(float *dscore, float *dorder, float *score, const float *order, int n) {
    mass m = mass_of(score, n);
    float newer = 0, older = 0, mean = 0;
    for (int j = n - 1; j >= 0; j--) {
        float place = newer;
        newer += part(&m, score[j]);
        score[j] = place;
        dorder[LINEAR] += dscore[j] * place;
        dorder[SQUARE] += dscore[j] * place * place;
    }
    for (int j = 0; j < n; j++) { /* an item's part of the mass moves the places of all that are older */
        float moves = dscore[j] * (order[LINEAR] + 2 * order[SQUARE] * score[j]), owed = ((j ? score[j - 1] : newer) - score[j]) * older;
        dscore[j] += owed;
        mean += owed;
        older += moves;
    }
    for (int j = 0; j < n; j++) dscore[j] -= ((j ? score[j - 1] : newer) - score[j]) * mean;
}

/* Attention's entropy has a gradient as if each item's value were worth its weight's logarithm, times scale, besides. Returns the entropy. */
static double add_entropy(float *dweight, const float *weight, int n, float scale) {
    double entropy = 0;
    for (int j = 0; j < n; j++) {
        float log_w = logf(weight[j] + 1e-20f);
        dweight[j] += scale * log_w;
        entropy -= (double)(weight[j] * log_w);
    }
    return entropy;
}

LP_CLONES double lp_k_read_backward(float *dq, float *dorder, float *ditem, float *dsalience, float *dlevel_key, float *dage_key,
                                    const float *dout, const float *weight, const lp_read *r, const float *q, const float *order,
                                    const int32_t *index, const uint8_t *level, const uint8_t *age, int n, float entropy_scale,
                                    float *scratch) {
    const int dim = r->dim;
    const float scale = 1.0f / sqrtf((float)dim), sharpness = lp_read_sharpness(r, n);
    float *dscore = scratch, *score = scratch + n;
    memset(dq, 0, (size_t)r->heads * dim * sizeof *dq);
    if (order) memset(dorder, 0, (size_t)2 * r->heads * sizeof *dorder);
    double entropy = 0;
    if (!n) return entropy;
    for (int h = 0; h < r->heads; h++) {
        const float *qh = q + (size_t)h * dim, *dh = dout + (size_t)h * dim, *w = weight + (size_t)h * n;
        float *dqh = dq + (size_t)h * dim, mean = 0.0f;
        float by_level[LP_READ_MAX_KEYS] = {0}, by_age[LP_READ_MAX_KEYS] = {0};
        for (int j = 0; j < n; j++) dscore[j] = lp_dot(dh, r->item + (index ? (size_t)index[j] : (size_t)j) * dim, dim);
        if (entropy_scale != 0) entropy += add_entropy(dscore, w, n, entropy_scale);
        for (int j = 0; j < n; j++) mean += w[j] * dscore[j];
        for (int j = 0; j < n; j++) dscore[j] = w[j] * (dscore[j] - mean);
        if (order) {
            scores(score, r, qh, index, level, age, n);
            order_backward(dscore, dorder + (size_t)2 * h, score, order + (size_t)2 * h, n);
        }
        for (int j = 0; j < n; j++) {
            size_t row = index ? (size_t)index[j] : (size_t)j;
            const float *x = r->item + row * dim;
            dscore[j] *= sharpness;
            lp_axpy(ditem + row * dim, w[j], dh, dim);
            lp_axpy(ditem + row * dim, dscore[j] * scale, qh, dim);
            lp_axpy(dqh, dscore[j] * scale, x, dim);
            if (r->salience) dsalience[row] += dscore[j];
            by_level[level[j]] += dscore[j] * scale;
            by_age[age[j]] += dscore[j] * scale;
        }
        for (int l = 0; l < r->n_levels; l++) {
            lp_axpy(dlevel_key + (size_t)l * dim, by_level[l], qh, dim);
            lp_axpy(dqh, by_level[l], r->level_key + (size_t)l * dim, dim);
        }
        for (int a = 0; a < r->n_ages; a++) {
            lp_axpy(dage_key + (size_t)a * dim, by_age[a], qh, dim);
            lp_axpy(dqh, by_age[a], r->age_key + (size_t)a * dim, dim);
        }
    }
    return entropy;
}
