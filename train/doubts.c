#include "train/doubts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NO_WIN, STANDS, SURE, FAR };
#define STEP 0.02 /* of the win rate, that counts as moving */

/* Does kind k hold for so many decisions by now, for the first time? */
static bool lasts(lp_train_doubts *d, int k, bool holds, int64_t now, int64_t long_enough) {
    if (!holds) {
        d->since[k] = now;
        d->said[k] = false;
    }
    if (d->said[k] || now - d->since[k] < long_enough) return false;
    return d->said[k] = true;
}

/* Has the level, or the best win rate at it, moved with this update? */
static bool moved(lp_train_doubts *d, const lp_train_stats *s) {
    const bool other = strcmp(d->level, s->level) != 0;
    if (other) memcpy(d->level, s->level, sizeof d->level);
    if (other) d->best = 0;
    if (!(s->win_rate > d->best + STEP)) return other;
    d->best = s->win_rate;
    return true;
}

bool lp_train_doubt(lp_train_doubts *d, const lp_train_stats *s, int n_actions, char line[LP_DOUBT_BYTES]) {
    const int64_t now = s->decisions;
    const double most = log(n_actions);
    if (!d->begun)
        for (int k = 0; k < LP_DOUBT_KINDS; k++) d->since[k] = now;
    d->begun = true;
    d->episodes = s->wins ? 0 : d->episodes + s->episodes;
    if (lasts(d, NO_WIN, !s->wins, now, LP_DOUBT_NO_WIN) && d->episodes >= LP_DOUBT_EPISODES) {
        snprintf(line, LP_DOUBT_BYTES,
                 "not one of the last %lld episodes was won: nothing to learn from; easier knobs (curriculum.knobs), or demonstrations "
                 "(longplay demo, explore)",
                 (long long)d->episodes);
        return true;
    }
    if (d->episodes < LP_DOUBT_EPISODES) d->said[NO_WIN] = false;
    /* at the last level there is nothing to move to once nearly all is won */
    if (lasts(d, STANDS, !moved(d, s) && s->episodes && !(s->win_rate >= 0.9), now, LP_DOUBT_STANDS)) {
        snprintf(line, LP_DOUBT_BYTES, "nothing has moved for %lld decisions: %.1f %% of episodes won at %s",
                 (long long)(now - d->since[STANDS]), 100 * s->win_rate, *s->level ? s->level : "its one level");
        return true;
    }
    if (lasts(d, SURE, s->learning.told < 1 && s->learning.entropy < LP_DOUBT_ENTROPY * most && !(s->win_rate >= 0.9), now,
              LP_DOUBT_SURE)) {
        snprintf(line, LP_DOUBT_BYTES,
                 "the policy tries nothing any more: entropy %.4f of %.2f nats, %.1f %% of episodes won; more of ppo.entropy_weight",
                 s->learning.entropy, most, 100 * s->win_rate);
        return true;
    }
    if (lasts(d, FAR, s->learning.kl > LP_DOUBT_KL, now, LP_DOUBT_FAR)) {
        snprintf(line, LP_DOUBT_BYTES,
                 "updates change the policy too much: a divergence of %.2f nats, 0.01 is usual; a lower ppo.rate, or fewer ppo.epochs",
                 s->learning.kl);
        return true;
    }
    return false;
}
