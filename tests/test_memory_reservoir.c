/* The reservoir: algorithm R written out, and what it is for: every item that left the window is as likely to be held as any other. */
#include "tests/mem_support.h"

enum { STEPS = 600, MAX_ITEMS = 64 };

static int by_step(const void *a, const void *b) {
    const int64_t i = *(const int64_t *)a, j = *(const int64_t *)b;
    return (i > j) - (i < j);
}

/* The sample after each step, by the definition: an array in which item `left` takes the place that its lot names, counted from the oldest. */
static void check(int items, int window, uint64_t episode) {
    const lp_mem_config c = {&lp_mem_reservoir, 3, {items, window ? window : -1}};
    lp_mem *m = open_mem(&c), *other = open_mem(&c);
    context x = context_new(&c), y = context_new(&c);
    int64_t place[MAX_ITEMS], sorted[MAX_ITEMS];
    int n = 0;
    bool differs = false;
    lp_mem_reset(m, episode), lp_mem_reset(other, episode + 1);
    for (int64_t t = 0; t < STEPS; t++) {
        append(m, 3, (float)(t % 7)), append(other, 3, (float)(t % 7));
        const int64_t left = t - window;
        if (left >= 0 && left < items) place[n++] = left;
        if (left >= items) {
            lp_rng rng = lp_rng_make(episode, (uint64_t)left);
            const uint64_t lot = lp_rng_u64(&rng) % (uint64_t)(left + 1);
            qsort(place, (size_t)n, sizeof *place, by_step);
            if (lot < (uint64_t)items) place[lot] = left;
        }
        memcpy(sorted, place, sizeof sorted);
        qsort(sorted, (size_t)n, sizeof *sorted, by_step);
        look(&x, m), look(&y, other);
        const int recent = t + 1 < window ? (int)t + 1 : window;
        assert_int_equal(x.n, n + recent);
        assert_int_equal(x.n, lp_mem_max_context_at(&c, t + 1));
        for (int i = 0; i < x.n; i++) {
            assert_int_equal(x.view.step[i], i < n ? sorted[i] : t + 1 - x.n + i);
            assert_true(x.view.salience[i] == (float)(x.view.step[i] % 7));
            differs |= x.view.step[i] != y.view.step[i];
        }
    }
    assert_true(differs); /* another episode, another sample */
    lp_mem_reset(other, episode);
    for (int64_t t = 0; t < STEPS; t++) append(other, 3, (float)(t % 7));
    assert_same(m, other);
    context_free(&x), context_free(&y);
    lp_mem_close(m), lp_mem_close(other);
}

static void test_algorithm(void **state) {
    (void)state;
    static const int shapes[][2] = {/* items, W */ {16, 16}, {1, 0}, {5, 0}, {64, 1}, {30, 90}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) check(shapes[i][0], shapes[i][1], seed + i);
}

/* Pearson's chi-square over the steps. The counts of a sample of `items` of N add up, so that it is N - 1 degrees of freedom and
 * (N - 1) / N (1 - p) of the usual size. Seeds are fixed: 4 standard deviations are the test's mistake, not bad luck. */
static void test_uniform(void **state) {
    (void)state;
    enum { EPISODES = 4000, ITEMS = 20, WINDOW_ = 6, N = 150 };
    const lp_mem_config c = {&lp_mem_reservoir, 1, {ITEMS, WINDOW_}};
    const double p = (double)ITEMS / N, expected = EPISODES * p;
    lp_mem *m = open_mem(&c);
    context x = context_new(&c);
    int held[N] = {0}, both = 0;
    for (uint64_t e = 0; e < EPISODES; e++) {
        bool first = false, last = false;
        lp_mem_reset(m, 2 * e); /* as evaluations number them */
        for (int t = 0; t < N + WINDOW_; t++) append(m, 1, 0);
        x.n = lp_mem_context(m, NULL, &x.view);
        for (int i = 0; i < ITEMS; i++) {
            held[x.view.step[i]]++;
            first |= x.view.step[i] == 0, last |= x.view.step[i] == N - 1;
        }
        both += first && last;
    }
    double chi2 = 0;
    for (int t = 0; t < N; t++) chi2 += (held[t] - expected) * (held[t] - expected) / expected;
    chi2 *= (N - 1.0) / N / (1 - p);
    print_message("chi-square %.1f, %d degrees of freedom; first and last in %d of %d\n", chi2, N - 1, both, EPISODES);
    assert_true(fabs(chi2 - (N - 1)) < 4 * sqrt(2.0 * (N - 1)));
    const double pair = p * (ITEMS - 1) / (N - 1); /* two are as independent as they can be */
    assert_true(fabs(both - EPISODES * pair) < 4 * sqrt(EPISODES * pair * (1 - pair)));
    context_free(&x);
    lp_mem_close(m);
}

int main(void) {
    seed = test_seed();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_algorithm), cmocka_unit_test(test_uniform)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
