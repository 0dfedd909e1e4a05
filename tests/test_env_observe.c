/* Observations against the area average the slow way: both pictures cut into pieces so fine that each lies in one pixel of
 * either. */
#include "base/rng.h"
#include "emulator/emulator.h"
#include "env/observation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { STRIDE = LP_EMU_MAX_WIDTH, PIXELS = LP_EMU_MAX_WIDTH * LP_EMU_MAX_HEIGHT };
static uint32_t frame[PIXELS];
static uint8_t out[3 * PIXELS + 1];

static uint8_t average(int in_w, int in_h, int out_w, int out_h, int x, int y, const int weights[3], uint64_t unit) {
    uint64_t sum = 0, n = (uint64_t)in_w * (uint64_t)in_h;
    for (int j = 0; j < in_h; j++)
        for (int i = 0; i < in_w; i++) {
            uint32_t p = frame[(y * in_h + j) / out_h * STRIDE + (x * in_w + i) / out_w];
            for (int c = 0; c < 3; c++) sum += (uint64_t)weights[c] * (p >> 8 * c & 255);
        }
    return (uint8_t)((sum + unit * n / 2) / (unit * n));
}

static const int sizes[][4] = {{160, 144, 80, 72},  {160, 144, 160, 144}, {160, 144, 53, 31},   {160, 144, 8, 8},
                               {160, 144, 84, 84},  {160, 144, 40, 72},   {160, 144, 159, 143}, {240, 160, 80, 72},
                               {240, 160, 120, 80}, {240, 160, 240, 160}, {240, 160, 239, 1},   {77, 31, 33, 30}};
static const int grey[3] = {77, 150, 29}, one[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};

static void compare(lp_rng *rng, const int size[4]) {
    int in_w = size[0], in_h = size[1], w = size[2], h = size[3];
    memset(out, 7, sizeof out);
    lp_observe_grey(out, w, h, frame, STRIDE, in_w, in_h);
    assert_int_equal(out[w * h], 7);
    for (int k = 0; k < 40; k++) {
        int x = k == 0 ? 0 : k == 1 ? w - 1 : (int)lp_rng_below(rng, (uint32_t)w);
        int y = k == 0 ? 0 : k == 1 ? h - 1 : (int)lp_rng_below(rng, (uint32_t)h);
        assert_int_equal(out[y * w + x], average(in_w, in_h, w, h, x, y, grey, 256));
    }
    memset(out, 7, sizeof out);
    lp_observe_rgb(out, w, h, frame, STRIDE, in_w, in_h);
    assert_int_equal(out[3 * w * h], 7);
    for (int k = 0; k < 40; k++) {
        int x = (int)lp_rng_below(rng, (uint32_t)w), y = k == 0 ? h - 1 : (int)lp_rng_below(rng, (uint32_t)h);
        for (int c = 0; c < 3; c++) assert_int_equal(out[3 * (y * w + x) + c], average(in_w, in_h, w, h, x, y, one[c], 1));
    }
}

static void test_averages(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(61, 0);
    for (int i = 0; i < PIXELS; i++) frame[i] = (uint32_t)lp_rng_u64(&rng) & 0xffffff;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) compare(&rng, sizes[s]);
    for (int k = 0; k < 20; k++) {
        int size[4] = {1 + (int)lp_rng_below(&rng, 240), 1 + (int)lp_rng_below(&rng, 160)};
        size[2] = 1 + (int)lp_rng_below(&rng, (uint32_t)size[0]), size[3] = 1 + (int)lp_rng_below(&rng, (uint32_t)size[1]);
        compare(&rng, size);
    }
    for (int i = 0; i < PIXELS; i++) frame[i] = 0xffffff; /* the largest sums */
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        lp_observe_grey(out, sizes[s][2], sizes[s][3], frame, STRIDE, sizes[s][0], sizes[s][1]);
        for (int i = 0; i < sizes[s][2] * sizes[s][3]; i++) assert_int_equal(out[i], 255);
    }
}

static void test_shades(void **state) {
    (void)state;
    static const uint32_t greys[4] = {0x000000, 0x525252, 0xadadad, 0xffffff};
    lp_rng rng = lp_rng_make(62, 0);
    uint8_t shade[PIXELS];
    for (int i = 0; i < PIXELS; i++) frame[i] = greys[shade[i] = (uint8_t)lp_rng_below(&rng, 4)];
    lp_observe_shades(out, frame, STRIDE, 160, 144);
    for (int y = 0; y < 144; y++)
        for (int x = 0; x < 160; x++) assert_int_equal(out[y * 40 + x / 4] >> 2 * (x % 4) & 3, shade[y * STRIDE + x]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_averages), cmocka_unit_test(test_shades)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
