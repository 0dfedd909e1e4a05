/* A Game Boy that only sounds: 1,048.6 Hz, a period of 45.8 pairs. Needs cli_support.h. */
#ifndef LP_TESTS_TONE_SUPPORT_H
#define LP_TESTS_TONE_SUPPORT_H

#include "tests/cli_support.h"

static inline void put_tone_rom(void) {
    static const uint8_t program[] = {
        0x3E, 0x80, 0xE0, 0x26, 0x3E, 0x77, 0xE0, 0x24, 0x3E, 0xFF, 0xE0, 0x25, 0x3E, 0x80, 0xE0, 0x11, /* ld a, value; ldh (register), a */
        0x3E, 0xF0, 0xE0, 0x12, 0x3E, 0x83, 0xE0, 0x13, 0x3E, 0x87, 0xE0, 0x14, 0x18, 0xFE,             /* jr here */
    };
    static uint8_t rom[32 << 10];
    memcpy(rom + 0x100, "\x00\xC3\x50\x01", 4);
    memcpy(rom + 0x150, program, sizeof program);
    put(at("tone.gb"), rom, sizeof rom);
}

#endif
