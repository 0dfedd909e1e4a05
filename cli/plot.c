#include "cli/plot.h"

#include "base/terminal.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Told apart also by those who see fewer colours (Okabe and Ito 2008); the yellow is left out, on white nobody sees it. */
static const char *const colours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#7f7f7f"};
enum { N_COLOURS = sizeof colours / sizeof *colours };

const char *lp_plot_colour(int i) { return colours[i % N_COLOURS]; }

void lp_plot_line(FILE *f, int i) { fprintf(f, " lc rgb '%s' dt %d", lp_plot_colour(i), 1 + i / N_COLOURS % 5); }

/* Between single quotes only the quote itself means anything, and a line's end ends it. */
void lp_plot_text(FILE *f, const char *text) {
    fputc('\'', f);
    for (; *text; text++)
        if (*text == '\'') fputs("''", f);
        else fputc((unsigned char)*text < 0x20 || *text == 0x7f ? ' ' : *text, f);
    fputc('\'', f);
}

static lp_status read_back(int fd, char **out, size_t *size_bytes, lp_err *err) {
    off_t size = lseek(fd, 0, SEEK_END);
    *out = size >= 0 ? malloc((size_t)size + 1) : NULL;
    if (!*out || pread(fd, *out, (size_t)size, 0) != (ssize_t)size) return lp_fail(err, LP_FAILED, "out of memory");
    (*out)[size] = 0;
    *size_bytes = (size_t)size;
    return LP_OK;
}

/* in, out and errors are files without a name. */
static lp_status call(const int fd[3], lp_err *err) {
    char *const argv[] = {(char *)"gnuplot", (char *)"-d", NULL}; /* -d: nobody's own settings */
    posix_spawn_file_actions_t actions;
    pid_t child;
    int status = 0;
    posix_spawn_file_actions_init(&actions);
    for (int i = 0; i < 3; i++) posix_spawn_file_actions_adddup2(&actions, fd[i], i);
    int error = posix_spawnp(&child, argv[0], &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (error == ENOENT) return lp_fail(err, LP_FAILED, "no gnuplot here, which draws the figures (Debian: apt install gnuplot-nox)");
    if (error) return lp_fail(err, LP_FAILED, "cannot start gnuplot: %s", strerror(error));
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
    if (WIFEXITED(status) && !WEXITSTATUS(status)) return LP_OK;
    char said[400] = "", line[400];
    (void)!pread(fd[2], said, sizeof said - 1, 0);
    lp_terminal_line(line, sizeof line, said);
    return lp_fail(err, LP_FAILED, "gnuplot failed: %s", line + strspn(line, " "));
}

lp_status lp_plot(char **out, size_t *size_bytes, lp_plot_kind kind, int width, int height, const char *script, lp_err *err) {
    static const char *const terminals[] = {"set terminal svg size %d,%d font 'sans-serif,13' background rgb 'white' noenhanced\n",
                                            "set terminal pngcairo size %d,%d font 'sans,11' background rgb 'white' noenhanced\n"};
    int fd[3] = {-1, -1, -1};
    lp_status status = LP_OK;
    *out = NULL;
    for (int i = 0; i < 3 && !status; i++)
        if ((fd[i] = memfd_create("longplay-plot", MFD_CLOEXEC)) < 0) status = lp_fail(err, LP_FAILED, "%s", strerror(errno));
    if (!status && (dprintf(fd[0], terminals[kind], width, height) < 0 || dprintf(fd[0], "%s", script) < 0 || lseek(fd[0], 0, SEEK_SET)))
        status = lp_fail(err, LP_FAILED, "out of memory");
    if (!status) status = call(fd, err);
    if (!status) status = read_back(fd[1], out, size_bytes, err);
    for (int i = 0; i < 3; i++)
        if (fd[i] >= 0) close(fd[i]);
    if (!status && !*size_bytes) status = lp_fail(err, LP_FAILED, "gnuplot drew nothing");
    if (status) free(*out), *out = NULL;
    return status;
}

lp_status lp_plot_check(lp_err *err) {
    char *out;
    size_t size_bytes;
    lp_status status = lp_plot(&out, &size_bytes, LP_PLOT_SVG, 100, 100, "plot 1\n", err);
    free(out);
    return status;
}
