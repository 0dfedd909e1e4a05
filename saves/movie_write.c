/* Writing a movie. Operations gather in a block; a full block, a reset, a state or a sync ends it. What decides where
 * blocks end and which states are kept is a function of what stands in the file (movie_tail and the last state), so a run
 * that was interrupted at a sync and resumed there writes the same bytes as one that was not. */
#include "saves/movie_format.h"

#include "base/contract.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_OP_BYTES = 16, DEFAULT_BLOCK_OPS = 16384, DEFAULT_SPACING = 256, DEFAULT_BUDGET = 64 << 20 };

struct lp_movie_writer {
    char path[PATH_MAX];
    int fd;
    lp_movie_header header;
    lp_movie_config config;
    movie_tail tail; /* of what is in the file, but for the decisions and episodes, which count what is in ops too */
    /* the block being gathered */
    unsigned char ops[MAX_OPS_BYTES];
    uint32_t used, n_ops;
    uint8_t flags;
    uint64_t block_decision, block_episode;
    key_table table;
    uint16_t run_keys; /* decisions in a row with the same keys, not yet in ops */
    uint32_t run_length;
    unsigned char *state, *delta; /* [state_size_bytes] the last one written; scratch */
    unsigned char *packed;        /* [BLOCK_HEADER_BYTES + packed_bytes] a block as it goes into the file */
    int packed_bytes;
    lp_status status; /* sticks */
    lp_err err;
};

/* ---- blocks ---- */

static void write_block(lp_movie_writer *w, block_header *h, const void *raw) {
    if (w->status) return;
    unsigned char *payload = w->packed + BLOCK_HEADER_BYTES;
    int packed = LZ4_compress_default(raw, (char *)payload, (int)h->raw_bytes, w->packed_bytes);
    h->stored_bytes = (uint32_t)packed;
    if (packed <= 0 || h->stored_bytes >= h->raw_bytes) {
        memcpy(payload, raw, h->raw_bytes);
        h->stored_bytes = h->raw_bytes;
    }
    h->checksum = lp_movie_block_checksum(h, w->tail.checksum, payload);
    lp_movie_block_encode(w->packed, h);
    w->status = lp_write_all(w->fd, w->packed, BLOCK_HEADER_BYTES + h->stored_bytes, w->path, &w->err);
    if (!w->status) lp_movie_tail_add(&w->tail, h);
    else if (ftruncate(w->fd, (off_t)w->tail.offset)) w->status = LP_FAILED; /* as it is already: a torn block stays, and reads as a cut */
}

static void put_varint(lp_movie_writer *w, uint64_t value) {
    for (; value >= 128; value >>= 7) w->ops[w->used++] = (unsigned char)(value | 128);
    w->ops[w->used++] = (unsigned char)value;
}

static void end_run(lp_movie_writer *w) {
    if (!w->run_length) return;
    int place = key_find(&w->table, w->run_keys);
    if (place >= 0 && w->run_length <= SHORT_RUN) {
        w->ops[w->used++] = (unsigned char)(OP_SHORT_RUN + SHORT_RUN * place + (int)w->run_length - 1);
    } else {
        if (place < 0) key_add(&w->table, w->run_keys);
        w->ops[w->used++] = OP_DECISIONS;
        put_le(w->ops + w->used, w->run_keys, 2);
        w->used += 2;
        put_varint(w, w->run_length);
    }
    w->n_ops++;
    w->run_length = 0;
}

static void end_block(lp_movie_writer *w) {
    end_run(w);
    block_header h = {
        .kind = BLOCK_OPS, .flags = w->flags, .raw_bytes = w->used, .decision = w->block_decision, .episode = w->block_episode};
    if (w->used) write_block(w, &h, w->ops);
    w->used = w->n_ops = w->flags = 0;
    w->table.n = 0;
}

/* Makes room for one more operation; no run of decisions is open. */
static void make_room(lp_movie_writer *w) {
    if (w->n_ops >= w->config.block_ops || w->used + MAX_OP_BYTES > MAX_OPS_BYTES) end_block(w);
    if (w->used) return;
    w->block_decision = w->tail.n_decisions;
    w->block_episode = w->tail.n_episodes;
}

static void begin_op(lp_movie_writer *w, uint8_t op) {
    end_run(w);
    make_room(w);
    w->ops[w->used++] = op;
    w->n_ops++;
}

/* ---- operations ---- */

