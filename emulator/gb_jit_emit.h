/* What a block of x86-64 is made of: bytes, flags, memory of the Game Boy, jumps. Registers are as gb_jit_x64.c says. Each writes at b->at. */
#ifndef LP_EMULATOR_GB_JIT_EMIT_H
#define LP_EMULATOR_GB_JIT_EMIT_H

#include "emulator/gb_jit.h"

#include <string.h>

enum { EAX, ECX, EDX, EBX, ESP, EBP, ESI, EDI };
enum { MOST_EXITS = 160 };
enum { F_ZERO = 0x40, F_HALF = 0x10, F_CARRY = 0x01 };

/* What stands behind a block and is jumped to from within. */
typedef enum { LEAVE, HIGH_BYTE, HIGH_WORD, TAKEN } exit_kind;
typedef struct {
    exit_kind kind;
    uint8_t *from, *back; /* the end of the jump's instruction; where it goes on */
    uint16_t pc, target;
    uint32_t last;
    int cycles; /* before the instruction; of a jump with it */
} exit_;

typedef struct {
    uint8_t *at, *begin;
    const uint8_t *bank; /* less the address at which it is mapped */
    const lp_jit_ways *ways;
    const lp_jit_space *space;
    uint16_t first, pc;          /* the block's address; the instruction's */
    uint32_t last;               /* of the one before, as r8d has it */
    int cycles;                  /* before the instruction */
    int most;                    /* the most that any way through the block takes */
    bool counts, flags_are_live; /* is a loop that does more than wait; x86's zero and carry are the Game Boy's */
    bool carry_is_live, has_stored;
    bool loads; /* the instruction may read ROM */
    exit_ exits[MOST_EXITS];
    int n_exits;
} block;

/* ---- bytes ---- */

static void byte(block *b, unsigned value) { *b->at++ = (uint8_t)value; }
static void bytes2(block *b, unsigned x, unsigned y) { byte(b, x), byte(b, y); }
static void bytes3(block *b, unsigned x, unsigned y, unsigned z) { byte(b, x), byte(b, y), byte(b, z); }
static void bytes4(block *b, unsigned w, unsigned x, unsigned y, unsigned z) { bytes2(b, w, x), bytes2(b, y, z); }
static void word32(block *b, uint32_t value) { memcpy(b->at, &value, sizeof value), b->at += sizeof value; }

static const uint8_t *where_it_runs(const block *b, const uint8_t *written) { return b->space->runs + (written - b->space->to); }

static void jump_to(block *b, const void *runs) { /* jmp rel32, to what is in this space */
    byte(b, 0xE9);
    word32(b, (uint32_t)((const uint8_t *)runs - (where_it_runs(b, b->at) + 4)));
}

/* ---- registers ---- */

static const uint8_t half[8] = {7, 3, 5, 1, 6, 2, 0xFF, 0}; /* B C D E H L (HL) A: bh bl ch cl dh dl - al */
static const uint8_t pair[3] = {EBX, ECX, EDX};

static void set_n(block *b, int n) { bytes2(b, 0x41, 0xBA), word32(b, (uint32_t)n); }    /* mov r10d, n */
static void load_carry(block *b) { byte(b, 0x9E); }                                      /* sahf */
static void keep_flags(block *b) { byte(b, 0x9F); }                                      /* lahf */
static void mask_flags(block *b, int mask) { bytes3(b, 0x80, 0xE4, (unsigned)mask); }    /* and ah, mask */
static void raise_flags(block *b, int flags) { bytes3(b, 0x80, 0xCC, (unsigned)flags); } /* or ah, flags */

#define FIELD(name) ((uint32_t)offsetof(lp_gb_jit, name))

/* ---- memory ---- */

static exit_ *add_exit(block *b, exit_kind kind) {
    exit_ *e = &b->exits[b->n_exits++];
    *e = (exit_){.kind = kind, .pc = b->pc, .last = b->last, .cycles = b->cycles, .from = b->at};
    return e;
}

/* jcc rel32, to an exit. */
static exit_ *jump_out(block *b, unsigned condition, exit_kind kind) {
    bytes2(b, 0x0F, 0x80 | condition);
    word32(b, 0);
    return add_exit(b, kind);
}
enum { IF_CARRY = 2, IF_NO_CARRY = 3, IF_ZERO = 4, IF_NOT_ZERO = 5 };

static void stores(block *b) {
    if (!b->has_stored) bytes2(b, 0xC6, 0x85), word32(b, FIELD(stored)), byte(b, 1); /* mov byte [rbp + stored], 1 */
    b->has_stored = b->counts = true;
}

/* esi is an address: rdi is what to add to it. For a word both bytes lie in one page. */
static void find_page(block *b, bool write, bool word) {
    if (word) { /* cmp sil, FF: je */
        bytes4(b, 0x40, 0x80, 0xFE, 0xFF);
        jump_out(b, IF_ZERO, LEAVE);
    }
    bytes2(b, 0x89, 0xF7);                                                            /* mov edi, esi */
    bytes3(b, 0xC1, 0xEF, 8);                                                         /* shr edi, 8 */
    bytes4(b, 0x48, 0x8B, 0xBC, 0xFD), word32(b, write ? FIELD(write) : FIELD(read)); /* mov rdi, [rbp + 8 rdi + table] */
    bytes3(b, 0x48, 0x85, 0xFF);                                                      /* test rdi, rdi */
    exit_ *high = jump_out(b, IF_ZERO, word ? HIGH_WORD : HIGH_BYTE);
    high->back = b->at;
    b->flags_are_live = false;
    b->loads = !write;
}

