/* The inside of the Game Boy Advance's screen: what gba_draw.c, which puts a line together, asks of gba_layers.c and gba_sprites.c, which draw
 * its parts. All of them read libmgba's software renderer and follow its rules; false: the line is one of the rare ones, which libmgba draws.
 *
 * A pixel of a line is a palette index (sprites' from 256 on) and how it takes part in blending. */
#ifndef LP_EMULATOR_GBA_DRAW_H
#define LP_EMULATOR_GBA_DRAW_H

#include <mgba/flags.h>

#include <mgba/internal/gba/gba.h>
#include <mgba/internal/gba/renderers/video-software.h>

#include <stdbool.h>
#include <stdint.h>

enum {
    LP_GBA_COLOR = 0x1FF,
    LP_GBA_VARIANT = 0x200, /* from the palette that is brighter or darker: the bit after the index, as that palette lies after the other */
    LP_GBA_FIRST = 0x400,   /* is blended with what is below ... */
    LP_GBA_SECOND = 0x800,  /* ... if that has this */
    LP_GBA_FORCED = 0x1000, /* of a sprite: brightened or darkened if it is not blended */
    LP_GBA_DIRECT = 0x2000, /* no index: the colour is beside the line. Not of sprites */
    /* of a line of sprites only: its priority, in the order of LP_GBA_NO_SPRITE, which is behind all */
    LP_GBA_ORDER = 0xE000,
    LP_GBA_ORDER_SHIFT = 13,
    LP_GBA_NO_SPRITE = 0x8000
};
enum {
    LP_GBA_WIDTH = GBA_VIDEO_HORIZONTAL_PIXELS,
    LP_GBA_HEIGHT = GBA_VIDEO_VERTICAL_PIXELS,
    LP_GBA_ROOM = 256, /* of a line: what is beyond the width is never shown, and lets loops take it in whole registers */
    LP_GBA_MARGIN = 8  /* to the left, for sprites that stick out */
};

/* Columns of a line in which the same layers are shown. */
typedef struct {
    int start, end;
    GBAWindowControl control;
} lp_gba_part;

enum { LP_GBA_MAX_PARTS = 5 };

/* A line of a background: bytes are palette indices, 0 where it is transparent. */
typedef struct {
    uint8_t bytes[LP_GBA_ROOM + 8];
    int first;                     /* the byte of column 0 */
    uint32_t colors[LP_GBA_WIDTH]; /* of modes 3 and 5, where bytes are 1 */
} lp_gba_layer;

/* The background's line y; of the others the line where the renderer is. */
bool lp_gba_text_line(lp_gba_layer *out, const struct GBAVideoSoftwareRenderer *r, const struct GBAVideoSoftwareBackground *bg, int y);
void lp_gba_affine_line(lp_gba_layer *out, const struct GBAVideoSoftwareRenderer *r, const struct GBAVideoSoftwareBackground *bg);
void lp_gba_bitmap_line(lp_gba_layer *out, const struct GBAVideoSoftwareRenderer *r, const struct GBAVideoSoftwareBackground *bg);

/* A line of sprites, from column -LP_GBA_MARGIN on. */
typedef struct {
    uint16_t pixels[LP_GBA_MARGIN + LP_GBA_ROOM];
    unsigned priorities; /* a bit each */
    bool blends;         /* has LP_GBA_FIRST or LP_GBA_FORCED somewhere */
} lp_gba_sprites;

/* Before the other two: looks through OAM, if it has changed or another renderer's was looked at last. */
void lp_gba_find_sprites(struct GBAVideoSoftwareRenderer *r);
bool lp_gba_has_window_sprite(int y);
/* As they are where windows let effects be (blend) or not. parts: where affine ones are begun anew, as libmgba does. */
bool lp_gba_sprite_line(lp_gba_sprites *out, const struct GBAVideoSoftwareRenderer *r, int y, bool blend, const lp_gba_part *parts,
                        int n_parts);
#endif
