/* Acting: a batch of observations through the network, no allocation. */
#include "policy/model.h"

#include "base/arena.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct lp_actor {
    const lp_policy *policy; /* borrowed */
    int max_batch, max_context;
    lp_arena arena;
    activations a;        /* max_batch rows */
    model_eyes eyes;
    float *scratch;       /* the eyes' */
    float *seen_by;       /* [eye_floats] the weights of the convolutions that filled the rows of a */
    uint8_t *seen;        /* [max_batch][height * width] the pixels that they hold; what did not change is not computed again */
    int n_seen;
    float *weight;        /* [max_batch][heads * max_context] */
    int32_t *last_action; /* [max_batch] */
    uint8_t *level, *age; /* [max_context] */
};

uint8_t lp_policy_age_key(const lp_policy_config *shape, int64_t age) {
    int key = 0;
    while (age > 1 && key < shape->n_ages - 1) age >>= 1, key++;
    return (uint8_t)key;
}

uint8_t lp_policy_level_key(const lp_policy_config *shape, int level) {
    return (uint8_t)(level < shape->n_levels ? level : shape->n_levels - 1);
}

/* The weights of the convolutions come first of all. */
static size_t eye_bytes(const lp_policy *p) {
    return p->info[P_FEATURES_W].offset * sizeof(float);
}

lp_status lp_actor_open(lp_actor **out, const lp_policy *policy, int max_batch, int max_context, lp_err *err) {
    *out = NULL;
    lp_actor *actor = calloc(1, sizeof *actor);
    if (!actor) return lp_fail(err, LP_FAILED, "actor: out of memory");
    size_t heads = (size_t)policy->shape.heads, batch = (size_t)max_batch, context = (size_t)max_context;
    size_t floats = activations_floats(policy, max_batch, 0) * sizeof(float);
    size_t scratch = model_scratch_floats(policy) * sizeof(float), weights = batch * heads * context * sizeof(float);
    size_t eye = eye_bytes(policy), seen = batch * (size_t)policy->shape.width * (size_t)policy->shape.height;
    size_t need = lp_arena_need(floats) + lp_arena_need(scratch) + lp_arena_need(eye) + lp_arena_need(seen) + lp_arena_need(weights) +
                  lp_arena_need(batch * sizeof(int32_t)) + 2 * lp_arena_need(context);
    if (lp_arena_open(&actor->arena, need)) {
        free(actor);
        return lp_fail(err, LP_FAILED, "actor: out of memory (%zu bytes)", need);
    }
    actor->policy = policy;
    actor->max_batch = max_batch;
    actor->max_context = max_context;
    activations_carve(&actor->a, policy, max_batch, 0, lp_arena_take(&actor->arena, floats));
    actor->scratch = lp_arena_take(&actor->arena, scratch);
    actor->seen_by = lp_arena_take(&actor->arena, eye);
    actor->seen = lp_arena_take(&actor->arena, seen);
    actor->weight = lp_arena_take(&actor->arena, weights);
    actor->last_action = lp_arena_take(&actor->arena, batch * sizeof(int32_t));
    actor->level = lp_arena_take(&actor->arena, context);
    actor->age = lp_arena_take(&actor->arena, context);
    *out = actor;
    return LP_OK;
}

void lp_actor_close(lp_actor *actor) {
    if (!actor) return;
    lp_arena_close(&actor->arena);
    free(actor);
}

void lp_actor_run(lp_actor *actor, int n, const lp_observation *in, lp_decision *out) {
    assert(n >= 0 && n <= actor->max_batch);
    const lp_policy *p = actor->policy;
    const lp_policy_config *s = &p->shape;
    activations *a = &actor->a;
    size_t pixels = (size_t)s->height * s->width, read = (size_t)s->heads * s->dim;
    size_t state = (size_t)lp_policy_state_floats(p);
    if (!actor->eyes.scratch || memcmp(actor->seen_by, p->parameters, eye_bytes(p))) {
        memcpy(actor->seen_by, p->parameters, eye_bytes(p));
        model_eyes_open(&actor->eyes, p, actor->scratch);
        actor->n_seen = 0;
    }
    for (int i = 0; i < n; i++) {
        uint8_t *seen = actor->seen + (size_t)i * pixels;
        model_see(p, a, &actor->eyes, i, in[i].pixels, i < actor->n_seen ? seen : NULL);
        memcpy(seen, in[i].pixels, pixels);
        actor->last_action[i] = in[i].last_action;
        if (state) memcpy(a->prev + (size_t)i * state, in[i].state, state * sizeof(float));
    }
    if (n > actor->n_seen) actor->n_seen = n;
    model_encode(p, a, actor->last_action, n, actor->max_batch);
    model_core(p, a, actor->max_batch);
    model_remember(p, a, actor->max_batch);
    for (int i = 0; i < n; i++) {
        const lp_observation *o = &in[i];
        assert(o->n_items <= actor->max_context);
        for (int j = 0; j < o->n_items; j++) {
            actor->level[j] = lp_policy_level_key(s, o->level[j]);
            actor->age[j] = lp_policy_age_key(s, o->now - o->step[j]);
        }
        lp_read r = model_read(p, o->vector, o->salience);
        float *weight = actor->weight + (size_t)i * s->heads * actor->max_context;
        lp_k_read(a->read + (size_t)i * read, weight, &r, a->q + (size_t)i * read, NULL, actor->level, actor->age, o->n_items);
        out[i].weight = weight;
    }
    model_decide(p, a, actor->max_batch);
    for (int i = 0; i < n; i++) {
        memcpy(out[i].logit, a->logit + (size_t)i * s->n_actions, (size_t)s->n_actions * sizeof(float));
        out[i].value = a->value[i];
        out[i].salience = a->salience[i];
        out[i].item = a->item + (size_t)i * s->dim;
        out[i].state = state ? a->h + (size_t)i * state : NULL;
    }
}
