/* cue: a sign shows a symbol, a corridor goes by, and at its end the symbol's door is the right one.
 *
 * One decision is four frames. The keys are read in the first's vertical blank, and what they change is on the screen in
 * the fourth. After 4 decisions the sign is wiped; from then until a door is chosen the symbol is in game.cue alone: no
 * tile, sprite, register or time depends on it (unless keep_cue).
 *
 * The symbol and the scenery come from the seed by different mixes, and the scenery from 16 bits only, so that every
 * corridor leads to every door for some 65,536 / doors seeds: nothing in it tells which.
 */
#include "../engine/gb.h"
#include "art.h"

enum { TITLE, CUE, CORRIDOR, DOORS, END };
enum { RUNNING, WIN, LOSS };
enum { CUE_DECISIONS = 4, DOOR_DECISIONS = 64, CORRIDOR_DIVIDER = 240, HALL_DIVIDER = 140, ROWS = 9, NOTHING = 0xFF };

/* What a harness reads and writes, at a fixed address. It may write horizon, seed, doors, keep_cue on the title screen. */
typedef struct {
    uint8_t magic[4];                    /* C0A0 "CUE1" */
    uint32_t horizon, seed;              /* C0A4 C0A8 */
    uint8_t doors, keep_cue, unused[2];  /* C0AC C0AD */
    uint8_t phase, cue, choice, result;  /* C0B0 C0B1 C0B2 C0B3 */
    uint32_t decisions, walked;          /* C0B4 C0B8 */
    uint16_t scenery;                    /* C0BC */
    uint8_t waited, opened;              /* C0BE decisions before the doors; C0BF see symbol_over */
} block;
static volatile block __at(0xC0A0) game;

static const uint8_t *const cue_pictures[4] = {art_cue0, art_cue1, art_cue2, art_cue3};
static const uint8_t *const plates[4] = {art_plate0, art_plate1, art_plate2, art_plate3};
static const uint8_t *const arrows[4] = {art_left, art_right, art_up, art_down};
static const uint8_t door_columns[3][4] = {{3, 13, 0, 0}, {2, 8, 14, 0}, {0, 5, 11, 16}};
static const uint8_t hall_hero[3] = {72, 48, 72};

#define SIGN (MAP0 + 1 * 32 + 7)
#define CORRIDOR_MAP (MAP0 + 9 * 32)
#define HALL_MAP (MAP1 + 9 * 32)

/* ---- the corridor: endless columns ---- */
static const uint8_t *const objects[9] = {art_window,    art_pillar, art_torch,  art_plant, art_portrait,
                                          art_bookshelf, art_banner, art_armour, art_table};
static const uint8_t object_columns[9] = {4, 2, 2, 2, 4, 4, 2, 2, 4};

static uint32_t random_state;
static const uint8_t *object_next; /* the current object's next column; NULL in a gap */
static uint8_t columns_left, map_column, object_last;

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
            if (which >= 9) which -= 8;
            if (which == object_last) which = which ? which - 1 : 8;
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

/* ---- the hall of doors, on the other map ---- */
static void build_hall(void) {
    uint8_t i;
    for (i = 0; i < 20; i++) lp_blit(HALL_MAP + i, i & 1 ? art_hall + ROWS : art_hall, 1, ROWS);
    for (i = 0; i < game.doors; i++) {
        uint8_t *at = HALL_MAP + door_columns[game.doors - 2][i];
        lp_blit(at + 1 * 32, plates[i], 4, 2);
        lp_blit(at + 3 * 32, art_closed, 4, 4);
        lp_blit(at + 7 * 32 + 1, arrows[i], 2, 1);
    }
}

/* ---- the hero: 16x16, two objects ---- */
static void show_hero(uint8_t x, uint8_t y, uint8_t step) {
    uint8_t tile = step ? 4 : 0;
    OAM[0] = OAM[4] = y + 16;
    OAM[1] = x + 8;
    OAM[5] = x + 16;
    OAM[2] = tile;
    OAM[6] = tile + 2;
}

static void screen_on(void) {
    uint16_t i;
    while (rLY < 144) {}
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
    rNR52 = 0; /* silent: the sound chip is off, which also makes emulation faster */
    rIF = 0;
    rIE = 3;
    rLCDC = LCDC_ON;
    __asm__("ei");
}

static void title(void) {
    uint8_t step = 0;
    lp_blit(MAP0, art_top, 20, 9);
    lp_blit(SIGN, art_title, 6, 6);
    for (step = 0; step < 20; step++) lp_blit(CORRIDOR_MAP + step, step & 1 ? art_wall + ROWS : art_wall, 1, ROWS);
    for (;;) {
        lp_wait_vblank();
        step++;
        show_hero(40, 122, step & 8);
        if ((step & 31) == 1) lp_blit(CORRIDOR_MAP + 2 * 32 + 4, step & 32 ? art_nothing : art_press, 11, 1);
        if (lp_keys() & KEY_START) return;
    }
}

