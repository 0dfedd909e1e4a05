/* The reports of longplay compare: JUnit's XML, one page of HTML, a table in Markdown. */
#include "cli/compare.h"

#include "base/file.h"
#include "cli/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const lp_file_kind kinds[] = {{"a JUnit report", {"<?xml", NULL}},
                                     {"a page (HTML)", {"<!DOCTYPE html>", NULL}},
                                     {"a report of longplay compare (Markdown)", {"<!-- longplay", NULL}}};

lp_status lp_compare_can_write(lp_report_kind kind, const char *path, lp_err *err) {
    return lp_file_check_writable(path, &kinds[kind], err);
}

/* Why a row was not run. */
static const char *why_not(const lp_comparison *c, int i) { return i < c->n_rows ? c->rows[i].error : "not every row could be run"; }

/* "cue when=1, horizon 64" */
static const char *title(const lp_compare_row *row, char out[224]) {
    if (row->horizon) snprintf(out, 224, "%s, horizon %lld", row->name, (long long)row->horizon);
    else snprintf(out, 224, "%s", row->name);
    return out;
}

/* "-7.5 points (-11.9 to -3.6), p = 0.0001 by Holm, 15 lost, 0 gained of 200" */
static const char *finding(const lp_gate_row *gate, char out[224]) {
    snprintf(out, 224, "%+.1f points (%+.1f to %+.1f), p = %.2g by Holm, %lld lost and %lld gained of %lld", 100 * gate->difference,
             100 * gate->low, 100 * gate->high, gate->p_holm, (long long)gate->pairs.lost, (long long)gate->pairs.gained,
             (long long)gate->pairs.n);
    return out;
}

static const lp_gate_row *gate_at(const lp_comparison *c, int i) { return i < c->n_rows ? &c->rows[i].gate : &c->all; }

static int n_judged(const lp_comparison *c) { return c->n_rows + lp_gate_has_all(&c->gate, c->n_rows); }

/* "0.98 (0.93 to 1.05)"; nothing if only one of them played. */
static void put_speed(FILE *f, const lp_compare_row *row, const char *unit) {
    if (row->speed > 0) fprintf(f, "%.2f%s", row->speed, unit);
    if (row->speed > 0 && row->n_turns > 1) fprintf(f, " (%.2f to %.2f)", row->speed_low, row->speed_high);
}

/* ---- JUnit: regressions are failures, what is undecided is skipped, what could not be run an error ---- */

static void junit_case(FILE *f, const char *name, lp_verdict verdict, const char *why) {
    static const char *const elements[] = {NULL, "failure", "skipped", "error"};
    fputs("    <testcase classname=\"longplay.compare\" name=\"", f);
    lp_put_text(f, name);
    if (verdict == LP_NO_WORSE) {
        fputs("\">\n      <system-out>", f);
        lp_put_text(f, why);
        fputs("</system-out>\n    </testcase>\n", f);
        return;
    }
    fprintf(f, "\">\n      <%s message=\"%s: ", elements[verdict], lp_verdict_name(verdict));
    lp_put_text(f, why);
    fputs("\"/>\n    </testcase>\n", f);
}

static void junit(FILE *f, const lp_comparison *c, const char *refusal) {
    char name[224], why[224];
    int n = refusal ? 1 : n_judged(c), of[4] = {0};
    for (int i = 0; i < n; i++) of[refusal ? LP_NOT_RUN : gate_at(c, i)->verdict]++;
    fprintf(f,
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"longplay compare\" tests=\"%d\" failures=\"%d\" "
            "errors=\"%d\" "
            "skipped=\"%d\">\n",
            n, of[LP_WORSE], of[LP_NOT_RUN], of[LP_UNDECIDED]);
    for (int i = 0; i < n; i++) {
        if (refusal) junit_case(f, "compare", LP_NOT_RUN, refusal);
        else
            junit_case(f, i < c->n_rows ? title(&c->rows[i], name) : "all", gate_at(c, i)->verdict,
                       gate_at(c, i)->verdict == LP_NOT_RUN ? why_not(c, i) : finding(gate_at(c, i), why));
    }
    fputs("  </testsuite>\n</testsuites>\n", f);
}

/* ---- Markdown ---- */

