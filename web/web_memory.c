/* What the run remembers and what became of its episodes, out of run.db, as JSON. One thread, that of the desk which asks. */
#include "web/web_parts.h"
#include "web/web_row.h"

#include "harness/run.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_ROWS = 400, MAX_FOUND = 100, MAX_PAST = 500 };

typedef struct {
    int64_t episode, decision, n; /* n: an end's decisions; an event's step */
    char name[64], text[256];     /* an end's result; an event's name and text */
} happening;

struct lp_web_memory {
    lp_store *store;                            /* owned; NULL: not opened yet */
    lp_store_cursor cursor;                     /* what ends and events have */
    happening ends[MAX_PAST], events[MAX_PAST]; /* rings */
    int64_t n_ends, n_events;                   /* ever */
};

lp_web_memory *lp_web_memory_open(void) { return calloc(1, sizeof(lp_web_memory)); }

void lp_web_memory_close(lp_web_memory *m) {
    if (m) lp_store_close(m->store);
    free(m);
}

typedef struct {
    cJSON *list;
    const char *parent; /* only its children; "": those without one */
    bool more;          /* than MAX_ROWS */
    char *items;        /* of the row visited last; owned */
} rows;

static void on_row(void *context, const lp_store_row *row) {
    rows *r = context;
    if (r->parent && strcmp(row->parent, r->parent) != 0) return;
    if (cJSON_GetArraySize(r->list) >= MAX_ROWS) {
        r->more = true;
        return;
    }
    cJSON_AddItemToArray(r->list, lp_row_json(row));
    free(r->items);
    r->items = row->items ? strdup(row->items) : NULL;
}

/* Without an ID what stands highest in the episode (0: the last); of a summary what it was made of. */
static lp_status tree(lp_store *store, const lp_web_question *q, cJSON *answer, lp_err *err) {
    rows all = {.list = cJSON_AddArrayToObject(answer, "rows"), .parent = q->text}, own = {.list = cJSON_CreateArray()};
    int64_t episode = q->number;
    lp_status status = LP_OK;
    if (*q->text) status = lp_store_show(store, q->text, on_row, &own, err);
    if (!status && *q->text) episode = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItem(cJSON_GetArrayItem(own.list, 0), "episode"));
    if (!status && (!*q->text || own.items)) status = lp_store_tree(store, episode, on_row, &all, err);
    if (!status && own.items && !cJSON_GetArraySize(all.list)) { /* a summary of the first level: its items */
        char *save = NULL;
        all.parent = NULL;
        for (char *id = strtok_r(own.items, " ", &save); id && !status; id = strtok_r(NULL, " ", &save))
            status = lp_store_show(store, id, on_row, &all, err);
    }
    cJSON_AddBoolToObject(answer, "more", all.more);
    cJSON_Delete(own.list);
    free(own.items);
    free(all.items);
    return status;
}

static lp_status item(lp_store *store, const lp_web_question *q, cJSON *answer, lp_err *err) {
    rows all = {.list = cJSON_AddArrayToObject(answer, "rows")};
    lp_status status = lp_store_show(store, q->text, on_row, &all, err);
    free(all.items);
    return status;
}

static lp_status search(lp_store *store, const lp_web_question *q, cJSON *answer, lp_err *err) {
    rows all = {.list = cJSON_AddArrayToObject(answer, "rows")};
    lp_status status = lp_store_search(store, q->text, MAX_FOUND, on_row, &all, err);
    free(all.items);
    return status;
}

static void keep(happening *h, const lp_store_happening *from, const char *name, const char *text) {
    *h = (happening){.episode = from->episode, .decision = from->decision, .n = from->step};
    strncpy(h->name, name, sizeof h->name - 1);
    strncpy(h->text, text ? text : "", sizeof h->text - 1);
}

static void on_happening(void *context, const lp_store_happening *from) {
    lp_web_memory *m = context;
    if (from->name) keep(&m->events[m->n_events++ % MAX_PAST], from, from->name, from->text);
    else keep(&m->ends[m->n_ends++ % MAX_PAST], from, from->result, NULL);
}

static cJSON *add_row(cJSON *list, const happening *h) {
    cJSON *row = cJSON_CreateObject();
    cJSON_AddItemToArray(list, row);
    cJSON_AddNumberToObject(row, "episode", (double)h->episode);
    cJSON_AddNumberToObject(row, "decision", (double)h->decision);
    return row;
}

/* The last episodes that ended, and the last events; the newest first. */
static lp_status past(lp_web_memory *m, cJSON *answer, lp_err *err) {
    lp_status status = lp_store_happenings(m->store, &m->cursor, INT64_MAX, on_happening, m, err);
    if (status) return status;
    cJSON_AddNumberToObject(answer, "ended", (double)m->n_ends);
    cJSON_AddNumberToObject(answer, "happened", (double)m->n_events);
    cJSON *ends = cJSON_AddArrayToObject(answer, "episodes"), *events = cJSON_AddArrayToObject(answer, "events");
    for (int64_t i = m->n_ends - 1; i >= 0 && i >= m->n_ends - MAX_PAST; i--) {
        const happening *h = &m->ends[i % MAX_PAST];
        cJSON *row = add_row(ends, h);
        cJSON_AddStringToObject(row, "end", h->name);
        cJSON_AddNumberToObject(row, "decisions", (double)h->n);
    }
    for (int64_t i = m->n_events - 1; i >= 0 && i >= m->n_events - MAX_PAST; i--) {
        const happening *h = &m->events[i % MAX_PAST];
        cJSON *row = add_row(events, h);
        cJSON_AddNumberToObject(row, "step", (double)h->n);
        cJSON_AddStringToObject(row, "name", h->name);
        cJSON_AddStringToObject(row, "text", h->text);
    }
    return LP_OK;
}

cJSON *lp_web_remember(lp_web_memory *m, const lp_web_question *q, lp_err *err) {
    lp_run_totals totals;
    bool playing;
    cJSON *answer = cJSON_CreateObject();
    lp_status status = m->store ? LP_OK : lp_run_look(&m->store, q->run, &totals, &playing, err);
    if (!status && !answer) status = lp_fail(err, LP_FAILED, "no memory");
    if (!status) {
        switch (q->what) {
        case LP_WEB_TREE: status = tree(m->store, q, answer, err); break;
        case LP_WEB_ITEM: status = item(m->store, q, answer, err); break;
        case LP_WEB_SEARCH: status = search(m->store, q, answer, err); break;
        case LP_WEB_PAST: status = past(m, answer, err); break;
        case LP_WEB_MOMENT: break; /* another desk's */
        }
    }
    if (!status) return answer;
    cJSON_Delete(answer);
    return NULL;
}
