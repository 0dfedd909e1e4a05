/* Nearest neighbours by a tree: what knn keeps, with summaries over it, and a query walks from the highest of them down to raw items. It looks
 * only at what it opens: O(open (F S + K) + S F log T) items a decision, however many are kept.
 *
 * K chunk, S slots, F fan. The items of steps [i K, (i + 1) K) have a summary of level 1, that keeps S of them; F summaries of a level in a row
 * have one of the next level: node i of level l covers the steps [i, i + 1) K F^(l-1). It keeps items that are far from each other (selection.h,
 * distinct: farthest first, Gonzalez 1985), so that all that it covers is near to one of them. A node is there while all items that it covers are
 * held. So nodes are functions of the items, and are made again where a memory is loaded. They hold no vectors, only steps.
 *
 * What a node promises a head: no item that it covers scores more than
 *
 *     max over its summary's items of q . x / sqrt(dim)  +  |q| reach / sqrt(dim)  +  the highest salience that it covers
 *
 * (salience where the query has it in its scores), where each of them is at most `reach` from the nearest that the summary has: of level 1 the distance itself, above that at most the distance of
 * what the child's summary has and the child's reach. Rounding is provided for.
 *
 * The walk. Of the items before the window it meets first the nodes that have no parent there, and the raw items that have no node. To meet a
 * node is to read its summary. Then up to `open` times, each head in turn, the node that promises most of those that were met and not opened is
 * opened: its children are met, or its raw items are read. Ties: what was met first. A head turns no more once it has k items that are all better
 * than what any node promises. Shown are the nearest (nearest.h) of all items that were read: when no head turns any more, what knn shows.
 *
 * An item is in the summaries of all levels from some level down, so it is offered once: where it is not in the summary of the parent.
 *
 * Saved: the items, as knn's. */
#include "memory/nearest.h"

#include "base/contract.h"
#include "base/simd.h"
#include "memory/selection.h"

#include <math.h>
#include <string.h>

enum { NEAREST, OPEN, CHUNK, SLOTS, FAN, WINDOW, MAX_ITEMS }; /* its settings */
enum { MAX_LEVELS = 26 };                                     /* 2^24 items at K 1, F 2 have 25 */

/* What is known of all items of a node. */
typedef struct {
    float reach;    /* how far they are at most from one that the summary has */
    float salience; /* the highest */
} rest;

/* The nodes of a level: node i stands at i mod capacity. */
typedef struct {
    int64_t span;  /* steps a node covers; of level 0, the items, 1 */
    int each;      /* items its summary has */
    int capacity;  /* nodes that can be there at once; of level 0, of no use */
    int32_t *step; /* [capacity][each] of its items, less that of the first that it covers */
    rest *rest;    /* [capacity] */
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
    float *stands_for;        /* [candidates] the reach of the node it comes from */
    int64_t *candidate;       /* [candidates] steps */
    /* scratch of a walk */
    node *met;       /* [max_met] */
    lp_scored *heap; /* [LP_MEM_MAX_HEADS][max_met] of those met, -promise and -place in met: the best is at the root */
    int n_met, max_met, n_heap[LP_MEM_MAX_HEADS];
    float length[LP_MEM_MAX_HEADS]; /* |q| / sqrt(dim), rounding provided for */
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
        lp_arena_need(n * (size_t)c->dim * sizeof(float)) + 2 * lp_arena_need(n * sizeof(float)) + lp_arena_need(n * sizeof(int64_t)) +
        lp_arena_need(met * sizeof(node)) + lp_arena_need(LP_MEM_MAX_HEADS * met * sizeof(lp_scored));
    for (int l = 1; l <= n_levels; l++)
        need += lp_arena_need((size_t)levels[l].capacity * (size_t)levels[l].each * sizeof(int32_t)) +
                lp_arena_need((size_t)levels[l].capacity * sizeof(rest));
    return need;
}

