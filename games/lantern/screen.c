/* The screen: squares of 2x2 tiles on the background, whose 32x32 tiles go round, so that the next screen is drawn beside this one
 * and slid into view; people and the hero as sprites; the bar at the foot as a window.
 */
#define LANTERN_DATA /* the tables themselves are here */
#include "lantern.h"
#include "art.h"
#include "world.h"

#define rWY REG(0xFF4A)
#define rWX REG(0xFF4B)
enum { LCDC = 0xE7 }; /* on; window from 9C00, on; tiles from 8800; background from 9800; sprites 8x16 */

void lp_sprites_start(void);

uint8_t grid[CELLS], things_here[8], things_cell[8], n_things_here;
static uint8_t things_x[8], things_y[8];
uint8_t hero_x, hero_y;

/* Takes apart what rom.py's pack() packed; with the screen off where it goes to video memory. */
static uint8_t *unpack_to;

static uint8_t *unpack_part(uint8_t *to, const uint8_t *from, const uint8_t *end) {
    uint8_t n;
    const uint8_t *copy;
    while (from < end) {
        n = *from++;
        if (n < 128) {
            n++;
            do *to++ = *from++;
            while (--n);
        } else {
            n = (n & 127) + 3;
            copy = to - 1 - (from[0] | (uint16_t)from[1] << 8);
            from += 2;
            do *to++ = *copy++;
            while (--n);
        }
    }
    return to;
}
#define UNPACK(to, from) (unpack_to = unpack_part(to, from, (from) + sizeof(from)))

/* Background tiles in the order of their numbers go to 9000, then to 8800; unpacked in RAM at first, since a copy may reach back. */
#define BUFFER ((uint8_t *)0xC800)

static void tiles_to_screen(uint8_t first) {
    uint16_t n = (uint16_t)(unpack_to - BUFFER), low = (uint16_t)(128 - first) * 16;
    if (n < low) low = n;
    lp_copy((uint8_t *)0x9000 + first * 16, BUFFER, low);
    if (n > low) lp_copy((uint8_t *)0x8800, BUFFER + low, n - low);
}

static void screen_off(void) {
    if (rLCDC & 0x80) lp_wait_vblank();
    rLCDC = 0;
}

/* Shows what was loaded, with a window or without. */
static void screen_on(uint8_t lcdc) {
    lp_top_lcdc = lcdc;
    rLCDC = lcdc;
}

static void clear_sprites(void) {
    uint8_t i;
    for (i = 0; i < 160; i++) SPRITES[i] = 0;
}

void screen_start(void) {
    uint16_t i;
    while (rLY < 144) {
    }
    rLCDC = 0;
    for (i = 0; i < 0x800; i++) MAP0[i] = 0;
    for (i = 0; i < 160; i++) OAM[i] = 0;
    lp_sprites_start();
    clear_sprites();
    UNPACK(TILES, art_sprites);
    rSTAT = 0;
    rBGP = 0xE4;
    rOBP0 = SPRITE_PALETTE;
    rWX = 7;
    rWY = 144;
    rNR52 = 0; /* silent: the sound chip is off, which also makes emulation faster */
}

/* 20x18 tiles of a picture's map, unpacked in RAM, onto the background. */
static void map_to_screen(void) {
    uint8_t y;
    for (y = 0; y < 18; y++) lp_copy(MAP0 + y * 32, BUFFER + y * 20, 20);
}

void show_title(void) {
    UNPACK(BUFFER, art_background); /* the letters are among them */
    tiles_to_screen(0);
    UNPACK(BUFFER, art_title_tiles);
    tiles_to_screen(ART_PICTURE_TILE);
    UNPACK(BUFFER, art_title_map);
    map_to_screen();
    screen_on(0x83);
}

/* The title's words, or what is behind them: its map is still in RAM. */
void put_press_start(uint8_t on) {
    if (on) put_text(MAP0 + 15 * 32 + 1, T_PRESS);
    else lp_blit(MAP0 + 15 * 32 + 1, BUFFER + 15 * 20 + 1, 11, 1);
}

/* The end's picture: with light, or the title's night. */
void show_end(uint8_t won) {
    screen_off();
    clear_sprites();
    for (uint8_t i = 0; i < 160; i++) OAM[i] = 0;
    if (won) {
        UNPACK(BUFFER, art_ending_tiles);
        tiles_to_screen(ART_PICTURE_TILE);
        UNPACK(BUFFER, art_ending_map);
    } else {
        UNPACK(BUFFER, art_title_tiles);
        tiles_to_screen(ART_PICTURE_TILE);
        UNPACK(BUFFER, art_title_map);
    }
    map_to_screen();
    put_text(MAP0 + 15 * 32 + (won ? 2 : 1), won ? T_WON : T_LOST);
    lp_low_scx = lp_low_scy = 0;
    rWY = 144;
    rBGP = 0xE4;
    screen_on(0x83);
}

