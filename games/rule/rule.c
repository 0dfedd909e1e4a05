/* rule: each of S symbols means one of four buttons; a lesson tells which, nights pass, an exam asks.
 *
 * In the lesson every symbol is asked three times, and the answer shown. From then on the rule is in rule.means alone: no tile, sprite,
 * register or time depends on it (unless keep). The order of the questions is made from the same 16 bits of the seed as the
 * scenery, the rule from another mix of the seed: what is asked says nothing about what is right.
 */
#define HOUSE_FEW
#define HOUSE_FRAME(frame) animate(frame)
static void animate(unsigned char frame);
#include "art.h"
#include "../engine/house.h"

enum { TITLE, LESSON, SHOWN, NIGHT, WALK, EXAM, NEXT, END };
enum { MAX_SYMBOLS = 4, SHOWINGS = 3, WAIT_DECISIONS = 64, NIGHT_DECISIONS = 8, SCENE_DIVIDER = 250 };
#define SLATE (HALL_MAP + 1 * 32 + 7)
#define MARK (HALL_MAP + 2 * 32 + 2)

/* A harness reads these, too. */
typedef struct {
    uint8_t means[MAX_SYMBOLS];             /* C0C0 0 left, 1 right, 2 up, 3 down */
    uint8_t lesson[MAX_SYMBOLS * SHOWINGS]; /* C0C4 the symbols asked, in order */
    uint8_t exam[MAX_SYMBOLS];              /* C0D0 */
    uint8_t given[MAX_SYMBOLS];             /* C0D4 the exam's answers, in order */
    uint8_t item, symbol, night, correct;   /* C0D8 which question, from 0; C0D9; C0DA nights begun; C0DB the lesson's last answer; */
    uint32_t steps;                         /* C0DC of this night's walk */
} school;
static volatile school __at(0xC0C0) rule;

static const uint8_t *const symbols[4] = {art_cue0, art_cue1, art_cue2, art_cue3};
static const uint8_t *const slates[4] = {art_arrow0, art_arrow1, art_arrow2, art_arrow3};
static const uint8_t *const plates[4] = {art_plate0, art_plate1, art_plate2, art_plate3};
static const uint8_t *const meanings[4] = {art_means0, art_means1, art_means2, art_means3};
static const uint8_t plate_places[4] = {0x21, 0x2F, 0xC1, 0xCF}; /* rows 1 and 6 of the map, columns 1 and 15 */

/* What is still to be drawn in this decision: more than one vertical blank has room for. */
static const uint8_t *slate_next, *mark_next;
static uint8_t fading, night_step; /* fading: 0, or 1 out and 2 in */

static const uint8_t fades[2][4] = {{0x90, 0x40, 0, 0}, {0x40, 0x90, 0xE4, 0xE4}};

static void animate(uint8_t frame) {
    if (fading) rBGP = fades[fading - 1][frame];
    if (frame == 1 && slate_next) lp_blit(SLATE, slate_next, 6, 6);
    if (frame == 2 && mark_next) lp_blit(MARK, mark_next, 4, 4);
    if (frame == 3) {
        if (game.keep && game.phase == SHOWN) { /* the twin's plate */
            uint8_t *at = MAP0 + plate_places[rule.symbol];
            lp_blit(at, plates[rule.symbol], 2, 2);
            lp_blit(at + 2, meanings[game.answer], 2, 2);
        }
        fading = 0;
        slate_next = mark_next = 0;
    }
}

static void ask(uint8_t phase, uint8_t symbol) {
    game.phase = phase;
    game.waited = 0;
    rule.symbol = symbol;
    game.answer = rule.means[symbol];
    house_sign(symbols[symbol]);
    slate_next = phase == EXAM ? art_exam : art_ask;
    mark_next = art_no_mark;
}

/* The board when nothing is asked: the same whatever was answered. */
static void clear_board(void) {
    house_sign(art_paper);
    slate_next = art_slate;
    mark_next = art_no_mark;
}

/* At the end, another look: the answers against what the seed names. */
static uint8_t count_right(void) {
    uint32_t means = house_mix(0x2545F491UL);
    uint8_t named[MAX_SYMBOLS], i, n = 0;
    for (i = 0; i < MAX_SYMBOLS; i++) {
        named[i] = (uint8_t)means & 3;
        means >>= 2;
    }
    for (i = 0; i < game.knob; i++) n += rule.given[i] == named[rule.exam[i]];
    return n;
}

static void end(uint8_t result) {
    game.phase = END;
    slate_next = art_slate;
    house_end(result);
}

