/* The house in which the small games play: a board on the wall above; below it a corridor that scrolls by, or a hall of
 * doors. Included once by a game's source, after its art.h (house_art.py draws what both need).
 *
 *     house_start("CUE1", 64, 2);                     // names the block, shows the title until START
 *     house_begin(set_scene, set_scene_divider);      // fades to the first scene, in a time of its own
 *     house_run(decide);                              // for ever: one decision is four frames
 *
 * decide(keys) runs in the first frame's vertical blank, and what it changes is on the screen in the fourth. Nothing that a
 * player can see or measure may depend on what must be remembered: write pictures whole, take fixed times.
 *
 * Before the include a game may define HOUSE_FEW (fewer kinds of objects, see house_art.py), HOUSE_ROUND (the corridor is the
 * 32 columns of the map, over and over; house_close_round makes its ends meet) and HOUSE_FRAME(frame) (is called in each of a decision's four
 * vertical blanks, after decide).
 */
#ifndef LP_HOUSE_H
#define LP_HOUSE_H

#include "gb.h"

enum { RUNNING, WIN, LOSS };
enum { CORRIDOR_DIVIDER = 240, ROWS = 9, NOTHING = 0xFF };

/* What a harness reads and writes, at a fixed address. It may write horizon, seed and the knobs on the title screen. A game's
 * own variables follow at C0C0. */
typedef struct {
    uint8_t magic[4];                      /* C0A0 */
    uint32_t horizon, seed;                /* C0A4 C0A8 */
    uint8_t knob, keep, knob2, knob3;      /* C0AC C0AD C0AE C0AF; keep: the twin's */
    uint8_t phase, answer, choice, result; /* C0B0 C0B1 C0B2 C0B3 */
    uint32_t decisions, walked;            /* C0B4 C0B8 */
    uint16_t scenery;                      /* C0BC */
    uint8_t waited, opened;                /* C0BE decisions before the choice; C0BF what was seen to be chosen */
} block;
static volatile block __at(0xC0A0) game;

#define SIGN (MAP0 + 1 * 32 + 7)
#define CORRIDOR_MAP (MAP0 + 9 * 32)
#define HALL_MAP (MAP1 + 9 * 32)

/* A number from the seed, another for each salt. The exclusive or is taken here alone: in some longer expressions SDCC 4.2.0 loses
 * a byte of game.seed. */
static uint32_t house_mix(uint32_t salt) { return lp_mix(game.seed ^ salt); }

/* ---- the corridor: endless columns ---- */
#ifdef HOUSE_FEW
enum { N_OBJECTS = 4 };
static const uint8_t *const objects[N_OBJECTS] = {art_window, art_pillar, art_torch, art_plant};
static const uint8_t object_columns[N_OBJECTS] = {4, 2, 2, 2};
#else
enum { N_OBJECTS = 9 };
static const uint8_t *const objects[N_OBJECTS] = {art_window,    art_pillar, art_torch,  art_plant, art_portrait,
                                                  art_bookshelf, art_banner, art_armour, art_table};
static const uint8_t object_columns[N_OBJECTS] = {4, 2, 2, 2, 4, 4, 2, 2, 4};
#endif

static uint32_t random_state;
static const uint8_t *object_next; /* the current object's next column; NULL in a gap */
static uint8_t columns_left, map_column, object_last, walking;

/* The next column's 9 tiles, in ROM. Gaps and objects are an even number of columns wide, as the wallpaper is. */
static const uint8_t *next_column(void) {
    const uint8_t *column;
    if (!columns_left) {
        uint32_t r = lp_random(&random_state);
        if (object_next) {
            object_next = 0;
            columns_left = 2 + ((uint8_t)r & 6);
        } else {
            uint8_t which = (uint8_t)(r >> 8) & 15;
#ifdef HOUSE_FEW
            which &= N_OBJECTS - 1;
#else
            if (which >= N_OBJECTS) which -= N_OBJECTS - 1;
#endif
            if (which == object_last) which = which ? which - 1 : N_OBJECTS - 1;
            object_last = which;
            object_next = objects[which];
            columns_left = object_columns[which];
        }
    }
    columns_left--;
    if (!object_next) return columns_left & 1 ? art_wall : art_wall + ROWS;
    column = object_next;
    object_next += ROWS;
    return column;
}