/* From the title to the country, screen off. */
void load_country(void) {
    uint16_t i;
    screen_off();
    UNPACK(BUFFER, art_background);
    tiles_to_screen(0);
    for (i = 0; i < 0x400; i++) MAP1[i] = 0;
    for (i = 0; i < 0x1000; i++) BUFFER[i] = 0;
    rWY = 128;
}

void country_on(void) { screen_on(LCDC); }

/* ---- squares ---- */
static uint8_t cell_x(uint8_t cell) { return (uint8_t)((cell % 10) << 4); }

static uint8_t cell_y(uint8_t cell) { return (uint8_t)((cell / 10) << 4); }

static uint8_t is_there(const uint8_t *thing) {
    switch (thing[2]) {
    case KIND_GUARD: return !game.guard_gone;
    case KIND_BEAST: return !game.beast_gone;
    case KIND_GATE: return !game.mine_open;
    case KIND_STORM: return !game.storm_open;
    default: return 1;
    }
}

/* A meadow varies from screen to screen, and along the long roads. */
static uint8_t meadow(uint8_t v) {
    v ^= v >> 3;
    v = (uint8_t)(v * 73);
    v ^= v >> 4;
    v = (uint8_t)(v * 151);
    return v < 24 ? SQ_FLOWERS : v < 64 ? SQ_GRASS2 : SQ_GRASS;
}

static uint8_t opened(uint8_t square) {
    if (square == SQ_TOWER_DOOR) return game.door_open ? SQ_OPENING : square;
    return (square == SQ_GATE ? game.mine_open : game.storm_open) ? SQ_ROCKY : square;
}

/* The squares and things of game.room. */
void load_screen(void) {
    const uint8_t *from = world_cells + (uint16_t)world_layout[game.room] * CELLS, *thing = world_things;
    uint8_t *to = grid, room = game.room;
    uint8_t i, square, salt = room * 29 + (uint8_t)game.lap * 71 + game.wood_step * 37;
    for (i = CELLS; i; i--) {
        square = *from++;
        salt += 167;
        if (square == SQ_GRASS) square = meadow(salt);
        else if (square == SQ_GATE || square == SQ_STORM || square == SQ_TOWER_DOOR) square = opened(square);
        *to++ = square;
    }
    n_things_here = 0;
    for (i = 0; i < N_THINGS; i++, thing += 5)
        if (thing[0] == room && is_there(thing)) {
            things_here[n_things_here] = i;
            things_cell[n_things_here] = thing[1];
            things_x[n_things_here] = cell_x(thing[1]);
            things_y[n_things_here++] = cell_y(thing[1]);
        }
}

uint8_t thing_at(uint8_t cell) {
    uint8_t i;
    for (i = 0; i < n_things_here; i++)
        if (things_cell[i] == cell) return things_here[i];
    return NOTHING;
}

/* column and row on the background's ring of 32x32 tiles */
static void show_square(uint8_t cell, uint8_t column, uint8_t row) {
    lp_blit(MAP0 + (uint16_t)(row & 31) * 32 + (column & 31), art_squares + grid[cell] * 4, 2, 2);
}

/* The screen's column of squares (0 to 9), its left edge at pixel `at` of the ring; or its row. */
void show_column(uint8_t column, uint8_t at) {
    uint8_t y, cell = column, row = lp_low_scy >> 3;
    for (y = 0; y < 8; y++, cell += 10, row += 2) show_square(cell, at >> 3, row);
}

void show_row(uint8_t row, uint8_t at) {
    uint8_t x, cell = row * 10, column = lp_low_scx >> 3;
    for (x = 0; x < 10; x++, cell++, column += 2) show_square(cell, column, at >> 3);
}

/* ---- sprites ---- */
static uint8_t *sprite_at;

static void put_sprite(uint8_t x, uint8_t y, uint8_t tile, uint8_t flags) {
    *sprite_at++ = y + 16;
    *sprite_at++ = x + 8;
    *sprite_at++ = tile;
    *sprite_at++ = flags;
}

/* 16x16 pixels, mirrored or not; what the box covers is left out. */
static void put_picture(uint8_t x, uint8_t y, uint8_t tile, uint8_t mirrored) {
    if (game.box_open && y > 84) return;
    if (mirrored) {
        put_sprite(x, y, tile + 2, 0x20);
        put_sprite(x + 8, y, tile, 0x20);
    } else {
        put_sprite(x, y, tile, 0);
        put_sprite(x + 8, y, tile + 2, 0);
    }
}

