/* A run that cannot be recorded for a while goes on, and is recorded again: it ends as one that always was. */
#include "harness/pursuit.h"
#include "tests/run_support.h"

#include <cjson/cJSON.h>

enum { POINTS = 20 };

typedef struct {
    player p;
    const char *folder;
    sqlite3 *other;      /* whoever locks the database */
    int64_t left, since; /* decisions until it is free again; unrecorded so far */
    int times;           /* that it was unrecorded */
} show;

static void trouble(show *s, lp_pursuit *p, lp_run *run, const lp_err *why) {
    lp_pursuit_begin(p, run, why);
    s->times++;
    assert_false(lp_run_recorded(run));
    assert_non_null(strstr(p->note, "not recorded"));
}

/* As the program does it, which asks for no message: the note says what it is, all the same. */
static void pursue(const show *s, lp_pursuit *p, lp_run *run) {
    const bool failed = lp_pursue(p, run, NULL) != LP_OK;
    if (failed ? !strstr(p->note, "not recorded: ") || !strstr(p->note, s->folder) : !lp_run_recorded(run) && !strstr(p->note, "behind"))
        fail_msg("%s: '%s'", failed ? "failed" : "in pursuit", p->note);
}

/* Plays to the end, whatever happens; faults and locks end after so many decisions. kill: the process ends there, unrecorded or not. */
static void play_on(show *s, lp_rng *rng, int64_t kill_at, int64_t full_after) {
    lp_run *run = NULL;
    lp_err err;
    lp_pursuit p = {0};
    lp_run_config c;
    if (lp_run_config_read(&c, s->folder, &err) || lp_run_open(&run, s->folder, s->p.game, s->p.policy, &c, &err))
        fail_msg("%s", err.message);
    if (full_after >= 0) lp_fault = (lp_fault_plan){.armed = true, .bytes_left = full_after, .error = ENOSPC};
    while (!lp_run_done(run)) {
        if (kill_at && lp_run_counts(run).decisions >= kill_at) break;
        if (lp_run_recorded(run) && lp_run_locked(run, &err)) trouble(s, &p, run, &err);
        if (!lp_run_recorded(run)) pursue(s, &p, run);
        if (!lp_run_recorded(run) && s->left-- <= 0) {
            lp_fault.armed = false;
            if (s->other) sqlite3_exec(s->other, "ROLLBACK", NULL, NULL, NULL);
        }
        lp_status status = lp_run_think(run, &err);
        if (!status) status = lp_run_take(run, &err);
        if (!status && lp_run_recorded(run) && lp_rng_below(rng, 20) == 0) status = lp_run_save(run, &err);
        if (!status) continue;
        assert_true(lp_run_recorded(run) && strstr(err.message, s->folder));
        trouble(s, &p, run, &err);
    }
    lp_fault.armed = false;
    if (s->other) sqlite3_exec(s->other, "ROLLBACK", NULL, NULL, NULL);
    lp_status status = LP_FAILED;
    for (int failed = 0; status && !kill_at && failed < 3;
         failed += status != LP_OK) { /* a writer that had failed tells at its next sync */
        do status = lp_run_recorded(run) ? LP_OK : lp_pursue(&p, run, &err);
        while (!status && !lp_run_recorded(run));
        if (!status) status = lp_run_end(run, &err);
        if (status && lp_run_recorded(run)) trouble(s, &p, run, &err);
    }
    if (status && !kill_at) fail_msg("%s", err.message);
    lp_pursuit_close(&p, run);
    lp_run_close(run);
}

static void begin(show *s, const char *folder) {
    lp_err err;
    lp_run_config c = s->p.config;
    s->folder = folder;
    if (lp_run_make(folder, s->p.game, s->p.policy, &c, &err)) fail_msg("%s", err.message);
}

static void test_full_disk(void **state) {
    (void)state;
    show s = {0};
    lp_rng rng = lp_rng_make(test_seed(), 3);
    open_player(&s.p, true, 60, 4);
    int64_t total = bytes_written(&s.p, at("whole"));
    for (int i = 0; i < POINTS; i++) {
        begin(&s, at("shown"));
        for (int k = i % 3; k > 0; k--) { /* killed first, once or twice, in or out of the record */
            s.left = lp_rng_below(&rng, 100);
            play_on(&s, &rng, 30 + 60 * (3 - k), lp_rng_below(&rng, (uint32_t)total));
        }
        s.left = lp_rng_below(&rng, 150);
        play_on(&s, &rng, 0, lp_rng_below(&rng, (uint32_t)total));
        expect_same_run(at("whole"), at("shown"));
        remove_tree(at("shown"));
    }
    assert_true(s.times > POINTS / 2);
    close_player(&s.p);
}

