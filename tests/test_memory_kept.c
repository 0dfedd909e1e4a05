/* What summaries keep: every one that the tree ever closes, over several levels, against the definition followed by brute force. */
#include "memory/selection.h"
#include "tests/mem_support.h"

enum { MAX_LEVELS = 12, MAX_STEPS = 1200, MAX_CANDIDATES = 256, MAX_SLOTS = 16, DIM = 21 };

/* Small whole numbers, so that squared distances are exact whoever sums them: one of 10 things seen from afar, as it is or a little changed. */
static void vector_of(int64_t t, int dim, float *out) {
    uint64_t lot = lp_mix64((uint64_t)t ^ lp_mix64(seed)), thing = lot % 10, change = lot / 10 % 3;
    for (int d = 0; d < dim; d++) {
        out[d] = (float)(lp_mix64(thing * 1000 + (uint64_t)d) % 200) + 5000;
        if (change) out[d] += (float)(lp_mix64(lot + (uint64_t)d) % (change == 1 ? 5 : 100));
    }
}

/* kind 0: any; 1: many ties; 2: only ties; 3: what is not finite among them */
static float salience_of(int64_t t, int kind) {
    lp_rng rng = lp_rng_make(seed, (uint64_t)t);
    if (kind == 0) return 3 * lp_rng_normal(&rng);
    if (kind == 3 && lp_rng_below(&rng, 4) == 0) return lp_rng_below(&rng, 2) ? NAN : INFINITY;
    return kind == 2 ? 0 : (float)lp_rng_below(&rng, 3);
}

typedef struct {
    int64_t step[MAX_CANDIDATES];
    int n;
} steps;

typedef struct {
    const lp_mem_config *config;
    int kind;
    float vector[MAX_STEPS][DIM], salience[MAX_STEPS];
} life;

static double distance2(const life *l, int64_t a, int64_t b) {
    double sum = 0;
    for (int d = 0; d < l->config->dim; d++)
        sum += ((double)l->vector[a][d] - l->vector[b][d]) * ((double)l->vector[a][d] - l->vector[b][d]);
    return sum;
}

/* The mean over all pairs, of an item with itself as well. */
static double mean_distance2(const life *l, const steps *from) {
    double sum = 0;
    for (int i = 0; i < from->n; i++)
        for (int j = 0; j < from->n; j++) sum += distance2(l, from->step[i], from->step[j]);
    return sum / from->n / from->n;
}

/* The first number of base/rng.h, written out. */
static double lot(int64_t step) {
    const uint64_t state = lp_mix64((uint64_t)step + 0x9e3779b97f4a7c15u) ^ lp_mix64(lp_mix64(0x107 + 0x632be59bd9b4e019u));
    return (double)(lp_mix64(state + 0x9e3779b97f4a7c15u) >> 11);
}

static double worth(const life *l, const steps *from, const steps *kept, int64_t step) {
    const int unlike = l->config->setting[UNLIKE];
    double near = INFINITY;
    switch (l->config->setting[KEEP]) {
    case LP_KEEP_OLDEST: return -(double)step;
    case LP_KEEP_NEWEST: return (double)step;
    case LP_KEEP_RANDOM: return lot(step);
    case LP_KEEP_DISTINCT:
        for (int j = 0; j < kept->n; j++) near = fmin(near, distance2(l, step, kept->step[j]));
        return near;
    default: break;
    }
    const double usual = mean_distance2(l, from);
    double r = INFINITY;
    for (int j = 0; j < kept->n; j++) r = fmin(r, distance2(l, step, kept->step[j]) / usual);
    return l->salience[step] + (unlike < 0 || !usual ? 0 : fmax(-unlike, fmin(0, log(r))));
}

static int by_step(const void *a, const void *b) {
    const int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
    return (i > j) - (i < j);
}

