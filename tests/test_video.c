/* Videos: every picture that was put is in them, in time with its sound; files that are cut or cannot be written. ffmpeg decodes them. */
#include "video/video.h"

#include "base/file.h"
#include "base/log.h"
#include "tests/video_support.h"

#include <math.h>
#include <unistd.h>

enum { W = 128, H = 64, PICTURES = 600, BEEP_EVERY = 60, CODEC_PAIRS = 1024 /* AAC begins with as many of its own */ };

static char folder[256], path[300];
static uint32_t pixels[W * H];

static int make_folder(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state) {
    (void)state;
    return rmdir(folder);
}

static lp_video *open_video(const char *name, int fps) {
    lp_video *video;
    lp_err err;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (lp_video_open(&video, &(lp_video_config){.target = path, .width = W, .height = H, .fps = fps, .whole = true}, &err))
        fail_msg("%s", err.message);
    return video;
}

/* As the console's frames come: 803.65 pairs each, in steps of 12. Every second, with a white picture, it beeps for a frame. */
static void put_pictures(lp_video *video, int first, int n) {
    int16_t pairs[2 * 900];
    for (int i = first; i < first + n; i++) {
        int64_t begin = (int64_t)(i * 803.65 / 12) * 12, end = (int64_t)((i + 1) * 803.65 / 12) * 12;
        bool beep = i % BEEP_EVERY == BEEP_EVERY / 2;
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) pixels[y * W + x] = beep ? 0xFFFFFF : 0x203040;
        paint_counter(pixels, W, i);
        for (int64_t s = begin; s < end; s++)
            pairs[2 * (s - begin)] = pairs[2 * (s - begin) + 1] =
                (int16_t)(beep ? 20000 * sin((double)s * 2 * 3.14159265 * 1000 / LP_VIDEO_HZ) : 0);
        lp_video_put(video, pixels, pairs, (int)(end - begin));
    }
}

static void close_video(lp_video *video) {
    lp_err err;
    if (lp_video_close(video, &err)) fail_msg("%s", err.message);
}

/* At 60 each is seen once, and one of 219 twice; at 30 every second one, or nearly so. */
static void check_file(const char *name, int fps) {
    static int counters[MAX_FRAMES];
    lp_video *video = open_video(name, fps);
    put_pictures(video, 0, PICTURES);
    close_video(video);
    double seconds = PICTURES * 803.65 / LP_VIDEO_HZ;
    int n = read_counters(path, W, H, counters), twice = 0;
    print_message("%s at %d: %d pictures of %d\n", name, fps, n, PICTURES);
    assert_true(fabs(n / (double)fps - seconds) <= 0.04);
    assert_int_equal(counters[0], 0);
    assert_int_equal(counters[n - 1] / 2, (PICTURES - 1) / 2);
    for (int i = 1; i < n; i++) {
        int step = counters[i] - counters[i - 1];
        twice += step == (fps == 60 ? 0 : 1);
        if (fps == 60 ? step != 0 && step != 1 : step != 1 && step != 2) fail_msg("%s: %d after %d", name, counters[i], counters[i - 1]);
    }
    assert_in_range(twice, 1, 5);
    int16_t *sound;
    int n_pairs = read_sound(path, &sound);
    n_pairs -= CODEC_PAIRS;
    assert_true(fabs(n_pairs / (double)LP_VIDEO_HZ - n / (double)fps) <= 0.04);
    for (int i = BEEP_EVERY / 2, from = 0; i < PICTURES; i += BEEP_EVERY) { /* each beep, and when its picture is seen */
        int seen = 0, heard = from;
        while (seen < n && counters[seen] < i) seen++;
        while (heard < n_pairs && abs(sound[heard]) < 8000) heard++;
        double apart = (double)heard / LP_VIDEO_HZ - seen / (double)fps;
        if (fabs(apart) > 0.04) fail_msg("%s: picture %d is heard %.0f ms later", name, i, 1000 * apart);
        from = heard + LP_VIDEO_HZ / 2;
    }
    free(sound);
    assert_int_equal(remove(path), 0);
}

static void test_whole(void **state) {
    (void)state;
    if (!has_ffmpeg()) skip();
    check_file("a.mkv", 60);
    check_file("a.mp4", 60);
    check_file("b.mkv", 30);
    check_file("b.mp4", 30);
}

