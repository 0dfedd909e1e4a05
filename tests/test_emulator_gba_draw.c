/* The Game Boy Advance's screen against libmgba's renderer: random scenes, sensible and wild ones, drawn by both from the same memory, with
 * registers, palette, sprites and tiles that change between lines and frames. Every line, and what both renderers keep for the next, must be
 * equal. The seed is fixed, so that a failure stays; LONGPLAY_TEST_SEED tries others, LONGPLAY_SCENES more of them. */
#include "base/rng.h"
#include "emulator/console.h"
#include "emulator/gba_draw.h"
#include "tests/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { N_SCENES = 200 };
#else
enum { N_SCENES = 1000 };
#endif
enum { FRAMES = 3, GBA_ROM_BYTES = 0x400 };
static uint64_t seed;
static int n_scenes = N_SCENES;

typedef struct {
    struct GBAVideoSoftwareRenderer theirs, ours;
    uint16_t palette[512], *vram;
    union GBAOAM oam;
    color_t their_picture[LP_GBA_WIDTH * LP_GBA_HEIGHT], our_picture[LP_GBA_WIDTH * LP_GBA_HEIGHT];
    lp_rng rng;
    uint16_t dispcnt;
} stage;

static uint32_t below(stage *s, uint32_t n) { return lp_rng_below(&s->rng, n); }

static uint16_t half(stage *s) { return (uint16_t)lp_rng_u64(&s->rng); }

static void open_renderer(struct GBAVideoSoftwareRenderer *r, stage *s, color_t *picture) {
    memset(r, 0, sizeof *r);
    GBAVideoSoftwareRendererCreate(r);
    r->d.palette = s->palette;
    r->d.vram = s->vram;
    r->d.oam = &s->oam;
    r->outputBuffer = picture;
    r->outputBufferStride = LP_GBA_WIDTH;
    r->d.init(&r->d);
}

/* ---- what changes ---- */

static void write_register(stage *s, uint32_t address, uint16_t value) {
    if (address == REG_DISPCNT) s->dispcnt = value;
    s->theirs.d.writeVideoRegister(&s->theirs.d, address, value);
    s->ours.d.writeVideoRegister(&s->ours.d, address, value);
}

static void write_color(stage *s, uint32_t index, uint16_t value) {
    s->palette[index] = value;
    s->theirs.d.writePalette(&s->theirs.d, 2 * index, value);
    s->ours.d.writePalette(&s->ours.d, 2 * index, value);
}

static void write_vram(stage *s, uint32_t index, uint16_t value) {
    s->vram[index] = value;
    s->theirs.d.writeVRAM(&s->theirs.d, 2 * index);
    s->ours.d.writeVRAM(&s->ours.d, 2 * index);
}

static void write_oam(stage *s, uint32_t index, uint16_t value) {
    s->oam.raw[index] = value;
    s->theirs.d.writeOAM(&s->theirs.d, index);
    s->ours.d.writeOAM(&s->ours.d, index);
}

/* Half of video RAM's bytes are 0, as tiles have holes; wild: none of its halfwords means anything. */
static void fill_memory(stage *s, bool wild) {
    for (uint32_t i = 0; i < 512; i++) write_color(s, i, half(s));
    const uint32_t reach = 1 + below(s, 0x400); /* tiles that maps name */
    for (uint32_t i = 0; i < SIZE_VRAM / 2; i++) {
        uint16_t value = half(s) & (below(s, 2) ? 0xFFFF : half(s));
        if (!wild && i < 0x8000 && i % 0x2000 >= 0x1000) value = (uint16_t)((value & 0xFC00) | below(s, reach)); /* a map between tiles */
        write_vram(s, i, value);
    }
    if (!wild && below(s, 4) == 0) /* large empty areas */
        for (uint32_t n = 0, at = below(s, SIZE_VRAM / 4); n < SIZE_VRAM / 4; n++) write_vram(s, at + n, 0);
}

