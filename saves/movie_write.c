/* Writing a movie. Operations gather in a block; a full block, a reset, a state or a sync ends it. What decides where
 * blocks end and which states are kept is a function of what stands in the file, so a run that was interrupted at a sync
 * and resumed there writes the same bytes as one that was not. */
#include "saves/movie_format.h"

#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_OP_BYTES = 16, DEFAULT_BLOCK_OPS = 4096, STATE_SPACING = 256 };

struct lp_movie_writer {
    char path[PATH_MAX];
    int fd;
    lp_movie_header header;
    uint64_t budget;
    uint32_t block_ops;
    uint64_t offset; /* end of the last whole block */
    uint64_t n_decisions, n_episodes;
    /* the block being gathered */
    unsigned char ops[MAX_OPS_BYTES];
    uint32_t used, n_ops;
    uint8_t flags;
    uint64_t block_decision, block_episode;
    uint16_t run_keys; /* decisions in a row with the same keys, not yet in ops */
    uint64_t run_length;
    /* states */
    uint64_t state_bytes_used, last_state_decision, n_states;
    unsigned char *state, *delta; /* [state_size] the last one written; scratch */
    unsigned char *packed;        /* [packed_bytes] a compressed payload with its block header before it */
    int packed_bytes;
    lp_status status; /* sticks */
    lp_err err;
};

