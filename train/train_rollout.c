/* Rollouts: observe, recall, act, step, remember, and write it all down.
 *
 * On a CPU the environments are cut into fixed groups; a group steps through all its decisions by itself, so threads meet once a
 * rollout. On a card they are cut into two halves: while the card acts for one, the threads emulate the other. Neither the number of threads
 * nor their order changes the result. */
#include "train/train_parts.h"

#include "base/log.h"

#include <string.h>

/* rows, d: as in past_renew. */
static lp_status begin_segment(lp_train *t, int e, lp_actor *actor, lp_decision *d, int rows, lp_err *err) {
    player *p = &t->players[e];
    lp_segment *g = lp_learner_segment(t->learner, e);
    p->n_ended = 0;
    p->emulate_s = p->memory_s = p->forward_s = 0;
    if (p->seat.state) memcpy(g->state, p->seat.state, (size_t)p->seat.state_floats * sizeof(float));
    g->n_old = g->n_again = 0;
    p->episode_offset = -lp_mem_steps(p->seat.mem);
    p->first_row = 0;
    p->old_from = 0, p->old_to = -1;
    p->n_begun = 0;
    lp_status status = past_renew(t, e, actor, d, rows, err);
    p->again_from = 0, p->again_to = g->n_again;
    return status || !t->demos ? status : guide_draw(t, e, actor, d, rows, err);
}

/* The row of the item of that step, if it is encoded again, or -1. As all are in order of step, it is looked for from where the last was. */
static int32_t again_row(const lp_train *t, const player *p, const lp_segment *g, int64_t step, int *from) {
    while (*from < p->again_to && g->again_step[*from] < step) ++*from;
    return *from < p->again_to && g->again_step[*from] == step ? t->max_old + *from : -1;
}

/* The row of item j of o, which is from before the segment: one of those from first to n_known, of the decisions before, or a new one; -1 where
 * there is no room for it. Contexts change little from one decision to the next, so it is looked for from where the last was found. */
static int32_t old_row(const lp_train *t, lp_segment *g, const lp_observation *o, int j, int first, int n_known, int *from) {
    size_t dim = (size_t)t->memory.dim;
    for (int k = first; k < n_known; k++) {
        int at = *from;
        *from = at + 1 < n_known ? at + 1 : first;
        if (g->old_step[at] == o->step[j]) return at;
    }
    if (g->n_old == t->max_old) return -1;
    memcpy(g->old_vector + (size_t)g->n_old * dim, o->vector + (size_t)j * dim, dim * sizeof(float));
    g->old_salience[g->n_old] = o->salience[j];
    g->old_step[g->n_old] = o->step[j];
    return g->n_old++;
}

/* Writes step s of the segment: the observation and where each context item's row is. */
static lp_status record(const lp_train *t, player *p, lp_segment *g, int s, const lp_observation *o) {
    size_t pixels = lp_policy_frame_bytes(t->policy), at = (size_t)s * (size_t)t->max_context;
    int n_known = p->old_to < 0 ? g->n_old : p->old_to, from = p->old_from, again = p->again_from;
    memcpy(g->pixels + (size_t)s * pixels, o->pixels, pixels);
    g->last_action[s] = o->last_action;
    past_note_state(&p->past, t, s, o->state);
    g->n_items[s] = o->n_items;
    lp_policy_keys(lp_policy_shape(t->policy), o, g->level + at, g->age + at);
    for (int j = 0; j < o->n_items; j++) {
        int64_t row = p->episode_offset + o->step[j];
        int32_t *to = &g->row[at + (size_t)j];
        *to = row >= p->first_row ? t->max_old + t->max_again + (int32_t)row : again_row(t, p, g, o->step[j], &again);
        if (*to < 0) *to = old_row(t, g, o, j, p->old_from, n_known, &from);
        if (*to < 0)
            return lp_fail(&p->error, LP_FAILED, "memory %s: item %lld came back into a context that had left it out",
                           lp_mem_arch_name(t->memory.arch), (long long)o->step[j]);
    }
    /* what is from before the segment is all in the first context: nothing comes back, but to a memory that is asked */
    if (p->old_to < 0 && !p->seat.asks) p->old_to = g->n_old;
    if (p->n_begun && !p->seat.asks) p->drawn[(p->n_begun - 1) % N_DRAWN].to = p->old_to;
    return LP_OK;
}

/* An episode has begun within the segment, after step s: which rows are its own. Those of a start are shared by all that begin there. */
static void begin_rows(player *p, const lp_segment *g, int s) {
    const int i = p->n_begun % N_DRAWN;
    const bool again = p->drawn[i].from >= 0 && !p->seat.asks;
    p->episode_offset = s + 1 - lp_mem_steps(p->seat.mem);
    p->first_row = s + 1;
    p->again_from = p->drawn[i].again_from, p->again_to = p->drawn[i].again_to;
    p->old_from = again ? p->drawn[i].from : g->n_old;
    p->old_to = again ? p->drawn[i].to : -1;
    p->drawn[i].from = p->old_from, p->drawn[i].to = p->old_to;
    p->n_begun++;
}

