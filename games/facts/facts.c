/* facts: rooms tell a digit each, and the lock at the end asks for all of them, room by room, in another order.
 *
 * A room is a stretch of the corridor where the board shows the room's sign and its digit for 4 decisions; `horizon` decisions of
 * corridor follow each. The lock shows a room's sign; UP and DOWN turn its digit, which begins at 0, RIGHT confirms it. The
 * first wrong one loses; the last right one wins. When a digit is gone from the board, it is in RAM's block alone (unless keep).
 *
 * The digits, the signs with the order in which they are asked, and the scenery come from the seed by different mixes, the scenery's
 * of 16 bits: whatever is seen on the way and at the lock, all base^F combinations are equally many seeds'.
 */
#include "art.h"
#define HOUSE_FEW
#define HOUSE_FRAME on_frame
static void on_frame(unsigned char frame);
#include "../engine/house.h"

enum { TITLE, ROOM, CORRIDOR, LOCK, END };
enum { ROOM_DECISIONS = 4, LOCK_DECISIONS = 64, HALL_DIVIDER = 200, MAX_ROOMS = 8, MAX_BASE = 10 };

/* The block goes on at C0C0. */
typedef struct {
    uint32_t left;           /* C0C0 decisions of corridor before the next room or the lock */
    uint8_t room, shown_for; /* C0C4 C0C5 the room now; decisions that it has been shown */
    uint8_t sign, digit;     /* C0C6 C0C7 on the board now, or NOTHING */
    uint8_t confirmed, dial; /* C0C8 C0C9 how many right digits; the one that is dialled */
    int8_t turn;             /* C0CA from the dial to the answer, the shorter way: above 0 up */
    uint8_t unseen;          /* C0CB rooms whose right digit has not yet been seen in the window, beside the right sign */
    uint8_t confirming;      /* C0CC 1: in the frames of a decision that confirms */
    uint8_t seen;            /* C0CD the digit seen in the window then, or NOTHING */
    uint8_t unused[2];
    uint8_t digits[MAX_ROOMS], signs[MAX_ROOMS]; /* C0D0 C0D8 of the rooms */
    uint8_t order[MAX_ROOMS];                    /* C0E0 of the lock: which room is asked when */
    uint8_t entered[MAX_ROOMS];                  /* C0E8 1 + the digits confirmed, by room */
} facts_block;
static volatile facts_block __at(0xC0C0) facts;

#define F game.knob
#define BASE game.knob2
#define BOARD_SIGN (MAP0 + 2 * 32 + 6)   /* 4x4 */
#define BOARD_DIGIT (MAP0 + 2 * 32 + 10) /* 4x4 */
#define LOCK_AT (HALL_MAP + 1 * 32 + 5)  /* 10x7 */
#define WINDOW (LOCK_AT + 1 * 32 + 3)    /* 4x4 */
#define LAMPS (LOCK_AT + 5 * 32 + 1)     /* F of them, in the middle */

static const uint8_t *const signs[MAX_ROOMS] = {art_sign0, art_sign1, art_sign2, art_sign3, art_sign4, art_sign5, art_sign6, art_sign7};
static const uint8_t *const digits[MAX_BASE] = {art_digit0, art_digit1, art_digit2, art_digit3, art_digit4,
                                                art_digit5, art_digit6, art_digit7, art_digit8, art_digit9};
static const uint8_t *const dials[MAX_BASE] = {art_dial0, art_dial1, art_dial2, art_dial3, art_dial4,
                                               art_dial5, art_dial6, art_dial7, art_dial8, art_dial9};

/* ---- the plan ---- */

static uint8_t below(uint8_t n) { return (uint8_t)((uint16_t)(lp_random(&random_state) >> 16) % n); }

/* An order of 0 to n - 1. A frame for two of them, at most. */
static void shuffle(volatile uint8_t *list, uint8_t n) {
    uint8_t i;
    for (i = 0; i < MAX_ROOMS; i++) list[i] = i;
    for (i = MAX_ROOMS - 1; i; i--) {
        if (i & 1) lp_wait_vblank();
        if (i < n) {
            uint8_t at = below(i + 1), kept = list[i];
            list[i] = list[at];
            list[at] = kept;
        }
    }
}

/* Takes the same number of frames whatever seed and knobs: no stretch between two waits is as long as a frame. */
static void make_plan(void) {
    uint8_t i;
    for (i = 0; i < MAX_ROOMS; i++) { /* a mix for each digit: all combinations are alike */
        lp_wait_vblank();
        facts.digits[i] = i < F ? (uint8_t)((house_mix(0x2545F491UL + i * 0x01000193UL) >> 8) % BASE) : NOTHING;
    }
    lp_wait_vblank();
    random_state = house_mix(0x165667B1UL) | 1;
    shuffle(facts.signs, MAX_ROOMS);
    shuffle(facts.order, F);
    lp_wait_vblank();
    facts.unseen = F;
    game.answer = facts.digit = facts.sign = NOTHING;
}

/* ---- the board and the lock ---- */
static void show_room(void) {
    facts.sign = facts.signs[facts.room];
    facts.digit = facts.digits[facts.room];
    lp_blit(BOARD_SIGN, signs[facts.sign], 4, 4);
    lp_blit(BOARD_DIGIT, digits[facts.digit], 4, 4);
}

