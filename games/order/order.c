/* order: arrows are shown one after the other, a corridor goes by, then they are asked for in the same order.
 *
 * From the last arrow's blank on, the sequence is in the block alone: no tile, sprite, register or time depends on what is still
 * to be given (unless keep). What was given rightly hangs on the wall, so that the screen tells how many are done.
 *
 * An answer takes 3 decisions: the one with exactly one direction, and two in which the board shows a tick and keys do nothing, so
 * that a finger's tap is one answer. While there is a question mark, every decision with one direction is an answer.
 *
 * Sequence and scenery come from the seed by different mixes, the scenery from 16 bits only: every corridor follows on every
 * sequence.
 */
#include "art.h"
#include "../engine/house.h"

enum { TITLE, SHOW, CORRIDOR, ASK, END };
enum { SHOW_DECISIONS = 2, BLANK_DECISIONS = 1, TICK_DECISIONS = 2, ASK_DECISIONS = 64, SCENE_DIVIDER = 140, MOST = 8 };

/* The block goes on at C0C0. */
typedef struct {
    uint8_t shown, arrow; /* C0C0 C0C1 how many so far; the one on the board, or NOTHING */
    uint8_t shown_for;    /* C0C2 decisions, the blank's too */
    uint8_t given;        /* C0C3 how many were given rightly */
    uint8_t tick;         /* C0C4 decisions until the next answer may be given */
    uint8_t unused[3];
    uint8_t sequence[MOST]; /* C0C8 */
    uint8_t answers[MOST];  /* C0D0 what was given, or NOTHING */
} list_block;
static volatile list_block __at(0xC0C0) list;

#define N_ARROWS game.knob

static const uint8_t *const big[4] = {art_big0, art_big1, art_big2, art_big3};
static const uint8_t *const small[4] = {art_small0, art_small1, art_small2, art_small3};
/* The places on the wall, 2x2 tiles, left and right of the board. */
static const uint8_t place_columns[4] = {1, 4, 14, 17};

static void hang(uint8_t place, const uint8_t *picture) {
    lp_blit(MAP0 + (place < 4 ? 1 * 32 : 5 * 32) + place_columns[place & 3], picture, 2, 2);
}

/* The seed's arrows, two bits each. */
static uint16_t arrows_of_seed(void) {
    uint32_t h = house_mix(0x2545F491UL);
    return (uint16_t)(h >> 8);
}

static void show(void) {
    list.arrow = list.sequence[list.shown];
    house_sign(big[list.arrow]);
    if (game.keep) hang(list.shown, small[list.arrow]);
    list.shown++;
    list.shown_for = 0;
}

static void set_scene(void) {
    uint8_t i;
    for (i = 0; i < N_ARROWS; i++) hang(i, art_place);
    show();
}

/* 1 when the answers in RAM are what the seed says, worked out anew: a second witness. */
static uint8_t all_as_the_seed(void) {
    uint16_t arrows = arrows_of_seed();
    uint8_t i;
    for (i = 0; i < N_ARROWS; i++) {
        if (list.answers[i] != ((uint8_t)arrows & 3)) return 0;
        arrows >>= 2;
    }
    return 1;
}

static void end(uint8_t result) {
    game.phase = END;
    house_end(result);
    game.opened = all_as_the_seed();
}

static void answer(uint8_t direction) {
    game.choice = direction;
    game.waited = 0;
    list.answers[list.given] = direction;
    if (direction != game.answer) {
        end(LOSS);
        return;
    }
    if (list.given + 1 == N_ARROWS) {
        end(WIN);
    } else {
        house_sign(art_tick);
        list.tick = TICK_DECISIONS;
    }
    hang(list.given, game.keep ? art_place : small[direction]);
    list.given++;
    if (list.given < N_ARROWS) game.answer = list.sequence[list.given];
}

static void ask(uint8_t keys) {
    uint8_t direction = house_direction(keys);
    if (list.tick) {
        if (!--list.tick) house_sign(art_question);
    } else if (direction != NOTHING) {
        answer(direction);
    } else if (++game.waited == ASK_DECISIONS) {
        end(LOSS);
    }
}

static void decide(uint8_t keys) {
    switch (game.phase) {
    case SHOW:
        list.shown_for++;
        if (list.shown_for == SHOW_DECISIONS) {
            house_sign(art_paper);
            list.arrow = NOTHING;
            if (list.shown == N_ARROWS) game.phase = CORRIDOR;
        } else if (list.shown_for == SHOW_DECISIONS + BLANK_DECISIONS) {
            show();
        }
        break;
    case CORRIDOR:
        house_walk();
        if (game.walked == game.horizon) {
            house_sign(art_question);
            game.phase = ASK;
        }
        break;
    case ASK: ask(keys); break;
    default: game.decisions--; /* the end: nothing counts any more */
    }
}

void main(void) {
    uint16_t arrows;
    uint8_t i;
    house_start("ORD1", 16, 3);
    if (!game.horizon) game.horizon = 1;
    if (!N_ARROWS) N_ARROWS = 1;
    if (N_ARROWS > MOST) N_ARROWS = MOST;
    arrows = arrows_of_seed();
    for (i = 0; i < MOST; i++) {
        list.sequence[i] = i < N_ARROWS ? (uint8_t)arrows & 3 : NOTHING;
        list.answers[i] = NOTHING;
        arrows >>= 2;
    }
    game.answer = list.sequence[0];
    house_begin(set_scene, SCENE_DIVIDER);
    game.phase = SHOW;
    house_run(decide);
}
