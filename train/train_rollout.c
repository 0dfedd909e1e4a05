/* Rollouts: observe, recall, act, step, remember, and write it all down.
 *
 * On a CPU the environments are cut into fixed groups; a group steps through all its decisions by itself, so threads meet once a
 * rollout. On a card they are cut into two halves: while the card acts for one, the threads emulate the other. Neither the number of threads
 * nor their order changes the result. */
#include "train/train_parts.h"

#include "base/log.h"

#include <string.h>

/* At a segment's start the whole context becomes the segment's old rows, in context order. */
static void begin_segment(lp_train *t, player *p, lp_segment *g) {
    lp_observation o;
    p->n_ended = 0;
    p->emulate_s = p->memory_s = p->forward_s = 0;
    lp_seat_look(&p->seat, &o);
    memcpy(g->old_vector, o.vector, (size_t)o.n_items * (size_t)t->memory.dim * sizeof(float));
    memcpy(g->old_salience, o.salience, (size_t)o.n_items * sizeof(float));
    memcpy(g->old_step, o.step, (size_t)o.n_items * sizeof(int64_t));
    if (o.state) memcpy(g->state, o.state, (size_t)p->seat.state_floats * sizeof(float));
    g->n_old = o.n_items;
    p->episode_offset = -lp_mem_steps(p->seat.mem);
}

/* Writes step s of the segment: the observation and where each context item's row is. */
static void record(lp_train *t, player *p, lp_segment *g, int s, const lp_observation *o) {
    const lp_policy_config *shape = lp_policy_shape(t->policy);
    size_t pixels = lp_policy_frame_bytes(t->policy), at = (size_t)s * (size_t)t->max_context;
    memcpy(g->pixels + (size_t)s * pixels, o->pixels, pixels);
    g->last_action[s] = o->last_action;
    g->n_items[s] = o->n_items;
    for (int j = 0; j < o->n_items; j++) {
        int64_t row = p->episode_offset + o->step[j];
        if (row >= 0) {
            g->row[at + (size_t)j] = t->max_context + (int32_t)row;
        } else {
            int k = 0;
            while (k < g->n_old && g->old_step[k] != o->step[j]) k++;
            g->row[at + (size_t)j] = k; /* items never come back once dropped, so k < n_old */
        }
        g->level[at + (size_t)j] = lp_policy_level_key(shape, o->level[j]);
        g->age[at + (size_t)j] = lp_policy_age_key(shape, o->now - o->step[j]);
    }
}

static lp_status take(lp_train *t, player *p, lp_segment *g, int s, const lp_decision *d) {
    g->action[s] = d->action;
    g->logp[s] = d->logp;
    g->value[s] = d->value;
    double from = lp_now_s();
    lp_outcome outcome = lp_seat_take(&p->seat, d, g->action[s]);
    lp_status status = LP_OK;
    g->reward[s] = outcome == LP_WIN ? 1.0f : outcome == LP_RUNNING ? 0.0f : -1.0f;
    g->end[s] = outcome != LP_RUNNING;
    if (g->end[s]) {
        p->ended[p->n_ended++] = outcome == LP_WIN;
        p->episode_offset = s + 1;
        status = train_begin_episode(t, p, &p->error);
    }
    p->emulate_s += lp_now_s() - from;
    return status;
}

/* What decision s is made from. */
static void look(lp_train *t, int e, int s, lp_observation *o) {
    player *p = &t->players[e];
    double from = lp_now_s();
    lp_seat_look(&p->seat, o);
    if (s < t->config.steps) record(t, p, lp_learner_segment(t->learner, e), s, o);
    p->memory_s += lp_now_s() - from;
}

/* What comes of decision s; after the last one only its value is of use. */
static lp_status go_on(lp_train *t, int e, int s, const lp_decision *d) {
    lp_segment *g = lp_learner_segment(t->learner, e);
    if (s < t->config.steps) return take(t, &t->players[e], g, s, d);
    g->value[s] = d->value;
    return LP_OK;
}

/* ---- on a CPU ---- */

