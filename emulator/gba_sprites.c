/* A line of the Game Boy Advance's sprites. Which of them are on which line is found out once, when OAM has changed, as a bit a sprite.
 * Upright ones are drawn eight pixels at once. Lines with mosaics, and with sprites that make a window, are libmgba's.
 *
 * As on the console, a transparent pixel of a sprite that is before another one lifts that one's pixel to its own priority, and the line ends
 * for the sprites that come when its time is over. */
#include "emulator/gba_draw.h"

#include "emulator/console.h"

#include <mgba/internal/gba/renderers/common.h>

#include <endian.h>
#include <string.h>

enum {
    SPRITES = 128,
    BITS = 64,
    WORDS = SPRITES / BITS,
    TILES_AT = BASE_TILE,
    TILES_MASK = 0x7FFE,
    ROW_MASK = 0x3FE,
    OBJECTS_AT = 0x100,
    ROUND = 256
};

/* What all pixels of a sprite have in common. */
typedef struct {
    uint16_t color;        /* or'd to their index */
    uint16_t order, flags; /* the priority; it and how they blend */
    uint16_t key;          /* of the registers that this was made for */
    uint32_t first, mask, row, stride;
    int width, height, bits;
} sprite_kind;

/* Of the renderer whose frame this thread draws. */
static _Thread_local struct {
    const struct GBAVideoSoftwareRenderer *of;         /* NULL: nothing is known */
    uint64_t on[LP_GBA_HEIGHT][WORDS], windows[WORDS]; /* a bit a sprite: on that line; one that is a window */
    sprite_kind kinds[SPRITES];
} lines;

void lp_gba_forget_sprites(void) { lines.of = NULL; }

/* Lines from the first to before the end, and once more around the 256 lines that a sprite's place is counted in. */
void lp_gba_find_sprites(struct GBAVideoSoftwareRenderer *r) {
    if (lines.of == r && !r->oamDirty) return;
    if (r->oamDirty) r->oamMax = GBAVideoRendererCleanOAM(r->d.oam->obj, r->sprites, r->objOffsetY);
    r->oamDirty = false;
    lines.of = r;
    memset(lines.on, 0, sizeof lines.on);
    memset(lines.windows, 0, sizeof lines.windows);
    for (int i = 0; i < r->oamMax; i++) {
        const struct GBAVideoRendererSprite *s = &r->sprites[i];
        lines.kinds[i].key = 0;
        if (GBAObjAttributesAGetMode(s->obj.a) == OBJ_MODE_OBJWIN) lines.windows[i / BITS] |= UINT64_C(1) << i % BITS;
        for (int y = s->y < 0 ? 0 : s->y; y < s->endY && y < LP_GBA_HEIGHT; y++) lines.on[y][i / BITS] |= UINT64_C(1) << i % BITS;
        for (int y = 0; y < s->endY - ROUND && y < s->y && y < LP_GBA_HEIGHT; y++) lines.on[y][i / BITS] |= UINT64_C(1) << i % BITS;
    }
}

bool lp_gba_has_window_sprite(int y) {
    uint64_t both = 0;
    for (int word = 0; word < WORDS; word++) both |= lines.on[y][word] & lines.windows[word];
    return both != 0;
}

enum { LIFTED = LP_GBA_ORDER | LP_GBA_FIRST | LP_GBA_FORCED };

/* The address in the sprites' 32 KiB of a row of tiles' first byte. */
static uint32_t row_of(const sprite_kind *k, int y) {
    return ((uint32_t)y & ~7u) * k->stride + ((uint32_t)y & 7) * (uint32_t)k->bits + k->row;
}

