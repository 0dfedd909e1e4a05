/* cue: a sign shows a symbol, a corridor goes by, and at its end the symbol's door is the right one.
 *
 * After 4 decisions the sign is wiped; from then until a door is chosen the symbol is in game.answer alone: no tile, sprite,
 * register or time depends on it (unless keep).
 *
 * The symbol and the scenery come from the seed by different mixes, and the scenery from 16 bits only, so that every
 * corridor leads to every door for some 65,536 / doors seeds: nothing in it tells which.
 */
#include "art.h"
#include "../engine/house.h"

enum { TITLE, CUE, CORRIDOR, DOORS, END };
enum { CUE_DECISIONS = 4, DOOR_DECISIONS = 64, HALL_DIVIDER = 140 };

static const uint8_t *const cue_pictures[4] = {art_cue0, art_cue1, art_cue2, art_cue3};
static const uint8_t *const plates[4] = {art_plate0, art_plate1, art_plate2, art_plate3};
static const uint8_t *const arrows[4] = {art_left, art_right, art_up, art_down};
static const uint8_t door_columns[3][4] = {{3, 13, 0, 0}, {2, 8, 14, 0}, {0, 5, 11, 16}};
static const uint8_t hall_hero[3] = {72, 48, 72};

static uint8_t column_of(uint8_t door) { return door_columns[game.knob - 2][door]; }

static void set_scene(void) {
    uint8_t i;
    house_wall(HALL_MAP, art_hall);
    for (i = 0; i < game.knob; i++) house_door(column_of(i), plates[i], art_closed, arrows[i]);
    house_sign(cue_pictures[game.answer]);
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
    game.phase = END;
    if (game.choice != NOTHING) {
        uint8_t column = column_of(game.choice);
        game.opened = symbol_over(column);
        show_hero(column * 8 + 8, 120, 0);
        house_door(column, 0, result == WIN ? art_bright : art_eyes, 0);
    }
    house_end(result);
}

static void decide(uint8_t keys) {
    switch (game.phase) {
    case CUE:
        if (game.decisions == CUE_DECISIONS) {
            if (!game.keep) house_sign(art_paper);
            game.phase = CORRIDOR;
        }
        break;
    case CORRIDOR:
        if (game.walked + 1 == game.horizon) {
            game.walked++;
            house_enter_hall(hall_hero[game.knob - 2]);
            game.phase = DOORS;
        } else {
            house_walk();
        }
        break;
    case DOORS:
        game.choice = house_direction(keys);
        if (game.choice >= game.knob) game.choice = NOTHING;
        if (game.choice != NOTHING) end(game.choice == game.answer ? WIN : LOSS);
        else if (++game.waited == DOOR_DECISIONS) end(LOSS);
        break;
    default: game.decisions--; /* the end: nothing counts any more */
    }
}

void main(void) {
    house_start("CUE1", 64, 2);
    if (!game.horizon) game.horizon = 1;
    if (game.knob < 2) game.knob = 2;
    if (game.knob > 4) game.knob = 4;
    game.answer = (uint8_t)(house_mix(0x2545F491UL) % game.knob);
    house_begin(set_scene, HALL_DIVIDER);
    game.phase = CUE;
    house_run(decide);
}
