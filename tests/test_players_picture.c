/* What a chat model sees: every pixel of the console so many times as wide and high, and a grid with numbers that leaves the picture in its place. */
#include "players/picture.h"

#include "view/viewer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { WIDTH = 160, HEIGHT = 144, RED = 0xff3030, WHITE = 0xffffff };

static uint32_t frame[WIDTH * HEIGHT], colours[WIDTH * HEIGHT];

static int setup(void **state) {
    (void)state;
    for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) frame[i] = i * 2654435761u >> 9; /* no grid's red */
    lp_frame_pixels(colours, frame, WIDTH * HEIGHT);
    return 0;
}

static void test_enlarged(void **state) {
    (void)state;
    for (int scale = 1; scale <= 8; scale++) {
        int w, h;
        uint32_t *p = lp_picture(&w, &h, frame, WIDTH, HEIGHT, scale, 0);
        assert_non_null(p);
        assert_int_equal(w, WIDTH * scale);
        assert_int_equal(h, HEIGHT * scale);
        for (int y = 0; y < h; y++)
            for (int x = 0; x < w; x++) assert_int_equal(p[y * w + x], colours[y / scale * WIDTH + x / scale]);
        free(p);
    }
}

/* How many of the pixels of the part are of the colour. */
static int count(const uint32_t *p, int width, int x0, int y0, int w, int h, uint32_t colour) {
    int n = 0;
    for (int y = y0; y < y0 + h; y++)
        for (int x = x0; x < x0 + w; x++) n += p[y * width + x] == colour;
    return n;
}

static void test_grid(void **state) {
    (void)state;
    static const int grids[] = {8, 16, 31, 128};
    for (int scale = 1; scale <= 3; scale++)
        for (size_t g = 0; g < sizeof grids / sizeof *grids; g++) {
            const int grid = grids[g], margin = LP_GRID_MARGIN * scale;
            int w, h;
            uint32_t *p = lp_picture(&w, &h, frame, WIDTH, HEIGHT, scale, grid);
            assert_non_null(p);
            assert_int_equal(w, WIDTH * scale + margin);
            assert_int_equal(h, HEIGHT * scale + margin);
            for (int y = margin; y < h; y++)
                for (int x = margin; x < w; x++) {
                    const int px = x - margin, py = y - margin;
                    const bool line = px % (grid * scale) == 0 || py % (grid * scale) == 0;
                    assert_int_equal(p[y * w + x], line ? RED : colours[py / scale * WIDTH + px / scale]);
                }
            for (int i = 0; (i + 1) * grid <= WIDTH; i++) /* each column has its number, of its own cell */
                assert_in_range(count(p, w, margin + i * grid * scale, 0, grid * scale, margin, WHITE), 5 * scale * scale,
                                26 * scale * scale);
            for (int i = 0; (i + 1) * grid <= HEIGHT; i++)
                assert_in_range(count(p, w, 0, margin + i * grid * scale, margin, grid * scale, WHITE), 5 * scale * scale,
                                26 * scale * scale);
            assert_int_equal(count(p, w, 0, 0, margin, margin, WHITE), 0);
            free(p);
        }
}

/* A 7 as it is drawn. */
static void test_number(void **state) {
    (void)state;
    static const char *const seven[] = {"###", "..#", "..#", "..#", "..#"};
    int w, h;
    uint32_t *p = lp_picture(&w, &h, frame, WIDTH, HEIGHT, 1, 16);
    assert_non_null(p);
    const int left = LP_GRID_MARGIN + 7 * 16 + 8 - 2, top = 2;
    for (int y = 0; y < 5; y++)
        for (int x = 0; x < 3; x++) assert_int_equal(p[(top + y) * w + left + x] == WHITE, seven[y][x] == '#');
    free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_enlarged), cmocka_unit_test(test_grid), cmocka_unit_test(test_number)};
    return cmocka_run_group_tests(tests, setup, NULL);
}
