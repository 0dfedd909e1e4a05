/* The memory read. Keys of levels and ages are shared by many items, so their products with the query are taken once. */
#include "kernels/kernels.h"
#include "base/simd.h"

#include <assert.h>
#include <math.h>
#include <string.h>

LP_CLONES void lp_k_read(float *out, float *weight, const lp_read *r, const float *q, const int32_t *index, const uint8_t *level,
                         const uint8_t *age, int n) {
    assert(r->heads <= LP_READ_MAX_HEADS && r->n_levels <= LP_READ_MAX_KEYS && r->n_ages <= LP_READ_MAX_KEYS);
    const int dim = r->dim;
    const float scale = 1.0f / sqrtf((float)dim);
    memset(out, 0, (size_t)r->heads * dim * sizeof *out);
    if (!n) return;
    for (int h = 0; h < r->heads; h++) {
        const float *qh = q + (size_t)h * dim;
        float *score = weight + (size_t)h * n, by_level[LP_READ_MAX_KEYS], by_age[LP_READ_MAX_KEYS];
        for (int l = 0; l < r->n_levels; l++) by_level[l] = lp_dot(qh, r->level_key + (size_t)l * dim, dim);
        for (int a = 0; a < r->n_ages; a++) by_age[a] = lp_dot(qh, r->age_key + (size_t)a * dim, dim);
        for (int j = 0; j < n; j++) {
            size_t row = index ? (size_t)index[j] : (size_t)j;
            score[j] = (lp_dot(qh, r->item + row * dim, dim) + by_level[level[j]] + by_age[age[j]]) * scale + r->salience[row];
        }
        lp_k_softmax(score, score, n);
        for (int j = 0; j < n; j++) {
            size_t row = index ? (size_t)index[j] : (size_t)j;
            lp_axpy(out + (size_t)h * dim, score[j], r->item + row * dim, dim);
        }
    }
}

LP_CLONES void lp_k_read_backward(float *dq, float *ditem, float *dsalience, float *dlevel_key, float *dage_key, const float *dout,
                                  const float *weight, const lp_read *r, const float *q, const int32_t *index, const uint8_t *level,
                                  const uint8_t *age, int n) {
    const int dim = r->dim;
    const float scale = 1.0f / sqrtf((float)dim);
    memset(dq, 0, (size_t)r->heads * dim * sizeof *dq);
    if (!n) return;
    for (int h = 0; h < r->heads; h++) {
        const float *qh = q + (size_t)h * dim, *dh = dout + (size_t)h * dim, *w = weight + (size_t)h * n;
        float *dqh = dq + (size_t)h * dim, mean = 0.0f;
        float by_level[LP_READ_MAX_KEYS] = {0}, by_age[LP_READ_MAX_KEYS] = {0};
        for (int j = 0; j < n; j++) mean += w[j] * lp_dot(dh, r->item + (index ? (size_t)index[j] : (size_t)j) * dim, dim);
        for (int j = 0; j < n; j++) {
            size_t row = index ? (size_t)index[j] : (size_t)j;
            const float *x = r->item + row * dim;
            float dscore = w[j] * (lp_dot(dh, x, dim) - mean);
            lp_axpy(ditem + row * dim, w[j], dh, dim);
            lp_axpy(ditem + row * dim, dscore * scale, qh, dim);
            lp_axpy(dqh, dscore * scale, x, dim);
            dsalience[row] += dscore;
            by_level[level[j]] += dscore * scale;
            by_age[age[j]] += dscore * scale;
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
}
