/* Videos of what is played and replayed: every frame once, with the console's sound, and the machine none the wiser. */
#include "tests/cli_support.h"
#include "tests/tone_support.h"
#include "tests/video_support.h"

#include <math.h>

enum { PICTURE_PAIRS = LP_SOUND_HZ / 60 };
#define FRAME_PAIRS (LP_SOUND_HZ / LP_EMU_FRAMES_PER_S)

static result done(result r) {
    if (r.code) fail_msg("exit %d: %s", r.code, r.err);
    return r;
}

static uint64_t hash_of(result r) {
    const char *hash = strstr(done(r).out, "\"state_hash\":\"");
    assert_non_null(hash);
    return strtoull(hash + strlen("\"state_hash\":\""), NULL, 16);
}

static int count_pictures(const char *path) {
    FILE *pipe = decode(path, "-map 0:v -fps_mode passthrough -f rawvideo -pix_fmt gray -s 16x16");
    char picture[256];
    int n = 0;
    while (fread(picture, sizeof picture, 1, pipe) == 1) n++;
    (void)pclose(pipe);
    return n;
}

/* As long as n_frames of the console, picture and sound. */
static void check_length(const char *path, double n_frames) {
    int16_t *sound;
    int n = count_pictures(path), n_pairs = read_sound(path, &sound) - 1024; /* AAC begins with as many of its own */
    double want = n_frames * FRAME_PAIRS;
    print_message("%s: %d pictures, %d pairs, for %.0f frames\n", path, n, n_pairs, n_frames);
    assert_true(fabs(n * PICTURE_PAIRS - want) <= 0.04 * LP_SOUND_HZ);
    assert_true(fabs(n_pairs - want) <= 0.04 * LP_SOUND_HZ);
    free(sound);
}

/* 100 decisions of four frames. */
static void test_play_and_replay(void **state) {
    (void)state;
    if (!has_ffmpeg()) skip();
    const char *play = "play cue --set horizon=1000 --seed 3 --decisions 100 --headless --json";
    uint64_t plain = hash_of(longplay("%s", play));
    assert_int_equal(hash_of(longplay("%s --run %%/run --size 640x480 --record %%/play.mkv", play)), plain);
    check_length(at("play.mkv"), 400);
    assert_int_equal(hash_of(longplay("replay %%/run --headless --json --size 640x480 --video %%/whole.mp4")), plain);
    check_length(at("whole.mp4"), 400);
    done(longplay("replay %%/run --from 20 --to 60 --headless --layout game --size 640x480 --video %%/part.mp4"));
    check_length(at("part.mp4"), 161); /* the picture that decision 20 sees, too */
    result r = done(longplay("replay %%/run --to 60 --verify"));
    assert_non_null(strstr(r.out, "60 decisions replayed"));
}

/* A wins in some seconds: how an episode ended stands for two. */
static void test_end_stands(void **state) {
    (void)state;
    if (!has_ffmpeg()) skip();
    result r = done(longplay("play cue --set horizon=8 --episodes 2 --headless --json --size 640x480 --record %%/ends.mkv"));
    const char *decisions = strstr(r.out, "\"decisions\":");
    int n = atoi(decisions + strlen("\"decisions\":")), pictures = count_pictures(at("ends.mkv"));
    print_message("%d decisions: %d pictures\n", n, pictures);
    assert_in_range(pictures, n * 4 + 240, n * 4 + 252);
}

static void test_sound(void **state) {
    (void)state;
    if (!has_ffmpeg()) skip();
    put_tone_rom();
    done(longplay("play %%/tone.gb --policy random --decisions 120 --headless --layout game --size 640x480 --record %%/tone.mkv"));
    int16_t *sound;
    int n = read_sound(at("tone.mkv"), &sound), rises = 0;
    for (int i = n / 4; i < 3 * n / 4; i++) rises += sound[i] < 0 && sound[i + 1] >= 0;
    double hz = rises / (n / 2.0 / LP_SOUND_HZ);
    print_message("%d pairs, %.1f Hz\n", n, hz);
    assert_true(n > 6 * LP_SOUND_HZ);
    assert_true(fabs(hz - 131072 / 125.0) < 5);
    free(sound);
}

