/* The canvas: rectangles, rounded panels, blended columns and the game's picture, clipped to the picture. */
#include "view/view_paint.h"

#include <math.h>
#include <string.h>

int lp_paint_px(const lp_painter *p, int units) { return (int)lrintf((float)units * p->scale); }

/* Edges that meet in units meet in pixels. */
static lp_rect in_pixels(const lp_painter *p, lp_rect r) {
    int x = lp_paint_px(p, r.x), y = lp_paint_px(p, r.y);
    return (lp_rect){x, y, lp_paint_px(p, r.x + r.w) - x, lp_paint_px(p, r.y + r.h) - y};
}

static lp_rect clipped(const lp_painter *p, lp_rect r) {
    int right = r.x + r.w < p->width ? r.x + r.w : p->width;
    int bottom = r.y + r.h < p->height ? r.y + r.h : p->height;
    int x = r.x > 0 ? r.x : 0, y = r.y > 0 ? r.y : 0;
    return (lp_rect){x, y, right > x ? right - x : 0, bottom > y ? bottom - y : 0};
}

static void fill_pixels(lp_painter *p, lp_rect r, uint32_t ink) {
    r = clipped(p, r);
    for (int y = r.y; y < r.y + r.h; y++) {
        uint32_t *row = p->canvas + (size_t)y * (size_t)p->width + r.x;
        for (int x = 0; x < r.w; x++) row[x] = 0xff000000u | ink;
    }
}

void lp_paint_fill(lp_painter *p, lp_rect r, uint32_t ink) { fill_pixels(p, in_pixels(p, r), ink); }

void lp_paint_pixel(lp_painter *p, int x, int y, uint32_t ink, int coverage) {
    if (x < 0 || y < 0 || x >= p->width || y >= p->height || coverage <= 0) return;
    uint32_t *to = p->canvas + (size_t)y * (size_t)p->width + x;
    if (coverage >= 255) {
        *to = 0xff000000u | ink;
        return;
    }
    uint32_t a = (uint32_t)coverage + ((uint32_t)coverage >> 7), b = 256 - a, old = *to; /* a: 0 to 256 */
    uint32_t red_blue = (((ink & 0xff00ff) * a + (old & 0xff00ff) * b) >> 8) & 0xff00ff;
    uint32_t green = (((ink & 0x00ff00) * a + (old & 0x00ff00) * b) >> 8) & 0x00ff00;
    *to = 0xff000000u | red_blue | green;
}

void lp_paint_shade(lp_painter *p, lp_rect r, uint32_t ink, int coverage) {
    r = clipped(p, in_pixels(p, r));
    for (int y = r.y; y < r.y + r.h; y++)
        for (int x = r.x; x < r.x + r.w; x++) lp_paint_pixel(p, x, y, ink, coverage);
}

uint32_t lp_paint_mix(uint32_t a, uint32_t b, float part) {
    if (!(part > 0)) return a;
    if (part >= 1) return b;
    uint32_t mixed = 0;
    for (int shift = 0; shift <= 16; shift += 8) {
        float from = (float)(a >> shift & 0xff), to = (float)(b >> shift & 0xff);
        mixed |= (uint32_t)(from + (to - from) * part + 0.5f) << shift;
    }
    return mixed;
}

void lp_paint_round(lp_painter *p, lp_rect r, int radius, uint32_t ink) {
    r = in_pixels(p, r);
    radius = lp_paint_px(p, radius);
    int most = (r.w < r.h ? r.w : r.h) / 2;
    if (radius > most) radius = most;
    if (radius <= 0) {
        fill_pixels(p, r, ink);
        return;
    }
    fill_pixels(p, (lp_rect){r.x, r.y + radius, r.w, r.h - 2 * radius}, ink);
    fill_pixels(p, (lp_rect){r.x + radius, r.y, r.w - 2 * radius, radius}, ink);
    fill_pixels(p, (lp_rect){r.x + radius, r.y + r.h - radius, r.w - 2 * radius, radius}, ink);
    for (int j = 0; j < radius; j++) {
        for (int i = 0; i < radius; i++) {
            float dx = (float)radius - ((float)i + 0.5f), dy = (float)radius - ((float)j + 0.5f);
            float inside = (float)radius - sqrtf(dx * dx + dy * dy) + 0.5f;
            int coverage = inside >= 1 ? 255 : inside <= 0 ? 0 : (int)(inside * 255);
            int left = r.x + i, right = r.x + r.w - 1 - i, top = r.y + j, bottom = r.y + r.h - 1 - j;
            lp_paint_pixel(p, left, top, ink, coverage);
            lp_paint_pixel(p, right, top, ink, coverage);
            lp_paint_pixel(p, left, bottom, ink, coverage);
            lp_paint_pixel(p, right, bottom, ink, coverage);
        }
    }
}

void lp_paint_column(lp_painter *p, int x, float top, float bottom, uint32_t ink, float alpha) {
    if (!(top < bottom)) return;
    int left = lp_paint_px(p, x), right = lp_paint_px(p, x + 1);
    top *= p->scale;
    bottom *= p->scale;
    int first = (int)floorf(top), last = (int)ceilf(bottom);
    for (int y = first; y < last; y++) {
        float from = top > (float)y ? top : (float)y, to = bottom < (float)(y + 1) ? bottom : (float)(y + 1);
        for (int i = left; i < right; i++) lp_paint_pixel(p, i, y, ink, (int)((to - from) * alpha * 255 + 0.5f));
    }
}

void lp_paint_bar(lp_painter *p, lp_rect r, float fraction, uint32_t ink) {
    if (!(fraction > 0)) fraction = 0;
    if (fraction > 1) fraction = 1;
    lp_paint_round(p, r, 3, p->ink[LP_INK_TRACK]);
    int w = (int)lrintf(fraction * (float)r.w);
    if (w == 0 && fraction > 0) w = 1;
    if (w > 0) lp_paint_round(p, (lp_rect){r.x, r.y, w, r.h}, 3, ink);
}

void lp_paint_frame(lp_painter *p, lp_rect place, const uint32_t *frame, int frame_width, int scale) {
    lp_rect r = clipped(p, place);
    for (int j = 0; j < r.h; j++) {
        uint32_t *row = p->canvas + (size_t)(r.y + j) * (size_t)p->width + r.x;
        int line = r.y + j - place.y;
        if (j > 0 && line % scale != 0) {
            memcpy(row, row - p->width, (size_t)r.w * sizeof *row);
            continue;
        }
        const uint32_t *from = frame + (size_t)(line / scale) * (size_t)frame_width;
        for (int i = 0; i < r.w; i++) {
            uint32_t c = from[(r.x + i - place.x) / scale];
            row[i] = 0xff000000u | (c & 0xff) << 16 | (c & 0xff00) | (c >> 16 & 0xff);
        }
    }
}
