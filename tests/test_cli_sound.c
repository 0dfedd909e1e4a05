/* Sound in the window (on SDL's dummy screen and disk driver): the console's, and the machine none the wiser; no device, no sound wanted. */
#include "tests/cli_support.h"
#include "tests/tone_support.h"

static const char *const screen = "DISPLAY=:49213 SDL_VIDEODRIVER=dummy";

static uint64_t hash_of(result r) {
    const char *hash = strstr(r.out, "\"state_hash\":\"");
    if (r.code || !hash) fail_msg("exit %d: %s", r.code, r.err);
    return strtoull(hash + strlen("\"state_hash\":\""), NULL, 16);
}

static result in_window(const char *driver, const char *arguments) {
    char environment[512];
    snprintf(environment, sizeof environment, "%s SDL_AUDIODRIVER=%s SDL_DISKAUDIOFILE=%s", screen, driver, at("heard"));
    return run_with(environment, arguments);
}

static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

/* Its period in pairs, in the median: where the machine is too busy there are gaps. */
static int heard_period(int *n_heard) {
    static int periods[1 << 20];
    lp_blob blob;
    int n = 0, last = -1, before = 0;
    *n_heard = 0;
    assert_int_equal(lp_file_read(&blob, at("heard"), 1 << 28, NULL), LP_OK);
    for (int i = 0; i < (int)blob.size_bytes / 4; i++) {
        int16_t value;
        memcpy(&value, blob.data + 4 * (size_t)i, sizeof value);
        *n_heard += abs(value) > 1000;
        if (before < 0 && value >= 0) {
            if (last >= 0 && n < 1 << 20) periods[n++] = i - last;
            last = i;
        }
        before = value;
    }
    lp_blob_free(&blob);
    qsort(periods, (size_t)n, sizeof *periods, by_value);
    return n ? periods[n / 2] : 0;
}

static void test_heard(void **state) {
    (void)state;
    int n_heard;
    put_tone_rom();
    const char *play = "play %/tone.gb --policy random --decisions 60 --json";
    uint64_t silent = hash_of(run_with(NULL, "play %/tone.gb --policy random --decisions 60 --json --headless"));
    assert_int_equal(hash_of(in_window("disk", play)), silent);
    int period = heard_period(&n_heard);
    print_message("%d loud pairs, a period of %d\n", n_heard, period);
    assert_in_range(period, 45, 47);
    assert_in_range(n_heard, 2 * LP_SOUND_HZ, 5 * LP_SOUND_HZ); /* 240 frames last four seconds */
}

/* At another speed, and where none is wanted, no device is even opened. */
static void test_silent(void **state) {
    (void)state;
    put_tone_rom();
    (void)remove(at("heard"));
    assert_true(hash_of(in_window("disk", "play %/tone.gb --policy random --decisions 20 --json --volume 0")));
    assert_true(hash_of(in_window("disk", "play %/tone.gb --policy random --decisions 20 --json --speed max")));
    assert_false(lp_file_exists(at("heard")));
}

static void test_no_device(void **state) {
    (void)state;
    put_tone_rom();
    result r = in_window("none-such", "play %/tone.gb --policy random --decisions 20 --json");
    assert_true(hash_of(r));
    const char *says = strstr(r.err, "longplay: no sound: ");
    if (!says || strstr(says + strlen("longplay: "), "longplay: no sound")) fail_msg("'%s'", r.err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heard),
        cmocka_unit_test(test_silent),
        cmocka_unit_test(test_no_device),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
