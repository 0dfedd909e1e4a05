/* locks: a chest has n locks, and a wall four levers. The board shows the next lock's emblem, each emblem obeys one lever, and a wrong
 * one springs all locks shut again.
 *
 * Which lever an emblem obeys is the same in every episode, shown nowhere, and all that there is to learn; which emblems the locks
 * have comes from the seed. Nothing has to be remembered. Who pulls at random opens n locks once in about 4^n * 4 / 3 pulls.
 */
#include <stdint.h>
static void animate(uint8_t frame);
#define HOUSE_FEW
#define HOUSE_FRAME(frame) animate(frame)
#include "art.h"
#include "../engine/house.h"

enum { TITLE, LOCKS, END };
enum { SCENE_DIVIDER = 200, MAX_LOCKS = 16, EMBLEMS = 8 };

/* The block goes on at C0C0. */
typedef struct {
    uint8_t lit, best;          /* C0C0 C0C1 locks that are open now, and the most so far */
    uint16_t pulls, wrong;      /* C0C2 C0C4 levers pulled, and how many of them were wrong */
    uint8_t emblem;             /* C0C6 of the next lock, on the board; the last one's at a win */
    uint8_t unused;             /* C0C7 */
    uint8_t emblems[MAX_LOCKS]; /* C0C8 of the locks */
} chest_block;
static volatile chest_block __at(0xC0C0) chest;

#define N_LOCKS game.knob

static const uint8_t *const signs[EMBLEMS] = {art_cue0, art_cue1, art_cue2, art_cue3, art_dark0, art_dark1, art_dark2, art_dark3};
static const uint8_t *const arrows[4] = {art_left, art_right, art_up, art_down};
static const uint8_t obeys[EMBLEMS] = {2, 0, 3, 1, 1, 3, 0, 2};
static const uint8_t lever_columns[4] = {0, 5, 11, 16};

static uint8_t down, was_down; /* the lever that is down, and the one before, or NOTHING */
static uint8_t shuts;          /* 1: all lamps go out in this decision */

static uint8_t *lamp(uint8_t lock) { return HALL_MAP + 1 * 32 + (uint8_t)(20 - N_LOCKS) / 2 + lock; }

static void light(uint8_t from, uint8_t to, const uint8_t *picture) {
    uint8_t lock;
    for (lock = from; lock < to; lock++) lp_blit(lamp(lock), picture, 1, 1);
}

static uint8_t tile_at(const volatile uint8_t *at) {
    while (rSTAT & 2) {
    }
    return *at;
}

/* A second witness of a win: do all lamps burn on the screen? */
static uint8_t all_burn(void) {
    uint8_t lock;
    for (lock = 0; lock < N_LOCKS; lock++)
        if (tile_at(lamp(lock)) != art_lit[0]) return 0;
    return 1;
}

/* What one vertical blank has no room for. */
static void animate(uint8_t frame) {
    if (frame == 1 && was_down != NOTHING) lp_blit(HALL_MAP + 3 * 32 + lever_columns[was_down], art_lever, 4, 4);
    if (frame == 2) {
        if (down != NOTHING) lp_blit(HALL_MAP + 3 * 32 + lever_columns[down], art_pulled, 4, 4);
        if (shuts) light(0, N_LOCKS, art_unlit);
        else if (chest.lit) light(chest.lit - 1, chest.lit, art_lit);
        shuts = 0;
    }
    if (frame == 3 && game.result == WIN && !game.opened) game.opened = all_burn();
}

static void end(uint8_t result) {
    game.phase = END;
    house_end(result);
}

static void show_emblem(void) {
    chest.emblem = chest.emblems[chest.lit];
    game.answer = obeys[chest.emblem];
    house_sign(signs[chest.emblem]);
}

static void pull(uint8_t lever) {
    game.choice = down = lever;
    chest.pulls++;
    if (lever == game.answer) {
        chest.lit++;
        if (chest.lit > chest.best) chest.best = chest.lit;
    } else {
        chest.lit = 0;
        chest.wrong++;
        shuts = 1;
    }
}

static void decide(uint8_t keys) {
    if (game.phase == END) {
        game.decisions--; /* nothing counts any more */
        was_down = NOTHING;
        return;
    }
    was_down = down;
    down = NOTHING;
    keys = house_direction(keys);
    if (keys != NOTHING) pull(keys);
    if (chest.lit == N_LOCKS) end(WIN);
    else if (game.decisions == game.horizon) end(LOSS);
    else show_emblem();
}

static void set_scene(void) {
    uint8_t i;
    house_wall(HALL_MAP, art_hall);
    for (i = 0; i < 4; i++) house_door(lever_columns[i], 0, art_lever, arrows[i]);
    light(0, N_LOCKS, art_unlit);
    house_enter_hall(72);
    show_emblem();
}

void main(void) {
    uint32_t state;
    uint8_t i;
    house_start("LOK1", 64, 4);
    if (!game.horizon) game.horizon = 1;
    if (!N_LOCKS) N_LOCKS = 1;
    if (N_LOCKS > MAX_LOCKS) N_LOCKS = MAX_LOCKS;
    down = was_down = NOTHING;
    state = house_mix(0x2545F491UL) | 1;
    for (i = 0; i < MAX_LOCKS; i++) chest.emblems[i] = (uint8_t)(lp_random(&state) >> 24) & (EMBLEMS - 1);
    house_begin(set_scene, SCENE_DIVIDER);
    show_hero(72, 122, 0);
    game.phase = LOCKS;
    house_run(decide);
}
