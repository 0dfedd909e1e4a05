/* Nearest neighbours by the tree: what knn keeps, with summaries over it, and a query walks from the highest of them down to raw items. It
 * looks only at what it opens: O(open (F S + K) + S F log T) items a decision, whatever is kept.
 *
 * K chunk, S slots, F fan. The items of steps [i K, (i + 1) K) have a summary of level 1, that keeps S of them; F summaries of a level in a
 * row have one of the next level (selection.h): node i of level l covers the steps [i, i + 1) K F^(l-1). A node is there while all items that
 * it covers are held. So nodes are functions of the items, and are made again where a memory is loaded. They keep no vectors, only steps.
 *
 * The walk. Of the items before the window it meets first the nodes that have no parent there, and the raw items that have no node. To meet a
 * node is to read its summary: what it scores for a head (nearest.h) is the best that its items do. Then `open` times, each head in turn, the
 * node that scores best of those that were met and not opened is opened: its children are met, or its raw items are read. Ties: what was met
 * first. Shown are the nearest of all items that were read. With all nodes opened that is what knn shows.
 *
 * An item is in the summaries of all levels from some level down, so it is offered once: where it is not in the summary of the parent.
 *
 * Saved: the items, as knn's. */
#include "memory/nearest.h"

#include "base/contract.h"
#include "memory/selection.h"

#include <math.h>
#include <string.h>

enum { NEAREST, OPEN, CHUNK, SLOTS, FAN, WINDOW, UNLIKE, MAX_ITEMS }; /* its settings */
enum { MAX_LEVELS = 26 };                                             /* 2^24 items at K 1, F 2 have 25 */

/* The nodes of a level: node i stands at i mod capacity. */
typedef struct {
    int64_t span;  /* steps a node covers; of level 0, the items, 1 */
    int each;      /* items its summary has */
    int capacity;  /* nodes that can be there at once; of level 0, of no use */
    int32_t *step; /* [capacity][each] of its items, less that of the first that it covers */
} level;

typedef struct {
    int level;
    int64_t index;
    bool is_open;
} node;

typedef struct {
    lp_ring ring;
    lp_nearest nearest;
    lp_selection selection;
    int n_levels;             /* but for level 0 */
    level levels[MAX_LEVELS]; /* from 0 */
    int n_new;                /* nodes that the last append made, one a level from level 1 up */
    int64_t *new_steps;       /* [n_levels][S] what they kept */
    /* scratch of a selection */
    float *vector, *salience; /* [candidates][dim], [candidates] */
    int64_t *candidate;       /* [candidates] steps */
    /* scratch of a walk */
    node *met;       /* [max_met] */
    lp_scored *heap; /* [LP_MEM_MAX_HEADS][max_met] of those met, -score and -place in met: the best is at the root */
    int n_met, max_met, n_heap[LP_MEM_MAX_HEADS];
    int64_t n_read;
} descend;

static int window_of(const lp_mem_config *c) { return c->setting[WINDOW] > 0 ? c->setting[WINDOW] : 0; }

/* The levels of a config, without steps; returns how many there are but for level 0. */
static int shape(const lp_mem_config *c, level levels[MAX_LEVELS]) {
    int n = 0;
    levels[0] = (level){.span = 1, .each = 1};
    for (;;) {
        const int children = n ? c->setting[FAN] : c->setting[CHUNK];
        const int64_t span = levels[n].span * children, from = (int64_t)levels[n].each * children;
        if (span > c->setting[MAX_ITEMS]) return n;
        LP_CHECK(n + 1 < MAX_LEVELS);
        levels[++n] = (level){.span = span,
                              .each = from < c->setting[SLOTS] ? (int)from : c->setting[SLOTS],
                              .capacity = (int)(c->setting[MAX_ITEMS] / span)};
    }
}

