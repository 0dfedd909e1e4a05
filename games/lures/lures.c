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
#define HOUSE_FRAME on_frame
static void on_frame(unsigned char frame);
#include "../engine/house.h"
#include "../engine/slots.h"

enum { TITLE, SHOW, CORRIDOR, DOORS, END };
enum { SHOW_DECISIONS = 4, DOOR_DECISIONS = 64, HALL_DIVIDER = 200 };
enum { FEW_FAMILIES = 6, FAMILIES = 16, ITEMS = 2 * FAMILIES, MAX_REWRITES = 16, MAX_SHOWS = 2 * FAMILIES + MAX_REWRITES };

/* The block goes on at C0C0. */
typedef struct {
    uint8_t rewrites;       /* C0C0 knob */
    uint8_t shows, showing; /* C0C1 C0C2 how many showings, and which is on */
    uint8_t item, symbol;   /* C0C3 C0C4 on the board now, or NOTHING */
    uint8_t again;          /* C0C5 1: it was shown before */
    uint8_t asked, due;     /* C0C6 C0C7 the thing asked for; at the end 1 + the symbol last shown with what the board then showed */
    uint8_t shown_for;      /* C0C8 decisions */
    uint8_t unused[7];
    uint8_t show_item[MAX_SHOWS], show_symbol[MAX_SHOWS]; /* C0D0 C100 the plan; the Makefile's DATA comes after */
} plan_block;
static volatile plan_block __at(0xC0C0) plan;

#define BOARD_ITEM (MAP0 + 2 * 32 + 6)    /* 4x4 */
#define BOARD_SYMBOL (MAP0 + 3 * 32 + 10) /* 3x3 */

/* One of two things that look alike is an even number, the other the next. */
static const uint8_t *const items[ITEMS] = {art_item0,  art_item1,  art_item2,  art_item3,  art_item4,  art_item5,  art_item6,  art_item7,
                                            art_item8,  art_item9,  art_item10, art_item11, art_item12, art_item13, art_item14, art_item15,
                                            art_item16, art_item17, art_item18, art_item19, art_item20, art_item21, art_item22, art_item23,
                                            art_item24, art_item25, art_item26, art_item27, art_item28, art_item29, art_item30, art_item31};
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

/* The remainder byte by byte, which is faster than a division of 32 bits. */
static uint8_t remainder(uint32_t mix, uint8_t n) {
    uint16_t rest = (uint8_t)(mix >> 24) % n;
    rest = (rest << 8 | (uint8_t)(mix >> 16)) % n;
    rest = (rest << 8 | (uint8_t)(mix >> 8)) % n;
    return (uint8_t)((rest << 8 | (uint8_t)mix) % n);
}

/* Called before each of the plan's 126 steps, which may draw a number or not: a frame for nine of them. */
static uint8_t steps_left;
static void pace(void) {
    if (!steps_left) {
        lp_wait_vblank();
        steps_left = 9;
    }
    steps_left--;
}

/* The things of the showings, in the order of the showings; of the pairs the which-th is asked for. */
static void plan_items(uint8_t which) {
    uint8_t family[FAMILIES], n_families = N_PAIRS > FEW_FAMILIES || N_LURES > FEW_FAMILIES ? FAMILIES : FEW_FAMILIES, i, j = 0;
    uint16_t halves = (uint16_t)lp_random(&random_state);
    for (i = 0; i < FAMILIES; i++) family[i] = i;
    for (i = FAMILIES - 1; i; i--) {
        pace();
        if (i < n_families) {
            uint8_t at = below(i + 1), kept = family[i];
            family[i] = family[at];
            family[at] = kept;
        }
    }
    for (i = 0; i < FAMILIES; i++, halves >>= 1) family[i] = family[i] * 2 + ((uint8_t)halves & 1);
    for (i = 0; i < N_PAIRS; i++) plan.show_item[j++] = family[i];
    for (i = 0; i < N_LURES; i++) plan.show_item[j++] = family[i] ^ 1;
    plan.asked = family[which];
    for (i = 0; i < MAX_REWRITES; i++) {
        pace();
        if (i < plan.rewrites) plan.show_item[j++] = family[below(N_PAIRS)];
    }
    plan.shows = j;
    for (i = MAX_SHOWS - 1; i; i--) {
        pace();
        if (i < plan.shows) {
            uint8_t at = below(i + 1), kept = plan.show_item[i];
            plan.show_item[i] = plan.show_item[at];
            plan.show_item[at] = kept;
        }
    }
}

/* Their doors, from the last back: whose door was shown later has another one before. */
static void plan_symbols(void) {
    uint8_t later[ITEMS], i;
    for (i = 0; i < ITEMS; i++) later[i] = NOTHING;
    for (i = MAX_SHOWS; i--;) {
        pace();
        if (i < plan.shows) {
            uint8_t item = plan.show_item[i], symbol = later[item];
            if (symbol == NOTHING) {
                symbol = below(N_DOORS);
                if (item == plan.asked) symbol = game.answer;
            } else {
                symbol += 1 + below(N_DOORS - 1);
                if (symbol >= N_DOORS) symbol -= N_DOORS;
            }
            plan.show_symbol[i] = later[item] = symbol;
        }
    }
}