void lp_movie_reset(lp_movie_writer *w) {
    end_block(w);
    begin_op(w, OP_RESET);
    w->flags = FLAG_RESET;
    w->tail.n_episodes++;
}

void lp_movie_poke(lp_movie_writer *w, uint32_t address, uint8_t value) {
    begin_op(w, OP_POKE);
    put_le(w->ops + w->used, address, 4);
    w->ops[w->used + 4] = value;
    w->used += 5;
}

void lp_movie_keys(lp_movie_writer *w, uint16_t keys, uint32_t n_frames) {
    do {
        uint32_t n = n_frames < MAX_KEYS_FRAMES ? n_frames : MAX_KEYS_FRAMES;
        begin_op(w, OP_KEYS);
        put_le(w->ops + w->used, keys, 2);
        w->used += 2;
        put_varint(w, n);
        n_frames -= n;
    } while (n_frames);
}

void lp_movie_decision(lp_movie_writer *w, uint16_t keys) {
    if (w->run_length && (keys != w->run_keys || w->run_length == MAX_RUN)) end_run(w);
    if (!w->run_length) make_room(w);
    w->run_keys = keys;
    w->run_length++;
    w->tail.n_decisions++;
}

void lp_movie_hash(lp_movie_writer *w, uint64_t machine_hash) {
    begin_op(w, OP_HASH);
    put_le(w->ops + w->used, machine_hash, 8);
    w->used += 8;
}

/* States lie state_spacing decisions apart while less than half of the budget is used, twice as far while less than three
 * quarters are, and so on: however long the run, the budget is never passed and nothing written is ever written again. */
bool lp_movie_wants_state(const lp_movie_writer *w) {
    const movie_tail *t = &w->tail;
    uint64_t spacing = w->config.state_spacing, left = w->config.state_budget_bytes / 2, limit = left;
    uint64_t since = t->n_decisions - t->last_state_decision, worst = BLOCK_HEADER_BYTES + (uint64_t)w->header.state_size_bytes;
    if (w->status || (t->n_states && since < spacing)) return false;
    while (t->state_bytes >= limit && left > 0) left /= 2, limit += left, spacing *= 2;
    return t->state_bytes + worst <= w->config.state_budget_bytes && (!t->n_states || since >= spacing);
}

void lp_movie_state(lp_movie_writer *w, const void *state, size_t size_bytes) {
    LP_CHECK(size_bytes == w->header.state_size_bytes);
    if (!lp_movie_wants_state(w)) return;
    end_block(w);
    bool keyframe = w->tail.n_states % KEYFRAME_EVERY == 0;
    memcpy(w->delta, w->state, size_bytes);
    xor_into(w->delta, state, size_bytes);
    memcpy(w->state, state, size_bytes);
    block_header h = {.kind = keyframe ? BLOCK_KEYFRAME : BLOCK_DELTA,
                      .raw_bytes = w->header.state_size_bytes,
                      .decision = w->tail.n_decisions,
                      .episode = w->tail.n_episodes};
    write_block(w, &h, keyframe ? w->state : w->delta);
}

lp_status lp_movie_sync(lp_movie_writer *w, uint64_t *offset, lp_err *err) {
    end_block(w);
    if (!w->status && fsync(w->fd)) w->status = lp_fail(&w->err, LP_FAILED, "%s: cannot write: %s", w->path, strerror(errno));
    if (!w->status) w->status = lp_file_in_place(w->fd, w->path, &w->err);
    if (w->status) return lp_fail(err, w->status, "%s", w->err.message);
    *offset = w->tail.offset;
    return LP_OK;
}

lp_status lp_movie_in_place(const lp_movie_writer *w, lp_err *err) { return lp_file_in_place(w->fd, w->path, err); }

uint64_t lp_movie_decisions(const lp_movie_writer *w) { return w->tail.n_decisions; }

/* ---- opening and closing ---- */

void lp_movie_close(lp_movie_writer *w) {
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    free(w->state);
    free(w->delta);
    free(w->packed);
    free(w);
}