static lp_status open_writer(lp_movie_writer **out, const char *path, const lp_movie_header *header, const lp_movie_config *config, lp_err *err) {
    *out = NULL;
    if (!header->state_size_bytes || header->state_size_bytes > MAX_STATE_BYTES || !header->frame_skip)
        return lp_fail(err, LP_BAD_INPUT, "%s: a movie needs a frame skip and states of at most %d bytes", path, MAX_STATE_BYTES);
    lp_movie_writer *w = calloc(1, sizeof *w);
    if (!w) return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    w->fd = -1;
    snprintf(w->path, sizeof w->path, "%s", path);
    w->header = *header;
    w->budget = config && config->state_budget_bytes ? config->state_budget_bytes : (uint64_t)64 << 20;
    w->block_ops = config && config->block_ops ? config->block_ops : DEFAULT_BLOCK_OPS;
    int largest = header->state_size_bytes > MAX_OPS_BYTES ? (int)header->state_size_bytes : MAX_OPS_BYTES;
    w->packed_bytes = LZ4_compressBound(largest);
    w->state = malloc(header->state_size_bytes);
    w->delta = malloc(header->state_size_bytes);
    w->packed = malloc(BLOCK_HEADER_BYTES + (size_t)w->packed_bytes);
    if (!w->state || !w->delta || !w->packed) {
        lp_movie_close(w);
        return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    *out = w;
    return LP_OK;
}

lp_status lp_movie_create(lp_movie_writer **out, const char *path, const lp_movie_header *header, const lp_movie_config *config, lp_err *err) {
    lp_status status = open_writer(out, path, header, config, err);
    if (status) return status;
    lp_movie_writer *w = *out;
    unsigned char bytes[MOVIE_HEADER_BYTES];
    movie_header_write(bytes, header);
    w->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (w->fd < 0) status = lp_fail(err, LP_BAD_INPUT, "%s: cannot create: %s", path, strerror(errno));
    else status = lp_write_all(w->fd, bytes, sizeof bytes, path, err);
    if (status) {
        if (w->fd >= 0) unlink(path);
        lp_movie_close(w);
        *out = NULL;
        return status;
    }
    w->offset = sizeof bytes;
    return LP_OK;
}

/* Takes over what a written block says about counts and states. */
static void account(lp_movie_writer *w, const block_header *h) {
    w->offset += BLOCK_HEADER_BYTES + h->stored_bytes;
    if (h->kind == BLOCK_OPS) return;
    w->state_bytes_used += BLOCK_HEADER_BYTES + h->stored_bytes;
    w->last_state_decision = h->decision;
    w->n_states++;
}

static void write_block(lp_movie_writer *w, uint8_t kind, const void *raw, uint32_t raw_bytes, uint64_t decision, uint64_t episode, uint8_t flags) {
    if (w->status) return;
    unsigned char *payload = w->packed + BLOCK_HEADER_BYTES;
    int packed = LZ4_compress_default(raw, (char *)payload, (int)raw_bytes, w->packed_bytes);
    block_header h = {kind, flags, (uint32_t)packed, raw_bytes, decision, episode, 0};
    if (packed <= 0 || (uint32_t)packed >= raw_bytes) {
        memcpy(payload, raw, raw_bytes);
        h.stored_bytes = raw_bytes;
    }
    block_header_write(w->packed, &h, payload);
    w->status = lp_write_all(w->fd, w->packed, BLOCK_HEADER_BYTES + h.stored_bytes, w->path, &w->err);
    if (!w->status) account(w, &h);
}

static void put_varint(lp_movie_writer *w, uint64_t value) {
    for (; value >= 128; value >>= 7) w->ops[w->used++] = (unsigned char)(value | 128);
    w->ops[w->used++] = (unsigned char)value;
}

static void end_run(lp_movie_writer *w) {
    if (!w->run_length) return;
    w->ops[w->used++] = OP_DECISIONS;
    put_le(w->ops + w->used, w->run_keys, 2);
    w->used += 2;
    put_varint(w, w->run_length);
    w->n_ops++;
    w->run_length = 0;
}

static void end_block(lp_movie_writer *w) {
    end_run(w);
    if (w->used) write_block(w, BLOCK_OPS, w->ops, w->used, w->block_decision, w->block_episode, w->flags);
    w->used = w->n_ops = w->flags = 0;
}

/* Makes room for one more operation, which is not a decision. */
static void begin_op(lp_movie_writer *w) {
    end_run(w);
    if (w->n_ops >= w->block_ops || w->used + 3 * MAX_OP_BYTES > MAX_OPS_BYTES) end_block(w);
    if (!w->used) w->block_decision = w->n_decisions, w->block_episode = w->n_episodes;
    w->n_ops++;
}

void lp_movie_reset(lp_movie_writer *w) {
    end_block(w);
    begin_op(w);
    w->flags = FLAG_RESET;
    w->ops[w->used++] = OP_RESET;
    w->n_episodes++;
}

void lp_movie_poke(lp_movie_writer *w, uint32_t address, uint8_t value) {
    begin_op(w);
    w->ops[w->used++] = OP_POKE;
    put_le(w->ops + w->used, address, 4);
    w->ops[w->used + 4] = value;
    w->used += 5;
}

void lp_movie_keys(lp_movie_writer *w, uint16_t keys, uint32_t n_frames) {
    begin_op(w);
    w->ops[w->used++] = OP_KEYS;
    put_le(w->ops + w->used, keys, 2);
    w->used += 2;
    put_varint(w, n_frames);
}

void lp_movie_decision(lp_movie_writer *w, uint16_t keys) {
    if (w->run_length && keys != w->run_keys) end_run(w);
    if (!w->run_length) {
        if (w->n_ops >= w->block_ops || w->used + 3 * MAX_OP_BYTES > MAX_OPS_BYTES) end_block(w);
        if (!w->used) w->block_decision = w->n_decisions, w->block_episode = w->n_episodes;
        w->run_keys = keys;
    }
    w->run_length++;
    w->n_decisions++;
}

void lp_movie_hash(lp_movie_writer *w, uint64_t machine_hash) {
    begin_op(w);
    w->ops[w->used++] = OP_HASH;
    put_le(w->ops + w->used, machine_hash, 8);
    w->used += 8;
}

/* States lie STATE_SPACING decisions apart while less than half of the budget is used, twice as far while less than three
 * quarters are, and so on: however long the run, the budget is never passed and the early part stays as dense as it was. */
bool lp_movie_wants_state(const lp_movie_writer *w) {
    uint64_t spacing = STATE_SPACING, left = w->budget / 2, limit = left;
    while (w->state_bytes_used >= limit && left > 0) left /= 2, limit += left, spacing *= 2;
    uint64_t worst = BLOCK_HEADER_BYTES + (uint64_t)w->header.state_size_bytes;
    return w->state_bytes_used + worst <= w->budget && (!w->n_states || w->n_decisions - w->last_state_decision >= spacing);
}

void lp_movie_state(lp_movie_writer *w, const void *state, size_t size_bytes) {
    assert(size_bytes == w->header.state_size_bytes);
    if (!lp_movie_wants_state(w)) return;
    end_block(w);
    const unsigned char *bytes = state;
    bool keyframe = w->n_states % KEYFRAME_EVERY == 0;
    for (size_t i = 0; i < size_bytes && !keyframe; i++) w->delta[i] = bytes[i] ^ w->state[i];
    memcpy(w->state, bytes, size_bytes);
    write_block(w, keyframe ? BLOCK_KEYFRAME : BLOCK_DELTA, keyframe ? w->state : w->delta, (uint32_t)size_bytes, w->n_decisions, w->n_episodes, 0);
}

lp_status lp_movie_sync(lp_movie_writer *w, uint64_t *offset, lp_err *err) {
    end_block(w);
    if (!w->status && fsync(w->fd)) w->status = lp_fail(&w->err, LP_FAILED, "%s: cannot write: %s", w->path, strerror(errno));
    if (w->status) return lp_fail(err, w->status, "%s", w->err.message);
    *offset = w->offset;
    return LP_OK;
}

uint64_t lp_movie_decisions(const lp_movie_writer *w) {
    return w->n_decisions;
}

void lp_movie_close(lp_movie_writer *w) {
    if (!w) return;
    if (w->fd >= 0) close(w->fd);
    free(w->state);
    free(w->delta);
    free(w->packed);
    free(w);
}

/* Reads the movie up to offset as a reader would, counting what a writer counts. */
static lp_status take_over(lp_movie_writer *w, uint64_t offset, lp_err *err) {
    lp_movie *m;
    lp_status status = lp_movie_open(&m, w->path, err);
    if (status) return status;
    const lp_movie_header *h = lp_movie_info(m);
    if (h->rom_hash != w->header.rom_hash || strcmp(h->core_version, w->header.core_version) || h->state_size_bytes != w->header.state_size_bytes ||
        h->frame_skip != w->header.frame_skip)
        status = lp_fail(err, LP_BAD_INPUT, "%s: is of another ROM, emulation core or frame skip", w->path);
    bool end = false;
    lp_movie_op op;
    w->offset = MOVIE_HEADER_BYTES;
    while (!status && !end && lp_movie_read_offset(m) < offset) {
        status = lp_movie_next(m, &op, &end, err);
        if (status || end) break;
        if (op.kind == LP_MOVIE_STATE) memcpy(w->state, op.state, h->state_size_bytes);
        w->n_decisions += op.kind == LP_MOVIE_DECISION;
        w->n_episodes += op.kind == LP_MOVIE_RESET;
    }
    if (!status) status = lp_movie_account(m, offset, &w->state_bytes_used, &w->last_state_decision, &w->n_states, err);
    w->offset = offset;
    lp_movie_read_close(m);
    return status;
}

lp_status lp_movie_resume(lp_movie_writer **out, const char *path, const lp_movie_header *header, uint64_t offset, const lp_movie_config *config,
                          lp_err *err) {
    lp_status status = open_writer(out, path, header, config, err);
    if (status) return status;
    lp_movie_writer *w = *out;
    status = take_over(w, offset, err);
    if (!status && (w->fd = open(path, O_WRONLY | O_CLOEXEC)) < 0) status = lp_fail(err, LP_BAD_INPUT, "%s: cannot write: %s", path, strerror(errno));
    if (!status && (ftruncate(w->fd, (off_t)offset) || lseek(w->fd, (off_t)offset, SEEK_SET) < 0))
        status = lp_fail(err, LP_FAILED, "%s: cannot cut to %llu bytes: %s", path, (unsigned long long)offset, strerror(errno));
    if (status) {
        lp_movie_close(w);
        *out = NULL;
    }
    return status;
}
