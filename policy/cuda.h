/* The policy on a card: its weights there, acting, learning. Internal to policy/. Where Longplay is built without CUDA, cuda_none.c stands in
 * for the others, and no policy ever has a card. */
#ifndef LP_POLICY_CUDA_H
#define LP_POLICY_CUDA_H

#include "policy/model.h"

typedef struct lp_cuda_card lp_cuda_card;
typedef struct cuda_actor cuda_actor;
typedef struct cuda_learner cuda_learner;
typedef struct lp_learner lp_learner;

/* LP_BAD_INPUT: there is no card to use, or the network does not fit its kernels. LP_FAILED: the card failed or is full. */
lp_status cuda_open(lp_cuda_card **out, const lp_policy *p, bool bf16, lp_err *err);
void cuda_close(lp_cuda_card *card);
/* The host's weights become those that actors read; and these weights, copied to out. */
lp_status cuda_upload(lp_cuda_card *card, const lp_policy *p, lp_err *err);
lp_status cuda_download(const lp_cuda_card *card, const lp_policy *p, void *out, lp_err *err);
/* Why a card cannot be used; NULL: one can. */
const char *cuda_missing(void);

lp_status cuda_actor_open(cuda_actor **out, const lp_policy *p, int max_batch, int max_context, lp_err *err);
void cuda_actor_close(cuda_actor *a);
void cuda_actor_look(cuda_actor *a, int row, const lp_observation *in);
lp_status cuda_actor_start(cuda_actor *a, int n, lp_err *err);
lp_status cuda_actor_wait(cuda_actor *a, int n, lp_decision *out, lp_err *err);
const float *cuda_actor_attention(cuda_actor *a, int row);

lp_status cuda_learner_open(cuda_learner **out, const lp_learner *l, lp_err *err);
void cuda_learner_close(cuda_learner *c);
lp_status cuda_learner_start(cuda_learner *c, lp_learner *l, double rate_scale, lp_err *err);
lp_status cuda_learner_wait(cuda_learner *c, lp_learner *l, lp_update_stats *stats, lp_err *err);
lp_status cuda_learner_publish(cuda_learner *c, lp_err *err);
lp_status cuda_learner_gradient(cuda_learner *c, lp_learner *l, float *gradient, double *loss, lp_err *err);
lp_status cuda_learner_moments(const cuda_learner *c, void *m, void *v, lp_err *err);
lp_status cuda_learner_set_moments(cuda_learner *c, const lp_learner *l, const void *m, const void *v, lp_err *err);

#endif
