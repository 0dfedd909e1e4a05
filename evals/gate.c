#include "evals/gate.h"

#include "base/contract.h"

#include <math.h>

const char *lp_verdict_name(lp_verdict verdict) {
    static const char *const names[] = {"no regression", "regression", "undecided", "error"};
    return names[verdict];
}

int lp_verdict_exit_code(lp_verdict verdict) {
    static const int codes[] = {0, 1, 3, 2};
    return codes[verdict];
}

bool lp_gate_has_all(const lp_gate *gate, int n) { return n > 1 && !gate->sequential; }

/* Before its level is known. */
static void measure(const lp_gate *gate, lp_gate_row *row) {
    const lp_pairs *pairs = &row->pairs;
    double d = gate->margin > 0 ? -gate->margin : 0;
    row->difference = pairs->n ? (double)(pairs->gained - pairs->lost) / (double)pairs->n : 0;
    row->p = gate->sequential ? lp_sequential_p_less(pairs, 0) : lp_paired_p(pairs, d);
}

/* Could any result of so many episodes be told from equality? */
static bool too_few(const lp_gate_row *row) { return lp_paired_p(&(lp_pairs){row->pairs.n, row->pairs.n, 0}, 0) >= row->level; }

static void decide(const lp_gate *gate, lp_gate_row *row) {
    const lp_pairs *pairs = &row->pairs;
    bool rejected = row->p < row->level, more; /* more: than the hypothesis has it */
    if (gate->sequential) {
        more = lp_sequential_p_more(pairs, -gate->margin) < gate->alpha;
        row->verdict = rejected ? LP_WORSE : more ? LP_NO_WORSE : LP_UNDECIDED;
        return;
    }
    double d = gate->margin > 0 ? -gate->margin : 0;
    more = lp_paired_p_more(pairs, d) < lp_paired_p_less(pairs, d);
    if (rejected) row->verdict = more ? LP_NO_WORSE : LP_WORSE;
    else row->verdict = gate->margin >= 0 || too_few(row) ? LP_UNDECIDED : LP_NO_WORSE;
}

void lp_gate_interval(const lp_gate *gate, lp_gate_row *row) {
    if (gate->sequential) lp_sequential_interval(&row->pairs, gate->alpha, row->level, &row->low, &row->high);
    else lp_paired_interval(&row->pairs, row->level, &row->low, &row->high);
}

lp_verdict lp_gate_judge(const lp_gate *gate, lp_gate_row *rows, int n, lp_gate_row *all) {
    LP_CHECK(n >= 0 && n <= LP_GATE_MAX_ROWS && gate->alpha > 0 && gate->alpha < 0.5);
    LP_CHECK(gate->margin <= 1 && (!gate->sequential || gate->margin > 0));
    lp_gate_row *family[LP_HOLM_MAX];
    double p[LP_HOLM_MAX], adjusted[LP_HOLM_MAX], level[LP_HOLM_MAX];
    int n_family = 0;
    lp_verdict whole = LP_NO_WORSE;
    *all = (lp_gate_row){.verdict = LP_NO_WORSE};
    for (int i = 0; i < n; i++) {
        rows[i].verdict = LP_NOT_RUN;
        all->failed |= rows[i].failed;
        if (rows[i].failed) continue;
        all->pairs.n += rows[i].pairs.n;
        all->pairs.lost += rows[i].pairs.lost;
        all->pairs.gained += rows[i].pairs.gained;
        family[n_family++] = &rows[i];
    }
    measure(gate, all);
    if (all->failed) all->verdict = LP_NOT_RUN;
    else if (lp_gate_has_all(gate, n)) family[n_family++] = all;
    for (int i = 0; i < n_family; i++) {
        measure(gate, family[i]);
        p[i] = family[i]->p;
    }
    lp_holm(p, n_family, gate->alpha, adjusted, level);
    for (int i = 0; i < n_family; i++) {
        family[i]->p_holm = adjusted[i];
        family[i]->level = level[i];
        decide(gate, family[i]);
    }
    static const int rank[] = {[LP_NO_WORSE] = 0, [LP_UNDECIDED] = 1, [LP_WORSE] = 2, [LP_NOT_RUN] = 3};
    for (int i = 0; i < n; i++)
        if (rank[rows[i].verdict] > rank[whole]) whole = rows[i].verdict;
    return all->verdict == LP_WORSE && rank[whole] < rank[LP_WORSE] ? LP_WORSE : whole;
}
