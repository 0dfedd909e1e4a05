/* What a block of x86-64 is made of: encodings, registers of the Game Boy Advance, flags, memory, jumps. Registers are as gba_jit_x64.c says. Each writes at
 * b->at. Source: Intel SDM, volume 2. */
#ifndef LP_EMULATOR_GBA_JIT_EMIT_H
#define LP_EMULATOR_GBA_JIT_EMIT_H

#include "emulator/gba_jit.h"

#include <string.h>

enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI, R8, R9, R10, R11, R12, R13, R14, R15 };
enum { CYCLES = R15, JIT = EBP };
/* r, r/m; as the operation of a value: /n of 81 */
enum { X_ADD = 0x03, X_OR = 0x0B, X_ADC = 0x13, X_SBB = 0x1B, X_AND = 0x23, X_SUB = 0x2B, X_XOR = 0x33, X_CMP = 0x3B, X_MOV = 0x8B };
enum { X_STORE = 0x89, X_STORE8 = 0x88, X_LEA = 0x8D, X_TEST = 0x85, X_IMUL = 0x0FAF };
enum { X_ZX8 = 0x0FB6, X_ZX16 = 0x0FB7, X_SX8 = 0x0FBE, X_SX16 = 0x0FBF };
enum { SHL = 4, SHR = 5, SAR = 7, ROR = 1, RCR = 3 }; /* /n of C1, D1, D3 */
enum { IF_O, IF_NO, IF_C, IF_NC, IF_Z, IF_NZ, IF_BE, IF_A, IF_S, IF_NS, IF_L = 12, IF_GE, IF_LE, IF_G };
enum { WIDE = 1, BYTE = 2 };

/* The Game Boy Advance's flags, as a set: negative and zero; carry; overflow; what libmgba keeps of the last shift. */
enum { NZ = 1, C = 2, V = 4, SHIFTER = 8, ALL_FLAGS = 15 };
/* What x86's flags say just now: nothing; zero and sign; all of them after an addition or a subtraction. */
typedef enum { SAY_NOTHING, SAY_NZ, SAY_SUM, SAY_DIFFERENCE } saying;

/* What stands behind a block and is jumped to from within. */
typedef enum { LEAVE_BEFORE, LEAVE_AFTER, TAKE, SWITCH_SET, ACCESS } exit_kind;
typedef struct {
    exit_kind kind;
    uint8_t *from;   /* the end of the jump's instruction */
    uint32_t pc, to; /* the instruction; a jump's target */
    int cycles;      /* that are not yet counted */
    /* ACCESS: of which instruction; where it goes on when libmgba has done it, with so many cycles not yet counted. */
    const lp_arm_op *op;
    uint8_t *back;
    int cycles_after;
} exit_;

enum { MOST_OPS = 40, MOST_EXITS = 4 * MOST_OPS };

typedef struct {
    uint8_t *at, *begin, *end;
    const lp_gba_source *source;
    int seq, nonseq;    /* waits of an instruction fetch */
    bool stalls;        /* the code is in ROM and the prefetch is on */
    int cycles, before; /* not yet counted: with this instruction; without */
    int need;           /* flags that are looked at after this instruction */
    saying says;
    bool is_over;
    exit_ exits[MOST_EXITS];
    int n_exits;
} block;

/* ---- encodings ---- */

static void byte(block *b, unsigned value) { *b->at++ = (uint8_t)value; }
static void word32(block *b, uint32_t value) { memcpy(b->at, &value, sizeof value), b->at += sizeof value; }
static void opcode(block *b, unsigned op) {
    if (op > 0xFF) byte(b, op >> 8);
    byte(b, op);
}

static void prefix(block *b, int reg, int index, int base, int how) {
    const unsigned rex = (how & WIDE ? 8u : 0u) | (reg >= R8 ? 4u : 0u) | (index >= R8 ? 2u : 0u) | (base >= R8 ? 1u : 0u);
    if (rex || how & BYTE) byte(b, 0x40 | rex);
}

static void rr_(block *b, unsigned op, int reg, int rm, int how) {
    prefix(b, reg, 0, rm, how);
    opcode(b, op);
    byte(b, 0xC0u | (unsigned)(reg & 7) << 3 | (unsigned)(rm & 7));
}
static void rr(block *b, unsigned op, int reg, int rm) { rr_(b, op, reg, rm, 0); }

