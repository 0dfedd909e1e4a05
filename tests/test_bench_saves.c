/* The benchmark measures what it says, keeps its time, and leaves nothing behind. Speeds are not judged. */
#include "tests/saves_support.h"

#include "base/log.h"
#include "bench/bench_saves.h"

#include <math.h>

static void test_bench(void **state) {
    (void)state;
    lp_bench_saves_result r;
    double start = lp_now_s();
    expect_ok(lp_bench_saves(&r, folder, 0.2, &err));
    assert_true(lp_now_s() - start < 30); /* 0.3 on an idle machine */
    assert_int_equal(rmdir(folder), 0);   /* empty again */
    assert_int_equal(mkdir(folder, 0700), 0);
    assert_true(r.n_slices >= 3 && r.state_bytes == 71680 && r.n_states > 0 && r.n_decisions > 200000);
    assert_true(r.changed_percent > 1 && r.changed_percent < 2);
    assert_true(r.memcpy_us > 0 && r.delta_us > 0 && r.keyframe_us > 0 && r.ratio > 0);
    assert_true(r.delta_bytes > 0.01 * r.state_bytes && r.delta_bytes < 0.05 * r.state_bytes);
    assert_true(r.keyframe_bytes > r.delta_bytes && r.keyframe_bytes < r.state_bytes / 2);
    assert_true(r.bytes_per_decision > 0.2 && r.bytes_per_decision < 0.6); /* 8 bytes of hash in 64 decisions are 0.14 */
    assert_true(r.decisions_per_s > 0 && r.read_decisions_per_s > 0 && r.sync_ms > 0 && r.seek_us > 0 && r.resume_ms > 0);
    const double bad[] = {0, -1, NAN};
    for (int i = 0; i < 3; i++) {
        assert_int_equal(lp_bench_saves(&r, folder, bad[i], &err), LP_BAD_INPUT);
        assert_non_null(strstr(err.message, "must be above 0"));
    }
    expect_bad(lp_bench_saves(&r, path, 0.01, &err), LP_BAD_INPUT, "cannot make a folder");
    for (int64_t room = 0; room < 300000; room += 60000) {
        lp_fault = (lp_fault_plan){true, false, room, ENOSPC};
        expect_bad(lp_bench_saves(&r, folder, 0.01, &err), LP_FAILED, "No space left");
        assert_int_equal(rmdir(folder), 0);
        assert_int_equal(mkdir(folder, 0700), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup_teardown(test_bench, setup, teardown)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
