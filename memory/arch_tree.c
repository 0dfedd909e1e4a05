/* The summary tree. K chunk, S slots, F fan, W window.
 *
 * Raw items stand in a row. When K of them lie beyond the window, they leave, and a summary of level 1 keeps S of them
 * (selection.h). A level holds up to R - 1 summaries; the R-th first sends the oldest F to the next level as one summary. R is 2F
 * where they merge late, so that recent history stays fine-grained, or F where they merge early, so that there are fewer summaries, of
 * more items for the same context. A summary's items are in order of step.
 *
 * What follows from n_steps alone, and is therefore not stored:
 *   closed(1) = max(0, n_steps - W) / K summaries were ever on level 1
 *   closed(l + 1) = closed(l) < R ? 0 : (closed(l) - R) / F + 1, and level l has closed(l) - F closed(l + 1) of them now
 *   summary i of level l covers steps [i, i + 1) K F^(l-1) and holds min(S, K F^(l-1)) items: so a level's items lie
 *   packed, and a context is a few copies.
 *
 * Saved: the raw items (vectors, saliences), then each level from 1 up (vectors, saliences, steps). */
#include "memory/arch.h"

#include "base/contract.h"
#include "base/floats.h"
#include "memory/selection.h"

#include <string.h>

enum { CHUNK, SLOTS, FAN, WINDOW, UNLIKE, KEEP, MERGE }; /* its settings */
enum { LATE = 1, EARLY };                                /* of MERGE */
enum { MAX_LEVELS = 41 };                                /* LP_MEM_MAX_STEPS at K 1, F 2 reaches it */

/* The rows of a level are sized for R summaries of `each` items. */
typedef struct {
    float *vector;   /* [R * each][dim] */
    float *salience; /* [R * each] */
    int64_t *step;   /* [R * each] */
    int each;        /* items a summary of this level has */
    int n;           /* summaries now; R only within a merge */
    int64_t closed;  /* summaries that ever were here: the next one's index */
    int64_t span;    /* steps a summary covers */
} level;

typedef struct {
    float *vector, *salience; /* raw: [W + K][dim], [W + K] */
    int n_raw, raw_capacity;
    int n_levels, max_levels; /* in use; there */
    level levels[MAX_LEVELS]; /* levels[0] is level 1 */
    int n_new;                /* summaries that the last append closed, one a level from level 1 up */
    int64_t *new_steps;       /* [max_levels][S]: what they kept, as a merge moves them at once */
    lp_selection selection;
} tree;

/* ---- shape ---- */

static int window_of(const lp_mem_config *c) { return c->setting[WINDOW] > 0 ? c->setting[WINDOW] : 0; }

static int64_t closed_at(const lp_mem_config *c, int64_t n_steps) {
    int64_t beyond = n_steps - window_of(c);
    return beyond > 0 ? beyond / c->setting[CHUNK] : 0;
}

/* R: summaries of a level at which the oldest F are merged. */
static int room(const lp_mem_config *c) { return c->setting[MERGE] == EARLY ? c->setting[FAN] : 2 * c->setting[FAN]; }

static int64_t closed_above(const lp_mem_config *c, int64_t closed) {
    return closed < room(c) ? 0 : (closed - room(c)) / c->setting[FAN] + 1;
}

static int levels_at(const lp_mem_config *c, int64_t n_steps) {
    int n = 0;
    for (int64_t closed = closed_at(c, n_steps); closed; closed = closed_above(c, closed)) n++;
    return n;
}

/* Items in a summary of the level above one whose summaries have `each`; each 0: of level 1. */
static int each_above(const lp_mem_config *c, int each) {
    int from = each ? each * c->setting[FAN] : c->setting[CHUNK];
    return from < c->setting[SLOTS] ? from : c->setting[SLOTS];
}

static size_t item_bytes(const lp_mem_config *c) { return ((size_t)c->dim + 1) * sizeof(float); }

static int max_context(const lp_mem_config *c, int64_t n_steps) {
    int64_t raw = window_of(c) + c->setting[CHUNK] - 1, n = n_steps < raw ? n_steps : raw, each = 0;
    for (int64_t closed = closed_at(c, n_steps); closed; closed = closed_above(c, closed)) {
        each = each_above(c, (int)each);
        n += each * (closed < room(c) ? closed : room(c) - 1);
    }
    return (int)n;
}

/* ---- opening ---- */

static size_t max_candidates(const lp_mem_config *c) {
    size_t merge = (size_t)c->setting[FAN] * (size_t)c->setting[SLOTS];
    return merge > (size_t)c->setting[CHUNK] ? merge : (size_t)c->setting[CHUNK];
}

