/* The figures of longplay report, as scripts for gnuplot. */
#include "cli/plot.h"
#include "cli/study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- a figure ---- */

typedef struct {
    lp_figures *all;
    const lp_study *study;
    FILE *script;
    size_t size;
} drawing;

/* Room for a key of n lines beside it. */
static int high(int n) { return 50 + 20 * n > 340 ? 50 + 20 * n : 340; }

/* A new one, the script's common part written. NULL: no memory. */
static lp_figure *begin(drawing *d, int kind, int width, int height) {
    lp_figure *grown = realloc(d->all->figures, ((size_t)d->all->n + 1) * sizeof *grown);
    if (!grown) return NULL;
    d->all->figures = grown;
    lp_figure *f = &grown[d->all->n++];
    *f = (lp_figure){.width = width, .height = height};
    f->kind = kind;
    if (!(d->script = open_memstream(&f->script, &d->size))) return NULL;
    fputs("set border 3\nset tics nomirror out\nset grid back lc rgb '#e5e5e5'\nset style fill transparent solid 0.15 noborder\n",
          d->script);
    return f;
}

static lp_status end(drawing *d, lp_figure *f, lp_err *err) {
    if (!f || fclose(d->script)) return lp_fail(err, LP_FAILED, "out of memory");
    return lp_plot(&f->svg, &f->svg_bytes, LP_PLOT_SVG, f->width, f->height, f->script, err);
}

/* gnuplot passes over what is not a number. */
static void put_estimate(FILE *s, double x, const lp_estimate *e) {
    fprintf(s, "%.10g %.10g %.10g %.10g\n", x, e->value, isnan(e->interval.low) ? e->value : e->interval.low,
            isnan(e->interval.high) ? e->value : e->interval.high);
}

/* $m0, $m1 ... as lines with the bands of their intervals; numbers and names [n]. */
static void plot_bands(FILE *s, const int *number, const char *const *name, int n, const char *style) {
    fputs("plot", s);
    for (int i = 0; i < n; i++)
        fprintf(s, "%s $m%d using 1:3:4 with filledcurves lc rgb '%s' notitle", i ? "," : "", number[i], lp_plot_colour(number[i]));
    for (int i = 0; i < n; i++) {
        fprintf(s, ", $m%d using 1:2 with %s lw 2", number[i], style);
        lp_plot_line(s, number[i]);
        fputs(" title ", s);
        lp_plot_text(s, name[i]);
    }
    fputs("\n", s);
}

/* ---- each ---- */

static lp_status aggregates(drawing *d, lp_err *err) {
    static const char *const titles[] = {"interquartile mean", "median", "mean", "optimality gap"};
    const lp_study *s = d->study;
    size_t longest = 0;
    for (int i = 0; i < s->n_compared; i++) {
        size_t length = strlen(s->found.methods[s->compared[i].method].name);
        if (length > longest) longest = length;
    }
    double left = 0.03 + 0.0082 * (double)(longest < 48 ? longest : 48);
    lp_figure *f = begin(d, LP_FIGURE_AGGREGATES, 960, 92 + 26 * s->n_compared);
    if (!f) return end(d, f, err);
    snprintf(f->name, sizeof f->name, "aggregates");
    snprintf(f->says, sizeof f->says, "Interquartile mean, median, mean and optimality gap of each method, with 95 %% intervals");
    for (int a = 0; a < LP_AGGREGATES; a++) {
        fprintf(d->script, "$a%d << E\n", a);
        for (int i = 0; i < s->n_compared; i++) put_estimate(d->script, i, &s->compared[i].aggregate[a]);
        fputs("E\n", d->script);
    }
    fprintf(d->script,
            "set multiplot layout 1,%d margins %.3f,0.98,%.3f,%.3f spacing 0.03,0\nunset key\nset yrange [%g:-0.5]\nset xrange [0:1]\nset "
            "xtics 0.25\n",
            LP_AGGREGATES, left, 36.0 / f->height, 1 - 42.0 / f->height, s->n_compared - 0.5);
    fputs("set ytics (", d->script);
    for (int i = 0; i < s->n_compared; i++) {
        fputs(i ? ", " : "", d->script);
        lp_plot_text(d->script, s->found.methods[s->compared[i].method].name);
        fprintf(d->script, " %d", i);
    }
    fputs(")\n", d->script);
    for (int a = 0; a < LP_AGGREGATES; a++) {
        if (a == 1) fputs("set ytics ('' 0)\n", d->script);
        fprintf(d->script, "set title '%s'\nplot $a%d using 2:1:3:4 with xerrorbars pt 7 ps 0.8 lw 2 lc rgb '%s'\n", titles[a], a,
                lp_plot_colour(0));
    }
    fputs("unset multiplot\n", d->script);
    return end(d, f, err);
}

