/* The movie read as it was written: random runs of all operations, a million decisions, seeking, states within a budget. */
#include "tests/saves_support.h"

#include "saves/movie_format.h"

static void test_round_trip(void **state) {
    (void)state;
    static const uint32_t block_ops[] = {1, 2, 24, 300, 0}, spacings[] = {1, 7, 50, 0};
    uint64_t offsets[16];
    lp_rng rng = lp_rng_make(seed, 1);
    for (uint64_t run = 0; run < 60; run++) {
        lp_movie_config config = {.block_ops = block_ops[run % 5],
                                  .state_spacing = spacings[run % 4],
                                  .state_budget_bytes = run % 3 ? 0 : 1 + lp_rng_below(&rng, 50000)};
        uint64_t syncs = 1 + lp_rng_below(&rng, 15), every = 1 + lp_rng_below(&rng, 100);
        script s = write_run(path, &config, lp_rng_u64(&rng), syncs * every, every, offsets);
        lp_movie *m;
        size_t n;
        expect_ok(read_file(path, &s, &n));
        assert_int_equal(n, s.n);
        expect_ok(lp_movie_open(&m, path, &err));
        assert_memory_equal(lp_movie_info(m), &header, sizeof header);
        lp_movie_read_close(m);
        free(s.ops);
    }
    lp_movie_writer *w;
    expect_bad(lp_movie_create(&w, path, &header, &small, &err), LP_BAD_INPUT, "exists"); /* never over another */
    assert_null(w);
}

/* Long runs of one key, no decisions at all, no operations at all. */
static void test_extremes(void **state) {
    (void)state;
    static const uint32_t runs[] = {1, 2, 8, 9, 127, 128, 16383, 16384, 1000000};
    lp_movie_writer *w;
    lp_movie *m;
    lp_movie_op op;
    bool end;
    uint64_t offset;
    expect_ok(lp_movie_create(&w, path, &header, NULL, &err));
    expect_ok(lp_movie_sync(w, &offset, &err));
    assert_int_equal(offset, MOVIE_HEADER_BYTES);
    expect_ok(lp_movie_open(&m, path, &err));
    for (int i = 0; i < 3; i++) {
        expect_ok(lp_movie_next(m, &op, &end, &err));
        assert_true(end);
    }
    expect_bad(lp_movie_seek(m, 0, &err), LP_BAD_INPUT, "no place to begin");
    lp_movie_read_close(m);
    lp_movie_hash(w, 7); /* no reset before it */
    for (int i = 0; i < 9; i++)
        for (int twice = 0; twice < 2; twice++) { /* the second time the keys are in the table */
            for (uint32_t k = 0; k < runs[i]; k++) lp_movie_decision(w, (uint16_t)(i + 1));
            lp_movie_hash(w, 7);
        }
    lp_movie_keys(w, 3, 300000); /* is written as steps that have an end */
    expect_ok(lp_movie_sync(w, &offset, &err));
    lp_movie_close(w);
    assert_true(offset < 500);
    expect_ok(lp_movie_open(&m, path, &err));
    expect_ok(lp_movie_next(m, &op, &end, &err));
    assert_true(!end && op.kind == LP_MOVIE_HASH && op.hash == 7 && op.episode == 0);
    for (int i = 0; i < 18; i++) {
        uint32_t n = 0;
        while (!lp_movie_next(m, &op, &end, &err) && !end && op.kind == LP_MOVIE_DECISION) {
            if (op.keys != i / 2 + 1) fail_msg("keys %d, not %d", op.keys, i / 2 + 1);
            n++;
        }
        assert_int_equal(n, runs[i / 2]);
    }
    for (uint32_t left = 300000; left; left -= op.n_frames) {
        expect_ok(lp_movie_next(m, &op, &end, &err));
        assert_true(!end && op.kind == LP_MOVIE_KEYS && op.keys == 3 && op.n_frames && op.n_frames <= 1 << 17);
    }
    expect_ok(lp_movie_next(m, &op, &end, &err));
    assert_true(end);
    lp_movie_read_close(m);
}

