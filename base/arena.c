#include "base/arena.h"

#include "base/contract.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGN = 64 };

size_t lp_arena_need(size_t size_bytes) { return (size_bytes + ALIGN - 1) / ALIGN * ALIGN; }

int lp_arena_open(lp_arena *arena, size_t size_bytes) {
    *arena = (lp_arena){0};
    size_t need = lp_arena_need(size_bytes ? size_bytes : 1);
    arena->base = aligned_alloc(ALIGN, need);
    if (!arena->base) return -1;
    memset(arena->base, 0, need);
    arena->size_bytes = need;
    return 0;
}

void lp_arena_close(lp_arena *arena) {
    free(arena->base);
    *arena = (lp_arena){0};
}

void *lp_arena_take(lp_arena *arena, size_t size_bytes) {
    size_t need = lp_arena_need(size_bytes);
    LP_CHECK(arena->used_bytes + need <= arena->size_bytes);
    void *at = arena->base + arena->used_bytes;
    arena->used_bytes += need;
    return at;
}
