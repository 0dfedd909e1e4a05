/* What Longplay's Game Boy games share: registers, a screen split in two, picture moves, keys, a hash. See crt0.s.
 *
 * A game is a loop of lp_wait_vblank(); what it does to the screen follows at once, then it computes until the next.
 * Times that a player could measure must not depend on anything a player must remember.
 */
#ifndef LP_GB_H
#define LP_GB_H

#include <stdint.h>

#define REG(address) (*(volatile uint8_t *)(address))
#define rDIV REG(0xFF04)
#define rIF REG(0xFF0F)
#define rNR52 REG(0xFF26)
#define rLCDC REG(0xFF40)
#define rSTAT REG(0xFF41)
#define rLY REG(0xFF44)
#define rLYC REG(0xFF45)
#define rBGP REG(0xFF47)
#define rOBP0 REG(0xFF48)
#define rIE REG(0xFFFF)
#define OAM ((volatile uint8_t *)0xFE00)
#define TILES ((uint8_t *)0x8000)
#define MAP0 ((uint8_t *)0x9800)
#define MAP1 ((uint8_t *)0x9C00)

/* LCDC: screen on, 8x16 sprites on, background on with tiles from 8000 (upper part) or from 8800 (lower part); the map at
 * 9800, or the one at 9C00 by adding LCDC_MAP1. */
enum { LCDC_ON = 0x97, LCDC_ON_LOW = 0x87, LCDC_MAP1 = 0x08 };
enum { KEY_START = 0x08, KEY_RIGHT = 0x10, KEY_LEFT = 0x20, KEY_UP = 0x40, KEY_DOWN = 0x80 };

extern volatile uint16_t lp_frames;
extern volatile uint8_t lp_top_lcdc, lp_low_lcdc, lp_low_scx, lp_low_scy;

void lp_wait_vblank(void);
void lp_blit(uint8_t *map, const uint8_t *from, uint8_t width, uint8_t height);
void lp_copy(uint8_t *to, const uint8_t *from, uint16_t n);
uint8_t lp_keys(void);

/* The finalizer of MurmurHash3 (Austin Appleby, public domain): a bijection on 32 bits, every bit depends on every bit. */
uint32_t lp_mix(uint32_t h);
/* The next number of a xorshift generator (Marsaglia 2003), state never 0. */
uint32_t lp_random(uint32_t *state);

#endif