static void markdown(FILE *f, const lp_comparison *c, const char *refusal) {
    char text[512];
    fputs("<!-- longplay compare -->\n", f);
    if (refusal) {
        fputs("**error**: ", f);
        lp_put_text(f, refusal);
        fputs("\n", f);
        return;
    }
    lp_compare_sentence(c, text, sizeof text);
    fprintf(f, "**%s**\n\n", text);
    lp_put_text(f, c->side[LP_CANDIDATE].given);
    fputs(" against ", f);
    lp_put_text(f, c->side[LP_BASELINE].given);
    fputs(", the same seeds.\n\n", f);
    fputs("| game | episodes | baseline | candidate | lost | gained | points | interval | p (Holm) | decisions/s | verdict |\n"
          "|---|---|---|---|---|---|---|---|---|---|---|\n",
          f);
    for (int i = 0; i < n_judged(c); i++) {
        const lp_gate_row *gate = gate_at(c, i);
        const lp_compare_row *row = i < c->n_rows ? &c->rows[i] : NULL;
        fputs("| ", f);
        lp_put_text(f, row ? title(row, text) : "all");
        if (gate->verdict == LP_NOT_RUN) {
            fputs(" | | | | | | | | | | **error**: ", f);
            lp_put_text(f, why_not(c, i));
            fputs(" |\n", f);
            continue;
        }
        fprintf(f, " | %lld |", (long long)gate->pairs.n);
        for (int side = 0; side < LP_SIDES; side++)
            if (row) fprintf(f, " %.1f %% |", 100 * (double)row->side[side].wins / (double)gate->pairs.n);
            else fputs(" |", f);
        fprintf(f, " %lld | %lld | %+.1f | %+.1f to %+.1f | %.2g |", (long long)gate->pairs.lost, (long long)gate->pairs.gained,
                100 * gate->difference, 100 * gate->low, 100 * gate->high, gate->p_holm);
        fputs(" ", f);
        if (row) put_speed(f, row, " times");
        fputs(" |", f);
        fprintf(f, gate->verdict == LP_NO_WORSE ? " %s |\n" : " **%s** |\n", lp_verdict_name(gate->verdict));
    }
}

/* ---- HTML ---- */

enum { PLOT_WIDTH = 220, PLOT_HEIGHT = 18 };

/* An interval as a line with a dot, the hypothesis as an upright; scale: points from the middle to the edge. */
static void plot(FILE *f, const lp_comparison *c, const lp_gate_row *gate, double scale) {
    double middle = PLOT_WIDTH / 2.0, unit = (middle - 6) / scale;
    fprintf(f, "<svg width=\"%d\" height=\"%d\"><line x1=\"%g\" x2=\"%g\" y1=\"0\" y2=\"%d\" class=\"zero\"/>", PLOT_WIDTH, PLOT_HEIGHT,
            middle, middle, PLOT_HEIGHT);
    if (c->gate.margin > 0 && c->gate.margin <= scale) {
        double x = middle - unit * c->gate.margin;
        fprintf(f, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"0\" y2=\"%d\" class=\"margin\"/>", x, x, PLOT_HEIGHT);
    }
    fprintf(f, "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"9\" y2=\"9\" class=\"interval\"/><circle cx=\"%.1f\" cy=\"9\" r=\"4\"/></svg>",
            middle + unit * gate->low, middle + unit * gate->high, middle + unit * gate->difference);
}

static void html_row(FILE *f, const lp_comparison *c, int i, double scale) {
    static const char *const classes[] = {"good", "bad", "open", "bad"};
    const lp_gate_row *gate = gate_at(c, i);
    const lp_compare_row *row = i < c->n_rows ? &c->rows[i] : NULL;
    char text[224];
    fprintf(f, "<tr class=\"%s\"><td>", classes[gate->verdict]);
    lp_put_text(f, row ? title(row, text) : "all");
    if (gate->verdict == LP_NOT_RUN) {
        fputs("</td><td colspan=\"9\">", f);
        lp_put_text(f, why_not(c, i));
        fputs("</td><td>error</td></tr>\n", f);
        return;
    }
    fprintf(f, "</td><td>%lld</td>", (long long)gate->pairs.n);
    for (int side = 0; side < LP_SIDES; side++)
        if (row) fprintf(f, "<td>%.1f %%</td>", 100 * (double)row->side[side].wins / (double)gate->pairs.n);
        else fputs("<td></td>", f);
    fprintf(f, "<td>%lld</td><td>%lld</td><td>%+.1f</td><td>%+.1f to %+.1f</td><td>", (long long)gate->pairs.lost,
            (long long)gate->pairs.gained, 100 * gate->difference, 100 * gate->low, 100 * gate->high);
    plot(f, c, gate, scale);
    fprintf(f, "</td><td>%.2g</td><td>%s</td></tr>\n", gate->p_holm, lp_verdict_name(gate->verdict));
}

