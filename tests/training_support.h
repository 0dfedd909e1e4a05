/* What tests of training share: a training of `game`, and updates of it that must succeed. */
#ifndef LP_TESTS_TRAINING_SUPPORT_H
#define LP_TESTS_TRAINING_SUPPORT_H

#include "train/train_parts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static lp_game *game;

static inline lp_train *open_train(const lp_train_config *c, lp_device device, int threads) {
    lp_train *t;
    lp_err err;
    if (lp_train_open(&t, game, c, device, threads, &err)) fail_msg("%s", err.message);
    return t;
}

static inline lp_train_stats update(lp_train *t, int n) {
    lp_train_stats stats = {0};
    lp_err err;
    for (int i = 0; i < n; i++)
        if (lp_train_update(t, &stats, &err)) fail_msg("%s", err.message);
    return stats;
}

#endif
