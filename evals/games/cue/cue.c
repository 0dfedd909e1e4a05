/* cue: see a symbol, walk a long corridor, open the door that bears it.
 *
 * The sign at the bottom shows one of `doors` symbols for 4 decisions and goes blank; the corridor scrolls by for `horizon`
 * decisions; then the doors stand there, each with its own symbol, always in the same place, and one direction chooses.
 *
 * Honest by construction: once the sign is blank, the answer is in work RAM alone. Symbols and doors are the same tiles in
 * the same places whatever the answer; scenery comes from a random stream of its own; every tick does the same work.
 *
 * Time: one tick every 4 vertical blanks, right after the first of them; the harness holds its keys for exactly those 4
 * frames. The first tick comes with the first vertical blank after START was let go, however long the set-up took. */
#include <stdint.h>

#include "art.h"

/* ---- hardware ---- */
#define REG(address) (*(volatile uint8_t *)(address))
#define JOYP REG(0xFF00)
#define IF REG(0xFF0F)
#define LCDC REG(0xFF40)
#define SCY REG(0xFF42)
#define SCX REG(0xFF43)
#define LY REG(0xFF44)
#define BGP REG(0xFF47)
#define OBP0 REG(0xFF48)
#define WY REG(0xFF4A)
#define WX REG(0xFF4B)
#define IE REG(0xFFFF)
#define TILES ((volatile uint8_t *)0x8000)
#define MAP ((volatile uint8_t *)0x9800)        /* rows 0-11: the corridor; 12-23: title, then the doors */
#define WINDOW_MAP ((volatile uint8_t *)0x9C00) /* rows 0-5: the sign */
#define OAM ((volatile uint8_t *)0xFE00)
#define LCD_ON 0xF7 /* window from 0x9C00, tiles from 0x8000, 8x16 sprites */

enum { KEY_RIGHT = 1, KEY_LEFT = 2, KEY_UP = 4, KEY_DOWN = 8, KEY_START = 0x80 };
enum { ROWS = 12, SIGN_DECISIONS = 4, PATIENCE = 64, NOTHING = 255 };
enum { TITLE, SIGN, CORRIDOR, DOORS, END };
enum { RUNNING, WON, LOST };

/* ---- the block where knobs come in and results go out; the harness knows these addresses ---- */
volatile __at(0xC0A0) uint8_t magic[2]; /* 'L', 'P' once the knobs hold their defaults */
volatile __at(0xC0A2) uint32_t seed;
volatile __at(0xC0A6) uint32_t horizon;
volatile __at(0xC0AA) uint8_t doors;
volatile __at(0xC0AB) uint8_t keep_cue;
volatile __at(0xC0AC) uint8_t phase;
volatile __at(0xC0AD) uint8_t answer;
volatile __at(0xC0AE) uint8_t choice;
volatile __at(0xC0AF) uint8_t result;
volatile __at(0xC0B0) uint32_t walked;  /* decisions in the corridor so far */
volatile __at(0xC0B4) uint8_t waited;   /* decisions at the doors so far */
volatile __at(0xC0B5) uint8_t opened;   /* symbol on the door that was opened, plus 1: found by its tile, not by the choice */

static uint32_t scenery_state;
static uint8_t column[ROWS]; /* the corridor column that comes into sight next */
static uint8_t next_column;  /* its place in the map */
static uint8_t kind, part;   /* what hangs there: 0 nothing, else scenery kind - 1's left or right half */
static uint8_t gap;          /* bare columns still to come */

static const uint8_t door_x[3][4] = {{3, 13, 0, 0}, {1, 8, 15, 0}, {0, 5, 10, 15}};
static const uint8_t arrows[4] = {TILE_LEFT, TILE_RIGHT, TILE_UP, TILE_DOWN};
static const uint8_t door_keys[4] = {KEY_LEFT, KEY_RIGHT, KEY_UP, KEY_DOWN};

static void wait_vblank(void) {
    IF = 0;
    __asm__("halt\n nop");
}

static uint8_t read_keys(void) {
    uint8_t keys;
    JOYP = 0x20;
    keys = JOYP;
    keys = JOYP & 0x0F;
    JOYP = 0x10;
    keys |= JOYP << 4;
    keys = (uint8_t)(JOYP << 4) | (keys & 0x0F);
    JOYP = 0x30;
    return ~keys;
}

