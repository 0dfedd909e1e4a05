#include "memory/nearest.h"

#include "base/contract.h"
#include "base/simd.h"

#include <math.h>
#include <string.h>

LP_CLONES void lp_score_items(const lp_mem_query *query, int dim, const float *vector, const float *salience, int n, float *score) {
    const float root = sqrtf((float)dim);
    if (query->without_salience) salience = NULL;
    for (int i = 0; i < n; i++)
        for (int h = 0; h < query->heads; h++) {
            const float sum =
                lp_dot(query->q + (size_t)h * (size_t)dim, vector + (size_t)i * (size_t)dim, dim) / root + (salience ? salience[i] : 0);
            score[i * query->heads + h] = isnan(sum) ? -INFINITY : sum;
        }
}

size_t lp_nearest_size(int k) { return lp_arena_need((size_t)LP_MEM_MAX_HEADS * (size_t)k * sizeof(lp_scored)); }

void lp_nearest_open(lp_nearest *s, lp_arena *arena, int k, int dim) {
    *s = (lp_nearest){.k = k, .dim = dim, .heap = lp_arena_take(arena, (size_t)LP_MEM_MAX_HEADS * (size_t)k * sizeof(lp_scored))};
}

void lp_nearest_begin(lp_nearest *s, const lp_mem_query *query) {
    LP_CHECK(query->heads >= 1 && query->heads <= LP_MEM_MAX_HEADS);
    s->query = *query;
    memset(s->n, 0, sizeof s->n);
}

static bool better(const lp_scored *a, const lp_scored *b) { return a->score > b->score || (a->score == b->score && a->step < b->step); }

/* Puts x in at the root, or below those that are worse, of a heap of n whose root is free. */
static void sift_down(lp_scored *heap, int n, lp_scored x) {
    int at = 0;
    for (int child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && better(&heap[child], &heap[child + 1])) child++;
        if (!better(&x, &heap[child])) break;
        heap[at] = heap[child];
    }
    heap[at] = x;
}

static void sift_up(lp_scored *heap, int at, lp_scored x) {
    for (int parent; at > 0 && better(&heap[parent = (at - 1) / 2], &x); at = parent) heap[at] = heap[parent];
    heap[at] = x;
}

void lp_scored_push(lp_scored *heap, int n, lp_scored x) { sift_up(heap, n, x); }

lp_scored lp_scored_pop(lp_scored *heap, int n) {
    const lp_scored root = heap[0];
    sift_down(heap, n - 1, heap[n - 1]);
    return root;
}

void lp_nearest_offer(lp_nearest *s, int64_t step, const float *score) {
    for (int h = 0; h < s->query.heads; h++) {
        lp_scored *heap = s->heap + (size_t)h * (size_t)s->k;
        const lp_scored x = {score[h], step};
        if (s->n[h] < s->k) sift_up(heap, s->n[h]++, x);
        else if (better(&x, heap)) sift_down(heap, s->k, x);
    }
}

/* Into n steps that rise; false: it is there. */
static bool insert(int64_t *step, int n, int64_t x) {
    int from = 0, to = n;
    while (from < to) {
        const int middle = (from + to) / 2;
        if (step[middle] < x) from = middle + 1;
        else to = middle;
    }
    if (from < n && step[from] == x) return false;
    memmove(step + from + 1, step + from, (size_t)(n - from) * sizeof *step);
    step[from] = x;
    return true;
}

int lp_nearest_take(lp_nearest *s, int64_t *step) {
    const int most = s->n[0]; /* all heads were offered the same */
    int next[LP_MEM_MAX_HEADS] = {0}, n = 0;
    for (int h = 0; h < s->query.heads; h++) { /* the worst goes last */
        lp_scored *heap = s->heap + (size_t)h * (size_t)s->k;
        for (int left = most; left > 1; left--) {
            const lp_scored worst = lp_scored_pop(heap, left);
            heap[left - 1] = worst;
        }
    }
    for (int h = 0; n < most; h = (h + 1) % s->query.heads)
        while (next[h] < most)
            if (insert(step, n, s->heap[(size_t)h * (size_t)s->k + (size_t)next[h]++].step)) {
                n++;
                break;
            }
    return n;
}

/* ---- contexts ---- */

static int least(int64_t a, int b) { return a < b ? (int)a : b; }

int lp_nearest_context(const lp_mem *m, lp_nearest *s, int window, const lp_mem_query *query, lp_nearest_source offer,
                       const lp_mem_context_view *out) {
    const int held = lp_ring_held(m->state, m->n_steps), shown = least(held, window);
    const int64_t first = m->n_steps - held, end = m->n_steps - shown;
    int n = least(end - first, s->k);
    if (query) {
        lp_nearest_begin(s, query);
        const int64_t read = offer(m, first, end);
        n = lp_nearest_take(s, out->step);
        for (int i = 0; i < n; i++) lp_ring_show(m, out->step[i], 1, out, i);
        if (query->n_read) *query->n_read += read + shown;
    } else {
        lp_ring_show(m, end - n, n, out, 0);
    }
    lp_ring_show(m, end, shown, out, n);
    return n + shown;
}

int lp_nearest_max_context(int k, int window, int max_items, int64_t n_steps) {
    const int held = least(n_steps, max_items), shown = least(held, window);
    return shown + least(held - shown, k);
}
