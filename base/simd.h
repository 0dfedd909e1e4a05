/* Loops that the compiler can vectorise without changing a result.
 *
 * Sums run over 16 fixed lanes that are added in a fixed order, so every instruction set gives the same bits.
 * LP_CLONES compiles a function once for each instruction set and picks at load time: in functions that run before the
 * sanitizers have set themselves up, so not with them. */
#ifndef LP_BASE_SIMD_H
#define LP_BASE_SIMD_H

#if defined(__x86_64__) && defined(__gnu_linux__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define LP_HAS_CLONES
#define LP_CLONES __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define LP_CLONES
#endif

enum { LP_LANES = 16 };

/* Half of the lanes: what a register of AVX2 holds, two of SSE's or NEON's. Compilers see through these, not through lanes in an array. */
typedef float lp_eight __attribute__((vector_size(32)));
typedef float lp_eight_in_memory __attribute__((vector_size(32), aligned(4), may_alias));
#define LP_EIGHT(p) (*(const lp_eight_in_memory *)(p))

/* The sum of 16 lanes. */
static inline __attribute__((always_inline)) float lp_add_lanes(const lp_eight *low, const lp_eight *high) {
    const lp_eight s = *low + *high;
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

/* Adds one lane each of what a loop over whole lanes left over. */
static inline __attribute__((always_inline)) void lp_add_rest(lp_eight *low, lp_eight *high, const float rest[LP_LANES]) {
    *low += LP_EIGHT(rest);
    *high += LP_EIGHT(rest + 8);
}

static inline __attribute__((always_inline)) float lp_dot(const float *a, const float *b, int n) {
    lp_eight low = {0}, high = {0};
    int i = 0;
    for (; i + LP_LANES <= n; i += LP_LANES) {
        low += LP_EIGHT(a + i) * LP_EIGHT(b + i);
        high += LP_EIGHT(a + i + 8) * LP_EIGHT(b + i + 8);
    }
    if (i < n) {
        float rest[LP_LANES] = {0};
        for (int j = 0; i < n; i++, j++) rest[j] = a[i] * b[i];
        lp_add_rest(&low, &high, rest);
    }
    return lp_add_lanes(&low, &high);
}

/* |a - b|^2 */
static inline __attribute__((always_inline)) float lp_distance2(const float *a, const float *b, int n) {
    lp_eight low = {0}, high = {0};
    int i = 0;
    for (; i + LP_LANES <= n; i += LP_LANES) {
        const lp_eight d = LP_EIGHT(a + i) - LP_EIGHT(b + i), e = LP_EIGHT(a + i + 8) - LP_EIGHT(b + i + 8);
        low += d * d;
        high += e * e;
    }
    if (i < n) {
        float rest[LP_LANES] = {0};
        for (int j = 0; i < n; i++, j++) rest[j] = (a[i] - b[i]) * (a[i] - b[i]);
        lp_add_rest(&low, &high, rest);
    }
    return lp_add_lanes(&low, &high);
}

/* y += s * x */
static inline __attribute__((always_inline)) void lp_axpy(float *restrict y, float s, const float *restrict x, int n) {
    for (int i = 0; i < n; i++) y[i] += s * x[i];
}

#endif
