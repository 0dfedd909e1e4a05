#include "gb.h"

uint32_t lp_mix(uint32_t h) {
    h ^= h >> 16;
    h *= 0x85ebca6bUL;
    h ^= h >> 13;
    h *= 0xc2b2ae35UL;
    return h ^ (h >> 16);
}

uint32_t lp_random(uint32_t *state) {
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}
