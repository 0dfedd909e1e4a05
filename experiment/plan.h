/* The cells of an experiment, trainings, and what is evaluated of each: every game, knob and setting is looked at before anything is played.
 *
 * A cell is known by its id, a hash of all that its results depend on: every setting, the game's ROM and how it is played, what is evaluated and
 * kept on the way, LP_EXPERIMENT_FORMAT. So a file that grows makes new cells only.
 */
#ifndef LP_EXPERIMENT_PLAN_H
#define LP_EXPERIMENT_PLAN_H

#include "evals/suite.h"
#include "experiment/spec.h"
#include "train/train.h"

enum {
    LP_EXPERIMENT_FORMAT = 1, /* raised when the same settings come to other results */
    LP_PLAN_MAX_CELLS = 100000
};

typedef enum { LP_WAITING, LP_BUSY, LP_DONE, LP_BROKEN } lp_plan_status;

typedef struct {
    const lp_game *game;
    char folder[PATH_MAX]; /* what longplay takes */
} lp_plan_game;

typedef struct {
    int game;
    int64_t knobs[LP_MAX_KNOBS], episodes;
    uint64_t seed;
} lp_plan_row;

typedef struct {
    const char *label; /* "own", "tree keep=oldest"; the spec's */
    char words[8][96]; /* what chooses it on the command line */
    int n_words;
} lp_plan_memory;

typedef struct {
    char id[20], variant[256]; /* "memory.arch=tree policy.core=gru": what the file varies, but game and seed */
    int game;
    lp_train_config config;
    int64_t bytes; /* of memory, lp_plan_measure */
    lp_plan_status status;
} lp_plan_cell;

typedef struct {
    int64_t id, n; /* a hash of the cell, the memory, knobs and seed; episodes */
    int cell, row, memory;
    lp_plan_status status;
} lp_plan_evaluation;

typedef struct {
    lp_spec spec;
    lp_suite *suite;                  /* owned; NULL: none */
    lp_game *own[LP_SUITE_MAX_GAMES]; /* owned, without a suite */
    int n_games, n_rows, n_memories, n_cells, n_evaluations;
    lp_plan_game games[LP_SUITE_MAX_GAMES];
    lp_plan_row *rows; /* all of these owned */
    lp_plan_memory *memories;
    lp_plan_cell *cells;             /* each once; of one seed before any of the next */
    lp_plan_evaluation *evaluations; /* in the order of cells */
    char keep[1024];                 /* "0,40000", as --keep-weights takes it */
} lp_plan;

/* Reads the file. *plan is to be closed, also after a failure. */
lp_status lp_plan_open(lp_plan *plan, const char *path, lp_err *err);
void lp_plan_close(lp_plan *plan);
/* How much memory the training of each waiting cell takes with so many threads; those that differ in nothing that takes memory are
 * tried once, in a process of their own. LP_BAD_INPUT: one takes more than there is, or cannot be opened. */
lp_status lp_plan_measure(lp_plan *plan, int n_threads, lp_err *err);
int64_t lp_plan_machine_bytes(void); /* that this machine, or our part of it, has */
/* "horizon=64 doors=4", all of the row's knobs, each behind `before`. */
void lp_plan_knobs(const lp_plan *plan, const lp_plan_row *row, const char *before, char *out, size_t size_bytes);

#endif
