/* Twins of what happens from step to step: memory reads, draws, advantages, the loss, the optimizer. Bytes and sizes as in bench_layers.c. */
#include "bench/bench_task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- memory reads: d = tables, decisions a table, heads, dim, items, and 1 where each decision reads all of them ---- */

enum { LEVELS = 4, AGES = 8, EXTRA = 3 };

/* What both directions read, from array `first` on: q, item, salience, level_key, age_key, index, level, age, count. */
static void add_read(lp_task *t) {
    const size_t tables = (size_t)t->d[0], batch = tables * (size_t)t->d[1], heads = (size_t)t->d[2], dim = (size_t)t->d[3],
                 items = (size_t)t->d[4];
    const size_t rows = items + EXTRA;
    lp_task_in(t, batch * heads * dim), lp_task_in(t, tables * rows * dim), lp_task_in(t, tables * rows), lp_task_in(t, LEVELS * dim),
        lp_task_in(t, AGES * dim);
    int32_t *index = lp_task_ints(t, batch * items, 0, (int)rows, LP_GIVEN);
    lp_task_bytes(t, batch * items, LEVELS), lp_task_bytes(t, batch * items, AGES);
    int32_t *count = lp_task_ints(t, batch, 0, (int)items + 1, LP_GIVEN);
    double read = 0;
    for (size_t b = 0; b < batch && index && count; b++) {
        const size_t from = (size_t)index[b * items]; /* different rows of the table, in some order */
        for (size_t j = 0; j < items; j++) index[b * items + j] = (int32_t)((from + j * (rows % 2 ? 2 : 1)) % rows);
        if (t->d[5]) count[b] = (int32_t)items;
        read += count[b];
    }
    t->bytes = 4.0 * (double)(2 * batch * heads * dim + tables * rows * (dim + 1)) + read * (6 + 4 * (double)heads);
    t->flops = 4 * read * (double)(heads * dim);
    LP_SHAPE("%zux%zu heads, %zu items", batch, heads, items);
}

static lp_read read_of(const lp_task *t, int first, size_t table, bool card) {
    const size_t rows = (size_t)t->d[4] + EXTRA, dim = (size_t)t->d[3];
    const float *item = card ? LP_D(first + 1) : LP_H(first + 1), *salience = card ? LP_D(first + 2) : LP_H(first + 2);
    return (lp_read){t->d[2],
                     t->d[3],
                     LEVELS,
                     AGES,
                     card ? LP_D(first + 3) : LP_H(first + 3),
                     card ? LP_D(first + 4) : LP_H(first + 4),
                     item + table * rows * dim,
                     salience + table * rows,
                     false};
}

static void plan_read(lp_task *t) { /* 0 out, 1 weight, from 2 on what is read */
    const size_t batch = (size_t)t->d[0] * (size_t)t->d[1], heads = (size_t)t->d[2];
    lp_task_out(t, batch * heads * (size_t)t->d[3], t->d[3]), lp_task_in(t, batch * heads * (size_t)t->d[4]);
    add_read(t);
}
static int card_read(const lp_task *t) {
    const lp_read r = read_of(t, 2, 0, true);
    return lp_cuda_read(LP_D(0), LP_D(1), &r, LP_D(2), NULL, LP_D(7), LP_D(8), LP_D(9), LP_D(10), t->d[0] * t->d[1], t->d[4], t->d[1],
                        t->d[4] + EXTRA, t->stream);
}
static void cpu_read(const lp_task *t) {
    const size_t one = (size_t)t->d[2] * (size_t)t->d[3], items = (size_t)t->d[4];
    for (size_t b = 0; b < (size_t)t->d[0] * (size_t)t->d[1]; b++) {
        const lp_read r = read_of(t, 2, b / (size_t)t->d[1], false);
        lp_k_read(LP_F(0) + b * one, LP_H(1), &r, LP_F(2) + b * one, NULL, (int32_t *)LP_H(7) + b * items, (uint8_t *)LP_H(8) + b * items,
                  (uint8_t *)LP_H(9) + b * items, ((int32_t *)LP_H(10))[b]);
    }
}

