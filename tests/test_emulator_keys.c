/* Games that look at the keys again and again: random programs of loops that select rows, read them, call, count, wait for a line or for a key, with
 * and without the keypad's interrupt, on each kind of Game Boy. Played plain and fast with random keys, and by a third that loads
 * states now and then: after every step the machines must be equal. */
#include "base/rng.h"
#include "emulator/emulator.h"
#include "tests/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__
enum { PROGRAMS = 24 };
#else
enum { PROGRAMS = 120 };
#endif
enum { STEPS = 24, ROM_BYTES = 32 << 10, CODE = 0x150, HANDLER = 0x3000, PADS = 0x3100, N_EMUS = 3, LOOPS = 6 };

typedef struct {
    uint8_t rom[ROM_BYTES];
    int at;
    lp_rng rng;
} program;

static int below(program *p, int n) { return (int)lp_rng_below(&p->rng, (uint32_t)n); }

static void emit(program *p, int n, ...) {
    va_list bytes;
    va_start(bytes, n);
    for (int i = 0; i < n; i++) p->rom[p->at++] = (uint8_t)va_arg(bytes, int);
    va_end(bytes);
}

/* Selects rows, reads them some times: what is pressed lies in A. */
static void put_pads(program *p) {
    static const uint8_t rows[] = {0x00, 0x10, 0x20, 0x30, 0xFF, 0x1F};
    emit(p, 4, 0x3E, rows[below(p, sizeof rows)], 0xE0, 0x00); /* ld a, rows; ldh (JOYP), a */
    for (int n = below(p, 4); n; n--) emit(p, 2, 0xF0, 0x00);  /* ldh a, (JOYP) */
    if (below(p, 3)) emit(p, 2, 0xF0, 0x00);
    if (below(p, 2)) emit(p, 4, 0x3E, 0x30, 0xE0, 0x00);
}

/* Both rows, as compilers' libraries read them: into A, B is lost. */
static void put_library(program *p) {
    p->at = PADS;
    emit(p, 8, 0x3E, 0x20, 0xE0, 0x00, 0xF0, 0x00, 0xF0, 0x00);
    emit(p, 6, 0x2F, 0xE6, 0x0F, 0xCB, 0x37, 0x47); /* cpl; and 15; swap a; ld b, a */
    emit(p, 8, 0x3E, 0x10, 0xE0, 0x00, 0xF0, 0x00, 0xF0, 0x00);
    emit(p, 4, 0x2F, 0xE6, 0x0F, 0xB0); /* cpl; and 15; or b */
    emit(p, 7, 0x47, 0x3E, 0x30, 0xE0, 0x00, 0x78, 0xC9);
}

static void put_loop(program *p) {
    const int from = p->at;
    switch (below(p, 4)) {
    case 0: emit(p, 3, 0xCD, PADS & 0xFF, PADS >> 8); break;
    case 1: put_pads(p), put_pads(p); break;
    default: put_pads(p); break;
    }
    if (!below(p, 4)) emit(p, 1, 0x04 | below(p, 4) << 3);         /* inc b, c, d or e */
    if (!below(p, 5)) emit(p, 3, 0xEA, 0x10, 0xC0);                /* ld (C010), a */
    if (!below(p, 6)) emit(p, 2, 0xF5, 0xF1);                      /* push af; pop af */
    if (!below(p, 6)) emit(p, 2, 0xF0, below(p, 2) ? 0x0F : 0x04); /* IF, or DIV */
    const int back = below(p, 2) ? 0x20 : 0x28;                    /* jr nz, or jr z */
    switch (below(p, 4)) {
    case 0: emit(p, 2, 0xE6, 1 << below(p, 4)); break;          /* and a key */
    case 1: emit(p, 4, 0xF0, 0x44, 0xFE, below(p, 154)); break; /* ldh a, (LY); cp n */
    case 2: emit(p, 4, 0xF0, 0x00, 0xFE, 0xCF | below(p, 3) << 4); break;
    default: emit(p, 1, 0x15); break; /* dec d */
    }
    emit(p, 2, back, from - p->at - 2);
    emit(p, 4, 0x21, 0x00, 0xC0, 0x34); /* ld hl, C000; inc (hl): that it was passed, in the machine for good */
}

