/* The movie: random runs written and read back; cut at every byte, each byte flipped, the disk full at every write; a
 * writer killed anywhere and resumed writes the same file as one that was not. */
#include "base/file.h"
#include "base/rng.h"
#include "saves/movie.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { STATE_BYTES = 700 };
static char folder[PATH_MAX], path[PATH_MAX], other[PATH_MAX];
static const lp_movie_header header = {.rom_hash = 0x123456789abcdef0u, .core_version = "test core", .game = "a game", .seed = 5, .frame_skip = 4,
                                       .state_size_bytes = STATE_BYTES};

static int setup(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "a.lpm");
    lp_path_join(other, sizeof other, folder, "b.lpm");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    unlink(path), unlink(other);
    return rmdir(folder);
}

/* What happens at decision d of the run with this seed: a function of both, so that a run can begin anywhere. */
static void run_step(lp_movie_writer *w, uint64_t seed, uint64_t d) {
    lp_rng rng = lp_rng_make(seed, d);
    if (d == 0 || lp_rng_below(&rng, 97) == 0) {
        lp_movie_reset(w);
        lp_movie_keys(w, 8, 200 + lp_rng_below(&rng, 100));
        lp_movie_poke(w, 0xC0A0u + lp_rng_below(&rng, 9), (uint8_t)lp_rng_below(&rng, 256));
    }
    lp_movie_decision(w, (uint16_t)(1 << lp_rng_below(&rng, 2)));
    if (d % 8 == 7) lp_movie_hash(w, lp_rng_u64(&rng));
    if (lp_movie_wants_state(w)) {
        unsigned char bytes[STATE_BYTES];
        lp_rng fixed = lp_rng_make(seed, 1u << 30);
        for (int i = 0; i < STATE_BYTES; i++) bytes[i] = (unsigned char)lp_rng_u64(&fixed);
        for (int i = 0; i < 20; i++) bytes[lp_rng_below(&rng, STATE_BYTES)] = (unsigned char)d;
        lp_movie_state(w, bytes, STATE_BYTES);
    }
}

static const lp_movie_config small = {.block_ops = 24, .state_budget_bytes = 100000};

static lp_movie_writer *write_run(const char *file, uint64_t seed, uint64_t n, uint64_t sync_every, uint64_t *offsets) {
    lp_err err;
    lp_movie_writer *w;
    unlink(file);
    assert_int_equal(lp_movie_create(&w, file, &header, &small, &err), LP_OK);
    for (uint64_t d = 0, k = 0; d < n; d++) {
        run_step(w, seed, d);
        if ((d + 1) % sync_every == 0) assert_int_equal(lp_movie_sync(w, &offsets[k++], &err), LP_OK);
    }
    return w;
}

/* Hashes all that a reader is given, up to the end or the damage. */
static lp_status read_all(const char *file, uint64_t *digest, uint64_t *decisions, lp_err *err) {
    lp_movie *m;
    lp_movie_op op;
    bool end = false;
    *digest = *decisions = 0;
    lp_status status = lp_movie_open(&m, file, err);
    if (status) return status;
    while (!(status = lp_movie_next(m, &op, &end, err)) && !end) {
        uint64_t fields[8] = {op.kind, op.decision, op.episode, op.address, op.value, op.keys, op.n_frames, op.hash};
        for (int i = 0; i < 8; i++) *digest = lp_mix64(*digest * 31 + fields[i]);
        for (int i = 0; i < STATE_BYTES && op.kind == LP_MOVIE_STATE; i++) *digest = lp_mix64(*digest + ((const unsigned char *)op.state)[i]);
        *decisions += op.kind == LP_MOVIE_DECISION;
    }
    lp_movie_read_close(m);
    return status;
}

static void test_round_trip(void **state) {
    (void)state;
    uint64_t offsets[2], digest, decisions;
    lp_err err;
    lp_movie *m;
    lp_movie_op op;
    bool end;
    lp_movie_close(write_run(path, 1, 2000, 2000, offsets));
    assert_int_equal(read_all(path, &digest, &decisions, &err), LP_OK);
    assert_int_equal(decisions, 2000);
    assert_int_equal(lp_movie_open(&m, path, &err), LP_OK);
    assert_memory_equal(lp_movie_info(m), &header, sizeof header);
    for (uint64_t target = 0; target < 2000; target += 61) { /* from any place a seek gives, the rest reads the same */
        assert_int_equal(lp_movie_seek(m, target, &err), LP_OK);
        assert_int_equal(lp_movie_next(m, &op, &end, &err), LP_OK);
        assert_true(!end && op.decision <= target && (op.kind == LP_MOVIE_STATE || op.kind == LP_MOVIE_RESET));
        uint64_t last = op.decision;
        while (!lp_movie_next(m, &op, &end, &err) && !end) last += op.kind == LP_MOVIE_DECISION;
        assert_true(end && last == 2000);
    }
    lp_movie_read_close(m);
    lp_movie_writer *w;
    assert_int_equal(lp_movie_create(&w, path, &header, &small, &err), LP_BAD_INPUT); /* never over another */
}

