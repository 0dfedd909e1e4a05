#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

lp_status lp_fail(lp_err *err, lp_status status, const char *format, ...) {
    if (err) {
        va_list args;
        va_start(args, format);
        vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
    }
    return status;
}

lp_status lp_fail_prefix(lp_err *err, lp_status status, const char *format, ...) {
    if (err) {
        lp_err old = *err;
        va_list args;
        va_start(args, format);
        int n = vsnprintf(err->message, sizeof err->message, format, args);
        va_end(args);
        if (n >= 0 && (size_t)n < sizeof err->message) snprintf(err->message + n, sizeof err->message - (size_t)n, ": %s", old.message);
    }
    return status;
}
