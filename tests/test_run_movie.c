/* replay --verify notices: a flipped byte anywhere in the movie, a cut anywhere, other keys under good checksums. */
#include "tests/run_support.h"

static lp_blob movie;

static int make_run(void **state) {
    player p;
    lp_err err;
    if (make_root(state)) return -1;
    open_player(&p, true, 40, 3);
    if (play_run(&p, at("run"), 77, &err)) fail_msg("%s", err.message);
    close_player(&p);
    if (lp_file_read(&movie, at("run/movie.lpm"), 64 << 20, &err)) fail_msg("%s", err.message);
    return 0;
}

static int remove_run(void **state) {
    lp_blob_free(&movie);
    return remove_root(state);
}

/* Refused with exit code 1 or 2, one line that names the movie and a decision no later than the run's last; returns that. */
static int expect_damage(const char *what, size_t byte) {
    result r = longplay("replay %%/run --verify");
    const char *named = strstr(r.err, "decision ");
    if ((r.code != 1 && r.code != 2) || *r.out || lines(r.err) != 1 || !strstr(r.err, "movie.lpm") || !named)
        fail_msg("%s %zu: exit %d, out '%s', err '%s'", what, byte, r.code, r.out, r.err);
    int decision = atoi(named + strlen("decision "));
    assert_in_range(decision, 0, 3 * 45);
    return decision;
}

static void test_flipped(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 1);
    result r = longplay("replay %%/run --verify");
    if (r.code) fail_msg("unchanged: %s", r.err);
    enum { FLIPS = 60 };
    int last = 0;
    for (size_t i = 0; i < FLIPS; i++) { /* one in each sixtieth of the file */
        size_t byte = (i * movie.size_bytes + lp_rng_below(&rng, (uint32_t)movie.size_bytes)) / FLIPS;
        unsigned char kept = movie.data[byte];
        movie.data[byte] ^= (unsigned char)(1 << lp_rng_below(&rng, 8));
        put(at("run/movie.lpm"), movie.data, movie.size_bytes);
        movie.data[byte] = kept;
        int decision = expect_damage("flipped byte", byte);
        assert_true(decision >= last); /* damage later in the file is damage later in the run */
        last = decision;
    }
    assert_true(last > 60);
}

static void test_cut(void **state) {
    (void)state;
    lp_rng rng = lp_rng_make(test_seed(), 2);
    enum { CUTS = 40 };
    for (size_t i = 0; i < CUTS; i++) {
        size_t bytes = i < 3 ? i * 100 : (i * movie.size_bytes + lp_rng_below(&rng, (uint32_t)movie.size_bytes - 1)) / CUTS;
        put(at("run/movie.lpm"), movie.data, bytes);
        expect_damage("cut to bytes", bytes);
    }
}

/* The same movie, properly written, but with other keys from one decision on, or with another hash there: only the machine can tell.
 * Returns the decision of the first hash that was changed. */
static int write_changed(int keys_from, int hash_from) {
    lp_movie *in;
    lp_movie_writer *out;
    lp_err err;
    bool end = false;
    uint64_t offset;
    int changed = -1;
    put(at("good.lpm"), movie.data, movie.size_bytes);
    unlink(at("run/movie.lpm"));
    if (lp_movie_open(&in, at("good.lpm"), &err)) fail_msg("%s", err.message);
    if (lp_movie_create(&out, at("run/movie.lpm"), lp_movie_info(in), NULL, &err)) fail_msg("%s", err.message);
    while (!end) {
        lp_movie_op op;
        if (lp_movie_next(in, &op, &end, &err)) fail_msg("%s", err.message);
        if (end) break;
        bool other_keys = keys_from >= 0 && op.decision >= (uint64_t)keys_from;
        bool other_hash = hash_from >= 0 && op.decision >= (uint64_t)hash_from && changed < 0;
        if (op.kind == LP_MOVIE_RESET) lp_movie_reset(out);
        if (op.kind == LP_MOVIE_POKE) lp_movie_poke(out, op.address, op.value);
        if (op.kind == LP_MOVIE_KEYS) lp_movie_keys(out, op.keys, op.n_frames);
        if (op.kind == LP_MOVIE_DECISION) lp_movie_decision(out, other_keys ? LP_KEY_DOWN : op.keys);
        if (op.kind == LP_MOVIE_HASH) lp_movie_hash(out, other_hash ? op.hash ^ 1 : op.hash);
        if (op.kind == LP_MOVIE_HASH && other_hash) changed = (int)op.decision;
        if (op.kind == LP_MOVIE_STATE) lp_movie_state(out, op.state, lp_movie_info(in)->state_size_bytes);
    }
    if (lp_movie_sync(out, &offset, &err)) fail_msg("%s", err.message);
    lp_movie_close(out);
    lp_movie_read_close(in);
    return changed;
}

static void test_other_keys(void **state) {
    (void)state;
    write_changed(-1, -1);
    result r = longplay("replay %%/run --verify");
    if (r.code) fail_msg("copied unchanged: %s", r.err);
    for (int from = 1; from < 130; from += 17) {
        int changed = write_changed(-1, from);
        assert_int_equal(expect_damage("changed hash", (size_t)from), changed);
        r = longplay("replay %%/run --verify --json");
        assert_int_equal(r.code, 1);
        assert_non_null(strstr(r.out, "\"verified\":false"));
        assert_int_equal(lines(r.out), 1);
    }
    for (int from = 0; from < 90; from += 45) { /* keys matter at the doors: within an episode and a hash of from */
        write_changed(from, -1);
        assert_in_range(expect_damage("changed keys", (size_t)from), from + 1, from + 45 + 16 + 1);
    }
}

/* What a kill leaves after the last checkpoint is no damage, cut or not. */
static void test_unsaved_rest(void **state) {
    (void)state;
    lp_movie_writer *w;
    lp_movie *m;
    lp_err err;
    uint64_t offset;
    if (lp_movie_open(&m, at("run/movie.lpm"), &err)) fail_msg("%s", err.message);
    if (lp_movie_resume(&w, at("run/movie.lpm"), lp_movie_info(m), movie.size_bytes, NULL, &err)) fail_msg("%s", err.message);
    for (int i = 0; i < 30; i++) lp_movie_decision(w, 0);
    if (lp_movie_sync(w, &offset, &err)) fail_msg("%s", err.message);
    lp_movie_close(w);
    lp_movie_read_close(m);
    result r = longplay("replay %%/run --verify");
    if (r.code) fail_msg("a whole rest: %s", r.err);
    assert_int_equal(truncate(at("run/movie.lpm"), (off_t)offset - 3), 0);
    r = longplay("replay %%/run --verify");
    if (r.code || !strstr(r.out, "cut short")) fail_msg("a cut rest: %s%s", r.out, r.err);
    r = longplay("replay %%/run --from 60 --headless --json"); /* and from the middle */
    if (r.code) fail_msg("%s", r.err);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_run, remove_run)
int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_flipped), TEST(test_cut), TEST(test_other_keys), TEST(test_unsaved_rest)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
