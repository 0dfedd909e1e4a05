/* Frames that follow each other against the kernels that compute each frame by itself: the same outputs bit for bit, whatever the frame
 * before was; the same gradients within tolerance. Frames stay as they were, change at an edge, in a spot, and altogether. The seed is
 * printed; LONGPLAY_SEED gives another. */
#include "base/rng.h"
#include "kernels/frames.h"
#include "tests/seed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { FRAMES = 9 };
static lp_rng rng;

static float *floats(size_t n, float scale) {
    float *x = aligned_alloc(64, (n * sizeof *x + 127) / 64 * 64);
    for (size_t i = 0; i < n; i++) x[i] = scale * lp_rng_normal(&rng);
    return x;
}

static void change(uint8_t *to, const uint8_t *from, int w, int h, int t) {
    int y0 = (int)lp_rng_below(&rng, (uint32_t)h), x0 = (int)lp_rng_below(&rng, (uint32_t)w), y1 = y0 + 1 + h / 8, x1 = x0 + 1 + w / 8;
    memcpy(to, from, (size_t)w * (size_t)h);
    if (t % 5 == 1) return;
    if (t % 5 == 2) y0 = 0, y1 = h, x0 = w - 1, x1 = w;
    if (t % 5 == 3) y0 = h - 1, y1 = h, x0 = 0, x1 = w;
    if (t % 5 == 4) y0 = 0, y1 = h, x0 = 0, x1 = w;
    for (int y = y0; y < y1 && y < h; y++)
        for (int x = x0; x < x1 && x < w; x++) to[y * w + x] = (uint8_t)lp_rng_below(&rng, 256);
}

/* The tolerance of kernels.h, for sums of this scale in another order. */
static void near(const float *got, const float *want, size_t n, float scale, const char *what) {
    for (size_t i = 0; i < n; i++)
        if (!(fabsf(got[i] - want[i]) <= 1e-5f * (1 + scale))) fail_msg("%s[%zu]: %.9g, expected %.9g", what, i, got[i], want[i]);
}

