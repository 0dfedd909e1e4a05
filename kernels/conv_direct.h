/* Convolution in registers, for the shapes that allow it; conv.c asks. Arguments, shapes and results are those of lp_k_conv and
 * lp_k_conv_backward in kernels.h. */
#ifndef LP_KERNELS_CONV_DIRECT_H
#define LP_KERNELS_CONV_DIRECT_H

#include "kernels/kernels.h"

#include <stdbool.h>

/* Forward and weights: output channels a multiple of 16, k c of 8. */
bool lp_conv_is_direct(const lp_conv *shape);
/* The input's gradient: output channels a multiple of 16, k c of 64. */
bool lp_conv_input_is_direct(const lp_conv *shape);
size_t lp_conv_direct_scratch(const lp_conv *shape); /* floats */

void lp_conv_direct(float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *shape, float *scratch);
void lp_conv_direct_weight(float *dweight, float *dbias, const float *dy, const float *x, int n, const lp_conv *shape, float *scratch);
void lp_conv_direct_input(float *dx, const float *dy, const float *weight, int n, const lp_conv *shape, float *scratch);

/* The same at the output pixels of a list alone, pixel [n] ascending, of one image. Weights are packed first, in
 * lp_conv_direct_weights floats; so are the sums of their gradient, which accumulate, as do dbias and dx. */
size_t lp_conv_direct_weights(const lp_conv *shape);
void lp_conv_direct_pack(float *packed, const float *weight, const lp_conv *shape);
void lp_conv_direct_pack_input(float *packed, const float *weight, const lp_conv *shape);
void lp_conv_direct_unpack_add(float *dweight, const float *sums, const lp_conv *shape);
/* relu: y = max(y, 0) too; a NaN stays NaN. */
void lp_conv_direct_image(float *y, const float *x, const float *packed, const float *bias, const lp_conv *shape, const int32_t *pixel,
                          int n, bool relu);
void lp_conv_direct_weight_image(float *sums, float *dbias, const float *dy, const float *x, const lp_conv *shape, const int32_t *pixel,
                                 int n);
void lp_conv_direct_input_image(float *dx, const float *dy, const float *packed, const lp_conv *shape, const int32_t *pixel, int n);

#endif
