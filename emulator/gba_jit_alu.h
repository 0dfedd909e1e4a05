/* Arithmetic of the Game Boy Advance as x86-64's, and which flags must be written for it: those that something looks at before they are written again.
 * Registers are as gba_jit_x64.c says. */
#ifndef LP_EMULATOR_GBA_JIT_ALU_H
#define LP_EMULATOR_GBA_JIT_ALU_H

#include "emulator/gba_jit_emit.h"

/* ---- what flags an instruction reads and writes ---- */

static bool is_logic(int alu) { return !((alu >= LP_ALU_SUB && alu <= LP_ALU_RSC) || alu == LP_ALU_CMP || alu == LP_ALU_CMN); }
static bool is_only_flags(int alu) { return alu >= LP_ALU_TST && alu <= LP_ALU_CMN; }
static bool with_carry(int alu) { return alu == LP_ALU_ADC || alu == LP_ALU_SBC || alu == LP_ALU_RSC; }

static bool is_plain(const lp_arm_op *op) { return !op->is_value && !op->by_register && op->shift == LP_SHIFT_LSL && !op->amount; }
static bool rotates_carry(const lp_arm_op *op) { return !op->is_value && !op->by_register && op->shift == LP_SHIFT_ROR && !op->amount; }
/* Does the shifter leave the C flag as it is? */
static bool keeps_carry(const lp_arm_op *op) { return op->is_value ? !op->has_carry : is_plain(op); }

static int flags_written(const lp_arm_op *op) {
    if (op->kind == LP_ARM_ALU) {
        int flags = op->thumb ? 0 : SHIFTER;
        if (op->sets) flags |= is_logic(op->alu) ? NZ | (keeps_carry(op) ? 0 : C) : NZ | C | V;
        return flags;
    }
    if (op->kind == LP_ARM_MULTIPLY && op->sets) return op->thumb || op->is_long ? NZ : NZ | C;
    return 0;
}

/* A shift by none leaves the carry, so such an instruction may write it or not. */
static int flags_ended(const lp_arm_op *op) {
    if (op->condition != LP_COND_ALWAYS) return 0;
    return flags_written(op) & ~(op->by_register && is_logic(op->alu) ? C : 0);
}

static int flags_read(const lp_arm_op *op) {
    static const uint8_t of[16] = {NZ, NZ, C, C, NZ, NZ, V, V, NZ | C, NZ | C, NZ | V, NZ | V, NZ | V, NZ | V, 0, 0};
    int flags = of[op->condition];
    if (op->kind == LP_ARM_ALU) {
        if (with_carry(op->alu) || rotates_carry(op)) flags |= C;
        if (!op->thumb && (keeps_carry(op) || op->by_register)) flags |= C; /* into what libmgba keeps */
    }
    if (op->kind == LP_ARM_MEMORY && rotates_carry(op)) flags |= C;
    if (op->kind == LP_ARM_STATUS) flags |= NZ | C | V;
    if (op->kind == LP_ARM_MULTIPLY && (flags_written(op) & C)) flags |= SHIFTER;
    return flags;
}

static bool may_jump(const lp_arm_op *op) {
    switch (op->kind) {
    case LP_ARM_ALU: return op->rd == LP_ARM_PC && !is_only_flags(op->alu);
    case LP_ARM_MEMORY: return op->loads && op->rd == LP_ARM_PC;
    case LP_ARM_MULTIPLE: return op->loads && op->value >> LP_ARM_PC;
    case LP_ARM_BRANCH:
    case LP_ARM_EXCHANGE:
    case LP_ARM_LINK: return true;
    default: return false;
    }
}

static bool may_leave_before(const lp_arm_op *op) {
    return op->kind == LP_ARM_MEMORY || op->kind == LP_ARM_MULTIPLE || op->kind == LP_ARM_OTHER;
}

/* Which flags are looked at after each of the instructions. */
static void find_needs(const lp_arm_op *ops, int n, int *need) {
    int after = ALL_FLAGS;
    for (int i = n - 1; i >= 0; i--) {
        need[i] = may_jump(&ops[i]) ? ALL_FLAGS : after;
        after = (need[i] & ~flags_ended(&ops[i])) | flags_read(&ops[i]);
        if (may_leave_before(&ops[i])) after = ALL_FLAGS;
    }
}

/* ---- the second operand ---- */

