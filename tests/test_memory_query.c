/* Architectures that are read by query, against their definitions followed by brute force. */
#include "memory/nearest.h"
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
static int reference_nearest(const life *l, const float *q, int heads, int first, int last, int k, int *step) {
    static scored order[LP_MEM_MAX_HEADS][STEPS];
    int n = 0, turn = 0;
    bool taken[STEPS] = {false};
    for (int h = 0; h < heads; h++) {
        for (int t = first; t < last; t++) {
            double sum = 0;
            for (int d = 0; d < DIM; d++) sum += (double)q[h * DIM + d] * l->vector[t][d];
            sum = sum / 2 + l->salience[t];
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
static int reference_knn(const life *l, const float *q, int heads, int n_steps, int k, int window, int most, int *step) {
    const int first = n_steps < most ? 0 : n_steps - most, last = n_steps - least(window, n_steps - first);
    int n = 0;
    if (q) n = reference_nearest(l, q, heads, first, last, k, step);
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
        int64_t read = 7;
        size_t size;
        unsigned char *before = saved(m, &size);
        draw_query(&rng, heads, q);
        x.n = lp_mem_context(m, &(lp_mem_query){heads, q, &read}, &x.view);
        expect_steps(&x, step, reference_knn(&l, q, heads, t, k, window, most, step), "knn");
        assert_int_equal(x.n, lp_mem_max_context_at(&c, t));
        assert_int_equal(read - 7, least(t, most)); /* it looks at all */
        check_items(&l, &x);
        x.n = lp_mem_context(m, NULL, &x.view);
        expect_steps(&x, step, reference_knn(&l, NULL, heads, t, k, window, most, step), "knn without a query");
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
        const lp_mem_query query = {3, q, NULL};
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

int main(void) {
    seed = test_seed();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_knn), cmocka_unit_test(test_scores)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
