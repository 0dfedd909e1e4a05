#include "base/hash.h"
#include "base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

uint64_t lp_hash64(const void *data, size_t size_bytes) { return XXH3_64bits(data, size_bytes); }

uint64_t lp_hash64_seed(const void *data, size_t size_bytes, uint64_t seed) { return XXH3_64bits_withSeed(data, size_bytes, seed); }

float lp_rng_normal(lp_rng *rng) {
    float u = 1.0f - lp_rng_float(rng); /* in (0, 1] */
    float v = lp_rng_float(rng);
    return sqrtf(-2.0f * logf(u)) * cosf(6.28318530718f * v);
}

/* SHA-1 (FIPS 180-4, section 6.1). */
static uint32_t rotate_left(uint32_t x, int n) { return (x << n) | (x >> (32 - n)); }

static void sha1_block(uint32_t h[5], const unsigned char *p) {
    uint32_t w[80];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (int i = 16; i < 80; i++) w[i] = rotate_left(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
    uint32_t a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];
    for (int i = 0; i < 80; i++) {
        uint32_t f, k;
        if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
        else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
        else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
        else f = b ^ c ^ d, k = 0xca62c1d6;
        uint32_t t = rotate_left(a, 5) + f + e + k + w[i];
        e = d, d = c, c = rotate_left(b, 30), b = a, a = t;
    }
    h[0] += a, h[1] += b, h[2] += c, h[3] += d, h[4] += e;
}

void lp_sha1_hex(const void *data, size_t size_bytes, char hex[41]) {
    uint32_t h[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
    const unsigned char *p = data;
    size_t left = size_bytes;
    for (; left >= 64; left -= 64, p += 64) sha1_block(h, p);
    unsigned char tail[128] = {0};
    if (left) memcpy(tail, p, left);
    tail[left] = 0x80;
    size_t n = left + 9 <= 64 ? 64 : 128;
    uint64_t bits = (uint64_t)size_bytes * 8;
    for (int i = 0; i < 8; i++) tail[n - 1 - (size_t)i] = (unsigned char)(bits >> (8 * i));
    sha1_block(h, tail);
    if (n == 128) sha1_block(h, tail + 64);
    for (int i = 0; i < 5; i++) snprintf(hex + 8 * i, 9, "%08x", h[i]);
}
