/* For tests of longplay experiment: files, and what SQL says of a database. */
#ifndef LP_TESTS_EXPERIMENT_SUPPORT_H
#define LP_TESTS_EXPERIMENT_SUPPORT_H

#include "tests/cli_support.h"

#include <cjson/cJSON.h>
#include <sqlite3.h>

static inline void put_text(const char *name, const char *text) { put(at(name), text, strlen(text)); }

/* What an SQL query gives, "a|b\n" a row. The caller's to free. */
static inline char *ask(const char *folder, const char *sql) {
    char path[PATH_MAX + 32], *out = NULL;
    size_t size;
    sqlite3 *db;
    sqlite3_stmt *s;
    int rc;
    snprintf(path, sizeof path, "%s/experiment.db", at(folder));
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) || sqlite3_prepare_v2(db, sql, -1, &s, NULL))
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    FILE *f = open_memstream(&out, &size);
    assert_non_null(f);
    while ((rc = sqlite3_step(s)) == SQLITE_ROW)
        for (int i = 0, n = sqlite3_column_count(s); i < n; i++) {
            const char *text = (const char *)sqlite3_column_text(s, i);
            fprintf(f, "%s%c", text ? text : "-", i + 1 < n ? '|' : '\n');
        }
    fclose(f);
    if (rc != SQLITE_DONE) fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    sqlite3_finalize(s);
    sqlite3_close(db);
    return out;
}

static inline void expect(const char *folder, const char *sql, const char *rows) {
    char *got = ask(folder, sql);
    if (strcmp(got, rows)) fail_msg("%s:\n%s(want)\n%s", sql, got, rows);
    free(got);
}

#endif