static void *open(const lp_mem_config *c, lp_arena *arena) {
    const size_t n = max_candidates(c);
    descend *d = lp_arena_take(arena, sizeof *d);
    d->n_levels = shape(c, d->levels);
    d->max_met = (int)max_met(c, d->levels, d->n_levels);
    lp_ring_open(&d->ring, arena, c->setting[MAX_ITEMS], c->dim);
    lp_nearest_open(&d->nearest, arena, c->setting[NEAREST], c->dim);
    lp_selection_open(&d->selection, arena, n, LP_KEEP_DISTINCT, c->setting[SLOTS], c->dim, 0);
    d->new_steps = lp_arena_take(arena, (size_t)d->n_levels * (size_t)c->setting[SLOTS] * sizeof *d->new_steps);
    d->vector = lp_arena_take(arena, n * (size_t)c->dim * sizeof *d->vector);
    d->salience = lp_arena_take(arena, n * sizeof *d->salience);
    d->stands_for = lp_arena_take(arena, n * sizeof *d->stands_for);
    d->candidate = lp_arena_take(arena, n * sizeof *d->candidate);
    d->met = lp_arena_take(arena, (size_t)d->max_met * sizeof *d->met);
    d->heap = lp_arena_take(arena, LP_MEM_MAX_HEADS * (size_t)d->max_met * sizeof *d->heap);
    for (int l = 1; l <= d->n_levels; l++) {
        level *v = &d->levels[l];
        v->step = lp_arena_take(arena, (size_t)v->capacity * (size_t)v->each * sizeof *v->step);
        v->rest = lp_arena_take(arena, (size_t)v->capacity * sizeof *v->rest);
    }
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

/* Of n candidates, each of which stands for items that are so far from it. A sum of products over dim is rounded by at most e of the lengths'
 * product, and a distance by e of itself; they are added, the first as a distance by which a score would differ as much. */
LP_CLONES static float reach_of(const descend *d, size_t n, const float *stands_for, int dim) {
    float farthest = 0, longest = 0;
    for (size_t i = 0; i < n; i++) {
        const float *x = d->vector + i * (size_t)dim;
        float nearest = INFINITY;
        for (size_t j = 0; j < n; j++)
            if (d->selection.is_kept[j]) {
                const float distance = lp_distance2(x, d->vector + j * (size_t)dim, dim);
                if (distance < nearest) nearest = distance;
            }
        const float far = sqrtf(nearest) + stands_for[i], length = sqrtf(lp_dot(x, x, dim));
        if (!isfinite(far) || !isfinite(length)) return INFINITY;
        if (far > farthest) farthest = far;
        if (length > longest) longest = length;
    }
    const float e = ((float)dim / 16 + 8) * 0x1p-23f;
    return farthest + (longest + 2 * farthest) * e;
}

/* Makes the node: what its summary keeps of its children's items. */
static void make(descend *d, const lp_mem_config *c, int l, int64_t index) {
    const level *v = &d->levels[l], *below = v - 1;
    const int children = children_of(c, l);
    const size_t dim = (size_t)c->dim;
    size_t n = 0;
    float most = -FLT_MAX;
    for (int64_t i = index * children; i < (index + 1) * children; i++)
        for (int j = 0; j < below->each; j++, n++) {
            const size_t slot = lp_ring_slot(&d->ring, d->candidate[n] = step_of(below, i, j));
            memcpy(d->vector + n * dim, d->ring.vector + slot * dim, dim * sizeof *d->vector);
            d->salience[n] = d->ring.salience[slot];
            d->stands_for[n] = below->rest ? below->rest[i % below->capacity].reach : 0;
            most = fmaxf(most, below->rest ? below->rest[i % below->capacity].salience : d->salience[n]);
        }
    lp_select(&d->selection, &(lp_candidates){n, d->vector, d->salience, d->candidate, 0});
    int32_t *to = steps_of(v, index);
    v->rest[index % v->capacity] = (rest){reach_of(d, n, d->stands_for, c->dim), most};
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
    const bool biased = !d->nearest.query.without_salience;
    float best[LP_MEM_MAX_HEADS], score[LP_MEM_MAX_HEADS];
    for (int h = 0; h < heads; h++) best[h] = -INFINITY;
    for (int j = 0; j < v->each; j++) {
        const int64_t step = step_of(v, index, j);
        const size_t slot = lp_ring_slot(&d->ring, step);
        const bool offered = is_known(above, step);
        if (offered && l == 0) continue; /* read before */
        lp_score_items(&d->nearest.query, d->nearest.dim, d->ring.vector + slot * (size_t)d->nearest.dim, NULL, 1, score);
        d->n_read++;
        for (int h = 0; h < heads; h++) {
            if (score[h] > best[h]) best[h] = score[h];
            if (biased) score[h] += d->ring.salience[slot];
        }
        if (!offered) lp_nearest_offer(&d->nearest, step, score);
    }
    if (v->each == v->span) return; /* all of it was read */
    LP_CHECK(d->n_met < d->max_met);
    const rest *r = &v->rest[index % v->capacity];
    for (int h = 0; h < heads; h++) {
        const float promise = (float)((double)best[h] + (double)d->length[h] * r->reach + (biased ? r->salience : 0));
        lp_scored_push(d->heap + (size_t)h * (size_t)d->max_met, d->n_heap[h]++,
                       (lp_scored){isnan(promise) ? -INFINITY : -promise, -(int64_t)d->n_met});
    }
    d->met[d->n_met++] = (node){.level = l, .index = index};
}

/* What promises that head most of those that were met and not opened; NULL: nothing promises more than it has. */
static node *most_promising(descend *d, int head) {
    lp_scored *heap = d->heap + (size_t)head * (size_t)d->max_met;
    while (d->n_heap[head]) {
        const lp_scored *worst = &d->nearest.heap[(size_t)head * (size_t)d->nearest.k];
        if (d->nearest.n[head] == d->nearest.k && -heap[0].score < worst->score) return NULL;
        node *n = &d->met[-lp_scored_pop(heap, d->n_heap[head]--).step];
        if (!n->is_open) return n;
    }
    return NULL;
}

static int64_t walk(const lp_mem *m, int64_t first, int64_t end) {
    descend *d = m->state;
    const int heads = d->nearest.query.heads;
    int64_t from = end, to = end; /* the steps that nodes of higher levels cover */
    d->n_met = 0, d->n_read = 0;
    memset(d->n_heap, 0, sizeof d->n_heap);
    for (int h = 0; h < heads; h++) {
        const float *q = d->nearest.query.q + (size_t)h * (size_t)m->config.dim;
        d->length[h] = sqrtf(lp_dot(q, q, m->config.dim) / (float)m->config.dim) * (1 + 0x1p-10f);
    }
    for (int l = d->n_levels; l >= 0; l--) {
        const int64_t span = d->levels[l].span, oldest = (first + span - 1) / span, after = end / span;
        for (int64_t i = oldest; i < after; i++) {
            if (i * span == from) i = to / span;
            if (i < after) meet(d, l, i, &(known){0});
        }
        if (oldest < after) from = oldest * span, to = after * span;
    }
    for (int opened = 0, done = 0, turn = 0; opened < m->config.setting[OPEN] && done < heads; turn++) {
        node *n = most_promising(d, turn % heads);
        done = n ? 0 : done + 1;
        if (!n) continue;
        opened++;
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
