/* The Game Boy Advance's instructions as those of x86-64.
 *
 * Registers: R0 to R7 in ebx, esi, edi, r8d, r9d, r10d, r12d, r13d, the stack pointer in r14d, the others in the lp_gba_jit at rbp; r15d the cycles left
 * until the next event. eax, ecx, edx and r11d are free within an instruction. The Game Boy Advance's flags lie in the lp_gba_jit: negative and zero
 * as a number that has the sign and is zero, carry and overflow as bytes; they are written where something looks at them before they
 * are written again, which a jump does, and whatever may end the block; a branch right behind a comparison asks x86's own.
 *
 * A block: are there cycles left for all of it? Then instruction by instruction; cycles are counted at its end, and those of accesses to memory
 * where they happen. Behind it lies what is seldom needed: branches that are taken, and leaving before an instruction.
 * Sources: Intel SDM (encodings), libmgba (what an instruction does and how long it takes, where it differs from the console). */
#include "emulator/gba_jit.h"

#if defined(__x86_64__) && defined(__linux__)

#include "emulator/gba_jit_memory.h"

/* ---- jumps ---- */

static void do_status(block *b, const lp_arm_op *op) {
    if (op->is_saved) {
        rm(b, X_MOV, EAX, JIT, FIELD(saved_status));
        put(b, op->rd, EAX);
        return;
    }
    rm(b, X_MOV, EAX, JIT, FIELD(nz));
    rr(b, X_XOR, ECX, ECX);
    rr(b, X_TEST, EAX, EAX);
    rr(b, 0x0F94, 0, ECX); /* setz cl */
    shift_by(b, SHR, EAX, 31, 0);
    shift_by(b, SHL, EAX, 3, 0);
    rx_(b, X_LEA, EAX, EAX, ECX, 2, 0, 0);
    rm(b, X_ZX8, ECX, JIT, FIELD(c));
    rx_(b, X_LEA, EAX, EAX, ECX, 1, 0, 0);
    rm(b, X_ZX8, ECX, JIT, FIELD(v));
    rr(b, X_OR, EAX, ECX);
    shift_by(b, SHL, EAX, 28, 0);
    rm(b, X_OR, EAX, JIT, FIELD(status));
    put(b, op->rd, EAX);
}

static void do_branch(block *b, const lp_arm_op *op) {
    if (op->links) put_value(b, LP_ARM_LR, lp_arm_next(op));
    jump_known(b, op->value, b->cycles);
    b->is_over = true;
}

static void do_exchange(block *b, const lp_arm_op *op) {
    get(b, EAX, op->rm);
    byte(b, 0xA8), byte(b, 1); /* test al, 1 */
    leave_if(b, op->thumb ? IF_Z : IF_NZ, SWITCH_SET, op->pc);
    jump_there(b);
    b->is_over = true;
}

static void do_link(block *b, const lp_arm_op *op, const lp_arm_op *previous) {
    const uint32_t back = lp_arm_next(op) | 1;
    if (previous && previous->kind == LP_ARM_LINK_PREPARE) {
        put_value(b, LP_ARM_LR, back);
        jump_known(b, (previous->value + op->value) & ~1u, b->cycles);
    } else {
        get(b, EAX, LP_ARM_LR);
        put_value(b, LP_ARM_LR, back);
        ri(b, X_ADD, EAX, op->value);
        jump_there(b);
    }
    b->is_over = true;
}

/* ---- a block ---- */

static void do_op(block *b, const lp_arm_op *op, const lp_arm_op *previous) {
    const saying said = b->says;
    b->says = SAY_NOTHING;
    switch (op->kind) {
    case LP_ARM_ALU: do_alu(b, op); break;
    case LP_ARM_MULTIPLY: do_multiply(b, op); break;
    case LP_ARM_MEMORY: do_memory(b, op); break;
    case LP_ARM_MULTIPLE: do_multiple(b, op); break;
    case LP_ARM_STATUS: do_status(b, op); break;
    case LP_ARM_BRANCH: do_branch(b, op); break;
    case LP_ARM_EXCHANGE: do_exchange(b, op); break;
    case LP_ARM_LINK_PREPARE: put_value(b, LP_ARM_LR, op->value); break;
    case LP_ARM_LINK: do_link(b, op, previous); break;
    default: b->says = said; break;
    }
}