static void make(program *p) {
    memset(p->rom, 0, sizeof p->rom);
    p->rom[0x143] = below(p, 2) ? 0x80 : 0; /* a Game Boy Color's, or not */
    p->rom[0x146] = below(p, 4) ? 0 : 3;    /* a Super Game Boy's */
    p->rom[0x14B] = 0x33;
    for (int v = 0x40; v <= 0x60; v += 8) p->at = v, emit(p, 3, 0xC3, HANDLER & 0xFF, HANDLER >> 8);
    p->at = HANDLER;
    emit(p, 9, 0xF5, 0xFA, 0x20, 0xC0, 0x3C, 0xEA, 0x20, 0xC0, 0xF1); /* counts in C020 */
    emit(p, 1, 0xD9);
    put_library(p);
    p->at = 0x100;
    emit(p, 4, 0x00, 0xC3, CODE & 0xFF, CODE >> 8);
    p->at = CODE;
    emit(p, 3, 0x31, 0xFE, 0xDF);               /* ld sp, DFFE */
    emit(p, 4, 0x3E, below(p, 32), 0xE0, 0xFF); /* IE */
    emit(p, 1, below(p, 2) ? 0xFB : 0xF3);
    const int first = p->at;
    for (int i = 0; i < LOOPS; i++) put_loop(p);
    emit(p, 3, 0xC3, first & 0xFF, first >> 8);
    uint8_t sum = 0;
    for (int i = 0x134; i <= 0x14C; i++) sum = (uint8_t)(sum - p->rom[i] - 1);
    p->rom[0x14D] = sum;
}

static void test_loops(void **state) {
    (void)state;
    static const lp_model models[] = {LP_MODEL_AUTO, LP_MODEL_DMG, LP_MODEL_SGB, LP_MODEL_CGB};
    program *p = malloc(sizeof *p);
    assert_non_null(p);
    p->rng = lp_rng_make(test_seed_or(1), 78);
    for (int k = 0; k < PROGRAMS; k++) {
        lp_emu *emus[N_EMUS];
        lp_err err;
        make(p);
        const lp_model model = models[k % 4];
        const lp_emu_config plain = {.plain = true, .model = model}, fast = {.model = model};
        for (int i = 0; i < N_EMUS; i++)
            if (lp_emu_open(&emus[i], p->rom, sizeof p->rom, i ? &fast : &plain, &err)) fail_msg("%s", err.message);
        unsigned char *saved = malloc(lp_emu_state_size(emus[0]));
        assert_non_null(saved);
        uint16_t keys = 0;
        for (int s = 0; s < STEPS; s++) {
            if (below(p, 2)) keys = below(p, 3) ? (uint16_t)below(p, 1 << LP_N_KEYS) : 0;
            for (int i = 0; i < N_EMUS; i++) lp_emu_step(emus[i], keys, 2);
            for (int i = 1; i < N_EMUS; i++)
                if (lp_emu_hash(emus[0]) != lp_emu_hash(emus[i])) fail_msg("program %d, step %d: machine %d differs", k, s, i);
            if (below(p, 4)) continue;
            lp_emu_state_save(emus[below(p, 2)], saved);
            lp_emu_step(emus[2], 0, 1 + below(p, 3));
            if (lp_emu_state_load(emus[2], saved, lp_emu_state_size(emus[2]), &err)) fail_msg("%s", err.message);
        }
        for (int i = 0; i < N_EMUS; i++) lp_emu_close(emus[i]);
        free(saved);
    }
    free(p);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_loops)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
