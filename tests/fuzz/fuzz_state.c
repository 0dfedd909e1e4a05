/* Damaged machine states, Game Boy and Game Boy Advance: refused, with the machine as it was. */
#include "emulator/emulator.h"
#include "tests/fuzz/fuzz.h"

#include <sanitizer/lsan_interface.h>

typedef struct {
    lp_blob rom;
    lp_emu *emu;
    uint8_t *valid, *bad;
    size_t bytes;
    uint64_t hash;
} machine;

static void start(machine *m, const char *rom) {
    lp_err err;
    m->rom = fuzz_read(rom);
    if (lp_emu_open(&m->emu, m->rom.data, m->rom.size_bytes, NULL, &err)) abort();
    lp_emu_step(m->emu, 0, 10);
    m->bytes = lp_emu_state_size(m->emu);
    m->valid = malloc(m->bytes), m->bad = malloc(m->bytes);
    lp_emu_state_save(m->emu, m->valid);
    m->hash = lp_emu_hash(m->emu);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static machine machines[2];
    lp_err err;
    if (!machines[0].emu) {
        __lsan_disable(); /* libmgba's memory that stays open is mapped, where the sanitizer does not look */
        start(&machines[0], LP_SOURCE_DIR "/evals/roms/busy.gb");
        start(&machines[1], LP_SOURCE_DIR "/evals/roms/orbit.gba");
        __lsan_enable();
    }
    if (!size) return 0;
    machine *m = &machines[data[0] & 1];
    size_t bytes = data[0] & 2 ? size - 1 : m->bytes; /* of any length: the input itself */
    if (data[0] & 2) {
        lp_emu_state_load(m->emu, data + 1, bytes, &err);
    } else {
        memcpy(m->bad, m->valid, m->bytes);
        fuzz_patch(m->bad, m->bytes, data + 1, size - 1);
        bool changed = memcmp(m->bad, m->valid, m->bytes);
        if (!lp_emu_state_load(m->emu, m->bad, bytes, &err) && changed) abort();
    }
    if (lp_emu_hash(m->emu) != m->hash) abort();
    return 0;
}
