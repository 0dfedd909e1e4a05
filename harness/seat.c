#include "harness/seat.h"

#include "base/contract.h"
#include "base/hash.h"
#include "kernels/kernels.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)LP_MEM_MAX_HEADS >= (int)LP_READ_MAX_HEADS, "a memory takes every policy's query");

lp_status lp_policy_fits(const lp_policy *policy, const lp_game *game, lp_err *err) {
    const lp_policy_config *s = lp_policy_shape(policy);
    int width, height;
    lp_game_observation(game, &width, &height);
    if (s->width != width || s->height != height)
        return lp_fail(err, LP_BAD_INPUT, "the policy sees %dx%d pixels, %s shows %dx%d", s->width, s->height, lp_game_name(game), width,
                       height);
    if (s->n_actions != lp_game_n_actions(game))
        return lp_fail(err, LP_BAD_INPUT, "the policy has %d actions, %s has %d", s->n_actions, lp_game_name(game),
                       lp_game_n_actions(game));
    return LP_OK;
}

lp_status lp_seat_open(lp_seat *seat, const lp_game *game, const lp_mem_config *memory, const lp_policy *policy, const lp_emu_config *emu,
                       lp_err *err) {
    int state_floats = policy ? lp_policy_state_floats(policy) : 0;
    *seat = (lp_seat){.dim = memory->dim,
                      .n_actions = lp_game_n_actions(game),
                      .last_action = -1,
                      .state_floats = state_floats,
                      .heads = policy ? lp_policy_shape(policy)->heads : 0,
                      .biased = policy && lp_policy_shape(policy)->bias == LP_BIAS_SALIENCE,
                      .asks = policy && lp_mem_wants_query(memory->arch),
                      .packed = policy && lp_policy_packs_frames(policy)};
    int width, height, screen_width, screen_height;
    lp_game_observation(game, &width, &height);
    lp_game_shades(game, &screen_width, &screen_height);
    size_t grey = (size_t)width * (size_t)height, shades = (size_t)screen_width * (size_t)screen_height / 4;
    size_t n = (size_t)lp_mem_max_context(memory) + 1;
    lp_status status = policy ? lp_policy_fits(policy, game, err) : LP_OK;
    if (!status && policy && lp_policy_shape(policy)->dim != memory->dim)
        status =
            lp_fail(err, LP_BAD_INPUT, "the policy's items have %d numbers, the memory's %d", lp_policy_shape(policy)->dim, memory->dim);
    if (!status && seat->asks && lp_policy_device(policy) == LP_DEVICE_CUDA)
        status = lp_fail(err, LP_BAD_INPUT, "memory %s reads by the policy's query, which a GPU does not give: --device cpu",
                         lp_mem_arch_name(memory->arch));
    LP_CHECK(status || !seat->packed || lp_policy_frame_bytes(policy) == shades);
    if (!status) status = lp_env_open(&seat->env, game, emu, err);
    if (!status) status = lp_mem_open(&seat->mem, memory, err);
    if (!status) {
        seat->pixels = malloc(grey > shades ? grey : shades);
        seat->context.vector = calloc(n * (size_t)memory->dim, sizeof(float));
        seat->context.salience = calloc(n, sizeof(float));
        seat->context.level = calloc(n, sizeof(int32_t));
        seat->context.step = calloc(n, sizeof(int64_t));
        if (state_floats) seat->state = calloc((size_t)state_floats, sizeof *seat->state);
        if ((state_floats && !seat->state) || !seat->pixels || !seat->context.vector || !seat->context.salience || !seat->context.level ||
            !seat->context.step)
            status = lp_fail(err, LP_FAILED, "out of memory for an environment's context of %zu items", n);
    }
    if (status) lp_seat_close(seat);
    return status;
}

void lp_seat_close(lp_seat *seat) {
    lp_env_close(seat->env);
    lp_mem_close(seat->mem);
    free(seat->pixels);
    free(seat->state);
    free(seat->context.vector);
    free(seat->context.salience);
    free(seat->context.level);
    free(seat->context.step);
    *seat = (lp_seat){0};
}

void lp_seat_clear_state(lp_seat *seat) {
    for (int i = 0; i < seat->state_floats; i++) seat->state[i] = 0;
}

void lp_seat_keep_state(lp_seat *seat, const lp_decision *decision) {
    if (seat->state) memcpy(seat->state, decision->state, (size_t)seat->state_floats * sizeof *seat->state);
}

static uint64_t next_episode(void) {
    static _Atomic uint64_t n;
    return atomic_fetch_add(&n, 1) + 1;
}

lp_status lp_seat_begin(lp_seat *seat, uint64_t seed, const int64_t *knobs, int64_t time_limit, lp_err *err) {
    lp_status status = lp_env_reset(seat->env, seed, knobs, time_limit, err);
    lp_mem_reset(seat->mem, seed);
    seat->last_action = -1;
    lp_seat_clear_state(seat);
    seat->rng = lp_rng_make(seed, LP_RANDOM_PLAYER);
    seat->seed = seed;
    seat->episode = next_episode();
    return status;
}

void lp_seat_try(lp_seat *seat, uint64_t index) {
    if (!index) return;
    seat->seed = lp_hash64_seed(&index, sizeof index, seat->seed);
    seat->rng = lp_rng_make(seat->seed, LP_RANDOM_PLAYER);
}

