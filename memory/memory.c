/* The memory in RAM: one allocation, fixed by the config.
 *
 * Raw items stand in a row; when `chunk` of them lie beyond the window, their summary goes to level 1 and they leave.
 * A level holds up to 2 fan - 1 summaries; the one that would be the 2 fan-th first merges the older `fan` into one of the
 * next level, so that recent history stays fine-grained. Selection: the `slots` most salient, ties to the older, kept in
 * the order of their steps. An item keeps its step, so every line of a summary leads back to a decision. */
#include "memory/memory.h"

#include "base/arena.h"
#include "base/hash.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LEVELS = 42 }; /* 2^40 steps at fan 2 */

/* n items whose fields stand in separate rows, so that a context is a few copies. */
typedef struct {
    float *vector; /* [capacity][dim] */
    float *salience;
    int64_t *step;
} items;

typedef struct {
    items kept;       /* [2 fan][slots] */
    int *counts;      /* [2 fan] items each summary really has (chunk < slots) */
    int64_t *first, *last;
    int n;            /* summaries now */
    int64_t n_closed; /* summaries that ever were on this level: the next one's index */
} level;

struct lp_mem {
    lp_mem_config config;
    lp_arena arena;
    int64_t n_steps;
    items raw;
    int n_raw, raw_capacity;
    int n_levels, max_levels; /* in use; allocated */
    level levels[MAX_LEVELS];
    int n_new; /* summaries that the last append closed */
    lp_mem_summary fresh[MAX_LEVELS];
    int64_t *fresh_steps; /* [max_levels][slots] */
    items merged;         /* [fan * slots] scratch of a merge */
    unsigned char *picked; /* scratch: [max(chunk, fan * slots)] */
};

static int max_of(int a, int b) { return a > b ? a : b; }

static lp_status fill_defaults(lp_mem_config *c, lp_err *err) {
    if (!c->chunk) c->chunk = 16;
    if (!c->slots) c->slots = 4;
    if (!c->fan) c->fan = 4;
    if (!c->max_items) c->max_items = 16384;
    if (c->arch < LP_MEM_NONE || c->arch > LP_MEM_FULL) return lp_fail(err, LP_BAD_INPUT, "memory: unknown architecture %d", (int)c->arch);
    if (c->dim < 1 || c->dim > 65536) return lp_fail(err, LP_BAD_INPUT, "memory: dim is %d, must be 1 to 65536", c->dim);
    if (c->chunk < 1 || c->slots < 1 || c->fan < 2 || c->window < 0 || c->max_items < 1)
        return lp_fail(err, LP_BAD_INPUT, "memory: chunk, slots and max_items must be at least 1, fan 2, window 0");
    return LP_OK;
}

/* Levels that 2^40 steps can reach. */
static int tree_levels(const lp_mem_config *c) {
    int n = 1;
    for (double summaries = ldexp(1.0, 40) / c->chunk; summaries >= 2 * c->fan && n < MAX_LEVELS; summaries /= c->fan) n++;
    return n;
}

static size_t selection_scratch(const lp_mem_config *c) { return (size_t)max_of(c->chunk, c->fan * c->slots); }

static void take_items(items *x, lp_arena *arena, size_t n, int dim) {
    x->vector = lp_arena_take(arena, n * (size_t)dim * sizeof(float));
    x->salience = lp_arena_take(arena, n * sizeof(float));
    x->step = lp_arena_take(arena, n * sizeof(int64_t));
}

static size_t need_items(size_t n, int dim) {
    return lp_arena_need(n * (size_t)dim * sizeof(float)) + lp_arena_need(n * sizeof(float)) + lp_arena_need(n * sizeof(int64_t));
}

