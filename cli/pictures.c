#include "cli/pictures.h"

#include "view/viewer.h"

#include <stdlib.h>

enum { COLUMNS = 4, FRAME = 3, GAP = 5 };
static const uint32_t BACKGROUND = 0x202020, WON = 0x40b050, LOST = 0xd03830, OTHER = 0x909090; /* 0x00RRGGBB */

typedef struct {
    uint32_t *pixels; /* owned */
    int width, height;
} canvas;

static void fill(canvas *c, int x, int y, int width, int height, uint32_t color) {
    for (int row = y; row < y + height; row++)
        for (int column = x; column < x + width; column++) c->pixels[row * c->width + column] = color;
}

static void put(canvas *c, int x, int y, const uint32_t *frame, int width, int height) {
    for (int row = 0; row < height; row++) lp_frame_pixels(c->pixels + (y + row) * c->width + x, frame + row * width, (size_t)width);
}

static lp_status open_canvas(canvas *c, const char *path, int width, int height, lp_err *err) {
    *c = (canvas){malloc((size_t)width * (size_t)height * sizeof *c->pixels), width, height};
    return c->pixels ? LP_OK : lp_fail(err, LP_FAILED, "%s: out of memory for a picture", path);
}

static lp_status close_canvas(canvas *c, const char *path, lp_err *err) {
    lp_status status = lp_png_write(path, c->pixels, c->width, c->height, err);
    free(c->pixels);
    return status;
}

lp_status lp_picture_write(const char *path, const uint32_t *frame, int width, int height, lp_err *err) {
    canvas c;
    lp_status status = open_canvas(&c, path, width, height, err);
    if (status) return status;
    put(&c, 0, 0, frame, width, height);
    return close_canvas(&c, path, err);
}

lp_status lp_contact_sheet_write(const char *path, const lp_trial *t, lp_err *err) {
    int cell_w = t->width + 2 * FRAME, cell_h = t->height + 2 * FRAME;
    int columns = t->n_episodes < COLUMNS ? t->n_episodes : COLUMNS, rows = (t->n_episodes + COLUMNS - 1) / COLUMNS;
    canvas c;
    lp_status status = open_canvas(&c, path, columns * (cell_w + GAP) + GAP, rows * (cell_h + GAP) + GAP, err);
    if (status) return status;
    fill(&c, 0, 0, c.width, c.height, BACKGROUND);
    for (int i = 0; i < t->n_episodes; i++) {
        int x = GAP + i % COLUMNS * (cell_w + GAP), y = GAP + i / COLUMNS * (cell_h + GAP);
        lp_outcome outcome = t->episodes[i].outcome;
        fill(&c, x, y, cell_w, cell_h, outcome == LP_WIN ? WON : outcome == LP_LOSS ? LOST : OTHER);
        put(&c, x + FRAME, y + FRAME, t->pictures + (size_t)i * (size_t)t->width * (size_t)t->height, t->width, t->height);
    }
    return close_canvas(&c, path, err);
}
