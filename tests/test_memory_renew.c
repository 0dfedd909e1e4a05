/* Renewal: vectors and saliences are replaced in the order of the context, and nothing else is. */
#include "tests/mem_support.h"

enum { MAX_DIM = 3, STEPS = 700 };

static const lp_mem_config configs[] = {
    {&lp_mem_none, 3, {0}},
    {&lp_mem_window, 3, {7}},
    {&lp_mem_full, 2, {40}},
    {&lp_mem_full, 1, {1}},
    {&lp_mem_tree, 3, {4, 3, 2, 6, -1}},
    {&lp_mem_tree, 1, {3, 5, 3, -1, -1}},
    {&lp_mem_tree, 2, {3, 4, 2, 5, -1, 1, EARLY}},
    {&lp_mem_tree, 2, {1, 1, 2, 1, -1}},
    {&lp_mem_flat, 3, {4, 9, 6, -1}},
    {&lp_mem_flat, 1, {3, 5, -1, -1}},
    {&lp_mem_reservoir, 3, {9, 6}},
    {&lp_mem_reservoir, 2, {4, -1}},
};
enum { N_CONFIGS = sizeof configs / sizeof *configs };

/* What a training with other weights makes of item t: another vector, a salience that ranks items as before. */
static float element_anew(int64_t t, int d) { return -element(t + 7, d); }
static float salience_of(int64_t t) { return (float)(lp_mix64((uint64_t)t) % 50); }
static float salience_anew(int64_t t) { return 2 * salience_of(t) - 9; }

static void fill(context *x, const lp_mem *m) {
    x->n = lp_mem_context(m, NULL, &x->view);
    for (int i = 0; i < x->n; i++) {
        x->view.salience[i] = salience_anew(x->view.step[i]);
        for (int d = 0; d < x->dim; d++) x->view.vector[i * x->dim + d] = element_anew(x->view.step[i], d);
    }
}

/* Renewed at any step it is, to the byte, the memory to which those values were appended; the summaries last closed stay. */
static void test_as_if_appended(void **state) {
    (void)state;
    for (int i = 0; i < N_CONFIGS; i++) {
        lp_mem *old = open_mem(&configs[i]), *anew = open_mem(&configs[i]);
        context given = context_new(&configs[i]), shown = context_new(&configs[i]);
        for (int64_t t = 0; t < STEPS; t++) {
            float vector[MAX_DIM];
            lp_mem_summary before[16], after[16];
            int64_t kept[16][8];
            assert_true(lp_mem_can_renew(configs[i].arch));
            append(old, configs[i].dim, salience_of(t));
            for (int d = 0; d < configs[i].dim; d++) vector[d] = element_anew(t, d);
            lp_mem_append(anew, vector, salience_anew(t));
            if (lp_mix64((uint64_t)t) % 3) continue;
            size_t size;
            lp_err err;
            unsigned char *data = saved(old, &size);
            int n = lp_mem_new_summaries(old, before, 16);
            for (int k = 0; k < n; k++) memcpy(kept[k], before[k].steps, (size_t)before[k].n_items * sizeof(int64_t));
            fill(&given, old);
            lp_mem_renew(old, given.view.vector, given.view.salience);
            assert_same(old, anew);
            assert_int_equal(lp_mem_new_summaries(old, after, 16), n);
            for (int k = 0; k < n; k++) {
                assert_true(before[k].level == after[k].level && before[k].index == after[k].index &&
                            before[k].n_items == after[k].n_items);
                for (int j = 0; j < before[k].n_items; j++) assert_int_equal(after[k].steps[j], kept[k][j]);
            }
            shown.n = lp_mem_context(old, NULL, &shown.view);
            assert_int_equal(shown.n, given.n);
            assert_memory_equal(shown.view.vector, given.view.vector, (size_t)(given.n * given.dim) * sizeof(float));
            assert_memory_equal(shown.view.salience, given.view.salience, (size_t)given.n * sizeof(float));
            assert_memory_equal(shown.view.level, given.view.level, (size_t)given.n * sizeof(int32_t));
            assert_memory_equal(shown.view.step, given.view.step, (size_t)given.n * sizeof(int64_t));
            if (lp_mem_load(old, data, size, &err)) fail_msg("%s", err.message);
            free(data);
        }
        context_free(&given), context_free(&shown);
        lp_mem_close(old), lp_mem_close(anew);
    }
}

/* A selection is by the saliences that there are now; what is not finite is the lowest, as in append. */
static void test_next_selection(void **state) {
    (void)state;
    lp_mem_config c = tree_config(1, 4, 1, 2, -1);
    lp_mem *m = open_mem(&c);
    context x = context_new(&c);
    for (int t = 0; t < 3; t++) append(m, 1, (float)t);
    lp_mem_renew(m, (float[]){element(0, 0), element(1, 0), element(2, 0)}, (float[]){INFINITY, 5, NAN});
    look(&x, m);
    assert_true(x.view.salience[0] == -FLT_MAX && x.view.salience[1] == 5 && x.view.salience[2] == -FLT_MAX);
    append(m, 1, 3);
    look(&x, m);
    assert_true(x.n == 1 && x.view.level[0] == 1 && x.view.step[0] == 1);
    context_free(&x);
    lp_mem_close(m);
}

int main(void) {
    seed = test_seed();
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_as_if_appended), cmocka_unit_test(test_next_selection)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
