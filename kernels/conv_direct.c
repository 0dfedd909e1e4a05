/* Convolution without patches, for shapes whose channels fill vectors: a block of pixels times a vector of output channels
 * stays in registers while the taps go by. Small images gain most: their matrix products are too small for a BLAS. Pixels are those of
 * a list, so that a caller who knows which ones changed pays for these alone.
 *
 * Every output is one sum over the taps in their order, so its bits depend on its own patch alone, not on the list. Vectors of 16
 * floats are split by the compiler into what the machine has. */
#include "kernels/conv_direct.h"
#include "base/simd.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(64)));
typedef float vec_in_memory __attribute__((vector_size(64), aligned(4)));
typedef int32_t lanes __attribute__((vector_size(64)));
enum { V = 16, PIXELS = 8, PART = 4 * V };

INLINE vec load(const float *p) { return *(const vec_in_memory *)p; }

INLINE void store(float *p, vec x) { *(vec_in_memory *)p = x; }

static int taps(const lp_conv *s) { return s->k * s->k * s->c; }

/* Vectors of output channels in a block. */
static int chunk(const lp_conv *s) { return s->oc % (2 * V) == 0 ? 2 : 1; }

bool lp_conv_is_direct(const lp_conv *s) { return s->oc % V == 0 && (s->k * s->c) % 8 == 0; }

bool lp_conv_input_is_direct(const lp_conv *s) { return (s->k * s->c) % PART == 0 && s->oc % V == 0; }

size_t lp_conv_direct_weights(const lp_conv *s) { return (size_t)taps(s) * s->oc; }

size_t lp_conv_direct_scratch(const lp_conv *s) { return lp_conv_direct_weights(s) + (size_t)lp_conv_oh(s) * lp_conv_ow(s); }

/* Where the patch of output pixel p begins in its image. */
INLINE size_t patch_at(const lp_conv *s, int p) {
    int ow = lp_conv_ow(s);
    return ((size_t)(p / ow) * s->stride * s->w + (size_t)(p % ow) * s->stride) * s->c;
}

/* packed [oc / (ov V)][taps][ov V] */
void lp_conv_direct_pack(float *packed, const float *weight, const lp_conv *s) {
    int wide = chunk(s) * V, n = taps(s);
    for (int o = 0; o < s->oc; o++)
        for (int i = 0; i < n; i++) packed[((size_t)(o / wide) * n + i) * wide + o % wide] = weight[(size_t)o * n + i];
}

void lp_conv_direct_unpack_add(float *dweight, const float *packed, const lp_conv *s) {
    int wide = chunk(s) * V, n = taps(s);
    for (int o = 0; o < s->oc; o++)
        for (int i = 0; i < n; i++) dweight[(size_t)o * n + i] += packed[((size_t)(o / wide) * n + i) * wide + o % wide];
}

/* px pixels of the list, ov vectors of channels from y's on. */
INLINE void forward_block(float *y, const float *x, const float *w, const float *bias, const lp_conv *s, const int32_t *pixel, int n,
                          bool relu, const int px, const int ov) {
    int run = s->k * s->c;
    const float *from[PIXELS];
    float *to[PIXELS];
    vec sum[PIXELS][2];
    for (int j = 0; j < px; j++) { /* a block that is not full does its last pixel again */
        int p = pixel[j < n ? j : n - 1];
        from[j] = x + patch_at(s, p);
        to[j] = y + (size_t)p * s->oc;
        for (int v = 0; v < ov; v++) sum[j][v] = load(bias + v * V);
    }
    for (int ky = 0; ky < s->k; ky++) {
        size_t row = (size_t)ky * s->w * s->c;
        for (int i = 0; i < run; i++, w += ov * V) {
            vec w0 = load(w), w1 = ov > 1 ? load(w + V) : w0;
            for (int j = 0; j < px; j++) {
                float tap = from[j][row + (size_t)i];
                sum[j][0] += w0 * tap;
                if (ov > 1) sum[j][1] += w1 * tap;
            }
        }
    }
    for (int j = 0; j < px; j++)
        for (int v = 0; v < ov; v++) {
            vec negative = (vec)(sum[j][v] < (vec){0});
            store(to[j] + v * V, relu ? (vec)((lanes)sum[j][v] & ~(lanes)negative) : sum[j][v]);
        }
}

