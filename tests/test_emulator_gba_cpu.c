/* The Game Boy Advance's CPU as machine code: random programs of both instruction sets, in ROM, in work RAM, and of code that changes itself, with random
 * wait states, interrupts, and accesses to all memory that there is. Played plain and fast, and by a third that loads states now and then: after every
 * step the machines must be equal. */
#include "tests/gba_alike.h"
#include "tests/seed.h"

#include <string.h>

#ifdef __SANITIZE_ADDRESS__
enum { PROGRAMS = 40 };
#else
enum { PROGRAMS = 250 };
#endif
enum { STEPS = 8, ROM_WORDS = 0x2000, CODE = 0xC0 / 4, HANDLER = 0x1F00, BODY = 0x400, MOST_BODY = 48 };
enum { SP = 13, LR = 14, PC = 15, EQ = 0, ALWAYS = 0xE };
/* Registers that hold where memory is; R0 to R4 hold anything. Thumb reaches all by them. */
enum { BASE = 5, OTHER_BASE = 6, COUNTER = 7 };

typedef struct {
    uint32_t word[ROM_WORDS];
    uint32_t at; /* half words */
    lp_rng rng;
} program;

static uint32_t below(program *p, uint32_t n) { return lp_rng_below(&p->rng, n); }
static bool often(program *p, uint32_t one_in) { return below(p, one_in) == 0; }

static void put16(program *p, uint32_t instruction) { ((uint16_t *)p->word)[p->at++] = (uint16_t)instruction; }
static void put(program *p, uint32_t instruction) { put16(p, instruction), put16(p, instruction >> 16); }

/* ldr to, [pc]; b over the word; the word */
static void put_constant(program *p, uint32_t to, uint32_t value) { put(p, 0xE59F0000 | to << 12), put(p, 0xEA000000), put(p, value); }

static uint32_t any_address(program *p) {
    static const uint32_t areas[] = {0x02000000, 0x03000000, 0x03000000, 0x05000000, 0x06000000,
                                     0x07000000, 0x08000000, 0x02010000, 0x04000000};
    static const uint32_t sizes[] = {0x10000, 0x4000, 0x4000, 0x400, 0x17F00, 0x400, 0x4000, 0x1000, 0x40};
    const uint32_t area = below(p, sizeof areas / sizeof *areas);
    const uint32_t address = areas[area] + (0x200 + below(p, sizes[area])) % sizes[area];
    return often(p, 6) ? address : address & ~3u;
}

/* ---- ARM ---- */

static uint32_t any_condition(program *p) { return often(p, 3) ? below(p, 15) : ALWAYS; }

static uint32_t any_operand(program *p) {
    if (often(p, 3)) return 1u << 25 | below(p, 0x1000);
    const uint32_t rm = often(p, 12) ? PC : below(p, 8);
    if (rm == PC || often(p, 3)) return rm;
    if (often(p, 3)) return below(p, 5) << 8 | below(p, 4) << 5 | 1 << 4 | rm;
    return (often(p, 5) ? 0 : below(p, 32)) << 7 | below(p, 4) << 5 | rm;
}

static uint32_t any_alu(program *p) {
    const uint32_t alu = below(p, 16), flags = (alu >= 8 && alu < 12) || often(p, 2), rn = often(p, 12) ? PC : below(p, 8);
    uint32_t operand = any_operand(p);
    if (rn == PC) operand &= ~(1u << 4);
    return alu << 21 | flags << 20 | rn << 16 | below(p, 5) << 12 | operand;
}

static uint32_t any_multiply(program *p) {
    const uint32_t low = below(p, 5), high = (low + 1 + below(p, 4)) % 5;
    return (often(p, 2) ? below(p, 4) << 21 | 1u << 23 : below(p, 2) << 21) | below(p, 2) << 20 | high << 16 | low << 12 |
           below(p, 8) << 8 | 0x90 | below(p, 8);
}