/* The finalizer of MurmurHash3: every bit of the seed reaches every bit of the result. */
static uint32_t mix(uint32_t x) {
    x ^= x >> 16;
    x *= 0x85ebca6b;
    x ^= x >> 13;
    x *= 0xc2b2ae35;
    x ^= x >> 16;
    return x;
}

/* xorshift32 (Marsaglia 2003) */
static uint8_t scenery_random(void) {
    scenery_state ^= scenery_state << 13;
    scenery_state ^= scenery_state >> 17;
    scenery_state ^= scenery_state << 5;
    return (uint8_t)(scenery_state >> 8);
}

static void lcd_off(void) {
    wait_vblank();
    LCDC = 0;
}

static void fill(volatile uint8_t *map, uint8_t rows, uint8_t tile) {
    for (uint16_t i = 0; i < (uint16_t)rows * 32; i++) map[i] = tile;
}

static void text(volatile uint8_t *at, const uint8_t *letters, uint8_t n) {
    while (n--) *at++ = *letters++;
}

static const uint8_t title_text[] = {TILE_C, TILE_U, TILE_E};
static const uint8_t start_text[] = {TILE_P, TILE_R, TILE_E, TILE_S, TILE_S, TILE_BLANK, TILE_S, TILE_T, TILE_A, TILE_R, TILE_T};
static const uint8_t won_text[] = {TILE_Y, TILE_O, TILE_U, TILE_BLANK, TILE_W, TILE_I, TILE_N, TILE_BLANK};
static const uint8_t lost_text[] = {TILE_Y, TILE_O, TILE_U, TILE_BLANK, TILE_L, TILE_O, TILE_S, TILE_E};

/* A wall with ceiling and floor, rows 0-11 of a map region. */
static uint8_t wall_tile(uint8_t row) {
    if (row == 0) return TILE_CEILING;
    if (row < 8) return TILE_WALL;
    if (row == 8) return TILE_SKIRT;
    if (row == 9) return TILE_EDGE;
    return TILE_FLOOR;
}

static void put_symbol(volatile uint8_t *at, uint8_t symbol) {
    uint8_t tile = TILE_SYMBOLS + symbol * 16;
    for (uint8_t y = 0; y < 4; y++, at += 28)
        for (uint8_t x = 0; x < 4; x++) *at++ = tile++;
}

static void clear_symbol(volatile uint8_t *at) {
    for (uint8_t y = 0; y < 4; y++, at += 28)
        for (uint8_t x = 0; x < 4; x++) *at++ = TILE_BLANK;
}

#define SIGN_AT (WINDOW_MAP + 1 * 32 + 8)

/* Decides what the next column shows. The same work whatever it decides. */
static void make_column(void) {
    uint8_t random = scenery_random(), high = scenery_random();
    if (part == 1) {
        part = 2;
    } else if (gap) {
        gap--;
        part = 0;
    } else {
        part = 1;
        kind = (uint8_t)((uint16_t)random * N_SCENERY >> 8);
        gap = 1 + (high & 3);
    }
    for (uint8_t row = 0; row < ROWS; row++) column[row] = wall_tile(row);
    if (part)
        for (uint8_t row = 0; row < 3; row++) column[4 + row] = TILE_SCENERY + kind * 6 + row * 2 + part - 1;
    if (high & 0x80) column[2] = TILE_BRICK;
    if (high & 0x40) column[7] = TILE_BRICK;
    if (high & 0x20) column[11] = TILE_EDGE;
}

static void show_column(void) {
    volatile uint8_t *at = MAP + next_column;
    for (uint8_t row = 0; row < ROWS; row++, at += 32) *at = column[row];
    next_column = (next_column + 1) & 31;
}

static void draw_doors(void) {
    volatile uint8_t *scene = MAP + ROWS * 32;
    for (uint8_t row = 0; row < ROWS; row++)
        for (uint8_t x = 0; x < 32; x++) scene[row * 32 + x] = wall_tile(row);
    for (uint8_t d = 0; d < doors; d++) {
        volatile uint8_t *at = scene + door_x[doors - 2][d];
        for (uint8_t x = 0; x < 4; x++) at[2 * 32 + x] = TILE_DOORTOP;
        put_symbol(at + 3 * 32, d);
        for (uint8_t row = 7; row < 9; row++)
            for (uint8_t x = 0; x < 4; x++) at[row * 32 + x] = TILE_PLANK;
        at[10 * 32 + 1] = arrows[d];
    }
}

