/* Machine states of every kind of cartridge. Damaged ones are refused, with the machine as it was. Forged ones, whose hash is
 * right, are refused or played on, and what comes of them loads again.
 *
 * The first byte chooses the machine, the second what is done:
 *     bit 0: what follows is a state as it is; bit 1: the valid state with bytes changed; neither: forged, the valid state with
 *     fields changed, in records of a 2-byte place and a 4-byte value. */
#include "base/hash.h"
#include "emulator/emulator.h"
#include "tests/cartridges.h"
#include "tests/fuzz/fuzz.h"

#include <sanitizer/lsan_interface.h>

enum { N_MACHINES = N_CARTRIDGES + 2, HASH_AT = 8, HASHED_FROM = 16, MACHINE_AT = 48, PLACES = 0x4000 };

typedef struct {
    lp_blob rom;
    lp_emu *emu;
    uint8_t *valid, *bad;
    size_t bytes;
    uint64_t hash;
} machine;

static void start(machine *m, bool touches, lp_model model) {
    lp_err err;
    if (lp_emu_open(&m->emu, m->rom.data, m->rom.size_bytes, &(lp_emu_config){.model = model}, &err)) abort();
    if (touches) touch_all(m->emu);
    lp_emu_step(m->emu, 0, 10);
    m->bytes = lp_emu_state_size(m->emu);
    m->valid = malloc(m->bytes), m->bad = malloc(m->bytes);
    lp_emu_state_save(m->emu, m->valid);
    m->hash = lp_emu_hash(m->emu);
}

static machine *machine_of(unsigned number) {
    static machine machines[N_MACHINES];
    machine *m = &machines[number % N_MACHINES];
    if (m->emu) return m;
    unsigned i = number % N_MACHINES;
    __lsan_disable(); /* libmgba's memory that stays open is mapped, where the sanitizer does not look */
    if (i < N_CARTRIDGES) {
        m->rom = (lp_blob){malloc(CARTRIDGE_BYTES), CARTRIDGE_BYTES};
        make_cartridge(&cartridges[i], m->rom.data);
    } else {
        m->rom = fuzz_read(i == N_CARTRIDGES ? LP_SOURCE_DIR "/games/roms/busy.gb" : LP_SOURCE_DIR "/games/roms/orbit.gba");
    }
    start(m, i < N_CARTRIDGES, i < N_CARTRIDGES ? cartridges[i].model : LP_MODEL_AUTO);
    __lsan_enable();
    return m;
}

/* Most places are in the structs, which lie first; the value is stored as a byte or a word, or added, as times want it. */
static void forge(machine *m, const uint8_t *data, size_t size) {
    memcpy(m->bad, m->valid, m->bytes);
    for (; size >= 6; data += 6, size -= 6) {
        uint16_t place;
        uint32_t value, old;
        memcpy(&place, data, sizeof place);
        memcpy(&value, data + sizeof place, sizeof value);
        size_t at = MACHINE_AT + place % PLACES;
        memcpy(&old, m->bad + at, sizeof old);
        old += value;
        switch (place / PLACES) {
        case 0: m->bad[at] = (uint8_t)value; break;
        case 1: memcpy(m->bad + at, &value, sizeof value); break;
        case 2: memcpy(m->bad + at, &old, sizeof old); break;
        default: m->bad[MACHINE_AT + (uint64_t)(place % PLACES) * (m->bytes - MACHINE_AT) / PLACES] = (uint8_t)value;
        }
    }
    uint64_t hash = lp_hash64(m->bad + HASHED_FROM, m->bytes - HASHED_FROM);
    memcpy(m->bad + HASH_AT, &hash, sizeof hash);
}

static void play_on(machine *m) {
    uint8_t sink = 0;
    lp_err err;
    for (uint32_t address = 0; address < 0x10000; address += 0x11) sink ^= lp_emu_read8(m->emu, address * (address & 1 ? 1 : 0x1001));
    lp_emu_step(m->emu, sink, 1);
    lp_emu_step(m->emu, 0, 1);
    lp_emu_state_save(m->emu, m->bad);
    if (lp_emu_state_load(m->emu, m->bad, m->bytes, &err)) fprintf(stderr, "a state of a loaded machine: %s\n", err.message), abort();
    if (lp_emu_state_load(m->emu, m->valid, m->bytes, &err)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    lp_err err;
    if (size < 2) return 0;
    machine *m = machine_of(data[0]);
    uint8_t what = data[1];
    data += 2, size -= 2;
    if (what & 1) {
        lp_emu_state_load(m->emu, data, size, &err);
    } else if (what & 2) {
        memcpy(m->bad, m->valid, m->bytes);
        fuzz_patch(&(fuzz_target){.data = m->bad, .bytes = m->bytes}, data, size);
        bool changed = memcmp(m->bad, m->valid, m->bytes);
        if (!lp_emu_state_load(m->emu, m->bad, m->bytes, &err) && changed) abort();
    } else {
        forge(m, data, size);
        if (!lp_emu_state_load(m->emu, m->bad, m->bytes, &err)) play_on(m);
    }
    if (lp_emu_hash(m->emu) != m->hash) abort();
    return 0;
}
