/* Random numbers without a state: Philox 4x32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). Number k of
 * stream s of a seed is a function of the three, on every device. */
#ifndef LP_KERNELS_SAMPLE_H
#define LP_KERNELS_SAMPLE_H

#include "kernels/kernels.h"

/* out [4] from counter [4] and key [2]: ten rounds. */
LP_K_INLINE void lp_philox(uint32_t *out, const uint32_t *counter, const uint32_t *key) {
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++, k0 += 0x9E3779B9u, k1 += 0xBB67AE85u) {
        uint64_t a = (uint64_t)0xD2511F53u * c0, b = (uint64_t)0xCD9E8D57u * c2;
        uint32_t d0 = (uint32_t)(b >> 32) ^ c1 ^ k0, d2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
        c0 = d0, c1 = (uint32_t)b, c2 = d2, c3 = (uint32_t)a;
    }
    out[0] = c0, out[1] = c1, out[2] = c2, out[3] = c3;
}

/* Number `count` of a stream, at least 0 and below 1, with 24 bits. */
LP_K_INLINE float lp_philox_float(uint64_t seed, uint64_t stream, uint64_t count) {
    const uint32_t counter[4] = {(uint32_t)count, (uint32_t)(count >> 32), (uint32_t)stream, (uint32_t)(stream >> 32)};
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t out[4];
    lp_philox(out, counter, key);
    return (float)(out[0] >> 8) * (1.0f / 16777216.0f);
}

#endif
