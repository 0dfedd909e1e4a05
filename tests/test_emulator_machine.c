/* Which machine it is: the console that a cartridge is put into, what its save memory, mapper and sensors answer, where its banks
 * wrap; and what is left of it when there is no memory to power it on again. */
#include "base/hash.h"
#include "emulator/emulator.h"
#include "tests/cartridges.h"

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { BANK = 16 << 10, RESULT = 0xC000, POINTER = 0xC100 };

/* libmgba's allocation of a sound buffer, which can be made to fail: those of Longplay's own size. */
struct blip_t;
static bool no_memory;
struct blip_t *blip_new(int samples);
struct blip_t *blip_new(int samples) {
    struct blip_t *(*real)(int) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, "blip_new");
    return no_memory && samples == 16 ? NULL : real(samples);
}

static lp_emu *open_as(const uint8_t *rom, size_t bytes, lp_model model) {
    lp_emu *emu;
    lp_err err;
    if (lp_emu_open(&emu, rom, bytes, &(lp_emu_config){.model = model}, &err)) fail_msg("%s", err.message);
    return emu;
}

/* A Game Boy ROM of 32 KiB << size that begins with this program. */
static uint8_t *make_rom(int size, uint8_t type, const uint8_t *program, size_t n) {
    uint8_t *rom = calloc(2, (size_t)2 * BANK << size);
    assert_non_null(rom);
    memcpy(rom + 0x100, "\x00\xC3\x50\x01", 4);
    rom[0x147] = type, rom[0x148] = (uint8_t)size, rom[0x149] = 3;
    memcpy(rom + 0x150, program, n);
    return rom;
}

static void set_checksum(uint8_t *rom, size_t bytes) {
    uint16_t sum = 0;
    rom[0x14E] = rom[0x14F] = 0;
    for (size_t i = 0; i < bytes; i++) sum = (uint16_t)(sum + rom[i]);
    rom[0x14E] = (uint8_t)(sum >> 8), rom[0x14F] = (uint8_t)sum;
}

/* ---- models ---- */

/* The registers A, B and C at the start are how games tell consoles apart. */
static const uint8_t keep_registers[] = {0x21, 0x00, 0xC0, 0x22, 0x78, 0x22, 0x79, 0x22, 0x18, 0xFE}; /* (hl+) = a, b, c; wait */

static void test_models(void **state) {
    (void)state;
    static const struct {
        uint8_t color;
        bool sgb; /* what the header offers */
        lp_model asked, model;
        lp_system system;
        uint8_t a, b, c;
    } cases[] = {
        {0, false, LP_MODEL_AUTO, LP_MODEL_DMG, LP_SYSTEM_GB, 0x01, 0, 0x13},
        {0, true, LP_MODEL_AUTO, LP_MODEL_DMG, LP_SYSTEM_GB, 0x01, 0, 0x13}, /* as in stable-retro */
        {0, true, LP_MODEL_SGB, LP_MODEL_SGB, LP_SYSTEM_GB, 0x01, 0, 0x14},
        {0, false, LP_MODEL_SGB, LP_MODEL_SGB, LP_SYSTEM_GB, 0x01, 0, 0x14},
        {0, false, LP_MODEL_CGB, LP_MODEL_CGB, LP_SYSTEM_GB, 0x11, 0, 0x00},
        {0, false, LP_MODEL_AGB, LP_MODEL_AGB, LP_SYSTEM_GB, 0x11, 1, 0x00},
        {0x80, false, LP_MODEL_AUTO, LP_MODEL_CGB, LP_SYSTEM_GBC, 0x11, 0, 0x00},
        {0x80, true, LP_MODEL_AUTO, LP_MODEL_CGB, LP_SYSTEM_GBC, 0x11, 0, 0x00},
        {0x80, true, LP_MODEL_DMG, LP_MODEL_DMG, LP_SYSTEM_GB, 0x01, 0, 0x13},
        {0x80, true, LP_MODEL_SGB, LP_MODEL_SGB, LP_SYSTEM_GB, 0x01, 0, 0x14},
        {0xC0, false, LP_MODEL_AGB, LP_MODEL_AGB, LP_SYSTEM_GBC, 0x11, 1, 0x00},
    };
    uint8_t *rom = make_rom(0, 0, keep_registers, sizeof keep_registers);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        rom[0x143] = cases[i].color, rom[0x146] = cases[i].sgb ? 3 : 0, rom[0x14B] = cases[i].sgb ? 0x33 : 0;
        lp_emu *emu = open_as(rom, 2 * BANK, cases[i].asked);
        lp_emu_step(emu, 0, 2);
        for (int again = 0; again < 2; again++) {
            const uint8_t got[3] = {lp_emu_read8(emu, RESULT), lp_emu_read8(emu, RESULT + 1), lp_emu_read8(emu, RESULT + 2)};
            if (lp_emu_model(emu) != cases[i].model || lp_emu_system(emu) != cases[i].system || got[0] != cases[i].a ||
                got[1] != cases[i].b || got[2] != cases[i].c)
                fail_msg("case %zu: a %s, registers %02x %02x %02x", i, lp_model_name(lp_emu_model(emu)), got[0], got[1], got[2]);
            assert_int_equal(lp_emu_reset(emu, NULL), LP_OK);
            lp_emu_step(emu, 0, 2);
        }
        lp_emu_close(emu);
    }
    free(rom);
}

