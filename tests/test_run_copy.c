/* Copies of runs: longplay copy while a run goes on, and copies whose files are of two moments, which are refused. */
#include "tests/run_support.h"

#include <dirent.h>

enum { HORIZON = 40, EPISODES = 4 };

static void must(lp_status status, const lp_err *err) {
    if (status) fail_msg("%s", err->message);
}

static int count_files(const char *folder) {
    int n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *d; (d = readdir(dir));) n += d->d_name[0] != '.';
    closedir(dir);
    return n;
}

static lp_run *open_new(player *p, const char *folder) {
    lp_err err;
    lp_run *run = NULL;
    lp_run_config config = p->config;
    must(lp_run_make(folder, p->game, p->policy, &config, &err), &err);
    must(lp_run_open(&run, folder, p->game, p->policy, &config, &err), &err);
    return run;
}

static void take(lp_run *run, int n) {
    lp_err err;
    for (int i = 0; i < n; i++) {
        must(lp_run_think(run, &err), &err);
        must(lp_run_take(run, &err), &err);
    }
}

/* The copy is the run as saved, however far it has come since, and both come to the same end. */
static void at_each_moment(void **state) {
    (void)state;
    lp_err err;
    for (int policy = 0; policy < 2; policy++) {
        player p;
        open_player(&p, policy, HORIZON, EPISODES);
        must(play_run(&p, at("whole"), 0, &err), &err);
        lp_run *run = open_new(&p, at("run"));
        for (int saved = 0; !lp_run_done(run); saved = (int)lp_run_counts(run).decisions) {
            lp_run_totals t;
            must(lp_run_save(run, &err), &err);
            for (int i = 0; i < 17 && !lp_run_done(run); i++) {
                must(lp_run_think(run, &err), &err);
                if (i == 11) {
                    must(lp_run_copy(at("run"), at("copy"), &t, &err), &err);
                    if (t.decisions < saved || count_files(at("copy")) != 3)
                        fail_msg("%d files, %lld", count_files(at("copy")), (long long)t.decisions);
                    must(play_run(&p, at("copy"), 0, &err), &err);
                    expect_same_run(at("whole"), at("copy"));
                    remove_tree(at("copy"));
                }
                must(lp_run_take(run, &err), &err);
            }
        }
        must(lp_run_save(run, &err), &err);
        lp_run_close(run);
        expect_same_run(at("whole"), at("run"));
        close_player(&p);
        remove_tree(at("whole"));
        remove_tree(at("run"));
    }
}

/* Another process records it meanwhile. */
static void of_another_process(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_run_totals t;
    int status, n = 0;
    open_player(&p, true, HORIZON, 3 * EPISODES);
    must(play_run(&p, at("whole"), 0, &err), &err);
    pid_t child = start_player(&p, at("run"), 7);
    while (!waitpid(child, &status, WNOHANG)) {
        if (!lp_file_exists(at("run"))) continue;
        must(lp_run_copy(at("run"), at("copy"), &t, &err), &err);
        if (n++ < 3) {
            must(play_run(&p, at("copy"), 0, &err), &err);
            expect_same_run(at("whole"), at("copy"));
        }
        remove_tree(at("copy"));
    }
    assert_true(WIFEXITED(status) && !WEXITSTATUS(status));
    must(lp_run_copy(at("run"), at("copy"), &t, &err), &err);
    expect_same_run(at("whole"), at("copy"));
    close_player(&p);
}

