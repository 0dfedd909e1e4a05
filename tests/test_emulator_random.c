/* Random programs on the emulator: loops of random accesses to sound, timer, video, serial, DMA and bank registers, made
 * here from a seed, which find the corners that games rarely visit. Plain and fast emulation must give the same machine,
 * picture and state after every step, and a loaded state must go on as the run it was taken from. The seed is fixed, for the
 * reason told in test_emulator_cpu.c; LONGPLAY_SEED tries others. */
#include "base/rng.h"
#include "emulator/emulator.h"
#include "tests/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { STEPS = 40, FRAME_SKIP = 3, N_GB_PROGRAMS = 24, N_GBA_PROGRAMS = 6, GB_ROM_BYTES = 64 << 10, GBA_ROM_BYTES = 16 << 10 };
static uint64_t seed;

typedef struct {
    uint8_t *rom;
    size_t at;
    lp_rng rng;
} assembler;

static uint8_t random_byte(assembler *a) { return (uint8_t)lp_rng_u64(&a->rng); }

static void emit(assembler *a, int n, ...) {
    va_list bytes;
    va_start(bytes, n);
    for (int i = 0; i < n; i++) a->rom[a->at++] = (uint8_t)va_arg(bytes, int);
    va_end(bytes);
}

/* A register worth writing or reading: mostly sound, then the rest. */
static uint8_t gb_register(assembler *a) {
    static const uint8_t others[] = {0x00, 0x01, 0x02, 0x04, 0x05, 0x06, 0x07, 0x0F, 0x40, 0x41, 0x42, 0x43, 0x45, 0x47, 0x48, 0x49, 0x4A,
                                     0x4B, 0x4F, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x68, 0x69, 0x6A, 0x6B, 0x70, 0x76, 0x77, 0xFF};
    return lp_rng_below(&a->rng, 2) ? (uint8_t)(0x10 + lp_rng_below(&a->rng, 0x30)) : others[lp_rng_below(&a->rng, sizeof others)];
}

static void gb_action(assembler *a) {
    int high = 0xC0 + (int)lp_rng_below(&a->rng, 0x1E), low = random_byte(a);
    static const uint8_t moving[] = {0x44, 0x44, 0x41, 0x04}; /* LY, STAT, DIV */
    int reg = moving[lp_rng_below(&a->rng, sizeof moving)];
    switch (lp_rng_below(&a->rng, 17)) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 4: emit(a, 4, 0x3E, random_byte(a), 0xE0, gb_register(a)); break; /* register = random */
    case 5:
    case 6:
    case 7: emit(a, 5, 0xF0, gb_register(a), 0xEA, low, high); break;                                        /* RAM = register */
    case 8: emit(a, 4, 0x3E, lp_rng_below(&a->rng, 2) ? 0x80 : 0x00, 0xE0, 0x26); break;                     /* sound on, off */
    case 9: emit(a, 4, 0x3E, 0x80 | random_byte(a), 0xE0, 0x14 + 5 * (int)lp_rng_below(&a->rng, 4)); break;  /* restart a channel */
    case 10: emit(a, 5, 0x06, random_byte(a), 0x05, 0x20, 0xFD); break;                                      /* wait */
    case 11: emit(a, 3, lp_rng_below(&a->rng, 2) ? 0xFB : 0xF3, 0x76, 0x00); break;                          /* ei or di; halt; nop */
    case 12: emit(a, 5, 0x3E, random_byte(a), 0xEA, low, 0x80 + (int)lp_rng_below(&a->rng, 0x20)); break;    /* video RAM */
    case 13: emit(a, 5, 0x3E, random_byte(a), 0xEA, low % 0xA0, 0xFE); break;                                /* a sprite */
    case 14: emit(a, 10, 0x3E, 0x0A, 0xEA, 0, 0, 0x3E, random_byte(a), 0xEA, low, 0xA0 + low % 0x20); break; /* cartridge RAM */
    case 15: /* screen on, without its interrupts; wait until a register changes, and until it changes again */
        emit(a, 7, 0x3E, 0x91, 0xE0, 0x40, 0xAF, 0xE0, 0x41);
        for (int i = 0; i < 2; i++) emit(a, 8, 0xF0, reg, 0x47, 0xF0, reg, 0xB8, 0x28, 0xFB);
        break;
    default: emit(a, 5, 0x3E, random_byte(a), 0xEA, 0, 0x20 + (int)lp_rng_below(&a->rng, 0x40)); break; /* bank switch */
    }
}

