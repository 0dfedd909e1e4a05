/* An environment's job is one decision: the machine, the outcome, the observation, and, by the autoreset, the next episode.
 * All it touches is its slot and its entries of the caller's arrays. Frames of a stack are kept in a ring; what the caller
 * gets is the ring unrolled. */
#include "env/vec.h"

#include "base/arena.h"
#include "base/contract.h"
#include "base/pool.h"
#include "env/game_impl.h"
#include "env/observation.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    lp_env *env;     /* owned */
    uint8_t *frames; /* [stack][frame_bytes], a ring whose oldest is `oldest`; NULL for a stack of one */
    int oldest;
    int32_t action;
    int64_t episode;
    uint64_t seed;
    lp_outcome outcome; /* of the episode, while it has ended and the next one not begun */
    lp_status status;   /* of its last reset: of one that failed nothing is played */
} slot;

typedef struct {
    lp_vec *vec;
    int first, count;
    bool sent;
    lp_vec_out out;
    atomic_bool failed; /* status and err belong to who sets it */
    lp_status status;
    lp_err err;
} group;

struct lp_vec {
    lp_vec_config config; /* with every default filled in */
    const lp_game *game;  /* borrowed */
    lp_pool *pool;        /* owned, like all below */
    lp_arena arena;       /* of slots and rings */
    slot *slots;
    group groups[LP_POOL_LANES];
    int64_t knobs[LP_MAX_KNOBS];
    size_t frame_bytes, observation_bytes;
};

/* ---- observing ---- */

static void observe_frame(const lp_vec *vec, slot *s, uint8_t *out) {
    int stride, height, x, y, in_w, in_h;
    const uint32_t *frame = lp_emu_frame(lp_env_emu(s->env), &stride, &height);
    lp_game_crop(vec->game, &x, &y, &in_w, &in_h);
    frame += y * stride + x;
    const lp_vec_config *c = &vec->config;
    if (c->observation == LP_OBS_GREY) lp_observe_grey(out, c->width, c->height, frame, stride, in_w, in_h);
    else if (c->observation == LP_OBS_RGB) lp_observe_rgb(out, c->width, c->height, frame, stride, in_w, in_h);
    else lp_observe_shades(out, frame, stride, in_w, in_h);
}

typedef enum { FIRST, NEXT, AGAIN } moment; /* of an episode's observations */

static void observe(const lp_vec *vec, slot *s, uint8_t *out, moment when) {
    const lp_vec_config *c = &vec->config;
    if (c->observation == LP_OBS_NONE) return;
    if (c->observation == LP_OBS_RAM) {
        if (out) memcpy(out, lp_env_variables(s->env), vec->observation_bytes);
        return;
    }
    if (c->stack == 1) {
        if (out) observe_frame(vec, s, out);
        return;
    }
    size_t bytes = vec->frame_bytes;
    uint8_t *newest = s->frames + (size_t)s->oldest * bytes;
    if (when != AGAIN) {
        observe_frame(vec, s, newest);
        s->oldest = (s->oldest + 1) % c->stack;
    }
    for (int i = 0; when == FIRST && i < c->stack; i++)
        if (s->frames + (size_t)i * bytes != newest) memcpy(s->frames + (size_t)i * bytes, newest, bytes);
    if (!out) return;
    size_t old = (size_t)(c->stack - s->oldest) * bytes;
    memcpy(out, s->frames + (size_t)s->oldest * bytes, old);
    memcpy(out + old, s->frames, (size_t)s->oldest * bytes);
}

/* ---- one environment ---- */

static void write_out(const lp_vec *vec, int e, const lp_vec_out *out, double reward, lp_outcome end, moment when) {
    uint8_t *observations = out->observations;
    observe(vec, &vec->slots[e], observations ? observations + (size_t)e * vec->observation_bytes : NULL, when);
    if (out->rewards) out->rewards[e] = (float)reward;
    if (out->ends) out->ends[e] = (uint8_t)end;
}

