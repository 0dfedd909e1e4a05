/* The Game Boy's instructions as those of x86-64.
 *
 * Registers: al A, ah the flags as LAHF has them (zero 0x40, half carry 0x10, carry 0x01: x86's are the Game Boy's; other bits anything),
 * ebx BC, ecx DE, edx HL, whose halves are bh, bl and so on; r9d SP; r10d the N flag; rbp the lp_gb_jit; r11d machine cycles left; r8d the address of the
 * last byte of the last instruction, with LP_JIT_LOADED if that may have read ROM, at r12d; esi where a jump goes, and a block's own address at its
 * beginning. esi and rdi are free within an instruction: esi has an address of the Game Boy, rdi what to add to it. Code that names ah, bh, ch, dh
 * must have no REX prefix.
 *
 * A block: are there cycles left for all of it? Then instruction by instruction. Behind it lies what is seldom needed: jumps that are taken, addresses
 * in high RAM, and leaving before an instruction whose address is in nothing but cartridge, video or I/O.
 * What is not translated: HALT, STOP, DI, EI, RETI, DAA, what reaches I/O, and what is no instruction.
 *
 * A jump back to its own block's beginning is one jump, if the block counts or stores; else it is a loop that may only wait, and
 * gb_cpu.c looks at it. Sources: Intel SDM (encodings, LAHF), Pan Docs. */
#include "emulator/gb_jit.h"

#if defined(__x86_64__) && defined(__linux__)

#include "emulator/gb_jit_emit.h"

enum { MOST_INSTRUCTIONS = 48 }; /* of a block; each has up to three exits */

/* ---- arithmetic ---- */

static const uint8_t x86_of[8] = {0x00, 0x10, 0x28, 0x18, 0x20, 0x30, 0x08, 0x38}; /* ADD ADC SUB SBC AND XOR OR CP: op r/m8, r8 */

static void after_arithmetic(block *b, int operation) {
    keep_flags(b);
    if (operation >= 4 && operation <= 6) {
        mask_flags(b, F_ZERO);
        if (operation == 4) raise_flags(b, F_HALF);
        set_n(b, 0);
        b->flags_are_live = false;
    } else {
        set_n(b, operation == 2 || operation == 3 || operation == 7);
        b->flags_are_live = b->carry_is_live = true;
    }
}

static void step(block *b, bool down) { /* after it: flags of INC and DEC */
    keep_flags(b);
    set_n(b, down);
    b->flags_are_live = b->carry_is_live = b->counts = true;
}

/* Rotations and shifts as opcodes number them: rol ror rcl rcr shl sar, SWAP as a rol by 4, shr. */
static const uint8_t rotation[8] = {0, 1, 2, 3, 4, 7, 0, 5};

/* Of a register, or (reg < 0) of the byte at rdi + rsi. */
static void rotate_byte(block *b, int operation, int reg) {
    const bool swap = operation == 6;
    const unsigned op = swap ? 0xC0 : 0xD0, kind = rotation[operation];
    if (operation == 2 || operation == 3) load_carry(b);
    if (reg < 0) at_address(b, op, kind);
    else bytes2(b, op, 0xC0u | kind << 3 | (unsigned)reg);
    if (swap) byte(b, 4), byte(b, 0xF8); /* clc */
    set_n(b, 0);
    bytes3(b, 0x45, 0x11, 0xD2); /* adc r10d, r10d: the carry */
    if (reg < 0) at_address(b, 0xF6, 0), byte(b, 0xFF);
    else bytes3(b, 0xF6, 0xC0u | (unsigned)reg, 0xFF); /* test it, FF */
    keep_flags(b);
    mask_flags(b, F_ZERO);
    bytes4(b, 0x41, 0xC1, 0xE2, 8); /* shl r10d, 8 */
    bytes3(b, 0x44, 0x09, 0xD0);    /* or eax, r10d */
    set_n(b, 0);
    b->flags_are_live = false;
}

