/* Games and suites as they are named on the command line, a row each; and who plays a row. For eval and compare. */
#ifndef LP_CLI_ROWS_H
#define LP_CLI_ROWS_H

#include "evals/suite.h"

enum { LP_MAX_NAMES = 512 };

typedef struct {
    lp_suite_row what; /* but for its knobs */
    int64_t knobs[LP_MAX_KNOBS];
} lp_named_row;

/* Zero it, then open; all is released by close, also after a failure. */
typedef struct {
    char list[2 * LP_MAX_NAMES];    /* the names, cut apart */
    lp_suite *suites[LP_MAX_NAMES]; /* owned; NULL: a game */
    lp_game *games[LP_MAX_NAMES];   /* owned; NULL: a suite */
    int n_names, n_rows;
    lp_named_row *rows; /* [n_rows], owned */
} lp_named;

/* "NAME[,NAME...]"; model and noop as --model and --noop give them, or NULL; set: the knobs of --set. A game alone has 200 episodes, seed 1. */
lp_status lp_named_open(lp_named *named, const char *names, const char *model, const char *noop, const char *const *set, int n_set,
                        lp_err *err);
void lp_named_close(lp_named *named);

/* Who plays a row: policy as --policy gives it, or NULL; memory may be NULL. Sets config's player, policy, memory and sample (as the policy is
 * meant to act); its time_limit must be set. chosen's policy is the caller's to close, also after a failure. */
lp_status lp_row_player(lp_chosen_policy *chosen, lp_eval_config *config, const lp_suite_row *what, const char *policy,
                        const lp_mem_given *memory, lp_err *err);
/* What to call it: its file's name, or the player's. */
const char *lp_row_policy_name(const lp_chosen_policy *chosen);

#endif