lp_status lp_mem_open(lp_mem **out, const lp_mem_config *config, lp_err *err) {
    *out = NULL;
    lp_mem_config c = *config;
    lp_status status = fill_defaults(&c, err);
    if (status) return status;
    lp_mem *m = calloc(1, sizeof *m);
    if (!m) return lp_fail(err, LP_FAILED, "memory: out of memory");
    m->config = c;
    m->raw_capacity = c.arch == LP_MEM_WINDOW ? c.window : c.arch == LP_MEM_TREE ? c.window + c.chunk : c.arch == LP_MEM_FULL ? c.max_items : 0;
    m->max_levels = c.arch == LP_MEM_TREE ? tree_levels(&c) : 0;
    size_t slots = (size_t)c.slots, nodes = 2 * (size_t)c.fan, need = 2 * need_items((size_t)m->raw_capacity, c.dim);
    if (c.arch == LP_MEM_TREE)
        need += (size_t)m->max_levels * (need_items(nodes * slots, c.dim) + 3 * lp_arena_need(nodes * sizeof(int64_t))) +
                need_items((size_t)c.fan * slots, c.dim) + lp_arena_need((size_t)m->max_levels * slots * sizeof(int64_t)) + lp_arena_need(selection_scratch(&c));
    if (lp_arena_open(&m->arena, need)) {
        free(m);
        return lp_fail(err, LP_FAILED, "memory: out of memory (%zu bytes)", need);
    }
    take_items(&m->raw, &m->arena, (size_t)m->raw_capacity, c.dim);
    for (int l = 0; l < m->max_levels; l++) {
        take_items(&m->levels[l].kept, &m->arena, nodes * slots, c.dim);
        m->levels[l].counts = lp_arena_take(&m->arena, nodes * sizeof(int));
        m->levels[l].first = lp_arena_take(&m->arena, nodes * sizeof(int64_t));
        m->levels[l].last = lp_arena_take(&m->arena, nodes * sizeof(int64_t));
    }
    if (c.arch == LP_MEM_TREE) {
        take_items(&m->merged, &m->arena, (size_t)c.fan * slots, c.dim);
        m->fresh_steps = lp_arena_take(&m->arena, (size_t)m->max_levels * slots * sizeof(int64_t));
        m->picked = lp_arena_take(&m->arena, selection_scratch(&c));
    }
    *out = m;
    return LP_OK;
}

void lp_mem_close(lp_mem *m) {
    if (!m) return;
    lp_arena_close(&m->arena);
    free(m);
}

void lp_mem_reset(lp_mem *m) {
    m->n_steps = 0;
    m->n_raw = m->n_levels = m->n_new = 0;
    for (int l = 0; l < MAX_LEVELS; l++) m->levels[l].n = 0, m->levels[l].n_closed = 0;
}

/* Copies n items; the regions may overlap. */
static void move_items(items *to, size_t at, const items *from, size_t first, size_t n, int dim) {
    memmove(to->vector + at * (size_t)dim, from->vector + first * (size_t)dim, n * (size_t)dim * sizeof(float));
    memmove(to->salience + at, from->salience + first, n * sizeof(float));
    memmove(to->step + at, from->step + first, n * sizeof(int64_t));
}

/* Copies the `slots` most salient of n items of x to out[at...], in their order; returns how many. */
static int select_items(lp_mem *m, items *out, size_t at, const items *x, int n) {
    int keep = n < m->config.slots ? n : m->config.slots;
    memset(m->picked, 0, (size_t)n);
    for (int k = 0; k < keep; k++) {
        int best = -1;
        for (int i = 0; i < n; i++)
            if (!m->picked[i] && (best < 0 || x->salience[i] > x->salience[best])) best = i;
        m->picked[best] = 1;
    }
    for (int i = 0; i < n; i++)
        if (m->picked[i]) move_items(out, at++, x, (size_t)i, 1, m->config.dim);
    return keep;
}

/* Closes a summary of x[0..n) on level l (from 0), covering steps first to last; merges upwards while a level is full. */
static void close_summary(lp_mem *m, int l, const items *x, int n, int64_t first, int64_t last) {
    int slots = m->config.slots, fan = m->config.fan;
    for (;; l++) {
        assert(l < m->max_levels);
        level *v = &m->levels[l];
        int node = v->n++;
        v->counts[node] = select_items(m, &v->kept, (size_t)node * (size_t)slots, x, n);
        v->first[node] = first, v->last[node] = last;
        int64_t *steps = m->fresh_steps + (size_t)m->n_new * (size_t)slots;
        memcpy(steps, v->kept.step + (size_t)node * (size_t)slots, (size_t)v->counts[node] * sizeof *steps);
        m->fresh[m->n_new++] = (lp_mem_summary){l + 1, v->n_closed++, first, last, v->counts[node], steps};
        if (l + 1 > m->n_levels) m->n_levels = l + 1;
        if (v->n < 2 * fan) return;
        n = 0;
        for (int i = 0; i < fan; i++) {
            move_items(&m->merged, (size_t)n, &v->kept, (size_t)i * (size_t)slots, (size_t)v->counts[i], m->config.dim);
            n += v->counts[i];
        }
        first = v->first[0], last = v->last[fan - 1], x = &m->merged;
        v->n = fan;
        move_items(&v->kept, 0, &v->kept, (size_t)fan * (size_t)slots, (size_t)fan * (size_t)slots, m->config.dim);
        memmove(v->counts, v->counts + fan, (size_t)fan * sizeof *v->counts);
        memmove(v->first, v->first + fan, (size_t)fan * sizeof *v->first);
        memmove(v->last, v->last + fan, (size_t)fan * sizeof *v->last);
    }
}

