/* The Game Boy's screen, a line at a time: background and window eight pixels at once, then sprites, then colours. Lines that are
 * drawn in several pieces, because the game changed something halfway, and Super Game Boys are libmgba's. Works on
 * libmgba's software renderer, follows its rules, and leaves it as libmgba would, but for the line's own scratch (row, obj),
 * which is made anew at the start of each line.
 *
 * A pixel is a palette index: 4 times the palette and 2 bits of shade, background palettes from 0, sprites' from SPRITES; ABOVE
 * marks a background that hides sprites (Game Boy Color). */
#include <mgba/flags.h>

#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/renderers/software.h>

#include "base/simd.h"
#include "emulator/console.h"

#include <endian.h>
#include <string.h>

enum { WIDTH = GB_VIDEO_HORIZONTAL_PIXELS, TILES = WIDTH / 8 + 1, MARGIN = 8, ATTRIBUTES = GB_SIZE_VRAM_BANK0 };
enum { SPRITES = 0x20, INDICES = 0x40, ABOVE = 0x80 };

/* Of the first ten in OAM's order that lie on the line. Written so that compilers take several sprites at once. */
LP_CLONES int lp_gb_sprites_on_line(const struct GBObj *sprites, int line, bool tall) {
    int32_t outside = tall ? ~15 : ~7, n = 0; /* bits of a line no sprite has */
    for (int i = 0; i < GB_VIDEO_MAX_OBJ; i++) {
        uint32_t sprite; /* y in its first byte */
        memcpy(&sprite, &sprites[i], sizeof sprite);
        n += ((line + 16 - (int32_t)(le32toh(sprite) & 0xFF)) & outside) == 0;
    }
    return n < GB_VIDEO_MAX_LINE_OBJ ? n : GB_VIDEO_MAX_LINE_OBJ;
}

/* Of each byte, its bits as eight bytes of 0 or 1, the highest bit lowest. */
static uint64_t spread[256];

void lp_gb_draw_init(void) {
    for (int byte = 0; byte < 256; byte++) {
        spread[byte] = 0;
        for (int bit = 0; bit < 8; bit++) spread[byte] |= (uint64_t)(byte >> (7 - bit) & 1) << 8 * bit;
    }
}

/* A tile's row, left to right from the high bits of low and high, as shades. */
static inline uint64_t tile_row(uint8_t low, uint8_t high) { return spread[low] | spread[high] << 1; }

static inline uint8_t mirrored(uint8_t b) {
    b = (uint8_t)(b >> 4 | b << 4);
    b = (uint8_t)((b & 0xCC) >> 2 | (b & 0x33) << 2);
    return (uint8_t)((b & 0xAA) >> 1 | (b & 0x55) << 1);
}

/* Pixels from `from` to the line's end of the layer that is scrolled so that screen x shows its column x + sx, in its row sy. */
static void draw_layer(const struct GBVideoSoftwareRenderer *r, uint8_t *line, int from, bool second_map, int sx, int sy) {
    bool color = r->model >= GB_MODEL_CGB, unsigned_tiles = GBRegisterLCDCIsTileData(r->lcdc), hiding = GBRegisterLCDCIsBgEnable(r->lcdc);
    const uint8_t *map = &r->d.vram[GB_BASE_MAP + (second_map ? GB_SIZE_MAP : 0) + (sy >> 3 & 0x1F) * 0x20];
    const uint8_t *tiles = r->d.vram + (unsigned_tiles ? 0 : 0x1000);
    uint8_t pixels[8 * TILES];
    int first = from + sx, n = (WIDTH - from + (first & 7) + 7) / 8;
    for (int i = 0; i < n; i++) {
        int x = ((first >> 3) + i) & 0x1F, tile_y = sy & 7;
        const uint8_t *at = tiles + 16 * (unsigned_tiles ? map[x] : (int8_t)map[x]);
        uint64_t row;
        if (color) {
            GBObjAttributes attributes = map[ATTRIBUTES + x];
            if (GBObjAttributesIsBank(attributes)) at += GB_SIZE_VRAM_BANK0;
            if (GBObjAttributesIsYFlip(attributes)) tile_y = 7 - tile_y;
            uint8_t low = at[2 * tile_y], high = at[2 * tile_y + 1];
            if (GBObjAttributesIsXFlip(attributes)) low = mirrored(low), high = mirrored(high);
            uint8_t base =
                (uint8_t)(4 * GBObjAttributesGetCGBPalette(attributes) | (hiding && GBObjAttributesIsPriority(attributes) ? ABOVE : 0));
            row = tile_row(low, high) | base * 0x0101010101010101u;
        } else {
            row = tile_row(at[2 * tile_y], at[2 * tile_y + 1]);
        }
        row = htole64(row);
        memcpy(pixels + 8 * i, &row, sizeof row);
    }
    memcpy(line + from, pixels + (first & 7), (size_t)(WIDTH - from));
}

