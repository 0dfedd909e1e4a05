/* longplay compare, in three files: cmd_compare.c has the options and plays, compare_sides.c finds who plays what, compare_report.c and
 * compare_files.c tell the result. */
#ifndef LP_CLI_COMPARE_H
#define LP_CLI_COMPARE_H

#include "cli/rows.h"
#include "evals/gate.h"
#include "evals/results.h"

#include <cjson/cJSON.h>

enum { LP_BASELINE, LP_CANDIDATE, LP_SIDES, LP_COMPARE_TURNS = 256 };

/* What is compared, as it was named. */
typedef struct {
    const char *given;
    enum { LP_SIDE_PLAYER, LP_SIDE_SHIPPED, LP_SIDE_FOLDER, LP_SIDE_RESULTS } kind; /* player: a weight file, random, oracle, a guest */
    lp_results *results;                                                            /* owned; of LP_SIDE_RESULTS */
} lp_side;

/* A side's part in a row. */
typedef struct {
    char policy[512], name[256];     /* as --policy would give it, "" for the suite's or the game's own; for people */
    uint64_t digest;                 /* of the policy; 0: none */
    const lp_eval_episode *episodes; /* [n], own or the results' */
    lp_eval_episode *own;            /* owned; NULL: results */
    int64_t wins, timeouts;
    int context_items_max;
    double decisions_per_s;                 /* the median of its turns; 0: not played */
    double flops, memory_bytes, parameters; /* of a decision at the largest context, of an environment; 0: not known, or none */
    double rates[LP_COMPARE_TURNS];         /* decisions/s in each turn */
} lp_compare_side;

typedef struct {
    lp_suite_row what; /* game NULL: only results are compared */
    int64_t knobs[LP_MAX_KNOBS];
    lp_game *own_game; /* owned; of a row that results name */
    cJSON *played;     /* owned; row_json.h */
    char name[160];    /* the game's, and the knobs that set this row apart from its others, but for horizon */
    int64_t horizon;   /* 0: it has none */
    int64_t n;         /* episodes, at most */
    char error[512];   /* why it could not be run; "": it could */
    lp_gate_row gate;
    lp_compare_side side[LP_SIDES];
    int n_turns; /* in which both played: rates; the median and the ends of candidate to baseline, turn by turn */
    double speed, speed_low, speed_high;
} lp_compare_row;

typedef struct {
    lp_gate gate;
    int64_t episodes, seed, time_limit, threads; /* 0, -1, -1, 0: not given */
    const char *games, *device, *const *set;
    int n_set;
    lp_side side[LP_SIDES];
    lp_named named;
    int n_rows;
    lp_compare_row *rows; /* [n_rows], owned */
    lp_gate_row all;
    lp_verdict verdict;
} lp_comparison;

/* Opens both sides and every row, and tries whether each can be played: all bad input is told before anything is played. A row that cannot
 * be run where others can (a folder without its weights, a game that is not there) has an error. */
lp_status lp_compare_open(lp_comparison *c, lp_err *err);
void lp_compare_close(lp_comparison *c);
/* Who plays a row, ready for lp_eval; chosen's policy is the caller's to close, also after a failure. */
lp_status lp_compare_player(const lp_comparison *c, lp_compare_row *row, int side, lp_chosen_policy *chosen, lp_eval_config *config,
                            lp_err *err);

void lp_compare_print(const lp_comparison *c);
cJSON *lp_compare_json(const lp_comparison *c);
/* One line that says it all: "regression: of 27 rows 26 no worse, 1 worse, by McNemar's exact test, ..." */
void lp_compare_sentence(const lp_comparison *c, char *out, size_t size_bytes);

/* Reports, each a whole file. refusal: why nothing was compared, or NULL. */
typedef enum { LP_REPORT_JUNIT, LP_REPORT_HTML, LP_REPORT_MARKDOWN, LP_REPORTS } lp_report_kind;
lp_status lp_compare_can_write(lp_report_kind kind, const char *path, lp_err *err);
lp_status lp_compare_write(const lp_comparison *c, const char *refusal, lp_report_kind kind, const char *path, lp_err *err);

#endif
