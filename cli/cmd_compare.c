/* longplay compare: is the candidate worse than the baseline? The same seeds for both, in turns. */
#include "cli/cli.h"

#include "base/log.h"
#include "base/stop.h"
#include "cli/compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOK = 16, TURN = 16, MAX_TURNS = 8 }; /* episodes of a row between two looks; of a turn, at least; turns of a row */

/* ---- playing ---- */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double median(const double *values, int n) {
    double sorted[LP_COMPARE_TURNS];
    memcpy(sorted, values, (size_t)n * sizeof *sorted);
    qsort(sorted, (size_t)n, sizeof *sorted, by_size);
    return n ? (sorted[(n - 1) / 2] + sorted[n / 2]) / 2 : 0;
}

static lp_status play_turn(const lp_comparison *c, lp_compare_row *row, int side, lp_eval_config *config, int64_t to, lp_err *err) {
    static const char *const names[] = {"baseline", "candidate"};
    char label[256];
    lp_eval_row played;
    snprintf(label, sizeof label, "%s (%d of %d), %s", row->name, (int)(row - c->rows) + 1, c->n_rows, names[side]);
    config->label = label;
    config->episodes = to;
    lp_status status = lp_eval(row->what.game, config, &played, err);
    if (!status && row->n_turns < LP_COMPARE_TURNS) row->side[side].rates[row->n_turns] = played.decisions_per_s;
    return status;
}

/* The row's episodes from..to-1, in n turns of both sides; who begins changes from turn to turn. */
static lp_status play(const lp_comparison *c, lp_compare_row *row, int64_t from, int64_t to, int n, lp_err *err) {
    lp_chosen_policy chosen[LP_SIDES] = {0};
    lp_eval_config config[LP_SIDES];
    lp_status status = LP_OK;
    for (int side = 0; side < LP_SIDES && !status; side++)
        if (row->side[side].own) status = lp_compare_player(c, row, side, &chosen[side], &config[side], err);
    for (int turn = 0; turn < n && !status && !lp_stop_asked(); turn++) {
        int64_t end = from + (to - from) * (turn + 1) / n;
        for (int k = 0; k < LP_SIDES && !status && !lp_stop_asked(); k++) {
            int side = (k + row->n_turns) % LP_SIDES;
            if (row->side[side].own) status = play_turn(c, row, side, &config[side], end, err);
        }
        if (row->n_turns < LP_COMPARE_TURNS) row->n_turns++;
    }
    for (int side = 0; side < LP_SIDES; side++) {
        lp_compare_side *s = &row->side[side];
        for (int64_t i = from; i < to && s->own && !lp_stop_asked(); i++)
            if (s->own[i].context_items_max > s->context_items_max) s->context_items_max = s->own[i].context_items_max;
        if (chosen[side].policy) s->flops = lp_policy_flops(chosen[side].policy, s->context_items_max);
        lp_policy_close(chosen[side].policy);
    }
    return status;
}

/* Counts the pairs from..to-1. Whatever is no win counts against who played. */
static void count(lp_compare_row *row, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++) {
        bool won[LP_SIDES];
        for (int side = 0; side < LP_SIDES; side++) {
            won[side] = row->side[side].episodes[i].outcome == LP_WIN;
            row->side[side].wins += won[side];
            row->side[side].timeouts += row->side[side].episodes[i].outcome == LP_TIMEOUT;
        }
        row->gate.pairs.lost += won[LP_BASELINE] && !won[LP_CANDIDATE];
        row->gate.pairs.gained += won[LP_CANDIDATE] && !won[LP_BASELINE];
        row->gate.pairs.n++;
    }
}

/* Goes on with a row, until `to`. What is bad in a row is its error. */
static lp_status go_on(const lp_comparison *c, lp_compare_row *row, int64_t to, lp_err *err) {
    int64_t from = row->gate.pairs.n;
    int n = to - from < 2 * TURN ? 1 : to - from >= MAX_TURNS * TURN ? MAX_TURNS : (int)((to - from) / TURN);
    lp_status status = play(c, row, from, to, n, err);
    if (status == LP_BAD_INPUT) snprintf(row->error, sizeof row->error, "%s", err->message);
    else if (!status && !lp_stop_asked()) count(row, from, to);
    return status == LP_BAD_INPUT ? LP_OK : status;
}

