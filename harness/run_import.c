#include "harness/run_import.h"

#include "env/game_impl.h"
#include "harness/run_parts.h"

#include "base/file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYNC_EVERY = 1 << 16 }; /* decisions: so soon is a full disk noticed */

struct lp_import {
    const lp_game *game; /* borrowed */
    lp_run_config config;
    lp_run_folder folder;
    bool has_folder, ended; /* ended: the episode was won or lost; what follows is played all the same */
    lp_emu *emu;
    lp_movie_writer *movie;
    lp_store *store;
    unsigned char *state; /* [emulator state] */
    uint32_t frame_skip;
    lp_run_head head;
    int64_t last_hash, agreed; /* the decision of the last hash recorded; of the last one that agreed */
    int64_t now[LP_MAX_VARIABLES], before[LP_MAX_VARIABLES];
};

/* ---- what the game makes of it ---- */

static void end_episode(lp_import *m, lp_outcome outcome) {
    lp_run_head_end(&m->head, outcome, m->store);
    m->ended = true;
}

/* The same rules as lp_env_step's, without a time limit: the movie ends when it ends. first: nothing was done before. */
static void judge(lp_import *m, bool first) {
    const lp_game *g = m->game;
    size_t bytes = (size_t)g->n_variables * sizeof *m->now;
    if (m->ended) return;
    if (!first) memcpy(m->before, m->now, bytes);
    for (int i = 0; i < g->n_variables; i++) m->now[i] = lp_variable_read(&g->variables[i], m->emu);
    if (first) memcpy(m->before, m->now, bytes);
    lp_outcome outcome = lp_game_judge(g, m->now, m->before, NULL);
    if (outcome != LP_RUNNING) end_episode(m, outcome);
}

/* ---- operations ---- */

static lp_status reset(lp_import *m, lp_err *err) {
    lp_run_head *h = &m->head;
    if (h->playing && !m->ended) end_episode(m, LP_TIMEOUT);
    if (h->playing) h->frames += lp_emu_frames(m->emu);
    lp_status status = lp_emu_reset(m->emu, err);
    if (status) return status;
    lp_movie_reset(m->movie);
    lp_run_head_begin(h, (uint64_t)m->config.seed, m->store);
    m->ended = false;
    return LP_OK;
}

static void record_hash(lp_import *m, uint64_t hash) {
    if (m->last_hash == m->head.decisions) return;
    lp_movie_hash(m->movie, hash);
    m->last_hash = m->head.decisions;
}

static lp_status compare(lp_import *m, uint64_t recorded, lp_err *err) {
    uint64_t now = lp_emu_hash(m->emu);
    if (now != recorded)
        return lp_fail(err, LP_FAILED,
                       "the machine differs at decision %" PRId64 ": the movie has the hash %016" PRIx64 ", played here it is %016" PRIx64
                       "; all agreed up to decision %" PRId64,
                       m->head.decisions, recorded, now, m->agreed);
    m->agreed = m->head.decisions;
    record_hash(m, now);
    return LP_OK;
}

static lp_status decide(lp_import *m, uint16_t keys, lp_err *err) {
    lp_run_head *h = &m->head;
    if (h->decisions == h->first_decision) judge(m, true);
    lp_emu_step(m->emu, keys, (int)m->frame_skip);
    lp_movie_decision(m->movie, keys);
    h->decisions++;
    judge(m, false);
    if (h->decisions % m->config.hash_every == 0) record_hash(m, lp_emu_hash(m->emu));
    lp_run_record_state(m->movie, &m->config, h->decisions, m->emu, m->state);
    return h->decisions % SYNC_EVERY ? LP_OK : lp_movie_sync(m->movie, &h->movie_offset, err);
}

lp_status lp_import_op(lp_import *m, const lp_movie_op *op, lp_err *err) {
    if (op->kind == LP_MOVIE_RESET) return reset(m, err);
    if (!m->head.playing) return lp_fail(err, LP_BAD_INPUT, "the movie does not begin with a power-on");
    switch (op->kind) {
    case LP_MOVIE_POKE:
        lp_emu_write8(m->emu, op->address, op->value);
        lp_movie_poke(m->movie, op->address, op->value);
        return LP_OK;
    case LP_MOVIE_KEYS:
        lp_emu_step(m->emu, op->keys, (int)op->n_frames);
        lp_movie_keys(m->movie, op->keys, op->n_frames);
        return LP_OK;
    case LP_MOVIE_DECISION: return decide(m, op->keys, err);
    case LP_MOVIE_HASH: return compare(m, op->hash, err);
    default: return LP_OK;
    }
}

