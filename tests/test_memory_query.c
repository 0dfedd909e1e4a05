/* Architectures that are read by query, against their definitions followed by brute force. */
#include "memory/nearest.h"
#include "memory/selection.h"
#include "tests/mem_support.h"

enum { STEPS = 500, DIM = 4 /* its root is exact, and so are all sums of small whole numbers */ };

typedef struct {
    float vector[STEPS][DIM], salience[STEPS];
} life;

/* kind 0: any; 1: many ties; 2: all the same; 3: vectors that are not finite among them */
static life life_of(int kind) {
    life l;
    lp_rng rng = lp_rng_make(seed, (uint64_t)kind);
    for (int t = 0; t < STEPS; t++) {
        for (int d = 0; d < DIM; d++) l.vector[t][d] = kind == 2 ? 1 : (float)lp_rng_below(&rng, kind == 1 ? 3 : 1000) - 1;
        l.salience[t] = kind == 2 ? 0 : (float)lp_rng_below(&rng, kind == 1 ? 2 : 300);
        if (kind == 3 && t % 7 == 0) l.vector[t][t % DIM] = t % 2 ? NAN : INFINITY;
    }
    return l;
}

typedef struct {
    double score;
    int step;
} scored;

static int by_score(const void *a, const void *b) {
    const scored *x = a, *y = b;
    return x->score != y->score ? (x->score > y->score ? -1 : 1) : x->step - y->step;
}

static int by_step(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* Of the steps from first up to last: the heads' best in turns. */
static int reference_nearest(const life *l, const float *q, int heads, bool without_salience, int first, int last, int k, int *step) {
    static scored order[LP_MEM_MAX_HEADS][STEPS];
    int n = 0, turn = 0;
    bool taken[STEPS] = {false};
    for (int h = 0; h < heads; h++) {
        for (int t = first; t < last; t++) {
            double sum = 0;
            for (int d = 0; d < DIM; d++) sum += (double)q[h * DIM + d] * l->vector[t][d];
            sum = sum / 2 + (without_salience ? 0 : l->salience[t]);
            order[h][t - first] = (scored){isnan(sum) ? -INFINITY : sum, t};
        }
        if (last > first) qsort(order[h], (size_t)(last - first), sizeof **order, by_score);
    }
    for (; n < k && n < last - first; turn++) {
        const scored *best = order[turn % heads];
        while (taken[best->step]) best++;
        taken[step[n++] = best->step] = true;
    }
    qsort(step, (size_t)n, sizeof *step, by_step);
    return n;
}

static void check_items(const life *l, const context *x) {
    for (int i = 0; i < x->n; i++) {
        const int64_t t = x->view.step[i];
        assert_memory_equal(x->view.vector + i * DIM, l->vector[t], sizeof l->vector[t]);
        assert_true(x->view.salience[i] == l->salience[t] && x->view.level[i] == 0);
    }
}

static void expect_steps(const context *x, const int *step, int n, const char *what) {
    assert_int_equal(x->n, n);
    for (int i = 0; i < n; i++)
        if (x->view.step[i] != step[i]) fail_msg("%s: item %d is step %lld, should be %d", what, i, (long long)x->view.step[i], step[i]);
}

static void draw_query(lp_rng *rng, int heads, float *q) {
    for (int i = 0; i < heads * DIM; i++) q[i] = (float)lp_rng_below(rng, 21) - 10;
}

static int least(int a, int b) { return a < b ? a : b; }

/* What knn shows after n steps. */
static int reference_knn(const life *l, const float *q, int heads, bool without_salience, int n_steps, int k, int window, int most,
                         int *step) {
    const int first = n_steps < most ? 0 : n_steps - most, last = n_steps - least(window, n_steps - first);
    int n = 0;
    if (q) n = reference_nearest(l, q, heads, without_salience, first, last, k, step);
    for (int t = last - k > first ? last - k : first; !q && t < last; t++) step[n++] = t;
    for (int t = last; t < n_steps; t++) step[n++] = t;
    return n;
}

static void check_knn(int kind, int heads, int k, int window, int most) {
    const lp_mem_config c = {&lp_mem_knn, DIM, {k, window ? window : -1, most}};
    const life l = life_of(kind);
    lp_rng rng = lp_rng_make(seed, (uint64_t)(kind * 100 + k));
    lp_mem *m = open_mem(&c);
    context x = context_new(&c);
    float q[LP_MEM_MAX_HEADS * DIM];
    int step[STEPS];
    assert_int_equal(x.max, window < most ? window + least(k, most - window) : most);
    for (int t = 0; t < STEPS; t++) {
        const bool without = t % 3 == 1;
        int64_t read = 7;
        size_t size;
        unsigned char *before = saved(m, &size);
        draw_query(&rng, heads, q);
        x.n = lp_mem_context(m, &(lp_mem_query){heads, q, &read, without}, &x.view);
        expect_steps(&x, step, reference_knn(&l, q, heads, without, t, k, window, most, step), "knn");
        assert_int_equal(x.n, lp_mem_max_context_at(&c, t));
        assert_int_equal(read - 7, least(t, most)); /* it looks at all */
        check_items(&l, &x);
        x.n = lp_mem_context(m, NULL, &x.view);
        expect_steps(&x, step, reference_knn(&l, NULL, heads, false, t, k, window, most, step), "knn without a query");
        check_items(&l, &x);
        size_t after;
        unsigned char *now = saved(m, &after);
        assert_int_equal(size, after);
        assert_memory_equal(before, now, size); /* to look changes nothing */
        free(before), free(now);
        lp_mem_append(m, l.vector[t], l.salience[t]);
    }
    context_free(&x);
    lp_mem_close(m);
}

static void test_knn(void **state) {
    (void)state;
    static const int shapes[][4] = {/* heads, k, W, max_items */ {2, 16, 16, 1000},
                                    {1, 1, 0, 1000},
                                    {3, 7, 5, 100},
                                    {8, 30, 1, 77},
                                    {2, 50, 60, 40},
                                    {1, 64, 3, 65},
                                    {4, 5, 0, 1},
                                    {2, 4, 9, 10}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int kind = 0; kind < 4; kind++) check_knn(kind, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3]);
}

