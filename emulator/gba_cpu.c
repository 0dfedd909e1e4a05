/* The Game Boy Advance's CPU: blocks of machine code where there are some, libmgba's interpreter elsewhere, one instruction at a time.
 *
 * Between two instructions the machine is libmgba's struct GBA, whoever ran the last; a block takes registers and flags from there and puts them back. */
#include <mgba/flags.h>

#include <mgba/core/timing.h>
#include <mgba/internal/arm/arm.h>
#include <mgba/internal/arm/isa-inlines.h>
#include <mgba/internal/gba/gba.h>
#include <mgba/internal/gba/io.h>
#include <mgba/internal/gba/overrides.h>
#include <mgba/internal/gba/video.h>

#include "emulator/console.h"
#include "emulator/gba_jit.h"

#include <string.h>

/* Whose frame this thread runs; may the length of instructions have changed? */
static _Thread_local lp_gba_jit *running;
static _Thread_local bool is_new_time;

/* ---- stores to RAM that blocks do not make ---- */

static bool is_ram(uint32_t address) {
    const uint32_t region = address >> BASE_OFFSET;
    return region == REGION_WORKING_RAM || region == REGION_WORKING_IRAM;
}

static void stored(uint32_t address, uint32_t size_bytes) {
    enum { MEMORY_CONTROL = 0x800 };
    if (running && is_ram(address)) {
        lp_gba_jit_forget(running, address, size_bytes);
    } else if (address >> BASE_OFFSET == REGION_IO) {
        const uint32_t offset = address & OFFSET_MASK & ~3u;
        is_new_time |= offset == (REG_WAITCNT & ~3u) || (offset & 0xFFFF) == MEMORY_CONTROL;
    }
}

static void store32(struct ARMCore *cpu, uint32_t address, int32_t value, int *cycles) {
    stored(address & ~3u, 4);
    GBAStore32(cpu, address, value, cycles);
}

/* Stores to the debug port go to an address beside it: nothing there either, and the same wait states. */
static void store16(struct ARMCore *cpu, uint32_t address, int16_t value, int *cycles) {
    const uint32_t region = address >> BASE_OFFSET;
    if ((region == REGION_CART0 || region == REGION_CART0_EX) && (address & OFFSET_MASK) >= AGB_PRINT_BASE)
        address = region << BASE_OFFSET | 0x00F00000;
    stored(address & ~1u, 2);
    GBAStore16(cpu, address, value, cycles);
}

static void store8(struct ARMCore *cpu, uint32_t address, int8_t value, int *cycles) {
    stored(address, 1);
    GBAStore8(cpu, address, value, cycles);
}

static uint32_t store_multiple(struct ARMCore *cpu, uint32_t base, int mask, enum LSMDirection direction, int *cycles) {
    enum { OF_NONE = 17 }; /* words: with an empty list libmgba goes on by 16 */
    const uint32_t bytes = 4 * (mask ? (uint32_t)__builtin_popcount((unsigned)mask) : OF_NONE);
    stored((direction & LSM_D ? base - bytes : base) & ~3u, bytes + 4);
    is_new_time = true;
    return GBAStoreMultiple(cpu, base, mask, direction, cycles);
}

void lp_gba_hook_stores(struct ARMCore *cpu) {
    cpu->memory.store32 = store32, cpu->memory.store16 = store16, cpu->memory.store8 = store8;
    cpu->memory.storeMultiple = store_multiple;
}

void lp_gba_ram_changed(void) {
    if (running) lp_gba_jit_forget_all(running);
    is_new_time = true;
}

/* ---- into blocks and back ---- */

static uint32_t next_of(const struct ARMCore *cpu) {
    return (uint32_t)cpu->gprs[ARM_PC] - (cpu->executionMode == MODE_THUMB ? WORD_SIZE_THUMB : WORD_SIZE_ARM);
}

