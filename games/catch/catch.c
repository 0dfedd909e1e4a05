/* catch: apples fall from a tree, one after the other; a basket goes to and fro below. The control: all that matters is on the
 * screen, so a player without memory does as well as any.
 *
 * Eight apples; the lanes that they fall in come from the seed, the orchard from 16 other bits of it. From the first sight of
 * an apple the basket has the time to reach it from anywhere, at every speed: FALL / (4 * 4) - 1 >= BASKET_LAST decisions.
 */
#define HOUSE_FEW
#define HOUSE_ROUND
#define HOUSE_FRAME(frame) animate(frame)
static void animate(unsigned char frame);
#include "art.h"
#include "../engine/house.h"

enum { TITLE, FALLS, LANDS, NEXT, END };
enum { APPLES = 8, MAY_MISS = 2, LANES = 8, BASKET_LAST = LANES - 3 }; /* the basket is three lanes wide */
enum { TOP = 4, FALL = 96, APPLE_TILE = 8, BASKET_TILE = 12, BASKET_Y = 106, HERO_TOP = 138, ROLL = 7, HIDDEN = 160, SCENE_DIVIDER = 60 };

/* A harness reads these, too. */
typedef struct {
    uint8_t lanes[APPLES];                    /* C0C0 where each falls, 0 to 7 */
    uint8_t apple, basket, y, caught, missed; /* C0C8 which falls, from 0; C0C9 its left lane; C0CA the apple's way so far; C0CB C0CC */
} orchard;
static volatile orchard __at(0xC0C0) fruit;

static uint8_t basket_x, apple_x, apple_y; /* in pixels */
static uint8_t held;                       /* was the last apple caught? */
static int8_t basket_dx, apple_dy;         /* in this decision's frames */

static void place_apple(void) {
    OAM[0] = OAM[4] = apple_y + 16;
    OAM[1] = apple_x + 8;
    OAM[5] = apple_x + 16;
    OAM[2] = APPLE_TILE;
    OAM[6] = APPLE_TILE + 2;
}

/* The basket's six objects and the hero's two, who carries it. */
static void place_basket(uint8_t step) {
    volatile uint8_t *at = OAM + 8;
    uint8_t i, x = basket_x + 8;
    for (i = BASKET_TILE; i != BASKET_TILE + 12; i += 2) {
        *at++ = BASKET_Y + 16;
        *at++ = x;
        *at++ = i;
        at++;
        x += 8;
    }
    at[0] = HERO_TOP;
    at[4] = HERO_TOP;
    at[1] = basket_x + 24;
    at[5] = basket_x + 32;
    at[2] = step ? 4 : 0;
    at[6] = at[2] + 2;
}

/* What the board's tally shows: a second witness. Only in the vertical blank. */
static uint8_t count_apples(void) {
    const volatile uint8_t *at = SIGN + 32 + 1;
    uint8_t i, n = 0;
    for (i = 0; i < 4; i++) n += (at[i] == art_apple[0]) + (at[i + 32] == art_apple[0]);
    return n;
}

/* Which way leads under the apple that is seen: 0 left, 1 right, 2 neither. */
static uint8_t way(void) {
    uint8_t under = fruit.lanes[fruit.apple];
    under = under ? under - 1 : 0;
    if (under > BASKET_LAST) under = BASKET_LAST;
    return under < fruit.basket ? 0 : under > fruit.basket ? 1 : 2;
}

static void animate(uint8_t frame) {
    basket_x += basket_dx;
    apple_y += apple_dy;
    place_apple();
    place_basket(basket_dx && !(frame & 1));
    if (frame == 2 && game.phase == END && game.result == RUNNING) {
        game.opened = count_apples();
        house_end(fruit.missed > MAY_MISS ? LOSS : WIN);
    }
}

static void hang_apple(void) {
    apple_x = 16 + 16 * fruit.lanes[fruit.apple];
    apple_y = TOP;
    fruit.y = 0;
    game.phase = FALLS;
}

static void move_basket(uint8_t keys) {
    uint8_t direction = house_direction(keys);
    basket_dx = 0;
    game.choice = direction > 1 ? NOTHING : direction;
    if (direction == 0 && fruit.basket) {
        fruit.basket--;
        basket_dx = -4;
    } else if (direction == 1 && fruit.basket < BASKET_LAST) {
        fruit.basket++;
        basket_dx = 4;
    }
}

/* The apple is down: in the basket or not. */
static void judge(void) {
    uint8_t *place = SIGN + 32 + 1 + (fruit.apple & 3) + (fruit.apple & 4 ? 32 : 0);
    held = (uint8_t)(fruit.lanes[fruit.apple] - fruit.basket) < 3;
    if (held) {
        fruit.caught++;
        lp_blit(place, art_apple, 1, 1);
    } else {
        fruit.missed++;
        lp_blit(place, art_missed, 1, 1);
    }
    game.phase = fruit.missed > MAY_MISS || fruit.apple + 1 == APPLES ? END : LANDS;
}

static void decide(uint8_t keys) {
    basket_dx = apple_dy = 0;
    if (game.phase == END) {
        game.decisions--; /* nothing counts any more */
        return;
    }
    move_basket(keys);
    if (game.phase == LANDS) { /* gone when it was caught, else on the grass */
        if (held) apple_y = HIDDEN;
        else apple_dy = ROLL;
        fruit.apple++;
        game.phase = NEXT;
    } else {
        if (game.phase == NEXT) hang_apple();
        apple_dy = game.knob;
        fruit.y += 4 * game.knob;
        if (fruit.y == FALL) judge();
    }
    game.answer = game.phase == FALLS ? way() : 2;
}

static void set_scene(void) {
    house_close_round();
    house_sign(art_tally);
}

void main(void) {
    uint32_t state;
    uint8_t i;
    house_start("CAT1", 1, 1);
    if (!game.knob) game.knob = 1;
    if (game.knob > 4) game.knob = 4;
    state = house_mix(0x2545F491UL) | 1; /* a xorshift is never 0 */
    for (i = 0; i < APPLES; i++) fruit.lanes[i] = (uint8_t)(lp_random(&state) >> 24) & (LANES - 1);
    fruit.basket = BASKET_LAST / 2;
    basket_x = 16 + 16 * fruit.basket;
    house_begin(set_scene, SCENE_DIVIDER);
    hang_apple();
    place_apple();
    place_basket(0);
    game.answer = way();
    house_run(decide);
}
