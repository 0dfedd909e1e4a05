/* The Game Boy Advance's screen, a line at a time: each layer's line is drawn whole, then they are laid over each other from back to front,
 * sixteen pixels at once, as palette indices; colours come last. Works on libmgba's software renderer, follows its rules, and leaves it as
 * libmgba would, but for its scratch of a line (row, spriteLayer, windows), which is made anew for each, and what it keeps of maps, which is
 * no older than video RAM.
 * What few games use is libmgba's, for the lines in which it is used: mosaic, sprites that are windows, windows of a few columns, tiles beyond
 * their memory, modes that the console does not have, swapped green.
 *
 * libmgba goes from front to back and mixes at most two: the first opaque pixel of all and the one below it. So the two are all that is kept. */
#include "emulator/gba_draw.h"

#include "base/simd.h"
#include "emulator/console.h"

#include <string.h>

enum { ANY_PALETTE = LP_GBA_COLOR | LP_GBA_VARIANT };
enum { BACKGROUNDS = 4, PRIORITIES = 4, ALL_LAYERS = 0xFF, SHOWN = 4, NARROW = 8 };

_Static_assert(offsetof(struct GBAVideoSoftwareRenderer, variantPalette) ==
                   offsetof(struct GBAVideoSoftwareRenderer, normalPalette) + LP_GBA_VARIANT * sizeof(color_t),
               "an index with LP_GBA_VARIANT is one into both palettes");

typedef struct {
    uint16_t top[LP_GBA_ROOM], below[LP_GBA_ROOM];
    uint32_t direct[LP_GBA_WIDTH]; /* colours of LP_GBA_DIRECT */
    bool blends, is_direct;        /* is below looked at, are there direct colours? */
} canvas;

static bool varies(const struct GBAVideoSoftwareRenderer *r) { return r->blendEffect == BLEND_BRIGHTEN || r->blendEffect == BLEND_DARKEN; }

/* Bitmaps of colours, not of palette indices. */
static bool has_colors(int mode) { return mode == 3 || mode == 5; }

/* ---- what is libmgba's ---- */

static bool is_debugged(const struct GBAVideoSoftwareRenderer *r) {
    bool hidden = r->d.disableOBJ || r->d.disableWIN[0] || r->d.disableWIN[1] || r->d.disableOBJWIN;
    for (int i = 0; i < BACKGROUNDS; i++) hidden = hidden || r->d.disableBG[i];
    return hidden || r->d.highlightAmount || r->lastHighlightAmount;
}

static bool is_shown(const struct GBAVideoSoftwareRenderer *r, int bg) {
    const int mode = GBARegisterDISPCNTGetMode(r->dispcnt);
    return r->bg[bg].enabled == SHOWN && (mode < 2 || bg >= 2) && (bg < 3 || mode == 0 || mode == 2);
}

static bool is_rare(const struct GBAVideoSoftwareRenderer *r) {
    bool mosaic = false;
    for (int i = 0; i < BACKGROUNDS; i++) mosaic = mosaic || (is_shown(r, i) && r->bg[i].mosaic);
    mosaic = mosaic && (GBAMosaicControlGetBgH(r->mosaic) || GBAMosaicControlGetBgV(r->mosaic));
    return mosaic || r->greenswap || GBARegisterDISPCNTGetMode(r->dispcnt) > 5;
}

/* Would it come out as it did the last time? libmgba then leaves it. */
static bool is_dirty(const struct GBAVideoSoftwareRenderer *r, int y) {
    const struct GBAVideoSoftwareBackground *two = &r->bg[2], *three = &r->bg[3];
    if (r->scanlineDirty[y >> 5] & 1u << (y & 31) || memcmp(r->nextIo, r->cache[y].io, sizeof r->nextIo)) return true;
    const int32_t now[2][2] = {{two->sx, two->sy}, {three->sx, three->sy}};
    return GBARegisterDISPCNTGetMode(r->dispcnt) != 0 && memcmp(now, r->cache[y].scale, sizeof now);
}

static void draw_as_libmgba(struct GBAVideoRenderer *renderer, int y) {
    struct GBAVideoSoftwareRenderer *r = (struct GBAVideoSoftwareRenderer *)renderer;
    color_t *out = r->outputBuffer + r->outputBufferStride * y;
    if (r->oamDirty) lp_gba_forget_sprites();
    lp_gba_static.draw_line(renderer, y);
    for (int x = 0; x < LP_GBA_WIDTH; x++) out[x] &= 0xFFFFFF; /* it leaves its flags there */
}