static size_t max_candidates(const lp_mem_config *c) {
    const size_t merge = (size_t)c->setting[FAN] * (size_t)c->setting[SLOTS];
    return merge > (size_t)c->setting[CHUNK] ? merge : (size_t)c->setting[CHUNK];
}

/* Without a parent are at most F - 1 nodes of a level at either end. */
static size_t max_met(const lp_mem_config *c, const level *levels, int n_levels) {
    const size_t fan = (size_t)c->setting[FAN], most = (size_t)n_levels * 2 * (fan - 1) + (size_t)c->setting[OPEN] * fan;
    size_t all = 0;
    for (int l = 1; l <= n_levels; l++) all += (size_t)levels[l].capacity;
    return all < most ? all : most;
}

static size_t size(const lp_mem_config *c) {
    level levels[MAX_LEVELS];
    const int n_levels = shape(c, levels);
    const size_t n = max_candidates(c), met = max_met(c, levels, n_levels);
    size_t need =
        lp_arena_need(sizeof(descend)) + lp_ring_size(c->setting[MAX_ITEMS], c->dim) + lp_nearest_size(c->setting[NEAREST]) +
        lp_selection_size(n, c->setting[SLOTS], c->dim) + lp_arena_need((size_t)n_levels * (size_t)c->setting[SLOTS] * sizeof(int64_t)) +
        lp_arena_need(n * (size_t)c->dim * sizeof(float)) + lp_arena_need(n * sizeof(float)) + lp_arena_need(n * sizeof(int64_t)) +
        lp_arena_need(met * sizeof(node)) + lp_arena_need(LP_MEM_MAX_HEADS * met * sizeof(lp_scored));
    for (int l = 1; l <= n_levels; l++) need += lp_arena_need((size_t)levels[l].capacity * (size_t)levels[l].each * sizeof(int32_t));
    return need;
}

static void *open(const lp_mem_config *c, lp_arena *arena) {
    const size_t n = max_candidates(c);
    descend *d = lp_arena_take(arena, sizeof *d);
    d->n_levels = shape(c, d->levels);
    d->max_met = (int)max_met(c, d->levels, d->n_levels);
    lp_ring_open(&d->ring, arena, c->setting[MAX_ITEMS], c->dim);
    lp_nearest_open(&d->nearest, arena, c->setting[NEAREST], c->dim);
    lp_selection_open(&d->selection, arena, n, LP_KEEP_LEARNED, c->setting[SLOTS], c->dim, c->setting[UNLIKE]);
    d->new_steps = lp_arena_take(arena, (size_t)d->n_levels * (size_t)c->setting[SLOTS] * sizeof *d->new_steps);
    d->vector = lp_arena_take(arena, n * (size_t)c->dim * sizeof *d->vector);
    d->salience = lp_arena_take(arena, n * sizeof *d->salience);
    d->candidate = lp_arena_take(arena, n * sizeof *d->candidate);
    d->met = lp_arena_take(arena, (size_t)d->max_met * sizeof *d->met);
    d->heap = lp_arena_take(arena, LP_MEM_MAX_HEADS * (size_t)d->max_met * sizeof *d->heap);
    for (int l = 1; l <= d->n_levels; l++)
        d->levels[l].step = lp_arena_take(arena, (size_t)d->levels[l].capacity * (size_t)d->levels[l].each * sizeof(int32_t));
    return d;
}

static void reset(lp_mem *m) {
    descend *d = m->state;
    d->n_new = 0;
}

/* ---- nodes ---- */

static int32_t *steps_of(const level *v, int64_t index) { return v->step + (size_t)(index % v->capacity) * (size_t)v->each; }

/* The j-th item of node `index` of level v; of level 0, an item. */
static int64_t step_of(const level *v, int64_t index, int j) { return index * v->span + (v->step ? steps_of(v, index)[j] : 0); }

static int children_of(const lp_mem_config *c, int l) { return l == 1 ? c->setting[CHUNK] : c->setting[FAN]; }

