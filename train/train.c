/* The training run. A fraction of the environments play the game's twin with no memory: they teach the encoder what the cue looks
 * like and keep the policy able to act on what is in sight. */
#include "train/train_parts.h"

#include "base/file.h"
#include "base/floats.h"
#include "base/hash.h"
#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

lp_policy_config lp_train_shape(const lp_train_config *c, const lp_game *game) {
    lp_policy_config shape = {.n_actions = lp_game_n_actions(game),
                              .size = (int)c->size,
                              .dim = (int)c->dim,
                              .hidden = (int)c->hidden,
                              .heads = (int)c->heads,
                              .n_levels = (int)c->levels,
                              .n_ages = (int)c->ages,
                              .core = (int)c->core,
                              .join = (int)c->join,
                              .order = (int)c->order,
                              .salience = (int)c->salience,
                              .bias = (int)c->bias,
                              .softmax = (int)c->softmax};
    lp_game_observation(game, &shape.width, &shape.height);
    lp_policy_defaults(&shape);
    return shape;
}

lp_mem_config lp_train_memory(const lp_train_config *c, const lp_game *game) {
    return lp_mem_chosen(&c->memory, lp_train_shape(c, game).dim);
}

lp_status train_begin_episode(lp_train *t, player *p, lp_err *err) {
    p->demo = -1;
    p->deadline = 0;
    p->strays = 0;
    bonus_begin(p);
    if (p->guide || (t->demos && t->config.start == TRAIN_START_DEMO && !t->n_starts && !p->twin)) return guide_follow(t, p, err);
    const int next = p->n_begun % N_DRAWN;
    if (p->drawn[next].start) return guide_begin(t, p, lp_learner_segment(t->learner, (int)(p - t->players)), next, err);
    int64_t knobs[LP_MAX_KNOBS];
    lp_curriculum_draw(&t->curriculum, &p->rng, p->twin, knobs);
    if (p->twin) lp_game_twin_knobs(t->game, knobs);
    uint64_t index = p->n_episodes++ * (uint64_t)t->config.envs + (uint64_t)(p - t->players);
    return lp_seat_begin(&p->seat, lp_game_train_seed((uint64_t)t->config.seed, index), knobs, t->config.time_limit, err);
}

/* Does the count of a fraction of them step up at number i? */
static bool steps_up(int64_t i, double fraction) { return floor((double)(i + 1) * fraction) > floor((double)i * fraction); }

static lp_status open_players(lp_train *t, lp_err *err) {
    int64_t knobs[LP_MAX_KNOBS];
    lp_game_default_knobs(t->game, knobs);
    bool has_twin = lp_game_twin_knobs(t->game, knobs);
    int64_t others = 0, free_ones = 0, twins = 0;
    lp_status status = LP_OK;
    for (int64_t e = 0; e < t->config.envs && !status; e++) {
        player *p = &t->players[e];
        /* spread evenly: environment e is a twin where the running count of twins steps up */
        p->twin = has_twin && steps_up(e, t->config.twin);
        /* likewise, among the others */
        p->guide = t->demos && !p->twin && steps_up(others++, t->config.guides);
        p->taught = !p->guide && steps_up(p->twin ? twins++ : free_ones++, t->config.teach);
        p->rng = lp_rng_make((uint64_t)t->config.seed, 1000 + (uint64_t)e);
        lp_mem_config memory = t->memory;
        if (p->twin) lp_mem_use(&memory, &lp_mem_none);
        if (!(p->ended = calloc((size_t)t->config.steps, 1))) return lp_fail(err, LP_FAILED, "out of memory");
        status = lp_seat_open(&p->seat, t->game, &memory, t->policy, NULL, err);
        if (!status && t->max_again) status = past_open(&p->past, t, lp_mem_max_context(&memory), err);
        if (t->config.start == TRAIN_START_DEMO && t->max_again) {
            p->again_item = calloc((size_t)t->max_again * (size_t)t->memory.dim, sizeof(float));
            p->again_salience = calloc((size_t)t->max_again, sizeof(float));
            if (!p->again_item || !p->again_salience) status = lp_fail(err, LP_FAILED, "out of memory");
        }
        if (!status) status = bonus_open(p, t, err);
        if (!status) status = train_begin_episode(t, p, err);
    }
    return status;
}