static steps reference_select(const life *l, const steps *from) {
    steps kept = {.n = 0};
    bool is_kept[MAX_CANDIDATES] = {false};
    while (kept.n < from->n && kept.n < l->config->setting[SLOTS]) {
        int best = -1;
        double most = 0;
        for (int i = 0; i < from->n; i++) {
            const double here = is_kept[i] ? 0 : worth(l, from, &kept, from->step[i]);
            if (!is_kept[i] && (best < 0 || here > most)) best = i, most = here;
        }
        is_kept[best] = true;
        kept.step[kept.n++] = from->step[best];
    }
    qsort(kept.step, (size_t)kept.n, sizeof *kept.step, by_step);
    return kept;
}

/* What the rules come to over the whole span of a summary, whatever it was merged from. */
static void check_span(const life *l, const lp_mem_summary *s) {
    const int keep = l->config->setting[KEEP];
    const bool by_salience = keep <= LP_KEEP_LEARNED && l->config->setting[UNLIKE] < 0;
    for (int i = 0; i < s->n_items; i++) {
        if (keep == LP_KEEP_OLDEST) assert_int_equal(s->steps[i], s->first + i);
        if (keep == LP_KEEP_NEWEST) assert_int_equal(s->steps[i], s->last - s->n_items + 1 + i);
        if (keep == LP_KEEP_DISTINCT && i == 0) assert_int_equal(s->steps[i], s->first);
        if (keep != LP_KEEP_RANDOM && !by_salience) continue;
        int higher = 0;
        for (int64_t t = s->first; t <= s->last; t++)
            higher += by_salience ? l->salience[t] > l->salience[s->steps[i]] : lot(t) > lot(s->steps[i]);
        assert_true(higher < s->n_items);
    }
}

static life *life_of(const lp_mem_config *c, int kind) {
    life *l = calloc(1, sizeof *l);
    l->config = c, l->kind = kind;
    for (int64_t t = 0; t < MAX_STEPS; t++) {
        vector_of(t, c->dim, l->vector[t]);
        l->salience[t] = lp_mem_salience(salience_of(t, kind));
    }
    return l;
}

static void check(const lp_mem_config *c, int kind) {
    const int K = c->setting[CHUNK], F = c->setting[FAN];
    static steps closed[MAX_LEVELS][MAX_STEPS];
    life *l = life_of(c, kind);
    lp_mem *m = open_mem(c), *loaded = open_mem(c);
    lp_mem_summary new[MAX_LEVELS];
    int highest = 0;
    for (int64_t t = 0; t < MAX_STEPS; t++) {
        lp_mem_append(m, l->vector[t], salience_of(t, kind));
        int n = lp_mem_new_summaries(m, new, MAX_LEVELS);
        assert_in_range(n, 0, MAX_LEVELS);
        if (n > highest) highest = n;
        for (int k = 0; k < n; k++) {
            steps from = {.n = 0};
            for (int i = 0; k == 0 && i < K; i++) from.step[from.n++] = new[0].index *K + i;
            for (int i = 0; k > 0 && i < F; i++) {
                const steps *child = &closed[k - 1][new[k].index *F + i];
                for (int j = 0; j < child->n; j++) from.step[from.n++] = child->step[j];
            }
            steps want = reference_select(l, &from);
            assert_int_equal(new[k].n_items, want.n);
            for (int i = 0; i < want.n; i++)
                if (new[k].steps[i] != want.step[i])
                    fail_msg("dim %d K %d S %d F %d unlike %d keep %d kind %d: summary %lld of level %d keeps %lld, should keep %lld",
                             c->dim, K, c->setting[SLOTS], F, c->setting[UNLIKE], c->setting[KEEP], kind, (long long)new[k].index, k + 1,
                             (long long)new[k].steps[i], (long long)want.step[i]);
            closed[k][new[k].index] = want;
            check_span(l, &new[k]);
        }
        if (n > 1 || t % 37 == 0) { /* a selection has no state of its own: what is saved goes on alike */
            size_t size;
            lp_err err;
            unsigned char *data = saved(m, &size);
            if (lp_mem_load(loaded, data, size, &err)) fail_msg("%s", err.message);
            lp_mem *other = m;
            m = loaded, loaded = other;
            free(data);
        }
    }
    assert_true(highest >= 3);
    lp_mem_close(m), lp_mem_close(loaded);
    free(l);
}

