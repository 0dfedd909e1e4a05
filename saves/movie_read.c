/* Reading a movie: a cursor that goes from block to block. A payload is read, checked and decompressed when the cursor comes to
 * it, so what lies before damage reads well. Seeking looks at block headers only, and leaves an index of a fixed size behind:
 * every stride-th place where a replay may begin; when it is full, every second entry goes and the stride doubles. */
#include "saves/movie_format.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lz4.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_POINTS = 1024 };

typedef struct {
    uint64_t offset, previous; /* where a block begins; the checksum of the block before it */
} place;

typedef struct {
    place at, keyframe; /* keyframe: the last one up to here, itself included; offset 0: none */
    uint64_t decision;
} point;

struct lp_movie {
    char path[PATH_MAX];
    int fd;
    uint64_t size; /* of the file, when it was opened */
    lp_movie_header header;
    place first, at; /* the first block; the block to read next */
    movie_tail tail; /* what was read; after a seek only its counts of decisions and episodes are meant */
    /* the block being given out */
    unsigned char ops[MAX_OPS_BYTES];
    uint32_t used, n_ops_bytes;
    uint64_t block_offset;
    key_table table;
    uint16_t run_keys;
    uint32_t run_length; /* decisions still to be given out */
    unsigned char *stored, *state, *delta;
    bool has_state;   /* state is the last one before `at` */
    place keyframe;   /* the last one before `at`; offset 0: none */
    lp_status status; /* sticks until a seek */
    lp_err err;
    /* the index */
    point points[MAX_POINTS];
    uint32_t n_points, stride;
    uint64_t n_candidates, indexed_to; /* places that a replay may begin at, up to that byte */
};

/* ---- the file ---- */

static bool read_at(const lp_movie *m, void *out, size_t size, uint64_t offset) {
    for (size_t got = 0; got < size;) {
        ssize_t n = pread(m->fd, (char *)out + got, size - got, (off_t)(offset + got));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        got += (size_t)n;
    }
    return true;
}

static lp_status damaged(const lp_movie *m, uint64_t offset, lp_err *err) {
    return lp_fail(err, LP_BAD_INPUT, "%s: damaged or cut at byte %llu, after decision %llu", m->path, (unsigned long long)offset,
                   (unsigned long long)m->tail.n_decisions);
}

/* False where no block begins at p, or not all of it is there. */
static bool read_header(const lp_movie *m, const place *p, block_header *h) {
    unsigned char bytes[BLOCK_HEADER_BYTES];
    if (p->offset > m->size || m->size - p->offset < BLOCK_HEADER_BYTES || !read_at(m, bytes, sizeof bytes, p->offset)) return false;
    return lp_movie_block_decode(h, bytes, m->header.state_size_bytes) && h->stored_bytes <= m->size - p->offset - BLOCK_HEADER_BYTES;
}

static place after(const place *p, const block_header *h) { return (place){p->offset + BLOCK_HEADER_BYTES + h->stored_bytes, h->checksum}; }

/* Reads the payload of the block at p into m->stored and checks it. */
static bool check_payload(lp_movie *m, const place *p, const block_header *h) {
    return read_at(m, m->stored, h->stored_bytes, p->offset + BLOCK_HEADER_BYTES) &&
           lp_movie_block_checksum(h, p->previous, m->stored) == h->checksum;
}

/* As check_payload, then decompresses it into out[h->raw_bytes]. */
static bool read_payload(lp_movie *m, const place *p, const block_header *h, unsigned char *out) {
    if (!check_payload(m, p, h)) return false;
    int raw = (int)h->raw_bytes;
    if (h->stored_bytes == h->raw_bytes) memcpy(out, m->stored, h->raw_bytes);
    else return LZ4_decompress_safe((const char *)m->stored, (char *)out, (int)h->stored_bytes, raw) == raw;
    return true;
}

/* ---- states ---- */

/* Takes the state block at p in; the state before it must be there for a delta. */
static bool read_state(lp_movie *m, const place *p, const block_header *h) {
    bool keyframe = h->kind == BLOCK_KEYFRAME;
    m->has_state = read_payload(m, p, h, keyframe ? m->state : m->delta);
    if (m->has_state && !keyframe) xor_into(m->state, m->delta, m->header.state_size_bytes);
    return m->has_state;
}

/* Puts together the last state before the cursor, from its keyframe on. Operations in between are checked too: only an
 * unbroken chain shows that no delta is missing. */
static lp_status rebuild_state(lp_movie *m, lp_err *err) {
    if (!m->keyframe.offset) return damaged(m, m->at.offset, err); /* a delta of nothing */
    block_header h;
    for (place p = m->keyframe; p.offset < m->at.offset; p = after(&p, &h))
        if (!read_header(m, &p, &h) || !(block_is_state(&h) ? read_state(m, &p, &h) : check_payload(m, &p, &h)))
            return damaged(m, p.offset, err);
    return LP_OK;
}

/* ---- operations ---- */