/* Who must keep pace is not held up by an encoder that is too slow: fewer pictures, all of the sound, and as long as it is. */
static void test_behind(void **state) {
    (void)state;
    enum { WIDE = 1920, HIGH = 1080, SECONDS = 12, AT_60 = 60 };
    static int16_t pairs[2 * LP_VIDEO_HZ / AT_60];
    static uint32_t large[WIDE * HIGH];
    if (!has_ffmpeg()) skip();
    lp_video *video;
    lp_err err;
    snprintf(path, sizeof path, "%s/behind.mkv", folder);
    if (lp_video_open(&video, &(lp_video_config){.target = path, .width = WIDE, .height = HIGH, .fps = AT_60}, &err))
        fail_msg("%s", err.message);
    for (int i = 0; i < SECONDS * AT_60; i++) { /* as fast as it goes, each unlike the one before */
        for (int k = 0; k < WIDE * HIGH; k += 7) large[k] += 0x10305 * (uint32_t)(i + k);
        paint_counter(large, WIDE, i);
        for (int k = 0; k < LP_VIDEO_HZ / AT_60; k++)
            pairs[2 * k] = pairs[2 * k + 1] = (int16_t)(i % AT_60 ? 0 : 20000 * (k % 48 < 24 ? 1 : -1));
        lp_video_put(video, large, pairs, LP_VIDEO_HZ / AT_60);
    }
    const lp_video_state s = lp_video_look(video);
    close_video(video);
    static int counters[MAX_FRAMES];
    int16_t *sound;
    const int n = read_counters(path, WIDE, HIGH, counters), n_pairs = read_sound(path, &sound) - CODEC_PAIRS;
    print_message("%d pictures of %d, %d passed over by then\n", n, SECONDS * AT_60, (int)s.passed_over);
    assert_true(s.passed_over > 0 && n > SECONDS && n < SECONDS * AT_60);
    for (int i = 1; i < n; i++) assert_true(counters[i] >= counters[i - 1]);
    assert_true(fabs((double)n_pairs / LP_VIDEO_HZ - SECONDS) <= 0.04);
    for (int i = 0, at = 0; i < SECONDS; i++, at += LP_VIDEO_HZ / 2) { /* a click each second */
        while (at < n_pairs && abs(sound[at]) < 8000) at++;
        if (fabs((double)at / LP_VIDEO_HZ - i) > 0.04) fail_msg("second %d is heard at %.3f", i, (double)at / LP_VIDEO_HZ);
    }
    free(sound);
    FILE *pipe = decode(path, "-map 0:v -r 60 -fps_mode cfr -vf scale=16:16 -f rawvideo -pix_fmt gray"); /* as it is seen */
    uint8_t frame[16 * 16];
    int seen = 0;
    while (fread(frame, sizeof frame, 1, pipe) == 1) seen++;
    (void)pclose(pipe);
    assert_true(abs(seen - SECONDS * AT_60) <= AT_60); /* the last picture may have begun a while before the end */
    assert_int_equal(remove(path), 0);
}

/* A file that a kill left behind: good nearly to its end. */
static void test_cut(void **state) {
    (void)state;
    static const char *const names[] = {"cut.mkv", "cut.mp4"};
    static int counters[MAX_FRAMES];
    if (!has_ffmpeg()) skip();
    for (int i = 0; i < 2; i++) {
        lp_blob blob;
        lp_video *video = open_video(names[i], 60);
        put_pictures(video, 0, PICTURES);
        close_video(video);
        assert_int_equal(lp_file_read(&blob, path, 1 << 30, NULL), LP_OK);
        assert_int_equal(truncate(path, (off_t)(blob.size_bytes * 3 / 4)), 0);
        lp_blob_free(&blob);
        int n = read_counters(path, W, H, counters);
        print_message("%s, cut to three quarters: %d of %d pictures\n", names[i], n, PICTURES);
        assert_in_range(n, PICTURES / 4, PICTURES);
        for (int k = 1; k < n; k++) assert_in_range(counters[k] - counters[k - 1], 0, 1);
        assert_int_equal(remove(path), 0);
    }
}

