/* The loudspeaker: what waits to be heard stays the same however wrong a device's clock is; what reaches SDL's disk driver; no device. */
#include "view/speaker.h"

#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "tests/seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { PUT = 804, DEVICE = 512, HOUR_S = 3600, SETTLED = 900 /* puts: 15 s */ };

/* An hour of a device that is so many millionths too fast, fed at an uneven pace, in a time of its own. */
static void listen_for_an_hour(double millionths, lp_rng *rng) {
    static int16_t in[2 * PUT], out[2 * (PUT + PUT / 128 + 2)];
    lp_stretch s = {0};
    double at = 0, put_pairs = 0, n_out = 0, least = 1e9, most = 0, mean = 0;
    int64_t waiting = LP_SPEAKER_WAITING / 2, taken = 0, n_puts = 0, dry = 0;
    while (at < HOUR_S) {
        put_pairs += PUT;
        at = (put_pairs + 400 * (lp_rng_float(rng) - 0.5)) / LP_SPEAKER_HZ; /* up to 4 ms early or late */
        int64_t due = (int64_t)(at * LP_SPEAKER_HZ * (1 + millionths / 1e6)) / DEVICE;
        waiting -= (due - taken) * DEVICE;
        taken = due;
        if (waiting < 0) dry += n_puts >= SETTLED, waiting = 0;
        int n = lp_stretch_pairs(&s, in, PUT, (int)waiting, out);
        assert_in_range(n, PUT - 5, PUT + 5);
        waiting += n;
        n_out += n;
        if (++n_puts < SETTLED) continue;
        least = fmin(least, (double)waiting), most = fmax(most, (double)waiting), mean += (double)waiting;
    }
    mean /= (double)(n_puts - SETTLED + 1);
    print_message("%+.0f millionths: %.1f to %.1f ms wait, %.1f in the mean; dry %lld times\n", millionths, least / 48, most / 48,
                  mean / 48, (long long)dry);
    assert_int_equal(dry, 0);
    assert_true(least > DEVICE && most < LP_SPEAKER_WAITING + 1920); /* within 40 ms */
    assert_true(fabs(n_out / put_pairs - 1 - millionths / 1e6) < 1e-5);
}

static void test_an_hour(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 0);
    static const double millionths[] = {0, 50, -50, 300, -300, 2000, -2000};
    for (size_t i = 0; i < sizeof millionths / sizeof *millionths; i++) listen_for_an_hour(millionths[i], &rng);
}

/* A tone stays one: no step is larger than the tone's own. */
static void test_smooth(void **state) {
    (void)state;
    static int16_t in[2 * PUT], out[2 * (PUT + PUT / 128 + 2)];
    lp_stretch s = {0};
    int before = 0, largest = 0;
    for (int put = 0; put < 600; put++) {
        for (int i = 0; i < PUT; i++) in[2 * i] = in[2 * i + 1] = (int16_t)(10000 * sin((put * PUT + i) * 0.0524)); /* 400 Hz */
        int n = lp_stretch_pairs(&s, in, PUT, put < 300 ? 0 : 4000, out);
        for (int i = 0; i < n; i++) {
            assert_int_equal(out[2 * i], out[2 * i + 1]);
            if (abs(out[2 * i] - before) > largest) largest = abs(out[2 * i] - before);
            before = out[2 * i];
        }
    }
    assert_in_range(largest, 500, 540);
}

/* The loudest that a volume of so much writes to SDL's disk driver. */
static int heard_at(int percent) {
    char path[300];
    int16_t pairs[2 * PUT];
    lp_speaker *speaker;
    lp_err err;
    lp_blob blob;
    snprintf(path, sizeof path, "%s/longplay-sound-%d", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir, (int)getpid());
    setenv("SDL_AUDIODRIVER", "disk", 1);
    setenv("SDL_DISKAUDIOFILE", path, 1);
    if (lp_speaker_open(&speaker, &err)) fail_msg("%s", err.message);
    lp_speaker_volume(speaker, percent);
    for (int i = 0; i < PUT; i++) pairs[2 * i] = pairs[2 * i + 1] = (int16_t)(i / 8 % 2 ? 20000 : -20000);
    for (int i = 0; i < 40; i++) {
        lp_speaker_put(speaker, pairs, PUT);
        while (lp_speaker_waiting(speaker) > LP_SPEAKER_WAITING) usleep(1000);
    }
    while (lp_speaker_waiting(speaker) > 0) usleep(1000);
    lp_speaker_close(speaker);
    assert_int_equal(lp_file_read(&blob, path, 1 << 28, NULL), LP_OK);
    int loudest = 0, n_loud = 0;
    for (size_t i = 0; i + 1 < blob.size_bytes; i += 2) {
        int16_t value;
        memcpy(&value, blob.data + i, sizeof value);
        if (value > loudest) loudest = value;
        n_loud += value != 0;
    }
    print_message("at %d%%: %d pairs heard of %d\n", percent, n_loud / 2, 40 * PUT);
    if (percent) assert_in_range(n_loud / 2, 38 * PUT, 41 * PUT);
    lp_blob_free(&blob);
    (void)remove(path);
    return loudest;
}

static void test_heard(void **state) {
    (void)state;
    assert_int_equal(heard_at(100), 20000);
    assert_int_equal(heard_at(30), 6000);
    assert_int_equal(heard_at(0), 0);
}

static void test_no_device(void **state) {
    (void)state;
    lp_speaker *speaker;
    lp_err err;
    setenv("SDL_AUDIODRIVER", "none-such", 1);
    assert_int_equal(lp_speaker_open(&speaker, &err), LP_FAILED);
    assert_null(speaker);
    assert_non_null(strstr(err.message, "no sound: "));
}

/* One line of ours, whatever SDL's libraries would write: ALSA without a configuration has no device, as a machine without a card. */
static void test_quiet(void **state) {
    (void)state;
    char said[256] = "";
    lp_speaker *speaker;
    lp_err err;
    FILE *f = tmpfile();
    const int before = dup(STDERR_FILENO);
    assert_true(f && before >= 0 && dup2(fileno(f), STDERR_FILENO) >= 0);
    setenv("ALSA_CONFIG_PATH", "/dev/null", 1);
    setenv("SDL_AUDIODRIVER", "alsa", 1);
    const lp_status status = lp_speaker_open(&speaker, &err);
    assert_true(dup2(before, STDERR_FILENO) >= 0);
    close(before);
    rewind(f);
    const size_t n = fread(said, 1, sizeof said - 1, f);
    fclose(f);
    assert_int_equal(status, LP_FAILED);
    if (n) fail_msg("on stderr: %s", said);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_hour),   cmocka_unit_test(test_smooth), cmocka_unit_test(test_heard),
        cmocka_unit_test(test_no_device), cmocka_unit_test(test_quiet),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
