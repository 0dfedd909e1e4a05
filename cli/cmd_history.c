/* longplay history: results by version, kept in one file, shown and drawn. */
#include "cli/cli.h"

#include "base/file.h"
#include "cli/document.h"
#include "cli/plot.h"
#include "evals/stats.h"
#include "experiment/history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *positional[2], *path, *version, *out;
    int n_positional;
    int64_t last;
    bool json;
} arguments;

static double rate(const lp_history_cell *c) { return (double)c->wins / (double)c->n; }

static bool worse(const lp_history_cell *c) { return c->n && c->before >= 0 && c->gate.verdict == LP_WORSE; }

static int n_worse(const lp_history *h, int version) {
    int n = 0;
    for (int r = 0; r < h->n_rows; r++) n += worse(lp_history_at(h, r, version));
    return n;
}

/* "95.0", "71.5 worse", "98.0 other" (than before: another ROM, other seeds); "" where it was not played. */
static const char *cell_text(const lp_history_cell *c, char out[32]) {
    *out = 0;
    if (c->n) snprintf(out, 32, "%.1f%s", 100 * rate(c), worse(c) ? " worse" : c->other ? " other" : "");
    return out;
}

/* ---- show ---- */

static int first_shown(const arguments *a, const lp_history *h) { return h->n_versions > a->last ? h->n_versions - (int)a->last : 0; }

static void print(const arguments *a, const lp_history *h) {
    char text[32];
    int name = 4, from = first_shown(a, h);
    for (int r = 0; r < h->n_rows; r++)
        if ((int)strlen(h->rows[r].name) > name) name = (int)strlen(h->rows[r].name);
    printf("%-*s", name, "row");
    for (int v = from; v < h->n_versions; v++) printf("  %10s", h->versions[v]);
    printf("\n");
    for (int r = 0; r < h->n_rows; r++) {
        printf("%-*s", name, h->rows[r].name);
        for (int v = from; v < h->n_versions; v++) {
            int width = (int)strlen(h->versions[v]);
            printf("  %*s", width > 10 ? width : 10, cell_text(lp_history_at(h, r, v), text));
        }
        printf("\n");
    }
    for (int v = from; v < h->n_versions; v++)
        if (n_worse(h, v)) printf("%s: %d of its rows are worse than before\n", h->versions[v], n_worse(h, v));
}

static cJSON *to_json(const lp_history *h) {
    cJSON *o = cJSON_CreateObject(), *versions = cJSON_AddArrayToObject(o, "versions"), *rows = cJSON_AddArrayToObject(o, "rows");
    for (int v = 0; v < h->n_versions; v++) cJSON_AddItemToArray(versions, cJSON_CreateString(h->versions[v]));
    for (int r = 0; r < h->n_rows; r++) {
        cJSON *row = cJSON_CreateObject(), *results;
        cJSON_AddItemToArray(rows, row);
        cJSON_AddStringToObject(row, "game", h->rows[r].game);
        cJSON_AddStringToObject(row, "row", h->rows[r].name);
        results = cJSON_AddArrayToObject(row, "results");
        for (int v = 0; v < h->n_versions; v++) {
            const lp_history_cell *c = lp_history_at(h, r, v);
            if (!c->n) continue;
            cJSON *one = cJSON_CreateObject();
            cJSON_AddItemToArray(results, one);
            cJSON_AddStringToObject(one, "version", h->versions[v]);
            cJSON_AddNumberToObject(one, "episodes", (double)c->n);
            cJSON_AddNumberToObject(one, "wins", (double)c->wins);
            cJSON_AddNumberToObject(one, "win_rate", rate(c));
            if (c->before < 0) continue;
            cJSON_AddStringToObject(one, "before", h->versions[c->before]);
            cJSON_AddNumberToObject(one, "lost", (double)c->gate.pairs.lost);
            cJSON_AddNumberToObject(one, "gained", (double)c->gate.pairs.gained);
            cJSON_AddNumberToObject(one, "p_holm", c->gate.p_holm);
            cJSON_AddStringToObject(one, "verdict", lp_verdict_name(c->gate.verdict));
        }
    }
    return o;
}

/* ---- draw ---- */

enum { WIDTH = 900, HEIGHT = 260, MAX_GAMES = 64 };

