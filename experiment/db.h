/* experiment.db: the cells of an experiment, how they were learned, what was evaluated, an episode a row. docs/experiments.md has its tables.
 *
 *     lp_db *db;
 *     lp_db_open(&db, "memory", &plan, &err);      // in that folder, where weights and logs are, too
 *     lp_db_log(db, &plan, cell, &err);            // what the log says by now
 *     lp_db_trained(db, &plan, cell, &err);        // it is over: all of it is in the database
 *     lp_db_close(db);
 *
 * A folder belongs to one process at a time. Each call is one transaction, on the disk when it returns.
 */
#ifndef LP_EXPERIMENT_DB_H
#define LP_EXPERIMENT_DB_H

#include "experiment/plan.h"

#include <stdio.h>

typedef struct lp_db lp_db;

enum { LP_DB_VERSION = 3 };

/* Makes folder and database where they are not there, adds the cells that the plan has and the database has not, and tells the plan which are
 * done; those that failed are to be tried again. LP_BAD_INPUT, before anything is changed: a database of another version, or none of ours;
 * another process has the folder. */
lp_status lp_db_open(lp_db **out, const char *folder, lp_plan *plan, lp_err *err);
/* One that is there, to read; by its folder or its file. */
lp_status lp_db_open_reader(lp_db **out, const char *path, lp_err *err);
void lp_db_close(lp_db *db);

/* FOLDER/ID.ending, a cell's file; evaluation NULL: none of an evaluation. */
void lp_db_path(const lp_db *db, const lp_plan_cell *cell, const lp_plan_evaluation *evaluation, const char *ending, char out[PATH_MAX]);
void lp_db_floor_path(const lp_db *db, const lp_plan_row *row, char out[PATH_MAX]);

/* What the cell's log says takes the place of what the database had from it. No log: nothing. */
lp_status lp_db_log(lp_db *db, const lp_plan *plan, lp_plan_cell *cell, lp_err *err);
/* That, what its weights tell, and that it is done; its checkpoint goes. */
lp_status lp_db_trained(lp_db *db, const lp_plan *plan, lp_plan_cell *cell, lp_err *err);
/* The episodes of its file, which goes. */
lp_status lp_db_played(lp_db *db, const lp_plan *plan, lp_plan_evaluation *evaluation, lp_err *err);
/* The same of a row's floor, by which its evaluations have their size. */
lp_status lp_db_floored(lp_db *db, lp_plan *plan, int row, lp_err *err);
/* And of one that failed: evaluations that hang on it fail, too. */
lp_status lp_db_floor_failed(lp_db *db, lp_plan *plan, int row, const char *why, lp_err *err);
/* What is kept of a training or an evaluation that failed: why. */
lp_status lp_db_training_failed(lp_db *db, lp_plan_cell *cell, const char *why, lp_err *err);
lp_status lp_db_evaluation_failed(lp_db *db, lp_plan_evaluation *evaluation, const char *why, lp_err *err);

/* A table or view as CSV (RFC 4180, but for its line ends). LP_BAD_INPUT: there is none of that name; the message tells which there are. */
lp_status lp_db_csv(lp_db *db, const char *name, FILE *out, lp_err *err);
/* Calls say for each row of a query of ours, with the columns as text (NULL: none). */
lp_status lp_db_rows(lp_db *db, const char *sql, void (*say)(void *context, int n, const char *const *columns), void *context, lp_err *err);

#endif