static void add_pair_to_hl(block *b, int reg) {
    if (reg < 0) bytes4(b, 0x41, 0x0F, 0xB7, 0xF9);    /* movzx edi, r9w */
    else bytes3(b, 0x0F, 0xB7, 0xF8u | (unsigned)reg); /* movzx edi, r16 */
    bytes3(b, 0x0F, 0xB7, 0xF2);                       /* movzx esi, dx */
    bytes3(b, 0x8D, 0x14, 0x3E);                       /* lea edx, [rsi + rdi] */
    bytes2(b, 0x31, 0xFE);                             /* xor esi, edi */
    bytes2(b, 0x31, 0xD6);                             /* xor esi, edx */
    bytes2(b, 0x81, 0xE6), word32(b, F_HALF << 8);     /* and esi, carries into bit 12: half carry, in its place */
    byte(b, 0x25), word32(b, F_ZERO << 8 | 0xFF);      /* and eax, zero flag and A */
    bytes2(b, 0x09, 0xF0);                             /* or eax, esi */
    bytes2(b, 0x89, 0xD7);                             /* mov edi, edx */
    bytes3(b, 0xC1, 0xEF, 8);                          /* shr edi, 8 */
    bytes2(b, 0x81, 0xE7), word32(b, F_CARRY << 8);    /* and edi, carry */
    bytes2(b, 0x09, 0xF8);                             /* or eax, edi */
    bytes3(b, 0x0F, 0xB7, 0xD2);                       /* movzx edx, dx */
    set_n(b, 0);
    b->flags_are_live = false;
    b->counts = true;
}

/* esi = SP + offset, with its flags. */
static void add_to_sp(block *b, int8_t offset) {
    bytes4(b, 0x41, 0x0F, 0xB7, 0xF9);                           /* movzx edi, r9w */
    bytes2(b, 0x8D, 0xB7), word32(b, (uint32_t)(int32_t)offset); /* lea esi, [rdi + offset] */
    bytes2(b, 0x81, 0xF7), word32(b, (uint32_t)(int32_t)offset); /* xor edi, offset */
    bytes2(b, 0x31, 0xF7);                                       /* xor edi, esi: carries into each bit */
    byte(b, 0x25), word32(b, 0xFF);                              /* and eax, A */
    bytes3(b, 0x41, 0x89, 0xFA);                                 /* mov r10d, edi */
    bytes2(b, 0x81, 0xE7), word32(b, F_CARRY << 8);              /* and edi, that into bit 8: carry, in its place */
    bytes4(b, 0x41, 0xC1, 0xE2, 8);                              /* shl r10d, 8 */
    bytes3(b, 0x41, 0x81, 0xE2), word32(b, F_HALF << 8);         /* and r10d, that into bit 4: half carry, in its place */
    bytes2(b, 0x09, 0xF8);                                       /* or eax, edi */
    bytes3(b, 0x44, 0x09, 0xD0);                                 /* or eax, r10d */
    set_n(b, 0);
    b->flags_are_live = false;
}

/* ---- instructions ---- */

static void prefixed(block *b, uint8_t op) {
    const int index = op & 7, bit = op >> 3 & 7, kind = op >> 6;
    const unsigned mask = 1u << bit, clear = ~mask & 0xFF;
    const bool in_memory = index == 6;
    const unsigned reg = 0xC0u | half[index];
    if (in_memory) find_pair(b, EDX, kind != 1);
    if (in_memory && kind != 1) stores(b);
    b->flags_are_live = false;
    switch (kind) {
    case 0:
        rotate_byte(b, bit, in_memory ? -1 : half[index]);
        b->counts = true;
        break;
    case 1: /* BIT: carry stays */
        if (in_memory) at_address(b, 0xF6, 0), byte(b, mask);
        else bytes3(b, 0xF6, reg, mask); /* test it, mask */
        bytes2(b, 0x89, 0xC7);           /* mov edi, eax */
        keep_flags(b);
        bytes2(b, 0x81, 0xE7), word32(b, F_CARRY << 8); /* and edi, carry */
        mask_flags(b, F_ZERO);
        raise_flags(b, F_HALF);
        bytes2(b, 0x09, 0xF8); /* or eax, edi */
        set_n(b, 0);
        break;
    case 2:
        if (in_memory) at_address(b, 0x80, 4), byte(b, clear);
        else bytes3(b, 0x80, reg | 4 << 3, clear); /* and it, clear */
        break;
    default:
        if (in_memory) at_address(b, 0x80, 1), byte(b, mask);
        else bytes3(b, 0x80, reg | 1 << 3, mask); /* or it, mask */
    }
}