static void clear_board(void) {
    lp_blit(BOARD_SIGN, art_paper, 4, 4);
    lp_blit(BOARD_DIGIT, art_paper, 4, 4);
    facts.sign = facts.digit = NOTHING;
}

static void set_turn(void) {
    int8_t up = (int8_t)game.answer - (int8_t)facts.dial;
    if (up < 0) up += BASE;
    facts.turn = up * 2 <= BASE ? up : up - (int8_t)BASE;
}

static void ask(void) {
    uint8_t room = facts.order[facts.confirmed];
    game.answer = facts.digits[room];
    facts.sign = facts.signs[room];
    facts.room = room;
    facts.dial = 0;
    game.waited = 0;
    lp_blit(BOARD_SIGN, signs[facts.sign], 4, 4);
    lp_blit(BOARD_DIGIT, game.keep ? digits[game.answer] : art_question, 4, 4);
    lp_blit(WINDOW, art_dial0, 4, 4);
    set_turn();
}

static void set_scene(void) {
    uint8_t i;
    house_wall(HALL_MAP, art_hall);
    lp_blit(LOCK_AT, art_lock, 10, 7);
    for (i = 0; i < F; i++) lp_blit(LAMPS + (8 - F) / 2 + i, art_dark, 1, 1);
    lp_blit(WINDOW, art_dial0, 4, 4);
    house_sign(art_paper);
    show_room();
}

/* ---- the second witness: what the screen shows ---- */

/* A tile of a map, read when the screen lets go of the video memory. */
static uint8_t tile_at(const volatile uint8_t *at) {
    while (rSTAT & 2) {
    }
    return *at;
}

/* Which of n pictures of 4x4 tiles stands there. */
static uint8_t picture_at(const volatile uint8_t *at, const uint8_t *const *pictures, uint8_t n) {
    uint8_t tiles[16], i, which;
    for (i = 0; i < 16; i++) {
        tiles[i] = tile_at(at++);
        if ((i & 3) == 3) at += 32 - 4;
    }
    for (which = 0; which < n; which++) {
        for (i = 0; i < 16 && tiles[i] == pictures[which][i]; i++) {
        }
        if (i == 16) return which;
    }
    return NOTHING;
}

/* The digit that was seen in the window is what was shown with the sign that is now on the board. */
static void witness(void) {
    uint8_t sign = picture_at(BOARD_SIGN, signs, MAX_ROOMS), room;
    for (room = 0; room < F; room++)
        if (facts.signs[room] == sign && facts.digits[room] == facts.seen && !facts.entered[room]) {
            facts.entered[room] = facts.seen + 1;
            facts.unseen--;
        }
}

/* ---- decisions ---- */
static void end(uint8_t result) {
    game.phase = END;
    lp_blit(WINDOW, result == WIN ? art_good : art_bad, 4, 4);
    lp_blit(BOARD_SIGN, art_paper, 1, 4);
    lp_blit(BOARD_DIGIT + 3, art_paper, 1, 4);
    house_end(result);
}

/* Confirming is the work of three frames: one would not hold it, and a decision that took longer could be noticed. */
static void confirm(void) {
    facts.confirming = 1;
    game.choice = facts.dial;
    facts.seen = picture_at(WINDOW, dials, MAX_BASE);
    game.opened = facts.seen + 1;
}

static void judge(void) {
    facts.confirming = 0;
    if (facts.dial != game.answer) {
        end(LOSS);
        return;
    }
    lp_blit(LAMPS + (8 - F) / 2 + facts.confirmed, art_lit, 1, 1);
    if (++facts.confirmed == F) end(WIN);
    else ask();
}

static void on_frame(unsigned char frame) {
    if (!facts.confirming) return;
    if (frame == 1) witness();
    if (frame == 2) judge();
}

static void at_lock(uint8_t keys) {
    uint8_t way = house_direction(keys);
    if (way == 1) {
        confirm();
        return;
    }
    if (++game.waited == LOCK_DECISIONS) {
        end(LOSS);
        return;
    }
    if (way == 2) facts.dial = facts.dial + 1 == BASE ? 0 : facts.dial + 1;
    else if (way == 3) facts.dial = facts.dial ? facts.dial - 1 : BASE - 1;
    else return;
    lp_blit(WINDOW, dials[facts.dial], 4, 4);
    set_turn();
}

static void decide(uint8_t keys) {
    switch (game.phase) {
    case ROOM:
        if (++facts.shown_for < ROOM_DECISIONS) break;
        clear_board();
        facts.left = game.horizon;
        game.phase = CORRIDOR;
        break;
    case CORRIDOR:
        if (--facts.left) {
            house_walk();
        } else if (++facts.room < F) {
            house_walk();
            facts.shown_for = 0;
            show_room();
            game.phase = ROOM;
        } else {
            game.walked++;
            house_enter_hall(16);
            ask();
            game.phase = LOCK;
        }
        break;
    case LOCK: at_lock(keys); break;
    default: game.decisions--; /* the end: nothing counts any more */
    }
}

void main(void) {
    BASE = 2;
    house_start("FAC1", 16, 2);
    if (!game.horizon) game.horizon = 1;
    if (F < 1) F = 1;
    if (F > MAX_ROOMS) F = MAX_ROOMS;
    if (BASE < 2) BASE = 2;
    if (BASE > MAX_BASE) BASE = MAX_BASE;
    make_plan();
    house_begin(set_scene, HALL_DIVIDER);
    game.phase = ROOM;
    house_run(decide);
}
