/* A build without CUDA: no policy ever has a card, so of all this only cuda_missing and cuda_open are reached. */
#include "policy/cuda.h"

#define UNUSED __attribute__((unused))

const char *cuda_missing(void) { return "this build of Longplay has no CUDA"; }

static lp_status none(lp_err *err) { return lp_fail(err, LP_BAD_INPUT, "%s", cuda_missing()); }

lp_status cuda_open(lp_cuda_card **out, const lp_policy *p UNUSED, bool bf16 UNUSED, lp_err *err) {
    *out = NULL;
    return none(err);
}

void cuda_close(lp_cuda_card *card UNUSED) {}

lp_status cuda_upload(lp_cuda_card *card UNUSED, const lp_policy *p UNUSED, lp_err *err) { return none(err); }

lp_status cuda_download(const lp_cuda_card *card UNUSED, const lp_policy *p UNUSED, void *out UNUSED, lp_err *err) { return none(err); }

lp_status cuda_actor_open(cuda_actor **out UNUSED, const lp_policy *p UNUSED, int max_batch UNUSED, int max_context UNUSED, lp_err *err) {
    return none(err);
}

void cuda_actor_close(cuda_actor *a UNUSED) {}

void cuda_actor_look(cuda_actor *a UNUSED, int row UNUSED, const lp_observation *in UNUSED) {}

lp_status cuda_actor_start(cuda_actor *a UNUSED, int n UNUSED, lp_err *err) { return none(err); }

lp_status cuda_actor_wait(cuda_actor *a UNUSED, int n UNUSED, lp_decision *out UNUSED, lp_err *err) { return none(err); }

const float *cuda_actor_attention(cuda_actor *a UNUSED, int row UNUSED) { return NULL; }

lp_status cuda_learner_open(cuda_learner **out UNUSED, const lp_learner *l UNUSED, lp_err *err) { return none(err); }

void cuda_learner_close(cuda_learner *c UNUSED) {}

lp_status cuda_learner_start(cuda_learner *c UNUSED, lp_learner *l UNUSED, double rate_scale UNUSED, lp_err *err) { return none(err); }

lp_status cuda_learner_wait(cuda_learner *c UNUSED, lp_learner *l UNUSED, lp_update_stats *stats UNUSED, lp_err *err) { return none(err); }

lp_status cuda_learner_publish(cuda_learner *c UNUSED, lp_err *err) { return none(err); }

lp_status cuda_learner_gradient(cuda_learner *c UNUSED, lp_learner *l UNUSED, float *gradient UNUSED, double *loss UNUSED, lp_err *err) {
    return none(err);
}

lp_status cuda_learner_moments(const cuda_learner *c UNUSED, void *m UNUSED, void *v UNUSED, lp_err *err) { return none(err); }

lp_status cuda_learner_set_moments(cuda_learner *c UNUSED, const lp_learner *l UNUSED, const void *m UNUSED, const void *v UNUSED,
                                   lp_err *err) {
    return none(err);
}