static void judge(lp_comparison *c, lp_gate_row *rows) {
    for (int i = 0; i < c->n_rows; i++) {
        rows[i] = c->rows[i].gate;
        rows[i].failed = *c->rows[i].error != 0;
    }
    c->verdict = lp_gate_judge(&c->gate, rows, c->n_rows, &c->all);
    for (int i = 0; i < c->n_rows; i++) c->rows[i].gate = rows[i];
}

/* All rows; in sequence: in rounds, until each is decided or has all its episodes. */
static lp_status compare(lp_comparison *c, lp_err *err) {
    lp_gate_row *rows = calloc((size_t)c->n_rows, sizeof *rows);
    lp_status status = LP_OK;
    bool more = true;
    if (!rows) return lp_fail(err, LP_FAILED, "out of memory");
    lp_stop_catch();
    for (int round = 0; more && !status && !lp_stop_asked(); round++) {
        more = false;
        for (int i = 0; i < c->n_rows && !status && !lp_stop_asked(); i++) {
            lp_compare_row *row = &c->rows[i];
            int64_t to = c->gate.sequential && row->gate.pairs.n + LOOK < row->n ? row->gate.pairs.n + LOOK : row->n;
            if (*row->error || to == row->gate.pairs.n || (round && row->gate.verdict != LP_UNDECIDED)) continue;
            status = go_on(c, row, to, err);
            more = true;
        }
        judge(c, rows);
    }
    free(rows);
    return status;
}

/* What is told beside the verdicts. */
static void sum_up(lp_comparison *c) {
    for (int i = 0; i < c->n_rows; i++) {
        lp_compare_row *row = &c->rows[i];
        double ratios[LP_COMPARE_TURNS];
        if (row->gate.verdict == LP_NOT_RUN) continue;
        lp_gate_interval(&c->gate, &row->gate);
        for (int side = 0; side < LP_SIDES; side++)
            if (row->side[side].own) row->side[side].decisions_per_s = median(row->side[side].rates, row->n_turns);
        if (!row->side[LP_BASELINE].own || !row->side[LP_CANDIDATE].own) continue;
        for (int t = 0; t < row->n_turns; t++) ratios[t] = row->side[LP_CANDIDATE].rates[t] / row->side[LP_BASELINE].rates[t];
        row->speed = median(ratios, row->n_turns);
        qsort(ratios, (size_t)row->n_turns, sizeof *ratios, by_size);
        row->speed_low = ratios[0];
        row->speed_high = ratios[row->n_turns - 1];
    }
    if (lp_gate_has_all(&c->gate, c->n_rows)) lp_gate_interval(&c->gate, &c->all);
}

/* ---- the command ---- */

static void more_help(void) {
    printf("\nBASELINE and CANDIDATE: a weight file, a folder of weights (GAME.safetensors), shipped, random, oracle, process:COMMAND,\n"
           "chat:FILE, or results: a file of eval --out or what eval --json printed. Without --games what is played is what the results\n"
           "say, or the game that the weight file is for, or the suite memory. Verdict, p-value, interval, exit code and JUnit follow one "
           "rule (docs/compare.md).\n"
           "Exit codes: 0 no regression, 1 regression, 3 undecided, 2 bad input or a row that could not be run.\n");
}

static int report(lp_status status, const lp_err *err) {
    lp_report(status, err);
    return status ? 2 : 0; /* 1 would be a regression */
}

static int finish(lp_comparison *c, bool json, const char *const *files) {
    lp_err err;
    int code = lp_verdict_exit_code(c->verdict), n_failed = 0;
    for (int i = 0; i < c->n_rows; i++) n_failed += *c->rows[i].error != 0;
    for (int kind = 0; kind < LP_REPORTS; kind++) {
        lp_status status = files[kind] ? lp_compare_write(c, NULL, kind, files[kind], &err) : LP_OK;
        if (status) code = report(status, &err);
    }
    if (json && lp_print_json(lp_compare_json(c))) code = 2;
    if (!json) lp_compare_print(c);
    if (fflush(stdout) || ferror(stdout)) code = 2; /* main says so */
    if (n_failed) fprintf(stderr, "longplay: %d of %d rows could not be run\n", n_failed, c->n_rows);
    return code;
}

