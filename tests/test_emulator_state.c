/* States that no emulator made: their hash is right, a field is not. Each of these would have libmgba read or write out of
 * bounds, divide by zero, write to a ROM that others share, or never end a frame; all must be refused, by name, with the
 * machine as it was. And no state that play can reach may be refused, whatever the cartridge. */
#include <mgba/flags.h>

#include <mgba/core/core.h>
#include <mgba/internal/arm/arm.h>
#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/io.h>
#include <mgba/internal/gb/renderers/software.h>
#include <mgba/internal/gba/gba.h>
#include <mgba/internal/sm83/sm83.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/rng.h"
#include "emulator/gb_image.h"
#include "emulator/gba_image.h"
#include "tests/cartridges.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { HASH_AT = 8, HASHED_FROM = 16, MACHINE_AT = 48 }; /* of a state: see emulator.c */

typedef enum { SET, ADD } how;

typedef struct {
    const char *name; /* in the message */
    size_t at;
    size_t bytes;
    how how;
    int64_t value;
} forgery;

#define FIELD(base, type, field) #field, MACHINE_AT + (base) + offsetof(type, field), sizeof(((type *)0)->field)
#define GB_FIELD(field) FIELD(0, struct GB, field)
#define GB_CPU(field) FIELD(sizeof(struct GB), struct SM83Core, field)
#define GB_LINK(name, field)                                                                                                               \
    name, MACHINE_AT + sizeof(struct GB) + sizeof(struct SM83Core) + offsetof(lp_gb_links, field), sizeof(((lp_gb_links *)0)->field)
#define TONE(field) FIELD(offsetof(struct GB, audio), struct GBAudio, field)
#define GB_WHEN(event) #event, MACHINE_AT + offsetof(struct GB, event.when), sizeof(uint32_t)
#define GBA_FIELD(field) FIELD(0, struct GBA, field)
#define GBA_CPU(field) FIELD(sizeof(struct GBA), struct ARMCore, field)
#define GBA_WHEN(event) #event, MACHINE_AT + offsetof(struct GBA, event.when), sizeof(uint32_t)
#define GBA_LINK(name, field)                                                                                                              \
    name, MACHINE_AT + sizeof(struct GBA) + sizeof(struct ARMCore) + offsetof(lp_gba_links, field), sizeof(((lp_gba_links *)0)->field)

static const forgery of_gb[] = {
    {GB_FIELD(memory.mbcReadHigh), SET, 249}, /* a bool */
    {GB_FIELD(memory.mbcReadBank0), SET, 1},  /* to a mapper without a read function */
    {GB_FIELD(memory.sramAccess), SET, 2},
    {GB_FIELD(memory.romSize), SET, 1 << 30},
    {GB_FIELD(memory.currentBank), SET, -1},
    {GB_FIELD(memory.sramCurrentBank), SET, -1},
    {GB_FIELD(memory.wramCurrentBank), SET, 8},
    {GB_FIELD(memory.dmaRemaining), SET, 200},
    {GB_FIELD(memory.dmaRemaining), SET, 1}, /* without an event that ends it */
    {GB_FIELD(memory.dmaDest), SET, 161},
    {GB_FIELD(memory.activeRtcReg), SET, 8},
    {GB_FIELD(memory.rtcLastLatch), SET, 1},
    {GB_FIELD(video.ly), SET, 155},
    {GB_FIELD(video.mode), SET, 7},
    {GB_FIELD(video.x), SET, 161},
    {GB_FIELD(video.objMax), SET, 1 << 20},
    {GB_FIELD(video.bcpIndex), SET, 64},
    {GB_FIELD(video.ocpIndex), SET, -2},
    {GB_FIELD(video.sgbBufferIndex), SET, 9},
    {GB_FIELD(timer.timaPeriod), SET, 3},
    {GB_FIELD(timer.nextDiv), SET, 1 << 24},
    {GB_FIELD(sio.remainingBits), SET, 40},
    {GB_FIELD(sgbBit), SET, 1 << 16},
    {GB_FIELD(cpuBlocked), SET, 1},
    {GB_FIELD(doubleSpeed), SET, 1}, /* without the CPU's multiplier */
    {GB_FIELD(model), SET, GB_MODEL_AGB},
    {GB_FIELD(yankedRomSize), SET, 1},
    {GB_CPU(tMultiplier), SET, 0},
    {GB_CPU(executionState), SET, 5},
    {GB_CPU(cycles), SET, -2000000000},
    {GB_CPU(nextEvent), ADD, 10000},
    {GB_CPU(halted), SET, 3},
    {GB_CPU(memory.activeMask), SET, 0xFFFF},
    {GB_WHEN(timer.event), ADD, 1 << 20},
    {GB_WHEN(timer.event), ADD, -(1 << 20)},
    {GB_WHEN(audio.sampleEvent), ADD, 1 << 30},
    {GB_LINK("the first event", queue[0]), SET, 77},
    {GB_LINK("audio.frameEvent", queue[0]), SET, 6}, /* whose function takes a GBA for granted */
    {GB_LINK("memory.hdmaEvent", queue[0]), SET, 10},
    {GB_LINK("video.modeEvent's callback", video_callback), SET, 4},
    {"LCDC", MACHINE_AT + offsetof(struct GB, memory.io[GB_REG_LCDC]), 1, SET, 0x11}, /* the screen off, and its lines go on */
    {GB_LINK("memory.romBank", rom_bank.offset), SET, CARTRIDGE_BYTES - 0x2000},
    {GB_LINK("memory.romBase", rom_base.block), SET, 3},
    {GB_LINK("memory.sramBank", sram_bank.block), SET, 1}, /* the ROM, which a game would then write to */
    {TONE(ch1.control.frequency), SET, 2048},
    {TONE(ch2.envelope.duty), SET, 4},
    {TONE(ch1.index), SET, 8},
    {TONE(ch3.window), SET, 32},
    {TONE(ch4.frequency), SET, 31},
    {TONE(sampleIndex), SET, 32},
    {TONE(timingFactor), SET, 0},
    {TONE(lastSample), ADD, 1 << 28},
    {TONE(playingCh2), SET, 255},
};

