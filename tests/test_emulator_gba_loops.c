/* Loops of a Game Boy Advance that wait for something to happen, in random programs: a line of the screen, a timer, an interrupt, a key; they count
 * meanwhile, write, or go to and fro between instruction sets, while sound plays, or sleep until an interrupt. Played plain and fast, and by a third that loads states now and then:
 * after every step the machines must be equal. */
#include "tests/gba_alike.h"
#include "tests/seed.h"

#include <string.h>

#ifdef __SANITIZE_ADDRESS__
enum { PROGRAMS = 30 };
#else
enum { PROGRAMS = 150 };
#endif
enum { STEPS = 20, ROM_WORDS = 0x400, CODE = 0xC0 / 4, HANDLER = 0x300, LOOPS = 5 };
/* What the programs keep where: I/O, work RAM, timers and keys, interrupts; what was read, three counters. */
enum { IO = 0, RAM = 2, TIMERS = 4, INTERRUPTS = 5, READ = 1, COUNTERS = 8 };
enum { EQ = 0, NE = 1, LT = 0xB, ALWAYS = 0xE };

typedef struct {
    uint32_t word[ROM_WORDS];
    uint32_t at;
    lp_rng rng;
} program;

static uint32_t below(program *p, uint32_t n) { return lp_rng_below(&p->rng, n); }

static void put(program *p, uint32_t instruction) { p->word[p->at++] = instruction; }

static void put_load16(program *p, uint32_t to, uint32_t base, uint32_t offset) {
    put(p, 0xE1D000B0 | base << 16 | to << 12 | (offset >> 4) << 8 | (offset & 15));
}

static void put_store16(program *p, uint32_t from, uint32_t base, uint32_t offset) {
    put(p, 0xE1C000B0 | base << 16 | from << 12 | (offset >> 4) << 8 | (offset & 15));
}

static void put_branch(program *p, uint32_t condition, uint32_t to) {
    put(p, condition << 28 | 0x0A000000 | ((to - p->at - 2) & 0xFFFFFF));
}

/* ldr to, [pc]; b over the word; the word */
static void put_constant(program *p, uint32_t to, uint32_t value) { put(p, 0xE59F0000 | to << 12), put(p, 0xEA000000), put(p, value); }

/* Timers that feed FIFOs, which DMA 1 and 2 fill, or not; and others that only run. */
static void put_sound(program *p) {
    put_constant(p, 6, 0x04000080);
    put_constant(p, READ, (0x3300 | below(p, 0x10000)) % 0x8000 << 16 | 0x77);
    put(p, 0xE5861000); /* str READ, [r6]: SOUNDCNT_H, which timers feed which FIFOs */
    put_constant(p, READ, 0x80);
    put(p, 0xE5861004); /* SOUNDCNT_X */
    put_constant(p, 6, 0x040000BC);
    for (int i = 0; i < 2; i++) {
        const uint32_t dma[] = {0x08000000, 0x040000A0 + 4 * (uint32_t)i, below(p, 4) ? 0xB6000004 : 0};
        for (int k = 0; k < 3; k++) put_constant(p, READ, dma[k]), put(p, 0xE4861004); /* str READ, [r6], #4 */
    }
    put_constant(p, 6, 0x04000100);
    for (int i = 0; i < 4; i++) { /* with interrupts, counting others up, from time to time */
        const uint32_t often = 0xFA00 + below(p, 0x500),
                       control = (below(p, 8) ? 0x80 : 0) | (below(p, 6) ? 0 : 0x40) | (i && !below(p, 4) ? 4 : 0);
        put_constant(p, READ, (control | (below(p, 3) ? 0 : below(p, 4))) << 16 | (below(p, 2) ? often : below(p, 0x10000)));
        put(p, 0xE4861004);
    }
}

static void put_begin(program *p, bool is_in_ram) {
    enum { VBLANK = 1, HBLANK = 2, LINE = 4, TIMERS_AND_KEYS = 0x1078 };
    put(p, 0xE3A00404);                          /* mov IO, #0x04000000 */
    put(p, 0xE3A02403);                          /* mov RAM, #0x03000000 */
    put(p, 0xE2804C01);                          /* add TIMERS, IO, #0x100 */
    put(p, 0xE2805C02);                          /* add INTERRUPTS, IO, #0x200 */
    put(p, is_in_ram ? 0xE3A07402 : 0xE3A07302); /* mov r7, #where the program lies */
    put(p, 0xE2877B03);                          /* add r7, r7, #HANDLER * 4 */
    put(p, 0xE5007004);                          /* str r7, [IO, #-4] */
    const uint32_t calls = (below(p, 2) ? VBLANK : 0) | (below(p, 5) ? 0 : HBLANK) | (below(p, 3) ? 0 : LINE);
    put_constant(p, READ, below(p, 256) << 8 | calls << 3);
    put_store16(p, READ, IO, 4); /* DISPSTAT: an interrupt at the end of the picture, of each line, at a line; or none */
    put_constant(p, READ, VBLANK | calls | (below(p, 2) ? TIMERS_AND_KEYS : 0));
    put_store16(p, READ, INTERRUPTS, 0); /* IE */
    put(p, 0xE3A01001);                  /* mov READ, #1 */
    put_store16(p, READ, INTERRUPTS, 8); /* IME */
    put_constant(p, READ, 0x4000 | below(p, 0x400));
    put_store16(p, READ, TIMERS, 0x32); /* KEYCNT */
    if (below(p, 3)) {
        put_sound(p);
    } else {
        put(p, 0xE3A01080 | below(p, 2)); /* timer 0 runs, with every cycle or every 64th */
        put_store16(p, READ, TIMERS, 2);
    }
    const uint32_t here = p->at;
    p->at = HANDLER;
    put(p, 0xE3A00404);
    put(p, 0xE2801C02);     /* add r1, r0, #0x200 */
    put_load16(p, 3, 1, 2); /* IF: seen */
    put_store16(p, 3, 1, 2);
    put(p, 0xE3A01403); /* mov r1, #0x03000000 */
    put(p, 0xE5913000); /* ldr r3, [r1]; add r3, r3, #1; str r3, [r1]; bx lr */
    put(p, 0xE2833001);
    put(p, 0xE5813000);
    put(p, 0xE12FFF1E);
    p->at = here;
}

