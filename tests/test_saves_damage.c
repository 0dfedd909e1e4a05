/* A damaged movie reads as it was written up to the damage, and then says where that is: cut at every byte, every bit flipped,
 * blocks dropped, repeated, exchanged, overwritten at random; and files made to deceive, whose checksums are right. */
#include "tests/saves_support.h"

#include "saves/movie_format.h"

#include <lz4.h>

static size_t block_bytes(const unsigned char *block) { return BLOCK_HEADER_BYTES + (size_t)get_le(block + 8, 4); }

/* The byte that the last message names. */
static uint64_t named_byte(void) {
    const char *at = strstr(err.message, "at byte ");
    if (!at) fail_msg("'%s' names no byte", err.message);
    return strtoull(at + strlen("at byte "), NULL, 10);
}

static void test_cut(void **state) {
    (void)state;
    uint64_t offsets[1];
    size_t before = 0, boundary = MOVIE_HEADER_BYTES, n;
    script s = write_run(path, &small, seed, 200, 200, offsets);
    lp_blob file = slurp(path);
    for (size_t bytes = 0; bytes <= file.size_bytes; bytes++) {
        spill(other, file.data, bytes);
        lp_status status = read_file(other, &s, &n);
        assert_true(n >= before); /* the more is there, the more is read */
        before = n;
        if (bytes == boundary) { /* between two blocks: a shorter movie */
            expect_ok(status);
            boundary += bytes < file.size_bytes ? block_bytes(file.data + bytes) : 0;
        } else if (bytes < MOVIE_HEADER_BYTES) {
            expect_bad(status, LP_BAD_INPUT, "not a movie");
        } else {
            expect_bad(status, LP_BAD_INPUT, "damaged or cut at byte ");
            assert_in_range(named_byte(), MOVIE_HEADER_BYTES, bytes - 1);
        }
    }
    assert_int_equal(n, s.n);
    lp_blob_free(&file);
    free(s.ops);
}

/* After a seek into a damaged movie: nothing that was not written there. */
static void seek_and_read(const char *file, const script *s, uint64_t decision) {
    lp_movie *m;
    lp_movie_op op;
    bool end;
    size_t i = 0;
    if (lp_movie_open(&m, file, &err)) return;
    if (!lp_movie_seek(m, decision, &err) && !lp_movie_next(m, &op, &end, &err)) {
        while (i < s->n && !(s->ops[i].kind == op.kind && s->ops[i].decision == op.decision && s->ops[i].episode == op.episode)) i++;
        if (end || i == s->n || !same_op(s, &s->ops[i++], &op)) fail_msg("seek to %d: another operation", (int)decision);
        (void)read_on(m, s, &i);
    }
    lp_movie_read_close(m);
}

static void test_every_bit_flipped(void **state) {
    (void)state;
    uint64_t offsets[1];
    size_t n;
    script s = write_run(path, &small, seed + 1, 120, 120, offsets);
    lp_blob file = slurp(path);
    lp_rng rng = lp_rng_make(seed, 7);
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    for (size_t i = 0; i < file.size_bytes; i++) {
        for (int bit = 0; bit < 8; bit++) {
            unsigned char byte = file.data[i] ^ (unsigned char)(1 << bit);
            assert_int_equal(pwrite(fd, &byte, 1, (off_t)i), 1);
            lp_status status = read_file(path, &s, &n);
            if (status != LP_BAD_INPUT) fail_msg("bit %d of byte %zu flipped, and not noticed", bit, i);
            if (i >= MOVIE_HEADER_BYTES) assert_in_range(named_byte(), MOVIE_HEADER_BYTES, i);
            else assert_null(strstr(err.message, "at byte"));
            if (bit == (int)(i % 8)) seek_and_read(path, &s, lp_rng_below(&rng, 130));
        }
        assert_int_equal(pwrite(fd, file.data + i, 1, (off_t)i), 1);
    }
    close(fd);
    expect_ok(read_file(path, &s, &n));
    assert_int_equal(n, s.n);
    lp_blob_free(&file);
    free(s.ops);
}

