/* A run that keeps within a budget of bytes: what is dropped, in which order, and that all else is as in a run that kept everything. */
#include "tests/run_support.h"

enum { DECISIONS = 2400, POINTS = 12, KEEP = 1000000 /* SQLite's log alone takes more: all that may go does */ };

static sqlite3 *open_two(const char *folder, const char *whole) {
    char path[PATH_MAX], sql[PATH_MAX + 32];
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(lp_path_join(path, sizeof path, folder, "run.db"), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    snprintf(sql, sizeof sql, "ATTACH '%s' AS whole", lp_path_join(path, sizeof path, whole, "run.db"));
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static int64_t count(sqlite3 *db, const char *sql) {
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL)) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

#define GONE "SELECT count(*) FROM whole.items w WHERE NOT EXISTS(SELECT 1 FROM main.items i WHERE i.decision = w.decision)"
#define KEPT_BY(level)                                                                                                                     \
    " AND EXISTS(SELECT 1 FROM whole.summaries s JOIN whole.summary_items k ON k.summary = s.id AND k.step = w.step"                       \
    " WHERE s.episode = w.episode AND s.level >= " #level ")"

/* Everything but items is there and the same; of the items some are, unchanged, and all that have a text. Returns how many are gone. */
static int64_t compare_with_whole(const char *folder, const char *whole) {
    static const char *const same[] = {"encoders", "episodes", "events", "metrics", "summaries", "summary_items"};
    char sql[256];
    sqlite3 *db = open_two(folder, whole);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        snprintf(sql, sizeof sql, "SELECT count(*) FROM (SELECT * FROM main.%s EXCEPT SELECT * FROM whole.%s)", same[i], same[i]);
        assert_int_equal(count(db, sql), 0);
        snprintf(sql, sizeof sql, "SELECT count(*) FROM (SELECT * FROM whole.%s EXCEPT SELECT * FROM main.%s)", same[i], same[i]);
        assert_int_equal(count(db, sql), 0);
    }
    assert_int_equal(count(db, "SELECT count(*) FROM (SELECT * FROM main.items EXCEPT SELECT * FROM whole.items)"), 0);
    assert_int_equal(count(db, GONE " AND w.text IS NOT NULL"), 0);
    int64_t gone = count(db, GONE);
    assert_int_equal(gone, count(db, "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'dropped'), 0)"));
    assert_int_equal(count(db, "PRAGMA user_version"), gone ? 2 : 1);
    sqlite3_close(db);
    return gone;
}

/* The movie but for its states, which have a budget, too. */
static char *inputs(const char *folder) {
    char *text = movie_text(folder), *out = text, *in = text;
    while (*in) {
        size_t n = strcspn(in, "\n") + 1;
        if (in[0] - '0' != LP_MOVIE_STATE) memmove(out, in, n), out += n;
        in += n;
    }
    *out = 0;
    return text;
}

static void expect_same_but_items(const char *whole, const char *folder) {
    lp_run_totals x, y;
    bool playing_x, playing_y;
    lp_err err;
    if (lp_run_peek(whole, &x, &playing_x, &err) || lp_run_peek(folder, &y, &playing_y, &err)) fail_msg("%s", err.message);
    assert_memory_equal(&x, &y, sizeof x);
    assert_int_equal(playing_x, playing_y);
    assert_true(compare_with_whole(folder, whole) > x.decisions / 3);
    expect_same_text(inputs(whole), inputs(folder), "the movie");
}

static void open_pair(player *p, lp_run_config *keeps) {
    lp_err err;
    open_player(p, true, 300, 0);
    p->config.decisions = DECISIONS;
    if (play_run(p, at("whole"), 0, &err)) fail_msg("%s", err.message);
    *keeps = p->config;
    keeps->keep = KEEP;
}

static void test_budget(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_run_config keeps;
    open_pair(&p, &keeps);
    p.config = keeps;
    if (play_run(&p, at("kept"), test_seed(), &err)) fail_msg("%s", err.message);
    expect_same_but_items(at("whole"), at("kept"));
    close_player(&p);
}

