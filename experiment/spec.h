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
    int n;
    char **values; /* [n] owned, each owned */
} lp_axis;

typedef struct {
    char folder[PATH_MAX]; /* of the file, with its slash; "" */
    lp_axis games, memories, keep;
    char suite[PATH_MAX]; /* "" none */
    int n_axes, n_knobs;
    lp_axis axes[LP_SPEC_MAX_AXES]; /* settings of a training */
    lp_axis knobs[LP_SPEC_MAX_AXES];
    int64_t seed, episodes;          /* of what is evaluated; episodes 0: the suite's, or 200; seed -1: the suite's, or 1 */
    int64_t every, interim_episodes; /* on the way; every 0: never */
} lp_spec;

/* LP_BAD_INPUT: one line that names the file and what is wrong in it; also a setting that there is not, and a value that it cannot have. */
lp_status lp_spec_read(lp_spec *out, const char *path, lp_err *err);
void lp_spec_free(lp_spec *spec); /* also after a failure */

#endif