static uint32_t any_access(program *p) {
    const uint32_t base = often(p, 10) ? PC : BASE + below(p, 2), loads = base == PC || !often(p, 3), back = base != PC && often(p, 4);
    const uint32_t up = below(p, 2), before = !back || often(p, 2),
                   bits = before << 24 | up << 23 | (back && before) << 21 | loads << 20 | base << 16;
    const uint32_t rd = below(p, 5);
    if (often(p, 2)) {
        const uint32_t kind = loads ? 1 + below(p, 3) : 1, offset = below(p, 64) & ~(often(p, 4) ? 0u : 1u);
        return bits | 1u << 22 | rd << 12 | (offset >> 4) << 8 | 0x90 | kind << 5 | (offset & 15);
    }
    const uint32_t by_register = often(p, 4), size = below(p, 2) << 22;
    const uint32_t offset =
        by_register ? 1u << 25 | (3 + below(p, 29)) << 7 | 1u << 5 | below(p, 5) : below(p, 128) & ~(often(p, 4) ? 0u : 3u);
    return 1u << 26 | bits | size | rd << 12 | offset;
}

static uint32_t any_multiple(program *p) {
    return 4u << 25 | below(p, 4) << 23 | (often(p, 2) && !often(p, 3)) << 21 | below(p, 2) << 20 | (BASE + below(p, 2)) << 16 |
           (1 + below(p, 31));
}

static void put_arm(program *p) {
    const uint32_t condition = any_condition(p) << 28;
    switch (below(p, 11)) {
    case 0:
    case 1:
    case 2: put(p, condition | any_access(p)); break;
    case 10: put(p, condition | 0x03A00000 | below(p, 5) << 12); break; /* mov rd, #0: nothing to shift by */
    case 3: put(p, condition | any_multiple(p)); break;
    case 4: put(p, condition | any_multiply(p)); break;
    case 5: /* over some of what follows */
        put(p, any_condition(p) << 28 | 0x0A000000 | below(p, 3));
        for (int i = 0; i < 4; i++) put(p, any_condition(p) << 28 | any_alu(p));
        break;
    case 6:
        if (often(p, 3)) put(p, condition | (often(p, 2) ? 0x010F0000 : 0x014F0000) | below(p, 5) << 12); /* mrs */
        else if (often(p, 2)) put(p, condition | 0x0128F000 | below(p, 5));                               /* msr cpsr_f */
        else put(p, condition | 0x01000090 | BASE << 16 | below(p, 5) << 12 | below(p, 5));               /* swp */
        break;
    default: put(p, condition | any_alu(p)); break;
    }
}

/* ---- Thumb ---- */

static void put_thumb(program *p) {
    const uint32_t rd = below(p, 5), rn = below(p, 8), base = BASE + below(p, 2);
    switch (below(p, 16)) {
    case 0: put16(p, below(p, 3) << 11 | below(p, 32) << 6 | rn << 3 | rd); break;
    case 1: put16(p, 0x1800 | below(p, 4) << 9 | below(p, 8) << 6 | rn << 3 | rd); break;
    case 2: put16(p, 0x2000 | below(p, 4) << 11 | rd << 8 | (often(p, 3) ? 0 : below(p, 256))); break;
    case 3:
    case 4:
    case 5: put16(p, 0x4000 | below(p, 16) << 6 | rn << 3 | rd); break;
    case 6: put16(p, 0x4400 | below(p, 3) << 8 | (rn | (often(p, 2) ? 8 : 0)) << 3 | rd); break;
    case 7: put16(p, 0x4800 | rd << 8 | below(p, 8)); break;
    case 8: put16(p, 0x5000 | below(p, 8) << 9 | 4 << 6 | base << 3 | below(p, 4)); break; /* [base, r4] */
    case 9:
    case 10: put16(p, 0x6000 | below(p, 6) << 11 | below(p, 16) << 6 | base << 3 | rd); break;
    case 11: put16(p, 0x9000 | below(p, 2) << 11 | rd << 8 | below(p, 8)); break;
    case 12: put16(p, 0xA000 | below(p, 2) << 11 | rd << 8 | below(p, 64)); break;
    case 13: put16(p, 0xC000 | below(p, 2) << 11 | base << 8 | (1 + below(p, 31))); break;
    case 14: /* push and pop the same */
        put16(p, 0xB400 | 0x1F);
        put16(p, 0xBC00 | 0x1F);
        break;
    default: /* over one or two */
        put16(p, 0xD000 | below(p, 14) << 8 | below(p, 2));
        if (often(p, 2)) put16(p, 0xD000 | below(p, 14) << 8 | below(p, 2));
        put16(p, 0x1C00 | rn << 3 | rd);
        put16(p, 0x3000 | rd << 8 | below(p, 256));
        break;
    }
}