static uint32_t fetch(const struct ARMCore *cpu, uint32_t address, bool thumb) {
    const uint8_t *at = (const uint8_t *)cpu->memory.activeRegion + (address & cpu->memory.activeMask);
    uint16_t half;
    uint32_t word;
    memcpy(&half, at, sizeof half);
    if (thumb) return half;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Blocks are made from memory, the CPU has fetched two instructions before: has it what is there? */
static bool has_fetched_memory(const struct ARMCore *cpu, uint32_t pc, bool thumb) {
    return cpu->prefetch[0] == fetch(cpu, pc, thumb) && cpu->prefetch[1] == fetch(cpu, (uint32_t)cpu->gprs[ARM_PC], thumb);
}

static lp_gba_timing timing_of(const struct GBA *gba) {
    const struct GBAMemory *memory = &gba->memory;
    lp_gba_timing timing;
    memcpy(timing.seq32, memory->waitstatesSeq32, LP_GBA_AREAS);
    memcpy(timing.seq16, memory->waitstatesSeq16, LP_GBA_AREAS);
    memcpy(timing.nonseq32, memory->waitstatesNonseq32, LP_GBA_AREAS);
    memcpy(timing.nonseq16, memory->waitstatesNonseq16, LP_GBA_AREAS);
    timing.prefetch = memory->prefetch;
    timing.idle_loop = gba->idleOptimization >= IDLE_LOOP_REMOVE ? gba->idleLoop : IDLE_LOOP_NONE;
    return timing;
}

static bool set_time(lp_gba_jit *jit, const struct GBA *gba) {
    const lp_gba_timing timing = timing_of(gba);
    is_new_time = !lp_gba_jit_time(jit, &timing);
    return !is_new_time;
}

/* While libmgba lets the CPU wait for video RAM, blocks do not reach it. */
static void open_video_memory(lp_gba_jit *jit, const struct GBA *gba) {
    lp_gba_area *area = &jit->areas[REGION_VRAM];
    const bool stalls = gba->video.shouldStall && GBARegisterDISPCNTGetMode(gba->memory.io[REG_DISPCNT >> 1]) == 2;
    area->loads = area->stores = stalls ? 0 : SIZE_VRAM;
}

static bool is_thumb(const struct ARMCore *cpu) { return cpu->executionMode == MODE_THUMB; }

enum { STATUS_MASK = 0x0FFFFFDF }; /* flags aside, and T, which is clear where it can be read */

static void take_machine(lp_gba_jit *jit, const struct ARMCore *cpu, const struct GBA *gba, uint32_t pc) {
    memcpy(jit->r, cpu->gprs, sizeof cpu->gprs);
    jit->nz = (cpu->cpsr.n ? 0x80000000 : 0) | !cpu->cpsr.z;
    jit->c = cpu->cpsr.c, jit->v = cpu->cpsr.v;
    jit->shifter = (uint32_t)cpu->shifterOperand, jit->shifter_carry = (uint8_t)cpu->shifterCarryOut;
    jit->status = (uint32_t)cpu->cpsr.packed & STATUS_MASK, jit->saved_status = (uint32_t)cpu->spsr.packed;
    jit->pc = pc;
    jit->thumb = is_thumb(cpu);
    jit->cycles_left = cpu->nextEvent - cpu->cycles;
    jit->fetched = gba->memory.lastPrefetchedPc;
    jit->last_jump = gba->lastJump;
    jit->bus = gba->bus;
}

/* What may have changed without the CPU having left its region. */
static void put_clock(const lp_gba_jit *jit, struct ARMCore *cpu, struct GBA *gba) {
    cpu->cycles = cpu->nextEvent - jit->cycles_left;
    gba->memory.lastPrefetchedPc = jit->fetched;
    gba->bus = jit->bus;
    cpu->executionMode = jit->thumb ? MODE_THUMB : MODE_ARM;
    cpu->cpsr.t = jit->thumb;
    if (jit->thumb) cpu->memory.activeMask |= WORD_SIZE_THUMB;
    else cpu->memory.activeMask &= -WORD_SIZE_ARM;
}

/* Where the CPU runs, which libmgba looks up at a jump. */
static void put_region(const lp_gba_jit *jit, struct ARMCore *cpu, struct GBA *gba) {
    struct GBAMemory *memory = &gba->memory;
    const uint32_t region = jit->pc >> BASE_OFFSET, width = jit->thumb ? WORD_SIZE_THUMB : WORD_SIZE_ARM;
    if (memory->activeRegion == (int)region) return;
    memory->activeRegion = (int)region;
    cpu->memory.activeRegion = (const uint32_t *)(const void *)jit->areas[region].base;
    cpu->memory.activeMask = (region < REGION_CART0 ? jit->areas[region].mask : memory->romMask) & -width;
    cpu->memory.activeSeqCycles32 = (uint32_t)memory->waitstatesSeq32[region];
    cpu->memory.activeSeqCycles16 = (uint32_t)memory->waitstatesSeq16[region];
    cpu->memory.activeNonseqCycles32 = (uint32_t)memory->waitstatesNonseq32[region];
    cpu->memory.activeNonseqCycles16 = (uint32_t)memory->waitstatesNonseq16[region];
}

/* Its next instruction; while one runs, the one after it. */
static void stand_at(struct ARMCore *cpu, uint32_t pc, bool thumb) {
    cpu->gprs[ARM_PC] = (int32_t)(pc + (thumb ? WORD_SIZE_THUMB : WORD_SIZE_ARM));
    cpu->prefetch[0] = fetch(cpu, pc, thumb);
    cpu->prefetch[1] = fetch(cpu, (uint32_t)cpu->gprs[ARM_PC], thumb);
}

static void put_machine(lp_gba_jit *jit, struct ARMCore *cpu, struct GBA *gba) {
    /* Word by word, as blocks have just stored them: a processor waits long for what it stored in other pieces. */
    const volatile uint32_t *from = jit->r;
    for (int i = 0; i < ARM_PC; i++) cpu->gprs[i] = (int32_t)from[i];
    cpu->cpsr.n = jit->nz >> 31, cpu->cpsr.z = !jit->nz;
    cpu->cpsr.c = jit->c & 1, cpu->cpsr.v = jit->v & 1;
    cpu->shifterOperand = (int32_t)jit->shifter, cpu->shifterCarryOut = jit->shifter_carry == UINT8_MAX ? -1 : jit->shifter_carry;
    gba->lastJump = jit->last_jump;
    if (jit->areas[REGION_VRAM].touched) {
        jit->areas[REGION_VRAM].touched = 0;
        gba->video.renderer->writeVRAM(gba->video.renderer, 0);
    }
}

/* ---- accesses from within blocks ---- */

/* Does libmgba know when its next event is? It finds out when it looks for events, as at a change of the instruction set; else it may hold on to
 * the time of one that was called off. */
static bool knows_event(const struct ARMCore *cpu, const struct GBA *gba) {
    const struct mTimingEvent *next = gba->timing.root;
    return next && (uint32_t)next->when - (uint32_t)gba->timing.masterCycles == (uint32_t)cpu->nextEvent;
}

static struct ARMCore *begin_access(lp_gba_jit *jit) {
    struct GBA *gba = jit->user;
    put_clock(jit, gba->cpu, gba);
    put_region(jit, gba->cpu, gba);
    stand_at(gba->cpu, jit->pc + (jit->thumb ? WORD_SIZE_THUMB : WORD_SIZE_ARM), jit->thumb);
    return gba->cpu;
}

static void end_access(lp_gba_jit *jit, const struct ARMCore *cpu, int wait) {
    const struct GBA *gba = jit->user;
    jit->cycles_left = cpu->nextEvent - cpu->cycles - wait;
    jit->fetched = gba->memory.lastPrefetchedPc;
}

static void load_slowly(lp_gba_jit *jit, uint32_t address, int32_t size_bytes) {
    struct ARMCore *cpu = begin_access(jit);
    int wait = 0;
    switch (size_bytes) {
    case 4: jit->loaded = cpu->memory.load32(cpu, address, &wait); break;
    case 2: jit->loaded = cpu->memory.load16(cpu, address, &wait); break;
    case 1: jit->loaded = cpu->memory.load8(cpu, address, &wait); break;
    case -2: jit->loaded = (uint32_t)(int16_t)cpu->memory.load16(cpu, address, &wait); break;
    default: jit->loaded = (uint32_t)(int8_t)cpu->memory.load8(cpu, address, &wait); break;
    }
    end_access(jit, cpu, wait);
}

/* Cycles that an access costs the fetch of the next instruction; what blocks know of it is what it was before a store that changes it. */
static int32_t after_access(const struct ARMCore *cpu) {
    const struct ARMMemory *memory = &cpu->memory;
    return (int32_t)(is_thumb(cpu) ? memory->activeNonseqCycles16 - memory->activeSeqCycles16
                                   : memory->activeNonseqCycles32 - memory->activeSeqCycles32);
}

static void store_slowly(lp_gba_jit *jit, uint32_t address, int32_t size_bytes, uint32_t value) {
    struct ARMCore *cpu = begin_access(jit);
    const struct GBA *gba = jit->user;
    const int32_t event = cpu->nextEvent, usual = after_access(cpu);
    int wait = 0;
    jit->stops = false;
    switch (size_bytes) {
    case 4: cpu->memory.store32(cpu, address, (int32_t)value, &wait); break;
    case 2: cpu->memory.store16(cpu, address, (int16_t)value, &wait); break;
    default: cpu->memory.store8(cpu, address, (int8_t)value, &wait); break;
    }
    end_access(jit, cpu, wait + after_access(cpu) - usual);
    jit->stops |= cpu->nextEvent != event || is_new_time;
    jit->may_switch = knows_event(cpu, gba);
    if (address >> BASE_OFFSET == REGION_IO) open_video_memory(jit, gba);
}

/* ---- running ---- */

static void jump(struct ARMCore *cpu, uint32_t to) {
    cpu->gprs[ARM_PC] = (int32_t)to;
    cpu->cycles += is_thumb(cpu) ? ThumbWritePC(cpu) : ARMWritePC(cpu);
}

/* A BX to the other instruction set. libmgba looks for events then, of which there are none before the next one's time. */
static void switch_set(struct ARMCore *cpu, struct GBA *gba, uint32_t to) {
    const int32_t event = cpu->nextEvent;
    _ARMSetMode(cpu, to & 1);
    jump(cpu, to & ~1u);
    if (cpu->cycles >= event) return;
    gba->bus = is_thumb(cpu) ? cpu->prefetch[1] | cpu->prefetch[1] << 16 : cpu->prefetch[1];
    cpu->nextEvent = cpu->cycles + mTimingNextEvent(&gba->timing);
}

static lp_gba_end run_blocks(lp_gba_jit *jit, struct ARMCore *cpu, struct GBA *gba, uint32_t pc) {
    take_machine(jit, cpu, gba, pc);
    open_video_memory(jit, gba);
    jit->may_switch = knows_event(cpu, gba);
    jit->stops = false;
    lp_gba_end end = lp_gba_jit_run(jit, false);
    while (end == LP_GBA_LATE && jit->cycles_left > 0) end = lp_gba_jit_run(jit, true);
    put_machine(jit, cpu, gba);
    put_clock(jit, cpu, gba);
    if (end == LP_GBA_JUMP) {
        jump(cpu, jit->pc);
    } else if (end == LP_GBA_SWITCH) {
        switch_set(cpu, gba, jit->pc);
    } else if (!jit->stops) { /* else the CPU stands where it was for that store, and has fetched what was there before it */
        put_region(jit, cpu, gba);
        stand_at(cpu, jit->pc, jit->thumb);
    }
    return end;
}

/* May blocks run from here, in the state that the machine is in? */
static bool may_run(lp_gba_jit *jit, const struct ARMCore *cpu, const struct GBA *gba, uint32_t pc) {
    return gba->memory.activeRegion == (int)(pc >> BASE_OFFSET) && !(cpu->cpsr.n && cpu->cpsr.z) && (!is_new_time || set_time(jit, gba)) &&
           lp_gba_jit_has(jit, pc, is_thumb(cpu)) && has_fetched_memory(cpu, pc, is_thumb(cpu));
}

/* Interprets until the CPU jumps, or one instruction. */
static void interpret(struct ARMCore *cpu, bool one) {
    const bool thumb = is_thumb(cpu);
    for (uint32_t pc = next_of(cpu); cpu->cycles < cpu->nextEvent && next_of(cpu) == pc && is_thumb(cpu) == thumb;) {
        ARMRun(cpu);
        pc += thumb ? WORD_SIZE_THUMB : WORD_SIZE_ARM;
        if (one) return;
    }
}

/* As ARMRunLoop: until an event fell. */
static void run(lp_gba_jit *jit, struct ARMCore *cpu, struct GBA *gba) {
    while (cpu->cycles < cpu->nextEvent) {
        const uint32_t pc = next_of(cpu);
        if (!may_run(jit, cpu, gba, pc)) {
            interpret(cpu, false);
            continue;
        }
        const lp_gba_end end = run_blocks(jit, cpu, gba, pc);
        if (end == LP_GBA_OTHER && cpu->cycles < cpu->nextEvent) interpret(cpu, true);
    }
    cpu->irqh.processEvents(cpu);
}

static void set_up(lp_gba_jit *jit, struct GBA *gba) {
    struct GBAMemory *memory = &gba->memory;
    struct GBAVideo *video = &gba->video;
    const lp_gba_memory at = {(uint8_t *)memory->bios,   (uint8_t *)memory->wram, (uint8_t *)memory->iwram,  (uint8_t *)memory->io,
                              (uint8_t *)video->palette, (uint8_t *)video->vram,  (uint8_t *)video->oam.raw, (uint8_t *)memory->rom};
    lp_gba_jit_place(jit, &at);
    jit->user = gba, jit->load = load_slowly, jit->store = store_slowly;
}

/* As libmgba's core runs one. */
void lp_gba_run_frame(struct ARMCore *cpu, struct GBA *gba, lp_gba_jit *jit) {
    const uint32_t frame = (uint32_t)gba->video.frameCounter;
    const uint32_t began = (uint32_t)mTimingCurrentTime(&gba->timing);
    running = jit;
    is_new_time = true;
    if (jit) set_up(jit, gba);
    while ((uint32_t)gba->video.frameCounter == frame &&
           (uint32_t)mTimingCurrentTime(&gba->timing) - began < VIDEO_TOTAL_LENGTH + VIDEO_HORIZONTAL_LENGTH) {
        if (jit) run(jit, cpu, gba);
        else ARMRunLoop(cpu);
    }
    running = NULL;
}
