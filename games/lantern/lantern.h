/* lantern: a long night's adventure. What its parts share: the block that a harness reads and writes, and who does what.
 *
 *     lantern.c   the title, the clock of decisions, walking, going from screen to screen, the end
 *     quest.c     what the seed decides, and what happens to whom: people, graves, gates, chests
 *     screen.c    the screen: squares, sprites, the bar
 *     text.c      the box in which texts appear
 *     hint.c      the next key toward the goal, for a scripted player
 *     recap.c     a night that begins later
 *
 * Whatever depends on something that must be remembered lies in the block, so that outside it the machine is the same whatever
 * the facts. The loop of a decision has four frames: keys are read and everything is decided in the first.
 */
#ifndef LANTERN_H
#define LANTERN_H

#include "../engine/gb.h"

enum { TITLE, WALK, TEXT, CHOICE, MOVE, END };
enum { RUNNING, WIN, LOSS };
enum { LEFT, RIGHT, UP, DOWN }; /* facing */
enum { HINT_NONE, HINT_LEFT, HINT_RIGHT, HINT_UP, HINT_DOWN, HINT_A };
enum { KEY_A = 1, SPRITE_PALETTE = 0xD0 }; /* white, light, black */
enum { NOTHING = 0xFF, N_FACTS = 14, N_PEOPLE = 14, FLAMES = 5, CELLS = 80, MAX_BEGIN = 28 };
/* Facts. 0 to 3 are the lighthouse's wheels. */
enum { FACT_WOOD_A = 4, FACT_WOOD_B, FACT_GRAVE, FACT_PASS, FACT_STONES, FACT_CHEST, FACT_LIAR, FACT_FEARS, FACT_SAYS_A, FACT_SAYS_B };
/* What comes when the last page of a text is closed. */
enum { THEN_NOTHING, THEN_LOSE, THEN_WIN };

typedef struct {
    uint8_t magic[4];                  /* C0A0 LAN1 */
    uint32_t seed, oil_full;           /* C0A4 C0A8 */
    uint16_t scale;                    /* C0AC times that each long road's screen is walked */
    uint8_t keep_notes, begin;         /* C0AE C0AF steps of the story that are done at first */
    uint8_t phase, result, room, x, y; /* C0B0 C0B1 C0B2 C0B3 C0B4 */
    uint8_t facing, flames, hint;      /* C0B5 C0B6 C0B7 */
    uint32_t decisions, oil;           /* C0B8 C0BC */
    uint16_t lap;                      /* C0C0 of a long road, from 1 in the west or south */
    uint8_t wood_step, goal, speaker;  /* C0C2 right turns in the wood; C0C3 the hint's thing; C0C4 who spoke last */
    uint8_t mistakes;                  /* C0C5 */
    uint8_t owl_seen, has_feather, has_glass, has_key, mine_open, storm_open, guard_gone; /* C0C6 to C0CC */
    uint8_t has_ember, door_open, beast_gone, picked, lit; /* C0CD to C0D1; picked: NOTHING or 0 bell, 1 mirror, 2 horn */
    uint8_t wheels[4];                                     /* C0D2 what they show, 1 to 8 */
    uint8_t told[N_FACTS];                                 /* C0D6 */
    /* what the seed decides */
    uint8_t code[4], wood[6];                   /* C0E4 1 to 8; C0E8 0 left, 1 up, 2 right */
    uint8_t grave, password, stones[4];         /* C0EE 0 to 7; C0EF; C0F0 0 top to 2 bottom */
    uint8_t chest, liar, fears, tunnel;         /* C0F4 C0F5 C0F6 C0F7 */
    uint8_t says_a, says_b, owl;                /* C0F8 C0F9 C0FA */
    uint8_t fact_of[N_PEOPLE];                  /* C0FB */
    uint8_t wood_a, wood_b, stones_a, stones_b; /* C109 to C10C the same again as one number each, for texts */
    uint8_t n_told, cause;                      /* C10D; C10E the text that ended it, for reports */
    /* work: the box */
    uint8_t text, fact, then, next_text, wait, box_step, box_open, choosing; /* C10F to C116 */
    uint8_t visitor, visitor_cell;                                           /* C117 C118 a picture that is there as long as the text */
    const uint8_t *page;
    uint8_t lines[4][18], row[20], bar[40];
    /* work: the hint */
    uint8_t hint_mode, hint_side, hint_key, hint_room, hint_ready, hint_head, hint_tail;
    uint8_t distance[CELLS], queue[CELLS];
    uint8_t recapped, recap_at; /* steps done again, NOTHING: over; the thing that the hero was put beside */
} block;
#define game (*(volatile block *)0xC0A0)
#define SPRITES ((uint8_t *)0xC000)

/* lantern.c */
extern uint8_t stepping;    /* 0 stands; 1, 2: the first and the second half of a step */
extern uint8_t clock_ticks; /* frames since the first decision, modulo 256 */
void warp(uint8_t room, uint8_t cell);

/* quest.c */
void draw_lots(void);
void talk_to(uint8_t thing);
void choose(uint8_t direction);
void enter_screen(void);          /* once the hero stands on a new screen */
uint8_t arrive(void);             /* once he stands on a new square; is something happening? */
uint8_t leave_wood(uint8_t side); /* NOTHING: not this way; else the screen */
void hurt(uint8_t text);

/* screen.c */
extern uint8_t grid[CELLS], things_here[8], things_cell[8], n_things_here;
extern uint8_t hero_x, hero_y;
void screen_start(void);
void show_title(void);
void put_press_start(uint8_t on);
void country_on(void);
void show_end(uint8_t won);
void load_country(void);
void load_screen(void);
void show_column(uint8_t column, uint8_t at);
void show_row(uint8_t row, uint8_t at);
uint8_t thing_at(uint8_t cell); /* or NOTHING */
void place_hero(void);
void place_sprites(uint8_t only_hero);
void move_water(uint8_t quarter);
void bar_changed(void);

/* text.c */
void say(uint8_t text);
void say_as(uint8_t person, uint8_t text, uint8_t fact);
void text_decide(uint8_t keys);
void text_tick(void);
uint8_t put_place(volatile uint8_t *to, uint8_t place);
void put_text(uint8_t *map, uint8_t text);

/* recap.c */
void recap(void);         /* a decision of it, at which the hero stands */
void recap_arrived(void); /* he was put on a screen */

/* hint.c */
void hint_tick(uint8_t frame);

#endif
