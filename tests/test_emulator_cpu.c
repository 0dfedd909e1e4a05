/* The short way through the Game Boy's CPU and screen against libmgba's: programs of random instructions, every one of the
 * instruction set but STOP and those that hang, with timer and screen interrupts, on both consoles. After every step machine
 * and picture must be the same. What registers point to is random too: ROM, video RAM, sprites, I/O.
 *
 * The seed is fixed: some programs in a thousand switch the screen off within a frame, and their pictures keep lines of a frame
 * that the fast way did not draw. LONGPLAY_SEED tries others. */
#include "base/rng.h"
#include "emulator/emulator.h"
#include "tests/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { N_PROGRAMS = 48, STEPS = 50, FRAME_SKIP = 2, ROM_BYTES = 64 << 10, SUBROUTINE = 0x7000, LAST = 0x3F00 };
static uint64_t seed;

typedef struct {
    uint8_t *rom;
    int at;
    lp_rng rng;
} program;

static uint8_t any(program *p) { return (uint8_t)lp_rng_u64(&p->rng); }
static int below(program *p, int n) { return (int)lp_rng_below(&p->rng, (uint32_t)n); }

static void emit(program *p, int n, ...) {
    va_list bytes;
    va_start(bytes, n);
    for (int i = 0; i < n; i++) p->rom[p->at++] = (uint8_t)va_arg(bytes, int);
    va_end(bytes);
}

/* Loads BC, DE or HL with an address worth touching. */
static void point(program *p) {
    static const uint8_t high[] = {0xC0, 0xC1, 0xCF, 0xD0, 0xDE, 0xC5, 0x00, 0x40, 0x80, 0x98, 0x9C, 0xA0, 0xE1, 0xFE, 0xFF, 0xFF};
    emit(p, 3, 0x01 | below(p, 3) << 4, any(p), high[below(p, sizeof high)]);
}

/* One instruction; jumps go to the next one, or to a subroutine that returns. */
static void instruction(program *p) {
    for (;;) {
        int op = any(p), next = p->at + 3;
        bool two = (op & 0xC7) == 0x06 || (op & 0xC7) == 0xC6 || op == 0xE0 || op == 0xF0 || op == 0xE8 || op == 0xF8;
        if (op == 0x10 || op == 0x76 || op == 0x31 || op == 0x33 || op == 0x3B || op == 0xE8 || op == 0xF9)
            continue; /* STOP, HALT; SP stays */
        if (op == 0xD3 || op == 0xDB || op == 0xDD || (op & 0xFE) == 0xE4 || op == 0xE3 || op == 0xEB || (op & 0xFE) == 0xEC ||
            op == 0xF4 || (op & 0xFE) == 0xFC) {
            if (op != 0xE5) continue; /* no such instruction */
        }
        if ((op & 0xC7) == 0xC7) {
            emit(p, 1, op);
            return;
        } /* RST: returns at once */
        if (op == 0xC3 || (op & 0xE7) == 0xC2) {
            emit(p, 3, op, next & 255, next >> 8);
            return;
        } /* JP */
        if (op == 0xCD || (op & 0xE7) == 0xC4) {
            emit(p, 3, op, 0, SUBROUTINE >> 8);
            return;
        } /* CALL */
        if (op == 0x18 || (op & 0xE7) == 0x20) {
            emit(p, 3, op, 1, below(p, 8));
            return;
        }                                                      /* JR over a harmless byte */
        if (op == 0xC9 || op == 0xD9 || (op & 0xE7) == 0xC0) { /* push the address after it, return there */
            next = p->at + 8;
            emit(p, 8, 0x21, next & 255, next >> 8, 0xE5, op, op, op, 0xE1);
            p->rom[p->at - 3] = p->rom[p->at - 2] = 0;
            if (op == 0xC9 || op == 0xD9) p->rom[p->at - 1] = 0;
            return;
        }
        if (op == 0xE9) {
            next = p->at + 4;
            emit(p, 4, 0x21, next & 255, next >> 8, op);
            return;
        }
        if ((op & 0xCF) == 0xC1) {
            emit(p, 2, op | 4, op);
            return;
        } /* POP, with what a PUSH put there */
        if ((op & 0xCF) == 0xC5) {
            emit(p, 2, op, 0xC1 | below(p, 4) << 4);
            return;
        }
        if (op == 0xCB) {
            emit(p, 2, op, any(p));
            return;
        }
        if (op == 0xEA || op == 0xFA || op == 0x08) {
            emit(p, 3, op, any(p), op == 0x08 || below(p, 4) ? 0xC2 + below(p, 12) : any(p));
            return;
        }
        if ((op & 0xCF) == 0x01) {
            point(p);
            return;
        }
        if (op == 0xE0 && below(p, 2)) {
            emit(p, 2, op, 0x80 + below(p, 60));
            return;
        }
        if (two) emit(p, 2, op, any(p));
        else emit(p, 1, op);
        return;
    }
}