static void test_model_names(void **state) {
    (void)state;
    static uint8_t gba[CARTRIDGE_BYTES];
    lp_err err;
    lp_emu *emu;
    lp_model model = LP_MODEL_AUTO;
    for (int m = 0; m < LP_N_MODELS; m++) {
        assert_int_equal(lp_model_parse(&model, lp_model_name((lp_model)m), &err), LP_OK);
        assert_int_equal(model, m);
    }
    assert_int_equal(lp_model_parse(&model, "gbc", &err), LP_BAD_INPUT);
    assert_int_equal(model, LP_N_MODELS - 1);
    make_gba_cartridge(&(cartridge){.code = "LPLP"}, gba);
    for (int m = 0; m <= LP_N_MODELS; m++) { /* a GBA's cartridge fits into a GBA alone */
        bool fits = m == LP_MODEL_AUTO || m == LP_MODEL_AGB;
        lp_status status = lp_emu_open(&emu, gba, sizeof gba, &(lp_emu_config){.model = (lp_model)m}, &err);
        assert_int_equal(status, fits ? LP_OK : LP_BAD_INPUT);
        if (fits) assert_int_equal(lp_emu_model(emu), LP_MODEL_AGB);
        else assert_null(emu);
        lp_emu_close(emu);
    }
}

/* A state is of one console. */
static void test_states_of_other_models(void **state) {
    (void)state;
    uint8_t *rom = make_rom(0, 0, keep_registers, sizeof keep_registers);
    lp_emu *emus[LP_N_MODELS];
    lp_err err;
    rom[0x143] = 0x80;
    for (int m = LP_MODEL_DMG; m < LP_N_MODELS; m++) {
        emus[m] = open_as(rom, 2 * BANK, (lp_model)m);
        lp_emu_step(emus[m], 0, 3);
    }
    for (int from = LP_MODEL_DMG; from < LP_N_MODELS; from++) {
        size_t bytes = lp_emu_state_size(emus[from]);
        void *saved = malloc(bytes);
        lp_emu_state_save(emus[from], saved);
        for (int to = LP_MODEL_DMG; to < LP_N_MODELS; to++) {
            uint64_t hash = lp_emu_hash(emus[to]);
            if (lp_emu_state_load(emus[to], saved, bytes, &err) != (to == from ? LP_OK : LP_BAD_INPUT))
                fail_msg("a state of a %s and a %s", lp_model_name((lp_model)from), lp_model_name((lp_model)to));
            assert_true(lp_emu_hash(emus[to]) == hash);
        }
        free(saved);
    }
    for (int m = LP_MODEL_DMG; m < LP_N_MODELS; m++) lp_emu_close(emus[m]);
    free(rom);
}

/* ---- what the CPU reads ---- */

/* For ever: the byte that the pointer points to, to RESULT. */
static const uint8_t read_pointer[] = {0x21, 0x00, 0xC1, 0x2A, 0x66, 0x6F, 0x7E, 0xEA, 0x00, 0xC0, 0x18, 0xF4};

