/* Dropping items, so that a run's files stay within a budget.
 *
 * What tells least goes first: items that no summary kept, then those that only summaries of level 1 kept, and so on, of each the oldest
 * first. A pass for each level goes along the decisions: pass l leaves what a summary of level l + 1 kept. In an episode that goes on it
 * stays behind the last such summary, so that what the next one may keep is there. What a call may look at is counted in items: pass l goes
 * where those before it have left few, and so keeps up with an agent of which pass 0 alone sees every item. What has a text is never dropped,
 * and so the full-text index knows of nothing that is gone. meta says how many items went ("dropped") and where each pass is
 * ("dropped_to"), in the same transaction. From the first drop on the file is of schema 2. */
#include "memory/store_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_PASSES = 48, PROGRESS_BYTES = MAX_PASSES * 21, SHRINK_FROM_PAGES = 1024, SHRINK_PAGES = 256 };

/* Of the decisions ?1 to ?2 all that no summary of level ?3 kept. */
static const char drop[] = "DELETE FROM items WHERE decision >= ?1 AND decision < ?2 AND text IS NULL AND NOT EXISTS("
                           "SELECT 1 FROM summaries s JOIN summary_items k ON k.summary = s.id AND k.step = items.step"
                           " WHERE s.episode = items.episode AND s.level = ?3 AND s.idx = items.step /"
                           " (SELECT last_step + 1 FROM summaries WHERE episode = items.episode AND level = ?3 AND idx = 0))";

/* How far pass ?1 - 1 may go: the last item stays, and where an episode goes on, what is not covered by summaries of level ?1. */
static const char bound[] =
    "SELECT min(i.decision, CASE WHEN e.result IS NULL AND ?2 THEN e.first_decision + coalesce((SELECT last_step + 1 FROM summaries"
    " WHERE episode = e.episode AND level = ?1 ORDER BY idx DESC LIMIT 1), 0) ELSE i.decision END)"
    " FROM (SELECT max(decision) AS decision FROM items) i, (SELECT * FROM episodes ORDER BY episode DESC LIMIT 1) e";

static lp_status read_progress(lp_store *store, int64_t to[MAX_PASSES], lp_err *err) {
    char text[PROGRESS_BYTES];
    lp_status status = lp_store_get_meta(store, "dropped_to", text, sizeof text, err);
    char *at = text;
    for (int l = 0; l < MAX_PASSES; l++) to[l] = strtoll(at, &at, 10);
    if (!status && store->n_levels < 0) status = lp_store_number(store, &store->n_levels, err, "SELECT max(level) FROM summaries", "");
    return status;
}

static void write_progress(lp_store *store, const int64_t to[MAX_PASSES], int64_t n_dropped) {
    char text[PROGRESS_BYTES];
    size_t used = 0;
    for (int l = 0; l < MAX_PASSES && to[l]; l++) used += (size_t)snprintf(text + used, sizeof text - used, "%lld ", (long long)to[l]);
    lp_store_meta(store, "dropped_to", text);
    snprintf(text, sizeof text, "%lld", (long long)n_dropped);
    lp_store_meta(store, "dropped", text);
}

/* Of the items of decisions ?1 to ?2 the first ?3: how many there are, and the last one's decision. */
static const char look[] = "SELECT count(*), max(decision) FROM"
                           " (SELECT decision FROM items WHERE decision >= ?1 AND decision < ?2 ORDER BY decision LIMIT ?3)";

/* Pass l, over at most *left items, of which it takes what it has looked at. */
static lp_status pass(lp_store *store, int l, int64_t to[MAX_PASSES], int64_t *left, bool summarises, int64_t *n_dropped, lp_err *err) {
    int64_t end;
    sqlite3_stmt *q;
    bool row;
    lp_status status = lp_store_number(store, &end, err, bound, "ii", (int64_t)l + 1, (int64_t)summarises);
    if (l && end > to[l - 1]) end = to[l - 1];
    if (status || end <= to[l]) return status;
    status = lp_store_prepare(store, &q, err, look, "iii", to[l], end, *left);
    if (!status) status = lp_store_step(store, q, &row, err);
    int64_t n = status ? 0 : sqlite3_column_int64(q, 0);
    if (n == *left) end = sqlite3_column_int64(q, 1) + 1;
    sqlite3_finalize(q);
    if (status || !n) return status;
    status = lp_store_prepare(store, &q, err, drop, "iii", to[l], end, (int64_t)l + 1);
    if (!status) status = lp_store_step(store, q, &row, err);
    if (!status) *n_dropped += sqlite3_changes(store->db);
    sqlite3_finalize(q);
    *left -= n;
    to[l] = end;
    return status;
}

bool lp_store_drop(lp_store *store, int64_t n_items, bool summarises) {
    int64_t to[MAX_PASSES], before = 0, dropped, left = n_items;
    lp_err err;
    if (!lp_store_ready(store)) return false;
    lp_status status = read_progress(store, to, &err);
    if (!status) status = lp_store_number(store, &before, &err, "SELECT value FROM meta WHERE key = 'dropped'", "");
    dropped = before;
    for (int l = 0; l <= store->n_levels && l < MAX_PASSES && left > 0 && !status; l++)
        status = pass(store, l, to, &left, summarises, &dropped, &err);
    if (!status && !before && dropped) status = lp_store_raise_schema(store, LP_STORE_SCHEMA_DROPPED, &err);
    if (status) lp_store_break(store, status, &err);
    else if (left < n_items) write_progress(store, to, dropped);
    return !store->status && left < n_items;
}

void lp_store_shrink(lp_store *store) {
    int64_t n_free = 0;
    if (!lp_store_ready(store) || lp_store_number(store, &n_free, NULL, "PRAGMA freelist_count", "") || n_free < SHRINK_FROM_PAGES) return;
    char sql[64];
    snprintf(sql, sizeof sql, "PRAGMA incremental_vacuum(%d)", SHRINK_PAGES);
    int rc = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
    lp_err err;
    if (rc != SQLITE_OK) lp_store_break(store, lp_store_fail(store, rc, &err), &err);
}

lp_status lp_store_used(lp_store *store, lp_store_bytes *bytes, lp_err *err) {
    int64_t n_pages = 0, n_free = 0, page_bytes = 0;
    struct stat log;
    lp_status status = lp_store_number(store, &n_pages, err, "PRAGMA page_count", "");
    if (!status) status = lp_store_number(store, &n_free, err, "PRAGMA freelist_count", "");
    if (!status) status = lp_store_number(store, &page_bytes, err, "PRAGMA page_size", "");
    bool has_log = !stat(sqlite3_filename_wal(sqlite3_db_filename(store->db, "main")), &log);
    *bytes = (lp_store_bytes){n_pages * page_bytes, n_free * page_bytes, has_log ? log.st_size : 0};
    return status;
}
