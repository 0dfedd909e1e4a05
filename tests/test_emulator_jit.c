/* Machine code of the Game Boy's instructions against libmgba's own: programs that go round and round, so that all of it is translated, and that
 * write down all registers after every few instructions, on a stack that grows down through work RAM, so that no wrong flag or byte is
 * overwritten unseen. In them: arithmetic, loops, calls, stacks in all kinds of memory and across pages, pointers into all of it, banks of ROM that differ,
 * code in work RAM (which changes itself) and in high RAM, and a wait for an interrupt. */
#include "base/rng.h"
#include "emulator/emulator.h"
#include "tests/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum {
    N_PROGRAMS = 20,
    STEPS = 10,
    FRAME_SKIP = 4,
    ROM_BYTES = 64 << 10,
    SEGMENTS = 500,
    STACK = 0xDFF0,
    IN_RAM = 0xC800,
    IN_HRAM = 0xFFA0,
    DMA = 0xFFC0,
};

typedef struct {
    uint8_t *rom;
    int at, sp; /* where the next byte goes; SP as it is there */
    lp_rng rng;
} program;

static int below(program *p, int n) { return (int)lp_rng_below(&p->rng, (uint32_t)n); }
static int any(program *p) { return below(p, 256); }

static void emit(program *p, int n, ...) {
    va_list bytes;
    va_start(bytes, n);
    for (int i = 0; i < n; i++) p->rom[p->at++] = (uint8_t)va_arg(bytes, int);
    va_end(bytes);
}

/* Arithmetic on registers: no memory, no jump, no stack. keep_b: B is left as it is. */
static void arithmetic(program *p, bool keep_b) {
    for (;;) {
        const int op = any(p), x = op >> 3 & 7, y = op & 7;
        const bool register_pair = (op & 0xC7) == 0x03 || (op & 0xCF) == 0x09;
        if (op == 0xCB) {
            const int operation = any(p);
            if ((operation & 7) == 6 || (keep_b && !(operation & 7) && operation >> 6 != 1)) continue;
            emit(p, 2, op, operation);
            return;
        }
        if (register_pair && op != 0x33 && op != 0x3B) {
            if (keep_b && (op & 0xF7) == 0x03) continue;
            emit(p, 1, op);
            return;
        }
        if (op < 0x40 && (y == 4 || y == 5 || y == 7) && x != 6) {
            if (keep_b && x == 0 && y != 7) continue;
            emit(p, 1, op); /* INC, DEC, rotations of A, DAA, CPL, SCF, CCF */
            return;
        }
        if (op == 0x37 || op == 0x3F || op == 0x27) {
            emit(p, 1, op);
            return;
        }
        if (op < 0x40 && y == 6 && x != 6 && !(keep_b && !x)) {
            emit(p, 2, op, any(p));
            return;
        }
        if (op >= 0x40 && op < 0xC0 && y != 6 && !(op < 0x80 && (x == 6 || (keep_b && !x)))) {
            emit(p, 1, op);
            return;
        }
        if (op >= 0xC0 && y == 6) {
            emit(p, 2, op, any(p));
            return;
        }
        if (op == 0xF8) {
            emit(p, 2, op, any(p));
            return;
        }
    }
}

/* HL, BC or DE to somewhere, and what is done there. */
static void touch(program *p) {
    static const uint8_t pages[] = {0xC0, 0xC1, 0xCF, 0xD0, 0xD1, 0xFF, 0x00, 0x01, 0x3F, 0x40, 0x7F, 0x80, 0x9F, 0xA0, 0xE0, 0xFE};
    const int page = pages[below(p, sizeof pages)], low = page == 0xFF ? 0x78 + below(p, 0x18) : any(p);
    static const uint8_t reads[] = {0x7E, 0x46, 0x4E, 0x66, 0x6E, 0x56, 0x86, 0x8E, 0x96, 0x9E, 0xA6, 0xAE, 0xB6, 0xBE, 0x2A, 0x3A},
                         writes[] = {0x77, 0x70, 0x71, 0x72, 0x73, 0x74, 0x75, 0x22, 0x32, 0x34, 0x35};
    const bool changes = page >= 0x80;
    emit(p, 3, 0x21, low, page);
    switch (below(p, changes ? 6 : 3)) {
    case 0: emit(p, 1, reads[below(p, sizeof reads)]); break;
    case 1: emit(p, 2, 0xCB, 0x46 | below(p, 8) << 3); break; /* BIT */
    case 2: {
        const int pair = below(p, 2);
        emit(p, 4, 0x01 | pair << 4, low, page, 0x0A | pair << 4); /* A = (BC) or (DE) */
        break;
    }
    case 3: emit(p, 1, writes[below(p, sizeof writes)]); break;
    case 4: emit(p, 2, 0xCB, 0x06 | below(p, 8) << 3 | (below(p, 2) ? 0x80 | below(p, 2) << 6 : 0)); break;
    default: {
        const int pair = below(p, 2);
        emit(p, 4, 0x01 | pair << 4, low, page, 0x02 | pair << 4);
        if (page >= 0xC0 && page < 0xE0) emit(p, 5, 0x36, any(p), below(p, 2) ? 0xEA : 0xFA, low, page);
    }
    }
}