static void test_refused(void **state) {
    (void)state;
    put(at("there.mkv"), "x", 1);
    expect_refused(longplay("play cue --headless --decisions 1 --record %%/there.mkv"), 2, "already", "something there");
    expect_refused(longplay("play cue --headless --decisions 1 --run %%/none --record %%/a.avi"), 2, ".mkv or .mp4", "a name");
    expect_refused(longplay("play cue --headless --decisions 1 --size 641x481 --record %%/a.mkv"), 2, "even", "odd sides");
    expect_refused(longplay("play cue --headless --decisions 1 --fps 45 --record %%/a.mkv"), 2, "60 or 30", "45 a second");
    done(longplay("play cue --decisions 10 --headless --run %%/short"));
    expect_refused(longplay("replay %%/short --headless --from 5 --to 5 --video %%/a.mkv"), 2, "--to 5", "no decision");
    expect_refused(longplay("replay %%/short --headless --to 11 --video %%/a.mkv"), 2, "--to 11", "too far");
    assert_false(lp_file_exists(at("a.mkv")) || lp_file_exists(at("a.avi")) || lp_file_exists(at("none")));
}

/* A moment: two thirds lead to it; less where the run begins or ends. 15 decisions a second, four frames each. */
static void test_clip(void **state) {
    (void)state;
    if (!has_ffmpeg()) skip();
    done(longplay("play cue --set horizon=1000 --seed 3 --decisions 100 --headless --run %%/played"));
    done(longplay("clip %%/played --decision 50 --seconds 2 --size 640x480 -o %%/middle.mkv"));
    check_length(at("middle.mkv"), 121);
    done(longplay("clip %%/played --event sign --seconds 2 --size 640x480 --fps 30 -o %%/begin.mp4"));
    assert_in_range(count_pictures(at("begin.mp4")), 59, 63);
    done(longplay("clip %%/played --decision 99 --seconds 60 --layout game --size 640x480 -o %%/all.mp4"));
    check_length(at("all.mp4"), 400);
    expect_refused(longplay("clip %%/played -o %%/a.mp4"), 2, "--event", "no moment");
    expect_refused(longplay("clip %%/played --decision 3 --event sign -o %%/a.mp4"), 2, "one of them", "two moments");
    expect_refused(longplay("clip %%/played --decision 3"), 2, "-o FILE", "no file");
    expect_refused(longplay("clip %%/played --decision 100 -o %%/a.mp4"), 2, "100 decisions", "too late");
    expect_refused(longplay("clip %%/played --event zebra -o %%/a.mp4"), 2, "zebra", "no such words");
    expect_refused(longplay("clip %%/nothing --decision 1 -o %%/a.mp4"), 2, "nothing", "no run");
    assert_false(lp_file_exists(at("a.mp4")));
}

/* Nobody there: it is played all the same, and what follows the server's name is not told. */
static void test_stream_to_nobody(void **state) {
    (void)state;
    result r = done(longplay("play cue --set horizon=1000 --seed 3 --decisions 60 --headless --json --size 640x480 --stream "
                             "rtmp://me:secret@127.0.0.1:1/live/secret"));
    if (strstr(r.err, "secret") || !strstr(r.err, "rtmp://127.0.0.1:1: Connection refused; trying again in 1 s")) fail_msg("%s", r.err);
    const char *missed = strstr(r.out, "\"stream\":{\"losses\":");
    assert_non_null(missed);
    assert_true(atoi(missed + strlen("\"stream\":{\"losses\":")) >= 1);
    expect_refused(longplay("play cue --headless --decisions 1 --stream nowhere"), 2, "no address", "no URL");
}

/* On a full disk the agent plays on; the run is whole, the video is not. */
static void test_full_disk(void **state) {
    (void)state;
    result r = run_with("LONGPLAY_FAULT_BYTES=60000",
                        "play cue --set horizon=1000 --seed 3 --decisions 100 --headless --size 640x480 --record %/full.mkv");
    if (r.code != 1 || !strstr(r.err, "full.mkv") || !strstr(r.err, "No space left")) fail_msg("exit %d: %s", r.code, r.err);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_play_and_replay),
        cmocka_unit_test(test_end_stands),
        cmocka_unit_test(test_sound),
        cmocka_unit_test(test_clip),
        cmocka_unit_test(test_stream_to_nobody),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_full_disk),
    };
    return cmocka_run_group_tests(tests, make_root, remove_root);
}