/* 0 dq, 1 ditem, 2 dsalience, 3 dlevel_key, 4 dage_key, 5 dout, 6 weight, from 7 on what is read, 16 scratch */
static void plan_read_backward(lp_task *t) {
    const size_t tables = (size_t)t->d[0], batch = tables * (size_t)t->d[1], heads = (size_t)t->d[2], dim = (size_t)t->d[3],
                 items = (size_t)t->d[4];
    const double sums = 4.0 * (double)dim, keys = sums + (double)(batch * heads) * sqrt((double)dim);
    const lp_read r = {(int)heads, (int)dim, LEVELS, AGES, NULL, NULL, NULL, NULL, false};
    lp_task_out(t, batch * heads * dim, sums), lp_task_out(t, tables * (items + EXTRA) * dim, sums),
        lp_task_out(t, tables * (items + EXTRA), sums);
    lp_task_out(t, LEVELS * dim, keys), lp_task_out(t, AGES * dim, keys), lp_task_in(t, batch * heads * dim);
    float *weight = lp_task_in(t, batch * heads * items);
    for (size_t i = 0; i < batch * heads * items && weight; i++) weight[i] = (1 + 0.5f * weight[i]) / (float)items;
    add_read(t);
    lp_task_in(t, lp_cuda_read_scratch(&r, (int)batch, (int)items, t->d[1]));
    t->bytes += 4.0 * (double)(batch * heads * dim + 2 * tables * (items + EXTRA) * (dim + 1)); /* dout; ditem and dsalience both ways */
    t->flops *= 2.5;
}
static int card_read_backward(const lp_task *t) {
    const lp_read r = read_of(t, 7, 0, true);
    return lp_cuda_read_backward(LP_D(0), NULL, LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), LP_D(6), NULL, &r, LP_D(7), NULL, LP_D(12),
                                 LP_D(13), LP_D(14), LP_D(15), t->d[0] * t->d[1], t->d[4], t->d[1], t->d[4] + EXTRA, 0, NULL, NULL,
                                 LP_D(16), t->stream);
}
static void cpu_read_backward(const lp_task *t) {
    const size_t heads = (size_t)t->d[2], dim = (size_t)t->d[3], one = heads * dim, items = (size_t)t->d[4], rows = items + EXTRA;
    for (size_t b = 0; b < (size_t)t->d[0] * (size_t)t->d[1]; b++) {
        const size_t table = b / (size_t)t->d[1], n = (size_t)((int32_t *)LP_H(15))[b];
        const lp_read r = read_of(t, 7, table, false);
        float *weight = LP_F(16); /* the CPU's rows have n items */
        for (size_t h = 0; h < heads; h++) memcpy(weight + h * n, LP_F(6) + (b * heads + h) * items, n * sizeof *weight);
        lp_k_read_backward(LP_F(0) + b * one, NULL, LP_F(1) + table * rows * dim, LP_F(2) + table * rows, LP_H(3), LP_H(4),
                           LP_F(5) + b * one, weight, &r, LP_F(7) + b * one, NULL, (int32_t *)LP_H(12) + b * items,
                           (uint8_t *)LP_H(13) + b * items, (uint8_t *)LP_H(14) + b * items, (int)n, 0, weight + heads * n);
    }
}

/* ---- acting and learning ---- */