static const forgery of_mbc1[] = {{GB_FIELD(memory.mbcState.mbc1.multicartStride), SET, 40},
                                  {GB_FIELD(memory.mbcState.mbc1.bankHi), SET, 4}};
static const forgery of_mbc2[] = {{GB_FIELD(memory.directSramAccess), SET, 1}};
static const forgery of_mbc3[] = {{GB_FIELD(memory.activeRtcReg), SET, 7}};
static const forgery of_mbc6[] = {{GB_LINK("memory.sramBank1", sram_bank1.block), SET, 1},
                                  {GB_LINK("memory.romBank1", rom_bank1.block), SET, 0}};
static const forgery of_mbc7[] = {{GB_FIELD(memory.mbcState.mbc7.address), SET, 128},
                                  {GB_FIELD(memory.mbcState.mbc7.srBits), SET, 17},
                                  {GB_FIELD(memory.sramAccess), SET, 1}};
static const forgery of_mmm01[] = {{GB_FIELD(memory.mbcState.mmm01.currentBank0), SET, -1}};
static const forgery of_camera[] = {{GB_FIELD(memory.mbcState.pocketCam.registersActive), SET, 9}};
static const forgery of_tama5[] = {
    {GB_FIELD(memory.mbcState.tama5.registers), SET, 0x10},
    {GB_FIELD(memory.sramAccess), SET, 1},
    {GB_FIELD(memory.rtcLastLatch), SET, INT64_MIN}, /* years counted one by one */
};
static const forgery of_sachen[] = {{GB_FIELD(memory.mbcState.sachen.transition), SET, 50}};

