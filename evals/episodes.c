/* See episodes.h for the format. The file is locked for as long as it is open. A line is one write at the end, so that a kill tears the
 * last at most. */
#include "evals/episodes.h"

#include "base/file.h"
#include "base/lock.h"
#include "base/log.h"
#include "evals/row_json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYNC_S 5.0
enum { LINE_BYTES = 200 + LP_MAX_MILESTONES * 21 };
static const size_t MAX_FILE_BYTES = (size_t)4 << 30;

typedef struct {
    lp_episodes *file;
    int64_t n;
    lp_eval_episode *results; /* [n], owned */
    int n_milestones;
    int64_t *reached; /* [n][n_milestones], owned; NULL: it has none */
} row;

struct lp_episodes {
    char path[4096], *head; /* the first line, without its end; owned */
    int fd, n_rows;
    row *rows; /* [n_rows], owned */
    double synced_s;
    bool in_order; /* its lines */
    int last_row;  /* of its last line; -1: it has none */
    int64_t last_episode;
};

static int line_of(char *out, const row *r, int64_t episode) {
    const lp_eval_episode *e = &r->results[episode];
    const int64_t *reached = r->reached ? r->reached + episode * r->n_milestones : NULL;
    int n =
        snprintf(out, LINE_BYTES, "{\"row\":%d,\"episode\":%lld,\"outcome\":\"%s\",\"decisions\":%lld,\"context_items\":%d",
                 (int)(r - r->file->rows), (long long)episode, lp_outcome_name(e->outcome), (long long)e->decisions, e->context_items_max);
    if (e->items_read >= 0) n += sprintf(out + n, ",\"items_read\":%lld", (long long)e->items_read);
    if (reached && *reached != LP_UNKNOWN) {
        for (int i = 0; i < r->n_milestones; i++) {
            n += sprintf(out + n, i ? "," : ",\"reached\":[");
            n += reached[i] < 0 ? sprintf(out + n, "null") : sprintf(out + n, "%lld", (long long)reached[i]);
        }
        n += sprintf(out + n, "]");
    }
    return n + sprintf(out + n, "}\n");
}

/* ---- the head ---- */

/* Whoever wrote the file may not have known of milestones yet. */
static void forget_milestones(cJSON *here, const cJSON *there) {
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(there, "rows");
    cJSON *item;
    int i = 0;
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(here, "rows")) {
        if (!cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(rows, i++), "milestones"))
            cJSON_DeleteItemFromObjectCaseSensitive(item, "milestones");
    }
}

static lp_status compare_heads(const lp_episodes *f, const char *line, size_t length, const cJSON *head, lp_err *err) {
    cJSON *there = cJSON_ParseWithLength(line, length), *here = cJSON_Duplicate(head, true);
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(there, "longplay"));
    char where[512];
    lp_status status = LP_OK;
    forget_milestones(here, there);
    if (!here) status = lp_fail(err, LP_FAILED, "%s: out of memory", f->path);
    else if (!kind || strcmp(kind, "evaluation")) status = lp_fail(err, LP_BAD_INPUT, "%s: holds no evaluation", f->path);
    else if (lp_json_differs(there, here, where, sizeof where))
        status = lp_fail(err, LP_BAD_INPUT, "%s: holds another evaluation: %s", f->path, where);
    cJSON_Delete(there);
    cJSON_Delete(here);
    return status;
}

/* ---- reading ---- */

static bool whole(const cJSON *line, const char *key, double max, int64_t *out) {
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(line, key);
    if (!cJSON_IsNumber(v) || !(v->valuedouble >= 0 && v->valuedouble <= max) || v->valuedouble != floor(v->valuedouble)) return false;
    *out = (int64_t)v->valuedouble;
    return true;
}

static void count_line(lp_episodes *f, int row_index, int64_t episode) {
    f->in_order &= row_index > f->last_row || (row_index == f->last_row && episode > f->last_episode);
    f->last_row = row_index;
    f->last_episode = episode;
}

/* When the episode reached each milestone, or that it is not said. */
static bool take_reached(const cJSON *line, row *r, int64_t episode) {
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(line, "reached"), *item;
    if (!r->reached) return true;
    int64_t *reached = r->reached + episode * r->n_milestones;
    int i = 0;
    if (!list) return *reached = LP_UNKNOWN, true;
    if (cJSON_GetArraySize(list) != r->n_milestones) return false;
    cJSON_ArrayForEach(item, list) {
        double v = cJSON_IsNumber(item) ? item->valuedouble : LP_NEVER;
        if (!cJSON_IsNull(item) && !(v >= 0 && v <= 1e15 && v == floor(v))) return false;
        reached[i++] = (int64_t)v;
    }
    return true;
}