/* CARRY_SIGN: x86's too, but libmgba keeps it as the sign that it is of, 0 or -1. */
typedef enum { CARRY_KEPT, CARRY_0, CARRY_1, CARRY_X86, CARRY_SIGN, CARRY_WRITTEN } carry_kind;

/* A value, a guest's register where it lies, or what is in an x86 register. */
typedef struct {
    enum { VALUE, GUEST, HOST } kind;
    uint32_t value;
    int reg;
    carry_kind carry;
} operand;

static void with_operand(block *b, unsigned op, int reg, operand o) {
    if (o.kind == HOST) rr(b, op, reg, o.reg);
    else if (o.kind == GUEST) with_guest(b, op, reg, o.reg);
    else if (op == X_MOV) mov_value(b, reg, o.value);
    else ri(b, op, reg, o.value);
}

/* Puts the carry that the shifter made where it goes. which: C, SHIFTER. */
static void write_carry(block *b, carry_kind carry, int which) {
    if (which & SHIFTER) {
        if (carry == CARRY_KEPT) copy_byte(b, FIELD(shifter_carry), FIELD(c), EAX);
        else if (carry == CARRY_X86 || carry == CARRY_SIGN) set_if(b, IF_C, FIELD(shifter_carry));
        else if (carry != CARRY_WRITTEN) store_byte(b, FIELD(shifter_carry), carry == CARRY_1 ? 0xFF : 0);
    }
    if (which & C) {
        if (carry == CARRY_X86 || carry == CARRY_SIGN) set_if(b, IF_C, FIELD(c));
        else if (carry == CARRY_0 || carry == CARRY_1) store_byte(b, FIELD(c), carry == CARRY_1);
    }
    if (which & SHIFTER && carry == CARRY_SIGN) rm(b, 0xF6, 3, JIT, FIELD(shifter_carry)); /* neg */
}

/* rm shifted by a number, in `to`. */
static carry_kind shift_by_number(block *b, const lp_arm_op *op, int to) {
    static const uint8_t as[4] = {SHL, SHR, SAR, ROR};
    get(b, to, op->rm);
    if (op->amount) {
        shift_by(b, as[op->shift], to, op->amount, 0);
        return CARRY_X86;
    }
    switch (op->shift) {
    case LP_SHIFT_LSR: /* by 32 */
        rr(b, X_ADD, to, to);
        mov_value(b, to, 0);
        return CARRY_SIGN;
    case LP_SHIFT_ASR:
        shift_by(b, SAR, to, 31, 0);
        rr_(b, 0x0FBA, 4, to, 0); /* bt to, 0 */
        byte(b, 0);
        return CARRY_SIGN;
    default: /* by one, with the carry */
        compare_byte(b, FIELD(c), 1);
        byte(b, 0xF5); /* cmc */
        prefix(b, 0, 0, to, 0);
        byte(b, 0xD1), byte(b, 0xC0u | RCR << 3 | (unsigned)(to & 7));
        return CARRY_X86;
    }
}

/* rm shifted by the lowest byte of rs, in eax. which: where its carry goes, if it shifts at all. */
static carry_kind shift_by_register(block *b, const lp_arm_op *op, int which) {
    if (which & SHIFTER) copy_byte(b, FIELD(shifter_carry), FIELD(c), EAX);
    get(b, EAX, op->rm);
    get(b, ECX, op->rs);
    rr_(b, X_ZX8, ECX, ECX, 0);
    if (op->shift == LP_SHIFT_ROR) {
        rr(b, X_TEST, ECX, ECX);
        uint8_t *none = jump_if(b, IF_Z);
        shift_by_cl(b, ROR, EAX, 0);
        if (which) {
            rr_(b, 0x0FBA, 4, EAX, 0); /* bt eax, 31 */
            byte(b, 31);
            write_carry(b, CARRY_X86, which);
        }
        if (which & SHIFTER) {       /* by 32 and more of them: the sign */
            rr_(b, 0xF6, 0, ECX, 0); /* test cl, 31 */
            byte(b, 31);
            uint8_t *some = jump_if(b, IF_NZ);
            rm(b, 0xF6, 3, JIT, FIELD(shifter_carry));
            land(b, some);
        }
        land(b, none);
        return CARRY_WRITTEN;
    }
    /* In 64 bits, by at most 33: what falls out is bit 32, or 31 of those shifted right from the upper half. */
    mov_value(b, EDX, 33);
    rr(b, X_CMP, ECX, EDX);
    rr(b, 0x0F47, ECX, EDX); /* cmova ecx, edx */
    if (op->shift != LP_SHIFT_LSL) shift_by(b, SHL, EAX, 32, WIDE);
    shift_by_cl(b, op->shift == LP_SHIFT_LSL ? SHL : op->shift == LP_SHIFT_LSR ? SHR : SAR, EAX, WIDE);
    if (which) {
        rr(b, X_TEST, ECX, ECX);
        uint8_t *none = jump_if(b, IF_Z);
        rr_(b, 0x0FBA, 4, EAX, WIDE); /* bt rax, n */
        byte(b, op->shift == LP_SHIFT_LSL ? 32 : 31);
        write_carry(b, CARRY_X86, which);
        land(b, none);
    }
    if (op->shift != LP_SHIFT_LSL) shift_by(b, SHR, EAX, 32, WIDE);
    return CARRY_WRITTEN;
}

