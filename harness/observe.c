/* Area averages in whole numbers. In units of 1 / (in out) of an axis, input i covers [i out, (i + 1) out) and output o covers
 * [o in, (o + 1) in). First the rows of an output row are added up with their weights, then, from the left, a running
 * sum over their columns gives each output as a difference. Sums stay below 2^32: 240 * 160 * 255 * 256 do. The running one
 * wraps around, differences do not mind. */
#include "harness/observe.h"

#include "base/simd.h"
#include "emulator/emulator.h"

#include <assert.h>
#include <string.h>

static inline __attribute__((always_inline)) uint32_t luma(uint32_t pixel) { /* times 256 */
    return 77 * (pixel & 255) + 150 * (pixel >> 8 & 255) + 29 * (pixel >> 16 & 255);
}

/* The common case, Game Boy to 80x72: every output is four whole pixels. */
LP_CLONES static void halve(uint8_t *restrict out, int out_w, int out_h, const uint32_t *restrict frame, int stride) {
    uint32_t both[LP_EMU_MAX_WIDTH];
    for (int y = 0; y < out_h; y++, frame += 2 * stride, out += out_w) {
        for (int x = 0; x < 2 * out_w; x++) both[x] = luma(frame[x]) + luma(frame[stride + x]);
        for (int x = 0; x < out_w; x++) out[x] = (uint8_t)((both[2 * x] + both[2 * x + 1] + 512) >> 10);
    }
}

/* column[x] = the weighted sum of channel values down output row y. channel: -1 luma, else the shift of a colour. */
LP_CLONES static void add_rows(uint32_t *restrict column, int y, int out_h, const uint32_t *restrict frame, int stride, int in_w, int in_h, int channel) {
    memset(column, 0, (size_t)in_w * sizeof *column);
    for (int i = y * in_h / out_h; i * out_h < (y + 1) * in_h; i++) {
        int from = i * out_h > y * in_h ? i * out_h : y * in_h, to = (i + 1) * out_h < (y + 1) * in_h ? (i + 1) * out_h : (y + 1) * in_h;
        const uint32_t *row = frame + i * stride, weight = (uint32_t)(to - from);
        if (channel < 0)
            for (int x = 0; x < in_w; x++) column[x] += weight * luma(row[x]);
        else
            for (int x = 0; x < in_w; x++) column[x] += weight * (row[x] >> channel & 255);
    }
}

/* out[o step], o < out_w: means along a row of columns; whole: the weight of one output. */
static void average_row(uint8_t *out, int step, int out_w, const uint32_t *column, int in_w, uint32_t whole) {
    const double share = 1.0 / whole; /* (sum + 1/2) / whole is at least 1 / (2 whole) from the next whole number: no rounding reaches it */
    uint32_t before = 0, running = 0;
    for (int o = 0, i = 0, at = 0; o < out_w; o++) {
        for (at += in_w; at >= out_w; at -= out_w) running += (uint32_t)out_w * column[i++];
        uint32_t until = running + (at ? (uint32_t)at * column[i] : 0);
        out[o * step] = (uint8_t)((until - before + whole / 2 + 0.5) * share);
        before = until;
    }
}

void lp_observe_grey(uint8_t *out, int out_w, int out_h, const uint32_t *frame, int stride, int in_w, int in_h) {
    assert(out_w > 0 && out_w <= in_w && out_h > 0 && out_h <= in_h && in_w <= LP_EMU_MAX_WIDTH && in_h <= LP_EMU_MAX_HEIGHT);
    if (in_w == 2 * out_w && in_h == 2 * out_h) {
        halve(out, out_w, out_h, frame, stride);
        return;
    }
    uint32_t column[LP_EMU_MAX_WIDTH];
    for (int y = 0; y < out_h; y++, out += out_w) {
        add_rows(column, y, out_h, frame, stride, in_w, in_h, -1);
        average_row(out, 1, out_w, column, in_w, 256 * (uint32_t)in_w * (uint32_t)in_h);
    }
}

void lp_observe_rgb(uint8_t *out, int out_w, int out_h, const uint32_t *frame, int stride, int in_w, int in_h) {
    assert(out_w > 0 && out_w <= in_w && out_h > 0 && out_h <= in_h && in_w <= LP_EMU_MAX_WIDTH && in_h <= LP_EMU_MAX_HEIGHT);
    if (in_w == out_w && in_h == out_h) {
        for (int y = 0; y < in_h; y++, frame += stride)
            for (int x = 0; x < in_w; x++, out += 3) out[0] = (uint8_t)frame[x], out[1] = (uint8_t)(frame[x] >> 8), out[2] = (uint8_t)(frame[x] >> 16);
        return;
    }
    uint32_t column[LP_EMU_MAX_WIDTH];
    for (int y = 0; y < out_h; y++, out += 3 * out_w)
        for (int c = 0; c < 3; c++) {
            add_rows(column, y, out_h, frame, stride, in_w, in_h, 8 * c);
            average_row(out + c, 3, out_w, column, in_w, (uint32_t)in_w * (uint32_t)in_h);
        }
}

LP_CLONES void lp_observe_shades(uint8_t *out, const uint32_t *frame, int stride, int in_w, int in_h) {
    assert(in_w % 4 == 0);
    for (int y = 0; y < in_h; y++, frame += stride, out += in_w / 4)
        for (int x = 0; x < in_w / 4; x++) {
            const uint32_t *p = frame + 4 * x;
            out[x] = (uint8_t)((p[0] >> 6 & 3) | (p[1] >> 4 & 12) | (p[2] >> 2 & 48) | (p[3] & 192));
        }
}
