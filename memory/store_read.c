/* Reading the store. Every query ends before its function returns, so that a reader never keeps the -wal file from being
 * used again. Numbers in IDs and rows come from a file, and are only ever bound to statements. */
#include "memory/store_impl.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What show, tree and search select: episode, level, idx, first, last, decision, salience, items kept, their IDs, text, parent's
 * level and idx (NULL: none). A summary of level 1 that covers a step is found by arithmetic, as all their spans are equal. */
#define SUMMARY_ROWS                                                                                                                       \
    "SELECT s.episode, s.level, s.idx, s.first_step, s.last_step, e.first_decision + s.first_step, 0.0,"                                   \
    " (SELECT count(*) FROM summary_items WHERE summary = s.id),"                                                                          \
    " (SELECT group_concat(printf('e%ds%d', s.episode, step), ' ') FROM summary_items WHERE summary = s.id),"                              \
    " s.text, p.level, p.idx FROM summaries s LEFT JOIN episodes e ON e.episode = s.episode"                                               \
    " LEFT JOIN summaries p ON p.episode = s.episode AND p.level = s.parent_level AND p.idx = s.parent_idx "
#define ITEM_ROWS(table)                                                                                                                   \
    "SELECT i.episode, 0, i.step, i.step, i.step, i.decision, i.salience, 0, NULL, i.text, p.level, p.idx,"                                \
    " i.vector, c.digest FROM " table " LEFT JOIN encoders c ON c.id = i.encoder"                                                          \
    " LEFT JOIN summaries p ON p.episode = i.episode AND p.level = 1 AND p.idx = i.step / (SELECT last_step + 1"                           \
    "   FROM summaries WHERE episode = i.episode AND level = 1 AND idx = 0)"                                                               \
    "   AND EXISTS(SELECT 1 FROM summary_items WHERE summary = p.id AND step = i.step) "

char *lp_store_print_id(char *out, size_t size, int64_t episode, int64_t level, int64_t index) {
    if (level) snprintf(out, size, "e%lldL%lld.%lld", (long long)episode, (long long)level, (long long)index);
    else snprintf(out, size, "e%llds%lld", (long long)episode, (long long)index);
    return out;
}

/* One of an ID's numbers, after its letter in either case. */
static bool take_number(const char **at, char letter, int64_t *out) {
    char *end;
    if (tolower((unsigned char)**at) != letter || !isdigit((unsigned char)(*at)[1])) return false;
    *out = strtoll(*at + 1, &end, 10); /* too large: the largest, which nothing has */
    *at = end;
    return true;
}

bool lp_store_parse_id(const char *id, int64_t *episode, int64_t *level, int64_t *index) {
    *level = 0;
    if (!take_number(&id, 'e', episode)) return false;
    if (take_number(&id, 's', index)) return !*id;
    return take_number(&id, 'l', level) && take_number(&id, '.', index) && *level > 0 && !*id;
}

/* Copies the statement's blob into store->blob, aligned for floats; NULL with *size 0 when it is empty or there is no RAM. */
static const void *copy_blob(lp_store *store, sqlite3_stmt *q, int column, size_t *size) {
    const void *data = sqlite3_column_blob(q, column);
    *size = (size_t)sqlite3_column_bytes(q, column);
    store->blob.used_bytes = 0;
    char *copy = data ? lp_store_room(&store->blob, *size) : NULL;
    if (copy) memcpy(copy, data, *size);
    else *size = 0;
    return copy;
}

