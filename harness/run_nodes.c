/* Summaries in words, of a player that writes them (lp_mind.writes). The list has those that the memory holds now, and, until their parent is
 * written, those it is made from. */
#include "harness/run_mind.h"

#include "memory/arch.h"

#include <stdio.h>
#include <string.h>

void lp_mind_invite(lp_mind *mind, const lp_guest *guest) {
    mind->guest = true;
    mind->writes = lp_guest_writes(guest) && mind->arch->new_summaries;
}

static bool is_child(const lp_mind_node *of, const lp_mind_node *n) {
    return n->level == of->level - 1 && n->first >= of->first && n->last <= of->last;
}

/* What a node is made from, into w: texts of items, or of the summaries below. Returns how many there are. */
static int below(const lp_mind *mind, const lp_mind_node *of, lp_writing *w) {
    int n = 0;
    for (int i = 0; of->level == 1 && i < mind->n_texts && n < LP_WRITING_SOURCES; i++) {
        const lp_mind_text *t = &mind->texts[i];
        if (t->step < of->first || t->step > of->last) continue;
        snprintf(w->sources[n].id, LP_NODE_ID, "e%llds%lld", (long long)mind->episode, (long long)t->step);
        w->sources[n++].text = t->text;
    }
    for (int i = 0; of->level > 1 && i < mind->n_nodes && n < LP_WRITING_SOURCES; i++) {
        const lp_mind_node *node = &mind->nodes[i];
        if (!is_child(of, node) || !*node->text) continue;
        memcpy(w->sources[n].id, node->id, LP_NODE_ID);
        w->sources[n++].text = node->text;
    }
    return n;
}

/* Its text is what it will be: those below are not asked for any more. */
static void settle(lp_mind *mind, int at) {
    const lp_mind_node of = mind->nodes[at];
    int kept = 0;
    mind->nodes[at].done = true;
    for (int i = 0; i < mind->n_nodes; i++)
        if (!is_child(&of, &mind->nodes[i])) mind->nodes[kept++] = mind->nodes[i];
    mind->n_nodes = kept;
}

lp_mind_node *lp_mind_add_node(lp_mind *mind) {
    if (mind->n_nodes == LP_MIND_NODES) memmove(mind->nodes, mind->nodes + 1, (size_t)--mind->n_nodes * sizeof *mind->nodes);
    lp_mind_node *node = &mind->nodes[mind->n_nodes++];
    memset(node, 0, sizeof *node);
    return node;
}

void lp_mind_note_node(lp_mind *mind, const lp_mem_summary *s, const char *text) {
    lp_mind_node *node = lp_mind_add_node(mind);
    node->level = s->level;
    node->first = s->first, node->last = s->last;
    snprintf(node->id, sizeof node->id, "e%lldL%d.%lld", (long long)mind->episode, s->level, (long long)s->index);
    snprintf(node->text, sizeof node->text, "%s", text);
}

/* The lowest that is not written, the first of these; -1: all are. */
static int next_node(const lp_mind *mind) {
    int at = -1;
    for (int i = 0; i < mind->n_nodes; i++)
        if (!mind->nodes[i].done && (at < 0 || mind->nodes[i].level < mind->nodes[at].level)) at = i;
    return at;
}

bool lp_mind_unwritten(lp_mind *mind, lp_writing *w) {
    const int at = next_node(mind);
    if (at < 0) return false;
    const lp_mind_node *node = &mind->nodes[at];
    *w = (lp_writing){.episode = mind->episode, .step = lp_env_steps(mind->seat.env), .first = node->first, .last = node->last};
    memcpy(w->id, node->id, sizeof w->id);
    w->n = below(mind, node, w);
    return true;
}

void lp_mind_written(lp_mind *mind, const lp_writing *w, const lp_written *written) {
    int at = 0;
    while (at < mind->n_nodes && strcmp(mind->nodes[at].id, w->id)) at++;
    if (at == mind->n_nodes) return;
    if (!*written->refused) memcpy(mind->nodes[at].text, written->text, sizeof mind->nodes[at].text);
    settle(mind, at);
}

int lp_mind_node_notes(const lp_mind *mind, lp_note notes[LP_MIND_NODES]) {
    int n = 0;
    for (int i = 0; i < mind->n_nodes; i++) {
        const lp_mind_node *node = &mind->nodes[i];
        const lp_note note = {.age = mind->observation.now - node->last, .level = node->level, .text = node->text, .node = node->id};
        int at = n;
        if (!*node->text) continue;
        for (n++; at > 0 && notes[at - 1].age < note.age; at--) notes[at] = notes[at - 1];
        notes[at] = note;
    }
    return n;
}