/* Scores are of the same bits however many items are scored at once, and of any dim. */
static void test_scores(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(seed, 3);
    float q[3 * 40], vector[LP_SCORE_BLOCK * 40], salience[LP_SCORE_BLOCK], all[LP_SCORE_BLOCK * 3], one[3];
    for (int dim = 1; dim <= 40; dim++) {
        const lp_mem_query query = {3, q, NULL, false};
        for (int i = 0; i < 3 * dim; i++) q[i] = lp_rng_normal(&rng);
        for (int i = 0; i < LP_SCORE_BLOCK * dim; i++) vector[i] = lp_rng_normal(&rng);
        for (int i = 0; i < LP_SCORE_BLOCK; i++) salience[i] = lp_rng_normal(&rng);
        lp_score_items(&query, dim, vector, salience, LP_SCORE_BLOCK, all);
        for (int i = 0; i < LP_SCORE_BLOCK; i++) {
            lp_score_items(&query, dim, vector + i * dim, salience + i, 1, one);
            for (int h = 0; h < 3; h++) {
                double sum = 0;
                for (int d = 0; d < dim; d++) sum += (double)q[h * dim + d] * vector[i * dim + d];
                assert_true(one[h] == all[i * 3 + h] && fabs(one[h] - (sum / sqrt(dim) + salience[i])) < 1e-5);
            }
        }
    }
}

/* ---- descend ---- */

enum { K_SETTING, OPEN, D_CHUNK, D_SLOTS, D_FAN, D_WINDOW, MAX_ITEMS }; /* its settings */
enum { MAX_LEVELS = 12, MAX_EACH = 12 };

static lp_mem_config descend_config(int k, int open, int chunk, int slots, int fan, int window, int max_items) {
    return (lp_mem_config){&lp_mem_descend, DIM, {k, open, chunk, slots, fan, window ? window : -1, max_items}};
}

