/* lures: things are shown with the symbols of their doors, some again with another; later one of them is asked for.
 *
 * Each of `pairs` things has a door, and so has each of `lures` others, which look much like them and are never asked for. Of the
 * showings, 4 decisions each, the order is the seed's; a thing that is shown again (`rewrites` times among the pairs) has another
 * door than before, and the latest holds. From the last showing on, which door is whose is in RAM's block alone (unless keep).
 *
 * What is asked, its door, the rest of the plan and the scenery come from the seed by four mixes, the scenery's of 16 bits: whatever
 * is asked, after whatever corridor, each door is right for one in `doors` seeds. The doors are dealt from the last showing
 * back to the first, so that the plan follows the answer.
 */
#include "art.h"
#define HOUSE_FEW
#include "../engine/house.h"

enum { TITLE, SHOW, CORRIDOR, DOORS, END };
enum { SHOW_DECISIONS = 4, DOOR_DECISIONS = 64, HALL_DIVIDER = 200, FAMILIES = 6, ITEMS = 12, MAX_SHOWS = 16 };

/* The block goes on at C0C0. */
typedef struct {
    uint8_t rewrites;       /* C0C0 knob */
    uint8_t shows, showing; /* C0C1 C0C2 how many showings, and which is on */
    uint8_t item, symbol;   /* C0C3 C0C4 on the board now, or NOTHING */
    uint8_t again;          /* C0C5 1: it was shown before */
    uint8_t asked, due;     /* C0C6 C0C7 the thing asked for; at the end 1 + the symbol last shown with what the board then showed */
    uint8_t shown_for;      /* C0C8 decisions */
    uint8_t unused[7];
    uint8_t show_item[MAX_SHOWS], show_symbol[MAX_SHOWS]; /* C0D0 C0E0 the plan */
} plan_block;
static volatile plan_block __at(0xC0C0) plan;

#define BOARD_ITEM (MAP0 + 2 * 32 + 6)    /* 4x4 */
#define BOARD_SYMBOL (MAP0 + 3 * 32 + 10) /* 3x3 */

/* One of two things that look alike is an even number, the other the next. */
static const uint8_t *const items[ITEMS] = {art_item0, art_item1, art_item2, art_item3, art_item4,  art_item5,
                                            art_item6, art_item7, art_item8, art_item9, art_item10, art_item11};
static const uint8_t *const symbols[4] = {art_symbol0, art_symbol1, art_symbol2, art_symbol3};
static const uint8_t *const plates[4] = {art_plate0, art_plate1, art_plate2, art_plate3};
static const uint8_t *const arrows[4] = {art_left, art_right, art_up, art_down};
static const uint8_t door_columns[3][4] = {{3, 13, 0, 0}, {2, 8, 14, 0}, {0, 5, 11, 16}};
static const uint8_t hall_hero[3] = {72, 48, 72};

#define N_DOORS game.knob
#define N_PAIRS game.knob2
#define N_LURES game.knob3

/* ---- the plan ---- */

static uint8_t below(uint8_t n) { return (uint8_t)((uint16_t)(lp_random(&random_state) >> 16) % n); }

/* The things of the showings, in the order of the showings. */
static void plan_items(void) {
    uint8_t family[FAMILIES], i, j, which = (uint8_t)lp_random(&random_state);
    for (i = 0; i < FAMILIES; i++) family[i] = i;
    for (i = FAMILIES - 1; i; i--) {
        uint8_t at = below(i + 1), kept = family[i];
        family[i] = family[at];
        family[at] = kept;
        if (i == 3) lp_wait_vblank();
    }
    for (i = 0; i < FAMILIES; i++) family[i] = family[i] * 2 + (which >> i & 1);
    j = 0;
    for (i = 0; i < N_PAIRS; i++) plan.show_item[j++] = family[i];
    for (i = 0; i < N_LURES; i++) plan.show_item[j++] = family[i] ^ 1;
    plan.asked = family[(uint8_t)(house_mix(0x27220A95UL) % N_PAIRS)];
    lp_wait_vblank();
    for (i = 0; i < plan.rewrites; i++) plan.show_item[j++] = family[below(N_PAIRS)];
    plan.shows = j;
    for (i = MAX_SHOWS - 1; i; i--) {
        if (i % 3 == 0) lp_wait_vblank();
        if (i < plan.shows) {
            uint8_t at = below(i + 1), kept = plan.show_item[i];
            plan.show_item[i] = plan.show_item[at];
            plan.show_item[at] = kept;
        }
    }
}

/* Their doors, from the last back: whose door was shown later has another one before. */
static void plan_symbols(void) {
    uint8_t i, later;
    for (i = MAX_SHOWS; i--;) {
        if (i & 1) lp_wait_vblank();
        if (i < plan.shows) {
            uint8_t item = plan.show_item[i], symbol;
            for (later = i + 1; later < plan.shows && plan.show_item[later] != item; later++) {
            }
            if (later == plan.shows) {
                symbol = below(N_DOORS);
                if (item == plan.asked) symbol = game.answer;
            } else {
                symbol = plan.show_symbol[later] + 1 + below(N_DOORS - 1);
                if (symbol >= N_DOORS) symbol -= N_DOORS;
            }
            plan.show_symbol[i] = symbol;
        }
    }
    lp_wait_vblank();
}