static void visit_row(lp_store *store, sqlite3_stmt *q, lp_store_visit visit, void *context) {
    lp_store_row row = {.episode = sqlite3_column_int64(q, 0),
                        .level = sqlite3_column_int64(q, 1),
                        .first = sqlite3_column_int64(q, 3),
                        .last = sqlite3_column_int64(q, 4),
                        .decision = sqlite3_column_int64(q, 5),
                        .salience = sqlite3_column_double(q, 6),
                        .dropped = sqlite3_column_type(q, 6) == SQLITE_NULL,
                        .n_items = sqlite3_column_int(q, 7),
                        .text = (const char *)sqlite3_column_text(q, 9),
                        .encoder = ""};
    lp_store_print_id(row.id, sizeof row.id, row.episode, row.level, sqlite3_column_int64(q, 2));
    if (sqlite3_column_type(q, 10) != SQLITE_NULL)
        lp_store_print_id(row.parent, sizeof row.parent, row.episode, sqlite3_column_int64(q, 10), sqlite3_column_int64(q, 11));
    if (sqlite3_column_count(q) > 12) {
        size_t size;
        row.vector = copy_blob(store, q, 12, &size);
        row.dim = (int)(size / sizeof *row.vector);
        if (sqlite3_column_text(q, 13)) row.encoder = (const char *)sqlite3_column_text(q, 13);
    }
    if (row.level && row.n_items) row.items = (const char *)sqlite3_column_text(q, 8);
    if (!row.level) row.event = (const char *)sqlite3_column_text(q, 8);
    visit(context, &row);
}

/* Visits every row of q, and ends it. *n counts them. */
static lp_status visit_all(lp_store *store, sqlite3_stmt *q, lp_store_visit visit, void *context, int64_t *n, lp_err *err) {
    bool more = true;
    lp_status status = LP_OK;
    for (*n = 0; !status && more; *n += more) {
        status = lp_store_step(store, q, &more, err);
        if (!status && more) visit_row(store, q, visit, context);
    }
    sqlite3_finalize(q);
    return status;
}

#define DROPPED "SELECT value FROM meta WHERE key = 'dropped'"
/* One row, and so one snapshot, also while somebody writes. */
#define EXTENT                                                                                                                             \
    ", (SELECT coalesce(max(decision), -1) FROM items), (SELECT count(*) FROM items), (SELECT coalesce(max(episode), 0) FROM episodes)"    \
    ", (" DROPPED ")"
lp_status lp_store_checkpoint(lp_store *store, const void **data, size_t *size_bytes, lp_store_extent *extent, lp_err *err) {
    sqlite3_stmt *q;
    bool row = false;
    *data = NULL, *size_bytes = 0;
    lp_status status =
        lp_store_prepare(store, &q, err, extent ? "SELECT data" EXTENT " FROM checkpoint" : "SELECT data FROM checkpoint", "");
    if (!status) status = lp_store_step(store, q, &row, err);
    if (!status && row && extent)
        *extent = (lp_store_extent){sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2), sqlite3_column_int64(q, 3),
                                    sqlite3_column_int64(q, 4)};
    if (!status && row) {
        size_t stored = sqlite3_column_blob(q, 0) ? (size_t)sqlite3_column_bytes(q, 0) : 0;
        *data = copy_blob(store, q, 0, size_bytes);
        if (*size_bytes != stored) status = lp_fail(err, LP_FAILED, "%s: no RAM for its checkpoint", store->path);
    }
    sqlite3_finalize(q);
    return status;
}

/* The first column of q's first row, "" without one; ends q. status: of its preparation. */
static lp_status take_text(lp_store *store, sqlite3_stmt *q, lp_status status, char *out, size_t size_bytes, lp_err *err) {
    bool row = false;
    out[0] = 0;
    if (!status) status = lp_store_step(store, q, &row, err);
    const char *value = row ? (const char *)sqlite3_column_text(q, 0) : NULL;
    if (value) snprintf(out, size_bytes, "%s", value);
    sqlite3_finalize(q);
    return status;
}

lp_status lp_store_get_meta(lp_store *store, const char *key, char *out, size_t size_bytes, lp_err *err) {
    sqlite3_stmt *q;
    lp_status status = lp_store_prepare(store, &q, err, "SELECT value FROM meta WHERE key = ?1", "t", key);
    return take_text(store, q, status, out, size_bytes, err);
}

/* Runs sql, whose one parameter, if any, is text; what it selects goes into *first, where there is a row. */
static lp_status query(lp_store *store, const char *sql, const char *text, int64_t *first, lp_err *err) {
    sqlite3_stmt *q;
    bool row = false;
    lp_status status = lp_store_prepare(store, &q, err, sql, text ? "t" : "", text);
    if (!status) status = lp_store_step(store, q, &row, err);
    if (row && sqlite3_column_type(q, 0) != SQLITE_NULL) *first = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return status;
}

