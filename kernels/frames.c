/* Frames that follow each other. A cell is a square of `stride` pixels of the first convolution; an output of it changes when a cell
 * under its patch does, an output of the second when an output of the first under its patch does.
 *
 * On the way back, time runs forward: an output's gradients add up while its patch stays as it is, and are paid out, to weights and to
 * the input, in the last frame before it changes. An output of the second convolution changes at least as often as all outputs of the
 * first under it, so these have got all their gradients when their own turn comes. */
#include "kernels/frames.h"

#include "base/simd.h"
#include "kernels/conv_direct.h"

#include <assert.h>
#include <string.h>

enum { MAX_WIDTH = 640 }; /* of a frame, cells included that it fills in part */

static size_t outputs(const lp_conv *s) { return (size_t)lp_conv_oh(s) * lp_conv_ow(s); }

static int cells(int pixels, const lp_conv *s) { return (pixels + s->stride - 1) / s->stride; }

bool lp_k_frames_fit(const lp_conv *one, const lp_conv *two) {
    return one->c == 1 && one->w + one->stride <= MAX_WIDTH && lp_conv_is_direct(one) && lp_conv_is_direct(two) &&
           lp_conv_input_is_direct(two);
}

/* Walks the fields once for both sizing (memory NULL) and carving. */
static size_t lay_out(lp_frames *f, const lp_conv *one, const lp_conv *two, float *memory) {
    size_t w1 = lp_conv_direct_weights(one), w2 = lp_conv_direct_weights(two), n1 = outputs(one), n2 = outputs(two), used = 0;
    size_t n_cells = (size_t)cells(one->h, one) * (size_t)cells(one->w, one);
    const struct {
        void *field;
        size_t bytes;
    } fields[] = {
        {&f->packed1, w1 * 4}, {&f->packed2, w2 * 4},       {&f->input2, w2 * 4},        {&f->sum1, w1 * 4},
        {&f->sum2, w2 * 4},    {&f->dc1, n1 * one->oc * 4}, {&f->dc2, n2 * two->oc * 4}, {&f->x, (size_t)one->h * one->w * 4},
        {&f->pixel1, n1 * 4},  {&f->pixel2, n2 * 4},        {&f->cell, n_cells},         {&f->changed, n1},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        void *at = memory ? memory + used : NULL;
        memcpy(fields[i].field, &at, sizeof at);
        used += (fields[i].bytes + 63) / 64 * 16;
    }
    return used;
}

size_t lp_k_frames_scratch(const lp_conv *one, const lp_conv *two) {
    lp_frames none;
    return lay_out(&none, one, two, NULL);
}

void lp_k_frames_pack(lp_frames *f, const lp_conv *one, const lp_conv *two, const float *weight1, const float *bias1, const float *weight2,
                      const float *bias2, float *scratch) {
    assert(lp_k_frames_fit(one, two) && lp_conv_oh(one) == two->h && lp_conv_ow(one) == two->w && one->oc == two->c);
    *f = (lp_frames){.one = one, .two = two, .bias1 = bias1, .bias2 = bias2};
    lay_out(f, one, two, scratch);
    lp_conv_direct_pack(f->packed1, weight1, one);
    lp_conv_direct_pack(f->packed2, weight2, two);
    lp_conv_direct_pack_input(f->input2, weight2, two);
}

#define INLINE static inline __attribute__((always_inline))

INLINE bool has_mark(const uint8_t *mark, int n) {
    uint64_t some = 0, eight;
    int i = 0;
    for (; i + 8 <= n; i += 8) {
        memcpy(&eight, mark + i, sizeof eight);
        some |= eight;
    }
    for (; i < n; i++) some |= mark[i];
    return some != 0;
}

INLINE int find(int32_t *restrict pixel, uint8_t *restrict out, const uint8_t *restrict mark, int wide, int oh, int ow, const int reach,
                const int step) {
    int n = 0;
    if (out) memset(out, 0, (size_t)oh * (size_t)ow);
    for (int y = 0; y < oh; y++, mark += step * wide) {
        if (!has_mark(mark, reach * wide)) continue;
        uint8_t row[MAX_WIDTH];
        memcpy(row, mark, (size_t)wide);
        for (int i = 1; i < reach; i++)
            for (int x = 0; x < wide; x++) row[x] |= mark[i * wide + x];
        for (int x = 0; x < ow; x++) {
            uint8_t any = 0;
            for (int j = 0; j < reach; j++) any |= row[x * step + j];
            if (out) out[y * ow + x] = any;
            pixel[n] = y * ow + x;
            n += any != 0;
        }
    }
    return n;
}

/* pixel = the outputs with a mark under their patches of `reach` by `reach` marks, `step` apart; mark [][wide]. Returns how many. out
 * gets a mark for each of them, where it is given. The shapes of our networks are unrolled. */
LP_CLONES static int find_marked(int32_t *pixel, uint8_t *out, const uint8_t *mark, int wide, const lp_conv *s, int reach, int step) {
    int oh = lp_conv_oh(s), ow = lp_conv_ow(s);
    if (reach == 2 && step == 1) return find(pixel, out, mark, wide, oh, ow, 2, 1);
    if (reach == 4 && step == 2) return find(pixel, out, mark, wide, oh, ow, 4, 2);
    return find(pixel, out, mark, wide, oh, ow, reach, step);
}

