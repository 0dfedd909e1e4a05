#include "cli/bench.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/rng.h"
#include "emulator/emulator.h"
#include "saves/movie.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DECISIONS = 8192, HASH_EVERY = 64, STATE_EVERY = 256, SYNC_EVERY = 256, ROUNDS_MAX = 200 };

/* A course of play, emulated once, written and read again and again. */
typedef struct {
    uint16_t keys[DECISIONS];
    uint64_t hashes[DECISIONS / HASH_EVERY];
    unsigned char *states; /* [DECISIONS / STATE_EVERY][state_bytes]; owned */
    size_t state_bytes;
    lp_movie_header header;
    char folder[PATH_MAX], path[PATH_MAX];
} course;

typedef struct {
    double append_ns[ROUNDS_MAX], state_us[ROUNDS_MAX], sync_ms[ROUNDS_MAX], read_ns[ROUNDS_MAX], seek_ms[ROUNDS_MAX], resume_ms[ROUNDS_MAX];
    int n;
    double movie_bytes, bare_bytes;
} times;

/* Episodes of the game, one after the other, with random actions held for a while. */
static lp_status play(course *c, const lp_game *game, lp_err *err) {
    lp_env *env = NULL;
    lp_rng rng = lp_rng_make(1, 1);
    size_t size;
    int action = 0;
    int64_t episodes = 0;
    lp_outcome outcome = LP_RUNNING;
    const void *rom = lp_game_rom(game, &size);
    lp_status status = lp_env_open(&env, game, &(lp_emu_config){.no_draw = true}, err);
    if (status) return status;
    lp_emu *emu = lp_env_emu(env);
    c->state_bytes = lp_emu_state_size(emu);
    c->header = (lp_movie_header){.rom_hash = lp_hash64(rom, size), .frame_skip = (uint32_t)lp_game_frame_skip(game),
                                  .state_size_bytes = (uint32_t)c->state_bytes};
    snprintf(c->header.core_version, sizeof c->header.core_version, "%s", lp_emu_core_version());
    snprintf(c->header.game, sizeof c->header.game, "%s", lp_game_name(game));
    c->states = malloc(DECISIONS / STATE_EVERY * c->state_bytes);
    if (!c->states) status = lp_fail(err, LP_FAILED, "out of memory for machine states");
    for (int i = 0; i < DECISIONS && !status; i++) {
        if (i == 0 || outcome) status = lp_env_reset(env, lp_game_eval_seed(1, (uint64_t)episodes++), NULL, 0, err);
        if (i % 8 == 0) action = (int)lp_rng_below(&rng, (uint32_t)lp_game_n_actions(game));
        c->keys[i] = lp_game_action_keys(game, action);
        outcome = lp_env_step(env, action);
        if (i % HASH_EVERY == HASH_EVERY - 1) c->hashes[i / HASH_EVERY] = lp_emu_hash(emu);
        if (i % STATE_EVERY == STATE_EVERY - 1) lp_emu_state_save(emu, c->states + (size_t)(i / STATE_EVERY) * c->state_bytes);
    }
    lp_env_close(env);
    return status;
}

/* Writes the course; with states it also syncs as a run does. */
static lp_status write_movie(const course *c, bool whole, times *t, lp_err *err) {
    lp_movie_writer *w = NULL;
    uint64_t offset;
    double state_s = 0, sync_s = 0, start_s = lp_now_s();
    int states = 0, syncs = 0;
    unlink(c->path);
    lp_status status = lp_movie_create(&w, c->path, &c->header, NULL, err);
    if (status) return status;
    lp_movie_reset(w);
    for (int i = 0; i < DECISIONS && !status; i++) {
        lp_movie_decision(w, c->keys[i]);
        if (i % HASH_EVERY == HASH_EVERY - 1) lp_movie_hash(w, c->hashes[i / HASH_EVERY]);
        double at_s = whole && i % STATE_EVERY == STATE_EVERY - 1 ? lp_now_s() : 0;
        if (at_s > 0) {
            lp_movie_state(w, c->states + (size_t)(i / STATE_EVERY) * c->state_bytes, c->state_bytes);
            state_s += lp_now_s() - at_s, states++;
        }
        if (!whole || i % SYNC_EVERY != SYNC_EVERY - 1) continue;
        at_s = lp_now_s();
        status = lp_movie_sync(w, &offset, err);
        sync_s += lp_now_s() - at_s, syncs++;
    }
    if (!whole) t->append_ns[t->n] = 1e9 * (lp_now_s() - start_s) / DECISIONS;
    else t->state_us[t->n] = 1e6 * state_s / states, t->sync_ms[t->n] = 1e3 * sync_s / syncs;
    if (!status) status = lp_movie_sync(w, &offset, err);
    lp_movie_close(w);
    *(whole ? &t->movie_bytes : &t->bare_bytes) = (double)offset;
    return status;
}

