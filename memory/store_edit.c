/* What people corrected: texts of items. An edit replaces the text wherever it stands, in the item, in the summaries that are made of it and
 * in the index; events stay, but are not found by words that somebody took back. What stood there before is in the table edits, which is made
 * with the first edit: from then on the file is of schema 3. */
#include "memory/store_impl.h"

static const char table[] = "CREATE TABLE IF NOT EXISTS edits( -- what people corrected in the memory\n"
                            "  id INTEGER PRIMARY KEY, -- its line in edits.txt\n"
                            "  node TEXT NOT NULL, -- e3s120\n"
                            "  text TEXT, -- NULL: deleted\n"
                            "  before TEXT, -- what stood there\n"
                            "  by TEXT NOT NULL, -- who says so\n"
                            "  at INTEGER NOT NULL, -- Unix time\n"
                            "  decision INTEGER NOT NULL -- the first for which the player was told so\n"
                            ")";

/* Of the item of step ?2 in episode ?1. */
#define SUMMARIES "SELECT s.id FROM summaries s JOIN summary_items k ON k.summary = s.id AND k.step = ?2 WHERE s.episode = ?1"
#define TEXT_OF_SUMMARY                                                                                                                    \
    "(SELECT group_concat(text, '; ') FROM (SELECT i.text FROM summary_items k JOIN items i ON i.episode = ?1 AND i.step = k.step"         \
    " WHERE k.summary = summaries.id AND i.text IS NOT NULL ORDER BY k.step))"
static const char note[] = "INSERT INTO edits SELECT ?3, ?4, ?5, text, ?6, ?7, ?8 FROM items WHERE episode = ?1 AND step = ?2";
static const char *const forget[] = {
    "INSERT INTO words(words, rowid, text) SELECT 'delete', 4 * decision, text FROM items WHERE episode = ?1 AND step = ?2 AND text IS NOT "
    "NULL",
    "INSERT INTO words(words, rowid, text) SELECT 'delete', 4 * id + 1, text FROM summaries WHERE text IS NOT NULL AND id IN (" SUMMARIES
    ")",
};
static const char forget_events[] = /* once: ?3 is the node */
    "INSERT INTO words(words, rowid, text) SELECT 'delete', 4 * id + 2, text FROM events WHERE episode = ?1 AND step = ?2 AND text <> ''"
    " AND (SELECT count(*) FROM edits WHERE node = ?3) = 1";
static const char correct[] = "UPDATE items SET text = ?3 WHERE episode = ?1 AND step = ?2";
static const char *const follow[] = {
    "UPDATE summaries SET text = " TEXT_OF_SUMMARY " WHERE id IN (" SUMMARIES ")",
    "INSERT INTO words(rowid, text) SELECT 4 * decision, text FROM items WHERE episode = ?1 AND step = ?2 AND text IS NOT NULL",
    "INSERT INTO words(rowid, text) SELECT 4 * id + 1, text FROM summaries WHERE text IS NOT NULL AND id IN (" SUMMARIES ")",
};

static lp_status each(lp_store *store, const char *const *sql, int n, int64_t episode, int64_t step, lp_err *err) {
    int64_t none;
    lp_status status = LP_OK;
    for (int i = 0; i < n && !status; i++) status = lp_store_number(store, &none, err, sql[i], "ii", episode, step);
    return status;
}

static lp_status edit_item(lp_store *store, const lp_store_edit *e, const char *node, int64_t episode, int64_t step, lp_err *err) {
    int64_t none;
    lp_status status = each(store, forget, 2, episode, step, err);
    if (!status) status = lp_store_number(store, &none, err, forget_events, "iit", episode, step, node);
    if (!status) status = lp_store_number(store, &none, err, correct, "iit", episode, step, e->text);
    return status ? status : each(store, follow, 3, episode, step, err);
}

bool lp_store_edit_text(lp_store *store, const lp_store_edit *e) {
    char node[64];
    int64_t episode, level, step, none;
    lp_err err;
    if (!lp_store_parse_id(e->id, &episode, &level, &step) || level || !lp_store_ready(store)) return false;
    lp_store_print_id(node, sizeof node, episode, level, step);
    lp_status status = lp_store_number(store, &none, &err, table, "");
    if (!status) status = lp_store_raise_schema(store, LP_STORE_SCHEMA_EDITED, &err);
    if (!status)
        status = lp_store_number(store, &none, &err, note, "iiitttii", episode, step, e->number, node, e->text, e->by, e->at, e->decision);
    const bool there = !status && sqlite3_changes(store->db) == 1;
    if (there) status = edit_item(store, e, node, episode, step, &err);
    if (status) lp_store_break(store, status, &err);
    return there && !status;
}

static lp_status has_edits(lp_store *store, int64_t *has, lp_err *err) {
    return lp_store_number(store, has, err, "SELECT count(*) FROM sqlite_schema WHERE name = 'edits'", "");
}

lp_status lp_store_last_edit(lp_store *store, int64_t *number, lp_err *err) {
    lp_status status = has_edits(store, number, err);
    return status || !*number ? status : lp_store_number(store, number, err, "SELECT max(id) FROM edits", "");
}

lp_status lp_store_edits(lp_store *store, const char *id, void (*visit)(void *, const lp_store_edit *), void *context, lp_err *err) {
    char node[64];
    int64_t episode, level, index, has;
    sqlite3_stmt *q;
    bool row = true;
    lp_status status = has_edits(store, &has, err);
    if (status || !has || !lp_store_parse_id(id, &episode, &level, &index)) return status;
    lp_store_print_id(node, sizeof node, episode, level, index);
    status =
        lp_store_prepare(store, &q, err, "SELECT id, text, before, by, at, decision FROM edits WHERE node = ?1 ORDER BY id", "t", node);
    while (!status && !(status = lp_store_step(store, q, &row, err)) && row)
        visit(context, &(lp_store_edit){.number = sqlite3_column_int64(q, 0),
                                        .id = node,
                                        .text = (const char *)sqlite3_column_text(q, 1),
                                        .before = (const char *)sqlite3_column_text(q, 2),
                                        .by = (const char *)sqlite3_column_text(q, 3),
                                        .at = sqlite3_column_int64(q, 4),
                                        .decision = sqlite3_column_int64(q, 5)});
    sqlite3_finalize(q);
    return status;
}
