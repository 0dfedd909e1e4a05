/* Area averages in whole numbers. In units of 1 / (in out) of an axis, input i covers [i out, (i + 1) out) and output o covers
 * [o in, (o + 1) in). First the rows of an output row are added up with their weights, then the columns of an output. The
 * largest sum is 240 * 160 * 255 * 256, below 2^32. */
#include "env/observation.h"

#include "base/contract.h"
#include "base/simd.h"
#include "emulator/emulator.h"

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

LP_CLONES static void convert(uint8_t *restrict out, const uint32_t *restrict frame, int stride, int in_w, int in_h) {
    for (int y = 0; y < in_h; y++, frame += stride, out += in_w)
        for (int x = 0; x < in_w; x++) out[x] = (uint8_t)((luma(frame[x]) + 128) >> 8);
}

enum { PAIR = 2 }; /* output rows at once: two 32-bit sums in a 64-bit number */

/* channel: -1 luma times 256, else the shift of a colour. */
LP_CLONES static void read_row(uint16_t *restrict value, const uint32_t *restrict row, int n, int channel) {
    if (channel < 0)
        for (int x = 0; x < n; x++) value[x] = (uint16_t)luma(row[x]);
    else
        for (int x = 0; x < n; x++) value[x] = (uint16_t)(row[x] >> channel & 255);
}

LP_CLONES static void add_row(uint32_t *restrict sum, const uint16_t *restrict value, int n, uint32_t weight) {
    for (int x = 0; x < n; x++) sum[x] += weight * value[x];
}

/* Which columns make an output, and with what weight: output o is the sum of weight[t out_w + o] column[first[o] + t]. */
typedef struct {
    int n_taps, first[LP_EMU_MAX_WIDTH];
    uint32_t weight[3 * LP_EMU_MAX_WIDTH]; /* n_taps <= in_w / out_w + 2 */
} taps;

static void find_taps(taps *p, int out_w, int in_w) {
    p->n_taps = (in_w + out_w - 1) / out_w + (in_w % out_w != 0);
    for (int o = 0, first = 0, from = 0; o < out_w; o++) { /* from: where o begins within column `first` */
        p->first[o] = first;
        int left = in_w, here = out_w - from;
        for (int t = 0; t < p->n_taps; t++) {
            int part = left < here ? left : here;
            p->weight[t * out_w + o] = (uint32_t)part;
            left -= part;
            here = out_w;
        }
        for (from += in_w; from >= out_w; from -= out_w) first++;
    }
}

static inline __attribute__((always_inline)) void add_taps(uint64_t *restrict sum, int out_w, const uint64_t *restrict column,
                                                           const taps *p, int n_taps) {
    for (int o = 0; o < out_w; o++) {
        const uint64_t *c = column + p->first[o];
        uint64_t s = 0;
        for (int t = 0; t < n_taps; t++) s += p->weight[t * out_w + o] * c[t];
        sum[o] = s;
    }
}

/* The common numbers without a loop: 3 between once and twice smaller, as from 160 to 84, 4 up to three times, as from 240. */
static void add_columns(uint64_t *restrict sum, int out_w, const uint64_t *restrict column, const taps *p) {
    if (p->n_taps == 3) add_taps(sum, out_w, column, p, 3);
    else if (p->n_taps == 4) add_taps(sum, out_w, column, p, 4);
    else add_taps(sum, out_w, column, p, p->n_taps);
}

/* out[o step] = sum[o] / whole, rounded to nearest. Halves of whole apart from the next whole number, (sum + 1/2) / whole
 * cannot be rounded over it: in float after the common powers of two are gone, where that fits, else in double. */
LP_CLONES static void divide(uint8_t *restrict out, int step, int out_w, const uint32_t *restrict sum, uint32_t whole) {
    int shift = __builtin_ctz(whole);
    uint32_t odd = whole >> shift, half = whole / 2;
    if (shift >= 8 && odd < 1 << 10) {
        const float share = 1.0f / (float)odd;
        for (int o = 0; o < out_w; o++) out[o * step] = (uint8_t)(int)(((float)(int)((sum[o] + half) >> shift) + 0.5f) * share);
    } else {
        const double share = 1.0 / whole;
        for (int o = 0; o < out_w; o++) out[o * step] = (uint8_t)(int)((sum[o] + half + 0.5) * share);
    }
}

typedef struct {
    const uint32_t *frame;
    int stride, in_w, in_h, out_h, channel;
    int row; /* the input row in value; -1: none yet */
    uint16_t value[LP_EMU_MAX_WIDTH];
} source;

