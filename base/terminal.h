/* What may reach a terminal. Names and texts come from strangers: from folders, settings, games, a run.db; what a terminal would obey
 * in them, or what would show them in another order than they are read, is shown instead.
 *
 * One rule for all text: control characters but newline and tab, C1 characters and those that change the direction of writing become
 * \uXXXX, which in JSON means the very same character; what is not UTF-8 becomes U+FFFD.
 */
#ifndef LP_BASE_TERMINAL_H
#define LP_BASE_TERMINAL_H

#include <stddef.h>

/* From here on all that the program prints on stdout and stderr goes through the rule. Once, before the first output. */
void lp_terminal_guard(void);

/* Of a stream that comes in pieces: the beginning of a character whose rest comes next. Zero-initialised. */
typedef struct {
    unsigned char bytes[4];
    int n;
} lp_terminal_rest;

/* A piece of size_bytes through the rule. out has room for LP_TERMINAL_ROOM(size_bytes); returns the bytes put there. */
size_t lp_terminal_clean(lp_terminal_rest *rest, const char *piece, size_t size_bytes, char *out);
#define LP_TERMINAL_ROOM(size_bytes) (6 * ((size_bytes) + 4))

/* A message as one line: the same rule, and newlines become spaces. Cut to out[size_bytes]. */
void lp_terminal_line(char *out, size_t size_bytes, const char *text);

#endif