/* lp_observation.recall */
static int recall(void *memory, const float *query) {
    lp_seat *seat = memory;
    seat->n_read = 0;
    return seat->n_items = lp_mem_context(seat->mem, &(lp_mem_query){seat->heads, query, &seat->n_read, !seat->biased}, &seat->context);
}

void lp_seat_look(lp_seat *seat, lp_observation *observation) {
    if (seat->packed) lp_env_observe_shades(seat->env, seat->pixels);
    else lp_env_observe(seat->env, seat->pixels);
    seat->n_read = seat->n_items = seat->asks ? 0 : lp_mem_context(seat->mem, NULL, &seat->context);
    *observation = (lp_observation){.pixels = seat->pixels,
                                    .last_action = seat->last_action,
                                    .n_items = seat->n_items,
                                    .vector = seat->context.vector,
                                    .salience = seat->context.salience,
                                    .level = seat->context.level,
                                    .step = seat->context.step,
                                    .now = lp_mem_steps(seat->mem),
                                    .state = seat->state,
                                    .seed = seat->seed,
                                    .episode = seat->episode,
                                    .recall = seat->asks ? recall : NULL,
                                    .memory = seat};
}

lp_outcome lp_seat_take(lp_seat *seat, const lp_decision *decision, int action) {
    if (decision) lp_mem_append(seat->mem, decision->item, decision->salience);
    if (decision) lp_seat_keep_state(seat, decision);
    seat->last_action = action;
    return lp_env_step(seat->env, action);
}

void lp_seat_renew(lp_seat *seat) {
    lp_mem_renew(seat->mem, seat->context.vector, seat->context.salience);
    seat->episode = next_episode(); /* what a card has of its items is not what they are */
}

/* Saved: this, the environment, the policy's state, the memory; the sizes of the last two are the config's, which the reader has. */
typedef struct {
    int64_t last_action;
    lp_rng rng;
    uint64_t seed, env_bytes;
} saved_head;

static size_t state_bytes(const lp_seat *seat) { return (size_t)seat->state_floats * sizeof(float); }

size_t lp_seat_save_size(const lp_seat *seat) {
    return sizeof(saved_head) + lp_env_save_size(seat->env) + state_bytes(seat) + lp_mem_save_size(seat->mem);
}

void lp_seat_save(const lp_seat *seat, void *out) {
    saved_head h = {seat->last_action, seat->rng, seat->seed, lp_env_save_size(seat->env)};
    unsigned char *at = (unsigned char *)out + sizeof h;
    memcpy(out, &h, sizeof h);
    lp_env_save(seat->env, at);
    if (seat->state) memcpy(at + h.env_bytes, seat->state, state_bytes(seat));
    lp_mem_save(seat->mem, at + h.env_bytes + state_bytes(seat));
}

lp_status lp_seat_load(lp_seat *seat, const void *data, size_t size_bytes, lp_err *err) {
    saved_head h;
    const unsigned char *at = (const unsigned char *)data + sizeof h;
    if (size_bytes < sizeof h + state_bytes(seat)) return lp_fail(err, LP_BAD_INPUT, "saved environment: cut short");
    size_t rest = size_bytes - sizeof h - state_bytes(seat);
    memcpy(&h, data, sizeof h);
    if (h.env_bytes > rest || h.last_action < -1 || h.last_action >= seat->n_actions)
        return lp_fail(err, LP_BAD_INPUT, "saved environment: damaged");
    lp_status status = lp_env_load(seat->env, at, h.env_bytes, err);
    if (!status) status = lp_mem_load(seat->mem, at + h.env_bytes + state_bytes(seat), rest - h.env_bytes, err);
    if (status) return status;
    if (seat->state) memcpy(seat->state, at + h.env_bytes, state_bytes(seat));
    seat->last_action = (int)h.last_action;
    seat->rng = h.rng;
    seat->seed = h.seed;
    seat->episode = next_episode();
    return LP_OK;
}

lp_status lp_seat_graft(void **out, size_t *out_bytes, const void *data, size_t size_bytes, lp_env *env, lp_err *err) {
    saved_head h;
    const unsigned char *at = (const unsigned char *)data + sizeof h;
    if (size_bytes < sizeof h) return lp_fail(err, LP_BAD_INPUT, "saved environment: cut short");
    memcpy(&h, data, sizeof h);
    size_t rest = size_bytes - sizeof h;
    if (h.env_bytes > rest) return lp_fail(err, LP_BAD_INPUT, "saved environment: damaged");
    if (!lp_env_saved_alike(env, at, h.env_bytes)) return lp_fail(err, LP_FAILED, "the game's variables are others");
    at += h.env_bytes, rest -= h.env_bytes; /* the policy's state and the memory */
    h.env_bytes = lp_env_save_size(env);
    *out_bytes = sizeof h + h.env_bytes + rest;
    unsigned char *to = *out = malloc(*out_bytes);
    if (!to) return lp_fail(err, LP_FAILED, "out of memory for a checkpoint of %zu bytes", *out_bytes);
    memcpy(to, &h, sizeof h);
    lp_env_save(env, to + sizeof h);
    memcpy(to + sizeof h + h.env_bytes, at, rest);
    return LP_OK;
}