static size_t size(const lp_mem_config *c) {
    size_t raw = (size_t)(window_of(c) + c->setting[CHUNK]), slots = (size_t)c->setting[SLOTS], dim = (size_t)c->dim;
    int n_levels = levels_at(c, LP_MEM_MAX_STEPS), each = 0;
    size_t need = lp_arena_need(sizeof(tree)) + lp_arena_need(raw * dim * sizeof(float)) + lp_arena_need(raw * sizeof(float)) +
                  lp_arena_need((size_t)n_levels * slots * sizeof(int64_t)) +
                  lp_selection_size(max_candidates(c), c->setting[SLOTS], c->dim);
    for (int l = 0; l < n_levels; l++) {
        each = each_above(c, each);
        size_t n = (size_t)room(c) * (size_t)each;
        need += lp_arena_need(n * dim * sizeof(float)) + lp_arena_need(n * sizeof(float)) + lp_arena_need(n * sizeof(int64_t));
    }
    return need;
}

static void *open(const lp_mem_config *c, lp_arena *arena) {
    tree *t = lp_arena_take(arena, sizeof *t);
    size_t dim = (size_t)c->dim;
    int each = 0;
    int64_t span = c->setting[CHUNK];
    t->raw_capacity = window_of(c) + c->setting[CHUNK];
    t->max_levels = levels_at(c, LP_MEM_MAX_STEPS);
    LP_CHECK(t->max_levels <= MAX_LEVELS);
    t->vector = lp_arena_take(arena, (size_t)t->raw_capacity * dim * sizeof(float));
    t->salience = lp_arena_take(arena, (size_t)t->raw_capacity * sizeof(float));
    t->new_steps = lp_arena_take(arena, (size_t)t->max_levels * (size_t)c->setting[SLOTS] * sizeof(int64_t));
    lp_selection_open(&t->selection, arena, max_candidates(c), (lp_keep)c->setting[KEEP], c->setting[SLOTS], c->dim, c->setting[UNLIKE]);
    for (int l = 0; l < t->max_levels; l++, span *= c->setting[FAN]) {
        level *v = &t->levels[l];
        each = each_above(c, each);
        size_t n = (size_t)room(c) * (size_t)each;
        v->vector = lp_arena_take(arena, n * dim * sizeof(float));
        v->salience = lp_arena_take(arena, n * sizeof(float));
        v->step = lp_arena_take(arena, n * sizeof(int64_t));
        v->each = each;
        v->span = span;
    }
    return t;
}

/* Sets the shape to that of n_steps; the content is the caller's to fill. */
static void set_shape(tree *t, const lp_mem_config *c, int64_t n_steps) {
    int64_t closed = closed_at(c, n_steps);
    t->n_raw = (int)(n_steps - closed * c->setting[CHUNK]);
    t->n_levels = levels_at(c, n_steps);
    t->n_new = 0;
    for (int l = 0; l < t->max_levels; l++) {
        int64_t above = closed_above(c, closed);
        t->levels[l].closed = closed;
        t->levels[l].n = (int)(closed - above * c->setting[FAN]);
        closed = above;
    }
}

static void reset(lp_mem *m) { set_shape(m->state, &m->config, 0); }

/* ---- appending ---- */

/* Appends a summary to level v: the selection among the candidates. */
static void close_summary(tree *t, const lp_mem_config *c, level *v, const lp_candidates *from) {
    size_t dim = (size_t)c->dim, at = (size_t)v->n * (size_t)v->each;
    int64_t *fresh = t->new_steps + (size_t)t->n_new * (size_t)c->setting[SLOTS];
    lp_select(&t->selection, from);
    for (size_t i = 0; i < from->n; i++) {
        if (!t->selection.is_kept[i]) continue;
        memcpy(v->vector + at * dim, from->vector + i * dim, dim * sizeof *v->vector);
        v->salience[at] = from->salience[i];
        *fresh++ = v->step[at] = from->step ? from->step[i] : from->first + (int64_t)i;
        at++;
    }
    v->n++, v->closed++, t->n_new++;
}

/* Takes the oldest F summaries out of level v. */
static void drop_oldest(const lp_mem_config *c, level *v) {
    v->n -= c->setting[FAN];
    size_t gone = (size_t)c->setting[FAN] * (size_t)v->each, left = (size_t)v->n * (size_t)v->each, dim = (size_t)c->dim;
    memmove(v->vector, v->vector + gone * dim, left * dim * sizeof *v->vector);
    memmove(v->salience, v->salience + gone, left * sizeof *v->salience);
    memmove(v->step, v->step + gone, left * sizeof *v->step);
}

