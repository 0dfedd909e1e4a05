/* longplay explore: archive, wins and picture; killed it goes on to the same; what is wrong is one line and exit code 2. */
#include "tests/cli_support.h"

#include <cjson/cJSON.h>

static void test_wins(void **state) {
    (void)state;
    expect_run(
        0, "wins, the shortest of", NULL,
        "explore cue --set horizon=12 --decisions 100000 --explore.cells=walked,phase --out %/a.archive --demos %/a.demos --map %/a.png");
    expect_run(0, "1 of 1 demonstrations come to the same end", NULL, "demo check %/a.demos cue");
    expect_run(0, "explore", NULL, "demo list %/a.demos");
    expect_run(0, "\"wins\":1", NULL,
               "explore cue --set horizon=12 --decisions 100000 --explore.cells=walked,phase --out %/a.archive --demos %/a.demos --json");
    expect_run(0, "cue: 1 demonstrations", NULL, "demo list %/a.demos"); /* there already */
    struct stat picture;
    assert_int_equal(stat(at("a.png"), &picture), 0);
    assert_true(picture.st_size > 500);
    expect_run(1, "no win", NULL, "explore cue --set horizon=2000 --decisions 2000");
}

/* Killed at any moment and begun again, with as many decisions in all, the file is the one of who was left alone. */
static void test_killed(void **state) {
    (void)state;
#define LONG "explore lantern --decisions 40000 --explore.cells=room,x,y,phase --threads 2 --out %/"
    lp_blob a, b;
    lp_err err;
    expect_run(1, "no win", NULL, LONG "whole.archive");
    for (int i = 0; i < 3; i++) {
        const pid_t child = start(LONG "killed.archive", NULL, -1, scratch_file());
        usleep(200000 * (useconds_t)(i + 1));
        kill(child, i ? SIGTERM : SIGKILL); /* who is asked to stop saves first */
        waitpid(child, NULL, 0);
    }
    expect_run(1, "no win", NULL, LONG "killed.archive");
    if (lp_file_read(&a, at("whole.archive"), 1 << 30, &err) || lp_file_read(&b, at("killed.archive"), 1 << 30, &err))
        fail_msg("%s", err.message);
    assert_int_equal(a.size_bytes, b.size_bytes);
    assert_memory_equal(a.data, b.data, a.size_bytes);
    lp_blob_free(&a), lp_blob_free(&b);
}

/* Several episodes into one file; stopped and begun again, those that are there are passed by. */
static void test_episodes(void **state) {
    (void)state;
#define LOCKS "explore locks --set n=6 --decisions 5000 --explore.cells=lit --explore.length=2 --explore.stay=0 --demos %/locks.demos "
    expect_run(0, "5 of 5 episodes won; ", NULL, LOCKS "--episodes 5 --explore.episode=2");
    expect_run(0, "3 of 3 episodes won, 5 were there already; ", NULL, LOCKS "--episodes 8");
    expect_run(0, "8 of 8 demonstrations come to the same end", NULL, "demo check %/locks.demos locks");
    expect_run(0, "\"won\":0,\"there\":8,\"decisions\":0", NULL, LOCKS "--episodes 8 --json");
    expect_run(1, "0 of 2 episodes won; ", NULL, "explore locks --set n=16 --episodes 2 --decisions 64 --explore.tries=1");
}

static void test_refused(void **state) {
    (void)state;
    expect_run(2, NULL, "for how long?", "explore cue");
    expect_run(2, NULL, "--out is of one episode", "explore cue --decisions 1000 --episodes 2 --out %/b.archive");
    expect_run(2, NULL, "--map is of one episode", "explore cue --decisions 1000 --episodes 2 --map %/b.png");
    expect_run(2, NULL, "no such variable", "explore cue --decisions 1000 --explore.cells=nothing");
    expect_run(2, NULL, "explore.tries", "explore cue --decisions 1000 --explore.tries=0");
    expect_run(2, NULL, "cannot be won", "explore games/roms/busy.gb --decisions 1000");
    expect_run(2, NULL, "not an archive", "explore cue --decisions 1000 --out games/cue/cue.gb");
    expect_run(2, NULL, "with another ROM", "explore order --decisions 1000 --out %/a.archive");
    expect_run(2, NULL, "with other settings", "explore cue --decisions 1000 --out %/a.archive");
    expect_run(2, NULL, "demonstrations of cue, with another ROM than order has", "explore order --decisions 1000000000 --demos %/a.demos");
    expect_run(2, NULL, "with a knob of cue", "explore cue --decisions 1000 --set nothing=1");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_wins),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_episodes),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