/* Pops and pushes where memory changes its kind or its page. */
static void stack_elsewhere(program *p) {
    static const uint16_t places[] = {0xFFFE, 0xFF82, 0xFF81, 0xFF80, 0xC100, 0xC101, 0xD000, 0xD001, 0xE000, 0xE001, 0xA002, 0x9802};
    const int at = places[below(p, sizeof places / sizeof *places)];
    emit(p, 3, 0x31, at & 255, at >> 8);
    if (below(p, 2)) emit(p, 1, 0xC1 | below(p, 4) << 4);
    emit(p, 2, 0xC5 | below(p, 4) << 4, 0xC1 | below(p, 4) << 4);
    if (below(p, 2)) emit(p, 2, 0x33 | below(p, 2) << 3, 0xC1 | below(p, 4) << 4); /* INC or DEC SP; POP */
    if (below(p, 2)) emit(p, 2, 0xE8, any(p));
    emit(p, 3, 0x31, p->sp & 255, p->sp >> 8);
}

static void loop(program *p) {
    emit(p, 2, 0x06, 1 + below(p, 5));
    const int start = p->at;
    for (int i = below(p, 4); i >= 0; i--) arithmetic(p, true);
    if (below(p, 2)) emit(p, 4, 0xEA, any(p), 0xC2, 0x05); /* (C2..) = A; DEC B */
    else emit(p, 1, 0x05);
    if (below(p, 2)) emit(p, 2, 0x20, start - (p->at + 2));
    else emit(p, 3, 0xC2, start & 255, start >> 8);
}

static void jump_over(program *p) {
    const int condition = below(p, 4) << 3;
    const bool far = below(p, 2);
    emit(p, far ? 3 : 2, (far ? 0xC2 : 0x20) | condition, 0, 0);
    const int from = p->at;
    arithmetic(p, false);
    if (far) p->rom[from - 2] = (uint8_t)p->at, p->rom[from - 1] = (uint8_t)(p->at >> 8);
    else p->rom[from - 1] = (uint8_t)(p->at - from);
}

static void call(program *p) {
    static const uint16_t places[] = {0x4000, 0x0028, 0x0068, IN_RAM, IN_HRAM, DMA};
    const int to = places[below(p, 6)];
    switch (below(p, 3)) {
    case 0: emit(p, 5, 0x3E, 1 + below(p, 3), 0xEA, 0x00, 0x20); break; /* another bank */
    case 1:
        emit(p, 8, 0xFA, (IN_RAM + 1) & 255, IN_RAM >> 8, 0xC6, any(p), 0xEA, (IN_RAM + 1) & 255, IN_RAM >> 8);
        break; /* other code in RAM */
    default: emit(p, 4, 0xF5, 0x3E, any(p), 0xF1);
    }
    if (to == 0x28) emit(p, 1, 0xEF); /* RST 28 */
    else emit(p, 3, below(p, 2) ? 0xCD : 0xC4 | below(p, 4) << 3, to & 255, to >> 8);
}

static void routine(program *p) {
    for (int i = below(p, 4); i >= 0; i--) arithmetic(p, false);
    emit(p, 2, 0xC0 | below(p, 4) << 3, 0xC9); /* RET on a condition; RET */
}

/* Until the interrupt has been: in a loop that may be skipped; in one that counts in memory, behind a jump; while ROM is read and sound written. */
static void wait(program *p, int kind) {
    emit(p, 3, 0xAF, 0xE0, 0x90); /* (FF90) = 0 */
    const int start = p->at + 3;
    emit(p, 3, 0x21, 0x00, kind == 2 ? 0x01 : 0xC3); /* HL */
    if (kind == 1) emit(p, 3, 0x34, 0x18, 0x00);     /* INC (HL); JR to what follows */
    if (kind == 2) {
        emit(p, 2, 0x0E, 0x30);
        for (int i = 0; i < 12; i++) emit(p, 3, 0x2A, 0xE2, 0x0C); /* A = (HL+); (FF00 + C) = A; INC C */
    }
    emit(p, 3, 0xF0, 0x90, 0xA7); /* A = (FF90); AND A */
    emit(p, 2, 0x28, start - (p->at + 2));
}

