/* One running summary. K chunk, N items, W window.
 *
 * Raw items stand in a row. When K of them lie beyond the window, they leave: of the N that the summary has and these K, it keeps N, as a
 * summary of the tree keeps (selection.h). What is left out is gone, so the summary covers all that is older, at one resolution.
 *
 * All items lie in one row, those of the summary first: candidates are its beginning, and the context is all of it. From n_steps alone
 * follows how many there are: (n_steps - W) / K chunks were folded in, and the summary has all their items, up to N.
 *
 * Saved: the vectors, the saliences, and the steps of the summary's items. */
#include "memory/arch.h"

#include "base/floats.h"
#include "memory/selection.h"

#include <string.h>

enum { CHUNK, ITEMS, WINDOW, UNLIKE, KEEP }; /* its settings */

typedef struct {
    float *vector;   /* [N + W + K][dim] */
    float *salience; /* [N + W + K] */
    int64_t *step;   /* [N + W + K] */
    int n, n_kept;   /* of them in the summary */
    lp_selection selection;
} flat;

static int window_of(const lp_mem_config *c) { return c->setting[WINDOW] > 0 ? c->setting[WINDOW] : 0; }

static size_t capacity_of(const lp_mem_config *c) { return (size_t)c->setting[ITEMS] + (size_t)window_of(c) + (size_t)c->setting[CHUNK]; }

/* Items that left the window after n_steps. */
static int64_t folded_at(const lp_mem_config *c, int64_t n_steps) {
    const int64_t beyond = n_steps - window_of(c);
    return beyond > 0 ? beyond / c->setting[CHUNK] * c->setting[CHUNK] : 0;
}

static int kept_at(const lp_mem_config *c, int64_t n_steps) {
    const int64_t folded = folded_at(c, n_steps);
    return folded < c->setting[ITEMS] ? (int)folded : c->setting[ITEMS];
}

static int held_at(const lp_mem_config *c, int64_t n_steps) { return kept_at(c, n_steps) + (int)(n_steps - folded_at(c, n_steps)); }

/* Since a chunk is folded in at once, the most were there K - 1 items later. */
static int max_context(const lp_mem_config *c, int64_t n_steps) {
    const int64_t most = (int64_t)capacity_of(c) - 1;
    return (int)(n_steps < most ? n_steps : most);
}

static size_t max_candidates(const lp_mem_config *c) { return (size_t)c->setting[ITEMS] + (size_t)c->setting[CHUNK]; }

static size_t size(const lp_mem_config *c) {
    const size_t n = capacity_of(c);
    return lp_arena_need(sizeof(flat)) + lp_arena_need(n * (size_t)c->dim * sizeof(float)) + lp_arena_need(n * sizeof(float)) +
           lp_arena_need(n * sizeof(int64_t)) + lp_selection_size(max_candidates(c), c->setting[ITEMS], c->dim);
}

static void *open(const lp_mem_config *c, lp_arena *arena) {
    const size_t n = capacity_of(c);
    flat *f = lp_arena_take(arena, sizeof *f);
    f->vector = lp_arena_take(arena, n * (size_t)c->dim * sizeof(float));
    f->salience = lp_arena_take(arena, n * sizeof(float));
    f->step = lp_arena_take(arena, n * sizeof(int64_t));
    lp_selection_open(&f->selection, arena, max_candidates(c), (lp_keep)c->setting[KEEP], c->setting[ITEMS], c->dim, c->setting[UNLIKE]);
    return f;
}

static void reset(lp_mem *m) {
    flat *f = m->state;
    f->n = f->n_kept = 0;
}

/* n items from `from` on move to `to`, which is before them. */
static void move(flat *f, size_t to, size_t from, size_t n, size_t dim) {
    memmove(f->vector + to * dim, f->vector + from * dim, n * dim * sizeof *f->vector);
    memmove(f->salience + to, f->salience + from, n * sizeof *f->salience);
    memmove(f->step + to, f->step + from, n * sizeof *f->step);
}

static void fold(flat *f, const lp_mem_config *c) {
    const size_t dim = (size_t)c->dim, n = (size_t)(f->n_kept + c->setting[CHUNK]), all = (size_t)f->n;
    size_t kept = 0;
    lp_select(&f->selection, &(lp_candidates){n, f->vector, f->salience, f->step, 0});
    for (size_t i = 0; i < n; i++)
        if (f->selection.is_kept[i]) {
            if (kept < i) move(f, kept, i, 1, dim);
            kept++;
        }
    if (kept < n) move(f, kept, n, all - n, dim);
    f->n_kept = (int)kept;
    f->n = (int)(all - n + kept);
}

