/* What learning is made of, whatever the device. Internal to policy/. */
#ifndef LP_POLICY_LEARNER_H
#define LP_POLICY_LEARNER_H

#include "policy/cuda.h"

#include "base/arena.h"
#include "base/rng.h"

/* The learner of one device; exactly one of lp_learner's two is there. */
typedef struct cpu_learner cpu_learner;

struct lp_learner {    /* lp_learner */
    lp_policy *policy; /* borrowed */
    lp_ppo_config config;
    int n_envs, n_steps, max_context, max_old, max_again;
    lp_arena arena;       /* the segments; each of their arrays is [n_envs] times as long as one segment's, without gaps */
    lp_segment *segments; /* [n_envs] */
    lp_rng rng;           /* shuffles environments into minibatches */
    int32_t *order;       /* [n_envs] as last shuffled */
    int32_t *orders;      /* [epochs][n_envs] of an update */
    int64_t adam_step;
    struct { /* as an update found them: they come back when it diverges */
        lp_rng rng;
        int32_t *order; /* [n_envs] */
        int64_t adam_step;
    } before;
    bool under_way;        /* between start and wait */
    lp_update_stats stats; /* of the last update */
    cpu_learner *cpu;      /* owned */
    cuda_learner *card;    /* owned */
};

/* The arrays of a segment: offset of the field in lp_segment, bytes of one segment's. */
typedef struct {
    size_t field, bytes;
} learner_array;
enum { LEARNER_ARRAYS = 19, LEARNER_CARD_ARRAYS = LEARNER_ARRAYS - 2 }; /* a card has no use for the last two, the caller's steps */
void learner_arrays(const lp_learner *l, learner_array out[LEARNER_ARRAYS]);

/* The minibatch `part` of `parts`: environments [*from, *to) of an order. */
static inline void learner_part(const lp_learner *l, int part, int parts, int *from, int *to) {
    *from = (int)((int64_t)part * l->n_envs / parts);
    *to = (int)((int64_t)(part + 1) * l->n_envs / parts);
}
int learner_parts(const lp_learner *l);
lp_status learner_diverged(lp_err *err);
/* The sum of losses that a gradient is of. */
static inline double learner_loss(const lp_learner *l, const lp_ppo_sums *s) {
    const lp_ppo_config *c = &l->config;
    return s->policy_loss + c->value_weight * s->value_loss - c->entropy_weight * s->entropy + c->salience_weight * s->salience_loss -
           c->attention_weight * s->attention_entropy + c->clone_weight * s->clone_loss;
}
/* What lp_k_salience_loss passes over of attention. Where salience is in the logits, what it says would draw attention, which it would predict,
 * and so on without end; nothing is passed over there. */
static inline float learner_even(const lp_learner *l) { return l->policy->shape.bias == LP_BIAS_NONE; }
/* One minibatch of `rows` decisions into the sums that become an update's means. */
void learner_add(lp_update_stats *stats, const lp_ppo_sums *sums, double rows, double grad_norm);

lp_status cpu_learner_open(cpu_learner **out, const lp_learner *l, int n_workers, lp_err *err);
void cpu_learner_close(cpu_learner *c);
/* All epochs of l->orders; l->adam_step goes on. When it diverges weights and moments are as before. */
lp_status cpu_learner_update(cpu_learner *c, lp_learner *l, lp_pool *pool, double rate_scale, lp_update_stats *stats, lp_err *err);
double cpu_learner_gradient(cpu_learner *c, lp_learner *l, lp_pool *pool, float *gradient);
/* Adam's moments, n_parameters floats each, of any alignment. */
void cpu_learner_moments(const cpu_learner *c, void *m, void *v);
void cpu_learner_set_moments(cpu_learner *c, const void *m, const void *v);

#endif
