/* longplay report: what an experiment found, as a page, tables and figures. */
#include "cli/cli.h"

#include "base/file.h"
#include "cli/plot.h"
#include "cli/study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *path, *page, *markdown, *figures;
    int n_path;
    double target, price;
    bool json;
} arguments;

static const lp_file_kind page_kind = {"a page (HTML)", {"<!DOCTYPE html>", NULL}};
static const lp_file_kind markdown_kind = {"a report of longplay report (Markdown)", {"<!-- longplay report", NULL}};
static const lp_file_kind picture_kinds[LP_PLOT_KINDS] = {{"a drawing (SVG)", {"<?xml", "<svg"}}, {"a picture (PNG)", {"\x89PNG", NULL}}};
static const char *const endings[LP_PLOT_KINDS] = {"svg", "png"};

static void picture_path(const arguments *a, const lp_figure *f, int kind, char out[PATH_MAX]) {
    snprintf(out, PATH_MAX, "%.*s/%s.%s", PATH_MAX - 96, a->figures, f->name, endings[kind]);
}

/* Can all of it be written? Asked before the first is. */
static lp_status check_outputs(const arguments *a, const lp_figures *figures, lp_err *err) {
    char path[PATH_MAX];
    lp_status status = a->page ? lp_file_check_writable(a->page, &page_kind, err) : LP_OK;
    if (!status && a->markdown) status = lp_file_check_writable(a->markdown, &markdown_kind, err);
    if (!status && a->figures) status = lp_make_dirs(a->figures, err);
    for (int i = 0; i < figures->n * LP_PLOT_KINDS && !status && a->figures; i++) {
        picture_path(a, &figures->figures[i / LP_PLOT_KINDS], i % LP_PLOT_KINDS, path);
        status = lp_file_check_writable(path, &picture_kinds[i % LP_PLOT_KINDS], err);
    }
    return status;
}

static lp_status write_pictures(const arguments *a, const lp_figures *figures, lp_err *err) {
    char path[PATH_MAX], *png;
    size_t size;
    lp_status status = LP_OK;
    for (int i = 0; i < figures->n && !status; i++) {
        const lp_figure *f = &figures->figures[i];
        picture_path(a, f, LP_PLOT_SVG, path);
        status = lp_file_write_atomic(path, f->svg, f->svg_bytes, err);
        if (!status) status = lp_plot(&png, &size, LP_PLOT_PNG, f->width, f->height, f->script, err);
        if (status) break;
        picture_path(a, f, LP_PLOT_PNG, path);
        status = lp_file_write_atomic(path, png, size, err);
        free(png);
    }
    return status;
}

/* The folder of figures as the Markdown has to name it: from where that lies. */
static const char *figures_from(const arguments *a) {
    const char *slash = a->markdown ? strrchr(a->markdown, '/') : NULL;
    size_t n = slash ? (size_t)(slash - a->markdown) + 1 : 0;
    return a->figures && n && !strncmp(a->figures, a->markdown, n) ? a->figures + n : a->figures;
}

static lp_status write_texts(const arguments *a, const lp_study *study, const lp_figures *figures, lp_err *err) {
    char *html = NULL, *markdown = NULL;
    size_t html_bytes = 0, markdown_bytes = 0;
    lp_document d = {.html = open_memstream(&html, &html_bytes), .markdown = open_memstream(&markdown, &markdown_bytes)};
    bool whole = d.html && d.markdown;
    if (whole) lp_study_write(&d, study, figures, figures_from(a));
    if (d.html && fclose(d.html)) whole = false;
    if (d.markdown && fclose(d.markdown)) whole = false;
    lp_status status = whole ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    if (!status && a->page) status = lp_file_write_atomic(a->page, html, html_bytes, err);
    if (!status && a->markdown) status = lp_file_write_atomic(a->markdown, markdown, markdown_bytes, err);
    free(html), free(markdown);
    return status;
}

static lp_status run(const arguments *a, lp_study *study, lp_figures *figures, lp_err *err) {
    lp_status status = check_outputs(a, figures, err);
    if (!status) status = lp_study_open(study, a->path, err);
    if (!status && (a->page || a->figures)) status = lp_study_draw(figures, study, err);
    if (!status) status = check_outputs(a, figures, err);
    if (!status && a->figures) status = write_pictures(a, figures, err);
    if (!status) status = write_texts(a, study, figures, err);
    return status;
}

static void more_help(void) {
    printf("\nDIR is an experiment's folder, DB its experiment.db; the experiment may still run. What is missing is said and counted.\n"
           "Figures are drawn by gnuplot (Debian: gnuplot-nox); Markdown and --json do without. docs/experiments.md tells more.\n");
}

int lp_cmd_report(int argc, char **argv) {
    arguments a = {.target = 0.9, .price = NAN};
    const lp_option options[] = {
        {.name = "out", .value = "FILE.html", .help = "write a page that needs nothing else", .text = &a.page},
        {.name = "markdown", .value = "FILE.md", .help = "write its tables, and links to --figures", .text = &a.markdown},
        {.name = "figures", .value = "DIR", .help = "write each figure as SVG and as PNG", .text = &a.figures},
        {.name = "target", .value = "X", .help = "the win rate that is aimed at (0.9)", .real = &a.target, .min = 0.01, .max = 1},
        {.name = "price", .value = "X", .help = "of an hour of CPU, in any money", .real = &a.price, .min = 0, .max = 1e9},
        {.name = "json", .help = "print one JSON object", .flag = &a.json},
    };
    const lp_usage usage = {
        .name = "report",
        .arguments = "DB|DIR",
        .summary = "What an experiment found: how much each method wins, with intervals, how far it remembers, how fast it learns,\n"
                   "what it costs.",
        .example = "longplay report memories --out report.html",
        .options = options,
        .n_options = sizeof options / sizeof *options,
        .min_positional = 1,
        .max_positional = 1,
        .positional = &a.path,
        .n_positional = &a.n_path,
        .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    lp_study study = {.target = a.target, .price = a.price};
    lp_figures figures = {0};
    lp_status status = run(&a, &study, &figures, &err);
    code = (int)status;
    if (status) lp_report(status, &err);
    else if (a.json) code = lp_print_json(lp_study_json(&study));
    else lp_study_print(&study);
    lp_figures_free(&figures);
    lp_study_close(&study);
    return code;
}
