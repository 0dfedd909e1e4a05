#include "emulator/arm7.h"

enum { R15 = LP_ARM_PC };

static uint32_t bits(uint32_t word, int from, int n) { return word >> from & ((1u << n) - 1); }
static bool bit(uint32_t word, int at) { return word >> at & 1; }

static int32_t extend(uint32_t value, int n) { return (int32_t)(value << (32 - n)) >> (32 - n); }

static bool uses(const lp_arm_op *op, int reg) { return (!op->is_value && op->rm == reg) || (op->by_register && op->rs == reg); }

static void set_shifted(lp_arm_op *op, int rm, int shift, int amount) {
    op->rm = (uint8_t)rm;
    op->shift = (uint8_t)shift;
    op->amount = (uint8_t)amount;
}

static void set_value(lp_arm_op *op, uint32_t value) {
    op->is_value = true;
    op->value = value;
}

/* ---- ARM ---- */

static void decode_alu(lp_arm_op *op, uint32_t word) {
    op->alu = (uint8_t)bits(word, 21, 4);
    op->sets = bit(word, 20);
    op->rn = (uint8_t)bits(word, 16, 4);
    op->rd = (uint8_t)bits(word, 12, 4);
    const bool only_flags = op->alu >= LP_ALU_TST && op->alu <= LP_ALU_CMN;
    if (bit(word, 25)) {
        const uint32_t by = 2 * bits(word, 8, 4), low = word & 0xFF;
        set_value(op, by ? low >> by | low << (32 - by) : low);
        op->has_carry = by != 0;
    } else {
        set_shifted(op, (int)bits(word, 0, 4), (int)bits(word, 5, 2), (int)bits(word, 7, 5));
        op->by_register = bit(word, 4);
        op->rs = (uint8_t)bits(word, 8, 4);
    }
    /* What is left out: R15 as a shifted or a shifting register, which reads as more; a return from an exception. */
    const bool odd = uses(op, R15) && (op->by_register || op->shift != LP_SHIFT_LSL || op->amount);
    if (!odd && !(op->by_register && op->rn == R15) && !(op->sets && op->rd == R15) && !(only_flags && !op->sets)) op->kind = LP_ARM_ALU;
}

static void decode_multiply(lp_arm_op *op, uint32_t word) {
    op->is_long = bit(word, 23);
    op->accumulates = bit(word, 21);
    op->is_signed = !op->is_long || bit(word, 22);
    op->sets = bit(word, 20);
    op->rm = (uint8_t)bits(word, 0, 4);
    op->rs = (uint8_t)bits(word, 8, 4);
    op->rd = (uint8_t)bits(word, op->is_long ? 12 : 16, 4);
    op->rn = (uint8_t)bits(word, op->is_long ? 16 : 12, 4);
    const bool reads_rn = op->is_long || op->accumulates;
    if (op->rm != R15 && op->rs != R15 && op->rd != R15 && !(reads_rn && op->rn == R15) && !(op->is_long && op->rd == op->rn))
        op->kind = LP_ARM_MULTIPLY;
}

/* Bits that all loads and stores have, and what is left out. */
static void decode_access(lp_arm_op *op, uint32_t word) {
    op->before = bit(word, 24);
    op->subtracts = !bit(word, 23);
    op->writes_back = !op->before || bit(word, 21);
    op->loads = bit(word, 20);
    op->rn = (uint8_t)bits(word, 16, 4);
    op->rd = (uint8_t)bits(word, 12, 4);
    const bool as_user = !op->before && bit(word, 21);
    const bool odd = uses(op, R15) || (op->writes_back && op->rn == R15) || (op->rd == R15 && (!op->loads || op->size != 4));
    if (!as_user && !odd) op->kind = LP_ARM_MEMORY;
}

static void decode_memory(lp_arm_op *op, uint32_t word) {
    op->size = bit(word, 22) ? 1 : 4;
    if (!bit(word, 25)) set_value(op, word & 0xFFF);
    else set_shifted(op, (int)bits(word, 0, 4), (int)bits(word, 5, 2), (int)bits(word, 7, 5));
    if (!bit(word, 25) || !bit(word, 4)) decode_access(op, word);
}

static void decode_half(lp_arm_op *op, uint32_t word) {
    op->size = bit(word, 5) ? 2 : 1;
    op->is_signed = bit(word, 6);
    if (bit(word, 22)) set_value(op, bits(word, 8, 4) << 4 | (word & 15));
    else set_shifted(op, (int)(word & 15), LP_SHIFT_LSL, 0);
    if (!op->is_signed || bit(word, 20)) decode_access(op, word);
    if (bit(word, 21) && !bit(word, 24)) op->kind = LP_ARM_OTHER;
}