/* ---- windows ---- */

static bool covers_line(const struct WindowN *w, int y) {
    return w->v.end >= w->v.start ? y >= w->v.start && y < w->v.end : y >= w->v.start || y < w->v.end;
}

static bool covers_column(const struct WindowN *w, int x) {
    return w->h.end >= w->h.start ? x >= w->h.start && x < w->h.end : x >= w->h.start || x < w->h.end;
}

/* Window 0 before window 1 before what is outside. Returns the number of parts; 0: some are so narrow that libmgba, which draws each by itself,
 * does not keep to their edges. */
static int cut_line(lp_gba_part parts[LP_GBA_MAX_PARTS], const struct GBAVideoSoftwareRenderer *r, int y) {
    const bool enabled[2] = {GBARegisterDISPCNTIsWin0Enable(r->dispcnt), GBARegisterDISPCNTIsWin1Enable(r->dispcnt)};
    int n = 0, n_cuts = 1, cuts[2 * 2 + 1] = {LP_GBA_WIDTH};
    if (!enabled[0] && !enabled[1] && !GBARegisterDISPCNTIsObjwinEnable(r->dispcnt)) {
        parts[0] = (lp_gba_part){0, LP_GBA_WIDTH, ALL_LAYERS};
        return 1;
    }
    for (int w = 0; w < 2; w++) {
        const struct GBAVideoWindowRegion *h = &r->winN[w].h;
        if (!enabled[w] || !covers_line(&r->winN[w], y)) continue;
        if (h->start == h->end && h->start > 0 && h->start < LP_GBA_WIDTH) return 0;
        cuts[n_cuts++] = h->start, cuts[n_cuts++] = h->end;
    }
    for (int start = 0; start < LP_GBA_WIDTH; start = parts[n++].end) {
        int end = LP_GBA_WIDTH;
        for (int i = 0; i < n_cuts; i++)
            if (cuts[i] > start && cuts[i] < end) end = cuts[i];
        GBAWindowControl control = r->winout.packed;
        for (int w = 1; w >= 0; w--)
            if (enabled[w] && covers_line(&r->winN[w], y) && covers_column(&r->winN[w], start)) control = r->winN[w].control.packed;
        if (end - start < NARROW) return 0;
        parts[n] = (lp_gba_part){start, end, control};
    }
    return n;
}

/* ---- laying one over the other ---- */

/* bytes: from the first column to be put on. */
LP_CLONES static void put_layer(uint16_t *restrict top, const uint8_t *restrict bytes, int n, uint16_t flags, bool direct) {
    const uint16_t index = direct ? 0 : 0xFF;
    for (int i = 0; i < n; i++) {
        const uint16_t pixel = bytes[i], old = top[i];
        top[i] = pixel ? (uint16_t)((pixel & index) | flags) : old;
    }
}

LP_CLONES static void push_layer(uint16_t *restrict top, uint16_t *restrict below, const uint8_t *restrict bytes, int n, uint16_t flags,
                                 bool direct) {
    const uint16_t index = direct ? 0 : 0xFF;
    for (int i = 0; i < n; i++) {
        const uint16_t pixel = bytes[i], old = top[i], older = below[i];
        top[i] = pixel ? (uint16_t)((pixel & index) | flags) : old;
        below[i] = pixel ? old : older;
    }
}

LP_CLONES static void put_sprites(uint16_t *restrict top, uint16_t *restrict below, const uint16_t *restrict sprites, int n, uint16_t order,
                                  uint16_t flags) {
    for (int i = 0; i < n; i++) {
        const uint16_t pixel = sprites[i], old = top[i], older = below[i];
        const bool here = (pixel & LP_GBA_ORDER) == order;
        top[i] = here ? (uint16_t)((pixel & ~LP_GBA_ORDER) | flags) : old;
        below[i] = here ? old : older;
    }
}

static uint16_t background_flags(const struct GBAVideoSoftwareRenderer *r, const struct GBAVideoSoftwareBackground *bg, bool blend) {
    uint16_t flags = bg->target2 ? LP_GBA_SECOND : 0;
    if (bg->target1 && blend && varies(r)) flags |= LP_GBA_VARIANT;
    if (bg->target1 && blend && r->blendEffect == BLEND_ALPHA) flags |= LP_GBA_FIRST;
    return flags;
}

