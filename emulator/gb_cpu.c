/* The Game Boy's CPU, the short way. libmgba's CPU goes through each machine cycle of an instruction in four steps and asks at
 * each whether an event is due. Most instructions end before the next event begins: those are run here in one go, on
 * libmgba's own structs, and leave them as libmgba would. Everything else is libmgba's (SM83Run): an instruction during
 * which an event falls, interrupts, HALT, STOP, code outside a plain mapping of ROM, work RAM or high RAM, memory while sprites are copied (DMA).
 * Where there is machine code for what comes next (gb_jit.h), and time for it before the next event, that is run instead.
 *
 * Invariants, with t = cpu->tMultiplier ticks a clock and c the ticks at an instruction's fetch:
 * - The bus access of machine cycle k (0 the fetch) happens at c + (4 k + 1) t, what follows from it at c + (4 k + 3) t.
 * - libmgba looks for events at c + (4 k + 1..3) t and between machine cycles, so none is seen within an instruction of n cycles
 *   if c + (4 n - 1) t lies before the next event.
 * - Only stores can bring an event nearer. Those to work RAM and high RAM cannot; the others are an instruction's last
 *   access (or the instruction is left to libmgba), and the rest of their cycle is run as libmgba does: finish_store().
 * - Most events change nothing but what a game would have to look at: a line's mode, DIV, samples of sound. As long as it does not, they wait,
 *   and instructions go on to the next event that may be seen (gb_sleep.c). Before anything but RAM, ROM and keys is looked at or changed, and in the
 *   end, those that are past are gone through. At an access at tick a that is those up to a - t: libmgba looks for events after the access.
 * - A loop that stores nothing, reads nothing but memory, goes through no event between two looks, and comes back to its first
 *   instruction with the registers as they were will go on like that until an event changes something: all rounds that end before the
 *   next event that may be seen by it are taken at once. That is how games wait that do not sleep.
 * - cpu->bus, index, condition and instruction mean nothing between instructions, and are not kept.
 *
 * Sources: Pan Docs (instruction set), libmgba 0.10's behaviour, which the tests compare with on random programs. */
#include <mgba/flags.h>

#include <mgba/core/timing.h>
#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/io.h>
#include <mgba/internal/sm83/isa-sm83.h>
#include <mgba/internal/sm83/sm83.h>

#include "emulator/console.h"
#include "emulator/gb_jit.h"
#include "emulator/sm83.h"

enum { BANK = 0x4000, MOST_CYCLES = 6, FEW_CYCLES = 6 /* for which no block of machine code is entered */ };

/* 1 too for those that run_plainly leaves to libmgba when it meets them. */
const uint8_t lp_sm83_cycles[256] = {
    1, 3, 2, 2, 1, 1, 2, 1, 5, 2, 2, 2, 1, 1, 2, 1, 1, 3, 2, 2, 1, 1, 2, 1, 3, 2, 2, 2, 1, 1, 2, 1, /* 00 */
    3, 3, 2, 2, 1, 1, 2, 1, 3, 2, 2, 2, 1, 1, 2, 1, 3, 3, 2, 2, 3, 3, 3, 1, 3, 2, 2, 2, 1, 1, 2, 1, /* 20 */
    1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, /* 40 */
    1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 2, 2, 1, 2, 1, 1, 1, 1, 1, 1, 2, 1, /* 60 */
    1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, /* 80 */
    1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, /* A0 */
    5, 3, 4, 4, 6, 4, 2, 4, 5, 4, 4, 4, 6, 6, 2, 4, 5, 3, 4, 1, 6, 4, 2, 4, 5, 1, 4, 1, 6, 1, 2, 4, /* C0 */
    3, 3, 2, 1, 1, 4, 2, 4, 4, 1, 4, 1, 1, 1, 2, 4, 3, 3, 2, 1, 1, 4, 2, 4, 3, 2, 4, 1, 1, 1, 2, 4, /* E0 */
};
const uint8_t lp_sm83_length[256] = {
    1, 3, 1, 1, 1, 1, 2, 1, 3, 1, 1, 1, 1, 1, 2, 1, 2, 3, 1, 1, 1, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, /* 00 */
    2, 3, 1, 1, 1, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 2, 3, 1, 1, 1, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, /* 20 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 40 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 60 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* 80 */
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, /* A0 */
    1, 1, 3, 3, 3, 1, 2, 1, 1, 1, 3, 2, 3, 3, 2, 1, 1, 1, 3, 1, 3, 1, 2, 1, 1, 1, 3, 1, 3, 1, 2, 1, /* C0 */
    2, 1, 1, 1, 1, 1, 2, 1, 2, 1, 3, 1, 1, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1, 2, 1, 3, 1, 1, 1, 2, 1, /* E0 */
};

