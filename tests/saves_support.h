/* What the tests of the movie share: a folder of their own, and a run that is a function of its seed and the decision, so that it
 * can be written from anywhere and what a reader gives can be compared with it, operation by operation. */
#ifndef LP_TESTS_SAVES_SUPPORT_H
#define LP_TESTS_SAVES_SUPPORT_H

#include "base/file.h"
#include "base/rng.h"
#include "saves/movie.h"
#include "tests/seed.h"

#include <dirent.h>
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

enum { STATE_BYTES = 300 };
static uint64_t seed;
static char folder[PATH_MAX - 64], path[PATH_MAX], other[PATH_MAX];
static lp_err err;
static const lp_movie_header header = {.rom_hash = 0x123456789abcdef0u,
                                       .core_version = "test core",
                                       .game = "a game",
                                       .seed = 5,
                                       .frame_skip = 4,
                                       .state_size_bytes = STATE_BYTES};
static const lp_movie_config small = {.block_ops = 24, .state_spacing = 10, .state_budget_bytes = 100000};

static inline int setup(void **state) {
    (void)state;
    memset(&lp_fault, 0, sizeof lp_fault);
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "a.lpm");
    lp_path_join(other, sizeof other, folder, "b.lpm");
    return 0;
}

static inline int teardown(void **state) {
    (void)state;
    unlink(path), unlink(other);
    return rmdir(folder); /* fails, and the test with it, if anything else was left */
}

static inline void choose_seed(void) { seed = test_seed(); }

static inline void expect_ok(lp_status status) {
    if (status) fail_msg("%s", err.message);
}

/* Refused with one line that names the file and says so. */
static inline void expect_bad(lp_status status, lp_status want, const char *says) {
    assert_int_equal(status, want);
    if (!strstr(err.message, says) || !strstr(err.message, folder)) fail_msg("'%s' does not say '%s'", err.message, says);
    if (strchr(err.message, '\n')) fail_msg("'%s' is not one line", err.message);
}

/* ---- what was written ---- */

typedef struct {
    lp_movie_op *ops; /* state is NULL: it is state_at of the run and the decision */
    size_t n, capacity;
    uint64_t run, decisions, episodes;
} script;

static inline void state_at(unsigned char bytes[STATE_BYTES], uint64_t run, uint64_t decision) {
    lp_rng rng = lp_rng_make(run, UINT64_MAX);
    for (int i = 0; i < STATE_BYTES; i++) bytes[i] = i % 3 ? (unsigned char)i : (unsigned char)lp_rng_u64(&rng);
    rng = lp_rng_make(run, ~decision - 1);
    for (int i = 0; i < 8; i++) bytes[lp_rng_below(&rng, STATE_BYTES)] = (unsigned char)lp_rng_u64(&rng);
}

/* Gives op to the writer, and to the script with the counts as they must be read. */
static inline void put(script *s, lp_movie_writer *w, lp_movie_op op) {
    unsigned char bytes[STATE_BYTES];
    op.decision = s->decisions;
    op.episode = s->episodes += op.kind == LP_MOVIE_RESET;
    s->decisions += op.kind == LP_MOVIE_DECISION;
    if (op.kind != LP_MOVIE_KEYS) op.n_frames = header.frame_skip;
    switch (op.kind) {
    case LP_MOVIE_RESET: lp_movie_reset(w); break;
    case LP_MOVIE_POKE: lp_movie_poke(w, op.address, op.value); break;
    case LP_MOVIE_KEYS: lp_movie_keys(w, op.keys, op.n_frames); break;
    case LP_MOVIE_DECISION: lp_movie_decision(w, op.keys); break;
    case LP_MOVIE_HASH: lp_movie_hash(w, op.hash); break;
    case LP_MOVIE_STATE: state_at(bytes, s->run, op.decision), lp_movie_state(w, bytes, STATE_BYTES); break;
    }
    if (s->n == s->capacity) {
        s->capacity = s->capacity ? 2 * s->capacity : 256;
        s->ops = realloc(s->ops, s->capacity * sizeof *s->ops);
        assert_non_null(s->ops);
    }
    s->ops[s->n++] = op;
}

