/* longplay stream: whatever becomes of the player, the run comes to the end of the unbroken one. */
#include "tests/stream_support.h"

#include <math.h>
#include <sys/statvfs.h>

#define PLAYS "cue --policy %/p.safetensors --headless --speed max --set horizon=100 --episodes 40"

static int times(const char *text, const char *what) {
    int n = 0;
    for (const char *c = strstr(text, what); c; c = strstr(c + 1, what)) n++;
    return n;
}

static void play_whole(void) {
    write_policy(at("p.safetensors"), 5);
    result r = run_with(NULL, "play " PLAYS " --run %/whole");
    if (r.code) fail_msg("%s", r.err);
}

static void test_killed(void **state) {
    (void)state;
    play_whole();
    lp_rng rng = lp_rng_make(test_seed(), 6);
    int out = scratch_file(), err = scratch_file(), kills = 0;
    pid_t stream = start("stream " PLAYS " --run %/run", NULL, out, err), plays = 0;
    while (kills < 8 && (plays = next_player(plays, stream))) {
        usleep(lp_rng_below(&rng, 300000));
        kills += !kill(plays, SIGKILL);
    }
    result r = finish(stream, out, err);
    if (r.code) fail_msg("exit %d: %s", r.code, r.err);
    assert_true(kills >= 3);
    assert_int_equal(times(r.err, "started again"), kills);
    assert_non_null(strstr(r.out, "recorded in"));
    expect_same_run(at("whole"), at("run"));
    lp_run_config c;
    lp_err e;
    assert_int_equal(lp_run_config_read(&c, at("run"), &e), 0);
    assert_true(c.keep > 0); /* by default */
}

/* The budget of a new run is a tenth of the disk that it will be on, not of the one that we are on. */
static void test_other_disk(void **state) {
    (void)state;
    struct stat here, there;
    struct statvfs v;
    char folder[] = "/dev/shm/longplay-test-XXXXXX", run[64], command[300];
    lp_run_config c;
    lp_err e;
    if (stat(".", &here) || stat("/dev/shm", &there) || here.st_dev == there.st_dev || !mkdtemp(folder)) {
        print_message("skipped: no second file system at /dev/shm\n");
        skip();
    }
    snprintf(run, sizeof run, "%s/not/yet/run", folder);
    snprintf(command, sizeof command, "stream cue --headless --speed max --episodes 1 --run %s", run);
    const double before = statvfs("/dev/shm", &v) ? 0 : (double)v.f_bavail * (double)v.f_frsize;
    result r = run_with(NULL, command);
    const bool read = !r.code && !lp_run_config_read(&c, run, &e);
    remove_tree(folder);
    if (!read) fail_msg("exit %d: %s", r.code, r.err);
    assert_in_range(c.keep, (int64_t)fmax(50e6, 0.8 * before / 10), (int64_t)fmax(50e6, 1.2 * before / 10));
}

/* A player that is stopped makes no decision, and no word of its own. */
static void test_hangs(void **state) {
    (void)state;
    play_whole();
    int out = scratch_file(), err = scratch_file();
    pid_t stream = start("stream --hang 2 " PLAYS " --run %/run --keep 1GB", NULL, out, err), plays = next_player(0, stream);
    assert_true(plays > 0);
    assert_int_equal(kill(plays, SIGSTOP), 0);
    result r = finish(stream, out, err);
    if (r.code || !strstr(r.err, "hung for 2 s")) fail_msg("exit %d: %s", r.code, r.err);
    expect_same_run(at("whole"), at("run"));
}

static void test_ends(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 5);
    for (int i = 0; i < 2; i++) { /* asked to end; killed itself */
        int out = scratch_file(), err = scratch_file();
        pid_t stream = start("stream cue --policy %/p.safetensors --headless --run %/run --episodes 0", NULL, out, err);
        pid_t plays = next_player((pid_t)number_in_json("pid"), stream);
        assert_int_equal(kill(stream, i ? SIGKILL : SIGTERM), 0);
        result r = finish(stream, out, err);
        assert_int_equal(r.code, i ? -SIGKILL : 0);
        for (int k = 0; k < 6000 && !kill(plays, 0); k++) usleep(10000); /* it goes with it */
        assert_int_equal(kill(plays, 0), -1);
        assert_int_equal(longplay("replay %%/run --verify").code, 0);
    }
}

static void test_refused(void **state) {
    (void)state;
    expect_refused(longplay("stream cue"), 2, "stream needs --run", "no folder");
    expect_refused(longplay("stream nogame --run %%/r"), 2, "nogame", "no game");
    expect_refused(longplay("stream cue --run %%/r --policy human"), 2, "what a person did", "a person");
    expect_refused(longplay("stream cue --run %%/r --frob 3"), 2, "unknown option --frob", "an option of neither");
    expect_refused(longplay("stream cue --run %%/r --record %%/v.mkv"), 2, "--record would be a file without end", "a file");
    assert_false(lp_file_exists(at("r")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_killed), TEST(test_other_disk), TEST(test_hangs), TEST(test_ends), TEST(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
