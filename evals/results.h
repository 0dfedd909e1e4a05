/* What an evaluation left, to compare with: the file of `eval --out`, or what `eval --json` printed.
 *
 *     lp_results *results;
 *     lp_results_open(&results, "monday.jsonl", &err);
 *     const lp_result *row;
 *     lp_results_find(&row, results, played, 0, 200, &err);      // the row in which this was played
 *     lp_results_close(results);
 */
#ifndef LP_EVALS_RESULTS_H
#define LP_EVALS_RESULTS_H

#include "evals/eval.h"

#include <cjson/cJSON.h>

typedef struct lp_results lp_results;

/* All of it is the results', until they are closed. */
typedef struct {
    const char *game;                /* its name, or what it was called on the command line */
    const cJSON *json;               /* what is played, see row_json.h, among others */
    int64_t n;                       /* episodes, all of them over */
    const lp_eval_episode *episodes; /* [n]; of --json only the outcome is known */
    int context_items_max;
} lp_result;

/* Can this file be one of ours, by how it begins? A weight file cannot. */
bool lp_is_results(const char *path);
/* LP_BAD_INPUT: neither, damaged, or an evaluation that is not finished. */
lp_status lp_results_open(lp_results **out, const char *path, lp_err *err);
void lp_results_close(lp_results *results);

int lp_results_n_rows(const lp_results *results);
const lp_result *lp_results_row(const lp_results *results, int index);
/* The row in which this was played (row_json.h), in at least n episodes. LP_BAD_INPUT: there is none; the message tells in what the row at
 * `index`, or the first, is another. */
lp_status lp_results_find(const lp_result **out, const lp_results *results, const cJSON *played, int index, int64_t n, lp_err *err);

#endif
