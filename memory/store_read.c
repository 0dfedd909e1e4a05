/* Reading the store. Every query ends before its function returns, so a reader never holds the log back for long. */
#include "memory/store_sqlite.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

lp_status lp_store_checkpoint(lp_store *store, const void **data, size_t *size_bytes, lp_err *err) {
    sqlite3_stmt *q = NULL;
    *data = NULL, *size_bytes = 0;
    free(store->checkpoint);
    store->checkpoint = NULL;
    if (sqlite3_prepare_v2(store->db, "SELECT data FROM checkpoint", -1, &q, NULL) != SQLITE_OK) return store_error(store, err);
    int code = sqlite3_step(q);
    lp_status status = LP_OK;
    if (code == SQLITE_ROW) {
        size_t n = (size_t)sqlite3_column_bytes(q, 0);
        if ((store->checkpoint = malloc(n ? n : 1))) {
            if (n) memcpy(store->checkpoint, sqlite3_column_blob(q, 0), n);
            *data = store->checkpoint, *size_bytes = n;
        } else {
            status = lp_fail(err, LP_FAILED, "%s: out of memory for its checkpoint", store->path);
        }
    } else if (code != SQLITE_DONE) {
        status = store_error(store, err);
    }
    sqlite3_finalize(q);
    return status;
}

lp_status lp_store_get_meta(lp_store *store, const char *key, char *out, size_t size_bytes, lp_err *err) {
    sqlite3_stmt *q = NULL;
    snprintf(out, size_bytes, "%s", "");
    if (sqlite3_prepare_v2(store->db, "SELECT value FROM meta WHERE key = ?", -1, &q, NULL) != SQLITE_OK) return store_error(store, err);
    sqlite3_bind_text(q, 1, key, -1, SQLITE_STATIC);
    int code = sqlite3_step(q);
    if (code == SQLITE_ROW) snprintf(out, size_bytes, "%s", (const char *)sqlite3_column_text(q, 0));
    lp_status status = code == SQLITE_ROW || code == SQLITE_DONE ? LP_OK : store_error(store, err);
    sqlite3_finalize(q);
    return status;
}

lp_status lp_store_check(lp_store *store, lp_err *err) {
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(store->db, "PRAGMA integrity_check(1)", -1, &q, NULL) != SQLITE_OK) return store_error(store, err);
    lp_status status = LP_OK;
    if (sqlite3_step(q) != SQLITE_ROW) {
        status = store_error(store, err);
    } else {
        const char *result = (const char *)sqlite3_column_text(q, 0);
        if (!result || strcmp(result, "ok")) status = lp_fail(err, LP_BAD_INPUT, "%s: damaged: %.200s", store->path, result ? result : "");
    }
    sqlite3_finalize(q);
    return status;
}

/* Both kinds of rows have the same columns: episode, level, idx, first, last, decision, salience, n_items, items, text,
 * parent level, parent idx (NULL: none). */
#define SUMMARY_COLUMNS                                                                                                             \
    "s.episode, s.level, s.idx, s.first_step, s.last_step, (SELECT decision FROM items WHERE episode = s.episode AND step = s.first_step), 0.0, " \
    "s.n_items, (SELECT group_concat('e' || s.episode || 's' || step, ' ') FROM summary_items WHERE summary = s.id), s.text, p.level, p.idx "     \
    "FROM summaries AS s LEFT JOIN summaries AS p ON p.episode = s.episode AND p.level = s.level + 1 AND p.idx = s.parent_idx "
#define ITEM_COLUMNS                                                                                                                \
    "i.episode, 0, i.step, i.step, i.step, i.decision, i.salience, 0, NULL, i.text, "                                                          \
    "(SELECT level FROM summaries AS s JOIN summary_items AS k ON k.summary = s.id WHERE s.episode = i.episode AND k.step = i.step AND s.level = 1), " \
    "(SELECT idx FROM summaries AS s JOIN summary_items AS k ON k.summary = s.id WHERE s.episode = i.episode AND k.step = i.step AND s.level = 1) "

static void visit_row(sqlite3_stmt *q, lp_store_visit visit, void *context) {
    lp_store_row r = {.episode = sqlite3_column_int64(q, 0), .level = sqlite3_column_int64(q, 1), .first = sqlite3_column_int64(q, 3),
                      .last = sqlite3_column_int64(q, 4), .decision = sqlite3_column_int64(q, 5), .salience = sqlite3_column_double(q, 6),
                      .n_items = sqlite3_column_int(q, 7), .items = (const char *)sqlite3_column_text(q, 8), .text = (const char *)sqlite3_column_text(q, 9)};
    long long episode = r.episode, index = sqlite3_column_int64(q, 2);
    if (r.level) snprintf(r.id, sizeof r.id, "e%lldL%lld.%lld", episode, (long long)r.level, index);
    else snprintf(r.id, sizeof r.id, "e%llds%lld", episode, index);
    if (sqlite3_column_type(q, 10) != SQLITE_NULL)
        snprintf(r.parent, sizeof r.parent, "e%lldL%lld.%lld", episode, (long long)sqlite3_column_int64(q, 10), (long long)sqlite3_column_int64(q, 11));
    visit(context, &r);
}

/* Visits every row of q and ends it; *n (may be NULL) counts them. */
static lp_status visit_all(lp_store *store, sqlite3_stmt *q, lp_store_visit visit, void *context, int64_t *n, lp_err *err) {
    int code;
    while ((code = sqlite3_step(q)) == SQLITE_ROW) {
        visit_row(q, visit, context);
        if (n) ++*n;
    }
    lp_status status = code == SQLITE_DONE ? LP_OK : store_error(store, err);
    sqlite3_finalize(q);
    return status;
}