static lp_status profiles(drawing *d, lp_err *err) {
    const lp_study *s = d->study;
    int *number = calloc((size_t)s->n_compared, sizeof *number);
    const char **name = calloc((size_t)s->n_compared, sizeof *name);
    lp_figure *f = number && name ? begin(d, LP_FIGURE_PROFILES, 760, high(s->n_compared)) : NULL;
    for (int i = 0; i < s->n_compared && f; i++) {
        number[i] = s->compared[i].method;
        name[i] = s->found.methods[number[i]].name;
        fprintf(d->script, "$m%d << E\n", number[i]);
        for (int k = 0; k < LP_STUDY_CUTS; k++) put_estimate(d->script, k / (LP_STUDY_CUTS - 1.0), &s->compared[i].profile[k]);
        fputs("E\n", d->script);
    }
    if (f) {
        snprintf(f->name, sizeof f->name, "profiles");
        snprintf(f->says, sizeof f->says, "Performance profiles: which part of the trainings' tests is won more often than x");
        fputs("set xrange [0:1]\nset yrange [0:1.02]\nset key outside right top\nset xlabel 'win rate x'\n"
              "set ylabel 'part of tests above x'\n",
              d->script);
        plot_bands(d->script, number, name, s->n_compared, "lines");
    }
    lp_status status = end(d, f, err);
    free(number), free(name);
    return status;
}

static lp_status horizon(drawing *d, int task, int panel, lp_err *err) {
    const lp_study *s = d->study;
    int next = lp_study_next_panel(s, task), n = s->found.n_methods;
    lp_figure *f = begin(d, LP_FIGURE_HORIZON, 550, high(n));
    if (!f) return end(d, f, err);
    snprintf(f->name, sizeof f->name, "horizon-%d", panel);
    snprintf(f->says, sizeof f->says, "Win rate against horizon: %.400s", s->found.tasks[task].panel);
    for (int m = 0; m < n; m++) {
        fprintf(d->script, "$m%d << E\n", m);
        for (int t = task; t < next; t++)
            if (lp_study_won(s, m, t)->value >= 0) put_estimate(d->script, (double)s->found.tasks[t].horizon, lp_study_won(s, m, t));
        fputs("E\n", d->script);
    }
    fputs("set title ", d->script);
    lp_plot_text(d->script, s->found.tasks[task].panel);
    fputs("\nset logscale x\nset yrange [-0.02:1.02]\nset key outside right top\nset xlabel 'horizon, decisions'\nset ylabel 'won'\nset "
          "xtics (",
          d->script);
    for (int t = task; t < next; t++)
        fprintf(d->script, "%s'%lld' %lld", t > task ? ", " : "", (long long)s->found.tasks[t].horizon,
                (long long)s->found.tasks[t].horizon);
    /* a little aside of each other, so that intervals at one place are seen */
    fprintf(
        d->script,
        ")\nset offsets graph 0.05, graph 0.05\nset arrow from graph 0, first %g to graph 1, first %g nohead lc rgb '#999999' dt 3\nplot",
        s->target, s->target);
    for (int m = 0; m < n; m++) {
        double aside = 1 + 0.02 * (m - (n - 1) / 2.0);
        fprintf(d->script, "%s $m%d using ($1*%g):2:3:4 with yerrorlines pt 7 ps 0.6 lw 1.5", m ? "," : "", m, aside);
        lp_plot_line(d->script, m);
        fputs(" title ", d->script);
        lp_plot_text(d->script, s->found.methods[m].name);
    }
    fputs("\n", d->script);
    return end(d, f, err);
}