/* sum[x] = the weighted sum of values down output row y. Rows come in order: the last of one is the first of the next. */
static void add_rows(uint32_t *sum, source *s, int y) {
    memset(sum, 0, (size_t)s->in_w * sizeof *sum);
    for (int i = y * s->in_h / s->out_h; i * s->out_h < (y + 1) * s->in_h; i++) {
        int from = i * s->out_h, to = from + s->out_h;
        if (from < y * s->in_h) from = y * s->in_h;
        if (to > (y + 1) * s->in_h) to = (y + 1) * s->in_h;
        if (s->row != i) read_row(s->value, s->frame + i * s->stride, s->in_w, s->channel);
        s->row = i;
        add_row(sum, s->value, s->in_w, (uint32_t)(to - from));
    }
}

LP_CLONES static void pack(uint64_t *restrict both, const uint32_t *restrict a, const uint32_t *restrict b, int n) {
    for (int x = 0; x < n; x++) both[x] = a[x] | (uint64_t)b[x] << 32;
}

LP_CLONES static void unpack(uint32_t *restrict a, uint32_t *restrict b, const uint64_t *restrict both, int n) {
    for (int x = 0; x < n; x++) a[x] = (uint32_t)both[x], b[x] = (uint32_t)(both[x] >> 32);
}

static void average(uint8_t *out, int step, int out_w, int out_h, const uint32_t *frame, int stride, int in_w, int in_h, int channel) {
    uint32_t sums[PAIR][LP_EMU_MAX_WIDTH] = {{0}};
    uint64_t both[LP_EMU_MAX_WIDTH], column[2 * LP_EMU_MAX_WIDTH + 2] = {0}; /* a tap of weight 0 may lie beyond the last */
    source s = {frame, stride, in_w, in_h, out_h, channel, -1, {0}};
    taps p;
    find_taps(&p, out_w, in_w);
    uint32_t whole = (channel < 0 ? 256u : 1u) * (uint32_t)in_w * (uint32_t)in_h;
    for (int y = 0; y < out_h; y += PAIR) {
        int n = out_h - y < PAIR ? out_h - y : PAIR;
        for (int i = 0; i < n; i++) add_rows(sums[i], &s, y + i);
        pack(column, sums[0], sums[1], in_w);
        add_columns(both, out_w, column, &p);
        unpack(sums[0], sums[1], both, out_w);
        for (int i = 0; i < n; i++) divide(out + (y + i) * out_w * step, step, out_w, sums[i], whole);
    }
}

void lp_observe_grey(uint8_t *out, int out_w, int out_h, const uint32_t *frame, int stride, int in_w, int in_h) {
    LP_CHECK(out_w > 0 && out_w <= in_w && out_h > 0 && out_h <= in_h && in_w <= LP_EMU_MAX_WIDTH && in_h <= LP_EMU_MAX_HEIGHT);
    if (in_w == 2 * out_w && in_h == 2 * out_h) halve(out, out_w, out_h, frame, stride);
    else if (in_w == out_w && in_h == out_h) convert(out, frame, stride, in_w, in_h);
    else average(out, 1, out_w, out_h, frame, stride, in_w, in_h, -1);
}

void lp_observe_rgb(uint8_t *out, int out_w, int out_h, const uint32_t *frame, int stride, int in_w, int in_h) {
    LP_CHECK(out_w > 0 && out_w <= in_w && out_h > 0 && out_h <= in_h && in_w <= LP_EMU_MAX_WIDTH && in_h <= LP_EMU_MAX_HEIGHT);
    if (in_w == out_w && in_h == out_h) {
        for (int y = 0; y < in_h; y++, frame += stride)
            for (int x = 0; x < in_w; x++, out += 3)
                out[0] = (uint8_t)frame[x], out[1] = (uint8_t)(frame[x] >> 8), out[2] = (uint8_t)(frame[x] >> 16);
        return;
    }
    for (int c = 0; c < 3; c++) average(out + c, 3, out_w, out_h, frame, stride, in_w, in_h, 8 * c);
}

LP_CLONES void lp_observe_shades(uint8_t *out, const uint32_t *frame, int stride, int in_w, int in_h) {
    LP_CHECK(in_w % 4 == 0);
    for (int y = 0; y < in_h; y++, frame += stride, out += in_w / 4)
        for (int x = 0; x < in_w / 4; x++) {
            const uint32_t *p = frame + 4 * x;
            out[x] = (uint8_t)((p[0] >> 6 & 3) | (p[1] >> 4 & 12) | (p[2] >> 2 & 48) | (p[3] & 192));
        }
}
