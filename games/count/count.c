/* count: a lamp flashes on the board among other pictures, a corridor goes by, then the count of its flashes, modulo 4, is asked.
 *
 * From the last picture's blank on, the count is in the block alone: no tile, sprite, register or time depends on it (unless keep).
 * So is, at every time, what is still to be shown.
 *
 * The remainder is a mix of the seed of its own, so that each is as common as another; which of the counts with that remainder, and
 * which of the showings are lamps, come from two more. The scenery is 16 bits of a fourth: every corridor follows on every count.
 */
#define HOUSE_FEW
#include "art.h"
#include "../engine/house.h"

enum { TITLE, SHOW, CORRIDOR, DOORS, END };
enum { SHOW_DECISIONS = 2, BLANK_DECISIONS = 1, DOOR_DECISIONS = 64, HALL_DIVIDER = 180, LAMP = 0, PICTURES = 4 };

/* The block goes on at C0C0. */
typedef struct {
    uint8_t shown, picture;   /* C0C0 C0C1 how many so far; the one on the board (0: a lamp), or NOTHING */
    uint8_t lamps, counted;   /* C0C2 C0C3 how many there are to be, and have been, as the screen showed them */
    uint8_t lamps_left, left; /* C0C4 C0C5 of what is still to be drawn by lot */
    uint8_t next;             /* C0C6 the next picture */
    uint8_t shown_for;        /* C0C7 decisions, the blank's too */
    uint32_t lot;             /* C0C8 the generator's state */
} flash_block;
static volatile flash_block __at(0xC0C0) flash;

#define N_FLASHES game.knob
#define TALLY (MAP0 + 1 * 32 + 1) /* the twin's, 3x3 */
#define LAMP_TILE 14              /* a tile of the lamp's picture that no other picture has there */

static const uint8_t *const pictures[PICTURES] = {art_lamp, art_star, art_ball, art_moon};
static const uint8_t *const plates[4] = {art_plate0, art_plate1, art_plate2, art_plate3};
static const uint8_t *const tallies[4] = {art_tally0, art_tally1, art_tally2, art_tally3};
static const uint8_t *const arrows[4] = {art_left, art_right, art_up, art_down};
static const uint8_t door_columns[4] = {0, 5, 11, 16};

/* ---- what will be shown ---- */

/* The next picture: a lamp with probability lamps left / showings left, so that all orders are alike. */
static void draw_lot(void) {
    uint32_t state = flash.lot, r = lp_random(&state);
    uint16_t upper = (uint16_t)(r >> 16);
    flash.lot = state;
    if ((uint8_t)(upper % flash.left) < flash.lamps_left) {
        flash.next = LAMP;
        flash.lamps_left--;
    } else {
        flash.next = 1 + (uint8_t)((uint16_t)r % (PICTURES - 1));
    }
    flash.left--;
}

static void plan(void) {
    uint8_t counts;
    uint32_t h = house_mix(0x2545F491UL);
    game.answer = (uint8_t)(h >> 8) & 3;
    counts = (N_FLASHES - game.answer) / 4 + 1;
    h = house_mix(0x27220A95UL);
    flash.lamps = game.answer + 4 * (uint8_t)((uint16_t)(h >> 8) % counts);
    flash.lamps_left = flash.lamps;
    flash.left = N_FLASHES;
    flash.lot = house_mix(0x165667B1UL) | 1;
    draw_lot();
}

/* ---- the board ---- */
static uint8_t tile_at(const volatile uint8_t *at) {
    while (rSTAT & 2) {
    }
    return *at;
}

static void show(void) {
    flash.picture = flash.next;
    house_sign(pictures[flash.picture]);
    flash.shown++;
    flash.shown_for = 0;
    if (tile_at(SIGN + 2 * 32 + 2) == art_lamp[LAMP_TILE]) flash.counted++;
    if (game.keep) lp_blit(TALLY, tallies[flash.counted & 3], 3, 3);
}

static void wipe(void) {
    house_sign(art_paper);
    flash.picture = NOTHING;
    if (flash.shown == N_FLASHES) game.phase = CORRIDOR;
    else draw_lot();
}

static void set_scene(void) {
    uint8_t i;
    house_wall(HALL_MAP, art_hall);
    for (i = 0; i < 4; i++) house_door(door_columns[i], plates[i], art_closed, arrows[i]);
    show();
}

/* The number, plus 1, that hangs over a door, found by what the screen shows there: a second witness of the choice. */
static uint8_t number_over(uint8_t column) {
    const volatile uint8_t *at = HALL_MAP + 2 * 32 + column;
    uint8_t number, left = tile_at(at + 1), right = tile_at(at + 2);
    for (number = 0; number < 4; number++)
        if (left == plates[number][5] && right == plates[number][6]) return number + 1;
    return 0;
}

static void end(uint8_t result) {
    game.phase = END;
    if (game.choice != NOTHING) {
        uint8_t column = door_columns[game.choice];
        show_hero(column * 8 + 8, 120, 0); /* while the blank lasts */
        game.opened = number_over(column);
        house_door(column, 0, result == WIN ? art_bright : art_eyes, 0);
    }
    house_end(result);
}

static void decide(uint8_t keys) {
    switch (game.phase) {
    case SHOW:
        flash.shown_for++;
        if (flash.shown_for == SHOW_DECISIONS) wipe();
        else if (flash.shown_for == SHOW_DECISIONS + BLANK_DECISIONS) show();
        break;
    case CORRIDOR:
        if (game.walked + 1 == game.horizon) {
            game.walked++;
            house_enter_hall(72);
            house_sign(art_question);
            game.phase = DOORS;
        } else {
            house_walk();
        }
        break;
    case DOORS:
        game.choice = house_direction(keys);
        if (game.choice != NOTHING) end(game.choice == game.answer ? WIN : LOSS);
        else if (++game.waited == DOOR_DECISIONS) end(LOSS);
        break;
    default: game.decisions--; /* the end: nothing counts any more */
    }
}

void main(void) {
    house_start("CNT1", 16, 8);
    if (!game.horizon) game.horizon = 1;
    if (N_FLASHES < 4) N_FLASHES = 4;
    if (N_FLASHES > 32) N_FLASHES = 32;
    plan();
    house_begin(set_scene, HALL_DIVIDER);
    game.phase = SHOW;
    house_run(decide);
}
