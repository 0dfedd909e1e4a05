/* What longplay report writes: the page and the Markdown, the JSON object, the table on stdout. */
#include "cli/study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- numbers as text ---- */

enum { TEXT = 96 };

/* "96.5 (93.8 to 98.7)", in percent; "96.5" without an interval, "?" for what is not known. */
static const char *percent(const lp_estimate *e, char out[TEXT]) {
    if (isnan(e->value)) snprintf(out, TEXT, "?");
    else if (isnan(e->interval.low)) snprintf(out, TEXT, "%.1f", 100 * e->value);
    else snprintf(out, TEXT, "%.1f (%.1f to %.1f)", 100 * e->value, 100 * e->interval.low, 100 * e->interval.high);
    return out;
}

static const char *figure(double value, const char *format, char out[TEXT]) {
    if (isfinite(value)) snprintf(out, TEXT, format, value); // NOLINT: formats are ours
    else snprintf(out, TEXT, "?");
    return out;
}

/* "1,234,567" */
static const char *whole(double value, char out[TEXT]) {
    char digits[32];
    size_t used = 0;
    if (!isfinite(value) || fabs(value) > 1e15) return figure(value, "%.3g", out);
    int n = snprintf(digits, sizeof digits, "%.0f", value);
    for (int i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0 && digits[i - 1] != '-') out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = 0;
    return out;
}

static const lp_method *method_of(const lp_study *s, int i) { return &s->found.methods[s->compared[i].method]; }

/* Does the machine tell joules of any method? */
static bool tells_joules(const lp_study *s) {
    bool any = false;
    for (int m = 0; m < s->found.n_methods; m++) any |= isfinite(s->found.methods[m].joules);
    return any;
}

static double money(const lp_study *s, const lp_method *m) { return m->cpu_s / 3600 * s->price; }

/* ---- parts of the page ---- */

static void put_figures(lp_document *d, const lp_figures *figures, int kind, const char *folder) {
    char link[PATH_MAX + 96];
    for (int i = 0; i < figures->n; i++) {
        const lp_figure *f = &figures->figures[i];
        if ((int)f->kind != kind) continue;
        if (folder) snprintf(link, sizeof link, "%s%s%s.svg", folder, *folder ? "/" : "", f->name);
        lp_document_figure(d, f->says, f->svg, f->svg_bytes, folder ? link : NULL);
    }
}

/* Tests that have no result: of how many, and those with fewer trainings than there are seeds. */
static int n_missing(const lp_study *s) {
    int n = 0;
    for (int i = 0; i < s->found.n_methods * s->found.n_tasks; i++) n += s->found.n_seeds - s->runs[i];
    return n;
}

static int n_few(const lp_study *s) {
    int n = 0;
    for (int i = 0; i < s->found.n_methods * s->found.n_tasks; i++) n += s->runs[i] > 0 && s->runs[i] < LP_STUDY_MIN_SEEDS;
    return n;
}

static void put_summary(lp_document *d, const lp_study *s) {
    const lp_findings *f = &s->found;
    lp_document_paragraph(
        d, "%d method%s, %d task%s (a game with its knobs), %d training seed%s: %d of %d evaluations done, %d failed, %d not yet played.",
        f->n_methods, f->n_methods == 1 ? "" : "s", f->n_tasks, f->n_tasks == 1 ? "" : "s", f->n_seeds, f->n_seeds == 1 ? "" : "s",
        f->n_evaluations - n_missing(s), f->n_evaluations, n_missing(s) - f->n_waiting, f->n_waiting);
    if (s->n_compared < f->n_methods || s->n_tasks < f->n_tasks)
        lp_document_paragraph(
            d,
            "Compared: %d of %d methods (the others lack more than half of the tasks), over %d of %d tasks (those that all of them have).",
            s->n_compared, f->n_methods, s->n_tasks, f->n_tasks);
    if (n_few(s))
        lp_document_paragraph(d,
                              "Too few seeds: %d of %d tests have fewer than %d trainings, which say nothing of how trainings differ: they "
                              "are shown without an interval.",
                              n_few(s), f->n_methods * f->n_tasks, LP_STUDY_MIN_SEEDS);
}