static void group_job(void *context, int group, int worker) {
    lp_train *t = context;
    int first = group * TRAIN_GROUP, n = (int)t->config.envs - first < TRAIN_GROUP ? (int)t->config.envs - first : TRAIN_GROUP;
    lp_observation o[TRAIN_GROUP];
    lp_decision d[TRAIN_GROUP];
    player *players = &t->players[first];
    lp_status status = LP_OK;
    for (int i = 0; i < n; i++) begin_segment(t, &players[i], lp_learner_segment(t->learner, first + i));
    for (int s = 0; s <= t->config.steps && !status; s++) {
        for (int i = 0; i < n; i++) look(t, first + i, s, &o[i]);
        double from = lp_now_s();
        status = lp_actor_run(t->actors[worker], n, o, d, &players->error);
        players->forward_s += lp_now_s() - from;
        for (int i = 0; i < n && !status; i++) status = go_on(t, first + i, s, &d[i]);
    }
}

/* ---- on a card ---- */

typedef struct {
    lp_train *t;
    int first, n, step; /* its environments; the decision that they look at next */
    lp_actor *actor;
    bool emulating, acting;
} half;

static void half_job(void *context, int index, int worker) {
    (void)worker;
    half *h = context;
    lp_train *t = h->t;
    int e = h->first + index;
    lp_observation o;
    if (h->step == 0) begin_segment(t, &t->players[e], lp_learner_segment(t->learner, e));
    else if (go_on(t, e, h->step - 1, &t->decisions_now[e])) return;
    look(t, e, h->step, &o);
    lp_actor_look(h->actor, index, &o);
}

static void emulate(half *h, int lane) {
    h->emulating = true;
    lp_pool_start(h->t->pool, lane, h->n, half_job, h);
}

/* Looked at: the card decides. */
static lp_status act(half *h, int lane, lp_err *err) {
    lp_pool_wait(h->t->pool, lane);
    h->emulating = false;
    for (int i = 0; i < h->n; i++)
        if (h->t->players[h->first + i].error.message[0]) return LP_FAILED;
    h->acting = true;
    return lp_actor_start(h->actor, h->n, err);
}

/* Decided: the threads go on with it, or it was the last. */
static lp_status finish(half *h, int lane, double *waited_s, lp_err *err) {
    double from = lp_now_s();
    lp_status status = lp_actor_wait(h->actor, h->t->decisions_now + h->first, err);
    *waited_s += lp_now_s() - from;
    h->acting = false;
    if (status) return status;
    if (h->step < h->t->config.steps) {
        h->step++;
        emulate(h, lane);
        return LP_OK;
    }
    for (int i = 0; i < h->n && !status; i++) status = go_on(h->t, h->first + i, h->step, &h->t->decisions_now[h->first + i]);
    return status;
}

static lp_status halves(lp_train *t, double *waited_s, lp_err *err) {
    half all[TRAIN_HALVES];
    int n = t->n_halves, E = (int)t->config.envs;
    lp_status status = LP_OK;
    for (int k = 0; k < n; k++) {
        int first = k * ((E + 1) / 2);
        all[k] = (half){t, first, k ? E - first : (E + n - 1) / n, 0, t->actors[k], false, false};
        emulate(&all[k], k);
    }
    for (int64_t turn = 0; turn < n * (t->config.steps + 1) && !status; turn++) {
        int k = (int)(turn % n), other = (k + 1) % n;
        status = act(&all[k], k, err);
        if (!status && all[other].acting) status = finish(&all[other], other, waited_s, err);
    }
    if (!status && all[n - 1].acting) status = finish(&all[n - 1], n - 1, waited_s, err);
    for (int k = 0; k < n; k++) { /* after an error */
        if (all[k].emulating) lp_pool_wait(t->pool, k);
        if (all[k].acting) (void)lp_actor_wait(all[k].actor, t->decisions_now + all[k].first, NULL);
    }
    return status;
}

lp_status train_rollout(lp_train *t, double *forward_s, lp_err *err) {
    lp_status status = LP_OK;
    int64_t E = t->config.envs;
    *forward_s = 0;
    for (int64_t e = 0; e < E; e++) t->players[e].error.message[0] = 0;
    if (lp_policy_device(t->policy) == LP_DEVICE_CUDA) status = halves(t, forward_s, err);
    else lp_pool_run(t->pool, (int)((E + TRAIN_GROUP - 1) / TRAIN_GROUP), group_job, t);
    for (int64_t e = 0; e < E; e++) {
        if (t->players[e].error.message[0]) return lp_fail(err, LP_FAILED, "%s", t->players[e].error.message);
        *forward_s += t->players[e].forward_s;
    }
    return status;
}