static void copy_to(program *p, int from, int to, int n) { /* HL, DE, C */
    emit(p, 8, 0x21, from & 255, from >> 8, 0x11, to & 255, to >> 8, 0x0E, n);
    emit(p, 6, 0x2A, 0x12, 0x13, 0x0D, 0x20, 0xFA);
}

static void make(program *p, bool color) {
    memset(p->rom, 0, ROM_BYTES);
    for (int bank = 1; bank < 4; bank++) p->at = bank * 0x4000, routine(p);
    p->at = 0x28, emit(p, 3, 0x3C, 0x07, 0xC9);
    p->at = 0x40, emit(p, 7, 0xF5, 0x3E, 0x01, 0xE0, 0x90, 0xF1, 0xD9); /* push af; (FF90) = 1; pop af; reti */
    p->at = 0x68, routine(p);
    memcpy(p->rom + 0x100, "\x00\xC3\x50\x01", 4);
    p->rom[0x143] = color ? 0x80 : 0;
    p->rom[0x147] = 3, p->rom[0x148] = 1, p->rom[0x149] = 2;
    p->at = 0x3F00, emit(p, 2, 0xC6, 0x00), routine(p); /* ADD A, n: n is changed where it runs */
    p->at = 0x3F40, routine(p);
    p->at = 0x3F80; /* sprites are copied; meanwhile work RAM and ROM are out of reach */
    emit(p, 15, 0x3E, 0xC1, 0xE0, 0x46, 0xFA, 0x23, 0xC1, 0x47, 0xFA, 0x23, 0x01, 0x4F, 0x3E, 0x28, 0x3D);
    emit(p, 3, 0x20, 0xFD, 0xC9);
    p->at = 0x150;
    copy_to(p, 0x3F00, IN_RAM, 32), copy_to(p, 0x3F40, IN_HRAM, 32), copy_to(p, 0x3F80, DMA, 18);
    emit(p, 9, 0x3E, 0x91, 0xE0, 0x40, 0x3E, 0x01, 0xE0, 0xFF, 0xFB); /* screen on; its interrupt */
    const int again = p->at;
    emit(p, 3, 0x31, (p->sp = STACK) & 255, STACK >> 8);
    for (int i = 0; i < SEGMENTS && p->at < 0x3E00; i++) {
        static void (*const kinds[])(program *) = {touch, touch, stack_elsewhere, loop, loop, jump_over, jump_over, call};
        for (int k = below(p, 4); k > 0; k--) arithmetic(p, false);
        kinds[below(p, sizeof kinds / sizeof *kinds)](p);
        emit(p, 4, 0xF5, 0xC5, 0xD5, 0xE5); /* written down */
        p->sp -= 8;
    }
    wait(p, below(p, 3));
    emit(p, 3, 0xC3, again & 255, again >> 8);
}

static void test_rounds(void **state) {
    (void)state;
    const uint64_t seed = test_seed_or(1);
    static const lp_model models[] = {LP_MODEL_DMG, LP_MODEL_CGB, LP_MODEL_SGB, LP_MODEL_AGB};
    static uint8_t rom[ROM_BYTES];
    for (int n = 0; n < N_PROGRAMS; n++) {
        program p = {.rom = rom, .rng = lp_rng_make(seed, (uint64_t)n)};
        const lp_model model = models[n % 4];
        make(&p, n % 3);
        const lp_emu_config plainly = {.plain = true, .model = model}, fast = {.model = model};
        lp_emu *a = NULL, *b = NULL, *c = NULL; /* the third meets the second's machine code ready made */
        lp_err err;
        if (lp_emu_open(&a, rom, ROM_BYTES, &plainly, &err) || lp_emu_open(&b, rom, ROM_BYTES, &fast, &err) ||
            lp_emu_open(&c, rom, ROM_BYTES, &fast, &err))
            fail_msg("%s", err.message);
        for (int s = 0; s < STEPS; s++) {
            lp_emu_step(a, 0, FRAME_SKIP), lp_emu_step(b, 0, FRAME_SKIP), lp_emu_step(c, 0, FRAME_SKIP);
            const uint64_t hash = lp_emu_hash(a);
            for (uint32_t at = 0xC000; lp_emu_hash(b) != hash && at < 0x10000; at++)
                if (lp_emu_read8(a, at) != lp_emu_read8(b, at))
                    fail_msg("program %d, step %d: %04x is %02x, should be %02x", n, s, at, lp_emu_read8(b, at), lp_emu_read8(a, at));
            if (lp_emu_hash(b) != hash || lp_emu_hash(c) != hash) fail_msg("program %d: the machines differ after step %d", n, s);
        }
        lp_emu_close(a), lp_emu_close(b), lp_emu_close(c);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_rounds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
