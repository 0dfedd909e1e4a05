/* keydoor: a board shows a symbol, a hall has a key for every symbol, a corridor goes by, and the one door at its end opens to the
 * key with the board's symbol: the choice is made early, and pays late.
 *
 * The symbol is in game.answer alone from the 5th decision on, and the key that was taken in the block alone from the moment it was:
 * no tile, sprite, register or time depends on either (the board's symbol stays until the key is taken if keep).
 *
 * The symbol comes from the seed by a mix of its own; scenery, the keys' order and the coins come from 16 bits of another, so that
 * every corridor, with the keys in its order, leads from every symbol for some 65,536 / keys seeds.
 */
#include <stdint.h>
static void move_coin(uint8_t frame);
#define HOUSE_FRAME(frame) move_coin(frame)
#define HOUSE_FEW
#include "art.h"
#include "../engine/house.h"

enum { TITLE, SHOW, PAUSE, KEYS, CORRIDOR, DOOR, END };
enum { SHOW_DECISIONS = 4, PAUSE_DECISIONS = 4, KEY_DECISIONS = 64, HALL_DIVIDER = 220, KEY_A = 1 };
enum { COIN_TILE = 8, CLINK_TILE = 10, COIN_FROM = 168, COIN_Y = 122 + 16, CLINK_Y = 104 + 16, REACH_FROM = 40, REACH_TO = 64 };

/* The block goes on at C0C0. */
typedef struct {
    uint16_t coins;      /* C0C0 picked up, which is of no consequence */
    uint8_t coin;        /* C0C2 where one is now, as an object's x; 0: none */
    uint8_t coin_is_due; /* C0C3 one comes next */
    uint8_t place;       /* C0C4 where the right key lies: 0 left, 1 right, 2 up, 3 down */
    uint8_t took;        /* C0C5 from where one was taken, or NOTHING */
    uint8_t unused[2];
    uint8_t order[4]; /* C0C8 the symbols of the keys, in the order of the places */
} keys_block;
static volatile keys_block __at(0xC0C0) hall;

#define N_KEYS game.knob
#define DOOR_MAP (MAP1 + 18 * 32) /* the second hall, below the first: shown with lp_low_scy */
#define DOOR_AT (DOOR_MAP + 3 * 32 + 8)

static const uint8_t *const cue_pictures[4] = {art_cue0, art_cue1, art_cue2, art_cue3};
static const uint8_t *const plates[4] = {art_plate0, art_plate1, art_plate2, art_plate3};
static const uint8_t *const arrows[4] = {art_left, art_right, art_up, art_down};
static const uint8_t key_columns[3][4] = {{3, 13, 0, 0}, {2, 8, 14, 0}, {0, 5, 11, 16}};
static const uint8_t hall_hero[3] = {72, 48, 72};
static uint32_t coin_state;

static uint8_t column_of(uint8_t place) { return key_columns[N_KEYS - 2][place]; }

/* ---- coins ---- */
static void show_coin(void) {
    OAM[9] = hall.coin;
    OAM[8] = hall.coin ? COIN_Y : 0;
}

/* With the corridor, 8 pixels a decision; in the second frame the new column takes the vertical blank, so the third makes up for it. */
static void move_coin(uint8_t frame) {
    if (frame < 2 || !walking || !hall.coin) return;
    hall.coin -= frame == 2 ? 4 : 2;
    show_coin();
}

static void coin_decision(uint8_t keys) {
    uint8_t clink = 0;
    if (hall.coin) {
        if (keys & KEY_A && hall.coin >= REACH_FROM && hall.coin <= REACH_TO) {
            hall.coins++;
            hall.coin = 0;
            clink = 1;
        } else {
            hall.coin -= 2;
        }
    } else if (hall.coin_is_due) {
        hall.coin = (uint8_t)(COIN_FROM - 2);
    }
    show_coin();
    OAM[12] = clink ? CLINK_Y : 0;
    hall.coin_is_due = !((uint8_t)(lp_random(&coin_state) >> 16) & 7);
}

static void hide_coin(void) {
    OAM[8] = OAM[12] = 0;
    hall.coin = 0;
}

/* ---- the scene ---- */

