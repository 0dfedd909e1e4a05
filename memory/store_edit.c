/* What people corrected: texts of items, and of summaries that were written. An edit replaces the text wherever it stands, in the item, in the
 * summaries that are made of it and in the index; events stay, but are not found by words that somebody took back. What stood there before is in
 * the table edits. */
#include "memory/store_impl.h"

/* Of the item of step ?2 in episode ?1. */
#define SUMMARIES                                                                                                                          \
    "SELECT s.id FROM summaries s JOIN summary_items k ON k.summary = s.id AND k.step = ?2 WHERE s.episode = ?1"                           \
    " AND NOT EXISTS(SELECT 1 FROM written WHERE summary = s.id AND refused IS NULL)"
#define TEXT_OF_SUMMARY                                                                                                                    \
    "(SELECT group_concat(text, '; ') FROM (SELECT i.text FROM summary_items k JOIN items i ON i.episode = ?1 AND i.step = k.step"         \
    " WHERE k.summary = summaries.id AND i.text IS NOT NULL ORDER BY k.step))"
static const char note_item[] =
    "INSERT INTO edits SELECT ?4, ?5, ?6, text, ?7, ?8, ?9 FROM items WHERE episode = ?1 AND ?2 = 0 AND step = ?3";
static const char note_summary[] =
    "INSERT INTO edits SELECT ?4, ?5, ?6, text, ?7, ?8, ?9 FROM summaries WHERE episode = ?1 AND level = ?2 AND idx = ?3"
    " AND EXISTS(SELECT 1 FROM written WHERE summary = id AND refused IS NULL)";
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

static lp_status edit_summary(lp_store *store, const lp_store_edit *e, int64_t episode, int64_t level, int64_t index, lp_err *err) {
    int64_t id;
    lp_status status = lp_store_number(store, &id, err, "SELECT id FROM summaries WHERE episode = ?1 AND level = ?2 AND idx = ?3", "iii",
                                       episode, level, index);
    return status ? status : lp_store_set_summary(store, id, e->text, err);
}

bool lp_store_edit_text(lp_store *store, const lp_store_edit *e) {
    char node[64];
    int64_t episode, level, index, none;
    lp_err err;
    if (!lp_store_parse_id(e->id, &episode, &level, &index) || !lp_store_ready(store)) return false;
    lp_store_print_id(node, sizeof node, episode, level, index);
    lp_status status = lp_store_make_texts(store, &err);
    if (!status)
        status = lp_store_number(store, &none, &err, level ? note_summary : note_item, "iiiitttii", episode, level, index, e->number, node,
                                 e->text, e->by, e->at, e->decision);
    const bool there = !status && sqlite3_changes(store->db) == 1;
    if (there && level) status = edit_summary(store, e, episode, level, index, &err);
    if (there && !level) status = edit_item(store, e, node, episode, index, &err);
    if (status) lp_store_break(store, status, &err);
    return there && !status;
}

lp_status lp_store_last_edit(lp_store *store, int64_t *number, lp_err *err) {
    lp_status status = lp_store_has_texts(store, number, err);
    return status || !*number ? status : lp_store_number(store, number, err, "SELECT max(id) FROM edits", "");
}

lp_status lp_store_edits(lp_store *store, const char *id, void (*visit)(void *, const lp_store_edit *), void *context, lp_err *err) {
    char node[64];
    int64_t episode, level, index, has;
    sqlite3_stmt *q;
    bool row = true;
    lp_status status = lp_store_has_texts(store, &has, err);
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
