/* The gate's verdicts, and by simulation with fixed seeds that its error rates are those that it states, and how many episodes it takes. */
#include "evals/gate.h"

#include "base/rng.h"
#include "tests/seed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#ifdef __SANITIZE_ADDRESS__ /* slow */
enum { SUITES = 100, COMPARISONS = 200 };
#else
enum { SUITES = 1000, COMPARISONS = 2000 };
#endif
enum { ROWS = 27, EPISODES = 200, LOOK = 16 };

static lp_verdict judge(const lp_gate *gate, lp_gate_row *rows, int n) {
    lp_gate_row all;
    return lp_gate_judge(gate, rows, n, &all);
}

static lp_verdict one(lp_gate gate, int64_t n, int64_t lost, int64_t gained) {
    lp_gate_row row = {.pairs = {n, lost, gained}};
    return judge(&gate, &row, 1);
}

static void test_verdicts(void **state) {
    (void)state;
    const lp_gate plain = {.alpha = 0.05, .margin = -1}, margin = {.alpha = 0.05, .margin = 0.02},
                  sequential = {.alpha = 0.05, .margin = 0.05, .sequential = true};
    assert_int_equal(one(plain, 200, 0, 0), LP_NO_WORSE);
    assert_int_equal(one(plain, 200, 15, 3), LP_WORSE);
    assert_int_equal(one(plain, 200, 3, 15), LP_NO_WORSE);
    assert_int_equal(one(plain, 5, 5, 0), LP_UNDECIDED); /* p = 0.0625 is the least that 5 episodes can have */
    assert_int_equal(one(plain, 6, 6, 0), LP_WORSE);
    assert_int_equal(one(plain, 0, 0, 0), LP_UNDECIDED);
    assert_int_equal(one(margin, 200, 0, 0), LP_NO_WORSE); /* the lower end is 1 - 0.025^(1/200) below */
    assert_int_equal(one(margin, 150, 0, 0), LP_UNDECIDED);
    assert_int_equal(one(margin, 200, 15, 3), LP_UNDECIDED); /* worse, but by more than 0.02? */
    assert_int_equal(one(margin, 200, 30, 3), LP_WORSE);
    assert_int_equal(one(sequential, 16, 16, 0), LP_WORSE);
    assert_int_equal(one(sequential, 16, 0, 0), LP_UNDECIDED);
    assert_int_equal(one(sequential, 200, 0, 0), LP_NO_WORSE);
    /* two rows: what one alone would be is not enough for two; what could not be run outdoes all; all of them together count */
    lp_gate_row rows[3] = {{.pairs = {200, 9, 1}}, {.pairs = {200, 4, 4}}}, all;
    assert_int_equal(one(plain, 200, 9, 1), LP_WORSE);
    assert_int_equal(lp_gate_judge(&plain, rows, 2, &all), LP_NO_WORSE);
    lp_gate_interval(&plain, &rows[0]);
    assert_true(rows[0].p < 0.05 && rows[0].p_holm >= 0.05 && rows[0].high >= 0 && all.pairs.n == 400 && all.pairs.lost == 13);
    rows[1].pairs = (lp_pairs){200, 9, 1};
    assert_int_equal(lp_gate_judge(&plain, rows, 2, &all), LP_WORSE);
    lp_gate_interval(&plain, &all);
    assert_true(all.verdict == LP_WORSE && all.high < 0);
    rows[2] = (lp_gate_row){.failed = true};
    assert_int_equal(lp_gate_judge(&plain, rows, 3, &all), LP_NOT_RUN);
    assert_true(rows[0].verdict == LP_WORSE && rows[2].verdict == LP_NOT_RUN && all.verdict == LP_NOT_RUN);
    static const int codes[] = {0, 1, 3, 2};
    for (lp_verdict v = LP_NO_WORSE; v <= LP_NOT_RUN; v++) assert_int_equal(lp_verdict_exit_code(v), codes[v]);
}

/* In every way of judging: verdict, interval and p-value say the same. */
static void test_one_rule(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed_or(1), 3);
    for (int i = 0; i < 120; i++) {
        const lp_gate gates[] = {{0.05, -1, false}, {0.05, 0, false}, {0.1, 0.05, false}, {0.05, 0.1, true}};
        const lp_gate *gate = &gates[i % 4];
        lp_gate_row rows[4] = {0}, all;
        int n = 1 + i % 4;
        for (int k = 0; k < n; k++) {
            int64_t episodes = 1 + lp_rng_below(&rng, 300), lost = lp_rng_below(&rng, (uint32_t)episodes / 4 + 1);
            rows[k].pairs = (lp_pairs){episodes, lost, lp_rng_below(&rng, (uint32_t)episodes / 4 + 1)};
        }
        lp_verdict whole = lp_gate_judge(gate, rows, n, &all);
        bool has_all = lp_gate_has_all(gate, n), worse = false, undecided = false;
        for (int k = 0; k < n + has_all; k++) {
            lp_gate_row *row = k < n ? &rows[k] : &all;
            lp_gate_interval(gate, row);
            double judged = gate->margin > 0 && !gate->sequential ? -gate->margin : 0, pass = gate->margin > 0 ? -gate->margin : 0;
            assert_true((row->p < row->level) == (row->p_holm < gate->alpha));
            assert_true((row->p < row->level) == (row->high < judged || (!gate->sequential && row->low > judged)));
            assert_true((row->verdict == LP_WORSE) == (row->high < judged));
            if (gate->margin >= 0 && row->verdict != LP_WORSE) assert_true((row->verdict == LP_NO_WORSE) == (row->low > pass));
            worse |= row->verdict == LP_WORSE;
            undecided |= k < n && row->verdict == LP_UNDECIDED;
        }
        assert_int_equal(whole, worse ? LP_WORSE : undecided ? LP_UNDECIDED : LP_NO_WORSE);
    }
}

