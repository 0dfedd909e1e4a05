/* Files of demonstrations: what was written is read; cut at every byte or with a bit flipped they are refused; so are those made to deceive, whose
 * checksum is right. */
#include "tests/saves_support.h"

#include "saves/demos.h"

#include "base/hash.h"

enum { N = 5, LONGEST = 700 };
static lp_demo made[N];
static const lp_demos_about about = {
    .rom_hash = 77, .core_version = "mGBA 9", .game = "cue", .frame_skip = 4, .model = 1, .noop = {0, 30}, .n_knobs = 3};

static lp_demos *fresh(void) {
    lp_demos *d;
    expect_ok(lp_demos_new(&d, &about, &err));
    for (int i = 0; i < N; i++) expect_ok(lp_demos_add(d, &made[i], &err));
    return d;
}

static void make(void) {
    lp_rng rng = lp_rng_make(seed, 9);
    for (int i = 0; i < N; i++) {
        free(made[i].keys);
        made[i] = (lp_demo){
            .seed = lp_rng_u64(&rng), .end_hash = lp_rng_u64(&rng), .n_decisions = i ? 1 + (int64_t)lp_rng_below(&rng, LONGEST) : 1};
        made[i].outcome = 1 + i % 3;
        for (int k = 0; k < 3; k++) made[i].knobs[k] = (int64_t)lp_rng_u64(&rng) - (1LL << 31);
        snprintf(made[i].source, sizeof made[i].source, "player %d", i);
        made[i].keys = malloc((size_t)made[i].n_decisions * sizeof(uint16_t));
        for (int64_t t = 0; t < made[i].n_decisions; t++) made[i].keys[t] = (uint16_t)(lp_rng_below(&rng, 3) << 4);
    }
}

static void expect_refused(lp_status status, const char *says) {
    assert_int_equal(status, LP_BAD_INPUT);
    if (!strstr(err.message, says)) fail_msg("'%s' does not say '%s'", err.message, says);
}

static void test_round_trip(void **state) {
    (void)state;
    make();
    lp_demos *d = fresh(), *read;
    expect_ok(lp_demos_write(d, path, &err));
    expect_ok(lp_demos_read(&read, path, &err));
    assert_memory_equal(&read->about, &about, sizeof about);
    assert_int_equal(read->n, N);
    for (int i = 0; i < N; i++) {
        const lp_demo *a = &made[i], *b = &read->demo[i];
        assert_true(a->seed == b->seed && a->end_hash == b->end_hash && a->n_decisions == b->n_decisions && a->outcome == b->outcome);
        assert_memory_equal(a->knobs, b->knobs, sizeof a->knobs);
        assert_string_equal(a->source, b->source);
        assert_memory_equal(a->keys, b->keys, (size_t)a->n_decisions * sizeof *a->keys);
        expect_refused(lp_demos_add(read, a, &err), "is there already");
    }
    made[1].keys[0] ^= 1;
    expect_ok(lp_demos_add(read, &made[1], &err)); /* the same seed, played otherwise */
    lp_demo none = made[0];
    none.n_decisions = 0;
    expect_refused(lp_demos_add(read, &none, &err), "of 0 decisions");
    expect_ok(lp_demos_write(read, path, &err)); /* more than before, in its place */
    lp_blob first = slurp(path), second;
    expect_ok(lp_demos_write(read, other, &err));
    second = slurp(other);
    assert_int_equal(first.size_bytes, second.size_bytes);
    assert_memory_equal(first.data, second.data, first.size_bytes);
    lp_blob_free(&first), lp_blob_free(&second);
    lp_demos_close(d), lp_demos_close(read);
}

static void test_damage(void **state) {
    (void)state;
    make();
    lp_demos *d = fresh(), *read;
    expect_ok(lp_demos_write(d, path, &err));
    lp_blob file = slurp(path);
    for (size_t bytes = 0; bytes < file.size_bytes; bytes++) {
        spill(other, file.data, bytes);
        expect_bad(lp_demos_read(&read, other, &err), LP_BAD_INPUT, bytes < 160 ? "not a file of demonstrations" : "damaged or cut short");
        assert_null(read);
    }
    for (size_t bit = 0; bit < 8 * file.size_bytes; bit += 1 + bit / 2048) {
        file.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
        spill(other, file.data, file.size_bytes);
        expect_bad(lp_demos_read(&read, other, &err), LP_BAD_INPUT, other);
        file.data[bit / 8] ^= (unsigned char)(1 << bit % 8);
    }
    file.data[7] = '2';
    spill(other, file.data, file.size_bytes);
    expect_bad(lp_demos_read(&read, other, &err), LP_BAD_INPUT, "of version 2");
    lp_blob_free(&file);
    lp_demos_close(d);
}

/* One field changed, the checksum right. */
static void expect_forged(const lp_blob *file, size_t field, uint64_t value, int bytes, const char *why) {
    lp_demos *read;
    unsigned char *forged = malloc(file->size_bytes);
    memcpy(forged, file->data, file->size_bytes);
    for (int i = 0; i < bytes; i++) forged[field + (size_t)i] = (unsigned char)(value >> 8 * i);
    const uint64_t hash = lp_hash64(forged + 16, file->size_bytes - 16);
    memcpy(forged + 8, &hash, sizeof hash);
    spill(other, forged, file->size_bytes);
    expect_bad(lp_demos_read(&read, other, &err), LP_BAD_INPUT, why);
    free(forged);
}

static void test_forged(void **state) {
    (void)state;
    enum { FIRST = 160 };
    make();
    lp_demos *d = fresh();
    expect_ok(lp_demos_write(d, path, &err));
    lp_blob file = slurp(path);
    expect_forged(&file, 24, 0, 4, "damaged");               /* no frames a decision */
    expect_forged(&file, 40, 17, 4, "damaged");              /* more knobs than there can be */
    expect_forged(&file, 44, N + 1, 4, "cut short");         /* one more than there is */
    expect_forged(&file, 44, N - 1, 4, "too long");          /* one less */
    expect_forged(&file, FIRST + 16, 1 << 25, 4, "damaged"); /* more decisions than an episode may have */
    expect_forged(&file, FIRST + 16, 2, 4, "damaged");       /* not as many as its keys are of */
    expect_forged(&file, FIRST + 20, 4, 4, "damaged");       /* no outcome */
    expect_forged(&file, FIRST + 24, 1 << 20, 4, "damaged"); /* keys beyond the end */
    lp_blob_free(&file);
    lp_demos_close(d);
}

static int forget(void **state) {
    for (int i = 0; i < N; i++) free(made[i].keys), made[i].keys = NULL;
    return teardown(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, forget)
int main(void) {
    choose_seed();
    const struct CMUnitTest tests[] = {TEST(test_round_trip), TEST(test_damage), TEST(test_forged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
