/* Base64 (RFC 4648, with padding). */
#ifndef LP_BASE_BASE64_H
#define LP_BASE_BASE64_H

#include <stddef.h>

static inline size_t lp_base64_size(size_t size_bytes) { return (size_bytes + 2) / 3 * 4; } /* characters */
/* Writes lp_base64_size(size_bytes) characters, and no 0 behind them. */
void lp_base64(char *out, const void *data, size_t size_bytes);

#endif
