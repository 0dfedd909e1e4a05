/* The movie of a run: everything that went into the machine, so that the run can be shown again exactly.
 *
 * A movie (movie.lpm) is a header and a sequence of operations: power-on, pokes (knobs and seed), keys held for some
 * frames (boot scripts), decisions (keys held for frame_skip frames), and, in between, machine hashes and machine
 * states. States are a cache: they let a replay start in the middle, and may be missing.
 *
 *     lp_movie_writer *w;
 *     lp_movie_create(&w, "run/movie.lpm", &header, NULL, &err);
 *     lp_movie_reset(w); lp_movie_poke(w, 0xC0A0, 7); lp_movie_keys(w, LP_KEY_START, 30);
 *     lp_movie_decision(w, keys); ... lp_movie_hash(w, lp_emu_hash(emu)); lp_movie_state(w, state, size);
 *     lp_movie_sync(w, &offset, &err);     // all of the above is on the disk; offset goes into the checkpoint
 *     lp_movie_close(w);
 *
 * The file format is documented at the top of movie_format.h. A file cut or damaged at any byte reads well up to the last
 * whole block before it, and then says at which byte it is damaged. Cut between two blocks it is a shorter movie: how long a
 * movie must be is for the checkpoint to know.
 */
#ifndef LP_SAVES_MOVIE_H
#define LP_SAVES_MOVIE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LP_MOVIE_MAX_FRAME_SKIP = 1024 };

typedef struct {
    uint64_t rom_hash;     /* lp_hash64 of the ROM */
    char core_version[32]; /* lp_emu_core_version() */
    char game[64];         /* the game's or ROM file's name, for people */
    uint64_t seed;         /* the run's seed, for people: the pokes carry what the game got */
    uint32_t frame_skip;   /* frames a decision, 1 to LP_MOVIE_MAX_FRAME_SKIP */
    uint32_t model;        /* lp_model: the console; 0 in movies of before it was written down */
    uint32_t state_size_bytes;
} lp_movie_header;

typedef struct {
    uint64_t state_budget_bytes; /* of the file, for states; they lie further and further apart to stay below it; 0: 64 MiB */
    uint32_t state_spacing;      /* decisions between states while less than half of the budget is used; 0: 256 */
    uint32_t block_ops;          /* operations a block (the unit that is checksummed and written) at most; 0: a default */
} lp_movie_config;

/* ---- writing: one thread; after open nothing allocates ---- */
typedef struct lp_movie_writer lp_movie_writer;

/* A new file; LP_BAD_INPUT where there is one already. The folder's own entry for it is the caller's to fsync. config NULL:
 * the defaults. On failure *out is NULL, here and below. */
lp_status lp_movie_create(lp_movie_writer **out, const char *path, const lp_movie_header *header, const lp_movie_config *config,
                          lp_err *err);
/* Opens an existing movie to continue it at offset (from lp_movie_sync): what follows offset is cut off. Whoever then writes the
 * same operations with the same config and syncs at the same decisions gets the same bytes as if there had been no break.
 * LP_BAD_INPUT, with the file as it was, when the movie is not ours, is of another ROM, model, core version, frame skip or state
 * size than header, is damaged or shorter before offset, or has no block that ends there. */
lp_status lp_movie_resume(lp_movie_writer **out, const char *path, const lp_movie_header *header, uint64_t offset,
                          const lp_movie_config *config, lp_err *err);
/* These buffer; an I/O error shows in the next lp_movie_sync, which is the only one that must be checked. */
void lp_movie_reset(lp_movie_writer *w); /* power-on: a new episode begins */
void lp_movie_poke(lp_movie_writer *w, uint32_t address, uint8_t value);
void lp_movie_keys(lp_movie_writer *w, uint16_t keys, uint32_t n_frames); /* boot keys: not a decision */
void lp_movie_decision(lp_movie_writer *w, uint16_t keys);
void lp_movie_hash(lp_movie_writer *w, uint64_t machine_hash); /* of the machine as it is now */
/* Would lp_movie_state keep a state now? False: the last one is too near, or the budget is used up. */
bool lp_movie_wants_state(const lp_movie_writer *w);
void lp_movie_state(lp_movie_writer *w, const void *state, size_t size_bytes); /* dropped unless wanted */
/* Everything so far is in the file and fsynced; *offset is where to resume from. LP_FAILED (full disk, a file that was moved, ...): the file is
 * good up to the last successful sync at least, and ends with a whole block where it can still be cut; from then on the writer
 * drops everything, and every sync fails. */
lp_status lp_movie_sync(lp_movie_writer *w, uint64_t *offset, lp_err *err);
/* Whether the file is still where it was opened, as lp_movie_sync asks too. */
lp_status lp_movie_in_place(const lp_movie_writer *w, lp_err *err);
uint64_t lp_movie_decisions(const lp_movie_writer *w); /* decisions in the movie so far */
void lp_movie_close(lp_movie_writer *w);               /* without sync; NULL is fine */

/* ---- reading ---- */
typedef struct lp_movie lp_movie;

typedef enum {
    LP_MOVIE_RESET,
    LP_MOVIE_POKE,
    LP_MOVIE_KEYS,
    LP_MOVIE_DECISION,
    LP_MOVIE_HASH,
    LP_MOVIE_STATE,
} lp_movie_op_kind;

typedef struct {
    lp_movie_op_kind kind;
    uint64_t decision; /* decisions completed before this operation */
    uint64_t episode;  /* 1 after the first reset */
    uint32_t address;  /* poke */
    uint8_t value;     /* poke */
    uint16_t keys;     /* keys, decision */
    uint32_t n_frames; /* keys, decision */
    uint64_t hash;     /* hash */
    const void *state; /* state: state_size_bytes bytes, valid until the next lp_movie_next */
} lp_movie_op;

/* One thread each; needs the same RAM and time for a movie of any length. Reads the movie as long as it is now: may be used while
 * a writer goes on, whose last, unfinished block then reads as a cut. */
lp_status lp_movie_open(lp_movie **out, const char *path, lp_err *err);
const lp_movie_header *lp_movie_info(const lp_movie *m);
/* The next operation: LP_OK with *end false; LP_OK with *end true at the end; LP_BAD_INPUT naming file and byte where
 * the movie is damaged or cut, and again on each call until a seek. */
lp_status lp_movie_next(lp_movie *m, lp_movie_op *op, bool *end, lp_err *err);
/* Moves to the last state or reset at or before decision: the next lp_movie_next gives it, and a replay may begin there. The first
 * seek looks at the block headers up to there, later ones at few. What is damaged is noticed when it is read, so a seek may also
 * pass damage. LP_BAD_INPUT, and the reader stays where it was: there is no such operation, or damage before the first one. */
lp_status lp_movie_seek(lp_movie *m, uint64_t decision, lp_err *err);
void lp_movie_read_close(lp_movie *m);

#endif
