/* Any bytes as a ROM: refused, or played for some frames. */
#include "emulator/emulator.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_emu *emu;
    lp_err err;
    if (lp_emu_open(&emu, data, size, NULL, &err)) return 0;
    lp_emu_step(emu, 0, 2);
    lp_emu_step(emu, LP_KEY_A, 1);
    lp_emu_close(emu);
    return 0;
}