/* A cartridge of that type, whose program is emitted next. */
static void begin_gb(assembler *a, bool color, uint8_t type, uint8_t ram) {
    memset(a->rom, 0, GB_ROM_BYTES);
    for (int vector = 0x40; vector <= 0x60; vector += 8) memcpy(a->rom + vector, "\xF5\x3E\x5A\xF1\xD9", 5); /* push af; ...; reti */
    memcpy(a->rom + 0x38, "\xC3\x50\x01", 3);
    memcpy(a->rom + 0x100, "\x00\xC3\x50\x01", 4);
    a->rom[0x143] = color ? 0x80 : 0x00;
    a->rom[0x147] = type;
    a->rom[0x148] = 1;
    a->rom[0x149] = ram;
    a->at = 0x150;
}

static void make_gb(assembler *a, bool color) {
    static const uint8_t types[] = {0x00, 0x02, 0x06, 0x10, 0x1B, 0x20, 0x22, 0xFC, 0xFD, 0xFE, 0xFF};
    const uint8_t type = types[lp_rng_below(&a->rng, sizeof types)];
    begin_gb(a, color, type, (uint8_t)lp_rng_below(&a->rng, 4));
    emit(a, 8, 0x31, 0xF0, 0xFF, 0x3E, random_byte(a), 0xE0, 0xFF, 0xFB);
    size_t loop = a->at;
    for (int i = 0, n = 20 + (int)lp_rng_below(&a->rng, 300); i < n; i++) gb_action(a);
    emit(a, 3, 0xC3, (int)(loop & 0xFF), (int)(loop >> 8));
}

/* Waits for one register after the other, in loops that look at a second one too: sooner or later an event falls between the two looks. */
static void make_gb_waiting(assembler *a, bool color) {
    static const uint8_t moving[] = {0x44, 0x41, 0x04, 0x05}; /* LY, STAT, DIV, TIMA */
    static const int delays[] = {0, 9, 40};
    begin_gb(a, color, 0, 0);
    emit(a, 11, 0x31, 0xF0, 0xFF, 0x3E, 0x91, 0xE0, 0x40, 0x3E, 0x05, 0xE0, 0x07); /* screen and timer on */
    size_t loop = a->at;
    for (size_t i = 0; i < 4 * 4 * sizeof delays / sizeof *delays; i++) {
        const int delay = delays[i / 16];
        emit(a, 3, 0xF0, moving[i % 4], 0x47);                        /* b = register */
        emit(a, 5, 0xF0, moving[i % 4], 0xB8, 0x20, 6 + delay);       /* again: has it changed? go on */
        emit(a, 4, 0xF0, moving[i / 4 % 4], 0x3E, 0x00);              /* the other, which does not matter */
        for (int k = 0; k < delay; k++) emit(a, 1, 0x00);             /* nop */
        emit(a, 2, 0x18, 0x100 - (11 + delay));                       /* jr again */
        emit(a, 8, 0xF0, 0x04, 0xEA, (int)i, 0xC0, 0x21, 0x80, 0xC0); /* when: DIV into RAM; hl = C080 */
        emit(a, 1, 0x34);                                             /* count it */
    }
    emit(a, 3, 0xC3, (int)(loop & 0xFF), (int)(loop >> 8));
}

static void emit32(assembler *a, uint32_t word) {
    for (int i = 0; i < 4; i++) a->rom[a->at++] = (uint8_t)(word >> 8 * i);
}

