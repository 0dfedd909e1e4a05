#include "harness/pursuit.h"

#include "base/contract.h"
#include "base/log.h"
#include "harness/run_parts.h"

#include <stdio.h>
#include <string.h>

#define PART 0.25      /* of the time that is spent on the second run */
enum { AT_LEAST = 2 }; /* decisions of it beside each of the first: so it comes nearer, however slow they are */

static void tell(lp_pursuit *p, const char *why) { snprintf(p->note, sizeof p->note, "not recorded: %s", why); }

void lp_pursuit_begin(lp_pursuit *p, lp_run *run, const lp_err *why) {
    tell(p, why->message);
    lp_warn("%s: it goes on unrecorded", why->message);
    lp_run_unrecord(run);
    p->tried_s = p->turned_s = lp_now_s();
}

/* One attempt, no more often than retry_s says. */
static lp_status attempt(lp_pursuit *p, lp_run *run, lp_err *err) {
    double now = lp_now_s();
    if (now - p->tried_s < p->retry_s) return lp_fail(err, LP_FAILED, "%s", p->note);
    p->tried_s = now;
    lp_status status = lp_run_again(&p->again, run, err);
    if (status) tell(p, err->message);
    return status ? LP_FAILED : LP_OK;
}

static lp_status step(lp_run *again, lp_err *err) {
    lp_status status = lp_run_think(again, err);
    return status ? status : lp_run_take(again, err);
}

lp_status lp_pursue(lp_pursuit *p, lp_run *run, lp_err *err) {
    lp_err why = {{0}}; /* for the note, whether the caller wants to know or not */
    const double now = lp_now_s(), until = now + PART * (now - p->turned_s);
    const int64_t goal = run->head.decisions;
    int64_t behind = 1;
    lp_status status = p->again ? LP_OK : attempt(p, run, &why);
    for (int n = 0; !status && behind && (n < AT_LEAST || lp_now_s() < until); n++) {
        behind = goal - p->again->head.decisions;
        LP_CHECK(behind >= 0);
        if (behind) status = step(p->again, &why);
    }
    if (!status && !behind) status = lp_run_save(p->again, &why);
    p->turned_s = lp_now_s();
    if (status && p->again) {
        tell(p, why.message);
        lp_run_give_back(p->again, run);
        p->again = NULL;
    }
    if (status) return lp_fail(err, LP_FAILED, "%s", why.message);
    snprintf(p->note, sizeof p->note, "recording again: %lld decisions behind", (long long)behind);
    if (behind) return LP_OK;
    lp_run_take_over(run, p->again);
    p->again = NULL;
    *p->note = 0;
    lp_warn("it is recorded again, without a gap");
    return LP_OK;
}

void lp_pursuit_close(lp_pursuit *p, lp_run *run) {
    if (p->again) lp_run_give_back(p->again, run);
    p->again = NULL;
}