/* Killed at any byte, also in the middle of dropping, and resumed until it is through. */
static void test_killed(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_run_config keeps;
    open_pair(&p, &keeps);
    p.config = keeps;
    int64_t total = bytes_written(&p, at("first"));
    lp_rng rng = lp_rng_make(test_seed(), 7);
    for (int i = 0; i < POINTS; i++) {
        int killed = 0;
        for (int code = 137; code == 137; killed += code == 137) {
            int status;
            lp_fault = (lp_fault_plan){.armed = killed < 6, .crash = true, .bytes_left = (int64_t)lp_rng_below(&rng, (uint32_t)total)};
            pid_t child = start_player(&p, at("killed"), i + 1);
            lp_fault.armed = false;
            assert_int_equal(waitpid(child, &status, 0), child);
            code = WEXITSTATUS(status);
            assert_true(WIFEXITED(status) && (code == 0 || code == 137));
        }
        if (play_run(&p, at("killed"), 0, &err)) fail_msg("%s", err.message);
        expect_same_but_items(at("whole"), at("killed"));
        remove_tree(at("killed"));
    }
    close_player(&p);
}

/* Drops from a run's store n decisions a time; returns how often it could. */
static int drop(const char *folder, int64_t n, int most) {
    char path[PATH_MAX];
    lp_store *store;
    lp_err err;
    int times = 0;
    if (lp_store_open(&store, lp_path_join(path, sizeof path, folder, "run.db"), &err)) fail_msg("%s", err.message);
    while (times < most && lp_store_drop(store, n, true)) times++;
    if (lp_store_commit(store, NULL, 0, &err)) fail_msg("%s", err.message);
    lp_store_close(store);
    return times;
}

/* First what no summary kept, then what only one of level 1 did, each time the oldest. */
static void test_order(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_run_totals t;
    open_player(&p, true, 300, 0);
    p.config.decisions = DECISIONS;
    if (play_run(&p, at("whole"), 0, &err) || lp_run_copy(at("whole"), at("kept"), &t, &err)) fail_msg("%s", err.message);
    int64_t before = 0;
    int pass = 0;
    for (int i = 0; i < 1000 && drop(at("kept"), 100, 1); i++) {
        int64_t gone = compare_with_whole(at("kept"), at("whole"));
        sqlite3 *db = open_two(at("kept"), at("whole"));
        int64_t of_one = count(db, GONE KEPT_BY(1)), of_two = count(db, GONE KEPT_BY(2));
        if (of_one && pass == 0) {
            pass = 1; /* the first pass is through: what is left of an ended episode was kept */
            assert_true(gone > DECISIONS / 2);
            assert_int_equal(count(db, "SELECT count(*) FROM main.items w WHERE text IS NULL AND NOT (1" KEPT_BY(
                                           1) ") AND decision < "
                                              "(SELECT max(first_decision) FROM episodes)"),
                             0);
        }
        if (of_two && pass == 1) {
            pass++;
            assert_int_equal(count(db, "SELECT count(*) FROM main.items w WHERE text IS NULL AND NOT (1" KEPT_BY(
                                           2) ") AND decision < "
                                              "(SELECT max(first_decision) FROM episodes)"),
                             0);
        }
        assert_true(gone >= before);
        before = gone;
        sqlite3_close(db);
    }
    assert_int_equal(pass, 2);
    sqlite3 *db = open_two(at("kept"), at("whole"));
    assert_int_equal(count(db, "SELECT count(*) FROM items WHERE text IS NULL AND decision < (SELECT max(first_decision) FROM episodes)"),
                     0);
    sqlite3_close(db);
    close_player(&p);
}

enum { CHUNK = 16, KEPT = 2, ROUND = 4 * CHUNK, ROUNDS = 128 };

/* The summary of 2^(level - 1) chunks: those of its first steps. */
static void made_summary(lp_store *store, int level, int64_t idx) {
    const int64_t span = (int64_t)CHUNK << (level - 1);
    int64_t steps[KEPT];
    for (int i = 0; i < KEPT; i++) steps[i] = idx * span + i;
    lp_store_summary(store, 1, &(lp_mem_summary){level, idx, idx * span, (idx + 1) * span - 1, KEPT, steps, 0});
}