/* ---- programs ---- */

static void put_bases(program *p) {
    put_constant(p, BASE, any_address(p));
    put_constant(p, OTHER_BASE, any_address(p));
}

/* A body that is run over and over, `times` before its caller goes on: from ROM, or from RAM where it was copied; it comes back by BX LR. */
static void put_body(program *p, bool thumb) {
    const uint32_t begin = p->at;
    if (thumb) {
        put16(p, 0x1C00 | BASE << 3 | 0); /* r0 = BASE, and back below: so that what drifts does so from the same place */
        put16(p, 0x4680 | 0 << 3 | 4);    /* mov r12, r0 */
    }
    for (uint32_t n = 4 + below(p, MOST_BODY); n; n--) thumb ? put_thumb(p) : put_arm(p);
    if (thumb) {
        put16(p, 0x4660 | BASE);         /* mov BASE, r12 */
        put16(p, 0x3801 | COUNTER << 8); /* sub COUNTER, #1 */
        put16(p, 0xD000);                /* beq over the jump */
        put16(p, 0xE000 | ((begin - p->at - 2) & 0x7FF));
        put16(p, 0x4700 | LR << 3);
        if (p->at & 1) put16(p, 0);
    } else {
        put(p, 0xE2500001 | COUNTER << 16 | COUNTER << 12);
        const uint32_t back = (uint32_t)((int32_t)(begin - p->at) / 2 - 2) & 0xFFFFFF;
        put(p, 0x1A000000 | back); /* bne */
        put(p, 0xE12FFF1E);
    }
}

static void put_call(program *p, uint32_t to) {
    put_constant(p, COUNTER, 8 + below(p, 120));
    put_constant(p, 4, below(p, 0x40));
    put_constant(p, 12, to);
    put(p, 0xE1A0E00F); /* mov lr, pc */
    put(p, 0xE12FFF1C); /* bx r12 */
}

static void put_copy(program *p, uint32_t from, uint32_t to, uint32_t n_words) {
    put_constant(p, 0, from);
    put_constant(p, 1, to);
    put_constant(p, 2, n_words);
    put(p, 0xE4903004); /* ldr r3, [r0], #4; str r3, [r1], #4; subs r2, r2, #1; bne */
    put(p, 0xE4813004);
    put(p, 0xE2522001);
    put(p, 0x1AFFFFFB);
}

