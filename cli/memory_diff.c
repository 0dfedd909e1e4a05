#include "cli/memory_diff.h"

#include "harness/run_moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    cJSON *list; /* NULL: onto standard output */
    const char *kind;
    int n_new, n_changed, n_gone;
} report;

static void print_line(const char *text) {
    for (; text && *text; text++) putchar(*text == '\n' ? ' ' : *text);
}

/* before NULL: it is new; after NULL: it is gone. */
static void tell(report *r, const char *name, const char *before, const char *after) {
    const char *what = !before ? "new" : !after ? "gone" : "changed";
    r->n_new += !before, r->n_gone += !after, r->n_changed += before && after;
    if (r->list) {
        cJSON *o = cJSON_CreateObject();
        cJSON_AddItemToArray(r->list, o);
        cJSON_AddStringToObject(o, r->kind, name);
        cJSON_AddStringToObject(o, "what", what);
        cJSON_AddItemToObject(o, "before", before ? cJSON_CreateString(before) : cJSON_CreateNull());
        cJSON_AddItemToObject(o, "text", after ? cJSON_CreateString(after) : cJSON_CreateNull());
        return;
    }
    printf("%-8s %s%-14s ", what, strcmp(r->kind, "key") ? "" : "note ", name);
    print_line(after ? after : before);
    if (before && after) printf("; was: "), print_line(before);
    putchar('\n');
}

/* The text of a node; NULL: it is not remembered. */
static const char *node_of(const lp_run_moment *m, const char *id) {
    for (int i = 0; i < m->n_nodes; i++)
        if (!strcmp(m->nodes[i].id, id)) return m->nodes[i].text;
    return NULL;
}

static const char *note_of(const lp_run_moment *m, const char *key) {
    for (int i = 0; i < m->book.n; i++)
        if (!strcmp(m->book.key[i], key)) return m->book.text[i];
    return NULL;
}

static void compare(report *r, const char *name, const char *before, const char *after) {
    if (!before || !after || strcmp(before, after) != 0) tell(r, name, before, after);
}

static void compare_nodes(report *r, const lp_run_moment *from, const lp_run_moment *to) {
    for (int i = 0; i < from->n_nodes; i++) compare(r, from->nodes[i].id, from->nodes[i].text, node_of(to, from->nodes[i].id));
    for (int i = 0; i < to->n_nodes; i++)
        if (!node_of(from, to->nodes[i].id)) tell(r, to->nodes[i].id, NULL, to->nodes[i].text);
}

static void compare_notes(report *r, const lp_run_moment *from, const lp_run_moment *to) {
    for (int i = 0; i < from->book.n; i++) compare(r, from->book.key[i], from->book.text[i], note_of(to, from->book.key[i]));
    for (int i = 0; i < to->book.n; i++)
        if (!note_of(from, to->book.key[i])) tell(r, to->book.key[i], NULL, to->book.text[i]);
}

/* ---- which moments ---- */

typedef struct {
    const char *run;
    int64_t decision; /* -1: now */
} side;

static bool parse_decision(const char *word, int64_t *out) {
    const size_t n = strlen(word);
    const bool is_one = n && n < 16 && strspn(word, "0123456789") == n;
    if (is_one) *out = strtoll(word, NULL, 10);
    return is_one;
}

static lp_status take_words(side sides[2], const char *run, const char *const *words, int n, lp_err *err) {
    int64_t decision[2] = {-1, -1};
    bool is_number[2] = {false, false};
    for (int i = 0; i < n; i++) is_number[i] = parse_decision(words[i], &decision[i]);
    sides[0] = (side){run, decision[0]}, sides[1] = (side){run, decision[1]};
    if (is_number[0] && (n == 1 || is_number[1])) return LP_OK;
    if (is_number[0]) return lp_fail(err, LP_BAD_INPUT, "memory diff: '%s' is no decision (another run comes before it)", words[1]);
    if (n == 2 && !is_number[1]) return lp_fail(err, LP_BAD_INPUT, "memory diff: '%s' is no decision", words[1]);
    sides[0].decision = decision[1];
    sides[1] = (side){words[0], decision[1]};
    return LP_OK;
}

static void add_side(cJSON *o, const char *name, const side *s, const lp_run_moment *m) {
    cJSON *to = cJSON_AddObjectToObject(o, name);
    cJSON_AddStringToObject(to, "run", s->run);
    cJSON_AddNumberToObject(to, "decision", (double)m->decision);
    cJSON_AddNumberToObject(to, "episode", (double)m->episode);
}

lp_status lp_memory_diff(const char *run, const char *const *words, int n, bool json, cJSON *o, lp_err *err) {
    side sides[2] = {{run, -1}, {run, -1}};
    lp_run_moment *moments = calloc(2, sizeof *moments);
    lp_status status = moments ? take_words(sides, run, words, n, err) : lp_fail(err, LP_FAILED, "out of memory");
    for (int i = 0; i < 2 && !status; i++) status = lp_run_moment_read(&moments[i], sides[i].run, sides[i].decision, err);
    if (!status) {
        add_side(o, "from", &sides[0], &moments[0]), add_side(o, "to", &sides[1], &moments[1]);
        report nodes = {.list = json ? cJSON_AddArrayToObject(o, "nodes") : NULL, .kind = "id"};
        compare_nodes(&nodes, &moments[0], &moments[1]);
        report notes = {.list = json ? cJSON_AddArrayToObject(o, "notes") : NULL, .kind = "key"};
        compare_notes(&notes, &moments[0], &moments[1]);
        if (!json)
            printf("%d new, %d changed, %d gone; from decision %lld of %s to decision %lld of %s\n", nodes.n_new + notes.n_new,
                   nodes.n_changed + notes.n_changed, nodes.n_gone + notes.n_gone, (long long)moments[0].decision, sides[0].run,
                   (long long)moments[1].decision, sides[1].run);
    }
    for (int i = 0; i < 2 && moments; i++) lp_run_moment_free(&moments[i]);
    free(moments);
    return status;
}