static void fade(uint8_t palette) {
    lp_wait_vblank();
    rBGP = palette;
}

/* From the title to the first decision, in the same number of frames whatever seed and knobs: the screen is off while
 * the scene is set, for a time that the divider (64 cycles a count) tells and not the work: of 30,000 corridors the
 * longest took 200 counts, the hall of four doors takes 110. */
static void begin(void) {
    if (!game.horizon) game.horizon = 1;
    if (game.doors < 2) game.doors = 2;
    if (game.doors > 4) game.doors = 4;
    game.cue = (uint8_t)(lp_mix(game.seed ^ 0x2545F491UL) % game.doors);
    game.scenery = (uint16_t)(lp_mix(game.seed ^ 0x9E3779B9UL) >> 16);
    OAM[0] = OAM[4] = 0;
    rBGP = 0x90;
    fade(0x40);
    fade(0);
    lp_wait_vblank();
    rLCDC = 0;
    rDIV = 0;
    start_corridor(game.scenery);
    while (rDIV < CORRIDOR_DIVIDER) {}
    rDIV = 0;
    build_hall();
    lp_blit(SIGN, cue_pictures[game.cue], 6, 6);
    while (rDIV < HALL_DIVIDER) {}
    rLCDC = LCDC_ON;
    fade(0x40);
    fade(0x90);
    fade(0xE4);
    show_hero(40, 122, 0);
    game.phase = CUE;
}

/* The door that the held keys name, or NOTHING: exactly one direction, and a door that is there. */
static uint8_t chosen_door(uint8_t keys) {
    uint8_t door;
    switch (keys & (KEY_LEFT | KEY_RIGHT | KEY_UP | KEY_DOWN)) {
    case KEY_LEFT: door = 0; break;
    case KEY_RIGHT: door = 1; break;
    case KEY_UP: door = 2; break;
    case KEY_DOWN: door = 3; break;
    default: return NOTHING;
    }
    return door < game.doors ? door : NOTHING;
}

/* The symbol, plus 1, that hangs over a door, found by what the screen shows there: a second witness of the choice. */
static uint8_t symbol_over(uint8_t column) {
    const volatile uint8_t *at = HALL_MAP + 2 * 32 + column;
    uint8_t symbol;
    for (symbol = 0; symbol < 4; symbol++)
        if (at[1] == plates[symbol][5] && at[2] == plates[symbol][6]) return symbol + 1;
    return 0;
}

static void end(uint8_t result) {
    game.result = result;
    game.phase = END;
    if (game.choice != NOTHING) {
        uint8_t column = door_columns[game.doors - 2][game.choice];
        game.opened = symbol_over(column);
        show_hero(column * 8 + 8, 120, 0);
        lp_blit(HALL_MAP + 3 * 32 + column, result == WIN ? art_bright : art_eyes, 4, 4);
    }
    lp_blit(SIGN, result == WIN ? art_trophy : art_skull, 6, 6);
    lp_blit(MAP0 + 4 * 32 + 2, art_you, 3, 1);
    lp_blit(MAP0 + 4 * 32 + 15, result == WIN ? art_win : art_lose, 4, 1);
}

/* One decision's first frame, in vertical blank. */
static void decide(uint8_t keys) {
    switch (game.phase) {
    case CUE:
        game.decisions++;
        if (game.decisions == CUE_DECISIONS) {
            if (!game.keep_cue) lp_blit(SIGN, art_paper, 6, 6);
            game.phase = CORRIDOR;
        }
        break;
    case CORRIDOR:
        game.decisions++;
        if (++game.walked == game.horizon) {
            lp_low_lcdc = LCDC_ON_LOW | LCDC_MAP1;
            lp_low_scx = 0;
            show_hero(hall_hero[game.doors - 2], 122, 0);
            game.phase = DOORS;
        } else {
            show_hero(40, 122 - ((uint8_t)game.walked & 1), (uint8_t)game.walked & 1);
        }
        break;
    case DOORS:
        game.decisions++;
        game.choice = chosen_door(keys);
        if (game.choice != NOTHING) end(game.choice == game.cue ? WIN : LOSS);
        else if (++game.waited == DOOR_DECISIONS) end(LOSS);
        break;
    }
}

void main(void) {
    uint8_t frame;
    game.magic[0] = 'C', game.magic[1] = 'U', game.magic[2] = 'E', game.magic[3] = '1';
    game.horizon = 64;
    game.seed = 1;
    game.doors = 2;
    game.choice = NOTHING;
    screen_on();
    title();
    begin();
    for (;;) {
        for (frame = 0; frame < 4; frame++) {
            lp_wait_vblank();
            if (frame == 0) decide(lp_keys());
            if (game.phase == CORRIDOR && game.walked) {
                lp_low_scx += 2;
                if (frame == 1) add_column();
            }
        }
    }
}