static void test_million(void **state) {
    (void)state;
    enum { N = 1000000 };
    lp_movie_writer *w;
    lp_movie *m;
    lp_movie_op op;
    bool end;
    uint64_t offset, n = 0;
    expect_ok(lp_movie_create(&w, path, &header, NULL, &err));
    lp_movie_reset(w);
    lp_rng rng = lp_rng_make(seed, 2);
    for (int d = 0; d < N; d++) {
        lp_movie_decision(w, (uint16_t)(1 << lp_rng_below(&rng, 4)));
        if (d % 64 == 63) lp_movie_hash(w, lp_rng_u64(&rng));
    }
    expect_ok(lp_movie_sync(w, &offset, &err));
    assert_int_equal(lp_movie_decisions(w), N);
    lp_movie_close(w);
    print_message("a million random decisions of four keys: %.3f bytes each, hashes included\n", (double)offset / N);
    assert_true(offset < 900000);
    expect_ok(lp_movie_open(&m, path, &err));
    rng = lp_rng_make(seed, 2);
    while (!lp_movie_next(m, &op, &end, &err) && !end) {
        if (op.kind == LP_MOVIE_DECISION && (op.keys != 1 << lp_rng_below(&rng, 4) || op.decision != n++)) fail_msg("decision %d", (int)n);
        if (op.kind == LP_MOVIE_HASH && op.hash != lp_rng_u64(&rng)) fail_msg("hash after decision %d", (int)n);
    }
    assert_true(end && n == N);
    lp_movie_read_close(m);
    expect_ok(lp_movie_resume(&w, path, &header, offset, NULL, &err));
    assert_int_equal(lp_movie_decisions(w), N);
    lp_movie_close(w);
}

/* Each seek goes to the last state or reset at or before its decision, in whatever order; from there all reads the same. */
static void test_seek(void **state) {
    (void)state;
    enum { N = 3000, SEEKS = 300 };
    uint64_t offsets[1];
    const lp_movie_config dense = {.state_spacing = 1};
    lp_rng rng = lp_rng_make(seed, 3);
    for (int which = 0; which < 2; which++) { /* more places to begin at than the index holds, and fewer */
        script s = write_run(path, which ? &small : &dense, seed, N, N, offsets);
        size_t at[N + 1]; /* at[d]: that operation */
        size_t best = 0;
        for (size_t i = 0, d = 0; d <= N; at[d++] = best)
            for (; i < s.n && s.ops[i].decision <= d; i++)
                if (s.ops[i].kind == LP_MOVIE_STATE || s.ops[i].kind == LP_MOVIE_RESET) best = i;
        lp_movie *m;
        expect_ok(lp_movie_open(&m, path, &err));
        for (int k = 0; k < SEEKS; k++) {
            uint64_t decision = k == 1 ? UINT64_MAX : lp_rng_below(&rng, N + 1);
            lp_movie_op op;
            bool end;
            expect_ok(lp_movie_seek(m, decision, &err));
            size_t i = at[decision < N ? decision : N];
            size_t stop = k % 20 ? i + lp_rng_below(&rng, 60) : s.n; /* now and then to the end */
            for (; i < stop && i < s.n; i++) {
                expect_ok(lp_movie_next(m, &op, &end, &err));
                if (end || !same_op(&s, &s.ops[i], &op)) fail_msg("seek %d to %d: operation %zu is another one", k, (int)decision, i);
            }
            if (i < s.n) continue;
            expect_ok(lp_movie_next(m, &op, &end, &err));
            assert_true(end);
        }
        lp_movie_read_close(m);
        free(s.ops);
    }
}

/* States that do not compress fill the budget, never pass it, and lie further apart the fuller it is. */
static void test_budget(void **state) {
    (void)state;
    enum { N = 200000, SPACING = 64 };
    static const uint64_t budgets[] = {1, STATE_BYTES + 39, STATE_BYTES + 40, 20000};
    unsigned char bytes[STATE_BYTES];
    lp_rng rng = lp_rng_make(seed, 4);
    for (int b = 0; b < 4; b++) {
        const lp_movie_config config = {.state_budget_bytes = budgets[b], .state_spacing = SPACING};
        lp_movie_writer *w;
        uint64_t offset, states = 0, last = 0, gap = 0;
        unlink(path);
        expect_ok(lp_movie_create(&w, path, &header, &config, &err));
        for (uint64_t d = 1; d <= N; d++) {
            lp_movie_decision(w, 0);
            bool wanted = lp_movie_wants_state(w);
            for (int i = 0; i < STATE_BYTES && wanted; i++) bytes[i] = (unsigned char)lp_rng_u64(&rng);
            lp_movie_state(w, bytes, STATE_BYTES); /* dropped unless wanted */
            if (!wanted) continue;
            assert_true(states == 0 || (d - last >= SPACING && d - last >= gap));
            gap = states++ ? d - last : 0;
            last = d;
        }
        expect_ok(lp_movie_sync(w, &offset, &err));
        lp_movie_close(w);
        print_message("budget %d: %d states, the last two %d decisions apart\n", (int)budgets[b], (int)states, (int)gap);
        assert_int_equal(states, b == 0 || b == 1 ? 0 : b == 2 ? 1 : states);
        assert_true(states * (STATE_BYTES + 40) <= budgets[b]);
        if (b == 3) assert_true(states * (STATE_BYTES + 40) > budgets[b] * 9 / 10 && gap >= 4 * SPACING);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    choose_seed();
    const struct CMUnitTest tests[] = {TEST(test_round_trip), TEST(test_extremes), TEST(test_million), TEST(test_seek), TEST(test_budget)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