/* Where starts are looked at: one for each that acts. */
static lp_status open_scratch(lp_train *t, lp_err *err) {
    if (t->config.start != TRAIN_START_DEMO) return LP_OK;
    lp_status status = LP_OK;
    if (!(t->scratch = calloc((size_t)t->n_actors, sizeof *t->scratch))) return lp_fail(err, LP_FAILED, "out of memory");
    for (int i = 0; i < t->n_actors && !status; i++) {
        status = lp_seat_open(&t->scratch[i].seat, t->game, &t->memory, t->policy, NULL, err);
        if (!status && t->max_again) status = past_open(&t->scratch[i].past, t, lp_mem_max_context(&t->memory), err);
    }
    return status;
}

/* On a CPU an actor a thread, each for a group; on a card one a half. */
static lp_status open_actors(lp_train *t, lp_err *err) {
    int E = (int)t->config.envs;
    bool card = lp_policy_device(t->policy) == LP_DEVICE_CUDA;
    t->n_halves = E > 1 ? 2 : 1;
    t->n_actors = card ? t->n_halves : lp_pool_threads(t->pool);
    if (!(t->actors = calloc((size_t)t->n_actors, sizeof *t->actors))) return lp_fail(err, LP_FAILED, "out of memory");
    lp_status status = LP_OK;
    for (int i = 0; i < t->n_actors && !status; i++)
        status = lp_actor_open(&t->actors[i], t->policy, card ? (E + t->n_halves - 1) / t->n_halves : TRAIN_GROUP, t->max_context, err);
    return status;
}

/* train.from */
static lp_status take_weights(lp_train *t, lp_err *err) {
    const char *path = t->config.from;
    char left[512];
    lp_policy *from;
    if (!*path) return LP_OK;
    lp_status status = lp_policy_read(&from, path, err);
    if (status) return lp_fail_prefix(err, status, "train.from");
    if (!lp_policy_take(t->policy, from, left, sizeof left))
        status = lp_fail(err, LP_BAD_INPUT, "train.from: %s: nothing of it fits: %s", path, left);
    else if (*left) lp_warn("train.from: %s: does not fit and begins anew: %s", path, left);
    lp_policy_close(from);
    return status;
}

enum { MAX_OLD = 1 << 24 };

lp_status lp_train_open(lp_train **out, const lp_game *game, const lp_train_config *config, lp_device device, int n_threads, lp_err *err) {
    *out = NULL;
    lp_status status = lp_game_has_win_rate(game, config->time_limit, err);
    if (status) return status;
    lp_train *t = calloc(1, sizeof *t);
    if (!t) return lp_fail(err, LP_FAILED, "out of memory");
    t->game = game;
    t->config = *config;
    t->overlaps = config->overlap && device == LP_DEVICE_CUDA;
    t->memory = lp_train_memory(config, game);
    int items = lp_mem_max_context(&t->memory);
    t->max_context = items > 0 ? items : 1;
    int64_t most = lp_mem_wants_query(t->memory.arch) ? t->max_context * config->steps : t->max_context; /* it may bring anything back */
    /* of the running episode, and of those that others begin from in a segment */
    if (config->start == TRAIN_START_DEMO) most *= lp_mem_wants_query(t->memory.arch) ? 2 : 1 + N_DRAWN;
    t->max_old = (int)most;
    const bool can_again = lp_mem_can_renew(t->memory.arch) && !lp_mem_wants_query(t->memory.arch);
    const int64_t again = config->reencode >= 0 ? config->reencode : can_again ? 32 : 0;
    t->max_each = again < items ? (int)again : items;
    t->max_again = t->max_each * (config->start == TRAIN_START_DEMO ? 1 + N_DRAWN : 1);
    lp_policy_config shape = lp_train_shape(config, game);
    t->pool = lp_pool_open(n_threads);
    status = t->pool ? lp_mem_complete(&t->memory, err) : lp_fail(err, LP_FAILED, "cannot start threads");
    if (!status && most > MAX_OLD)
        status = lp_fail(err, LP_BAD_INPUT, "memory %s: contexts of %d items in segments of %lld decisions are too many: at most %d items",
                         lp_mem_arch_name(t->memory.arch), t->max_context, (long long)config->steps, MAX_OLD);
    if (!status && t->max_again && !can_again)
        status = lp_fail(err, LP_BAD_INPUT, "memory %s: its items cannot be encoded again: train.reencode = 0",
                         lp_mem_arch_name(t->memory.arch));
    if (!status) status = lp_curriculum_open(&t->curriculum, game, &config->curriculum, err);
    if (!status) status = demos_open(&t->demos, t, err);
    if (!status) status = bonuses_open(&t->bonuses, t, err);
    if (!status) status = teach_open(t, err);
    if (!status && config->start == TRAIN_START_DEMO) lp_curriculum_begin_late(&t->curriculum, demos_longest(t->demos));
    int threads = t->pool ? lp_pool_threads(t->pool) : 0;
    if (!status) status = lp_policy_open(&t->policy, &shape, (uint64_t)config->seed, err);
    if (!status) status = take_weights(t, err);
    if (!status) status = lp_policy_move(t->policy, device, config->precision == 1, err);
    int width, height;
    /* frames that are kept to be encoded again go into checkpoints, which any device reads: they stay grey */
    if (!status && !t->max_again && lp_game_shades(game, &width, &height)) lp_policy_pack_frames(t->policy, width, height);
    if (!status)
        status = lp_learner_open(&t->learner, t->policy, &config->ppo, (int)config->envs, (int)config->steps, t->max_context, t->max_old,
                                 t->max_again, threads, err);
    t->players = calloc((size_t)config->envs, sizeof *t->players);
    t->decisions_now = calloc((size_t)config->envs, sizeof *t->decisions_now);
    t->starts = calloc((size_t)config->envs * MAX_STARTS, sizeof *t->starts);
    if (!status && (!t->players || !t->decisions_now || !t->starts)) status = lp_fail(err, LP_FAILED, "out of memory");
    if (!status) status = open_actors(t, err);
    if (!status) status = open_scratch(t, err);
    if (!status) status = open_players(t, err);
    if (status) lp_train_close(t);
    else *out = t;
    return status;
}