static void do_op_if(block *b, const lp_arm_op *op) {
    const int condition = condition_of(b, op->condition), cycles = b->cycles;
    if (op->kind == LP_ARM_BRANCH && !op->links) {
        leave_if(b, condition, TAKE, op->pc)->to = op->value;
        return; /* and x86's flags are what they were, or nothing */
    }
    uint8_t *past = jump_if(b, condition ^ 1);
    b->says = SAY_NOTHING;
    do_op(b, op, NULL);
    if (!b->is_over) count(b, b->cycles - cycles);
    b->cycles = cycles;
    b->is_over = false;
    land(b, past);
    b->says = SAY_NOTHING;
}

static int longest_access(const block *b, int first, int more, int n) {
    int most = 0;
    for (int i = 0; i < LP_GBA_AREAS; i++) {
        const lp_gba_area *area = &b->source->areas[i];
        if (!area->base) continue;
        const int takes = area->wait[first] + (more < 0 ? 0 : n * area->wait[more]);
        most = takes > most ? takes : most;
    }
    return most;
}

/* The most cycles that an instruction takes, a jump's own aside: those come after the last look at the clock. */
static int longest(const block *b, const lp_arm_op *op) {
    const int base = 1 + b->seq, rest = base + after_access(b);
    switch (op->kind) {
    case LP_ARM_ALU: return base + op->by_register;
    case LP_ARM_MULTIPLY: return rest + 4 + 2;
    case LP_ARM_MEMORY: {
        const int loads = longest_access(b, LP_WAIT_LOAD32, -1, 0), stores = longest_access(b, LP_WAIT_STORE32, -1, 0);
        return rest + (loads > stores ? loads : stores);
    }
    case LP_ARM_MULTIPLE: {
        const int n = __builtin_popcount(op->value);
        return rest + (op->loads ? longest_access(b, LP_WAIT_LOADS, LP_WAIT_LOADS_MORE, n)
                                 : longest_access(b, LP_WAIT_STORES, LP_WAIT_STORES_MORE, n));
    }
    default: return base;
    }
}

static void finish_access(block *b, const exit_ *e) {
    const lp_arm_op *op = e->op;
    count(b, e->cycles);
    store_value(b, FIELD(pc), e->pc);
    mov_value(b, EDX, op->is_signed ? 0u - op->size : op->size);
    if (!op->loads) get(b, R11, op->rd);
    call(b, op->loads ? b->source->ways->load : b->source->ways->store);
    count(b, -e->cycles);
    b->cycles = e->cycles_after;
    write_back(b, op);
    if (op->loads) { /* all 32 bits of what libmgba gives; a half word may have more than 16 */
        lp_arm_op word = *op;
        word.size = 4, word.is_signed = false;
        rm_(b, X_LEA, EDX, JIT, FIELD(loaded), WIDE);
        load(b, &word);
        if (op->rd != LP_ARM_PC) jump_to(b, where_it_runs(b, e->back));
        return;
    }
    compare_byte(b, FIELD(stops), 0);
    uint8_t *stops = jump_if(b, IF_NZ);
    jump_to(b, where_it_runs(b, e->back));
    land(b, stops);
    count(b, b->cycles);
    leave(b, LP_GBA_ARRIVE, lp_arm_next(op));
}

