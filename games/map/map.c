/* map: a bridge of n columns over an abyss, three tiles in each, one of which holds; where the others are must be remembered.
 *
 * Which tile holds comes from the seed. A fall costs a climb through the cave below (horizon decisions), and then the bridge
 * looks as it did at the start (unless keep): which tiles gave way is nowhere on the screen, nor is how often one fell.
 * Until a tile is stepped on nothing depends on whether it will hold; scenery and tiles come from the seed by different mixes.
 */
#define HOUSE_FEW
#define HOUSE_ROUND
#define HOUSE_FRAME(frame) animate(frame)
static void animate(unsigned char frame);
#include "art.h"
#include "../engine/house.h"

enum { TITLE, BRIDGE, CLIMB, END };
enum { MAX_COLUMNS = 12, WAIT_DECISIONS = 64, SCENE_DIVIDER = 250 };
enum { STANDS, STEPS, CROSSES, FALLS };

/* A harness reads these, too. */
typedef struct {
    uint8_t safe[MAX_COLUMNS]; /* C0C0 0 upper, 1 middle, 2 lower */
    uint8_t column, falls;     /* C0CC columns behind the hero; C0CD */
    uint8_t tried, held;       /* C0CE the column stepped on last, from 1; C0CF columns that held, looked at again at the end */
    uint8_t path[MAX_COLUMNS]; /* C0D0 the tiles stepped on since the last fall */
} bridge;
static volatile bridge __at(0xC0C0) map;

static const uint8_t *const numbers[MAX_COLUMNS] = {art_number1, art_number2, art_number3, art_number4,  art_number5,  art_number6,
                                                    art_number7, art_number8, art_number9, art_number10, art_number11, art_number12};
static const uint8_t rows[4] = {NOTHING, 1, 0, 2}; /* of left, right, up, down */

/* first_tile: where the bridge begins in the hall's map, an even number; the hero's place, in pixels of it, and how he moves. */
static uint8_t first_tile, hero_x, hero_y, hero_does, scroll_end;
static int8_t hero_dy;

/* The seed's tiles, in its order: a generator that each column asks once. */
static uint32_t tiles_begin(void) { return house_mix(0x2545F491UL) | 1; /* a xorshift is never 0 */ }

static uint8_t tiles_next(uint32_t *state) {
    uint32_t r = lp_random(state) >> 16;
    return (uint8_t)((r + r + r) >> 16);
}

static uint8_t *tile_at(uint8_t column, uint8_t row) { return HALL_MAP + 32 + (uint16_t)row * 64 + first_tile + 2 * column; }

static void place_hero(uint8_t step) {
    uint8_t scroll = hero_x > 72 ? hero_x - 72 : 0;
    if (scroll > scroll_end) scroll = scroll_end;
    lp_low_scx = scroll;
    show_hero(hero_x - scroll, hero_y, step);
}

static void stand_at_start(void) {
    hero_does = STANDS;
    hero_dy = 0;
    hero_x = first_tile * 8 - 16;
    hero_y = 92;
    place_hero(0);
}

static void enter_bridge(void) {
    house_enter_hall(0);
    stand_at_start();
    game.phase = BRIDGE;
}

static void set_scene(void) {
    uint8_t at, end = first_tile + 2 * game.knob, last = game.knob < 8 ? 20 : end + 2;
    house_close_round();
    for (at = 0; at < last; at += 2) {
        const uint8_t *picture = at + 2 == first_tile          ? art_edge
                                 : at == end                   ? art_far_edge
                                 : at < first_tile || at > end ? art_ledge
                                                               : art_column;
        lp_blit(HALL_MAP + at, picture, 2, ROWS);
        if (picture == art_column) lp_blit(HALL_MAP + at, numbers[(uint8_t)(at - first_tile) >> 1], 2, 1);
    }
    house_sign(art_ways);
    lp_low_lcdc = LCDC_ON_LOW | LCDC_MAP1;
}