static int cycles_of(const uint8_t *at) {
    if (at[0] != 0xCB) return lp_sm83_cycles[at[0]];
    return (at[1] & 7) != 6 ? 2 : at[1] >> 6 == 1 ? 3 : 4;
}

typedef enum { NEXT, ENDS, INTERPRET } outcome;

/* One instruction. INTERPRET: nothing of it is there. cycles: its own, at most. */
static outcome translate_one(block *b, const uint8_t *at, int length, int cycles) {
    const uint8_t op = at[0];
    const uint16_t word = (uint16_t)(at[1] | at[2] << 8), next = (uint16_t)(b->pc + length), last = (uint16_t)(next - 1);
    const uint16_t near_to = (uint16_t)(next + (int8_t)at[1]);
    const int x = op >> 3 & 7, y = op & 7;
    switch (op) {
        // clang-format off
    case 0x00: return NEXT;

    case 0x01: case 0x11: case 0x21: byte(b, 0xB8u | pair[op >> 4]), word32(b, word); return NEXT; /* mov r32, word */
    case 0x31: bytes2(b, 0x41, 0xB9), word32(b, word); return NEXT;
    case 0x03: case 0x13: case 0x23: bytes3(b, 0x66, 0xFF, 0xC0u | pair[op >> 4]), b->counts = true, b->flags_are_live = false; return NEXT;
    case 0x0B: case 0x1B: case 0x2B: bytes3(b, 0x66, 0xFF, 0xC8u | pair[op >> 4]), b->counts = true, b->flags_are_live = false; return NEXT;
    case 0x33: bytes4(b, 0x66, 0x41, 0xFF, 0xC1), b->flags_are_live = false; return NEXT;
    case 0x3B: bytes4(b, 0x66, 0x41, 0xFF, 0xC9), b->flags_are_live = false; return NEXT;
    case 0x09: case 0x19: case 0x29: case 0x39: add_pair_to_hl(b, op == 0x39 ? -1 : pair[op >> 4]); return NEXT;
    case 0xE8: add_to_sp(b, (int8_t)at[1]), bytes4(b, 0x44, 0x0F, 0xB7, 0xCE); return NEXT; /* movzx r9d, si */
    case 0xF8: add_to_sp(b, (int8_t)at[1]), bytes3(b, 0x0F, 0xB7, 0xD6); return NEXT;       /* movzx edx, si */
    case 0xF9: bytes4(b, 0x44, 0x0F, 0xB7, 0xCA); return NEXT;                              /* movzx r9d, dx */

    case 0x04: case 0x0C: case 0x14: case 0x1C: case 0x24: case 0x2C: case 0x3C: case 0x05: case 0x0D: case 0x15: case 0x1D: case 0x25: case 0x2D: case 0x3D:
        load_carry(b);
        bytes2(b, 0xFE, (op & 1 ? 0xC8u : 0xC0u) | half[x]);
        step(b, op & 1);
        return NEXT;
    case 0x06: case 0x0E: case 0x16: case 0x1E: case 0x26: case 0x2E: case 0x3E:
        bytes2(b, 0xB0u | half[x], at[1]);
        return NEXT;
    case 0x34: case 0x35:
        find_pair(b, EDX, true);
        stores(b);
        load_carry(b);
        at_address(b, 0xFE, op & 1); /* inc, dec byte [rdi + rsi] */
        step(b, op & 1);
        return NEXT;
    case 0x36:
        find_pair(b, EDX, true);
        stores(b);
        at_address(b, 0xC6, 0), byte(b, at[1]);
        return NEXT;

    case 0x07: case 0x0F: case 0x17: case 0x1F: {
        if (op >= 0x10) load_carry(b);
        bytes2(b, 0xD0, 0xC0u | (unsigned)(x << 3)); /* rol, ror, rcl, rcr al, 1 */
        bytes3(b, 0x0F, 0x92, 0xC4);                                                /* setc ah */
        set_n(b, 0);
        b->flags_are_live = false;
        b->counts = true;
        return NEXT;
    }
    case 0x2F: bytes2(b, 0xF6, 0xD0), raise_flags(b, F_HALF), set_n(b, 1), b->flags_are_live = false; return NEXT;
    case 0x37: mask_flags(b, F_ZERO), raise_flags(b, F_CARRY), set_n(b, 0), b->flags_are_live = false; return NEXT;
    case 0x3F:
        mask_flags(b, F_ZERO | F_CARRY);
        bytes3(b, 0x80, 0xF4, F_CARRY); /* xor ah, carry */
        set_n(b, 0);
        b->flags_are_live = false;
        return NEXT;

    case 0x02: case 0x12: case 0x22: case 0x32:
        find_pair(b, op == 0x02 ? EBX : op == 0x12 ? ECX : EDX, true);
        stores(b);
        at_address(b, 0x88, EAX); /* mov [rdi + rsi], al */
        if (op >= 0x22) bytes3(b, 0x66, 0xFF, op == 0x22 ? 0xC2 : 0xCA);
        return NEXT;
    case 0x0A: case 0x1A: case 0x2A: case 0x3A:
        find_pair(b, op == 0x0A ? EBX : op == 0x1A ? ECX : EDX, false);
        at_address(b, 0x8A, EAX);
        if (op >= 0x2A) bytes3(b, 0x66, 0xFF, op == 0x2A ? 0xC2 : 0xCA), b->counts = true;
        return NEXT;
    case 0xE0: case 0xEA:
        if (!find_fixed(b, op == 0xE0 ? (uint16_t)(0xFF00 | at[1]) : word, true)) return INTERPRET;
        stores(b);
        at_address(b, 0x88, EAX);
        return NEXT;
    case 0xF0: case 0xFA:
        if (!find_fixed(b, op == 0xF0 ? (uint16_t)(0xFF00 | at[1]) : word, false)) return INTERPRET;
        at_address(b, 0x8A, EAX);
        return NEXT;

    case 0xC1: case 0xD1: case 0xE1:
        pop_esi(b);
        bytes2(b, 0x89, 0xF0u | pair[(op >> 4) - 0xC]); /* mov r32, esi */
        return NEXT;
    case 0xF1:
        pop_esi(b);
        bytes4(b, 0x40, 0x0F, 0xB6, 0xFE);                               /* movzx edi, sil */
        bytes4(b, 0x0F, 0xB6, 0x84, 0x3D), word32(b, FIELD(from_flags)); /* movzx eax, byte [rbp + rdi + from_flags] */
        bytes3(b, 0xC1, 0xE0, 8);                                        /* shl eax, 8 */
        bytes3(b, 0xC1, 0xEF, 6), bytes3(b, 0x83, 0xE7, 1);              /* shr edi, 6; and edi, 1 */
        bytes3(b, 0x41, 0x89, 0xFA);                                     /* mov r10d, edi */
        bytes3(b, 0xC1, 0xEE, 8), bytes2(b, 0x09, 0xF0);                 /* shr esi, 8; or eax, esi */
        return NEXT;
    case 0xC5: case 0xD5: case 0xE5:
        find_stack(b, -2);
        stores(b);
        byte(b, 0x66), at_address(b, 0x89, pair[(op >> 4) - 0xC]);
        stack_is_esi(b);
        return NEXT;
    case 0xF5:
        find_stack(b, -2);
        stores(b);
        stack_is_esi(b);
        bytes3(b, 0x48, 0x01, 0xF7);                                   /* add rdi, rsi */
        bytes3(b, 0x88, 0x47, 1);                                      /* mov [rdi + 1], al */
        bytes3(b, 0x0F, 0xB6, 0xF4);                                   /* movzx esi, ah */
        bytes4(b, 0x0F, 0xB6, 0xB4, 0x35), word32(b, FIELD(to_flags)); /* movzx esi, byte [rbp + rsi + to_flags] */
        bytes4(b, 0x41, 0xC1, 0xE2, 6), bytes3(b, 0x44, 0x09, 0xD6), bytes4(b, 0x41, 0xC1, 0xEA, 6); /* esi |= r10d << 6 */
        bytes3(b, 0x40, 0x88, 0x37);                                                                 /* mov [rdi], sil */
        return NEXT;

    case 0xCB: prefixed(b, at[1]); return NEXT;

    case 0x18: case 0xC3: {
        const uint16_t target = op == 0x18 ? near_to : word;
        leave_for(b, b->cycles + cycles, last);
        go_on_at(b, target, target < b->pc);
        return ENDS;
    }
    case 0x20: case 0x28: case 0x30: case 0x38: jump_if(b, x, near_to, cycles, last); return NEXT;
    case 0xC2: case 0xCA: case 0xD2: case 0xDA: jump_if(b, x, word, cycles, last); return NEXT;
    case 0xE9:
        bytes3(b, 0x0F, 0xB7, 0xF2); /* movzx esi, dx */
        leave_for(b, b->cycles + cycles, last);
        go_on_at_esi(b);
        return ENDS;
    case 0xC4: case 0xCC: case 0xD4: case 0xDC:
        jump_if(b, x ^ 1, next, 3, last);
        push_fixed(b, next);
        leave_for(b, b->cycles + cycles, last);
        go_on_at(b, word, false);
        return ENDS;
    case 0xC0: case 0xC8: case 0xD0: case 0xD8:
        jump_if(b, x ^ 1, next, 2, last);
        pop_esi(b);
        leave_for(b, b->cycles + cycles, last);
        go_on_at_esi(b);
        return ENDS;
    case 0xCD: case 0xC7: case 0xCF: case 0xD7: case 0xDF: case 0xE7: case 0xEF: case 0xF7: case 0xFF:
        push_fixed(b, next);
        leave_for(b, b->cycles + cycles, last);
        go_on_at(b, op == 0xCD ? word : op & 0x38, false);
        return ENDS;
    case 0xC9:
        pop_esi(b);
        leave_for(b, b->cycles + cycles, last);
        go_on_at_esi(b);
        return ENDS;

    default: break;
        // clang-format on
    }
    if (op >= 0x40 && op < 0x80 && op != 0x76) {
        if (y == 6) find_pair(b, EDX, false), at_address(b, 0x8A, half[x]);
        else if (x == 6) find_pair(b, EDX, true), stores(b), at_address(b, 0x88, half[y]);
        else if (x != y) bytes2(b, 0x88, 0xC0u | (unsigned)(half[y] << 3) | half[x]); /* mov x, y */
        return NEXT;
    }
    if ((op >= 0x80 && op < 0xC0) || (op & 0xC7) == 0xC6) {
        if (y == 6 && op < 0xC0) find_pair(b, EDX, false);
        if (x == 1 || x == 3) load_carry(b);
        if (op >= 0xC0) bytes2(b, x86_of[x] | 4u, at[1]);            /* op al, value */
        else if (y == 6) at_address(b, x86_of[x] | 2u, EAX);         /* op al, [rdi + rsi] */
        else bytes2(b, x86_of[x], 0xC0u | (unsigned)(half[y] << 3)); /* op al, y */
        after_arithmetic(b, x);
        return NEXT;
    }
    return INTERPRET;
}

