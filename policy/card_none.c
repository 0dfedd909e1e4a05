/* A build without CUDA: no policy ever has a card, so of all this only card_missing and card_open are reached. */
#include "policy/card.h"

#define UNUSED __attribute__((unused))

const char *card_missing(void) {
    return "this build of Longplay has no CUDA";
}

static lp_status none(lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "%s", card_missing());
}

lp_status card_open(lp_card **out, const lp_policy *p UNUSED, bool bf16 UNUSED, lp_err *err) {
    *out = NULL;
    return none(err);
}

void card_close(lp_card *card UNUSED) {}

lp_status card_upload(lp_card *card UNUSED, const lp_policy *p UNUSED, lp_err *err) {
    return none(err);
}

lp_status card_download(const lp_card *card UNUSED, const lp_policy *p UNUSED, void *out UNUSED, lp_err *err) {
    return none(err);
}

lp_status card_actor_open(card_actor **out UNUSED, const lp_policy *p UNUSED, int max_batch UNUSED, int max_context UNUSED, lp_err *err) {
    return none(err);
}

void card_actor_close(card_actor *a UNUSED) {}

void card_actor_look(card_actor *a UNUSED, int row UNUSED, const lp_observation *in UNUSED) {}

lp_status card_actor_start(card_actor *a UNUSED, int n UNUSED, lp_err *err) {
    return none(err);
}

lp_status card_actor_wait(card_actor *a UNUSED, int n UNUSED, lp_decision *out UNUSED, lp_err *err) {
    return none(err);
}

const float *card_actor_attention(card_actor *a UNUSED, int row UNUSED) {
    return NULL;
}

lp_status card_learner_open(card_learner **out UNUSED, const lp_learner *l UNUSED, lp_err *err) {
    return none(err);
}

void card_learner_close(card_learner *c UNUSED) {}

lp_status card_learner_start(card_learner *c UNUSED, lp_learner *l UNUSED, double rate_scale UNUSED, lp_err *err) {
    return none(err);
}

lp_status card_learner_wait(card_learner *c UNUSED, lp_learner *l UNUSED, lp_update_stats *stats UNUSED, lp_err *err) {
    return none(err);
}

lp_status card_learner_publish(card_learner *c UNUSED, lp_err *err) {
    return none(err);
}

lp_status card_learner_gradient(card_learner *c UNUSED, lp_learner *l UNUSED, float *gradient UNUSED, double *loss UNUSED, lp_err *err) {
    return none(err);
}

lp_status card_learner_moments(const card_learner *c UNUSED, void *m UNUSED, void *v UNUSED, lp_err *err) {
    return none(err);
}

lp_status card_learner_set_moments(card_learner *c UNUSED, const lp_learner *l UNUSED, const void *m UNUSED, const void *v UNUSED, lp_err *err) {
    return none(err);
}