static uint64_t tile_row(const struct GBAVideoSoftwareRenderer *r, const sprite_kind *k, uint32_t row, int tile) {
    const uint8_t *tiles = (const uint8_t *)r->d.vram + TILES_AT;
    uint32_t at = (((k->first + (uint32_t)(tile * 8 * k->bits)) & k->mask) + row) & TILES_MASK;
    if (k->bits == 8) {
        uint64_t v;
        memcpy(&v, tiles + at, sizeof v);
        return le64toh(v);
    }
    uint32_t nibbles;
    memcpy(&nibbles, tiles + at, sizeof nibbles);
    uint64_t v = le32toh(nibbles);
    v = (v | v << 16) & 0x0000FFFF0000FFFF;
    v = (v | v << 8) & 0x00FF00FF00FF00FF;
    return (v | v << 4) & 0x0F0F0F0F0F0F0F0F;
}

typedef uint8_t bytes8 __attribute__((vector_size(8)));
typedef uint16_t pixels8 __attribute__((vector_size(16)));

static pixels8 choose(pixels8 mask, pixels8 a, pixels8 b) { return (a & mask) | (b & ~mask); }

static void put_eight(uint16_t *at, uint64_t row, const sprite_kind *k) {
    bytes8 bytes;
    row = htole64(row);
    memcpy(&bytes, &row, sizeof bytes);
    pixels8 new = __builtin_convertvector(bytes, pixels8), old;
    memcpy(&old, at, sizeof old);
    pixels8 behind = (pixels8)(old >> LP_GBA_ORDER_SHIFT > k->order), drawn = new | k->color | k->flags;
    pixels8 lifted = choose((pixels8)(old == LP_GBA_NO_SPRITE), old, (old & (uint16_t)~LIFTED) | k->flags);
    old = choose(behind, choose((pixels8)(new != 0), drawn, lifted), old);
    memcpy(at, &old, sizeof old);
}

static void draw_upright(uint16_t *line, const struct GBAVideoSoftwareRenderer *r, const struct GBAObj *s, const sprite_kind *k, int x,
                         int y) {
    if (GBAObjAttributesAGetY(s->a) + k->height >= ROUND) y += ROUND;
    if (GBAObjAttributesBIsVFlip(s->b)) y = k->height - y - 1;
    const uint32_t row = row_of(k, y);
    const int n = k->width / 8;
    const bool flipped = GBAObjAttributesBIsHFlip(s->b);
    for (int i = 0; i < n; i++, x += 8) {
        if (x <= -8 || x >= LP_GBA_WIDTH) continue;
        uint64_t pixels = tile_row(r, k, row, flipped ? n - 1 - i : i);
        put_eight(line + LP_GBA_MARGIN + x, flipped ? __builtin_bswap64(pixels) : pixels, k);
    }
}

static void put_one(uint16_t *at, uint8_t index, const sprite_kind *k) {
    if (*at >> LP_GBA_ORDER_SHIFT <= k->order) return;
    if (index) *at = index | k->color | k->flags;
    else if (*at != LP_GBA_NO_SPRITE) *at = (uint16_t)((*at & ~LIFTED) | k->flags);
}

static uint8_t pixel_at(const struct GBAVideoSoftwareRenderer *r, const sprite_kind *k, int x, int y) {
    const uint8_t *tiles = (const uint8_t *)r->d.vram + TILES_AT;
    uint32_t column = (uint32_t)(x & ~7) * (uint32_t)k->bits + (k->bits == 8 ? (uint32_t)x & 7 : (uint32_t)x >> 1 & 3);
    uint32_t odd = column & 1, at = (((k->first + column) & k->mask) + row_of(k, y)) & TILES_MASK;
    uint8_t byte = tiles[at + odd];
    return k->bits == 8 ? byte : x & 1 ? byte >> 4 : byte & 0xF;
}

/* A column of a turned sprite's line and, in 1/256 pixels, the place within the sprite that the column before it shows. */
typedef struct {
    int column;
    int32_t x, y;
} walk;

static int32_t wrapped_add(int32_t a, int32_t b, int32_t times) { return (int32_t)((uint32_t)a + (uint32_t)b * (uint32_t)times); }

/* Goes on to where a coordinate, which is at `at` and moves by `by` a column, comes to lie within 0 to size. Rounds as libmgba does, and goes back,
 * too, where it would have lain there before. */
