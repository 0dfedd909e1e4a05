#include "base/status.h"

#include "base/terminal.h"

#include <stdarg.h>
#include <stdio.h>

lp_status lp_fail(lp_err *err, lp_status status, const char *format, ...) {
    if (err) {
        char text[sizeof err->message];
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        lp_terminal_line(err->message, sizeof err->message, text);
    }
    return status;
}

lp_status lp_fail_prefix(lp_err *err, lp_status status, const char *format, ...) {
    if (err) {
        char text[sizeof err->message];
        lp_err old = *err;
        va_list args;
        va_start(args, format);
        vsnprintf(text, sizeof text, format, args);
        va_end(args);
        lp_fail(err, status, "%s: %s", text, old.message);
    }
    return status;
}