/* ---- blocks ---- */

static void leave_before(block *b, const exit_ *e) {
    if (e->cycles) leave_for(b, e->cycles, e->last);
    byte(b, 0xBE), word32(b, e->pc); /* mov esi, pc */
    jump_to(b, b->ways->interpret);
}

static void patch(const uint8_t *to, uint8_t *end_of_jump) {
    const int32_t distance = (int32_t)(to - end_of_jump);
    memcpy(end_of_jump - 4, &distance, sizeof distance);
}

static void finish_exit(block *b, const exit_ *e) {
    patch(b->at, e->from);
    if (e->kind == TAKEN) {
        leave_for(b, e->cycles, e->last);
        go_on_at(b, e->target, e->target < e->pc);
        return;
    }
    if (e->kind != LEAVE) {
        bytes2(b, 0x8D, 0xBE), word32(b, (uint32_t)-0xFF80);       /* lea edi, [rsi - FF80] */
        bytes3(b, 0x83, 0xFF, e->kind == HIGH_WORD ? 0x7E : 0x7F); /* cmp edi, how many there are */
        bytes2(b, 0x0F, 0x83), word32(b, 0);                       /* jae */
        uint8_t *not_there = b->at;
        bytes3(b, 0x48, 0x8B, 0xBD), word32(b, FIELD(high_ram)); /* mov rdi, [rbp + high_ram] */
        jump_to(b, where_it_runs(b, e->back));
        patch(b->at, not_there);
    }
    leave_before(b, e);
}

