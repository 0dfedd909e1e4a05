/* What the machine says that its processors used: Linux's powercap (RAPL), one zone a package. It is the whole machine's, whoever computed.
 *
 *     lp_energy meter;
 *     lp_energy_open(&meter);
 *     ...
 *     double joules = lp_energy_read(&meter);       // since open, or the read before
 *
 * The counters begin anew after 2^32 microjoules to some 260 kJ: at 100 W not before 40 seconds, mostly 40 minutes. Read more often. */
#ifndef LP_BASE_ENERGY_H
#define LP_BASE_ENERGY_H

#include <limits.h>

enum { LP_ENERGY_PACKAGES = 8 };
typedef struct {
    int n; /* packages; 0: the machine does not tell, or not us (the kernel shows it to root alone, unless it is told otherwise) */
    char zone[LP_ENERGY_PACKAGES][PATH_MAX];
    double last[LP_ENERGY_PACKAGES], range[LP_ENERGY_PACKAGES]; /* microjoules */
} lp_energy;

/* The zones are in /sys/class/powercap, or in the folder that the environment's LONGPLAY_POWERCAP names. One thread at a time. */
void lp_energy_open(lp_energy *meter);
double lp_energy_read(lp_energy *meter); /* NaN: it does not tell, or not any more */

#endif