static void place_hero(uint8_t frame) {
    uint8_t tile = frame ? TILE_HERO_1 : TILE_HERO_0;
    OAM[0] = 58 + 16, OAM[1] = 72 + 8, OAM[2] = tile, OAM[3] = 0;
    OAM[4] = 58 + 16, OAM[5] = 80 + 8, OAM[6] = tile + 2, OAM[7] = 0;
}

static void title(void) {
    lcd_off();
    for (uint16_t i = 0; i < sizeof tiles; i++) TILES[i] = tiles[i];
    for (uint8_t i = 0; i < 160; i++) OAM[i] = 0;
    fill(MAP, 32, TILE_BLANK);
    fill(WINDOW_MAP, 6, TILE_BRICK);
    text(MAP + 3 * 32 + 8, title_text, sizeof title_text);
    text(MAP + 8 * 32 + 4, start_text, sizeof start_text);
    for (uint8_t s = 0; s < 4; s++) put_symbol(WINDOW_MAP + 32 + 5 * s, s);
    BGP = OBP0 = 0xE4;
    WX = 7, WY = 96, SCX = 0, SCY = 0;
    LCDC = LCD_ON;
    seed = 1, horizon = 64, doors = 2, keep_cue = 0;
    phase = TITLE, choice = NOTHING;
    magic[0] = 'L', magic[1] = 'P';
    do wait_vblank(); while (!(read_keys() & KEY_START));
}

static void begin(void) {
    if (horizon < 1) horizon = 1;
    if (doors < 2) doors = 2;
    if (doors > 4) doors = 4;
    answer = (uint8_t)(mix(seed) % doors);
    scenery_state = mix(seed ^ 0x5ce4e59d);
    if (!scenery_state) scenery_state = 1;
    result = RUNNING, choice = NOTHING, opened = 0;
    walked = 0, waited = 0;
    next_column = 0, gap = 2, part = 0;
    lcd_off();
    for (uint8_t i = 0; i < 32; i++) {
        make_column();
        show_column();
    }
    next_column = 21; /* the first to come into sight: 20 are seen, one is half seen while scrolling */
    draw_doors();
    fill(WINDOW_MAP, 6, TILE_BRICK);
    for (uint8_t x = 7; x < 13; x++) WINDOW_MAP[x] = WINDOW_MAP[5 * 32 + x] = TILE_FRAME;
    for (uint8_t y = 1; y < 5; y++) WINDOW_MAP[y * 32 + 7] = WINDOW_MAP[y * 32 + 12] = TILE_FRAME;
    put_symbol(SIGN_AT, answer);
    place_hero(0);
    make_column();
    phase = SIGN;
    LCDC = LCD_ON;
    do wait_vblank(); while (read_keys() & KEY_START);
}

static void open_door(uint8_t door) {
    volatile uint8_t *at = MAP + ROWS * 32 + door_x[doors - 2][door] + 3 * 32;
    choice = door;
    opened = (uint8_t)((at[0] - TILE_SYMBOLS) / 16) + 1;
    result = door == answer ? WON : LOST;
    phase = END;
    clear_symbol(at);
}

static uint8_t shown; /* decisions that the sign has been shown */

/* One decision, inside vertical blank. Drawing comes first: what it draws was made by the tick before. */
static void tick(void) {
    uint8_t keys = read_keys();
    if (phase == SIGN) {
        if (++shown == SIGN_DECISIONS) {
            phase = CORRIDOR;
            if (!keep_cue) clear_symbol(SIGN_AT);
        }
    } else if (phase == CORRIDOR) {
        show_column();
        place_hero((uint8_t)walked & 1);
        if (++walked >= horizon) {
            phase = DOORS;
            SCX = 0, SCY = ROWS * 8;
        }
    } else if (phase == DOORS) {
        for (uint8_t d = 0; d < doors; d++)
            if (keys & door_keys[d]) {
                open_door(d);
                break;
            }
        if (phase == DOORS && ++waited == PATIENCE) {
            result = LOST;
            phase = END;
        }
    }
}

void main(void) {
    uint8_t scroll = 0;
    IE = 1; /* vertical blank wakes HALT; interrupts stay off */
    LCDC = 0x80;
    title();
    begin();
    for (;;) {
        uint8_t walking = phase == CORRIDOR;
        tick();
        for (uint8_t frame = 0; frame < 4; frame++) {
            if (walking && phase == CORRIDOR) SCX = scroll += 2;
            if (walking && frame == 0) make_column();
            if (phase == END && frame == 1) text(WINDOW_MAP + 6, result == WON ? won_text : lost_text, sizeof won_text);
            wait_vblank();
        }
    }
}
