/* facts: rooms tell a digit each, and the lock at the end asks for all of them, room by room, in another order.
 *
 * A room is a stretch of the corridor where the board shows the room's sign and its digit for 4 decisions; `horizon` decisions of
 * corridor follow each. The lock shows a room's sign; UP and DOWN turn its digit, which begins at 0, RIGHT confirms it. The
 * first wrong one loses; the last right one wins. When a digit is gone from the board, it is in RAM's block alone (unless keep).
 *
 * The digits, the signs with the order in which they are asked, and the scenery come from the seed by different mixes, the scenery's
 * of 16 bits: whatever is seen on the way and at the lock, no combination of digits is more frequent than another.
 */
#include "art.h"
#define HOUSE_FEW
#define HOUSE_FRAME on_frame
static void on_frame(unsigned char frame);
#include "../engine/house.h"
#include "../engine/slots.h"

enum { TITLE, ROOM, CORRIDOR, LOCK, END };
enum { ROOM_DECISIONS = 4, LOCK_DECISIONS = 64, HALL_DIVIDER = 200, MAX_ROOMS = 16, MAX_BASE = 10 };

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
    uint8_t digits[MAX_ROOMS], signs[MAX_ROOMS]; /* C0D0 C0E0 of the rooms */
    uint8_t order[MAX_ROOMS];                    /* C0F0 of the lock: which room is asked when */
    uint8_t entered[MAX_ROOMS];                  /* C100 1 + the digits confirmed, by room; the Makefile's DATA comes after */
} facts_block;
static volatile facts_block __at(0xC0C0) facts;

#define F game.knob
#define BASE game.knob2
#define BOARD_SIGN (MAP0 + 2 * 32 + 6)   /* 4x4 */
#define BOARD_DIGIT (MAP0 + 2 * 32 + 10) /* 4x4 */
#define LOCK_AT (HALL_MAP + 1 * 32 + 5)  /* 10x7 */
#define WINDOW (LOCK_AT + 1 * 32 + 3)    /* 4x4 */
#define LAMPS (LOCK_AT + 5 * 32 + 1)     /* F of them, in the middle of one row of 8 or two */

static const uint8_t *const signs[MAX_ROOMS] = {art_sign0,  art_sign1,  art_sign2,  art_sign3, art_sign4,  art_sign5,
                                                art_sign6,  art_sign7,  art_sign8,  art_sign9, art_sign10, art_sign11,
                                                art_sign12, art_sign13, art_sign14, art_sign15};
static const uint8_t *const digits[MAX_BASE] = {art_digit0, art_digit1, art_digit2, art_digit3, art_digit4,
                                                art_digit5, art_digit6, art_digit7, art_digit8, art_digit9};
static const uint8_t *const dials[MAX_BASE] = {art_dial0, art_dial1, art_dial2, art_dial3, art_dial4,
                                               art_dial5, art_dial6, art_dial7, art_dial8, art_dial9};

/* ---- the plan ---- */

static uint8_t below(uint8_t n) { return (uint8_t)((uint16_t)(lp_random(&random_state) >> 16) % n); }

/* The upper 24 bits' remainder, byte by byte, which is faster than a division of 32 bits. */
static uint8_t digit_of(uint32_t mix) {
    uint16_t rest = (uint8_t)(mix >> 24) % BASE;
    rest = (rest << 8 | (uint8_t)(mix >> 16)) % BASE;
    return (uint8_t)((rest << 8 | (uint8_t)(mix >> 8)) % BASE);
}

/* An order of 0 to n - 1, four steps a frame. */
static void shuffle(volatile uint8_t *list, uint8_t n) {
    uint8_t i;
    for (i = 0; i < MAX_ROOMS; i++) list[i] = i;
    for (i = MAX_ROOMS - 1; i; i--) {
        if ((i & 3) == 3) lp_wait_vblank();
        if (i < n) {
            uint8_t at = below(i + 1), kept = list[i];
            list[i] = list[at];
            list[at] = kept;
        }
    }
}

/* Takes the same number of frames whatever seed and knobs: no stretch between two waits is as long as a frame. The hall's
 * wall is drawn here, out of sight: set_scene has no time for it. */
static void make_plan(void) {
    uint32_t salt = 0x2545F491UL;
    uint8_t i;
    house_wall(HALL_MAP, art_hall);
    for (i = 0; i < MAX_ROOMS; i++, salt += 0x01000193UL) { /* a mix for each digit: all combinations are alike */
        if (!(i & 1)) lp_wait_vblank();
        facts.digits[i] = i < F ? digit_of(house_mix(salt)) : NOTHING;
    }
    lp_wait_vblank();
    random_state = house_mix(0x165667B1UL) | 1;
    shuffle(facts.signs, MAX_ROOMS);
    shuffle(facts.order, F);
    lp_wait_vblank();
    slot_load(signs[facts.signs[0]]);
    facts.unseen = F;
    game.answer = facts.digit = facts.sign = NOTHING;
}

/* ---- the board and the lock ---- */
static void show_room(void) {
    facts.sign = facts.signs[facts.room];
    facts.digit = facts.digits[facts.room];
    slot_show(BOARD_SIGN);
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
    slot_show(BOARD_SIGN);
    lp_blit(BOARD_DIGIT, game.keep ? digits[game.answer] : art_question, 4, 4);
    lp_blit(WINDOW, art_dial0, 4, 4);
    set_turn();
}

/* In the last corridor decision before a sign is shown, and at the lock when the one before it was. */
static void load_next_sign(void) {
    uint8_t room = facts.room + 1;
    if (game.phase == LOCK) {
        if (game.waited || facts.confirmed + 1 == F) return;
        room = facts.order[facts.confirmed + 1];
    } else {
        if (game.phase != CORRIDOR || facts.left != 1) return;
        if (room == F) room = facts.order[0];
    }
    slot_load(signs[facts.signs[room]]);
}

/* The lamp of the n-th right digit. */
static void set_lamp(uint8_t n, uint8_t lit) {
    uint8_t low = n & 8, in_row = low ? F - 8 : F < 8 ? F : 8;
    const uint8_t *lamp = low ? lit ? art_low_lit : art_low_dark : lit ? art_lit : art_dark;
    lp_blit(LAMPS + low * 4 + (8 - in_row) / 2 + (n & 7), lamp, 1, 1);
}

static void set_scene(void) {
    uint8_t i;
    lp_blit(LOCK_AT, art_lock, 10, 7);
    for (i = 0; i < F; i++) set_lamp(i, 0);
    lp_blit(WINDOW, art_dial0, 4, 4);
    house_sign(art_paper);
    show_room();
}

/* ---- the second witness: what the screen shows ---- */

/* The digit that was seen in the window is what was shown with the sign that is now on the board. */
static void witness(void) {
    uint8_t sign = slot_seen(picture_at(BOARD_SIGN, slots, 2), signs, MAX_ROOMS), room;
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
    set_lamp(facts.confirmed, 1);
    if (++facts.confirmed == F) end(WIN);
    else ask();
}

static void on_frame(unsigned char frame) {
    if (facts.confirming) {
        if (frame == 1) witness();
        if (frame == 2) judge();
    }
    if (frame == 3) load_next_sign();
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
