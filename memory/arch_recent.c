/* The last so many items, in a ring: none keeps 0 of them, window `window`, full `max_items`.
 *
 * A full ring's oldest item stands at `next`, one that is not full begins at slot 0; the steps follow from the order and
 * need no storage. Saved: the items' vectors, then their saliences, oldest first. */
#include "memory/arch.h"

#include "base/floats.h"

#include <string.h>

typedef struct {
    float *vector;      /* [capacity][dim] */
    float *salience;    /* [capacity] */
    int capacity, next; /* next: the slot of the next item */
} recent;

/* The one setting that each has, which `none` has not. */
static int capacity_of(const lp_mem_config *c) { return c->setting[0] > 0 ? c->setting[0] : 0; }

static int held(const recent *r, int64_t n_steps) { return n_steps < r->capacity ? (int)n_steps : r->capacity; }

static size_t size(const lp_mem_config *c) {
    size_t n = (size_t)capacity_of(c);
    return lp_arena_need(sizeof(recent)) + lp_arena_need(n * (size_t)c->dim * sizeof(float)) + lp_arena_need(n * sizeof(float));
}

static void *open(const lp_mem_config *c, lp_arena *arena) {
    recent *r = lp_arena_take(arena, sizeof *r);
    r->capacity = capacity_of(c);
    r->vector = lp_arena_take(arena, (size_t)r->capacity * (size_t)c->dim * sizeof(float));
    r->salience = lp_arena_take(arena, (size_t)r->capacity * sizeof(float));
    return r;
}

static void reset(lp_mem *m) {
    recent *r = m->state;
    r->next = 0;
}

static void append(lp_mem *m, const float *vector, float salience) {
    recent *r = m->state;
    size_t dim = (size_t)m->config.dim;
    if (!r->capacity) return;
    memcpy(r->vector + (size_t)r->next * dim, vector, dim * sizeof *vector);
    r->salience[r->next] = salience;
    if (++r->next == r->capacity) r->next = 0;
}

/* Unrolls the ring: its n items to vector and salience (bytes, as saved memories need not be aligned), oldest first. */
static void unroll(const lp_mem *m, int n, unsigned char *vector, unsigned char *salience) {
    const recent *r = m->state;
    size_t dim = (size_t)m->config.dim, one = dim * sizeof(float);
    size_t oldest = n < r->capacity ? 0 : (size_t)r->next, tail = (size_t)n - oldest;
    if (!n) return;
    memcpy(vector, r->vector + oldest * dim, tail * one);
    memcpy(vector + tail * one, r->vector, oldest * one);
    memcpy(salience, r->salience + oldest, tail * sizeof(float));
    memcpy(salience + tail * sizeof(float), r->salience, oldest * sizeof(float));
}

static int context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    (void)query;
    int n = held(m->state, m->n_steps);
    unroll(m, n, (unsigned char *)out->vector, (unsigned char *)out->salience);
    for (int i = 0; i < n; i++) out->level[i] = 0, out->step[i] = m->n_steps - n + i;
    return n;
}

static void renew(lp_mem *m, const float *vector, const float *salience) {
    recent *r = m->state;
    size_t dim = (size_t)m->config.dim, n = (size_t)held(r, m->n_steps), capacity = (size_t)r->capacity;
    size_t oldest = n < capacity ? 0 : (size_t)r->next;
    for (size_t i = 0; i < n; i++) {
        size_t at = (oldest + i) % capacity;
        memcpy(r->vector + at * dim, vector + i * dim, dim * sizeof *vector);
        r->salience[at] = lp_mem_salience(salience[i]);
    }
}

static int max_context(const lp_mem_config *c, int64_t n_steps) {
    int capacity = capacity_of(c);
    return n_steps < capacity ? (int)n_steps : capacity;
}

static int levels(const lp_mem *m, int *counts, int max) {
    const recent *r = m->state;
    if (!r->capacity) return 0;
    if (max > 0) counts[0] = held(r, m->n_steps);
    return 1;
}

static size_t save_size(const lp_mem *m, int64_t n_steps) {
    return (size_t)held(m->state, n_steps) * ((size_t)m->config.dim + 1) * sizeof(float);
}

static void save(const lp_mem *m, unsigned char *out) {
    int n = held(m->state, m->n_steps);
    unroll(m, n, out, out + (size_t)n * (size_t)m->config.dim * sizeof(float));
}

static bool load(lp_mem *m, int64_t n_steps, const unsigned char *data) {
    recent *r = m->state;
    int n = held(r, n_steps);
    size_t vectors = (size_t)n * (size_t)m->config.dim * sizeof(float);
    if (!lp_floats_finite(data + vectors, (size_t)n)) return false;
    if (n) {
        memcpy(r->vector, data, vectors);
        memcpy(r->salience, data + vectors, (size_t)n * sizeof(float));
    }
    r->next = n < r->capacity ? n : 0; /* the oldest moves to slot 0: only the order matters */
    return true;
}

#define RECENT                                                                                                                             \
    .size = size, .open = open, .reset = reset, .append = append, .context = context, .renew = renew, .max_context = max_context,          \
    .levels = levels, .save_size = save_size, .save = save, .load = load

const lp_mem_arch lp_mem_none = {.name = "none", .help = "nothing is kept", RECENT};
const lp_mem_arch lp_mem_window = {.name = "window", .help = "the last items, all raw", .settings = {LP_MEM_SETTING_WINDOW}, RECENT};
const lp_mem_arch lp_mem_full = {
    .name = "full",
    .help = "every item, up to a number: the upper bound to compare with",
    .settings = {{.name = "max_items", .help = "items kept; then the oldest are dropped", .initial = 16384, .min = 1, .max = 1 << 24}},
    RECENT};
