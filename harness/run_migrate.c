/* A run that another version of the emulation core recorded, taken over by this one.
 *
 * Machine states and machine hashes belong to a version of the core, keys do not. So the movie is played again: by a run of its own, in
 * the folder "replayed" inside, whose player presses the movie's keys. Nothing of the old run is touched before that run has come to the
 * same checkpoint with the same timeline. Then its movie replaces the old one, its machine the checkpoint's, and last config.ini names the new
 * core: as long as it names the old one, all of this can be done again, also from the new movie, whose keys are the same. */
#include "harness/run_parts.h"

#include "base/file.h"
#include "base/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAY_EVERY = 1 << 14 };

typedef struct {
    const char *folder;
    const lp_game *game;
    const lp_run_config *config;          /* as recorded */
    char path[PATH_MAX], again[PATH_MAX]; /* of the old movie; the folder of the run that plays it */
    lp_store *store;                      /* the old run's, locked */
    unsigned char *seat;                  /* its checkpoint's */
    lp_run_head head;
    lp_run *run; /* the one that plays it again */
    int64_t n_hashes, n_agree;
} migration;

static lp_status differs(const migration *m, int64_t decision, const char *how, lp_err *err) {
    return lp_fail(err, LP_FAILED,
                   "%s: recorded on %s; played again on %s it goes another way at decision %lld (%s): it cannot be resumed here", m->folder,
                   m->config->core, lp_emu_core_version(), (long long)decision, how);
}

/* ---- the old run ---- */

static lp_status read_old(migration *m, lp_err *err) {
    char path[PATH_MAX];
    const unsigned char *seat;
    lp_run_config now = *m->config;
    snprintf(now.core, sizeof now.core, "%s", lp_emu_core_version());
    lp_status status = lp_store_open(&m->store, lp_path_join(path, sizeof path, m->folder, "run.db"), err);
    if (!status) status = lp_run_head_read(&m->head, &seat, m->store, path, err);
    if (status) return status;
    m->seat = malloc(m->head.seat_bytes + 1);
    if (!m->seat) return lp_fail(err, LP_FAILED, "%s: out of memory for its checkpoint", path);
    memcpy(m->seat, seat, m->head.seat_bytes);
    if (m->head.identity != lp_run_identity(m->config, m->game) && m->head.identity != lp_run_identity(&now, m->game))
        return lp_fail(err, LP_BAD_INPUT, "%s: config.ini or the game's setup is not what the run was recorded with", path);
    return LP_OK;
}

/* ---- playing it again ---- */

static int action_of(const lp_game *game, uint16_t keys) {
    int a = lp_game_n_actions(game) - 1;
    while (a >= 0 && lp_game_action_keys(game, a) != keys) a--;
    return a;
}

static lp_status decide(migration *m, const lp_movie_op *op, lp_err *err) {
    int64_t n = m->run->head.decisions;
    int action = action_of(m->game, op->keys);
    if ((int64_t)op->episode != m->run->head.episodes + 1) return differs(m, n, "an episode ends elsewhere", err);
    if (action < 0) return differs(m, n, "its keys are no action of the game", err);
    lp_status status = lp_run_think(m->run, err);
    if (status) return status;
    lp_run_choose(m->run, action);
    if (n % SAY_EVERY == 0)
        lp_progress("%s: playing it again on %s: decision %lld of %lld", m->folder, lp_emu_core_version(), (long long)n,
                    (long long)m->head.decisions);
    return lp_run_take(m->run, err);
}

static lp_status play_movie(migration *m, lp_movie *movie, lp_err *err) {
    lp_status status = LP_OK;
    while (!status && m->run->head.decisions < m->head.decisions) {
        lp_movie_op op;
        bool end = false;
        status = lp_movie_next(movie, &op, &end, err);
        if (!status && end)
            status = lp_fail(err, LP_BAD_INPUT, "%s: ends at decision %lld, the run's last checkpoint has %lld", m->path,
                             (long long)m->run->head.decisions, (long long)m->head.decisions);
        else if (!status && op.kind == LP_MOVIE_DECISION) status = decide(m, &op, err);
    }
    lp_progress_end();
    return status ? status : lp_run_save(m->run, err);
}