static uint16_t scale_of(stage *s) { return below(s, 3) ? (uint16_t)(0x100 + (int)below(s, 0x180) - 0xC0) : half(s); }

static void fill_sprites(stage *s, bool wild) {
    const uint32_t shown = below(s, 3) ? below(s, 129) : 128, kinds = below(s, 8), center = below(s, 160);
    for (uint32_t i = 0; i < 128; i++) {
        uint16_t a = half(s), b = half(s), c = half(s);
        if (!wild) {
            a &= 0xE3FF; /* upright, of one kind, without mosaic */
            if (!(kinds & 1)) a &= 0xFCFF;
            if (kinds & 2 && below(s, 3) == 0) a |= 0x0400;  /* semitransparent */
            if (kinds & 4 && below(s, 32) == 0) a |= 0x0800; /* a window */
            a &= 0xEFFF;
            if (below(s, 2)) a = (uint16_t)((a & 0xFF00) | (center + below(s, 32)));
        }
        if (i >= shown) a = (uint16_t)((a & 0xFCFF) | 0x0200);
        write_oam(s, 4 * i, a), write_oam(s, 4 * i + 1, b), write_oam(s, 4 * i + 2, c);
        write_oam(s, 4 * i + 3, wild ? half(s) : i % 4 == 0 || i % 4 == 3 ? scale_of(s) : (uint16_t)((int)below(s, 0x200) - 0x100));
    }
}

static void choose_layers(stage *s, bool wild) {
    static const uint16_t modes[] = {0, 0, 0, 1, 1, 2, 3, 4, 5};
    uint16_t dispcnt = half(s);
    if (!wild) {
        dispcnt = (uint16_t)((dispcnt & 0xFF70) | modes[below(s, sizeof modes / sizeof *modes)]);
        dispcnt &= (uint16_t)~0x80; /* forced blank */
        if (below(s, 2)) dispcnt &= 0x1FFF;
        if (below(s, 3)) dispcnt |= 0x0F00;
        if (below(s, 3)) dispcnt |= 0x1000;
    } else if (below(s, 4)) { /* else little of it would be drawn our way */
        dispcnt &= below(s, 2) ? 0x7F7B : 0xFF7B;
    }
    write_register(s, REG_DISPCNT, dispcnt);
    for (uint32_t i = 0; i < 4; i++) {
        uint16_t control = half(s);
        if (below(s, 8)) control &= (uint16_t)~0x40; /* mosaic */
        if (!wild) control = (uint16_t)((control & 0xE0FF) | (below(s, 8) * 4 + 2 + below(s, 2)) << 8);
        if (!wild && below(s, 2)) control &= (uint16_t)~0x80;
        if (!wild && below(s, 3)) control &= (uint16_t)~0xC; /* tiles from the first 32 KiB */
        write_register(s, REG_BG0CNT + 2 * i, control);
        write_register(s, REG_BG0HOFS + 4 * i, half(s));
        write_register(s, REG_BG0VOFS + 4 * i, half(s));
    }
}

static void choose_turns(stage *s, bool wild) {
    const bool upright = below(s, 2) && !wild, at_origin = upright && below(s, 2);
    for (uint32_t i = 0; i < 2; i++) {
        const uint32_t at = REG_BG2PA + 0x10 * i;
        for (uint32_t k = 0; k < 4; k++) {
            uint16_t value = half(s);
            if (!wild)
                value = upright            ? (k == 0 || k == 3 ? 0x100 : 0)
                        : k == 0 || k == 3 ? scale_of(s)
                                           : (uint16_t)((int)below(s, 0x200) - 0x100);
            write_register(s, at + 2 * k, value);
        }
        for (uint32_t k = 0; k < 4; k += 2) {
            int32_t from = (int32_t)below(s, 0x20000) - 0x8000;
            write_register(s, at + 8 + 2 * k, at_origin ? 0 : wild ? half(s) : (uint16_t)from);
            write_register(s, at + 10 + 2 * k, at_origin ? 0 : wild ? half(s) : (uint16_t)(from >> 16));
        }
    }
}