static lp_status begin(lp_vec *vec, int e, uint64_t seed, const int64_t *knobs, lp_err *err) {
    slot *s = &vec->slots[e];
    s->seed = seed;
    s->outcome = LP_RUNNING;
    s->status = lp_env_reset(s->env, seed, knobs, vec->config.time_limit, err);
    return s->status ? lp_fail_prefix(err, s->status, "environment %d", e) : LP_OK;
}

/* For recv to tell: the first that is heard of. */
static void note_failure(group *g, lp_status status, const lp_err *err) {
    if (atomic_exchange(&g->failed, true)) return;
    g->status = status;
    g->err = *err;
}

/* false: it could not. */
static bool begin_next(group *g, int e) {
    lp_vec *vec = g->vec;
    lp_err err;
    uint64_t i = (uint64_t)++vec->slots[e].episode * (uint64_t)vec->config.n_envs + (uint64_t)e;
    uint64_t seed = vec->config.evaluation ? lp_game_eval_seed(vec->config.seed, i) : lp_game_train_seed(vec->config.seed, i);
    lp_status status = begin(vec, e, seed, vec->knobs, &err);
    if (status) note_failure(g, status, &err);
    return !status;
}

static double reward_of(const lp_vec *vec, const slot *s, lp_outcome outcome) {
    if (vec->config.scenario_reward) return lp_env_reward(s->env, 1);
    return outcome == LP_RUNNING ? 0 : outcome == LP_WIN ? 1 : -1;
}

static void decide(void *context, int index, int worker) {
    (void)worker;
    group *g = context;
    lp_vec *vec = g->vec;
    int e = g->first + index;
    slot *s = &vec->slots[e];
    if (s->status) {
        lp_err err;
        note_failure(g, lp_fail(&err, s->status, "environment %d: its last reset failed", e), &err);
        return;
    }
    if (s->outcome != LP_RUNNING) { /* ended before this step */
        bool next = vec->config.autoreset == LP_AUTORESET_NEXT_STEP;
        if (next && !begin_next(g, e)) return;
        write_out(vec, e, &g->out, 0, s->outcome, next ? FIRST : AGAIN);
        return;
    }
    lp_outcome outcome = lp_env_step(s->env, s->action);
    double reward = reward_of(vec, s, outcome);
    if (outcome != LP_RUNNING && vec->config.autoreset == LP_AUTORESET_SAME_STEP) {
        if (g->out.finals) observe(vec, s, (uint8_t *)g->out.finals + (size_t)e * vec->observation_bytes, NEXT);
        if (begin_next(g, e)) write_out(vec, e, &g->out, reward, outcome, FIRST);
    } else {
        s->outcome = outcome;
        write_out(vec, e, &g->out, reward, outcome, NEXT);
    }
}

static void reset_job(void *context, int index, int worker) {
    (void)worker;
    group *g = context;
    if (begin_next(g, g->first + index)) write_out(g->vec, g->first + index, &g->out, 0, LP_RUNNING, FIRST);
}

/* ---- opening ---- */

static lp_status check_int(const char *name, int64_t value, int64_t min, int64_t max, lp_err *err) {
    if (value >= min && value <= max) return LP_OK;
    return lp_fail(err, LP_BAD_INPUT, "%s: %lld is not %lld to %lld", name, (long long)value, (long long)min, (long long)max);
}

