#include "harness/run_moment.h"

#include "players/guest.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SUMMARIES = LP_VIEW_MAX_LEVELS };

/* A memory that is built again. */
typedef struct {
    lp_run_moment *moment;
    lp_store *store; /* owned */
    lp_run_config config;
    lp_mem_config memory;
    lp_mem *mem; /* owned; NULL until the first item says how long its vector is */
    struct {
        int level;
        int64_t index, first, last;
    } * top; /* owned; [n_top] summaries that are in no other */
    int n_top, top_room;
    bool dropped;
    lp_err *err;
    lp_status status;
} building;

/* ---- the memory ---- */

/* Room for one more. */
static bool grow(void **array, int n, int *room, size_t size) {
    if (n < *room) return true;
    void *larger = realloc(*array, (size_t)(2 * n + 64) * size);
    if (!larger) return false;
    *array = larger;
    *room = 2 * n + 64;
    return true;
}

static lp_status note_summary(building *b, const lp_mem_summary *s) {
    int kept = 0;
    for (int i = 0; i < b->n_top; i++)
        if (b->top[i].level != s->level - 1 || b->top[i].first < s->first || b->top[i].last > s->last) b->top[kept++] = b->top[i];
    b->n_top = kept;
    if (!grow((void **)&b->top, b->n_top, &b->top_room, sizeof *b->top)) return lp_fail(b->err, LP_FAILED, "out of memory");
    b->top[b->n_top].level = s->level, b->top[b->n_top].index = s->index;
    b->top[b->n_top].first = s->first, b->top[b->n_top++].last = s->last;
    return LP_OK;
}

static void visit_item(void *context, const lp_store_row *row) {
    building *b = context;
    lp_mem_summary summaries[MAX_SUMMARIES];
    b->dropped = row->dropped || !row->vector;
    if (b->dropped) return;
    if (!b->mem) {
        b->memory = lp_run_memory_of(&b->config, row->dim);
        b->status = lp_mem_open(&b->mem, &b->memory, b->err);
        if (b->status) return;
        lp_mem_reset(b->mem, lp_run_seed(&b->config, b->moment->episode - 1));
    }
    lp_mem_append(b->mem, row->vector, (float)row->salience);
    const int n = lp_mem_new_summaries(b->mem, summaries, MAX_SUMMARIES);
    for (int i = 0; i < n && !b->status; i++) b->status = note_summary(b, &summaries[i]);
}

static lp_status append_items(building *b, const char *folder, int64_t steps) {
    char id[64];
    for (int64_t step = 0; step < steps; step++) {
        snprintf(id, sizeof id, "e%" PRId64 "s%" PRId64, b->moment->episode, step);
        lp_status status = lp_store_show(b->store, id, visit_item, b, b->err);
        if (status || b->status) return status ? status : b->status;
        if (b->dropped)
            return lp_fail(b->err, LP_BAD_INPUT,
                           "%s: items of episode %" PRId64 " were dropped, from which its memory could be built again", folder,
                           b->moment->episode);
    }
    return LP_OK;
}

/* ---- its texts ---- */

typedef struct {
    int64_t decision;
    char *text; /* owned; at that decision */
    bool settled, lost;
} past_text;

static void keep_text(past_text *p, const char *text) {
    free(p->text);
    p->text = text ? strdup(text) : NULL;
    p->lost |= text && !p->text;
}

static void visit_text(void *context, const lp_store_row *row) { keep_text(context, row->text); }

/* The first edit from then on tells what stood there before. */
static void visit_edit(void *context, const lp_store_edit *e) {
    past_text *p = context;
    if (p->settled || e->decision <= p->decision) return;
    keep_text(p, e->before);
    p->settled = true;
}

static void visit_writer(void *context, const lp_store_written *w) { *(bool *)context = !w->refused; }

