/* Numbers as text with a decimal point, whatever locale the program, SDL or Python has set. */
#ifndef LP_BASE_NUMBER_H
#define LP_BASE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when the whole text, but for spaces around it, is a finite number that a double can tell. */
bool lp_parse_double(const char *text, double *out);
/* As text that gives the same double back. Returns the length, as snprintf does. */
int lp_print_double(char *out, size_t size_bytes, double value);
/* "20GB", "1.5 TB", "400 MB", in powers of 1,000; without a unit: bytes. */
bool lp_parse_bytes(const char *text, int64_t *out);
/* "1.2 GB". Returns out. */
enum { LP_BYTES_BYTES = 16 };
const char *lp_print_bytes(char out[LP_BYTES_BYTES], double bytes);
/* From now on this thread is in the C locale, so that its printf has a point, too. */
void lp_use_decimal_point(void);

#endif