static void skip(walk *w, int32_t at, int32_t by, int size, int32_t dx, int32_t dy) {
    if (!by) return;
    int32_t n = 0;
    if (at >> 8 < 0) n = ~at / by;
    else if (at >> 8 >= size) n = (size * 256 - at) / by;
    w->x = wrapped_add(w->x, dx, n);
    w->y = wrapped_add(w->y, dy, n);
    w->column += n;
}

static void draw_turned(uint16_t *line, const struct GBAVideoSoftwareRenderer *r, const struct GBAObj *s, const sprite_kind *k, int x,
                        int y, const lp_gba_part *part) {
    const struct GBAOAMMatrix *m = &r->d.oam->mat[GBAObjAttributesBGetMatIndex(s->b)];
    const int16_t a = (int16_t)le16toh((uint16_t)m->a), b = (int16_t)le16toh((uint16_t)m->b), c = (int16_t)le16toh((uint16_t)m->c),
                  d = (int16_t)le16toh((uint16_t)m->d);
    const int width = k->width << GBAObjAttributesAGetDoubleSize(s->a), height = k->height << GBAObjAttributesAGetDoubleSize(s->a);
    const int end = x + width < part->end ? x + width : part->end;
    if (y < 0) y += ROUND;
    walk w = {.column = x > part->start ? x : part->start};
    const int from_x = w.column - x - 1 - width / 2, from_y = y - height / 2;
    w.x = a * from_x + b * from_y + k->width * 128;
    w.y = c * from_x + d * from_y + k->height * 128;
    skip(&w, w.x, a, k->width, a, c);
    skip(&w, w.y, c, k->height, a, c);
    if (w.column < part->start) return;
    for (; w.column < end; w.column++) {
        w.x = wrapped_add(w.x, a, 1);
        w.y = wrapped_add(w.y, c, 1);
        if (((w.x >> 8) & ~(k->width - 1)) | ((w.y >> 8) & ~(k->height - 1))) break;
        put_one(line + LP_GBA_MARGIN + w.column, pixel_at(r, k, w.x >> 8, w.y >> 8), k);
    }
}

/* Is there anything that a sprite could be blended with? */
static bool has_second(const struct GBAVideoSoftwareRenderer *r) {
    bool has = r->target2Bd;
    for (int i = 0; i < 4; i++) has = has || (r->bg[i].target2 && r->bg[i].enabled);
    return has;
}

/* Effects are on in the window that sprites make, or here: libmgba then treats all sprites as mixing. */
static bool window_has_effects(const struct GBAVideoSoftwareRenderer *r, bool blend) {
    return GBARegisterDISPCNTIsObjwinEnable(r->dispcnt) && (blend || GBAWindowControlIsBlendEnable(r->objwin.packed));
}

/* Never 0, of no registers. */
static uint16_t key_of(const struct GBAVideoSoftwareRenderer *r, bool blend, bool second) {
    return (uint16_t)(1 | blend << 1 | second << 2 | (r->target1Obj != 0) << 3 | (unsigned)r->blendEffect << 4 |
                      (GBARegisterDISPCNTIsObjCharacterMapping(r->dispcnt) != 0) << 6 | window_has_effects(r, blend) << 7);
}

