/* Reading a movie. Opening walks the block headers to make an index; the payloads are read, checked and decompressed one
 * at a time. What lies before damage reads well; the damage itself is reported when a reader comes to it. */
#include "saves/movie_format.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct {
    uint64_t offset;
    block_header header;
} block;

struct lp_movie {
    char path[PATH_MAX];
    int fd;
    lp_movie_header header;
    block *blocks; /* [n_blocks] the index */
    size_t n_blocks;
    uint64_t end;     /* where the last whole block ends */
    bool damaged;     /* the file goes on after end, but not with a block */
    size_t next;      /* the block to read next */
    uint64_t n_decisions, n_episodes;
    /* the block being given out */
    unsigned char ops[MAX_OPS_BYTES];
    uint32_t used, size; /* ops: position and length */
    uint16_t run_keys;
    uint64_t run_length; /* decisions still to be given out */
    unsigned char *stored, *state, *delta;
    size_t state_of; /* block whose state stands in `state`, plus 1; 0: none */
};

static bool read_at(int fd, void *out, size_t size, uint64_t offset) {
    for (size_t got = 0; got < size;) {
        ssize_t n = pread(fd, (char *)out + got, size - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        got += (size_t)n;
    }
    return true;
}

static lp_status build_index(lp_movie *m, uint64_t size, lp_err *err) {
    size_t capacity = 0;
    m->end = MOVIE_HEADER_BYTES;
    while (m->end < size) {
        unsigned char bytes[BLOCK_HEADER_BYTES];
        block b = {.offset = m->end};
        if (size - m->end < BLOCK_HEADER_BYTES || !read_at(m->fd, bytes, sizeof bytes, m->end) ||
            !block_header_read(&b.header, bytes, m->header.state_size_bytes) || b.header.stored_bytes > size - m->end - BLOCK_HEADER_BYTES) {
            m->damaged = true;
            break;
        }
        if (m->n_blocks == capacity) {
            capacity = capacity ? 2 * capacity : 64;
            block *larger = realloc(m->blocks, capacity * sizeof *larger);
            if (!larger) return lp_fail(err, LP_FAILED, "%s: out of memory for its index", m->path);
            m->blocks = larger;
        }
        m->blocks[m->n_blocks++] = b;
        m->end += BLOCK_HEADER_BYTES + b.header.stored_bytes;
    }
    return LP_OK;
}

lp_status lp_movie_open(lp_movie **out, const char *path, lp_err *err) {
    *out = NULL;
    lp_movie *m = calloc(1, sizeof *m);
    if (!m) return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    snprintf(m->path, sizeof m->path, "%s", path);
    unsigned char bytes[MOVIE_HEADER_BYTES];
    struct stat st;
    lp_status status = LP_OK;
    m->fd = open(path, O_RDONLY | O_CLOEXEC);
    if (m->fd < 0) status = lp_fail(err, LP_BAD_INPUT, "%s: %s", path, strerror(errno));
    else if (fstat(m->fd, &st) || !S_ISREG(st.st_mode)) status = lp_fail(err, LP_BAD_INPUT, "%s: not a regular file", path);
    else if (!read_at(m->fd, bytes, sizeof bytes, 0)) status = lp_fail(err, LP_BAD_INPUT, "%s: not a movie: only %lld bytes", path, (long long)st.st_size);
    else if (!movie_header_read(&m->header, bytes)) status = lp_fail(err, LP_BAD_INPUT, "%s: not a Longplay movie, or its header is damaged", path);
    if (!status) {
        size_t largest = m->header.state_size_bytes > MAX_OPS_BYTES ? m->header.state_size_bytes : MAX_OPS_BYTES;
        m->stored = malloc(largest);
        m->state = malloc(m->header.state_size_bytes);
        m->delta = malloc(m->header.state_size_bytes);
        if (!m->stored || !m->state || !m->delta) status = lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    if (!status) status = build_index(m, (uint64_t)st.st_size, err);
    if (status) lp_movie_read_close(m);
    else *out = m;
    return status;
}

void lp_movie_read_close(lp_movie *m) {
    if (!m) return;
    if (m->fd >= 0) close(m->fd);
    free(m->blocks);
    free(m->stored);
    free(m->state);
    free(m->delta);
    free(m);
}

const lp_movie_header *lp_movie_info(const lp_movie *m) {
    return &m->header;
}

static lp_status damaged(const lp_movie *m, uint64_t offset, lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "%s: damaged or cut at byte %llu, after decision %llu", m->path, (unsigned long long)offset,
                   (unsigned long long)m->n_decisions);
}

/* Reads, checks and decompresses block i into out. */
static lp_status load_block(lp_movie *m, size_t i, unsigned char *out, lp_err *err) {
    const block *b = &m->blocks[i];
    unsigned char bytes[BLOCK_HEADER_BYTES];
    if (!read_at(m->fd, bytes, sizeof bytes, b->offset) || !read_at(m->fd, m->stored, b->header.stored_bytes, b->offset + BLOCK_HEADER_BYTES) ||
        block_hash(bytes, m->stored, b->header.stored_bytes) != b->header.hash)
        return damaged(m, b->offset, err);
    if (b->header.stored_bytes == b->header.raw_bytes) memcpy(out, m->stored, b->header.raw_bytes);
    else if (LZ4_decompress_safe((char *)m->stored, (char *)out, (int)b->header.stored_bytes, (int)b->header.raw_bytes) != (int)b->header.raw_bytes)
        return damaged(m, b->offset, err);
    return LP_OK;
}

/* Puts the state of block i into m->state, going back to its keyframe where need be. */
static lp_status load_state(lp_movie *m, size_t i, lp_err *err) {
    size_t from = i;
    while (m->blocks[from].header.kind != BLOCK_KEYFRAME && m->state_of != from + 1) {
        do
            if (from-- == 0) return damaged(m, m->blocks[i].offset, err);
        while (m->blocks[from].header.kind == BLOCK_OPS);
    }
    for (; from <= i; from++) {
        uint8_t kind = m->blocks[from].header.kind;
        if (kind == BLOCK_OPS || m->state_of == from + 1) continue;
        lp_status status = load_block(m, from, kind == BLOCK_KEYFRAME ? m->state : m->delta, err);
        if (status) {
            m->state_of = 0;
            return status;
        }
        for (size_t k = 0; k < m->header.state_size_bytes && kind == BLOCK_DELTA; k++) m->state[k] ^= m->delta[k];
        m->state_of = from + 1;
    }
    return LP_OK;
}

/* Takes n bytes of the block's operations; false when it has fewer. */
static bool take(lp_movie *m, uint64_t *value, uint32_t n) {
    if (m->size - m->used < n) return false;
    *value = get_le(m->ops + m->used, (int)n);
    m->used += n;
    return true;
}

static bool take_varint(lp_movie *m, uint64_t *value) {
    *value = 0;
    for (int shift = 0; shift < 63 && m->used < m->size; shift += 7) {
        unsigned char byte = m->ops[m->used++];
        *value |= (uint64_t)(byte & 127) << shift;
        if (!(byte & 128)) return true;
    }
    return false;
}

/* Decodes one operation; false when the bytes make no sense (the checksum was right: a file made to deceive). */
static bool decode(lp_movie *m, lp_movie_op *op) {
    uint64_t a = 0, b = 0;
    switch (m->ops[m->used++]) {
    case OP_RESET:
        op->kind = LP_MOVIE_RESET;
        m->n_episodes++;
        op->episode = m->n_episodes;
        return true;
    case OP_POKE:
        op->kind = LP_MOVIE_POKE;
        if (!take(m, &a, 4) || !take(m, &b, 1)) return false;
        op->address = (uint32_t)a, op->value = (uint8_t)b;
        return true;
    case OP_KEYS:
        op->kind = LP_MOVIE_KEYS;
        if (!take(m, &a, 2) || !take_varint(m, &b) || b > UINT32_MAX) return false;
        op->keys = (uint16_t)a, op->n_frames = (uint32_t)b;
        return true;
    case OP_HASH:
        op->kind = LP_MOVIE_HASH;
        return take(m, &op->hash, 8);
    case OP_DECISIONS:
        if (!take(m, &a, 2) || !take_varint(m, &b) || !b) return false;
        m->run_keys = (uint16_t)a, m->run_length = b;
        return true;
    default:
        return false;
    }
}

static bool begin_block(lp_movie *m, const block_header *h) {
    m->used = m->size = 0;
    m->run_length = 0;
    return h->decision == m->n_decisions && h->episode == m->n_episodes;
}

lp_status lp_movie_next(lp_movie *m, lp_movie_op *op, bool *end, lp_err *err) {
    *op = (lp_movie_op){.decision = m->n_decisions, .episode = m->n_episodes, .n_frames = m->header.frame_skip};
    *end = false;
    while (m->used == m->size && !m->run_length) {
        if (m->next == m->n_blocks) {
            *end = !m->damaged;
            return m->damaged ? damaged(m, m->end, err) : LP_OK;
        }
        size_t i = m->next;
        const block_header *h = &m->blocks[i].header;
        if (!begin_block(m, h)) return damaged(m, m->blocks[i].offset, err);
        lp_status status = h->kind == BLOCK_OPS ? load_block(m, i, m->ops, err) : load_state(m, i, err);
        if (status) return status;
        m->next = i + 1;
        if (h->kind != BLOCK_OPS) {
            op->kind = LP_MOVIE_STATE;
            op->state = m->state;
            return LP_OK;
        }
        m->size = h->raw_bytes;
    }
    if (!m->run_length && !decode(m, op)) return damaged(m, m->blocks[m->next - 1].offset, err);
    if (m->run_length) {
        op->kind = LP_MOVIE_DECISION;
        op->keys = m->run_keys;
        m->run_length--;
        m->n_decisions++;
    }
    return LP_OK;
}

lp_status lp_movie_seek(lp_movie *m, uint64_t decision, lp_err *err) {
    size_t best = 0;
    bool found = false;
    for (size_t i = 0; i < m->n_blocks && m->blocks[i].header.decision <= decision; i++)
        if (m->blocks[i].header.kind != BLOCK_OPS || m->blocks[i].header.flags & FLAG_RESET) best = i, found = true;
    if (!found) return lp_fail(err, LP_BAD_INPUT, "%s: no place to begin at or before decision %llu", m->path, (unsigned long long)decision);
    m->next = best;
    m->used = m->size = 0;
    m->run_length = 0;
    m->n_decisions = m->blocks[best].header.decision;
    m->n_episodes = m->blocks[best].header.episode;
    return LP_OK;
}

uint64_t lp_movie_read_offset(const lp_movie *m) {
    if (m->used < m->size || m->run_length) return m->blocks[m->next - 1].offset + 1; /* inside a block */
    return m->next < m->n_blocks ? m->blocks[m->next].offset : m->end;
}

lp_status lp_movie_account(const lp_movie *m, uint64_t offset, uint64_t *state_bytes, uint64_t *last_state_decision, uint64_t *n_states, lp_err *err) {
    uint64_t at = MOVIE_HEADER_BYTES;
    *state_bytes = *last_state_decision = *n_states = 0;
    for (size_t i = 0; i < m->n_blocks && at < offset; i++) {
        const block_header *h = &m->blocks[i].header;
        at = m->blocks[i].offset + BLOCK_HEADER_BYTES + h->stored_bytes;
        if (h->kind == BLOCK_OPS) continue;
        *state_bytes += BLOCK_HEADER_BYTES + h->stored_bytes;
        *last_state_decision = h->decision;
        ++*n_states;
    }
    if (at != offset) return lp_fail(err, LP_BAD_INPUT, "%s: ends at byte %llu, the checkpoint needs %llu", m->path, (unsigned long long)at, (unsigned long long)offset);
    return LP_OK;
}
