/* longplay memory: looks into the memory of a run, also while it is being recorded, and corrects what a guest remembers. Every answer names the decision it leads
 * back to, so that `longplay replay RUN --from DECISION` shows the frame. */
#include "cli/cli.h"

#include "cli/memory_diff.h"
#include "harness/run.h"
#include "memory/store.h"
#include "web/web_row.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MAX_WORDS = 32 };

typedef struct {
    const char *positional[MAX_WORDS + 2]; /* RUN, what, its arguments */
    int n_positional;
    int64_t episode, limit;
    const char *by;
    bool json;
} arguments;

/* What a visit gets: rows go into list where there is one, else on stdout. */
typedef struct {
    cJSON *list;
    char *items; /* of the summary visited last; owned */
    bool lost;   /* there was no memory for them */
    int64_t n;
} answer;

/* A text on its line, whatever is in it. */
static void print_text(const char *text) {
    for (; text && *text; text++) putchar(*text == '\n' ? ' ' : *text);
    putchar('\n');
}

static void visit_line(void *context, const lp_store_row *row) {
    answer *a = context;
    a->n++;
    if (a->list) {
        cJSON_AddItemToArray(a->list, lp_row_json(row));
    } else if (row->level) {
        char span[64];
        snprintf(span, sizeof span, "steps %lld to %lld", (long long)row->first, (long long)row->last);
        printf("%-14s %-26s keeps %d  ", row->id, span, row->n_items);
        print_text(row->text ? row->text : "-");
    } else {
        printf("%-14s decision %-10lld ", row->id, (long long)row->decision);
        print_text(row->dropped ? "(dropped)" : row->text ? row->text : "-");
    }
}

static void visit_whole(void *context, const lp_store_row *row) {
    answer *a = context;
    free(a->items);
    a->items = row->level && row->items ? strdup(row->items) : NULL;
    a->lost |= row->level && row->items && !a->items;
    if (a->list) {
        cJSON_AddItemToArray(a->list, lp_row_json(row));
        return;
    }
    printf("%-10s %s, in episode %lld\n", "id", row->id, (long long)row->episode);
    if (row->level)
        printf("%-10s %lld\n%-10s %lld to %lld\n", "level", (long long)row->level, "steps", (long long)row->first, (long long)row->last);
    else printf("%-10s %lld\n", "step", (long long)row->first);
    if (!row->level && !row->dropped) printf("%-10s %.4f\n", "salience", row->salience);
    printf("%-10s %lld\n%-10s %s\n%-10s ", "decision", (long long)row->decision, "kept by", *row->parent ? row->parent : "-", "text");
    print_text(row->dropped ? "dropped to keep within the disk's budget; a replay from its decision shows the moment"
               : row->text  ? row->text
                            : "-");
}

/* One of the edits of what is shown. */
static void visit_edit(void *context, const lp_store_edit *e) {
    const answer *a = context;
    char when[32];
    const time_t at = (time_t)e->at;
    struct tm utc;
    strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S UTC", gmtime_r(&at, &utc));
    if (a->list) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddItemToArray(a->list, o);
        cJSON_AddStringToObject(o, "by", e->by);
        cJSON_AddNumberToObject(o, "at", (double)e->at);
        cJSON_AddNumberToObject(o, "decision", (double)e->decision);
        cJSON_AddItemToObject(o, "before", e->before ? cJSON_CreateString(e->before) : cJSON_CreateNull());
        cJSON_AddItemToObject(o, "text", e->text ? cJSON_CreateString(e->text) : cJSON_CreateNull());
        return;
    }
    printf("%-10s by %s, %s, from decision %lld on\n%-10s ", e->text ? "corrected" : "deleted", e->by, when, (long long)e->decision,
           "before");
    print_text(e->before ? e->before : "-");
}