static void find_pair(block *b, int reg, bool write) {
    bytes3(b, 0x0F, 0xB7, 0xF0u | (unsigned)reg); /* movzx esi, r16 */
    find_page(b, write, false);
}

/* A fixed address. false: it is to be interpreted. */
static bool find_fixed(block *b, uint16_t address, bool write) {
    bool high = address >= 0xFF80 && address < 0xFFFF;
    if (!high && (write || address >= 0x8000) && (address < 0xC000 || address >= 0xE000)) return false;
    byte(b, 0xBE), word32(b, address); /* mov esi, address */
    if (high) {
        bytes3(b, 0x48, 0x8B, 0xBD), word32(b, FIELD(high_ram)); /* mov rdi, [rbp + high_ram] */
        return true;
    }
    bytes3(b, 0x48, 0x8B, 0xBD), word32(b, (write ? FIELD(write) : FIELD(read)) + 8u * (address >> 8));
    bytes3(b, 0x48, 0x85, 0xFF);
    jump_out(b, IF_ZERO, LEAVE);
    b->flags_are_live = false;
    b->loads = !write;
    return true;
}

/* op reg, [rdi + rsi] and the like */
static void at_address(block *b, unsigned op, unsigned reg) { bytes3(b, op, 0x04 | reg << 3, 0x37); }

static void find_stack(block *b, int delta) {
    bytes4(b, 0x41, 0x8D, 0x71, (unsigned)delta & 0xFF); /* lea esi, [r9 + delta] */
    bytes3(b, 0x0F, 0xB7, 0xF6);                         /* movzx esi, si */
    find_page(b, true, true);
}
static void stack_is_esi(block *b) { bytes3(b, 0x41, 0x89, 0xF1); }                                    /* mov r9d, esi */
static void drop_word(block *b) { bytes4(b, 0x44, 0x8D, 0x4E, 2), bytes4(b, 0x45, 0x0F, 0xB7, 0xC9); } /* r9d = (esi + 2) & FFFF */

/* ---- jumps ---- */

/* Leaves a block for the address in esi. */
static void leave_for(block *b, int cycles, uint32_t last) {
    bytes3(b, 0x41, 0x81, 0xEB), word32(b, (uint32_t)cycles); /* sub r11d, cycles */
    bytes2(b, 0x41, 0xB8), word32(b, last);                   /* mov r8d, last */
}

static void go_on_at(block *b, uint16_t target, bool back) {
    byte(b, 0xBE), word32(b, target); /* mov esi, target */
    if (back && !b->counts) jump_to(b, b->ways->loop);
    else if (target == b->first) jump_to(b, where_it_runs(b, b->begin));
    else if (target >= 0x8000) jump_to(b, b->ways->arrive);
    else {
        bytes3(b, 0x48, 0x8B, 0xBD), word32(b, FIELD(tables) + 8u * (target >> 14)); /* mov rdi, [rbp + tables] */
        bytes2(b, 0xFF, 0xA7), word32(b, 8u * target);                               /* jmp [rdi + 8 target] */
    }
}

static void go_on_at_esi(block *b) {
    bytes2(b, 0x89, 0xF7);       /* mov edi, esi */
    bytes3(b, 0xC1, 0xEF, 14);   /* shr edi, 14 */
    bytes3(b, 0x83, 0xFF, 2);    /* cmp edi, 2 */
    bytes3(b, 0x72, 0x05, 0xE9); /* jb over a jump */
    word32(b, (uint32_t)((const uint8_t *)b->ways->arrive - (where_it_runs(b, b->at) + 4)));
    bytes4(b, 0x48, 0x8B, 0xBC, 0xFD), word32(b, FIELD(tables)); /* mov rdi, [rbp + 8 rdi + tables] */
    bytes3(b, 0xFF, 0x24, 0xF7);                                 /* jmp [rdi + 8 rsi] */
}

/* The x86 condition under which a jump of that condition (NZ Z NC C) is taken. */
static unsigned condition_of(block *b, int condition) {
    static const uint8_t live[4] = {IF_NOT_ZERO, IF_ZERO, IF_NO_CARRY, IF_CARRY}, tested[4] = {IF_ZERO, IF_NOT_ZERO, IF_ZERO, IF_NOT_ZERO};
    condition &= 3;
    if (b->flags_are_live && (condition < 2 || b->carry_is_live)) return live[condition];
    bytes3(b, 0xF6, 0xC4, condition < 2 ? F_ZERO : F_CARRY); /* test ah, flag */
    return tested[condition];
}

static void jump_if(block *b, int condition, uint16_t target, int cycles, uint16_t last) {
    exit_ *e = jump_out(b, condition_of(b, condition), TAKEN);
    e->target = target;
    e->cycles = b->cycles + cycles;
    e->last = last;
}

static void push_fixed(block *b, uint16_t value) {
    find_stack(b, -2);
    stores(b);
    bytes4(b, 0x66, 0xC7, 0x04, 0x37), bytes2(b, value & 0xFF, value >> 8); /* mov word [rdi + rsi], value */
    stack_is_esi(b);
}

static void pop_esi(block *b) {
    find_stack(b, 0);
    drop_word(b);
    bytes4(b, 0x0F, 0xB7, 0x34, 0x37); /* movzx esi, word [rdi + rsi] */
}

#endif
