#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* glibc has this one ready: nothing is allocated, and nothing fails. */
static locale_t plain(void) { return newlocale(LC_ALL_MASK, "C", (locale_t)0); }

bool lp_parse_double(const char *text, double *out) {
    char *end;
    errno = 0;
    double value = strtod_l(text, &end, plain());
    bool good = end != text && !errno && isfinite(value);
    while (*end == ' ') end++;
    if (!good || *end) return false;
    *out = value;
    return true;
}

int lp_print_double(char *out, size_t size_bytes, double value) {
    locale_t old = uselocale(plain());
    int length = snprintf(out, size_bytes, "%.17g", value);
    uselocale(old);
    return length;
}

static const char *const units[] = {"B", "KB", "MB", "GB", "TB", "PB"};
enum { N_UNITS = sizeof units / sizeof *units };

bool lp_parse_bytes(const char *text, int64_t *out) {
    char *end;
    double value = strtod_l(text, &end, plain());
    if (end == text || !(value >= 0)) return false;
    while (*end == ' ') end++;
    for (int u = 0; u < N_UNITS; u++) {
        if (u) value *= 1000;
        if (strcasecmp(end, units[u]) && (*end || u)) continue;
        *out = value < 9e18 ? (int64_t)value : 0;
        return value < 9e18;
    }
    return false;
}

const char *lp_print_bytes(char out[LP_BYTES_BYTES], double bytes) {
    int u = 0;
    for (; bytes >= 999.5 && u < N_UNITS - 1; u++) bytes /= 1000;
    snprintf(out, LP_BYTES_BYTES, u && bytes < 9.95 ? "%.1f %s" : "%.0f %s", bytes, units[u]);
    return out;
}

void lp_use_decimal_point(void) { uselocale(plain()); }
