/* Loops in which a Game Boy Advance waits, gone through at once: for a line of the screen, a key, a flag that an interrupt will set. libmgba
 * lets time bring anything about in events only, so a loop that reads nothing else than RAM, ROM and a few registers, writes nothing,
 * and comes back to its first instruction with all of the CPU as it was, does the same again until the next event. After each event the CPU is
 * watched for an instruction's way around such a loop; then as many whole rounds as end before the next event are added to its clock.
 * Nothing is known of games or compilers; a CPU that does something else is watched more and more seldom. */
#include <mgba/flags.h>

#include <mgba/core/timing.h>
#include <mgba/internal/arm/arm.h>
#include <mgba/internal/gba/gba.h>
#include <mgba/internal/gba/io.h>

#include "emulator/console.h"

#include <limits.h>
#include <string.h>

enum { MOST_STEPS = 64, ROUNDS = 3, MOST_REST = 63 };
enum { GPIO_FROM = 0xC4, GPIO_END = 0xCA };

/* All that the next instructions depend on, but memory and events. */
typedef struct {
    struct ARMRegisterFile regs;
    int32_t shifter[2];
    uint32_t prefetch[2], prefetched, bios_prefetched;
    enum ExecutionMode mode;
    enum PrivilegeMode privilege;
    const uint32_t *region;
} moment;

/* Of the frame that this thread runs. */
static _Thread_local struct {
    const struct GBA *of; /* NULL: none */
    uint32_t frame, began;
    int rest, wait;           /* events that are let pass after the next failure; before the next look */
    bool watching, disturbed; /* a round; which did what no waiting loop does */
    struct ARMMemory real;
} watch;

/* ---- what a waiting loop may do ---- */

static bool may_read(uint32_t address) {
    const uint32_t offset = address & OFFSET_MASK;
    switch (address >> BASE_OFFSET) {
    case REGION_WORKING_RAM:
    case REGION_WORKING_IRAM: return true;
    case REGION_IO: /* DISPCNT, DISPSTAT and VCOUNT; KEYINPUT and KEYCNT; IE and IF; IME */
        return offset < 8 || (offset & ~3u) == REG_KEYINPUT || (offset & ~3u) == REG_IE || (offset & ~3u) == REG_IME;
    case REGION_CART0:
    case REGION_CART0_EX:
    case REGION_CART1:
    case REGION_CART1_EX: return offset < (GPIO_FROM & ~3u) || offset >= GPIO_END;
    default: return false;
    }
}

static uint32_t load32(struct ARMCore *cpu, uint32_t address, int *cycles) {
    watch.disturbed |= !may_read(address);
    return watch.real.load32(cpu, address, cycles);
}

static uint32_t load16(struct ARMCore *cpu, uint32_t address, int *cycles) {
    watch.disturbed |= !may_read(address);
    return watch.real.load16(cpu, address, cycles);
}

static uint32_t load8(struct ARMCore *cpu, uint32_t address, int *cycles) {
    watch.disturbed |= !may_read(address);
    return watch.real.load8(cpu, address, cycles);
}

static uint32_t load_multiple(struct ARMCore *cpu, uint32_t base, int mask, enum LSMDirection direction, int *cycles) {
    watch.disturbed = true;
    return watch.real.loadMultiple(cpu, base, mask, direction, cycles);
}

static void store32(struct ARMCore *cpu, uint32_t address, int32_t value, int *cycles) {
    watch.disturbed = true;
    watch.real.store32(cpu, address, value, cycles);
}

static void store16(struct ARMCore *cpu, uint32_t address, int16_t value, int *cycles) {
    watch.disturbed = true;
    watch.real.store16(cpu, address, value, cycles);
}

static void store8(struct ARMCore *cpu, uint32_t address, int8_t value, int *cycles) {
    watch.disturbed = true;
    watch.real.store8(cpu, address, value, cycles);
}

static uint32_t store_multiple(struct ARMCore *cpu, uint32_t base, int mask, enum LSMDirection direction, int *cycles) {
    watch.disturbed = true;
    return watch.real.storeMultiple(cpu, base, mask, direction, cycles);
}

static void watch_memory(struct ARMCore *cpu) {
    watch.real = cpu->memory;
    cpu->memory.load32 = load32, cpu->memory.load16 = load16, cpu->memory.load8 = load8, cpu->memory.loadMultiple = load_multiple;
    cpu->memory.store32 = store32, cpu->memory.store16 = store16, cpu->memory.store8 = store8, cpu->memory.storeMultiple = store_multiple;
}

