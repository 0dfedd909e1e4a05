#include "harness/observe.h"

#include "emulator/emulator.h"

#include <assert.h>

static inline uint32_t luma(uint32_t pixel) { /* times 256 */
    return 77 * (pixel & 255) + 150 * (pixel >> 8 & 255) + 29 * (pixel >> 16 & 255);
}

/* The common case, Game Boy to 80x72: every output is four whole pixels. */
static void halve(uint8_t *out, int out_w, int out_h, const uint32_t *frame) {
    for (int y = 0; y < out_h; y++, frame += 4 * out_w)
        for (int x = 0; x < out_w; x++) {
            const uint32_t *a = frame + 2 * x, *b = a + 2 * out_w;
            *out++ = (uint8_t)((luma(a[0]) + luma(a[1]) + luma(b[0]) + luma(b[1]) + 512) >> 10);
        }
}

void lp_observe_grey(uint8_t *out, int out_w, int out_h, const uint32_t *frame, int in_w, int in_h) {
    assert(out_w > 0 && out_w <= in_w && out_h > 0 && out_h <= in_h && in_w <= LP_EMU_MAX_WIDTH);
    if (in_w == 2 * out_w && in_h == 2 * out_h) {
        halve(out, out_w, out_h, frame);
        return;
    }
    /* In units of 1 / (in out) of an axis, input i covers [i out, (i + 1) out) and output o covers [o in, (o + 1) in). */
    const uint64_t whole = 256ull * (uint64_t)in_w * (uint64_t)in_h;
    for (int y = 0; y < out_h; y++) {
        uint64_t column[LP_EMU_MAX_WIDTH] = {0}; /* weighted sums down the rows of this output row */
        for (int i = y * in_h / out_h; i * out_h < (y + 1) * in_h; i++) {
            int from = i * out_h > y * in_h ? i * out_h : y * in_h, to = (i + 1) * out_h < (y + 1) * in_h ? (i + 1) * out_h : (y + 1) * in_h;
            for (int x = 0; x < in_w; x++) column[x] += (uint64_t)(to - from) * luma(frame[i * in_w + x]);
        }
        for (int x = 0; x < out_w; x++) {
            uint64_t sum = whole / 2;
            for (int i = x * in_w / out_w; i * out_w < (x + 1) * in_w; i++) {
                int from = i * out_w > x * in_w ? i * out_w : x * in_w, to = (i + 1) * out_w < (x + 1) * in_w ? (i + 1) * out_w : (x + 1) * in_w;
                sum += (uint64_t)(to - from) * column[i];
            }
            *out++ = (uint8_t)(sum / whole);
        }
    }
}