static lp_status check_config(lp_vec *vec, const lp_vec_config *config, lp_err *err) {
    lp_vec_config *c = &vec->config;
    *c = *config;
    if (!c->n_envs) c->n_envs = 1;
    if (!c->n_groups) c->n_groups = 1;
    if (!c->stack) c->stack = 1;
    lp_status status = check_int("n_envs", c->n_envs, 1, 1 << 16, err);
    if (!status) status = check_int("n_threads", c->n_threads, 0, 1 << 10, err);
    if (!status) status = check_int("n_groups", c->n_groups, 1, c->n_envs < LP_POOL_LANES - 1 ? c->n_envs : LP_POOL_LANES - 1, err);
    if (!status) status = check_int("stack", c->stack, 1, LP_VEC_MAX_STACK, err);
    if (!c->frame_skip) c->frame_skip = lp_game_frame_skip(vec->game);
    if (!status) status = check_int("frame_skip", c->frame_skip, 1, 600, err);
    if (!status) status = check_int("time_limit", c->time_limit, 0, (int64_t)1 << 40, err);
    if (!status && ((unsigned)c->observation > LP_OBS_NONE || (unsigned)c->autoreset > LP_AUTORESET_OFF))
        status = lp_fail(err, LP_BAD_INPUT, "observation or autoreset: no such kind");
    if (!status && c->scenario_reward && !lp_game_has_reward(vec->game))
        status = lp_fail(err, LP_BAD_INPUT, "scenario.json: has no reward, and it is asked for");
    lp_game_default_knobs(vec->game, vec->knobs);
    for (int k = 0; k < lp_game_n_knobs(vec->game) && config->knobs && !status; k++) {
        const lp_knob *knob = lp_game_knob(vec->game, k);
        vec->knobs[k] = config->knobs[k];
        status = check_int(knob->name, config->knobs[k], knob->min, knob->max, err);
    }
    c->knobs = vec->knobs;
    return status;
}

/* The size of the picture, which depends on the console, and of the bytes of an observation. */
static lp_status size_observation(lp_vec *vec, lp_err *err) {
    lp_vec_config *c = &vec->config;
    int x, y, screen_w, screen_h;
    lp_game_crop(vec->game, &x, &y, &screen_w, &screen_h);
    int w = screen_w, h = screen_h;
    if (c->observation == LP_OBS_GREY) lp_game_observation(vec->game, &w, &h);
    if (c->observation == LP_OBS_RAM || c->observation == LP_OBS_NONE) {
        c->width = c->height = 0;
        c->stack = 1;
        vec->observation_bytes = c->observation == LP_OBS_RAM ? (size_t)lp_game_n_variables(vec->game) * sizeof(int64_t) : 0;
        return LP_OK;
    }
    if (!c->width) c->width = w;
    if (!c->height) c->height = h;
    if (c->observation == LP_OBS_SHADES && (!lp_game_shades(vec->game, &w, &h) || c->width != screen_w || c->height != screen_h))
        return lp_fail(err, LP_BAD_INPUT,
                       "observation: two bits a pixel is for an original Game Boy's screen as it is (a crop's width a multiple of 4), "
                       "this is a %s, %dx%d of %dx%d",
                       lp_model_name(lp_game_model(vec->game)), c->width, c->height, screen_w, screen_h);
    lp_status status = check_int("width", c->width, 1, screen_w, err);
    if (!status) status = check_int("height", c->height, 1, screen_h, err);
    size_t pixels = (size_t)c->width * (size_t)c->height;
    vec->frame_bytes = c->observation == LP_OBS_RGB ? 3 * pixels : c->observation == LP_OBS_SHADES ? pixels / 4 : pixels;
    vec->observation_bytes = (size_t)c->stack * vec->frame_bytes;
    return status;
}

typedef struct {
    lp_vec *vec;
    lp_status *status;
    lp_err *err;
} opening;

/* Opening plays up to the game's first poke, so it is worth the threads. */
static void open_job(void *context, int index, int worker) {
    (void)worker;
    opening *o = context;
    lp_env **env = &o->vec->slots[index].env;
    o->status[index] = lp_env_open(env, o->vec->game, &o->vec->config.emulator, &o->err[index]);
    if (*env) lp_env_set_frame_skip(*env, o->vec->config.frame_skip);
}