void lp_train_close(lp_train *t) {
    if (!t) return;
    for (int i = 0; t->scratch && i < t->n_actors; i++) {
        lp_seat_close(&t->scratch[i].seat);
        past_close(&t->scratch[i].past);
    }
    for (int i = 0; t->actors && i < t->n_actors; i++) lp_actor_close(t->actors[i]);
    for (int64_t e = 0; t->players && e < t->config.envs; e++) {
        lp_seat_close(&t->players[e].seat);
        free(t->players[e].ended);
        past_close(&t->players[e].past);
        guide_close(&t->players[e]);
        bonus_close(&t->players[e]);
    }
    lp_learner_close(t->learner);
    lp_policy_close(t->policy);
    lp_pool_close(t->pool);
    free(t->actors);
    free(t->players);
    free(t->decisions_now);
    free(t->starts);
    free(t->scratch);
    demos_close(t->demos);
    bonuses_close(t->bonuses);
    lp_curriculum_close(&t->curriculum);
    free(t);
}

/* Counts outcomes in a fixed order, so that the curriculum does not depend on threads. */
static void count_outcomes(lp_train *t, lp_train_stats *stats) {
    for (int64_t e = 0; e < t->config.envs; e++) {
        const player *p = &t->players[e];
        for (int i = 0; i < p->n_ended; i++) {
            if (p->twin) {
                stats->twin_episodes++, stats->twin_wins += p->ended[i];
            } else {
                stats->episodes++, stats->wins += p->ended[i];
                lp_curriculum_count(&t->curriculum, p->ended[i]);
            }
        }
    }
    stats->win_rate = lp_curriculum_win_rate(&t->curriculum);
    lp_curriculum_advance(&t->curriculum);
}

/* What was learned is what is decided by from now on. */
static lp_status publish(lp_train *t, lp_update_stats *stats, lp_err *err) {
    lp_status status = lp_learner_wait(t->learner, stats, err);
    if (!status && t->pending) status = lp_learner_publish(t->learner, err);
    t->pending = false;
    return status;
}

static lp_status learn(lp_train *t, double rate, lp_update_stats *stats, lp_err *err) {
    if (!t->overlaps) return lp_learner_update(t->learner, t->pool, rate, stats, err);
    lp_status status = publish(t, stats, err);
    if (!status) status = lp_learner_start(t->learner, t->pool, rate, err);
    t->pending = !status;
    return status;
}

lp_status lp_train_finish(lp_train *t, lp_err *err) {
    lp_update_stats stats;
    return publish(t, &stats, err);
}

