/* Numbers as people read them: thousands separators, a true minus sign, a dash for what is no number. */
#include "view/view_paint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MINUS "\xe2\x88\x92"
#define DASH "\xe2\x80\x93"

/* The size of n, also of INT64_MIN. */
static uint64_t magnitude(int64_t n) { return n < 0 ? 0 - (uint64_t)n : (uint64_t)n; }

char *lp_format_count(char out[LP_FORMAT_SIZE], int64_t n) {
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)magnitude(n));
    char *to = out;
    if (n < 0) to += sprintf(to, MINUS);
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) *to++ = ',';
        *to++ = digits[i];
    }
    *to = 0;
    return out;
}

char *lp_format_compact(char out[LP_FORMAT_SIZE], int64_t n) {
    static const char units[] = "kMGTPE";
    uint64_t size = magnitude(n);
    if (size < 1000) return lp_format_count(out, n);
    uint64_t unit = 1000;
    int u = 0;
    while (u < 5 && size / unit >= 1000) {
        unit *= 1000;
        u++;
    }
    uint64_t whole = size / unit, tenth = size % unit / (unit / 10); /* cut, not rounded: never shows more than there is */
    const char *sign = n < 0 ? MINUS : "";
    if (whole < 10) snprintf(out, LP_FORMAT_SIZE, "%s%d.%d%c", sign, (int)whole, (int)tenth, units[u]);
    else snprintf(out, LP_FORMAT_SIZE, "%s%d%c", sign, (int)whole, units[u]);
    return out;
}

char *lp_format_percent(char out[LP_FORMAT_SIZE], double fraction) {
    if (!isfinite(fraction)) return strcpy(out, DASH);
    double percent = fraction < 0 ? 0 : fraction > 1 ? 100 : fraction * 100;
    if (percent > 0 && percent < 1) return strcpy(out, "<1%");
    if (percent > 99 && percent < 100) return strcpy(out, ">99%");
    snprintf(out, LP_FORMAT_SIZE, "%.0f%%", percent);
    return out;
}

char *lp_format_signed(char out[LP_FORMAT_SIZE], double value) {
    if (!isfinite(value)) return strcpy(out, DASH);
    if (value > 99) value = 99;
    if (value < -99) value = -99;
    double shown = fabs(value) < 0.005 ? 0 : fabs(value);
    snprintf(out, LP_FORMAT_SIZE, "%s%.2f", shown == 0 ? "" : value < 0 ? MINUS : "+", shown);
    return out;
}

char *lp_format_time(char out[LP_FORMAT_SIZE], double seconds) {
    if (!isfinite(seconds) || seconds < 0) return strcpy(out, DASH);
    int64_t s = seconds < 8.64e12 ? (int64_t)seconds : (int64_t)8.64e12;
    int64_t days = s / 86400;
    int in_day = (int)(s % 86400);
    char day_text[LP_FORMAT_SIZE] = "";
    if (days > 0) {
        lp_format_count(day_text, days);
        strcat(day_text, "d ");
    }
    snprintf(out, LP_FORMAT_SIZE, "%s%02d:%02d:%02d", day_text, in_day / 3600, in_day / 60 % 60, in_day % 60);
    return out;
}

char *lp_format_clock(char out[LP_FORMAT_SIZE], double seconds) {
    if (!(seconds >= 0) || seconds > 8.64e12) return strcpy(out, DASH);
    int64_t s = (int64_t)seconds, hours = s / 3600;
    int minutes = (int)(s / 60 % 60), rest = (int)(s % 60);
    if (hours > 0) snprintf(out, LP_FORMAT_SIZE, "%lld:%02d:%02d", (long long)hours, minutes, rest);
    else snprintf(out, LP_FORMAT_SIZE, "%d:%02d", minutes, rest);
    return out;
}

char *lp_format_split(char out[LP_FORMAT_SIZE], double seconds) {
    lp_format_clock(out, seconds);
    if (seconds >= 0 && seconds < 60) snprintf(out, LP_FORMAT_SIZE, "0:%04.1f", floor(seconds * 10) / 10);
    return out;
}

char *lp_format_ahead(char out[LP_FORMAT_SIZE], double seconds) {
    char clock[LP_FORMAT_SIZE];
    double size = fabs(seconds);
    if (!(size <= 8.64e12)) return strcpy(out, DASH);
    if (size < 59.95) snprintf(clock, sizeof clock, "%.1f", size);
    else lp_format_clock(clock, size);
    snprintf(out, LP_FORMAT_SIZE, "%s%.40s", size < 0.05 ? "\xc2\xb1" : seconds < 0 ? MINUS : "+", clock);
    return out;
}

char *lp_format_fitting(lp_painter *p, char out[LP_FORMAT_SIZE], lp_face_id face, int64_t n, int width) {
    lp_format_count(out, n);
    return lp_paint_text_width(p, face, out) <= width ? out : lp_format_compact(out, n);
}

char *lp_format_fitting_time(lp_painter *p, char out[LP_FORMAT_SIZE], lp_face_id face, double seconds, int width) {
    lp_format_time(out, seconds);
    char *last = strrchr(out, ':');
    if (last && lp_paint_text_width(p, face, out) > width) *last = 0;
    return out;
}
