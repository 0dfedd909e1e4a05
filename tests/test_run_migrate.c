/* A run that another version of the emulation core recorded goes on by playing its movie again: to the same end as one that was never
 * interrupted, wherever that is killed; and where it comes out otherwise nothing is changed. */
#include "tests/old_run.h"

#define OLD_CORE "mGBA 0.9.9"
enum { STOP_AT = 150, KILLS = 12 };

static const old_run older = {OLD_CORE, .cut = 64, .hash_of = 16};

static char *inside(const char *folder, const char *name) {
    static char paths[4][PATH_MAX];
    static int next;
    next = (next + 1) % 4;
    return lp_path_join(paths[next], PATH_MAX, folder, name);
}

/* Plays p's run up to STOP_AT and makes it one of OLD_CORE, with limits to go on. */
static void play_old(player *p, const char *folder, const old_run *how) {
    lp_err err;
    lp_run_config c;
    p->config.decisions = STOP_AT;
    if (play_run(p, folder, 0, &err) || lp_run_config_read(&c, folder, &err)) fail_msg("%s", err.message);
    p->config.decisions = c.decisions = 0;
    make_old(folder, how, &c, p->game);
}

static lp_status migrate(const player *p, const char *folder, lp_err *err) {
    lp_run_config c;
    lp_status status = lp_run_config_read(&c, folder, err);
    return status ? status : lp_run_migrate(folder, p->game, p->policy, &c, err);
}

/* ---- the tests ---- */

static void test_goes_on(void **state) {
    (void)state;
    for (int policy = 0; policy < 2; policy++) {
        player p;
        lp_err err = {{0}};
        open_player(&p, policy, 60, 4);
        if (play_run(&p, at("whole"), 0, &err)) fail_msg("%s", err.message);
        play_old(&p, at("old"), &older);
        assert_int_equal(play_run(&p, at("old"), 0, &err), LP_BAD_INPUT); /* not by itself */
        assert_non_null(strstr(err.message, OLD_CORE));
        if (migrate(&p, at("old"), &err) || play_run(&p, at("old"), 0, &err)) fail_msg("%s", err.message);
        expect_same_run(at("whole"), at("old"));
        assert_false(lp_file_exists(at("old/replayed")));
        close_player(&p);
        remove_tree(at("whole"));
        remove_tree(at("old"));
    }
}

static void test_killed(void **state) {
    (void)state;
    player p;
    lp_err err = {{0}};
    int killed = 0;
    open_player(&p, true, 60, 3);
    if (play_run(&p, at("whole"), 0, &err)) fail_msg("%s", err.message);
    play_old(&p, at("old"), &older);
    int64_t many = (int64_t)1 << 40;
    lp_fault = (lp_fault_plan){.armed = true, .bytes_left = many, .error = ENOSPC};
    if (migrate(&p, at("old"), &err)) fail_msg("%s", err.message);
    lp_fault.armed = false;
    int64_t total = many - lp_fault.bytes_left;
    remove_tree(at("old"));
    for (int i = 0; i < KILLS; i++) {
        int status;
        play_old(&p, at("old"), &older);
        pid_t child = fork();
        if (!child) {
            lp_fault = (lp_fault_plan){.armed = true, .crash = true, .bytes_left = total * i / KILLS};
            _exit((int)migrate(&p, at("old"), &err));
        }
        waitpid(child, &status, 0);
        killed += WEXITSTATUS(status) == 137;
        if (migrate(&p, at("old"), &err) || play_run(&p, at("old"), 0, &err))
            fail_msg("killed after %d/%d of %lld bytes: %s", i, KILLS, (long long)total, err.message);
        expect_same_run(at("whole"), at("old"));
        assert_false(lp_file_exists(at("old/replayed")));
        remove_tree(at("old"));
    }
    assert_true(killed > KILLS / 2);
    close_player(&p);
}

/* Refused with the decision, and the three files as they were. */
static void expect_unchanged(const player *p, const char *decision) {
    static const char *const files[] = {"config.ini", "movie.lpm", "run.db"};
    lp_blob before[3], after;
    lp_err err = {{0}};
    for (int i = 0; i < 3; i++) assert_int_equal(lp_file_read(&before[i], inside(at("old"), files[i]), 1 << 24, &err), LP_OK);
    assert_int_equal(migrate(p, at("old"), &err), LP_FAILED);
    if (!strstr(err.message, decision) || !strstr(err.message, OLD_CORE)) fail_msg("%s", err.message);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(lp_file_read(&after, inside(at("old"), files[i]), 1 << 24, &err), LP_OK);
        assert_int_equal(after.size_bytes, before[i].size_bytes);
        assert_memory_equal(after.data, before[i].data, after.size_bytes);
        lp_blob_free(&after);
        lp_blob_free(&before[i]);
    }
    assert_false(lp_file_exists(at("old/replayed")));
    remove_tree(at("old"));
}

static void change(const char *sql) {
    sqlite3 *db;
    assert_int_equal(sqlite3_open(at("old/run.db"), &db), SQLITE_OK);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL)) fail_msg("%s", sqlite3_errmsg(db));
    sqlite3_close(db);
}

static void test_differs(void **state) {
    (void)state;
    player p;
    open_player(&p, true, 60, 4);
    play_old(&p, at("old"), &older);
    change("UPDATE events SET text = text || '!' WHERE id = (SELECT max(id) FROM events WHERE decision < 100)");
    expect_unchanged(&p, "at decision 69 (an event or");
    play_old(&p, at("old"), &older);
    change("UPDATE episodes SET result = CASE result WHEN 'win' THEN 'loss' ELSE 'win' END WHERE episode = 2");
    expect_unchanged(&p, "(an event or");
    play_old(&p, at("old"), &(old_run){OLD_CORE, 64, .key_of = 100}); /* keys that the game's setup does not have */
    expect_unchanged(&p, "at decision 99 (its keys");
    play_old(&p, at("old"), &(old_run){OLD_CORE, 64, .poke_of = 1});
    expect_unchanged(&p, "at decision 0 (the game is set up otherwise");
    close_player(&p);
}

static void test_program(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 5);
    result r = longplay("play cue --policy %%/p.safetensors --headless --episodes 1 --set horizon=60 --run %%/old");
    if (r.code) fail_msg("%s", r.err);
    lp_err err;
    player p;
    lp_run_config c;
    open_player(&p, false, 60, 1);
    if (lp_run_config_read(&c, at("old"), &err)) fail_msg("%s", err.message);
    make_old(at("old"), &older, &c, p.game);
    close_player(&p);
    r = longplay("replay %%/old --headless"); /* shown as well */
    if (r.code || !strstr(r.err, "recorded on mGBA 0.9.9")) fail_msg("exit %d: %s%s", r.code, r.out, r.err);
    r = longplay("replay %%/old --from 40 --headless");
    if (r.code) fail_msg("%s", r.err);
    r = longplay("replay %%/old --verify"); /* one hash of the old core was another */
    if (r.code != 1 || !strstr(r.err, "differs at decision")) fail_msg("exit %d: %s", r.code, r.err);
    r = longplay("play --run %%/old --resume --headless --episodes 2");
    if (r.code || lines(r.err) != 1 || !strstr(r.err, "played again")) fail_msg("exit %d: %s", r.code, r.err);
    r = longplay("replay %%/old --verify");
    if (r.code) fail_msg("%s", r.err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_goes_on), TEST(test_killed), TEST(test_differs), TEST(test_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