/* The held direction, once; the loss when it does not come. */
static uint8_t answered(uint8_t keys) {
    game.choice = house_direction(keys);
    if (game.choice != NOTHING) return 1;
    if (++game.waited == WAIT_DECISIONS) end(LOSS);
    return 0;
}

static void begin_exam(void) {
    rule.item = 0;
    ask(EXAM, rule.exam[0]);
}

static void begin_night(void) {
    rule.night++;
    rule.steps = 0;
    night_step = 0;
    game.phase = NIGHT;
}

/* The title once more, as if the game began anew: out, the title, out, the corridor. */
static void night(void) {
    switch (++night_step) {
    case 1:
        show_hero(0, 240, 0); /* out of sight */
        fading = 1;
        break;
    case 2:
        lp_low_lcdc = LCDC_ON_LOW;
        house_sign(art_title);
        slate_next = art_slate;
        mark_next = art_no_mark;
        fading = 2;
        break;
    case NIGHT_DECISIONS - 1: fading = 1; break;
    case NIGHT_DECISIONS:
        house_leave_hall();
        house_sign(art_paper);
        fading = 2;
        game.phase = WALK;
    }
}

static void walk(void) {
    if (++rule.steps < game.horizon) {
        house_walk();
    } else if (rule.night + 1 < game.knob2) {
        house_walk();
        begin_night();
    } else {
        game.walked++;
        house_enter_hall(112);
        lp_low_scx = 0;
        begin_exam();
    }
}

static void decide(uint8_t keys) {
    switch (game.phase) {
    case LESSON:
        if (!answered(keys)) break;
        rule.correct = game.choice == game.answer;
        slate_next = slates[game.answer];
        mark_next = rule.correct ? art_right : art_wrong;
        game.phase = SHOWN;
        game.waited = 0;
        break;
    case SHOWN:
        if (!game.waited++) break; /* to be seen twice */
        if (++rule.item < SHOWINGS * game.knob) {
            ask(LESSON, rule.lesson[rule.item]);
        } else if (game.knob2 > 1) {
            clear_board();
            begin_night();
        } else {
            begin_exam();
        }
        break;
    case NIGHT: night(); break;
    case WALK: walk(); break;
    case EXAM:
        if (!answered(keys)) break;
        rule.given[rule.item] = game.choice;
        if (++rule.item < game.knob) {
            clear_board();
            game.phase = NEXT;
        } else {
            game.opened = count_right();
            rule.correct = 0;
            for (keys = 0; keys < game.knob; keys++) rule.correct += rule.given[keys] == rule.means[rule.exam[keys]];
            end(rule.correct == game.knob ? WIN : LOSS);
        }
        break;
    case NEXT: ask(EXAM, rule.exam[rule.item]); break;
    default: game.decisions--; /* the end: nothing counts any more */
    }
}

/* Puts n symbols into a random order: 0, 1, ... over and over. */
static void shuffle(volatile uint8_t *order, uint8_t n, uint32_t *state) {
    uint8_t i, j, swap;
    for (i = 0, j = 0; i < n; i++) {
        order[i] = j;
        if (++j == game.knob) j = 0;
    }
    for (i = n - 1; i; i--) {
        uint16_t r = i & 1 ? (uint16_t)lp_random(state) & 0xFF : (uint16_t)(*state >> 16) & 0xFF; /* two from each number */
        j = (uint8_t)((r * (uint8_t)(i + 1)) >> 8);
        swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

static void set_scene(void) {
    uint32_t state = lp_mix(game.scenery + 0x20000UL); /* never 0 */
    shuffle(rule.lesson, SHOWINGS * game.knob, &state);
    shuffle(rule.exam, game.knob, &state);
    lp_blit(HALL_MAP, art_room, 20, ROWS);
    lp_low_lcdc = LCDC_ON_LOW | LCDC_MAP1;
    ask(LESSON, rule.lesson[0]);
    lp_blit(SLATE, art_ask, 6, 6);
}

void main(void) {
    uint32_t means;
    uint8_t i;
    game.knob2 = 2;
    house_start("RUL1", 4, 2);
    if (!game.horizon) game.horizon = 1;
    if (!game.knob) game.knob = 1;
    if (game.knob > MAX_SYMBOLS) game.knob = MAX_SYMBOLS;
    if (!game.knob2) game.knob2 = 1;
    if (game.knob2 > 8) game.knob2 = 8;
    means = house_mix(0x2545F491UL);
    for (i = 0; i < MAX_SYMBOLS; i++) {
        rule.means[i] = (uint8_t)means & 3;
        means >>= 2;
    }
    house_begin(set_scene, SCENE_DIVIDER);
    show_hero(112, 122, 0);
    house_run(decide);
}
