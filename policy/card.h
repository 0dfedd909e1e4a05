/* The policy on a card: its weights there, acting, learning. Internal to policy/. Where Longplay is built without CUDA, card_none.c stands in
 * for the others, and no policy ever has a card. */
#ifndef LP_POLICY_CARD_H
#define LP_POLICY_CARD_H

#include "policy/model.h"

typedef struct lp_card lp_card;
typedef struct card_actor card_actor;
typedef struct card_learner card_learner;
typedef struct lp_learner lp_learner;

/* LP_BAD_INPUT: there is no card to use, or the network does not fit its kernels. LP_FAILED: the card failed or is full. */
lp_status card_open(lp_card **out, const lp_policy *p, bool bf16, lp_err *err);
void card_close(lp_card *card);
/* The host's weights become those that actors read; and these weights, copied to out. */
lp_status card_upload(lp_card *card, const lp_policy *p, lp_err *err);
lp_status card_download(const lp_card *card, const lp_policy *p, void *out, lp_err *err);
/* Why a card cannot be used; NULL: one can. */
const char *card_missing(void);

lp_status card_actor_open(card_actor **out, const lp_policy *p, int max_batch, int max_context, lp_err *err);
void card_actor_close(card_actor *a);
void card_actor_look(card_actor *a, int row, const lp_observation *in);
lp_status card_actor_start(card_actor *a, int n, lp_err *err);
lp_status card_actor_wait(card_actor *a, int n, lp_decision *out, lp_err *err);
const float *card_actor_attention(card_actor *a, int row);

lp_status card_learner_open(card_learner **out, const lp_learner *l, lp_err *err);
void card_learner_close(card_learner *c);
lp_status card_learner_start(card_learner *c, lp_learner *l, double rate_scale, lp_err *err);
lp_status card_learner_wait(card_learner *c, lp_learner *l, lp_update_stats *stats, lp_err *err);
lp_status card_learner_publish(card_learner *c, lp_err *err);
lp_status card_learner_gradient(card_learner *c, lp_learner *l, float *gradient, double *loss, lp_err *err);
lp_status card_learner_moments(const card_learner *c, void *m, void *v, lp_err *err);
lp_status card_learner_set_moments(card_learner *c, const lp_learner *l, const void *m, const void *v, lp_err *err);

#endif