static void leave_memory(struct ARMCore *cpu) {
    cpu->memory.load32 = watch.real.load32, cpu->memory.load16 = watch.real.load16, cpu->memory.load8 = watch.real.load8;
    cpu->memory.loadMultiple = watch.real.loadMultiple, cpu->memory.storeMultiple = watch.real.storeMultiple;
    cpu->memory.store32 = watch.real.store32, cpu->memory.store16 = watch.real.store16, cpu->memory.store8 = watch.real.store8;
}

/* ---- around it ---- */

static moment take_moment(const struct ARMCore *cpu, const struct GBA *gba) {
    moment m;
    memset(&m, 0, sizeof m); /* compared by its bytes */
    m.regs = cpu->regs;
    m.shifter[0] = cpu->shifterOperand, m.shifter[1] = cpu->shifterCarryOut;
    m.prefetch[0] = cpu->prefetch[0], m.prefetch[1] = cpu->prefetch[1];
    m.prefetched = gba->memory.lastPrefetchedPc, m.bios_prefetched = gba->memory.biosPrefetch;
    m.mode = cpu->executionMode, m.privilege = cpu->privilegeMode;
    m.region = cpu->memory.activeRegion;
    return m;
}

/* The cycles of a round that changes nothing; 0: none was seen before `until`. The CPU has gone on either way, as it would have. */
static int32_t find_round(struct ARMCore *cpu, const struct GBA *gba, int32_t until) {
    moment from = take_moment(cpu, gba);
    int32_t began = cpu->cycles;
    for (int steps = 0, round = 0; steps < MOST_STEPS && round < ROUNDS; steps++) {
        ARMRun(cpu);
        if (watch.disturbed || cpu->cycles >= until || cpu->privilegeMode != from.privilege) return 0;
        if (cpu->gprs[ARM_PC] != from.regs.gprs[ARM_PC]) continue;
        const moment now = take_moment(cpu, gba);
        if (!memcmp(&now, &from, sizeof now)) return cpu->cycles - began;
        from = now;
        began = cpu->cycles;
        round++;
    }
    return 0;
}

static bool skip_rounds(struct ARMCore *cpu, const struct GBA *gba) {
    const int32_t until = cpu->nextEvent;
    watch.watching = true, watch.disturbed = false;
    watch_memory(cpu);
    cpu->nextEvent = INT_MAX; /* so that ARMRun looks for no events of its own accord */
    const int32_t round = find_round(cpu, gba, until);
    if (watch.watching && until < cpu->nextEvent) cpu->nextEvent = until;
    leave_memory(cpu);
    watch.watching = false;
    if (round > 0) cpu->cycles += (until - cpu->cycles - 1) / round * round;
    if (cpu->cycles >= cpu->nextEvent) lp_gba_static.process_events(cpu); /* the last instruction came to the next event */
    return round > 0;
}

/* libmgba ends a frame that lasts too long when it looks, after each event: not while the CPU is watched. */
static bool is_in_frame(const struct ARMCore *cpu, const struct GBA *gba) {
    const uint32_t lasted = (uint32_t)mTimingCurrentTime(&gba->timing) - watch.began;
    return gba->video.frameCounter == watch.frame && lasted + (uint32_t)(cpu->nextEvent - cpu->cycles) < VIDEO_TOTAL_LENGTH;
}

static void after_events(struct ARMCore *cpu) {
    const struct GBA *gba = (const struct GBA *)cpu->master;
    lp_gba_static.process_events(cpu);
    if (watch.watching) { /* the CPU, while it was watched, fell asleep or changed its instruction set: those are events too */
        watch.watching = false;
        watch.disturbed = true;
        return;
    }
    if (watch.of != gba || cpu->halted || cpu->cycles >= cpu->nextEvent || !is_in_frame(cpu, gba)) return;
    if (watch.wait > 0) {
        watch.wait--;
    } else if (skip_rounds(cpu, gba)) {
        watch.rest = 0;
    } else {
        watch.wait = watch.rest;
        watch.rest = watch.rest * 2 + 1 < MOST_REST ? watch.rest * 2 + 1 : MOST_REST;
    }
}

void lp_gba_hook_events(struct ARMCore *cpu) { cpu->irqh.processEvents = after_events; }

void lp_gba_watch(const struct GBA *gba) {
    watch.of = gba;
    watch.frame = gba ? gba->video.frameCounter : 0;
    watch.began = gba ? (uint32_t)mTimingCurrentTime(&gba->timing) : 0;
    watch.rest = watch.wait = 0;
}
