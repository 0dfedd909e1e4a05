/* orbit: a small Game Boy Advance program that waits as games do, in the BIOS's VBlankIntrWait: 48 sprites circle over two
 * scrolling layers of tiles and two sound channels play. It measures emulation: there is no win and no loss. The keys turn
 * the circle. Its start-up, header and memory map are in orbit.s and orbit.ld. */
#include <stdint.h>

#define REG16(address) (*(volatile uint16_t *)(address))
#define REG32(address) (*(volatile uint32_t *)(address))
enum { N_SPRITES = 48 };

extern void orbit_wait_vblank(void);

static const int8_t sine[64] = {0,   6,   12,  19,  24,  30,  36,  41,  45,  49,  53,  56,  59,  61,  63,  64,
                                64,  64,  63,  61,  59,  56,  53,  49,  45,  41,  36,  30,  24,  19,  12,  6,
                                0,   -6,  -12, -19, -24, -30, -36, -41, -45, -49, -53, -56, -59, -61, -63, -64,
                                -64, -64, -63, -61, -59, -56, -53, -49, -45, -41, -36, -30, -24, -19, -12, -6};
static uint32_t random = 2463534242u;

static uint32_t next(void) {
    random ^= random << 13, random ^= random >> 17, random ^= random << 5;
    return random;
}

static void draw_tiles(void) {
    for (int i = 0; i < 256; i++) REG16(0x05000000 + 2 * i) = REG16(0x05000200 + 2 * i) = next() & 0x7FFF;
    for (int i = 0; i < 64 * 8; i++) REG32(0x06000000 + 4 * i) = REG32(0x06010000 + 4 * i) = next() & next();
    for (int i = 0; i < 1024; i++) {
        REG16(0x06004000 + 2 * i) = next() & 63;
        REG16(0x06004800 + 2 * i) = (next() & 63) | 0x1000;
    }
    REG16(0x04000008) = 0x0800;
    REG16(0x0400000A) = 0x0901;
    REG16(0x04000000) = 0x1340; /* mode 0, layers 0 and 1, sprites in a row */
}

static void draw(uint32_t angle) {
    for (uint32_t i = 0; i < N_SPRITES; i++) {
        uint32_t a = angle + i * 5, sprite = 0x07000000 + 8 * i;
        REG16(sprite) = (72 + sine[a & 63]) & 255;
        REG16(sprite + 2) = ((112 + sine[(a + 16) & 63] + (int)i) & 511) | 0x4000;
        REG16(sprite + 4) = (i & 15) * 4;
    }
    for (uint32_t i = N_SPRITES; i < 128; i++) REG16(0x07000000 + 8 * i) = 0x200;
    REG16(0x04000010) = angle;
    REG16(0x04000016) = angle >> 1;
}

static void play(uint32_t angle) {
    if (angle & 31) return;
    REG16(0x04000062) = 0xA280;
    REG16(0x04000064) = 0x8400 | (angle & 0x7FF);
    REG16(0x04000068) = 0x8280;
    REG16(0x0400006C) = 0x8300 | (angle >> 2 & 0x7FF);
}

int main(void) {
    draw_tiles();
    REG16(0x04000084) = 0x80;
    REG16(0x04000080) = 0x3377;
    for (uint32_t angle = 0;;) {
        orbit_wait_vblank();
        draw(angle);
        play(angle);
        angle += 1 + (~REG16(0x04000130) & 3);
    }
}
