/* Lines of the Game Boy's screen that show background only, drawn eight pixels at a time; lines with sprites, with the
 * window, drawn in several pieces or on a Super Game Boy are libmgba's. Works on libmgba's software renderer and leaves it
 * as libmgba would, but for its row of palette indices, which nothing reads once a line is drawn. */
#include <mgba/flags.h>

#include <mgba/internal/gb/gb.h>
#include <mgba/internal/gb/renderers/software.h>

#include "emulator/console.h"

#include <endian.h>
#include <string.h>

enum { WIDTH = GB_VIDEO_HORIZONTAL_PIXELS, TILES = WIDTH / 8 + 1, PALETTE_ENTRIES = 32, ATTRIBUTES = GB_SIZE_VRAM_BANK0 };

/* Of the first ten in OAM's order that lie on the line. Written so that compilers take four sprites at once. */
int lp_gb_sprites_on_line(const struct GBObj *sprites, int line, bool tall) {
    int32_t outside = tall ? ~15 : ~7, n = 0; /* bits of a line no sprite has */
    for (int i = 0; i < GB_VIDEO_MAX_OBJ; i++) {
        uint32_t sprite; /* y in its first byte */
        memcpy(&sprite, &sprites[i], sizeof sprite);
        n += ((line + 16 - (int32_t)(le32toh(sprite) & 0xFF)) & outside) == 0;
    }
    return n < GB_VIDEO_MAX_LINE_OBJ ? n : GB_VIDEO_MAX_LINE_OBJ;
}

static bool is_background_only(const struct GBVideoSoftwareRenderer *r, int y) {
    if (r->model & GB_MODEL_SGB || r->d.sgbRenderMode || r->d.disableBG || r->d.disableWIN || r->d.disableOBJ || r->d.highlightBG || r->lastHighlightAmount) return false;
    if (GBRegisterLCDCIsWindow(r->lcdc) && (r->hasWindow || r->wy + r->currentWy == y) && r->wx + r->currentWx - 7 <= WIDTH) return false;
    return !GBRegisterLCDCIsObjEnable(r->lcdc) || !lp_gb_sprites_on_line(r->d.oam->obj, y, GBRegisterLCDCIsObjSize(r->lcdc));
}

/* Byte i of eight, from the lowest: bit 7 - i of b, as 0 or 1. */
static inline uint64_t spread(uint8_t b) {
    uint64_t bits = b * 0x0101010101010101u & 0x0102040810204080u;
    return (bits + 0x7F7F7F7F7F7F7F7Fu) >> 7 & 0x0101010101010101u;
}

/* A tile's row, left to right from the high bits of low and high. */
static inline void draw_tile(color_t out[8], uint8_t low, uint8_t high, const color_t colors[4]) {
    uint64_t shades = spread(low) | spread(high) << 1;
    for (int i = 0; i < 8; i++) out[i] = colors[shades >> 8 * i & 3];
}

static inline uint8_t mirrored(uint8_t b) {
    b = (uint8_t)(b >> 4 | b << 4);
    b = (uint8_t)((b & 0xCC) >> 2 | (b & 0x33) << 2);
    return (uint8_t)((b & 0xAA) >> 1 | (b & 0x55) << 1);
}

static void draw_background(const struct GBVideoSoftwareRenderer *r, color_t *row, int y) {
    color_t colors[PALETTE_ENTRIES], line[8 * TILES];
    bool color = r->model >= GB_MODEL_CGB;
    for (int i = 0; i < (color ? PALETTE_ENTRIES : 4); i++) colors[i] = r->palette[r->lookup[i]];
    int sx = (r->scx - r->offsetScx) & 0xFF, sy = r->scy + y - r->offsetScy;
    const uint8_t *map = &r->d.vram[GB_BASE_MAP + (GBRegisterLCDCIsTileMap(r->lcdc) ? GB_SIZE_MAP : 0) + (sy >> 3 & 0x1F) * 0x20];
    bool unsigned_tiles = GBRegisterLCDCIsTileData(r->lcdc);
    const uint8_t *tiles = r->d.vram + (unsigned_tiles ? 0 : 0x1000);
    for (int i = 0; i < TILES; i++) {
        int x = ((sx >> 3) + i) & 0x1F, tile_y = sy & 7;
        const uint8_t *at = tiles + 16 * (unsigned_tiles ? map[x] : (int8_t)map[x]);
        uint8_t attributes = color ? map[ATTRIBUTES + x] : 0;
        if (GBObjAttributesIsBank(attributes)) at += GB_SIZE_VRAM_BANK0;
        if (GBObjAttributesIsYFlip(attributes)) tile_y = 7 - tile_y;
        uint8_t low = at[2 * tile_y], high = at[2 * tile_y + 1];
        if (GBObjAttributesIsXFlip(attributes)) low = mirrored(low), high = mirrored(high);
        draw_tile(line + 8 * i, low, high, colors + 4 * GBObjAttributesGetCGBPalette(attributes));
    }
    memcpy(row, line + (sx & 7), WIDTH * sizeof *row);
}

static void draw_range(struct GBVideoRenderer *renderer, int start, int end, int y) {
    struct GBVideoSoftwareRenderer *r = (struct GBVideoSoftwareRenderer *)renderer;
    if (start != 0 || end != WIDTH || !is_background_only(r, y)) {
        lp_gb_static.draw_range(renderer, start, end, y);
        return;
    }
    r->lastY = y;
    r->lastX = end;
    color_t *row = r->outputBuffer + r->outputBufferStride * y;
    if (r->model >= GB_MODEL_CGB || GBRegisterLCDCIsBgEnable(r->lcdc)) draw_background(r, row, y);
    else
        for (int x = 0; x < WIDTH; x++) row[x] = r->palette[r->lookup[0]];
}

void lp_gb_hook_renderer(struct GB *gb) {
    gb->video.renderer->drawRange = draw_range;
}
