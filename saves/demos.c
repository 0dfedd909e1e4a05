/* A file of demonstrations. All numbers are little-endian; XXH3 is its 64-bit form.
 *
 * Header, 160 bytes:
 *     0  "LPDEMOS1" (the last byte is the version)     8  u64 XXH3 of all that follows     16  u64 XXH3 of the ROM
 *    24  u32 frames a decision     28  u32 model of the console     32  i32 fewest, i32 most idle frames
 *    40  u32 knobs                 44  u32 demonstrations           48  char[32] emulation core     80  char[64] game, both ended by a 0
 *   144  16 bytes of zeros
 * then the demonstrations, back to back, each
 *     0  u64 seed     8  u64 machine hash at its end     16  u32 decisions     20  u32 outcome (1 won, 2 lost, 3 out of time)
 *    24  u32 bytes of keys     28  char[64] source, ended by a 0     92  i64 a knob     ...  the keys, u16 a decision, as one LZ4 block */
#include "saves/demos.h"

#include "base/file.h"
#include "base/hash.h"
#include "saves/movie_format.h"

#include <lz4.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER_BYTES = 160, RECORD_BYTES = 92, HASHED_FROM = 16, MAX_OUTCOME = 3 };
static const char MAGIC[8] = "LPDEMOS1";
static const size_t MAX_FILE_BYTES = (size_t)1 << 31;

lp_status lp_demos_new(lp_demos **out, const lp_demos_about *about, lp_err *err) {
    lp_demos *d = *out = calloc(1, sizeof *d);
    if (!d) return lp_fail(err, LP_FAILED, "out of memory");
    d->about = *about;
    return LP_OK;
}

void lp_demos_close(lp_demos *d) {
    if (!d) return;
    for (int i = 0; i < d->n; i++) free(d->demo[i].keys);
    free(d->demo);
    free(d);
}

static size_t keys_bytes(const lp_demo *demo) { return (size_t)demo->n_decisions * sizeof *demo->keys; }

static bool same(const lp_demos *d, const lp_demo *a, const lp_demo *b) {
    return a->seed == b->seed && a->n_decisions == b->n_decisions && !memcmp(a->knobs, b->knobs, d->about.n_knobs * sizeof *a->knobs) &&
           !memcmp(a->keys, b->keys, keys_bytes(a));
}

/* Room for one more. */
static lp_status grow(lp_demos *d, lp_err *err) {
    if (d->n == LP_DEMO_MAX) return lp_fail(err, LP_BAD_INPUT, "more than %d demonstrations", LP_DEMO_MAX);
    if (d->n == d->room) {
        const int room = d->room ? 2 * d->room : 64;
        lp_demo *more = realloc(d->demo, (size_t)room * sizeof *more);
        if (!more) return lp_fail(err, LP_FAILED, "out of memory for %d demonstrations", room);
        d->demo = more;
        d->room = room;
    }
    return LP_OK;
}

lp_status lp_demos_add(lp_demos *d, const lp_demo *demo, lp_err *err) {
    if (demo->n_decisions < 1 || demo->n_decisions > LP_DEMO_MAX_DECISIONS)
        return lp_fail(err, LP_BAD_INPUT, "a demonstration of %lld decisions: 1 to %d are possible", (long long)demo->n_decisions,
                       LP_DEMO_MAX_DECISIONS);
    for (int i = 0; i < d->n; i++)
        if (same(d, &d->demo[i], demo))
            return lp_fail(err, LP_BAD_INPUT, "seed %llu is there already, played the same", (unsigned long long)demo->seed);
    lp_status status = grow(d, err);
    if (status) return status;
    lp_demo *own = &d->demo[d->n];
    *own = *demo;
    if (!(own->keys = malloc(keys_bytes(demo)))) return lp_fail(err, LP_FAILED, "out of memory for a demonstration");
    memcpy(own->keys, demo->keys, keys_bytes(demo));
    d->n++;
    return LP_OK;
}

/* ---- writing ---- */

