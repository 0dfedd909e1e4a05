/* Convolution without patches, for shapes whose channels fill vectors: a block of pixels times a vector of output channels
 * stays in registers while the taps go by. Small images gain most: their matrix products are too small for a BLAS.
 *
 * Every output is one sum over the taps in their order, so its bits depend on its own image alone. Vectors of 16 floats are split by
 * the compiler into what the machine has. */
#include "kernels/conv_direct.h"
#include "base/simd.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

typedef float vec __attribute__((vector_size(64)));
typedef float vec_in_memory __attribute__((vector_size(64), aligned(4)));
enum { V = 16, PIXELS = 8 };

INLINE vec load(const float *p) {
    return *(const vec_in_memory *)p;
}

INLINE void store(float *p, vec x) {
    *(vec_in_memory *)p = x;
}

static int taps(const lp_conv *s) {
    return s->k * s->k * s->c;
}

/* Vectors of output channels in a block. */
static int chunk(const lp_conv *s) {
    return s->oc % (2 * V) == 0 ? 2 : 1;
}

bool lp_conv_is_direct(const lp_conv *s) {
    return s->oc % V == 0 && (s->k * s->c) % 8 == 0;
}

bool lp_conv_input_is_direct(const lp_conv *s) {
    return (s->k * s->c) % (4 * V) == 0 && s->k % s->stride == 0;
}

size_t lp_conv_direct_scratch(const lp_conv *s) {
    return (size_t)taps(s) * s->oc;
}

/* packed [oc / (ov V)][taps][ov V] from weight [oc][taps], and back with an addition. */
static void pack(float *packed, const float *weight, const lp_conv *s) {
    int wide = chunk(s) * V, n = taps(s);
    for (int o = 0; o < s->oc; o++)
        for (int i = 0; i < n; i++) packed[((size_t)(o / wide) * n + i) * wide + o % wide] = weight[(size_t)o * n + i];
}

static void add_unpacked(float *dweight, const float *packed, const lp_conv *s) {
    int wide = chunk(s) * V, n = taps(s);
    for (int o = 0; o < s->oc; o++)
        for (int i = 0; i < n; i++) dweight[(size_t)o * n + i] += packed[((size_t)(o / wide) * n + i) * wide + o % wide];
}