static lp_status read_movie(const course *c, times *t, lp_rng *rng, lp_err *err) {
    lp_movie *m = NULL;
    lp_movie_writer *w = NULL;
    lp_movie_op op;
    bool end = false;
    double start_s = lp_now_s();
    lp_status status = lp_movie_open(&m, c->path, err);
    while (!status && !end) status = lp_movie_next(m, &op, &end, err);
    t->read_ns[t->n] = 1e9 * (lp_now_s() - start_s) / DECISIONS;
    start_s = lp_now_s();
    for (int i = 0; i < 8 && !status; i++) {
        status = lp_movie_seek(m, lp_rng_below(rng, DECISIONS), err);
        if (!status) status = lp_movie_next(m, &op, &end, err);
    }
    t->seek_ms[t->n] = 1e3 * (lp_now_s() - start_s) / 8;
    if (m) lp_movie_read_close(m);
    start_s = lp_now_s();
    if (!status) status = lp_movie_resume(&w, c->path, &c->header, (uint64_t)t->movie_bytes, NULL, err);
    t->resume_ms[t->n] = 1e3 * (lp_now_s() - start_s);
    lp_movie_close(w);
    return status;
}

static lp_status make_folder(course *c, lp_err *err) {
    const char *base = getenv("TMPDIR") ? getenv("TMPDIR") : P_tmpdir;
    if (strlen(base) + 64 > sizeof c->folder) return lp_fail(err, LP_BAD_INPUT, "TMPDIR: path too long");
    snprintf(c->folder, sizeof c->folder, "%s/longplay-bench-XXXXXX", base);
    if (!mkdtemp(c->folder)) return lp_fail(err, LP_FAILED, "%s: cannot create folder: %s", c->folder, strerror(errno));
    snprintf(c->path, sizeof c->path, "%.*s/movie.lpm", PATH_MAX - 16, c->folder);
    return LP_OK;
}

lp_status lp_bench_saves(const lp_bench_arguments *a, cJSON *o, lp_err *err) {
    lp_game *game = NULL;
    course *c = calloc(1, sizeof *c);
    times *t = calloc(1, sizeof *t);
    lp_rng rng = lp_rng_make(2, 2);
    lp_status status = c && t ? lp_game_open(&game, a->n_positional > 1 ? a->positional[1] : "cue", err)
                              : lp_fail(err, LP_FAILED, "out of memory");
    if (!status) status = play(c, game, err);
    if (!status) status = make_folder(c, err);
    double start_s = lp_now_s();
    while (!status && t->n < ROUNDS_MAX && (t->n < 3 || lp_now_s() - start_s < a->seconds)) {
        status = write_movie(c, false, t, err);
        if (!status) status = write_movie(c, true, t, err);
        if (!status) status = read_movie(c, t, &rng, err);
        t->n += status == LP_OK;
    }
    if (!status) {
        cJSON *row = cJSON_AddObjectToObject(o, "saves");
        double n_states = DECISIONS / STATE_EVERY;
        cJSON_AddStringToObject(row, "game", lp_game_name(game));
        cJSON_AddNumberToObject(row, "decisions", DECISIONS);
        cJSON_AddNumberToObject(row, "append_ns", lp_bench_median(t->append_ns, t->n));
        cJSON_AddNumberToObject(row, "state_us", lp_bench_median(t->state_us, t->n));
        cJSON_AddNumberToObject(row, "sync_ms", lp_bench_median(t->sync_ms, t->n));
        cJSON_AddNumberToObject(row, "read_ns", lp_bench_median(t->read_ns, t->n));
        cJSON_AddNumberToObject(row, "seek_ms", lp_bench_median(t->seek_ms, t->n));
        cJSON_AddNumberToObject(row, "resume_ms", lp_bench_median(t->resume_ms, t->n));
        cJSON_AddNumberToObject(row, "bytes_per_decision", t->bare_bytes / DECISIONS);
        cJSON_AddNumberToObject(row, "bytes_per_state", (t->movie_bytes - t->bare_bytes) / n_states);
        cJSON_AddNumberToObject(row, "state_ratio", (double)c->state_bytes * n_states / (t->movie_bytes - t->bare_bytes));
        if (!a->json) printf("the movie of %d decisions at random: medians of %d rounds; ns are per decision\n", DECISIONS, t->n);
        if (!a->json) lp_bench_print(row);
    }
    if (c && *c->folder) unlink(c->path), rmdir(c->folder);
    if (c) free(c->states);
    free(c);
    free(t);
    lp_game_close(game);
    return status;
}
