/* A memory as people name it: memory.arch and memory.KEY, the same on the command line, in .ini files, in runs and in weight files.
 *
 *     lp_setting rows[LP_MEM_MAX_ROWS];                     // part of a table of base/config.h: a struct's lp_mem_choice
 *     int n = lp_mem_rows(rows, offsetof(my_config, memory), true);
 *     lp_mem_config memory = lp_mem_chosen(&config.memory, dim);
 *
 * A table has the settings of every architecture, so that a file can be read before it is known which one it names. What is given by hand
 * is taken more strictly: only the settings of the architecture that it is for.
 */
#ifndef LP_MEMORY_SETTINGS_H
#define LP_MEMORY_SETTINGS_H

#include "base/config.h"
#include "memory/memory.h"

#include <stdbool.h>
#include <stdint.h>

enum { LP_MEM_MAX_KEYS = 32, LP_MEM_MAX_ROWS = 1 + LP_MEM_MAX_KEYS };

typedef struct {
    int64_t arch;                   /* index in lp_mem_archs */
    int64_t value[LP_MEM_MAX_KEYS]; /* of every key that there is; 0: the default, but of a choice: the index of its name */
} lp_mem_choice;

const char *lp_mem_arch_choices(void); /* "none|window|tree|full" */
/* The rows of an lp_mem_choice at offset; returns how many. defaults: their initial values are the architectures'; else what a file without
 * the row means, which is 0 for most. */
int lp_mem_rows(lp_setting *out, size_t offset, bool defaults);
/* Is the row of that name worth writing down? Not "memory.chunk" where another architecture than the one chosen has it, nor what a file
 * without the row means as well, if that is not the default: so files stay what they were before there was such a setting. */
bool lp_mem_row_used(const lp_mem_choice *choice, const char *name);
/* What was not said, or was said to be the default (0), of settings that a file may be older than: as in such a file. all: what was said, too. */
void lp_mem_before(lp_mem_choice *choice, bool all);
lp_mem_config lp_mem_chosen(const lp_mem_choice *choice, int dim);
/* The other way; settings of other architectures stay as they are. */
void lp_mem_choose(lp_mem_choice *choice, const lp_mem_config *config);

/* What was given by hand. */
typedef struct {
    const char *arch;            /* NULL: not given */
    const char *const *settings; /* [n_settings] "memory.KEY=VALUE"; others are passed over */
    int n_settings;
} lp_mem_given;
/* Puts it in the place of what config says. LP_BAD_INPUT, with config as it was: one line with the option and what there is instead. */
lp_status lp_mem_give(lp_mem_config *config, const lp_mem_given *given, lp_err *err);

/* What hashes are made of. The first four architectures keep the numbers that runs and trainings have been known by since there was no
 * registry: index, chunk, slots, fan, window, max_items. Settings that came later change the first where they are not `absent`. */
enum { LP_MEM_NUMBERS = 6 };
void lp_mem_numbers(const lp_mem_choice *choice, int64_t out[LP_MEM_NUMBERS]);

#endif