static lp_status open_envs(lp_vec *vec, lp_err *err) {
    int n = vec->config.n_envs;
    opening o = {vec, calloc((size_t)n, sizeof *o.status), calloc((size_t)n, sizeof *o.err)};
    lp_status status = o.status && o.err ? LP_OK : lp_fail(err, LP_FAILED, "out of memory");
    if (!status) lp_pool_run(vec->pool, n, open_job, &o);
    for (int e = n - 1; e >= 0 && o.status && o.err; e--)
        if (o.status[e]) {
            status = o.status[e];
            if (err) *err = o.err[e];
        }
    free(o.status), free(o.err);
    return status;
}

static lp_status open_parts(lp_vec *vec, lp_err *err) {
    lp_vec_config *c = &vec->config;
    size_t ring = c->stack > 1 ? vec->observation_bytes : 0;
    lp_status status =
        lp_arena_open(&vec->arena, lp_arena_need((size_t)c->n_envs * sizeof *vec->slots) + (size_t)c->n_envs * lp_arena_need(ring));
    if (status) return lp_fail(err, LP_FAILED, "out of memory for %d environments", c->n_envs);
    vec->slots = lp_arena_take(&vec->arena, (size_t)c->n_envs * sizeof *vec->slots);
    for (int e = 0; e < c->n_envs; e++) {
        vec->slots[e].episode = -1;
        if (ring) vec->slots[e].frames = lp_arena_take(&vec->arena, ring);
    }
    for (int i = 0; i < c->n_groups; i++) {
        int first = (int)((int64_t)c->n_envs * i / c->n_groups), end = (int)((int64_t)c->n_envs * (i + 1) / c->n_groups);
        vec->groups[i].vec = vec, vec->groups[i].first = first, vec->groups[i].count = end - first;
    }
    if (!(vec->pool = lp_pool_open(c->n_threads))) return lp_fail(err, LP_FAILED, "cannot start %d threads", c->n_threads);
    c->n_threads = lp_pool_threads(vec->pool);
    return open_envs(vec, err);
}

lp_status lp_vec_open(lp_vec **out, const lp_game *game, const lp_vec_config *config, lp_err *err) {
    *out = NULL;
    lp_vec *vec = calloc(1, sizeof *vec);
    if (!vec) return lp_fail(err, LP_FAILED, "out of memory");
    vec->game = game;
    lp_status status = check_config(vec, config, err);
    if (!status) status = size_observation(vec, err);
    if (!status) {
        if (!vec->config.width) vec->config.emulator.no_draw = true;
        status = open_parts(vec, err);
    }
    if (status) {
        lp_fail_prefix(err, status, "%s", lp_game_name(game));
        lp_vec_close(vec);
        return status;
    }
    *out = vec;
    return LP_OK;
}

void lp_vec_close(lp_vec *vec) {
    if (!vec) return;
    for (int i = 0; i < vec->config.n_groups && vec->pool; i++)
        if (vec->groups[i].sent) lp_vec_recv(vec, i, NULL);
    lp_pool_close(vec->pool);
    for (int e = 0; e < vec->config.n_envs && vec->slots; e++) lp_env_close(vec->slots[e].env);
    lp_arena_close(&vec->arena);
    free(vec);
}

/* ---- asking ---- */

int lp_vec_n_envs(const lp_vec *vec) { return vec->config.n_envs; }
int lp_vec_n_threads(const lp_vec *vec) { return vec->config.n_threads; }
size_t lp_vec_observation_bytes(const lp_vec *vec) { return vec->observation_bytes; }

static slot *slot_of(const lp_vec *vec, int e) {
    LP_CHECK(e >= 0 && e < vec->config.n_envs);
    return &vec->slots[e];
}

lp_env *lp_vec_env(lp_vec *vec, int e) { return slot_of(vec, e)->env; }
uint64_t lp_vec_seed_of(const lp_vec *vec, int e) { return slot_of(vec, e)->seed; }
int64_t lp_vec_episode_of(const lp_vec *vec, int e) { return slot_of(vec, e)->episode; }

void lp_vec_group(const lp_vec *vec, int g, int *first, int *count) {
    LP_CHECK(g >= 0 && g < vec->config.n_groups);
    *first = vec->groups[g].first;
    *count = vec->groups[g].count;
}

