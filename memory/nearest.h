/* The k items nearest to a policy's query, of those that are offered: part of architectures that are read by query.
 *
 * An item's score for a head is what attention gives it but for level and age,  q . vector / sqrt(dim) + salience,  or without salience where
 * the query says so. What heads score cannot be compared with each other, as each has a softmax of its own; so they choose in turns, each
 * time the best that no head has chosen yet.
 * Ties keep the older item; a score that is NaN counts as the lowest.
 *
 * The same bits on every machine: scores are sums over fixed lanes (base/simd.h). */
#ifndef LP_MEMORY_NEAREST_H
#define LP_MEMORY_NEAREST_H

#include "memory/ring.h"

/* A heap of n: the worst is at the root, of those of the same score the one of the highest step. */
typedef struct {
    float score;
    int64_t step;
} lp_scored;
void lp_scored_push(lp_scored *heap, int n, lp_scored x); /* they are n + 1 then */
lp_scored lp_scored_pop(lp_scored *heap, int n);          /* takes the root; they are n - 1 then */

typedef struct {
    int k, dim;
    lp_mem_query query;
    int n[LP_MEM_MAX_HEADS]; /* items in a head's heap */
    lp_scored *heap;         /* [LP_MEM_MAX_HEADS][k] a head's best, the worst of them at the root */
} lp_nearest;

enum { LP_SCORE_BLOCK = 64 };
/* score [n][query->heads] of up to LP_SCORE_BLOCK items; salience may be NULL: none, as where the query says so. */
void lp_score_items(const lp_mem_query *query, int dim, const float *vector, const float *salience, int n, float *score);

size_t lp_nearest_size(int k);
void lp_nearest_open(lp_nearest *s, lp_arena *arena, int k, int dim);
void lp_nearest_begin(lp_nearest *s, const lp_mem_query *query);
/* The item of step, which is not offered twice, with its score for each head. */
void lp_nearest_offer(lp_nearest *s, int64_t step, const float *score);
/* Writes the steps of the nearest, k or as many as there were, oldest first, and returns how many. */
int lp_nearest_take(lp_nearest *s, int64_t *step);

/* A context of an architecture whose state begins with an lp_ring: the nearest of the items before the last `window` that `offer` offers, which
 * are from `first` on and before `end`, then these; without a query the newest. offer returns how many items it read. */
typedef int64_t (*lp_nearest_source)(const lp_mem *mem, int64_t first, int64_t end);
int lp_nearest_context(const lp_mem *mem, lp_nearest *s, int window, const lp_mem_query *query, lp_nearest_source offer,
                       const lp_mem_context_view *out);
int lp_nearest_max_context(int k, int window, int max_items, int64_t n_steps);

#endif
