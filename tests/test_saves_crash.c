/* A writer killed anywhere, or stopped by a full disk at any write, and resumed where its last sync was, leaves the same bytes as
 * one that was not; and what may not be resumed is refused and left alone. */
#include "tests/saves_support.h"

enum { N = 480, EVERY = 120, SYNCS = N / EVERY };

static uint64_t n_synced(const uint64_t offsets[SYNCS], uint64_t bytes) {
    uint64_t k = 0;
    while (k < SYNCS && offsets[k] <= bytes) k++;
    return k;
}

/* Goes on after k syncs, to the end, and compares with the unbroken run in path. */
static void resume_and_finish(const uint64_t offsets[SYNCS], uint64_t k, uint64_t run) {
    script s = {.run = run, .decisions = k * EVERY};
    lp_movie_writer *w;
    uint64_t again[SYNCS];
    expect_ok(lp_movie_resume(&w, other, &header, offsets[k - 1], &small, &err));
    assert_int_equal(lp_movie_decisions(w), k * EVERY);
    expect_ok(write_steps(&s, w, k * EVERY, N, EVERY, again));
    assert_memory_equal(again + k, offsets + k, (SYNCS - k) * sizeof *again);
    lp_movie_close(w);
    free(s.ops);
    expect_same_files(path, other);
}

static void test_killed(void **state) {
    (void)state;
    uint64_t offsets[SYNCS], ignored[SYNCS];
    script s = write_run(path, &small, seed, N, EVERY, offsets);
    int64_t size = (int64_t)offsets[SYNCS - 1];
    int kills = 0, resumed = 0;
    for (int64_t room = 0; room < size; room += 1 + size / 100) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child) {
            lp_movie_writer *w;
            script unused = {.run = seed};
            unlink(other);
            lp_fault = (lp_fault_plan){.armed = true, .crash = true, .bytes_left = room};
            if (!lp_movie_create(&w, other, &header, &small, &err)) (void)write_steps(&unused, w, 0, N, EVERY, ignored);
            _exit(0); /* not reached: the room is less than the file */
        }
        int status;
        size_t n;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 137);
        kills++;
        lp_status read = read_file(other, &s, &n); /* what is there is good, up to the tear */
        assert_true(read == LP_OK || read == LP_BAD_INPUT);
        uint64_t k = n_synced(offsets, (uint64_t)room);
        assert_true(k == 0 || s.ops[n - 1].decision + 1 >= k * EVERY);
        if (k) resume_and_finish(offsets, k, seed), resumed++;
    }
    print_message("killed %d times, resumed %d times\n", kills, resumed);
    assert_true(kills >= 90 && resumed >= 60);
    free(s.ops);
}

/* Broken at every sync, one after the other, with all sorts of things after the synced end. */
static void test_broken_at_every_sync(void **state) {
    (void)state;
    uint64_t offsets[SYNCS], again[SYNCS], k = 0;
    script s = write_run(path, &small, seed + 1, N, EVERY, offsets), t = {.run = seed + 1};
    lp_rng rng = lp_rng_make(seed, 5);
    lp_movie_writer *w;
    expect_ok(lp_movie_create(&w, other, &header, &small, &err));
    do {
        expect_ok(write_steps(&t, w, k * EVERY, (k + 1) * EVERY, EVERY, again));
        assert_int_equal(again[k], offsets[k]);
        lp_movie_close(w);
        lp_blob file = slurp(other);
        unsigned char *more = calloc(1, file.size_bytes + 500);
        assert_non_null(more);
        memcpy(more, file.data, file.size_bytes);
        for (int i = 0; i < 500; i++) more[file.size_bytes + (size_t)i] = k % 2 ? file.data[144 + i] : (unsigned char)lp_rng_u64(&rng);
        spill(other, more, file.size_bytes + lp_rng_below(&rng, 500));
        free(more);
        lp_blob_free(&file);
        expect_ok(lp_movie_resume(&w, other, &header, offsets[k], &small, &err));
    } while (++k < SYNCS);
    lp_movie_close(w);
    expect_same_files(path, other);
    free(s.ops), free(t.ops);
}