/* Makes the node: what its summary keeps of its children's items. */
static void make(descend *d, const lp_mem_config *c, int l, int64_t index) {
    const level *v = &d->levels[l], *below = v - 1;
    const int children = children_of(c, l);
    const size_t dim = (size_t)c->dim;
    size_t n = 0;
    for (int64_t i = index * children; i < (index + 1) * children; i++)
        for (int j = 0; j < below->each; j++, n++) {
            const size_t slot = lp_ring_slot(&d->ring, d->candidate[n] = step_of(below, i, j));
            memcpy(d->vector + n * dim, d->ring.vector + slot * dim, dim * sizeof *d->vector);
            d->salience[n] = d->ring.salience[slot];
        }
    lp_select(&d->selection, &(lp_candidates){n, d->vector, d->salience, d->candidate, 0});
    int32_t *to = steps_of(v, index);
    for (size_t i = 0; i < n; i++)
        if (d->selection.is_kept[i]) *to++ = (int32_t)(d->candidate[i] - index * v->span);
}

static void append(lp_mem *m, const float *vector, float salience) {
    descend *d = m->state;
    const int64_t n_steps = m->n_steps + 1;
    lp_ring_append(m, vector, salience);
    for (d->n_new = 0; d->n_new < d->n_levels && n_steps % d->levels[d->n_new + 1].span == 0; d->n_new++) {
        const level *v = &d->levels[d->n_new + 1];
        make(d, &m->config, d->n_new + 1, n_steps / v->span - 1);
        for (int j = 0; j < v->each; j++)
            d->new_steps[(size_t)d->n_new * (size_t)m->config.setting[SLOTS] + (size_t)j] = step_of(v, n_steps / v->span - 1, j);
    }
}

static int new_summaries(const lp_mem *m, lp_mem_summary *out, int max) {
    const descend *d = m->state;
    for (int i = 0; i < d->n_new && i < max; i++) {
        const level *v = &d->levels[i + 1];
        const int64_t index = m->n_steps / v->span - 1;
        out[i] = (lp_mem_summary){.level = i + 1,
                                  .index = index,
                                  .first = index * v->span,
                                  .last = (index + 1) * v->span - 1,
                                  .n_items = v->each,
                                  .steps = d->new_steps + (size_t)i * (size_t)m->config.setting[SLOTS],
                                  .parent = index / m->config.setting[FAN]};
    }
    return d->n_new;
}

static bool load(lp_mem *m, int64_t n_steps, const unsigned char *data) {
    descend *d = m->state;
    if (!lp_ring_load(m, n_steps, data)) return false;
    const int64_t first = n_steps - lp_ring_held(&d->ring, n_steps);
    for (int l = 1; l <= d->n_levels; l++) {
        const int64_t span = d->levels[l].span;
        for (int64_t i = (first + span - 1) / span; i < n_steps / span; i++) make(d, &m->config, l, i);
    }
    d->n_new = 0;
    return true;
}

/* ---- the walk ---- */

/* The items of the node that was opened, which its parts offer no more: their steps rise, as those of its parts do. */
typedef struct {
    const level *level; /* NULL: none */
    int64_t index;
    int next;
} known;

static bool is_known(known *k, int64_t step) {
    if (!k->level) return false;
    while (k->next < k->level->each && step_of(k->level, k->index, k->next) < step) k->next++;
    return k->next < k->level->each && step_of(k->level, k->index, k->next) == step;
}