/* ---- memory ---- */

static inline bool is_work_ram(uint16_t address) { return address >= 0xC000 && address < 0xE000; }
static inline bool is_high_ram(uint16_t address) { return address >= 0xFF80 && address < 0xFFFF; }

static inline uint8_t *work_ram(struct GBMemory *memory, uint16_t address) {
    return (address < 0xD000 ? memory->wram : memory->wramBank) + (address & 0xFFF);
}

/* Does reading it change nothing, and give the same again until an event? Video RAM, sprites, registers but those of sound. */
static bool is_constant(uint16_t address) {
    return (address >= 0x8000 && address < 0xA000) || (address >= 0xFE00 && address < 0xFEA0) || (address >= 0xFF00 && address < 0xFF10) ||
           (address >= 0xFF40 && address < 0xFF72);
}

/* ---- keys ---- */

/* JOYP with the rows selected that `rows` selects; keys change between frames only, so no event changes it. */
ALWAYS uint8_t joyp_of(const struct GB *gb, uint8_t rows) {
    uint8_t keys = *gb->keySource;
    switch (rows & 0x30) {
    case 0x00: keys |= keys >> 4; break;
    case 0x10: break;
    case 0x20: keys >>= 4; break;
    default: keys = 0; break;
    }
    return (uint8_t)((0xCF | rows) ^ (keys & 0xF));
}

/* Does libmgba leave the rest of the machine alone when JOYP turns from one to the other? A line that falls asks for an interrupt, if that is not asked
 * for already; a Super Game Boy listens. */
ALWAYS bool is_quiet(const struct GB *gb, uint8_t before, uint8_t now) {
    const bool asks = before & ~now & 0xF && !(gb->memory.io[GB_REG_IF] & 1 << GB_IRQ_KEYPAD);
    return !asks && !(gb->model & GB_MODEL_SGB) && !gb->sgbCurrentController;
}

/* A directional pad does not go two opposite ways at once. */
ALWAYS uint8_t one_way(const struct GB *gb, uint8_t joyp) {
    if (gb->allowOpposingDirections || (joyp & 0x30) != 0x20) return joyp;
    return (uint8_t)(joyp | (joyp & 0x03 ? 0 : 0x03) | (joyp & 0x0C ? 0 : 0x0C));
}

/* What the loop that we are in did since it began: only changed registers; and looked at LY; and at something else that events change; changed
 * more than registers. */
typedef enum { IDLE, LOOKS_AT_LY, LOOKS, BUSY } doing;

/* The machine is to be as it is at an access at `cycles`. Returns whether events were gone through. */
ALWAYS bool catch_up(struct SM83Core *cpu, struct GB *gb, int32_t cycles) {
    if (cycles - cpu->tMultiplier < cpu->nextEvent) return false;
    lp_gb_catch_up(gb, cycles - cpu->tMultiplier + 1);
    return true;
}

static __attribute__((noinline)) uint8_t load_slowly(struct SM83Core *cpu, struct GB *gb, uint16_t address, uint16_t pc, int32_t cycles,
                                                     doing *idle) {
    const doing now = address == GB_BASE_IO + GB_REG_LY ? LOOKS_AT_LY : is_constant(address) ? LOOKS : BUSY;
    if (catch_up(cpu, gb, cycles) && *idle != IDLE) *idle = BUSY; /* one look before events, one after: the next round is another */
    if (now > *idle) *idle = now;
    cpu->cycles = cycles;
    cpu->pc = pc;
    return cpu->memory.load8(cpu, address);
}

