/* The last `capacity` items of an episode: the store of architectures that keep whole rows of them (arch_recent.c, arch_knn.c) or a window of them (arch_reservoir.c).
 *
 * The item of step t stands in slot t mod capacity, so there is no state but the items. Saved: the vectors, then the saliences, oldest first.
 * The functions that take an lp_mem are for architectures whose state begins with an lp_ring; LP_RING names those that they share. */
#ifndef LP_MEMORY_RING_H
#define LP_MEMORY_RING_H

#include "memory/arch.h"

typedef struct {
    float *vector;   /* [capacity][dim] */
    float *salience; /* [capacity] */
    int capacity;    /* may be 0 */
} lp_ring;

size_t lp_ring_size(int capacity, int dim);
void lp_ring_open(lp_ring *ring, lp_arena *arena, int capacity, int dim);

static inline int lp_ring_held(const lp_ring *ring, int64_t n_steps) { return n_steps < ring->capacity ? (int)n_steps : ring->capacity; }
static inline size_t lp_ring_slot(const lp_ring *ring, int64_t step) { return (size_t)(step % ring->capacity); }
/* Items from `first` on, up to n, that stand in a row. */
static inline int lp_ring_run(const lp_ring *ring, int64_t first, int n) {
    const int row = ring->capacity - (int)lp_ring_slot(ring, first);
    return n < row ? n : row;
}
/* The n items from `first` on, all of which are held; vector and salience need not be aligned. */
void lp_ring_copy(const lp_mem *mem, int64_t first, int n, void *vector, void *salience);
/* Into a context at place `at`, as raw items. */
void lp_ring_show(const lp_mem *mem, int64_t first, int n, const lp_mem_context_view *out, int at);

void lp_ring_renew(lp_mem *mem, const float *vector, const float *salience);
void lp_ring_append(lp_mem *mem, const float *vector, float salience);
size_t lp_ring_save_size(const lp_mem *mem, int64_t n_steps);
void lp_ring_save(const lp_mem *mem, unsigned char *out);
bool lp_ring_load(lp_mem *mem, int64_t n_steps, const unsigned char *data);

#define LP_RING .append = lp_ring_append, .save_size = lp_ring_save_size, .save = lp_ring_save, .load = lp_ring_load

#endif