/* A permutation of the keys, from the scenery. */
static void shuffle(void) {
    uint32_t state = lp_mix(game.scenery + 0x20000UL);
    uint8_t i;
    for (i = 0; i < 4; i++) hall.order[i] = i;
    for (i = N_KEYS - 1; i; i--) {
        uint8_t at = (uint8_t)((uint16_t)(lp_random(&state) >> 16) % (uint8_t)(i + 1)), kept = hall.order[i];
        hall.order[i] = hall.order[at];
        hall.order[at] = kept;
    }
    for (i = 0; i < N_KEYS; i++)
        if (hall.order[i] == game.answer) hall.place = i;
}

/* In two parts, each in a time that the divider tells. */
static void set_scene(void) {
    uint8_t i;
    shuffle();
    house_wall(HALL_MAP, art_hall);
    for (i = 0; i < N_KEYS; i++) house_door(column_of(i), plates[hall.order[i]], art_key, arrows[i]);
    house_sign(cue_pictures[game.answer]);
    while (rDIV < HALL_DIVIDER) {
    }
    rDIV = 0;
    house_wall(DOOR_MAP, art_hall);
    lp_blit(DOOR_AT, art_closed, 4, 4);
    coin_state = lp_mix(game.scenery + 0x30000UL);
    OAM[8] = OAM[12] = 0;
    OAM[10] = COIN_TILE;
    OAM[14] = CLINK_TILE;
    OAM[13] = 56 + 8;
}

/* ---- the choice, and its end ---- */
static uint8_t tile_at(const volatile uint8_t *at) {
    while (rSTAT & 2) {
    }
    return *at;
}

/* The symbol, plus 1, on the plate of a key, found by what the screen shows there: a second witness of the choice. */
static uint8_t symbol_over(uint8_t column) {
    const volatile uint8_t *at = HALL_MAP + 2 * 32 + column;
    uint8_t symbol, left = tile_at(at + 1), right = tile_at(at + 2);
    for (symbol = 0; symbol < 4; symbol++)
        if (left == plates[symbol][5] && right == plates[symbol][6]) return symbol + 1;
    return 0;
}

/* Whatever the key, the hero pockets it and stands in the corridor. */
static void take(uint8_t place) {
    house_leave_hall();
    hall.took = place;
    game.choice = hall.order[place];
    game.opened = symbol_over(column_of(place));
    game.phase = CORRIDOR;
    house_sign(art_pocket);
}

static void end(uint8_t result) {
    if (game.phase == DOOR) {
        show_hero(72, 120, 0);
        lp_blit(DOOR_AT, result == WIN ? art_bright : art_eyes, 4, 4);
    }
    game.phase = END;
    house_end(result);
}

static void choose(uint8_t keys) {
    uint8_t place = house_direction(keys);
    if (place < N_KEYS) take(place);
    else if (++game.waited == KEY_DECISIONS) end(LOSS);
}

static void walk(uint8_t keys) {
    if (game.walked + 1 == game.horizon) {
        game.walked++;
        hide_coin();
        house_enter_hall(72);
        lp_low_scy = 72;
        game.phase = DOOR;
    } else {
        house_walk();
        coin_decision(keys);
    }
    if (game.walked == 1) house_sign(art_paper);
}

static void decide(uint8_t keys) {
    switch (game.phase) {
    case SHOW:
        if (game.decisions == SHOW_DECISIONS) {
            if (!game.keep) house_sign(art_paper);
            game.phase = PAUSE;
        }
        break;
    case PAUSE:
        if (game.decisions == SHOW_DECISIONS + PAUSE_DECISIONS) {
            house_enter_hall(hall_hero[N_KEYS - 2]);
            game.phase = KEYS;
        }
        break;
    case KEYS: choose(keys); break;
    case CORRIDOR: walk(keys); break;
    case DOOR: end(game.choice == game.answer ? WIN : LOSS); break;
    default: game.decisions--; /* the end: nothing counts any more */
    }
}

void main(void) {
    hall.took = NOTHING;
    house_start("KEY1", 16, 2);
    if (!game.horizon) game.horizon = 1;
    if (N_KEYS < 2) N_KEYS = 2;
    if (N_KEYS > 4) N_KEYS = 4;
    game.answer = (uint8_t)(house_mix(0x2545F491UL) % N_KEYS);
    house_begin(set_scene, HALL_DIVIDER);
    game.phase = SHOW;
    house_run(decide);
}
