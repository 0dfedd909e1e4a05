/* The format of movie.lpm, shared by writer and reader. All numbers are little-endian.
 *
 * Header, 144 bytes:  "LPMOVIE1", u64 ROM hash, u64 seed, u32 frames a decision, u32 bytes a state, char core[32],
 *                     char game[64], u64 reserved (0), u64 XXH3 of the 136 bytes before it
 * then blocks, back to back, each a header of 40 bytes and a payload:
 *     0  u32 "LPBK"      4  u8 kind      5  u8 flags      6  u16 0
 *     8  u32 payload bytes               12 u32 bytes once decompressed (lz4; equal sizes: stored as it is)
 *     16 u64 decisions completed before it                24 u64 episodes begun before it
 *     32 u64 XXH3 of bytes 0 to 31, seeding the XXH3 of the payload
 * Kinds: 1 operations, 2 keyframe (a state), 3 delta (a state XOR the state before it in the file).
 * Flag 1: the block's first operation is a reset, so a replay may begin here without a state.
 *
 * Operations, a byte and its operands:
 *     0 reset      1 poke: u32 address, u8 value      2 keys: u16 keys, varint frames      3 hash: u64
 *     4 decisions: u16 keys, varint how many in a row held the same keys
 * A varint is 7 bits a byte, lowest first, the top bit set on all but the last.
 *
 * Invariant: every prefix of blocks is a movie. A sync ends a block, so an offset that a sync returned is a block's end. */
#ifndef LP_SAVES_MOVIE_FORMAT_H
#define LP_SAVES_MOVIE_FORMAT_H

#include "saves/movie.h"

#include "base/hash.h"

#include <string.h>

enum { MOVIE_HEADER_BYTES = 144, BLOCK_HEADER_BYTES = 40, MAX_OPS_BYTES = 1 << 16, MAX_STATE_BYTES = 4 << 20, KEYFRAME_EVERY = 16 };
enum { BLOCK_OPS = 1, BLOCK_KEYFRAME, BLOCK_DELTA };
enum { FLAG_RESET = 1 };
enum { OP_RESET, OP_POKE, OP_KEYS, OP_HASH, OP_DECISIONS };
static const char MOVIE_MAGIC[8] = "LPMOVIE1";
static const char BLOCK_MAGIC[4] = "LPBK";

typedef struct {
    uint8_t kind, flags;
    uint32_t stored_bytes, raw_bytes;
    uint64_t decision, episode, hash;
} block_header;

/* For the writer's resume: where the next lp_movie_next reads from; and what the states before offset, a block's end, come to. */
uint64_t lp_movie_read_offset(const lp_movie *m);
lp_status lp_movie_account(const lp_movie *m, uint64_t offset, uint64_t *state_bytes, uint64_t *last_state_decision, uint64_t *n_states,
                           lp_err *err);

static inline void put_le(unsigned char *at, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) at[i] = (unsigned char)(value >> (8 * i));
}

static inline uint64_t get_le(const unsigned char *at, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint64_t)at[i] << (8 * i);
    return value;
}

static inline uint64_t block_hash(const unsigned char *header, const void *payload, size_t bytes) {
    return lp_hash64_seed(payload, bytes, lp_hash64(header, 32));
}

static inline void block_header_write(unsigned char *at, const block_header *h, const void *payload) {
    memcpy(at, BLOCK_MAGIC, 4);
    at[4] = h->kind, at[5] = h->flags, at[6] = at[7] = 0;
    put_le(at + 8, h->stored_bytes, 4);
    put_le(at + 12, h->raw_bytes, 4);
    put_le(at + 16, h->decision, 8);
    put_le(at + 24, h->episode, 8);
    put_le(at + 32, block_hash(at, payload, h->stored_bytes), 8);
}

/* False when these bytes cannot be a block of this movie. */
static inline bool block_header_read(block_header *h, const unsigned char *at, uint32_t state_bytes) {
    *h = (block_header){at[4], at[5], (uint32_t)get_le(at + 8, 4), (uint32_t)get_le(at + 12, 4), get_le(at + 16, 8), get_le(at + 24, 8), get_le(at + 32, 8)};
    if (memcmp(at, BLOCK_MAGIC, 4) || at[6] || at[7] || h->stored_bytes > h->raw_bytes || !h->stored_bytes) return false;
    if (h->kind == BLOCK_OPS) return h->raw_bytes <= MAX_OPS_BYTES && h->flags <= FLAG_RESET;
    return (h->kind == BLOCK_KEYFRAME || h->kind == BLOCK_DELTA) && h->raw_bytes == state_bytes && !h->flags;
}

static inline void movie_header_write(unsigned char out[MOVIE_HEADER_BYTES], const lp_movie_header *h) {
    memset(out, 0, MOVIE_HEADER_BYTES);
    memcpy(out, MOVIE_MAGIC, 8);
    put_le(out + 8, h->rom_hash, 8);
    put_le(out + 16, h->seed, 8);
    put_le(out + 24, h->frame_skip, 4);
    put_le(out + 28, h->state_size_bytes, 4);
    memcpy(out + 32, h->core_version, strnlen(h->core_version, 31));
    memcpy(out + 64, h->game, strnlen(h->game, 63));
    put_le(out + 136, lp_hash64(out, 136), 8);
}

static inline bool movie_header_read(lp_movie_header *h, const unsigned char in[MOVIE_HEADER_BYTES]) {
    *h = (lp_movie_header){.rom_hash = get_le(in + 8, 8), .seed = get_le(in + 16, 8), .frame_skip = (uint32_t)get_le(in + 24, 4),
                           .state_size_bytes = (uint32_t)get_le(in + 28, 4)};
    memcpy(h->core_version, in + 32, 31);
    memcpy(h->game, in + 64, 63);
    return !memcmp(in, MOVIE_MAGIC, 8) && get_le(in + 136, 8) == lp_hash64(in, 136) && h->state_size_bytes > 0 &&
           h->state_size_bytes <= MAX_STATE_BYTES && h->frame_skip > 0;
}

#endif
