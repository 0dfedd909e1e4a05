/* What the tests of the store share: a folder of their own, a life to write down, and comparing what was kept. */
#ifndef LP_TESTS_MEMORY_SUPPORT_H
#define LP_TESTS_MEMORY_SUPPORT_H

#include "base/file.h"
#include "base/rng.h"
#include "memory/store.h"
#include "tests/seed.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

static uint64_t seed;
static char folder[PATH_MAX - 64], path[PATH_MAX];
static lp_err err;

static inline void expect_ok(lp_status status) {
    if (status) fail_msg("%s", err.message);
}

static inline void expect_bad(lp_status status, lp_status want, const char *says) {
    assert_int_equal(status, want);
    if (!strstr(err.message, says)) fail_msg("'%s' does not say '%s'", err.message, says);
    if (strchr(err.message, '\n')) fail_msg("'%s' is not one line", err.message);
}

static inline int files_in_folder(bool remove_them) {
    int n = 0;
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir));) {
        char file[PATH_MAX + 256];
        if (!strcmp(d->d_name, ".") || !strcmp(d->d_name, "..")) continue;
        snprintf(file, sizeof file, "%s/%s", folder, d->d_name);
        if (remove_them) unlink(file);
        n++;
    }
    if (dir) closedir(dir);
    return n;
}

