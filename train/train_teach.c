/* The game's oracle as a teacher (train.teach): in some environments it is asked at every decision, and what it would do is imitated
 * (ppo.clone_weight), whoever acts. The policy acts there as well, so it is told what to do where its own mistakes lead, which no
 * demonstration shows (DAgger; Ross, Gordon, Bagnell 2011, A Reduction of Imitation Learning and Structured Prediction to No-Regret
 * Online Learning). Some episodes (train.lead) the oracle leads: it makes a part of their decisions, drawn for each from half to all.
 * The others the policy plays alone, and they count for the curriculum; one in which it strays too often is lost there and then. */
#include "train/train_parts.h"

#include <string.h>

enum { MAY_STRAY = 16, STRAY_EVERY = 8, ENV_BYTES = 8 }; /* so often, and once in so many decisions */

lp_status teach_open(const lp_train *t, lp_err *err) {
    if (t->config.teach <= 0) return LP_OK;
    if (t->config.ppo.clone_weight <= 0) return lp_fail(err, LP_BAD_INPUT, "train.teach: with ppo.clone_weight = 0 nothing is imitated");
    if (lp_game_has_oracle(t->game)) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "train.teach: %s has no oracle (longplay.json: oracle)", lp_game_name(t->game));
}

/* What part of the running episode's decisions the oracle makes: from the episode's number, so that a checkpoint need not know it. */
static float share(const lp_train *t, const player *p) {
    lp_rng rng = lp_rng_make((uint64_t)t->config.seed ^ (uint64_t)(p - t->players) << 32, p->n_episodes);
    const bool led = lp_rng_float(&rng) < (float)t->config.lead;
    return led ? 0.5f + 0.5f * lp_rng_float(&rng) : 0.0f;
}

bool teach_leads(const lp_train *t, const player *p) { return p->taught && share(t, p) > 0; }

lp_status teach_action(const lp_train *t, player *p, int *told, int *done) {
    const float led = share(t, p);
    lp_status status = lp_env_oracle(p->seat.env, told, &p->error);
    if (status) return status;
    if (led > 0 && lp_rng_float(&p->rng) < led) *done = *told;
    p->strays += led <= 0 && *done != *told;
    return LP_OK;
}

bool teach_lost(const player *p) { return p->taught && p->strays > MAY_STRAY + lp_env_steps(p->seat.env) / STRAY_EVERY; }

size_t teach_save_size(const lp_train *t) { return t->config.teach > 0 ? ENV_BYTES * (size_t)t->config.envs : 0; }

void teach_save(const lp_train *t, unsigned char *out) {
    for (int64_t e = 0; t->config.teach > 0 && e < t->config.envs; e++) memcpy(out + ENV_BYTES * e, &t->players[e].strays, ENV_BYTES);
}

lp_status teach_load(lp_train *t, const unsigned char *data, size_t size_bytes, bool anew, lp_err *err) {
    if (size_bytes < teach_save_size(t)) return lp_fail(err, LP_BAD_INPUT, "cut short");
    for (int64_t e = 0; t->config.teach > 0 && e < t->config.envs && !anew; e++) {
        memcpy(&t->players[e].strays, data + ENV_BYTES * e, ENV_BYTES);
        if (t->players[e].strays < 0 || t->players[e].strays > lp_env_steps(t->players[e].seat.env))
            return lp_fail(err, LP_BAD_INPUT, "what was taught is damaged");
    }
    return LP_OK;
}
