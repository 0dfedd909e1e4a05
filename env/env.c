/* An environment. The machine as it stands after the boot steps before the first poke or idle frame is kept as a state, since
 * those steps are the same for every episode: a reset loads it. The tap is told the steps all the same, so a movie shows the
 * episode from power-on. */
#include "env/game_impl.h"
#include "env/observation.h"

#include "base/contract.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/rng.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lp_env {
    const lp_game *game; /* borrowed */
    lp_emu *emu;
    lp_env_tap tap;
    void (*on_frame)(void *context);
    void *on_frame_context;
    unsigned char *booted; /* the state before what differs between episodes; owned */
    int n_cached;          /* boot steps that it covers */
    int frame_skip;
    int64_t steps, time_limit;
    lp_outcome outcome;
    bool audit_warned;
    int64_t now[LP_MAX_VARIABLES], before[LP_MAX_VARIABLES];
    uint8_t held[LP_MAX_EVENTS]; /* whether each event's condition held at the last decision: events are edges */
    int n_events;
    lp_event events[LP_MAX_EVENTS];
};

const char *lp_outcome_name(lp_outcome outcome) {
    static const char *const names[] = {"running", "win", "loss", "timeout"};
    return names[outcome];
}

lp_status lp_env_open(lp_env **out, const lp_game *game, const lp_emu_config *config, lp_err *err) {
    *out = NULL;
    lp_env *env = calloc(1, sizeof *env);
    if (!env) return lp_fail(err, LP_FAILED, "%s: out of memory", game->name);
    env->game = game;
    env->frame_skip = game->frame_skip;
    lp_status status = lp_game_open_emu(&env->emu, game, config, err);
    if (!status && !(env->booted = malloc(lp_emu_state_size(env->emu)))) status = lp_fail(err, LP_FAILED, "%s: out of memory", game->name);
    if (status) {
        lp_fail_prefix(err, status, "%s", game->name);
        lp_env_close(env);
        return status;
    }
    for (; env->n_cached < game->n_boot && !game->boot[env->n_cached].poke && !game->boot[env->n_cached].noop; env->n_cached++)
        lp_emu_step(env->emu, game->boot[env->n_cached].keys, (int)game->boot[env->n_cached].n_frames);
    lp_emu_state_save(env->emu, env->booted);
    *out = env;
    return LP_OK;
}

void lp_env_close(lp_env *env) {
    if (!env) return;
    lp_emu_close(env->emu);
    free(env->booted);
    free(env);
}

void lp_env_set_tap(lp_env *env, const lp_env_tap *tap) { env->tap = *tap; }

void lp_env_on_frame(lp_env *env, void (*hook)(void *context), void *context) {
    env->on_frame = hook;
    env->on_frame_context = context;
}

void lp_env_set_frame_skip(lp_env *env, int frame_skip) {
    LP_CHECK(frame_skip > 0);
    env->frame_skip = frame_skip;
}

static void fill_template(const lp_env *env, const char *template, char *out, size_t size) {
    const lp_game *g = env->game;
    size_t n = 0;
    out[0] = 0;
    while (*template && n + 1 < size) {
        const char *close = *template == '{' ? strchr(template, '}') : NULL;
        int variable = -1;
        for (int i = 0; close && i < g->n_variables; i++)
            if (strlen(g->variables[i].name) == (size_t)(close - template - 1) &&
                !memcmp(g->variables[i].name, template + 1, (size_t)(close - template - 1)))
                variable = i;
        if (variable < 0) {
            out[n++] = *template ++;
            out[n] = 0;
            continue;
        }
        const char *named = NULL;
        int64_t value = env->now[variable];
        for (int i = 0; i < g->n_names; i++)
            if (g->names[i].variable == variable && value >= 0 && value < g->names[i].n) named = g->names[i].value[value];
        int written = named ? snprintf(out + n, size - n, "%s", named) : snprintf(out + n, size - n, "%lld", (long long)value);
        n = n + (size_t)written < size ? n + (size_t)written : size - 1;
        template = close + 1;
    }
}

/* Reads the variables: at the reset nothing has changed yet. */
static void read_variables(lp_env *env) {
    const lp_game *g = env->game;
    size_t bytes = (size_t)g->n_variables * sizeof *env->now;
    memcpy(env->before, env->now, bytes);
    for (int i = 0; i < g->n_variables; i++) env->now[i] = lp_variable_read(&g->variables[i], env->emu);
    if (env->steps == 0) memcpy(env->before, env->now, bytes);
}

static void find_events(lp_env *env) {
    const lp_game *g = env->game;
    env->n_events = 0;
    for (int i = 0; i < g->n_events; i++) {
        bool holds = lp_condition_holds(&g->events[i].when, env->now, env->before);
        if (holds && !env->held[i]) {
            lp_event *e = &env->events[env->n_events++];
            e->name = g->events[i].name;
            e->milestone = g->events[i].milestone;
            fill_template(env, g->events[i].text, e->text, sizeof e->text);
        }
        env->held[i] = holds;
    }
}