static void put_hero(void) {
    uint8_t odd = (game.x + game.y) & 1;
    uint8_t steps = stepping == 1 ? 4 : 0;
    switch (game.facing) {
    case LEFT: put_picture(hero_x, hero_y, 16 + steps, 0); break;
    case RIGHT: put_picture(hero_x, hero_y, 16 + steps, 1); break;
    case UP: put_picture(hero_x, hero_y, 8 + steps, odd); break;
    default: put_picture(hero_x, hero_y, 0 + steps, odd); break;
    }
}

/* The hero alone; the first two sprites are his. */
void place_hero(void) {
    sprite_at = SPRITES;
    put_hero();
    while (sprite_at != SPRITES + 8) *sprite_at++ = 0;
}

/* Everyone. */
void place_sprites(uint8_t only_hero) {
    uint8_t i, mirrored = (clock_ticks & 32) != 0;
    const uint8_t *thing;
    place_hero();
    if (!only_hero) {
        if (game.visitor) put_picture(cell_x(game.visitor_cell), cell_y(game.visitor_cell), 20 + game.visitor * 4, mirrored);
        for (i = 0; i < n_things_here; i++) {
            thing = world_things + things_here[i] * 5;
            if (thing[4]) put_picture(things_x[i], things_y[i], 20 + thing[4] * 4, mirrored);
            else if (thing[2] == KIND_WHEEL)
                put_sprite(things_x[i] + 4, things_y[i] + 4, 24 + (PICTURE_FLAME * 4) + (game.wheels[thing[3]] - 1) * 2, 0);
        }
    }
    while (sprite_at != SPRITES + 160) *sprite_at++ = 0;
}

/* Water, fire, lamps: one of two pictures each, a quarter of them at a time. */
void move_water(uint8_t quarter) {
    const uint8_t *from = art_moving + (clock_ticks & 16 ? ART_MOVING_TILES * 16 : 0);
    uint8_t n = ART_MOVING_TILES * 4;
    lp_blit((uint8_t *)0x9000 + ART_MOVING * 16 + quarter * n, from + quarter * n, n, 1);
}

/* ---- the bar ---- */
static uint8_t noted(uint8_t fact, uint8_t character) { return game.told[fact] ? character : CH_DASH; }

static const uint8_t three_ways[3] = {CH_LEFT, CH_UP, CH_RIGHT};

/* The notebook, which makes memory unnecessary: every fact that was told, in its own place. */
static void put_notes(void) {
    uint8_t i;
    volatile uint8_t *to = game.bar + 20;
    for (i = 0; i < 4; i++) *to++ = noted(i, CH_0 + game.code[i]);
    for (i = 0; i < 6; i++) *to++ = noted(i < 3 ? FACT_WOOD_A : FACT_WOOD_B, three_ways[game.wood[i]]);
    for (i = 0; i < 4; i++) *to++ = noted(FACT_STONES, CH_1 + game.stones[i]);
    *to++ = noted(FACT_LIAR, CH_1 + game.liar);
    *to++ = noted(FACT_SAYS_A, CH_1 + game.says_a);
    *to++ = noted(FACT_SAYS_B, CH_1 + game.says_b);
    *to++ = noted(FACT_GRAVE, CH_1 + game.grave);
    *to++ = game.owl_seen ? CH_1 + game.owl : CH_DASH;
    *to++ = noted(FACT_PASS, CH_1 + game.password);
    game.bar[17] = noted(FACT_FEARS, CH_1 + game.fears);
    game.bar[18] = noted(FACT_CHEST, CH_1 + game.chest);
}

static uint8_t oil_eighths(void) {
    uint32_t eighth = game.oil_full >> 3, sum = 0;
    uint8_t n = 0;
    while (n < 8 && sum < game.oil) sum += eighth, n++;
    return n;
}

/* Sets the bar anew; on the screen at once unless a box lies over it. */
void bar_changed(void) {
    uint8_t i, n = oil_eighths();
    for (i = 0; i < 40; i++) game.bar[i] = 0;
    for (i = 0; i < FLAMES; i++) game.bar[i] = i < game.flames ? ART_FLAME_LIT : ART_FLAME_OUT;
    game.bar[6] = ART_OIL;
    for (i = 0; i < 4; i++) {
        game.bar[7 + i] = ART_LEVEL0 + (n > 1 ? 2 : n);
        n -= n > 1 ? 2 : n;
    }
    if (game.has_feather) game.bar[12] = ART_FEATHER;
    if (game.has_glass) game.bar[13] = ART_GLASS;
    if (game.has_key) game.bar[14] = ART_KEY;
    if (game.has_ember) game.bar[15] = ART_EMBER;
    if (game.keep_notes) put_notes();
    else put_place(game.bar + 21, world_place[game.room]);
    if (!game.box_open) lp_blit(MAP1, (const uint8_t *)game.bar, 20, 2);
}
