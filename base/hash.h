/* Hashes: XXH3, 64 bits, for integrity and identity (not against an adversary). */
#ifndef LP_BASE_HASH_H
#define LP_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t lp_hash64(const void *data, size_t size_bytes);
/* The hash of data continued from an earlier hash; for hashing several regions as one. */
uint64_t lp_hash64_seed(const void *data, size_t size_bytes, uint64_t seed);

/* SHA-1 of data as 40 hex digits and a terminating 0: what stable-retro's rom.sha holds. */
void lp_sha1_hex(const void *data, size_t size_bytes, char hex[41]);

#endif