static void decode_multiple(lp_arm_op *op, uint32_t word) {
    op->before = bit(word, 24);
    op->subtracts = !bit(word, 23);
    op->writes_back = bit(word, 21);
    op->loads = bit(word, 20);
    op->rn = (uint8_t)bits(word, 16, 4);
    op->value = word & 0xFFFF;
    const bool other_bank = bit(word, 22);
    if (!other_bank && op->value && op->rn != R15 && (op->loads || !bit(word, R15))) op->kind = LP_ARM_MULTIPLE;
}

lp_arm_op lp_arm_decode(uint32_t pc, uint32_t word) {
    lp_arm_op op = {.pc = pc, .condition = (uint8_t)(word >> 28)};
    switch (bits(word, 25, 3)) {
    case 0:
        if ((word & 0x0FFFFFF0) == 0x012FFF10) {
            op.kind = (word & 15) != R15 ? LP_ARM_EXCHANGE : LP_ARM_OTHER;
            op.rm = word & 15;
        } else if ((word & 0x0FBF0FFF) == 0x010F0000) {
            op.rd = (uint8_t)bits(word, 12, 4);
            op.is_saved = bit(word, 22);
            op.kind = op.rd != R15 ? LP_ARM_STATUS : LP_ARM_OTHER;
        } else if ((word & 0x90) == 0x90) {
            if (word & 0x60) decode_half(&op, word);
            else if (!(word & 0x01000000) && (bit(word, 23) || !bit(word, 22))) decode_multiply(&op, word);
        } else {
            decode_alu(&op, word);
        }
        break;
    case 1: decode_alu(&op, word); break;
    case 2:
    case 3: decode_memory(&op, word); break;
    case 4: decode_multiple(&op, word); break;
    case 5:
        op.kind = LP_ARM_BRANCH;
        op.links = bit(word, 24);
        op.value = pc + 8 + 4 * (uint32_t)extend(word, 24);
        break;
    default: break;
    }
    if (op.condition == LP_COND_NEVER) op.kind = LP_ARM_NOTHING;
    return op;
}

/* ---- Thumb ---- */

static void alu(lp_arm_op *op, int alu, int rd, int rn, bool sets) {
    op->kind = LP_ARM_ALU;
    op->alu = (uint8_t)alu;
    op->rd = (uint8_t)rd;
    op->rn = (uint8_t)rn;
    op->sets = sets;
}

static void memory(lp_arm_op *op, bool loads, int size, int rd, int rn) {
    op->kind = LP_ARM_MEMORY;
    op->before = true;
    op->loads = loads;
    op->size = (uint8_t)size;
    op->rd = (uint8_t)rd;
    op->rn = (uint8_t)rn;
}

static void multiple(lp_arm_op *op, bool loads, int rn, uint32_t which) {
    op->kind = which ? LP_ARM_MULTIPLE : LP_ARM_OTHER;
    op->loads = loads;
    op->writes_back = true;
    op->rn = (uint8_t)rn;
    op->value = which;
}

/* 010000: between two of the lower registers. */
static void decode_low(lp_arm_op *op, uint16_t word) {
    static const uint8_t as[16] = {LP_ALU_AND, LP_ALU_EOR, LP_ALU_MOV, LP_ALU_MOV, LP_ALU_MOV, LP_ALU_ADC, LP_ALU_SBC, LP_ALU_MOV,
                                   LP_ALU_TST, LP_ALU_RSB, LP_ALU_CMP, LP_ALU_CMN, LP_ALU_ORR, 0,          LP_ALU_BIC, LP_ALU_MVN};
    const int what = (int)bits(word, 6, 4), rd = word & 7, rm = (int)bits(word, 3, 3);
    alu(op, as[what], rd, rd, true);
    set_shifted(op, rm, LP_SHIFT_LSL, 0);
    switch (what) {
    case 2:
    case 3:
    case 4:
    case 7: /* rd shifted by rm */
        set_shifted(op, rd, what == 7 ? LP_SHIFT_ROR : what - 2, 0);
        op->by_register = true;
        op->rs = (uint8_t)rm;
        break;
    case 9: /* NEG */
        op->rn = (uint8_t)rm;
        set_value(op, 0);
        break;
    case 13: /* its time is that of what rd was */
        *op =
            (lp_arm_op){.pc = op->pc, .kind = LP_ARM_MULTIPLY, .condition = LP_COND_ALWAYS, .thumb = true, .sets = true, .is_signed = true};
        op->rd = op->rs = (uint8_t)rd;
        op->rm = (uint8_t)rm;
        break;
    default: break;
    }
}

