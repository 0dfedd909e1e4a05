#include "base/journal.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

struct lp_journal {
    char path[PATH_MAX];
    int fd;     /* to append to; -1: not yet */
    FILE *read; /* NULL: all is read */
    off_t left; /* bytes of the lines that were there and are not read */
    char *line; /* owned, getline's */
    size_t room;
};

/* The next whole line into line, without its end; 0: there is none. Returns its bytes, the end included. */
static ssize_t next(lp_journal *j) {
    const ssize_t n = getline(&j->line, &j->room, j->read);
    if (n <= 0 || j->line[n - 1] != '\n') return 0;
    j->line[n - 1] = 0;
    return n;
}

static lp_status look_through(lp_journal *j, const char *what, bool (*see)(void *, const char *), void *context, lp_err *err) {
    ssize_t n;
    for (int number = 1; (n = next(j)) > 0; number++, j->left += n)
        if (strlen(j->line) + 1 != (size_t)n || (see && !see(context, j->line)))
            return lp_fail(err, LP_BAD_INPUT, "%s:%d: not %s", j->path, number, what);
    if (!feof(j->read) || (ftello(j->read) > j->left && truncate(j->path, j->left))) /* not at its end: an error, or no memory */
        return lp_fail(err, LP_FAILED, "%s: %s", j->path, strerror(errno));
    rewind(j->read);
    lp_journal_step(j);
    return LP_OK;
}

lp_status lp_journal_open(lp_journal **out, const char *path, const char *what, bool (*see)(void *context, const char *line), void *context,
                          lp_err *err) {
    lp_journal *j = *out = NULL;
    if (strlen(path) >= sizeof j->path) return lp_fail(err, LP_BAD_INPUT, "%s: too long a path", path);
    if (!(j = calloc(1, sizeof *j))) return lp_fail(err, LP_FAILED, "out of memory");
    strcpy(j->path, path);
    j->fd = -1;
    j->read = fopen(path, "re");
    lp_status status = LP_OK;
    if (j->read) status = look_through(j, what, see, context, err);
    else if (errno != ENOENT) status = lp_fail(err, lp_errno_status(errno), "%s: %s", path, strerror(errno));
    if (status) lp_journal_close(j);
    else *out = j;
    return status;
}

void lp_journal_close(lp_journal *j) {
    if (!j) return;
    if (j->fd >= 0) close(j->fd);
    if (j->read) fclose(j->read);
    free(j->line);
    free(j);
}

const char *lp_journal_line(const lp_journal *j) { return j->read ? j->line : NULL; }

void lp_journal_step(lp_journal *j) {
    const ssize_t n = j->read && j->left > 0 ? next(j) : 0;
    j->left -= n;
    if (n || !j->read) return;
    fclose(j->read);
    j->read = NULL;
}

lp_status lp_journal_add(lp_journal *j, const char *line, lp_err *err) {
    if (j->fd < 0) j->fd = open(j->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (j->fd < 0) return lp_fail(err, lp_errno_status(errno), "%s: cannot write: %s", j->path, strerror(errno));
    const off_t before = lseek(j->fd, 0, SEEK_END);
    char *text;
    const int n = asprintf(&text, "%s\n", line);
    if (n < 0) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = lp_write_all(j->fd, text, (size_t)n, j->path, err);
    if (status && ftruncate(j->fd, before)) status = LP_FAILED; /* err says why already */
    free(text);
    return status;
}
