/* A run whose player writes its summaries: before the next moment is asked of, those that the last decision completed are written, one after the
 * other. Each reply is in chat.jsonl before it is acted on. What was written is in the store; from there a resumed run has the nodes that the
 * memory holds, and asks for those that are not. */
#include "harness/run_parts.h"

#include <stdio.h>
#include <string.h>

static const char *or_null(const char *text) { return *text ? text : NULL; }

static void keep(lp_run *run, const lp_written *w) {
    lp_mind_written(&run->mind, &run->writing, w);
    if (!run->recorded) return;
    lp_store_write(run->store, &(lp_store_written){.id = run->writing.id,
                                                   .text = or_null(w->text),
                                                   .refused = or_null(w->refused),
                                                   .model = w->model,
                                                   .prompt = w->prompt,
                                                   .sources = w->sources,
                                                   .tokens = w->tokens,
                                                   .decision = run->head.decisions});
}

lp_status lp_run_hear_summary(lp_run *run, int timeout_ms, lp_err *err) {
    lp_written written;
    bool answered;
    lp_status status = lp_guest_hear_summary(run->guest, timeout_ms, &answered, &written, err);
    if (status || !answered) return status;
    keep(run, &written);
    run->writes = false;
    return LP_OK;
}

lp_status lp_run_write_summaries(lp_run *run, lp_err *err) {
    lp_status status = LP_OK;
    while (!status && !run->writes && run->mind.writes && lp_mind_unwritten(&run->mind, &run->writing)) {
        run->writes = run->writing.n > 0;
        if (!run->writes) keep(run, &(lp_written){.refused = "nothing was said below"});
        else status = lp_guest_summarise(run->guest, &run->writing, err);
        if (!status && run->writes) status = lp_run_hear_summary(run, 0, err);
    }
    return status;
}

/* ---- resuming ---- */

typedef struct {
    lp_mind *mind;
    int known; /* nodes of the passes before */
} pass;

/* Where in the list; n: it is not there. */
static int find(const lp_mind *mind, int n, const char *id) {
    int i = 0;
    while (i < n && strcmp(mind->nodes[i].id, id)) i++;
    return i;
}

/* Those that the memory holds, and those that a node which is not written yet is made from. */
static void visit_node(void *context, const lp_store_row *row) {
    const pass *p = context;
    lp_mind *mind = p->mind;
    const int parent = find(mind, p->known, row->parent);
    const bool wanted = p->known ? parent < p->known && !mind->nodes[parent].done : !*row->parent;
    if (!wanted || mind->n_nodes == LP_MIND_NODES || find(mind, p->known, row->id) < p->known) return;
    lp_mind_node *node = lp_mind_add_node(mind);
    node->level = (int)row->level;
    node->first = row->first, node->last = row->last;
    memcpy(node->id, row->id, sizeof node->id);
    snprintf(node->text, sizeof node->text, "%s", row->text ? row->text : "");
}

static void visit_writer(void *context, const lp_store_written *w) {
    (void)w;
    *(bool *)context = true;
}

lp_status lp_run_recall_nodes(lp_run *run, lp_err *err) {
    lp_mind *mind = &run->mind;
    lp_status status = LP_OK;
    int known = -1;
    while (mind->writes && run->head.playing && !status && known < mind->n_nodes) {
        known = mind->n_nodes;
        status = lp_store_tree(run->store, mind->episode, visit_node, &(pass){mind, known}, err);
        for (int i = known; i < mind->n_nodes && !status; i++)
            status = lp_store_writer(run->store, mind->nodes[i].id, visit_writer, &mind->nodes[i].done, err);
    }
    return status;
}

static void visit_text(void *context, const lp_store_row *row) {
    lp_mind_node *node = context;
    snprintf(node->text, sizeof node->text, "%s", row->text ? row->text : "");
}

void lp_run_renew_nodes(lp_run *run) {
    for (int i = 0; i < run->mind.n_nodes; i++)
        (void)lp_store_show(run->store, run->mind.nodes[i].id, visit_text, &run->mind.nodes[i], NULL);
}
