/* Pictures of 4x4 tiles, more than the video memory holds. Their tiles wait in the ROM (Book.raw in art.py); two slots of 16 tiles
 * in the upper part's video memory (Book.slot: art_slot0, art_slot1) take turns: one is on the screen, the other takes the next picture. So the
 * picture changes at once, by 16 bytes of a map, and the 256 bytes of its tiles come before, out of sight.
 *
 *     slot_load(art_sign5);                  // at any time; a good half of a frame
 *     slot_show(BOARD_SIGN);                 // in a vertical blank: what was loaded last
 *     which = slot_seen(picture_at(BOARD_SIGN, slots, 2), signs, 16);     // what stands there? a good half of a frame
 *
 * Included once by a game's source, after house.h. Load a picture only in the decision before it is shown; what was shown stays in its
 * slot until the next is loaded there: a game in which it must be remembered clears both.
 */
#ifndef LP_SLOTS_H
#define LP_SLOTS_H

static const uint8_t *const slots[2] = {art_slot0, art_slot1};
static uint8_t slot_free; /* the one that takes the next picture */

static uint8_t *slot_tiles(uint8_t slot) { return TILES + slots[slot][0] * 16; }

static void slot_load(const uint8_t *picture) { lp_blit(slot_tiles(slot_free), picture, 32, 8); }

static void slot_show(uint8_t *at) {
    lp_blit(at, slots[slot_free], 4, 4);
    slot_free ^= 1;
}

/* ---- what stands on the screen: lp_blit reads, too, when the screen lets go of the video memory ---- */

static uint8_t same_bytes(const uint8_t *a, const uint8_t *b, uint8_t n) {
    do
        if (*a++ != *b++) return 0;
    while (--n);
    return 1;
}

/* Which of n pictures of 4x4 tiles stands there, or NOTHING. */
static uint8_t picture_at(const uint8_t *at, const uint8_t *const *pictures, uint8_t n) {
    static uint8_t tiles[16];
    uint8_t i;
    for (i = 0; i < 16; i += 4, at += 32) lp_blit(tiles + i, at, 4, 1);
    for (i = 0; i < n; i++)
        if (same_bytes(tiles, pictures[i], 16)) return i;
    return NOTHING;
}

/* Which of n pictures a slot's tiles are, or NOTHING: by the six in the middle, in which no two are alike (art.py sees to it). */
enum { MIDDLE = 5 * 16, MIDDLE_BYTES = 6 * 16 };
static uint8_t slot_seen(uint8_t slot, const uint8_t *const *pictures, uint8_t n) {
    static uint8_t bytes[MIDDLE_BYTES];
    uint8_t i;
    if (slot == NOTHING) return NOTHING;
    lp_blit(bytes, slot_tiles(slot) + MIDDLE, 32, MIDDLE_BYTES / 32);
    for (i = 0; i < n; i++)
        if (same_bytes(bytes, pictures[i] + MIDDLE, MIDDLE_BYTES)) return i;
    return NOTHING;
}

#endif
