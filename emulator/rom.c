/* Tells ROMs from other files by their cartridge header.
 *
 * Game Boy (Color), header at 0x100: entry code (4 bytes), logo (48), title (16, the last is the colour flag), ...,
 * 0x147 cartridge type, 0x148 ROM size as 32 KiB << n, 0x149 RAM size, 0x14D header checksum, 0x14E checksum of the
 * whole ROM (big endian). Boot ROMs insist on the logo and the header checksum; homebrew is often sloppy, so either
 * the logo or a plausible header (known type and sizes, an entry that jumps into the ROM) is enough here.
 *
 * Game Boy Advance, header at 0: a branch instruction, logo (156), title (12 at 0xA0), 0xB2 the fixed value 0x96,
 * 0xB5 seven reserved zeros, 0xBD header checksum. The header does not say how large the ROM is.
 *
 * A GB file shorter than its header says is truncated, unless its own checksum says that only padding is missing (zeros or
 * FF, which tools cut off), or it is one of the small homebrew ROMs whose checksum nobody ever filled in (zero) and that
 * claim the smallest size there is. One that is longer may be dumped too far: the cartridge wraps its banks at the size that it
 * has, not at the file's. */
#include "emulator/rom.h"

#include "base/hash.h"
#include "emulator/emulator.h"

#include <string.h>

enum {
    GB_HEADER_END = 0x150,
    GB_BANK = 16 << 10,
    GB_SMALLEST = 32 << 10, /* what the address space shows without a bank controller */
    GB_LARGEST = 8 << 20,
    GBA_HEADER_END = 0xC0,
    GBA_SMALLEST = 1 << 10, /* the core looks for title strings up to here */
    GBX_FOOTER = 0x40,
};
/* XXH3 of the logo that every boot ROM compares; the picture itself is a trademark and not ours to carry around. */
static const uint64_t GB_LOGO_HASH = 0x1e880b4f33a8eb0u;

static size_t to_pow2(size_t n) {
    size_t p = 1;
    while (p < n) p <<= 1;
    return p;
}

/* The content's size without the footers of GBX, a container that emulators put around dumps: the core would believe
 * the sizes that the footer claims. */
static size_t without_gbx(const uint8_t *rom, size_t n) {
    while (n > GBX_FOOTER && !memcmp(rom + n - 4, "GBX!", 4)) n -= GBX_FOOTER;
    return n;
}

static bool gb_has_logo(const uint8_t *rom, size_t n) { return n >= GB_HEADER_END && lp_hash64(rom + 0x104, 48) == GB_LOGO_HASH; }

static bool gb_type_known(uint8_t type) {
    static const uint8_t known[] = {0x00, 0x01, 0x02, 0x03, 0x05, 0x06, 0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0F, 0x10, 0x11,
                                    0x12, 0x13, 0x19, 0x1A, 0x1B, 0x1C, 0x1D, 0x1E, 0x20, 0x22, 0xFC, 0xFD, 0xFE, 0xFF};
    return memchr(known, type, sizeof known) != NULL;
}

/* The entry is code that jumps into the first two banks: [nop | di] (jp nn | jr d). */
static bool gb_entry_jumps(const uint8_t *rom, size_t n) {
    size_t at = 0x100 + (rom[0x100] == 0x00 || rom[0x100] == 0xF3);
    if (rom[at] == 0x18) return true;
    if (rom[at] != 0xC3) return false;
    size_t target = rom[at + 1] | (size_t)rom[at + 2] << 8;
    return target < GB_SMALLEST && target < n && (target < 0x100 || target >= 0x134);
}

static bool gb_plausible(const uint8_t *rom, size_t n) {
    return n >= GB_HEADER_END && gb_type_known(rom[0x147]) && rom[0x148] <= 8 && rom[0x149] <= 5 && gb_entry_jumps(rom, n);
}

static bool gba_plausible(const uint8_t *rom, size_t n) {
    static const uint8_t reserved[7];
    if (n < GBA_HEADER_END || rom[0xB2] != 0x96 || rom[3] != 0xEA) return false;
    uint8_t sum = 0;
    for (int i = 0xA0; i < 0xBD; i++) sum = (uint8_t)(sum - rom[i]);
    return (uint8_t)(sum - 0x19) == rom[0xBD] || !memcmp(rom + 0xB5, reserved, sizeof reserved);
}

static void copy_title(char *out, const uint8_t *from, size_t n) {
    size_t length = 0;
    for (size_t i = 0; i < n && from[i]; i++)
        if (from[i] >= 0x20 && from[i] < 0x7F) out[length++] = (char)from[i];
    while (length && out[length - 1] == ' ') length--;
    out[length] = 0;
}

static bool is_text(const uint8_t *rom, size_t n) {
    for (size_t i = 0; i < n && i < 4096; i++)
        if (!rom[i] || (rom[i] < 0x20 && rom[i] != '\n' && rom[i] != '\r' && rom[i] != '\t' && rom[i] != '\f' && rom[i] != 0x1B))
            return false;
    return true;
}

