/* What an architecture of the memory provides; memory.c is the front that dispatches to it.
 *
 * An architecture's live state is a function of config and n_steps in its shape (how many items stand where) and of what
 * was appended in its content. So a saved memory is n_steps and the items alone, and there is no bookkeeping in a file
 * that could contradict itself. To add one: a new arch_NAME.c with these functions, and a row in memory.c's table. */
#ifndef LP_MEMORY_MEMORY_IMPL_H
#define LP_MEMORY_MEMORY_IMPL_H

#include "base/arena.h"
#include "memory/memory.h"

#include <stdbool.h>

#define LP_MEM_MAX_STEPS (INT64_C(1) << 40) /* of an episode; what the levels of a tree are sized for */

typedef struct {
    /* Bytes of state for a config (defaults filled in), as open will take them from the arena. */
    size_t (*size)(const lp_mem_config *config);
    void *(*open)(const lp_mem_config *config, lp_arena *arena);
    void (*reset)(lp_mem *mem);
    void (*append)(lp_mem *mem, const float *vector, float salience); /* before n_steps counts it; salience is finite */
    int (*context)(const lp_mem *mem, const lp_mem_context_view *out);
    int (*max_context)(const lp_mem_config *config, int64_t n_steps);
    int (*new_summaries)(const lp_mem *mem, lp_mem_summary *out, int max); /* NULL: never any */
    int (*levels)(const lp_mem *mem, int *counts, int max);
    /* The saved content of a memory of n_steps. load returns false, with mem unchanged, when the content cannot be. */
    size_t (*save_size)(const lp_mem *mem, int64_t n_steps);
    void (*save)(const lp_mem *mem, unsigned char *out);
    bool (*load)(lp_mem *mem, int64_t n_steps, const unsigned char *data);
} lp_mem_arch_ops;

extern const lp_mem_arch_ops lp_mem_recent; /* none, window, full: the last so many items */
extern const lp_mem_arch_ops lp_mem_tree;

struct lp_mem {
    lp_mem_config config; /* defaults filled in */
    const lp_mem_arch_ops *ops;
    lp_arena arena; /* the one allocation; this struct lies in it too */
    int64_t n_steps;
    void *state; /* the architecture's, in the arena */
};

#endif
