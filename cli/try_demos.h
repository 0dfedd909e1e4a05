/* longplay demo try, see cmd_demo.c. */
#ifndef LP_CLI_TRY_DEMOS_H
#define LP_CLI_TRY_DEMOS_H

#include "env/game.h"
#include "memory/settings.h"
#include "saves/demos.h"

typedef struct {
    const char *policy, *before_end; /* as given; NULL: not */
    lp_mem_given memory;
    int64_t episodes; /* demonstrations */
    double patience;
    int threads;
    bool json;
} lp_try_demos_options;

/* The table on stdout; returns the exit code. */
int lp_try_demos(const lp_try_demos_options *options, const lp_demos *demos, const char *path, const lp_game *game, lp_err *err);

#endif