lp_run_totals lp_import_counts(lp_import *m) {
    const lp_run_head *h = &m->head;
    return (lp_run_totals){h->episodes,        h->wins,      h->losses,
                           h->timeouts,        h->decisions, h->frames + (h->playing ? lp_emu_frames(m->emu) : 0),
                           lp_emu_hash(m->emu)};
}

bool lp_import_can_win(const lp_import *m) { return lp_game_can_win(m->game); }

/* ---- opening, keeping and closing ---- */

static lp_status open_parts(lp_import *m, lp_err *err) {
    char path[PATH_MAX];
    lp_status status = lp_game_open_emu(&m->emu, m->game, &(lp_emu_config){.no_draw = true}, err);
    if (status) return status;
    m->state = malloc(lp_emu_state_size(m->emu));
    if (!m->state) return lp_fail(err, LP_FAILED, "out of memory for machine states");
    lp_movie_header header = lp_run_movie_header(&m->config, m->game, lp_emu_state_size(m->emu));
    header.frame_skip = m->frame_skip;
    lp_movie_config states = {.state_spacing = (uint32_t)m->config.state_every};
    status = lp_run_config_write(&m->config, m->folder.temporary, err);
    if (!status)
        status = lp_movie_create(&m->movie, lp_path_join(path, sizeof path, m->folder.temporary, "movie.lpm"), &header, &states, err);
    if (!status) status = lp_store_create(&m->store, lp_path_join(path, sizeof path, m->folder.temporary, "run.db"), err);
    if (!status) lp_run_store_meta(m->store, &m->config, m->game);
    return status;
}

lp_status lp_import_open(lp_import **out, const char *folder, const lp_game *game, lp_run_config *config, uint32_t frame_skip,
                         lp_err *err) {
    *out = NULL;
    lp_import *m = calloc(1, sizeof *m);
    if (!m) return lp_fail(err, LP_FAILED, "out of memory");
    m->game = game;
    m->frame_skip = frame_skip;
    m->last_hash = -1;
    snprintf(config->policy, sizeof config->policy, "%s", LP_RUN_IMPORTED);
    lp_mem_choose(&config->memory, &(lp_mem_config){.arch = &lp_mem_none});
    lp_run_identify(config, game, NULL);
    strcpy(config->noop, "0:0"); /* the movie has its own */
    m->config = *config;
    lp_status status = lp_run_folder_begin(&m->folder, folder, err);
    m->has_folder = !status;
    if (!status) status = open_parts(m, err);
    if (status) lp_import_close(m);
    else *out = m;
    return status;
}

lp_status lp_import_keep(lp_import *m, lp_err *err) {
    unsigned char blob[sizeof m->head];
    lp_run_totals t = lp_import_counts(m);
    record_hash(m, t.state_hash);
    m->head.state_hash = t.state_hash;
    m->head.identity = lp_run_identity(&m->config, m->game);
    m->head.frames_now = t.frames - m->head.frames;
    m->head.playing = m->head.playing && !m->ended;
    m->config.decisions = m->head.decisions; /* it is all there is: the run is finished */
    lp_status status = lp_run_config_write(&m->config, m->folder.temporary, err);
    if (!status) status = lp_movie_sync(m->movie, &m->head.movie_offset, err);
    if (!status) {
        lp_run_head_pack(&m->head, blob);
        status = lp_store_commit(m->store, blob, sizeof blob, err);
    }
    lp_movie_close(m->movie);
    lp_store_close(m->store);
    m->movie = NULL;
    m->store = NULL;
    if (!status) status = lp_run_folder_keep(&m->folder, err);
    if (!status) m->has_folder = false;
    return status;
}

void lp_import_close(lp_import *m) {
    if (!m) return;
    lp_movie_close(m->movie);
    lp_store_close(m->store);
    if (m->has_folder) lp_run_folder_drop(&m->folder);
    lp_emu_close(m->emu);
    free(m->state);
    free(m);
}