static void finish_exit(block *b, const exit_ *e) {
    const uint32_t by = (uint32_t)(b->at - e->from);
    memcpy(e->from - 4, &by, sizeof by);
    switch (e->kind) {
    case LEAVE_BEFORE:
        count(b, e->cycles);
        leave(b, LP_GBA_OTHER, e->pc);
        break;
    case LEAVE_AFTER: leave(b, LP_GBA_LATE, e->pc); break;
    case TAKE: jump_known(b, e->to, e->cycles); break;
    case SWITCH_SET:
        count(b, e->cycles);
        jump_to(b, b->source->ways->change[!b->source->thumb]);
        break;
    case ACCESS: finish_access(b, e); break;
    }
}

static int decode(const lp_gba_source *source, lp_arm_op ops[MOST_OPS]) {
    const uint32_t width = source->thumb ? 2 : 4;
    uint32_t most = source->size_bytes < LP_GBA_PAGE ? source->size_bytes : LP_GBA_PAGE;
    int n = 0;
    for (uint32_t at = 0; at + width <= most && n < MOST_OPS; at += width) {
        uint32_t word = 0;
        memcpy(&word, source->memory + at, width);
        lp_arm_op op = source->thumb ? lp_thumb_decode(source->pc + at, (uint16_t)word) : lp_arm_decode(source->pc + at, word);
        if (source->in_bios && may_jump(&op) && op.kind != LP_ARM_BRANCH) op.kind = LP_ARM_OTHER; /* libmgba looks at what leaves it */
        ops[n++] = op;
        if (op.kind == LP_ARM_OTHER || (may_jump(&op) && op.condition == LP_COND_ALWAYS)) break;
    }
    return n;
}

uint32_t lp_gba_translate(const lp_gba_source *source) {
    lp_arm_op ops[MOST_OPS];
    int need[MOST_OPS];
    int n = decode(source, ops);
    if (!n || ops[0].kind == LP_ARM_OTHER) return 0;
    find_needs(ops, n, need);
    const int area = (int)(source->pc >> 24);
    const lp_gba_timing *timing = source->timing;
    block *b = &(block){.source = source,
                        .seq = source->thumb ? timing->seq16[area] : timing->seq32[area],
                        .nonseq = source->thumb ? timing->nonseq16[area] : timing->nonseq32[area],
                        .stalls = source->in_rom && timing->prefetch};
    uint8_t *const from = source->space->to + source->space->used;
    b->begin = b->at = from + sizeof(lp_gba_block);
    b->end = from + LP_GBA_BLOCK_BYTES;
    uint32_t most = 0;
    uint8_t *late = NULL;
    if (!source->late) {
        for (int i = 0; i < n; i++) most += (uint32_t)longest(b, &ops[i]);
        rr(b, 0x81, 7, CYCLES); /* cmp r15d, most */
        word32(b, most);
        late = jump_if(b, IF_LE);
    }
    int i = 0;
    for (; i < n && ops[i].kind != LP_ARM_OTHER && !b->is_over; i++) {
        b->before = b->cycles;
        b->cycles += 1 + b->seq;
        b->need = source->late ? ALL_FLAGS : need[i];
        if (ops[i].condition == LP_COND_ALWAYS) do_op(b, &ops[i], i ? &ops[i - 1] : NULL);
        else if (ops[i].condition != LP_COND_NEVER) do_op_if(b, &ops[i]);
        if (source->late && !b->is_over) {
            count(b, b->cycles);
            b->cycles = 0;
            b->says = SAY_NOTHING;
            rr(b, X_TEST, CYCLES, CYCLES);
            leave_if(b, IF_LE, LEAVE_AFTER, lp_arm_next(&ops[i]));
        }
    }
    if (!b->is_over) {
        const uint32_t next = lp_arm_next(&ops[i - 1]);
        count(b, b->cycles);
        if (i < n) leave(b, LP_GBA_OTHER, next);
        else if (has_blocks(b, next) && next >> 24 == source->pc >> 24) go_on_at(b, next);
        else leave(b, LP_GBA_OTHER, next);
    }
    if (late) { /* the second form, if there are any cycles left, and it */
        land(b, late);
        rr(b, X_TEST, CYCLES, CYCLES);
        uint8_t *event = jump_if(b, IF_LE);
        rm_(b, X_MOV, ECX, JIT, FIELD(runs), WIDE);
        rm(b, X_MOV, EAX, ECX, (int32_t)(from - source->space->to) + (int32_t)offsetof(lp_gba_block, second));
        rr(b, X_TEST, EAX, EAX);
        uint8_t *none = jump_if(b, IF_Z);
        rr_(b, X_ADD, EAX, ECX, WIDE);
        byte(b, 0xFF), byte(b, 0xE0);
        land(b, event), land(b, none);
        leave(b, LP_GBA_LATE, source->pc);
    }
    for (int k = 0; k < b->n_exits; k++) finish_exit(b, &b->exits[k]);
    const lp_gba_block head = {.length = lp_arm_next(&ops[i - 1]) - source->pc};
    memcpy(from, &head, sizeof head);
    source->space->used += (size_t)(b->at - from + 15) & ~(size_t)15;
    return (uint32_t)(b->begin - source->space->to);
}

