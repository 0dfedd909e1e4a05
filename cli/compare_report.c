/* What longplay compare prints: a table, or JSON. */
#include "cli/compare.h"

#include <stdio.h>
#include <string.h>

static double won(const lp_compare_row *row, int side) {
    return row->gate.pairs.n ? (double)row->side[side].wins / (double)row->gate.pairs.n : 0;
}

static const char *const sides[] = {"baseline", "candidate"};

/* ---- text ---- */

static void print_row(const char *name, const char *horizon, const lp_gate_row *gate, const double rate[LP_SIDES]) {
    printf("%-24s %9s %8lld %7.1f %% %7.1f %% %5lld %6lld %+8.1f  %+6.1f to %+6.1f  %9.2g  %s\n", name, horizon, (long long)gate->pairs.n,
           100 * rate[LP_BASELINE], 100 * rate[LP_CANDIDATE], (long long)gate->pairs.lost, (long long)gate->pairs.gained,
           100 * gate->difference, 100 * gate->low, 100 * gate->high, gate->p_holm, lp_verdict_name(gate->verdict));
}

static void of_all(const lp_comparison *c, double rate[LP_SIDES]) {
    double wins[LP_SIDES] = {0};
    for (int i = 0; i < c->n_rows; i++)
        for (int side = 0; side < LP_SIDES && c->rows[i].gate.verdict != LP_NOT_RUN; side++)
            wins[side] += (double)c->rows[i].side[side].wins;
    for (int side = 0; side < LP_SIDES; side++) rate[side] = c->all.pairs.n ? wins[side] / (double)c->all.pairs.n : 0;
}

/* A number that is known, or a dash. */
static void print_known(int width, const char *format, double value) {
    char text[32] = "-";
    if (value > 0) snprintf(text, sizeof text, format, value);
    printf(" %*s", width, text);
}

static void print_costs(const lp_compare_row *row) {
    const lp_compare_side *a = &row->side[LP_BASELINE], *b = &row->side[LP_CANDIDATE];
    char text[64] = "";
    printf("%-24s %9lld", row->name, (long long)row->horizon);
    print_known(9, "%.0f", a->decisions_per_s);
    print_known(9, "%.0f", b->decisions_per_s);
    print_known(6, "%.2f", row->speed);
    if (row->n_turns > 1 && row->speed > 0) snprintf(text, sizeof text, "%.2f to %.2f", row->speed_low, row->speed_high);
    printf(" %-12s", text);
    printf(" %6d %6d", a->context_items_max, b->context_items_max);
    print_known(8, "%.3g", a->flops);
    print_known(8, "%.3g", b->flops);
    print_known(9, "%.0f", a->memory_bytes);
    print_known(9, "%.0f", b->memory_bytes);
    printf("\n");
}

void lp_compare_sentence(const lp_comparison *c, char *out, size_t size_bytes) {
    static const char *const names[] = {"no worse", "worse", "undecided", "not run"};
    int n[4] = {0}, judged = c->n_rows + (lp_gate_has_all(&c->gate, c->n_rows) && c->all.verdict != LP_NOT_RUN);
    for (int i = 0; i < c->n_rows; i++) n[c->rows[i].gate.verdict]++;
    size_t at = (size_t)snprintf(out, size_bytes, "%s: of %d row%s", lp_verdict_name(c->verdict), c->n_rows, c->n_rows == 1 ? "" : "s");
    for (int v = 0; v < 4; v++)
        if (n[v]) at += (size_t)snprintf(out + at, size_bytes - at, " %d %s,", n[v], names[v]);
    if (c->all.verdict == LP_WORSE) at += (size_t)snprintf(out + at, size_bytes - at, " all together worse,");
    at += (size_t)snprintf(out + at, size_bytes - at, " by %s, alpha %g", c->gate.sequential ? "a sequential test" : "McNemar's exact test",
                           c->gate.alpha);
    if (c->gate.margin >= 0) at += (size_t)snprintf(out + at, size_bytes - at, ", margin %g", c->gate.margin);
    if (judged - n[LP_NOT_RUN] > 1) snprintf(out + at, size_bytes - at, ", Holm over %d", judged - n[LP_NOT_RUN]);
}

void lp_compare_print(const lp_comparison *c) {
    char text[512];
    double rate[LP_SIDES];
    bool played = false;
    printf("%-24s %9s %8s %9s %9s %5s %6s %8s  %16s  %9s  %s\n", "game", "horizon", "episodes", "baseline", "candidate", "lost", "gained",
           "points", "interval", "p (Holm)", "verdict");
    for (int i = 0; i < c->n_rows; i++) {
        const lp_compare_row *row = &c->rows[i];
        snprintf(text, sizeof text, "%lld", (long long)row->horizon);
        if (row->gate.verdict == LP_NOT_RUN) {
            printf("%-24s %9s error: %s\n", row->name, text, row->error);
            continue;
        }
        print_row(row->name, text, &row->gate, (const double[]){won(row, LP_BASELINE), won(row, LP_CANDIDATE)});
        played |= row->side[LP_BASELINE].own || row->side[LP_CANDIDATE].own;
    }
    of_all(c, rate);
    if (lp_gate_has_all(&c->gate, c->n_rows)) {
        if (c->all.verdict != LP_NOT_RUN) print_row("all", "", &c->all, rate);
        else printf("%-24s %9s error: not every row could be run\n", "all", "");
    }
    if (played)
        printf("\n%-24s %9s %19s %6s %-12s %13s %17s %19s\n", "game", "horizon", "decisions/s", "ratio", "", "context items",
               "FLOPs a decision", "memory, bytes");
    for (int i = 0; i < c->n_rows && played; i++)
        if (c->rows[i].gate.verdict != LP_NOT_RUN) print_costs(&c->rows[i]);
    lp_compare_sentence(c, text, sizeof text);
    printf("\n%s\n", text);
}

