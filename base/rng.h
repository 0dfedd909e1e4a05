/* A counter-based random number generator: SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
 * Generators, 2014). The state is one counter, so a generator is saved, copied and resumed as eight bytes, and the
 * n-th number of a stream can be had without the ones before it. Header only; nothing fails. */
#ifndef LP_BASE_RNG_H
#define LP_BASE_RNG_H

#include <stdint.h>

typedef struct {
    uint64_t state;
} lp_rng;

static inline uint64_t lp_mix64(uint64_t z) {
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/* A generator for (seed, stream); different pairs give unrelated sequences. */
static inline lp_rng lp_rng_make(uint64_t seed, uint64_t stream) {
    return (lp_rng){lp_mix64(seed + 0x9e3779b97f4a7c15u) ^ lp_mix64(lp_mix64(stream + 0x632be59bd9b4e019u))};
}

static inline uint64_t lp_rng_u64(lp_rng *rng) { return lp_mix64(rng->state += 0x9e3779b97f4a7c15u); }

/* Uniform in [0, 1), 24 random bits. */
static inline float lp_rng_float(lp_rng *rng) { return (float)(lp_rng_u64(rng) >> 40) * (1.0f / 16777216.0f); }

/* Uniform in [0, n), n > 0 (multiply-shift on 32 bits; bias below n / 2^32). */
static inline uint32_t lp_rng_below(lp_rng *rng, uint32_t n) { return (uint32_t)(((lp_rng_u64(rng) >> 32) * n) >> 32); }

/* Standard normal, by the Box-Muller transform. */
float lp_rng_normal(lp_rng *rng);

#endif