/* Adds a node, if it has a text; a summary only if the player wrote it: else it says what its items say. */
static lp_status add_node(building *b, const char *id, bool summary) {
    lp_run_moment *m = b->moment;
    past_text p = {.decision = m->decision};
    bool wrote = !summary;
    lp_status status = summary ? lp_store_writer(b->store, id, visit_writer, &wrote, b->err) : LP_OK;
    if (!status && wrote) status = lp_store_show(b->store, id, visit_text, &p, b->err);
    if (!status && wrote) status = lp_store_edits(b->store, id, visit_edit, &p, b->err);
    if (!status && (p.lost || !grow((void **)&m->nodes, m->n_nodes, &m->room, sizeof *m->nodes)))
        status = lp_fail(b->err, LP_FAILED, "out of memory");
    if (!status && p.text) {
        snprintf(m->nodes[m->n_nodes].id, sizeof m->nodes->id, "%s", id);
        m->nodes[m->n_nodes++].text = p.text;
        p.text = NULL;
    }
    free(p.text);
    return status;
}

static int older(const void *a, const void *b) {
    const int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* The items that the context shows, once each, behind the summaries. */
static lp_status add_context(building *b, int64_t steps) {
    char id[64];
    lp_status status = LP_OK;
    const size_t most = (size_t)lp_mem_max_context_at(&b->memory, steps) + 1, dim = (size_t)b->memory.dim;
    float *vector = malloc(most * dim * sizeof *vector), *salience = malloc(most * sizeof *salience);
    int32_t *level = malloc(most * sizeof *level);
    int64_t *step = malloc(most * sizeof *step);
    int n = 0;
    if (!vector || !salience || !level || !step) status = lp_fail(b->err, LP_FAILED, "out of memory");
    else n = lp_mem_context(b->mem, NULL, &(lp_mem_context_view){vector, salience, level, step});
    if (n) qsort(step, (size_t)n, sizeof *step, older);
    for (int i = 0; i < b->n_top && !status; i++) {
        snprintf(id, sizeof id, "e%" PRId64 "L%d.%" PRId64, b->moment->episode, b->top[i].level, b->top[i].index);
        status = add_node(b, id, true);
    }
    for (int i = 0; i < n && !status; i++) {
        snprintf(id, sizeof id, "e%" PRId64 "s%" PRId64, b->moment->episode, step[i]);
        if (!i || step[i] != step[i - 1]) status = add_node(b, id, false);
    }
    free(vector), free(salience), free(level), free(step);
    return status;
}

/* ---- in the header's order ---- */

lp_status lp_run_moment_read(lp_run_moment *out, const char *folder, int64_t decision, lp_err *err) {
    building b = {.moment = out, .err = err};
    lp_run_totals totals;
    bool playing;
    int64_t first = 0;
    memset(out, 0, sizeof *out);
    lp_status status = lp_run_look(&b.store, folder, &totals, &playing, err);
    if (!status) status = lp_run_config_read(&b.config, folder, err);
    if (!status && decision > totals.decisions)
        status =
            lp_fail(err, LP_BAD_INPUT, "%s: has no decision %" PRId64 " yet, it has come to %" PRId64, folder, decision, totals.decisions);
    out->decision = decision < 0 ? totals.decisions : decision;
    if (!status) status = lp_store_episode_at(b.store, out->decision, &out->episode, &first, err);
    const bool remembers = lp_is_guest(b.config.policy) || strcmp(b.config.policy_digest, "0000000000000000");
    if (!status && out->episode && remembers) status = append_items(&b, folder, out->decision - first);
    if (!status && b.mem) status = add_context(&b, out->decision - first);
    if (!status) status = lp_chat_notebook_read(&out->book, folder, out->episode, out->decision - first, err);
    lp_mem_close(b.mem);
    lp_store_close(b.store);
    free(b.top);
    if (status) lp_run_moment_free(out);
    return status;
}

void lp_run_moment_free(lp_run_moment *m) {
    for (int i = 0; i < m->n_nodes; i++) free(m->nodes[i].text);
    free(m->nodes);
    m->nodes = NULL;
    m->n_nodes = m->room = 0;
}
