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

/* Whose frame this thread runs; may the length of instructions have changed, when usual events are seen, or what
 * others there are? */
static _Thread_local lp_gba_jit *running;
static _Thread_local bool is_new_time, is_new_future, is_new_event;

enum { DMA_BYTES = REG_DMA1SAD_LO - REG_DMA0SAD_LO, DMA_ADDRESS_BYTES = 8, MEMORY_CONTROL = 0x800 };

/* ---- stores to RAM that blocks do not make ---- */

static bool is_ram(uint32_t address) {
    const uint32_t region = address >> BASE_OFFSET;
    return region == REGION_WORKING_RAM || region == REGION_WORKING_IRAM;
}

/* Registers that say what the screen shows, and from where to where DMA goes: when something happens does not depend on them. */
static bool is_picture(uint32_t io) {
    return (io >= REG_BG0CNT && io < REG_SOUND1CNT_LO) ||
           (io >= REG_DMA0SAD_LO && io < REG_DMA3CNT_HI && (io - REG_DMA0SAD_LO) % DMA_BYTES < DMA_ADDRESS_BYTES);
}

static void stored(uint32_t address, uint32_t size_bytes) {
    if (running && is_ram(address)) {
        lp_gba_jit_forget(running, address, size_bytes);
    } else if (address >> BASE_OFFSET == REGION_IO) {
        const uint32_t offset = address & OFFSET_MASK & ~3u;
        is_new_time |= offset == (REG_WAITCNT & ~3u) || (offset & 0xFFFF) == MEMORY_CONTROL;
        is_new_future |= !is_picture(offset);
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

/* Bytes that several words take; with an empty list libmgba goes on by 16 words. */
static uint32_t bytes_of(int mask) {
    enum { OF_NONE = 17 };
    return 4 * (mask ? (uint32_t)__builtin_popcount((unsigned)mask) : OF_NONE);
}

static uint32_t store_multiple(struct ARMCore *cpu, uint32_t base, int mask, enum LSMDirection direction, int *cycles) {
    stored((direction & LSM_D ? base - bytes_of(mask) : base) & ~3u, bytes_of(mask) + 4);
    is_new_time = is_new_future = true;
    return GBAStoreMultiple(cpu, base, mask, direction, cycles);
}

/* ---- loads from where nothing is ----
 *
 * Where a DMA last came between two instructions, the second one finds there what was fetched when the last event fell (GBALoadBad). So if it may
 * load, of a program that loads from there at all, no event is gone through late. */

static bool is_write_only(uint32_t io) {
    if (io >= REG_DMA0SAD_LO && io <= REG_DMA3CNT_HI) return (io - REG_DMA0SAD_LO) % DMA_BYTES < DMA_ADDRESS_BYTES;
    return (io >= REG_BG0HOFS && io < REG_WININ) || (io >= REG_MOSAIC && io < REG_BLDCNT) || (io >= REG_BLDY && io < REG_SOUND1CNT_LO) ||
           (io >= REG_FIFO_A_LO && io < REG_DMA0SAD_LO) || (io > REG_POSTFLG && (io & ~2u) != MEMORY_CONTROL);
}

/* ROM's second and third mirror, which hardly any program uses, are slow: until it does, no block's instruction takes long. */
static bool is_mirror(uint32_t region) { return region >= REGION_CART1 && region <= REGION_CART2; }

static void reached(uint32_t region) {
    if (!running || running->mirrors || !is_mirror(region)) return;
    running->mirrors = is_new_time = is_new_future = true;
}

static void loaded(const struct ARMCore *cpu, uint32_t address) {
    const struct GBA *gba = (const struct GBA *)cpu->master;
    const uint32_t region = address >> BASE_OFFSET, offset = address & OFFSET_MASK & ~1u;
    if (!running || gba->performingDMA) return;
    reached(region);
    const bool empty = region == 1 || region > REGION_CART_SRAM_MIRROR || (region == REGION_BIOS && offset >= SIZE_BIOS);
    if (empty || (region == REGION_IO && is_write_only(offset))) running->loads_nothing = is_new_future = true;
}

static uint32_t load32(struct ARMCore *cpu, uint32_t address, int *cycles) {
    loaded(cpu, address & ~3u), loaded(cpu, address | 2);
    return GBALoad32(cpu, address, cycles);
}

static uint32_t load16(struct ARMCore *cpu, uint32_t address, int *cycles) {
    loaded(cpu, address);
    return GBALoad16(cpu, address, cycles);
}

static uint32_t load8(struct ARMCore *cpu, uint32_t address, int *cycles) {
    loaded(cpu, address);
    return GBALoad8(cpu, address, cycles);
}

static uint32_t load_multiple(struct ARMCore *cpu, uint32_t base, int mask, enum LSMDirection direction, int *cycles) {
    loaded(cpu, base), loaded(cpu, direction & LSM_D ? base - bytes_of(mask) : base + bytes_of(mask));
    return GBALoadMultiple(cpu, base, mask, direction, cycles);
}

void lp_gba_hook_memory(struct ARMCore *cpu) {
    cpu->memory.load32 = load32, cpu->memory.load16 = load16, cpu->memory.load8 = load8;
    cpu->memory.loadMultiple = load_multiple;
    cpu->memory.store32 = store32, cpu->memory.store16 = store16, cpu->memory.store8 = store8;
    cpu->memory.storeMultiple = store_multiple;
}

void lp_gba_ram_changed(void) {
    if (running) lp_gba_jit_forget_all(running);
    is_new_time = is_new_future = true;
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

/* Cycles of a block's longest instruction: 16 words and its fetch. */
static int32_t longest_instruction(const lp_gba_jit *jit, const struct GBAMemory *memory) {
    const uint8_t *waits = (const uint8_t *)memory->waitstatesSeq32;
    int longest = 0;
    for (uint32_t area = REGION_WORKING_RAM; area <= REGION_CART2_EX; area++)
        if (waits[area] > longest && (jit->mirrors || area < REGION_CART1)) longest = waits[area];
    return 18 * (longest + 2);
}

static bool set_time(lp_gba_jit *jit, const struct GBA *gba) {
    const lp_gba_timing timing = timing_of(gba);
    is_new_time = !lp_gba_jit_time(jit, &timing);
    is_new_future = true;
    jit->longest = longest_instruction(jit, &gba->memory);
    for (uint32_t area = REGION_CART1; is_mirror(area); area++) jit->areas[area].loads = jit->mirrors ? jit->areas[REGION_CART0].loads : 0;
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

/* When libmgba's next event is due, as cpu->cycles counts. */
static int32_t next_due(const struct GBA *gba) {
    const struct mTimingEvent *next = gba->timing.root;
    return next ? (int32_t)((uint32_t)next->when - (uint32_t)gba->timing.masterCycles) : INT32_MAX;
}

static int32_t unseen_until(const struct GBA *gba) { return (int32_t)(lp_gba_unseen_until - (uint32_t)gba->timing.masterCycles); }

/* Blocks may run until something is seen. Where a program waits for a line, they read the screen's registers, DISPCNT to VCOUNT, themselves, and end
 * with every line; a libmgba that watches for an idle loop wants one that reads none. */
enum { OFTEN = 32, SCREEN_BYTES = REG_BG0CNT };
static void find_next(lp_gba_jit *jit, const struct GBA *gba, uint32_t now) {
    const bool shows_event = jit->loads_nothing && (lp_gba_dma.before != gba->dmaPC || lp_gba_dma.may_load);
    if (is_new_future || (int32_t)(now - jit->usual_at) >= 0) {
        const bool waits = jit->looked >= OFTEN && jit->idle_loop == (uint32_t)IDLE_LOOP_NONE;
        jit->areas[REGION_IO].loads = waits ? SCREEN_BYTES : 0;
        jit->usual_at = lp_gba_next_usual(gba, jit->longest, waits);
    }
    jit->seen_at = gba->timing.masterCycles + (uint32_t)(shows_event ? next_due(gba) : lp_gba_next_seen(gba, jit->usual_at));
    is_new_future = false;
    is_new_event = shows_event;
}

static void look_ahead(lp_gba_jit *jit, struct ARMCore *cpu, const struct GBA *gba) {
    const uint32_t now = (uint32_t)gba->timing.masterCycles + (uint32_t)cpu->cycles;
    if (is_new_event || is_new_future || (int32_t)(now - jit->seen_at) >= 0) find_next(jit, gba, now);
    lp_gba_unseen_until = jit->seen_at;
    cpu->nextEvent = unseen_until(gba);
}

/* The CPU's cycles since libmgba last went through events may hold some that are due, as those of an interrupt. */
static void nothing_unseen(const struct GBA *gba) { lp_gba_unseen_until = gba->timing.masterCycles; }

static struct ARMCore *begin_access(lp_gba_jit *jit) {
    struct GBA *gba = jit->user;
    struct ARMCore *cpu = gba->cpu;
    put_clock(jit, cpu, gba);
    put_region(jit, cpu, gba);
    cpu->nextEvent = next_due(gba);
    if (cpu->cycles >= cpu->nextEvent) {
        stand_at(cpu, jit->pc, jit->thumb);
        cpu->irqh.processEvents(cpu);
        jit->bus = gba->bus;
    }
    stand_at(cpu, jit->pc + (jit->thumb ? WORD_SIZE_THUMB : WORD_SIZE_ARM), jit->thumb);
    return cpu;
}

static void end_access(lp_gba_jit *jit, const struct ARMCore *cpu, int wait) {
    const struct GBA *gba = jit->user;
    jit->cycles_left = cpu->nextEvent - cpu->cycles - wait;
    jit->fetched = gba->memory.lastPrefetchedPc;
}

static void load_slowly(lp_gba_jit *jit, uint32_t address, int32_t size_bytes) {
    const struct GBA *gba = jit->user;
    struct ARMCore *cpu = begin_access(jit);
    int wait = 0;
    switch (size_bytes) {
    case 4: jit->loaded = cpu->memory.load32(cpu, address, &wait); break;
    case 2: jit->loaded = cpu->memory.load16(cpu, address, &wait); break;
    case 1: jit->loaded = cpu->memory.load8(cpu, address, &wait); break;
    case -2: jit->loaded = (uint32_t)(int16_t)cpu->memory.load16(cpu, address, &wait); break;
    default: jit->loaded = (uint32_t)(int8_t)cpu->memory.load8(cpu, address, &wait); break;
    }
    const bool waits = address >> 3 == BASE_IO >> 3 && ++jit->looked == OFTEN;
    is_new_future |= waits;
    cpu->nextEvent = waits ? cpu->cycles + wait : unseen_until(gba); /* these blocks end here, then others begin */
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
    jit->stops |= cpu->nextEvent != event || is_new_time;
    if (jit->stops) {
        nothing_unseen(gba);
    } else {
        const int32_t until = unseen_until(gba);
        look_ahead(jit, cpu, gba);
        if (cpu->nextEvent < until) jit->stops = true, cpu->nextEvent = event; /* a block that is run to its end may end behind that */
    }
    end_access(jit, cpu, wait + after_access(cpu) - usual);
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
    look_ahead(jit, cpu, gba);
    take_machine(jit, cpu, gba, pc);
    open_video_memory(jit, gba);
    jit->stops = false;
    lp_gba_end end = lp_gba_jit_run(jit, false);
    while (end == LP_GBA_LATE && jit->cycles_left > 0) end = lp_gba_jit_run(jit, true);
    put_machine(jit, cpu, gba);
    put_clock(jit, cpu, gba);
    if (!jit->stops) cpu->nextEvent = next_due(gba);
    if (end == LP_GBA_JUMP) {
        jump(cpu, jit->pc);
    } else if (end == LP_GBA_SWITCH) {
        switch_set(cpu, gba, jit->pc);
    } else if (!jit->stops) { /* else the CPU stands where it was for that store, and has fetched what was there before it */
        put_region(jit, cpu, gba);
        stand_at(cpu, jit->pc, jit->thumb);
    }
    if (cpu->cycles < cpu->nextEvent) nothing_unseen(gba);
    return end;
}

/* May blocks run from here, in the state that the machine is in? */
static bool may_run(lp_gba_jit *jit, const struct ARMCore *cpu, const struct GBA *gba, uint32_t pc) {
    reached(pc >> BASE_OFFSET);
    return gba->memory.activeRegion == (int)(pc >> BASE_OFFSET) && !(cpu->cpsr.n && cpu->cpsr.z) && (!is_new_time || set_time(jit, gba)) &&
           lp_gba_jit_has(jit, pc, is_thumb(cpu)) && has_fetched_memory(cpu, pc, is_thumb(cpu));
}

/* Interprets until the CPU jumps, or one instruction. One that writes the status may call an interrupt. */
static void interpret(struct ARMCore *cpu, const struct GBA *gba, bool one) {
    const bool thumb = is_thumb(cpu);
    const uint32_t interrupt = gba->irqEvent.when;
    uint32_t pc = next_of(cpu);
    do {
        ARMRun(cpu);
        pc += thumb ? WORD_SIZE_THUMB : WORD_SIZE_ARM;
    } while (!one && cpu->cycles < cpu->nextEvent && next_of(cpu) == pc && is_thumb(cpu) == thumb);
    is_new_event |= gba->irqEvent.when != interrupt;
}

/* As ARMRunLoop: until an event fell. */
static void run(lp_gba_jit *jit, struct ARMCore *cpu, struct GBA *gba) {
    while (cpu->cycles < cpu->nextEvent) {
        const uint32_t pc = next_of(cpu);
        if (!may_run(jit, cpu, gba, pc)) {
            interpret(cpu, gba, false);
            continue;
        }
        const lp_gba_end end = run_blocks(jit, cpu, gba, pc);
        if (end == LP_GBA_OTHER && cpu->cycles < cpu->nextEvent) interpret(cpu, gba, true);
    }
    cpu->irqh.processEvents(cpu);
    is_new_event = true;
    is_new_future |= cpu->cycles > 0; /* libmgba puts an event that comes with an interrupt back by the cycles that this takes */
    nothing_unseen(gba);
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
    is_new_time = is_new_future = lp_gba_dma.may_load = true;
    nothing_unseen(gba);
    if (jit) jit->looked = 0, set_up(jit, gba);
    while ((uint32_t)gba->video.frameCounter == frame &&
           (uint32_t)mTimingCurrentTime(&gba->timing) - began < VIDEO_TOTAL_LENGTH + VIDEO_HORIZONTAL_LENGTH) {
        if (jit) run(jit, cpu, gba);
        else ARMRunLoop(cpu);
    }
    running = NULL;
}
