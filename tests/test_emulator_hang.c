/* Programs that would never end a frame: every one must be over in time, with plain and fast emulation alike. A program that
 * hangs the core ends the test by SIGALRM. Slowness counts too: each may take LIMIT_S. */
#include "base/log.h"
#include "emulator/emulator.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { FRAMES = 12, GB_BYTES = 32 << 10, GBA_BYTES = 4096, LIMIT_S = 60 };

typedef struct {
    const char *name;
    int n;
    uint8_t code[40];
} gb_program;

/* At 0x150; RST 38 leads back there. */
static const gb_program gb_programs[] = {
    {"jr to itself", 2, {0x18, 0xFE}},
    {"di, halt", 3, {0xF3, 0x76, 0x00}},
    {"di, no interrupts enabled, screen off, halt", 9, {0xF3, 0xAF, 0xE0, 0x40, 0xE0, 0xFF, 0x76, 0x18, 0xFD}},
    {"ei, only keys enabled, screen off, halt", 12, {0xAF, 0xE0, 0x40, 0x3E, 0x10, 0xE0, 0xFF, 0xFB, 0x76, 0x00, 0x18, 0xFC}},
    {"the same at double speed",
     18,
     {0x3E, 0x01, 0xE0, 0x4D, 0x10, 0x00, 0xAF, 0xE0, 0x40, 0x3E, 0x10, 0xE0, 0xFF, 0xFB, 0x76, 0x00, 0x18, 0xFC}},
    {"the serial port's interrupt only, screen off, odd cycles",
     14,
     {0xAF, 0xE0, 0x40, 0x3E, 0x08, 0xE0, 0xFF, 0x7E, 0x00, 0xFB, 0x76, 0x00, 0x18, 0xFC}},
    {"stop", 4, {0x10, 0x00, 0x18, 0xFC}},
    {"speed switched for ever", 8, {0x3E, 0x01, 0xE0, 0x4D, 0x10, 0x00, 0x18, 0xF8}},
    {"no such instruction", 1, {0xD3}},
    {"no such instruction, screen off", 4, {0xAF, 0xE0, 0x40, 0xFD}},
    {"screen off and on for ever", 10, {0xAF, 0xE0, 0x40, 0x3E, 0x80, 0xE0, 0x40, 0x18, 0xF7, 0x00}},
    {"rst 38 for ever", 1, {0xFF}},
    {"run in video RAM", 3, {0xC3, 0x00, 0x80}},
    {"run in cartridge RAM that is not there", 3, {0xC3, 0x00, 0xA0}},
    {"run in the registers", 3, {0xC3, 0x00, 0xFF}},
    {"sprite transfer for ever", 6, {0x3E, 0xC0, 0xE0, 0x46, 0x18, 0xFA}},
    {"transfer in the blank, screen off, halt",
     17,
     {0xAF, 0xE0, 0x40, 0x3E, 0x10, 0xE0, 0xFF, 0x3E, 0xFF, 0xE0, 0x55, 0xE0, 0x55, 0xFB, 0x76, 0x18, 0xFD}},
    {"fastest timer, all interrupts", 16, {0x3E, 0xFF, 0xE0, 0x06, 0xE0, 0x05, 0x3E, 0x05, 0xE0, 0x07, 0x3E, 0xFF, 0xE0, 0xFF, 0xFB, 0x76}},
    {"the boot ROM's switch", 10, {0x3E, 0xFF, 0xE0, 0x50, 0xAF, 0xE0, 0x50, 0x18, 0xF7, 0x00}},
};

static void make_gb(uint8_t *rom, const gb_program *p, bool color) {
    memset(rom, 0, GB_BYTES);
    memcpy(rom + 0x38, "\xC3\x50\x01", 3);
    memcpy(rom + 0x100, "\x00\xC3\x50\x01", 4);
    rom[0x143] = color ? 0x80 : 0;
    memcpy(rom + 0x150, p->code, (size_t)p->n);
}

static void put(uint8_t *rom, int *at, uint32_t word) {
    for (int i = 0; i < 4; i++) rom[(*at)++] = (uint8_t)(word >> 8 * i);
}

static void set_register(uint8_t *rom, int *at, uint32_t number, uint32_t value) {
    put(rom, at, 0xE59F0000 | number << 12); /* ldr rN, the word after the next */
    put(rom, at, 0xEA000000);
    put(rom, at, value);
}

typedef struct {
    const char *name;
    uint32_t r[4];
    uint32_t word; /* the instruction that is run for ever with these */
} gba_program;

enum { NOTHING = 0x0A000000 /* zeros */, DATA = 0x08000400 };

