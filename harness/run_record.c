/* What is written down of an episode and of the machine, whether a player plays or a movie is taken over. */
#include "harness/run_parts.h"

void lp_run_head_begin(lp_run_head *head, uint64_t seed, lp_store *store) {
    head->playing = 1;
    head->first_decision = head->decisions;
    if (store) lp_store_episode_begin(store, head->episodes + 1, seed, head->decisions);
}

void lp_run_head_end(lp_run_head *head, lp_outcome outcome, lp_store *store) {
    head->wins += outcome == LP_WIN;
    head->losses += outcome == LP_LOSS;
    head->timeouts += outcome == LP_TIMEOUT;
    head->episodes++;
    if (store) lp_store_episode_end(store, head->episodes, lp_outcome_name(outcome), head->decisions - head->first_decision);
}

void lp_run_record_state(lp_movie_writer *movie, const lp_run_config *config, int64_t decisions, lp_emu *emu, unsigned char *state) {
    if (decisions % config->state_every || !lp_movie_wants_state(movie)) return;
    lp_emu_state_save(emu, state);
    lp_movie_state(movie, state, lp_emu_state_size(emu));
}
