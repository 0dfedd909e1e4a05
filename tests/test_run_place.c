/* What happens to a run's files from outside while it is played: moved, removed, locked by another program, linked under other names. */
#include "tests/run_support.h"

#include <dirent.h>

enum { HORIZON = 40, EPISODES = 4 };

static void must(lp_status status, const lp_err *err) {
    if (status) fail_msg("%s", err->message);
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

static void whole_run(player *p) {
    lp_err err;
    open_player(p, true, HORIZON, EPISODES);
    must(play_run(p, at("whole"), 0, &err), &err);
}

static void moved_or_removed(void **state) {
    (void)state;
    player p;
    lp_err err;
    whole_run(&p);
    static const char *const gone[] = {"", "run.db", "run.db-wal", "movie.lpm"}; /* what is moved; "": all */
    for (int i = 0; i < 4; i++)
        for (int saved = 0; saved < 2; saved++) {
            char from[PATH_MAX], to[PATH_MAX];
            lp_run *run = open_new(&p, at("run"));
            take(run, 30);
            must(lp_run_save(run, &err), &err);
            take(run, saved ? 0 : 5);
            snprintf(from, sizeof from, "%s/run%s%s", root, *gone[i] ? "/" : "", gone[i]);
            snprintf(to, sizeof to, "%s/aside", root);
            assert_int_equal(rename(from, to), 0);
            assert_int_equal(lp_run_save(run, &err), LP_FAILED);
            assert_non_null(strstr(err.message, "moved or removed"));
            assert_int_equal(lp_run_think(run, &err), LP_FAILED); /* it does not go on */
            lp_run_close(run);
            if (!*gone[i]) { /* where it is now, it goes on from what was written there */
                must(play_run(&p, to, 0, &err), &err);
                expect_same_run(at("whole"), to);
            }
            remove_tree(at("run"));
            remove_tree(to);
        }
    close_player(&p);
}

/* Something else stands where the run was: it is not taken for the run. */
static void replaced(void **state) {
    (void)state;
    player p;
    lp_err err;
    open_player(&p, true, HORIZON, EPISODES);
    lp_run *run = open_new(&p, at("run"));
    take(run, 30);
    assert_int_equal(rename(at("run"), at("aside")), 0);
    must(play_run(&p, at("run"), 0, &err), &err);
    assert_int_equal(lp_run_save(run, &err), LP_FAILED);
    lp_run_close(run);
    close_player(&p);
}

static void program(void **state) {
    (void)state;
    int out = scratch_file(), err = scratch_file();
    pid_t child = start("play cue --policy random --episodes 0 --decisions 0 --run %/run", NULL, out, err);
    lp_run_totals t = {0}; /* until it is under way */
    bool playing;
    for (int i = 0; (!lp_file_exists(at("run")) || lp_run_peek(at("run"), &t, &playing, NULL) || !t.decisions) && i < 6000; i++)
        usleep(10000);
    remove_tree(at("run"));
    expect_refused(finish(child, out, err), 1, "moved or removed", "a folder removed under a run");
}

/* Another connection, as of a sqlite3 shell, that writes and does not come to an end. */
static sqlite3 *lock_database(const char *folder) {
    sqlite3 *db;
    char path[PATH_MAX];
    assert_int_equal(sqlite3_open(lp_path_join(path, sizeof path, folder, "run.db"), &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void locked(void **state) {
    (void)state;
    player p;
    lp_err err;
    whole_run(&p);
    lp_run *run = open_new(&p, at("run"));
    take(run, 25);
    assert_false(lp_run_waits(run));
    must(lp_run_save(run, &err), &err);
    sqlite3 *db = lock_database(at("run"));
    for (int i = 0; i < 3; i++) assert_true(lp_run_waits(run));
    lp_view view = {0};
    lp_run_view(run, &view);
    assert_non_null(strstr(view.note, "keeps run.db locked"));
    must(lp_run_save(run, &err), &err); /* to stop here is no failure */
    sqlite3_close(db);
    assert_false(lp_run_waits(run));
    while (!lp_run_done(run)) {
        assert_false(lp_run_waits(run));
        take(run, 1);
    }
    must(lp_run_save(run, &err), &err);
    lp_run_close(run);
    expect_same_run(at("whole"), at("run"));
    close_player(&p);
}

/* The program stands still in its window, and stops when it is told to. */
static void program_locked(void **state) {
    (void)state;
    static const char resume[] = "play --resume --run %/run --decisions 40";
    assert_int_equal(longplay("play cue --policy random --decisions 20 --run %%/run").code, 0);
    sqlite3 *db = lock_database(at("run"));
    int out = scratch_file(), err = scratch_file(), says;
    pid_t child = start(resume, "DISPLAY=:49213 SDL_VIDEODRIVER=dummy", out, err);
    char text[1024] = "";
    for (int i = 0; !strstr(text, "stands still") && i < 6000; i++) {
        usleep(10000);
        says = (int)pread(err, text, sizeof text - 1, 0);
        text[says > 0 ? says : 0] = 0;
    }
    kill(child, SIGINT);
    result r = finish(child, out, err);
    if (r.code || !strstr(r.out, "20 decisions")) fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
    out = scratch_file(), err = scratch_file();
    child = start(resume, NULL, out, err);
    sqlite3_close(db);
    r = finish(child, out, err);
    if (r.code || !strstr(r.out, "40 decisions")) fail_msg("exit %d, '%s', '%s'", r.code, r.out, r.err);
}

static int count_files(const char *folder) {
    int n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *d; (d = readdir(dir));) n += d->d_name[0] != '.';
    closedir(dir);
    return n;
}

static void linked(void **state) {
    (void)state;
    static const char *const files[] = {"config.ini", "movie.lpm", "run.db"};
    player p;
    lp_err err;
    open_player(&p, true, HORIZON, EPISODES);
    lp_run *run = open_new(&p, at("run")), *second = NULL;
    take(run, 10);
    assert_int_equal(mkdir(at("linked"), 0777), 0);
    for (int i = 0; i < 3; i++) {
        char from[PATH_MAX], to[PATH_MAX];
        assert_int_equal(link(lp_path_join(from, sizeof from, at("run"), files[i]), lp_path_join(to, sizeof to, at("linked"), files[i])),
                         0);
    }
    lp_run_config config = p.config;
    must(lp_run_config_read(&config, at("linked"), &err), &err);
    assert_int_equal(lp_run_open(&second, at("linked"), p.game, p.policy, &config, &err), LP_BAD_INPUT);
    assert_non_null(strstr(err.message, "is writing this run"));
    assert_int_equal(count_files(at("linked")), 3);
    take(run, 10);
    must(lp_run_save(run, &err), &err);
    lp_run_close(run);
    close_player(&p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(moved_or_removed), TEST(replaced),       TEST(program),
                                       TEST(locked),           TEST(program_locked), TEST(linked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