/* The one summary of flat: what it keeps of what it had and a chunk. */
static void check_flat(int dim, int chunk, int items, int window, int unlike, int keep, int kind) {
    const lp_mem_config c = {&lp_mem_flat, dim, {chunk, items, window ? window : -1, unlike, keep}};
    const lp_mem_config as_tree = {&lp_mem_tree, dim, {[SLOTS] = items, [UNLIKE] = unlike, [KEEP] = keep}};
    life *l = life_of(&as_tree, kind);
    lp_mem *m = open_mem(&c);
    context x = context_new(&c);
    steps kept = {.n = 0};
    int64_t folded = 0;
    for (int64_t t = 0; t < MAX_STEPS; t++) {
        lp_mem_append(m, l->vector[t], salience_of(t, kind));
        if (t + 1 - folded == window + chunk) {
            for (int i = 0; i < chunk; i++) kept.step[kept.n++] = folded++;
            kept = reference_select(l, &kept);
        }
        if (t % 5 && t > 200) continue;
        x.n = lp_mem_context(m, NULL, &x.view);
        assert_int_equal(x.n, kept.n + t + 1 - folded);
        assert_true(x.n <= lp_mem_max_context_at(&c, t + 1));
        for (int i = 0; i < x.n; i++) {
            const int64_t want = i < kept.n ? kept.step[i] : folded + i - kept.n;
            if (x.view.step[i] != want)
                fail_msg("flat keep %d: item %d is %lld, should be %lld", keep, i, (long long)x.view.step[i], (long long)want);
            assert_int_equal(x.view.level[i], i < kept.n);
            assert_memory_equal(x.view.vector + i * dim, l->vector[want], (size_t)dim * sizeof(float));
            assert_true(x.view.salience[i] == l->salience[want]);
        }
        int counts[3] = {0};
        assert_int_equal(lp_mem_levels(m, counts, 3), 2);
        assert_true(counts[0] == t + 1 - folded && counts[1] == kept.n);
    }
    if (keep == LP_KEEP_RANDOM && unlike < 0) { /* a uniform sample: those of the highest lots of all that came by */
        for (int i = 0; i < kept.n; i++) {
            int higher = 0;
            for (int64_t t = 0; t < folded; t++) higher += lot(t) > lot(kept.step[i]);
            assert_true(higher < kept.n);
        }
    }
    context_free(&x);
    lp_mem_close(m);
    free(l);
}

static void test_flat(void **state) {
    (void)state;
    static const int flats[][3] = {/* K, items, W */ {16, 16, 16}, {1, 5, 3}, {7, 3, 0}, {3, 11, 9}, {20, 1, 4}};
    static const int unlikes[] = {6, -1, 2};
    for (size_t i = 0; i < sizeof flats / sizeof *flats; i++)
        for (int keep = LP_KEEP_LEARNED; keep <= LP_KEEP_DISTINCT; keep++)
            check_flat(i % 2 ? 5 : DIM, flats[i][0], flats[i][1], flats[i][2], unlikes[(i + (size_t)keep) % 3], keep,
                       (int)(i + (size_t)keep) % 4);
}

static const int shapes[][4] = {/* K, S, F, W */ {16, 4, 4, 16},
                                {5, 2, 2, 1},
                                {7, 7, 3, -1},
                                {3, 5, 2, 9},
                                {20, 1, 5, 4},
                                {9, 16, 3, -1},
                                {1, 2, 2, 3}};