/* Whole blocks where they do not belong, each with its right checksum for another place. */
static void test_blocks_moved(void **state) {
    (void)state;
    uint64_t offsets[1];
    size_t n, at[64], n_blocks = 0;
    script s = write_run(path, &small, seed + 2, 200, 200, offsets);
    lp_blob file = slurp(path);
    unsigned char *moved = malloc(2 * file.size_bytes);
    assert_non_null(moved);
    at[0] = MOVIE_HEADER_BYTES;
    while (at[n_blocks] < file.size_bytes && n_blocks < 63)
        at[n_blocks + 1] = at[n_blocks] + block_bytes(file.data + at[n_blocks]), n_blocks++;
    assert_true(n_blocks > 10);
    for (size_t k = 0; k + 1 < n_blocks; k++) {
        size_t a = at[k], b = at[k + 1], c = at[k + 2], end = at[n_blocks];
        memcpy(moved, file.data, a); /* dropped */
        memcpy(moved + a, file.data + b, end - b);
        spill(other, moved, end - (b - a));
        expect_bad(read_file(other, &s, &n), LP_BAD_INPUT, "damaged or cut");
        assert_int_equal(named_byte(), a);
        for (uint64_t d = 0; d < 210; d += 10) seek_and_read(other, &s, d); /* a delta that is missing, too, is noticed */
        memcpy(moved, file.data, b);                                        /* repeated */
        memcpy(moved + b, file.data + a, end - a);
        spill(other, moved, end + (b - a));
        expect_bad(read_file(other, &s, &n), LP_BAD_INPUT, "damaged or cut");
        assert_int_equal(named_byte(), b);
        memcpy(moved + a, file.data + b, c - b); /* exchanged with the next */
        memcpy(moved + a + (c - b), file.data + a, b - a);
        memcpy(moved + c, file.data + c, end - c);
        spill(other, moved, end);
        expect_bad(read_file(other, &s, &n), LP_BAD_INPUT, "damaged or cut");
        assert_int_equal(named_byte(), a);
    }
    memcpy(moved, file.data, file.size_bytes); /* another movie's header */
    lp_movie_header theirs = header;
    theirs.seed++;
    lp_movie_header_encode(moved, &theirs);
    spill(other, moved, file.size_bytes);
    expect_bad(read_file(other, &s, &n), LP_BAD_INPUT, "at byte 144");
    free(moved);
    lp_blob_free(&file);
    free(s.ops);
}

/* Overwritten at random, in one to four places. */
static void test_random_damage(void **state) {
    (void)state;
    uint64_t offsets[1];
    size_t n;
    script s = write_run(path, &small, seed + 4, 300, 300, offsets);
    lp_blob file = slurp(path);
    unsigned char *bytes = malloc(file.size_bytes);
    assert_non_null(bytes);
    lp_rng rng = lp_rng_make(seed, 8);
    for (int k = 0; k < 3000; k++) {
        memcpy(bytes, file.data, file.size_bytes);
        for (uint32_t i = 0; i <= lp_rng_below(&rng, 4); i++) {
            size_t from = lp_rng_below(&rng, (uint32_t)file.size_bytes), length = 1 + lp_rng_below(&rng, 64);
            int fill = (int)lp_rng_below(&rng, 3);
            for (size_t b = from; b < from + length && b < file.size_bytes; b++)
                bytes[b] = fill == 0 ? 0 : fill == 1 ? 0xff : (unsigned char)lp_rng_u64(&rng);
        }
        spill(other, bytes, file.size_bytes);
        lp_status status = read_file(other, &s, &n);
        bool same = !memcmp(bytes, file.data, file.size_bytes);
        if ((status == LP_OK) != same) fail_msg("damage %d: %s", k, status ? err.message : "not noticed");
        seek_and_read(other, &s, lp_rng_below(&rng, 320));
    }
    free(bytes);
    lp_blob_free(&file);
    free(s.ops);
}

/* ---- made to deceive ---- */

static unsigned char made[1 << 18];
static size_t made_bytes;
static uint64_t made_checksum;

static void make_header(const lp_movie_header *h) {
    made_checksum = lp_movie_header_encode(made, h);
    made_bytes = MOVIE_HEADER_BYTES;
}

/* Appends a block as it is told to, with the checksum that fits. */
static void make_block(block_header h, const void *payload) {
    size_t bytes = h.stored_bytes < (1 << 17) ? h.stored_bytes : 0; /* what claims to be longer than the file is not there */
    memcpy(made + made_bytes + BLOCK_HEADER_BYTES, payload, bytes);
    if (bytes == h.stored_bytes) h.checksum = lp_movie_block_checksum(&h, made_checksum, payload);
    lp_movie_block_encode(made + made_bytes, &h);
    made_checksum = h.checksum;
    made_bytes += BLOCK_HEADER_BYTES + bytes;
}

/* The file as made is damaged from byte offset on, for a reader from the beginning, one that seeks, and a writer that resumes. */
static void expect_refused(const char *what, uint64_t offset) {
    lp_movie *m;
    lp_movie_writer *w;
    lp_movie_op op;
    bool end = false;
    lp_status status = LP_OK;
    spill(path, made, made_bytes);
    expect_ok(lp_movie_open(&m, path, &err));
    for (int seek = 0; seek < 2; seek++, status = LP_OK) {
        if (seek && lp_movie_seek(m, UINT64_MAX, &err)) break;
        while (!status && !end) status = lp_movie_next(m, &op, &end, &err);
        if (status != LP_BAD_INPUT || named_byte() != offset) fail_msg("%s: status %d, %s", what, status, err.message);
        lp_err first = err;
        assert_int_equal(lp_movie_next(m, &op, &end, &err), LP_BAD_INPUT); /* again */
        assert_false(end);
        assert_string_equal(err.message, first.message);
    }
    lp_movie_read_close(m);
    expect_bad(lp_movie_resume(&w, path, &header, made_bytes, NULL, &err), LP_BAD_INPUT, "at byte");
}