/* What happens at decision d of run s->run. */
static inline void run_step(script *s, lp_movie_writer *w, uint64_t d) {
    static const uint32_t frames[] = {0, 1, 127, 128, 300, 16384, 1 << 17};
    lp_rng rng = lp_rng_make(s->run, d);
    if (d == 0 || lp_rng_below(&rng, 60) == 0) {
        put(s, w, (lp_movie_op){.kind = LP_MOVIE_RESET});
        put(s, w, (lp_movie_op){.kind = LP_MOVIE_KEYS, .keys = (uint16_t)lp_rng_u64(&rng), .n_frames = frames[lp_rng_below(&rng, 7)]});
        put(s, w, (lp_movie_op){.kind = LP_MOVIE_POKE, .address = (uint32_t)lp_rng_u64(&rng), .value = (uint8_t)lp_rng_u64(&rng)});
    }
    const uint16_t keys[] = {(uint16_t)(1 << lp_rng_below(&rng, 2)), (uint16_t)lp_rng_u64(&rng), 0, (uint16_t)(1 << lp_rng_below(&rng, 10)),
                             (uint16_t)lp_rng_below(&rng, 20)}; /* few, any, none, a pad's, more than the table of keys holds */
    put(s, w, (lp_movie_op){.kind = LP_MOVIE_DECISION, .keys = keys[(s->run + d / 64) % 5]});
    if (lp_rng_below(&rng, 12) == 0) put(s, w, (lp_movie_op){.kind = LP_MOVIE_HASH, .hash = lp_rng_u64(&rng)});
    if (lp_movie_wants_state(w)) put(s, w, (lp_movie_op){.kind = LP_MOVIE_STATE});
}

/* Writes decisions from to n - 1, with a sync after each sync_every; offsets[k]: of the k-th sync since decision 0. */
static inline lp_status write_steps(script *s, lp_movie_writer *w, uint64_t from, uint64_t n, uint64_t sync_every, uint64_t *offsets) {
    lp_status status = LP_OK;
    for (uint64_t d = from; d < n && !status; d++) {
        run_step(s, w, d);
        if ((d + 1) % sync_every == 0) status = lp_movie_sync(w, &offsets[d / sync_every], &err);
    }
    return status;
}

static inline script write_run(const char *file, const lp_movie_config *config, uint64_t run, uint64_t n, uint64_t sync_every,
                               uint64_t *offsets) {
    script s = {.run = run};
    lp_movie_writer *w;
    unlink(file);
    expect_ok(lp_movie_create(&w, file, &header, config, &err));
    expect_ok(write_steps(&s, w, 0, n, sync_every, offsets));
    assert_int_equal(lp_movie_decisions(w), n);
    lp_movie_close(w);
    return s;
}

/* ---- what is read ---- */

static inline bool same_op(const script *s, const lp_movie_op *want, const lp_movie_op *got) {
    unsigned char bytes[STATE_BYTES];
    if (want->kind != got->kind || want->decision != got->decision || want->episode != got->episode || want->address != got->address ||
        want->value != got->value || want->keys != got->keys || want->n_frames != got->n_frames || want->hash != got->hash)
        return false;
    state_at(bytes, s->run, want->decision);
    return want->kind == LP_MOVIE_STATE ? !memcmp(bytes, got->state, STATE_BYTES) : !got->state;
}

/* Reads on from where m is; it must give what the script holds from *i on, up to its end (LP_OK) or damage. */
static inline lp_status read_on(lp_movie *m, const script *s, size_t *i) {
    lp_movie_op op;
    bool end = false;
    lp_status status;
    while (!(status = lp_movie_next(m, &op, &end, &err)) && !end) {
        if (*i == s->n || !same_op(s, &s->ops[*i], &op)) fail_msg("operation %zu of %zu is another one", *i, s->n);
        ++*i;
    }
    return status;
}

/* As read_on, from the beginning: *n operations were read. */
static inline lp_status read_file(const char *file, const script *s, size_t *n) {
    lp_movie *m;
    *n = 0;
    lp_status status = lp_movie_open(&m, file, &err);
    if (status) {
        assert_null(m);
        return status;
    }
    status = read_on(m, s, n);
    lp_movie_read_close(m);
    return status;
}

static inline lp_blob slurp(const char *file) {
    lp_blob blob;
    expect_ok(lp_file_read(&blob, file, 1 << 26, &err));
    return blob;
}

/* Makes file hold just these bytes, fast: no fsync, and not emptied first, after which ext4 syncs by itself. */
static inline void spill(const char *file, const void *data, size_t size) {
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, size), (ssize_t)size);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    close(fd);
}

static inline void expect_same_files(const char *a, const char *b) {
    lp_blob x = slurp(a), y = slurp(b);
    assert_int_equal(x.size_bytes, y.size_bytes);
    assert_memory_equal(x.data, y.data, x.size_bytes);
    lp_blob_free(&x), lp_blob_free(&y);
}

#endif