/* The CPU's own reads and ours, in a cartridge's RAM and ROM. */
static void expect_same_reads(lp_emu *emu, const char *name) {
    static const uint32_t ranges[][3] = {{0x0000, 0x8000, 0x233}, {0xA000, 0xA010, 1}, {0xA010, 0xC000, 0xB5}, {0xA200, 0xA210, 1}};
    for (int r = 0; r < 4; r++)
        for (uint32_t address = ranges[r][0]; address < ranges[r][1]; address += ranges[r][2]) {
            lp_emu_write8(emu, POINTER, (uint8_t)address);
            lp_emu_write8(emu, POINTER + 1, (uint8_t)(address >> 8));
            lp_emu_step(emu, 0, 1);
            uint8_t ours = lp_emu_read8(emu, address), cpu = lp_emu_read8(emu, RESULT);
            if (ours != cpu) fail_msg("%s: the CPU reads %02x at %04x, we %02x", name, cpu, address, ours);
        }
}

static void test_cartridge_reads(void **state) {
    (void)state;
    static const uint8_t writes[][2] = {{0xA0, 0x05}, {0xA1, 0x0A}, {0xA2, 0xF3}}; /* at A000, A001, A002 */
    static const struct {
        const char *name;
        uint8_t type;
    } mappers[] = {{"MBC1", 0x03}, {"MBC2", 0x06},   {"MBC3", 0x13},  {"MBC5", 0x1B}, {"MBC6", 0x20},
                   {"MBC7", 0x22}, {"camera", 0xFC}, {"TAMA5", 0xFD}, {"HuC3", 0xFE}, {"HuC1", 0xFF}};
    for (size_t i = 0; i < sizeof mappers / sizeof *mappers; i++) {
        uint8_t *rom = make_rom(1, mappers[i].type, read_pointer, sizeof read_pointer);
        for (size_t k = 0x200; k < 4 * BANK; k++) rom[k] = (uint8_t)(k * 7 + k / BANK);
        lp_emu *emu = open_as(rom, 4 * BANK, LP_MODEL_AUTO);
        lp_emu_write8(emu, 0x0000, 0x0A);
        if (mappers[i].type == 0x22) lp_emu_write8(emu, 0x4000, 0x40); /* the MBC7's second lock */
        for (int k = 0; k < 3; k++) lp_emu_write8(emu, 0xA000 + (uint32_t)k, writes[k][1]);
        expect_same_reads(emu, mappers[i].name);
        if (mappers[i].type == 0x06) { /* 512 nibbles, the upper four bits 1, seen again and again */
            for (uint32_t at = 0xA000; at < 0xC000; at += 0x200)
                assert_true(lp_emu_read8(emu, at) == 0xF5 && lp_emu_read8(emu, at + 1) == 0xFA && lp_emu_read8(emu, at + 2) == 0xF3);
            lp_emu_write8(emu, 0x0000, 0x00);
            assert_int_equal(lp_emu_read8(emu, 0xA001), 0xFA); /* locked, and read all the same */
        }
        if (mappers[i].type == 0x22) { /* the sensor at rest */
            assert_int_equal(lp_emu_read8(emu, 0xA020) | lp_emu_read8(emu, 0xA030) << 8, 0x81D0);
            assert_int_equal(lp_emu_read8(emu, 0xA040) | lp_emu_read8(emu, 0xA050) << 8, 0x81D0);
        }
        uint64_t hash = lp_emu_hash(emu);
        for (uint32_t at = 0; at < 0x10000; at++) lp_emu_read8(emu, at);
        assert_true(lp_emu_hash(emu) == hash); /* looking changes nothing */
        lp_emu_close(emu);
        free(rom);
    }
}

/* Reads 16 bits of the gyroscope over the cartridge's port into work RAM: starts a sample, then a bit at each fall of the clock. */
static const uint32_t read_gyro[] = {
    0xE3A00302, 0xE28000C4,                         /* r0 = 080000C4: data, direction, control */
    0xE3A0100B, 0xE1C010B2, 0xE3A01001, 0xE1C010B4, /* direction = B; control = 1 */
    0xE1C010B0, 0xE3A02000, 0xE3A03010,             /* data = 1: sample; r2 = 0; r3 = 16 */
    0xE3A01002, 0xE1C010B0, 0xE3A01000, 0xE1C010B0, /* loop: data = 2; data = 0 */
    0xE1D040B0, 0xE2044004, 0xE1A02082, 0xE1822124, /* r2 = r2 << 1 | (data >> 2 & 1) */
    0xE2533001, 0x1AFFFFF5,                         /* subs r3, #1; bne loop */
    0xE3A05402, 0xE1C520B0, 0xEAFFFFFE,             /* [02000000] = r2; wait */
};