INLINE void forward_image(float *y, const float *x, const float *packed, const float *bias, const lp_conv *s, const int32_t *pixel, int n,
                          bool relu, const int px, const int ov) {
    for (int o = 0; o < s->oc; o += ov * V)
        for (int p = 0; p < n; p += px) forward_block(y + o, x, packed + (size_t)o * taps(s), bias + o, s, pixel + p, n - p, relu, px, ov);
}

LP_CLONES void lp_conv_direct_image(float *y, const float *x, const float *packed, const float *bias, const lp_conv *s,
                                    const int32_t *pixel, int n, bool relu) {
    if (chunk(s) == 2) forward_image(y, x, packed, bias, s, pixel, n, relu, 4, 2);
    else forward_image(y, x, packed, bias, s, pixel, n, relu, 8, 1);
}

/* Adds to sums, packed, what kb taps from x's on got at the pixels of the list. */
INLINE void weight_block(float *sums, const float *dy, const float *x, const lp_conv *s, const int32_t *pixel, int n, const int kb,
                         const int ov) {
    vec sum[PIXELS][2];
    for (int t = 0; t < kb; t++)
        for (int v = 0; v < ov; v++) sum[t][v] = load(sums + (t * ov + v) * V);
    int ow = lp_conv_ow(s);
    size_t row = (size_t)s->stride * s->w * s->c;
    for (int p = 0, y = 0, first = 0; p < n; p++) { /* the list ascends: rows are counted, not divided for */
        while (pixel[p] >= first + ow) y++, first += ow;
        const float *from = x + (size_t)y * row + (size_t)(pixel[p] - first) * s->stride * s->c, *d = dy + (size_t)pixel[p] * s->oc;
        vec d0 = load(d), d1 = ov > 1 ? load(d + V) : d0;
        for (int t = 0; t < kb; t++) {
            sum[t][0] += d0 * from[t];
            if (ov > 1) sum[t][1] += d1 * from[t];
        }
    }
    for (int t = 0; t < kb; t++)
        for (int v = 0; v < ov; v++) store(sums + (t * ov + v) * V, sum[t][v]);
}

INLINE void weight_image(float *sums, const float *dy, const float *x, const lp_conv *s, const int32_t *pixel, int n, const int kb,
                         const int ov) {
    int run = s->k * s->c;
    for (int o = 0; o < s->oc; o += ov * V)
        for (int ky = 0; ky < s->k; ky++)
            for (int i = 0; i < run; i += kb, sums += kb * ov * V)
                weight_block(sums, dy + o, x + (size_t)ky * s->w * s->c + i, s, pixel, n, kb, ov);
}

LP_CLONES void lp_conv_direct_weight_image(float *sums, float *dbias, const float *dy, const float *x, const lp_conv *s,
                                           const int32_t *pixel, int n) {
    if (chunk(s) == 2) weight_image(sums, dy, x, s, pixel, n, 4, 2);
    else weight_image(sums, dy, x, s, pixel, n, 8, 1);
    for (int o = 0; o < s->oc; o += V) {
        vec sum = load(dbias + o);
        for (int p = 0; p < n; p++) sum += load(dy + (size_t)pixel[p] * s->oc + o);
        store(dbias + o, sum);
    }
}

