/* Each thread plays groups of environments in step, each environment taking the next episode when one ends. Which
 * environment plays which episode depends on timing, but an episode's course depends on its index alone: its seed, its
 * action RNG, and a forward pass whose rows do not influence each other. */
#include "evals/eval.h"

#include "base/log.h"
#include "base/pool.h"
#include "base/stop.h"
#include "evals/stats.h"
#include "harness/seat.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { GROUP = 8, CARD_GROUP = 32 }; /* environments that a thread plays at once; a card likes more */

typedef struct {
    const lp_game *game;
    const lp_eval_config *config;
    atomic_llong next, done, wins, losses, timeouts, decisions;
    atomic_int context_max;
    double start_s;
    lp_err *errors;      /* [n_jobs] */
    lp_status *statuses; /* [n_jobs] */
} evaluation;

static bool begin(evaluation *e, lp_seat *seat, lp_status *status, lp_err *err) {
    long long i = atomic_fetch_add(&e->next, 1);
    if (i >= e->config->episodes) return false;
    *status = lp_seat_begin(seat, lp_game_eval_seed(e->config->seed, (uint64_t)i), e->config->knobs, e->config->time_limit, err);
    return *status == LP_OK;
}

static void finish(evaluation *e, lp_outcome outcome) {
    atomic_fetch_add(outcome == LP_WIN ? &e->wins : outcome == LP_LOSS ? &e->losses : &e->timeouts, 1);
    long long done = atomic_fetch_add(&e->done, 1) + 1;
    if (e->config->progress)
        lp_progress("%s: %lld of %lld episodes, %lld wins, %.0f decisions/s", lp_game_name(e->game), done, (long long)e->config->episodes,
                    (long long)atomic_load(&e->wins), (double)atomic_load(&e->decisions) / (lp_now_s() - e->start_s));
}

/* One decision of each of n seats, policy or not. */
static lp_status step_all(evaluation *e, lp_seat *const *seats, int n, lp_actor *actor, lp_outcome *outcomes, lp_err *err) {
    lp_observation o[CARD_GROUP];
    lp_decision d[CARD_GROUP];
    int n_actions = lp_game_n_actions(e->game);
    if (e->config->player == LP_PLAYER_POLICY) {
        for (int i = 0; i < n; i++) {
            lp_seat_look(seats[i], &o[i]);
            int seen = atomic_load(&e->context_max);
            while (o[i].n_items > seen && !atomic_compare_exchange_weak(&e->context_max, &seen, o[i].n_items)) {
            }
        }
        lp_status status = lp_actor_run(actor, n, o, d, err);
        if (status) return status;
        for (int i = 0; i < n; i++) outcomes[i] = lp_seat_take(seats[i], &d[i], lp_decision_action(&d[i], n_actions, !e->config->sample));
    } else {
        for (int i = 0; i < n; i++) {
            int action = 0;
            lp_status status = LP_OK;
            if (e->config->player == LP_PLAYER_RANDOM) action = (int)lp_rng_below(&seats[i]->rng, (uint32_t)n_actions);
            else status = lp_env_oracle(seats[i]->env, &action, err);
            if (status) return status;
            outcomes[i] = lp_seat_take(seats[i], NULL, action);
        }
    }
    atomic_fetch_add(&e->decisions, n);
    return LP_OK;
}

static void job(void *context, int index, int worker) {
    (void)worker;
    evaluation *e = context;
    lp_err *err = &e->errors[index];
    lp_status status = LP_OK;
    lp_seat seats[CARD_GROUP] = {0}, *playing[CARD_GROUP];
    lp_actor *actor = NULL;
    const lp_emu_config blind = {.no_draw = true}, *emu = e->config->player == LP_PLAYER_POLICY ? NULL : &blind; /* only a policy looks */
    int n = 0, opened = 0, group = GROUP;
    if (e->config->policy && lp_policy_device(e->config->policy) == LP_DEVICE_CUDA)
        group = e->config->episodes < CARD_GROUP ? (int)e->config->episodes : CARD_GROUP;
    if (e->config->player == LP_PLAYER_POLICY)
        status = lp_actor_open(&actor, e->config->policy, group, lp_mem_max_context(&e->config->memory) + 1, err);
    while (!status && opened < group && atomic_load(&e->next) < e->config->episodes) {
        status = lp_seat_open(&seats[opened], e->game, &e->config->memory, e->config->policy, emu, err);
        if (!status && begin(e, &seats[opened], &status, err)) playing[n++] = &seats[opened];
        opened++;
    }
    while (!status && n > 0 && !lp_stop_asked()) {
        lp_outcome outcomes[CARD_GROUP];
        status = step_all(e, playing, n, actor, outcomes, err);
        for (int i = n - 1; i >= 0 && !status; i--) {
            if (outcomes[i] == LP_RUNNING) continue;
            finish(e, outcomes[i]);
            if (!begin(e, playing[i], &status, err)) playing[i] = playing[--n];
        }
    }
    for (int i = 0; i < opened; i++) lp_seat_close(&seats[i]);
    lp_actor_close(actor);
    e->statuses[index] = status;
}

lp_status lp_eval(const lp_game *game, const lp_eval_config *config, lp_eval_row *row, lp_err *err) {
    *row = (lp_eval_row){0};
    lp_status status = LP_OK;
    if ((status = lp_game_has_win_rate(game, config->time_limit, err))) return status;
    lp_pool *pool = lp_pool_open(config->n_threads);
    int n = pool ? lp_pool_threads(pool) : 1;
    evaluation e = {.game = game, .config = config, .start_s = lp_now_s()};
    e.errors = calloc((size_t)n, sizeof *e.errors);
    e.statuses = calloc((size_t)n, sizeof *e.statuses);
    if (!pool || !e.errors || !e.statuses) status = lp_fail(err, LP_FAILED, "out of memory or threads");
    else if (config->policy) status = lp_policy_threads(n, err);
    if (!status) {
        lp_pool_run(pool, n, job, &e);
        for (int i = 0; i < n && !status; i++)
            if ((status = e.statuses[i])) lp_fail(err, status, "%s", e.errors[i].message);
    }
    double seconds = lp_now_s() - e.start_s;
    int horizon = lp_game_find_knob(game, "horizon");
    *row = (lp_eval_row){.horizon = horizon >= 0 ? config->knobs[horizon] : 0,
                         .episodes = e.done,
                         .wins = e.wins,
                         .losses = e.losses,
                         .timeouts = e.timeouts,
                         .decisions = e.decisions,
                         .win_rate = e.done ? (double)e.wins / (double)e.done : 0,
                         .decisions_per_s = seconds > 0 ? (double)e.decisions / seconds : 0,
                         .context_items_max = e.context_max};
    lp_wilson(row->wins, row->episodes, 1.959964, &row->ci95[0], &row->ci95[1]);
    if (config->progress) lp_progress_end();
    free(e.errors);
    free(e.statuses);
    lp_pool_close(pool);
    return status;
}