/* One game's rows over versions, with Wilson's intervals; a ring where a row became worse. */
static void draw_game(FILE *f, const lp_history *h, int from, int to) {
    double low, high;
    for (int r = from; r < to; r++)
        for (int only_worse = 0; only_worse < 2; only_worse++) {
            fprintf(f, "$r%d_%d << E\n", r, only_worse);
            for (int v = 0; v < h->n_versions; v++) {
                const lp_history_cell *c = lp_history_at(h, r, v);
                if (!c->n || (only_worse && !worse(c))) continue;
                lp_wilson(c->wins, c->n, 1.96, &low, &high);
                fprintf(f, "%d %.10g %.10g %.10g\n", v, rate(c), low, high);
            }
            fputs("E\n", f);
        }
    fputs("set title ", f);
    lp_plot_text(f, h->rows[from].game);
    fputs("\nplot", f);
    for (int r = from; r < to; r++) {
        fprintf(f, "%s $r%d_0 using ($1+%g):2:3:4 with yerrorlines pt 7 ps 0.6 lw 1.5", r > from ? "," : "", r, 0.02 * (r - from));
        lp_plot_line(f, r - from);
        fputs(" title ", f);
        lp_plot_text(f, h->rows[r].name);
        fprintf(f, ", $r%d_1 using ($1+%g):2 with points pt 6 ps 2.2 lw 2 lc rgb '#b00020' notitle", r, 0.02 * (r - from));
    }
    fputs("\n", f);
}

static lp_status draw(char **svg, size_t *size_bytes, const lp_history *h, lp_err *err) {
    char *script = NULL;
    size_t bytes;
    int begin[MAX_GAMES + 1], n = 0, height = 0;
    for (int r = 0; r < h->n_rows; r++)
        if (!r || strcmp(h->rows[r].game, h->rows[r - 1].game)) {
            if (n == MAX_GAMES) return lp_fail(err, LP_BAD_INPUT, "results of more than %d games cannot be drawn at once", MAX_GAMES);
            begin[n++] = r;
        }
    begin[n] = h->n_rows;
    for (int i = 0; i < n; i++) {
        int key = 70 + 18 * (begin[i + 1] - begin[i]);
        if (key > height) height = key;
    }
    if (height < HEIGHT) height = HEIGHT;
    FILE *f = open_memstream(&script, &bytes);
    if (!f) return lp_fail(err, LP_FAILED, "out of memory");
    fprintf(f,
            "set multiplot layout %d,1\nset border 3\nset tics nomirror out\nset grid back lc rgb '#e5e5e5'\nset yrange [-0.03:1.03]\n"
            "set xrange [-0.3:%g]\nset key outside right top\nset ylabel 'won'\nset lmargin 9\nset xtics (",
            n, h->n_versions - 0.6);
    for (int v = 0, every = 1 + h->n_versions / 12; v < h->n_versions; v += every) {
        fputs(v ? ", " : "", f);
        lp_plot_text(f, h->versions[v]);
        fprintf(f, " %d", v);
    }
    fputs(")\n", f);
    for (int i = 0; i < n; i++) draw_game(f, h, begin[i], begin[i + 1]);
    fputs("unset multiplot\n", f);
    lp_status status = fclose(f) ? lp_fail(err, LP_FAILED, "out of memory") : LP_OK;
    if (!status) status = lp_plot(svg, size_bytes, LP_PLOT_SVG, WIDTH, height * n, script, err);
    free(script);
    return status;
}

static void write_page(lp_document *d, const arguments *a, const lp_history *h, const char *svg, size_t size_bytes) {
    char text[32];
    lp_document_begin(d, "Results by version");
    lp_document_figure(d, "Win rates by version, a line a row; a ring where it became worse", svg, size_bytes, NULL);
    lp_document_paragraph(
        d, "Win rates with 95 %% intervals (Wilson's). A ring, \"worse\": worse than the version before it in its row, of the same "
           "episodes, by McNemar's exact test, with Holm's correction over a version's rows at 5 %%. \"other\": the version before played "
           "another ROM or other seeds.");
    lp_document_table(d);
    lp_document_cell(d, "row");
    for (int v = first_shown(a, h); v < h->n_versions; v++) lp_document_cell(d, "%s", h->versions[v]);
    for (int r = 0; r < h->n_rows; r++) {
        lp_document_row(d);
        lp_document_cell(d, "%s", h->rows[r].name);
        for (int v = first_shown(a, h); v < h->n_versions; v++) lp_document_cell(d, "%s", cell_text(lp_history_at(h, r, v), text));
    }
    lp_document_table_end(d);
    lp_document_end(d);
}

static bool ends_in(const char *text, const char *ending) {
    size_t n = strlen(text), m = strlen(ending);
    return n > m && !strcmp(text + n - m, ending);
}

static lp_status check_out(const arguments *a, lp_err *err) {
    static const lp_file_kind page = {"a page (HTML)", {"<!DOCTYPE html>", NULL}}, drawing = {"a drawing (SVG)", {"<?xml", "<svg"}};
    if (!a->out) return lp_fail(err, LP_BAD_INPUT, "history draw: needs -o FILE.svg or FILE.html");
    if (!ends_in(a->out, ".svg") && !ends_in(a->out, ".html"))
        return lp_fail(err, LP_BAD_INPUT, "%s: history draw makes .svg or .html", a->out);
    return lp_file_check_writable(a->out, ends_in(a->out, ".svg") ? &drawing : &page, err);
}