/* Takes n bytes of the block's operations; false when it has fewer. */
static bool take(lp_movie *m, uint64_t *value, uint32_t n) {
    if (m->n_ops_bytes - m->used < n) return false;
    *value = get_le(m->ops + m->used, (int)n);
    m->used += n;
    return true;
}

static bool take_varint(lp_movie *m, uint64_t *value) {
    *value = 0;
    for (int shift = 0; shift < 35 && m->used < m->n_ops_bytes; shift += 7) {
        unsigned char byte = m->ops[m->used++];
        *value |= (uint64_t)(byte & 127) << shift;
        if (!(byte & 128)) return true;
    }
    return false;
}

static bool decode_decisions(lp_movie *m, unsigned char op) {
    uint64_t keys = 0, n = 0;
    if (op >= OP_SHORT_RUN) {
        uint32_t at = (uint32_t)(op - OP_SHORT_RUN) / SHORT_RUN;
        if (at >= m->table.n) return false;
        m->run_keys = m->table.keys[at];
        m->run_length = (uint32_t)(op - OP_SHORT_RUN) % SHORT_RUN + 1;
        return true;
    }
    if (!take(m, &keys, 2) || !take_varint(m, &n) || !n || n > MAX_RUN) return false;
    if (key_find(&m->table, (uint16_t)keys) < 0) key_add(&m->table, (uint16_t)keys);
    m->run_keys = (uint16_t)keys;
    m->run_length = (uint32_t)n;
    return true;
}

/* Decodes one operation, or a run of decisions; false when the bytes make no sense (under a right checksum: made to deceive). */
static bool decode(lp_movie *m, lp_movie_op *op) {
    uint64_t a = 0, b = 0;
    unsigned char code = m->ops[m->used++];
    switch (code) {
    case OP_RESET:
        op->kind = LP_MOVIE_RESET;
        op->episode = ++m->tail.n_episodes;
        return true;
    case OP_POKE:
        op->kind = LP_MOVIE_POKE;
        if (!take(m, &a, 4) || !take(m, &b, 1)) return false;
        op->address = (uint32_t)a, op->value = (uint8_t)b;
        return true;
    case OP_KEYS:
        op->kind = LP_MOVIE_KEYS;
        if (!take(m, &a, 2) || !take_varint(m, &b) || b > MAX_KEYS_FRAMES) return false;
        op->keys = (uint16_t)a, op->n_frames = (uint32_t)b;
        return true;
    case OP_HASH: op->kind = LP_MOVIE_HASH; return take(m, &op->hash, 8);
    default: return (code == OP_DECISIONS || code >= OP_SHORT_RUN) && decode_decisions(m, code);
    }
}

/* ---- the cursor ---- */

static bool inside_block(const lp_movie *m) { return m->used < m->n_ops_bytes || m->run_length; }

/* Reads the block at the cursor and moves past it. *is_state: it was a state, which now stands in m->state. */
static lp_status read_block(lp_movie *m, bool *is_state, lp_err *err) {
    block_header h;
    m->block_offset = m->at.offset;
    if (!read_header(m, &m->at, &h) || h.decision != m->tail.n_decisions || h.episode != m->tail.n_episodes)
        return damaged(m, m->at.offset, err);
    *is_state = block_is_state(&h);
    if (*is_state) {
        lp_status status = h.kind == BLOCK_DELTA && !m->has_state ? rebuild_state(m, err) : LP_OK;
        if (status) return status;
        if (!read_state(m, &m->at, &h)) return damaged(m, m->at.offset, err);
        if (h.kind == BLOCK_KEYFRAME) m->keyframe = m->at;
    } else {
        bool reset = h.flags & FLAG_RESET;
        if (!read_payload(m, &m->at, &h, m->ops) || (reset && m->ops[0] != OP_RESET)) return damaged(m, m->at.offset, err);
        m->used = 0;
        m->n_ops_bytes = h.raw_bytes;
        m->table.n = 0;
    }
    lp_movie_tail_add(&m->tail, &h);
    m->at = after(&m->at, &h);
    return LP_OK;
}

static lp_status next(lp_movie *m, lp_movie_op *op, bool *end, lp_err *err) {
    bool is_state = false;
    *op = (lp_movie_op){.decision = m->tail.n_decisions, .episode = m->tail.n_episodes, .n_frames = m->header.frame_skip};
    *end = !inside_block(m) && m->at.offset == m->size;
    if (*end) return LP_OK;
    lp_status status = inside_block(m) ? LP_OK : read_block(m, &is_state, err);
    if (status) return status;
    if (is_state) {
        op->kind = LP_MOVIE_STATE;
        op->state = m->state;
        return LP_OK;
    }
    if (!m->run_length && !decode(m, op)) return damaged(m, m->block_offset, err);
    if (m->run_length) {
        op->kind = LP_MOVIE_DECISION;
        op->keys = m->run_keys;
        m->run_length--;
        m->tail.n_decisions++;
    }
    return LP_OK;
}

lp_status lp_movie_next(lp_movie *m, lp_movie_op *op, bool *end, lp_err *err) {
    if (!m->status) m->status = next(m, op, end, &m->err);
    if (!m->status) return LP_OK;
    *end = false;
    return lp_fail(err, m->status, "%s", m->err.message);
}