/* Something that a waiting loop does, or that none does. */
static void put_something(program *p) {
    const uint32_t counter = COUNTERS + below(p, 3);
    switch (below(p, 16)) {
    case 13: put(p, 0xEF020000); break;                                /* swi: Halt */
    case 0: put(p, 0xE2800001 | counter << 16 | counter << 12); break; /* add counter, counter, #1 */
    case 1: put(p, 0xE2200001 | counter << 16 | counter << 12); break; /* eor: there and back in two rounds */
    case 2: put_load16(p, 3, TIMERS, 0); break;
    case 3: put(p, 0xE5800010 | RAM << 16 | counter << 12); break; /* str counter, [RAM, #16] */
    case 4: put(p, 0xE92D0006); break;                             /* push {r1, r2}: runs away over time */
    case 5: /* add r6, pc, #1; bx r6; in Thumb: add r3, pc, #0; bx r3 */ put(p, 0xE28F6001), put(p, 0xE12FFF16), put(p, 0x4718A300); break;
    case 6: put(p, 0xE1A03001 | counter << 12); break; /* mov r3, READ */
    case 7: put_load16(p, 3, INTERRUPTS, 2); break;
    case 8: put(p, 0xE5903000); break;                      /* ldr r3, [IO]: DISPCNT and what is beside it */
    case 9: put(p, 0xE59F3000); break;                      /* ldr r3, [pc]: from ROM */
    case 10: put(p, 0xE8920018), put(p, 0xE2804C01); break; /* ldm RAM, {r3, TIMERS}; TIMERS as they were */
    case 11: put(p, 0xE92D0006), put(p, 0xE8BD0006); break; /* push {r1, r2}; pop {r1, r2} */
    case 12: /* ldr r3, [RAM, #16]; add r3, r3, #1; str r3, [RAM, #16]; mov r3, #0: counts where no register shows it */
        put(p, 0xE5923010), put(p, 0xE2833001), put(p, 0xE5823010), put(p, 0xE3A03000);
        break;
    default: put(p, 0xE1A00000); break; /* nothing */
    }
}

/* Until a line of the screen, an interrupt's count, a key, a count of its own, or the timer. */
static void put_loop(program *p) {
    const uint32_t from = p->at, counter = COUNTERS + below(p, 3);
    for (uint32_t n = below(p, 3); n; n--) put_something(p);
    switch (below(p, 6)) {
    case 0:
        put_load16(p, READ, IO, 6);
        put(p, 0xE3510000 | below(p, 240));
        put_branch(p, NE, from);
        break;
    case 1:
        put_load16(p, READ, IO, 4); /* in the picture's end, or out of it */
        put(p, 0xE3110001);
        put_branch(p, below(p, 2), from);
        break;
    case 2:
        put(p, 0xE5901000 | RAM << 16); /* ldr READ, [RAM]; tst READ, #a bit */
        put(p, 0xE3110000 | 1u << below(p, 2));
        put_branch(p, below(p, 2), from);
        break;
    case 3:
        put_load16(p, READ, TIMERS, 0x30);
        put(p, 0xE3110000 | 1u << below(p, 4));
        put_branch(p, below(p, 2), from);
        break;
    case 4:
        put(p, 0xE2800001 | counter << 16 | counter << 12);
        put(p, 0xE3100000 | counter << 16 | 1u << below(p, 8));
        put_branch(p, EQ, from);
        break;
    default:
        put_load16(p, READ, TIMERS, 0);
        put(p, 0xE3510A02 | below(p, 4)); /* cmp READ, #some 0x2000 */
        put_branch(p, LT, from);
        break;
    }
    put(p, 0xE2800001 | COUNTERS << 16 | COUNTERS << 12); /* that it was passed, and where: in the machine for good */
    put(p, 0xE5800020 | RAM << 16 | COUNTERS << 12);
}

static void make(program *p) {
    memset(p->word, 0, sizeof p->word);
    p->word[0] = 0xEA000000 | (CODE - 2);
    ((uint8_t *)p->word)[0xB2] = 0x96; /* of the header that every cartridge has */
    p->at = CODE;
    const bool is_in_ram = !below(p, 4); /* a program that is in RAM from the start, and no ROM, begins with a branch */
    if (is_in_ram) {
        put_branch(p, ALWAYS, CODE + 5);
        p->at = CODE + 5;
    }
    put_begin(p, is_in_ram);
    const uint32_t first = p->at;
    for (int i = 0; i < LOOPS; i++) put_loop(p);
    put_branch(p, ALWAYS, first);
}

static void test_loops(void **state) {
    (void)state;
    program *p = malloc(sizeof *p);
    double took[2] = {0};
    assert_non_null(p);
    p->rng = lp_rng_make(test_seed_or(1), 77);
    for (int k = 0; k < PROGRAMS; k++) {
        make(p);
        play_alike(p->word, sizeof p->word, &p->rng, k, STEPS, 2, took);
    }
    tell_alike(PROGRAMS, took);
    free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