static void meet(descend *d, int l, int64_t index, known *above) {
    const level *v = &d->levels[l];
    const int heads = d->nearest.query.heads;
    float best[LP_MEM_MAX_HEADS], score[LP_MEM_MAX_HEADS];
    for (int h = 0; h < heads; h++) best[h] = -INFINITY;
    for (int j = 0; j < v->each; j++) {
        const int64_t step = step_of(v, index, j);
        const size_t slot = lp_ring_slot(&d->ring, step);
        const bool offered = is_known(above, step);
        if (offered && l == 0) continue; /* read before */
        lp_score_items(&d->nearest.query, d->nearest.dim, d->ring.vector + slot * (size_t)d->nearest.dim, d->ring.salience + slot, 1,
                       score);
        d->n_read++;
        if (!offered) lp_nearest_offer(&d->nearest, step, score);
        for (int h = 0; h < heads; h++)
            if (score[h] > best[h]) best[h] = score[h];
    }
    if (v->each == v->span) return; /* all of it was read */
    LP_CHECK(d->n_met < d->max_met);
    for (int h = 0; h < heads; h++)
        lp_scored_push(d->heap + (size_t)h * (size_t)d->max_met, d->n_heap[h]++, (lp_scored){-best[h], -(int64_t)d->n_met});
    d->met[d->n_met++] = (node){.level = l, .index = index};
}

/* The best for that head of those that were met and not opened; NULL: all are open. */
static node *best_of(descend *d, int head) {
    while (d->n_heap[head]) {
        node *n = &d->met[-lp_scored_pop(d->heap + (size_t)head * (size_t)d->max_met, d->n_heap[head]--).step];
        if (!n->is_open) return n;
    }
    return NULL;
}

static int64_t walk(const lp_mem *m, int64_t first, int64_t end) {
    descend *d = m->state;
    int64_t from = end, to = end; /* the steps that nodes of higher levels cover */
    d->n_met = 0, d->n_read = 0;
    memset(d->n_heap, 0, sizeof d->n_heap);
    for (int l = d->n_levels; l >= 0; l--) {
        const int64_t span = d->levels[l].span, oldest = (first + span - 1) / span, after = end / span;
        for (int64_t i = oldest; i < after; i++) {
            if (i * span == from) i = to / span;
            if (i < after) meet(d, l, i, &(known){0});
        }
        if (oldest < after) from = oldest * span, to = after * span;
    }
    for (int turn = 0; turn < m->config.setting[OPEN]; turn++) {
        node *n = best_of(d, turn % d->nearest.query.heads);
        if (!n) break;
        const int children = children_of(&m->config, n->level), l = n->level;
        const int64_t index = n->index;
        known above = {&d->levels[l], index, 0};
        n->is_open = true;
        for (int64_t i = index * children; i < (index + 1) * children; i++) meet(d, l - 1, i, &above);
    }
    return d->n_read;
}

static int context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    descend *d = m->state; /* what nearest and the walk have is scratch */
    return lp_nearest_context(m, &d->nearest, window_of(&m->config), query, walk, out);
}

static int max_context(const lp_mem_config *c, int64_t n_steps) {
    return lp_nearest_max_context(c->setting[NEAREST], window_of(c), c->setting[MAX_ITEMS], n_steps);
}

const lp_mem_arch lp_mem_descend = {
    .name = "descend",
    .help = "every item, up to a number; shown are the last ones and the nearest to the policy's query that a walk down the tree finds",
    .settings = {[NEAREST] = LP_MEM_SETTING_K,
                 [OPEN] = {.name = "open", .help = "summaries opened a decision", .initial = 32, .min = 1, .max = 1 << 16},
                 [CHUNK] = LP_MEM_SETTING_CHUNK,
                 [SLOTS] = LP_MEM_SETTING_SLOTS,
                 [FAN] = LP_MEM_SETTING_FAN,
                 [WINDOW] = LP_MEM_SETTING_WINDOW,
                 [UNLIKE] = LP_MEM_SETTING_UNLIKE,
                 [MAX_ITEMS] = LP_MEM_SETTING_MAX_ITEMS},
    .wants_query = true,
    .size = size,
    .open = open,
    .reset = reset,
    .append = append,
    .context = context,
    .max_context = max_context,
    .new_summaries = new_summaries,
    .save_size = lp_ring_save_size,
    .save = lp_ring_save,
    .load = load,
};
