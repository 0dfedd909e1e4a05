/* busy: a Game Boy program that never sleeps. It waits for the vertical blank by reading LY over and over, as many old
 * games and much homebrew do; 24 sprites bounce over a scrolling background and two sound channels play. It measures what
 * emulation costs when nothing can be skipped: there is no win and no loss. START changes the direction, A the tune. */
#include <stdint.h>

#define REG(address) (*(volatile uint8_t *)(address))
#define OAM ((volatile uint8_t *)0xFE00)
enum { N_SPRITES = 24, LCDC_ON = 0x93 };

static uint8_t x[N_SPRITES], y[N_SPRITES], dx[N_SPRITES], dy[N_SPRITES];
static uint8_t scroll, step, note;
static uint16_t random;

static uint8_t next(void) {
    random = (random >> 1) ^ (-(random & 1) & 0xB400);
    return (uint8_t)random;
}

static uint8_t keys(void) { /* START and A, pressed: 1 */
    REG(0xFF00) = 0x10;
    uint8_t pressed = REG(0xFF00);
    pressed = REG(0xFF00);
    REG(0xFF00) = 0x30;
    return ~pressed & 9;
}

static void draw_tiles(void) {
    uint8_t *tile = (uint8_t *)0x8000;
    REG(0xFF40) = 0;
    for (uint16_t i = 0; i < 16 * 64; i++) tile[i] = next() & next();
    for (uint16_t i = 0; i < 32 * 32; i++) ((uint8_t *)0x9800)[i] = next() & 63;
    for (uint8_t i = 0; i < 160; i++) OAM[i] = 0;
    REG(0xFF47) = 0xE4;
    REG(0xFF48) = 0xD2;
    REG(0xFF40) = LCDC_ON;
}

static void start_sound(void) {
    REG(0xFF26) = 0x80;
    REG(0xFF25) = 0x33;
    REG(0xFF24) = 0x44;
    REG(0xFF12) = 0xA3;
    REG(0xFF17) = 0x84;
}

static void move(void) {
    for (uint8_t i = 0; i < N_SPRITES; i++) {
        x[i] += dx[i];
        y[i] += dy[i];
        if (x[i] < 8 || x[i] > 159) dx[i] = -dx[i];
        if (y[i] < 16 || y[i] > 151) dy[i] = -dy[i];
    }
}

static void draw(void) {
    volatile uint8_t *sprite = OAM;
    for (uint8_t i = 0; i < N_SPRITES; i++) {
        *sprite++ = y[i];
        *sprite++ = x[i];
        *sprite++ = i;
        *sprite++ = 0;
    }
    REG(0xFF43) = scroll;
}

void main(void) {
    step = 1;
    random = 0xACE1;
    draw_tiles();
    start_sound();
    for (uint8_t i = 0; i < N_SPRITES; i++) {
        x[i] = 16 + (next() & 127), y[i] = 24 + (next() & 63) + (next() & 31);
        dx[i] = 1 - (next() & 2), dy[i] = 1 - (next() & 2);
    }
    for (;;) {
        while (REG(0xFF44) == 144) {
        }
        while (REG(0xFF44) != 144) {
        }
        draw();
        uint8_t pressed = keys();
        if (pressed & 8) step = -step;
        if (pressed & 1) note++;
        scroll += step;
        if (!(scroll & 15)) {
            REG(0xFF13) = note << 4;
            REG(0xFF14) = 0x85;
            REG(0xFF18) = scroll;
            REG(0xFF19) = 0x84;
        }
        move();
    }
}
