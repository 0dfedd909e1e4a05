/* The k items nearest to a policy's query, of those that are offered: part of architectures that are read by query.
 *
 * An item's score for a head is what attention gives it but for level and age,  q . vector / sqrt(dim) + salience.  What heads score cannot be
 * compared with each other, as each has a softmax of its own; so they choose in turns, each time the best that no head has chosen yet.
 * Ties keep the older item; a score that is NaN counts as the lowest.
 *
 * The same bits on every machine: scores are sums over fixed lanes (base/simd.h). */
#ifndef LP_MEMORY_NEAREST_H
#define LP_MEMORY_NEAREST_H

#include "base/arena.h"
#include "memory/memory.h"

typedef struct {
    float score;
    int64_t step;
} lp_scored;

typedef struct {
    int k, dim;
    lp_mem_query query;
    int n[LP_MEM_MAX_HEADS]; /* items in a head's heap */
    lp_scored *heap;         /* [LP_MEM_MAX_HEADS][k] a head's best, the worst of them at the root */
} lp_nearest;

enum { LP_SCORE_BLOCK = 64 };
/* score [n][query->heads] of up to LP_SCORE_BLOCK items. */
void lp_score_items(const lp_mem_query *query, int dim, const float *vector, const float *salience, int n, float *score);

size_t lp_nearest_size(int k);
void lp_nearest_open(lp_nearest *s, lp_arena *arena, int k, int dim);
void lp_nearest_begin(lp_nearest *s, const lp_mem_query *query);
/* The item of step, which is not offered twice, with its score for each head. */
void lp_nearest_offer(lp_nearest *s, int64_t step, const float *score);
/* Writes the steps of the nearest, k or as many as there were, oldest first, and returns how many. */
int lp_nearest_take(lp_nearest *s, int64_t *step);

#endif
