/* Cartridges of every kind that the emulator tells apart, made here: 64 KiB with one program, which for ever stores to the
 * addresses of a table in work RAM and reads them again. A test writes the table, and so says what the program touches. */
#ifndef LP_TESTS_CARTRIDGES_H
#define LP_TESTS_CARTRIDGES_H

#include "base/rng.h"
#include "emulator/emulator.h"

#include <stdio.h>
#include <string.h>

enum { CARTRIDGE_BYTES = 64 << 10, TOUCHES = 64, GB_TOUCHES = 0xC100, GBA_TOUCHES = 0x02000000 };

typedef struct {
    const char *name;
    uint8_t type, color; /* of a Game Boy's header */
    lp_model model;      /* what it is put into */
    int sachen;
    const char *code; /* a GBA's: what libmgba knows by its game code */
} cartridge;

static const cartridge cartridges[] = {
    {"GB", .type = 0x08},
    {"GBC, MBC5", .type = 0x1B, .color = 0x80},
    {"Super Game Boy, MBC1", .type = 0x03, .model = LP_MODEL_SGB},
    {"GB in a Game Boy Color", .type = 0x03, .model = LP_MODEL_CGB},
    {"GBC in a Game Boy Advance", .type = 0x1B, .color = 0x80, .model = LP_MODEL_AGB},
    {"MBC1", .type = 0x03},
    {"MBC2", .type = 0x06},
    {"MMM01", .type = 0x0D},
    {"GBC, MBC3 with clock", .type = 0x10, .color = 0x80},
    {"MBC3", .type = 0x13},
    {"MBC5 with rumble", .type = 0x1E},
    {"MBC6", .type = 0x20},
    {"MBC7", .type = 0x22},
    {"camera", .type = 0xFC},
    {"TAMA5", .type = 0xFD},
    {"HuC3", .type = 0xFE},
    {"HuC1", .type = 0xFF},
    {"Sachen MMC1", .sachen = 1},
    {"Sachen MMC2", .sachen = 2},
    {"GBA", .code = "LPLP"},
    {"GBA, flash and clock", .code = "AXVE"},
    {"GBA, EEPROM and tilt sensor", .code = "KYGE"},
    {"GBA, light sensor and clock", .code = "U3IE"},
    {"GBA, gyroscope and rumble", .code = "RZWE"},
};
enum { N_CARTRIDGES = sizeof cartridges / sizeof *cartridges };

static inline void make_gb_cartridge(const cartridge *c, uint8_t *rom) {
    static const uint8_t program[] = {
        0x21, 0x00, 0xC1,       /* 200: ld hl, GB_TOUCHES */
        0x2A, 0x5F, 0x2A, 0x57, /* 203: ld de from (hl+) twice */
        0x2A, 0x12, 0x1A,       /*      ld a, (hl+); ld (de), a; ld a, (de) */
        0x7D, 0xFE, 0xC0,       /*      until l = 3 * TOUCHES */
        0x20, 0xF4, 0x18, 0xEF, /*      jr nz, 203; jr 200 */
    };
    memcpy(rom + 0x200, program, sizeof program);
    memcpy(rom + 0x100, "\x00\xC3\x00\x02", 4);
    rom[0x143] = c->color;
    rom[0x147] = c->type;
    rom[0x148] = 1;
    rom[0x149] = 3;
    for (int address = 0; address < 0x40; address += 8) memcpy(rom + address, "\xC3\x00\x02", 3); /* interrupts start anew */
    if (!c->sachen) return;
    /* known by three bytes of a shuffled logo; the first page is read in a shuffled order, and so is the jump in it */
    bool second = c->sachen == 2;
    rom[second ? 0x184 : 0x104] = 0xCE, rom[second ? 0x194 : 0x114] = 0x66, rom[second ? 0x1C4 : 0x144] = 0xED;
    int jump = second ? 0x100 : 0x180;
    rom[jump | 0x40] = 0xC3, rom[jump | 0x10] = 0x00, rom[jump | 0x50] = 0x02;
}

static inline void make_gba_cartridge(const cartridge *c, uint8_t *rom) {
    static const uint32_t program[] = {
        0xE3A04402,                                                             /*       mov r4, GBA_TOUCHES */
        0xE1A05004, 0xE3A06040,                                                 /* loop: mov r5, r4; mov r6, TOUCHES */
        0xE8B50003,                                                             /* next: ldmia r5!, {r0, r1} */
        0xE5801000, 0xE1C010B0, 0xE5C01000, 0xE5902000, 0xE5D02000, 0xE1D020B0, /* str, strh, strb r1, [r0]; ldr, ldrb, ldrh r2, [r0] */
        0xE2566001, 0x1AFFFFF6, 0xEAFFFFF3,                                     /* subs r6, #1; bne next; b loop */
    };
    memcpy(rom, "\x2E\x00\x00\xEA", 4);
    memcpy(rom + 0xAC, c->code, 4);
    rom[0xB2] = 0x96;
    memcpy(rom + 0xC0, program, sizeof program);
}

