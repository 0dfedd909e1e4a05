#include "harness/demo.h"

#include "base/file.h"
#include "base/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)LP_DEMO_MAX_KNOBS >= (int)LP_MAX_KNOBS, "a demonstration has room for a game's knobs");

lp_demos_about lp_demo_about(const lp_game *game) {
    size_t rom_bytes;
    const void *rom = lp_game_rom(game, &rom_bytes);
    const lp_noop noop = lp_game_noop(game);
    lp_demos_about about = {.rom_hash = lp_hash64(rom, rom_bytes),
                            .frame_skip = (uint32_t)lp_game_frame_skip(game),
                            .model = (uint32_t)lp_game_model(game),
                            .noop = {noop.min, noop.max},
                            .n_knobs = (uint32_t)lp_game_n_knobs(game)};
    snprintf(about.core_version, sizeof about.core_version, "%s", lp_emu_core_version());
    snprintf(about.game, sizeof about.game, "%s", lp_game_name(game));
    return about;
}

lp_status lp_demos_fit(const lp_demos *demos, const lp_game *game, lp_err *err) {
    const lp_demos_about *is = &demos->about, wanted = lp_demo_about(game);
    const char *name = lp_game_name(game);
    if (is->rom_hash != wanted.rom_hash)
        return lp_fail(err, LP_BAD_INPUT, "demonstrations of %s, with another ROM than %s has", is->game, name);
    if (is->model != wanted.model) return lp_fail(err, LP_BAD_INPUT, "demonstrations of %s on another console", is->game);
    if (is->frame_skip != wanted.frame_skip)
        return lp_fail(err, LP_BAD_INPUT, "demonstrations with %u frames a decision, %s has %u", is->frame_skip, name, wanted.frame_skip);
    if (is->noop[0] != wanted.noop[0] || is->noop[1] != wanted.noop[1])
        return lp_fail(err, LP_BAD_INPUT, "demonstrations with %d to %d idle frames, %s has %d to %d", is->noop[0], is->noop[1], name,
                       wanted.noop[0], wanted.noop[1]);
    if (is->n_knobs != wanted.n_knobs)
        return lp_fail(err, LP_BAD_INPUT, "demonstrations with %u knobs, %s has %u", is->n_knobs, name, wanted.n_knobs);
    return LP_OK;
}

lp_status lp_demos_open(lp_demos **out, const char *path, const lp_game *game, lp_err *err) {
    const lp_demos_about about = lp_demo_about(game);
    lp_status status = lp_file_exists(path) ? lp_demos_read(out, path, err) : lp_demos_new(out, &about, err);
    if (!status && (status = lp_demos_fit(*out, game, err))) lp_fail_prefix(err, status, "%s", path);
    if (!status) status = lp_file_check_writable(path, NULL, err);
    if (status) lp_demos_close(*out), *out = NULL;
    return status;
}

static int action_of(const lp_game *game, uint16_t keys) {
    int a = lp_game_n_actions(game) - 1;
    while (a >= 0 && lp_game_action_keys(game, a) != keys) a--;
    return a;
}

lp_status lp_demo_actions(const lp_demo *demo, const lp_game *game, int16_t *actions, lp_err *err) {
    for (int64_t i = 0; i < demo->n_decisions; i++) {
        const int action = i && demo->keys[i] == demo->keys[i - 1] ? actions[i - 1] : action_of(game, demo->keys[i]);
        if (action < 0)
            return lp_fail(err, LP_BAD_INPUT, "decision %lld holds keys %#x, which is no action of %s", (long long)i, demo->keys[i],
                           lp_game_name(game));
        actions[i] = (int16_t)action;
    }
    return LP_OK;
}

static lp_status hold(lp_demo *demo, size_t *room, uint16_t keys, lp_err *err) {
    if ((size_t)demo->n_decisions == *room) {
        *room = *room ? 2 * *room : 1024;
        uint16_t *more = realloc(demo->keys, *room * sizeof *more);
        if (!more) return lp_fail(err, LP_FAILED, "out of memory for a demonstration of %zu decisions", *room);
        demo->keys = more;
    }
    demo->keys[demo->n_decisions++] = keys;
    return LP_OK;
}

lp_status lp_demo_of_oracle(lp_demo *out, lp_env *env, const lp_game *game, uint64_t seed, const int64_t *knobs, int64_t max_decisions,
                            lp_err *err) {
    size_t room = 0;
    *out = (lp_demo){.seed = seed, .source = "oracle"};
    memcpy(out->knobs, knobs, (size_t)lp_game_n_knobs(game) * sizeof *knobs);
    lp_status status = lp_env_reset(env, seed, knobs, 0, err);
    while (!status && !out->outcome && out->n_decisions < max_decisions) {
        int action;
        status = lp_env_oracle(env, &action, err);
        if (!status) status = hold(out, &room, lp_game_action_keys(game, action), err);
        if (!status) out->outcome = (int)lp_env_step(env, action);
    }
    out->end_hash = lp_emu_hash(lp_env_emu(env));
    if (status) free(out->keys), out->keys = NULL;
    return status;
}

lp_status lp_demo_check(const lp_demo *demo, lp_env *env, const lp_game *game, lp_err *err) {
    int outcome = LP_RUNNING;
    lp_status status = lp_env_reset(env, demo->seed, demo->knobs, 0, err);
    for (int64_t i = 0; i < demo->n_decisions && !status; i++) {
        const int action = action_of(game, demo->keys[i]);
        if (action < 0) return lp_fail(err, LP_BAD_INPUT, "decision %lld holds keys that are no action", (long long)i);
        outcome = (int)lp_env_step(env, action);
        if (outcome != LP_RUNNING && i + 1 < demo->n_decisions)
            return lp_fail(err, LP_BAD_INPUT, "played again it ends after %lld decisions (%s) instead of %lld", (long long)i + 1,
                           lp_outcome_name((lp_outcome)outcome), (long long)demo->n_decisions);
    }
    if (!status && outcome != demo->outcome)
        status = lp_fail(err, LP_BAD_INPUT, "played again it comes to another end (%s)", lp_outcome_name((lp_outcome)outcome));
    if (!status && lp_emu_hash(lp_env_emu(env)) != demo->end_hash)
        status = lp_fail(err, LP_BAD_INPUT, "played again the machine is another in the end");
    return status;
}

lp_status lp_demos_take(lp_demos *demos, const lp_demo *demo, lp_demos_count *count, lp_err *err) {
    if (demo->outcome != LP_WIN) {
        count->not_won++;
        return LP_OK;
    }
    lp_status status = lp_demos_add(demos, demo, err);
    if (status == LP_BAD_INPUT) {
        count->there++;
        return LP_OK;
    }
    if (!status) count->added++, count->decisions += demo->n_decisions;
    return status;
}
