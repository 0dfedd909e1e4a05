/* A uniform sample of everything that is older than the window: reservoir sampling (Vitter 1985, algorithm R). The item of step t, when it
 * leaves the window, takes the place of a random one with probability items / (t + 1).
 *
 * The lot of an item is drawn for the episode's seed and its step, so there is no state but the sample, the window and the seed.
 *
 * Saved: the window (ring.h), the seed, the sample's vectors, saliences and steps. */
#include "memory/ring.h"

#include "base/floats.h"
#include "base/rng.h"

#include <string.h>

enum { ITEMS, WINDOW }; /* its settings */

typedef struct {
    lp_ring ring; /* the window */
    /* the sample, oldest first */
    float *vector;   /* [items][dim] */
    float *salience; /* [items] */
    int64_t *step;   /* [items] */
} reservoir;

static int window_of(const lp_mem_config *c) { return c->setting[WINDOW] > 0 ? c->setting[WINDOW] : 0; }

/* Items of the sample. */
static int drawn_at(const lp_mem_config *c, int64_t n_steps) {
    const int64_t left = n_steps - window_of(c);
    return left < 0 ? 0 : left < c->setting[ITEMS] ? (int)left : c->setting[ITEMS];
}

static int max_context(const lp_mem_config *c, int64_t n_steps) {
    const int window = window_of(c);
    return drawn_at(c, n_steps) + (n_steps < window ? (int)n_steps : window);
}

static size_t size(const lp_mem_config *c) {
    const size_t n = (size_t)c->setting[ITEMS];
    return lp_arena_need(sizeof(reservoir)) + lp_ring_size(window_of(c), c->dim) + lp_arena_need(n * (size_t)c->dim * sizeof(float)) +
           lp_arena_need(n * sizeof(float)) + lp_arena_need(n * sizeof(int64_t));
}

static void *open(const lp_mem_config *c, lp_arena *arena) {
    const size_t n = (size_t)c->setting[ITEMS];
    reservoir *r = lp_arena_take(arena, sizeof *r);
    lp_ring_open(&r->ring, arena, window_of(c), c->dim);
    r->vector = lp_arena_take(arena, n * (size_t)c->dim * sizeof(float));
    r->salience = lp_arena_take(arena, n * sizeof(float));
    r->step = lp_arena_take(arena, n * sizeof(int64_t));
    return r;
}

/* Those that came after place i move up, so that the last place is free. */
static void drop(reservoir *r, size_t i, size_t n, size_t dim) {
    memmove(r->vector + i * dim, r->vector + (i + 1) * dim, (n - i - 1) * dim * sizeof *r->vector);
    memmove(r->salience + i, r->salience + i + 1, (n - i - 1) * sizeof *r->salience);
    memmove(r->step + i, r->step + i + 1, (n - i - 1) * sizeof *r->step);
}

/* The item of that step has left the window. */
static void draw(lp_mem *m, const float *vector, float salience, int64_t step) {
    reservoir *r = m->state;
    const size_t n = (size_t)m->config.setting[ITEMS], dim = (size_t)m->config.dim;
    size_t place = (size_t)step;
    if (step >= (int64_t)n) {
        lp_rng rng = lp_rng_make(m->seed, (uint64_t)step);
        const uint64_t lot = lp_rng_u64(&rng) % (uint64_t)(step + 1); /* 2^64 is so much larger that none is likelier */
        if (lot >= n) return;
        drop(r, (size_t)lot, n, dim);
        place = n - 1;
    }
    memcpy(r->vector + place * dim, vector, dim * sizeof *vector);
    r->salience[place] = salience;
    r->step[place] = step;
}

static void append(lp_mem *m, const float *vector, float salience) {
    const reservoir *r = m->state;
    const int64_t leaves = m->n_steps - r->ring.capacity; /* its place is the new item's */
    if (!r->ring.capacity) {
        draw(m, vector, salience, m->n_steps);
        return;
    }
    const size_t slot = lp_ring_slot(&r->ring, m->n_steps);
    if (leaves >= 0) draw(m, r->ring.vector + slot * (size_t)m->config.dim, r->ring.salience[slot], leaves);
    lp_ring_append(m, vector, salience);
}

static int context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    const reservoir *r = m->state;
    const int n = drawn_at(&m->config, m->n_steps), window = lp_ring_held(&r->ring, m->n_steps);
    (void)query;
    memcpy(out->vector, r->vector, (size_t)n * (size_t)m->config.dim * sizeof(float));
    memcpy(out->salience, r->salience, (size_t)n * sizeof(float));
    memcpy(out->step, r->step, (size_t)n * sizeof(int64_t));
    memset(out->level, 0, (size_t)n * sizeof(int32_t));
    lp_ring_show(m, m->n_steps - window, window, out, n);
    return n + window;
}

static void renew(lp_mem *m, const float *vector, const float *salience) {
    reservoir *r = m->state;
    const size_t n = (size_t)drawn_at(&m->config, m->n_steps), dim = (size_t)m->config.dim;
    memcpy(r->vector, vector, n * dim * sizeof *vector);
    for (size_t i = 0; i < n; i++) r->salience[i] = lp_mem_salience(salience[i]);
    lp_ring_renew(m, vector + n * dim, salience + n);
}

static size_t save_size(const lp_mem *m, int64_t n_steps) {
    return lp_ring_save_size(m, n_steps) + sizeof m->seed +
           (size_t)drawn_at(&m->config, n_steps) * (((size_t)m->config.dim + 1) * sizeof(float) + sizeof(int64_t));
}

static void save(const lp_mem *m, unsigned char *out) {
    const reservoir *r = m->state;
    const size_t n = (size_t)drawn_at(&m->config, m->n_steps), vectors = n * (size_t)m->config.dim * sizeof(float);
    lp_ring_save(m, out);
    out += lp_ring_save_size(m, m->n_steps);
    memcpy(out, &m->seed, sizeof m->seed);
    out += sizeof m->seed;
    memcpy(out, r->vector, vectors);
    memcpy(out + vectors, r->salience, n * sizeof(float));
    memcpy(out + vectors + n * sizeof(float), r->step, n * sizeof(int64_t));
}

static bool load(lp_mem *m, int64_t n_steps, const unsigned char *data) {
    reservoir *r = m->state;
    const size_t n = (size_t)drawn_at(&m->config, n_steps), vectors = n * (size_t)m->config.dim * sizeof(float);
    const unsigned char *seed = data + lp_ring_save_size(m, n_steps), *sample = seed + sizeof m->seed;
    const unsigned char *saliences = sample + vectors, *steps = saliences + n * sizeof(float);
    if (!lp_floats_finite(saliences, n) || !lp_mem_steps_rise(steps, n, n_steps - window_of(&m->config)) || !lp_ring_load(m, n_steps, data))
        return false;
    memcpy(&m->seed, seed, sizeof m->seed);
    memcpy(r->vector, sample, vectors);
    memcpy(r->salience, saliences, n * sizeof(float));
    memcpy(r->step, steps, n * sizeof(int64_t));
    return true;
}

const lp_mem_arch lp_mem_reservoir = {
    .name = "reservoir",
    .help = "the last items, and a uniform sample of everything older",
    .settings = {[ITEMS] = LP_MEM_SETTING_ITEMS, [WINDOW] = LP_MEM_SETTING_WINDOW},
    .size = size,
    .open = open,
    .append = append,
    .context = context,
    .renew = renew,
    .max_context = max_context,
    .save_size = save_size,
    .save = save,
    .load = load,
};
