/* The Game Boy Advance's screen in a whole machine: random scenes whose registers the console itself changes at the end of each line (DMA), played
 * plain and fast, the fast one with most frames skipped, and by a third that loads states now and then. Pictures and machines must be
 * equal. The program does nothing; memory and registers are written over the bus. */
#include "base/rng.h"
#include "emulator/emulator.h"
#include "tests/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { SCENES = 12, STEPS = 12, ROM_BYTES = 0x400, N_EMUS = 3 };
enum { IO = 0x04000000, EWRAM = 0x02000000, TABLES = 0x02030000, DMA_0 = IO + 0xB0, DMA_1 = IO + 0xBC, DMA_3 = IO + 0xD4 };
enum { AT_ONCE = 0x8400, EACH_LINE = 0xA240 }; /* words from here to there; a halfword a line, to one address */

typedef struct {
    lp_emu *emus[N_EMUS]; /* plain, fast, and the one that loads */
    unsigned char *state;
    lp_rng rng;
} machines;

static uint32_t below(machines *m, uint32_t n) { return lp_rng_below(&m->rng, n); }

static void write8(machines *m, uint32_t address, uint32_t value) {
    for (int i = 0; i < N_EMUS; i++) lp_emu_write8(m->emus[i], address, (uint8_t)value);
}

static void write16(machines *m, uint32_t address, uint32_t value) { write8(m, address, value), write8(m, address + 1, value >> 8); }

static void write32(machines *m, uint32_t address, uint32_t value) { write16(m, address, value), write16(m, address + 2, value >> 16); }

static void start_dma(machines *m, uint32_t channel, uint32_t from, uint32_t to, uint32_t count, uint32_t control) {
    write16(m, channel + 10, 0);
    write32(m, channel, from);
    write32(m, channel + 4, to);
    write16(m, channel + 8, count);
    write16(m, channel + 10, control);
}

static void step(machines *m, int n_frames) {
    for (int i = 0; i < N_EMUS; i++) lp_emu_step(m->emus[i], 0, n_frames);
}

/* Into where the CPU does not write bytes: by way of work RAM. */
static void fill(machines *m, uint32_t to, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) write8(m, EWRAM + i, below(m, 3) ? below(m, 256) : 0);
    start_dma(m, DMA_3, EWRAM, to, bytes / 4, AT_ONCE);
    step(m, 1);
}

static uint32_t choose_dispcnt(machines *m) {
    static const uint8_t modes[] = {0, 0, 0, 1, 1, 2, 3, 4, 5};
    uint32_t shown = (below(m, 0x20) | below(m, 0x20)) << 8;
    return modes[below(m, sizeof modes)] | below(m, 2) << 6 | shown | (below(m, 3) ? 0 : below(m, 8) << 13);
}

static void make_scene(machines *m) {
    static const uint32_t raster[] = {0x00, 0x08, 0x0A, 0x0E, 0x10, 0x12, 0x14, 0x1C, 0x1E, 0x20, 0x26,
                                      0x28, 0x2C, 0x40, 0x42, 0x44, 0x48, 0x4A, 0x50, 0x52, 0x54};
    start_dma(m, DMA_0, 0, 0, 0, 0);
    start_dma(m, DMA_1, 0, 0, 0, 0);
    fill(m, 0x06000000, 0x18000);
    fill(m, 0x05000000, 0x400);
    fill(m, 0x07000000, 0x400);
    for (uint32_t at = 0x08; at < 0x56; at += 2)
        if (at != 0x4C) write16(m, IO + at, below(m, 0x10000) & (at < 0x10 ? 0xFFBF : 0xFFFF)); /* no mosaic: it would all be libmgba's */
    for (uint32_t at = 0x20; at < 0x40; at += 0x10) write16(m, IO + at, 0x100), write16(m, IO + at + 6, 0x100 + below(m, 0x40));
    write16(m, IO, choose_dispcnt(m));
    for (uint32_t channel = DMA_0; channel <= DMA_1; channel += DMA_1 - DMA_0) {
        const uint32_t reg = raster[below(m, sizeof raster / sizeof *raster)];
        const uint32_t mask = reg == 0 ? 0x1F47 : 0xFFFF, table = TABLES + 0x1000 * (channel == DMA_1);
        uint32_t value = below(m, 0x10000);
        for (uint32_t y = 0; y < 0x800; y++) {
            if (below(m, 4) == 0) value = below(m, 0x10000);
            write16(m, table + 2 * y, value & mask);
        }
        start_dma(m, channel, table, IO + reg, 1, EACH_LINE);
    }
}

