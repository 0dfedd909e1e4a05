/* What the tests of .bk2 movies share: archives from texts, and movies as lists of what they do. */
#ifndef LP_TESTS_BK2_SUPPORT_H
#define LP_TESTS_BK2_SUPPORT_H

#include "tests/saves_support.h"

#include "saves/bk2.h"

#include <inttypes.h>
#include <zip.h>

typedef struct {
    const char *name, *text;
    size_t size; /* 0: strlen(text) */
} entry;

/* An archive of these files, up to one without a name. */
static inline void make_archive(const char *file, const entry *entries) {
    int why = 0;
    unlink(file);
    zip_t *zip = zip_open(file, ZIP_CREATE | ZIP_TRUNCATE, &why);
    assert_non_null(zip);
    for (; entries->name; entries++) {
        zip_source_t *source = zip_source_buffer(zip, entries->text, entries->size ? entries->size : strlen(entries->text), 0);
        assert_non_null(source);
        assert_true(zip_file_add(zip, entries->name, source, ZIP_FL_ENC_UTF_8) >= 0);
    }
    if (zip_close(zip)) fail_msg("%s", zip_strerror(zip));
}

typedef struct {
    char *text; /* owned */
    size_t used, room;
} listing;

__attribute__((format(printf, 2, 3))) static inline void list(listing *l, const char *format, ...) {
    va_list arguments;
    if (l->room - l->used < 128) {
        l->room = 2 * l->room + 4096;
        l->text = realloc(l->text, l->room);
        assert_non_null(l->text);
    }
    va_start(arguments, format);
    l->used += (size_t)vsnprintf(l->text + l->used, 128, format, arguments);
    va_end(arguments);
}

/* Boot keys frame by frame, for how they are put together means nothing. */
static inline void list_op(listing *l, const lp_movie_op *op, unsigned mask) {
    if (op->kind == LP_MOVIE_RESET) list(l, "reset %" PRIu64 "\n", op->episode);
    if (op->kind == LP_MOVIE_POKE) list(l, "poke %x %x\n", op->address, op->value);
    for (uint32_t i = 0; op->kind == LP_MOVIE_KEYS && i < op->n_frames; i++) list(l, "boot %x\n", op->keys & mask);
    if (op->kind == LP_MOVIE_DECISION) list(l, "%" PRIu64 " %x for %u\n", op->decision, op->keys & mask, op->n_frames);
    if (op->kind == LP_MOVIE_HASH) list(l, "hash %" PRIx64 "\n", op->hash);
}

/* What the .bk2 does; *status as it was read to its end. The list is good up to what went wrong. */
static inline listing list_bk2(const char *file, lp_bk2_info *info, lp_status *status) {
    listing l = {0};
    lp_bk2 *b;
    lp_movie_op op;
    bool end = false;
    list(&l, "%s", "");
    if ((*status = lp_bk2_open(&b, file, &err))) return l;
    if (info) *info = *lp_bk2_about(b);
    while (!(*status = lp_bk2_next(b, &op, &end, &err)) && !end) list_op(&l, &op, 0x3ff);
    if (!*status && lp_bk2_frame(b) != lp_bk2_about(b)->n_frames) fail_msg("%s: another number of frames the second time", file);
    lp_bk2_close(b);
    return l;
}

static inline lp_status try_bk2(const char *file) {
    lp_status status;
    listing l = list_bk2(file, NULL, &status);
    free(l.text);
    return status;
}

/* A movie of the file `path`: episodes with pokes, boot keys, decisions and hashes, all from the seed. */
static inline void make_movie(uint64_t run, int decisions, uint32_t frame_skip, bool hash_last) {
    lp_movie_header h = header;
    lp_rng rng = lp_rng_make(run, 1);
    lp_movie_writer *w;
    uint64_t offset;
    h.frame_skip = frame_skip;
    unlink(path);
    expect_ok(lp_movie_create(&w, path, &h, &small, &err));
    for (int d = 0; d < decisions; d++) {
        if (d == 0 || lp_rng_below(&rng, 40) == 0) {
            lp_movie_reset(w);
            for (uint32_t i = lp_rng_below(&rng, 3); i > 0; i--)
                lp_movie_keys(w, (uint16_t)lp_rng_below(&rng, 1024), lp_rng_below(&rng, 12));
            for (uint32_t i = lp_rng_below(&rng, 3); i > 0; i--) lp_movie_poke(w, (uint32_t)lp_rng_u64(&rng), (uint8_t)lp_rng_u64(&rng));
            if (lp_rng_below(&rng, 2)) lp_movie_keys(w, 0, 5);
        }
        lp_movie_decision(w, (uint16_t)(lp_rng_below(&rng, 2) ? lp_rng_below(&rng, 1024) : 0));
        if (lp_rng_below(&rng, 8) == 0) lp_movie_hash(w, lp_rng_u64(&rng));
        if (lp_movie_wants_state(w)) lp_movie_state(w, (unsigned char[STATE_BYTES]){1}, STATE_BYTES);
    }
    if (hash_last) lp_movie_hash(w, 0x77);
    expect_ok(lp_movie_sync(w, &offset, &err));
    lp_movie_close(w);
}

static inline lp_bk2_export export_of(const char *system, uint64_t decisions) {
    return (lp_bk2_export){.system = system,
                           .game = "a game",
                           .model = !strcmp(system, "GBA")   ? "agb"
                                    : !strcmp(system, "GBC") ? "cgb"
                                                             : "sgb",
                           .sha1 = "0123456789abcdef0123456789ABCDEF01234567",
                           .n_decisions = decisions,
                           .final_hash = 0x99};
}

#endif
