/* Plays a game to see what becomes of it. See game_trial.h. */
#include "env/game_trial.h"

#include "base/contract.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/rng.h"
#include "env/poke_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* An outcome that is there so soon in every episode was there before anything was pressed. */
enum { AT_ONCE = 2, COURSE_DECISIONS = 200 };
#define MAX_S 20.0

/* Where the game stands, as far as anybody who made the integration can tell. */
static uint64_t look(const lp_game *game, lp_env *env, uint64_t hash) {
    int width, height, n = lp_game_n_variables(game);
    if (n) return lp_hash64_seed(lp_env_variables(env), (size_t)n * sizeof(int64_t), hash);
    const uint32_t *frame = lp_emu_frame(lp_env_emu(env), &width, &height);
    return lp_hash64_seed(frame, (size_t)width * (size_t)height * sizeof *frame, hash);
}

/* One episode of who presses what player draws; *course: what was seen on the way, where it is asked for. */
static lp_status play(const lp_game *game, lp_env *env, lp_rng player, int64_t max_decisions, lp_trial_episode *e, uint64_t *course,
                      lp_err *err) {
    lp_status status = lp_env_reset(env, e->seed, NULL, 0, err);
    if (status) return status;
    e->outcome = LP_RUNNING;
    while (e->outcome == LP_RUNNING && lp_env_steps(env) < max_decisions) {
        if (course) *course = look(game, env, *course);
        e->outcome = lp_env_step(env, (int)lp_rng_below(&player, (uint32_t)lp_game_n_actions(game)));
    }
    e->decisions = lp_env_steps(env);
    if (course) *course = look(game, env, *course) + (uint64_t)e->outcome;
    return LP_OK;
}

static lp_status play_episodes(lp_trial *t, const lp_game *game, lp_env *env, const lp_trial_config *c, double end_s, lp_err *err) {
    lp_status status = LP_OK;
    for (int i = 0; i < c->n_episodes && !status && (i == 0 || lp_now_s() < end_s); i++) {
        lp_trial_episode *e = &t->episodes[t->n_episodes++];
        e->seed = lp_game_eval_seed(c->seed, (uint64_t)i);
        status = play(game, env, lp_rng_make(e->seed, LP_RANDOM_PLAYER), c->max_decisions, e, NULL, err);
        size_t pixels = (size_t)t->width * (size_t)t->height;
        if (!status) memcpy(t->pictures + (size_t)i * pixels, lp_emu_frame(lp_env_emu(env), &t->width, &t->height), pixels * 4);
    }
    return status;
}

/* The first episode's buttons in every episode: do they lead elsewhere? */
static lp_status count_courses(lp_trial *t, const lp_game *game, lp_env *env, lp_err *err) {
    uint64_t courses[LP_TRIAL_MAX_EPISODES] = {0};
    lp_status status = LP_OK;
    for (int i = 0; i < t->n_episodes && !status; i++) {
        lp_trial_episode again = {.seed = t->episodes[i].seed};
        status = play(game, env, lp_rng_make(t->episodes[0].seed, LP_RANDOM_PLAYER), COURSE_DECISIONS, &again, &courses[i], err);
        bool is_new = true;
        for (int k = 0; k < i; k++) is_new = is_new && courses[k] != courses[i];
        t->n_courses += is_new;
    }
    return status;
}

static void judge(const lp_trial *t, const lp_game *game, lp_findings *r) {
    const char *name = lp_game_name(game);
    lp_outcome first = t->episodes[0].outcome;
    char note[256];
    int n_ended = 0, n_at_once = 0;
    for (int i = 0; i < t->n_episodes; i++) {
        const lp_trial_episode *e = &t->episodes[i];
        n_ended += e->outcome != LP_RUNNING;
        n_at_once += e->decisions <= AT_ONCE && e->outcome == first && (first == LP_WIN || first == LP_LOSS);
    }
    if (n_at_once == t->n_episodes)
        lp_report_error(r, NULL,
                        "%s: %s at the start: all %d episodes of random play end so within %d decisions; does boot reach the game, and is "
                        "the condition not true there already?",
                        name, first == LP_WIN ? "won" : "lost", t->n_episodes, AT_ONCE);
    if (lp_game_can_end(game) && !n_ended)
        lp_report_note(r, NULL, "%s: no episode of random play ended within %lld decisions", name, (long long)t->episodes[0].decisions);
    if (lp_game_can_end(game) && lp_game_start_note(game, note, sizeof note)) lp_report_note(r, NULL, "%s", note);
    bool may_differ = lp_game_has_seed(game) || lp_game_noop(game).min < lp_game_noop(game).max;
    if (may_differ && t->n_episodes > 1 && t->n_courses == 1 && n_at_once < t->n_episodes)
        lp_report_note(r, NULL, "%s: with the same buttons pressed, all %d episodes go the same way", name, t->n_episodes);
}

static lp_status fill(lp_trial *t, const lp_game *game, const lp_trial_config *c, lp_findings *r, lp_err *err) {
    lp_env *env = NULL;
    double end_s = lp_now_s() + (c->max_s > 0 ? c->max_s : MAX_S);
    lp_status status = lp_check_pokes(game, r, err);
    if (!status) status = lp_env_open(&env, game, NULL, err);
    if (!status) {
        lp_emu_frame(lp_env_emu(env), &t->width, &t->height);
        t->pictures = calloc((size_t)c->n_episodes * (size_t)t->width * (size_t)t->height, sizeof *t->pictures);
        if (!t->pictures) status = lp_fail(err, LP_FAILED, "%s: out of memory for pictures", lp_game_name(game));
    }
    if (!status) status = play_episodes(t, game, env, c, end_s, err);
    if (!status) status = count_courses(t, game, env, err);
    if (!status) judge(t, game, r);
    lp_env_close(env);
    return status;
}

lp_status lp_trial_open(lp_trial **out, const lp_game *game, const lp_trial_config *config,
                        void (*say)(void *context, bool is_error, const char *line), void *context, lp_err *err) {
    lp_findings report = {.say = say, .context = context};
    lp_trial_config c = *config;
    if (!c.n_episodes) c.n_episodes = lp_game_can_end(game) ? LP_TRIAL_EPISODES : 1;
    if (!c.max_decisions) c.max_decisions = LP_TRIAL_DECISIONS;
    LP_CHECK(c.n_episodes > 0 && c.n_episodes <= LP_TRIAL_MAX_EPISODES && c.max_decisions > 0);
    lp_trial *t = *out = calloc(1, sizeof *t);
    if (!t) return lp_fail(err, LP_FAILED, "%s: out of memory", lp_game_name(game));
    lp_status status = fill(t, game, &c, &report, err);
    t->n_errors = report.n_errors;
    if (!status) return LP_OK;
    lp_trial_close(t);
    *out = NULL;
    return status;
}

void lp_trial_close(lp_trial *t) {
    if (!t) return;
    free(t->pictures);
    free(t);
}