/* Summarises the oldest K raw items, and merges upwards while a level is full. */
static void close_chunk(tree *t, const lp_mem_config *c, int64_t first) {
    size_t dim = (size_t)c->dim, chunk = (size_t)c->setting[CHUNK];
    close_summary(t, c, &t->levels[0], &(lp_candidates){chunk, t->vector, t->salience, NULL, first});
    t->n_raw -= c->setting[CHUNK];
    memmove(t->vector, t->vector + chunk * dim, (size_t)t->n_raw * dim * sizeof *t->vector);
    memmove(t->salience, t->salience + chunk, (size_t)t->n_raw * sizeof *t->salience);
    int l = 0;
    for (; t->levels[l].n == room(c); l++) {
        LP_CHECK(l + 1 < t->max_levels);
        level *v = &t->levels[l];
        close_summary(t, c, v + 1, &(lp_candidates){(size_t)c->setting[FAN] * (size_t)v->each, v->vector, v->salience, v->step, 0});
        drop_oldest(c, v);
    }
    if (l + 1 > t->n_levels) t->n_levels = l + 1;
}

static void append(lp_mem *m, const float *vector, float salience) {
    tree *t = m->state;
    const lp_mem_config *c = &m->config;
    memcpy(t->vector + (size_t)t->n_raw * (size_t)c->dim, vector, (size_t)c->dim * sizeof *vector);
    t->salience[t->n_raw++] = salience;
    t->n_new = 0;
    if (t->n_raw == t->raw_capacity) close_chunk(t, c, m->n_steps + 1 - t->raw_capacity);
}

/* ---- looking ---- */

static int context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    (void)query;
    const tree *t = m->state;
    size_t dim = (size_t)m->config.dim, n = 0;
    for (int l = t->n_levels - 1; l >= 0; l--) {
        const level *v = &t->levels[l];
        size_t more = (size_t)v->n * (size_t)v->each;
        memcpy(out->vector + n * dim, v->vector, more * dim * sizeof *out->vector);
        memcpy(out->salience + n, v->salience, more * sizeof *out->salience);
        memcpy(out->step + n, v->step, more * sizeof *out->step);
        for (size_t i = n; i < n + more; i++) out->level[i] = l + 1;
        n += more;
    }
    size_t raw = (size_t)t->n_raw;
    memcpy(out->vector + n * dim, t->vector, raw * dim * sizeof *out->vector);
    memcpy(out->salience + n, t->salience, raw * sizeof *out->salience);
    for (size_t i = 0; i < raw; i++) out->level[n + i] = 0, out->step[n + i] = m->n_steps - (int64_t)(raw - i);
    return (int)(n + raw);
}

/* What was selected stays selected, whatever its salience is now. */
static void renew(lp_mem *m, const float *vector, const float *salience) {
    tree *t = m->state;
    const size_t dim = (size_t)m->config.dim;
    for (int l = t->n_levels - 1; l >= -1; l--) {
        float *vectors = l < 0 ? t->vector : t->levels[l].vector, *saliences = l < 0 ? t->salience : t->levels[l].salience;
        const size_t n = l < 0 ? (size_t)t->n_raw : (size_t)t->levels[l].n * (size_t)t->levels[l].each;
        memcpy(vectors, vector, n * dim * sizeof *vector);
        for (size_t i = 0; i < n; i++) saliences[i] = lp_mem_salience(salience[i]);
        vector += n * dim, salience += n;
    }
}

static int new_summaries(const lp_mem *m, lp_mem_summary *out, int max) {
    const tree *t = m->state;
    for (int l = 0; l < t->n_new && l < max; l++) {
        const level *v = &t->levels[l];
        int64_t index = v->closed - 1;
        out[l] = (lp_mem_summary){l + 1,
                                  index,
                                  index * v->span,
                                  (index + 1) * v->span - 1,
                                  v->each,
                                  t->new_steps + (size_t)l * (size_t)m->config.setting[SLOTS],
                                  index / m->config.setting[FAN]};
    }
    return t->n_new;
}

static int levels(const lp_mem *m, int *counts, int max) {
    const tree *t = m->state;
    for (int l = 0; l <= t->n_levels && l < max; l++) counts[l] = l ? t->levels[l - 1].n * t->levels[l - 1].each : t->n_raw;
    return t->n_levels + 1;
}

/* ---- saving ---- */

