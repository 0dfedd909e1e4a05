/* The counter-based generator against the known answers that its authors publish (Random123, kat_vectors, philox4x32 10), and
 * samples against the probabilities they are drawn from. */
#include "kernels/sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void test_philox(void **state) {
    (void)state;
    static const uint32_t known[][3][4] = {
        /* counter, key, result */
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u}},
        {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu}},
        {{0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u},
         {0xa4093822u, 0x299f31d0u},
         {0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t out[4];
        lp_philox(out, known[i][0], known[i][1]);
        assert_memory_equal(out, known[i][2], sizeof out);
    }
}

static void test_sample(void **state) {
    (void)state;
    enum { ROWS = 500, STEPS = 200, ACTIONS = 4 };
    static const float one[ACTIONS] = {0.3f, -INFINITY, 2.0f, -1.0f};
    static float logit[ROWS][ACTIONS], logp[ROWS], p[ACTIONS];
    static int32_t action[ROWS], again[ROWS];
    static uint64_t seed[ROWS], other[ROWS], count[ROWS];
    int counts[ACTIONS] = {0};
    for (int r = 0; r < ROWS; r++) seed[r] = (uint64_t)r << 30, other[r] = seed[r] + 1;
    for (int r = 0; r < ROWS; r++)
        for (int a = 0; a < ACTIONS; a++) logit[r][a] = one[a];
    lp_k_softmax(p, one, ACTIONS);
    for (uint64_t step = 0; step < STEPS; step++) {
        for (int r = 0; r < ROWS; r++) count[r] = step;
        lp_k_sample(action, logp, logit[0], ROWS, ACTIONS, seed, count);
        for (int r = 0; r < ROWS; r++) {
            assert_in_range(action[r], 0, ACTIONS - 1);
            assert_true(fabsf(logp[r] - logf(p[action[r]])) < 1e-5f);
            counts[action[r]]++;
        }
    }
    for (int a = 0; a < ACTIONS; a++) { /* five standard deviations */
        double n = ROWS * STEPS, deviation = sqrt(n * p[a] * (1 - p[a]));
        assert_true(fabs(counts[a] - n * p[a]) <= 5 * deviation);
    }
    /* a row's draw is its own: the same among others, another under another seed */
    lp_k_sample(again, logp, logit[0], ROWS / 3, ACTIONS, seed, count);
    assert_memory_equal(again, action, ROWS / 3 * sizeof *again);
    lp_k_sample(again, logp, logit[0], ROWS, ACTIONS, other, count);
    int same = 0;
    for (int r = 0; r < ROWS; r++) same += again[r] == action[r];
    assert_true(same < ROWS);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_philox), cmocka_unit_test(test_sample)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