const void *lp_jit_translate(lp_jit_space *space, const lp_jit_ways *ways, const uint8_t *bank, uint16_t pc) {
    block b = {.begin = space->to + space->used,
               .bank = bank - pc / LP_JIT_BANK * LP_JIT_BANK,
               .ways = ways,
               .space = space,
               .first = pc,
               .pc = pc};
    b.at = b.begin;
    bytes3(&b, 0x41, 0x81, 0xFB), word32(&b, 0); /* cmp r11d, what the block takes */
    uint8_t *most = b.at;
    bytes2(&b, 0x0F, 0x8C); /* jl */
    word32(&b, (uint32_t)((const uint8_t *)ways->late - (where_it_runs(&b, b.at) + 4)));
    outcome came = NEXT;
    int n = 0;
    for (; n < MOST_INSTRUCTIONS && came == NEXT && b.pc % LP_JIT_BANK <= LP_JIT_BANK - 4; n++) {
        const uint8_t *at = b.bank + b.pc;
        const int length = lp_sm83_length[at[0]];
        const int cycles = cycles_of(at);
        came = translate_one(&b, at, length, cycles);
        if (came == INTERPRET) break;
        if (b.cycles + cycles > b.most) b.most = b.cycles + cycles;
        if (b.loads) bytes3(&b, 0x41, 0x89, 0xF4);                                /* mov r12d, esi */
        const bool jumped_not = (at[0] & 0xE7) == 0x20 || (at[0] & 0xE7) == 0xC2; /* JR, JP on a condition: one cycle less */
        b.cycles += cycles - jumped_not;
        b.last = (uint32_t)(b.pc + length - 1) | (b.loads ? LP_JIT_LOADED : 0);
        b.loads = false;
        b.pc = (uint16_t)(b.pc + length);
    }
    if (!n) return NULL;
    if (came != ENDS) {
        const exit_ here = {.pc = b.pc, .last = b.last, .cycles = b.cycles};
        if (came == NEXT && n == MOST_INSTRUCTIONS) leave_for(&b, b.cycles, b.last), go_on_at(&b, b.pc, false);
        else leave_before(&b, &here);
    }
    for (int i = 0; i < b.n_exits; i++) finish_exit(&b, &b.exits[i]);
    memcpy(most - 4, &b.most, sizeof b.most);
    space->used = (size_t)(b.at - space->to);
    return where_it_runs(&b, b.begin);
}

