/* Operations on each element by itself. */
#include "kernels/kernels.h"
#include "base/simd.h"

#include <math.h>

LP_CLONES void lp_k_from_bytes(float *restrict y, const uint8_t *restrict x, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = (float)x[i] / 255.0f - 0.5f;
}

LP_CLONES void lp_k_relu(float *y, size_t n) {
    for (size_t i = 0; i < n; i++) y[i] = y[i] < 0.0f ? 0.0f : y[i];
}

LP_CLONES void lp_k_relu_backward(float *restrict dy, const float *restrict y, size_t n) {
    for (size_t i = 0; i < n; i++) dy[i] = y[i] <= 0.0f ? 0.0f : dy[i];
}

void lp_k_softmax(float *p, const float *logit, int n) {
    float top = -INFINITY, sum = 0.0f;
    for (int i = 0; i < n; i++) top = logit[i] > top ? logit[i] : top;
    for (int i = 0; i < n; i++) sum += p[i] = expf(logit[i] - top);
    for (int i = 0; i < n; i++) p[i] /= sum;
}
