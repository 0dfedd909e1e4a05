/* The architecture that docs/memory.md shows in full, compiled from the page and added by the line that it names: its items are evenly spaced, is
 * saved and read back at any step, and every command knows it. */
#include "memory/arch.h"
#include "memory/settings.h"
#include "tests/cli_support.h"

enum { DIM = 2, ITEMS = 5, STEPS = 1000 };

static lp_mem *open_spaced(void) {
    lp_mem *m;
    lp_err err;
    const lp_mem_config config = {lp_mem_find("spaced"), DIM, {ITEMS}};
    if (lp_mem_open(&m, &config, &err)) fail_msg("%s", err.message);
    return m;
}

static void append(lp_mem *m, int64_t t) { lp_mem_append(m, (float[DIM]){(float)t, (float)-t}, (float)(t % 7)); }

typedef struct {
    float vector[ITEMS][DIM], salience[ITEMS];
    int32_t level[ITEMS];
    int64_t step[ITEMS];
} room;

static int look(const lp_mem *m, room *x) {
    int n = lp_mem_context(m, NULL, &(lp_mem_context_view){x->vector[0], x->salience, x->level, x->step});
    for (int i = 0; i < n; i++) {
        assert_true(x->vector[i][0] == (float)x->step[i] && x->salience[i] == (float)(x->step[i] % 7) && !x->level[i]);
        assert_true(x->step[i] < lp_mem_steps(m) && (!i || x->step[i - 1] < x->step[i]));
    }
    return n;
}

static void test_spaced(void **state) {
    (void)state;
    lp_mem *m = open_spaced();
    room x, y;
    int counts[4];
    for (int64_t t = 0; t < STEPS; t++) {
        int64_t stride = 1;
        while (ITEMS * stride < t) stride *= 2;
        const int n = look(m, &x);
        assert_int_equal(n, (t + stride - 1) / stride);
        for (int i = 0; i < n; i++) assert_int_equal(x.step[i], i * stride);
        assert_int_equal(lp_mem_levels(m, counts, 4), 1);
        assert_int_equal(counts[0], n);
        append(m, t);
    }
    int n = look(m, &x);
    for (int i = 0; i < n; i++) x.vector[i][0] += 1, x.salience[i] = NAN;
    lp_mem_renew(m, x.vector[0], x.salience);
    lp_mem_context(m, NULL, &(lp_mem_context_view){y.vector[0], y.salience, y.level, y.step});
    assert_memory_equal(y.vector, x.vector, (size_t)n * sizeof *x.vector);
    assert_memory_equal(y.step, x.step, (size_t)n * sizeof *x.step);
    assert_true(y.salience[0] == -FLT_MAX);
    lp_mem_reset(m, 0);
    assert_int_equal(look(m, &x), 0);
    lp_mem_close(m);
}

static void test_saved(void **state) {
    (void)state;
    lp_mem *m = open_spaced(), *again = open_spaced();
    lp_err err;
    for (int64_t t = 0; t < 40; t++) {
        unsigned char data[512], back[512];
        size_t size = lp_mem_save_size(m);
        assert_true(size <= sizeof data);
        lp_mem_save(m, data);
        if (lp_mem_load(again, data, size, &err)) fail_msg("%s", err.message);
        for (int64_t k = t; k < t + 30; k++) append(again, k);
        if (lp_mem_load(again, data, size, &err)) fail_msg("%s", err.message);
        append(m, t), append(again, t);
        assert_int_equal(lp_mem_save_size(again), size = lp_mem_save_size(m));
        lp_mem_save(m, data), lp_mem_save(again, back);
        assert_memory_equal(data, back, size);
        for (size_t n = 0; n < size; n++) assert_int_equal(lp_mem_load(again, data, n, &err), LP_BAD_INPUT);
    }
    lp_mem_close(m), lp_mem_close(again);
}

static void expect(int code, const char *says, const char *arguments) {
    result r = run_with(NULL, arguments);
    if (r.code != code || (!strstr(r.out, says) && !strstr(r.err, says)))
        fail_msg("'%s': exit %d without '%s': %s%s", arguments, r.code, says, r.out, r.err);
}

static void test_commands(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 3);
    expect(0, "name=spaced", "info");
    expect(0, "\"context_items_max\":9", "info %/p.safetensors --memory spaced --memory.items=9 --json");
    expect(2, "the settings of spaced are items", "eval cue --memory spaced --memory.window=9");
    expect(0, "\"context_items_max\":9", "eval cue --policy %/p.safetensors --memory spaced --memory.items=9 --episodes 3 --json");
    expect(0, "\"decisions\":60",
           "play cue --policy %/p.safetensors --memory spaced --memory.items=9 --run %/run --decisions 60 --json --headless");
    expect(0, "\"decisions\":90", "play --run %/run --resume --memory.items=9 --decisions 90 --json --headless");
    expect(2, "--memory", "play --run %/run --resume --memory.items=8 --headless");
    expect(0, "items=9", "info %/run");
    expect(0, "", "replay %/run --verify");
    expect(0, "\"decisions\":128",
           "train cue --memory spaced --memory.items=9 --train.decisions=100 --train.envs=4 --train.steps=32 --out %/w.safetensors "
           "--eval-episodes 2 --json");
    expect(0, "memory.items=9", "info %/w.safetensors");
    expect(0, "spaced", "bench memory --memory spaced --seconds 0.1");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_spaced), cmocka_unit_test(test_saved),
                                       cmocka_unit_test_setup_teardown(test_commands, make_root, remove_root)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
