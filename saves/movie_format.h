/* The format of movie.lpm, shared by writer and reader. All numbers are little-endian; XXH3 is its 64-bit form.
 *
 * Header, 144 bytes:
 *     0  "LPMOVIE2" (the last byte is the version)        8  u64 XXH3 of the ROM            16  u64 seed of the run
 *    24  u32 frames a decision                           28  u32 bytes a state
 *    32  char[32] emulation core                         64  char[64] game, both ended by a 0
 *   128  u64 model of the console, 0: of before that was kept         136  u64 checksum: XXH3 of the 136 bytes before it
 * then blocks, back to back, each a header of 40 bytes and a payload:
 *     0  u32 "LPBK"      4  u8 kind      5  u8 flags      6  u16 0
 *     8  u32 bytes of payload                            12  u32 its bytes once decompressed
 *    16  u64 decisions completed before it               24  u64 episodes begun before it
 *    32  u64 checksum: XXH3 of the payload, seeded with XXH3 of bytes 0 to 31, seeded with the checksum of the block
 *        before it (of the movie's header, for the first)
 * A payload is one lz4 block, or, where its two sizes are equal, the bytes themselves. Kinds: 1 operations, 2 keyframe (a
 * state), 3 delta (a state XOR the last state before it). Flag 1: the block's first operation is a reset, so that a replay
 * may begin here and needs no state.
 *
 * Operations, a byte and its operands:
 *     0 reset      1 poke: u32 address, u8 value      2 keys: u16 keys, varint frames, at most 2^17      3 hash: u64
 *     4 decisions: u16 keys, varint how many in a row held them; if the table lacks these keys, they take its next place
 *     128 + 8 * place + n - 1: n decisions (1 to 8) with the keys at that place of the table
 * The table has 16 places, filled in turn from place 0, over and over, and starts empty in each block. A varint is 7 bits a
 * byte, lowest first, the top bit set on all but the last.
 *
 * Invariants: every prefix of whole blocks is a movie, so an offset that a sync returned is where a block ends. The chain of
 * checksums ties each block to its place: dropped, repeated, exchanged blocks and those of another movie are noticed. */
#ifndef LP_SAVES_MOVIE_FORMAT_H
#define LP_SAVES_MOVIE_FORMAT_H

#include "saves/movie.h"

enum { MOVIE_HEADER_BYTES = 144, BLOCK_HEADER_BYTES = 40, MAX_OPS_BYTES = 1 << 16, MAX_STATE_BYTES = 4 << 20 };
enum { BLOCK_OPS = 1, BLOCK_KEYFRAME, BLOCK_DELTA };
enum { FLAG_RESET = 1 };
enum { OP_RESET, OP_POKE, OP_KEYS, OP_HASH, OP_DECISIONS, OP_SHORT_RUN = 128 };
enum { KEY_PLACES = 16, SHORT_RUN = 8, MAX_RUN = 1 << 30, MAX_KEYS_FRAMES = 1 << 17 /* a game's boot step has at most 100,000 */ };
enum { KEYFRAME_EVERY = 16 }; /* states; a reader relies on nothing here */

typedef struct {
    uint8_t kind, flags;
    uint32_t stored_bytes, raw_bytes;
    uint64_t decision, episode, checksum;
} block_header;

/* What a writer must know to go on at a block's end. */
typedef struct {
    uint64_t offset, checksum; /* where that is; the checksum of the block that ends there */
    uint64_t n_decisions, n_episodes;
    uint64_t n_states, state_bytes, last_state_decision; /* states, what their blocks take in the file, where the last one is */
} movie_tail;

typedef struct {
    uint16_t keys[KEY_PLACES];
    uint32_t n; /* keys that were put in */
} key_table;

static inline int key_find(const key_table *t, uint16_t keys) {
    int n = t->n < KEY_PLACES ? (int)t->n : KEY_PLACES, i = 0;
    while (i < n && t->keys[i] != keys) i++;
    return i < n ? i : -1;
}

static inline void key_add(key_table *t, uint16_t keys) { t->keys[t->n++ % KEY_PLACES] = keys; }

static inline void put_le(unsigned char *at, uint64_t value, int bytes) {
    for (int i = 0; i < bytes; i++) at[i] = (unsigned char)(value >> (8 * i));
}

static inline uint64_t get_le(const unsigned char *at, int bytes) {
    uint64_t value = 0;
    for (int i = 0; i < bytes; i++) value |= (uint64_t)at[i] << (8 * i);
    return value;
}

/* a ^= b. Pointers of its own that do not overlap let the compiler do it 32 bytes at a time. */
static inline void xor_into(unsigned char *restrict a, const unsigned char *restrict b, size_t n) {
    for (size_t i = 0; i < n; i++) a[i] ^= b[i];
}

/* Does the block count as a state? */
static inline bool block_is_state(const block_header *h) { return h->kind != BLOCK_OPS; }

/* LP_BAD_INPUT: values that no movie can have. */
lp_status lp_movie_header_check(const lp_movie_header *h, const char *path, lp_err *err);
/* Both return the header's checksum, or tell why not. */
uint64_t lp_movie_header_encode(unsigned char out[MOVIE_HEADER_BYTES], const lp_movie_header *h);
lp_status lp_movie_header_decode(lp_movie_header *h, uint64_t *checksum, const unsigned char in[MOVIE_HEADER_BYTES], const char *path,
                                 lp_err *err);
uint64_t lp_movie_block_checksum(const block_header *h, uint64_t previous, const void *payload);
void lp_movie_block_encode(unsigned char out[BLOCK_HEADER_BYTES], const block_header *h);
/* False when these bytes cannot be the header of a block. The checksum is not looked at: it needs the payload. */
bool lp_movie_block_decode(block_header *h, const unsigned char in[BLOCK_HEADER_BYTES], uint32_t state_bytes);
/* Takes the block over into the tail; operations inside it are for the caller to count. */
void lp_movie_tail_add(movie_tail *tail, const block_header *h);

/* For the writer's resume: checks all of the movie up to offset, which must be a block's end, and puts the last state before it,
 * if there is one, into state[state_size_bytes]. m must be freshly opened. */
lp_status lp_movie_read_tail(lp_movie *m, uint64_t offset, movie_tail *tail, void *state, lp_err *err);

#endif
