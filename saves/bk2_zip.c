/* Texts in zip archives from anywhere. What an archive claims is checked before libzip reserves memory for it, and a text is
 * never read further than it claims to go, which is never further than its reader allows. */
#include "saves/bk2_format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { END_BYTES = 22, LOCATOR_BYTES = 20, MAX_COMMENT_BYTES = 65535 };

/* The end of the central directory is searched for from the end of the file, as libzip does. Whatever could be one must be
 * modest. */
static lp_status check_end(const bk2_zip *z, lp_err *err) {
    const unsigned char *data = z->file.data;
    size_t size = z->file.size_bytes, span = MAX_COMMENT_BYTES + END_BYTES + LOCATOR_BYTES;
    for (size_t i = size > span ? size - span : 0; i + END_BYTES <= size; i++) {
        if (memcmp(data + i, "PK\5\6", 4)) continue;
        int n = data[i + 10] | data[i + 11] << 8;
        if (n > BK2_MAX_ENTRIES) return lp_fail(err, LP_BAD_INPUT, "%s: no .bk2 movie: an archive of %d files", z->path, n);
        if (i >= LOCATOR_BYTES && !memcmp(data + i - LOCATOR_BYTES, "PK\6\7", 4))
            return lp_fail(err, LP_BAD_INPUT, "%s: no .bk2 movie: an archive for files above 4 GB", z->path);
    }
    return LP_OK;
}

/* What libzip refused. Want of memory it reports in several ways; errno, which was 0 before, tells. */
static lp_status refused(const char *path, const char *what, const char *why, lp_err *err) {
    if (errno == ENOMEM) return lp_fail(err, LP_FAILED, "%s: out of memory", path);
    return lp_fail(err, LP_BAD_INPUT, "%s: %s: %s", path, what, why);
}

lp_status bk2_zip_open(bk2_zip *z, const char *path, lp_err *err) {
    *z = (bk2_zip){.path = path};
    lp_status status = lp_file_read(&z->file, path, LP_BK2_MAX_FILE_BYTES, err);
    if (!status) status = check_end(z, err);
    if (!status) {
        zip_error_t why;
        zip_error_init(&why);
        errno = 0;
        zip_source_t *source = zip_source_buffer_create(z->file.data, z->file.size_bytes, 0, &why);
        z->zip = source ? zip_open_from_source(source, ZIP_RDONLY, &why) : NULL;
        if (!z->zip) {
            status = refused(path, "no .bk2 movie", zip_error_strerror(&why), err);
            zip_source_free(source);
        }
        zip_error_fini(&why);
    }
    if (status) bk2_zip_close(z);
    return status;
}

void bk2_zip_close(bk2_zip *z) {
    if (z->zip) zip_discard(z->zip);
    z->zip = NULL;
    lp_blob_free(&z->file);
}

static bool has_name(const char *name, const char *stem, const char *endings) {
    size_t length = strlen(stem);
    if (strncasecmp(name, stem, length)) return false;
    const char *ending = name + length;
    if (!*ending) return true;
    for (const char *one = endings; *one; one += strcspn(one, "|"), one += *one == '|')
        if (strlen(ending) == strcspn(one, "|") && !strncasecmp(ending, one, strlen(ending))) return true;
    return false;
}

