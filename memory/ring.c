#include "memory/ring.h"

#include "base/floats.h"

#include <string.h>

size_t lp_ring_size(int capacity, int dim) {
    const size_t n = (size_t)capacity;
    return lp_arena_need(n * (size_t)dim * sizeof(float)) + lp_arena_need(n * sizeof(float));
}

void lp_ring_open(lp_ring *r, lp_arena *arena, int capacity, int dim) {
    r->capacity = capacity;
    r->vector = lp_arena_take(arena, (size_t)capacity * (size_t)dim * sizeof(float));
    r->salience = lp_arena_take(arena, (size_t)capacity * sizeof(float));
}

void lp_ring_copy(const lp_mem *m, int64_t first, int n, void *vector, void *salience) {
    const lp_ring *r = m->state;
    const size_t one = (size_t)m->config.dim * sizeof(float);
    if (!n) return;
    const size_t slot = lp_ring_slot(r, first), run = (size_t)lp_ring_run(r, first, n), rest = (size_t)n - run;
    memcpy(vector, r->vector + slot * (size_t)m->config.dim, run * one);
    memcpy((char *)vector + run * one, r->vector, rest * one);
    memcpy(salience, r->salience + slot, run * sizeof(float));
    memcpy((char *)salience + run * sizeof(float), r->salience, rest * sizeof(float));
}

void lp_ring_show(const lp_mem *m, int64_t first, int n, const lp_mem_context_view *out, int at) {
    lp_ring_copy(m, first, n, out->vector + (size_t)at * (size_t)m->config.dim, out->salience + at);
    for (int i = 0; i < n; i++) out->level[at + i] = 0, out->step[at + i] = first + i;
}

void lp_ring_renew(lp_mem *m, const float *vector, const float *salience) {
    lp_ring *r = m->state;
    const size_t dim = (size_t)m->config.dim;
    const int n = lp_ring_held(r, m->n_steps);
    for (int i = 0; i < n; i++) {
        const size_t slot = lp_ring_slot(r, m->n_steps - n + i);
        memcpy(r->vector + slot * dim, vector + (size_t)i * dim, dim * sizeof *vector);
        r->salience[slot] = lp_mem_salience(salience[i]);
    }
}

void lp_ring_append(lp_mem *m, const float *vector, float salience) {
    lp_ring *r = m->state;
    const size_t dim = (size_t)m->config.dim;
    if (!r->capacity) return;
    const size_t slot = lp_ring_slot(r, m->n_steps);
    memcpy(r->vector + slot * dim, vector, dim * sizeof *vector);
    r->salience[slot] = salience;
}

size_t lp_ring_save_size(const lp_mem *m, int64_t n_steps) {
    return (size_t)lp_ring_held(m->state, n_steps) * ((size_t)m->config.dim + 1) * sizeof(float);
}

void lp_ring_save(const lp_mem *m, unsigned char *out) {
    const int n = lp_ring_held(m->state, m->n_steps);
    lp_ring_copy(m, m->n_steps - n, n, out, out + (size_t)n * (size_t)m->config.dim * sizeof(float));
}

bool lp_ring_load(lp_mem *m, int64_t n_steps, const unsigned char *data) {
    lp_ring *r = m->state;
    const int n = lp_ring_held(r, n_steps);
    const size_t dim = (size_t)m->config.dim, one = dim * sizeof(float);
    const unsigned char *saliences = data + (size_t)n * one;
    if (!lp_floats_finite(saliences, (size_t)n)) return false;
    if (!n) return true;
    const int64_t first = n_steps - n;
    const size_t slot = lp_ring_slot(r, first), run = (size_t)lp_ring_run(r, first, n), rest = (size_t)n - run;
    memcpy(r->vector + slot * dim, data, run * one);
    memcpy(r->vector, data + run * one, rest * one);
    memcpy(r->salience + slot, saliences, run * sizeof(float));
    memcpy(r->salience, saliences + run * sizeof(float), rest * sizeof(float));
    return true;
}
