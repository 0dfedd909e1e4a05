#include "harness/demo_try.h"

#include "base/stop.h"
#include "harness/demo.h"
#include "harness/seat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lp_demo_trial {
    const lp_game *game;
    lp_seat seat;
    lp_actor *actor;
    bool samples;
    unsigned char *saved; /* the seat where an attempt began */
    size_t room;
};

lp_status lp_demo_trial_open(lp_demo_trial **out, const lp_game *game, const lp_policy *policy, const lp_mem_config *memory, lp_err *err) {
    lp_demo_trial *t = *out = calloc(1, sizeof *t);
    if (!t) return lp_fail(err, LP_FAILED, "out of memory");
    t->game = game;
    t->samples = lp_policy_samples(policy);
    lp_status status = lp_seat_open(&t->seat, game, memory, policy, NULL, err);
    if (!status) status = lp_actor_open(&t->actor, policy, 1, lp_mem_max_context(memory) + 1, err);
    return status;
}

void lp_demo_trial_close(lp_demo_trial *t) {
    if (!t) return;
    lp_actor_close(t->actor);
    lp_seat_close(&t->seat);
    free(t->saved);
    free(t);
}

/* action -1: the policy's. */
static lp_status decide(lp_demo_trial *t, int action, lp_outcome *outcome, lp_err *err) {
    lp_observation o;
    lp_decision d;
    lp_seat_look(&t->seat, &o);
    lp_status status = lp_actor_run(t->actor, 1, &o, &d, err);
    if (status) return status;
    if (action < 0) action = lp_decision_action(&d, lp_game_n_actions(t->game), !t->samples);
    *outcome = lp_seat_take(&t->seat, &d, action);
    return LP_OK;
}

static void note_events(const lp_seat *seat, lp_demo_tried *tried) {
    const lp_event *events;
    const int n = lp_env_events(seat->env, &events);
    if (n) snprintf(tried->last, sizeof tried->last, "%s", events[n - 1].text);
}

/* The policy alone from here; then all is as it was. */
static lp_status attempt(lp_demo_trial *t, int64_t most, lp_demo_tried *tried, lp_err *err) {
    const size_t bytes = lp_seat_save_size(&t->seat);
    if (bytes > t->room) {
        unsigned char *more = realloc(t->saved, bytes);
        if (!more) return lp_fail(err, LP_FAILED, "out of memory");
        t->saved = more, t->room = bytes;
    }
    lp_seat_save(&t->seat, t->saved);
    lp_status status = LP_OK;
    lp_outcome outcome = LP_RUNNING;
    *tried = (lp_demo_tried){0};
    while (!status && !outcome && tried->decisions < most && !lp_stop_asked()) {
        status = decide(t, -1, &outcome, err);
        tried->decisions++;
        note_events(&t->seat, tried);
    }
    tried->outcome = outcome ? (int)outcome : LP_TIMEOUT;
    return status ? status : lp_seat_load(&t->seat, t->saved, bytes, err);
}

lp_status lp_demo_try(lp_demo_trial *t, const lp_demo *demo, const int64_t *before_end, int n, double patience, lp_demo_tried *tried,
                      lp_err *err) {
    memset(tried, 0, (size_t)n * sizeof *tried);
    int16_t *actions = calloc((size_t)demo->n_decisions, sizeof *actions);
    lp_status status = actions ? lp_demo_actions(demo, t->game, actions, err) : lp_fail(err, LP_FAILED, "out of memory");
    if (!status) status = lp_seat_begin(&t->seat, demo->seed, demo->knobs, 0, err);
    for (int64_t i = 0; i < demo->n_decisions && !status && !lp_stop_asked(); i++) {
        const int64_t left = demo->n_decisions - i;
        lp_outcome outcome = LP_RUNNING;
        for (int k = 0; k < n && !status; k++)
            if (before_end[k] == left) status = attempt(t, (int64_t)(patience * (double)left) + 64, &tried[k], err);
        if (!status) status = decide(t, actions[i], &outcome, err);
        if (!status && outcome && left > 1)
            status = lp_fail(err, LP_BAD_INPUT, "played again it ends after %lld decisions instead of %lld", (long long)i + 1,
                             (long long)demo->n_decisions);
    }
    free(actions);
    return status;
}