static void plan_sample(lp_task *t) { /* d = n, actions; 0 action, 1 logp, 2 logit, 3 seed, 4 count */
    const size_t n = (size_t)t->d[0], actions = (size_t)t->d[1];
    lp_task_ints(t, n, 0, (int)actions, LP_INTS), lp_task_out(t, n, 1), lp_task_in(t, n * actions);
    lp_task_bytes(t, n * sizeof(uint64_t), 256), lp_task_bytes(t, n * sizeof(uint64_t), 256);
    t->bytes = (double)n * (24 + 4 * (double)actions);
    LP_SHAPE("%zu of %zu actions", n, actions);
}
static int card_sample(const lp_task *t) {
    return lp_cuda_sample(LP_D(0), LP_D(1), LP_D(2), t->d[0], t->d[1], LP_D(3), LP_D(4), t->stream);
}
static void cpu_sample(const lp_task *t) { lp_k_sample(LP_H(0), LP_H(1), LP_H(2), t->d[0], t->d[1], LP_H(3), LP_H(4)); }
/* A draw within a rounding of two actions' border may fall to either side. */
static void settle_sample(lp_task *t, void *const *got) {
    const int32_t *action = got[0];
    for (int r = 0, left = 1 + t->d[0] / 1000; r < t->d[0] && left; r++) {
        if (action[r] == ((int32_t *)LP_H(0))[r]) continue;
        left--;
        ((int32_t *)LP_H(0))[r] = action[r];
        LP_F(1)[r] = ((const float *)got[1])[r];
    }
}

static void plan_gae(lp_task *t) { /* d = envs, n; 0 advantage, 1 target, 2 reward, 3 value, 4 end, 5 logp */
    const size_t envs = (size_t)t->d[0], n = (size_t)t->d[1];
    lp_task_out(t, envs * n, 20), lp_task_out(t, envs * n, 20), lp_task_in(t, envs * n), lp_task_in(t, envs * (n + 1)),
        lp_task_ends(t, envs * n), lp_task_in(t, envs * n);
    t->bytes = 21.0 * (double)(envs * n);
    LP_SHAPE("%zu x %zu", envs, n);
}
static int card_gae(const lp_task *t) {
    return lp_cuda_gae(LP_D(0), LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), t->d[0], t->d[1], 0.99f, 0.95f, t->stream);
}
static void cpu_gae(const lp_task *t) {
    const size_t n = (size_t)t->d[1];
    for (size_t e = 0; e < (size_t)t->d[0]; e++)
        lp_k_gae(LP_F(0) + e * n, LP_F(1) + e * n, LP_F(2) + e * n, LP_F(3) + e * (n + 1), (uint8_t *)LP_H(4) + e * n, LP_F(5) + e * n,
                 t->d[1], 0.99f, 0.95f);
}

static void plan_normalise(lp_task *t) {
    lp_task_out(t, (size_t)t->d[0], 20), lp_task_in(t, (size_t)t->d[0]);
    t->bytes = 16.0 * t->d[0];
    LP_SHAPE("%d", t->d[0]);
}
static int card_normalise(const lp_task *t) { return lp_cuda_normalise(LP_D(0), LP_D(1), (size_t)t->d[0], t->stream); }
static void cpu_normalise(const lp_task *t) {
    const int n = t->d[0];
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++) sum += LP_F(0)[i];
    for (int i = 0; i < n; i++) squares += (LP_F(0)[i] - sum / n) * (LP_F(0)[i] - sum / n);
    for (int i = 0; i < n; i++) LP_F(0)[i] = (float)((LP_F(0)[i] - sum / n) / (sqrt(squares / n) + 1e-8));
}

/* d = n, actions; 0 dlogit, 1 dvalue, 2 sums, 3 logit, 4 value, 5 action, 6 old logp, 7 advantage, 8 target, 9 scratch, 10 fade */
static const lp_ppo ppo_settings = {0.2f, 0.7f, 0.05f, 0.3f, 0};
static void plan_ppo(lp_task *t) {
    const size_t n = (size_t)t->d[0], actions = (size_t)t->d[1];
    lp_task_out(t, n * actions, 5), lp_task_out(t, n, 5), lp_task_add(t, sizeof(lp_ppo_sums), LP_DOUBLES, (double)n);
    lp_task_in(t, n * actions), lp_task_in(t, n), lp_task_ints(t, n, 0, (int)actions, LP_GIVEN);
    float *old = lp_task_in(t, n);
    for (size_t i = 0; i < n && old; i++) old[i] = 0.3f * old[i] - logf((float)actions);
    lp_task_in(t, n), lp_task_in(t, n), lp_task_add(t, lp_cuda_ppo_scratch_bytes(), LP_GIVEN, 0), lp_task_in(t, 1);
    t->bytes = (double)n * (24 + 8 * (double)actions);
    LP_SHAPE("%zu of %zu actions", n, actions);
}
static int card_ppo(const lp_task *t) {
    return lp_cuda_ppo(LP_D(0), LP_D(1), LP_D(2), LP_D(3), LP_D(4), LP_D(5), LP_D(6), LP_D(7), LP_D(8), t->d[0], t->d[1], &ppo_settings,
                       LP_D(10), LP_D(9), t->stream);
}
static void cpu_ppo(const lp_task *t) {
    lp_k_ppo(LP_H(0), LP_H(1), LP_H(2), LP_H(3), LP_H(4), LP_H(5), LP_H(6), LP_H(7), LP_H(8), t->d[0], t->d[1], &ppo_settings);
}