static void choose_effects(stage *s, bool wild) {
    for (uint32_t at = REG_WIN0H; at <= REG_WINOUT; at += 2) {
        uint16_t value = half(s);
        if (!wild && at < REG_WININ && below(s, 2)) { /* a window that does not reach around the edge */
            uint32_t start = below(s, 160), end = start + below(s, 160);
            value = (uint16_t)(start << 8 | (end < 256 ? end : 255));
        }
        write_register(s, at, value);
    }
    write_register(s, REG_MOSAIC, below(s, 4) == 0 ? half(s) : 0);
    write_register(s, REG_BLDCNT, below(s, 3) ? half(s) : 0);
    write_register(s, REG_BLDALPHA, below(s, 8) ? half(s) : 16);
    write_register(s, REG_BLDY, half(s));
    if (wild && below(s, 8) == 0) write_register(s, REG_GREENSWP, half(s));
}

static void change_something(stage *s, bool wild) {
    static const uint16_t often[] = {REG_BG0HOFS, REG_BG1HOFS, REG_BG2HOFS,  REG_BG3HOFS, REG_BG0VOFS, REG_BG1VOFS, REG_WIN0H,
                                     REG_WIN1H,   REG_BLDY,    REG_BLDALPHA, REG_BG2PA,   REG_BG2X_LO, REG_BG2Y_LO, REG_BG3X_LO};
    switch (below(s, 8)) {
    case 0: write_color(s, below(s, 512), half(s)); break;
    case 1: write_vram(s, below(s, SIZE_VRAM / 2), half(s)); break;
    case 2: write_oam(s, below(s, 512), wild ? half(s) : (uint16_t)(half(s) & 0xE1FF)); break;
    case 3: write_register(s, REG_DISPCNT, s->dispcnt ^ (uint16_t)(0x100 << below(s, 5))); break;
    case 4:
        if (wild) write_register(s, 2 * below(s, REG_BLDY / 2 + 1), half(s));
        else write_register(s, REG_BLDCNT, half(s));
        break;
    default: write_register(s, often[below(s, sizeof often / sizeof *often)], half(s)); break;
    }
}

/* ---- drawing and comparing ---- */

static uint64_t n_lines, n_ours; /* drawn, and by our way */

/* The field that differs, or NULL. */
static const char *differing(const struct GBAVideoSoftwareRenderer *a, const struct GBAVideoSoftwareRenderer *b) {
#define COMPARE(field)                                                                                                                     \
    if (memcmp(&a->field, &b->field, sizeof a->field)) return #field
    COMPARE(normalPalette);
    COMPARE(variantPalette);
    COMPARE(blendDirty);
    COMPARE(scanlineDirty);
    COMPARE(nextIo);
    COMPARE(cache);
    COMPARE(nextY);
    COMPARE(oamDirty);
    COMPARE(oamMax);
    for (int i = 0; i < 4; i++) {
        COMPARE(bg[i].enabled);
        COMPARE(bg[i].sx);
        COMPARE(bg[i].sy);
    }
    for (int i = 0; i < a->oamMax; i++) {
        COMPARE(sprites[i].obj);
        COMPARE(sprites[i].y);
        COMPARE(sprites[i].endY);
        COMPARE(sprites[i].cycles);
    }
    return NULL;
#undef COMPARE
}

