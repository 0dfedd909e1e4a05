/* Lines of the Game Boy Advance's backgrounds: tiles eight pixels at once, turned and scaled ones and bitmaps pixel by pixel but where they are
 * neither. What reads video RAM stays within it by how the registers' fields are cut: 64 KiB of maps and tiles are followed by 32 of sprites. */
#include "emulator/gba_draw.h"

#include "base/simd.h"

#include <endian.h>
#include <string.h>

enum { TILES = LP_GBA_ROOM / 8, MAP_TILES = 64, MAP_HALF = 32, BACKGROUND_BYTES = 0x10000, ONE = 0x100 };
enum { PAGE_2 = 0xA000, SMALL_WIDTH = 160, SMALL_HEIGHT = 128 };

/* ---- text ---- */

typedef uint32_t word __attribute__((may_alias));

/* Rows of eight pixels of four bits as bytes, with their palettes where they are not 0. tiles: of the backgrounds' memory, from the layer's
 * first on. Returns the farthest place that was read. Written so that compilers take several tiles at once. */
LP_CLONES static uint32_t spread(uint8_t *restrict out, const uint16_t *restrict map, const word *restrict tiles, uint32_t y) {
    uint64_t rows[TILES];
    uint32_t farthest = 0;
    for (int i = 0; i < TILES; i++) {
        const uint32_t tile = map[i], at = GBA_TEXT_MAP_TILE(tile) * 8 + (GBA_TEXT_MAP_VFLIP(tile) ? 7 - y : y);
        const uint32_t row = le32toh(tiles[at]), swapped = (row & 0x0F0F0F0F) << 4 | (row >> 4 & 0x0F0F0F0F);
        const uint32_t mirrored = swapped << 24 | (swapped & 0xFF00) << 8 | (swapped >> 8 & 0xFF00) | swapped >> 24;
        uint64_t v = GBA_TEXT_MAP_HFLIP(tile) ? mirrored : row;
        v = (v | v << 16) & 0x0000FFFF0000FFFF;
        v = (v | v << 8) & 0x00FF00FF00FF00FF;
        v = (v | v << 4) & 0x0F0F0F0F0F0F0F0F;
        const uint64_t palette = tile >> 8 & 0xF0, opaque = ((v + 0x7F7F7F7F7F7F7F7F) >> 7 & 0x0101010101010101) * 0xFF;
        rows[i] = htole64(v | (opaque & palette * 0x0101010101010101));
        farthest = at > farthest ? at : farthest;
    }
    memcpy(out, rows, sizeof rows);
    return farthest;
}

/* The same for rows of eight pixels of eight bits; those that lie beyond are not read. */
static uint32_t copy_rows(uint8_t *out, const uint16_t *map, const uint8_t *tiles, uint32_t y, uint32_t room) {
    uint32_t farthest = 0;
    for (int i = 0; i < TILES; i++) {
        const uint32_t tile = map[i], at = GBA_TEXT_MAP_TILE(tile) * 8 + (GBA_TEXT_MAP_VFLIP(tile) ? 7 - y : y);
        uint64_t row;
        if (8 * at < room) {
            memcpy(&row, tiles + 8 * at, sizeof row);
            if (GBA_TEXT_MAP_HFLIP(tile)) row = __builtin_bswap64(row);
            memcpy(out + 8 * i, &row, sizeof row);
        }
        farthest = at > farthest ? at : farthest;
    }
    return farthest;
}

/* The tiles' numbers and flips from column `first` of 64, the right half of which is the left again or lies in another map. */
static void read_map(uint16_t map[TILES], const struct GBAVideoSoftwareRenderer *r, const struct GBAVideoSoftwareBackground *bg, int in_y,
                     int first) {
    const uint32_t row = (uint32_t)in_y >> 3 & 0x1F, below = (uint32_t)in_y >> 8 & 1;
    const uint32_t maps = bg->size == 2 ? below : bg->size == 3 ? 2 * below : 0;
    const uint16_t *left = r->d.vram + bg->screenBase / 2 + 1024 * maps + 32 * row, *right = left + (bg->size & 1 ? 1024 : 0);
    for (int i = 0, n; i < TILES; i += n) {
        const int x = (first + i) & (MAP_TILES - 1), here = MAP_HALF - x % MAP_HALF;
        n = here < TILES - i ? here : TILES - i;
        for (int k = 0; k < n; k++) map[i + k] = le16toh((x < MAP_HALF ? left : right)[x % MAP_HALF + k]);
    }
}