/* After the last step, another look: does the hero stand on the far ledge, and is what he stepped on what the seed names? */
static void look_again(void) {
    uint8_t i, at = OAM[1] - 8 + lp_low_scx; /* at once: sprites can be read in the vertical blank alone */
    uint32_t state = tiles_begin();
    map.held = 0;
    for (i = 0; i < game.knob; i++)
        if (tiles_next(&state) == map.path[i]) map.held++;
    game.opened = map.held == game.knob && at == (uint8_t)(first_tile + 2 * game.knob) * 8;
}

static void sink(void) {
    uint8_t y = OAM[0] + 3;
    OAM[0] = y;
    OAM[4] = y;
}

/* Steps onto the next column's tile, falls where it gives way, crosses to the ledge where it is the last. What the end shows
 * comes after the hero: his place can be written in the vertical blank alone. */
static void animate(uint8_t frame) {
    switch (hero_does) {
    case STEPS:
        hero_x += 4;
        hero_y += hero_dy >> 2;
        place_hero(frame & 1);
        break;
    case CROSSES:
        hero_x += 8;
        if (frame < 2) hero_y += hero_dy >> 1;
        place_hero(frame & 1);
        if (frame == 3) look_again();
        break;
    case FALLS:
        if (frame < 2) {
            hero_x += 8;
            hero_y += hero_dy >> 1;
            place_hero(frame & 1);
        } else {
            if (frame == 2) lp_blit(tile_at(map.tried - 1, game.choice), art_broken, 2, 2);
            else sink();
            OAM[2] = 8;
            OAM[6] = 10;
        }
        break;
    }
    if (frame == 2 && game.phase == END && game.result == RUNNING) house_end(hero_does == CROSSES ? WIN : LOSS);
    if (frame == 3) hero_does = STANDS;
}

static void step(void) {
    game.waited = 0;
    map.path[map.column] = game.choice;
    map.tried = map.column + 1;
    hero_dy = (int8_t)(76 + 16 * game.choice) - (int8_t)hero_y;
    if (game.choice == game.answer) {
        if (game.keep) lp_blit(tile_at(map.column, game.choice), art_marked, 2, 2);
        hero_does = STEPS;
        if (++map.column == game.knob) {
            hero_does = CROSSES;
            game.phase = END;
        } else {
            game.answer = map.safe[map.column];
        }
    } else {
        hero_does = FALLS;
        map.column = 0;
        game.answer = map.safe[0];
        game.walked = 0;
        game.phase = ++map.falls > 2 * game.knob ? END : CLIMB;
    }
}

static void decide(uint8_t keys) {
    switch (game.phase) {
    case BRIDGE:
        game.choice = house_direction(keys);
        if (game.choice != NOTHING) game.choice = rows[game.choice];
        if (game.choice != NOTHING) step();
        else if (++game.waited == WAIT_DECISIONS) game.phase = END;
        break;
    case CLIMB:
        if (!game.walked && !game.keep) lp_blit(tile_at(map.tried - 1, game.choice), art_whole, 2, 2);
        if (game.walked + 1 == game.horizon) {
            game.walked++;
            enter_bridge();
        } else {
            if (!game.walked) {
                house_leave_hall();
                lp_low_scx = 0;
                hero_x = hero_y = hero_dy = 0; /* nothing of the fall is left */
            }
            house_walk();
        }
        break;
    default: game.decisions--; /* the end: nothing counts any more */
    }
}

void main(void) {
    uint32_t state;
    uint8_t i;
    house_start("MAP1", 4, 2);
    if (!game.horizon) game.horizon = 1;
    if (!game.knob) game.knob = 1;
    if (game.knob > MAX_COLUMNS) game.knob = MAX_COLUMNS;
    state = tiles_begin();
    for (i = 0; i < MAX_COLUMNS; i++) map.safe[i] = tiles_next(&state);
    game.answer = map.safe[0];
    first_tile = game.knob < 8 ? (10 - game.knob) & 0xFE : 2;
    scroll_end = game.knob < 8 ? 0 : (game.knob - 8) * 16;
    house_begin(set_scene, SCENE_DIVIDER);
    stand_at_start();
    game.phase = BRIDGE;
    house_run(decide);
}