lp_status bk2_zip_find(const bk2_zip *z, const char *stem, const char *endings, int64_t *index, lp_err *err) {
    *index = -1;
    for (zip_int64_t i = 0; i < zip_get_num_entries(z->zip, 0); i++) {
        const char *name = zip_get_name(z->zip, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
        if (!name || !has_name(name, stem, endings)) continue;
        if (*index >= 0) return lp_fail(err, LP_BAD_INPUT, "%s: holds two files named %s", z->path, stem);
        *index = i;
    }
    return LP_OK;
}

uint64_t bk2_zip_size(const bk2_zip *z, int64_t index) {
    zip_stat_t st;
    bool known = index >= 0 && !zip_stat_index(z->zip, (zip_uint64_t)index, 0, &st) && st.valid & ZIP_STAT_SIZE;
    return known ? st.size : 0;
}

/* ---- texts ---- */

lp_status bk2_text_open(bk2_text *t, const bk2_zip *z, int64_t index, const char *name, uint64_t max_bytes, lp_err *err) {
    t->z = z;
    t->name = name;
    t->file = NULL;
    t->got = t->n_lines = 0;
    t->at = t->end = 0;
    if (index < 0) return lp_fail(err, LP_BAD_INPUT, "%s: no .bk2 movie: it holds no %s", z->path, name);
    t->claimed = bk2_zip_size(z, index);
    if (t->claimed > max_bytes)
        return lp_fail(err, LP_BAD_INPUT, "%s: %s claims %llu bytes, at most %llu are read", z->path, name, (unsigned long long)t->claimed,
                       (unsigned long long)max_bytes);
    errno = 0;
    t->file = zip_fopen_index(z->zip, (zip_uint64_t)index, 0);
    if (!t->file) return refused(z->path, name, zip_strerror(z->zip), err);
    return LP_OK;
}

void bk2_text_close(bk2_text *t) {
    if (t->file) zip_fclose(t->file);
    t->file = NULL;
}

lp_status bk2_text_bad(const bk2_text *t, lp_err *err, const char *format, ...) {
    char message[256];
    va_list list;
    va_start(list, format);
    vsnprintf(message, sizeof message, format, list);
    va_end(list);
    return lp_fail(err, LP_BAD_INPUT, "%s: %s: line %llu: %s", t->z->path, t->name, (unsigned long long)t->n_lines, message);
}

/* Moves what is left to the front and reads more behind it. *more false: there is no more. */
static lp_status refill(bk2_text *t, bool *more, lp_err *err) {
    t->end -= t->at;
    memmove(t->buffer, t->buffer + t->at, t->end);
    t->at = 0;
    errno = 0;
    zip_int64_t n = zip_fread(t->file, t->buffer + t->end, sizeof t->buffer - 1 - t->end);
    if (n < 0) return refused(t->z->path, t->name, zip_file_strerror(t->file), err);
    t->end += (size_t)n;
    t->got += (uint64_t)n;
    *more = n > 0;
    if (t->got > t->claimed || (!n && t->got != t->claimed))
        return lp_fail(err, LP_BAD_INPUT, "%s: %s is damaged: it claims %llu bytes and has %s", t->z->path, t->name,
                       (unsigned long long)t->claimed, n ? "more" : "fewer");
    return LP_OK;
}

lp_status bk2_text_line(bk2_text *t, char **line, lp_err *err) {
    bool more = true;
    char *newline;
    *line = NULL;
    while (!(newline = memchr(t->buffer + t->at, '\n', t->end - t->at)) && more && t->end - t->at <= BK2_MAX_LINE) {
        lp_status status = refill(t, &more, err);
        if (status) return status;
    }
    if (!newline && t->at == t->end) return LP_OK;
    size_t length = (newline ? (size_t)(newline - t->buffer) : t->end) - t->at;
    t->n_lines++;
    if (length > BK2_MAX_LINE) return bk2_text_bad(t, err, "is longer than %d bytes", BK2_MAX_LINE);
    char *start = t->buffer + t->at;
    t->at += length + (newline ? 1 : 0);
    start[length] = 0; /* the buffer has a byte more than is ever filled */
    if (memchr(start, 0, length)) return bk2_text_bad(t, err, "holds a zero byte");
    if (length && start[length - 1] == '\r') start[length - 1] = 0;
    if (t->n_lines == 1 && !strncmp(start, "\xef\xbb\xbf", 3)) start += 3; /* a byte order mark */
    *line = start;
    return LP_OK;
}

lp_status bk2_text_all(bk2_text *t, char **text, lp_err *err) {
    bool more = true;
    lp_status status = LP_OK;
    while (!status && more) status = refill(t, &more, err);
    t->buffer[t->end] = 0;
    *text = t->buffer + t->at;
    return status;
}