/* A full disk: it is told, who puts goes on, and what was written can be seen. */
static void test_full_disk(void **state) {
    (void)state;
    static int counters[MAX_FRAMES];
    lp_err err;
    if (!has_ffmpeg()) skip();
    lp_video *video = open_video("full.mkv", 60);
    put_pictures(video, 0, 200);
    while (lp_video_look(video).frames < 150) usleep(1000);
    lp_fault = (lp_fault_plan){.armed = true, .bytes_left = 2000, .error = 28 /* ENOSPC */};
    put_pictures(video, 200, 6000);
    assert_false(lp_video_look(video).connected);
    assert_int_equal(lp_video_close(video, &err), LP_FAILED);
    lp_fault.armed = false;
    if (!strstr(err.message, "full.mkv") || !strstr(err.message, "No space left")) fail_msg("%s", err.message);
    assert_in_range(read_counters(path, W, H, counters), 60, 6000);
    assert_int_equal(remove(path), 0);
}

static void refuse(const lp_video_config *config, const char *says) {
    lp_err err;
    lp_video *video;
    assert_int_equal(lp_video_check(config, &err), LP_BAD_INPUT);
    if (!strstr(err.message, says)) fail_msg("%s (want '%s')", err.message, says);
    assert_int_equal(lp_video_open(&video, config, &err), LP_BAD_INPUT);
    assert_null(video);
}

static void test_refused(void **state) {
    (void)state;
    char there[300];
    snprintf(there, sizeof there, "%s/there.mkv", folder);
    assert_int_equal(lp_file_write_atomic(there, "x", 1, NULL), LP_OK);
    refuse(&(lp_video_config){.target = there, .width = W, .height = H, .fps = 60}, "already");
    assert_int_equal(remove(there), 0);
    refuse(&(lp_video_config){.target = "a.avi", .width = W, .height = H, .fps = 60}, ".mkv or .mp4");
    refuse(&(lp_video_config){.target = "/nowhere/a.mkv", .width = W, .height = H, .fps = 60}, "/nowhere/a.mkv");
    refuse(&(lp_video_config){.target = "a.mkv", .width = W + 1, .height = H, .fps = 60}, "even");
    refuse(&(lp_video_config){.target = "no-scheme", .width = W, .height = H, .fps = 60, .live = true}, "no address");
    refuse(&(lp_video_config){.target = "gopher9://x", .width = W, .height = H, .fps = 60, .live = true}, "no address");
    refuse(&(lp_video_config){.target = "rtnp://host/live/secret", .width = W, .height = H, .fps = 60, .live = true}, "rtnp://host:");
}

static lp_status check_url(const char *url, lp_err *err) {
    *err = (lp_err){{0}};
    return lp_video_check(&(lp_video_config){.target = url, .width = W, .height = H, .fps = 60, .live = true}, err);
}

/* What would be tried for ever, or goes to no server, is refused; a password is not told. */
static void test_addresses(void **state) {
    (void)state;
    static const char *const refused[][2] = {
        {"rtmp://", "rtmp://: names no server"},
        {"rtmp:///live/key", "rtmp://: names no server"},
        {"rtmp://me:secret@:/live", "rtmp://:: its port"},
        {"rtmp://host:99999/live/key", "rtmp://host:99999: its port"},
        {"rtmp://host:0/live/key", "its port"},
        {"rtmp://me:secret@host:19x5/live/key", "rtmp://host:19x5: its port"},
        {"rtmp://[::1]:70000/live", "rtmp://[::1]:70000: its port"},
        {"srt://host?passphrase=secret", "srt://host: needs a port"},
        {"srt://[::1]", "srt://[::1]: needs a port"},
        {"pipe://1", "no address"},
        {"data://host/x", "no address"},
        {"rtnp://me:secret@host/live", "rtnp://host: no address"},
        {"", "'': no address"},
    };
    static const char *const good[] = {"rtmp://host/live/key", "rtmp://me:a@b@host:1935/live", "rtmp://[::1]/live",
                                       "srt://[::1]:9000",     "srt://:9000?mode=listener",    "rtsp://host/live",
                                       "unix:///run/socket"};
    lp_err err;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        if (check_url(refused[i][0], &err) != LP_BAD_INPUT || !strstr(err.message, refused[i][1]) || strstr(err.message, "secret"))
            fail_msg("%s: '%s' (want '%s')", refused[i][0], err.message, refused[i][1]);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (check_url(good[i], &err)) fail_msg("%s", err.message);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),     cmocka_unit_test(test_behind),  cmocka_unit_test(test_cut),
        cmocka_unit_test(test_full_disk), cmocka_unit_test(test_refused), cmocka_unit_test(test_addresses),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
