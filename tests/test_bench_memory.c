/* The benchmark measures what it says, keeps its time, and leaves nothing behind. Speeds are not judged. */
#include "tests/memory_support.h"

#include "base/log.h"
#include "bench/bench_memory.h"

static void test_bench(void **state) {
    (void)state;
    lp_bench_memory_result r;
    double start = lp_now_s();
    expect_ok(lp_bench_memory(&r, NULL, folder, 0.6, &err));
    assert_true(lp_now_s() - start < 30); /* 0.6 on an idle machine */
    assert_int_equal(files_in_folder(false), 0);
    assert_in_range(r.n_ram, 8, 40);
    for (int i = 0; i < r.n_ram; i++) {
        const lp_bench_ram_row *row = &r.ram[i];
        bool first = i == 0 || row->arch != r.ram[i - 1].arch;
        lp_mem_config config = {.arch = row->arch, .dim = r.dim};
        assert_int_equal(row->n_items, first ? 1000 : r.ram[i - 1].n_items * 10);
        assert_true(row->appends_per_s > 0 && row->context_us > 0 && row->mem_bytes > 100);
        assert_true((row->context_items > 0) == (row->arch != &lp_mem_none) &&
                    row->context_items <= lp_mem_max_context_at(&config, row->n_items));
        const int64_t kept = row->n_items < 16384 ? row->n_items : 16384;
        if (row->arch == &lp_mem_knn) assert_int_equal(row->items_read, kept);
        else if (row->arch == &lp_mem_descend) assert_true(row->items_read > row->context_items && row->items_read < kept);
        else assert_int_equal(row->items_read, row->context_items);
    }
    assert_true(r.batched_rows_per_s > r.single_rows_per_s && r.single_rows_per_s > 0 && r.ratio > 1);
    assert_true(r.n_rows >= 3 * (r.batch + 1) && r.n_texts > r.n_rows / 17);
    assert_true(r.rare_search_ms > 0 && r.common_search_ms > 0);
    lp_mem_given one = {.settings = (const char *const[]){"memory.arch=window", "memory.window=5"}, .n_settings = 2};
    expect_ok(lp_bench_memory(&r, &one, folder, 0.1, &err));
    for (int i = 0; i < r.n_ram; i++) assert_true(r.ram[i].arch == &lp_mem_window && r.ram[i].context_items == 5);
    const double bad[] = {0, -1, NAN};
    for (int i = 0; i < 3; i++) expect_bad(lp_bench_memory(&r, NULL, folder, bad[i], &err), LP_BAD_INPUT, "must be above 0");
    expect_bad(lp_bench_memory(&r, NULL, path, 0.01, &err), LP_BAD_INPUT, "cannot make a folder");
    for (int64_t room = 50000; room <= 800000; room *= 4) {
        lp_fault = (lp_fault_plan){true, false, room, ENOSPC};
        expect_bad(lp_bench_memory(&r, NULL, folder, 0.01, &err), LP_FAILED, "No space left");
        assert_int_equal(files_in_folder(false), 0);
    }
}

int main(void) {
    choose_seed();
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_bench, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
