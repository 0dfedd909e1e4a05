/* The Game Boy's CPU, the short way. libmgba's CPU goes through each machine cycle of an instruction in four steps and asks at
 * each whether an event is due. Most instructions end before the next event begins: those are run here in one go, on
 * libmgba's own structs, and leave them as libmgba would. Everything else is libmgba's (SM83Run): an instruction during
 * which an event falls, interrupts, HALT, STOP, code outside a plain ROM mapping, memory while sprites are copied (DMA).
 *
 * Invariants, with t = cpu->tMultiplier ticks a clock and c the ticks at an instruction's fetch:
 * - The bus access of machine cycle k (0 the fetch) happens at c + (4 k + 1) t, what follows from it at c + (4 k + 3) t.
 * - libmgba looks for events at c + (4 k + 1..3) t and between machine cycles, so none is seen within an instruction of n cycles
 *   if c + (4 n - 1) t lies before the next event.
 * - Only stores can bring an event nearer. Those to work RAM and high RAM cannot; the others are an instruction's last
 *   access (or the instruction is left to libmgba), and the rest of their cycle is run as libmgba does: finish_store().
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

enum { Z = 0x80, N = 0x40, H = 0x20, C = 0x10, BANK = 0x4000 };

/* Machine cycles, at most; 0: libmgba's. */
static const uint8_t cycles_of[256] = {
    1, 3, 2, 2, 1, 1, 2, 1, 5, 2, 2, 2, 1, 1, 2, 1, 0, 3, 2, 2, 1, 1, 2, 1, 3, 2, 2, 2, 1, 1, 2, 1, /* 00 */
    3, 3, 2, 2, 1, 1, 2, 1, 3, 2, 2, 2, 1, 1, 2, 1, 3, 3, 2, 2, 3, 3, 3, 1, 3, 2, 2, 2, 1, 1, 2, 1, /* 20 */
    1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, /* 40 */
    1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 2, 2, 2, 2, 2, 2, 0, 2, 1, 1, 1, 1, 1, 1, 2, 1, /* 60 */
    1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, /* 80 */
    1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 1, 1, 1, 2, 1, /* A0 */
    5, 3, 4, 4, 6, 4, 2, 4, 5, 4, 4, 4, 6, 6, 2, 4, 5, 3, 4, 0, 6, 4, 2, 4, 5, 0, 4, 0, 6, 0, 2, 4, /* C0 */
    3, 3, 2, 0, 0, 4, 2, 4, 4, 1, 4, 0, 0, 0, 2, 4, 3, 3, 2, 1, 0, 4, 2, 4, 3, 2, 4, 1, 0, 0, 2, 4, /* E0 */
};
static const uint8_t length_of[256] = {
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

static __attribute__((noinline)) uint8_t load_slowly(struct SM83Core *cpu, uint16_t address, uint16_t pc, int32_t cycles) {
    cpu->cycles = cycles;
    cpu->pc = pc;
    return cpu->memory.load8(cpu, address);
}

/* pc: what libmgba's is at that moment. */
static inline __attribute__((always_inline)) uint8_t load(struct SM83Core *cpu, struct GB *gb, uint16_t address, uint16_t pc, int32_t cycles) {
    struct GBMemory *memory = &gb->memory;
    if (is_work_ram(address) && !memory->mbcReadHigh) return *work_ram(memory, address);
    if (address < 2 * BANK) {
        memory->cartBusPc = pc;
        return memory->cartBus = (address < BANK ? memory->romBase : memory->romBank)[address & (BANK - 1)];
    }
    if (is_high_ram(address)) return memory->hram[address & GB_SIZE_HRAM];
    if (address == GB_BASE_IO + GB_REG_LY) return memory->io[GB_REG_LY];
    return load_slowly(cpu, address, pc, cycles);
}

static inline bool is_plain_store(const struct GB *gb, uint16_t address) {
    return (is_work_ram(address) && !gb->memory.mbcWriteHigh) || is_high_ram(address);
}

static inline void store_plainly(struct GB *gb, uint16_t address, uint8_t value) {
    if (is_work_ram(address)) *work_ram(&gb->memory, address) = value;
    else gb->memory.hram[address & GB_SIZE_HRAM] = value;
}

/* The store of an instruction's last machine cycle, from its access at `cycles` to the cycle's end. Returns whether events were
 * run, after which a frame may be over. */
static __attribute__((noinline)) bool finish_store(struct SM83Core *cpu, uint16_t address, uint8_t value, uint16_t pc, int32_t cycles) {
    bool events = false;
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

/* ---- arithmetic: A and F, as one would expect them ---- */

static inline void add(struct SM83Core *cpu, uint8_t value, int carry) {
    int a = cpu->a, sum = a + value + carry;
    cpu->a = (uint8_t)sum;
    cpu->f.packed = (uint8_t)((cpu->a ? 0 : Z) | ((a ^ value ^ sum) & 0x10 ? H : 0) | (sum > 0xFF ? C : 0));
}

static inline uint8_t subtract(struct SM83Core *cpu, uint8_t value, int carry) {
    int a = cpu->a, difference = a - value - carry;
    cpu->f.packed = (uint8_t)(((difference & 0xFF) ? 0 : Z) | N | ((a ^ value ^ difference) & 0x10 ? H : 0) | (difference < 0 ? C : 0));
    return (uint8_t)difference;
}

static inline void logic(struct SM83Core *cpu, int result, int flags) {
    cpu->a = (uint8_t)result;
    cpu->f.packed = (uint8_t)((cpu->a ? 0 : Z) | flags);
}

static inline void arithmetic(struct SM83Core *cpu, int operation, uint8_t value) {
    int carry = cpu->f.packed >> 4 & 1;
    switch (operation) {
    case 0: add(cpu, value, 0); break;
    case 1: add(cpu, value, carry); break;
    case 2: cpu->a = subtract(cpu, value, 0); break;
    case 3: cpu->a = subtract(cpu, value, carry); break;
    case 4: logic(cpu, cpu->a & value, H); break;
    case 5: logic(cpu, cpu->a ^ value, 0); break;
    case 6: logic(cpu, cpu->a | value, 0); break;
    default: subtract(cpu, value, 0); break;
    }
}

static inline uint8_t increment(struct SM83Core *cpu, uint8_t value) {
    uint8_t result = (uint8_t)(value + 1);
    cpu->f.packed = (uint8_t)((cpu->f.packed & C) | (result ? 0 : Z) | ((value & 15) == 15 ? H : 0));
    return result;
}

static inline uint8_t decrement(struct SM83Core *cpu, uint8_t value) {
    uint8_t result = (uint8_t)(value - 1);
    cpu->f.packed = (uint8_t)((cpu->f.packed & C) | N | (result ? 0 : Z) | ((value & 15) ? 0 : H));
    return result;
}

static inline void add_hl(struct SM83Core *cpu, uint16_t value) {
    uint32_t sum = (uint32_t)cpu->hl + value;
    cpu->f.packed = (uint8_t)((cpu->f.packed & Z) | ((cpu->hl ^ value ^ sum) & 0x1000 ? H : 0) | (sum > 0xFFFF ? C : 0));
    cpu->hl = (uint16_t)sum;
}

static inline uint16_t add_sp(struct SM83Core *cpu, uint8_t offset) {
    cpu->f.packed = (uint8_t)(((cpu->sp & 15) + (offset & 15) > 15 ? H : 0) | ((cpu->sp & 255) + offset > 255 ? C : 0));
    return (uint16_t)(cpu->sp + (int8_t)offset);
}

static void adjust_decimal(struct SM83Core *cpu) {
    uint8_t f = cpu->f.packed;
    int a = cpu->a;
    if (f & N) {
        a += (f & H ? 0xFA : 0) + (f & C ? 0xA0 : 0);
    } else {
        if ((a & 15) > 9 || f & H) a += 6;
        if ((a & 0x1F0) > 0x90 || f & C) {
            a += 0x60;
            f |= C;
        }
    }
    cpu->a = (uint8_t)a;
    cpu->f.packed = (uint8_t)((f & (N | C)) | (cpu->a ? 0 : Z));
}

/* The eight rotations and shifts of CB 00 to 3F, flags included. */
static inline uint8_t rotate(struct SM83Core *cpu, int operation, uint8_t value) {
    int carry = cpu->f.packed >> 4 & 1, out, result;
    switch (operation) {
    case 0: out = value >> 7, result = value << 1 | out; break;
    case 1: out = value & 1, result = value >> 1 | out << 7; break;
    case 2: out = value >> 7, result = value << 1 | carry; break;
    case 3: out = value & 1, result = value >> 1 | carry << 7; break;
    case 4: out = value >> 7, result = value << 1; break;
    case 5: out = value & 1, result = value >> 1 | (value & 0x80); break;
    case 6: out = 0, result = value << 4 | value >> 4; break;
    default: out = value & 1, result = value >> 1; break;
    }
    result &= 0xFF;
    cpu->f.packed = (uint8_t)((result ? 0 : Z) | (out ? C : 0));
    return (uint8_t)result;
}

/* CB: rotate, test, clear and set a bit; the result, for those that write one. */
static inline uint8_t bits(struct SM83Core *cpu, uint8_t operation, uint8_t value) {
    int bit = 1 << (operation >> 3 & 7);
    switch (operation >> 6) {
    case 0: return rotate(cpu, operation >> 3, value);
    case 1: cpu->f.packed = (uint8_t)((cpu->f.packed & C) | H | (value & bit ? 0 : Z)); return value;
    case 2: return (uint8_t)(value & ~bit);
    default: return (uint8_t)(value | bit);
    }
}

/* Registers as opcodes number them: B C D E H L (HL) A. */
static inline uint8_t *reg(struct SM83Core *cpu, int index) {
    switch (index & 7) {
    case 0: return &cpu->b;
    case 1: return &cpu->c;
    case 2: return &cpu->d;
    case 3: return &cpu->e;
    case 4: return &cpu->h;
    case 5: return &cpu->l;
    default: return &cpu->a;
    }
}

/* Conditions as opcodes number them: NZ Z NC C. */
static inline bool holds(const struct SM83Core *cpu, int index) {
    return ((cpu->f.packed & (index & 2 ? C : Z)) != 0) == (index & 1);
}

/* ---- running ---- */

/* Is everything that the fast path takes for granted so? */
static bool is_plain(const struct SM83Core *cpu, const struct GB *gb) {
    const struct GBMemory *memory = &gb->memory;
    const uint8_t *bank = cpu->pc < BANK ? memory->romBase : memory->romBank;
    return cpu->pc < 2 * BANK && cpu->memory.cpuLoad8 == lp_gb_static.cartridge_load && cpu->memory.activeRegion == bank &&
           cpu->memory.activeRegionEnd == (cpu->pc < BANK ? BANK : 2 * BANK) && cpu->memory.activeMask == BANK - 1 && !memory->dmaRemaining &&
           memory->romSize >= 2 * BANK && !memory->mbcReadBank0 && !memory->mbcReadBank1 && memory->mbcType != GB_MBC6 &&
           memory->mbcType != GB_UNL_NT_NEW && !cpu->irqPending && cpu->executionState == SM83_CORE_FETCH;
}

#define REGISTERS(base, step, statement_of)                                                                             \
    case base: { statement_of(b) } break;                                                                               \
    case base + step: { statement_of(c) } break;                                                                        \
    case base + 2 * step: { statement_of(d) } break;                                                                    \
    case base + 3 * step: { statement_of(e) } break;                                                                    \
    case base + 4 * step: { statement_of(h) } break;                                                                    \
    case base + 5 * step: { statement_of(l) } break;                                                                    \
    case base + 7 * step: { statement_of(a) } break;

/* Instructions in a row for as long as each ends before the next event. Returns whether events were run all the same. */
static bool run_plainly(struct SM83Core *cpu, struct GB *gb) {
    const int t = cpu->tMultiplier;
    int32_t c = cpu->cycles, next = cpu->nextEvent;
    uint16_t pc = cpu->pc;
    const uint8_t *const code = cpu->memory.activeRegion;
    const uint16_t bank = pc & BANK;
    for (;;) {
        if ((pc & (uint16_t)~(BANK - 1)) != bank || (pc & (BANK - 1)) > BANK - 3) break;
        const uint8_t *at = code + (pc & (BANK - 1));
        const uint8_t op = at[0];
        const uint16_t word = (uint16_t)(at[1] | at[2] << 8);
        int n = cycles_of[op];
        if (!n || c + (4 * n - 1) * t >= next) break;
        const uint16_t start = pc;
        uint16_t target, address;
        uint8_t value;
        pc = (uint16_t)(pc + length_of[op]);
        gb->memory.cartBus = at[length_of[op] - 1];
        gb->memory.cartBusPc = (uint16_t)(pc - 1);
#define LOAD(from, k) load(cpu, gb, from, pc, c + (4 * (k) + 1) * t)
        switch (op) {
        case 0x00: break;

        case 0x01: cpu->bc = word; break;
        case 0x11: cpu->de = word; break;
        case 0x21: cpu->hl = word; break;
        case 0x31: cpu->sp = word; break;
        case 0x03: cpu->bc++; break;
        case 0x13: cpu->de++; break;
        case 0x23: cpu->hl++; break;
        case 0x33: cpu->sp++; break;
        case 0x0B: cpu->bc--; break;
        case 0x1B: cpu->de--; break;
        case 0x2B: cpu->hl--; break;
        case 0x3B: cpu->sp--; break;
        case 0x09: add_hl(cpu, cpu->bc); break;
        case 0x19: add_hl(cpu, cpu->de); break;
        case 0x29: add_hl(cpu, cpu->hl); break;
        case 0x39: add_hl(cpu, cpu->sp); break;
        case 0xE8: cpu->sp = add_sp(cpu, at[1]); break;
        case 0xF8: cpu->hl = add_sp(cpu, at[1]); break;
        case 0xF9: cpu->sp = cpu->hl; break;

#define INCREMENT(r) cpu->r = increment(cpu, cpu->r);
#define DECREMENT(r) cpu->r = decrement(cpu, cpu->r);
#define IMMEDIATE(r) cpu->r = at[1];
        REGISTERS(0x04, 8, INCREMENT)
        REGISTERS(0x05, 8, DECREMENT)
        REGISTERS(0x06, 8, IMMEDIATE)
        case 0x34: value = increment(cpu, LOAD(cpu->hl, 1)); address = cpu->hl; goto store;
        case 0x35: value = decrement(cpu, LOAD(cpu->hl, 1)); address = cpu->hl; goto store;
        case 0x36: value = at[1]; address = cpu->hl; goto store;

        case 0x07: case 0x0F: case 0x17: case 0x1F:
            cpu->a = rotate(cpu, op >> 3, cpu->a);
            cpu->f.packed &= (uint8_t)~Z;
            break;
        case 0x27: adjust_decimal(cpu); break;
        case 0x2F: cpu->a ^= 0xFF; cpu->f.packed |= N | H; break;
        case 0x37: cpu->f.packed = (uint8_t)((cpu->f.packed & Z) | C); break;
        case 0x3F: cpu->f.packed = (uint8_t)((cpu->f.packed & (Z | C)) ^ C); break;

        case 0x02: value = cpu->a; address = cpu->bc; goto store;
        case 0x12: value = cpu->a; address = cpu->de; goto store;
        case 0x22: value = cpu->a; address = cpu->hl++; goto store;
        case 0x32: value = cpu->a; address = cpu->hl--; goto store;
        case 0x0A: cpu->a = LOAD(cpu->bc, 1); break;
        case 0x1A: cpu->a = LOAD(cpu->de, 1); break;
        case 0x2A: cpu->a = LOAD(cpu->hl, 1); cpu->hl++; break;
        case 0x3A: cpu->a = LOAD(cpu->hl, 1); cpu->hl--; break;
        case 0xE0: value = cpu->a; address = (uint16_t)(0xFF00 | at[1]); goto store;
        case 0xE2: value = cpu->a; address = (uint16_t)(0xFF00 | cpu->c); goto store;
        case 0xEA: value = cpu->a; address = word; goto store;
        case 0xF0: cpu->a = LOAD((uint16_t)(0xFF00 | at[1]), 2); break;
        case 0xF2: cpu->a = LOAD((uint16_t)(0xFF00 | cpu->c), 1); break;
        case 0xFA: cpu->a = LOAD(word, 3); break;
        case 0x08:
            if (!is_plain_store(gb, word) || !is_plain_store(gb, (uint16_t)(word + 1))) goto not_here;
            store_plainly(gb, word, (uint8_t)cpu->sp);
            store_plainly(gb, (uint16_t)(word + 1), (uint8_t)(cpu->sp >> 8));
            break;

#define TO_B(r) cpu->b = cpu->r;
#define TO_C(r) cpu->c = cpu->r;
#define TO_D(r) cpu->d = cpu->r;
#define TO_E(r) cpu->e = cpu->r;
#define TO_H(r) cpu->h = cpu->r;
#define TO_L(r) cpu->l = cpu->r;
#define TO_A(r) cpu->a = cpu->r;
        REGISTERS(0x40, 1, TO_B)
        REGISTERS(0x48, 1, TO_C)
        REGISTERS(0x50, 1, TO_D)
        REGISTERS(0x58, 1, TO_E)
        REGISTERS(0x60, 1, TO_H)
        REGISTERS(0x68, 1, TO_L)
        REGISTERS(0x78, 1, TO_A)
        case 0x46: case 0x4E: case 0x56: case 0x5E: case 0x66: case 0x6E: case 0x7E: {
            value = LOAD(cpu->hl, 1);
            *reg(cpu, op >> 3) = value;
            break;
        }
        case 0x70: case 0x71: case 0x72: case 0x73: case 0x74: case 0x75: case 0x77:
            value = *reg(cpu, op);
            address = cpu->hl;
            goto store;

#define ADD(r) add(cpu, cpu->r, 0);
#define ADC(r) add(cpu, cpu->r, cpu->f.packed >> 4 & 1);
#define SUB(r) cpu->a = subtract(cpu, cpu->r, 0);
#define SBC(r) cpu->a = subtract(cpu, cpu->r, cpu->f.packed >> 4 & 1);
#define AND(r) logic(cpu, cpu->a & cpu->r, H);
#define XOR(r) logic(cpu, cpu->a ^ cpu->r, 0);
#define OR(r) logic(cpu, cpu->a | cpu->r, 0);
#define CP(r) subtract(cpu, cpu->r, 0);
        REGISTERS(0x80, 1, ADD)
        REGISTERS(0x88, 1, ADC)
        REGISTERS(0x90, 1, SUB)
        REGISTERS(0x98, 1, SBC)
        REGISTERS(0xA0, 1, AND)
        REGISTERS(0xA8, 1, XOR)
        REGISTERS(0xB0, 1, OR)
        REGISTERS(0xB8, 1, CP)
        case 0x86: case 0x8E: case 0x96: case 0x9E: case 0xA6: case 0xAE: case 0xB6: case 0xBE:
            arithmetic(cpu, op >> 3 & 7, LOAD(cpu->hl, 1));
            break;
        case 0xC6: case 0xCE: case 0xD6: case 0xDE: case 0xE6: case 0xEE: case 0xF6: case 0xFE:
            arithmetic(cpu, op >> 3 & 7, at[1]);
            break;

        case 0xCB:
            n = 2;
            if ((at[1] & 7) == 6) {
                value = bits(cpu, at[1], LOAD(cpu->hl, 2));
                n = 4;
                address = cpu->hl;
                if (at[1] >> 6 != 1) goto store;
                n = 3;
            } else {
                uint8_t *r = reg(cpu, at[1]);
                *r = bits(cpu, at[1], *r);
            }
            break;

        case 0x18: target = (uint16_t)(pc + (int8_t)at[1]); goto jump;
        case 0x20: case 0x28: case 0x30: case 0x38:
            target = (uint16_t)(pc + (int8_t)at[1]);
            if (holds(cpu, op >> 3)) goto jump;
            n = 2;
            break;
        case 0xC3: target = word; goto jump;
        case 0xC2: case 0xCA: case 0xD2: case 0xDA:
            target = word;
            if (holds(cpu, op >> 3)) goto jump;
            n = 3;
            break;
        case 0xE9: target = cpu->hl; goto jump;

        case 0xC4: case 0xCC: case 0xD4: case 0xDC:
            if (!holds(cpu, op >> 3)) {
                n = 3;
                break;
            } /* fall through */
        case 0xCD: target = word; goto call;
        case 0xC7: case 0xCF: case 0xD7: case 0xDF: case 0xE7: case 0xEF: case 0xF7: case 0xFF: target = op & 0x38; goto call;
        case 0xC0: case 0xC8: case 0xD0: case 0xD8:
            if (!holds(cpu, op >> 3)) {
                n = 2;
                break;
            }
            value = LOAD(cpu->sp, 2);
            target = (uint16_t)(value | load(cpu, gb, (uint16_t)(cpu->sp + 1), value, c + 13 * t) << 8);
            cpu->sp += 2;
            goto jump;
        case 0xC9:
            value = LOAD(cpu->sp, 1);
            target = (uint16_t)(value | load(cpu, gb, (uint16_t)(cpu->sp + 1), value, c + 9 * t) << 8);
            cpu->sp += 2;
            goto jump;

#define POP(pair) value = LOAD(cpu->sp, 1); cpu->pair = (uint16_t)(value | LOAD((uint16_t)(cpu->sp + 1), 2) << 8); cpu->sp += 2; break;
        case 0xC1: POP(bc)
        case 0xD1: POP(de)
        case 0xE1: POP(hl)
        case 0xF1:
            value = LOAD(cpu->sp, 1);
            cpu->a = LOAD((uint16_t)(cpu->sp + 1), 2);
            cpu->f.packed = value & 0xF0;
            cpu->sp += 2;
            break;
        case 0xC5: target = cpu->bc; goto push;
        case 0xD5: target = cpu->de; goto push;
        case 0xE5: target = cpu->hl; goto push;
        case 0xF5: target = cpu->af; goto push;

        case 0xF3: case 0xFB:
            cpu->cycles = c + 3 * t;
            cpu->irqh.setInterrupts(cpu, op == 0xFB);
            next = cpu->nextEvent;
            if (cpu->irqPending) next = c; /* as they stand: libmgba's next fetch takes it */
            break;

        default: /* what cycles_of calls libmgba's */
        not_here:
            pc = start;
            goto out;
        }
        c += 4 * n * t;
        continue;

    store:
        if (is_plain_store(gb, address)) {
            store_plainly(gb, address, value);
            c += 4 * n * t;
            continue;
        }
        if (finish_store(cpu, address, value, pc, c + (4 * n - 3) * t)) return true;
        if (!is_plain(cpu, gb) || cpu->memory.activeRegion != code) return false;
        c = cpu->cycles, next = cpu->nextEvent;
        continue;

    push:
    call: {
        uint16_t low = (uint16_t)(cpu->sp - 2), high = (uint16_t)(cpu->sp - 1), pushed = (op & 0xF) == 5 ? target : pc;
        if (!is_plain_store(gb, low) || !is_plain_store(gb, high)) goto not_here;
        store_plainly(gb, high, (uint8_t)(pushed >> 8));
        store_plainly(gb, low, (uint8_t)pushed);
        cpu->sp = low;
        if ((op & 0xF) == 5) {
            c += 4 * n * t;
            continue;
        }
    }
    jump:
        c += 4 * n * t;
        pc = target;
        if ((pc & (uint16_t)~(BANK - 1)) != bank) {
            cpu->memory.setActiveRegion(cpu, pc);
            break;
        }
    }
out:
    cpu->cycles = c;
    cpu->pc = pc;
    return false;
}

void lp_gb_run(struct SM83Core *cpu, struct GB *gb) {
    while (!cpu->halted && is_plain(cpu, gb)) {
        int32_t before = cpu->cycles;
        if (run_plainly(cpu, gb)) return;
        if (cpu->cycles == before) break;
    }
    SM83Run(cpu);
}