#define TOLD(store) "SELECT decision, episode, what, text FROM " store ".timeline"
lp_status lp_store_first_difference(lp_store *store, const char *path, int64_t *decision, lp_err *err) {
    *decision = -1;
    lp_status status = query(store, "ATTACH ?1 AS other", path, decision, err);
    if (status) return status;
    status = query(store,
                   "SELECT min(decision) FROM (SELECT * FROM (" TOLD("main") " EXCEPT " TOLD(
                       "other") ")"
                                " UNION ALL SELECT * FROM (" TOLD("other") " EXCEPT " TOLD("main") "))",
                   NULL, decision, err);
    lp_status detached = query(store, "DETACH other", NULL, decision, status ? NULL : err);
    return status ? status : detached;
}

lp_status lp_store_check(lp_store *store, lp_err *err) {
    sqlite3_stmt *q;
    bool row = false;
    lp_status status = lp_store_prepare(store, &q, err, "PRAGMA integrity_check(1)", "");
    if (!status) status = lp_store_step(store, q, &row, err);
    const char *says = row ? (const char *)sqlite3_column_text(q, 0) : NULL;
    /* A page that was not to be had, for want of memory or by the disk's fault, is told among the faults. */
    static const char not_read[] = "unable to get the page. error code=";
    const char *page = says ? strstr(says, not_read) : NULL;
    const int code = page ? atoi(page + strlen(not_read)) : SQLITE_CORRUPT;
    if (!status && (code & 0xff) != SQLITE_CORRUPT)
        status = lp_fail(err, LP_FAILED, "%s: cannot be checked: %s", store->path, sqlite3_errstr(code));
    else if (!status && (!says || strcmp(says, "ok")))
        status = lp_fail(err, LP_BAD_INPUT, "%s: damaged: %.300s", store->path, says ? says : "no answer");
    sqlite3_finalize(q);
    return status;
}

lp_status lp_store_episode_at(lp_store *store, int64_t decision, int64_t *episode, int64_t *first_decision, lp_err *err) {
    *first_decision = 0;
    lp_status status = lp_store_number(store, episode, err, "SELECT max(episode) FROM episodes WHERE first_decision <= ?1", "i", decision);
    if (status || !*episode) return status;
    return lp_store_number(store, first_decision, err, "SELECT first_decision FROM episodes WHERE episode = ?1", "i", *episode);
}

lp_status lp_store_episode_result(lp_store *store, int64_t episode, char *out, size_t size_bytes, lp_err *err) {
    sqlite3_stmt *q;
    lp_status status = lp_store_prepare(store, &q, err, "SELECT result FROM episodes WHERE episode = ?1", "i", episode);
    return take_text(store, q, status, out, size_bytes, err);
}

lp_status lp_store_tree(lp_store *store, int64_t episode, lp_store_visit visit, void *context, lp_err *err) {
    sqlite3_stmt *q;
    bool found = false;
    lp_status status = lp_store_prepare(store, &q, err,
                                        "SELECT episode FROM episodes WHERE ?1 = 0 OR episode = ?1"
                                        " ORDER BY episode DESC LIMIT 1",
                                        "i", episode);
    if (!status) status = lp_store_step(store, q, &found, err);
    int64_t which = found ? sqlite3_column_int64(q, 0) : 0, n;
    sqlite3_finalize(q);
    if (status) return status;
    if (!found && !episode) return LP_OK;
    if (!found) return lp_fail(err, LP_BAD_INPUT, "%s: has no episode %lld", store->path, (long long)episode);
    status = lp_store_prepare(store, &q, err, SUMMARY_ROWS "WHERE s.episode = ?1 ORDER BY s.level DESC, s.idx", "i", which);
    return status ? status : visit_all(store, q, visit, context, &n, err);
}

/* In the place of items: an item that is not there, of episode ?1 and step ?2, but behind which passes went that dropped some. */
static const char dropped_item[] = ITEM_ROWS(
    "(SELECT episode, ?2 AS step, first_decision + ?2 AS decision, NULL AS salience, NULL AS text, NULL AS vector, NULL AS encoder"
    " FROM episodes WHERE episode = ?1 AND ?2 < coalesce(n_decisions, ?2 + 1)"
    " AND first_decision + ?2 < (SELECT CAST(value AS INTEGER) FROM meta WHERE key = 'dropped_to')) i");