/* False: the line is none of ours, or of an episode that another line has told already. */
static bool take_line(lp_episodes *f, const char *line, size_t length) {
    cJSON *o = cJSON_ParseWithLength(line, length);
    const char *outcome = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, "outcome"));
    int64_t row_index, episode, decisions, context, read = -1;
    bool good = outcome && whole(o, "row", f->n_rows - 1, &row_index) && whole(o, "episode", (double)f->rows[row_index].n - 1, &episode) &&
                whole(o, "decisions", 1e15, &decisions) && whole(o, "context_items", 1e9, &context) &&
                (!cJSON_GetObjectItemCaseSensitive(o, "items_read") || whole(o, "items_read", 1e18, &read));
    lp_eval_episode *e = good ? &f->rows[row_index].results[episode] : NULL;
    good = good && e->outcome == LP_RUNNING && take_reached(o, &f->rows[row_index], episode);
    if (good) {
        *e = (lp_eval_episode){.decisions = decisions, .context_items_max = (int)context, .items_read = read};
        for (lp_outcome k = LP_WIN; k <= LP_TIMEOUT; k++)
            if (!strcmp(outcome, lp_outcome_name(k))) e->outcome = k;
        count_line(f, (int)row_index, episode);
    }
    cJSON_Delete(o);
    return good && e->outcome != LP_RUNNING;
}

/* *size: of what is good; what follows it is a last line that was cut short. */
static lp_status read_all(lp_episodes *f, const lp_blob *file, const cJSON *head, size_t *size, lp_err *err) {
    const char *at = (const char *)file->data, *end = at + file->size_bytes;
    const char *line_end = memchr(at, '\n', file->size_bytes);
    *size = 0;
    if (!line_end && !strncmp(at, f->head, file->size_bytes)) return LP_OK; /* not even the head was written to its end */
    lp_status status = compare_heads(f, at, (size_t)((line_end ? line_end : end) - at), head, err);
    if (!status && !line_end) return lp_fail(err, LP_BAD_INPUT, "%s: holds no evaluation", f->path);
    for (long long number = 2; !status; number++) {
        at = line_end + 1;
        if (!(line_end = memchr(at, '\n', (size_t)(end - at)))) break;
        if (!take_line(f, at, (size_t)(line_end - at)))
            status = lp_fail(err, LP_BAD_INPUT, "%s:%lld: not an episode of this evaluation, or one twice", f->path, number);
    }
    *size = (size_t)(at - (const char *)file->data);
    return status;
}

/* ---- writing ---- */

static lp_status begin(lp_episodes *f, const lp_blob *file, const cJSON *head, lp_err *err) {
    size_t good = 0;
    lp_status status = file->size_bytes ? read_all(f, file, head, &good, err) : LP_OK;
    if (!status && good < file->size_bytes && ftruncate(f->fd, (off_t)good))
        status = lp_fail(err, LP_FAILED, "%s: cannot write: %s", f->path, strerror(errno));
    if (status || good) return status;
    status = lp_write_all(f->fd, f->head, strlen(f->head), f->path, err);
    return status ? status : lp_write_all(f->fd, "\n", 1, f->path, err);
}

static lp_status make_rows(lp_episodes *f, const cJSON *head, lp_err *err) {
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(head, "rows"), *item;
    f->head = cJSON_PrintUnformatted(head);
    f->rows = calloc((size_t)cJSON_GetArraySize(rows), sizeof *f->rows);
    if (!f->head || !f->rows) return lp_fail(err, LP_FAILED, "out of memory");
    cJSON_ArrayForEach(item, rows) {
        row *r = &f->rows[f->n_rows++];
        r->file = f;
        r->n = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(item, "episodes"));
        r->n_milestones = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(item, "milestones"));
        r->results = calloc((size_t)r->n, sizeof *r->results);
        if (r->n_milestones) r->reached = calloc((size_t)r->n * (size_t)r->n_milestones, sizeof *r->reached);
        if (!r->results || (r->n_milestones && !r->reached)) return lp_fail(err, LP_FAILED, "out of memory");
    }
    return LP_OK;
}

static void free_all(lp_episodes *f) {
    if (!f) return;
    if (f->fd >= 0) close(f->fd);
    for (int i = 0; i < f->n_rows; i++) free(f->rows[i].results), free(f->rows[i].reached);
    free(f->rows);
    free(f->head);
    free(f);
}

static lp_episodes *make(const char *path) {
    lp_episodes *f = calloc(1, sizeof *f);
    if (!f) return NULL;
    snprintf(f->path, sizeof f->path, "%s", path);
    f->fd = -1;
    f->synced_s = lp_now_s();
    f->in_order = true;
    f->last_row = -1;
    return f;
}

lp_status lp_episodes_open(lp_episodes **out, const char *path, const cJSON *head, lp_err *err) {
    *out = NULL;
    lp_status status = lp_file_check_writable(path, NULL, err);
    if (status) return status;
    lp_episodes *f = make(path);
    if (!f) return lp_fail(err, LP_FAILED, "out of memory");
    lp_blob file = {0};
    bool made;
    status = lp_lock_open(&f->fd, &made, path, "is writing this evaluation", err);
    if (!status) status = make_rows(f, head, err);
    if (!status) status = lp_file_read(&file, path, MAX_FILE_BYTES, err);
    if (!status) status = begin(f, &file, head, err);
    lp_blob_free(&file);
    if (status && made) unlink(path);
    if (status) free_all(f);
    else *out = f;
    return status;
}

