#include "base/log.h"

#include "base/terminal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool live;               /* a progress line stands unfinished on the terminal */
static int n_block;             /* lines of a block that stands there */
static double last_line_s = -1; /* of the progress that is going on; below 0: it has not begun */

double lp_now_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

const char *lp_duration(double seconds, char out[LP_DURATION_BYTES]) {
    const long long s = seconds >= 0 && seconds < 1e12 ? (long long)seconds : 0, hours = s / 3600;
    if (hours) snprintf(out, LP_DURATION_BYTES, "%lld:%02d:%02d", hours, (int)(s / 60 % 60), (int)(s % 60));
    else snprintf(out, LP_DURATION_BYTES, "%d:%02d", (int)(s / 60), (int)(s % 60));
    return out;
}

/* The cursor goes back over a block, which goes. Our own escapes, so not through the stream, which shows them instead (terminal.h). */
static void clear_block(void) {
    char back[32];
    int n = snprintf(back, sizeof back, "\033[%dA\033[J", n_block);
    if (n_block && write(STDERR_FILENO, back, (size_t)n) != n) live = false;
    n_block = 0;
}

void lp_progress_end(void) {
    pthread_mutex_lock(&lock);
    if (live) fputc('\n', stderr);
    clear_block();
    live = false;
    last_line_s = -1;
    pthread_mutex_unlock(&lock);
}

void lp_warn(const char *format, ...) {
    char text[1024], line[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lp_terminal_line(line, sizeof line, text);
    pthread_mutex_lock(&lock);
    if (live) fputc('\n', stderr);
    clear_block();
    live = false;
    fprintf(stderr, "longplay: %s\n", line);
    pthread_mutex_unlock(&lock);
}

void lp_progress(const char *format, ...) {
    bool terminal = isatty(STDERR_FILENO);
    double now = lp_now_s();
    va_list args;
    va_start(args, format);
    pthread_mutex_lock(&lock);
    if (terminal) {
        static const char redraw[] = "\r\033[K"; /* our own, so not through the stream, which shows escapes instead (terminal.h) */
        if (write(STDERR_FILENO, redraw, sizeof redraw - 1) > 0) vfprintf(stderr, format, args);
        live = true;
    } else if (last_line_s < 0) {
        last_line_s = now; /* what is over within 10 s needs no progress in a log */
    } else if (now - last_line_s >= 10) {
        vfprintf(stderr, format, args);
        fputc('\n', stderr);
        last_line_s = now;
    }
    pthread_mutex_unlock(&lock);
    va_end(args);
}

void lp_progress_block(const char *text) {
    struct winsize size;
    int width = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) || !size.ws_col ? 80 : size.ws_col;
    if (!isatty(STDERR_FILENO)) {
        lp_progress("%.*s", (int)strcspn(text, "\n"), text);
        return;
    }
    pthread_mutex_lock(&lock);
    clear_block();
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1, n_block++) {
        int length = (int)strcspn(line, "\n");
        fprintf(stderr, "%.*s\n", length < width ? length : width - 1, line);
    }
    pthread_mutex_unlock(&lock);
}