/* Adds to dx, at each pixel's patch, `parts` parts of it from `part` on: the sum over the output channels. */
INLINE void input_parts(float *dx, const float *dy, const float *by_part, const lp_conv *s, const int32_t *pixel, int n, int part,
                        const int parts) {
    int run = s->k * s->c;
    const float *weight = by_part + (size_t)part * s->oc * PART;
    size_t at[2];
    for (int j = 0; j < parts; j++) at[j] = (size_t)((part + j) * PART / run) * s->w * s->c + (size_t)((part + j) * PART % run);
    for (int p = 0; p < n; p++) {
        float *to = dx + patch_at(s, pixel[p]);
        const float *d = dy + (size_t)pixel[p] * s->oc, *w = weight;
        vec sum[2][4];
        for (int j = 0; j < parts; j++)
            for (int v = 0; v < 4; v++) sum[j][v] = load(to + at[j] + v * V);
        for (int o = 0; o < s->oc; o++, w += PART)
            for (int j = 0; j < parts; j++)
                for (int v = 0; v < 4; v++) sum[j][v] += load(w + (size_t)j * s->oc * PART + v * V) * d[o];
        for (int j = 0; j < parts; j++)
            for (int v = 0; v < 4; v++) store(to + at[j] + v * V, sum[j][v]);
    }
}

LP_CLONES void lp_conv_direct_input_image(float *dx, const float *dy, const float *by_part, const lp_conv *s, const int32_t *pixel, int n) {
    int parts = taps(s) / PART, part = 0;
    for (; part + 2 <= parts; part += 2) input_parts(dx, dy, by_part, s, pixel, n, part, 2);
    if (part < parts) input_parts(dx, dy, by_part, s, pixel, n, part, 1);
}

/* As they lie, a kilobyte apart, they would fight for the same cache lines. */
void lp_conv_direct_pack_input(float *by_part, const float *weight, const lp_conv *s) {
    for (int part = 0; part < taps(s) / PART; part++)
        for (int o = 0; o < s->oc; o++)
            memcpy(by_part + ((size_t)part * s->oc + o) * PART, weight + (size_t)o * taps(s) + part * PART, PART * sizeof(float));
}

/* ---- whole images ---- */

static int all_pixels(int32_t *pixel, const lp_conv *s) {
    int n = lp_conv_oh(s) * lp_conv_ow(s);
    for (int p = 0; p < n; p++) pixel[p] = p;
    return n;
}

/* The room of scratch after the weights. */
static int32_t *list_in(float *scratch, const lp_conv *s) { return (int32_t *)(void *)(scratch + lp_conv_direct_weights(s)); }

void lp_conv_direct(float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *s, float *scratch) {
    size_t in = (size_t)s->h * s->w * s->c;
    int32_t *pixel = list_in(scratch, s);
    int count = all_pixels(pixel, s);
    lp_conv_direct_pack(scratch, weight, s);
    for (int i = 0; i < n; i++, y += (size_t)count * s->oc, x += in) lp_conv_direct_image(y, x, scratch, bias, s, pixel, count, false);
}

void lp_conv_direct_weight(float *dweight, float *dbias, const float *dy, const float *x, int n, const lp_conv *s, float *scratch) {
    size_t in = (size_t)s->h * s->w * s->c;
    int32_t *pixel = list_in(scratch, s);
    int count = all_pixels(pixel, s);
    memset(scratch, 0, lp_conv_direct_weights(s) * sizeof *scratch);
    for (int i = 0; i < n; i++, dy += (size_t)count * s->oc, x += in) lp_conv_direct_weight_image(scratch, dbias, dy, x, s, pixel, count);
    lp_conv_direct_unpack_add(dweight, scratch, s);
}

void lp_conv_direct_input(float *dx, const float *dy, const float *weight, int n, const lp_conv *s, float *scratch) {
    size_t in = (size_t)s->h * s->w * s->c;
    int32_t *pixel = list_in(scratch, s);
    int count = all_pixels(pixel, s);
    lp_conv_direct_pack_input(scratch, weight, s);
    memset(dx, 0, (size_t)n * in * sizeof *dx);
    for (int i = 0; i < n; i++, dx += in, dy += (size_t)count * s->oc) lp_conv_direct_input_image(dx, dy, scratch, s, pixel, count);
}
