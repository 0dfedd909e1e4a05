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
    int64_t knobs[LP_MAX_KNOBS], episodes; /* seeds that are asked for */
    uint64_t seed;
    lp_plan_status floor; /* of random buttons there; LP_DONE, too, where none are asked for */
    int64_t floor_id;     /* a hash of the game, knobs, seed and how many */
} lp_plan_row;

typedef struct {
    const char *label; /* "own", "tree keep=oldest"; the spec's */
    char words[8][96]; /* what chooses it on the command line */
    int n_words;
} lp_plan_memory;

typedef struct {
    char id[20], variant[256]; /* "memory.arch=tree policy.core=gru": what the file varies, but game and seed */
    char keep[1024];           /* "0,40000", as --keep-weights takes it */
    int game;
    lp_train_config config;
    lp_policy_cost cost;
    int context_items;    /* the most that its own memory ever shows */
    int64_t memory_bytes; /* that memory, of an environment */
    int64_t bytes;        /* that its training takes, lp_plan_measure */
    lp_plan_status status;
} lp_plan_cell;

enum { LP_WEIGHTS_END = -1 };

typedef struct {
    int64_t id;                  /* a hash of the cell, its weights, the memory, knobs, seed, tries and how it acts */
    int64_t n;                   /* episodes, all tries of all seeds; 0: it hangs on the row's floor, lp_plan_size */
    int64_t weights;             /* decisions of training that they had; LP_WEIGHTS_END: all */
    int64_t memory_bytes, bytes; /* its memory, of an environment; what it takes, lp_plan_measure */
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
} lp_plan;

/* Reads the file, and what was given by hand, which may be NULL. *plan is to be closed, also after a failure. */
lp_status lp_plan_open(lp_plan *plan, const char *path, const lp_spec_given *given, lp_err *err);
void lp_plan_close(lp_plan *plan);
/* Random buttons played a row's n episodes in so many decisions: how many episodes its evaluations have. */
void lp_plan_size(lp_plan *plan, int row, int64_t n, int64_t decisions);
/* How much memory each waiting training and evaluation takes with so many threads; those that differ in nothing that takes memory are
 * tried once, in a process of their own. LP_BAD_INPUT: one takes more than there is, or cannot be opened. */
lp_status lp_plan_measure(lp_plan *plan, int n_threads, lp_err *err);
int64_t lp_plan_machine_bytes(void); /* that this machine, or our part of it, has */
/* "horizon=64 doors=4", all of the row's knobs, each behind `before`. */
void lp_plan_knobs(const lp_plan *plan, const lp_plan_row *row, const char *before, char *out, size_t size_bytes);

/* ---- what a cell costs (cost.c) ---- */
#define LP_PLAN_MATCH 0.02 /* how near a matched network must come to the number of parameters */
/* The width, policy.hidden, at which config's network has about as many parameters. LP_BAD_INPUT: none comes near enough. */
lp_status lp_plan_match(lp_train_config *config, const lp_game *game, size_t parameters, lp_err *err);
/* Fills in cost, context_items and memory_bytes. */
lp_status lp_plan_cost(lp_plan_cell *cell, const lp_game *game, lp_err *err);
/* The memory that an evaluation plays a cell's policy under. */
lp_mem_config lp_plan_memory_of(const lp_plan *plan, const lp_plan_cell *cell, int memory);

#endif