static void test_unlike(void **state) {
    (void)state;
    static const int unlikes[] = {6, 1, 100, -1};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int kind = 0; kind < 4; kind++) {
            lp_mem_config c = tree_config(i % 2 ? 5 : DIM, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3]);
            c.setting[UNLIKE] = unlikes[(i + (size_t)kind) % 4];
            check(&c, kind);
        }
}

static void test_rules(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        for (int keep = LP_KEEP_OLDEST; keep <= LP_KEEP_DISTINCT; keep++) {
            lp_mem_config c = tree_config(i % 2 ? 5 : DIM, shapes[i][0], shapes[i][1], shapes[i][2], shapes[i][3]);
            c.setting[UNLIKE] = i % 3 ? 6 : -1; /* which is nothing to them */
            c.setting[KEEP] = keep;
            check(&c, (int)i % 4);
        }
}

/* A memory of the vectors that change() makes shows the same steps as another of those that there are. */
static void expect_alike(const lp_mem_config *changed, void (*change)(float *vector, int64_t t), const lp_mem_config *other, int kind) {
    lp_mem *m = open_mem(changed), *o = open_mem(other);
    context x = context_new(changed), y = context_new(other);
    for (int64_t t = 0; t < MAX_STEPS; t++) {
        float vector[DIM];
        vector_of(t, DIM, vector);
        lp_mem_append(o, vector, salience_of(t, kind));
        change(vector, t);
        lp_mem_append(m, vector, salience_of(t, kind));
        x.n = lp_mem_context(m, NULL, &x.view), y.n = lp_mem_context(o, NULL, &y.view);
        assert_int_equal(x.n, y.n);
        assert_memory_equal(x.view.step, y.view.step, (size_t)x.n * sizeof(int64_t));
    }
    context_free(&x), context_free(&y);
    lp_mem_close(m), lp_mem_close(o);
}

static void small(float *vector, int64_t t) {
    (void)t;
    for (int d = 0; d < DIM; d++) vector[d] *= 0x1p-30f;
}

static void same(float *vector, int64_t t) {
    (void)t;
    for (int d = 0; d < DIM; d++) vector[d] = 1.0f / 3 + (float)d;
}

static void wild(float *vector, int64_t t) {
    static const float odd[] = {NAN, INFINITY, -INFINITY};
    vector[t % DIM] = odd[t % 3];
}

/* Scale does not matter; where all are the same, or nothing can be measured, salience alone decides. */
static void test_scale(void **state) {
    (void)state;
    lp_mem_config alone = tree_config(DIM, 15, 4, 3, 5), unlike = alone;
    unlike.setting[UNLIKE] = 6;
    for (int kind = 0; kind < 4; kind++) {
        expect_alike(&unlike, small, &unlike, kind);
        expect_alike(&unlike, same, &alone, kind);
        expect_alike(&unlike, wild, &alone, kind);
    }
}

/* What it is for: nine copies of one thing, and another that matters somewhat less. */
static void test_copies(void **state) {
    (void)state;
    for (int less = 1; less < 8; less++) {
        lp_mem_config c = tree_config(2, 10, 2, 2, -1);
        c.setting[UNLIKE] = 0; /* the default: 6 */
        lp_mem *m = open_mem(&c);
        lp_mem_summary s;
        for (int t = 0; t < 10; t++) lp_mem_append(m, t == 6 ? (float[]){0, 1} : (float[]){1, 0}, t == 6 ? 9 - (float)less : 9);
        assert_int_equal(lp_mem_new_summaries(m, &s, 1), 1);
        assert_int_equal(s.steps[0], 0);
        assert_int_equal(s.steps[1], less < 6 ? 6 : 1); /* at 6 it is a tie, which the older wins */
        lp_mem_close(m);
    }
}

int main(void) {
    seed = test_seed();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_unlike), cmocka_unit_test(test_rules), cmocka_unit_test(test_scale),
                                       cmocka_unit_test(test_flat), cmocka_unit_test(test_copies)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