void lp_vec_observation_size(const lp_vec *vec, int *width, int *height) {
    *width = vec->config.width;
    *height = vec->config.height;
}

/* ---- playing ---- */

void lp_vec_set_seed(lp_vec *vec, uint64_t seed) {
    vec->config.seed = seed;
    for (int e = 0; e < vec->config.n_envs; e++) vec->slots[e].episode = -1;
}

lp_status lp_vec_set_knobs(lp_vec *vec, const int64_t *knobs, lp_err *err) {
    for (int k = 0; k < lp_game_n_knobs(vec->game); k++) {
        const lp_knob *knob = lp_game_knob(vec->game, k);
        if (check_int(knob->name, knobs[k], knob->min, knob->max, err))
            return lp_fail_prefix(err, LP_BAD_INPUT, "%s", lp_game_name(vec->game));
    }
    memcpy(vec->knobs, knobs, (size_t)lp_game_n_knobs(vec->game) * sizeof *knobs);
    return LP_OK;
}

/* Waits for a group. */
static lp_status wait_for(lp_vec *vec, int index, lp_err *err) {
    group *g = &vec->groups[index];
    lp_pool_wait(vec->pool, index);
    if (!atomic_exchange(&g->failed, false)) return LP_OK;
    if (err) *err = g->err;
    return g->status;
}

lp_status lp_vec_reset(lp_vec *vec, const lp_vec_out *out, lp_err *err) {
    for (int i = 0; i < vec->config.n_groups; i++) {
        group *g = &vec->groups[i];
        LP_CHECK(!g->sent);
        g->out = *out;
        lp_pool_start(vec->pool, i, g->count, reset_job, g);
    }
    lp_status first = LP_OK;
    for (int i = 0; i < vec->config.n_groups; i++) {
        lp_status status = wait_for(vec, i, first ? NULL : err);
        if (!first) first = status;
    }
    return first;
}

lp_status lp_vec_reset_one(lp_vec *vec, int e, uint64_t seed, const int64_t *knobs, const lp_vec_out *out, lp_err *err) {
    for (int i = 0; i < vec->config.n_groups; i++) {
        const group *g = &vec->groups[i];
        LP_CHECK(!g->sent || e < g->first || e >= g->first + g->count);
    }
    slot_of(vec, e)->episode++;
    lp_status status = begin(vec, e, seed, knobs ? knobs : vec->knobs, err);
    if (!status) write_out(vec, e, out, 0, LP_RUNNING, FIRST);
    return status;
}

void lp_vec_send(lp_vec *vec, int index, const int32_t *actions, const lp_vec_out *out) {
    LP_CHECK(index >= 0 && index < vec->config.n_groups && !vec->groups[index].sent);
    group *g = &vec->groups[index];
    for (int e = g->first; e < g->first + g->count; e++) {
        LP_CHECK(vec->slots[e].episode >= 0 && actions[e] >= 0 && actions[e] < lp_game_n_actions(vec->game));
        vec->slots[e].action = actions[e];
    }
    g->out = *out;
    g->sent = true;
    lp_pool_start(vec->pool, index, g->count, decide, g);
}

lp_status lp_vec_recv(lp_vec *vec, int index, lp_err *err) {
    LP_CHECK(index >= 0 && index < vec->config.n_groups && vec->groups[index].sent);
    vec->groups[index].sent = false;
    return wait_for(vec, index, err);
}

lp_status lp_vec_step(lp_vec *vec, const int32_t *actions, const lp_vec_out *out, lp_err *err) {
    lp_status first = LP_OK;
    for (int i = 0; i < vec->config.n_groups; i++) lp_vec_send(vec, i, actions, out);
    for (int i = 0; i < vec->config.n_groups; i++) {
        lp_status status = lp_vec_recv(vec, i, first ? NULL : err);
        if (!first) first = status;
    }
    return first;
}
