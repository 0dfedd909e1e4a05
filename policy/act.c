/* Acting: a batch of observations through the network, no allocation. */
#include "policy/cuda.h"

#include "base/arena.h"
#include "base/contract.h"

#include <stdlib.h>
#include <string.h>

struct lp_actor {
    const lp_policy *policy; /* borrowed */
    int max_batch, max_context;
    cuda_actor *card; /* owned; where there is one, of what follows only n is used */
    lp_arena arena;
    activations a; /* max_batch rows */
    model_eyes eyes;
    float *scratch;   /* the eyes' */
    float *features;  /* the next layer's weights, packed; NULL: as they are */
    uint64_t version; /* of the weights that eyes and features were made of */
    uint8_t *seen;    /* [max_batch][height * width] the pixels that they hold; what did not change is not computed again */
    int n_seen;
    float *weight;        /* [max_batch][heads * max_context] */
    lp_observation *in;   /* [max_batch] */
    int n;                /* of them, since the start */
    int32_t *last_action; /* [max_batch] */
    uint8_t *level, *age; /* [max_context] */
};

static uint8_t age_key(const lp_policy_config *shape, int64_t age) {
    int key = 0;
    while (age > 1 && key < shape->n_ages - 1) age >>= 1, key++;
    return (uint8_t)key;
}

void lp_policy_keys(const lp_policy_config *shape, const lp_observation *o, uint8_t *level, uint8_t *age) {
    for (int j = 0; j < o->n_items; j++) {
        level[j] = (uint8_t)(o->level[j] < shape->n_levels ? o->level[j] : shape->n_levels - 1);
        age[j] = age_key(shape, o->now - o->step[j]);
    }
}

lp_status lp_actor_open(lp_actor **out, const lp_policy *policy, int max_batch, int max_context, lp_err *err) {
    *out = NULL;
    lp_actor *actor = calloc(1, sizeof *actor);
    if (!actor) return lp_fail(err, LP_FAILED, "actor: out of memory");
    actor->policy = policy;
    actor->max_batch = max_batch;
    actor->max_context = max_context;
    if (policy->card) {
        lp_status status = cuda_actor_open(&actor->card, policy, max_batch, max_context, err);
        if (status) free(actor);
        else *out = actor;
        return status;
    }
    size_t heads = (size_t)policy->shape.heads, batch = (size_t)max_batch, context = (size_t)max_context;
    size_t floats = activations_floats(policy, max_batch, 0) * sizeof(float);
    size_t scratch = model_scratch_floats(policy) * sizeof(float), weights = batch * heads * context * sizeof(float);
    bool packs = lp_k_linear_packs(policy->flat, policy->shape.hidden);
    size_t features = packs ? (size_t)policy->flat * (size_t)policy->shape.hidden * sizeof(float) : 0,
           seen = batch * (size_t)policy->shape.width * (size_t)policy->shape.height;
    size_t need = lp_arena_need(floats) + lp_arena_need(scratch) + lp_arena_need(features) + lp_arena_need(seen) + lp_arena_need(weights) +
                  lp_arena_need(batch * sizeof(int32_t)) + lp_arena_need(batch * sizeof *actor->in) + 2 * lp_arena_need(context);
    if (lp_arena_open(&actor->arena, need)) {
        free(actor);
        return lp_fail(err, LP_FAILED, "actor: out of memory (%zu bytes)", need);
    }
    activations_carve(&actor->a, policy, max_batch, 0, lp_arena_take(&actor->arena, floats));
    actor->scratch = lp_arena_take(&actor->arena, scratch);
    if (packs) actor->features = lp_arena_take(&actor->arena, features);
    actor->seen = lp_arena_take(&actor->arena, seen);
    actor->weight = lp_arena_take(&actor->arena, weights);
    actor->in = lp_arena_take(&actor->arena, batch * sizeof *actor->in);
    actor->last_action = lp_arena_take(&actor->arena, batch * sizeof(int32_t));
    actor->level = lp_arena_take(&actor->arena, context);
    actor->age = lp_arena_take(&actor->arena, context);
    *out = actor;
    return LP_OK;
}

void lp_actor_close(lp_actor *actor) {
    if (!actor) return;
    cuda_actor_close(actor->card);
    lp_arena_close(&actor->arena);
    free(actor);
}

int lp_decision_action(const lp_decision *decision, int n_actions, bool greedy) {
    if (!greedy) return decision->action;
    int best = 0;
    for (int a = 1; a < n_actions; a++)
        if (decision->logit[a] > decision->logit[best]) best = a;
    return best;
}