static void add_column(void) {
    lp_blit(CORRIDOR_MAP + map_column, next_column(), 1, ROWS);
    map_column = (map_column + 1) & 31;
}

static void start_corridor(uint16_t scenery) {
    uint8_t i;
    random_state = lp_mix(scenery + 0x10000UL); /* never 0: lp_mix is a bijection and takes 0 to 0 */
    columns_left = map_column = 0;
    object_next = art_wall; /* as if an object had just ended: a gap comes first */
    object_last = 0;
    for (i = 0; i < 31; i++) add_column();
    lp_low_scx = 0;
}

#ifdef HOUSE_ROUND
/* In set_scene: the 32nd column, and wall instead of an object that the end would cut. */
static void house_close_round(void) {
    uint8_t column, cut;
    add_column();
    if (!object_next || !columns_left) return;
    cut = object_columns[object_last] - columns_left;
    for (column = 32 - cut; column < 32; column++) lp_blit(CORRIDOR_MAP + column, column & 1 ? art_wall + ROWS : art_wall, 1, ROWS);
}
#endif

/* ---- pictures ---- */
static void house_sign(const uint8_t *picture) { lp_blit(SIGN, picture, 6, 6); }

static void house_wall(uint8_t *map, const uint8_t *two_columns) {
    uint8_t i;
    for (i = 0; i < 20; i++) lp_blit(map + i, i & 1 ? two_columns + ROWS : two_columns, 1, ROWS);
}

/* A door 4 tiles wide, its plate (4x2) over it and its arrow (2x1) under it; NULL: none. */
static void house_door(uint8_t column, const uint8_t *plate, const uint8_t *door, const uint8_t *arrow) {
    uint8_t *at = HALL_MAP + column;
    if (plate) lp_blit(at + 1 * 32, plate, 4, 2);
    lp_blit(at + 3 * 32, door, 4, 4);
    if (arrow) lp_blit(at + 7 * 32 + 1, arrow, 2, 1);
}

/* The hero: 16x16, two objects. */
static void show_hero(uint8_t x, uint8_t y, uint8_t step) {
    uint8_t tile = step ? 4 : 0;
    OAM[0] = OAM[4] = y + 16;
    OAM[1] = x + 8;
    OAM[5] = x + 16;
    OAM[2] = tile;
    OAM[6] = tile + 2;
}

/* ---- moving on ---- */

/* In a decision: one step along the corridor; the next frames scroll by a tile. */
static void house_walk(void) {
    game.walked++;
    walking = 1;
    show_hero(40, 122 - ((uint8_t)game.walked & 1), (uint8_t)game.walked & 1);
}

/* In a decision: the hall instead of the corridor, the hero at x. */
static void house_enter_hall(uint8_t x) {
    walking = 0;
    lp_low_lcdc = LCDC_ON_LOW | LCDC_MAP1;
    lp_low_scx = 0;
    show_hero(x, 122, 0);
}

static void house_leave_hall(void) {
    lp_low_lcdc = LCDC_ON_LOW;
    show_hero(40, 122, 0);
}

/* The direction that the held keys name, 0 left, 1 right, 2 up, 3 down; NOTHING unless it is exactly one. */
static uint8_t house_direction(uint8_t keys) {
    switch (keys & (KEY_LEFT | KEY_RIGHT | KEY_UP | KEY_DOWN)) {
    case KEY_LEFT: return 0;
    case KEY_RIGHT: return 1;
    case KEY_UP: return 2;
    case KEY_DOWN: return 3;
    default: return NOTHING;
    }
}