static void test_gba_sensors(void **state) {
    (void)state;
    static uint8_t rom[CARTRIDGE_BYTES];
    make_cartridge(&(cartridge){.code = "KYGE"}, rom); /* a tilt sensor beside an EEPROM */
    lp_emu *emu = open_as(rom, sizeof rom, LP_MODEL_AUTO);
    lp_emu_write8(emu, 0x0E008000, 0x55), lp_emu_write8(emu, 0x0E008100, 0xAA); /* sample */
    assert_int_equal(lp_emu_read8(emu, 0x0E008200) | (lp_emu_read8(emu, 0x0E008300) & 15) << 8, 0x3A0);
    assert_int_equal(lp_emu_read8(emu, 0x0E008400) | (lp_emu_read8(emu, 0x0E008500) & 15) << 8, 0x3A0);
    lp_emu_close(emu);
    make_cartridge(&(cartridge){.code = "RZWE"}, rom);
    memcpy(rom + 0xD0, read_gyro, sizeof read_gyro); /* behind the port */
    rom[0] = (0xD0 - 8) / 4;                         /* b D0 */
    emu = open_as(rom, sizeof rom, LP_MODEL_AUTO);
    lp_emu_step(emu, 0, 2);
    assert_int_equal(lp_emu_read8(emu, 0x02000000) | lp_emu_read8(emu, 0x02000001) << 8, 0x6C0);
    lp_emu_close(emu);
    /* cut, so that it was copied already when the port asks for a copy */
    emu = open_as(rom, sizeof rom - 4, LP_MODEL_AUTO);
    lp_emu_step(emu, 0, 2);
    assert_int_equal(lp_emu_read8(emu, 0x02000000) | lp_emu_read8(emu, 0x02000001) << 8, 0x6C0);
    lp_emu_close(emu);
}

/* ---- sizes ---- */

/* What an MBC1 shows at 4000 of each of 32 banks. */
static void read_banks(const uint8_t *rom, size_t bytes, uint8_t out[32]) {
    lp_emu *emu = open_as(rom, bytes, LP_MODEL_AUTO);
    for (int bank = 0; bank < 32; bank++) {
        lp_emu_write8(emu, 0x2000, (uint8_t)bank);
        out[bank] = lp_emu_read8(emu, 0x4000);
    }
    lp_emu_close(emu);
}

/* 128 KiB of banks that say which they are, of which the last `empty` are filled with one byte. */
static uint8_t *make_banks(int empty, uint8_t fill) {
    uint8_t *rom = make_rom(2, 0x01, keep_registers, sizeof keep_registers);
    for (int bank = 1; bank < 8; bank++) rom[bank * BANK] = (uint8_t)(0xB0 + bank);
    memset(rom + (8 - empty) * BANK, fill, (size_t)empty * BANK);
    set_checksum(rom, 8 * BANK);
    return rom;
}

static void test_trimmed(void **state) {
    (void)state;
    static const uint8_t fills[] = {0xFF, 0x00};
    lp_err err;
    lp_emu *emu;
    for (int f = 0; f < 2; f++)
        for (int empty = 0; empty < 6; empty += 3) {
            uint8_t *rom = make_banks(empty, fills[f]), whole[32], cut[32];
            size_t bytes = (size_t)(8 - empty) * BANK;
            while (empty && rom[bytes - 1] == fills[f]) bytes--;
            read_banks(rom, 8 * BANK, whole);
            read_banks(rom, bytes, cut);
            assert_memory_equal(whole, cut, sizeof whole);
            assert_int_equal(whole[9], 0xB1);
            /* a byte too few is missed */
            for (size_t n = bytes - 1; n > BANK; n = n / 2 + 77)
                if (rom[n]) assert_int_equal(lp_emu_open(&emu, rom, n, NULL, &err), LP_BAD_INPUT);
            free(rom);
        }
}