static inline void make_cartridge(const cartridge *c, uint8_t rom[CARTRIDGE_BYTES]) {
    memset(rom, 0, CARTRIDGE_BYTES);
    if (c->code) make_gba_cartridge(c, rom);
    else make_gb_cartridge(c, rom);
}

/* rom is borrowed. */
static inline lp_status open_cartridge(lp_emu **out, const cartridge *c, const uint8_t rom[CARTRIDGE_BYTES], lp_err *err) {
    return lp_emu_open(out, rom, CARTRIDGE_BYTES, &(lp_emu_config){.model = c->model}, err);
}

/* An entry of the table. */
static inline void touch(lp_emu *emu, int index, uint32_t address, uint32_t value) {
    bool gba = lp_emu_system(emu) == LP_SYSTEM_GBA;
    uint64_t bytes = gba ? address | (uint64_t)value << 32 : (address & 0xFFFF) | (value & 0xFF) << 16;
    int n = gba ? 8 : 3;
    for (int i = 0; i < n; i++) lp_emu_write8(emu, (gba ? GBA_TOUCHES : GB_TOUCHES) + (uint32_t)(index * n + i), (uint8_t)(bytes >> 8 * i));
}

/* What is there to touch: bank switches, cartridge RAM, sound, timers, transfers, the screen. */
static const uint16_t gb_places[] = {0x0000, 0x0100, 0x2000, 0x2001, 0x3000, 0x4000, 0x6000, 0xA000, 0xA001, 0xB000, 0xFF40, 0xFF41,
                                     0xFF43, 0xFF45, 0xFF46, 0xFF0F, 0xFFFF, 0xFF04, 0xFF05, 0xFF06, 0xFF07, 0xFF10, 0xFF12, 0xFF13,
                                     0xFF14, 0xFF17, 0xFF19, 0xFF1A, 0xFF1C, 0xFF1E, 0xFF20, 0xFF21, 0xFF22, 0xFF23, 0xFF26, 0xFF30,
                                     0xFF00, 0xFF02, 0xFF4D, 0xFF4F, 0xFF51, 0xFF52, 0xFF53, 0xFF54, 0xFF55, 0xFF68, 0xFF69, 0xFF70};
static const uint32_t gba_places[] = {
    0x04000000, 0x04000004, 0x04000008, 0x04000060, 0x04000064, 0x04000074, 0x04000078, 0x0400007C, 0x04000080, 0x04000084, 0x04000088,
    0x04000090, 0x040000A0, 0x040000B0, 0x040000B4, 0x040000B8, 0x040000BC, 0x040000C0, 0x040000C4, 0x040000D4, 0x040000D8, 0x040000DC,
    0x04000100, 0x04000104, 0x04000108, 0x0400010C, 0x04000128, 0x04000130, 0x04000200, 0x04000204, 0x05000000, 0x06000000, 0x07000000,
    0x080000C4, 0x080000C6, 0x080000C8, 0x0D000000, 0x0E000000, 0x0E005555, 0x0E002AAA, 0x0E008000, 0x0E008100};

/* Fills the table: a bit of everything, always the same. */
static inline void touch_all(lp_emu *emu) {
    uint32_t noise = 1;
    for (unsigned i = 0; i < TOUCHES; i++) {
        noise = noise * 1664525 + 1013904223;
        if (lp_emu_system(emu) == LP_SYSTEM_GBA)
            touch(emu, (int)i, gba_places[i % (sizeof gba_places / sizeof *gba_places)], noise | noise >> 16);
        else touch(emu, (int)i, gb_places[i % (sizeof gb_places / sizeof *gb_places)], i % 8 == 0 ? 0x0A : noise >> 24);
    }
}

/* Changes some of the table's entries. */
static inline void touch_some(lp_emu *emu, lp_rng *rng) {
    for (unsigned i = lp_rng_below(rng, 12); i; i--) {
        int index = (int)lp_rng_below(rng, TOUCHES);
        uint32_t value = (uint32_t)lp_rng_below(rng, UINT32_MAX);
        if (lp_rng_below(rng, 3) == 0) value &= 15;
        if (lp_emu_system(emu) == LP_SYSTEM_GBA)
            touch(emu, index, gba_places[lp_rng_below(rng, sizeof gba_places / sizeof *gba_places)], value);
        else touch(emu, index, gb_places[lp_rng_below(rng, sizeof gb_places / sizeof *gb_places)], value);
    }
}

#endif
