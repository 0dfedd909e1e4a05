#include "evals/results.h"

#include "base/contract.h"
#include "base/file.h"
#include "evals/episodes.h"
#include "evals/row_json.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const size_t MAX_JSON_BYTES = (size_t)1 << 30;

struct lp_results {
    char path[4096];
    cJSON *json;       /* the head of --out, or all of --json; owned */
    lp_episodes *file; /* of --out; owned */
    int n_rows;
    lp_result *rows; /* [n_rows], owned; so are the episodes of --json */
};

/* A weight file begins with its header's size in eight bytes, the last of which is 0. */
bool lp_is_results(const char *path) {
    char begin[8] = {0};
    int fd;
    if (lp_file_open(&fd, path, NULL)) return false;
    bool is = read(fd, begin, sizeof begin) == sizeof begin && *begin == '{' && begin[7];
    close(fd);
    return is;
}

static lp_status read_row(lp_result *row, const cJSON *item, const char *path, int index, lp_err *err) {
    *row = (lp_result){.game = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "game")), .json = item};
    if (!row->game || !cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(item, "knobs")))
        return lp_fail(err, LP_BAD_INPUT, "%s: row %d: has no game, or no knobs", path, index);
    return LP_OK;
}

/* ---- eval --out ---- */

static lp_status take_file(lp_results *r, int i, lp_err *err) {
    lp_result *row = &r->rows[i];
    int64_t known = 0;
    row->n = (int64_t)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(row->json, "episodes"));
    row->episodes = lp_episodes_row(r->file, i);
    for (int64_t k = 0; k < row->n; k++) {
        known += row->episodes[k].outcome != LP_RUNNING;
        if (row->episodes[k].context_items_max > row->context_items_max) row->context_items_max = row->episodes[k].context_items_max;
    }
    if (known == row->n) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "%s: row %d, %s: holds %lld of its %lld episodes: the same eval goes on with them", r->path, i,
                   row->game, (long long)known, (long long)row->n);
}

/* ---- eval --json ---- */

static lp_status take_json(lp_results *r, int i, lp_err *err) {
    lp_result *row = &r->rows[i];
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(row->json, "outcomes")), *letters = "-WLT";
    const cJSON *finished = cJSON_GetObjectItemCaseSensitive(row->json, "finished");
    double context = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(row->json, "context_items_max"));
    if (!text || !*text) return lp_fail(err, LP_BAD_INPUT, "%s: row %d, %s: has no outcomes of its episodes", r->path, i, row->game);
    if (!cJSON_IsTrue(finished)) return lp_fail(err, LP_BAD_INPUT, "%s: row %d, %s: is not finished", r->path, i, row->game);
    row->n = (int64_t)strlen(text);
    row->context_items_max = context >= 0 && context <= 1e9 ? (int)context : 0;
    lp_eval_episode *episodes = calloc((size_t)row->n, sizeof *episodes);
    row->episodes = episodes;
    if (!episodes) return lp_fail(err, LP_FAILED, "%s: out of memory", r->path);
    for (int64_t k = 0; k < row->n; k++) {
        const char *at = strchr(letters + 1, text[k]);
        if (!at) return lp_fail(err, LP_BAD_INPUT, "%s: row %d, %s: outcomes: '%c' is none", r->path, i, row->game, text[k]);
        episodes[k].outcome = (lp_outcome)(at - letters);
    }
    return LP_OK;
}

static lp_status read_rows(lp_results *r, const cJSON *rows, lp_err *err) {
    int n = cJSON_GetArraySize(rows);
    const cJSON *item;
    if (!cJSON_IsArray(rows) || n < 1 || n > LP_EVAL_MAX_ROWS)
        return lp_fail(err, LP_BAD_INPUT, "%s: neither what eval --out nor what eval --json writes", r->path);
    r->rows = calloc((size_t)n, sizeof *r->rows);
    if (!r->rows) return lp_fail(err, LP_FAILED, "%s: out of memory", r->path);
    cJSON_ArrayForEach(item, rows) {
        int i = r->n_rows++;
        lp_status status = read_row(&r->rows[i], item, r->path, i, err);
        if (!status) status = r->file ? take_file(r, i, err) : take_json(r, i, err);
        if (status) return status;
    }
    return LP_OK;
}

static lp_status open_json(lp_results *r, lp_err *err) {
    lp_blob blob = {0};
    lp_status status = lp_file_read(&blob, r->path, MAX_JSON_BYTES, err);
    if (!status) r->json = cJSON_ParseWithLength((const char *)blob.data, blob.size_bytes);
    lp_blob_free(&blob);
    return status ? status : read_rows(r, cJSON_GetObjectItemCaseSensitive(r->json, "games"), err);
}

/* Its first line says which: a --json file is one object, without "longplay". */
static bool is_out(const char *path) {
    char begin[64] = {0};
    int fd;
    if (lp_file_open(&fd, path, NULL)) return false;
    bool is = read(fd, begin, sizeof begin - 1) > 0 && strstr(begin, "\"longplay\"");
    close(fd);
    return is;
}

lp_status lp_results_open(lp_results **out, const char *path, lp_err *err) {
    *out = NULL;
    lp_results *r = calloc(1, sizeof *r);
    if (!r) return lp_fail(err, LP_FAILED, "out of memory");
    snprintf(r->path, sizeof r->path, "%s", path);
    lp_status status;
    if (is_out(path)) {
        status = lp_episodes_read(&r->file, &r->json, path, err);
        if (!status) status = read_rows(r, cJSON_GetObjectItemCaseSensitive(r->json, "rows"), err);
    } else {
        status = open_json(r, err);
    }
    if (status) lp_results_close(r);
    else *out = r;
    return status;
}

void lp_results_close(lp_results *r) {
    if (!r) return;
    for (int i = 0; i < r->n_rows && !r->file; i++) free((void *)r->rows[i].episodes);
    lp_episodes_close(r->file, NULL);
    cJSON_Delete(r->json);
    free(r->rows);
    free(r);
}

int lp_results_n_rows(const lp_results *r) { return r->n_rows; }

const lp_result *lp_results_row(const lp_results *r, int index) {
    LP_CHECK(index >= 0 && index < r->n_rows);
    return &r->rows[index];
}

lp_status lp_results_find(const lp_result **out, const lp_results *r, const cJSON *played, int index, int64_t n, lp_err *err) {
    char where[320];
    int found = -1;
    for (int i = 0; i < r->n_rows && found < 0; i++)
        if (!lp_row_differs(r->rows[i].json, played, where, sizeof where)) found = i;
    if (found < 0) {
        int like = index < r->n_rows ? index : 0;
        lp_row_differs(r->rows[like].json, played, where, sizeof where);
        return lp_fail(err, LP_BAD_INPUT, "%s: row %d, %s: %s", r->path, like, r->rows[like].game, where);
    }
    if (r->rows[found].n < n)
        return lp_fail(err, LP_BAD_INPUT, "%s: row %d, %s: has %lld episodes, not %lld", r->path, found, r->rows[found].game,
                       (long long)r->rows[found].n, (long long)n);
    *out = &r->rows[found];
    return LP_OK;
}