static void test_overdumped(void **state) {
    (void)state;
    enum { CONTENT = 8 * BANK };
    static const struct {
        const char *what;
        size_t more;
        int fill; /* -1: the ROM again; 1000: noise */
        bool wraps;
    } cases[] = {{"half a KiB of something", 512, 0xEE, true}, {"a bank of FF", BANK, 0xFF, true},
                 {"a second half of FF", CONTENT, 0xFF, true}, {"a second half of zeros", CONTENT, 0, true},
                 {"the ROM once more", CONTENT, -1, true},     {"half of it once more", CONTENT / 2, -1, true},
                 {"another bank", BANK, 1000, false},          {"another half", CONTENT, 1000, false}};
    uint8_t *rom = make_banks(0, 0), whole[32], longer[32];
    read_banks(rom, CONTENT, whole);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (size_t k = 0; k < cases[i].more; k++)
            rom[CONTENT + k] = cases[i].fill < 0 ? rom[k] : cases[i].fill == 1000 ? (uint8_t)(k * 31 + 0xC8) : (uint8_t)cases[i].fill;
        read_banks(rom, CONTENT + cases[i].more, longer);
        if (!memcmp(whole, longer, sizeof whole) != cases[i].wraps) fail_msg("%s: bank 8 begins with %02x", cases[i].what, longer[8]);
    }
    /* homebrew whose header claims too little, with a checksum that nobody filled in: all of it is there */
    rom[0x148] = 1, rom[0x14E] = rom[0x14F] = 0;
    read_banks(rom, CONTENT, longer);
    assert_int_equal(longer[7], 0xB7);
    free(rom);
}

/* ---- power on again ---- */

/* The same as when it was opened, whatever was played. */
static void test_reset(void **state) {
    (void)state;
    static uint8_t rom[CARTRIDGE_BYTES];
    for (int i = 0; i < N_CARTRIDGES; i++) {
        lp_emu *emu;
        lp_err err;
        make_cartridge(&cartridges[i], rom);
        if (open_cartridge(&emu, &cartridges[i], rom, &err)) fail_msg("%s", err.message);
        size_t bytes = lp_emu_state_size(emu);
        uint8_t *first = malloc(bytes), *again = malloc(bytes);
        lp_emu_state_save(emu, first);
        for (int round = 0; round < 2; round++) {
            touch_all(emu);
            lp_emu_step(emu, LP_KEY_A, 20);
            assert_int_equal(lp_emu_reset(emu, &err), LP_OK);
            lp_emu_state_save(emu, again);
            if (memcmp(first, again, bytes)) fail_msg("%s: not the same after a reset", cartridges[i].name);
        }
        free(first), free(again);
        lp_emu_close(emu);
    }
}

static void test_reset_without_memory(void **state) {
    (void)state;
    static uint8_t rom[CARTRIDGE_BYTES];
    for (int i = 0; i < N_CARTRIDGES; i++) {
        lp_emu *emu, *other;
        lp_err err;
        make_cartridge(&cartridges[i], rom);
        if (open_cartridge(&emu, &cartridges[i], rom, &err)) fail_msg("%s", err.message);
        touch_all(emu);
        lp_emu_step(emu, LP_KEY_A, 20);
        size_t bytes = lp_emu_state_size(emu);
        uint8_t *before = malloc(bytes), *after = malloc(bytes);
        lp_emu_state_save(emu, before);
        no_memory = true;
        assert_int_equal(lp_emu_reset(emu, &err), LP_FAILED);
        assert_int_equal(open_cartridge(&other, &cartridges[i], rom, &err), LP_FAILED);
        no_memory = false;
        assert_null(other);
        assert_non_null(strstr(err.message, "out of memory"));
        lp_emu_state_save(emu, after);
        if (memcmp(before, after, bytes)) fail_msg("%s: a reset that failed changed the machine", cartridges[i].name);
        lp_emu_step(emu, 0, 5);
        uint64_t hash = lp_emu_hash(emu);
        assert_int_equal(lp_emu_state_load(emu, before, bytes, &err), LP_OK);
        lp_emu_step(emu, 0, 5);
        assert_true(lp_emu_hash(emu) == hash);
        free(before), free(after);
        lp_emu_close(emu);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_models),     cmocka_unit_test(test_model_names),     cmocka_unit_test(test_states_of_other_models),
        cmocka_unit_test(test_trimmed),    cmocka_unit_test(test_cartridge_reads), cmocka_unit_test(test_gba_sensors),
        cmocka_unit_test(test_overdumped), cmocka_unit_test(test_reset),           cmocka_unit_test(test_reset_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
