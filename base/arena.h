/* An arena: one allocation, pointers carved from it, freed at once.
 *
 *     lp_arena arena;
 *     if (lp_arena_open(&arena, size_bytes)) return out_of_memory;
 *     float *x = lp_arena_take(&arena, n * sizeof *x);   // zeroed, 64-byte aligned
 *     lp_arena_close(&arena);
 *
 * Not thread-safe: one arena, one thread at a time.
 */
#ifndef LP_BASE_ARENA_H
#define LP_BASE_ARENA_H

#include <stddef.h>

typedef struct {
    unsigned char *base; /* owned */
    size_t size_bytes, used_bytes;
} lp_arena;

/* Allocates size_bytes of zeroed memory. Returns 0, or -1 when there is no memory (arena is then empty and closable). */
int lp_arena_open(lp_arena *arena, size_t size_bytes);
void lp_arena_close(lp_arena *arena);
/* The next size_bytes, 64-byte aligned. The arena must have been sized for them: sizing is the caller's arithmetic. */
void *lp_arena_take(lp_arena *arena, size_t size_bytes);
/* What lp_arena_take really consumes for size_bytes; sum these to size an arena. */
size_t lp_arena_need(size_t size_bytes);

#endif
