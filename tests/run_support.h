/* What the tests of recorded runs share: playing a run in this process or a child, and comparing two runs whole. */
#ifndef LP_TESTS_RUN_SUPPORT_H
#define LP_TESTS_RUN_SUPPORT_H

#include "tests/cli_support.h"

#include "harness/run.h"
#include "memory/store.h"
#include "saves/movie.h"

#include <sqlite3.h>

/* ---- the contents of a run ---- */

typedef struct {
    char *text; /* owned */
    size_t used, room;
} growing;

__attribute__((format(printf, 2, 3))) static inline void add(growing *g, const char *format, ...) {
    va_list list;
    if (g->room - g->used < 65536) {
        g->room = 2 * g->room + 131072;
        g->text = realloc(g->text, g->room);
        assert_non_null(g->text);
    }
    va_start(list, format);
    g->used += (size_t)vsnprintf(g->text + g->used, g->room - g->used, format, list);
    va_end(list);
}

/* One table, row by row, in the order of its rows; names of columns that hold the wall clock are left out. */
static inline void add_table(growing *g, sqlite3 *db, const char *table) {
    char query[256];
    sqlite3_stmt *s;
    bool meta = !strcmp(table, "meta"); /* some of its rows are clocks */
    snprintf(query, sizeof query, "SELECT * FROM \"%s\" %s", table,
             meta ? "WHERE key NOT IN ('started', 'played_s', 'saved', 'sitting')" : "");
    if (sqlite3_prepare_v2(db, query, -1, &s, NULL)) fail_msg("%s: %s", table, sqlite3_errmsg(db));
    while (sqlite3_step(s) == SQLITE_ROW) {
        add(g, "%s:", table);
        for (int c = 0; c < sqlite3_column_count(s); c++) {
            if (strstr(sqlite3_column_name(s, c), "time")) continue;
            const unsigned char *blob = sqlite3_column_blob(s, c);
            if (sqlite3_column_type(s, c) != SQLITE_BLOB) add(g, " %s", blob ? (const char *)sqlite3_column_text(s, c) : "-");
            for (int i = 0; sqlite3_column_type(s, c) == SQLITE_BLOB && i < sqlite3_column_bytes(s, c); i++) add(g, "%02x", blob[i]);
        }
        add(g, "\n");
    }
    assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
}

/* All rows of all tables of ours but the checkpoint (it holds the movie's offset, which depends on when it was synced) and the full-text
 * index's own (they depend on the sizes of the transactions; what it finds is compared instead). */