static void refused(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_run_totals t;
    open_player(&p, true, HORIZON, EPISODES);
    int64_t total = bytes_written(&p, at("run"));
    assert_int_equal(lp_run_copy(at("none"), at("copy"), &t, &err), LP_BAD_INPUT);
    assert_int_equal(lp_run_copy(at("run"), at("run"), &t, &err), LP_BAD_INPUT);
    for (int64_t bytes = 0; bytes < total; bytes += total / 8) { /* a full disk */
        lp_fault = (lp_fault_plan){.armed = true, .bytes_left = bytes, .error = ENOSPC};
        lp_status status = lp_run_copy(at("run"), at("copy"), &t, &err);
        bool full = lp_fault.bytes_left == 0;
        lp_fault.armed = false;
        if (full && (status != LP_FAILED || count_files(root) != 1))
            fail_msg("after %lld bytes: %d, %s", (long long)bytes, status, err.message);
        if (!full) remove_tree(at("copy"));
    }
    lp_blob movie;
    must(lp_file_read(&movie, at("run/movie.lpm"), 1 << 20, &err), &err);
    put(at("run/movie.lpm"), movie.data, movie.size_bytes - 40);
    assert_int_equal(lp_run_copy(at("run"), at("copy"), &t, &err), LP_BAD_INPUT);
    put(at("run/movie.lpm"), movie.data, movie.size_bytes);
    lp_blob_free(&movie);
    assert_int_equal(count_files(root), 1);
    result r = longplay("copy %%/run %%/copy --json");
    char want[64];
    snprintf(want, sizeof want, "\"episodes\":%d,", EPISODES);
    if (r.code || !strstr(r.out, want)) fail_msg("%s%s", r.out, r.err);
    r = longplay("copy %%/run %%/copy");
    expect_refused(r, 2, "is there already", "a copy over a run");
    close_player(&p);
}

