/* The last so many items: none keeps 0 of them, window `window`, full `max_items`. */
#include "memory/ring.h"

/* The one setting that each has, which `none` has not. */
static int capacity_of(const lp_mem_config *c) { return c->setting[0] > 0 ? c->setting[0] : 0; }

static size_t size(const lp_mem_config *c) { return lp_arena_need(sizeof(lp_ring)) + lp_ring_size(capacity_of(c), c->dim); }

static void *open(const lp_mem_config *c, lp_arena *arena) {
    lp_ring *r = lp_arena_take(arena, sizeof *r);
    lp_ring_open(r, arena, capacity_of(c), c->dim);
    return r;
}

static int context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    const int n = lp_ring_held(m->state, m->n_steps);
    (void)query;
    lp_ring_show(m, m->n_steps - n, n, out, 0);
    return n;
}

static int max_context(const lp_mem_config *c, int64_t n_steps) {
    int capacity = capacity_of(c);
    return n_steps < capacity ? (int)n_steps : capacity;
}

static int levels(const lp_mem *m, int *counts, int max) {
    const lp_ring *r = m->state;
    if (!r->capacity) return 0;
    if (max > 0) counts[0] = lp_ring_held(r, m->n_steps);
    return 1;
}

#define RECENT .size = size, .open = open, .context = context, .renew = lp_ring_renew, .max_context = max_context, .levels = levels, LP_RING

const lp_mem_arch lp_mem_none = {.name = "none", .help = "nothing is kept", RECENT};
const lp_mem_arch lp_mem_window = {.name = "window", .help = "the last items, all raw", .settings = {LP_MEM_SETTING_WINDOW}, RECENT};
const lp_mem_arch lp_mem_full = {
    .name = "full", .help = "every item, up to a number: the upper bound to compare with", .settings = {LP_MEM_SETTING_MAX_ITEMS}, RECENT};