/* By a number; shifted ones come to be in `to`. */
static operand find_operand(block *b, const lp_arm_op *op, int to) {
    const carry_kind of_value = !op->has_carry ? CARRY_KEPT : op->value >> 31 ? CARRY_1 : CARRY_0;
    if (op->is_value) return (operand){.kind = VALUE, .value = op->value, .carry = of_value};
    if (!is_plain(op)) {
        const carry_kind carry = shift_by_number(b, op, to);
        return (operand){.kind = HOST, .reg = to, .carry = carry};
    }
    if (op->rm == LP_ARM_PC) return (operand){.kind = VALUE, .value = lp_arm_r15(op), .carry = CARRY_KEPT};
    return (operand){.kind = GUEST, .reg = op->rm, .carry = CARRY_KEPT};
}

/* ---- arithmetic ---- */

static void get_first(block *b, const lp_arm_op *op, int to) {
    if (op->rn == LP_ARM_PC) mov_value(b, to, lp_arm_r15(op));
    else get(b, to, op->rn);
}

/* Keeps what libmgba does of the last shift. */
static void keep_shifter(block *b, operand o) {
    if (o.kind == VALUE) {
        store_value(b, FIELD(shifter), o.value);
        return;
    }
    int reg = o.reg;
    if (o.kind == GUEST && (reg = host_of(o.reg)) < 0) get(b, reg = EAX, o.reg);
    rm(b, X_STORE, reg, JIT, FIELD(shifter));
}

static operand prepare_operand(block *b, const lp_arm_op *op) {
    const int which = b->need & ((op->thumb ? 0 : SHIFTER) | (op->sets && is_logic(op->alu) ? C : 0));
    operand o = {.kind = HOST, .reg = ECX};
    if (op->by_register) {
        o.carry = shift_by_register(b, op, which);
        rr(b, X_MOV, ECX, EAX);
        b->cycles++;
    } else {
        o = find_operand(b, op, ECX);
        write_carry(b, o.carry, which);
    }
    if (which & SHIFTER) keep_shifter(b, o);
    return o;
}

static void load_carry(block *b) { /* x86's is the Game Boy Advance's */
    rm(b, X_ZX8, EDX, JIT, FIELD(c));
    ri(b, X_ADD, EDX, UINT32_MAX);
}
static void load_borrow(block *b) { compare_byte(b, FIELD(c), 1); } /* the opposite */

/* The result in x86's register `to`; x86's flags are its. */
static void compute(block *b, const lp_arm_op *op, operand o, int to) {
    static const uint8_t as[16] = {X_AND, X_XOR, X_SUB, X_SUB, X_ADD, X_ADC, X_SBB, X_SBB, X_AND, X_XOR, X_SUB, X_ADD, X_OR};
    const bool in_place = host_of(op->rn) == to;
    switch (op->alu) {
    case LP_ALU_MOV: with_operand(b, X_MOV, to, o); return;
    case LP_ALU_MVN:
        if (o.kind == VALUE) {
            mov_value(b, to, ~o.value);
        } else {
            with_operand(b, X_MOV, to, o);
            rr(b, 0xF7, 2, to); /* not */
        }
        return;
    case LP_ALU_BIC:
        if (o.kind == VALUE) {
            o.value = ~o.value;
        } else {
            with_operand(b, X_MOV, ECX, o);
            rr(b, 0xF7, 2, ECX);
            o = (operand){.kind = HOST, .reg = ECX};
        }
        if (!in_place) get_first(b, op, to);
        with_operand(b, X_AND, to, o);
        return;
    case LP_ALU_RSB:
    case LP_ALU_RSC:
        get_first(b, op, EDX);
        with_operand(b, X_MOV, EAX, o);
        if (op->alu == LP_ALU_RSC) load_borrow(b);
        rr(b, as[op->alu], EAX, EDX);
        if (to != EAX) rr(b, X_MOV, to, EAX);
        return;
    default:
        if (!in_place) get_first(b, op, to);
        if (op->alu == LP_ALU_ADC) load_carry(b);
        if (op->alu == LP_ALU_SBC) load_borrow(b);
        with_operand(b, as[op->alu], to, o);
        return;
    }
}

