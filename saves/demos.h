/* Demonstrations: episodes that somebody played from power-on, kept as what went into the machine, to be learned from.
 *
 *     lp_demos *demos;
 *     lp_demos_new(&demos, &about, &err);               // or lp_demos_read(&demos, "lantern.demos", &err)
 *     lp_demos_add(demos, &demo, &err);
 *     lp_demos_write(demos, "lantern.demos", &err);
 *     lp_demos_close(demos);
 *
 * A file is of one game. Its format is documented at the top of demos.c.
 */
#ifndef LP_SAVES_DEMOS_H
#define LP_SAVES_DEMOS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { LP_DEMO_MAX_KNOBS = 16, LP_DEMO_MAX_DECISIONS = 1 << 24, LP_DEMO_MAX = 1 << 20 };

/* What all of a file are of. */
typedef struct {
    uint64_t rom_hash;     /* lp_hash64 of the ROM */
    char core_version[32]; /* of the emulation core that end_hash was taken on */
    char game[64];         /* for people */
    uint32_t frame_skip;   /* frames a decision */
    uint32_t model;        /* lp_model: the console */
    int32_t noop[2];       /* the range that idle frames before the first decision are drawn from, by the seed */
    uint32_t n_knobs;
} lp_demos_about;

typedef struct {
    uint64_t seed, end_hash;          /* of the episode; of the machine after its last decision */
    int64_t knobs[LP_DEMO_MAX_KNOBS]; /* [n_knobs] */
    int64_t n_decisions;
    int outcome;     /* lp_outcome */
    char source[64]; /* who played, for people */
    uint16_t *keys;  /* [n_decisions] held in each */
} lp_demo;

typedef struct {
    lp_demos_about about;
    int n, room;
    lp_demo *demo; /* [n] owned, with their keys */
} lp_demos;

lp_status lp_demos_new(lp_demos **out, const lp_demos_about *about, lp_err *err);
/* LP_BAD_INPUT: no such file, not one of demonstrations, damaged or cut short. */
lp_status lp_demos_read(lp_demos **out, const char *path, lp_err *err);
/* Copies demo. LP_BAD_INPUT: it is there already (the same seed, knobs and keys), or longer than LP_DEMO_MAX_DECISIONS. */
lp_status lp_demos_add(lp_demos *demos, const lp_demo *demo, lp_err *err);
/* Atomic, the same bytes each time. */
lp_status lp_demos_write(const lp_demos *demos, const char *path, lp_err *err);
void lp_demos_close(lp_demos *demos); /* NULL is fine */

#endif
