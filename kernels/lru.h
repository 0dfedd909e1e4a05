/* A unit of the linear recurrent unit, on either device. */
#ifndef LP_KERNELS_LRU_H
#define LP_KERNELS_LRU_H

#include "kernels/kernels.h"

#include <math.h>

typedef struct {
    float re, im, gain; /* lambda, gamma */
    float decay, phase; /* exp(nu), exp(theta): how fast it forgets, how fast it turns */
} lp_lru_unit;

/* lambda [3][hidden], as lp_k_lru has it. */
LP_K_INLINE lp_lru_unit lp_lru_unit_of(const float *lambda, int j, int hidden) {
    const float decay = expf(lambda[j]), phase = expf(lambda[hidden + j]), size = expf(-decay);
    lp_lru_unit u = {size * cosf(phase), size * sinf(phase), expf(lambda[2 * hidden + j]), decay, phase};
    return u;
}

#endif
