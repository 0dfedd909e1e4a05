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

static inline __attribute__((always_inline)) float lp_dot(const float *a, const float *b, int n) {
    float lane[LP_LANES] = {0};
    int i = 0;
    for (; i + LP_LANES <= n; i += LP_LANES)
        for (int j = 0; j < LP_LANES; j++) lane[j] += a[i + j] * b[i + j];
    for (int j = 0; i < n; i++, j++) lane[j] += a[i] * b[i];
    for (int width = LP_LANES / 2; width > 0; width /= 2)
        for (int j = 0; j < width; j++) lane[j] += lane[j + width];
    return lane[0];
}

/* |a - b|^2 */
static inline __attribute__((always_inline)) float lp_distance2(const float *a, const float *b, int n) {
    float lane[LP_LANES] = {0};
    int i = 0;
    for (; i + LP_LANES <= n; i += LP_LANES)
        for (int j = 0; j < LP_LANES; j++) lane[j] += (a[i + j] - b[i + j]) * (a[i + j] - b[i + j]);
    for (int j = 0; i < n; i++, j++) lane[j] += (a[i] - b[i]) * (a[i] - b[i]);
    for (int width = LP_LANES / 2; width > 0; width /= 2)
        for (int j = 0; j < width; j++) lane[j] += lane[j + width];
    return lane[0];
}

/* y += s * x */
static inline __attribute__((always_inline)) void lp_axpy(float *restrict y, float s, const float *restrict x, int n) {
    for (int i = 0; i < n; i++) y[i] += s * x[i];
}

#endif