void lp_mem_append(lp_mem *m, const float *vector, float salience) {
    const lp_mem_config *c = &m->config;
    int64_t step = m->n_steps++;
    m->n_new = 0;
    if (m->raw_capacity == 0) return;
    if (c->arch != LP_MEM_TREE && m->n_raw == m->raw_capacity) { /* window and full: the oldest goes */
        int drop = c->arch == LP_MEM_FULL ? max_of(1, m->raw_capacity / 16) : 1; /* in blocks, so that moving them costs little */
        move_items(&m->raw, 0, &m->raw, (size_t)drop, (size_t)(m->n_raw - drop), c->dim);
        m->n_raw -= drop;
    }
    memcpy(m->raw.vector + (size_t)m->n_raw * (size_t)c->dim, vector, (size_t)c->dim * sizeof *vector);
    m->raw.salience[m->n_raw] = isfinite(salience) ? salience : -INFINITY;
    m->raw.step[m->n_raw++] = step;
    if (c->arch == LP_MEM_TREE && m->n_raw == m->raw_capacity) {
        close_summary(m, 0, &m->raw, c->chunk, m->raw.step[0], m->raw.step[c->chunk - 1]);
        m->n_raw -= c->chunk;
        move_items(&m->raw, 0, &m->raw, (size_t)c->chunk, (size_t)m->n_raw, c->dim);
    }
}

int64_t lp_mem_steps(const lp_mem *m) {
    return m->n_steps;
}

int lp_mem_context(const lp_mem *m, const lp_mem_context_view *out) {
    int n = 0, dim = m->config.dim;
    items to = {out->vector, out->salience, out->step};
    for (int l = m->n_levels - 1; l >= 0; l--) {
        const level *v = &m->levels[l];
        for (int i = 0; i < v->n; i++) {
            move_items(&to, (size_t)n, &v->kept, (size_t)i * (size_t)m->config.slots, (size_t)v->counts[i], dim);
            for (int j = 0; j < v->counts[i]; j++) out->level[n++] = l + 1;
        }
    }
    move_items(&to, (size_t)n, &m->raw, 0, (size_t)m->n_raw, dim);
    for (int j = 0; j < m->n_raw; j++) out->level[n++] = 0;
    return n;
}

int lp_mem_max_context(const lp_mem_config *config) {
    lp_mem_config c = *config;
    if (fill_defaults(&c, NULL)) return 0;
    switch (c.arch) {
    case LP_MEM_WINDOW: return c.window;
    case LP_MEM_FULL: return c.max_items;
    case LP_MEM_TREE: return c.window + c.chunk - 1 + tree_levels(&c) * (2 * c.fan - 1) * (c.slots);
    default: return 0;
    }
}

int lp_mem_new_summaries(const lp_mem *m, lp_mem_summary *out, int max) {
    int n = m->n_new < max ? m->n_new : max;
    memcpy(out, m->fresh, (size_t)n * sizeof *out);
    return m->n_new;
}

int lp_mem_levels(const lp_mem *m, int *counts, int max) {
    for (int l = 0; l <= m->n_levels && l < max; l++) {
        counts[l] = l ? 0 : m->n_raw;
        for (int i = 0; l && i < m->levels[l - 1].n; i++) counts[l] += m->levels[l - 1].counts[i];
    }
    return m->config.arch == LP_MEM_NONE ? 0 : m->n_levels + 1;
}

