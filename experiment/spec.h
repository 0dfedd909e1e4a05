/* What an experiment's file asks for: an .ini or .json file of a training's settings, each of which may have several values.
 *
 *     [experiment]
 *     game = cue, lures              ; or suite = memory, and then of its games these alone
 *     [train]
 *     decisions = 400000
 *     seed = 1..5
 *     [memory]
 *     arch = none, window, tree
 *     [knobs]                        ; with game: what is evaluated, lists of one length, as in a suite
 *     horizon = 64, 1000
 *     [evaluate]
 *     memory = own, full, tree keep=oldest
 *     episodes = 200
 *     [lures.train]                  ; of one game: a setting, or knobs, in the place of what the others have
 *     seed = 1..10
 *
 * In JSON the same: {"experiment": {"game": ["cue", "lures"]}, "train": {"decisions": 400000, "seed": "1..5"}, ...}.
 */
#ifndef LP_EXPERIMENT_SPEC_H
#define LP_EXPERIMENT_SPEC_H

#include "base/status.h"

#include <limits.h>
#include <stdint.h>

enum { LP_SPEC_MAX_AXES = 128, LP_SPEC_MAX_VALUES = 1024 };

/* A name and its values as text. */
typedef struct {
    char name[96];
    char game[64]; /* that it is of; "": of all that have none of their own */
    int n;
    char **values; /* [n] owned, each owned */
} lp_axis;

typedef enum {
    LP_DESIGN_ALL,
    LP_DESIGN_ONE
} lp_spec_design; /* every combination; or one list at a time, the others at their first value */
typedef enum { LP_MATCH_NONE, LP_MATCH_PARAMETERS } lp_spec_match;
typedef enum { LP_ACT_OWN, LP_ACT_SAMPLE, LP_ACT_GREEDY } lp_spec_act; /* own: as the policy is meant to */

typedef struct {
    char folder[PATH_MAX]; /* of the file, with its slash; "" */
    lp_axis games, memories, keep;
    lp_axis weights;      /* that are evaluated: after so many decisions, or parts of all, "10%"; none: those of the end */
    lp_axis only;         /* "policy.core=none memory.arch=tree": combinations that one of these fits; none: all */
    char suite[PATH_MAX]; /* "" none */
    int design, match, act;
    int n_axes, n_knobs;
    lp_axis axes[LP_SPEC_MAX_AXES]; /* settings of a training */
    lp_axis knobs[LP_SPEC_MAX_AXES];
    int64_t seed, episodes;          /* of what is evaluated; episodes 0: the suite's, or 200; seed -1: the suite's, or 1 */
    int64_t every, interim_episodes; /* on the way; every 0: never */
    int64_t tries;                   /* of each evaluation seed */
    /* Random buttons in each row, so many episodes; 0: none. With max_decisions (0: no limit) a row has no more episodes than are so many decisions
     * by the length of those, but min_episodes. */
    int64_t floor, max_decisions, min_episodes;
} lp_spec;

/* What was given by hand: it takes the place of all that the file says of that name, also of one game; and
 * experiment.game leaves out what is of another one. */
typedef struct {
    const char *const *entries; /* [n] "train.decisions=1000"; lists as in an .ini */
    int n;
} lp_spec_given;

/* given may be NULL. LP_BAD_INPUT: one line that names the file and what is wrong in it; also a setting that there is not, and a value that it cannot have. */
lp_status lp_spec_read(lp_spec *out, const char *path, const lp_spec_given *given, lp_err *err);
void lp_spec_free(lp_spec *spec); /* also after a failure */

#endif