/* Who wrote the summary that is shown. */
static void visit_writer(void *context, const lp_store_written *w) {
    cJSON *o = context;
    if (o) {
        cJSON_AddStringToObject(o, "model", w->model);
        cJSON_AddStringToObject(o, "prompt", w->prompt);
        cJSON_AddStringToObject(o, "sources", w->sources);
        cJSON_AddNumberToObject(o, "tokens", (double)w->tokens);
        cJSON_AddNumberToObject(o, "decision", (double)w->decision);
        if (w->refused) cJSON_AddStringToObject(o, "refused", w->refused);
    } else if (w->refused) {
        printf("%-10s ", "refused");
        print_text(w->refused);
    } else printf("%-10s %s, from %s; prompt %s, %lld tokens\n", "written by", w->model, w->sources, w->prompt, (long long)w->tokens);
}

static lp_status tree(lp_store *store, const arguments *a, cJSON *o, lp_err *err) {
    lp_store_counts c;
    answer out = {.list = a->json ? cJSON_AddArrayToObject(o, "summaries") : NULL};
    lp_status status = lp_store_count(store, &c, err);
    if (status) return status;
    cJSON_AddNumberToObject(o, "episodes", (double)c.episodes);
    cJSON_AddNumberToObject(o, "items", (double)c.items);
    cJSON_AddNumberToObject(o, "dropped_items", (double)c.dropped);
    cJSON_AddNumberToObject(o, "all_summaries", (double)c.summaries);
    cJSON_AddNumberToObject(o, "events", (double)c.events);
    cJSON_AddNumberToObject(o, "levels", (double)c.levels);
    if (c.episodes || a->episode) status = lp_store_tree(store, a->episode, visit_line, &out, err);
    if (status || a->json) return status;
    if (!out.n) printf("no summaries yet\n");
    printf("the whole run: %lld episodes, %lld items, %lld events, %lld summaries on %lld levels\n", (long long)c.episodes,
           (long long)c.items, (long long)c.events, (long long)c.summaries, (long long)c.levels);
    if (c.dropped) printf("%lld more items were dropped to keep within the disk's budget\n", (long long)c.dropped);
    return status;
}

static lp_status show(lp_store *store, const arguments *a, cJSON *o, lp_err *err) {
    answer out = {.list = a->json ? cJSON_AddArrayToObject(o, "rows") : NULL};
    lp_status status = lp_store_show(store, a->positional[2], visit_whole, &out, err);
    char *items = out.items, *save = NULL;
    answer edits = {.list = a->json ? cJSON_AddArrayToObject(o, "edits") : NULL};
    out.items = NULL;
    if (!status)
        status = lp_store_writer(store, a->positional[2], visit_writer, a->json ? cJSON_AddObjectToObject(o, "written") : NULL, err);
    if (!status) status = lp_store_edits(store, a->positional[2], visit_edit, &edits, err);
    if (!status && out.lost) status = lp_fail(err, LP_FAILED, "out of memory");
    if (!status && items && !a->json) printf("keeps\n");
    for (char *one = items ? strtok_r(items, " ", &save) : NULL; one && !status; one = strtok_r(NULL, " ", &save))
        status = lp_store_show(store, one, visit_line, &out, err);
    free(items);
    return status;
}

/* The arguments from one on, as they were typed. */
static lp_status join(char out[1024], const arguments *a, int first, lp_err *err) {
    size_t used = 0;
    for (int i = first; i < a->n_positional && used < 1024; i++)
        used += (size_t)snprintf(out + used, 1024 - used, "%s%s", i > first ? " " : "", a->positional[i]);
    return used < 1024 ? LP_OK : lp_fail(err, LP_BAD_INPUT, "memory %s: too many words", a->positional[1]);
}

static lp_status edit(const arguments *a, cJSON *o, lp_err *err) {
    char text[1024];
    bool taken;
    const bool deletes = !strcmp(a->positional[1], "delete");
    const char *user = getenv("USER"), *by = a->by ? a->by : user && *user ? user : "somebody";
    lp_status status = join(text, a, 3, err);
    if (!status) status = lp_run_edit(a->positional[0], a->positional[2], deletes ? NULL : text, by, &taken, err);
    if (status) return status;
    cJSON_AddStringToObject(o, "id", a->positional[2]);
    cJSON_AddBoolToObject(o, "taken", taken);
    if (a->json) return LP_OK;
    if (taken) printf("%s is %s\n", a->positional[2], deletes ? "deleted" : "corrected");
    else printf("%s: handed over; who plays the run takes it up before the next question\n", a->positional[2]);
    return LP_OK;
}