static void displacement(block *b, unsigned reg, unsigned rm, int sib, int32_t offset) {
    const bool is_small = offset >= -128 && offset < 128;
    byte(b, (is_small ? 0x40u : 0x80u) | (reg & 7) << 3 | rm);
    if (sib >= 0) byte(b, (unsigned)sib);
    if (is_small) byte(b, (unsigned)offset & 0xFF);
    else word32(b, (uint32_t)offset);
}

/* op reg, [base + offset]; base is none of rsp and r12 */
static void rm_(block *b, unsigned op, int reg, int base, int32_t offset, int how) {
    prefix(b, reg, 0, base, how);
    opcode(b, op);
    displacement(b, (unsigned)reg, (unsigned)base & 7, -1, offset);
}
static void rm(block *b, unsigned op, int reg, int base, int32_t offset) { rm_(b, op, reg, base, offset, 0); }

/* op reg, [base + (index << scale) + offset] */
static void rx_(block *b, unsigned op, int reg, int base, int index, int scale, int32_t offset, int how) {
    prefix(b, reg, index, base, how);
    opcode(b, op);
    displacement(b, (unsigned)reg, 4, scale << 6 | (index & 7) << 3 | (base & 7), offset);
}

static void ri(block *b, unsigned op, int reg, uint32_t value) {
    const bool is_small = (int32_t)value >= -128 && (int32_t)value < 128;
    prefix(b, 0, 0, reg, 0);
    byte(b, is_small ? 0x83 : 0x81);
    byte(b, 0xC0u | (op & 0x38) | (unsigned)(reg & 7));
    if (is_small) byte(b, value);
    else word32(b, value);
}

static void mov_value(block *b, int reg, uint32_t value) {
    prefix(b, 0, 0, reg, 0);
    byte(b, 0xB8u | (unsigned)(reg & 7)), word32(b, value);
}

static void shift_by(block *b, unsigned how, int reg, unsigned by, int wide) {
    prefix(b, 0, 0, reg, wide);
    byte(b, 0xC1), byte(b, 0xC0u | how << 3 | (unsigned)(reg & 7)), byte(b, by);
}
static void shift_by_cl(block *b, unsigned how, int reg, int wide) {
    prefix(b, 0, 0, reg, wide);
    byte(b, 0xD3), byte(b, 0xC0u | how << 3 | (unsigned)(reg & 7));
}

#define FIELD(name) ((int32_t)offsetof(lp_gba_jit, name))
#define AREA(name) (FIELD(areas) + (int32_t)offsetof(lp_gba_area, name))

static void store_value(block *b, int32_t field, uint32_t value) { /* mov dword [rbp + field], value */
    rm(b, 0xC7, 0, JIT, field);
    word32(b, value);
}
static void store_byte(block *b, int32_t field, unsigned value) {
    rm(b, 0xC6, 0, JIT, field);
    byte(b, value);
}
static void copy_byte(block *b, int32_t to, int32_t from, int by) {
    rm(b, X_ZX8, by, JIT, from);
    rm_(b, X_STORE8, by, JIT, to, BYTE);
}
static void set_if(block *b, int condition, int32_t field) { rm(b, 0x0F90u | (unsigned)condition, 0, JIT, field); }
static void compare_byte(block *b, int32_t field, unsigned value) {
    rm(b, 0x80, 7, JIT, field);
    byte(b, value);
}

static const uint8_t *where_it_runs(const block *b, const uint8_t *written) {
    return b->source->space->runs + (written - b->source->space->to);
}

static void jump_to(block *b, const uint8_t *runs) {
    byte(b, 0xE9);
    word32(b, (uint32_t)(runs - (where_it_runs(b, b->at) + 4)));
}

/* A jump forward within the block: to where land() is called with what this returns. */
static uint8_t *jump_if(block *b, int condition) {
    byte(b, 0x0F), byte(b, 0x80u | (unsigned)condition), word32(b, 0);
    return b->at;
}
static void land(block *b, uint8_t *jump) {
    const uint32_t by = (uint32_t)(b->at - jump);
    memcpy(jump - 4, &by, sizeof by);
}