/* ---- JSON ---- */

static void add_gate(cJSON *o, const lp_gate_row *gate) {
    cJSON_AddNumberToObject(o, "episodes", (double)gate->pairs.n);
    cJSON_AddNumberToObject(o, "lost", (double)gate->pairs.lost);
    cJSON_AddNumberToObject(o, "gained", (double)gate->pairs.gained);
    cJSON_AddNumberToObject(o, "difference", gate->difference);
    cJSON_AddItemToObject(o, "interval", cJSON_CreateDoubleArray((const double[]){gate->low, gate->high}, 2));
    cJSON_AddNumberToObject(o, "p", gate->p);
    cJSON_AddNumberToObject(o, "level", gate->level);
    cJSON_AddNumberToObject(o, "p_holm", gate->p_holm);
}

/* A number that is known, or null. */
static void add_known(cJSON *o, const char *name, double value) {
    if (value > 0) cJSON_AddNumberToObject(o, name, value);
    else cJSON_AddNullToObject(o, name);
}

static cJSON *side_json(const lp_compare_row *row, int side) {
    const lp_compare_side *s = &row->side[side];
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "policy", s->name);
    cJSON_AddNumberToObject(o, "wins", (double)s->wins);
    cJSON_AddNumberToObject(o, "timeouts", (double)s->timeouts);
    cJSON_AddNumberToObject(o, "win_rate", won(row, side));
    cJSON_AddNumberToObject(o, "context_items_max", s->context_items_max);
    add_known(o, "decisions_per_s", s->decisions_per_s);
    add_known(o, "parameters", s->parameters);
    add_known(o, "flops", s->flops);
    add_known(o, "memory_bytes", s->memory_bytes);
    return o;
}

static cJSON *row_json(const lp_compare_row *row) {
    static const char *const played[] = {"knobs", "seed", "rom"};
    cJSON *o = cJSON_CreateObject();
    cJSON_AddStringToObject(o, "game", row->what.name);
    cJSON_AddStringToObject(o, "name", row->name);
    cJSON_AddNumberToObject(o, "horizon", (double)row->horizon);
    for (int i = 0; i < 3; i++)
        cJSON_AddItemToObject(o, played[i], cJSON_Duplicate(cJSON_GetObjectItemCaseSensitive(row->played, played[i]), true));
    cJSON_AddStringToObject(o, "verdict", lp_verdict_name(row->gate.verdict));
    if (row->gate.verdict == LP_NOT_RUN) {
        cJSON_AddStringToObject(o, "error", row->error);
        return o;
    }
    add_gate(o, &row->gate);
    for (int side = 0; side < LP_SIDES; side++) cJSON_AddItemToObject(o, sides[side], side_json(row, side));
    add_known(o, "speed", row->speed);
    if (row->speed > 0)
        cJSON_AddItemToObject(o, "speed_range", cJSON_CreateDoubleArray((const double[]){row->speed_low, row->speed_high}, 2));
    return o;
}

cJSON *lp_compare_json(const lp_comparison *c) {
    cJSON *o = cJSON_CreateObject(), *all;
    double rate[LP_SIDES];
    cJSON_AddStringToObject(o, "verdict", lp_verdict_name(c->verdict));
    cJSON_AddNumberToObject(o, "exit_code", lp_verdict_exit_code(c->verdict));
    for (int side = 0; side < LP_SIDES; side++) cJSON_AddStringToObject(o, sides[side], c->side[side].given);
    cJSON_AddStringToObject(o, "rule", c->gate.sequential ? "sequential" : c->gate.margin >= 0 ? "margin" : "plain");
    cJSON_AddNumberToObject(o, "alpha", c->gate.alpha);
    if (c->gate.margin >= 0) cJSON_AddNumberToObject(o, "margin", c->gate.margin);
    else cJSON_AddNullToObject(o, "margin");
    cJSON *rows = cJSON_AddArrayToObject(o, "games");
    for (int i = 0; i < c->n_rows; i++) cJSON_AddItemToArray(rows, row_json(&c->rows[i]));
    if (!lp_gate_has_all(&c->gate, c->n_rows)) return o;
    cJSON_AddItemToObject(o, "all", all = cJSON_CreateObject());
    of_all(c, rate);
    cJSON_AddStringToObject(all, "verdict", lp_verdict_name(c->all.verdict));
    if (c->all.verdict == LP_NOT_RUN) return o;
    add_gate(all, &c->all);
    for (int side = 0; side < LP_SIDES; side++) {
        char name[32];
        snprintf(name, sizeof name, "%s_win_rate", sides[side]);
        cJSON_AddNumberToObject(all, name, rate[side]);
    }
    return o;
}
