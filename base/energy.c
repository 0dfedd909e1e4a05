#include "base/energy.h"

#include "base/file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A zone's file; false where there is none, or it may not be read. */
static bool read_file(const char *zone, const char *name, char *text, int size) {
    char path[PATH_MAX];
    lp_path_join(path, sizeof path, zone, name);
    FILE *file = fopen(path, "r");
    bool good = file && fgets(text, size, file);
    if (file) fclose(file);
    return good;
}

static double number(const char *zone, const char *name) {
    char text[64], *end;
    if (!read_file(zone, name, text, sizeof text)) return NAN;
    const double value = strtod(text, &end);
    return end != text && value >= 0 && value <= 1e18 ? value : NAN;
}

void lp_energy_open(lp_energy *m) {
    const char *folder = getenv("LONGPLAY_POWERCAP");
    *m = (lp_energy){0};
    for (int i = 0; i < LP_ENERGY_PACKAGES; i++) { /* intel-rapl is its name on AMD, too */
        char name[64], *zone = m->zone[m->n];
        snprintf(name, sizeof name, "intel-rapl:%d", i);
        lp_path_join(zone, PATH_MAX, folder ? folder : "/sys/class/powercap", name);
        if (!read_file(zone, "name", name, sizeof name) || strncmp(name, "package", strlen("package"))) continue;
        m->last[m->n] = number(zone, "energy_uj");
        m->range[m->n] = number(zone, "max_energy_range_uj");
        m->n += !isnan(m->last[m->n]) && !isnan(m->range[m->n]);
    }
}

double lp_energy_read(lp_energy *m) {
    double used = m->n ? 0 : NAN;
    for (int i = 0; i < m->n; i++) {
        const double now = number(m->zone[i], "energy_uj");
        used += now < m->last[i] ? now + m->range[i] - m->last[i] : now - m->last[i];
        m->last[i] = now;
    }
    return used / 1e6;
}