static void put_header(unsigned char *at, const lp_demos *d) {
    const lp_demos_about *about = &d->about;
    memset(at, 0, HEADER_BYTES);
    memcpy(at, MAGIC, sizeof MAGIC);
    put_le(at + 16, about->rom_hash, 8);
    put_le(at + 24, about->frame_skip, 4);
    put_le(at + 28, about->model, 4);
    put_le(at + 32, (uint32_t)about->noop[0], 4);
    put_le(at + 36, (uint32_t)about->noop[1], 4);
    put_le(at + 40, about->n_knobs, 4);
    put_le(at + 44, (uint32_t)d->n, 4);
    memcpy(at + 48, about->core_version, sizeof about->core_version);
    memcpy(at + 80, about->game, sizeof about->game);
}

/* scratch has the keys' bytes. Returns the bytes written. */
static size_t put_demo(unsigned char *at, const lp_demos *d, const lp_demo *demo, unsigned char *scratch) {
    const size_t knobs = 8u * d->about.n_knobs, raw = keys_bytes(demo);
    for (int64_t i = 0; i < demo->n_decisions; i++) put_le(scratch + 2 * i, demo->keys[i], 2);
    const int packed =
        LZ4_compress_default((const char *)scratch, (char *)at + RECORD_BYTES + knobs, (int)raw, LZ4_compressBound((int)raw));
    put_le(at, demo->seed, 8);
    put_le(at + 8, demo->end_hash, 8);
    put_le(at + 16, (uint64_t)demo->n_decisions, 4);
    put_le(at + 20, (uint64_t)demo->outcome, 4);
    put_le(at + 24, (uint64_t)packed, 4);
    memcpy(at + 28, demo->source, sizeof demo->source);
    for (uint32_t k = 0; k < d->about.n_knobs; k++) put_le(at + RECORD_BYTES + 8 * k, (uint64_t)demo->knobs[k], 8);
    return RECORD_BYTES + knobs + (size_t)packed;
}

lp_status lp_demos_write(const lp_demos *d, const char *path, lp_err *err) {
    size_t size = HEADER_BYTES, most = 1;
    for (int i = 0; i < d->n; i++) {
        const size_t raw = keys_bytes(&d->demo[i]);
        size += RECORD_BYTES + 8u * d->about.n_knobs + (size_t)LZ4_compressBound((int)raw);
        if (raw > most) most = raw;
    }
    unsigned char *file = malloc(size), *scratch = malloc(most);
    lp_status status = file && scratch ? LP_OK : lp_fail(err, LP_FAILED, "%s: out of memory for %zu bytes", path, size);
    if (!status) {
        size_t used = HEADER_BYTES;
        put_header(file, d);
        for (int i = 0; i < d->n; i++) used += put_demo(file + used, d, &d->demo[i], scratch);
        put_le(file + 8, lp_hash64(file + HASHED_FROM, used - HASHED_FROM), 8);
        status = used <= MAX_FILE_BYTES ? lp_file_write_atomic(path, file, used, err)
                                        : lp_fail(err, LP_BAD_INPUT, "%s: would be larger than %zu bytes", path, MAX_FILE_BYTES);
    }
    free(scratch);
    free(file);
    return status;
}

/* ---- reading ---- */

static bool get_text(char *out, const unsigned char *at, size_t size) {
    memcpy(out, at, size);
    return memchr(out, 0, size) != NULL;
}

