/* The clocks of a run over its sittings, and the word RECOVERED, which only a crash brings. */
#include "tests/run_support.h"

#include <math.h>

static void must(lp_status status, const lp_err *err) {
    if (status) fail_msg("%s", err->message);
}

static lp_run *open_run(player *p, const char *folder) {
    lp_err err;
    lp_run *run = NULL;
    if (!lp_file_exists(folder)) must(lp_run_make(folder, p->game, p->policy, &p->config, &err), &err);
    must(lp_run_open(&run, folder, p->game, p->policy, &p->config, &err), &err);
    return run;
}

static void take(lp_run *run, int n) {
    lp_err err;
    for (int i = 0; i < n; i++) {
        must(lp_run_think(run, &err), &err);
        must(lp_run_take(run, &err), &err);
    }
}

static lp_view seen; /* large */

static const lp_view *look(lp_run *run) {
    seen = (lp_view){0};
    lp_run_view(run, &seen);
    return &seen;
}

static void sql(const char *folder, const char *text) {
    sqlite3 *db;
    char path[PATH_MAX];
    assert_int_equal(sqlite3_open(lp_path_join(path, sizeof path, folder, "run.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void only_a_crash_is_recovered_from(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_run_totals totals;
    open_player(&p, false, 40, 0);
    lp_run *run = open_run(&p, at("run"));
    assert_null(look(run)->recovered);
    take(run, 10);
    must(lp_run_end(run, &err), &err);
    lp_run_close(run);
    run = open_run(&p, at("run"));
    assert_null(look(run)->recovered); /* resumed, after a good end */
    take(run, 10);
    must(lp_run_save(run, &err), &err);
    must(lp_run_copy(at("run"), at("copy"), &totals, &err), &err);
    lp_run_close(run); /* as if it had been killed: nobody said that it was over */
    run = open_run(&p, at("copy"));
    assert_null(look(run)->recovered); /* it was the other that crashed */
    lp_run_close(run);
    sql(at("run"), "UPDATE meta SET value = value - 3723 WHERE key = 'saved'");
    run = open_run(&p, at("run"));
    assert_non_null(look(run)->recovered);
    int hour = 0, minute = 0, seconds = 0;
    assert_int_equal(sscanf(seen.recovered, "RECOVERED %d:%d, after 1:02:0%d", &hour, &minute, &seconds), 3);
    assert_in_range(seconds, 3, 9);
    must(lp_run_end(run, &err), &err); /* nothing was played: the word of the crash stays, as does what it was about */
    lp_run_close(run);
    run = open_run(&p, at("run"));
    take(run, 1);
    must(lp_run_end(run, &err), &err);
    lp_run_close(run);
    run = open_run(&p, at("run"));
    assert_null(look(run)->recovered);
    lp_run_close(run);
    close_player(&p);
}

static void sittings_add_up(void **state) {
    (void)state;
    player p;
    lp_err err;
    open_player(&p, false, 40, 0);
    lp_run *run = open_run(&p, at("run"));
    take(run, 5);
    must(lp_run_end(run, &err), &err);
    lp_run_close(run);
    sql(at("run"), "UPDATE meta SET value = '5000.0' WHERE key = 'played_s'; UPDATE meta SET value = value - 90000 WHERE key = 'started'");
    run = open_run(&p, at("run"));
    take(run, 5);
    double before = look(run)->played_s;
    assert_true(before >= 5000 && before < 5060);
    assert_true(seen.real_s >= 90000 && seen.real_s < 90060);
    lp_run_idle(run, 1000); /* paused */
    assert_true(look(run)->played_s < before - 900 && seen.real_s >= 90000);
    must(lp_run_end(run, &err), &err);
    lp_run_close(run);
    run = open_run(&p, at("run"));
    assert_true(look(run)->played_s >= 4000 && seen.played_s < 4060);
    lp_run_close(run);
    sql(at("run"), "DELETE FROM meta WHERE key IN ('started', 'played_s', 'saved', 'sitting')"); /* as runs were before */
    run = open_run(&p, at("run"));
    assert_true(isnan(look(run)->real_s) && seen.played_s < 60 && !seen.recovered);
    lp_run_close(run);
    sql(at("run"), "INSERT INTO meta VALUES('started', 'x'), ('played_s', '-1e300'), ('saved', ''), ('sitting', 'open')");
    run = open_run(&p, at("run"));
    assert_true(isnan(look(run)->real_s) && seen.played_s >= 0 && seen.played_s < 60 && seen.recovered);
    lp_run_close(run);
    close_player(&p);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_a_crash_is_recovered_from, make_root, remove_root),
        cmocka_unit_test_setup_teardown(sittings_add_up, make_root, remove_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
