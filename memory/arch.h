/* What an architecture of the memory provides; memory.c is the front that dispatches to it. docs/memory.md shows a small one in full.
 *
 * To add one: memory/arch_NAME.c, which defines lp_mem_NAME, and a line in architectures.c. `--memory NAME` and
 * `--memory.KEY=VALUE` follow from it everywhere, and so do runs, weight files and trainings that remember them.
 *
 * An architecture's live state is a function of config and n_steps in its shape (how many items stand where) and of what
 * was appended in its content. So a saved memory is n_steps and the items alone, and there is no bookkeeping in a file
 * that could contradict itself. */
#ifndef LP_MEMORY_ARCH_H
#define LP_MEMORY_ARCH_H

#include "base/arena.h"
#include "memory/memory.h"

#include <stdbool.h>
#include <string.h>

#define LP_MEM_MAX_STEPS (INT64_C(1) << 40) /* of an episode; what the levels of a tree are sized for */

/* A setting: a whole number, or one of several names. Architectures that share a name share what it means: the same help, default and range. */
typedef struct {
    const char *name, *help; /* "chunk"; one line */
    int initial, min, max;   /* initial is not 0, which stands for it */
    int absent;              /* what a file without it means: one from before there was such a setting; 0: the default */
    const char *choices;     /* "learned|oldest": names, in place of the numbers 1, 2, ... which stand in a config; NULL: a number */
} lp_mem_setting;

/* As people write it: "16", "oldest". Returns out. */
const char *lp_mem_setting_text(const lp_mem_setting *setting, int value, char *out, size_t size_bytes);

#define LP_MEM_SETTING_WINDOW                                                                                                              \
    { .name = "window", .help = "raw items kept in the context (W); -1: none", .initial = 32, .min = -1, .max = 1 << 20 }
#define LP_MEM_SETTING_CHUNK                                                                                                               \
    { .name = "chunk", .help = "items a chunk (K)", .initial = 32, .min = 1, .max = 1 << 20 }
#define LP_MEM_SETTING_SLOTS                                                                                                               \
    { .name = "slots", .help = "items a summary keeps (S)", .initial = 12, .min = 1, .max = 1 << 14 }
#define LP_MEM_SETTING_FAN                                                                                                                 \
    { .name = "fan", .help = "summaries merged into one (F)", .initial = 2, .min = 2, .max = 1 << 12 }
#define LP_MEM_SETTING_ITEMS                                                                                                               \
    { .name = "items", .help = "older items kept", .initial = 64, .min = 1, .max = 1 << 14 }
#define LP_MEM_SETTING_MAX_ITEMS                                                                                                           \
    { .name = "max_items", .help = "items kept; then the oldest are dropped", .initial = 16384, .min = 1, .max = 1 << 24 }
#define LP_MEM_SETTING_K                                                                                                                   \
    { .name = "k", .help = "older items shown, the nearest to the query", .initial = 16, .min = 1, .max = 1 << 12 }

struct lp_mem_arch {
    const char *name, *help;                      /* "tree"; one line */
    lp_mem_setting settings[LP_MEM_MAX_SETTINGS]; /* the rest is zeros; config->setting has their values in this order */
    /* Context is called with the query of the decision that reads, and may bring back what contexts before have left out. On a CPU only.
     * false: query is NULL, and what a context has left out does not come back. */
    bool wants_query;
    /* Bytes of state for a config (defaults filled in), as open will take them from the arena. */
    size_t (*size)(const lp_mem_config *config);
    void *(*open)(const lp_mem_config *config, lp_arena *arena);
    void (*reset)(lp_mem *mem);                                       /* NULL: n_steps is all there is to set back */
    void (*append)(lp_mem *mem, const float *vector, float salience); /* before n_steps counts it; salience is finite */
    int (*context)(const lp_mem *mem, const lp_mem_query *query, const lp_mem_context_view *out); /* query may be NULL in any case */
    void (*renew)(lp_mem *mem, const float *vector, const float *salience); /* NULL: it holds more than a context without a query shows */
    int (*max_context)(const lp_mem_config *config, int64_t n_steps);
    int (*new_summaries)(const lp_mem *mem, lp_mem_summary *out, int max); /* NULL: never any */
    int (*levels)(const lp_mem *mem, int *counts, int max);                /* NULL: max_context items, all raw */
    /* The saved content of a memory of n_steps. load returns false, with mem unchanged, when the content cannot be. */
    size_t (*save_size)(const lp_mem *mem, int64_t n_steps);
    void (*save)(const lp_mem *mem, unsigned char *out);
    bool (*load)(lp_mem *mem, int64_t n_steps, const unsigned char *data);
};

/* Do n saved steps rise, from 0 on and below end? data need not be aligned. */
static inline bool lp_mem_steps_rise(const unsigned char *data, size_t n, int64_t end) {
    int64_t step, before = -1;
    for (size_t i = 0; i < n; i++, before = step) {
        memcpy(&step, data + i * sizeof step, sizeof step);
        if (step <= before || step >= end) return false;
    }
    return true;
}

struct lp_mem {
    lp_mem_config config; /* defaults filled in */
    lp_arena arena;       /* the one allocation; this struct lies in it too */
    int64_t n_steps;
    uint64_t seed; /* of the episode; what draws from it saves it and loads it */
    void *state;   /* the architecture's, in the arena */
};

#endif
