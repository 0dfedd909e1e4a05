/* Loads and stores of the Game Boy Advance as x86-64's. Registers are as gba_jit_x64.c says. */
#ifndef LP_EMULATOR_GBA_JIT_MEMORY_H
#define LP_EMULATOR_GBA_JIT_MEMORY_H

#include "emulator/gba_jit_alu.h"

/* ecx is an address: rax is what to add to the fields of its area, edx the offset, and rdx + base where it lies, which is below `limit`. */
static void find_area(block *b, const lp_arm_op *op, int32_t limit, uint32_t size_bytes) {
    const exit_kind otherwise = size_bytes ? LEAVE_BEFORE : ACCESS;
    rr(b, X_MOV, EAX, ECX);
    shift_by(b, SHR, EAX, 24, 0);
    shift_by(b, SHL, EAX, 6, 0);
    rx_(b, X_MOV, EDX, JIT, EAX, 0, AREA(mask), 0);
    rr(b, X_AND, EDX, ECX);
    if (!op->loads && op->size > 1) ri(b, X_AND, EDX, 0u - op->size);
    if (size_bytes) {
        rm(b, X_LEA, R11, EDX, (int32_t)size_bytes);
        rx_(b, X_CMP, R11, JIT, EAX, 0, limit, 0);
        leave_if(b, IF_A, otherwise, op->pc);
    } else {
        rx_(b, X_CMP, EDX, JIT, EAX, 0, limit, 0);
        leave_if(b, IF_NC, otherwise, op->pc);
    }
}

/* No store to a page with code. */
static void check_page(block *b, const lp_arm_op *op, int32_t offset) {
    const exit_kind otherwise = op->kind == LP_ARM_MULTIPLE ? LEAVE_BEFORE : ACCESS;
    rm(b, X_LEA, R11, EDX, offset);
    shift_by(b, SHR, R11, 7, 0);
    rx_(b, X_ADD, R11, JIT, EAX, 0, AREA(has_code), WIDE);
    rm(b, 0x80, 7, R11, 0); /* cmp byte [r11], 0 */
    byte(b, 0);
    leave_if(b, IF_NZ, otherwise, op->pc);
}
_Static_assert(LP_GBA_PAGE == 1 << 7, "check_page shifts by it");

static void add_offset(block *b, const lp_arm_op *op, int to) {
    if (op->is_value) {
        if (op->value) ri(b, op->subtracts ? X_SUB : X_ADD, to, op->value);
    } else {
        with_operand(b, op->subtracts ? X_SUB : X_ADD, to, find_operand(b, op, EAX));
    }
}

static void write_back(block *b, const lp_arm_op *op) {
    if (!op->writes_back) return;
    if (op->is_value) {
        if (op->value) add_value(b, op->rn, op->subtracts ? -(int32_t)op->value : (int32_t)op->value);
        return;
    }
    get(b, ECX, op->rn);
    add_offset(b, op, ECX);
    put(b, op->rn, ECX);
}

static void load(block *b, const lp_arm_op *op) { /* from rdx */
    static const uint16_t as[2][5] = {{0, X_ZX8, X_ZX16, 0, X_MOV}, {0, X_SX8, X_SX16, 0, X_MOV}};
    const int to = host_of(op->rd) >= 0 ? host_of(op->rd) : EAX;
    rm(b, as[op->is_signed][op->size], to, EDX, 0);
    if (op->rd == LP_ARM_PC) {
        jump_there(b);
        b->is_over = true;
    } else if (to == EAX) {
        put(b, op->rd, EAX);
    }
}

static void store(block *b, const lp_arm_op *op) {
    const int from = host_of(op->rd) >= 0 ? host_of(op->rd) : R11;
    if (from == R11) get(b, R11, op->rd);
    if (op->size == 2) byte(b, 0x66);
    rm_(b, op->size == 1 ? X_STORE8 : X_STORE, from, EDX, 0, op->size == 1 ? BYTE : 0);
}

/* A word at an address that is known: constants behind the code. false: it is to be found as others are. */
static bool load_constant(block *b, const lp_arm_op *op) {
    if (op->rn != LP_ARM_PC || !op->is_value || !op->loads || op->size != 4 || !op->before || op->rd == LP_ARM_PC) return false;
    const uint32_t from = lp_arm_r15(op) & (op->thumb ? ~3u : ~0u);
    const uint32_t address = op->subtracts ? from - op->value : from + op->value;
    const lp_gba_area *area = &b->source->areas[address >> 24];
    const uint32_t offset = address & area->mask;
    if (address >> 24 != b->source->pc >> 24 || address & 3 || offset >= area->loads) return false;
    const int to = host_of(op->rd) >= 0 ? host_of(op->rd) : EAX;
    if (b->source->in_rom) {
        if (offset < LP_GBA_PORT_END) return false;
        uint32_t value;
        memcpy(&value, area->base + offset, sizeof value);
        put_value(b, op->rd, value);
    } else {
        rm_(b, X_MOV, EAX, JIT, AREA(base) + (int32_t)(address >> 24) * (int32_t)sizeof *area, WIDE);
        rm(b, X_MOV, to, EAX, (int32_t)offset);
        if (to == EAX) put(b, op->rd, EAX);
    }
    b->cycles += area->wait[LP_WAIT_LOAD32] + after_access(b);
    return true;
}

