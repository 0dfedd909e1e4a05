#include "players/picture.h"

#include "base/base64.h"
#include "view/viewer.h"

#include <stdlib.h>

char *lp_picture_base64(const uint32_t *frame, int width, int height, int scale) {
    const size_t w = (size_t)width * (size_t)scale, h = (size_t)height * (size_t)scale;
    uint32_t *pixels = malloc((w * h + (size_t)width) * sizeof *pixels + 1), *row = pixels + w * h;
    unsigned char *png = NULL;
    size_t size = 0;
    for (size_t y = 0; pixels && y < h; y++) {
        lp_frame_pixels(row, frame + y / (size_t)scale * (size_t)width, (size_t)width);
        for (size_t x = 0; x < w; x++) pixels[y * w + x] = row[x / (size_t)scale];
    }
    char *text = pixels && !lp_png_encode(&png, &size, pixels, (int)w, (int)h, NULL) ? calloc(1, lp_base64_size(size) + 1) : NULL;
    if (text) lp_base64(text, png, size);
    free(pixels), free(png);
    return text;
}