/* A writer with its memory, but no file yet. */
static lp_status make_writer(lp_movie_writer **out, const char *path, const lp_movie_header *header, const lp_movie_config *config,
                             lp_err *err) {
    *out = NULL;
    lp_status status = lp_movie_header_check(header, path, err);
    if (status) return status;
    lp_movie_writer *w = calloc(1, sizeof *w);
    if (!w) return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    w->fd = -1;
    snprintf(w->path, sizeof w->path, "%s", path);
    w->header = *header;
    if (config) w->config = *config;
    if (!w->config.state_budget_bytes) w->config.state_budget_bytes = DEFAULT_BUDGET;
    if (!w->config.state_spacing) w->config.state_spacing = DEFAULT_SPACING;
    if (!w->config.block_ops) w->config.block_ops = DEFAULT_BLOCK_OPS;
    int largest = header->state_size_bytes > MAX_OPS_BYTES ? (int)header->state_size_bytes : MAX_OPS_BYTES;
    w->packed_bytes = LZ4_compressBound(largest);
    w->state = calloc(1, header->state_size_bytes);
    w->delta = malloc(header->state_size_bytes);
    w->packed = malloc(BLOCK_HEADER_BYTES + (size_t)w->packed_bytes);
    if (!w->state || !w->delta || !w->packed) {
        lp_movie_close(w);
        return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    *out = w;
    return LP_OK;
}

lp_status lp_movie_create(lp_movie_writer **out, const char *path, const lp_movie_header *header, const lp_movie_config *config,
                          lp_err *err) {
    lp_status status = make_writer(out, path, header, config, err);
    if (status) return status;
    lp_movie_writer *w = *out;
    unsigned char bytes[MOVIE_HEADER_BYTES];
    w->tail = (movie_tail){.offset = MOVIE_HEADER_BYTES, .checksum = lp_movie_header_encode(bytes, header)};
    w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (w->fd < 0) status = lp_fail(err, lp_errno_status(errno), "%s: cannot create: %s", path, strerror(errno));
    else if ((status = lp_write_all(w->fd, bytes, sizeof bytes, path, err))) unlink(path);
    if (status) {
        lp_movie_close(w);
        *out = NULL;
    }
    return status;
}

/* Checks the movie up to offset and takes over from it what the writer must know. */
static lp_status take_over(lp_movie_writer *w, uint64_t offset, lp_err *err) {
    lp_movie *m;
    lp_status status = lp_movie_open(&m, w->path, err);
    if (status) return status;
    const lp_movie_header *theirs = lp_movie_info(m), *ours = &w->header;
    if (theirs->rom_hash != ours->rom_hash)
        status = lp_fail(err, LP_BAD_INPUT, "%s: is of another ROM (hash %016llx, not %016llx)", w->path,
                         (unsigned long long)theirs->rom_hash, (unsigned long long)ours->rom_hash);
    else if (strncmp(theirs->core_version, ours->core_version, sizeof ours->core_version - 1))
        status = lp_fail(err, LP_BAD_INPUT, "%s: is of emulation core '%.31s', this is '%.31s'", w->path, theirs->core_version,
                         ours->core_version);
    else if (theirs->model && theirs->model != ours->model)
        status = lp_fail(err, LP_BAD_INPUT, "%s: was recorded on another model of the console", w->path);
    else if (theirs->state_size_bytes != ours->state_size_bytes || theirs->frame_skip != ours->frame_skip)
        status = lp_fail(err, LP_BAD_INPUT, "%s: has %u frames a decision and states of %u bytes, not %u and %u", w->path,
                         theirs->frame_skip, theirs->state_size_bytes, ours->frame_skip, ours->state_size_bytes);
    else status = lp_movie_read_tail(m, offset, &w->tail, w->state, err);
    lp_movie_read_close(m);
    return status;
}

lp_status lp_movie_resume(lp_movie_writer **out, const char *path, const lp_movie_header *header, uint64_t offset,
                          const lp_movie_config *config, lp_err *err) {
    lp_status status = make_writer(out, path, header, config, err);
    if (status) return status;
    lp_movie_writer *w = *out;
    status = take_over(w, offset, err);
    if (!status && (w->fd = open(path, O_WRONLY | O_CLOEXEC)) < 0)
        status = lp_fail(err, lp_errno_status(errno), "%s: cannot write: %s", path, strerror(errno));
    if (!status && (ftruncate(w->fd, (off_t)offset) || lseek(w->fd, (off_t)offset, SEEK_SET) < 0))
        status = lp_fail(err, LP_FAILED, "%s: cannot cut to %llu bytes: %s", path, (unsigned long long)offset, strerror(errno));
    if (status) {
        lp_movie_close(w);
        *out = NULL;
    }
    return status;
}