/* Where accesses that libmgba did go on. */
static void come_back(block *b, const lp_arm_op *op) {
    for (int i = b->n_exits - 1; i >= 0 && b->exits[i].pc == op->pc; i--) {
        if (b->exits[i].kind != ACCESS) continue;
        b->exits[i].op = op;
        b->exits[i].back = b->at;
        b->exits[i].cycles_after = b->cycles;
    }
}

static void do_memory(block *b, const lp_arm_op *op) {
    if (load_constant(b, op)) return;
    if (op->rn == LP_ARM_PC) mov_value(b, ECX, lp_arm_r15(op) & (op->thumb ? ~3u : ~0u));
    else get(b, ECX, op->rn);
    if (op->before) add_offset(b, op, ECX);
    if (op->loads && op->size > 1) {
        rr(b, 0xF6, 0, ECX); /* test cl, size - 1 */
        byte(b, op->size - 1u);
        leave_if(b, IF_NZ, LEAVE_BEFORE, op->pc);
    }
    find_area(b, op, op->loads ? AREA(loads) : op->size == 1 ? AREA(stores8) : AREA(stores), 0);
    if (!op->loads) {
        check_page(b, op, 0);
        rx_(b, 0xC6, 0, JIT, EAX, 0, AREA(touched), 0);
        byte(b, 1);
    }
    rx_(b, X_ADD, EDX, JIT, EAX, 0, AREA(base), WIDE);
    const int wait = op->loads ? (op->size == 4 ? LP_WAIT_LOAD32 : LP_WAIT_LOAD) : op->size == 4 ? LP_WAIT_STORE32 : LP_WAIT_STORE;
    rx_(b, X_ZX8, EAX, JIT, EAX, 0, AREA(wait) + wait, 0);
    spend_access(b, lp_arm_r15(op));
    b->cycles += after_access(b);
    if (!op->loads) store(b, op);
    write_back(b, op);
    if (op->loads) load(b, op);
    come_back(b, op);
}

static void do_multiple(block *b, const lp_arm_op *op) {
    const int n = __builtin_popcount(op->value), bytes = 4 * n;
    const int from = op->subtracts ? (op->before ? 0 : 4) - bytes : op->before ? 4 : 0;
    get(b, ECX, op->rn);
    if (from) ri(b, X_ADD, ECX, (uint32_t)from);
    rr(b, 0xF6, 0, ECX);
    byte(b, 3);
    leave_if(b, IF_NZ, LEAVE_BEFORE, op->pc);
    find_area(b, op, op->loads ? AREA(loads) : AREA(stores), (uint32_t)bytes);
    if (!op->loads) {
        check_page(b, op, 0);
        if (n > 1) check_page(b, op, bytes - 4);
        rx_(b, 0xC6, 0, JIT, EAX, 0, AREA(touched), 0);
        byte(b, 1);
    }
    rx_(b, X_ADD, EDX, JIT, EAX, 0, AREA(base), WIDE);
    rx_(b, X_ZX8, R11, JIT, EAX, 0, AREA(wait) + (op->loads ? LP_WAIT_LOADS_MORE : LP_WAIT_STORES_MORE), 0);
    rx_(b, X_SX8, EAX, JIT, EAX, 0, AREA(wait) + (op->loads ? LP_WAIT_LOADS : LP_WAIT_STORES), 0);
    prefix(b, R11, 0, R11, 0); /* imul r11d, r11d, n */
    byte(b, 0x6B), byte(b, 0xC0u | 3 << 3 | 3), byte(b, (unsigned)n);
    rr(b, X_ADD, EAX, R11);
    ri(b, X_ADD, ECX, (uint32_t)bytes); /* libmgba asks where it came to */
    spend_access(b, lp_arm_r15(op));
    b->cycles += after_access(b);
    if (op->loads && op->writes_back && !(op->value >> op->rn & 1)) add_value(b, op->rn, op->subtracts ? -bytes : bytes);
    for (int reg = 0, at = 0; reg < 16; reg++) {
        if (!(op->value >> reg & 1)) continue;
        const int host = host_of(reg) >= 0 ? host_of(reg) : EAX;
        if (op->loads) {
            rm(b, X_MOV, host, EDX, at);
            if (host == EAX && reg != LP_ARM_PC) put(b, reg, EAX);
        } else {
            if (host == EAX) get(b, EAX, reg);
            rm(b, X_STORE, host, EDX, at);
        }
        at += 4;
    }
    if (!op->loads && op->writes_back) add_value(b, op->rn, op->subtracts ? -bytes : bytes);
    if (op->loads && op->value >> LP_ARM_PC) {
        jump_there(b);
        b->is_over = true;
    }
}

#endif