/* The demonstration at *at, which is moved behind it; its keys are malloc'd. */
static lp_status get_demo(lp_demo *demo, const lp_demos *d, const unsigned char **at, const unsigned char *end, lp_err *err) {
    const size_t knobs = 8u * d->about.n_knobs;
    *demo = (lp_demo){0};
    if ((size_t)(end - *at) < RECORD_BYTES + knobs) return lp_fail(err, LP_BAD_INPUT, "cut short");
    const unsigned char *from = *at;
    const uint64_t decisions = get_le(from + 16, 4), outcome = get_le(from + 20, 4), packed = get_le(from + 24, 4);
    demo->seed = get_le(from, 8);
    demo->end_hash = get_le(from + 8, 8);
    demo->n_decisions = (int64_t)decisions;
    demo->outcome = (int)outcome;
    bool good = decisions >= 1 && decisions <= LP_DEMO_MAX_DECISIONS && outcome >= 1 && outcome <= MAX_OUTCOME &&
                get_text(demo->source, from + 28, sizeof demo->source) && packed <= (size_t)(end - from) - RECORD_BYTES - knobs;
    if (!good) return lp_fail(err, LP_BAD_INPUT, "damaged");
    for (uint32_t k = 0; k < d->about.n_knobs; k++) demo->knobs[k] = (int64_t)get_le(from + RECORD_BYTES + 8 * k, 8);
    from += RECORD_BYTES + knobs;
    *at = from + packed;
    if (decisions / 255 > packed) return lp_fail(err, LP_BAD_INPUT, "damaged"); /* no LZ4 block is so dense: nothing is allocated for it */
    if (!(demo->keys = malloc(keys_bytes(demo)))) return lp_fail(err, LP_FAILED, "out of memory for a demonstration");
    unsigned char *raw = (unsigned char *)demo->keys;
    if (LZ4_decompress_safe((const char *)from, (char *)raw, (int)packed, (int)keys_bytes(demo)) != (int)keys_bytes(demo))
        return lp_fail(err, LP_BAD_INPUT, "damaged");
    for (int64_t i = 0; i < demo->n_decisions; i++) demo->keys[i] = (uint16_t)get_le(raw + 2 * i, 2);
    return LP_OK;
}

static lp_status parse(lp_demos **out, const lp_blob *file, lp_err *err) {
    const unsigned char *at = file->data, *end = at + file->size_bytes;
    if (file->size_bytes < HEADER_BYTES || memcmp(at, MAGIC, sizeof MAGIC - 1))
        return lp_fail(err, LP_BAD_INPUT, "not a file of demonstrations");
    if (at[7] != (unsigned char)MAGIC[7]) return lp_fail(err, LP_BAD_INPUT, "of version %c, this longplay reads %c", at[7], MAGIC[7]);
    if (get_le(at + 8, 8) != lp_hash64(at + HASHED_FROM, file->size_bytes - HASHED_FROM))
        return lp_fail(err, LP_BAD_INPUT, "damaged or cut short");
    lp_demos_about about = {.rom_hash = get_le(at + 16, 8),
                            .frame_skip = (uint32_t)get_le(at + 24, 4),
                            .model = (uint32_t)get_le(at + 28, 4),
                            .noop = {(int32_t)get_le(at + 32, 4), (int32_t)get_le(at + 36, 4)},
                            .n_knobs = (uint32_t)get_le(at + 40, 4)};
    const uint64_t n = get_le(at + 44, 4);
    if (!get_text(about.core_version, at + 48, sizeof about.core_version) || !get_text(about.game, at + 80, sizeof about.game) ||
        about.n_knobs > LP_DEMO_MAX_KNOBS || n > LP_DEMO_MAX || !about.frame_skip)
        return lp_fail(err, LP_BAD_INPUT, "damaged");
    lp_status status = lp_demos_new(out, &about, err);
    at += HEADER_BYTES;
    for (uint64_t i = 0; i < n && !status; i++) {
        status = grow(*out, err);
        if (!status) status = get_demo(&(*out)->demo[(*out)->n++], *out, &at, end, err); /* what it got so far is freed with the rest */
    }
    return !status && at != end ? lp_fail(err, LP_BAD_INPUT, "too long") : status;
}

lp_status lp_demos_read(lp_demos **out, const char *path, lp_err *err) {
    lp_blob file;
    *out = NULL;
    lp_status status = lp_file_read(&file, path, MAX_FILE_BYTES, err);
    if (status) return status;
    status = parse(out, &file, err);
    lp_blob_free(&file);
    if (!status) return LP_OK;
    lp_demos_close(*out);
    *out = NULL;
    return lp_fail_prefix(err, status, "%s", path);
}