static void put_aggregates(lp_document *d, const lp_study *s, const lp_figures *figures, const char *folder) {
    char text[TEXT];
    lp_document_heading(d, "How much is won");
    put_figures(d, figures, LP_FIGURE_AGGREGATES, folder);
    lp_document_table(d);
    lp_document_cell(d, "method"), lp_document_cell(d, "seeds"), lp_document_cell(d, "interquartile mean"), lp_document_cell(d, "median");
    lp_document_cell(d, "mean"), lp_document_cell(d, "optimality gap to %.3g", 100 * s->target);
    for (int i = 0; i < s->n_compared; i++) {
        lp_document_row(d);
        lp_document_cell(d, "%s", method_of(s, i)->name);
        if (s->compared[i].fewest_runs < s->found.n_seeds) lp_document_cell(d, "%d to %d", s->compared[i].fewest_runs, s->found.n_seeds);
        else lp_document_cell(d, "%d", s->found.n_seeds);
        for (int a = 0; a < LP_AGGREGATES; a++) lp_document_cell(d, "%s", percent(&s->compared[i].aggregate[a], text));
    }
    lp_document_table_end(d);
    lp_document_paragraph(d,
                          "Episodes won, %%, over %d task%s, and 95 %% intervals: the stratified bootstrap, %d resamples of the training "
                          "seeds of each game, whose tests go together. "
                          "Interquartile mean: without the lowest and highest quarter of all scores. Median: of the tasks' means. "
                          "Optimality gap: what is lacking to %.3g %%, where more than that makes up for nothing.",
                          s->n_tasks, s->n_tasks == 1 ? "" : "s", LP_RESAMPLES, 100 * s->target);
    put_figures(d, figures, LP_FIGURE_PROFILES, folder);
}

static void put_pairs(lp_document *d, const lp_study *s) {
    char text[TEXT];
    if (s->n_compared < 2) return;
    lp_document_heading(d, "Probability of improvement");
    lp_document_table(d);
    lp_document_cell(d, "is better than ...");
    for (int i = 0; i < s->n_compared; i++) lp_document_cell(d, "%s", method_of(s, i)->name);
    for (int i = 0; i < s->n_compared; i++) {
        lp_document_row(d);
        lp_document_cell(d, "%s", method_of(s, i)->name);
        for (int k = 0; k < s->n_compared; k++)
            lp_document_cell(d, "%s", i == k ? "" : percent(&s->improvement[i * s->n_compared + k], text));
    }
    lp_document_table_end(d);
    lp_document_paragraph(
        d,
        "That a training of the method on the left wins more in a task than one of the method above, %%, a tie counting half; over tasks.");
}

static void put_tasks(lp_document *d, const lp_study *s, const lp_figures *figures, const char *folder) {
    const lp_findings *f = &s->found;
    char text[TEXT];
    lp_document_heading(d, "Each task, and the horizon");
    put_figures(d, figures, LP_FIGURE_HORIZON, folder);
    lp_document_table(d);
    lp_document_cell(d, "task, horizon");
    for (int m = 0; m < f->n_methods; m++) lp_document_cell(d, "%s", f->methods[m].name);
    for (int t = 0; t < f->n_tasks; t++) {
        lp_document_row(d);
        lp_document_cell(d, "%s", f->tasks[t].name);
        for (int m = 0; m < f->n_methods; m++) {
            int runs = s->runs[m * f->n_tasks + t];
            percent(lp_study_won(s, m, t), text);
            if (runs && runs < f->n_seeds) lp_document_cell(d, "%s, %d of %d seeds", text, runs, f->n_seeds);
            else lp_document_cell(d, "%s", text);
        }
    }
    lp_document_table_end(d);
    lp_document_paragraph(d, "Episodes won, %%: the mean over training seeds.");
    lp_document_table(d);
    lp_document_cell(d, "H%.3g", 100 * s->target);
    for (int m = 0; m < f->n_methods; m++) lp_document_cell(d, "%s", f->methods[m].name);
    for (int t = 0; t < f->n_tasks; t = lp_study_next_panel(s, t)) {
        if (f->tasks[t].horizon < 0) continue;
        lp_document_row(d);
        lp_document_cell(d, "%s", f->tasks[t].panel);
        for (int m = 0; m < f->n_methods; m++) {
            bool ends;
            int64_t longest = lp_study_longest(s, m, t, &ends);
            if (longest) lp_document_cell(d, "%s%s", whole((double)longest, text), ends ? " or more" : "");
            else lp_document_cell(d, "none");
        }
    }
    lp_document_table_end(d);
    lp_document_paragraph(d, "The longest horizon that is won at %.3g %%, in the mean over seeds; \"or more\": no longer one was played.",
                          100 * s->target);
}