static void check_shape(int w, int h, int k, int stride, int oc1, int oc2, int k2, int stride2) {
    lp_conv one = {h, w, 1, k, stride, oc1}, two = {lp_conv_oh(&one), lp_conv_ow(&one), oc1, k2, stride2, oc2};
    assert_true(lp_k_frames_fit(&one, &two));
    size_t in = (size_t)w * (size_t)h, n1 = (size_t)two.h * two.w * oc1, n2 = (size_t)lp_conv_oh(&two) * lp_conv_ow(&two) * oc2;
    size_t w1 = (size_t)k * k * oc1, w2 = (size_t)k2 * k2 * oc1 * oc2, s1 = lp_k_conv_scratch(&one), s2 = lp_k_conv_scratch(&two);
    float *weight1 = floats(w1, 0.2f), *bias1 = floats((size_t)oc1, 0.1f), *weight2 = floats(w2, 0.1f), *bias2 = floats((size_t)oc2, 0.1f);
    float *x = floats(in, 1), *c1 = floats(FRAMES * n1, 1), *c2 = floats(FRAMES * n2, 1), *dc2 = floats(FRAMES * n2, 0.3f);
    float *rx = floats(FRAMES * in, 1), *r1 = floats(FRAMES * n1, 1), *r2 = floats(FRAMES * n2, 1), *d1 = floats(FRAMES * n1, 1);
    float *scratch = floats(s1 > s2 ? s1 : s2, 1), *room = floats(lp_k_frames_scratch(&one, &two), 1);
    uint8_t *pixels = calloc(FRAMES, in);
    for (size_t i = 0; i < in; i++) pixels[i] = (uint8_t)lp_rng_below(&rng, 256);
    for (int t = 1; t < FRAMES; t++) change(pixels + (size_t)t * in, pixels + (size_t)(t - 1) * in, w, h, t);

    lp_k_from_bytes(rx, pixels, FRAMES * in);
    lp_k_conv(r1, rx, weight1, bias1, FRAMES, &one, scratch);
    lp_k_relu(r1, FRAMES * n1);
    lp_k_conv(r2, r1, weight2, bias2, FRAMES, &two, scratch);
    lp_k_relu(r2, FRAMES * n2);
    lp_frames f;
    lp_k_frames_pack(&f, &one, &two, weight1, bias1, weight2, bias2, room);
    for (size_t t = 0; t < FRAMES; t++)
        lp_k_frames(c2 + t * n2, c1 + t * n1, x, pixels + t * in, t ? pixels + (t - 1) * in : NULL, t ? c1 + (t - 1) * n1 : NULL,
                    t ? c2 + (t - 1) * n2 : NULL, &f);
    assert_memory_equal(c1, r1, FRAMES * n1 * sizeof *c1);
    assert_memory_equal(c2, r2, FRAMES * n2 * sizeof *c2);
    for (size_t t = FRAMES; t-- > 1;) { /* in place, and back in time: what the frame before was does not matter */
        lp_k_frames(c2 + (FRAMES - 1) * n2, c1 + (FRAMES - 1) * n1, x, pixels + (t - 1) * in, pixels + t * in, c1 + (FRAMES - 1) * n1,
                    c2 + (FRAMES - 1) * n2, &f);
        assert_memory_equal(c1 + (FRAMES - 1) * n1, r1 + (t - 1) * n1, n1 * sizeof *c1);
        assert_memory_equal(c2 + (FRAMES - 1) * n2, r2 + (t - 1) * n2, n2 * sizeof *c2);
    }

    float *g[4] = {floats(w1, 1), floats((size_t)oc1, 1), floats(w2, 1), floats((size_t)oc2, 1)}, *want[4];
    const size_t sizes[4] = {w1, (size_t)oc1, w2, (size_t)oc2};
    for (int i = 0; i < 4; i++) want[i] = floats(sizes[i], 1), memcpy(want[i], g[i], sizes[i] * sizeof(float));
    lp_k_relu_backward(dc2, r2, FRAMES * n2);
    lp_k_conv_backward(d1, want[2], want[3], dc2, r1, weight2, FRAMES, &two, scratch);
    lp_k_relu_backward(d1, r1, FRAMES * n1);
    lp_k_conv_backward(NULL, want[0], want[1], d1, rx, weight1, FRAMES, &one, scratch);
    lp_k_frames_backward(g[0], g[1], g[2], g[3], dc2, r1, pixels, FRAMES, &f);
    static const char *const names[] = {"weight 1", "bias 1", "weight 2", "bias 2"};
    for (int i = 0; i < 4; i++) near(g[i], want[i], sizes[i], 200, names[i]), free(g[i]), free(want[i]);
    free(weight1), free(bias1), free(weight2), free(bias2), free(x), free(c1), free(c2), free(dc2), free(rx), free(r1), free(r2), free(d1);
    free(scratch), free(room), free(pixels);
}

static void test_shapes(void **state) {
    (void)state;
    check_shape(28, 24, 8, 4, 16, 32, 4, 2);
    check_shape(41, 35, 8, 4, 16, 16, 4, 2); /* cells that are cut by the edge */
    check_shape(37, 30, 8, 3, 32, 48, 2, 1); /* a patch that is no whole number of cells */
    check_shape(33, 21, 8, 5, 64, 16, 3, 3);
}

static void test_does_not_fit(void **state) {
    (void)state;
    lp_conv one = {24, 28, 1, 8, 4, 16}, two = {5, 6, 16, 4, 2, 32}, odd = {24, 28, 1, 8, 4, 12}, colour = {24, 28, 3, 8, 4, 16};
    assert_true(lp_k_frames_fit(&one, &two));
    assert_false(lp_k_frames_fit(&odd, &two));
    assert_false(lp_k_frames_fit(&colour, &two));
    two.oc = 5;
    assert_false(lp_k_frames_fit(&one, &two));
}

int main(void) {
    rng = lp_rng_make(test_seed_or(20261123), 0);
    if (lp_k_init(1, NULL)) return 1;
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shapes), cmocka_unit_test(test_does_not_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
