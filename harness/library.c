/* Where a guest looks things up: the store of the run that it plays. */
#include "harness/run_parts.h"

#include <stdio.h>
#include <string.h>

enum { MOST_FOUND = 12 };

typedef struct {
    char *out;
    size_t room;
    int64_t decisions; /* now */
} page;

static void add_row(void *context, const lp_store_row *row) {
    const page *p = context;
    const size_t used = strlen(p->out);
    if (row->event && (lp_is_of_viewers(row->event) || !strcmp(row->event, LP_RUN_STUCK))) return; /* for no player */
    if (row->dropped) snprintf(p->out + used, p->room - used, "%s: what it was is no longer stored\n", row->id);
    else if (row->items)
        snprintf(p->out + used, p->room - used, "%s, decisions %lld to %lld of episode %lld: made from %s\n", row->id,
                 (long long)row->first, (long long)row->last, (long long)row->episode, row->items);
    else
        snprintf(p->out + used, p->room - used, "%s, %lld decisions ago: %s\n", row->id, (long long)(p->decisions - row->decision),
                 row->text ? row->text : "nothing was said of it");
}

static void search(void *context, const char *words, char *out, size_t room) {
    const lp_run *run = context;
    (void)lp_store_search(run->store, words, MOST_FOUND, add_row, &(page){out, room, run->head.decisions}, NULL);
}

static void open_node(void *context, const char *node, char *out, size_t room) {
    const lp_run *run = context;
    (void)lp_store_show(run->store, node, add_row, &(page){out, room, run->head.decisions}, NULL);
}

lp_library lp_run_library(lp_run *run) {
    if (!run->store) return (lp_library){0};
    return (lp_library){run, search, open_node};
}
