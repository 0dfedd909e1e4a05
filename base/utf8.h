/* UTF-8, a character at a time, of bytes that may be anything. */
#ifndef LP_BASE_UTF8_H
#define LP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The character at the beginning of s [n > 0]: its bytes; 0 where it is cut off, -1 where the first byte is none. By RFC 3629: no overlong
 * forms, no surrogates, nothing above U+10FFFF. */
int lp_utf8_decode(const unsigned char *s, size_t n, uint32_t *c);
/* Whether who shows it does something else than showing it: control characters but newline and tab, C1 characters, those that change the
 * direction of writing. */
bool lp_utf8_is_obeyed(uint32_t c);

#endif
