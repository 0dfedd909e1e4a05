/* Summaries that a player wrote itself: their text takes the place of that of the items they keep, and the table written says who wrote it, from
 * what, or why it was refused. It is made with the first of them, with the table of edits: from then on the file is of schema 3. */
#include "memory/store_impl.h"

static const char tables[] = "CREATE TABLE IF NOT EXISTS edits( -- what people corrected in the memory\n"
                             "  id INTEGER PRIMARY KEY, -- its line in edits.txt\n"
                             "  node TEXT NOT NULL, -- e3s120; of a summary that was written, e3L2.5\n"
                             "  text TEXT, -- NULL: deleted\n"
                             "  before TEXT, -- what stood there\n"
                             "  by TEXT NOT NULL, -- who says so\n"
                             "  at INTEGER NOT NULL, -- Unix time\n"
                             "  decision INTEGER NOT NULL -- the first for which the player was told so\n"
                             ");\n"
                             "CREATE TABLE IF NOT EXISTS written( -- summaries that a chat model was asked to write\n"
                             "  summary INTEGER PRIMARY KEY REFERENCES summaries,\n"
                             "  decision INTEGER NOT NULL, -- before which it was\n"
                             "  model TEXT NOT NULL,\n"
                             "  prompt TEXT NOT NULL, -- hash of what was asked\n"
                             "  sources TEXT NOT NULL, -- what it cites: items or summaries below, with spaces between\n"
                             "  tokens INTEGER NOT NULL, -- in and out\n"
                             "  refused TEXT -- why the summary has the texts of the items it kept instead; NULL: it has what was written\n"
                             ");\n";

lp_status lp_store_make_texts(lp_store *store, lp_err *err) {
    int rc = sqlite3_exec(store->db, tables, NULL, NULL, NULL);
    return rc != SQLITE_OK ? lp_store_fail(store, rc, err) : lp_store_raise_schema(store, LP_STORE_SCHEMA_TEXTS, err);
}

lp_status lp_store_has_texts(lp_store *store, int64_t *has, lp_err *err) {
    return lp_store_number(store, has, err, "SELECT count(*) FROM sqlite_schema WHERE name = 'edits'", "");
}

lp_status lp_store_set_summary(lp_store *store, int64_t summary, const char *text, lp_err *err) {
    int64_t none;
    lp_status status = lp_store_number(store, &none, err,
                                       "INSERT INTO words(words, rowid, text) SELECT 'delete', 4 * id + 1, text FROM summaries"
                                       " WHERE id = ?1 AND text IS NOT NULL",
                                       "i", summary);
    if (!status) status = lp_store_number(store, &none, err, "UPDATE summaries SET text = ?2 WHERE id = ?1", "it", summary, text);
    if (!status && text)
        status = lp_store_number(store, &none, err, "INSERT INTO words(rowid, text) VALUES(4 * ?1 + 1, ?2)", "it", summary, text);
    return status;
}

#define FIND "SELECT id FROM summaries WHERE episode = ?1 AND level = ?2 AND idx = ?3"
bool lp_store_write(lp_store *store, const lp_store_written *w) {
    int64_t episode, level, index, summary = 0, none;
    lp_err err;
    if (!lp_store_parse_id(w->id, &episode, &level, &index) || !level || !lp_store_ready(store)) return false;
    lp_status status = lp_store_make_texts(store, &err);
    if (!status) status = lp_store_number(store, &summary, &err, FIND, "iii", episode, level, index);
    if (!status && summary)
        status = lp_store_number(store, &none, &err, "INSERT OR REPLACE INTO written VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7)", "iitttit",
                                 summary, w->decision, w->model, w->prompt, w->sources, w->tokens, w->refused);
    if (!status && summary && !w->refused) status = lp_store_set_summary(store, summary, w->text, &err);
    if (status) lp_store_break(store, status, &err);
    return summary && !status;
}

lp_status lp_store_writer(lp_store *store, const char *id, void (*visit)(void *, const lp_store_written *), void *context, lp_err *err) {
    int64_t episode, level, index, has;
    sqlite3_stmt *q;
    bool row;
    lp_status status = lp_store_has_texts(store, &has, err);
    if (status || !has || !lp_store_parse_id(id, &episode, &level, &index)) return status;
    status = lp_store_prepare(store, &q, err,
                              "SELECT w.decision, w.model, w.prompt, w.sources, w.tokens, w.refused, s.text FROM summaries s"
                              " JOIN written w ON w.summary = s.id WHERE s.episode = ?1 AND s.level = ?2 AND s.idx = ?3",
                              "iii", episode, level, index);
    if (!status && !(status = lp_store_step(store, q, &row, err)) && row)
        visit(context, &(lp_store_written){.id = id,
                                           .decision = sqlite3_column_int64(q, 0),
                                           .model = (const char *)sqlite3_column_text(q, 1),
                                           .prompt = (const char *)sqlite3_column_text(q, 2),
                                           .sources = (const char *)sqlite3_column_text(q, 3),
                                           .tokens = sqlite3_column_int64(q, 4),
                                           .refused = (const char *)sqlite3_column_text(q, 5),
                                           .text = (const char *)sqlite3_column_text(q, 6)});
    sqlite3_finalize(q);
    return status;
}