lp_status lp_train_update(lp_train *t, lp_train_stats *stats, lp_err *err) {
    *stats = (lp_train_stats){0};
    double from = lp_now_s();
    lp_status status = train_rollout(t, &stats->forward_s, err);
    if (status) return status;
    stats->rollout_s = lp_now_s() - from;
    for (int64_t e = 0; e < t->config.envs; e++) {
        stats->emulate_s += t->players[e].emulate_s;
        stats->memory_s += t->players[e].memory_s;
    }
    count_outcomes(t, stats);
    if (t->demos) guides_collect(t);
    stats->bonus = bonuses_learn(t);
    if (!t->update && !*t->config.from && lp_policy_shape(t->policy)->join == LP_JOIN_SIGHT) status = lp_learner_whiten(t->learner, err);
    if (status) return status;
    double progress = (double)t->decisions / (double)t->config.decisions;
    double rate = 1.0 - (1.0 - t->config.final_rate) * (progress < 1 ? progress : 1);
    from = lp_now_s();
    status = learn(t, rate, &stats->learning, err);
    stats->learn_s = lp_now_s() - from;
    t->decisions += t->config.envs * t->config.steps;
    t->update++;
    stats->update = t->update;
    stats->decisions = t->decisions;
    lp_curriculum_describe(&t->curriculum, stats->level, sizeof stats->level);
    return status;
}

/* The checkpoint: a header, the curriculum, the weights, those that are decided by where they may be others, the learner, then the
 * players, each with its length in front, and what its memory was made of; guides and bonuses, where there are any. */
typedef struct {
    uint64_t magic, hash; /* of everything after it */
    uint64_t config_hash, rom_hash, core_hash, n_envs;
    int64_t update, decisions;
} checkpoint_header;
static const uint64_t CHECKPOINT_MAGIC = 0x35304e52544c504cu; /* "LPLTRN05" */
enum { HASHED_FROM = 16, PLAYER_BYTES = 3 * 8 };
static const int64_t MAX_DECISIONS = (int64_t)1 << 62; /* more are no count, and would overflow it */

/* Of every setting but how long to train, so that a training can be made longer; of names and values, and only where a value is not the
 * default, so that settings which a later version adds change nothing. Where the default of such a setting is another than what was before
 * it, that is what adds nothing, and so does the default to memories without the setting. */
static uint64_t hash_config(const lp_train_config *config) {
    lp_train_config initial, before;
    char value[LP_SETTING_BYTES], usual[LP_SETTING_BYTES], older[LP_SETTING_BYTES];
    uint64_t hash = 0;
    lp_config_defaults(&initial, lp_train_settings(), lp_n_train_settings());
    before = initial;
    lp_train_before(&before);
    for (const lp_setting *s = lp_train_settings(); s < lp_train_settings() + lp_n_train_settings(); s++) {
        lp_config_value(config, s, value, sizeof value);
        lp_config_value(&initial, s, usual, sizeof usual);
        lp_config_value(&before, s, older, sizeof older);
        if (!strcmp(s->name, "train.demos") && *value) snprintf(value, sizeof value, "yes"); /* which ones, a checkpoint knows */
        if (!strcmp(s->name, "train.decisions") || !strcmp(value, older)) continue;
        if (!strcmp(value, usual) && !lp_mem_row_used(&config->memory, s->name)) continue;
        hash = lp_hash64_seed(s->name, strlen(s->name), hash);
        hash = lp_hash64_seed(value, strlen(value), hash);
    }
    return hash;
}

uint64_t lp_train_hash(const lp_train_config *config, const lp_game *game) {
    lp_noop noop = lp_game_noop(game);
    uint64_t settings = hash_config(config);
    lp_model model = lp_game_model(game);
    if (noop.max) settings = lp_hash64_seed(&noop, sizeof noop, settings);
    if (model != lp_game_own_model(game)) settings = lp_hash64_seed(&model, sizeof model, settings);
    return settings;
}

static checkpoint_header header_of(const lp_train *t) {
    size_t rom_bytes;
    const void *rom = lp_game_rom(t->game, &rom_bytes);
    const char *core = lp_emu_core_version();
    uint64_t settings = lp_train_hash(&t->config, t->game);
    return (checkpoint_header){CHECKPOINT_MAGIC,         0,         settings,    lp_hash64(rom, rom_bytes), lp_hash64(core, strlen(core)),
                               (uint64_t)t->config.envs, t->update, t->decisions};
}