/* Trophy or skull on the board, and the word; the phase is the game's to set. */
static void house_end(uint8_t result) {
    game.result = result;
    walking = 0;
    house_sign(result == WIN ? art_trophy : art_skull);
    lp_blit(MAP0 + 4 * 32 + 2, art_you, 3, 1);
    lp_blit(MAP0 + 4 * 32 + 15, result == WIN ? art_win : art_lose, 4, 1);
}

/* ---- from power-on ---- */
static void screen_on(void) {
    uint16_t i;
    while (rLY < 144) {
    }
    rLCDC = 0;
    lp_copy(TILES, art_tiles, sizeof art_tiles);
    for (i = 0; i < 0x800; i++) MAP0[i] = art_paper[0];
    for (i = 0; i < 160; i++) OAM[i] = 0;
    lp_top_lcdc = LCDC_ON;
    lp_low_lcdc = LCDC_ON_LOW;
    rLYC = 71;
    rSTAT = 0x40;
    rBGP = 0xE4;
    rOBP0 = 0xD0; /* the hero: white, light, black */
    rNR52 = 0;    /* silent: the sound chip is off, which also makes emulation faster */
    rIF = 0;
    rIE = 3;
    rLCDC = LCDC_ON;
    __asm__("ei");
}

static void title(void) {
    uint8_t step = 0;
    lp_blit(MAP0, art_top, 20, 9);
    house_sign(art_title);
    house_wall(CORRIDOR_MAP, art_wall);
    for (;;) {
        lp_wait_vblank();
        step++;
        show_hero(40, 122, step & 8);
        if ((step & 31) == 1) lp_blit(CORRIDOR_MAP + 2 * 32 + 4, step & 32 ? art_nothing : art_press, 11, 1);
        if (lp_keys() & KEY_START) return;
    }
}

static void house_start(const char *magic, uint32_t horizon, uint8_t knob) {
    uint8_t i;
    for (i = 0; i < 4; i++) game.magic[i] = magic[i];
    game.horizon = horizon;
    game.seed = 1;
    game.knob = knob;
    game.choice = NOTHING;
    screen_on();
    title();
}

static void fade(uint8_t palette) {
    lp_wait_vblank();
    rBGP = palette;
}

/* From the title to the first decision, in the same number of frames whatever seed and knobs: the screen is off while the
 * scene is set, for a time that the divider (64 cycles a count) tells and not the work: of 30,000 corridors the longest took
 * 200 counts. set_scene draws hall and board, and must take fewer counts than its divider. */
static void house_begin(void (*set_scene)(void), uint8_t divider) {
    game.scenery = (uint16_t)(house_mix(0x9E3779B9UL) >> 16);
    OAM[0] = OAM[4] = 0;
    rBGP = 0x90;
    fade(0x40);
    fade(0);
    lp_wait_vblank();
    rLCDC = 0;
    rDIV = 0;
    start_corridor(game.scenery);
    while (rDIV < CORRIDOR_DIVIDER) {
    }
    rDIV = 0;
    set_scene();
    while (rDIV < divider) {
    }
    rLCDC = LCDC_ON;
    fade(0x40);
    fade(0x90);
    fade(0xE4);
    show_hero(40, 122, 0);
}

static void house_run(void (*decide)(uint8_t keys)) {
    uint8_t frame;
    for (;;) {
        for (frame = 0; frame < 4; frame++) {
            lp_wait_vblank();
            if (frame == 0) {
                game.decisions++;
                walking = 0;
                decide(lp_keys());
            }
            if (walking) {
                lp_low_scx += 2;
#ifndef HOUSE_ROUND
                if (frame == 1) add_column();
#endif
            }
#ifdef HOUSE_FRAME
            HOUSE_FRAME(frame);
#endif
        }
    }
}

#endif