static const uint8_t *way_out(block *b, lp_jit_end end, const uint8_t *common) {
    const uint8_t *begin = where_it_runs(b, b->at);
    bytes2(b, 0xC7, 0x85), word32(b, FIELD(end)), word32(b, end); /* mov dword [rbp + end], end */
    jump_to(b, common);
    return begin;
}

lp_jit_ways lp_jit_make_ways(lp_jit_space *space) {
    lp_jit_ways ways;
    block b = {.at = space->to, .space = space};
    const uint8_t *enter = where_it_runs(&b, b.at);
    bytes4(&b, 0x53, 0x55, 0x41, 0x54);                           /* push rbx; push rbp; push r12 */
    bytes3(&b, 0x48, 0x89, 0xFD);                                 /* mov rbp, rdi */
    bytes3(&b, 0x48, 0x89, 0xF7);                                 /* mov rdi, rsi */
    bytes3(&b, 0x0F, 0xB6, 0x85), word32(&b, FIELD(r.a));         /* movzx eax, byte */
    bytes3(&b, 0x0F, 0xB6, 0xB5), word32(&b, FIELD(lahf));        /* movzx esi, byte */
    bytes3(&b, 0xC1, 0xE6, 8), bytes2(&b, 0x09, 0xF0);            /* shl esi, 8; or eax, esi */
    bytes3(&b, 0x0F, 0xB7, 0x9D), word32(&b, FIELD(r.bc));        /* movzx ebx, word */
    bytes3(&b, 0x0F, 0xB7, 0x8D), word32(&b, FIELD(r.de));        /* movzx ecx, word */
    bytes3(&b, 0x0F, 0xB7, 0x95), word32(&b, FIELD(r.hl));        /* movzx edx, word */
    bytes4(&b, 0x44, 0x0F, 0xB7, 0x8D), word32(&b, FIELD(r.sp));  /* movzx r9d, word */
    bytes4(&b, 0x44, 0x0F, 0xB6, 0x95), word32(&b, FIELD(n));     /* movzx r10d, byte */
    bytes3(&b, 0x44, 0x8B, 0x9D), word32(&b, FIELD(cycles_left)); /* mov r11d, dword */
    bytes3(&b, 0x44, 0x8B, 0x85), word32(&b, FIELD(last));        /* mov r8d, dword */
    bytes2(&b, 0x8B, 0xB5), word32(&b, FIELD(pc));                /* mov esi, dword */
    bytes2(&b, 0xFF, 0xE7);                                       /* jmp rdi */
    const uint8_t *common = where_it_runs(&b, b.at);
    bytes2(&b, 0x88, 0x85), word32(&b, FIELD(r.a));               /* mov byte, al */
    bytes2(&b, 0x88, 0xA5), word32(&b, FIELD(lahf));              /* mov byte, ah */
    bytes3(&b, 0x66, 0x89, 0x9D), word32(&b, FIELD(r.bc));        /* mov word, bx */
    bytes3(&b, 0x66, 0x89, 0x8D), word32(&b, FIELD(r.de));        /* mov word, cx */
    bytes3(&b, 0x66, 0x89, 0x95), word32(&b, FIELD(r.hl));        /* mov word, dx */
    bytes4(&b, 0x66, 0x44, 0x89, 0x8D), word32(&b, FIELD(r.sp));  /* mov word, r9w */
    bytes3(&b, 0x44, 0x88, 0x95), word32(&b, FIELD(n));           /* mov byte, r10b */
    bytes3(&b, 0x44, 0x89, 0x9D), word32(&b, FIELD(cycles_left)); /* mov dword, r11d */
    bytes3(&b, 0x44, 0x89, 0x85), word32(&b, FIELD(last));        /* mov dword, r8d */
    bytes2(&b, 0x89, 0xB5), word32(&b, FIELD(pc));                /* mov dword, esi */
    bytes3(&b, 0x44, 0x89, 0xA5), word32(&b, FIELD(loaded));      /* mov dword, r12d */
    bytes3(&b, 0x41, 0x5C, 0x5D), bytes2(&b, 0x5B, 0xC3);         /* pop r12; pop rbp; pop rbx; ret */
    memcpy(&ways.enter, &enter, sizeof enter);
    ways.interpret = way_out(&b, LP_JIT_INTERPRET, common);
    ways.arrive = way_out(&b, LP_JIT_ARRIVE, common);
    ways.late = way_out(&b, LP_JIT_LATE, common);
    ways.loop = way_out(&b, LP_JIT_LOOP, common);
    space->used = (size_t)(b.at - space->to);
    return ways;
}

#endif