/* The disk is full at each write in turn: at its first byte, in its middle, at its last byte. */
static void test_full_disk(void **state) {
    (void)state;
    uint64_t offsets[SYNCS], good[SYNCS], unused;
    script s = write_run(path, &small, seed + 2, N, EVERY, offsets);
    lp_blob file = slurp(path);
    int stops = 0;
    size_t n;
    for (size_t block = 0, bytes = 144; block < file.size_bytes; block += bytes) { /* the movie's header is written as one, too */
        if (block) memcpy(&bytes, file.data + block + 8, 4), bytes = 40 + (bytes & 0xffffffff);
        size_t rooms[] = {block, block + bytes / 2, block + bytes - 1};
        for (int i = 0; i < 3; i++, stops++) {
            lp_movie_writer *w;
            script t = {.run = seed + 2};
            unlink(other);
            lp_fault = (lp_fault_plan){.armed = true, .bytes_left = (int64_t)rooms[i], .error = ENOSPC};
            lp_status status = lp_movie_create(&w, other, &header, &small, &err);
            if (block == 0) {
                lp_fault.armed = false;
                expect_bad(status, LP_FAILED, "No space left");
                assert_true(!w && !lp_file_exists(other));
                continue;
            }
            expect_ok(status);
            expect_bad(write_steps(&t, w, 0, N, EVERY, good), LP_FAILED, "No space left");
            lp_fault.armed = false;
            assert_false(lp_movie_wants_state(w));
            run_step(&t, w, t.decisions); /* is dropped, though there is room again */
            expect_bad(lp_movie_sync(w, &unused, &err), LP_FAILED, "No space left");
            lp_movie_close(w);
            expect_ok(read_file(other, &s, &n)); /* the torn block was cut off */
            uint64_t k = n_synced(offsets, block);
            if (k) assert_memory_equal(good, offsets, k * sizeof *good), resume_and_finish(offsets, k, seed + 2);
            free(t.ops);
        }
    }
    print_message("stopped %d times\n", stops);
    assert_true(stops > 100);
    lp_blob_free(&file);
    free(s.ops);
}

static void refuse(const char *file, const lp_movie_header *h, uint64_t offset, const char *says) {
    lp_movie_writer *w = (lp_movie_writer *)&err; /* must be set to NULL */
    expect_bad(lp_movie_resume(&w, file, h, offset, &small, &err), LP_BAD_INPUT, says);
    assert_null(w);
}

static void test_refused(void **state) {
    (void)state;
    uint64_t offsets[SYNCS];
    char text[64];
    script s = write_run(path, &small, seed + 3, N, EVERY, offsets);
    lp_blob file = slurp(path);
    uint64_t end = offsets[SYNCS - 1];
    spill(other, file.data, file.size_bytes);
    lp_movie_header wrong = header;
    wrong.rom_hash++;
    refuse(path, &wrong, end, "another ROM");
    wrong = header;
    strcpy(wrong.core_version, "another");
    refuse(path, &wrong, end, "emulation core 'test core', this is 'another'");
    wrong = header;
    wrong.frame_skip++;
    refuse(path, &wrong, end, "4 frames a decision");
    wrong = header;
    wrong.state_size_bytes++;
    refuse(path, &wrong, end, "states of 300 bytes");
    uint64_t bad[] = {0, 143, end + 1, end + 1000, UINT64_MAX};
    for (int i = 0; i < 5; i++) {
        snprintf(text, sizeof text, "none at byte %llu", (unsigned long long)bad[i]);
        refuse(path, &header, bad[i], text);
    }
    uint64_t block = 144, bytes;
    for (uint64_t offset = 144; offset <= end; offset++) { /* anything but a block's end */
        if (offset == block) {
            if (block == end) break;
            memcpy(&bytes, file.data + block + 8, 8), block += 40 + (bytes & 0xffffffff);
        } else {
            refuse(path, &header, offset, "a block ends at byte");
        }
    }
    refuse(folder, &header, end, "not a regular file");
    expect_same_files(path, other); /* a refusal cuts nothing */
    lp_rng rng = lp_rng_make(seed, 6);
    for (int i = 0; i < 200; i++) { /* damage before offset: refused; after it: cut off */
        uint64_t at = lp_rng_below(&rng, (uint32_t)end), k = n_synced(offsets, at);
        file.data[at] ^= (unsigned char)(1 << lp_rng_below(&rng, 8));
        spill(other, file.data, end);
        refuse(other, &header, offsets[k < SYNCS ? k : SYNCS - 1], "");
        struct stat st;
        assert_int_equal(stat(other, &st), 0);
        assert_int_equal((uint64_t)st.st_size, end);
        lp_blob_free(&file);
        file = slurp(path);
        if (k && i % 8 == 0) resume_and_finish(offsets, k, seed + 3);
    }
    lp_blob_free(&file);
    free(s.ops);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    choose_seed();
    const struct CMUnitTest tests[] = {TEST(test_killed), TEST(test_broken_at_every_sync), TEST(test_full_disk), TEST(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
