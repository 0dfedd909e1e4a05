/* Floats among the bytes of a file, where they need not be aligned. Header only. */
#ifndef LP_BASE_FLOATS_H
#define LP_BASE_FLOATS_H

#include <float.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* Is each of n floats at least min, and finite? */
static inline bool lp_floats_from(const void *data, size_t n, float min) {
    for (size_t i = 0; i < n; i++) {
        float f;
        memcpy(&f, (const char *)data + i * sizeof f, sizeof f);
        if (!(f >= min && f <= FLT_MAX)) return false;
    }
    return true;
}

static inline bool lp_floats_finite(const void *data, size_t n) { return lp_floats_from(data, n, -FLT_MAX); }

#endif