static void draw_sprite(const struct GBVideoSoftwareRenderer *r, uint8_t *line, struct GBObj sprite, int y) {
    bool color = r->model >= GB_MODEL_CGB, tall = GBRegisterLCDCIsObjSize(r->lcdc), behind = GBObjAttributesIsPriority(sprite.attr);
    int left = sprite.x + r->objOffsetX - 8, in_sprite = y - (sprite.y + r->objOffsetY - 16);
    if (left <= -8 || left >= WIDTH) return;
    if (GBObjAttributesIsYFlip(sprite.attr)) in_sprite = (tall ? 15 : 7) - in_sprite;
    int tile = (tall ? sprite.tile & ~1 : sprite.tile) + (tall && in_sprite >= 8);
    const uint8_t *at = r->d.vram + 16 * tile + 2 * (in_sprite & 7);
    uint8_t base = SPRITES;
    if (color) {
        base |= (uint8_t)(4 * GBObjAttributesGetCGBPalette(sprite.attr));
        if (GBObjAttributesIsBank(sprite.attr)) at += GB_SIZE_VRAM_BANK0;
        if (!GBRegisterLCDCIsBgEnable(r->lcdc)) behind = false;
    } else {
        base |= (uint8_t)(4 * GBObjAttributesGetPalette(sprite.attr));
    }
    uint64_t row = GBObjAttributesIsXFlip(sprite.attr) ? tile_row(mirrored(at[0]), mirrored(at[1])) : tile_row(at[0], at[1]);
    for (int i = 0; i < 8; i++, row >>= 8) {
        uint8_t shade = row & 3, under = line[MARGIN + left + i];
        bool hidden = under & SPRITES || ((under & 3) && (behind || under & ABOVE));
        if (shade && !hidden) line[MARGIN + left + i] = base | shade;
    }
}

/* Returns whether there are any. */
static bool draw_sprites(const struct GBVideoSoftwareRenderer *r, uint8_t *line, int y) {
    bool tall = GBRegisterLCDCIsObjSize(r->lcdc);
    const struct GBObj *sprites = r->d.oam->obj;
    int n = lp_gb_sprites_on_line(sprites, y, tall);
    for (int i = 0, left = n; left > 0; i++) {
        int in_sprite = y - (sprites[i].y - 16);
        if (in_sprite < 0 || in_sprite >= (tall ? 16 : 8)) continue;
        draw_sprite(r, line, sprites[i], y);
        left--;
    }
    return n > 0;
}

/* ---- colours ---- */

static color_t color_of(const struct GBVideoSoftwareRenderer *r, int index) { return r->palette[r->lookup[index]]; }

/* Four shades by choices, many pixels at once; sprites' pixels after that, one by one. */
LP_CLONES static void paint_shades(color_t *restrict out, const uint8_t *restrict line, color_t white, color_t light, color_t dark,
                                   color_t black) {
    for (int x = 0; x < WIDTH; x++) {
        const color_t shade = line[x], one = shade & 1 ? light : white, two = shade & 1 ? black : dark;
        out[x] = shade & 2 ? two : one;
    }
}

static void paint_sprites(color_t *out, const uint8_t *line, const struct GBVideoSoftwareRenderer *r) {
    color_t colors[8];
    for (int i = 0; i < 8; i++) colors[i] = color_of(r, SPRITES | i);
    for (int x = 0; x < WIDTH; x += 8) {
        uint64_t eight;
        memcpy(&eight, line + x, sizeof eight);
        if (!(eight & SPRITES * 0x0101010101010101u)) continue;
        for (int i = x; i < x + 8; i++)
            if (line[i] & SPRITES) out[i] = colors[line[i] & 7];
    }
}

static void paint_colors(color_t *out, const uint8_t *line, const struct GBVideoSoftwareRenderer *r) {
    color_t colors[INDICES];
    for (int i = 0; i < INDICES; i++) colors[i] = color_of(r, i);
    for (int x = 0; x < WIDTH; x++) out[x] = colors[line[x] & (INDICES - 1)];
}

static void draw_line(struct GBVideoSoftwareRenderer *r, int y) {
    uint8_t line[MARGIN + WIDTH + MARGIN] = {0}; /* sprites may stick out */
    if (r->model >= GB_MODEL_CGB || GBRegisterLCDCIsBgEnable(r->lcdc)) {
        int wy = r->wy + r->currentWy, wx = r->wx + r->currentWx - 7;
        bool window = GBRegisterLCDCIsWindow(r->lcdc) && wx <= WIDTH;
        if (window && wy == y) r->hasWindow = true;
        window = window && r->hasWindow;
        if (!window || wx > 0)
            draw_layer(r, line + MARGIN, 0, GBRegisterLCDCIsTileMap(r->lcdc), (r->scx - r->offsetScx) & 0xFF, r->scy + y - r->offsetScy);
        if (window && wx < WIDTH)
            draw_layer(r, line + MARGIN, wx > 0 ? wx : 0, GBRegisterLCDCIsWindowTileMap(r->lcdc), -wx - r->offsetWx, y - wy - r->offsetWy);
    }
    bool sprites = GBRegisterLCDCIsObjEnable(r->lcdc) && draw_sprites(r, line, y);
    color_t *out = r->outputBuffer + r->outputBufferStride * y;
    if (r->model >= GB_MODEL_CGB) {
        paint_colors(out, line + MARGIN, r);
        return;
    }
    paint_shades(out, line + MARGIN, color_of(r, 0), color_of(r, 1), color_of(r, 2), color_of(r, 3));
    if (sprites) paint_sprites(out, line + MARGIN, r);
}

static bool is_debugged(const struct GBVideoSoftwareRenderer *r) {
    return r->d.disableBG || r->d.disableWIN || r->d.disableOBJ || r->d.highlightBG || r->d.highlightWIN || r->lastHighlightAmount;
}

static void draw_range(struct GBVideoRenderer *renderer, int start, int end, int y) {
    struct GBVideoSoftwareRenderer *r = (struct GBVideoSoftwareRenderer *)renderer;
    if (start != 0 || end != WIDTH || r->model & GB_MODEL_SGB || r->d.sgbRenderMode || is_debugged(r)) {
        lp_gb_static.draw_range(renderer, start, end, y);
        return;
    }
    r->lastY = y;
    r->lastX = end;
    draw_line(r, y);
}

void lp_gb_hook_renderer(struct GB *gb) { gb->video.renderer->drawRange = draw_range; }
