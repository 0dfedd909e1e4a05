/* Convolution: in registers where the shape allows it (conv_direct.c), else as a linear map of patches, one image at a time so that
 * the patches stay in the cache. */
#include "kernels/conv_direct.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

size_t lp_k_conv_scratch(const lp_conv *s) {
    size_t patches = (size_t)lp_conv_oh(s) * lp_conv_ow(s) * s->k * s->k * s->c, direct = lp_conv_direct_scratch(s);
    return patches > direct ? patches : direct;
}

static void gather_patches(float *patch, const float *image, const lp_conv *s) {
    int oh = lp_conv_oh(s), ow = lp_conv_ow(s);
    size_t run = (size_t)s->k * s->c;
    for (int y = 0; y < oh; y++)
        for (int x = 0; x < ow; x++)
            for (int k = 0; k < s->k; k++, patch += run)
                memcpy(patch, image + ((size_t)(y * s->stride + k) * s->w + (size_t)x * s->stride) * s->c, run * sizeof *patch);
}

/* The adjoint of gather_patches: adds every patch back where it came from. */
static void scatter_patches(float *restrict image, const float *restrict patch, const lp_conv *s) {
    int oh = lp_conv_oh(s), ow = lp_conv_ow(s), run = s->k * s->c;
    for (int y = 0; y < oh; y++)
        for (int x = 0; x < ow; x++)
            for (int k = 0; k < s->k; k++, patch += run) {
                float *to = image + ((size_t)(y * s->stride + k) * s->w + (size_t)x * s->stride) * s->c;
                for (int i = 0; i < run; i++) to[i] += patch[i];
            }
}

void lp_k_conv(float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *s, float *scratch) {
    assert(s->k <= s->h && s->k <= s->w && s->stride > 0);
    if (bias && lp_conv_is_direct(s)) {
        lp_conv_direct(y, x, weight, bias, n, s, scratch);
        return;
    }
    size_t in = (size_t)s->h * s->w * s->c;
    int rows = lp_conv_oh(s) * lp_conv_ow(s), patch = s->k * s->k * s->c;
    for (int i = 0; i < n; i++) {
        gather_patches(scratch, x + (size_t)i * in, s);
        lp_k_linear(y + (size_t)i * rows * s->oc, scratch, weight, bias, rows, patch, s->oc, 0);
    }
}

void lp_k_conv_backward(float *dx, float *dweight, float *dbias, const float *dy, const float *x, const float *weight, int n,
                        const lp_conv *s, float *scratch) {
    size_t in = (size_t)s->h * s->w * s->c;
    int rows = lp_conv_oh(s) * lp_conv_ow(s), patch = s->k * s->k * s->c;
    bool weight_done = dbias && lp_conv_is_direct(s), input_done = !dx || lp_conv_input_is_direct(s);
    if (weight_done) lp_conv_direct_weight(dweight, dbias, dy, x, n, s, scratch);
    if (dx && input_done) lp_conv_direct_input(dx, dy, weight, n, s, scratch);
    for (int i = 0; i < n && !(weight_done && input_done); i++) {
        const float *dyi = dy + (size_t)i * rows * s->oc;
        if (!weight_done) {
            gather_patches(scratch, x + (size_t)i * in, s);
            lp_k_linear_backward_weight(dweight, dbias, dyi, scratch, rows, patch, s->oc);
        }
        if (input_done) continue;
        /* the patches are done with: their room takes the patches' gradients */
        lp_k_linear_backward_input(scratch, dyi, weight, rows, patch, s->oc, 0);
        memset(dx + (size_t)i * in, 0, in * sizeof *dx);
        scatter_patches(dx + (size_t)i * in, scratch, s);
    }
}
