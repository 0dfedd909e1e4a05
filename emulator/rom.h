/* What a ROM file's own bytes say: is it a cartridge, of which console, of what size and title. */
#ifndef LP_EMULATOR_ROM_H
#define LP_EMULATOR_ROM_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
    bool is_gba, knows_color; /* knows_color: of a Game Boy cartridge, that it was made for the Game Boy Color, too or only */
    size_t size_bytes;        /* of the cartridge's content: without a GBX footer and what was dumped beyond its end */
    size_t image_bytes;       /* what the core must be shown; more than size_bytes: a copy, filled up with fill */
    uint8_t fill;
    bool needs_copy; /* the file cannot be shown to the core as it lies in memory */
    char title[20];
} lp_rom_info;

/* LP_BAD_INPUT with one line that says what the bytes are instead of a ROM. Reads rom[0..size_bytes) only. */
lp_status lp_rom_inspect(lp_rom_info *out, const void *rom, size_t size_bytes, lp_err *err);

#endif