static const forgery of_gba[] = {
    {GBA_FIELD(memory.romMask), SET, 0x1FFFFFF},
    {GBA_FIELD(memory.agbPrintProtect), SET, 0x20}, /* a buffer that is not there */
    {GBA_FIELD(memory.matrix.size), SET, 0x200},    /* writes to the ROM */
    {GBA_FIELD(memory.vfame.cartType), SET, 2},
    {GBA_FIELD(memory.hw.devices), SET, 255},
    {GBA_FIELD(memory.hw.rtc.offset), SET, INT64_MAX}, /* no such date */
    {GBA_FIELD(memory.hw.rtc.bytesRemaining), SET, 8},
    {GBA_FIELD(memory.hw.rtc.bitsRead), SET, 100},
    {GBA_FIELD(memory.savedata.type), SET, 99},
    {GBA_FIELD(memory.savedata.flashState), SET, 3},
    {GBA_FIELD(memory.activeRegion), SET, -200},
    {"memory.waitstates of region", MACHINE_AT + offsetof(struct GBA, memory.waitstatesSeq16[8]), 1, SET, 0x80}, /* time runs backwards */
    {"memory.waitstates of region", MACHINE_AT + offsetof(struct GBA, memory.waitstatesNonseq32[0]), 1, SET, 1},
    {"waitstatesNonseq16", MACHINE_AT + offsetof(struct GBA, memory.waitstatesNonseq16[200]), 1, SET, 1},
    {GBA_FIELD(memory.activeDMA), SET, 4},
    {"memory.dma.count", MACHINE_AT + offsetof(struct GBA, memory.dma[1].count), 4, SET, 0},
    {"memory.dma.nextCount", MACHINE_AT + offsetof(struct GBA, memory.dma[2].nextCount), 4, SET, 0xFFFFF},
    {GBA_FIELD(video.vcount), SET, 228},
    {GBA_FIELD(audio.chA.fifoRead), SET, 8},
    {GBA_FIELD(audio.chB.dmaSource), SET, -3},
    {GBA_FIELD(audio.volume), SET, 9},
    {GBA_FIELD(audio.sampleIndex), SET, -1},
    {GBA_FIELD(audio.sampleInterval), SET, 0},
    {GBA_FIELD(audio.lastSample), ADD, 1 << 28},
    {GBA_FIELD(idleOptimization), SET, IDLE_LOOP_DETECT},
    {GBA_FIELD(performingDMA), SET, 1},
    {"timers.flags", MACHINE_AT + offsetof(struct GBA, timers[1].flags), 4, SET, 0xF},
    {"timers.flags", MACHINE_AT + offsetof(struct GBA, timers[2].flags), 4, SET, 0x40}, /* enabled, but not queued */
    {GBA_WHEN(video.event), ADD, 1 << 20},
    {GBA_WHEN(audio.sampleEvent), ADD, 4096}, /* places FIFO samples */
    {GBA_CPU(executionMode), SET, 2},
    {GBA_CPU(nextEvent), ADD, 5000},
    {GBA_CPU(halted), SET, 7},
    {GBA_CPU(memory.activeMask), SET, 0x1FFFFFF},
    {GBA_CPU(memory.activeSeqCycles32), SET, -50},
    {GBA_LINK("memory.activeMask", active_region.offset), SET, CARTRIDGE_BYTES - 4},
    {GBA_LINK("video.event's callback", video_callback), SET, 0},
    {GBA_LINK("audio.psg.sampleEvent", queue[0]), SET, 5}, /* the Game Boy's */
    {"ch3.rate", MACHINE_AT + offsetof(struct GBA, audio.psg.ch3.rate), 4, SET, 2048},
};
#define COUNT(table) ((int)(sizeof(table) / sizeof *(table)))

typedef struct {
    uint8_t *rom, *valid, *forged;
    size_t bytes;
    lp_emu *emu;
} machine;

static machine open_machine(const char *name) {
    machine m = {.rom = malloc(CARTRIDGE_BYTES)};
    lp_err err;
    assert_non_null(m.rom);
    int i = 0;
    while (i < N_CARTRIDGES && strcmp(cartridges[i].name, name)) i++;
    assert_true(i < N_CARTRIDGES);
    make_cartridge(&cartridges[i], m.rom);
    if (open_cartridge(&m.emu, &cartridges[i], m.rom, &err)) fail_msg("%s: %s", name, err.message);
    m.bytes = lp_emu_state_size(m.emu);
    m.valid = malloc(m.bytes), m.forged = malloc(m.bytes);
    assert_true(m.valid && m.forged);
    return m;
}

static void close_machine(machine *m) {
    lp_emu_close(m->emu);
    free(m->rom);
    free(m->valid);
    free(m->forged);
}

static void sign(machine *m) {
    uint64_t hash = lp_hash64(m->forged + HASHED_FROM, m->bytes - HASHED_FROM);
    memcpy(m->forged + HASH_AT, &hash, sizeof hash);
}

static void alter(machine *m, const forgery *f) {
    int64_t value = 0;
    size_t bytes = f->bytes < sizeof value ? f->bytes : sizeof value;
    memcpy(&value, m->forged + f->at, bytes);
    value = f->how == ADD ? value + f->value : f->value;
    memcpy(m->forged + f->at, &value, bytes);
    sign(m);
}