lp_status lp_store_show(lp_store *store, const char *id, lp_store_visit visit, void *context, lp_err *err) {
    int64_t episode, level, index, n;
    sqlite3_stmt *q;
    if (!lp_store_parse_id(id, &episode, &level, &index))
        return lp_fail(err, LP_BAD_INPUT, "'%.80s' is not an ID: an item is like e1s120, a summary like e1L2.5", id);
    lp_status status =
        level ? lp_store_prepare(store, &q, err, SUMMARY_ROWS "WHERE s.episode = ?1 AND s.level = ?2 AND s.idx = ?3", "iii", episode, level,
                                 index)
              : lp_store_prepare(store, &q, err, ITEM_ROWS("items i") "WHERE i.episode = ?1 AND i.step = ?2", "ii", episode, index);
    if (!status) status = visit_all(store, q, visit, context, &n, err);
    if (!status && !n && !level && !(status = lp_store_prepare(store, &q, err, dropped_item, "ii", episode, index)))
        status = visit_all(store, q, visit, context, &n, err);
    if (!status && !n) status = lp_fail(err, LP_BAD_INPUT, "%s: there is no %.80s", store->path, id);
    return status;
}

/* ---- search ---- */

/* Each word in quotes, so that the search sees no operators, and open at its end. Words without a letter or digit are left out:
 * they are in no text. out is large enough when it is 3 times the length of words + 4. */
static void quote_words(const char *words, char *out) {
    for (*out = 0; *words;) {
        char *start = out;
        bool has_letter = false;
        while (isspace((unsigned char)*words)) words++;
        if (!*words) break;
        *out++ = '"';
        for (; *words && !isspace((unsigned char)*words); words++) {
            unsigned char c = (unsigned char)*words;
            has_letter |= isalnum(c) || c >= 128;
            if (c == '"') *out++ = '"';
            *out++ = (char)c;
        }
        memcpy(out, "\"* ", 4);
        out = has_letter ? out + 3 : start;
        *out = 0;
    }
}

/* What stands behind a place in the index: an item, or an event where no item is (one that an item tells of is not found
 * twice). Summaries repeat their items, and are left to the view found. */
static const char found_place[] = "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid % 4 <> 1 ORDER BY rank, rowid";
static const char found_item[] = ITEM_ROWS("items i") "WHERE ?1 % 4 = 0 AND i.decision = ?1 / 4";
static const char found_event[] =
    "SELECT v.episode, 0, v.step, v.step, v.step, v.decision, 0.0, 0, v.name, v.text, NULL, NULL FROM events v"
    " WHERE ?1 % 4 = 2 AND v.id = ?1 / 4 AND NOT EXISTS(SELECT 1 FROM items WHERE episode = v.episode AND "
    "step = v.step AND instr(text, v.text))";

/* Visits at most left rows of what q finds for a place, and readies q for the next. *left counts down. */
static lp_status visit_place(lp_store *store, sqlite3_stmt *q, int64_t place, int *left, lp_store_visit visit, void *context, lp_err *err) {
    bool row = false;
    sqlite3_bind_int64(q, 1, place);
    lp_status status = *left > 0 ? lp_store_step(store, q, &row, err) : LP_OK;
    if (row) visit_row(store, q, visit, context);
    *left -= row;
    sqlite3_reset(q);
    return status;
}

lp_status lp_store_search(lp_store *store, const char *words, int limit, lp_store_visit visit, void *context, lp_err *err) {
    sqlite3_stmt *places = NULL, *item = NULL, *event = NULL;
    bool more = true;
    store->texts.used_bytes = 0;
    char *quoted = lp_store_room(&store->texts, 3 * strlen(words) + 4);
    if (!quoted) return lp_fail(err, LP_FAILED, "search: no RAM for %zu bytes of words", strlen(words));
    quote_words(words, quoted);
    if (!*quoted) return lp_fail(err, LP_BAD_INPUT, "search: no word to search for");
    lp_status status = lp_store_prepare(store, &places, err, found_place, "t", quoted);
    if (!status) status = lp_store_prepare(store, &item, err, found_item, "");
    if (!status) status = lp_store_prepare(store, &event, err, found_event, "");
    while (!status && limit > 0 && more) {
        status = lp_store_step(store, places, &more, err);
        int64_t place = !status && more ? sqlite3_column_int64(places, 0) : -1;
        if (place >= 0) status = visit_place(store, place % 4 ? event : item, place, &limit, visit, context, err);
    }
    sqlite3_finalize(places), sqlite3_finalize(item), sqlite3_finalize(event);
    return status;
}

