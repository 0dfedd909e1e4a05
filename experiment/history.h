/* Results by version, in one SQLite file, so that what became worse is seen, and when.
 *
 *     int n;
 *     lp_history_add("history.db", "monday.jsonl", "1.4.2", &n, &err);     // makes the file where it is not there
 *     lp_history history;
 *     lp_history_read(&history, "history.db", &err);
 *     const lp_history_cell *cell = lp_history_at(&history, row, version);
 *     lp_history_free(&history);
 */
#ifndef LP_EXPERIMENT_HISTORY_H
#define LP_EXPERIMENT_HISTORY_H

#include "base/status.h"
#include "evals/gate.h"

enum { LP_HISTORY_VERSION = 1 };

/* Adds what an evaluation (eval --out, eval --json) or an experiment found, as of that version; all of it or nothing. *n: rows. LP_BAD_INPUT, with
 * everything as it was: results or history that are none, not finished, or of another version of the program; a row that the version has. */
lp_status lp_history_add(const char *path, const char *results, const char *version, int *n, lp_err *err);

/* A version's result in a row. */
typedef struct {
    int64_t wins, n;  /* n 0: it was not played */
    int before;       /* the version that it is judged against, the last before that has the row; -1: none, or other */
    bool other;       /* the one before played something else in it: another ROM, other seeds */
    lp_gate_row gate; /* against that, by McNemar's exact test, Holm's correction over the version's rows */
} lp_history_cell;

typedef struct {
    char game[128], name[512]; /* for people: "cue doors=4, 64", of an experiment with method and training seed */
} lp_history_row;

typedef struct {
    int n_versions, n_rows;
    char (*versions)[128];  /* [n_versions], as they were added; owned, as all of these */
    lp_history_row *rows;   /* [n_rows], those of a game side by side */
    lp_history_cell *cells; /* [n_rows][n_versions] */
} lp_history;

lp_status lp_history_read(lp_history *out, const char *path, lp_err *err);
void lp_history_free(lp_history *history); /* also after a failure */
static inline const lp_history_cell *lp_history_at(const lp_history *h, int row, int version) {
    return &h->cells[row * h->n_versions + version];
}

#endif