static size_t save_size(const lp_mem *m, int64_t n_steps) {
    const lp_mem_config *c = &m->config;
    int64_t closed = closed_at(c, n_steps);
    size_t bytes = (size_t)(n_steps - closed * c->setting[CHUNK]) * item_bytes(c);
    for (int each = 0; closed; closed = closed_above(c, closed)) {
        each = each_above(c, each);
        bytes += (size_t)(closed - closed_above(c, closed) * c->setting[FAN]) * (size_t)each * (item_bytes(c) + sizeof(int64_t));
    }
    return bytes;
}

static unsigned char *put(unsigned char *at, const void *from, size_t size_bytes) {
    memcpy(at, from, size_bytes);
    return at + size_bytes;
}

static void save(const lp_mem *m, unsigned char *out) {
    const tree *t = m->state;
    size_t dim = (size_t)m->config.dim, raw = (size_t)t->n_raw;
    out = put(out, t->vector, raw * dim * sizeof *t->vector);
    out = put(out, t->salience, raw * sizeof *t->salience);
    for (int l = 0; l < t->n_levels; l++) {
        const level *v = &t->levels[l];
        size_t n = (size_t)v->n * (size_t)v->each;
        out = put(out, v->vector, n * dim * sizeof *v->vector);
        out = put(out, v->salience, n * sizeof *v->salience);
        out = put(out, v->step, n * sizeof *v->step);
    }
}

/* True when each summary's steps rise and lie within its span. */
static bool steps_fit(const unsigned char *data, int64_t oldest, size_t n, int each, int64_t span) {
    int64_t before = -1;
    for (size_t i = 0; i < n; i++) {
        int64_t step, first = (oldest + (int64_t)(i / (size_t)each)) * span;
        memcpy(&step, data + i * sizeof step, sizeof step);
        if (step <= before || step < first || step >= first + span) return false;
        before = step;
    }
    return true;
}

/* Walks the saved content; checks it, or (checked before) takes it over, with the shape already set. */
static bool walk(tree *t, const lp_mem_config *c, int64_t n_steps, const unsigned char *at, bool take) {
    int64_t closed = closed_at(c, n_steps);
    size_t raw = (size_t)(n_steps - closed * c->setting[CHUNK]), vector = (size_t)c->dim * sizeof(float);
    if (take) memcpy(t->vector, at, raw * vector), memcpy(t->salience, at + raw * vector, raw * sizeof(float));
    else if (!lp_floats_finite(at + raw * vector, raw)) return false;
    at += raw * item_bytes(c);
    for (level *v = t->levels; closed; closed = closed_above(c, closed), v++) {
        int64_t oldest = closed_above(c, closed) * c->setting[FAN];
        size_t n = (size_t)(closed - oldest) * (size_t)v->each;
        const unsigned char *salience = at + n * vector, *step = salience + n * sizeof(float);
        if (take) {
            memcpy(v->vector, at, n * vector);
            memcpy(v->salience, salience, n * sizeof(float));
            memcpy(v->step, step, n * sizeof(int64_t));
        } else if (!lp_floats_finite(salience, n) || !steps_fit(step, oldest, n, v->each, v->span)) {
            return false;
        }
        at = step + n * sizeof(int64_t);
    }
    return true;
}

static bool load(lp_mem *m, int64_t n_steps, const unsigned char *data) {
    tree *t = m->state;
    if (!walk(t, &m->config, n_steps, data, false)) return false;
    set_shape(t, &m->config, n_steps);
    return walk(t, &m->config, n_steps, data, true);
}

const lp_mem_arch lp_mem_tree = {
    .name = "tree",
    .help = "the last items, and summaries of everything older that keep what is salient and unlike the rest",
    // clang-format off
    .settings = {
        [CHUNK] = LP_MEM_SETTING_CHUNK,
        [SLOTS] = LP_MEM_SETTING_SLOTS,
        [FAN] = LP_MEM_SETTING_FAN,
        [WINDOW] = LP_MEM_SETTING_WINDOW,
        [UNLIKE] = LP_MEM_SETTING_UNLIKE,
        [KEEP] = LP_MEM_SETTING_KEEP,
        [MERGE] = {.name = "merge",
                   .help = "when a level's oldest F summaries are merged: late, when 2 F stand there, or early, when F do, so that there are fewer",
                   .initial = LATE, .min = LATE, .max = EARLY, .absent = LATE, .choices = "late|early"}},
    // clang-format on
    .size = size,
    .open = open,
    .reset = reset,
    .append = append,
    .context = context,
    .renew = renew,
    .max_context = max_context,
    .new_summaries = new_summaries,
    .levels = levels,
    .save_size = save_size,
    .save = save,
    .load = load,
};