/* pc: what libmgba's is at that moment. */
static inline __attribute__((always_inline)) uint8_t load(struct SM83Core *cpu, struct GB *gb, uint16_t address, uint16_t pc,
                                                          int32_t cycles, doing *idle) {
    struct GBMemory *memory = &gb->memory;
    if (is_work_ram(address) && !memory->mbcReadHigh) return *work_ram(memory, address);
    if (address < 2 * BANK) {
        memory->cartBusPc = pc;
        return memory->cartBus = (address < BANK ? memory->romBase : memory->romBank)[address & (BANK - 1)];
    }
    if (is_high_ram(address)) return memory->hram[address & GB_SIZE_HRAM];
    if (address == GB_BASE_IO + GB_REG_JOYP) {
        const uint8_t before = memory->io[GB_REG_JOYP], now = joyp_of(gb, before);
        if (is_quiet(gb, before, now)) return one_way(gb, memory->io[GB_REG_JOYP] = now);
    }
    return load_slowly(cpu, gb, address, pc, cycles, idle);
}

static inline bool is_plain_store(const struct GB *gb, uint16_t address) {
    return (is_work_ram(address) && !gb->memory.mbcWriteHigh) || is_high_ram(address);
}

static inline void store_plainly(struct GB *gb, uint16_t address, uint8_t value) {
    if (is_work_ram(address)) *work_ram(&gb->memory, address) = value;
    else gb->memory.hram[address & GB_SIZE_HRAM] = value;
}

/* May a store there make, move or end an event? The cartridge, memory, keys, palettes, places on the screen and the registers of sound do not. */
static inline bool moves_events(uint16_t address) {
    if (address < 0xFF40) return address > 0xFF00 && address < 0xFF10;
    return address != 0xFF42 && (address < 0xFF47 || address > 0xFF4B) && (address < 0xFF68 || address > 0xFF6B);
}

/* The store of an instruction's last machine cycle, from its access at `cycles` to the cycle's end. Returns whether events were
 * run, after which a frame may be over. */
static __attribute__((noinline)) bool finish_store(struct SM83Core *cpu, struct GB *gb, uint16_t address, uint8_t value, uint16_t pc,
                                                   int32_t cycles) {
    bool events = false;
    catch_up(cpu, gb, cycles);
    cpu->cycles = cycles;
    cpu->pc = pc;
    cpu->index = address;
    cpu->bus = value;
    cpu->instruction = _sm83InstructionTable[0];
    cpu->executionState = SM83_CORE_IDLE_0;
    cpu->memory.store8(cpu, address, (int8_t)value);
    int t = cpu->tMultiplier;
    if (cpu->cycles + 2 * t >= cpu->nextEvent) {
        if (cpu->cycles >= cpu->nextEvent) cpu->irqh.processEvents(cpu);
        for (int i = 0; i < 2; i++) {
            cpu->cycles += t;
            ++cpu->executionState;
            if (cpu->cycles >= cpu->nextEvent) cpu->irqh.processEvents(cpu);
        }
        events = true;
    } else {
        cpu->cycles += 2 * t;
    }
    cpu->executionState = SM83_CORE_FETCH;
    cpu->cycles += t;
    return events;
}

/* ---- running ---- */

/* What code lies in: a bank of ROM or of RAM. */
typedef struct {
    const uint8_t *bytes;
    uint16_t first, mask; /* its first address; the bits of an address within it */
} region;

ALWAYS region region_of(const struct GB *gb, uint16_t pc) {
    const struct GBMemory *memory = &gb->memory;
    if (pc < BANK) return (region){memory->romBase, 0, BANK - 1};
    if (pc < 2 * BANK) return (region){memory->romBank, BANK, BANK - 1};
    if (is_high_ram(pc)) return (region){memory->hram, 0xFF80, GB_SIZE_HRAM};
    return (region){pc < 0xD000 ? memory->wram : memory->wramBank, pc & 0xF000, 0xFFF};
}

static bool is_plain_rom(const struct SM83Core *cpu, const struct GBMemory *memory) {
    const uint8_t *bank = cpu->pc < BANK ? memory->romBase : memory->romBank;
    return cpu->memory.cpuLoad8 == lp_gb_static.cartridge_load && cpu->memory.activeRegion == bank &&
           cpu->memory.activeRegionEnd == (cpu->pc < BANK ? BANK : 2 * BANK) && cpu->memory.activeMask == BANK - 1 &&
           memory->romSize >= 2 * BANK && !memory->mbcReadBank0 && !memory->mbcReadBank1 && memory->mbcType != GB_MBC6 &&
           memory->mbcType != GB_UNL_NT_NEW;
}