static void put_learning(lp_document *d, const lp_study *s, const lp_figures *figures, const char *folder) {
    char text[TEXT];
    lp_document_heading(d, "Learning");
    if (!s->n_learned) {
        lp_document_paragraph(d, "No training was evaluated on the way.");
        return;
    }
    put_figures(d, figures, LP_FIGURE_LEARNING, folder);
    lp_document_table(d);
    lp_document_cell(d, "game"), lp_document_cell(d, "variant"), lp_document_cell(d, "decisions to %.3g %%", 100 * s->target);
    lp_document_cell(d, "trainings that won it");
    for (int i = 0; i < s->n_learned; i++) {
        const lp_learned *one = &s->learned[i];
        if (i && s->learned[i - 1].variant == one->variant && !strcmp(s->learned[i - 1].game, one->game)) continue;
        int reached, n;
        double decisions;
        n = lp_study_learned(s, one->game, one->variant, &reached, &decisions);
        lp_document_row(d);
        lp_document_cell(d, "%s", one->game), lp_document_cell(d, "%s", s->found.methods[one->variant].trained);
        lp_document_cell(d, "%s", isfinite(decisions) ? whole(decisions, text) : "not by half of them");
        lp_document_cell(d, "%d of %d", reached, n);
    }
    lp_document_table_end(d);
    lp_document_paragraph(
        d,
        "Of the held-out evaluations on the way, at the curriculum's hardest knobs: when %.3g %% was first won, in the median over seeds.",
        100 * s->target);
}

static void put_costs(lp_document *d, const lp_study *s, const lp_figures *figures, const char *folder) {
    char text[TEXT];
    int n_unknown = 0;
    lp_document_heading(d, "What it costs");
    put_figures(d, figures, LP_FIGURE_COST, folder);
    lp_document_table(d);
    lp_document_cell(d, "method"), lp_document_cell(d, "won, mean"), lp_document_cell(d, "parameters"),
        lp_document_cell(d, "FLOPs a decision");
    lp_document_cell(d, "bytes read a decision"), lp_document_cell(d, "items read a decision"), lp_document_cell(d, "context, items");
    lp_document_cell(d, "memory, bytes"), lp_document_cell(d, "decisions trained"), lp_document_cell(d, "CPU s a training");
    lp_document_cell(d, "wall s a training");
    if (tells_joules(s)) lp_document_cell(d, "joules a training");
    if (!isnan(s->price)) lp_document_cell(d, "price of a training");
    for (int m = 0; m < s->found.n_methods; m++) {
        const lp_method *one = &s->found.methods[m];
        lp_estimate won = {NAN, {NAN, NAN}};
        for (int i = 0; i < s->n_compared; i++)
            if (s->compared[i].method == m) won.value = s->compared[i].aggregate[LP_MEAN].value;
        n_unknown += one->no_weights;
        lp_document_row(d);
        lp_document_cell(d, "%s", one->name), lp_document_cell(d, "%s", percent(&won, text));
        lp_document_cell(d, "%s", whole(one->parameters, text)), lp_document_cell(d, "%s", whole(one->flops, text));
        lp_document_cell(d, "%s", whole(one->read_bytes, text)), lp_document_cell(d, "%s", figure(one->items, "%.1f", text));
        lp_document_cell(d, "%s", whole(one->context_items, text)), lp_document_cell(d, "%s", whole(one->memory_bytes, text));
        lp_document_cell(d, "%s", whole(one->decisions, text)), lp_document_cell(d, "%s", figure(one->cpu_s, "%.1f", text));
        lp_document_cell(d, "%s", figure(one->wall_s, "%.1f", text));
        if (tells_joules(s)) lp_document_cell(d, "%s", whole(one->joules, text));
        if (!isnan(s->price)) lp_document_cell(d, "%s", figure(money(s, one), "%.4g", text));
    }
    lp_document_table_end(d);
    lp_document_paragraph(d, "FLOPs: products of a decision at the largest context that was seen. Bytes read: all weights, and the items "
                             "that were read in the mean. Memory: of one environment. "
                             "Parameters, decisions and seconds: the mean over trainings.");
    if (tells_joules(s))
        lp_document_paragraph(d, "Joules: what the processors of the whole machine used while it trained, whoever computed.");
    else lp_document_paragraph(d, "Joules: the machine did not tell them.");
    if (n_unknown)
        lp_document_paragraph(d, "Unknown for %d of %d methods, as no weights lie beside the database: FLOPs, bytes read, memory.",
                              n_unknown, s->found.n_methods);
    if (!isnan(s->price)) lp_document_paragraph(d, "Price: at %.10g for an hour of CPU.", s->price);
}

