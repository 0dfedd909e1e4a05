/* The meter on a folder that looks like Linux's: packages are added up, other zones are not, a counter that began anew, one that is gone. */
#include "base/energy.h"

#include "base/file.h"

#include <ftw.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static char folder[256];

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    return mkdtemp(folder) && !setenv("LONGPLAY_POWERCAP", folder, 1) ? 0 : -1;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static int teardown(void **state) {
    (void)state;
    return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put(int zone, const char *name, const char *text) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/intel-rapl:%d", folder, zone);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/intel-rapl:%d/%s", folder, zone, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fprintf(file, "%s\n", text);
    assert_int_equal(fclose(file), 0);
}

static void put_zone(int zone, const char *name, const char *microjoules) {
    put(zone, "name", name);
    put(zone, "max_energy_range_uj", "65532610987");
    put(zone, "energy_uj", microjoules);
}

static void expect(lp_energy *meter, double joules) {
    const double got = lp_energy_read(meter);
    if (!(fabs(got - joules) < 1e-6)) fail_msg("%.9g J, expected %.9g", got, joules);
}

static void test_packages(void **state) {
    (void)state;
    lp_energy meter;
    lp_energy_open(&meter);
    assert_int_equal(meter.n, 0);
    assert_true(isnan(lp_energy_read(&meter)));
    put_zone(0, "package-0", "1000000");
    put_zone(1, "psys", "5000000"); /* the packages are in it */
    put_zone(2, "package-1", "65532000000");
    put_zone(3, "package-2", "none");
    lp_energy_open(&meter);
    assert_int_equal(meter.n, 2);
    expect(&meter, 0);
    put(0, "energy_uj", "3500000");
    put(1, "energy_uj", "9000000");
    expect(&meter, 2.5);
    put(2, "energy_uj", "389013"); /* anew */
    expect(&meter, 1);
    expect(&meter, 0);
    put(2, "energy_uj", "");
    assert_true(isnan(lp_energy_read(&meter)));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_packages)};
    return cmocka_run_group_tests(tests, setup, teardown);
}