int lp_cmd_compare(int argc, char **argv) {
    lp_comparison c = {.gate = {.alpha = 0.05, .margin = -1}, .seed = -1, .time_limit = -1};
    const char *sides[LP_SIDES], *files[LP_REPORTS] = {NULL}, *set[LP_MAX_LIST];
    int n_sides = 0;
    bool json = false;
    const lp_option options[] = {
        {.name = "games", .value = "GAME|SUITE[,...]", .help = "what is played: games, a suite's name or .json file", .text = &c.games},
        {.name = "episodes",
         .value = "N",
         .help = "episodes of each row, with --sprt at most (200, or the suite's; ten times that with --sprt)",
         .number = &c.episodes,
         .min = 1,
         .max = LP_EVAL_MAX_EPISODES},
        {.name = "seed",
         .value = "N",
         .help = "which evaluation seeds (1, or the suite's)",
         .number = &c.seed,
         .min = 0,
         .max = 4294967295.0},
        {.name = "set", .value = "KNOB=N", .help = "a knob of the games; may be repeated", .list = set, .n_list = &c.n_set},
        {.name = "time-limit",
         .value = "N",
         .help = "decisions after which an episode counts as a timeout (0: the game's own)",
         .number = &c.time_limit,
         .min = 0,
         .max = 1e12},
        {.name = "margin",
         .value = "X",
         .help = "non-inferiority: the candidate may win X less (0.02: two points); --sprt: the drop to be found (0.05)",
         .real = &c.gate.margin,
         .min = 0,
         .max = 1},
        {.name = "sprt", .help = "play on until each row is decided, by a sequential test", .flag = &c.gate.sequential},
        {.name = "alpha", .value = "X", .help = "error rate over all rows together (0.05)", .real = &c.gate.alpha, .min = 1e-6, .max = 0.4},
        {.name = "junit", .value = "FILE", .help = "write a JUnit report, a test case a row", .text = &files[LP_REPORT_JUNIT]},
        {.name = "html", .value = "FILE", .help = "write a page that needs nothing else", .text = &files[LP_REPORT_HTML]},
        {.name = "markdown", .value = "FILE", .help = "write a table for a pull request", .text = &files[LP_REPORT_MARKDOWN]},
        {.name = "threads",
         .value = "N",
         .help = "threads (one a processor); no result depends on it",
         .number = &c.threads,
         .min = 0,
         .max = 1024},
        {.name = "device", .value = "cpu|cuda|auto", .help = "where the networks run", .text = &c.device},
        {.name = "json", .help = "print one JSON object", .flag = &json},
    };
    const lp_usage usage = {.name = "compare",
                            .arguments = "BASELINE CANDIDATE",
                            .summary =
                                "Is the candidate worse than the baseline? Both play the same seeds; pairs of episodes are compared\n"
                                "by McNemar's exact test, with Holm's correction over the rows.",
                            .example = "longplay compare monday.safetensors tuesday.safetensors --games cue --junit compare.xml",
                            .options = options,
                            .n_options = sizeof options / sizeof *options,
                            .min_positional = 2,
                            .max_positional = 2,
                            .positional = sides,
                            .n_positional = &n_sides,
                            .more_help = more_help};
    int code = lp_parse(&usage, argc, argv);
    if (code >= 0) return code;
    lp_err err = {{0}};
    lp_status status = LP_OK;
    c.set = set;
    for (int side = 0; side < LP_SIDES; side++) c.side[side].given = sides[side];
    if (c.gate.sequential && c.gate.margin < 0) c.gate.margin = 0.05;
    if (c.gate.sequential && c.gate.margin == 0) status = lp_fail(&err, LP_BAD_INPUT, "--margin 0: --sprt needs a drop to look for");
    for (int kind = 0; kind < LP_REPORTS; kind++) {
        lp_status can = files[kind] ? lp_compare_can_write(kind, files[kind], status ? NULL : &err) : LP_OK;
        if (can) files[kind] = NULL;
        if (!status) status = can;
    }
    if (!status) status = lp_compare_open(&c, &err);
    if (!status) status = compare(&c, &err);
    if (status) {
        code = report(status, &err);
        for (int kind = 0; kind < LP_REPORTS; kind++) /* none of them keeps what another comparison found */
            if (files[kind]) (void)lp_compare_write(&c, err.message, kind, files[kind], NULL);
    } else if (lp_stop_asked()) {
        fprintf(stderr, "longplay: stopped before anything was decided\n");
        code = 128 + lp_stop_asked();
    } else {
        sum_up(&c);
        code = finish(&c, json, files);
    }
    lp_compare_close(&c);
    return code;
}
