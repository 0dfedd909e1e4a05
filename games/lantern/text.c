/* The box: a window of six rows at the screen's foot, over the bar. A text's four lines are written while the window is still
 * down, two rows a frame, and wiped when it closes: what was said is nowhere on the screen, nor in its memory, afterwards.
 */
#include "lantern.h"
#include "art.h"
#include "world.h"

enum { MIN_WAIT = 20, MAX_WAIT = 150, BAR_LINE = 128, BOX_LINE = 96 };
#define WINDOW MAP1
#define rWY REG(0xFF4A)

static const uint8_t *list(uint8_t i) { return words_list_text + words_list_at[i]; }

/* The word that a text's number stands for, in the order of WORDS in words.py. */
static const uint8_t *word(uint8_t i) {
    switch (i) {
    case 0: return list(WORDS_NAMES + game.speaker);
    case 1:
    case 2:
    case 3:
    case 4:
    case 5:
    case 6: return list(WORDS_LEFT_UP_RIGHT + game.wood[i - 1]);
    case 7: return list(WORDS_YARDS + (game.grave >> 2));
    case 8: return list(WORDS_ORDINALS + (game.grave & 3));
    case 9: return list(WORDS_PASSWORDS + game.password);
    case 10:
    case 11:
    case 12:
    case 13: return list(WORDS_ROWS + game.stones[i - 10]);
    case 14: return list(WORDS_PLACES3 + game.chest);
    case 15: return list(WORDS_BROTHERS + game.liar);
    case 16: return list(WORDS_TRINKETS + game.fears);
    case 17: return list(WORDS_PLACES3 + game.says_a);
    case 18: return list(WORDS_PLACES3 + game.says_b);
    case 19: return list(WORDS_ORDINALS + game.fact);
    case 20: return list(WORDS_DIGITS + game.code[game.fact] - 1);
    default: return list(WORDS_TRINKETS + game.picked);
    }
}

static void clear_lines(void) {
    uint8_t i;
    volatile uint8_t *at = game.lines[0];
    for (i = 0; i < 72; i++) *at++ = 0;
}

/* Sets the next page into lines; game.page is then the byte that ended it. */
static void set_page(void) {
    const uint8_t *from = game.page, *w;
    volatile uint8_t *at;
    uint8_t line = 0, c;
    clear_lines();
    at = game.lines[0];
    for (;;) {
        c = *from;
        if (c == CH_END || c == CH_PAGE) break;
        from++;
        if (c == CH_LINE) {
            line++;
            at = game.lines[line];
        } else if (c >= CH_WORD) {
            for (w = word(c - CH_WORD); *w != CH_END; w++) *at++ = *w;
        } else {
            *at++ = c;
        }
    }
    game.page = from;
    game.box_step = 1;
    game.wait = 0;
}

void say(uint8_t text) {
    game.text = text;
    game.page = words_text_text + words_text_at[text];
    game.phase = TEXT;
    game.choosing = 0;
    game.next_text = NOTHING;
    game.then = THEN_NOTHING;
    set_page();
}

void say_as(uint8_t person, uint8_t text, uint8_t fact) {
    game.speaker = person;
    game.fact = fact;
    say(text);
}

static void close_box(void) {
    clear_lines();
    game.visitor = 0;
    game.phase = WALK;
    game.box_step = 8;
    if (game.then != THEN_NOTHING) game.phase = END;
}

/* One decision while a text or a question is shown. */
void text_decide(uint8_t keys) {
    uint8_t direction = NOTHING;
    if (game.wait < MAX_WAIT) game.wait++;
    if (game.wait < MIN_WAIT) return;
    if (game.phase == CHOICE) {
        keys &= KEY_LEFT | KEY_RIGHT | KEY_UP | KEY_DOWN;
        if (keys == KEY_LEFT) direction = LEFT;
        else if (keys == KEY_RIGHT) direction = RIGHT;
        else if (keys == KEY_UP) direction = UP;
        else if (keys == KEY_DOWN) direction = DOWN;
        if (direction != NOTHING) choose(direction);
        else if (game.wait == MAX_WAIT) close_box();
        return;
    }
    if (!(keys & KEY_A) && game.wait < MAX_WAIT) return;
    if (*game.page == CH_PAGE) {
        game.page++;
        set_page();
    } else if (game.next_text != NOTHING) {
        uint8_t then = game.then;
        say(game.next_text);
        game.then = then;
    } else {
        close_box();
    }
}

/* ---- what is seen of it ---- */
static void show_row_of_box(uint8_t n) {
    uint8_t i;
    volatile uint8_t *line;
    if (n == 0 || n == 5) {
        uint8_t middle = n ? ART_BOX_S : ART_BOX_N;
        for (i = 1; i < 19; i++) game.row[i] = middle;
        game.row[0] = n ? ART_BOX_SW : ART_BOX_NW;
        game.row[19] = n ? ART_BOX_SE : ART_BOX_NE;
        if (n) game.row[17] = ART_MORE;
    } else {
        line = game.lines[n - 1];
        for (i = 1; i < 19; i++) game.row[i] = *line++;
        game.row[0] = ART_BOX_W;
        game.row[19] = ART_BOX_E;
    }
    lp_blit(WINDOW + n * 32, (const uint8_t *)game.row, 20, 1);
}

static void wipe_row(uint8_t n) {
    uint8_t i;
    for (i = 0; i < 20; i++) game.row[i] = 0;
    lp_blit(WINDOW + n * 32, (const uint8_t *)game.row, 20, 1);
}

/* Once a frame. Opening takes steps 1 to 3, a new page 1 to 3, closing 8 to 10; the bar is set when it may have changed. */
void text_tick(void) {
    switch (game.box_step) {
    case 0: return;
    case 1: show_row_of_box(3), show_row_of_box(4); break;
    case 2: show_row_of_box(2), show_row_of_box(5); break;
    case 3:
        show_row_of_box(0), show_row_of_box(1);
        rWY = BOX_LINE;
        game.box_open = 1;
        game.box_step = 0;
        place_sprites(0);
        return;
    case 8:
        rWY = BAR_LINE;
        lp_blit(WINDOW, (const uint8_t *)game.bar, 20, 2);
        game.box_open = 0;
        place_sprites(0);
        break;
    case 9: wipe_row(2), wipe_row(3); break;
    case 10:
        wipe_row(4), wipe_row(5);
        bar_changed();
        game.box_step = 0;
        return;
    }
    game.box_step++;
}

uint8_t put_place(volatile uint8_t *to, uint8_t place) {
    const uint8_t *from = words_place_text + words_place_at[place];
    uint8_t n = 0;
    while (*from != CH_END) *to++ = *from++, n++;
    return n;
}

/* A text of one line straight into a map. */
void put_text(uint8_t *map, uint8_t text) {
    const uint8_t *from = words_text_text + words_text_at[text];
    uint8_t n = 0;
    while (from[n] != CH_END) n++;
    lp_blit(map, from, n, 1);
}
