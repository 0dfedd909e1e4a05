/* The gate: whether a candidate is worse than a baseline, from their paired wins in each row (a game with its knobs).
 *
 *     lp_gate gate = {.alpha = 0.05, .margin = -1};
 *     lp_gate_row rows[2] = {{.pairs = {200, 15, 3}}, {.pairs = {200, 1, 2}}}, all;
 *     return lp_verdict_exit_code(lp_gate_judge(&gate, rows, 2, &all));
 *
 * There is one rule. Each row has a hypothesis about its difference D, a p-value, and the interval of all D that the same test does not
 * reject at the level at which the row is judged (Holm's correction over all rows and, if there is more than one, all of them taken together).
 * Verdict, interval, p-value and exit code all say where that interval lies:
 *
 *   plain        D = 0, McNemar's exact test, two-sided.  all of it below 0: worse;  else no worse, but undecided where so few episodes that
 *                losing every one would not be enough
 *   margin       D = -margin, two-sided.  all of it below -margin: worse;  above: no worse (non-inferior);  else undecided
 *   sequential   lower end against D <= -margin, upper end against D >= 0, each one-sided.  all of it below 0: worse;  above -margin: no
 *                worse;  else undecided: play on. The rates hold however often it is asked. The lower end is at alpha itself, as the
 *                candidate passes only with every row. There is no row for all: rows end at different lengths.
 *
 * Equal players are told apart, in any row and either direction, with probability alpha at most; in sequential, called worse. */
#ifndef LP_EVALS_GATE_H
#define LP_EVALS_GATE_H

#include "evals/paired.h"

#include <stdbool.h>

typedef struct {
    double alpha;  /* above 0, below 0.5 */
    double margin; /* 0 to 1; below 0: none, not for sequential */
    bool sequential;
} lp_gate;

typedef enum { LP_NO_WORSE, LP_WORSE, LP_UNDECIDED, LP_NOT_RUN } lp_verdict;
const char *lp_verdict_name(lp_verdict verdict); /* "no regression", "regression", "undecided", "error" */

typedef struct {
    lp_pairs pairs;
    bool failed; /* it could not be run: LP_NOT_RUN, in no family and no sum; all together then neither */
    /* of lp_gate_judge */
    double difference, p, p_holm, level;
    lp_verdict verdict;
    double low, high; /* of lp_gate_interval */
} lp_gate_row;

enum { LP_GATE_MAX_ROWS = LP_HOLM_MAX - 1 };

/* Is there a row for all of n taken together? */
bool lp_gate_has_all(const lp_gate *gate, int n);
/* Judges rows [n], and all where there is one. Returns the verdict on the whole: LP_NOT_RUN if any row is that, else LP_WORSE if any is, or all
 * together, else LP_UNDECIDED if any row is. */
lp_verdict lp_gate_judge(const lp_gate *gate, lp_gate_row *rows, int n, lp_gate_row *all);
/* The interval of a row that was judged. Apart, as it takes a thousand times as long as a verdict. */
void lp_gate_interval(const lp_gate *gate, lp_gate_row *row);
int lp_verdict_exit_code(lp_verdict verdict); /* 0 no worse, 1 worse, 2 not run, 3 undecided */

#endif
