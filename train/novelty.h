/* How new a picture is: the error of a network that learns to predict another, random one's output from it (Burda et al. 2019, Exploration
 * by random network distillation). What was often seen is predicted well, what was never seen is not.
 *
 *     novelty *n;
 *     novelty_open(&n, inputs, seed, &err);
 *     float r = novelty_of(n, picture);                    // [inputs]; any number of threads
 *     novelty_learn(n, pictures, count);                   // after a rollout, by one
 *     novelty_close(n);
 */
#ifndef LP_TRAIN_NOVELTY_H
#define LP_TRAIN_NOVELTY_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { NOVELTY_MAX_INPUTS = 20 * 18 };

typedef struct novelty novelty;

/* LP_FAILED: out of memory; *out is good for closing. */
lp_status novelty_open(novelty **out, int inputs, uint64_t seed, lp_err *err);
void novelty_close(novelty *n); /* NULL is fine */
/* The error, over the root of the mean square of all errors so far: about 1 for what is as new as usual. 0 before anything was learned. */
float novelty_of(const novelty *n, const uint8_t *picture);
/* pictures [count][inputs], in the order of learning: one pass of Adam in minibatches. */
void novelty_learn(novelty *n, const uint8_t *pictures, int64_t count);
/* For checkpoints. LP_BAD_INPUT: a NaN or an infinity, a negative count. */
size_t novelty_save_size(const novelty *n);
void novelty_save(const novelty *n, unsigned char *out);
lp_status novelty_load(novelty *n, const unsigned char *data, lp_err *err);

#endif
