#include "base/terminal.h"

#include "base/utf8.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

size_t lp_terminal_clean(lp_terminal_rest *rest, const char *piece, size_t size_bytes, char *out) {
    char *to = out;
    for (size_t used = 0; used < size_bytes || rest->n;) {
        uint32_t c = 0;
        while (rest->n < (int)sizeof rest->bytes && used < size_bytes) rest->bytes[rest->n++] = (unsigned char)piece[used++];
        int n = lp_utf8_decode(rest->bytes, (size_t)rest->n, &c);
        if (!n) break; /* there is nothing left of the piece */
        if (n < 0) to += sprintf(to, "\xef\xbf\xbd");
        else if (lp_utf8_is_obeyed(c)) to += sprintf(to, "\\u%04x", (unsigned)c);
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