static void draw_and_compare(stage *s, int scene, int frame, int y) {
    s->theirs.d.drawScanline(&s->theirs.d, y);
    s->ours.row[0] = 0xA5A5A5A5; /* libmgba would write over it */
    s->ours.d.drawScanline(&s->ours.d, y);
    n_lines++;
    n_ours += s->ours.row[0] == 0xA5A5A5A5 && !GBARegisterDISPCNTIsForcedBlank(s->dispcnt);
    const color_t *theirs = s->their_picture + LP_GBA_WIDTH * y, *ours = s->our_picture + LP_GBA_WIDTH * y;
    for (int x = 0; x < LP_GBA_WIDTH; x++)
        if ((theirs[x] & 0xFFFFFF) != ours[x])
            fail_msg("scene %d, frame %d, line %d, column %d: %06x, libmgba %06x (DISPCNT %04x, BLDCNT effect %d)", scene, frame, y, x,
                     ours[x], theirs[x] & 0xFFFFFF, s->dispcnt, (int)s->theirs.blendEffect);
    const char *field = differing(&s->theirs, &s->ours);
    if (field) fail_msg("scene %d, frame %d: the renderers' %s differ after line %d", scene, frame, field, y);
}

static void play_scene(stage *s, int scene, bool wild) {
    s->rng = lp_rng_make(seed, (uint64_t)scene);
    memset(s->palette, 0, sizeof s->palette);
    memset(s->vram, 0, SIZE_VRAM);
    memset(&s->oam, 0, sizeof s->oam);
    open_renderer(&s->theirs, s, s->their_picture);
    open_renderer(&s->ours, s, s->our_picture);
    lp_gba_hook_renderer(&s->ours.d);
    fill_memory(s, wild);
    fill_sprites(s, wild);
    choose_layers(s, wild);
    choose_turns(s, wild);
    choose_effects(s, wild);
    const uint32_t changes = below(s, 3); /* 0: none within a frame */
    for (int frame = 0; frame < FRAMES; frame++) {
        lp_gba_forget_sprites();
        for (int y = 0; y < LP_GBA_HEIGHT; y++) {
            draw_and_compare(s, scene, frame, y);
            while (changes && below(s, 3) < changes) change_something(s, wild);
        }
        s->theirs.d.finishFrame(&s->theirs.d);
        s->ours.d.finishFrame(&s->ours.d);
        for (uint32_t n = below(s, 12); n > 0; n--) change_something(s, wild); /* and a frame that is not drawn, perhaps */
        if (frame == 0 && below(s, 2)) fill_sprites(s, wild), choose_turns(s, wild), choose_effects(s, wild);
    }
}

static void play_scenes(bool wild) {
    stage *s = calloc(1, sizeof *s);
    s->vram = malloc(SIZE_VRAM); /* the address sanitizer sees its end */
    n_lines = n_ours = 0;
    for (int scene = 0; scene < n_scenes; scene++) play_scene(s, scene + wild * n_scenes, wild);
    printf("%.1f%% of %llu lines drawn our way\n", 100.0 * (double)n_ours / (double)n_lines, (unsigned long long)n_lines);
    assert_true(n_ours * 8 > n_lines); /* or nothing was compared */
    free(s->vram);
    free(s);
}

static void test_sensible_scenes(void **state) {
    (void)state;
    play_scenes(false);
}

static void test_wild_scenes(void **state) {
    (void)state;
    play_scenes(true);
}

/* libmgba's own renderer is found out when the first emulator is opened. */
static int open_first(void **state) {
    (void)state;
    static uint8_t rom[GBA_ROM_BYTES] = {[3] = 0xEA, [0xB2] = 0x96};
    lp_emu *emu;
    lp_err err;
    if (lp_emu_open(&emu, rom, sizeof rom, NULL, &err)) fail_msg("%s", err.message);
    lp_emu_close(emu);
    return 0;
}

int main(void) {
    seed = test_seed_or(1);
    if (getenv("LONGPLAY_SCENES")) n_scenes = atoi(getenv("LONGPLAY_SCENES"));
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_sensible_scenes), cmocka_unit_test(test_wild_scenes)};
    return cmocka_run_group_tests(tests, open_first, NULL);
}