static void append(lp_mem *m, const float *vector, float salience) {
    flat *f = m->state;
    const lp_mem_config *c = &m->config;
    memcpy(f->vector + (size_t)f->n * (size_t)c->dim, vector, (size_t)c->dim * sizeof *vector);
    f->salience[f->n] = salience;
    f->step[f->n++] = m->n_steps;
    if (f->n - f->n_kept == window_of(c) + c->setting[CHUNK]) fold(f, c);
}

static int context(const lp_mem *m, const lp_mem_query *query, const lp_mem_context_view *out) {
    const flat *f = m->state;
    const size_t n = (size_t)f->n;
    (void)query;
    memcpy(out->vector, f->vector, n * (size_t)m->config.dim * sizeof(float));
    memcpy(out->salience, f->salience, n * sizeof(float));
    memcpy(out->step, f->step, n * sizeof(int64_t));
    for (int i = 0; i < f->n; i++) out->level[i] = i < f->n_kept;
    return f->n;
}

static void renew(lp_mem *m, const float *vector, const float *salience) {
    flat *f = m->state;
    memcpy(f->vector, vector, (size_t)f->n * (size_t)m->config.dim * sizeof *vector);
    for (int i = 0; i < f->n; i++) f->salience[i] = lp_mem_salience(salience[i]);
}

static int levels(const lp_mem *m, int *counts, int max) {
    const flat *f = m->state;
    if (max > 0) counts[0] = f->n - f->n_kept;
    if (max > 1) counts[1] = f->n_kept;
    return 2;
}

static size_t save_size(const lp_mem *m, int64_t n_steps) {
    return (size_t)held_at(&m->config, n_steps) * ((size_t)m->config.dim + 1) * sizeof(float) +
           (size_t)kept_at(&m->config, n_steps) * sizeof(int64_t);
}

static void save(const lp_mem *m, unsigned char *out) {
    const flat *f = m->state;
    const size_t n = (size_t)f->n, vectors = n * (size_t)m->config.dim * sizeof(float);
    memcpy(out, f->vector, vectors);
    memcpy(out + vectors, f->salience, n * sizeof(float));
    memcpy(out + vectors + n * sizeof(float), f->step, (size_t)f->n_kept * sizeof(int64_t));
}

static bool load(lp_mem *m, int64_t n_steps, const unsigned char *data) {
    flat *f = m->state;
    const size_t n = (size_t)held_at(&m->config, n_steps), n_kept = (size_t)kept_at(&m->config, n_steps);
    const size_t vectors = n * (size_t)m->config.dim * sizeof(float);
    const unsigned char *saliences = data + vectors, *steps = saliences + n * sizeof(float);
    const int64_t folded = folded_at(&m->config, n_steps);
    if (!lp_floats_finite(saliences, n) || !lp_mem_steps_rise(steps, n_kept, folded)) return false;
    memcpy(f->vector, data, vectors);
    memcpy(f->salience, saliences, n * sizeof(float));
    memcpy(f->step, steps, n_kept * sizeof(int64_t));
    for (size_t i = n_kept; i < n; i++) f->step[i] = folded + (int64_t)(i - n_kept);
    f->n = (int)n, f->n_kept = (int)n_kept;
    return true;
}

const lp_mem_arch lp_mem_flat = {
    .name = "flat",
    .help = "the last items, and one running summary of everything older that keeps what is salient and unlike the rest",
    .settings = {[CHUNK] = LP_MEM_SETTING_CHUNK,
                 [ITEMS] = LP_MEM_SETTING_ITEMS,
                 [WINDOW] = LP_MEM_SETTING_WINDOW,
                 [UNLIKE] = LP_MEM_SETTING_UNLIKE,
                 [KEEP] = LP_MEM_SETTING_KEEP},
    .size = size,
    .open = open,
    .reset = reset,
    .append = append,
    .context = context,
    .renew = renew,
    .max_context = max_context,
    .levels = levels,
    .save_size = save_size,
    .save = save,
    .load = load,
};