static void gba_load(assembler *a, uint32_t number, uint32_t value) {
    emit32(a, 0xE59F0000 | number << 12); /* ldr rN, [pc]: the word after the next */
    emit32(a, 0xEA000000);                /* b over it */
    emit32(a, value);
}

static void gba_action(assembler *a) {
    uint32_t reg = lp_rng_below(&a->rng, 3) ? 0x60 + 2 * lp_rng_below(&a->rng, 0x20) : 2 * lp_rng_below(&a->rng, 0x108);
    uint32_t kind = lp_rng_below(&a->rng, 12);
    if (kind < 5) { /* register = random */
        gba_load(a, 0, 0x04000000 + reg);
        gba_load(a, 1, (uint32_t)lp_rng_u64(&a->rng));
        emit32(a, 0xE1C010B0); /* strh r1, [r0] */
    } else if (kind < 9) {     /* RAM = register */
        gba_load(a, 0, 0x04000000 + reg);
        gba_load(a, 2, 0x02000000 + 2 * lp_rng_below(&a->rng, 0x8000));
        emit32(a, 0xE1D010B0); /* ldrh r1, [r0] */
        emit32(a, 0xE1C210B0); /* strh r1, [r2] */
    } else if (kind < 10) {    /* video RAM, palette, sprites */
        gba_load(a, 0, 0x05000000 + 0x01000000 * lp_rng_below(&a->rng, 3) + 4 * lp_rng_below(&a->rng, 0x100));
        gba_load(a, 1, (uint32_t)lp_rng_u64(&a->rng));
        emit32(a, 0xE5801000); /* str r1, [r0] */
    } else if (kind < 11) {    /* save memory: which kind it is, libmgba finds out by what is done */
        gba_load(a, 0, 0x0E000000 + lp_rng_below(&a->rng, 0x10000));
        gba_load(a, 1, (uint32_t)lp_rng_u64(&a->rng));
        emit32(a, lp_rng_below(&a->rng, 2) ? 0xE5C01000 : 0xE5D01000); /* strb or ldrb */
    } else {                                                           /* wait until the next line */
        gba_load(a, 0, 0x04000006);
        emit32(a, 0xE1D010B0), emit32(a, 0xE1D020B0), emit32(a, 0xE1510002), emit32(a, 0x0AFFFFFC);
    }
}

static void make_gba(assembler *a) {
    memset(a->rom, 0, GBA_ROM_BYTES);
    a->at = 0;
    emit32(a, 0xEA00002E); /* b C0 */
    a->rom[0xB2] = 0x96;
    a->at = 0xC0;
    for (int i = 0, n = 20 + (int)lp_rng_below(&a->rng, 200); i < n; i++) gba_action(a);
    int32_t back = (int32_t)(0xC0 - (a->at + 8)) / 4;
    emit32(a, 0xEA000000 | ((uint32_t)back & 0xFFFFFF));
}

typedef struct {
    lp_emu *plain, *fast, *loaded;
    unsigned char *a, *b;
    size_t bytes;
} players;

static void open_players(players *p, const uint8_t *rom, size_t bytes, lp_model model) {
    const lp_emu_config plain = {.plain = true, .model = model}, fast = {.model = model};
    lp_err err;
    if (lp_emu_open(&p->plain, rom, bytes, &plain, &err) || lp_emu_open(&p->fast, rom, bytes, &fast, &err) ||
        lp_emu_open(&p->loaded, rom, bytes, &fast, &err))
        fail_msg("%s", err.message);
    p->bytes = lp_emu_state_size(p->fast);
    p->a = malloc(p->bytes), p->b = malloc(p->bytes);
}

static void close_players(players *p) {
    lp_emu_close(p->plain), lp_emu_close(p->fast), lp_emu_close(p->loaded);
    free(p->a), free(p->b);
}

static bool same_picture(const lp_emu *a, const lp_emu *b) {
    int w, h;
    const uint32_t *x = lp_emu_frame(a, &w, &h), *y = lp_emu_frame(b, &w, &h);
    return !memcmp(x, y, (size_t)(w * h) * sizeof *x);
}