static inline int setup(void **state) {
    (void)state;
    memset(&lp_fault, 0, sizeof lp_fault);
    snprintf(folder, sizeof folder, "%s/longplay-test-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir);
    if (!mkdtemp(folder)) return -1;
    lp_path_join(path, sizeof path, folder, "run.db");
    return 0;
}

static inline int teardown(void **state) {
    (void)state;
    memset(&lp_fault, 0, sizeof lp_fault);
    files_in_folder(true);
    return rmdir(folder);
}

/* ---- a life: what happens in decision t depends on t alone, so that any writer continues any other ---- */

enum { DIM = 4, EPISODE_STEPS = 100, CHUNK = 4, SLOTS = 2, FAN = 2 };
static const lp_mem_config life_config = {&lp_mem_tree, DIM, {CHUNK, SLOTS, FAN, 3, -1}};

typedef struct {
    lp_store *store;
    lp_mem *mem;
    int64_t decisions, summaries, events;
} life;

typedef struct {
    int64_t decisions, summaries, events;
    unsigned char padding[20000]; /* as large as a machine's state, to be torn by crashes */
} life_checkpoint;

static inline float life_salience(int64_t t) { return (float)(lp_mix64((uint64_t)t) % 1000) / 100; }
static inline float life_element(int64_t t, int d) { return (float)lp_mix64((uint64_t)(t * DIM + d)) / 3; }
static inline bool life_has_text(int64_t t) { return t % 7 == 3; }
static inline void life_text(int64_t t, char out[80]) {
    static const char *const things[] = {"door", "key", "lamp", "sword", "Schl\xc3\xbcssel"};
    snprintf(out, 80, "saw the %s number%lld", things[t % 5], (long long)t);
}

/* One decision. */
static inline void live(life *l) {
    int64_t t = l->decisions++, episode = 1 + t / EPISODE_STEPS, step = t % EPISODE_STEPS;
    float vector[DIM];
    char text[80];
    lp_mem_summary new[32];
    if (step == 0) {
        lp_mem_reset(l->mem, 0);
        lp_store_episode_begin(l->store, episode, (uint64_t)episode * 77, t);
    }
    for (int d = 0; d < DIM; d++) vector[d] = life_element(t, d);
    life_text(t, text);
    if (life_has_text(t)) lp_store_event(l->store, episode, step, t, t % 2 ? "odd" : "even", text), l->events++;
    lp_mem_append(l->mem, vector, life_salience(t));
    lp_store_item(l->store, episode, step, t, (int)(t % 3), life_salience(t), vector, DIM, life_has_text(t) ? text : NULL);
    int n = lp_mem_new_summaries(l->mem, new, 32);
    for (int i = 0; i < n; i++) lp_store_summary(l->store, episode, &new[i]), l->summaries++;
    if (t % 10 == 0) lp_store_metric(l->store, t, "value", (double)t / 4);
    if (step == EPISODE_STEPS - 1) lp_store_episode_end(l->store, episode, episode % 3 ? "win" : "loss", EPISODE_STEPS);
}

static inline lp_status life_commit(life *l) {
    static life_checkpoint c;
    c.decisions = l->decisions, c.summaries = l->summaries, c.events = l->events;
    memset(c.padding, (int)(l->decisions % 251), sizeof c.padding);
    return lp_store_commit(l->store, &c, sizeof c, &err);
}

/* Goes on where the store's checkpoint is: replays the memory in RAM, as a checkpoint of it would. */
static inline void life_resume(life *l, lp_store *store) {
    const void *data;
    size_t size;
    *l = (life){.store = store};
    expect_ok(lp_mem_open(&l->mem, &life_config, &err));
    expect_ok(lp_store_checkpoint(store, &data, &size, NULL, &err));
    if (data) {
        static life_checkpoint c;
        assert_int_equal(size, sizeof c);
        memcpy(&c, data, size);
        l->decisions = c.decisions, l->summaries = c.summaries, l->events = c.events;
        for (size_t i = 0; i < sizeof c.padding; i++) assert_int_equal(c.padding[i], c.decisions % 251);
    }
    for (int64_t t = l->decisions - l->decisions % EPISODE_STEPS; t < l->decisions; t++) {
        float vector[DIM];
        for (int d = 0; d < DIM; d++) vector[d] = life_element(t, d);
        lp_mem_append(l->mem, vector, life_salience(t));
    }
}

static inline void life_create(life *l) {
    lp_store *store;
    expect_ok(lp_store_create(&store, path, &err));
    life_resume(l, store);
}

static inline void life_open(life *l) {
    lp_store *store;
    expect_ok(lp_store_open(&store, path, &err));
    life_resume(l, store);
}

static inline void life_close(life *l) {
    lp_store_close(l->store);
    lp_mem_close(l->mem);
}

/* Rows and checkpoint belong together, and the file is whole. Returns the decisions in it. */
static inline int64_t expect_whole(void) {
    lp_store *store;
    life l;
    lp_store_counts counts;
    expect_ok(lp_store_open_reader(&store, path, &err));
    expect_ok(lp_store_check(store, &err));
    life_resume(&l, store);
    expect_ok(lp_store_count(store, &counts, &err));
    assert_int_equal(counts.items, l.decisions);
    assert_int_equal(counts.summaries, l.summaries);
    assert_int_equal(counts.events, l.events);
    assert_int_equal(counts.episodes, (l.decisions + EPISODE_STEPS - 1) / EPISODE_STEPS);
    life_close(&l);
    return l.decisions;
}

/* Text that grows. */
typedef struct {
    char *text; /* owned */
    size_t used, room;
} growing;

__attribute__((format(printf, 2, 3))) static inline void add(growing *g, const char *format, ...) {
    va_list list;
    va_start(list, format);
    if (g->room - g->used < 4096) assert_non_null(g->text = realloc(g->text, g->room = 2 * g->room + 65536));
    int n = vsnprintf(g->text + g->used, g->room - g->used, format, list);
    va_end(list);
    assert_in_range(n, 0, 4095);
    g->used += (size_t)n;
}

/* Every row of every table and view, as text that the caller frees; SQLite opened as anybody would. */
static inline char *everything(void) {
    growing g = {0};
    sqlite3 *db;
    sqlite3_stmt *tables, *rows;
    char sql[200];
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE 'words%' AND name <> 'found'"
                           " ORDER BY name",
                           -1, &tables, NULL),
        SQLITE_OK);
    while (sqlite3_step(tables) == SQLITE_ROW) {
        snprintf(sql, sizeof sql, "SELECT * FROM %s", (const char *)sqlite3_column_text(tables, 0));
        assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &rows, NULL), SQLITE_OK);
        while (sqlite3_step(rows) == SQLITE_ROW) {
            for (int c = 0; c < sqlite3_column_count(rows); c++) {
                const unsigned char *blob = sqlite3_column_blob(rows, c);
                bool is_blob = sqlite3_column_type(rows, c) == SQLITE_BLOB;
                if (!is_blob) add(&g, "|%s", blob ? (const char *)sqlite3_column_text(rows, c) : "-");
                for (int i = 0; is_blob && i < sqlite3_column_bytes(rows, c) && i < 100; i++) add(&g, "%02x", blob[i]);
            }
            add(&g, "\n");
        }
        assert_int_equal(sqlite3_finalize(rows), SQLITE_OK);
    }
    assert_int_equal(sqlite3_finalize(tables), SQLITE_OK);
    sqlite3_close(db);
    return g.text;
}

/* Removes the database and what SQLite keeps beside it. */
static inline void remove_run(void) { files_in_folder(true); }

static inline void choose_seed(void) { seed = test_seed(); }

#endif