static void test_million(void **state) {
    (void)state;
    lp_err err;
    lp_movie_writer *w;
    uint64_t offset, digest, decisions;
    lp_rng rng = lp_rng_make(3, 3);
    unlink(path);
    assert_int_equal(lp_movie_create(&w, path, &header, NULL, &err), LP_OK);
    lp_movie_reset(w);
    for (int d = 0; d < 1000000; d++) {
        lp_movie_decision(w, (uint16_t)(1 << lp_rng_below(&rng, 4)));
        if (d % 64 == 63) lp_movie_hash(w, lp_rng_u64(&rng));
    }
    assert_int_equal(lp_movie_sync(w, &offset, &err), LP_OK);
    assert_int_equal(lp_movie_decisions(w), 1000000);
    lp_movie_close(w);
    print_message("a million random decisions: %.3f bytes each\n", (double)offset / 1e6);
    assert_true(offset < 4000000);
    assert_int_equal(read_all(path, &digest, &decisions, &err), LP_OK);
    assert_int_equal(decisions, 1000000);
}

static void test_cut_and_flipped(void **state) {
    (void)state;
    uint64_t offsets[4], digest, whole, decisions, total;
    lp_err err;
    lp_blob file;
    lp_movie_close(write_run(path, 2, 300, 100, offsets));
    assert_int_equal(lp_file_read(&file, path, 1 << 20, &err), LP_OK);
    assert_int_equal(read_all(path, &whole, &total, &err), LP_OK);
    uint64_t before = 0;
    int good = 0;
    for (size_t n = 0; n < file.size_bytes; n++) {
        assert_int_equal(lp_file_write_atomic(other, file.data, n, &err), LP_OK);
        lp_status status = read_all(other, &digest, &decisions, &err);
        if (status) assert_int_equal(status, LP_BAD_INPUT), assert_non_null(strstr(err.message, other));
        else good++; /* cut exactly between two blocks: a shorter movie */
        assert_true(decisions >= before && decisions <= total);
        before = decisions;
    }
    assert_true(good > 3 && good < (int)file.size_bytes / 20);
    for (size_t i = 0; i < file.size_bytes; i++) {
        file.data[i] ^= (unsigned char)(1 << i % 8);
        assert_int_equal(lp_file_write_atomic(other, file.data, file.size_bytes, &err), LP_OK);
        if (read_all(other, &digest, &decisions, &err) != LP_BAD_INPUT) fail_msg("byte %zu flipped, and not noticed", i);
        file.data[i] ^= (unsigned char)(1 << i % 8);
    }
    lp_blob_free(&file);
}

static void expect_same_files(void) {
    lp_blob a, b;
    lp_err err;
    assert_int_equal(lp_file_read(&a, path, 1 << 24, &err), LP_OK);
    assert_int_equal(lp_file_read(&b, other, 1 << 24, &err), LP_OK);
    assert_int_equal(a.size_bytes, b.size_bytes);
    assert_memory_equal(a.data, b.data, a.size_bytes);
    lp_blob_free(&a), lp_blob_free(&b);
}

/* Goes on from the k-th sync (k syncs done) to the end. */
static void resume_and_finish(const char *file, uint64_t seed, uint64_t n, uint64_t every, uint64_t k, uint64_t offset) {
    lp_err err;
    lp_movie_writer *w;
    uint64_t ignored;
    lp_status status = lp_movie_resume(&w, file, &header, offset, &small, &err);
    if (status) fail_msg("%s", err.message);
    assert_int_equal(lp_movie_decisions(w), k * every);
    for (uint64_t d = k * every; d < n; d++) {
        run_step(w, seed, d);
        if ((d + 1) % every == 0) assert_int_equal(lp_movie_sync(w, &ignored, &err), LP_OK);
    }
    lp_movie_close(w);
}