static void put_begin(program *p) {
    put_constant(p, 0, 0x04000000);
    put_constant(p, 1, often(p, 3) ? 0 : below(p, 0x8000));
    put_constant(p, 2, 0x04000204);
    put(p, 0xE1C210B0); /* WAITCNT */
    put_constant(p, 1, 0x08000000 + 4 * HANDLER);
    put(p, 0xE5001004); /* the handler's address, mirrored at 03FFFFFC */
    put(p, 0xE3A01000 | below(p, 4) << 3);
    put(p, 0xE1C010B4); /* DISPSTAT */
    put(p, 0xE3A01003);
    put_constant(p, 2, 0x04000200);
    put(p, 0xE1C210B0); /* IE */
    put(p, 0xE1C210B8); /* IME */
    put_constant(p, 2, 0x04000080);
    put_constant(p, 1, 0x00800000 | (0x3300 | below(p, 0x10000)) % 0x8000 << 16 | 0x77);
    put(p, 0xE5821000); /* SOUNDCNT_H: which timers feed which FIFOs */
    put_constant(p, 1, 0x80);
    put(p, 0xE5821004); /* SOUNDCNT_X */
    put_constant(p, 2, 0x040000BC);
    for (int i = 0; i < 2; i++) { /* DMA 1 and 2: to FIFO A and B whenever they are half empty */
        put_constant(p, 1, 0x08000000);
        put(p, 0xE4821004);
        put_constant(p, 1, 0x040000A0 + 4 * (uint32_t)i);
        put(p, 0xE4821004);
        put_constant(p, 1, often(p, 3) ? 0 : 0xB6000004);
        put(p, 0xE4821004);
    }
    put_constant(p, 2, 0x04000100);
    for (int i = 0; i < 2; i++) { /* timers 0 and 1 */
        const uint32_t reload = often(p, 2) ? 0xFC00 + below(p, 0x300) : below(p, 0x10000);
        put_constant(p, 1, (0x80 | below(p, 2) << 6 | (i ? below(p, 2) << 2 : 0) | (often(p, 3) ? below(p, 4) : 0)) << 16 | reload);
        put(p, 0xE4821004);
    }
    put_constant(p, SP, 0x03007E00);
}

static void put_handler(program *p) {
    p->at = 2 * HANDLER;
    put(p, 0xE3A00404); /* mov r0, #0x04000000; add r1, r0, #0x200; ldrh r3, [r1, #2]; strh r3, [r1, #2]; bx lr */
    put(p, 0xE2801C02);
    put(p, 0xE1D130B2);
    put(p, 0xE1C130B2);
    put(p, 0xE12FFF1E);
}

static void make(program *p) {
    memset(p->word, 0, sizeof p->word);
    p->word[0] = 0xEA000000 | (CODE - 2);
    ((uint8_t *)p->word)[0xB2] = 0x96; /* of the header that every cartridge has */
    put_handler(p);
    uint32_t bodies[4];
    bool thumb[4];
    p->at = 2 * BODY;
    for (int i = 0; i < 4; i++) {
        bodies[i] = 0x08000000 + 2 * p->at;
        put_body(p, thumb[i] = often(p, 2));
    }
    const uint32_t end = 0x08000000 + 2 * p->at;
    p->at = 2 * CODE;
    put_begin(p);
    const uint32_t again = p->at;
    const uint32_t ram = often(p, 2) ? 0x03001000 : 0x02001000;
    for (int i = 0; i < 3; i++) {
        const uint32_t which = below(p, 4);
        const bool in_ram = often(p, 2);
        put_bases(p);
        if (in_ram) put_copy(p, bodies[which], ram + 0x1000 * below(p, 2), (end - bodies[which]) / 4);
        const uint32_t to = in_ram ? ram : bodies[which];
        if (in_ram && often(p, 2)) put_copy(p, bodies[which], ram, (end - bodies[which]) / 4);
        else if (in_ram) continue;
        if (in_ram && often(p, 3)) put_constant(p, BASE, to - 64 + 4 * below(p, 48)); /* writes where it runs, or just before */
        put_call(p, to | thumb[which]);
    }
    put(p, 0xEA000000 | ((uint32_t)((int32_t)(again - p->at) / 2 - 2) & 0xFFFFFF));
}

static void test_programs(void **state) {
    (void)state;
    program *p = malloc(sizeof *p);
    double took[2] = {0};
    assert_non_null(p);
    const uint64_t seed = test_seed_or(1);
    for (int k = 0; k < PROGRAMS; k++) {
        p->rng = lp_rng_make(seed, 1000 + (uint64_t)k);
        make(p);
        play_alike(p->word, sizeof p->word, &p->rng, k, STEPS, 1, took);
    }
    tell_alike(PROGRAMS, took);
    free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_programs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
