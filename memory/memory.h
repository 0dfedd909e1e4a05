/* The memory of one environment: items go in, a bounded context comes out.
 *
 *     lp_mem *mem;
 *     lp_mem_open(&mem, &config, &err);
 *     lp_mem_reset(mem, seed);                                  // a new episode: everything is forgotten
 *     lp_mem_append(mem, vector, salience);                     // decision 0, 1, 2, ...
 *     int n = lp_mem_context(mem, NULL, &context);              // what the policy may look at
 *     lp_mem_close(mem);
 *
 * Architectures, one interface (arch.h; architectures.c lists them; docs/memory.md tells how to write one):
 *   none    nothing is kept
 *   window  the last `window` items, all raw
 *   tree    the last `window` items or more, and summaries of everything older: every `chunk` items close a chunk whose summary
 *           keeps `slots` of them, the most salient, where a copy of one that is kept counts `unlike` nats less, or by the rule `keep`
 *           (selection.h); copied, never re-encoded; every `fan` summaries of a level are merged into one of the next level,
 *           which again keeps `slots` items. O(slots * fan * log_fan(T / chunk)) items after T decisions
 *   flat    the last `window` items or more, and one running summary of everything older: every `chunk` items are folded into it, and it
 *           keeps `items`, as the tree's summaries do
 *   full    every item up to `max_items`, then the oldest are dropped (the upper bound to compare with)
 *   reservoir  the last `window` items, and a uniform sample of `items` of those before
 *   knn     keeps what full keeps; shows the last `window` items and, of those before, the `k` nearest to the query (nearest.h)
 *   descend the same, but it looks only at what a walk from the highest summaries down opens, up to `open` of them (arch_descend.c)
 * Ties keep the older item; a salience that is NaN or infinite counts, and is kept, as the lowest
 * (-FLT_MAX). Deterministic. One allocation, at open.
 * Each lp_mem is independent: one thread at a time.
 */
#ifndef LP_MEMORY_MEMORY_H
#define LP_MEMORY_MEMORY_H

#include "base/status.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct lp_mem lp_mem;

typedef struct lp_mem_arch lp_mem_arch;
extern const lp_mem_arch *const lp_mem_archs[]; /* up to a NULL */
extern const lp_mem_arch lp_mem_none, lp_mem_window, lp_mem_tree, lp_mem_flat, lp_mem_full, lp_mem_reservoir, lp_mem_knn, lp_mem_descend;
const lp_mem_arch *lp_mem_find(const char *name); /* NULL: there is none of that name */
const char *lp_mem_arch_name(const lp_mem_arch *arch);
bool lp_mem_wants_query(const lp_mem_arch *arch); /* its contexts are made for the query that reads them */

enum { LP_MEM_MAX_SETTINGS = 8 };
typedef struct {
    const lp_mem_arch *arch;          /* required */
    int dim;                          /* floats a vector; required */
    int setting[LP_MEM_MAX_SETTINGS]; /* the architecture's, in the order of its table; 0: the default */
} lp_mem_config;

/* Sets arch's setting of that name; of one with choices, the number of its name, from 1. LP_BAD_INPUT names the settings that there are, or the range; config is as it was. */
lp_status lp_mem_set(lp_mem_config *config, const char *name, int64_t value, lp_err *err);
/* Another architecture, which takes over the settings that both have. */
void lp_mem_use(lp_mem_config *config, const lp_mem_arch *arch);
/* Fills in the defaults. LP_BAD_INPUT: a value out of range. */
lp_status lp_mem_complete(lp_mem_config *config, lp_err *err);

/* Context items in the order: summaries from the highest level down to level 1, oldest first within a level, then raw items
 * (level 0), oldest first. The arrays belong to the caller and hold lp_mem_max_context items. */
typedef struct {
    float *vector;   /* [n][dim] */
    float *salience; /* [n] */
    int32_t *level;  /* [n] 0 raw, 1.. summaries */
    int64_t *step;   /* [n] the item's decision index in the episode; age = lp_mem_steps - step */
} lp_mem_context_view;

/* What reads: the policy's query at this decision. */
enum { LP_MEM_MAX_HEADS = 8 };
typedef struct {
    int heads; /* 1 to LP_MEM_MAX_HEADS */
    /* [heads][dim]; attention scores an item by q . vector / sqrt(dim), plus what its level and age add, plus its salience */
    const float *q;
    /* The items that were looked at are added: all whose vectors were needed to choose the context or are in it; may be NULL. */
    int64_t *n_read;
    bool without_salience; /* attention's scores have none */
} lp_mem_query;

typedef struct {
    int level;           /* 1: a chunk's summary */
    int64_t index;       /* 0, 1, ... within level */
    int64_t first, last; /* the span of steps it covers, inclusive */
    int n_items;
    const int64_t *steps; /* [n_items] the items it kept, oldest first; valid until the next append */
    int64_t parent;       /* index, on the next level, of the summary that it is merged into */
} lp_mem_summary;

/* The salience that counts for one that is given: what is not finite is the lowest. */
static inline float lp_mem_salience(float salience) { return isfinite(salience) ? salience : -FLT_MAX; }

lp_status lp_mem_open(lp_mem **out, const lp_mem_config *config, lp_err *err);
void lp_mem_close(lp_mem *mem);
/* A new episode. seed: the episode's, for architectures that draw lots; the others are alike under any. */
void lp_mem_reset(lp_mem *mem, uint64_t seed);
/* Appends the item of step lp_mem_steps(mem). vector [dim] is copied. */
void lp_mem_append(lp_mem *mem, const float *vector, float salience);
int64_t lp_mem_steps(const lp_mem *mem); /* items appended since the reset */
/* Writes the context; returns its number of items. Does not change mem. query NULL: what there is without one. */
int lp_mem_context(const lp_mem *mem, const lp_mem_query *query, const lp_mem_context_view *out);
/* Replaces the vectors and saliences of the items that lp_mem_context(mem, NULL, ...) shows, in that very order: [n][dim] and [n], copied.
 * So a training that has encoded what is remembered again, with new weights, goes on with that. What was chosen before stays chosen; steps
 * and levels stay; saliences count as in append. Only where lp_mem_can_renew: not in an architecture that holds more than it shows. */
void lp_mem_renew(lp_mem *mem, const float *vector, const float *salience);
bool lp_mem_can_renew(const lp_mem_arch *arch);
/* The most items a context can ever have, in an episode of up to n_steps (at most 2^40) or of any length; 0 for a config
 * that lp_mem_open refuses. */
int lp_mem_max_context_at(const lp_mem_config *config, int64_t n_steps);
int lp_mem_max_context(const lp_mem_config *config);
/* Summaries that the last append created, lowest level first. Returns how many; out holds up to max. */
int lp_mem_new_summaries(const lp_mem *mem, lp_mem_summary *out, int max);
/* Items the context has on each level: counts[0] raw, counts[1..]. Returns the number of levels in use. */
int lp_mem_levels(const lp_mem *mem, int *counts, int max);
/* Bytes held in RAM for this environment. */
size_t lp_mem_bytes(const lp_mem *mem);
/* The same of one that is not open; 0 for a config that lp_mem_open refuses. */
size_t lp_mem_need(const lp_mem_config *config);

/* The whole memory as bytes (versioned, checksummed), for checkpoints. */
size_t lp_mem_save_size(const lp_mem *mem);
void lp_mem_save(const lp_mem *mem, void *out);
/* LP_BAD_INPUT and an unchanged mem when the bytes are damaged or of another config. */
lp_status lp_mem_load(lp_mem *mem, const void *data, size_t size_bytes, lp_err *err);

#endif