static void forge(machine *m, const forgery *f) {
    memcpy(m->forged, m->valid, m->bytes);
    alter(m, f);
}

static void assert_refused(machine *m, const char *what, const char *name) {
    lp_err err;
    uint64_t hash = lp_emu_hash(m->emu);
    lp_status status = lp_emu_state_load(m->emu, m->forged, m->bytes, &err);
    if (status != LP_BAD_INPUT || !strstr(err.message, name))
        fail_msg("%s, %s: status %d, %s", what, name, status, status ? err.message : "loaded");
    assert_true(lp_emu_hash(m->emu) == hash);
}

static void refuse_all(const char *cartridge_name, const forgery *forgeries, int n) {
    machine m = open_machine(cartridge_name);
    lp_err err;
    lp_emu_step(m.emu, 0, 5);
    lp_emu_state_save(m.emu, m.valid);
    memcpy(m.forged, m.valid, m.bytes);
    sign(&m);
    assert_memory_equal(m.forged, m.valid, m.bytes);
    for (int i = 0; i < n; i++) {
        forge(&m, &forgeries[i]);
        assert_refused(&m, cartridge_name, forgeries[i].name);
    }
    assert_int_equal(lp_emu_state_load(m.emu, m.valid, m.bytes, &err), LP_OK);
    close_machine(&m);
}

static void test_game_boy(void **state) {
    (void)state;
    refuse_all("GB", of_gb, COUNT(of_gb));
    refuse_all("Super Game Boy, MBC1", of_mbc1, COUNT(of_mbc1));
}

static void test_mappers(void **state) {
    (void)state;
    refuse_all("MBC2", of_mbc2, COUNT(of_mbc2));
    refuse_all("MBC6", of_mbc6, COUNT(of_mbc6));
    refuse_all("MBC7", of_mbc7, COUNT(of_mbc7));
    refuse_all("MMM01", of_mmm01, COUNT(of_mmm01));
    refuse_all("camera", of_camera, COUNT(of_camera));
    refuse_all("TAMA5", of_tama5, COUNT(of_tama5));
    refuse_all("Sachen MMC1", of_sachen, COUNT(of_sachen));
    refuse_all("Sachen MMC2", of_sachen, COUNT(of_sachen));
}

static void test_game_boy_advance(void **state) {
    (void)state;
    refuse_all("GBA, flash and clock", of_gba, COUNT(of_gba));
}