/* ---- ways in and out ---- */

static void load_registers(block *b) {
    for (int guest = 0; guest < 16; guest++)
        if (host_of(guest) >= 0) rm(b, X_MOV, host_of(guest), JIT, place_of(guest));
    rm(b, X_MOV, CYCLES, JIT, FIELD(cycles_left));
}

static void save_registers(block *b) {
    for (int guest = 0; guest < 16; guest++)
        if (host_of(guest) >= 0) rm(b, X_STORE, host_of(guest), JIT, place_of(guest));
    rm(b, X_STORE, CYCLES, JIT, FIELD(cycles_left));
}

static const uint8_t saved[] = {0x55, 0x53, 0x41, 0x54, 0x41, 0x55, 0x41, 0x56, 0x41, 0x57};    /* push rbp, rbx, r12 to r15 */
static const uint8_t restored[] = {0x41, 0x5F, 0x41, 0x5E, 0x41, 0x5D, 0x41, 0x5C, 0x5B, 0x5D}; /* and back */

static const uint8_t *here(block *b) { return where_it_runs(b, b->at); }

/* To the address in eax, as jump_known() goes to a known one; changes: from code of the other set. */
static const uint8_t *make_jump(block *b, bool thumb, bool changes, const lp_gba_ways *ways) {
    enum { FETCHED = 8 }; /* at most, when the CPU comes there */
    const uint8_t *runs = here(b);
    uint8_t *out[5];
    int n = 0;
    ri(b, X_AND, EAX, ~1u);
    rr(b, X_MOV, ECX, EAX);
    if (!thumb) {
        byte(b, 0xA8), byte(b, 3); /* test al, 3 */
        out[n++] = jump_if(b, IF_NZ);
    }
    shift_by(b, SHR, EAX, 24, 0);
    shift_by(b, SHL, EAX, 6, 0);
    rx_(b, X_MOV, EDX, JIT, EAX, 0, AREA(code_mask), 0);
    rr(b, X_AND, EDX, ECX);
    rx_(b, X_CMP, EDX, JIT, EAX, 0, AREA(loads), 0);
    out[n++] = jump_if(b, IF_NC);
    rm(b, X_CMP, ECX, JIT, FIELD(idle_loop));
    out[n++] = jump_if(b, IF_Z);
    if (changes) {
        rm(b, X_LEA, R11, EDX, FETCHED);
        rx_(b, X_CMP, R11, JIT, EAX, 0, AREA(loads), 0);
        out[n++] = jump_if(b, IF_A);
        rr_(b, X_MOV, R11, EDX, WIDE); /* what libmgba keeps of the bus: the second instruction there */
        rx_(b, X_ADD, R11, JIT, EAX, 0, AREA(base), WIDE);
        rm(b, thumb ? X_ZX16 : X_MOV, R11, R11, thumb ? 2 : 4);
        if (thumb) {
            prefix(b, R11, 0, R11, 0); /* imul r11d, r11d, 00010001 */
            byte(b, 0x69), byte(b, 0xC0u | 3 << 3 | 3), word32(b, 0x00010001);
        }
        rm(b, X_STORE, R11, JIT, FIELD(bus));
        store_byte(b, FIELD(thumb), thumb);
    }
    rx_(b, X_ZX8, R11, JIT, EAX, 0, AREA(jump) + thumb, 0);
    rr(b, X_SUB, CYCLES, R11);
    rm(b, X_STORE, ECX, JIT, FIELD(last_jump));
    store_value(b, FIELD(fetched), 0);
    rx_(b, X_MOV, EAX, JIT, EAX, 0, AREA(blocks) + 8 * thumb, WIDE);
    rx_(b, X_MOV, EAX, EAX, EDX, thumb, 0, 0);
    rm_(b, X_ADD, EAX, JIT, FIELD(runs), WIDE);
    byte(b, 0xFF), byte(b, 0xE0);
    while (n) land(b, out[--n]);
    if (changes && thumb) ri(b, X_OR, ECX, 1);
    rm(b, X_STORE, ECX, JIT, FIELD(pc));
    jump_to(b, ways->leave[changes ? LP_GBA_SWITCH : LP_GBA_JUMP]);
    return runs;
}