static lp_status play_again(migration *m, lp_err *err) {
    char words[PATH_MAX];
    lp_run_config c = *m->config;
    lp_movie *movie = NULL;
    memset(c.policy, 0, sizeof c.policy);
    snprintf(c.policy, sizeof c.policy, "human"); /* one whose keys come from without */
    lp_mem_choose(&c.memory, &(lp_mem_config){.arch = &lp_mem_none});
    c.episodes = c.decisions = 0;
    lp_status status = lp_movie_open(&movie, m->path, err);
    if (!status && lp_movie_info(movie)->frame_skip != (uint32_t)lp_game_frame_skip(m->game))
        status = lp_fail(err, LP_BAD_INPUT, "%s: has %u frames a decision, the game %d", m->path, lp_movie_info(movie)->frame_skip,
                         lp_game_frame_skip(m->game));
    if (!status) status = lp_run_make(m->again, m->game, NULL, &c, err);
    if (!status && lp_file_exists(lp_path_join(words, sizeof words, m->folder, "viewers.txt")))
        status = lp_run_copy_file(m->folder, m->again, "viewers.txt", -1, err);
    if (!status) status = lp_run_open(&m->run, m->again, m->game, NULL, &c, err);
    if (!status) status = play_movie(m, movie, err);
    if (movie) lp_movie_read_close(movie);
    return status;
}

/* ---- comparing ---- */

/* The next operation that went into the machine, or the end. Hashes on the way go into *hash. */
static lp_status next_input(lp_movie *movie, lp_movie_op *op, bool *end, uint64_t *hash, lp_err *err) {
    for (;;) {
        lp_status status = lp_movie_next(movie, op, end, err);
        if (status || *end) return status;
        if (op->kind == LP_MOVIE_HASH) *hash = op->hash;
        else if (op->kind != LP_MOVIE_STATE) return LP_OK;
    }
}

static bool same_input(const lp_movie_op *a, const lp_movie_op *b) {
    return a->kind == b->kind && a->decision == b->decision && a->address == b->address && a->value == b->value && a->keys == b->keys &&
           a->n_frames == b->n_frames;
}

static lp_status compare_inputs(migration *m, lp_movie *old, lp_movie *new, lp_err *err) {
    for (;;) {
        lp_movie_op a, b;
        bool end_a = false, end_b = false;
        uint64_t hash_a = 0, hash_b = 0;
        lp_status status = next_input(new, &b, &end_b, &hash_b, err);
        if (!status) status = next_input(old, &a, &end_a, &hash_a, end_b ? NULL : err); /* what a kill left beyond may be cut */
        m->n_hashes += hash_b != 0, m->n_agree += hash_b != 0 && hash_a == hash_b;
        if (end_b) return LP_OK;
        if (status) return status;
        if (end_a || !same_input(&a, &b)) return differs(m, (int64_t)b.decision, "the game is set up otherwise", err);
    }
}

static lp_status compare(migration *m, lp_err *err) {
    char path[PATH_MAX];
    const lp_run_head *a = &m->head, *b = &m->run->head;
    int64_t decision;
    lp_movie *old = NULL, *new = NULL;
    lp_status status = lp_store_first_difference(m->store, lp_path_join(path, sizeof path, m->again, "run.db"), &decision, err);
    if (!status && decision >= 0) return differs(m, decision, "an event or an episode's end", err);
    if (!status && (a->episodes != b->episodes || a->wins != b->wins || a->losses != b->losses || a->timeouts != b->timeouts ||
                    a->first_decision != b->first_decision || a->frames != b->frames || a->frames_now != b->frames_now ||
                    a->playing != b->playing || strcmp(a->text, b->text)))
        return differs(m, a->decisions, "the checkpoint's counts", err);
    if (!status) status = lp_movie_open(&old, m->path, err);
    if (!status) status = lp_movie_open(&new, lp_path_join(path, sizeof path, m->again, "movie.lpm"), err);
    if (!status) status = compare_inputs(m, old, new, err);
    if (old) lp_movie_read_close(old);
    if (new) lp_movie_read_close(new);
    return status;
}

