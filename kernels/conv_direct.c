/* Convolution without patches, for shapes whose channels fill vectors: a block of pixels times a vector of output channels
 * stays in registers while the taps go by. Small images gain most: their matrix products are too small for a BLAS. Pixels are those of
 * a list, so that a caller who knows which ones changed pays for these alone.
 *
 * Every output is one sum over the taps in their order, so its bits depend on its own patch alone, not on the list. How wide a vector
 * is depends on the machine: what is wider than its registers the compiler keeps in memory, at a fifth of the speed. */
#include "kernels/conv_direct.h"
#include "base/simd.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

enum { CHANNELS = 16, PART = 64 }; /* output channels of a block of pixels; floats of a patch that a block of the input's gradient has */
enum { FEW = 256 };                /* pixels whose patches are found at once */

static int taps(const lp_conv *s) { return s->k * s->k * s->c; }

/* Output channels that are packed side by side. */
static int group(const lp_conv *s) { return s->oc % (2 * CHANNELS) == 0 ? 2 * CHANNELS : CHANNELS; }

bool lp_conv_is_direct(const lp_conv *s) { return s->oc % CHANNELS == 0 && (s->k * s->c) % 8 == 0; }

bool lp_conv_input_is_direct(const lp_conv *s) { return (s->k * s->c) % PART == 0 && s->oc % CHANNELS == 0; }

size_t lp_conv_direct_weights(const lp_conv *s) { return (size_t)taps(s) * s->oc; }

size_t lp_conv_direct_scratch(const lp_conv *s) { return lp_conv_direct_weights(s) + (size_t)lp_conv_oh(s) * lp_conv_ow(s); }

/* Under sanitizers this file goes without them, or tests of training would wait for it most of their time (tests compile it once more, with
 * them); so each call asks whether what it is given is all there. */
#ifdef LP_ASAN
#include <sanitizer/asan_interface.h>
void __asan_report_load_n(void *at, size_t n);
static void must_be_there(const void *floats, size_t n) {
    void *bad = __asan_region_is_poisoned((void *)floats, n * sizeof(float));
    if (bad) __asan_report_load_n(bad, 1);
}
#else
static void must_be_there(const void *floats, size_t n) { (void)floats, (void)n; }
#endif

static void must_be_images(const float *in, const float *out, const float *weights, const lp_conv *s) {
    must_be_there(in, (size_t)s->h * s->w * s->c);
    must_be_there(out, (size_t)lp_conv_oh(s) * lp_conv_ow(s) * s->oc);
    must_be_there(weights, lp_conv_direct_weights(s));
}

/* Where the patches of n output pixels begin in their image, told once: the list ascends, so rows are counted, not divided for. */
static void find_patches(size_t *at, const int32_t *pixel, int n, const lp_conv *s) {
    const int ow = lp_conv_ow(s);
    int y = n ? pixel[0] / ow : 0;
    for (int i = 0; i < n; i++) {
        while (pixel[i] >= (y + 1) * ow) y++;
        at[i] = ((size_t)y * s->stride * s->w + (size_t)(pixel[i] - y * ow) * s->stride) * s->c;
    }
}

/* packed [oc / group][taps][group] */
void lp_conv_direct_pack(float *packed, const float *weight, const lp_conv *s) {
    int wide = group(s), n = taps(s);
    for (int o = 0; o < s->oc; o++)
        for (int i = 0; i < n; i++) packed[((size_t)(o / wide) * n + i) * wide + o % wide] = weight[(size_t)o * n + i];
}

void lp_conv_direct_unpack_add(float *dweight, const float *packed, const lp_conv *s) {
    int wide = group(s), n = taps(s);
    for (int o = 0; o < s->oc; o++)
        for (int i = 0; i < n; i++) dweight[(size_t)o * n + i] += packed[((size_t)(o / wide) * n + i) * wide + o % wide];
}

/* AVX2 has 16 registers of 8 floats, AVX-512 32 of 16; NEON's and SSE's of 4 hold an 8 in two. */
#define V 8
#define NAME(name) name##_8
#define IN_REGISTERS LP_CLONES
#include "kernels/conv_direct_blocks.h"

#ifdef LP_CONV_WIDE /* as a test compiles it: wide, on any machine */
#define WIDE
static bool is_wide(void) { return true; }
#elif defined(LP_HAS_CLONES)
#define WIDE __attribute__((target("arch=x86-64-v4")))
static bool is_wide(void) {
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512cd") &&
           __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
#endif

#ifdef WIDE
#define V 16
#define NAME(name) name##_16
#define IN_REGISTERS WIDE
#include "kernels/conv_direct_blocks.h"
#define BY_WIDTH(name, ...) (is_wide() ? name##_16(__VA_ARGS__) : name##_8(__VA_ARGS__))
#else
#define BY_WIDTH(name, ...) name##_8(__VA_ARGS__)
#endif

/* A list goes by so many pixels at a time. */
#define BY_PARTS(name, ...)                                                                                                                \
    for (size_t at[FEW]; n > 0; pixel += FEW, n -= FEW) {                                                                                  \
        const int few = n < FEW ? n : FEW;                                                                                                 \
        find_patches(at, pixel, few, s);                                                                                                   \
        BY_WIDTH(name, __VA_ARGS__, s, pixel, at, few);                                                                                    \
    }

void lp_conv_direct_image(float *y, const float *x, const float *packed, const float *bias, const lp_conv *s, const int32_t *pixel, int n,
                          bool relu) {
    must_be_images(x, y, packed, s);
    BY_PARTS(forward, y, x, packed, bias, relu)
}

void lp_conv_direct_weight_image(float *sums, float *dbias, const float *dy, const float *x, const lp_conv *s, const int32_t *pixel,
                                 int n) {
    must_be_images(x, dy, sums, s);
    BY_PARTS(weight, sums, dbias, dy, x)
}

void lp_conv_direct_input_image(float *dx, const float *dy, const float *by_part, const lp_conv *s, const int32_t *pixel, int n) {
    must_be_images(dx, dy, by_part, s);
    BY_PARTS(input, dx, dy, by_part)
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
