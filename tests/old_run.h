/* Makes a run one of another version of the emulation core: its name in config.ini, movie and store, machine states of another size or none. */
#ifndef LP_TESTS_OLD_RUN_H
#define LP_TESTS_OLD_RUN_H

#include "tests/run_support.h"

#include "harness/run_parts.h"

typedef struct {
    const char *core;
    size_t cut;               /* bytes that its machine states lack; SIZE_MAX: all */
    uint64_t key_of, poke_of; /* the decision and the poke, from 1, whose keys or value are others; 0: none */
    uint64_t hash_of;         /* the decision after which the hash is another; 0: none */
} old_run;

static inline void old_movie(const char *path, const old_run *how) {
    lp_err err;
    lp_movie *m;
    lp_movie_writer *w;
    uint64_t offset, pokes = 0, decisions = 0;
    bool end = false;
    char other[PATH_MAX];
    snprintf(other, sizeof other, "%s.old", path);
    if (lp_movie_open(&m, path, &err)) fail_msg("%s", err.message);
    lp_movie_header h = *lp_movie_info(m);
    snprintf(h.core_version, sizeof h.core_version, "%s", how->core);
    h.state_size_bytes = how->cut == SIZE_MAX ? 1 : h.state_size_bytes - (uint32_t)how->cut;
    if (lp_movie_create(&w, other, &h, &(lp_movie_config){.state_spacing = 64}, &err)) fail_msg("%s", err.message);
    while (!end) {
        lp_movie_op op;
        if (lp_movie_next(m, &op, &end, &err)) fail_msg("%s", err.message);
        if (end) break;
        switch (op.kind) {
        case LP_MOVIE_RESET: lp_movie_reset(w); break;
        case LP_MOVIE_POKE: lp_movie_poke(w, op.address, (uint8_t)(op.value ^ (++pokes == how->poke_of))); break;
        case LP_MOVIE_KEYS: lp_movie_keys(w, op.keys, op.n_frames); break;
        case LP_MOVIE_DECISION: lp_movie_decision(w, ++decisions == how->key_of ? 0x300 : op.keys); break;
        case LP_MOVIE_HASH: lp_movie_hash(w, op.hash ^ (how->hash_of && op.decision == how->hash_of)); break;
        case LP_MOVIE_STATE:
            if (how->cut != SIZE_MAX) lp_movie_state(w, op.state, h.state_size_bytes);
            break;
        }
    }
    if (lp_movie_sync(w, &offset, &err)) fail_msg("%s", err.message);
    lp_movie_close(w);
    lp_movie_read_close(m);
    assert_int_equal(rename(other, path), 0);
}

/* The head with the old identity, the environment's machine cut. config already has the old core. */
static inline void old_checkpoint(const char *path, const old_run *how, const lp_run_config *config, const lp_game *game) {
    static unsigned char blob[1 << 20];
    sqlite3 *db;
    sqlite3_stmt *s;
    lp_err err;
    lp_run_head head;
    const unsigned char *seat;
    uint64_t env_bytes, machine_bytes;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT data FROM checkpoint", -1, &s, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(s), SQLITE_ROW);
    size_t size = (size_t)sqlite3_column_bytes(s, 0);
    assert_true(size < sizeof blob);
    memcpy(blob, sqlite3_column_blob(s, 0), size);
    sqlite3_finalize(s);
    if (lp_run_head_unpack(&head, &seat, blob, size, &err)) fail_msg("%s", err.message);
    unsigned char *at = blob + sizeof head, *env = at + 32; /* docs/formats.md: a saved seat, and the environment in it */
    memcpy(&env_bytes, at + 24, 8);
    memcpy(&machine_bytes, env + 16, 8);
    size_t cut = how->cut == SIZE_MAX ? machine_bytes : how->cut;
    memmove(env + env_bytes - cut, env + env_bytes, head.seat_bytes - 32 - env_bytes);
    env_bytes -= cut, machine_bytes -= cut, head.seat_bytes -= cut;
    memcpy(at + 24, &env_bytes, 8);
    memcpy(env + 16, &machine_bytes, 8);
    head.movie_offset = 0;
    head.state_hash ^= 1;
    head.identity = lp_run_identity(config, game);
    lp_run_head_pack(&head, blob);
    assert_int_equal(sqlite3_prepare_v2(db, "UPDATE checkpoint SET data = ?1", -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_blob(s, 1, blob, (int)(size - cut), SQLITE_STATIC);
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
    assert_int_equal(sqlite3_prepare_v2(db, "UPDATE meta SET value = ?1 WHERE key = 'core'", -1, &s, NULL), SQLITE_OK);
    sqlite3_bind_text(s, 1, how->core, -1, SQLITE_STATIC);
    assert_int_equal(sqlite3_step(s), SQLITE_DONE);
    sqlite3_finalize(s);
    sqlite3_close(db);
}

/* config: the run's own, as changed by the caller; written with the old core's name. */
static inline void make_old(const char *folder, const old_run *how, lp_run_config *config, const lp_game *game) {
    char path[PATH_MAX];
    lp_err err;
    memset(config->core, 0, sizeof config->core);
    snprintf(config->core, sizeof config->core, "%s", how->core);
    old_movie(lp_path_join(path, sizeof path, folder, "movie.lpm"), how);
    old_checkpoint(lp_path_join(path, sizeof path, folder, "run.db"), how, config, game);
    if (lp_run_config_write(config, folder, &err)) fail_msg("%s", err.message);
}

#endif