/* With everything opened it shows what knn shows. */
static void test_opens_everything(void **state) {
    (void)state;
    static const int shapes[][6] = {/* heads, K, S, F, W, max_items */ {2, 4, 2, 2, 5, 1000},
                                    {1, 1, 1, 2, 0, 300},
                                    {3, 5, 7, 3, 9, 77},
                                    {8, 16, 4, 4, 16, 200},
                                    {2, 3, 2, 4, 2, 2},
                                    {2, 7, 3, 2, 30, 28},
                                    {1, 2, 2, 2, 0, 64},
                                    {4, 10, 3, 5, 3, 101}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int kind = 0; kind < 4; kind++) {
            const int *s = shapes[i], heads = s[0];
            const lp_mem_config c = descend_config(9, 4000, s[1], s[2], s[3], s[4], s[5]);
            const lp_mem_config plain = {&lp_mem_knn, DIM, {9, s[4] ? s[4] : -1, s[5]}};
            const life l = life_of(kind);
            lp_rng rng = lp_rng_make(seed, i);
            lp_mem *m = open_mem(&c), *knn = open_mem(&plain);
            context x = context_new(&c), y = context_new(&plain);
            float q[LP_MEM_MAX_HEADS * DIM];
            assert_int_equal(x.max, y.max);
            for (int t = 0; t < STEPS; t++) {
                draw_query(&rng, heads, q);
                const lp_mem_query query = {heads, q, NULL, t % 4 == 1}, *asked = t % 9 ? &query : NULL;
                x.n = lp_mem_context(m, asked, &x.view), y.n = lp_mem_context(knn, asked, &y.view);
                assert_int_equal(x.n, y.n);
                if (memcmp(x.view.step, y.view.step, (size_t)x.n * sizeof(int64_t)))
                    fail_msg("shape %zu, kind %d: after %d steps other items than knn's", i, kind, t);
                check_items(&l, &x);
                lp_mem_append(m, l.vector[t], l.salience[t]), lp_mem_append(knn, l.vector[t], l.salience[t]);
            }
            context_free(&x), context_free(&y);
            lp_mem_close(m), lp_mem_close(knn);
        }
}

/* What it ever announced, by level and index. */
typedef struct {
    int64_t step[MAX_LEVELS][STEPS][MAX_EACH];
    int n[MAX_LEVELS][STEPS]; /* 0: never */
} summaries;

static void note_new(summaries *s, const lp_mem *m) {
    lp_mem_summary new[MAX_LEVELS + 1];
    const int n = lp_mem_new_summaries(m, new, MAX_LEVELS + 1);
    for (int i = 0; i < n; i++) {
        assert_true(new[i].level == i + 1 && new[i].level < MAX_LEVELS &&new[i].n_items <= MAX_EACH);
        assert_int_equal(s->n[new[i].level][new[i].index], 0);
        s->n[new[i].level][new[i].index] = new[i].n_items;
        memcpy(s->step[new[i].level][new[i].index], new[i].steps, (size_t) new[i].n_items * sizeof(int64_t));
    }
}

/* Its summaries are the tree's, sooner. */
static void test_summaries(void **state) {
    (void)state;
    static const int shapes[][3] = {/* K, S, F */ {4, 2, 2}, {1, 3, 2}, {5, 7, 3}, {16, 4, 4}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const int *s = shapes[i];
        const lp_mem_config c = descend_config(4, 4, s[0], s[1], s[2], 3, 1000),
                            as_tree = {&lp_mem_tree, DIM, {s[0], s[1], s[2], -1, -1, LP_KEEP_DISTINCT}};
        const life l = life_of(0);
        lp_mem *m = open_mem(&c), *tree = open_mem(&as_tree);
        summaries *ours = calloc(1, sizeof *ours), *theirs = calloc(1, sizeof *theirs);
        int compared = 0;
        for (int t = 0; t < STEPS; t++) {
            lp_mem_append(m, l.vector[t], l.salience[t]), lp_mem_append(tree, l.vector[t], l.salience[t]);
            note_new(ours, m), note_new(theirs, tree);
        }
        for (int level = 1; level < MAX_LEVELS; level++)
            for (int k = 0; k < STEPS && theirs->n[level][k]; k++, compared += level > 1) {
                assert_int_equal(ours->n[level][k], theirs->n[level][k]);
                assert_memory_equal(ours->step[level][k], theirs->step[level][k], sizeof **ours->step);
            }
        assert_true(compared > 4);
        free(ours), free(theirs);
        lp_mem_close(m), lp_mem_close(tree);
    }
}