void lp_actor_look(lp_actor *actor, int row, const lp_observation *in) {
    LP_CHECK(row >= 0 && row < actor->max_batch && in->n_items <= actor->max_context);
    LP_CHECK(!actor->card || !in->recall);
    if (actor->card) cuda_actor_look(actor->card, row, in);
    else actor->in[row] = *in;
}

lp_status lp_actor_start(lp_actor *actor, int n, lp_err *err) {
    LP_CHECK(n >= 0 && n <= actor->max_batch);
    actor->n = n;
    return actor->card ? cuda_actor_start(actor->card, n, err) : LP_OK;
}

static void see(lp_actor *actor) {
    const lp_policy *p = actor->policy;
    size_t pixels = (size_t)p->shape.height * p->shape.width, state = (size_t)lp_policy_state_floats(p);
    if (!actor->eyes.scratch || actor->version != p->version) {
        actor->version = p->version;
        model_eyes_open(&actor->eyes, p, actor->scratch);
        if (actor->features) lp_k_linear_pack(actor->features, param(p, P_FEATURES_W), p->flat, p->shape.hidden);
        actor->n_seen = 0;
    }
    for (int i = 0; i < actor->n; i++) {
        const lp_observation *in = &actor->in[i];
        uint8_t *seen = actor->seen + (size_t)i * pixels;
        model_see(p, &actor->a, &actor->eyes, i, in->pixels, i < actor->n_seen ? seen : NULL);
        memcpy(seen, in->pixels, pixels);
        actor->last_action[i] = in->last_action;
        if (state) memcpy(actor->a.prev + (size_t)i * state, in->state, state * sizeof(float));
    }
    if (actor->n > actor->n_seen) actor->n_seen = actor->n;
}

static void recall(lp_actor *actor, int i) {
    const lp_policy *p = actor->policy;
    const lp_policy_config *s = &p->shape;
    lp_observation *o = &actor->in[i];
    size_t read = (size_t)s->heads * s->dim;
    if (o->recall) o->n_items = o->recall(o->memory, actor->a.q + (size_t)i * read);
    LP_CHECK(o->n_items <= actor->max_context);
    lp_policy_keys(s, o, actor->level, actor->age);
    lp_read r = model_read(p, o->vector, o->salience);
    lp_k_read(actor->a.read + (size_t)i * read, actor->weight + (size_t)i * s->heads * actor->max_context, &r,
              actor->a.q + (size_t)i * read, model_order(p, actor->a.order, i), NULL, actor->level, actor->age, o->n_items);
}

lp_status lp_actor_wait(lp_actor *actor, lp_decision *out, lp_err *err) {
    if (actor->card) return cuda_actor_wait(actor->card, actor->n, out, err);
    const lp_policy *p = actor->policy;
    const lp_policy_config *s = &p->shape;
    activations *a = &actor->a;
    size_t state = (size_t)lp_policy_state_floats(p);
    int n = actor->n, rows = actor->max_batch <= LP_FEW_ROWS ? n : actor->max_batch; /* a BLAS's bits depend on how many there are */
    see(actor);
    model_encode(p, a, actor->features, actor->last_action, n, rows);
    model_core(p, a, a->prev, NULL, rows, 1);
    model_remember(p, a, rows);
    for (int i = 0; i < n; i++) recall(actor, i);
    model_decide(p, a, rows);
    for (int i = 0; i < n; i++) {
        lp_decision *d = &out[i];
        int32_t action;
        uint64_t now = (uint64_t)actor->in[i].now;
        memcpy(d->logit, a->logit + (size_t)i * s->n_actions, (size_t)s->n_actions * sizeof(float));
        lp_k_sample(&action, &d->logp, d->logit, 1, s->n_actions, &actor->in[i].seed, &now);
        d->action = action;
        d->value = a->value[i];
        d->salience = a->salience[i];
        d->item = a->item + (size_t)i * s->dim;
        d->state = state ? a->next + (size_t)i * state : NULL;
    }
    return LP_OK;
}

const float *lp_actor_attention(lp_actor *actor, int row) {
    if (actor->card) return cuda_actor_attention(actor->card, row);
    return actor->weight + (size_t)row * actor->policy->shape.heads * actor->max_context;
}

lp_status lp_actor_run(lp_actor *actor, int n, const lp_observation *in, lp_decision *out, lp_err *err) {
    for (int i = 0; i < n; i++) lp_actor_look(actor, i, &in[i]);
    lp_status status = lp_actor_start(actor, n, err);
    return status ? status : lp_actor_wait(actor, out, err);
}
