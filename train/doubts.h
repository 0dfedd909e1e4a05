/* What is wrong with a training while it runs, as far as its updates tell: said once, and again when it was over in between. It changes nothing.
 *
 *     lp_train_doubts doubts = {0};
 *     char line[LP_DOUBT_BYTES];
 *     for each update: if (lp_train_doubt(&doubts, &stats, n_actions, line)) lp_warn("%s", line);
 */
#ifndef LP_TRAIN_DOUBTS_H
#define LP_TRAIN_DOUBTS_H

#include "train/train.h"

enum { LP_DOUBT_BYTES = 256, LP_DOUBT_KINDS = 4 };

/* How many decisions in a row each must hold for, and the limits: what trainings of the games that ship never come to, by their logs. */
#define LP_DOUBT_NO_WIN 500000  /* decisions without a win, while LP_DOUBT_EPISODES episodes ended */
#define LP_DOUBT_STANDS 2000000 /* decisions in which neither level nor win rate moved */
#define LP_DOUBT_SURE                                                                                                                      \
    200000 /* decisions in which the policy's entropy is below LP_DOUBT_ENTROPY of the most, while less than nine of ten are won */
#define LP_DOUBT_FAR 100000 /* decisions in which each update's divergence is above LP_DOUBT_KL */
#define LP_DOUBT_ENTROPY 0.01
#define LP_DOUBT_KL 0.1
enum { LP_DOUBT_EPISODES = 200 };

typedef struct {
    int64_t since[LP_DOUBT_KINDS]; /* decisions up to which it did not hold */
    bool said[LP_DOUBT_KINDS];
    int64_t episodes; /* without a win */
    double best;      /* win rate at this level */
    char level[128];
    bool begun;
} lp_train_doubts;

/* Zeroed at first, also where a training goes on. True: line has something to say. At most one thing an update. */
bool lp_train_doubt(lp_train_doubts *doubts, const lp_train_stats *stats, int n_actions, char line[LP_DOUBT_BYTES]);

#endif