lp_status lp_movie_read_tail(lp_movie *m, uint64_t offset, movie_tail *tail, void *state, lp_err *err) {
    lp_movie_op op;
    bool end = false;
    lp_status status = LP_OK;
    while (!status && !end) {
        m->tail.n_decisions += m->run_length; /* a run is as good as its decisions one by one */
        m->run_length = 0;
        if (!inside_block(m) && m->at.offset >= offset) break;
        status = lp_movie_next(m, &op, &end, err);
    }
    if (status) return status;
    if (m->at.offset != offset)
        return lp_fail(err, LP_BAD_INPUT, "%s: a block ends at byte %llu, none at byte %llu, where it should go on", m->path,
                       (unsigned long long)m->at.offset, (unsigned long long)offset);
    *tail = m->tail;
    if (m->has_state) memcpy(state, m->state, m->header.state_size_bytes);
    return LP_OK;
}

/* ---- seeking ---- */

/* Notes a place where a replay may begin. */
static void note_point(lp_movie *m, const point *p) {
    if (p->at.offset < m->indexed_to) return; /* has been here */
    m->indexed_to = p->at.offset + 1;
    if (m->n_candidates++ % m->stride) return;
    if (m->n_points == MAX_POINTS) {
        m->n_points /= 2;
        for (uint32_t i = 0; i < m->n_points; i++) m->points[i] = m->points[2 * i];
        m->stride *= 2; /* this one fits it: MAX_POINTS strides are an even number of them */
    }
    m->points[m->n_points++] = *p;
}

lp_status lp_movie_seek(lp_movie *m, uint64_t decision, lp_err *err) {
    point here = {.at = m->first};
    for (uint32_t i = 0; i < m->n_points && m->points[i].decision <= decision; i++) here = m->points[i];
    point best = {{0, 0}, {0, 0}, 0};
    block_header h, begin = {0};
    bool whole = true;
    while (here.at.offset < m->size && (whole = read_header(m, &here.at, &h)) && h.decision <= decision) {
        here.decision = h.decision;
        if (h.kind == BLOCK_KEYFRAME) here.keyframe = here.at;
        if (block_is_state(&h) || h.flags & FLAG_RESET) {
            note_point(m, &here);
            best = here;
            begin = h;
        }
        here.at = after(&here.at, &h);
    }
    if (!best.at.offset && !whole) return damaged(m, here.at.offset, err);
    if (!best.at.offset)
        return lp_fail(err, LP_BAD_INPUT, "%s: no place to begin at or before decision %llu", m->path, (unsigned long long)decision);
    m->at = best.at;
    m->keyframe = best.keyframe;
    m->tail.n_decisions = begin.decision;
    m->tail.n_episodes = begin.episode;
    m->used = m->n_ops_bytes = 0;
    m->run_length = 0;
    m->has_state = false;
    m->status = LP_OK;
    return LP_OK;
}

/* ---- opening and closing ---- */

static lp_status open_file(lp_movie *m, lp_err *err) {
    unsigned char bytes[MOVIE_HEADER_BYTES];
    struct stat st;
    m->fd = open(m->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe must not make us wait */
    if (m->fd < 0) return lp_fail(err, lp_errno_status(errno), "%s: %s", m->path, strerror(errno));
    if (fstat(m->fd, &st) || !S_ISREG(st.st_mode)) return lp_fail(err, LP_BAD_INPUT, "%s: not a regular file", m->path);
    m->size = (uint64_t)st.st_size;
    if (m->size < sizeof bytes || !read_at(m, bytes, sizeof bytes, 0))
        return lp_fail(err, LP_BAD_INPUT, "%s: not a movie: only %llu bytes", m->path, (unsigned long long)m->size);
    m->first.offset = MOVIE_HEADER_BYTES;
    return lp_movie_header_decode(&m->header, &m->first.previous, bytes, m->path, err);
}

lp_status lp_movie_open(lp_movie **out, const char *path, lp_err *err) {
    *out = NULL;
    lp_movie *m = calloc(1, sizeof *m);
    if (!m) return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    snprintf(m->path, sizeof m->path, "%s", path);
    m->stride = 1;
    lp_status status = open_file(m, err);
    if (!status) {
        size_t state_bytes = m->header.state_size_bytes;
        m->stored = malloc(state_bytes > MAX_OPS_BYTES ? state_bytes : MAX_OPS_BYTES);
        m->state = calloc(1, state_bytes);
        m->delta = calloc(1, state_bytes);
        if (!m->stored || !m->state || !m->delta) status = lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    if (status) {
        lp_movie_read_close(m);
        return status;
    }
    m->at = m->first;
    m->tail = (movie_tail){.offset = m->first.offset, .checksum = m->first.previous};
    *out = m;
    return LP_OK;
}

void lp_movie_read_close(lp_movie *m) {
    if (!m) return;
    if (m->fd >= 0) close(m->fd);
    free(m->stored);
    free(m->state);
    free(m->delta);
    free(m);
}

const lp_movie_header *lp_movie_info(const lp_movie *m) { return &m->header; }
