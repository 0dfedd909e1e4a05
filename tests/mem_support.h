/* What the tests of the memory in RAM share: items whose vectors tell their steps, contexts, saved bytes. */
#ifndef LP_TESTS_MEM_SUPPORT_H
#define LP_TESTS_MEM_SUPPORT_H

#include "base/rng.h"
#include "memory/arch.h"
#include "memory/settings.h"
#include "tests/seed.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint64_t seed;

/* Item t's vector: any number that shows mixed-up rows. */
static inline float element(int64_t t, int d) { return (float)(lp_mix64((uint64_t)t * 1000 + (uint64_t)d) >> 44); }

static inline void append(lp_mem *m, int dim, float salience) {
    float vector[16];
    for (int d = 0; d < dim; d++) vector[d] = element(lp_mem_steps(m), d);
    lp_mem_append(m, vector, salience);
}

enum { CHUNK, SLOTS, FAN, WINDOW, UNLIKE, KEEP, MERGE }; /* the tree's settings, in its order */
enum { EARLY = 2 };                                      /* of MERGE */

/* One that selects by salience alone. */
static inline lp_mem_config tree_config(int dim, int chunk, int slots, int fan, int window) {
    return (lp_mem_config){&lp_mem_tree, dim, {chunk, slots, fan, window, -1}};
}

static inline lp_mem *open_mem(const lp_mem_config *c) {
    lp_mem *m;
    lp_err err;
    if (lp_mem_open(&m, c, &err)) fail_msg("%s", err.message);
    return m;
}

typedef struct {
    int n, max, dim;
    lp_mem_context_view view;
} context;

static inline context context_new(const lp_mem_config *c) {
    int max = lp_mem_max_context(c);
    size_t n = (size_t)max + 1;
    return (context){
        0,
        max,
        c->dim,
        {calloc(n * (size_t)c->dim, sizeof(float)), calloc(n, sizeof(float)), calloc(n, sizeof(int32_t)), calloc(n, sizeof(int64_t))}};
}

static inline void context_free(context *x) { free(x->view.vector), free(x->view.salience), free(x->view.level), free(x->view.step); }

/* Looks, and checks what holds for every architecture: bound, order, ages, vectors, the counts of the levels. */
static inline void look(context *x, const lp_mem *m) {
    int counts[64] = {0}, sums[64] = {0};
    x->n = lp_mem_context(m, NULL, &x->view);
    assert_true(x->n <= x->max);
    int n_levels = lp_mem_levels(m, counts, 64);
    for (int i = 0; i < x->n; i++) {
        int level = x->view.level[i];
        assert_in_range(level, 0, n_levels - 1);
        sums[level]++;
        assert_true(x->view.step[i] >= 0 && x->view.step[i] < lp_mem_steps(m));
        if (i && x->view.level[i - 1] == level) assert_true(x->view.step[i - 1] < x->view.step[i]);
        if (i) assert_true(x->view.level[i - 1] >= level);
        for (int d = 0; d < x->dim; d++) assert_true(x->view.vector[(size_t)i * (size_t)x->dim + (size_t)d] == element(x->view.step[i], d));
    }
    assert_memory_equal(counts, sums, sizeof counts);
}

static inline unsigned char *saved(const lp_mem *m, size_t *size) {
    *size = lp_mem_save_size(m);
    unsigned char *data = malloc(*size + 1);
    data[*size] = 0xa5;
    lp_mem_save(m, data);
    assert_int_equal(data[*size], 0xa5);
    return data;
}

static inline void assert_same(const lp_mem *a, const lp_mem *b) {
    size_t n, k;
    unsigned char *x = saved(a, &n), *y = saved(b, &k);
    assert_int_equal(n, k);
    assert_memory_equal(x, y, n);
    free(x), free(y);
}

#endif