/* An access that is libmgba's. */
static const uint8_t *make_access(block *b, int32_t function) {
    const uint8_t *runs = here(b);
    save_registers(b);
    rr_(b, X_MOV, EDI, JIT, WIDE);
    rr(b, X_MOV, ESI, ECX);
    rr(b, X_MOV, ECX, R11);
    rm(b, 0xFF, 2, JIT, function); /* call [function] */
    load_registers(b);
    byte(b, 0xC3);
    return runs;
}

lp_gba_ways lp_gba_make_ways(lp_jit_space *space) {
    lp_gba_ways ways;
    const lp_gba_source source = {.space = space};
    block *b = &(block){.source = &source, .at = space->to + LP_GBA_ASKED_BYTES * (LP_GBA_NEVER + 1)};
    const uint8_t *enter = here(b);
    for (size_t i = 0; i < sizeof saved; i++) byte(b, saved[i]);
    rr_(b, X_MOV, JIT, EDI, WIDE);
    rr_(b, X_MOV, EAX, ESI, WIDE);
    load_registers(b);
    byte(b, 0xFF), byte(b, 0xE0); /* jmp rax */
    memcpy(&ways.enter, &enter, sizeof enter);
    for (int end = LP_GBA_OTHER; end <= LP_GBA_SWITCH; end++) {
        ways.leave[end] = here(b);
        save_registers(b);
        mov_value(b, EAX, (uint32_t)end);
        for (size_t i = 0; i < sizeof restored; i++) byte(b, restored[i]);
        byte(b, 0xC3);
    }
    for (int thumb = 0; thumb < 2; thumb++) {
        ways.jump[thumb] = make_jump(b, thumb, false, &ways);
        ways.change[thumb] = make_jump(b, thumb, true, &ways);
    }
    ways.load = make_access(b, FIELD(load));
    ways.store = make_access(b, FIELD(store));
    const size_t used = (size_t)(b->at - space->to);
    for (int asked = 0; asked <= LP_GBA_NEVER; asked++) { /* ecx: the address */
        b->at = space->to + LP_GBA_ASKED_BYTES * asked;
        rm(b, X_STORE, ECX, JIT, FIELD(pc));
        jump_to(b, ways.leave[LP_GBA_ARRIVE]);
    }
    space->used = (used + 63) & ~(size_t)63;
    return ways;
}

#endif