static void test_locked(void **state) {
    (void)state;
    show s = {0};
    lp_err err;
    char path[PATH_MAX];
    lp_rng rng = lp_rng_make(test_seed(), 4);
    open_player(&s.p, true, 60, 4);
    if (play_run(&s.p, at("whole"), 0, &err)) fail_msg("%s", err.message);
    begin(&s, at("shown"));
    for (int64_t kill_at = 50; kill_at >= 0; kill_at = kill_at ? kill_at + 60 < 200 ? kill_at + 60 : 0 : -1) {
        assert_int_equal(sqlite3_open_v2(lp_path_join(path, sizeof path, at("shown"), "run.db"), &s.other, SQLITE_OPEN_READWRITE, NULL),
                         SQLITE_OK);
        assert_int_equal(sqlite3_exec(s.other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        s.left = 40;
        play_on(&s, &rng, kill_at, -1);
        sqlite3_close(s.other);
    }
    expect_same_run(at("whole"), at("shown"));
    assert_true(s.times >= 4);
    close_player(&s.p);
}

/* The program, while somebody has a transaction open in another: it goes on as long as that takes, says so, and comes to the same end. */
static void test_program(void **state) {
    (void)state;
    static const char play[] = "play cue --policy %/p.safetensors --headless --episodes 0 --set horizon=100 --run %/run --resume --go-on";
    char path[PATH_MAX], again[512];
    sqlite3 *db;
    write_policy(at("p.safetensors"), 5);
    int out = scratch_file(), err = scratch_file();
    pid_t child = start(play, NULL, out, err);
    wait_until_played("run");
    assert_int_equal(sqlite3_open_v2(lp_path_join(path, sizeof path, at("run"), "run.db"), &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    int rc = SQLITE_BUSY; /* asked for all the time: the run is between two transactions for an instant only */
    for (const double end_s = lp_now_s() + 60; rc == SQLITE_BUSY && lp_now_s() < end_s;)
        rc = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
    assert_int_equal(rc, SQLITE_OK);
    double first = -1, now = -1;
    for (int i = 0; i < 12000 && !(now > first + 500); i++, usleep(10000)) {
        lp_blob blob = {0};
        if (lp_file_read(&blob, at("run/run.json"), 1 << 16, NULL)) continue;
        cJSON *o = cJSON_Parse((const char *)blob.data);
        assert_non_null(o);
        if (cJSON_IsFalse(cJSON_GetObjectItem(o, "recorded"))) {
            assert_non_null(strstr(cJSON_GetStringValue(cJSON_GetObjectItem(o, "note")), "locked"));
            now = cJSON_GetObjectItem(o, "decision")->valuedouble;
            if (first < 0) first = now;
        }
        cJSON_Delete(o);
        lp_blob_free(&blob);
    }
    assert_true(now > first + 500);
    assert_int_equal(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    kill(child, SIGTERM); /* it is recorded to its end first */
    result r = finish(child, out, err);
    if (r.code || !strstr(r.err, "it goes on unrecorded") || !strstr(r.err, "it is recorded again")) fail_msg("exit %d: %s", r.code, r.err);
    lp_run_totals t;
    bool playing;
    lp_err e;
    if (lp_run_peek(at("run"), &t, &playing, &e)) fail_msg("%s", e.message);
    assert_true((double)t.decisions >= now);
    snprintf(again, sizeof again,
             "play cue --policy %%/p.safetensors --headless --episodes 0 --set horizon=100 --decisions %lld --run %%/whole",
             (long long)t.decisions);
    r = run_with(NULL, again);
    if (r.code) fail_msg("%s", r.err);
    expect_same_run(at("whole"), at("run"));
}

static void test_refused(void **state) {
    (void)state;
    expect_refused(longplay("play cue --go-on"), 2, "--go-on needs --run", "not recorded");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_full_disk), TEST(test_locked), TEST(test_program), TEST(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