typedef struct {
    lp_gba_part parts[LP_GBA_MAX_PARTS];
    int n_parts;
    lp_gba_layer layers[BACKGROUNDS];
    bool drawn[BACKGROUNDS];
    lp_gba_sprites sprites[2]; /* where effects are not, where they are */
    bool has_sprites[2];
} scene;

/* Bitmaps of colours go by the window that sprites make wherever that is not, if there may be one. */
static bool is_on(const struct GBAVideoSoftwareRenderer *r, const lp_gba_part *part, int bg) {
    const bool by_sprites = GBARegisterDISPCNTIsObjwinEnable(r->dispcnt) && has_colors(GBARegisterDISPCNTGetMode(r->dispcnt));
    return (by_sprites ? r->objwin.packed : part->control) >> bg & 1;
}

static bool draw_backgrounds(scene *s, const struct GBAVideoSoftwareRenderer *r, int y) {
    const int mode = GBARegisterDISPCNTGetMode(r->dispcnt);
    for (int i = 0; i < BACKGROUNDS; i++) {
        const struct GBAVideoSoftwareBackground *bg = &r->bg[i];
        s->drawn[i] = false;
        for (int p = 0; p < s->n_parts && is_shown(r, i); p++) s->drawn[i] = s->drawn[i] || is_on(r, &s->parts[p], i);
        if (!s->drawn[i]) continue;
        if (mode >= 3) lp_gba_bitmap_line(&s->layers[i], r, bg);
        else if (mode > 0 && i >= 2) lp_gba_affine_line(&s->layers[i], r, bg);
        else if (!lp_gba_text_line(&s->layers[i], r, bg, y)) return false;
    }
    return true;
}

/* Windows with effects and without them are two lines of sprites where the effect is the sprites' too. */
static bool draw_sprites(scene *s, struct GBAVideoSoftwareRenderer *r, int y) {
    s->has_sprites[0] = s->has_sprites[1] = false;
    if (!GBARegisterDISPCNTIsObjEnable(r->dispcnt)) return true;
    lp_gba_find_sprites(r);
    if (GBARegisterDISPCNTIsObjwinEnable(r->dispcnt) && lp_gba_has_window_sprite(y)) return false;
    for (int blend = 0; blend < 2; blend++) {
        for (int p = 0; p < s->n_parts; p++) {
            const GBAWindowControl control = s->parts[p].control;
            if (GBAWindowControlIsObjEnable(control) && !GBAWindowControlIsBlendEnable(control) == !blend) s->has_sprites[blend] = true;
        }
        if (s->has_sprites[blend] && !lp_gba_sprite_line(&s->sprites[blend], r, y, blend, s->parts, s->n_parts)) return false;
    }
    return true;
}

static bool may_blend(const scene *s, const struct GBAVideoSoftwareRenderer *r) {
    for (int i = 0; i < BACKGROUNDS; i++)
        if (s->drawn[i] && background_flags(r, &r->bg[i], true) & LP_GBA_FIRST) return true;
    return (s->has_sprites[0] && s->sprites[0].blends) || (s->has_sprites[1] && s->sprites[1].blends);
}

static void lay_part(canvas *c, const scene *s, const struct GBAVideoSoftwareRenderer *r, const lp_gba_part *part) {
    const bool blend = GBAWindowControlIsBlendEnable(part->control), direct = has_colors(GBARegisterDISPCNTGetMode(r->dispcnt));
    const int n = (part->end < LP_GBA_WIDTH ? part->end : LP_GBA_ROOM) - part->start;
    uint16_t *top = c->top + part->start, *below = c->below + part->start;
    uint16_t backdrop = (uint16_t)((r->target1Bd && varies(r) && blend ? LP_GBA_VARIANT : 0) | (r->target2Bd ? LP_GBA_SECOND : 0));
    for (int i = 0; i < n; i++) top[i] = backdrop, below[i] = 0;
    for (int priority = PRIORITIES - 1; priority >= 0; priority--) {
        for (int i = BACKGROUNDS - 1; i >= 0; i--) {
            if (!s->drawn[i] || !is_on(r, part, i) || r->bg[i].priority != (unsigned)priority) continue;
            const uint16_t flags = (uint16_t)(background_flags(r, &r->bg[i], blend) | (direct ? LP_GBA_DIRECT : 0));
            const uint8_t *bytes = s->layers[i].bytes + s->layers[i].first + part->start;
            if (c->blends) push_layer(top, below, bytes, n, flags, direct);
            else put_layer(top, bytes, n, flags, direct);
        }
        if (!s->has_sprites[blend] || !GBAWindowControlIsObjEnable(part->control) || !(s->sprites[blend].priorities >> priority & 1))
            continue;
        put_sprites(top, below, s->sprites[blend].pixels + LP_GBA_MARGIN + part->start, n, (uint16_t)(priority << LP_GBA_ORDER_SHIFT),
                    r->target2Obj ? LP_GBA_SECOND : 0);
    }
}