/* The walk by its definition: a list of what was met, looked through for the best each time. */
typedef struct {
    const lp_mem_config *c;
    const life *l;
    const summaries *all;
    const float *q;
    int heads, first, end;
    bool read[STEPS];
    int64_t n_read;
    struct {
        int level, index;
        bool is_open;
        float promise[LP_MEM_MAX_HEADS];
    } met[4 * STEPS];
    int n_met;
} walk;

static int span_of(const lp_mem_config *c, int level) {
    int span = level ? c->setting[D_CHUNK] : 1;
    for (int l = 1; l < level; l++) span *= c->setting[D_FAN];
    return span;
}

/* Without salience. */
static double dot_of(const walk *w, int h, int64_t t) {
    double sum = 0;
    for (int d = 0; d < DIM; d++) sum += (double)w->q[h * DIM + d] * w->l->vector[t][d];
    return isnan(sum) ? -INFINITY : sum / 2;
}

/* How far what a node covers is at most from what its summary has, by the definition; most: the highest salience. */
static float reach_of(const walk *w, int level, int index, float *most) {
    const int children = level > 1 ? w->c->setting[D_FAN] : w->c->setting[D_CHUNK];
    float farthest = 0, longest = 0;
    *most = -FLT_MAX;
    for (int i = index * children; i < (index + 1) * children; i++) {
        float below = w->l->salience[level > 1 ? 0 : i];
        const float reach = level > 1 ? reach_of(w, level - 1, i, &below) : 0;
        *most = fmaxf(*most, below);
        for (int j = 0; j < (level > 1 ? w->all->n[level - 1][i] : 1); j++) {
            const float *x = w->l->vector[level > 1 ? w->all->step[level - 1][i][j] : i];
            double nearest = INFINITY, length = 0;
            for (int k = 0; k < w->all->n[level][index]; k++) {
                const float *y = w->l->vector[w->all->step[level][index][k]];
                double sum = 0;
                for (int d = 0; d < DIM; d++) sum += ((double)x[d] - y[d]) * ((double)x[d] - y[d]);
                nearest = fmin(nearest, sum);
            }
            for (int d = 0; d < DIM; d++) length += (double)x[d] * x[d];
            if (!isfinite(nearest) || !isfinite(length) || !isfinite(reach)) farthest = INFINITY;
            farthest = fmaxf(farthest, sqrtf((float)nearest) + reach), longest = fmaxf(longest, sqrtf((float)length));
        }
    }
    return isfinite(farthest) ? farthest + (longest + 2 * farthest) * ((DIM / 16.0f + 8) * 0x1p-23f) : INFINITY;
}

static bool is_there(const walk *w, int level, int index) {
    const int span = span_of(w->c, level);
    return span <= w->c->setting[MAX_ITEMS] && index * span >= w->first && (index + 1) * span <= w->end;
}

static void ref_meet(walk *w, int level, int index) {
    const int n = level ? w->all->n[level][index] : 1;
    assert_true(n > 0);
    float best[LP_MEM_MAX_HEADS], most;
    for (int h = 0; h < w->heads; h++) best[h] = -INFINITY;
    for (int j = 0; j < n; j++) {
        const int64_t t = level ? w->all->step[level][index][j] : index;
        w->n_read += level || !w->read[t]; /* a raw item that a summary had is not read once more */
        w->read[t] = true;
        for (int h = 0; h < w->heads; h++) best[h] = fmaxf(best[h], (float)dot_of(w, h, t));
    }
    if (n == span_of(w->c, level)) return;
    const float reach = reach_of(w, level, index, &most);
    for (int h = 0; h < w->heads; h++) {
        float sum = 0;
        for (int d = 0; d < DIM; d++) sum += w->q[h * DIM + d] * w->q[h * DIM + d];
        const float promise = (float)((double)best[h] + (double)(sqrtf(sum / DIM) * (1 + 0x1p-10f)) * reach + most);
        w->met[w->n_met].promise[h] = isnan(promise) ? INFINITY : promise;
    }
    w->met[w->n_met].level = level, w->met[w->n_met].index = index, w->met[w->n_met++].is_open = false;
}

