#include "cli/recall.h"

#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_SUMMARIES = 48 };

/* The run's policy where its weights are still what they were. */
static lp_policy *find_policy(const lp_run_config *config) {
    lp_policy *policy = NULL;
    char digest[24];
    if (!strcmp(config->policy, "random") || !strcmp(config->policy, "oracle") || !strcmp(config->policy, "human") ||
        lp_is_guest(config->policy))
        return NULL;
    if (lp_policy_read(&policy, config->policy, NULL)) return NULL;
    snprintf(digest, sizeof digest, "%016" PRIx64, lp_policy_digest(policy));
    if (!strcmp(digest, config->policy_digest)) return policy;
    lp_policy_close(policy);
    return NULL;
}

lp_status recall_open(recall *r, const lp_game *game, const lp_run_config *config, lp_store *store, bool draw, bool asleep, lp_err *err) {
    r->store = store;
    r->config = *config;
    r->asleep = asleep;
    r->policy = asleep ? NULL : find_policy(config);
    if (!asleep && !r->policy && strcmp(config->policy_digest, "0000000000000000"))
        lp_warn("%s is gone or changed: the replay shows what was done, not what was thought", config->policy);
    lp_mem_config memory = lp_run_memory(config, r->policy);
    r->mind.guest = lp_is_guest(config->policy);
    r->remembers = !asleep && (r->policy || r->mind.guest);
    return lp_mind_open(&r->mind, game, r->policy, true, &memory, &(lp_emu_config){.no_draw = !draw}, err);
}

void recall_close(recall *r) {
    lp_mind_close(&r->mind);
    lp_policy_close(r->policy);
}

void recall_reset(recall *r, int64_t episode) {
    lp_mem_reset(r->mind.seat.mem, lp_run_seed(&r->config, episode - 1));
    lp_mind_reset(&r->mind);
    r->mind.seat.last_action = -1;
    lp_seat_clear_state(&r->mind.seat);
    r->episode = episode;
    r->step = 0;
    r->lost = false;
}

static void visit_item(void *context, const lp_store_row *row) {
    recall *r = context;
    lp_mem_summary summaries[MAX_SUMMARIES];
    const lp_decision *d = row->dropped && r->mind.n_values ? &r->mind.decision : NULL; /* what was dropped has just been thought again */
    if (!d && (!row->vector || row->dim != r->mind.seat.dim)) return;
    lp_mem_append(r->mind.seat.mem, d ? d->item : row->vector, d ? d->salience : (float)row->salience);
    lp_mind_note_item(&r->mind, r->step, row->text);
    int n = lp_mem_new_summaries(r->mind.seat.mem, summaries, MAX_SUMMARIES);
    for (int i = 0; i < n; i++) lp_mind_note_summary(&r->mind, &summaries[i]);
}

void recall_keep(recall *r) {
    char id[64];
    int64_t before = lp_mem_steps(r->mind.seat.mem);
    if (!r->remembers || r->lost) return;
    snprintf(id, sizeof id, "e%" PRId64 "s%" PRId64, r->episode, r->step);
    r->lost = lp_store_show(r->store, id, visit_item, r, NULL) || lp_mem_steps(r->mind.seat.mem) == before;
    if (r->lost) recall_reset(r, r->episode), r->lost = true;
    r->step++;
    r->mind.seat.last_action = r->mind.action;
    if (r->mind.n_values) lp_seat_keep_state(&r->mind.seat, &r->mind.decision); /* it has thought */
}

static void visit_decision(void *context, const lp_store_row *row) { *(int64_t *)context = row->decision; }

int64_t recall_at(recall *r, int64_t episode, int64_t decision) {
    char id[64];
    int64_t first = decision;
    recall_reset(r, episode);
    snprintf(id, sizeof id, "e%" PRId64 "s0", episode);
    (void)lp_store_show(r->store, id, visit_decision, &first, NULL); /* not there: a run without a memory */
    while (r->step < decision - first && !r->lost && r->remembers) recall_keep(r);
    if (r->lost)
        lp_warn("items of this episode were dropped: its memory can be shown from its first decision on (--from %lld)", (long long)first);
    if (decision > first && r->mind.seat.state)
        lp_warn(
            "the policy has a recurrent core: in an episode that is not seen from its beginning, what is shown as thought is only near it");
    return first;
}

void recall_think(recall *r, uint16_t keys) {
    lp_mind *m = &r->mind;
    if (r->asleep) return;
    if (r->remembers) (void)lp_mind_think(m, NULL); /* cannot fail with a policy, nor by looking */
    for (int a = lp_game_n_actions(m->game) - 1; a >= 0; a--)
        if (lp_game_action_keys(m->game, a) == keys) m->action = a;
}