/* Takes the same number of frames whatever seed and knobs: no stretch between two waits is as long as a frame. Up to 6 pairs and 6
 * lures are of the first 6 couples. The hall's wall is drawn here, out of sight: set_scene has no time for it. */
static void make_plan(void) {
    uint8_t which;
    house_wall(HALL_MAP, art_hall);
    lp_wait_vblank();
    game.answer = remainder(house_mix(0x2545F491UL), N_DOORS);
    random_state = house_mix(0x165667B1UL) | 1;
    lp_wait_vblank();
    which = remainder(house_mix(0x27220A95UL), N_PAIRS);
    lp_wait_vblank();
    plan_items(which);
    plan_symbols();
    lp_wait_vblank();
    slot_load(items[plan.show_item[0]]);
}

/* ---- the board ---- */
static void board(const uint8_t *symbol) {
    slot_show(BOARD_ITEM);
    lp_blit(BOARD_SYMBOL, symbol, 3, 3);
}

static void show(void) {
    uint8_t i;
    plan.item = plan.show_item[plan.showing];
    plan.symbol = plan.show_symbol[plan.showing];
    board(symbols[plan.symbol]);
    plan.again = 0;
    for (i = 0; i < plan.showing; i++)
        if (plan.show_item[i] == plan.item) plan.again = 1;
}

/* In the decision before a thing is shown. */
static void load_next_item(void) {
    if (game.phase == SHOW) {
        if (plan.shown_for == SHOW_DECISIONS - 1 && plan.showing + 1 < plan.shows) slot_load(items[plan.show_item[plan.showing + 1]]);
    } else if (game.phase == CORRIDOR && game.walked + 1 == game.horizon) {
        slot_load(items[plan.asked]);
    }
}

static uint8_t column_of(uint8_t door) { return door_columns[N_DOORS - 2][door]; }

static void set_scene(void) {
    uint8_t i;
    for (i = 0; i < N_DOORS; i++) house_door(column_of(i), plates[i], art_closed, arrows[i]);
    house_sign(art_paper);
    show();
}

/* ---- the end ---- */

/* The symbol, plus 1, that hangs over a door, found by what the screen shows there: a second witness of the choice. */
static uint8_t symbol_over(uint8_t column) {
    static uint8_t tiles[2];
    uint8_t symbol;
    lp_blit(tiles, HALL_MAP + 2 * 32 + column + 1, 2, 1);
    for (symbol = 0; symbol < 4; symbol++)
        if (tiles[0] == plates[symbol][5] && tiles[1] == plates[symbol][6]) return symbol + 1;
    return 0;
}

/* The door's frame; the next one says how it ends. */
static uint8_t asked_slot;
static void open_door(void) {
    uint8_t column = column_of(game.choice);
    game.phase = END;
    show_hero(column * 8 + 8, 120, 0); /* while the blank lasts */
    game.opened = symbol_over(column);
    asked_slot = picture_at(BOARD_ITEM, slots, 2);
    house_door(column, 0, game.choice == game.answer ? art_bright : art_eyes, 0);
}

static void end(uint8_t result) {
    game.phase = END;
    lp_blit(BOARD_ITEM, art_paper, 1, 4);
    house_end(result);
}

/* What the board showed, found by its tiles: a second witness of what was asked. */
static void witness(void) {
    uint8_t seen = slot_seen(asked_slot, items, ITEMS), i;
    for (i = 0; i < plan.shows; i++)
        if (plan.show_item[i] == seen) plan.due = plan.show_symbol[i] + 1;
}

/* After the last showing, before anything else is loaded: what was shown does not stay in the slots. */
static void clear_slot(uint8_t slot) { lp_blit(slot_tiles(slot), art_blank, 32, 8); }

static void on_frame(unsigned char frame) {
    if (frame == 1 && game.phase == END && !game.result) {
        end(game.choice == game.answer ? WIN : LOSS);
        witness();
    }
    if ((frame == 1 || frame == 2) && game.phase == CORRIDOR && !game.walked) clear_slot(frame - 1);
    if (frame == 3) load_next_item();
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
        lp_blit(BOARD_ITEM, art_paper, 4, 4);
        lp_blit(BOARD_SYMBOL, art_paper, 3, 3);
        plan.item = plan.symbol = NOTHING;
        game.phase = CORRIDOR;
        break;
    case CORRIDOR:
        if (game.walked + 1 == game.horizon) {
            game.walked++;
            house_enter_hall(hall_hero[N_DOORS - 2]);
            board(game.keep ? symbols[game.answer] : art_question);
            game.phase = DOORS;
        } else {
            house_walk();
        }
        break;
    case DOORS:
        game.choice = house_direction(keys);
        if (game.choice >= N_DOORS) game.choice = NOTHING;
        if (game.choice != NOTHING) open_door();
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
    plan.rewrites = clamp(plan.rewrites, 0, MAX_REWRITES);
    make_plan();
    house_begin(set_scene, HALL_DIVIDER);
    game.phase = SHOW;
    house_run(decide);
}