/* Has the head k items that are all better? */
static bool has_better(const walk *w, int h, float promise) {
    int n = 0;
    for (int t = w->first; t < w->end; t++) n += w->read[t] && (float)(dot_of(w, h, t) + w->l->salience[t]) > promise;
    return n >= w->c->setting[K_SETTING];
}

static void reference_walk(walk *w) {
    for (int level = MAX_LEVELS - 1; level >= 0; level--) {
        const int fan = level ? w->c->setting[D_FAN] : w->c->setting[D_CHUNK];
        if (span_of(w->c, level) > STEPS) continue;
        for (int i = w->first / span_of(w->c, level); i * span_of(w->c, level) < w->end; i++)
            if (is_there(w, level, i) && !is_there(w, level + 1, i / fan)) ref_meet(w, level, i);
    }
    for (int turn = 0, opened = 0, done = 0; opened < w->c->setting[OPEN] && done < w->heads; turn++) {
        const int h = turn % w->heads;
        int best = -1;
        for (int i = 0; i < w->n_met; i++)
            if (!w->met[i].is_open && (best < 0 || w->met[i].promise[h] > w->met[best].promise[h])) best = i;
        done = best < 0 || has_better(w, h, w->met[best].promise[h]) ? done + 1 : 0;
        if (done) continue;
        opened++;
        w->met[best].is_open = true;
        const int level = w->met[best].level, children = level == 1 ? w->c->setting[D_CHUNK] : w->c->setting[D_FAN];
        for (int i = 0; i < children; i++) ref_meet(w, level - 1, w->met[best].index * children + i);
    }
}

/* The nearest of what was read. */
static int reference_shown(const walk *w, int k, int *step) {
    life read = *w->l;
    int n_read = 0, of[STEPS];
    for (int t = w->first; t < w->end; t++) {
        if (!w->read[t]) continue;
        memcpy(read.vector[n_read], w->l->vector[t], sizeof read.vector[t]);
        read.salience[n_read] = w->l->salience[t], of[n_read++] = t;
    }
    const int n = reference_nearest(&read, w->q, w->heads, false, 0, n_read, k, step);
    for (int i = 0; i < n; i++) step[i] = of[step[i]];
    return n;
}

static void check_walk(const lp_mem_config *c, int heads, int kind) {
    const life l = life_of(kind);
    lp_rng rng = lp_rng_make(seed, (uint64_t)c->setting[OPEN]);
    lp_mem *m = open_mem(c), *loaded = open_mem(c);
    context x = context_new(c);
    summaries *all = calloc(1, sizeof *all);
    walk *w = calloc(1, sizeof *w);
    float q[LP_MEM_MAX_HEADS * DIM];
    int step[STEPS], window = c->setting[D_WINDOW];
    if (window < 0) window = 0;
    for (int t = 0; t < STEPS; t++) {
        const int first = t < c->setting[MAX_ITEMS] ? 0 : t - c->setting[MAX_ITEMS];
        int64_t read = 0;
        draw_query(&rng, heads, q);
        *w = (walk){.c = c, .l = &l, .all = all, .q = q, .heads = heads, .first = first, .end = t - least(window, t - first)};
        reference_walk(w);
        int n = reference_shown(w, c->setting[K_SETTING], step);
        for (int i = w->end; i < t; i++) step[n++] = i;
        x.n = lp_mem_context(m, &(lp_mem_query){heads, q, &read, false}, &x.view);
        expect_steps(&x, step, n, "descend");
        assert_int_equal(read, w->n_read + t - w->end);
        check_items(&l, &x);
        if (t % 41 == 0) { /* what is saved is the items; the rest is made again */
            size_t size;
            lp_err err;
            unsigned char *data = saved(m, &size);
            if (lp_mem_load(loaded, data, size, &err)) fail_msg("%s", err.message);
            lp_mem *other = m;
            m = loaded, loaded = other;
            free(data);
        }
        lp_mem_append(m, l.vector[t], l.salience[t]);
        note_new(all, m);
    }
    free(all), free(w);
    context_free(&x);
    lp_mem_close(m), lp_mem_close(loaded);
}