/* 010001: with any register. */
static void decode_high(lp_arm_op *op, uint16_t word) {
    static const uint8_t as[3] = {LP_ALU_ADD, LP_ALU_CMP, LP_ALU_MOV};
    const int what = (int)bits(word, 8, 2), rd = (int)(bits(word, 7, 1) << 3 | (word & 7)), rm = (int)bits(word, 3, 4);
    if (what == 3) {
        op->kind = rm != R15 ? LP_ARM_EXCHANGE : LP_ARM_OTHER;
        op->rm = (uint8_t)rm;
        return;
    }
    alu(op, as[what], rd, rd, what == 1);
    set_shifted(op, rm, LP_SHIFT_LSL, 0);
    if (what == 1 && rd == R15) op->kind = LP_ARM_OTHER;
}

static void decode_stack(lp_arm_op *op, uint16_t word) {
    switch (bits(word, 8, 4)) {
    case 0: /* ADD, SUB SP */
        alu(op, bit(word, 7) ? LP_ALU_SUB : LP_ALU_ADD, LP_ARM_SP, LP_ARM_SP, false);
        set_value(op, 4 * bits(word, 0, 7));
        break;
    case 4:
    case 5:
        multiple(op, false, LP_ARM_SP, bits(word, 0, 8) | bits(word, 8, 1) << LP_ARM_LR);
        op->before = op->subtracts = true;
        break;
    case 12:
    case 13: multiple(op, true, LP_ARM_SP, bits(word, 0, 8) | bits(word, 8, 1) << R15); break;
    default: break;
    }
}

lp_arm_op lp_thumb_decode(uint32_t pc, uint16_t word) {
    lp_arm_op op = {.pc = pc, .condition = LP_COND_ALWAYS, .thumb = true};
    const int rd = word & 7, rn = (int)bits(word, 3, 3), high = (int)bits(word, 8, 3);
    const uint32_t five = bits(word, 6, 5), eight = word & 0xFF;
    switch (word >> 11) {
    case 0:
    case 1:
    case 2:
        alu(&op, LP_ALU_MOV, rd, rd, true);
        set_shifted(&op, rn, word >> 11, (int)five);
        break;
    case 3:
        alu(&op, bit(word, 9) ? LP_ALU_SUB : LP_ALU_ADD, rd, rn, true);
        if (bit(word, 10)) set_value(&op, bits(word, 6, 3));
        else set_shifted(&op, (int)bits(word, 6, 3), LP_SHIFT_LSL, 0);
        break;
    case 4:
    case 5:
    case 6:
    case 7: {
        static const uint8_t as[4] = {LP_ALU_MOV, LP_ALU_CMP, LP_ALU_ADD, LP_ALU_SUB};
        alu(&op, as[(word >> 11) - 4], high, high, true);
        set_value(&op, eight);
        break;
    }
    case 8:
        if (bit(word, 10)) decode_high(&op, word);
        else decode_low(&op, word);
        break;
    case 9:
        memory(&op, true, 4, high, R15);
        set_value(&op, 4 * eight);
        break;
    case 10:
    case 11: {
        static const uint8_t size[8] = {4, 2, 1, 1, 4, 2, 1, 2};
        const int what = (int)bits(word, 9, 3);
        memory(&op, what >= 3, size[what], rd, rn);
        op.is_signed = what == 3 || what == 7;
        set_shifted(&op, (int)bits(word, 6, 3), LP_SHIFT_LSL, 0);
        break;
    }
    case 12:
    case 13:
    case 14:
    case 15:
    case 16:
    case 17: {
        const int size = word >> 11 < 14 ? 4 : word >> 11 < 16 ? 1 : 2;
        memory(&op, bit(word, 11), size, rd, rn);
        set_value(&op, five * (uint32_t)size);
        break;
    }
    case 18:
    case 19:
        memory(&op, bit(word, 11), 4, high, LP_ARM_SP);
        set_value(&op, 4 * eight);
        break;
    case 20: /* ADD rd, PC */
        alu(&op, LP_ALU_MOV, high, high, false);
        set_value(&op, ((pc + 4) & ~3u) + 4 * eight);
        break;
    case 21:
        alu(&op, LP_ALU_ADD, high, LP_ARM_SP, false);
        set_value(&op, 4 * eight);
        break;
    case 22:
    case 23: decode_stack(&op, word); break;
    case 24:
    case 25: multiple(&op, bit(word, 11), high, eight); break;
    case 26:
    case 27:
        if (bits(word, 8, 4) >= LP_COND_ALWAYS) break;
        op.kind = LP_ARM_BRANCH;
        op.condition = (uint8_t)bits(word, 8, 4);
        op.value = pc + 4 + 2 * (uint32_t)extend(eight, 8);
        break;
    case 28:
        op.kind = LP_ARM_BRANCH;
        op.value = pc + 4 + 2 * (uint32_t)extend(word, 11);
        break;
    case 30:
        op.kind = LP_ARM_LINK_PREPARE;
        op.value = pc + 4 + ((uint32_t)extend(word, 11) << 12);
        break;
    case 31:
        op.kind = LP_ARM_LINK;
        op.value = 2 * bits(word, 0, 11);
        break;
    default: break;
    }
    return op;
}