/* Adds n pairs of players who win with these probabilities, whose luck is common with probability `alike`. */
static void play(lp_rng *rng, lp_pairs *pairs, int n, double baseline, double candidate, double alike) {
    for (int i = 0; i < n; i++) {
        double x = lp_rng_float(rng), y = lp_rng_float(rng) < alike ? x : lp_rng_float(rng);
        pairs->lost += x < baseline && !(y < candidate);
        pairs->gained += !(x < baseline) && y < candidate;
        pairs->n++;
    }
}

/* Until every row is decided, or has `most` episodes. */
static lp_verdict play_on(lp_rng *rng, const lp_gate *gate, lp_gate_row *rows, int n, double baseline, double candidate, double alike,
                          int64_t most) {
    lp_verdict verdict = LP_UNDECIDED;
    for (int i = 0; i < n; i++) rows[i] = (lp_gate_row){.verdict = LP_UNDECIDED};
    for (bool more = true; more;) {
        more = false;
        for (int i = 0; i < n; i++) {
            if (rows[i].verdict != LP_UNDECIDED || rows[i].pairs.n >= most) continue;
            play(rng, &rows[i].pairs, LOOK, baseline, candidate, alike);
            more = true;
        }
        if (more) verdict = judge(gate, rows, n);
    }
    return verdict;
}

/* Suites of equal players, whose win rates and luck in common differ from suite to suite. */
static void test_equal_players(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed_or(1), 1);
    const lp_gate plain = {.alpha = 0.05, .margin = -1}, sequential = {.alpha = 0.05, .margin = 0.1, .sequential = true};
    int alarms = 0, in_sequence = 0, told_apart = 0;
    for (int s = 0; s < SUITES; s++) {
        lp_gate_row rows[ROWS] = {0}, all;
        double rate = 0.5 + 0.1 * (s % 5), alike = s % 4 / 4.0;
        for (int i = 0; i < ROWS; i++) play(&rng, &rows[i].pairs, EPISODES, rate, rate, alike);
        alarms += lp_gate_judge(&plain, rows, ROWS, &all) == LP_WORSE;
        bool any = all.p_holm < 0.05;
        for (int i = 0; i < ROWS; i++) any |= rows[i].p_holm < 0.05;
        told_apart += any;
        in_sequence += play_on(&rng, &sequential, rows, ROWS, rate, rate, alike, 400) == LP_WORSE;
    }
    print_message("%d suites of %d equal rows: %d alarms (%d told apart), %d in sequence\n", SUITES, ROWS, alarms, told_apart, in_sequence);
    assert_true(told_apart <= SUITES * 5 / 100 && alarms <= SUITES * 5 / 100 && in_sequence <= SUITES * 5 / 100);
}

/* One row, by the sequential test: who is worse by 0.1, who is worse by the margin, and who is equal. */
static void test_sequential(void **state) {
    (void)state;
    static const struct {
        double baseline, candidate, margin, mean; /* the mean number of episodes is below this */
        lp_verdict wrong;
    } cases[] = {{0.95, 0.85, 0.05, 200, LP_NO_WORSE}, {0.95, 0.85, 0.1, 200, LP_NO_WORSE}, {0.95, 0.95, 0.1, 150, LP_WORSE},
                 {0.95, 0.95, 0.05, 400, LP_WORSE},    {0.95, 0.9, 0.05, 500, LP_NO_WORSE}, {0.5, 0.5, 0.1, 600, LP_WORSE},
                 {0.5, 0.4, 0.1, 600, LP_NO_WORSE},    {1, 1, 0.05, 100, LP_WORSE},         {1, 0.9, 0.1, 100, LP_NO_WORSE}};
    lp_rng rng = lp_rng_make(test_seed_or(1), 2);
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++)
        for (int alike = 0; alike < 2; alike++) { /* luck of their own; a common one, in half of the episodes */
            const lp_gate gate = {.alpha = 0.05, .margin = cases[c].margin, .sequential = true};
            int wrong = 0, undecided = 0;
            double episodes = 0;
            for (int i = 0; i < COMPARISONS; i++) {
                lp_gate_row row;
                lp_verdict verdict = play_on(&rng, &gate, &row, 1, cases[c].baseline, cases[c].candidate, alike / 2.0, 20000);
                wrong += verdict == cases[c].wrong;
                undecided += verdict == LP_UNDECIDED;
                episodes += (double)row.pairs.n / COMPARISONS;
            }
            print_message("%g against %g, margin %g, luck in common %g: %.0f episodes, %.1f %% wrong\n", cases[c].candidate,
                          cases[c].baseline, cases[c].margin, alike / 2.0, episodes, 100.0 * wrong / COMPARISONS);
            assert_true(wrong <= COMPARISONS * 5 / 100 && !undecided && episodes < cases[c].mean);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_verdicts), cmocka_unit_test(test_one_rule),
                                       cmocka_unit_test(test_equal_players), cmocka_unit_test(test_sequential)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
