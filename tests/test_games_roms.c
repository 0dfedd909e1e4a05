/* The ROMs that measure emulation: their headers are right, and their sources give them again, byte for byte, where the
 * compilers are that did: SDCC 4.2.0 and arm-none-eabi GCC 12.2.1. */
#include "base/file.h"
#include "emulator/emulator.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

#define FOLDER "games/roms"

static void expect_rebuilt(const char *name, const char *compiler) {
    char folder[PATH_MAX], path[PATH_MAX], command[2 * PATH_MAX];
    if (system(compiler)) {
        print_message("the compiler is not here: %s was not rebuilt\n", name);
        skip();
    }
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    assert_non_null(mkdtemp(folder));
    snprintf(command, sizeof command, "make -s -C " FOLDER " OUT='%s' '%s/%s' && rm -r '%s/obj'", folder, folder, name, folder);
    assert_int_equal(system(command), 0);
    lp_blob built, committed;
    assert_int_equal(lp_file_read(&built, lp_path_join(path, sizeof path, folder, name), 1 << 20, NULL), LP_OK);
    unlink(path);
    assert_int_equal(rmdir(folder), 0);
    assert_int_equal(lp_file_read(&committed, lp_path_join(path, sizeof path, FOLDER, name), 1 << 20, NULL), LP_OK);
    assert_int_equal(built.size_bytes, committed.size_bytes);
    assert_memory_equal(built.data, committed.data, committed.size_bytes);
    lp_blob_free(&built), lp_blob_free(&committed);
}

static void test_busy_rebuilt(void **state) {
    (void)state;
    expect_rebuilt("busy.gb", "sdcc --version 2>/dev/null | grep -q 'sm83.* 4\\.2\\.0 '");
}

static void test_orbit_rebuilt(void **state) {
    (void)state;
    expect_rebuilt("orbit.gba", "arm-none-eabi-gcc --version 2>/dev/null | grep -q '12\\.2\\.1'");
}

static void test_headers(void **state) {
    (void)state;
    static const char *const names[] = {"busy.gb", "orbit.gba"}, *const titles[] = {"BUSY", "ORBIT"};
    for (int i = 0; i < 2; i++) {
        char path[PATH_MAX];
        lp_blob rom;
        lp_emu *emu;
        assert_int_equal(lp_file_read(&rom, lp_path_join(path, sizeof path, FOLDER, names[i]), 1 << 20, NULL), LP_OK);
        int from = i ? 0xA0 : 0x134, to = i ? 0xBD : 0x14D;
        uint8_t sum = 0;
        for (int k = from; k < to; k++) sum = (uint8_t)(i ? sum - rom.data[k] : sum - rom.data[k] - 1);
        assert_int_equal((uint8_t)(sum - (i ? 0x19 : 0)), rom.data[to]);
        assert_int_equal(lp_emu_open(&emu, rom.data, rom.size_bytes, NULL, NULL), LP_OK);
        assert_string_equal(lp_emu_title(emu), titles[i]);
        assert_int_equal(lp_emu_system(emu), i ? LP_SYSTEM_GBA : LP_SYSTEM_GB);
        lp_emu_close(emu);
        lp_blob_free(&rom);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_headers), cmocka_unit_test(test_busy_rebuilt),
                                       cmocka_unit_test(test_orbit_rebuilt)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
