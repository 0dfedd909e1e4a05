#include "base/terminal.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* The character at the beginning of s: its bytes; 0 where it is cut off, -1 where the first byte is none. By RFC 3629: no overlong forms,
 * no surrogates, nothing above U+10FFFF. */
static int decode(const unsigned char *s, size_t n, uint32_t *c) {
    int length = s[0] < 0x80 ? 1 : s[0] >= 0xc2 && s[0] < 0xe0 ? 2 : (s[0] & 0xf0) == 0xe0 ? 3 : s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : -1;
    if (length < 0) return -1;
    *c = length == 1 ? s[0] : s[0] & (0x7fu >> length);
    for (int i = 1; i < length; i++) {
        if ((size_t)i == n) return 0;
        unsigned char low = i > 1 ? 0x80 : s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
        unsigned char high = i > 1 ? 0xbf : s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
        if (s[i] < low || s[i] > high) return -1;
        *c = *c << 6 | (s[i] & 0x3f);
    }
    return length;
}

static bool is_obeyed(uint32_t c) {
    return (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0) || c == 0x61c || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

size_t lp_terminal_clean(lp_terminal_rest *rest, const char *piece, size_t size_bytes, char *out) {
    char *to = out;
    for (size_t used = 0; used < size_bytes || rest->n;) {
        uint32_t c = 0;
        while (rest->n < (int)sizeof rest->bytes && used < size_bytes) rest->bytes[rest->n++] = (unsigned char)piece[used++];
        int n = decode(rest->bytes, (size_t)rest->n, &c);
        if (!n) break; /* there is nothing left of the piece */
        if (n < 0) to += sprintf(to, "\xef\xbf\xbd");
        else if (is_obeyed(c)) to += sprintf(to, "\\u%04x", (unsigned)c);
        else memcpy(to, rest->bytes, (size_t)n), to += n;
        n = n < 0 ? 1 : n;
        rest->n -= n;
        memmove(rest->bytes, rest->bytes + n, (size_t)rest->n);
    }
    return (size_t)(to - out);
}

void lp_terminal_line(char *out, size_t size_bytes, const char *text) {
    lp_terminal_rest rest = {{0}, 0};
    size_t used = 0;
    for (; *text; text++) {
        char piece[LP_TERMINAL_ROOM(1)];
        size_t n = lp_terminal_clean(&rest, *text == '\n' ? " " : text, 1, piece);
        if (used + n >= size_bytes) break;
        memcpy(out + used, piece, n);
        used += n;
    }
    out[used] = 0;
}

/* ---- the streams ---- */

typedef struct {
    int fd;
    lp_terminal_rest rest;
} stream;

static bool write_whole(int fd, const char *data, size_t size) {
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno != EINTR) return false;
        if (n > 0) data += n, size -= (size_t)n;
    }
    return true;
}

static ssize_t write_stream(void *cookie, const char *data, size_t size) {
    stream *s = cookie;
    enum { PIECE = 1024 };
    char out[LP_TERMINAL_ROOM(PIECE)];
    for (size_t done = 0; done < size; done += PIECE) {
        size_t n = lp_terminal_clean(&s->rest, data + done, size - done < PIECE ? size - done : PIECE, out);
        if (!write_whole(s->fd, out, n)) return 0; /* errno says why; the stream is in error */
    }
    return (ssize_t)size;
}

static void guard(FILE **file, stream *s, int fd, int buffering) {
    s->fd = fd;
    FILE *guarded = fopencookie(s, "w", (cookie_io_functions_t){.write = write_stream});
    if (!guarded) return; /* no RAM: what comes next will say so */
    setvbuf(guarded, NULL, buffering, BUFSIZ);
    *file = guarded;
}

void lp_terminal_guard(void) {
    static stream out, err; /* as lasting as stdout and stderr, which glibc lets a program set */
    guard(&stdout, &out, STDOUT_FILENO, isatty(STDOUT_FILENO) ? _IOLBF : _IOFBF);
    guard(&stderr, &err, STDERR_FILENO, _IONBF);
}