static exit_ *leave_if(block *b, int condition, exit_kind kind, uint32_t pc) {
    exit_ *e = &b->exits[b->n_exits++];
    *e = (exit_){
        .kind = kind, .from = jump_if(b, condition), .pc = pc, .cycles = kind == LEAVE_BEFORE || kind == ACCESS ? b->before : b->cycles};
    return e;
}

/* ---- registers of the Game Boy Advance ---- */

/* R0 to R7 and the stack pointer, where Thumb code has what it needs. */
static int host_of(int guest) {
    static const int8_t host[16] = {EBX, ESI, EDI, R8, R9, R10, R12, R13, -1, -1, -1, -1, -1, R14, -1, -1};
    return host[guest];
}
static int32_t place_of(int guest) { return FIELD(r) + 4 * guest; }

static void with_guest(block *b, unsigned op, int reg, int guest) { /* op reg, guest */
    if (host_of(guest) >= 0) rr(b, op, reg, host_of(guest));
    else rm(b, op, reg, JIT, place_of(guest));
}
static void get(block *b, int reg, int guest) { with_guest(b, X_MOV, reg, guest); }
static void put(block *b, int guest, int reg) {
    if (host_of(guest) >= 0) rr(b, X_MOV, host_of(guest), reg);
    else rm(b, X_STORE, reg, JIT, place_of(guest));
}
static void put_value(block *b, int guest, uint32_t value) {
    if (host_of(guest) >= 0) mov_value(b, host_of(guest), value);
    else store_value(b, place_of(guest), value);
}
static void add_value(block *b, int guest, int32_t value) {
    if (host_of(guest) >= 0) {
        ri(b, X_ADD, host_of(guest), (uint32_t)value);
    } else {
        rm(b, 0x81, 0, JIT, place_of(guest));
        word32(b, (uint32_t)value);
    }
}

/* ---- flags ---- */

/* The x86 condition that holds where the Game Boy Advance's does. */
static int condition_of(block *b, int condition) {
    static const int8_t direct[3][14] = {
        {IF_Z, IF_NZ, -1, -1, IF_S, IF_NS, -1, -1, -1, -1, -1, -1, -1, -1},
        {IF_Z, IF_NZ, IF_C, IF_NC, IF_S, IF_NS, IF_O, IF_NO, -1, -1, IF_GE, IF_L, IF_G, IF_LE},
        {IF_Z, IF_NZ, IF_NC, IF_C, IF_S, IF_NS, IF_O, IF_NO, IF_A, IF_BE, IF_GE, IF_L, IF_G, IF_LE},
    };
    if (b->says && direct[b->says - 1][condition] >= 0) return direct[b->says - 1][condition];
    b->says = SAY_NOTHING; /* asking makes others of them */
    const int opposite = condition & 1;
    if (condition >= LP_COND_GE) {
        rm(b, X_MOV, EAX, JIT, FIELD(nz));
        if (condition >= LP_COND_GT) {
            rr(b, X_TEST, EAX, EAX);
            rr(b, 0x0F94, 0, ECX); /* setz cl */
        }
        shift_by(b, SHR, EAX, 31, 0);
        rm(b, 0x32, EAX, JIT, FIELD(v)); /* xor al, [v] */
        if (condition >= LP_COND_GT) rr(b, 0x0A, EAX, ECX);
        return IF_Z ^ opposite;
    }
    switch (condition >> 1) {
    case LP_COND_EQ >> 1:
    case LP_COND_MI >> 1:
        rm(b, 0x83, 7, JIT, FIELD(nz)); /* cmp dword [nz], 0 */
        byte(b, 0);
        return (condition < LP_COND_CS ? IF_Z : IF_S) ^ opposite;
    case LP_COND_CS >> 1: compare_byte(b, FIELD(c), 0); return IF_NZ ^ opposite;
    case LP_COND_VS >> 1: compare_byte(b, FIELD(v), 0); return IF_NZ ^ opposite;
    default: /* HI, LS */
        rm(b, 0x83, 7, JIT, FIELD(nz));
        byte(b, 0);
        rr(b, 0x0F95, 0, EAX);           /* setnz al */
        rm(b, 0x22, EAX, JIT, FIELD(c)); /* and al, [c] */
        return IF_NZ ^ opposite;
    }
}