/* ---- taking over ---- */

/* The checkpoint: the new run's head, the old seat with the new machine. *out is malloc'd. */
static lp_status make_checkpoint(migration *m, const lp_run_config *now, unsigned char **out, size_t *size, lp_err *err) {
    lp_run_head head = m->run->head;
    void *seat = NULL;
    size_t seat_bytes = 0;
    lp_err inner;
    lp_status status = LP_OK;
    if (m->head.seat_bytes) status = lp_seat_graft(&seat, &seat_bytes, m->seat, m->head.seat_bytes, lp_run_seat(m->run)->env, &inner);
    if (status == LP_FAILED && !seat) return differs(m, head.decisions, inner.message, err);
    if (status) return lp_fail(err, status, "%s: %s", m->folder, inner.message);
    head.seat_bytes = seat_bytes;
    head.identity = lp_run_identity(now, m->game);
    *size = sizeof head + seat_bytes;
    *out = malloc(*size);
    if (!*out) status = lp_fail(err, LP_FAILED, "%s: out of memory for a checkpoint of %zu bytes", m->folder, *size);
    if (*out && seat_bytes) memcpy(*out + sizeof head, seat, seat_bytes);
    if (*out) lp_run_head_pack(&head, *out);
    free(seat);
    return status;
}

/* The order is what makes a kill harmless: see the top. */
static lp_status adopt(migration *m, lp_run_config *config, lp_err *err) {
    char path[PATH_MAX];
    unsigned char *blob = NULL;
    size_t size = 0;
    lp_run_config now = *config;
    memset(now.core, 0, sizeof now.core);
    snprintf(now.core, sizeof now.core, "%s", lp_emu_core_version());
    lp_status status = make_checkpoint(m, &now, &blob, &size, err);
    lp_run_close(m->run);
    m->run = NULL;
    if (!status && rename(lp_path_join(path, sizeof path, m->again, "movie.lpm"), m->path))
        status = lp_fail(err, LP_FAILED, "%s: cannot replace: %s", m->path, strerror(errno));
    if (!status) {
        lp_store_meta(m->store, "core", now.core);
        status = lp_store_commit(m->store, blob, size, err);
    }
    if (!status) status = lp_run_config_write(&now, m->folder, err);
    if (!status) {
        lp_warn(
            "%s: recorded on %s, this is %s: its %lld decisions were played again and came out the same (%lld of %lld machine hashes too)",
            m->folder, config->core, now.core, (long long)m->head.decisions, (long long)m->n_agree, (long long)m->n_hashes);
        *config = now;
    }
    free(blob);
    return status;
}

lp_status lp_run_migrate(const char *folder, const lp_game *game, const lp_policy *policy, lp_run_config *config, lp_err *err) {
    if (!strcmp(config->core, lp_emu_core_version())) return LP_OK;
    migration m = {.folder = folder, .game = game, .config = config};
    lp_run_folder again = {0};
    lp_path_join(m.path, sizeof m.path, folder, "movie.lpm");
    lp_path_join(m.again, sizeof m.again, folder, "replayed");
    memcpy(again.temporary, m.again, sizeof m.again);
    int lock_fd = -1;
    lp_status status = lp_run_check_player(config, game, policy, err);
    if (!status) status = lp_run_lock(&lock_fd, folder, err);
    if (!status) status = read_old(&m, err);
    if (!status) {
        lp_run_folder_drop(&again); /* of one that was killed */
        status = play_again(&m, err);
        if (!status) status = compare(&m, err);
        if (!status) status = adopt(&m, config, err);
        lp_run_close(m.run);
        lp_run_folder_drop(&again);
    }
    lp_store_close(m.store);
    if (lock_fd >= 0) close(lock_fd);
    free(m.seat);
    return status;
}