/* ---- colours ---- */

static uint32_t brightened(uint32_t color, int y) {
    uint32_t c = 0;
    for (uint32_t channel = 0xFF; channel <= 0xFF0000; channel <<= 8) {
        uint32_t a = color & channel;
        c |= (a + (channel - a) * (uint32_t)y / 16) & channel;
    }
    return c;
}

/* Rounded differently in the lowest channel than in the others, as libmgba does. */
static uint32_t darkened(uint32_t color, int y) {
    uint32_t c = 0;
    for (uint32_t channel = 0xFF; channel <= 0xFF0000; channel <<= 8) {
        uint32_t a = color & channel;
        c |= (a - a * (uint32_t)y / 16) & channel;
    }
    return c;
}

static uint32_t varied(const struct GBAVideoSoftwareRenderer *r, uint32_t color) {
    return r->blendEffect == BLEND_BRIGHTEN ? brightened(color, r->bldy)
           : r->blendEffect == BLEND_DARKEN ? darkened(color, r->bldy)
                                            : color;
}

/* The palettes' brighter or darker twin, as libmgba makes it at the first line after a change. */
static void vary_palette(struct GBAVideoSoftwareRenderer *r) {
    if (!r->blendDirty) return;
    for (int i = 0; i < LP_GBA_VARIANT; i++) r->variantPalette[i] = varied(r, r->normalPalette[i]);
    r->blendDirty = false;
}

/* One by one, and stored by twos: processors gather no faster. */
static void paint(color_t *restrict out, const uint16_t *restrict pixels, const color_t *restrict palettes) {
    for (int x = 0; x < LP_GBA_WIDTH; x += 4) {
        uint64_t four, colors[2];
        memcpy(&four, pixels + x, sizeof four);
        for (int i = 0; i < 2; i++, four >>= 32)
            colors[i] = palettes[four & ANY_PALETTE] | (uint64_t)palettes[four >> 16 & ANY_PALETTE] << 32;
        memcpy(out + x, colors, sizeof colors);
    }
}

static void paint_line(color_t *out, const canvas *c, const uint16_t *pixels, const struct GBAVideoSoftwareRenderer *r) {
    paint(out, pixels, (const color_t *)(const void *)((const char *)r + offsetof(struct GBAVideoSoftwareRenderer, normalPalette)));
    if (!c->is_direct) return;
    for (int x = 0; x < LP_GBA_WIDTH; x++)
        if (pixels[x] & LP_GBA_DIRECT) out[x] = pixels[x] & LP_GBA_VARIANT ? varied(r, c->direct[x]) : c->direct[x];
}

/* Two channels at once in halves of 32 bits: their largest sum, 255 * 32, fits. */
static inline uint32_t mix_halves(uint32_t a, uint32_t b, uint32_t of_a, uint32_t of_b) {
    uint32_t v = (a * of_a + b * of_b) >> 4 & 0x01FF01FF, over = v & 0x01000100;
    return (v | (over - (over >> 8))) & 0x00FF00FF;
}

LP_CLONES static void mix(color_t *restrict out, const uint16_t *restrict top, const uint16_t *restrict below,
                          const color_t *restrict under, uint32_t of_top, uint32_t of_under) {
    for (int x = 0; x < LP_GBA_WIDTH; x++) {
        const uint32_t a = out[x], b = under[x];
        const uint32_t mixed =
            mix_halves(a & 0xFF00FF, b & 0xFF00FF, of_top, of_under) | mix_halves(a >> 8 & 0xFF, b >> 8 & 0xFF, of_top, of_under) << 8;
        out[x] = top[x] & LP_GBA_FIRST && below[x] & LP_GBA_SECOND ? mixed : a;
    }
}

/* Sprites that are mixed with what is below, but lie over what is not, are brightened or darkened with the rest. */
static void vary_forced(color_t *out, const canvas *c, const scene *s, const struct GBAVideoSoftwareRenderer *r) {
    for (const lp_gba_part *p = s->parts; p < s->parts + s->n_parts; p++) {
        if (!GBAWindowControlIsBlendEnable(p->control)) continue;
        for (int x = p->start; x < p->end; x++) {
            bool mixed = c->top[x] & LP_GBA_FIRST && c->below[x] & LP_GBA_SECOND;
            if (c->top[x] & LP_GBA_FORCED && !mixed) out[x] = varied(r, out[x]);
        }
    }
}