static lp_status write_drawing(const arguments *a, const lp_history *h, lp_err *err) {
    char *svg = NULL, *html = NULL, *markdown = NULL;
    size_t svg_bytes = 0, html_bytes = 0, markdown_bytes = 0;
    lp_status status = draw(&svg, &svg_bytes, h, err);
    if (!status && ends_in(a->out, ".svg")) status = lp_file_write_atomic(a->out, svg, svg_bytes, err);
    else if (!status) {
        lp_document d = {.html = open_memstream(&html, &html_bytes), .markdown = open_memstream(&markdown, &markdown_bytes)};
        bool whole = d.html && d.markdown;
        if (whole) write_page(&d, a, h, svg, svg_bytes);
        if (d.html && fclose(d.html)) whole = false;
        if (d.markdown && fclose(d.markdown)) whole = false;
        status = whole ? lp_file_write_atomic(a->out, html, html_bytes, err) : lp_fail(err, LP_FAILED, "out of memory");
    }
    free(svg), free(html), free(markdown);
    return status;
}

/* ---- the command ---- */

static lp_status add(const arguments *a, cJSON **o, lp_err *err) {
    int n;
    if (a->n_positional < 2) return lp_fail(err, LP_BAD_INPUT, "history add: needs RESULTS");
    if (!a->version) return lp_fail(err, LP_BAD_INPUT, "history add: needs --version NAME");
    lp_status status = lp_history_add(a->path, a->positional[1], a->version, &n, err);
    if (status) return status;
    *o = cJSON_CreateObject();
    cJSON_AddStringToObject(*o, "history", a->path);
    cJSON_AddStringToObject(*o, "version", a->version);
    cJSON_AddNumberToObject(*o, "rows", n);
    if (!a->json) printf("%s: %d row%s of version %s added\n", a->path, n, n == 1 ? "" : "s", a->version);
    return LP_OK;
}

static lp_status show(const arguments *a, bool drawn, cJSON **o, lp_err *err) {
    lp_history history = {0};
    lp_status status = LP_OK;
    if (a->n_positional > 1 || a->version)
        return lp_fail(err, LP_BAD_INPUT, "history %s: takes neither RESULTS nor --version", a->positional[0]);
    if (drawn) status = check_out(a, err);
    if (!status) status = lp_history_read(&history, a->path, err);
    if (!status && drawn) status = write_drawing(a, &history, err);
    if (!status) *o = to_json(&history);
    if (!status && !a->json && !drawn) print(a, &history);
    lp_history_free(&history);
    return status;
}

static void more_help(void) {
    printf("\n  %-26s %s\n  %-26s %s\n  %-26s %s\n", "add RESULTS",
           "takes what eval --out or eval --json wrote, or an experiment, as --version NAME's", "show",
           "win rates by version, and where they became worse", "draw", "the same as a picture, -o FILE.svg, or a page, -o FILE.html");
    printf("\nWorse: than the version before it in its row, if that played the same episodes, by compare's rule (docs/report.md).\n");
}

int lp_cmd_history(int argc, char **argv) {
    arguments a = {.path = "history.db", .last = 8};
    const lp_option options[] = {
        {.name = "history", .value = "FILE", .help = "where results are kept (history.db)", .text = &a.path},
        {.name = "version", .value = "NAME", .help = "add: whose results they are; a commit, a date", .text = &a.version},
        {.name = "out", .value = "FILE.svg|FILE.html", .help = "draw: what to write", .text = &a.out},
        {.name = "last", .value = "N", .help = "show so many of the last versions in tables (8)", .number = &a.last, .min = 1, .max = 1000},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {.name = "history",
                            .arguments = "add RESULTS | show | draw",
                            .summary = "Results by version, in one SQLite file: what became worse, and when.",
                            .example = "longplay history add monday.jsonl --version 1.4.2",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 1,
                            .max_positional = 2,
                            .positional = a.positional,
                            .n_positional = &a.n_positional,
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    cJSON *o = NULL;
    const char *what = a.positional[0];
    lp_status status;
    if (!strcmp(what, "add")) status = a.out ? lp_fail(&err, LP_BAD_INPUT, "history add: takes no --out") : add(&a, &o, &err);
    else if (!strcmp(what, "show"))
        status = a.out ? lp_fail(&err, LP_BAD_INPUT, "history show: takes no --out") : show(&a, false, &o, &err);
    else if (!strcmp(what, "draw")) status = show(&a, true, &o, &err);
    else status = lp_fail(&err, LP_BAD_INPUT, "history '%s': must be add, show or draw", what);
    code = (int)status;
    if (status) lp_report(status, &err);
    if (o && a.json) code = lp_print_json(o);
    else cJSON_Delete(o);
    return code;
}