/* Is everything that the fast path takes for granted so? */
static bool is_plain(const struct SM83Core *cpu, const struct GB *gb) {
    const struct GBMemory *memory = &gb->memory;
    if (memory->dmaRemaining || cpu->irqPending || cpu->executionState != SM83_CORE_FETCH) return false;
    if (cpu->pc < 2 * BANK) return is_plain_rom(cpu, memory);
    return ((is_work_ram(cpu->pc) && !memory->mbcReadHigh) || is_high_ram(cpu->pc)) && cpu->memory.cpuLoad8 == GBLoad8;
}

// clang-format off
#define REGISTERS(base, step, statement_of)                                                                             \
    case base: { statement_of(0) } break;                                                                               \
    case base + step: { statement_of(1) } break;                                                                        \
    case base + 2 * step: { statement_of(2) } break;                                                                    \
    case base + 3 * step: { statement_of(3) } break;                                                                    \
    case base + 4 * step: { statement_of(4) } break;                                                                    \
    case base + 5 * step: { statement_of(5) } break;                                                                    \
    case base + 7 * step: { statement_of(7) } break;
// clang-format on

/* A round of a loop, as it began. */
typedef struct {
    registers r;
    uint16_t at;
    uint8_t joyp;
    int32_t began;
} loop;

ALWAYS bool are_same(const registers *x, const registers *y) {
    return x->a == y->a && x->f == y->f && x->bc == y->bc && x->de == y->de && x->hl == y->hl && x->sp == y->sp;
}

/* A round ends now: how many ticks of the same ones end before an event that would change it? next: one that any would see. */
ALWAYS int32_t rest(const loop *round, const registers *r, uint16_t pc, int32_t now, int32_t next, doing idle, struct SM83Core *cpu,
                    struct GB *gb) {
    if (idle == BUSY || round->at != pc || round->joyp != gb->memory.io[GB_REG_JOYP] || !are_same(&round->r, r)) return 0;
    int32_t seen = idle == LOOKS ? cpu->nextEvent : idle == LOOKS_AT_LY ? lp_gb_next_line(gb) : next;
    int32_t until = (seen < next ? seen : next) - MOST_CYCLES * 4 * cpu->tMultiplier, ticks = now - round->began;
    return until > now ? (until - now) / ticks * ticks : 0;
}

static bool map(lp_gb_jit *jit, struct GB *gb) {
    struct GBMemory *memory = &gb->memory;
    return lp_gb_jit_map(jit, memory->romBase, memory->romBank, memory->rom, memory->wram, memory->wramBank, memory->hram,
                         !memory->mbcReadHigh && !memory->mbcWriteHigh);
}

/* Blocks of machine code from pc on, as far as they come. */
ALWAYS lp_jit_end run_blocks(lp_gb_jit *jit, struct GB *gb, registers *r, uint16_t *pc, int32_t *c, int32_t next, const int t) {
    const int32_t left = (next - *c + t - 1) / (4 * t);
    jit->r = *r;
    jit->pc = *pc;
    jit->cycles_left = left;
    lp_gb_jit_run(jit);
    *r = jit->r;
    *c += (left - jit->cycles_left) * 4 * t;
    *pc = (uint16_t)jit->pc;
    if (jit->last != UINT32_MAX) {
        const bool loaded = jit->last & LP_JIT_LOADED && jit->loaded < 2 * BANK;
        const uint16_t last = (uint16_t)jit->last, bus = loaded ? (uint16_t)jit->loaded : last;
        gb->memory.cartBusPc = loaded ? (uint16_t)(last + 1) : last;
        gb->memory.cartBus = (bus < BANK ? gb->memory.romBase : gb->memory.romBank)[bus & (BANK - 1)];
    }
    return (lp_jit_end)jit->end;
}

