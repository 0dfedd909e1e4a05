/* What a summary keeps of the items before it: `slots` of n candidates. Part of the tree (arch_tree.c) and of flat.
 *
 * `learned`, greedily, as maximal marginal relevance (Carbonell and Goldstein 1998) chooses passages, with salience as the logarithm of relevance:
 * first the most salient item, then each time the one with the highest
 *
 *     salience_i + max(-unlike, min(0, log r_i)),    r_i = min over the items j already kept of |x_i - x_j|^2 / s
 *
 * where s is the mean squared distance of two candidates, drawn independently: 2 (mean |x|^2 - |mean x|^2). So a copy of a kept item loses
 * `unlike` nats, and one that is as far from all of them as two usual candidates loses nothing: what scale the vectors have does not matter.
 * Where all candidates are the same, and with `unlike` below 0, salience alone decides.
 *
 * Rules that know no salience, to compare with: `oldest` and `newest` keep those; `random` those with the highest lots, where an item's
 * lot is drawn for its step alone, the first of lp_rng_make(step, LP_SELECTION_LOTS), so that a summary of any level is a uniform sample
 * of all the steps that it covers; `distinct` first the oldest, then each time the item that is farthest from all that are kept already.
 *
 * Ties keep the older item.
 *
 * The same bits on every machine: distances are sums over fixed lanes (base/simd.h), the rest is sums in a fixed order, and the logarithm
 * is made of operations that round alike everywhere, as libm's are not. */
#ifndef LP_MEMORY_SELECTION_H
#define LP_MEMORY_SELECTION_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LP_SELECTION_LOTS = 0x107 };
typedef enum { LP_KEEP_LEARNED = 1, LP_KEEP_OLDEST, LP_KEEP_NEWEST, LP_KEEP_RANDOM, LP_KEEP_DISTINCT } lp_keep;

/* The settings of architectures that select. */
#define LP_MEM_SETTING_UNLIKE                                                                                                              \
    {                                                                                                                                      \
        .name = "unlike", .help = "nats of salience that a copy of an item already kept loses; -1: none", .initial = 6, .min = -1,         \
        .max = 100, .absent = -1                                                                                                           \
    }
#define LP_MEM_SETTING_KEEP                                                                                                                \
    {                                                                                                                                      \
        .name = "keep",                                                                                                                    \
        .help = "what a summary keeps: learned (salient, unlike each other), oldest, newest, random, distinct (far apart)",                \
        .initial = LP_KEEP_LEARNED, .min = LP_KEEP_LEARNED, .max = LP_KEEP_DISTINCT, .absent = LP_KEEP_LEARNED,                            \
        .choices = "learned|oldest|newest|random|distinct"                                                                                 \
    }

typedef struct {
    lp_keep keep;
    int slots, dim, unlike;
    bool *is_kept; /* [n] what lp_select has chosen */
    /* scratch */
    int *best;             /* [slots] */
    double *score;         /* [n] */
    float *nearest;        /* [n] squared distance to the nearest item that is kept */
    double *mean, *spread; /* [dim] */
} lp_selection;

/* Oldest first; the step of candidate i is step[i], or first + i where step is NULL. */
typedef struct {
    size_t n;
    const float *vector;   /* [n][dim] */
    const float *salience; /* [n] finite */
    const int64_t *step;
    int64_t first;
} lp_candidates;

/* For up to n candidates; open takes size bytes from the arena, for as long as that lives. */
size_t lp_selection_size(size_t n, int slots, int dim);
void lp_selection_open(lp_selection *s, lp_arena *arena, size_t n, lp_keep keep, int slots, int dim, int unlike);
void lp_select(lp_selection *s, const lp_candidates *c);

#endif
