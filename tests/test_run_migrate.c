/* A run that another version of the emulation core recorded goes on by playing its movie again: to the same end as one that was never
 * interrupted, wherever that is killed; and where it comes out otherwise nothing is changed. */
#include "tests/run_support.h"

#include "harness/run_parts.h"

static const char OLD_CORE[] = "mGBA 0.9.9";
enum { CUT = 64, STOP_AT = 150, KILLS = 12 };

/* ---- making a run of another core: other names, other hashes, machine states of another size ---- */

/* key_of, poke_of: the decision or the poke (from 1) whose operand is another; 0: none. */
static void age_movie(const char *path, int64_t key_of, int64_t poke_of) {
    lp_err err;
    lp_movie *m;
    lp_movie_writer *w;
    uint64_t offset;
    bool end = false;
    char aged[PATH_MAX];
    snprintf(aged, sizeof aged, "%s.aged", path);
    if (lp_movie_open(&m, path, &err)) fail_msg("%s", err.message);
    lp_movie_header h = *lp_movie_info(m);
    snprintf(h.core_version, sizeof h.core_version, "%s", OLD_CORE);
    h.state_size_bytes -= CUT;
    if (lp_movie_create(&w, aged, &h, &(lp_movie_config){.state_spacing = 64}, &err)) fail_msg("%s", err.message);
    while (!end) {
        lp_movie_op op;
        if (lp_movie_next(m, &op, &end, &err)) fail_msg("%s", err.message);
        if (end) break;
        switch (op.kind) {
        case LP_MOVIE_RESET: lp_movie_reset(w); break;
        case LP_MOVIE_POKE: lp_movie_poke(w, op.address, (uint8_t)(op.value ^ (--poke_of == 0))); break;
        case LP_MOVIE_KEYS: lp_movie_keys(w, op.keys, op.n_frames); break;
        case LP_MOVIE_DECISION: lp_movie_decision(w, --key_of == 0 ? 0x300 : op.keys); break;
        case LP_MOVIE_HASH: lp_movie_hash(w, op.hash ^ (op.decision == 16)); break;
        case LP_MOVIE_STATE: lp_movie_state(w, op.state, h.state_size_bytes); break;
        }
    }
    if (lp_movie_sync(w, &offset, &err)) fail_msg("%s", err.message);
    lp_movie_close(w);
    lp_movie_read_close(m);
    assert_int_equal(rename(aged, path), 0);
}

/* The head with the old identity; the environment's machine state shorter. */
static void age_checkpoint(const char *path, const lp_run_config *config, const lp_game *game) {
    sqlite3 *db;
    sqlite3_stmt *s;
    lp_err err;
    lp_run_head head;
    const unsigned char *seat;
    static unsigned char blob[1 << 20];
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT data FROM checkpoint", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    size_t size = (size_t)sqlite3_column_bytes(s, 0);
    assert_true(size < sizeof blob);
    memcpy(blob, sqlite3_column_blob(s, 0), size);
    sqlite3_finalize(s);
    if (lp_run_head_unpack(&head, &seat, blob, size, &err)) fail_msg("%s", err.message);
    unsigned char *at = blob + sizeof head;
    uint64_t env_bytes;
    memcpy(&env_bytes, at + 24, 8); /* seat.c: after the last action, the random numbers and the seed */
    memmove(at + 32 + env_bytes - CUT, at + 32 + env_bytes, head.seat_bytes - 32 - env_bytes);
    env_bytes -= CUT;
    memcpy(at + 24, &env_bytes, 8);
    head.seat_bytes -= CUT;
    head.movie_offset = 0;
    head.state_hash ^= 1;
    head.identity = lp_run_identity(config, game);
    lp_run_head_pack(&head, blob);
    assert_int_equal(sqlite3_prepare_v2(db, "UPDATE checkpoint SET data = ?1", -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_blob(s, 1, blob, (int)(size - CUT), SQLITE_STATIC);
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
    sqlite3_exec(db, "UPDATE meta SET value = 'mGBA 0.9.9' WHERE key = 'core'", NULL, NULL, NULL);
    sqlite3_close(db);
}

static char *inside(const char *folder, const char *name) {
    static char paths[4][PATH_MAX];
    static int next;
    next = (next + 1) % 4;
    return lp_path_join(paths[next], PATH_MAX, folder, name);
}

/* Plays p's run up to STOP_AT and makes it one of OLD_CORE, with limits to go on. */
static void make_old(player *p, const char *folder, int64_t key_of, int64_t poke_of) {
    lp_err err;
    lp_run_config c;
    p->config.decisions = STOP_AT;
    if (play_run(p, folder, 0, &err) || lp_run_config_read(&c, folder, &err)) fail_msg("%s", err.message);
    p->config.decisions = c.decisions = 0;
    memset(c.core, 0, sizeof c.core);
    snprintf(c.core, sizeof c.core, "%s", OLD_CORE);
    age_movie(inside(folder, "movie.lpm"), key_of, poke_of);
    age_checkpoint(inside(folder, "run.db"), &c, p->game);
    if (lp_run_config_write(&c, folder, &err)) fail_msg("%s", err.message);
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
        make_old(&p, at("old"), 0, 0);
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
    make_old(&p, at("old"), 0, 0);
    int64_t many = (int64_t)1 << 40;
    lp_fault = (lp_fault_plan){.armed = true, .bytes_left = many, .error = ENOSPC};
    if (migrate(&p, at("old"), &err)) fail_msg("%s", err.message);
    lp_fault.armed = false;
    int64_t total = many - lp_fault.bytes_left;
    remove_tree(at("old"));
    for (int i = 0; i < KILLS; i++) {
        int status;
        make_old(&p, at("old"), 0, 0);
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
    make_old(&p, at("old"), 0, 0);
    change("UPDATE events SET text = text || '!' WHERE id = (SELECT max(id) FROM events WHERE decision < 100)");
    expect_unchanged(&p, "at decision 69 (an event or");
    make_old(&p, at("old"), 0, 0);
    change("UPDATE episodes SET result = CASE result WHEN 'win' THEN 'loss' ELSE 'win' END WHERE episode = 2");
    expect_unchanged(&p, "(an event or");
    make_old(&p, at("old"), 100, 0); /* keys that the game's setup does not have */
    expect_unchanged(&p, "at decision 99 (its keys");
    make_old(&p, at("old"), 0, 1);
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
    memset(c.core, 0, sizeof c.core);
    snprintf(c.core, sizeof c.core, "%s", OLD_CORE);
    age_movie(at("old/movie.lpm"), 0, 0);
    age_checkpoint(at("old/run.db"), &c, p.game);
    if (lp_run_config_write(&c, at("old"), &err)) fail_msg("%s", err.message);
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