/* ---- time ---- */

static void count(block *b, int cycles) {
    if (cycles) ri(b, X_SUB, CYCLES, (uint32_t)cycles);
}

/* eax: cycles as libmgba counts them before GBAMemoryStall. Keeps edx. */
static void spend(block *b, uint32_t r15) {
    if (!b->stalls) {
        rr(b, X_SUB, CYCLES, EAX);
        return;
    }
    rm(b, X_MOV, R11, JIT, FIELD(fetched));
    ri(b, X_SUB, R11, r15);
    ri(b, X_CMP, R11, 16);
    rr(b, X_SBB, ECX, ECX);
    rr(b, X_AND, R11, ECX);
    shift_by(b, SHL, EAX, 4, 0);
    rr(b, X_ADD, EAX, R11);
    rm_(b, X_MOV, ECX, JIT, FIELD(stalls) + 8 * (int32_t)((b->source->pc >> 25) - 4), WIDE);
    rx_(b, X_MOV, EAX, ECX, EAX, 3, 0, WIDE);
    rr(b, X_SUB, CYCLES, EAX);
    shift_by(b, SHR, EAX, 32, WIDE);
    ri(b, X_ADD, EAX, r15);
    rm(b, X_STORE, EAX, JIT, FIELD(fetched));
}

/* The same, of an access to the address in ecx: to ROM nothing is fetched ahead meanwhile. */
static void spend_access(block *b, uint32_t r15) {
    if (!b->stalls) {
        spend(b, r15);
        return;
    }
    ri(b, X_CMP, ECX, 0x08000000);
    uint8_t *from_rom = jump_if(b, IF_NC);
    spend(b, r15);
    byte(b, 0xEB), byte(b, 0); /* jmp over one instruction */
    uint8_t *over = b->at;
    land(b, from_rom);
    rr(b, X_SUB, CYCLES, EAX);
    over[-1] = (uint8_t)(b->at - over);
}

/* ---- jumps ---- */

/* To the block at an address, if one is there. */
static void go_on_at(block *b, uint32_t to) {
    const bool thumb = b->source->thumb;
    const lp_gba_area *area = &b->source->areas[to >> 24];
    const int32_t table = AREA(blocks) + 8 * thumb + (int32_t)(to >> 24) * (int32_t)sizeof *area;
    mov_value(b, ECX, to);
    rm_(b, X_MOV, EAX, JIT, table, WIDE);
    rm(b, X_MOV, EAX, EAX, (int32_t)((to & area->code_mask) << thumb));
    rm_(b, X_ADD, EAX, JIT, FIELD(runs), WIDE);
    byte(b, 0xFF), byte(b, 0xE0); /* jmp rax */
}

static bool has_blocks(const block *b, uint32_t address) {
    if (address < LP_GBA_BIOS_BYTES) return b->source->in_bios;
    const lp_gba_area *area = &b->source->areas[address >> 24];
    return (address & area->code_mask) < area->loads;
}

static void call(block *b, const uint8_t *runs) {
    byte(b, 0xE8);
    word32(b, (uint32_t)(runs - (where_it_runs(b, b->at) + 4)));
}

static void leave(block *b, lp_gba_end end, uint32_t pc) {
    store_value(b, FIELD(pc), pc);
    jump_to(b, b->source->ways->leave[end]);
}

/* A jump whose target is known; so many cycles are not yet counted. */
static void jump_known(block *b, uint32_t to, int cycles) {
    if (!has_blocks(b, to) || to == b->source->timing->idle_loop) {
        count(b, cycles);
        leave(b, LP_GBA_JUMP, to);
        return;
    }
    count(b, cycles + b->source->areas[to >> 24].jump[b->source->thumb]);
    store_value(b, FIELD(last_jump), to);
    store_value(b, FIELD(fetched), 0);
    if (to == b->source->pc && !b->source->late) jump_to(b, where_it_runs(b, b->begin));
    else go_on_at(b, to);
}

/* A jump to the address in eax. */
static void jump_there(block *b) {
    count(b, b->cycles);
    jump_to(b, b->source->ways->jump[b->source->thumb]);
}

#endif