static const lp_adam adam_settings = {1e-3f, 0.9f, 0.999f, 1e-5f};
static const float adam_norm = 0.5f;
static void plan_adam(lp_task *t) { /* 0 w, 1 m, 2 v, 3 g, 4 what is counted */
    const size_t n = (size_t)t->d[0];
    lp_task_out(t, n, 1), lp_task_out(t, n, 1);
    float *v = lp_task_out(t, n, 1);
    for (size_t i = 0; i < n && v; i++) v[i] = v[i] * v[i] + 0.01f;
    lp_task_in(t, n);
    lp_cuda_adam_state *state = lp_task_add(t, lp_cuda_adam_state_bytes(), LP_GIVEN, 0);
    if (state) state->rate_scale = 1;
    t->bytes = 28.0 * (double)n;
    LP_SHAPE("%zu", n);
}
static int card_adam(const lp_task *t) {
    return lp_cuda_adam(LP_D(0), LP_D(1), LP_D(2), LP_D(3), (size_t)t->d[0], LP_D(4), &adam_settings, adam_norm, t->stream);
}
static void cpu_adam(const lp_task *t) {
    const double norm = sqrt(lp_k_sum_squares(LP_H(3), (size_t)t->d[0]));
    lp_k_adam(LP_H(0), LP_H(1), LP_H(2), LP_H(3), (size_t)t->d[0], 1, norm > (double)adam_norm ? (float)((double)adam_norm / norm) : 1.0f,
              &adam_settings);
}

/* ---- the table ---- */

#define ODD_READ                                                                                                                           \
    {                                                                                                                                      \
        {2, 1, 1, 1, 1, 0}, {2, 3, 2, 32, 40, 0}, { 1, 2, 3, 100, 133, 0 }                                                                 \
    }

// clang-format off
const lp_twin lp_twins_of_steps[] = {
    {"read", 0, plan_read, card_read, cpu_read, NULL, {1, 1, 4, 64, 136, 1}, ODD_READ},
    {"read", 0, plan_read, card_read, cpu_read, NULL, {64, 1, 4, 64, 136, 1}, ODD_READ},
    {"read", 0, plan_read, card_read, cpu_read, NULL, {2048, 1, 4, 64, 136, 1}, ODD_READ},
    {"read backward", 0, plan_read_backward, card_read_backward, cpu_read_backward, NULL, {64, 32, 4, 64, 136, 1}, ODD_READ},
    {"sample", 0, plan_sample, card_sample, cpu_sample, settle_sample, {4096, 8}, {{300, 7}, {1, 2}}},
    {"gae", 0, plan_gae, card_gae, cpu_gae, NULL, {4096, 128}, {{5, 61}, {1, 1}}},
    {"normalise", 0, plan_normalise, card_normalise, cpu_normalise, NULL, {65536}, {{305}, {2}}},
    {"ppo", 0, plan_ppo, card_ppo, cpu_ppo, NULL, {65536, 8}, {{305, 5}, {1, 2}}},
    {"adam", 0, plan_adam, card_adam, cpu_adam, NULL, {10000000}, {{1}, {5003}}},
};
// clang-format on
const int lp_n_twins_of_steps = sizeof lp_twins_of_steps / sizeof *lp_twins_of_steps;