static sprite_kind make_kind(const struct GBAVideoSoftwareRenderer *r, const struct GBAObj *s, bool blend, bool second) {
    const int *size = GBAVideoObjSizes[GBAObjAttributesAGetShape(s->a) * 4 + GBAObjAttributesBGetSize(s->b)];
    const bool wide = GBAObjAttributesAIs256Color(s->a), in_a_row = GBARegisterDISPCNTIsObjCharacterMapping(r->dispcnt);
    const bool mixes = GBAObjAttributesAGetMode(s->a) == OBJ_MODE_SEMITRANSPARENT, alpha = r->target1Obj && r->blendEffect == BLEND_ALPHA;
    const bool varies = r->target1Obj && blend && (r->blendEffect == BLEND_BRIGHTEN || r->blendEffect == BLEND_DARKEN);
    const bool meets = (mixes || alpha || window_has_effects(r, blend)) && second;
    sprite_kind k = {.width = size[0], .height = size[1], .bits = wide ? 8 : 4, .order = GBAObjAttributesCGetPriority(s->c)};
    k.color = (uint16_t)(OBJECTS_AT | (wide ? 0 : GBAObjAttributesCGetPalette(s->c) << 4) | (varies && !meets ? LP_GBA_VARIANT : 0));
    k.flags =
        (uint16_t)(k.order << LP_GBA_ORDER_SHIFT | (meets ? LP_GBA_FORCED : 0) | (meets && (mixes || (alpha && blend)) ? LP_GBA_FIRST : 0));
    uint32_t tile = GBAObjAttributesCGetTile(s->c);
    if (wide && !in_a_row) tile &= ~1u;
    k.first = 32 * tile;
    k.mask = in_a_row ? TILES_MASK : ROW_MASK;
    k.row = in_a_row ? 0 : k.first & 0x7C00;
    k.stride = in_a_row ? (uint32_t)k.width >> !wide : 0x80;
    return k;
}

static void draw_sprite(lp_gba_sprites *out, const struct GBAVideoSoftwareRenderer *r, const struct GBAObj *s, const sprite_kind *k, int y,
                        const lp_gba_part *parts, int n_parts) {
    const int x = (int)((GBAObjAttributesBGetX(s->b) ^ 0x100) - 0x100), in_sprite = y - GBAObjAttributesAGetY(s->a);
    out->priorities |= 1u << k->order;
    out->blends = out->blends || k->flags & (LP_GBA_FIRST | LP_GBA_FORCED);
    if (!GBAObjAttributesAIsTransformed(s->a)) {
        draw_upright(out->pixels, r, s, k, x, in_sprite);
        return;
    }
    for (int p = 0; p < n_parts; p++)
        if (GBAWindowControlIsObjEnable(parts[p].control)) draw_turned(out->pixels, r, s, k, x, in_sprite, &parts[p]);
}

bool lp_gba_sprite_line(lp_gba_sprites *out, const struct GBAVideoSoftwareRenderer *r, int y, bool blend, const lp_gba_part *parts,
                        int n_parts) {
    const bool second = has_second(r);
    const uint16_t key = key_of(r, blend, second);
    const bool mosaic = GBAMosaicControlGetObjH(r->mosaic) || GBAMosaicControlGetObjV(r->mosaic);
    int cycles = GBARegisterDISPCNTIsHblankIntervalFree(r->dispcnt) ? OBJ_HBLANK_FREE_LENGTH : OBJ_LENGTH;
    for (size_t i = 0; i < sizeof out->pixels / sizeof *out->pixels; i++) out->pixels[i] = LP_GBA_NO_SPRITE;
    out->priorities = 0;
    out->blends = false;
    for (int word = 0; word < WORDS; word++) {
        for (uint64_t left = lines.on[y][word]; left; left &= left - 1) {
            const int i = word * BITS + __builtin_ctzll(left);
            const struct GBAVideoRendererSprite *s = &r->sprites[i];
            if (mosaic && GBAObjAttributesAIsMosaic(s->obj.a)) return false;
            const bool window = GBAObjAttributesAGetMode(s->obj.a) == OBJ_MODE_OBJWIN;
            const bool bitmap = GBARegisterDISPCNTGetMode(r->dispcnt) >= 3 && GBAObjAttributesCGetTile(s->obj.c) < 512;
            if (!window && !bitmap) {
                sprite_kind *k = &lines.kinds[i];
                if (k->key != key) *k = make_kind(r, &s->obj, blend, second), k->key = key;
                draw_sprite(out, r, &s->obj, k, y, parts, n_parts);
            }
            cycles -= s->cycles;
            if (cycles <= 0) return true;
        }
    }
    return true;
}