static lp_status take(lp_train *t, player *p, lp_segment *g, int s, const lp_decision *d) {
    const bool follows = p->demo >= 0, told = follows || p->taught;
    lp_status status = LP_OK;
    int action = d->action, learned = action;
    if (follows) action = learned = guide_action(t, p);
    else if (p->taught) status = teach_action(t, p, &learned, &action);
    if (status) return status;
    g->action[s] = learned;
    g->logp[s] = told ? LP_TOLD : d->logp;
    g->value[s] = d->value;
    double from = lp_now_s();
    lp_outcome outcome = lp_seat_take(&p->seat, d, action);
    if (!outcome && p->deadline && lp_env_steps(p->seat.env) >= p->deadline) outcome = LP_TIMEOUT;
    if (!outcome && teach_lost(p)) outcome = LP_TIMEOUT;
    g->reward[s] = (outcome == LP_WIN ? 1.0f : outcome == LP_RUNNING ? 0.0f : -1.0f) + bonus_take(t, p, outcome);
    g->end[s] = outcome != LP_RUNNING;
    if (follows) status = guide_followed(t, p, outcome);
    if (g->end[s] && !status) {
        if (!follows && !teach_leads(t, p)) p->ended[p->n_ended++] = outcome == LP_WIN;
        status = train_begin_episode(t, p, &p->error);
        begin_rows(p, g, s);
    }
    p->emulate_s += lp_now_s() - from;
    return status;
}

/* What decision s is made from; and its record, which a memory that asks for the query lets wait for the decision. */
static void look(lp_train *t, int e, lp_observation *o) {
    player *p = &t->players[e];
    double from = lp_now_s();
    lp_seat_look(&p->seat, o);
    p->memory_s += lp_now_s() - from;
}

static lp_status note(lp_train *t, int e, int s, lp_observation *o) {
    player *p = &t->players[e];
    double from = lp_now_s();
    o->n_items = p->seat.n_items;
    lp_segment *g = lp_learner_segment(t->learner, e);
    lp_status status = s < t->config.steps && p->demo >= 0 ? guide_leave(t, p, g) : LP_OK;
    if (s < t->config.steps && !status) status = record(t, p, g, s, o);
    p->memory_s += lp_now_s() - from;
    return status;
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
    for (int i = 0; i < n && !status; i++) status = begin_segment(t, first + i, t->actors[worker], d, TRAIN_GROUP, &players->error);
    for (int s = 0; s <= t->config.steps && !status; s++) {
        for (int i = 0; i < n; i++) look(t, first + i, &o[i]);
        double from = lp_now_s();
        status = lp_actor_run(t->actors[worker], n, o, d, &players->error);
        players->forward_s += lp_now_s() - from;
        for (int i = 0; i < n && !status; i++) status = note(t, first + i, s, &o[i]);
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
    if (h->step && go_on(t, e, h->step - 1, &t->decisions_now[e])) return;
    look(t, e, &o);
    if (!note(t, e, h->step, &o)) lp_actor_look(h->actor, index, &o);
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
        for (int e = first; e < first + all[k].n && !status; e++)
            status = begin_segment(t, e, t->actors[k], t->decisions_now + first, all[k].n, err);
        if (!status) emulate(&all[k], k);
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

/* ---- either way ---- */

static void gather_job(void *context, int e, int worker) {
    lp_train *t = context;
    (void)worker;
    (void)past_gather(t, &t->players[e], lp_learner_segment(t->learner, e));
}

static lp_status first_error(const lp_train *t, lp_err *err) {
    for (int64_t e = 0; e < t->config.envs; e++)
        if (t->players[e].error.message[0]) return lp_fail(err, LP_FAILED, "%s", t->players[e].error.message);
    return LP_OK;
}

/* Starts that no episode began at are not encoded again: those that were drawn first were begun from first. */
static void drop_unused(lp_train *t) {
    for (int64_t e = 0; e < t->config.envs; e++) {
        const player *p = &t->players[e];
        const int used = p->n_begun < N_DRAWN ? p->n_begun : N_DRAWN;
        if (used < N_DRAWN) lp_learner_segment(t->learner, (int)e)->n_again = p->drawn[used].again_from;
    }
}

lp_status train_rollout(lp_train *t, double *forward_s, lp_err *err) {
    lp_status status = LP_OK;
    int64_t E = t->config.envs;
    *forward_s = 0;
    for (int64_t e = 0; e < E; e++) t->players[e].error.message[0] = 0;
    if (lp_policy_device(t->policy) == LP_DEVICE_CUDA) status = halves(t, forward_s, err);
    else lp_pool_run(t->pool, (int)((E + TRAIN_GROUP - 1) / TRAIN_GROUP), group_job, t);
    if (first_error(t, err)) return LP_FAILED;
    if (t->demos) drop_unused(t);
    if (t->max_again && !status) lp_pool_run(t->pool, (int)E, gather_job, t);
    for (int64_t e = 0; e < E; e++) *forward_s += t->players[e].forward_s;
    return status ? status : first_error(t, err);
}
