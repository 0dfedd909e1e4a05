/* The disk is full after any number of bytes: the run stops with one line and exit code 1, what was saved is good, and with room
 * again it goes on and ends as the unbroken run does. */
#include "tests/run_support.h"

enum { POINTS = 30 };

static void test_full_disk(void **state) {
    (void)state;
    player p;
    lp_err err;
    lp_rng rng = lp_rng_make(test_seed(), 3);
    open_player(&p, true, 60, 3);
    int64_t total = bytes_written(&p, at("whole"));
    int failed = 0, left = 0;
    for (int i = 0; i < POINTS; i++) {
        int64_t bytes = (total * i + (int64_t)lp_rng_below(&rng, (uint32_t)total)) / POINTS;
        lp_fault = (lp_fault_plan){.armed = true, .bytes_left = bytes, .error = ENOSPC};
        lp_status status = play_run(&p, at("full"), 5, &err);
        lp_fault.armed = false;
        if (status && (status != LP_FAILED || !strstr(err.message, at("full")) || strchr(err.message, '\n')))
            fail_msg("full after %lld bytes: status %d, '%s'", (long long)bytes, status, err.message);
        failed += status != LP_OK;
        left += status && lp_file_exists(at("full"));
        if (play_run(&p, at("full"), 0, &err)) fail_msg("resumed after %lld bytes: %s", (long long)bytes, err.message);
        expect_same_run(at("whole"), at("full"));
        remove_tree(at("full"));
    }
    print_message("%d times full, %d of them with a run to resume\n", failed, left);
    assert_true(failed > POINTS / 2 && left > POINTS / 4);
    close_player(&p);
}

/* The program: one line, exit code 1; and nothing is left of a run that could not even be made. */
static void test_program(void **state) {
    (void)state;
    write_policy(at("p.safetensors"), 5);
    static const char play[] = "play cue --policy %/p.safetensors --headless --episodes 4 --set horizon=100 --run %/run --resume";
    result whole = longplay("play cue --policy %%/p.safetensors --headless --episodes 4 --set horizon=100 --run %%/whole");
    if (whole.code) fail_msg("%s", whole.err);
    lp_rng rng = lp_rng_make(test_seed(), 4);
    int failed = 0;
    for (int i = 0; i < 12; i++) {
        char fault[64];
        snprintf(fault, sizeof fault, "LONGPLAY_FAULT_BYTES=%u", i * 6000 + lp_rng_below(&rng, 6000));
        result r = run_with(fault, play);
        if (r.code == 1) {
            const char *line = strstr(r.err, "longplay: ");
            while (line && strstr(line + 1, "longplay: ")) line = strstr(line + 1, "longplay: ");
            if (*r.out || !line || lines(line) != 1 || !strstr(line, "No space left"))
                fail_msg("%s: out '%s', err '%s'", fault, r.out, r.err);
            failed++;
        } else if (r.code) {
            fail_msg("%s: exit %d, %s", fault, r.code, r.err);
        }
        if (lp_file_exists(at("run"))) {
            r = longplay("info %%/run");
            if (r.code) fail_msg("%s left: %s", fault, r.err);
        }
        r = run_with(NULL, play);
        if (r.code) fail_msg("resumed: %s", r.err);
        expect_same_run(at("whole"), at("run"));
        remove_tree(at("run"));
    }
    assert_true(failed >= 3);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_root, remove_root)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_full_disk), TEST(test_program)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