/* False: the map names tiles beyond the backgrounds' memory, which libmgba shows or not by where they lie in the line. */
bool lp_gba_text_line(lp_gba_layer *out, const struct GBAVideoSoftwareRenderer *r, const struct GBAVideoSoftwareBackground *bg, int y) {
    const uint8_t *tiles = (const uint8_t *)r->d.vram + bg->charBase;
    const uint32_t in_y = (uint32_t)(y + bg->y), room = BACKGROUND_BYTES - bg->charBase;
    uint16_t map[TILES];
    read_map(map, r, bg, (int)in_y, bg->x >> 3);
    out->first = bg->x & 7;
    if (bg->multipalette) return 8 * copy_rows(out->bytes, map, tiles, in_y & 7, room) < room;
    return 4 * spread(out->bytes, map, (const word *)(const void *)tiles, in_y & 7) < room;
}

/* ---- turned and scaled ---- */

void lp_gba_affine_line(lp_gba_layer *out, const struct GBAVideoSoftwareRenderer *r, const struct GBAVideoSoftwareBackground *bg) {
    const uint8_t *map = (const uint8_t *)r->d.vram + bg->screenBase, *tiles = (const uint8_t *)r->d.vram + bg->charBase;
    const int32_t inside = (0x8000 << bg->size) - 1, shift = 4 + bg->size;
    int32_t x = bg->sx, y = bg->sy;
    out->first = 0;
    for (int i = 0; i < LP_GBA_WIDTH; i++, x += bg->dx, y += bg->dy) {
        int32_t in_x = x & inside, in_y = y & inside;
        uint8_t tile = map[(in_x >> 11) + (in_y >> 11 << shift)];
        uint8_t pixel = tiles[64 * tile + (in_y >> 8 & 7) * 8 + (in_x >> 8 & 7)];
        out->bytes[i] = bg->overflow || !((x | y) & ~inside) ? pixel : 0;
    }
}

/* ---- bitmaps ---- */

static uint32_t color_of(uint16_t rgb) {
    uint32_t c = (rgb & 0x1Fu) << 3 | (rgb & 0x3E0u) << 6 | (rgb & 0x7C00u) << 9;
    return c | (c >> 5 & 0x070707);
}

LP_CLONES static void convert(uint32_t *restrict out, const uint16_t *restrict row, int n) {
    for (int i = 0; i < n; i++) out[i] = color_of(le16toh(row[i]));
}

void lp_gba_bitmap_line(lp_gba_layer *out, const struct GBAVideoSoftwareRenderer *r, const struct GBAVideoSoftwareBackground *bg) {
    const int mode = GBARegisterDISPCNTGetMode(r->dispcnt);
    const int width = mode == 5 ? SMALL_WIDTH : LP_GBA_WIDTH, height = mode == 5 ? SMALL_HEIGHT : LP_GBA_HEIGHT;
    const uint8_t *page = (const uint8_t *)r->d.vram + (mode != 3 && GBARegisterDISPCNTIsFrameSelect(r->dispcnt) ? PAGE_2 : 0);
    const uint16_t *page16 = (const uint16_t *)(const void *)page;
    int32_t x = bg->sx, y = bg->sy;
    out->first = 0;
    if (bg->dx == ONE && bg->dy == 0 && x >= 0 && x < ONE && y >= 0 && y >> 8 < height) { /* as they lie there */
        memset(out->bytes + width, 0, (size_t)(LP_GBA_WIDTH - width));
        if (mode == 4) {
            memcpy(out->bytes, page + width * (y >> 8), (size_t)width);
        } else {
            memset(out->bytes, 1, (size_t)width);
            convert(out->colors, page16 + width * (y >> 8), width);
        }
        return;
    }
    for (int i = 0; i < LP_GBA_WIDTH; i++, x += bg->dx, y += bg->dy) {
        bool inside = x >= 0 && y >= 0 && x >> 8 < width && y >> 8 < height;
        int at = inside ? (x >> 8) + (y >> 8) * width : 0;
        if (mode == 4) out->bytes[i] = inside ? page[at] : 0;
        else out->bytes[i] = inside, out->colors[i] = color_of(le16toh(page16[at]));
    }
}