lp_status lp_store_tree(lp_store *store, int64_t episode, lp_store_visit visit, void *context, lp_err *err) {
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(store->db, "SELECT episode FROM episodes WHERE ?1 = 0 OR episode = ?1 ORDER BY episode DESC LIMIT 1", -1, &q, NULL) != SQLITE_OK)
        return store_error(store, err);
    sqlite3_bind_int64(q, 1, episode);
    int code = sqlite3_step(q);
    int64_t found = code == SQLITE_ROW ? sqlite3_column_int64(q, 0) : 0;
    sqlite3_finalize(q);
    if (code == SQLITE_DONE && episode) return lp_fail(err, LP_BAD_INPUT, "%s: has no episode %lld", store->path, (long long)episode);
    if (code == SQLITE_DONE) return LP_OK;
    if (code != SQLITE_ROW) return store_error(store, err);
    if (sqlite3_prepare_v2(store->db, "SELECT " SUMMARY_COLUMNS "WHERE s.episode = ? ORDER BY s.level DESC, s.idx", -1, &q, NULL) != SQLITE_OK)
        return store_error(store, err);
    sqlite3_bind_int64(q, 1, found);
    return visit_all(store, q, visit, context, NULL, err);
}

lp_status lp_store_show(lp_store *store, const char *id, lp_store_visit visit, void *context, lp_err *err) {
    long long episode, step, level = 0, index = 0;
    int end = 0;
    sqlite3_stmt *q = NULL;
    bool is_item = sscanf(id, "e%llds%lld%n", &episode, &step, &end) == 2 && !id[end];
    if (!is_item) {
        end = 0;
        if (sscanf(id, "e%lldL%lld.%lld%n", &episode, &level, &index, &end) != 3 || id[end])
            return lp_fail(err, LP_BAD_INPUT, "'%s' is not an ID: an item is like e1s120, a summary like e1L2.5", id);
    }
    const char *sql = is_item ? "SELECT " ITEM_COLUMNS "FROM items AS i WHERE i.episode = ? AND i.step = ?"
                              : "SELECT " SUMMARY_COLUMNS "WHERE s.episode = ? AND s.level = ? AND s.idx = ?";
    if (sqlite3_prepare_v2(store->db, sql, -1, &q, NULL) != SQLITE_OK) return store_error(store, err);
    sqlite3_bind_int64(q, 1, episode);
    sqlite3_bind_int64(q, 2, is_item ? step : level);
    if (!is_item) sqlite3_bind_int64(q, 3, index);
    int64_t n = 0;
    lp_status status = visit_all(store, q, visit, context, &n, err);
    if (!status && !n) return lp_fail(err, LP_BAD_INPUT, "%s: there is no %s", store->path, id);
    return status;
}

/* Each word quoted, so that FTS sees no operators, and open at its end. Empty when there is no word. */
static void quote_words(const char *words, char *out, size_t size) {
    size_t n = 0;
    out[0] = 0;
    while (*words && n + 8 < size) {
        while (*words && isspace((unsigned char)*words)) words++;
        if (!*words) break;
        bool has_letter = false;
        size_t start = n;
        n += (size_t)snprintf(out + n, size - n, "%s\"", n ? " " : "");
        for (; *words && !isspace((unsigned char)*words) && n + 6 < size; words++) {
            has_letter |= isalnum((unsigned char)*words) || (unsigned char)*words >= 128;
            if (*words == '"') out[n++] = '"';
            out[n++] = *words;
        }
        while (*words && !isspace((unsigned char)*words)) words++; /* too long: its beginning is searched for */
        if (has_letter) n += (size_t)snprintf(out + n, size - n, "\"*");
        else n = start; /* punctuation matches nothing and would make the whole fail */
        out[n] = 0;
    }
}

lp_status lp_store_search(lp_store *store, const char *words, int limit, lp_store_visit visit, void *context, lp_err *err) {
    char quoted[1024];
    sqlite3_stmt *q = NULL;
    quote_words(words, quoted, sizeof quoted);
    if (!*quoted) return lp_fail(err, LP_BAD_INPUT, "'%s': no word to search for", words);
    if (sqlite3_prepare_v2(store->db, "SELECT " ITEM_COLUMNS "FROM item_words AS w JOIN items AS i ON i.decision = w.rowid WHERE item_words MATCH ? "
                           "ORDER BY rank, i.decision LIMIT ?", -1, &q, NULL) != SQLITE_OK)
        return store_error(store, err);
    sqlite3_bind_text(q, 1, quoted, -1, SQLITE_STATIC);
    sqlite3_bind_int(q, 2, limit);
    return visit_all(store, q, visit, context, NULL, err);
}

lp_status lp_store_count(lp_store *store, lp_store_counts *c, lp_err *err) {
    sqlite3_stmt *q = NULL;
    *c = (lp_store_counts){0};
    if (sqlite3_prepare_v2(store->db, "SELECT (SELECT count(*) FROM episodes), (SELECT count(*) FROM items), (SELECT count(*) FROM summaries), "
                           "(SELECT count(*) FROM events), (SELECT ifnull(max(level), 0) FROM summaries)", -1, &q, NULL) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW) {
        lp_status status = store_error(store, err);
        sqlite3_finalize(q);
        return status;
    }
    *c = (lp_store_counts){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2), sqlite3_column_int64(q, 3), sqlite3_column_int64(q, 4)};
    sqlite3_finalize(q);
    return LP_OK;
}
