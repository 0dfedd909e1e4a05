/* What viewers choose and mark goes into a run as its other inputs do: killed, resumed, copied, taken over or unrecorded for a while, it ends the same. */
#include "harness/pursuit.h"
#include "harness/run_parts.h"
#include "tests/old_run.h"

enum { EPISODES = 8, HORIZON = 60, KILLS = 12 };

static void must(lp_status status, const lp_err *err) {
    if (status) fail_msg("%s", err->message);
}

static int64_t count(const char *folder, const char *query) {
    char path[PATH_MAX];
    sqlite3 *db;
    sqlite3_stmt *s;
    lp_path_join(path, sizeof path, folder, "run.db");
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, query, -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    const int64_t n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return n;
}

static char *words_of(const char *name) {
    lp_blob blob = {0};
    lp_err err;
    char folder[64];
    snprintf(folder, sizeof folder, "%s/viewers.txt", name);
    must(lp_file_read(&blob, at(folder), 1 << 16, &err), &err);
    char *text = strndup((const char *)blob.data, blob.size_bytes);
    lp_blob_free(&blob);
    return text;
}

/* The doors of episode i, as viewers choose them: every third is left as it is. */
static int doors_of(int64_t i) { return i % 3 == 2 ? 0 : 2 + (int)(i % 2) * 2; }

/* A run with viewers, from beginning to end. */
static void play_whole(player *p, const char *folder) {
    lp_run *run = NULL;
    lp_err err;
    char knobs[32], text[64];
    lp_run_config config = p->config;
    const int doors = lp_game_find_knob(p->game, "doors");
    must(lp_run_make(folder, p->game, p->policy, &config, &err), &err);
    must(lp_run_open(&run, folder, p->game, p->policy, &config, &err), &err);
    while (!lp_run_done(run)) {
        const lp_run_totals t = lp_run_counts(run);
        if (!lp_run_playing(run) && doors_of(t.episodes)) {
            snprintf(knobs, sizeof knobs, "doors=%d", doors_of(t.episodes));
            must(lp_run_vote(run, knobs, &err), &err);
            assert_true(lp_run_voted(run));
            must(lp_run_vote(run, "doors=3", &err), &err); /* the first one stays */
        }
        must(lp_run_think(run, &err), &err);
        assert_int_equal(lp_run_knob(run, doors), doors_of(t.episodes) ? doors_of(t.episodes) : 2);
        if (t.decisions % 37 == 5) {
            snprintf(text, sizeof text, "clip by anna: zebra\n%lld", (long long)t.decisions);
            must(lp_run_mark(run, text, &err), &err);
        }
        must(lp_run_take(run, &err), &err);
    }
    must(lp_run_end(run, &err), &err);
    lp_run_close(run);
}

/* A new run in root/name, whose viewers do what they did in root/whole. */
static void make_alike(player *p, const char *name) {
    lp_err err;
    char path[64], *words = words_of("whole");
    lp_run_config config = p->config;
    must(lp_run_make(at(name), p->game, p->policy, &config, &err), &err);
    snprintf(path, sizeof path, "%s/viewers.txt", name);
    put(at(path), words, strlen(words));
    free(words);
}

static void test_recorded(void **state) {
    (void)state;
    player p;
    open_player(&p, true, HORIZON, EPISODES);
    play_whole(&p, at("whole"));
    result r = longplay("replay %%/whole --verify");
    if (r.code || !strstr(r.out, "verified: ")) fail_msg("exit %d: %s", r.code, r.err);
    assert_int_equal(count(at("whole"), "SELECT count(*) FROM events WHERE name = 'vote'"), 6);
    assert_int_equal(count(at("whole"), "SELECT count(*) FROM events WHERE text = 'the viewers chose doors=4'"), 3);
    assert_true(count(at("whole"), "SELECT count(*) FROM events WHERE name = 'clip'") > 5);
    assert_int_equal(count(at("whole"), "SELECT count(*) FROM items WHERE text LIKE '%zebra%' OR text LIKE '%viewers%'"), 0);
    assert_int_equal(count(at("whole"), "SELECT count(*) FROM summaries WHERE text LIKE '%zebra%'"), 0);
    /* a guest that looks things up does not find what viewers wrote */
    lp_run *run = NULL;
    lp_run_config c;
    lp_err err;
    char found[4096] = "";
    must(lp_run_config_read(&c, at("whole"), &err), &err);
    must(lp_run_open(&run, at("whole"), p.game, p.policy, &c, &err), &err);
    const lp_library library = lp_run_library(run);
    library.search(library.context, "zebra", found, sizeof found);
    library.search(library.context, "viewers", found, sizeof found);
    assert_string_equal(found, "");
    library.search(library.context, "sign", found, sizeof found);
    assert_non_null(strstr(found, "sign"));
    lp_run_close(run);
    /* a marked moment is found by its words, and shown as a clip would */
    r = longplay("memory %%/whole search zebra 42");
    if (r.code || !strstr(r.out, "decision 42 ") || lines(r.out) != 1) fail_msg("exit %d: %s%s", r.code, r.out, r.err);
    close_player(&p);
}