/* A head that this program did not write may say anything. */
static lp_status check_head(const cJSON *head, const char *path, lp_err *err) {
    const char *kind = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(head, "longplay"));
    const cJSON *rows = cJSON_GetObjectItemCaseSensitive(head, "rows"), *item;
    int64_t version, n;
    if (!kind || strcmp(kind, "evaluation")) return lp_fail(err, LP_BAD_INPUT, "%s: holds no evaluation", path);
    if (!whole(head, "version", 1, &version) || version != 1)
        return lp_fail(err, LP_BAD_INPUT, "%s: an evaluation of a version that this program does not know", path);
    if (!cJSON_IsArray(rows) || !cJSON_GetArraySize(rows) || cJSON_GetArraySize(rows) > LP_EVAL_MAX_ROWS)
        return lp_fail(err, LP_BAD_INPUT, "%s: rows: must be a list of 1 to %d", path, LP_EVAL_MAX_ROWS);
    cJSON_ArrayForEach(item, rows) if (!whole(item, "episodes", LP_EVAL_MAX_EPISODES, &n) || !n) return lp_fail(
        err, LP_BAD_INPUT, "%s: rows: episodes must be a whole number, 1 to %d", path, LP_EVAL_MAX_EPISODES);
    cJSON_ArrayForEach(item, rows) if (cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(item, "milestones")) >
                                       LP_MAX_MILESTONES) return lp_fail(err, LP_BAD_INPUT, "%s: rows: more than %d milestones", path,
                                                                         LP_MAX_MILESTONES);
    return LP_OK;
}

lp_status lp_episodes_read(lp_episodes **out, cJSON **head, const char *path, lp_err *err) {
    lp_blob file = {0};
    size_t good;
    lp_episodes *f = make(path);
    *out = NULL, *head = NULL;
    if (!f) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = lp_file_read(&file, path, MAX_FILE_BYTES, err);
    const char *line_end = status ? NULL : memchr(file.data, '\n', file.size_bytes);
    if (line_end) *head = cJSON_ParseWithLength((const char *)file.data, (size_t)(line_end - (const char *)file.data));
    if (!status) status = check_head(*head, path, err);
    if (!status) status = make_rows(f, *head, err);
    if (!status) status = read_all(f, &file, *head, &good, err);
    lp_blob_free(&file);
    if (!status) return *out = f, LP_OK;
    cJSON_Delete(*head);
    *head = NULL;
    free_all(f);
    return status;
}

lp_eval_episode *lp_episodes_row(lp_episodes *f, int row_index) { return f->rows[row_index].results; }

int64_t *lp_episodes_reached(lp_episodes *f, int row_index) { return f->rows[row_index].reached; }

void *lp_episodes_at(lp_episodes *f, int row_index) { return &f->rows[row_index]; }

lp_status lp_episodes_add(void *at, int64_t index, const lp_eval_episode *episode, lp_err *err) {
    const row *r = at;
    lp_episodes *f = r->file;
    char line[LINE_BYTES];
    (void)episode; /* it is in results already */
    int n = line_of(line, r, index);
    lp_status status = lp_write_all(f->fd, line, (size_t)n, f->path, err);
    count_line(f, (int)(r - f->rows), index);
    if (status || lp_now_s() - f->synced_s < SYNC_S) return status;
    f->synced_s = lp_now_s();
    return fdatasync(f->fd) ? lp_fail(err, LP_FAILED, "%s: cannot write: %s", f->path, strerror(errno)) : LP_OK;
}

static bool is_whole(const lp_episodes *f) {
    for (int i = 0; i < f->n_rows; i++)
        for (int64_t k = 0; k < f->rows[i].n; k++)
            if (f->rows[i].results[k].outcome == LP_RUNNING) return false;
    return true;
}

/* All of it once more, in order. */
static lp_status write_in_order(const lp_episodes *f, lp_err *err) {
    char *text = NULL, line[LINE_BYTES];
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return lp_fail(err, LP_FAILED, "%s: out of memory", f->path);
    fprintf(out, "%s\n", f->head);
    for (int i = 0; i < f->n_rows; i++)
        for (int64_t k = 0; k < f->rows[i].n; k++) fwrite(line, 1, (size_t)line_of(line, &f->rows[i], k), out);
    lp_status status = fclose(out) ? lp_fail(err, LP_FAILED, "%s: out of memory", f->path) : LP_OK;
    if (!status) status = lp_file_write_atomic(f->path, text, size, err);
    free(text);
    return status;
}

lp_status lp_episodes_close(lp_episodes *f, lp_err *err) {
    lp_status status = LP_OK;
    if (!f || f->fd < 0) return free_all(f), LP_OK;
    if (!f->in_order && is_whole(f)) status = write_in_order(f, err);
    else if (fdatasync(f->fd)) status = lp_fail(err, LP_FAILED, "%s: cannot write: %s", f->path, strerror(errno));
    free_all(f);
    return status;
}