/* Takes the same number of frames whatever seed and knobs: no stretch between two waits is as long as a frame. */
static void make_plan(void) {
    lp_wait_vblank();
    game.answer = (uint8_t)(house_mix(0x2545F491UL) % N_DOORS);
    random_state = house_mix(0x165667B1UL) | 1;
    lp_wait_vblank();
    plan_items();
    plan_symbols();
}

/* ---- the board ---- */
static void board(const uint8_t *item, const uint8_t *symbol) {
    lp_blit(BOARD_ITEM, item, 4, 4);
    lp_blit(BOARD_SYMBOL, symbol, 3, 3);
}

static void show(void) {
    uint8_t i;
    plan.item = plan.show_item[plan.showing];
    plan.symbol = plan.show_symbol[plan.showing];
    board(items[plan.item], symbols[plan.symbol]);
    plan.again = 0;
    for (i = 0; i < plan.showing; i++)
        if (plan.show_item[i] == plan.item) plan.again = 1;
}

static uint8_t column_of(uint8_t door) { return door_columns[N_DOORS - 2][door]; }

static void set_scene(void) {
    uint8_t i;
    house_wall(HALL_MAP, art_hall);
    for (i = 0; i < N_DOORS; i++) house_door(column_of(i), plates[i], art_closed, arrows[i]);
    house_sign(art_paper);
    show();
}

/* ---- the end ---- */

/* A tile of a map, read when the screen lets go of the video memory. */
static uint8_t tile_at(const volatile uint8_t *at) {
    while (rSTAT & 2) {
    }
    return *at;
}

/* The symbol, plus 1, that hangs over a door, found by what the screen shows there: a second witness of the choice. */
static uint8_t symbol_over(uint8_t column) {
    const volatile uint8_t *at = HALL_MAP + 2 * 32 + column;
    uint8_t symbol, left = tile_at(at + 1), right = tile_at(at + 2);
    for (symbol = 0; symbol < 4; symbol++)
        if (left == plates[symbol][5] && right == plates[symbol][6]) return symbol + 1;
    return 0;
}

/* What the board shows, found by its tiles: a second witness of what was asked. */
static uint8_t item_on_board(void) {
    const volatile uint8_t *at = BOARD_ITEM;
    uint8_t tiles[16], i, item;
    for (i = 0; i < 16; i++) {
        tiles[i] = tile_at(at++);
        if ((i & 3) == 3) at += 32 - 4;
    }
    for (item = 0; item < ITEMS; item++) {
        for (i = 0; i < 16 && tiles[i] == items[item][i]; i++) {
        }
        if (i == 16) return item;
    }
    return NOTHING;
}

static void end(uint8_t result) {
    game.phase = END;
    if (game.choice != NOTHING) {
        uint8_t column = column_of(game.choice), seen, i;
        show_hero(column * 8 + 8, 120, 0); /* while the blank lasts */
        game.opened = symbol_over(column);
        seen = item_on_board();
        for (i = 0; i < plan.shows; i++)
            if (plan.show_item[i] == seen) plan.due = plan.show_symbol[i] + 1;
        house_door(column, 0, result == WIN ? art_bright : art_eyes, 0);
    }
    lp_blit(BOARD_ITEM, art_paper, 1, 4);
    house_end(result);
}

static void decide(uint8_t keys) {
    switch (game.phase) {
    case SHOW:
        if (++plan.shown_for < SHOW_DECISIONS) break;
        plan.shown_for = 0;
        if (++plan.showing < plan.shows) {
            show();
            break;
        }
        board(art_paper, art_paper);
        plan.item = plan.symbol = NOTHING;
        game.phase = CORRIDOR;
        break;
    case CORRIDOR:
        if (game.walked + 1 == game.horizon) {
            game.walked++;
            house_enter_hall(hall_hero[N_DOORS - 2]);
            board(items[plan.asked], game.keep ? symbols[game.answer] : art_question);
            game.phase = DOORS;
        } else {
            house_walk();
        }
        break;
    case DOORS:
        game.choice = house_direction(keys);
        if (game.choice >= N_DOORS) game.choice = NOTHING;
        if (game.choice != NOTHING) end(game.choice == game.answer ? WIN : LOSS);
        else if (++game.waited == DOOR_DECISIONS) end(LOSS);
        break;
    default: game.decisions--; /* the end: nothing counts any more */
    }
}

static uint8_t clamp(uint8_t value, uint8_t least, uint8_t most) { return value < least ? least : value > most ? most : value; }

void main(void) {
    N_PAIRS = 2;
    N_LURES = 1;
    plan.rewrites = 1;
    house_start("LUR1", 16, 2);
    if (!game.horizon) game.horizon = 1;
    N_DOORS = clamp(N_DOORS, 2, 4);
    N_PAIRS = clamp(N_PAIRS, 1, FAMILIES);
    N_LURES = clamp(N_LURES, 0, FAMILIES);
    plan.rewrites = clamp(plan.rewrites, 0, 4);
    make_plan();
    house_begin(set_scene, HALL_DIVIDER);
    game.phase = SHOW;
    house_run(decide);
}
