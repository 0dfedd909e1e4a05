#include "base/number.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

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

void lp_use_decimal_point(void) { uselocale(plain()); }