/* A number that is known, or a dash. */
static void cost(FILE *f, const char *format, double value) {
    fputs("<td>", f);
    if (value > 0) fprintf(f, format, value);
    else fputs("-", f);
    fputs("</td>", f);
}

static void html_costs(FILE *f, const lp_comparison *c) {
    char text[224];
    fputs("<h2>What it costs</h2><table><tr><th>game<th colspan=\"2\">decisions/s<th>ratio<th colspan=\"2\">context items"
          "<th colspan=\"2\">FLOPs a decision<th colspan=\"2\">memory, bytes</tr>\n",
          f);
    for (int i = 0; i < c->n_rows; i++) {
        const lp_compare_row *row = &c->rows[i];
        const lp_compare_side *a = &row->side[LP_BASELINE], *b = &row->side[LP_CANDIDATE];
        if (row->gate.verdict == LP_NOT_RUN) continue;
        fputs("<tr><td>", f);
        lp_put_text(f, title(row, text));
        fputs("</td>", f);
        cost(f, "%.0f", a->decisions_per_s);
        cost(f, "%.0f", b->decisions_per_s);
        fputs("<td>", f);
        put_speed(f, row, "");
        fprintf(f, "</td><td>%d</td><td>%d</td>", a->context_items_max, b->context_items_max);
        cost(f, "%.3g", a->flops);
        cost(f, "%.3g", b->flops);
        cost(f, "%.0f", a->memory_bytes);
        cost(f, "%.0f", b->memory_bytes);
        fputs("</tr>\n", f);
    }
    fputs("</table>\n", f);
}

static void html(FILE *f, const lp_comparison *c, const char *refusal) {
    char text[512];
    double scale = 0.02;
    if (refusal) snprintf(text, sizeof text, "error: %s", refusal);
    else lp_compare_sentence(c, text, sizeof text);
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>longplay compare</title><style>\n"
          "body{font:15px/1.4 sans-serif;margin:2em;color:#222}h1{font-size:1.3em}h2{font-size:1.1em}table{border-collapse:collapse}\n"
          "td,th{padding:.2em .7em;text-align:right;white-space:nowrap}svg{vertical-align:middle}\n"
          "td:first-child,th:first-child{text-align:left}tr+tr td{border-top:1px solid #ddd}.bad "
          "td:last-child{color:#b00020;font-weight:bold}\n"
          ".open td:last-child{color:#8a6d00}.good td:last-child{color:#1b6e2f}line{stroke:#222}.zero{stroke:#bbb}.margin{stroke:#b00020;"
          "stroke-dasharray:2}.interval{stroke-width:2}\n</style></head><body>\n<h1>",
          f);
    lp_put_text(f, text);
    fputs("</h1>\n", f);
    for (int i = 0; i < n_judged(c) && !refusal; i++) {
        const lp_gate_row *gate = gate_at(c, i);
        if (gate->verdict == LP_NOT_RUN) continue;
        if (-gate->low > scale) scale = -gate->low;
        if (gate->high > scale) scale = gate->high;
    }
    if (!refusal) {
        fputs("<p>", f);
        lp_put_text(f, c->side[LP_CANDIDATE].given);
        fputs(" against ", f);
        lp_put_text(f, c->side[LP_BASELINE].given);
        fputs(", the same seeds. Points: of the win rate, candidate less baseline; each interval at the level at which its row was "
              "judged.</p>\n"
              "<table><tr><th>game<th>episodes<th>baseline<th>candidate<th>lost<th>gained<th>points<th>interval<th><th>p "
              "(Holm)<th>verdict</tr>\n",
              f);
        for (int i = 0; i < n_judged(c); i++) html_row(f, c, i, scale);
        fputs("</table>\n", f);
        html_costs(f, c);
    }
    fputs("</body></html>\n", f);
}

lp_status lp_compare_write(const lp_comparison *c, const char *refusal, lp_report_kind kind, const char *path, lp_err *err) {
    static void (*const write[])(FILE *, const lp_comparison *, const char *) = {junit, html, markdown};
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    if (!f) return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    write[kind](f, c, refusal);
    lp_status status = fclose(f) ? lp_fail(err, LP_FAILED, "%s: out of memory", path) : LP_OK;
    if (!status) status = lp_file_write_atomic(path, text, size, err);
    free(text);
    return status;
}