static lp_status learning(drawing *d, int from, int to, int index, lp_err *err) {
    const lp_study *s = d->study;
    int *number = calloc((size_t)(to - from), sizeof *number), n = 0;
    const char **name = calloc((size_t)(to - from), sizeof *name);
    lp_figure *f = number && name ? begin(d, LP_FIGURE_LEARNING, 550, high(s->found.n_methods)) : NULL;
    for (int i = from, last = -1; i < to && f; i++) {
        const lp_learned *p = &s->learned[i];
        if (p->variant != last) {
            fprintf(d->script, "%s$m%d << E\n", last < 0 ? "" : "E\n", p->variant);
            name[n] = s->found.methods[p->variant].trained;
            number[n++] = last = p->variant;
        }
        put_estimate(d->script, (double)p->decisions, &p->won);
    }
    if (f) {
        snprintf(f->name, sizeof f->name, "learning-%d", index);
        snprintf(f->says, sizeof f->says, "Held-out win rate against decisions of training: %.300s", s->learned[from].game);
        fputs("E\nset title ", d->script);
        lp_plot_text(d->script, s->learned[from].game);
        fputs(
            "\nset yrange [-0.02:1.02]\nset xrange [0:*]\nset key outside right top\nset xlabel 'decisions of training'\nset ylabel 'won'\n"
            "set format x '%.0s%c'\n",
            d->script);
        plot_bands(d->script, number, name, n, "linespoints pt 7 ps 0.5");
    }
    lp_status status = end(d, f, err);
    free(number), free(name);
    return status;
}

static double flops_of(const lp_method *m) { return m->flops; }
static double bytes_of(const lp_method *m) { return m->read_bytes; }
static double seconds_of(const lp_method *m) { return m->cpu_s; }
static double joules_of(const lp_method *m) { return m->joules; }

static lp_status cost(drawing *d, const char *name, const char *axis, double (*of)(const lp_method *), lp_err *err) {
    const lp_study *s = d->study;
    int n = 0;
    double low = INFINITY, high_end = 0;
    for (int i = 0; i < s->n_compared; i++) {
        double x = of(&s->found.methods[s->compared[i].method]);
        if (!(x > 0)) continue;
        n++, low = fmin(low, x), high_end = fmax(high_end, x);
    }
    if (!n) return LP_OK;
    lp_figure *f = begin(d, LP_FIGURE_COST, 550, high(n));
    if (!f) return end(d, f, err);
    snprintf(f->name, sizeof f->name, "cost-%s", name);
    snprintf(f->says, sizeof f->says, "Mean win rate against %s", axis);
    for (int i = 0; i < s->n_compared; i++) {
        int m = s->compared[i].method;
        if (!(of(&s->found.methods[m]) > 0)) continue;
        fprintf(d->script, "$m%d << E\n", m);
        put_estimate(d->script, of(&s->found.methods[m]), &s->compared[i].aggregate[LP_MEAN]);
        fputs("E\n", d->script);
    }
    fprintf(d->script,
            "%sset yrange [-0.02:1.02]\nset key outside right top\nset xlabel '%s'\nset ylabel 'won, mean over tasks'\n"
            "set format x '%%.0s%%c'\nset offsets graph 0.1, graph 0.1\nplot",
            high_end > 5 * low ? "set logscale x\n" : "set xrange [0:*]\n", axis);
    for (int i = 0, k = 0; i < s->n_compared; i++) {
        int m = s->compared[i].method;
        if (!(of(&s->found.methods[m]) > 0)) continue;
        fprintf(d->script, "%s $m%d using 1:2:3:4 with yerrorbars pt %d ps 1 lw 1.5", k++ ? "," : "", m, 5 + 2 * (m / 8 % 5));
        lp_plot_line(d->script, m);
        fputs(" title ", d->script);
        lp_plot_text(d->script, s->found.methods[m].name);
    }
    fputs("\n", d->script);
    return end(d, f, err);
}

lp_status lp_study_draw(lp_figures *out, const lp_study *s, lp_err *err) {
    drawing d = {.all = out, .study = s};
    lp_status status = LP_OK;
    *out = (lp_figures){0};
    if (s->n_compared) status = aggregates(&d, err);
    if (s->n_compared && !status) status = profiles(&d, err);
    for (int t = 0, panel = 1; t < s->found.n_tasks && !status; t = lp_study_next_panel(s, t))
        if (s->found.tasks[t].horizon > 0) status = horizon(&d, t, panel++, err);
    for (int i = 0, end, index = 1; i < s->n_learned && !status; i = end, index++) {
        for (end = i; end < s->n_learned && !strcmp(s->learned[i].game, s->learned[end].game);) end++;
        status = learning(&d, i, end, index, err);
    }
    if (!status) status = cost(&d, "flops", "FLOPs of a decision", flops_of, err);
    if (!status) status = cost(&d, "bytes", "bytes read in a decision", bytes_of, err);
    if (!status) status = cost(&d, "cpu", "CPU seconds of a training", seconds_of, err);
    if (!status) status = cost(&d, "joules", "joules of a training", joules_of, err);
    return status;
}

void lp_figures_free(lp_figures *f) {
    for (int i = 0; i < f->n; i++) free(f->figures[i].script), free(f->figures[i].svg);
    free(f->figures);
    *f = (lp_figures){0};
}