bool lp_train_made_with(const char *path, const lp_train_config *config, const lp_game *game) {
    checkpoint_header h;
    int fd;
    if (lp_file_open(&fd, path, NULL)) return false;
    bool read_it = read(fd, &h, sizeof h) == sizeof h;
    close(fd);
    return read_it && h.magic == CHECKPOINT_MAGIC && h.config_hash == lp_train_hash(config, game);
}

lp_status lp_train_save(lp_train *t, const char *path, lp_err *err) {
    lp_update_stats stats;
    lp_status status = lp_learner_wait(t->learner, &stats, err);
    if (status) return status;
    size_t weights = lp_policy_n_parameters(t->policy) * sizeof(float), learner = lp_learner_save_size(t->learner);
    size_t curriculum = lp_curriculum_save_size(&t->curriculum), acting = t->config.overlap ? weights : 0;
    size_t size = sizeof(checkpoint_header) + curriculum + weights + acting + learner;
    for (int64_t e = 0; e < t->config.envs; e++)
        size += PLAYER_BYTES + lp_seat_save_size(&t->players[e].seat) + past_save_bound(t, &t->players[e].past);
    size += guides_save_bound(t) + bonuses_save_size(t) + teach_save_size(t);
    unsigned char *file = malloc(size);
    if (!file) return lp_fail(err, LP_FAILED, "%s: out of memory for a checkpoint of %zu bytes", path, size);
    unsigned char *at = file + sizeof(checkpoint_header);
    lp_curriculum_save(&t->curriculum, at);
    at += curriculum;
    memcpy(at, lp_policy_parameters(t->policy), weights);
    at += weights;
    if (acting) status = lp_policy_acting(t->policy, at, err);
    at += acting;
    if (!status) status = lp_learner_save(t->learner, at, err);
    at += learner;
    for (int64_t e = 0; e < t->config.envs; e++) {
        const player *p = &t->players[e];
        uint64_t bytes = lp_seat_save_size(&p->seat);
        memcpy(at, &bytes, 8);
        memcpy(at + 8, &p->n_episodes, 8);
        memcpy(at + 16, &p->rng, 8);
        lp_seat_save(&p->seat, at + PLAYER_BYTES);
        at += PLAYER_BYTES + bytes;
        at += past_save(t, &p->past, at);
    }
    at += guides_save(t, at);
    bonuses_save(t, at);
    at += bonuses_save_size(t);
    teach_save(t, at);
    at += teach_save_size(t);
    size = (size_t)(at - file);
    checkpoint_header h = header_of(t);
    memcpy(file, &h, sizeof h);
    h.hash = lp_hash64(file + HASHED_FROM, size - HASHED_FROM);
    memcpy(file, &h, sizeof h);
    if (!status) status = lp_file_write_atomic(path, file, size, err);
    free(file);
    return status;
}

/* anew: their machines are of another core's version, so they begin their next episodes. */
static lp_status load_players(lp_train *t, const unsigned char *at, const unsigned char *end, bool anew, lp_err *err) {
    for (int64_t e = 0; e < t->config.envs; e++) {
        player *p = &t->players[e];
        uint64_t bytes;
        if (end - at < PLAYER_BYTES) return lp_fail(err, LP_BAD_INPUT, "cut short");
        memcpy(&bytes, at, 8);
        memcpy(&p->n_episodes, at + 8, 8);
        memcpy(&p->rng, at + 16, 8);
        if (bytes > (uint64_t)(end - at - PLAYER_BYTES)) return lp_fail(err, LP_BAD_INPUT, "cut short");
        lp_status status = anew ? train_begin_episode(t, p, err) : lp_seat_load(&p->seat, at + PLAYER_BYTES, bytes, err);
        at += PLAYER_BYTES + bytes;
        size_t past_bytes = 0;
        if (!status) status = past_load(t, p, at, (size_t)(end - at), anew, &past_bytes, err);
        if (status) return status;
        at += past_bytes;
    }
    size_t guides_bytes = 0, bonuses_bytes = 0;
    lp_status status = guides_load(t, at, (size_t)(end - at), &guides_bytes, anew, err);
    if (status) return status;
    at += guides_bytes;
    status = bonuses_load(t, at, (size_t)(end - at), anew, &bonuses_bytes, err);
    if (status) return status;
    at += bonuses_bytes;
    if ((status = teach_load(t, at, (size_t)(end - at), anew, err))) return status;
    at += teach_save_size(t);
    return at == end ? LP_OK : lp_fail(err, LP_BAD_INPUT, "too long");
}