size_t lp_mem_bytes(const lp_mem *m) {
    return sizeof *m + m->arena.size_bytes;
}

/* Saved: header, then the live items of the raw row and of each level, each with its bookkeeping. */
typedef struct {
    uint64_t magic, hash; /* of everything after it */
    lp_mem_config config;
    int32_t n_raw, n_levels;
    int64_t n_steps;
} saved_header;
static const uint64_t SAVED_MAGIC = 0x3130304d454d504cu; /* "LPMEM001" */

/* Walks everything that is saved; copy is memcpy in one direction or the other. Returns the end. */
static unsigned char *walk(const lp_mem *m, unsigned char *at, bool load) {
#define FIELD(pointer, n)                                                       \
    do {                                                                        \
        size_t size_ = (size_t)(n) * sizeof *(pointer);                         \
        if (load) memcpy(pointer, at, size_);                                   \
        else if (size_) memcpy(at, pointer, size_);                             \
        at += size_;                                                            \
    } while (0)
    FIELD(m->raw.vector, m->n_raw * m->config.dim);
    FIELD(m->raw.salience, m->n_raw);
    FIELD(m->raw.step, m->n_raw);
    for (int l = 0; l < m->n_levels; l++) {
        level *v = (level *)&m->levels[l];
        int nodes = 2 * m->config.fan, slots = nodes * m->config.slots;
        FIELD(&v->n, 1);
        FIELD(&v->n_closed, 1);
        FIELD(v->counts, nodes);
        FIELD(v->first, nodes);
        FIELD(v->last, nodes);
        FIELD(v->kept.vector, slots * m->config.dim);
        FIELD(v->kept.salience, slots);
        FIELD(v->kept.step, slots);
    }
#undef FIELD
    return at;
}

static size_t size_for(const lp_mem_config *c, int n_raw, int n_levels) {
    size_t item = (size_t)c->dim * sizeof(float) + sizeof(float) + sizeof(int64_t), nodes = 2 * (size_t)c->fan;
    return sizeof(saved_header) + (size_t)n_raw * item +
           (size_t)n_levels * (sizeof(int) + sizeof(int64_t) + nodes * (sizeof(int) + 2 * sizeof(int64_t)) + nodes * (size_t)c->slots * item);
}

size_t lp_mem_save_size(const lp_mem *m) {
    return size_for(&m->config, m->n_raw, m->n_levels);
}

void lp_mem_save(const lp_mem *m, void *out) {
    saved_header h;
    memset(&h, 0, sizeof h); /* padding too: equal memories give equal bytes */
    h.magic = SAVED_MAGIC, h.config = m->config, h.n_raw = m->n_raw, h.n_levels = m->n_levels, h.n_steps = m->n_steps;
    walk(m, (unsigned char *)out + sizeof h, false);
    memcpy(out, &h, sizeof h);
    h.hash = lp_hash64((unsigned char *)out + 16, lp_mem_save_size(m) - 16);
    memcpy(out, &h, sizeof h);
}

lp_status lp_mem_load(lp_mem *m, const void *data, size_t size_bytes, lp_err *err) {
    saved_header h;
    if (size_bytes < sizeof h) return lp_fail(err, LP_BAD_INPUT, "saved memory: cut short");
    memcpy(&h, data, sizeof h);
    if (h.magic != SAVED_MAGIC || h.hash != lp_hash64((const unsigned char *)data + 16, size_bytes - 16))
        return lp_fail(err, LP_BAD_INPUT, "saved memory: damaged");
    if (memcmp(&h.config, &m->config, sizeof h.config)) return lp_fail(err, LP_BAD_INPUT, "saved memory: of other settings");
    if (h.n_raw < 0 || h.n_raw > m->raw_capacity || h.n_levels < 0 || h.n_levels > m->max_levels || h.n_steps < 0 ||
        size_bytes != size_for(&m->config, h.n_raw, h.n_levels))
        return lp_fail(err, LP_BAD_INPUT, "saved memory: damaged");
    lp_mem_reset(m);
    m->n_raw = h.n_raw, m->n_levels = h.n_levels, m->n_steps = h.n_steps;
    walk(m, (unsigned char *)data + sizeof h, true);
    return LP_OK;
}