/* What is missing, a line each method that lacks something, and the failures with their reasons. */
static void put_missing(lp_document *d, const lp_study *s) {
    enum { SHOWN = 200 };
    const lp_findings *f = &s->found;
    if (!n_missing(s) && !f->n_failed) return;
    lp_document_heading(d, "What is missing");
    for (int m = 0; m < f->n_methods; m++) {
        int n = 0, tasks = 0;
        for (int t = 0; t < f->n_tasks; t++) {
            n += f->n_seeds - s->runs[m * f->n_tasks + t];
            tasks += !s->runs[m * f->n_tasks + t];
        }
        if (n)
            lp_document_item(d, "%s: %d of %d evaluations; %d of %d tasks have none; %d of %d trainings done", f->methods[m].name, n,
                             f->n_tasks * f->n_seeds, tasks, f->n_tasks, f->methods[m].n_trained, f->methods[m].n_trainings);
    }
    if (f->n_failed) lp_document_paragraph(d, "Failed: %d.", f->n_failed);
    for (int i = 0; i < f->n_failed && i < SHOWN; i++) lp_document_item(d, "%s", f->failed[i]);
    if (f->n_failed > SHOWN) lp_document_paragraph(d, "And %d more: the view `failed` of the database has all.", f->n_failed - SHOWN);
}

void lp_study_write(lp_document *d, const lp_study *s, const lp_figures *figures, const char *folder) {
    const char *slash = strrchr(s->found.folder, '/');
    char title[256];
    snprintf(title, sizeof title, "Experiment %s", slash && slash[1] ? slash + 1 : s->found.folder);
    lp_document_begin(d, title);
    put_summary(d, s);
    if (s->n_compared) put_aggregates(d, s, figures, folder);
    put_pairs(d, s);
    put_tasks(d, s, figures, folder);
    put_learning(d, s, figures, folder);
    put_costs(d, s, figures, folder);
    put_missing(d, s);
    lp_document_end(d);
}

/* ---- --json ---- */

static void add_number(cJSON *o, const char *name, double value) {
    if (isfinite(value)) cJSON_AddNumberToObject(o, name, value);
    else cJSON_AddNullToObject(o, name);
}

static void add_estimate(cJSON *o, const char *name, const lp_estimate *e) {
    cJSON *one = cJSON_AddObjectToObject(o, name);
    add_number(one, "value", e->value);
    if (isnan(e->interval.low)) cJSON_AddNullToObject(one, "ci95");
    else cJSON_AddItemToObject(one, "ci95", cJSON_CreateDoubleArray((const double[]){e->interval.low, e->interval.high}, 2));
}

static void add_methods(cJSON *all, const lp_study *s) {
    static const char *const names[] = {"iqm", "median", "mean", "optimality_gap"};
    for (int m = 0; m < s->found.n_methods; m++) {
        const lp_method *one = &s->found.methods[m];
        cJSON *o = cJSON_CreateObject();
        cJSON_AddItemToArray(all, o);
        cJSON_AddStringToObject(o, "method", one->name);
        cJSON_AddStringToObject(o, "variant", one->variant);
        cJSON_AddStringToObject(o, "memory", one->memory);
        cJSON_AddNumberToObject(o, "trainings", one->n_trainings);
        cJSON_AddNumberToObject(o, "trained", one->n_trained);
        add_number(o, "parameters", one->parameters), add_number(o, "flops", one->flops), add_number(o, "read_bytes", one->read_bytes);
        add_number(o, "memory_bytes", one->memory_bytes), add_number(o, "items_a_decision", one->items);
        add_number(o, "context_items", one->context_items), add_number(o, "decisions", one->decisions);
        add_number(o, "cpu_s", one->cpu_s), add_number(o, "wall_s", one->wall_s), add_number(o, "joules", one->joules);
        add_number(o, "price", money(s, one));
        for (int i = 0; i < s->n_compared; i++)
            for (int a = 0; a < LP_AGGREGATES && s->compared[i].method == m; a++) add_estimate(o, names[a], &s->compared[i].aggregate[a]);
    }
}

