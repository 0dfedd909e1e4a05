/* What a video has in it, as ffmpeg decodes it: the counters that test pictures carry, and the sound. */
#ifndef LP_TESTS_VIDEO_SUPPORT_H
#define LP_TESTS_VIDEO_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A counter of 16 squares, black or white, in the top left corner. */
enum { COUNTER_BITS = 16, SQUARE = 16, MAX_FRAMES = 8192 };

static inline bool has_ffmpeg(void) {
    if (!system("ffmpeg -version >/dev/null 2>&1")) return true;
    print_message("skipped: no ffmpeg here (Debian: ffmpeg)\n");
    return false;
}

static inline void paint_counter(uint32_t *pixels, int width, int counter) {
    for (int bit = 0; bit < COUNTER_BITS; bit++)
        for (int y = 0; y < SQUARE; y++)
            for (int x = 0; x < SQUARE; x++)
                pixels[(bit / 8 * SQUARE + y) * width + bit % 8 * SQUARE + x] = counter >> bit & 1 ? 0xFFFFFF : 0x000000;
}

static inline FILE *decode(const char *path, const char *options) {
    char command[1024];
    snprintf(command, sizeof command, "ffmpeg -v error -i '%s' %s -", path, options);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    return pipe;
}

/* The counters of all frames, in order; returns how many frames there are. */
static inline int read_counters(const char *path, int width, int height, int *counters) {
    FILE *pipe = decode(path, "-map 0:v -fps_mode passthrough -f rawvideo -pix_fmt gray");
    uint8_t *frame = malloc((size_t)width * (size_t)height);
    assert_non_null(frame);
    int n = 0;
    for (; n < MAX_FRAMES && fread(frame, (size_t)width * (size_t)height, 1, pipe) == 1; n++) {
        counters[n] = 0;
        for (int bit = 0; bit < COUNTER_BITS; bit++)
            counters[n] |= (frame[(bit / 8 * SQUARE + SQUARE / 2) * width + bit % 8 * SQUARE + SQUARE / 2] > 127) << bit;
    }
    free(frame);
    (void)pclose(pipe);
    return n;
}

/* The left side; returns how many pairs there are. The caller frees *out. */
static inline int read_sound(const char *path, int16_t **out) {
    FILE *pipe = decode(path, "-map 0:a -f s16le -ac 2 -ar 48000");
    int n = 0, room = 1 << 20;
    int16_t pair[2];
    *out = malloc((size_t)room * sizeof **out);
    assert_non_null(*out);
    for (; n < room && fread(pair, sizeof pair, 1, pipe) == 1; n++) (*out)[n] = pair[0];
    (void)pclose(pipe);
    return n;
}

#endif