lp_status lp_store_count(lp_store *store, lp_store_counts *counts, lp_err *err) {
    sqlite3_stmt *q;
    bool row = false;
    *counts = (lp_store_counts){0};
    lp_status status = lp_store_prepare(store, &q, err,
                                        "SELECT (SELECT count(*) FROM episodes), (SELECT count(*) FROM items),"
                                        " (SELECT count(*) FROM summaries), (SELECT count(*) FROM events),"
                                        " (SELECT coalesce(max(level), 0) FROM summaries), (" DROPPED ")",
                                        "");
    if (!status) status = lp_store_step(store, q, &row, err);
    if (!status && row)
        *counts = (lp_store_counts){sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2),
                                    sqlite3_column_int64(q, 3), sqlite3_column_int64(q, 4), sqlite3_column_int64(q, 5)};
    sqlite3_finalize(q);
    return status;
}

/* Both queries select, in the order of decisions: cursor, episode, step, decision, name, text, result, n_decisions. */
static lp_status visit_happenings(lp_store *store, const char *sql, int64_t *cursor, int64_t decision,
                                  void (*visit)(void *, const lp_store_happening *), void *context, lp_err *err) {
    sqlite3_stmt *q;
    bool row = true;
    lp_status status = lp_store_prepare(store, &q, err, sql, "i", *cursor);
    while (!status && row) {
        status = lp_store_step(store, q, &row, err);
        if (status || !row || sqlite3_column_int64(q, 3) > decision) break; /* what follows is later still */
        *cursor = sqlite3_column_int64(q, 0);
        lp_store_happening h = {sqlite3_column_int64(q, 1),
                                sqlite3_column_int64(q, 2),
                                sqlite3_column_int64(q, 3),
                                (const char *)sqlite3_column_text(q, 4),
                                (const char *)sqlite3_column_text(q, 5),
                                (const char *)sqlite3_column_text(q, 6),
                                sqlite3_column_int64(q, 7)};
        visit(context, &h);
    }
    sqlite3_finalize(q);
    return status;
}

lp_status lp_store_happenings(lp_store *store, lp_store_cursor *cursor, int64_t decision,
                              void (*visit)(void *context, const lp_store_happening *h), void *context, lp_err *err) {
    lp_status status = visit_happenings(store,
                                        "SELECT v.id, v.episode, v.step, v.decision, v.name, v.text, p.result, p.n_decisions"
                                        " FROM events v LEFT JOIN episodes p ON p.episode = v.episode"
                                        " WHERE v.id > ?1 ORDER BY v.id",
                                        &cursor->event, decision, visit, context, err);
    if (status) return status;
    return visit_happenings(
        store,
        "SELECT episode, episode, n_decisions, first_decision + n_decisions, NULL, NULL, result, n_decisions FROM episodes"
        " WHERE episode > ?1 AND result IS NOT NULL ORDER BY episode",
        &cursor->episode, decision, visit, context, err);
}

lp_status lp_store_episodes(lp_store *store, void (*visit)(void *context, const lp_store_episode *episode), void *context, lp_err *err) {
    sqlite3_stmt *q;
    bool row = true;
    lp_status status = lp_store_prepare(
        store, &q, err, "SELECT episode, first_decision, n_decisions, seed, result FROM episodes WHERE result IS NOT NULL ORDER BY episode",
        "");
    while (!status && row) {
        status = lp_store_step(store, q, &row, err);
        if (status || !row) break;
        lp_store_episode e = {sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2),
                              (uint64_t)sqlite3_column_int64(q, 3), (const char *)sqlite3_column_text(q, 4)};
        visit(context, &e);
    }
    sqlite3_finalize(q);
    return status;
}