static void test_killed(void **state) {
    (void)state;
    player p;
    lp_rng rng = lp_rng_make(test_seed(), 3);
    open_player(&p, true, HORIZON, EPISODES);
    play_whole(&p, at("whole"));
    make_alike(&p, "run");
    for (int kills = 0;;) {
        int status;
        pid_t child = start_player(&p, at("run"), lp_rng_u64(&rng) | 1);
        if (kills < KILLS) usleep(lp_rng_below(&rng, 40000)), kill(child, SIGKILL);
        assert_int_equal(waitpid(child, &status, 0), child);
        kills++;
        if (WIFEXITED(status) && !WEXITSTATUS(status)) break;
        if (kills > KILLS) fail_msg("status %x", (unsigned)status);
    }
    expect_same_run(at("whole"), at("run"));
    close_player(&p);
}

static void test_copied(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_run_totals t;
    open_player(&p, true, HORIZON, EPISODES);
    play_whole(&p, at("whole"));
    p.config.decisions = 200;
    make_alike(&p, "run");
    must(play_run(&p, at("run"), 0, &err), &err);
    must(lp_run_copy(at("run"), at("copy"), &t, &err), &err);
    lp_run_config c;
    must(lp_run_config_read(&c, at("copy"), &err), &err);
    c.decisions = 0;
    must(lp_run_config_write(&c, at("copy"), &err), &err);
    must(play_run(&p, at("copy"), 0, &err), &err);
    expect_same_run(at("whole"), at("copy"));
    close_player(&p);
}

static void test_taken_over(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_run_config c;
    static const old_run older = {"mGBA 0.9.9", .cut = 64, .hash_of = 16};
    open_player(&p, true, HORIZON, EPISODES);
    play_whole(&p, at("whole"));
    p.config.decisions = 200;
    make_alike(&p, "old");
    must(play_run(&p, at("old"), 0, &err), &err);
    must(lp_run_config_read(&c, at("old"), &err), &err);
    c.decisions = 0;
    make_old(at("old"), &older, &c, p.game);
    must(lp_run_config_read(&c, at("old"), &err), &err);
    must(lp_run_migrate(at("old"), p.game, p.policy, &c, &err), &err);
    must(play_run(&p, at("old"), 0, &err), &err);
    expect_same_run(at("whole"), at("old"));
    close_player(&p);
}

/* Unrecorded, nothing is chosen or marked; what was before is played again. */
static void test_unrecorded(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_run *run = NULL;
    lp_run_config c;
    lp_pursuit pursuit = {0};
    open_player(&p, true, HORIZON, EPISODES);
    play_whole(&p, at("whole"));
    make_alike(&p, "run");
    must(lp_run_config_read(&c, at("run"), &err), &err);
    must(lp_run_open(&run, at("run"), p.game, p.policy, &c, &err), &err);
    for (int i = 0; !lp_run_done(run); i++) {
        if (i == 150) lp_pursuit_begin(&pursuit, run, &(lp_err){"a test"});
        if (i >= 170 && !lp_run_recorded(run)) (void)lp_pursue(&pursuit, run, &err);
        if (!lp_run_recorded(run)) assert_int_equal(lp_run_mark(run, "lost", &err), LP_FAILED);
        must(lp_run_think(run, &err), &err);
        must(lp_run_take(run, &err), &err);
    }
    while (!lp_run_recorded(run)) must(lp_pursue(&pursuit, run, &err), &err);
    must(lp_run_end(run, &err), &err);
    lp_run_close(run);
    expect_same_run(at("whole"), at("run"));
    close_player(&p);
}

static void test_damaged(void **state) {
    (void)state;
    static const char *const bad[] = {"x\n",
                                      "5 vote\n",
                                      "5 vore doors=4\n",
                                      "-5 vote doors=4\n",
                                      "5 clipped a\n",
                                      "0 vote dors=4\n",
                                      "0 vote doors=4000\n",
                                      "5 vote doors=4\n\n5 clip a\n",
                                      "99999999999999999999 clip a\n"};
    player p;
    lp_err err;
    char longer[2000];
    open_player(&p, true, HORIZON, EPISODES);
    lp_run_config config = p.config;
    must(lp_run_make(at("run"), p.game, p.policy, &config, &err), &err);
    for (size_t i = 0; i <= sizeof bad / sizeof *bad; i++) {
        snprintf(longer, sizeof longer, "5 clip %0*d\n", 1500, 1);
        const char *text = i < sizeof bad / sizeof *bad ? bad[i] : longer;
        put(at("run/viewers.txt"), text, strlen(text));
        const lp_status status = play_run(&p, at("run"), 0, &err);
        if (status != LP_BAD_INPUT || !strstr(err.message, "viewers.txt")) fail_msg("'%.40s': %d, %s", text, status, err.message);
    }
    /* a line that a kill cut off is taken away */
    lp_run *run = NULL;
    put(at("run/viewers.txt"), "0 vote doors=4\n3 clip ab", 24);
    must(lp_run_open(&run, at("run"), p.game, p.policy, &config, &err), &err);
    must(lp_run_think(run, &err), &err);
    assert_int_equal(lp_run_knob(run, lp_game_find_knob(p.game, "doors")), 4);
    /* so is one that the disk had no room for */
    lp_fault = (lp_fault_plan){.armed = true, .bytes_left = 4, .error = ENOSPC};
    assert_int_equal(lp_run_mark(run, "no room", &err), LP_FAILED);
    lp_fault.armed = false;
    must(lp_run_mark(run, "room", &err), &err);
    char *words = words_of("run");
    assert_string_equal(words, "0 vote doors=4\n0 clip room\n");
    free(words);
    lp_run_close(run);
    close_player(&p);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_recorded),   TEST(test_killed),     TEST(test_copied),
                                       TEST(test_taken_over), TEST(test_unrecorded), TEST(test_damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