static lp_status search(lp_store *store, const arguments *a, cJSON *o, lp_err *err) {
    char words[1024];
    if (join(words, a, 2, err)) return LP_BAD_INPUT;
    answer out = {.list = a->json ? cJSON_AddArrayToObject(o, "items") : NULL};
    cJSON_AddStringToObject(o, "words", words);
    lp_status status = lp_store_search(store, words, (int)a->limit, visit_line, &out, err);
    if (!status && !a->json && !out.n) printf("nothing with '%s'\n", words);
    return status;
}

static lp_status look(const arguments *a, cJSON *o, lp_err *err) {
    static const struct {
        const char *name, *wants;
        int min, max;
        lp_status (*run)(lp_store *, const arguments *, cJSON *, lp_err *);
    } looks[] = {{"tree", "no more", 2, 2, tree},
                 {"show", "one ID", 3, 3, show},
                 {"search", "words", 3, MAX_WORDS + 2, search},
                 {"diff", "a decision or another run, and a decision", 3, 4, NULL},
                 {"edit", "an ID and a text", 4, MAX_WORDS + 2, NULL},
                 {"delete", "one ID", 3, 3, NULL}};
    enum { N = sizeof looks / sizeof *looks };
    lp_store *store = NULL;
    lp_run_totals totals;
    bool playing;
    size_t which = 0;
    while (which < N && strcmp(looks[which].name, a->positional[1])) which++;
    if (which == N) return lp_fail(err, LP_BAD_INPUT, "memory '%s': must be tree, show, search, diff, edit or delete", a->positional[1]);
    if (a->n_positional < looks[which].min || a->n_positional > looks[which].max)
        return lp_fail(err, LP_BAD_INPUT, "memory %s: wants %s", looks[which].name, looks[which].wants);
    if (!strcmp(looks[which].name, "diff"))
        return lp_memory_diff(a->positional[0], &a->positional[2], a->n_positional - 2, a->json, o, err);
    if (!looks[which].run) return edit(a, o, err);
    lp_status status = lp_run_look(&store, a->positional[0], &totals, &playing, err);
    if (!status) status = looks[which].run(store, a, o, err);
    lp_store_close(store);
    return status;
}

static void more_help(void) {
    printf("\n  %-26s %s\n  %-26s %s\n  %-26s %s\n  %-26s %s\n  %-26s %s\n  %-26s %s\n", "tree",
           "the summaries of an episode, highest level first", "show ID", "an item (e3s120: episode 3, step 120) or a summary (e3L2.5)",
           "search WORDS", "items whose text has all the words (a word matches by its beginning)", "diff A [B]",
           "what is remembered at decision B (now) and not at A; diff OTHER [A]: in the run OTHER and not in RUN, at A (now)",
           "edit ID TEXT", "corrects what a guest (a program, a chat model, an agent) remembers; what stood there stays on record",
           "delete ID", "takes an item's text out of what it remembers");
}

int lp_cmd_memory(int argc, char **argv) {
    arguments a = {.limit = 20};
    const lp_option options[] = {
        {.name = "episode", .value = "N", .help = "tree: which episode (the last)", .number = &a.episode, .min = 0, .max = 1e15},
        {.name = "limit", .value = "N", .help = "search: at most so many (20)", .number = &a.limit, .min = 1, .max = 1e6},
        {.name = "by", .value = "NAME", .help = "edit, delete: who does ($USER)", .text = &a.by},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "memory",
                            .arguments = "RUN tree|show ID|search WORDS|diff [RUN] [DECISION...]|edit ID TEXT|delete ID",
                            .summary = "Looks into what a run remembers, also while it goes on; corrects it.",
                            .example = "longplay memory runs/first search sign circle",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 2,
                            .max_positional = MAX_WORDS + 2,
                            .positional = a.positional,
                            .n_positional = &a.n_positional,
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "run", a.positional[0]);
    lp_status status = look(&a, o, &err);
    if (!status && a.json) return lp_print_json(o);
    cJSON_Delete(o);
    return lp_report(status, &err);
}
