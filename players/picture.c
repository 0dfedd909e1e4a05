#include "players/picture.h"

#include "base/base64.h"
#include "view/viewer.h"

#include <stdlib.h>

enum { LINE = 0xff3030, PAPER = 0x202020, INK = 0xffffff, DIGIT_WIDTH = 3, DIGIT_HEIGHT = 5 };

/* Five rows of three bits each, the first row highest. */
static const uint16_t digits[10] = {075557, 026227, 071747, 071717, 055711, 074717, 074757, 071111, 075757, 075717};

typedef struct {
    uint32_t *pixels;
    int width, height, scale;
} canvas;

/* In console pixels of the whole, margin and all. */
static void paint_digit(canvas *c, int x, int y, int digit) {
    for (int i = 0; i < DIGIT_HEIGHT * c->scale; i++)
        for (int k = 0; k < DIGIT_WIDTH * c->scale; k++) {
            const int bit = (DIGIT_HEIGHT - 1 - i / c->scale) * DIGIT_WIDTH + DIGIT_WIDTH - 1 - k / c->scale;
            const int px = x * c->scale + k, py = y * c->scale + i;
            if (digits[digit] >> bit & 1 && px < c->width && py < c->height) c->pixels[py * c->width + px] = INK;
        }
}

/* Up to 99, in the middle of x and y. */
static void paint_number(canvas *c, int x, int y, int n) {
    const int two = n > 9, left = x - (two ? DIGIT_WIDTH + 1 : DIGIT_WIDTH) + (two ? 0 : 1);
    if (two) paint_digit(c, left, y - DIGIT_HEIGHT / 2, n / 10 % 10);
    paint_digit(c, two ? left + DIGIT_WIDTH + 1 : left, y - DIGIT_HEIGHT / 2, n % 10);
}

static void paint_grid(canvas *c, int width, int height, int grid) {
    const int margin = LP_GRID_MARGIN * c->scale, step = grid * c->scale;
    for (int y = margin; y < c->height; y++)
        for (int x = margin; x < c->width; x += step) c->pixels[y * c->width + x] = LINE;
    for (int y = margin; y < c->height; y += step)
        for (int x = margin; x < c->width; x++) c->pixels[y * c->width + x] = LINE;
    for (int i = 0; i * grid < width; i++) paint_number(c, LP_GRID_MARGIN + i * grid + grid / 2, LP_GRID_MARGIN / 2, i);
    for (int i = 0; i * grid < height; i++) paint_number(c, LP_GRID_MARGIN / 2, LP_GRID_MARGIN + i * grid + grid / 2, i);
}

uint32_t *lp_picture(int *out_width, int *out_height, const uint32_t *frame, int width, int height, int scale, int grid) {
    const int margin = grid ? LP_GRID_MARGIN * scale : 0;
    canvas c = {NULL, width * scale + margin, height * scale + margin, scale};
    c.pixels = malloc(((size_t)c.width * (size_t)c.height + (size_t)width) * sizeof *c.pixels + 1);
    *out_width = c.width, *out_height = c.height;
    if (!c.pixels) return NULL;
    uint32_t *row = c.pixels + (size_t)c.width * (size_t)c.height;
    for (int y = 0; y < c.height; y++) {
        if (y >= margin) lp_frame_pixels(row, frame + (size_t)((y - margin) / scale) * (size_t)width, (size_t)width);
        for (int x = 0; x < c.width; x++) c.pixels[y * c.width + x] = x < margin || y < margin ? PAPER : row[(x - margin) / scale];
    }
    if (grid) paint_grid(&c, width, height, grid);
    return c.pixels;
}

char *lp_picture_base64(const uint32_t *frame, int width, int height, int scale, int grid) {
    int w, h;
    unsigned char *png = NULL;
    size_t size = 0;
    uint32_t *pixels = lp_picture(&w, &h, frame, width, height, scale, grid);
    char *text = pixels && !lp_png_encode(&png, &size, pixels, w, h, NULL) ? calloc(1, lp_base64_size(size) + 1) : NULL;
    if (text) lp_base64(text, png, size);
    free(pixels), free(png);
    return text;
}