/* Forgeries that need a machine of a certain kind, or two fields. */
static void test_together(void **state) {
    (void)state;
    machine m = open_machine("MBC3");
    touch(m.emu, 0, 0x4000, 8); /* the clock's registers instead of RAM */
    lp_emu_step(m.emu, 0, 2);
    lp_emu_state_save(m.emu, m.valid);
    forge(&m, &of_mbc3[0]);
    assert_refused(&m, "MBC3", "memory.activeRtcReg");
    /* colours: the renderer's image begins with its mode, a palette of 192 and as many indices into it */
    memcpy(m.forged, m.valid, m.bytes);
    m.forged[MACHINE_AT + m.emu->console->machine_bytes(m.emu) + sizeof(int) + 192 * sizeof(color_t) + 5] = 192;
    sign(&m);
    assert_refused(&m, "MBC3", "lookup");
    close_machine(&m);

    m = open_machine("GB");
    touch(m.emu, 0, 0xFF26, 0x80), touch(m.emu, 1, 0xFF21, 0xF0), touch(m.emu, 2, 0xFF23, 0x80); /* noise */
    lp_emu_step(m.emu, 0, 2);
    lp_emu_state_save(m.emu, m.valid);
    forge(&m, &(forgery){TONE(ch4.lastEvent), ADD, INT32_MIN + (1 << 20)});
    assert_refused(&m, "GB", "ch4.lastEvent");
    forge(&m, &(forgery){TONE(enable), SET, 0});
    assert_refused(&m, "GB", "audio.enable");
    close_machine(&m);

    /* pixels of long ago, in a line that is being drawn */
    m = open_machine("GB");
    const forgery drawing[] = {
        {GB_FIELD(video.mode), SET, 3},
        {GB_FIELD(video.ly), SET, 10},
        {GB_LINK("callback", video_callback), SET, 3},
        {GB_FIELD(video.dotClock), ADD, 1 << 24},
    };
    lp_emu_step(m.emu, 0, 2);
    lp_emu_state_save(m.emu, m.valid);
    memcpy(m.forged, m.valid, m.bytes);
    for (int i = 0; i < COUNT(drawing); i++) alter(&m, &drawing[i]);
    assert_refused(&m, "GB", "video.dotClock");
    close_machine(&m);

    /* counts past what they are compared with */
    m = open_machine("MBC7");
    lp_emu_state_save(m.emu, m.valid);
    forge(&m, &(forgery){GB_FIELD(memory.mbcState.mbc7.state), SET, GBMBC7_STATE_READ_COMMAND});
    alter(&m, &(forgery){GB_FIELD(memory.mbcState.mbc7.srBits), SET, 10});
    assert_refused(&m, "MBC7", "mbc7.srBits");
    forge(&m, &(forgery){GB_FIELD(memory.mbcState.mbc7.state), SET, GBMBC7_STATE_DO});
    assert_refused(&m, "MBC7", "mbc7.srBits");
    close_machine(&m);
    m = open_machine("Sachen MMC1");
    lp_emu_state_save(m.emu, m.valid);
    forge(&m, &(forgery){GB_FIELD(memory.mbcState.sachen.locked), SET, GB_SACHEN_LOCKED_DMG});
    alter(&m, &(forgery){GB_FIELD(memory.mbcState.sachen.transition), SET, 0x31});
    assert_refused(&m, "Sachen MMC1", "sachen.transition");
    close_machine(&m);

    m = open_machine("GBA");
    touch(m.emu, 0, 0x04000104, 0x00C0FFFF); /* a timer of one tick, whose events of long ago would be counted one by one */
    lp_emu_step(m.emu, 0, 2);
    lp_emu_state_save(m.emu, m.valid);
    forge(&m, &(forgery){"timers.lastEvent", MACHINE_AT + offsetof(struct GBA, timers[1].lastEvent), 4, ADD, -(1 << 30)});
    assert_refused(&m, "GBA", "timers.lastEvent");
    forge(&m, &(forgery){"timers.flags", MACHINE_AT + offsetof(struct GBA, timers[1].flags), 4, SET, 0});
    assert_refused(&m, "GBA", "timers.flags");
    /* a transfer that begins soon, on no channel */
    memcpy(m.forged, m.valid, m.bytes);
    uint8_t *queue = m.forged + MACHINE_AT + sizeof(struct GBA) + sizeof(struct ARMCore) + offsetof(lp_gba_links, queue);
    while (*queue) queue++;
    *queue = 10;
    uint8_t *image = m.forged + MACHINE_AT;
    memcpy(image + offsetof(struct GBA, memory.dmaEvent.when), image + offsetof(struct GBA, audio.psg.frameEvent.when), sizeof(uint32_t));
    sign(&m);
    assert_refused(&m, "GBA", "memory.activeDMA");
    /* Thumb instructions are of 16 bits: what is fetched is an index into libmgba's table of functions */
    forge(&m, &(forgery){GBA_CPU(executionMode), SET, MODE_THUMB});
    assert_refused(&m, "GBA", "prefetch");
    close_machine(&m);
}

/* Whatever the program does to the machine, its states load, and stay what they are. */
static void test_play(void **state) {
    (void)state;
    uint64_t seed = (uint64_t)(lp_now_s() * 1000);
    printf("seed %llu\n", (unsigned long long)seed);
    for (int i = 0; i < N_CARTRIDGES; i++) {
        machine m = open_machine(cartridges[i].name);
        lp_rng rng = lp_rng_make(seed, (uint64_t)i);
        lp_err err;
        touch_all(m.emu);
        for (int step = 0; step < 60; step++) {
            touch_some(m.emu, &rng);
            lp_emu_step(m.emu, (uint16_t)lp_rng_below(&rng, 1 << LP_N_KEYS), 1 + (int)lp_rng_below(&rng, 3));
            lp_emu_state_save(m.emu, m.valid);
            if (lp_emu_state_load(m.emu, m.valid, m.bytes, &err)) fail_msg("%s, step %d: %s", cartridges[i].name, step, err.message);
            lp_emu_state_save(m.emu, m.forged);
            assert_memory_equal(m.forged, m.valid, m.bytes);
        }
        close_machine(&m);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_game_boy), cmocka_unit_test(test_mappers), cmocka_unit_test(test_game_boy_advance),
        cmocka_unit_test(test_together), cmocka_unit_test(test_play),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
