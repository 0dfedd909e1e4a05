/* Products of a few rows, as in acting, where reading the weights is all that costs: the weights are read once, bias, ADD and RELU
 * come in the same launch, and no patches are laid out. linear.cu and conv.cu choose between these and cuBLAS.
 *
 * A row's sum is always taken in the same order, whatever the number of rows, so its bits do not depend on the rows beside it. */
#ifndef LP_KERNELS_FEW_CUH
#define LP_KERNELS_FEW_CUH

#include "kernels/cuda.cuh"

/* n <= LP_CUDA_FEW. */
int lp_cuda_few_linear(float *y, int y_stride, const float *x, int x_stride, const float *w, const float *b, int n, int i, int o, int how,
                       void *stream);
int lp_cuda_few_maps(const lp_cuda_map *map, int n_maps, int n, void *stream);
int lp_cuda_few_conv(float *y, const float *x, const float *weight, const float *bias, int n, const lp_conv *s, int relu, void *stream);

#endif