/* px pixels from pixel p on, ov vectors of channels from y's on. */
INLINE void forward_block(float *y, const float *x, const float *w, const float *bias, const lp_conv *s, int p, const int px, const int ov) {
    int ow = lp_conv_ow(s), run = s->k * s->c;
    const float *from[PIXELS];
    vec sum[PIXELS][2];
    for (int j = 0; j < px; j++) {
        int oy = (p + j) / ow, ox = (p + j) % ow;
        from[j] = x + ((size_t)oy * s->stride * s->w + (size_t)ox * s->stride) * s->c;
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
        for (int v = 0; v < ov; v++) store(y + (size_t)(p + j) * s->oc + v * V, sum[j][v]);
}

INLINE void forward_image(float *y, const float *x, const float *packed, const float *bias, const lp_conv *s, const int px, const int ov) {
    int n = lp_conv_oh(s) * lp_conv_ow(s), wide = ov * V;
    for (int o = 0; o < s->oc; o += wide) {
        const float *w = packed + (size_t)o * taps(s);
        int p = 0;
        for (; p + px <= n; p += px) forward_block(y + o, x, w, bias + o, s, p, px, ov);
        for (; p < n; p++) forward_block(y + o, x, w, bias + o, s, p, 1, ov);
    }
}

LP_CLONES void lp_conv_direct(float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *s, float *scratch) {
    size_t in = (size_t)s->h * s->w * s->c, out = (size_t)lp_conv_oh(s) * lp_conv_ow(s) * s->oc;
    pack(scratch, weight, s);
    for (int i = 0; i < n; i++) {
        if (chunk(s) == 2) forward_image(y + (size_t)i * out, x + (size_t)i * in, scratch, bias, s, 4, 2);
        else forward_image(y + (size_t)i * out, x + (size_t)i * in, scratch, bias, s, 8, 1);
    }
}

/* Adds to sums, packed, what kb taps from tap i of row ky on got from one image. */
INLINE void weight_block(float *sums, const float *dy, const float *x, const lp_conv *s, int ky, int i, const int kb, const int ov) {
    int oh = lp_conv_oh(s), ow = lp_conv_ow(s);
    vec sum[PIXELS][2];
    for (int t = 0; t < kb; t++)
        for (int v = 0; v < ov; v++) sum[t][v] = load(sums + (t * ov + v) * V);
    for (int oy = 0; oy < oh; oy++) {
        const float *from = x + (size_t)(oy * s->stride + ky) * s->w * s->c + i, *d = dy + (size_t)oy * ow * s->oc;
        for (int ox = 0; ox < ow; ox++, from += s->stride * s->c, d += s->oc) {
            vec d0 = load(d), d1 = ov > 1 ? load(d + V) : d0;
            for (int t = 0; t < kb; t++) {
                sum[t][0] += d0 * from[t];
                if (ov > 1) sum[t][1] += d1 * from[t];
            }
        }
    }
    for (int t = 0; t < kb; t++)
        for (int v = 0; v < ov; v++) store(sums + (t * ov + v) * V, sum[t][v]);
}

INLINE void weight_image(float *sums, const float *dy, const float *x, const lp_conv *s, const int kb, const int ov) {
    int run = s->k * s->c, wide = ov * V;
    for (int o = 0; o < s->oc; o += wide)
        for (int ky = 0; ky < s->k; ky++)
            for (int i = 0; i < run; i += kb, sums += kb * wide) weight_block(sums, dy + o, x, s, ky, i, kb, ov);
}

LP_CLONES void lp_conv_direct_weight(float *dweight, float *dbias, const float *dy, const float *x, int n, const lp_conv *s, float *scratch) {
    size_t in = (size_t)s->h * s->w * s->c, pixels = (size_t)lp_conv_oh(s) * lp_conv_ow(s);
    memset(scratch, 0, lp_conv_direct_scratch(s) * sizeof *scratch);
    for (int i = 0; i < n; i++) {
        if (chunk(s) == 2) weight_image(scratch, dy + (size_t)i * pixels * s->oc, x + (size_t)i * in, s, 4, 2);
        else weight_image(scratch, dy + (size_t)i * pixels * s->oc, x + (size_t)i * in, s, 8, 1);
    }
    add_unpacked(dweight, scratch, s);
    for (int o = 0; o < s->oc; o += V) {
        vec sum = load(dbias + o);
        for (size_t p = 0; p < (size_t)n * pixels; p++) sum += load(dy + p * s->oc + o);
        store(dbias + o, sum);
    }
}

/* Adds to dx, at px pixels that share nothing, 4 vectors of a row of taps: the sum over the output channels. */
INLINE void input_block(float *const *dx, const float *const *dy, const float *weight, const lp_conv *s, const int px) {
    vec sum[2][4];
    for (int j = 0; j < px; j++)
        for (int v = 0; v < 4; v++) sum[j][v] = load(dx[j] + v * V);
    for (int o = 0; o < s->oc; o++, weight += 4 * V)
        for (int v = 0; v < 4; v++) {
            vec w = load(weight + v * V);
            for (int j = 0; j < px; j++) sum[j][v] += w * dy[j][o];
        }
    for (int j = 0; j < px; j++)
        for (int v = 0; v < 4; v++) store(dx[j] + v * V, sum[j][v]);
}

/* by_part [taps / 64][oc][64]: as they lie, a kilobyte apart, they would fight for the same cache lines. */
LP_CLONES void lp_conv_direct_input(float *dx, const float *dy, const float *weight, int n, const lp_conv *s, float *by_part) {
    const int part_floats = 4 * V;
    for (int part = 0; part < taps(s) / part_floats; part++)
        for (int o = 0; o < s->oc; o++)
            memcpy(by_part + ((size_t)part * s->oc + o) * part_floats, weight + (size_t)o * taps(s) + part * part_floats, part_floats * sizeof(float));
    int oh = lp_conv_oh(s), ow = lp_conv_ow(s), run = s->k * s->c, apart = s->k / s->stride;
    size_t in = (size_t)s->h * s->w * s->c;
    memset(dx, 0, (size_t)n * in * sizeof *dx);
    for (int i = 0; i < n; i++, dx += in, dy += (size_t)oh * ow * s->oc)
        for (int oy = 0; oy < oh; oy++)
            for (int ky = 0; ky < s->k; ky++)
                for (int part = 0; part < run; part += part_floats)
                    for (int first = 0; first < apart; first++)
                        for (int ox = first; ox < ow; ox += 2 * apart) {
                            float *to[2];
                            const float *from[2], *w = by_part + (size_t)(ky * run + part) * s->oc;
                            for (int j = 0; j < 2; j++) {
                                to[j] = dx + ((size_t)(oy * s->stride + ky) * s->w + (size_t)(ox + j * apart) * s->stride) * s->c + part;
                                from[j] = dy + ((size_t)oy * ow + (size_t)(ox + j * apart)) * s->oc;
                            }
                            if (ox + apart < ow) input_block(to, from, w, s, 2);
                            else input_block(to, from, w, s, 1);
                        }
}