/* Is it won or lost? Asked after each decision, not at the reset. */
static void judge(lp_env *env) {
    const lp_game *g = env->game;
    bool denied = false;
    env->outcome = lp_game_judge(g, env->now, env->before, &denied);
    if (denied && !env->audit_warned) {
        lp_warn("%s: a win that the audit does not confirm counts as a loss", g->name);
        env->audit_warned = true;
    }
    if (env->outcome == LP_RUNNING && env->time_limit && env->steps >= env->time_limit) env->outcome = LP_TIMEOUT;
}

static void hold(lp_env *env, uint16_t keys, uint32_t n_frames) {
    if (!n_frames) return;
    lp_emu_step(env->emu, keys, (int)n_frames);
    if (env->tap.keys) env->tap.keys(env->tap.context, keys, n_frames);
}

/* The idle frames of the episode with this seed. */
static void wait_frames(lp_env *env, uint64_t seed) {
    enum { STREAM = 0x1d1e };
    lp_noop noop = env->game->noop;
    lp_rng rng = lp_rng_make(seed, STREAM);
    hold(env, 0, (uint32_t)noop.min + lp_rng_below(&rng, (uint32_t)(noop.max - noop.min) + 1));
}

static void boot_step(lp_env *env, const lp_boot_step *step, uint64_t seed, const int64_t *knobs) {
    const lp_game *g = env->game;
    if (step->poke) {
        for (int k = 0; k < g->n_knobs; k++)
            lp_variable_write(&g->knob_variables[k], env->emu, knobs ? knobs[k] : g->knobs[k].initial, env->tap.poke, env->tap.context);
        if (g->has_seed) lp_variable_write(&g->seed, env->emu, (int64_t)seed, env->tap.poke, env->tap.context);
    }
    if (step->noop) wait_frames(env, seed);
    hold(env, step->keys, step->n_frames);
}

lp_status lp_env_reset(lp_env *env, uint64_t seed, const int64_t *knobs, int64_t time_limit, lp_err *err) {
    const lp_game *g = env->game;
    lp_status status = lp_emu_state_load(env->emu, env->booted, lp_emu_state_size(env->emu), err);
    if (status) return lp_fail_prefix(err, status, "%s", g->name);
    if (env->tap.reset) env->tap.reset(env->tap.context);
    for (int i = 0; i < env->n_cached && env->tap.keys; i++) env->tap.keys(env->tap.context, g->boot[i].keys, g->boot[i].n_frames);
    for (int i = env->n_cached; i < g->n_boot; i++) boot_step(env, &g->boot[i], seed, knobs);
    if (!g->boot_waits) wait_frames(env, seed);
    env->steps = 0;
    env->outcome = LP_RUNNING;
    env->time_limit = g->time_limit_knob >= 0
                          ? (knobs ? knobs[g->time_limit_knob] : g->knobs[g->time_limit_knob].initial) + g->time_limit_plus
                          : g->time_limit;
    if (time_limit) env->time_limit = time_limit;
    memset(env->held, 0, sizeof env->held);
    read_variables(env);
    find_events(env);
    return LP_OK;
}

lp_outcome lp_env_step(lp_env *env, int action) {
    LP_CHECK(action >= 0 && action < env->game->n_actions);
    uint16_t keys = env->game->action_keys[action];
    int n_frames = env->frame_skip;
    for (; env->on_frame && n_frames > 1; n_frames--) {
        lp_emu_step(env->emu, keys, 1);
        env->on_frame(env->on_frame_context);
    }
    lp_emu_step(env->emu, keys, n_frames);
    env->steps++;
    if (env->tap.decision) env->tap.decision(env->tap.context, keys);
    read_variables(env);
    find_events(env);
    judge(env);
    return env->outcome;
}

int lp_env_events(const lp_env *env, const lp_event **events) {
    *events = env->events;
    return env->n_events;
}

void lp_env_observe(lp_env *env, uint8_t *out) {
    const lp_game *g = env->game;
    int width, height;
    const uint32_t *frame = lp_emu_frame(env->emu, &width, &height);
    lp_observe_grey(out, g->width, g->height, frame + g->crop_y * width + g->crop_x, width, g->crop_width, g->crop_height);
}

void lp_env_observe_shades(lp_env *env, uint8_t *out) {
    const lp_game *g = env->game;
    int width, height;
    const uint32_t *frame = lp_emu_frame(env->emu, &width, &height);
    lp_observe_shades(out, frame + g->crop_y * width + g->crop_x, width, g->crop_width, g->crop_height);
}

lp_status lp_env_oracle(lp_env *env, int *action, lp_err *err) {
    const lp_game *g = env->game;
    if (!g->n_oracle) return lp_fail(err, LP_BAD_INPUT, "%s: has no oracle (longplay.json: oracle)", g->name);
    *action = g->idle_action;
    for (int i = 0; i < g->n_oracle; i++)
        if (lp_condition_holds(&g->oracle[i].when, env->now, env->before)) {
            *action = g->oracle[i].action;
            break;
        }
    return LP_OK;
}