static const gba_program gba_programs[] = {
    {"b to itself", {0}, 0xEAFFFFFE},
    {"halt without interrupts", {0}, 0xEF020000},
    {"stop", {0}, 0xEF030000},
    {"wait for an interrupt that never comes", {1, 0}, 0xEF040000},
    {"undefined instruction", {0}, 0xE7F000F0},
    {"breakpoint", {0}, 0xE1200070},
    {"jump to nowhere", {0xFFFFFFFC}, 0xE12FFF10},
    {"jump to the BIOS", {0}, 0xE12FFF10},
    {"jump to open bus", {0x10000000}, 0xE12FFF10},
    {"soft reset for ever", {0}, 0xEF000000},
    {"clear all RAM for ever", {0xFC}, 0xEF010000},
    {"2^32 background affine sets", {DATA, 0x02000000, 0xFFFFFFFF}, 0xEF0E0000},
    {"2^31 object affine sets", {DATA, 0x02000000, 0x7FFFFFFF, 2}, 0xEF0F0000},
    {"a Huffman tree without leaves", {DATA, 0x02000000}, 0xEF130000},
    {"16 MB of run lengths", {DATA + 0x100, 0x02000000}, 0xEF140000},
    {"16 MB of LZ77", {DATA + 0x200, 0x02000000}, 0xEF110000},
    {"16 MB of differences", {DATA + 0x300, 0x02000000}, 0xEF160000},
    {"longest bit unpacking", {DATA, 0x02000000, DATA + 0x380}, 0xEF100000},
    {"longest CpuSet", {0x02000000, 0x02000000, 0x041FFFFF}, 0xEF0B0000},
    {"longest CpuFastSet", {0x02000000, 0x02000000, 0x001FFFFF}, 0xEF0C0000},
    {"divide by zero", {7, 0}, 0xEF060000},
    {"all DMA at once, repeating", {0x040000B0, 0xB7E0FFFF}, 0xE5801008},
    {"all interrupts on, fastest timer", {0x04000100, 0x00C0FFFF}, 0xE5801000},
};

static void make_gba(uint8_t *rom, const gba_program *p) {
    int at = 0;
    memset(rom, 0, GBA_BYTES);
    put(rom, &at, 0xEA00002E); /* b C0 */
    rom[0xB2] = 0x96;
    at = 0xC0;
    int loop = at;
    for (uint32_t i = 0; i < 4; i++) set_register(rom, &at, i, p->r[i]);
    put(rom, &at, p->word);
    put(rom, &at, 0xEA000000 | ((uint32_t)((loop - at - 8) / 4) & 0xFFFFFF));
    at = DATA & 0xFFFF;
    put(rom, &at, 0xFFFFFF24); /* Huffman, 4 bits, a tree of zeros */
    at = (DATA & 0xFFFF) + 0x100, put(rom, &at, 0xFFFFFF30);
    at = (DATA & 0xFFFF) + 0x200, put(rom, &at, 0xFFFFFF10);
    at = (DATA & 0xFFFF) + 0x300, put(rom, &at, 0xFFFFFF81);
    at = (DATA & 0xFFFF) + 0x380, put(rom, &at, 0x2001FFFF), put(rom, &at, 0x80000000);
}

static void play(const uint8_t *rom, size_t bytes, const char *name) {
    static const lp_emu_config plain = {.plain = true};
    lp_emu *emu[2];
    lp_err err;
    double start = lp_now_s();
    for (int i = 0; i < 2; i++)
        if (lp_emu_open(&emu[i], rom, bytes, i ? &plain : NULL, &err)) fail_msg("%s: %s", name, err.message);
    alarm(LIMIT_S);
    for (int f = 0; f < FRAMES; f++) {
        for (int i = 0; i < 2; i++) lp_emu_step(emu[i], (uint16_t)f, 1);
        if (lp_emu_hash(emu[0]) != lp_emu_hash(emu[1])) fail_msg("%s: plain and fast differ after frame %d", name, f + 1);
    }
    alarm(0);
    if (getenv("LONGPLAY_VERBOSE")) print_message("%6.2f s  %s\n", lp_now_s() - start, name);
    assert_true(lp_emu_frames(emu[0]) == FRAMES);
    for (int i = 0; i < 2; i++) lp_emu_close(emu[i]);
}

static void test_gb_frames_end(void **state) {
    (void)state;
    uint8_t *rom = malloc(GB_BYTES);
    for (size_t i = 0; i < sizeof gb_programs / sizeof *gb_programs; i++) {
        for (int color = 0; color < 2; color++) {
            make_gb(rom, &gb_programs[i], color);
            play(rom, GB_BYTES, gb_programs[i].name);
        }
    }
    free(rom);
}

static void test_gba_frames_end(void **state) {
    (void)state;
    uint8_t *rom = malloc(GBA_BYTES);
    for (size_t i = 0; i < sizeof gba_programs / sizeof *gba_programs; i++) {
        make_gba(rom, &gba_programs[i]);
        play(rom, GBA_BYTES, gba_programs[i].name);
    }
    free(rom);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_gb_frames_end), cmocka_unit_test(test_gba_frames_end)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