static void test_killed_and_resumed(void **state) {
    (void)state;
    enum { N = 1200, EVERY = 100 };
    uint64_t offsets[N / EVERY], ignored[N / EVERY];
    lp_movie_close(write_run(path, 3, N, EVERY, offsets));
    int killed = 0;
    for (int64_t room = 300; room < (int64_t)offsets[N / EVERY - 1]; room += 151) {
        pid_t child = fork();
        if (!child) {
            lp_fault = (lp_fault_plan){.armed = true, .crash = true, .bytes_left = room};
            write_run(other, 3, N, EVERY, ignored);
            _exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        killed += WIFEXITED(status) && WEXITSTATUS(status) == 137;
        uint64_t k = 0; /* the last sync that was over before the kill */
        while (k < N / EVERY && offsets[k] <= (uint64_t)room) k++;
        if (k == 0) continue;
        resume_and_finish(other, 3, N, EVERY, k, offsets[k - 1]);
        expect_same_files();
    }
    print_message("killed %d times\n", killed);
    assert_true(killed > 20);
}

static void test_full_disk(void **state) {
    (void)state;
    enum { N = 400, EVERY = 50 };
    uint64_t offsets[N / EVERY], good;
    lp_err err;
    lp_movie_close(write_run(path, 4, N, EVERY, offsets));
    for (int64_t room = 200; room < (int64_t)offsets[N / EVERY - 1]; room += 331) {
        lp_movie_writer *w;
        uint64_t k = 0;
        unlink(other);
        lp_fault = (lp_fault_plan){.armed = true, .bytes_left = room, .error = ENOSPC};
        assert_int_equal(lp_movie_create(&w, other, &header, &small, &err), LP_OK);
        lp_status status = LP_OK;
        for (uint64_t d = 0; d < N && !status; d++) {
            run_step(w, 4, d);
            if ((d + 1) % EVERY == 0 && !(status = lp_movie_sync(w, &good, &err))) assert_true(good == offsets[k++]);
        }
        lp_fault.armed = false;
        assert_int_equal(status, LP_FAILED);
        assert_non_null(strstr(err.message, "No space left"));
        assert_int_equal(lp_movie_sync(w, &good, &err), LP_FAILED); /* it sticks */
        lp_movie_close(w);
        if (k) resume_and_finish(other, 4, N, EVERY, k, offsets[k - 1]), expect_same_files();
    }
    lp_fault = (lp_fault_plan){.armed = true, .bytes_left = 20, .error = ENOSPC};
    lp_movie_writer *w;
    unlink(other);
    assert_int_equal(lp_movie_create(&w, other, &header, &small, &err), LP_FAILED);
    lp_fault.armed = false;
    assert_false(lp_file_exists(other));
}

static void test_refused(void **state) {
    (void)state;
    uint64_t offsets[4];
    lp_err err;
    lp_movie_writer *w;
    lp_movie *m;
    lp_movie_close(write_run(path, 5, 300, 100, offsets));
    lp_movie_header wrong = header;
    wrong.rom_hash++;
    assert_int_equal(lp_movie_resume(&w, path, &wrong, offsets[0], &small, &err), LP_BAD_INPUT);
    wrong = header;
    strcpy(wrong.core_version, "another");
    assert_int_equal(lp_movie_resume(&w, path, &wrong, offsets[0], &small, &err), LP_BAD_INPUT);
    assert_int_equal(lp_movie_resume(&w, path, &header, offsets[0] + 1, &small, &err), LP_BAD_INPUT);
    assert_int_equal(lp_movie_resume(&w, path, &header, offsets[2] + 100, &small, &err), LP_BAD_INPUT);
    assert_null(w);
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal((uint64_t)st.st_size, offsets[2]); /* a refusal cuts nothing */
    assert_int_equal(lp_movie_open(&m, folder, &err), LP_BAD_INPUT);
    assert_int_equal(lp_movie_open(&m, "/nonexistent", &err), LP_BAD_INPUT);
    assert_int_equal(lp_file_write_atomic(other, "LPMOVIE1 but not really", 23, &err), LP_OK);
    assert_int_equal(lp_movie_open(&m, other, &err), LP_BAD_INPUT);
    assert_null(m);
}

static void test_budget(void **state) {
    (void)state;
    lp_err err;
    lp_movie_writer *w;
    uint64_t offset, states = 0, bytes = 0;
    const lp_movie_config tight = {.state_budget_bytes = 20000};
    unsigned char state_bytes[STATE_BYTES];
    lp_rng rng = lp_rng_make(9, 9);
    unlink(path);
    assert_int_equal(lp_movie_create(&w, path, &header, &tight, &err), LP_OK);
    lp_movie_reset(w);
    for (int d = 0; d < 200000; d++) {
        lp_movie_decision(w, 0);
        if (!lp_movie_wants_state(w)) continue;
        for (int i = 0; i < STATE_BYTES; i++) state_bytes[i] = (unsigned char)lp_rng_u64(&rng); /* does not compress */
        lp_movie_state(w, state_bytes, STATE_BYTES);
        states++, bytes += STATE_BYTES + 40;
    }
    assert_int_equal(lp_movie_sync(w, &offset, &err), LP_OK);
    lp_movie_close(w);
    print_message("%d states, %d bytes of 20000\n", (int)states, (int)bytes);
    assert_true(states > 20 && bytes <= 20000 && offset < 30000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),         cmocka_unit_test(test_million), cmocka_unit_test(test_cut_and_flipped),
        cmocka_unit_test(test_killed_and_resumed), cmocka_unit_test(test_full_disk), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_budget),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