bool lp_env_variable(lp_env *env, const char *name, int64_t *value) {
    for (int i = 0; i < env->game->n_variables; i++)
        if (!strcmp(env->game->variables[i].name, name)) {
            *value = env->now[i];
            return true;
        }
    return false;
}

double lp_env_reward(const lp_env *env, int player) {
    LP_CHECK(player >= 1 && player <= LP_MAX_PLAYERS);
    return env->steps ? lp_reward_value(&env->game->rewards[player - 1], env->now, env->before) : 0;
}

const int64_t *lp_env_variables(const lp_env *env) { return env->now; }
int64_t lp_env_steps(const lp_env *env) { return env->steps; }
lp_emu *lp_env_emu(lp_env *env) { return env->emu; }

/* Saved: this header, the values now and before, what events held, the machine's state (with its picture: the policy
 * looks at it before the next frame is drawn). */
typedef struct {
    uint64_t magic, hash; /* of everything after it */
    uint64_t state_bytes, n_variables, n_events, outcome;
    int64_t steps, time_limit;
} saved_header;
static const uint64_t SAVED_MAGIC = 0x3230564e45504cu; /* "LPENV02" */
static const int64_t MAX_STEPS = (int64_t)1 << 62;     /* more are no count, and would overflow it */

static size_t values_bytes(const lp_env *env) { return (size_t)env->game->n_variables * sizeof *env->now; }

size_t lp_env_save_size(const lp_env *env) {
    return sizeof(saved_header) + 2 * values_bytes(env) + sizeof env->held + lp_emu_state_size(env->emu);
}

void lp_env_save(lp_env *env, void *out) {
    unsigned char *at = (unsigned char *)out + sizeof(saved_header);
    size_t bytes = values_bytes(env);
    memcpy(at, env->now, bytes);
    memcpy(at + bytes, env->before, bytes);
    memcpy(at + 2 * bytes, env->held, sizeof env->held);
    lp_emu_state_save(env->emu, at + 2 * bytes + sizeof env->held);
    saved_header h = {SAVED_MAGIC,
                      0,
                      lp_emu_state_size(env->emu),
                      (uint64_t)env->game->n_variables,
                      (uint64_t)env->game->n_events,
                      (uint64_t)env->outcome,
                      env->steps,
                      env->time_limit};
    memcpy(out, &h, sizeof h);
    h.hash = lp_hash64((unsigned char *)out + 16, lp_env_save_size(env) - 16);
    memcpy(out, &h, sizeof h);
}

lp_status lp_env_load(lp_env *env, const void *data, size_t size_bytes, lp_err *err) {
    saved_header h;
    if (size_bytes != lp_env_save_size(env))
        return lp_fail(err, LP_BAD_INPUT, "saved environment: wrong size, of another ROM, model or version");
    memcpy(&h, data, sizeof h);
    if (h.magic != SAVED_MAGIC || h.hash != lp_hash64((const unsigned char *)data + 16, size_bytes - 16))
        return lp_fail(err, LP_BAD_INPUT, "saved environment: damaged");
    if (h.state_bytes != lp_emu_state_size(env->emu) || h.n_variables != (uint64_t)env->game->n_variables ||
        h.n_events != (uint64_t)env->game->n_events || h.outcome > LP_TIMEOUT || h.steps < 0 || h.steps > MAX_STEPS || h.time_limit < 0)
        return lp_fail(err, LP_BAD_INPUT, "saved environment: of another game");
    const unsigned char *at = (const unsigned char *)data + sizeof h;
    size_t bytes = values_bytes(env);
    lp_status status = lp_emu_state_load(env->emu, at + 2 * bytes + sizeof env->held, h.state_bytes, err);
    if (status) return status;
    memcpy(env->now, at, bytes);
    memcpy(env->before, at + bytes, bytes);
    memcpy(env->held, at + 2 * bytes, sizeof env->held);
    env->steps = h.steps, env->time_limit = h.time_limit, env->outcome = (lp_outcome)h.outcome;
    env->n_events = 0;
    return LP_OK;
}

bool lp_env_saved_alike(const lp_env *env, const void *data, size_t size_bytes) {
    saved_header h;
    const unsigned char *at = (const unsigned char *)data + sizeof h;
    size_t bytes = values_bytes(env);
    if (size_bytes < sizeof h + 2 * bytes + sizeof env->held) return false;
    memcpy(&h, data, sizeof h);
    return h.magic == SAVED_MAGIC && h.n_variables == (uint64_t)env->game->n_variables && h.n_events == (uint64_t)env->game->n_events &&
           h.outcome == (uint64_t)env->outcome && h.steps == env->steps && h.time_limit == env->time_limit &&
           !memcmp(at, env->now, bytes) && !memcmp(at + bytes, env->before, bytes) && !memcmp(at + 2 * bytes, env->held, sizeof env->held);
}
