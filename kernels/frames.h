/* Two convolutions, each with a relu, over frames that follow each other: what is as it was in the frame before is not computed again.
 * Games' screens change little from one decision to the next.
 *
 *     lp_k_frames_pack(&f, ...);                                // after every change of the weights
 *     lp_k_frames(c2, c1, x, pixels, NULL, ...);                // the first frame
 *     lp_k_frames(c2_next, c1_next, x, pixels_next, &before, ...);
 *
 * For the CPU; a card computes all of it faster than it could find out what changed. Results are those of lp_k_from_bytes, lp_k_conv and
 * lp_k_relu; forward, the same bits whatever the frame before was. */
#ifndef LP_KERNELS_FRAMES_H
#define LP_KERNELS_FRAMES_H

#include "kernels/kernels.h"

#include <stdbool.h>

typedef struct {
    const lp_conv *one, *two; /* borrowed; two's input is one's output; one's has one channel */
    const float *bias1, *bias2;
    /* carved from scratch */
    float *packed1, *packed2, *input2, *sum1, *sum2, *dc1, *dc2, *x;
    int32_t *pixel1, *pixel2;
    uint8_t *cell, *changed;
} lp_frames;

/* Whether these shapes can be done so: output channels multiples of 16, and whole vectors in a row of taps. */
bool lp_k_frames_fit(const lp_conv *one, const lp_conv *two);
size_t lp_k_frames_scratch(const lp_conv *one, const lp_conv *two); /* floats */
/* Weights as in lp_k_conv. scratch, 64-byte aligned, holds what was packed: it is f's until the next pack. The biases are borrowed. */
void lp_k_frames_pack(lp_frames *f, const lp_conv *one, const lp_conv *two, const float *weight1, const float *bias1, const float *weight2,
                      const float *bias2, float *scratch);

/* One frame, pixels [h][w]. c1, c2: outputs after relu. before: the pixels of the frame whose results c1_before, c2_before hold and whose
 * floats x [h][w] holds, NULL for none; the outputs may be the same arrays. x becomes this frame's. */
void lp_k_frames(float *c2, float *c1, float *x, const uint8_t *pixels, const uint8_t *before, const float *c1_before,
                 const float *c2_before, lp_frames *f);
/* Of n frames that follow each other, pixels [n][h][w], c1 [n][...] from the way there, dc2 [n][...] the gradient of c2 (after
 * lp_k_relu_backward). Gradients of the weights accumulate. Where nothing changed for some frames, their gradients are added up first. */
void lp_k_frames_backward(float *dweight1, float *dbias1, float *dweight2, float *dbias2, const float *dc2, const float *c1,
                          const uint8_t *pixels, int n, lp_frames *f);

#endif