static void refuse_ops(const char *what, const void *ops, size_t bytes) {
    make_header(&header);
    make_block((block_header){BLOCK_OPS, 0, (uint32_t)bytes, (uint32_t)bytes, 0, 0, 0}, ops);
    expect_refused(what, MOVIE_HEADER_BYTES);
}

static void test_hostile_ops(void **state) {
    (void)state;
    static const struct {
        const char *what;
        unsigned char ops[16];
        size_t bytes;
    } bad[] = {
        {"an unknown operation", {5}, 1},
        {"the last unknown operation", {127}, 1},
        {"a run of keys that the table lacks", {128}, 1},
        {"a run beyond the table's one", {4, 1, 0, 1, 136}, 5},
        {"a poke without its value", {1, 1, 2, 3, 4}, 5},
        {"a hash cut", {3, 1, 2, 3, 4, 5, 6, 7}, 8},
        {"keys without frames", {2, 1, 0}, 3},
        {"a varint without end", {2, 1, 0, 255, 255, 255, 255, 255, 1}, 9},
        {"frames beyond 32 bits", {2, 1, 0, 255, 255, 255, 255, 127}, 8},
        {"2^17 + 1 frames of keys", {2, 1, 0, 129, 128, 8}, 6},
        {"a run of none", {4, 1, 0, 0}, 4},
        {"a run of 2^30 + 1", {4, 1, 0, 129, 128, 128, 128, 4}, 8},
        {"something after good operations", {0, 1, 1, 2, 3, 4, 5, 99}, 8},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refuse_ops(bad[i].what, bad[i].ops, bad[i].bytes);
}

static void test_hostile_blocks(void **state) {
    (void)state;
    static unsigned char zeros[MAX_OPS_BYTES], packed[1024], state_bytes[STATE_BYTES];
    uint32_t n = (uint32_t)LZ4_compress_default((const char *)zeros, (char *)packed, MAX_OPS_BYTES, sizeof packed);
    assert_true(n > 0 && n < 400);
    const struct {
        const char *what;
        block_header h;
        const void *payload;
    } bad[] = {
        {"less than it decompresses to", {BLOCK_OPS, 0, n, MAX_OPS_BYTES - 1, 0, 0, 0}, packed},
        {"far less than it decompresses to", {BLOCK_OPS, 0, n, n + 1, 0, 0, 0}, packed},
        {"more than a block's operations", {BLOCK_OPS, 0, n, MAX_OPS_BYTES + 1, 0, 0, 0}, packed},
        {"4 GB of operations", {BLOCK_OPS, 0, n, UINT32_MAX, 0, 0, 0}, packed},
        {"4 GB of payload", {BLOCK_OPS, 0, UINT32_MAX, UINT32_MAX, 0, 0, 0}, packed},
        {"more payload than there is", {BLOCK_OPS, 0, 1 << 17, 1 << 17, 0, 0, 0}, made},
        {"no lz4", {BLOCK_OPS, 0, 8, 100, 0, 0, 0}, "\xff\xff\xff\xff\xff\xff\xff\xff"},
        {"no payload", {BLOCK_OPS, 0, 0, 0, 0, 0, 0}, zeros},
        {"more than it decompresses to", {BLOCK_OPS, 0, 2, 1, 0, 0, 0}, zeros},
        {"a state of another size", {BLOCK_KEYFRAME, 0, 200, 200, 0, 0, 0}, zeros},
        {"a state of 4 GB", {BLOCK_KEYFRAME, 0, n, UINT32_MAX, 0, 0, 0}, packed},
        {"a state that decompresses to more", {BLOCK_KEYFRAME, 0, n, STATE_BYTES, 0, 0, 0}, packed},
        {"a state that begins an episode", {BLOCK_KEYFRAME, FLAG_RESET, STATE_BYTES, STATE_BYTES, 0, 0, 0}, zeros},
        {"a delta of nothing", {BLOCK_DELTA, 0, STATE_BYTES, STATE_BYTES, 0, 0, 0}, zeros},
        {"an unknown kind", {4, 0, 1, 1, 0, 0, 0}, zeros},
        {"no kind", {0, 0, 1, 1, 0, 0, 0}, zeros},
        {"an unknown flag", {BLOCK_OPS, 2, 1, 1, 0, 0, 0}, zeros},
        {"a reset that is none", {BLOCK_OPS, FLAG_RESET, 4, 4, 0, 0, 0}, "\x04\x01\x00\x01"},
        {"a decision too many", {BLOCK_OPS, 0, 1, 1, 1, 0, 0}, zeros},
        {"an episode too many", {BLOCK_OPS, 0, 1, 1, 0, 1, 0}, zeros},
        {"2^64 - 1 decisions", {BLOCK_OPS, 0, 1, 1, UINT64_MAX, 0, 0}, zeros},
        {"2^62 episodes", {BLOCK_OPS, 0, 1, 1, 0, (uint64_t)1 << 62, 0}, zeros},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        make_header(&header);
        make_block(bad[i].h, bad[i].payload);
        expect_refused(bad[i].what, MOVIE_HEADER_BYTES);
        make_header(&header); /* and after a good block */
        make_block((block_header){BLOCK_OPS, 0, 4, 4, 0, 0, 0}, "\x04\x01\x00\x03");
        block_header h = bad[i].h;
        size_t at = made_bytes;
        if (h.decision == 0) h.decision = 3;
        make_block(h, bad[i].payload);
        expect_refused(bad[i].what, at);
    }
    /* a long chain of deltas behind one keyframe is slow to seek in, no more; the last one is no lz4 */
    make_header(&header);
    make_block((block_header){BLOCK_KEYFRAME, 0, STATE_BYTES, STATE_BYTES, 0, 0, 0}, state_bytes);
    for (int i = 0; i < 500; i++) make_block((block_header){BLOCK_DELTA, 0, STATE_BYTES, STATE_BYTES, 0, 0, 0}, state_bytes);
    size_t at = made_bytes;
    make_block((block_header){BLOCK_DELTA, 0, 4, STATE_BYTES, 0, 0, 0}, "\xff\xff\xff\xff");
    expect_refused("a delta that is no lz4, far from its keyframe", at);
}

static void test_hostile_headers(void **state) {
    (void)state;
    lp_movie *m;
    static const struct {
        uint32_t frame_skip, state_bytes;
        const char *says;
    } bad[] = {
        {0, 300, "0 frames a decision"},
        {1025, 300, "1025 frames a decision, must be 1 to 1024"},
        {UINT32_MAX, 300, "4294967295 frames a decision"},
        {4, 0, "states of 0 bytes"},
        {4, MAX_STATE_BYTES + 1, "states of 4194305 bytes"},
        {4, UINT32_MAX, "states of 4294967295 bytes"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        lp_movie_header h = header;
        lp_movie_writer *w;
        h.frame_skip = bad[i].frame_skip, h.state_size_bytes = bad[i].state_bytes;
        make_header(&h);
        spill(path, made, made_bytes);
        expect_bad(lp_movie_open(&m, path, &err), LP_BAD_INPUT, bad[i].says);
        assert_null(m);
        expect_bad(lp_movie_create(&w, other, &h, NULL, &err), LP_BAD_INPUT, bad[i].says); /* nor is one written */
        assert_true(!w && !lp_file_exists(other));
    }
    make_header(&header);
    made[7] = '1';
    spill(path, made, made_bytes);
    expect_bad(lp_movie_open(&m, path, &err), LP_BAD_INPUT, "version 1, this program reads 2");
    memset(made, 'x', sizeof made);
    spill(path, made, 1000);
    expect_bad(lp_movie_open(&m, path, &err), LP_BAD_INPUT, "not a Longplay movie");
    expect_bad(lp_movie_open(&m, other, &err), LP_BAD_INPUT, "No such file");
    expect_bad(lp_movie_open(&m, folder, &err), LP_BAD_INPUT, "not a regular file");
    assert_int_equal(mkfifo(other, 0600), 0);
    expect_bad(lp_movie_open(&m, other, &err), LP_BAD_INPUT, "not a regular file"); /* at once */
    lp_movie_header longest = header;                                               /* names that fill their fields are cut, not run over */
    memset(longest.game, 'g', sizeof longest.game), memset(longest.core_version, 'c', sizeof longest.core_version);
    make_header(&longest);
    spill(path, made, made_bytes);
    expect_ok(lp_movie_open(&m, path, &err));
    assert_int_equal(strlen(lp_movie_info(m)->game), sizeof longest.game - 1);
    assert_int_equal(strlen(lp_movie_info(m)->core_version), sizeof longest.core_version - 1);
    lp_movie_read_close(m);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
int main(void) {
    choose_seed();
    const struct CMUnitTest tests[] = {
        TEST(test_cut),         TEST(test_every_bit_flipped), TEST(test_blocks_moved),   TEST(test_random_damage),
        TEST(test_hostile_ops), TEST(test_hostile_blocks),    TEST(test_hostile_headers)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
