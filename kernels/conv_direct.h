/* Convolution in registers, for the shapes that allow it; conv.c asks. Arguments, shapes and results are those of lp_k_conv and
 * lp_k_conv_backward in kernels.h. */
#ifndef LP_KERNELS_CONV_DIRECT_H
#define LP_KERNELS_CONV_DIRECT_H

#include "kernels/kernels.h"

#include <stdbool.h>

/* Forward and weights: output channels a multiple of 16. */
bool lp_conv_is_direct(const lp_conv *shape);
/* The input's gradient: k c a multiple of 64, k of the stride. */
bool lp_conv_input_is_direct(const lp_conv *shape);
size_t lp_conv_direct_scratch(const lp_conv *shape); /* floats */

void lp_conv_direct(float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *shape, float *scratch);
void lp_conv_direct_weight(float *dweight, float *dbias, const float *dy, const float *x, int n, const lp_conv *shape, float *scratch);
void lp_conv_direct_input(float *dx, const float *dy, const float *weight, int n, const lp_conv *shape, float *scratch);

#endif
