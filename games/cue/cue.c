/* cue: a sign shows a symbol, a corridor goes by, and at its end the symbol's door is the right one.
 *
 * The board may change every 5 decisions: what it shows then stays for 4, and is wiped for 1. First, or in one of the corridor's such
 * slots, it shows the sign (`when`); in others signs that are struck out, each with a symbol of its own (`decoys`). From the
 * wiped sign to the choice the symbol is in game.answer alone: no tile, sprite, register or time depends on it (unless keep).
 *
 * The symbol and the scenery come from the seed by different mixes, the scenery from 16 bits only; when the sign comes, when decoys come
 * and what they show are three more mixes of those 16 bits. So whatever is seen but the sign leads to every door for some
 * 65,536 / doors seeds: nothing in it tells which.
 */
#include "art.h"
#define HOUSE_FRAME on_frame
static void on_frame(unsigned char frame);
#include "../engine/house.h"

enum { TITLE, CUE, CORRIDOR, DOORS, END };
enum { BLANK, TRUE_SIGN, DECOY }; /* on the board */
enum { SIGN_DECISIONS = 4, SLOT_DECISIONS = 5, DOOR_DECISIONS = 64, MAX_DECOYS = 1000, HALL_DIVIDER = 140 };

/* The block goes on at C0C0. */
typedef struct {
    uint16_t decoys;           /* C0C0 the knob */
    uint8_t shown, symbol;     /* C0C2 C0C3 on the board now; its symbol or NOTHING */
    uint8_t next, next_symbol; /* C0C4 C0C5 what the next slot shows, and a decoy's symbol there */
    uint8_t turns_in;          /* C0C6 decisions to the next slot */
    uint8_t to_come;           /* C0C7 1: the sign is not yet next */
    uint16_t decoys_left;      /* C0C8 not yet next */
    uint32_t slots, sign_in;   /* C0CA C0CE after the next one; those of them before the sign's */
    uint32_t moments, symbols; /* C0D2 C0D6 the decoys' two generators */
} board_block;
static volatile board_block __at(0xC0C0) board;

#define WHEN game.knob2

static const uint8_t *const cue_pictures[4] = {art_cue0, art_cue1, art_cue2, art_cue3};
static const uint8_t *const decoy_pictures[4] = {art_decoy0, art_decoy1, art_decoy2, art_decoy3};
static const uint8_t *const plates[4] = {art_plate0, art_plate1, art_plate2, art_plate3};
static const uint8_t *const arrows[4] = {art_left, art_right, art_up, art_down};
static const uint8_t door_columns[3][4] = {{3, 13, 0, 0}, {2, 8, 14, 0}, {0, 5, 11, 16}};
static const uint8_t hall_hero[3] = {72, 48, 72};

/* ---- what will be shown: in frames that have time for it ---- */

static uint32_t plan_mix(uint32_t salt) { return lp_mix(game.scenery + salt); } /* the same for 65,536 seeds */

/* In the first decisions, a part in each. The generators' states are never 0: lp_mix is a bijection. */
static void plan(void) {
    switch (board.turns_in) {
    case 4: board.slots = (game.horizon - 1) / SLOT_DECISIONS; break;
    case 3:
        if (board.to_come) board.sign_in = plan_mix(0x27220000UL) % board.slots;
        break;
    case 2: board.moments = plan_mix(0x165F0000UL); board.symbols = plan_mix(0x6C8E0000UL);
    }
}

/* What the next slot shows. Decoys by selection sampling (Knuth, TAOCP 3.4.2, S): each with probability decoys left / slots
 * left, so that all choices of slots are alike, and nothing but the count is kept. */
static void draw_next(void) {
    uint32_t state;
    board.next = BLANK;
    if (!board.slots || !(board.to_come || board.decoys_left)) return;
    if (board.to_come && !board.sign_in--) {
        board.next = TRUE_SIGN;
        board.to_come = 0;
    } else if (board.decoys_left) {
        state = board.moments;
        lp_random(&state);
        board.moments = state;
        if (state % (board.slots - board.to_come) < board.decoys_left) {
            board.next = DECOY;
            board.decoys_left--;
            state = board.symbols;
            lp_random(&state);
            board.symbols = state;
            board.next_symbol = (uint8_t)((uint16_t)(state >> 16) % game.knob);
        }
    }
    board.slots--;
}

static void on_frame(unsigned char frame) {
    if (frame != 2) return;
    if (game.phase == CUE) plan();
    else if (game.phase == CORRIDOR && board.turns_in == 1) draw_next();
}

/* ---- the board and the doors ---- */

static void show(uint8_t what) {
    board.shown = what;
    board.symbol = what == TRUE_SIGN ? game.answer : what == DECOY ? board.next_symbol : NOTHING;
    house_sign(what == TRUE_SIGN ? cue_pictures[game.answer] : what == DECOY ? decoy_pictures[board.next_symbol] : art_paper);
}

static void turn_board(void) {
    if (!--board.turns_in) {
        board.turns_in = SLOT_DECISIONS;
        if (board.next != BLANK) show(board.next);
    } else if (board.turns_in == 1 && board.shown != BLANK) {
        show(game.keep && !board.to_come ? TRUE_SIGN : BLANK);
    }
}

static uint8_t column_of(uint8_t door) { return door_columns[game.knob - 2][door]; }

static void set_scene(void) {
    uint8_t i;
    house_wall(HALL_MAP, art_hall);
    for (i = 0; i < game.knob; i++) house_door(column_of(i), plates[i], art_closed, arrows[i]);
    show(board.to_come ? BLANK : TRUE_SIGN);
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
        turn_board();
        if (game.decisions == SIGN_DECISIONS) game.phase = CORRIDOR;
        break;
    case CORRIDOR:
        if (game.walked + 1 == game.horizon) {
            game.walked++;
            house_enter_hall(hall_hero[game.knob - 2]);
            game.phase = DOORS;
        } else {
            house_walk();
            turn_board();
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
    if (board.decoys > MAX_DECOYS) board.decoys = MAX_DECOYS;
    board.decoys_left = board.decoys;
    board.turns_in = SLOT_DECISIONS;
    board.to_come = WHEN && game.horizon > SLOT_DECISIONS;
    game.answer = (uint8_t)(house_mix(0x2545F491UL) % game.knob);
    house_begin(set_scene, HALL_DIVIDER);
    game.phase = CUE;
    house_run(decide);
}
