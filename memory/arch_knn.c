/* Nearest neighbours, exactly: every item is kept, up to `max_items`, and a context is the last `window` of them and the `k` nearest to the
 * query (nearest.h) of all that are older. It looks at each item that it holds: O(max_items) a decision. */
#include "memory/nearest.h"

enum { NEAREST, WINDOW, MAX_ITEMS }; /* its settings */

typedef struct {
    lp_ring ring;
    lp_nearest nearest;
} knn;

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

static int64_t offer(const lp_mem *m, int64_t first, int64_t end) {
    knn *x = m->state;
    lp_nearest *to = &x->nearest;
    float score[LP_SCORE_BLOCK * LP_MEM_MAX_HEADS];
    const int64_t all = end - first;
    for (int n; first < end; first += n) {
        const size_t slot = lp_ring_slot(&x->ring, first);
        n = lp_ring_run(&x->ring, first, end - first < LP_SCORE_BLOCK ? (int)(end - first) : LP_SCORE_BLOCK);
        lp_score_items(&to->query, to->dim, x->ring.vector + slot * (size_t)to->dim, x->ring.salience + slot, n, score);
        for (int i = 0; i < n; i++) lp_nearest_offer(to, first + i, score + i * to->query.heads);
    }
    return all;
}

static int context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    knn *x = m->state; /* what nearest has is scratch */
    return lp_nearest_context(m, &x->nearest, window_of(&m->config), query, offer, out);
}

static int max_context(const lp_mem_config *c, int64_t n_steps) {
    return lp_nearest_max_context(c->setting[NEAREST], window_of(c), c->setting[MAX_ITEMS], n_steps);
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