static void play_and_compare(const assembler *a, size_t bytes, lp_model model, int program, const char *what) {
    players p;
    lp_rng rng = a->rng;
    lp_err err;
    open_players(&p, a->rom, bytes, model);
    for (int s = 0; s < STEPS; s++) {
        if (s % 8 == 3) { /* the third has been playing other keys since the last load */
            lp_emu_state_save(p.plain, p.a);
            lp_emu_state_save(p.fast, p.b);
            if (memcmp(p.a, p.b, p.bytes)) fail_msg("%s program %d: states of plain and fast differ before step %d", what, program, s);
            if (lp_emu_state_load(p.loaded, p.a, p.bytes, &err)) fail_msg("%s program %d: %s", what, program, err.message);
            lp_emu_state_save(p.loaded, p.b);
            if (memcmp(p.a, p.b, p.bytes)) fail_msg("%s program %d: a loaded state is saved as another before step %d", what, program, s);
        }
        uint16_t keys = (uint16_t)(lp_rng_u64(&rng) & lp_rng_u64(&rng));
        bool follows = s % 8 >= 3;
        lp_emu_step(p.plain, keys, FRAME_SKIP);
        lp_emu_step(p.fast, keys, FRAME_SKIP);
        lp_emu_step(p.loaded, follows ? keys : (uint16_t)~keys, FRAME_SKIP);
        uint64_t hash = lp_emu_hash(p.plain);
        if (lp_emu_hash(p.fast) != hash) fail_msg("%s program %d: plain and fast differ after step %d", what, program, s);
        if (!same_picture(p.plain, p.fast)) fail_msg("%s program %d: pictures of plain and fast differ after step %d", what, program, s);
        if (follows && lp_emu_hash(p.loaded) != hash) fail_msg("%s program %d: a loaded run differs after step %d", what, program, s);
        if (follows && !same_picture(p.loaded, p.fast))
            fail_msg("%s program %d: a loaded run's picture differs after step %d", what, program, s);
    }
    close_players(&p);
}

static const struct {
    const char *name;
    bool color; /* the game knows it */
    lp_model model;
} kinds[] = {{"GB", false, LP_MODEL_DMG},
             {"GBC", true, LP_MODEL_CGB},
             {"SGB", false, LP_MODEL_SGB},
             {"GB in a GBC", false, LP_MODEL_CGB},
             {"GBC in a GBA", true, LP_MODEL_AGB}};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static void test_random_gb_programs(void **state) {
    (void)state;
    assembler a = {.rom = malloc(GB_ROM_BYTES)};
    for (int i = 0; i < N_GB_PROGRAMS; i++) {
        a.rng = lp_rng_make(seed, (uint64_t)i);
        make_gb(&a, kinds[i % N_KINDS].color);
        play_and_compare(&a, GB_ROM_BYTES, kinds[i % N_KINDS].model, i, kinds[i % N_KINDS].name);
    }
    free(a.rom);
}

static void test_waiting_gb_programs(void **state) {
    (void)state;
    assembler a = {.rom = malloc(GB_ROM_BYTES), .rng = lp_rng_make(seed, 2000)};
    for (int i = 0; i < N_KINDS; i++) {
        make_gb_waiting(&a, kinds[i].color);
        play_and_compare(&a, GB_ROM_BYTES, kinds[i].model, i, kinds[i].name);
    }
    free(a.rom);
}

static void test_random_gba_programs(void **state) {
    (void)state;
    assembler a = {.rom = malloc(GBA_ROM_BYTES)};
    for (int i = 0; i < N_GBA_PROGRAMS; i++) {
        a.rng = lp_rng_make(seed, 1000 + (uint64_t)i);
        make_gba(&a);
        play_and_compare(&a, GBA_ROM_BYTES, LP_MODEL_AUTO, i, "GBA");
    }
    free(a.rom);
}

int main(void) {
    seed = test_seed_or(1);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_gb_programs), cmocka_unit_test(test_waiting_gb_programs),
                                       cmocka_unit_test(test_random_gba_programs)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