/* Comes past the next event to one that may be seen. false: it may be seen itself. */
ALWAYS bool ask(struct GB *gb, int32_t *next, bool *asked, int32_t *in_vain) {
    if (*asked || *in_vain == *next) return false;
    const int32_t seen = lp_gb_next_seen(gb);
    if (seen <= *next) return *in_vain = *next, false;
    *next = seen;
    return *asked = true;
}

/* Instructions in a row for as long as each ends before the next event. Returns whether events were run all the same. */
ALWAYS bool run_plainly(struct SM83Core *cpu, struct GB *gb, lp_gb_jit *jit, const int t) {
    int32_t c = cpu->cycles, next = cpu->nextEvent; /* one that is not seen, as long as we did not ask for one that is */
    bool asked = false;
    int32_t in_vain = INT32_MIN; /* the event that asking did not come past */
    uint16_t pc = cpu->pc;
    registers r = {cpu->bc, cpu->de, cpu->hl, cpu->sp, cpu->a, cpu->f.packed};
    bool events = false;
    region code = region_of(gb, pc);
    loop round = {0};
    doing idle = BUSY; /* since the round began */
    if (jit && !map(jit, gb)) jit = NULL;
    bool may_enter = jit != NULL; /* a block of machine code */
    for (;;) {
        if ((pc & code.mask) > code.mask - 3) break; /* the bank may end with the instruction */
        if (may_enter && next - c <= FEW_CYCLES * 4 * t) ask(gb, &next, &asked, &in_vain);
        if (may_enter && pc < 2 * BANK && next - c > FEW_CYCLES * 4 * t && lp_gb_jit_has(jit, pc)) {
            const uint16_t entered = pc;
            const int32_t before = c;
            jit->stored = false;
            lp_jit_end end = run_blocks(jit, gb, &r, &pc, &c, next, t);
            if (end == LP_JIT_LATE && ask(gb, &next, &asked, &in_vain)) end = run_blocks(jit, gb, &r, &pc, &c, next, t);
            if (jit->stored) idle = BUSY;
            if (end == LP_JIT_INTERPRET) lp_gb_jit_tell(jit, entered, c - before < FEW_CYCLES * 4 * t);
            if ((pc & (uint16_t)~code.mask) != code.first) {
                /* code in RAM leaves libmgba's region to be the one before, which may be another bank than the blocks began in */
                if (pc >= 2 * BANK && jit->last != UINT32_MAX) cpu->memory.setActiveRegion(cpu, (uint16_t)jit->last);
                cpu->memory.setActiveRegion(cpu, cpu->pc = pc);
                if (!is_plain(cpu, gb)) break;
                code = region_of(gb, pc);
            }
            if (end == LP_JIT_LOOP) {
                c += rest(&round, &r, pc, c, next, idle, cpu, gb);
                round = (loop){.r = r, .at = pc, .joyp = gb->memory.io[GB_REG_JOYP], .began = c};
                idle = IDLE;
            }
            if (end == LP_JIT_LOOP || end == LP_JIT_ARRIVE || (pc & code.mask) > code.mask - 3) continue;
            may_enter = end == LP_JIT_INTERPRET; /* after this one */
        } else {
            may_enter = false;
        }
        const uint8_t *at = code.bytes + (pc & code.mask);
        const uint8_t op = at[0];
        const uint16_t word = (uint16_t)(at[1] | at[2] << 8);
        int n = lp_sm83_cycles[op];
        if (c + (4 * n - 1) * t >= next) {
            ask(gb, &next, &asked, &in_vain);
            if (c + (4 * n - 1) * t >= next) break;
        }
        const uint16_t start = pc;
        uint16_t target, address;
        uint8_t value;
        pc = (uint16_t)(pc + lp_sm83_length[op]);
        if (start < 2 * BANK) {
            gb->memory.cartBus = at[lp_sm83_length[op] - 1];
            gb->memory.cartBusPc = (uint16_t)(pc - 1);
        }
#define LOAD(from, k) load(cpu, gb, from, pc, c + (4 * (k) + 1) * t, &idle)
        switch (op) {
            // clang-format off
        case 0x00: break;

        case 0x01: r.bc = word; break;
        case 0x11: r.de = word; break;
        case 0x21: r.hl = word; break;
        case 0x31: r.sp = word; break;
        case 0x03: r.bc++; break;
        case 0x13: r.de++; break;
        case 0x23: r.hl++; break;
        case 0x33: r.sp++; break;
        case 0x0B: r.bc--; break;
        case 0x1B: r.de--; break;
        case 0x2B: r.hl--; break;
        case 0x3B: r.sp--; break;
        case 0x09: add_hl(&r, r.bc); break;
        case 0x19: add_hl(&r, r.de); break;
        case 0x29: add_hl(&r, r.hl); break;
        case 0x39: add_hl(&r, r.sp); break;
        case 0xE8: r.sp = add_sp(&r, at[1]); break;
        case 0xF8: r.hl = add_sp(&r, at[1]); break;
        case 0xF9: r.sp = r.hl; break;

#define INCREMENT(i) set(&r, i, increment(&r, get(&r, i)));
#define DECREMENT(i) set(&r, i, decrement(&r, get(&r, i)));
#define IMMEDIATE(i) set(&r, i, at[1]);
        REGISTERS(0x04, 8, INCREMENT)
        REGISTERS(0x05, 8, DECREMENT)
        REGISTERS(0x06, 8, IMMEDIATE)
        case 0x34: value = increment(&r, LOAD(r.hl, 1)); address = r.hl; goto store;
        case 0x35: value = decrement(&r, LOAD(r.hl, 1)); address = r.hl; goto store;
        case 0x36: value = at[1]; address = r.hl; goto store;

        case 0x07: case 0x0F: case 0x17: case 0x1F:
            r.a = rotate(&r, op >> 3, r.a);
            r.f &= (uint8_t)~Z;
            break;
        case 0x27: adjust_decimal(&r); break;
        case 0x2F: r.a ^= 0xFF; r.f |= N | H; break;
        case 0x37: r.f = (uint8_t)((r.f & Z) | C); break;
        case 0x3F: r.f = (uint8_t)((r.f & (Z | C)) ^ C); break;

        case 0x02: value = r.a; address = r.bc; goto store;
        case 0x12: value = r.a; address = r.de; goto store;
        case 0x22: value = r.a; address = r.hl++; goto store;
        case 0x32: value = r.a; address = r.hl--; goto store;
        case 0x0A: r.a = LOAD(r.bc, 1); break;
        case 0x1A: r.a = LOAD(r.de, 1); break;
        case 0x2A: r.a = LOAD(r.hl, 1); r.hl++; break;
        case 0x3A: r.a = LOAD(r.hl, 1); r.hl--; break;
        case 0xE0: value = r.a; address = (uint16_t)(0xFF00 | at[1]); goto store;
        case 0xE2: value = r.a; address = (uint16_t)(0xFF00 | (r.bc & 0xFF)); goto store;
        case 0xEA: value = r.a; address = word; goto store;
        case 0xF0: r.a = LOAD((uint16_t)(0xFF00 | at[1]), 2); break;
        case 0xF2: r.a = LOAD((uint16_t)(0xFF00 | (r.bc & 0xFF)), 1); break;
        case 0xFA: r.a = LOAD(word, 3); break;
        case 0x08:
            if (!is_plain_store(gb, word) || !is_plain_store(gb, (uint16_t)(word + 1))) goto not_here;
            store_plainly(gb, word, (uint8_t)r.sp);
            store_plainly(gb, (uint16_t)(word + 1), (uint8_t)(r.sp >> 8));
            idle = BUSY;
            break;

#define TO_B(i) set(&r, 0, get(&r, i));
#define TO_C(i) set(&r, 1, get(&r, i));
#define TO_D(i) set(&r, 2, get(&r, i));
#define TO_E(i) set(&r, 3, get(&r, i));
#define TO_H(i) set(&r, 4, get(&r, i));
#define TO_L(i) set(&r, 5, get(&r, i));
#define TO_A(i) set(&r, 7, get(&r, i));
        REGISTERS(0x40, 1, TO_B)
        REGISTERS(0x48, 1, TO_C)
        REGISTERS(0x50, 1, TO_D)
        REGISTERS(0x58, 1, TO_E)
        REGISTERS(0x60, 1, TO_H)
        REGISTERS(0x68, 1, TO_L)
        REGISTERS(0x78, 1, TO_A)
        case 0x46: case 0x4E: case 0x56: case 0x5E: case 0x66: case 0x6E: case 0x7E: {
            value = LOAD(r.hl, 1);
            set(&r, op >> 3, value);
            break;
        }
        case 0x70: case 0x71: case 0x72: case 0x73: case 0x74: case 0x75: case 0x77:
            value = get(&r, op);
            address = r.hl;
            goto store;

#define ADD(i) arithmetic(&r, 0, get(&r, i));
#define ADC(i) arithmetic(&r, 1, get(&r, i));
#define SUB(i) arithmetic(&r, 2, get(&r, i));
#define SBC(i) arithmetic(&r, 3, get(&r, i));
#define AND(i) arithmetic(&r, 4, get(&r, i));
#define XOR(i) arithmetic(&r, 5, get(&r, i));
#define OR(i) arithmetic(&r, 6, get(&r, i));
#define CP(i) arithmetic(&r, 7, get(&r, i));
        REGISTERS(0x80, 1, ADD)
        REGISTERS(0x88, 1, ADC)
        REGISTERS(0x90, 1, SUB)
        REGISTERS(0x98, 1, SBC)
        REGISTERS(0xA0, 1, AND)
        REGISTERS(0xA8, 1, XOR)
        REGISTERS(0xB0, 1, OR)
        REGISTERS(0xB8, 1, CP)
        case 0x86: case 0x8E: case 0x96: case 0x9E: case 0xA6: case 0xAE: case 0xB6: case 0xBE:
            arithmetic(&r, op >> 3 & 7, LOAD(r.hl, 1));
            break;
        case 0xC6: case 0xCE: case 0xD6: case 0xDE: case 0xE6: case 0xEE: case 0xF6: case 0xFE:
            arithmetic(&r, op >> 3 & 7, at[1]);
            break;

        case 0xCB:
            n = 2;
            if ((at[1] & 7) == 6) {
                value = bits(&r, at[1], LOAD(r.hl, 2));
                n = 4;
                address = r.hl;
                if (at[1] >> 6 != 1) goto store;
                n = 3;
            } else {
                set(&r, at[1], bits(&r, at[1], get(&r, at[1])));
            }
            break;

        case 0x18: target = (uint16_t)(pc + (int8_t)at[1]); goto jump;
        case 0x20: case 0x28: case 0x30: case 0x38:
            target = (uint16_t)(pc + (int8_t)at[1]);
            if (holds(&r, op >> 3)) goto jump;
            n = 2;
            break;
        case 0xC3: target = word; goto jump;
        case 0xC2: case 0xCA: case 0xD2: case 0xDA:
            target = word;
            if (holds(&r, op >> 3)) goto jump;
            n = 3;
            break;
        case 0xE9: target = r.hl; goto jump;

        case 0xC4: case 0xCC: case 0xD4: case 0xDC:
            if (!holds(&r, op >> 3)) {
                n = 3;
                break;
            } /* fall through */
        case 0xCD: target = word; goto call;
        case 0xC7: case 0xCF: case 0xD7: case 0xDF: case 0xE7: case 0xEF: case 0xF7: case 0xFF: target = op & 0x38; goto call;
        case 0xC0: case 0xC8: case 0xD0: case 0xD8:
            if (!holds(&r, op >> 3)) {
                n = 2;
                break;
            }
            value = LOAD(r.sp, 2);
            target = (uint16_t)(value | load(cpu, gb, (uint16_t)(r.sp + 1), value, c + 13 * t, &idle) << 8);
            r.sp += 2;
            goto jump;
        case 0xC9:
            value = LOAD(r.sp, 1);
            target = (uint16_t)(value | load(cpu, gb, (uint16_t)(r.sp + 1), value, c + 9 * t, &idle) << 8);
            r.sp += 2;
            goto jump;

#define POP(pair) value = LOAD(r.sp, 1); r.pair = (uint16_t)(value | LOAD((uint16_t)(r.sp + 1), 2) << 8); r.sp += 2; break;
        case 0xC1: POP(bc)
        case 0xD1: POP(de)
        case 0xE1: POP(hl)
        case 0xF1:
            value = LOAD(r.sp, 1);
            r.a = LOAD((uint16_t)(r.sp + 1), 2);
            r.f = value & 0xF0;
            r.sp += 2;
            break;
        case 0xC5: target = r.bc; goto push;
        case 0xD5: target = r.de; goto push;
        case 0xE5: target = r.hl; goto push;
        case 0xF5: target = (uint16_t)(r.a << 8 | r.f); goto push;

        case 0xF3: case 0xFB:
            catch_up(cpu, gb, c + 3 * t);
            cpu->cycles = c + 3 * t;
            cpu->irqh.setInterrupts(cpu, op == 0xFB);
            idle = BUSY;
            next = cpu->irqPending ? c : cpu->nextEvent; /* as they stand: libmgba's next fetch takes it */
            asked = cpu->irqPending;
            break;

            // clang-format on
        default: /* HALT, STOP, RETI, and what is no instruction */
        not_here:
            pc = start;
            goto out;
        }
        c += 4 * n * t;
        continue;

    store:
        if (is_plain_store(gb, address)) {
            idle = BUSY;
            store_plainly(gb, address, value);
            c += 4 * n * t;
            continue;
        }
        if (address == GB_BASE_IO + GB_REG_JOYP) {
            const uint8_t now = joyp_of(gb, value | 0xF);
            if (is_quiet(gb, 0xF, now)) {
                gb->memory.io[GB_REG_JOYP] = now;
                c += 4 * n * t;
                continue;
            }
        }
        idle = BUSY;
        events = finish_store(cpu, gb, address, value, pc, c + (4 * n - 3) * t);
        c = cpu->cycles;
        if (events || !is_plain(cpu, gb) || region_of(gb, pc).bytes != code.bytes) break;
        if (jit && !map(jit, gb)) jit = NULL, may_enter = false;
        if (moves_events(address)) next = cpu->nextEvent, asked = false;
        continue;

    push:
    call : {
        uint16_t low = (uint16_t)(r.sp - 2), high = (uint16_t)(r.sp - 1), pushed = (op & 0xF) == 5 ? target : pc;
        if (!is_plain_store(gb, low) || !is_plain_store(gb, high)) goto not_here;
        store_plainly(gb, high, (uint8_t)(pushed >> 8));
        store_plainly(gb, low, (uint8_t)pushed);
        r.sp = low;
        idle = BUSY;
        if ((op & 0xF) == 5) {
            c += 4 * n * t;
            continue;
        }
    }
    jump:
        c += 4 * n * t;
        pc = target;
        if ((pc & (uint16_t)~code.mask) != code.first) {
            cpu->memory.setActiveRegion(cpu, cpu->pc = pc);
            if (!is_plain(cpu, gb)) break;
            code = region_of(gb, pc);
        }
        may_enter = jit != NULL;
        if (pc < start) {
            c += rest(&round, &r, pc, c, next, idle, cpu, gb);
            round = (loop){.r = r, .at = pc, .joyp = gb->memory.io[GB_REG_JOYP], .began = c};
            idle = IDLE;
        }
    }
out:
    if (asked) catch_up(cpu, gb, c); /* an event that was due when we began is libmgba's */
    cpu->cycles = c;
    cpu->pc = pc;
    cpu->bc = r.bc, cpu->de = r.de, cpu->hl = r.hl, cpu->sp = r.sp, cpu->a = r.a, cpu->f.packed = r.f;
    return events;
}

/* One for each speed, so that all the times are constants. */
static __attribute__((noinline)) bool run_at_1(struct SM83Core *cpu, struct GB *gb, lp_gb_jit *jit) { return run_plainly(cpu, gb, jit, 1); }
static __attribute__((noinline)) bool run_at_2(struct SM83Core *cpu, struct GB *gb, lp_gb_jit *jit) { return run_plainly(cpu, gb, jit, 2); }

void lp_gb_run(struct SM83Core *cpu, struct GB *gb, lp_gb_jit *jit) {
    while (!cpu->halted && is_plain(cpu, gb)) {
        int32_t before = cpu->cycles;
        if (cpu->tMultiplier == 2 ? run_at_2(cpu, gb, jit) : run_at_1(cpu, gb, jit)) return;
        if (cpu->cycles == before) break;
    }
    SM83Run(cpu);
}