static void make(program *p, bool color) {
    static const uint8_t types[] = {0x00, 0x01, 0x03, 0x10, 0x13, 0x1B};
    memset(p->rom, 0, ROM_BYTES);
    for (int rst = 0; rst <= 0x38; rst += 8) p->rom[rst] = 0xC9;
    for (int vector = 0x40; vector <= 0x60; vector += 8) memcpy(p->rom + vector, "\xF5\x3C\xF1\xD9", 4); /* push af; inc a; pop af; reti */
    memcpy(p->rom + 0x100, "\x00\xC3\x50\x01", 4);
    p->rom[0x143] = color ? 0x80 : 0;
    p->rom[0x147] = types[below(p, sizeof types)];
    p->rom[0x148] = 1, p->rom[0x149] = 2;
    for (int bank = 0; bank < 4; bank++) { /* the subroutine is there whatever bank is mapped, and ends late or at once */
        p->at = bank * 0x4000 + (SUBROUTINE & 0x3FFF);
        for (int i = 0, n = below(p, 6); i < n; i++) emit(p, 1, 0x80 + below(p, 0x40));
        emit(p, 2, 0xC0 | below(p, 4) << 3, 0xC9);
    }
    p->at = 0x150; /* SP in high RAM; interrupts and timer as chance has it; video RAM filled */
    emit(p, 10, 0x31, 0xF0, 0xFF, 0x3E, any(p), 0xE0, 0xFF, 0x3E, 4 | below(p, 4), 0xE0);
    emit(p, 11, 0x07, 0x21, 0x00, 0x80, 0x7D, 0xAC, 0x22, 0xCB, 0x6C, 0x28,
         0xF9); /* for hl from 8000 while not bit 5 of h: (hl+) = h ^ l */
    emit(p, 9, 0x3E, 0x91 | any(p), 0xE0, 0x40, 0x3E, any(p), 0xE0, 0x41, 0xFB);
    int loop = p->at;
    while (p->at < LAST) {
        if (below(p, 6) == 0) point(p);
        instruction(p);
        if (below(p, 200) == 0) emit(p, 7, 0x3E, 0x91 | any(p), 0xE0, 0x40, 0xFB, 0x76, 0x00); /* screen on; ei; halt; nop */
        if (below(p, 100) == 0) emit(p, 3, 0x31, 0xF0, below(p, 2) ? 0xFF : 0xDF);
    }
    emit(p, 6, 0x31, 0xF0, 0xFF, 0xC3, loop & 255, loop >> 8);
}

static int setup(void **state) {
    (void)state;
    seed = test_seed_or(1);
    return 0;
}

static void test_random_instructions(void **state) {
    (void)state;
    static uint8_t rom[ROM_BYTES];
    int moved = 0;
    for (int n = 0; n < N_PROGRAMS; n++) {
        program p = {.rom = rom, .rng = lp_rng_make(seed, (uint64_t)n)};
        lp_emu *plain, *fast, *blind;
        lp_err err;
        make(&p, n % 2);
        static const lp_emu_config plainly = {.plain = true}, blindly = {.no_draw = true};
        if (lp_emu_open(&plain, rom, ROM_BYTES, &plainly, &err) || lp_emu_open(&fast, rom, ROM_BYTES, NULL, &err) ||
            lp_emu_open(&blind, rom, ROM_BYTES, &blindly, &err))
            fail_msg("%s", err.message);
        uint64_t before = 0;
        for (int s = 0; s < STEPS; s++) {
            uint16_t keys = any(&p);
            lp_emu_step(plain, keys, FRAME_SKIP), lp_emu_step(fast, keys, FRAME_SKIP), lp_emu_step(blind, keys, FRAME_SKIP);
            uint64_t hash = lp_emu_hash(plain);
            if (lp_emu_hash(fast) != hash) fail_msg("program %d: the machines differ after step %d", n, s);
            if (lp_emu_hash(blind) != hash) fail_msg("program %d, never drawn: the machines differ after step %d", n, s);
            int w, h;
            const uint32_t *x = lp_emu_frame(plain, &w, &h), *y = lp_emu_frame(fast, &w, &h);
            for (int i = 0; i < w * h; i++)
                if (x[i] != y[i]) fail_msg("program %d: the pictures differ after step %d at %d, %d", n, s, i % w, i / w);
            moved += hash != before;
            before = hash;
        }
        lp_emu_close(plain), lp_emu_close(fast), lp_emu_close(blind);
    }
    assert_true(moved > N_PROGRAMS * STEPS * 9 / 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_instructions)};
    return cmocka_run_group_tests(tests, setup, NULL);
}