static const char *what_else(const uint8_t *rom, size_t n) {
    static const struct {
        const char *magic;
        size_t size;
        const char *name;
    } known[] = {
        {"PK", 2, "a ZIP archive; unpack it first"},
        {"7z\xBC\xAF\x27\x1C", 6, "a 7-Zip archive; unpack it first"},
        {"Rar!", 4, "a RAR archive; unpack it first"},
        {"\x1F\x8B", 2, "a gzip archive; unpack it first"},
        {"\x89PNG", 4, "a PNG picture"},
        {"\xFF\xD8\xFF", 3, "a JPEG picture"},
        {"GIF8", 4, "a GIF picture"},
        {"\x7F"
         "ELF",
         4, "an ELF program"},
        {"MZ", 2, "a Windows program"},
        {"%PDF", 4, "a PDF document"},
        {"NES\x1A", 4, "a NES ROM"},
        {"\x00\x05\x16\x07", 4, "a macOS resource file"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n >= known[i].size && !memcmp(rom, known[i].magic, known[i].size)) return known[i].name;
    if (is_text(rom, n)) return "text";
    return n < GBA_HEADER_END ? "too short for a cartridge header" : "no cartridge header in it";
}

static lp_status inspect_gba(lp_rom_info *out, const uint8_t *rom, size_t n, lp_err *err) {
    int32_t branch = (int32_t)((rom[0] | (uint32_t)rom[1] << 8 | (uint32_t)rom[2] << 16) << 8) >> 6;
    int64_t entry = (int64_t)branch + 8;
    if (entry < 0 || entry + 4 > (int64_t)n)
        return lp_fail(err, LP_BAD_INPUT, "truncated GBA ROM: its code starts at byte %lld, the file has %zu bytes", (long long)entry, n);
    out->is_gba = true;
    out->image_bytes = n < GBA_SMALLEST ? GBA_SMALLEST : n;
    copy_title(out->title, rom + 0xA0, 12);
    return LP_OK;
}

/* What these bytes' sum lacks of the checksum in the header. */
static uint16_t lacks(const uint8_t *rom, size_t n) {
    uint16_t stored = (uint16_t)(rom[0x14E] << 8 | rom[0x14F]), sum = 0;
    for (size_t i = 0; i < n; i++) sum = (uint16_t)(sum + rom[i]);
    return (uint16_t)(stored - (sum - rom[0x14E] - rom[0x14F]));
}

/* Of a file shorter than it claims: LP_OK with what is missing of it, by its own word. */
static lp_status find_fill(lp_rom_info *out, const uint8_t *rom, size_t n, size_t claimed, lp_err *err) {
    uint16_t left = lacks(rom, n);
    bool ones = left == (uint16_t)(0xFF * (claimed - n)), zeros = !left, never_set = !rom[0x14E] && !rom[0x14F] && claimed == GB_SMALLEST;
    out->fill = ones || !zeros ? 0xFF : 0;
    if (ones || zeros || never_set) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "truncated GB ROM: its header (byte 0x148) says %zu bytes, the file has %zu", claimed, n);
}

/* Is what comes after the claimed size no part of the cartridge: padding, all of it once more, or less than a bank, the checksum
 * being right without it? Whole banks with something in them are rather left out of a sloppy header. */
static bool is_overdump(const uint8_t *rom, size_t n, size_t claimed) {
    bool ones = true, zeros = true, again = true; /* so far */
    if (n < claimed + GB_BANK && !lacks(rom, claimed)) return true;
    for (size_t i = claimed; i < n; i++) {
        ones &= rom[i] == 0xFF;
        zeros &= !rom[i];
        again &= rom[i] == rom[i - claimed];
    }
    return ones || zeros || again;
}

static lp_status inspect_gb(lp_rom_info *out, const uint8_t *rom, size_t n, lp_err *err) {
    if (n > GB_LARGEST) return lp_fail(err, LP_BAD_INPUT, "GB ROM of %zu bytes, the largest cartridge has %d", n, GB_LARGEST);
    size_t claimed = rom[0x148] <= 8 ? (size_t)GB_SMALLEST << rom[0x148] : 0;
    out->fill = 0xFF;
    if (n < claimed) {
        lp_status status = find_fill(out, rom, n, claimed, err);
        if (status) return status;
    } else if (claimed && n > claimed && is_overdump(rom, n, claimed)) {
        out->size_bytes = n = claimed;
    }
    /* The core selects banks by masking, which reads outside of an image whose size is no power of two. */
    out->image_bytes = n < claimed ? claimed : to_pow2(n < GB_SMALLEST ? GB_SMALLEST : n);
    out->knows_color = rom[0x143] & 0x80;
    copy_title(out->title, rom + 0x134, rom[0x14B] == 0x33 ? 11 : 16);
    return LP_OK;
}

lp_status lp_rom_inspect(lp_rom_info *out, const void *data, size_t size_bytes, lp_err *err) {
    const uint8_t *rom = data;
    memset(out, 0, sizeof *out);
    if (!rom || !size_bytes) return lp_fail(err, LP_BAD_INPUT, "empty ROM (0 bytes)");
    if (size_bytes > LP_EMU_MAX_ROM_BYTES)
        return lp_fail(err, LP_BAD_INPUT, "ROM of %zu bytes, the largest cartridge has %d", size_bytes, LP_EMU_MAX_ROM_BYTES);
    size_t n = out->size_bytes = without_gbx(rom, size_bytes);
    lp_status status;
    if (gb_has_logo(rom, n)) status = inspect_gb(out, rom, n, err);
    else if (gba_plausible(rom, n)) status = inspect_gba(out, rom, n, err);
    else if (gb_plausible(rom, n)) status = inspect_gb(out, rom, n, err);
    else return lp_fail(err, LP_BAD_INPUT, "not a Game Boy, Game Boy Color or Game Boy Advance ROM: %s", what_else(rom, size_bytes));
    out->needs_copy = out->image_bytes != size_bytes || (uintptr_t)rom % sizeof(uint32_t);
    return status;
}