static void test_walk(void **state) {
    (void)state;
    static const int shapes[][7] = {/* heads, open, K, S, F, W, max_items */ {2, 3, 4, 2, 2, 5, 1000},
                                    {1, 1, 1, 1, 2, 0, 300},
                                    {3, 5, 5, 7, 3, 9, 177},
                                    {8, 9, 16, 4, 4, 16, 400},
                                    {2, 2, 3, 2, 4, 2, 2},
                                    {2, 12, 6, 3, 2, 30, 128},
                                    {1, 4, 2, 2, 2, 0, 64},
                                    {4, 3, 10, 3, 5, 3, 1000}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int kind = 0; kind < 4; kind++) {
            const int *s = shapes[i];
            const lp_mem_config c = descend_config(7, s[1], s[2], s[3], s[4], s[5], s[6]);
            check_walk(&c, s[0], kind);
        }
}

/* It reads O(log T): the bound of arch_descend.c, and the item that fits best is found where its likes are not in the way. */
static void test_reads_little(void **state) {
    (void)state;
    const lp_mem_config c = {&lp_mem_descend, DIM, {4, 8, 16, 4, 4, 16, 1 << 18}};
    lp_mem *m = open_mem(&c);
    context x = context_new(&c);
    const float q[DIM] = {0, 0, 0, 8};
    for (int64_t t = 0, next = 64; t < 1 << 18; t++) {
        const bool marked = t % 100000 == 777;
        lp_mem_append(m, (float[DIM]){element(t, 0) / (1 << 20), element(t, 1) / (1 << 20), 0, marked}, marked ? 9 : 0);
        if (t + 1 != next) continue;
        next *= 2;
        int64_t read = 0;
        int levels = 1;
        for (int64_t span = 16; span * 4 <= t + 1; span *= 4) levels++;
        x.n = lp_mem_context(m, &(lp_mem_query){1, q, &read, false}, &x.view);
        assert_in_range(read, x.n, 16 + 2 * 15 + levels * 6 * 4 + 8 * 16);
        for (int64_t k = 777; k <= t - 16; k += 100000) { /* each of the marked */
            bool shown = false;
            for (int i = 0; i < x.n; i++) shown |= x.view.step[i] == k;
            assert_true(shown);
        }
    }
    context_free(&x);
    lp_mem_close(m);
}

/* Where things come again and again, as they do in games, a walk that ends by itself has what knn has and reads far less. */
static void test_ends_by_itself(void **state) {
    (void)state;
    enum { N = 6000, THINGS = 40 };
    const lp_mem_config c = descend_config(5, 1 << 16, 16, 4, 4, 16, N), plain = {&lp_mem_knn, DIM, {5, 16, N}};
    lp_rng rng = lp_rng_make(seed, 8);
    lp_mem *m = open_mem(&c), *knn = open_mem(&plain);
    context x = context_new(&c), y = context_new(&plain);
    int64_t read = 0, all = 0;
    for (int t = 0, thing = 0; t < N; t++) {
        float vector[DIM], q[2 * DIM];
        if (lp_rng_below(&rng, 20) == 0) thing = (int)lp_rng_below(&rng, THINGS);
        for (int d = 0; d < DIM; d++) vector[d] = 4 * element(thing, d) / (1 << 20) + lp_rng_normal(&rng) / 50;
        const float salience = lp_rng_normal(&rng) / 10;
        lp_mem_append(m, vector, salience), lp_mem_append(knn, vector, salience);
        if (t % 50) continue;
        for (int i = 0; i < 2 * DIM; i++) q[i] = 3 * lp_rng_normal(&rng);
        x.n = lp_mem_context(m, &(lp_mem_query){2, q, &read, false}, &x.view),
        y.n = lp_mem_context(knn, &(lp_mem_query){2, q, &all, false}, &y.view);
        assert_int_equal(x.n, y.n);
        assert_memory_equal(x.view.step, y.view.step, (size_t)x.n * sizeof(int64_t));
    }
    print_message("read %lld items, knn %lld\n", (long long)read, (long long)all);
    assert_true(read < all / 2);
    context_free(&x), context_free(&y);
    lp_mem_close(m), lp_mem_close(knn);
}

int main(void) {
    seed = test_seed();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_knn),           cmocka_unit_test(test_scores), cmocka_unit_test(test_opens_everything),
        cmocka_unit_test(test_summaries),     cmocka_unit_test(test_walk),   cmocka_unit_test(test_reads_little),
        cmocka_unit_test(test_ends_by_itself)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