static void add_tasks(cJSON *all, const lp_study *s) {
    const lp_findings *f = &s->found;
    for (int t = 0; t < f->n_tasks; t++) {
        cJSON *o = cJSON_CreateObject(), *won;
        cJSON_AddItemToArray(all, o);
        cJSON_AddStringToObject(o, "game", f->tasks[t].game);
        cJSON_AddItemToObject(o, "knobs", cJSON_Parse(f->tasks[t].knobs));
        won = cJSON_AddArrayToObject(o, "won");
        for (int m = 0; m < f->n_methods; m++) {
            cJSON *one = cJSON_CreateObject();
            cJSON_AddItemToArray(won, one);
            cJSON_AddStringToObject(one, "method", f->methods[m].name);
            cJSON_AddNumberToObject(one, "seeds", s->runs[m * f->n_tasks + t]);
            add_estimate(one, "mean", lp_study_won(s, m, t));
        }
    }
}

static void add_horizons(cJSON *all, const lp_study *s) {
    for (int t = 0; t < s->found.n_tasks; t = lp_study_next_panel(s, t))
        for (int m = 0; m < s->found.n_methods && s->found.tasks[t].horizon >= 0; m++) {
            bool ends;
            cJSON *o = cJSON_CreateObject();
            cJSON_AddItemToArray(all, o);
            cJSON_AddStringToObject(o, "panel", s->found.tasks[t].panel);
            cJSON_AddStringToObject(o, "method", s->found.methods[m].name);
            cJSON_AddNumberToObject(o, "horizon", (double)lp_study_longest(s, m, t, &ends));
            cJSON_AddBoolToObject(o, "or_more", ends);
        }
}

cJSON *lp_study_json(const lp_study *s) {
    cJSON *o = cJSON_CreateObject(), *pairs;
    cJSON_AddStringToObject(o, "database", s->found.path);
    cJSON_AddNumberToObject(o, "target", s->target);
    cJSON_AddNumberToObject(o, "seeds", s->found.n_seeds);
    cJSON_AddNumberToObject(o, "evaluations", s->found.n_evaluations);
    cJSON_AddNumberToObject(o, "missing", n_missing(s));
    cJSON_AddNumberToObject(o, "failed", s->found.n_failed);
    cJSON_AddNumberToObject(o, "few_seeds", n_few(s));
    cJSON_AddNumberToObject(o, "compared_tasks", s->n_tasks);
    add_methods(cJSON_AddArrayToObject(o, "methods"), s);
    pairs = cJSON_AddArrayToObject(o, "improvement");
    for (int i = 0; i < s->n_compared * s->n_compared; i++) {
        if (i / s->n_compared == i % s->n_compared) continue;
        cJSON *one = cJSON_CreateObject();
        cJSON_AddItemToArray(pairs, one);
        cJSON_AddStringToObject(one, "better", method_of(s, i / s->n_compared)->name);
        cJSON_AddStringToObject(one, "than", method_of(s, i % s->n_compared)->name);
        add_estimate(one, "probability", &s->improvement[i]);
    }
    add_tasks(cJSON_AddArrayToObject(o, "tasks"), s);
    add_horizons(cJSON_AddArrayToObject(o, "longest"), s);
    return o;
}

/* ---- stdout ---- */

void lp_study_print(const lp_study *s) {
    char text[TEXT];
    int width = 6;
    for (int i = 0; i < s->n_compared; i++)
        if ((int)strlen(method_of(s, i)->name) > width) width = (int)strlen(method_of(s, i)->name);
    printf("%-*s  %-22s  %-22s  %-22s  %s\n", width, "method", "interquartile mean", "median", "mean", "optimality gap");
    for (int i = 0; i < s->n_compared; i++) {
        printf("%-*s", width, method_of(s, i)->name);
        for (int a = 0; a < LP_AGGREGATES; a++) printf(a < LP_GAP ? "  %-22s" : "  %s", percent(&s->compared[i].aggregate[a], text));
        printf("\n");
    }
    printf("%d of %d methods compared over %d of %d tasks; of %d evaluations %d are missing, %d of them failed\n", s->n_compared,
           s->found.n_methods, s->n_tasks, s->found.n_tasks, s->found.n_evaluations, n_missing(s), n_missing(s) - s->found.n_waiting);
}