/* An episode that goes on for as long as it likes: where twice as many items are looked at as come, few stay, from a late beginning on. */
static void test_pace(void **state) {
    (void)state;
    lp_store *store;
    lp_err err;
    int64_t step = 0;
    if (lp_store_create(&store, at("made.db"), &err)) fail_msg("%s", err.message);
    lp_store_episode_begin(store, 1, 1, 0);
    for (int r = 0; r < ROUNDS; r++) {
        for (int i = 0; i < ROUND; i++, step++) {
            lp_store_item(store, 1, step, step, 0, 1, NULL, 0, NULL);
            for (int level = 1; !((step + 1) % ((int64_t)CHUNK << (level - 1))); level++)
                made_summary(store, level, step / ((int64_t)CHUNK << (level - 1)));
        }
        if (r >= ROUNDS / 4) assert_true(lp_store_drop(store, 2 * ROUND, true));
        if (lp_store_commit(store, NULL, 0, &err)) fail_msg("%s", err.message);
    }
    lp_store_close(store);
    sqlite3 *db;
    assert_int_equal(sqlite3_open_v2(at("made.db"), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    int64_t left = count(db, "SELECT count(*) FROM items");
    print_message("%lld of %lld items are left\n", (long long)left, (long long)step);
    assert_in_range(left, KEPT, 4 * ROUND);
    sqlite3_close(db);
}

/* What looks at a run looks at one that dropped, too. */
static void test_program(void **state) {
    (void)state;
    static const char *const good[] = {
        "replay %/kept --verify",         "memory %/kept tree", "memory %/kept show e1L1.0", "memory %/kept search sign",
        "memory %/kept show e1s1 --json", "info %/kept",        "copy %/kept %/copy",        "movie export %/kept %/m.bk2"};
    write_policy(at("p.safetensors"), 5);
    result r = longplay("play cue --policy %%/p.safetensors --headless --episodes 3 --set horizon=200 --run %%/whole");
    if (r.code) fail_msg("%s", r.err);
    assert_int_equal(longplay("copy %%/whole %%/kept").code, 0);
    assert_true(drop(at("kept"), 100, 1000) > 6);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        r = run_with(NULL, good[i]);
        if (r.code) fail_msg("%s: exit %d, %s", good[i], r.code, r.err);
    }
    r = longplay("memory %%/kept show e1s1");
    if (r.code || !strstr(r.out, "dropped")) fail_msg("exit %d, %s", r.code, r.out);
    expect_refused(longplay("memory %%/kept show e1s99999"), 2, "there is no", "a step that never was");
    r = longplay("memory %%/kept tree");
    assert_non_null(strstr(r.out, "more items were dropped"));
    /* what is shown of it is what is shown of the whole run: what was dropped is thought again */
    static const char mind[] = "[layout]\ngame = none\n[panels]\nrow = value\nrow = memory\nrow = reading\n";
    put(at("mind.ini"), mind, sizeof mind - 1);
    for (int i = 0; i < 2; i++)
        assert_int_equal(
            longplay("replay %%/%s --headless --layout %%/mind.ini --shot %%/%s.png", i ? "kept" : "whole", i ? "kept" : "whole").code, 0);
    lp_blob a, b;
    lp_err err;
    if (lp_file_read(&a, at("whole.png"), 1 << 24, &err) || lp_file_read(&b, at("kept.png"), 1 << 24, &err)) fail_msg("%s", err.message);
    assert_true(a.size_bytes == b.size_bytes && !memcmp(a.data, b.data, a.size_bytes));
    lp_blob_free(&a), lp_blob_free(&b);
    static const char *const runs[] = {"whole", "kept", "copy"};
    for (int i = 0; i < 3; i++) {
        r = longplay("play --run %%/%s --resume --headless --episodes 5", runs[i]);
        if (r.code) fail_msg("%s: %s", runs[i], r.err);
        if (i) expect_same_but_items(at("whole"), at(runs[i]));
    }
}

static void test_refused(void **state) {
    (void)state;
    expect_refused(longplay("play cue --run %%/r --keep 5potatoes"), 2, "--keep '5potatoes'", "no size");
    expect_refused(longplay("play cue --run %%/r --keep 49MB"), 2, "at least 50MB", "too little");
    expect_refused(longplay("play cue --keep 1GB"), 2, "--keep needs --run", "not recorded");
    assert_false(lp_file_exists(at("r")));
    assert_int_equal(longplay("play cue --policy random --headless --run %%/r --keep 1.5GB --decisions 50").code, 0);
    lp_run_config c;
    lp_err err;
    assert_int_equal(lp_run_config_read(&c, at("r"), &err), 0);
    assert_int_equal(c.keep, 1500000000);
    assert_int_equal(longplay("play --run %%/r --resume --keep 0 --decisions 60").code, 0);
    assert_int_equal(lp_run_config_read(&c, at("r"), &err), 0);
    assert_int_equal(c.keep, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_budget), TEST(test_killed),  TEST(test_order),
                                       TEST(test_pace),   TEST(test_program), TEST(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