/* Stopped at any moment it leaves nothing. The run is locked until the signal is there: so it is there before the copy is done. */
static void stopped(void **state) {
    (void)state;
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    player p;
    lp_err err;
    sqlite3 *db;
    open_player(&p, false, HORIZON, EPISODES);
    must(play_run(&p, at("run"), 0, &err), &err);
    close_player(&p);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        assert_int_equal(sqlite3_open(at("run/run.db"), &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT", NULL, NULL, NULL), SQLITE_OK);
        int out = scratch_file(), errors = scratch_file();
        pid_t child = start("copy %/run %/copy", NULL, out, errors);
        wait_until_it_catches(child);
        kill(child, signals[i]);
        sqlite3_close(db);
        expect_refused(finish(child, out, errors), 128 + signals[i], "stopped: nothing was kept", "a signal");
        assert_int_equal(count_files(root), 1);
    }
}

/* ---- copies made by hand ---- */

static void copy_file(const char *from, const char *to) {
    lp_err err;
    lp_blob blob;
    must(lp_file_read(&blob, from, 1 << 28, &err), &err);
    put(to, blob.data, blob.size_bytes);
    lp_blob_free(&blob);
}

/* What the -wal file holds goes into the database, and the next rows begin a new one: as SQLite does every 1,000 pages. */
static void begin_new_log(const char *folder) {
    sqlite3 *db;
    char path[PATH_MAX];
    assert_int_equal(sqlite3_open(lp_path_join(path, sizeof path, folder, "run.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "PRAGMA wal_checkpoint(RESTART)", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static uint64_t contents(const char *folder) {
    static const char *const files[] = {"run.db", "run.db-wal", "movie.lpm", "config.ini"};
    uint64_t hash = 0;
    for (int i = 0; i < 4; i++) {
        lp_blob blob;
        lp_err err;
        char path[PATH_MAX];
        must(lp_file_read(&blob, lp_path_join(path, sizeof path, folder, files[i]), 1 << 28, &err), &err);
        hash = hash * 31 + (uint64_t)blob.size_bytes;
        for (size_t k = 0; k < blob.size_bytes; k++) hash = hash * 1099511628211u + blob.data[k];
        lp_blob_free(&blob);
    }
    return hash;
}

static int64_t root_page(const char *folder, const char *name) {
    sqlite3 *db;
    sqlite3_stmt *q;
    char path[PATH_MAX];
    assert_int_equal(sqlite3_open(lp_path_join(path, sizeof path, folder, "run.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE name = ?1", -1, &q, NULL), SQLITE_OK);
    sqlite3_bind_text(q, 1, name, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(q), SQLITE_ROW);
    int64_t page = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    sqlite3_close(db);
    return page;
}

static void clear_page(const char *path, int64_t page) {
    static const char zeros[4096];
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0 && pwrite(fd, zeros, sizeof zeros, (off_t)(page - 1) * (off_t)sizeof zeros) == (ssize_t)sizeof zeros);
    close(fd);
}

static void torn(void **state) {
    (void)state;
    enum { MOMENTS = 12 };
    static const char *const commands[] = {"play --run %/torn --resume --episodes 20",
                                           "replay %/torn --verify",
                                           "memory %/torn tree",
                                           "info %/torn",
                                           "movie export %/torn %/x.bk2",
                                           "copy %/torn %/y"};
    lp_err err;
    char name[64];
    write_policy(at("p.safetensors"), 1);
    result r = longplay("play cue --policy %%/p.safetensors --set horizon=30 --episodes 1 --run %%/run");
    if (r.code) fail_msg("%s", r.err);
    lp_run_config config;
    lp_game *game;
    lp_policy *policy;
    lp_run *run;
    must(lp_run_config_read(&config, at("run"), &err), &err);
    must(lp_game_open(&game, "cue", &err), &err);
    must(lp_policy_read(&policy, at("p.safetensors"), &err), &err);
    config.episodes = 0;
    must(lp_run_open(&run, at("run"), game, policy, &config, &err), &err);
    for (int i = 0; i < MOMENTS; i++) { /* databases of several moments, and the log of the last */
        snprintf(name, sizeof name, "run.db.%d", i);
        copy_file(at("run/run.db"), at(name));
        take(run, 20 + 7 * i);
        must(lp_run_save(run, &err), &err);
        begin_new_log(at("run"));
    }
    take(run, 15);
    must(lp_run_save(run, &err), &err);
    assert_int_equal(mkdir(at("torn"), 0777), 0);
    copy_file(at("run/run.db-wal"), at("wal"));
    for (int i = 0; i < MOMENTS; i++) {
        copy_file(at("run/config.ini"), at("torn/config.ini"));
        copy_file(at("run/movie.lpm"), at("torn/movie.lpm"));
        copy_file(at("wal"), at("torn/run.db-wal"));
        snprintf(name, sizeof name, "run.db.%d", i);
        copy_file(at(name), at("torn/run.db"));
        uint64_t before = contents(at("torn"));
        for (int c = 0; c < (i % 4 ? 1 : 6); c++) {
            if (i % 4 == 0 || c == 0) expect_refused(longplay("%s", commands[(c + i) % 6]), 2, "run.db", commands[(c + i) % 6]);
            if (contents(at("torn")) != before) fail_msg("%s changed the copy of moment %d", commands[(c + i) % 6], i);
        }
        unlink(at("torn/run.db-shm"));
    }
    /* files of one moment are no torn copy: what a kill leaves */
    copy_file(at("run/run.db"), at("torn/run.db"));
    copy_file(at("wal"), at("torn/run.db-wal"));
    for (int c = 0; c < 6; c++) {
        r = longplay("%s", commands[c]);
        if (r.code) fail_msg("%s: %s", commands[c], r.err);
    }
    /* a page of another moment that no counter tells of */
    copy_file(at("run/run.db"), at("torn/run.db"));
    copy_file(at("wal"), at("torn/run.db-wal"));
    clear_page(at("torn/run.db"), root_page(at("run"), "events_milestone"));
    expect_refused(longplay("info %%/torn"), 2, "damaged", "an index that is cleared");
    lp_run_close(run);
    lp_policy_close(policy);
    lp_game_close(game);
}

/* Rows that are gone though the file is sound. */
static void rows_missing(void **state) {
    (void)state;
    static const char *const deletes[] = {"DELETE FROM items WHERE decision = (SELECT max(decision) FROM items)",
                                          "DELETE FROM items WHERE decision = 3",
                                          "DELETE FROM episodes WHERE episode = (SELECT max(episode) FROM episodes)"};
    write_policy(at("p.safetensors"), 1);
    assert_int_equal(longplay("play cue --policy %%/p.safetensors --set horizon=30 --episodes 2 --run %%/run").code, 0);
    copy_file(at("run/run.db"), at("good.db"));
    for (int i = 0; i < 3; i++) {
        sqlite3 *db;
        copy_file(at("good.db"), at("run/run.db"));
        assert_int_equal(sqlite3_open(at("run/run.db"), &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, deletes[i], NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        expect_refused(longplay("play --run %%/run --resume --episodes 3"), 2, "do not belong together", deletes[i]);
        expect_refused(longplay("replay %%/run --verify"), 2, "do not belong together", deletes[i]);
        expect_refused(longplay("memory %%/run tree"), 2, "do not belong together", deletes[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(at_each_moment), TEST(of_another_process), TEST(refused), TEST(stopped),
                                       TEST(torn),           TEST(rows_missing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
