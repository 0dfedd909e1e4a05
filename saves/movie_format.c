/* Headers of movies and of their blocks, to bytes and back. The format is described in movie_format.h. */
#include "saves/movie_format.h"

#include "base/hash.h"

#include <string.h>

static const char MOVIE_MAGIC[8] = "LPMOVIE2";
static const char BLOCK_MAGIC[4] = "LPBK";

lp_status lp_movie_header_check(const lp_movie_header *h, const char *path, lp_err *err) {
    if (!h->state_size_bytes || h->state_size_bytes > MAX_STATE_BYTES)
        return lp_fail(err, LP_BAD_INPUT, "%s: states of %u bytes, must be 1 to %d", path, h->state_size_bytes, MAX_STATE_BYTES);
    if (!h->frame_skip || h->frame_skip > LP_MOVIE_MAX_FRAME_SKIP)
        return lp_fail(err, LP_BAD_INPUT, "%s: %u frames a decision, must be 1 to %d", path, h->frame_skip, LP_MOVIE_MAX_FRAME_SKIP);
    return LP_OK;
}

uint64_t lp_movie_header_encode(unsigned char out[MOVIE_HEADER_BYTES], const lp_movie_header *h) {
    memset(out, 0, MOVIE_HEADER_BYTES);
    memcpy(out, MOVIE_MAGIC, 8);
    put_le(out + 8, h->rom_hash, 8);
    put_le(out + 16, h->seed, 8);
    put_le(out + 24, h->frame_skip, 4);
    put_le(out + 28, h->state_size_bytes, 4);
    memcpy(out + 32, h->core_version, strnlen(h->core_version, sizeof h->core_version - 1));
    memcpy(out + 64, h->game, strnlen(h->game, sizeof h->game - 1));
    put_le(out + 128, h->model, 8);
    uint64_t checksum = lp_hash64(out, MOVIE_HEADER_BYTES - 8);
    put_le(out + MOVIE_HEADER_BYTES - 8, checksum, 8);
    return checksum;
}

lp_status lp_movie_header_decode(lp_movie_header *h, uint64_t *checksum, const unsigned char in[MOVIE_HEADER_BYTES], const char *path,
                                 lp_err *err) {
    if (memcmp(in, MOVIE_MAGIC, 7)) return lp_fail(err, LP_BAD_INPUT, "%s: not a Longplay movie", path);
    if (in[7] != MOVIE_MAGIC[7])
        return lp_fail(err, LP_BAD_INPUT, "%s: a movie of version %d, this program reads %d", path, in[7] - '0', MOVIE_MAGIC[7] - '0');
    *checksum = get_le(in + MOVIE_HEADER_BYTES - 8, 8);
    if (*checksum != lp_hash64(in, MOVIE_HEADER_BYTES - 8))
        return lp_fail(err, LP_BAD_INPUT, "%s: its header, bytes 0 to %d, is damaged", path, MOVIE_HEADER_BYTES - 1);
    *h = (lp_movie_header){.rom_hash = get_le(in + 8, 8),
                           .seed = get_le(in + 16, 8),
                           .frame_skip = (uint32_t)get_le(in + 24, 4),
                           .state_size_bytes = (uint32_t)get_le(in + 28, 4),
                           .model = (uint32_t)get_le(in + 128, 4)};
    memcpy(h->core_version, in + 32, sizeof h->core_version - 1);
    memcpy(h->game, in + 64, sizeof h->game - 1);
    return lp_movie_header_check(h, path, err);
}

void lp_movie_block_encode(unsigned char out[BLOCK_HEADER_BYTES], const block_header *h) {
    memcpy(out, BLOCK_MAGIC, 4);
    out[4] = h->kind, out[5] = h->flags, out[6] = out[7] = 0;
    put_le(out + 8, h->stored_bytes, 4);
    put_le(out + 12, h->raw_bytes, 4);
    put_le(out + 16, h->decision, 8);
    put_le(out + 24, h->episode, 8);
    put_le(out + 32, h->checksum, 8);
}

bool lp_movie_block_decode(block_header *h, const unsigned char in[BLOCK_HEADER_BYTES], uint32_t state_bytes) {
    *h = (block_header){in[4],
                        in[5],
                        (uint32_t)get_le(in + 8, 4),
                        (uint32_t)get_le(in + 12, 4),
                        get_le(in + 16, 8),
                        get_le(in + 24, 8),
                        get_le(in + 32, 8)};
    if (memcmp(in, BLOCK_MAGIC, 4) || in[6] || in[7] || !h->stored_bytes || h->stored_bytes > h->raw_bytes) return false;
    if (h->decision >> 62 || h->episode >> 62) return false;
    if (h->kind == BLOCK_OPS) return h->raw_bytes <= MAX_OPS_BYTES && h->flags <= FLAG_RESET;
    return (h->kind == BLOCK_KEYFRAME || h->kind == BLOCK_DELTA) && h->raw_bytes == state_bytes && !h->flags;
}

uint64_t lp_movie_block_checksum(const block_header *h, uint64_t previous, const void *payload) {
    unsigned char bytes[BLOCK_HEADER_BYTES];
    lp_movie_block_encode(bytes, h);
    return lp_hash64_seed(payload, h->stored_bytes, lp_hash64_seed(bytes, BLOCK_HEADER_BYTES - 8, previous));
}

void lp_movie_tail_add(movie_tail *tail, const block_header *h) {
    tail->offset += BLOCK_HEADER_BYTES + h->stored_bytes;
    tail->checksum = h->checksum;
    if (!block_is_state(h)) return;
    tail->n_states++;
    tail->state_bytes += BLOCK_HEADER_BYTES + h->stored_bytes;
    tail->last_state_decision = h->decision;
}