static void paint_scene(color_t *out, const canvas *c, const scene *s, const struct GBAVideoSoftwareRenderer *r) {
    paint_line(out, c, c->top, r);
    if (!c->blends) return;
    color_t under[LP_GBA_WIDTH];
    paint_line(under, c, c->below, r);
    mix(out, c->top, c->below, under, r->blda, r->bldb);
    if (varies(r)) vary_forced(out, c, s, r);
}

/* ---- a line ---- */

static int next_line(int y) { return y == LP_GBA_HEIGHT - 1 ? 0 : y + 1; }

static void remember_line(struct GBAVideoSoftwareRenderer *r, int y) {
    r->nextY = next_line(y);
    memcpy(r->cache[y].io, r->nextIo, sizeof r->nextIo);
    for (int i = 0; i < 2; i++) r->cache[y].scale[i][0] = r->bg[2 + i].sx, r->cache[y].scale[i][1] = r->bg[2 + i].sy;
    r->scanlineDirty[y >> 5] &= ~(1u << (y & 31));
}

static void end_line(struct GBAVideoSoftwareRenderer *r, int y) {
    if (GBARegisterDISPCNTGetMode(r->dispcnt) != 0)
        for (int i = 2; i < BACKGROUNDS; i++)
            if (r->bg[i].enabled == SHOWN) r->bg[i].sx += r->bg[i].dmx, r->bg[i].sy += r->bg[i].dmy;
    for (int i = 0; i < BACKGROUNDS; i++) {
        if (r->bg[i].enabled == 0 || r->bg[i].enabled >= SHOWN) continue;
        r->bg[i].enabled++;
        r->scanlineDirty[y >> 5] |= 1u << (y & 31);
    }
}

/* False: it is to be drawn by libmgba; nothing has changed that it would not change. */
static bool draw_scene(struct GBAVideoSoftwareRenderer *r, int y) {
    scene s;
    s.n_parts = cut_line(s.parts, r, y);
    if (!s.n_parts || !draw_backgrounds(&s, r, y) || !draw_sprites(&s, r, y)) return false;
    vary_palette(r);
    canvas c;
    c.blends = may_blend(&s, r);
    c.is_direct = s.drawn[2] && has_colors(GBARegisterDISPCNTGetMode(r->dispcnt));
    if (c.is_direct) memcpy(c.direct, s.layers[2].colors, sizeof c.direct);
    for (int p = 0; p < s.n_parts; p++) lay_part(&c, &s, r, &s.parts[p]);
    paint_scene(r->outputBuffer + r->outputBufferStride * y, &c, &s, r);
    return true;
}

/* Which layers are on, after the game's last word. What is switched at the end of a frame is so at once; else it counts to 4, or to 0. */
static void switch_layers(struct GBAVideoSoftwareRenderer *r, int y) {
    const bool at_end = next_line(y) == 0;
    for (int i = 0; i < BACKGROUNDS; i++) {
        int *enabled = &r->bg[i].enabled;
        if (r->dispcnt >> (8 + i) & 1) {
            if (*enabled < 0 || (*enabled == 0 && at_end)) *enabled = SHOWN;
            else if (*enabled == 0) *enabled = GBARegisterDISPCNTGetMode(r->dispcnt) > 2 ? 2 : 1;
        } else {
            if (at_end || (*enabled > 0 && *enabled < SHOWN)) *enabled = 0;
            else if (*enabled == SHOWN) *enabled = -2;
        }
    }
}

static void draw_line(struct GBAVideoRenderer *renderer, int y) {
    struct GBAVideoSoftwareRenderer *r = (struct GBAVideoSoftwareRenderer *)renderer;
    bool ours = !GBARegisterDISPCNTIsForcedBlank(r->dispcnt) && is_dirty(r, y) && !is_debugged(r);
    if (ours) switch_layers(r, y); /* so does libmgba, and twice is as once */
    if (!ours || is_rare(r) || !draw_scene(r, y)) {
        draw_as_libmgba(renderer, y);
        return;
    }
    remember_line(r, y);
    end_line(r, y);
}

void lp_gba_hook_renderer(struct GBAVideoRenderer *renderer) { renderer->drawScanline = draw_line; }
