/* What the player of a recorded run remembered at a moment: the memory is built again from the items of the store, also while the run goes on.
 *
 *     lp_run_moment moment;
 *     lp_run_moment_read(&moment, "runs/tuesday", 1000, &err);
 *     for (int i = 0; i < moment.n_nodes; i++) ... moment.nodes[i] ...
 *     lp_run_moment_free(&moment);
 */
#ifndef LP_HARNESS_RUN_MOMENT_H
#define LP_HARNESS_RUN_MOMENT_H

#include "harness/run.h"
#include "players/chat_notebook.h"

/* An item of the context, or a summary that the player wrote, with a text. */
typedef struct {
    char id[64];
    char *text; /* owned; as it was at the moment */
} lp_run_node;

typedef struct {
    int64_t decision, episode; /* before which decision, of which episode; 0: of none */
    int n_nodes, room;
    lp_run_node *nodes; /* owned; oldest first: the summaries, then the items */
    lp_chat_notebook book;
} lp_run_moment;

/* decision below 0: the last checkpoint's. LP_BAD_INPUT: no run there, it has not come so far, items of that episode were dropped, or a file is
 * damaged. After a failure there is nothing to free. */
lp_status lp_run_moment_read(lp_run_moment *out, const char *folder, int64_t decision, lp_err *err);
void lp_run_moment_free(lp_run_moment *moment);

#endif
