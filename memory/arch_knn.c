/* Nearest neighbours, exactly: every item is kept, up to `max_items`, and a context is the last `window` of them and the `k` nearest to the
 * query (nearest.h) of all that are older. It looks at each item that it holds: O(max_items) a decision. */
#include "memory/nearest.h"
#include "memory/ring.h"

#include <string.h>

enum { NEAREST, WINDOW, MAX_ITEMS }; /* its settings */

typedef struct {
    lp_ring ring;
    lp_nearest nearest;
} knn;

static int least(int64_t a, int b) { return a < b ? (int)a : b; }

static int window_of(const lp_mem_config *c) { return c->setting[WINDOW] > 0 ? c->setting[WINDOW] : 0; }

static size_t size(const lp_mem_config *c) {
    return lp_arena_need(sizeof(knn)) + lp_ring_size(c->setting[MAX_ITEMS], c->dim) + lp_nearest_size(c->setting[NEAREST]);
}

static void *open(const lp_mem_config *c, lp_arena *arena) {
    knn *x = lp_arena_take(arena, sizeof *x);
    lp_ring_open(&x->ring, arena, c->setting[MAX_ITEMS], c->dim);
    lp_nearest_open(&x->nearest, arena, c->setting[NEAREST], c->dim);
    return x;
}

/* The n items from `first` on. */
static void offer(lp_nearest *to, const lp_ring *ring, int64_t first, int64_t n) {
    float score[LP_SCORE_BLOCK * LP_MEM_MAX_HEADS];
    for (int run; n > 0; first += run, n -= run) {
        const size_t slot = lp_ring_slot(ring, first);
        run = lp_ring_run(ring, first, least(n, LP_SCORE_BLOCK));
        lp_score_items(&to->query, to->dim, ring->vector + slot * (size_t)to->dim, ring->salience + slot, run, score);
        for (int i = 0; i < run; i++) lp_nearest_offer(to, first + i, score + i * to->query.heads);
    }
}

static int context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    knn *x = m->state; /* what nearest has is scratch */
    const int held = lp_ring_held(&x->ring, m->n_steps), window = least(held, window_of(&m->config));
    const int64_t first = m->n_steps - held, window_first = m->n_steps - window;
    int n = least(held - window, m->config.setting[NEAREST]);
    if (query) {
        lp_nearest_begin(&x->nearest, query);
        offer(&x->nearest, &x->ring, first, window_first - first);
        n = lp_nearest_take(&x->nearest, out->step);
        for (int i = 0; i < n; i++) lp_ring_show(m, out->step[i], 1, out, i);
        if (query->n_read) *query->n_read += held;
    } else {
        lp_ring_show(m, window_first - n, n, out, 0);
    }
    lp_ring_show(m, window_first, window, out, n);
    return n + window;
}

static int max_context(const lp_mem_config *c, int64_t n_steps) {
    const int held = least(n_steps, c->setting[MAX_ITEMS]), window = least(held, window_of(c));
    return window + least(held - window, c->setting[NEAREST]);
}

const lp_mem_arch lp_mem_knn = {
    .name = "knn",
    .help = "every item, up to a number; shown are the last ones and those nearest to the policy's query",
    .settings = {[NEAREST] = LP_MEM_SETTING_K, [WINDOW] = LP_MEM_SETTING_WINDOW, [MAX_ITEMS] = LP_MEM_SETTING_MAX_ITEMS},
    .wants_query = true,
    .size = size,
    .open = open,
    .context = context,
    .max_context = max_context,
    LP_RING,
};