static void do_alu(block *b, const lp_arm_op *op) {
    const operand o = prepare_operand(b, op);
    const bool result = !is_only_flags(op->alu);
    const bool clobbers = o.kind == GUEST && o.reg == op->rd && op->rn != op->rd && op->alu != LP_ALU_MOV && op->alu != LP_ALU_MVN;
    const int to = result && host_of(op->rd) >= 0 && !clobbers ? host_of(op->rd) : EAX;
    compute(b, op, o, to);
    b->says = SAY_NOTHING;
    if (op->sets) {
        const bool difference = op->alu != LP_ALU_ADD && op->alu != LP_ALU_ADC && op->alu != LP_ALU_CMN;
        if (b->need & NZ) rm(b, X_STORE, to, JIT, FIELD(nz));
        if (!is_logic(op->alu)) {
            if (b->need & C) set_if(b, difference ? IF_NC : IF_C, FIELD(c));
            if (b->need & V) set_if(b, IF_O, FIELD(v));
            b->says = difference ? SAY_DIFFERENCE : SAY_SUM;
        } else if (op->alu != LP_ALU_MOV && op->alu != LP_ALU_MVN) {
            b->says = SAY_NZ;
        }
    }
    if (!result) return;
    if (op->rd == LP_ARM_PC) {
        jump_there(b);
        b->is_over = true;
    } else if (to == EAX) {
        put(b, op->rd, EAX);
    }
}

static int after_access(const block *b) { return b->nonseq - b->seq; }

static void do_multiply(block *b, const lp_arm_op *op) {
    get(b, EAX, op->rs);
    if (op->is_signed) {
        rr(b, X_MOV, EDX, EAX);
        shift_by(b, SAR, EDX, 31, 0);
        rr(b, X_XOR, EAX, EDX);
    }
    ri(b, X_OR, EAX, 1);
    rr(b, 0x0FBD, EAX, EAX); /* bsr: of the highest bit that is not the sign's */
    shift_by(b, SHR, EAX, 3, 0);
    ri(b, X_ADD, EAX, 1u + op->accumulates + op->is_long);
    spend(b, lp_arm_r15(op));
    b->cycles += after_access(b);
    if (op->is_long) {
        get(b, EAX, op->rm);
        const int how = op->is_signed ? 5 : 4; /* imul, mul */
        if (host_of(op->rs) >= 0) rr(b, 0xF7, how, host_of(op->rs));
        else rm(b, 0xF7, how, JIT, place_of(op->rs));
        if (op->accumulates) {
            with_guest(b, X_ADD, EAX, op->rd);
            with_guest(b, X_ADC, EDX, op->rn);
        }
        put(b, op->rd, EAX);
        put(b, op->rn, EDX);
        if (op->sets && b->need & NZ) {
            ri(b, X_CMP, EAX, 1);
            rr(b, X_SBB, ECX, ECX);
            ri(b, X_ADD, ECX, 1);
            rr(b, X_OR, ECX, EDX);
            rm(b, X_STORE, ECX, JIT, FIELD(nz));
        }
        return;
    }
    get(b, EAX, op->rm);
    with_guest(b, X_IMUL, EAX, op->rs);
    if (op->accumulates) with_guest(b, X_ADD, EAX, op->rn);
    if (op->sets && b->need & NZ) rm(b, X_STORE, EAX, JIT, FIELD(nz));
    if (op->sets && !op->thumb && b->need & C) { /* as libmgba does */
        rm(b, X_ZX8, EDX, JIT, FIELD(shifter_carry));
        ri(b, X_AND, EDX, 1);
        rm_(b, X_STORE8, EDX, JIT, FIELD(c), BYTE);
    }
    put(b, op->rd, EAX);
}

#endif