lp_status lp_train_load(lp_train *t, const char *path, lp_err *err) {
    lp_blob file;
    lp_status status = lp_file_read(&file, path, (size_t)1 << 32, err);
    if (status) return status;
    size_t weights = lp_policy_n_parameters(t->policy) * sizeof(float), learner = lp_learner_save_size(t->learner);
    size_t curriculum = lp_curriculum_save_size(&t->curriculum), acting = t->config.overlap ? weights : 0;
    size_t fixed = sizeof(checkpoint_header) + curriculum + weights + acting + learner;
    checkpoint_header h = {0}, own = header_of(t);
    if (file.size_bytes >= sizeof h) memcpy(&h, file.data, sizeof h);
    if (file.size_bytes < sizeof h || h.magic != CHECKPOINT_MAGIC)
        status = lp_fail(err, LP_BAD_INPUT, "%s: not a training checkpoint", path);
    else if (h.hash != lp_hash64(file.data + HASHED_FROM, file.size_bytes - HASHED_FROM))
        status = lp_fail(err, LP_BAD_INPUT, "%s: damaged or cut short", path);
    else if (h.config_hash != own.config_hash) status = lp_fail(err, LP_BAD_INPUT, "%s: was made with other settings", path);
    else if (h.rom_hash != own.rom_hash) status = lp_fail(err, LP_BAD_INPUT, "%s: was made with another ROM", path);
    else if (file.size_bytes < fixed || h.update < 0 || h.decisions < 0 || h.decisions > MAX_DECISIONS)
        status = lp_fail(err, LP_BAD_INPUT, "%s: damaged", path);
    if (!status) {
        const unsigned char *at = file.data + sizeof h;
        status = lp_curriculum_load(&t->curriculum, at, err);
        at += curriculum;
        if (!status && !lp_floats_finite(at, (weights + acting) / sizeof(float)))
            status = lp_fail(err, LP_BAD_INPUT, "weights: a NaN or an infinity");
        memcpy(lp_policy_parameters(t->policy), t->overlaps ? at + weights : at, weights);
        if (!status) status = lp_policy_changed(t->policy, err);
        memcpy(lp_policy_parameters(t->policy), at, weights);
        if (!status) status = lp_learner_load(t->learner, at + weights + acting, learner, err);
        t->pending = t->overlaps;
        bool anew = h.core_hash != own.core_hash;
        if (!status) status = load_players(t, file.data + fixed, file.data + file.size_bytes, anew, err);
        if (!status && anew)
            lp_warn("%s: was made on another version of the emulation core than %s: what was learned goes on, every environment begins an "
                    "episode",
                    path, lp_emu_core_version());
        if (status) lp_fail_prefix(err, status, "%s", path);
        t->update = h.update, t->decisions = h.decisions;
    }
    lp_blob_free(&file);
    return status;
}

lp_status lp_train_write_policy(const lp_train *t, const char *path, lp_err *err) {
    int n = 0, n_settings = lp_n_train_settings();
    lp_policy_note *notes = calloc((size_t)n_settings + 2, sizeof *notes);
    char(*values)[LP_SETTING_BYTES] = calloc((size_t)n_settings, sizeof *values), decisions[24];
    lp_status status = LP_OK;
    if (notes && values) {
        snprintf(decisions, sizeof decisions, "%lld", (long long)t->decisions);
        notes[n++] = (lp_policy_note){"game", lp_game_name(t->game)};
        notes[n++] = (lp_policy_note){"trained_decisions", decisions};
        for (int i = 0; i < n_settings; i++) {
            const lp_setting *setting = &lp_train_settings()[i];
            if (!lp_mem_row_used(&t->config.memory, setting->name)) continue;
            lp_train_value(&t->config, setting, values[i], sizeof *values);
            notes[n++] = (lp_policy_note){setting->name, values[i]};
        }
        status = lp_policy_write(t->policy, path, notes, n, err);
    } else {
        status = lp_fail(err, LP_FAILED, "%s: out of memory", path);
    }
    free(notes);
    free(values);
    return status;
}

int lp_train_done(const lp_train *t) { return t->decisions >= t->config.decisions; }

int64_t lp_train_decisions(const lp_train *t) { return t->decisions; }

int lp_train_threads(const lp_train *t) { return lp_pool_threads(t->pool); }

const lp_policy *lp_train_policy(const lp_train *t) { return t->policy; }

void lp_train_goal(const lp_train *t, int64_t *knobs) { lp_curriculum_goal(&t->curriculum, knobs); }