static inline char *database_text(const char *folder) {
    char path[PATH_MAX];
    growing g = {0};
    sqlite3 *db;
    sqlite3_stmt *s;
    lp_path_join(path, sizeof path, folder, "run.db");
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "PRAGMA integrity_check", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    assert_string_equal((const char *)sqlite3_column_text(s, 0), "ok");
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND "
                                        "name <> 'checkpoint' AND name NOT LIKE '%words%' ORDER BY name",
                                        -1, &s, NULL),
                     SQLITE_OK);
    int n = 0;
    for (; sqlite3_step(s) == SQLITE_ROW; n++) add_table(&g, db, (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    sqlite3_close(db);
    assert_true(n >= 5); /* episodes, items, summaries, summary_items, events, ... */
    return g.text;
}

/* Every operation of the movie. */
static inline char *movie_text(const char *folder) {
    char path[PATH_MAX];
    growing g = {0};
    lp_movie *m;
    lp_err err;
    bool end = false;
    if (lp_movie_open(&m, lp_path_join(path, sizeof path, folder, "movie.lpm"), &err)) fail_msg("%s", err.message);
    while (!end) {
        lp_movie_op op;
        if (lp_movie_next(m, &op, &end, &err)) fail_msg("%s", err.message);
        if (end) break;
        add(&g, "%d decision %llu episode %llu", op.kind, (unsigned long long)op.decision, (unsigned long long)op.episode);
        if (op.kind == LP_MOVIE_POKE) add(&g, " %u=%u", op.address, op.value);
        if (op.kind == LP_MOVIE_KEYS || op.kind == LP_MOVIE_DECISION) add(&g, " keys %u", op.keys);
        if (op.kind == LP_MOVIE_HASH) add(&g, " %llx", (unsigned long long)op.hash);
        add(&g, "\n");
    }
    lp_movie_read_close(m);
    return g.text;
}

static inline void expect_same_text(char *a, char *b, const char *what) {
    if (strcmp(a, b)) {
        size_t i = 0;
        while (a[i] == b[i]) i++;
        while (i && a[i - 1] != '\n') i--;
        fail_msg("%s differs at byte %zu: '%.300s' became '%.300s'", what, i, a + i, b + i);
    }
    free(a);
    free(b);
}

/* The two runs ended alike, lived through the same, and remember the same. */
static inline void expect_same_run(const char *a, const char *b) {
    lp_run_totals x, y;
    bool playing_x, playing_y;
    lp_err err;
    if (lp_run_peek(a, &x, &playing_x, &err) || lp_run_peek(b, &y, &playing_y, &err)) fail_msg("%s", err.message);
    if (memcmp(&x, &y, sizeof x) || playing_x != playing_y)
        fail_msg("totals differ: %lld decisions, %lld wins, state %llx became %lld, %lld, %llx", (long long)x.decisions, (long long)x.wins,
                 (unsigned long long)x.state_hash, (long long)y.decisions, (long long)y.wins, (unsigned long long)y.state_hash);
    expect_same_text(database_text(a), database_text(b), "run.db");
    expect_same_text(movie_text(a), movie_text(b), "the movie");
}

/* ---- playing ---- */

typedef struct {
    lp_game *game;
    lp_policy *policy; /* NULL: random */
    lp_run_config config;
} player;

static inline void open_player(player *p, bool policy, int horizon, int episodes) {
    lp_err err;
    int64_t knobs[LP_MAX_KNOBS];
    if (lp_game_open(&p->game, "cue", &err)) fail_msg("%s", err.message);
    p->policy = policy ? random_policy(p->game, LP_CORE_NONE, 11) : NULL;
    lp_run_config_init(&p->config);
    snprintf(p->config.game, sizeof p->config.game, "cue");
    snprintf(p->config.policy, sizeof p->config.policy, "%s", policy ? "weights" : "random");
    lp_mem_choose(&p->config.memory, &(lp_mem_config){.arch = &lp_mem_tree, .setting = {8}});
    p->config.hash_every = 16;
    p->config.state_every = 64;
    p->config.episodes = episodes;
    lp_game_default_knobs(p->game, knobs);
    knobs[lp_game_find_knob(p->game, "horizon")] = horizon;
    lp_run_config_knobs(&p->config, p->game, knobs);
}

static inline void close_player(player *p) {
    lp_policy_close(p->policy);
    lp_game_close(p->game);
}

/* Makes the run or goes on with it, to its end, saving at random besides. */
static inline lp_status play_run(player *p, const char *folder, uint64_t save_seed, lp_err *err) {
    lp_run *run = NULL;
    lp_rng rng = lp_rng_make(save_seed, 1);
    lp_run_config config = p->config;
    lp_status status =
        lp_file_exists(folder) ? lp_run_config_read(&config, folder, err) : lp_run_make(folder, p->game, p->policy, &config, err);
    if (!status) status = lp_run_open(&run, folder, p->game, p->policy, &config, err);
    while (!status && !lp_run_done(run)) {
        status = lp_run_think(run, err);
        if (!status) status = lp_run_take(run, err);
        if (!status && save_seed && lp_rng_below(&rng, 40) == 0) status = lp_run_save(run, err);
    }
    if (!status) status = lp_run_save(run, err);
    lp_run_close(run);
    return status;
}

/* The bytes that a whole run writes into its folder: where faults can strike. */
static inline int64_t bytes_written(player *p, const char *folder) {
    lp_err err;
    int64_t many = (int64_t)1 << 40;
    lp_fault = (lp_fault_plan){.armed = true, .bytes_left = many, .error = ENOSPC};
    if (play_run(p, folder, 0, &err)) fail_msg("%s", err.message);
    lp_fault.armed = false;
    return many - lp_fault.bytes_left;
}

/* The same in a child process, whose exit code is the status. */
static inline pid_t start_player(player *p, const char *folder, uint64_t save_seed) {
    pid_t child = fork();
    if (child) return child;
    lp_err err;
    lp_status status = play_run(p, folder, save_seed, &err);
    if (status) fprintf(stderr, "child: %s\n", err.message);
    _exit((int)status);
}

#endif
