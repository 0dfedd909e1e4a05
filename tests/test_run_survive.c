/* A run survives: killed with SIGKILL at random moments, or dead in the middle of any of its own writes, and resumed each time, it
 * ends as the unbroken run does: the same machine, results, movie and memory, row for row. */
#include "tests/run_support.h"

enum { KILLS = 50, DEATHS = 30 };

static int64_t saved_decisions(const char *folder) {
    lp_run_totals t = {0};
    bool playing;
    lp_err err;
    if (lp_file_exists(folder) && lp_run_peek(folder, &t, &playing, &err)) fail_msg("after a kill: %s", err.message);
    return t.decisions;
}

/* When to kill: a quarter of the children while they still open the run, the others while they play. */
typedef struct {
    uint32_t open_us, play_us;
} delays;

static uint32_t delay_us(const delays *d, lp_rng *rng) {
    return lp_rng_below(rng, 4) ? d->open_us + lp_rng_below(rng, d->play_us) : lp_rng_below(rng, d->open_us);
}

/* Plays in children that are killed, until n were; then to the end. Returns how many were; *mid counts
 * those that had brought the run further. */
static int play_killed(player *p, const char *folder, int n, const delays *when, lp_rng *rng, int *mid) {
    int64_t saved = 0;
    for (int kills = 0;;) {
        pid_t child = start_player(p, folder, lp_rng_u64(rng) | 1);
        if (kills < n) {
            usleep(delay_us(when, rng));
            kill(child, SIGKILL);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) {
            int64_t now = saved_decisions(folder);
            assert_true(now >= saved);
            *mid += now > saved;
            saved = now;
            kills++;
            continue;
        }
        if (!WIFEXITED(status) || WEXITSTATUS(status))
            fail_msg("after %d kills the resumed run ended with status %x", kills, (unsigned)status);
        return kills;
    }
}

static void expect_verified(const char *name) {
    result r = longplay("replay %%/%s --verify", name);
    if (r.code || !strstr(r.out, "verified: ")) fail_msg("replay --verify: exit %d, %s", r.code, r.err);
}

static void survive(bool policy, int kills_wanted, int horizon, int episodes) {
    player p;
    lp_err err;
    lp_rng rng = lp_rng_make(test_seed(), 7);
    open_player(&p, policy, horizon, episodes);
    double start_s = lp_now_s();
    if (play_run(&p, at("whole"), 0, &err)) fail_msg("%s", err.message);
    double whole_s = lp_now_s() - start_s;
    start_s = lp_now_s();
    int status;
    waitpid(start_player(&p, at("whole"), 0), &status, 0); /* finished: it opens, and that is all */
    double open_s = lp_now_s() - start_s;
    delays when = {(uint32_t)(1e6 * open_s) + 1, (uint32_t)(1e6 * whole_s * 3 / kills_wanted) + 2000};
    int kills = 0, runs = 0, mid = 0;
    for (; kills < kills_wanted || mid < kills_wanted / 10; runs++) {
        char name[32];
        snprintf(name, sizeof name, "killed-%d", runs);
        kills += play_killed(&p, at(name), kills < kills_wanted ? kills_wanted - kills : kills_wanted, &when, &rng, &mid);
        assert_true(runs < 100);
        if (mid < kills / 10) when.play_us += when.play_us / 2; /* the machine has become too busy for them to come further */
        expect_same_run(at("whole"), at(name));
        expect_verified(name);
    }
    lp_run_totals t;
    bool playing;
    assert_int_equal(lp_run_peek(at("whole"), &t, &playing, &err), LP_OK);
    print_message("%d kills in %d runs of %lld decisions (%.2f s unbroken), %d of them had come further\n", kills, runs,
                  (long long)t.decisions, whole_s, mid);
    close_player(&p);
}

static void test_killed(void **state) {
    (void)state;
    survive(true, KILLS, 200, 8);
}

static void test_killed_random_player(void **state) {
    (void)state;
    survive(false, 10, 150, 6);
}

/* Death in the middle of our own writes: after every so many bytes. */
static void test_dies_writing(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_rng rng = lp_rng_make(test_seed(), 8);
    open_player(&p, true, 60, 3);
    int64_t total = bytes_written(&p, at("whole"));
    int died = 0;
    for (int i = 0; i < DEATHS; i++) { /* one in each DEATHSth of what is written */
        int64_t bytes = (total * i + (int64_t)lp_rng_below(&rng, (uint32_t)total)) / DEATHS;
        pid_t child = fork();
        if (!child) {
            lp_fault = (lp_fault_plan){.armed = true, .crash = true, .bytes_left = bytes};
            _exit((int)play_run(&p, at("broken"), 0, &err));
        }
        int status;
        waitpid(child, &status, 0);
        if (!WIFEXITED(status) || (WEXITSTATUS(status) != 137 && WEXITSTATUS(status) != 0)) fail_msg("child's status %x", (unsigned)status);
        died += WEXITSTATUS(status) == 137;
        if (play_run(&p, at("broken"), 0, &err)) fail_msg("after dying at byte %lld: %s", (long long)bytes, err.message);
        expect_same_run(at("whole"), at("broken"));
        remove_tree(at("broken"));
    }
    assert_true(died > DEATHS / 2);
    print_message("died %d times within %lld bytes\n", died, (long long)total);
    close_player(&p);
}

/* The program itself, with the checkpoints it makes of its own accord. */
static void test_killed_program(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 5);
    static const char play[] = "play cue --policy %/p.safetensors --headless --episodes 10 --set horizon=300 --json --run %/run --resume";
    double start_s = lp_now_s();
    result whole = longplay("play cue --policy %%/p.safetensors --headless --episodes 10 --set horizon=300 --json --run %%/whole");
    if (whole.code) fail_msg("%s", whole.err);
    uint32_t whole_us = (uint32_t)(1e6 * (lp_now_s() - start_s)) + 1;
    lp_rng rng = lp_rng_make(test_seed(), 9);
    for (int kills = 0, runs = 0; kills < 6; runs++) {
        if (runs) remove_tree(at("run")); /* it had come to its end before it could be killed so often: once more */
        while (kills < 6) {
            pid_t child = start(play, NULL, open("/dev/null", O_WRONLY | O_CLOEXEC), open("/dev/null", O_WRONLY | O_CLOEXEC));
            usleep(lp_rng_below(&rng, whole_us));
            kill(child, SIGKILL);
            int status;
            assert_int_equal(waitpid(child, &status, 0), child);
            if (!WIFSIGNALED(status)) break;
            kills++;
        }
        assert_true(runs < 60);
    }
    result r = run_with(NULL, play);
    if (r.code) fail_msg("%s", r.err);
    expect_same_run(at("whole"), at("run"));
    expect_verified("run");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_killed), TEST(test_killed_random_player), TEST(test_dies_writing),
                                       TEST(test_killed_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