static void compare(machines *m, int scene, int at) {
    int w, h;
    const uint32_t *picture = lp_emu_frame(m->emus[0], &w, &h);
    for (int i = 1; i < N_EMUS; i++) {
        const uint32_t *other = lp_emu_frame(m->emus[i], &w, &h);
        for (int p = 0; p < w * h; p++)
            if (picture[p] != other[p])
                fail_msg("scene %d, step %d, line %d, column %d: emulator %d shows %06x, plain %06x", scene, at, p / w, p % w, i, other[p],
                         picture[p]);
        if (lp_emu_hash(m->emus[0]) != lp_emu_hash(m->emus[i])) fail_msg("scene %d, step %d: machine %d differs", scene, at, i);
    }
}

/* The third is led astray, then loads what one of the others saved. */
static void load(machines *m, int scene, int from) {
    lp_err err;
    lp_emu *lost = m->emus[2];
    for (int i = 0; i < 200; i++) lp_emu_write8(lost, IO + below(m, 0x56), (uint8_t)below(m, 256));
    for (int i = 0; i < 200; i++) lp_emu_write8(lost, 0x05000000 + below(m, 0x400), (uint8_t)below(m, 256));
    lp_emu_step(lost, 0, 1 + (int)below(m, 3));
    lp_emu_state_save(m->emus[from], m->state);
    if (lp_emu_state_load(lost, m->state, lp_emu_state_size(lost), &err)) fail_msg("scene %d: %s", scene, err.message);
}

static void open_machines(machines *m, const void *rom) {
    static const lp_emu_config plain = {.plain = true};
    lp_err err;
    for (int i = 0; i < N_EMUS; i++)
        if (lp_emu_open(&m->emus[i], rom, ROM_BYTES, i == 0 ? &plain : NULL, &err)) fail_msg("%s", err.message);
    m->state = malloc(lp_emu_state_size(m->emus[0]));
}

static void close_machines(machines *m) {
    for (int i = 0; i < N_EMUS; i++) lp_emu_close(m->emus[i]);
    free(m->state);
}

static void test_raster(void **state) {
    (void)state;
    static const uint8_t rom[ROM_BYTES] = {0xFE, 0xFF, 0xFF, 0xEA, [0xB2] = 0x96}; /* b itself */
    machines m = {.rng = lp_rng_make(test_seed_or(1), 0)};
    open_machines(&m, rom);
    for (int scene = 0; scene < SCENES; scene++) {
        make_scene(&m);
        for (int i = 0; i < STEPS; i++) {
            if (below(&m, 4) == 0) load(&m, scene, (int)below(&m, 2));
            if (below(&m, 3) == 0) write16(&m, IO, choose_dispcnt(&m));
            step(&m, 1 + (int)below(&m, 4));
            compare(&m, scene, i);
        }
    }
    close_machines(&m);
}

/* A game that says for the first time within a frame what the screen shows: nothing of the blank lines before may stay. */
static void test_begins_blank(void **state) {
    (void)state;
    static const uint32_t program[] = {0xE3A00301,                         /* mov r0, IO */
                                       0xE1D010B6, 0xE3510043, 0x1AFFFFFC, /* until line 67 */
                                       0xE3A01000, 0xE1C010B0,             /* DISPCNT = 0 */
                                       0xEAFFFFFE};
    uint8_t rom[ROM_BYTES] = {0x2E, 0, 0, 0xEA, [0xB2] = 0x96}; /* b C0 */
    for (size_t i = 0; i < 4 * sizeof program / sizeof *program; i++) rom[0xC0 + i] = (uint8_t)(program[i / 4] >> 8 * (i % 4));
    machines m = {.rng = lp_rng_make(1, 0)};
    open_machines(&m, rom);
    for (int i = 0; i < 8; i++) {
        step(&m, 2);
        compare(&m, 0, i);
    }
    close_machines(&m);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_raster), cmocka_unit_test(test_begins_blank)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
