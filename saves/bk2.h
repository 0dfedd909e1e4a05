/* Movies of other emulators, in and out: BizHawk's .bk2, which stable-retro writes and reads too.
 *
 * A .bk2 is a zip archive with a line of text a frame. It is read as the operations of a movie (movie.h), and a movie is
 * written as a .bk2:
 *
 *     lp_bk2 *b;
 *     if (lp_bk2_open(&b, "speedrun.bk2", &err)) ...       // LP_BAD_INPUT: damaged, hostile, or nothing that we can play
 *     while (!lp_bk2_next(b, &op, &end, &err) && !end) ... // a reset, then decisions
 *     lp_bk2_close(b);
 *
 *     lp_bk2_write("out.bk2", "run/movie.lpm", &(lp_bk2_export){.system = "GB", ...}, &totals, &err);
 *
 * What a .bk2 has no place for (pokes, frames a decision, machine hashes) goes into one more file of the archive,
 * Longplay.txt, so that our own movies come back whole and can be verified. The formats are documented at the top of
 * bk2_format.h. Keys are bits in the order of emulator.h: A, B, Select, Start, Right, Left, Up, Down, R, L.
 */
#ifndef LP_SAVES_BK2_H
#define LP_SAVES_BK2_H

#include "saves/movie.h"

enum { LP_BK2_MAX_FRAMES = 1 << 26 /* 13 days of play */, LP_BK2_MAX_FILE_BYTES = 64 << 20 };

/* ---- reading: one thread an lp_bk2 ---- */

/* Consoles, as bits; LP_BK2_OWN: the one that the ROM was made for. */
enum { LP_BK2_DMG = 1, LP_BK2_SGB = 2, LP_BK2_CGB = 4, LP_BK2_AGB = 8, LP_BK2_OWN = 16, LP_BK2_MAX_CLAIMS = 6 };

/* What a movie says of the console that it was recorded on. */
typedef struct {
    char text[48];     /* "Platform GBC", for people */
    unsigned consoles; /* one of these */
    bool sure; /* false: "Platform GB" may be another, where the game knows colours and nothing else is said; and what stable-retro says */
} lp_bk2_claim;

typedef struct {
    char system[8]; /* "GB", "GBC" or "GBA" */
    lp_bk2_claim claims[LP_BK2_MAX_CLAIMS];
    int n_claims;
    char checksum[72];                                    /* of the ROM, in upper case: 40 digits are a SHA-1; "": none */
    char game[128], author[128], emulator[128], core[64]; /* as the movie has them, for people; "": silent */
    bool firmware;                                        /* recorded with a console's boot ROM, which takes the first frames */
    bool ours;                                            /* has a Longplay.txt; what follows comes from it: */
    char our_core[32];                                    /* lp_emu_core_version() */
    char our_model[8];                                    /* "dmg", "sgb", "cgb" or "agb"; "": of before it was kept */
    uint64_t rom_hash, seed;
    uint32_t frame_skip; /* frames a decision; 1 when it is not ours */
    /* counted */
    uint64_t n_frames, n_decisions, n_hashes;
} lp_bk2_info;

typedef struct lp_bk2 lp_bk2;

/* Reads the file, and all of it once, so that what is wrong anywhere shows here: needs at most LP_BK2_MAX_FILE_BYTES and a
 * few hundred KB, whatever the archive claims. LP_BAD_INPUT, in one line: no zip archive, damaged, too large, another
 * console's, or a movie that starts from a savestate or a battery save. */
lp_status lp_bk2_open(lp_bk2 **out, const char *path, lp_err *err);
const lp_bk2_info *lp_bk2_about(const lp_bk2 *b); /* valid until close */
/* The next operation, as lp_movie_next gives it; there are no states, and the first is a reset. A power button that is
 * pressed later is a reset too. */
lp_status lp_bk2_next(lp_bk2 *b, lp_movie_op *op, bool *end, lp_err *err);
uint64_t lp_bk2_frame(const lp_bk2 *b); /* frames given out so far */
void lp_bk2_close(lp_bk2 *b);           /* NULL is fine */

/* ---- writing ---- */

typedef struct {
    const char *system, *game; /* "GB", "GBC" or "GBA"; a name for people */
    const char *model;         /* the console: "dmg", "sgb", "cgb" or "agb" */
    const char *sha1;          /* of the ROM, 40 hex digits */
    uint64_t n_decisions;      /* the movie up to there */
    uint64_t final_hash;       /* of the machine there */
} lp_bk2_export;

typedef struct {
    uint64_t n_frames, n_decisions, n_hashes, n_episodes;
} lp_bk2_totals;

/* Writes the movie at movie_path up to n_decisions as a .bk2; atomic, the same bytes each time. LP_BAD_INPUT: the movie is
 * damaged or shorter, or too long for what lp_bk2_open reads. Needs RAM for the archive, which is compressed. */
lp_status lp_bk2_write(const char *path, const char *movie_path, const lp_bk2_export *e, lp_bk2_totals *totals, lp_err *err);

#endif