/* Cells of four by four are compared four pixels at once. */
INLINE void differ_by_four(uint8_t *restrict cell, const uint8_t *restrict a, const uint8_t *restrict b, int w, int h) {
    int wide = w / 4;
    for (int y = 0; y < h; y += 4, cell += wide, a += 4 * w, b += 4 * w) {
        uint32_t row[MAX_WIDTH / 4];
        for (int c = 0; c < wide; c++) {
            uint32_t differs = 0, four_a, four_b;
            for (int i = 0; i < 4; i++) {
                memcpy(&four_a, a + i * w + 4 * c, sizeof four_a);
                memcpy(&four_b, b + i * w + 4 * c, sizeof four_b);
                differs |= four_a ^ four_b;
            }
            row[c] = differs;
        }
        for (int c = 0; c < wide; c++) cell[c] = row[c] != 0;
    }
}

INLINE void differ(uint8_t *restrict cell, const uint8_t *restrict a, const uint8_t *restrict b, int w, int h, int stride) {
    int wide = (w + stride - 1) / stride;
    for (int y = 0; y < h; cell += wide) {
        uint8_t row[MAX_WIDTH] = {0};
        for (int end = y + stride < h ? y + stride : h; y < end; y++, a += w, b += w)
            for (int x = 0; x < w; x++) row[x] |= a[x] ^ b[x];
        for (int c = 0; c < wide; c++) {
            uint8_t any = 0;
            for (int i = 0; i < stride; i++) any |= row[c * stride + i];
            cell[c] = any;
        }
    }
}

/* cell = not 0 where two frames differ. */
LP_CLONES static void compare(uint8_t *cell, const uint8_t *a, const uint8_t *b, const lp_conv *s) {
    if (s->stride == 4 && s->w % 4 == 0 && s->h % 4 == 0) differ_by_four(cell, a, b, s->w, s->h);
    else differ(cell, a, b, s->w, s->h, s->stride);
}

typedef struct {
    int n1, n2;
} counts;

/* Lists in pixel1 and pixel2 the outputs that differ between two frames; without one of them, all. */
static counts list_changes(lp_frames *f, const uint8_t *pixels, const uint8_t *before) {
    const lp_conv *one = f->one, *two = f->two;
    int rows = cells(one->h, one), wide = cells(one->w, one);
    if (before) compare(f->cell, pixels, before, one);
    else memset(f->cell, 1, (size_t)rows * (size_t)wide);
    counts c;
    c.n1 = find_marked(f->pixel1, f->changed, f->cell, wide, one, cells(one->k, one), 1);
    c.n2 = find_marked(f->pixel2, NULL, f->changed, two->w, two, two->k, two->stride);
    return c;
}

/* x holds the frame before; it becomes this one. */
static void take_frame(float *x, const uint8_t *pixels, const uint8_t *before, const lp_conv *s) {
    size_t w = (size_t)s->w;
    for (size_t at = 0; at < (size_t)s->h * w; at += w)
        if (!before || memcmp(pixels + at, before + at, w)) lp_k_from_bytes(x + at, pixels + at, w);
}

static void clear(float *x, const int32_t *pixel, int n, const lp_conv *s) {
    for (int p = 0; p < n; p++) memset(x + (size_t)pixel[p] * s->oc, 0, (size_t)s->oc * sizeof *x);
}

LP_CLONES static void add(float *restrict sum, const float *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) sum[i] += x[i];
}

void lp_k_frames(float *c2, float *c1, float *x, const uint8_t *pixels, const uint8_t *before, const float *c1_before,
                 const float *c2_before, lp_frames *f) {
    counts n = list_changes(f, pixels, before);
    take_frame(x, pixels, before, f->one);
    if (before && c1 != c1_before) memcpy(c1, c1_before, outputs(f->one) * f->one->oc * sizeof *c1);
    if (before && c2 != c2_before) memcpy(c2, c2_before, outputs(f->two) * f->two->oc * sizeof *c2);
    lp_conv_direct_image(c1, x, f->packed1, f->bias1, f->one, f->pixel1, n.n1, true);
    lp_conv_direct_image(c2, c1, f->packed2, f->bias2, f->two, f->pixel2, n.n2, true);
}

void lp_k_frames_backward(float *dweight1, float *dbias1, float *dweight2, float *dbias2, const float *dc2, const float *c1,
                          const uint8_t *pixels, int n, lp_frames *f) {
    const lp_conv *one = f->one, *two = f->two;
    size_t frame = (size_t)one->h * one->w, out1 = outputs(one) * one->oc, out2 = outputs(two) * two->oc;
    memset(f->sum1, 0, lp_conv_direct_weights(one) * sizeof(float));
    memset(f->sum2, 0, lp_conv_direct_weights(two) * sizeof(float));
    memset(f->dc1, 0, out1 * sizeof(float));
    memset(f->dc2, 0, out2 * sizeof(float));
    for (int t = 0; t < n; t++, dc2 += out2, c1 += out1, pixels += frame) {
        take_frame(f->x, pixels, t ? pixels - frame : NULL, one);
        add(f->dc2, dc2, out2);
        counts due = list_changes(f, pixels, t + 1 < n ? pixels + frame : NULL);
        lp_conv_direct_weight_image(f->sum2, dbias2, f->dc2, c1, two, f->pixel2, due.n2);
        lp_conv_direct_input_image(f->dc1, f->dc2, f->input2, two, f->pixel2, due.n2);
        for (int p = 0; p < due.n1; p++) {
            size_t at = (size_t)f->pixel1[p] * one->oc;
            lp_k_relu_backward(f->dc1 + at, c1 + at, (size_t)one->oc);
        }
        lp_conv_direct_weight_image(f->sum1, dbias1, f->dc1, f->x, one, f->pixel1, due.n1);
        clear(f->dc1, f->pixel1, due.n1, one);
        clear(f->dc2, f->pixel2, due.n2, two);
    }
    lp_conv_direct_unpack_add(dweight1, f->sum1, one);
    lp_conv_direct_unpack_add(dweight2, f->sum2, two);
}
